"""What the venue's stream says, in our words: prices of the YES book, amounts in our units.

The stream to market data, which makes messages of them. Every value says when the
frame it came in was read.
"""

from typing import Literal

import attrs

from actors.model.grid import PriceRange
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Fill, Side, Ticker

Levels = tuple[tuple[Pips, CentiContracts], ...]
"""Price and count of what rests, best first."""

LossReason = Literal["gap", "clock", "disconnected", "unsubscribed"]
"""``clock``: the market's clock went back, so that no copy of its book can be matched."""


@attrs.frozen(kw_only=True)
class StreamSnapshot:
    """The whole of one market's book, replacing what was known."""

    ticker: Ticker
    bids: Levels
    asks: Levels
    sid: int
    seq: int
    clock: int | None
    """The venue's own count for this market, the same on every connection."""
    received_ns: int


@attrs.frozen(kw_only=True)
class StreamDelta:
    """One level of one market's book changed. Follows a snapshot without a gap, always."""

    ticker: Ticker
    side: Side
    price_pips: Pips
    change_centi: CentiContracts
    sid: int
    seq: int
    clock: int | None
    venue_ts_ms: int
    client_order_id: str | None
    """The order of ours that caused it, where one did."""
    received_ns: int


@attrs.frozen(kw_only=True)
class StreamLost:
    """These books may be wrong until each one's next snapshot."""

    tickers: tuple[Ticker, ...]
    reason: LossReason
    received_ns: int


@attrs.frozen(kw_only=True)
class StreamMissed:
    """Messages of a channel other than the books were lost; ask over REST for what they said."""

    channel: str
    received_ns: int


@attrs.frozen(kw_only=True)
class StreamTrade:
    """A public print."""

    trade_id: str
    ticker: Ticker
    price_pips: Pips
    count_centi: CentiContracts
    taker_side: Side
    is_block_trade: bool
    """Agreed off the book: it says nothing about the book's price."""
    venue_ts_ms: int
    received_ns: int


@attrs.frozen(kw_only=True)
class StreamFill:
    """An execution of ours. May come before or after the public print of it."""

    fill: Fill
    client_order_id: str | None
    position_centi: CentiContracts
    """The signed position that it left us with."""
    received_ns: int


@attrs.frozen(kw_only=True)
class StreamOrder:
    """An order of ours changed."""

    order_id: str
    client_order_id: str
    ticker: Ticker
    status: str
    """``resting``, ``canceled``, ``executed`` or ``unknown``."""
    side: Side
    price_pips: Pips
    fill_count_centi: CentiContracts
    remaining_count_centi: CentiContracts
    initial_count_centi: CentiContracts
    reason: str
    """Why, in the venue's word (``Trade``, ``ReduceOnlyCancel``, ...); may be empty."""
    exchange_index: int
    venue_ts_ms: int
    received_ns: int


@attrs.frozen(kw_only=True)
class StreamLifecycle:
    """Something happened to a market. What is ``None`` was not said."""

    ticker: Ticker
    event_type: str
    """``created, activated, deactivated, close_date_updated, determined, settled,
    price_level_structure_updated, metadata_updated``, or a word that is newer than we."""
    event_ticker: str | None
    exchange_index: int | None
    close_s: int | None
    """When it closes, seconds since 1970."""
    result: str | None
    settlement_value_micros: MicroDollars | None
    grid: tuple[PriceRange, ...] | None
    received_ns: int


@attrs.frozen(kw_only=True)
class StreamEvent:
    """An event was made."""

    event_ticker: str
    series_ticker: str
    exchange_index: int
    title: str
    received_ns: int


@attrs.frozen(kw_only=True)
class StreamFees:
    """An event has fees of its own, or (where ``None``) falls back to its series'."""

    event_ticker: str
    fee_type: str | None
    multiplier_ppm: int | None
    received_ns: int


@attrs.frozen(kw_only=True)
class StreamGroup:
    """An order group of ours was made, triggered, reset, deleted, or has another limit."""

    group_id: str
    step: str
    """``created, triggered, reset, deleted, limit_updated``, or a word that is newer than we."""
    received_ns: int


StreamValue = (
    StreamSnapshot
    | StreamDelta
    | StreamLost
    | StreamMissed
    | StreamTrade
    | StreamFill
    | StreamOrder
    | StreamLifecycle
    | StreamEvent
    | StreamFees
    | StreamGroup
)
