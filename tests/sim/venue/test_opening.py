"""Laws of pauses and maintenance: what may be done in them, what waits, and what they leave."""

from typing import Final

import pytest
from hypothesis import given, settings, strategies as st

from actors.sim.venue.events import OrderChanged, Traded, VenueEvent
from actors.sim.venue.hours import ALWAYS, KALSHI, Hours, Maintenance, Stops
from actors.sim.venue.order_entry import Cancelled, Created
from tests.sim.venue.hall import AWAY, HOME, SECOND, START_US, Hall, open_hall, order, quote

IN_10_S: Final = START_US + 10 * SECOND
IN_20_S: Final = START_US + 20 * SECOND


def window(stops: Stops = "trading", *, drops_streams: bool = False) -> Maintenance:
    return Maintenance(start_us=IN_10_S, end_us=IN_20_S, stops=stops, drops_streams=drops_streams)


def maintained(*windows: Maintenance) -> Hall:
    hall = open_hall()
    hall.venue.follow_hours(Hours(ALWAYS, windows))
    return hall


def test_in_maintenance_orders_are_refused_and_cancels_go_through() -> None:
    hall = maintained(window())
    resting = hall.create("us", quote("bid", 4_000, 100))
    hall.clock.pass_s(10)

    assert hall.refusal("us", order("bid", 4_000, 1)).code == "trading_is_paused"
    assert isinstance(hall.venue.cancel_order("us", resting.order_id), Cancelled)
    hall.clock.pass_s(10)
    hall.create("us", order("bid", 4_000, 1))


def test_while_the_exchange_is_stopped_nothing_changes_and_what_fell_due_is_done_after() -> None:
    hall = maintained(window("exchange"))
    expiring = hall.create(
        "us",
        order("bid", 4_000, 100, time_in_force="good_till_canceled", expires_us=IN_10_S + SECOND),
    )
    hall.create("us", quote("bid", 4_100, 100, AWAY))
    hall.venue.close_market(HOME)
    hall.create("maker", quote("bid", 4_000, 100, AWAY))
    hall.clock.pass_s(9.7)
    hall.venue.determine(HOME, "yes")

    hall.clock.pass_s(5)
    hall.venue.advance()
    assert hall.venue.market(HOME).status == "determined"
    assert hall.refusal("us", order("bid", 4_000, 1, ticker=AWAY)).code == "exchange_is_paused"
    assert len(hall.venue.open_orders("us", AWAY)) == 1
    assert hall.venue.next_due_us() == IN_20_S

    hall.clock.pass_s(5.4)
    hall.venue.advance()
    assert hall.venue.market(HOME).status == "finalized"
    assert expiring.order_id not in hall.venue.floor.orders
    assert len(hall.venue.open_orders("us", AWAY)) == 1


def test_an_order_whose_time_ran_out_in_a_stop_is_gone_before_anybody_meets_it() -> None:
    hall = maintained(window("exchange"))
    hall.create(
        "maker",
        order("ask", 5_200, 100, time_in_force="good_till_canceled", expires_us=IN_10_S + SECOND),
    )
    hall.clock.pass_s(20)

    outcome = hall.create("us", order("bid", 5_200, 100))

    assert outcome.fill_count_centi == 0


@pytest.mark.parametrize("stops", ["trading", "exchange"])
def test_orders_that_asked_for_it_end_when_maintenance_begins_and_others_rest_through_it(
    stops: Stops,
) -> None:
    hall = maintained(window(stops))
    for flagged in (False, True):
        hall.create(
            "us",
            order("bid", 4_000, 100, time_in_force="good_till_canceled", cancel_on_pause=flagged),
        )
    heard: list[VenueEvent] = []
    hall.venue.listen(heard.append)

    hall.clock.pass_s(30)  # One look, after the whole of it.
    hall.venue.advance()

    reasons = [event.order.reason for event in heard if isinstance(event, OrderChanged)]
    assert reasons == ["HaltCancel"]
    assert len(hall.venue.open_orders("us", HOME)) == 1
    assert hall.venue.floor.trading_active


