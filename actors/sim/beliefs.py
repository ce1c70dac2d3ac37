"""What makers and rivals believe a match to be worth: a Poisson sum of their own.

Its rates are the script's true rates with a noise of each trader's own; it knows
nothing of how the product values a leg (design section 11). Floats are in their
place here: a belief is not money, and whoever quotes one rounds it to the grid.
"""

import itertools
import math
import random
from collections.abc import Mapping
from typing import Final, Literal

import attrs

from actors.model.score import Period, Score, Team

Outcome = Literal["home", "away", "draw"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("home", "away", "draw")

FULL_S: Final = 97 * 60
"""What traders expect ninety minutes to last: two minutes of stoppage time, then five."""
FIRST_HALF_S: Final = 47 * 60
SECOND_HALF_S: Final = FULL_S - FIRST_HALF_S
TAIL_S: Final = 45.0
"""Nobody knows when the referee will whistle: so much is always believed to be left."""

PENALTY_SCORED: Final = 0.77
"""How often a penalty kick is believed to go in."""

MOST_GOALS: Final = 10
"""More goals of one side than this are not told apart."""

USUAL_GOALS: Final = 1.3
"""Goals that a side scores in an ordinary match."""

CARD_AGAINST: Final = (2 / 3, 1.0)
CARD_FOR: Final = (1.25, 1.88)
"""What a sending-off makes of the rate of the side a player short, and of the other's.

One end is what betting markets of a World Cup and a European Championship imply (Vecer,
Kopriva and Ichiba 2009, "Estimating the effect of the red card in soccer"), the other
what 340 matches of two Dutch leagues show (Ridder, Cramer and Hopstaken 1994, "Down to
ten"). Each card has its own truth between the two.
"""


@attrs.frozen
class Rates:
    """Goals each side scores in a whole match, on average."""

    home: float = attrs.field(validator=attrs.validators.gt(0))
    away: float = attrs.field(validator=attrs.validators.gt(0))


@attrs.frozen
class Swing:
    """What has happened to the sides' rates since kick-off, as factors."""

    home: float = 1.0
    away: float = 1.0

    def of(self, rates: Rates) -> Rates:
        """Return the rates as they are now."""
        return Rates(rates.home * self.home, rates.away * self.away)

    def sent_off(self, side: Team, draws: random.Random) -> "Swing":
        """Return what a red card for ``side`` makes of it; how much is drawn."""
        less, more = draws.uniform(*CARD_AGAINST), draws.uniform(*CARD_FOR)
        if side == "home":
            return Swing(self.home * less, self.away * more)
        return Swing(self.home * more, self.away * less)


EVEN: Final = Swing()
"""Nobody has been sent off."""


def true_rates(draws: random.Random, result: Score) -> Rates:
    """Draw what a match's rates were: ordinary ones, leaning a little to who won."""
    lead = max(-2, min(2, result.home - result.away))
    difference = draws.gauss(0.08 * lead, 0.16)
    tempo = draws.gauss(0.03 * (result.home + result.away - 2.6), 0.08)
    return Rates(
        USUAL_GOALS * math.exp(tempo + difference / 2),
        USUAL_GOALS * math.exp(tempo - difference / 2),
    )


def seen_through(draws: random.Random, rates: Rates, noise: float) -> Rates:
    """Return the rates as one trader estimates them, each off by about ``noise``."""
    return Rates(
        rates.home * math.exp(draws.gauss(0.0, noise)),
        rates.away * math.exp(draws.gauss(0.0, noise)),
    )


def left_of(period: Period, played_s: float) -> float:
    """Return the share of regulation time believed to be left.

    Args:
        period: The period being played.
        played_s: Seconds since it began.
    """
    match period:
        case "pre":
            return 1.0
        case "1H":
            return (max(FIRST_HALF_S - played_s, TAIL_S) + SECOND_HALF_S) / FULL_S
        case "HT":
            return SECOND_HALF_S / FULL_S
        case "2H":
            return max(SECOND_HALF_S - played_s, TAIL_S) / FULL_S
        case _:
            return 0.0


def odds(score: Score, rates: Rates, left: float) -> Mapping[Outcome, float]:
    """Return the probability of each result after ninety minutes; they add up to one.

    Args:
        score: The score now.
        rates: Goals of a whole match, per side.
        left: Share of regulation time still to be played.
    """
    home, away = _goals(rates.home * left), _goals(rates.away * left)
    lead, fewer_away = score.home - score.away, [0.0, *itertools.accumulate(away)]
    wins = draws = 0.0
    for more_home, chance in enumerate(home):
        needed = lead + more_home
        if needed >= 0:
            wins += chance * fewer_away[min(needed, len(away))]
            draws += chance * (away[needed] if needed < len(away) else 0.0)
    return {"home": wins, "away": max(0.0, 1.0 - wins - draws), "draw": draws}


def odds_at_penalty(
    score: Score, taker: Team, rates: Rates, left: float
) -> Mapping[Outcome, float]:
    """Return the odds while ``taker`` is about to take a penalty kick."""
    scored = Score(score.home + (taker == "home"), score.away + (taker == "away"))
    if_in, if_out = odds(scored, rates, left), odds(score, rates, left)
    return {
        outcome: PENALTY_SCORED * if_in[outcome] + (1 - PENALTY_SCORED) * if_out[outcome]
        for outcome in OUTCOMES
    }


def _goals(expected: float) -> list[float]:
    """Return the chance of each number of goals; the last stands for it and all beyond."""
    chance = left = math.exp(-expected)
    chances = [chance]
    for goals in range(1, MOST_GOALS):
        chance *= expected / goals
        left += chance
        chances.append(chance)
    return [*chances, max(0.0, 1.0 - left)]
