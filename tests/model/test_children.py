"""Laws of a goal's orders: counted by goal, remembered by what makes them the same."""

from actors.model.children import GOALS_MOST, Child, Children
from actors.model.money import CentiContracts, Pips
from actors.model.orders import Ticker
from actors.model.score import GoalKey, MatchId


def child(state: str, pips: int = 5_000) -> Child:
    key = GoalKey(MatchId("M"), 0, state)
    return key, Ticker("T"), "bid", Pips(pips), CentiContracts(100)


def test_orders_are_counted_by_goal_and_the_same_one_is_known_by_its_goal_too() -> None:
    children = Children()
    children.take(child("1-0"), 1)
    children.take(child("1-0", 5_100), 2)

    assert children.of(child("1-0")[0]) == 2
    assert children.of(child("2-0")[0]) == 0
    assert children.sent_ns(child("1-0")) == 1
    assert children.sent_ns(child("2-0")) is None, "another goal may want the same"


def test_no_more_goals_are_remembered_than_so_many() -> None:
    children = Children()
    for number in range(GOALS_MOST + 1):
        children.take(child(f"{number}-0"), number)

    assert children.of(child("0-0")[0]) == 0
    assert children.sent_ns(child("0-0")) is None
    assert children.of(child(f"{GOALS_MOST}-0")[0]) == 1
