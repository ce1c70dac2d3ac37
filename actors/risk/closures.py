"""Where a sale fits between the venue's closures: maintenance windows and pauses. Pure.

A sale that falls due while nothing can be sold would come late, at whatever the market is
by then. So no entry is made whose sale would fall due in a closure, and a sale that was
planned before the closure was announced is brought forward to before it.
"""

from collections.abc import Sequence
from typing import Final

import attrs

MARGIN_NS: Final = 30_000_000_000
"""How long before a closure a sale must be due, to have time for its attempts."""


@attrs.frozen(order=True)
class Closure:
    """A stretch of wall time in which the venue takes no orders; its end is not in it."""

    begins_wall_ns: int
    ends_wall_ns: int


def closure_of(
    due_wall_ns: int, closures: Sequence[Closure], margin_ns: int = MARGIN_NS
) -> Closure | None:
    """Return the closure that a sale due then would fall into, or begin too shortly before.

    Of several the earliest. An empty one closes nothing.
    """
    found = [
        each
        for each in closures
        if each.begins_wall_ns < each.ends_wall_ns
        and each.begins_wall_ns - margin_ns <= due_wall_ns < each.ends_wall_ns
    ]
    return min(found, default=None)


def admits_entry(
    now_wall_ns: int,
    due_wall_ns: int,
    closures: Sequence[Closure],
    margin_ns: int = MARGIN_NS,
) -> bool:
    """Return whether an entry made now may plan its sale for then.

    Not where it falls due in a closure, and not while the venue is closed.
    """
    if any(each.begins_wall_ns <= now_wall_ns < each.ends_wall_ns for each in closures):
        return False
    return closure_of(due_wall_ns, closures, margin_ns) is None


def brought_forward(
    due_wall_ns: int, closures: Sequence[Closure], margin_ns: int = MARGIN_NS
) -> int:
    """Return when a sale is to be made: as planned, or before the closure that it falls into.

    Closures that follow one another closely are one: it is brought before them all.
    """
    while (found := closure_of(due_wall_ns, closures, margin_ns)) is not None:
        due_wall_ns = found.begins_wall_ns - margin_ns - 1
    return due_wall_ns
