from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from actors.audit.evidence import Evidence, VenueWord
from actors.audit.findings import FORGOTTEN_MS, Phase
from actors.audit.statement import compare, opening_of
from actors.exchange.wire_orders import VenueFill, VenueOrder
from actors.messages.records import (
    CashMoved,
    FillRow,
    Intent,
    MatchRow,
    OrderOutcome,
    Reconciled,
)
from actors.model.fees import FeeAccumulator, MemberClass, fee_schedule
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Side, sign
from tests.audit.words import MATCH, intent_of
from tests.sim.venue.hall import HOME
from tests.strategies import member_classes, pips, sides

NOW_MS = 1_790_000_000_000
OPENING = 1_000_000_000
PHASES: tuple[Phase, ...] = ("start", "end")


def venue_fill(
    order: str, number: int, side: Side, price: int, *, count: int, fee: int, at_ms: int
) -> VenueFill:
    return VenueFill(
        trade_id=f"{order}-{number}",
        order_id=order,
        ticker=HOME,
        side=side,
        price_pips=Pips(price),
        count_centi=CentiContracts(count),
        fee_micros=MicroDollars(fee),
        is_taker=True,
        exchange_index=0,
        created_wall_ns=at_ms * 1_000_000,
    )


def row_of(fill: VenueFill, **says: Any) -> FillRow:  # noqa: ANN401 - a row's own fields
    made = FillRow(
        trade_id=fill.trade_id,
        order_id=fill.order_id,
        client_order_id=fill.order_id,
        ticker=fill.ticker,
        side=fill.side,
        price_pips=fill.price_pips,
        count_centi=fill.count_centi,
        fee_micros=fill.fee_micros,
        model_fee_micros=fill.fee_micros,
        is_taker=True,
        exchange_index=0,
        venue_ts_ms=fill.venue_ts_ms,
        received_ns=0,
        source="stream",
    )
    return attrs.evolve(made, **says)


def venue_order(intent: Intent, fills: list[VenueFill]) -> VenueOrder:
    nothing = MicroDollars(0)
    return VenueOrder(
        order_id=intent.client_order_id,
        client_order_id=intent.client_order_id,
        ticker=HOME,
        side="bid" if intent.side == "bid" else "ask",
        status="executed",
        price_pips=Pips(intent.limit_pips),
        fill_count_centi=CentiContracts(sum(fill.count_centi for fill in fills)),
        remaining_count_centi=CentiContracts(0),
        initial_count_centi=CentiContracts(intent.count_centi),
        taker_cost_micros=nothing,
        maker_cost_micros=nothing,
        taker_fees_micros=nothing,
        maker_fees_micros=nothing,
        created_wall_ns=NOW_MS * 1_000_000,
    )


@attrs.define
class Books:
    """An account with one market, as both sides have it."""

    evidence: Evidence
    word: VenueWord


def books(
    side: Side, price: int, slices: list[int], member: MemberClass = "direct", at_ms: int = NOW_MS
) -> Books:
    """Return the books of one order that filled in these slices; they agree."""
    intent = intent_of(side, price, sum(slices))
    schedule = fee_schedule("quadratic", multiplier_ppm=1_000_000, member=member, at_ms=at_ms)
    so_far = FeeAccumulator()
    fills = []
    for number, count in enumerate(slices):
        fee = so_far.charge(
            schedule,
            side=side,
            price_pips=Pips(price),
            count_centi=CentiContracts(count),
            is_taker=True,
        ).net_micros
        order = intent.client_order_id
        fills.append(venue_fill(order, number, side, price, count=count, fee=fee, at_ms=at_ms))
    leg = price if side == "bid" else 10_000 - price
    spent = sum(leg * fill.count_centi + fill.fee_micros for fill in fills)
    evidence = Evidence()
    evidence.take(
        Reconciled(
            phase="start",
            clean=True,
            unresolved=0,
            statement_difference_micros=0,
            lines=[],
            balance_micros=OPENING,
            opening=[[0, OPENING]],
        )
    )
    evidence.take(terms())
    evidence.take(intent)
    for fill in fills:
        evidence.take(row_of(fill))
    evidence.take(answered(intent, sum(slices)))
    word = VenueWord(
        cash={0: MicroDollars(OPENING - spent)},
        fills=tuple(fills),
        positions={HOME: sign(side) * sum(slices)},
        settlements=(),
        values={},
        orders=(venue_order(intent, fills),),
        at_ms=NOW_MS,
    )
    return Books(evidence, word)


