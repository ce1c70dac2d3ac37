"""The whole system as real processes: a world, a trading process, and what each one says.

Everything here waits for a condition with a deadline and never for a time, and ends
by its id what it has started. A busy machine makes it slower, not wrong.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs
import trio

from actors.exchange.keys import load_key
from actors.exchange.rest import Rest
from actors.exchange.signing import Signer
from actors.exchange.wire_orders import VenueFill, VenueOrder
from actors.messages.codec import JournalCodec
from actors.messages.records import Intent, OrderOutcome, Reconciled, Report
from actors.runtime.env import Endpoint, RealEnv
from actors.runtime.frames import walk
from actors.runtime.http import HttpClient
from actors.runtime.segments import list_segments
from actors.sim.control import command

ROOT: Final = Path(__file__).resolve().parents[2]
SHOP: Final = "2026-07-15"
"""One match, England against Argentina: three goals."""
SHOWER: Final = "2026-07-18"
"""One match, France against England: ten goals."""
UP_S: Final = 60.0
"""How long a process may take to come up on a machine with other things to do."""
SOON_S: Final = 60.0
"""How long anything that is bound to happen may take."""
GONE_S: Final = 10.0
PAUSE_S: Final = 0.005
QUICK: Final = ("--speed", "600", "--min-gap", "0.7", "--max-gap", "0.9")
LASTING: Final = ("--speed", "600", "--min-gap", "4", "--max-gap", "5")
"""A day that is not over before a test is, whatever else the machine has to do."""

BOLD: Final = """\
extends = "sim"

