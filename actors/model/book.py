"""The YES book of one market, kept by snapshots and deltas; it knows no owner and no clock.

A NO bid at ``q`` is a YES ask at ``1 - q`` (reference ``kalshi.md`` sections 4 and 8);
whoever reads the wire translates before calling here. Built for a few thousand
changes a second and a best price read after each of them.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence

import attrs

from actors.model.money import ONE_DOLLAR_PIPS, CentiContracts, Pips
from actors.model.orders import Side


class BookBroken(ValueError):
    """A change that a whole stream cannot bring; the book must be read anew."""


@attrs.frozen
class Level:
    """What rests at one price."""

    price_pips: Pips
    count_centi: CentiContracts


class _Ladder:
    """One side: counts by price, and the prices in rising order."""

    __slots__ = ("counts", "prices")

    def __init__(self, levels: Iterable[tuple[Pips, CentiContracts]] = ()) -> None:
        self.counts: dict[Pips, CentiContracts] = {}
        for price_pips, count_centi in levels:
            _check_price(price_pips)
            if count_centi < 0:
                raise BookBroken(f"{count_centi} centi-contracts at {price_pips} pips")
            if price_pips in self.counts:
                raise BookBroken(f"{price_pips} pips named twice in one snapshot")
            if count_centi:
                self.counts[price_pips] = count_centi
        self.prices: list[Pips] = sorted(self.counts)

    def change(self, price_pips: Pips, change_centi: CentiContracts) -> None:
        before = self.counts.get(price_pips, 0)
        after = before + change_centi
        if after < 0:
            raise BookBroken(f"{after} centi-contracts would be left at {price_pips} pips")
        if after:
            if not before:
                insort(self.prices, price_pips)
            self.counts[price_pips] = CentiContracts(after)
        elif before:
            del self.counts[price_pips]
            del self.prices[bisect_left(self.prices, price_pips)]

    def level(self, price_pips: Pips) -> Level:
        return Level(price_pips, self.counts[price_pips])

    def levels(self, prices: Sequence[Pips]) -> tuple[Level, ...]:
        counts = self.counts
        return tuple(Level(price_pips, counts[price_pips]) for price_pips in prices)

    def rows(self, prices: Sequence[Pips]) -> list[list[int]]:
        counts = self.counts
        return [[price_pips, counts[price_pips]] for price_pips in prices]

    def copy(self) -> "_Ladder":
        twin = _Ladder()
        twin.counts = self.counts.copy()
        twin.prices = self.prices.copy()
        return twin


class Book:
    """Both sides of one market's YES book. Mutable, owned by one reader of the stream."""

    __slots__ = ("_asks", "_bids")

    def __init__(self) -> None:
        self._bids = _Ladder()
        self._asks = _Ladder()

    def replace(
        self,
        bids: Iterable[tuple[Pips, CentiContracts]],
        asks: Iterable[tuple[Pips, CentiContracts]],
    ) -> None:
        """Forget everything and take a snapshot, whose levels may come in any order.

        Raises:
            BookBroken: A price off the scale or named twice, or a negative count.
                The book is then as it was.
        """
        self._bids, self._asks = _Ladder(bids), _Ladder(asks)

    def change(self, side: Side, price_pips: Pips, change_centi: CentiContracts) -> None:
        """Add ``change_centi`` to one level, which may be negative.

        Raises:
            BookBroken: Less than nothing would rest there, or the price is not
                between 0 and 1 dollar. The book is then as it was.
        """
        _check_price(price_pips)
        ladder = self._bids if side == "bid" else self._asks
        ladder.change(price_pips, change_centi)

    @property
    def best_bid(self) -> Level | None:
        """The dearest bid, or ``None`` where nobody bids."""
        ladder = self._bids
        return ladder.level(ladder.prices[-1]) if ladder.prices else None

    @property
    def best_ask(self) -> Level | None:
        """The cheapest ask, or ``None`` where nobody asks."""
        ladder = self._asks
        return ladder.level(ladder.prices[0]) if ladder.prices else None

    @property
    def top(self) -> tuple[Pips | None, Pips | None]:
        """The prices of the dearest bid and the cheapest ask."""
        bids, asks = self._bids.prices, self._asks.prices
        return bids[-1] if bids else None, asks[0] if asks else None

    @property
    def is_crossed(self) -> bool:
        """Whether somebody bids at least what another asks, which no whole book shows."""
        bids, asks = self._bids.prices, self._asks.prices
        return bool(bids and asks and bids[-1] >= asks[0])

    def bids(self, depth: int | None = None) -> tuple[Level, ...]:
        """Return the bids, best first; at most ``depth`` of them."""
        return self._bids.levels(self._bids.prices[::-1][:depth])

    def asks(self, depth: int | None = None) -> tuple[Level, ...]:
        """Return the asks, best first; at most ``depth`` of them."""
        return self._asks.levels(self._asks.prices[:depth])

    def rows(self, depth: int) -> tuple[list[list[int]], list[list[int]]]:
        """Return bids and asks as ``[pips, centi-contracts]``, best first, for a record.

        At most ``depth`` of each; the lists are the caller's own.
        """
        bids, asks = self._bids, self._asks
        return bids.rows(bids.prices[: -depth - 1 : -1]), asks.rows(asks.prices[:depth])

    def reachable_centi(self, side: Side, limit_pips: Pips) -> int:
        """Return how much an immediate-or-cancel order on ``side`` could take."""
        if side == "bid":
            counts, prices = self._asks.counts, self._asks.prices
            return sum([counts[each] for each in prices[: bisect_right(prices, limit_pips)]])
        counts, prices = self._bids.counts, self._bids.prices
        return sum([counts[each] for each in prices[bisect_left(prices, limit_pips) :]])

    def copy(self) -> "Book":
        """Return a book that looks the same now and changes apart from now on."""
        twin = Book()
        twin._bids, twin._asks = self._bids.copy(), self._asks.copy()
        return twin


def _check_price(price_pips: Pips) -> None:
    if not 0 < price_pips < ONE_DOLLAR_PIPS:
        raise BookBroken(f"{price_pips} pips is no price")
