"""Laws of the way down: it only goes down, and never past its floor."""

from collections.abc import Callable

import attrs
import pytest
from hypothesis import given, strategies as st

from actors.config.review import Review
from actors.model.grid import PriceRange
from actors.model.money import Pips
from actors.model.orders import Side
from actors.risk.ladder import LEAST_PIPS, MOST_PIPS, ladder

CENTS = (PriceRange(start_pips=Pips(100), end_pips=Pips(9_900), step_pips=Pips(100)),)
sides = st.sampled_from(["bid", "ask"])
pips = st.integers(0, 10_000).map(Pips)


@st.composite
def reviews(draw: st.DrawFn) -> Review:
    depths = sorted(draw(st.sets(st.integers(1, 5_000), min_size=1, max_size=6)))
    discount, *steps = depths
    return Review(
        liquidation_discount=Pips(discount),
        liquidation_steps=tuple(Pips(each) for each in steps),
        liquidation_wait_ms=tuple(draw(st.integers(0, 5_000)) for _ in steps),
        liquidation_floor=Pips(depths[-1] + draw(st.integers(0, 2_000))),
        any_price=draw(st.booleans()),
    )


@given(side=sides, value=pips, review=reviews(), has_grid=st.booleans())
def test_every_limit_is_a_price_and_further_than_the_one_before(
    *, side: Side, value: Pips, review: Review, has_grid: bool
) -> None:
    way = ladder(side, value, review, CENTS if has_grid else ())
    limits = [rung.limit_pips for rung in way.rungs]

    assert limits
    assert all(LEAST_PIPS <= limit <= MOST_PIPS for limit in limits)
    assert limits == sorted(set(limits), reverse=side == "ask")
    assert way.rungs[0].wait_ns == 0
    assert all(rung.wait_ns >= 0 for rung in way.rungs)


@given(side=sides, value=pips, review=reviews(), has_grid=st.booleans())
def test_nothing_lies_beyond_the_floor_unless_any_price_is_asked_for(
    *, side: Side, value: Pips, review: Review, has_grid: bool
) -> None:
    bound = attrs.evolve(review, any_price=False)
    way = ladder(side, value, bound, CENTS if has_grid else ())

    for rung in way.rungs:
        if side == "ask":
            assert rung.limit_pips >= min(MOST_PIPS, value - bound.liquidation_floor)
            assert rung.limit_pips >= way.floor_pips
        else:
            assert rung.limit_pips <= max(LEAST_PIPS, value + bound.liquidation_floor)
            assert rung.limit_pips <= way.floor_pips


@given(side=sides, value=pips, review=reviews())
def test_the_way_ends_at_the_floor_or_at_any_price(side: Side, value: Pips, review: Review) -> None:
    depth = 10_000 if review.any_price else review.liquidation_floor
    end = value - depth if side == "ask" else value + depth

    assert ladder(side, value, review).floor_pips == min(max(end, LEAST_PIPS), MOST_PIPS)


def test_each_order_leaves_so_many_milliseconds_after_the_one_before_it() -> None:
    review = Review(
        liquidation_discount=Pips(200),
        liquidation_steps=(Pips(300), Pips(600)),
        liquidation_wait_ms=(250, 500),
        liquidation_floor=Pips(2_000),
    )

    assert [
        (each.limit_pips, each.wait_ns) for each in ladder("ask", Pips(5_000), review).rungs
    ] == [
        (4_800, 0),
        (4_700, 250_000_000),
        (4_400, 500_000_000),
        (3_000, 500_000_000),
    ]


@given(value=pips, review=reviews())
def test_a_short_lot_goes_up_as_a_long_one_goes_down(value: Pips, review: Review) -> None:
    down = ladder("ask", value, review).rungs
    up = ladder("bid", Pips(10_000 - value), review).rungs

    assert [(10_000 - rung.limit_pips, rung.wait_ns) for rung in up] == [
        (rung.limit_pips, rung.wait_ns) for rung in down
    ]


WRONG: dict[str, Callable[[], Review]] = {
    "two steps alike": lambda: Review(
        liquidation_steps=(Pips(300), Pips(300)), liquidation_wait_ms=(1, 1)
    ),
    "a step above the discount": lambda: Review(
        liquidation_steps=(Pips(100),), liquidation_wait_ms=(1,)
    ),
    "a wait too few": lambda: Review(liquidation_wait_ms=(1,)),
    "a floor above the steps": lambda: Review(liquidation_floor=Pips(1_000)),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_profile_whose_steps_do_not_lead_down_to_the_floor_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="liquidation_"):
        WRONG[wrong]()
