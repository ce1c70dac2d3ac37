from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import h11
import msgspec
import trio
import trio.testing
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import CloseConnection, Event, Message, Ping, TextMessage

from actors.runtime.env import Endpoint, Env, RealEnv, ServerTls
from actors.runtime.memory import Link, MemoryNetwork, SeededEnv
from actors.sim.venue.auth import KeyRing
from actors.sim.venue.latency import NJ, NONE, Delay, LatencyProfile
from actors.sim.venue.server import OUTBOX_FRAMES, WS_PATH, VenueServer
from tests.runtime.certificates import issue
from tests.sim.venue.hall import HOME, Hall, open_hall, order, quote
from tests.sim.venue.papers import KEY_ID, ROOT, ed25519_key, headers, pem

NEAR = Link(nearest_ms=0, farthest_ms=0, jitter_ms=0)
ORDERS = f"{ROOT}/portfolio/events/orders"


@attrs.define
class Site:
    """A served venue, and what reaches it."""

    env: Env
    hall: Hall
    server: VenueServer
    endpoint: Endpoint

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
) -> AsyncIterator[Site]:
    hall = open_hall(now_us=lambda: env.wall_ns() // 1000)
    keys = KeyRing()
    keys.add(KEY_ID, "us", pem(ed25519_key()))
    server = VenueServer(
        env=env,
        venue=hall.venue,
        keys=keys,
        endpoint=Endpoint("127.0.0.1", 0),
        tls=tls,
        latency=latency,
        outbox_frames=outbox_frames,
    )
    async with trio.open_nursery() as nursery:
        bound: Endpoint = await nursery.start(server.run)
        reached = attrs.evolve(bound, tls=tls is not None, ca_file=ca_file)
        yield Site(env, hall, server, reached)
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


async def test_an_order_takes_the_profiles_time_there_and_back(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded(), NJ) as site:
        site.hall.create("maker", quote("ask", 5_200, 100))
        before = trio.current_time()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(site.ask, "POST", ORDERS, form())
            await trio.sleep(0.012)
            assert site.hall.venue.position_centi("us", HOME) == 0
            await trio.sleep(0.010)
            assert site.hall.venue.position_centi("us", HOME) == 100

        assert 0.025 < trio.current_time() - before < 0.045


async def test_who_comes_first_to_the_engine_trades_whatever_was_sent_first(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded(), NJ) as site:
        site.hall.create("maker", quote("ask", 5_200, 100))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(site.ask, "POST", ORDERS, form())
            await trio.sleep(0.005)
            site.hall.venue.open_account("rival", {0: 1_000_000})
            site.hall.create("rival", order("bid", 5_200, 100))

        assert site.hall.venue.position_centi("us", HOME) == 0


async def test_without_a_profile_nothing_waits(autojump_clock: trio.testing.MockClock) -> None:
    async with serving(seeded()) as site:
        before = trio.current_time()
        status, _ = await site.ask("POST", ORDERS, form())

        assert status == 201
        assert trio.current_time() == before


async def test_a_stream_opens_with_a_signature_only(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site:
        async with site.stream(signed=False) as socket:
            assert socket.head.startswith(b"HTTP/1.1 401 ")
        async with site.stream() as socket:
            assert socket.head.startswith(b"HTTP/1.1 101 ")


async def test_the_feed_is_as_late_as_the_profile_says_and_in_order(
    autojump_clock: trio.testing.MockClock,
) -> None:
    distant = LatencyProfile(feed=Delay(10.0, 5.0))
    async with serving(seeded(), distant) as site, site.stream() as socket:
        await socket.subscribe("orderbook_delta")
        assert (await socket.message())["type"] == "subscribed"
        assert (await socket.message())["type"] == "orderbook_snapshot"
        before = trio.current_time()
        for _ in range(20):
            site.hall.create("maker", quote("bid", 4_000, 100))
        said = [await socket.message() for _ in range(20)]

        assert [message["seq"] for message in said] == list(range(2, 22))
        assert 0.010 <= trio.current_time() - before < 0.1


async def test_the_venue_pings_every_ten_seconds(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site, site.stream() as socket:
        before = trio.current_time()
        for beat in (1, 2):
            event = await socket.event()
            assert isinstance(event, Ping)
            assert bytes(event.payload) == b"heartbeat"
            assert round(trio.current_time() - before) == 10 * beat


async def test_it_is_known_when_the_first_book_is_watched(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site, site.stream() as socket:
        await socket.subscribe("trade")
        await socket.message()
        assert not site.server.book_watched.is_set()

        await socket.subscribe("orderbook_delta")
        await socket.message()
        assert site.server.book_watched.is_set()


async def test_a_client_that_falls_behind_is_told_and_cut(
    autojump_clock: trio.testing.MockClock,
) -> None:
    slow = LatencyProfile(feed=Delay(1_000.0))
    async with serving(seeded(), slow, outbox_frames=5) as site, site.stream() as socket:
        await socket.subscribe("orderbook_delta")
        await trio.sleep(2)
        for _ in range(10):
            site.hall.create("maker", quote("bid", 4_000, 100))
        *_, error, goodbye = await socket.rest()

        assert isinstance(error, TextMessage)
        assert msgspec.json.decode(error.data)["msg"]["code"] == 25
        assert isinstance(goodbye, CloseConnection)
        assert goodbye.code == 1013


async def test_a_lost_message_is_a_gap_on_every_connection(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site, site.stream() as first, site.stream() as second:
        for socket in (first, second):
            await socket.subscribe("orderbook_delta")
            await socket.message()
            await socket.message()
        site.server.lose_next("orderbook_delta")
        for _ in range(2):
            site.hall.create("maker", quote("bid", 4_000, 100))

        assert [(await socket.message())["seq"] for socket in (first, second)] == [3, 3]


async def test_dropped_streams_end_without_a_goodbye_and_may_be_opened_anew(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site:
        async with site.stream() as socket:
            await socket.subscribe("orderbook_delta")
            await socket.message()
            await socket.message()

            assert site.server.drop_streams() == 1
            assert await socket.rest() == [None]
        assert site.server.drop_streams() == 0
        async with site.stream() as socket:
            assert socket.head.startswith(b"HTTP/1.1 101 ")


async def test_a_market_settles_by_itself_when_its_timer_has_run(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(seeded()) as site:
        site.hall.venue.close_market(HOME)
        site.hall.venue.determine(HOME, "yes")

        await trio.sleep(0.49)
        assert site.hall.venue.floor.market(HOME).status == "determined"
        await trio.sleep(0.02)
        assert site.hall.venue.floor.market(HOME).status == "finalized"


async def test_the_same_seed_is_the_same_conversation(
    autojump_clock: trio.testing.MockClock,
) -> None:
    seen = []
    for _ in range(2):
        async with serving(seeded(7), NJ) as site:
            start = trio.current_time()
            arrived = []
            for _ in range(3):
                status, body = await site.ask("POST", ORDERS, form())
                arrived.append((status, body["order_id"], round(trio.current_time() - start, 9)))
            seen.append(arrived)

    assert seen[0] == seen[1]


async def test_it_serves_orders_and_streams_over_one_tls_port(tmp_path: Path) -> None:
    papers = issue(tmp_path, "127.0.0.1")
    with trio.fail_after(20):
        async with serving(RealEnv(1), tls=papers.server, ca_file=papers.ca_file) as site:
            site.hall.create("maker", quote("ask", 5_200, 100))
            async with site.stream() as socket:
                await socket.subscribe("fill")
                await socket.message()
                status, body = await site.ask("POST", ORDERS, form())
                fill = await socket.message()

            assert (status, body["fill_count"]) == (201, "1.00")
            assert fill["msg"]["order_id"] == body["order_id"]
            status, body = await site.ask("GET", f"{ROOT}/portfolio/fills?limit=1")
            assert (status, len(body["fills"])) == (200, 1)
            assert site.server.counts.faults == 0
