from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from actors.sim.venue.errors import NotListed
from actors.sim.venue.events import EventFeesChanged
from actors.sim.venue.fees import PUBLISHED_RULES, Membership, charge, fee_terms
from actors.sim.venue.listing import DECI_CENT
from tests.sim.venue.hall import EVENT, HOME, SECOND, SERIES, START_US, open_hall, order, quote
from tests.sim.venue.papers import Desk

TAKER = fee_terms("quadratic", Fraction(1)).taker


def test_a_series_change_is_listed_and_in_force_from_its_instant() -> None:
    hall = open_hall()
    desk = Desk(hall)
    hall.venue.fees.plan_series(SERIES, START_US + 10 * SECOND, "quadratic", Fraction(2))
    hall.create("maker", quote("ask", 5_200, 900))
    [row] = desk.get("/series/fee_changes")["series_fee_change_arr"]
    assert (row["series_ticker"], row["fee_type"], row["fee_multiplier"]) == (
        SERIES,
        "quadratic",
        2.0,
    )

    fees = []
    for _ in range(2):
        fees.append(hall.create("us", order("bid", 5_200, 100)).average_fee_micros)
        hall.clock.pass_s(10)

    assert fees == [17_500, 35_000]
    assert desk.get(f"/series/{SERIES}")["series"]["fee_multiplier"] == 2.0
    assert desk.get("/series/fee_changes")["series_fee_change_arr"] == []
    past = desk.get("/series/fee_changes", show_historical="true")["series_fee_change_arr"]
    assert len(past) == 1


def test_an_events_override_comes_and_goes_and_is_told() -> None:
    hall = open_hall()
    heard: list[EventFeesChanged] = []
    hall.venue.listen(
        lambda event: heard.append(event) if isinstance(event, EventFeesChanged) else None
    )
    schedule = hall.venue.fees
    schedule.plan_event(EVENT, START_US + 10 * SECOND, "quadratic_with_maker_fees", Fraction(0))
    schedule.plan_event(EVENT, START_US + 20 * SECOND, None, None)
    rows = Desk(hall).get("/events/fee_changes")["event_fee_changes"]
    assert [row["fee_type_override"] for row in rows] == ["quadratic_with_maker_fees", None]
    hall.create("maker", quote("ask", 5_200, 900))

    fees = []
    for _ in range(3):
        fees.append(hall.create("us", order("bid", 5_200, 100)).average_fee_micros)
        hall.clock.pass_s(10)

    assert fees == [17_500, 0, 17_500]
    assert [each.fee_multiplier_override for each in heard] == [Fraction(0), None]


def test_what_rests_and_could_not_pay_the_new_fee_goes_newest_first() -> None:
    hall = open_hall(cash_micros=1_040_000)
    first = hall.create("us", quote("bid", 4_900, 100)).order_id
    hall.create("us", quote("bid", 5_000, 100))
    hall.venue.fees.plan_series(SERIES, START_US + SECOND, "quadratic_with_maker_fees", Fraction(8))

    hall.clock.pass_s(1)
    hall.venue.advance()

    assert hall.venue.open_orders("us", HOME) == (first,)


def test_what_is_not_listed_has_no_fees_to_change() -> None:
    schedule = open_hall().venue.fees

    with pytest.raises(NotListed):
        schedule.plan_series("NONE", 0, "quadratic", Fraction(1))
    with pytest.raises(NotListed):
        schedule.plan_event("NONE", 0, None, None)
    with pytest.raises(ValueError, match="no published formula"):
        schedule.plan_series(SERIES, 0, "flat", Fraction(1))


def test_the_rounding_rule_changed_on_its_day() -> None:
    hall = open_hall()
    hall.clock.now_us = PUBLISHED_RULES[1].since_us - SECOND
    hall.venue.fees.follow(PUBLISHED_RULES)
    market = hall.venue.market(HOME)
    assert market.fees.ceiling_micros == 100

    hall.clock.pass_s(2)
    hall.venue.advance()

    assert market.fees.ceiling_micros == 1


def test_by_the_earlier_rule_a_fee_is_rounded_up_to_a_hundredth_of_a_cent() -> None:
    old = charge(
        rate=TAKER,
        price_pips=5_200,
        count_centi=100,
        revenue_micros=-520_000,
        carried_micros=0,
        ceiling_micros=100,
    )

    assert (old.trade_micros, old.rounding_micros, old.net_micros) == (17_500, 0, 17_500)


def test_a_member_behind_an_intermediary_pays_whole_cents() -> None:
    hall = open_hall()
    hall.venue.open_account("broker", {0: 10_000_000}, membership="intermediated")
    hall.create("maker", quote("ask", 5_500, 900))

    created = hall.create("broker", order("bid", 5_500, 100))

    assert created.average_fee_micros == 20_000
    assert hall.cash("broker") == 10_000_000 - 570_000


@given(
    acts=st.lists(
        st.tuples(st.sampled_from(["bid", "ask"]), st.integers(10, 990), st.integers(1, 300)),
        max_size=15,
    ),
    intermediated=st.booleans(),
)
def test_under_every_rule_and_membership_money_is_whole(
    acts: list[tuple[str, int, int]], *, intermediated: bool
) -> None:
    hall = open_hall(ranges=DECI_CENT, fee_type="quadratic_with_maker_fees")
    hall.venue.fees.follow(PUBLISHED_RULES[:1])
    membership: Membership = "intermediated" if intermediated else "direct"
    hall.venue.open_account("they", {0: 2_000_000}, membership=membership)
    money = hall.money()
    for number, (side, price, count) in enumerate(acts):
        who = "they" if number % 2 else "maker"
        hall.venue.create_order(who, quote("bid" if side == "bid" else "ask", price * 10, count))

    assert hall.money() == money
    floor = -10_000 * 300 if intermediated else 0
    assert hall.cash("they") >= floor
    if intermediated:
        assert hall.cash("they") % 10_000 == 0
