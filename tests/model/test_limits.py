from typing import Final

import attrs
import pytest
from hypothesis import given, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from actors.model import limits as limits_module
from actors.model.limits import Breach, Entry, Exposure, Limits, NotReserved
from actors.model.money import CentiContracts, MicroDollars
from actors.model.orders import Ticker
from actors.model.score import MatchId
from tests import strategies

MATCH_OF: Final = {
    Ticker("KXGAME-A"): MatchId("KXGAME-1"),
    Ticker("KXGAME-B"): MatchId("KXGAME-1"),
    Ticker("KXGAME-TIE"): MatchId("KXGAME-2"),
}
MARKET = Ticker("KXGAME-A")
MATCH = MATCH_OF[MARKET]
SHARD_OF = {ticker: number % 2 for number, ticker in enumerate(MATCH_OF)}
"""The legs of one match are spread over both, which no exchange does and the sums must not mind."""

amounts = st.integers(0, 1_200).map(MicroDollars)


def limits_of(**changes: int) -> Limits:
    wide = Limits(
        order_count_centi=CentiContracts(10_000),
        order_notional_micros=MicroDollars(1_000),
        market_micros=MicroDollars(2_000),
        match_micros=MicroDollars(3_000),
        shard_micros=MicroDollars(3_500),
        day_micros=MicroDollars(5_000),
        account_micros=MicroDollars(4_000),
    )
    return attrs.evolve(wide, **changes)  # type: ignore[arg-type]  # each amount is an int


def exposure_of(**changes: int) -> Exposure:
    return Exposure(limits_of(**changes), day="day-0")


def reserve(
    exposure: Exposure, order: str, worst: int, *, ticker: Ticker = MARKET
) -> Breach | None:
    return exposure.reserve(
        order,
        ticker=ticker,
        match=MATCH_OF[ticker],
        worst_micros=MicroDollars(worst),
        shard=SHARD_OF[ticker],
    )


