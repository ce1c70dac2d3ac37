import errno

import pytest
import trio

from actors.audit.auditor import BEHIND, GATHER_MOST, GATHER_S, TURN_MOST
from actors.audit.errors import UnknownWord
from actors.audit.findings import fill_of_row
from actors.audit.recording import RAW_MOST_BYTES
from actors.messages.market import TradeSeen
from actors.messages.race import MatchDoubt
from actors.messages.records import (
    ActorRow,
    BookAt,
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
    TradingState,
    Triggered,
)
from actors.messages.records_review import DoubtRow
from actors.messages.trading import (
    ExitHeld,
    ExitPlan,
    FillSeen,
    OrderDone,
    Passed,
    Rejected,
    Unknown,
)
from actors.model.money import CentiContracts, Pips
from actors.runtime.child import ActorEvent
from actors.runtime.errors import JournalFailed
from tests.audit.day import Day, open_day
from tests.audit.test_instants import delta, lost, snapshot
from tests.audit.words import (
    KEY,
    MATCH,
    fill_of,
    frame,
    intent_of,
    judged,
    sent_of,
    the_match,
    trigger,
)
from tests.runtime.journals import entries, memory_disk
from tests.sim.venue.hall import HOME

SECOND_NS = 1_000_000_000
MS = 1_000_000


def kinds(day: Day) -> list[str]:
    """Return what the journal holds beyond its own records and the match, oldest first."""
    own = {"Segment", "Anchor", "MatchRow"}
    names = [type(each.record).__name__ for each in entries(day.disk)]
    return [name for name in names if name not in own]


async def heard(day: Day, *items: object) -> Day:
    for item in items:
        day.inbox.post(item)
    while day.inbox.depth:  # noqa: ASYNC110 - a test's clock jumps; nothing is spent waiting
        await trio.sleep(0.001)
    return day


