"""Whether an order is let in: the refusals of reference ``kalshi.md`` section 3, in order.

Reads accounts and markets and changes nothing.
"""

import re
from typing import Final

import attrs

from actors.model.money import CentiContracts
from actors.model.orders import opposite
from actors.sim.venue.accounts import Account, CreateOrder, Order
from actors.sim.venue.collateral import Claim, resting_slack_micros, taking_slack_micros
from actors.sim.venue.floor import Floor
from actors.sim.venue.holdings import leg_pips
from actors.sim.venue.listing import Market
from actors.sim.venue.netting import Netting
from actors.sim.venue.refusals import Refused, not_found, refuse

CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""A dot in an id was answered with 400; 64 characters is FIX's bound."""

OPEN_ORDERS: Final = 200_000
"""Resting orders one member may have."""

ATTESTED: Final = frozenset({"Sports", "Elections", "Entertainment"})
"""Categories for which a member's location must be attested. The refusal's code is ours."""

NO_TRADING: Final = {
    "initialized": "market_inactive",
    "inactive": "trading_is_paused",
    "closed": "market_closed",
    "determined": "market_closed",
    "disputed": "market_closed",
    "amended": "market_closed",
    "finalized": "market_closed",
}
"""Why a market that is not active takes no order."""


@attrs.frozen
class Admission:
    """Judges orders and amendments before the book sees them."""

    floor: Floor
    netting: Netting

    def refusal(self, name: str, request: CreateOrder, now_us: int) -> Refused | None:
        """Return why a new order is not let in; ``None`` if it is, its cash apart.

        Raises:
            NotListed: No such account.
        """
        member = self.floor.account(name)
        if not self.floor.exchange_active:
            return refuse(409, "exchange_is_paused")
        market = self.floor.markets.get(request.ticker)
        if market is None or request.exchange_index not in {None, -1, market.shard}:
            return not_found()
        return (
            self.standstill(market)
            or _unacceptable(member, market, request)
            or contradiction(request, now_us)
            or self._unentitled(member, market, request)
        )

    def standstill(self, market: Market) -> Refused | None:
        """Return why nothing may be placed or amended in a market now."""
        if not self.floor.exchange_active:
            return refuse(409, "exchange_is_paused")
        if not self.floor.trading_active:
            return refuse(409, "trading_is_paused")
        if market.status != "active":
            return refuse(409, NO_TRADING[market.status])
        return None

    def shortfall(
        self,
        account: Account,
        request: CreateOrder,
        count_centi: int,
        amended: Order | None = None,
    ) -> Refused | None:
        """Return why an order cannot be paid for, or sells what backs returned collateral.

        Args:
            account: Who is to pay.
            request: The order.
            count_centi: How much of it may trade.
            amended: The resting order that it replaces, lifted already.
        """
        market = self.floor.markets[request.ticker]
        if count_centi == 0:
            return None
        if self.netting.blocks(account, market, request.side, count_centi, amended):
            return refuse(400, "invalid_order", details="collateral of this position was returned")
        carried = amended.carried_micros if amended else 0
        if not _affords(account, market, request, count_centi, carried):
            return refuse(400, "insufficient_balance")
        return None

    def _unentitled(self, member: Account, market: Market, request: CreateOrder) -> Refused | None:
        if request.subaccount and request.subaccount not in member.subaccounts:
            return refuse(400, "invalid_parameters", details="no such subaccount")
        until_us = self.floor.attested_until_us.get(member.name)
        series = self.floor.series[market.event.series_ticker]
        if until_us is not None and until_us <= self.floor.now_us() and series.category in ATTESTED:
            return refuse(403, "location_attestation_expired")
        if not request.order_group_id:
            return None
        group = self.floor.groups.get(request.order_group_id)
        if group is None or (group.account, group.subaccount, group.shard) != (
            member.name,
            request.subaccount,
            market.shard,
        ):
            return refuse(404, "not_found", details="no such order group")
        if group.triggered:
            return triggered()
        return None


def renaming(member: Account, client_order_id: str) -> Refused | None:
    """Return why no order of a member may be called so."""
    if client_order_id in member.spent_ids:
        return refuse(409, "order_already_exists")
    if client_order_id and not CLIENT_ID.fullmatch(client_order_id):
        return refuse(400, "invalid_parameters", details="client_order_id")
    return None


def triggered() -> Refused:
    """Refuse an order into a triggered group. The code is FIX's; REST's is not documented."""
    return refuse(400, "exceeded_order_group_risk_limit")


def _unacceptable(member: Account, market: Market, request: CreateOrder) -> Refused | None:
    refused = renaming(member, request.client_order_id)
    if refused is not None:
        return refused
    if request.count_centi <= 0:
        return refuse(400, "invalid_order_size")
    if not market.takes_price(request.price_pips):
        return refuse(400, "invalid_price")
    resting = sum(sum(map(len, part.resting.values())) for part in member.parts())
    if resting >= OPEN_ORDERS:
        return refuse(400, "invalid_order", details="too many open orders")
    return None


def contradiction(request: CreateOrder, now_us: int) -> Refused | None:
    """Return what in an order speaks against itself, or against the clock."""
    if request.reduce_only and request.time_in_force != "immediate_or_cancel":
        return refuse(400, "invalid_order", details="reduce_only needs immediate_or_cancel")
    if request.expires_us is not None:
        if request.time_in_force != "good_till_canceled":
            details = f"cannot specify both {request.time_in_force} and expiration_time"
            return refuse(400, "invalid_parameters", details=details)
        if request.expires_us <= now_us:
            details = "expiration_time must be in the future"
            return refuse(400, "invalid_parameters", details=details)
    return None


def reduce_cap(account: Account, request: CreateOrder) -> CentiContracts | None:
    """Return what a reduce-only order may reduce; ``None`` for any other order."""
    if not request.reduce_only:
        return None
    held_centi = account.holding(request.ticker).yes_centi
    return CentiContracts(max(0, -held_centi if request.side == "bid" else held_centi))


def _affords(
    account: Account, market: Market, request: CreateOrder, count_centi: int, carried_micros: int
) -> bool:
    side, price_pips, grid = request.side, request.price_pips, account.grid_micros
    makers = 0
    for maker in market.book.orders(opposite(side)):
        if leg_pips(side, maker.price_pips) > leg_pips(side, price_pips):
            break
        makers += 1
    slack = taking_slack_micros(
        side, market.fees, price_pips, count_centi, makers=makers, grid_micros=grid
    )
    if request.time_in_force == "good_till_canceled":
        slack += resting_slack_micros(market.fees, price_pips, count_centi, carried_micros, grid)
    rate = max(market.fees.taker, market.fees.maker)
    return account.affords(market, Claim(side, price_pips, count_centi, rate, slack))
