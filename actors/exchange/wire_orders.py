"""Orders, fills and the account, as the venue writes them.

Field lists: the venue's OpenAPI document 3.34.0 and reference ``kalshi.md`` sections
3 and 4. A field that the document requires is required here when we use it.
"""

import re
from typing import Final

import msgspec
from msgspec import Struct, field

from actors.exchange.errors import BadOrder
from actors.exchange.wire import (
    CentsNumber,
    CountText,
    Decoder,
    InstantText,
    MoneyText,
    PriceText,
)
from actors.model.money import (
    ONE_DOLLAR_PIPS,
    MicroDollars,
    centi_text,
    pips_text,
)
from actors.model.orders import Fill, OrderRequest, Side, Ticker, TimeInForce

NANOS_PER_MILLI: Final = 1_000_000

_CLIENT_ORDER_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
"""What the venue is known to take; a dot was refused (``kalshi.md`` section 3)."""


class _OrderBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of a create-order request; its fields go out in this order."""

    ticker: str
    client_order_id: str
    side: Side
    count: str
    price: str
    time_in_force: TimeInForce
    self_trade_prevention_type: str
    expiration_time: int = 0
    reduce_only: bool = False
    order_group_id: str = ""
    exchange_index: int


_encoder = msgspec.json.Encoder()


def encode_order(order: OrderRequest) -> str:
    """Write the JSON body of a create-order request: the same order, the same bytes.

    Price has four decimals and count two, both as strings, because numbers are
    refused. Where our own order would be met, ours that takes is cancelled. The
    shard is always named: routing by ticker costs the venue time.

    Raises:
        BadOrder: The order can only be refused, or could be meant otherwise.
    """
    fault = _fault(order)
    if fault:
        raise BadOrder(f"{fault}: not an order that may be sent")
    body = _OrderBody(
        ticker=order.ticker,
        client_order_id=order.client_order_id,
        side=order.side,
        count=centi_text(order.count_centi),
        price=pips_text(order.price_pips),
        time_in_force=order.time_in_force,
        self_trade_prevention_type="taker_at_cross",
        expiration_time=order.expires_s,
        reduce_only=order.reduce_only,
        order_group_id=order.order_group_id,
        exchange_index=order.exchange_index,
    )
    return _encoder.encode(body).decode("ascii")


def _fault(order: OrderRequest) -> str:  # noqa: PLR0911 - one for each fault
    """Say why an order may not be sent; empty where it may."""
    if not 0 < order.price_pips < ONE_DOLLAR_PIPS:
        return f"price {order.price_pips} pips"
    if order.count_centi <= 0:
        return f"count {order.count_centi} centi-contracts"
    if not order.ticker:
        return "no ticker"
    if not _CLIENT_ORDER_ID.fullmatch(order.client_order_id):
        return "client order id"
    if order.exchange_index < 0:
        return f"shard {order.exchange_index}"
    if order.reduce_only and order.time_in_force != "immediate_or_cancel":
        return f"reduce-only and {order.time_in_force}"
    if order.reduce_only and order.order_group_id:
        # A triggered group lets no order in: what removes risk must not hang on one.
        return "reduce-only in an order group"
    if (order.expires_s > 0) != (order.time_in_force == "good_till_canceled"):
        return f"{order.time_in_force} that ends at {order.expires_s}"
    return ""


class OrderAck(Struct, frozen=True, kw_only=True):
    """The answer to a create-order request that the venue took (201)."""

    order_id: str
    client_order_id: str = ""
    fill_count_centi: CountText = field(name="fill_count")
    remaining_count_centi: CountText = field(name="remaining_count")
    """Nothing for an immediate-or-cancel order: what did not fill is gone."""
    average_fill_price_micros: MoneyText | None = field(name="average_fill_price", default=None)
    """Per contract. Information only: money comes from fills."""
    average_fee_micros: MoneyText | None = field(name="average_fee_paid", default=None)
    ts_ms: int


class CancelAck(Struct, frozen=True, kw_only=True):
    """The answer to a cancel; its ids may be another order's (``kalshi.md`` section 3)."""

    reduced_by_centi: CountText = field(name="reduced_by")
    ts_ms: int


class VenueOrder(Struct, frozen=True, kw_only=True):
    """One order of ours, as the read side shows it: a moment behind the matching engine."""

    order_id: str
    client_order_id: str
    ticker: Ticker
    side: Side = field(name="book_side")
    status: str
    """``resting``, ``canceled`` or ``executed``."""
    price_pips: PriceText = field(name="yes_price_dollars")
    fill_count_centi: CountText = field(name="fill_count_fp")
    remaining_count_centi: CountText = field(name="remaining_count_fp")
    initial_count_centi: CountText = field(name="initial_count_fp")
    taker_cost_micros: MoneyText = field(name="taker_fill_cost_dollars")
    maker_cost_micros: MoneyText = field(name="maker_fill_cost_dollars")
    taker_fees_micros: MoneyText = field(name="taker_fees_dollars")
    maker_fees_micros: MoneyText = field(name="maker_fees_dollars")
    created_wall_ns: InstantText | None = field(name="created_time", default=None)
    last_update_wall_ns: InstantText | None = field(name="last_update_time", default=None)
    exchange_index: int | None = None
    """The shard, where the venue names it."""

    @property
    def last_update_ms(self) -> int:
        """When the venue last touched it, in its own milliseconds; 0 where it does not say."""
        return (self.last_update_wall_ns or self.created_wall_ns or 0) // NANOS_PER_MILLI


