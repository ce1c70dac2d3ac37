"""Tennis: sets of games of points, with advantage and tiebreak. Pure.

A step is a point. What it makes of games and sets follows from the rules, so that a
feed that shows the point and the set it won in one frame has shown one step.
"""

import re
from typing import Final, Literal

import attrs
from typing_extensions import override

from actors.model.score import Score, Team

Pair = tuple[int, int]
"""Home and away."""

NONE: Final[Pair] = (0, 0)
DEUCE: Final[Pair] = (3, 3)
ADVANTAGES: Final[frozenset[Pair]] = frozenset({(4, 3), (3, 4)})
SIX_ALL: Final[Pair] = (6, 6)
_FORTY: Final = 3
_SET: Final = 6
_LEAD: Final = 2
_CALLED: Final = ("0", "15", "30", "40", "A")
_TEAMS: Final[tuple[Team, Team]] = ("home", "away")
_TEXT: Final = re.compile(
    r"((?:\d{1,3}-\d{1,3} ){0,5})(\d{1,3}-\d{1,3})"
    r"(?: (0|15|30|40|A):(0|15|30|40|A)| \((\d{1,3}):(\d{1,3})\))?",
    re.ASCII,
)


@attrs.frozen
class TennisScore(Score):
    """Sets won, and how far the set, the game and the tiebreak being played are.

    ``home`` and ``away`` are the sets won and follow from ``sets``: make one by ``of``.
    """

    sets: tuple[Pair, ...] = ()
    """Games of every set that is over; a match tiebreak in place of a set is 1 to 0."""
    games: Pair = NONE
    """Of the set being played."""
    points: Pair = NONE
    """Points won in the game or tiebreak: 3 is forty, 4 against 3 is advantage."""
    tiebreak: bool = False

    def __attrs_post_init__(self) -> None:
        if (self.home, self.away) != _won(self.sets):
            raise ValueError(f"{self.home}-{self.away} sets do not follow from {self.sets}")
        if min(*self.games, *self.points) < 0:
            raise ValueError("nobody wins fewer than no games or points")
        if not self.tiebreak and self.points not in ADVANTAGES and max(self.points) > _FORTY:
            raise ValueError(f"no game stands at {self.points}")

    @classmethod
    def of(
        cls,
        *,
        sets: tuple[Pair, ...] = (),
        games: Pair = NONE,
        points: Pair = NONE,
        tiebreak: bool = False,
    ) -> "TennisScore":
        """Return the score with the sets won counted.

        Raises:
            ValueError: No game can stand so.
        """
        home, away = _won(sets)
        return cls(home, away, sets, games, points, tiebreak)

    @property
    @override
    def text(self) -> str:
        """``"6-4 3-2 40:A"``; without points between games; a tiebreak's in parentheses."""
        text = " ".join(f"{home}-{away}" for home, away in (*self.sets, self.games))
        home, away = self.points
        if self.tiebreak:
            return f"{text} ({home}:{away})"
        return text if self.points == NONE else f"{text} {_CALLED[home]}:{_CALLED[away]}"


