"""What a feed tells the arbiter. Normalised: no provider's words are left in it."""

from typing import Final, Literal

import attrs
import msgspec

from actors.model.score import Period, Score

Saying = Literal[
    "snapshot",
    "score",
    "retraction",
    "possible",
    "review",
    "period",
    "status",
    "clock",
    "heartbeat",
]
"""What a frame says.

``snapshot`` states a score, whether or not it changed; ``score`` says that it
changed; ``retraction`` takes a score back explicitly. ``possible`` announces that
something may come of what is going on and names no score; ``review`` says where an
official review stands; ``status`` that a match or its coverage is not as usual.
"""

Kind = Literal[Saying, "opened", "closed"]
"""What a report is about: what a frame says, or the feed actor's own ``opened`` and ``closed``,
a connection that began (its first score per match is a baseline) and one that ended.
"""

Confidence = Literal["unstated", "unconfirmed", "confirmed", "cancelled"]
"""What the provider says of its own report. Most say nothing of it."""

Status = Literal[
    "live",
    "break",
    "suspended",
    "interrupted",
    "abandoned",
    "postponed",
    "cancelled",
    "ended",
    "coverage_lost",
]
"""How a match, or the coverage of it, stands (reference ``feeds.md`` section 4)."""


STOPPED: Final = "stopped"
"""Why a connection ended that we ended ourselves: that says nothing about any match."""


class Review(msgspec.Struct, frozen=True, gc=False):
    """Where a review by the officials stands."""

    subject: Literal["goal", "penalty", "red", "other"]
    outcome: Literal["open", "stands", "overturned", "unknown"]
    """``open`` until it has ended."""


@attrs.frozen(kw_only=True)
class FeedEvent:
    """One thing one feed said. Feed actor to arbiter; the arbiter passes it to the auditor."""

    feed: str
    """Name of the reporting feed, as the profile spells it."""

    epoch: int
    """Number of the connection, from 1 and rising over restarts of the actor."""

    frame_no: int
    """Number of the frame on this connection, from 1; 0 for ``opened`` and ``closed``."""

    kind: Kind

    feed_match: str | None = None
    """The provider's id of the match; entity resolution turns it into ours."""

    home_name: str | None = None
    away_name: str | None = None

    score: Score | None = None
    """Cumulative, shoot-out excluded; home and away as the provider orders them."""

    period: Period | None = None

    clock_s: int | None = None
    """Match clock in seconds from kick-off, counting up."""

    provider_ts_ns: int | None = None
    """The provider's own time, compared with its own earlier ones alone, never with ours."""

    received_ns: int
    """Monotonic: when the frame's last byte was read."""

    received_wall_ns: int

    decoded_ns: int
    """Monotonic: when the codec had understood it."""

    raw: bytes = b""
    """The frame as it came, for the audit. Nothing reads it again."""

    reason: str = ""
    """Why a connection ended; empty otherwise."""

    conf: Confidence = "unstated"
    """What the provider says of its own report."""

    review: Review | None = None
    """Where a review stands, for ``review``."""

    status: Status | None = None
    """How the match or its coverage stands; ``None`` where the frame does not say."""

    reliable: bool | None = None
    """Whether the provider trusts its own data of the match; ``None`` where it does not say."""

    incident: str | None = None
    """The provider's id of what happened, where it has one."""

    replay: bool = False
    """Whether it is history told again, after a reconnect for instance. Nothing such triggers."""