class Budgets(RuleBasedStateMachine):
    """Any sequence of reservations, outcomes that keep within them, releases, restarts, days."""

    def __init__(self) -> None:
        super().__init__()
        self.days = 0
        self.known: list[str] = []

    @initialize(limits=strategies.limits)
    def start(self, limits: Limits) -> None:
        self.exposure = Exposure(limits, day="day-0")

    def entry(self, pick: int) -> Entry:
        entries = self.exposure.entries()
        return entries[pick % len(entries)]

    @rule(ticker=strategies.tickers, worst=amounts.filter(bool))
    def reserve(self, ticker: Ticker, worst: MicroDollars) -> None:
        before = self.exposure.entries()
        room = self.exposure.headroom_micros(ticker, MATCH_OF[ticker], SHARD_OF[ticker])
        order = f"o{len(self.known)}"

        breach = reserve(self.exposure, order, worst, ticker=ticker)

        assert (breach is None) == (worst <= room)
        if breach is None:
            self.known.append(order)
        else:
            assert self.exposure.entries() == before

    @precondition(lambda self: self.exposure.entries())
    @rule(pick=st.integers(0, 99), amount=amounts)
    def outcome(self, pick: int, amount: MicroDollars) -> None:
        entry = self.entry(pick)
        filled = min(amount, entry.spent_micros)

        assert self.exposure.settle_outcome(entry.client_order_id, filled) == 0
        again = self.exposure.entries()
        self.exposure.settle_outcome(entry.client_order_id, filled)
        assert self.exposure.entries() == again

    @precondition(lambda self: self.exposure.entries())
    @rule(pick=st.integers(0, 99), left=amounts)
    def release(self, pick: int, left: MicroDollars) -> None:
        entry = self.entry(pick)
        before = self.exposure.open_account_micros

        self.exposure.release_position(entry.client_order_id, left)

        assert self.exposure.open_account_micros <= before
        again = self.exposure.entries()
        self.exposure.release_position(entry.client_order_id, left)
        assert self.exposure.entries() == again

    @rule(ticker=strategies.tickers)
    def settle(self, ticker: Ticker) -> None:
        self.exposure.settle_market(ticker)

        unknown = [
            entry.worst_micros
            for entry in self.exposure.entries()
            if entry.ticker == ticker and entry.filled_micros is None
        ]
        assert self.exposure.open_market_micros(ticker) == sum(unknown)

    @rule()
    def next_day(self) -> None:
        open_before = self.exposure.open_account_micros
        self.days += 1
        self.exposure.roll_day(f"day-{self.days}")

        assert self.exposure.spent_day_micros == 0
        assert self.exposure.open_account_micros == open_before

    @rule()
    def restart(self) -> None:
        before = self.exposure
        self.exposure = Exposure(before.limits, day=before.day, entries=before.entries())

        assert self.exposure.entries() == before.entries()
        assert self.exposure.spent_day_micros == before.spent_day_micros
        assert self.exposure.open_account_micros == before.open_account_micros

    @invariant()
    def no_budget_is_exceeded_and_none_is_below_zero(self) -> None:
        exposure, limits = self.exposure, self.exposure.limits
        assert 0 <= exposure.spent_day_micros <= limits.day_micros
        assert 0 <= exposure.open_account_micros <= limits.account_micros
        for ticker, match in MATCH_OF.items():
            assert 0 <= exposure.open_market_micros(ticker) <= limits.market_micros
            assert 0 <= exposure.open_match_micros(match) <= limits.match_micros
            shard = SHARD_OF[ticker]
            assert 0 <= exposure.open_shard_micros(shard) <= limits.shard_micros

    @invariant()
    def every_total_is_the_sum_of_its_orders(self) -> None:
        entries = self.exposure.entries()
        assert self.exposure.open_account_micros == sum(one.open_micros for one in entries)
        assert self.exposure.spent_day_micros == sum(
            one.spent_micros for one in entries if one.day == self.exposure.day
        )
        for ticker, match in MATCH_OF.items():
            assert self.exposure.open_market_micros(ticker) == sum(
                one.open_micros for one in entries if one.ticker == ticker
            )
            assert self.exposure.open_match_micros(match) == sum(
                one.open_micros for one in entries if one.match == match
            )
            shard = SHARD_OF[ticker]
            assert self.exposure.open_shard_micros(shard) == sum(
                one.open_micros for one in entries if SHARD_OF[one.ticker] == shard
            )


TestNoHistoryExceedsABudget = Budgets.TestCase


@pytest.mark.parametrize(
    ("changes", "breach"),
    [
        ({"order_notional_micros": 499}, "order_notional"),
        ({"market_micros": 899}, "market_budget"),
        ({"match_micros": 899}, "match_budget"),
        ({"shard_micros": 899}, "shard_budget"),
        ({"day_micros": 899}, "day_budget"),
        ({"account_micros": 899}, "account_budget"),
    ],
)
def test_each_budget_refuses_by_its_own_name_and_allows_its_last_micro_dollar(
    changes: dict[str, int], breach: Breach
) -> None:
    exact = {name: value + 1 for name, value in changes.items()}
    for limits, expected in ((changes, breach), (exact, None)):
        exposure = exposure_of(**limits)
        reserve(exposure, "o1", 400)

        assert reserve(exposure, "o2", 500) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"order_notional_micros": 900},
        {"market_micros": 900},
        {"match_micros": 900},
        {"shard_micros": 900},
        {"day_micros": 900},
        {"account_micros": 900},
    ],
)
def test_there_is_as_much_room_as_the_narrowest_budget_leaves(changes: dict[str, int]) -> None:
    exposure = exposure_of(**changes)
    assert exposure.headroom_micros(MARKET, MATCH) == 900
    reserve(exposure, "o1", 400)
    left = 900 if "order_notional_micros" in changes else 500

    assert exposure.headroom_micros(MARKET, MATCH) == left


@pytest.mark.parametrize(
    ("count", "worst", "breach"),
    [
        (10_000, 1_000, None),
        (10_001, 1_000, "order_count"),
        (10_000, 1_001, "order_notional"),
    ],
)
def test_an_order_may_be_as_large_as_its_limit_and_not_one_larger(
    count: int, worst: int, breach: Breach | None
) -> None:
    said = limits_of().order_breach(
        count_centi=CentiContracts(count), worst_micros=MicroDollars(worst)
    )
    assert said == breach


