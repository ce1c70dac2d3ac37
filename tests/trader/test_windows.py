"""Laws of the window: an order that comes when the market has repriced is not sent."""

import attrs
import pytest
from hypothesis import given, strategies as st
from trio.testing import MockClock

from actors.config.sheet import Sheet
from actors.messages.trading import ExitPlan
from actors.model.money import Pips
from actors.trader.delays import Delays
from actors.trader.desk import OpenLot
from actors.trader.windows import Windows
from tests.sim.venue.hall import SERIES
from tests.trader.pit import AWAY, EVENT, KEY, open_pit
from tests.trader.test_planner import legs, planning

MS = 1_000_000


def sheet(window_ms: int, delay_ms: int) -> Sheet:
    return Sheet(
        series=SERIES,
        sport="soccer",
        settles_on="regulation",
        legs=3,
        exhaustive=True,
        tie="Tie",
        void="fair price",
        in_play_delay_ms=delay_ms,
        window_ms=window_ms,
        window_source="a test",
        reviewed="2026-11-23",
    )


@given(
    st.integers(1, 5_000),
    st.integers(0, 5_000),
    st.lists(st.integers(0, 5_000), max_size=9),
)
def test_the_longer_of_the_sheets_delay_and_the_one_that_was_met_is_taken_off_the_window(
    window: int, delay: int, met: list[int]
) -> None:
    delays = Delays()
    for ms in met:
        delays.hear(SERIES, in_play=True, answered_ns=ms * MS, probe_ns=0)
        delays.hear(SERIES, in_play=False, answered_ns=9_000 * MS, probe_ns=0)
    windows = Windows({SERIES: sheet(window, delay)}, delays)
    middle = sorted(met)[(len(met) - 1) // 2] if met else 0
    left = window - max(delay, middle)

    assert windows.left_ms(SERIES) == left
    assert windows.is_over(SERIES) == (left <= 0)
    assert not windows.is_over("another")
    assert not Windows({SERIES: sheet(0, 0)}, delays).is_over(SERIES), "nobody has measured it"


@pytest.mark.parametrize(("delay_ms", "reason"), [(499, ""), (500, "no_window")])
async def test_no_entry_is_planned_where_the_venue_holds_it_until_the_window_is_over(
    autojump_clock: MockClock, delay_ms: int, reason: str
) -> None:
    async with open_pit() as pit:
        windows = Windows({SERIES: sheet(500, delay_ms)}, pit.desk.delays)
        pit.trading.planner.too_late = windows.is_over
        await planning(pit)
        assert bool(legs(pit)) == (not reason)
        assert pit.desk.plays[KEY].reason == reason


async def test_what_a_goal_hurts_is_sold_in_its_play_though_nothing_can_be_bought_any_more(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        pit.trading.planner.too_late = lambda _series: True
        pit.desk.held_centi[AWAY] = 100
        plan = ExitPlan(
            key=attrs.evolve(KEY, state="0-1"),
            match=EVENT,
            ticker=AWAY,
            entry_side="bid",
            entry_client_order_id="entry",
            exchange_index=0,
            due_ns=1 << 62,
            due_wall_ns=1 << 62,
            floor_pips=Pips(100),
        )
        pit.desk.lots["entry"] = OpenLot(plan=plan, left_centi=100)
        await planning(pit)
        (leg,) = pit.desk.plays[KEY].legs
        assert (leg.ticker, leg.side, leg.closes) == (AWAY, "ask", plan)
