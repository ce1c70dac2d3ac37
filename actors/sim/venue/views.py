"""What an account's owner may read about it: a projection that may lag behind the truth.

The venue's read side is not its matching engine: an order acknowledged as
cancelled was still shown as resting 360 ms later (reference ``kalshi.md``
section 3). So every change is posted here with its time, and a reader sees what
was posted up to some instant.
"""

from collections import deque
from typing import Literal

import attrs

from actors.model.orders import Side, Ticker, TimeInForce

OrderStatus = Literal["resting", "canceled", "executed"]

UpdateReason = Literal[
    "",
    "Trade",
    "SelfTradeCancel",
    "ExpiryCancel",
    "CloseCancel",
    "HaltCancel",
    "PostOnlyCrossCancel",
    "ReduceOnlyCancel",
    "MarginCancel",
    "Amend",
    "Decrease",
]
"""Why an order last changed; empty when its owner changed it."""


@attrs.frozen(kw_only=True)
class OrderView:
    """An order as it stood after one change."""

    number: int
    """Place in the venue's order of arrival, for paging."""
    order_id: str
    client_order_id: str
    ticker: Ticker
    exchange_index: int
    side: Side
    price_pips: int
    time_in_force: TimeInForce
    self_trade: Literal["taker_at_cross", "maker"]
    status: OrderStatus
    initial_centi: int
    filled_centi: int
    remaining_centi: int
    taker_cost_micros: int
    maker_cost_micros: int
    taker_fees_micros: int
    maker_fees_micros: int
    cancel_on_pause: bool
    expires_us: int | None
    created_us: int
    updated_us: int
    reason: UpdateReason
    subaccount: int = 0
    order_group_id: str = ""


@attrs.frozen(kw_only=True)
class FillView:
    """One fill."""

    number: int
    trade_id: str
    order_id: str
    ticker: Ticker
    exchange_index: int
    side: Side
    price_pips: int
    count_centi: int
    fee_micros: int
    is_taker: bool
    now_us: int
    subaccount: int = 0


@attrs.frozen(kw_only=True)
class PositionView:
    """What was held in one market; fractions of a micro-dollar are cut off."""

    ticker: Ticker
    exchange_index: int
    yes_centi: int
    cost_micros: int
    realized_micros: int
    fees_micros: int
    traded_micros: int
    traded_centi: int
    settled: bool
    now_us: int
    subaccount: int = 0


@attrs.frozen(kw_only=True)
class SettlementView:
    """One market's settlement for one account."""

    number: int
    ticker: Ticker
    event_ticker: str
    exchange_index: int
    result: Literal["yes", "no", "scalar"]
    yes_value_micros: int
    held_centi: int
    """Signed position that was settled."""
    cost_micros: int
    payout_micros: int
    """What the contracts paid. All of it moved as cash, unless collateral of this event had
    come back earlier."""
    fees_micros: int
    """Fees of all fills in this market."""
    now_us: int
    subaccount: int = 0


@attrs.frozen(kw_only=True)
class CashView:
    """What is free on one shard: cash less what resting orders may need."""

    exchange_index: int
    available_micros: int
    subaccount: int = 0
    now_us: int = 0


Posted = OrderView | FillView | PositionView | SettlementView | CashView


@attrs.define(eq=False)
class AccountView:
    """One account as its owner may read it, ``lag_us`` after the fact."""

    lag_us: int = 0
    orders: dict[str, OrderView] = attrs.field(init=False, factory=dict)
    fills: list[FillView] = attrs.field(init=False, factory=list)
    positions: dict[tuple[int, Ticker], PositionView] = attrs.field(init=False, factory=dict)
    """By subaccount and market."""
    settlements: list[SettlementView] = attrs.field(init=False, factory=list)
    cash: dict[tuple[int, int], CashView] = attrs.field(init=False, factory=dict)
    """By subaccount and shard."""
    updated_us: int = attrs.field(init=False, default=0)
    """When the newest change that is visible was made."""
    _waiting: deque[tuple[int, Posted]] = attrs.field(init=False, factory=deque)

    def post(self, now_us: int, change: Posted) -> None:
        """Take in a change; readers see it once it is ``lag_us`` old."""
        self._waiting.append((now_us, change))
        self.advance(now_us)

    def advance(self, now_us: int) -> None:
        """Make everything visible that is old enough at ``now_us``."""
        while self._waiting and self._waiting[0][0] <= now_us - self.lag_us:
            posted_us, change = self._waiting.popleft()
            self.updated_us = posted_us
            self._fold(change)

    def _fold(self, change: Posted) -> None:
        match change:
            case OrderView():
                self.orders[change.order_id] = change
            case FillView():
                self.fills.append(change)
            case PositionView():
                self.positions[change.subaccount, change.ticker] = change
            case SettlementView():
                self.settlements.append(change)
            case CashView():
                self.cash[change.subaccount, change.exchange_index] = change
