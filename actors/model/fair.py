"""What a leg is worth: two scoring rates, the time that counts, and Poisson goals. Pure.

Goals of the two sides that are still to come are taken as independent Poisson
counts, so that their difference is Skellam's (Skellam 1946; the usual model since
Maher 1982, "Modelling association football scores"). Only time that counts for
what the markets settle on is in the model. Floats are probabilities here and never
money; whoever quotes one rounds it to pips.
"""

from functools import lru_cache
from itertools import accumulate
from math import exp, sqrt
from operator import mul
from typing import Final, Literal

import attrs

from actors.model.money import ONE_DOLLAR_PIPS, Pips
from actors.model.score import Period, Score, Team

Result = Literal["home", "draw", "away"]
"""A leg, by the result that it pays on."""

Settlement = Literal["regulation", "extra", "advance"]
"""What a series settles on: ninety minutes, extra time too, or who goes through."""

HALF_S: Final = 45 * 60
EXTRA_HALF_S: Final = 15 * 60
ADDED_S: Final[tuple[int, int]] = (150, 330)
"""Stoppage time that is expected of each half before it is shown."""
WHISTLE_S: Final = 60
"""Nobody knows when it will be blown: so much of a half is always thought to be left."""
NINETY_S: Final = 2 * HALF_S + sum(ADDED_S)

CARD_AGAINST: Final = 0.8
CARD_FOR: Final = 1.5
"""What a red card makes of the rate of the side that is a player short, and of the other.

Betting markets of two tournaments say 2/3 and 5/4 (Vecer, Kopriva and Ichiba 2009,
"Estimating the effect of the red card in soccer"), Dutch leagues 1 and 1.88 (Ridder,
Cramer and Hopstaken 1994, "Down to ten"); these lie between.
"""

FURTHEST_LEAD: Final = 12
"""A lead beyond it is worth what this one is."""
RATE_MIN: Final = 0.02
RATE_MAX: Final = 8.0
"""Goals in a match that a rate can mean."""

_LEAST_TERMS: Final = 6
_PAD: Final = FURTHEST_LEAD + 3


@attrs.frozen
class Rates:
    """Goals that each side would score in a whole match as it is playing now."""

    home: float
    away: float

    def with_cards(self, home_cards: int, away_cards: int) -> "Rates":
        """Return the rates after so many red cards of each side more."""
        return Rates(
            self.home * CARD_AGAINST**home_cards * CARD_FOR**away_cards,
            self.away * CARD_AGAINST**away_cards * CARD_FOR**home_cards,
        )


USUAL: Final = Rates(1.35, 1.25)
"""Two sides of which nothing is known."""


@attrs.frozen
class TimeLeft:
    """Time that is still to be played, as shares of a match of ninety minutes."""

    regulation: float
    extra: float
    """Of extra time, which is played only from a draw, and counts only where it is settled on."""


@attrs.frozen
class Chances:
    """The probability of each result; they add up to one."""

    home: float
    draw: float
    away: float

    def of(self, result: Result) -> float:
        """Return one of them."""
        if result == "home":
            return self.home
        return self.draw if result == "draw" else self.away

    def pips(self, result: Result) -> Pips:
        """Return one of them as a price, to the nearest pip."""
        return Pips(min(ONE_DOLLAR_PIPS, max(0, round(self.of(result) * ONE_DOLLAR_PIPS))))

    def mixed(self, other: "Chances", weight: float) -> "Chances":
        """Return these chances with ``weight`` of another's."""
        keep = 1.0 - weight
        return Chances(
            keep * self.home + weight * other.home,
            keep * self.draw + weight * other.draw,
            keep * self.away + weight * other.away,
        )


Slope = tuple[float, float, float]
"""By how much home, draw and away gain as the logarithm of one rate does."""


@attrs.frozen
class Outlook:
    """What the legs are worth now, and after a goal of either side."""

    now: Chances
    home_scores: Chances
    away_scores: Chances
    home_slope: Slope
    away_slope: Slope

    def after(self, scorer: Team) -> Chances:
        """Return what the legs are worth once ``scorer`` has scored."""
        return self.home_scores if scorer == "home" else self.away_scores


def time_left(period: Period | Literal[""], clock_s: int | None) -> TimeLeft | None:
    """Return what is left to play, or ``None`` where period or clock do not say.

    Args:
        period: What is being played; empty where unknown.
        clock_s: Seconds from kick-off, counting up over the halves, as boards show it.
    """
    whole_extra = 2 * EXTRA_HALF_S
    second_half_s = HALF_S + ADDED_S[1]
    match period:
        case "pre":
            left_s, extra_s = NINETY_S, whole_extra
        case "1H" if clock_s is not None:
            left_s = max(HALF_S + ADDED_S[0] - clock_s, WHISTLE_S) + second_half_s
            extra_s = whole_extra
        case "HT":
            left_s, extra_s = second_half_s, whole_extra
        case "2H" if clock_s is not None:
            left_s = max(HALF_S + second_half_s - clock_s, WHISTLE_S)
            extra_s = whole_extra
        case "FT":
            left_s, extra_s = 0, whole_extra
        case "ET1" | "ET2" if clock_s is not None:
            left_s, extra_s = 0, max(2 * HALF_S + whole_extra - clock_s, WHISTLE_S)
        case "ETHT":
            left_s, extra_s = 0, EXTRA_HALF_S
        case "AET" | "PEN" | "END":
            left_s, extra_s = 0, 0
        case _:
            return None
    return TimeLeft(left_s / NINETY_S, extra_s / NINETY_S)


