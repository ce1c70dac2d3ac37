import pytest
from hypothesis import given, strategies as st

from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, Ticker
from actors.sim.venue.accounts import CreateOrder
from actors.sim.venue.errors import NotListed
from actors.sim.venue.events import BookChanged, Filled, OrderChanged, Traded, VenueEvent
from actors.sim.venue.listing import DECI_CENT
from actors.sim.venue.order_entry import Cancelled
from actors.sim.venue.refusals import Refused
from tests.sim.venue.hall import HOME, Hall, open_hall, order, quote


def last_reason(hall: Hall) -> str:
    """Why our newest order last changed."""
    view = hall.venue.floor.account("us").view
    assert view is not None
    return max(view.orders.values(), key=lambda each: each.number).reason


def test_a_taker_trades_at_the_makers_price() -> None:
    hall = open_hall()
    hall.create("maker", quote("ask", 5_200, 300))

    created = hall.create("us", order("bid", 9_900, 100, client_order_id="a"))

    assert (created.fill_count_centi, created.remaining_centi) == (100, 0)
    assert created.average_price_micros == 520_000
    assert created.average_fee_micros == 17_500
    assert hall.cash("us") == 1_000_000_000 - 537_500


def test_an_immediate_order_never_rests() -> None:
    hall = open_hall()
    hall.create("maker", quote("ask", 5_200, 100))

    created = hall.create("us", order("bid", 5_200, 300))

    assert (created.fill_count_centi, created.remaining_centi) == (100, 0)
    book = hall.venue.book(HOME)
    assert book.bids == book.asks == ()
    assert hall.venue.open_orders("us", HOME) == ()


def test_an_order_into_an_empty_book_is_taken_and_gone() -> None:
    hall = open_hall()

    created = hall.create("us", order("bid", 5_200, 300))

    assert (created.fill_count_centi, created.remaining_centi) == (0, 0)
    assert created.average_price_micros is None


def test_a_good_till_cancelled_order_takes_and_then_rests() -> None:
    hall = open_hall()
    hall.create("maker", quote("ask", 5_200, 100))

    created = hall.create("us", quote("bid", 5_300, 300))

    assert (created.fill_count_centi, created.remaining_centi) == (100, 200)
    assert hall.venue.open_orders("us", HOME, "bid") == (created.order_id,)
    assert hall.venue.open_orders("us", HOME, "ask") == ()


def test_a_killed_order_spends_its_id_and_nothing_else() -> None:
    hall = open_hall()
    hall.create("maker", quote("ask", 5_200, 100))
    whole = order("bid", 5_200, 300, time_in_force="fill_or_kill", client_order_id="k")

    refused = hall.refusal("us", whole)

    assert (refused.status, refused.code) == (409, "fill_or_kill_insufficient_resting_volume")
    assert hall.refusal("us", whole).code == "order_already_exists"
    assert hall.cash("us") == 1_000_000_000
    assert hall.venue.book(HOME).asks[0].count_centi == 100


def test_a_client_order_id_is_spent_for_ever() -> None:
    hall = open_hall()
    resting = hall.create("us", order("bid", 5_200, 100, client_order_id="a"))
    assert resting.remaining_centi == 0

    refused = hall.refusal("us", order("bid", 5_200, 100, client_order_id="a"))

    assert (refused.status, refused.code) == (409, "order_already_exists")
    hall.create("maker", order("bid", 5_200, 100, client_order_id="a"))


def test_an_order_without_an_id_may_be_repeated() -> None:
    hall = open_hall()

    for _ in range(2):
        hall.create("us", order("bid", 5_200, 100))


def test_a_post_only_order_that_crosses_is_refused_and_on_record() -> None:
    hall = open_hall()
    hall.create("maker", quote("ask", 5_200, 100))
    crossing = order(
        "bid",
        5_200,
        100,
        time_in_force="good_till_canceled",
        post_only=True,
        client_order_id="p",
    )

    refused = hall.refusal("us", crossing)

    assert (refused.status, refused.code) == (400, "invalid_order")
    assert last_reason(hall) == "PostOnlyCrossCancel"


@pytest.mark.parametrize("price_pips", [0, 10_000, 5_250, 5_201, -100, 10_100])
def test_a_price_off_the_grid_is_refused(price_pips: int) -> None:
    refused = open_hall().refusal("us", order("bid", price_pips, 100))

    assert (refused.status, refused.code) == (400, "invalid_price")


def test_a_finer_grid_takes_finer_prices() -> None:
    hall = open_hall(ranges=DECI_CENT)

    hall.create("us", order("bid", 5_250, 100))
    assert hall.refusal("us", order("bid", 5_255, 100)).code == "invalid_price"


@pytest.mark.parametrize("count_centi", [0, -100])
def test_a_count_below_a_hundredth_is_refused(count_centi: int) -> None:
    assert open_hall().refusal("us", order("bid", 5_200, count_centi)).code == "invalid_order_size"


