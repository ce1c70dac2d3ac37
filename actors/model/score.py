"""Scores, and what counts as one step of a match. Pure; one policy object per sport.

A race key is ``(match, generation, state)`` and the policy writes ``state``: the
canonical text of what is traded (design section 7). The goal engine trades
soccer, whose policy is here; the other sports' are in ``model/sports.py``.
"""

from typing import Final, Literal, NewType, Protocol

import attrs

MatchId = NewType("MatchId", str)
"""Our id of one match: the venue's event ticker, the same whichever feed reports it."""

Team = Literal["home", "away"]

Sport = Literal["soccer", "tennis", "basketball", "baseball", "cricket", "esports"]
"""What is played; each has one policy."""

Period = Literal["pre", "1H", "HT", "2H", "FT", "ET1", "ETHT", "ET2", "AET", "PEN", "END"]
"""Canonical periods of soccer; codecs translate into these."""

REGULATION: Final[frozenset[Period]] = frozenset({"1H", "2H"})
"""Periods in which a goal counts for a market that settles on regulation time."""


@attrs.frozen
class Score:
    """Goals of one match, cumulative, shoot-out excluded."""

    home: int = attrs.field(validator=attrs.validators.ge(0))
    away: int = attrs.field(validator=attrs.validators.ge(0))

    @property
    def text(self) -> str:
        """The score as referees write it: ``"2-1"``."""
        return f"{self.home}-{self.away}"


_PAIR_MOST: Final = 16
"""Characters of a pair of counts; longer ones are no score of any sport."""


def read_pair(text: str) -> Score | None:
    """Return the score whose text is ``text``, ``None`` where it is written otherwise."""
    home, _, away = text.partition("-")
    if len(text) > _PAIR_MOST or not (text.isascii() and home.isdecimal() and away.isdecimal()):
        return None
    score = Score(int(home), int(away))
    return score if score.text == text else None


@attrs.frozen(order=True)
class GoalKey:
    """What may be traded once: a state of a match, in one generation of its history."""

    match: MatchId
    generation: int
    """Rises when a score is taken back, so that the same score scored anew is new."""
    state: str
    """The policy's canonical text, ``"2-1"``."""


class Policy(Protocol):
    """What the race must know of a sport.

    Steps and legal decreases are apart: a step only leads forward, and no way of steps
    leads back from it. Of a score that the policy does not admit it says no to everything.
    """

    def admits(self, score: Score) -> bool:
        """Return whether ``score`` is one of this sport, with the parts that it needs."""
        ...

    def read(self, state: str) -> Score | None:
        """Return the score of which ``state`` is the text, ``None`` if it is of none."""
        ...

    def legal_decrease(self, before: Score, after: Score) -> bool:
        """Return whether the rules of play lead back from ``before`` to ``after``.

        A feed that shows it takes nothing back: no doubt, no reversal, and no trade.
        """
        ...

    def state(self, score: Score) -> str:
        """Return the canonical text of what is traded at ``score``."""
        ...

    def next_scores(self, score: Score) -> tuple[Score, ...]:
        """Return every score that is exactly one legal step after ``score``."""
        ...

    def step(self, before: Score, after: Score) -> Team | None:
        """Return who scored if ``after`` is exactly one legal step, else ``None``."""
        ...

    def is_behind(self, older: Score, newer: Score) -> bool:
        """Return whether ``older`` can be an earlier state on the way to ``newer``."""
        ...

    def is_traded_in(self, period: Period) -> bool:
        """Return whether a step in ``period`` counts for what the markets settle on."""
        ...


@attrs.frozen
class Soccer:
    """Soccer, for markets that settle on ninety minutes and stoppage time."""

    def admits(self, score: Score) -> bool:
        """Return whether ``score`` has goals and nothing else."""
        return type(score) is Score

    def read(self, state: str) -> Score | None:
        """Return the score that reads ``"2-1"``."""
        return read_pair(state)

    def legal_decrease(self, before: Score, after: Score) -> bool:  # noqa: ARG002 - of no score
        """Return ``False``: a goal that is taken back is a reversal."""
        return False

    def state(self, score: Score) -> str:
        """Return the score itself: nothing else of soccer is traded."""
        return score.text

    def next_scores(self, score: Score) -> tuple[Score, ...]:
        """Return one goal more for either side, the home side first."""
        return (Score(score.home + 1, score.away), Score(score.home, score.away + 1))

    def step(self, before: Score, after: Score) -> Team | None:
        """Return who scored exactly one goal between the two scores."""
        match (after.home - before.home, after.away - before.away):
            case (1, 0):
                return "home"
            case (0, 1):
                return "away"
            case _:
                return None

    def is_behind(self, older: Score, newer: Score) -> bool:
        """Return whether goals alone lead from ``older`` to a different ``newer``."""
        return older != newer and older.home <= newer.home and older.away <= newer.away

    def is_traded_in(self, period: Period) -> bool:
        """Return whether ``period`` is part of the ninety minutes."""
        return period in REGULATION


SOCCER: Final = Soccer()
