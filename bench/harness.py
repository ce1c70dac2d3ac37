"""The other end of the system under test: its score feeds and its order entry, on one clock.

One process, one thread, plain sockets. ``Harness.goal`` sends one frame and returns
when the first whole order has been read: the time between is what the bench is about.
Everything else (further legs, probes, pongs, new connections) is served by
``attend`` between two events. The feed is WebSocket in the clear (RFC 6455, server
side, text alone); order entry is TLS 1.3 with HTTP/1.1 kept alive. What the feeds
say besides (``bench/feedload.py``) is sent in between, while an order is awaited too.
"""

import base64
import hashlib
import json
import math
import re
import select
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import attrs

HOST: Final = "127.0.0.1"
FEEDS: Final = ("alpha", "bravo", "charlie", "delta", "echo")
"""Every feed that a profile of the bench may name; alpha reports the goals, bravo echoes them."""
CHUNK: Final = 65_536
BACKLOG: Final = 16
HANDSHAKE_S: Final = 5.0
PING_S: Final = 5.0
"""Between two of the provider's text heartbeats, sent between events alone."""
SHORT: Final = 126
"""Payloads below it have their length in the second byte."""
ORDER_PATH: Final = b"POST /trade-api/v2/portfolio/events/orders "
STATUS_PATH: Final = b"GET /trade-api/v2/exchange/status "
STATUS_BODY: Final = b'{"exchange_active":true,"trading_active":true}'

_KEY: Final = re.compile(rb"(?i)\r\nsec-websocket-key: *(\S+)")
_LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_CLIENT_ID: Final = re.compile(rb'"client_order_id": ?"([^"]*)"')
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Gone(Exception):
    """The system under test closed a connection that the bench cannot go on without."""


class Span(NamedTuple):
    """One event. The clock is the machine's monotonic one, which every process of it shares."""

    began_ns: int
    """Just before the frame was sent."""
    read_ns: int
    """When the whole order had been read."""


def text_frame(text: str) -> bytes:
    """Return one unmasked text frame around ``text``."""
    return text_frame_of(text.encode())


def text_frame_of(payload: bytes) -> bytes:
    """Return one unmasked text frame around ``payload``, which is UTF-8."""
    if len(payload) < SHORT:
        return bytes((0x81, len(payload))) + payload
    return b"\x81\x7e" + len(payload).to_bytes(2, "big") + payload


PING: Final = text_frame("ping")
"""The provider's heartbeat."""


def _never() -> float:
    return math.inf


@attrs.define(eq=False)
class FeedLine:
    """One connection of one feed: what does not leave at once waits, in order."""

    connection: socket.socket
    frames: int = attrs.field(init=False, default=0)
    """Handed over so far, heartbeats included."""
    heartbeats: int = attrs.field(init=False, default=0)
    """How many of them were the provider's ``ping``."""
    waiting: bytearray = attrs.field(init=False, factory=bytearray)

    def send(self, frame: bytes) -> None:
        """Send one frame without waiting; a client that is gone shows when it is read."""
        self.frames += 1
        self.heartbeats += frame == PING
        if self.waiting:
            self.waiting += frame
            self.flush()
            return
        sent = self._try(frame)
        if sent < len(frame):
            self.waiting += frame[sent:]

    def flush(self) -> None:
        """Send of what waits as much as the client takes."""
        while self.waiting:
            sent = self._try(self.waiting)
            if not sent:
                return
            del self.waiting[:sent]

    def _try(self, data: bytes | bytearray) -> int:
        try:
            return self.connection.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self.waiting.clear()
            return len(data)


@attrs.define(eq=False)
class OrderLine:
    """One connection of order entry."""

    connection: ssl.SSLSocket
    acknowledge: Callable[[bytes], bytes]
    """Gives the answer to an order's body."""
    _unread: bytearray = attrs.field(init=False, factory=bytearray)

    def read(self) -> tuple[bytes, bytes] | None:
        """Take what has arrived; return head and body of a request once it is whole.

        Raises:
            Gone: The client closed it.
        """
        while True:
            try:
                data = self.connection.recv(CHUNK)
            except ssl.SSLWantReadError:
                return None
            except OSError as error:
                raise Gone("order entry: reset") from error
            if not data:
                raise Gone("order entry: closed")
            self._unread += data
            head, blank, rest = self._unread.partition(b"\r\n\r\n")
            length = _LENGTH.search(head) if blank else None
            size = int(length[1]) if length else 0
            if blank and len(rest) >= size:
                # A client has one request out on a connection, so nothing follows this one.
                self._unread.clear()
                return bytes(head), bytes(rest)

    def respond(self, head: bytes, body: bytes) -> bool:
        """Answer one request; return whether it was an order."""
        if head.startswith(ORDER_PATH):
            self._send(b"201 Created", self.acknowledge(body))
            return True
        known = head.startswith(STATUS_PATH)
        self._send(b"200 OK" if known else b"404 Not Found", STATUS_BODY if known else b"{}")
        return False

    def _send(self, status: bytes, body: bytes) -> None:
        self.connection.sendall(
            b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (status, len(body), body)
        )


