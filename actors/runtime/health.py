"""What every actor's state is, in one place: for signals, the watchdog and the desk."""

from collections import deque
from typing import Final, Literal, Protocol

import attrs
import trio

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


RESTARTS_KEPT: Final = 64
"""Newest starts that are remembered, to say how often an actor was restarted of late."""
WINDOW_S: Final = 60.0
"""What "of late" means: the window in which restarts are limited."""
FRAMES_MOST: Final = 12
"""Frames of an await stack that are shown, the innermost ones."""
TASKS_MOST: Final = 8
"""Tasks of one actor that are shown beside its first."""
TRIO_CORE: Final = "/trio/_core/"


class Backlog(Protocol):
    """Work that waits for an actor. Whoever leaves some and takes none is late."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def depth(self) -> int:
        """How much waits."""
        ...

    @property
    def taken(self) -> int:
        """A figure that changes whenever some of it was taken."""
        ...


class Counted(Backlog, Protocol):
    """A mailbox, as far as health goes."""

    def counts(self) -> MailboxCounts:
        """Return its figures now."""
        ...


@attrs.frozen(kw_only=True)
class Bound:
    """How long an actor may go without progress, and what shows its progress."""

    after_s: float = attrs.field(validator=attrs.validators.gt(0))
    by: Literal["marks", "backlog"]
    """Whether it marks its progress itself, or is judged by the work in front of it alone."""
    vital: bool = True
    """Whether its silence silences the watchdog too, so that the process is restarted."""


class Syncs(Protocol):
    """A journal, as far as its disk goes."""

    @property
    def unsynced_since_ns(self) -> int | None:
        """When the oldest record that is not on the disk yet was appended."""
        ...


@attrs.frozen(eq=False)
class Unsynced:
    """What a journal has written and not yet synced, as work that waits for its actor."""

    journal: Syncs
    name: str = "unsynced"

    @property
    def depth(self) -> int:
        """Whether anything waits."""
        return int(self.journal.unsynced_since_ns is not None)

    @property
    def taken(self) -> int:
        """The age of the oldest; another one once a sync is through."""
        return self.journal.unsynced_since_ns or 0


@attrs.define(eq=False)
class _Look:
    """When some of a backlog was last seen taken."""

    taken: int
    at_ns: int


@attrs.define(eq=False)
class Health:
    """One actor's cell: the supervisor writes its state, the actor marks its progress.

    Marking is two assignments, cheap enough for every frame. All times are
    monotonic nanoseconds.
    """

    actor: str
    bound: Bound | None = None
    """``None`` where nobody watches."""
    mailboxes: tuple[Counted, ...] = ()
    """The queues in front of it."""
    backlogs: tuple[Backlog, ...] = ()
    """What else may wait for it."""

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
    task: trio.lowlevel.Task | None = attrs.field(init=False, default=None)
    """The task of the present life, for a look at what it waits for."""
    _good_from_ns: int | None = attrs.field(init=False, default=None)
    _starts_ns: deque[int] = attrs.field(init=False, factory=lambda: deque(maxlen=RESTARTS_KEPT))
    _looks: dict[str, _Look] = attrs.field(init=False, factory=dict)

    def enter(self, state: State, now_ns: int) -> None:
        """Note that the actor's state changed. For the supervisor."""
        self.state, self.since_ns = state, now_ns
        if state == "starting":
            if self.started_ns is not None:
                self._starts_ns.append(now_ns)
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

    def recent_restarts(self, now_ns: int) -> int:
        """Return how often it was started again within ``WINDOW_S``."""
        since_ns = now_ns - int(WINDOW_S * 1e9)
        return sum(at_ns > since_ns for at_ns in self._starts_ns)

    def is_late(self, now_ns: int) -> bool:
        """Return whether progress is overdue: busy, or not up, for longer than the bound.

        Work that waits is timed from the first look at it, so somebody has to look
        now and then.
        """
        if self.bound is None or self.state in _DOWN or self.started_ns is None:
            # One that was never started is waiting for its turn in the boot.
            return False
        bound_ns = int(self.bound.after_s * 1e9)
        if self.state != "up":
            return now_ns - self.since_ns > bound_ns
        # Every one is looked at, so that each is timed from its own first look.
        left = [self._is_left(each, now_ns, bound_ns) for each in self._waiting()]
        if any(left):
            return True
        if self.bound.by == "backlog":
            return False
        return not self.idle and now_ns - max(self.progress_ns or 0, self.since_ns) > bound_ns

    def _waiting(self) -> tuple[Backlog, ...]:
        return (*self.mailboxes, *self.backlogs)

    def _is_left(self, backlog: Backlog, now_ns: int, bound_ns: int) -> bool:
        """Look at one backlog; return whether nothing was taken from it for too long."""
        if not backlog.depth:
            self._looks.pop(backlog.name, None)
            return False
        last, taken = self._looks.get(backlog.name), backlog.taken
        if last is None or taken != last.taken or last.at_ns < self.since_ns:
            self._looks[backlog.name] = _Look(taken, now_ns)
            return False
        return now_ns - last.at_ns > bound_ns

    def stack(self) -> list[str]:
        """Return where the present life waits, outermost first: file, line and function.

        Only names: no argument, no local, and so no secret.
        """
        return [] if self.task is None else _stack(self.task)

    def below(self) -> list[str]:
        """Return where the tasks of the present life wait, beside its first, one line each."""
        if self.task is None:
            return []
        tasks = deque(_children(self.task))
        shown: list[str] = []
        while tasks and len(shown) < TASKS_MOST:
            task = tasks.popleft()
            tasks.extend(_children(task))
            shown.append(f"{task.name.rpartition('.')[2]}: {' > '.join(_stack(task)[-2:])}")
        return shown


