from typing import Any

import pytest
from hypothesis import given, strategies as st

from actors.model.money import CentiContracts
from actors.sim.venue.events import OrderGroupChanged
from actors.sim.venue.order_groups import WINDOW_US, OrderGroup
from tests.sim.venue.hall import HOME, open_hall, order, quote
from tests.sim.venue.papers import Desk

GROUPS = "/portfolio/order_groups"
ORDERS = "/portfolio/events/orders"


def form(group: str, **changes: object) -> dict[str, object]:
    return {
        "ticker": HOME,
        "side": "bid",
        "count": "1.00",
        "price": "0.4000",
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
        "order_group_id": group,
    } | changes


def make(desk: Desk, **body: object) -> str:
    status, answer = desk.ask("POST", f"{GROUPS}/create", body=body)
    assert status == 201, answer
    return str(answer["order_group_id"])


def place(desk: Desk, group: str, **changes: object) -> tuple[int, dict[str, Any]]:
    return desk.ask("POST", ORDERS, body=form(group, **changes))


def sell(desk: Desk, count_centi: int) -> None:
    desk.hall.create("maker", order("ask", 4_000, count_centi))


def refused(answer: tuple[int, dict[str, Any]]) -> bool:
    return answer[0] == 400 and answer[1]["error"]["code"] == "exceeded_order_group_risk_limit"


def test_a_group_whose_limit_is_reached_loses_its_orders_and_takes_none() -> None:
    desk = Desk(open_hall())
    group = make(desk, contracts_limit=2)
    for price in ("0.4000", "0.3900", "0.3800"):
        assert place(desk, group, price=price)[0] == 201
    outside = desk.hall.create("us", quote("bid", 3_700, 100)).order_id

    sell(desk, 100)
    assert len(desk.get(f"{GROUPS}/{group}")["orders"]) == 2
    desk.hall.create("maker", order("ask", 3_900, 100))

    assert desk.get(f"{GROUPS}/{group}")["orders"] == []
    assert desk.hall.venue.open_orders("us", HOME) == (outside,)
    assert refused(place(desk, group))
    assert desk.ask("PUT", f"{GROUPS}/{group}/reset")[0] == 200
    assert place(desk, group)[0] == 201


def test_what_matched_over_fifteen_seconds_ago_counts_no_more() -> None:
    desk = Desk(open_hall())
    group = make(desk, contracts_limit_fp="1.50")
    for _ in range(3):
        assert place(desk, group)[0] == 201
        sell(desk, 100)
        desk.hall.clock.pass_s(15)

    assert place(desk, group)[0] == 201


def test_a_taker_counts_and_its_rest_goes() -> None:
    desk = Desk(open_hall())
    group = make(desk, contracts_limit=1, contracts_limit_fp="1.00")
    desk.hall.create("maker", quote("ask", 4_000, 100))

    status, body = place(desk, group, count="3.00")

    assert (status, body["fill_count"]) == (201, "1.00")
    assert desk.get(f"/portfolio/orders/{body['order_id']}")["order"]["status"] == "canceled"
    assert refused(place(desk, group, time_in_force="immediate_or_cancel"))


def test_a_trigger_cancels_at_once_and_deletion_is_for_ever() -> None:
    desk = Desk(open_hall())
    group = make(desk, contracts_limit=10)
    mine = place(desk, group)[1]["order_id"]
    assert desk.get(f"/portfolio/orders/{mine}")["order"]["order_group_id"] == group

    assert desk.ask("PUT", f"{GROUPS}/{group}/trigger", body={})[0] == 200
    assert desk.hall.venue.open_orders("us", HOME) == ()
    assert refused(place(desk, group))
    assert desk.ask("DELETE", f"{GROUPS}/{group}")[0] == 200
    assert place(desk, group)[0] == 404
    assert desk.ask("GET", f"{GROUPS}/{group}")[0] == 404


