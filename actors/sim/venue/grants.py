"""What a key may ask for: its scopes, and the one subaccount it may be locked to. Pure.

Reference ``kalshi.md`` section 1. A locked key leaves the subaccount out or names
its own; what it leaves out is filled in here.
"""

from typing import Final

import attrs
import msgspec

from actors.runtime.serve import Request
from actors.sim.venue.auth import Key
from actors.sim.venue.refusals import Refused, refuse
from actors.sim.venue.routes import Route

BALANCE: Final = "/portfolio/balance"
ACROSS: Final = (
    "/portfolio/subaccounts",
    "/portfolio/subaccounts/transfer",
    "/portfolio/target_balance_allocation",
    "/api_keys",
)
"""What concerns more than one subaccount, and is not for a locked key."""
NAMES: Final = ("subaccount", "source_subaccount", "destination_subaccount", "subaccount_number")
"""How bodies name a subaccount; the first is filled in where none is named."""


def confine(request: Request, key: Key, route: Route) -> Request | Refused:
    """Return the request as the key may make it, or refuse it."""
    narrow = route.path == BALANCE and key.permits("read::portfolio_balance")
    if not (key.permits(route.needs) or narrow):
        return refuse(403, "insufficient_scope", details=route.needs)
    if key.subaccount is None:
        return request
    own = key.subaccount
    if request.method != "GET" and route.path in ACROSS:
        return _elsewhere()
    named = [value for name, value in request.query if name == "subaccount"]
    if any(value != str(own) for value in named):
        return _elsewhere()
    query = request.query if named else (*request.query, ("subaccount", str(own)))
    if not request.body:
        return attrs.evolve(request, query=query)
    body = _confined_body(request.body, own)
    return body if isinstance(body, Refused) else attrs.evolve(request, query=query, body=body)


def _confined_body(body: bytes, own: int) -> bytes | Refused:
    try:
        form = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return body  # the route says what is wrong with it
    if not isinstance(form, dict):
        return body
    rows = form.get("orders")
    for each in [form, *(rows if isinstance(rows, list) else [])]:
        if not isinstance(each, dict):
            continue
        if any(each.get(name, own) != own for name in NAMES):
            return _elsewhere()
        each.setdefault(NAMES[0], own)
        if "source" in each:
            each.update(dict.fromkeys(NAMES[1:3], own))
    return msgspec.json.encode(form)


def _elsewhere() -> Refused:
    return refuse(403, "subaccount_not_permitted")
