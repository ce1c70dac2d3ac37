"""The rush's client: TLS sockets that never wait, order lines and readers of the stream.

Plain on purpose: it shares the machine with the venue that it measures, so a frame of
the stream costs it a few slices of bytes and an order one write.
"""

import base64
import os
import selectors
import socket
import ssl
import struct
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import attrs
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

READ_BYTES: Final = 256 * 1024
ORDERS_PATH: Final = "/trade-api/v2/portfolio/events/orders"
STREAM_PATH: Final = "/trade-api/ws/v2"
HEAD_END: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length: "
ID: Final = b'"order_id":"'
ID_CHARS: Final = 36
DELTA: Final = b'{"type":"orderbook_delta"'
SID: Final = b'"sid":'
SEQ: Final = b'"seq":'
TEXT: Final = 0x81
PING: Final = 0x89
TWO_BYTES: Final = 126
EIGHT_BYTES: Final = 127


class Broken(Exception):
    """The venue said or did what this client cannot go on with."""


@attrs.frozen
class Signer:
    """One key of the handshake."""

    key_id: str
    private: RSAPrivateKey | Ed25519PrivateKey

    @classmethod
    def of(cls, key: Mapping[str, str]) -> "Signer":
        """Read the key that one row of the handshake names."""
        private = load_pem_private_key(Path(key["pem_file"]).read_bytes(), None)
        assert isinstance(private, RSAPrivateKey | Ed25519PrivateKey)
        return cls(key["id"], private)

    def headers(self, method: str, path: str, stamp_ms: int) -> bytes:
        """Return the three header lines that sign one request."""
        text = f"{stamp_ms}{method}{path}".encode()
        if isinstance(self.private, Ed25519PrivateKey):
            signature = self.private.sign(text)
        else:
            pss = PSS(mgf=MGF1(hashes.SHA256()), salt_length=32)
            signature = self.private.sign(text, pss, hashes.SHA256())
        return (
            f"kalshi-access-key: {self.key_id}\r\nkalshi-access-timestamp: {stamp_ms}\r\n"
            f"kalshi-access-signature: {base64.b64encode(signature).decode()}\r\n"
        ).encode()


@attrs.define(eq=False)
class Sequences:
    """Counts what one subscription said, and whether a number was missing or came twice."""

    deltas: int = 0
    gaps: int = 0
    _last: dict[int, int] = attrs.field(init=False, factory=dict)

    def take(self, frame: bytes) -> None:
        """Take in one text frame."""
        sid, seq = _number(frame, SID), _number(frame, SEQ)
        if sid is None or seq is None:
            return
        before = self._last.get(sid, 0)
        if seq != before + 1:
            self.gaps += 1
        self._last[sid] = seq
        if frame.startswith(DELTA):
            self.deltas += 1


def _number(frame: bytes, name: bytes) -> int | None:
    at = frame.find(name, 0, 120)
    if at < 0:
        return None
    at += len(name)
    end = at
    while 48 <= frame[end] <= 57:  # noqa: PLR2004 - the ASCII digits
        end += 1
    return int(frame[at:end])


def frames(buffer: bytes) -> tuple[list[tuple[int, bytes]], int]:
    """Return the whole frames at the start of ``buffer``, and how many bytes they take."""
    found, at, size = [], 0, len(buffer)
    while size - at >= 2:  # noqa: PLR2004 - the shortest head
        length, begin = buffer[at + 1], at + 2
        if length == TWO_BYTES:
            if size - begin < 2:  # noqa: PLR2004 - of two bytes
                break
            length, begin = int.from_bytes(buffer[begin : begin + 2], "big"), begin + 2
        elif length == EIGHT_BYTES:
            if size - begin < 8:  # noqa: PLR2004 - of eight bytes
                break
            length, begin = int.from_bytes(buffer[begin : begin + 8], "big"), begin + 8
        if size - begin < length:
            break
        found.append((buffer[at], buffer[begin : begin + length]))
        at = begin + length
    return found, at


@attrs.define(eq=False)
class Line:
    """One TLS connection whose reads and writes never wait."""

    address: tuple[str, int]
    context: ssl.SSLContext
    raw: ssl.SSLSocket = attrs.field(init=False)
    held: bytes = attrs.field(init=False, default=b"")

    def __attrs_post_init__(self) -> None:
        plain = socket.create_connection(self.address, timeout=10)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.raw = self.context.wrap_socket(plain, server_hostname=self.address[0])

    def read(self) -> bool:
        """Add to ``held`` what has come; whether anything had."""
        came = False
        try:
            while data := self.raw.recv(READ_BYTES):
                self.held += data
                came = True
        except ssl.SSLWantReadError:
            return came
        raise Broken("the venue hung up")

    def write(self, data: bytes) -> None:
        """Write all of a small request."""
        try:
            sent = self.raw.send(data)
        except ssl.SSLWantWriteError as error:
            raise Broken("the venue does not read") from error
        assert sent == len(data)


