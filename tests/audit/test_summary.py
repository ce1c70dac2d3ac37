import json

import pytest
from hypothesis import given, strategies as st

from actors.audit.statement import Statement
from actors.audit.summary import clock_text, day_table, quantile, summary_json
from actors.audit.tally import Tally
from actors.messages.records import SettlementRow
from actors.messages.trading import (
    Accepted,
    FillSeen,
    OrderDone,
    Outcome,
    Passed,
    Rejected,
    Sent,
    Unknown,
)
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Fill, Side
from actors.model.positions import Ledger
from actors.model.score import GoalKey
from tests.audit.words import KEY, MATCH, frame, intent_of, judged, sent_of, trigger
from tests.sim.venue.hall import HOME

SECOND = GoalKey(MATCH, 0, "2-0")
MS = 1_000_000


def statement(profit: int = 0, total: int = 0, *lines: str) -> Statement:
    return Statement(
        total_micros=MicroDollars(total),
        lines=lines,
        residues=(),
        profit_micros=MicroDollars(profit),
        values={},
    )


def sent(key: GoalKey = KEY, side: Side = "bid", entry: str = "") -> Sent:
    intent = intent_of(side, 5_300, 200, key=key, entry=entry, attempt=1 if entry else 0)
    return sent_of(intent, 1, at_ns=301_000, won=None if entry else trigger(key))


def done(of: Sent, outcome: Outcome) -> OrderDone:
    return OrderDone(sent=of, outcome=outcome, first_byte_ns=29 * MS, done_ns=30 * MS)


def accepted(filled: int) -> Accepted:
    return Accepted(
        order_id="o",
        fill_count_centi=CentiContracts(filled),
        average_fill_price_micros=None,
        venue_ts_ms=0,
    )


def fill(number: int, side: Side, price: int, count: int, fee: int = 0) -> FillSeen:
    return FillSeen(
        fill=Fill(
            trade_id=str(number),
            order_id="o",
            ticker=HOME,
            side=side,
            price_pips=Pips(price),
            count_centi=CentiContracts(count),
            fee_micros=MicroDollars(fee),
            is_taker=True,
            exchange_index=0,
            venue_ts_ms=0,
        ),
        client_order_id=None,
        received_ns=0,
        source="stream",
    )


def settled(value: int) -> SettlementRow:
    return SettlementRow(
        ticker=HOME,
        result="yes",
        yes_count_centi=0,
        no_count_centi=0,
        value_micros=value,
        revenue_micros=0,
        fee_micros=0,
        settled_wall_ns=0,
    )


def told() -> Tally:
    """Two goals: one traded and sold again, one passed; an advance; a phantom."""
    tally = Tally()
    entry = sent()
    tally.dispatched(entry)
    tally.judged(judged("trigger"))
    tally.judged(judged("echo", frame("beta"), behind_ns=43 * MS))
    tally.judged(judged("echo", frame("gamma"), behind_ns=90 * MS))
    tally.outcome(done(entry, accepted(200)))
    tally.filled(fill(1, "bid", 5_200, 200, 3_000), entry.client_order_id)
    way_out = sent(side="ask", entry=entry.client_order_id)
    tally.dispatched(way_out)
    tally.outcome(done(way_out, accepted(200)))
    tally.filled(fill(2, "ask", 6_000, 200, 2_000), way_out.client_order_id)
    report = frame(number=9)
    passed = Passed(trigger=trigger(SECOND, report), ticker=None, reason="no_edge", decided_ns=0)
    tally.not_sent(passed)
    tally.judged(judged("trigger", report, SECOND))
    tally.judged(judged("phantom", report, SECOND, consequence=True))
    third = GoalKey(MATCH, 0, "3-0")
    tally.judged(judged("advance", frame(number=10), third, reason="match not open"))
    return tally


def test_the_summary_counts_what_happened() -> None:
    figures = summary_json(
        tally=told(),
        statement=statement(155_000),
        restarts=2,
        feeds={"alpha": {"wins": 3}},
    )

    assert {name: figures[name] for name in ("events", "triggers", "orders", "exits")} == {
        "events": 3,
        "triggers": 2,
        "orders": 1,
        "exits": 1,
    }
    assert (figures["fills"], figures["cancelled"], figures["executions"]) == (1, 0, 2)
    assert (figures["pnl_microdollars"], figures["statement_difference_microdollars"]) == (
        155_000,
        0,
    )
    assert figures["latency_us"] == {"p50": 300, "p99": 300}
    assert figures["latency_ms_to_accepted"] == {"p50": 29.999, "p99": 29.999}
    assert figures["feeds"] == {"alpha": {"wins": 3}}
    assert figures["restarts"] == 2
    assert figures["funnel"] == {
        "triggers": 2,
        "stopped": {"no_edge": 1},
        "sent": 1,
        "filled": 1,
    }
    assert "1 triggers and legs stopped: no_edge 1" in day_table(told())
    assert json.loads(json.dumps(figures)) == figures


