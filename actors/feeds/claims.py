"""What is claimed of one match, taken back, doubted or looked at by the officials. Pure."""

from typing import Final

import attrs

from actors.messages.feeds import FeedEvent
from actors.messages.race import Cause
from actors.model.score import GoalKey, Score

FOREVER: Final = 2**63
"""A time in nanoseconds that no clock reaches."""


@attrs.define(eq=False)
class Claim:
    """A score that was accepted, and on whose word."""

    key: GoalKey
    score: Score
    before: Score | None
    """What was accepted until then; ``None`` at the first score of a match."""
    feed: str
    report: FeedEvent | None
    """``None`` for a score remembered from the journal."""
    at_ns: int
    due_ns: int
    """When a second feed must have shown it; ``FOREVER`` where none need."""
    corroborated: bool = False
    confirm_by_ns: int = FOREVER
    """When its own feed, or another, must have confirmed it; ``FOREVER`` where none need."""
    seen_by: set[str] = attrs.field(factory=set)
    """Feeds that have shown it; asked for membership alone."""
    is_recalled: bool = False
    """Whether an earlier process accepted it, whose clock says nothing here."""


@attrs.frozen
class Withdrawal:
    """A score that was taken back, ``times`` over in short succession."""

    score: Score
    claimed_ns: int
    """When it was accepted the first of these times."""
    at_ns: int
    """When it was taken back the last time."""
    times: int


INCIDENTS_KEPT: Final = 128
"""Names of happenings remembered of one match, of all feeds together."""


@attrs.define(eq=False)
class Incidents:
    """By which names feeds told of the scores of one match."""

    _first: dict[tuple[str, Score, str], int] = attrs.field(init=False, factory=dict)
    """By feed, score and name, in the order of their coming: when it was told first."""

    def note(self, feed: str, score: Score, incident: str, at_ns: int) -> None:
        """Remember that ``feed`` told of ``score`` as ``incident``."""
        self._first.setdefault((feed, score, incident), at_ns)
        if len(self._first) > INCIDENTS_KEPT:
            del self._first[next(iter(self._first))]

    def told(self, feed: str, score: Score, until_ns: int) -> frozenset[str]:
        """Return the names by which ``feed`` had told of ``score`` by then."""
        return frozenset(
            incident
            for (who, what, incident), at_ns in self._first.items()
            if who == feed and what == score and at_ns <= until_ns
        )


@attrs.define(eq=False)
class Doubt:
    """Entries of a match are closed until it is known whether its last goals stand."""

    claims: list[Claim]
    """The doubted ones, the newest first."""
    report: FeedEvent
    """What raised it."""
    due_ns: int


@attrs.define(eq=False)
class Inquiry:
    """A review by the officials, as one feed tells of it."""

    cause: Cause
    key: GoalKey
    """The goal that is looked at; else the one that stood when it began."""
    due_ns: int
    """When it has been open for so long that its end must have been missed."""
