"""The venue's REST interface as a function: a request in, a response out. No waiting here."""

from typing import Final
from urllib.parse import unquote

import msgspec

from actors.runtime.serve import Request, Response
from actors.sim.venue import figures
from actors.sim.venue.auth import KeyRing
from actors.sim.venue.engine import Venue
from actors.sim.venue.portfolio import Portfolio, Tier
from actors.sim.venue.public_reads import PublicReads
from actors.sim.venue.queries import read_query
from actors.sim.venue.refusals import Refused, not_found, refuse
from actors.sim.venue.routes import ROOT, Answer, Call, Route

ORDER_PATH: Final = f"{ROOT}/portfolio/events/orders"


class Rest:
    """Routes requests, asks who is calling, and writes the answers."""

    def __init__(self, venue: Venue, keys: KeyRing, tier: Tier = "basic") -> None:
        self._venue = venue
        self._keys = keys
        self._routes = PublicReads(venue).routes() + Portfolio(venue, tier).routes()

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
        account = ""
        if not route.public:
            caller = self._keys.identify(request, self._venue.now_us() // 1000)
            if isinstance(caller, Refused):
                return caller
            account = caller
        query = read_query(request.query, route.operation, route.integers, route.page)
        if isinstance(query, Refused):
            return query
        return route.handle(Call(account=account, path=path, query=query, body=request.body))

    def _find(self, request: Request) -> tuple[Route, dict[str, str]] | Refused:
        # Split before decoding: an encoded slash belongs to its segment.
        raw = request.target.partition("?")[0]
        if not raw.startswith(ROOT + "/"):
            return not_found()
        segments = tuple(unquote(part) for part in raw.removeprefix(ROOT).strip("/").split("/"))
        allowed: list[str] = []
        for route in self._routes:
            path = route.match(segments)
            if path is None:
                continue
            if route.method == request.method:
                return route, dict(path)
            allowed.append(route.method)
        return refuse(405, "method_not_allowed") if allowed else not_found()


def is_order(request: Request) -> bool:
    """Return whether a request goes to the matching engine rather than to the read side."""
    return request.method != "GET" and request.path.startswith(ORDER_PATH)
