"""Rows named "page" are the venue's own examples, the others stand in reference kalshi.md."""

from datetime import UTC, datetime
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given, settings, strategies as st

from actors.model import fees
from actors.model.fees import FeeAccumulator, FeeSchedule, FeeUnknown, MemberClass, fee_schedule
from actors.model.money import CentiContracts, MicroDollars, Pips, cost_micros, opposite_pips
from actors.model.orders import Side
from tests.strategies import centi_contracts, fee_schedules, member_classes, pips, sides

NOW_MS = int(datetime(2026, 11, 22, tzinfo=UTC).timestamp() * 1000)
JUNE_MS = int(datetime(2026, 6, 11, tzinfo=UTC).timestamp() * 1000)
MARCH_MS = int(datetime(2026, 3, 4, tzinfo=UTC).timestamp() * 1000)


def terms(
    member: MemberClass = "direct",
    fee_type: str = "quadratic_with_maker_fees",
    *,
    at_ms: int = NOW_MS,
    multiplier_ppm: int = 1_000_000,
) -> FeeSchedule:
    return fee_schedule(fee_type, multiplier_ppm=multiplier_ppm, member=member, at_ms=at_ms)


def charge(
    accumulator: FeeAccumulator,
    schedule: FeeSchedule,
    price: int,
    count: int,
    *,
    side: Side = "bid",
    is_taker: bool = True,
) -> fees.FillFee:
    return accumulator.charge(
        schedule,
        side=side,
        price_pips=Pips(price),
        count_centi=CentiContracts(count),
        is_taker=is_taker,
    )


@pytest.mark.parametrize(
    ("member", "price", "count", "is_taker", "trade", "rounding", "net", "cash"),
    [
        pytest.param("direct", 5_200, 100, True, 17_472, 28, 17_500, -537_500, id="recorded-52"),
        pytest.param("direct", 9_900, 100, True, 693, 7, 700, -990_700, id="recorded-99"),
        pytest.param("fcm", 550, 100, True, 3_639, 1_361, 5_000, -60_000, id="page"),
        pytest.param("direct", 5_000, 10_000, True, 1_750_000, 0, 1_750_000, -51_750_000, id="50"),
        pytest.param("direct", 2_500, 10_000, True, 1_312_500, 0, 1_312_500, -26_312_500, id="25"),
        pytest.param("direct", 100, 10_000, True, 69_300, 0, 69_300, -1_069_300, id="1"),
        pytest.param("fcm", 2_500, 10_000, True, 1_312_500, 7_500, 1_320_000, -26_320_000, id="f"),
        pytest.param("direct", 3_700, 1_000, True, 163_170, 30, 163_200, -3_863_200, id="37"),
        pytest.param("direct", 5_000, 10_000, False, 437_500, 0, 437_500, -50_437_500, id="maker"),
    ],
)
def test_every_row_of_the_reference_comes_out_to_the_micro_dollar(
    *,
    member: MemberClass,
    price: int,
    count: int,
    is_taker: bool,
    trade: int,
    rounding: int,
    net: int,
    cash: int,
) -> None:
    fee = charge(FeeAccumulator(), terms(member), price, count, is_taker=is_taker)

    assert (fee.trade_micros, fee.rounding_micros, fee.rebate_micros) == (trade, rounding, 0)
    assert fee.net_micros == net
    assert -price * count - fee.net_micros == cash


def test_three_small_fills_of_one_order_get_their_cent_back() -> None:
    accumulator = FeeAccumulator()

    parts = [charge(accumulator, terms("fcm"), 5_000, 30) for _ in range(3)]

    assert [part.trade_micros for part in parts] == [5_250] * 3
    assert [part.rounding_micros for part in parts] == [4_750] * 3
    assert [part.net_micros for part in parts] == [10_000, 10_000, 0]
    assert accumulator.carried_micros == 4_250


def test_the_pages_table_of_the_accumulator_comes_out() -> None:
    schedule, carried, rows = terms("fcm"), MicroDollars(0), []
    for _ in range(3):
        fee = schedule.round_fee(
            revenue_micros=MicroDollars(-150_000),
            trade_micros=MicroDollars(6_000),
            carried_micros=carried,
        )
        rows.append((fee.rounding_micros, fee.rebate_micros, fee.carried_micros))
        carried = fee.carried_micros

    assert rows == [(4_000, 0, 4_000), (4_000, 0, 8_000), (4_000, 10_000, 2_000)]


