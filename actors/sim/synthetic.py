"""Days longer than any real one: real matches of both World Cups in three lanes.

For seeded runs of many hours. Each lane plays one match after another, drawn
from a shuffled deck of all of them; the dates are made up, the goals are not.
"""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import attrs

from actors.sim.draws import stream
from actors.sim.listing import event_ticker
from actors.sim.matchday import Fixture, matchdays
from actors.sim.script import DayScript, MatchScript, match_script
from actors.sim.timetable import Layout, Pace

LANES: Final = 3
PAUSE_S: Final = 5 * 60
FIRST_KICKOFF: Final = datetime(2030, 1, 1, 12, tzinfo=UTC)

PACE: Final = Pace(speed=1.0, min_gap_s=10.0, max_gap_s=30.0)
"""Real speed with dead time skipped: over three lanes a goal about every twenty seconds."""


def synthetic_day(seed: int, hours: float, pace: Pace = PACE) -> DayScript:
    """Write a script that fills ``hours`` of the world's clock at ``pace``.

    No goal is marked for slow makers or a faster rival: these days are for statistics.
    """
    layout = Layout(seed=seed, pace=pace)
    free_s = [int(FIRST_KICKOFF.timestamp())] * LANES
    deck, ends_s = _deck(seed), [0.0] * LANES
    matches: list[MatchScript] = []
    while min(ends_s) < 3600 * hours:
        lane = free_s.index(min(free_s))
        script = _scheduled(next(deck), free_s[lane], seed)
        free_s[lane] += script.length_s + PAUSE_S
        ends_s[lane] = layout.place(script).ends_s
        matches.append(script)
    return DayScript(name=f"synthetic-{hours:g}h", seed=seed, matches=tuple(matches))


def _scheduled(fixture: Fixture, kickoff_utc_s: int, seed: int) -> MatchScript:
    date = f"{datetime.fromtimestamp(kickoff_utc_s, UTC):%Y-%m-%d}"
    fixture = attrs.evolve(fixture, date=date, kickoff_utc_s=kickoff_utc_s)
    return match_script(fixture, event_ticker(fixture, with_time=True), seed)


def _deck(seed: int) -> Iterator[Fixture]:
    fixtures = [match for day in matchdays().values() for match in day.matches]
    for number in itertools.count():
        stream(seed, "deck", number).shuffle(fixtures)
        yield from fixtures
