import attrs
import trio

from actors.audit.recovery import recover
from actors.messages.race import Judged
from actors.messages.records import (
    DayRoll,
    Dispatched,
    ExitHeldRow,
    FillRow,
    Intent,
    MatchRow,
    OrderOutcome,
    Reconciled,
    Report,
    TradingState,
)
from actors.messages.recovered import Recovered
from actors.model.limits import Exposure, Limits
from actors.model.money import MicroDollars
from actors.model.orders import Ticker
from actors.model.score import GoalKey
from actors.runtime.disk import MemoryDisk
from actors.runtime.frames import walk
from actors.runtime.journal import Journal
from actors.runtime.memory import run_seeded
from tests.audit.day import open_day
from tests.audit.words import KEY, MATCH, frame, intent_of, judged
from tests.runtime.journals import (
    ANCHORS,
    CODEC,
    FOLDER,
    entries,
    env_of,
    memory_disk,
    opening,
    paths,
)
from tests.sim.venue.hall import AWAY, HOME, open_hall

DAY_NS = 86_400_000_000_000


def outcome(
    intent: Intent, word: str = "accepted", filled: int = 0, *, resolved: bool = False
) -> OrderOutcome:
    return OrderOutcome(
        intent_seq=1,
        client_order_id=intent.client_order_id,
        outcome=word,
        resolved=resolved,
        order_id=f"venue-{intent.client_order_id}",
        fill_count_centi=filled,
        average_fill_price_micros=0,
        status=0,
        code="",
        venue_ts_ms=0,
        first_byte_ns=0,
        done_ns=0,
    )


def written(*records: object) -> MemoryDisk:
    """Return a disk whose journal holds these records."""
    disk = memory_disk()

    async def write() -> None:
        journal = Journal.open(env_of(disk), FOLDER, CODEC, opening, anchor_file=ANCHORS)
        for record in records:
            journal.append(record)
        journal.close()

    run_seeded(0, write)
    return disk


def from_records(*records: object) -> Recovered:
    return recover(written(*records), FOLDER, CODEC)


def test_a_new_journal_recovers_nothing() -> None:
    recovered = recover(memory_disk(), FOLDER, CODEC)

    assert recovered.first is None
    assert recovered.opening_micros is None
    assert (recovered.entries, recovered.lots, recovered.unresolved) == ((), (), ())


def test_an_intent_without_an_outcome_is_asked_about_and_keeps_its_plan() -> None:
    intent = intent_of("bid", 5_300, 1_200)

    recovered = from_records(intent)

    (sent,) = recovered.unresolved
    assert (sent.client_order_id, sent.purpose, sent.trigger) == (
        intent.client_order_id,
        "entry",
        None,
    )
    assert (sent.key, sent.ticker, sent.limit_pips, sent.intent_seq) == (KEY, HOME, 5_300, 2)
    assert recovered.sent_wall_ns == {intent.client_order_id: 0}
    (plan,) = recovered.plans
    assert (plan.entry_client_order_id, plan.due_ns) == (intent.client_order_id, 0)
    assert (plan.due_wall_ns, plan.floor_pips) == (intent.exit_due_wall_ns, 100)
    (entry,) = recovered.entries
    assert (entry.worst_micros, entry.filled_micros) == (intent.worst_micros, None)
    assert recovered.lots == ()


def test_an_unknown_outcome_is_none_until_it_is_resolved() -> None:
    intent = intent_of("bid", 5_300, 1_200)

    assert len(from_records(intent, outcome(intent, "unknown")).unresolved) == 1
    resolved = outcome(intent, filled=300, resolved=True)
    recovered = from_records(intent, outcome(intent, "unknown"), resolved)
    assert recovered.unresolved == ()
    assert [lot.left_centi for lot in recovered.lots] == [300]


def test_a_filled_entry_is_a_lot_of_what_its_exits_have_not_sold() -> None:
    entry = intent_of("bid", 5_300, 1_200)
    first = intent_of("ask", 6_000, 1_000, entry=entry.client_order_id, attempt=1)
    third = intent_of("ask", 5_900, 600, entry=entry.client_order_id, attempt=3)

    recovered = from_records(
        entry,
        outcome(entry, filled=1_000),
        first,
        outcome(first, filled=400),
        third,
        outcome(third, "rejected"),
    )

    (lot,) = recovered.lots
    assert (lot.plan.entry_client_order_id, lot.left_centi) == (entry.client_order_id, 600)
    # The second attempt was stopped by a control and left no intent; its number is spent.
    assert lot.attempts == 3


