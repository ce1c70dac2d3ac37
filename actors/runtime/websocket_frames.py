"""What every WebSocket of ours promises, whoever reads it, and how it fails."""

from typing import NamedTuple, Protocol


class WebSocketFailed(Exception):
    """The connection is no good, or never was.

    Attributes:
        code: Close code, the peer's or our own; ``None`` if it never opened.
    """

    def __init__(self, why: str, code: int | None = None) -> None:
        """Say why, in one line."""
        super().__init__(why)
        self.code = code


class WebSocketRefused(WebSocketFailed):
    """The server answered the handshake with something else.

    Attributes:
        status: Its HTTP status.
        body: What it said, or the first part of it.
    """

    def __init__(self, status: int, body: bytes) -> None:
        """Say that the server refused with ``status``."""
        super().__init__(f"refused with status {status}")
        self.status = status
        self.body = body


class Frames(Protocol):
    """An open WebSocket, as a feed or a market data actor sees it."""

    async def receive(self) -> bytes | str:
        """Return the next message; what arrived first comes first.

        Raises:
            WebSocketFailed: The connection is over; what came before was received.
        """
        ...

    async def send(self, text: str) -> None:
        """Send one text message.

        Cancelled midway, a connection over trio-websocket is broken; a direct one lives on.

        Raises:
            WebSocketFailed: The connection is over.
        """
        ...

    async def ping(self) -> None:
        """Send a ping and wait for its pong.

        Raises:
            WebSocketFailed: The connection ended first.
        """
        ...


class Heard(NamedTuple):
    """One message, and when its last byte was read."""

    message: bytes | str
    read_ns: int
    """Monotonic."""
    read_wall_ns: int
    """Nanoseconds since 1970, of the same read."""
