import math

import trio
import trio.testing

from actors.sim.course import Course
from actors.sim.listing import milestone_id
from actors.sim.live_data import LEAST_S, MOST_S, delay_s, details
from actors.sim.script import LEVEL
from tests.sim.pitch import timetable, world_of


def test_a_report_is_never_nearer_than_the_floor_and_always_as_late_for_a_seed() -> None:
    drawn = [delay_s(1, "M", number) for number in range(200)]

    assert min(drawn) >= LEAST_S
    assert max(drawn) <= MOST_S
    assert drawn == [delay_s(1, "M", number) for number in range(200)]


def test_the_last_play_is_dated_when_it_happened_however_much_later_it_is_reported() -> None:
    placed = next(
        each for each in timetable("2022-11-21").matches if each.score_at(math.inf) != LEVEL
    )
    course, dated = Course(timetable=placed), []
    for moment in placed.moments:
        course.happen(moment.incident)
        for late_s in (0.0, 600.0):
            now_s = moment.at_s + late_s
            told = details(course, now_s, round(1e6 * (1_790_000_000 + now_s)))
            play = told.get("last_play")
            assert (play is None) == (not course.goals)
            if isinstance(play, dict):
                dated.append(play["occurence_ts"])
                goal_s = max(
                    each.at_s for each in placed.moments if each.incident is course.goals[-1]
                )
                assert dated[-1] == math.floor(1_790_000_000 + goal_s)

    assert len(set(dated)) == len(course.goals)


async def test_live_data_ends_at_the_score_the_match_ended_with(
    autojump_clock: trio.testing.MockClock,
) -> None:
    day = timetable("2022-11-21")
    async with world_of(day, habits=None) as on:
        await on.follow_feeds()
        await on.follow_books()
        with trio.fail_after(day.ends_s + 10):
            await on.world.over.wait()
        await trio.sleep(2 * MOST_S)

        floor = on.world.venue.floor
        assert len(floor.live) == len(on.world.stadiums)
        for stadium in on.world.stadiums:
            told = floor.live[milestone_id(stadium.timetable.match)]
            score = stadium.course.score
            for side, goals in (("home", score.home), ("away", score.away)):
                events = told[f"{side}_significant_events"]
                assert isinstance(events, list)
                assert told[f"{side}_same_game_score"] == told[f"{side}_points"] == goals
                assert len(events) == goals
            assert told["widget_status"] == "finished"
