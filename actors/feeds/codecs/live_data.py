"""Dialect of the venue's own live data, polled: one match, or a batch of them.

Sources: reference ``feeds.md`` section 2.5, ``spec/feeds/kalshi_live_data_shapes.json``.
``details`` is free-form and two vocabularies are seen in it; both are read. Where they
stand side by side and differ, that match has no score of ours.
"""

import re
from typing import Final

from actors.feeds.codecs import Decoded
from actors.feeds.codecs.json_values import (
    ALIVE,
    MOST_MATCHES,
    clock_of,
    goals,
    json_object,
    part,
    refuse,
    score_of,
    text_of,
    whole,
)
from actors.model.score import Period, Score

HALVES: Final[dict[str, Period]] = {
    "1st": "1H",
    "1h": "1H",
    "ht": "HT",
    "halftime": "HT",
    "half time": "HT",
    "2nd": "2H",
    "2h": "2H",
}
_OVER: Final = frozenset({"finished", "ended", "closed", "final"})
_BEFORE: Final = frozenset({"none", "scheduled", "not_started"})
_BEGINS_S: Final[dict[Period, int]] = {"1H": 0, "2H": 2_700}
_CLOCK: Final = re.compile(r"\s*([0-9]{1,3})\s*(?:\+\s*([0-9]{1,2})\s*)?['′]?\s*")  # noqa: RUF001 - the wire's prime


def decode(frame: bytes | str) -> list[Decoded]:
    """Read one body; the empty frame of a 304 says that the venue lives.

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
    batch = body.get("live_datas")
    entries = batch if isinstance(batch, list) else [body.get("live_data")]
    if len(entries) > MOST_MATCHES:
        refuse(f"{len(entries)} matches", frame)
    try:
        return [_read(entry) for entry in entries]
    except ValueError as error:
        refuse(str(error), frame)


def _read(entry: object) -> Decoded:
    if not isinstance(entry, dict):
        raise ValueError("no live data")  # noqa: TRY004 - what the caller reports is its frame
    details = part(entry, "details")
    status = (text_of(details, "status") or "").lower()
    period = HALVES.get((text_of(details, "half") or "").lower())
    if status in _OVER:
        period = "FT"
    elif status in _BEFORE:
        period = "pre"
    score = _score(details)
    seen_s = whole(part(details, "last_play"), "occurence_ts", "occurrence_ts")
    return Decoded(
        kind="snapshot" if score is not None else "period" if period is not None else "clock",
        feed_match=text_of(entry, "milestone_id"),
        home_name=text_of(details, "home_team_id", "home_id"),
        away_name=text_of(details, "away_team_id", "away_id"),
        score=score,
        period=period,
        clock_s=clock_s(text_of(details, "time") or "", period),
        provider_ts_ns=seen_s * 10**9 if seen_s is not None and 0 < seen_s < 2**33 else None,
        live=status == "live",
        ended=status in _OVER,
    )


def _score(details: dict[str, object]) -> Score | None:
    found = [
        score_of(goals(details, f"home_{name}"), goals(details, f"away_{name}"))
        for name in ("same_game_score", "points")
    ]
    scores = [score for score in found if score is not None]
    return scores[0] if scores and all(score == scores[0] for score in scores) else None


def clock_s(text: str, period: Period | None) -> int | None:
    """Return the seconds from kick-off that ``"62'"`` or ``"90+3'"`` means in ``period``."""
    found = _CLOCK.fullmatch(text)
    if found is None or period not in _BEGINS_S:
        return None
    at_s = 60 * (int(found[1]) + int(found[2] or 0))
    return clock_of(at_s) if at_s >= _BEGINS_S[period] else None
