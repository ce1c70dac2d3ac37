"""One connection to the venue that carries one order at a time.

It belongs to nobody but its orders: nothing is retried, nothing is sent behind an
order whose response is still owed, and after any loss its wire is made anew.
"""

from collections.abc import Callable
from typing import Final

import attrs
import trio

from actors.exchange.errors import ResponseLost
from actors.exchange.outcome import OrderResponse
from actors.exchange.responses import ResponseReader
from actors.exchange.signing import API_ROOT, ORDERS_PATH, HeaderSet
from actors.runtime.chime import Chime
from actors.runtime.env import Endpoint, Env, Wire

DIAL_S: Final = 5.0
PROBE_S: Final = 2.0
"""How long a probe may go unanswered before its connection is given up."""


def order_tail(body: str) -> bytes:
    """Return how a request for an order ends: its length, a blank line and the body."""
    data = body.encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(data), data)


def _nothing() -> None:
    """Nobody needs to know."""


def _host(endpoint: Endpoint) -> str:
    usual = 443 if endpoint.tls else 80
    return endpoint.host if endpoint.port == usual else endpoint.authority


@attrs.define(eq=False)
class _Line:
    """One life of a connection: from a handshake to the loss of its wire."""

    wire: Wire
    scope: trio.CancelScope
    reader: ResponseReader = attrs.field(factory=ResponseReader)
    proved: bool = False
    """Whether a probe has gone there and back."""
    lost: str = ""
    """Why it can no longer be used; empty while it can."""
    heard_ns: int = 0
    """When it last brought a whole response."""

    @property
    def has_unread(self) -> bool:
        """Whether bytes, or its end, wait to be read."""
        return self.wire.has_unread()


@attrs.define(eq=False)
class _Owed:
    """One request whose response is to come, on the line that carried it."""

    line: _Line
    settled: bool = False
    first_byte_ns: int = 0
    response: OrderResponse | None = None
    lost: str = ""
    _settling: Chime = attrs.field(init=False, factory=Chime)

    def settle(self) -> None:
        """Say that it is known what became of the response."""
        self.settled = True
        self._settling.ring()

    async def wait(self) -> None:
        """Return once that is known."""
        await trio.lowlevel.checkpoint()
        while not self.settled:
            await self._settling.wait()


