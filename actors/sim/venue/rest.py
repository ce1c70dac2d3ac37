"""The venue's REST interface as a function: a request in, a response out. No waiting here."""

from typing import Final
from urllib.parse import unquote

import msgspec

from actors.runtime.serve import Request, Response
from actors.sim.venue import figures, tariff
from actors.sim.venue.account_reads import AccountReads
from actors.sim.venue.auth import KeyRing
from actors.sim.venue.candle_routes import CandleRoutes
from actors.sim.venue.engine import Venue
from actors.sim.venue.grants import confine
from actors.sim.venue.group_routes import GroupRoutes
from actors.sim.venue.key_routes import KeyRoutes
from actors.sim.venue.money_routes import MoneyRoutes
from actors.sim.venue.order_routes import OrderRoutes
from actors.sim.venue.other_reads import OtherReads
from actors.sim.venue.portfolio import Portfolio
from actors.sim.venue.public_reads import PublicReads
from actors.sim.venue.queries import Query, read_query
from actors.sim.venue.rates import ANONYMOUS, Meter, Tier
from actors.sim.venue.refusals import Refused, not_found, refuse
from actors.sim.venue.routes import ROOT, Answer, Call, Route

ORDER_PATH: Final = f"{ROOT}/portfolio/events/orders"


class Rest:
    """Routes requests, asks who is calling and for tokens, and writes the answers.

    Args:
        venue: What is asked.
        keys: Who may sign in.
        tier: What everybody is told of their limits, without a meter.
        meter: Counts tokens; ``None`` lets everybody ask as often as they like.
    """

    def __init__(
        self, venue: Venue, keys: KeyRing, tier: Tier = "basic", meter: Meter | None = None
    ) -> None:
        self._venue = venue
        self._keys = keys
        self._meter = meter
        routes = OrderRoutes(venue).routes() + OtherReads(venue).routes()
        routes += CandleRoutes(venue).routes() + PublicReads(venue).routes()
        routes += GroupRoutes(venue).routes() + Portfolio(venue).routes()
        told = meter or Meter(venue.now_us, tier)
        routes += MoneyRoutes(venue, told.tier_of).routes()
        routes += KeyRoutes(venue, keys, told).routes()
        limits = AccountReads(venue, told, routes)
        self._routes = routes + limits.routes()
        self._by_shape: dict[tuple[str, int], list[Route]] = {}
        """Routes in their order, by method and number of segments: few are ever compared."""
        for route in self._routes:
            self._by_shape.setdefault((route.method, len(route.segments)), []).append(route)

    @property
    def routes(self) -> tuple[Route, ...]:
        """Everything that is served."""
        return self._routes

    def respond(self, request: Request) -> Response:
        """Answer one request."""
        outcome = self._outcome(request)
        body = b"" if outcome.body is None else msgspec.json.encode(outcome.body)
        date = figures.http_date(self._venue.now_us())
        return Response(outcome.status, body, (("date", date),))

    def _outcome(self, request: Request) -> Answer | Refused:
        found = self._find(request)
        if isinstance(found, Refused):
            return found
        route, path = found
        caller = self._caller(request, public=route.public)
        if isinstance(caller, Refused):
            return caller
        confined = request if route.public else confine(request, self._keys.key_of(request), route)
        if isinstance(confined, Refused):
            return confined
        query = read_query(confined.query, route.operation, route.integers, route.page)
        if isinstance(query, Refused):
            return query
        too_many = self._pay(caller, route, query, request)
        if too_many is not None:
            return too_many
        self._venue.advance()
        locked = None if route.public else self._keys.key_of(request).subaccount
        call = Call(account=caller, path=path, query=query, body=confined.body, locked=locked)
        return route.handle(call)

    def _caller(self, request: Request, *, public: bool) -> str | Refused:
        """Return who asks; on a public route whoever has no good key is nobody in particular."""
        if public and (self._meter is None or request.header("kalshi-access-key") is None):
            return ANONYMOUS
        caller = self._keys.identify(request, self._venue.now_us() // 1000)
        return ANONYMOUS if public and isinstance(caller, Refused) else caller

    def _pay(self, caller: str, route: Route, query: Query, request: Request) -> Refused | None:
        if self._meter is None:
            return None
        price = tariff.charge(route, query, request.body, self._venue.floor.shards())
        return self._meter.pay(caller, price)

    def _find(self, request: Request) -> tuple[Route, dict[str, str]] | Refused:
        # Split before decoding: an encoded slash belongs to its segment.
        raw = request.target.partition("?")[0]
        if not raw.startswith(ROOT + "/"):
            return not_found()
        segments = tuple(unquote(part) for part in raw.removeprefix(ROOT).strip("/").split("/"))
        for route in self._by_shape.get((request.method, len(segments)), ()):
            path = route.match(segments)
            if path is not None:
                return route, dict(path)
        known = any(route.match(segments) is not None for route in self._routes)
        return refuse(405, "method_not_allowed") if known else not_found()


def is_order(request: Request) -> bool:
    """Return whether a request goes to the matching engine rather than to the read side."""
    return request.method != "GET" and request.path.startswith(ORDER_PATH)
