"""The auditor: writes down everything that the others say, and counts it.

Everybody posts to its mailbox after having acted, so nothing here can delay an
order; what must be on record before an order leaves, its intent, the sender
writes itself. The auditor works in short turns and yields between them.
"""

from collections.abc import Callable, Iterable
from math import inf
from typing import Final

import attrs
import trio

from actors.audit import recording
from actors.audit.commentary import Commentary, score_text
from actors.audit.errors import UnknownWord
from actors.audit.instants import Instants
from actors.audit.newest import keep
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

TURN_NS: Final = 100_000
"""How long it works before it lets others run; one more item may begin within it."""
TURN_MOST: Final = 32
"""Items of one turn, whatever the clock says."""
ROUNDING_S: Final = 1e-6
"""Added to a wait, so that its end in whole nanoseconds is never before what was waited for."""
FRAMES_MOST: Final = 16_384
"""Newest frames whose record numbers are remembered, so that each is written once."""
ORDERS_MOST: Final = 10_000
"""Newest orders of the venue whose fees and ids are remembered."""
KEYS_MOST: Final = 10_000
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
    _frames: dict[tuple[str, int, int], int] = attrs.field(init=False, factory=dict)
    """Feed, connection and number of a frame to its record."""
    _keys: dict[GoalKey, None] = attrs.field(init=False, factory=dict)
    """Keys whose trigger is on record."""
    _trades: set[str] = attrs.field(init=False)
    _fees: dict[str, FeeAccumulator] = attrs.field(init=False, factory=dict)
    """By the venue's order id."""
    _client_ids: dict[str, str] = attrs.field(init=False, factory=dict)
    """The venue's order id to ours."""
    _matches: dict[MatchId, MatchRow] = attrs.field(init=False, factory=dict)
    _markets: dict[Ticker, Market] = attrs.field(init=False, factory=dict)
    _markets_of: Catalogue = attrs.field(init=False, default=EMPTY)
    _taken_ns: int = attrs.field(init=False, default=0)
    """How far the stream of messages has been taken in."""

    def __attrs_post_init__(self) -> None:
        self._trades = set(self.known_trades)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Write until cancelled.

        Raises:
            JournalFailed: The disk refused; nothing more can be kept.
            UnknownWord: Somebody posted what no record is made of.
        """
        task_status.started()
        while True:
            if self.inbox.depth:
                await trio.lowlevel.checkpoint()
            else:
                with trio.move_on_after(self._wait_s()):
                    self._take(await self.inbox.receive())
            self._turn()
            self._pass_time()
            self.health.mark(self.env.now_ns())
            if not self.inbox.depth:
                self.health.rest()

    async def drain(self) -> None:
        """Return once everything posted so far is written, and what still waits for its time."""
        while self.inbox.depth:
            # The actor itself takes them, so that their order stays what it was.
            await trio.lowlevel.checkpoint()
        now_ns = self.env.now_ns()
        for book in self._instants.flush(now_ns):
            self.journal.append(book)
        self._comment(now_ns, flush=True)

    def _wait_s(self) -> float:
        """Return how long nothing can become due by time alone."""
        now_ns = self.env.now_ns()
        dues = [self._instants.due_ns, self._commentary.due_ns(now_ns)]
        earliest = min((due for due in dues if due is not None), default=None)
        return inf if earliest is None else max(0, earliest - now_ns) / 1e9 + ROUNDING_S

    def _turn(self) -> None:
        began_ns = self.env.now_ns()
        for _ in range(TURN_MOST):
            if not self.inbox.depth or self.env.now_ns() - began_ns >= TURN_NS:
                return
            try:
                item = self.inbox.receive_nowait()
            except (trio.WouldBlock, trio.EndOfChannel):
                return
            self._take(item)

    def _pass_time(self) -> None:
        now_ns = self.env.now_ns()
        # While words wait in the queue, one of them may still belong before an instant.
        reached_ns = self._taken_ns if self.inbox.depth else now_ns
        for book in self._instants.ready(reached_ns):
            self.journal.append(book)
        self._comment(now_ns)

    def _comment(self, now_ns: int, *, flush: bool = False) -> None:
        for line in self._commentary.lines(self.catalogue.value, now_ns, flush=flush):
            self.on_line(line)

    def _note(self, event: Event | None) -> None:
        if event is not None:
            self._commentary.note(event, self.env.now_ns())

    def _take(self, item: object) -> None:
        """Write down one word."""
        match item:
            case BookDelta() | BookSnapshot() | BookLost():
                self._book(item)
            case TradeSeen():
                self.journal.append(recording.trade_row(item))
            case Judged():
                self._judged(item)
            case Sent():
                self._sent(item)
            case Passed():
                self._won(item.trigger)
                self.journal.append(recording.passed_row(item))
                self._note(self.tally.not_sent(item))
            case OrderDone():
                self._done(item)
            case FillSeen():
                self._fill(item)
            case _:
                self._take_rest(item)

    def _take_rest(self, item: object) -> None:
        match item:
            case Match():
                self._match(item)
            case MatchDoubt():
                self.journal.append(recording.doubt_row(item))
            case ExitHeld():
                self._held(item)
            case ActorEvent():
                self.journal.append(recording.actor_row(item))
            case SettlementRow():
                self.journal.append(item)
                self.tally.settlement(item)
            case TradingState() | Reconciled() | CashMoved() | DayRoll():
                self.journal.append(item)
            case _:
                raise UnknownWord(f"{type(item).__name__} is nothing that the journal keeps")

    def _book(self, change: BookDelta | BookSnapshot | BookLost) -> None:
        match change:
            case BookDelta():
                self.journal.append(recording.delta_row(change))
            case BookSnapshot():
                self.journal.append(recording.book_row(change))
            case BookLost():
                self.journal.append(recording.lost_row(change))
        self._taken_ns = max(self._taken_ns, change.received_ns)
        self._instants.take(change)

    def _frame(self, report: FeedEvent) -> int:
        """Return the number of a frame's record, writing it if it is new; 0 if there is none."""
        if not report.raw:
            return 0
        name = (report.feed, report.epoch, report.frame_no)
        seq = self._frames.get(name)
        if seq is None:
            seq = self.journal.append(recording.raw_frame(report))
            keep(self._frames, name, seq, FRAMES_MOST)
        return seq

    def _judged(self, judged: Judged) -> None:
        if judged.judgement != "ignored" or judged.report.kind != "heartbeat":
            self.journal.append(recording.report_row(judged, self._frame(judged.report)))
        self._note(self.tally.judged(judged))

    def _won(self, trigger: Trigger) -> None:
        """Put a trigger on record, once, before what came of it."""
        if trigger.key not in self._keys:
            self._frame(trigger.report)
            self.journal.append(recording.triggered(trigger))
            keep(self._keys, trigger.key, None, KEYS_MOST)

    def _sent(self, sent: Sent) -> None:
        if sent.trigger is not None:
            self._won(sent.trigger)
        self.journal.append(recording.dispatched(sent))
        self._instants.ask(sent.client_order_id, sent.ticker, sent.sent_ns)
        self._taken_ns = max(self._taken_ns, sent.sent_ns)
        self._note(self.tally.dispatched(sent))

    def _done(self, done: OrderDone) -> None:
        if isinstance(done.outcome, Accepted):
            client_id = done.sent.client_order_id
            keep(self._client_ids, done.outcome.order_id, client_id, ORDERS_MOST)
        self.journal.append(recording.outcome_row(done))
        self._note(self.tally.outcome(done))

    def _fill(self, seen: FillSeen) -> None:
        fill = seen.fill
        if fill.trade_id in self._trades:
            return
        self._trades.add(fill.trade_id)
        client_id = seen.client_order_id or self._client_ids.get(fill.order_id, "")
        model_micros = self._model_fee_micros(fill)
        self.journal.append(recording.fill_row(seen, client_id, model_micros))
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
            self.journal.append(row)

    def _held(self, held: ExitHeld) -> None:
        self.journal.append(recording.held_row(held))
        self.tally.held += 1
        score = score_text(held.plan.key, self.catalogue.value)
        self.on_line(
            f"{score}  {centi_text(held.left_centi)} of {held.plan.ticker}"
            f" held to settlement: {held.reason}"
        )
