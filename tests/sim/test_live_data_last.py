"""The venue's live data is nobody's first word: by the bounds, for every seed, and as it runs."""

import trio
import trio.testing
from hypothesis import given, settings, strategies as st

from actors.sim.feedtiming import FIVE, draw
from actors.sim.listing import milestone_id
from actors.sim.live_data import LEAST_S, delay_s
from tests.sim.pitch import timetable, world_of

STEP_S = 0.25
"""How often the run is looked at: far less than what lies between a feed and live data."""


def test_some_feed_that_loses_nothing_is_always_earlier_than_live_data_can_be() -> None:
    sure = [timing for timing in FIVE.values() if timing.loss == 0.0]

    assert min(timing.ceiling_ms for timing in sure) < 1e3 * (LEAST_S - STEP_S)


@settings(max_examples=40)
@given(seed=st.integers(0, 2**63 - 1), number=st.integers(1, 10_000), report=st.integers(1, 100))
def test_whatever_is_drawn_a_feed_is_first(seed: int, number: int, report: int) -> None:
    drawn = [draw(timing, seed, name, number) for name, timing in FIVE.items()]
    first_s = min(each.lag_ms for each in drawn if not each.lost) / 1e3

    assert first_s < delay_s(seed, "M", report)


async def test_as_it_runs_live_data_shows_no_score_before_a_feed_has(
    autojump_clock: trio.testing.MockClock,
) -> None:
    day = timetable("2022-11-21")
    shown: set[tuple[str, int, int]] = set()
    told: set[tuple[str, int, int]] = set()
    async with world_of(day, habits=None) as on:
        await on.follow_feeds()
        await on.follow_books()
        while not on.world.over.is_set():
            live = on.world.venue.floor.live
            for feed in on.world.feeds.values():
                for state, _ in feed._shown.values():  # noqa: SLF001 - what its clients were told
                    shown.add((state.home_team, state.score.home, state.score.away))
            for stadium in on.world.stadiums:
                details = live.get(milestone_id(stadium.timetable.match), {})
                match (details.get("home_points"), details.get("away_points")):
                    case (int(home), int(away)):
                        told.add((stadium.timetable.script.fixture.home, home, away))
                    case _:
                        pass
            assert told <= shown
            await trio.sleep(STEP_S)

    assert len(told) > len(on.world.stadiums)
