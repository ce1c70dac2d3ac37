"""A served venue and a client that speaks to it over real frames, in memory or over TLS."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import h11
import msgspec
import trio
import trio.testing
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import CloseConnection, Event, Message, Ping, TextMessage

from actors.runtime.env import Endpoint, Env, ServerTls
from actors.runtime.memory import Link, MemoryNetwork, SeededEnv
from actors.sim.venue.auth import KeyRing
from actors.sim.venue.clock import VenueClock
from actors.sim.venue.faults import CALM, FaultPlan
from actors.sim.venue.latency import NONE, LatencyProfile
from actors.sim.venue.rates import Meter, Tier
from actors.sim.venue.server import CONNECTIONS, OUTBOX_FRAMES, WS_PATH, VenueServer
from actors.sim.venue.stream import COMMANDS_A_SECOND, MARKET_LIMIT
from tests.sim.venue.hall import HOME, Hall, open_hall
from tests.sim.venue.papers import KEY_ID, ROOT, ed25519_key, headers, pem
from tests.sim.venue.published import judge_frame

NEAR = Link(nearest_ms=0, farthest_ms=0, jitter_ms=0)
ORDERS = f"{ROOT}/portfolio/events/orders"


@attrs.define
class Site:
    """A served venue, and what reaches it."""

    env: Env
    hall: Hall
    server: VenueServer
    endpoint: Endpoint
    keys: KeyRing = attrs.field(factory=KeyRing)

    def stamp_ms(self) -> int:
        return self.env.wall_ns() // 1_000_000

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
        """One request on a connection of its own."""
        signed = headers(ed25519_key(), method, path.partition("?")[0], self.stamp_ms())
        parser = h11.Connection(h11.CLIENT)
        head = h11.Request(
            method=method,
            target=path,
            headers=[("host", "venue"), ("content-length", str(len(body))), *signed],
        )
        async with await self.env.dial(self.endpoint) as wire:
            raw = parser.send(head)
            assert raw is not None
            await wire.send_all(raw + body)
            status, received = 0, b""
            while True:
                match parser.next_event():
                    case h11.Response(status_code=code):
                        status = code
                    case h11.Data(data=data):
                        received += data
                    case h11.EndOfMessage():
                        return status, msgspec.json.decode(received or b"null")
                    case _:
                        parser.receive_data(bytes(await wire.receive_some()))

    @asynccontextmanager
    async def stream(self, *, signed: bool = True) -> AsyncIterator["Socket"]:
        async with await self.env.dial(self.endpoint) as wire:
            socket = Socket(wire)
            pairs = headers(ed25519_key(), "GET", WS_PATH, self.stamp_ms()) if signed else ()
            lines = "".join(f"{name}: {value}\r\n" for name, value in pairs)
            await wire.send_all(
                f"GET {WS_PATH} HTTP/1.1\r\nhost: venue\r\nupgrade: websocket\r\n"
                "connection: upgrade\r\nsec-websocket-version: 13\r\n"
                f"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{lines}\r\n".encode()
            )
            await socket.read_head()
            yield socket


@attrs.define
class Socket:
    """A WebSocket client that shows every frame, pings too."""

    wire: trio.abc.Stream
    head: bytes = b""
    events: list[Event] = attrs.field(factory=list)
    protocol: Connection = attrs.field(init=False)

    async def read_head(self) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            data += await self.wire.receive_some()
        self.head, _, rest = data.partition(b"\r\n\r\n")
        self.protocol = Connection(ConnectionType.CLIENT, trailing_data=rest)

    async def say(self, command: object) -> None:
        text = msgspec.json.encode(command).decode()
        await self.wire.send_all(self.protocol.send(Message(data=text)))

    async def event(self) -> Event | None:
        """The next event; ``None`` when the connection is gone."""
        while not self.events:
            self.events += list(self.protocol.events())
            if self.events:
                break
            try:
                data = await self.wire.receive_some()
            except trio.BrokenResourceError:
                return None
            if not data:
                return None
            self.protocol.receive_data(bytes(data))
        return self.events.pop(0)

    async def message(self) -> dict[str, Any]:
        said, text = await self.event(), ""
        while isinstance(said, TextMessage | Ping):
            if isinstance(said, TextMessage):
                text += said.data
                if said.message_finished:
                    break
            said = await self.event()
        decoded = msgspec.json.decode(text)
        assert isinstance(decoded, dict)
        judge_frame(decoded)
        return decoded

    async def rest(self) -> list[Event | None]:
        """Every event up to the close or the end of the connection."""
        events = [await self.event()]
        while not isinstance(events[-1], CloseConnection | None):
            events.append(await self.event())
        return events

    async def subscribe(self, *channels: str) -> None:
        params = {"channels": list(channels), "market_ticker": HOME}
        await self.say({"id": 1, "cmd": "subscribe", "params": params})


def seeded(seed: int = 1) -> SeededEnv:
    return SeededEnv(seed, MemoryNetwork(seed, link=NEAR))


@asynccontextmanager
async def serving(
    env: Env,
    latency: LatencyProfile = NONE,
    *,
    tls: ServerTls | None = None,
    ca_file: str | None = None,
    outbox_frames: int = OUTBOX_FRAMES,
    connections: int = CONNECTIONS,
    markets: int = MARKET_LIMIT,
    commands_a_second: int = COMMANDS_A_SECOND,
    plan: FaultPlan = CALM,
    tier: Tier | None = None,
    seed: int = 1,
    scopes: tuple[str, ...] = ("read", "write"),
) -> AsyncIterator[Site]:
    """Serve one; with a ``tier`` tokens are counted."""
    clock = VenueClock(env.wall_ns)
    hall = open_hall(now_us=clock)
    keys = KeyRing()
    keys.add(KEY_ID, "us", pem(ed25519_key()), scopes=scopes)
    server = VenueServer(
        env=env,
        venue=hall.venue,
        keys=keys,
        endpoint=Endpoint("127.0.0.1", 0),
        tls=tls,
        latency=latency,
        outbox_frames=outbox_frames,
        connections=connections,
        markets=markets,
        commands_a_second=commands_a_second,
        plan=plan,
        seed=seed,
        clock=clock,
        meter=None if tier is None else Meter(hall.venue.now_us, tier),
    )
    async with trio.open_nursery() as nursery:
        bound: Endpoint = await nursery.start(server.run)
        reached = attrs.evolve(bound, tls=tls is not None, ca_file=ca_file)
        yield Site(env, hall, server, reached, keys)
        nursery.cancel_scope.cancel()


def form(price: str = "0.5200") -> bytes:
    return msgspec.json.encode(
        {
            "ticker": HOME,
            "side": "bid",
            "count": "1.00",
            "price": price,
            "time_in_force": "immediate_or_cancel",
            "self_trade_prevention_type": "taker_at_cross",
        }
    )
