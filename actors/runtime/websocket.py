"""One WebSocket, read straight from its wire by the task that wants its messages.

A reader in a task of its own costs a queue, a wake-up and a late stamp for every
message. Here whoever waits in ``receive`` reads the socket, stamps the bytes and takes
the frames apart, all in one step. The price: pings are answered, and the peer's end is
noticed, only while somebody receives. The rules are ``rfc6455.py``'s.
"""

import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

import trio

from actors.runtime.env import Endpoint, Env, Wire
from actors.runtime.rfc6455 import (
    ABNORMAL,
    CLOSE,
    MESSAGE,
    NORMAL,
    PING,
    PONG,
    TEXT,
    Closed,
    Control,
    Failed,
    FrameReader,
    Ping,
    Pong,
    client_frame,
    close_payload,
    describe,
)
from actors.runtime.rfc6455_opening import (
    KEY_BYTES,
    Botched,
    Opened,
    Opening,
    Refusal,
    host_of,
    resource_of,
)
from actors.runtime.websocket_frames import Heard, WebSocketFailed, WebSocketRefused

GOODBYE_S: Final = 0.25
"""How long leaving in peace waits for the peer's own goodbye."""
BURST: Final = 16
"""Messages of one read that come out without a checkpoint, so that no peer can hold the loop."""
PONGS: Final = 16
"""Pings that are owed an answer at most; of more, the newest (RFC 6455 section 5.5.3)."""
SHOWN: Final = 80
"""Bytes of a read that broke the rules, in the report of it."""
MASK_BYTES: Final = 4
PING_BYTES: Final = 4

GONE: Final = (trio.BrokenResourceError, trio.ClosedResourceError)
LOST: Final = "connection lost without a goodbye"


@asynccontextmanager
async def open_websocket(
    env: Env,
    url: str,
    *,
    ca_file: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
    subprotocols: Sequence[str] = (),
    max_message_bytes: int = 64 * 1024,
    read_bytes: int | None = None,
    connect_timeout_s: float = 5.0,
    on_ping: Callable[[bytes], None] | None = None,
) -> AsyncIterator["WebSocket"]:
    """Open ``url`` and close it again whatever happens inside.

    Leaving in peace says goodbye and waits a quarter of a second for the peer to do the
    same. Leaving by an exception says it and waits for nothing. What the body
    raises comes out as it is.

    Args:
        env: Whose ``dial``, clocks and chance to use: key and masks come from its stream
            ``websocket``, so that a seeded run repeats them.
        url: ``ws`` or ``wss``.
        ca_file: Authority to trust instead of the system's.
        headers: Sent with the handshake.
        subprotocols: Offered in the handshake, the best first.
        max_message_bytes: Longer messages end the connection.
        read_bytes: At most so much is read at once, and dealt with before others get
            their turn; ``None`` for as much as the wire gives.
        connect_timeout_s: For the dial, TLS and the handshake together.
        on_ping: Called with the payload of every ping of the server's, before its pong leaves.

    Raises:
        BadEndpoint: ``url`` is not one.
        ValueError: ``headers`` are none that HTTP can carry.
        WebSocketRefused: The server does not want us.
        WebSocketFailed: Nobody answered, in time or at all.
    """
    endpoint = Endpoint.parse(url, ca_file)
    rng = env.rng("websocket")
    opening = Opening(
        host=host_of(endpoint),
        resource=resource_of(url),
        key=rng.randbytes(KEY_BYTES),
        headers=headers,
        subprotocols=subprotocols,
    )
    wire: Wire | None = None
    opened: Opened | None = None
    try:
        with trio.move_on_after(connect_timeout_s):
            wire = await _dial(env, endpoint)
            opened = await _shake_hands(wire, opening)
        if wire is None or opened is None:
            where = f"{endpoint.authority}{resource_of(url)}"
            raise WebSocketFailed(f"{where}: no WebSocket within {connect_timeout_s:g} s")
        frames = WebSocket(env, wire, FrameReader(max_message_bytes), rng, on_ping)
        frames.cookies, frames.read_bytes = opened.cookies, read_bytes
        frames.take(opened.trailing)
        try:
            yield frames
            await frames.take_leave()
        finally:
            frames.part()
    finally:
        if wire is not None:
            await trio.aclose_forcefully(wire)


