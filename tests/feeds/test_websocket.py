"""A feed over a real WebSocket: the seeded network for faults, loopback for the real thing."""

from collections.abc import Awaitable, Callable
from functools import partial

import pytest
import trio
import trio.testing

from actors.feeds import websocket
from actors.feeds.codecs import polymarket
from actors.feeds.cookies import Cookies
from actors.feeds.errors import FeedGarbled, FeedLost, FeedStale, FeedUnreachable
from actors.feeds.feed import Epochs, Feed, FeedHealth
from actors.messages.feeds import FeedEvent
from actors.model.score import Score
from actors.runtime.env import Endpoint, Env, RealEnv
from actors.runtime.health import Health
from actors.runtime.latest import Latest
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.runtime.serve import (
    Request,
    Response,
    Session,
    SessionClosed,
    WebSocketRoute,
    accept_all,
    serve_connection,
)
from tests.feeds.provider import GOAL

Clock = trio.testing.MockClock
Play = Callable[[Session], Awaitable[None]]


async def nothing_here(_request: Request) -> Response:
    return Response(404, b"nothing here\n")


async def provider(env: Env, play: Play, *, task_status: trio.TaskStatus[Endpoint]) -> None:
    """Serve ``play`` to every WebSocket on ``/ws``."""

    async def session(_request: Request, session: Session) -> None:
        await play(session)

    async def serve(stream: trio.abc.Stream) -> None:
        routes = {"/ws": WebSocketRoute(accept_all, session)}
        await serve_connection(stream, nothing_here, websockets=routes)

    await env.listen(Endpoint("127.0.0.1", 0), serve, task_status=task_status)


def feed_at(
    env: Env, where: Endpoint, told: list[FeedEvent], *, path: str = "/ws", dead_after_s: float = 12
) -> Feed:
    return Feed(
        name="alpha",
        connect=partial(websocket.connect, env, f"ws://{where.authority}{path}"),
        decode=polymarket.decode,
        to_arbiter=told.append,
        env=env,
        epochs=Epochs(),
        vitals=Latest(FeedHealth()),
        health=Health("feed.alpha"),
        answers={polymarket.PING: polymarket.PONG},
        dead_after_s=dead_after_s,
    )


async def watch(
    env: Env,
    play: Play,
    error: type[Exception],
    *,
    path: str = "/ws",
    dead_after_s: float = 12,
) -> list[FeedEvent]:
    """Run one feed against ``play`` until it fails with ``error``."""
    told: list[FeedEvent] = []
    async with trio.open_nursery() as nursery:
        where: Endpoint = await nursery.start(partial(provider, env, play))
        with pytest.raises(error):
            await feed_at(env, where, told, path=path, dead_after_s=dead_after_s).run()
        nursery.cancel_scope.cancel()
    return told


@pytest.fixture(params=["seeded", "real"])
def env(request: pytest.FixtureRequest) -> Env:
    if request.param == "seeded":
        request.getfixturevalue("autojump_clock")
        return SeededEnv(1, MemoryNetwork(1))
    return RealEnv(seed=1)


async def test_a_ping_a_goal_and_a_goodbye_cross_the_wire(env: Env) -> None:
    answers: list[str | bytes] = []

    async def play(session: Session) -> None:
        await session.send("ping")
        answers.append(await session.receive())
        await session.send(GOAL)
        await session.send(GOAL.encode())

    told = await watch(env, play, FeedLost)

    assert answers == ["pong"]
    assert [one.kind for one in told] == ["opened", "heartbeat", "snapshot", "snapshot", "closed"]
    assert told[2].score == told[3].score == Score(1, 0)
    assert told[-1].reason == "FeedLost: closed with 1000 NORMAL_CLOSURE"


async def test_frames_of_one_read_share_its_stamp_and_keep_their_order(
    autojump_clock: Clock,
) -> None:
    env = SeededEnv(1, MemoryNetwork(1))
    second = GOAL.replace("1-0", "1-1")

    async def play(session: Session) -> None:
        await trio.sleep(1)
        frames = [b"\x81" + bytes((len(said),)) + said.encode() for said in (GOAL, second)]
        await session.send_raw(b"".join(frames))

    told = await watch(env, play, FeedLost)

    assert [one.score for one in told[1:3]] == [Score(1, 0), Score(1, 1)]
    assert told[1].received_ns == told[2].received_ns
    assert told[1].received_wall_ns == told[2].received_wall_ns


