"""From what the actors say to what the journal keeps: one record for each message. Pure.

Text of providers goes through ``plain``: a journal is UTF-8, and no feed may stop
it with half a surrogate or a frame without end.
"""

from typing import Final

from actors.messages.catalogue import FeeTerms, Match
from actors.messages.feeds import FeedEvent
from actors.messages.market import BookChange, BookDelta, BookLost, BookSnapshot, TradeSeen
from actors.messages.race import Judged, MatchDoubt, Trigger
from actors.messages.records import (
    ActorRow,
    BookLostRow,
    BookRow,
    DeltaRow,
    Dispatched,
    ExitHeldRow,
    FillRow,
    MatchRow,
    OrderOutcome,
    PassedRow,
    RawFrame,
    Report,
    TradeRow,
    Triggered,
)
from actors.messages.records_review import DoubtRow
from actors.messages.trading import Accepted, ExitHeld, FillSeen, OrderDone, Passed, Rejected, Sent
from actors.runtime.child import ActorEvent

RAW_MOST_BYTES: Final = 128 << 10
"""Of a frame; written as JSON even the worst bytes then fit into one record."""
TEXT_MOST: Final = 1_000
"""Characters of any other text of a provider's."""

NOT_SAID: Final = -1
"""Stands for goals, clock or lag where the report names none."""


def plain(text: str, most: int = TEXT_MOST) -> str:
    """Return text that UTF-8 can carry, cut to ``most`` characters."""
    if len(text) <= most and text.isascii():
        return text
    return text[:most].encode("utf-8", "backslashreplace").decode("utf-8")


def raw_frame(report: FeedEvent) -> RawFrame:
    """Keep a feed's frame as it came; what is not UTF-8 is escaped, what is too long cut."""
    raw = report.raw
    text = raw[:RAW_MOST_BYTES].decode("utf-8", "backslashreplace")
    if len(raw) > RAW_MOST_BYTES:
        text += f" [cut: {len(raw)} bytes]"
    return RawFrame(
        feed=report.feed,
        epoch=report.epoch,
        frame_no=report.frame_no,
        received_ns=report.received_ns,
        received_wall_ns=report.received_wall_ns,
        text=text,
    )


def report_row(judged: Judged, frame_seq: int) -> Report:
    """Keep what the race made of one report."""
    report, key, score = judged.report, judged.key, judged.report.score
    # A connection's end carries its reason; everything else is the race's word.
    reason = judged.reason or report.reason
    return Report(
        frame_seq=frame_seq,
        feed=report.feed,
        epoch=report.epoch,
        frame_no=report.frame_no,
        kind=report.kind,
        feed_match=plain(report.feed_match or ""),
        home=NOT_SAID if score is None else score.home,
        away=NOT_SAID if score is None else score.away,
        period=report.period or "",
        clock_s=NOT_SAID if report.clock_s is None else report.clock_s,
        judgement=judged.judgement,
        reason=plain(reason),
        match="" if key is None else key.match,
        generation=0 if key is None else key.generation,
        state="" if key is None else key.state,
        behind_ns=NOT_SAID if judged.behind_ns is None else judged.behind_ns,
        received_ns=report.received_ns,
        decoded_ns=report.decoded_ns,
        judged_ns=judged.judged_ns,
        conf="" if report.conf == "unstated" else report.conf,
    )


def triggered(trigger: Trigger) -> Triggered:
    """Keep that a key was won."""
    key, report = trigger.key, trigger.report
    return Triggered(
        match=key.match,
        generation=key.generation,
        state=key.state,
        scorer=trigger.scorer,
        feed=report.feed,
        epoch=report.epoch,
        frame_no=report.frame_no,
        fresh_feeds=trigger.fresh_feeds,
        received_ns=report.received_ns,
        received_wall_ns=report.received_wall_ns,
        judged_ns=trigger.judged_ns,
        size_pm=trigger.size_pm,
    )


def dispatched(sent: Sent) -> Dispatched:
    """Keep when an order left, and every step before that."""
    trigger = sent.trigger
    return Dispatched(
        intent_seq=sent.intent_seq,
        client_order_id=sent.client_order_id,
        received_ns=0 if trigger is None else trigger.report.received_ns,
        decoded_ns=0 if trigger is None else trigger.report.decoded_ns,
        judged_ns=0 if trigger is None else trigger.judged_ns,
        gated_ns=sent.gated_ns,
        intent_ns=sent.intent_ns,
        sent_ns=sent.sent_ns,
        unsent_bytes=sent.unsent_bytes,
    )


def passed_row(passed: Passed) -> PassedRow:
    """Keep why nothing was sent."""
    key = passed.trigger.key
    return PassedRow(
        match=key.match,
        generation=key.generation,
        state=key.state,
        ticker=passed.ticker or "",
        reason=passed.reason,
        decided_ns=passed.decided_ns,
    )