# Asks for no margin but for a loss, and so finds something to trade in every goal; play is so
# much faster than life that prices are old after half a second.
[plays]
margin = "-0.50"
chase = "0.08"
play_dollars = "40"
price_age_s = 0.5
freeze_s = 0.5
"""

T = TypeVar("T")


def bold(folder: Path) -> Path:
    """Write the profile that trades every goal into a folder."""
    make(folder)
    profile = folder / "bold.toml"
    profile.write_text(BOLD)
    return profile


def make(folder: Path) -> None:
    """Make a folder and those above it."""
    folder.mkdir(parents=True, exist_ok=True)


@attrs.define(eq=False)
class Reader:
    """Reads a journal as it grows, each record once."""

    folder: Path
    _at: dict[str, int] = attrs.field(init=False, factory=dict)
    """How much of each segment is read."""
    seen: list[object] = attrs.field(init=False, factory=list)
    codec: JournalCodec = attrs.field(init=False, factory=JournalCodec)

    def look(self) -> list[object]:
        """Return what was written since the last look."""
        fresh: list[object] = []
        for segment in list_segments(RealEnv().disk, str(self.folder)):
            at = self._at.get(segment.name, 0)
            with open(segment.path, "rb") as file:  # noqa: PTH123 - a name as the journal gives it
                file.seek(at)
                data = file.read()
            end = 0
            for frame in walk(data):
                end = frame.end
                record = self.codec.decode(
                    frame.type_no, frame.version, data[frame.body : frame.end]
                )
                if record is not None:
                    fresh.append(record)
            self._at[segment.name] = at + end
        self.seen += fresh
        return fresh

    def of(self, kind: type[T]) -> list[T]:
        """Return every record of one kind, from the beginning until now."""
        self.look()
        return [record for record in self.seen if isinstance(record, kind)]


async def until(happens: Callable[[], T], what: str, within_s: float = SOON_S) -> T:
    """Wait until ``happens`` returns something that is true, and return that."""
    give_up_s = trio.current_time() + within_s
    while not (found := happens()):
        assert trio.current_time() < give_up_s, f"{what}: not within {within_s:g} s"
        await trio.sleep(PAUSE_S)
    return found


@attrs.define(eq=False, kw_only=True)
class World:
    """A world in a process of its own."""

    process: trio.Process
    handshake: Mapping[str, Any]
    file: Path
    """Its handshake, as ``--world`` reads it."""

    async def ask(self, do: str, **request: object) -> dict[str, Any]:
        """Have it do one thing; what it refuses fails the test."""
        endpoint = Endpoint.parse(f"http://{self.handshake['control']}")
        answer = await command(RealEnv(), endpoint, do=do, **request)
        assert answer.pop("ok"), answer
        return answer

    async def orders(self) -> tuple[VenueOrder, ...]:
        """Return every order of the account, as the venue has it."""
        async with self._rest() as rest:
            return await rest.orders()

    async def fills(self) -> tuple[VenueFill, ...]:
        """Return every execution of the account, as the venue has it."""
        async with self._rest() as rest:
            return await rest.fills()

    @asynccontextmanager
    async def _rest(self) -> AsyncIterator[Rest]:
        said, env = self.handshake, RealEnv()
        sign = Signer(env=env, key_id=said["key"]["id"], key=load_key(said["key"]["pem_file"]))
        async with HttpClient(env, said["rest"], ca_file=said["ca_file"]) as http:
            yield Rest(http=http, sign=sign)


@asynccontextmanager
async def world(folder: Path, *arguments: str) -> AsyncIterator[World]:
    """Run a world while inside; it is gone afterwards."""
    make(folder)
    command_line = ["-m", "actors.sim", "--folder", str(folder / "world"), *arguments]
    with (folder / "world.log").open("wb") as log:
        process = await trio.lowlevel.open_process(
            [sys.executable, *command_line],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=ROOT,
            start_new_session=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with process.stdin, process.stdout:
            line = b""
            with trio.fail_after(UP_S):
                while not line.endswith(b"\n"):
                    data = await process.stdout.receive_some(65_536)
                    assert data, (folder / "world.log").read_text()
                    line += data
            file = folder / "world.json"
            file.write_bytes(line)
            yield World(process=process, handshake=json.loads(line), file=file)
    finally:
        with trio.move_on_after(3 * GONE_S, shield=True):
            await end(process)


@attrs.define(eq=False, kw_only=True)
class Trader:
    """``supervisor.py`` in a process of its own, its output in files."""

    process: trio.Process
    state: Path
    folder: Path
    journal: Reader
    earlier: int
    """How many records lives before it had left in the journal."""

    @property
    def output(self) -> str:
        """Everything it printed so far."""
        return (self.folder / "stdout").read_text("utf-8")

    @property
    def errors(self) -> str:
        """Everything it said on stderr so far."""
        return (self.folder / "stderr").read_text("utf-8")

    @property
    def summary(self) -> dict[str, Any]:
        """The day's figures, once it has ended."""
        said: dict[str, Any] = json.loads((self.folder / "summary.json").read_text("utf-8"))
        return said

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    async def ended(self, within_s: float = SOON_S) -> int:
        """Return its exit code once it has ended."""
        with trio.move_on_after(within_s):
            return await self.process.wait()
        raise AssertionError(f"it did not end within {within_s:g} s; {self.errors}")

    async def ready(self) -> None:
        """Wait until its books are reconciled and every feed has said a score."""
        await self.sees(Reconciled, lambda row: row.phase == "start" and row.clean)
        await self.hears("ws")
        await self.hears("signalr")

    async def hears(self, feed: str, after: int | None = None) -> Report:
        """Wait until a feed says a score."""
        return await self.sees(Report, lambda row: row.feed == feed and row.home >= 0, after=after)

    def mark(self) -> int:
        """Return how many records there are by now: what is seen ``after`` it is new."""
        self.journal.look()
        return len(self.journal.seen)

    async def sees(
        self,
        kind: type[T],
        which: Callable[[T], bool] = bool,
        within_s: float = SOON_S,
        after: int | None = None,
    ) -> T:
        """Wait for a record that the process writes into its journal.

        Args:
            kind: Which type of record.
            which: Which of them.
            within_s: How long it may take.
            after: How many records at the journal's beginning do not count; those of
                earlier lives, if not said.
        """
        first = self.earlier if after is None else after

        def found() -> list[T]:
            is_over = self.process.returncode is not None
            self.journal.look()
            records = self.journal.seen[first:]
            there = [each for each in records if isinstance(each, kind) and which(each)][:1]
            assert there or not is_over, f"it ended before its {kind.__name__}: {self.errors}"
            return there

        return (await until(found, f"{kind.__name__} in the journal", within_s))[0]


