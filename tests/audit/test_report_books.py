import re

from hypothesis import given, strategies as st

from actors.audit.report_books import DEPTH, ladders, order_ladders
from tests.audit.report_day import script

LEVELS = st.dictionaries(st.integers(1, 99), st.integers(1, 500), max_size=9)
ROWS = re.compile(
    r'class="(?:rung (ask|bid)(?: reach)?"><span class="p">([\d.]+)|limit">limit ([\d.]+))'
)


@given(below=LEVELS, above=LEVELS, limit=st.integers(1, 99), side=st.sampled_from(["bid", "ask"]))
def test_the_limit_stands_between_what_it_reaches_and_what_it_does_not(
    below: dict[int, int], above: dict[int, int], limit: int, side: str
) -> None:
    is_bid = side == "bid"
    top = max(below, default=0)
    bids = sorted(([100 * at, n] for at, n in below.items()), reverse=True)
    asks = sorted([100 * at, n] for at, n in above.items() if at > top)
    made = script()
    made.order("entry-1", "1-0", side=side, limit_pips=100 * limit)
    made.book_at("entry-1", 0, bids, asks)
    (order,) = made.event().entries
    shown = order_ladders(order)
    assert shown is not None
    rows = ROWS.findall(shown.text)
    (place,) = [at for at, row in enumerate(rows) if row[2]]
    dearer = [round(float(row[1]) * 100) for row in rows[:place]]
    cheaper = [round(float(row[1]) * 100) for row in rows[place + 1 :]]

    assert len(rows) == 1 + min(len(bids), DEPTH) + min(len(asks), DEPTH)
    # A level at the limit can be taken: it is below a bid's line and above an ask's.
    assert all(each > limit if is_bid else each >= limit for each in dearer)
    assert all(each <= limit if is_bid else each < limit for each in cheaper)


def test_a_ladder_says_how_much_is_in_reach_and_how_many_levels_it_leaves_out() -> None:
    made = script()
    made.order("entry-1", "1-0", limit_pips=5_400)
    asks = [[5_200, 6_000], [5_400, 8_000], [5_500, 100], [5_600, 100], [5_700, 100], [5_800, 100]]
    made.book_at("entry-1", 0, [], asks)
    (order,) = made.event().entries
    shown = order_ladders(order)

    assert shown is not None
    assert "140 in reach" in shown.text
    assert "1 more ask<" in shown.text
    assert "no bids" in shown.text


def test_an_order_without_books_has_no_ladders() -> None:
    made = script()
    made.order("entry-1", "1-0")

    assert order_ladders(made.event().entries[0]) is None


def test_a_book_that_is_not_whole_says_so() -> None:
    made = script()
    made.goal("alpha", "1-0")
    leg = made.event().legs[0]

    assert ladders(leg.books).text.count("not whole") == len(leg.books)
