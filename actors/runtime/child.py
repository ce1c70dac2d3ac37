"""One line of the supervision tree: how an actor is started, watched and stopped."""

import math
from collections.abc import Awaitable, Callable
from typing import Literal, Protocol

import attrs
import trio

from actors.runtime.health import Health
from actors.runtime.restart import RestartBudget, RestartPolicy

Restart = Literal["permanent", "transient", "temporary"]
"""After which endings an actor is started again: any, only a failure, none."""

Criticality = Literal["core", "feed", "aux"]
"""What happens when its restarts are used up: a core actor takes the tree down with
it, a feed or a guest is parked and tried again each minute."""

Happening = Literal[
    "started",  # reported ready
    "failed",  # its life ended in a fault: reason says which
    "restarted",  # a new life began
    "parked",  # failed too often; tried again later
    "finished",  # ended, and is not meant to run again
    "degraded",  # the boot goes on without it
    "undrained",  # could not finish its work in its time, or failed to
    "stopped",  # ended because it was told to
    "stuck",  # was told to and does not
    "escalated",  # beyond restarting; the tree goes down
]


@attrs.frozen(kw_only=True)
class ActorEvent:
    """The supervisor's word about one actor, for journal, log and desk."""

    actor: str
    event: Happening
    reason: str = ""
    """Types and messages of the error's leaves, one line; empty where nothing failed."""
    restarts: int
    """How many lives it has had before this one."""
    at_ns: int


class Run(Protocol):
    """One life of an actor: serves until cancelled, says ``started()`` once it is ready."""

    def __call__(self, *, task_status: trio.TaskStatus[None]) -> Awaitable[None]:
        """Begin a life. What must not outlive it is made in here."""
        ...


def _own_cell(child: "Child") -> Health:
    return Health(child.id)


@attrs.frozen(kw_only=True, eq=False)
class Child:
    """What the tree says about one actor."""

    id: str
    run: Run

    restart: Restart = "permanent"
    criticality: Criticality = "core"
    policy: RestartPolicy = attrs.field(factory=RestartPolicy)

    fatal: tuple[type[Exception], ...] = ()
    """Errors that no restart cures: a core actor escalates at once, others are parked."""

    ready_s: float = attrs.field(default=10.0, validator=attrs.validators.gt(0))
    """Time to report ready, in every life; one that does not is ended as failed. For a
    supervisor ``math.inf``: its children have times of their own."""

    boot_wait_s: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(0))
    )
    """How long the boot waits for this one; ``None`` until it is ready or parked. Under
    one-for-one neighbours that have such a wait start together, and so do their waits."""

    shutdown_s: float = attrs.field(default=5.0, validator=attrs.validators.gt(0))
    """Time to drain, and then again time to clean up, before it counts as stuck."""

    drain: Callable[[], Awaitable[None]] | None = None
    """Asked to finish its work before it is cancelled at the end of the tree's life; not
    when it is stopped because of a sibling's failure, which it may depend on."""

    good_marks: bool = False
    """Whether good life runs between the actor's own marks (a feed's good frames) and
    not simply since it was ready."""

    health: Health = attrs.field(default=attrs.Factory(_own_cell, takes_self=True))
    """Its cell, which the supervisor keeps up to date."""

    @property
    def longest_stop_s(self) -> float:
        """The longest that stopping it can take before it counts as stuck."""
        return self.shutdown_s * (1 if self.drain is None else 2)


@attrs.define(eq=False)
class Life:
    """One run of a child, from its start to its end; also the ``task_status`` it is given."""

    slot: "Slot"
    scope: trio.CancelScope
    on_ready: Callable[["Life"], None]
    ready_s: float | None = attrs.field(init=False, default=None)
    """When it reported ready, on trio's clock."""
    stopping: bool = attrs.field(init=False, default=False)
    """Whether it was told to end, so that its end is no failure."""
    draining: trio.CancelScope | None = attrs.field(init=False, default=None)
    ended: trio.Event = attrs.field(init=False, factory=trio.Event)
    error: Exception | None = attrs.field(init=False, default=None)

    def started(self, value: None = None) -> None:
        """Report ready. What an actor calls as ``task_status.started()``.

        Raises:
            RuntimeError: It did so before.
        """
        assert value is None
        if self.ready_s is not None:
            raise RuntimeError(f"{self.slot.child.id} reported ready twice")
        if self.scope.cancel_called:
            return
        self.scope.deadline = math.inf
        self.ready_s = trio.current_time()
        self.on_ready(self)


@attrs.define(eq=False)
class Slot:
    """A child's place in the tree: what is known of it across its lives."""

    child: Child
    budget: RestartBudget
    life: Life | None = attrs.field(init=False, default=None)
    wanted: bool = attrs.field(init=False, default=True)
    """Whether it is to run at all: not once it finished, or was temporary and ended."""
    lives: int = attrs.field(init=False, default=0)
    settled: trio.Event = attrs.field(init=False, factory=trio.Event)
    """Set while nobody needs to wait for it any more: ready, parked or not wanted."""

    @property
    def restarts(self) -> int:
        """How many lives there were before the present one."""
        return max(0, self.lives - 1)
