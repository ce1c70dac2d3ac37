"""Laws of asking the venue: whole lists or an error, signed only where it must be."""

import base64
import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import attrs
import pytest
import trio
from cryptography.hazmat.primitives.asymmetric import ed25519
from trio.testing import MockClock

from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.exchange.keys import SigningKey
from actors.exchange.rest import MOST_PAGES, Rest
from actors.exchange.signing import Signer
from actors.model.orders import Ticker
from actors.runtime.env import Endpoint
from actors.runtime.http import HttpClient
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.runtime.serve import serve_connection
from actors.runtime.serve_http import Request, Response
from tests.exchange import bodies

KEY = ed25519.Ed25519PrivateKey.generate()

Handler = Callable[[Request], Response]


def answer(body: object, status: int = 200) -> Response:
    return Response(status, body if isinstance(body, bytes) else json.dumps(body).encode())


@attrs.define(eq=False)
class World:
    """A venue that answers as told, what it was asked, and our view of it."""

    rest: Rest
    http: HttpClient
    asked: list[Request]
    answers: list[Handler]

    def say(self, *answers: Response | Handler) -> None:
        """Answer the next requests, in this order."""
        for each in answers:
            self.answers.append(each if callable(each) else partial(_constant, each))

    @property
    def last(self) -> Request:
        return self.asked[-1]


def _constant(response: Response, _request: Request) -> Response:
    return response


async def a_world(nursery: trio.Nursery) -> World:
    network = MemoryNetwork(1)
    env = SeededEnv(1, network)
    asked: list[Request] = []
    answers: list[Handler] = []

    async def handle(request: Request) -> Response:
        asked.append(request)
        return answers.pop(0)(request)

    endpoint: Endpoint = await nursery.start(
        env.listen, Endpoint("venue", 80), partial(serve_connection, handler=handle)
    )
    http = HttpClient(env, f"http://{endpoint.authority}/trade-api/v2", timeout_s=5.0)
    rest = Rest(http=http, sign=Signer(env=env, key_id="an-id", key=SigningKey(KEY)))
    return World(rest, http, asked, answers)


def page(field: str, items: list[Any], cursor: str = "") -> Response:
    return answer({field: items, "cursor": cursor, "event_positions": []})


Ask = Callable[[Rest], Awaitable[Any]]

PUBLIC: dict[str, tuple[Ask, Response, str]] = {
    "markets": (
        lambda rest: rest.markets(event_ticker="KXGAME"),
        page("markets", [bodies.MARKET]),
        "/trade-api/v2/markets?limit=1000&event_ticker=KXGAME",
    ),
    "named markets": (
        lambda rest: rest.markets(tickers=["A", "B"]),
        page("markets", [bodies.MARKET]),
        "/trade-api/v2/markets?limit=1000&tickers=A%2CB",
    ),
    "market": (
        lambda rest: rest.market("KXGAME-A"),
        answer({"market": bodies.MARKET}),
        "/trade-api/v2/markets/KXGAME-A",
    ),
    "events": (
        lambda rest: rest.events(series_ticker="KXSERIES", with_nested_markets=True),
        page("events", [bodies.EVENT]),
        "/trade-api/v2/events?limit=200&series_ticker=KXSERIES&with_nested_markets=true",
    ),
    "event": (
        lambda rest: rest.event("KXGAME"),
        answer({"event": bodies.EVENT, "markets": []}),
        "/trade-api/v2/events/KXGAME?with_nested_markets=true",
    ),
    "series": (
        lambda rest: rest.series("KXSERIES"),
        answer({"series": bodies.SERIES}),
        "/trade-api/v2/series/KXSERIES",
    ),
    "series fee changes": (
        lambda rest: rest.series_fee_changes("KXSERIES"),
        answer({"series_fee_change_arr": []}),
        "/trade-api/v2/series/fee_changes?series_ticker=KXSERIES",
    ),
    "event fee changes": (
        lambda rest: rest.event_fee_changes("KXGAME"),
        page("event_fee_changes", []),
        "/trade-api/v2/events/fee_changes?limit=1000&event_ticker=KXGAME",
    ),
    "milestones": (
        lambda rest: rest.milestones(related_event_ticker="KXGAME"),
        page("milestones", [bodies.MILESTONE]),
        "/trade-api/v2/milestones?limit=500&related_event_ticker=KXGAME",
    ),
    "book": (
        lambda rest: rest.orderbook("KXGAME-A"),
        answer({"orderbook_fp": {"yes_dollars": [], "no_dollars": []}}),
        "/trade-api/v2/markets/KXGAME-A/orderbook",
    ),
    "books": (
        lambda rest: rest.orderbooks(["A", "B"]),
        answer({"orderbooks": []}),
        "/trade-api/v2/markets/orderbooks?tickers=A&tickers=B",
    ),
    "trades": (
        lambda rest: rest.trades("KXGAME-A", min_s=1, max_s=2),
        page("trades", [bodies.TRADE]),
        "/trade-api/v2/markets/trades?limit=1000&ticker=KXGAME-A&min_ts=1&max_ts=2",
    ),
    "status": (
        lambda rest: rest.exchange_status(),
        answer({"exchange_active": True, "trading_active": True}),
        "/trade-api/v2/exchange/status",
    ),
    "costs": (
        lambda rest: rest.endpoint_costs(),
        answer({"default_cost": 10, "endpoint_costs": []}),
        "/trade-api/v2/account/endpoint_costs",
    ),
    "schedule": (
        lambda rest: rest.schedule(),
        answer({"schedule": {"standard_hours": [], "maintenance_windows": []}}),
        "/trade-api/v2/exchange/schedule",
    ),
    "as of": (
        lambda rest: rest.user_data_as_of_ms(),
        answer({"as_of_time": "2026-06-11T06:31:29.957081Z"}),
        "/trade-api/v2/exchange/user_data_timestamp",
    ),
}

