"""Reads HTTP/1.1 responses out of bytes, one after another. Pure, and stricter than HTTP.

A response counts only if its end can be told from a cut: it states its length or is
chunked. Everything else loses the response, and with it the connection. h11 does
the parsing; it expects to know the request, so it is told of one that never existed
before each response, which keeps that work off the way of an order.

The one shape in which the venue answers nearly every order, all of it in one read, is
read here in a twentieth of the time: the loop has the next frame to read meanwhile.
Whatever differs from it in the least goes to h11.
"""

import re
from typing import Final

import attrs
import h11

from actors.exchange.errors import ResponseLost

LARGEST_HEAD: Final = 16 * 1024
LARGEST_BODY: Final = 64 * 1024
MOST_INTERIM: Final = 4
"""How many 1xx answers may come before the real one."""

_BODILESS: Final = frozenset({204, 304})

_PLAIN: Final = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9][0-9])(?: [ -~]*)?\r\n"
    rb"((?:[A-Za-z][A-Za-z0-9-]*: [!-~](?:[ -~]*[!-~])?\r\n){1,64})\r\n"
)
"""A head without anything unusual in it: printable ASCII, one space, no empty value."""
_FRAMING: Final = re.compile(
    rb"^(?:content-length: ([0-9]{1,9})\r$|content-length:|transfer-encoding:|upgrade:"
    rb"|connection:(?! keep-alive\r$))",
    re.IGNORECASE | re.MULTILINE,
)
"""The lines that decide where a response ends, and what becomes of its connection."""


def _plain(data: bytes) -> tuple[int, bytes] | None:
    """Return status and body of a whole response of the usual shape; ``None`` for any other."""
    head = _PLAIN.match(data)
    if head is None or head.end() > LARGEST_HEAD:
        return None
    status = int(head[1])
    framing = _FRAMING.findall(head[2])
    if len(framing) != 1 or not framing[0] or status in _BODILESS:
        return None
    body = data[head.end() :]
    if len(body) != int(framing[0]) or len(body) > LARGEST_BODY:
        return None
    return status, body


@attrs.frozen(kw_only=True)
class Response:
    """One whole response."""

    status: int
    body: bytes


class ResponseReader:
    """Turns what one connection brings into responses, however it is cut into pieces."""

    __slots__ = ("_body", "_h11", "_interim", "_status", "_touched", "_was_plain")

    def __init__(self) -> None:
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
        self._status, self._interim, self._touched, self._was_plain = 0, 0, False, False
        self._body = bytearray()
        self._expect()

    def feed(self, data: bytes) -> Response | None:
        """Take the next bytes, none of them meaning the end; return a response once whole.

        Raises:
            ResponseLost: The connection ended, or what it brings is no response that
                we could rely on. Nothing can be read from it any more.
        """
        if not data:
            raise ResponseLost("closed within a response" if self._touched else "closed")
        if not self._touched and (plain := _plain(data)) is not None:
            self._touched = self._was_plain = True
            return Response(status=plain[0], body=plain[1])
        self._touched = True
        try:
            self._h11.receive_data(data)
            while True:
                event = self._h11.next_event()
                if event is h11.NEED_DATA:
                    return None
                if isinstance(event, h11.EndOfMessage):
                    return Response(status=self._status, body=bytes(self._body))
                self._take(event)
        except h11.RemoteProtocolError as error:
            raise ResponseLost(f"not HTTP: {error}") from error

    def next_one(self) -> bool:
        """Get ready for another response; return whether the connection can bring one.

        It cannot when the venue said that it will close, or when bytes are there
        already that nobody asked for.
        """
        if self._was_plain:
            # Nothing went to h11, which still expects its first byte.
            self._touched = self._was_plain = False
            return True
        left, _ = self._h11.trailing_data
        if left or self._h11.our_state is not h11.DONE or self._h11.their_state is not h11.DONE:
            return False
        self._h11.start_next_cycle()
        self._expect()
        return True

    def _expect(self) -> None:
        self._status, self._interim, self._touched = 0, 0, False
        self._body = bytearray()
        self._h11.send(h11.Request(method="GET", target="/", headers=[("Host", "-")]))
        self._h11.send(h11.EndOfMessage())

    def _take(self, event: object) -> None:
        match event:
            case h11.InformationalResponse():
                self._interim += 1
                if self._interim > MOST_INTERIM:
                    raise ResponseLost("interim responses without an end")
            case h11.Response():
                names = {bytes(name) for name, _ in event.headers}
                framed = names & {b"content-length", b"transfer-encoding"}
                if event.http_version != b"1.1" or not (framed or event.status_code in _BODILESS):
                    raise ResponseLost("a response whose end cannot be told")
                self._status = event.status_code
            case h11.Data():
                self._body += event.data
                if len(self._body) > LARGEST_BODY:
                    raise ResponseLost(f"a body above {LARGEST_BODY} bytes")
            case _:
                raise ResponseLost(f"out of place: {type(event).__name__}")
