"""The venue on a socket: REST and WebSocket on one listener, with the profile's delays."""

import math
import random
from functools import partial
from typing import Final

import attrs
import msgspec
import trio

from actors.runtime.env import Endpoint, Env, ServerTls
from actors.runtime.serve import (
    Request,
    Response,
    ServeCounts,
    ServeLimits,
    Session,
    WebSocketRoute,
    serve_connection,
)
from actors.sim.venue.auth import KeyRing
from actors.sim.venue.engine import Venue
from actors.sim.venue.latency import NJ, Delay, LatencyProfile
from actors.sim.venue.outbox import Outbox
from actors.sim.venue.portfolio import Tier
from actors.sim.venue.refusals import Refused
from actors.sim.venue.rest import Rest, is_order
from actors.sim.venue.stream import Channel, StreamSession

WS_PATH: Final = "/trade-api/ws/v2"
HEARTBEAT_S: Final = 10.0
OUTBOX_FRAMES: Final = 20_000
CLOSE_OVERFLOW: Final = 1013
LIMITS: Final = ServeLimits(message_bytes=4 * 1024 * 1024)
"""A subscription may name very many markets."""


@attrs.define(eq=False)
class _Client:
    """One open WebSocket."""

    stream: StreamSession
    outbox: Outbox
    connection: trio.CancelScope


class VenueServer:
    """Serves one venue until cancelled, and keeps its clock going.

    Args:
        env: Listener, clocks and the randomness of the delays.
        venue: What is served. Its ``now_us`` should come from the same ``env``.
        keys: Who may sign in.
        endpoint: Where to listen; port 0 takes a free one. REST is below
            ``/trade-api/v2``, WebSocket at ``/trade-api/ws/v2``.
        tls: The certificate; ``None`` serves plain connections.
        latency: Where the clients sit.
        tier: What ``/account/limits`` says.
        outbox_frames: How many frames may wait for a client that does not read.
    """

    def __init__(
        self,
        *,
        env: Env,
        venue: Venue,
        keys: KeyRing,
        endpoint: Endpoint,
        tls: ServerTls | None = None,
        latency: LatencyProfile = NJ,
        tier: Tier = "basic",
        outbox_frames: int = OUTBOX_FRAMES,
    ) -> None:
        self.counts = ServeCounts()
        self.book_watched = trio.Event()
        """Set when the first client has subscribed to an order book."""
        self._env = env
        self._venue = venue
        self._keys = keys
        self._endpoint = endpoint
        self._tls = tls
        self._latency = latency
        self._outbox_frames = outbox_frames
        self._rest = Rest(venue, keys, tier)
        self._rng = env.rng("venue.latency")
        self._clients: list[_Client] = []

    async def run(self, task_status: trio.TaskStatus[Endpoint] = trio.TASK_STATUS_IGNORED) -> None:
        """Listen until cancelled; reports the endpoint really bound."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._keep_time)
            bound = await nursery.start(
                partial(self._env.listen, self._endpoint, self._serve, tls=self._tls)
            )
            task_status.started(bound)

    def lose_next(self, channel: Channel, messages: int = 1) -> None:
        """Lose the next messages of a channel on every connection: gaps in their sequences."""
        for client in self._clients:
            client.stream.lose_next(channel, messages)

    def drop_streams(self) -> int:
        """Cut every WebSocket without a goodbye; return how many there were."""
        for client in self._clients:
            client.connection.cancel()
        return len(self._clients)

    async def _serve(self, stream: trio.abc.Stream) -> None:
        with trio.CancelScope() as connection:
            route = WebSocketRoute(accept=self._admit, serve=partial(self._stream, connection))
            await serve_connection(
                stream,
                self._respond,
                websockets={WS_PATH: route},
                limits=LIMITS,
                counts=self.counts,
            )

    async def _keep_time(self) -> None:
        earlier = trio.Event()

        def wake() -> None:
            earlier.set()

        self._venue.on_due(wake)
        while True:
            self._venue.advance()
            earlier = trio.Event()
            due_us = self._venue.next_due_us()
            wait_s = math.inf if due_us is None else (due_us - self._venue.now_us()) / 1e6
            with trio.move_on_after(max(0.0, wait_s)):
                await earlier.wait()

    async def _respond(self, request: Request) -> Response:
        order = is_order(request)
        await self._wait(self._latency.order_in if order else self._latency.read_in)
        response = self._rest.respond(request)
        await self._wait(self._latency.order_out if order else self._latency.read_out)
        return response

    async def _admit(self, request: Request) -> Response | None:
        caller = self._keys.identify(request, self._venue.now_us() // 1000)
        if isinstance(caller, Refused):
            return Response(caller.status, msgspec.json.encode(caller.body))
        return None

    async def _stream(
        self, connection: trio.CancelScope, request: Request, session: Session
    ) -> None:
        account = self._keys.account_of(request)
        outbox = Outbox(partial(_draw_s, self._latency.feed, self._rng), self._outbox_frames)
        client = _Client(StreamSession(self._venue, account, outbox.put), outbox, connection)
        self._clients.append(client)
        try:
            await self._converse(client, session)
        finally:
            client.stream.end()
            self._clients.remove(client)

    async def _converse(self, client: _Client, session: Session) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._beat, session)
            nursery.start_soon(self._deliver, client, session, nursery.cancel_scope)
            while True:
                client.stream.command(await session.receive())
                if client.stream.watches_books:
                    self.book_watched.set()

    async def _deliver(
        self, client: _Client, session: Session, conversation: trio.CancelScope
    ) -> None:
        await client.outbox.drain(session.send)
        # The client does not read: it may never see this either, and is not waited for.
        with trio.move_on_after(1.0):
            await session.send(client.stream.overflow_text())
        await session.close(CLOSE_OVERFLOW, "overflow")
        conversation.cancel()

    async def _beat(self, session: Session) -> None:
        while True:
            await trio.sleep(HEARTBEAT_S)
            await session.ping(b"heartbeat")

    async def _wait(self, delay: Delay) -> None:
        wait_s = delay.draw_s(self._rng)
        if wait_s > 0:
            await trio.sleep(wait_s)


def _draw_s(delay: Delay, rng: random.Random) -> float:
    return delay.draw_s(rng)
