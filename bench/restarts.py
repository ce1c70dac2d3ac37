"""``python bench/restarts.py``: how soon what has ended runs again, and how soon all of it ends.

Three figures against their bars (design section 12). An actor without a connection is
crashed some hundreds of times in a real tree, beside a world in a process of its own; the
process is killed with its orders out and started again; and it is told to end with orders
in flight.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final, Literal

import attrs
import structlog
import trio

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import supervisor
from actors.cli.places import socket_of
from actors.cli.soil import open_soil
from actors.config.load import load
from actors.config.state import StateFolder
from actors.exchange.keys import load_key
from actors.runtime.child import ActorEvent, Child, Run
from actors.runtime.collection import MachineGarbage
from actors.runtime.env import RealEnv
from actors.runtime.process import ChildProcess, child_process
from actors.runtime.unix import BadSocket, ask
from bench.figures import percentile

VICTIMS: Final = ("planner", "arbiter", "executor", "exits", "signer", "auditor")
"""None of them holds a connection. The executor takes planner and arbiter with it."""
CRASHES: Final = 600
APART_S: Final = 0.01
LIVES: Final = 5
UP_S: Final = 60.0
DONE_S: Final = 120.0
LOOK_S: Final = 0.001
WORLD: Final = (
    "--matchday",
    "2026-07-18",
    "--speed",
    "600",
    "--min-gap",
    "0.7",
    "--max-gap",
    "0.9",
)
PROFILE: Final = """\
extends = "sim"
[plays]
margin = "-0.50"
chase = "0.08"
play_dollars = "40"
price_age_s = 0.5
freeze_s = 0.5
"""

CRASH_BAR_MS: Final = 5.0
READY_BAR_S: Final = 15.0
DRAIN_BAR_S: Final = 20.0


@attrs.frozen(kw_only=True)
class Figure:
    """One row: what was measured, and whether it holds."""

    what: str
    unit: str
    n: int
    p50: float
    p99: float
    bar: float
    """For the 99th percentile; of fewer than a hundred that is the worst."""
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the bar is reached."""
        return self.p99 <= self.bar

    @property
    def line(self) -> str:
        """The row for a person."""
        return (
            f"{self.what:<56} p50 {self.p50:8.3f} {self.unit}  p99 {self.p99:8.3f} {self.unit}"
            f"  (n {self.n}; bar {self.bar:g} {self.unit}: {'yes' if self.holds else 'NO'})"
            + (f"  {self.note}" if self.note else "")
        )


class Struck(Exception):
    """What a crash raises."""


