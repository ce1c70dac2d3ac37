"""When it happens on the wall: match time mapped to seconds since the world's clock began.

Play runs at ``speed``, and what nobody waits for is cut: of a long stretch
without incident only its two ends are played, and the clock jumps in between.
Pure; the pace is its only setting (design section 11).
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, Literal

import attrs

from actors.model.score import MatchId, Period, Score
from actors.sim.beliefs import EVEN, Swing
from actors.sim.draws import stream
from actors.sim.matchday import HALVES
from actors.sim.script import LEVEL, DayScript, Incident, Kind, MatchScript

Step = Literal["play", "break", "kick", "review"]

STARTS: Final[dict[Period, tuple[int, int]]] = {
    "1H": (0, 45),
    "2H": (45, 90),
    "ET1": (90, 105),
    "ET2": (105, 120),
}
"""First and last minute of each period in which the ball is in play."""

MOST_CUT: Final = 0.25
ENSUING: Final[frozenset[Kind]] = frozenset({"review", "stands", "overturn", "correction"})
"""What follows from an incident before it, in a time of its own."""

assert {(start, end) for end, start in HALVES.items()} == set(STARTS.values())


@attrs.frozen(kw_only=True)
class Pace:
    """How match time becomes wall time."""

    speed: float = attrs.field(default=60.0, validator=attrs.validators.gt(0))
    """Match seconds in a second of wall time, while the ball is in play."""
    min_gap_s: float = attrs.field(default=4.0, validator=attrs.validators.gt(0))
    """Least wall time between two incidents of one match that are not ends of a break."""
    max_gap_s: float = attrs.field(default=5.5, validator=attrs.validators.gt(0))
    """Most wall time between two incidents of one match; the rest of the stretch is cut."""
    break_s: float = attrs.field(default=1.0, validator=attrs.validators.gt(0))
    """Most wall time of a break, and of the pause between one match and the next."""
    kick_s: float = attrs.field(default=0.5, validator=attrs.validators.gt(0))
    """Wall time of a kick of a shoot-out, which no market here settles on."""
    review_s: float = attrs.field(default=2.0, validator=attrs.validators.gt(0))
    """Least wall time from a goal to its review, of the review, and from a phantom to its
    correction: longer than feeds lag and makers pull, so that each is heard before the next.
    """
    open_s: float = attrs.field(default=4.0, validator=attrs.validators.ge(3))
    """Markets open so long before kick-off."""

    def wall_s(self, step: Step, match_s: float, cut: float = 0.0) -> float:
        """Return how long ``match_s`` of a match take on the wall.

        Args:
            step: What they are filled with.
            match_s: Match seconds.
            cut: How much of the longest stretch is cut as well, as a share of it:
                without that, matches played at once would score at once.
        """
        if step == "kick":
            return self.kick_s
        if step == "break":
            return min(match_s / self.speed, self.break_s)
        least_s = self.review_s if step == "review" else self.min_gap_s
        return max(min(match_s / self.speed, self.max_gap_s * (1 - cut)), least_s)


@attrs.frozen(kw_only=True)
class MatchClock:
    """What the display in the stadium shows."""

    period: Period
    played_s: float
    """Seconds since the period began; 0 where the ball is not in play."""
    elapsed_s: int
    """Seconds on the clock, counting up from kick-off over the periods; it stands in breaks."""

    @property
    def text(self) -> str:
        """The clock as feeds write it: ``"32:15"``, and ``"45+2"`` in stoppage time."""
        if self.period in STARTS:
            last = STARTS[self.period][1]
            over_s = self.elapsed_s - 60 * last
            if over_s >= 0:
                return f"{last}+{over_s // 60 + 1}"
        minutes, seconds = divmod(self.elapsed_s, 60)
        return f"{minutes:02d}:{seconds:02d}"


@attrs.frozen(kw_only=True)
class Moment:
    """An incident and its wall time."""

    at_s: float
    """Seconds since the world's clock began."""
    incident: Incident


