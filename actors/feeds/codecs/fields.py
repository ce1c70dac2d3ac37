"""Dialect of feeds that state a match as named fields: a hub's topics, Lightstreamer's items.

No score provider documents one in public (reference feeds.md sections 1 and 2.3), so the
names are those of the item design there: ``home away h a period clock live ended ts``. A
value is text or, where the transport has them, a number or a truth; null says nothing.
"""

import re
from collections.abc import Mapping
from typing import Final

from actors.feeds.codecs import Decoded
from actors.feeds.codecs.polymarket import PERIODS
from actors.feeds.errors import FeedGarbled
from actors.model.score import Score

SCHEMA: Final = ("home", "away", "h", "a", "period", "clock", "live", "ended", "ts")

_GOALS: Final = re.compile("0|[1-9][0-9]?")
_CLOCK: Final = re.compile("([0-9]{1,3}):([0-5][0-9])")
_TRUTH: Final = {True: True, False: False, "1": True, "0": False, "true": True, "false": False}
_LONGEST: Final = 200


def read(feed_match: str, fields: Mapping[str, object]) -> Decoded:
    """Say in our words what ``fields`` state of ``feed_match``.

    Raises:
        FeedGarbled: A field holds what it cannot.
    """
    period = PERIODS.get(_text(fields, "period") or "")
    live, ended = _truth(fields, "live"), _truth(fields, "ended")
    if ended and period not in {"FT", "AET", "END"}:
        period = "FT"
    elif live is False and not ended and period != "pre":
        period = None
    score = _score(fields)
    return Decoded(
        kind="snapshot" if score is not None else "period" if period is not None else "clock",
        feed_match=feed_match[:_LONGEST],
        home_name=_text(fields, "home"),
        away_name=_text(fields, "away"),
        score=score,
        period=period,
        clock_s=_clock_s(_text(fields, "clock")),
        provider_ts_ns=_timestamp_ns(fields.get("ts")),
        live=live,
        ended=ended,
    )


def _score(fields: Mapping[str, object]) -> Score | None:
    goals = [_goals(fields.get(name), name) for name in ("h", "a")]
    home, away = goals
    # One side alone is no score, and no fault either: the other may still be coming.
    return None if home is None or away is None else Score(home, away)


def _goals(value: object, name: str) -> int | None:
    if value is None or value == "":
        return None
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not _GOALS.fullmatch(text):
        raise FeedGarbled(f"{name} is no number of goals: {str(value)[:80]!a}")
    return int(text)


def _text(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
        raise FeedGarbled(f"{name} is no text of ours: {str(value)[:80]!a}")
    return value


def _truth(fields: Mapping[str, object], name: str) -> bool | None:
    value = fields.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str | bool) or value not in _TRUTH:
        raise FeedGarbled(f"{name} is neither true nor false: {str(value)[:80]!a}")
    return _TRUTH[value]


def _clock_s(text: str | None) -> int | None:
    found = _CLOCK.fullmatch(text) if text else None
    return None if found is None else 60 * int(found[1]) + int(found[2])


def _timestamp_ns(stamp: object) -> int | None:
    # It only informs, so that one which we cannot read is no fault of the frame.
    if isinstance(stamp, str) and stamp.isascii() and stamp.isdigit() and len(stamp) < 14:  # noqa: PLR2004 - milliseconds until the year 2286
        return int(stamp) * 1_000_000
    if type(stamp) is int and 0 <= stamp < 2**43:
        return stamp * 1_000_000
    return None
