"""A market's life: opened, halted, closed, determined, disputed, settled.

Rules: reference ``kalshi.md`` section 8. Opening and closing at their times are
silent; resting orders go when a market closes and when it is reactivated;
between determination and settlement runs a timer. A dispute stops it, and whatever
ends the dispute starts it anew; of dispute and amendment the stream says nothing.
"""

import heapq
from collections.abc import Callable, Container
from typing import Final, Literal

import attrs

from actors.model.orders import Ticker
from actors.sim.venue.accounts import Account, Order
from actors.sim.venue.errors import AlreadyListed, NotListed, OutOfOrder
from actors.sim.venue.events import EventListed, LifecycleStep, MarketStepped
from actors.sim.venue.floor import Floor
from actors.sim.venue.holdings import payout_exact_micros
from actors.sim.venue.listing import (
    DOLLAR_MICROS,
    EventTerms,
    Market,
    MarketTerms,
    SeriesTerms,
    Status,
    Verdict,
    fees_of,
)
from actors.sim.venue.order_entry import OrderEntry
from actors.sim.venue.steps import STEPS, StepName
from actors.sim.venue.views import SettlementView

Duty = Literal[
    "open", "close", "settle", "expire", "sweep", "fees", "transfer", "rebalance", "hours", "step"
]
"""What falls due: a market's own, an order's, or what somebody else performs."""
STANDSTILL: Final[frozenset[Duty]] = frozenset(
    {"open", "close", "settle", "expire", "sweep", "step"}
)
"""What waits while the exchange takes no change of state."""

VALUE_MICROS: Final[dict[Verdict, int]] = {"yes": DOLLAR_MICROS, "no": 0}


@attrs.frozen(order=True)
class _Due:
    at_us: int
    number: int
    duty: Duty = attrs.field(order=False)
    name: str = attrs.field(order=False)
    """A ticker, or an order's id."""


