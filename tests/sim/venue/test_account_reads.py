from typing import Any

import pytest

from actors.sim.venue.auth import Window
from actors.sim.venue.rates import Meter
from actors.sim.venue.rest import Rest
from tests.sim.venue.hall import HOME, open_hall
from tests.sim.venue.papers import Desk

ORDERS = "/portfolio/events/orders"


def metered(tier: str = "basic") -> Desk:
    desk = Desk(open_hall())
    meter = Meter(desk.hall.venue.now_us, "expert" if tier == "expert" else "basic")
    desk.rest = Rest(desk.hall.venue, desk.keys, meter=meter)
    return desk


def times(desk: Desk, method: str, path: str, body: object = None, *, signed: bool = True) -> int:
    """How often it can be asked before it is too often."""
    count = 0
    while desk.ask(method, path, body=body, signed=signed)[0] != 429:
        count += 1
    return count


@pytest.mark.parametrize("tier", ["basic", "expert"])
def test_what_is_said_of_the_limits_is_what_can_be_asked(tier: str) -> None:
    desk = metered(tier)
    limits = desk.get("/account/limits")
    costs = desk.get("/account/endpoint_costs")
    desk.hall.clock.pass_s(60)

    assert limits["usage_tier"] == tier
    reads = limits["read"]["bucket_capacity"] // costs["default_cost"]
    assert times(desk, "GET", "/portfolio/fills") == reads
    for row in costs["endpoint_costs"]:
        path = row["path"].removeprefix("/trade-api/v2").replace("{order_id}", "none")
        kind = "read" if row["method"] == "GET" else "write"
        desk.hall.clock.pass_s(60)
        body = {"orders": [{"order_id": "x"}]} if path.endswith("batched") else None
        assert times(desk, row["method"], path, body) == (
            limits[kind]["bucket_capacity"] // row["cost"]
        )


def test_a_refused_order_leaves_no_trace_and_its_id_is_not_spent() -> None:
    desk = metered()
    order: dict[str, Any] = {
        "ticker": HOME,
        "side": "bid",
        "count": "1",
        "price": "0.40",
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
        "client_order_id": "again",
    }
    assert times(desk, "POST", f"{ORDERS}/none/decrease", {"reduce_by": "1"}) == 10

    assert desk.ask("POST", ORDERS, body=order)[0] == 429
    assert not desk.hall.venue.floor.orders
    desk.hall.clock.pass_s(1)
    assert desk.ask("POST", ORDERS, body=order)[0] == 201


def test_who_has_no_key_is_slowed_down_apart_from_who_has_one() -> None:
    desk = metered()

    assert times(desk, "GET", "/markets", signed=False) == 60
    assert times(desk, "GET", "/markets") == 40


def test_a_wrong_key_on_a_public_route_is_nobody_in_particular() -> None:
    desk = metered()
    desk.keys.window = Window(past_ms=-1, future_ms=-1)

    assert desk.ask("GET", "/portfolio/fills")[0] == 401
    assert times(desk, "GET", "/markets") == 60
