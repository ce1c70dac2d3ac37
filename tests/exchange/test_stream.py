"""Laws of running the stream: what is wanted is followed, and what may be wrong is said."""

import base64
import json
from collections.abc import Callable, Sequence
from functools import partial

import attrs
import pytest
import trio
from cryptography.hazmat.primitives.asymmetric import ed25519
from trio.testing import MockClock

from actors.exchange.errors import StreamFailed, StreamSilent, WireGarbled
from actors.exchange.keys import SigningKey
from actors.exchange.signing import Signer
from actors.exchange.stream import open_stream, run_stream
from actors.exchange.stream_core import StreamCore
from actors.exchange.stream_values import StreamLost, StreamSnapshot, StreamValue
from actors.exchange.wire import read_error
from actors.model.orders import Ticker
from actors.runtime.env import Endpoint
from actors.runtime.latest import Latest
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.runtime.serve import WebSocketRoute, serve_connection
from actors.runtime.serve_http import Request, Response
from actors.runtime.serve_websocket import Session, SessionClosed
from actors.runtime.websocket_frames import WebSocketFailed, WebSocketRefused
from tests.exchange.books import BookReader, BookServer

A, B = Ticker("A"), Ticker("B")
KEY = ed25519.Ed25519PrivateKey.generate()
PATH = "/trade-api/ws/v2"


@attrs.define(eq=False)
class World:
    """A venue's stream, a network, and what we made of it."""

    network: MemoryNetwork
    env: SeededEnv
    books: BookServer
    endpoint: Endpoint
    sessions: list[Session]
    asked: list[Request]
    wanted: Latest[Sequence[Ticker]]
    values: list[StreamValue] = attrs.field(factory=list)
    proofs: list[int] = attrs.field(factory=list)
    reader: BookReader = attrs.field(factory=BookReader)
    core: StreamCore = attrs.field(factory=lambda: StreamCore((), 0))

    def hear(self, value: StreamValue) -> None:
        self.values.append(value)
        self.reader.apply([value])

    async def run(self, *, ping_s: float = 0.5, silent_s: float = 10.0) -> None:
        """Open the stream and run it until it fails."""
        sign = Signer(env=self.env, key_id="an-id", key=SigningKey(KEY))
        url = f"ws://{self.endpoint.authority}{PATH}"
        async with open_stream(self.env, url, sign=sign) as frames:
            await run_stream(
                frames,
                self.core,
                wanted=self.wanted,
                on_value=self.hear,
                now_ns=self.env.now_ns,
                ping_s=lambda: ping_s,
                on_proof=self.proofs.append,
                silent_s=silent_s,
            )

    async def say(self) -> None:
        """Send what the venue has to say."""
        while self.books.outbox:
            await self.sessions[-1].send(self.books.outbox.popleft())

    def lost(self) -> list[StreamLost]:
        return [value for value in self.values if isinstance(value, StreamLost)]


async def a_world(
    nursery: trio.Nursery, *tickers: Ticker, refusal: Response | None = None
) -> World:
    network = MemoryNetwork(1)
    env, books = SeededEnv(1, network), BookServer()
    books.change(A, "yes", 4_700, 300)
    books.change(B, "no", 5_200, 200)
    sessions: list[Session] = []
    asked: list[Request] = []

    async def accept(request: Request) -> Response | None:
        asked.append(request)
        return refusal

    async def serve(_request: Request, session: Session) -> None:
        sessions.append(session)
        while True:
            books.obey([str(await session.receive())])
            while books.outbox:
                await session.send(books.outbox.popleft())

    async def nothing(_request: Request) -> Response:
        return Response(404)

    endpoint: Endpoint = await nursery.start(
        env.listen,
        Endpoint("venue", 80),
        partial(
            serve_connection,
            handler=nothing,
            websockets={PATH: WebSocketRoute(accept=accept, serve=serve)},
        ),
    )
    wanted = Latest[Sequence[Ticker]](tickers)
    return World(network, env, books, endpoint, sessions, asked, wanted)


async def ended(
    world: World, nursery: trio.Nursery, meanwhile: Callable[[], object], **settings: float
) -> BaseException | None:
    """Run the stream, let ``meanwhile`` happen after five seconds, and return what ended it."""
    found: list[BaseException] = []

    async def run() -> None:
        try:
            await world.run(**settings)
        except (StreamFailed, WireGarbled, WebSocketFailed) as error:
            found.append(error)

    nursery.start_soon(run)
    await trio.sleep(5)
    meanwhile()
    await trio.sleep(60)
    return found[0] if found else None


