"""What happens to an order: admitted or refused, matched, rested, cancelled.

Synchronous and complete: when ``create`` returns, everything the order caused has
happened. Rules and error codes: reference ``kalshi.md`` sections 3 and 8.
"""

import re
from fractions import Fraction
from typing import Final

import attrs

from actors.model.matching import Incoming, Result
from actors.model.money import CentiContracts
from actors.model.orders import opposite
from actors.sim.venue.accounts import Account, CreateOrder, Order
from actors.sim.venue.clearing import Clearing
from actors.sim.venue.collateral import Claim, resting_slack_micros, taking_slack_micros
from actors.sim.venue.floor import Floor
from actors.sim.venue.holdings import leg_pips
from actors.sim.venue.listing import Market
from actors.sim.venue.refusals import Refused, not_found, refuse
from actors.sim.venue.views import UpdateReason

CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""A dot in an id was answered with 400; 64 characters is FIX's bound."""

OPEN_ORDERS: Final = 200_000
"""Resting orders one account may have."""

NO_TRADING: Final = {
    "initialized": "market_inactive",
    "inactive": "trading_is_paused",
    "closed": "market_closed",
    "determined": "market_closed",
    "finalized": "market_closed",
}
"""Why a market that is not active takes no order."""


@attrs.frozen(kw_only=True)
class Created:
    """The venue took an order; of an immediate-or-cancel, the rest is gone already."""

    order_id: str
    client_order_id: str
    fill_count_centi: int
    remaining_centi: int
    average_price_micros: Fraction | None
    """Per contract, of the YES leg; ``None`` if nothing filled."""
    average_fee_micros: Fraction | None
    """Per contract."""
    now_us: int


@attrs.frozen(kw_only=True)
class Cancelled:
    """An order that rested and is gone."""

    order_id: str
    client_order_id: str
    reduced_by_centi: int
    now_us: int


