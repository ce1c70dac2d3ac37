"""How each case is started and ended: the real system with its venue, or one peer program."""

import json
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import attrs

from actors.config.load import load
from actors.exchange.signing import ORDERS_PATH
from actors.exchange.wire_orders import encode_order
from actors.model.money import CentiContracts, Pips
from actors.model.orders import OrderRequest, Ticker
from actors.runtime.env import RealEnv
from actors.sim import authority
from actors.sim.feedtiming import FIVE
from bench.harness import FEEDS, HOST, Harness
from bench.matches import matches

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent
PROFILE: Final = HERE / "bench.toml"
STATE: Final = HERE / "build" / "state"
LIFE_S: Final = 600
"""No program of the bench outlives it, whatever becomes of the bench."""
VENUE_UP_S: Final = 20.0
UP_S: Final = 40.0
PEER_LEAVE_S: Final = 5.0
ASK_S: Final = 10.0
OF_A_SERVICE: Final = frozenset({"NOTIFY_SOCKET", "WATCHDOG_USEC", "RUNTIME_DIRECTORY"})
"""What a service manager that runs the bench may have told us, and does not mean the system."""
LINE_BYTES: Final = 65_536
PAGE_KIB: Final = os.sysconf("SC_PAGE_SIZE") // 1024
DRAIN_S: Final = 60.0
"""A page of every goal is written on the way out."""
USER_TICKS: Final = 11
"""Place of the time spent in user mode behind a process's name; the system's follows."""


class DidNotRun(Exception):
    """A case that did not come up or did not last, and why."""


@attrs.frozen
class Running:
    """A case that is up."""

    pid: int
    venue: str = ""
    """``host:port`` of its venue's control socket; empty where there is no venue."""
    venue_pid: int = 0


@attrs.frozen(kw_only=True)
class Build:
    """A tree of the system's sources, and how it is run."""

    root: Path = ROOT
    profile: Path | None = None
    """Instead of the tree's own bench profile."""
    program: tuple[str, ...] = ("supervisor.py",)
    """What is run in ``root``, and its first options."""
    life_s: int = LIFE_S

    @property
    def settings(self) -> Path:
        """The profile it is run with."""
        return self.profile or self.root / "bench" / PROFILE.name

    def feeds(self) -> tuple[str, ...]:
        """Return the feeds that its profile names; those of the profile ``sim`` if it has none."""
        for path in (self.settings, self.root / "actors" / "profiles" / "sim.toml"):
            named = _FEED.findall(path.read_text("utf-8"))
            if named:
                return tuple(name for name in FEEDS if name in named)
        raise DidNotRun(f"{self.settings}: no feed in it")

    def order_lines(self) -> int:
        """Return how many connections for orders its profile keeps open."""
        return self._lines("entry_connections", 3) + self._lines("exit_connections", 1)

    def _lines(self, key: str, otherwise: int) -> int:
        # Trees of before these were settings had as many as is said here.
        profiles = self.root / "actors" / "profiles"
        for path in (self.settings, profiles / "sim.toml", profiles / "base.toml"):
            orders: dict[str, int] = tomllib.loads(path.read_text("utf-8")).get("orders", {})
            if key in orders:
                return orders[key]
        return otherwise


_FEED: Final = re.compile(r"\$\{world\.feeds\.([a-z]+)\.url\}")


