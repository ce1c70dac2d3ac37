"""Five protocols race; whichever one is left, every goal that it sees is traded."""

import pytest
import trio

from actors.cli.seeds import STATE, SeededDay, seeded_day
from actors.messages.codec import JournalCodec
from actors.messages.records import Intent, Triggered
from actors.runtime.memory import run_seeded
from actors.runtime.segments import read
from actors.sim.feedtiming import FIVE
from actors.sim.synthetic import synthetic_day
from tests.system.stage import T, unanswered

LONG_S = 400.0


async def a_day(hours: float, survivor: str = "") -> SeededDay:
    """Play a short day, with every feed but one dead from the start if there is a survivor."""
    async with seeded_day(5, synthetic_day(5, hours)) as day:
        for name, feed in day.world.feeds.items():
            if survivor not in {"", name}:
                feed.kill()
        with trio.move_on_after(LONG_S):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(day.tree.root.run)
                await day.tree.until_settled()
                day.tree.root.stop()
    return day


def triggered(day: SeededDay) -> list[str]:
    """Return which feed was the first to tell of each goal."""
    return [one.feed for one in _records(day, Triggered)]


def _records(day: SeededDay, kind: type[T]) -> list[T]:
    rows = (entry.record for entry in read(day.env.disk, str(STATE.journal), JournalCodec()))
    return [row for row in rows if isinstance(row, kind)]


def goals(day: SeededDay) -> int:
    return sum(race.facts["kind"] == "goal" for race in day.world.truth.races)


def test_five_protocols_race_and_at_least_four_of_them_win_something() -> None:
    day = run_seeded(5, a_day, 0.05)

    assert tuple(day.world.feeds) == tuple(FIVE)
    assert len(triggered(day)) == goals(day)
    assert len(set(triggered(day))) >= 4


@pytest.mark.parametrize("survivor", list(FIVE))
def test_the_one_feed_that_is_left_trades_every_goal_it_sees(survivor: str) -> None:
    day = run_seeded(5, a_day, 0.01, survivor)

    assert triggered(day) == [survivor] * goals(day)
    # A feed that is late finds the price gone: the goal is answered then by the reason.
    assert unanswered(_records(day, object)) == []
    assert {one.feed for one in _records(day, Intent)} <= {"", survivor}
