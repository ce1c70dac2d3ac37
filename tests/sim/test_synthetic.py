"""Laws of days longer than any real one."""

import pytest

from actors.sim.script import DayScript
from actors.sim.synthetic import LANES, PACE, synthetic_day
from actors.sim.timetable import lay_out

HOURS = 2.0


@pytest.fixture(scope="module")
def day() -> DayScript:
    return synthetic_day(1, HOURS)


def test_it_fills_the_hours_asked_for(day: DayScript) -> None:
    ends_s = lay_out(day, PACE).ends_s

    assert 3600 * HOURS <= ends_s <= 3600 * HOURS + 600


def test_it_is_a_function_of_its_seed(day: DayScript) -> None:
    assert synthetic_day(1, HOURS) == day
    assert synthetic_day(2, HOURS) != day


def test_every_match_is_listed_under_a_name_of_its_own(day: DayScript) -> None:
    assert len({match.match for match in day.matches}) == len(day.matches) > 50


def test_the_lanes_are_never_idle_for_long(day: DayScript) -> None:
    matches = lay_out(day, PACE).matches
    step_s, end_s = 10.0, 3600 * HOURS - 300

    at_work = [
        sum(match.kickoff_s <= at * step_s < match.ends_s for match in matches)
        for at in range(2, int(end_s / step_s))
    ]
    assert max(at_work) <= LANES + 1
    assert sum(at_work) / len(at_work) > LANES - 0.6


def test_a_goal_falls_about_every_twenty_seconds(day: DayScript) -> None:
    goals = sum(len(match.goals) for match in day.matches)

    assert 15 < 3600 * HOURS / goals < 30


def test_no_goal_is_marked(day: DayScript) -> None:
    assert all(goal.reaction == "drawn" for match in day.matches for goal in match.goals)
