"""How soon everybody else hears of a goal, drawn before it falls.

One piece of news reaches the professionals at a drawn instant after the goal;
each then has a delay of its own. The draws are named by seed, match and occasion
alone: nothing that any account does can move them (design section 11).
"""

import math
import random
from typing import Final

import attrs

from actors.model.score import MatchId
from actors.sim.draws import stream
from actors.sim.script import Reaction

SLOW_S: Final = 1.5
"""How much later than they would have slow makers pull."""
FASTER_S: Final = 0.005
"""When a faster rival acts, before any feed can have spoken."""
STUNNED_S: Final = 2.0
"""How long makers then stay away: longer than the slowest feed and an order after it."""


@attrs.frozen
class Delay:
    """A log-normal delay."""

    median_s: float
    spread: float
    """Standard deviation of its logarithm."""

    def draw(self, draws: random.Random) -> float:
        """Return one delay in seconds."""
        return self.median_s * math.exp(draws.gauss(0.0, self.spread))

    def hastened(self, haste: float) -> "Delay":
        """Return the same delay, so many times as short."""
        return Delay(self.median_s / haste, self.spread)


@attrs.frozen(kw_only=True)
class Tempers:
    """How quick the others are.

    Tuned with the timings of ``feedtiming.FIVE`` until the races are those of the original
    (``calibration.py`` prints its figures): change either and look again.
    """

    news: Delay = Delay(0.201, 0.08)
    """From the goal until the professionals know."""
    maker: Delay = Delay(0.030, 0.6)
    """From the news until a maker has pulled."""
    requote: Delay = Delay(0.200, 0.4)
    """From pulling until a maker quotes again."""
    rivals: tuple[Delay, ...] = (Delay(0.012, 0.6), Delay(0.045, 0.6))
    """From the news until each rival's orders arrive."""
    raid_contracts: tuple[int, int] = (200, 700)
    """Least and most that a rival takes of one market."""

    def at(self, depth: "Depth") -> "Tempers":
        """Return how quick they are where the books are so deep."""
        return attrs.evolve(
            self,
            maker=self.maker.hastened(depth.haste),
            rivals=tuple(each.hastened(depth.haste) for each in self.rivals),
            raid_contracts=_scaled(self.raid_contracts, depth.contracts),
        )


@attrs.frozen(kw_only=True)
class Depth:
    """How much rests in the books of one kind of match, and how quick its traders are."""

    name: str
    share: float
    """Of all matches."""
    contracts: float
    """By how much every quote and every raid is larger than usual."""
    haste: float
    """By how much every delay after the news is shorter than usual."""


DEPTHS: Final = (
    Depth(name="deep", share=0.15, contracts=2.0, haste=2.0),
    Depth(name="ordinary", share=0.60, contracts=1.0, haste=1.0),
    Depth(name="thin", share=0.25, contracts=0.4, haste=0.7),
)
"""Where much is traded, the quick ones come: deep books are fast and thin ones slow."""


def depth_of(seed: int, match: MatchId, depths: tuple[Depth, ...]) -> Depth:
    """Draw what kind of match it is."""
    draws = stream(seed, "depth", match)
    return draws.choices(depths, [depth.share for depth in depths])[0]


@attrs.frozen(kw_only=True)
class Pull:
    """When one maker takes its quotes out, and when it quotes anew. Seconds after the goal."""

    after_s: float
    requote_s: float


@attrs.frozen(kw_only=True)
class Raid:
    """When one rival comes for what is stale, seconds after the goal, and for how much."""

    after_s: float
    contracts: int


@attrs.frozen(kw_only=True)
class Reactions:
    """Everybody's reaction to one occasion, by trader."""

    pulls: tuple[Pull, ...]
    raids: tuple[Raid, ...]
    """Empty when the rivals sleep."""


def reactions(
    seed: int,
    match: MatchId,
    occasion: str,
    *,
    makers: int,
    tempers: Tempers,
    reaction: Reaction = "drawn",
) -> Reactions:
    """Draw how ``makers`` makers and the rivals react to ``occasion``: a goal's number, say."""
    draws = stream(seed, "reactions", match, occasion)
    news_s = tempers.news.draw(draws)
    pulls = [
        Pull(after_s=after_s, requote_s=after_s + tempers.requote.draw(draws))
        for after_s in [news_s + tempers.maker.draw(draws) for _ in range(makers)]
    ]
    raids = [
        Raid(after_s=news_s + own.draw(draws), contracts=draws.randint(*tempers.raid_contracts))
        for own in tempers.rivals
    ]
    match reaction:
        case "slow makers":
            pulls = [
                Pull(after_s=pull.after_s + SLOW_S, requote_s=pull.requote_s + SLOW_S)
                for pull in pulls
            ]
            raids = []
        case "faster rival":
            pulls = [
                # After the rival, which finds everything there.
                Pull(after_s=FASTER_S + 0.001, requote_s=STUNNED_S + number * 0.05)
                for number, _ in enumerate(pulls, start=1)
            ]
            raids = [attrs.evolve(raid, after_s=FASTER_S) for raid in raids]
        case "drawn":
            pass
    return Reactions(pulls=tuple(pulls), raids=tuple(raids))


def _scaled(contracts: tuple[int, int], factor: float) -> tuple[int, int]:
    least, most = contracts
    return max(1, round(least * factor)), max(1, round(most * factor))