@attrs.frozen(kw_only=True)
class MatchTimetable:
    """One match on the wall."""

    script: MatchScript
    opens_s: float
    """When its markets open."""
    moments: tuple[Moment, ...]
    speed: float

    @property
    def match(self) -> MatchId:
        """The match's id."""
        return self.script.match

    @property
    def kickoff_s(self) -> float:
        """When the ball is kicked off."""
        return self.moments[0].at_s

    @property
    def ends_s(self) -> float:
        """When everything is over."""
        return self.moments[-1].at_s

    @property
    def cuts_s(self) -> tuple[float, ...]:
        """When the match clock jumps over a stretch that is not played."""
        return tuple(
            (now.at_s + then.at_s) / 2
            for now, then in zip(self.moments, self.moments[1:], strict=False)
            if now.incident.period in STARTS and self._cut(now, then)
        )

    def clock_at(self, at_s: float) -> MatchClock:
        """Return what the clock shows ``at_s`` seconds after the world's clock began."""
        index = self._index(at_s)
        if index < 0:
            return MatchClock(period="pre", played_s=0.0, elapsed_s=0)
        past = [moment.incident for moment in self.moments[: index + 1]]
        begun = next(
            one for one in reversed(past) if one.kind == "whistle" and one.period in STARTS
        )
        period = past[-1].period
        if period not in STARTS:
            last_minute = STARTS[begun.period][1]
            return MatchClock(period=period, played_s=0.0, elapsed_s=60 * last_minute)
        now, then = self.moments[index], self.moments[index + 1]
        played_s = past[-1].at_s - begun.at_s + self._since(now, then, at_s)
        first_minute = STARTS[period][0]
        return MatchClock(
            period=period, played_s=played_s, elapsed_s=60 * first_minute + int(played_s)
        )

    def score_at(self, at_s: float) -> Score:
        """Return the true score ``at_s`` seconds after the world's clock began."""
        index = self._index(at_s)
        return self.moments[index].incident.score if index >= 0 else LEVEL

    def swing_at(self, at_s: float) -> Swing:
        """Return what red cards have made of the rates by then."""
        index = self._index(at_s)
        return self.moments[index].incident.swing if index >= 0 else EVEN

    def _index(self, at_s: float) -> int:
        return bisect_right(self.moments, at_s, key=lambda moment: moment.at_s) - 1

    def _since(self, now: Moment, then: Moment, at_s: float) -> float:
        """Return how much of the stretch between two moments has been played or jumped over."""
        since_s, until_s = at_s - now.at_s, then.at_s - at_s
        stretch_s = then.incident.at_s - now.incident.at_s
        if not self._cut(now, then):
            return stretch_s * since_s / (then.at_s - now.at_s)
        return stretch_s - until_s * self.speed if until_s <= since_s else since_s * self.speed

    def _cut(self, now: Moment, then: Moment) -> bool:
        stretch_s = then.incident.at_s - now.incident.at_s
        return stretch_s > (then.at_s - now.at_s) * self.speed + 1


@attrs.frozen(kw_only=True)
class Timetable:
    """A day on the wall."""

    day: DayScript
    pace: Pace
    matches: tuple[MatchTimetable, ...]

    @property
    def ends_s(self) -> float:
        """When the last match is over; 0 without any."""
        return max((match.ends_s for match in self.matches), default=0.0)


def lay_out(day: DayScript, pace: Pace) -> Timetable:
    """Place every match of a day on the wall.

    Matches that overlapped in reality overlap here: a later one kicks off when
    the match still running has reached that minute. Others follow one another.
    """
    placed: list[MatchTimetable] = []
    for script in day.matches:
        kickoff_s = max((_after(match, script, pace) for match in placed), default=pace.open_s)
        placed.append(place(script, kickoff_s, pace, day.seed))
    return Timetable(day=day, pace=pace, matches=tuple(placed))


def place(script: MatchScript, kickoff_s: float, pace: Pace, seed: int) -> MatchTimetable:
    """Place one match that kicks off ``kickoff_s`` after the world's clock begins."""
    return MatchTimetable(
        script=script,
        opens_s=max(0.0, kickoff_s - pace.open_s),
        moments=_moments(script, kickoff_s, pace, seed),
        speed=pace.speed,
    )


def _moments(script: MatchScript, kickoff_s: float, pace: Pace, seed: int) -> tuple[Moment, ...]:
    at_s = kickoff_s
    # What doubts add draws elsewhere, so that it moves nobody else's cut.
    usual, added = stream(seed, "pace", script.match), stream(seed, "pace of doubts", script.match)
    moments = [Moment(at_s=at_s, incident=script.incidents[0])]
    for now, then in zip(script.incidents, script.incidents[1:], strict=False):
        cut = (added if _is_added(then) else usual).uniform(0.0, MOST_CUT)
        at_s += pace.wall_s(_step(now, then), then.at_s - now.at_s, cut)
        moments.append(Moment(at_s=at_s, incident=then))
    return tuple(moments)


def _step(now: Incident, then: Incident) -> Step:
    if "kick" in {now.kind, then.kind}:
        return "kick"
    if then.kind in ENSUING:
        return "review"
    return "play" if now.period in STARTS else "break"


def _is_added(incident: Incident) -> bool:
    if incident.kind == "goal":
        return incident.verdict == "overturned"
    return incident.kind == "phantom" or incident.kind in ENSUING


def _after(placed: MatchTimetable, later: MatchScript, pace: Pace) -> float:
    """Return the earliest kick-off of ``later`` that keeps it in step with ``placed``."""
    begun_s = later.fixture.kickoff_utc_s - placed.script.fixture.kickoff_utc_s
    if begun_s >= placed.script.length_s:
        return placed.ends_s + pace.wall_s("break", begun_s - placed.script.length_s)
    return _reached(placed.moments, begun_s)


def _reached(moments: Sequence[Moment], match_s: float) -> float:
    """Return when a match has been running for ``match_s``, breaks included."""
    index = bisect_right(moments, match_s, key=lambda moment: moment.incident.at_s) - 1
    now, then = moments[index], moments[index + 1]
    share = (match_s - now.incident.at_s) / (then.incident.at_s - now.incident.at_s)
    return now.at_s + share * (then.at_s - now.at_s)
