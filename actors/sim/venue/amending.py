"""Changing an order that rests: its price, its size, its expiry, its name.

Reference ``kalshi.md`` section 3. A smaller size or another expiry keeps the
place in the queue; another price or a larger size goes to its back and may
trade on arrival. A refusal changes nothing.
"""

from collections.abc import Callable
from fractions import Fraction

import attrs

from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, opposite
from actors.sim.venue.accounts import CreateOrder, Order
from actors.sim.venue.admission import contradiction, renaming, triggered
from actors.sim.venue.floor import Floor
from actors.sim.venue.holdings import leg_pips
from actors.sim.venue.order_entry import OrderEntry
from actors.sim.venue.refusals import Refused, not_found, refuse


@attrs.frozen(kw_only=True)
class AmendOrder:
    """What an order is to become."""

    order_id: str
    ticker: str
    side: Side
    price_pips: Pips
    count_centi: CentiContracts
    """What has filled and what shall rest, together."""
    client_order_id: str = ""
    """What the order is called now, as a check; empty for none."""
    updated_client_order_id: str = ""
    """What it is to be called; empty for as before."""
    expires_us: int | None = None
    """``None`` leaves the expiry alone; 0 removes it."""
    subaccount: int = 0


@attrs.frozen(kw_only=True)
class Amended:
    """The venue changed an order."""

    order_id: str
    client_order_id: str
    resized: bool
    """Whether its remaining size changed, by a fill or by the owner's wish."""
    remaining_centi: int
    fill_count_centi: int
    """What the change itself filled."""
    average_price_micros: Fraction | None
    """Of those fills, a contract of the YES leg; ``None`` without any."""
    average_fee_micros: Fraction | None
    now_us: int


@attrs.frozen
class Amendments:
    """Changes resting orders.

    Args:
        floor: Where they rest.
        orders: The matching engine's front.
        watch_expiry: Takes an order's id and the instant at which it is to end.
    """

    floor: Floor
    orders: OrderEntry
    watch_expiry: Callable[[str, int], None]

    def amend(self, name: str, wish: AmendOrder) -> Amended | Refused:
        """Change an order, or say why not."""
        order = self._find(name, wish.order_id, wish.subaccount)
        if order is None:
            return not_found()
        now_us = self.floor.now_us()
        request = _wanted(order, wish)
        refused = _mismatch(order, wish) or self.orders.admission.standstill(order.market)
        refused = refused or self._unacceptable(order, request, now_us)
        if refused is not None:
            return refused
        return self._change(order, request, now_us)

    def decrease(
        self, name: str, order_id: str, subaccount: int, *, by_centi: int = 0, to_centi: int = -1
    ) -> Amended | Refused:
        """Make an order smaller; at nothing left it is cancelled.

        Args:
            name: Whose order.
            order_id: Which.
            subaccount: In which of the member's accounts it is.
            by_centi: How much to take away, if ``to_centi`` is negative.
            to_centi: What is to remain.
        """
        order = self._find(name, order_id, subaccount)
        if order is None:
            return not_found()
        if not self.floor.exchange_active:
            return refuse(409, "exchange_is_paused")
        left = to_centi if to_centi >= 0 else max(0, order.remaining_centi - by_centi)
        if left >= order.remaining_centi:
            return refuse(400, "invalid_order_size")
        now_us = self.floor.now_us()
        if left == 0:
            self.orders.withdraw([order], "", now_us)
        else:
            self.orders.shrink(order, order.remaining_centi - left, "Decrease", now_us)
        amended = _amended(order, _so_far(order), now_us, resized=True)
        self.floor.bulletin.tell()
        return amended

    def _find(self, name: str, order_id: str, subaccount: int) -> Order | None:
        order = self.floor.orders.get(order_id)
        if order is None or (order.account, order.request.subaccount) != (name, subaccount):
            return None
        return order

    def _unacceptable(self, order: Order, request: CreateOrder, now_us: int) -> Refused | None:
        group = self.floor.groups.get(request.order_group_id)
        if request.client_order_id != order.request.client_order_id:
            refused = renaming(self.floor.account(order.account), request.client_order_id)
            if refused is not None:
                return refused
        if request.count_centi <= order.filled_centi:
            return refuse(400, "invalid_order_size")
        if not order.market.takes_price(request.price_pips):
            return refuse(400, "invalid_price")
        if group is not None and group.triggered:
            return triggered()
        if request.post_only and self._crosses(order, request):
            return refuse(400, "invalid_order", details="post only cross")
        changed = request.expires_us != order.request.expires_us
        return (contradiction(request, now_us) if changed else None) or self._unpaid(order, request)

    def _unpaid(self, order: Order, request: CreateOrder) -> Refused | None:
        if not _loses_place(order, request):
            return None
        account = self.floor.holder(order)
        left = request.count_centi - order.filled_centi
        account.lift(order)
        refused = self.orders.admission.shortfall(account, request, left, order)
        account.rest(order)
        return refused

    def _crosses(self, order: Order, request: CreateOrder) -> bool:
        best = order.market.best(opposite(request.side))
        if best is None:
            return False
        return leg_pips(request.side, best.price_pips) <= leg_pips(request.side, request.price_pips)

    def _change(self, order: Order, request: CreateOrder, now_us: int) -> Amended:
        before = _so_far(order)
        left = request.count_centi - order.filled_centi
        resized = left != order.remaining_centi
        expiry_changed = request.expires_us != order.request.expires_us
        if request.client_order_id:
            self.floor.accounts[order.account].spent_ids.add(request.client_order_id)
        if _loses_place(order, request):
            self._requeue(order, request, left, now_us)
        else:
            order.request = request
            if resized:
                self.orders.shrink(order, order.remaining_centi - left, "Amend", now_us)
            else:
                order.reason, order.updated_us = "Amend", now_us
                self.floor.post_order(order)
        if expiry_changed and request.expires_us is not None and order.status == "resting":
            self.watch_expiry(order.order_id, request.expires_us)
        amended = _amended(order, before, now_us, resized=resized)
        self.floor.bulletin.tell()
        return amended

    def _requeue(self, order: Order, request: CreateOrder, left_centi: int, now_us: int) -> None:
        market = order.market
        resting = market.book.cancel(order.order_id)
        assert resting is not None, f"{order.order_id} does not rest"
        market.clock = self.floor.tick(market.shard)
        change = (resting.side, resting.price_pips, CentiContracts(-resting.left_centi))
        self.floor.post_change(market, change, order, now_us)
        self.orders.forget(order)
        order.request, order.remaining_centi = request, left_centi
        order.reason, order.updated_us = "Amend", now_us
        self.orders.enter(order, None, now_us)