def test_two_legs_of_one_match_share_its_budget_but_not_their_markets() -> None:
    exposure = exposure_of(match_micros=1_500)

    assert reserve(exposure, "o1", 1_000) is None
    assert reserve(exposure, "o2", 501, ticker=Ticker("KXGAME-B")) == "match_budget"
    assert reserve(exposure, "o3", 1_000, ticker=Ticker("KXGAME-TIE")) is None
    assert exposure.open_market_micros(Ticker("KXGAME-B")) == 0


def test_an_order_reserves_once_and_its_repeat_is_refused() -> None:
    exposure = exposure_of()

    assert reserve(exposure, "o1", 400) is None
    assert reserve(exposure, "o1", 400) == "duplicate_order"
    assert exposure.open_account_micros == 400


def test_an_unknown_outcome_keeps_its_whole_reservation() -> None:
    exposure = exposure_of()
    reserve(exposure, "o1", 400)

    exposure.release_position("o1")
    exposure.settle_market(MARKET)

    assert exposure.open_market_micros(MARKET) == 400
    assert exposure.spent_day_micros == 400


def test_what_is_released_before_the_outcome_is_known_is_open_once_it_is() -> None:
    exposure = exposure_of()
    reserve(exposure, "o1", 400)
    exposure.release_position("o1")

    exposure.settle_outcome("o1", MicroDollars(300))

    assert exposure.open_market_micros(MARKET) == 300


def test_an_unknown_outcome_resolved_after_its_market_settled_leaves_nothing_open() -> None:
    exposure = exposure_of()
    reserve(exposure, "o1", 400)
    exposure.settle_market(MARKET)

    exposure.settle_outcome("o1", MicroDollars(300))

    assert exposure.open_market_micros(MARKET) == 0
    assert exposure.spent_day_micros == 300


def test_a_refused_order_gives_everything_back() -> None:
    exposure = exposure_of()
    reserve(exposure, "o1", 400)

    exposure.settle_outcome("o1", MicroDollars(0))

    assert exposure.open_account_micros == exposure.spent_day_micros == 0


def test_closing_a_position_frees_its_market_but_not_the_day() -> None:
    exposure = exposure_of()
    reserve(exposure, "o1", 400)
    exposure.settle_outcome("o1", MicroDollars(300))

    exposure.release_position("o1", MicroDollars(100))
    assert exposure.open_match_micros(MATCH) == 100
    exposure.release_position("o1", MicroDollars(250))
    assert exposure.open_match_micros(MATCH) == 100, "what was released does not come back"
    exposure.release_position("o1")

    assert exposure.open_match_micros(MATCH) == 0
    assert exposure.spent_day_micros == 300


def test_a_cost_above_its_worst_case_is_told_and_counts_in_full() -> None:
    exposure = exposure_of(market_micros=400)
    reserve(exposure, "o1", 400)

    assert exposure.settle_outcome("o1", MicroDollars(410)) == 10
    assert exposure.open_market_micros(MARKET) == 410
    assert exposure.headroom_micros(MARKET, MATCH) == 0


def test_a_corrected_cost_replaces_the_first_one_and_a_higher_one_is_told() -> None:
    exposure = exposure_of()
    reserve(exposure, "o1", 400)

    told = [exposure.settle_outcome("o1", MicroDollars(cost)) for cost in (300, 310, 290)]

    assert told == [0, 10, 0]
    assert exposure.open_account_micros == exposure.spent_day_micros == 290


def test_a_cost_corrected_below_what_is_still_held_is_all_that_is_open() -> None:
    exposure = exposure_of()
    reserve(exposure, "o1", 400)
    exposure.settle_outcome("o1", MicroDollars(300))
    exposure.release_position("o1", MicroDollars(200))

    exposure.settle_outcome("o1", MicroDollars(50))

    assert exposure.open_market_micros(MARKET) == 50


