"""Laws of what the venue's own rule about orders in play is to us: what it holds, we find."""

from typing import Final

import attrs
import pytest
import trio
from trio.testing import MockClock

from actors.messages.records_venue import DelayRow
from actors.runtime.serve import Request, Response
from actors.sim.venue.faults import FaultPlan
from actors.sim.venue.hostility import Hostility
from tests.trader.door import Door
from tests.trader.held import bought
from tests.trader.pit import SECOND_US, Pit, open_pit

DELAY_MS: Final = 700.0
BOUND_NS: Final = 10_000_000
PLAN: Final = Hostility(1, FaultPlan(venue_delay_ms=DELAY_MS))


def kicks_off(pit: Pit, in_s: float) -> None:
    """Have the match begin then, as the venue lists it and as it rules by it."""
    floor = pit.venue.floor
    begins_us = pit.venue.now_us() + round(in_s * SECOND_US)
    for market in floor.markets.values():
        market.terms = attrs.evolve(market.terms, occurrence_us=begins_us)
    for name, terms in floor.milestones.items():
        floor.milestones[name] = attrs.evolve(terms, start_us=begins_us)


@pytest.mark.parametrize("in_play", [False, True])
async def test_what_an_order_is_held_for_is_found_in_play_and_not(
    autojump_clock: MockClock, *, in_play: bool
) -> None:
    async with open_pit() as pit:

        async def held(door: Door, request: Request, _stream: trio.abc.Stream) -> Response:
            await trio.sleep(PLAN.held_s(pit.venue, request))
            return door.pass_on(request)

        pit.orders.way_s = 0.0  # Probes have none.
        kicks_off(pit, -60.0 if in_play else 600.0)
        await pit.start_orders()
        await pit.start("catalogue")
        pit.orders.faults.append(held)
        await bought(pit, after_s=2.0)

        (row,) = pit.said(DelayRow)
        assert row.in_play is in_play
        assert abs(row.held_ns - (DELAY_MS * 1e6 if in_play else 0.0)) <= BOUND_NS
        figure = pit.desk.delays.figure(row.series, in_play=in_play)
        assert figure is not None
        assert figure.newest_ns == (row.held_ns,)
        assert pit.desk.delays.figure(row.series, in_play=not in_play) is None
