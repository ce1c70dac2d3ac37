"""Laws of the exits' own connections: whatever one goal opened is sold at once if it falls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock

from actors.trader.resolver import LATE_COPY_REFUSED_S
from tests.runtime.journals import memory_disk
from tests.trader.door import Fault, slow
from tests.trader.fallen import doubt, worth
from tests.trader.glass import intents
from tests.trader.held import count_centi, exits, hear_fills
from tests.trader.pit import AWAY, HOME, KEY, TIE, Pit, open_pit

LEGS = (HOME, AWAY, TIE)
LIMITS = {HOME: 5_000, AWAY: 3_000, TIE: 3_000}


def play(pit: Pit) -> None:
    """Open every leg that a goal may have."""
    pit.play(KEY, tuple(pit.leg("bid", LIMITS[ticker], 400, ticker=ticker) for ticker in LEGS))
    assert len(pit.fire()) == len(LEGS)


async def hold(pit: Pit) -> None:
    """Have them filled."""
    play(pit)
    await trio.sleep(0.1)
    hear_fills(pit)


@asynccontextmanager
async def unanswered(*exit_faults: Fault) -> AsyncIterator[Pit]:
    """Open a pit with two lines for exits and three entries that stay out for nine seconds."""
    async with open_pit(orders={"exit_connections": 2, "response_s": 10.0}) as pit:
        await pit.start_orders()
        worth(pit, 2_000)
        pit.orders.faults.extend([slow(9.0)] * 3)
        play(pit)
        await trio.sleep(0.1)
        pit.orders.faults.extend(exit_faults)
        yield pit


def all_is_sold(pit: Pit) -> None:
    assert [pit.position_centi(ticker) for ticker in LEGS] == [0, 0, 0]
    assert pit.desk.lots == {}
    assert pit.desk.inflight.of("exit") == []
    meant = [each.client_order_id for each in intents(pit.disk)]
    assert len(set(meant)) == len(meant), "nothing was sent twice"


@pytest.mark.parametrize("entries", ["filled", "in flight"])
async def test_every_leg_of_a_goal_is_sold_in_the_step_that_hears_that_it_fell(
    autojump_clock: MockClock, entries: str
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        worth(pit, 2_000)
        await hold(pit) if entries == "filled" else play(pit)
        pit.orders.faults.extend([slow(1.0)] * 6)
        doubt(pit)

        sent = pit.desk.inflight.of("exit")
        assert {each.ticker for each in sent} == set(LEGS)
        assert {each.sent_ns for each in sent} == {pit.env.now_ns()}, "nobody was waited for"
        assert len({each.connection for each in sent}) == len(LEGS)
        assert pit.desk.exits.take_free() is not None, "one is left for another lot"
        await trio.sleep(60.0)
        all_is_sold(pit)


async def test_a_lot_beyond_the_connections_is_sold_on_the_first_that_is_free_again(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(orders={"exit_connections": 2}) as pit:
        await pit.start_orders()
        worth(pit, 2_000)
        await hold(pit)
        pit.orders.faults.extend([slow(1.0), slow(0.2)])
        began_s = trio.current_time()
        doubt(pit)
        assert len(pit.desk.inflight.of("exit")) == 2
        assert pit.desk.entries.take_free() is not None, "an entry's line serves no exit"
        await trio.sleep(60.0)

        came = [each.at_s - began_s for each in exits(pit)]
        assert len(came) == len(LEGS)
        assert came[:2] == pytest.approx([0.0, 0.0], abs=0.01)
        # The quicker answer, on its way back, and at once.
        assert came[2] == pytest.approx(0.2 + 2 * pit.orders.way_s, abs=0.01)
        all_is_sold(pit)


@pytest.mark.parametrize("exits_die", ["exits live", "exits die"])
async def test_an_entry_that_is_out_is_covered_on_the_first_line_that_is_free(
    autojump_clock: MockClock, exits_die: str
) -> None:
    async with unanswered(slow(1.0), slow(0.4)) as pit:
        began_s = trio.current_time()
        doubt(pit)
        assert len(pit.desk.inflight.of("exit")) == 2
        if exits_die == "exits die":
            await pit.kill("exits")
            await pit.start("exits")
        await trio.sleep(4.0)
        assert len(pit.desk.inflight.of("entry")) == len(LEGS), "none of them has answered yet"
        came = [each.at_s - began_s for each in exits(pit)]
        assert {str(each.body["ticker"]) for each in exits(pit)} == set(LEGS)
        assert len(came) == len(LEGS)
        if exits_die == "exits live":
            assert came[2] == pytest.approx(0.4 + 2 * pit.orders.way_s, abs=0.01)
        await trio.sleep(LATE_COPY_REFUSED_S + 60.0)
        hear_fills(pit)
        all_is_sold(pit)


async def test_a_goal_that_stands_before_a_line_was_free_leaves_its_entry_uncovered(
    autojump_clock: MockClock,
) -> None:
    async with unanswered(slow(1.0), slow(1.0)) as pit:
        doubt(pit)
        await trio.sleep(0.2)
        doubt(pit, in_doubt=False, reason="stands")
        await trio.sleep(6.0)

        assert len(pit.desk.inflight.of("entry")) == len(LEGS), "none of them has answered yet"
        assert len(exits(pit)) == 2


async def test_a_signature_is_kept_for_each_connection_and_for_its_next_rung(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(orders={"exit_connections": 5}) as pit:
        await pit.start_orders()
        assert pit.desk.exits.ready_count == 5
        assert pit.desk.exit_headers.fresh(pit.env.now_ns()) == 10


@pytest.mark.parametrize("after_s", [0.0, 0.3])
@pytest.mark.parametrize("who", ["exits", "process"])
async def test_a_death_while_every_leg_is_being_sold_sells_none_of_them_twice(
    autojump_clock: MockClock, who: str, after_s: float
) -> None:
    disk = memory_disk()
    async with open_pit(disk=disk) as first:
        await first.start("auditor")
        await first.start_orders()
        worth(first, 2_000)
        await hold(first)
        first.orders.faults.extend([slow(0.2), slow(1.0), slow(4.0)])
        doubt(first)
        assert len(first.desk.inflight.of("exit")) == len(LEGS)
        await trio.sleep(after_s)
        if who == "exits":
            await first.kill("exits")
            await trio.sleep(0.1)
            await first.start("exits")
            await trio.sleep(LATE_COPY_REFUSED_S + 60.0)
            assert [count_centi(each) for each in exits(first)] == [400] * len(LEGS)
            all_is_sold(first)
            return
        venue = first.venue
    async with open_pit(disk=disk, venue=venue) as second:
        await second.start("auditor")
        await second.start_orders()
        hear_fills(second)
        await trio.sleep(LATE_COPY_REFUSED_S + 60.0)
        all_is_sold(second)
