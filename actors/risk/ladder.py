"""The way down when a lot must go: which limit after which wait, and never below the floor. Pure.

A lot is offered first a little below what it will be worth once its goal has fallen. Each
later order goes further down; the last one stands at the floor. A book that collapses
therefore costs at most the floor's distance for each contract, and the rest is held: it
still pays what it is worth.
"""

from collections.abc import Sequence
from typing import Final

import attrs

from actors.config.review import Review
from actors.model.grid import PriceRange, at_least, at_most
from actors.model.money import ONE_DOLLAR_PIPS, Pips
from actors.model.orders import Side

LEAST_PIPS: Final = Pips(100)
"""A price that somebody may always name: one cent."""
MOST_PIPS: Final = Pips(ONE_DOLLAR_PIPS - LEAST_PIPS)


@attrs.frozen
class Rung:
    """One order of the way down."""

    limit_pips: Pips
    wait_ns: int
    """After the order before it."""


@attrs.frozen
class Ladder:
    """One lot's way down."""

    side: Side
    """Of the orders: an ask sells a long lot, a bid buys a short one back."""
    value_pips: Pips
    rungs: tuple[Rung, ...]

    @property
    def floor_pips(self) -> Pips:
        """The worst price of all, which is the last rung's."""
        return self.rungs[-1].limit_pips


def ladder(
    side: Side, value_pips: Pips, settings: Review, ranges: Sequence[PriceRange] = ()
) -> Ladder:
    """Return the way down from what a contract is worth.

    Every limit is on the market's grid, where that is known, rounded towards the value,
    so that none lies beyond the floor. There is always at least one rung.

    Args:
        side: Of the orders.
        value_pips: What a YES contract is worth at the score that stands again.
        settings: How far down, and how fast.
        ranges: The market's grid.
    """
    depths = [
        (settings.liquidation_discount, 0),
        *zip(settings.liquidation_steps, settings.liquidation_wait_ms, strict=True),
    ]
    last_wait_ms = settings.liquidation_wait_ms[-1] if settings.liquidation_wait_ms else 250
    depths.append((settings.liquidation_floor, last_wait_ms))
    if settings.any_price:
        depths.append((Pips(ONE_DOLLAR_PIPS), last_wait_ms))
    rungs: list[Rung] = []
    for depth_pips, wait_ms in depths:
        limit = _limit_pips(side, value_pips, depth_pips, ranges)
        if not rungs or limit != rungs[-1].limit_pips:
            rungs.append(Rung(limit, wait_ms * 1_000_000))
    return Ladder(side, value_pips, tuple(rungs))


def _limit_pips(
    side: Side, value_pips: Pips, depth_pips: Pips, ranges: Sequence[PriceRange]
) -> Pips:
    if side == "ask":
        wanted = max(LEAST_PIPS, min(MOST_PIPS, value_pips - depth_pips))
        return at_least(ranges, wanted) or Pips(wanted)
    wanted = min(MOST_PIPS, max(LEAST_PIPS, value_pips + depth_pips))
    return at_most(ranges, wanted) or Pips(wanted)
