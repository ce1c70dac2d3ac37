from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from actors.model.orders import Ticker
from actors.sim.venue.listing import Verdict
from actors.sim.venue.netting import free_centi, sure_centi
from tests.sim.venue.hall import AWAY, EVENT, HOME, Hall, market_terms, open_hall, order, quote

TIE = Ticker(f"{EVENT}-TIE")
LEGS = (HOME, AWAY, TIE)
FREE = Fraction(0)


def three_legs(*, netting: bool, cash_micros: int = 100_000_000) -> Hall:
    hall = open_hall(multiplier=FREE, cash_micros=cash_micros)
    hall.venue.list_market(market_terms(TIE, start_us=hall.venue.now_us()))
    assert hall.venue.set_netting("us", 0, enabled=netting) is None
    return hall


def buy_no(hall: Hall, ticker: Ticker, count_centi: int, yes_pips: int = 3_000) -> None:
    hall.create("maker", quote("bid", yes_pips, count_centi, ticker))
    hall.create("us", order("ask", yes_pips, count_centi, ticker=ticker))


def test_of_markets_that_exclude_each_other_all_but_one_must_end_no() -> None:
    hall = three_legs(netting=True)
    for count, ticker in zip((300, 200, 100), LEGS, strict=True):
        buy_no(hall, ticker, count)

    # Six contracts at 0.70, and three of their dollars back.
    assert hall.cash("us") == 100_000_000 - 6 * 700_000 + 3_000_000


def test_nothing_comes_back_unless_it_is_switched_on() -> None:
    hall = three_legs(netting=False)
    for ticker in LEGS:
        buy_no(hall, ticker, 100)
    assert hall.cash("us") == 100_000_000 - 3 * 700_000

    hall.venue.set_netting("us", 0, enabled=True)

    assert hall.cash("us") == 100_000_000 - 3 * 700_000 + 2_000_000


def test_a_leg_that_backs_what_came_back_cannot_be_sold() -> None:
    hall = three_legs(netting=True)
    buy_no(hall, HOME, 300)
    buy_no(hall, AWAY, 200)
    hall.create("maker", quote("ask", 4_000, 900, HOME))
    hall.create("maker", quote("ask", 4_000, 900, AWAY))

    refused = hall.refusal("us", order("bid", 4_000, 100, ticker=AWAY))
    assert (refused.status, refused.code) == (400, "invalid_order")
    # What stands out above the other leg backs nothing.
    assert hall.create("us", order("bid", 4_000, 100)).fill_count_centi == 100
    assert hall.refusal("us", order("bid", 4_000, 100)).code == "invalid_order"


def test_a_resting_sale_of_a_leg_goes_when_the_leg_is_needed() -> None:
    hall = three_legs(netting=True)
    buy_no(hall, HOME, 200)
    sale = hall.create("us", quote("bid", 2_000, 200)).order_id
    buy_no(hall, AWAY, 100)

    assert hall.venue.open_orders("us", HOME) == ()
    view = hall.venue.floor.account("us").view
    assert view is not None
    assert view.orders[sale].reason == "MarginCancel"
    assert hall.create("us", quote("bid", 2_000, 100)).remaining_centi == 100


@pytest.mark.parametrize("winner", LEGS)
@pytest.mark.parametrize("turn", [0, 1, 2])
def test_whoever_wins_the_day_ends_as_without_netting(winner: Ticker, turn: int) -> None:
    ended = []
    for netting in (False, True):
        hall = three_legs(netting=netting)
        for count, ticker in zip((300, 200, 100), LEGS, strict=True):
            buy_no(hall, ticker, count)
        for ticker in (*LEGS[turn:], *LEGS[:turn]):
            hall.settle(ticker, "yes" if ticker == winner else "no")
        ended.append((hall.cash("us"), hall.cash("maker"), hall.venue.floor.house_micros))

    assert ended[0] == ended[1]


