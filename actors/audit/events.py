"""What the journal says of one detected event: every fact about it, with its record's number.

An event is a score that was accepted, traded or not. Its values here are the
journal's records themselves, sorted to the event they belong to; the properties say
what follows from them and nothing else. Pure.
"""

from collections.abc import Iterator
from typing import Final, Generic, Literal, TypeVar

import attrs

from actors.messages.records import (
    BookAt,
    Dispatched,
    DoubtRow,
    ExitHeldRow,
    FillRow,
    Intent,
    MatchRow,
    OrderOutcome,
    PassedRow,
    RawFrame,
    Reconciled,
    Report,
    Segment,
    SettlementRow,
    TradeRow,
    TradingState,
    Triggered,
)
from actors.model.score import GoalKey

R_co = TypeVar("R_co", covariant=True)

Verdict = Literal[
    "filled",  # every order filled wholly
    "part filled",
    "not filled",  # the venue took the orders, and nothing was left at their limits
    "rejected",  # the venue refused every order
    "unknown",  # at least one order has no answer, and nothing is known to be filled
    "passed",  # a trigger that sent nothing
    "not traded",  # accepted by the race, never a trigger
]

SHOWING: Final = frozenset(
    {"trigger", "advance", "echo", "laggard", "claim", "baseline", "restored"}
)
"""Judgements about a key by which a feed shows its score."""


@attrs.frozen
class Fact(Generic[R_co]):
    """One record, and where it stands in the journal."""

    seq: int
    mono_ns: int
    """When it was written, on the clock of its run."""
    record: R_co


@attrs.frozen(kw_only=True)
class Run:
    """One life of the trading process. Monotonic times compare within it alone."""

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
    def standing(self) -> Verdict:
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

    @property
    def short(self) -> str:
        """The last part of its ticker, as traders say it."""
        return self.ticker.rpartition("-")[2]


@attrs.define(eq=False, kw_only=True)
class Event:
    """One accepted score and all that belongs to it."""

    number: int
    key: GoalKey
    run: Run
    before: str
    """The score accepted before it; empty if none is known."""
    match: Fact[MatchRow] | None = None
    won: Fact[Triggered] | None = None
    accepted: Fact[Report] | None = None
    reports: list[Fact[Report]] = attrs.field(factory=list)
    """What the race made of every report about this key; repeats left out."""
    repeats: int = 0
    race: list[Shown] = attrs.field(factory=list)
    """Every feed of the run, the winner first."""
    passed: list[Fact[PassedRow]] = attrs.field(factory=list)
    entries: list[Order] = attrs.field(factory=list)
    exits: list[Order] = attrs.field(factory=list)
    held: list[Fact[ExitHeldRow]] = attrs.field(factory=list)
    doubts: list[Fact[DoubtRow]] = attrs.field(factory=list)
    settlements: list[Fact[SettlementRow]] = attrs.field(factory=list)
    """Of the markets that it traded."""
    frames: dict[int, Fact[RawFrame]] = attrs.field(factory=dict)
    """By number of record."""
    legs: list[Leg] = attrs.field(factory=list)

    @property
    def feed(self) -> str:
        """Who reported it first."""
        if self.won is not None:
            return self.won.record.feed
        if self.accepted is not None:
            return self.accepted.record.feed
        return self.entries[0].intent.record.feed if self.entries else ""

    @property
    def received_ns(self) -> int:
        """When the winning frame was read; the record's time if that is not known."""
        if self.won is not None:
            return self.won.record.received_ns
        if self.accepted is not None:
            return self.accepted.record.received_ns
        return min(self._written_ns(), default=0)

    @property
    def received_wall_ns(self) -> int:
        """The same on the wall clock."""
        return self.run.wall_ns(self.received_ns)

    @property
    def judged_ns(self) -> int:
        """When the race had decided."""
        if self.won is not None:
            return self.won.record.judged_ns
        return self.received_ns if self.accepted is None else self.accepted.record.judged_ns

    @property
    def margin_ns(self) -> int | None:
        """How long after the winner the next feed showed the score."""
        lags = [shown.behind_ns for shown in self.race if shown.behind_ns is not None]
        after = [lag for lag in lags if lag > 0]
        return min(after, default=None)

    @property
    def orders(self) -> list[Order]:
        """Entries, then exits."""
        return [*self.entries, *self.exits]

    @property
    def fills(self) -> list[Fact[FillRow]]:
        """Every execution that belongs to it, in the journal's order."""
        return sorted(
            (fill for order in self.orders for fill in order.fills), key=lambda fact: fact.seq
        )

    @property
    def verdict(self) -> Verdict:
        """What became of it."""
        if not self.entries:
            return "passed" if self.won is not None or self.passed else "not traded"
        standings = {order.standing for order in self.entries}
        if standings == {"filled"}:
            return "filled"
        if standings & {"filled", "part filled"}:
            return "part filled"
        if "unknown" in standings:
            return "unknown"
        return "rejected" if standings == {"rejected"} else "not filled"

    @property
    def ended(self) -> str:
        """``overturned`` or ``phantom`` if the score was taken back, else empty."""
        for fact in self.reports:
            if fact.record.judgement in {"overturned", "phantom"}:
                return fact.record.judgement
        return ""

    def leg(self, ticker: str) -> Leg | None:
        """Return one market of the match."""
        return next((leg for leg in self.legs if leg.ticker == ticker), None)

    def side_name(self, ticker: str) -> str:
        """Say in words what a market pays on: the team's name, or a draw."""
        leg, match = self.leg(ticker), self.match
        if leg is None or match is None:
            return ticker
        names = {
            "home": match.record.home_name,
            "away": match.record.away_name,
            "draw": "Draw",
        }
        return names.get(leg.role, leg.short)

    def facts(self) -> list[Fact[object]]:
        """Return every record that it rests on, once, in the journal's order."""
        found = {fact.seq: fact for fact in self._all_facts()}
        return [found[seq] for seq in sorted(found)]

    def _all_facts(self) -> Iterator[Fact[object]]:
        yield self.run.segment
        for one in (self.match, self.won, self.accepted):
            if one is not None:
                yield one
        for shown in self.race:
            for said in (shown.report, shown.last):
                if said is not None:
                    yield said
        for order in self.orders:
            yield from order.facts()
        yield from self.reports
        yield from self.frames.values()
        yield from self.passed
        yield from self.held
        yield from self.doubts
        yield from self.settlements

    def _written_ns(self) -> Iterator[int]:
        for order in self.entries:
            yield order.intent.mono_ns
        for fact in self.passed:
            yield fact.record.decided_ns


@attrs.define(eq=False, kw_only=True)
class Day:
    """A journal as its reader needs it: its runs, its events, what was reconciled."""

    runs: list[Run] = attrs.field(factory=list)
    events: list[Event] = attrs.field(factory=list)
    """In the order in which they were detected."""
    reconciled: list[Fact[Reconciled]] = attrs.field(factory=list)
    halts: list[Fact[TradingState]] = attrs.field(factory=list)
    feeds: list[str] = attrs.field(factory=list)
    """Every feed that ever ran, by name."""
    last_seq: int = 0