async def test_a_silent_peer_is_left_at_its_bound_and_not_a_minute_later(env: Env) -> None:
    async def play(session: Session) -> None:
        await session.send(GOAL)
        await trio.sleep_forever()

    began_s = trio.current_time()
    with trio.fail_after(60):
        told = await watch(env, play, FeedStale, dead_after_s=0.5)

    assert trio.current_time() - began_s < 30
    assert told[-1].reason == "FeedStale: silent for 0.5 s"


@pytest.mark.parametrize("frame", ["{", "x" * 70_000])
async def test_a_frame_outside_the_dialect_or_too_long_ends_the_connection(
    frame: str, autojump_clock: Clock
) -> None:
    env = SeededEnv(1, MemoryNetwork(1))

    async def play(session: Session) -> None:
        await session.send(GOAL)
        await session.send(frame)
        await trio.sleep_forever()

    told = await watch(env, play, FeedGarbled if frame == "{" else FeedLost)

    assert [one.kind for one in told] == ["opened", "snapshot", "closed"]


async def test_a_protocol_error_ends_the_connection(autojump_clock: Clock) -> None:
    env = SeededEnv(1, MemoryNetwork(1))

    async def play(session: Session) -> None:
        await session.send(GOAL)
        await session.send_raw(b"\xc1\x02{}")
        await trio.sleep_forever()

    assert (await watch(env, play, FeedLost))[-1].kind == "closed"


async def test_a_connection_that_breaks_is_lost(autojump_clock: Clock) -> None:
    env = SeededEnv(1, MemoryNetwork(1))

    async def play(session: Session) -> None:
        await session.send(GOAL)
        await session.abort()

    assert (await watch(env, play, FeedLost))[-1].kind == "closed"


async def test_a_provider_that_refuses_is_unreachable(env: Env) -> None:
    async def play(_session: Session) -> None:
        raise AssertionError("nobody gets this far")

    assert await watch(env, play, FeedUnreachable, path="/elsewhere") == []


async def test_nobody_there_is_unreachable(env: Env) -> None:
    told: list[FeedEvent] = []

    with pytest.raises(FeedUnreachable):
        await feed_at(env, Endpoint("127.0.0.1", 9), told).run()

    assert told == []


async def test_a_client_that_leaves_is_seen_to_leave(env: Env) -> None:
    gone = trio.Event()

    async def play(session: Session) -> None:
        await session.send(GOAL)
        with pytest.raises(SessionClosed):
            await session.receive()
        gone.set()

    told: list[FeedEvent] = []
    async with trio.open_nursery() as nursery:
        where: Endpoint = await nursery.start(partial(provider, env, play))
        async with trio.open_nursery() as feeds:
            await feeds.start(feed_at(env, where, told).run)
            feeds.cancel_scope.cancel()
        with trio.fail_after(60):
            await gone.wait()
        nursery.cancel_scope.cancel()

    assert told[-1].reason == "stopped"


async def test_the_cookie_that_leads_to_one_machine_is_shown_to_it_again(
    autojump_clock: Clock,
) -> None:
    env = SeededEnv(1, MemoryNetwork(1))
    shown: list[str | None] = []
    cookies = Cookies()

    async def accept(request: Request) -> Response | None:
        shown.append(request.header("cookie"))
        return Response(101, headers=(("set-cookie", f"sports-results=m{len(shown)}; Path=/"),))

    async def session(_request: Request, _session: Session) -> None:
        await trio.sleep(1)

    async def serve(stream: trio.abc.Stream) -> None:
        routes = {"/ws": WebSocketRoute(accept, session)}
        await serve_connection(stream, nothing_here, websockets=routes)

    async with trio.open_nursery() as nursery:
        where: Endpoint = await nursery.start(env.listen, Endpoint("127.0.0.1", 0), serve)
        for _ in range(3):
            async with websocket.connect(env, f"ws://{where.authority}/ws", cookies=cookies):
                pass
        nursery.cancel_scope.cancel()

    assert shown == [None, "sports-results=m1", "sports-results=m2"]
