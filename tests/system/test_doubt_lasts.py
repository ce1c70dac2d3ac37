"""A process that stops in the middle of a doubt, and the one after it, on a clock that jumps."""

from typing import Final

import trio

from actors.cli.seeds import SeededDay, seeded_day
from actors.feeds.unsettled import EARLIER
from actors.messages.records import Report
from actors.messages.records_review import DoubtRow
from actors.model.score import MatchId
from actors.runtime.memory import run_seeded
from actors.sim.synthetic import synthetic_day
from tests.system.stage import entries
from tests.system.test_seeded import of, until

SEED: Final = 21


async def two_lives() -> tuple[SeededDay, MatchId, int, list[bool]]:
    """Have ws go back on a goal, stop, take ws away, and begin again."""
    async with seeded_day(SEED, synthetic_day(SEED, 0.1)) as day:
        first, ws = day.tree, day.world.feeds["ws"]
        matches = [stadium.timetable.match for stadium in day.world.stadiums]

        def in_doubt() -> list[MatchId]:
            # Whatever is news next, a whistle or a goal, is overtaken by what it changed.
            ws.reorder()
            return [match for match in matches if first.race.is_in_doubt(match)]

        async with trio.open_nursery() as life:
            life.start_soon(first.root.run)
            await until(lambda: bool(in_doubt()))
            (match,) = in_doubt()
            ws.kill()
            first.root.stop()
        began_ns, second = day.env.now_ns(), day.again()
        closed, doubts = [second.race.is_in_doubt(match)], second.trading.desk.doubts
        async with trio.open_nursery() as life:
            life.start_soon(second.root.run)
            await until(lambda: match in doubts)
            closed.append(second.race.is_in_doubt(match))
            await until(lambda: match not in doubts)
            closed.append(second.race.is_in_doubt(match))
            second.root.stop()
    return day, match, began_ns, closed


def test_a_doubt_outlives_its_process_and_no_stop_decides_it() -> None:
    day, match, began_ns, closed = run_seeded(SEED, two_lives)
    told = [(row.in_doubt, row.reason) for row in of(DoubtRow, day) if row.match == match]
    judged = [row.judgement for row in of(Report, day) if row.match == match]

    assert closed == [True, True, False]
    assert told == [(True, "ws went back to 0-0"), (True, EARLIER), (False, "stands")]
    assert "overturned" not in judged, "feeds that were stopped say nothing"
    assert "restored" in judged
    assert not [one for one in entries(of(object, day, began_ns)) if one.match == match]
