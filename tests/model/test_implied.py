"""Laws of the fit: prices that some rates make give those rates back, and others are told apart."""

import pytest
from hypothesis import assume, given, settings, strategies as st

from actors.model.fair import RATE_MAX, RATE_MIN, USUAL, Rates, Result, TimeLeft, outlook
from actors.model.implied import fit
from actors.model.score import Score

LEGS: tuple[Result, ...] = ("home", "draw", "away")
rates = st.builds(Rates, st.floats(0.3, 3.5), st.floats(0.3, 3.5))
close_scores = st.sampled_from([Score(0, 0), Score(1, 0), Score(1, 1), Score(1, 2)])


def prices(
    score: Score, of: Rates, left: TimeLeft, legs: tuple[Result, ...]
) -> dict[Result, float]:
    now = outlook(score, of, left).now
    return {leg: now.of(leg) for leg in legs}


@given(of=rates, score=close_scores, left=st.floats(0.4, 1.0))
def test_prices_that_rates_make_are_fitted(of: Rates, score: Score, left: float) -> None:
    whole = TimeLeft(left, 0.3)
    found = fit(prices(score, of, whole, LEGS), score, whole, believed=USUAL)

    assert found.residual < 0.01, "the belief pulls a little"
    after, truly = (outlook(score, each, whole).after("home") for each in (found.rates, of))
    assert after.home == pytest.approx(truly.home, abs=0.02)


@given(of=rates, left=st.floats(0.4, 1.0), missing=st.sampled_from(LEGS))
def test_two_legs_say_as_much_as_three(of: Rates, left: float, missing: Result) -> None:
    whole, two = TimeLeft(left, 0.3), tuple(leg for leg in LEGS if leg != missing)
    score = Score(0, 0)
    found = fit(prices(score, of, whole, two), score, whole, believed=USUAL)

    assert outlook(score, found.rates, whole).now.of(missing) == pytest.approx(
        prices(score, of, whole, LEGS)[missing], abs=0.02
    )


@given(home=st.floats(0.0, 1.0), draw=st.floats(0.0, 1.0), away=st.floats(0.0, 1.0))
@settings(max_examples=60)
def test_whatever_the_prices_the_search_ends_within_bounds(
    home: float, draw: float, away: float
) -> None:
    whole = TimeLeft(0.5, 0.3)
    named: dict[Result, float] = {"home": home, "draw": draw, "away": away}
    found = fit(named, Score(1, 0), whole, believed=USUAL)

    assert RATE_MIN * 0.999 <= found.rates.home <= RATE_MAX * 1.001
    assert RATE_MIN * 0.999 <= found.rates.away <= RATE_MAX * 1.001
    assert 0.0 <= found.residual <= 1.0


@given(st.floats(0.4, 0.6))
def test_legs_that_no_match_can_have_leave_a_residual(each: float) -> None:
    assume(abs(3 * each - 1) > 0.1)
    whole = TimeLeft(0.5, 0.3)

    found = fit(dict.fromkeys(LEGS, each), Score(0, 0), whole, believed=USUAL)

    assert found.residual > 0.03


def test_where_prices_say_nothing_the_belief_stands() -> None:
    believed, over = Rates(1.9, 0.8), TimeLeft(0.01, 0.3)
    settled: dict[Result, float] = {"home": 1.0, "draw": 0.0, "away": 0.0}

    found = fit(settled, Score(4, 0), over, believed=believed).rates

    assert (found.home, found.away) == pytest.approx((1.9, 0.8), rel=0.01)
