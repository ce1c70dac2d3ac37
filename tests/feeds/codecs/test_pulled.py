"""The smaller dialects of what is pulled: results, pushed lines, live data."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from actors.feeds.codecs import Decoded, live_data, opticodds, sportradar
from actors.feeds.errors import FeedGarbled
from actors.model.score import Period, Score
from tests.shared import shared

PUSHED = json.loads(shared("spec", "feeds", "sportradar_push_shapes.json").read_text("utf-8"))
LIVE = json.loads(shared("spec", "feeds", "kalshi_live_data_shapes.json").read_text("utf-8"))
DIALECTS = [live_data.decode, opticodds.decode, sportradar.decode]


def live(**details: object) -> Decoded:
    body = {"live_datas": [{"milestone_id": "m", "type": "soccer", "details": details}]}
    (said,) = live_data.decode(json.dumps(body))
    return said


def test_the_published_live_data_is_read_whole() -> None:
    (said,) = live_data.decode(json.dumps(LIVE["get_live_data"]))

    assert said == Decoded(
        kind="snapshot",
        feed_match="0855ee5b-...",
        score=Score(0, 0),
        period="2H",
        clock_s=3720,
        provider_ts_ns=1_773_971_711 * 10**9,
        live=True,
        ended=False,
    )


def test_both_vocabularies_are_read_and_where_they_differ_neither_is_believed() -> None:
    both = {"home_same_game_score": 1, "away_same_game_score": 0}

    assert live(home_points=2, away_points=1).score == Score(2, 1)
    assert live(**both, home_points=1, away_points=0).score == Score(1, 0)
    assert live(**both, home_points=2, away_points=0).score is None
    assert live(home_points=2).score is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("62'", 3720),
        ("90+3'", 5580),
        ("45+1'", 2760),
        ("", None),
        ("0'", None),
        ("90+5′", 5700),  # noqa: RUF001 - the wire's prime
        ("  90 + 5 ' ", 5700),
        ("not a clock", None),
    ],
)
def test_every_published_clock_text_is_read_or_unknown(text: str, seconds: int | None) -> None:
    assert text in LIVE["clock_texts"]
    assert live_data.clock_s(text, "2H") == seconds


@pytest.mark.parametrize(
    ("details", "period"),
    [
        ({"status": "none"}, "pre"),
        ({"status": "finished", "half": "2nd"}, "FT"),
        ({"status": "live", "half": "1st"}, "1H"),
        ({"status": "live", "half": "overtime"}, None),
    ],
)
def test_a_period_is_known_or_said_to_be_unknown(
    details: dict[str, object], period: Period | None
) -> None:
    assert live(**details).period == period


def push(**status: object) -> Decoded:
    body = {
        "generated_at": "2026-05-01T10:00:00Z",
        "metadata": {"sport_event_id": "sr:match:1"},
        "payload": {
            "event": {"id": 1, "type": "score_change", "match_time": 10},
            "sport_event_status": {"status": "live", **status},
        },
    }
    (said,) = sportradar.decode(json.dumps(body))
    return said


def test_a_pushed_heartbeat_and_a_pushed_goal_are_told_apart() -> None:
    (beat,) = sportradar.decode(json.dumps(PUSHED["heartbeat"]))
    goal = push(match_status="1st_half", home_score=0, away_score=1)

    assert beat == Decoded(kind="heartbeat")
    assert goal.score == Score(0, 1)
    assert goal.period == "1H"
    assert goal.clock_s == 540
    assert goal.feed_match == "sr:match:1"


def test_sets_of_tennis_are_no_goals_and_a_shoot_out_moves_nothing() -> None:
    (tennis,) = sportradar.decode(json.dumps(PUSHED["tennis_payload"]))

    assert tennis.score is None
    assert push(match_status="penalties", home_score=5, away_score=4).score is None


def results(event: str = "fixture-results", **score: object) -> list[Decoded]:
    data = {
        "fixture_id": "F1",
        "fixture": {"status": "live", "home_team_display": "A", "away_team_display": "B"},
        "in_play": {"period": "2"},
        "score": {"scores": {side: {"total": total} for side, total in score.items()}},
    }
    return opticodds.decode(f"event: {event}\n" + json.dumps({"data": data}))


def test_results_are_read_and_every_other_event_is_a_sign_of_life() -> None:
    (said,) = results(home=1, away=0)

    assert said.score == Score(1, 0)
    assert (said.home_name, said.away_name, said.period) == ("A", "B", "2H")
    assert opticodds.decode("event: ping\n2026") == [Decoded(kind="heartbeat")]
    assert opticodds.decode("event: connected\nok") == [Decoded(kind="heartbeat")]


def test_a_result_as_its_provider_documents_it_is_read_whole() -> None:
    score = {
        "fixture": {"status": "live", "home_team_display": "A", "away_team_display": "B"},
        "in_play": {"period": "1"},
        "scores": {"home": {"total": 1.0, "periods": {}}, "away": {"total": 0.0}},
    }
    data = {"fixture_id": "F1", "sport": "soccer", "is_live": True, "score": score}
    (said,) = opticodds.decode("event: fixture-results\n" + json.dumps({"data": data}))

    assert (said.score, said.period, said.live) == (Score(1, 0), "1H", True)
    assert (said.feed_match, said.home_name, said.away_name) == ("F1", "A", "B")
    (tennis,) = opticodds.decode(
        "event: fixture-results\n" + json.dumps({"data": {**data, "sport": "tennis"}})
    )
    assert tennis.score is None


@pytest.mark.parametrize("goals", ["1", -1, 100, 1.5, True])
def test_goals_that_are_none_garble_every_dialect(goals: object) -> None:
    for spoil in (
        lambda: live(home_points=goals, away_points=0),
        lambda: push(home_score=goals, away_score=0),
        lambda: results(home=goals, away=0),
    ):
        with pytest.raises(FeedGarbled, match="no number of goals"):
            spoil()


@pytest.mark.parametrize("decode", DIALECTS, ids=["live_data", "opticodds", "sportradar"])
def test_an_empty_frame_is_a_sign_of_life(decode: Callable[[bytes | str], list[Decoded]]) -> None:
    assert decode("") == decode(b"") == [Decoded(kind="heartbeat")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 200) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["payload", "sport_event_status", "live_datas", "details", "data"])
            | st.sampled_from(["home_score", "home_points", "score", "scores", "home", "total"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.text(max_size=100) | st.binary(max_size=100) | JSON.map(json.dumps))
def test_no_frame_crashes_a_dialect(frame: str | bytes) -> None:
    for decode in DIALECTS:
        for sent in (frame, f"event: fixture-results\n{frame!s}"):
            try:
                decode(sent)
            except FeedGarbled as error:
                assert len(str(error)) < 700  # noqa: PT017 - some inputs raise nothing


CROWD = json.dumps({"live_datas": [{"milestone_id": "m", "details": {}}] * 201})


@pytest.mark.parametrize("frame", ["[" * 30_000, '{"a":' * 10_000, "{" + " " * 70_000 + "}", CROWD])
def test_depth_and_length_are_bounded(frame: str) -> None:
    with pytest.raises(FeedGarbled):
        live_data.decode(frame)
