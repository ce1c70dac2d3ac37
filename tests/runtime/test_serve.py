import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import trio
import trio_websocket

from actors.runtime.env import Endpoint, RealEnv, ServerTls
from actors.runtime.serve import (
    Request,
    Response,
    WebSocketRoute,
    accept_all,
    serve_connection,
)
from tests.runtime.certificates import issue
from tests.runtime.serving import QUICK, UPGRADE, Client, echo, get, mirror, post


@asynccontextmanager
async def listening(
    serve: Callable[[trio.abc.Stream], Awaitable[None]], tls: ServerTls | None = None
) -> AsyncIterator[int]:
    """A loopback listener; its port. Nothing here may take longer than 20 seconds."""
    listen = partial(RealEnv().listen, Endpoint("127.0.0.1", 0), serve, tls=tls)
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            bound: Endpoint = await nursery.start(listen)
            yield bound.port
            nursery.cancel_scope.cancel()


async def test_it_serves_over_tcp_and_outlives_a_client_that_stops_reading() -> None:
    async def big(request: Request) -> Response:
        return Response(200, b"x" * 30_000_000 if request.path == "/big" else b"ok")

    async with listening(partial(serve_connection, handler=big)) as port:
        stalled = await trio.open_tcp_stream("127.0.0.1", port)
        await stalled.send_all(get("/big"))
        assert await stalled.receive_some(1) == b"H"
        async with await trio.open_tcp_stream("127.0.0.1", port) as other:
            assert await Client(other).ask(get("/")) == (200, b"ok")
    await stalled.aclose()


async def test_a_refusal_is_read_although_the_client_was_still_sending() -> None:
    async with (
        listening(partial(serve_connection, handler=mirror, limits=QUICK)) as port,
        await trio.open_tcp_stream("127.0.0.1", port) as stream,
    ):
        assert (await Client(stream).ask(post(b"x" * 200_000)))[0] == 413


async def test_it_serves_under_tls(tmp_path: Path) -> None:
    papers = issue(tmp_path, "localhost")
    trust = ssl.create_default_context(cafile=papers.ca_file)
    routes = {"/w": WebSocketRoute(accept_all, echo)}
    serve = partial(serve_connection, handler=mirror, websockets=routes)

    async with listening(serve, papers.server) as port:
        raw = await trio.open_tcp_stream("127.0.0.1", port)
        async with trio.SSLStream(raw, trust, server_hostname="localhost") as stream:
            await stream.send_all(get("/", "Connection: close"))
            answer = b""
            # Ends without an error only if the server closes TLS properly.
            while data := await stream.receive_some():
                answer += data
        assert answer.endswith(b"GET / () 0")
        async with trio_websocket.open_websocket("localhost", port, "/w", use_ssl=trust) as client:
            await client.send_message("x")
            assert await client.get_message() == "x"


async def test_a_session_s_refusal_is_read_although_the_client_was_still_sending() -> None:
    routes = {"/w": WebSocketRoute(accept_all, echo)}
    serve = partial(serve_connection, handler=mirror, websockets=routes, limits=QUICK)
    giant = b"\x81\xff" + (300_000).to_bytes(8, "big") + b"\0" * 4 + b"x" * 300_000

    async with (
        listening(serve) as port,
        await trio.open_tcp_stream("127.0.0.1", port) as stream,
    ):
        await stream.send_all(UPGRADE + giant)
        answer = b""
        # A reset would raise here, and could have swallowed the goodbye.
        while data := await stream.receive_some():
            answer += data

    assert answer.startswith(b"HTTP/1.1 101 ")
    assert (1009).to_bytes(2, "big") + b"the message is too long" in answer
