"""Laws of the trading part as a whole: what outlives an actor, and what outlives the process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio
from hypothesis import given, settings, strategies as st
from trio.testing import MockClock

from actors.messages.records import OrderOutcome, PassedRow, TradingState
from actors.messages.trading import Lot
from actors.runtime.disk import MemoryDisk
from actors.runtime.memory import MemoryNetwork, SeededEnv, run_seeded
from actors.runtime.segments import read
from actors.sim.venue.engine import Venue
from actors.trader.resolver import LATE_COPY_REFUSED_S
from tests.runtime.journals import CODEC, FOLDER, memory_disk
from tests.trader.door import Fault, garbage, hung_up, lost, slow
from tests.trader.glass import intents
from tests.trader.pit import AWAY, EVENT, HOME, KEY, TIE, US, Pit, open_pit, open_venue, quiet_books

SPEED = 100.0
DUE_S = 3.0
FATES: dict[str, Fault | None] = {
    "answered": None,
    "lost": lost(taken=True),
    "never arrived": lost(taken=False),
    "hung up": hung_up(taken=True),
    "garbage": garbage(taken=True),
    "too slow": slow(4.0),
}


def new_venue() -> Venue:
    """Open a venue that outlives the processes of a test."""
    venue = open_venue(SeededEnv(9, MemoryNetwork(9)), read_lag_s=0.25)
    quiet_books(venue)
    return venue


async def live(pit: Pit) -> None:
    """Start everything that trades and writes, as the tree does."""
    await pit.start("journal", "auditor", "signer", "market_data", "entry_lines", "exit_lines")
    await pit.start("exits", "catalogue", "executor")


def entries(disk: MemoryDisk) -> list[tuple[str, str, str]]:
    """Return goal, market and side of every entry ever intended."""
    return [
        (each.state, each.ticker, each.side) for each in intents(disk) if each.purpose == "entry"
    ]


def venue_ids(venue: Venue) -> list[str]:
    """Return the client order id of every order of ours that the venue took."""
    view = venue.floor.account(US).view
    assert view is not None
    view.advance(venue.now_us() + 10**9)
    return [each.client_order_id for each in view.orders.values()]


async def test_what_the_catalogue_says_decides_which_books_are_followed(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start("market_data")
        assert not pit.desk.books.whole(HOME)
        await pit.start("catalogue")
        await trio.sleep(1.0)
        assert all(pit.desk.books.whole(ticker) for ticker in (HOME, AWAY, TIE))

        for ticker in (HOME, AWAY, TIE):
            pit.venue.close_market(ticker)
        await trio.sleep(3.0)
        assert not any(pit.desk.books.whole(ticker) for ticker in (HOME, AWAY, TIE))


async def test_a_match_that_is_settled_binds_no_budget(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await pit.start("catalogue")
        await pit.start_orders()
        pit.play()
        pit.fire()
        await trio.sleep(1.0)
        assert pit.desk.exposure.open_match_micros(EVENT) > 0

        for ticker in (HOME, AWAY, TIE):
            pit.venue.close_market(ticker)
            pit.venue.determine(ticker, "no")
        await trio.sleep(5.0)
        assert pit.desk.exposure.open_match_micros(EVENT) == 0
        assert pit.desk.exposure.spent_day_micros > 0


async def test_exits_have_connections_and_signatures_that_no_entry_can_use_up(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.orders.faults.extend([lost(taken=False)] * 3)
        limits = {HOME: 5_000, AWAY: 3_000, TIE: 3_000}
        pit.play(KEY, tuple(pit.leg("bid", limit, ticker=leg) for leg, limit in limits.items()))
        assert len(pit.fire()) == 3
        while pit.desk.entry_headers.take(pit.env.now_ns()):
            pass

        assert pit.desk.entries.take_free() is None
        assert pit.desk.exits.take_free() is not None
        assert pit.desk.exit_headers.fresh(pit.env.now_ns()) > 0


async def test_every_change_of_the_trading_state_is_put_on_record(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        pit.desk.state.halt("operator", "lunch")
        pit.desk.state.clear("operator")

        said = [(each.state, each.reason) for each in pit.said(TradingState)]
        assert said[0] == ("HALTED", "boot: not reconciled yet")
        assert said[-2:] == [("HALTED", "operator: lunch"), ("ACTIVE", "cleared: operator")]


async def test_a_goal_is_traded_once_over_restarts(autojump_clock: MockClock) -> None:
    disk, venue = memory_disk(), new_venue()
    for life in range(3):
        async with open_pit(disk=disk, venue=venue) as pit:
            await live(pit)
            await trio.sleep(0.5)
            pit.play()
            assert len(pit.fire()) == (1 if life == 0 else 0)
            await trio.sleep(0.5)
            assert venue_ids(venue) == [pit.entry_id()]

    passed = [each.record for each in read(disk, FOLDER, CODEC)]
    assert [each.reason for each in passed if isinstance(each, PassedRow)] == ["duplicate"] * 2


async def test_a_key_is_traded_even_if_the_process_died_before_its_first_byte_left(
    autojump_clock: MockClock,
) -> None:
    disk, venue = memory_disk(), new_venue()
    async with open_pit(disk=disk, venue=venue) as pit:
        await pit.start("journal", "signer", "entry_lines")
        pit.env.breaks.append(0.0)
        pit.play()
        pit.fire()

    async with open_pit(disk=disk, venue=venue) as again:
        await live(again)
        again.play()
        again.trading.fire(again.trigger())
        await trio.sleep(1.0)
        assert again.desk.is_frozen(HOME), "nobody knows yet that it never left"
        assert again.desk.exposure.open_account_micros > 0

        await trio.sleep(LATE_COPY_REFUSED_S + 10.0)
        assert not again.desk.is_frozen(HOME)
        assert again.desk.exposure.open_account_micros == 0
    assert venue_ids(venue) == []


@pytest.mark.parametrize("away_s", [0.5, 10.0])
async def test_the_sale_is_at_its_time_or_at_once_if_that_has_passed(
    autojump_clock: MockClock, away_s: float
) -> None:
    disk, venue = memory_disk(), new_venue()
    async with open_pit(disk=disk, venue=venue, speed=SPEED) as pit:
        await live(pit)
        pit.play()
        (sent,) = pit.fire()
        await trio.sleep(1.0)
    due_s = sent.gated_ns / 1e9 + DUE_S
    await trio.sleep(away_s)

    async with open_pit(disk=disk, venue=venue, speed=SPEED) as again:
        back_s = trio.current_time()
        await live(again)
        assert again.desk.lots.keys() == {sent.client_order_id}
        await trio.sleep(DUE_S)

        (sold,) = again.orders.orders
        assert sold.body["reduce_only"] is True
        assert max(due_s, back_s) <= sold.at_s < max(due_s, back_s) + 0.5
        assert again.position_centi() == 0

    async with open_pit(disk=disk, venue=venue) as third:
        assert third.desk.lots == {}, "what is sold is not sold again"
        assert third.desk.exposure.open_account_micros == 0
        assert third.desk.exposure.spent_day_micros > 0


async def test_a_persons_halt_outlives_the_process(autojump_clock: MockClock) -> None:
    disk, venue = memory_disk(), new_venue()
    async with open_pit(disk=disk, venue=venue) as pit:
        await live(pit)
        pit.desk.state.halt("operator", "stop it")
        await trio.sleep(1.0)

    async with open_pit(disk=disk, venue=venue) as again:
        assert again.desk.state.reasons == ("operator: stop it",)


async def test_a_lot_says_once_what_it_is_a_lot_of(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.play()
        (sent,) = pit.fire()
        await trio.sleep(1.0)
        (lot,) = pit.desk.lots.values()
        # Said again, as by an executor that died between two words.
        pit.trading.inboxes[1].post(Lot(plan=lot.plan, count_centi=sent.count_centi))
        await trio.sleep(1.0)

        assert len(pit.desk.lots) == 1
        assert lot.left_centi == 1_000


@given(
    entry=st.sampled_from(sorted(FATES)),
    leave=st.sampled_from(sorted(FATES)),
    died_s=st.lists(st.floats(0.0, 6.0), min_size=1, max_size=3),
    power=st.booleans(),
)
@settings(max_examples=6)
def test_a_process_that_dies_at_any_instant_sells_what_it_holds_and_trades_nothing_twice(
    *, entry: str, leave: str, died_s: list[float], power: bool
) -> None:
    run_seeded(0, partial(_lives, power=power), entry, leave, died_s)


async def _lives(entry: str, leave: str, died_s: list[float], *, power: bool) -> None:
    disk, venue = memory_disk(), new_venue()
    for life_s in died_s:
        async with _life(disk, venue, entry, leave):
            await trio.sleep(life_s)
        if power:
            # What was not on the disk yet is gone, and the last of it torn.
            disk.crash()

    async with _life(disk, venue, entry, leave) as pit:
        with trio.fail_after(3 * LATE_COPY_REFUSED_S):
            # The entry is known, then it is sold, and at worst sold once more.
            for _ in range(3):
                await trio.sleep(DUE_S + 2.0)
                await pit.desk.inflight.quiet()
        assert pit.desk.lots == {}
        assert not pit.desk.is_frozen(HOME)
        assert pit.desk.exposure.open_account_micros == 0

    assert entries(disk) == [(KEY.state, HOME, "bid")]
    names = venue_ids(venue)
    assert len(names) == len(set(names))
    assert venue.position_centi(US, HOME) == 0
    said = [entry.record for entry in read(disk, FOLDER, CODEC)]
    known = {
        each.client_order_id
        for each in said
        if isinstance(each, OrderOutcome) and each.outcome != "unknown"
    }
    assert known == {each.client_order_id for each in intents(disk)}


@asynccontextmanager
async def _life(disk: MemoryDisk, venue: Venue, entry: str, leave: str) -> AsyncIterator[Pit]:
    """Live once: take up what is there, and hear of the goal as if for the first time."""
    seldom = {"poll_s": 60.0}
    async with open_pit(disk=disk, venue=venue, speed=SPEED, catalogue=seldom) as pit:
        fates = {pit.entry_id(): FATES[entry], pit.exit_id(1): FATES[leave]}
        pit.orders.fates |= {name: fate for name, fate in fates.items() if fate is not None}
        await live(pit)
        pit.play()
        pit.fire()
        yield pit