def _wanted(order: Order, wish: AmendOrder) -> CreateOrder:
    kept_us = order.request.expires_us
    return attrs.evolve(
        order.request,
        price_pips=wish.price_pips,
        count_centi=wish.count_centi,
        client_order_id=wish.updated_client_order_id or order.request.client_order_id,
        expires_us=kept_us if wish.expires_us is None else wish.expires_us or None,
    )


def _mismatch(order: Order, wish: AmendOrder) -> Refused | None:
    if wish.ticker != order.market.ticker:
        return refuse(400, "order_ticker_mismatch")
    if wish.side != order.request.side:
        return refuse(400, "order_side_mismatch")
    if wish.client_order_id not in {"", order.request.client_order_id}:
        return refuse(400, "order_id_and_client_order_id_mismatch")
    return None


def _loses_place(order: Order, request: CreateOrder) -> bool:
    larger = request.count_centi - order.filled_centi > order.remaining_centi
    return larger or request.price_pips != order.request.price_pips


def _so_far(order: Order) -> tuple[int, int, int]:
    """Return what an order has filled, what its YES leg cost and what it paid in fees."""
    cost = order.taker_cost_micros + order.maker_cost_micros
    if order.request.side == "ask":
        cost = 10_000 * order.filled_centi - cost
    return order.filled_centi, cost, order.taker_fees_micros + order.maker_fees_micros


def _amended(order: Order, before: tuple[int, int, int], now_us: int, *, resized: bool) -> Amended:
    filled, cost, fees = _so_far(order)
    count = filled - before[0]
    return Amended(
        order_id=order.order_id,
        client_order_id=order.request.client_order_id,
        resized=resized or count > 0,
        remaining_centi=order.remaining_centi,
        fill_count_centi=count,
        average_price_micros=Fraction((cost - before[1]) * 100, count) if count else None,
        average_fee_micros=Fraction((fees - before[2]) * 100, count) if count else None,
        now_us=now_us,
    )
