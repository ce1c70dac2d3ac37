"""Laws of the grid."""

from hypothesis import given, strategies as st

from actors.model.grid import PriceRange, at_least, at_most
from actors.model.money import Pips

CENT = (PriceRange(start_pips=Pips(0), end_pips=Pips(10_000), step_pips=Pips(100)),)
TAPERED = (
    PriceRange(start_pips=Pips(0), end_pips=Pips(1_000), step_pips=Pips(10)),
    PriceRange(start_pips=Pips(1_000), end_pips=Pips(9_000), step_pips=Pips(100)),
    PriceRange(start_pips=Pips(9_000), end_pips=Pips(10_000), step_pips=Pips(10)),
)
grids = st.sampled_from([CENT, TAPERED])


def all_prices(ranges: tuple[PriceRange, ...]) -> list[int]:
    found = {
        price
        for stretch in ranges
        for price in range(stretch.start_pips, stretch.end_pips + 1, stretch.step_pips)
    }
    return sorted(price for price in found if 0 < price < 10_000)


@given(ranges=grids, price=st.integers(-100, 10_100))
def test_rounding_down_finds_the_nearest_price_below(
    ranges: tuple[PriceRange, ...], price: int
) -> None:
    below = [p for p in all_prices(ranges) if p <= price]

    assert at_most(ranges, price) == (below[-1] if below else None)


@given(ranges=grids, price=st.integers(-100, 10_100))
def test_rounding_up_finds_the_nearest_price_above(
    ranges: tuple[PriceRange, ...], price: int
) -> None:
    above = [p for p in all_prices(ranges) if p >= price]

    assert at_least(ranges, price) == (above[0] if above else None)


def test_a_market_without_a_grid_has_no_price() -> None:
    assert at_most((), 5_000) is None
    assert at_least((), 5_000) is None
