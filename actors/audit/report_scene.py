"""Takes from a journal's market data what lies around each event, and the frames shown. Pure.

The second reading: books are rebuilt from the stream's own records, never from what
the trader believed, and only quotes, prints and books close to an event are kept.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from actors.audit.events import Day, Event
from actors.audit.report_facts import Fact, Leg, Quote
from actors.messages.records import (
    BookAt,
    BookLostRow,
    BookRow,
    DeltaRow,
    RawFrame,
    Report,
    Segment,
    TradeRow,
)
from actors.model.book import Book, BookBroken
from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side
from actors.runtime.segments import Entry

KINDS: Final = (Segment, BookRow, DeltaRow, BookLostRow, TradeRow, RawFrame)
"""What the second reading decodes."""

BEFORE_NS: Final = 200_000_000
AFTER_NS: Final = 1_200_000_000
"""The window around the winning frame in which quotes and prints are kept."""
OFFSETS_MS: Final = (0, 30, 100, 1_000)
"""After the decision, where no order was sent; 0 is the last state before it."""
DEPTH: Final = 100
"""Levels of each side of a rebuilt book."""
QUOTES_MOST: Final = 4_000
"""Of one market around one event; beyond, the rest is left out."""
PRINTS_MOST: Final = 1_000
"""Of one market around one event; beyond, the rest is left out."""


def add_scenes(day: Day, entries: Iterable[Entry]) -> None:
    """Give every event of ``day`` its frames and its markets."""
    reader = _Reader(day)
    for entry in entries:
        reader.take(entry)
    reader.end_run()


@attrs.define(eq=False)
class _Reader:
    """The second reading."""

    day: Day
    _shown_by: dict[int, list[Event]] = attrs.field(init=False, factory=dict)
    """Which events show a frame."""
    _tracks: "dict[str, _Track]" = attrs.field(init=False, factory=dict)
    _name: str = attrs.field(init=False, default="")
    _run: int = attrs.field(init=False, default=-1)

    def __attrs_post_init__(self) -> None:
        for event in self.day.events:
            for fact in event.facts():
                if isinstance(fact.record, Report) and fact.record.frame_seq:
                    self._shown_by.setdefault(fact.record.frame_seq, []).append(event)

    def take(self, entry: Entry) -> None:
        """Take one record in."""
        match entry.record:
            case Segment() as segment:
                if segment.run != self._name:
                    self.end_run()
                    self._name, self._run = segment.run, self._run + 1
                    self._tracks = _tracks(self.day, self._run)
            case RawFrame() as frame:
                for event in self._shown_by.get(entry.seq, ()):
                    event.frames[entry.seq] = Fact(entry.seq, self._run, entry.mono_ns, frame)
            case TradeRow() as trade:
                if (track := self._tracks.get(trade.ticker)) is not None:
                    track.print(Fact(entry.seq, self._run, entry.mono_ns, trade))
            case BookRow() | DeltaRow() | BookLostRow() as change:
                if (track := self._tracks.get(change.ticker)) is not None:
                    track.change(change)
            case _:
                pass

    def end_run(self) -> None:
        """Show what a run ended before."""
        for track in self._tracks.values():
            track.close()


def _tracks(day: Day, run: int) -> "dict[str, _Track]":
    """Return the markets that are watched in a run, with what is wanted of each."""
    tracks: dict[str, _Track] = {}
    for event in sorted(day.events, key=lambda each: each.received_ns):
        if event.run.number != run:
            continue
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
