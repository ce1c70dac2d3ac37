"""The refusals of reference ``kalshi.md`` sections 1, 3 and 4, each produced over a socket."""

from typing import Any, Final

import msgspec
import trio.testing

from tests.sim.venue.hall import HOME
from tests.sim.venue.papers import ROOT
from tests.sim.venue.site import ORDERS, Site, seeded, serving

LISTED: Final = frozenset(
    {
        (201, ""),
        (409, "order_already_exists"),
        (409, "fill_or_kill_insufficient_resting_volume"),
        (409, "trading_is_paused"),
        (409, "exchange_is_paused"),
        (409, "market_closed"),
        (400, "insufficient_balance"),
        (400, "invalid_price"),
        (400, "bad_request"),
        (400, "(msg)"),
        (404, "not_found"),
        (410, "deprecated_v1_order_endpoint"),
    }
)


def named(answer: tuple[int, Any]) -> tuple[int, str]:
    """Status and code; the third shape has no code of its own."""
    status, body = answer
    match body:
        case {"error": {"code": str(code)}} | {"code": str(code)}:
            return status, code
        case {"msg": str()}:
            return status, "(msg)"
        case _:
            return status, ""


async def created(site: Site, **changes: object) -> tuple[int, str]:
    order = {
        "ticker": HOME,
        "side": "bid",
        "count": "1.00",
        "price": "0.4000",
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
    }
    return named(await site.ask("POST", ORDERS, msgspec.json.encode(order | changes)))


async def test_every_refusal_that_the_reference_names_for_orders_comes_over_a_socket(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site:
        venue = site.hall.venue
        got = {
            await created(site, client_order_id="twice"),
            await created(site, client_order_id="twice"),
            await created(site, time_in_force="fill_or_kill", count="900.00"),
            await created(site, count="90000000.00"),
            await created(site, price="0.4001"),
            await created(site, count=1),
            named(await site.ask("GET", f"{ROOT}/markets?limit=100000")),
            named(await site.ask("DELETE", f"{ORDERS}/none?exchange_index=0")),
            named(await site.ask("POST", f"{ROOT}/portfolio/orders", b"{}")),
        }
        venue.pause_exchange(trading_active=False)
        got.add(await created(site))
        venue.pause_exchange(exchange_active=False, trading_active=False)
        got.add(await created(site))
        venue.pause_exchange()
        venue.close_market(HOME)
        got.add(await created(site))

    assert got == LISTED
