"""How old one connection's messages are when they come: venue's stamp to our receipt, running.

A message costs one subtraction and one count in a list; quantiles are read from the
list when somebody asks. What is counted runs over one to two minutes. Pure.
"""

from typing import Final

import attrs

MOST_MS: Final = 4_000
"""Older than this is counted as this old."""
SPAN_NS: Final = 60_000_000_000
HOLD_NS: Final = 5_000_000_000
"""So long one late message speaks for its connection, where no other one follows it."""
NANOS_PER_MILLI: Final = 1_000_000


def _none_yet() -> list[int]:
    return [0] * (MOST_MS + 1)


@attrs.define(eq=False)
class Ages:
    """The ages of one connection's messages. Clocks that disagree shift all of them alike."""

    late_ms: int
    """A message that is older than this is late."""
    wall_less_mono_ns: int = 0
    """The wall clock less the monotonic one; the owner sets it anew now and then."""
    messages: int = attrs.field(init=False, default=0)
    late: int = attrs.field(init=False, default=0)
    ahead: int = attrs.field(init=False, default=0)
    """Messages from the future: the venue's clock is ahead of ours."""
    late_ns: int | None = attrs.field(init=False, default=None)
    """When the newest message came, if it was late."""
    _since_ns: int = attrs.field(init=False, default=0)
    _counts: list[int] = attrs.field(init=False, factory=_none_yet)
    _before: list[int] = attrs.field(init=False, factory=_none_yet)

    def note(self, venue_ts_ms: int, received_ns: int) -> None:
        """Take one message's stamp; 0 where it has none."""
        if not venue_ts_ms:
            return
        age_ms = (received_ns + self.wall_less_mono_ns) // NANOS_PER_MILLI - venue_ts_ms
        self.messages += 1
        if age_ms > self.late_ms:
            self.late += 1
            self.late_ns = received_ns
            age_ms = min(age_ms, MOST_MS)
        else:
            self.late_ns = None
            if age_ms < 0:
                self.ahead += 1
                age_ms = 0
        self._counts[min(age_ms, MOST_MS)] += 1

    def is_late(self, now_ns: int) -> bool:
        """Return whether what this connection says now is too old to trade on."""
        return self.late_ns is not None and now_ns - self.late_ns < HOLD_NS

    def turn(self, now_ns: int) -> None:
        """Let go of what is older than two spans; to be called now and then."""
        if now_ns - self._since_ns >= SPAN_NS:
            self._before, self._counts, self._since_ns = self._counts, _none_yet(), now_ns

    def quantiles_ms(self, *shares: float) -> list[int]:
        """Return the ages below which these shares lie, rising; -1 where none was counted."""
        counts = [now + before for now, before in zip(self._counts, self._before, strict=True)]
        total, so_far, found = sum(counts), 0, [-1] * len(shares)
        if not total:
            return found
        place = 0
        for age_ms, count in enumerate(counts):
            so_far += count
            while place < len(shares) and so_far >= shares[place] * total:
                found[place] = age_ms
                place += 1
        return found
