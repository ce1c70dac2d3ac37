"""The WebSocket's messages, as the venue writes them, and the commands that we send.

Source: the venue's AsyncAPI document 2.0.0 and reference ``kalshi.md`` section 5.
A message is read in two steps, the envelope and then what is in it, so that a type
which is new to us still takes part in the count of its subscription.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Literal

import msgspec
from msgspec import Struct, field

from actors.exchange.wire import CountText, Decoder, MoneyText, PriceText, ppm
from actors.exchange.wire_market import Levels, PriceStep
from actors.model.orders import Side, Ticker

Channel = Literal[
    "orderbook_delta", "trade", "fill", "user_orders", "market_lifecycle_v2", "order_group_updates"
]
Action = Literal["add_markets", "delete_markets", "get_snapshot"]


class Envelope(Struct, frozen=True, kw_only=True, gc=False):
    """What every message has around it."""

    type: str
    id: int | None = None
    """Number of the command that it answers."""
    sid: int | None = None
    """Number of the subscription that it belongs to."""
    seq: int | None = None
    """Its place in that subscription, from 1, on channels that count."""
    msg: msgspec.Raw = msgspec.Raw(b"null")


class Subscribed(Struct, frozen=True, kw_only=True):
    """``subscribed``: a channel is ours from now on."""

    channel: str
    sid: int


class Updated(Struct, frozen=True, kw_only=True):
    """``ok`` to an update: everything that the subscription now has."""

    market_tickers: tuple[Ticker, ...] | None = None


class Refusal(Struct, frozen=True, kw_only=True):
    """``error``."""

    code: int
    text: str = field(name="msg")
    market_ticker: Ticker | None = None
    market_tickers: tuple[Ticker, ...] = ()

    @property
    def tickers(self) -> tuple[Ticker, ...]:
        """The markets that the error is about, where it names any."""
        return self.market_tickers or ((self.market_ticker,) if self.market_ticker else ())


class Snapshot(Struct, frozen=True, kw_only=True):
    """``orderbook_snapshot``. An empty side is left out."""

    ticker: Ticker = field(name="market_ticker")
    clock: int | None = None
    yes: Levels = field(name="yes_dollars_fp", default=())
    no: Levels = field(name="no_dollars_fp", default=())


class Delta(Struct, frozen=True, kw_only=True, gc=False):
    """``orderbook_delta``."""

    ticker: Ticker = field(name="market_ticker")
    clock: int | None = None
    price_pips: PriceText = field(name="price_dollars")
    change_centi: CountText = field(name="delta_fp")
    side: Literal["yes", "no"]
    ts_ms: int = 0
    client_order_id: str | None = None


class Trade(Struct, frozen=True, kw_only=True):
    """``trade``."""

    trade_id: str
    ticker: Ticker = field(name="market_ticker")
    price_pips: PriceText = field(name="yes_price_dollars")
    count_centi: CountText = field(name="count_fp")
    taker_word: str = field(name="taker_book_side")
    is_block_trade: bool
    ts_ms: int


class Fill(Struct, frozen=True, kw_only=True):
    """``fill``."""

    trade_id: str
    order_id: str
    client_order_id: str | None = None
    ticker: Ticker = field(name="market_ticker")
    exchange_index: int
    is_taker: bool
    side: Side = field(name="book_side")
    price_pips: PriceText = field(name="yes_price_dollars")
    count_centi: CountText = field(name="count_fp")
    fee_micros: MoneyText = field(name="fee_cost")
    position_centi: CountText = field(name="post_position_fp")
    ts_ms: int


class UserOrder(Struct, frozen=True, kw_only=True):
    """``user_order``."""

    order_id: str
    client_order_id: str
    ticker: Ticker
    exchange_index: int
    status: str
    side: Side = field(name="book_side")
    price_pips: PriceText = field(name="yes_price_dollars")
    fill_count_centi: CountText = field(name="fill_count_fp")
    remaining_count_centi: CountText = field(name="remaining_count_fp")
    initial_count_centi: CountText = field(name="initial_count_fp")
    created_ms: int | None = field(name="created_ts_ms")
    last_updated_ms: int | None = field(name="last_updated_ts_ms", default=None)
    last_update_reason: str = ""


class NewMarket(Struct, frozen=True, kw_only=True):
    """What is said of a market once, when it is made."""

    event_ticker: str


class MarketLifecycle(Struct, frozen=True, kw_only=True):
    """``market_lifecycle_v2``: what happens to a market outside its book."""

    ticker: Ticker = field(name="market_ticker")
    event_type: str
    exchange_index: int | None = None
    close_s: int | None = field(name="close_ts", default=None)
    result: str | None = None
    settlement_value_micros: MoneyText | None = field(name="settlement_value", default=None)
    is_deactivated: bool | None = None
    additional_metadata: NewMarket | None = None
    price_ranges: tuple[PriceStep, ...] | None = None


class EventLifecycle(Struct, frozen=True, kw_only=True):
    """``event_lifecycle``: an event was made."""

    event_ticker: str
    series_ticker: str
    exchange_index: int
    title: str


class EventFeeUpdate(Struct, frozen=True, kw_only=True):
    """``event_fee_update``: an event has fees of its own, or no longer has."""

    event_ticker: str
    fee_type_override: str | None
    fee_multiplier_override: Decimal | None

    def __post_init__(self) -> None:
        _ = self.fee_multiplier_override_ppm

    @property
    def fee_multiplier_override_ppm(self) -> int | None:
        """The multiplier in millionths, or ``None`` to fall back to the series."""
        override = self.fee_multiplier_override
        return None if override is None else ppm(override)


class OrderGroupUpdate(Struct, frozen=True, kw_only=True):
    """``order_group_updates``: a step in the life of an order group of ours."""

    event_type: str
    order_group_id: str
    ts_ms: int


envelope: Final = Decoder(Envelope)
subscribed: Final = Decoder(Subscribed)
updated: Final = Decoder(Updated)
refusal: Final = Decoder(Refusal)
snapshot: Final = Decoder(Snapshot)
delta: Final = Decoder(Delta)
trade: Final = Decoder(Trade)
fill: Final = Decoder(Fill)
user_order: Final = Decoder(UserOrder)
market_lifecycle: Final = Decoder(MarketLifecycle)
event_lifecycle: Final = Decoder(EventLifecycle)
event_fee_update: Final = Decoder(EventFeeUpdate)
order_group_update: Final = Decoder(OrderGroupUpdate)


def subscribe(number: int, channel: Channel, tickers: Sequence[Ticker]) -> str:
    """Write the command that opens a channel; without tickers it is for all markets.

    Books always in prices of the YES leg, said outright: the venue is going to
    change the default (reference ``kalshi.md`` section 2).
    """
    params: dict[str, object] = {"channels": [channel]}
    if tickers:
        params["market_tickers"] = list(tickers)
    if channel == "orderbook_delta":
        params["use_yes_price"] = True
    return _command(number, "subscribe", params)


def update(number: int, sid: int, action: Action, tickers: Sequence[Ticker]) -> str:
    """Write the command that changes a subscription, or asks it for snapshots."""
    params: dict[str, object] = {"sid": sid, "action": action, "market_tickers": list(tickers)}
    return _command(number, "update_subscription", params)


def _command(number: int, command: str, params: dict[str, object]) -> str:
    body = {"id": number, "cmd": command, "params": params}
    return msgspec.json.encode(body).decode("utf-8")
