"""When fees change: a series' structure, an event's override, the rounding rule itself.

Reference ``kalshi.md`` section 7. A change is announced, listed, and in force
from its instant on, for what trades then; orders that rest and could not be paid
for at the new rates are cancelled, newest first.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Literal

import attrs

from actors.sim.venue.accounts import Account
from actors.sim.venue.errors import NotListed
from actors.sim.venue.events import EventFeesChanged
from actors.sim.venue.fees import CURRENT_RULES, FeeRule, fee_terms, rule_at
from actors.sim.venue.floor import Floor
from actors.sim.venue.listing import Market, fees_of
from actors.sim.venue.order_entry import OrderEntry


@attrs.frozen(kw_only=True)
class FeeChange:
    """A change that was announced."""

    change_id: str
    number: int
    series_ticker: str
    event_ticker: str
    """Empty for a change of the series."""
    fee_type: str | None
    """For an event, ``None`` clears the override."""
    multiplier: Fraction | None
    at_us: int


class FeeSchedule:
    """Announces changes and puts them in force.

    Args:
        floor: What is listed, and who trades it.
        orders: Cancels what the cash no longer covers.
        schedule: Takes an instant, the duty and a change's id.
    """

    def __init__(
        self,
        floor: Floor,
        orders: OrderEntry,
        schedule: Callable[[int, Literal["fees"], str], None],
    ) -> None:
        self.changes: dict[str, FeeChange] = {}
        """By id, in order of announcement."""
        self.rules: tuple[FeeRule, ...] = CURRENT_RULES
        self._floor = floor
        self._orders = orders
        self._schedule = schedule

    def follow(self, rules: tuple[FeeRule, ...]) -> None:
        """Round by dated rules from now on; they are in order of their days."""
        self.rules = rules
        for rule in rules:
            if rule.since_us > self._floor.now_us():
                self._schedule(rule.since_us, "fees", "")
        self._apply(list(self._floor.markets.values()), self._floor.now_us())

    def plan_series(
        self, series_ticker: str, at_us: int, fee_type: str, multiplier: Fraction
    ) -> FeeChange:
        """Announce a series' new fees.

        Raises:
            NotListed: No such series.
            ValueError: A fee type whose formula is not published.
        """
        fee_terms(fee_type, multiplier)
        return self._plan(series_ticker, "", at_us, (fee_type, multiplier))

    def plan_event(
        self, event_ticker: str, at_us: int, fee_type: str | None, multiplier: Fraction | None
    ) -> FeeChange:
        """Announce an event's new override; ``None`` falls back on the series.

        Raises:
            NotListed: No such event.
            ValueError: A fee type whose formula is not published.
        """
        if fee_type is not None:
            fee_terms(fee_type, Fraction(1))
        if event_ticker not in self._floor.events:
            raise NotListed(f"no event {event_ticker!r}")
        series = self._floor.events[event_ticker].series_ticker
        return self._plan(series, event_ticker, at_us, (fee_type, multiplier))

    def perform(self, change_id: str, now_us: int) -> None:
        """Put a change in force; without an id, the rounding rule whose day has come."""
        change = self.changes.get(change_id)
        markets = list(self._floor.markets.values())
        if change is None:
            self._apply(markets, now_us)
        elif change.event_ticker:
            self._override(change, now_us)
        else:
            self._restructure(change, now_us)

    def price(self, market: Market) -> None:
        """Set a market's fees to what is in force now."""
        event = market.event
        rule = rule_at(self.rules, self._floor.now_us())
        terms = fees_of(self._floor.series[event.series_ticker], event)
        market.fees = attrs.evolve(terms, ceiling_micros=rule.ceiling_micros)

    def _plan(
        self,
        series_ticker: str,
        event_ticker: str,
        at_us: int,
        fees: tuple[str | None, Fraction | None],
    ) -> FeeChange:
        if series_ticker not in self._floor.series:
            raise NotListed(f"no series {series_ticker!r}")
        change = FeeChange(
            change_id=self._floor.uuid(),
            number=self._floor.number(),
            series_ticker=series_ticker,
            event_ticker=event_ticker,
            fee_type=fees[0],
            multiplier=fees[1],
            at_us=at_us,
        )
        self.changes[change.change_id] = change
        self._schedule(at_us, "fees", change.change_id)
        return change

    def _restructure(self, change: FeeChange, now_us: int) -> None:
        floor = self._floor
        assert change.fee_type is not None
        assert change.multiplier is not None
        floor.series[change.series_ticker] = attrs.evolve(
            floor.series[change.series_ticker],
            fee_type=change.fee_type,
            fee_multiplier=change.multiplier,
        )
        of_series = [
            market
            for market in floor.markets.values()
            if market.event.series_ticker == change.series_ticker
        ]
        self._apply(of_series, now_us)

    def _override(self, change: FeeChange, now_us: int) -> None:
        floor, ticker = self._floor, change.event_ticker
        event = attrs.evolve(
            floor.events[ticker],
            fee_type_override=change.fee_type,
            fee_multiplier_override=change.multiplier,
        )
        floor.events[ticker] = event
        of_event = [
            market for market in floor.markets.values() if market.event.event_ticker == ticker
        ]
        for market in of_event:
            market.event = event
        floor.bulletin.post(
            EventFeesChanged(
                event_ticker=ticker,
                fee_type_override=change.fee_type,
                fee_multiplier_override=change.multiplier,
                now_us=now_us,
            )
        )
        self._apply(of_event, now_us)

    def _apply(self, markets: list[Market], now_us: int) -> None:
        for market in markets:
            self.price(market)
            for member in self._floor.accounts.values():
                for account in member.parts():
                    self._recount(account, market, now_us)

    def _recount(self, account: Account, market: Market, now_us: int) -> None:
        resting = account.resting.get(market.ticker)
        if not resting:
            return
        for order in resting.values():
            account.rest(order)
        account.reserve(market)
        self._orders.margin_call(account, market.shard, now_us)
        self._floor.post_cash(account, market.shard, now_us)
