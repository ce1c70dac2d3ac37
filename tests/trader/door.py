"""The doors of a simulated venue: requests pass through them, and some go wrong on the way.

Behind a door stands the venue's real REST function; what is scripted here is only what
a network does to a request or to its answer, exactly once and exactly where asked.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial

import attrs
import msgspec
import trio

from actors.runtime.env import Endpoint, Env
from actors.runtime.serve import Request, Response, serve_connection
from actors.sim.venue.rest import Rest

Fault = Callable[["Door", Request, trio.abc.Stream], Awaitable[Response]]
"""What becomes of one request instead of being answered."""


@attrs.frozen(kw_only=True)
class Came:
    """One order that came in at the door."""

    client_order_id: str
    body: dict[str, object]
    raw: bytes
    header: str
    """The signature that it came with."""
    at_s: float


@attrs.define(eq=False, kw_only=True)
class Door:
    """Serves the venue's REST interface, with faults on order."""

    env: Env
    rest: Rest
    way_s: float = 0.013
    """What a request takes to the venue, and its answer back again."""
    faults: deque[Fault] = attrs.field(factory=deque)
    """One for each order to come; without any the order is simply answered."""
    fates: dict[str, Fault] = attrs.field(factory=dict)
    """The fault of one order, by its client order id."""
    closed: dict[str, Response] = attrs.field(factory=dict)
    """By the end of a path: what it answers instead of the venue."""
    group_faults: deque[Fault] = attrs.field(factory=deque)
    """One for each order group that is asked for."""
    orders: list[Came] = attrs.field(factory=list)
    asked: list[str] = attrs.field(factory=list)
    """The path of everything that was no order."""

    async def run(self, task_status: trio.TaskStatus[Endpoint] = trio.TASK_STATUS_IGNORED) -> None:
        """Listen until cancelled; reports where."""
        await self.env.listen(Endpoint("door", 0), self._serve, task_status=task_status)

    def pass_on(self, request: Request) -> Response:
        """Let the venue have a request, now."""
        return self.rest.respond(request)

    async def _serve(self, stream: trio.abc.Stream) -> None:
        await serve_connection(stream, partial(self._respond, stream))

    async def _respond(self, stream: trio.abc.Stream, request: Request) -> Response:
        if request.method != "POST":
            self.asked.append(request.path)
            for end, answer in self.closed.items():
                if request.path.endswith(end):
                    return answer
            return self.pass_on(request)
        if request.path.endswith("/order_groups/create"):
            self.asked.append(request.path)
            return await (self.group_faults.popleft() if self.group_faults else answered)(
                self, request, stream
            )
        body = msgspec.json.decode(request.body)
        signature = request.header("kalshi-access-signature") or ""
        self.orders.append(
            Came(
                client_order_id=body["client_order_id"],
                body=body,
                raw=request.body,
                header=signature,
                at_s=trio.current_time(),
            )
        )
        await trio.sleep(self.way_s)
        fault = self.fates.get(body["client_order_id"])
        if fault is None:
            fault = self.faults.popleft() if self.faults else answered
        response = await fault(self, request, stream)
        await trio.sleep(self.way_s)
        return response


async def answered(door: Door, request: Request, _stream: trio.abc.Stream) -> Response:
    """Nothing goes wrong."""
    return door.pass_on(request)


def late(delay_s: float) -> Fault:
    """The venue takes its time, and takes the order at the end of it."""

    async def fault(door: Door, request: Request, _stream: trio.abc.Stream) -> Response:
        await trio.sleep(delay_s)
        return door.pass_on(request)

    return fault


def slow(delay_s: float) -> Fault:
    """The venue takes the order at once; its answer comes late."""

    async def fault(door: Door, request: Request, _stream: trio.abc.Stream) -> Response:
        response = door.pass_on(request)
        await trio.sleep(delay_s)
        return response

    return fault


def lost(*, taken: bool) -> Fault:
    """No answer ever comes."""

    async def fault(door: Door, request: Request, _stream: trio.abc.Stream) -> Response:
        if taken:
            door.pass_on(request)
        await trio.sleep_forever()
        raise AssertionError

    return fault


def hung_up(*, taken: bool) -> Fault:
    """The connection ends instead of bringing an answer."""

    async def fault(door: Door, request: Request, stream: trio.abc.Stream) -> Response:
        if taken:
            door.pass_on(request)
        await trio.aclose_forcefully(stream)
        await trio.sleep_forever()
        raise AssertionError

    return fault


def said(status: int, body: bytes, *, taken: bool) -> Fault:
    """Somebody answers something."""

    async def fault(door: Door, request: Request, _stream: trio.abc.Stream) -> Response:
        if taken:
            door.pass_on(request)
        return Response(status, body)

    return fault


def garbage(*, taken: bool) -> Fault:
    """What comes back is no answer at all."""

    async def fault(door: Door, request: Request, stream: trio.abc.Stream) -> Response:
        if taken:
            door.pass_on(request)
        await stream.send_all(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
        await trio.sleep_forever()
        raise AssertionError

    return fault


def about(client_order_id: str) -> Fault:
    """The venue takes the order, and answers with the body of another one."""

    async def fault(door: Door, request: Request, _stream: trio.abc.Stream) -> Response:
        response = door.pass_on(request)
        assert isinstance(response.body, bytes)
        body = msgspec.json.decode(response.body)
        return Response(
            response.status, msgspec.json.encode(body | {"client_order_id": client_order_id})
        )

    return fault


def error(status: int, code: str) -> Response:
    """Answer in the venue's own words for no."""
    return Response(status, msgspec.json.encode({"error": {"code": code, "message": code}}))


def refused(status: int, code: str) -> Fault:
    """The venue does not take the order and says so."""

    async def fault(_door: Door, _request: Request, _stream: trio.abc.Stream) -> Response:
        return error(status, code)

    return fault
