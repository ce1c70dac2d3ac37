"""Sorts a journal's records to the events that they belong to. Pure.

The journal is read twice. The first reading, here, leaves market data alone and
finds the events; the second (``report_scene.py``) takes from the market data only
what lies around them. So a day of a million records needs little memory.
"""

from collections.abc import Iterable
from typing import Final

import attrs

from actors.audit.events import Day, Event
from actors.audit.report_facts import Fact, Leg, Order, Run, Shown
from actors.messages.records import (
    ActorRow,
    BookAt,
    Dispatched,
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
from actors.messages.records_review import DoubtRow, EpisodeRow, ReviewRow
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
    ReviewRow,
    EpisodeRow,
    BookAt,
    MatchRow,
    Reconciled,
    TradingState,
    ActorRow,
)
"""What the first reading decodes."""

ACCEPTING: Final = frozenset({"trigger", "advance"})
"""Judgements by which a score becomes the accepted one."""
SHOWING: Final = frozenset(
    {"trigger", "advance", "echo", "laggard", "claim", "baseline", "restored"}
)
"""Judgements about a key by which a feed shows its score."""
SILENT: Final = frozenset({"repeat", "ignored"})
"""Judgements on reports that say nothing new of a score."""
ORDINARY: Final = frozenset({"started", "stopped", "finished"})
"""What an actor does when nothing is wrong."""


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
    _scored: list[Fact[Report]] = attrs.field(init=False, factory=list)
    """Every report that shows a score, repeats left out."""
    _doubts: dict[GoalKey, list[Fact[DoubtRow]]] = attrs.field(init=False, factory=dict)
    _feeds: dict[int, dict[str, None]] = attrs.field(init=False, factory=dict)
    """Who ran in each run."""
    _trades: set[str] = attrs.field(init=False, factory=set)

    def take(self, entry: Entry) -> None:
        """Sort one record in."""
        self.day.last_seq = entry.seq
        if isinstance(entry.record, Segment):
            self._segment(entry, entry.record)
            return
        run = self._run
        # A journal begins with a segment's record; what stood before it would have no clock.
        if run is None or self._of_order(entry, run.number) or self._of_event(entry, run):
            return
        self._of_day(entry, run.number)

    def _segment(self, entry: Entry, segment: Segment) -> None:
        if self._run is None or self._run.segment.record.run != segment.run:
            number = len(self.day.runs)
            fact = Fact(entry.seq, number, entry.mono_ns, segment)
            self._run = Run(number=number, segment=fact)
            self.day.runs.append(self._run)
            self._feeds[number] = {}

    def _of_order(self, entry: Entry, run: int) -> bool:
        """Sort in what belongs to an order; return whether it was that."""
        seq, mono_ns = entry.seq, entry.mono_ns
        match entry.record:
            case Dispatched() as sent:
                for order in self._order(sent.client_order_id):
                    order.dispatched = Fact(seq, run, mono_ns, sent)
            case OrderOutcome() as outcome:
                self._names[outcome.order_id] = outcome.client_order_id
                for order in self._order(outcome.client_order_id):
                    order.outcomes.append(Fact(seq, run, mono_ns, outcome))
            case FillRow() as fill:
                self._fill(Fact(seq, run, mono_ns, fill))
            case BookAt() as book:
                for order in self._order(book.client_order_id):
                    order.books.append(Fact(seq, run, mono_ns, book))
            case ExitHeldRow() as held:
                for order in self._order(held.entry_client_order_id):
                    event = self._events[key_of(order.intent.record)]
                    event.held.append(Fact(seq, run, mono_ns, held))
            case _:
                return False
        return True

    def _of_event(self, entry: Entry, run: Run) -> bool:
        """Sort in what belongs to a key of the race; return whether it was that."""
        seq, mono_ns = entry.seq, entry.mono_ns
        match entry.record:
            case Report() as report:
                self._report(Fact(seq, run.number, mono_ns, report), run)
            case Triggered() as won:
                event = self._seen(key_of(won), run)
                event.won = event.won or Fact(seq, run.number, mono_ns, won)
            case PassedRow() as passed:
                event = self._event(key_of(passed), run)
                event.passed.append(Fact(seq, run.number, mono_ns, passed))
            case Intent() as intent:
                self._intent(Fact(seq, run.number, mono_ns, intent), run)
            case DoubtRow() as doubt:
                fact = Fact(seq, run.number, mono_ns, doubt)
                self._doubts.setdefault(key_of(doubt), []).append(fact)
            case ReviewRow() as review:
                # Of a goal that nobody traded there may be no event, and it makes none.
                known = self._events.get(key_of(review))
                if known is not None:
                    known.reviews.append(Fact(seq, run.number, mono_ns, review))
            case EpisodeRow() as episode:
                event = self._event(key_of(episode), run)
                event.episodes.append(Fact(seq, run.number, mono_ns, episode))
            case _:
                return False
        return True

    def _of_day(self, entry: Entry, run: int) -> None:
        """Sort in what belongs to no single key."""
        seq, mono_ns = entry.seq, entry.mono_ns
        match entry.record:
            case MatchRow() as match:
                self._matches[match.match] = Fact(seq, run, mono_ns, match)
            case SettlementRow() as settled:
                self._settled(Fact(seq, run, mono_ns, settled))
            case Reconciled() as reconciled:
                self.day.reconciled.append(Fact(seq, run, mono_ns, reconciled))
            case TradingState() as state:
                self.day.incidents.append(Fact(seq, run, mono_ns, state))
            case ActorRow() as actor:
                if actor.event not in ORDINARY:
                    self.day.incidents.append(Fact(seq, run, mono_ns, actor))
            case _:
                pass

    def _order(self, name: str) -> tuple[Order, ...]:
        """Return the order of this name, if its intent is on record."""
        order = self._orders.get(name)
        return () if order is None else (order,)

    def _fill(self, fact: Fact[FillRow]) -> None:
        fill = fact.record
        name = fill.client_order_id or self._names.get(fill.order_id, "")
        if fill.trade_id not in self._trades:
            self._trades.add(fill.trade_id)
            for order in self._order(name):
                order.fills.append(fact)

    def _seen(self, key: GoalKey, run: Run) -> Event:
        """Return the event of ``key``, detected in ``run`` if in none before."""
        event = self._event(key, run)
        if event.won is None and event.accepted is None:
            event.run = run
        return event

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
        event = self._event(key_of(fact.record), run)
        (event.exits if fact.record.purpose == "exit" else event.entries).append(order)

    def _report(self, fact: Fact[Report], run: Run) -> None:
        report = fact.record
        self._feeds[run.number][report.feed] = None
        if report.home >= 0 and report.judgement not in SILENT:
            self._scored.append(fact)
        if not report.match:
            return
        self._ids[report.feed, report.feed_match] = report.match
        key = key_of(report)
        if report.judgement in SILENT:
            self._repeats[key] = self._repeats.get(key, 0) + (report.judgement == "repeat")
            return
        self._about.setdefault(key, []).append(fact)
        if report.judgement in ACCEPTING:
            event = self._seen(key, run)
            event.accepted = event.accepted or fact
        elif report.judgement == "stands":
            self._scores[report.match] = report.state
        elif report.judgement == "baseline":
            # The first score of a match begins its history; later ones only agree.
            self._scores.setdefault(report.match, report.state)

    def _settled(self, fact: Fact[SettlementRow]) -> None:
        for event in self.day.events:
            if any(fact.record.ticker == each.intent.record.ticker for each in event.entries):
                event.settlements.append(fact)

    def close(self) -> None:
        """Give each event what could be known only at the end."""
        for fact in self._scored:
            report = fact.record
            match = report.match or self._ids.get((report.feed, report.feed_match), "")
            self._said.setdefault((fact.run, match, report.feed), []).append(fact)
        following: dict[str, Event] = {}
        for event in reversed(self.day.events):
            event.reports = self._about.get(event.key, [])
            event.repeats = self._repeats.get(event.key, 0)
            event.doubts = self._doubts.get(event.key, [])
            event.match = self._matches.get(event.key.match)
            if event.match is not None:
                row = event.match.record
                event.legs = [
                    Leg(ticker=ticker, role=role)
                    for ticker, role in zip(row.tickers, row.roles, strict=False)
                ]
            feeds = self._feeds[event.run.number]
            rows = [self._shown(event, feed, following.get(event.key.match)) for feed in feeds]
            event.race = sorted(rows, key=lambda shown: _place(shown, event.feed))
            following[event.key.match] = event
        self.day.feeds = sorted({feed for feeds in self._feeds.values() for feed in feeds})

    def _shown(self, event: Event, feed: str, following: Event | None) -> Shown:
        said = self._said.get((event.run.number, event.key.match, feed), [])
        for fact in said:
            report = fact.record
            if key_of(report) == event.key and report.judgement in SHOWING and _shows(report):
                return Shown(feed=feed, report=fact, behind_ns=_behind_ns(event, report), last=None)
        until_ns = following.received_ns if following and following.run is event.run else None
        before = [fact for fact in said if until_ns is None or fact.record.received_ns < until_ns]
        last = before[-1] if before else None
        return Shown(feed=feed, report=None, behind_ns=None, last=last)


def key_of(
    record: Report | Triggered | PassedRow | Intent | DoubtRow | ReviewRow | EpisodeRow,
) -> GoalKey:
    """Return the key that a record is about."""
    return GoalKey(MatchId(record.match), record.generation, record.state)


def _shows(report: Report) -> bool:
    """Whether the report shows the score of its key; its feed's sides may be unproved."""
    home, away = report.home, report.away
    return report.state in {f"{home}-{away}", f"{away}-{home}"}


def _behind_ns(event: Event, report: Report) -> int | None:
    if report.judgement == "baseline":
        # It connected when the score stood already: that says nothing about its speed.
        return None
    return report.received_ns - event.received_ns


def _place(shown: Shown, winner: str) -> tuple[int, int, str]:
    """Where a feed stands in the race: winner, by time, the untimed, who did not show it."""
    if shown.feed == winner:
        return (0, 0, shown.feed)
    if shown.behind_ns is not None:
        return (1, shown.behind_ns, shown.feed)
    return (3 if shown.report is None else 2, 0, shown.feed)