@pytest.mark.parametrize(
    ("revenue", "trade", "expected"),
    [
        (-55_000, 8_500, [(6_500, 0, 15_000), (6_500, 10_000, 5_000), (6_500, 0, 15_000)]),
        (-150_000, 4_100, [(5_900, 0, 10_000), (5_900, 10_000, 0), (5_900, 0, 10_000)]),
        (-9_903, 500, [(9_597, 0, 10_097), (9_597, 10_000, 97), (9_597, 10_000, 97)]),
    ],
)
@pytest.mark.parametrize("at_ms", [MARCH_MS, JUNE_MS])
def test_the_older_pages_examples_round_as_printed(
    at_ms: int, revenue: int, trade: int, expected: list[tuple[int, int, int]]
) -> None:
    # Their trade fees follow no published formula, so only the rounding is held to them.
    schedule, carried, rows = terms("fcm", at_ms=at_ms), MicroDollars(0), []
    for _ in expected:
        fee = schedule.round_fee(
            revenue_micros=MicroDollars(revenue),
            trade_micros=MicroDollars(trade),
            carried_micros=carried,
        )
        rows.append((fee.rounding_micros, fee.rebate_micros, fee.net_micros))
        carried = fee.carried_micros

    assert rows == expected


def test_under_the_older_texts_exactly_a_cent_collected_is_not_given_back_yet() -> None:
    fee = terms("fcm", at_ms=JUNE_MS).round_fee(
        revenue_micros=MicroDollars(-55_000),
        trade_micros=MicroDollars(8_500),
        carried_micros=MicroDollars(3_500),
    )

    assert (fee.rebate_micros, fee.carried_micros) == (0, 10_000)


def test_the_fills_recorded_in_june_also_follow_the_text_of_june() -> None:
    schedule = terms(at_ms=JUNE_MS)

    assert charge(FeeAccumulator(), schedule, 5_200, 100).net_micros == 17_500
    assert charge(FeeAccumulator(), schedule, 9_900, 100).net_micros == 700


def test_in_march_everybody_paid_whole_cents() -> None:
    assert (
        charge(FeeAccumulator(), terms("direct", at_ms=MARCH_MS), 5_200, 100).net_micros == 20_000
    )


@given(pips, centi_contracts, st.integers(0, 100_000), st.integers(0, 3_000_000))
def test_a_trade_fee_is_the_model_rounded_up_and_nothing_else(
    price: Pips, count: CentiContracts, rate_ppm: int, multiplier_ppm: int
) -> None:
    p = Fraction(price, 10_000)
    model = Fraction(rate_ppm, 10**6) * Fraction(multiplier_ppm, 10**6) * Fraction(count, 100)
    exact_micros = model * p * (1 - p) * 10**6

    charged = fees.trade_fee_micros(price, count, rate_ppm=rate_ppm, multiplier_ppm=multiplier_ppm)
    coarse = fees.trade_fee_micros(
        price,
        count,
        rate_ppm=rate_ppm,
        multiplier_ppm=multiplier_ppm,
        grid_micros=fees.ONE_CENTICENT_MICROS,
    )

    assert charged == ceil(exact_micros)
    assert coarse == ceil(exact_micros / 100) * 100


@given(price=pips, count=centi_contracts, schedule=fee_schedules, is_taker=st.booleans())
def test_yes_and_no_pay_the_same(
    *, price: Pips, count: CentiContracts, schedule: FeeSchedule, is_taker: bool
) -> None:
    other = opposite_pips(price)

    assert schedule.trade_fee_micros(price, count, is_taker=is_taker) == (
        schedule.trade_fee_micros(other, count, is_taker=is_taker)
    )


