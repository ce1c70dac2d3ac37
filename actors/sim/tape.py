"""The whole market of many hours on one tape: no client, a clock that jumps, JSON lines.

Real matches in three lanes, drawn from the seed (``synthetic.py``), at the speed of play
with dead time skipped; so there are as many hours as are asked for, and no day twice the
same. The same seed and hours give the same tape, byte for byte, in every process.
"""

from collections.abc import Callable, Mapping
from typing import Final

import attrs
import msgspec
import trio

from actors.runtime.env import AppendFile, Disk
from actors.runtime.memory import MemoryNetwork, SeededEnv, run_seeded
from actors.sim.crew import Habits
from actors.sim.reviews import USUAL, Doubts
from actors.sim.synthetic import synthetic_day
from actors.sim.timetable import Timetable
from actors.sim.venue.events import (
    BookChanged,
    EventListed,
    Filled,
    MarketStepped,
    Traded,
    VenueEvent,
)
from actors.sim.venue.faults import CALM, FaultPlan
from actors.sim.world import Options, World

FOLDER: Final = "/world"
MODE: Final = 0o644
CHUNK_BYTES: Final = 256 * 1024
"""Lines gather to so much before they are written."""
LOOK_S: Final = 60.0
"""Virtual time between two words of progress."""
NEW: Final = ".new"
"""What a tape's name ends with until it is whole."""
KINDS: Final[Mapping[type[object], str]] = {
    BookChanged: "book",
    Traded: "trade",
    Filled: "fill",
    MarketStepped: "market",
    EventListed: "event",
}
"""What is told of the venue; orders and quotes follow from the book's changes."""

Progress = Callable[[float, int], None]
"""Told now and then how many virtual seconds and how many lines there are."""


@attrs.define(eq=False)
class Tape:
    """Takes lines, and writes them down a chunk at a time."""

    file: AppendFile
    lines: int = attrs.field(init=False, default=0)
    now_s: Callable[[], float] = attrs.field(init=False, default=float)
    """The world's clock."""
    _gathered: bytearray = attrs.field(init=False, factory=bytearray)

    def put(self, line: Mapping[str, object]) -> None:
        """Put a line at the end, with its number and its time first."""
        self.lines += 1
        stamped = {"n": self.lines, "at_s": round(self.now_s(), 6), **line}
        self._gathered += msgspec.json.encode(stamped) + b"\n"
        if len(self._gathered) >= CHUNK_BYTES:
            self.flush()

    def hear(self, event: VenueEvent) -> None:
        """Put down what the venue tells, if it is one of ``KINDS``."""
        kind = KINDS.get(type(event))
        if kind is not None:
            # Every field is text, a number or nothing.
            self.put({"kind": kind, **attrs.asdict(event)})

    def flush(self) -> None:
        """Write what has gathered."""
        self.file.append(bytes(self._gathered))
        self._gathered.clear()


def record(
    path: str,
    *,
    disk: Disk,
    seed: int,
    hours: float,
    doubts: Doubts = USUAL,
    faults: FaultPlan = CALM,
    progress: Progress = lambda _at_s, _lines: None,
) -> int:
    """Write the tape of ``hours`` hours to ``path``; return how many lines it has.

    The file is there once it is whole, and never before.

    Args:
        path: Absolute.
        disk: Where ``path`` is.
        seed: Of everything drawn.
        hours: Virtual time; what is still running then is cut off.
        doubts: How often goals are doubted.
        faults: The venue's plan of faults. Those of its clock and of its prices show on the
            tape; the others meet clients, of which there are none.
        progress: Told once a virtual minute.

    Raises:
        OSError: The disk refused.
    """
    new = f"{path}{NEW}"
    file = disk.open_append(new, MODE)
    try:
        disk.truncate(new, 0)  # of a tape that was begun and never finished
        tape = Tape(file)
        timetable = synthetic_day(seed, hours, doubts=doubts)
        head = {
            "kind": "tape",
            "seed": seed,
            "hours": hours,
            "matches": len(timetable.matches),
            "pace": attrs.asdict(timetable.pace),
            "doubts": attrs.asdict(doubts),
            "faults": attrs.asdict(faults),
        }
        tape.put(head)
        run_seeded(seed, _play, tape, timetable, 3600 * hours, faults, progress)
        tape.flush()
        file.sync()
    finally:
        file.close()
    disk.rename(new, path)
    return tape.lines


async def _play(
    tape: Tape, timetable: Timetable, for_s: float, faults: FaultPlan, progress: Progress
) -> None:
    seed = timetable.day.seed
    env = SeededEnv(seed, MemoryNetwork(seed))
    env.disk.make_folder(FOLDER)
    options = Options(
        folder=FOLDER, secure=False, habits=Habits(), faults=faults, start_delay_s=0.0
    )
    world = World(env=env, timetable=timetable, options=options)
    tape.now_s = world.agenda.now_s
    world.venue.listen(tape.hear)
    world.truth.hear = tape.put
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_follow, tape, progress)
        await world.start_in(nursery)
        with trio.move_on_after(for_s):
            await world.over.wait()
        tape.put({"kind": "end", "over": world.over.is_set()})
        world.truth.hear = None
        nursery.cancel_scope.cancel()


async def _follow(tape: Tape, progress: Progress) -> None:
    """Say now and then how far it is. The task is there either way: it is part of the order."""
    while True:
        await trio.sleep(LOOK_S)
        progress(tape.now_s(), tape.lines)
