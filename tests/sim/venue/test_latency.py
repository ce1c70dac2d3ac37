import random

import pytest
from hypothesis import given, strategies as st

from actors.sim.venue.latency import NJ, NONE, OHIO, PROFILES, Delay


@given(floor=st.floats(0, 100), jitter=st.floats(0, 50), seed=st.integers(0, 9))
def test_no_delay_is_below_its_floor(floor: float, jitter: float, seed: int) -> None:
    assert Delay(floor, jitter).draw_s(random.Random(seed)) >= floor / 1e3


def test_nothing_set_is_no_delay_and_no_draw() -> None:
    rng = random.Random(1)
    before = rng.getstate()

    assert NONE.order_in.draw_s(rng) == 0
    assert rng.getstate() == before


@pytest.mark.parametrize(
    ("there", "back", "median_ms"),
    [(NJ.order_in, NJ.order_out, 28.0), (OHIO.order_in, OHIO.order_out, 4.35)],
    ids=["nj", "ohio"],
)
def test_an_order_goes_there_and_back_in_what_was_measured(
    there: Delay, back: Delay, median_ms: float
) -> None:
    rng = random.Random(1)
    trips = sorted(1e3 * (there.draw_s(rng) + back.draw_s(rng)) for _ in range(4_000))

    assert trips[2_000] == pytest.approx(median_ms, rel=0.03)
    assert trips[3_960] < 1.5 * median_ms


def test_the_feed_from_ohio_is_as_old_as_was_measured() -> None:
    rng = random.Random(1)
    ages = sorted(1e3 * OHIO.feed.draw_s(rng) for _ in range(4_000))

    assert ages[40] == pytest.approx(3.5, rel=0.1)
    assert ages[2_000] == pytest.approx(5.75, rel=0.1)
    assert ages[3_960] == pytest.approx(10.1, rel=0.1)


def test_every_profile_has_a_name() -> None:
    assert set(PROFILES) == {"none", "nj", "ohio"}