@pytest.mark.parametrize("client_order_id", ["a.b", "x" * 65, "ä"])
def test_a_client_order_id_of_other_letters_is_refused(client_order_id: str) -> None:
    refused = open_hall().refusal("us", order("bid", 5_200, 1, client_order_id=client_order_id))

    assert (refused.status, refused.code) == (400, "invalid_parameters")


def test_only_an_immediate_order_may_be_reduce_only() -> None:
    reducing = order("ask", 5_200, 100, time_in_force="good_till_canceled", reduce_only=True)

    assert open_hall().refusal("us", reducing).status == 400


def test_a_reduce_only_order_is_capped_to_the_position() -> None:
    hall = open_hall()
    hall.create("maker", quote("ask", 5_200, 100))
    hall.create("us", order("bid", 5_200, 100))
    hall.create("maker", quote("bid", 5_000, 500))

    created = hall.create("us", order("ask", 5_000, 300, reduce_only=True))

    assert created.fill_count_centi == 100
    assert hall.venue.position_centi("us", HOME) == 0
    assert last_reason(hall) == "ReduceOnlyCancel"
    assert hall.create("us", order("ask", 5_000, 300, reduce_only=True)).fill_count_centi == 0
    assert last_reason(hall) == "ReduceOnlyCancel"


def test_a_reduce_only_order_needs_no_cash() -> None:
    hall = open_hall(cash_micros=537_500)
    hall.create("maker", quote("ask", 5_200, 100))
    hall.create("us", order("bid", 5_200, 100))
    hall.create("maker", quote("bid", 100, 500))
    assert hall.cash("us") == 0

    assert hall.create("us", order("ask", 100, 300, reduce_only=True)).fill_count_centi == 100


def test_taker_at_cross_ends_the_taker_at_its_own_order() -> None:
    hall = open_hall()
    hall.create("maker", quote("ask", 5_100, 100))
    own = hall.create("us", quote("ask", 5_200, 100))

    created = hall.create("us", order("bid", 5_300, 300))

    assert created.fill_count_centi == 100
    assert hall.venue.open_orders("us", HOME) == (own.order_id,)
    assert last_reason(hall) == "SelfTradeCancel"


def test_the_maker_mode_cancels_what_rests_and_goes_on() -> None:
    hall = open_hall()
    hall.create("us", quote("ask", 5_100, 100))
    hall.create("maker", quote("ask", 5_200, 100))

    created = hall.create("us", order("bid", 5_300, 100, self_trade="maker"))

    assert created.fill_count_centi == 100
    assert created.average_price_micros == 520_000
    assert hall.venue.open_orders("us", HOME) == ()


def test_an_expiry_belongs_to_a_resting_order_and_to_the_future() -> None:
    hall = open_hall()
    now_us = hall.clock.now_us

    assert hall.refusal("us", order("bid", 100, 1, expires_us=now_us + 1)).status == 400
    past = order("bid", 100, 1, time_in_force="good_till_canceled", expires_us=now_us)
    assert hall.refusal("us", past).code == "invalid_parameters"


def test_an_order_expires_at_its_time() -> None:
    hall = open_hall()
    expires_us = hall.clock.now_us + 2_000_000
    lasting = order("bid", 100, 1, time_in_force="good_till_canceled", expires_us=expires_us)
    hall.create("us", lasting)

    hall.clock.pass_s(1.9)
    hall.venue.advance()
    assert len(hall.venue.open_orders("us", HOME)) == 1
    hall.clock.pass_s(0.1)
    hall.venue.advance()
    assert hall.venue.open_orders("us", HOME) == ()


def test_an_unknown_market_or_the_wrong_shard_is_not_found() -> None:
    hall = open_hall(shard=3)

    assert hall.refusal("us", order("bid", 100, 1, ticker=Ticker("NONE"))).status == 404
    assert hall.refusal("us", order("bid", 100, 1, exchange_index=0)).status == 404
    hall.create("us", order("bid", 100, 1, exchange_index=-1))
    hall.create("us", order("bid", 100, 1, exchange_index=3))


def test_an_account_that_nobody_opened_is_the_worlds_mistake() -> None:
    with pytest.raises(NotListed):
        open_hall().venue.create_order("nobody", order("bid", 100, 1))


def test_a_cancel_finds_only_its_own_orders_that_rest() -> None:
    hall = open_hall()
    created = hall.create("us", quote("bid", 5_000, 300))
    hall.create("maker", order("ask", 5_000, 100))

    foreign = hall.venue.cancel_order("maker", created.order_id)
    outcome = hall.venue.cancel_order("us", created.order_id)
    again = hall.venue.cancel_order("us", created.order_id)

    assert isinstance(outcome, Cancelled)
    assert outcome.reduced_by_centi == 200
    assert isinstance(foreign, Refused)
    assert isinstance(again, Refused)
    assert foreign.body == again.body
    assert foreign.status == 404


