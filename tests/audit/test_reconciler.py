from collections.abc import Callable

import attrs
import pytest
import trio
from hypothesis import given, settings, strategies as st

from actors.audit.errors import NotReconciled
from actors.audit.recovery import recover
from actors.audit.statement import Statement
from actors.exchange.errors import VenueUnreachable
from actors.messages.records import FillRow, Reconciled, SettlementRow
from actors.model.orders import Side
from actors.runtime.memory import run_seeded
from actors.sim.venue.tamper import Tamper
from tests.audit.day import Day, open_day
from tests.audit.words import intent_of
from tests.runtime.journals import CODEC, FOLDER, memory_disk
from tests.sim.venue.hall import AWAY, HOME, open_hall, order

CENT = 10_000
RESTING = "an-exit-that-rests"


def traded(day: Day) -> None:
    """Buy in two fills, sell half of it, and buy NO in the other market."""
    day.make("ask", 5_200, 1_000)
    day.make("ask", 5_300, 500)
    entry = day.trade("bid", 5_300, 1_500)
    day.make("bid", 6_100, 700)
    day.trade("ask", 6_000, 1_500, entry=entry.client_order_id, attempt=1)
    day.make("bid", 3_900, 333, AWAY)
    day.trade("ask", 3_900, 333, ticker=AWAY, key=day.goal())


async def settled_day(day: Day, spoil: Callable[[Day], None] = lambda _: None) -> Statement:
    await day.start()
    traded(day)
    day.hall.settle(HOME, "yes")
    day.hall.settle(AWAY, "no")
    spoil(day)
    statement = await day.end()
    assert statement is not None
    return statement


def tampered(kind: str, micros: int) -> Callable[[Day], None]:
    def spoil(day: Day) -> None:
        day.hall.venue.tamper(Tamper(kind=kind, amount_micros=micros))  # type: ignore[arg-type]  # a parameter of the test, not a literal

    return spoil


def forget_a_fill(day: Day) -> None:
    del day.fills_at_venue()[0]


def trade_by_hand(day: Day) -> None:
    """Somebody trades the account from a browser; the market is open again for it."""
    day.hall.venue.floor.markets[HOME].status = "active"
    day.make("ask", 5_000, 100)
    day.hall.create("us", order("bid", 5_000, 100))


async def test_a_day_that_nobody_tampered_with_differs_by_nothing(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        statement = await settled_day(day)

        assert (statement.total_micros, statement.lines, statement.residues) == (0, (), ())
        assert statement.profit_micros == day.hall.cash("us") - 1_000_000_000
        last = day.last_reconciled()
        assert (last.phase, last.clean, last.unresolved) == ("end", True, 0)
        rows = [row for row in day.records(SettlementRow) if isinstance(row, SettlementRow)]
        assert {row.ticker: row.value_micros for row in rows} == {HOME: 1_000_000, AWAY: 0}


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("balance", "cash on shard 0: "),
        ("fill_fee", "fee of fill "),
        ("settlement_revenue", "settlement of KXWCGAME-26JUN15IRINZL-IRI: the ledger paid "),
    ],
)
@pytest.mark.parametrize("cents", [1, -1, 250])
async def test_a_cent_that_the_venue_gets_wrong_is_named_and_counted_once(
    autojump_clock: trio.testing.MockClock, kind: str, said: str, cents: int
) -> None:
    async with open_day() as day:
        await day.start()
        traded(day)
        day.hall.settle(HOME, "yes")
        day.hall.settle(AWAY, "no")
        reconciler = await day.start()
        tampered(kind, cents * CENT)(day)
        await reconciler.drain()
        await day.auditor.drain()

        statement = reconciler.statement
        assert statement is not None
        assert statement.total_micros == abs(cents) * CENT
        assert len(statement.lines) == 1
        assert statement.lines[0].startswith(said)
        assert day.last_reconciled().statement_difference_micros == abs(cents) * CENT


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (forget_a_fill, "in the journal, not at the venue"),
        (trade_by_hand, "nobody intended it"),
        (trade_by_hand, "and of no order of ours"),
    ],
)
async def test_a_row_that_only_one_side_has_is_named(
    autojump_clock: trio.testing.MockClock, spoil: Callable[[Day], None], said: str
) -> None:
    async with open_day() as day:
        await day.start()
        traded(day)
        reconciler = await day.start()
        spoil(day)
        await reconciler.drain()
        await day.auditor.drain()

        assert reconciler.statement is not None
        assert [line for line in reconciler.statement.lines if said in line]
        assert not day.last_reconciled().clean


