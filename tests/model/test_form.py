"""Laws of the form: a book is believed late, never while it runs, and never on a goal it knew."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings, strategies as st

from actors.model.fair import Rates, Result, TimeLeft, outlook
from actors.model.form import READINGS_MOST, Caution, Form, Quote, Reading, Strength
from actors.model.money import Pips
from actors.model.score import Score

SECOND = 1_000_000_000
AGE_S, FREEZE_S = 5.0, 20.0
CAUTION = Caution(
    price_age_ns=int(AGE_S * SECOND),
    freeze_pips=400,
    freeze_ns=int(FREEZE_S * SECOND),
    spread_pips=800,
    fit_pips=300,
)
STRONG, WEAK = Rates(1.8, 0.9), Rates(0.9, 1.8)
LEVEL = Score(0, 0)
LEFT = TimeLeft(0.8, 0.3)
LEGS: tuple[Result, ...] = ("home", "draw", "away")


def quotes(of: Rates, score: Score = LEVEL) -> dict[Result, Quote]:
    now = outlook(score, of, LEFT).now
    return {leg: Quote(Pips(now.pips(leg) - 50), Pips(now.pips(leg) + 50)) for leg in LEGS}


def reading(at_s: float, book: dict[Result, Quote], score: Score = LEVEL) -> Reading:
    return Reading(at_ns=int(at_s * SECOND), score=score, generation=0, left=LEFT, quotes=book)


def read(
    form: Form, at_s: Sequence[float], book: dict[Result, Quote], score: Score = LEVEL
) -> None:
    for each in at_s:
        form.read(reading(each, book, score))


def seconds(begin: float, end: float, step: float = 0.5) -> list[float]:
    return [begin + step * i for i in range(int((end - begin) / step) + 1)]


def rates_of(form: Form) -> Rates:
    strength = form.strength
    assert isinstance(strength, Strength), strength
    return strength.rates


def is_like(form: Form, of: Rates) -> bool:
    known = rates_of(form)
    return abs(known.home - of.home) < 0.15 and abs(known.away - of.away) < 0.15


def settled() -> Form:
    """Return a form that knows the home side to be strong, at 30 s."""
    form = Form(CAUTION)
    read(form, seconds(0, 30), quotes(STRONG))
    assert is_like(form, STRONG)
    return form


def test_before_a_price_is_old_enough_nothing_is_believed() -> None:
    form = Form(CAUTION)
    read(form, seconds(0, AGE_S - 0.5), quotes(STRONG))
    assert form.strength == "no_rates"

    read(form, [AGE_S], quotes(STRONG))
    assert is_like(form, STRONG)


def test_no_rate_has_a_price_in_it_that_is_younger() -> None:
    form = settled()
    strength = form.strength

    assert isinstance(strength, Strength)
    assert strength.read_ns <= (30 - AGE_S) * SECOND


@given(
    lead_s=st.floats(0.001, FREEZE_S - 0.01),
    goal=st.sampled_from([Score(1, 0), Score(0, 1)]),
    steps=st.integers(1, 40),
)
def test_a_book_that_hears_the_goal_within_the_freezing_bound_teaches_nothing(
    lead_s: float, goal: Score, steps: int
) -> None:
    form = settled()
    before = rates_of(form)
    for step in range(steps + 1):
        form.read(reading(30 + lead_s * step / steps, quotes(STRONG, goal)))
    known = rates_of(form)

    assert (known.home, known.away) == pytest.approx((before.home, before.away), rel=0.02)


@given(
    lead_s=st.floats(0.001, AGE_S - 0.01),
    cents=st.lists(st.integers(-30, 30), min_size=3, max_size=3),
)
def test_whatever_moves_before_it_is_old_enough_teaches_nothing(
    lead_s: float, cents: list[int]
) -> None:
    still, moved = settled(), settled()
    book = quotes(STRONG)
    shaken = {
        leg: Quote(Pips(quote.bid_pips + 100 * by), Pips(quote.ask_pips + 100 * by))
        for (leg, quote), by in zip(book.items(), cents, strict=True)
    }
    for at_s in (30.0, 30 + lead_s / 2, 30 + lead_s):
        still.read(reading(at_s, book))
        moved.read(reading(at_s, shaken))

    if any(abs(by) >= 5 for by in cents):
        # It runs: the rates stand still as they were.
        assert rates_of(moved) == rates_of(settled())
    known, other = rates_of(moved), rates_of(still)
    assert (known.home, known.away) == pytest.approx((other.home, other.away), rel=0.02)


def test_what_was_read_before_an_accepted_goal_is_never_believed_afterwards() -> None:
    form, goal = settled(), Score(1, 0)
    # The book knows four seconds before the feeds, and the old score stands beside it.
    read(form, seconds(30, 34, 0.25), quotes(STRONG, goal))
    read(form, seconds(34, 60, 0.25), quotes(STRONG, goal), goal)

    assert is_like(form, STRONG)


def test_the_old_book_beside_the_new_score_is_not_believed_either() -> None:
    form, goal = settled(), Score(0, 1)
    read(form, seconds(30, 32), quotes(STRONG), goal)
    read(form, seconds(32, 60), quotes(STRONG, goal), goal)

    assert is_like(form, STRONG)


def test_news_without_a_goal_is_believed_once_it_has_lasted() -> None:
    form = settled()
    read(form, seconds(30, 30 + FREEZE_S - 1), quotes(WEAK))
    assert is_like(form, STRONG)

    read(form, seconds(30 + FREEZE_S, 30 + FREEZE_S + AGE_S), quotes(WEAK))
    assert is_like(form, WEAK)


def test_a_move_that_is_taken_back_was_nothing() -> None:
    form = settled()
    read(form, seconds(30, 40), quotes(WEAK))
    read(form, seconds(40, 80), quotes(STRONG))

    assert is_like(form, STRONG)


def test_joined_in_a_running_match_it_waits_for_a_book_that_stands_still() -> None:
    form = Form(CAUTION)
    read(form, seconds(0, 4), quotes(STRONG))
    read(form, seconds(4.5, 9), quotes(WEAK))
    assert form.strength == "no_rates"

    read(form, seconds(9.5, 16), quotes(WEAK))
    assert is_like(form, WEAK)


def test_a_wide_or_one_sided_book_is_no_price() -> None:
    form = Form(CAUTION)
    wide = {leg: Quote(Pips(1_000), Pips(5_000)) for leg in LEGS}
    read(form, seconds(0, 30), wide)
    one: dict[Result, Quote] = {"home": quotes(STRONG)["home"]}
    read(form, seconds(30, 60), one)

    assert form.strength == "no_rates"


def test_legs_that_fit_no_rates_are_said_to_and_forgiven() -> None:
    form = Form(CAUTION)
    odd = {leg: Quote(Pips(5_000), Pips(5_100)) for leg in LEGS}
    read(form, seconds(0, 20), odd)
    assert form.strength == "no_fit"

    read(form, seconds(20, 60), quotes(STRONG))
    assert is_like(form, STRONG)


def test_quotes_are_believed_at_their_own_score_alone() -> None:
    form, goal = settled(), Score(1, 0)
    assert set(form.believed) == set(LEGS)

    form.read(reading(31, quotes(STRONG, goal), goal))
    assert form.believed == {}
    read(form, seconds(31.5, 50), quotes(STRONG, goal), goal)
    assert form.believed["home"] == quotes(STRONG, goal)["home"]


def test_a_twin_learns_apart() -> None:
    form = settled()
    twin = form.twin()
    read(twin, seconds(30, 70), quotes(WEAK))

    assert is_like(form, STRONG)
    assert is_like(twin, WEAK)


@given(st.lists(st.tuples(st.floats(0.0, 0.3), st.booleans(), st.booleans()), max_size=300))
@settings(max_examples=20, deadline=None)
def test_whatever_comes_memory_is_bounded_and_an_answer_there(
    changes: list[tuple[float, bool, bool]],
) -> None:
    form, at_s = Form(CAUTION), 0.0
    for pause_s, weak, goal in changes:
        at_s += pause_s
        score = Score(1, 0) if goal else LEVEL
        form.read(reading(at_s, quotes(WEAK if weak else STRONG), score))
        assert isinstance(form.strength, (Strength, str))
    assert len(form._kept) <= READINGS_MOST  # noqa: SLF001 - a bound nobody else can see
