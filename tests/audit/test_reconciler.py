import pytest
import trio

from actors.audit.errors import NotReconciled
from actors.messages.records import FillRow, Reconciled, SettlementRow
from actors.sim.venue.tamper import Tamper
from tests.audit.day import AWAY, HOME, open_day
from tests.sim.venue.hall import open_hall, order


async def test_a_day_that_nobody_tampered_with_differs_by_nothing(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        await day.start()
        day.make("ask", 5_200, 1_000)
        day.make("ask", 5_300, 1_000)
        entry = day.trade("bid", 5_300, 1_500)
        day.make("bid", 6_100, 700)
        day.trade("ask", 6_000, 1_500, entry=entry.client_order_id, attempt=1)
        day.make("bid", 3_900, 333, AWAY)
        day.trade("ask", 3_900, 333, ticker=AWAY, key=day.goal())
        day.hall.settle(HOME, "yes")
        day.hall.settle(AWAY, "no")

        statement = await day.end()

        assert statement is not None
        assert (statement.total_micros, statement.lines) == (0, ())
        assert statement.profit_micros == day.hall.cash("us") - 1_000_000_000
        assert day.last_reconciled().clean
        assert len(day.records(SettlementRow)) == 2