async def _dial(env: Env, endpoint: Endpoint) -> Wire:
    try:
        return await env.dial(endpoint)
    except OSError as error:
        raise WebSocketFailed(f"{endpoint.authority}: {error}") from error


async def _shake_hands(wire: Wire, opening: Opening) -> Opened:
    verdict = None
    try:
        await wire.send_all(opening.request)
        while verdict is None:
            verdict = opening.feed(bytes(await wire.receive_some()))
    except GONE:
        verdict = opening.feed(b"")
    match verdict:
        case Opened():
            return verdict
        case Refusal(status, body):
            raise WebSocketRefused(status, body)
        case Botched(why):
            raise WebSocketFailed(why)
        case None:
            raise WebSocketFailed("connection ended in the handshake")


class WebSocket:
    """One open connection. One task receives; any task may send or ping meanwhile."""

    def __init__(
        self,
        env: Env,
        wire: Wire,
        reader: FrameReader,
        rng: random.Random,
        on_ping: Callable[[bytes], None] | None,
    ) -> None:
        """Take over ``wire`` after its handshake; whoever opened it closes it."""
        self.cookies: tuple[str, ...] = ()
        """The ``Set-Cookie`` headers of the answer that opened it."""
        self.read_bytes: int | None = None
        self._wire = wire
        self._reader = reader
        self._rng = rng
        self._on_ping = on_ping
        self._now_ns, self._wall_ns = env.now_ns, env.wall_ns
        self._ready: deque[bytes | str] = deque()
        """Messages of the last read. Nothing is read before all of them are received."""
        self._read_ns = self._read_wall_ns = 0
        self._burst = 0
        self._sending = trio.Lock()
        self._unsent = 0
        """What the wire still holds of frames that are ours no longer."""
        self._owed: deque[bytes] = deque(maxlen=PONGS)
        self._said_goodbye = False
        self._end: tuple[str, int] | None = None
        """Why it is over, and the code."""
        self._under_way: dict[trio.CancelScope, None] = {}
        """Sends and pings, which the end of the connection ends."""
        self._pings: dict[bytes, trio.Event] = {}
        self._pinged = 0

    async def receive(self) -> bytes | str:
        """Return the next message; what arrived first comes first.

        Raises:
            WebSocketFailed: The connection is over; what came before was received.
        """
        return (await self.hear()).message

    async def hear(self) -> Heard:
        """Return the next message with the stamp of the read that brought its last byte.

        There is no checkpoint after that read. Further messages of the same read come
        without waiting, with its stamp, and with a checkpoint after each ``BURST``. Cancelled, it
        has lost nothing.

        Raises:
            WebSocketFailed: The connection is over; what came before was received.
        """
        ready = self._ready
        if ready:
            self._burst += 1
            if self._burst >= BURST:
                self._burst = 0
                await trio.lowlevel.checkpoint()
        else:
            self._burst = 0
            while not ready:
                if self._end is not None:
                    raise self._failure()
                await self._read()
        return Heard(ready.popleft(), self._read_ns, self._read_wall_ns)

    async def send(self, text: str) -> None:
        """Send one text message.

        Cancelled, it has sent all of it or nothing: what the kernel did not take yet
        leaves before anything else does, and one message at most can wait so.

        Raises:
            WebSocketFailed: The connection is over.
        """
        await self._send(TEXT, text.encode())

    async def ping(self) -> None:
        """Send a ping and wait for its pong, which is read while some task receives.

        Raises:
            WebSocketFailed: The connection ended first.
        """
        self._pinged += 1
        payload = self._pinged.to_bytes(PING_BYTES, "big")
        answered = self._pings[payload] = trio.Event()
        try:
            await self._send(PING, payload)
            with self._while_open():
                await answered.wait()
        finally:
            del self._pings[payload]

    def take(self, data: bytes) -> None:
        """Stamp ``data`` as read just now and deal with what it says; never waits."""
        self._read_ns, self._read_wall_ns = self._now_ns(), self._wall_ns()
        for event in self._reader.feed(data):
            if isinstance(event, MESSAGE):
                self._ready.append(event)
            else:
                self._note(event, data)
        if self._owed or self._unsent:
            self._settle()

    async def take_leave(self) -> None:
        """Say goodbye and give the peer a moment to say it too."""
        if self._end is not None:
            return
        self._say_goodbye(NORMAL)
        with trio.move_on_after(GOODBYE_S), suppress(*GONE):
            await self._drain()
            while self._end is None:
                await self._read()
                self._ready.clear()

    def part(self) -> None:
        """Say goodbye if that was not done yet, and wait for nothing."""
        if self._end is None:
            self._say_goodbye(NORMAL)
            self._over(LOST, ABNORMAL)

    async def _read(self) -> None:
        try:
            data = await self._wire.receive_some(self.read_bytes)
        except GONE:
            data = b""
        if data:
            self.take(bytes(data))
        else:
            self._over(LOST, ABNORMAL)

    def _note(self, event: Control, data: bytes) -> None:
        match event:
            case Ping(payload):
                if self._on_ping is not None:
                    self._on_ping(payload)
                self._owed.append(payload)
            case Pong(payload):
                answered = self._pings.get(payload)
                if answered is not None:
                    answered.set()
            case Closed(code, reason):
                self._settle()
                self._say_goodbye(code)
                self._over(describe(code, reason), code)
            case Failed(code, why):
                self._settle()
                self._say_goodbye(code)
                # What broke the rules is shown, as far as one line can.
                self._over(f"{describe(code, why)}: {data[:SHOWN]!a}", code)

    def _settle(self) -> None:
        """Answer the pings that are owed an answer, if the wire has room for it."""
        with suppress(trio.BusyResourceError, *GONE):
            if self._unsent:
                self._unsent = self._wire.send_now(b"")
            if self._owed and not self._unsent and not self._said_goodbye:
                answers = b"".join([self._frame(PONG, payload) for payload in self._owed])
                self._unsent = self._wire.send_now(answers)
                self._owed.clear()

    def _say_goodbye(self, code: int) -> None:
        if not self._said_goodbye:
            self._said_goodbye = True
            # A sender that still waits for the peer's attention leaves no room for it.
            with suppress(trio.BusyResourceError, *GONE):
                self._unsent = self._wire.send_now(self._frame(CLOSE, close_payload(code)))

    async def _send(self, opcode: int, payload: bytes) -> None:
        try:
            with self._while_open():
                async with self._sending:
                    await self._drain()
                    if self._said_goodbye:
                        raise self._failure()
                    self._unsent = self._wire.send_now(self._frame(opcode, payload))
                    await self._drain()
                self._settle()
        except GONE:
            raise self._failure() from None

    async def _drain(self) -> None:
        """Wait until the kernel has everything. Cancelled, the rest stays in its order."""
        while self._unsent:
            await self._wire.wait_send_all_might_not_block()
            self._unsent = self._wire.send_now(b"")

    def _frame(self, opcode: int, payload: bytes) -> bytes:
        return client_frame(opcode, payload, self._rng.randbytes(MASK_BYTES))

    @contextmanager
    def _while_open(self) -> Iterator[None]:
        """End what happens inside when the connection does."""
        if self._end is not None:
            raise self._failure()
        with trio.CancelScope() as scope:
            self._under_way[scope] = None
            try:
                yield
            finally:
                del self._under_way[scope]
        if scope.cancelled_caught:
            raise self._failure()

    def _over(self, why: str, code: int) -> None:
        if self._end is None:
            self._end = why, code
            for scope in self._under_way:
                scope.cancel()

    def _failure(self) -> WebSocketFailed:
        why, code = self._end or (LOST, ABNORMAL)
        return WebSocketFailed(why, code)
