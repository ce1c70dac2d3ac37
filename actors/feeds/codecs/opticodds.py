"""Dialect of OpticOdds' results stream: named events with JSON data.

Source: reference ``feeds.md`` section 1: events ``connected``, ``fixture-results`` and
``ping``; goals under ``data.score.scores.home.total``, written as ``1.0``; the fixture beside
them. The shape is the documented one and not checked against the live service. A period
that we cannot tell leaves a report unable to trigger, so that a field we misread costs a
race and not money.
"""

from typing import Final

from actors.feeds.codecs import Decoded
from actors.feeds.codecs.json_values import (
    ALIVE,
    MOST_MATCHES,
    TROUBLES,
    goals,
    json_object,
    part,
    refuse,
    score_of,
    split_event,
    text_of,
)
from actors.model.score import Period

RESULTS: Final = "fixture-results"
SOCCER: Final = "soccer"
PERIODS: Final[dict[str, Period]] = {
    "1": "1H",
    "1h": "1H",
    "1st_half": "1H",
    "half": "HT",
    "ht": "HT",
    "2": "2H",
    "2h": "2H",
    "2nd_half": "2H",
}
_OVER: Final = frozenset({"completed", "finished", "final"})
_BEFORE: Final = frozenset({"unplayed", "scheduled"})


def decode(frame: bytes | str) -> list[Decoded]:
    """Read one event; whatever is no result says that the stream lives.

    Raises:
        FeedGarbled: The data of a result is outside the dialect.
    """
    name, data = split_event(frame)
    if frame in (ALIVE, b"") or name != RESULTS:
        return [Decoded(kind="heartbeat")]
    body = json_object(data)
    told = body.get("data")
    results = told if isinstance(told, list) else [told if isinstance(told, dict) else body]
    if len(results) > MOST_MATCHES:
        refuse(f"{len(results)} matches", data)
    try:
        return [_read(one) for one in results if isinstance(one, dict)]
    except ValueError as error:
        refuse(str(error), data)


def _read(result: dict[str, object]) -> Decoded:
    score_part = part(result, "score")
    scores = part(score_part, "scores")
    score = None
    # The same totals are sets in tennis and points elsewhere.
    if (text_of(result, "sport") or SOCCER).lower() == SOCCER:
        score = score_of(_total(part(scores, "home")), _total(part(scores, "away")))
    fixture = part(score_part, "fixture") or part(result, "fixture") or result
    status = (text_of(fixture, "status") or "").lower()
    in_play = part(result, "in_play") or part(score_part, "in_play") or result
    period = PERIODS.get((text_of(in_play, "period") or "").lower())
    if status in _OVER:
        period = "FT"
    elif status in _BEFORE:
        period = "pre"
    return Decoded(
        kind="snapshot" if score is not None else "period" if period is not None else "clock",
        feed_match=text_of(result, "fixture_id") or text_of(fixture, "id"),
        home_name=text_of(fixture, "home_team_display", "home_team"),
        away_name=text_of(fixture, "away_team_display", "away_team"),
        score=score,
        period=period,
        live=status == "live" if status else None,
        ended=status in _OVER if status else None,
        status=TROUBLES.get(status),
    )


def _total(side: dict[str, object]) -> int | None:
    # This provider's numbers are written as fractions: "total": 1.0.
    total = side.get("total")
    if isinstance(total, float) and total.is_integer():
        side = {"total": int(total)}
    return goals(side, "total")
