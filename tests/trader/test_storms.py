"""Laws of storms: being turned away at the venue's door costs an exit time, and never its place."""

import pytest
import trio
from trio.testing import MockClock

from actors.messages.records_venue import DelayRow
from actors.messages.trading import ExitHeld, OrderDone, Rejected
from tests.trader.door import refused, said, slow
from tests.trader.held import DUE_S, bought, exits
from tests.trader.pit import KEY, open_pit

TOO_MANY = b'{"error":"too many requests"}'
EXPIRED = b'{"error":{"code":"header_timestamp_expired","message":"header timestamp expired"}}'


@pytest.mark.parametrize(("status", "body"), [(429, TOO_MANY), (401, EXPIRED)])
async def test_a_storm_longer_than_all_its_attempts_costs_an_exit_none_of_them(
    autojump_clock: MockClock, status: int, body: bytes
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        await bought(pit)
        storm = 5 * pit.profile.exits.attempts
        pit.orders.faults.extend(said(status, body, taken=False) for _ in range(storm))
        await trio.sleep(DUE_S + storm)

        assert len(exits(pit)) == storm + 1
        assert len({came.client_order_id for came in exits(pit)}) == storm + 1
        assert pit.position_centi() == 0
        assert pit.said(ExitHeld) == []


async def test_a_refusal_that_was_read_still_costs_an_attempt(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        await bought(pit)
        pit.orders.faults.extend(refused(400, "invalid_price") for _ in range(50))
        await trio.sleep(DUE_S + 60.0)

        assert len(exits(pit)) == pit.profile.exits.attempts
        assert len(pit.said(ExitHeld)) == 1


async def test_an_entry_that_is_turned_away_is_over_and_is_not_sent_again(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.play(KEY, (pit.leg("bid", 5_000, 1_000, key=KEY),))
        pit.orders.faults.append(said(429, TOO_MANY, taken=False))
        assert len(pit.fire(KEY)) == 1
        await trio.sleep(30.0)

        (done,) = pit.said(OrderDone)
        assert isinstance(done.outcome, Rejected)
        assert done.outcome.status == 429
        assert len(pit.orders.orders) == 1
        assert pit.desk.budget.too_many == 1
        assert pit.desk.exposure.open_account_micros == 0


async def test_what_the_venue_holds_an_order_for_is_told_after_it(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        await pit.start("catalogue")
        pit.orders.faults.append(slow(0.9))
        await bought(pit)
        await trio.sleep(2.0)

        (row,) = pit.said(DelayRow)
        assert 880_000_000 <= row.held_ns <= 930_000_000
        assert (row.series, row.orders, row.p50_ns) == ("KXWCGAME", 1, row.held_ns)
        (figure,) = pit.desk.delays.figures()
        assert figure.newest_ns == (row.held_ns,)


async def test_a_restart_in_the_storm_forgets_none_of_what_it_spared(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        await pit.start("auditor")
        await bought(pit)
        storm = 3 * pit.profile.exits.attempts
        pit.orders.faults.extend(said(429, TOO_MANY, taken=False) for _ in range(storm))
        await trio.sleep(DUE_S + 0.5 * pit.profile.exits.attempts * 1.5)
        left = len(exits(pit))
        assert pit.profile.exits.attempts < left < storm
        await pit.auditor.drain()
        disk, venue = pit.disk, pit.venue

    async with open_pit(disk=disk, venue=venue) as later:
        (lot,) = later.desk.lots.values()
        assert lot.attempts == left
        assert left - 1 <= lot.spared <= left
        await later.start_orders()
        await trio.sleep(30.0)
        assert later.position_centi() == 0
