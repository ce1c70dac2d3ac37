"""Whatever a book does while a goal falls, nothing is sold below the floor.

The same cases by the thousand: ``make prove-floor``.
"""

from tests.trader.collapse import collapse

CASES = 24


def test_in_no_collapsing_book_anything_is_sold_below_the_floor() -> None:
    cases = [collapse(seed) for seed in range(CASES)]

    assert all(case.is_sound for case in cases)
    assert any(case.held_centi for case in cases), "some books fell below it"
    assert any(case.sold_centi for case in cases)
