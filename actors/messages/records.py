"""The journal's record types: a fixed list, numbered from the first day and never reused.

One frozen class per type, written as JSON with its fields in this order's
alphabet (``runtime/journal.py`` frames it). A reader skips a type that it does
not know, refuses a newer version of one that it does, and upgrades older ones.
Amounts are integers whose unit ends the name; prices are of the YES leg. ``_ns``
without ``wall`` is monotonic and comparable only within one run.
"""

from typing import Final

import attrs

from actors.messages.records_beside import TYPES_BESIDE


@attrs.frozen(kw_only=True)
class Segment:
    """First record of every segment: which run wrote it, and what came before."""

    run: str
    account: str
    environment: str
    mono_ns: int
    wall_ns: int
    commit: str
    config_sha256: str
    lock_sha256: str
    previous_anchor: str
    """Hex of the last anchor of the segment before; empty in the first."""


@attrs.frozen(kw_only=True)
class Anchor:
    """Seals the frames since the last one: ``SHA256(previous hash, their bytes)``."""

    first_seq: int
    last_seq: int
    sha256: str


@attrs.frozen(kw_only=True)
class Intent:
    """An order that is about to be sent. Written before its first byte leaves."""

    client_order_id: str
    purpose: str
    match: str
    generation: int
    state: str
    ticker: str
    side: str
    limit_pips: int
    count_centi: int
    exchange_index: int
    worst_micros: int
    feed: str
    epoch: int
    frame_no: int
    """The frame that triggered it; empty and zero for an exit."""
    exit_due_wall_ns: int
    """When the position that a fill leaves is to be sold; 0 for an exit."""
    exit_floor_pips: int
    entry_client_order_id: str
    """For an exit: the entry that it closes."""
    body: str
    """The request's body, byte for byte; never a header."""
    exit_take_pips: int = 0
    """The price at which the position is sold for its profit, and"""
    exit_stop_pips: int = 0
    """for its loss, before it is due; 0 for never."""


@attrs.frozen(kw_only=True)
class Dispatched:
    """The bytes of an intent were handed to the kernel."""

    intent_seq: int
    client_order_id: str
    received_ns: int
    """When the winning frame was read; 0 for an exit."""
    decoded_ns: int
    judged_ns: int
    gated_ns: int
    intent_ns: int
    sent_ns: int
    unsent_bytes: int


@attrs.frozen(kw_only=True)
class OrderOutcome:
    """What became of an order: accepted, rejected or unknown; or an unknown resolved."""

    intent_seq: int
    client_order_id: str
    outcome: str
    resolved: bool
    order_id: str
    fill_count_centi: int
    average_fill_price_micros: int
    status: int
    code: str
    venue_ts_ms: int
    first_byte_ns: int
    done_ns: int


@attrs.frozen(kw_only=True)
class FillRow:
    """One execution of our account, once per trade id."""

    trade_id: str
    order_id: str
    client_order_id: str
    ticker: str
    side: str
    price_pips: int
    count_centi: int
    fee_micros: int
    model_fee_micros: int
    """What our own fee model says; the difference belongs to the statement."""
    is_taker: bool
    exchange_index: int
    venue_ts_ms: int
    received_ns: int
    source: str


@attrs.frozen(kw_only=True)
class RawFrame:
    """A feed's frame as it came; undecodable bytes are escaped."""

    feed: str
    epoch: int
    frame_no: int
    received_ns: int
    received_wall_ns: int
    text: str


@attrs.frozen(kw_only=True)
class Report:
    """What the race made of one frame."""

    frame_seq: int
    feed: str
    epoch: int
    frame_no: int
    kind: str
    feed_match: str
    home: int
    away: int
    """Goals as the feed orders them; -1 where the frame names no score."""
    period: str
    clock_s: int
    judgement: str
    reason: str
    match: str
    generation: int
    state: str
    behind_ns: int
    received_ns: int
    decoded_ns: int
    judged_ns: int
    conf: str = ""
    """``unconfirmed``, ``confirmed`` or ``cancelled``, where the provider says so."""


@attrs.frozen(kw_only=True)
class Triggered:
    """A key was won. Written by the auditor; the intent carries the key before the send."""

    match: str
    generation: int
    state: str
    scorer: str
    feed: str
    epoch: int
    frame_no: int
    fresh_feeds: int
    received_ns: int
    received_wall_ns: int
    judged_ns: int
    size_pm: int = 0
    """Thousandths of its play that might be staked; 0 where an older journal does not say."""


@attrs.frozen(kw_only=True)
class PassedRow:
    """A trigger, or a leg of its play, that sent nothing, and why."""

    match: str
    generation: int
    state: str
    ticker: str
    reason: str
    decided_ns: int


