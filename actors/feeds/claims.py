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


@attrs.frozen
class Withdrawal:
    """A score that was taken back, ``times`` over in short succession."""

    claimed_ns: int
    """When it was accepted the first of these times."""
    at_ns: int
    """When it was taken back the last time."""
    times: int


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
