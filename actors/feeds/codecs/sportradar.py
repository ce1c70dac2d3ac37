"""Dialect of Sportradar's push service: one JSON object a line, soccer only.

Sources: reference ``feeds.md`` sections 1 and 3, ``spec/feeds/sportradar_push_shapes.json``.
The running score is ``payload.sport_event_status``; the event's own fields tell nothing
that we would trade on. A video review that is open, and a score that went down, come
through the score itself: the race judges that.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from actors.feeds.codecs import Decoded
from actors.feeds.codecs.json_values import (
    ALIVE,
    clock_of,
    goals,
    json_object,
    part,
    refuse,
    score_of,
    text_of,
    whole,
)
from actors.model.score import Period

PERIODS: Final[dict[str, Period]] = {
    "not_started": "pre",
    "1st_half": "1H",
    "halftime": "HT",
    "2nd_half": "2H",
    "awaiting_extra": "FT",
    "1st_extra": "ET1",
    "extra_time_halftime": "ETHT",
    "2nd_extra": "ET2",
    "awaiting_penalties": "AET",
    "penalties": "PEN",
    "aet": "AET",
    "ap": "END",
    "ended": "FT",
}
"""``match_status`` to ours; any other text is an unknown period, which triggers nothing."""
_OVER: Final = frozenset({"ended", "closed"})
_SHOOT_OUT: Final[frozenset[Period]] = frozenset({"PEN", "END"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def decode(frame: bytes | str) -> list[Decoded]:
    """Read one line.

    Raises:
        FeedGarbled: It is outside the dialect.
    """
    if frame in (ALIVE, b""):
        return [Decoded(kind="heartbeat")]
    try:
        text = frame if isinstance(frame, str) else frame.decode()
    except UnicodeDecodeError:
        refuse("not UTF-8", frame)
    body = json_object(text)
    if "heartbeat" in body:
        return [Decoded(kind="heartbeat")]
    try:
        return [_read(body)]
    except ValueError as error:
        refuse(str(error), frame)


def _read(body: dict[str, object]) -> Decoded:
    payload, metadata = part(body, "payload"), part(body, "metadata")
    event, status = part(payload, "event"), part(payload, "sport_event_status")
    if not status:
        raise ValueError("no sport_event_status")
    period = PERIODS.get(text_of(status, "match_status") or "")
    # Sets and games of other sports stand under the same two names.
    is_soccer = "game_state" not in status
    score = None
    if is_soccer and period not in _SHOOT_OUT:
        score = score_of(goals(status, "home_score"), goals(status, "away_score"))
    minute = whole(event, "match_time")
    return Decoded(
        kind="snapshot" if score is not None else "period" if period is not None else "clock",
        feed_match=text_of(metadata, "sport_event_id"),
        score=score,
        period=period if is_soccer else None,
        # The minute being played, counted from 1.
        clock_s=clock_of(60 * (minute - 1)) if minute else None,
        provider_ts_ns=_moment_ns(text_of(body, "generated_at")),
        live=text_of(status, "status") == "live",
        ended=text_of(status, "status") in _OVER,
    )


def _moment_ns(text: str | None) -> int | None:
    # It only informs: one that we cannot read is no fault of the line.
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1_000