def test_cancel_all_leaves_nothing_of_the_account() -> None:
    hall = open_hall()
    for price_pips in (4_000, 5_000):
        hall.create("us", quote("bid", price_pips, 100))
    hall.create("maker", quote("bid", 3_000, 100))

    assert hall.venue.cancel_all("us") == 2
    assert [level.price_pips for level in hall.venue.book(HOME).bids] == [3_000]


def test_the_earlier_order_at_one_price_trades_first() -> None:
    hall = open_hall()
    hall.create("us", quote("bid", 5_000, 100))
    hall.venue.open_account("late", {0: 1_000_000_000})
    hall.create("late", quote("bid", 5_000, 100))

    hall.create("maker", order("ask", 5_000, 100))

    assert hall.venue.position_centi("us", HOME) == 100
    assert hall.venue.position_centi("late", HOME) == 0


def _events(hall: Hall) -> list[VenueEvent]:
    heard: list[VenueEvent] = []
    hall.venue.listen(heard.append)
    return heard


def test_an_execution_is_told_to_everyone_it_concerns_under_one_trade_id() -> None:
    hall = open_hall()
    hall.create("maker", quote("ask", 5_200, 300))
    heard = _events(hall)

    hall.create("us", order("bid", 5_200, 100, client_order_id="mine"))

    [traded] = [event for event in heard if isinstance(event, Traded)]
    fills = [event for event in heard if isinstance(event, Filled)]
    assert {(fill.account, fill.is_taker, fill.post_position_centi) for fill in fills} == {
        ("us", True, 100),
        ("maker", False, -100),
    }
    assert {fill.trade_id for fill in fills} == {traded.trade_id}
    [change] = [event for event in heard if isinstance(event, BookChanged)]
    assert (change.side, change.price_pips, change.change_centi) == ("ask", 5_200, -100)
    assert (change.cause, change.cause_client_order_id) == ("us", "mine")
    orders = [event for event in heard if isinstance(event, OrderChanged)]
    assert [(event.account, event.order.status) for event in orders] == [
        ("maker", "resting"),
        ("us", "executed"),
    ]


def test_the_changes_told_add_up_to_the_book() -> None:
    hall = open_hall()
    heard = _events(hall)
    for price_pips in (5_200, 5_300, 5_400):
        hall.create("maker", quote("ask", price_pips, 200))
    hall.create("us", quote("bid", 5_300, 500))
    hall.venue.cancel_all("maker")

    levels: dict[tuple[Side, int], int] = {}
    for event in heard:
        if isinstance(event, BookChanged):
            key = (event.side, event.price_pips)
            levels[key] = levels.get(key, 0) + event.change_centi
    assert {key: count for key, count in levels.items() if count} == {("bid", 5_300): 100}


def test_the_clock_of_a_book_never_goes_back_and_one_action_has_one() -> None:
    hall = open_hall()
    heard = _events(hall)
    for price_pips in (5_200, 5_300):
        hall.create("maker", quote("ask", price_pips, 100))
    hall.create("us", order("bid", 5_300, 200))

    clocks = [event.clock for event in heard if isinstance(event, BookChanged)]
    assert clocks == sorted(clocks)
    assert clocks[-1] == clocks[-2] > clocks[-3] > 0
    assert hall.venue.market(HOME).clock == clocks[-1]


bad_orders = st.builds(
    CreateOrder,
    ticker=st.sampled_from([HOME, Ticker("NONE")]),
    side=st.sampled_from(["bid", "ask"]),
    price_pips=st.integers(-200, 10_200).map(Pips),
    count_centi=st.integers(-1, 10**9).map(CentiContracts),
    time_in_force=st.sampled_from(["immediate_or_cancel", "good_till_canceled"]),
    client_order_id=st.sampled_from(["", "used", "a.b"]),
    reduce_only=st.booleans(),
    expires_us=st.sampled_from([None, 1]),
    exchange_index=st.sampled_from([None, 0, 7]),
    subaccount=st.sampled_from([0, 5]),
    order_group_id=st.sampled_from(["", "group"]),
)


@given(requests=st.lists(bad_orders, max_size=8))
def test_a_refusal_changes_nothing(requests: list[CreateOrder]) -> None:
    hall = open_hall(cash_micros=5_000_000)
    hall.create("us", order("bid", 100, 1, client_order_id="used"))
    hall.create("maker", quote("ask", 9_000, 100))
    for request in requests:
        heard = _events(hall)
        before = (hall.cash("us"), hall.venue.book(HOME), hall.venue.position_centi("us", HOME))
        if isinstance(hall.venue.create_order("us", request), Refused):
            after = (hall.cash("us"), hall.venue.book(HOME), hall.venue.position_centi("us", HOME))
            assert after == before
            assert heard == []
