"""Everybody in the tree: their health cells, what happened to them, and how a child is made."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from actors.runtime.child import ActorEvent, Child, Run
from actors.runtime.health import Backlog, Bound, Health, HealthRegistry
from actors.runtime.mailbox import Mailbox
from actors.runtime.restart import RestartPolicy
from actors.runtime.supervise import Supervisor


@attrs.define(eq=False, kw_only=True)
class Roster:
    """Makes children and supervisors that all report to one place."""

    now_ns: Callable[[], int]
    rng: Callable[[str], random.Random]
    """Gives the stream of random numbers of a name."""
    usual: RestartPolicy
    """Of a child that names no policy of its own."""
    tell: Callable[[ActorEvent], None]
    """Told of everything that happens to a child, after it was counted."""
    bounds: Mapping[str, Bound] = attrs.field(factory=dict)
    """How long each actor may go without progress; who is not named is not watched."""
    health: HealthRegistry = attrs.field(init=False, factory=HealthRegistry)
    restarts: int = attrs.field(init=False, default=0)
    """How often an actor was started again."""
    branches: dict[str, Supervisor] = attrs.field(init=False, factory=dict)
    """Every supervisor, by the id that it has as a child; the root is the last."""
    _cells: dict[str, Health] = attrs.field(init=False, factory=dict)

    def cell(self, name: str, *mailboxes: Mailbox[Any]) -> Health:
        """Return the health cell of ``name``, made when it is first asked for."""
        if name not in self._cells:
            self._cells[name] = self.health.cell(
                name, bound=self.bounds.get(name), mailboxes=mailboxes
            )
        return self._cells[name]

    def watch(self, name: str, *backlogs: Backlog) -> None:
        """Say what else may wait for ``name``, beside its mailboxes."""
        self.cell(name).backlogs += backlogs

    def child(self, name: str, run: Run, *mailboxes: Mailbox[Any], **says: Any) -> Child:  # noqa: ANN401 - Child's own fields
        """Return one line of the tree; what it does not say is a core actor's.

        Args:
            name: Its id, and its cell's.
            run: One life of it.
            mailboxes: The queues in front of it, for its health.
            says: Any other field of ``Child``.
        """
        says.setdefault("policy", self.usual)
        return Child(id=name, run=run, health=self.cell(name, *mailboxes), **says)

    def branch(self, name: str, children: Sequence[Child], **says: Any) -> Supervisor:  # noqa: ANN401 - Supervisor's own fields
        """Return a supervisor over ``children``, in the order of their start."""
        self.branches[name] = Supervisor(
            name=name,
            children=children,
            now_ns=self.now_ns,
            rng=self.rng(name),
            on_event=self.hear,
            **says,
        )
        return self.branches[name]

    def hear(self, event: ActorEvent) -> None:
        """Take a supervisor's word about one of its children."""
        self.restarts += event.event == "restarted"
        self.tell(event)
