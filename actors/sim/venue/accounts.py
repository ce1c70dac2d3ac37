"""Accounts and their orders: whose cash, whose position, what may still trade."""

from collections.abc import Mapping
from fractions import Fraction

import attrs

from actors.model.matching import SelfTrade
from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, Ticker, TimeInForce
from actors.sim.venue.collateral import Claim, Claims, resting_slack_micros
from actors.sim.venue.fees import DIRECT_GRID_MICROS, GRID_MICROS, Membership
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
    """As its owner last wanted it: an amendment replaces it."""
    initial_centi: int
    """What it was created with."""
    created_us: int
    updated_us: int
    remaining_centi: int
    """What may still trade."""
    grid_micros: int = DIRECT_GRID_MICROS
    """The member's grid."""
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
        fees, price_pips = self.market.fees, self.request.price_pips
        slack = resting_slack_micros(
            fees, price_pips, self.remaining_centi, self.carried_micros, self.grid_micros
        )
        return Claim(self.request.side, price_pips, self.remaining_centi, fees.maker, slack)

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
            initial_centi=self.initial_centi,
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
            subaccount=request.subaccount,
            order_group_id=request.order_group_id,
        )


@attrs.define(kw_only=True, eq=False)
class Account:
    """A member's primary account, or one of its numbered subaccounts.

    Cash, positions and orders are each subaccount's own; name, record and spent
    client order ids are the member's.
    """

    name: str
    user_id: str
    number: int = 0
    """0 is the primary account; only that one has subaccounts."""
    membership: Membership = "direct"
    cash_micros: dict[int, int] = attrs.field(factory=dict)
    """By shard. Never negative: collateral of open positions has left it already."""
    subaccounts: dict[int, "Account"] = attrs.field(factory=dict)
    """By number, of a primary account; in rising order."""
    netting: bool = False
    """Whether collateral comes back across the markets of an event."""
    returned_micros: dict[str, int] = attrs.field(factory=dict)
    """By event: what came back so, and is to be paid out of its settlements."""
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

    @property
    def grid_micros(self) -> int:
        """Return the grid on which its cash moves."""
        return GRID_MICROS[self.membership]

    def part(self, number: int) -> "Account":
        """Return a subaccount by its number, 0 being the primary account itself.

        Raises:
            KeyError: It was never created.
        """
        return self.subaccounts[number] if number else self

    def parts(self) -> "tuple[Account, ...]":
        """Return the primary account and all subaccounts."""
        return (self, *self.subaccounts.values())

    def divide(self) -> "Account":
        """Create the next subaccount, empty."""
        number = len(self.subaccounts) + 1
        self.subaccounts[number] = Account(
            name=self.name,
            user_id=self.user_id,
            number=number,
            membership=self.membership,
            spent_ids=self.spent_ids,
            view=self.view,
        )
        return self.subaccounts[number]

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

    def lift(self, order: Order) -> None:
        """Count nothing for an order that is being amended, until ``rest`` or ``forget``."""
        lifted = Claim(order.request.side, order.request.price_pips, 0, order.claim().rate, 0)
        self._claims_in(order.market).put(order.order_id, lifted)

    def largest_need(self, shard: int, markets: Mapping[Ticker, Market]) -> int:
        """Return the most that the orders of any one market on a shard may need."""
        needs = [need for ticker, need in self._needs.items() if markets[ticker].shard == shard]
        return max(needs, default=0)

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
        # Behind an intermediary the roundings of single fills may exceed what was set aside.
        assert cash >= 0 or self.membership != "direct", f"{self.name}: {cash} on shard {shard}"
        self.cash_micros[shard] = cash

    def cash_view(self, shard: int, now_us: int) -> CashView:
        """Return what its owner may read of one shard's cash."""
        return CashView(
            exchange_index=shard,
            available_micros=self.available(shard),
            subaccount=self.number,
            now_us=now_us,
        )

    def _claims_in(self, market: Market) -> Claims:
        return self._claims.setdefault(market.ticker, Claims())

    def _need(self, market: Market, extra: Claim | None) -> int:
        held = self.holdings.get(market.ticker)
        return self._claims_in(market).need_micros(held.yes_centi if held else 0, extra)
