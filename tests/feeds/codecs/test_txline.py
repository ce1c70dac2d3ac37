"""The TxLINE dialect: what a goal, a review, a discard and a replay say."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from actors.feeds.codecs import Decoded
from actors.feeds.codecs.txline import TxLine
from actors.feeds.codecs.txline_match import CONFIRM_MS, REVIEW_MS, REVIEWED_MS
from actors.feeds.codecs.txline_words import TROUBLES
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
        if one.kind in {"snapshot", "score", "retraction", "clock"} and not one.replay
    ]


def scores_of_the_vector(*, camel_case: bool) -> list[Decoded]:
    return [one for one in all_of_the_vector(camel_case=camel_case) if one.score is not None]


def all_of_the_vector(*, camel_case: bool) -> list[Decoded]:
    dialect, said = opened(), []
    for event in EventStream().feed(VECTOR):
        assert event is not None
        data = camel(event.data) if camel_case else event.data
        frame = data if event.type == "message" else f"event: {event.type}\n{data}"
        said += dialect(frame)
    return said


@pytest.mark.parametrize("camel_case", [False, True])
def test_the_published_match_is_told_with_its_unconfirmed_goals_called_that(
    camel_case: bool,  # noqa: FBT001 - a parameter
) -> None:
    said = scores_of_the_vector(camel_case=camel_case)

    told = dict.fromkeys((one.kind, one.score.text, one.conf) for one in said if one.score)
    assert list(told) == [
        ("snapshot", "0-0", "unstated"),
        ("score", "1-0", "unconfirmed"),
        ("snapshot", "1-0", "unconfirmed"),
        ("retraction", "0-0", "cancelled"),
        ("score", "0-1", "unconfirmed"),
        ("score", "0-1", "confirmed"),
        ("snapshot", "0-1", "unstated"),
        ("snapshot", "1-1", "unstated"),
    ]
    assert said[-1].period == "END"
    assert said[-1].ended
    assert all(one.feed_match == "17588302" for one in said)


def test_the_published_match_is_told_with_its_reviews_and_doubts() -> None:
    words = [
        (one.kind, one.review and (one.review.subject, one.review.outcome), one.reliable)
        for one in all_of_the_vector(camel_case=False)
        if one.kind in {"possible", "review", "status"}
    ]

    assert words == [
        ("possible", None, None),
        ("possible", None, None),
        ("review", ("goal", "open"), None),
        ("review", ("goal", "overturned"), None),
        ("status", None, False),
        ("status", None, True),
    ]


def test_an_unconfirmed_goal_is_called_that_until_it_is_confirmed() -> None:
    dialect = opened()
    frames = [
        action(1, goals=(0, 0)),
        action(2, "goal", (1, 0), Id=5, Confirmed=False),
        action(3, "corner", (1, 0)),
        action(4, "goal", (1, 0), Id=5, Confirmed=True),
        action(5, "corner", (1, 0)),
    ]

    said = [dialect(frame)[-1] for frame in frames]

    assert [(one.kind, one.conf, one.incident) for one in said] == [
        ("snapshot", "unstated", None),
        ("score", "unconfirmed", "5"),
        ("snapshot", "unconfirmed", None),
        ("score", "confirmed", "5"),
        ("snapshot", "unstated", None),
    ]
    assert [one.score.text for one in said if one.score] == ["0-0", "1-0", "1-0", "1-0", "1-0"]


def test_a_discarded_unconfirmed_goal_is_taken_back() -> None:
    dialect = opened()
    told(dialect, action(1, goals=(1, 0)), action(2, "goal", (2, 0), Id=5, Confirmed=False))

    (gone,) = dialect(action(3, "action_discarded", Id=5))

    assert (gone.kind, gone.conf, gone.incident) == ("retraction", "cancelled", "5")
    assert gone.score == Score(1, 0)


def test_totals_that_still_show_what_was_taken_back_are_passed_over() -> None:
    assert told(
        opened(),
        action(1, goals=(0, 0)),
        action(2, "goal", (1, 0), Id=5, Confirmed=True),
        action(3, "action_discarded", (1, 0), Id=5),
        action(4, "corner", (1, 0)),
        action(5, "goal", (1, 0), Id=9, Confirmed=True),
        action(6, "corner", (1, 0)),
    )[2:] == [
        ("retraction", "0-0"),
        ("snapshot", "0-0"),
        ("score", "1-0"),
        ("snapshot", "1-0"),
    ]


def test_an_earlier_goal_can_be_taken_back_after_a_later_one() -> None:
    assert told(
        opened(),
        action(1, goals=(0, 0)),
        action(2, "goal", (1, 0), Id=5, Confirmed=True),
        action(3, "goal", (1, 1), Id=6, Confirmed=True),
        action(4, "action_discarded", Id=5),
    )[3:] == [("retraction", "0-1")]


def test_what_nobody_confirms_counts_in_the_end() -> None:
    goal = action(2, "goal", (1, 0), Id=5, Confirmed=False)
    later = action(3 + CONFIRM_MS // 1_000, "corner", (1, 0))
    dialect = opened()
    told(dialect, action(1, goals=(0, 0)), goal)

    (said,) = dialect(later)

    assert (said.kind, said.conf, said.score) == ("snapshot", "unstated", Score(1, 0))
    # By then it is no news.
    assert said.period is None


def test_to_confirm_a_goal_of_history_is_no_news() -> None:
    dialect = opened()
    old = action(-20, "goal", (1, 0), Id=5, Confirmed=False)

    assert [one.replay for one in dialect(action(-30, goals=(0, 0)))] == [True]
    assert [(one.replay, one.conf) for one in dialect(old)] == [(True, "unconfirmed")]
    history, live = dialect(action(1, "goal", (1, 0), Id=5, Confirmed=True))

    assert (history.score, history.period) == (Score(0, 0), "1H")
    assert (live.score, live.period) == (Score(1, 0), None)


@pytest.mark.parametrize("what", ["corner", "possible", "status"])
def test_totals_that_go_down_without_a_word_are_no_retraction(what: str) -> None:
    dialect = opened()
    told(dialect, action(1, goals=(1, 0)))

    assert dialect(action(2, what, (0, 0)))[-1].kind == "snapshot"


def test_a_review_is_told_from_its_begin_to_its_end() -> None:
    dialect = opened()
    told(dialect, action(1, goals=(0, 0)))
    frames = [
        action(2, "var", Data={"Type": "RedCard"}, Id=9),
        action(3, "var_end", Data={"Outcome": "Stands"}, Id=9),
        action(4, "var", Data={"Type": "MistakenIdentity"}, Id=10),
        action(5, "action_discarded", Id=10),
        action(6, "var", Data={"Type": "Goal"}, Id=11),
        action(7 + REVIEW_MS // 1_000),
        action(2_000, "var_end", Data={}),
    ]

    reviews = [one.review for frame in frames for one in dialect(frame) if one.review]

    assert [(one.subject, one.outcome) for one in reviews] == [
        ("red", "open"),
        ("red", "stands"),
        ("other", "open"),
        ("other", "unknown"),
        ("goal", "open"),
        ("goal", "unknown"),
        ("goal", "unknown"),
    ]


@pytest.mark.parametrize(("code", "status"), TROUBLES.items())
def test_a_match_that_is_not_as_usual_is_told_and_triggers_nothing(code: int, status: str) -> None:
    dialect = opened()
    told(dialect, action(1, goals=(0, 0)))

    word, state = dialect(action(2, "status", Data={"StatusId": code}))
    back, again = dialect(action(3, "status", Data={"StatusId": 4}))

    assert (word.kind, word.status, state.period) == ("status", status, None)
    assert (back.kind, back.status, again.period) == ("status", "live", "2H")


def test_a_provider_that_lost_its_eyes_says_so() -> None:
    dialect = opened()
    told(dialect, action(1, goals=(0, 0)))

    word, state = dialect(action(2, "disconnected"))

    assert (word.status, word.reliable) == ("coverage_lost", False)
    assert (state.reliable, state.period) == (False, None)
    assert dialect(action(3, "suspend", Data={"Reliable": True}))[-1].period == "1H"


def test_a_review_takes_back_no_goal_that_has_stood_for_long() -> None:
    late = 3 + REVIEWED_MS // 1_000
    assert told(
        opened(),
        action(1, goals=(0, 0)),
        action(2, "goal", (1, 0), Id=5, Confirmed=True),
        action(late, "var", (1, 0), Id=6, Data={"Type": "Goal"}),
        action(late + 1, "var_end", (1, 0), Id=6, Data={"Outcome": "Overturned"}),
    )[2:] == [("snapshot", "1-0"), ("snapshot", "1-0")]


def test_what_was_asked_for_beside_the_stream_is_history() -> None:
    dialect = opened()
    told(dialect, action(1, goals=(0, 0)))
    dialect.begin(OPENED_S + 20)
    past = ",".join([action(6, "goal", (2, 0)), action(5, "goal", (1, 0))])

    said = dialect(f"event: snapshot\n[{past}]")

    assert dialect.in_play == ["7"]
    assert [(one.replay, one.score.text) for one in said if one.score] == [
        (True, "1-0"),
        (True, "2-0"),
    ]
    assert told(dialect, action(11, "goal", (3, 0))) == [("snapshot", "2-0"), ("score", "3-0")]


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

    assert said[1:] == [
        ("score", "1-0"),
        ("snapshot", "1-0"),
        ("retraction", "0-0"),
        ("snapshot", "0-0"),
    ]


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
        ("score", "3-0"),
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
    assert told(
        opened(),
        action(1, goals=(1, 1)),
        action(2, "action_amend", (0, 0)),
        action(3, "goal", (4, 3), StatusId=12, Confirmed=True),
    ) == [("snapshot", "1-1"), ("snapshot", "1-1"), ("score", "1-1")]


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