@contextmanager
def certificates() -> Iterator[Path]:
    """Give a folder with an authority and a server's certificate, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="touchline-bench-") as name:
        env = RealEnv()
        authority.issue(env.disk, name, env.wall_ns() // 1_000_000_000)
        yield Path(name)


@contextmanager
def peer(command: Sequence[str], harness: Harness, folder: Path) -> Iterator[Running]:
    """Run one peer against ``harness`` while inside.

    Raises:
        DidNotRun: It did not connect.
    """
    environment = {
        **os.environ,
        "FEED_PORT": str(harness.port("alpha")),
        "VENUE_PORT": str(harness.port("orders")),
        "CA": str(folder / "ca.pem"),
        "NODE_PATH": str(HERE / "build" / "node" / "node_modules"),
        "ORDER_HEAD": _head(harness.port("orders")),
        "ORDER_BODY": _body(),
    }
    log = folder / "peer.log"
    with log.open("wb") as output:
        program = subprocess.Popen(
            _bounded(command, LIFE_S),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _await(harness, program, lambda: harness.connected["alpha"] > 0, log)
            yield Running(program.pid)
        finally:
            end(program, harness, PEER_LEAVE_S)


@contextmanager
def touchline(
    harness: Harness,
    folder: Path,
    state: Path,
    match_count: int,
    told: Callable[[str], None],
    *,
    build: Build | None = None,
) -> Iterator[Running]:
    """Run ``supervisor.py`` with the bench profile, and its venue, while inside.

    Its state folder stays, without the pages that it writes of every goal when it leaves.

    Args:
        harness: Its feeds and its order entry.
        folder: Certificate and keys.
        state: Where it keeps its journal; made anew.
        match_count: How many matches the venue lists.
        told: Takes a line about how it ended, if it did not end well.
        build: What is run; this checkout if not given.

    Raises:
        DidNotRun: The venue or the system did not come up.
    """
    build = build or Build()
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    with venue(folder, state, match_count, build.life_s) as said:
        log = state / "supervisor.log"
        feeds, lines = build.feeds(), build.order_lines()
        with _started(harness, state, said, build) as program:
            was_up = False
            try:
                _await(harness, program, lambda: is_up(harness, feeds, lines), log)
                was_up = True
                yield Running(program.pid, said["control"], said["pid"])
            finally:
                code = end(program, harness, DRAIN_S)
                shutil.rmtree(state / "pages", ignore_errors=True)
                if code and was_up:
                    told(f"touchline left with exit code {code}: {last_line(log)}")


@contextmanager
def _started(
    harness: Harness,
    state: Path,
    said: Mapping[str, Any],
    build: Build,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start ``supervisor.py`` against a venue that is up; the caller ends it.

    Args:
        harness: Its feeds and its order entry.
        state: Its state folder, as it is.
        said: The venue's handshake.
        build: What is run.
    """
    world = state / "handshake.json"
    world.write_text(json.dumps({**said, **_addresses(harness)}) + "\n", "utf-8")
    options = ["--profile", str(build.settings), "--world", str(world), "--state", str(state)]
    environment = {name: value for name, value in os.environ.items() if name not in OF_A_SERVICE}
    name, *first = build.program
    with (state / "supervisor.log").open("ab") as output:
        yield subprocess.Popen(
            _bounded([sys.executable, str(build.root / name), *first, *options], build.life_s),
            cwd=build.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def ask(address: str, **request: object) -> dict[str, Any]:
    """Ask a venue of the bench for one thing; return its answer.

    Raises:
        DidNotRun: It does not answer, or refuses.
    """
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), ASK_S) as connection:
            connection.sendall(json.dumps(request).encode() + b"\n")
            line = connection.makefile("rb").readline(LINE_BYTES)
    except OSError as error:
        raise DidNotRun(f"the venue does not answer: {error}") from error
    answer: dict[str, Any] = json.loads(line or b"{}")
    if not answer.get("ok"):
        raise DidNotRun(f"the venue refuses {request}: {answer}")
    return answer


def trading_pid(pid: int) -> int:
    """Return the process that trades: ``pid``, or its child where ``timeout`` stands before it."""
    return list(_family(pid))[-1] if shutil.which("timeout") else pid


