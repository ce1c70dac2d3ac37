"""What a person has to hear of the tree at once, and what the tree's end must leave on record."""

from collections.abc import Callable
from typing import Final

import attrs

from actors.runtime.child import ActorEvent

HALT: Final = "escalated"
"""Name of the halt that an escalation leaves; it ends with its process."""


def _nothing_to_halt(_name: str, _why: str) -> None:
    """Halt nobody."""


def _nothing_goes_down() -> None:
    """Do nothing about it."""


@attrs.define(eq=False, kw_only=True)
class Alarms:
    """Hears everything that happens to a child, passes it on, and speaks up where it is grave."""

    tell: Callable[[ActorEvent], None]
    """The journal's way: told of every event."""
    say: Callable[[str], None]
    """Told one line for a person; must not raise or wait."""
    halt: Callable[[str, str], None] = attrs.field(init=False, default=_nothing_to_halt)
    """Stops entries, given a name and a reason, when the tree is about to go down. Set once
    there is somebody who trades."""
    going_down: Callable[[], None] = attrs.field(init=False, default=_nothing_goes_down)
    """Told that the tree goes down by itself. Set by the process around it."""
    _parked: set[str] = attrs.field(init=False, factory=set)

    def hear(self, event: ActorEvent) -> None:
        """Take one event."""
        match event.event:
            case "parked":
                if event.actor not in self._parked:
                    self._parked.add(event.actor)
                    self.say(f"ALARM  {event.actor} is parked, tried each minute: {event.reason}")
            case "started":
                if event.actor in self._parked:
                    self._parked.discard(event.actor)
                    self.say(f"{event.actor} is back")
            case "escalated":
                # Before anything is stopped, so that it is on record whatever comes of it.
                self.halt(HALT, f"{event.actor}: {event.reason}")
                self.say(f"ALARM  {event.actor} is given up: {event.reason}")
                self.going_down()
            case "stuck":
                self.say(f"ALARM  {event.actor} does not end: {event.reason}")
            case _:
                pass
        self.tell(event)
