"""Compares one book at a time with what the venue's REST interface shows, for ever, slowly.

REST names no clock and may lag behind (reference ``kalshi.md`` sections 4 and 10), so the
answer is right if it is *any* state that our book had between a lag before the question
and a moment after the answer. A state that it never had is asked about a second time, and
then believed: the book is distrusted and asked for anew. A quiet market that no message
will ever correct is found this way alone, and so is a stream that pings and says nothing.
"""

from collections.abc import Callable, Sequence
from typing import Final, Literal, Protocol

import attrs
import trio

from actors.config.profile import Profile
from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.exchange.rest import Rest
from actors.messages.market import BookChange, BookDelta, BookLost, BookSnapshot
from actors.model.book import Book
from actors.model.orders import Side, Ticker
from actors.runtime.env import Env
from actors.runtime.health import Health
from actors.runtime.latest import Latest
from actors.trader.market_data_books import Keeper

SETTLE_S: Final = 1.0
"""How long after the answer the stream may take to bring what the answer has."""
MOST_CHANGES: Final = 20_000
"""Of one book during one comparison; a market that moves more is not compared."""

Verdict = Literal["agreed", "differs", "unclear"]


class Trail:
    """What separates one book of ours, in every state of a while, from one that REST showed."""

    def __init__(self, ticker: Ticker, start: Book) -> None:
        """Begin with our book as it is now."""
        self.ticker = ticker
        self.lost = False
        """Whether the book was lost meanwhile, so that nothing can be said of it."""
        self._start = start.copy()
        self._changes: list[BookDelta | BookSnapshot] = []

    def take(self, change: BookChange) -> None:
        """Note one change, of whichever book."""
        if change.ticker != self.ticker:
            return
        if isinstance(change, BookLost) or len(self._changes) >= MOST_CHANGES:
            self.lost = True
        else:
            self._changes.append(change)

    def verdict(self, shown: Book) -> Verdict:
        """Say whether ``shown`` is a state that our book had."""
        if self.lost:
            return "unclear"
        theirs = _levels(shown)
        apart = _apart(_levels(self._start), theirs)
        if not apart:
            return "agreed"
        for change in self._changes:
            if isinstance(change, BookDelta):
                place = change.side, int(change.price_pips)
                left = apart.get(place, 0) + change.change_centi
                if left:
                    apart[place] = left
                else:
                    apart.pop(place, None)
            else:
                book = Book()
                book.replace(change.bids, change.asks)
                apart = _apart(_levels(book), theirs)
            if not apart:
                return "agreed"
        return "differs"


Levels = dict[tuple[Side, int], int]


def _levels(book: Book) -> Levels:
    levels: Levels = {("bid", each.price_pips): each.count_centi for each in book.bids()}
    levels |= {("ask", each.price_pips): each.count_centi for each in book.asks()}
    return levels


def _apart(ours: Levels, theirs: Levels) -> Levels:
    """Return where two books differ: ours less theirs."""
    places = dict.fromkeys([*ours, *theirs])
    differences = {place: ours.get(place, 0) - theirs.get(place, 0) for place in places}
    return {place: count for place, count in differences.items() if count}


@attrs.define(eq=False, kw_only=True)
class Comparison:
    """Takes the followed books in turn. Its reads wait behind everybody else's tokens."""

    env: Env
    keeper: Keeper
    rest: Rest
    wanted: Latest[Sequence[Ticker]]
    every_s: float
    lag_s: float
    """How old what REST shows may be."""
    health: Health
    counts: dict[str, int] = attrs.field(
        factory=lambda: {"agreed": 0, "differs": 0, "unclear": 0, "mismatch": 0, "unread": 0}
    )
    """Comparisons by what came of them; ``unread`` where REST did not answer."""
    _next: int = attrs.field(init=False, default=0)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Compare until cancelled."""
        task_status.started()
        while True:
            await trio.sleep(self.every_s)
            ticker = self._turn()
            if ticker is not None:
                await self._compare(ticker)
            self.health.mark(self.env.now_ns())

    def _turn(self) -> Ticker | None:
        """Return the next book that can be compared."""
        tickers = self.wanted.value
        for _ in range(len(tickers)):
            ticker = tickers[self._next % len(tickers)]
            self._next += 1
            if self.keeper.books.whole(ticker) is not None:
                return ticker
        return None

    async def _compare(self, ticker: Ticker) -> None:
        for _ in range(2):
            verdict = await self._once(ticker)
            if verdict is None:
                self.counts["unread"] += 1
                return
            self.counts[verdict] += 1
            if verdict != "differs":
                return
        self.counts["mismatch"] += 1
        self.keeper.distrust(ticker, "mismatch")

    async def _once(self, ticker: Ticker) -> Verdict | None:
        """Compare one book once; ``None`` where REST did not answer."""
        book = self.keeper.books.whole(ticker)
        if book is None:
            return "unclear"
        trail = Trail(ticker, book)
        self.keeper.on_change = trail.take
        try:
            await trio.sleep(self.lag_s)
            try:
                read = await self.rest.orderbook(ticker)
            except (VenueRefused, VenueUnreachable):
                return None
            shown = Book()
            try:
                shown.replace(read.bids, read.asks)
            except ValueError:
                return "unclear"
            await trio.sleep(SETTLE_S)
        finally:
            self.keeper.on_change = None
        return trail.verdict(shown)


class Setting(Protocol):
    """What a comparison is made of, of all that a run is made of."""

    @property
    def profile(self) -> Profile:
        """How often, and how far REST lags."""
        ...

    @property
    def cell(self) -> Callable[[str], Health]:
        """Where its health is kept."""
        ...


def comparison_of(
    keeper: Keeper, given: Setting, rest: Rest, wanted: Latest[Sequence[Ticker]]
) -> Comparison | None:
    """Make a run's comparison; ``None`` where its profile wants none."""
    venue = given.profile.venue
    if not venue.compare_s:
        return None
    return Comparison(
        env=keeper.env,
        keeper=keeper,
        rest=rest,
        wanted=wanted,
        every_s=venue.compare_s,
        lag_s=venue.read_lag_ms / 1e3,
        health=given.cell("comparison"),
    )
