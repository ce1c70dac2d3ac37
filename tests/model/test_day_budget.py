"""Laws of the day's budget: a match takes what was spent on it along, until it has ended."""

from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from actors.model.limits import Exposure, Limits
from actors.model.money import CentiContracts, MicroDollars
from actors.model.orders import Ticker
from actors.model.score import MatchId

MATCHES = [MatchId("M1"), MatchId("M2")]


class DayBudget(RuleBasedStateMachine):
    """What counts against the day, against a list that is added up anew each time."""

    def __init__(self) -> None:
        super().__init__()
        limits = Limits(
            order_count_centi=CentiContracts(100),
            order_notional_micros=MicroDollars(100),
            market_micros=MicroDollars(300),
            match_micros=MicroDollars(400),
            shard_micros=MicroDollars(700),
            day_micros=MicroDollars(500),
            account_micros=MicroDollars(700),
        )
        self.exposure = Exposure(limits, day="0")
        self.day = 0
        self.orders: list[dict[str, Any]] = []

    def spent(self) -> int:
        return sum(each["spent"] for each in self.orders if each["counts"])

    @rule(match=st.sampled_from(MATCHES), worst=st.integers(1, 120))
    def reserve(self, match: MatchId, worst: int) -> None:
        name, ticker = f"o{len(self.orders)}", Ticker(f"{match}-T")
        of_match = sum(each["open"] for each in self.orders if each["match"] == match)
        of_all = sum(each["open"] for each in self.orders)
        fits = (
            worst <= 100
            and of_match + worst <= 300
            and of_all + worst <= 700
            and self.spent() + worst <= 500
        )
        refusal = self.exposure.reserve(
            name, ticker=ticker, match=match, worst_micros=MicroDollars(worst)
        )
        assert (refusal is None) == fits
        if fits:
            self.orders.append(
                {"name": name, "match": match, "spent": worst, "open": worst, "day": self.day,
                 "counts": True, "known": False}
            )  # fmt: skip

    @rule(number=st.integers(0, 30), share=st.integers(0, 100))
    def fill(self, number: int, share: int) -> None:
        waiting = [each for each in self.orders if not each["known"]]
        if waiting:
            order = waiting[number % len(waiting)]
            cost = order["spent"] * share // 100
            self.exposure.settle_outcome(order["name"], MicroDollars(cost))
            order.update(spent=cost, open=cost, known=True)

    @rule(number=st.integers(0, 30))
    def close(self, number: int) -> None:
        held = [each for each in self.orders if each["known"] and each["open"]]
        if held:
            order = held[number % len(held)]
            self.exposure.release_position(order["name"])
            order["open"] = 0

    @rule(playing=st.sets(st.sampled_from(MATCHES)))
    def turn(self, playing: set[MatchId]) -> None:
        self.day += 1
        self.exposure.roll_day(str(self.day), playing)
        carried = {each["match"] for each in self.orders if each["counts"]} & playing
        for each in self.orders:
            # Of a match that goes on, all that is still remembered counts.
            remembered = self.exposure_knows(each["name"])
            each["counts"] = each["match"] in carried and remembered

    def exposure_knows(self, name: str) -> bool:
        return any(each.client_order_id == name for each in self.exposure.entries())

    @rule(match=st.sampled_from(MATCHES))
    def end(self, match: MatchId) -> None:
        self.exposure.end_match(match)
        for each in self.orders:
            if each["match"] == match and each["day"] < self.day:
                each["counts"] = False

    @invariant()
    def the_sums_are_those_of_the_orders(self) -> None:
        assert self.exposure.spent_day_micros == self.spent()
        assert self.exposure.open_account_micros == sum(each["open"] for each in self.orders)


def test_a_restart_takes_along_what_was_spent_on_matches_that_play_and_on_no_others() -> None:
    before = DayBudget()
    for match in MATCHES:
        before.reserve(match, 100)
    assert before.spent() == 200
    after = Exposure(before.exposure.limits, day="1", entries=before.exposure.entries())
    assert after.spent_day_micros == 0

    after.carry({MATCHES[0]})
    assert after.spent_day_micros == 100
    after.end_match(MATCHES[0])
    assert after.spent_day_micros == 0


TestDayBudget = DayBudget.TestCase
TestDayBudget.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
