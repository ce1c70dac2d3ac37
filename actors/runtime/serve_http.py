"""The HTTP/1.1 half of the small server: whole requests in, whole answers out, over any stream.

h11 does the grammar of all but the usual (``serve_usual``); this module owns what is
left open: deadlines, sizes, what is refused with which status, and that no write outlives
its client. It reads no clock, so an answer has no ``Date``; a handler may add one.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

import attrs
import h11
import trio

from actors.runtime.serve_terms import sound_content_type, sound_headers, split_target
from actors.runtime.serve_usual import read_usual, write_usual
from actors.runtime.wire import Wire

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Everything else is answered 501; a handler still says 405 for what a path does not take."""

READ_BYTES: Final = 16 * 1024
LINGER_BYTES: Final = 1024 * 1024
REASON_CHARS: Final = 200
SWITCHING_PROTOCOLS: Final = 101
BODILESS: Final = frozenset({204, 304})


class ClientGone(Exception):
    """The client left, or does not read what it asked for."""


class Refused(Exception):
    """A request that never reaches the handler."""

    def __init__(self, status: int, reason: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers


@attrs.frozen(kw_only=True)
class ServeLimits:
    """What one client may use up. Durations are seconds, sizes bytes."""

    header_bytes: int = 16 * 1024
    """Request line and headers together; more is 431."""
    body_bytes: int = 1024 * 1024
    """A request's body; more is 413."""
    header_s: float = 5.0
    """From the first byte of a request to the end of its headers; longer is 408."""
    body_s: float = 10.0
    """From the end of the headers to the end of the body; longer is 408."""
    idle_s: float = 75.0
    """How long a connection may be kept without a request. It then ends without a word."""
    write_s: float = 10.0
    """How long a client may take to read one answer, one chunk or one frame."""
    message_bytes: int = 64 * 1024
    """A WebSocket message, fragments joined; more closes with 1009."""
    close_s: float = 1.0
    """The longest goodbye: a WebSocket's close handshake, or reading away a refused body."""


@attrs.frozen
class Request:
    """One whole request, its body included. Server to handler."""

    method: str
    path: str
    """Percent-decoded, without the query. Ask ``target`` for what was really sent."""
    query: tuple[tuple[str, str], ...] = ()
    """Names and values in the order sent, decoded, blank values kept."""
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case, values as Latin-1, in the order sent."""
    body: bytes = b""
    target: str = attrs.field()
    """The request target exactly as the client spelled it."""

    @target.default
    def _target_of_path(self) -> str:
        return self.path

    def header(self, name: str) -> str | None:
        """Return the first value of ``name`` (any case), or ``None``."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key == wanted), None)


def _status(_: object, __: object, value: int) -> None:
    if value != SWITCHING_PROTOCOLS and not 200 <= value <= 599:  # noqa: PLR2004 - HTTP's own range of final answers
        raise ValueError(f"not a final HTTP status: {value}")


@attrs.frozen
class Response:
    """One answer. Handler to server; a handler that builds a bad one fails where it is built."""

    status: int = attrs.field(validator=_status)
    """200 to 599; 101 only from a WebSocket route, which then accepts with these headers."""
    body: bytes | AsyncIterator[bytes] = b""
    """All of it, or its pieces as they come: sent chunked, each piece at once."""
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), validator=sound_headers)
    """Printable ASCII. Length, type and framing are the server's to write."""
    content_type: str = attrs.field(default="application/json", validator=sound_content_type)
    """Left out where there is no body."""


async def put(stream: trio.abc.Stream, data: bytes, within_s: float) -> None:
    """Write all of ``data``, cancellable at any moment.

    Raises:
        ClientGone: The connection is broken, or was not read for ``within_s``.
    """
    try:
        if isinstance(stream, Wire) and len(data) <= READ_BYTES:
            # What the kernel takes at once, which is nearly everything, needs no deadline.
            if not stream.send_now(data):
                return await trio.lowlevel.checkpoint()
            with trio.fail_after(within_s):
                return await stream.flush()
        with trio.fail_after(within_s):
            await stream.send_all(data)
    except trio.TooSlowError:
        raise ClientGone("does not read") from None
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        raise ClientGone("connection broken") from None


async def take(stream: trio.abc.Stream) -> bytes:
    """Return the next bytes, empty at the end.

    Raises:
        ClientGone: The connection is broken.
    """
    try:
        return bytes(await stream.receive_some(READ_BYTES))
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        raise ClientGone("connection broken") from None


