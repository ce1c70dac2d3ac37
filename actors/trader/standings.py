"""Where each match stands, as the planner needs it: score, generation, clock. Owned by the tree.

The race knows scores and generations; the clock comes with every report of a feed.
"""

from collections.abc import Callable
from typing import Final, get_args

import attrs

from actors.messages.feeds import FeedEvent
from actors.messages.race import Judged, Standing
from actors.model.score import MatchId, Period, Score

PERIODS: Final[tuple[str, ...]] = get_args(Period)
"""In the order in which they are played."""

Accepted = Callable[[MatchId], tuple[Score, int] | None]
"""Gives the race's accepted score and generation; ``None`` before a match's first score."""


@attrs.define(eq=False, kw_only=True)
class Standings:
    """Puts the race's word and the match clock together."""

    accepted: Accepted
    on_change: Callable[[MatchId], None]
    """Told that a match stands otherwise than before; the planner's bell."""
    _last: dict[MatchId, Standing] = attrs.field(init=False, factory=dict)

    def hear(self, judged: Judged) -> None:
        """Take note of a report that was judged. Never waits."""
        if judged.key is None:
            return
        match, event = judged.key.match, judged.report
        accepted = self.accepted(match)
        if accepted is None:
            return
        score, generation = accepted
        before = self._last.get(match)
        period, clock_s, clock_ns = _clock(event, before)
        now = Standing(
            score=score,
            generation=generation,
            period=period,
            clock_s=clock_s,
            clock_ns=clock_ns,
        )
        if now != before:
            self._last[match] = now
            self.on_change(match)

    def get(self, match: MatchId) -> Standing | None:
        """Return where ``match`` stands, or ``None`` while nothing was accepted of it."""
        known = self._last.get(match)
        if known is not None:
            return known
        accepted = self.accepted(match)
        if accepted is None:
            return None
        return Standing(score=accepted[0], generation=accepted[1], period="", clock_s=0)


def _clock(event: FeedEvent, before: Standing | None) -> tuple[str, int, int]:
    """Return period, clock and when that was read, as far as they are known by now.

    Within a period a clock only goes forward: a laggard takes nothing back. A new
    period begins at its own clock, which is behind the stoppage time of the last.
    """
    if before is None:
        return event.period or "", event.clock_s or 0, _read_ns(event)
    if event.period and event.period != before.period:
        if before.period and PERIODS.index(event.period) < PERIODS.index(before.period):
            return before.period, before.clock_s, before.clock_ns
        if before.period:
            return event.period, event.clock_s or 0, _read_ns(event)
    if event.clock_s is not None and (event.clock_s > before.clock_s or not before.clock_ns):
        clock_s = max(event.clock_s, before.clock_s)
        return event.period or before.period, clock_s, event.received_ns
    return event.period or before.period, before.clock_s, before.clock_ns


def _read_ns(event: FeedEvent) -> int:
    return 0 if event.clock_s is None else event.received_ns
