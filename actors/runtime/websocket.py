"""One WebSocket over trio-websocket, opened through ``env.dial``, that can always be left at once.

It reads in a task of its own, so that pings are answered while nobody receives; feeds
race over ``websocket_direct.py``. What it leaves open is closed here (reference
``feeds.md`` section 8, ``reliability.md`` sections 0.1 and 1.2): its context waits
a minute for a silent peer and for ever after a bad frame; a server that hangs up
in the handshake goes unnoticed; a ping outlives its connection; its queue holds
one message and its reads 4 KiB.
"""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import trio
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    WebSocketConnection,
    wrap_client_stream,
)
from typing_extensions import override
from wsproto.utilities import LocalProtocolError

from actors.runtime.env import Endpoint, Env, Wire
from actors.runtime.errors import leaves, reason
from actors.runtime.rfc6455 import ABNORMAL, NORMAL, UNSENDABLE
from actors.runtime.rfc6455_opening import (
    HEAD_BYTES,
    SWITCHING_PROTOCOLS,
    host_of,
    resource_of,
)
from actors.runtime.websocket_frames import Frames, WebSocketFailed, WebSocketRefused

__all__ = ["Frames", "WebSocketFailed", "WebSocketRefused", "open_websocket"]

QUEUED_MESSAGES: Final = 256
"""Messages read and not yet received. When it is full, pings go unanswered too."""
RECEIVE_BYTES: Final = 64 * 1024
GOODBYE_S: Final = 0.25
"""How long leaving in peace waits for the peer's own goodbye."""

CLOSE: Final = 0x88
PONG: Final = 0x8A
MASKED: Final = 0x80


@asynccontextmanager
async def open_websocket(
    env: Env,
    url: str,
    *,
    ca_file: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
    subprotocols: Sequence[str] = (),
    max_message_bytes: int = 64 * 1024,
    connect_timeout_s: float = 5.0,
    on_ping: Callable[[bytes], None] | None = None,
) -> AsyncIterator[Frames]:
    """Open ``url`` and close it again whatever happens inside.

    Leaving in peace says goodbye and waits a quarter of a second for the peer to do the
    same. Leaving by an exception says it and waits for nothing. What the body
    raises comes out as it is, in no group.

    Args:
        env: Whose ``dial`` to use.
        url: ``ws`` or ``wss``.
        ca_file: Authority to trust instead of the system's.
        headers: Sent with the handshake.
        subprotocols: Offered in the handshake, the best first.
        max_message_bytes: Longer messages (text: in characters) end the connection.
        connect_timeout_s: For the dial, TLS and the handshake together.
        on_ping: Called with the payload of every ping of the server's, before its pong leaves.

    Raises:
        BadEndpoint: ``url`` is not one.
        WebSocketRefused: The server does not want us.
        WebSocketFailed: Nobody answered, in time or at all.
    """
    session = _Session(
        Endpoint.parse(url, ca_file),
        resource=resource_of(url),
        headers=[(name.encode(), text.encode()) for name, text in headers],
        subprotocols=list(subprotocols),
        max_message_bytes=max_message_bytes,
        on_ping=on_ping,
    )
    trouble: Exception | None = None
    try:
        async with trio.open_nursery() as nursery:
            try:
                await session.open(env, nursery, connect_timeout_s)
                yield session
                await session.take_leave()
            except Exception as error:  # noqa: BLE001 - raised below; in here it would be wrapped
                trouble = error
            finally:
                session.part()
            nursery.cancel_scope.cancel()
    finally:
        if session.line is not None:
            await trio.aclose_forcefully(session.line.wire)
    if trouble is not None:
        raise trouble