@lru_cache(maxsize=1_024)
def outlook(
    score: Score, rates: Rates, left: TimeLeft, settlement: Settlement = "regulation"
) -> Outlook:
    """Return what every leg is worth at ``score`` and after the next goal.

    Remembered, because a book changes many times in the second of a match clock. A goal
    of extra time counts like any other where extra time is settled on; a
    shoot-out is a coin.
    """
    lead = max(-FURTHEST_LEAD, min(FURTHEST_LEAD, score.home - score.away))
    if settlement == "regulation":
        return _played(lead, rates.home * left.regulation, rates.away * left.regulation)
    late = _played(0, rates.home * left.extra, rates.away * left.extra)
    if left.regulation <= 0:
        # Extra time is on: what is scored in it stands by itself.
        begun = _played(lead, rates.home * left.extra, rates.away * left.extra)
        return _halved(begun) if settlement == "advance" else begun
    early = _played(lead, rates.home * left.regulation, rates.away * left.regulation)
    whole = Outlook(
        _then(early.now, late.now),
        _then(early.home_scores, late.now),
        _then(early.away_scores, late.now),
        _then_slope(early.home_slope, late.home_slope, early.now.draw, late.now),
        _then_slope(early.away_slope, late.away_slope, early.now.draw, late.now),
    )
    return _halved(whole) if settlement == "advance" else whole


def _played(lead: int, home_mean: float, away_mean: float) -> Outlook:
    """Return the outlook of a stretch with Poisson goals, for a lead of the home side.

    The slopes use that one goal more is what a growing mean brings:
    ``d/dm P(lead) = P(lead + 1) - P(lead)`` for the home side's mean.
    """
    home, away = _goals(home_mean), _goals(away_mean)
    # P(away scores at most k), readable on either side of where it is neither 0 nor 1.
    at_most = [0.0] * _PAD + list(accumulate(away)) + [1.0] * (len(home) + _PAD)
    below = _PAD + lead
    size = len(home)
    # G(k) = P(away - home <= k): the home side wins from a lead of k + 1.
    g2, g1, g0, gone = [
        sum(map(mul, home, at_most[start : start + size])) for start in range(below - 2, below + 2)
    ]
    behind = Chances(g2, g1 - g2, 1.0 - g1)
    now = Chances(g1, g0 - g1, 1.0 - g0)
    ahead = Chances(g0, gone - g0, 1.0 - gone)
    return Outlook(
        now, ahead, behind, _slope(home_mean, now, ahead), _slope(away_mean, now, behind)
    )


def _slope(mean: float, now: Chances, then: Chances) -> Slope:
    return (
        mean * (then.home - now.home),
        mean * (then.draw - now.draw),
        mean * (then.away - now.away),
    )


def _then(early: Chances, late: Chances) -> Chances:
    draw = early.draw
    return Chances(early.home + draw * late.home, draw * late.draw, early.away + draw * late.away)


def _then_slope(early: Slope, late: Slope, draw: float, then: Chances) -> Slope:
    return (
        early[0] + early[1] * then.home + draw * late[0],
        early[1] * then.draw + draw * late[1],
        early[2] + early[1] * then.away + draw * late[2],
    )


def _halved(whole: Outlook) -> Outlook:
    """Give each side half of the draws: a shoot-out follows them."""

    def split(chances: Chances) -> Chances:
        half = chances.draw / 2
        return Chances(chances.home + half, 0.0, chances.away + half)

    def split_slope(slope: Slope) -> Slope:
        return (slope[0] + slope[1] / 2, 0.0, slope[2] + slope[1] / 2)

    return Outlook(
        split(whole.now),
        split(whole.home_scores),
        split(whole.away_scores),
        split_slope(whole.home_slope),
        split_slope(whole.away_slope),
    )


def _goals(mean: float) -> list[float]:
    """Return the chance of each number of goals; the last stands for it and all beyond."""
    chance = exp(-mean)
    chances, left = [chance], 1.0 - chance
    for goals in range(1, _LEAST_TERMS + int(mean + 5.0 * sqrt(mean))):
        chance *= mean / goals
        left -= chance
        chances.append(chance)
    chances.append(max(0.0, left))
    return chances
