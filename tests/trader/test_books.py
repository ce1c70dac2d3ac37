"""Laws of the books: whole from a snapshot until a loss, and as fresh as the last sign of life."""

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from actors.messages.market import BookChange, BookDelta, BookLost, BookSnapshot
from actors.model.book import Book, BookBroken
from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, Ticker
from actors.trader.books import Books

A, B = Ticker("A"), Ticker("B")
Change = Callable[[int], BookChange]


def snapshot(
    ticker: Ticker = A, *, ask: int = 4_600, count: int = 500, at_ns: int = 1
) -> BookChange:
    return BookSnapshot(
        ticker=ticker,
        bids=((Pips(4_500), CentiContracts(count)),),
        asks=((Pips(ask), CentiContracts(count)),),
        sid=1,
        seq=1,
        received_ns=at_ns,
    )


def delta(
    ticker: Ticker = A, *, change: int = 100, price: int = 4_600, at_ns: int = 2, side: Side = "ask"
) -> BookChange:
    return BookDelta(
        ticker=ticker,
        side=side,
        price_pips=Pips(price),
        change_centi=CentiContracts(change),
        sid=1,
        seq=2,
        venue_ts_ms=0,
        received_ns=at_ns,
    )


def lost(ticker: Ticker = A, at_ns: int = 3) -> BookChange:
    return BookLost(ticker=ticker, reason="gap", received_ns=at_ns)


def best_ask(book: Book | None) -> tuple[int, int] | None:
    level = None if book is None else book.best_ask
    return None if level is None else (level.price_pips, level.count_centi)


def test_a_book_is_whole_from_its_snapshot_until_it_is_lost() -> None:
    books = Books()
    assert books.whole(A) is None

    books.apply(snapshot())
    books.apply(delta(change=200))
    assert best_ask(books.whole(A)) == (4_600, 700)

    books.apply(lost())
    assert books.whole(A) is None


def test_what_comes_between_a_loss_and_the_next_snapshot_counts_for_nothing() -> None:
    books = Books()
    books.apply(snapshot())
    books.apply(lost())

    books.apply(delta(change=200))
    assert books.whole(A) is None

    books.apply(snapshot(ask=4_900))
    assert best_ask(books.whole(A)) == (4_900, 500)


def test_one_book_lost_is_no_other() -> None:
    books = Books()
    books.apply(snapshot(A))
    books.apply(snapshot(B))

    books.apply(lost(A))

    assert books.whole(A) is None
    assert books.whole(B) is not None


@pytest.mark.parametrize("impossible", [delta(change=-501), snapshot(ask=10_000)])
def test_a_change_that_its_book_cannot_have_distrusts_it_at_once(impossible: BookChange) -> None:
    books = Books()
    books.apply(snapshot())

    with pytest.raises(BookBroken):
        books.apply(impossible)

    assert books.whole(A) is None, "nobody may trade on it until the stream has ended"


def test_a_loss_proves_no_life_because_it_is_said_of_silence_too() -> None:
    books = Books()
    books.apply(snapshot(A, at_ns=10))
    books.apply(snapshot(B, at_ns=11))

    books.apply(lost(A, at_ns=5_000))

    assert books.proved_ns == 11


def test_a_late_word_never_makes_the_proof_older() -> None:
    books = Books()
    books.apply(snapshot(at_ns=10))
    books.apply(delta(at_ns=4))

    assert books.proved_ns == 10


def test_an_order_meets_the_other_side() -> None:
    books = Books()
    assert books.best_opposite_pips(A, "bid") is None

    books.apply(snapshot())
    assert books.best_opposite_pips(A, "bid") == 4_600
    assert books.best_opposite_pips(A, "ask") == 4_500

    books.apply(delta(change=-500))
    assert books.best_opposite_pips(A, "bid") is None, "nobody asks any more"