def test_a_new_limit_that_is_reached_already_triggers() -> None:
    desk = Desk(open_hall())
    group = make(desk, contracts_limit=10)
    place(desk, group, count="3.00")
    sell(desk, 200)

    assert desk.ask("PUT", f"{GROUPS}/{group}/limit", body={"contracts_limit": 2})[0] == 200

    assert desk.hall.venue.open_orders("us", HOME) == ()
    assert desk.get(f"{GROUPS}/{group}")["contracts_limit_fp"] == "2.00"


def test_a_triggered_groups_order_cannot_be_amended_because_none_is_left() -> None:
    desk = Desk(open_hall())
    group = make(desk, contracts_limit=10)
    mine = place(desk, group)[1]["order_id"]
    desk.ask("PUT", f"{GROUPS}/{group}/trigger")
    body = {"ticker": HOME, "side": "bid", "price": "0.3000", "count": "1.00"}

    assert desk.ask("POST", f"{ORDERS}/{mine}/amend", body=body)[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"contracts_limit": 0},
        {"contracts_limit": 1_000_001},
        {"contracts_limit": 1, "contracts_limit_fp": "2.00"},
        {"contracts_limit_fp": "x"},
        {"contracts_limit": "1"},
        {"contracts_limit": 1, "subaccount": 5},
        {"contracts_limit": 1, "exchange_index": 9},
    ],
)
def test_a_group_that_cannot_be_is_refused(body: dict[str, object]) -> None:
    assert Desk(open_hall()).ask("POST", f"{GROUPS}/create", body=body)[0] == 400


def test_a_group_belongs_to_one_member_and_one_shard() -> None:
    hall = open_hall(shard=3)
    desk = Desk(hall)
    elsewhere = make(desk, contracts_limit=1)
    theirs = hall.venue.groups.create("maker", subaccount=0, shard=3, limit_centi=100)
    assert isinstance(theirs, OrderGroup)

    assert place(desk, elsewhere)[0] == 404
    assert place(desk, theirs.group_id)[0] == 404
    assert desk.ask("PUT", f"{GROUPS}/{theirs.group_id}/reset")[0] == 404
    assert [row["id"] for row in desk.get(GROUPS)["order_groups"]] == [elsewhere]
    mine = make(desk, contracts_limit=1, exchange_index=3)
    assert desk.ask("PUT", f"{GROUPS}/{mine}/reset")[0] == 404
    assert desk.ask("PUT", f"{GROUPS}/{mine}/reset", {"exchange_index": "3"})[0] == 200


def test_every_step_of_a_group_is_told() -> None:
    hall = open_hall()
    heard: list[OrderGroupChanged] = []
    hall.venue.listen(
        lambda event: heard.append(event) if isinstance(event, OrderGroupChanged) else None
    )
    group = hall.venue.groups.create("us", subaccount=0, shard=0, limit_centi=100)
    assert isinstance(group, OrderGroup)
    hall.venue.groups.set_limit(group, 200)
    hall.venue.groups.trigger(group)
    hall.venue.groups.trigger(group)
    hall.venue.groups.reset(group)
    hall.venue.groups.delete(group)

    assert [each.step for each in heard] == [
        "created",
        "limit_updated",
        "triggered",
        "reset",
        "deleted",
    ]
    assert [each.limit_centi for each in heard[:3]] == [
        CentiContracts(100),
        CentiContracts(200),
        None,
    ]


@given(
    st.lists(st.tuples(st.integers(0, 20_000_000), st.integers(1, 500)), max_size=30),
)
def test_a_group_counts_exactly_the_last_fifteen_seconds(steps: list[tuple[int, int]]) -> None:
    group = OrderGroup(group_id="g", account="us", subaccount=0, shard=0, limit_centi=1)
    now_us, history = 0, []
    for wait_us, count in steps:
        now_us += wait_us
        history.append((now_us, count))
        group.count(count, now_us)

        recent = sum(each for at_us, each in history if at_us > now_us - WINDOW_US)
        assert group.matched_centi(now_us) == recent
