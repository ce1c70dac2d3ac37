"""The rates that a match's own prices imply: least squares over its legs. Pure.

Two rates, up to three legs and a weak belief of what they were before: the belief
decides only what the prices do not say, as a match of 4-0 in the last minute says
next to nothing of its rates.
"""

from collections.abc import Mapping
from math import exp, log
from typing import Final

import attrs

from actors.model.fair import (
    RATE_MAX,
    RATE_MIN,
    Outlook,
    Rates,
    Result,
    Settlement,
    TimeLeft,
    outlook,
)
from actors.model.score import Score

PRICE_NOISE: Final = 0.006
"""By how much the middle of a leg's book is usually beside what the market thinks."""
BELIEF: Final = 0.5
"""Standard deviation of what was believed of a rate's logarithm before the prices."""
ROUNDS_MOST: Final = 12
STEP_MOST: Final = 0.6
"""Of a rate's logarithm, in one round: Newton's steps from afar are too long."""
CLOSE: Final = 1e-4
"""A round that moves neither logarithm further is the last."""

_BELIEVED: Final = 1.0 / BELIEF**2
_WEIGHT: Final = 1.0 / PRICE_NOISE**2
_LOWEST: Final = log(RATE_MIN)
_HIGHEST: Final = log(RATE_MAX)


@attrs.frozen
class Fit:
    """The rates that prices imply, and how well."""

    rates: Rates
    residual: float
    """The furthest that a leg's price lies from the model's: a probability."""


def fit(
    prices: Mapping[Result, float],
    score: Score,
    left: TimeLeft,
    *,
    believed: Rates,
    settlement: Settlement = "regulation",
) -> Fit:
    """Return the rates that best explain ``prices``, by Gauss and Newton.

    Args:
        prices: Of the legs that have one, as probabilities.
        score: At which they stood.
        left: What was left to play then.
        believed: What the rates were thought to be before; also where the search begins.
        settlement: What the legs pay on.
    """
    home0, away0 = _bounded(log(believed.home)), _bounded(log(believed.away))
    home, away = home0, away0
    seen: Outlook | None = None
    for _ in range(ROUNDS_MOST):
        seen = outlook(score, Rates(exp(home), exp(away)), left, settlement)
        step = _step(prices, seen, home0 - home, away0 - away)
        home, away = _bounded(home + step[0]), _bounded(away + step[1])
        if abs(step[0]) < CLOSE and abs(step[1]) < CLOSE:
            break
    rates = Rates(exp(home), exp(away))
    return Fit(rates, _residual(prices, outlook(score, rates, left, settlement)))


def _step(
    prices: Mapping[Result, float], seen: Outlook, home_pull: float, away_pull: float
) -> tuple[float, float]:
    """Return one step of the two logarithms: the normal equations, solved."""
    hh = aa = _BELIEVED
    ha = 0.0
    h, a = _BELIEVED * home_pull, _BELIEVED * away_pull
    now = (seen.now.home, seen.now.draw, seen.now.away)
    legs: tuple[Result, Result, Result] = ("home", "draw", "away")
    for leg, worth, by_home, by_away in zip(
        legs, now, seen.home_slope, seen.away_slope, strict=True
    ):
        price = prices.get(leg)
        if price is None:
            continue
        miss = _WEIGHT * (price - worth)
        h += miss * by_home
        a += miss * by_away
        hh += _WEIGHT * by_home * by_home
        ha += _WEIGHT * by_home * by_away
        aa += _WEIGHT * by_away * by_away
    scale = hh * aa - ha * ha
    return (
        max(-STEP_MOST, min(STEP_MOST, (aa * h - ha * a) / scale)),
        max(-STEP_MOST, min(STEP_MOST, (hh * a - ha * h) / scale)),
    )


def _residual(prices: Mapping[Result, float], seen: Outlook) -> float:
    return max((abs(price - seen.now.of(leg)) for leg, price in prices.items()), default=0.0)


def _bounded(logarithm: float) -> float:
    return max(_LOWEST, min(_HIGHEST, logarithm))