def test_a_window_may_cut_every_stream_and_does_so_once() -> None:
    hall, cuts = open_hall(), list[int]()
    hall.venue.opening.on_drop = lambda: cuts.append(hall.clock.now_us)
    hall.venue.follow_hours(Hours(ALWAYS, (window(drops_streams=True),)))
    hall.venue.maintain(Maintenance(start_us=START_US, end_us=IN_20_S, drops_streams=True))
    while (due_us := hall.venue.next_due_us()) is not None and due_us <= IN_20_S:
        hall.clock.now_us = due_us
        hall.venue.advance()

    assert cuts == [START_US, IN_10_S]


def test_a_pause_that_somebody_orders_ends_by_itself_and_never_opens_what_is_closed() -> None:
    hall = maintained(window())
    floor = hall.venue.floor
    hall.venue.pause_exchange(trading_active=False, ends_us=START_US + 15 * SECOND)
    assert (floor.trading_active, floor.resumes_us) == (False, START_US + 15 * SECOND)

    hall.clock.pass_s(15)
    hall.venue.advance()
    assert (floor.trading_active, floor.resumes_us) == (False, IN_20_S)
    hall.venue.pause_exchange()
    assert not floor.trading_active
    hall.clock.pass_s(5)
    hall.venue.advance()
    assert (floor.trading_active, floor.resumes_us) == (True, None)


def test_a_longer_pause_is_not_ended_by_the_end_of_an_earlier_one() -> None:
    hall = open_hall()
    hall.venue.pause_exchange(trading_active=False, ends_us=IN_10_S)
    hall.venue.pause_exchange(trading_active=False, ends_us=IN_20_S)
    hall.clock.pass_s(10)
    hall.venue.advance()
    assert not hall.venue.floor.trading_active
    hall.clock.pass_s(10)
    hall.venue.advance()
    assert hall.venue.floor.trading_active


def test_a_calendar_that_is_replaced_is_followed_no_more() -> None:
    hall = maintained(window())
    hall.venue.follow_hours(Hours(KALSHI))
    hall.clock.pass_s(10)
    hall.venue.advance()

    assert hall.venue.floor.trading_active == KALSHI.trades_at(IN_10_S)


SPANS = st.tuples(st.integers(0, 60), st.integers(1, 30), st.sampled_from(["trading", "exchange"]))


@settings(max_examples=40)
@given(spans=st.lists(SPANS, max_size=3), acts=st.lists(st.integers(0, 7), max_size=30))
def test_whatever_the_calendar_nothing_trades_while_it_is_closed_and_no_money_is_lost(
    spans: list[tuple[int, int, str]], acts: list[int]
) -> None:
    hours = Hours(
        ALWAYS,
        tuple(
            Maintenance(
                start_us=START_US + since * SECOND,
                end_us=START_US + (since + lasts) * SECOND,
                stops="exchange" if stops == "exchange" else "trading",
            )
            for since, lasts, stops in spans
        ),
    )
    hall = open_hall()
    hall.venue.follow_hours(hours)
    money, heard = hall.money(), list[VenueEvent]()
    hall.venue.listen(heard.append)
    for act in acts:
        match act:
            case 0 | 1:
                hall.clock.pass_s(3)
                hall.venue.advance()
            case 2 if hall.venue.market(AWAY).status == "active":
                hall.venue.halt_market(AWAY)
            case 3 if hall.venue.market(AWAY).status == "inactive":
                hall.venue.resume_market(AWAY)
                assert not hall.venue.book(AWAY).bids + hall.venue.book(AWAY).asks
            case _:
                state = hours.state_at(hall.clock.now_us)
                ticker = (HOME, AWAY)[act % 2]
                before = len(heard)
                outcomes = [
                    hall.venue.create_order("maker", quote("ask", 5_200, 100, ticker)),
                    hall.venue.create_order("us", order("bid", 5_200, 100, ticker=ticker)),
                ]
                active = state.trading_active and hall.venue.market(ticker).status == "active"
                assert all(isinstance(each, Created) == active for each in outcomes)
                traded = [each for each in heard[before:] if isinstance(each, Traded)]
                assert active or not traded
        assert hall.venue.floor.exchange_active == hours.state_at(hall.clock.now_us).exchange_active
        assert hall.venue.floor.trading_active == hours.state_at(hall.clock.now_us).trading_active
        assert hall.money() == money