class _Session:
    """One connection: the task that holds trio-websocket's reader, and the frames."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        resource: str,
        headers: list[tuple[bytes, bytes]],
        subprotocols: list[str],
        max_message_bytes: int,
        on_ping: Callable[[bytes], None] | None,
    ) -> None:
        self._endpoint = endpoint
        self._resource = resource
        self._headers = headers
        self._subprotocols = subprotocols
        self._max_message_bytes = max_message_bytes
        self._on_ping = on_ping
        self.line: _Line | None = None
        self._connection: WebSocketConnection | None = None
        self._refusal: ConnectionRejected | None = None
        self._trouble: str | None = None
        self._over = False
        self._pings: dict[bytes, trio.CancelScope] = {}
        self._pinged = 0

    async def open(self, env: Env, nursery: trio.Nursery, timeout_s: float) -> None:
        """Connect, shake hands, and leave the reader running in ``nursery``."""
        with trio.move_on_after(timeout_s) as patience:
            try:
                wire = await env.dial(self._endpoint)
            except OSError as error:
                raise WebSocketFailed(f"{self._endpoint.authority}: {error}") from error
            self.line = _Line(wire, self._on_ping)
            await nursery.start(self._run, self.line)
        if patience.cancelled_caught:
            where = f"{self._endpoint.authority}{self._resource}"
            raise WebSocketFailed(f"{where}: no WebSocket within {timeout_s:g} s")

    async def _run(self, line: "_Line", task_status: trio.TaskStatus[None]) -> None:
        """Hold the reader for as long as it lives; ready when the handshake is over.

        Raises:
            WebSocketFailed: There will be no WebSocket. Never raised once ready.
        """
        try:
            async with trio.open_nursery() as nursery:
                with line.handshake:
                    self._connection = await wrap_client_stream(
                        nursery,
                        line,  # type: ignore[arg-type] # any Stream will do, says its code
                        host_of(self._endpoint),
                        self._resource,
                        subprotocols=self._subprotocols,
                        extra_headers=self._headers,
                        message_queue_size=QUEUED_MESSAGES,
                        max_message_size=self._max_message_bytes,
                        receive_buffer_size=RECEIVE_BYTES,
                    )
                if self._connection is None:
                    nursery.cancel_scope.cancel()
                else:
                    line.open = True
                    task_status.started()
        except* ConnectionRejected as group:
            self._refusal = next(
                leaf for leaf in leaves(group) if isinstance(leaf, ConnectionRejected)
            )
        except* Exception as group:  # noqa: BLE001 - whatever kills the reader, its user is told
            self._trouble = reason(group)
        finally:
            self._end()
        if self._connection is None:
            raise self._unopened(line)

    async def receive(self) -> bytes | str:
        """Return the next message."""
        assert self._connection is not None
        try:
            return await self._connection.get_message()
        except ConnectionClosed:
            self._end()
            raise self._failure() from None

    async def send(self, text: str) -> None:
        """Send one text message."""
        assert self._connection is not None
        if self._over:
            raise self._failure()
        try:
            await self._connection.send_message(text)
        except (ConnectionClosed, LocalProtocolError):
            raise self._failure() from None

    async def ping(self) -> None:
        """Send a ping and wait for its pong."""
        assert self._connection is not None
        self._pinged += 1
        payload = self._pinged.to_bytes(4, "big")
        with trio.CancelScope() as scope:
            self._pings[payload] = scope
            try:
                if self._over:
                    raise self._failure()
                await self._connection.ping(payload)
            except (ConnectionClosed, LocalProtocolError):
                raise self._failure() from None
            finally:
                del self._pings[payload]
        if scope.cancelled_caught:
            raise self._failure()

    async def take_leave(self) -> None:
        """Say goodbye and give the peer a moment to say it too."""
        assert self._connection is not None
        with trio.move_on_after(GOODBYE_S):
            await self._connection.aclose()

    def part(self) -> None:
        """Say goodbye if that was not done yet, and wait for nothing."""
        if self.line is None or self._connection is None or self.line.said_goodbye:
            return
        closed = self._connection.closed
        code = NORMAL if closed is None or closed.code in UNSENDABLE else closed.code
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError, trio.BusyResourceError):
            self.line.wire.send_now(_close_frame(code))

    def _end(self) -> None:
        self._over = True
        for scope in self._pings.values():
            scope.cancel()

    def _failure(self) -> WebSocketFailed:
        closed = None if self._connection is None else self._connection.closed
        if closed is None:
            return WebSocketFailed(self._trouble or "connection lost", ABNORMAL)
        if closed.code == ABNORMAL:
            return WebSocketFailed("connection lost without a goodbye", ABNORMAL)
        why = f": {closed.reason}" if closed.reason else ""
        return WebSocketFailed(f"closed with {closed.code} {closed.name}{why}", closed.code)

    def _unopened(self, line: "_Line") -> WebSocketFailed:
        """Return why there is no WebSocket."""
        if self._refusal is not None:
            return WebSocketRefused(self._refusal.status_code, self._refusal.body or b"")
        # A refusal without a length ends with the connection, which trio-websocket
        # takes for a loss; what it said is still in the head.
        status = _status(bytes(line.head))
        if status is not None and status != SWITCHING_PROTOCOLS:
            return WebSocketRefused(status, bytes(line.head).partition(b"\r\n\r\n")[2])
        if len(line.head) > HEAD_BYTES:
            return WebSocketFailed(f"handshake longer than {HEAD_BYTES} bytes")
        return WebSocketFailed(self._trouble or "connection ended in the handshake")


class _Line(trio.abc.Stream):
    """The wire as trio-websocket sees it, with an ear on what goes by."""

    def __init__(self, wire: Wire, on_ping: Callable[[bytes], None] | None) -> None:
        self.wire = wire
        self.handshake = trio.CancelScope()
        """Around the wait for the handshake, which trio-websocket never ends by itself."""
        self.open = False
        self.head = bytearray()
        """What the server sent before the handshake was over."""
        self.said_goodbye = False
        self._on_ping = on_ping

    @override
    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        if self.open:
            return await self.wire.receive_some(max_bytes)
        data: bytes | bytearray = b""
        try:
            data = await self.wire.receive_some(max_bytes)
            self.head += data
        finally:
            if not data or len(self.head) > HEAD_BYTES:
                self.handshake.cancel()
        return data

    @override
    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        # trio-websocket hands over one frame at a time.
        if self.open and data:
            if data[0] == CLOSE:
                self.said_goodbye = True
            elif data[0] == PONG and self._on_ping is not None:
                self._on_ping(_payload(bytes(data)))
        sent = False
        try:
            await self.wire.send_all(data)
            sent = True
        finally:
            if not sent and not self.open:
                self.handshake.cancel()

    @override
    async def wait_send_all_might_not_block(self) -> None:
        await self.wire.wait_send_all_might_not_block()

    @override
    async def aclose(self) -> None:
        self.handshake.cancel()
        await self.wire.aclose()


def _status(head: bytes) -> int | None:
    found = re.match(rb"HTTP/1\.[01] (\d{3})", head)
    return int(found[1]) if found else None


def _close_frame(code: int) -> bytes:
    # Clients mask; an all-zero mask is one, and there is nothing here to hide from a proxy.
    return bytes((CLOSE, MASKED | 2, 0, 0, 0, 0)) + code.to_bytes(2, "big")


def _payload(frame: bytes) -> bytes:
    """Return what a masked control frame of our own carries."""
    mask, masked = frame[2:6], frame[6:]
    return bytes(byte ^ mask[place % 4] for place, byte in enumerate(masked))
