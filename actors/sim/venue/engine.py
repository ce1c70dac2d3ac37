"""The venue as one object: what the world and its agents hold in their hands.

Synchronous and single-threaded: no trio, no sockets. REST and WebSocket stand on
top of it and have no way in that an agent has not.
"""

import random
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from actors.model.book import Level
from actors.model.orders import Side, Ticker
from actors.sim.venue.accounts import Account, CreateOrder
from actors.sim.venue.amending import Amendments
from actors.sim.venue.bulletin import Listener
from actors.sim.venue.errors import AlreadyListed, BadTerms, NotListed
from actors.sim.venue.fee_schedule import FeeSchedule
from actors.sim.venue.fees import GRID_MICROS, Membership
from actors.sim.venue.floor import Floor
from actors.sim.venue.group_desk import GroupDesk
from actors.sim.venue.hours import Hours, Maintenance, State
from actors.sim.venue.lifecycle import Lifecycle
from actors.sim.venue.listing import (
    EventTerms,
    Market,
    MarketTerms,
    MilestoneTerms,
    SeriesTerms,
    Verdict,
)
from actors.sim.venue.opening import Opening
from actors.sim.venue.order_entry import Cancelled, Created, OrderEntry
from actors.sim.venue.programme import Programme
from actors.sim.venue.refusals import Refused, refuse
from actors.sim.venue.steps import MarketStep
from actors.sim.venue.tamper import Tamper
from actors.sim.venue.treasury import Treasury
from actors.sim.venue.views import AccountView

SWEEP_US: Final = 60_000_000
"""How long a cancel-all may still take orders that come to rest after it."""
SWEEP_ODDS: Final = 0.5
"""How likely it takes one. The page says "may"; nobody has counted."""


