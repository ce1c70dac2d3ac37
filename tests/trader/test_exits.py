"""Laws of the exits: what was bought is sold when its time has come, whatever else goes on."""

import errno
from collections.abc import Callable, Mapping
from functools import partial

import pytest
import trio
from hypothesis import given, settings, strategies as st
from trio.testing import MockClock

from actors.messages.market import BookLost
from actors.messages.trading import Accepted, ExitHeld, Lot, Rejected, Unknown
from actors.model.money import CentiContracts
from actors.model.orders import Side
from actors.runtime.errors import JournalFailed, leaves
from actors.runtime.memory import run_seeded
from actors.trader.resolver import LATE_COPY_REFUSED_S
from tests.trader.against import DEATHS, NEXT, TRIPS
from tests.trader.door import Fault, error, garbage, hung_up, lost, refused, said, slow
from tests.trader.glass import intents
from tests.trader.held import DUE_S, bought, count_centi, exits, hear_fills, price_pips
from tests.trader.pit import AWAY, HOME, KEY, Pit, open_pit


@pytest.mark.parametrize("side", ["bid", "ask"])
async def test_a_position_is_sold_when_it_is_due_and_not_before(
    autojump_clock: MockClock, side: Side
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        await bought(pit, side=side)
        (plan,) = pit.desk.plans.values()
        due_s = plan.due_ns / 1e9

        await trio.sleep_until(due_s - 0.001)
        assert exits(pit) == []
        await trio.sleep_until(due_s + 1.0)

        (sold,) = exits(pit)
        assert due_s <= sold.at_s < due_s + 0.01
        assert pit.position_centi() == 0
        assert pit.desk.lots == {}
        assert pit.desk.plans == {}
        assert pit.said(ExitHeld) == []


@pytest.mark.parametrize("speed", [1.0, 20.0, 600.0])
async def test_the_time_to_the_sale_is_match_time(autojump_clock: MockClock, speed: float) -> None:
    async with open_pit(speed=speed) as pit:
        await pit.start_orders()
        fired_s = trio.current_time()
        await bought(pit)
        await trio.sleep(DUE_S / speed + 1.0)

        (sold,) = exits(pit)
        assert sold.at_s - fired_s == pytest.approx(max(DUE_S / speed, 0.0), abs=0.2)


@pytest.mark.parametrize("side", ["bid", "ask"])
async def test_an_exit_is_immediate_only_reduces_and_is_written_down_before_it_leaves(
    autojump_clock: MockClock, side: Side
) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start_orders()
        await bought(pit, side=side)
        await trio.sleep(2.0)

        (sold,) = exits(pit)
        assert sold.body["time_in_force"] == "immediate_or_cancel"
        assert sold.body["reduce_only"] is True
        assert "order_group_id" not in sold.body
        assert sold.body["side"] == ("ask" if side == "bid" else "bid")
        left = pit.env.left[-1]
        assert left.client_order_id == sold.client_order_id == left.intents[-1]
        assert intents(pit.disk)[-1].entry_client_order_id == pit.entry_id(side=side)


@pytest.mark.parametrize(("side", "limit"), [("bid", 4_200), ("ask", 4_900)])
async def test_its_limit_is_near_the_book_where_there_is_one(
    autojump_clock: MockClock, side: Side, limit: int
) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start("catalogue")
        await pit.start_orders()
        await bought(pit, side=side)
        await trio.sleep(2.0)

        # The best bid of 45 cents less three, the best ask of 46 and three more.
        assert price_pips(exits(pit)[0]) == limit


@pytest.mark.parametrize(("side", "floor"), [("bid", 1_000), ("ask", 8_200)])
async def test_its_limit_is_the_plans_floor_where_there_is_no_book(
    autojump_clock: MockClock, side: Side, floor: int
) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start_orders()
        await bought(pit, side=side)
        pit.desk.books = type(pit.desk.books)()
        await trio.sleep(2.0)

        assert price_pips(exits(pit)[0]) == floor


@pytest.mark.parametrize(
    ("side", "far", "floor"), [("bid", 500, 1_000), ("ask", 9_500, 8_200)], ids=["long", "short"]
)
async def test_it_never_goes_beyond_its_floor_however_the_book_moves_away(
    autojump_clock: MockClock, side: Side, far: int, floor: int
) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start("catalogue")
        await pit.start_orders()
        await bought(pit, side=side)
        pit.venue.cancel_all("maker")
        pit.make(side, far, 10_000)
        pit.see_books()
        await trio.sleep(10.0)

        assert [price_pips(each) for each in exits(pit)] == [floor] * 6
        assert abs(pit.position_centi()) == 1_000
        (held,) = pit.said(ExitHeld)
        assert (held.left_centi, held.reason) == (1_000, "attempts")


async def test_where_the_book_stays_lost_later_attempts_go_down_to_the_floor(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start("catalogue")
        await pit.start_orders()
        await bought(pit)
        pit.desk.books.apply(BookLost(ticker=HOME, reason="disconnected", received_ns=0))
        pit.venue.cancel_all("maker")
        pit.make("bid", 1_500, 10_000)
        await trio.sleep(5.0)

        assert [price_pips(each) for each in exits(pit)] == [4_200, 1_000]
        assert pit.position_centi() == 0


async def test_what_is_left_of_a_partial_exit_is_sold_again_under_a_new_id(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start("catalogue")
        await pit.start_orders()
        await bought(pit)
        pit.venue.cancel_all("maker")
        pit.make("bid", 4_400, 300)
        pit.see_books()
        await trio.sleep(0.6)
        hear_fills(pit)
        pit.make("bid", 4_400, 300)
        await trio.sleep(0.5)
        hear_fills(pit)
        pit.make("bid", 4_400, 10_000)
        await trio.sleep(2.0)

        sold = exits(pit)
        assert [count_centi(each) for each in sold] == [1_000, 700, 400]
        assert [each.client_order_id for each in sold] == [pit.exit_id(n) for n in (1, 2, 3)]
        assert pit.position_centi() == 0
        assert pit.said(ExitHeld) == []


async def test_after_its_attempts_it_stops_says_so_and_keeps_the_budget_bound(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(speed=600.0, exits={"attempts": 3}) as pit:
        await pit.start_orders()
        await bought(pit)
        pit.venue.cancel_all("maker")
        await trio.sleep(60.0)

        assert len(exits(pit)) == 3
        (held,) = pit.said(ExitHeld)
        assert held.left_centi == 1_000
        assert pit.desk.lots == {}
        assert pit.desk.exposure.open_account_micros > 0, "it is still held"


async def test_what_was_sold_binds_no_budget_but_the_days(autojump_clock: MockClock) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start_orders()
        await bought(pit)
        await trio.sleep(2.0)

        assert pit.desk.exposure.open_account_micros == 0
        assert pit.desk.exposure.spent_day_micros > 0


async def test_a_lot_of_a_closed_market_ends(autojump_clock: MockClock) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start_orders()
        await bought(pit)
        pit.venue.close_market(HOME)
        await trio.sleep(5.0)

        assert len(exits(pit)) == 1, "no later attempt can do better"
        (held,) = pit.said(ExitHeld)
        assert held.reason == "market_closed"
        assert pit.desk.lots == {}


@given(
    trips=st.sets(st.sampled_from(sorted(TRIPS))),
    deaths=st.sets(st.sampled_from(DEATHS)),
    unknown=st.booleans(),
    side=st.sampled_from(["bid", "ask"]),
)
@settings(max_examples=15)
def test_in_every_trading_state_with_every_entry_control_tripped_an_exit_still_leaves(
    *, trips: set[str], deaths: set[str], unknown: bool, side: Side
) -> None:
    tripped = partial(_leaves_all_the_same, unknown=unknown)
    run_seeded(0, tripped, sorted(trips), sorted(deaths), side)


async def _leaves_all_the_same(
    trips: list[str], deaths: list[str], side: Side, *, unknown: bool
) -> None:
    async with open_pit(speed=60.0) as pit:
        await pit.start("catalogue")
        await pit.start_orders()
        await pit.start("planner")
        await bought(pit, side=side)
        if unknown:
            # An entry of unknown outcome in the same market, and nobody who could say.
            pit.orders.faults.append(lost(taken=False))
            pit.play(NEXT, (pit.leg(key=NEXT, count_centi=100),))
            pit.fire(NEXT)
            await trio.sleep(3.0)
            assert pit.desk.is_frozen(HOME)
        for trip in trips:
            TRIPS[trip](pit)
        for name in deaths:
            await pit.kill(name)
        await trio.sleep(10.0)

        assert len(exits(pit)) == 1
        assert pit.position_centi() == 0


@pytest.mark.parametrize("heard", [0, 400])
async def test_an_exit_leaves_while_the_stream_that_brings_our_fills_is_away(
    autojump_clock: MockClock, heard: int
) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start_orders()
        await bought(pit)
        pit.desk.held_centi[HOME] = heard
        await trio.sleep(2.0)

        assert [count_centi(each) for each in exits(pit)] == [1_000]
        assert pit.position_centi() == 0


async def test_what_nobody_can_say_is_waited_for_and_costs_no_attempt(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start_orders()
        await bought(pit)
        pit.desk.held_centi.clear()
        pit.reads.closed["/portfolio/positions"] = error(503, "unavailable")
        await trio.sleep(60.0)
        (lot,) = pit.desk.lots.values()
        assert lot.attempts == 0

        pit.reads.closed.clear()
        await trio.sleep(5.0)
        assert pit.position_centi() == 0


PAUSES: Mapping[str, tuple[Callable[[Pit], object], Callable[[Pit], object]]] = {
    "of the market": (
        lambda pit: pit.venue.halt_market(HOME),
        lambda pit: pit.venue.resume_market(HOME),
    ),
    "of trading": (
        lambda pit: pit.venue.pause_exchange(trading_active=False),
        lambda pit: pit.venue.pause_exchange(),
    ),
    "of the exchange": (
        lambda pit: pit.venue.pause_exchange(exchange_active=False),
        lambda pit: pit.venue.pause_exchange(),
    ),
}


@pytest.mark.parametrize("pause", PAUSES)
async def test_a_pause_is_outlasted_and_costs_one_attempt(
    autojump_clock: MockClock, pause: str
) -> None:
    begin, end = PAUSES[pause]
    async with open_pit(speed=600.0) as pit:
        await pit.start_orders()
        await bought(pit)
        begin(pit)
        await trio.sleep(120.0)
        assert len(exits(pit)) == 1

        end(pit)
        pit.make("bid", 4_500, 10_000)
        await trio.sleep(5.0)
        assert len(exits(pit)) == 2
        assert pit.position_centi() == 0
        assert pit.said(ExitHeld) == []


async def test_it_sells_no_more_than_is_held_even_if_its_lot_is_larger(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(speed=60.0) as pit:
        await pit.start("market_data")
        await pit.start_orders()
        await bought(pit)
        # Somebody with the same account sold some of it.
        assert pit.own("ask", 4_500, 600) == 600
        await trio.sleep(20.0)

        assert max(count_centi(each) for each in exits(pit)) == 400
        assert pit.position_centi() == 0
        (held,) = pit.said(ExitHeld)
        assert (held.left_centi, held.reason) == (600, "position")


@given(
    held=st.integers(-3_000, 3_000),
    left=st.integers(1, 2_000),
    side=st.sampled_from(["bid", "ask"]),
)
@settings(max_examples=8)
def test_whatever_is_held_an_exit_is_never_larger_and_never_on_the_wrong_side(
    held: int, left: int, side: Side
) -> None:
    run_seeded(0, _within_position, held, left, side)


async def _within_position(held: int, left: int, side: Side) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start("market_data")
        await pit.start_orders()
        await bought(pit, left, side=side)
        before = pit.position_centi()
        if held > before:
            pit.own("bid", 4_800, held - before)
        elif held < before:
            pit.own("ask", 4_300, before - held)
        position = pit.position_centi()
        await trio.sleep(10.0)

        owned = position if side == "bid" else -position
        sold = exits(pit)
        assert bool(sold) == (owned > 0)
        for each in sold:
            assert count_centi(each) <= max(0, owned)
        if owned > 0:
            assert abs(pit.position_centi()) == max(0, owned - left)


UNKNOWN: dict[str, Fault] = {
    "lost": lost(taken=True),
    "hung up": hung_up(taken=True),
    "garbage": garbage(taken=True),
    "a proxy's 502": said(502, b"<html>", taken=True),
    "too slow": slow(4.0),
}


@pytest.mark.parametrize("what", UNKNOWN)
async def test_an_exit_of_unknown_outcome_is_asked_about_and_never_sent_again(
    autojump_clock: MockClock, what: str
) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start_orders()
        await bought(pit)
        pit.orders.faults.append(UNKNOWN[what])
        await trio.sleep(20.0)

        assert len(exits(pit)) == 1
        first, second = pit.done(pit.exit_id(1))
        assert isinstance(first.outcome, Unknown)
        assert isinstance(second.outcome, Accepted)
        assert pit.desk.lots == {}
        assert pit.desk.inflight.of("exit") == []


async def test_while_an_exit_is_unknown_its_market_takes_no_entries(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start_orders()
        await bought(pit)
        pit.orders.faults.append(lost(taken=False))
        await trio.sleep(5.0)
        assert pit.desk.is_frozen(HOME)

        await trio.sleep(LATE_COPY_REFUSED_S + 10.0)
        assert not pit.desk.is_frozen(HOME)
        assert len(exits(pit)) == 2, "proved absent, it is sold under a new id"
        assert pit.position_centi() == 0


async def test_an_exit_that_waits_for_its_outcome_holds_up_no_other(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start_orders()
        for key, ticker in ((KEY, HOME), (NEXT, AWAY)):
            pit.play(
                key,
                (pit.leg("ask", 2_000 if ticker == AWAY else 4_200, 500, ticker=ticker, key=key),),
            )
            pit.fire(key)
        await trio.sleep(0.1)
        hear_fills(pit)
        pit.orders.faults.append(lost(taken=False))
        await trio.sleep(5.0)

        assert sorted([pit.position_centi(HOME), pit.position_centi(AWAY)]) == [-500, 0]


@pytest.mark.parametrize("after_s", [0.0, 0.015, 1.0])
@pytest.mark.parametrize("what", [None, "too slow", "lost", "hung up"])
async def test_exits_that_die_lose_no_lot_and_sell_nothing_twice(
    autojump_clock: MockClock, what: str | None, after_s: float
) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start_orders()
        await bought(pit)
        (plan,) = pit.desk.plans.values()
        if what is not None:
            pit.orders.faults.append(UNKNOWN[what])
        await trio.sleep_until(plan.due_ns / 1e9 + after_s)
        await pit.kill("exits")
        await pit.start("exits")
        await trio.sleep(15.0)

        assert len(exits(pit)) == 1
        assert pit.position_centi() == 0
        assert pit.desk.lots == {}
        assert not pit.desk.is_frozen(HOME)


@pytest.mark.parametrize("side", ["bid", "ask"])
async def test_what_the_fills_have_said_the_venue_is_not_asked_again(
    autojump_clock: MockClock, side: Side
) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start_orders()
        await bought(pit, side=side)
        pit.reads.asked.clear()
        await trio.sleep(5.0)

        assert pit.position_centi() == 0
        assert not any("positions" in path for path in pit.reads.asked)


async def test_who_is_turned_away_at_the_door_has_used_up_no_attempt(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start_orders()
        await bought(pit)
        turned = 2 * pit.profile.exits.attempts
        pit.orders.faults.extend([refused(429, "slow_down")] * turned)
        await trio.sleep(60.0)

        assert len(exits(pit)) == turned + 1
        assert pit.position_centi() == 0
        assert pit.said(ExitHeld) == []


async def test_a_lot_that_is_told_of_twice_is_one_lot(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        await bought(pit)
        (lot,) = pit.desk.lots.values()
        pit.trading.executor.to_exits.post(
            Lot(plan=lot.plan, count_centi=CentiContracts(lot.left_centi))
        )
        await trio.sleep(0.1)

        assert list(pit.desk.lots.values()) == [lot]
        assert lot.left_centi == 1_000


async def test_a_lot_that_came_while_the_exits_were_away_is_sold_when_they_are_back(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start_orders()
        await pit.kill("exits")
        await bought(pit)
        await trio.sleep(30.0)
        back_s = trio.current_time()

        await pit.start("exits")
        await trio.sleep(1.0)

        (sold,) = exits(pit)
        assert sold.at_s < back_s + 0.01, "it was due long ago"
        assert pit.position_centi() == 0


@pytest.mark.parametrize("missing", ["signer", "exit_lines"])
async def test_what_it_takes_to_send_is_waited_for_however_long_and_costs_no_attempt(
    autojump_clock: MockClock, missing: str
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        await bought(pit)
        await pit.kill(missing)
        await trio.sleep(DUE_S + 60.0)
        assert exits(pit) == []
        (lot,) = pit.desk.lots.values()
        assert lot.attempts == 0

        await pit.start(missing)
        await trio.sleep(5.0)
        assert pit.position_centi() == 0


async def test_an_exit_that_cannot_be_written_down_does_not_leave_and_halts_trading(
    autojump_clock: MockClock,
) -> None:
    with pytest.raises(BaseExceptionGroup) as failed:  # noqa: PT012 - the pit ends with its actor
        async with open_pit(speed=600.0) as pit:
            await pit.start_orders()
            await bought(pit)
            await pit.kill("journal")
            pit.disk.fail_at(1, OSError(errno.ENOSPC, "no space left on device"), lasting=True)
            await trio.sleep(5.0)

    assert all(isinstance(leaf, JournalFailed) for leaf in leaves(failed.value))
    assert exits(pit) == []
    assert pit.state() == "HALTED"
    assert pit.desk.lots.keys() == {pit.entry_id()}, "whoever comes next finds it"


async def test_a_refused_exit_is_tried_again_as_another_order(autojump_clock: MockClock) -> None:
    async with open_pit(speed=600.0) as pit:
        await pit.start_orders()
        await bought(pit)
        pit.orders.faults.append(refused(429, "too_many_requests"))
        await trio.sleep(5.0)

        first, second = exits(pit)
        assert first.client_order_id != second.client_order_id
        assert second.at_s - first.at_s >= pit.profile.exits.retry_s
        assert isinstance(pit.done(pit.exit_id(1))[0].outcome, Rejected)
        assert pit.position_centi() == 0
