"""How late a provider's reports are by its own clock, where that clock can be relied on. Pure.

A provider's time is never compared with ours: it may be an hour off, in another unit, or
stand still. What is compared is how far behind it we read a report with how far behind it
we usually read that feed (reference ``feeds.md`` section 7, rule 2). A report that a stalled
connection held back for seconds looks new to us, and the price has heard it long ago.
"""

from collections import deque
from typing import Final

import attrs

SPAN_NS: Final = 10_000_000_000
"""The quickest report of each such span counts."""
SPANS_KEPT: Final = 6
"""Newest spans in which anything was read: a clock that was set is believed again after them."""
LEAST_SPANS: Final = 3
"""Before so many spans are over nothing is known of a clock."""
STEADY_NS: Final = 1_500_000_000
"""A clock by which the quickest reports of the spans lie further apart is not relied on.
Whole seconds, as some providers write them, are within it."""
OLD_NS: Final = 3_000_000_000
"""A report that is so much later than usual by a clock that is relied on triggers nothing."""

NOWHERE: Final = -1


@attrs.define(eq=False)
class ProviderClock:
    """One feed's clock, as its reports show it."""

    usual_ns: int | None = attrs.field(init=False, default=None)
    """How far behind it the quickest reports are read; ``None`` while it is not relied on."""
    _span: int = attrs.field(init=False, default=NOWHERE)
    _least_ns: int = attrs.field(init=False, default=0)
    """Of the span that goes on."""
    _past: deque[int] = attrs.field(init=False, factory=lambda: deque(maxlen=SPANS_KEPT))
    """Of the spans that are over, oldest first."""

    def hear(self, behind_ns: int, at_ns: int) -> None:
        """Take note of a report.

        Args:
            behind_ns: From the provider's time to when it was read, by our monotonic clock:
                its own beginning does not matter, and it is never set.
            at_ns: When that was, by our monotonic clock.
        """
        span = at_ns // SPAN_NS
        if span == self._span:
            self._least_ns = min(self._least_ns, behind_ns)
            return
        if self._span != NOWHERE:
            self._past.append(self._least_ns)
            self._weigh()
        self._span, self._least_ns = span, behind_ns

    def is_old(self, behind_ns: int) -> bool:
        """Return whether a report read ``behind_ns`` after the provider's time is old news."""
        return self.usual_ns is not None and behind_ns - self.usual_ns > OLD_NS

    def _weigh(self) -> None:
        quickest = min(self._past)
        is_steady = max(self._past) - quickest <= STEADY_NS
        self.usual_ns = quickest if is_steady and len(self._past) >= LEAST_SPANS else None
