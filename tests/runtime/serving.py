"""A server with one client at its other end, for the tests of the small server."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import attrs
import h11
import trio
import trio.testing
import trio_websocket

from actors.runtime.serve import (
    Request,
    Response,
    ServeCounts,
    ServeLimits,
    Session,
    WebSocketRoute,
    accept_all,
    serve_connection,
)

Pair = tuple[trio.abc.HalfCloseableStream, trio.abc.HalfCloseableStream]

QUICK = ServeLimits(
    header_bytes=2048,
    body_bytes=4096,
    header_s=2,
    body_s=3,
    idle_s=20,
    write_s=4,
    message_bytes=1000,
    close_s=1,
)


def memory() -> Pair:
    client, server = trio.testing.memory_stream_pair()
    return client, server


def narrow() -> Pair:
    """Streams whose writer waits until every byte was read: a client's full socket buffer."""
    client, server = trio.testing.lockstep_stream_pair()
    return client, server


async def mirror(request: Request) -> Response:
    text = f"{request.method} {request.path} {request.query} {len(request.body)}"
    return Response(200, text.encode())


@attrs.define
class Client:
    """The other end: raw bytes out, h11's reading of the answers in."""

    stream: trio.abc.HalfCloseableStream
    parser: h11.Connection = attrs.field(factory=lambda: h11.Connection(h11.CLIENT))

    async def ask(self, raw: bytes, method: str = "GET") -> tuple[int, bytes]:
        with trio.fail_after(60):
            await self.stream.send_all(raw)
            return await self.answer(method)

    async def answer(self, method: str = "GET") -> tuple[int, bytes]:
        head, body = await self.whole_answer(method)
        return head.status_code, body

    async def whole_answer(self, method: str = "GET") -> tuple[h11.Response, bytes]:
        if self.parser.our_state is h11.IDLE:
            self.parser.send(h11.Request(method=method, target="/", headers=[("host", "a")]))
            self.parser.send(h11.EndOfMessage())
        head: h11.Response | None = None
        body = b""
        while True:
            match self.parser.next_event():
                case h11.Response() as response:
                    head = response
                case h11.Data() as data:
                    body += data.data
                case h11.EndOfMessage():
                    break
                case h11.ConnectionClosed():
                    raise EOFError
                case h11.InformationalResponse() as go_on:
                    body += f"[{go_on.status_code}]".encode()
                case _:
                    self.parser.receive_data(bytes(await self.stream.receive_some()))
        assert head is not None
        if self.parser.our_state is h11.DONE and self.parser.their_state is h11.DONE:
            self.parser.start_next_cycle()
        return head, body

    async def is_closed(self) -> bool:
        with trio.fail_after(60):
            try:
                return not await self.stream.receive_some()
            except trio.BrokenResourceError:
                return True


@attrs.define
class House:
    """A server with one connection, and what it counted."""

    client: Client
    scope: trio.CancelScope
    counts: ServeCounts
    over: trio.Event


@asynccontextmanager
async def serving(
    handler: Callable[[Request], Awaitable[Response]] = mirror,
    limits: ServeLimits = QUICK,
    pair: Callable[[], Pair] = memory,
    **routes: WebSocketRoute,
) -> AsyncIterator[House]:
    ours, theirs = pair()
    counts = ServeCounts()
    over = trio.Event()
    websockets = {f"/{name}": route for name, route in routes.items()}

    async def serve(task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        await serve_connection(theirs, handler, websockets=websockets, limits=limits, counts=counts)
        over.set()

    async with trio.open_nursery() as nursery:
        await nursery.start(serve)
        yield House(Client(ours), nursery.cancel_scope, counts, over)
        nursery.cancel_scope.cancel()
    await ours.aclose()


def get(path: str = "/", *more: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: a", *more, "", ""]
    return "\r\n".join(lines).encode()


def post(body: bytes, *more: str) -> bytes:
    lines = ["POST / HTTP/1.1", "Host: a", f"Content-Length: {len(body)}", *more, "", ""]
    return "\r\n".join(lines).encode() + body


async def echo(request: Request, session: Session) -> None:
    while True:
        await session.send(await session.receive())


@asynccontextmanager
async def connected(
    serve: Callable[[Request, Session], Awaitable[None]] = echo,
    limits: ServeLimits = QUICK,
    accept: Callable[[Request], Awaitable[Response | None]] = accept_all,
) -> AsyncIterator[tuple[trio_websocket.WebSocketConnection, House]]:
    """A session with an independent client, trio-websocket, at the other end."""
    async with (
        serving(limits=limits, w=WebSocketRoute(accept, serve)) as house,
        trio.open_nursery() as nursery,
    ):
        client = await trio_websocket.wrap_client_stream(
            nursery,
            house.client.stream,  # type: ignore[arg-type] # annotated for sockets, takes any stream
            "a",
            "/w",
        )
        yield client, house
        with trio.move_on_after(2):
            await client.aclose()
        nursery.cancel_scope.cancel()


def frame(opcode: int, payload: bytes, *, fin: bool = True, masked: bool = True) -> bytes:
    """One client frame with the mask of nothing but zeros, which changes nothing."""
    size = len(payload)
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
    second = bytes([length[0] | (0x80 if masked else 0)]) + length[1:]
    return (
        bytes([(0x80 if fin else 0) | opcode]) + second + (b"\0" * 4 if masked else b"") + payload
    )


UPGRADE = get(
    "/w",
    "Upgrade: websocket",
    "Connection: keep-alive, Upgrade",
    "Sec-WebSocket-Version: 13",
    f"Sec-WebSocket-Key: {base64.b64encode(b'0123456789abcdef').decode()}",
)


@asynccontextmanager
async def raw_session(
    serve: Callable[[Request, Session], Awaitable[None]] = echo,
    first: bytes = b"",
    pair: Callable[[], Pair] = memory,
) -> AsyncIterator[House]:
    """A session whose client side is bytes; the 101 is already read."""
    async with serving(pair=pair, w=WebSocketRoute(accept_all, serve)) as house:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(house.client.stream.send_all, UPGRADE + first)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += await house.client.stream.receive_some(1)
        assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
        yield house


async def close_code(house: House) -> int:
    """Read up to the server's close frame and return its code."""
    seen = b""
    with trio.fail_after(60):
        while data := await house.client.stream.receive_some():
            seen += data
    at = seen.rindex(b"\x88")
    return int.from_bytes(seen[at + 2 : at + 4], "big")
