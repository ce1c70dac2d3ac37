"""Cricket: innings of runs, wickets and balls. Pure.

A step is one delivery, or a wicket without one. Who scored is who gained by it: the
side at bat by runs, the side in the field by a wicket or a ball without a run.
"""

import re
from typing import Final

import attrs
from typing_extensions import override

from actors.model.score import Score, Team

OVER: Final = 6
"""Balls."""
ALL_OUT: Final = 10
_RUNS: Final = range(7)
"""Of one ball that counts."""
_EXTRAS: Final = range(1, 8)
"""Of a wide or a no-ball, which does not count as a ball."""
_DELIVERIES: Final = (
    *((runs, wicket, 1) for wicket in (0, 1) for runs in _RUNS),
    *((runs, wicket, 0) for wicket in (0, 1) for runs in _EXTRAS),
    (0, 1, 0),
)
"""Runs, wickets and balls by which one delivery moves an innings; the last is a wicket
without a ball, as for a batter who comes too late."""
_INNINGS: Final = re.compile(r"(home|away) (\d{1,4})/(\d{1,2}) (\d{1,4})\.([0-5])", re.ASCII)


@attrs.frozen
class Innings:
    """One side's turn at bat."""

    team: Team
    runs: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    wickets: int = attrs.field(
        default=0, validator=attrs.validators.and_(attrs.validators.ge(0), attrs.validators.le(10))
    )
    balls: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    """That count: what a scoreboard calls 19.4 are 118."""

    @property
    def text(self) -> str:
        """``"home 187/5 19.4"``; a whole over is never written as six balls."""
        overs, balls = divmod(self.balls, OVER)
        return f"{self.team} {self.runs}/{self.wickets} {overs}.{balls}"


@attrs.frozen
class CricketScore(Score):
    """Every innings so far; ``home`` and ``away`` are the runs of all: make one by ``of``."""

    innings: tuple[Innings, ...] = ()

    def __attrs_post_init__(self) -> None:
        if (self.home, self.away) != _runs(self.innings):
            raise ValueError(f"{self.home}-{self.away} runs do not follow from the innings")

    @classmethod
    def of(cls, *innings: Innings) -> "CricketScore":
        """Return the score with the runs added up."""
        home, away = _runs(innings)
        return cls(home, away, innings)

    @property
    @override
    def text(self) -> str:
        """``"home 187/5 20.0, away 12/1 2.3"``; empty before the first innings."""
        return ", ".join(one.text for one in self.innings)


@attrs.frozen
class Cricket:
    """Cricket by the rules of one competition."""

    overs: int | None = 20
    """Of each innings; ``None`` where there is no limit."""
    innings: int = attrs.field(default=2, validator=attrs.validators.ge(2))
    """Of both sides together: two, or four where a match lasts for days."""

    def admits(self, score: Score) -> bool:
        """Return whether ``score`` is told by innings."""
        return type(score) is CricketScore

    def state(self, score: Score) -> str:
        """Return every innings: ``"home 187/5 20.0, away 12/1 2.3"``."""
        return score.text

    def read(self, state: str) -> Score | None:
        """Return the score of which ``state`` is the text."""
        innings: list[Innings] = []
        for one in state.split(", ") if state else []:
            found = _INNINGS.fullmatch(one)
            if found is None or int(found[3]) > ALL_OUT:
                return None
            team: Team = "home" if found[1] == "home" else "away"
            balls = OVER * int(found[4]) + int(found[5])
            innings.append(Innings(team, int(found[2]), int(found[3]), balls))
        score = CricketScore.of(*innings)
        return score if score.text == state else None

    def next_scores(self, score: Score) -> tuple[Score, ...]:
        """Return everything that the next delivery can make of ``score``."""
        if not isinstance(score, CricketScore) or self._is_over(score):
            return ()
        *before, now = score.innings
        return tuple(
            CricketScore.of(*before, _after(now, *moved))
            for moved in _DELIVERIES
            if now.wickets + moved[1] <= ALL_OUT
        )

    def step(self, before: Score, after: Score) -> Team | None:
        """Return who gained by the one delivery between the two scores."""
        if not (isinstance(before, CricketScore) and isinstance(after, CricketScore)):
            return None
        moved = _moved(before, after)
        if moved not in _DELIVERIES or self._is_over(before):
            return None
        batting = before.innings[-1].team
        runs, wickets, _ = moved
        if runs and not wickets:
            return batting
        return "away" if batting == "home" else "home"

    def is_behind(self, older: Score, newer: Score) -> bool:
        """Return whether deliveries and further innings lead from ``older`` to ``newer``."""
        if not (isinstance(older, CricketScore) and isinstance(newer, CricketScore)):
            return False
        if older == newer or len(older.innings) > len(newer.innings):
            return False
        if not older.innings:
            return True
        *done, now = older.innings
        then = newer.innings[len(done)]
        if tuple(done) != newer.innings[: len(done)] or now.team != then.team:
            return False
        if now != then and self._is_over(older):
            return False
        return now.runs <= then.runs and now.wickets <= then.wickets and now.balls <= then.balls

    def legal_decrease(self, before: Score, after: Score) -> bool:
        """Return whether a batter who was out is in again, or a ball was called no-ball.

        A review by the umpires gives back a wicket and nothing else. A no-ball that is called
        afterwards takes the ball back, gives a run for it, and with it perhaps the wicket.
        """
        if not (isinstance(before, CricketScore) and isinstance(after, CricketScore)):
            return False
        return _moved(before, after) in {(0, -1, 0), (1, 0, -1), (1, -1, -1)}

    def is_traded_in(self, period: str) -> bool:
        """Return whether ``period`` is an innings: ``"I1"``."""
        return period[:1] == "I" and period[1:].isdecimal() and period[1:].isascii()

    def _is_over(self, score: CricketScore) -> bool:
        # Whether no delivery can follow in the innings that stands last.
        if not score.innings or len(score.innings) > self.innings:
            return True
        now = score.innings[-1]
        if now.wickets == ALL_OUT or (self.overs is not None and now.balls >= OVER * self.overs):
            return True
        chases = len(score.innings) == self.innings
        own, other = _side(score, now.team)
        return chases and own > other


def _side(score: Score, team: Team) -> tuple[int, int]:
    return (score.home, score.away) if team == "home" else (score.away, score.home)


def _runs(innings: tuple[Innings, ...]) -> tuple[int, int]:
    home = sum(one.runs for one in innings if one.team == "home")
    return home, sum(one.runs for one in innings) - home


def _after(now: Innings, runs: int, wickets: int, balls: int) -> Innings:
    return Innings(now.team, now.runs + runs, now.wickets + wickets, now.balls + balls)


def _moved(before: CricketScore, after: CricketScore) -> tuple[int, int, int] | None:
    # By how much the innings that stands last has moved; ``None`` if anything else has.
    if not before.innings or len(before.innings) != len(after.innings):
        return None
    (*done, now), (*same, then) = before.innings, after.innings
    if done != same or now.team != then.team:
        return None
    return then.runs - now.runs, then.wickets - now.wickets, then.balls - now.balls