@attrs.frozen
class Asked:
    """A request under way."""

    due_ns: int
    data: bytes
    done: Callable[[int, str], None]
    """Called with the status and the order's id, empty for none."""


@attrs.define(eq=False)
class OrderLine:
    """One connection of one account: a request, its answer, the next."""

    line: Line
    asked: Asked | None = None

    def send(self, asked: Asked) -> None:
        """Send the next request."""
        self.asked = asked
        self.line.write(asked.data)

    def heard(self) -> Asked | None:
        """Read on; return the request whose answer is whole now."""
        line = self.line
        if not line.read():
            return None
        end = line.held.find(HEAD_END)
        if end < 0:
            return None
        head = line.held[:end].lower()
        at = head.find(LENGTH)
        body = int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        begin = end + len(HEAD_END)
        if len(line.held) < begin + body:
            return None
        answer, line.held = line.held[begin : begin + body], line.held[begin + body :]
        at = answer.find(ID)
        found = answer[at + len(ID) : at + len(ID) + ID_CHARS].decode() if at >= 0 else ""
        asked, self.asked = self.asked, None
        assert asked is not None, "an answer that nobody asked for"
        asked.done(int(head[9:12]), found)
        return asked


@attrs.define(eq=False)
class Reader:
    """One WebSocket that follows every book."""

    line: Line
    sequences: Sequences = attrs.field(factory=Sequences)

    def open(self, signer: Signer, stamp_ms: int, tickers: list[str]) -> None:
        """Shake hands and subscribe; waits."""
        line, key = self.line, base64.b64encode(os.urandom(16)).decode()
        line.raw.sendall(
            f"GET {STREAM_PATH} HTTP/1.1\r\nhost: venue\r\nupgrade: websocket\r\n"
            f"connection: upgrade\r\nsec-websocket-version: 13\r\n"
            f"sec-websocket-key: {key}\r\n".encode()
            + signer.headers("GET", STREAM_PATH, stamp_ms)
            + b"\r\n"
        )
        while HEAD_END not in line.held:
            data = line.raw.recv(READ_BYTES)
            if not data:
                raise Broken("no WebSocket")
            line.held += data
        head, _, line.held = line.held.partition(HEAD_END)
        if b" 101 " not in head:
            raise Broken(head.decode("latin-1"))
        named = ",".join(f'"{ticker}"' for ticker in tickers)
        line.raw.sendall(
            _masked(
                TEXT,
                f'{{"id":1,"cmd":"subscribe","params":{{"channels":["orderbook_delta"],'
                f'"market_tickers":[{named}]}}}}'.encode(),
            )
        )

    def heard(self) -> None:
        """Read on, count, and answer pings."""
        line = self.line
        if not line.read():
            return
        found, taken = frames(line.held)
        line.held = line.held[taken:]
        for head, payload in found:
            if head == TEXT:
                self.sequences.take(payload)
            elif head == PING:
                line.write(_masked(0x8A, payload))
            else:
                raise Broken(f"a frame that begins with {head:#x}")


def _masked(head: int, payload: bytes) -> bytes:
    """Write a client's frame; a mask of zeros is a mask."""
    size = len(payload)
    length = bytes((0x80 | size,)) if size < TWO_BYTES else b"\xfe" + struct.pack(">H", size)
    return bytes((head,)) + length + bytes(4) + payload


@attrs.define(eq=False)
class Desk:
    """One account's lines, and what waits for one of them."""

    key: Signer
    ahead: Iterator[bytes]
    """Signed ahead for new orders, one for each stretch of time."""
    signed: bytes = b""
    free: list[OrderLine] = attrs.field(factory=list)
    waiting: deque[Asked] = attrs.field(factory=deque)

    def ask(self, asked: Asked) -> None:
        """Send a request, or keep it until a line is free."""
        if self.free:
            self.free.pop().send(asked)
        else:
            self.waiting.append(asked)

    def release(self, line: OrderLine) -> None:
        """Have a line back whose answer has come."""
        if self.waiting:
            line.send(self.waiting.popleft())
        else:
            self.free.append(line)


def address_of(url: str) -> tuple[str, int]:
    """Return host and port of a URL."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def watch(selector: selectors.BaseSelector, line: Line, heard: Callable[[], Any]) -> None:
    """Have ``heard`` called whenever something has come on ``line``."""
    line.raw.settimeout(0)
    selector.register(line.raw, selectors.EVENT_READ, heard)
