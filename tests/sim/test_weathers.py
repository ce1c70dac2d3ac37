"""Laws of the list of what may go wrong: each is switched on by a plan, at once or from a file."""

import pytest
import trio.testing

from actors.sim.scene import first_night
from actors.sim.scene_file import with_faults
from actors.sim.venue.faults import CALM, request_fate
from tests.sim.test_stage import ENG, on_stage
from tests.sim.venue.weathers import WEATHERS, Weather

LISTED = (
    "lost response after commit",
    "slow response",
    "reset mid-body",
    "502, and done",
    "stale reads",
    "sequence gaps",
    "frozen stream with live pings",
    "prints told twice",
    "prints out of order",
    "clock skew",
    "tight timestamp window",
    "401 storm, of the key",
    "rate-limit storm",
    "price-structure change in play",
    "order delay",
)
"""What the venue must at least be able to do to a client."""


def test_everything_that_must_be_there_is_there_once() -> None:
    names = [weather.name for weather in WEATHERS]

    assert len(set(names)) == len(names)
    assert set(LISTED) <= set(names)


@pytest.mark.parametrize("weather", WEATHERS, ids=lambda weather: weather.name)
async def test_each_is_switched_on_and_off_by_file_and_at_once(
    autojump_clock: trio.testing.MockClock, weather: Weather
) -> None:
    plan = weather.plan(ticker=ENG)
    assert plan != CALM
    night = with_faults(first_night(), weather.values(ticker=ENG))
    assert night.faults == plan

    async with on_stage() as ready:
        server = ready.stage.server
        assert (await ready.do("faults", plan=weather.values(ticker=ENG)))["ok"] is True
        assert server.hostility.plan == plan
        assert (await ready.do("calm"))["ok"] is True
        assert server.hostility.plan == CALM


def test_what_is_drawn_is_of_the_seed_and_of_nothing_else() -> None:
    for weather in WEATHERS:
        orders = weather.plan().orders
        drawn = [
            [request_fate(seed, "order", number, orders) for number in range(50)]
            for seed in (1, 1, 2)
        ]
        assert drawn[0] == drawn[1]
