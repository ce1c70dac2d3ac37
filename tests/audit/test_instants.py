import pytest
from hypothesis import given, settings, strategies as st

from actors.audit.instants import GRACE_NS, OFFSETS_MS, Instants
from actors.messages.market import BookChange, BookDelta, BookLost, BookSnapshot
from actors.messages.records import BookAt
from actors.model.book import Book, BookBroken
from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, Ticker

A, B = Ticker("KX-A"), Ticker("KX-B")
MS = 1_000_000


def snapshot(
    at_ns: int, bids: dict[int, int], asks: dict[int, int], ticker: Ticker = A
) -> BookSnapshot:
    return BookSnapshot(
        ticker=ticker,
        bids=tuple((Pips(price), CentiContracts(count)) for price, count in bids.items()),
        asks=tuple((Pips(price), CentiContracts(count)) for price, count in asks.items()),
        sid=1,
        seq=1,
        received_ns=at_ns,
    )


def delta(at_ns: int, side: Side, price: int, change: int, ticker: Ticker = A) -> BookDelta:
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


def lost(at_ns: int, ticker: Ticker = A) -> BookLost:
    return BookLost(ticker=ticker, reason="gap", received_ns=at_ns)


def all_ready(instants: Instants) -> dict[int, BookAt]:
    return {book.offset_ms: book for book in instants.ready(2**62)}


def test_the_book_at_the_send_is_the_last_one_before_it() -> None:
    instants = Instants()
    instants.take(snapshot(0, {5_000: 100}, {5_200: 300}))
    instants.ask("order", A, 1_000)
    instants.take(delta(999, "ask", 5_200, -100))
    instants.take(delta(1_000, "ask", 5_200, -100))

    book = all_ready(instants)[0]

    assert (book.client_order_id, book.at_ns, book.whole) == ("order", 1_000, True)
    assert (book.bids, book.asks) == ([[5_000, 100]], [[5_200, 200]])


def test_a_book_some_while_after_the_send_has_all_that_was_read_by_then() -> None:
    instants = Instants()
    instants.take(snapshot(0, {}, {5_200: 300}))
    instants.ask("order", A, 0)
    for at_ms in (1, 30, 31, 100, 999, 1_001):
        instants.take(delta(at_ms * MS, "ask", 5_200, -10))

    books = all_ready(instants)

    assert {offset: books[offset].asks[0][1] for offset in OFFSETS_MS[1:]} == {
        30: 280,
        100: 260,
        1_000: 250,
    }


def test_a_change_that_arrives_after_a_later_one_still_counts_for_its_own_time() -> None:
    instants = Instants()
    instants.take(snapshot(0, {}, {5_200: 300}))
    instants.ask("order", A, 10 * MS)
    instants.take(delta(41 * MS, "ask", 5_200, -100))
    instants.take(delta(39 * MS, "ask", 5_200, -50))

    books = all_ready(instants)

    assert books[30].asks == [[5_200, 250]]
    assert books[100].asks == [[5_200, 150]]


def test_an_instant_is_due_a_little_after_it_even_in_silence() -> None:
    instants = Instants()
    instants.ask("order", A, 1_000)

    assert instants.due_ns == 1_000 + GRACE_NS
    assert list(instants.ready(1_000 + GRACE_NS - 1)) == []
    assert [book.offset_ms for book in instants.ready(1_000 + GRACE_NS)] == [0]
    assert instants.due_ns == 1_000 + 30 * MS + GRACE_NS


@pytest.mark.parametrize(
    ("changes", "whole"),
    [
        ([], False),
        ([snapshot(0, {}, {})], True),
        ([snapshot(0, {}, {}), lost(1)], False),
        ([snapshot(0, {}, {}), lost(1), delta(2, "bid", 100, 5), snapshot(3, {}, {})], True),
        ([snapshot(0, {}, {}), delta(1, "bid", 100, -5)], False),
        ([snapshot(0, {}, {}, B)], False),
    ],
)
def test_a_book_is_whole_only_if_nothing_can_be_missing_from_it(
    changes: list[BookChange], *, whole: bool
) -> None:
    instants = Instants()
    for change in changes:
        instants.take(change)
    instants.ask("order", A, 10)

    assert all_ready(instants)[0].whole is whole


def test_an_instant_that_never_came_is_written_down_and_is_not_whole() -> None:
    instants = Instants()
    instants.take(snapshot(0, {}, {5_200: 300}))
    instants.ask("order", A, 10 * MS)

    books = {book.offset_ms: book.whole for book in instants.flush(45 * MS)}

    assert books == {0: True, 30: True, 100: False, 1_000: False}
    assert instants.due_ns is None


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[BookChange], list[tuple[Ticker, int]]]:
    """Draw changes of two markets in the order of their reading, and orders among them."""
    at_ns = 0
    changes: list[BookChange] = []
    for _ in range(draw(st.integers(0, 60))):
        at_ns += draw(st.sampled_from((1, 1_000, 5 * MS, 60 * MS)))
        ticker = draw(st.sampled_from((A, B)))
        kind = draw(st.sampled_from("ddddddsl"))
        if kind == "d":
            side: Side = draw(st.sampled_from(("bid", "ask")))
            price, by = draw(st.integers(1, 5)) * 1_000, draw(st.integers(-30, 60))
            changes.append(delta(at_ns, side, price, by, ticker))
        elif kind == "s":
            levels = st.dictionaries(st.integers(1, 5).map(lambda n: n * 1_000), st.integers(1, 99))
            changes.append(snapshot(at_ns, draw(levels), draw(levels), ticker))
        else:
            changes.append(lost(at_ns, ticker))
    orders = draw(
        st.lists(st.tuples(st.sampled_from((A, B)), st.integers(0, max(1, at_ns))), max_size=4).map(
            lambda found: sorted(found, key=lambda each: each[1])
        )
    )
    return changes, orders


def replayed(changes: list[BookChange], ticker: Ticker, through_ns: int) -> tuple[Book, bool]:
    """Return a book by the plainest means: everything from the beginning."""
    book, whole = Book(), False
    for change in changes:
        if change.ticker != ticker or change.received_ns > through_ns:
            continue
        try:
            match change:
                case BookSnapshot():
                    book.replace(change.bids, change.asks)
                    whole = True
                case BookDelta():
                    book.change(change.side, change.price_pips, change.change_centi)
                case BookLost():
                    whole = False
        except BookBroken:
            whole = False
    return book, whole


@settings(max_examples=80, deadline=None)
@given(stream=streams())
def test_every_book_is_what_replaying_the_whole_stream_up_to_its_instant_gives(
    stream: tuple[list[BookChange], list[tuple[Ticker, int]]],
) -> None:
    changes, orders = stream
    instants, waiting, shown = Instants(), list(enumerate(orders)), list[BookAt]()
    for change in changes:
        while waiting and waiting[0][1][1] <= change.received_ns:
            number, (ticker, sent_ns) = waiting.pop(0)
            instants.ask(str(number), ticker, sent_ns)
        instants.take(change)
        shown += instants.ready(change.received_ns)
    for number, (ticker, sent_ns) in waiting:
        instants.ask(str(number), ticker, sent_ns)
    shown += instants.ready(2**62)

    assert len(shown) == len(orders) * len(OFFSETS_MS)
    for book in shown:
        through_ns = book.at_ns if book.offset_ms else book.at_ns - 1
        expected, whole = replayed(changes, Ticker(book.ticker), through_ns)
        assert book.whole == whole
        assert book.bids == [[level.price_pips, level.count_centi] for level in expected.bids()]
        assert book.asks == [[level.price_pips, level.count_centi] for level in expected.asks()]
