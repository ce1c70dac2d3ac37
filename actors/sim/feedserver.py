"""A score provider in the shape of the Polymarket Sports channel, with its lag and its faults.

It broadcasts over WebSocket, without subscription, one JSON object for each
change; a client that connects is told at once how every match stands (reference
feeds.md sections 2.1 and 9). The world tells it the truth at the true instant;
when its clients hear of it, and whether, is decided here.
"""

import math
import re
from collections import deque
from functools import partial
from typing import Final, Literal

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
from actors.sim.draws import stream
from actors.sim.feedframes import (
    PING,
    PONG,
    SPOILS,
    MatchState,
    ReviewWord,
    Spoil,
    frame,
    spoiled,
)
from actors.sim.feedtiming import Draw, FeedTiming, draw

__all__ = ["FeedServer", "FeedTiming", "MatchState"]

COOKIE: Final = "sports-results"
PATH: Final = "/ws"
OUTBOX: Final = 256
"""Frames a client may be behind before it is dropped."""
CLIENTS: Final = 64
WAITING: Final = 10_000
"""Incidents published and not yet due; more is a fault of the world."""
LIMITS: Final = ServeLimits(header_bytes=8 * 1024, body_bytes=0, message_bytes=4 * 1024)

AFFINITY: Final = re.compile(rf"(?:^|;\s*){COOKIE}=([0-9a-f]{{16}})(?:;|$)")
NO_MATCH: Final = '{"gameId":1,"live":true,"ended":false,"score":"0-0"}'

Fault = Literal["none", "mute", "mute_but_ping"]


@attrs.define
class FeedCounts:
    """What a feed server has done so far."""

    incidents: int = 0
    frames: int = 0
    """Frames broadcast; each counts once, however many clients there are."""
    lost: int = 0
    """Incidents whose frame was never sent, by ``FeedTiming.loss``."""
    too_slow: int = 0
    """Clients dropped because their outbox was full."""
    unanswered: int = 0
    """Clients dropped because they did not answer a ping."""


@attrs.frozen
class _Pending:
    due_s: float
    state: MatchState
    lost: bool


@attrs.define(eq=False)
class _Client:
    outbox: trio.MemorySendChannel[str | bytes]
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    """Its deadline is the one of the oldest unanswered ping."""
    reading: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    greeted: bool = False


