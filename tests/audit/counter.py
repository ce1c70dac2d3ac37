"""The venue's counter: our own REST client at the simulated venue, without a wire between."""

from collections.abc import Sequence
from typing import cast

import attrs

from actors.exchange.rest import Query, Rest
from actors.exchange.signing import API_ROOT, HeaderSet
from actors.runtime.http import HttpClient, HttpFailed, HttpResponse
from actors.runtime.serve import Request
from tests.sim.venue.hall import Hall
from tests.sim.venue.papers import Desk, ed25519_key, headers


@attrs.define(eq=False)
class Counter:
    """Carries requests to the venue's REST function; may be told to be shut."""

    hall: Hall
    shut_for: int = 0
    """How many requests from now on find nobody."""
    asked: list[str] = attrs.field(factory=list)
    _desk: Desk = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._desk = Desk(self.hall)

    def rest(self) -> Rest:
        """Return a client that asks here."""
        # It does what the client does, without the wire that the client is all about.
        return Rest(http=cast("HttpClient", self), sign=self._sign)

    async def _sign(self, method: str, path: str) -> HeaderSet:
        stamp_ms = self.hall.venue.now_us() // 1000
        lines = headers(ed25519_key(), method, path, stamp_ms)
        data = "".join(f"{name}: {value}\r\n" for name, value in lines).encode()
        return HeaderSet(made_ns=0, ts_ms=stamp_ms, data=data)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> HttpResponse:
        self.asked.append(path)
        if self.shut_for:
            self.shut_for -= 1
            raise HttpFailed("nobody answers")
        answer = self._desk.rest.respond(
            Request(
                method=method,
                path=API_ROOT + path,
                query=tuple(query),
                headers=tuple(headers),
                body=body,
                target=API_ROOT + path,
            )
        )
        assert isinstance(answer.body, bytes)
        return HttpResponse(status=answer.status, headers=(), body=answer.body)
