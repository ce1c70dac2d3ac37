"""The books as market data holds them: one per market, and the proof that they are whole.

Owned by the tree, written by market data alone, read by the planner, the trigger
and the exits. Book age is the age of the last proof that the stream is whole, not
of the last change: a quiet book is fresh (design section 7).
"""

from typing import Final, Literal, Protocol

import attrs

from actors.messages.market import BookChange, BookDelta, BookLost, BookSnapshot
from actors.model.book import Book
from actors.model.money import Pips
from actors.model.orders import Side, Ticker

Flaw = Literal["lost", "crossed", "empty", "late", "old"]
"""Why nobody may quote a book: something is missing from it, it shows what no whole book
shows, it shows nothing, its newest words were old when they came, or nothing proves it."""


class Proof(Protocol):
    """Whoever reads the stream, and so knows how far a book can be believed."""

    def proved_ns(self, ticker: Ticker) -> int:
        """Return since when nothing of a book can be missing, monotonic."""
        ...

    def is_late(self, ticker: Ticker, now_ns: int) -> bool:
        """Return whether every connection that brings a book brings old news."""
        ...


@attrs.define(eq=False)
class Books:
    """Every market's book, by ticker."""

    proved_ns: int = 0
    """Monotonic: the last frame, or answered ping, on any socket that brings books."""
    old_ns: int = 5_000_000_000
    """A book that nothing has proved for so long is old."""
    proof: Proof | None = None
    """Who knows more of one book than ``proved_ns`` says; ``None`` with one connection."""
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

    def flaw(self, ticker: Ticker, now_ns: int) -> Flaw | None:
        """Return why a book may not be quoted; ``None`` where nothing speaks against it."""
        book = self.whole(ticker)
        if book is None:
            return "lost"
        if book.is_crossed:
            return "crossed"
        if book.top == _NOTHING:
            return "empty"
        if self.proof is not None and self.proof.is_late(ticker, now_ns):
            return "late"
        return "old" if now_ns - self.proved(ticker) > self.old_ns else None

    def quotable(self, ticker: Ticker, now_ns: int) -> Book | None:
        """Return a market's book if a price of it may be believed now."""
        return None if self.flaw(ticker, now_ns) else self._books[ticker]

    def proved(self, ticker: Ticker) -> int:
        """Return since when, monotonic, nothing of one book can be missing."""
        return self.proved_ns if self.proof is None else self.proof.proved_ns(ticker)

    def flaws(self, now_ns: int) -> dict[Flaw, int]:
        """Return how many of the books that ever were whole may not be quoted, by why."""
        found: dict[Flaw, int] = {}
        for ticker in self._books:
            flaw = self.flaw(ticker, now_ns)
            if flaw is not None:
                found[flaw] = found.get(flaw, 0) + 1
        return found

    def crossed(self) -> list[Ticker]:
        """Return the whole books whose sides are crossed."""
        return [
            ticker
            for ticker, book in self._books.items()
            if self._whole[ticker] and book.is_crossed
        ]

    def best_opposite_pips(self, ticker: Ticker, side: Side) -> Pips | None:
        """Return the best price that an order on ``side`` would meet, if there is one."""
        book = self._books.get(ticker)
        if book is None:
            return None
        bid, ask = book.top
        return ask if side == "bid" else bid

    def meets(self, ticker: Ticker, side: Side, now_ns: int) -> tuple[bool, Pips | None]:
        """Say what an order on ``side`` would meet: all that the trigger asks of a book.

        Returns:
            Whether nothing but its age speaks against the book, and the best price, if
            there is one.
        """
        book = self._books.get(ticker)
        if book is None:
            return False, None
        bid, ask = book.top
        best = ask if side == "bid" else bid
        if not self._whole[ticker] or (bid is None and ask is None):
            return False, best
        if bid is not None and ask is not None and bid >= ask:
            return False, best
        return self.proof is None or not self.proof.is_late(ticker, now_ns), best


_NOTHING: Final = (None, None)
