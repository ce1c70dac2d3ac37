from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from actors.sim.venue.fees import (
    DIRECT_GRID_MICROS,
    INTERMEDIATED_GRID_MICROS,
    charge,
    fee_terms,
    model_micros,
)

TAKER = fee_terms("quadratic", Fraction(1)).taker
MAKER = fee_terms("quadratic_with_maker_fees", Fraction(1)).maker

DIRECT = DIRECT_GRID_MICROS
CENTS = INTERMEDIATED_GRID_MICROS


@pytest.mark.parametrize(
    ("who", "fill", "expected"),
    [
        ((TAKER, DIRECT), (100, 5200), (17_472, 28, 17_500)),
        ((TAKER, DIRECT), (100, 9900), (693, 7, 700)),
        ((TAKER, CENTS), (100, 550), (3_639, 1_361, 5_000)),
        ((TAKER, DIRECT), (10_000, 5000), (1_750_000, 0, 1_750_000)),
        ((TAKER, DIRECT), (10_000, 2500), (1_312_500, 0, 1_312_500)),
        ((TAKER, DIRECT), (10_000, 100), (69_300, 0, 69_300)),
        ((TAKER, CENTS), (10_000, 2500), (1_312_500, 7_500, 1_320_000)),
        ((TAKER, DIRECT), (1_000, 3700), (163_170, 30, 163_200)),
        ((MAKER, DIRECT), (10_000, 5000), (437_500, 0, 437_500)),
    ],
)
def test_the_fees_of_the_reference_table(
    who: tuple[Fraction, int], fill: tuple[int, int], expected: tuple[int, int, int]
) -> None:
    (rate, grid), (count_centi, price_pips) = who, fill
    paid = charge(
        rate=rate,
        price_pips=price_pips,
        count_centi=count_centi,
        revenue_micros=-price_pips * count_centi,
        carried_micros=0,
        grid_micros=grid,
    )

    assert (paid.trade_micros, paid.rounding_micros, paid.net_micros) == expected


def test_rounding_comes_back_in_whole_cents_within_one_order() -> None:
    carried, nets = 0, []
    for _ in range(3):
        paid = charge(
            rate=TAKER,
            price_pips=5000,
            count_centi=30,
            revenue_micros=-150_000,
            carried_micros=carried,
            grid_micros=CENTS,
        )
        carried = paid.carried_micros
        nets.append(paid.net_micros)

    assert nets == [10_000, 10_000, 0]


@pytest.mark.parametrize(
    ("fee_type", "share"),
    [
        ("quadratic", Fraction(0)),
        ("quadratic_with_maker_fees", Fraction(1, 4)),
        ("quadratic_with_combo_maker_fees", Fraction(1, 2)),
    ],
)
def test_a_maker_pays_the_share_that_the_fee_type_names(fee_type: str, share: Fraction) -> None:
    terms = fee_terms(fee_type, Fraction(1, 2))

    assert terms.rate(is_taker=True) == Fraction(7, 200)
    assert terms.rate(is_taker=False) == share * Fraction(7, 200)


def test_a_fee_type_without_a_published_formula_is_not_charged() -> None:
    with pytest.raises(ValueError, match="flat"):
        fee_terms("flat", Fraction(1))


prices = st.integers(1, 9_999)
sizes = st.lists(st.integers(1, 500), min_size=1, max_size=12)


@given(price_pips=prices, counts=sizes, rate=st.sampled_from([TAKER, MAKER, Fraction(0)]))
def test_no_order_is_ever_paid_to_trade_and_every_movement_is_on_the_grid(
    price_pips: int, counts: list[int], rate: Fraction
) -> None:
    carried = paid_in_all = 0
    for count_centi in counts:
        revenue = -price_pips * count_centi
        paid = charge(
            rate=rate,
            price_pips=price_pips,
            count_centi=count_centi,
            revenue_micros=revenue,
            carried_micros=carried,
        )
        carried = paid.carried_micros
        paid_in_all += paid.net_micros
        assert paid.net_micros >= 0
        assert (revenue - paid.net_micros) % DIRECT == 0
        assert 0 <= paid.trade_micros - Fraction(*model_micros(rate, price_pips, count_centi)) < 1

    model = sum(Fraction(*model_micros(rate, price_pips, count_centi)) for count_centi in counts)
    assert 0 <= paid_in_all - carried - model < len(counts)