def test_a_lot_that_was_sold_or_holds_to_settlement_or_is_settled_is_left_alone() -> None:
    entry = intent_of("bid", 5_300, 1_200)
    bought = (entry, outcome(entry, filled=1_000))
    sold = intent_of("ask", 6_000, 1_000, entry=entry.client_order_id, attempt=1)
    held = ExitHeldRow(
        entry_client_order_id=entry.client_order_id,
        ticker=HOME,
        left_centi=1_000,
        reason="attempts",
        held_ns=0,
    )

    assert from_records(*bought, sold, outcome(sold, filled=1_000)).lots == ()
    assert from_records(*bought, held).lots == ()
    assert from_records(*bought, match_row("SETTLED")).lots == ()
    assert len(from_records(*bought, match_row("ENDED")).lots) == 1


def match_row(stage: str) -> MatchRow:
    return MatchRow(
        match=MATCH,
        series="KXWCGAME",
        title="",
        home_name="",
        away_name="",
        stage=stage,
        refusal="",
        tickers=[HOME, AWAY],
        roles=["home", "away"],
        exchange_index=0,
        fee_type="quadratic",
        fee_multiplier_ppm=1_000_000,
    )


def test_an_exit_that_was_never_answered_has_its_lot_to_be_asked_about() -> None:
    entry = intent_of("bid", 5_300, 1_200)
    exit_order = intent_of("ask", 6_000, 1_000, entry=entry.client_order_id, attempt=1)

    recovered = from_records(entry, outcome(entry, filled=1_000), exit_order, match_row("SETTLED"))

    assert [sent.purpose for sent in recovered.unresolved] == ["exit"]
    assert [(lot.left_centi, lot.attempts) for lot in recovered.lots] == [(0, 1)]
    assert recovered.plans == ()


