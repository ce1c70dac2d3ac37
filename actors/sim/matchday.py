"""Real matches: who played, when, and who scored in which minute.

From the openfootball project's two World Cup files (``data/LICENSE``). What is
irregular in them is put right by three rules, and every use of one is noted on
the match:

- a goal after minute 90 of a match without extra time fell in stoppage time;
- the half-time score is that of the goals, whatever the file says;
- a match without a list of goals had none.

Goals are listed under the side that they count for, own goals too.
"""

import difflib
import functools
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from importlib import resources
from typing import Any, Final

import attrs

from actors.model.score import Score, Team
from actors.sim.errors import BadMatchData, UnknownMatchday

FILES: Final = ("openfootball_worldcup2022.json", "openfootball_worldcup2026.json")
DEFAULT: Final = "2026-07-01"
"""Three matches one after the other, nine goals in regulation, one match with extra time."""

QATAR: Final = timezone(timedelta(hours=3))
"""Zone of the kick-offs of 2022, whose file names none."""

HALVES: Final[Mapping[int, int]] = {45: 0, 90: 45, 105: 90, 120: 105}
"""Last minute of each period, and the minute it starts from; stoppage time follows the last."""


@attrs.frozen(kw_only=True)
class Goal:
    """One goal, as the data has it: the minute, not the second."""

    side: Team
    """Whom it counts for."""
    scorer: str
    minute: int
    """From 1; the first minute of a match is 1, and 46 opens the second half."""
    added: int = 0
    """Minutes of stoppage time, 2 for "45+2"; 0 in the period's own minutes."""
    penalty: bool = False
    own_goal: bool = False

    @property
    def period_end(self) -> int:
        """The last regular minute of the period it fell in: 45, 90, 105 or 120."""
        return min(end for end in HALVES if self.minute <= end)

    @property
    def in_regulation(self) -> bool:
        """Whether it counts for a market that settles on ninety minutes."""
        return self.period_end <= 90  # noqa: PLR2004 - the ninety minutes


@attrs.frozen(kw_only=True)
class Fixture:
    """One match and its result."""

    date: str
    """The local day, which names the match day."""
    kickoff_utc_s: int
    """Seconds since 1970."""
    home: str
    away: str
    stage: str
    ground: str
    regulation: Score
    """After ninety minutes and stoppage time."""
    final: Score
    """After extra time where there was any, else the same."""
    extra_time: bool
    shoot_out: Score | None
    goals: tuple[Goal, ...]
    """By minute; within one minute as the file lists them, home before away."""
    irregular: tuple[str, ...] = ()
    """Which rules this match needed, in words."""

    @property
    def name(self) -> str:
        """The match as people say it: ``"England vs Iran"``."""
        return f"{self.home} vs {self.away}"


@attrs.frozen(kw_only=True)
class Matchday:
    """Every match of one local day, by kick-off."""

    name: str
    """The day, ``"2022-11-21"``."""
    matches: tuple[Fixture, ...]

    @property
    def goals(self) -> int:
        """How many goals fell in regulation time."""
        return sum(match.regulation.home + match.regulation.away for match in self.matches)


def matchday(name: str = DEFAULT) -> Matchday:
    """Return the match day called ``name``.

    Raises:
        UnknownMatchday: No match was played that day; the message names the nearest.
    """
    days = matchdays()
    if name in days:
        return days[name]
    near = difflib.get_close_matches(name, days, n=3, cutoff=0.7)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise UnknownMatchday(f"no matches on {name[:40]!r}{hint}")


@functools.cache
def matchdays() -> Mapping[str, Matchday]:
    """Return every match day of both World Cups, by date."""
    days: dict[str, list[Fixture]] = {}
    for file in FILES:
        text = resources.files("actors.sim").joinpath("data", file).read_text("utf-8")
        for entry in json.loads(text)["matches"]:
            match = read(entry)
            days.setdefault(match.date, []).append(match)
    return {
        day: Matchday(
            name=day, matches=tuple(sorted(days[day], key=lambda m: (m.kickoff_utc_s, m.home)))
        )
        for day in sorted(days)
    }


def read(entry: Mapping[str, Any]) -> Fixture:
    """Read one match of an openfootball file.

    Raises:
        BadMatchData: Its goals do not add up to its result.
    """
    result = entry["score"]
    irregular = []
    goals = [_goal(line, "home") for line in entry.get("goals1", ())]
    goals += [_goal(line, "away") for line in entry.get("goals2", ())]
    if "goals1" not in entry:
        irregular.append("no list of goals")
    if "et" not in result:
        late = [goal for goal in goals if not goal.in_regulation]
        irregular += [f"minute {goal.minute} without extra time" for goal in late]
        goals = [_stoppage(goal) if goal in late else goal for goal in goals]
    goals.sort(key=lambda goal: (goal.period_end, goal.minute + goal.added))

    regulation, final = Score(*result["ft"]), Score(*result.get("et", result["ft"]))
    half = _sum(goals, 45)
    if "ht" not in result:
        irregular.append("no half-time score")
    elif Score(*result["ht"]) != half:
        irregular.append(f"half-time score {Score(*result['ht']).text}, goals say {half.text}")
    name = f"{entry['date']} {entry['team1']} vs {entry['team2']}"
    for last_minute, expected in ((90, regulation), (120, final)):
        if _sum(goals, last_minute) != expected:
            raise BadMatchData(f"{name}: goals do not add up to {expected.text}")
    return Fixture(
        date=entry["date"],
        kickoff_utc_s=_kickoff(entry["date"], entry["time"]),
        home=entry["team1"],
        away=entry["team2"],
        stage=entry.get("group", entry["round"]),
        ground=entry["ground"],
        regulation=regulation,
        final=final,
        extra_time="et" in result,
        shoot_out=Score(*result["p"]) if "p" in result else None,
        goals=tuple(goals),
        irregular=tuple(irregular),
    )


def _goal(line: Mapping[str, Any], side: Team) -> Goal:
    # 2022 writes {"minute": 90, "offset": 4} and 2026 {"minute": "90+4"}.
    minute, _, added = str(line["minute"]).partition("+")
    return Goal(
        side=side,
        scorer=line["name"],
        minute=int(minute),
        added=int(line.get("offset", added or 0)),
        penalty=line.get("penalty", False),
        own_goal=line.get("owngoal", False),
    )


def _stoppage(goal: Goal) -> Goal:
    return attrs.evolve(goal, minute=90, added=goal.minute + goal.added - 90)


def _sum(goals: list[Goal], last_minute: int) -> Score:
    sides = [goal.side for goal in goals if goal.period_end <= last_minute]
    return Score(sides.count("home"), sides.count("away"))


def _kickoff(date: str, time: str) -> int:
    clock, _, offset = time.partition(" UTC")
    zone = timezone(timedelta(hours=int(offset))) if offset else QATAR
    local = datetime.strptime(f"{date} {clock}", "%Y-%m-%d %H:%M").replace(tzinfo=zone)
    return int(local.astimezone(UTC).timestamp())
