"""The auditor's own books, and what they showed at instants around each order. Pure.

They are kept from the stream's messages, never from the trader's books, so that a
fault in those cannot hide here. A message counts for every instant from its
``received_ns`` on, whatever order the messages arrived in: changes stay on the side
until no instant can still lie before them.
"""

from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Final, NamedTuple

import attrs

from actors.messages.market import BookChange, BookDelta, BookLost, BookSnapshot
from actors.messages.records import BookAt
from actors.model.book import Book, BookBroken
from actors.model.orders import Ticker

OFFSETS_MS: Final = (0, 30, 100, 1_000)
"""Milliseconds after the send; 0 is the last state before it."""
GRACE_NS: Final = 20_000_000
"""How much later than it was read a message may come to the auditor."""
KEPT_NS: Final = 200_000_000
"""For so long a change stays on the side although nobody asks for an instant before it."""
KEPT_MOST: Final = 65_536
"""Changes of one market kept on the side; beyond, the oldest are folded in all the same."""
FOLDED_AT_ONCE: Final = 4
"""Changes folded in with each new one: more than one, so that none are ever left behind."""
DEPTH: Final = 100
"""Levels of each side that are written down."""

_NANOS_PER_MILLI: Final = 1_000_000
_NEVER: Final = 2**63


class Instant(NamedTuple):
    """A book that is to be written down. Ordered as it is due."""

    through_ns: int
    """Messages read up to this count, and later ones do not."""
    number: int
    """Keeps instants of one time in the order in which they were asked for; no two have one."""
    at_ns: int
    offset_ms: int
    client_order_id: str
    ticker: Ticker


@attrs.define(eq=False)
class _Track:
    """One market: its book as it was a while ago, and what has changed since."""

    book: Book = attrs.field(factory=Book)
    whole: bool = False
    folded_ns: int = -1
    """When the newest change in ``book`` was read."""
    changes: deque[BookChange] = attrs.field(factory=deque)
    newest_ns: int = -1
    shown: tuple[list[list[int]], list[list[int]]] | None = None
    """The book's rows as they were last written down; ``None`` once it has changed."""

    def add(self, change: BookChange) -> None:
        changes = self.changes
        changes.append(change)
        if change.received_ns < self.newest_ns:
            # Hardly ever: two that crossed on their way here. They change places again.
            self.changes = deque(sorted(changes, key=lambda each: each.received_ns))
        else:
            self.newest_ns = change.received_ns

    def fold(self, through_ns: int, most: int) -> None:
        """Make up to ``most`` changes that were read by ``through_ns`` part of the book."""
        changes = self.changes
        while most and changes and changes[0].received_ns <= through_ns:
            self._apply(changes.popleft())
            most -= 1

    def _apply(self, change: BookChange) -> None:
        self.shown = None
        try:
            match change:
                case BookDelta():
                    self.book.change(change.side, change.price_pips, change.change_centi)
                case BookSnapshot():
                    self.book.replace(change.bids, change.asks)
                    self.whole = True
                case BookLost():
                    self.whole = False
        except BookBroken:
            self.whole = False
        if change.received_ns < self.folded_ns:
            # What came after it in time was applied before it: only a new snapshot helps.
            self.whole = False
        else:
            self.folded_ns = change.received_ns


@attrs.define(eq=False)
class Instants:
    """Books of every market that is followed, and the instants that are waited for."""

    _tracks: dict[Ticker, _Track] = attrs.field(init=False, factory=dict)
    _waiting: list[Instant] = attrs.field(init=False, factory=list)
    _number: int = attrs.field(init=False, default=0)

    def take(self, change: BookChange) -> None:
        """Take in one message of the stream."""
        track = self._tracks.get(change.ticker)
        if track is None:
            track = self._tracks[change.ticker] = _Track()
        track.add(change)
        before_ns = change.received_ns - KEPT_NS
        if self._waiting:
            before_ns = min(before_ns, self._waiting[0].through_ns)
        track.fold(before_ns, FOLDED_AT_ONCE)
        if len(track.changes) > KEPT_MOST:
            track.fold(_NEVER, 1)

    def ask(self, client_order_id: str, ticker: Ticker, sent_ns: int) -> None:
        """Ask for the books around an order that was sent at ``sent_ns``."""
        for offset_ms in OFFSETS_MS:
            at_ns = sent_ns + offset_ms * _NANOS_PER_MILLI
            self._number += 1
            heappush(
                self._waiting,
                Instant(
                    at_ns if offset_ms else at_ns - 1,
                    self._number,
                    at_ns,
                    offset_ms,
                    client_order_id,
                    ticker,
                ),
            )

    @property
    def due_ns(self) -> int | None:
        """When the next instant can be written down, whatever may still arrive; or ``None``."""
        return self._waiting[0].at_ns + GRACE_NS if self._waiting else None

    def next_ready(self, now_ns: int) -> BookAt | None:
        """Return the book of the first instant that is due at ``now_ns``, if one is.

        ``now_ns`` is how far the stream has been taken in: the clock if nothing
        waits in the queue, else the time of the newest message taken from it.
        """
        if not self._waiting or self._waiting[0].at_ns + GRACE_NS > now_ns:
            return None
        return self._show(heappop(self._waiting), has_come=True)

    def ready(self, now_ns: int) -> Iterator[BookAt]:
        """Yield the books of every instant that is due at ``now_ns``; see ``next_ready``."""
        while (book := self.next_ready(now_ns)) is not None:
            yield book

    def flush(self, now_ns: int) -> Iterator[BookAt]:
        """Yield what is still waited for; an instant after ``now_ns`` is not whole."""
        while self._waiting:
            instant = heappop(self._waiting)
            yield self._show(instant, has_come=instant.at_ns <= now_ns)

    def _show(self, instant: Instant, *, has_come: bool) -> BookAt:
        track = self._tracks.get(instant.ticker) or _Track()
        track.fold(instant.through_ns, KEPT_MOST)
        if track.shown is None:
            track.shown = track.book.rows(DEPTH)
        bids, asks = track.shown
        return BookAt(
            client_order_id=instant.client_order_id,
            ticker=instant.ticker,
            offset_ms=instant.offset_ms,
            at_ns=instant.at_ns,
            bids=bids,
            asks=asks,
            whole=has_come and track.whole and track.folded_ns <= instant.through_ns,
        )
