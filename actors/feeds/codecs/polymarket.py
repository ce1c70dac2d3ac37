"""Dialect of the Polymarket Sports channel: the text ``ping``, or JSON objects about matches.

Sources: reference ``feeds.md`` section 2.1 and ``spec/feeds/polymarket_sports_frames.json``.
The channel is a broadcast of every sport. One object tells one match's state and
both documented shapes are read: with ``gameId`` and team names, or with ``slug``
alone. A JSON array is a list of objects. Fields that we do not know are passed over.

Scores. ``"2-1"`` in the order home, away. A text that only other sports write
(three digits on a side, the esports form ``000-000|2-0|Bo3``) is no score of
ours and no fault either; neither is a text that we do not know beside a period
that soccer does not have. Beside a soccer period, or with none, every other text
is outside the dialect: it would mean that the feed has changed.

Periods. ``1H HT 2H FT`` are the provider's. For what follows the ninety minutes
its documents name only ``FT OT`` and ``FT NR``, read as the ends they are (after
extra time, without a result). Extra time and the shoot-out are read, and sent by
our simulated provider, as ``ET1 ETHT ET2 AET PEN END``. Any other text is an
unknown period, with which no report may trigger. A match that is not ``live``
has no period we could trust, unless it has ``ended``: then it is at least ``FT``.
The free text of ``status`` tells of matches that are suspended, postponed and the like.

Clocks. ``"32:15"`` counts up from kick-off over the halves; ``"90+4"`` is the
ninety-fourth minute and ``"45:00+2:13"`` says the same to the second. A clock
that begins anew in a later period is not derivable and reads as unknown.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, NoReturn

import msgspec

from actors.feeds.codecs import Decoded
from actors.feeds.codecs.json_values import TROUBLES
from actors.feeds.errors import FeedGarbled
from actors.model.score import Period, Score

LARGEST_FRAME: Final = 65_536
"""Bytes. The transport has the same bound; a codec does not rely on it."""

MOST_OBJECTS: Final = 800
"""In one frame, so that none holds the loop for long; as many as the longest can hold."""

PING: Final = "ping"
PONG: Final = "pong"

PERIODS: Final[dict[str, Period]] = {
    "NS": "pre",
    "1H": "1H",
    "HT": "HT",
    "2H": "2H",
    "FT": "FT",
    "FT OT": "AET",
    "FT NR": "END",
    "ET1": "ET1",
    "ETHT": "ETHT",
    "ET2": "ET2",
    "AET": "AET",
    "PEN": "PEN",
    "END": "END",
}
"""The provider's text of a period to ours."""

_AFTER_THE_END: Final[frozenset[Period]] = frozenset({"FT", "AET", "END"})

_BEGINS_S: Final[dict[Period, int]] = {"1H": 0, "2H": 2_700, "ET1": 5_400, "ET2": 6_300}
"""Where the clock stands when a period begins, counting up over the whole match."""

_LATEST_S: Final = 150 * 60
"""No soccer clock gets further."""

