"""Sorts a journal's records to the events that they belong to. Pure.

The journal is read twice. The first reading, here, leaves market data alone and
finds the events; the second (``report_scene.py``) takes from the market data only
what lies around them. So a day of a million records needs little memory.
"""

from collections.abc import Iterable
from typing import Final

import attrs

from actors.audit.events import SHOWING, Day, Event, Fact, Leg, Order, Run, Shown
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
    Reconciled,
    Report,
    Segment,
    SettlementRow,
    TradingState,
    Triggered,
)
from actors.model.score import GoalKey, MatchId
from actors.runtime.segments import Entry

KINDS: Final = (
    Segment,
    Intent,
    Dispatched,
    OrderOutcome,
    FillRow,
    ExitHeldRow,
    SettlementRow,
    Report,
    Triggered,
    PassedRow,
    DoubtRow,
    BookAt,
    MatchRow,
    Reconciled,
    TradingState,
)
"""What the first reading decodes."""

ACCEPTING: Final = frozenset({"trigger", "advance"})


def read_day(entries: Iterable[Entry]) -> Day:
    """Return every event of a journal, without what the second reading adds."""
    reader = _Reader()
    for entry in entries:
        reader.take(entry)
    reader.close()
    return reader.day


@attrs.define(eq=False)
class _Reader:
    """The first reading."""

    day: Day = attrs.field(init=False, factory=Day)
    _run: Run | None = attrs.field(init=False, default=None)
    _events: dict[GoalKey, Event] = attrs.field(init=False, factory=dict)
    _orders: dict[str, Order] = attrs.field(init=False, factory=dict)
    _names: dict[str, str] = attrs.field(init=False, factory=dict)
    """The venue's order id to ours."""
    _matches: dict[str, Fact[MatchRow]] = attrs.field(init=False, factory=dict)
    _scores: dict[str, str] = attrs.field(init=False, factory=dict)
    """The accepted score of each match."""
    _about: dict[GoalKey, list[Fact[Report]]] = attrs.field(init=False, factory=dict)
    _repeats: dict[GoalKey, int] = attrs.field(init=False, factory=dict)
    _said: dict[tuple[int, str, str], list[Fact[Report]]] = attrs.field(init=False, factory=dict)
    """What a feed showed of a match in a run, its repeats left out."""
    _ids: dict[tuple[str, str], str] = attrs.field(init=False, factory=dict)
    """A feed's id of a match to ours."""
    _loose: list[tuple[Run, Fact[Report]]] = attrs.field(init=False, factory=list)
    _feeds: dict[int, dict[str, None]] = attrs.field(init=False, factory=dict)
    """Who ran in each run."""
    _trades: set[str] = attrs.field(init=False, factory=set)

    def take(self, entry: Entry) -> None:
        """Sort one record in."""
        self.day.last_seq = entry.seq
        if isinstance(entry.record, Segment):
            self._segment(Fact(entry.seq, entry.mono_ns, entry.record))
            return
        if self._run is None:
            # A journal begins with a segment's record; what stands before it has no clock.
            return
        self._take(entry, self._run)

    def _segment(self, fact: Fact[Segment]) -> None:
        if self._run is None or self._run.segment.record.run != fact.record.run:
            self._run = Run(number=len(self.day.runs), segment=fact)
            self.day.runs.append(self._run)
            self._feeds[self._run.number] = {}

    def _take(self, entry: Entry, run: Run) -> None:  # noqa: C901 - one case for each record
        seq, mono_ns = entry.seq, entry.mono_ns
        match entry.record:
            case Report() as report:
                self._report(Fact(seq, mono_ns, report), run)
            case Triggered() as won:
                event = self._event(_key(won), run)
                event.won = event.won or Fact(seq, mono_ns, won)
            case PassedRow() as passed:
                self._event(_key(passed), run).passed.append(Fact(seq, mono_ns, passed))
            case Intent() as intent:
                self._intent(Fact(seq, mono_ns, intent), run)
            case DoubtRow() as doubt:
                if (known := self._events.get(_key(doubt))) is not None:
                    known.doubts.append(Fact(seq, mono_ns, doubt))
            case MatchRow() as match:
                self._matches[match.match] = Fact(seq, mono_ns, match)
            case SettlementRow() as settled:
                self._settled(Fact(seq, mono_ns, settled))
            case Reconciled() as reconciled:
                self.day.reconciled.append(Fact(seq, mono_ns, reconciled))
            case TradingState() as state:
                self.day.halts.append(Fact(seq, mono_ns, state))
            case _:
                self._of_order(entry)

    def _of_order(self, entry: Entry) -> None:
        seq, mono_ns = entry.seq, entry.mono_ns
        match entry.record:
            case Dispatched() as sent:
                if (order := self._orders.get(sent.client_order_id)) is not None:
                    order.dispatched = Fact(seq, mono_ns, sent)
            case OrderOutcome() as outcome:
                if outcome.order_id:
                    self._names[outcome.order_id] = outcome.client_order_id
                if (order := self._orders.get(outcome.client_order_id)) is not None:
                    order.outcomes.append(Fact(seq, mono_ns, outcome))
            case FillRow() as fill:
                name = fill.client_order_id or self._names.get(fill.order_id, "")
                order = self._orders.get(name)
                if order is not None and fill.trade_id not in self._trades:
                    self._trades.add(fill.trade_id)
                    order.fills.append(Fact(seq, mono_ns, fill))
            case BookAt() as book:
                if (order := self._orders.get(book.client_order_id)) is not None:
                    order.books.append(Fact(seq, mono_ns, book))
            case ExitHeldRow() as held:
                if (order := self._orders.get(held.entry_client_order_id)) is not None:
                    event = self._events[_key(order.intent.record)]
                    event.held.append(Fact(seq, mono_ns, held))

    def _event(self, key: GoalKey, run: Run) -> Event:
        event = self._events.get(key)
        if event is None:
            event = Event(
                number=len(self.day.events) + 1,
                key=key,
                run=run,
                before=self._scores.get(key.match, ""),
            )
            self._events[key] = event
            self.day.events.append(event)
            self._scores[key.match] = key.state
        return event

    def _intent(self, fact: Fact[Intent], run: Run) -> None:
        order = Order(run=run, intent=fact)
        self._orders[order.name] = order
        event = self._event(_key(fact.record), run)
        (event.exits if fact.record.purpose == "exit" else event.entries).append(order)

    def _report(self, fact: Fact[Report], run: Run) -> None:
        report = fact.record
        self._feeds[run.number][report.feed] = None
        if report.match:
            self._ids[report.feed, report.feed_match] = report.match
            key = _key(report)
            if report.judgement == "repeat":
                self._repeats[key] = self._repeats.get(key, 0) + 1
            else:
                self._about.setdefault(key, []).append(fact)
            if report.judgement in ACCEPTING:
                event = self._event(key, run)
                event.accepted = event.accepted or fact
            elif report.judgement in {"baseline", "stands"}:
                # A first score of a match, or what stands after a reversal.
                if report.judgement == "stands" or report.match not in self._scores:
                    self._scores[report.match] = report.state
        if report.home >= 0 and report.judgement != "repeat":
            self._loose.append((run, fact))

    def _settled(self, fact: Fact[SettlementRow]) -> None:
        for event in self.day.events:
            if any(fact.record.ticker == each.intent.record.ticker for each in event.entries):
                event.settlements.append(fact)

    def close(self) -> None:
        """Give each event what could be known only at the end."""
        for run, fact in self._loose:
            report = fact.record
            match = report.match or self._ids.get((report.feed, report.feed_match), "")
            self._said.setdefault((run.number, match, report.feed), []).append(fact)
        following: dict[str, Event] = {}
        for event in reversed(self.day.events):
            event.reports = self._about.get(event.key, [])
            event.repeats = self._repeats.get(event.key, 0)
            event.match = self._matches.get(event.key.match)
            if event.match is not None:
                row = event.match.record
                event.legs = [
                    Leg(ticker=ticker, role=role)
                    for ticker, role in zip(row.tickers, row.roles, strict=True)
                ]
            self._race(event, following.get(event.key.match))
            following[event.key.match] = event
        self.day.feeds = sorted({feed for feeds in self._feeds.values() for feed in feeds})

    def _race(self, event: Event, following: Event | None) -> None:
        rows = [self._shown(event, feed, following) for feed in self._feeds[event.run.number]]
        event.race = sorted(rows, key=_place(event.feed))

    def _shown(self, event: Event, feed: str, following: Event | None) -> Shown:
        said = self._said.get((event.run.number, event.key.match, feed), [])
        for fact in said:
            report = fact.record
            if _key(report) == event.key and report.judgement in SHOWING and _shows(report):
                return Shown(feed=feed, report=fact, behind_ns=_behind(event, report), last=None)
        until_ns = following.received_ns if following and following.run is event.run else None
        last = None
        for fact in said:
            if until_ns is None or fact.record.received_ns < until_ns:
                last = fact
        return Shown(feed=feed, report=None, behind_ns=None, last=last)


def _key(
    record: Report | Triggered | PassedRow | Intent | DoubtRow,
) -> GoalKey:
    return GoalKey(MatchId(record.match), record.generation, record.state)


def _shows(report: Report) -> bool:
    """Whether the report shows the score of the key it is about; its sides may be unproved."""
    home, away = report.home, report.away
    return report.state in {f"{home}-{away}", f"{away}-{home}"}


def _behind(event: Event, report: Report) -> int | None:
    if report.judgement == "baseline":
        # It connected when the score stood already: that says nothing about its speed.
        return None
    return report.received_ns - event.received_ns


def _place(winner: str) -> "_Place":
    return _Place(winner)


@attrs.frozen
class _Place:
    """Order of the race's rows: winner, then by time, then who did not show it, by name."""

    winner: str

    def __call__(self, shown: Shown) -> tuple[int, int, str]:
        if shown.feed == self.winner:
            return (0, 0, shown.feed)
        if shown.behind_ns is not None:
            return (1, shown.behind_ns, shown.feed)
        return (2 if shown.report is not None else 3, 0, shown.feed)
