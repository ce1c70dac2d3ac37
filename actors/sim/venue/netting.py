"""Collateral that comes back when the markets of one event exclude each other.

Reference ``kalshi.md`` sections 4 and 8. Of the markets of such an event at most
one ends as YES. Whoever holds NO in several of them is therefore sure of
``sum - max`` of its contracts, a dollar each, and an account that has netting
switched on is given that at once. What came back is paid out of the event's
settlements; until then a leg that backs it cannot be sold.
"""

from collections.abc import Iterable
from typing import Final

import attrs

from actors.model.orders import Side
from actors.sim.venue.accounts import Account, Order
from actors.sim.venue.floor import Floor
from actors.sim.venue.listing import EventTerms, Market

DOLLAR_PER_CENTI: Final = 10_000
"""Micro-dollars that 0.01 contract pays."""


def sure_centi(no_counts: Iterable[int], *, decided: bool = False) -> int:
    """Return how many NO contracts of an event must pay.

    Args:
        no_counts: NO contracts by market, those of a market that ended YES left out.
        decided: Whether a market has ended YES, so that all others end NO.
    """
    counts = list(no_counts)
    return sum(counts) - (0 if decided else max(counts, default=0))


def free_centi(
    held_centi: int, others: Iterable[int], returned_centi: int, *, decided: bool
) -> int:
    """Return how much of a NO position may be sold while what came back stays covered.

    Args:
        held_centi: NO contracts in the market.
        others: NO contracts in the event's other markets.
        returned_centi: Contracts whose dollar came back.
        decided: Whether a market has ended YES.
    """
    counts = list(others)
    # What stands out above the largest other leg backs nothing.
    above = 0 if decided else max(0, held_centi - max(counts, default=0))
    spare = sure_centi([*counts, held_centi - above], decided=decided) - returned_centi
    return min(held_centi, above + max(0, spare))


@attrs.frozen
class Netting:
    """Gives collateral back, keeps what backs it, and collects it at settlement."""

    floor: Floor

    def blocks(
        self, account: Account, market: Market, side: Side, count_centi: int, but: Order | None
    ) -> bool:
        """Return whether a bid would sell NO contracts that back what came back.

        Args:
            account: Whose order it is.
            market: The market.
            side: The order's side; only a bid sells NO.
            count_centi: How much of it may trade.
            but: A resting order that it replaces.
        """
        held = _no_centi(account, market)
        if side != "bid" or held == 0 or not account.returned_micros.get(market.event.event_ticker):
            return False
        wanted = count_centi + sum(
            order.remaining_centi for order in _bids(account, market) if order is not but
        )
        return min(held, wanted) > self._free(account, market)

    def give_back(self, account: Account, event: EventTerms, now_us: int) -> list[Order]:
        """Give back what has become sure; return resting orders that may not stay."""
        if not (account.netting and event.mutually_exclusive):
            return []
        sure = self._sure_micros(account, event)
        more = sure - account.returned_micros.get(event.event_ticker, 0)
        if more <= 0:
            return []
        account.returned_micros[event.event_ticker] = sure
        account.move_cash(event.exchange_index, more)
        self.floor.house_micros -= more
        self.floor.post_cash(account, event.exchange_index, now_us)
        return [
            order
            for market in self._open_markets(event)
            for order in self._stranded(account, market)
        ]

    def collect(self, account: Account, market: Market, payout_micros: int) -> int:
        """Return what of a settlement's payout goes to what came back earlier."""
        event = market.event
        returned = account.returned_micros.get(event.event_ticker, 0)
        if not returned:
            return 0
        due = returned - self._sure_micros(account, event)
        taken = max(0, min(due, payout_micros))
        account.returned_micros[event.event_ticker] = returned - taken
        held = any(_no_centi(account, each) for each in self._open_markets(event))
        if taken == returned or not held:
            # A void at odd values may not cover it all: the venue bears the rest.
            del account.returned_micros[event.event_ticker]
        return taken

    def forgive(self, event: EventTerms) -> None:
        """Forget what no payout can cover any more, if an event is over: the venue bears it."""
        if any(market.status != "finalized" for market in self._markets(event)):
            return
        for member in self.floor.accounts.values():
            for account in member.parts():
                account.returned_micros.pop(event.event_ticker, None)

    def _stranded(self, account: Account, market: Market) -> list[Order]:
        held, bids = _no_centi(account, market), _bids(account, market)
        if min(held, sum(order.remaining_centi for order in bids)) > self._free(account, market):
            return bids
        return []

    def _free(self, account: Account, market: Market) -> int:
        event = market.event
        others = [
            _no_centi(account, each) for each in self._open_markets(event) if each is not market
        ]
        returned = account.returned_micros.get(event.event_ticker, 0) // DOLLAR_PER_CENTI
        held, decided = _no_centi(account, market), self._is_decided(event)
        return free_centi(held, others, returned, decided=decided)

    def _sure_micros(self, account: Account, event: EventTerms) -> int:
        counts = [_no_centi(account, each) for each in self._open_markets(event)]
        return sure_centi(counts, decided=self._is_decided(event)) * DOLLAR_PER_CENTI

    def _markets(self, event: EventTerms) -> list[Market]:
        return [market for market in self.floor.markets.values() if market.event is event]

    def _open_markets(self, event: EventTerms) -> list[Market]:
        return [
            market
            for market in self._markets(event)
            if market.status != "finalized" and market.verdict != "yes"
        ]

    def _is_decided(self, event: EventTerms) -> bool:
        return any(market.verdict == "yes" for market in self._markets(event))


def _no_centi(account: Account, market: Market) -> int:
    held = account.holdings.get(market.ticker)
    return max(0, -held.yes_centi) if held else 0


def _bids(account: Account, market: Market) -> list[Order]:
    orders = account.resting.get(market.ticker, {}).values()
    return [order for order in orders if order.request.side == "bid"]
