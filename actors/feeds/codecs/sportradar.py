"""Dialect of Sportradar's push service: one JSON object a line, soccer only.

Sources: reference ``feeds.md`` sections 1, 2.6 and 3, ``spec/feeds/sportradar_push_shapes.json``.
The running score is ``payload.sport_event_status``. Video reviews are told from their
events; a goal that one takes away comes through the score. The service remembers
nothing: what was missed while away is the difference of a timeline that is asked for
beside the stream (``event: snapshot``), of one match or of all that are live. It is
history, and how each match stands after it is the connection's baseline.
"""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec

from actors.feeds.codecs import Decoded
from actors.feeds.codecs.json_values import (
    ALIVE,
    LARGEST_SNAPSHOT,
    MOST_MATCHES,
    clock_of,
    goals,
    json_object,
    part,
    refuse,
    score_of,
    split_event,
    text_of,
    whole,
)
from actors.messages.feeds import Review, Saying, Status
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
Subject = Literal["goal", "penalty", "red", "other"]

STATUSES: Final[dict[str, Status]] = {
    "live": "live",
    "ended": "ended",
    "closed": "ended",
    "interrupted": "interrupted",
    "suspended": "suspended",
    "abandoned": "abandoned",
    "postponed": "postponed",
    "delayed": "postponed",
    "cancelled": "cancelled",
}
SUBJECTS: Final[dict[str, Subject]] = {
    "goal": "goal",
    "penalty": "penalty",
    "red_card": "red",
}
OUTCOMES: Final[dict[str, Literal["stands", "overturned"]]] = {
    "goal": "stands",
    "no_goal": "overturned",
}
"""Of a review of a goal. What another one came to does not say what had been given before."""
SCORE_CHANGE: Final = "score_change"
TELLING: Final = frozenset(
    {SCORE_CHANGE, "possible_goal", "video_assistant_referee", "video_assistant_referee_over"}
)
"""Events that are told. There are hundreds of others in a match."""
MOST_EVENTS: Final = 256
"""Of one match, that are remembered."""
MOST_TOLD: Final = 16
"""Of one match's timeline, the newest."""
MOST_TIMELINES: Final = 50
"""Of one snapshot; the matches after them have their first live word as a baseline."""

Object = dict[str, object]

