"""Scores, and what counts as one step of a match. Pure; one policy object per sport.

A race key is ``(match, generation, state)`` and the policy writes ``state``: the
canonical text of what is traded (design section 7). The goal engine trades
soccer; other sports get their policies with their feeds.
"""

from typing import Final, Literal, NewType, Protocol

import attrs

MatchId = NewType("MatchId", str)
"""Our id of one match: the venue's event ticker, the same whichever feed reports it."""

Team = Literal["home", "away"]

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


@attrs.frozen(order=True)
class GoalKey:
    """What may be traded once: a state of a match, in one generation of its history."""

    match: MatchId
    generation: int
    """Rises when a score is taken back, so that the same score scored anew is new."""
    state: str
    """The policy's canonical text, ``"2-1"``."""


class Policy(Protocol):
    """What the race must know of a sport."""

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