class OrderEntry:
    """The matching engine's front: one order at a time."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._clearing = Clearing(floor)

    def create(self, name: str, request: CreateOrder) -> Created | Refused:
        """Take an order, or say why not.

        A refusal changes nothing, except that a killed fill-or-kill and a
        crossing post-only order spend their client order id and are on record.

        Raises:
            NotListed: No such account.
        """
        account = self._floor.account(name)
        now_us = self._floor.now_us()
        refused = self._refusal(account, request, now_us)
        if refused is not None:
            return refused
        market = self._floor.markets[request.ticker]
        cap_centi = _reduce_cap(account, request)
        if not _affords(account, market, request, cap_centi):
            return refuse(400, "insufficient_balance")
        order = Order(
            number=self._floor.number(),
            order_id=self._floor.uuid(),
            account=name,
            market=market,
            request=request,
            created_us=now_us,
            updated_us=now_us,
            remaining_centi=request.count_centi,
        )
        result = market.book.submit(_incoming(order, cap_centi))
        if request.client_order_id:
            account.spent_ids.add(request.client_order_id)
        self._book(account, order, result, cap_centi)
        # Before the listeners hear of it: one of them may trade with what now rests.
        outcome = _outcome(order, result)
        self._floor.bulletin.tell()
        return outcome

    def cancel(self, name: str, order_id: str) -> Cancelled | Refused:
        """Take a resting order out; what does not rest is not found, whatever became of it.

        Raises:
            NotListed: No such account.
        """
        self._floor.account(name)
        if not self._floor.exchange_active:
            return refuse(409, "exchange_is_paused")
        order = self._floor.orders.get(order_id)
        if order is None or order.account != name:
            return not_found()
        reduced_centi = order.remaining_centi
        now_us = self._floor.now_us()
        self.withdraw([order], "", now_us)
        self._floor.bulletin.tell()
        return Cancelled(
            order_id=order_id,
            client_order_id=order.request.client_order_id,
            reduced_by_centi=reduced_centi,
            now_us=now_us,
        )

    def withdraw(self, orders: list[Order], reason: UpdateReason, now_us: int) -> None:
        """Cancel resting orders of one market in one action; the caller tells the bulletin."""
        if not orders:
            return
        market = orders[0].market
        market.clock = self._floor.tick(market.shard)
        for order in orders:
            resting = market.book.cancel(order.order_id)
            assert resting is not None, f"{order.order_id} does not rest"
            change = (resting.side, resting.price_pips, CentiContracts(-resting.left_centi))
            self._floor.post_change(market, change, order, now_us)
            self._forget(order)
            order.end(reason, now_us)
            self._floor.post_order(order)
        for name in dict.fromkeys(order.account for order in orders):
            self._clearing.recount(self._floor.accounts[name], market, now_us)
        self._floor.post_quote(market, now_us)

    def _refusal(self, account: Account, request: CreateOrder, now_us: int) -> Refused | None:
        if not self._floor.exchange_active:
            return refuse(409, "exchange_is_paused")
        market = self._floor.markets.get(request.ticker)
        if market is None or request.exchange_index not in {None, -1, market.shard}:
            return not_found()
        if not self._floor.trading_active:
            return refuse(409, "trading_is_paused")
        if market.status != "active":
            return refuse(409, NO_TRADING[market.status])
        return _unacceptable(account, market, request) or _contradiction(request, now_us)

    def _book(
        self, account: Account, order: Order, result: Result, cap_centi: CentiContracts | None
    ) -> None:
        market, now_us = order.market, order.created_us
        if result.changes:
            market.clock = self._floor.tick(market.shard)
        for change in result.changes:
            self._floor.post_change(market, change, order, now_us)
        touched = {order.account: account}
        for execution in result.executions:
            maker = self._floor.orders[execution.maker_order_id]
            touched[maker.account] = self._floor.accounts[maker.account]
            self._clearing.execute(order, maker, execution, now_us)
            if maker.remaining_centi:
                touched[maker.account].rest(maker)
            else:
                self._forget(maker)
            self._floor.post_order(maker)
        for gave_way in result.self_cancelled:
            own = self._floor.orders[gave_way.order_id]
            self._forget(own)
            own.end("SelfTradeCancel", now_us)
            self._floor.post_order(own)
        if result.rested_centi:
            self._floor.orders[order.order_id] = order
            account.rest(order)
        if result.cancelled_centi:
            order.end(_why_ended(order, result, cap_centi), now_us)
        self._floor.post_order(order)
        for each in touched.values():
            self._clearing.recount(each, market, now_us)
        if result.changes:
            self._floor.post_quote(market, now_us)

    def _forget(self, order: Order) -> None:
        del self._floor.orders[order.order_id]
        self._floor.accounts[order.account].forget(order)


def _unacceptable(account: Account, market: Market, request: CreateOrder) -> Refused | None:
    client_id = request.client_order_id
    if client_id in account.spent_ids:
        return refuse(409, "order_already_exists")
    if client_id and not CLIENT_ID.fullmatch(client_id):
        return refuse(400, "invalid_parameters", details="client_order_id")
    if request.count_centi <= 0:
        return refuse(400, "invalid_order_size")
    if not market.takes_price(request.price_pips):
        return refuse(400, "invalid_price")
    if sum(map(len, account.resting.values())) >= OPEN_ORDERS:
        return refuse(400, "invalid_order", details="too many open orders")
    return None


def _contradiction(request: CreateOrder, now_us: int) -> Refused | None:
    if request.reduce_only and request.time_in_force != "immediate_or_cancel":
        return refuse(400, "invalid_order", details="reduce_only needs immediate_or_cancel")
    if request.expires_us is not None:
        if request.time_in_force != "good_till_canceled":
            details = f"cannot specify both {request.time_in_force} and expiration_time"
            return refuse(400, "invalid_parameters", details=details)
        if request.expires_us <= now_us:
            details = "expiration_time must be in the future"
            return refuse(400, "invalid_parameters", details=details)
    if request.subaccount:
        return refuse(400, "invalid_parameters", details="no such subaccount")
    if request.order_group_id:
        return refuse(404, "not_found", details="no such order group")
    return None


def _reduce_cap(account: Account, request: CreateOrder) -> CentiContracts | None:
    if not request.reduce_only:
        return None
    held_centi = account.holding(request.ticker).yes_centi
    return CentiContracts(max(0, -held_centi if request.side == "bid" else held_centi))


def _affords(
    account: Account, market: Market, request: CreateOrder, cap_centi: CentiContracts | None
) -> bool:
    side, price_pips, count = request.side, request.price_pips, request.count_centi
    if cap_centi is not None:
        count = min(count, cap_centi)
    if count == 0:
        return True
    makers = 0
    for maker in market.book.orders(opposite(side)):
        if leg_pips(side, maker.price_pips) > leg_pips(side, price_pips):
            break
        makers += 1
    slack = taking_slack_micros(side, market.fees.taker, price_pips, count, makers)
    if request.time_in_force == "good_till_canceled":
        slack += resting_slack_micros(market.fees.maker, price_pips, count, 0)
    return account.affords(market, Claim(side, price_pips, count, market.fees.taker, slack))


def _incoming(order: Order, cap_centi: CentiContracts | None) -> Incoming:
    request = order.request
    return Incoming(
        order_id=order.order_id,
        owner=order.account,
        side=request.side,
        price_pips=request.price_pips,
        count_centi=request.count_centi,
        time_in_force=request.time_in_force,
        post_only=request.post_only,
        reduce_cap_centi=cap_centi,
        self_trade=request.self_trade,
    )


def _why_ended(order: Order, result: Result, cap_centi: CentiContracts | None) -> UpdateReason:
    if cap_centi is not None and cap_centi < order.request.count_centi:
        return "ReduceOnlyCancel"
    if result.killed == "post_only_cross":
        return "PostOnlyCrossCancel"
    if result.killed == "self_trade":
        return "SelfTradeCancel"
    return order.reason


def _outcome(order: Order, result: Result) -> Created | Refused:
    if result.killed == "post_only_cross":
        return refuse(400, "invalid_order", details="post only cross")
    if result.killed == "fill_or_kill":
        return refuse(409, "fill_or_kill_insufficient_resting_volume")
    filled = order.filled_centi
    price, fee = order.average_micros() if filled else (None, None)
    return Created(
        order_id=order.order_id,
        client_order_id=order.request.client_order_id,
        fill_count_centi=filled,
        remaining_centi=order.remaining_centi,
        average_price_micros=price,
        average_fee_micros=fee,
        now_us=order.updated_us,
    )