async def test_a_report_points_at_the_frame_it_was_read_from(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        await heard(day, judged("echo", frame("beta", 9), behind_ns=43 * MS))

        raw, report = [each for each in entries(day.disk) if each.type_no in {20, 21}]
        assert isinstance(raw.record, RawFrame)
        assert isinstance(report.record, Report)
        assert report.record.frame_seq == raw.seq
        assert raw.record.text == '{"score":"1-0"}'
        assert (report.record.judgement, report.record.behind_ns) == ("echo", 43 * MS)
        assert (report.record.home, report.record.away, report.record.state) == (1, 0, "1-0")


async def test_a_frame_is_written_once_however_often_it_is_judged(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        await heard(
            day,
            Passed(trigger=trigger(), ticker=None, reason="no_play", decided_ns=5),
            judged("trigger"),
            judged("phantom", consequence=True),
            judged("trigger", frame(number=8)),
        )

        assert kinds(day) == [
            "RawFrame",
            "Triggered",
            "PassedRow",
            "Report",
            "Report",
            "RawFrame",
            "Report",
        ]


async def test_heartbeats_are_counted_and_not_kept(autojump_clock: trio.testing.MockClock) -> None:
    async with open_day() as day:
        beat = frame(kind="heartbeat", score=None, raw=b"{}")
        await heard(day, judged("ignored", beat, None), judged("ignored", beat, None))

        assert kinds(day) == []
        assert day.auditor.tally.heartbeats == 2


async def test_a_connection_s_beginning_and_end_are_kept_without_a_frame(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        closed = frame(kind="closed", score=None, raw=b"", number=0, reason="silent for 30 s")
        await heard(day, judged("ignored", closed, None))

        (row,) = day.records(Report)
        assert isinstance(row, Report)
        assert (row.frame_seq, row.kind, row.reason) == (0, "closed", "silent for 30 s")
        assert (row.home, row.away, row.clock_s, row.behind_ns) == (-1, -1, -1, -1)


async def test_no_provider_can_stop_the_journal_with_what_it_sends(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        worst = frame(raw=b"\x00\xff" * (1 << 20), feed_match="\ud800" * 5_000)
        await heard(day, judged("ignored", worst, None), the_match(title="\udfff vs x"))

        raw, report = day.records(RawFrame)[0], day.records(Report)[0]
        assert isinstance(raw, RawFrame)
        assert raw.text.startswith("\x00\\xff")
        assert raw.text.endswith(f"[cut: {2 << 20} bytes]")
        assert len(raw.text) < 5 * RAW_MOST_BYTES
        assert isinstance(report, Report)
        assert report.feed_match.startswith("\\ud800")


async def test_a_trigger_is_on_record_before_what_came_of_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        intents = [intent_of("bid", 5_300, 100), intent_of("ask", 4_000, 100)]
        seqs = [day.journal.append(intent) for intent in intents]
        won = trigger()
        sents = [sent_of(*each, won=won) for each in zip(intents, seqs, strict=True)]
        await heard(day, *sents, judged("trigger"))

        assert kinds(day)[2:7] == ["RawFrame", "Triggered", "Dispatched", "Dispatched", "Report"]
        row = day.records(Dispatched)[0]
        assert isinstance(row, Dispatched)
        assert (row.intent_seq, row.received_ns, row.judged_ns) == (seqs[0], 1_000, 61_000)
        assert (row.gated_ns, row.intent_ns, row.sent_ns) == (1_997_000, 1_998_000, 2_000_000)
        (first,) = day.records(Triggered)
        assert isinstance(first, Triggered)
        assert (first.scorer, first.fresh_feeds, first.feed) == ("home", 4, "alpha")


async def test_every_word_becomes_its_record(autojump_clock: trio.testing.MockClock) -> None:
    plan = ExitPlan(
        key=KEY,
        match=MATCH,
        ticker=HOME,
        entry_side="bid",
        entry_client_order_id="e",
        exchange_index=0,
        due_ns=0,
        due_wall_ns=0,
        floor_pips=Pips(100),
    )
    async with open_day() as day:
        await heard(
            day,
            snapshot(1, {5_000: 100}, {5_200: 100}, HOME),
            delta(2, "ask", 5_200, -50, HOME),
            lost(3, HOME),
            TradeSeen(
                trade_id="t",
                ticker=HOME,
                price_pips=Pips(5_200),
                count_centi=CentiContracts(50),
                taker_side="bid",
                venue_ts_ms=1,
                received_ns=4,
            ),
            MatchDoubt(match=MATCH, in_doubt=True, reason="went back", key=KEY),
            Passed(trigger=trigger(), ticker=HOME, reason="collar", decided_ns=5),
            ExitHeld(plan=plan, left_centi=CentiContracts(7), reason="attempts", held_ns=6),
            ActorEvent(actor="feed.a", event="restarted", reason="x", restarts=1, at_ns=7),
            TradingState(state="HALTED", reason="operator: SIGUSR2", at_ns=8),
        )

        for kind in (
            BookRow,
            DeltaRow,
            BookLostRow,
            TradeRow,
            DoubtRow,
            PassedRow,
            ExitHeldRow,
            ActorRow,
            TradingState,
        ):
            assert len(day.records(kind)) == 1, kind
        assert any("7" in line and "held to settlement: attempts" in line for line in day.lines)


async def test_a_match_is_written_down_when_something_of_it_changes(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        await heard(day, the_match(), the_match(kickoff_wall_ns=5), the_match(stage="ENDED"))

        rows = [row for row in day.records(MatchRow) if isinstance(row, MatchRow)]
        assert [row.stage for row in rows] == ["LIVE", "ENDED"]
        assert (rows[0].tickers[0], rows[0].roles) == (HOME, ["home", "away"])
        assert (rows[0].fee_type, rows[0].fee_multiplier_ppm) == ("quadratic", 1_000_000)


async def test_an_outcome_says_what_the_venue_said(autojump_clock: trio.testing.MockClock) -> None:
    async with open_day() as day:
        sent = sent_of(intent_of("bid", 5_300, 100), 2, won=trigger())
        lost_answer = OrderDone(
            sent=sent, outcome=Unknown(reason="deadline"), first_byte_ns=None, done_ns=9
        )
        refused = OrderDone(
            sent=sent,
            outcome=Rejected(status=400, code="insufficient_balance"),
            first_byte_ns=8,
            done_ns=9,
            resolved=True,
        )
        await heard(day, sent, lost_answer, refused)

        unknown, rejected = day.records(OrderOutcome)
        assert isinstance(unknown, OrderOutcome)
        assert isinstance(rejected, OrderOutcome)
        assert (unknown.outcome, unknown.code, unknown.first_byte_ns) == ("unknown", "deadline", 0)
        assert (rejected.outcome, rejected.status, rejected.code, rejected.resolved) == (
            "rejected",
            400,
            "insufficient_balance",
            True,
        )
        tally = day.auditor.tally
        assert tally.settled == {"unknown": 0, "rejected": 1}


async def test_an_execution_is_one_row_whichever_way_and_however_often_it_comes(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        day.make("ask", 5_200, 300)
        day.trade("bid", 5_200, 300)
        day.make("ask", 5_300, 300)
        day.trade("bid", 5_300, 300, attempt=1)
        await heard(day)
        rows = [row for row in day.records(FillRow) if isinstance(row, FillRow)]
        again = day.records(FillRow)
        await heard(day, *[told_again(row) for row in rows])

        assert day.records(FillRow) == again
        assert len(again) == 2
        assert all(row.fee_micros == row.model_fee_micros > 0 for row in rows)
        assert day.auditor.tally.executions == 2


def told_again(row: FillRow) -> FillSeen:
    return FillSeen(fill=fill_of_row(row), client_order_id=None, received_ns=0, source="rest")


async def test_books_around_an_order_are_written_in_time_even_in_silence(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        began_ns = day.env.now_ns()
        sent = sent_of(intent_of("bid", 5_300, 100), 2, at_ns=began_ns + 5, won=trigger())
        await heard(day, snapshot(began_ns, {}, {5_200: 300}, HOME), sent)
        await trio.sleep(0.04)
        day.inbox.post(delta(day.env.now_ns(), "ask", 5_200, -100, HOME))
        await trio.sleep(1.5)

        found = [
            (each.record, each.mono_ns)
            for each in entries(day.disk)
            if isinstance(each.record, BookAt)
        ]
        assert [book.offset_ms for book, _ in found] == [0, 30, 100, 1_000]
        assert [book.asks[0][1] for book, _ in found] == [300, 300, 200, 200]
        assert all(book.whole for book, _ in found)
        assert all(0 < written - book.at_ns <= 50 * MS for book, written in found)


async def test_draining_leaves_nothing_unwritten(autojump_clock: trio.testing.MockClock) -> None:
    async with open_day() as day:
        sent = sent_of(intent_of("bid", 5_300, 100), 2, at_ns=day.env.now_ns() + 1, won=trigger())
        day.inbox.post(snapshot(0, {}, {5_200: 300}, HOME))
        day.inbox.post(sent)
        for number in range(10 * TURN_MOST):
            day.inbox.post(delta(number, "bid", 5_000, 1, HOME))
        await day.auditor.drain()

        assert day.inbox.depth == 0
        assert len(day.records(DeltaRow)) == 10 * TURN_MOST
        assert [book.whole for book in day.records(BookAt)] == [False] * 4  # type: ignore[attr-defined]  # records of one kind
        assert len(day.lines) == 1


async def test_a_burst_lets_others_run_between_short_turns(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        for number in range(20 * TURN_MOST):
            day.inbox.post(delta(number, "bid", 5_000, 1, HOME))
        await trio.sleep(GATHER_S)
        turns = 0
        while day.inbox.depth:
            await trio.lowlevel.checkpoint()
            turns += 1

        assert turns >= 10


async def test_the_more_words_wait_the_longer_is_a_turn(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        # Once it has written what the day began with, it waits for the first word.
        await trio.sleep(2 * GATHER_S)
        for number in range(5 * BEHIND):
            day.inbox.post(delta(number, "bid", 5_000, 1, HOME))
        turns = 0
        while day.inbox.depth > 2 * BEHIND:
            await trio.lowlevel.checkpoint()
            turns += 1

        assert turns <= 3 * BEHIND / (3 * TURN_MOST) + 2


async def test_words_gather_and_are_written_together(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        await heard(day)
        before = day.disk.operations
        for number in range(10):
            day.inbox.post(delta(number, "bid", 5_000, 1, HOME))
            await trio.sleep(GATHER_S / 20)
        assert day.disk.operations == before
        await trio.sleep(GATHER_S)

        assert day.disk.operations == before + 1
        assert day.inbox.depth == 0


async def test_no_word_waits_longer_than_the_gathering_however_many_follow_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        await heard(day)
        for _ in range(500):
            for _ in range(3):
                day.inbox.post(delta(day.env.now_ns(), "bid", 5_000, 1, HOME))
            await trio.sleep(0.001)
        await trio.sleep(GATHER_S)

        rows = [
            (each.record, each.mono_ns)
            for each in entries(day.disk)
            if isinstance(each.record, DeltaRow)
        ]
        assert len(rows) == 1_500
        assert all(
            0 <= written_ns - row.received_ns <= 1.01 * GATHER_S * SECOND_NS
            for row, written_ns in rows
        )


async def test_a_flood_is_not_gathered(autojump_clock: trio.testing.MockClock) -> None:
    async with open_day() as day:
        await heard(day)
        for number in range(2 * GATHER_MOST):
            day.inbox.post(delta(number, "bid", 5_000, 1, HOME))
        now_s = trio.current_time()
        for _ in range(3 * GATHER_MOST // TURN_MOST):
            await trio.lowlevel.checkpoint()

        assert day.inbox.depth == 0
        assert trio.current_time() == now_s


async def test_an_intent_is_written_at_once_while_words_gather(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        await heard(day)
        day.inbox.post(judged("echo"))
        await trio.sleep(GATHER_S / 2)
        seq = day.journal.append(intent_of("bid", 5_300, 100))

        assert kinds(day) == ["Intent"]
        await trio.sleep(GATHER_S)
        assert kinds(day) == ["Intent", "RawFrame", "Report"]
        assert day.records(Report)[0].frame_seq == seq + 1  # type: ignore[attr-defined]  # records of one kind


async def test_a_life_that_ends_while_words_gather_loses_none_of_them(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        await heard(day)
        day.stop.cancel()
        await trio.sleep(1)
        for life in range(3):
            async with trio.open_nursery() as nursery:
                await nursery.start(day.auditor.run)
                for number in range(5):
                    day.inbox.post(delta(10 * life + number, "bid", 5_000, 1, HOME))
                await trio.sleep(GATHER_S / 2)
                nursery.cancel_scope.cancel()
        assert day.records(DeltaRow) == []
        async with trio.open_nursery() as nursery:
            await nursery.start(day.auditor.run)
            await day.auditor.drain()
            nursery.cancel_scope.cancel()

        rows = [row for row in day.records(DeltaRow) if isinstance(row, DeltaRow)]
        assert [row.received_ns for row in rows] == [
            10 * life + number for life in range(3) for number in range(5)
        ]


async def test_draining_waits_for_no_gathering(autojump_clock: trio.testing.MockClock) -> None:
    async with open_day() as day:
        await heard(day)
        for number in range(3):
            day.inbox.post(delta(number, "bid", 5_000, 1, HOME))
            await trio.sleep(GATHER_S / 10)
            now_s = trio.current_time()
            await day.auditor.drain()

            assert trio.current_time() == now_s
            assert len(day.records(DeltaRow)) == number + 1


async def test_what_came_before_a_word_that_is_refused_is_written(
    autojump_clock: trio.testing.MockClock,
) -> None:
    disk = memory_disk()
    with pytest.RaisesGroup(UnknownWord, flatten_subgroups=True):
        async with open_day(disk=disk) as day:
            await heard(day)
            day.inbox.post(delta(1, "bid", 5_000, 1, HOME))
            day.inbox.post("hello")
            await trio.sleep(1)

    assert [each.type_no for each in entries(disk)][-1] == 31


async def test_what_is_nothing_for_the_journal_is_refused_loudly(
    autojump_clock: trio.testing.MockClock,
) -> None:
    with pytest.RaisesGroup(UnknownWord, flatten_subgroups=True):
        async with open_day() as day:
            day.inbox.post("hello")
            await trio.sleep(1)


async def test_a_goal_becomes_one_line_once_it_is_known_what_became_of_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        day.make("ask", 5_200, 300)
        day.trade("bid", 5_300, 200)
        await heard(day, judged("trigger"))
        assert day.lines == []
        await heard(day, judged("echo", frame("beta"), behind_ns=43 * MS))

        assert day.lines == [
            (
                "12:03:11 IRI 1-0 NZL  alpha first by 43 ms"
                "  bid 2.00 @ 0.5300 IRI -> filled 2.00, 0.30 ms to wire, 29.7 ms to accepted"
            )
        ]


async def test_a_goal_that_nobody_else_shows_is_told_after_a_while_and_again_when_it_is_taken_back(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        passed = Passed(trigger=trigger(), ticker=None, reason="no_play", decided_ns=5)
        await heard(day, passed, judged("trigger"))
        await trio.sleep(3)
        assert day.lines == ["12:03:11 IRI 1-0 NZL  alpha first  passed: no_play"]
        await heard(day, judged("phantom", consequence=True))

        assert day.lines[1] == "12:03:11 IRI 1-0 NZL  alpha first  passed: no_play  PHANTOM"
        await trio.sleep(20)
        assert len(day.lines) == 2


async def test_a_journal_that_fails_ends_the_auditor(
    autojump_clock: trio.testing.MockClock,
) -> None:
    with pytest.RaisesGroup(JournalFailed, flatten_subgroups=True):
        async with open_day() as day:
            await heard(day)
            day.disk.fail_at(1, OSError(errno.ENOSPC, "full"), lasting=True)
            day.inbox.post(judged("echo"))
            await trio.sleep(1)


async def test_a_fill_without_our_id_gets_it_from_the_answer_to_its_order(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_day() as day:
        day.make("ask", 5_200, 300)
        entry = day.trade("bid", 5_200, 300, tell_fills=False)
        (view,) = day.fills_at_venue()
        await heard(
            day,
            FillSeen(fill=fill_of(view), client_order_id=None, received_ns=1, source="rest"),
        )

        (row,) = day.records(FillRow)
        assert isinstance(row, FillRow)
        assert (row.client_order_id, row.source) == (entry.client_order_id, "rest")
