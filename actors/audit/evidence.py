"""The two sides of a reconciliation: what the journal says, and what the venue says."""

from collections.abc import Mapping
from typing import Final

import attrs

from actors.audit.rereading import reread
from actors.exchange.wire_orders import VenueFill, VenueOrder, VenueSettlement
from actors.messages.catalogue import FeeTerms
from actors.messages.records import (
    CashMoved,
    FillRow,
    Intent,
    MatchRow,
    OrderOutcome,
    Reconciled,
    SettlementRow,
)
from actors.messages.records_owner import TakenOver
from actors.model.money import MicroDollars
from actors.model.orders import Ticker
from actors.runtime.env import Disk
from actors.runtime.frames import RecordCodec

KINDS: Final = (
    Intent,
    OrderOutcome,
    FillRow,
    SettlementRow,
    CashMoved,
    MatchRow,
    Reconciled,
    TakenOver,
)


def rests(intent: Intent) -> bool:
    """Return whether an order was meant to stay at the venue: its body is the order itself."""
    return '"good_till_canceled"' in intent.body


@attrs.define(eq=False)
class Evidence:
    """The journal's side of a reconciliation."""

    intents: dict[str, Intent] = attrs.field(factory=dict)
    """By client order id."""
    outcomes: dict[str, OrderOutcome] = attrs.field(factory=dict)
    """The last word on each order that has one; "unknown" is none."""
    fills: dict[str, FillRow] = attrs.field(factory=dict)
    """By trade id, in the journal's order."""
    settlements: dict[str, SettlementRow] = attrs.field(factory=dict)
    """By ticker."""
    terms: dict[str, FeeTerms] = attrs.field(factory=dict)
    """The last terms known of each market."""
    terms_of_fill: dict[str, FeeTerms] = attrs.field(factory=dict)
    """The terms that were known when an execution was written down, by trade id."""
    opening: dict[int, int] | None = None
    """Cash by shard before every fill, as the first clean reconciliation found it."""
    moved: dict[int, int] = attrs.field(factory=dict)
    """What the owner has paid in since, or taken out, by shard."""
    history_ms: int = 0
    """Orders and fills up to this venue time are older than the journal."""
    began_with_micros: int = 0
    """Cash over all shards at the first clean reconciliation."""
    taken_over: set[str] = attrs.field(factory=set)
    """The venue's ids of orders that others sent, and that a person has answered for."""

    @property
    def unresolved(self) -> int:
        """Orders whose outcome nobody has written down."""
        return sum(1 for each in self.intents if each not in self.outcomes)

    def begin(self, other: "Evidence") -> None:
        """Begin with what another has as its opening."""
        self.opening = other.opening
        self.history_ms = other.history_ms
        self.began_with_micros = other.began_with_micros

    def take(self, record: object) -> None:
        """Take in one record, in the journal's order."""
        match record:
            case Intent():
                self.intents[record.client_order_id] = record
            case OrderOutcome() if record.outcome != "unknown":
                self.outcomes[record.client_order_id] = record
            case FillRow():
                self.fills[record.trade_id] = record
                if record.ticker in self.terms:
                    self.terms_of_fill[record.trade_id] = self.terms[record.ticker]
            case SettlementRow():
                self.settlements[record.ticker] = record
            case CashMoved() if self.opening is not None:
                # Whatever moved before the opening is in it.
                before = self.moved.get(record.exchange_index, 0)
                self.moved[record.exchange_index] = before + record.amount_micros
            case MatchRow():
                terms = FeeTerms(fee_type=record.fee_type, multiplier_ppm=record.fee_multiplier_ppm)
                self.terms.update(dict.fromkeys(record.tickers, terms))
            case Reconciled() if self.opening is None and record.clean and record.opening:
                self.opening = {pair[0]: pair[1] for pair in record.opening}
                self.history_ms = record.history_ms
                self.began_with_micros = record.balance_micros
            case TakenOver():
                self.taken_over.update(record.order_ids)
            case _:
                pass  # An outcome that is not known yet, a later reconciliation.


@attrs.frozen(kw_only=True)
class VenueWord:
    """What the venue says of the account, all of it read after the last order was over."""

    cash: Mapping[int, MicroDollars]
    """Free cash by shard."""
    fills: tuple[VenueFill, ...]
    """Oldest first, as they happened."""
    positions: Mapping[Ticker, int]
    """Signed contracts in hundredths of every unsettled market that we hold."""
    settlements: tuple[VenueSettlement, ...]
    values: Mapping[Ticker, MicroDollars]
    """What one YES contract of each settled market paid, exactly."""
    orders: tuple[VenueOrder, ...]
    at_ms: int
    """Wall time of the reading."""

    @property
    def balance_micros(self) -> int:
        """Cash over all shards."""
        return sum(self.cash.values())


def read_evidence(disk: Disk, folder: str, codec: RecordCodec) -> Evidence:
    """Read the journal in ``folder``, which may still be written to.

    Raises:
        JournalCorrupt: A place that is neither a record nor the torn end.
        NewerVersion: A record from a later program.
        BadRecord: A body that is not its type's, though its checksum holds.
    """
    evidence = Evidence()
    for entry in reread(disk, folder, codec, KINDS):
        evidence.take(entry.record)
    return evidence
