"""The WebSocket half of the small server: one open session, its messages and its goodbye.

wsproto does the frames. A session reads only while somebody waits in
``receive``: pings are answered, and the client's leaving is noticed, there.
"""

import base64
import binascii
import contextlib
from collections.abc import Iterator, Sequence
from struct import Struct
from typing import Final

import trio
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import (
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    TextMessage,
)
from wsproto.utilities import generate_accept_token

from actors.runtime.rfc6455 import EIGHT_BYTES, LONG, TWO_BYTES, WHOLE_TEXT
from actors.runtime.serve_http import (
    ClientGone,
    Refused,
    Request,
    ServeLimits,
    put,
    read_away,
    take,
)

NORMAL: Final = 1000
ABNORMAL: Final = 1006
TOO_BIG: Final = 1009
INTERNAL_ERROR: Final = 1011

KEY_BYTES: Final = 16
_MEDIUM: Final = Struct(">BBH")
_LARGE: Final = Struct(">BBQ")


class SessionClosed(Exception):
    """The session is over: the client closed it, we did, or the connection broke (1006)."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"{code} {reason}".rstrip())
        self.code = code
        self.reason = reason


def wants_websocket(request: Request) -> bool:
    """Whether the client asks to leave HTTP for WebSocket."""
    return "websocket" in _tokens(request, "upgrade") and "upgrade" in _tokens(
        request, "connection"
    )


def switching_headers(request: Request) -> tuple[tuple[str, str], ...]:
    """Return what a 101 must say to ``request`` (RFC 6455 section 4.2.2).

    Raises:
        Refused: The opening handshake is not one.
    """
    if request.method != "GET":
        raise Refused(400, "a WebSocket opens with GET")
    if request.header("sec-websocket-version") != "13":
        raise Refused(426, "WebSocket version 13 is spoken", (("sec-websocket-version", "13"),))
    key = request.header("sec-websocket-key") or ""
    try:
        nonce = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        nonce = b""
    if len(nonce) != KEY_BYTES:
        raise Refused(400, "not a WebSocket key")
    accept = generate_accept_token(key.encode("ascii")).decode("ascii")
    return (
        ("upgrade", "websocket"),
        ("connection", "upgrade"),
        ("sec-websocket-accept", accept),
    )


def _tokens(request: Request, name: str) -> list[str]:
    return [
        token.strip().lower()
        for key, value in request.headers
        if key == name
        for token in value.split(",")
    ]


def _text_frames(messages: Sequence[str]) -> Iterator[bytes]:
    """Write whole text frames as a server does, unmasked (RFC 6455 section 5.2)."""
    for message in messages:
        payload = message.encode()
        size = len(payload)
        if size < TWO_BYTES:
            yield bytes((WHOLE_TEXT, size))
        elif size < LONG:
            yield _MEDIUM.pack(WHOLE_TEXT, TWO_BYTES, size)
        else:
            yield _LARGE.pack(WHOLE_TEXT, EIGHT_BYTES, size)
        yield payload


class Session:
    """One WebSocket. Any task may send while another receives; frames leave whole, in order."""

    def __init__(self, stream: trio.abc.Stream, limits: ServeLimits, trailing: bytes = b"") -> None:
        self._stream = stream
        self._limits = limits
        self._wire = Connection(ConnectionType.SERVER, trailing_data=trailing)
        self._writing = trio.Lock()
        self._reading = trio.Lock()
        # True while a write is under way and for ever after one that was cancelled: it has
        # left half a frame behind, and nothing may follow half a frame.
        self._torn = False
        self._end: SessionClosed | None = None
        self._client_at_fault = False
        self._parts: list[str | bytes] = []
        self._size = 0
        self._pong_at_s = trio.current_time()

    @property
    def pong_ns(self) -> int:
        """When the last pong came, or the session opened: nanoseconds of ``trio.current_time``."""
        return round(self._pong_at_s * 1e9)

    async def send(self, message: str | bytes) -> None:
        """Send one text or binary message.

        Raises:
            SessionClosed: It can no longer be sent, or the client does not read.
        """
        if isinstance(message, str):
            await self._send(TextMessage(data=message))
        else:
            await self._send(BytesMessage(data=message))

    async def send_texts(self, messages: Sequence[str]) -> None:
        """Send text messages in one write, each a frame of its own.

        Raises:
            SessionClosed: As ``send``; then how many of them the client has is not known.
        """
        async with self._writing:
            self._require_open()
            await self._put(b"".join(_text_frames(messages)))

    async def ping(self, payload: bytes = b"") -> None:
        """Send a ping of at most 125 bytes; ``pong_ns`` tells of the answer.

        Raises:
            SessionClosed: As ``send``.
        """
        await self._send(Ping(payload=payload))

    async def send_raw(self, frames: bytes) -> None:
        """Write ``frames`` as they are, in order with the messages: for a server that misbehaves.

        Raises:
            SessionClosed: As ``send``.
        """
        async with self._writing:
            self._require_open()
            await self._put(frames)

    async def receive(self) -> str | bytes:
        """Wait for the next whole message; pings are answered on the way.

        Raises:
            SessionClosed: With the code of whoever closed it.
        """
        async with self._reading:
            while not self._is_over():
                for event in self._wire.events():
                    message = await self._handle(event)
                    if message is not None:
                        return message
                    if self._is_over():
                        break
                else:
                    await self._feed()
            raise self._closed()

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Say goodbye, wait a moment for the client's. Nothing is raised; twice is fine."""
        with trio.move_on_after(self._limits.close_s):
            await self._say_goodbye(code, reason)
            async with self._reading:
                # Only a goodbye that left can be answered.
                while not self._is_over() and self._wire.state is ConnectionState.LOCAL_CLOSING:
                    for event in self._wire.events():
                        if isinstance(event, CloseConnection):
                            self._end = SessionClosed(code, reason)
                            break
                    else:
                        await self._feed()
            if self._client_at_fault:
                async with self._writing:
                    await read_away(self._stream, self._limits.close_s)
        if not self._is_over():
            self._end = SessionClosed(code, reason)
            # Whoever still waits in `receive` learns of it by this.
            await trio.aclose_forcefully(self._stream)

    async def abort(self) -> None:
        """End the session without a goodbye: the client sees its connection go."""
        if self._end is None:
            self._end = SessionClosed(ABNORMAL, "aborted")
        await trio.aclose_forcefully(self._stream)

    async def _send(self, event: TextMessage | BytesMessage | Ping) -> None:
        async with self._writing:
            self._require_open()
            await self._put(self._wire.send(event))

    def _is_over(self) -> bool:
        return self._end is not None

    def _closed(self) -> SessionClosed:
        # A new one each time: an exception raised twice grows its traceback.
        if self._end is not None:
            return SessionClosed(self._end.code, self._end.reason)
        if self._torn:
            return SessionClosed(ABNORMAL, "an earlier send was cut off")
        return SessionClosed(NORMAL, "closing")

    def _can_send(self) -> bool:
        sound = self._end is None and not self._torn
        return sound and self._wire.state is ConnectionState.OPEN

    def _require_open(self) -> None:
        if not self._can_send():
            raise self._closed()

    async def _put(self, data: bytes) -> None:
        self._torn = True
        try:
            await put(self._stream, data, self._limits.write_s)
        except ClientGone as gone:
            self._end = SessionClosed(ABNORMAL, str(gone))
            raise SessionClosed(ABNORMAL, str(gone)) from None
        self._torn = False

    async def _feed(self) -> None:
        try:
            data = await take(self._stream)
        except ClientGone as gone:
            self._end = SessionClosed(ABNORMAL, str(gone))
            return
        if data:
            self._wire.receive_data(data)
        else:
            self._end = SessionClosed(ABNORMAL, "the client left")

    async def _handle(self, event: Event) -> str | bytes | None:
        match event:
            case TextMessage() | BytesMessage():
                return await self._join(event)
            case Ping():
                await self._answer(event)
            case Pong():
                self._pong_at_s = trio.current_time()
            case CloseConnection():
                await self._closed_by_client(event)
            case _:
                raise AssertionError(f"not a server's event: {event!r}")
        return None

    async def _join(self, event: TextMessage | BytesMessage) -> str | bytes | None:
        if event.data:
            data = event.data if isinstance(event.data, str) else bytes(event.data)
            self._parts.append(data)
            self._size += len(data.encode() if isinstance(data, str) else data)
        if self._size > self._limits.message_bytes:
            await self._fail(TOO_BIG, "the message is too long")
            return None
        if not event.message_finished:
            return None
        parts, self._parts, self._size = self._parts, [], 0
        if isinstance(event, TextMessage):
            return "".join(part for part in parts if isinstance(part, str))
        return b"".join(part for part in parts if isinstance(part, bytes))

    async def _answer(self, ping: Ping) -> None:
        async with self._writing:
            if self._can_send():
                with contextlib.suppress(SessionClosed):
                    await self._put(self._wire.send(ping.response()))

    async def _closed_by_client(self, event: CloseConnection) -> None:
        reason = event.reason or ""
        if self._wire.state in {ConnectionState.REMOTE_CLOSING, ConnectionState.CLOSED}:
            await self._say_goodbye(event.code, reason)
            self._end = SessionClosed(event.code, reason)
        else:
            # wsproto reports frames it cannot read as a close the client did not send.
            await self._fail(event.code, reason)

    async def _fail(self, code: int, reason: str) -> None:
        self._client_at_fault = True
        await self._say_goodbye(code, reason)
        self._end = SessionClosed(code, reason)

    async def _say_goodbye(self, code: int, reason: str) -> None:
        """Send our close frame if none was sent yet and the wire still takes one."""
        with trio.move_on_after(self._limits.close_s), contextlib.suppress(SessionClosed):
            async with self._writing:
                sayable = self._wire.state in {ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING}
                if sayable and self._end is None and not self._torn:
                    await self._put(self._wire.send(CloseConnection(code, reason)))
