"""From when a rule of rounding is in force, to the microsecond."""

from datetime import UTC, datetime

import attrs
import pytest

from actors.model.orders import Ticker
from actors.sim.venue.fees import CURRENT_RULES, PUBLISHED_RULES, FeeRule, rule_at
from tests.sim.venue.hall import (
    EVENT,
    SECOND,
    START_US,
    Hall,
    market_terms,
    open_hall,
    order,
    quote,
)

CHANGED_US = int(datetime(2026, 8, 27, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("now_us", "step_micros"), [(0, 100), (CHANGED_US - 1, 100), (CHANGED_US, 1), (START_US, 1)]
)
def test_fees_were_rounded_up_to_a_hundredth_of_a_cent_until_the_27th_of_august(
    now_us: int, step_micros: int
) -> None:
    assert rule_at(PUBLISHED_RULES, now_us) == FeeRule(
        0 if step_micros == 100 else CHANGED_US, step_micros
    )


@pytest.mark.parametrize("now_us", [0, CHANGED_US, START_US])
def test_unless_asked_otherwise_the_text_in_force_has_always_been(now_us: int) -> None:
    assert rule_at(CURRENT_RULES, now_us).ceiling_micros == 1


@pytest.mark.parametrize(
    ("after_us", "fees"), [(999_999, [200, 200, 200, 200]), (1_000_000, [200, 200, 200, 100])]
)
def test_a_fill_is_rounded_by_the_rule_of_its_own_microsecond(
    after_us: int, fees: list[int]
) -> None:
    # 0.01 contract at even odds: 175 micro-dollars. Rounded up to 200 nothing is ever given
    # back; rounded up to itself, the fourth fill has a hundred to come.
    hall = open_hall()
    hall.venue.fees.follow((FeeRule(0, 100), FeeRule(START_US + SECOND, 1)))
    for _ in fees:
        hall.create("maker", quote("ask", 5_000, 1))
    hall.clock.now_us += after_us

    hall.create("us", order("bid", 5_000, len(fees)))

    assert fees_paid(hall) == fees


@pytest.mark.parametrize(("after_us", "fee"), [(SECOND - 1, 0), (SECOND, 17_500)])
def test_a_waiver_ends_at_its_microsecond(after_us: int, fee: int) -> None:
    hall = open_hall()
    waived = Ticker(f"{EVENT}-TIE")
    hall.venue.list_market(
        attrs.evolve(market_terms(waived), fee_waiver_until_us=START_US + SECOND)
    )
    hall.create("maker", quote("ask", 5_200, 100, waived))
    hall.clock.now_us += after_us

    hall.create("us", order("bid", 5_200, 100, ticker=waived))

    assert fees_paid(hall) == [fee]


def fees_paid(hall: Hall) -> list[int]:
    view = hall.venue.floor.account("us").view
    assert view is not None
    return [fill.fee_micros for fill in view.fills]
