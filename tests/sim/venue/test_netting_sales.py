"""What rests is sold already, as far as a leg that backs returned collateral goes."""

from actors.sim.venue.amending import Amended, AmendOrder
from actors.sim.venue.refusals import Refused
from tests.sim.venue.hall import AWAY, HOME, Hall, open_hall, order, quote


def one_leg_above_the_other() -> Hall:
    hall = open_hall(cash_micros=100_000_000)
    hall.venue.set_netting("us", 0, enabled=True)
    for ticker, count in ((HOME, 300), (AWAY, 200)):
        hall.create("maker", quote("bid", 3_000, count, ticker))
        hall.create("us", order("ask", 3_000, count, ticker=ticker))
    return hall


def test_sales_that_rest_and_a_new_one_may_together_sell_what_is_free_and_no_more() -> None:
    hall = one_leg_above_the_other()
    hall.create("us", quote("bid", 2_000, 60))

    assert hall.refusal("us", quote("bid", 2_000, 60)).code == "invalid_order"
    assert hall.refusal("us", order("bid", 2_000, 41)).code == "invalid_order"
    assert hall.create("us", quote("bid", 2_100, 40)).remaining_centi == 40


def test_a_sale_that_is_amended_does_not_count_twice() -> None:
    hall = one_leg_above_the_other()
    sale = hall.create("us", quote("bid", 2_000, 60))

    def amended(count_centi: int) -> Amended | Refused:
        wish = AmendOrder(
            order_id=sale.order_id,
            ticker=HOME,
            side="bid",
            price_pips=quote("bid", 2_000, 1).price_pips,
            count_centi=quote("bid", 2_000, count_centi).count_centi,
        )
        return hall.venue.amendments.amend("us", wish)

    assert isinstance(amended(101), Refused)
    assert isinstance(amended(100), Amended)