def outcome_row(done: OrderDone) -> OrderOutcome:
    """Keep what became of an order."""
    word, order_id, filled, average, status, code, venue_ts_ms = "unknown", "", 0, 0, 0, "", 0
    match done.outcome:
        case Accepted() as taken:
            word, order_id = "accepted", taken.order_id
            filled, venue_ts_ms = taken.fill_count_centi, taken.venue_ts_ms
            average = taken.average_fill_price_micros or 0
        case Rejected() as refused:
            word, status, code = "rejected", refused.status, plain(refused.code)
        case unknown:
            code = plain(unknown.reason)
    return OrderOutcome(
        intent_seq=done.sent.intent_seq,
        client_order_id=done.sent.client_order_id,
        outcome=word,
        resolved=done.resolved,
        order_id=order_id,
        fill_count_centi=filled,
        average_fill_price_micros=average,
        status=status,
        code=code,
        venue_ts_ms=venue_ts_ms,
        first_byte_ns=done.first_byte_ns or 0,
        done_ns=done.done_ns,
    )


def fill_row(seen: FillSeen, client_order_id: str, model_fee_micros: int) -> FillRow:
    """Keep one execution."""
    fill = seen.fill
    return FillRow(
        trade_id=fill.trade_id,
        order_id=fill.order_id,
        client_order_id=client_order_id,
        ticker=fill.ticker,
        side=fill.side,
        price_pips=fill.price_pips,
        count_centi=fill.count_centi,
        fee_micros=fill.fee_micros,
        model_fee_micros=model_fee_micros,
        is_taker=fill.is_taker,
        exchange_index=fill.exchange_index,
        venue_ts_ms=fill.venue_ts_ms,
        received_ns=seen.received_ns,
        source=seen.source,
    )


def held_row(held: ExitHeld) -> ExitHeldRow:
    """Keep that a position holds to settlement."""
    return ExitHeldRow(
        entry_client_order_id=held.plan.entry_client_order_id,
        ticker=held.plan.ticker,
        left_centi=held.left_centi,
        reason=held.reason,
        held_ns=held.held_ns,
    )


def doubt_row(doubt: MatchDoubt) -> DoubtRow:
    """Keep that a match's entries were closed or opened."""
    return DoubtRow(
        match=doubt.match,
        generation=doubt.key.generation,
        state=doubt.key.state,
        in_doubt=doubt.in_doubt,
        reason=plain(doubt.reason),
        cause=doubt.cause,
    )


def match_row(match: Match) -> MatchRow:
    """Keep where a match stands, and on which terms it trades."""
    markets = match.markets
    fees = markets[0].fees if markets else FeeTerms(fee_type="", multiplier_ppm=0)
    return MatchRow(
        match=match.match,
        series=match.series,
        title=plain(match.title),
        home_name=plain(match.home_name),
        away_name=plain(match.away_name),
        stage=match.stage,
        refusal=match.refusal,
        tickers=[market.ticker for market in markets],
        roles=[market.role for market in markets],
        exchange_index=markets[0].exchange_index if markets else 0,
        fee_type=fees.fee_type,
        fee_multiplier_ppm=fees.multiplier_ppm,
    )


def actor_row(event: ActorEvent) -> ActorRow:
    """Keep the supervisor's word on an actor."""
    return ActorRow(
        actor=event.actor,
        event=event.event,
        reason=plain(event.reason),
        restarts=event.restarts,
        at_ns=event.at_ns,
    )


def book_change_row(change: BookChange) -> DeltaRow | BookRow | BookLostRow:
    """Keep one message of a book's stream."""
    match change:
        case BookDelta():
            return delta_row(change)
        case BookSnapshot():
            return book_row(change)
        case BookLost():
            return lost_row(change)


def book_row(snapshot: BookSnapshot) -> BookRow:
    """Keep a whole book."""
    return BookRow(
        ticker=snapshot.ticker,
        bids=[[price, count] for price, count in snapshot.bids],
        asks=[[price, count] for price, count in snapshot.asks],
        sid=snapshot.sid,
        seq=snapshot.seq,
        received_ns=snapshot.received_ns,
    )


def delta_row(delta: BookDelta) -> DeltaRow:
    """Keep one change of one level."""
    return DeltaRow(
        ticker=delta.ticker,
        side=delta.side,
        price_pips=delta.price_pips,
        change_centi=delta.change_centi,
        sid=delta.sid,
        seq=delta.seq,
        venue_ts_ms=delta.venue_ts_ms,
        received_ns=delta.received_ns,
    )


def lost_row(lost: BookLost) -> BookLostRow:
    """Keep that a book is not to be trusted."""
    return BookLostRow(ticker=lost.ticker, reason=lost.reason, received_ns=lost.received_ns)


def trade_row(trade: TradeSeen) -> TradeRow:
    """Keep a public print."""
    return TradeRow(
        trade_id=trade.trade_id,
        ticker=trade.ticker,
        price_pips=trade.price_pips,
        count_centi=trade.count_centi,
        taker_side=trade.taker_side,
        venue_ts_ms=trade.venue_ts_ms,
        received_ns=trade.received_ns,
    )
