"""A score provider whose protocol is a conversation: what its servers share.

The protocols are cores without sockets; here is what carries them.
"""

import math
from abc import abstractmethod
from collections import deque
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
from actors.sim.feedframes import MatchState
from actors.sim.feedlines import Serving
from actors.sim.feedtiming import FeedTiming

LIMITS: Final = ServeLimits(header_bytes=8 * 1024, body_bytes=16 * 1024, message_bytes=32 * 1024)


@attrs.define(eq=False)
class Wire:
    """One client's socket, as its protocol sees it."""

    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    outbox: deque[str | bytes] = attrs.field(factory=deque)
    due_s: float = math.inf
    """When the protocol wants to be asked again."""
    wake: trio.Event = attrs.field(factory=trio.Event)

    def put(self, texts: list[str | bytes]) -> None:
        """Send ``texts`` as soon as the socket takes them."""
        self.outbox.extend(texts)
        self.wake.set()


class PushServer(Broadcaster):
    """One provider. A protocol is what its subclass answers, hears and tells."""

    def __init__(self, *, name: str, timing: FeedTiming, seed: int) -> None:
        """Make a server that does not listen yet; ``name`` and ``seed`` name its draws."""
        super().__init__(name=name, timing=timing, seed=seed)
        self._wires: dict[int, Wire] = {}
        self._accepted = 0

    @property
    @override
    def clients(self) -> int:
        return len(self._wires)

    @override
    def serving(self) -> Serving:
        return partial(
            serve_connection,
            handler=self.answer,
            websockets={
                path: WebSocketRoute(self.accept, self._attend) for path in self.socket_paths
            },
            limits=LIMITS,
            counts=self.requests,
        )

    @override
    def drop(self) -> None:
        for wire in self._wires.values():
            wire.scope.cancel()
            wire.wake.set()

    @override
    def speak(self) -> None:
        for wire in self._wires.values():
            wire.wake.set()

    @override
    def say_raw(self, frame: bytes) -> None:
        for wire in self._wires.values():
            wire.put([frame])

    @property
    @abstractmethod
    def socket_paths(self) -> tuple[str, ...]:
        """Where WebSockets are opened."""

    @abstractmethod
    async def answer(self, request: Request) -> Response:
        """Answer a request that opens no WebSocket."""

    @abstractmethod
    async def accept(self, request: Request) -> Response | None:
        """Let a client in, or say why not."""

    @abstractmethod
    def opened(self, request: Request, wire: Wire) -> object:
        """A socket is open; return what ``heard`` and ``tick`` are to be told it by."""

    @abstractmethod
    def heard(self, who: object, wire: Wire, message: str | bytes) -> bool:
        """Take a client's message; return whether the connection goes on."""

    @abstractmethod
    def tick(self, who: object, wire: Wire) -> None:
        """Put what is due into the wire, and say when to ask again."""

    @abstractmethod
    def closed(self, who: object) -> None:
        """The socket is gone."""

    def attach(self, wire: Wire) -> int:
        """Count a connection among those that the verbs are for; return its number."""
        self._accepted += 1
        self._wires[self._accepted] = wire
        return self._accepted

    def detach(self, number: int) -> None:
        """A connection is gone."""
        self._wires.pop(number, None)

    async def _attend(self, request: Request, session: Session) -> None:
        if len(self._wires) >= CLIENTS:
            return
        wire = Wire()
        number = self.attach(wire)
        who = self.opened(request, wire)
        try:
            with wire.scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._write, who, wire, session)
                    while self.heard(who, wire, await session.receive()):
                        wire.wake.set()
                    # What it said last still leaves.
                    await _send_all(wire, session)
                    nursery.cancel_scope.cancel()
        finally:
            self.detach(number)
            self.closed(who)
        if wire.scope.cancel_called:
            await session.abort()

    async def _write(self, who: object, wire: Wire, session: Session) -> None:
        while True:
            wire.wake = trio.Event()
            if self._fault != "mute":
                self.tick(who, wire)
                await _send_all(wire, session)
            with trio.move_on_at(math.inf if self._fault == "mute" else wire.due_s):
                await wire.wake.wait()


async def _send_all(wire: Wire, session: Session) -> None:
    while wire.outbox:
        item = wire.outbox.popleft()
        if isinstance(item, str):
            await session.send(item)
        else:
            await session.send_raw(item)


def fields(state: MatchState, wall_ns: int) -> dict[str, str | int | bool]:
    """Return a match as the named fields of reference feeds.md section 2.3."""
    return {
        "home": state.home_team,
        "away": state.away_team,
        "h": state.score.home,
        "a": state.score.away,
        "period": state.period,
        "clock": state.elapsed,
        "live": state.live,
        "ended": state.ended,
        "ts": wall_ns // 1_000_000,
    }
