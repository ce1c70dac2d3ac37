"""Sportradar's events: reviews, and what a timeline says of the time that we were away."""

import json

import pytest

from actors.feeds.codecs import Decoded
from actors.feeds.codecs.sportradar import MOST_EVENTS, Sportradar
from actors.feeds.errors import FeedGarbled
from actors.messages.feeds import Review
from actors.model.score import Score
from tests.shared import shared

PUSHED = json.loads(shared("spec", "feeds", "sportradar_push_shapes.json").read_text("utf-8"))
EVENTS = PUSHED["soccer_timeline_events"]
MATCH = "sr:match:7"


def status(home: int, away: int, word: str = "live") -> dict[str, object]:
    scores = {"home_score": home, "away_score": away}
    return {"status": word, "match_status": "1st_half", **scores}


def pushed(event: dict[str, object], home: int, away: int) -> str:
    payload = {"event": event, "sport_event_status": status(home, away)}
    return json.dumps({"metadata": {"sport_event_id": MATCH}, "payload": payload})


def timeline(
    events: list[dict[str, object]], home: int, away: int, word: str = "live"
) -> dict[str, object]:
    event = {"sport_event": {"id": MATCH}, "sport_event_status": status(home, away, word)}
    return {**event, "timeline": events}


def snapshot(*bodies: dict[str, object]) -> str:
    body = bodies[0] if len(bodies) == 1 else {"sport_event_timelines": list(bodies)}
    return "event: snapshot\n" + json.dumps(body)


def words(said: list[Decoded]) -> list[tuple[str, object, bool]]:
    return [(one.kind, one.review or one.score, one.replay) for one in said]


def test_the_published_events_are_a_goal_and_a_review_that_takes_it_back() -> None:
    dialect = Sportradar()
    said = [one for event in EVENTS for one in dialect(pushed(event, 0, 1))]

    assert words(said) == [
        ("score", Score(0, 1), False),
        ("review", Review("goal", "open"), False),
        ("snapshot", Score(0, 1), False),
        ("review", Review("goal", "overturned"), False),
        ("snapshot", Score(0, 1), False),
    ]
    assert [one.incident for one in said] == ["2180378700", "4587691", None, "4587692", None]


@pytest.mark.parametrize(
    ("description", "review"),
    [
        ("goal", Review("goal", "stands")),
        ("no_goal", Review("goal", "overturned")),
        ("no_penalty", Review("penalty", "unknown")),
        ("red_card", Review("red", "unknown")),
        ("something new", Review("other", "unknown")),
        (None, Review("other", "unknown")),
    ],
)
def test_a_review_ends_as_its_description_says(description: object, review: Review) -> None:
    event = {"id": 1, "type": "video_assistant_referee_over", "description": description}

    assert Sportradar()(pushed(event, 0, 0))[0].review == review


def test_a_timeline_is_history_and_then_how_the_match_stands() -> None:
    said = Sportradar()(snapshot(timeline(EVENTS, 0, 0)))

    assert words(said) == [
        ("score", Score(0, 1), True),
        ("review", Review("goal", "open"), True),
        ("review", Review("goal", "overturned"), True),
        ("snapshot", Score(0, 0), False),
    ]
    assert {one.feed_match for one in said} == {MATCH}


def test_only_what_was_missed_is_told_of_a_timeline() -> None:
    dialect = Sportradar()
    dialect(pushed(EVENTS[0], 0, 1))

    assert words(dialect(snapshot(timeline(EVENTS, 0, 0))))[0] == (
        "review",
        Review("goal", "open"),
        True,
    )
    assert words(dialect(snapshot(timeline(EVENTS, 0, 0)))) == [("snapshot", Score(0, 0), False)]


def test_a_review_that_is_still_open_is_no_history() -> None:
    said = Sportradar()(snapshot(timeline(EVENTS[:2], 0, 1)))

    assert words(said)[-2:] == [
        ("review", Review("goal", "open"), False),
        ("snapshot", Score(0, 1), False),
    ]


def test_all_live_matches_can_come_at_once_and_an_ended_one_is_followed_no_more() -> None:
    other = {**timeline([], 2, 2), "sport_event": {"id": "sr:match:8"}}
    dialect = Sportradar()

    said = dialect(snapshot(timeline(EVENTS[:1], 0, 1), other))
    assert [one.feed_match for one in said if one.kind == "snapshot"] == [MATCH, "sr:match:8"]
    dialect(pushed({"id": 9}, 0, 1))
    assert dialect.in_play == ["sr:match:8", MATCH]
    dialect(snapshot(timeline(EVENTS, 0, 1, "ended")))

    assert dialect.in_play == ["sr:match:8"]


def test_what_is_remembered_of_a_match_is_bounded() -> None:
    dialect = Sportradar()
    dialect(pushed(EVENTS[0], 0, 1))
    for number in range(MOST_EVENTS):
        dialect(pushed({"id": number, "type": "score_change"}, 0, 1))

    # Forgotten, it is told a second time, as history.
    said = dialect(snapshot(timeline(EVENTS[:1], 0, 1)))
    assert words(said)[0] == ("score", Score(0, 1), True)


@pytest.mark.parametrize(
    "body",
    [{}, {"sport_event_timelines": [{}]}, {"sport_event_timelines": [{"timeline": 1}]}],
)
def test_a_snapshot_that_is_none_garbles_the_feed(body: dict[str, object]) -> None:
    with pytest.raises(FeedGarbled):
        Sportradar()(snapshot(body))


def test_what_could_not_be_asked_for_is_no_news() -> None:
    assert Sportradar()("event: no snapshot\nstatus 429") == [Decoded(kind="heartbeat")]
