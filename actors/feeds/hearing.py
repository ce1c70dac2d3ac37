"""One sitting of the race: what is put on record of a report, or of a look at the clock. Pure."""

from collections.abc import Callable

import attrs

from actors.messages.feeds import FeedEvent
from actors.messages.race import Cause, Judged, Judgement, MatchDoubt, RaceOutput
from actors.model.score import GoalKey, Score


@attrs.define(eq=False)
class Sitting:
    """One event, or one look at the clock, being dealt with."""

    at_ns: int
    """Event time: when the report was read. Every window is measured in it."""
    judged_ns: int
    """Our own time; later, if the report had to wait."""
    outputs: list[RaceOutput] = attrs.field(init=False, factory=list)

    def doubt(
        self,
        key: GoalKey,
        reason: str,
        *,
        in_doubt: bool,
        cause: Cause = "score",
        restored: Score | None = None,
        takes_back: bool = True,
    ) -> None:
        """Close entries over ``key``, or say how its doubt ended."""
        self.outputs.append(
            MatchDoubt(
                match=key.match,
                in_doubt=in_doubt,
                reason=reason,
                key=key,
                cause=cause,
                restored=restored,
                takes_back=takes_back,
            )
        )

    def conclude(self, report: FeedEvent, judgement: Judgement, reason: str, key: GoalKey) -> None:
        """Put on record what follows, now, from a report that was judged before."""
        self.outputs.append(
            Judged(
                report=report,
                judgement=judgement,
                reason=reason,
                key=key,
                consequence=True,
                judged_ns=self.judged_ns,
            )
        )


@attrs.define(eq=False)
class Hearing(Sitting):
    """A sitting about one report."""

    report: FeedEvent = attrs.field(kw_only=True)
    explicit: bool = attrs.field(init=False, default=False)
    """Whether the report says in words that a goal does not count."""
    unfinished: Callable[[], None] | None = attrs.field(init=False, default=None)
    """Book-keeping that a trigger does not wait for."""

    def judge(
        self,
        judgement: Judgement,
        reason: str = "",
        key: GoalKey | None = None,
        behind_ns: int | None = None,
    ) -> None:
        """Put on record what the report is."""
        self.outputs.append(
            Judged(
                report=self.report,
                judgement=judgement,
                reason=reason,
                key=key,
                behind_ns=behind_ns,
                judged_ns=self.judged_ns,
            )
        )
