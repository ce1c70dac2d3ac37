"""Laws of tables that keep their newest rows."""

from collections import OrderedDict

from hypothesis import given, strategies as st

from actors.audit.newest import PAGES, Pages, keep

names = st.lists(st.integers(0, 30), max_size=80)


@given(names=names, most=st.integers(1, 10))
def test_a_table_lets_go_of_what_came_first(names: list[int], most: int) -> None:
    rows: OrderedDict[int, int] = OrderedDict()
    for place, name in enumerate(names):
        keep(rows, name, place, most)

    newest = list(dict.fromkeys(names))
    assert len(rows) <= most
    assert len(newest) > most or list(rows) == newest


@given(count=st.integers(0, 100), pages=st.integers(1, 5))
def test_pages_have_the_newest_three_quarters_and_never_more_than_all(
    count: int, pages: int
) -> None:
    most = PAGES * pages
    rows: Pages[int, int] = Pages(most)
    for number in range(count):
        rows.keep(number, -number)

    there = [number for number in range(count) if rows.get(number) == -number]
    assert there == list(range(count))[-len(there) :] if there else count == 0
    assert min(count, most * (PAGES - 1) // PAGES) <= len(there) <= most