def acknowledgement(body: bytes, fill_count: str = "0.00") -> bytes:
    """Say that the order was taken, and what it filled: nothing, so that no position builds up."""
    found = _CLIENT_ID.search(body)
    return json.dumps(
        {
            "order_id": "00000000-0000-4000-8000-000000000000",
            "client_order_id": found[1].decode() if found else "",
            "fill_count": fill_count,
            "remaining_count": "0.00",
            "ts_ms": time.time_ns() // 1_000_000,
        }
    ).encode()


@attrs.define(eq=False)
class Harness:
    """The feeds and order entry; close it, or use it in a ``with``."""

    folder: Path
    """Where certificate and key of the server are."""
    meanwhile: Callable[[], float] = _never
    """Called again and again: does what is due by now and says how long there is nothing, in
    seconds. Must be quick, for a goal may be under way."""
    acknowledge: Callable[[bytes], bytes] = attrs.field(factory=lambda: acknowledgement)
    """Gives the answer to an order's body: taken, and nothing filled, if nothing else is said."""
    orders_seen: int = attrs.field(init=False, default=0)
    let_in: dict[str, int] = attrs.field(init=False, factory=lambda: dict.fromkeys(FEEDS, 0))
    """Connections that each feed has ever had."""
    strays: int = attrs.field(init=False, default=0)
    """Orders of an earlier event, read while another one was timed."""
    _tls: ssl.SSLContext = attrs.field(init=False)
    _doors: dict[str, socket.socket] = attrs.field(init=False)
    _feeds: dict[str, list[FeedLine]] = attrs.field(init=False)
    _lines: dict[int, OrderLine] = attrs.field(init=False, factory=dict)
    _pinged_s: float = attrs.field(init=False, factory=time.monotonic)

    def __attrs_post_init__(self) -> None:
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_3
        self._tls.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        self._doors = {name: _listen() for name in (*FEEDS, "orders")}
        self._feeds = {name: [] for name in FEEDS}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close everything."""
        lines = (line.connection for line in self._lines.values())
        feeds = (feed.connection for group in self._feeds.values() for feed in group)
        for each in (*self._doors.values(), *lines, *feeds):
            each.close()

    def port(self, name: str) -> int:
        """Return the port of a feed or of ``orders``."""
        port: int = self._doors[name].getsockname()[1]
        return port

    @property
    def connected(self) -> Mapping[str, int]:
        """How many connections each door has let in and not lost."""
        feeds = {name: len(group) for name, group in self._feeds.items()}
        return {**feeds, "orders": len(self._lines)}

    def goal(self, frame: bytes, ticker: bytes | None, patience_s: float) -> Span | None:
        """Send ``frame`` on ``alpha`` and time the first whole order that comes of it.

        Args:
            frame: The score frame, as it goes on the wire.
            ticker: What the order's body must name; ``None`` where any order will do.
            patience_s: How long to wait.

        Returns:
            When the frame was about to be sent, and when the whole order had been read;
            ``None`` if none came.

        Raises:
            Gone: There is nobody on ``alpha``.
        """
        if not self._feeds["alpha"]:
            raise Gone("alpha: nobody is connected")
        feed, lines, door = self._feeds["alpha"][-1], self._lines, self._doors["orders"].fileno()
        watched = [door, *lines]
        began_ns = time.monotonic_ns()
        feed.send(frame)
        until_ns = began_ns + int(patience_s * 1e9)
        while (now_ns := time.monotonic_ns()) < until_ns:
            wait_s = min((until_ns - now_ns) / 1e9, self.meanwhile())
            slow = [feed.connection] if feed.waiting else []
            ready, writable, _ = select.select(watched, slow, [], wait_s)
            if writable:
                feed.flush()
            for number in ready:
                if number == door:
                    # A client that dials for its first order is let in; that event is warm-up.
                    self._let_in("orders")
                    watched = [door, *lines]
                    continue
                request = self._read(number)
                read_ns = time.monotonic_ns()
                if request is None:
                    watched = [door, *lines]
                    continue
                line, head, body = request
                if not line.respond(head, body):
                    continue
                self.orders_seen += 1
                if ticker is None or ticker in body:
                    return Span(began_ns, read_ns)
                self.strays += 1
        return None

    def echo(self, frame: bytes) -> None:
        """Let ``bravo`` say the same, if anybody listens to it."""
        self.say("bravo", frame)

    def tell(self, frame: bytes) -> None:
        """Say something on alpha and bravo that nobody waits for an order to."""
        self.say("alpha", frame)
        self.say("bravo", frame)

    def say(self, name: str, frame: bytes) -> None:
        """Say something on one feed, to everybody who listens to it."""
        for feed in self._feeds[name]:
            feed.send(frame)

    @property
    def order_lines(self) -> Mapping[int, OrderLine]:
        """The open connections of order entry, by file number."""
        return self._lines

    def feed_lines(self, name: str) -> tuple[FeedLine, ...]:
        """Return the open connections of one feed."""
        return tuple(self._feeds[name])

    def attend(self, for_s: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Serve everything that is no measured event, for ``for_s`` or until ``until`` holds.

        Returns:
            Whether ``until`` came to hold.
        """
        ends_s = time.monotonic() + for_s
        while not until():
            left_s = ends_s - time.monotonic()
            if left_s <= 0:
                return False
            self._ping()
            self._serve_once(min(left_s, 0.1, self.meanwhile()))
        return True

    def _serve_once(self, wait_s: float) -> None:
        doors = {door.fileno(): name for name, door in self._doors.items()}
        feeds = {
            feed.connection.fileno(): (name, feed)
            for name, group in self._feeds.items()
            for feed in group
        }
        slow = [number for number, (_, feed) in feeds.items() if feed.waiting]
        ready, writable, _ = select.select([*self._lines, *doors, *feeds], slow, [], wait_s)
        for number in writable:
            feeds[number][1].flush()
        for number in ready:
            if number in doors:
                self._let_in(doors[number])
            elif number in self._lines:
                request = self._read(number)
                if request is not None:
                    line, head, body = request
                    self.orders_seen += line.respond(head, body)
            else:
                name, feed = feeds[number]
                self._hear(name, feed)

    def _read(self, number: int) -> tuple[OrderLine, bytes, bytes] | None:
        line = self._lines[number]
        try:
            request = line.read()
        except Gone:
            line.connection.close()
            del self._lines[number]
            return None
        return None if request is None else (line, *request)

    def _hear(self, name: str, feed: FeedLine) -> None:
        """Take pongs, whose meaning is that they came, and the end of a connection."""
        try:
            data = feed.connection.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            feed.connection.close()
            self._feeds[name].remove(feed)

    def _let_in(self, name: str) -> None:
        raw, _ = self._doors[name].accept()
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.settimeout(HANDSHAKE_S)
        try:
            if name == "orders":
                line = OrderLine(self._tls.wrap_socket(raw, server_side=True), self.acknowledge)
                line.connection.settimeout(0)
                self._lines[line.connection.fileno()] = line
            else:
                _upgrade(raw)
                raw.settimeout(0)
                feed = FeedLine(raw)
                # A provider has something to say at once; a reader is up when it has heard it.
                feed.send(PING)
                self._feeds[name].append(feed)
                self.let_in[name] += 1
        except OSError:
            raw.close()

    def _ping(self) -> None:
        now_s = time.monotonic()
        if now_s - self._pinged_s >= PING_S:
            self._pinged_s = now_s
            for name in FEEDS:
                self.say(name, PING)


def _listen() -> socket.socket:
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind((HOST, 0))
    door.listen(BACKLOG)
    return door


def _upgrade(raw: socket.socket) -> None:
    """Answer a WebSocket handshake.

    Raises:
        OSError: It was none.
    """
    request = b""
    while b"\r\n\r\n" not in request:
        data = raw.recv(CHUNK)
        if not data:
            raise ConnectionError("closed while it asked")
        request += data
    key = _KEY.search(request)
    if key is None:
        raise ConnectionError("not a WebSocket handshake")
    digest = hashlib.sha1(key[1] + _GUID).digest()  # noqa: S324 - what RFC 6455 asks for
    raw.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\n\r\n" % base64.b64encode(digest)
    )