async def test_the_handshake_is_signed_for_the_streams_path(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, A)
    nursery.start_soon(world.run)
    await trio.sleep(1)

    (request,) = world.asked
    stamp, text = (request.header(f"kalshi-access-{name}") for name in ("timestamp", "signature"))
    assert text is not None
    signature = base64.b64decode(text, validate=True)
    KEY.public_key().verify(signature, f"{stamp}GET{PATH}".encode())


async def test_what_is_wanted_is_followed_also_when_it_changes(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, A)
    nursery.start_soon(world.run)

    await trio.sleep(1)
    assert world.reader.books == {A: world.books.books[A]}
    world.wanted.set((A, B))
    await trio.sleep(1)
    assert world.reader.books == {A: world.books.books[A], B: world.books.books[B]}
    world.wanted.set((B,))
    await trio.sleep(1)
    assert world.reader.books == {B: world.books.books[B]}
    world.books.change(B, "yes", 4_000, 100)
    await world.say()
    await trio.sleep(1)
    assert world.reader.books == {B: world.books.books[B]}


async def test_a_gap_is_repaired_while_the_stream_runs(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, A, B)
    nursery.start_soon(world.run)
    await trio.sleep(1)

    world.books.change(A, "yes", 4_600, 100)
    world.books.outbox.clear()
    world.books.change(B, "yes", 4_000, 100)
    await world.say()
    await trio.sleep(1)

    assert [lost.reason for lost in world.lost()] == ["gap"]
    assert world.reader.books == world.books.books


async def test_a_quiet_stream_proves_its_life_by_pings_of_our_own(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, A)
    nursery.start_soon(partial(world.run, ping_s=0.5))
    await trio.sleep(30)

    heard = [value for value in world.values if isinstance(value, StreamSnapshot)]
    assert len(heard) == 1
    assert 50 <= len(world.proofs) <= 60
    assert world.proofs == sorted(world.proofs)
    age_ns = world.env.now_ns() - world.core.proved_ns
    assert age_ns < 700_000_000


async def test_a_stream_that_no_longer_answers_is_ended_and_its_books_are_lost(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, A)

    error = await ended(
        world, nursery, lambda: world.network.mute(world.endpoint), silent_s=3.0, ping_s=0.5
    )

    assert isinstance(error, StreamSilent)
    (lost,) = world.lost()
    assert (lost.tickers, lost.reason) == ((A,), "disconnected")
    assert 7_000_000_000 < lost.received_ns < 9_500_000_000


async def test_a_connection_that_breaks_says_so_in_no_group_and_its_books_are_lost(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, A)

    error = await ended(world, nursery, lambda: world.network.reset(world.endpoint))

    assert isinstance(error, WebSocketFailed)
    assert [lost.reason for lost in world.lost()] == ["disconnected"]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"type": "error", "sid": 1, "msg": {"code": 25, "msg": "overflow"}}, StreamFailed),
        ({"type": "orderbook_delta", "sid": 1, "seq": 2, "msg": {}}, WireGarbled),
    ],
    ids=["overflow", "garbled"],
)
async def test_a_stream_that_the_venue_ends_or_garbles_loses_its_books(
    autojump_clock: MockClock,
    nursery: trio.Nursery,
    message: dict[str, object],
    expected: type[Exception],
) -> None:
    world = await a_world(nursery, A)

    def overflow() -> None:
        world.books.outbox.append(json.dumps(message))
        nursery.start_soon(world.say)

    assert type(await ended(world, nursery, overflow)) is expected
    assert [lost.reason for lost in world.lost()] == ["disconnected"]


async def test_whoever_is_cancelled_says_that_its_books_are_lost(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, A)

    with trio.move_on_after(5):
        await world.run()

    assert [lost.reason for lost in world.lost()] == ["disconnected"]
    with pytest.raises(SessionClosed):
        await world.sessions[0].receive()


async def test_a_venue_that_does_not_want_us_says_why(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    words = b'{"error":{"code":"header_timestamp_expired","message":"header timestamp expired"}}'
    world = await a_world(nursery, A, refusal=Response(401, words))

    with pytest.raises(WebSocketRefused) as caught:
        await world.run()

    error = read_error(caught.value.status, caught.value.body)
    assert error is not None
    assert error.code == "header_timestamp_expired"
