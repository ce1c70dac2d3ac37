"""Laws of what the world's traders believe."""

import random

import pytest
from hypothesis import given, strategies as st

from actors.model.score import Score
from actors.sim.beliefs import Rates, left_of, odds, odds_at_penalty, seen_through, true_rates

scores = st.builds(Score, st.integers(0, 6), st.integers(0, 6))
rates = st.builds(Rates, st.floats(0.3, 3.5), st.floats(0.3, 3.5))
shares = st.floats(0.0, 1.0)


@given(score=scores, rates=rates, left=shares)
def test_one_of_the_three_results_must_come(score: Score, rates: Rates, left: float) -> None:
    chances = odds(score, rates, left)

    assert sum(chances.values()) == pytest.approx(1.0)
    assert all(0.0 <= chance <= 1.0 for chance in chances.values())


@given(score=scores, rates=rates)
def test_when_no_time_is_left_the_score_is_the_result(score: Score, rates: Rates) -> None:
    chances = odds(score, rates, 0.0)

    lead = score.home - score.away
    assert chances["home" if lead > 0 else "away" if lead < 0 else "draw"] == 1.0


@given(score=scores, rates=rates, left=st.floats(0.05, 1.0))
def test_a_goal_never_makes_its_side_less_likely_to_win(
    score: Score, rates: Rates, left: float
) -> None:
    before, after = odds(score, rates, left), odds(Score(score.home + 1, score.away), rates, left)

    assert after["home"] >= before["home"] - 1e-9
    assert after["away"] <= before["away"] + 1e-9


@given(score=scores, rates=rates, left=st.floats(0.05, 1.0))
def test_a_penalty_to_be_taken_is_worth_part_of_its_goal(
    score: Score, rates: Rates, left: float
) -> None:
    before = odds(score, rates, left)["away"]
    kick = odds_at_penalty(score, "away", rates, left)["away"]
    after = odds(Score(score.home, score.away + 1), rates, left)["away"]

    assert before - 1e-9 <= kick <= after + 1e-9


def test_equal_sides_have_equal_chances() -> None:
    chances = odds(Score(0, 0), Rates(1.3, 1.3), 1.0)

    assert chances["home"] == pytest.approx(chances["away"])
    assert 0.25 < chances["draw"] < 0.30


def test_time_runs_out_period_by_period() -> None:
    course = [
        left_of("pre", 0),
        left_of("1H", 0),
        left_of("1H", 2700),
        left_of("1H", 3600),
        left_of("HT", 0),
        left_of("2H", 0),
        left_of("2H", 2900),
        left_of("2H", 4000),
        left_of("FT", 0),
        left_of("ET1", 100),
    ]

    assert course == sorted(course, reverse=True)
    assert course[0] == course[1] == 1.0
    assert course[-3] > 0.0
    assert course[-2:] == [0.0, 0.0]


@given(seed=st.integers(0, 2**32), result=scores)
def test_every_match_is_worth_a_quote_from_the_start(seed: int, result: Score) -> None:
    chances = odds(Score(0, 0), true_rates(random.Random(seed), result), 1.0)

    assert all(0.08 < chance < 0.75 for chance in chances.values())


def test_each_trader_sees_the_rates_a_little_differently() -> None:
    truth = Rates(1.4, 1.1)
    seen = [seen_through(random.Random(seed), truth, 0.03) for seed in range(200)]

    assert len({estimate.home for estimate in seen}) == 200
    assert sum(estimate.home for estimate in seen) / 200 == pytest.approx(1.4, rel=0.02)
