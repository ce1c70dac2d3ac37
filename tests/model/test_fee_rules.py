"""What of the fee rules no printed example shows: every rate, every date, every boundary."""

import pytest

from actors.model import fees
from actors.model.fees import FEE_RULES, FeeUnknown, fee_schedule, rule_at
from actors.model.money import CentiContracts, MicroDollars, Pips

NOW_MS = FEE_RULES[-1].effective_ms


@pytest.mark.parametrize(
    ("fee_type", "taker", "maker"),
    [
        ("quadratic", 70_000, 0),
        ("quadratic_with_maker_fees", 70_000, 17_500),
        ("quadratic_with_combo_maker_fees", 70_000, 35_000),
    ],
)
@pytest.mark.parametrize("multiplier", [1, 2])
def test_a_contract_at_even_odds_pays_a_quarter_of_its_rate(
    fee_type: str, taker: int, maker: int, multiplier: int
) -> None:
    schedule = fee_schedule(
        fee_type, multiplier_ppm=multiplier * 500_000, member="direct", at_ms=NOW_MS
    )

    for is_taker, rate in ((True, taker), (False, maker)):
        # Ten thousand contracts, so that no micro-dollar of a rate is rounded away.
        fee = schedule.trade_fee_micros(Pips(5_000), CentiContracts(1_000_000), is_taker=is_taker)
        assert fee == rate * 10_000 // 4 * multiplier // 2


@pytest.mark.parametrize(
    ("at_ms", "trade", "direct", "fcm", "rebate"),
    [
        (0, 100, 10_000, 10_000, "one_cent"),
        (1_779_321_599_999, 100, 10_000, 10_000, "one_cent"),
        (1_779_321_600_000, 100, 100, 10_000, "one_cent"),
        (1_787_788_799_999, 100, 100, 10_000, "one_cent"),
        (1_787_788_800_000, 1, 100, 10_000, "grid"),
    ],
)
def test_each_text_is_in_force_from_its_instant_to_the_next(
    at_ms: int, trade: int, direct: int, fcm: int, rebate: str
) -> None:
    rule = rule_at(at_ms)

    assert rule.trade_grid_micros == trade
    assert (rule.grid_micros("direct"), rule.grid_micros("fcm")) == (direct, fcm)
    assert rule.rebate == rebate


def test_before_every_text_there_is_no_fee() -> None:
    with pytest.raises(FeeUnknown):
        rule_at(-1)


@pytest.mark.parametrize("ppm", [-1, fees.MULTIPLIER_MAX_PPM + 1])
def test_a_multiplier_that_makes_no_sense_is_not_traded(ppm: int) -> None:
    with pytest.raises(FeeUnknown, match="makes no sense"):
        fee_schedule("quadratic", multiplier_ppm=ppm, member="direct", at_ms=NOW_MS)


@pytest.mark.parametrize(
    ("collected", "trade", "rebate"),
    [(10_000, 12_000, 0), (10_001, 12_000, 10_000), (10_001, 10_000, 10_000), (10_001, 9_900, 0)],
)
def test_under_the_older_texts_a_cent_comes_back_above_a_cent_and_out_of_a_cent(
    collected: int, trade: int, rebate: int
) -> None:
    schedule = fee_schedule(
        "quadratic", multiplier_ppm=1_000_000, member="direct", at_ms=NOW_MS - 1
    )
    fee = schedule.round_fee(
        revenue_micros=MicroDollars(0),
        trade_micros=MicroDollars(trade),
        carried_micros=MicroDollars(collected),
    )

    assert fee.rebate_micros == rebate