@attrs.frozen
class Tennis:
    """Tennis by the rules of one competition."""

    best_of: Literal[1, 3, 5] = 3
    last_set: Literal["tiebreak", "advantage", "match_tiebreak"] = "tiebreak"
    """How a deciding set is decided: at six all, by two games, or by a tiebreak alone."""
    last_to: int = attrs.field(default=7, validator=attrs.validators.ge(1))
    """Points of a deciding set's tiebreak; a match tiebreak has ten."""
    no_ad: bool = False
    """Whether the point after deuce wins the game."""

    def admits(self, score: Score) -> bool:
        """Return whether ``score`` has sets, games and points."""
        return type(score) is TennisScore

    def state(self, score: Score) -> str:
        """Return sets, games and points: ``"6-4 3-2 40:A"``."""
        return score.text

    def read(self, state: str) -> Score | None:
        """Return the score of which ``state`` is the text."""
        found = _TEXT.fullmatch(state)
        if found is None:
            return None
        before, games, home, away, tie_home, tie_away = found.groups()
        points = NONE
        if home is not None:
            points = (_CALLED.index(home), _CALLED.index(away))
        elif tie_home is not None:
            points = (int(tie_home), int(tie_away))
        try:
            score = TennisScore.of(
                sets=tuple(_pair(one) for one in before.split()),
                games=_pair(games),
                points=points,
                tiebreak=tie_home is not None,
            )
        except ValueError:
            return None
        return score if score.text == state else None

    def next_scores(self, score: Score) -> tuple[Score, ...]:
        """Return what the next point makes of ``score``, the home side's first.

        A point that takes an advantage away leads back to deuce and is no step.
        """
        if not isinstance(score, TennisScore):
            return ()
        return tuple(one for side in (0, 1) if (one := self._point(score, side)) is not None)

    def step(self, before: Score, after: Score) -> Team | None:
        """Return who won the one point between the two scores."""
        if not (isinstance(before, TennisScore) and isinstance(after, TennisScore)):
            return None
        for side, team in enumerate(_TEAMS):
            if self._point(before, side) == after:
                return team
        return None

    def is_behind(self, older: Score, newer: Score) -> bool:
        """Return whether ``older`` can be an earlier state on the way to ``newer``.

        Within a game a lost advantage is no way forward; a game further on, any way counts.
        """
        if not (isinstance(older, TennisScore) and isinstance(newer, TennisScore)):
            return False
        played = len(older.sets)
        if older.sets != newer.sets[:played] or self._is_won(older):
            return False
        if len(newer.sets) > played:
            return _reaches(older.games, newer.sets[played])
        if older.games != newer.games:
            return _fewer(older.games, newer.games)
        return older.tiebreak == newer.tiebreak and _fewer(older.points, newer.points)

    def legal_decrease(self, before: Score, after: Score) -> bool:
        """Return whether an advantage was lost: deuce again, or already the other side's."""
        if not (isinstance(before, TennisScore) and isinstance(after, TennisScore)):
            return False
        if before.tiebreak or before.points not in ADVANTAGES or self.no_ad:
            return False
        back = after.points == DEUCE or after.points == before.points[::-1]
        return back and attrs.evolve(after, points=before.points) == before

    def is_traded_in(self, period: str) -> bool:
        """Return whether ``period`` is a set: ``"S1"``."""
        return period[:1] == "S" and period[1:].isdecimal() and period[1:].isascii()

    def _is_won(self, score: TennisScore) -> bool:
        return max(score.home, score.away) > self.best_of // 2

    def _is_last(self, sets: tuple[Pair, ...]) -> bool:
        return len(sets) == self.best_of - 1

    def _point(self, score: TennisScore, side: int) -> TennisScore | None:
        if self._is_won(score):
            return None
        points = _plus(score.points, side)
        own, other = points[side], points[1 - side]
        if score.tiebreak:
            if own >= self._tiebreak_to(score) and own - other >= _LEAD:
                return self._game(score, side)
            return attrs.evolve(score, points=points)
        if other > _FORTY:
            return None
        if own > _FORTY and (own - other >= _LEAD or self.no_ad):
            return self._game(score, side)
        return attrs.evolve(score, points=points)

    def _tiebreak_to(self, score: TennisScore) -> int:
        if score.games == NONE:
            return 10
        return self.last_to if self._is_last(score.sets) else 7

    def _game(self, score: TennisScore, side: int) -> TennisScore:
        games, is_last = _plus(score.games, side), self._is_last(score.sets)
        own, other = games[side], games[1 - side]
        if score.tiebreak or (own >= _SET and own - other >= _LEAD):
            sets = (*score.sets, games)
            decider = self._is_last(sets) and self.last_set == "match_tiebreak"
            ended = TennisScore.of(sets=sets)
            return attrs.evolve(ended, tiebreak=decider and not self._is_won(ended))
        tiebreak = games == SIX_ALL and not (is_last and self.last_set == "advantage")
        return attrs.evolve(score, games=games, points=NONE, tiebreak=tiebreak)


def _won(sets: tuple[Pair, ...]) -> Pair:
    return sum(home > away for home, away in sets), sum(away > home for home, away in sets)


def _plus(pair: Pair, side: int) -> Pair:
    home, away = pair
    return (home + 1, away) if side == 0 else (home, away + 1)


def _fewer(older: Pair, newer: Pair) -> bool:
    return older != newer and older[0] <= newer[0] and older[1] <= newer[1]


def _reaches(games: Pair, ended: Pair) -> bool:
    # The last game of a set is its winner's: before it, nobody had more than this.
    home, away = ended
    last = (home - 1, away) if home > away else (home, away - 1)
    return games == last or _fewer(games, last)


def _pair(text: str) -> Pair:
    home, _, away = text.partition("-")
    return int(home), int(away)
