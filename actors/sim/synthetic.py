"""Days longer than any real one: real matches of both World Cups in three lanes.

For seeded runs of many hours. Each lane plays one match after another, drawn
from a shuffled deck of all of them; the dates are made up, the goals are not.
"""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import attrs

from actors.sim.draws import stream
from actors.sim.listing import event_ticker
from actors.sim.matchday import Fixture, matchdays
from actors.sim.reviews import NONE, Doubts, doubted
from actors.sim.script import DayScript, MatchScript, match_script
from actors.sim.timetable import MatchTimetable, Pace, Timetable, place

LANES: Final = 3
FIRST_KICKOFF: Final = datetime(2030, 1, 1, 12, tzinfo=UTC)

PACE: Final = Pace(speed=1.0, min_gap_s=10.0, max_gap_s=30.0)
"""Real speed with dead time skipped: over three lanes a goal about every twenty seconds."""


def synthetic_day(
    seed: int, hours: float, pace: Pace = PACE, *, doubts: Doubts = NONE
) -> Timetable:
    """Fill ``hours`` of the world's clock at ``pace``, goals being doubted as ``doubts`` says.

    No goal is marked for slow makers or a faster rival: these days are for statistics.
    """
    free_s, placed = [pace.open_s] * LANES, list[MatchTimetable]()
    for number, fixture in enumerate(_deck(seed)):
        kickoff_s = min(free_s)
        if kickoff_s >= 3600 * hours:
            break
        match = place(
            doubted(_scheduled(fixture, number, seed), seed, doubts), kickoff_s, pace, seed
        )
        free_s[free_s.index(kickoff_s)] = match.ends_s + pace.break_s
        placed.append(match)
    scripts = tuple(match.script for match in placed)
    day = DayScript(name=f"synthetic-{hours:g}h", seed=seed, matches=scripts)
    return Timetable(day=day, pace=pace, matches=tuple(placed))


def _scheduled(fixture: Fixture, number: int, seed: int) -> MatchScript:
    """Give the ``number``-th match a minute of its own, and so a ticker of its own."""
    kickoff = FIRST_KICKOFF + timedelta(minutes=number)
    fixture = attrs.evolve(
        fixture, date=f"{kickoff:%Y-%m-%d}", kickoff_utc_s=int(kickoff.timestamp())
    )
    return match_script(fixture, event_ticker(fixture, with_time=True), seed)


def _deck(seed: int) -> Iterator[Fixture]:
    fixtures = [match for day in matchdays().values() for match in day.matches]
    for number in itertools.count():
        stream(seed, "deck", number).shuffle(fixtures)
        yield from fixtures