_Text = Annotated[str, msgspec.Meta(max_length=200)]
_Id = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class _Frame(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """The fields that we read, as they stand on the wire."""

    game_id: _Id | _Text | None = None
    sportradar_game_id: _Id | _Text | None = None
    slug: _Text | None = None
    home_team: _Text | None = None
    away_team: _Text | None = None
    score: _Text | None = None
    period: _Text | None = None
    status: _Text | None = None
    elapsed: _Text | None = None
    live: bool | None = None
    ended: bool | None = None
    last_update: object = msgspec.field(default=None, name="last_update")
    finished_timestamp: object = None
    finished_timestamp_too: object = msgspec.field(default=None, name="finished_timestamp")


_SPACED: Final = re.compile(rb'"[ \t\r\n]')
_FIELDS: Final = frozenset(field.encode_name for field in msgspec.structs.fields(_Frame))
_JSON: Final = msgspec.json.Decoder()

_SCORES: Final = {f"{home}-{away}": Score(home, away) for home in range(10) for away in range(10)}
_SCORE: Final = re.compile(r"(0|[1-9][0-9]?)-(0|[1-9][0-9]?)")
_OTHER_SPORT: Final = re.compile(
    r"[0-9]{3}-[0-9]{1,3}|[0-9]{1,3}-[0-9]{3}|[0-9]{1,3}-[0-9]{1,3}\|.*"
)
_MINUTES: Final = {f"{number:02d}": number for number in range(100)}
_SECONDS: Final = {f"{number:02d}": number for number in range(60)}
_CLOCK: Final = re.compile(
    r"([0-9]{1,3})(?::([0-5][0-9]))?'?(?:\+([0-9]{1,2})(?::([0-5][0-9]))?)?'?"
)
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def decode(frame: bytes | str) -> list[Decoded]:
    """Read one frame.

    Returns:
        What it says, one value per match in the frame's order; a ``ping`` is one
        heartbeat.

    Raises:
        FeedGarbled: The frame is outside the dialect. The message holds its first
            80 bytes, escaped: enough to tell a new dialect from line noise.
    """
    try:
        data = frame.encode() if isinstance(frame, str) else frame
    except UnicodeEncodeError:
        raise FeedGarbled(f"lone surrogate: {frame[:80]!a}") from None
    if data == b"ping":
        return [Decoded(kind="heartbeat")]
    if len(data) > LARGEST_FRAME:
        _refuse(f"{len(data)} bytes", data)
    try:
        objects = _objects(data)
        if not data.isascii() or b"\\" in data or b"\x7f" in data:
            # JSON itself forbids every control character that these do not bring.
            for one in objects:
                _refuse_control(one)
        return [_read(one) for one in objects]
    except (ValueError, TypeError, RecursionError) as error:
        _refuse(f"{type(error).__name__}: {str(error)[:120]}", data)


def _refuse(why: str, data: bytes) -> NoReturn:
    raise FeedGarbled(f"{why}: {data[:80]!a}") from None


def _objects(data: bytes) -> list[_Frame]:
    if b"\\" not in data:
        body = _JSON.decode(data)
        # Without escapes, and with nothing between a quote and its colon, each key ends in
        # `":`: as many keys as those means one flat object in which nothing is said twice.
        if (
            isinstance(body, dict)
            and len(body) == data.count(b'":')
            and _SPACED.search(data) is None
        ):
            return [msgspec.convert(body, _Frame, strict=True)]
    if data.count(b"{") > MOST_OBJECTS:
        raise ValueError(f"over {MOST_OBJECTS} objects")
    body = json.loads(data, object_pairs_hook=_distinct, parse_constant=_no_constant)
    objects = body if isinstance(body, list) else [body]
    return [msgspec.convert(one, _Frame, strict=True) for one in objects]


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs if name in _FIELDS]
        if len(set(names)) != len(names):
            raise ValueError("a field is given twice")
    return found


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _read(frame: _Frame) -> Decoded:
    period = _period(frame)
    score = None if frame.score is None else _score(frame.score, frame.period)
    clock_s = _clock_s(frame.elapsed, period) if frame.elapsed else None
    return Decoded(
        kind="snapshot" if score is not None else "period" if period is not None else "clock",
        feed_match=_feed_match(frame),
        home_name=frame.home_team,
        away_name=frame.away_team,
        score=score,
        period=period,
        clock_s=clock_s,
        provider_ts_ns=_timestamp_ns(
            frame.last_update or frame.finished_timestamp or frame.finished_timestamp_too
        ),
        live=frame.live,
        ended=frame.ended,
        status=None if frame.status is None else TROUBLES.get(frame.status.lower()),
    )


def _refuse_control(frame: _Frame) -> None:
    for value in msgspec.structs.astuple(frame):
        if isinstance(value, str) and _CONTROL.search(value):
            raise ValueError("a control character")


def _feed_match(frame: _Frame) -> str | None:
    for found in (frame.sportradar_game_id, frame.game_id, frame.slug):
        if found is not None and found != "":
            return found if isinstance(found, str) else str(found)
    return None


def _period(frame: _Frame) -> Period | None:
    period = PERIODS.get(frame.period) if frame.period is not None else None
    if frame.ended:
        return period if period in _AFTER_THE_END else "FT"
    if frame.live is False:
        return "pre" if period == "pre" else None
    return period


def _score(text: str, period: str | None) -> Score | None:
    known = _SCORES.get(text)
    if known is not None:
        return known
    found = _SCORE.fullmatch(text)
    if found is not None:
        return Score(int(found[1]), int(found[2]))
    if _OTHER_SPORT.fullmatch(text):
        return None
    if period is None or period in PERIODS:
        raise ValueError("not a score")
    return None


def _clock_s(text: str, period: Period | None) -> int | None:
    begins_s = _BEGINS_S.get(period) if period is not None else None
    if begins_s is None:
        return None
    minutes, _, seconds = text.partition(":")
    if minutes in _MINUTES and seconds in _SECONDS:
        clock_s = 60 * _MINUTES[minutes] + _SECONDS[seconds]
    elif found := _CLOCK.fullmatch(text):
        whole, part, added, added_part = (int(digits or 0) for digits in found.groups())
        clock_s = 60 * (whole + added) + part + added_part
    else:
        return None
    return clock_s if begins_s <= clock_s <= _LATEST_S else None


def _timestamp_ns(stamp: object) -> int | None:
    # It only informs, so that one which we cannot read is no fault of the frame.
    if isinstance(stamp, str):
        try:
            moment = datetime.fromisoformat(stamp)
        except ValueError:
            return None
        if moment.tzinfo is None:
            return None
        return (moment - _EPOCH) // _MICROSECOND * 1_000
    if type(stamp) is int and 0 <= stamp < 2**43:
        return stamp * 1_000_000
    return None