@attrs.frozen(kw_only=True)
class BookAt:
    """The auditor's own book of one market, at an instant around an order."""

    client_order_id: str
    ticker: str
    offset_ms: int
    """0, 30, 100 or 1,000 after the send; 0 is the last state before it."""
    at_ns: int
    bids: list[list[int]]
    """[pips, centi-contracts], best first."""
    asks: list[list[int]]
    whole: bool
    """Whether the stream had no gap up to this instant."""


@attrs.frozen(kw_only=True)
class BookRow:
    """A snapshot of a market's book as the stream brought it."""

    ticker: str
    bids: list[list[int]]
    asks: list[list[int]]
    sid: int
    seq: int
    received_ns: int


@attrs.frozen(kw_only=True)
class DeltaRow:
    """One change of one level as the stream brought it."""

    ticker: str
    side: str
    price_pips: int
    change_centi: int
    sid: int
    seq: int
    venue_ts_ms: int
    received_ns: int


@attrs.frozen(kw_only=True)
class BookLostRow:
    """A book is not to be trusted until its next snapshot."""

    ticker: str
    reason: str
    received_ns: int


@attrs.frozen(kw_only=True)
class TradeRow:
    """A public print."""

    trade_id: str
    ticker: str
    price_pips: int
    count_centi: int
    taker_side: str
    venue_ts_ms: int
    received_ns: int


@attrs.frozen(kw_only=True)
class MatchRow:
    """A match entered a stage of the catalogue."""

    match: str
    series: str
    title: str
    home_name: str
    away_name: str
    stage: str
    refusal: str
    tickers: list[str]
    roles: list[str]
    exchange_index: int
    fee_type: str
    fee_multiplier_ppm: int


@attrs.frozen(kw_only=True)
class ExitHeldRow:
    """An exit that could not finish; the rest holds to settlement."""

    entry_client_order_id: str
    ticker: str
    left_centi: int
    reason: str
    held_ns: int


@attrs.frozen(kw_only=True)
class SettlementRow:
    """The venue settled one market of ours."""

    ticker: str
    result: str
    yes_count_centi: int
    no_count_centi: int
    value_micros: int
    """Settlement value per YES contract, in micro-dollars."""
    revenue_micros: int
    fee_micros: int
    settled_wall_ns: int


@attrs.frozen(kw_only=True)
class CashMoved:
    """The owner paid cash in to a shard, or took it out; no fill and no settlement did it."""

    exchange_index: int
    amount_micros: int
    """Below zero for cash taken out; a transfer between shards is two of these."""
    reason: str
    wall_ns: int


@attrs.frozen(kw_only=True)
class Reconciled:
    """Journal and venue were compared: at start, or at the end of the day."""

    phase: str
    clean: bool
    unresolved: int
    statement_difference_micros: int
    lines: list[str]
    """One line per difference; empty when clean."""
    balance_micros: int
    """Cash at the venue, over all shards."""
    opening: list[list[int]] = attrs.field(factory=list)
    """[shard, micro-dollars]: cash before every fill still told of; in a journal's first alone."""
    history_ms: int = 0
    """The venue's time of the newest order or fill before this journal: older ones are
    another's business. In the first reconciliation alone."""


@attrs.frozen(kw_only=True)
class ActorRow:
    """The supervisor's word about an actor: started, failed, restarted, parked, stopped."""

    actor: str
    event: str
    reason: str
    restarts: int
    at_ns: int


@attrs.frozen(kw_only=True)
class TradingState:
    """ACTIVE, REDUCING or HALTED, and why."""

    state: str
    reason: str
    at_ns: int


@attrs.frozen(kw_only=True)
class DayRoll:
    """A trading day began; its counters start anew."""

    day: str
    wall_ns: int


TYPES: Final[dict[int, tuple[type, int]]] = {
    1: (Segment, 1),
    2: (Anchor, 1),
    10: (Intent, 1),
    11: (Dispatched, 1),
    12: (OrderOutcome, 1),
    13: (FillRow, 1),
    14: (ExitHeldRow, 1),
    15: (SettlementRow, 1),
    16: (CashMoved, 1),
    20: (RawFrame, 1),
    21: (Report, 1),
    22: (Triggered, 1),
    23: (PassedRow, 1),
    30: (BookRow, 1),
    31: (DeltaRow, 1),
    32: (BookLostRow, 1),
    33: (TradeRow, 1),
    34: (BookAt, 1),
    40: (MatchRow, 1),
    50: (Reconciled, 1),
    51: (ActorRow, 1),
    52: (TradingState, 1),
    53: (DayRoll, 1),
    **TYPES_BESIDE,
}
"""Type number to class and its current version."""