def _children(task: trio.lowlevel.Task) -> list[trio.lowlevel.Task]:
    # Sets: put in an order that says something, and the same each time.
    below = [child for nursery in task.child_nurseries for child in nursery.child_tasks]
    return sorted(below, key=lambda child: child.name)


def _stack(task: trio.lowlevel.Task) -> list[str]:
    shown: deque[str] = deque(maxlen=FRAMES_MOST)
    for frame, line in task.iter_await_frames():
        code = frame.f_code
        # How trio itself waits is the same for everybody.
        if TRIO_CORE not in code.co_filename:
            file = "/".join(code.co_filename.rsplit("/", 2)[-2:])
            shown.append(f"{file}:{line} {code.co_name}")
    return list(shown)


@attrs.define(eq=False)
class HealthRegistry:
    """Every cell, in the order in which the tree was written."""

    _cells: dict[str, Health] = attrs.field(init=False, factory=dict)

    def cell(
        self,
        actor: str,
        *,
        bound: Bound | None = None,
        mailboxes: tuple[Counted, ...] = (),
        backlogs: tuple[Backlog, ...] = (),
    ) -> Health:
        """Make the cell of ``actor``.

        Raises:
            ValueError: It has one already.
        """
        if actor in self._cells:
            raise ValueError(f"two actors are called {actor}")
        made = Health(actor, bound, mailboxes, backlogs)
        self._cells[actor] = made
        return made

    @property
    def cells(self) -> tuple[Health, ...]:
        """All of them."""
        return tuple(self._cells.values())

    def late(self, now_ns: int, *, vital: bool = False) -> tuple[str, ...]:
        """Return the actors whose progress is overdue; only ``vital`` ones if so asked."""
        return tuple(
            [
                cell.actor
                for cell in self._cells.values()
                if cell.is_late(now_ns) and (not vital or (cell.bound and cell.bound.vital))
            ]
        )


def row(cell: Health, now_ns: int) -> dict[str, object]:
    """Return one actor as plain values for JSON. Ages in milliseconds; no secrets."""
    return {
        "actor": cell.actor,
        "state": cell.state,
        "state_ms": _age_ms(cell.since_ns, now_ns),
        "uptime_ms": _age_ms(cell.started_ns, now_ns) if cell.state == "up" else None,
        "restarts": cell.restarts,
        "restarts_60_s": cell.recent_restarts(now_ns),
        "last_exit": cell.last_exit,
        "progress_ms": _age_ms(cell.progress_ns, now_ns),
        "idle": cell.idle,
        "late": cell.is_late(now_ns),
        "mailboxes": {box.name: attrs.asdict(box.counts()) for box in cell.mailboxes},
        "stack": cell.stack(),
        "below": cell.below(),
    }


def _age_ms(at_ns: int | None, now_ns: int) -> int | None:
    return None if at_ns is None else (now_ns - at_ns) // 1_000_000
