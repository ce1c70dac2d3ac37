"""HTTP/1.1 as a feed needs it: one request out, its answer in, whole or without end. Pure.

h11 reads the grammar. Nothing compressed is taken (we ask for none, so that no small
answer can grow), heads are bounded, and an answer that cannot be read is reported with
its first 80 bytes.
"""

from collections.abc import Sequence
from typing import Final, Literal

import attrs
import h11

from actors.feeds.errors import FeedGarbled, FeedLost

LARGEST_HEAD: Final = 16 * 1024
MOST_INTERIM: Final = 4
SHOWN: Final = 80
"""Bytes of an answer that a report of it shows."""


@attrs.frozen(kw_only=True)
class Head:
    """The beginning of an answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, in the order sent."""

    def header(self, name: str) -> str:
        """Return the first value of ``name``; empty where there is none."""
        return next((value for key, value in self.headers if key == name), "")


class Exchange:
    """One connection's requests and answers, strictly in turn."""

    __slots__ = ("_first", "_h11", "_interim")

    def __init__(self) -> None:
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
        self._interim = 0
        self._first = b""

    def ask(
        self,
        host: str,
        resource: str,
        headers: Sequence[tuple[str, str]],
        method: Literal["GET", "POST"] = "GET",
    ) -> bytes:
        """Return the bytes of a request without a body.

        Raises:
            ValueError: HTTP cannot carry one of the headers.
        """
        if self._h11.our_state is h11.DONE:
            self._h11.start_next_cycle()
        self._interim, self._first = 0, b""
        wanted = [("Host", host), ("Accept-Encoding", "identity"), *headers]
        if method == "POST":
            wanted.append(("Content-Length", "0"))
        lines = [(name.encode("ascii"), value.encode("latin-1")) for name, value in wanted]
        try:
            request = h11.Request(method=method, target=resource, headers=lines)
            return self._h11.send(request) + self._h11.send(h11.EndOfMessage())
        except h11.LocalProtocolError as error:
            raise ValueError(f"not a request: {error}") from error

    @property
    def reusable(self) -> bool:
        """Whether the connection can carry another request."""
        return self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE

    def feed(self, data: bytes) -> None:
        """Take the next bytes; none of them means the end of the connection.

        Raises:
            FeedGarbled: They are no HTTP.
        """
        if len(self._first) < SHOWN:
            self._first += data[: SHOWN - len(self._first)]
        try:
            self._h11.receive_data(data)
        except h11.RemoteProtocolError as error:
            raise self._garbled(error) from error

    def next(self) -> Head | bytes | None:
        """Return what comes next: the head, a piece of the body, or ``None`` for more bytes.

        The end of the body is an empty piece.

        Raises:
            FeedGarbled: What came is no HTTP, or compressed.
            FeedLost: The connection ended within the answer.
        """
        while True:
            match self._event():
                case h11.Response() as event:
                    return self._head(event)
                case h11.Data(data=data) if data:
                    return bytes(data)
                case h11.EndOfMessage():
                    return b""
                case h11.ConnectionClosed():
                    raise FeedLost("closed without an answer")
                case h11.InformationalResponse():
                    self._interim += 1
                    if self._interim > MOST_INTERIM:
                        raise FeedGarbled(f"interim answers without end: {self._first!a}")
                case h11.Data():
                    pass
                case _:
                    return None

    def _event(self) -> object:
        try:
            return self._h11.next_event()
        except h11.RemoteProtocolError as error:
            at_end = self._h11.trailing_data[1]
            if at_end and self._first.startswith(b"HTTP/"):
                raise FeedLost(f"cut off: {error}") from error
            raise self._garbled(error) from error

    def refused(self, why: str) -> str:
        """Return ``why`` with the first bytes of the answer behind it."""
        return f"{why}: {self._first!a}"

    def _head(self, event: h11.Response) -> Head:
        headers = tuple(
            (name.decode("ascii").lower(), value.decode("latin-1")) for name, value in event.headers
        )
        head = Head(status=event.status_code, headers=headers)
        if head.header("content-encoding").lower() not in {"", "identity"}:
            raise FeedGarbled(self.refused("compressed, which nobody asked for"))
        return head

    def _garbled(self, error: h11.RemoteProtocolError) -> FeedGarbled:
        return FeedGarbled(self.refused(f"not HTTP: {error}"))