@given(
    fee_schedules,
    st.lists(st.tuples(sides, pips, centi_contracts, st.booleans()), min_size=1, max_size=12),
)
def test_every_fill_follows_the_five_rules(
    schedule: FeeSchedule, history: list[tuple[Side, Pips, CentiContracts, bool]]
) -> None:
    accumulator, grid = FeeAccumulator(), schedule.grid_micros
    collected = given_back = 0
    for side, price, count, is_taker in history:
        fee = charge(accumulator, schedule, price, count, side=side, is_taker=is_taker)

        revenue = (-1 if side == "bid" else 1) * price * count
        aligned = floor(Fraction(revenue - fee.trade_micros, grid)) * grid
        assert fee.rounding_micros == revenue - fee.trade_micros - aligned
        assert 0 <= fee.rounding_micros < grid
        assert fee.net_micros >= 0
        assert fee.rebate_micros >= 0
        assert (revenue - fee.net_micros) % grid == 0
        collected += fee.rounding_micros
        given_back += fee.rebate_micros
        assert accumulator.carried_micros == fee.carried_micros == collected - given_back >= 0


@given(schedule=fee_schedules, price=pips, count=centi_contracts, is_taker=st.booleans())
def test_opening_no_is_charged_as_selling_yes_is(
    *, schedule: FeeSchedule, price: Pips, count: CentiContracts, is_taker: bool
) -> None:
    trade = schedule.trade_fee_micros(price, count, is_taker=is_taker)

    sale, purchase = (
        schedule.round_fee(
            revenue_micros=MicroDollars(revenue),
            trade_micros=trade,
            carried_micros=MicroDollars(0),
        )
        for revenue in (price * count, -opposite_pips(price) * count)
    )

    assert sale == purchase


def test_rounding_collected_while_taking_is_given_back_while_making() -> None:
    accumulator, schedule = FeeAccumulator(), terms("fcm", "quadratic")

    charge(accumulator, schedule, 5_000, 30)
    charge(accumulator, schedule, 5_000, 30)
    making = charge(accumulator, schedule, 5_050, 100, is_taker=False)

    assert making.trade_micros == 0
    assert making.rounding_micros == 5_000
    assert making.rebate_micros == 0, "capped: a rebate of a cent would make the fee negative"
    assert accumulator.carried_micros == 14_500


@pytest.mark.parametrize("fee_type", ["flat", "", "quadratic ", "cubic"])
def test_a_fee_type_without_a_formula_refuses_to_trade(fee_type: str) -> None:
    with pytest.raises(FeeUnknown, match="no formula"):
        terms(fee_type=fee_type)


@pytest.mark.parametrize("multiplier_ppm", [-1, 10_000_001])
def test_a_multiplier_that_makes_no_sense_refuses_to_trade(multiplier_ppm: int) -> None:
    with pytest.raises(FeeUnknown, match="makes no sense"):
        terms(multiplier_ppm=multiplier_ppm)


def test_a_time_before_every_rule_has_no_fee() -> None:
    with pytest.raises(FeeUnknown, match="no fee rule"):
        fees.rule_at(-1)


def test_rules_take_over_from_each_other_at_their_instant() -> None:
    starts = [rule.effective_ms for rule in fees.FEE_RULES]

    assert starts == sorted(set(starts))
    assert [datetime.fromtimestamp(ms / 1000, tz=UTC).date().isoformat() for ms in starts] == [
        "1970-01-01",
        "2026-05-21",
        "2026-08-27",
    ]
    for before, rule in zip(fees.FEE_RULES, fees.FEE_RULES[1:], strict=False):
        assert fees.rule_at(rule.effective_ms) is rule
        assert fees.rule_at(rule.effective_ms - 1) is before


def test_every_account_grid_divides_a_cent_and_is_made_of_trade_grids_or_coarser() -> None:
    for rule in fees.FEE_RULES:
        for member in ("direct", "fcm"):
            grid = rule.grid_micros(member)
            assert fees.ONE_CENT_MICROS % grid == 0
            assert grid % rule.trade_grid_micros == 0


