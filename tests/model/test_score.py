import pytest
from hypothesis import given, strategies as st

from actors.model.score import REGULATION, SOCCER, GoalKey, Period, Policy, Score
from tests.strategies import goal_keys, scores


@given(scores)
def test_the_next_scores_are_exactly_the_legal_steps(score: Score) -> None:
    following = SOCCER.next_scores(score)

    assert [SOCCER.step(score, after) for after in following] == ["home", "away"]
    assert len(set(following)) == 2


@given(scores, scores)
def test_a_step_is_one_goal_of_one_side(before: Score, after: Score) -> None:
    scorer = SOCCER.step(before, after)

    assert (scorer is not None) == (after in SOCCER.next_scores(before))
    assert scorer is None or SOCCER.is_behind(before, after)


@given(scores, scores)
def test_of_two_scores_at_most_one_is_behind(one: Score, other: Score) -> None:
    assert not (SOCCER.is_behind(one, other) and SOCCER.is_behind(other, one))


@given(scores, st.integers(0, 3), st.integers(0, 3))
def test_a_score_is_behind_whatever_more_goals_lead_to(score: Score, home: int, away: int) -> None:
    later = Score(score.home + home, score.away + away)

    assert SOCCER.is_behind(score, later) == (later != score)


@given(scores)
def test_no_score_is_behind_itself(score: Score) -> None:
    assert not SOCCER.is_behind(score, score)
    assert SOCCER.step(score, score) is None


@given(scores, scores)
def test_two_scores_are_the_same_state_only_if_they_are_equal(one: Score, other: Score) -> None:
    assert (SOCCER.state(one) == SOCCER.state(other)) == (one == other)


def test_a_score_reads_home_side_first() -> None:
    assert Score(2, 1).text == "2-1"


@pytest.mark.parametrize(("home", "away"), [(-1, 0), (0, -1)])
def test_nobody_scores_less_than_nothing(home: int, away: int) -> None:
    with pytest.raises(ValueError, match=">= 0"):
        Score(home, away)


@pytest.mark.parametrize("period", ["pre", "HT", "FT", "ET1", "ETHT", "ET2", "AET", "PEN", "END"])
def test_goals_outside_the_ninety_minutes_are_not_traded(period: Period) -> None:
    assert not SOCCER.is_traded_in(period)


def test_goals_of_both_halves_are_traded() -> None:
    assert all(SOCCER.is_traded_in(period) for period in REGULATION)


@given(goal_keys, goal_keys)
def test_keys_have_one_order(one: GoalKey, other: GoalKey) -> None:
    assert (one < other) + (other < one) + (one == other) == 1


def test_soccer_is_a_policy() -> None:
    policy: Policy = SOCCER

    assert policy.state(Score(0, 0)) == "0-0"