@attrs.define(eq=False)
class Mortal:
    """A child's run that ends in an exception whenever it is told to."""

    run: Run
    now_ns: Callable[[], int]
    struck_ns: int = 0
    struck_cpu_ns: int = 0
    """The process's own time then: what the machine gave to others is not in it."""
    _blow: trio.Event = attrs.field(init=False, factory=trio.Event)

    def strike(self) -> None:
        """Crash it."""
        self._blow.set()

    async def __call__(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Live as it would, until it is struck."""
        self._blow = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._die)
            await self.run(task_status=task_status)
            nursery.cancel_scope.cancel()

    async def _die(self) -> None:
        await self._blow.wait()
        self.struck_ns, self.struck_cpu_ns = self.now_ns(), time.process_time_ns()
        raise Struck


@attrs.define(eq=False)
class Crashes:
    """Crashes the actors of a tree in turn, and measures until each reports ready again."""

    tree: supervisor.Tree
    env: RealEnv
    mortals: dict[str, Mortal] = attrs.field(factory=dict)
    took_ns: dict[str, list[int]] = attrs.field(factory=dict)
    """By victim."""
    worked_ns: list[int] = attrs.field(factory=list)
    """Processor time of the whole process meanwhile."""
    _waiting: str = ""
    _back: trio.Event = attrs.field(factory=trio.Event)

    def prepare(self) -> None:
        """Put the victims within reach, and lift the limit on how often they may fail."""
        for branch in self.tree.roster.branches.values():
            branch.children = [self._mortal(child) for child in branch.children]
            branch.max_restarts = None
        alarms = self.tree.alarms
        tell = alarms.tell

        def hear(event: ActorEvent) -> None:
            if event.event == "started" and event.actor == self._waiting:
                took_ns = event.at_ns - self.mortals[event.actor].struck_ns
                self.took_ns.setdefault(event.actor, []).append(took_ns)
                worked_ns = time.process_time_ns() - self.mortals[event.actor].struck_cpu_ns
                self.worked_ns.append(worked_ns)
                self._back.set()
            tell(event)

        alarms.tell = hear

    def _mortal(self, child: Child) -> Child:
        if child.id not in VICTIMS:
            return child
        mortal = self.mortals[child.id] = Mortal(child.run, self.env.now_ns)
        policy = attrs.evolve(child.policy, max_restarts=None)
        return attrs.evolve(child, run=mortal, policy=policy)

    async def strike(self, crashes: int) -> None:
        """Crash so many times, one after the other."""
        for victim in islice(cycle(VICTIMS), crashes):
            self._waiting, self._back = victim, trio.Event()
            self.mortals[victim].strike()
            with trio.fail_after(UP_S):
                await self._back.wait()
            self._waiting = ""
            await trio.sleep(APART_S)


async def crashed(folder: Path, crashes: int) -> Figure:
    """Crash actors in a real tree."""
    env, state = RealEnv(), StateFolder(root=folder / "state")
    state.make()
    arguments = ["actors.sim", "--folder", str(folder / "world"), "--hold", *WORLD]
    log = folder / "world.log"
    async with child_process("world", arguments, root=supervisor.ROOT, log=log) as world:
        handshake = await world.first_line(UP_S)
        loaded = load("sim", handshake)
        soil = open_soil(
            env,
            loaded,
            load_key(loaded.profile.key.pem_file),
            state,
            speed=1.0,
            write=len,
            on_stuck=_fail,
            garbage=MachineGarbage(),
            root=supervisor.ROOT,
        )
        tree = supervisor.plant(soil)
        blows = Crashes(tree, env)
        blows.prepare()
        async with trio.open_nursery() as nursery:
            with trio.fail_after(UP_S):
                await nursery.start(tree.root.run)
            await blows.strike(crashes)
            tree.root.stop()
        soil.journal.close()
    each = {victim: sorted(took) for victim, took in blows.took_ns.items()}
    apart = ", ".join(
        f"{victim} {percentile(took, 0.5) / 1e6:.2f}/{percentile(took, 0.99) / 1e6:.2f}"
        for victim, took in each.items()
    )
    return _figure(
        "crash of an actor without a connection, running again",
        "ms",
        [took_ns for took in each.values() for took_ns in took],
        CRASH_BAR_MS,
        note=f"processor p99 {percentile(sorted(blows.worked_ns), 0.99) / 1e6:.2f} ms; "
        f"p50/p99 {apart}; limits on restarts lifted, nothing else",
    )


def _fail(error: BaseException) -> None:
    raise error


def _figure(
    what: str, unit: Literal["ms", "s"], took_ns: Sequence[int], bar: float, note: str = ""
) -> Figure:
    ordered, scale = sorted(took_ns), {"ms": 1e6, "s": 1e9}[unit]
    return Figure(
        what=what,
        unit=unit,
        n=len(ordered),
        p50=percentile(ordered, 0.5) / scale,
        p99=percentile(ordered, 0.99) / scale,
        bar=bar,
        note=note,
    )


@contextmanager
def notify_socket(path: Path) -> Iterator[socket.socket]:
    """Listen where a service manager would."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(path))
        systemd.settimeout(0)
        yield systemd


async def hears(systemd: socket.socket, what: bytes) -> None:
    """Return once the process has said it."""
    while True:
        try:
            if what in systemd.recv(1_000):
                return
        except BlockingIOError:
            await trio.sleep(LOOK_S)


@attrs.define(eq=False, kw_only=True)
class Lives:
    """Starts the trading process again and again beside one world."""

    folder: Path
    profile: Path
    world: Path
    """Its handshake, as a file."""
    now_ns: Callable[[], int]
    ready_ns: list[int] = attrs.field(factory=list)
    drained_ns: list[int] = attrs.field(factory=list)
    in_flight: int = 0
    """Orders that were out when it was told to end."""

    async def live(self, name: str, end: signal.Signals) -> bool:
        """Live once, to the first order that is out; ``False`` if the day ended before one."""
        path = self.folder / f"{name}.sock"
        line = ["supervisor.py", "--profile", str(self.profile), "--world", str(self.world)]
        line += ["--state", str(self.folder / "state")]
        environ = {**os.environ, "NOTIFY_SOCKET": str(path)}
        errors = self.folder / f"{name}.err"
        with notify_socket(path) as systemd, errors.open("wb") as err:
            began_ns = self.now_ns()
            process = await trio.lowlevel.open_process(
                [sys.executable, *line],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=err,
                cwd=supervisor.ROOT,
                start_new_session=True,
                env=environ,
            )
            try:
                with trio.fail_after(UP_S):
                    await hears(systemd, b"READY=1")
                self.ready_ns.append(self.now_ns() - began_ns)
                if not await self._order_out(process):
                    return False
                asked_ns = self.now_ns()
                process.send_signal(end)
                with trio.fail_after(DONE_S):
                    code = await process.wait()
                if end == signal.SIGTERM:
                    if code != 0:
                        raise SystemExit(f"it ended with {code}: {errors.read_text()}")
                    self.drained_ns.append(self.now_ns() - asked_ns)
                return True
            finally:
                if process.returncode is None:
                    process.kill()
                    with trio.CancelScope(shield=True):
                        await process.wait()

    async def _order_out(self, process: trio.Process) -> bool:
        where = str(socket_of(self.folder / "state"))
        with trio.fail_after(DONE_S):
            while process.returncode is None:
                try:
                    said: Mapping[str, Any] = await ask(where, {"do": "health"})
                except BadSocket:
                    return False
                out = said["health"]["open_orders_total"]
                if out:
                    self.in_flight += out
                    return True
                await trio.sleep(LOOK_S)
        return False


async def lived(folder: Path, lives: int) -> tuple[Figure, Figure]:
    """Kill the process and start it again; tell it to end with orders out."""
    profile, world_file = folder / "bench.toml", folder / "world.json"
    profile.write_text(PROFILE)
    ready_ns: list[int] = []
    drained_ns: list[int] = []
    in_flight = 0
    for number in range(lives):
        # A world of its own for each pair of lives, so that a day never ends before its kill.
        place = folder / f"day-{number}"
        place.mkdir()
        arguments = ["actors.sim", "--folder", str(place / "world"), "--seed", str(number), *WORLD]
        async with child_process(
            "world", arguments, root=supervisor.ROOT, log=place / "world.log"
        ) as world:
            world_file.write_text(json.dumps(await _handshake(world)))
            both = Lives(folder=place, profile=profile, world=world_file, now_ns=RealEnv().now_ns)
            await both.live("first", signal.SIGKILL)
            await both.live("again", signal.SIGTERM)
        ready_ns += both.ready_ns[1:]
        drained_ns += both.drained_ns
        in_flight += both.in_flight
    return (
        _figure("restart after kill -9, reconciled, ready", "s", ready_ns, READY_BAR_S),
        _figure(
            "drain on SIGTERM with orders in flight, to the end",
            "s",
            drained_ns,
            DRAIN_BAR_S,
            note=f"statement and pages included; {in_flight} orders out at the ends",
        ),
    )


async def _handshake(world: ChildProcess) -> dict[str, Any]:
    return await world.first_line(UP_S)


def measure(crashes: int = CRASHES, lives: int = LIVES) -> list[Figure]:
    """Measure all three rows; some forty seconds."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("CRITICAL"))
    with tempfile.TemporaryDirectory(prefix="touchline-restarts-") as name:
        folder = Path(name)
        first = trio.run(crashed, folder, crashes)
        return [first, *trio.run(lived, folder, lives)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say by the exit code whether every bar was reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crashes", type=int, default=CRASHES)
    parser.add_argument("--lives", type=int, default=LIVES, help="kills and drains")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    chosen = parser.parse_args(arguments)
    figures = measure(chosen.crashes, chosen.lives)
    if chosen.json:
        print(json.dumps([{**attrs.asdict(each), "holds": each.holds} for each in figures]))
    else:
        for each in figures:
            print(each.line)
    return 0 if all(each.holds for each in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
