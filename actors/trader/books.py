"""The books as market data holds them: one per market, and the proof that they are whole.

Owned by the tree, written by market data alone, read by the planner, the trigger
and the exits. Book age is the age of the last proof that the stream is whole, not
of the last change: a quiet book is fresh (design section 7).
"""

import attrs

from actors.messages.market import BookChange, BookDelta, BookLost, BookSnapshot
from actors.model.book import Book
from actors.model.money import Pips
from actors.model.orders import Side, Ticker


@attrs.define(eq=False)
class Books:
    """Every market's book, by ticker."""

    proved_ns: int = 0
    """Monotonic: the last frame, or answered ping, on the socket that brings the books."""
    _books: dict[Ticker, Book] = attrs.field(init=False, factory=dict)
    _whole: dict[Ticker, bool] = attrs.field(init=False, factory=dict)

    def apply(self, change: BookChange) -> None:
        """Take one word of the stream.

        Raises:
            BookBroken: A delta that its book cannot have; the stream lied or we did.
        """
        ticker = change.ticker
        was_whole = self._whole.get(ticker, False)
        # Distrusted until it has worked: nobody may trade on a book that could not follow.
        self._whole[ticker] = False
        match change:
            case BookSnapshot():
                self._books.setdefault(ticker, Book()).replace(change.bids, change.asks)
            case BookDelta():
                if not was_whole:
                    return
                self._books[ticker].change(change.side, change.price_pips, change.change_centi)
            case BookLost():
                return  # Our own conclusion, often from silence: it proves no life.
        self._whole[ticker] = True
        self.proved_ns = max(self.proved_ns, change.received_ns)

    def whole(self, ticker: Ticker) -> Book | None:
        """Return a market's book if nothing of it can have been missed."""
        return self._books[ticker] if self._whole.get(ticker, False) else None

    def best_opposite_pips(self, ticker: Ticker, side: Side) -> Pips | None:
        """Return the best price that an order on ``side`` would meet, if there is one."""
        book = self._books.get(ticker)
        if book is None:
            return None
        level = book.best_ask if side == "bid" else book.best_bid
        return None if level is None else level.price_pips
