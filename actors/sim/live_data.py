"""What the venue's live data says of a match, and how late it says it.

Fields as in reference ``kalshi.md`` section 4 and, for the points and the widget's
status, ``feeds.md`` section 2.5: a goal that was taken back is simply no longer there.
"""

from collections.abc import Sequence
from typing import Final

from actors.model.score import Team
from actors.sim.course import Course
from actors.sim.draws import stream
from actors.sim.script import Incident
from actors.sim.timetable import MatchClock

LEAST_S: Final = 2.0
MOST_S: Final = 6.0
"""Wall time between what happens and the venue's word of it: far behind every score feed."""
HALVES: Final = {"1H": "1st", "2H": "2nd"}
"""The venue's words for the periods in play; it calls the rest what we do."""


def delay_s(seed: int, match: str, number: int) -> float:
    """Return how late the ``number``-th report of a match is; it depends on nothing else."""
    return stream(seed, "live_data", match, number).uniform(LEAST_S, MOST_S)


def details(course: Course, now_s: float, wall_us: int) -> dict[str, object]:
    """Return a match's live data as it is true now.

    Args:
        course: How the match has gone.
        now_s: This moment on the timetable's clock.
        wall_us: The same moment since 1970, by the venue's clock.
    """
    clock = course.clock_at(now_s)
    begun, over = course.incident is not None, course.is_over
    score = course.score
    phase = "finished" if over else "live" if begun else "pre"
    half = HALVES.get(clock.period, clock.period) if begun else ""
    shown = _minute(clock) if begun else ""
    words: dict[str, object] = {
        "status": "closed" if over else "live" if begun else "not_started",
        "widget_status": phase,
        "status_text": f"{half} - {shown}" if clock.period in HALVES else half,
        "half": half,
        "time": shown,
        "home_same_game_score": score.home,
        "away_same_game_score": score.away,
        "home_points": score.home,
        "away_points": score.away,
        "winner": _winner(course) if over else "",
    }
    for side in ("home", "away"):
        words[f"{side}_significant_events"] = [
            {"event_type": "score_change", "time": _minute(_clock_of(course, goal))}
            for goal in _goals(course.goals, side)
        ]
    if course.goals:
        # When it happened, however much later the report of it comes and whatever caused that.
        since_us = round(1e6 * (now_s - _moment_s(course, course.goals[-1])))
        words["last_play"] = {
            "description": f"Goal, {score.text}.",
            "occurence_ts": (wall_us - since_us) // 1_000_000,
        }
    return words


def _goals(goals: Sequence[Incident], side: Team) -> list[Incident]:
    return [goal for goal in goals if goal.side == side]


def _clock_of(course: Course, goal: Incident) -> MatchClock:
    return course.clock_at(_moment_s(course, goal))


def _moment_s(course: Course, goal: Incident) -> float:
    return next(each.at_s for each in course.timetable.moments if each.incident is goal)


def _minute(clock: MatchClock) -> str:
    text = clock.text
    return f"{text}'" if "+" in text else f"{clock.elapsed_s // 60 + 1}'"


def _winner(course: Course) -> str:
    lead = course.score.home - course.score.away
    return "home" if lead > 0 else "away" if lead < 0 else ""