async def read_away(stream: trio.abc.Stream, within_s: float) -> None:
    """Say that no more will come, then drop what the client still sends.

    Closing a socket with unread bytes in it resets the connection, and a reset
    can overtake the answer that explains it.
    """
    with trio.move_on_after(within_s):
        try:
            if isinstance(stream, trio.abc.HalfCloseableStream):
                await stream.send_eof()
            left = LINGER_BYTES
            while left > 0 and (data := await take(stream)):
                left -= len(data)
        except (ClientGone, trio.BrokenResourceError, trio.ClosedResourceError):
            return


class HttpConnection:
    """One client's requests, one after another, and their answers in the same order."""

    def __init__(self, stream: trio.abc.Stream, limits: ServeLimits) -> None:
        self.stream = stream
        self.limits = limits
        # Reads come in pieces of READ_BYTES, so the head itself is measured once more below.
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.header_bytes)
        self._at_end = False
        self._method = b""
        self._usual = b""
        """A request under way of which h11 knows nothing; it learns of it if it has to answer."""

    async def next_request(self) -> Request | None:
        """Wait for a whole request; ``None`` when the client is done or was idle too long.

        Raises:
            Refused: What came is not a request we take; ``refuse`` answers it.
            ClientGone: The connection broke.
        """
        self._method = b""
        try:
            if self._h11.their_state is h11.IDLE and not self._h11.trailing_data[0]:
                with trio.move_on_after(self.limits.idle_s) as in_time:
                    data = await take(self.stream)
                if in_time.cancelled_caught:
                    return None
                usual = read_usual(
                    data,
                    header_bytes=self.limits.header_bytes,
                    body_bytes=self.limits.body_bytes,
                )
                if usual is not None:
                    self._usual = data
                    return Request(
                        usual.method, usual.target, (), usual.headers, usual.body, usual.target
                    )
                self._hand_over(data)
            head = await self._head()
            if head is None:
                return None
            self._judge(head)
            with trio.move_on_after(self.limits.body_s) as in_time:
                body = await self._body()
        except h11.RemoteProtocolError as error:
            if self._at_end:
                return None
            raise Refused(error.error_status_hint, str(error)[:REASON_CHARS]) from None
        if in_time.cancelled_caught:
            raise Refused(408, "the body took too long")
        return _request(head, bytes(body))

    async def answer(self, request: Request, response: Response) -> None:
        """Write ``response``, whole or piece by piece.

        Raises:
            ClientGone: The client left or did not read in time.
        """
        send_body = request.method != "HEAD" and response.status not in BODILESS
        headers = list(response.headers)
        if isinstance(response.body, bytes):
            if response.body:
                headers.append(("content-type", response.content_type))
            if response.status not in BODILESS:
                headers.append(("content-length", str(len(response.body))))
            await put(
                self.stream,
                self._whole(response, headers, send_body=send_body),
                self.limits.write_s,
            )
            return
        self._tell_h11()
        headers.append(("content-type", response.content_type))
        head = self._h11.send(h11.Response(status_code=response.status, headers=headers))
        await self._stream_body(head, response.body, send_body=send_body)

    def _whole(
        self, response: Response, headers: list[tuple[str, str]], *, send_body: bool
    ) -> bytes:
        """Write an answer that is there as a whole."""
        assert isinstance(response.body, bytes)
        body = response.body if send_body else b""
        if self._usual and all(name.lower() != "connection" for name, _ in headers):
            self._usual = b""
            return write_usual(response.status, headers, body)
        self._tell_h11()
        data = self._h11.send(h11.Response(status_code=response.status, headers=headers))
        if body:
            data += self._h11.send(h11.Data(data=body))
        return data + self._h11.send(h11.EndOfMessage())

    def _tell_h11(self) -> None:
        """Let h11 read a request that it knows nothing of: what is to come is not usual."""
        if self._usual:
            self._hand_over(self._usual)
            self._usual = b""
            while not isinstance(self._h11.next_event(), h11.EndOfMessage):
                pass

    async def refuse(self, refused: Refused) -> None:
        """Answer a request that cannot be taken, in one line, and end the connection."""
        line = f"{refused.status} {refused.reason}\n".encode("ascii", "backslashreplace")
        headers = [
            *refused.headers,
            ("content-type", "text/plain; charset=utf-8"),
            ("content-length", str(len(line))),
            ("connection", "close"),
        ]
        data = self._h11.send(h11.Response(status_code=refused.status, headers=headers))
        if self._method != b"HEAD":
            data += self._h11.send(h11.Data(data=line))
        data += self._h11.send(h11.EndOfMessage())
        await put(self.stream, data, self.limits.write_s)
        await read_away(self.stream, self.limits.close_s)

    async def switch(self, headers: tuple[tuple[str, str], ...]) -> bytes:
        """Answer 101 and leave HTTP; return the bytes that already belong to what follows."""
        event = h11.InformationalResponse(
            status_code=SWITCHING_PROTOCOLS, headers=list(headers), reason="Switching Protocols"
        )
        await put(self.stream, self._h11.send(event), self.limits.write_s)
        trailing, _ = self._h11.trailing_data
        return trailing

    def next_cycle(self) -> bool:
        """Make ready for another request; whether the connection may carry one."""
        if self._h11.our_state is h11.IDLE and self._h11.their_state is h11.IDLE:
            return True
        if self._h11.our_state is not h11.DONE or self._h11.their_state is not h11.DONE:
            return False
        self._h11.start_next_cycle()
        return True

    async def _feed(self) -> None:
        self._hand_over(await take(self.stream))

    def _hand_over(self, data: bytes) -> None:
        self._at_end = not data
        self._h11.receive_data(data)

    async def _head(self) -> h11.Request | None:
        event = self._h11.next_event()
        if event is h11.NEED_DATA and not self._h11.trailing_data[0]:
            with trio.move_on_after(self.limits.idle_s) as in_time:
                await self._feed()
                event = self._h11.next_event()
            if in_time.cancelled_caught:
                return None
        with trio.move_on_after(self.limits.header_s) as in_time:
            while event is h11.NEED_DATA:
                await self._feed()
                event = self._h11.next_event()
        if in_time.cancelled_caught:
            raise Refused(408, "the headers took too long")
        return event if isinstance(event, h11.Request) else None

    def _judge(self, head: h11.Request) -> None:
        self._method = head.method
        names = [name for name, _ in head.headers]
        size = len(head.target) + sum(len(name) + len(value) for name, value in head.headers)
        if size > self.limits.header_bytes:
            raise Refused(431, "the headers are too long")
        if head.method.decode("ascii") not in METHODS:
            raise Refused(501, "no such method here")
        if head.http_version not in {b"1.0", b"1.1"}:
            raise Refused(505, "HTTP/1.1 is spoken here")
        if b"transfer-encoding" in names and (
            b"content-length" in names or head.http_version == b"1.0"
        ):
            # Two readers that pick different lengths are how requests are smuggled.
            raise Refused(400, "two lengths for one body")
        declared = next((value for name, value in head.headers if name == b"content-length"), b"0")
        if int(declared) > self.limits.body_bytes:
            raise Refused(413, "the body is too long")

    async def _body(self) -> bytearray:
        body = bytearray()
        while True:
            event = self._h11.next_event()
            if isinstance(event, h11.Data):
                body += event.data
                if len(body) > self.limits.body_bytes:
                    raise Refused(413, "the body is too long")
            elif event is h11.NEED_DATA:
                if self._h11.they_are_waiting_for_100_continue:
                    go_on = h11.InformationalResponse(status_code=100, headers=[])
                    await put(self.stream, self._h11.send(go_on), self.limits.write_s)
                await self._feed()
            else:
                assert isinstance(event, h11.EndOfMessage), event
                return body

    async def _stream_body(
        self, head: bytes, pieces: AsyncIterator[bytes], *, send_body: bool
    ) -> None:
        left = False
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch, nursery.cancel_scope)
            try:
                await put(self.stream, head, self.limits.write_s)
                if isinstance(pieces, AsyncGenerator):
                    async with aclosing(pieces):
                        await self._pump(pieces, send_body=send_body)
                else:
                    await self._pump(pieces, send_body=send_body)
            except ClientGone:
                left = True
            nursery.cancel_scope.cancel()
        if left or self._h11.our_state is h11.SEND_BODY:
            raise ClientGone("left during a streamed answer")

    async def _pump(self, pieces: AsyncIterator[bytes], *, send_body: bool) -> None:
        if send_body:
            async for piece in pieces:
                if piece:
                    data = self._h11.send(h11.Data(data=piece))
                    await put(self.stream, data, self.limits.write_s)
        await put(self.stream, self._h11.send(h11.EndOfMessage()), self.limits.write_s)

    async def _watch(self, scope: trio.CancelScope) -> None:
        """End a streamed answer when its client leaves; keep what it pipelines meanwhile."""
        try:
            while len(self._h11.trailing_data[0]) <= self.limits.header_bytes:
                await self._feed()
                if self._at_end:
                    break
            else:
                return
        except ClientGone:
            pass
        scope.cancel()


def _request(head: h11.Request, body: bytes) -> Request:
    target = head.target.decode("ascii")
    try:
        path, query = split_target(target)
    except ValueError:
        raise Refused(400, "the request target is not UTF-8 or has too many fields") from None
    headers = tuple((name.decode("ascii"), text.decode("latin-1")) for name, text in head.headers)
    return Request(head.method.decode("ascii"), path, query, headers, body, target)