PRIVATE: dict[str, tuple[Ask, Response, str]] = {
    "balance": (
        lambda rest: rest.balance(),
        answer(bodies.BALANCE),
        "/trade-api/v2/portfolio/balance",
    ),
    "balance of a shard": (
        lambda rest: rest.balance(3),
        answer(bodies.BALANCE),
        "/trade-api/v2/portfolio/balance?exchange_index=3",
    ),
    "positions": (
        lambda rest: rest.positions(settlement_status="all"),
        page("market_positions", [bodies.POSITION]),
        "/trade-api/v2/portfolio/positions?limit=1000&settlement_status=all",
    ),
    "fills": (
        lambda rest: rest.fills(order_id="o-1", min_s=7),
        page("fills", [bodies.FILL]),
        "/trade-api/v2/portfolio/fills?limit=1000&order_id=o-1&min_ts=7",
    ),
    "settlements": (
        lambda rest: rest.settlements(event_ticker="KXGAME"),
        page("settlements", [bodies.SETTLEMENT]),
        "/trade-api/v2/portfolio/settlements?limit=1000&event_ticker=KXGAME",
    ),
    "orders": (
        lambda rest: rest.orders(ticker="KXGAME-A", status="executed", exchange_index=0),
        page("orders", [bodies.ORDER]),
        "/trade-api/v2/portfolio/orders?limit=1000&ticker=KXGAME-A&status=executed&exchange_index=0",
    ),
    "order": (
        lambda rest: rest.order("o-1"),
        answer({"order": bodies.ORDER}),
        "/trade-api/v2/portfolio/orders/o-1",
    ),
    "cancel": (
        lambda rest: rest.cancel("o-1", ticker="KXGAME-A"),
        answer({"order_id": "o-1", "reduced_by": "1.00", "ts_ms": 1}),
        "/trade-api/v2/portfolio/events/orders/o-1?market_ticker=KXGAME-A",
    ),
    "limits": (
        lambda rest: rest.account_limits(),
        answer(
            {
                "usage_tier": "basic",
                "read": {"refill_rate": 200, "bucket_capacity": 200},
                "write": {"refill_rate": 100, "bucket_capacity": 100},
                "grants": [],
            }
        ),
        "/trade-api/v2/account/limits",
    ),
}


@pytest.mark.parametrize(("ask", "said", "target"), PUBLIC.values(), ids=PUBLIC)
async def test_what_is_public_is_asked_by_its_name_and_without_a_signature(
    autojump_clock: MockClock, nursery: trio.Nursery, ask: Ask, said: Response, target: str
) -> None:
    world = await a_world(nursery)
    world.say(said)

    await ask(world.rest)

    assert (world.last.method, world.last.target) == ("GET", target)
    assert world.last.header("kalshi-access-signature") is None


@pytest.mark.parametrize(("ask", "said", "target"), PRIVATE.values(), ids=PRIVATE)
async def test_what_is_ours_is_asked_by_its_name_and_signed_without_the_query(
    autojump_clock: MockClock, nursery: trio.Nursery, ask: Ask, said: Response, target: str
) -> None:
    world = await a_world(nursery)
    world.say(said)

    await ask(world.rest)

    assert world.last.target == target
    assert world.last.header("kalshi-access-key") == "an-id"
    stamp = world.last.header("kalshi-access-timestamp")
    path = target.partition("?")[0]
    text = f"{stamp}{world.last.method}{path}".encode()
    signature = world.last.header("kalshi-access-signature")
    assert signature is not None
    KEY.public_key().verify(base64.b64decode(signature, validate=True), text)


