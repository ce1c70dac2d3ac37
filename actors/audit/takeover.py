"""Takes what others did in our account into our books, once a person has looked at it. Pure.

Custody, ``flatten`` or a person at the venue's own page sell what the journal still thinks is
held; the next start then finds orders that nobody intended, and refuses. Their fills explain
the positions and the cash to the micro-dollar, so they are what is written down; cash that no
fill and no settlement explains was paid in or out. Whatever still differs then is no
stranger's doing, and nothing is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import attrs

from actors.audit.evidence import Evidence, VenueWord
from actors.audit.findings import BALANCE_STEP_MICROS, Findings, created_ms
from actors.audit.statement import compare, ledger_at_start
from actors.exchange.wire_orders import VenueFill, VenueOrder
from actors.messages.records import CashMoved, FillRow
from actors.messages.records_owner import TakenOver
from actors.messages.records_review import NettedRow
from actors.messages.recovered import RecoveredLot
from actors.model.fees import MemberClass
from actors.model.money import CentiContracts, MicroDollars, centi_text, micros_text, pips_text
from actors.model.orders import Ticker
from actors.model.positions import LedgerBroken

SOURCE: Final = "taken over"
REASON: Final = "taken_over"


@attrs.frozen(kw_only=True)
class Takeover:
    """What others did, and what becomes of our books by it."""

    lines: tuple[str, ...]
    """What journal and venue disagree about; empty where there is nothing to take over."""
    wrong: tuple[str, ...] = ()
    """What would still differ: no stranger's doing, or not over yet."""
    orders: tuple[VenueOrder, ...] = ()
    fills: tuple[VenueFill, ...] = ()
    moved: tuple[tuple[int, int], ...] = ()
    """Shard and cash that was paid in, or taken out."""
    netted: tuple[tuple[str, Ticker, int], ...] = ()
    """Entries whose lots others have sold, and how much of each."""

    def told(self) -> Iterator[str]:
        """Yield a line for everything that is going to be written down."""
        for fill in self.fills:
            yield (
                f"fill {fill.trade_id}: {fill.side} {centi_text(fill.count_centi)}"
                f" @ {pips_text(fill.price_pips)} in {fill.ticker}, fee"
                f" {micros_text(fill.fee_micros)}"
            )
        for entry, ticker, count in self.netted:
            yield f"lot {entry}: {centi_text(CentiContracts(count))} of {ticker} are sold"
        for shard, micros in self.moved:
            yield f"cash on shard {shard}: {micros_text(MicroDollars(micros))} came from outside"
        names = ", ".join(order.order_id for order in self.orders)
        yield f"{len(self.orders)} orders of others{f': {names}' if names else ''}"

    def rows(self, wall_ns: int, now_ns: int) -> Iterator[object]:
        """Yield the journal's records; the one that makes them count comes last.

        Whoever dies in between has fills on record that the venue has too, and no more.
        """
        for fill in self.fills:
            yield _fill_row(fill, now_ns)
        for entry, ticker, count in self.netted:
            yield NettedRow(
                entry_client_order_id=entry,
                ticker=ticker,
                count_centi=count,
                reason=REASON,
                at_ns=now_ns,
            )
        for shard, micros in self.moved:
            yield CashMoved(
                exchange_index=shard, amount_micros=micros, reason=REASON, wall_ns=wall_ns
            )
        yield TakenOver(
            order_ids=[order.order_id for order in self.orders],
            lines=list(self.lines),
            wall_ns=wall_ns,
        )


def taken_over(
    evidence: Evidence, word: VenueWord, lots: Sequence[RecoveredLot], member: MemberClass
) -> Takeover:
    """Return what others did since the journal's opening, as the venue shows it now.

    ``evidence.opening`` is given: a journal that was never reconciled begins with what is there.
    """
    lines = compare(evidence, word, member, phase="start").lines
    if not lines:
        return Takeover(lines=())
    orders = tuple(
        order
        for order in word.orders
        if created_ms(order) > evidence.history_ms
        and order.client_order_id not in evidence.intents
        and order.order_id not in evidence.taken_over
    )
    fills = _strange_fills(evidence, word, member)
    wrong = [
        f"order {order.order_id} on {order.ticker}: it rests; take it out first"
        for order in orders
        if order.status == "resting"
    ]
    after = attrs.evolve(
        evidence,
        fills=evidence.fills | {each.trade_id: _fill_row(each, 0) for each in fills},
        taken_over=evidence.taken_over | {order.order_id for order in orders},
    )
    try:
        ledger = ledger_at_start(after, word, member)
    except LedgerBroken as error:
        return Takeover(lines=lines, wrong=(f"the venue's own rows: {error}",))
    shards = sorted({*ledger.shards(), *word.cash})
    apart = {each: word.cash.get(each, 0) - ledger.cash_micros(each) for each in shards}
    moved = tuple((k, micros) for k, micros in apart.items() if abs(micros) >= BALANCE_STEP_MICROS)
    in_all = {shard: after.moved.get(shard, 0) + micros for shard, micros in moved}
    after = attrs.evolve(after, moved=after.moved | in_all)
    wrong += compare(after, word, member, phase="start").lines
    return Takeover(
        lines=lines,
        wrong=tuple(dict.fromkeys(wrong)),
        orders=orders,
        fills=fills,
        moved=moved,
        netted=tuple(netted(word.positions, lots)),
    )


def _strange_fills(
    evidence: Evidence, word: VenueWord, member: MemberClass
) -> tuple[VenueFill, ...]:
    """Return executions of others; ours that the journal lacks are merely late."""
    found = Findings(evidence, word, member)
    found.venue_fills("start")
    return tuple(
        fill
        for fill in word.fills
        if fill.trade_id not in evidence.fills
        and fill.trade_id not in found.late
        and fill.venue_ts_ms > evidence.history_ms
    )


def netted(
    positions: Mapping[Ticker, int], lots: Sequence[RecoveredLot]
) -> Iterator[tuple[str, Ticker, int]]:
    """Yield how much of each lot is gone: together they are no more than what is held.

    The newest is sold first; which of them others meant nobody can say.
    """
    left: dict[tuple[Ticker, bool], int] = {}
    for lot in reversed([each for each in lots if not each.awaits_entry]):
        ticker, is_long = lot.plan.ticker, lot.plan.entry_side == "bid"
        of_market = [
            each.left_centi
            for each in lots
            if each.plan.ticker == ticker and (each.plan.entry_side == "bid") == is_long
            if not each.awaits_entry
        ]
        held = positions.get(ticker, 0)
        there = max(0, held if is_long else -held)
        gone = left.setdefault((ticker, is_long), max(0, sum(of_market) - there))
        count = min(gone, lot.left_centi)
        if count:
            left[ticker, is_long] -= count
            yield lot.plan.entry_client_order_id, ticker, count


def _fill_row(fill: VenueFill, now_ns: int) -> FillRow:
    return FillRow(
        trade_id=fill.trade_id,
        order_id=fill.order_id,
        client_order_id="",
        ticker=fill.ticker,
        side=fill.side,
        price_pips=fill.price_pips,
        count_centi=fill.count_centi,
        fee_micros=fill.fee_micros,
        model_fee_micros=fill.fee_micros,
        is_taker=fill.is_taker,
        exchange_index=fill.exchange_index,
        venue_ts_ms=fill.venue_ts_ms,
        received_ns=now_ns,
        source=SOURCE,
    )
