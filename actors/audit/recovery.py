"""What trading must know after a restart, read from the journal alone.

Orders are reconciled, never re-run (design section 4): an intent without an
outcome becomes an order to ask the venue about, a filled entry that was not sold
becomes a lot with its old plan. An intent is written before its first byte
leaves, so no order can be missing here, whatever instant the process died in.
"""

from collections.abc import Callable
from typing import Final

import attrs

from actors.audit.evidence import rests
from actors.audit.rereading import reread
from actors.exchange.outcome import UNREAD
from actors.messages.records import (
    DayRoll,
    ExitHeldRow,
    FillRow,
    Intent,
    MatchRow,
    OrderOutcome,
    Reconciled,
    Report,
    Segment,
    SettlementRow,
    TradingState,
)
from actors.messages.records_review import EpisodeRow, NettedRow
from actors.messages.recovered import Recovered, RecoveredLot
from actors.messages.trading import ExitPlan, Purpose, Sent
from actors.model.limits import Entry
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Side, Ticker, client_order_id, opposite
from actors.model.score import GoalKey, MatchId
from actors.runtime.env import Disk
from actors.runtime.frames import RecordCodec

KINDS: Final = (
    Segment,
    Intent,
    OrderOutcome,
    FillRow,
    ExitHeldRow,
    EpisodeRow,
    NettedRow,
    SettlementRow,
    Report,
    MatchRow,
    Reconciled,
    TradingState,
    DayRoll,
)
LASTING: Final = ("operator", "risk", "loss", "drift", "group")
"""Names of halts that outlive a process: only whoever set them takes them back."""
ATTEMPTS_MOST: Final = 1_000
"""Exit orders that one lot can have had; far above what any profile allows."""

_CLEARED: Final = "cleared: "


def recover(
    disk: Disk,
    folder: str,
    codec: RecordCodec,
    *,
    day_of: Callable[[int], str] | None = None,
) -> Recovered:
    """Read the journal in ``folder``; an empty one recovers nothing.

    Waits for the disk: for the start, before anything trades.

    Args:
        disk: The files.
        folder: Where the segments are.
        codec: Reads the records.
        day_of: The trading day of a wall time in nanoseconds. Without it an order
            belongs to the last day that the journal says began before it.

    Raises:
        JournalCorrupt: A place that is neither a record nor the torn end.
        NewerVersion: A record from a later program.
        BadRecord: A body that is not its type's, though its checksum holds.
    """
    memory = _Memory(day_of)
    for entry in reread(disk, folder, codec, KINDS):
        memory.take(entry.seq, entry.mono_ns, entry.record)
    return memory.recovered(folder)


@attrs.define
class _Order:
    """One intent and all that is known of it."""

    intent: Intent
    seq: int
    wall_ns: int
    day: str
    outcome: OrderOutcome | None = None
    """The last word, once there is one; "unknown" is none."""

    @property
    def filled_centi(self) -> int:
        """Contracts that it filled, as far as its outcome is known."""
        outcome = self.outcome
        return 0 if outcome is None or outcome.outcome != "accepted" else outcome.fill_count_centi


@attrs.define
class _Descents:
    """What is known of one lot's ways down."""

    open: EpisodeRow | None = None
    begun: int = 0
    rung: int = 0
    rungs: int = 0


