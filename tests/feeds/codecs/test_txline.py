"""The TxLINE dialect: what a goal, a review, a discard and a replay say."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from actors.feeds.codecs import Decoded
from actors.feeds.codecs.txline import TxLine
from actors.feeds.errors import FeedGarbled
from actors.feeds.pull.event_stream import EventStream
from actors.model.score import Score
from tests.shared import shared

VECTOR = shared("spec", "feeds", "txline_scores.constructed.sse").read_bytes()
OPENED_S = 1_782_420_000
ACTIONS = ["goal", "var", "var_end", "action_discarded", "score_adjustment", "status", "possible"]


def action(
    seq: int,
    what: str = "corner",
    goals: tuple[int | None, int | None] | None = None,
    **more: object,
) -> str:
    body: dict[str, Any] = {
        "FixtureId": 7,
        "Seq": seq,
        "Ts": 1_000 * (OPENED_S + 10 + seq),
        "Action": what,
        "StatusId": 2,
        "Participant1IsHome": True,
        **more,
    }
    if goals is not None:
        body["Score"] = {
            f"Participant{number}": {"Total": {"Goals": scored}}
            for number, scored in enumerate(goals, 1)
            if scored is not None
        }
    return json.dumps(body)


def camel(text: str) -> str:
    def lowered(value: object) -> object:
        if isinstance(value, dict):
            return {key[:1].lower() + key[1:]: lowered(one) for key, one in value.items()}
        return value

    return json.dumps(lowered(json.loads(text)))


def opened(since_s: int | None = OPENED_S) -> TxLine:
    dialect = TxLine()
    dialect.begin(since_s)
    return dialect


def told(dialect: TxLine, *frames: str) -> list[tuple[str, str | None]]:
    return [
        (one.kind, one.score.text if one.score else None)
        for frame in frames
        for one in dialect(frame)
        if one.kind != "heartbeat"
    ]


def scores_of_the_vector(*, camel_case: bool) -> list[Decoded]:
    dialect, said = opened(), []
    for event in EventStream().feed(VECTOR):
        assert event is not None
        data = camel(event.data) if camel_case else event.data
        frame = data if event.type == "message" else f"event: {event.type}\n{data}"
        said += [one for one in dialect(frame) if one.score is not None]
    return said


@pytest.mark.parametrize("camel_case", [False, True])
def test_the_published_match_is_told_with_no_unconfirmed_goal_in_it(camel_case: bool) -> None:  # noqa: FBT001 - a parameter
    said = scores_of_the_vector(camel_case=camel_case)

    texts = list(dict.fromkeys(one.score.text for one in said if one.score))
    assert texts == ["0-0", "0-1", "1-1"]
    assert said[-1].period == "END"
    assert all(one.feed_match == "17588302" for one in said)


def test_an_unconfirmed_goal_is_held_until_it_is_confirmed() -> None:
    assert told(
        opened(),
        action(1, goals=(0, 0)),
        action(2, "goal", (1, 0), Id=5, Confirmed=False),
        action(3, "corner", (1, 0)),
        action(4, "goal", (1, 0), Id=5, Confirmed=True),
    ) == [("snapshot", "0-0"), ("clock", None), ("clock", None), ("snapshot", "1-0")]


def test_a_discarded_unconfirmed_goal_takes_nothing_back() -> None:
    assert told(
        opened(),
        action(1, goals=(1, 0)),
        action(2, "goal", (2, 0), Id=5, Confirmed=False),
        action(3, "action_discarded", Id=5),
    ) == [("snapshot", "1-0"), ("clock", None), ("snapshot", "1-0")]


@pytest.mark.parametrize("goals", [None, (0, 0)])
def test_a_discarded_confirmed_goal_is_a_retraction(goals: tuple[int, int] | None) -> None:
    assert told(
        opened(),
        action(1, goals=(0, 0)),
        action(2, "goal", (1, 0), Id=5, Confirmed=True),
        action(3, "action_discarded", goals, Id=5),
        action(4, "action_discarded", goals, Id=5),
        action(5, "action_discarded", Id=99),
    )[2:] == [("retraction", "0-0"), ("snapshot", "0-0"), ("snapshot", "0-0")]


def test_an_overturned_goal_is_a_retraction_though_its_totals_still_stand() -> None:
    said = told(
        opened(),
        action(1, goals=(0, 0)),
        action(2, "goal", (1, 0), Id=5, Confirmed=True),
        action(3, "var", (1, 0), Id=6, Data={"Type": "Goal"}),
        action(4, "var_end", (1, 0), Id=6, Data={"Outcome": "Overturned"}),
        action(5, "corner"),
    )

    assert said[2:] == [("snapshot", "1-0"), ("retraction", "0-0"), ("snapshot", "0-0")]


def test_while_a_review_is_open_or_the_provider_unsure_nothing_can_trigger() -> None:
    dialect = opened()
    frames = [
        action(1, goals=(0, 0)),
        action(2, "var", Data={"Type": "Penalty"}),
        action(3, "var_end", Data={"Outcome": "Stands"}),
        action(4, "suspend", Data={"Reliable": False}),
        action(5, "suspend", Data={"Reliable": True}),
        action(6, "score_adjustment", (1, 0)),
        action(7),
    ]

    periods = [dialect(frame)[-1].period for frame in frames]

    assert periods == ["1H", None, "1H", None, "1H", None, "1H"]


def test_a_score_that_names_one_side_leaves_the_other_as_it_was() -> None:
    dialect = opened()

    assert told(dialect, action(1, goals=(1, None))) == [("clock", None)]
    assert told(dialect, action(2, goals=(None, 2))) == [("snapshot", "1-2")]
    assert told(dialect, action(3, goals=(2, None))) == [("snapshot", "2-2")]


def test_sides_are_those_of_the_provider_and_unknown_until_it_says() -> None:
    assert told(opened(), action(1, goals=(2, 1), Participant1IsHome=False)) == [
        ("snapshot", "1-2")
    ]
    assert told(opened(), action(1, goals=(2, 1), Participant1IsHome=None)) == [("clock", None)]


def test_history_is_one_state_and_told_before_the_first_live_action() -> None:
    old = [action(-40 + seq, goals=goals) for seq, goals in enumerate([(0, 0), (1, 0), (2, 0)], 1)]
    dialect = opened()

    assert told(dialect, *old) == []
    assert told(dialect, action(2, "goal", (3, 0), Confirmed=True)) == [
        ("snapshot", "2-0"),
        ("snapshot", "3-0"),
    ]


def test_without_a_date_everything_before_the_first_heartbeat_is_history() -> None:
    dialect = opened(None)

    assert told(dialect, action(1, goals=(0, 0)), action(2, goals=(1, 0))) == []
    assert told(dialect, 'event: heartbeat\n{"Ts":1}') == [("snapshot", "1-0")]
    assert told(dialect, action(3, goals=(2, 0))) == [("snapshot", "2-0")]


def test_what_was_read_before_is_not_told_again_and_virtual_matches_never() -> None:
    dialect = opened()

    assert len(told(dialect, action(1, goals=(0, 0)), action(1, goals=(1, 0)))) == 1
    assert told(dialect, action(9, goals=(5, 0), VirtualFixture=True)) == []


def test_an_amendment_and_a_shoot_out_do_not_move_the_score() -> None:
    assert (
        told(
            opened(),
            action(1, goals=(1, 1)),
            action(2, "action_amend", (0, 0)),
            action(3, "goal", (4, 3), StatusId=12, Confirmed=True),
        )
        == [("snapshot", "1-1")] * 3
    )


@pytest.mark.parametrize("goals", ["1", "1.0", -1, 100, 1.5, True, [], {}])
def test_a_number_of_goals_that_is_none_garbles_the_feed(goals: object) -> None:
    frame = action(1, Score={"Participant1": {"Total": {"Goals": goals}}})

    with pytest.raises(FeedGarbled, match="Goals"):
        opened()(frame)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 30),
            st.sampled_from(ACTIONS),
            st.tuples(st.integers(0, 3), st.integers(0, 3)) | st.none(),
            st.integers(1, 3),
            st.sampled_from([True, False, None]),
        ),
        max_size=20,
    )
)
def test_no_history_of_actions_crashes_the_dialect(
    history: list[tuple[int, str, tuple[int, int] | None, int, bool | None]],
) -> None:
    dialect = opened()

    for seq, what, goals, incident, confirmed in history:
        said = dialect(action(seq, what, goals, Id=incident, Confirmed=confirmed))
        assert all(one.score is None or isinstance(one.score, Score) for one in said)


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_no_text_crashes_the_dialect(frame: str | bytes) -> None:
    try:
        opened()(frame)
    except FeedGarbled as error:
        assert len(str(error)) < 700  # noqa: PT017 - some inputs raise nothing
