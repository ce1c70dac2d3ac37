"""What a profile says of reviews, and of getting out of goals that are taken back."""

from typing import Literal

import attrs
from attrs import validators

from actors.model.money import Pips


@attrs.frozen(kw_only=True)
class Review:
    """What happens to a position whose goal is looked at, or falls."""

    on_open: Literal["hold", "halve", "flatten"] = "hold"
    """What an open review of a goal does to what was bought for it."""
    review_max_match_s: float = attrs.field(
        default=300.0, validator=validators.and_(validators.ge(30), validators.le(3_600))
    )
    """A review whose end nobody tells has ended in doubt after it."""
    liquidation_discount: Pips = attrs.field(default=Pips(200), validator=validators.ge(Pips(0)))
    """How far below what it is worth, once the goal has fallen, a lot is offered first."""
    liquidation_steps: tuple[Pips, ...] = attrs.field(
        default=(Pips(300), Pips(600), Pips(1_000), Pips(1_500))
    )
    """How far below that value each later order goes; the floor comes last by itself."""
    liquidation_wait_ms: tuple[int, ...] = attrs.field(default=(250, 500, 1_000, 2_000))
    """How long after the one before it each of them leaves."""
    liquidation_floor: Pips = attrs.field(default=Pips(2_000), validator=validators.gt(Pips(0)))
    """How far below that value anything is sold at all; what nobody takes there is held."""
    any_price: bool = False
    """Whether the last order of all takes any price. Off: a position is worth what it pays."""

    @liquidation_steps.validator
    def _go_down_to_the_floor(self, _field: object, steps: tuple[Pips, ...]) -> None:
        if list(steps) != sorted(set(steps)) or (steps and steps[0] <= self.liquidation_discount):
            raise ValueError("liquidation_steps go down, each further than the discount")

    @liquidation_wait_ms.validator
    def _one_for_each_step(self, _field: object, waits: tuple[int, ...]) -> None:
        if len(waits) != len(self.liquidation_steps) or any(wait < 0 for wait in waits):
            raise ValueError("liquidation_wait_ms has one wait for each of liquidation_steps")

    @liquidation_floor.validator
    def _lies_below_the_steps(self, _field: object, floor: Pips) -> None:
        deepest = max((self.liquidation_discount, *self.liquidation_steps))
        if floor < deepest:
            raise ValueError(f"liquidation_floor is nearer than the steps go ({deepest} pips)")