@st.composite
def splits(draw: st.DrawFn) -> tuple[Side, Pips, int, int, list[tuple[Pips, CentiContracts]]]:
    """Any way in which an IOC can fill: side, limit, count, price step, its fills."""
    side = draw(sides)
    step = draw(st.sampled_from((1, 10, 50, 100)))
    last = 10_000 // step - 1
    limit = draw(st.integers(1, last))
    within = st.integers(1, limit) if side == "bid" else st.integers(limit, last)
    parts = draw(
        st.lists(st.tuples(within, st.integers(1, 40) | st.integers(1, 50_000)), max_size=25)
    )
    unfilled = draw(st.integers(0, 500))
    count = max(1, sum(part for _, part in parts) + unfilled)
    filled = [(Pips(price * step), CentiContracts(part)) for price, part in parts]
    return side, Pips(limit * step), count, step, filled


@settings(deadline=None, max_examples=400)
@given(split=splits(), schedule=fee_schedules, knows_fills=st.booleans())
def test_no_way_to_fill_costs_more_than_the_worst_case(
    *,
    split: tuple[Side, Pips, int, int, list[tuple[Pips, CentiContracts]]],
    schedule: FeeSchedule,
    knows_fills: bool,
) -> None:
    side, limit, count, step, filled = split
    accumulator = FeeAccumulator()
    charged = cost = 0
    for price, part in filled:
        fee = charge(accumulator, schedule, price, part, side=side)
        charged += fee.net_micros
        cost += cost_micros(price if side == "bid" else opposite_pips(price), part)
    fills_max = max(1, len(filled)) if knows_fills else None

    worst_fee = schedule.worst_fee_micros(
        side=side,
        limit_pips=limit,
        count_centi=CentiContracts(count),
        step_pips=Pips(step),
        fills_max=fills_max,
    )
    worst_cost = schedule.worst_cost_micros(
        side=side,
        limit_pips=limit,
        count_centi=CentiContracts(count),
        step_pips=Pips(step),
        fills_max=fills_max,
    )

    assert charged <= worst_fee
    assert cost + charged <= worst_cost
    leg = limit if side == "bid" else opposite_pips(limit)
    assert worst_cost <= cost_micros(leg, CentiContracts(count)) + worst_fee


@given(pips, centi_contracts, sides, member_classes)
def test_the_worst_case_of_one_fill_at_the_limit_is_less_than_a_grid_above_it(
    price: Pips, count: CentiContracts, side: Side, member: MemberClass
) -> None:
    schedule = terms(member)
    fee = charge(FeeAccumulator(), schedule, price, count, side=side)
    leg = price if side == "bid" else opposite_pips(price)

    worst = schedule.worst_cost_micros(side=side, limit_pips=price, count_centi=count, fills_max=1)

    assert 0 <= worst - cost_micros(leg, count) - fee.net_micros < schedule.grid_micros


def test_on_cent_ticks_a_direct_member_needs_but_a_cent_for_any_hundred_contracts() -> None:
    # 9,999 further fills may each round a micro-dollar up, and 99 stay collected.
    worst = terms().worst_cost_micros(
        side="bid", limit_pips=Pips(5_000), count_centi=CentiContracts(10_000), step_pips=Pips(100)
    )

    assert worst == 50_000_000 + 1_750_000 + 9_999 + 99


def test_tiny_fills_off_the_grid_really_are_charged_their_rounding_each_time() -> None:
    schedule, accumulator = terms("fcm", "quadratic"), FeeAccumulator()

    charged = [charge(accumulator, schedule, 3_301, 1).net_micros for _ in range(50)]

    assert charged == [6_699] * 50
    assert accumulator.carried_micros == sum(charged) - 50 * 155


def test_the_worst_fee_of_a_dear_bid_is_that_of_a_cheaper_fill() -> None:
    schedule, one = terms(), CentiContracts(100)
    at_limit = schedule.trade_fee_micros(Pips(9_000), one, is_taker=True)

    worst = schedule.worst_fee_micros(side="bid", limit_pips=Pips(9_000), count_centi=one)

    assert worst >= schedule.trade_fee_micros(Pips(5_000), one, is_taker=True) > at_limit


def test_where_the_venue_waives_its_fee_nothing_is_charged_on_the_grid() -> None:
    schedule = terms("direct", multiplier_ppm=0)

    worst = schedule.worst_fee_micros(
        side="bid", limit_pips=Pips(5_000), count_centi=CentiContracts(100), step_pips=Pips(100)
    )

    assert worst == charge(FeeAccumulator(), schedule, 5_000, 100).net_micros == 0