class FeedServer:
    """One provider. Its verbs act at once and may be called from any task.

    A fault lasts until ``revive``; matches that moved behind ``mute`` or
    ``mute_but_ping`` are then told once, as they stand.
    """

    def __init__(self, *, name: str, timing: FeedTiming, seed: int, outbox: int = OUTBOX) -> None:
        """Make a server that does not listen yet.

        Args:
            name: Its own, as the handshake spells it; with ``seed`` it names its draws.
            timing: Its habits.
            seed: The world's.
            outbox: Frames a client may be behind before it is dropped.
        """
        self.name = name
        self.scout = timing.scout or name
        self.counts = FeedCounts()
        self.requests = ServeCounts()
        self._timing = timing
        self._seed = seed
        self._outbox = outbox
        self._cookies = stream(seed, "feed", name, "cookies")
        self._pending: deque[_Pending] = deque()
        self._last_due_s = -math.inf
        self._truth: dict[int, MatchState] = {}
        """What the provider knows, by game."""
        self._shown: dict[int, tuple[MatchState, int]] = {}
        """What its clients were told, by game, and when; wall nanoseconds."""
        self._wake = trio.Event()
        self._clients: dict[int, _Client] = {}
        self._sessions = 0
        self._fault: Fault = "none"
        self._extra_lag_ms = 0.0
        self._swapped = False
        self._audible = trio.Event()
        self._listening: trio.CancelScope | None = None
        self._dead_until_s = -math.inf
        self._dead = trio.CancelScope()

    async def run(
        self,
        env: Env,
        endpoint: Endpoint,
        tls: ServerTls | None = None,
        *,
        task_status: trio.TaskStatus[Endpoint] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve until cancelled; reports the endpoint really bound, and keeps it after a kill.

        Raises:
            OSError: The endpoint cannot be had; grouped, as every error out of a nursery.
        """
        serve = partial(
            serve_connection,
            handler=_nothing_here,
            websockets={PATH: WebSocketRoute(self._accept, self._attend)},
            limits=LIMITS,
            counts=self.requests,
        )
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._deliver, env)
            port = endpoint.port
            reported = False
            while True:
                with trio.CancelScope() as self._listening:
                    place = attrs.evolve(endpoint, port=port)
                    async with trio.open_nursery() as listening:
                        bound: Endpoint = await listening.start(
                            partial(env.listen, place, serve, tls=tls)
                        )
                        port = bound.port
                        if not reported:
                            task_status.started(bound)
                            reported = True
                # Only ``kill`` gets here: a listener listens until it is cancelled.
                with trio.CancelScope(deadline=self._dead_until_s) as self._dead:
                    await trio.sleep_forever()

    def publish(self, state: MatchState, lag_ms: float | None = None) -> Draw:
        """Hear of an incident, at the instant it happens; clients hear of it a lag later.

        Frames keep the order of their incidents, however the lags fall.

        Args:
            state: The match from now on.
            lag_ms: The script's word instead of the drawn lag; such a frame is never lost.

        Returns:
            When it will be known from now, faults of the server apart, and whether it is lost.
        """
        self.counts.incidents += 1
        assert len(self._pending) < WAITING, "the world publishes more than lags can hold"
        drawn = draw(self._timing, self._seed, self.name, self.counts.incidents)
        wait_ms = (drawn.lag_ms if lag_ms is None else lag_ms) + self._extra_lag_ms
        self._last_due_s = max(self._last_due_s, trio.current_time() + wait_ms / 1e3)
        lost = drawn.lost and lag_ms is None
        self._pending.append(_Pending(self._last_due_s, state, lost))
        self._wake.set()
        return Draw(1e3 * (self._last_due_s - trio.current_time()), lost)

    def review(self, _state: MatchState, _word: ReviewWord) -> None:
        """Hear that a goal is reviewed, or how that ended: this provider has no word for it."""

    def drop(self) -> None:
        """End every connection without a goodbye; new ones are welcome."""
        for client in self._clients.values():
            client.scope.cancel()

    def mute(self) -> None:
        """Send nothing more, not even pings, and keep every connection as it is."""
        self._fault = "mute"
        for client in self._clients.values():
            client.reading.cancel()
            client.scope.deadline = math.inf

    def mute_but_ping(self) -> None:
        """Go on pinging while the data stands still."""
        self._unmute()
        self._fault = "mute_but_ping"

    def lag(self, ms: float) -> None:
        """Let every incident published from now on take ``ms`` longer; 0 ends that."""
        self._extra_lag_ms = ms

    def kill(self, for_s: float | None = None) -> None:
        """Drop everything and stop listening, for ``for_s`` or until ``revive``.

        A server that does not run cannot be killed.
        """
        if self._listening is not None:
            self._stay_dead_until(math.inf if for_s is None else trio.current_time() + for_s)
            self._listening.cancel()

    def corrupt(self, kind: Spoil) -> None:
        """Send every client one spoiled frame now; ``swap`` swaps all frames from now on.

        Raises:
            ValueError: There is no such kind.
        """
        if kind not in SPOILS:
            raise ValueError(f"not a kind of spoiling: {kind!r}; known: {', '.join(SPOILS)}")
        if kind == "swap":
            self._swapped = True
            return
        texts = [self._text(state, wall_ns) for state, wall_ns in self._shown.values()]
        self._broadcast(spoiled(kind, next(iter(texts), NO_MATCH)))

    def revive(self) -> None:
        """End every fault, extra lag and swapped sides included."""
        self._stay_dead_until(-math.inf)
        self._unmute()
        self._fault = "none"
        self._extra_lag_ms = 0.0
        self._swapped = False
        self._wake.set()

    def status(self) -> dict[str, object]:
        """Return how it is, for the control socket."""
        return {
            "fault": "kill" if trio.current_time() < self._dead_until_s else self._fault,
            "extra_lag_ms": self._extra_lag_ms,
            "swapped": self._swapped,
            "clients": len(self._clients),
            "waiting": len(self._pending),
            **attrs.asdict(self.counts),
        }

    def _stay_dead_until(self, moment_s: float) -> None:
        self._dead_until_s = moment_s
        self._dead.deadline = moment_s

    def _unmute(self) -> None:
        if self._fault != "mute":
            return
        self._fault = "none"
        for client in self._clients.values():
            if not client.greeted:
                self._greet(client)
        self._audible.set()
        self._audible = trio.Event()

    async def _deliver(self, env: Env) -> None:
        """Let each incident be known when it is due, and told as soon as nothing hinders."""
        while True:
            self._tell(env.wall_ns())
            while self._pending and self._pending[0].due_s <= trio.current_time():
                due = self._pending.popleft()
                self._truth[due.state.game_id] = due.state
                self._tell(env.wall_ns(), lost=due.lost)
            self._wake = trio.Event()
            with trio.move_on_at(self._pending[0].due_s if self._pending else math.inf):
                await self._wake.wait()

    def _tell(self, wall_ns: int, *, lost: bool = False) -> None:
        """Bring what clients were told up to what is known."""
        if self._fault in {"mute", "mute_but_ping"}:
            return
        for game_id, state in self._truth.items():
            before, _ = self._shown.get(game_id, (None, 0))
            if state == before:
                continue
            self._shown[game_id] = (state, wall_ns)
            if lost:
                self.counts.lost += 1
            elif before is None or state.is_news_after(before):
                self.counts.frames += 1
                self._broadcast(self._text(state, wall_ns))

    def _text(self, state: MatchState, wall_ns: int) -> str:
        return frame(state, wall_ns, swapped=self._swapped)

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
