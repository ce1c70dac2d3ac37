import pytest

from actors.audit.report_facts import Standing
from tests.audit.report_day import AWAY, HOME, MILLI, SECOND_NS, WALL, Script, script, traded


def test_a_traded_goal_knows_its_feed_its_margin_and_what_it_filled() -> None:
    event = traded().event()

    assert event.key.state == "1-0"
    assert event.before == "0-0"
    assert event.feed == "alpha"
    assert event.margin_ns == 43 * MILLI
    assert event.verdict == "filled"
    assert (event.filled_centi, event.wanted_centi) == (12_000, 12_000)
    assert event.wire_ns == [310_000]
    assert event.answer_ns == [29 * MILLI - 310_000]
    assert event.received_wall_ns == WALL + 11 * SECOND_NS
    assert [order.name for order in event.entries] == ["entry-1"]
    assert [order.name for order in event.exits] == ["exit-1"]
    assert event.side_name(HOME) == "England"
    assert event.side_name(AWAY) == "DR Congo"


@pytest.mark.parametrize(
    ("filled_centi", "outcome", "standing"),
    [
        (12_000, "accepted", "filled"),
        (1, "accepted", "part filled"),
        (0, "accepted", "not filled"),
        (0, "rejected", "rejected"),
        (0, "unknown", "unknown"),
    ],
)
def test_an_order_stands_as_its_last_answer_says(
    filled_centi: int, outcome: str, standing: Standing
) -> None:
    made = script()
    made.order("entry-1", "1-0")
    made.goal("alpha", "1-0")
    made.outcome("entry-1", filled_centi, outcome=outcome)
    event = made.event()

    assert event.entries[0].standing == standing
    assert event.verdict == standing


def test_an_order_without_an_answer_is_unknown() -> None:
    made = script()
    made.order("entry-1", "1-0")
    event = made.event()

    assert event.verdict == "unknown"
    assert event.entries[0].answer_ns is None


def test_an_execution_counts_before_the_answer_is_there() -> None:
    made = script()
    made.order("entry-1", "1-0")
    made.fill("trade-1", "entry-1", 5_000, 100)

    assert made.event().verdict == "part filled"


def test_one_filled_leg_beside_an_empty_one_is_a_part_fill() -> None:
    made = script()
    made.order("entry-1", "1-0")
    made.order("entry-2", "1-0", ticker=AWAY, side="ask")
    made.goal("alpha", "1-0")
    made.outcome("entry-1", 12_000)
    made.outcome("entry-2", 0)

    assert made.event().verdict == "part filled"


def test_an_unknown_order_that_a_look_up_resolved_has_no_answer_time() -> None:
    made = script()
    made.order("entry-1", "1-0")
    made.outcome("entry-1", 0, outcome="unknown", first_byte_ns=0)
    made.outcome("entry-1", 12_000, resolved=True)
    (order,) = made.event().entries

    assert order.standing == "filled"
    assert order.answer_ns is None


def test_a_trigger_that_sent_nothing_was_passed_and_an_advance_was_not_traded() -> None:
    made = script()
    made.goal("alpha", "1-0")
    made.passed("1-0", "no_edge")
    made.at_ns += 9 * SECOND_NS
    made.report("alpha", "2-0", "advance", reason="not regulation")

    assert [event.verdict for event in made.day().events] == ["passed", "not traded"]


@pytest.mark.parametrize("end", ["overturned", "phantom"])
def test_an_event_whose_score_was_taken_back_says_how(end: str) -> None:
    made = script()
    made.goal("alpha", "1-0")
    made.at_ns += SECOND_NS
    made.report("bravo", "0-0", end, state="1-0")
    made.report("bravo", "0-0", "stands", state="0-0", generation=1)
    made.at_ns += SECOND_NS
    made.goal("alpha", "1-0", generation=1)
    first, second = made.day().events

    assert first.ended == end
    assert second.ended == ""
    assert second.before == "0-0"
    assert second.key.generation == 1


def test_the_facts_of_an_event_are_all_its_records_once_in_order() -> None:
    made = traded()
    facts = made.event().facts()
    seqs = [fact.seq for fact in facts]

    assert seqs == sorted(set(seqs))
    kinds = {type(fact.record).__name__ for fact in facts}
    assert kinds >= {"Segment", "MatchRow", "Triggered", "Report", "RawFrame", "Intent"}
    assert kinds >= {"Dispatched", "OrderOutcome", "FillRow", "BookAt"}


def test_what_another_run_wrote_is_at_no_distance_from_the_frame() -> None:
    made = traded()
    made.start("later", wall_ns=WALL + 3_600 * SECOND_NS)
    made.report("bravo", "0-0", "reversal", state="1-0")
    event = made.event()
    told = event.reports[-1]

    assert told.record.judgement == "reversal"
    assert event.since_ns(told, told.record.judged_ns) is None


def test_an_event_that_only_its_intent_tells_of_begins_with_the_intent() -> None:
    made = Script()
    made.start()
    made.at_ns = 7 * SECOND_NS
    made.order("entry-1", "1-0")
    event = made.event()

    assert event.received_ns == 7 * SECOND_NS
    assert event.feed == "alpha"
    assert event.legs == []
    assert event.side_name(HOME) == HOME
