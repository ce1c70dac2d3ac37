import msgspec
import pytest
from hypothesis import given, strategies as st

from actors.sim.venue.queries import Query, read_query
from actors.sim.venue.rates import Charge
from actors.sim.venue.routes import Answer, Call, Route
from actors.sim.venue.tariff import charge, endpoint_costs

SHARDS = (0, 2, 3)
EVERYWHERE = (0, 2, 3)
ORDERS = "/portfolio/events/orders"
ONE = f"{ORDERS}/{{order_id}}"


def route(method: str, path: str) -> Route:
    def handle(_call: Call) -> Answer:
        return Answer()

    return Route(method=method, path=path, operation="X", handle=handle)


def asked(**texts: str) -> Query:
    query = read_query(tuple(texts.items()), "X", frozenset({"exchange_index"}), None)
    assert isinstance(query, Query)
    return query


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "due"),
    [
        ("GET", "/markets", {}, None, Charge("read", 10)),
        ("GET", "/portfolio/orders/{order_id}", {}, None, Charge("read", 2)),
        ("GET", "/portfolio/balance", {}, None, Charge("balance", 1)),
        ("POST", ORDERS, {}, {"ticker": "A"}, Charge("write", 10, EVERYWHERE)),
        ("POST", ORDERS, {}, {"ticker": "A", "exchange_index": -1}, Charge("write", 10, (0, 2, 3))),
        ("POST", ORDERS, {}, {"ticker": "A", "exchange_index": 0}, Charge("write", 10)),
        ("POST", ORDERS, {}, {"ticker": "A", "exchange_index": 2}, Charge("write", 10, (2,))),
        ("POST", ORDERS, {}, {"ticker": "A", "exchange_index": 9}, Charge("write", 10)),
        ("DELETE", ORDERS, {}, None, Charge("write", 2)),
        ("DELETE", ONE, {}, None, Charge("write", 2)),
        ("DELETE", ONE, {"exchange_index": "3"}, None, Charge("write", 2, (3,))),
        ("DELETE", ONE, {"market_ticker": "A"}, None, Charge("write", 2, EVERYWHERE)),
        ("POST", f"{ONE}/amend", {}, {"ticker": "A"}, Charge("write", 10, EVERYWHERE)),
        ("POST", f"{ONE}/decrease", {}, {}, Charge("write", 10)),
        ("POST", f"{ORDERS}/batched", {}, {"orders": [{}] * 4}, Charge("write", 40)),
        ("DELETE", f"{ORDERS}/batched", {}, {"orders": [{}] * 4}, Charge("write", 8)),
        ("DELETE", f"{ORDERS}/batched", {}, {"orders": []}, Charge("write", 2)),
        ("POST", "/portfolio/order_groups/create", {}, {}, Charge("write", 10)),
        (
            "PUT",
            "/portfolio/order_groups/{id}/reset",
            {"exchange_index": "2"},
            None,
            Charge("write", 10, (2,)),
        ),
    ],
)
def test_an_operation_costs_what_is_published_and_its_shard_pays(
    method: str, path: str, query: dict[str, str], body: object, due: Charge
) -> None:
    raw = b"" if body is None else msgspec.json.encode(body)

    assert charge(route(method, path), asked(**query), raw, SHARDS) == due


@given(body=st.binary(max_size=40))
def test_a_body_that_cannot_be_read_costs_like_one_without_fields(body: bytes) -> None:
    due = charge(route("POST", ORDERS), asked(), body, SHARDS)

    assert (due.kind, due.tokens) == ("write", 10)


def test_only_costs_that_differ_are_listed() -> None:
    listed = endpoint_costs([route("GET", "/markets"), route("DELETE", ORDERS)], "/root")

    assert listed == {
        "default_cost": 10,
        "endpoint_costs": [{"method": "DELETE", "path": f"/root{ORDERS}", "cost": 2}],
    }
