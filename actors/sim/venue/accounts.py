"""Accounts and their orders: whose cash, whose position, what may still trade."""

from fractions import Fraction
from typing import Literal

import attrs

from actors.model.matching import SelfTrade
from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, Ticker, TimeInForce
from actors.sim.venue.collateral import Claim, Claims, resting_slack_micros
from actors.sim.venue.holdings import Holding, leg_pips
from actors.sim.venue.listing import Market
from actors.sim.venue.views import AccountView, CashView, OrderStatus, OrderView, UpdateReason


@attrs.frozen(kw_only=True)
class CreateOrder:
    """An order as its sender means it. Agents hand it over as it is; REST reads it from JSON."""

    ticker: Ticker
    side: Side
    price_pips: Pips
    """Of the YES leg."""
    count_centi: CentiContracts
    time_in_force: TimeInForce = "immediate_or_cancel"
    self_trade: SelfTrade = "taker_at_cross"
    client_order_id: str = ""
    """Unique for ever in the account; empty for none."""
    post_only: bool = False
    reduce_only: bool = False
    cancel_on_pause: bool = False
    expires_us: int | None = None
    exchange_index: int | None = None
    """The shard; ``None`` or -1 routes by ticker."""
    subaccount: int = 0
    order_group_id: str = ""


@attrs.define(kw_only=True, eq=False)
class Order:
    """An order that the venue took, from arrival to its end."""

    number: int
    order_id: str
    account: str
    market: Market
    request: CreateOrder
    created_us: int
    updated_us: int
    remaining_centi: int
    """What may still trade."""
    filled_centi: int = 0
    carried_micros: int = 0
    """Rounding taken by its fills and not yet given back."""
    taker_cost_micros: int = 0
    maker_cost_micros: int = 0
    taker_fees_micros: int = 0
    maker_fees_micros: int = 0
    status: OrderStatus = "resting"
    reason: UpdateReason = ""

    def filled(
        self, price_pips: int, count_centi: int, fee_micros: int, *, is_taker: bool, now_us: int
    ) -> None:
        """Book one fill."""
        cost_micros = leg_pips(self.request.side, price_pips) * count_centi
        if is_taker:
            self.taker_cost_micros += cost_micros
            self.taker_fees_micros += fee_micros
        else:
            self.maker_cost_micros += cost_micros
            self.maker_fees_micros += fee_micros
        self.filled_centi += count_centi
        self.remaining_centi -= count_centi
        self.reason = "Trade"
        self.updated_us = now_us
        if self.remaining_centi == 0:
            self.status = "executed"

    def end(self, reason: UpdateReason, now_us: int) -> None:
        """Cancel what is left."""
        self.remaining_centi = 0
        self.status = "canceled"
        self.reason = reason
        self.updated_us = now_us

    def claim(self) -> Claim:
        """Return what it may take while it rests."""
        rate, price_pips = self.market.fees.maker, self.request.price_pips
        slack = resting_slack_micros(rate, price_pips, self.remaining_centi, self.carried_micros)
        return Claim(self.request.side, price_pips, self.remaining_centi, rate, slack)

    def average_micros(self) -> tuple[Fraction, Fraction]:
        """Return price of the YES leg and fee, a contract, over all fills."""
        cost = self.taker_cost_micros + self.maker_cost_micros
        if self.request.side == "ask":
            cost = 10_000 * self.filled_centi - cost
        fees = self.taker_fees_micros + self.maker_fees_micros
        return Fraction(cost * 100, self.filled_centi), Fraction(fees * 100, self.filled_centi)

    def view(self) -> OrderView:
        """Return the order as its owner may read it."""
        request = self.request
        return OrderView(
            number=self.number,
            order_id=self.order_id,
            client_order_id=request.client_order_id,
            ticker=request.ticker,
            exchange_index=self.market.shard,
            side=request.side,
            price_pips=request.price_pips,
            time_in_force=request.time_in_force,
            self_trade=request.self_trade,
            status=self.status,
            initial_centi=request.count_centi,
            filled_centi=self.filled_centi,
            remaining_centi=self.remaining_centi,
            taker_cost_micros=self.taker_cost_micros,
            maker_cost_micros=self.maker_cost_micros,
            taker_fees_micros=self.taker_fees_micros,
            maker_fees_micros=self.maker_fees_micros,
            cancel_on_pause=request.cancel_on_pause,
            expires_us=request.expires_us,
            created_us=self.created_us,
            updated_us=self.updated_us,
            reason=self.reason,
        )