@asynccontextmanager
async def trader(
    folder: Path,
    *arguments: str,
    profile: str | Path = "sim",
    state: Path | None = None,
    environ: Mapping[str, str] | None = None,
    program: Sequence[str] = ("supervisor.py",),
    terminal: int | None = None,
) -> AsyncIterator[Trader]:
    """Run the trading process while inside; it is gone afterwards, however it was left.

    Args:
        folder: For what it prints and for its summary; its state too, by default.
        arguments: Beside ``--profile``, ``--state`` and ``--summary``.
        profile: A name or a file.
        state: The state folder.
        environ: Beside our own.
        program: What is run in place of ``supervisor.py``, with arguments that come first.
        terminal: What it reads from and says its errors to, where somebody sits at one.
    """
    make(folder)
    state = state or folder / "state"
    journal = Reader(state / "journal")
    earlier = len(journal.look())
    line = [*program, "--profile", str(profile), "--state", str(state)]
    line += ["--summary", str(folder / "summary.json"), *arguments]
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        process = await trio.lowlevel.open_process(
            [sys.executable, *line],
            stdin=subprocess.DEVNULL if terminal is None else terminal,
            stdout=out,
            stderr=err if terminal is None else terminal,
            cwd=ROOT,
            start_new_session=True,
            env={**os.environ, **(environ or {})},
        )
    try:
        yield Trader(process=process, state=state, folder=folder, journal=journal, earlier=earlier)
    finally:
        with trio.move_on_after(3 * GONE_S, shield=True):
            await end(process)


async def end(process: trio.Process) -> None:
    """End a process that we started: politely, and then for certain."""
    for insist in (process.terminate, process.kill):
        if process.returncode is None:
            insist()
            with trio.move_on_after(GONE_S):
                await process.wait()


@attrs.frozen(kw_only=True)
class Said:
    """What a program that ran to its end said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What it said on stderr, by line."""
        return self.err.splitlines()


async def program(
    *line: str | Path,
    within_s: float = SOON_S,
    environ: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
) -> Said:
    """Run a program to its end; its whole environment, if given, replaces ours."""
    with trio.fail_after(within_s):
        done = await trio.run_process(
            [str(part) for part in line],
            capture_stdout=True,
            capture_stderr=True,
            check=False,
            cwd=cwd,
            env=None if environ is None else dict(environ),
        )
    return Said(
        code=done.returncode,
        out=done.stdout.decode("utf-8", "replace"),
        err=done.stderr.decode("utf-8", "replace"),
    )


def children(pid: int) -> list[int]:
    """Return the ids of a process's children."""
    ids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [each for each in ids if _status(each)[1:2] == [str(pid)]]


def is_running(pid: int) -> bool:
    """Return whether a process is there, and not only waiting for its parent to notice."""
    return _status(pid)[:1] not in ([], ["Z"], ["X"])


def _status(pid: int) -> list[str]:
    """Return what the system says of a process, from its state and its parent's id on."""
    try:
        text = Path("/proc", str(pid), "stat").read_text("utf-8", "replace")
    except OSError:
        return []
    # The name before them stands in brackets, and may hold anything.
    return text.rpartition(")")[2].split()


async def verify(state: Path) -> Said:
    """Check every byte of a state folder's journal with the tool that users have."""
    return await program(sys.executable, "-m", "actors", "verify", "--journal", state / "journal")


def unanswered(records: Sequence[object]) -> list[str]:
    """Return the client order ids of intents whose outcome nobody has written down."""
    known = {
        record.client_order_id
        for record in records
        if isinstance(record, OrderOutcome) and record.outcome != "unknown"
    }
    return [
        record.client_order_id
        for record in records
        if isinstance(record, Intent) and record.client_order_id not in known
    ]


def traded_twice(records: Sequence[object]) -> Iterator[str]:
    """Yield a line for every order id, and every entry of a goal and market, that is there twice.

    An exit is sent again under a new id while something is left to sell; together they
    may never sell more than their entry filled.
    """
    intents = [record for record in records if isinstance(record, Intent)]
    ids: set[str] = set()
    entries: set[tuple[object, ...]] = set()
    for intent in intents:
        if intent.client_order_id in ids:
            yield f"order {intent.client_order_id} was intended twice"
        ids.add(intent.client_order_id)
        if intent.purpose == "entry":
            key = (intent.match, intent.generation, intent.state, intent.ticker, intent.side)
            if key in entries:
                yield f"{key} was traded twice"
            entries.add(key)
    filled = {
        record.client_order_id: record.fill_count_centi
        for record in records
        if isinstance(record, OrderOutcome) and record.outcome == "accepted"
    }
    sold: dict[str, int] = {}
    for intent in intents:
        if intent.purpose != "entry":
            entry = intent.entry_client_order_id
            sold[entry] = sold.get(entry, 0) + filled.get(intent.client_order_id, 0)
    for entry, count in sold.items():
        if count > filled.get(entry, 0):
            yield f"entry {entry} filled {filled.get(entry, 0)} and {count} were sold"


def entries(records: Sequence[object]) -> list[Intent]:
    """Return the entries."""
    return [each for each in records if isinstance(each, Intent) and each.purpose == "entry"]
