"""The opening handshake of a WebSocket client (RFC 6455 section 4): bytes in, a verdict out. Pure.

The answer's grammar is h11's; what the answer must say is judged here.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import attrs
import h11

from actors.runtime.env import Endpoint

HEAD_BYTES: Final = 64 * 1024
"""What a server may send before the handshake is over, a refusal's body included."""
KEY_BYTES: Final = 16
SWITCHING_PROTOCOLS: Final = 101
GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@attrs.frozen
class Opened:
    """The server agrees: from here on there are frames."""

    trailing: bytes
    """Bytes of frames that came with the answer."""
    subprotocol: str | None
    cookies: tuple[str, ...] = ()
    """What the answer wants to see again: its ``Set-Cookie`` headers."""


@attrs.frozen
class Refusal:
    """The server answered with something else."""

    status: int
    body: bytes
    """What it said, or the first part of it."""


@attrs.frozen
class Botched:
    """The answer is none."""

    why: str


Verdict = Opened | Refusal | Botched


class Opening:
    """One handshake: what to send, and what to make of the answer."""

    def __init__(
        self,
        *,
        host: str,
        resource: str,
        key: bytes,
        headers: Sequence[tuple[str, str]] = (),
        subprotocols: Sequence[str] = (),
    ) -> None:
        """Prepare the handshake.

        Args:
            host: The Host header.
            resource: Path and query.
            key: Sixteen bytes, new for each connection.
            headers: Sent besides the handshake's own.
            subprotocols: Offered, the best first.

        Raises:
            ValueError: A header or the resource that HTTP cannot carry.
        """
        nonce = base64.b64encode(key)
        self._subprotocols = tuple(subprotocols)
        self._accept = accept_token(nonce)
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
        self._status: int | None = None
        self._body = bytearray()
        self._heard = 0
        fields = [
            ("Host", host),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", nonce.decode()),
            ("Sec-WebSocket-Version", "13"),
        ]
        if subprotocols:
            fields.append(("Sec-WebSocket-Protocol", ", ".join(subprotocols)))
        try:
            request = h11.Request(method="GET", target=resource, headers=[*fields, *headers])
            self.request: bytes = self._h11.send(request) or b""
        except (h11.LocalProtocolError, UnicodeEncodeError) as error:
            raise ValueError(f"no request can say this: {error}") from error
        self._h11.send(h11.EndOfMessage())

    def feed(self, data: bytes) -> Verdict | None:
        """Read more of the answer; nothing at all means that the connection ended.

        Returns:
            The verdict, or ``None`` while there is none. Not to be called after it.
        """
        self._heard += len(data)
        try:
            self._h11.receive_data(data)
            verdict = self._read()
        except h11.RemoteProtocolError as error:
            if self._status is not None:
                return self._refusal()
            if not data:
                return Botched("connection ended in the handshake")
            return Botched(f"not an answer to a handshake: {error}")
        if verdict is None and (self._heard > HEAD_BYTES or not data):
            if self._status is not None:
                return self._refusal()
            return Botched(f"handshake longer than {HEAD_BYTES} bytes")
        return verdict

    def _read(self) -> Verdict | None:
        while True:
            event = self._h11.next_event()
            match event:
                case h11.InformationalResponse(status_code=status) if status == SWITCHING_PROTOCOLS:
                    return self._judge(event)
                case h11.InformationalResponse():
                    pass
                case h11.Response():
                    self._status = event.status_code
                case h11.Data():
                    self._body += event.data
                    if len(self._body) > HEAD_BYTES:
                        return self._refusal()
                case h11.EndOfMessage():
                    return self._refusal()
                case h11.ConnectionClosed():
                    return Botched("connection ended in the handshake")
                case _:
                    return None

    def _refusal(self) -> Refusal:
        assert self._status is not None
        return Refusal(self._status, bytes(self._body[:HEAD_BYTES]))

    def _judge(self, answer: h11.InformationalResponse) -> Opened | Botched:
        said: dict[str, list[str]] = {}
        for name, value in answer.headers:
            said.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1").strip())
        if "websocket" not in _tokens(said.get("upgrade", [])):
            return Botched("handshake: the server upgrades to something else")
        if "upgrade" not in _tokens(said.get("connection", [])):
            return Botched("handshake: the server does not upgrade this connection")
        if said.get("sec-websocket-accept") != [self._accept]:
            return Botched("handshake: the server's answer is to another key")
        if any(_tokens(said.get("sec-websocket-extensions", []))):
            return Botched("handshake: an extension that was not offered")
        chosen = said.get("sec-websocket-protocol", [])
        if len(chosen) > 1 or any(one not in self._subprotocols for one in chosen):
            return Botched("handshake: a subprotocol that was not offered")
        trailing, _ = self._h11.trailing_data
        cookies = tuple(said.get("set-cookie", []))
        return Opened(bytes(trailing), chosen[0] if chosen else None, cookies)


def accept_token(key: bytes) -> str:
    """Return the proof that a server has read ``key`` (section 4.2.2)."""
    digest = hashlib.sha1(key + GUID).digest()  # noqa: S324 - as RFC 6455 says; it guards nothing
    return base64.b64encode(digest).decode()


def host_of(endpoint: Endpoint) -> str:
    """Return the Host header: the port only where it is not the scheme's own."""
    if endpoint.port == (443 if endpoint.tls else 80):
        return endpoint.authority.rpartition(":")[0]
    return endpoint.authority


def resource_of(url: str) -> str:
    """Return path and query of ``url``."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _tokens(values: list[str]) -> list[str]:
    return [token.strip().lower() for value in values for token in value.split(",")]
