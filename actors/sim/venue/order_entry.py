"""What happens to an order: admitted or refused, matched, rested, cancelled.

Synchronous and complete: when ``create`` returns, everything the order caused has
happened. Rules and error codes: reference ``kalshi.md`` sections 3 and 8.
"""

from fractions import Fraction

import attrs

from actors.model.matching import Incoming, Result
from actors.model.money import CentiContracts
from actors.sim.venue.accounts import Account, CreateOrder, Order
from actors.sim.venue.admission import Admission, reduce_cap
from actors.sim.venue.clearing import Clearing
from actors.sim.venue.events import GroupStep, OrderGroupChanged
from actors.sim.venue.floor import Floor
from actors.sim.venue.netting import Netting
from actors.sim.venue.order_groups import OrderGroup
from actors.sim.venue.refusals import Refused, not_found, refuse
from actors.sim.venue.views import UpdateReason


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
        self.netting = Netting(floor)
        self.admission = Admission(floor, self.netting)
        self._floor = floor
        self._clearing = Clearing(floor)

    def create(self, name: str, request: CreateOrder) -> Created | Refused:
        """Take an order, or say why not.

        A refusal changes nothing, except that a killed fill-or-kill and a
        crossing post-only order spend their client order id and are on record.

        Raises:
            NotListed: No such account.
        """
        now_us = self._floor.now_us()
        refused = self.admission.refusal(name, request, now_us)
        if refused is not None:
            return refused
        account = self._floor.accounts[name].part(request.subaccount)
        market = self._floor.markets[request.ticker]
        cap_centi = reduce_cap(account, request)
        count = request.count_centi if cap_centi is None else min(request.count_centi, cap_centi)
        refused = self.admission.shortfall(account, request, count)
        if refused is not None:
            return refused
        order = Order(
            number=self._floor.number(),
            order_id=self._floor.uuid(),
            account=name,
            market=market,
            request=request,
            initial_centi=request.count_centi,
            created_us=now_us,
            updated_us=now_us,
            remaining_centi=request.count_centi,
            grid_micros=account.grid_micros,
        )
        if request.client_order_id:
            account.spent_ids.add(request.client_order_id)
        result = self.enter(order, cap_centi, now_us)
        # Before the listeners hear of it: one of them may trade with what now rests.
        outcome = _outcome(order, result)
        self._floor.bulletin.tell()
        return outcome

    def enter(self, order: Order, cap_centi: CentiContracts | None, now_us: int) -> Result:
        """Match what remains of an order and book all that comes of it; the caller tells."""
        result = order.market.book.submit(_incoming(order, cap_centi))
        account = self._floor.holder(order)
        touched = self._book(account, order, result, cap_centi, now_us)
        if result.executions:
            self._aftermath(order, touched, now_us)
        return result

    def cancel(
        self, name: str, order_id: str, subaccount: int | None = None
    ) -> Cancelled | Refused:
        """Take a resting order out; what does not rest is not found, whatever became of it.

        Args:
            name: Whose order.
            order_id: Which.
            subaccount: In which of the member's accounts it must be; ``None`` for any.

        Raises:
            NotListed: No such account.
        """
        self._floor.account(name)
        if not self._floor.exchange_active:
            return refuse(409, "exchange_is_paused")
        order = self._floor.orders.get(order_id)
        if order is None or order.account != name:
            return not_found()
        if subaccount not in {None, order.request.subaccount}:
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
            self.forget(order)
            order.end(reason, now_us)
            self._floor.post_order(order)
        for account in _holders(self._floor, orders):
            self._clearing.recount(account, market, now_us)
        self._floor.post_quote(market, now_us)

    def withdraw_all(self, orders: list[Order], reason: UpdateReason, now_us: int) -> None:
        """Cancel resting orders of any markets; the caller tells the bulletin."""
        by_market: dict[str, list[Order]] = {}
        for order in orders:
            by_market.setdefault(order.market.ticker, []).append(order)
        for each in by_market.values():
            self.withdraw(each, reason, now_us)

    def shrink(self, order: Order, by_centi: int, reason: UpdateReason, now_us: int) -> None:
        """Make a resting order smaller in its place of the queue; the caller tells."""
        market, account = order.market, self._floor.holder(order)
        market.clock = self._floor.tick(market.shard)
        left = CentiContracts(order.remaining_centi - by_centi)
        market.book.decrease(order.order_id, left)
        change = (order.request.side, order.request.price_pips, CentiContracts(-by_centi))
        self._floor.post_change(market, change, order, now_us)
        order.remaining_centi, order.reason, order.updated_us = left, reason, now_us
        account.rest(order)
        self._floor.post_order(order)
        self._clearing.recount(account, market, now_us)
        self._floor.post_quote(market, now_us)

    def resting(self, name: str, subaccount: int | None = None) -> list[Order]:
        """Return what a member has resting, in one of its accounts or in all.

        Raises:
            NotListed: No such account.
        """
        return [
            order
            for part in self._floor.account(name).parts()
            if subaccount in {None, part.number}
            for orders in part.resting.values()
            for order in orders.values()
        ]

    def margin_call(self, account: Account, shard: int, now_us: int) -> None:
        """Cancel the newest orders on a shard until the cash covers the rest; the caller tells."""
        while account.available(shard) < 0:
            orders = [
                order
                for resting in account.resting.values()
                for order in resting.values()
                if order.market.shard == shard
            ]
            if not orders:
                return
            self.withdraw([max(orders, key=lambda each: each.number)], "MarginCancel", now_us)

    def trigger(self, group: OrderGroup, now_us: int) -> None:
        """Trigger a group: what rests in it goes; the caller tells."""
        group.triggered = True
        self.withdraw_all(self.members(group), "", now_us)
        self.post_group(group, "triggered", now_us)

    def members(self, group: OrderGroup) -> list[Order]:
        """Return what rests in a group, oldest first."""
        resting = self.resting(group.account, group.subaccount)
        mine = [order for order in resting if order.request.order_group_id == group.group_id]
        return sorted(mine, key=lambda order: order.number)

    def post_group(self, group: OrderGroup, step: GroupStep, now_us: int) -> None:
        """Post a step of a group; the caller tells."""
        told = step in {"created", "limit_updated"}
        self._floor.bulletin.post(
            OrderGroupChanged(
                account=group.account,
                order_group_id=group.group_id,
                step=step,
                limit_centi=CentiContracts(group.limit_centi) if told else None,
                now_us=now_us,
            )
        )

    def _book(
        self,
        account: Account,
        order: Order,
        result: Result,
        cap_centi: CentiContracts | None,
        now_us: int,
    ) -> list[Order]:
        market = order.market
        if result.changes:
            market.clock = self._floor.tick(market.shard)
        for change in result.changes:
            self._floor.post_change(market, change, order, now_us)
        touched = [order]
        for execution in result.executions:
            maker = self._floor.orders[execution.maker_order_id]
            touched.append(maker)
            self._clearing.execute(order, maker, execution, now_us)
            if maker.remaining_centi:
                self._floor.holder(maker).rest(maker)
            else:
                self.forget(maker)
            self._floor.post_order(maker)
        for gave_way in result.self_cancelled:
            own = self._floor.orders[gave_way.order_id]
            touched.append(own)
            self.forget(own)
            own.end("SelfTradeCancel", now_us)
            self._floor.post_order(own)
        if result.rested_centi:
            self._floor.orders[order.order_id] = order
            account.rest(order)
        if result.cancelled_centi:
            order.end(_why_ended(order, result, cap_centi), now_us)
        self._floor.post_order(order)
        for each in _holders(self._floor, touched):
            self._clearing.recount(each, market, now_us)
        if result.changes:
            self._floor.post_quote(market, now_us)
        return touched

    def _aftermath(self, taker: Order, touched: list[Order], now_us: int) -> None:
        """Judge what the fills of one action have led to: groups spent, collateral free."""
        names = dict.fromkeys(order.request.order_group_id for order in touched)
        for name in names:
            group = self._floor.groups.get(name)
            if group is not None and not group.triggered and group.is_spent(now_us):
                self.trigger(group, now_us)
        for account in _holders(self._floor, touched):
            stranded = self.netting.give_back(account, taker.market.event, now_us)
            self.withdraw_all(stranded, "MarginCancel", now_us)

    def forget(self, order: Order) -> None:
        """Count an order no more among what rests; the book has let go of it already."""
        del self._floor.orders[order.order_id]
        self._floor.holder(order).forget(order)


def _holders(floor: Floor, orders: list[Order]) -> list[Account]:
    """Return the accounts of ``orders``, each once, in order of appearance."""
    keys = dict.fromkeys((order.account, order.request.subaccount) for order in orders)
    return [floor.accounts[name].part(number) for name, number in keys]


def _incoming(order: Order, cap_centi: CentiContracts | None) -> Incoming:
    request = order.request
    return Incoming(
        order_id=order.order_id,
        owner=order.account,
        side=request.side,
        price_pips=request.price_pips,
        count_centi=CentiContracts(order.remaining_centi),
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
