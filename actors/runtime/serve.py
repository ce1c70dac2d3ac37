"""One small HTTP and WebSocket server over any stream, for venue, feed servers and desk alike.

It has limits and deadlines for everything a client can do, and every write can
be cancelled: a client that stops reading holds up nothing but itself (why not
a framework: reference ecosystem.md section 1.2). It knows nothing of listeners;
``Env.listen`` gives it one accepted connection at a time.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

import attrs
import structlog
import trio

from actors.runtime.serve_http import (
    SWITCHING_PROTOCOLS,
    ClientGone,
    HttpConnection,
    Refused,
    Request,
    Response,
    ServeLimits,
)
from actors.runtime.serve_websocket import (
    INTERNAL_ERROR,
    NORMAL,
    Session,
    SessionClosed,
    switching_headers,
    wants_websocket,
)

__all__ = [
    "Handler",
    "Request",
    "Response",
    "ServeCounts",
    "ServeLimits",
    "Session",
    "SessionClosed",
    "WebSocketRoute",
    "accept_all",
    "serve_connection",
]

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

Handler = Callable[[Request], Awaitable[Response]]
"""Answers one request. What it raises is our fault: 500, a log line, the connection closed."""


async def accept_all(_request: Request) -> Response | None:
    """Let every client in: the ``accept`` of a route that has nothing to ask."""
    return None


@attrs.frozen
class WebSocketRoute:
    """What happens to WebSockets on one path."""

    accept: Callable[[Request], Awaitable[Response | None]]
    """``None`` lets the client in; so does a 101, whose headers (a cookie, a subprotocol) go
    along. Any other answer is sent instead, and the connection stays HTTP."""

    serve: Callable[[Request, Session], Awaitable[None]]
    """Lives as long as the session; the goodbye is said for it when it returns."""


@attrs.define
class ServeCounts:
    """What came of all requests, for whoever asks how a server is."""

    requests: int = 0
    sessions: int = 0
    refused: int = 0
    """Requests that never reached a handler: malformed, too long, too slow."""
    faults: int = 0
    """Handlers, sessions and streamed bodies that raised."""


NO_WEBSOCKETS: Final[Mapping[str, WebSocketRoute]] = MappingProxyType({})
DEFAULT_LIMITS: Final = ServeLimits()
BROKEN: Final = Response(
    500, b"500 internal error\n", (("connection", "close"),), content_type="text/plain"
)


async def serve_connection(
    stream: trio.abc.Stream,
    handler: Handler,
    *,
    websockets: Mapping[str, WebSocketRoute] = NO_WEBSOCKETS,
    limits: ServeLimits = DEFAULT_LIMITS,
    counts: ServeCounts | None = None,
) -> None:
    """Serve one accepted connection to its end, and close it.

    Requests are answered one after another, pipelined or not. A request for a
    path in ``websockets`` that asks for WebSocket leaves HTTP; all others are
    the handler's. A client's mistakes and its leaving are never raised.
    Cancelled, it lets go of the connection at once, without a goodbye.

    A streamed answer ends when its client closes its side, even half of it.
    """
    conversation = _Conversation(
        http=HttpConnection(stream, limits),
        handler=handler,
        websockets=websockets,
        counts=counts or ServeCounts(),
    )
    try:
        await conversation.run()
        with trio.move_on_after(limits.close_s):
            await stream.aclose()
    except* (ClientGone, trio.BrokenResourceError, OSError):
        pass  # the client left: how most connections end
    finally:
        await trio.aclose_forcefully(stream)


@attrs.frozen(kw_only=True)
class _Conversation:
    http: HttpConnection
    handler: Handler
    websockets: Mapping[str, WebSocketRoute]
    counts: ServeCounts

    async def run(self) -> None:
        try:
            while (request := await self.http.next_request()) is not None:
                self.counts.requests += 1
                route = self.websockets.get(request.path)
                if route is not None and wants_websocket(request):
                    ended = await self._upgrade(request, route)
                else:
                    ended = await self._answer(request)
                if ended or not self.http.next_cycle():
                    return
        except Refused as refused:
            self.counts.refused += 1
            await self.http.refuse(refused)

    async def _answer(self, request: Request) -> bool:
        """Answer ``request``; whether the connection has to end with it."""
        response = BROKEN
        with self._our_fault(request):
            answer = await self.handler(request)
            if answer.status == SWITCHING_PROTOCOLS:
                raise ValueError("only a WebSocket route may answer 101")
            response = answer
        return await self._send(request, response)

    async def _upgrade(self, request: Request, route: WebSocketRoute) -> bool:
        """Open a WebSocket and serve it, or answer why not; as ``_answer``."""
        headers = switching_headers(request)
        verdict: Response | None = BROKEN
        with self._our_fault(request):
            verdict = await route.accept(request)
        if verdict is not None and verdict.status != SWITCHING_PROTOCOLS:
            return await self._send(request, verdict)

        extra = verdict.headers if verdict is not None else ()
        trailing = await self.http.switch(headers + extra)
        self.counts.sessions += 1
        session = Session(self.http.stream, self.http.limits, trailing)
        code = INTERNAL_ERROR
        with self._our_fault(request):
            try:
                await route.serve(request, session)
            except* SessionClosed:
                pass
            code = NORMAL
        await session.close(code)
        return True

    async def _send(self, request: Request, response: Response) -> bool:
        sent = False
        with self._our_fault(request):
            await self.http.answer(request, response)
            sent = True
        return not sent

    @contextmanager
    def _our_fault(self, request: Request) -> Iterator[None]:
        """Log and count what product code behind the server raises; the client never sees it."""
        try:
            yield
        except* ClientGone:
            raise
        except* Exception as errors:
            self.counts.faults += 1
            error = errors.exceptions[0] if len(errors.exceptions) == 1 else errors
            log.error(  # noqa: TRY400 - exc_info is given, unwrapped of its group
                "serve.fault", method=request.method, path=request.path, exc_info=error
            )
