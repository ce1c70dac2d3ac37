"""What the venue tells its listeners: its own stream, the makers, whoever watches.

Values, told in order and only after the whole action has happened, so a listener
never sees half a trade. ``account`` is a name like any other; who may see a
private event is the stream's business.
"""

from fractions import Fraction
from typing import Literal

import attrs

from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Side, Ticker
from actors.sim.venue.views import OrderView, PositionView

LifecycleStep = Literal[
    "created",
    "activated",
    "deactivated",
    "close_date_updated",
    "price_level_structure_updated",
    "metadata_updated",
    "determined",
    "settled",
]

GroupStep = Literal["created", "triggered", "reset", "deleted", "limit_updated"]


@attrs.frozen(kw_only=True)
class BookChanged:
    """One level of a book changed."""

    ticker: Ticker
    side: Side
    """``ask`` is what the venue calls the no side."""
    price_pips: Pips
    """Of the YES leg."""
    change_centi: CentiContracts
    clock: int
    """The exchange clock of the action; several changes may share one."""
    cause: str
    """The account whose action this was."""
    cause_client_order_id: str
    now_us: int
    cause_subaccount: int = 0


@attrs.frozen(kw_only=True)
class Traded:
    """A public print."""

    trade_id: str
    ticker: Ticker
    price_pips: Pips
    count_centi: CentiContracts
    taker_side: Side
    now_us: int


@attrs.frozen(kw_only=True)
class Filled:
    """One side of an execution."""

    account: str
    trade_id: str
    order_id: str
    client_order_id: str
    ticker: Ticker
    exchange_index: int
    side: Side
    price_pips: Pips
    count_centi: CentiContracts
    fee_micros: MicroDollars
    is_taker: bool
    post_position_centi: int
    """Signed position after this fill."""
    now_us: int
    subaccount: int = 0


@attrs.frozen(kw_only=True)
class OrderChanged:
    """An order came to rest, traded, or ended."""

    account: str
    order: OrderView
    now_us: int


@attrs.frozen(kw_only=True)
class PositionChanged:
    """What one of an account's parts holds in a market is not what it was."""

    account: str
    position: PositionView
    now_us: int


@attrs.frozen(kw_only=True)
class QuoteChanged:
    """A market's best prices, last trade or volume are not what they were."""

    ticker: Ticker
    now_us: int


@attrs.frozen(kw_only=True)
class MarketStepped:
    """A market took a step of its life cycle of which the venue speaks."""

    ticker: Ticker
    step: LifecycleStep
    now_us: int


@attrs.frozen(kw_only=True)
class EventListed:
    """A new event is there; its markets follow."""

    event_ticker: str
    now_us: int


@attrs.frozen(kw_only=True)
class EventFeesChanged:
    """An event's fee override was set or cleared; both ``None`` is cleared."""

    event_ticker: str
    fee_type_override: str | None
    fee_multiplier_override: Fraction | None
    now_us: int


@attrs.frozen(kw_only=True)
class OrderGroupChanged:
    """A step of one of an account's order groups."""

    account: str
    order_group_id: str
    step: GroupStep
    limit_centi: CentiContracts | None
    """The limit; told of ``created`` and ``limit_updated`` alone."""
    now_us: int


VenueEvent = (
    BookChanged
    | Traded
    | Filled
    | OrderChanged
    | PositionChanged
    | QuoteChanged
    | MarketStepped
    | EventListed
    | EventFeesChanged
    | OrderGroupChanged
)
