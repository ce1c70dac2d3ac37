"""The exchange floor: everything listed, everybody trading, and what time it is."""

import random
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from actors.model.matching import Change
from actors.model.orders import Ticker
from actors.sim.draws import stream
from actors.sim.venue.accounts import Account, Order
from actors.sim.venue.bulletin import Bulletin
from actors.sim.venue.errors import NotListed
from actors.sim.venue.events import (
    BookChanged,
    OrderChanged,
    PositionChanged,
    QuoteChanged,
    Traded,
)
from actors.sim.venue.listing import EventTerms, Market, MilestoneTerms, SeriesTerms
from actors.sim.venue.order_groups import OrderGroup
from actors.sim.venue.views import PositionView

TAPE_LENGTH: Final = 200_000
"""How many public prints are kept; older ones leave the API, as they do at the venue."""


@attrs.define(kw_only=True, eq=False)
class Floor:
    """Shared by order entry and the life cycle; nobody else changes it."""

    now_us: Callable[[], int]
    """Wall clock, microseconds since 1970."""
    rng: random.Random
    """For ids and secrets, and for nothing that could decide anything."""
    chances: random.Random = attrs.field(init=False)
    """For what may go one way or the other: which of a print and its fills is told first,
    and what a cancel-all still takes. Of the same seed, and apart from the ids: an id more
    or less moves no chance."""
    bulletin: Bulletin = attrs.field(factory=Bulletin)
    series: dict[str, SeriesTerms] = attrs.field(factory=dict)
    events: dict[str, EventTerms] = attrs.field(factory=dict)
    markets: dict[Ticker, Market] = attrs.field(factory=dict)
    milestones: dict[str, MilestoneTerms] = attrs.field(factory=dict)
    accounts: dict[str, Account] = attrs.field(factory=dict)
    orders: dict[str, Order] = attrs.field(factory=dict)
    """What rests, by order id."""
    groups: dict[str, OrderGroup] = attrs.field(factory=dict)
    """Every member's order groups, by id."""
    tape: deque[tuple[int, Traded]] = attrs.field(factory=lambda: deque(maxlen=TAPE_LENGTH))
    """Public prints with their numbers, oldest first."""
    house_micros: int = 0
    """Fees, and what rounding of settlements left: the venue's own."""
    exchange_active: bool = True
    trading_active: bool = True
    resumes_us: int | None = None
    """When a pause is expected to end."""
    opened_us: int = attrs.field(init=False)
    """When the venue was opened: the age of what has no date of its own."""
    cutoff_us: int = 0
    """What ended before is in the archive."""
    live: dict[str, Mapping[str, object]] = attrs.field(factory=dict)
    """Live data by milestone."""
    attested_until_us: dict[str, int] = attrs.field(factory=dict)
    """Until when a member's keys may trade sports; who is not here may for ever."""
    _clocks: dict[int, int] = attrs.field(init=False, factory=dict)
    _number: int = attrs.field(init=False, default=0)

    @chances.default
    def _apart_from_ids(self) -> random.Random:
        return stream(self.rng.getrandbits(64), "chances")

    @opened_us.default
    def _opened_now(self) -> int:
        return self.now_us()

    def account(self, name: str) -> Account:
        """Return an account.

        Raises:
            NotListed: Nobody opened it.
        """
        try:
            return self.accounts[name]
        except KeyError:
            raise NotListed(f"no account {name!r}") from None

    def holder(self, order: Order) -> Account:
        """Return the account, primary or numbered, whose order it is."""
        return self.accounts[order.account].part(order.request.subaccount)

    def shards(self) -> tuple[int, ...]:
        """Return the shards there are, in rising order."""
        listed = {event.exchange_index for event in self.events.values()}
        funded = {
            shard
            for each in self.accounts.values()
            for part in each.parts()
            for shard in part.cash_micros
        }
        return tuple(sorted({0} | listed | funded))

    def market(self, ticker: str) -> Market:
        """Return a market.

        Raises:
            NotListed: There is none of that name.
        """
        try:
            return self.markets[Ticker(ticker)]
        except KeyError:
            raise NotListed(f"no market {ticker!r}") from None

    def uuid(self) -> str:
        """Return a new random id in the shape of a version-4 UUID."""
        text = f"{self.rng.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def number(self) -> int:
        """Return the next number of the venue's own order of things, for paging."""
        self._number += 1
        return self._number

    def tick(self, shard: int) -> int:
        """Return the exchange clock of a new action on ``shard``."""
        self._clocks[shard] = self._clocks.get(shard, 0) + 1
        return self._clocks[shard]

    def post_change(self, market: Market, change: Change, cause: Order, now_us: int) -> None:
        """Tell that one level changed, at the market's clock, by what ``cause`` did."""
        side, price_pips, change_centi = change
        self.bulletin.post(
            BookChanged(
                ticker=market.ticker,
                side=side,
                price_pips=price_pips,
                change_centi=change_centi,
                clock=market.clock,
                cause=cause.account,
                cause_client_order_id=cause.request.client_order_id,
                cause_subaccount=cause.request.subaccount,
                now_us=now_us,
            )
        )

    def post_order(self, order: Order) -> None:
        """Tell, and write down for its owner, how an order now stands."""
        view = order.view()
        account = self.accounts[order.account]
        if account.view is not None:
            account.view.post(order.updated_us, view)
        self.bulletin.post(OrderChanged(account=order.account, order=view, now_us=order.updated_us))

    def post_position(self, account: Account, market: Market, now_us: int) -> None:
        """Tell, and write down for its owner, what an account holds in a market."""
        if account.view is None:
            return
        held = account.holding(market.ticker)
        view = PositionView(
            ticker=market.ticker,
            exchange_index=market.shard,
            yes_centi=held.yes_centi,
            cost_micros=int(held.cost_micros),
            realized_micros=held.realized_micros.numerator // held.realized_micros.denominator,
            fees_micros=held.fees_micros,
            traded_micros=held.traded_micros,
            traded_centi=held.traded_centi,
            settled=market.status == "finalized",
            now_us=now_us,
            subaccount=account.number,
        )
        account.view.post(now_us, view)
        self.bulletin.post(PositionChanged(account=account.name, position=view, now_us=now_us))

    def post_cash(self, account: Account, shard: int, now_us: int) -> None:
        """Write down for its owner what is free on a shard."""
        if account.view is not None:
            account.view.post(now_us, account.cash_view(shard, now_us))

    def is_archived(self, at_us: int | None) -> bool:
        """Return whether what ended at ``at_us``, if it has, has left the live data."""
        return at_us is not None and at_us < self.cutoff_us

    def post_quote(self, market: Market, now_us: int) -> None:
        """Tell that a market's quote is not what it was."""
        bid, ask = market.best("bid"), market.best("ask")
        market.candles.quote(
            now_us, bid.price_pips if bid else None, ask.price_pips if ask else None
        )
        self.bulletin.post(QuoteChanged(ticker=market.ticker, now_us=now_us))
