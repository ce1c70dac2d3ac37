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


@attrs.frozen(kw_only=True)
class Tempers:
    """How quick the others are."""

    news: Delay = Delay(0.210, 0.35)
    """From the goal until the professionals know."""
    maker: Delay = Delay(0.100, 0.5)
    """From the news until a maker has pulled."""
    requote: Delay = Delay(0.350, 0.3)
    """From pulling until a maker quotes again."""
    rivals: tuple[Delay, ...] = (Delay(0.012, 0.6), Delay(0.045, 0.6))
    """From the news until each rival's orders arrive."""
    raid_contracts: tuple[int, int] = (200, 700)
    """Least and most that a rival takes of one market."""


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
