import pytest
from hypothesis import given, strategies as st

from actors.model.book import Book, BookBroken, Level
from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side
from tests.strategies import books, centi_contracts, pips, price_levels, sides

Snapshot = tuple[tuple[Pips, CentiContracts], ...]


def book_of(bids: list[tuple[int, int]], asks: list[tuple[int, int]]) -> Book:
    book = Book()
    book.replace(
        [(Pips(price), CentiContracts(count)) for price, count in bids],
        [(Pips(price), CentiContracts(count)) for price, count in asks],
    )
    return book


def shown(book: Book) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
    return book.bids(), book.asks()


@given(price_levels, price_levels)
def test_the_sum_of_all_deltas_is_the_snapshot(bids: Snapshot, asks: Snapshot) -> None:
    at_once, step_by_step = Book(), Book()
    at_once.replace(bids, asks)
    sides: list[tuple[Side, Snapshot]] = [("bid", bids), ("ask", asks)]
    for side, levels in sides:
        for price, count in levels:
            step_by_step.change(side, price, CentiContracts(count + 7))
            step_by_step.change(side, price, CentiContracts(-7))

    assert shown(step_by_step) == shown(at_once)


@given(
    st.lists(
        st.tuples(sides, st.integers(4_995, 5_005).map(Pips), st.integers(-200, 200)), max_size=60
    )
)
def test_a_book_agrees_with_plain_counting_whatever_changes_come(
    changes: list[tuple[Side, Pips, int]],
) -> None:
    book = Book()
    plain: dict[tuple[Side, Pips], int] = {}
    for side, price, change in changes:
        after = plain.get((side, price), 0) + change
        if after < 0:
            before = shown(book)
            with pytest.raises(BookBroken):
                book.change(side, price, CentiContracts(change))
            assert shown(book) == before
            continue
        book.change(side, price, CentiContracts(change))
        plain[side, price] = after

    bids = sorted((p for (side, p), n in plain.items() if side == "bid" and n), reverse=True)
    asks = sorted(p for (side, p), n in plain.items() if side == "ask" and n)
    assert book.bids() == tuple(Level(p, CentiContracts(plain["bid", p])) for p in bids)
    assert book.asks() == tuple(Level(p, CentiContracts(plain["ask", p])) for p in asks)
    assert book.best_bid == (book.bids()[0] if bids else None)
    assert book.best_ask == (book.asks()[0] if asks else None)
    assert book.is_crossed == bool(bids and asks and bids[0] >= asks[0])


@given(books())
def test_levels_come_best_first_and_none_is_empty(book: Book) -> None:
    bids, asks = shown(book)

    assert [level.price_pips for level in bids] == sorted(
        (b.price_pips for b in bids), reverse=True
    )
    assert [level.price_pips for level in asks] == sorted(a.price_pips for a in asks)
    assert all(level.count_centi > 0 for level in bids + asks)
    assert not book.is_crossed


@given(books(), st.integers(0, 15))
def test_depth_cuts_the_far_end(book: Book, depth: int) -> None:
    assert book.bids(depth) == book.bids()[:depth]
    assert book.asks(depth) == book.asks()[:depth]


@given(books(), st.integers(0, 15))
def test_rows_for_a_record_say_what_the_levels_say(book: Book, depth: int) -> None:
    bids, asks = book.rows(depth)

    assert bids == [[level.price_pips, level.count_centi] for level in book.bids(depth)]
    assert asks == [[level.price_pips, level.count_centi] for level in book.asks(depth)]


@given(books(), pips)
def test_a_bid_reaches_the_asks_up_to_its_limit_and_an_ask_the_bids_down_to_it(
    book: Book, limit: Pips
) -> None:
    asks = sum(level.count_centi for level in book.asks() if level.price_pips <= limit)
    bids = sum(level.count_centi for level in book.bids() if level.price_pips >= limit)

    assert book.reachable_centi("bid", limit) == asks
    assert book.reachable_centi("ask", limit) == bids


@given(books(), sides, pips, centi_contracts)
def test_a_copy_goes_its_own_way(
    book: Book, side: Side, price: Pips, count: CentiContracts
) -> None:
    before = shown(book)
    twin = book.copy()
    assert shown(twin) == before

    twin.change(side, price, count)

    assert shown(book) == before
    assert shown(twin) != before


@given(books(), price_levels)
def test_a_snapshot_leaves_nothing_of_what_was(book: Book, bids: Snapshot) -> None:
    book.replace(bids, ())

    assert book.asks() == ()
    assert book.best_ask is None
    assert len(book.bids()) == len(bids)


@pytest.mark.parametrize("price", [0, 10_000, -100, 10_100])
def test_a_price_off_the_scale_breaks_the_book(price: int) -> None:
    book = book_of([(5_000, 100)], [])

    with pytest.raises(BookBroken, match="no price"):
        book.change("bid", Pips(price), CentiContracts(100))
    with pytest.raises(BookBroken, match="no price"):
        book.replace([], [(Pips(price), CentiContracts(100))])
    assert shown(book) == ((Level(Pips(5_000), CentiContracts(100)),), ())


def test_a_level_can_lose_all_it_has_and_not_a_hundredth_more() -> None:
    book = book_of([(5_000, 100)], [])

    with pytest.raises(BookBroken, match="-1 centi-contracts would be left"):
        book.change("bid", Pips(5_000), CentiContracts(-101))
    book.change("bid", Pips(5_000), CentiContracts(-100))

    assert book.best_bid is None


def test_a_snapshot_that_names_a_price_twice_is_refused() -> None:
    with pytest.raises(BookBroken, match="twice"):
        book_of([(5_000, 100), (5_000, 100)], [])


def test_a_snapshot_with_a_negative_count_is_refused() -> None:
    with pytest.raises(BookBroken, match="-1 centi"):
        book_of([(5_000, -1)], [])


def test_an_empty_level_of_a_snapshot_is_no_level() -> None:
    assert book_of([(5_000, 0)], []).best_bid is None


def test_a_book_whose_bid_meets_its_ask_is_crossed() -> None:
    assert book_of([(5_000, 1)], [(5_000, 1)]).is_crossed
    assert not book_of([(4_900, 1)], [(5_000, 1)]).is_crossed
    assert not book_of([(4_900, 1)], []).is_crossed
