"""The venue on a socket: REST and WebSocket on one listener, with the profile's delays."""

import math
import random
from collections.abc import AsyncIterator, Mapping
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
from actors.sim.venue.auth import Key, KeyRing, Window
from actors.sim.venue.clock import VenueClock
from actors.sim.venue.engine import Venue
from actors.sim.venue.errors import VenueError
from actors.sim.venue.faults import CALM, FaultPlan, Regrid, RequestFate
from actors.sim.venue.hostility import (
    GATEWAY,
    INTERNAL,
    TIMED_OUT,
    UNAVAILABLE,
    Hostility,
    Repeater,
)
from actors.sim.venue.latency import NJ, Delay, LatencyProfile
from actors.sim.venue.outbox import Outbox
from actors.sim.venue.price_grids import regrid
from actors.sim.venue.rates import TOO_MANY, Meter, Tier
from actors.sim.venue.refusals import Refused, refuse
from actors.sim.venue.rest import Rest, is_order
from actors.sim.venue.routes import ROOT
from actors.sim.venue.stream import COMMANDS_A_SECOND, MARKET_LIMIT, StreamSession
from actors.sim.venue.stream_telling import Deltas
from actors.sim.venue.subscriptions import Channel, Json, opens_private

WS_PATH: Final = "/trade-api/ws/v2"
STATUS: Final = ("GET", f"{ROOT}/exchange/status")
AFTERWARDS: Final[Mapping[RequestFate, Response]] = {
    "late_gateway": GATEWAY,
    "internal": INTERNAL,
    "gateway_timeout": TIMED_OUT,
}
"""What is answered instead of the answer, when the venue has done what was asked."""
HEARTBEAT_S: Final = 10.0
OUTBOX_FRAMES: Final = 20_000
CLOSE_OVERFLOW: Final = 1013
AUTH_REQUIRED: Final = 9
COMMAND_TIMEOUT: Final = 18
CONNECTIONS: Final = 200
"""WebSockets one account may have open."""
SILENCE_S: Final = 60.0
"""How long a connection is kept whose answer never comes."""
LIMITS: Final = ServeLimits(message_bytes=4 * 1024 * 1024)
"""A subscription may name very many markets."""


