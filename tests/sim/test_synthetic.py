"""Laws of days longer than any real one."""

import pytest

from actors.sim.synthetic import LANES, PACE, synthetic_day
from actors.sim.timetable import Timetable

HOURS = 2.0


@pytest.fixture(scope="module")
def day() -> Timetable:
    return synthetic_day(1, HOURS)


def test_it_fills_the_hours_asked_for(day: Timetable) -> None:
    assert 3600 * HOURS <= day.ends_s <= 3600 * HOURS + 600
    assert day.pace == PACE


def test_it_is_a_function_of_its_seed(day: Timetable) -> None:
    assert synthetic_day(1, HOURS) == day
    assert synthetic_day(2, HOURS) != day


def test_every_match_is_listed_under_a_name_of_its_own(day: Timetable) -> None:
    assert len({match.match for match in day.matches}) == len(day.matches) > 50


def test_the_lanes_are_never_idle_for_long(day: Timetable) -> None:
    matches = day.matches
    step_s, end_s = 10.0, 3600 * HOURS - 300

    at_work = [
        sum(match.kickoff_s <= at * step_s < match.ends_s for match in matches)
        for at in range(2, int(end_s / step_s))
    ]
    assert max(at_work) == LANES
    assert sum(at_work) / len(at_work) > LANES - 0.1


def test_a_goal_falls_about_every_twenty_seconds(day: Timetable) -> None:
    goals = sum(len(match.script.goals) for match in day.matches)

    assert 15 < 3600 * HOURS / goals < 30


def test_no_goal_is_marked(day: Timetable) -> None:
    assert all(goal.reaction == "drawn" for match in day.matches for goal in match.script.goals)