@given(
    counts=st.lists(st.integers(0, 500), min_size=3, max_size=3),
    sales=st.lists(st.tuples(st.sampled_from(LEGS), st.integers(1, 500)), max_size=6),
    order_of_end=st.permutations(LEGS),
    winner=st.sampled_from([*LEGS, None]),
    void=st.booleans(),
)
def test_with_netting_money_is_whole_and_nobody_is_overdrawn(
    counts: list[int],
    sales: list[tuple[Ticker, int]],
    order_of_end: list[Ticker],
    winner: Ticker | None,
    *,
    void: bool,
) -> None:
    hall = three_legs(netting=True)
    before = hall.money()
    for count, ticker in zip(counts, LEGS, strict=True):
        if count:
            buy_no(hall, ticker, count)
    for ticker, count in sales:
        hall.create("maker", quote("ask", 3_000, count, ticker))
        hall.venue.create_order("us", order("bid", 3_000, count, ticker=ticker))
        hall.venue.cancel_all("maker")
        assert hall.money() == before
    for ticker in order_of_end:
        verdict: Verdict = "scalar" if void else "yes" if ticker == winner else "no"
        hall.settle(ticker, verdict, 333_300 if void else None)
        assert hall.money() == before
        assert hall.cash("us") >= 0

    assert hall.venue.floor.account("us").returned_micros == {}
    # At three fair prices that add up to less than a dollar the venue bears nothing.
    assert hall.venue.floor.house_micros >= 0


@given(
    held=st.integers(0, 300),
    others=st.lists(st.integers(0, 300), max_size=3),
    share=st.fractions(0, 1),
    decided=st.booleans(),
)
def test_exactly_what_is_free_can_be_sold(
    held: int, others: list[int], share: Fraction, *, decided: bool
) -> None:
    returned = int(sure_centi([*others, held], decided=decided) * share)

    free = free_centi(held, others, returned, decided=decided)

    assert sure_centi([*others, held - free], decided=decided) >= returned
    if free < held:
        assert sure_centi([*others, held - free - 1], decided=decided) < returned


def sell_no(hall: Hall, ticker: Ticker, count_centi: int, yes_pips: int = 3_000) -> None:
    hall.create("maker", quote("ask", yes_pips, count_centi, ticker))
    hall.create("us", order("bid", yes_pips, count_centi, ticker=ticker))


def owing() -> Hall:
    """A hall in which we hold nothing, and $0.9999 that came back is covered by nothing yet."""
    hall = three_legs(netting=True)
    buy_no(hall, TIE, 100)
    sell_no(hall, TIE, 100)
    buy_no(hall, HOME, 100)
    buy_no(hall, AWAY, 100)
    hall.settle(HOME, "scalar", 999_900)
    sell_no(hall, AWAY, 100)
    assert hall.venue.floor.account("us").returned_micros == {EVENT: 999_900}
    return hall


def test_a_market_settles_with_those_who_hold_something_and_what_came_back_waits() -> None:
    hall = owing()
    before, cash = hall.money(), hall.cash("us")

    hall.settle(TIE, "no")
    assert hall.venue.floor.account("us").returned_micros == {EVENT: 999_900}
    assert hall.cash("us") == cash
    buy_no(hall, AWAY, 100)
    hall.settle(AWAY, "no")

    # The next payout covers it, and the venue has borne nothing.
    assert hall.cash("us") == cash - 700_000 + 1_000_000 - 999_900
    assert hall.venue.floor.house_micros == 0
    assert hall.venue.floor.account("us").returned_micros == {}
    assert hall.money() == before


def test_when_an_event_is_over_nobody_owes_anything_and_the_venue_has_borne_the_rest() -> None:
    hall = owing()
    before = hall.money()

    hall.settle(TIE, "no")
    hall.settle(AWAY, "no")

    assert hall.venue.floor.account("us").returned_micros == {}
    assert hall.venue.floor.house_micros == -999_900
    assert hall.money() == before