class Lifecycle:
    """Takes markets through their lives, by the clock and at the world's word."""

    def __init__(self, floor: Floor, orders: OrderEntry) -> None:
        self._floor = floor
        self._orders = orders
        self._due: list[_Due] = []
        self._held: list[_Due] = []
        """Fell due while nothing might change."""
        self._advancing = False
        self.performers: dict[Duty, Callable[[str, int], None]] = {}
        """Who does the duties that are not a market's own: given the name and the time."""
        self.price: Callable[[Market], None] = lambda _market: None
        """Sets a new market's fees to what is in force."""
        self.on_due: Callable[[], None] = lambda: None
        """Called when something falls due earlier than anything before it."""

    def list_series(self, terms: SeriesTerms) -> None:
        """List a series.

        Raises:
            AlreadyListed: The name is taken.
        """
        _unique(terms.ticker, self._floor.series)
        self._floor.series[terms.ticker] = terms

    def list_event(self, terms: EventTerms) -> None:
        """List an event and say so.

        Raises:
            AlreadyListed: The name is taken.
            NotListed: Its series is not there.
        """
        _unique(terms.event_ticker, self._floor.events)
        if terms.series_ticker not in self._floor.series:
            raise NotListed(f"no series {terms.series_ticker!r}")
        self._floor.events[terms.event_ticker] = terms
        self._floor.bulletin.post(
            EventListed(event_ticker=terms.event_ticker, now_us=self._floor.now_us())
        )
        self._floor.bulletin.tell()

    def list_market(self, terms: MarketTerms) -> None:
        """List a market and say so; it opens at its time, at once if that has passed.

        Raises:
            AlreadyListed: The name is taken.
            NotListed: Its event is not there.
            BadTerms: Its fees have no published formula.
        """
        _unique(terms.ticker, self._floor.markets)
        event = self._floor.events.get(terms.event_ticker)
        if event is None:
            raise NotListed(f"no event {terms.event_ticker!r}")
        now_us = self._floor.now_us()
        self._floor.markets[terms.ticker] = Market(
            terms=terms,
            market_id=self._floor.uuid(),
            event=event,
            fees=fees_of(self._floor.series[event.series_ticker], event),
            created_us=now_us,
            updated_us=now_us,
            close_us=terms.close_us,
        )
        self.price(self._floor.markets[terms.ticker])
        self._say(terms.ticker, "created", now_us)
        self.schedule(terms.open_us, "open", terms.ticker)
        self.schedule(terms.close_us, "close", terms.ticker)
        self.advance()

    def next_due_us(self) -> int | None:
        """Return when ``advance`` next has something to do; ``None`` for never."""
        return self._due[0].at_us if self._due else None

    def advance(self) -> None:
        """Do everything whose time has come, each when what was due before is done."""
        if self._advancing:
            return
        now_us = self._floor.now_us()
        self._advancing = True
        try:
            while self._due and self._due[0].at_us <= now_us:
                due = heapq.heappop(self._due)
                if due.duty in STANDSTILL and not self._floor.exchange_active:
                    self._held.append(due)
                else:
                    self._perform(due, now_us)
        finally:
            self._advancing = False
        self._floor.bulletin.tell()

    def release(self) -> None:
        """Do what fell due while the exchange took no change of state."""
        held, self._held = self._held, []
        for due in held:
            heapq.heappush(self._due, due)
        self.advance()

    def watch_expiry(self, order_id: str, expires_us: int) -> None:
        """Cancel an order at ``expires_us`` if it still rests then."""
        self.schedule(expires_us, "expire", order_id)

    def watch_sweep(self, order_id: str, at_us: int) -> None:
        """Cancel an order at ``at_us`` if it still rests then, as if its owner had."""
        self.schedule(at_us, "sweep", order_id)

    def halt(self, ticker: str) -> None:
        """Stop trading in an active market: cancels go through, orders do not.

        Raises:
            OutOfOrder: It is not active.
        """
        market = self._step("halt", ticker)
        now_us = self._floor.now_us()
        market.status, market.updated_us = "inactive", now_us
        self._orders.withdraw(_pausable(self._resting(market)), "HaltCancel", now_us)
        self._say(market.ticker, "deactivated", now_us)

    def resume(self, ticker: str) -> None:
        """Reactivate a halted market; every resting order in it is cancelled.

        Raises:
            OutOfOrder: It is not halted.
        """
        market = self._step("resume", ticker)
        now_us = self._floor.now_us()
        self._orders.withdraw(self._resting(market), "HaltCancel", now_us)
        market.status, market.updated_us = "active", now_us
        self._say(market.ticker, "activated", now_us)

    def cancel_pausable(self) -> None:
        """Cancel every resting order that asked for it: a pause begins."""
        for market in self._floor.markets.values():
            orders = _pausable(self._resting(market))
            self._orders.withdraw(orders, "HaltCancel", self._floor.now_us())

    def close(self, ticker: str) -> None:
        """Close a market now, before its time: a winner is known.

        Raises:
            OutOfOrder: It is closed already.
        """
        market = self._step("close", ticker)
        now_us = self._floor.now_us()
        market.close_us = now_us
        self._shut(market, now_us)
        self._say(market.ticker, "close_date_updated", now_us)

    def determine(self, ticker: str, verdict: Verdict, yes_value_micros: int | None = None) -> None:
        """Say how a closed market ended; it settles when its timer has run.

        Args:
            ticker: The market.
            verdict: ``scalar`` for a void at a fair price.
            yes_value_micros: What one YES contract is paid, for ``scalar`` alone.

        Raises:
            OutOfOrder: It is not closed, or the value does not fit the verdict.
        """
        self._decide(self._step("determine", ticker), verdict, yes_value_micros)
        market = self._floor.market(ticker)
        market.determined_us = market.updated_us
        self._say(market.ticker, "determined", market.updated_us)
        self.advance()

    def dispute(self, ticker: str) -> None:
        """Contest a result that has not been paid out: its timer stops.

        Raises:
            OutOfOrder: There is none.
        """
        market = self._step("dispute", ticker)
        market.status, market.settles_us = "disputed", None
        market.updated_us = self._floor.now_us()

    def uphold(self, ticker: str) -> None:
        """End a dispute: the result stands, and its timer begins anew.

        Raises:
            OutOfOrder: It is not disputed.
        """
        market = self._step("uphold", ticker)
        market.status, market.updated_us = "determined", self._floor.now_us()
        self._set_timer(market)

    def amend(self, ticker: str, verdict: Verdict, yes_value_micros: int | None = None) -> None:
        """Replace a result that has not been paid out; the timer begins anew.

        Args:
            ticker: The market.
            verdict: As of ``determine``.
            yes_value_micros: As of ``determine``.

        Raises:
            OutOfOrder: There is no result yet, it was paid, or the value does not fit.
        """
        self._decide(self._step("amend", ticker), verdict, yes_value_micros, "amended")
        self.advance()

    def finalize(self, ticker: str) -> None:
        """Pay out a result now, whatever its timer says.

        Raises:
            OutOfOrder: There is none, or it is disputed.
        """
        self._finalize(self._step("finalize", ticker), self._floor.now_us())

    def _decide(
        self,
        market: Market,
        verdict: Verdict,
        yes_value_micros: int | None,
        status: Status = "determined",
    ) -> None:
        value = VALUE_MICROS.get(verdict, yes_value_micros)
        named = yes_value_micros if yes_value_micros is not None else value
        if value is None or named != value or not 0 <= value <= DOLLAR_MICROS:
            raise OutOfOrder(f"{market.ticker} cannot settle {verdict} at {yes_value_micros}")
        market.status, market.verdict, market.yes_value_micros = status, verdict, value
        market.updated_us = self._floor.now_us()
        self._set_timer(market)

    def _set_timer(self, market: Market) -> None:
        now_us = self._floor.now_us()
        market.settles_us = now_us + market.terms.settles_in_us
        self.schedule(market.settles_us, "settle", market.ticker)

    def _finalize(self, market: Market, now_us: int) -> None:
        market.status, market.settled_us, market.updated_us = "finalized", now_us, now_us
        for member in self._floor.accounts.values():
            for account in member.parts():
                if market.ticker in account.holdings:
                    self._pay(account, market, now_us)
        self._orders.netting.forgive(market.event)
        # What is left of the pairs' dollars is what rounding the payouts down left.
        self._floor.house_micros += 10_000 * market.open_interest_centi
        market.open_interest_centi = 0
        self._say(market.ticker, "settled", now_us)

    def _pay(self, account: Account, market: Market, now_us: int) -> None:
        assert market.yes_value_micros is not None
        assert market.verdict is not None
        held = account.holding(market.ticker)
        held_centi, cost_micros = held.yes_centi, int(held.cost_micros)
        exact = payout_exact_micros(held_centi, market.yes_value_micros)
        payout = int(exact) - int(exact) % account.grid_micros
        held.settle(payout)
        # Who holds nothing is not settled with: what came back waits for another payout.
        kept = self._orders.netting.collect(account, market, payout) if held_centi else 0
        account.move_cash(market.shard, payout - kept)
        self._floor.house_micros -= payout - kept
        if account.view is not None and held_centi:
            account.view.post(
                now_us,
                SettlementView(
                    number=self._floor.number(),
                    ticker=market.ticker,
                    event_ticker=market.event.event_ticker,
                    exchange_index=market.shard,
                    result=market.verdict,
                    yes_value_micros=market.yes_value_micros,
                    held_centi=held_centi,
                    cost_micros=cost_micros,
                    payout_micros=payout,
                    fees_micros=held.fees_micros,
                    now_us=now_us,
                    subaccount=account.number,
                ),
            )
        self._floor.post_position(account, market, now_us)
        self._floor.post_cash(account, market.shard, now_us)

    def _perform(self, due: _Due, now_us: int) -> None:
        if due.duty in self.performers:
            self.performers[due.duty](due.name, now_us)
            return
        if due.duty in {"expire", "sweep"}:
            self._end_order(due, now_us)
            return
        market = self._floor.markets[Ticker(due.name)]
        match due.duty, market.status:
            case "open", "initialized":
                market.status = "active"
            case "close", "initialized" | "active" | "inactive":
                self._shut(market, now_us)
            case "settle", "determined" | "amended" if _is_due(market, now_us):
                self._finalize(market, now_us)
            case _:
                pass  # the world was there first

    def _end_order(self, due: _Due, now_us: int) -> None:
        order = self._floor.orders.get(due.name)
        if order is None:
            return
        if due.duty == "sweep":
            self._orders.withdraw([order], "", now_us)
        elif order.request.expires_us is not None and order.request.expires_us <= now_us:
            # An amendment may have moved or removed the expiry meanwhile.
            self._orders.withdraw([order], "ExpiryCancel", now_us)

    def _shut(self, market: Market, now_us: int) -> None:
        self._orders.withdraw(self._resting(market), "CloseCancel", now_us)
        market.status, market.updated_us = "closed", now_us

    def _resting(self, market: Market) -> list[Order]:
        return [
            self._floor.orders[resting.order_id]
            for side in ("bid", "ask")
            for resting in market.book.orders(side)
        ]

    def schedule(self, at_us: int, duty: Duty, name: str) -> None:
        """Have a duty performed at ``at_us``, or with the next look if that has passed."""
        first = self.next_due_us()
        heapq.heappush(self._due, _Due(at_us, self._floor.number(), duty, name))
        if first is None or at_us < first:
            self.on_due()

    def _step(self, name: StepName, ticker: str) -> Market:
        """Return the market that is to take a step, if it stands where that step begins."""
        self.advance()
        market = self._floor.market(ticker)
        if market.status not in STEPS[name].before:
            raise OutOfOrder(f"{ticker} is {market.status}")
        return market

    def _say(self, ticker: Ticker, step: LifecycleStep, now_us: int) -> None:
        self._floor.bulletin.post(MarketStepped(ticker=ticker, step=step, now_us=now_us))
        self._floor.bulletin.tell()


def _is_due(market: Market, now_us: int) -> bool:
    """Return whether a result's own timer has run; an earlier one was stopped by a dispute."""
    return market.settles_us is not None and market.settles_us <= now_us


def _pausable(orders: list[Order]) -> list[Order]:
    return [order for order in orders if order.request.cancel_on_pause]


def _unique(name: str, taken: Container[str]) -> None:
    if name in taken:
        raise AlreadyListed(name)
