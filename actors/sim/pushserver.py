"""A score provider whose protocol is a conversation: what its servers share.

The world tells it the truth at the true instant; its clients hear of it a lag later, drawn
as for every feed server. The protocols are cores without sockets; here is what carries them.
"""

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from functools import partial
from typing import Final

import attrs
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
from actors.sim.feedframes import MatchState
from actors.sim.feedtiming import FeedTiming, draw

LIMITS: Final = ServeLimits(header_bytes=8 * 1024, body_bytes=16 * 1024, message_bytes=32 * 1024)
CLIENTS: Final = 64
WAITING: Final = 10_000
"""Incidents published and not yet due; more is a fault of the world."""


@attrs.define(eq=False)
class Wire:
    """One client's socket, as its protocol sees it."""

    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    outbox: deque[str] = attrs.field(factory=deque)
    due_s: float = math.inf
    """When the protocol wants to be asked again."""
    wake: trio.Event = attrs.field(factory=trio.Event)

    def put(self, texts: list[str]) -> None:
        """Send ``texts`` as soon as the socket takes them."""
        self.outbox.extend(texts)
        self.wake.set()


class PushServer(ABC):
    """One provider. Its verbs act at once and may be called from any task."""

    def __init__(self, *, name: str, timing: FeedTiming, seed: int) -> None:
        """Make a server that does not listen yet; ``name`` and ``seed`` name its draws."""
        self.name = name
        self.requests = ServeCounts()
        self.incidents = 0
        self._timing = timing
        self._seed = seed
        self._pending: deque[tuple[float, MatchState, bool]] = deque()
        self._last_due_s = -math.inf
        self._news = trio.Event()
        self._wires: dict[int, Wire] = {}
        self._accepted = 0
        self._muted = False
        self.truth: dict[str, MatchState] = {}
        """What the provider knows, by the id that also stands in the venue's milestone."""

    async def run(
        self,
        env: Env,
        endpoint: Endpoint,
        tls: ServerTls | None = None,
        *,
        task_status: trio.TaskStatus[Endpoint] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve until cancelled; reports the endpoint really bound.

        Raises:
            OSError: The endpoint cannot be had; grouped, as every error out of a nursery.
        """
        serve = partial(
            serve_connection,
            handler=self.answer,
            websockets={
                path: WebSocketRoute(self.accept, self._attend) for path in self.socket_paths
            },
            limits=LIMITS,
            counts=self.requests,
        )
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._deliver, env)
            await env.listen(endpoint, serve, tls=tls, task_status=task_status)

    def publish(self, state: MatchState, lag_ms: float | None = None) -> None:
        """Hear of an incident; clients hear of it a lag later, in the incidents' order.

        Args:
            state: The match from now on.
            lag_ms: The script's word instead of the drawn lag; such a frame is never lost.
        """
        assert len(self._pending) < WAITING, "the world publishes more than lags can hold"
        self.incidents += 1
        drawn = draw(self._timing, self._seed, self.name, self.incidents)
        wait_ms = drawn.lag_ms if lag_ms is None else lag_ms
        self._last_due_s = max(self._last_due_s, trio.current_time() + wait_ms / 1e3)
        self._pending.append((self._last_due_s, state, drawn.lost and lag_ms is None))
        self._news.set()

    def drop(self) -> None:
        """End every connection without a goodbye; new ones are welcome."""
        for wire in self._wires.values():
            wire.scope.cancel()
            wire.wake.set()

    def mute(self) -> None:
        """Send nothing more, and keep every connection as it is."""
        self._muted = True

    def revive(self) -> None:
        """End every fault."""
        self._muted = False
        for wire in self._wires.values():
            wire.wake.set()

    def status(self) -> Mapping[str, object]:
        """Return how it is, for the control socket."""
        return {
            "fault": "mute" if self._muted else "none",
            "clients": len(self._wires),
            "waiting": len(self._pending),
            "incidents": self.incidents,
        }

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

    @abstractmethod
    def tell(self, before: MatchState | None, state: MatchState, wall_ns: int) -> None:
        """Tell every client that a match is no longer as it was."""

    def attach(self, wire: Wire) -> int:
        """Count a connection among those that the verbs are for; return its number."""
        self._accepted += 1
        self._wires[self._accepted] = wire
        return self._accepted

    def detach(self, number: int) -> None:
        """A connection is gone."""
        self._wires.pop(number, None)

    async def _deliver(self, env: Env) -> None:
        while True:
            while self._pending and self._pending[0][0] <= trio.current_time():
                _, state, lost = self._pending.popleft()
                before = self.truth.get(state.sportradar_id)
                self.truth[state.sportradar_id] = state
                if not lost and state != before:
                    self.tell(before, state, env.wall_ns())
            self._news = trio.Event()
            with trio.move_on_at(self._pending[0][0] if self._pending else math.inf):
                await self._news.wait()

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
                    for text in wire.outbox:
                        await session.send(text)
                    nursery.cancel_scope.cancel()
        finally:
            self.detach(number)
            self.closed(who)
        if wire.scope.cancel_called:
            await session.abort()

    async def _write(self, who: object, wire: Wire, session: Session) -> None:
        while True:
            wire.wake = trio.Event()
            if not self._muted:
                self.tick(who, wire)
                while wire.outbox:
                    await session.send(wire.outbox.popleft())
            with trio.move_on_at(math.inf if self._muted else wire.due_s):
                await wire.wake.wait()


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