def test_what_was_not_reconciled_is_not_claimed() -> None:
    figures = summary_json(tally=Tally(), statement=None, restarts=0, feeds={})

    assert figures["pnl_microdollars"] is None
    assert figures["statement_difference_microdollars"] is None
    assert figures["latency_us"] == {"p50": None, "p99": None}
    assert day_table(Tally())[-1] == "P&L: not reconciled with the venue"


@pytest.mark.parametrize(
    ("outcome", "standing"),
    [
        (accepted(50), "fills"),
        (accepted(0), "cancelled"),
        (Rejected(status=400, code="insufficient_balance"), "rejected"),
        (Unknown(reason="deadline"), "unknown"),
    ],
)
def test_every_order_ends_as_one_thing(outcome: Outcome, standing: str) -> None:
    tally, entry = Tally(), sent()
    tally.dispatched(entry)
    tally.outcome(done(entry, Unknown(reason="lost")))
    tally.outcome(done(entry, outcome))
    figures = summary_json(tally=tally, statement=None, restarts=0, feeds={})

    names = ("fills", "cancelled", "rejected", "unknown")
    assert {name: figures[name] for name in names} == {
        name: int(name == standing) for name in names
    }


def test_the_table_has_a_row_for_each_goal_and_the_totals() -> None:
    lines = day_table(told(), statement=statement(155_000, 10_000, "cash on shard 0: ..."))

    assert [line.split()[:4] for line in lines[1:4]] == [
        ["12:03:11", MATCH, "1-0", "alpha"],
        ["12:03:11", MATCH, "2-0", "(phantom)"],
        ["12:03:11", MATCH, "3-0", "alpha"],
    ]
    assert "43 ms" in lines[1]
    assert "bid 2.00 @ 0.5300 IRI" in lines[1]
    assert "filled 2.00" in lines[1]
    assert lines[1].endswith("0.155000")
    assert lines[2].endswith("no_edge")
    assert "3 goals, 2 triggers, 1 orders: 1 filled" in lines[5]
    assert lines[-2:] == [
        "difference to the venue's statement: 0.010000",
        "  cash on shard 0: ...",
    ]


def test_a_goal_that_is_still_held_has_no_profit_until_its_market_is_settled() -> None:
    tally, entry = Tally(), sent()
    tally.dispatched(entry)
    tally.filled(fill(1, "bid", 5_200, 200, 3_000), entry.client_order_id)

    assert tally.pnl_micros(KEY) is None
    tally.settlement(settled(1_000_000))
    assert tally.pnl_micros(KEY) == 200 * 4_800 - 3_000


@given(
    trades=st.lists(
        st.tuples(
            st.sampled_from(("bid", "ask")),
            st.integers(1, 9_999),
            st.integers(1, 500),
            st.integers(0, 90),
        ),
        max_size=10,
    ),
    yes=st.booleans(),
)
def test_the_goals_profit_is_what_the_ledger_says(
    trades: list[tuple[Side, int, int, int]], *, yes: bool
) -> None:
    tally, ledger = Tally(), Ledger({}, grid_micros=MicroDollars(1))
    entry = sent()
    tally.dispatched(entry)
    for number, (side, price, count, fee) in enumerate(trades):
        seen = fill(number, side, price, count, fee)
        tally.filled(seen, entry.client_order_id)
        ledger.book(seen.fill)
    value = MicroDollars(1_000_000 if yes else 0)
    tally.settlement(settled(value))
    ledger.settle(HOME, value)

    assert tally.pnl_micros(KEY) == ledger.profit_micros


def test_a_quantile_is_a_sample_that_really_was() -> None:
    assert quantile([], 0.5) is None
    assert quantile([30, 10, 20], 0.5) == 20
    assert quantile(range(100), 0.99) == 99


def test_the_clock_is_utc() -> None:
    assert clock_text(43_391 * 1_000_000_000 + 5) == "12:03:11"
