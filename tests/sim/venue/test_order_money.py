"""Money about an order and around it: averages, fees by kind, what may be taken away, windows."""

from fractions import Fraction

import pytest

from actors.model.orders import Side
from actors.sim.venue.errors import BadTerms
from actors.sim.venue.order_groups import WINDOW_US, OrderGroup
from actors.sim.venue.treasury import REBALANCE_US, Allocation
from tests.sim.venue.hall import HOME, open_hall, order, quote


@pytest.mark.parametrize(
    ("side", "prices", "average"),
    [("bid", (4_000, 4_300), 420_000), ("ask", (4_300, 4_000), 410_000)],
)
def test_an_average_price_is_of_the_yes_leg_whichever_was_bought(
    side: Side, prices: tuple[int, int], average: int
) -> None:
    hall = open_hall()
    other: Side = "ask" if side == "bid" else "bid"
    for price, count in zip(prices, (100, 200), strict=True):
        hall.create("maker", quote(other, price, count))

    taken = hall.create("us", order(side, prices[1], 300))

    assert taken.average_price_micros == average
    view = hall.venue.floor.account("us").view
    assert view is not None
    fees = sum(fill.fee_micros for fill in view.fills)
    assert taken.average_fee_micros == Fraction(fees, 3)


def test_an_order_keeps_what_it_took_and_what_it_made_apart() -> None:
    hall = open_hall(fee_type="quadratic_with_maker_fees")
    hall.create("maker", quote("ask", 5_000, 10_000))
    both = hall.create("us", quote("bid", 5_000, 20_000)).order_id
    hall.create("maker", order("ask", 5_000, 10_000))

    view = hall.venue.floor.account("us").view
    assert view is not None
    ended = view.orders[both]
    assert (ended.taker_fees_micros, ended.maker_fees_micros) == (1_750_000, 437_500)
    assert (ended.taker_cost_micros, ended.maker_cost_micros) == (50_000_000, 50_000_000)


def test_what_orders_may_need_cannot_be_withdrawn() -> None:
    hall = open_hall(cash_micros=10_000_000)
    hall.create("us", quote("bid", 6_000, 1_000))

    with pytest.raises(BadTerms):
        hall.venue.treasury.fund("us", 0, -4_010_000)
    hall.venue.treasury.fund("us", 0, -4_000_000)

    assert hall.venue.floor.account("us").available(0) == 0


def test_spreading_cash_over_shards_loses_no_cent_of_it() -> None:
    hall = open_hall(cash_micros=10_000_100)
    hall.venue.treasury.fund("us", 1, 10_000)
    assert hall.venue.treasury.allocate("us", Allocation(percents=((0, 33), (1, 67)))) is None

    hall.clock.now_us += REBALANCE_US
    hall.venue.advance()

    assert (hall.cash("us", 0), hall.cash("us", 1)) == (3_303_400, 6_706_700)


@pytest.mark.parametrize(("later_us", "spent"), [(14_999_999, True), (15_000_000, False)])
def test_a_group_counts_what_matched_in_the_last_fifteen_seconds(
    later_us: int, *, spent: bool
) -> None:
    hall = open_hall()
    group = hall.venue.groups.create("us", subaccount=0, shard=0, limit_centi=100)
    assert isinstance(group, OrderGroup)
    assert WINDOW_US == 15_000_000

    group.count(60, 0)
    group.count(40, later_us)

    assert group.is_spent(later_us) is spent


def test_a_market_that_never_traded_has_no_average() -> None:
    hall = open_hall()

    taken = hall.create("us", order("bid", 5_000, 100, ticker=HOME))

    assert (taken.average_price_micros, taken.average_fee_micros) == (None, None)
