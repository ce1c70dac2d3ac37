"""Laws of fair value: chances add up, a goal helps its scorer, only time that counts is in it."""

import math
from typing import get_args

import pytest
from hypothesis import given, strategies as st

from actors.model.fair import (
    CARD_AGAINST,
    CARD_FOR,
    FURTHEST_LEAD,
    Chances,
    Rates,
    Settlement,
    TimeLeft,
    outlook,
    time_left,
)
from actors.model.score import Period, Score

goals = st.integers(0, 15)
scores = st.builds(Score, goals, goals)
rates = st.builds(Rates, st.floats(0.05, 4.0), st.floats(0.05, 4.0))
lefts = st.builds(TimeLeft, st.floats(0.0, 1.0), st.floats(0.0, 0.34))
settlements = st.sampled_from(get_args(Settlement))


def total(chances: Chances) -> float:
    return chances.home + chances.draw + chances.away


def by_hand(lead: int, home: float, away: float) -> tuple[float, float, float]:
    """Sum every pair of goals, the slow way."""

    def chance(mean: float, count: int) -> float:
        return math.exp(-mean) * mean**count / math.factorial(count)

    wins = draws = losses = 0.0
    for mine in range(30):
        for theirs in range(30):
            both = chance(home, mine) * chance(away, theirs)
            ahead = lead + mine - theirs
            wins += both * (ahead > 0)
            draws += both * (ahead == 0)
            losses += both * (ahead < 0)
    return wins, draws, losses


@given(score=scores, of=rates, left=lefts, settlement=settlements)
def test_chances_are_probabilities_that_add_up_to_one(
    score: Score, of: Rates, left: TimeLeft, settlement: Settlement
) -> None:
    seen = outlook(score, of, left, settlement)

    for chances in (seen.now, seen.home_scores, seen.away_scores):
        assert total(chances) == pytest.approx(1.0)
        assert min(chances.home, chances.draw, chances.away) > -1e-9
        assert sum(chances.pips(leg) for leg in ("home", "draw", "away")) in range(9_998, 10_003)


@given(lead=st.integers(-4, 4), home=st.floats(0.05, 4.0), away=st.floats(0.05, 4.0))
def test_it_is_the_sum_over_every_pair_of_goals(lead: int, home: float, away: float) -> None:
    score = Score(max(0, lead), max(0, -lead))
    now = outlook(score, Rates(home, away), TimeLeft(1.0, 0.3)).now

    assert (now.home, now.draw, now.away) == pytest.approx(by_hand(lead, home, away), abs=2e-3)


@given(score=scores, of=rates, left=lefts, settlement=settlements)
def test_a_goal_never_hurts_the_side_that_scores_it(
    score: Score, of: Rates, left: TimeLeft, settlement: Settlement
) -> None:
    seen = outlook(score, of, left, settlement)

    assert seen.after("home").home >= seen.now.home - 1e-9
    assert seen.after("home").away <= seen.now.away + 1e-9
    assert seen.after("away").away >= seen.now.away - 1e-9
    assert seen.after("away").home <= seen.now.home + 1e-9


@given(score=scores, of=rates, left=lefts)
def test_what_a_goal_makes_it_is_what_the_next_score_is_worth(
    score: Score, of: Rates, left: TimeLeft
) -> None:
    if abs(score.home - score.away) >= FURTHEST_LEAD:
        return
    seen = outlook(score, of, left)
    scored = outlook(Score(score.home + 1, score.away), of, left).now

    assert (seen.home_scores.home, seen.home_scores.draw) == pytest.approx(
        (scored.home, scored.draw)
    )


@given(score=scores, of=rates, left=lefts, settlement=settlements)
def test_the_slopes_are_what_a_growing_rate_brings(
    score: Score, of: Rates, left: TimeLeft, settlement: Settlement
) -> None:
    step = 1e-4
    low, high = (
        outlook(score, Rates(of.home * math.exp(by), of.away), left, settlement)
        for by in (-step, step)
    )
    slope = outlook(score, of, left, settlement).home_slope
    for leg, by in zip(("home", "draw", "away"), slope, strict=True):
        measured = (getattr(high.now, leg) - getattr(low.now, leg)) / (2 * step)
        assert measured == pytest.approx(by, abs=5e-3)


@given(score=scores, of=rates)
def test_when_the_time_that_counts_is_over_the_score_decides(score: Score, of: Rates) -> None:
    now = outlook(score, of, TimeLeft(0.0, 0.3)).now
    lead = score.home - score.away

    assert (now.home, now.draw, now.away) == pytest.approx(
        (float(lead > 0), float(lead == 0), float(lead < 0))
    )


@given(score=scores, of=rates, left=st.floats(0.01, 1.0))
def test_extra_time_counts_only_where_it_is_settled_on(
    score: Score, of: Rates, left: float
) -> None:
    short, long = TimeLeft(left, 0.0), TimeLeft(left, 0.33)

    assert outlook(score, of, short) == outlook(score, of, long)
    ninety = outlook(score, of, long).now
    extra = outlook(score, of, long, "extra").now
    through = outlook(score, of, long, "advance").now
    assert extra.draw <= ninety.draw + 1e-9
    assert through.draw == 0.0
    assert through.home == pytest.approx(extra.home + extra.draw / 2)


def test_a_red_card_helps_the_other_side() -> None:
    before = Rates(1.4, 1.2)
    after = before.with_cards(1, 0)

    assert after == Rates(1.4 * CARD_AGAINST, 1.2 * CARD_FOR)
    left = TimeLeft(0.5, 0.3)
    was, now = (outlook(Score(0, 0), of, left).now for of in (before, after))
    assert now.home < was.home
    assert now.away > was.away
    assert before.with_cards(0, 0) == before


@pytest.mark.parametrize(
    ("period", "clock_s"), [("", 600), ("1H", None), ("2H", None), ("ET1", None)]
)
def test_without_a_period_or_a_clock_nobody_knows_what_is_left(
    period: Period, clock_s: int | None
) -> None:
    assert time_left(period, clock_s) is None


def test_time_only_runs_down() -> None:
    course: list[tuple[Period, int]] = [
        ("pre", 0),
        *(("1H", second) for second in range(0, 3_000, 60)),
        ("HT", 2_700),
        *(("2H", second) for second in range(2_700, 6_000, 60)),
        ("FT", 5_400),
        *(("ET1", second) for second in range(5_400, 6_300, 60)),
        ("AET", 7_200),
        ("END", 7_200),
    ]
    left = [time_left(period, second) for period, second in course]
    shares = [each.regulation for each in left if each is not None]

    assert len(shares) == len(course)
    assert shares == sorted(shares, reverse=True)
    assert (shares[0], shares[-1]) == (1.0, 0.0)


@given(st.floats(0.0, 1.0))
def test_a_mixture_lies_between_its_parts(weight: float) -> None:
    one, other = Chances(0.5, 0.3, 0.2), Chances(0.7, 0.2, 0.1)
    mixed = one.mixed(other, weight)

    assert total(mixed) == pytest.approx(1.0)
    assert one.home - 1e-12 <= mixed.home <= other.home + 1e-12
