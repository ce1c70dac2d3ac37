"""Laws of a plan's early ends: profit and loss are watched by us, and outlive the process."""

from typing import cast

import attrs
import pytest
import trio
from hypothesis import given, strategies as st
from trio.testing import MockClock

from actors.messages.trading import ExitPlan
from actors.model.money import Pips
from actors.model.orders import Side
from actors.trader.assembly import write
from actors.trader.plays import early_exit_pips, entry_intent
from tests.runtime.journals import memory_disk
from tests.trader.held import exits, hear_fills
from tests.trader.pit import HOME, KEY, Pit, open_pit


async def planned(pit: Pit, side: Side, take: int, stop: int) -> ExitPlan:
    """Hold a position whose plan ends early at these distances of its limit."""
    limit = 5_000 if side == "bid" else 4_200
    leg = pit.leg(side, limit)
    take_pips, stop_pips = early_exit_pips(side, leg.limit_pips, take, stop)
    leg = attrs.evolve(leg, take_pips=take_pips, stop_pips=stop_pips)
    pit.play(KEY, (attrs.evolve(leg, form=write(entry_intent(leg, KEY))),))
    (sent,) = pit.fire()
    await trio.sleep(0.1)
    hear_fills(pit)
    assert abs(pit.position_centi()) == 1_000
    return pit.desk.plans[sent.client_order_id]


@pytest.mark.parametrize(
    ("side", "price"), [("bid", 5_600), ("bid", 3_800), ("ask", 3_600), ("ask", 5_400)]
)
async def test_it_is_left_when_the_book_touches_its_profit_or_its_loss_and_not_before(
    autojump_clock: MockClock, side: str, price: int
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        await planned(pit, cast("Side", side), 500, 1_000)
        for _ in range(2):
            pit.see_books(HOME)
            await trio.sleep(0.3)
        assert exits(pit) == []

        pit.venue.cancel_all("maker")
        pit.make("bid" if side == "bid" else "ask", price, 5_000)
        pit.see_books(HOME)
        touched_s = trio.current_time()
        await trio.sleep(1.0)

        (sold,) = exits(pit)
        assert sold.at_s - touched_s < 0.07
        assert pit.position_centi() == 0
        assert pit.desk.lots == {}


async def test_its_early_ends_outlive_the_process(autojump_clock: MockClock) -> None:
    disk = memory_disk()
    async with open_pit(disk=disk) as pit:
        await pit.start("auditor")
        await pit.start_orders()
        plan = await planned(pit, "bid", 500, 1_000)
        venue = pit.venue
        await pit.auditor.drain()

    async with open_pit(disk=disk, venue=venue) as again:
        await again.start_orders()
        (lot,) = again.desk.lots.values()
        assert (lot.plan.take_pips, lot.plan.stop_pips) == (plan.take_pips, plan.stop_pips)
        hear_fills(again)
        venue.cancel_all("maker")
        again.make("bid", 5_600, 5_000)
        again.see_books(HOME)
        await trio.sleep(1.0)
        assert again.position_centi() == 0


async def test_a_price_that_is_shown_and_not_given_leaves_attempts_for_its_time(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(speed=20.0) as pit:
        await pit.start_orders()
        await planned(pit, "bid", 0, 1_000)
        pit.venue.cancel_all("maker")
        pit.make("bid", 3_800, 100)
        pit.see_books(HOME)
        pit.venue.cancel_all("maker")
        for _ in range(8):
            pit.desk.books.proved_ns = pit.env.now_ns()
            await trio.sleep(1.0)
        assert len(exits(pit)) == 3
        pit.make("bid", 4_500, 5_000)
        await trio.sleep(12.0)

        assert pit.position_centi() == 0


prices = st.integers(100, 9_900).map(Pips)
distances = st.integers(1, 5_000)


@given(limit=prices, take=distances, stop=distances)
def test_a_short_position_ends_where_a_long_one_would_in_the_mirror(
    limit: Pips, take: int, stop: int
) -> None:
    long = early_exit_pips("bid", limit, take, stop)
    short = early_exit_pips("ask", Pips(10_000 - limit), take, stop)

    assert short == (10_000 - long[0], 10_000 - long[1])
    assert early_exit_pips("bid", limit, 0, 0) == (0, 0)