def terms(fee_type: str = "quadratic") -> MatchRow:
    return MatchRow(
        match=MATCH,
        series="KXWCGAME",
        title="",
        home_name="",
        away_name="",
        stage="LIVE",
        refusal="",
        tickers=[HOME],
        roles=["home"],
        exchange_index=0,
        fee_type=fee_type,
        fee_multiplier_ppm=1_000_000,
    )


def answered(intent: Intent, filled: int) -> OrderOutcome:
    return OrderOutcome(
        intent_seq=1,
        client_order_id=intent.client_order_id,
        outcome="accepted",
        resolved=False,
        order_id=intent.client_order_id,
        fill_count_centi=filled,
        average_fill_price_micros=0,
        status=0,
        code="",
        venue_ts_ms=NOW_MS,
        first_byte_ns=0,
        done_ns=0,
    )


@settings(max_examples=60, deadline=None)
@given(
    side=sides,
    price=pips,
    slices=st.lists(st.integers(1, 5_000), min_size=1, max_size=6),
    member=member_classes,
)
def test_books_that_agree_differ_by_nothing_however_an_order_was_sliced(
    side: Side, price: int, slices: list[int], member: MemberClass
) -> None:
    made = books(side, price, slices, member)

    for phase in PHASES:
        statement = compare(made.evidence, made.word, member, phase=phase)
        assert (statement.total_micros, statement.lines, statement.residues) == (0, (), ())
        assert statement.profit_micros == made.word.balance_micros - OPENING


@settings(max_examples=60, deadline=None)
@given(
    slices=st.lists(st.integers(1, 5_000), min_size=1, max_size=6),
    which=st.integers(0, 5),
    by=st.integers(-90_000, 90_000).filter(bool),
)
def test_an_altered_fee_counts_for_exactly_what_it_was_altered_by(
    slices: list[int], which: int, by: int
) -> None:
    made = books("bid", 5_300, slices)
    altered = list(made.word.fills)
    index = which % len(altered)
    fee = MicroDollars(altered[index].fee_micros + by)
    altered[index] = msgspec.structs.replace(altered[index], fee_micros=fee)

    statement = compare(
        made.evidence, attrs.evolve(made.word, fills=tuple(altered)), "direct", phase="end"
    )

    assert statement.total_micros == abs(by)
    (line,) = statement.lines
    assert altered[index].trade_id in line


def test_what_the_venue_has_put_away_by_now_need_not_be_shown_again() -> None:
    old_ms = NOW_MS - FORGOTTEN_MS - 1
    made = books("bid", 5_300, [100, 200], at_ms=old_ms)
    forgotten = attrs.evolve(made.word, fills=(), orders=())
    recent = books("bid", 5_300, [100, 200])

    assert compare(made.evidence, forgotten, "direct", phase="start").clean
    assert not compare(
        recent.evidence, attrs.evolve(recent.word, fills=(), orders=()), "direct", phase="start"
    ).clean


def test_an_order_that_is_not_as_it_was_intended_is_named() -> None:
    made = books("bid", 5_300, [100])
    (order,) = made.word.orders
    dearer = msgspec.structs.replace(order, price_pips=Pips(5_400))

    statement = compare(
        made.evidence, attrs.evolve(made.word, orders=(dearer,)), "direct", phase="start"
    )

    (line,) = statement.lines
    assert "bid 1.00 @ 0.5300 in" in line
    assert "bid 1.00 @ 0.5400 in" in line


