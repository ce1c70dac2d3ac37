"""What an event is made of: records with their numbers, runs, orders, markets, feeds. Pure."""

from collections.abc import Iterator
from typing import Generic, Literal, TypeVar

import attrs

from actors.messages.records import (
    BookAt,
    Dispatched,
    FillRow,
    Intent,
    OrderOutcome,
    Report,
    Segment,
    TradeRow,
)

R_co = TypeVar("R_co", covariant=True)

Standing = Literal["filled", "part filled", "not filled", "rejected", "unknown"]
"""How an order ended; ``not filled`` is accepted with nothing left at its limit."""


@attrs.frozen
class Fact(Generic[R_co]):
    """One record, and where it stands in the journal."""

    seq: int
    run: int
    """Number of the run that wrote it: monotonic times compare within one alone."""
    mono_ns: int
    """When it was written."""
    record: R_co


@attrs.frozen(kw_only=True)
class Run:
    """One life of the trading process."""

    number: int
    segment: Fact[Segment]
    """The first segment that it wrote."""

    def wall_ns(self, mono_ns: int) -> int:
        """Return the wall time, in nanoseconds since 1970, of an instant of this run."""
        opened = self.segment.record
        return opened.wall_ns + mono_ns - opened.mono_ns


@attrs.define(eq=False, kw_only=True)
class Order:
    """One order, entry or exit, from its intent to its fills."""

    run: Run
    intent: Fact[Intent]
    dispatched: Fact[Dispatched] | None = None
    outcomes: list[Fact[OrderOutcome]] = attrs.field(factory=list)
    fills: list[Fact[FillRow]] = attrs.field(factory=list)
    books: list[Fact[BookAt]] = attrs.field(factory=list)

    @property
    def name(self) -> str:
        """Its client order id."""
        return self.intent.record.client_order_id

    @property
    def outcome(self) -> OrderOutcome | None:
        """The last word on it."""
        return self.outcomes[-1].record if self.outcomes else None

    @property
    def filled_centi(self) -> int:
        """What it filled: its executions, or the venue's answer while they are on their way."""
        told = sum(fill.record.count_centi for fill in self.fills)
        return max(told, max((each.record.fill_count_centi for each in self.outcomes), default=0))

    @property
    def fee_micros(self) -> int:
        """What its executions cost in fees."""
        return sum(fill.record.fee_micros for fill in self.fills)

    @property
    def wire_ns(self) -> int | None:
        """From the winning frame to the kernel; ``None`` for an exit or an order unsent."""
        if self.dispatched is None or not self.dispatched.record.received_ns:
            return None
        return self.dispatched.record.sent_ns - self.dispatched.record.received_ns

    @property
    def answer(self) -> OrderOutcome | None:
        """The venue's answer on the order's own connection; a later look-up is none."""
        for fact in self.outcomes:
            said = fact.record
            if self.dispatched and fact.run == self.dispatched.run and said.first_byte_ns:
                return None if said.resolved else said
        return None

    @property
    def answer_ns(self) -> int | None:
        """From the kernel to the whole answer."""
        if self.dispatched is None or self.answer is None:
            return None
        return self.answer.done_ns - self.dispatched.record.sent_ns

    @property
    def there_ms(self) -> int | None:
        """When it was at the venue, by the venue's clock in milliseconds; ``None`` if unknown."""
        times = [fact.record.venue_ts_ms for fact in self.outcomes if fact.record.venue_ts_ms]
        return times[0] if times else None

    @property
    def standing(self) -> Standing:
        """How it ended."""
        wanted, filled = self.intent.record.count_centi, self.filled_centi
        if filled:
            return "filled" if filled >= wanted else "part filled"
        word = "unknown" if self.outcome is None else self.outcome.outcome
        if word == "accepted":
            return "not filled"
        return "rejected" if word == "rejected" else "unknown"

    def facts(self) -> Iterator[Fact[object]]:
        """Yield every record of it."""
        yield self.run.segment
        yield self.intent
        if self.dispatched is not None:
            yield self.dispatched
        yield from self.outcomes
        yield from self.fills
        yield from self.books

    def book(self, offset_ms: int) -> BookAt | None:
        """Return its market's book ``offset_ms`` after the send."""
        for fact in self.books:
            if fact.record.offset_ms == offset_ms:
                return fact.record
        return None


@attrs.frozen(kw_only=True)
class Shown:
    """How one feed stood to the event's score."""

    feed: str
    report: Fact[Report] | None
    """By which it first showed the score; ``None`` if it did not."""
    behind_ns: int | None
    """After the winner; below zero if it was before. ``None`` where that says nothing."""
    last: Fact[Report] | None
    """What it showed last before the next score, if it did not show this one."""


@attrs.frozen
class Quote:
    """The best prices of one market from an instant on; ``None`` where a side is empty."""

    at_ns: int
    bid_pips: int | None
    ask_pips: int | None
    whole: bool


@attrs.define(eq=False, kw_only=True)
class Leg:
    """One market of the event's match, around the event."""

    ticker: str
    role: str
    quotes: list[Quote] = attrs.field(factory=list)
    """The first is from before the window, if the book was known then."""
    prints: list[Fact[TradeRow]] = attrs.field(factory=list)
    books: list[BookAt] = attrs.field(factory=list)
    """Where no order was sent: rebuilt from the journal around the decision."""

    def book(self, offset_ms: int) -> BookAt | None:
        """Return its rebuilt book ``offset_ms`` after the decision."""
        return next((book for book in self.books if book.offset_ms == offset_ms), None)

    @property
    def short(self) -> str:
        """The last part of its ticker, as traders say it."""
        return self.ticker.rpartition("-")[2]
