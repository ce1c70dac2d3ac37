from actors.messages.records import ActorRow, ExitHeldRow, Reconciled, TradingState
from actors.messages.records_review import DoubtRow
from tests.audit.report_day import HOME, MATCH, MILLI, SECOND_NS, WALL, Script, script, traded


def test_every_accepted_score_is_an_event_and_nothing_else_is() -> None:
    made = script()
    made.report("alpha", "0-0", "baseline", reason="first score of the match")
    made.report("bravo", "0-0", "baseline")
    made.goal("alpha", "1-0")
    made.report("bravo", "1-0", "echo")
    made.report("bravo", "1-0", "repeat")
    made.report("charlie", "2-0", "claim", reason="only corroborates")
    made.report("alpha", "2-0", "advance", reason="not regulation")
    day = made.day()

    assert [event.key.state for event in day.events] == ["1-0", "2-0"]
    assert [event.number for event in day.events] == [1, 2]
    assert day.feeds == ["alpha", "bravo", "charlie"]


def test_an_intent_before_its_trigger_and_report_is_one_event_with_them() -> None:
    made = script()
    made.order("entry-1", "1-0")
    made.goal("alpha", "1-0")

    assert len(made.day().events) == 1


def test_a_feed_that_was_ahead_without_a_say_stands_before_zero_and_is_no_margin() -> None:
    made = script()
    made.report("charlie", "1-0", "claim", reason="only corroborates")
    made.at_ns += 20 * MILLI
    made.goal("alpha", "1-0")
    made.at_ns += 60 * MILLI
    made.report("bravo", "1-0", "echo")
    event = made.event()

    assert [shown.feed for shown in event.race] == ["alpha", "charlie", "bravo"]
    assert [shown.behind_ns for shown in event.race] == [0, -20 * MILLI, 60 * MILLI]
    assert event.margin_ns == 60 * MILLI


def test_a_feed_that_connected_afterwards_showed_it_at_no_distance() -> None:
    made = script()
    made.goal("alpha", "1-0")
    made.at_ns += SECOND_NS
    made.report("bravo", "1-0", "baseline")
    shown = made.event().race[-1]

    assert shown.feed == "bravo"
    assert shown.report is not None
    assert shown.behind_ns is None


def test_a_feed_that_missed_a_score_is_listed_with_what_it_showed_until_the_next() -> None:
    made = script()
    made.report("bravo", "0-0", "baseline")
    made.goal("alpha", "1-0")
    made.at_ns += SECOND_NS
    made.goal("alpha", "2-0")
    made.at_ns += SECOND_NS
    made.report("bravo", "2-0", "echo")
    first, second = made.day().events
    missed = first.race[-1]

    assert missed.report is None
    assert missed.last is not None
    assert missed.last.record.state == "0-0"
    assert second.race[-1].behind_ns == SECOND_NS


def test_a_report_without_a_key_is_known_by_the_feeds_own_id_of_the_match() -> None:
    made = script()
    made.report("bravo", "0-0", "baseline")
    made.report("bravo", "5-5", "baseline", match="", state="", reason="not the accepted score")
    made.goal("alpha", "1-0")
    missed = made.event().race[-1]

    assert missed.last is not None
    assert (missed.last.record.home, missed.last.record.away) == (5, 5)


def test_repeats_are_counted_and_clock_reports_are_left_out() -> None:
    made = script()
    made.goal("alpha", "1-0")
    for _ in range(3):
        made.report("alpha", "1-0", "repeat")
        made.report("alpha", "1-0", "ignored", reason="clock")
    event = made.event()

    assert event.repeats == 3
    assert [fact.record.judgement for fact in event.reports] == ["trigger"]


def test_an_execution_finds_its_order_by_the_venues_id_and_counts_once() -> None:
    made = script()
    made.order("entry-1", "1-0")
    made.outcome("entry-1", 200)
    made.fill("trade-1", "entry-1", 5_000, 100, client_order_id="")
    made.fill("trade-1", "entry-1", 5_000, 100)
    made.fill("trade-2", "entry-1", 5_000, 100)
    made.fill("trade-3", "nobody", 5_000, 100)
    (order,) = made.event().entries

    assert [fact.record.trade_id for fact in order.fills] == ["trade-1", "trade-2"]


def test_what_a_later_run_did_belongs_to_the_event_and_keeps_its_own_clock() -> None:
    made = traded()
    made.start("later", wall_ns=WALL + 3_600 * SECOND_NS)
    made.at_ns = 2 * SECOND_NS
    made.order("exit-2", "1-0", purpose="exit", side="ask", entry_client_order_id="entry-1")
    made.report("alpha", "1-0", "advance", reason="traded before")
    day = made.day()
    (event,) = day.events

    assert [run.segment.record.run for run in day.runs] == ["run", "later"]
    assert event.run.number == 0
    assert event.received_ns == 11 * SECOND_NS
    assert [order.run.number for order in event.exits] == [0, 1]
    assert event.exits[1].run.wall_ns(2 * SECOND_NS) == WALL + 3_602 * SECOND_NS


def test_an_event_whose_run_died_after_its_intent_is_detected_by_the_run_that_reports_it() -> None:
    made = script()
    made.at_ns = 50 * SECOND_NS
    made.order("entry-1", "1-0")
    made.start("later", wall_ns=WALL + 3_600 * SECOND_NS)
    made.at_ns = SECOND_NS
    made.report("alpha", "1-0", "advance", reason="traded before")
    event = made.event()

    assert event.run.number == 1
    assert event.received_wall_ns == WALL + 3_601 * SECOND_NS


def test_a_new_segment_of_the_same_run_is_no_new_run() -> None:
    made = traded()
    at_ns = made.at_ns
    made.start("run", wall_ns=WALL + at_ns)

    assert len(made.day().runs) == 1


def test_holds_doubts_and_settlements_go_to_the_event_they_concern() -> None:
    made = traded()
    made.add(
        ExitHeldRow(
            entry_client_order_id="entry-1",
            ticker=HOME,
            left_centi=5,
            reason="attempts",
            held_ns=made.at_ns,
        )
    )
    made.add(
        DoubtRow(match=MATCH, generation=0, state="1-0", in_doubt=True, reason="bravo shows 0-0")
    )
    made.settle(HOME, 1_000_000)
    made.settle(f"{MATCH}-OTHER", 0)
    event = made.event()

    assert [fact.record.left_centi for fact in event.held] == [5]
    assert [fact.record.reason for fact in event.doubts] == ["bravo shows 0-0"]
    assert [fact.record.ticker for fact in event.settlements] == [HOME]


def test_a_day_knows_its_reconciliations_its_trading_states_and_what_failed() -> None:
    made = script()
    made.add(TradingState(state="HALTED", reason="operator", at_ns=1))
    for event in ("started", "failed", "restarted", "stopped"):
        made.add(ActorRow(actor="signer", event=event, reason="", restarts=0, at_ns=2))
    made.add(
        Reconciled(
            phase="end",
            clean=True,
            unresolved=0,
            statement_difference_micros=0,
            lines=[],
            balance_micros=1,
        )
    )
    day = made.day()

    assert [type(fact.record).__name__ for fact in day.incidents] == [
        "TradingState",
        "ActorRow",
        "ActorRow",
    ]
    assert [fact.record.phase for fact in day.reconciled] == ["end"]


def test_an_empty_journal_is_a_day_without_events() -> None:
    assert Script().day().events == []