def test_the_money_at_stake_is_what_the_run_before_had_at_stake() -> None:
    limits = Limits(
        order_count_centi=intent_of("bid", 1, 100_000).count_centi,  # type: ignore[arg-type]  # a record's plain number
        order_notional_micros=MicroDollars(1_000_000_000),
        market_micros=MicroDollars(1_000_000_000),
        match_micros=MicroDollars(1_000_000_000),
        shard_micros=MicroDollars(1_000_000_000),
        day_micros=MicroDollars(1_000_000_000),
        account_micros=MicroDollars(1_000_000_000),
    )
    live = Exposure(limits, day="2026-01-01")
    records: list[object] = []
    for number, filled in enumerate((None, 0, 250, 1_000), 1):
        key = GoalKey(MATCH, 0, f"{number}-0")
        intent = intent_of("bid", 5_300, 1_000, key=key)
        live.reserve(
            intent.client_order_id,
            ticker=Ticker(intent.ticker),
            match=MATCH,
            worst_micros=MicroDollars(intent.worst_micros),
        )
        records.append(intent)
        if filled is not None:
            live.settle_outcome(
                intent.client_order_id, MicroDollars(intent.worst_micros * filled // 1_000)
            )
            records.append(outcome(intent, filled=filled))

    recovered = recover(written(*records), FOLDER, CODEC, day_of=lambda _: "2026-01-01")
    again = Exposure(limits, day="2026-01-01", entries=recovered.entries)

    assert again.spent_day_micros == live.spent_day_micros
    assert again.open_account_micros == live.open_account_micros
    assert again.open_market_micros(HOME) == live.open_market_micros(HOME)


def test_an_order_belongs_to_the_day_in_which_it_was_written_down() -> None:
    first, second = intent_of("bid", 5_300, 100), intent_of("bid", 5_300, 100, ticker=AWAY)
    rolls = (DayRoll(day="monday", wall_ns=0), DayRoll(day="tuesday", wall_ns=DAY_NS))

    recovered = from_records(rolls[0], first, rolls[1], second)

    assert [entry.day for entry in recovered.entries] == ["monday", "tuesday"]


def test_a_person_s_halt_outlives_the_process_and_the_process_s_own_do_not() -> None:
    def state(reason: str) -> TradingState:
        return TradingState(state="HALTED", reason=reason, at_ns=0)

    halted = (state("boot: not reconciled yet"), state("operator: SIGUSR2"))

    assert from_records(*halted).halts == ("operator: SIGUSR2",)
    assert from_records(*halted, state("cleared: operator")).halts == ()


def test_the_highest_connection_of_each_feed_is_known() -> None:
    def report(says: Judged) -> Report:
        epoch, feed = says.report.epoch, says.report.feed
        return Report(
            frame_seq=0,
            feed=feed,
            epoch=epoch,
            frame_no=0,
            kind="opened",
            feed_match="",
            home=-1,
            away=-1,
            period="",
            clock_s=-1,
            judgement="ignored",
            reason="",
            match="",
            generation=0,
            state="",
            behind_ns=-1,
            received_ns=0,
            decoded_ns=0,
            judged_ns=0,
        )

    reports = [
        report(judged("ignored", frame(feed, epoch=epoch)))
        for feed, epoch in (("beta", 2), ("alpha", 5), ("beta", 1))
    ]

    assert dict(from_records(*reports).epochs) == {"alpha": 5, "beta": 2}


def test_the_opening_is_that_of_the_first_clean_reconciliation() -> None:
    def row(*, clean: bool, micros: int) -> Reconciled:
        return Reconciled(
            phase="start",
            clean=clean,
            unresolved=0,
            statement_difference_micros=0,
            lines=[],
            balance_micros=micros,
            opening=[[0, micros]],
        )

    rows = (row(clean=False, micros=1), row(clean=True, micros=2), row(clean=True, micros=3))

    assert from_records(*rows).opening_micros == {0: 2}


async def test_a_real_day_recovers_to_what_the_venue_says_is_open(
    autojump_clock: trio.testing.MockClock,
) -> None:
    hall, disk = open_hall(), memory_disk()
    async with open_day(hall, disk) as day:
        await day.start()
        day.make("ask", 5_200, 900)
        entry = day.trade("bid", 5_300, 900)
        day.make("bid", 6_000, 400)
        day.trade("ask", 6_000, 900, entry=entry.client_order_id, attempt=1)
        day.make("ask", 4_000, 100, AWAY)
        lost = day.trade("bid", 4_000, 500, ticker=AWAY, tell_outcome=False)
        await day.auditor.drain()

    recovered = recover(disk, FOLDER, CODEC)

    assert [(lot.left_centi, lot.attempts) for lot in recovered.lots] == [(500, 1)]
    assert [sent.client_order_id for sent in recovered.unresolved] == [lost.client_order_id]
    assert recovered.sent_wall_ns[lost.client_order_id] >= hall.clock.now_us * 1_000
    fills = [each.record for each in entries(disk) if isinstance(each.record, FillRow)]
    assert recovered.trade_ids == {fill.trade_id for fill in fills}
    assert len(fills) == 3
    assert recovered.first is not None
    assert recovered.first.account == "account"


async def test_whenever_the_process_dies_no_order_that_left_is_forgotten(
    autojump_clock: trio.testing.MockClock,
) -> None:
    hall, disk = open_hall(), memory_disk()
    async with open_day(hall, disk) as day:
        await day.start()
        for number in range(1, 5):
            key = day.goal()
            day.make("ask", 5_200, 300)
            entry = day.trade("bid", 5_300, 900, key=key)
            day.make("bid", 6_000, 100)
            day.trade("ask", 6_000, 300, key=key, entry=entry.client_order_id, attempt=number)
        await day.auditor.drain()
    (path,) = paths(disk)
    data = disk.read(path)
    frames = list(walk(data))

    for last in frames:
        cut = memory_disk()
        cut.make_folder(FOLDER)
        cut.write_whole(path, data[: last.end + 7])  # a torn tail behind it
        recovered = recover(cut, FOLDER, CODEC)
        records = [each.record for each in entries(disk) if each.seq <= last.seq]
        intents = {each.client_order_id: each for each in records if isinstance(each, Intent)}
        answered = {each.client_order_id for each in records if isinstance(each, OrderOutcome)}
        sent = {each.client_order_id for each in records if isinstance(each, Dispatched)}

        assert {each.client_order_id for each in recovered.unresolved} == set(intents) - answered
        assert sent <= set(intents)
        entries_known = {each.client_order_id for each in recovered.entries}
        assert entries_known == {name for name, each in intents.items() if each.purpose == "entry"}
        lots = {lot.plan.entry_client_order_id for lot in recovered.lots}
        plans = {plan.entry_client_order_id for plan in recovered.plans}
        assert lots | plans <= entries_known
        covered = [lot for lot in recovered.lots if lot.awaits_entry]
        assert lots & plans == {lot.plan.entry_client_order_id for lot in covered}
        assert all(lot.attempts and lot.left_centi <= 0 for lot in covered)
        assert all(attrs.asdict(lot.plan)["due_wall_ns"] > 0 for lot in recovered.lots)
