"""The original's figures beside ours, each with its interval. Pure."""

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import Final

import attrs

from actors.sim.calibration import Race, Season
from actors.sim.draws import stream

SURE: Final = 1.96
"""Standard errors on both sides of a figure: 95 %."""
RESAMPLES: Final = 400
MICROS: Final = 1_000_000
MOST_FALSE: Final = (0.03, 0.12)
PRICED_IN: Final = 0.5
"""Of a penalty goal's way, at least so much must be gone before the kick."""
PULLED: Final = 0.95
NEGATIVE: Final = (0.05, 0.40)
"""Of the matches that were traded, so many may have lost money in all: a few."""


@attrs.frozen(kw_only=True)
class Figure:
    """One figure, its 95 % interval, and where it ought to be."""

    name: str
    value: float
    low: float
    high: float
    least: float
    most: float
    unit: str = ""
    scale: float = 1.0
    """What value and bounds are multiplied with to be shown."""
    beyond_chance: bool = False
    """Whether all of its interval must lie above the least: for a difference."""

    @property
    def holds(self) -> bool:
        """Whether the figure lies where it ought to, and a difference does so beyond chance."""
        lowest = self.low if self.beyond_chance else self.value
        return self.least <= lowest and self.value <= self.most

    def line(self) -> str:
        """Return it as one line of a table."""
        value, low, high, least = (
            each * self.scale for each in (self.value, self.low, self.high, self.least)
        )
        most = "" if math.isinf(self.most) else f"{self.most * self.scale:.4g}"
        word = "held  " if self.holds else "MISSED"
        return (
            f"{word}  {self.name:<58} {value:8.4g} {self.unit:<3}"
            f" [{low:.4g}, {high:.4g}]  wanted {least:.4g} to {most}".rstrip()
        )


def figures(plain: Season, faster: Season) -> list[Figure]:
    """Return every figure of the same goals, played plainly and 30 ms faster.

    Shares have Wilson intervals, medians and the ratio those of a bootstrap over goals.
    """
    races, quicker = plain.races, faster.races
    gaps = [race.arrived_s - race.first_s for race in races if race.first_s is not None]
    filled = [race for race in races if race.filled_centi]
    good = [race for race in races if race.stood]
    bad = [race for race in races if not race.stood]
    gap = _booted(gaps, median)
    return [
        Figure(
            name="order behind the first mover, median",
            value=gap[0],
            low=gap[1],
            high=gap[2],
            least=0.025,
            most=0.035,
            unit="ms",
            scale=1_000,
        ),
        _share("orders with any fill", races, _is_filled, (0.47, 0.53)),
        _share("the same, 30 ms faster", quicker, _is_filled, (0.71, 0.79)),
        _ratio(races, quicker),
        _share("filled trades that win", filled, lambda race: race.pnl_micros > 0, (0.63, 0.71)),
        _share("reported goals that are overturned or phantom", races, _is_false, MOST_FALSE),
        _more("fills on those over fills on the others", bad, good),
        _mean("penalty goals: way of the price gone before the kick", plain.priced_in, PRICED_IN),
        _share("reviews in the middle of which nobody quotes", plain.pulled, bool, (PULLED, 1.0)),
        _slower(races),
        _more(
            "fills in thin books over fills in deep ones", _in(races, "thin"), _in(races, "deep")
        ),
        _negative(races),
    ]


def _is_filled(race: Race) -> bool:
    return race.filled_centi > 0


def _is_false(race: Race) -> bool:
    return not race.stood


def _in(races: Iterable[Race], depth: str) -> list[Race]:
    return [race for race in races if race.depth == depth]


def _share(name: str, of: Sequence[object], that: Callable, wanted: tuple[float, float]) -> Figure:  # type: ignore[type-arg]  # a race or a truth
    number, hits = len(of), sum(1 for each in of if that(each))
    value, low, high = _wilson(hits, number)
    least, most = wanted
    return Figure(
        name=name, value=value, low=low, high=high, least=least, most=most, unit="%", scale=100
    )


def _wilson(hits: int, number: int) -> tuple[float, float, float]:
    if not number:
        return 0.0, 0.0, 1.0
    share, square = hits / number, SURE**2
    middle = (share + square / (2 * number)) / (1 + square / number)
    spread = math.sqrt(share * (1 - share) / number + square / (4 * number**2))
    half = SURE * spread / (1 + square / number)
    return share, middle - half, middle + half


def _mean(name: str, values: Sequence[float], least: float) -> Figure:
    value, low, high = _booted(values, lambda some: sum(some) / len(some))
    return Figure(
        name=name, value=value, low=low, high=high, least=least, most=1.0, unit="%", scale=100
    )


def _more(name: str, ones: Sequence[Race], others: Sequence[Race]) -> Figure:
    """Return how much likelier fills are on ``ones`` than on ``others``, as a difference."""
    one, other = (_wilson(sum(map(_is_filled, each)), len(each)) for each in (ones, others))
    value = one[0] - other[0]
    # Newcombe's interval for a difference of two shares.
    low = value - math.hypot(one[0] - one[1], other[2] - other[0])
    high = value + math.hypot(one[2] - one[0], other[0] - other[1])
    return Figure(
        name=name,
        value=value,
        low=low,
        high=high,
        least=0.0,
        most=1.0,
        unit="pp",
        scale=100,
        beyond_chance=True,
    )


def _slower(races: Sequence[Race]) -> Figure:
    thin, deep = (
        [race.last_pull_s for race in _in(races, depth) if race.last_pull_s is not None]
        for depth in ("thin", "deep")
    )
    slow, quick = _booted(thin, median), _booted(deep, median)
    return Figure(
        name="last quote pulled in thin books later than in deep ones, medians",
        value=slow[0] - quick[0],
        low=slow[1] - quick[2],
        high=slow[2] - quick[1],
        least=0.010,
        most=math.inf,
        unit="ms",
        scale=1_000,
    )


def _ratio(races: Sequence[Race], quicker: Sequence[Race]) -> Figure:
    """Return what 30 ms make of the profit; goals are paired, as far as both were traded."""
    both = {(race.match, race.at_s): race.pnl_micros for race in quicker}
    pairs = [(race.pnl_micros, both.get((race.match, race.at_s), 0)) for race in races]

    def ratio(some: Sequence[tuple[int, int]]) -> float:
        was = sum(one for one, _ in some)
        return sum(other for _, other in some) / was if was > 0 else math.inf

    value, low, high = _booted(pairs, ratio)
    return Figure(
        name="profit 30 ms faster over profit",
        value=value,
        low=low,
        high=high,
        least=1.4,
        most=1.8,
        unit="x",
    )


def _negative(races: Sequence[Race]) -> Figure:
    totals: dict[str, int] = {}
    for race in races:
        if race.filled_centi:
            totals[race.match] = totals.get(race.match, 0) + race.pnl_micros
    return _share(
        "matches traded that lost money in all",
        list(totals.values()),
        lambda each: each < 0,
        NEGATIVE,
    )


def _booted(values: Sequence, figure: Callable) -> tuple[float, float, float]:  # type: ignore[type-arg]  # of anything that the figure takes
    """Return a figure of ``values`` and where 95 of 100 resamples have it."""
    if not values:
        return 0.0, 0.0, 0.0
    draws = stream(0, "resamples")
    again = sorted(
        figure([values[draws.randrange(len(values))] for _ in values]) for _ in range(RESAMPLES)
    )
    return figure(values), again[RESAMPLES // 40], again[-RESAMPLES // 40 - 1]
