"""Laws of what is true of a match."""

from actors.model.score import Score
from actors.sim.course import Course
from tests.sim.pitch import timetable

EXTRA_TIME = "2026-07-01"


def course(until: str | None = None) -> Course:
    """England vs DR Congo or, for extra time, Belgium vs Senegal, up to a whistle."""
    number = 1 if until in {"ET1", "AET", "END"} else 0
    played = Course(timetable=timetable(EXTRA_TIME).matches[number])
    for moment in played.timetable.moments:
        played.happen(moment.incident)
        if moment.incident.period == until:
            break
    return played


def test_the_truth_is_the_sum_of_the_goals_that_stand() -> None:
    played = course("FT")

    assert played.score == played.regulation == Score(2, 1)
    assert played.is_decided
    assert not played.is_over


def test_goals_of_extra_time_do_not_count_for_the_markets() -> None:
    played = course("END")

    assert played.score == Score(3, 2)
    assert played.regulation == Score(2, 2)
    assert played.is_over


def test_before_kick_off_nothing_has_happened() -> None:
    fresh = Course(timetable=timetable(EXTRA_TIME).matches[0])

    assert fresh.score == Score(0, 0)
    assert fresh.take_back() is None
    assert not fresh.is_decided


def test_the_newest_goal_is_taken_back_first_and_the_others_stand() -> None:
    played = course()
    assert played.take_back() is None, "all is over"

    running = Course(timetable=played.timetable)
    goals = 0
    for moment in running.timetable.moments:
        running.happen(moment.incident)
        goals += moment.incident.kind == "goal"
        if goals == 2:
            break
    assert running.score == Score(1, 1)
    taken = running.take_back()
    assert taken is not None
    assert taken.goal_no == 2
    assert running.score == running.regulation == Score(0, 1)


def test_a_goal_that_markets_were_settled_on_stands() -> None:
    played = course("ET1")

    assert played.take_back() is None
    assert played.regulation == Score(2, 2)


def test_later_goals_are_counted_from_the_score_that_stands() -> None:
    played = Course(timetable=timetable(EXTRA_TIME).matches[0])
    for moment in played.timetable.moments:
        played.happen(moment.incident)
        if moment.incident.goal_no == 1 and moment.incident.kind == "goal":
            played.take_back()

    assert played.score == Score(2, 0)


def test_a_goal_can_be_taken_back_by_its_number_once() -> None:
    played = Course(timetable=timetable(EXTRA_TIME).matches[0])
    for moment in played.timetable.moments:
        played.happen(moment.incident)
        if moment.incident.goal_no == 2:
            break
    taken = played.take_back(1)

    assert taken is not None
    assert taken.goal_no == 1
    assert played.score == Score(1, 0), "the second goal stands"
    assert played.take_back(1) is None
