"""Tells listeners what happened, in order, and only when the action is over."""

from collections import deque
from collections.abc import Callable

from actors.sim.venue.events import VenueEvent

Listener = Callable[[VenueEvent], None]


class Bulletin:
    """A queue of events and those who hear them.

    A listener may act on the venue at once; what that causes is told after what
    was being told, so all listeners hear one order of events.
    """

    def __init__(self) -> None:
        self._waiting: deque[VenueEvent] = deque()
        self._listeners: list[Listener] = []
        self._telling = False

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Have ``listener`` hear every event from now on; return how to stop that."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    def post(self, event: VenueEvent) -> None:
        """Take in one event of the action that is going on."""
        self._waiting.append(event)

    def tell(self) -> None:
        """Tell everything that waits: the action is over."""
        if self._telling:
            return
        self._telling = True
        try:
            while self._waiting:
                event = self._waiting.popleft()
                for listener in tuple(self._listeners):
                    listener(event)
        finally:
            self._telling = False
