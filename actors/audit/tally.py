"""What a run came to, counted while it goes on: goals, orders, money, latencies. Pure.

An *event* is a score that was accepted, traded or not. An *order* is an entry whose
bytes were handed over; in the end it is *filled* (wholly or in part), *cancelled*
(accepted, and the immediate-or-cancel order found nothing), *rejected* or *unknown*.
An *execution* is one fill of the venue's, of an entry or an exit.
"""

from collections import OrderedDict, deque
from typing import Final, Literal

import attrs

from actors.audit.newest import keep
from actors.messages.race import Judged, Judgement, Trigger
from actors.messages.records import SettlementRow
from actors.messages.trading import Accepted, FillSeen, OrderDone, Passed, Rejected, Sent
from actors.model.money import CentiContracts, MicroDollars, Pips, cost_micros
from actors.model.orders import Side, Ticker, sign
from actors.model.score import GoalKey

EVENTS_MOST: Final = 1_024
"""Events that are kept by name, twice what a summary shows; older ones stay in the counts alone."""
ORDERS_MOST: Final = 2_048
"""Orders that are kept by name, of which an event has two and their exits."""
REASONS_MOST: Final = 256
"""Reason codes that are told apart; there are far fewer."""
SAMPLES_MOST: Final = 65_536
"""Newest latencies that are kept."""
ACCEPTED: Final[frozenset[Judgement]] = frozenset({"trigger", "advance"})
"""Judgements by which a score becomes the accepted one."""

Standing = Literal["sent", "filled", "cancelled", "rejected", "unknown"]


@attrs.define(eq=False, kw_only=True)
class Order:
    """One entry order, as far as it has come."""

    key: GoalKey
    ticker: Ticker
    side: Side
    limit_pips: Pips
    count_centi: CentiContracts
    received_ns: int
    """When the frame behind it was read; 0 if the frame is of an earlier run."""
    sent_ns: int
    standing: Standing = "sent"
    filled_centi: int = 0
    code: str = ""
    """Why it was rejected, or is unknown."""
    done_ns: int | None = None

    @property
    def is_done(self) -> bool:
        """Whether the last word on it was said."""
        return self.standing not in {"sent", "unknown"}

    @property
    def wire_us(self) -> int | None:
        """Microseconds from the frame to the kernel."""
        return (self.sent_ns - self.received_ns) // 1_000 if self.received_ns else None

    @property
    def answer_us(self) -> int | None:
        """Microseconds from the frame to the whole answer of the venue."""
        if self.done_ns is None or not self.received_ns:
            return None
        return (self.done_ns - self.received_ns) // 1_000


@attrs.define(eq=False, kw_only=True)
class Event:
    """One accepted score."""

    key: GoalKey
    feed: str
    received_wall_ns: int
    triggered: bool
    margin_ns: int | None = None
    """How long before the next feed the winner was; ``None`` while nobody else showed it."""
    orders: list[Order] = attrs.field(factory=list)
    passed: list[str] = attrs.field(factory=list)
    """Why it, or a leg of its play, was not traded."""
    terms: str = ""
    """Why it was traded for a part of its play, and for how much; empty where it was whole."""
    ended: str = ""
    """``overturned`` or ``phantom``, if it came to that."""


@attrs.define(eq=False)
class Money:
    """What the executions for one event moved."""

    cash_micros: int = 0
    """As if every contract were YES: bought at its price, sold at its price, fees included."""
    fees_micros: int = 0
    net_centi: dict[Ticker, int] = attrs.field(factory=dict)

    def pnl_micros(self, values: dict[Ticker, MicroDollars]) -> MicroDollars | None:
        """Return the profit, or ``None`` while something unsettled is held.

        A NO contract costs ``1 - p`` and pays ``1 - v``, which is a YES sold at ``p``
        and bought back at ``v``; so one sum serves both. What the floor to the account's
        grid keeps of a void is not in it; the statement has that.
        """
        total = self.cash_micros
        for ticker, net_centi in self.net_centi.items():
            if not net_centi:
                continue
            value = values.get(ticker)
            if value is None:
                return None
            total += value * net_centi // 100
        return MicroDollars(total)


