from fractions import Fraction

from hypothesis import given, strategies as st

from actors.model.orders import Side
from actors.sim.venue.holdings import Holding, closing_centi, payout_exact_micros

sides: st.SearchStrategy[Side] = st.sampled_from(["bid", "ask"])
fills = st.lists(st.tuples(sides, st.integers(1, 9_999), st.integers(1, 1_000)), max_size=15)


def test_selling_while_flat_is_buying_no_at_one_minus_the_price() -> None:
    held = Holding()

    assert held.revenue_micros("ask", 3_000, 100) == -700_000
    held.fill("ask", 3_000, 100, 0)

    assert held.yes_centi == -100
    assert held.cost_micros == 700_000


def test_a_fill_first_closes_then_opens_the_other_way() -> None:
    held = Holding()
    held.fill("bid", 4_000, 100, 0)

    # 100 are sold for 60 cents each, 50 NO are bought for 40 cents each.
    assert held.revenue_micros("ask", 6_000, 150) == 600_000 - 200_000
    held.fill("ask", 6_000, 150, 0)

    assert held.yes_centi == -50
    assert held.realized_micros == 200_000
    assert held.cost_micros == 200_000


def test_the_cost_of_what_is_sold_is_the_average() -> None:
    held = Holding()
    held.fill("bid", 4_000, 100, 0)
    held.fill("bid", 7_000, 200, 0)
    held.fill("ask", 6_000, 100, 0)

    assert held.cost_micros == 1_200_000
    assert held.realized_micros == 0


@given(history=fills)
def test_cash_is_profit_less_cost_whatever_the_history(
    history: list[tuple[Side, int, int]],
) -> None:
    held, cash = Holding(), 0
    for side, price_pips, count_centi in history:
        cash += held.revenue_micros(side, price_pips, count_centi)
        held.fill(side, price_pips, count_centi, 0)

        assert cash == held.realized_micros - held.cost_micros
        assert held.cost_micros >= 0
        assert (held.yes_centi == 0) == (held.cost_micros == 0)


@given(history=fills)
def test_the_position_is_the_sum_of_bids_less_asks(history: list[tuple[Side, int, int]]) -> None:
    held = Holding()
    for side, price_pips, count_centi in history:
        held.fill(side, price_pips, count_centi, 0)

    bought = sum(count for side, _, count in history if side == "bid")
    assert held.yes_centi == bought - sum(count for side, _, count in history if side == "ask")


@given(held=st.integers(-1_000, 1_000), side=sides, count=st.integers(1, 1_000))
def test_what_closes_is_never_more_than_what_is_held(held: int, side: Side, count: int) -> None:
    closed = closing_centi(held, side, count)

    assert 0 <= closed <= min(count, abs(held))
    if closed:
        assert (held > 0) == (side == "ask")


@given(held=st.integers(1, 10_000), value=st.integers(0, 1_000_000))
def test_the_two_sides_of_a_pair_are_paid_a_dollar_together(held: int, value: int) -> None:
    both = payout_exact_micros(held, value) + payout_exact_micros(-held, value)

    assert both == Fraction(held * 10_000)


def test_settlement_turns_cost_into_profit_and_leaves_nothing() -> None:
    held = Holding()
    held.fill("bid", 4_000, 100, 0)
    held.settle(1_000_000)

    assert held.yes_centi == held.cost_micros == 0
    assert held.realized_micros == 600_000
