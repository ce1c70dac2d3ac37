"""What every actor's state is, in one place: for signals, the watchdog and the desk."""

from typing import Literal, Protocol

import attrs

from actors.runtime.mailbox import MailboxCounts

State = Literal[
    "waiting",  # not started yet, or pausing before its next life
    "starting",  # running, not yet ready
    "up",
    "parked",  # failed too often; tried again now and then
    "stopping",
    "stopped",
    "finished",  # came to its end, and that is fine
    "failed",  # not to be started again
    "stuck",  # ignores its cancellation
]

_DOWN: frozenset[State] = frozenset({"stopping", "stopped", "finished"})
"""States in which nobody expects progress."""


class Counted(Protocol):
    """A mailbox, as far as health goes."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    def counts(self) -> MailboxCounts:
        """Return its figures now."""
        ...


@attrs.define(eq=False)
class Health:
    """One actor's cell: the supervisor writes its state, the actor marks its progress.

    Marking is two assignments, cheap enough for every frame. All times are
    monotonic nanoseconds.
    """

    actor: str
    bound_ns: int | None = None
    """Longest time without progress that is healthy; ``None`` where nobody watches."""
    mailboxes: tuple[Counted, ...] = ()
    """The queues in front of it."""

    state: State = attrs.field(init=False, default="waiting")
    since_ns: int = attrs.field(init=False, default=0)
    """When the state began."""
    started_ns: int | None = attrs.field(init=False, default=None)
    """When the present life began."""
    restarts: int = attrs.field(init=False, default=0)
    last_exit: str = attrs.field(init=False, default="")
    """Why the life before ended; type and message, one line."""
    progress_ns: int | None = attrs.field(init=False, default=None)
    """The last mark, in this life or an earlier one."""
    idle: bool = attrs.field(init=False, default=False)
    """Whether the actor waits with nothing to do, so that silence is no fault."""
    _good_from_ns: int | None = attrs.field(init=False, default=None)

    def enter(self, state: State, now_ns: int) -> None:
        """Note that the actor's state changed. For the supervisor."""
        self.state, self.since_ns = state, now_ns
        if state == "starting":
            self.started_ns, self._good_from_ns, self.idle = now_ns, None, False

    def mark(self, now_ns: int) -> None:
        """Say that good work was done: a good frame read, an item dealt with."""
        self.progress_ns = now_ns
        self.idle = False
        if self._good_from_ns is None:
            self._good_from_ns = now_ns

    def rest(self) -> None:
        """Say that there is nothing to do until the next item comes."""
        self.idle = True

    def good_s(self) -> float:
        """Return how long this life has been good: from its first mark to its last."""
        if self._good_from_ns is None or self.progress_ns is None:
            return 0.0
        return (self.progress_ns - self._good_from_ns) / 1e9

    def is_late(self, now_ns: int) -> bool:
        """Return whether progress is overdue: busy, or not up, for longer than the bound."""
        if self.bound_ns is None or self.state in _DOWN:
            return False
        if self.state != "up":
            return now_ns - self.since_ns > self.bound_ns
        return not self.idle and now_ns - max(self.progress_ns or 0, self.since_ns) > self.bound_ns


@attrs.define(eq=False)
class HealthRegistry:
    """Every cell, in the order in which the tree was written."""

    _cells: dict[str, Health] = attrs.field(init=False, factory=dict)

    def cell(
        self, actor: str, *, bound_ns: int | None = None, mailboxes: tuple[Counted, ...] = ()
    ) -> Health:
        """Make the cell of ``actor``.

        Raises:
            ValueError: It has one already.
        """
        if actor in self._cells:
            raise ValueError(f"two actors are called {actor}")
        made = Health(actor, bound_ns, mailboxes)
        self._cells[actor] = made
        return made

    def late(self, now_ns: int) -> tuple[str, ...]:
        """Return the actors whose progress is overdue."""
        return tuple(cell.actor for cell in self._cells.values() if cell.is_late(now_ns))

    def snapshot(self, now_ns: int) -> dict[str, object]:
        """Return everything as plain values for JSON. Ages in milliseconds; no secrets."""
        return {
            "at_ns": now_ns,
            "late": list(self.late(now_ns)),
            "actors": [_row(cell, now_ns) for cell in self._cells.values()],
        }


def _row(cell: Health, now_ns: int) -> dict[str, object]:
    return {
        "actor": cell.actor,
        "state": cell.state,
        "state_ms": _age_ms(cell.since_ns, now_ns),
        "uptime_ms": _age_ms(cell.started_ns, now_ns) if cell.state == "up" else None,
        "restarts": cell.restarts,
        "last_exit": cell.last_exit,
        "progress_ms": _age_ms(cell.progress_ns, now_ns),
        "idle": cell.idle,
        "late": cell.is_late(now_ns),
        "mailboxes": {box.name: attrs.asdict(box.counts()) for box in cell.mailboxes},
    }


def _age_ms(at_ns: int | None, now_ns: int) -> int | None:
    return None if at_ns is None else (now_ns - at_ns) // 1_000_000