class OrderConnection:
    """One connection to the venue. Sends one order, reads its one response, and again.

    It is *free* when its wire has been proved by a probe and owes nothing. A
    response that is owed must be taken by ``response`` (or given up by
    ``discard``) before the next order, whatever happened to the wire meanwhile:
    so no order is ever answered with another's response.
    """

    def __init__(
        self,
        *,
        env: Env,
        endpoint: Endpoint,
        index: int = 0,
        dial_s: float = DIAL_S,
        probe_s: float = PROBE_S,
    ) -> None:
        """Make it; nothing is dialled before ``serve``."""
        self.env = env
        self.index = index
        self.dials = 0
        self.probe_ns = 0
        """How long the last probe took, there and back."""
        self._endpoint = endpoint
        self._dial_s = dial_s
        self._probe_s = probe_s
        common = f"Host: {_host(endpoint)}\r\nUser-Agent: touchline\r\n"
        self._order_head = (
            f"POST {ORDERS_PATH} HTTP/1.1\r\n{common}"
            "Accept-Encoding: identity\r\nContent-Type: application/json\r\n"
        ).encode("ascii")
        self._probe = (
            f"GET {API_ROOT}/exchange/status HTTP/1.1\r\n{common}Accept-Encoding: identity\r\n\r\n"
        ).encode("ascii")
        self._line: _Line | None = None
        self._owed: _Owed | None = None
        self._freed = Chime()
        self.on_freed: Callable[[], None] = _nothing
        """Called whenever the connection may have become free."""

    @property
    def ready(self) -> bool:
        """Whether there is a wire that a probe has proved, in use or not."""
        return self._line is not None and self._line.proved

    @property
    def free(self) -> bool:
        """Whether an order may be sent at once."""
        line = self._line
        # The end of the wire may have arrived without anybody having looked yet.
        return self._owed is None and line is not None and line.proved and not line.has_unread

    @property
    def idle_ns(self) -> int:
        """How long ago the wire last brought a response; 0 while one is owed or none is there."""
        if self._line is None or self._owed is not None:
            return 0
        return self.env.now_ns() - self._line.heard_ns

    def send_now(self, headers: HeaderSet, tail: bytes) -> int:
        """Hand a whole order to the kernel, without waiting. The response is owed from now on.

        Args:
            headers: The authorisation, used here for the only time.
            tail: The rest of the request, made ahead by ``order_tail``.

        Returns:
            How many bytes the kernel did not take; ``flush`` sends them. 0 is usual.

        Raises:
            trio.BrokenResourceError: The wire is gone. Something may have left all
                the same, so the response is owed here too: ``response`` says that
                it is lost.
        """
        # Not `free`: what arrived since the caller asked must not stop the order here.
        assert self.ready, "an order needs a free connection"
        assert self._owed is None, "an order needs a free connection, which owes nothing"
        return self._send(b"%b%b%b" % (self._order_head, headers.data, tail))

    async def flush(self, deadline_s: float) -> None:
        """Send what ``send_now`` left over.

        Raises:
            ResponseLost: Not all of it left in time. The connection is given up; the
                order is Unknown.
        """
        owed = self._expected()
        done = False
        try:
            with trio.move_on_after(deadline_s):
                if not owed.lost:
                    await owed.line.wire.flush()
                    done = True
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # Said below, like a deadline that passed.
        finally:
            if not done:
                self.discard("not sent whole")
        if not done:
            raise ResponseLost(owed.lost or "not sent whole")

    async def response(self, deadline_s: float) -> OrderResponse:
        """Wait for the response that is owed, and take it: the connection is free again.

        Raises:
            ResponseLost: It will never be read: nothing whole came within
                ``deadline_s``, the venue hung up, or what came was no response. The
                connection is given up and made anew.
        """
        owed = self._expected()
        try:
            with trio.move_on_after(deadline_s):
                await owed.wait()
        finally:
            # Cancelled or too late, nobody will ask again; one that is there is not wasted.
            if owed.response is None:
                self._lose(owed.line, f"no response within {deadline_s:g} s")
            self._release()
        # A response that came at the very deadline counts: it is what the venue did.
        if owed.response is None:
            raise ResponseLost(owed.lost)
        return owed.response

    def discard(self, reason: str = "discarded") -> None:
        """Give up the response that is owed, if any, and the wire unless it is there already."""
        owed = self._owed
        if owed is None:
            return
        if owed.response is None:
            self._lose(owed.line, reason)
        self._release()

    async def probe(self) -> None:
        """Send a cheap unsigned request and wait for its response: the wire is alive and warm.

        No order can be sent meanwhile.

        Raises:
            ResponseLost: The wire is not alive; it is given up.
        """
        assert self._line is not None, "there is no wire to probe"
        assert self._owed is None, "a probe must not overlap an order"
        began_ns = self.env.now_ns()
        try:
            unsent = self._send(self._probe)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            unsent = 0  # The loss is noted; `response` tells.
        if unsent:
            await self.flush(self._probe_s)
        await self.response(self._probe_s)
        self.probe_ns = self.env.now_ns() - began_ns

    async def serve(self, on_ready: Callable[[], None] = _nothing) -> str:
        """Dial, probe, and read for as long as the wire lasts.

        Args:
            on_ready: Called once, when the connection is free for the first time.

        Returns:
            Why it ended, for people.

        Raises:
            OSError: Nobody answered, or TLS failed.
            trio.TooSlowError: The handshake took too long.
        """
        self.dials += 1
        with trio.fail_after(self._dial_s):
            wire = await self.env.dial(self._endpoint)
        line = _Line(wire, trio.CancelScope())
        try:
            with line.scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._read, line)
                    # An order of the wire before may still be waited for.
                    while self._owed is not None:
                        await self._freed.wait()
                    self._line = line
                    await self._prove(line, on_ready)
        finally:
            self._lose(line, "closed")
            await trio.aclose_forcefully(wire)
        return line.lost

    async def _prove(self, line: _Line, on_ready: Callable[[], None]) -> None:
        try:
            await self.probe()
        except ResponseLost:
            return  # The wire is lost, which ends `serve`.
        line.proved = True
        self._announce()
        on_ready()

    async def _read(self, line: _Line) -> None:
        """Read until the line is lost; whoever is owed a response is told."""
        try:
            while not line.lost:
                data = await line.wire.receive_some()
                self._heard(line, bytes(data), self.env.now_ns())
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self._lose(line, "broken")
        except ResponseLost as lost:
            self._lose(line, lost.reason)

    def _heard(self, line: _Line, data: bytes, now_ns: int) -> None:
        owed = self._owed
        if owed is None or owed.line is not line or owed.settled:
            raise ResponseLost("spoke out of turn" if data else "closed by the venue")
        if data and not owed.first_byte_ns:
            owed.first_byte_ns = now_ns
        response = line.reader.feed(data)
        if response is None:
            return
        owed.response = OrderResponse(
            status=response.status,
            body=response.body,
            first_byte_ns=owed.first_byte_ns,
            last_byte_ns=now_ns,
        )
        owed.settle()
        line.heard_ns = now_ns
        if not line.reader.next_one():
            self._lose(line, "the venue closes it after this response")

    def _send(self, data: bytes) -> int:
        line = self._line
        assert line is not None, "there is no wire"
        self._owed = _Owed(line)
        try:
            return line.wire.send_now(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self._lose(line, "gone when the request was sent")
            raise

    def _expected(self) -> _Owed:
        if self._owed is None:
            raise ResponseLost("no response is owed")
        return self._owed

    def _lose(self, line: _Line, reason: str) -> None:
        line.lost = line.lost or reason
        if self._line is line:
            self._line = None
        owed = self._owed
        if owed is not None and owed.line is line and not owed.settled:
            owed.lost = line.lost
            owed.settle()
        line.scope.cancel()

    def _release(self) -> None:
        self._owed = None
        self._announce()

    def _announce(self) -> None:
        self._freed.ring()
        self.on_freed()
