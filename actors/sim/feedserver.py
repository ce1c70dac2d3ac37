"""A score provider in the shape of the Polymarket Sports channel, with its lag and its faults.

It broadcasts over WebSocket, without subscription, one JSON object for each
change; a client that connects is told at once how every match stands (reference
feeds.md sections 2.1 and 9).
"""

import math
import re
from collections.abc import Sequence
from functools import partial
from typing import Final

import attrs
import trio
from typing_extensions import override

from actors.runtime.serve import (
    Request,
    Response,
    ServeLimits,
    Session,
    WebSocketRoute,
    serve_connection,
)
from actors.sim.broadcaster import CLIENTS, Broadcaster
from actors.sim.draws import stream
from actors.sim.feedfaults import Said
from actors.sim.feedframes import (
    PING,
    PONG,
    MatchState,
    Spoil,
    frame,
    spoiled,
)
from actors.sim.feedlines import Serving
from actors.sim.feedtiming import FeedTiming

__all__ = ["FeedServer", "FeedTiming", "MatchState"]

COOKIE: Final = "sports-results"
PATH: Final = "/ws"
OUTBOX: Final = 256
"""Frames a client may be behind before it is dropped."""
LIMITS: Final = ServeLimits(header_bytes=8 * 1024, body_bytes=0, message_bytes=4 * 1024)

AFFINITY: Final = re.compile(rf"(?:^|;\s*){COOKIE}=([0-9a-f]{{16}})(?:;|$)")
NO_MATCH: Final = '{"gameId":1,"live":true,"ended":false,"score":"0-0"}'


@attrs.define(eq=False)
class _Client:
    outbox: trio.MemorySendChannel[str | bytes]
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    """Its deadline is the one of the oldest unanswered ping."""
    reading: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    greeted: bool = False


class FeedServer(Broadcaster):
    """One provider, for any client of WebSocket."""

    scheme = "ws"
    path = PATH

    def __init__(self, *, name: str, timing: FeedTiming, seed: int, outbox: int = OUTBOX) -> None:
        """Make a server that does not listen yet.

        Args:
            name: Its own, as the handshake spells it; with ``seed`` it names its draws.
            timing: Its habits.
            seed: The world's.
            outbox: Frames a client may be behind before it is dropped.
        """
        super().__init__(name=name, timing=timing, seed=seed)
        self._outbox = outbox
        self._cookies = stream(seed, "feed", name, "cookies")
        self._clients: dict[int, _Client] = {}
        self._sessions = 0
        self._audible = trio.Event()

    @property
    @override
    def clients(self) -> int:
        return len(self._clients)

    @override
    def serving(self) -> Serving:
        return partial(
            serve_connection,
            handler=_nothing_here,
            websockets={PATH: WebSocketRoute(self._accept, self._attend)},
            limits=LIMITS,
            counts=self.requests,
        )

    @override
    def drop(self) -> None:
        for client in self._clients.values():
            client.scope.cancel()

    @override
    def speak(self) -> None:
        for client in self._clients.values():
            if not client.greeted:
                self._greet(client)
        self._audible.set()
        self._audible = trio.Event()

    @override
    def spoil(self, kind: Spoil) -> None:
        texts = [self._text(state, wall_ns) for state, wall_ns in self._shown.values()]
        self._broadcast(spoiled(kind, next(iter(texts), NO_MATCH)))

    @override
    def tell(self, before: MatchState | None, state: MatchState, wall_ns: int) -> None:
        self._broadcast(frame(state, wall_ns))

    @override
    def say_again(self, state: MatchState, wall_ns: int) -> None:
        self._broadcast(frame(state, wall_ns))

    @override
    def rewind(self, past: Sequence[Said]) -> None:
        """What is shown is all that this protocol knows."""

    @override
    def say_raw(self, frame: bytes) -> None:
        self._broadcast(frame)

    @override
    def mute(self) -> None:
        super().mute()
        for client in self._clients.values():
            client.reading.cancel()
            client.scope.deadline = math.inf

    def _text(self, state: MatchState, wall_ns: int) -> str:
        return frame(self.as_told(state), wall_ns)

    def _broadcast(self, item: str | bytes) -> None:
        if self._fault != "mute":
            for client in self._clients.values():
                self._offer(client, item)

    def _offer(self, client: _Client, item: str | bytes) -> None:
        if client.scope.cancel_called:
            return
        try:
            client.outbox.send_nowait(item)
        except trio.WouldBlock:
            self.counts.too_slow += 1
            client.scope.cancel()

    def _greet(self, client: _Client) -> None:
        client.greeted = True
        for one in self._past if self._replays else ():
            self._offer(client, self._text(one.state, one.wall_ns))
        for state, wall_ns in self._shown.values():
            self._offer(client, self._text(state, wall_ns))

    async def _accept(self, request: Request) -> Response | None:
        if len(self._clients) >= CLIENTS:
            return Response(503)
        known = AFFINITY.search(request.header("cookie") or "")
        value = known[1] if known else f"{self._cookies.getrandbits(64):016x}"
        return Response(101, headers=(("set-cookie", f"{COOKIE}={value}; Path=/; HttpOnly"),))

    async def _attend(self, _request: Request, session: Session) -> None:
        outbox, items = trio.open_memory_channel[str | bytes](self._outbox)
        client = _Client(outbox)
        self._sessions += 1
        number = self._sessions
        with outbox, items, client.scope:
            self._clients[number] = client
            try:
                if self._fault != "mute":
                    self._greet(client)
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._write, items, session)
                    nursery.start_soon(self._beat, client)
                    await self._read(client, session)
            finally:
                del self._clients[number]
        # No task of the session came to its end by itself, so the scope was cancelled:
        # by a verb, by a full outbox or by the deadline of a ping.
        if trio.current_time() >= client.scope.deadline:
            self.counts.unanswered += 1
        await session.abort()

    async def _write(self, items: trio.MemoryReceiveChannel[str | bytes], session: Session) -> None:
        async for item in items:
            while self._fault == "mute":
                await self._audible.wait()
            if isinstance(item, str):
                await session.send(item)
            else:
                await session.send_raw(item)

    async def _beat(self, client: _Client) -> None:
        while True:
            await trio.sleep(self._timing.ping_s)
            if self._fault != "mute":
                self._offer(client, PING)
                unanswered_s = trio.current_time() + self._timing.pong_s
                client.scope.deadline = min(client.scope.deadline, unanswered_s)

    async def _read(self, client: _Client, session: Session) -> None:
        """Take pongs; whatever else a client says is of no interest to a broadcast."""
        while True:
            while self._fault == "mute":
                await self._audible.wait()
            # Not read while mute: reading answers WebSocket pings.
            with trio.CancelScope() as client.reading:
                while True:
                    if await session.receive() == PONG:
                        client.scope.deadline = math.inf


async def _nothing_here(_request: Request) -> Response:
    return Response(404)
