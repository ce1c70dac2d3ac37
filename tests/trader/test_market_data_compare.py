"""Laws of the comparison with REST: any state of the while agrees, one that never was does not."""

import pytest
import trio
from hypothesis import given, strategies as st
from trio.testing import MockClock

from actors.messages.market import BookChange, BookDelta, BookLost, BookSnapshot
from actors.model.book import Book
from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, Ticker
from actors.trader.books import Books
from actors.trader.market_data_compare import Comparison, Trail
from tests.trader.door import error
from tests.trader.pit import AWAY, HOME, TIE, Pit, open_pit

A, B = Ticker("A"), Ticker("B")
LEGS = (HOME, AWAY, TIE)


def change(cents: int, centi: int, ticker: Ticker = A, side: Side = "bid") -> BookDelta:
    return BookDelta(
        ticker=ticker,
        side=side,
        price_pips=Pips(100 * cents),
        change_centi=CentiContracts(centi),
        sid=1,
        seq=1,
        venue_ts_ms=0,
        received_ns=0,
    )


def whole(*levels: tuple[int, int]) -> BookSnapshot:
    bids = tuple((Pips(100 * cents), CentiContracts(centi)) for cents, centi in levels)
    return BookSnapshot(ticker=A, bids=bids, asks=(), sid=1, seq=1, received_ns=0)


WORDS = st.lists(
    st.one_of(
        st.builds(change, st.integers(1, 4), st.integers(1, 3)),
        st.builds(change, st.integers(1, 4), st.integers(1, 3), st.just(B)),
        st.builds(change, st.integers(5, 8), st.integers(1, 3), st.just(A), st.just("ask")),
        st.builds(whole, st.tuples(st.integers(1, 4), st.integers(1, 3))),
    ),
    max_size=12,
)


@given(words=WORDS, at=st.integers(0, 12))
def test_any_state_of_the_while_agrees_and_one_that_never_was_does_not(
    words: list[BookChange], at: int
) -> None:
    books = Books()
    books.apply(whole((1, 1)))
    books.apply(empty_b())
    start = books.whole(A)
    assert start is not None
    trail, states = Trail(A, start), [start.copy()]
    for word in words:
        books.apply(word)
        trail.take(word)
        ours = books.whole(A)
        assert ours is not None
        states.append(ours.copy())

    shown = states[min(at, len(words))]
    assert trail.verdict(shown) == "agreed"
    other = shown.copy()
    other.change("ask", Pips(9_000), CentiContracts(7))
    assert trail.verdict(other) == "differs"
    assert trail.verdict(Book()) == "differs"


def empty_b() -> BookSnapshot:
    return BookSnapshot(ticker=B, bids=(), asks=(), sid=1, seq=1, received_ns=0)


def test_of_a_book_that_was_lost_meanwhile_nothing_is_said() -> None:
    trail = Trail(A, Book())
    trail.take(BookLost(ticker=B, reason="gap", received_ns=0))
    assert trail.verdict(Book()) == "agreed"
    trail.take(BookLost(ticker=A, reason="gap", received_ns=0))
    assert trail.verdict(Book()) == "unclear"


async def watched(pit: Pit, *more: str) -> Comparison:
    await pit.keep("journal", "market_data", *more, "catalogue", "comparison")
    await trio.sleep(0.5)
    comparison = pit.trading.comparison
    assert comparison is not None
    return comparison


def same(pit: Pit, ticker: Ticker) -> bool:
    book, depth = pit.desk.books.whole(ticker), pit.venue.book(ticker)
    return book is not None and (book.bids(), book.asks()) == (depth.bids, depth.asks)


async def test_books_that_move_all_the_time_agree(autojump_clock: MockClock) -> None:
    async with open_pit(compare_s=1.0, read_lag_s=0.36) as pit:
        comparison = await watched(pit)
        for number in range(600):
            pit.make("bid", 100 * (1 + number % 25), 100, LEGS[number % 3])
            await trio.sleep(0.1)

        assert comparison.counts["agreed"] >= 15
        assert comparison.counts["differs"] == comparison.counts["mismatch"] == 0
        assert pit.said(BookLost) == []


@pytest.mark.parametrize("streams", [1, 2])
async def test_a_newest_change_that_every_connection_lost_is_found_and_cured(
    autojump_clock: MockClock, streams: int
) -> None:
    async with open_pit(compare_s=1.0, streams=streams) as pit:
        more = ("market_data_2",) if streams == 2 else ()
        comparison = await watched(pit, *more)
        pit.server.lose_next("orderbook_delta")
        pit.make("bid", 4_400, 700)
        await trio.sleep(0.2)
        assert not same(pit, HOME), "no message will ever say so"
        await trio.sleep(30.0)

        assert same(pit, HOME)
        assert comparison.counts["mismatch"] == 1
        assert pit.said(BookLost)[0].reason == "mismatch", "the answer itself shows the gap"
        assert pit.trading.keeper.doubts["mismatch"] == 1


async def test_a_rest_interface_that_does_not_answer_says_nothing_of_books(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(compare_s=1.0) as pit:
        comparison = await watched(pit)
        pit.reads.closed["/orderbook"] = error(503, "unavailable")
        await trio.sleep(20.0)

        assert comparison.counts["unread"] >= 3
        assert pit.said(BookLost) == []