@attrs.define(eq=False)
class _Client:
    """One open WebSocket."""

    account: str
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
        meter: Counts tokens; ``None`` lets everybody ask as often as they like.
        tier: What ``/account/limits`` says of everybody, without a meter.
        outbox_frames: How many frames of one subscription may wait for a client.
        connections: How many WebSockets one account may have open.
        markets: How many markets one WebSocket's subscriptions may name in all.
        commands_a_second: How many commands one WebSocket may send.
        plan: What goes wrong.
        seed: Of what goes wrong.
        clock: The clock that ``venue`` reads, if the plan is to set it wrong.
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
        meter: Meter | None = None,
        tier: Tier = "basic",
        outbox_frames: int = OUTBOX_FRAMES,
        connections: int = CONNECTIONS,
        markets: int = MARKET_LIMIT,
        commands_a_second: int = COMMANDS_A_SECOND,
        plan: FaultPlan = CALM,
        seed: int = 0,
        clock: VenueClock | None = None,
    ) -> None:
        self.counts = ServeCounts()
        self.hostility = Hostility(seed)
        """What goes wrong; more may be ordered at any time."""
        self.meter = meter
        self.venue = venue
        self.book_watched = trio.Event()
        """Set when the first client has subscribed to an order book."""
        self._env = env
        self._keys = keys
        self._endpoint = endpoint
        self._tls = tls
        self._latency = latency
        self._outbox_frames = outbox_frames
        self._most_connections = connections
        self._most_markets = markets
        self._commands_a_second = commands_a_second
        self._clock = clock
        self._rest = Rest(venue, keys, tier, meter)
        self._rng = env.rng("venue.latency")
        self._clients: list[_Client] = []
        self._deltas = Deltas()
        self._repeater = Repeater(venue, self.hostility)
        self._plan_changed = trio.Event()
        self._plain_window = keys.window
        self._plain_lag_us = venue.read_lag_us
        venue.opening.on_drop = self.drop_streams
        self.follow(plan)

    async def run(self, task_status: trio.TaskStatus[Endpoint] = trio.TASK_STATUS_IGNORED) -> None:
        """Listen until cancelled; reports the endpoint really bound."""
        self.hostility.open()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._keep_time)
            nursery.start_soon(self._repeater.run)
            nursery.start_soon(self._keep_plan)
            bound = await nursery.start(
                partial(self._env.listen, self._endpoint, self._serve, tls=self._tls)
            )
            task_status.started(bound)

    def follow(self, plan: FaultPlan) -> None:
        """Let go wrong what ``plan`` says, from now on and instead of any earlier plan."""
        self.hostility.plan = plan
        self._plan_changed.set()
        plain, clock = self._plain_window, plan.clock
        self._keys.window = Window(
            past_ms=plain.past_ms if clock.past_ms is None else clock.past_ms,
            future_ms=plain.future_ms if clock.future_ms is None else clock.future_ms,
            single_use=plain.single_use if clock.single_use is None else clock.single_use,
        )
        if self._clock is not None:
            self._clock.skew_us = clock.skew_us
        lag_ms = plan.read_lag_ms
        self.venue.lag_reads(self._plain_lag_us if lag_ms is None else round(1000 * lag_ms))

    def calm(self) -> None:
        """Let nothing go wrong any more."""
        self.hostility.calm()
        self.follow(CALM)

    def lose_next(self, channel: Channel, messages: int = 1) -> None:
        """Lose the next messages of a channel on every connection: gaps in their sequences."""
        for client in self._clients:
            client.stream.lose_next(channel, messages)

    def break_channel(self, channel: Channel) -> int:
        """End a channel's subscriptions with the terminal error 10; return how many."""
        return sum(client.stream.break_channel(channel) for client in self._clients)

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
                partial(self._respond, connection),
                websockets={WS_PATH: route},
                limits=LIMITS,
                counts=self.counts,
            )

    async def _keep_time(self) -> None:
        earlier = trio.Event()

        def wake() -> None:
            earlier.set()

        self.venue.on_due(wake)
        while True:
            self.venue.advance()
            earlier = trio.Event()
            due_us = self.venue.next_due_us()
            wait_s = math.inf if due_us is None else (due_us - self.venue.now_us()) / 1e6
            with trio.move_on_after(max(0.0, wait_s)):
                await earlier.wait()

    async def _keep_plan(self) -> None:
        """Do what the plan says happens at a time of its own."""
        opened_s, done_s = trio.current_time(), -1.0
        while True:
            self._plan_changed = trio.Event()
            plan = self.hostility.plan
            changes = [change for change in plan.regrids if change.at_s > done_s]
            drops = [each.next_start_s(done_s) for each in plan.storms if each.kind == "dropped"]
            starts = [start_s for start_s in drops if start_s is not None]
            next_s = min([*starts, *(change.at_s for change in changes)], default=math.inf)
            with trio.move_on_at(opened_s + next_s) as waited:
                await self._plan_changed.wait()
            if not waited.cancelled_caught:
                continue
            done_s = next_s
            for change in changes:
                if change.at_s == next_s:
                    self._regrid(change)
            if next_s in starts:
                self.hostility.note("dropped")
                self.drop_streams()

    def _regrid(self, change: Regrid) -> None:
        try:
            regrid(self.venue.floor, change.ticker, change.structure)
        except VenueError:
            # A plan may name what is not listed yet, or never.
            self.hostility.note("regrid_failed")

    async def _respond(self, connection: trio.CancelScope, request: Request) -> Response:
        order = is_order(request)
        fate = self.hostility.fate_of_request(is_order=order)
        await self._wait(self._latency.order_in if order else self._latency.read_in)
        ahead = self.hostility.storm_answer(request)
        if ahead is None and fate == "bad_gateway":
            ahead = GATEWAY
        if ahead is None and fate == "unavailable":
            ahead = self._failing(request, UNAVAILABLE)
        if ahead is None and order and (held_s := self.hostility.held_s(self.venue, request)):
            await trio.sleep(held_s)
        response = self._rest.respond(request) if ahead is None else ahead
        await self._wait(self._latency.order_out if order else self._latency.read_out)
        if ahead is None and fate in AFTERWARDS:
            return self._failing(request, AFTERWARDS[fate])
        return response if ahead else await self._spoil(connection, response, fate, is_order=order)

    def _failing(self, request: Request, answer: Response) -> Response:
        """Return how a request fails; the exchange's status says even then how it stands."""
        if (request.method, request.path) != STATUS or answer is GATEWAY:
            return answer
        return attrs.evolve(self._rest.respond(request), status=answer.status)

    async def _spoil(
        self, connection: trio.CancelScope, response: Response, fate: RequestFate, *, is_order: bool
    ) -> Response:
        """Let happen to an answer what was drawn for its request."""
        match fate:
            case "slow":
                await trio.sleep(self.hostility.slow_s(is_order=is_order))
            case "torn" if response.body:
                assert isinstance(response.body, bytes)
                return attrs.evolve(response, body=_half_of(response.body, connection))
            case "silent":
                await trio.sleep(SILENCE_S)
                await _cut(connection)
            case "lost" | "torn":
                await _cut(connection)
            case _:
                pass
        return response

    async def _admit(self, request: Request) -> Response | None:
        ahead = self.hostility.storm_answer(request)
        if ahead is not None:
            return ahead
        caller = self._keys.identify(request, self.venue.now_us() // 1000)
        if isinstance(caller, Refused):
            return Response(caller.status, msgspec.json.encode(caller.body))
        if not self._keys.key_of(request).permits("read"):
            refused = refuse(403, "insufficient_scope", details="read")
            return Response(refused.status, msgspec.json.encode(refused.body))
        if sum(client.account == caller for client in self._clients) >= self._most_connections:
            return Response(TOO_MANY.status, msgspec.json.encode(TOO_MANY.body))
        return None

    async def _stream(
        self, connection: trio.CancelScope, request: Request, session: Session
    ) -> None:
        key = self._keys.key_of(request)
        outbox = Outbox(
            partial(_draw_s, self._latency.feed, self._rng),
            self._outbox_frames,
            self.hostility.frozen_until,
        )
        stream = StreamSession(
            self.venue,
            key.account,
            outbox.put,
            subaccount=key.subaccount,
            market_limit=self._most_markets,
            commands_a_second=self._commands_a_second,
            listen=self._repeater.listen,
            fate=self.hostility.fate_of_messages(),
            deltas=self._deltas,
            judge=partial(self._judge, key),
        )
        client = _Client(key.account, stream, outbox, connection)
        self._clients.append(client)
        try:
            await self._converse(client, session)
        finally:
            client.stream.end()
            self._clients.remove(client)

    def _judge(self, key: Key, command: Json) -> int:
        """Return the error that a command meets before it is obeyed; 0 for none."""
        if self.hostility.command_times_out():
            return COMMAND_TIMEOUT
        # A key may have been taken back since it opened the connection.
        return AUTH_REQUIRED if opens_private(command) and not self._keys.holds(key) else 0

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
        await client.outbox.drain(session.send_texts)
        # The client does not read: whether it sees the goodbye is its own affair.
        await session.close(CLOSE_OVERFLOW, "overflow")
        conversation.cancel()

    async def _beat(self, session: Session) -> None:
        while True:
            await trio.sleep(HEARTBEAT_S)
            if self.hostility.plan.stream.pings:
                await session.ping(b"heartbeat")

    async def _wait(self, delay: Delay) -> None:
        wait_s = delay.draw_s(self._rng)
        if wait_s > 0:
            await trio.sleep(wait_s)


def _draw_s(delay: Delay, rng: random.Random) -> float:
    return delay.draw_s(rng)


async def _cut(connection: trio.CancelScope) -> None:
    """End a connection without a byte; never returns."""
    connection.cancel()
    await trio.sleep_forever()


async def _half_of(body: bytes, connection: trio.CancelScope) -> AsyncIterator[bytes]:
    """Send one half of a body, and then the connection is gone."""
    yield body[: max(1, len(body) // 2)]
    await _cut(connection)