class VenueFill(Struct, frozen=True, kw_only=True):
    """One execution of ours. It names the venue's order id only, never ours."""

    trade_id: str
    order_id: str
    ticker: Ticker
    side: Side = field(name="book_side")
    price_pips: PriceText = field(name="yes_price_dollars")
    count_centi: CountText = field(name="count_fp")
    fee_micros: MoneyText = field(name="fee_cost")
    is_taker: bool
    exchange_index: int
    created_wall_ns: InstantText | None = field(name="created_time", default=None)
    created_s: int | None = field(name="ts", default=None)

    @property
    def venue_ts_ms(self) -> int:
        """When it happened, by the venue's clock; 0 where it does not say."""
        if self.created_wall_ns is not None:
            return self.created_wall_ns // NANOS_PER_MILLI
        return (self.created_s or 0) * 1_000

    def fill(self) -> Fill:
        """Return it in the model's words."""
        return Fill(
            trade_id=self.trade_id,
            order_id=self.order_id,
            ticker=self.ticker,
            side=self.side,
            price_pips=self.price_pips,
            count_centi=self.count_centi,
            fee_micros=self.fee_micros,
            is_taker=self.is_taker,
            exchange_index=self.exchange_index,
            venue_ts_ms=self.venue_ts_ms,
        )


class VenuePosition(Struct, frozen=True, kw_only=True):
    """What we hold in one market."""

    ticker: Ticker
    exchange_index: int
    position_centi: CountText = field(name="position_fp")
    """Signed: YES above zero, NO below."""
    exposure_micros: MoneyText = field(name="market_exposure_dollars")
    total_traded_micros: MoneyText = field(name="total_traded_dollars")
    realised_micros: MoneyText = field(name="realized_pnl_dollars")
    fees_micros: MoneyText = field(name="fees_paid_dollars")
    last_updated_wall_ns: InstantText = field(name="last_updated_ts")


class ShardBalance(Struct, frozen=True, kw_only=True):
    """Cash on one shard; collateral cannot be borrowed from another."""

    exchange_index: int
    balance_micros: MoneyText = field(name="balance")


class VenueBalance(Struct, frozen=True, kw_only=True):
    """Cash, of one shard or of all."""

    balance_micros: MoneyText = field(name="balance_dollars")
    portfolio_value_micros: CentsNumber = field(name="portfolio_value")
    """In whole cents on the wire."""
    updated_s: int = field(name="updated_ts")
    shards: tuple[ShardBalance, ...] = field(name="balance_breakdown", default=())

    def on_shard(self, exchange_index: int) -> MicroDollars | None:
        """Return the cash on one shard, or ``None`` where the venue does not break it down."""
        for shard in self.shards:
            if shard.exchange_index == exchange_index:
                return shard.balance_micros
        return None


class VenueSettlement(Struct, frozen=True, kw_only=True):
    """How the venue settled one market of ours. Its amounts are whole cents or dollars."""

    ticker: Ticker
    exchange_index: int
    event_ticker: str
    result: str = field(name="market_result")
    """``yes``, ``no`` or ``scalar``."""
    yes_count_centi: CountText = field(name="yes_count_fp")
    yes_cost_micros: MoneyText = field(name="yes_total_cost_dollars")
    no_count_centi: CountText = field(name="no_count_fp")
    no_cost_micros: MoneyText = field(name="no_total_cost_dollars")
    revenue_micros: CentsNumber = field(name="revenue")
    value_micros: CentsNumber | None = field(name="value", default=None)
    """What one YES contract paid."""
    fee_micros: MoneyText = field(name="fee_cost")
    settled_wall_ns: InstantText = field(name="settled_time")


class OrdersPage(Struct, frozen=True, kw_only=True):
    """A page of orders."""

    orders: tuple[VenueOrder, ...]
    cursor: str


class OneOrder(Struct, frozen=True, kw_only=True):
    """One order by its id."""

    order: VenueOrder


class FillsPage(Struct, frozen=True, kw_only=True):
    """A page of fills."""

    fills: tuple[VenueFill, ...]
    cursor: str


class PositionsPage(Struct, frozen=True, kw_only=True):
    """A page of positions."""

    positions: tuple[VenuePosition, ...] = field(name="market_positions")
    cursor: str = ""


class SettlementsPage(Struct, frozen=True, kw_only=True):
    """A page of settlements."""

    settlements: tuple[VenueSettlement, ...]
    cursor: str = ""


order_ack = Decoder(OrderAck)