@attrs.frozen(kw_only=True)
class Depth:
    """One market's book, best first, in YES prices."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class Venue:
    """An exchange. Its clock and its randomness are given to it.

    Args:
        now_us: Wall clock, microseconds since 1970.
        rng: A stream of its own: ids, and apart from them what is left to chance.
        read_lag_us: How far an account's REST data lags behind the matching engine.
    """

    def __init__(
        self, *, now_us: Callable[[], int], rng: random.Random, read_lag_us: int = 0
    ) -> None:
        self.floor = Floor(now_us=now_us, rng=rng)
        self.tampers: list[Tamper] = []
        self.read_lag_us = read_lag_us
        self.orders = OrderEntry(self.floor)
        self._lifecycle = Lifecycle(self.floor, self.orders)
        self.amendments = Amendments(self.floor, self.orders, self._lifecycle.watch_expiry)
        self.groups = GroupDesk(self.floor, self.orders)
        self.treasury = Treasury(self.floor, self.orders, self._lifecycle.schedule)
        self.fees = FeeSchedule(self.floor, self.orders, self._lifecycle.schedule)
        self.opening = Opening(self.floor, self._lifecycle)
        self.programme = Programme(self._lifecycle)
        self._lifecycle.price = self.fees.price
        self._lifecycle.performers |= {
            "transfer": self.treasury.step,
            "rebalance": self.treasury.rebalance,
            "fees": self.fees.perform,
            "hours": self.opening.turn,
            "step": self.programme.perform,
        }
        self._swept_until_us: dict[tuple[str, int], int] = {}

    def now_us(self) -> int:
        """Return the venue's wall clock, microseconds since 1970."""
        return self.floor.now_us()

    def open_account(
        self,
        name: str,
        cash_micros: Mapping[int, int],
        *,
        on_record: bool = False,
        membership: Membership = "direct",
    ) -> str:
        """Open a member's account; return its user id.

        Args:
            name: How the world and the keys call it.
            cash_micros: Cash by shard, on the member's grid.
            on_record: Whether its history is kept for REST; who has a key needs it.
            membership: On which grid its cash moves.

        Raises:
            AlreadyListed: The name is taken.
            BadTerms: Cash that is negative or off the grid.
        """
        if name in self.floor.accounts:
            raise AlreadyListed(name)
        grid = GRID_MICROS[membership]
        if any(amount < 0 or amount % grid for amount in cash_micros.values()):
            raise BadTerms(f"{name}: cash is counted in {grid} micro-dollars")
        account = Account(
            name=name,
            user_id=self.floor.uuid(),
            membership=membership,
            cash_micros=dict(cash_micros),
        )
        if on_record:
            account.view = AccountView(self.read_lag_us)
            self.treasury.note_funding(name, sum(cash_micros.values()))
        self.floor.accounts[name] = account
        # Who opens an account has put the money there before anybody could read it.
        funded_us = self.now_us() - self.read_lag_us
        for shard in sorted(cash_micros):
            self.floor.post_cash(account, shard, funded_us)
        if account.view is not None:
            # There from the first read on, however far reads may be made to lag before it.
            account.view.advance(self.now_us())
        return account.user_id

    def lag_reads(self, lag_us: int) -> None:
        """Let every account's REST data lag so far behind the matching engine from now on."""
        self.read_lag_us = lag_us
        for account in self.floor.accounts.values():
            if account.view is not None:
                account.view.lag_us = lag_us

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
        outcome = self.orders.create(account, request)
        if isinstance(outcome, Created) and outcome.remaining_centi:
            if request.expires_us is not None:
                self._lifecycle.watch_expiry(outcome.order_id, request.expires_us)
            self._sweep_late(account, request.subaccount, outcome.order_id)
        return outcome

    def cancel_order(
        self, account: str, order_id: str, subaccount: int | None = None
    ) -> Cancelled | Refused:
        """Take one of ``account``'s resting orders out.

        Raises:
            NotListed: No such account.
        """
        self._lifecycle.advance()
        return self.orders.cancel(account, order_id, subaccount)

    def cancel_all(self, account: str, subaccount: int | None = None, *, tail: bool = False) -> int:
        """Take all of ``account``'s resting orders out; return how many there were.

        Args:
            account: Whose orders.
            subaccount: In which of its accounts; ``None`` for all.
            tail: Whether some of what comes to rest within a minute goes too, as it
                does when this is asked for over REST (reference ``kalshi.md`` section 3).

        Raises:
            NotListed: No such account.
        """
        self._lifecycle.advance()
        ids = [order.order_id for order in self.orders.resting(account, subaccount)]
        if tail:
            parts = self.floor.account(account).parts()
            until_us = self.now_us() + SWEEP_US
            for number in (part.number for part in parts):
                if subaccount in {None, number}:
                    self._swept_until_us[account, number] = until_us
        return sum(isinstance(self.orders.cancel(account, each), Cancelled) for each in ids)

    def set_netting(self, account: str, subaccount: int, *, enabled: bool) -> Refused | None:
        """Switch the return of collateral across events; what came back stays until settled.

        Raises:
            NotListed: No such account.
        """
        self._lifecycle.advance()
        member = self.floor.account(account)
        if subaccount and subaccount not in member.subaccounts:
            return refuse(400, "invalid_parameters", details="no such subaccount")
        part, now_us = member.part(subaccount), self.now_us()
        part.netting = enabled
        for event in self.floor.events.values():
            stranded = self.orders.netting.give_back(part, event, now_us)
            self.orders.withdraw_all(stranded, "MarginCancel", now_us)
        self.floor.bulletin.tell()
        return None

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

    def pause_exchange(
        self,
        *,
        exchange_active: bool = True,
        trading_active: bool = True,
        resumes_us: int | None = None,
        ends_us: int | None = None,
    ) -> None:
        """Pause the exchange, as far as its calendar has it open; both ``True`` ends that.

        Args:
            exchange_active: Whether anything at all may change state.
            trading_active: Whether orders are taken; cancels are, regardless.
            resumes_us: When it is expected to end, as the status says.
            ends_us: When it ends by itself.
        """
        self._lifecycle.advance()
        state = State(exchange_active=exchange_active, trading_active=trading_active)
        self.opening.pause(state, expected_us=resumes_us, ends_us=ends_us)

    def follow_hours(self, hours: Hours) -> None:
        """Open and close as ``hours`` say from now on."""
        self._lifecycle.advance()
        self.opening.follow(hours)

    def maintain(self, window: Maintenance) -> None:
        """Put one more window of maintenance into the calendar."""
        self._lifecycle.advance()
        self.opening.add(window)

    def plan_step(self, step: MarketStep, at_us: int) -> None:
        """Have a market take a step at ``at_us``, if it stands where that step begins then."""
        self.programme.plan(step, at_us)
        self._lifecycle.advance()

    def take_step(self, step: MarketStep) -> None:
        """Take a market one step on now. Raises as that step of ``Lifecycle``."""
        self.programme.take(step)

    def close_market(self, ticker: str) -> None:
        """Close a market now. Raises as ``Lifecycle.close``."""
        self._lifecycle.close(ticker)

    def determine(self, ticker: str, verdict: Verdict, yes_value_micros: int | None = None) -> None:
        """Say how a closed market ended. Raises as ``Lifecycle.determine``."""
        self._lifecycle.determine(ticker, verdict, yes_value_micros)

    def dispute(self, ticker: str) -> None:
        """Contest a result; it is not paid out. Raises as ``Lifecycle.dispute``."""
        self._lifecycle.dispute(ticker)

    def uphold(self, ticker: str) -> None:
        """End a dispute, the result as it was. Raises as ``Lifecycle.uphold``."""
        self._lifecycle.uphold(ticker)

    def amend_result(
        self, ticker: str, verdict: Verdict, yes_value_micros: int | None = None
    ) -> None:
        """Replace a result that was not paid out. Raises as ``Lifecycle.amend``."""
        self._lifecycle.amend(ticker, verdict, yes_value_micros)

    def finalize(self, ticker: str) -> None:
        """Pay out a result now. Raises as ``Lifecycle.finalize``."""
        self._lifecycle.finalize(ticker)

    def tamper(self, tamper: Tamper) -> None:
        """Falsify what REST reports from now on."""
        self.tampers.append(tamper)

    def archive(self, before_us: int) -> None:
        """Move what ended before an instant from the live reads to the historical ones."""
        self.floor.cutoff_us = before_us

    def report_live(self, milestone_id: str, details: Mapping[str, object]) -> None:
        """Publish a milestone's live data.

        Raises:
            NotListed: No such milestone.
        """
        if milestone_id not in self.floor.milestones:
            raise NotListed(f"no milestone {milestone_id!r}")
        self.floor.live[milestone_id] = details

    def advance(self) -> None:
        """Do everything whose time has come: openings, closings, expiries, settlements."""
        self._lifecycle.advance()

    def next_due_us(self) -> int | None:
        """Return when ``advance`` next has something to do; ``None`` for never."""
        return self._lifecycle.next_due_us()

    def _sweep_late(self, account: str, subaccount: int, order_id: str) -> None:
        until_us = self._swept_until_us.get((account, subaccount), 0)
        left_us = until_us - self.now_us()
        if left_us > 0 and self.floor.chances.random() < SWEEP_ODDS:
            at_us = self.now_us() + self.floor.chances.randrange(left_us)
            self._lifecycle.watch_sweep(order_id, at_us)

    def on_due(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called when something falls due earlier than all before it."""
        self._lifecycle.on_due = wake
