"""How far the venue's clock is from ours, as far as honest observations can prove. Pure.

Three kinds of observation come by themselves. An answer over HTTP is dated to the
second: the venue wrote that date after we had sent the question and before we had the
answer. The acceptance of an order is stamped to the millisecond between the same two
instants. A message of the stream is stamped before it came, nobody knows how long
before. Each bounds the offset from one side or both, and what all of them allow is an
interval: no guess at a way back and forth is in it, so that whatever lies outside is
certain.

What is bounded is the venue's clock less our *monotonic* one, which nobody sets. Our
wall clock, which signs, enters only when the question is asked: a step of it is seen
with the next question and takes nothing back of what is known of the venue.

Dates and stamps are kept apart, because the machines that write them have clocks of
their own. Where they cannot both be of one clock, what is allowed spans both.
"""

from collections.abc import Callable
from typing import Final, Literal

import attrs

Verdict = Literal["unknown", "fine", "warn", "halt"]

SECOND_NS: Final = 1_000_000_000
MILLI_NS: Final = 1_000_000
DRIFT_PPM: Final = 500
"""More than any clock that is not broken gains or loses, ours and the venue's together."""
KEPT_NS: Final = 300 * SECOND_NS
"""The best bound of each such stretch is kept for the stretch after it, and then forgotten:
a clock that was set in a way that contradicts nothing is learnt anew after at most two."""
STAMPS_EVERY_NS: Final = 20 * MILLI_NS
"""A stream may bring thousands of stamps a second; some of them are enough."""
HELD_NS: Final = SECOND_NS
"""For so long the trigger goes by the same bounds, if nothing new was heard: to reckon them
anew would stand between a goal and its order."""
HELD_SLACK_NS: Final = HELD_NS * DRIFT_PPM // 1_000_000
"""By how much they may have widened meanwhile."""


@attrs.frozen
class _Bound:
    """One side of an interval, and when it was observed."""

    offset_ns: int
    at_ns: int

    def slack_ns(self, at_ns: int) -> int:
        """Return by how much it has widened until ``at_ns``."""
        return abs(at_ns - self.at_ns) * DRIFT_PPM // 1_000_000


@attrs.define(eq=False)
class _Side:
    """The tightest bound on one side; ``sign`` is 1 for the least offset and -1 for the most."""

    sign: int
    _now: _Bound | None = attrs.field(init=False, default=None)
    _before: _Bound | None = attrs.field(init=False, default=None)
    _since_ns: int = attrs.field(init=False, default=0)
    """When the present stretch began."""

    def at(self, at_ns: int) -> int | None:
        """Return the bound as it is at ``at_ns``; ``None`` where nothing is known."""
        self._forget(at_ns)
        best: int | None = None
        for bound in (self._now, self._before):
            if bound is not None:
                wide = self.sign * bound.offset_ns - bound.slack_ns(at_ns)
                best = wide if best is None else max(best, wide)
        return None if best is None else self.sign * best

    def hear(self, offset_ns: int, at_ns: int) -> bool:
        """Take a bound; return whether it says more than the one of this stretch, and counts."""
        self._forget(at_ns)
        now = self._now
        told = self.sign * offset_ns
        if now is None or told > self.sign * now.offset_ns - now.slack_ns(at_ns):
            self._now = _Bound(offset_ns, at_ns)
            return True
        return False

    def clear(self) -> None:
        """Forget everything: it was said of another clock."""
        self._now = self._before = None

    def _forget(self, at_ns: int) -> None:
        if at_ns - self._since_ns < KEPT_NS:
            return
        # After a silence of two stretches nothing of the first is left.
        is_next = at_ns - self._since_ns < 2 * KEPT_NS
        self._before, self._now = (self._now if is_next else None), None
        self._since_ns = at_ns


@attrs.define(eq=False)
class _Source:
    """One clock of the venue's, as far as it is known."""

    low: _Side = attrs.field(init=False, factory=lambda: _Side(1))
    high: _Side = attrs.field(init=False, factory=lambda: _Side(-1))
    steps: int = attrs.field(init=False, default=0)

    def hear(self, low_ns: int, high_ns: int | None, at_ns: int) -> bool:
        """Take what one observation allows; return whether it taught anything."""
        low, high = self.low.at(at_ns), self.high.at(at_ns)
        above = high is not None and low_ns > high
        below = low is not None and high_ns is not None and high_ns < low
        if above or below:
            # One of the two was said of another clock, and only the later can be of this one.
            self.steps += 1
            self.low.clear()
            self.high.clear()
        taught = self.low.hear(low_ns, at_ns)
        return (high_ns is not None and self.high.hear(high_ns, at_ns)) or taught


@attrs.frozen(kw_only=True)
class Tolerance:
    """When the offset of the clocks begins to matter. Reference ``reliability.md`` 3.3, 13."""

    warn_ns: int = 250 * MILLI_NS
    halt_ns: int = SECOND_NS
    signed_ns: int = 4 * SECOND_NS
    """Furthest that a timestamp which we sign may lie from the venue's time beside its age:
    the venue takes ten seconds at least (``kalshi.md`` section 1), our signatures are up to
    five old, and the way takes the rest."""


@attrs.frozen(kw_only=True)
class ClockWord:
    """What is known of the venue's clock less our wall clock, at one instant."""

    verdict: Verdict
    low_ns: int | None
    high_ns: int | None
    fits: bool
    """Whether no order would be signed at a time that the venue may refuse."""

    @property
    def least_ns(self) -> int:
        """How far apart the clocks are at the very least, whichever is ahead."""
        return max(0, self.low_ns or 0, -(self.high_ns or 0))

    @property
    def most_ns(self) -> int | None:
        """How far apart they are at most; ``None`` where a side is open."""
        if self.low_ns is None or self.high_ns is None:
            return None
        return max(abs(self.low_ns), abs(self.high_ns))