async def test_a_fill_that_both_sides_forget_is_missed_by_the_order_s_own_answer(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        await day.start()
        day.make("ask", 5_200, 1_000)
        day.trade("bid", 5_200, 500, tell_fills=False)
        reconciler = await day.start()
        forget_a_fill(day)
        await reconciler.drain()

        assert reconciler.statement is not None
        assert any(
            "5.00 filled by its answer, 0.00 by the venue's fills" in line
            for line in reconciler.statement.lines
        )


async def test_a_fill_that_the_stream_did_not_bring_is_taken_in_at_the_end(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        await day.start()
        day.make("ask", 5_200, 300)
        day.make("ask", 5_300, 1_000)
        entry = day.trade("bid", 5_300, 500, tell_fills=False)

        statement = await day.end()

        assert statement is not None
        assert (statement.total_micros, statement.lines) == (0, ())
        rows = [row for row in day.records(FillRow) if isinstance(row, FillRow)]
        assert [(row.source, row.price_pips, row.client_order_id) for row in rows] == [
            ("rest", 5_200, entry.client_order_id),
            ("rest", 5_300, entry.client_order_id),
        ]


async def test_a_day_that_ends_with_open_positions_differs_by_nothing(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        await day.start()
        traded(day)
        statement = await day.end()

        assert statement is not None
        assert (statement.total_micros, statement.lines) == (0, ())


async def test_a_void_pays_by_the_exact_value_and_its_row_s_missing_part_is_no_difference(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        await day.start()
        day.make("ask", 5_200, 333)
        day.trade("bid", 5_200, 333)
        day.hall.settle(HOME, "scalar", 471_300)

        statement = await day.end()

        assert statement is not None
        assert (statement.total_micros, statement.lines) == (0, ())
        assert len(statement.residues) == 1
        assert "settlement of" in statement.residues[0]


async def test_reads_that_lag_are_waited_for(autojump_clock: trio.testing.MockClock) -> None:
    hall = open_hall(read_lag_us=400_000)
    async with open_day(hall) as day, trio.open_nursery() as nursery:

        async def keep_time() -> None:
            began_us, at = hall.clock.now_us, trio.current_time()
            while True:
                await trio.sleep(0.05)
                hall.clock.now_us = began_us + round((trio.current_time() - at) * 1e6)

        nursery.start_soon(keep_time)
        await trio.sleep(1)
        await day.start()
        traded(day)
        statement = await day.end()
        nursery.cancel_scope.cancel()

    assert statement is not None
    assert statement.lines == ()


async def test_the_first_start_writes_down_with_what_the_account_began(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        await day.start()
        await day.auditor.drain()

        row = day.last_reconciled()
        assert (row.phase, row.clean, row.balance_micros) == ("start", True, 1_000_000_000)
        assert row.opening == [[0, 1_000_000_000]]
        assert "clean" in day.lines
        assert recover(day.disk, FOLDER, CODEC).opening_micros == {0: 1_000_000_000}


async def test_an_account_with_a_past_is_taken_over_as_it_is(
    autojump_clock: trio.testing.MockClock,
) -> None:
    hall = open_hall()
    hall.create("maker", order("ask", 5_000, 1_000, time_in_force="good_till_canceled"))
    hall.create("us", order("bid", 5_000, 700, client_order_id="another-program"))
    async with open_day(hall) as day:
        hall.clock.pass_s(1)
        await day.start()
        traded(day)
        hall.settle(HOME, "no")
        statement = await day.end()

        assert statement is not None
        assert (statement.total_micros, statement.lines) == (0, ())
        first = day.records(Reconciled)[0]
        assert isinstance(first, Reconciled)
        assert statement.profit_micros == hall.cash("us") - first.balance_micros


async def test_the_next_day_goes_on_where_the_last_one_ended(
    autojump_clock: trio.testing.MockClock,
) -> None:
    hall, disk = open_hall(), memory_disk()
    async with open_day(hall, disk) as day:
        await day.start()
        traded(day)
        await day.end()
    hall.settle(HOME, "yes")
    async with open_day(hall, disk) as day:
        await day.start()
        day.make("bid", 3_000, 500, AWAY)
        day.trade("ask", 3_000, 500, ticker=AWAY, key=day.goal(), attempt=2)
        statement = await day.end()

    assert statement is not None
    assert (statement.total_micros, statement.lines) == (0, ())
    assert statement.profit_micros == hall.cash("us") - 1_000_000_000


def take_a_cent(day: Day) -> None:
    tampered("balance", -CENT)(day)


def rest_an_order(day: Day) -> None:
    day.hall.create("us", order("bid", 100, 100, time_in_force="good_till_canceled"))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (take_a_cent, "cash on shard 0: "),
        (trade_by_hand, "nobody intended it"),
        (rest_an_order, "it rests at the venue"),
        (forget_a_fill, "in the journal, not at the venue"),
    ],
)
async def test_nothing_is_traded_while_journal_and_venue_disagree(
    autojump_clock: trio.testing.MockClock, spoil: Callable[[Day], None], said: str
) -> None:
    hall, disk = open_hall(), memory_disk()
    async with open_day(hall, disk) as day:
        await day.start()
        traded(day)
        await day.end()
    async with open_day(hall, disk) as day:
        spoil(day)
        with pytest.raises(NotReconciled) as refusal:
            await day.start()
        await day.auditor.drain()

        assert any(said in line for line in refusal.value.lines)
        assert "clean" not in day.lines
        assert not day.last_reconciled().clean


def rest_an_exit(day: Day) -> None:
    """An exit of ours that was meant to rest does so."""
    meant = intent_of("ask", 9_000, 100, entry="an-entry", attempt=7)
    body = '{"time_in_force":"good_till_canceled"}'
    day.journal.append(attrs.evolve(meant, client_order_id=RESTING, body=body))
    day.hall.create(
        "us",
        order("ask", 9_000, 100, time_in_force="good_till_canceled", client_order_id=RESTING),
    )


async def test_an_exit_that_was_meant_to_rest_may_do_so_at_the_start_and_not_at_the_end(
    autojump_clock: trio.testing.MockClock,
) -> None:
    hall, disk = open_hall(), memory_disk()
    async with open_day(hall, disk) as day:
        await day.start()
        traded(day)
        rest_an_exit(day)
        statement = await day.end()
        assert statement is not None
        assert any("it rests at the venue" in line for line in statement.lines)
    async with open_day(hall, disk) as day:
        await day.start()
        assert "clean" in day.lines


async def test_a_venue_that_cannot_be_asked_is_no_disagreement(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        day.counter.shut_for = 10_000
        with pytest.RaisesGroup(VenueUnreachable, flatten_subgroups=True):
            await day.start()

    async with open_day() as day:
        day.counter.shut_for = 3
        await day.start()
        day.counter.shut_for = 10_000
        reconciler = day.reconciler()
        await reconciler.drain()
        await day.auditor.drain()

        assert reconciler.statement is None
        assert "could not be asked" in day.last_reconciled().lines[0]


steps = st.lists(
    st.tuples(
        st.sampled_from((HOME, AWAY)),
        st.sampled_from(("bid", "ask")),
        st.integers(1, 99).map(lambda cents: cents * 100),
        st.integers(1, 2_000),
        st.integers(1, 3),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(
    steps=steps,
    verdict=st.sampled_from(("yes", "no", "scalar", None)),
    value=st.integers(1, 9_999),
    fault=st.sampled_from((0, 0, 1, -1, 7)),
    restart=st.integers(0, 12),
)
def test_every_history_differs_by_exactly_what_was_tampered_with(
    steps: list[tuple[str, Side, int, int, int]],
    verdict: str | None,
    value: int,
    fault: int,
    restart: int,
) -> None:
    hall, disk = open_hall(), memory_disk()

    async def part(taken: list[tuple[str, Side, int, int, int]], first: int) -> Statement | None:
        async with open_day(hall, disk) as day:
            reconciler = await day.start()
            for number, (ticker, side, price, count, slices) in enumerate(taken, first):
                for _ in range(slices):
                    day.make("ask" if side == "bid" else "bid", price, count, ticker)  # type: ignore[arg-type]  # a sampled ticker
                # The last slice finds too little: an order may fill in part, or not at all.
                day.trade(side, price, count * slices + 50, ticker=ticker, attempt=number)  # type: ignore[arg-type]  # a sampled ticker
                hall.clock.pass_s(0.001)
                await trio.sleep(0.001)
            if first and verdict is not None:
                hall.settle(HOME, verdict, value * 100 if verdict == "scalar" else None)  # type: ignore[arg-type]  # a sampled verdict
            if first:
                hall.venue.tamper(Tamper(kind="balance", amount_micros=fault * CENT))
            await reconciler.drain()
            await day.auditor.drain()
            return reconciler.statement

    cut = min(restart, len(steps))
    first = run_seeded(0, part, steps[:cut], 0)
    assert first is not None
    assert (first.total_micros, first.lines) == (0, ())
    last = run_seeded(0, part, steps[cut:], 100)
    assert last is not None
    assert last.total_micros == abs(fault) * CENT
    assert len(last.lines) == (1 if fault else 0)
