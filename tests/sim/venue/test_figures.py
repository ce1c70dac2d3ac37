from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from actors.sim.venue import figures


def test_amounts_are_spelled_as_the_venue_spells_them() -> None:
    assert figures.price(5_600) == "0.5600"
    assert figures.other_price(5_200) == "0.4800"
    assert figures.count(-150) == "-1.50"
    assert figures.money(17_500) == "0.017500"
    assert figures.grid_money(98_018_600) == "98.0186"
    assert figures.grid_money(98_018_601) == "98.018601"
    assert figures.average(Fraction(1_040_000, 3)) == "0.3467"


@pytest.mark.parametrize(
    ("micros", "cents"), [(98_018_600, 9_801), (9_999, 0), (-9_999, 0), (-10_001, -1)]
)
def test_whole_cents_are_cut_off_and_not_rounded(micros: int, cents: int) -> None:
    assert figures.cents(micros) == cents


def test_an_instant_keeps_its_microseconds() -> None:
    assert figures.stamp(1_781_159_489_957_081) == "2026-06-11T06:31:29.957081Z"


def test_an_instant_is_spelled_for_http_too() -> None:
    assert figures.http_date(1_781_159_489_957_081) == "Thu, 11 Jun 2026 06:31:29 GMT"


@given(at_us=st.integers(0, 4_000_000_000_000_000))
def test_an_instant_is_read_back_as_it_was_spelled(at_us: int) -> None:
    assert figures.read_stamp(figures.stamp(at_us)) == at_us


@pytest.mark.parametrize("text", ["", "soon", "2026-06-11", "2026-06-11T06:31:29"])
def test_what_is_no_instant_with_a_zone_is_none(text: str) -> None:
    assert figures.read_stamp(text) is None