def rss_kib(pid: int) -> int:
    """Return the resident memory of one process, in KiB; 0 if it is gone."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text("utf-8").split()[1]) * PAGE_KIB
    return 0


def cpu_ns(pid: int) -> int:
    """Return the processor time of a process and its children so far, to ten milliseconds."""
    ticks = 0
    for each in _family(pid):
        with suppress(OSError):
            # What stands in brackets is a name, and may hold anything.
            said = Path(f"/proc/{each}/stat").read_text("utf-8", "replace").rpartition(")")[2]
            user, system = said.split()[USER_TICKS : USER_TICKS + 2]
            ticks += int(user) + int(system)
    return ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split():
            yield from _family(int(child))


def overrides() -> list[str]:
    """Return every key that the bench profile sets otherwise than the profile it extends."""
    words: dict[str, Any] = {
        "rest": "https://venue",
        "ws": "wss://venue",
        "ca_file": "ca.pem",
        "key": {"id": "id", "pem_file": "key.pem"},
        "feeds": {name: {"url": f"ws://{name}"} for name in (*FEEDS, *FIVE)},
        "orders": "https://harness",
    }
    profiles = [load(name, words).profile for name in (str(PROFILE), "sim")]
    ours, shipped = (dict(_flat(attrs.asdict(each) | {"feeds": None})) for each in profiles)
    changed = [
        f"{key}: {shipped.get(key)!r} -> {ours.get(key)!r}"
        for key in sorted({*ours, *shipped} - {"name"})
        if ours.get(key) != shipped.get(key)
    ]
    # The harness speaks one protocol, under names of its own.
    named = [
        ", ".join(f"{feed.name} ({feed.transport})" for feed in each.feeds) for each in profiles
    ]
    return [*changed, f"feeds: {named[1]} -> {named[0]}"]


def _flat(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{number}]")
    else:
        yield path, value


@contextmanager
def venue(
    folder: Path, state: Path, match_count: int, life_s: int = LIFE_S
) -> Iterator[dict[str, Any]]:
    """Run the bench's venue while inside; gives its handshake.

    Raises:
        DidNotRun: It did not come up.
    """
    options = ["--folder", str(folder), "--matches", str(match_count)]
    with (state / "venue.log").open("wb") as output:
        program = subprocess.Popen(
            _bounded([sys.executable, str(HERE / "venue_process.py"), *options], life_s),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
        )
        assert program.stdin is not None
        assert program.stdout is not None
        try:
            ready, _, _ = select.select([program.stdout], [], [], VENUE_UP_S)
            line = program.stdout.readline() if ready else b""
            if not line:
                raise DidNotRun(f"the venue did not come up: {last_line(state / 'venue.log')}")
            said: dict[str, Any] = json.loads(line)
            yield {**said, "pid": program.pid}
        finally:
            program.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                program.wait(PEER_LEAVE_S)
            program.stdout.close()
            end(program, None, PEER_LEAVE_S)


def _addresses(harness: Harness) -> Mapping[str, Any]:
    return {
        "orders": f"https://{HOST}:{harness.port('orders')}/trade-api/v2",
        "feeds": {name: {"url": f"ws://{HOST}:{harness.port(name)}/ws"} for name in FEEDS},
    }


def is_up(harness: Harness, feeds: Sequence[str], lines: int) -> bool:
    """Return whether so many order lines and every one of ``feeds`` are connected."""
    there = harness.connected
    return there["orders"] >= lines and min(there[name] for name in feeds) > 0


def _await(
    harness: Harness, program: "subprocess.Popen[bytes]", up: Callable[[], bool], log: Path
) -> None:
    harness.attend(UP_S, lambda: up() or program.poll() is not None)
    if not up():
        left = program.poll()
        how = "did not connect" if left is None else f"ended with exit code {left}"
        raise DidNotRun(f"it {how}: {last_line(log)}")


def end(program: "subprocess.Popen[bytes]", harness: Harness | None, patience_s: float) -> int:
    """Ask a program to leave, serving it on its way; kill it if it stays; return its exit code."""
    for step in (program.terminate, program.kill):
        if program.poll() is not None:
            break
        step()
        until_s = time.monotonic() + patience_s
        while program.poll() is None and time.monotonic() < until_s:
            if harness is None:
                select.select([], [], [], 0.05)
            else:
                harness.attend(0.1)
    return program.wait()


def _bounded(command: Sequence[str], life_s: int) -> list[str]:
    limit = shutil.which("timeout")
    return [*([limit, f"--kill-after={DRAIN_S + 15:g}", str(life_s)] if limit else []), *command]


def last_line(log: Path) -> str:
    """Return the last thing that a program said."""
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _head(port: int) -> str:
    """Return the request's head as the system under test writes it, with a signature's length."""
    return (
        f"POST {ORDERS_PATH} HTTP/1.1\r\nHost: {HOST}:{port}\r\nUser-Agent: peer\r\n"
        "Accept-Encoding: identity\r\nContent-Type: application/json\r\n"
        "KALSHI-ACCESS-KEY: 11111111-2222-4333-8444-555555555555\r\n"
        "KALSHI-ACCESS-TIMESTAMP: 1700000000000\r\n"
        f"KALSHI-ACCESS-SIGNATURE: {'s' * 344}\r\n"
    )


def _body() -> str:
    return encode_order(
        OrderRequest(
            client_order_id="a" * 26,
            ticker=Ticker(matches(1)[0].legs[0][0]),
            side="bid",
            price_pips=Pips(5_900),
            count_centi=CentiContracts(40_000),
        )
    )
