"""Two connections' copies of the same books made into one: the first copy of each change counts.

The venue gives every change of a market a clock that is the same on every connection,
in the same order (reference ``kalshi.md`` section 5). So a change is told by market,
clock and its index among the changes of that clock; what the merged book has already
is dropped before it is even read. A merged book stays whole as long as one connection's
copy of it has no hole: that one brings, in order, everything beyond what is known. Pure.
"""

import attrs

from actors.exchange.stream_asking import ALL
from actors.exchange.stream_values import StreamDelta, StreamLost, StreamSnapshot
from actors.model.orders import Ticker

Told = StreamSnapshot | StreamDelta | StreamLost


@attrs.define(eq=False)
class _Merged:
    """One book as it is told on, and which copies of it have no hole."""

    copies: list[bool]
    clocks: list[int]
    """Newest clock that each connection has shown since its last snapshot asked for."""
    whole: bool = False
    clock: int | None = None
    index: int = ALL
    leader: int = -1
    """Without a clock nothing can be matched: then this connection's word alone counts."""
    looked: int = -1
    """The merged clock at the last look for laggards."""
    doubted: int = -1
    """A connection that was asked anew because it lagged behind."""


class Merge:
    """Takes what every connection says of books, and says each change once."""

    def __init__(self, streams: int = 2) -> None:
        """Begin with no book known on any of ``streams`` connections."""
        self.streams = streams
        self.repeats = 0
        """Second copies that were dropped."""
        self.filled = 0
        """Books that had a hole on one connection and stayed whole by another."""
        self.resets = 0
        """Books given up because their clock went back."""
        self.behind = 0
        """Copies asked for anew because their connection had not shown what another had."""
        self.asks: list[tuple[int, Ticker]] = []
        """Connection and market: a snapshot is to be asked for. The reader empties it."""
        self._books: dict[Ticker, _Merged] = {}

    def has(self, stream: int, ticker: Ticker, clock: int | None, index: int) -> bool:
        """Return whether a change is known already, or is of no use.

        Called for every delta of every connection before it is read whole.
        """
        book = self._books.get(ticker)
        if book is None or not book.copies[stream]:
            return True
        if clock is None or book.clock is None:
            return book.leader != stream
        book.clocks[stream] = clock
        if clock < book.clock or (clock == book.clock and index <= book.index):
            self.repeats += 1
            return True
        return False

    def take(self, stream: int, value: Told) -> Told | None:
        """Return what a connection's word adds to what was told on, if anything."""
        match value:
            case StreamDelta():
                return self._delta(value)
            case StreamSnapshot():
                return self._snapshot(stream, value)
            case StreamLost():
                return self._lost(stream, value)

    def copies(self, ticker: Ticker) -> list[int]:
        """Return the connections whose copy of a book has no hole."""
        book = self._books.get(ticker)
        if book is None or not book.whole:
            return []
        if book.clock is None:
            return [book.leader]
        return [stream for stream, good in enumerate(book.copies) if good]

    def place(self, ticker: Ticker) -> tuple[int, int] | None:
        """Return how far a whole book has come: its clock, and the index in it or ``ALL``."""
        book = self._books.get(ticker)
        if book is None or not book.whole or book.clock is None:
            return None
        return book.clock, book.index

    def distrust(self, ticker: Ticker) -> None:
        """Give one book up on every connection, and have each asked for a snapshot."""
        book = self._books.get(ticker)
        if book is not None:
            self._forget(ticker, book)

    def look(self) -> list[Ticker]:
        """Find copies that have not come as far as the merged book was at the last look.

        Such a connection has lost the newest change and does not know, or is frozen: it
        is asked for a snapshot. One that still is not there by the next look and shows an
        older clock says that the clocks began anew, and the book is given up everywhere.

        Returns:
            The books that are given up.
        """
        gone: list[Ticker] = []
        for ticker, book in self._books.items():
            if not book.whole or book.clock is None:
                book.looked = -1
                continue
            late = [
                i for i, good in enumerate(book.copies) if good and book.clocks[i] < book.looked
            ]
            book.looked = book.clock
            if not late or len(late) == sum(book.copies):
                # Nobody else is there to hold it against.
                book.doubted = -1
            elif book.doubted in late:
                self.resets += 1
                self._forget(ticker, book)
                gone.append(ticker)
            else:
                book.doubted = late[0]
                for stream in late:
                    self.behind += 1
                    book.copies[stream] = False
                    self.asks.append((stream, ticker))
        return gone

    def _delta(self, value: StreamDelta) -> StreamDelta:
        book = self._books[value.ticker]
        clock = value.clock
        if clock == book.clock:
            book.index += 1
        else:
            book.clock, book.index = clock, 1
        return value

    def _snapshot(self, stream: int, value: StreamSnapshot) -> StreamSnapshot | None:
        book = self._books.get(value.ticker)
        if book is None:
            book = self._books[value.ticker] = _Merged([False] * self.streams, [-1] * self.streams)
        clock = value.clock
        if clock is None or (book.whole and book.clock is None):
            return self._lead(stream, book, value)
        if clock < book.clocks[stream]:
            # Maintenance: clocks from before and after cannot be compared.
            self.resets += 1
            self._forget(value.ticker, book, but=stream)
        book.copies[stream], book.clocks[stream] = True, clock
        known = book.clock if book.whole else None
        if known is not None and (clock < known or (clock == known and book.index == ALL)):
            return None
        book.whole, book.clock, book.index, book.leader = True, clock, ALL, stream
        return value

    def _lead(self, stream: int, book: _Merged, value: StreamSnapshot) -> StreamSnapshot | None:
        """Follow one connection alone where the venue gives no clock to match by."""
        others = [good for other, good in enumerate(book.copies) if other != stream]
        book.copies[stream] = False
        if book.whole and any(others):
            return None
        book.copies[:] = [other == stream for other in range(self.streams)]
        book.whole, book.clock, book.index, book.leader = True, value.clock, ALL, stream
        return value

    def _lost(self, stream: int, value: StreamLost) -> StreamLost | None:
        gone: list[Ticker] = []
        for ticker in value.tickers:
            book = self._books.get(ticker)
            if book is None:
                continue
            was_copy, book.copies[stream] = book.copies[stream], False
            if value.reason == "disconnected":
                book.clocks[stream] = -1
            if not book.whole:
                continue
            if value.reason == "clock":
                self.resets += 1
                self._forget(ticker, book, but=stream)
                gone.append(ticker)
            elif book.clock is None and book.leader == stream:
                self._forget(ticker, book, but=stream)
                gone.append(ticker)
            elif not any(book.copies):
                book.whole = False
                gone.append(ticker)
            elif was_copy:
                self.filled += 1
        if not gone:
            return None
        return attrs.evolve(value, tickers=tuple(gone))

    def _forget(self, ticker: Ticker, book: _Merged, but: int = -1) -> None:
        """Believe no copy any more; ask all connections for new ones, except one that was."""
        self.asks += [(stream, ticker) for stream in range(self.streams) if stream != but]
        book.copies[:] = [False] * self.streams
        book.clocks[:] = [-1] * self.streams
        book.whole, book.looked, book.doubted, book.leader = False, -1, -1, -1
