"""The law of plans: each of the four is durable with its entry's intent, and outlives the process.

A timed sale, a take-profit, a stop, and holding to settlement: the first process dies with the
position, and the next one, with nothing but the journal, sees the plan through.
"""

from typing import Final, Literal

import attrs
import pytest
import trio
from trio.testing import MockClock

from actors.model.orders import Side
from tests.runtime.journals import memory_disk
from tests.trader.glass import intents
from tests.trader.held import exits, hear_fills
from tests.trader.pit import HOME, open_pit
from tests.trader.test_early_exits import planned

Plan = Literal["timed", "take_profit", "stop", "settlement"]
TAKE, STOP = 500, 1_000
AFTER_S: Final = 60.0
TOUCHED: Final = {
    ("take_profit", "bid"): 5_600,
    ("stop", "bid"): 3_800,
    ("take_profit", "ask"): 3_600,
    ("stop", "ask"): 5_400,
}
"""A price that somebody gives, at which such a plan of such an entry is to end."""


@pytest.mark.parametrize("side", ["bid", "ask"])
@pytest.mark.parametrize("kind", ["timed", "take_profit", "stop", "settlement"])
async def test_each_kind_of_plan_is_seen_through_by_the_next_process(
    autojump_clock: MockClock, kind: Plan, side: Side
) -> None:
    disk, rules = memory_disk(), {"after_match_s": AFTER_S, "attempts": 2}
    early = kind in {"take_profit", "stop"}
    async with open_pit(disk=disk, exits=rules) as pit:
        venue = pit.venue
        await pit.start("auditor")
        await pit.start_orders()
        plan = await planned(pit, side, TAKE if early else 0, STOP if early else 0)
        # It is in the entry's own intent, and so on disk before the entry left.
        (intent,) = intents(disk)
        assert (intent.purpose, intent.client_order_id) == ("entry", plan.entry_client_order_id)
        assert intent.exit_due_wall_ns == plan.due_wall_ns > 0
        assert intent.exit_floor_pips == plan.floor_pips
        assert (intent.exit_take_pips, intent.exit_stop_pips) == (plan.take_pips, plan.stop_pips)
        assert bool(plan.take_pips) == bool(plan.stop_pips) == early
        venue.cancel_all("maker")
        if kind == "settlement":
            # Nobody buys when its time has come, so that it holds to settlement.
            await trio.sleep(AFTER_S + 2.0)
            assert pit.desk.lots == {}
        sold_before = len(exits(pit))
        await pit.auditor.drain()

    async with open_pit(disk=disk, venue=venue, exits=rules) as again:
        await again.start("auditor")
        await again.start_orders()
        hear_fills(again)
        if kind == "settlement":
            assert again.desk.lots == {}
            assert again.desk.exposure.open_account_micros > 0, "what is held binds its budget"
            other: Side = "bid" if side == "bid" else "ask"
            again.make(other, 4_500, 5_000)
            await trio.sleep(2 * AFTER_S)
            assert exits(again) == [], "it is held, whatever is bid"
            assert abs(again.position_centi()) == 1_000
            assert sold_before == 2
            return
        (lot,) = again.desk.lots.values()
        assert attrs.evolve(lot.plan, due_ns=0) == attrs.evolve(plan, due_ns=0)
        assert sold_before == 0
        again.make(side, TOUCHED.get((kind, side), 4_500), 5_000)
        again.see_books(HOME)
        await trio.sleep(2.0)
        assert len(exits(again)) == int(early), "a timed one waits for its time"
        await trio.sleep(AFTER_S)
        assert len(exits(again)) == 1
        assert again.position_centi() == 0
        assert again.desk.lots == {}
        assert again.desk.exposure.open_account_micros == 0
