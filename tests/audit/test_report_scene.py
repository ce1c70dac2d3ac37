from hypothesis import given, strategies as st

from actors.audit.report_facts import Leg
from actors.audit.report_scene import AFTER_NS, BEFORE_NS
from actors.messages.records import BookLostRow, TradeRow
from actors.model.book import Book, BookBroken
from actors.model.money import CentiContracts, Pips
from tests.audit.report_day import HOME, MILLI, SECOND_NS, WALL, Script, script


def leg_of(made: Script, ticker: str = HOME) -> Leg:
    leg = made.event().leg(ticker)
    assert leg is not None
    return leg


def lose(made: Script) -> None:
    made.add(BookLostRow(ticker=HOME, reason="gap", received_ns=made.at_ns))


def trade(made: Script, trade_id: str) -> None:
    made.add(
        TradeRow(
            trade_id=trade_id,
            ticker=HOME,
            price_pips=5_000,
            count_centi=100,
            taker_side="bid",
            venue_ts_ms=0,
            received_ns=made.at_ns,
        )
    )


CHANGES = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=300),
        st.sampled_from(["bid", "ask"]),
        st.integers(min_value=1, max_value=99),
        st.integers(min_value=-300, max_value=300),
    ),
    max_size=40,
)


@given(changes=CHANGES)
def test_books_around_an_unsent_decision_are_those_of_a_replay_by_time(
    changes: list[tuple[int, str, int, int]],
) -> None:
    made = script()
    book, whole = Book(), True
    expected: dict[int, tuple[object, object, bool]] = {}
    goal_ns = made.at_ns + 100 * MILLI
    decided_ns = goal_ns + 200_000
    instants = [(0, decided_ns - 1)] + [(ms, decided_ns + ms * MILLI) for ms in (30, 100, 1_000)]
    made.book([(4_000, 500)], [(6_000, 500)])
    book.replace([(Pips(4_000), CentiContracts(500))], [(Pips(6_000), CentiContracts(500))])
    begun_ns, told = made.at_ns, False
    for after_ms, side, price, count in sorted(changes):
        at_ns = begun_ns + after_ms * MILLI
        if at_ns >= goal_ns and not told:
            made.at_ns, told = goal_ns, True
            made.goal("alpha", "1-0")
        for offset_ms, through_ns in instants:
            if through_ns < at_ns:
                expected.setdefault(offset_ms, (book.bids(), book.asks(), whole))
        made.at_ns = at_ns
        made.delta(side, 100 * price, count)
        try:
            book.change("bid" if side == "bid" else "ask", Pips(100 * price), CentiContracts(count))
        except BookBroken:
            whole = False
    if not told:
        made.at_ns = goal_ns
        made.goal("alpha", "1-0")
    made.at_ns = goal_ns + 2 * SECOND_NS
    made.delta("bid", 9_900, 100)
    shown = {book_at.offset_ms: book_at for book_at in leg_of(made).books}

    assert sorted(shown) == [0, 30, 100, 1_000]
    for offset_ms, _ in instants:
        bids, asks, was_whole = expected.get(offset_ms, (book.bids(), book.asks(), whole))
        seen = shown[offset_ms]
        assert [tuple(level) for level in seen.bids] == [
            (level.price_pips, level.count_centi)
            for level in bids  # type: ignore[attr-defined]  # kept as object beside a flag
        ]
        assert len(seen.asks) == len(asks)  # type: ignore[arg-type]  # the same
        assert seen.whole == was_whole


def test_a_book_whose_instant_never_came_is_not_called_whole() -> None:
    made = script()
    made.book([(4_000, 500)], [(6_000, 500)])
    made.at_ns += SECOND_NS
    made.goal("alpha", "1-0")
    made.at_ns += 50 * MILLI
    made.delta("bid", 4_000, 100)
    whole = {book.offset_ms: book.whole for book in leg_of(made).books}

    assert whole == {0: True, 30: True, 100: False, 1_000: False}


def test_a_leg_with_an_order_keeps_the_auditors_books_and_is_not_rebuilt() -> None:
    made = script()
    made.book([(4_000, 500)], [(6_000, 500)])
    made.order("entry-1", "1-0")
    made.goal("alpha", "1-0")

    assert leg_of(made).books == []


def test_quotes_begin_with_what_stood_before_the_window_and_name_only_changes() -> None:
    made = script()
    made.book([(4_000, 500)], [(6_000, 500)])
    made.at_ns += SECOND_NS
    goal_ns = made.at_ns
    made.goal("alpha", "1-0")
    made.at_ns += 10 * MILLI
    made.delta("bid", 3_900, 100)
    made.at_ns += 10 * MILLI
    made.delta("ask", 6_000, -500)
    quotes = leg_of(made).quotes

    assert [(quote.bid_pips, quote.ask_pips) for quote in quotes] == [(4_000, 6_000), (4_000, None)]
    assert [quote.at_ns for quote in quotes] == [goal_ns - BEFORE_NS, goal_ns + 20 * MILLI]


def test_a_lost_book_is_not_whole_until_its_next_snapshot() -> None:
    made = script()
    made.book([(4_000, 500)], [(6_000, 500)])
    made.at_ns += SECOND_NS
    made.goal("alpha", "1-0")
    made.at_ns += MILLI
    lose(made)
    made.at_ns += MILLI
    made.book([(4_000, 500)], [(6_000, 500)])

    assert [quote.whole for quote in leg_of(made).quotes] == [True, False, True]


def test_prints_are_kept_inside_the_window_alone() -> None:
    made = script()
    made.at_ns = goal_ns = 10 * SECOND_NS
    for name, at_ns in (
        ("early", goal_ns - BEFORE_NS - 1),
        ("first", goal_ns - BEFORE_NS),
    ):
        made.at_ns = at_ns
        trade(made, name)
    made.at_ns = goal_ns
    made.goal("alpha", "1-0")
    for name, at_ns in (("last", goal_ns + AFTER_NS), ("late", goal_ns + AFTER_NS + 1)):
        made.at_ns = at_ns
        trade(made, name)

    assert [fact.record.trade_id for fact in leg_of(made).prints] == ["first", "last"]


def test_market_data_of_another_run_is_not_mixed_in() -> None:
    made = script()
    made.goal("alpha", "1-0")
    made.start("later", wall_ns=WALL + 3_600 * SECOND_NS)
    made.at_ns = SECOND_NS
    made.book([(4_000, 500)], [(6_000, 500)])
    trade(made, "other")
    leg = leg_of(made)

    assert leg.prints == []
    assert not any(quote.whole for quote in leg.quotes)


def test_the_frames_behind_an_events_reports_are_kept_and_no_others() -> None:
    made = script()
    made.report("alpha", "0-0", "baseline", text="before")
    made.goal("alpha", "1-0", text="goal")
    made.report("alpha", "1-0", "repeat", text="again")
    made.report("bravo", "1-0", "echo", text="echo")

    assert [fact.record.text for _, fact in sorted(made.event().frames.items())] == ["goal", "echo"]
