"""What the journal says of one detected event: every fact about it, with its record's number.

An event is a score that was accepted, traded or not. Its values here are the
journal's records themselves, sorted to the event they belong to; the properties say
what follows from them and nothing else. Pure.
"""

from collections.abc import Iterator
from typing import Literal

import attrs

from actors.audit.report_facts import Fact, Leg, Order, Run, Shown, Standing
from actors.messages.records import (
    ActorRow,
    ExitHeldRow,
    FillRow,
    MatchRow,
    PassedRow,
    RawFrame,
    Reconciled,
    Report,
    SettlementRow,
    TradingState,
    Triggered,
)
from actors.messages.records_review import DoubtRow, EpisodeRow, ReviewRow
from actors.model.score import GoalKey

Verdict = Standing | Literal["passed", "not traded"]
"""What became of an event: how its orders ended, or a trigger that sent nothing, or a
score that was accepted and never a trigger."""


@attrs.define(eq=False, kw_only=True)
class Event:
    """One accepted score and all that belongs to it."""

    number: int
    key: GoalKey
    run: Run
    """In which it was detected."""
    before: str
    """The score accepted before it; empty if none is known."""
    match: Fact[MatchRow] | None = None
    won: Fact[Triggered] | None = None
    accepted: Fact[Report] | None = None
    reports: list[Fact[Report]] = attrs.field(factory=list)
    """What the race made of every report about this key; repeats left out."""
    repeats: int = 0
    race: list[Shown] = attrs.field(factory=list)
    """Every feed of its run, the winner first."""
    passed: list[Fact[PassedRow]] = attrs.field(factory=list)
    entries: list[Order] = attrs.field(factory=list)
    exits: list[Order] = attrs.field(factory=list)
    held: list[Fact[ExitHeldRow]] = attrs.field(factory=list)
    doubts: list[Fact[DoubtRow]] = attrs.field(factory=list)
    reviews: list[Fact[ReviewRow]] = attrs.field(factory=list)
    episodes: list[Fact[EpisodeRow]] = attrs.field(factory=list)
    """Ways down that its lots were on, and how each ended."""
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
        told = self._told
        return min(self._written_ns(), default=0) if told is None else told.received_ns

    @property
    def received_wall_ns(self) -> int:
        """The same on the wall clock."""
        return self.run.wall_ns(self.received_ns)

    def since_ns(self, fact: Fact[object], at_ns: int) -> int | None:
        """Return how long after the winning frame ``fact``'s ``at_ns`` was.

        ``None`` if another run wrote it: its clock says nothing here.
        """
        return at_ns - self.received_ns if fact.run == self.run.number else None

    @property
    def judged_ns(self) -> int:
        """When the race had decided."""
        told = self._told
        return self.received_ns if told is None else told.judged_ns

    @property
    def margin_ns(self) -> int | None:
        """How long after the winner the next feed showed the score."""
        lags = [shown.behind_ns for shown in self.race if shown.behind_ns is not None]
        after = [lag for lag in lags if lag > 0]
        return min(after, default=None)

    @property
    def wire_ns(self) -> list[int]:
        """Of each entry: from the frame to the kernel."""
        return [each.wire_ns for each in self.entries if each.wire_ns is not None]

    @property
    def answer_ns(self) -> list[int]:
        """Of each entry: from the kernel to the venue's whole answer."""
        return [each.answer_ns for each in self.entries if each.answer_ns is not None]

    @property
    def wanted_centi(self) -> int:
        """What its entries asked for."""
        return sum(order.intent.record.count_centi for order in self.entries)

    @property
    def filled_centi(self) -> int:
        """What its entries filled."""
        return sum(order.filled_centi for order in self.entries)

    @property
    def title(self) -> str:
        """Who plays."""
        return self.key.match if self.match is None else self.match.record.title

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
        yield from self.reviews
        yield from self.episodes
        yield from self.settlements

    @property
    def _told(self) -> Triggered | Report | None:
        """What tells of the winning frame on the clock of the event's run."""
        for fact in (self.won, self.accepted):
            if fact is not None and fact.run == self.run.number:
                return fact.record
        return None

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
    incidents: list[Fact[ActorRow] | Fact[TradingState]] = attrs.field(factory=list)
    """Actors that failed and what came of it, and every change of the trading state."""
    feeds: list[str] = attrs.field(factory=list)
    """Every feed that ever ran, by name."""
    last_seq: int = 0