@given(
    st.lists(
        st.one_of(
            st.builds(snapshot, st.sampled_from([A, B]), count=st.integers(1, 900)),
            st.builds(delta, st.sampled_from([A, B]), change=st.integers(1, 50)),
            st.builds(lost, st.sampled_from([A, B])),
        ),
        max_size=30,
    )
)
def test_a_whole_book_is_its_last_snapshot_and_every_change_since(
    changes: list[BookChange],
) -> None:
    books = Books()
    expected: dict[Ticker, int | None] = {A: None, B: None}
    for change in changes:
        books.apply(change)
        before = expected[change.ticker]
        match change:
            case BookSnapshot():
                expected[change.ticker] = change.asks[0][1]
            case BookDelta() if before is not None:
                expected[change.ticker] = before + change.change_centi
            case BookLost():
                expected[change.ticker] = None
            case _:
                pass

    for ticker, count in expected.items():
        assert best_ask(books.whole(ticker)) == (None if count is None else (4_600, count))


@given(
    changes=st.lists(
        st.one_of(
            st.builds(snapshot, ask=st.sampled_from([4_400, 4_600]), count=st.integers(1, 9)),
            st.builds(delta, price=st.sampled_from([4_400, 4_600])),
            st.builds(delta, price=st.just(4_500), side=st.just("bid")),
            st.builds(lost),
        ),
        max_size=10,
    ),
    late=st.booleans(),
    now_ns=st.integers(0, 20),
)
def test_an_order_meets_a_book_that_may_be_quoted_unless_it_is_old(
    *, changes: list[BookChange], late: bool, now_ns: int
) -> None:
    books = Books(old_ns=10, proof=Doubt(late=late))
    for change in changes:
        books.apply(change)

    sides: list[Side] = ["bid", "ask"]
    for side in sides:
        whole, best = books.meets(A, side, now_ns)

        assert whole == (books.flaw(A, now_ns) in {None, "old"})
        assert best == books.best_opposite_pips(A, side)


class Doubt:
    """Somebody who knows how far the books can be believed."""

    def __init__(self, proved_ns: int = 0, *, late: bool = False) -> None:
        self.at_ns, self.late = proved_ns, late

    def proved_ns(self, _ticker: Ticker) -> int:
        return self.at_ns

    def is_late(self, _ticker: Ticker, _now_ns: int) -> bool:
        return self.late


def test_a_book_that_is_crossed_empty_lost_or_old_is_not_quoted_and_says_why() -> None:
    books = Books(old_ns=1_000)
    assert books.flaw(A, 0) == "lost"

    books.apply(snapshot(at_ns=10))
    assert books.flaw(A, 1_010) is None
    assert books.quotable(A, 1_010) is not None
    assert books.flaw(A, 1_011) == "old"
    assert books.quotable(A, 1_011) is None

    books.apply(delta(price=4_500, change=100, at_ns=20))
    assert books.flaw(A, 20) == "crossed"
    books.apply(delta(price=4_500, change=-100, at_ns=20))
    assert books.flaw(A, 20) is None, "one action's changes may cross until the last of them"

    books.apply(delta(price=4_600, change=-500, at_ns=20))
    assert books.flaw(A, 20) is None, "one side is a book"
    books.apply(delta(price=4_500, change=-500, at_ns=20, side="bid"))
    assert books.flaw(A, 20) == "empty"
    books.apply(snapshot(B, at_ns=20))
    books.apply(lost(B))
    assert books.flaws(20) == {"empty": 1, "lost": 1}


def test_old_news_on_every_connection_and_a_proof_of_its_own_speak_against_a_book() -> None:
    doubt = Doubt(10)
    books = Books(old_ns=1_000, proof=doubt)
    books.apply(snapshot(at_ns=5_000))
    assert books.flaw(A, 5_000) == "old", "another connection's life proves nothing of this one"

    doubt.at_ns, doubt.late = 5_000, True
    assert books.flaw(A, 5_000) == "late"
