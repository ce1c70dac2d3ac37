"""Laws of lots that share a market: the venue keeps one position, and we know whose it is."""

import pytest
import trio
from trio.testing import MockClock

from actors.messages.records_review import NettedRow
from actors.messages.trading import ExitHeld
from actors.model.score import GoalKey, Score
from actors.runtime.segments import read
from tests.runtime.journals import CODEC, FOLDER
from tests.trader.door import late, slow
from tests.trader.fallen import doubt, worth
from tests.trader.held import bought, count_centi, exits, lots_are_gone
from tests.trader.pit import AWAY, EVENT, HOME, Pit, open_pit

NEXT, THIRD, FOURTH = (GoalKey(EVENT, 0, state) for state in ("2-0", "3-0", "4-0"))


def netted(pit: Pit) -> list[int]:
    rows = [each.record for each in read(pit.disk, FOLDER, CODEC)]
    return [row.count_centi for row in rows if isinstance(row, NettedRow)]


def nothing_is_held(pit: Pit) -> None:
    assert [pit.position_centi(ticker) for ticker in (HOME, AWAY)] == [0, 0]
    assert pit.said(ExitHeld) == []
    lots_are_gone(pit)
    assert pit.desk.exposure.open_account_micros == 0


async def test_opposite_lots_of_one_market_net_each_other(autojump_clock: MockClock) -> None:
    async with open_pit(speed=60.0) as pit:
        await pit.start_orders()
        await bought(pit, 1_000)
        await bought(pit, 400, key=NEXT, side="ask")
        assert pit.position_centi() == 600
        await trio.sleep(10.0)

        assert [count_centi(each) for each in exits(pit)] == [600]
        assert netted(pit) == [400, 400]
        nothing_is_held(pit)


async def test_lots_of_two_markets_never_net_each_other(autojump_clock: MockClock) -> None:
    async with open_pit(speed=60.0) as pit:
        await pit.start_orders()
        await bought(pit)
        await bought(pit, 400, side="ask", ticker=AWAY, key=NEXT)
        await trio.sleep(10.0)

        assert sorted(count_centi(each) for each in exits(pit)) == [400, 1_000]
        assert netted(pit) == []
        nothing_is_held(pit)


async def test_a_lot_whose_order_is_out_is_netted_with_nothing(autojump_clock: MockClock) -> None:
    async with open_pit(speed=60.0, orders={"response_s": 10.0}) as pit:
        await pit.start_orders()
        await bought(pit)
        # The venue takes it all at once, and says so when the next lot is long due.
        pit.orders.fates[pit.exit_id(1)] = slow(8.0)
        await trio.sleep(5.5)
        assert pit.position_centi() == 0
        await bought(pit, 400, key=NEXT, side="ask")
        assert pit.position_centi() == -400
        await trio.sleep(20.0)

        assert netted(pit) == []
        nothing_is_held(pit)


@pytest.mark.parametrize("older", [1, 2])
async def test_a_worst_case_that_sold_of_older_lots_leaves_these_smaller_and_no_others(
    autojump_clock: MockClock, older: int
) -> None:
    async with open_pit(speed=60.0) as pit:
        await pit.start_orders()
        worth(pit, 4_500)
        await bought(pit, 300, ticker=AWAY)
        for key in (NEXT, THIRD)[:older]:
            await bought(pit, 500, key=key)
        pit.orders.fates[pit.entry_id(FOURTH)] = late(1.0)
        pit.play(FOURTH, (pit.leg(count_centi=800, key=FOURTH),))
        pit.fire(FOURTH)
        doubt(pit, FOURTH, restored=Score(3, 0))
        await trio.sleep(0.5)
        assert pit.position_centi() == max(0, 500 * older - 800), "it sold what there was"
        # The entry finds nothing any more.
        pit.venue.cancel_all("maker")
        await trio.sleep(1.0)
        pit.make("bid", 4_500, 10_000)
        pit.make("bid", 2_600, 10_000, AWAY)
        await trio.sleep(20.0)

        assert sum(netted(pit)) == min(800, 500 * older)
        nothing_is_held(pit)
