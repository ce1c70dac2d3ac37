"""The checks of a reconciliation, one method each; what differs becomes a line. Pure."""

from typing import Final, Literal

import attrs

from actors.audit.evidence import Evidence, VenueWord, rests
from actors.exchange.wire_orders import VenueFill, VenueOrder
from actors.messages.records import FillRow
from actors.model.fees import FeeAccumulator, FeeUnknown, MemberClass, fee_schedule
from actors.model.money import (
    CentiContracts,
    MicroDollars,
    Pips,
    centi_text,
    micros_text,
    pips_text,
)
from actors.model.orders import Fill, Side, Ticker
from actors.model.positions import Ledger

BALANCE_STEP_MICROS: Final = 100
ROW_STEP_MICROS: Final = 10_000
FORGOTTEN_MS: Final = 60 * 86_400_000
"""The venue moves rows away after about three months (reference ``kalshi.md`` section 4);
for what is older than this the journal's own word is enough."""

Phase = Literal["start", "running", "end"]


@attrs.define(eq=False)
class Findings:
    """One comparison at work."""

    evidence: Evidence
    word: VenueWord
    member: MemberClass
    total_micros: int = attrs.field(init=False, default=0)
    lines: list[str] = attrs.field(init=False, factory=list)
    residues: list[str] = attrs.field(init=False, factory=list)
    late: dict[str, VenueFill] = attrs.field(init=False, factory=dict)
    """Executions of our own orders that the journal has not got yet, by trade id."""
    _client_ids: dict[str, str] = attrs.field(init=False)
    """The venue's order id to ours."""
    _of_venue: dict[str, VenueFill] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._client_ids = {
            each.order_id: each.client_order_id for each in self.evidence.outcomes.values()
        }
        self._client_ids |= {each.order_id: each.client_order_id for each in self.word.orders}
        self._of_venue = {each.trade_id: each for each in self.word.fills}

    def say(self, line: str, amount_micros: int = 0) -> None:
        """Put one difference on record, with what it counts for."""
        self.lines.append(line)
        self.total_micros += abs(amount_micros)

    def _may_rest(self, client_order_id: str) -> bool:
        """Return whether an order was meant to rest, and its end is still to be proved."""
        intent = self.evidence.intents.get(client_order_id)
        return (
            intent is not None and client_order_id not in self.evidence.outcomes and rests(intent)
        )

    def orders(self, phase: Phase) -> None:
        """Every order of the venue was intended, as it is, and none rests.

        At the start an exit may that was meant to: it is withdrawn once its owner is there.
        """
        for order in self.word.orders:
            name = f"order {order.client_order_id or order.order_id} on {order.ticker}"
            may_rest = phase == "start" and self._may_rest(order.client_order_id)
            if order.status == "resting" and not may_rest:
                self.say(f"{name}: it rests at the venue; ours never do")
            is_old = created_ms(order) <= self.evidence.history_ms
            if is_old or order.order_id in self.evidence.taken_over:
                continue
            intent = self.evidence.intents.get(order.client_order_id)
            if intent is None:
                self.say(f"{name}: nobody intended it")
                continue
            meant = (intent.ticker, intent.side, intent.limit_pips, intent.count_centi)
            there = (order.ticker, order.side, order.price_pips, order.initial_count_centi)
            if meant != there:
                self.say(
                    f"{name}: {_order_text(*meant)} was intended, {_order_text(*there)} is there"
                )

    def journal_fills(self) -> None:
        """Every fill of the journal is the venue's, in the same words."""
        oldest_ms = self.word.at_ms - FORGOTTEN_MS
        for row in self.evidence.fills.values():
            fill = self._of_venue.get(row.trade_id)
            if fill is None:
                if row.venue_ts_ms > oldest_ms:
                    self.say(
                        f"fill {row.trade_id} in {row.ticker}: in the journal, not at the venue"
                    )
                continue
            ours = (row.ticker, row.side, row.price_pips, row.count_centi, row.exchange_index)
            theirs = (
                fill.ticker,
                fill.side,
                fill.price_pips,
                fill.count_centi,
                fill.exchange_index,
            )
            if ours != theirs:
                self.say(
                    f"fill {row.trade_id}: the journal says {_order_text(*ours[:4])}"
                    f" on shard {ours[4]}, the venue {_order_text(*theirs[:4])}"
                    f" on shard {theirs[4]}"
                )

    def venue_fills(self, phase: Phase) -> None:
        """Every fill of the venue is in the journal, or of an order of ours and merely late."""
        for fill in self.word.fills:
            if fill.trade_id in self.evidence.fills:
                continue
            if self._client_ids.get(fill.order_id) in self.evidence.intents:
                self.late[fill.trade_id] = fill
            elif fill.venue_ts_ms > self.evidence.history_ms:
                where = "at the venue, not in the journal" if phase == "end" else "at the venue"
                self.say(f"fill {fill.trade_id} in {fill.ticker}: {where}, and of no order of ours")

    def ledger_fills(self, phase: Phase) -> list[Fill]:
        """Return what the ledger is made of: one side's fills, completed by the other's."""
        rows = self.evidence.fills
        if phase == "start":
            oldest_ms = self.word.at_ms - FORGOTTEN_MS
            gone = [
                fill_of_row(row)
                for row in rows.values()
                if row.trade_id not in self._of_venue and row.venue_ts_ms <= oldest_ms
            ]
            return gone + [each.fill() for each in self.word.fills]
        return [fill_of_row(row) for row in rows.values()] + [
            each.fill()
            for each in self.word.fills
            if each.trade_id not in rows
            and (each.trade_id in self.late or each.venue_ts_ms <= self.evidence.history_ms)
        ]

    def settle(self, ledger: Ledger, phase: Phase) -> None:
        """Pay out what is settled, and compare each payout with the venue's row of it."""
        for row in self.evidence.settlements.values():
            if row.ticker not in self.word.values:
                ledger.settle(Ticker(row.ticker), MicroDollars(row.value_micros))
        for said in self.word.settlements:
            held = ledger.position(said.ticker).net_centi
            booked = ledger.settle(said.ticker, self.word.values[said.ticker])
            if phase == "start":
                continue
            there = said.yes_count_centi - said.no_count_centi
            if held != there:
                self.say(
                    f"settlement of {said.ticker}: {_contracts(held)} contracts by the ledger,"
                    f" {_contracts(there)} by the venue's row"
                )
            paid = 0 if booked is None else booked.cash_micros
            apart = paid - said.revenue_micros
            line = (
                f"settlement of {said.ticker}: the ledger paid {micros_text(MicroDollars(paid))},"
                f" the venue's row says {micros_text(said.revenue_micros)}"
            )
            # The row is in whole cents, the rest cut off (``kalshi.md`` section 4).
            if 0 < apart < ROW_STEP_MICROS:
                self.residues.append(line)
            elif apart:
                self.say(line, apart)

    def positions(self, ledger: Ledger) -> None:
        """What is open is what the venue says is open."""
        held = {each.position.ticker: each.position.net_centi for each in ledger.holdings()}
        for ticker in sorted({*held, *self.word.positions}):
            ours, theirs = held.get(ticker, 0), self.word.positions.get(ticker, 0)
            if ours != theirs:
                self.say(
                    f"position in {ticker}: {_contracts(ours)} by the fills,"
                    f" {_contracts(theirs)} by the venue"
                )

    def cash(self, ledger: Ledger) -> None:
        """The cash of every shard is its balance."""
        for shard in sorted({*ledger.shards(), *self.word.cash}):
            ours = ledger.cash_micros(shard)
            theirs = self.word.cash.get(shard, MicroDollars(0))
            line = (
                f"cash on shard {shard}: {micros_text(ours)} by the ledger,"
                f" {micros_text(theirs)} by the venue"
            )
            if abs(ours - theirs) >= BALANCE_STEP_MICROS:
                self.say(line, ours - theirs)
            elif ours != theirs:
                self.residues.append(line)

    def executions(self) -> None:
        """Each order's fills are together what its answer said."""
        filled: dict[str, int] = {}
        for fill in self.word.fills:
            client_id = self._client_ids.get(fill.order_id, "")
            filled[client_id] = filled.get(client_id, 0) + fill.count_centi
        oldest_ms = self.word.at_ms - FORGOTTEN_MS
        for outcome in self.evidence.outcomes.values():
            if 0 < outcome.venue_ts_ms <= oldest_ms:
                continue
            there = filled.get(outcome.client_order_id, 0)
            # A refusal has a count of nothing, and must have filled nothing.
            if there != outcome.fill_count_centi:
                self.say(
                    f"order {outcome.client_order_id}: {_contracts(outcome.fill_count_centi)}"
                    f" filled by its answer, {_contracts(there)} by the venue's fills"
                )

    def fees(self) -> None:
        """The fee of each fill of our orders is what the model says."""
        orders: dict[str, FeeAccumulator] = {}
        for fill in self.word.fills:
            client_id = self._client_ids.get(fill.order_id, "")
            if client_id not in self.evidence.intents:
                continue
            name = f"fee of fill {fill.trade_id} in {fill.ticker}"
            row = self.evidence.fills.get(fill.trade_id)
            model = self._model_micros(fill, orders.setdefault(fill.order_id, FeeAccumulator()))
            if model is None:
                self.residues.append(f"{name}: its terms are not known, so it was not checked")
                model = fill.fee_micros if row is None else MicroDollars(row.fee_micros)
            if model != fill.fee_micros:
                self.say(
                    f"{name}: {micros_text(model)} by the model,"
                    f" {micros_text(fill.fee_micros)} by the venue",
                    model - fill.fee_micros,
                )
            elif row is not None and row.fee_micros != fill.fee_micros:
                self.say(
                    f"{name}: {micros_text(MicroDollars(row.fee_micros))} in the journal,"
                    f" {micros_text(fill.fee_micros)} by the venue"
                )

    def _model_micros(self, fill: VenueFill, so_far: FeeAccumulator) -> MicroDollars | None:
        terms = self.evidence.terms_of_fill.get(fill.trade_id, self.evidence.terms.get(fill.ticker))
        if terms is None:
            return None
        try:
            schedule = fee_schedule(
                terms.fee_type,
                multiplier_ppm=terms.multiplier_ppm,
                member=self.member,
                at_ms=fill.venue_ts_ms,
            )
        except FeeUnknown:
            return None
        return so_far.charge(
            schedule,
            side=fill.side,
            price_pips=fill.price_pips,
            count_centi=fill.count_centi,
            is_taker=fill.is_taker,
        ).net_micros


def created_ms(order: VenueOrder) -> int:
    """Return when the venue says that an order was made, in its milliseconds."""
    return (order.created_wall_ns or order.last_update_wall_ns or 0) // 1_000_000


def _side(text: str) -> Side:
    return "bid" if text == "bid" else "ask"


def fill_of_row(row: FillRow) -> Fill:
    """Return an execution in the model's words."""
    return Fill(
        trade_id=row.trade_id,
        order_id=row.order_id,
        ticker=Ticker(row.ticker),
        side=_side(row.side),
        price_pips=Pips(row.price_pips),
        count_centi=CentiContracts(row.count_centi),
        fee_micros=MicroDollars(row.fee_micros),
        is_taker=row.is_taker,
        exchange_index=row.exchange_index,
        venue_ts_ms=row.venue_ts_ms,
    )


def _order_text(ticker: str, side: str, price_pips: int, count_centi: int) -> str:
    price, count = pips_text(Pips(price_pips)), centi_text(CentiContracts(count_centi))
    return f"{side} {count} @ {price} in {ticker}"


def _contracts(count_centi: int) -> str:
    return centi_text(CentiContracts(count_centi))
