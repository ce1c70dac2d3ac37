"""Whether the exchange is open: by its calendar, and by whoever pauses it besides.

Reference ``kalshi.md`` section 8. A pause ends orders that asked for it when it begins;
others rest through it. While the whole exchange is stopped nothing changes, not even what
has fallen due: it is done when the exchange goes on.
"""

from collections.abc import Callable
from typing import Final

import attrs

from actors.sim.venue.floor import Floor
from actors.sim.venue.hours import Hours, Maintenance, State
from actors.sim.venue.lifecycle import Lifecycle

ORDERED: Final = "ordered"
"""The name of the turn at which a pause ends that somebody ordered."""


@attrs.define(eq=False)
class Opening:
    """Keeps the exchange's state."""

    floor: Floor
    lifecycle: Lifecycle
    hours: Hours = attrs.field(init=False, factory=Hours)
    on_drop: Callable[[], object] = attrs.field(init=False, default=lambda: None)
    """Cuts every stream: a window that begins may do that."""
    _ordered: State = attrs.field(init=False, factory=State)
    _expected_us: int | None = attrs.field(init=False, default=None)
    """When the pause that somebody ordered is said to end."""
    _ends_us: int | None = attrs.field(init=False, default=None)
    """When it does, by itself."""
    _next_us: int | None = attrs.field(init=False, default=None)
    """When the calendar is looked at next."""

    def follow(self, hours: Hours) -> None:
        """Open and close as ``hours`` say from now on, instead of any earlier calendar."""
        self.hours = hours
        now_us = self.floor.now_us()
        self._plan_next(now_us)
        self._settle_on(self._state(now_us), now_us)

    def add(self, window: Maintenance) -> None:
        """Put one more window of maintenance into the calendar."""
        ahead = self.hours.ahead(self.floor.now_us())
        self.follow(attrs.evolve(self.hours, windows=(*ahead, window)))
        if window.drops_streams and window.covers(self.floor.now_us()):
            self.on_drop()

    def pause(self, ordered: State, *, expected_us: int | None, ends_us: int | None) -> None:
        """Stop trading, or everything; a state of all active ends that.

        Args:
            ordered: What is to be active, as far as the calendar lets it.
            expected_us: When it is said to end.
            ends_us: When it ends by itself; ``None`` for not before it is ended.
        """
        self._ordered, self._ends_us = ordered, ends_us
        self._expected_us = ends_us if expected_us is None else expected_us
        if ends_us is not None:
            self.lifecycle.schedule(ends_us, "hours", ORDERED)
        now_us = self.floor.now_us()
        self._settle_on(self._state(now_us), now_us)

    def turn(self, name: str, now_us: int) -> None:
        """Do what the calendar, or the end of an ordered pause, says of this instant."""
        if name == ORDERED:
            if self._ends_us is not None and self._ends_us <= now_us:
                self.pause(State(), expected_us=None, ends_us=None)
            return
        at_us = int(name)
        if at_us != self._next_us:
            return  # of a calendar that is followed no more
        for window in self.hours.starting(at_us):
            if window.drops_streams:
                self.on_drop()
        # Of an instant that has passed: a late look skips no change.
        self._settle_on(self._state(at_us), at_us)
        self._plan_next(at_us)

    def _plan_next(self, after_us: int) -> None:
        cuts = [each.start_us for each in self.hours.windows if each.drops_streams]
        turns = [self.hours.next_change_us(after_us), *(at for at in cuts if at > after_us)]
        self._next_us = min((at for at in turns if at is not None), default=None)
        if self._next_us is not None:
            self.lifecycle.schedule(self._next_us, "hours", str(self._next_us))

    def _state(self, at_us: int) -> State:
        planned, ordered = self.hours.state_at(at_us), self._ordered
        exchange = planned.exchange_active and ordered.exchange_active
        trading = exchange and planned.trading_active and ordered.trading_active
        return State(exchange_active=exchange, trading_active=trading)

    def _settle_on(self, state: State, at_us: int) -> None:
        floor = self.floor
        was_open = floor.trading_active and floor.exchange_active
        was_stopped = not floor.exchange_active
        floor.exchange_active, floor.trading_active = state.exchange_active, state.trading_active
        ends = (self.hours.resumes_us(at_us), self._expected_us)
        floor.resumes_us = max((each for each in ends if each is not None), default=None)
        if was_open and state != State():
            self.lifecycle.cancel_pausable()
        floor.bulletin.tell()
        if was_stopped and state.exchange_active:
            self.lifecycle.release()
