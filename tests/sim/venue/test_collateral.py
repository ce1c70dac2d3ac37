from fractions import Fraction

from hypothesis import given, strategies as st

from actors.model.orders import Side
from actors.sim.venue.collateral import Claim, Claims, taking_slack_micros
from actors.sim.venue.fees import fee_terms
from tests.sim.venue.hall import HOME, open_hall, order, quote

FREE = Fraction(0)
FEES = fee_terms("quadratic", Fraction(1))


def claim(side: Side, price_pips: int, count_centi: int) -> Claim:
    return Claim(side, price_pips, count_centi, FREE, 0)


def need(claims: list[Claim], held_centi: int) -> int:
    resting = Claims()
    for number, each in enumerate(claims[:-1]):
        resting.put(str(number), each)
    as_extra = resting.need_micros(held_centi, claims[-1])
    resting.put("last", claims[-1])
    assert resting.need_micros(held_centi) == as_extra
    return as_extra


def test_a_bid_needs_its_price_and_an_ask_one_minus_its_price() -> None:
    assert need([claim("bid", 6_000, 100)], 0) == 600_000
    assert need([claim("ask", 6_000, 100)], 0) == 400_000


def test_what_closes_a_position_needs_nothing() -> None:
    assert need([claim("ask", 6_000, 100)], 100) == 0
    assert need([claim("ask", 6_000, 150)], 100) == 200_000
    assert need([claim("bid", 6_000, 100)], -100) == 0


def test_a_position_covers_what_would_trade_first() -> None:
    far, near = claim("ask", 9_000, 100), claim("ask", 6_000, 100)

    assert need([far, near], 100) == 100_000
    assert need([near, far], 100) == 100_000


def test_a_position_is_not_cover_for_its_own_side() -> None:
    assert need([claim("bid", 6_000, 100)], 100) == 600_000


def test_one_fill_needs_exactly_what_it_will_be_charged() -> None:
    slack = taking_slack_micros("bid", FEES, 5_200, 100, makers=1)

    assert need([Claim("bid", 5_200, 100, FEES.taker, slack)], 0) == 537_500


def test_an_account_with_just_enough_may_trade_and_one_pip_less_may_not() -> None:
    for cash, accepted in ((537_500, True), (537_400, False)):
        hall = open_hall(cash_micros=cash)
        hall.create("maker", quote("ask", 5_200, 100))
        if accepted:
            hall.create("us", order("bid", 5_200, 100))
            assert hall.cash("us") == 0
        else:
            assert hall.refusal("us", order("bid", 5_200, 100)).code == "insufficient_balance"


def test_the_limit_counts_even_where_the_fill_would_be_cheaper() -> None:
    hall = open_hall(cash_micros=600_000)
    hall.create("maker", quote("ask", 5_200, 100))

    assert hall.refusal("us", order("bid", 9_900, 100)).code == "insufficient_balance"


def test_resting_orders_reserve_and_give_back() -> None:
    hall = open_hall(cash_micros=1_000_000)
    account = hall.venue.floor.account("us")
    first = hall.create("us", quote("bid", 5_000, 100))

    assert account.available(0) == 500_000
    assert hall.refusal("us", quote("bid", 6_000, 100)).code == "insufficient_balance"
    hall.venue.cancel_order("us", first.order_id)
    assert account.available(0) == 1_000_000


def test_an_order_that_uncovers_another_must_pay_for_it() -> None:
    hall = open_hall(cash_micros=600_000)
    hall.create("maker", quote("ask", 5_000, 100))
    hall.create("us", order("bid", 5_000, 100))
    hall.create("us", quote("ask", 6_000, 100))
    hall.create("maker", quote("bid", 4_000, 100))

    # Selling the 100 at 40 cents would leave the resting ask to be a purchase of NO.
    assert hall.refusal("us", order("ask", 4_000, 100)).code == "insufficient_balance"
    assert hall.venue.position_centi("us", HOME) == 100


def test_cash_of_one_shard_funds_no_order_on_another() -> None:
    hall = open_hall(shard=3)
    hall.venue.open_account("elsewhere", {0: 1_000_000_000})

    assert hall.refusal("elsewhere", quote("bid", 5_000, 100)).code == "insufficient_balance"
    hall.create("us", quote("bid", 5_000, 100))


@given(
    claims=st.lists(
        st.builds(
            claim, st.sampled_from(["bid", "ask"]), st.integers(1, 9_999), st.integers(1, 50)
        ),
        min_size=1,
        max_size=8,
    ),
    held=st.integers(-60, 60),
)
def test_the_need_is_what_trades_beyond_the_position_costs(claims: list[Claim], held: int) -> None:
    expected = 0
    for side, cover in (("bid", max(0, -held)), ("ask", max(0, held))):
        mine = [each for each in claims if each.side == side]
        mine.sort(key=lambda each: each.price_pips, reverse=side == "bid")
        units = [each.price_pips for each in mine for _ in range(each.count_centi)]
        costs = [price if side == "bid" else 10_000 - price for price in units]
        expected += sum(costs[cover:])

    assert need(claims, held) == expected


def test_a_smaller_order_needs_less_and_a_dropped_one_nothing() -> None:
    resting = Claims()
    resting.put("a", claim("bid", 6_000, 100))
    resting.put("a", claim("bid", 6_000, 40))
    assert resting.need_micros(0) == 240_000

    resting.drop("a", "bid")
    assert resting.need_micros(0) == 0
