"""How long the venue holds our orders: ``venue_delay_ms`` as we meet it. Pure.

Markets in play may hold an order before it is matched, and no endpoint says for how long;
our own orders do. What one was held is the time from its last byte to the first byte of
its acceptance, less the round trip of the connection that carried it, as its last probe
found it: no clock but our own is in it. Kept for each series, in play and not.
"""

from collections import deque
from typing import Final

import attrs

KEPT: Final = 200
"""Newest orders of a series that count."""
SERIES_MOST: Final = 100
NEWEST: Final = 2
"""Newest orders that are told one by one."""


@attrs.frozen(kw_only=True)
class DelayFigure:
    """What the orders of one series were held, of late."""

    series: str
    in_play: bool
    orders: int
    """How many orders the figures are of; at most ``KEPT``."""
    p50_ns: int
    p90_ns: int
    newest_ns: tuple[int, ...]
    """The newest orders' own, the newest last: at most ``NEWEST``."""

    def all_above(self, bound_ns: int, orders: int = NEWEST) -> bool:
        """Return whether each of the newest ``orders`` was held longer than ``bound_ns``."""
        newest = self.newest_ns[-orders:]
        return len(newest) == orders and all(held_ns > bound_ns for held_ns in newest)


@attrs.define(eq=False)
class Delays:
    """Every series' figures. The tree's: a restarted actor finds them as they were."""

    _held: dict[tuple[str, bool], deque[int]] = attrs.field(init=False, factory=dict)

    def hear(
        self, series: str, *, in_play: bool, answered_ns: int, probe_ns: int
    ) -> DelayFigure | None:
        """Take one accepted order.

        Args:
            series: The series of its market.
            in_play: Whether its match was being played.
            answered_ns: From its last byte to the first of its acceptance.
            probe_ns: What the way there and back took without an order; 0 where nobody knows.

        Returns:
            The figure with this order in it; ``None`` where there are too many series.
        """
        held = self._held.get((series, in_play))
        if held is None:
            if len(self._held) >= SERIES_MOST:
                return None
            held = self._held[series, in_play] = deque(maxlen=KEPT)
        held.append(max(0, answered_ns - probe_ns))
        return self.figure(series, in_play=in_play)

    def figure(self, series: str, *, in_play: bool) -> DelayFigure | None:
        """Return what is known of a series; ``None`` where no order was accepted yet."""
        held = self._held.get((series, in_play))
        if not held:
            return None
        ranked = sorted(held)
        return DelayFigure(
            series=series,
            in_play=in_play,
            orders=len(ranked),
            p50_ns=_rank(ranked, 50),
            p90_ns=_rank(ranked, 90),
            newest_ns=tuple(held)[-NEWEST:],
        )

    def figures(self) -> list[DelayFigure]:
        """Return every series' figures, in the order in which they were first met."""
        found = (self.figure(series, in_play=in_play) for series, in_play in self._held)
        return [figure for figure in found if figure is not None]


HOLDS_KEPT: Final = 5
"""Newest orders in play of a series that are judged."""
HOLDS_REDUCE: Final = 2
"""Late ones among them that close the series for entries."""
HOLDS_HALT: Final = 5
"""Late ones among them that halt."""


@attrs.define(eq=False)
class Holds:
    """Which series the venue holds in play for so long that the race is lost beforehand.

    Exits go on and are judged too, so that a series opens again when they are quick.
    """

    most_ns: int = 100_000_000
    """An order that was held for longer is late."""
    _late: dict[str, deque[bool]] = attrs.field(init=False, factory=dict)

    def hear(self, series: str, held_ns: int) -> int | None:
        """Take one order in play; return how many of the newest are late, ``None`` unwatched."""
        late = self._late.get(series)
        if late is None:
            if len(self._late) >= SERIES_MOST:
                return None
            late = self._late[series] = deque(maxlen=HOLDS_KEPT)
        late.append(held_ns > self.most_ns)
        return sum(late)

    def closed(self, series: str) -> bool:
        """Return whether a series admits no entry."""
        return sum(self._late.get(series, ())) >= HOLDS_REDUCE

    def forget(self, series: str) -> None:
        """Count nothing that was late before: a person lets the series go on."""
        self._late.pop(series, None)

    def series(self) -> list[str]:
        """Return the series that admit no entry, in the order in which they were met."""
        return [each for each in self._late if self.closed(each)]


def _rank(ranked: list[int], percent: int) -> int:
    """Return the smallest value that so many percent are not above."""
    return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]