@attrs.define(kw_only=True, eq=False)
class Account:
    """One member. A direct member: cash moves on the $0.0001 grid."""

    name: str
    user_id: str
    membership: Literal["direct"] = "direct"
    cash_micros: dict[int, int] = attrs.field(factory=dict)
    """By shard. Never negative: collateral of open positions has left it already."""
    holdings: dict[Ticker, Holding] = attrs.field(factory=dict)
    resting: dict[Ticker, dict[str, Order]] = attrs.field(factory=dict)
    """By market, then by order id, in order of arrival."""
    spent_ids: set[str] = attrs.field(factory=set)
    """Every client order id it ever used; membership is asked, order never."""
    view: AccountView | None = None
    """``None`` for an account that nobody reads over the API."""
    _claims: dict[Ticker, Claims] = attrs.field(init=False, factory=dict)
    _needs: dict[Ticker, int] = attrs.field(init=False, factory=dict)
    _reserved: dict[int, int] = attrs.field(init=False, factory=dict)

    def holding(self, ticker: Ticker) -> Holding:
        """Return the position in one market, an empty one if it never traded there."""
        return self.holdings.setdefault(ticker, Holding())

    def cash(self, shard: int) -> int:
        """Return the cash on one shard, reserved or not."""
        return self.cash_micros.get(shard, 0)

    def available(self, shard: int) -> int:
        """Return the cash on one shard that no resting order may need."""
        return self.cash(shard) - self._reserved.get(shard, 0)

    def rest(self, order: Order) -> None:
        """Count ``order`` among what rests; again, when it has become smaller."""
        self.resting.setdefault(order.market.ticker, {})[order.order_id] = order
        self._claims_in(order.market).put(order.order_id, order.claim())

    def forget(self, order: Order) -> None:
        """Count ``order`` no more: it was filled or cancelled."""
        del self.resting[order.market.ticker][order.order_id]
        self._claims_in(order.market).drop(order.order_id, order.request.side)

    def affords(self, market: Market, claim: Claim) -> bool:
        """Return whether the shard's cash covers ``claim`` beside all that rests."""
        before = self._needs.get(market.ticker, 0)
        extra = self._need(market, claim) - before
        return extra <= 0 or extra <= self.available(market.shard)

    def reserve(self, market: Market) -> None:
        """Count anew what this market's orders may need, after orders or position changed."""
        need = self._need(market, None)
        change = need - self._needs.get(market.ticker, 0)
        self._needs[market.ticker] = need
        self._reserved[market.shard] = self._reserved.get(market.shard, 0) + change

    def move_cash(self, shard: int, amount_micros: int) -> None:
        """Add to the cash of one shard; never below zero, which would be the venue's own fault."""
        cash = self.cash(shard) + amount_micros
        assert cash >= 0, f"{self.name}: {cash} micro-dollars on shard {shard}"
        self.cash_micros[shard] = cash

    def cash_view(self, shard: int) -> CashView:
        """Return what its owner may read of one shard's cash."""
        return CashView(exchange_index=shard, available_micros=self.available(shard))

    def _claims_in(self, market: Market) -> Claims:
        return self._claims.setdefault(market.ticker, Claims())

    def _need(self, market: Market, extra: Claim | None) -> int:
        held = self.holdings.get(market.ticker)
        return self._claims_in(market).need_micros(held.yes_centi if held else 0, extra)