def test_a_late_word_about_yesterday_does_not_change_today() -> None:
    exposure = exposure_of()
    reserve(exposure, "o1", 400)
    exposure.roll_day("day-1")

    exposure.settle_outcome("o1", MicroDollars(300))

    assert exposure.spent_day_micros == 0
    assert exposure.open_account_micros == 300


def test_rolling_to_the_same_day_changes_nothing() -> None:
    exposure = exposure_of()
    reserve(exposure, "o1", 400)

    exposure.roll_day("day-0")

    assert exposure.spent_day_micros == 400


def test_finished_orders_are_forgotten_after_their_next_day_and_open_ones_never() -> None:
    exposure = exposure_of()
    for order in ("done", "open", "unknown"):
        reserve(exposure, order, 400)
    exposure.settle_outcome("done", MicroDollars(0))
    exposure.settle_outcome("open", MicroDollars(100))

    exposure.roll_day("day-1")
    assert len(exposure.entries()) == 3
    exposure.roll_day("day-2")

    assert [entry.client_order_id for entry in exposure.entries()] == ["open", "unknown"]


def test_a_restart_into_tighter_limits_keeps_what_is_open_and_refuses_more() -> None:
    before = exposure_of()
    reserve(before, "o1", 400)

    after = Exposure(limits_of(market_micros=100), day="day-0", entries=before.entries())

    assert after.open_market_micros(MARKET) == 400
    assert after.headroom_micros(MARKET, MATCH) == 0
    assert reserve(after, "o2", 1) == "market_budget"


def test_the_same_order_cannot_be_restored_twice() -> None:
    before = exposure_of()
    reserve(before, "o1", 400)

    with pytest.raises(ValueError, match="comes twice"):
        Exposure(limits_of(), day="day-0", entries=before.entries() * 2)


def test_words_about_an_order_that_reserved_nothing_are_an_error() -> None:
    exposure = exposure_of()

    with pytest.raises(NotReserved):
        exposure.settle_outcome("none", MicroDollars(0))
    with pytest.raises(NotReserved):
        exposure.release_position("none")


@pytest.mark.parametrize("worst", [0, -1])
def test_an_order_without_a_worst_case_cannot_be_reserved(worst: int) -> None:
    with pytest.raises(ValueError, match="worst case cannot be"):
        reserve(exposure_of(), "o1", worst)


def test_nothing_costs_less_than_nothing() -> None:
    exposure = exposure_of()
    reserve(exposure, "o1", 400)

    with pytest.raises(ValueError, match="cannot cost"):
        exposure.settle_outcome("o1", MicroDollars(-1))
    with pytest.raises(ValueError, match="cannot have"):
        exposure.release_position("o1", MicroDollars(-1))


@given(strategies.limits, strategies.centi_contracts, amounts)
def test_an_order_breaks_its_own_limits_exactly_above_them(
    limits: Limits, count: CentiContracts, worst: MicroDollars
) -> None:
    breach = limits.order_breach(count_centi=count, worst_micros=worst)

    small = count <= limits.order_count_centi
    cheap = worst <= limits.order_notional_micros
    assert breach == (None if small and cheap else "order_notional" if small else "order_count")


CEILINGS: Final = {
    "order_count_centi": limits_module.ORDER_COUNT_CEILING_CENTI,
    "order_notional_micros": limits_module.ORDER_NOTIONAL_CEILING_MICROS,
    "market_micros": limits_module.MARKET_CEILING_MICROS,
    "match_micros": limits_module.MATCH_CEILING_MICROS,
    "shard_micros": limits_module.SHARD_CEILING_MICROS,
    "day_micros": limits_module.DAY_CEILING_MICROS,
    "account_micros": limits_module.ACCOUNT_CEILING_MICROS,
}


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(Limits)])
def test_no_profile_can_raise_a_limit_above_its_ceiling_or_drop_it(name: str) -> None:
    limits_of(**{name: CEILINGS[name]})

    for value in (CEILINGS[name] + 1, 0, -1):
        with pytest.raises(ValueError, match=f"{name} must be above 0"):
            limits_of(**{name: value})
