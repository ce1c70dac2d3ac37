from hypothesis import given, strategies as st

from actors.sim.venue.paging import page_from, page_newest


@given(count=st.integers(0, 50), limit=st.integers(1, 10))
def test_pages_hold_every_row_once_and_the_last_cursor_is_empty(count: int, limit: int) -> None:
    for newest_first in (False, True):
        rows = list(range(1, count + 1))
        seen: list[int] = []
        cursor = ""
        while True:
            if newest_first:
                page, cursor = page_newest(reversed(rows), lambda row: row, limit, cursor)
            else:
                page, cursor = page_from(rows, limit, cursor)
            assert len(page) <= limit
            seen += page
            if not cursor:
                break
        assert seen == (rows[::-1] if newest_first else rows)


@given(cursor=st.text())
def test_a_cursor_that_makes_no_sense_is_the_first_page(cursor: str) -> None:
    rows = list(range(1, 6))

    assert page_from(rows, 2, f"?{cursor}")[0] == [1, 2]
    assert page_newest(reversed(rows), lambda row: row, 2, f"?{cursor}")[0] == [5, 4]


def test_a_row_that_arrives_between_two_pages_shifts_nothing() -> None:
    page, cursor = page_newest([4, 3, 2, 1], lambda row: row, 2, "")
    assert page == [4, 3]

    assert page_newest([6, 5, 4, 3, 2, 1], lambda row: row, 2, cursor) == ([2, 1], "")
