"""What each operation costs in tokens, and from which buckets it is paid. Pure.

Reference ``kalshi.md`` section 6 and the published operations. A batch is paid
row by row and from the common bucket alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from actors.sim.venue.queries import Query
from actors.sim.venue.rates import Charge
from actors.sim.venue.routes import Json, Route

DEFAULT_COST: Final = 10
ORDERS: Final = "/portfolio/events/orders"
BATCH: Final = f"{ORDERS}/batched"
ONE: Final = f"{ORDERS}/{{order_id}}"
BALANCE: Final = ("GET", "/portfolio/balance")

COSTS: Final[Mapping[tuple[str, str], int]] = {
    ("DELETE", ORDERS): 2,
    ("DELETE", BATCH): 2,
    ("DELETE", ONE): 2,
    ("GET", "/portfolio/orders/{order_id}"): 2,
    ("POST", "/account/api_usage_level/upgrade"): 30,
}
"""By method and path; everything else costs ten. Of a batch, each row."""

AUTO_ROUTE: Final = -1


def charge(route: Route, query: Query, body: bytes, shards: Sequence[int]) -> Charge:
    """Return what a request costs.

    Args:
        route: Where it goes.
        query: Its query.
        body: Its body; whatever cannot be read costs like one without fields.
        shards: The shards there are.
    """
    if (route.method, route.path) == BALANCE:
        return Charge("balance", 1)
    cost = COSTS.get((route.method, route.path), DEFAULT_COST)
    if route.method == "GET":
        return Charge("read", cost)
    fields = _fields(body)
    if route.path == BATCH:
        rows = fields.get("orders")
        return Charge("write", cost * max(1, len(rows) if isinstance(rows, list) else 1))
    return Charge("write", cost, _payers(route, query, fields, shards))


def endpoint_costs(routes: Iterable[Route], root: str) -> Json:
    """Return the costs of ``routes`` as the venue lists them: those that are not the default."""
    listed = [
        {"method": route.method, "path": f"{root}{route.path}", "cost": cost}
        for route in routes
        if (cost := COSTS.get((route.method, route.path))) is not None
    ]
    return {"default_cost": DEFAULT_COST, "endpoint_costs": listed}


def _payers(route: Route, query: Query, fields: Json, shards: Sequence[int]) -> tuple[int, ...]:
    named = fields.get("exchange_index")
    index = named if type(named) is int else query.integer("exchange_index")
    if index is not None and index >= 0:
        return (index,) if index in shards else (0,)
    ticker = fields.get("ticker") or fields.get("market_ticker") or query.text("market_ticker")
    places_or_changes = route.path.startswith(ORDERS) and route.path != ORDERS
    is_order = places_or_changes or (route.method, route.path) == ("POST", ORDERS)
    if is_order and (index == AUTO_ROUTE or ticker):
        return (0, *(shard for shard in shards if shard))
    return (0,)


def _fields(body: bytes) -> Json:
    try:
        read = msgspec.json.decode(body) if body else {}
    except (msgspec.DecodeError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}
