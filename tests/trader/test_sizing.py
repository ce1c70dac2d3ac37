"""Laws of the size: within the budget, nearly all of it, and reckoned in three sums."""

from hypothesis import given, strategies as st

from actors.messages.catalogue import LegRole
from actors.model.fees import FeeSchedule, MemberClass, fee_schedule
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Side
from actors.trader.sizing import RESULTS, Purse, affordable


def schedule(member: MemberClass, at_ms: int) -> FeeSchedule:
    return fee_schedule(
        "quadratic_with_maker_fees", multiplier_ppm=1_000_000, member=member, at_ms=at_ms
    )


@given(
    most=st.integers(0, 5_000),
    budget=st.integers(-10, 500_000_000),
    cents=st.integers(1, 99),
    side=st.sampled_from(["bid", "ask"]),
    member=st.sampled_from(["direct", "fcm"]),
    at_ms=st.sampled_from([0, 1_780_000_000_000, 1_795_000_000_000]),
)
def test_what_is_affordable_is_the_most_that_is_in_three_exact_sums(
    *, most: int, budget: int, cents: int, side: Side, member: MemberClass, at_ms: int
) -> None:
    fees, sums = schedule(member, at_ms), list[int]()

    def worst(count: CentiContracts) -> MicroDollars:
        sums.append(count)
        return fees.worst_cost_micros(
            side=side, limit_pips=Pips(100 * cents), count_centi=count, step_pips=Pips(100)
        )

    found = affordable(most, budget, worst)

    assert len(sums) <= 3
    whole = 0 if found is None else found[0] // 100
    if found is not None:
        assert found[1] == worst(found[0]) <= budget
        assert 0 < whole <= most
    if whole < most:
        # Two more would not be paid for: the estimate gives away less than that.
        assert worst(CentiContracts(100 * (whole + 2))) > budget


legs = st.lists(
    st.tuples(
        st.sampled_from(RESULTS), st.sampled_from(["bid", "ask"]), st.integers(1, 300_000_000)
    ),
    max_size=6,
)


@given(legs)
def test_no_result_ever_costs_more_than_the_purse(legs: list[tuple[LegRole, Side, int]]) -> None:
    purse, taken = Purse(400_000_000), list[tuple[LegRole, Side, int]]()
    for role, side, wanted in legs:
        cost = min(wanted, purse.left_micros(role, side))
        purse.put(role, side, cost)
        taken.append((role, side, cost))

    for result in RESULTS:
        lost = sum(cost for role, side, cost in taken if (role == result) == (side == "ask"))
        assert lost <= 400_000_000


def test_two_sales_share_a_budget_because_only_one_of_them_can_lose() -> None:
    purse = Purse(100)
    purse.put("draw", "ask", 100)

    assert purse.left_micros("away", "ask") == 100
    assert purse.left_micros("home", "bid") == 0, "a purchase of home loses on the draw too"
    assert purse.worst_micros == 100
