"""Takes from a journal's market data what lies around each event, and the frames shown. Pure.

The second reading: books are rebuilt from the stream's own records, never from what
the trader believed, and only quotes, prints and books close to an event are kept.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from actors.audit.events import Day, Event, Fact, Leg, Quote
from actors.messages.records import (
    BookAt,
    BookLostRow,
    BookRow,
    DeltaRow,
    RawFrame,
    Segment,
    TradeRow,
)
from actors.model.book import Book, BookBroken
from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side
from actors.runtime.segments import Entry

KINDS: Final = (Segment, BookRow, DeltaRow, BookLostRow, TradeRow, RawFrame)
"""What the second reading decodes."""

BEFORE_NS: Final = 300_000_000
AFTER_NS: Final = 1_500_000_000
"""The window around the winning frame in which quotes and prints are kept."""
OFFSETS_MS: Final = (0, 30, 100, 1_000)
DEPTH: Final = 100
QUOTES_MOST: Final = 4_000
PRINTS_MOST: Final = 1_000
"""Of one market around one event; beyond, the rest is left out."""


def add_scenes(day: Day, entries: Iterable[Entry]) -> None:
    """Give every event of ``day`` its frames and its markets."""
    frames: dict[int, list[Event]] = {}
    for event in day.events:
        for fact in event.facts():
            number = getattr(fact.record, "frame_seq", 0)
            if number:
                frames.setdefault(number, []).append(event)
    run, tracks = -1, _tracks(day, -1)
    name = None
    for entry in entries:
        match entry.record:
            case Segment() as segment:
                if segment.run != name:
                    _end(tracks)
                    name, run = segment.run, run + 1
                    tracks = _tracks(day, run)
            case RawFrame() as frame:
                for event in frames.get(entry.seq, ()):
                    event.frames[entry.seq] = Fact(entry.seq, entry.mono_ns, frame)
            case TradeRow() as trade:
                if (track := tracks.get(trade.ticker)) is not None:
                    track.print(Fact(entry.seq, entry.mono_ns, trade))
            case BookRow() | DeltaRow() | BookLostRow() as change:
                if (track := tracks.get(change.ticker)) is not None:
                    track.change(change)
    _end(tracks)


def _end(tracks: "dict[str, _Track]") -> None:
    for track in tracks.values():
        track.close()


def _tracks(day: Day, run: int) -> "dict[str, _Track]":
    tracks: dict[str, _Track] = {}
    for event in sorted(day.events, key=lambda each: each.received_ns):
        if event.run.number == run:
            ordered = {order.intent.record.ticker for order in event.entries}
            for leg in event.legs:
                track = tracks.setdefault(leg.ticker, _Track())
                track.windows.append(_Window(leg=leg, at_ns=event.received_ns))
                if leg.ticker not in ordered:
                    track.wants.extend(_wants(event, leg))
    for track in tracks.values():
        track.wants = deque(sorted(track.wants, key=lambda each: each.through_ns))
    return tracks


@attrs.frozen(kw_only=True)
class _Want:
    """A book that is to be rebuilt."""

    leg: Leg
    offset_ms: int
    at_ns: int
    through_ns: int


def _wants(event: Event, leg: Leg) -> Iterator[_Want]:
    decided_ns = event.judged_ns
    for offset_ms in OFFSETS_MS:
        at_ns = decided_ns + offset_ms * 1_000_000
        through_ns = at_ns if offset_ms else at_ns - 1
        yield _Want(leg=leg, offset_ms=offset_ms, at_ns=at_ns, through_ns=through_ns)


@attrs.define(eq=False, kw_only=True)
class _Window:
    """One market around one event."""

    leg: Leg
    at_ns: int
    begun: bool = False

    def has(self, at_ns: int) -> bool:
        return self.at_ns - BEFORE_NS <= at_ns <= self.at_ns + AFTER_NS


@attrs.define(eq=False)
class _Track:
    """One market through a run."""

    windows: deque[_Window] = attrs.field(init=False, factory=deque)
    wants: deque[_Want] = attrs.field(init=False, factory=deque)
    _book: Book = attrs.field(init=False, factory=Book)
    _whole: bool = attrs.field(init=False, default=False)
    _at_ns: int = attrs.field(init=False, default=0)

    def change(self, change: BookRow | DeltaRow | BookLostRow) -> None:
        """Take one message of the stream in."""
        at_ns = change.received_ns
        self._show(before_ns=at_ns)
        self._begin(at_ns)
        try:
            match change:
                case BookRow():
                    self._book.replace(_levels(change.bids), _levels(change.asks))
                    self._whole = True
                case DeltaRow():
                    side: Side = "bid" if change.side == "bid" else "ask"
                    self._book.change(
                        side, Pips(change.price_pips), CentiContracts(change.change_centi)
                    )
                case BookLostRow():
                    self._whole = False
        except BookBroken:
            self._whole = False
        self._at_ns = max(self._at_ns, at_ns)
        for window in self.windows:
            if window.has(at_ns):
                _quote(window.leg, self._now(at_ns))

    def print(self, fact: Fact[TradeRow]) -> None:
        """Take one public print in."""
        self._begin(fact.record.received_ns)
        for window in self.windows:
            if window.has(fact.record.received_ns) and len(window.leg.prints) < PRINTS_MOST:
                window.leg.prints.append(fact)

    def close(self) -> None:
        """Show what is still to be shown: the run ended before its instant."""
        while self.wants:
            self._show_one(self.wants.popleft(), has_come=False)
        for window in self.windows:
            if not window.begun:
                _quote(window.leg, self._now(window.at_ns - BEFORE_NS))

    def _begin(self, at_ns: int) -> None:
        """Open the windows that begin before ``at_ns``, and let go of those that are over."""
        for window in self.windows:
            if not window.begun and window.at_ns - BEFORE_NS <= at_ns:
                window.begun = True
                _quote(window.leg, self._now(window.at_ns - BEFORE_NS))
        while self.windows and self.windows[0].at_ns + AFTER_NS < at_ns:
            self.windows.popleft()

    def _now(self, at_ns: int) -> Quote:
        bid, ask = self._book.best_bid, self._book.best_ask
        return Quote(
            at_ns,
            None if bid is None else bid.price_pips,
            None if ask is None else ask.price_pips,
            self._whole,
        )

    def _show(self, *, before_ns: int) -> None:
        while self.wants and self.wants[0].through_ns < before_ns:
            self._show_one(self.wants.popleft(), has_come=True)

    def _show_one(self, want: _Want, *, has_come: bool) -> None:
        want.leg.books.append(
            BookAt(
                client_order_id="",
                ticker=want.leg.ticker,
                offset_ms=want.offset_ms,
                at_ns=want.at_ns,
                bids=[[each.price_pips, each.count_centi] for each in self._book.bids(DEPTH)],
                asks=[[each.price_pips, each.count_centi] for each in self._book.asks(DEPTH)],
                whole=self._whole and (has_come or self._at_ns >= want.at_ns),
            )
        )


def _quote(leg: Leg, quote: Quote) -> None:
    if len(leg.quotes) >= QUOTES_MOST:
        return
    if leg.quotes:
        last = leg.quotes[-1]
        same = (last.bid_pips, last.ask_pips, last.whole)
        if same == (quote.bid_pips, quote.ask_pips, quote.whole):
            return
    leg.quotes.append(quote)


def _levels(rows: list[list[int]]) -> list[tuple[Pips, CentiContracts]]:
    return [(Pips(price), CentiContracts(count)) for price, count in rows]