_OVER: Final = frozenset({"ended", "closed"})
_SHOOT_OUT: Final[frozenset[Period]] = frozenset({"PEN", "END"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Sportradar:
    """The dialect of one feed, which remembers what it was told of each match."""

    def __init__(self) -> None:
        """Begin knowing nothing."""
        self._seen: dict[str, dict[str, None]] = {}
        """Of each match in play, the events that were told, by id, the newest last."""

    @property
    def in_play(self) -> list[str]:
        """The matches that were told of and have not ended."""
        return list(self._seen)

    def __call__(self, frame: bytes | str) -> list[Decoded]:
        """Read one line, or what was asked for beside the stream.

        Raises:
            FeedGarbled: It is outside the dialect.
        """
        if frame in (ALIVE, b""):
            return [Decoded(kind="heartbeat")]
        name, text = split_event(frame)
        try:
            if name == "snapshot":
                body = json_object(text, LARGEST_SNAPSHOT)
                return self._timelines(body) or [Decoded(kind="heartbeat")]
            if name != "message":
                return [Decoded(kind="heartbeat")]
            body = json_object(text)
            return [Decoded(kind="heartbeat")] if "heartbeat" in body else self._pushed(body)
        except ValueError as error:
            refuse(str(error), frame)

    def _pushed(self, body: Object) -> list[Decoded]:
        payload, match = part(body, "payload"), text_of(part(body, "metadata"), "sport_event_id")
        event, status = part(payload, "event"), part(payload, "sport_event_status")
        if not status:
            raise ValueError("no sport_event_status")
        at_ns = _moment_ns(text_of(body, "generated_at"))
        self._remember(match, event, status)
        return [*_words(match, event), _state(match, event, status, at_ns)]

    def _timelines(self, body: Object) -> list[Decoded]:
        """Say what was missed, as history, and how each match stands."""
        many = body.get("sport_event_timelines")
        entries = many if isinstance(many, list) else [body]
        at_ns = _moment_ns(text_of(body, "generated_at"))
        return [
            one
            for entry in entries[:MOST_TIMELINES]
            if isinstance(entry, dict)
            for one in self._timeline(entry, at_ns)
        ]

    def _timeline(self, entry: Object, at_ns: int | None) -> list[Decoded]:
        match = text_of(part(entry, "sport_event"), "id") or text_of(entry, "id")
        status, timeline = part(entry, "sport_event_status"), entry.get("timeline", [])
        if not status or not isinstance(timeline, list):
            raise ValueError("a timeline without its status or its events")
        events = [
            event for event in timeline if isinstance(event, dict) and event.get("type") in TELLING
        ][-MOST_TOLD:]
        seen = self._seen.get(match or "", {})
        said: list[Decoded] = []
        open_: Decoded | None = None
        for event in events:
            words = _words(match, event)
            for word in words:
                if word.review is not None:
                    open_ = word if word.review.outcome == "open" else None
            if (text_of(event, "id") or "") not in seen:
                goal = _score_change(match, event)
                missed = [*words, goal] if goal is not None else words
                said += [msgspec.structs.replace(word, replay=True) for word in missed]
        for event in events or [{}]:
            self._remember(match, event, status)
        # A review that is still open is no history.
        return [*said, *([open_] if open_ else []), _state(match, {}, status, at_ns)]

    def _remember(self, match: str | None, event: Object, status: Object) -> None:
        if match is None:
            return
        seen = self._seen.pop(match, {})
        if text_of(status, "status") in _OVER:
            return
        self._seen[match] = seen
        key = text_of(event, "id")
        if key is not None and event.get("type") in TELLING:
            seen[key] = None
        for held, most in ((seen, MOST_EVENTS), (self._seen, MOST_MATCHES)):
            if len(held) > most:
                del held[next(iter(held))]


def decode(frame: bytes | str) -> list[Decoded]:
    """Read one line without a memory.

    Raises:
        FeedGarbled: It is outside the dialect.
    """
    return Sportradar()(frame)


def _words(match: str | None, event: Object) -> list[Decoded]:
    """Return what an event says besides the score: a review, a goal that may come."""
    key, about = text_of(event, "id"), text_of(event, "description") or ""
    match text_of(event, "type"):
        case "video_assistant_referee":
            review = Review(_subject(about), "open")
        case "video_assistant_referee_over":
            review = Review(_subject(about.removeprefix("no_")), OUTCOMES.get(about, "unknown"))
        case "possible_goal":
            return [Decoded(kind="possible", feed_match=match, incident=key)]
        case _:
            return []
    return [Decoded(kind="review", feed_match=match, review=review, incident=key)]


def _subject(about: str) -> Subject:
    return SUBJECTS.get(about, "other")


def _score_change(match: str | None, event: Object) -> Decoded | None:
    if text_of(event, "type") != SCORE_CHANGE:
        return None
    score = score_of(goals(event, "home_score"), goals(event, "away_score"))
    key, at_ns = text_of(event, "id"), _moment_ns(text_of(event, "time"))
    said = Decoded(kind="score", feed_match=match, score=score, incident=key, provider_ts_ns=at_ns)
    return None if score is None else said


def _state(match: str | None, event: Object, status: Object, at_ns: int | None) -> Decoded:
    period = PERIODS.get(text_of(status, "match_status") or "")
    # Sets and games of other sports stand under the same two names.
    is_soccer = "game_state" not in status
    score = None
    if is_soccer and period not in _SHOOT_OUT:
        score = score_of(goals(status, "home_score"), goals(status, "away_score"))
    is_goal = text_of(event, "type") == SCORE_CHANGE
    kind: Saying = "period" if period is not None else "clock"
    if score is not None:
        kind = "score" if is_goal else "snapshot"
    minute = whole(event, "match_time")
    return Decoded(
        kind=kind,
        feed_match=match,
        score=score,
        period=period if is_soccer else None,
        # The minute being played, counted from 1.
        clock_s=clock_of(60 * (minute - 1)) if minute else None,
        provider_ts_ns=at_ns,
        live=text_of(status, "status") == "live",
        ended=text_of(status, "status") in _OVER,
        status=STATUSES.get(text_of(status, "status") or ""),
        incident=text_of(event, "id") if is_goal else None,
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