@attrs.define(eq=False)
class _Memory:
    """Everything that the records said so far."""

    day_of: Callable[[int], str] | None
    first: Segment | None = None
    segment: Segment | None = None
    """The one being read, whose pair of clocks dates its records."""
    day: str = ""
    epochs: dict[str, int] = attrs.field(factory=dict)
    orders: dict[str, _Order] = attrs.field(factory=dict)
    trade_ids: set[str] = attrs.field(factory=set)
    held: set[str] = attrs.field(factory=set)
    """Entries whose rest holds to settlement."""
    netted: dict[str, int] = attrs.field(factory=dict)
    """What other orders of ours closed of each entry's lot."""
    descents: dict[str, _Descents] = attrs.field(factory=dict)
    """The ways down that each entry's lot was on."""
    settled: set[str] = attrs.field(factory=set)
    opening: dict[int, int] | None = None
    halts: dict[str, str] = attrs.field(factory=dict)

    def take(self, seq: int, mono_ns: int, record: object) -> None:
        """Take in one record, in the journal's order."""
        match record:
            case Segment():
                self.first = self.first or record
                self.segment = record
            case Report():
                self.epochs[record.feed] = max(self.epochs.get(record.feed, 0), record.epoch)
            case Intent():
                wall_ns = self._wall_ns(mono_ns)
                day = self.day if self.day_of is None else self.day_of(wall_ns)
                self.orders[record.client_order_id] = _Order(record, seq, wall_ns, day)
                self._count_rung(record)
            case OrderOutcome():
                order = self.orders.get(record.client_order_id)
                if order is not None and record.outcome != "unknown":
                    order.outcome = record
            case FillRow():
                self.trade_ids.add(record.trade_id)
            case ExitHeldRow():
                self.held.add(record.entry_client_order_id)
            case _:
                self._take_state(record)

    def _take_state(self, record: object) -> None:
        match record:
            case EpisodeRow():
                self._take_episode(record)
            case NettedRow():
                entry = record.entry_client_order_id
                self.netted[entry] = self.netted.get(entry, 0) + record.count_centi
            case SettlementRow():
                self.settled.add(record.ticker)
            case MatchRow(stage="SETTLED"):
                self.settled.update(record.tickers)
            case Reconciled() if self.opening is None and record.clean and record.opening:
                self.opening = {pair[0]: pair[1] for pair in record.opening}
            case TradingState():
                self._halt(record.reason)
            case DayRoll():
                self.day = record.day
            case _:
                pass  # A match in another stage, a later reconciliation.

    def _take_episode(self, row: EpisodeRow) -> None:
        known = self.descents.setdefault(row.entry_client_order_id, _Descents())
        if row.step == "opened":
            known.open, known.rung = row, 0
            known.begun += 1
        elif known.open is not None and known.open.episode == row.episode:
            known.open = None

    def _count_rung(self, intent: Intent) -> None:
        known = self.descents.get(intent.entry_client_order_id)
        if known is not None and known.open is not None:
            known.rung += 1
            known.rungs += 1

    def _halt(self, reason: str) -> None:
        if reason.startswith(_CLEARED):
            self.halts.pop(reason.removeprefix(_CLEARED), None)
            return
        name, _, _ = reason.partition(":")
        if name in LASTING:
            self.halts[name] = reason

    def _wall_ns(self, mono_ns: int) -> int:
        segment = self.segment
        return 0 if segment is None else segment.wall_ns + mono_ns - segment.mono_ns

    def recovered(self, folder: str) -> Recovered:
        """Return what follows from all of it."""
        entries = [order for order in self.orders.values() if order.intent.purpose == "entry"]
        exits: dict[str, list[_Order]] = {}
        for order in self.orders.values():
            if order.intent.purpose != "entry":
                exits.setdefault(order.intent.entry_client_order_id, []).append(order)
        unresolved = [order for order in self.orders.values() if order.outcome is None]
        return Recovered(
            folder=folder,
            first=self.first,
            epochs=dict(sorted(self.epochs.items())),
            entries=tuple(self._entry(order, exits) for order in entries),
            lots=tuple(
                self._lot(order, exits)
                for order in entries
                if self._left_centi(order, exits) > 0 or _asks(order, exits)
                if order.intent.client_order_id not in self.held
            ),
            unresolved=tuple(_sent(order) for order in unresolved),
            sent_wall_ns={order.intent.client_order_id: order.wall_ns for order in unresolved},
            plans=tuple(
                _plan(order.intent) for order in unresolved if order.intent.purpose == "entry"
            ),
            trade_ids=frozenset(self.trade_ids),
            opening_micros=self.opening,
            halts=tuple(self.halts.values()),
        )

    def _lot(self, order: _Order, exits: dict[str, list[_Order]]) -> RecoveredLot:
        entry = order.intent.client_order_id
        known = self.descents.get(entry, _Descents())
        left, awaits = self._left_centi(order, exits), order.outcome is None
        if awaits:
            # Whatever it turns out to have filled, so much of it is gone.
            left = -sum(each.filled_centi for each in exits.get(entry, ()))
        return RecoveredLot(
            plan=_plan(order.intent),
            left_centi=left,
            attempts=self._attempts(order.intent, exits),
            spared=_spared(order.intent, exits),
            awaits_entry=awaits,
            episode=known.open,
            rung=known.rung,
            rungs=known.rungs,
            episodes=known.begun,
        )

    def _entry(self, order: _Order, exits: dict[str, list[_Order]]) -> Entry:
        """Return what an entry has at stake, reckoned as the executor books it."""
        intent, filled = order.intent, order.filled_centi
        cost: int | None = None
        left_cost: int | None = None
        if order.outcome is not None:
            cost = intent.worst_micros * filled // intent.count_centi
            left = self._left_centi(order, exits)
            left_cost = -(-cost * left // filled) if filled else 0
        return Entry(
            client_order_id=intent.client_order_id,
            ticker=Ticker(intent.ticker),
            match=MatchId(intent.match),
            day=order.day,
            worst_micros=MicroDollars(intent.worst_micros),
            shard=intent.exchange_index,
            filled_micros=None if cost is None else MicroDollars(cost),
            left_micros=None if left_cost is None else MicroDollars(left_cost),
        )

    def _left_centi(self, order: _Order, exits: dict[str, list[_Order]]) -> int:
        if order.intent.ticker in self.settled:
            return 0
        entry = order.intent.client_order_id
        sold = sum(each.filled_centi for each in exits.get(entry, ()))
        return max(0, order.filled_centi - sold - self.netted.get(entry, 0))

    def _attempts(self, entry: Intent, exits: dict[str, list[_Order]]) -> int:
        """Return the highest attempt of an entry's exits.

        An attempt that a control stopped took a number and left no intent, so
        counting intents could hand out a number twice; the order's id says which it was.
        """
        taken = {each.intent.client_order_id for each in exits.get(entry.client_order_id, ())}
        side: Side = opposite(_side(entry))
        highest, attempt = 0, 0
        while taken and attempt < ATTEMPTS_MOST:
            attempt += 1
            made = client_order_id(
                account="" if self.first is None else self.first.account,
                match=entry.match,
                generation=entry.generation,
                state=entry.state,
                ticker=Ticker(entry.ticker),
                side=side,
                leg=0,
                attempt=attempt,
            )
            if made in taken:
                taken.remove(made)
                highest = attempt
        # Ids of another making count one each: their numbers are not to be known.
        return highest + len(taken)


def _asks(order: _Order, exits: dict[str, list[_Order]]) -> bool:
    """Return whether an exit of an entry was never answered, or left before its entry was.

    Whoever leaves the lot asks after it, even where nothing is left to sell. An entry
    that is itself unresolved becomes a lot later, and its exits are asked about then.
    """
    own = exits.get(order.intent.client_order_id, ())
    return any(each.outcome is None for each in own) or (order.outcome is None and bool(own))


def _side(intent: Intent) -> Side:
    return "bid" if intent.side == "bid" else "ask"


def _key(intent: Intent) -> GoalKey:
    return GoalKey(MatchId(intent.match), intent.generation, intent.state)


def _spared(entry: Intent, exits: dict[str, list[_Order]]) -> int:
    """Return how many of an entry's exits were turned away unread: they count as no attempt."""
    outcomes = (each.outcome for each in exits.get(entry.client_order_id, ()))
    return sum(outcome is not None and outcome.status in UNREAD for outcome in outcomes)


def _plan(intent: Intent) -> ExitPlan:
    return ExitPlan(
        key=_key(intent),
        match=MatchId(intent.match),
        ticker=Ticker(intent.ticker),
        entry_side=_side(intent),
        entry_client_order_id=intent.client_order_id,
        exchange_index=intent.exchange_index,
        due_ns=0,
        due_wall_ns=intent.exit_due_wall_ns,
        floor_pips=Pips(intent.exit_floor_pips),
        take_pips=intent.exit_take_pips,
        stop_pips=intent.exit_stop_pips,
    )


def _sent(order: _Order) -> Sent:
    intent = order.intent
    purpose: Purpose = "entry" if intent.purpose == "entry" else "exit"
    return Sent(
        trigger=None,
        key=_key(intent),
        purpose=purpose,
        entry_client_order_id=intent.entry_client_order_id,
        connection=0,
        client_order_id=intent.client_order_id,
        ticker=Ticker(intent.ticker),
        side=_side(intent),
        limit_pips=Pips(intent.limit_pips),
        count_centi=CentiContracts(intent.count_centi),
        exchange_index=intent.exchange_index,
        worst_micros=MicroDollars(intent.worst_micros),
        intent_seq=order.seq,
        gated_ns=0,
        intent_ns=0,
        sent_ns=0,
        unsent_bytes=0,
        rests=rests(intent),
    )
