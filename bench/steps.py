"""Where the loop's time goes, actor by actor: the real process with every step of every task timed.

``python bench/stages.py --steps`` runs it. In the child this file stands before
``supervisor.py`` and gives its loop an instrument; in the parent it lays the steps beside
the harness's times, so that what comes before an order and what follows it are told
apart. Times are elapsed time on the loop's thread; threads, which sign, sync and print,
are not in them.
"""

import sys
import time
import weakref
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import attrs
import msgspec
import trio
from typing_extensions import override

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

CHILD: Final = "--steps-into"
LIVE: Final = "_live"
"""The coroutine in which a supervisor holds a child; its task bears the child's name."""
ROWS_MOST: Final = 40
SHORTEST_US: Final = 1.0
"""Rows below it, for one goal, are summed up in one."""


class Recorded(msgspec.Struct):
    """Every step of a run, oldest first."""

    names: list[str]
    which: list[int]
    """Of each step, the place of its task's name."""
    began_ns: list[int]
    took_ns: list[int]


class Steps(trio.abc.Instrument):
    """Writes down when each task stepped and for how long."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        self._of: weakref.WeakKeyDictionary[trio.lowlevel.Task, int] = weakref.WeakKeyDictionary()
        self._which, self._began, self._took = array("H"), array("q"), array("q")
        self._began_ns = 0

    @override
    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._began_ns = time.monotonic_ns()

    @override
    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        took_ns = time.monotonic_ns() - self._began_ns
        which = self._of.get(task)
        if which is None:
            which = self._of[task] = self._names.setdefault(_name(task), len(self._names))
        self._which.append(which)
        self._began.append(self._began_ns)
        self._took.append(took_ns)

    def write(self, path: Path) -> None:
        """Write everything down in ``path``."""
        recorded = Recorded(
            names=list(self._names),
            which=self._which.tolist(),
            began_ns=self._began.tolist(),
            took_ns=self._took.tolist(),
        )
        path.write_bytes(msgspec.json.encode(recorded))


def _name(task: trio.lowlevel.Task) -> str:
    """Return the actor that a task belongs to, and where the task begins if it is not its own."""
    own = task.name.removeprefix("actors.")
    here: trio.lowlevel.Task | None = task
    while here is not None:
        if getattr(here.coro, "__name__", "") == LIVE:
            return own if here is task else f"{here.name} / {own.rpartition('.')[2]}"
        nursery = here.parent_nursery
        here = None if nursery is None else nursery.parent_task
    return f"(process) {own}"


@attrs.frozen(kw_only=True)
class Spent:
    """What one task cost a goal."""

    name: str
    before_us: float
    """Between the goal's frame and its order, as the harness saw them."""
    after_us: float
    """Between that order and the next goal's frame."""
    steps: float
    longest_us: float


def spent(recorded: Recorded, spans: Sequence[tuple[int, int]]) -> list[Spent]:
    """Lay steps beside goals; return what each task cost one, the costliest first."""
    starts = [began for began, _ in spans]
    before, after, count, longest = (dict.fromkeys(range(len(recorded.names)), 0) for _ in "1234")
    for which, began_ns, took_ns in zip(
        recorded.which, recorded.began_ns, recorded.took_ns, strict=True
    ):
        place = bisect_right(starts, began_ns) - 1
        if place < 0 or (place == len(spans) - 1 and began_ns > spans[-1][1]):
            continue
        (before if began_ns < spans[place][1] else after)[which] += took_ns
        count[which] += 1
        longest[which] = max(longest[which], took_ns)
    rows = [
        Spent(
            name=name,
            before_us=before[which] / 1e3 / len(spans),
            after_us=after[which] / 1e3 / len(spans),
            steps=count[which] / len(spans),
            longest_us=longest[which] / 1e3,
        )
        for which, name in enumerate(recorded.names)
    ]
    return sorted(rows, key=lambda row: row.before_us + row.after_us, reverse=True)


def step_table(path: Path, spans: Sequence[tuple[int, int]]) -> list[str]:
    """Return the lines of the table: microseconds of the loop for one goal, by task."""
    rows = spent(msgspec.json.decode(path.read_bytes(), type=Recorded), spans)
    shown = [row for row in rows if row.before_us + row.after_us >= SHORTEST_US][:ROWS_MOST]
    rest = rows[len(shown) :]
    shown.append(
        Spent(
            name=f"{len(rest)} more",
            before_us=sum(row.before_us for row in rest),
            after_us=sum(row.after_us for row in rest),
            steps=sum(row.steps for row in rest),
            longest_us=max((row.longest_us for row in rest), default=0.0),
        )
    )
    every = [row for row in rows if row.steps]
    shown.append(
        Spent(
            name="all of the loop",
            before_us=sum(row.before_us for row in every),
            after_us=sum(row.after_us for row in every),
            steps=sum(row.steps for row in every),
            longest_us=max((row.longest_us for row in every), default=0.0),
        )
    )
    heads = "".join(f"{head:>12}" for head in ("before", "after", "steps", "longest"))
    lines = [f"{'us of the loop for one goal':<44}{heads}   n {len(spans)}"]
    lines += [
        f"  {row.name[:41]:<42}{row.before_us:>12.1f}{row.after_us:>12.1f}{row.steps:>12.1f}"
        f"{row.longest_us:>12.0f}"
        for row in shown
    ]
    return lines


def child(arguments: Sequence[str]) -> int:
    """Be ``supervisor.py`` with an instrument in its loop; the first argument is where to write."""
    # Only a process that is to be timed has any use for it.
    import supervisor  # noqa: PLC0415

    into, *options = arguments
    steps, run = Steps(), trio.run

    def timed(*args: object, **says: object) -> object:
        return run(*args, instruments=[steps], **says)  # type: ignore[arg-type]  # handed through

    trio.run = timed  # type: ignore[assignment]  # it hands everything on
    try:
        return supervisor.main(options)
    finally:
        steps.write(Path(into))


if __name__ == "__main__":
    if sys.argv[1:2] != [CHILD]:
        sys.exit("bench/steps.py is run by bench/stages.py --steps")
    sys.exit(child(sys.argv[2:]))