def test_a_fill_that_the_two_sides_tell_in_different_words_is_named() -> None:
    made = books("bid", 5_300, [100])
    (fill,) = made.word.fills
    made.evidence.fills[fill.trade_id] = row_of(fill, count_centi=90)

    statement = compare(made.evidence, made.word, "direct", phase="start")

    assert any("the journal says bid 0.90" in line for line in statement.lines)


def test_a_fee_whose_terms_nobody_knows_is_listed_and_not_counted() -> None:
    made = books("bid", 5_300, [100])
    made.evidence.terms_of_fill.clear()
    made.evidence.take(terms("flat"))

    statement = compare(made.evidence, made.word, "direct", phase="end")

    assert statement.clean
    assert "its terms are not known" in statement.residues[0]


def test_rows_that_contradict_each_other_are_a_difference_and_no_crash() -> None:
    made = books("bid", 5_300, [100])
    (fill,) = made.word.fills
    twice = (fill, msgspec.structs.replace(fill, exchange_index=1, trade_id="other"))

    statement = compare(
        made.evidence, attrs.evolve(made.word, fills=twice), "direct", phase="start"
    )

    assert any(line.startswith("ledger: ") for line in statement.lines)


@pytest.mark.parametrize(("apart", "counted"), [(99, 0), (-99, 0), (100, 100), (-100, 100)])
def test_what_is_finer_than_a_balance_is_written_is_a_residue(apart: int, counted: int) -> None:
    made = books("bid", 5_300, [100])
    cash = {0: MicroDollars(made.word.cash[0] + apart)}

    statement = compare(made.evidence, attrs.evolve(made.word, cash=cash), "direct", phase="end")

    assert statement.total_micros == counted
    assert len(statement.residues) == (0 if counted else 1)


def test_cash_on_the_wrong_shard_counts_on_both() -> None:
    made = books("bid", 5_300, [100])
    cash = {0: MicroDollars(made.word.cash[0] - 500), 1: MicroDollars(500)}

    statement = compare(made.evidence, attrs.evolve(made.word, cash=cash), "direct", phase="end")

    assert statement.total_micros == 1_000
    assert [line[:15] for line in statement.lines] == ["cash on shard 0", "cash on shard 1"]


def test_an_opening_reckons_back_to_before_every_fill() -> None:
    made = books("ask", 5_300, [100, 7])

    opening = opening_of(made.word, "direct")

    assert opening.cash == {0: OPENING}
    assert opening.history_ms == NOW_MS


@given(before=st.integers(-(10**9), 10**9), after=st.integers(-(10**9), 10**9))
def test_cash_that_the_owner_moved_is_no_difference_and_no_profit(before: int, after: int) -> None:
    def moved(micros: int) -> CashMoved:
        return CashMoved(exchange_index=0, amount_micros=micros, reason="bank", wall_ns=0)

    made = books("bid", 5_300, [100])
    evidence = Evidence()
    evidence.take(moved(before))
    evidence.begin(made.evidence)
    known = (*made.evidence.intents.values(), *made.evidence.fills.values())
    for row in (moved(after), terms(), *known):
        evidence.take(row)
    word = attrs.evolve(made.word, cash={0: MicroDollars(made.word.cash[0] + after)})

    statement = compare(evidence, word, "direct", phase="start")

    assert statement.lines == ()
    assert statement.profit_micros == made.word.cash[0] - OPENING


def test_an_order_that_was_refused_and_filled_all_the_same_is_named() -> None:
    made = books("bid", 5_300, [100])
    (outcome,) = made.evidence.outcomes.values()
    refused = attrs.evolve(outcome, outcome="rejected", order_id="", fill_count_centi=0)
    made.evidence.take(refused)

    statement = compare(made.evidence, made.word, "direct", phase="end")

    (line,) = statement.lines
    assert "0.00 filled by its answer, 1.00 by the venue's fills" in line