async def test_a_list_is_read_page_after_page(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)
    names = ["o-1", "o-2", "o-3"]
    orders = [bodies.ORDER | {"order_id": name} for name in names]
    world.say(
        page("orders", orders[:1], "c1"),
        page("orders", orders[1:2], "c2"),
        page("orders", orders[2:]),
    )

    found = await world.rest.orders()

    assert [each.order_id for each in found] == names
    assert [dict(each.query).get("cursor") for each in world.asked] == [None, "c1", "c2"]
    stamps = [each.header("kalshi-access-timestamp") for each in world.asked]
    assert len(set(stamps)) == 3


@pytest.mark.parametrize("cursors", [["c1", "c1"], ["c1", "c2", "c1"]])
async def test_a_list_that_begins_again_is_an_error(
    autojump_clock: MockClock, nursery: trio.Nursery, cursors: list[str]
) -> None:
    world = await a_world(nursery)
    world.say(*(page("fills", [bodies.FILL], cursor) for cursor in cursors))

    with pytest.raises(VenueUnreachable, match="repeats itself"):
        await world.rest.fills()


async def test_a_list_without_an_end_is_an_error(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)
    world.say(*(page("fills", [], f"c{number}") for number in range(MOST_PAGES + 1)))

    with pytest.raises(VenueUnreachable, match=f"more than {MOST_PAGES} pages"):
        await world.rest.fills()
    assert len(world.asked) == MOST_PAGES


async def test_many_books_are_asked_for_a_hundred_at_a_time(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)
    book = {"yes_dollars": [["0.4700", "3.00"]], "no_dollars": []}

    def books(request: Request) -> Response:
        named = [value for name, value in request.query if name == "tickers"]
        return answer({"orderbooks": [{"ticker": each, "orderbook_fp": book} for each in named]})

    world.say(books, books, books)
    tickers = [f"M-{number}" for number in range(250)]

    found = await world.rest.orderbooks(tickers)

    assert sorted(found) == sorted(tickers)
    assert found[Ticker("M-0")].bids == ((4_700, 300),)
    assert [len(each.query) for each in world.asked] == [100, 100, 50]


async def test_a_refusal_is_told_in_the_venues_words(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)
    world.say(answer({"error": {"code": "not_found", "message": "not found"}}, 404))

    with pytest.raises(VenueRefused) as caught:
        await world.rest.order("o-1")

    assert (caught.value.error.status, caught.value.error.code) == (404, "not_found")


async def test_a_throttled_request_is_refused_and_not_tried_again(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)
    world.say(answer({"error": "too many requests"}, 429))

    with pytest.raises(VenueRefused) as caught:
        await world.rest.balance()

    assert caught.value.error.status == 429
    assert len(world.asked) == 1


@pytest.mark.parametrize(
    "said",
    [
        answer({"error": {"code": "internal_server_error", "message": "oops"}}, 500),
        answer(b"<html>502</html>", 502),
        answer(b"<html>blocked</html>", 403),
        answer(b"", 302),
        answer({"order": "none"}),
        answer(b"{"),
        answer({"order": bodies.ORDER | {"yes_price_dollars": 0.5}}),
    ],
    ids=["500", "a proxy", "a wall", "elsewhere", "no order", "cut json", "a float"],
)
async def test_an_answer_that_says_nothing_is_as_good_as_none(
    autojump_clock: MockClock, nursery: trio.Nursery, said: Response
) -> None:
    world = await a_world(nursery)
    world.say(said)

    with pytest.raises(VenueUnreachable, match="/portfolio/orders/o-1"):
        await world.rest.order("o-1")


async def test_a_venue_that_says_nothing_in_time_is_unreachable(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    env = SeededEnv(1, MemoryNetwork(1))
    http = HttpClient(env, "http://nobody/trade-api/v2", timeout_s=5.0)
    rest = Rest(http=http, sign=Signer(env=env, key_id="an-id", key=SigningKey(KEY)))

    with pytest.raises(VenueUnreachable):
        await rest.balance()


async def test_a_venue_that_is_down_says_so_in_its_status(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)
    world.say(answer({"exchange_active": False, "trading_active": False}, 503))

    status = await world.rest.exchange_status()

    assert not status.exchange_active


async def test_a_ticker_cannot_lead_to_another_path(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)
    world.say(answer({"market": bodies.MARKET}))

    await world.rest.market("../portfolio/balance?x")

    assert world.last.target == "/trade-api/v2/markets/..%2Fportfolio%2Fbalance%3Fx"
