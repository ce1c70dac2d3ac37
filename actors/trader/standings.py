"""Where each match stands, as the planner needs it: score, generation, clock. Owned by the tree.

The race knows scores and generations; the clock comes with every report of a feed.
"""

from collections.abc import Callable

import attrs

from actors.messages.race import Judged, Standing
from actors.model.score import MatchId, Score

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
        now = Standing(
            score=score,
            generation=generation,
            period=event.period or (before.period if before else ""),
            clock_s=max(event.clock_s or 0, before.clock_s if before else 0),
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
