"""What the race decided. Arbiter to the trigger, and arbiter to the auditor."""

from typing import Final, Literal

import attrs

from actors.messages.feeds import FeedEvent
from actors.model.score import GoalKey, Score, Team

Judgement = Literal[
    "trigger",  # first report of one legal step, by an eligible feed's own transition
    "echo",  # a later report of the accepted score
    "baseline",  # first score of a connection
    "repeat",  # the feed said again what it had said before
    "laggard",  # an older score, from a feed that never showed the accepted one
    "claim",  # ahead of the accepted score, from a feed that may not trigger: reason says why
    "conflict",  # a score that no goals lead from or to the accepted one
    "advance",  # accepted, but not traded: reason says why
    "reversal",  # a feed went back on a score that it had shown, or retracted it
    "overturned",  # the reversal is confirmed: the score of ``key`` was taken back
    "stands",  # what is accepted after that: ``key`` is of the generation that begins
    "phantom",  # a triggered score that nobody else has shown in time
    "review",  # where a review by the officials stands: reason says what of, and how
    "restored",  # the doubt is over and the old score stands
    "ignored",  # says nothing about a score we follow: reason says why
]


FULL_PM: Final = 1_000
"""A whole play, in thousandths."""

Cause = Literal["score", "goal_review", "review"]
"""Why entries of a match are closed: feeds disagree about its score, the officials look
at a goal (what was bought for it is at risk), or at something else.
"""


UNTOLD: Final = "nobody told of its end"
"""How a review ends that was open for longer than one may last."""


@attrs.frozen(kw_only=True)
class Trigger:
    """A race was won; trade it now. Arbiter calls the trigger with it."""

    key: GoalKey
    scorer: Team
    score: Score
    report: FeedEvent
    """The winner's report."""
    fresh_feeds: int
    """Fresh, bound, oriented, undelayed feeds of the match at this instant, the winner included."""
    size_pm: int = FULL_PM
    """How much of the play may be staked, in thousandths; what reduces goes out whole."""
    judged_ns: int


@attrs.frozen(kw_only=True)
class Judged:
    """What the race made of one report. Arbiter to auditor, after anything was sent."""

    report: FeedEvent
    judgement: Judgement
    reason: str = ""
    key: GoalKey | None = None
    """The state that the report is about; the accepted one where it says nothing new."""
    behind_ns: int | None = None
    """For an echo or a laggard: how long after the winner of the score that it shows."""
    consequence: bool = False
    """Whether ``report`` was judged before, and this follows from it or from time alone."""
    judged_ns: int


@attrs.frozen(kw_only=True)
class MatchDoubt:
    """Entries of one match are closed or open again. Arbiter to the trigger's state and risk.

    One for each cause and key that is in doubt, the newest key first, and later one for
    each that says how its doubt ended: ``"stands"`` or ``"overturned"``.
    """

    match: str
    in_doubt: bool
    reason: str
    key: GoalKey
    """The key whose score is in doubt, or that stood when a review of something else began."""
    cause: Cause = "score"
    restored: Score | None = attrs.field(default=None, eq=False)
    """What is the score if the key's falls; ``None`` where nobody can say."""
    takes_back: bool = attrs.field(default=True, eq=False)
    """Whether somebody who had shown the score goes back on it; not where a feed that never
    did shows another, nor where a doubt or a review is of an earlier process: such a one
    closes entries and sells nothing."""


RaceOutput = Trigger | Judged | MatchDoubt
"""What the race has to say about one event."""


@attrs.frozen(kw_only=True)
class Standing:
    """Where one match stands for the race. Race to planner, read when it plans."""

    score: Score
    """The accepted score."""
    generation: int
    period: str
    """The period last reported with the accepted score; empty while unknown."""
    clock_s: int
    """Match clock as last reported, in seconds; 0 while unknown."""
    clock_ns: int = 0
    """Monotonic: when that was read; 0 while unknown."""
