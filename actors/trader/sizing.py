"""How much of a leg a goal's budget pays for: one worst case over every result. Pure.

A leg that buys a result loses on the other two, one that sells it loses on that one.
Two legs of a play may fill or not, each by itself, so that a gain of one never pays
for a loss of the other: what a result can cost is the sum of the legs that lose on
it, and the play may cost what its dearest result does.
"""

from collections.abc import Callable, Iterable
from typing import Final

import attrs

from actors.messages.catalogue import LegRole
from actors.model.money import ONE_CONTRACT_CENTI, CentiContracts, MicroDollars
from actors.model.orders import Side

RESULTS: Final[tuple[LegRole, ...]] = ("home", "draw", "away")

WorstCase = Callable[[CentiContracts], MicroDollars]
"""What so many contracts of one leg cost at most, fees included."""


@attrs.define(eq=False)
class Purse:
    """What a goal may still cost, by result."""

    budget_micros: int
    _at_stake: dict[LegRole, int] = attrs.field(
        init=False, factory=lambda: dict.fromkeys(RESULTS, 0)
    )

    def left_micros(self, role: LegRole, side: Side) -> int:
        """Return what a further leg may cost at most."""
        return self.budget_micros - max(self._at_stake[each] for each in _losing(role, side))

    def put(self, role: LegRole, side: Side, worst_micros: int) -> None:
        """Stake a leg's worst case on the results that it loses on."""
        for each in _losing(role, side):
            self._at_stake[each] += worst_micros

    @property
    def worst_micros(self) -> int:
        """What the dearest result costs."""
        return max(self._at_stake.values())


def affordable(
    most: int, budget_micros: int, worst: WorstCase
) -> tuple[CentiContracts, MicroDollars] | None:
    """Return how many whole contracts the budget pays for at the very worst, and at what cost.

    A worst case is a price and a fee for each contract and a constant for the order, so
    that a part of an order costs its share and less than that constant more: two
    corrections settle it, at three exact sums.

    Args:
        most: Contracts there are to be had.
        budget_micros: What they may cost.
        worst: The exact bound of a count.
    """
    if most < 1 or budget_micros <= 0:
        return None
    count = CentiContracts(most * ONE_CONTRACT_CENTI)
    cost = worst(count)
    for short in (0, 1):
        if cost <= budget_micros:
            return count, cost
        whole = count // ONE_CONTRACT_CENTI
        if short:
            whole -= 1 + (cost - budget_micros) * whole // cost
        else:
            whole = whole * budget_micros // cost
        if whole < 1:
            return None
        count = CentiContracts(whole * ONE_CONTRACT_CENTI)
        cost = worst(count)
    return (count, cost) if cost <= budget_micros else None


def _losing(role: LegRole, side: Side) -> Iterable[LegRole]:
    return (role,) if side == "ask" else tuple(each for each in RESULTS if each != role)
