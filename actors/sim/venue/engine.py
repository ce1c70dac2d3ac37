"""The venue as one object: what the world and its agents hold in their hands.

Synchronous and single-threaded: no trio, no sockets. REST and WebSocket stand on
top of it and have no way in that an agent has not.
"""

import random
from collections.abc import Callable, Mapping

import attrs

from actors.model.book import Level
from actors.model.orders import Side, Ticker
from actors.sim.venue.accounts import Account, CreateOrder
from actors.sim.venue.bulletin import Listener
from actors.sim.venue.errors import AlreadyListed, BadTerms
from actors.sim.venue.fees import DIRECT_GRID_MICROS
from actors.sim.venue.floor import Floor
from actors.sim.venue.lifecycle import Lifecycle
from actors.sim.venue.listing import (
    EventTerms,
    Market,
    MarketTerms,
    MilestoneTerms,
    SeriesTerms,
    Verdict,
)
from actors.sim.venue.order_entry import Cancelled, Created, OrderEntry
from actors.sim.venue.refusals import Refused
from actors.sim.venue.tamper import Tamper
from actors.sim.venue.views import AccountView


@attrs.frozen(kw_only=True)
class Depth:
    """One market's book, best first, in YES prices."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class Venue:
    """An exchange. Its clock and its randomness are given to it.

    Args:
        now_us: Wall clock, microseconds since 1970.
        rng: A stream of its own: ids, and the order of prints and fills.
        read_lag_us: How far an account's REST data lags behind the matching engine.
    """

    def __init__(
        self, *, now_us: Callable[[], int], rng: random.Random, read_lag_us: int = 0
    ) -> None:
        self.floor = Floor(now_us=now_us, rng=rng)
        self.tampers: list[Tamper] = []
        self.read_lag_us = read_lag_us
        self._orders = OrderEntry(self.floor)
        self._lifecycle = Lifecycle(self.floor, self._orders)

    def now_us(self) -> int:
        """Return the venue's wall clock, microseconds since 1970."""
        return self.floor.now_us()

    def open_account(
        self, name: str, cash_micros: Mapping[int, int], *, on_record: bool = False
    ) -> str:
        """Open a direct member's account; return its user id.

        Args:
            name: How the world and the keys call it.
            cash_micros: Cash by shard, on the $0.0001 grid.
            on_record: Whether its history is kept for REST; who has a key needs it.

        Raises:
            AlreadyListed: The name is taken.
            BadTerms: Cash that is negative or off the grid.
        """
        if name in self.floor.accounts:
            raise AlreadyListed(name)
        if any(amount < 0 or amount % DIRECT_GRID_MICROS for amount in cash_micros.values()):
            raise BadTerms(f"{name}: cash is counted in $0.0001")
        account = Account(name=name, user_id=self.floor.uuid(), cash_micros=dict(cash_micros))
        if on_record:
            account.view = AccountView(self.read_lag_us)
        self.floor.accounts[name] = account
        # Who opens an account has put the money there before anybody could read it.
        funded_us = self.now_us() - self.read_lag_us
        for shard in sorted(cash_micros):
            self.floor.post_cash(account, shard, funded_us)
        return account.user_id

    def list_series(self, terms: SeriesTerms) -> None:
        """List a series. Raises as ``Lifecycle.list_series``."""
        self._lifecycle.list_series(terms)

    def list_event(self, terms: EventTerms) -> None:
        """List an event. Raises as ``Lifecycle.list_event``."""
        self._lifecycle.list_event(terms)

    def list_market(self, terms: MarketTerms) -> None:
        """List a market. Raises as ``Lifecycle.list_market``."""
        self._lifecycle.list_market(terms)

    def list_milestone(self, terms: MilestoneTerms) -> None:
        """List a milestone.

        Raises:
            AlreadyListed: Its id is taken.
        """
        if terms.milestone_id in self.floor.milestones:
            raise AlreadyListed(terms.milestone_id)
        self.floor.milestones[terms.milestone_id] = terms

    def create_order(self, account: str, request: CreateOrder) -> Created | Refused:
        """Take an order from ``account``, or say why not.

        Raises:
            NotListed: No such account.
        """
        self._lifecycle.advance()
        outcome = self._orders.create(account, request)
        if isinstance(outcome, Created) and request.expires_us is not None:
            self._lifecycle.watch_expiry(outcome.order_id, request.expires_us)
        return outcome

    def cancel_order(self, account: str, order_id: str) -> Cancelled | Refused:
        """Take one of ``account``'s resting orders out.

        Raises:
            NotListed: No such account.
        """
        self._lifecycle.advance()
        return self._orders.cancel(account, order_id)

    def cancel_all(self, account: str) -> int:
        """Take all of ``account``'s resting orders out; return how many there were.

        Raises:
            NotListed: No such account.
        """
        self._lifecycle.advance()
        resting = self.floor.account(account).resting
        ids = [order_id for orders in resting.values() for order_id in orders]
        return sum(isinstance(self._orders.cancel(account, each), Cancelled) for each in ids)

    def book(self, ticker: str, depth: int | None = None) -> Depth:
        """Return a market's book.

        Raises:
            NotListed: No such market.
        """
        book = self.floor.market(ticker).book
        return Depth(bids=book.levels("bid", depth), asks=book.levels("ask", depth))

    def market(self, ticker: str) -> Market:
        """Return a market as it stands; the world reads it and changes nothing.

        Raises:
            NotListed: No such market.
        """
        self._lifecycle.advance()
        return self.floor.market(ticker)

    def position_centi(self, account: str, ticker: str) -> int:
        """Return a signed position: plus is YES.

        Raises:
            NotListed: No such account.
        """
        held = self.floor.account(account).holdings.get(Ticker(ticker))
        return held.yes_centi if held else 0

    def open_orders(self, account: str, ticker: str, side: Side | None = None) -> tuple[str, ...]:
        """Return the ids of what ``account`` has resting in a market, oldest first.

        Raises:
            NotListed: No such account.
        """
        orders = self.floor.account(account).resting.get(Ticker(ticker), {})
        return tuple(
            order_id
            for order_id, order in orders.items()
            if side is None or order.request.side == side
        )

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Have ``listener`` hear every event from now on; return how to stop that."""
        return self.floor.bulletin.listen(listener)

    def halt_market(self, ticker: str) -> None:
        """Stop trading in a market. Raises as ``Lifecycle.halt``."""
        self._lifecycle.halt(ticker)

    def resume_market(self, ticker: str) -> None:
        """Reactivate a halted market. Raises as ``Lifecycle.resume``."""
        self._lifecycle.resume(ticker)

    def pause_exchange(self, *, exchange_active: bool = True, trading_active: bool = True) -> None:
        """Set the exchange's state; both ``True`` ends a pause."""
        self._lifecycle.pause(exchange_active=exchange_active, trading_active=trading_active)

    def close_market(self, ticker: str) -> None:
        """Close a market now. Raises as ``Lifecycle.close``."""
        self._lifecycle.close(ticker)

    def determine(self, ticker: str, verdict: Verdict, yes_value_micros: int | None = None) -> None:
        """Say how a closed market ended. Raises as ``Lifecycle.determine``."""
        self._lifecycle.determine(ticker, verdict, yes_value_micros)

    def finalize(self, ticker: str) -> None:
        """Pay out a determined market now. Raises as ``Lifecycle.finalize``."""
        self._lifecycle.finalize(ticker)

    def tamper(self, tamper: Tamper) -> None:
        """Falsify what REST reports from now on."""
        self.tampers.append(tamper)

    def advance(self) -> None:
        """Do everything whose time has come: openings, closings, expiries, settlements."""
        self._lifecycle.advance()

    def next_due_us(self) -> int | None:
        """Return when ``advance`` next has something to do; ``None`` for never."""
        return self._lifecycle.next_due_us()

    def on_due(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called when something falls due earlier than all before it."""
        self._lifecycle.on_due = wake
