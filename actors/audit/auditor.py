"""The auditor: writes down everything that the others say, and counts it.

Everybody posts to its mailbox after having acted, so nothing here can delay an
order; what must be on record before an order leaves, its intent, the sender
writes itself. The auditor lets words gather for a little while, so that it is not
at work just when an order leaves or its answer comes, and then writes them in short
turns, each turn's records in one write, with everybody else's turn in between.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from math import inf
from typing import Any, Final

import attrs
import trio

from actors.audit import recording
from actors.audit.commentary import Commentary, episode_line, review_line, score_text
from actors.audit.errors import UnknownWord
from actors.audit.instants import Instants
from actors.audit.newest import Pages, keep
from actors.audit.tally import Event, Tally
from actors.messages.catalogue import EMPTY, Catalogue, Market, Match
from actors.messages.feeds import FeedEvent
from actors.messages.market import BookDelta, BookLost, BookSnapshot, TradeSeen
from actors.messages.race import Judged, MatchDoubt, Trigger
from actors.messages.records import (
    CashMoved,
    DayRoll,
    MatchRow,
    Reconciled,
    SettlementRow,
    TradingState,
)
from actors.messages.records_money import MarkRow
from actors.messages.records_review import EpisodeRow, ReviewRow
from actors.messages.records_stream import StreamRow
from actors.messages.records_venue import ClockRow, DelayRow, LimitsRow, OddRow
from actors.messages.trading import Accepted, ExitHeld, FillSeen, OrderDone, Passed, Sent
from actors.model.fees import FeeAccumulator, FeeUnknown, MemberClass, fee_schedule
from actors.model.money import centi_text
from actors.model.orders import Fill, Ticker
from actors.model.score import GoalKey, MatchId
from actors.runtime.child import ActorEvent
from actors.runtime.env import Env
from actors.runtime.health import Health
from actors.runtime.journal import Journal
from actors.runtime.latest import Latest
from actors.runtime.mailbox import Mailbox
from actors.runtime.turns import give_way

GATHER_S: Final = 0.02
"""How long words gather before they are written: together they cost less than one by
one. A kill can take what has gathered, as it takes what nobody has come to yet."""
GATHER_MOST: Final = 1_024
"""Words that wait for nothing: with so many there is work enough."""
TURN_NS: Final = 100_000
"""How long it works before it lets others run; one more item may begin within it."""
TURN_MOST: Final = 32
"""Items of one turn, whatever the clock says."""
BEHIND: Final = 1_024
"""For every so many words that wait, a turn is one turn longer: in short ones it would never
catch up on a busy loop, and a full mailbox costs the actors that post to it."""
LONGEST: Final = 7
"""Turns in one, at most: still below a millisecond."""
ROUNDING_S: Final = 1e-6
"""Added to a wait, so that its end in whole nanoseconds is never before what was waited for."""
FRAMES_MOST: Final = 16_384
"""Newest frames whose record numbers are remembered, so that each is written once."""
ORDERS_MOST: Final = 2_048
"""Newest orders of the venue whose fees and ids are remembered."""
KEYS_MOST: Final = 1_024
"""Newest keys whose trigger is remembered as written."""


@attrs.define(eq=False, kw_only=True)
class Auditor:
    """Turns words into records. The tree keeps it over restarts of its actor."""

    env: Env
    journal: Journal
    inbox: Mailbox[object]
    catalogue: Latest[Catalogue]
    member: MemberClass
    known_trades: Iterable[str]
    """Executions that the journal has from earlier runs."""
    on_line: Callable[[str], None]
    """Told a line for a person, now and then."""
    health: Health
    tally: Tally = attrs.field(init=False, factory=Tally)

    _commentary: Commentary = attrs.field(init=False, factory=Commentary)
    _instants: Instants = attrs.field(init=False, factory=Instants)
    _frames: Pages[tuple[str, int, int], int] = attrs.field(
        init=False, factory=lambda: Pages(FRAMES_MOST)
    )
    """Feed, connection and number of a frame to its record."""
    _keys: OrderedDict[GoalKey, None] = attrs.field(init=False, factory=OrderedDict)
    """Keys whose trigger is on record."""
    _trades: set[str] = attrs.field(init=False)
    _fees: OrderedDict[str, FeeAccumulator] = attrs.field(init=False, factory=OrderedDict)
    """By the venue's order id."""
    _client_ids: OrderedDict[str, str] = attrs.field(init=False, factory=OrderedDict)
    """The venue's order id to ours."""
    _matches: dict[MatchId, MatchRow] = attrs.field(init=False, factory=dict)
    _markets: dict[Ticker, Market] = attrs.field(init=False, factory=dict)
    _markets_of: Catalogue = attrs.field(init=False, default=EMPTY)
    _taken_ns: int = attrs.field(init=False, default=0)
    """How far the stream of messages has been taken in."""
    _turn_ns: int = attrs.field(init=False, default=0)
    """When the present turn began."""
    _hurry: trio.Event = attrs.field(init=False, factory=trio.Event)
    """Set while somebody waits for everything to be written."""
    _writers: dict[type, Callable[[Any], object]] = attrs.field(init=False)
    """By the class of a word: what writes it down."""

    def __attrs_post_init__(self) -> None:
        self._trades = set(self.known_trades)
        stage = self.journal.stage
        self._writers = {
            BookDelta: self._book,
            BookSnapshot: self._book,
            BookLost: self._book,
            TradeSeen: lambda seen: stage(recording.trade_row(seen)),
            Judged: self._judged,
            Sent: self._sent,
            Passed: self._passed,
            OrderDone: self._done,
            FillSeen: self._fill,
            Match: self._match,
            MatchDoubt: lambda doubt: stage(recording.doubt_row(doubt)),
            ExitHeld: self._held,
            ActorEvent: lambda event: stage(recording.actor_row(event)),
            SettlementRow: self._settled,
            TradingState: stage,
            Reconciled: stage,
            CashMoved: stage,
            DayRoll: stage,
            ClockRow: stage,
            StreamRow: stage,
            LimitsRow: stage,
            DelayRow: stage,
            OddRow: stage,
            MarkRow: stage,
            ReviewRow: self._review,
            EpisodeRow: self._episode,
        }

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Write until cancelled.

        Raises:
            JournalFailed: The disk refused; nothing more can be kept.
            UnknownWord: Somebody posted what no record is made of.
        """
        task_status.started()
        while True:
            with trio.move_on_after(self._wait_s()):
                await self.inbox.arrival()
            if self.inbox.depth < GATHER_MOST:
                with trio.move_on_after(GATHER_S):
                    await self._hurry.wait()
            while self._turn():
                if self.inbox.depth < BEHIND:
                    await give_way()
                else:
                    await trio.lowlevel.checkpoint()
            self.health.rest()

    async def drain(self) -> None:
        """Return once everything posted so far is written, and what still waits for its time."""
        self._hurry.set()
        while self.inbox.depth:
            # The actor itself takes them, so that their order stays what it was.
            await trio.lowlevel.checkpoint()
        self._hurry = trio.Event()
        now_ns = self.env.now_ns()
        for number, book in enumerate(self._instants.flush(now_ns), 1):
            self.journal.stage(book)
            if number % TURN_MOST == 0:
                self.journal.commit()
                await trio.lowlevel.checkpoint()
        self.journal.commit()
        for line in self._commentary.flush(self.catalogue.value):
            self.on_line(line)

    def _wait_s(self) -> float:
        """Return how long nothing can become due by time alone."""
        dues = [
            due_ns
            for due_ns in (self._instants.due_ns, self._commentary.due_ns)
            if due_ns is not None
        ]
        return max(0, min(dues) - self.env.now_ns()) / 1e9 + ROUNDING_S if dues else inf

    def _turn(self) -> bool:
        """Write for a short while, and that at once; say whether more is there to write."""
        self._turn_ns = now_ns = self.env.now_ns()
        turns = min(LONGEST, 1 + self.inbox.depth // BEHIND)
        until_ns, more = now_ns + turns * TURN_NS, True
        try:
            for _ in range(turns * TURN_MOST):
                more = self._step(now_ns)
                if not more or (now_ns := self.env.now_ns()) >= until_ns:
                    break
        finally:
            # In the same step of the loop: what was taken from the queue is then written.
            self.journal.commit()
        self.health.mark(now_ns)
        return more

    def _step(self, now_ns: int) -> bool:
        """Write one word and one book; if there are none, a line; say whether there was any."""
        has_word = self.inbox.depth > 0
        if has_word:
            self._take(self.inbox.receive_nowait())
        # While words wait in the queue, one of them may still belong before an instant.
        book = self._instants.next_ready(self._taken_ns if self.inbox.depth else now_ns)
        if book is not None:
            self.journal.stage(book)
        if has_word or book is not None:
            return True
        line = self._commentary.next_line(self.catalogue.value, now_ns)
        if line is None:
            return False
        self.on_line(line)
        return True

    def _note(self, event: Event | None) -> None:
        if event is not None:
            self._commentary.note(event, self._turn_ns)

    def _take(self, item: object) -> None:
        """Write down one word."""
        write = self._writers.get(type(item))
        if write is None:
            raise UnknownWord(f"{type(item).__name__} is nothing that the journal keeps")
        write(item)

    def _book(self, change: BookDelta | BookSnapshot | BookLost) -> None:
        self.journal.stage(recording.book_change_row(change))
        self._taken_ns = max(self._taken_ns, change.received_ns)
        self._instants.take(change)

    def _frame(self, report: FeedEvent) -> int:
        """Return the number of a frame's record, writing it if it is new; 0 if there is none."""
        if not report.raw:
            return 0
        name = (report.feed, report.epoch, report.frame_no)
        seq = self._frames.get(name)
        if seq is None:
            seq = self.journal.stage(recording.raw_frame(report))
            self._frames.keep(name, seq)
        return seq

    def _judged(self, judged: Judged) -> None:
        if judged.judgement != "ignored" or judged.report.kind != "heartbeat":
            self.journal.stage(recording.report_row(judged, self._frame(judged.report)))
        self._note(self.tally.judged(judged))

    def _won(self, trigger: Trigger) -> None:
        """Put a trigger on record, once, before what came of it."""
        if trigger.key not in self._keys:
            self._frame(trigger.report)
            self.journal.stage(recording.triggered(trigger))
            keep(self._keys, trigger.key, None, KEYS_MOST)

    def _sent(self, sent: Sent) -> None:
        if sent.trigger is not None:
            self._won(sent.trigger)
        self.journal.stage(recording.dispatched(sent))
        self._instants.ask(sent.client_order_id, sent.ticker, sent.sent_ns)
        self._taken_ns = max(self._taken_ns, sent.sent_ns)
        self._note(self.tally.dispatched(sent))

    def _passed(self, passed: Passed) -> None:
        self._won(passed.trigger)
        self.journal.stage(recording.passed_row(passed))
        self._note(self.tally.not_sent(passed))

    def _done(self, done: OrderDone) -> None:
        if isinstance(done.outcome, Accepted):
            client_id = done.sent.client_order_id
            keep(self._client_ids, done.outcome.order_id, client_id, ORDERS_MOST)
        self.journal.stage(recording.outcome_row(done))
        self._note(self.tally.outcome(done))

    def _fill(self, seen: FillSeen) -> None:
        fill = seen.fill
        if fill.trade_id in self._trades:
            return
        self._trades.add(fill.trade_id)
        client_id = seen.client_order_id or self._client_ids.get(fill.order_id, "")
        model_micros = self._model_fee_micros(fill)
        self.journal.stage(recording.fill_row(seen, client_id, model_micros))
        self.tally.filled(seen, client_id)

    def _model_fee_micros(self, fill: Fill) -> int:
        """Return what our model says of a fill's fee; the venue's word where it has none.

        The statement computes the model again at the end, from the journal; here the
        figure stands beside the fill for whoever reads the record.
        """
        market = self._market(fill.ticker)
        if market is None:
            return fill.fee_micros
        try:
            schedule = fee_schedule(
                market.fees.fee_type,
                multiplier_ppm=market.fees.multiplier_ppm,
                member=self.member,
                at_ms=fill.venue_ts_ms,
            )
        except FeeUnknown:
            return fill.fee_micros
        so_far = self._fees.get(fill.order_id)
        if so_far is None:
            so_far = FeeAccumulator()
            keep(self._fees, fill.order_id, so_far, ORDERS_MOST)
        return so_far.charge(
            schedule,
            side=fill.side,
            price_pips=fill.price_pips,
            count_centi=fill.count_centi,
            is_taker=fill.is_taker,
        ).net_micros

    def _market(self, ticker: Ticker) -> Market | None:
        if self._markets_of is not self.catalogue.value:
            self._markets_of = self.catalogue.value
            self._markets = {
                market.ticker: market
                for match in self._markets_of.matches.values()
                for market in match.markets
            }
        return self._markets.get(ticker)

    def _match(self, match: Match) -> None:
        row = recording.match_row(match)
        if self._matches.get(match.match) != row:
            self._matches[match.match] = row
            self.journal.stage(row)

    def _settled(self, row: SettlementRow) -> None:
        self.journal.stage(row)
        self.tally.settlement(row)

    def _review(self, row: ReviewRow) -> None:
        self.journal.stage(row)
        self.on_line(review_line(row, self.catalogue.value))

    def _episode(self, row: EpisodeRow) -> None:
        if row.step != "opened":
            # The beginning is on record already: it stands before its first order's intent.
            self.journal.stage(row)
        self.on_line(episode_line(row, self.catalogue.value))

    def _held(self, held: ExitHeld) -> None:
        self.journal.stage(recording.held_row(held))
        self.tally.held += 1
        score = score_text(held.plan.key, self.catalogue.value)
        alarm = "ALARM: " if held.reason == "floor" else ""
        self.on_line(
            f"{score}  {alarm}{centi_text(held.left_centi)} of {held.plan.ticker}"
            f" held to settlement: {held.reason}"
        )
