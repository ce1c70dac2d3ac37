"""The policy of every sport, and the sports whose score is a count for each side. Pure.

What a step is and which decreases are legal: reference ``feeds.md`` section 6. The
goal engine trades soccer alone; elsewhere the race guards what else is traded, until
a sport has a fair value of its own (design section 7).
"""

import re
from collections.abc import Mapping
from typing import Final, Literal

import attrs
from typing_extensions import override

from actors.model.score import SOCCER, Policy, Score, Sport, Team, read_pair
from actors.model.sports_cricket import Cricket
from actors.model.sports_tennis import Tennis

Half = Literal["top", "bottom"]
"""Of an inning: the away side bats first."""

TEAMS: Final[tuple[Team, Team]] = ("home", "away")
_BASKETS: Final = (1, 2, 3)
_RUNS: Final = (1, 2, 3, 4)
_QUARTERS: Final = frozenset({"Q1", "Q2", "Q3", "Q4", "H1", "H2", "OT"})
_INNING: Final = re.compile(r"(\d+-\d+) ([TB])([1-9]\d{0,2})", re.ASCII)
_MAP: Final = re.compile(r"(\d+-\d+)(?: \((\d{1,3}):(\d{1,3})\))?", re.ASCII)


@attrs.frozen
class Basketball:
    """Basketball, overtime included: one to three points at once.

    A three that was a two after all is taken back minutes later, mostly without a word.
    """

    def admits(self, score: Score) -> bool:
        """Return whether ``score`` has points and nothing else."""
        return type(score) is Score

    def state(self, score: Score) -> str:
        """Return the points of both sides: ``"98-97"``."""
        return score.text

    def read(self, state: str) -> Score | None:
        """Return the score of which ``state`` is the text."""
        return read_pair(state)

    def next_scores(self, score: Score) -> tuple[Score, ...]:
        """Return one, two and three points more for either side, the home side first."""
        if not self.admits(score):
            return ()
        home = tuple(Score(score.home + more, score.away) for more in _BASKETS)
        return home + tuple(Score(score.home, score.away + more) for more in _BASKETS)

    def step(self, before: Score, after: Score) -> Team | None:
        """Return who made the one basket between the two scores."""
        if not (self.admits(before) and self.admits(after)):
            return None
        return _scorer(before, after, _BASKETS)

    def is_behind(self, older: Score, newer: Score) -> bool:
        """Return whether baskets alone lead from ``older`` to a different ``newer``."""
        return self.admits(older) and self.admits(newer) and _fewer(older, newer)

    def legal_decrease(self, before: Score, after: Score) -> bool:
        """Return whether a three of one side was made a two."""
        if not (self.admits(before) and self.admits(after)):
            return False
        scorer = _scorer(after, before, (1,))
        return scorer is not None and _of(before, scorer) >= max(_BASKETS)

    def is_traded_in(self, period: str) -> bool:
        """Return whether ``period`` is a quarter, a half or overtime."""
        return period in _QUARTERS


@attrs.frozen
class BaseballScore(Score):
    """Runs, and the half-inning in which they stand."""

    inning: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    half: Half = attrs.field(default="top", validator=attrs.validators.in_(("top", "bottom")))

    @property
    @override
    def text(self) -> str:
        """The runs and the half-inning: ``"3-2 T5"``."""
        return f"{self.home}-{self.away} {'T' if self.half == 'top' else 'B'}{self.inning}"

    @property
    def batting(self) -> Team:
        """The side that can score."""
        return "away" if self.half == "top" else "home"

    @property
    def halves(self) -> int:
        """Half-innings that are over."""
        return 2 * (self.inning - 1) + (self.half == "bottom")


@attrs.frozen
class Baseball:
    """Baseball, extra innings included: one play brings the side at bat up to four runs.

    Runs that a replay review takes back are a reversal, as a goal's are: no decrease
    is legal. A change of sides is on the way forward and nobody's step.
    """

    innings: int = attrs.field(default=9, validator=attrs.validators.ge(1))

    def admits(self, score: Score) -> bool:
        """Return whether ``score`` says which half-inning it is."""
        return type(score) is BaseballScore

    def state(self, score: Score) -> str:
        """Return runs and half-inning: ``"3-2 T5"``."""
        return score.text

    def read(self, state: str) -> Score | None:
        """Return the score of which ``state`` is the text."""
        found = _INNING.fullmatch(state)
        runs = read_pair(found[1]) if found else None
        if found is None or runs is None:
            return None
        half: Half = "top" if found[2] == "T" else "bottom"
        return BaseballScore(runs.home, runs.away, int(found[3]), half)

    def next_scores(self, score: Score) -> tuple[Score, ...]:
        """Return one to four runs more for the side at bat; none once the home side has won."""
        if not isinstance(score, BaseballScore) or self._is_won(score):
            return ()
        if score.batting == "home":
            return tuple(attrs.evolve(score, home=score.home + runs) for runs in _RUNS)
        return tuple(attrs.evolve(score, away=score.away + runs) for runs in _RUNS)

    def _is_won(self, score: BaseballScore) -> bool:
        # Whoever bats last and leads in the last inning or after it has won.
        return score.inning >= self.innings and score.half == "bottom" and score.home > score.away

    def step(self, before: Score, after: Score) -> Team | None:
        """Return who scored in the one play between the two scores."""
        if not (isinstance(before, BaseballScore) and isinstance(after, BaseballScore)):
            return None
        if before.halves != after.halves or self._is_won(before):
            return None
        scorer = _scorer(before, after, _RUNS)
        return scorer if scorer == before.batting else None

    def is_behind(self, older: Score, newer: Score) -> bool:
        """Return whether plays and changes of sides lead from ``older`` to ``newer``."""
        if not (isinstance(older, BaseballScore) and isinstance(newer, BaseballScore)):
            return False
        if older.halves > newer.halves or self._is_won(older):
            return False
        if older.halves < newer.halves:
            return older.home <= newer.home and older.away <= newer.away
        at_bat = older.batting
        other: Team = "away" if at_bat == "home" else "home"
        return _of(older, at_bat) < _of(newer, at_bat) and _of(older, other) == _of(newer, other)

    def legal_decrease(self, before: Score, after: Score) -> bool:  # noqa: ARG002 - of no score
        """Return ``False``: a run that is taken back is a reversal."""
        return False

    def is_traded_in(self, period: str) -> bool:
        """Return whether ``period`` is an inning: ``"T5"``, ``"B9"``."""
        return period[:1] in {"T", "B"} and period[1:].isdecimal() and period[1:].isascii()