@attrs.define(eq=False)
class Tally:
    """The running count of one run. The auditor feeds it; the summary reads it."""

    heartbeats: int = attrs.field(init=False, default=0)
    reports: int = attrs.field(init=False, default=0)
    """Judgements other than those on heartbeats."""
    triggers: int = attrs.field(init=False, default=0)
    events_seen: int = attrs.field(init=False, default=0)
    passed: int = attrs.field(init=False, default=0)
    refused: dict[str, int] = attrs.field(init=False, factory=dict)
    """Triggers and legs that sent nothing, by reason code."""
    sent: int = attrs.field(init=False, default=0)
    exits: int = attrs.field(init=False, default=0)
    """Exit orders whose bytes were handed over."""
    executions: int = attrs.field(init=False, default=0)
    fees_micros: int = attrs.field(init=False, default=0)
    held: int = attrs.field(init=False, default=0)
    """Positions that hold to settlement because their exit could not finish."""
    settled: dict[Standing, int] = attrs.field(init=False, factory=dict)
    """Entries by how they ended."""
    wire_us: deque[int] = attrs.field(init=False, factory=lambda: deque(maxlen=SAMPLES_MOST))
    answer_us: deque[int] = attrs.field(init=False, factory=lambda: deque(maxlen=SAMPLES_MOST))
    """Of accepted entries."""
    events: OrderedDict[GoalKey, Event] = attrs.field(init=False, factory=OrderedDict)
    orders: OrderedDict[str, Order] = attrs.field(init=False, factory=OrderedDict)
    money: OrderedDict[GoalKey, Money] = attrs.field(init=False, factory=OrderedDict)
    values: dict[Ticker, MicroDollars] = attrs.field(init=False, factory=dict)
    """What one YES contract of a settled market paid."""
    _keys: OrderedDict[str, GoalKey] = attrs.field(init=False, factory=OrderedDict)

    @property
    def funnel(self) -> dict[str, object]:
        """What became of the triggers: stopped and by what, sent, filled."""
        return {
            "triggers": self.triggers,
            "stopped": dict(sorted(self.refused.items())),
            "sent": self.sent,
            "filled": self.settled.get("filled", 0),
        }

    def judged(self, judged: Judged) -> Event | None:
        """Count a judgement; return the event that it changed, if any."""
        if judged.judgement == "ignored" and judged.report.kind == "heartbeat":
            self.heartbeats += 1
            return None
        self.reports += 1
        key = judged.key
        if key is None:
            return None
        if judged.judgement in ACCEPTED and not judged.consequence:
            event = self._event(key, judged.report.feed, judged.report.received_wall_ns)
            if judged.judgement == "trigger":
                self._trigger(event)
                event.terms = judged.reason
            elif judged.reason:
                event.passed.append(judged.reason)
            return event
        known = self.events.get(key)
        if known is None:
            return None
        if judged.judgement == "echo" and known.margin_ns is None:
            known.margin_ns = judged.behind_ns
        elif judged.judgement in {"overturned", "phantom"}:
            known.ended = judged.judgement
        return known

    def dispatched(self, sent: Sent) -> Event | None:
        """Count an order that left; return its event if it is an entry."""
        keep(self._keys, sent.client_order_id, sent.key, ORDERS_MOST)
        if sent.purpose == "exit":
            self.exits += 1
            return None
        self.sent += 1
        event = self._of_trigger(sent.trigger)
        order = Order(
            key=sent.key,
            ticker=sent.ticker,
            side=sent.side,
            limit_pips=sent.limit_pips,
            count_centi=sent.count_centi,
            received_ns=0 if sent.trigger is None else sent.trigger.report.received_ns,
            sent_ns=sent.sent_ns,
        )
        keep(self.orders, sent.client_order_id, order, ORDERS_MOST)
        if order.wire_us is not None:
            self.wire_us.append(order.wire_us)
        if event is not None:
            event.orders.append(order)
        return event

    def not_sent(self, passed: Passed) -> Event | None:
        """Count a trigger or a leg that sent nothing; return its event."""
        self.passed += 1
        if passed.reason in self.refused or len(self.refused) < REASONS_MOST:
            self.refused[passed.reason] = self.refused.get(passed.reason, 0) + 1
        event = self._of_trigger(passed.trigger)
        if event is not None:
            event.passed.append(passed.reason)
        return event

    def outcome(self, done: OrderDone) -> Event | None:
        """Count what became of an order; return its event if it is an entry of this run."""
        order = self.orders.get(done.sent.client_order_id)
        if order is None:
            return None
        before = order.standing
        match done.outcome:
            case Accepted(fill_count_centi=filled):
                order.filled_centi = filled
                order.standing = "filled" if filled else "cancelled"
            case Rejected(code=code):
                order.standing, order.code = "rejected", code
            case unknown:
                order.standing, order.code = "unknown", unknown.reason
        order.done_ns = done.done_ns
        if before != "sent":
            self.settled[before] -= 1
        self.settled[order.standing] = self.settled.get(order.standing, 0) + 1
        is_accepted = isinstance(done.outcome, Accepted)
        if is_accepted and not done.resolved and order.answer_us is not None:
            self.answer_us.append(order.answer_us)
        return self.events.get(order.key)

    def filled(self, seen: FillSeen, client_order_id: str) -> None:
        """Count one execution, taken in for the first time."""
        fill = seen.fill
        self.executions += 1
        self.fees_micros += fill.fee_micros
        key = self._keys.get(client_order_id)
        if key is None:
            return
        money = self.money.get(key)
        if money is None:
            money = Money()
            keep(self.money, key, money, EVENTS_MOST)
        direction = sign(fill.side)
        money.cash_micros -= direction * cost_micros(fill.price_pips, fill.count_centi)
        money.cash_micros -= fill.fee_micros
        money.fees_micros += fill.fee_micros
        net_centi = money.net_centi.get(fill.ticker, 0)
        money.net_centi[fill.ticker] = net_centi + direction * fill.count_centi

    def settlement(self, row: SettlementRow) -> None:
        """Note what a market paid."""
        self.values[Ticker(row.ticker)] = MicroDollars(row.value_micros)

    def pnl_micros(self, key: GoalKey) -> MicroDollars | None:
        """Return the profit of one event: 0 if nothing filled, ``None`` while it is open."""
        money = self.money.get(key)
        return MicroDollars(0) if money is None else money.pnl_micros(self.values)

    def _of_trigger(self, trigger: Trigger | None) -> Event | None:
        if trigger is None:
            return None
        report = trigger.report
        event = self._event(trigger.key, report.feed, report.received_wall_ns)
        self._trigger(event)
        return event

    def _trigger(self, event: Event) -> None:
        if not event.triggered:
            event.triggered = True
            self.triggers += 1

    def _event(self, key: GoalKey, feed: str, received_wall_ns: int) -> Event:
        event = self.events.get(key)
        if event is None:
            event = Event(key=key, feed=feed, received_wall_ns=received_wall_ns, triggered=False)
            keep(self.events, key, event, EVENTS_MOST)
            self.events_seen += 1
        return event
