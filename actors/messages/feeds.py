"""What a feed tells the arbiter. Normalised: no provider's words are left in it."""

from typing import Literal

import attrs

from actors.model.score import Period, Score

Kind = Literal[
    "snapshot", "score", "retraction", "period", "clock", "heartbeat", "opened", "closed"
]
"""What a frame was about.

``snapshot`` states a score, whether or not it changed; ``score`` says that it
changed; ``retraction`` takes a score back explicitly. ``opened`` and ``closed``
are the feed actor's own: a connection that began (its first score per match is a
baseline), one that ended.
"""


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
    """The provider's own time, never compared with ours."""

    received_ns: int
    """Monotonic: when the frame's last byte was read."""

    received_wall_ns: int

    decoded_ns: int
    """Monotonic: when the codec had understood it."""

    raw: bytes = b""
    """The frame as it came, for the audit. Nothing reads it again."""

    reason: str = ""
    """Why a connection ended; empty otherwise."""
