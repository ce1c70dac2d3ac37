"""One module per provider's dialect. Bytes in, values out: no sockets, no clock, no trio."""

from collections.abc import Callable

import msgspec

from actors.messages.feeds import Confidence, Review, Saying, Status
from actors.model.score import Period, Score


class Decoded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing that one frame says, in our words. Codec to feed actor.

    A msgspec struct, because one is made for every frame and it costs a tenth.
    """

    kind: Saying
    feed_match: str | None = None
    """The provider's id of the match."""
    home_name: str | None = None
    away_name: str | None = None
    score: Score | None = None
    """Cumulative, shoot-out excluded; ``None`` where the frame names none that soccer knows."""
    period: Period | None = None
    """``None`` where the frame does not say, or says it in words that we do not know."""
    clock_s: int | None = None
    """Seconds from kick-off, counting up; ``None`` where the text does not tell."""
    provider_ts_ns: int | None = None
    live: bool | None = None
    ended: bool | None = None
    conf: Confidence = "unstated"
    review: Review | None = None
    status: Status | None = None
    reliable: bool | None = None
    incident: str | None = None
    """The provider's id of what happened."""
    replay: bool = False
    """History told again; nothing such triggers."""


Decode = Callable[[bytes | str], list[Decoded]]
"""A dialect: reads one frame, raises ``FeedGarbled`` where it is outside the dialect."""