@attrs.frozen
class EsportsScore(Score):
    """Maps won, and rounds of the map being played: they begin anew with each map."""

    rounds_home: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    rounds_away: int = attrs.field(default=0, validator=attrs.validators.ge(0))

    @property
    @override
    def text(self) -> str:
        """The maps, and the rounds where there are any: ``"1-0 (5:3)"``."""
        maps = f"{self.home}-{self.away}"
        rounds = (self.rounds_home, self.rounds_away)
        return maps if rounds == (0, 0) else f"{maps} ({rounds[0]}:{rounds[1]})"


@attrs.frozen
class Esports:
    """Matches of maps of rounds: a step is a round, or a map with its rounds gone.

    A feed that clears the rounds before it counts the map, and a map that is played anew,
    show no rounds and the same maps: the one decrease that is legal.
    """

    best_of: int = attrs.field(default=5, validator=attrs.validators.ge(1))
    """At most so many maps; a policy that does not know better allows the longest match."""

    def admits(self, score: Score) -> bool:
        """Return whether ``score`` tells maps and rounds apart."""
        return type(score) is EsportsScore

    def state(self, score: Score) -> str:
        """Return maps and rounds: ``"1-0 (5:3)"``."""
        return score.text

    def read(self, state: str) -> Score | None:
        """Return the score of which ``state`` is the text."""
        found = _MAP.fullmatch(state)
        maps = read_pair(found[1]) if found else None
        if found is None or maps is None:
            return None
        score = EsportsScore(maps.home, maps.away, int(found[2] or 0), int(found[3] or 0))
        return score if score.text == state else None

    def next_scores(self, score: Score) -> tuple[Score, ...]:
        """Return a round and a map more for either side; none once a side has won."""
        if not isinstance(score, EsportsScore) or self._is_won(score):
            return ()
        return (
            attrs.evolve(score, rounds_home=score.rounds_home + 1),
            attrs.evolve(score, rounds_away=score.rounds_away + 1),
            EsportsScore(score.home + 1, score.away),
            EsportsScore(score.home, score.away + 1),
        )

    def _is_won(self, score: EsportsScore) -> bool:
        return max(score.home, score.away) > self.best_of // 2

    def step(self, before: Score, after: Score) -> Team | None:
        """Return who won the one round or the one map between the two scores."""
        if not (isinstance(before, EsportsScore) and isinstance(after, EsportsScore)):
            return None
        for team, one in zip(TEAMS * 2, self.next_scores(before), strict=False):
            if one == after:
                return team
        return None

    def is_behind(self, older: Score, newer: Score) -> bool:
        """Return whether rounds and maps lead from ``older`` to a different ``newer``."""
        if not (isinstance(older, EsportsScore) and isinstance(newer, EsportsScore)):
            return False
        if self._is_won(older):
            return False
        if (older.home, older.away) != (newer.home, newer.away):
            return older.home <= newer.home and older.away <= newer.away
        return (
            older != newer
            and older.rounds_home <= newer.rounds_home
            and older.rounds_away <= newer.rounds_away
        )

    def legal_decrease(self, before: Score, after: Score) -> bool:
        """Return whether the rounds of the map were cleared, and nothing else changed."""
        if not (isinstance(before, EsportsScore) and isinstance(after, EsportsScore)):
            return False
        return before != after == EsportsScore(before.home, before.away)

    def is_traded_in(self, period: str) -> bool:
        """Return whether ``period`` is a map: ``"M1"``."""
        return period[:1] == "M" and period[1:].isdecimal() and period[1:].isascii()


def _scorer(before: Score, after: Score, at_once: tuple[int, ...]) -> Team | None:
    home, away = after.home - before.home, after.away - before.away
    if away == 0 and home in at_once:
        return "home"
    if home == 0 and away in at_once:
        return "away"
    return None


def _fewer(older: Score, newer: Score) -> bool:
    return older != newer and older.home <= newer.home and older.away <= newer.away


def _of(score: Score, team: Team) -> int:
    return score.home if team == "home" else score.away


POLICIES: Final[Mapping[Sport, Policy]] = {
    "soccer": SOCCER,
    "tennis": Tennis(),
    "basketball": Basketball(),
    "baseball": Baseball(),
    "cricket": Cricket(),
    "esports": Esports(),
}
"""What the race judges by, for each sport."""
