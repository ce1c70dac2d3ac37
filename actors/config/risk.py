"""What the last control insists on beside price and size, and the losses that end trading.

The ceilings stand in code: a slip of a key in a file must not switch a control off.
"""

from typing import Final

import attrs
from attrs import validators

from actors.model.losses import LossLimits
from actors.model.money import MicroDollars

DAY_LOSS_MICROS: Final = MicroDollars(500_000_000)
DRAWDOWN_MICROS: Final = MicroDollars(1_000_000_000)

GROUP_CEILING: Final = 50_000


@attrs.frozen(kw_only=True)
class Risk:
    """The profile's section ``[risk]``."""

    repeat_ms: int = attrs.field(
        default=1_000, validator=validators.and_(validators.ge(50), validators.le(60_000))
    )
    """Within it the same price, size and side for the same goal and market is a repetition."""
    orders_per_goal: int = attrs.field(
        default=3, validator=validators.and_(validators.ge(1), validators.le(3))
    )
    """Opening orders that one goal may have; more of them are a fault and halt trading."""
    journal_lag_ms: int = attrs.field(
        default=3_000, validator=validators.and_(validators.ge(100), validators.le(10_000))
    )
    """How long what is written may wait for the disk."""
    disk_free_mib: int = attrs.field(
        default=1_024, validator=validators.and_(validators.ge(16), validators.le(1 << 20))
    )
    """What must be free on the disk of the state folder for entries to leave."""
    delay_max_ms: int = attrs.field(
        default=100, validator=validators.and_(validators.ge(1), validators.le(5_000))
    )
    """An order in play that the venue held for longer was held: two close its series, five all."""
    group_contracts: int = attrs.field(
        default=4_000,
        validator=validators.and_(validators.ge(0), validators.le(GROUP_CEILING)),
    )
    """Contracts that the entries of one shard may match in fifteen seconds: the venue itself
    stops more (order groups, reference ``kalshi.md`` section 3); 0 for a venue without groups."""
    day_loss_dollars: MicroDollars = DAY_LOSS_MICROS
    """What may be lost in a trading day, fees included."""
    drawdown_dollars: MicroDollars = DRAWDOWN_MICROS
    """What may be lost from the best there was."""
    losing_streak: int = 12
    """Positions in a row that may be closed at a loss."""

    def __attrs_post_init__(self) -> None:
        """Hold the losses to their ceilings.

        Raises:
            ValueError: One of them is not above zero, or above its ceiling.
        """
        self.losses()

    def losses(self) -> LossLimits:
        """Return the losses that end trading."""
        return LossLimits(
            day_micros=self.day_loss_dollars,
            drawdown_micros=self.drawdown_dollars,
            streak=self.losing_streak,
        )