@attrs.define(eq=False, kw_only=True)
class ClockOffset:
    """The venue's clock less ours: what is known of it. Times ``_ns`` are monotonic."""

    tolerance: Tolerance = attrs.field(factory=Tolerance)
    _dates: _Source = attrs.field(init=False, factory=_Source)
    _stamps: _Source = attrs.field(init=False, factory=_Source)
    _next_stamp_ns: int | None = attrs.field(init=False, default=None)
    _held: tuple[int | None, int | None, int] | None = attrs.field(init=False, default=None)
    """The bounds that the trigger goes by, and when they were reckoned."""

    @property
    def steps(self) -> int:
        """How often two observations of one source contradicted each other."""
        return self._dates.steps + self._stamps.steps

    def hear_date(self, date_s: int, *, sent_ns: int, received_ns: int, fresh: bool = True) -> None:
        """Take the date of an answer: whole seconds, written between the two instants.

        Args:
            date_s: The date, seconds since 1970.
            sent_ns: Not after the question left.
            received_ns: Not before the answer came.
            fresh: Whether it was written for this question; one out of a cache was only
                written before it came.
        """
        high_ns = (date_s + 1) * SECOND_NS - sent_ns if fresh else None
        self._learn(self._dates, date_s * SECOND_NS - received_ns, high_ns, received_ns)

    def hear_stamp(self, ts_ms: int, *, received_ns: int) -> None:
        """Take the time of a message: written before it came, nobody knows how long before."""
        if self._next_stamp_ns is not None and received_ns < self._next_stamp_ns:
            return
        self._next_stamp_ns = received_ns + STAMPS_EVERY_NS
        self._learn(self._stamps, ts_ms * MILLI_NS - received_ns, None, received_ns)

    def hear_answer(self, ts_ms: int, *, sent_ns: int, received_ns: int) -> None:
        """Take the time of an order's acceptance: stamped between the two instants."""
        high_ns = (ts_ms + 1) * MILLI_NS - sent_ns
        self._learn(self._stamps, ts_ms * MILLI_NS - received_ns, high_ns, received_ns)

    def _learn(self, source: _Source, low_ns: int, high_ns: int | None, at_ns: int) -> None:
        if source.hear(low_ns, high_ns, at_ns):
            self._held = None

    def bounds_ns(self, at_ns: int) -> tuple[int | None, int | None]:
        """Return the least and the greatest venue-less-monotonic that are allowed at ``at_ns``."""
        date_low, date_high = self._dates.low.at(at_ns), self._dates.high.at(at_ns)
        stamp_low, stamp_high = self._stamps.low.at(at_ns), self._stamps.high.at(at_ns)
        low = _inner(max, date_low, stamp_low)
        high = _inner(min, date_high, stamp_high)
        if low is not None and high is not None and low > high:
            # Two clocks of the venue's; which of them judges a signature is not known.
            known = [
                each for each in (date_low, date_high, stamp_low, stamp_high) if each is not None
            ]
            return min(known), max(known)
        return low, high

    def word(self, now_ns: int, wall_ns: int) -> ClockWord:
        """Say what the offset means for orders that are signed now.

        Args:
            now_ns: Our monotonic clock.
            wall_ns: Our wall clock at the same instant.
        """
        low, high = self.bounds_ns(now_ns)
        if low is None and high is None:
            return ClockWord(verdict="unknown", low_ns=None, high_ns=None, fits=False)
        ahead_ns = wall_ns - now_ns
        low = None if low is None else low - ahead_ns
        high = None if high is None else high - ahead_ns
        least_ns = max(0, low or 0, -(high or 0))
        limits = self.tolerance
        verdict: Verdict = "fine"
        if least_ns > limits.halt_ns:
            verdict = "halt"
        elif least_ns > limits.warn_ns:
            verdict = "warn"
        fits = (
            verdict != "halt"
            and low is not None
            and high is not None
            and -limits.signed_ns <= low
            and high <= limits.signed_ns
        )
        return ClockWord(verdict=verdict, low_ns=low, high_ns=high, fits=fits)

    def admits(self, now_ns: int, wall_ns: int) -> bool:
        """Return whether an entry may be signed now.

        As ``word`` says it, and no where that is closer than ``HELD_SLACK_NS``. Before anything
        was heard it may: whoever opens for entries sees to that first.
        """
        held = self._held
        if held is None or not 0 <= now_ns - held[2] < HELD_NS:
            held = self._held = (*self.bounds_ns(now_ns), now_ns)
        low, high, _ = held
        if low is None or high is None:
            return low is None and high is None
        ahead_ns, limits = wall_ns - now_ns, self.tolerance
        least, most = low - ahead_ns, high - ahead_ns
        signed_ns = limits.signed_ns - HELD_SLACK_NS
        return max(least, -most) <= limits.halt_ns and -signed_ns <= least and most <= signed_ns

    def aim_ns(self, now_ns: int) -> int:
        """Return how long to wait so that a question is dated around a turn of the second.

        It halves what the dates leave open: whether the second had turned is one bit.
        """
        low, high = self._dates.low.at(now_ns), self._dates.high.at(now_ns)
        if low is None or high is None:
            return 0
        return -(now_ns + (low + high) // 2) % SECOND_NS


def _inner(tighter: Callable[[int, int], int], one: int | None, other: int | None) -> int | None:
    """Return the tighter of two bounds, or the one that there is."""
    if one is None or other is None:
        return other if one is None else one
    return tighter(one, other)
