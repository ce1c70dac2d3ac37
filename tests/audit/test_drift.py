"""The running reconciliation: what differs while we trade, at a venue that really trades."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import pytest
import trio

from actors.audit.reconciler import Meanwhile, Reconciler
from actors.messages.records import CashMoved, FillRow, Intent, Reconciled, SettlementRow
from actors.sim.venue.listing import EventTerms
from actors.sim.venue.treasury import Transfer
from tests.audit.day import Day, open_day
from tests.audit.test_reconciler import (
    RESTING,
    rest_an_exit,
    rest_an_order,
    take_a_cent,
    trade_by_hand,
    traded,
)
from tests.sim.venue.hall import AWAY, HOME, SERIES

EVERY_S = 30.0
BELIEVE_S = 10.0


@attrs.define
class Watched:
    """A reconciler at work, and what it said."""

    day: Day
    reconciler: Reconciler
    drifts: list[str] = attrs.field(factory=list)
    settled: list[tuple[str, int]] = attrs.field(factory=list)
    owes: bool = False


@asynccontextmanager
async def watched(before: Callable[[Day], None] | None = None) -> AsyncIterator[Watched]:
    """Have a reconciler watch a day while inside, which may have begun without it."""
    async with open_day() as day, trio.open_nursery() as nursery:
        if before is not None:
            before(day)
            await trio.sleep(1.0)
        found = Watched(day, day.reconciler())

        def intended(client_order_id: str) -> bool:
            known = [each for each in day.records(Intent) if isinstance(each, Intent)]
            return client_order_id in {each.client_order_id for each in known}

        def heard(trade_id: str) -> bool:
            known = [each for each in day.records(FillRow) if isinstance(each, FillRow)]
            return trade_id in {each.trade_id for each in known}

        found.reconciler.meanwhile = Meanwhile(
            owes=lambda: found.owes,
            intended=intended,
            heard=heard,
            rests=lambda client_order_id: client_order_id == RESTING,
            on_drift=found.drifts.append,
            on_settled=lambda ticker, value: found.settled.append((ticker, value)),
            every_s=EVERY_S,
            believe_s=BELIEVE_S,
        )
        await nursery.start(found.reconciler.run)
        yield found
        nursery.cancel_scope.cancel()


async def test_our_own_trades_and_settlements_are_no_drift(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with watched() as found:
        for settle in (HOME, AWAY):
            if settle == HOME:
                traded(found.day)
            await trio.sleep(3 * EVERY_S)
            found.day.hall.settle(settle, "yes")
            await trio.sleep(3 * EVERY_S)

        assert found.drifts == []
        paid = [(HOME, 1_000_000), (AWAY, 1_000_000)]
        assert found.settled == paid, "each is told once"
        rows = [row for row in found.day.records(SettlementRow) if isinstance(row, SettlementRow)]
        assert [(row.ticker, row.value_micros) for row in rows] == paid
        assert [row.phase for row in found.day.records(Reconciled)] == ["start"]  # type: ignore[attr-defined]  # they are of that class


def forget_a_heard_fill(day: Day) -> None:
    """An execution of an order of ours that the stream never brought."""
    day.make("ask", 5_200, 1_000)
    day.trade("bid", 5_200, 500, key=day.goal(), tell_fills=False)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (take_a_cent, "cash on shard 0: "),
        (trade_by_hand, "nobody intended it"),
        (rest_an_order, "it rests at the venue"),
        (forget_a_heard_fill, "never heard of"),
    ],
)
async def test_a_difference_that_lasts_is_told_once_and_ends_nothing(
    autojump_clock: trio.testing.MockClock, spoil: Callable[[Day], None], said: str
) -> None:
    async with watched() as found:
        traded(found.day)
        await trio.sleep(2 * EVERY_S)
        assert found.drifts == []
        spoil(found.day)
        await trio.sleep(EVERY_S + BELIEVE_S + 3.0)

        assert len(found.drifts) == 1
        row = found.day.last_reconciled()
        assert (row.phase, row.clean) == ("running", False)
        assert any(said in line for line in row.lines)
        assert found.drifts == row.lines[:1]
        await trio.sleep(10 * EVERY_S)
        assert len(found.drifts) == 1, "a person who goes on with it has answered for it"


async def test_an_exit_that_rests_and_is_known_to_is_no_drift(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with watched() as found:
        traded(found.day)
        rest_an_exit(found.day)
        await trio.sleep(3 * EVERY_S + BELIEVE_S)

        assert found.drifts == []


def settled_unseen(day: Day) -> None:
    """A position is settled while nobody looks."""
    traded(day)
    day.hall.settle(HOME, "no")


async def test_what_was_settled_while_nobody_looked_is_told_at_the_start(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with watched(settled_unseen) as found:
        assert found.settled == [(HOME, 0)]
        await trio.sleep(3 * EVERY_S)
        assert found.settled == [(HOME, 0)]


async def test_a_settlement_that_is_on_record_is_told_by_no_later_start(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with watched() as found:
        traded(found.day)
        await trio.sleep(1.0)
        found.day.hall.settle(HOME, "no")
        await trio.sleep(3 * EVERY_S)
        assert found.settled == [(HOME, 0)]
        # A later process that begins with this journal has it from there.
        later = attrs.evolve(found, settled=[])
        reconciler = found.day.reconciler()
        assert found.reconciler.meanwhile is not None
        reconciler.meanwhile = attrs.evolve(
            found.reconciler.meanwhile,
            on_settled=lambda ticker, value: later.settled.append((ticker, value)),
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(reconciler.run)
            await trio.sleep(3 * EVERY_S)
            nursery.cancel_scope.cancel()
        assert later.settled == []


async def test_a_difference_that_passes_is_believed_by_nobody(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with watched() as found:
        traded(found.day)
        take_a_cent(found.day)
        await trio.sleep(EVERY_S + BELIEVE_S / 2)
        found.day.hall.venue.tampers.clear()
        await trio.sleep(3 * EVERY_S)

        assert found.drifts == []


async def test_while_an_order_owes_an_answer_or_the_venue_is_away_nothing_is_told(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with watched() as found:
        take_a_cent(found.day)
        found.owes = True
        await trio.sleep(4 * EVERY_S)
        found.owes = False
        found.day.counter.shut_for = 10_000
        await trio.sleep(4 * EVERY_S)
        assert found.drifts == []

        found.day.counter.shut_for = 0
        await trio.sleep(EVERY_S + BELIEVE_S + 3.0)
        assert len(found.drifts) == 1


async def test_a_later_life_of_the_actor_goes_on_looking_and_never_ends_the_process(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with watched() as found, trio.open_nursery() as nursery:
        trade_by_hand(found.day)
        await nursery.start(found.reconciler.run)
        await trio.sleep(EVERY_S + BELIEVE_S + 3.0)

        assert found.drifts
        nursery.cancel_scope.cancel()


async def test_a_new_difference_is_told_anew(autojump_clock: trio.testing.MockClock) -> None:
    async with watched() as found:
        rest_an_order(found.day)
        await trio.sleep(EVERY_S + BELIEVE_S + 3.0)
        take_a_cent(found.day)
        await trio.sleep(2 * EVERY_S + BELIEVE_S + 3.0)

        assert len(found.drifts) == 2


@pytest.mark.parametrize("micros", [25_000_000, -25_000_000])
async def test_what_the_owner_pays_in_or_takes_out_meanwhile_is_no_drift_and_is_on_record(
    autojump_clock: trio.testing.MockClock, micros: int
) -> None:
    async with watched(lambda day: day.hall.venue.treasury.fund("us", 0, 10_000)) as found:
        traded(found.day)
        await trio.sleep(2 * EVERY_S)
        found.day.hall.venue.treasury.fund("us", 0, micros)
        await trio.sleep(3 * EVERY_S + BELIEVE_S)

        assert found.drifts == []
        moved = [row for row in found.day.records(CashMoved) if isinstance(row, CashMoved)]
        assert [(row.exchange_index, row.amount_micros) for row in moved] == [(0, micros)]
        await found.reconciler.drain()
        await found.day.auditor.drain()
        statement = found.reconciler.statement
        assert statement is not None
        assert statement.lines == ()

        # A cent, and no row of it: that is nobody's doing.
        take_a_cent(found.day)
        await trio.sleep(2 * EVERY_S + BELIEVE_S)
        assert len(found.drifts) == 1


async def test_what_moves_between_shards_meanwhile_is_no_drift(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with watched() as found:
        venue = found.day.hall.venue
        venue.list_event(
            EventTerms(
                event_ticker="KXWCGAME-OTHER",
                series_ticker=SERIES,
                title="On the other shard",
                sub_title="",
                exchange_index=3,
            )
        )
        across = venue.treasury.move_across(
            "us", source=(0, 0), target=(0, 3), micros=5_000_000, client_id=""
        )
        assert isinstance(across, Transfer)
        for _ in range(4):
            found.day.hall.clock.pass_s(0.25)
            venue.advance()
        await trio.sleep(3 * EVERY_S + BELIEVE_S)

        assert found.drifts == []
        moved = [row for row in found.day.records(CashMoved) if isinstance(row, CashMoved)]
        assert [row.amount_micros for row in moved] == [-5_000_000, 5_000_000]


async def test_nothing_explains_a_difference_for_a_key_that_may_not_read_the_owners_money(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with watched() as found:
        running = found.reconciler._running  # noqa: SLF001 - as where the start was refused it
        assert running is not None
        running.know(None)
        found.day.hall.venue.treasury.fund("us", 0, 10_000)
        await trio.sleep(2 * EVERY_S + BELIEVE_S)
        assert len(found.drifts) == 1
