from typing import Any

from actors.audit.report_money import money_of
from actors.audit.report_story import about_decision, ahead, explanation, lede
from actors.messages.records import TradeRow
from tests.audit.report_day import HOME, MILLI, SECOND_NS, WALL, Script, script, traded


def trade(
    made: Script,
    after_ms: int,
    pips: int,
    count_centi: int,
    **changes: Any,  # noqa: ANN401 - a record's own fields
) -> None:
    at_ns = made.at_ns + after_ms * MILLI
    fields = {
        "trade_id": f"other-{after_ms}",
        "ticker": HOME,
        "taker_side": "bid",
        "venue_ts_ms": (WALL + at_ns) // MILLI,
        "received_ns": at_ns + 10 * MILLI,
    }
    made.add(TradeRow(price_pips=pips, count_centi=count_centi, **{**fields, **changes}))


def lost() -> Script:
    """An order that came too late: others took its levels 8 and 5 ms before it arrived."""
    made = script()
    made.order("entry-1", "1-0")
    made.goal("alpha", "1-0")
    made.book_at("entry-1", 0, [(5_000, 10_000)], [(5_200, 6_000), (5_400, 8_000)])
    made.book_at("entry-1", 30, [(5_000, 10_000)], [])
    made.outcome("entry-1", 0)
    trade(made, 7, 5_200, 6_000)
    trade(made, 10, 5_400, 8_000)
    trade(made, 11, 5_000, 100, taker_side="ask")
    trade(made, 16, 5_600, 100)
    return made


def test_an_order_that_found_nothing_is_explained_by_what_others_took_before_it() -> None:
    event = lost().event()
    said = explanation(event, event.entries[0])
    found = ahead(event, event.entries[0])
    before, after, rivals = said

    assert found is not None
    assert (found.count_centi, found.best_pips, found.worst_pips) == (14_000, 5_200, 5_400)
    assert found.first_ms == 8
    assert before.startswith("Just before the send 140 contracts stood within our limit 0.5400")
    assert after == "30 ms later none was left in the book as we saw it."
    assert rivals.startswith("Others bought 140 from 0.5200 to 0.5400 between the reading")
    assert rivals.endswith("by the venue's clock the first of them was 8 ms before us.")


def test_a_limit_that_the_book_had_passed_already_is_said_to_be_so() -> None:
    made = script()
    made.order("entry-1", "1-0")
    made.book_at("entry-1", 0, [(6_000, 100)], [(6_100, 6_000)])
    made.outcome("entry-1", 0)
    event = made.event()

    assert explanation(event, event.entries[0]) == [
        "Just before the send the best ask was already 0.6100, above our limit 0.5400."
    ]


def test_a_sale_into_a_book_without_bids_is_said_to_be_so() -> None:
    made = script()
    made.order("entry-1", "1-0", side="ask")
    made.book_at("entry-1", 0, [], [(6_100, 6_000)])
    made.outcome("entry-1", 0)
    event = made.event()

    assert explanation(event, event.entries[0]) == ["Just before the send nobody showed a bid."]


def test_a_refusal_names_its_code_and_an_unknown_its_reason() -> None:
    made = script()
    made.order("entry-1", "1-0")
    made.outcome("entry-1", 0, outcome="rejected", status=409, code="market_closed")
    made.order("entry-2", "1-0")
    made.outcome("entry-2", 0, outcome="unknown", code="no answer in 2 s", first_byte_ns=0)
    event = made.event()

    refused, unknown = (explanation(event, order) for order in event.entries)

    assert refused == ["The venue refused it: market_closed (HTTP 409)."]
    assert "no answer in 2 s" in unknown[0]


def test_a_whole_fill_needs_no_explanation() -> None:
    event = traded().event()

    assert explanation(event, event.entries[0]) == []


def test_our_own_executions_are_nobody_elses() -> None:
    made = lost()
    made.fill("other-7", "entry-1", 5_200, 6_000)
    event = made.event()
    found = ahead(event, event.entries[0])

    assert found is not None
    assert found.count_centi == 8_000


def test_the_lede_tells_a_trade_in_sentences() -> None:
    event = traded().event()

    assert lede(event, money_of(event).profit_micros) == [
        "alpha showed 1-0 at 15:20:13.000 UTC, 43.0 ms before bravo.",
        "One order left, 310 \u00b5s after the frame was read; 120 of 120 contracts were filled.",
        "It made $16.54 after all fees.",
    ]


def test_the_lede_tells_why_nothing_was_sent() -> None:
    made = script()
    made.goal("alpha", "1-0")
    made.passed("1-0", "collar", HOME)
    made.passed("1-0", "a new reason", HOME)

    assert lede(made.event(), None)[1] == (
        "Nothing was sent: the book had moved further than the price collar allows; a new reason."
    )


def test_the_lede_tells_of_an_advance_and_of_a_phantom() -> None:
    made = script()
    made.report("alpha", "1-0", "advance", reason="not regulation, says bravo")
    made.report("alpha", "1-0", "phantom", reason="nobody else has shown it")
    said = lede(made.event(), None)

    assert said[1].startswith("It was accepted but not traded: goals outside the ninety minutes")
    assert said[2].endswith("it was judged a phantom and taken back.")


def test_a_decision_after_the_market_had_gone_says_so() -> None:
    made = script()
    made.book([(5_000, 100)], [(5_200, 100)])
    made.at_ns += SECOND_NS
    trade(made, 0, 5_200, 100, received_ns=made.at_ns)
    made.delta("bid", 5_000, -100)
    made.delta("ask", 5_200, -100)
    made.at_ns += 50 * MILLI
    made.goal("alpha", "1-0")
    made.passed("1-0", "no_edge")
    made.at_ns += 2 * SECOND_NS
    made.delta("bid", 100, 100)

    assert about_decision(made.event()) == [
        "When it was decided, nobody showed a price in any of its markets any more.",
        "Others had traded 1 contracts of this match since 50.0 ms before the frame was read.",
    ]
