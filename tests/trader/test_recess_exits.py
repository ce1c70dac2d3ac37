"""Laws of exits and the exchange's recesses: what is due in one is sold before it, or first after.

The schedule is the simulated venue's own; only the clock is seeded.
"""

import pytest
import trio
from trio.testing import MockClock

from actors.messages.trading import ExitHeld
from actors.sim.venue.hours import Maintenance
from actors.trader.day_watch import HOURS_S, LOOK_S
from tests.runtime.journals import memory_disk
from tests.trader import test_day_watch
from tests.trader.held import bought, exits, hear_fills
from tests.trader.pit import Pit, open_pit

MARGIN_S = 20.0
DUE_S = 150.0
SETTINGS = {"after_match_s": DUE_S, "recess_margin_s": MARGIN_S}


async def watch(pit: Pit) -> None:
    """Have the desk hear of the exchange's hours, as a run does."""
    made = test_day_watch.watch(pit)
    await pit.nursery.start(made.run)


def close(pit: Pit, begins_s: float, ends_s: float) -> float:
    """Announce maintenance, in seconds from now; return when it begins on the loop's clock."""
    now_us = pit.venue.now_us()
    begins_us, ends_us = now_us + round(begins_s * 1e6), now_us + round(ends_s * 1e6)
    pit.venue.maintain(Maintenance(start_us=begins_us, end_us=ends_us))
    return trio.current_time() + begins_s


@pytest.mark.parametrize(
    ("told", "begins_s", "ends_s"),
    [
        ("before the entry", DUE_S - 100.0, DUE_S + 100.0),
        ("later", DUE_S - 1.0, DUE_S + 1.0),
        ("later", DUE_S + 5.0, DUE_S + 100.0),
    ],
    ids=["known before the entry", "announced later", "announced, within the margin of it"],
)
async def test_a_sale_that_is_due_in_a_recess_is_made_before_it(
    autojump_clock: MockClock, told: str, begins_s: float, ends_s: float
) -> None:
    async with open_pit(exits=SETTINGS) as pit:
        await pit.start_orders()
        if told == "later":
            await watch(pit)
            await bought(pit)
            await trio.sleep(40.0)
            begins_at_s = close(pit, begins_s - 40.0, ends_s - 40.0)
        else:
            begins_at_s = close(pit, begins_s, ends_s)
            await bought(pit)
            await watch(pit)
        await trio.sleep_until(begins_at_s - MARGIN_S - 1.0)
        assert exits(pit) == [], "no earlier than it must be"
        await trio.sleep_until(begins_at_s - MARGIN_S + 1.0)

        assert len(exits(pit)) == 1
        assert pit.position_centi() == 0
        assert pit.desk.lots == {}


async def test_a_recess_that_is_announced_within_its_margin_sells_as_soon_as_it_is_heard_of(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(exits={**SETTINGS, "recess_margin_s": 140.0}) as pit:
        await pit.start_orders()
        await watch(pit)
        await bought(pit)
        begins_at_s = close(pit, 100.0, DUE_S + 100.0)
        told_s = trio.current_time()
        await trio.sleep(HOURS_S + 2 * LOOK_S)

        (sold,) = exits(pit)
        assert told_s <= sold.at_s < begins_at_s
        assert pit.position_centi() == 0


async def test_a_recess_that_has_begun_costs_one_attempt_and_the_sale_comes_first_after_it(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(exits={**SETTINGS, "retry_s": 5.0}) as pit:
        await pit.start_orders()
        await watch(pit)
        await bought(pit)
        ends_at_s = close(pit, 1.0, DUE_S + 60.0) - 1.0 + DUE_S + 60.0
        await trio.sleep_until(ends_at_s - 1.0)
        assert len(exits(pit)) == 1
        assert pit.position_centi() != 0
        await trio.sleep_until(ends_at_s + 0.01)
        pit.make("bid", 4_500, 10_000)
        pit.see_books()
        await trio.sleep_until(ends_at_s + pit.profile.exits.retry_s + 1.0)

        assert len(exits(pit)) == 2
        assert pit.position_centi() == 0
        assert pit.said(ExitHeld) == []


@pytest.mark.parametrize(
    ("begins_s", "ends_s"),
    [(10.0, DUE_S - 10.0), (DUE_S + MARGIN_S + 10.0, DUE_S + 500.0)],
    ids=["over by then", "long after it"],
)
async def test_a_recess_that_a_sale_is_not_due_in_moves_nothing(
    autojump_clock: MockClock, begins_s: float, ends_s: float
) -> None:
    async with open_pit(exits=SETTINGS) as pit:
        await pit.start_orders()
        await watch(pit)
        await bought(pit)
        (plan,) = pit.desk.plans.values()
        close(pit, begins_s, ends_s)
        await trio.sleep_until(plan.due_ns / 1e9 - 1.0)
        assert exits(pit) == []
        pit.make("bid", 4_500, 10_000)
        pit.see_books()
        await trio.sleep_until(plan.due_ns / 1e9 + 1.0)

        assert len(exits(pit)) == 1
        assert pit.position_centi() == 0


async def test_a_sale_is_brought_forward_by_the_next_process_too(
    autojump_clock: MockClock,
) -> None:
    disk = memory_disk()
    async with open_pit(disk=disk, exits=SETTINGS) as pit:
        await pit.start("auditor")
        await pit.start_orders()
        await bought(pit)
        venue = pit.venue
        await pit.auditor.drain()
    async with open_pit(disk=disk, venue=venue, exits=SETTINGS) as again:
        await again.start_orders()
        hear_fills(again)
        begins_at_s = close(again, 100.0, DUE_S + 100.0)
        await watch(again)
        await trio.sleep_until(begins_at_s - MARGIN_S - 1.0)
        assert exits(again) == []
        await trio.sleep_until(begins_at_s - MARGIN_S + 1.0)
        assert again.position_centi() == 0
