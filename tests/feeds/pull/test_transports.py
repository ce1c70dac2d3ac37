"""Pulled feeds over a wire: the seeded network, and loopback for the real thing."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest
import trio
import trio.testing

from actors.config.profile import Feed as FeedSettings
from actors.feeds.codecs import Decode, live_data, sportradar
from actors.feeds.codecs.txline import TxLine
from actors.feeds.errors import FeedError, FeedGarbled, FeedLost, FeedStale, FeedUnreachable
from actors.feeds.feed import Connect, Epochs, Feed, FeedHealth
from actors.feeds.pull.pipe import Address
from actors.feeds.pull.poll import connect_poll
from actors.feeds.pull.polling import Polling
from actors.feeds.pull.streams import Place, connect_events, connect_lines
from actors.feeds.transports import carrier
from actors.messages.feeds import FeedEvent
from actors.runtime.env import Endpoint, Env, RealEnv
from actors.runtime.health import Health
from actors.runtime.latest import Latest
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.runtime.serve import Request, Response, serve_connection

Clock = trio.testing.MockClock
Handler = Callable[[Request], Awaitable[Response]]
DATE = "Sun, 22 Nov 2026 20:00:00 GMT"
OPENED_MS = 1_795_377_600_000
SSE = "text/event-stream"


def event(seq: int, home: int, after_ms: int) -> bytes:
    at_ms = OPENED_MS + after_ms
    body = {
        "FixtureId": 7,
        "Seq": seq,
        "Ts": at_ms,
        "StatusId": 2,
        "Participant1IsHome": True,
        "Action": "goal",
        "Confirmed": True,
        "Id": seq,
        "Score": {
            "Participant1": {"Total": {"Goals": home}},
            "Participant2": {"Total": {"Goals": 0}},
        },
    }
    return f"id: {at_ms}:{seq}\ndata: {json.dumps(body)}\n\n".encode()


async def http(env: Env, handler: Handler, *, task_status: trio.TaskStatus[Endpoint]) -> None:
    serve = partial(serve_connection, handler=handler)
    await env.listen(Endpoint("127.0.0.1", 0), serve, task_status=task_status)


async def raw(env: Env, answer: bytes, *, task_status: trio.TaskStatus[Endpoint]) -> None:
    async def serve(stream: trio.abc.Stream) -> None:
        await stream.receive_some(65_536)
        await stream.send_all(answer)
        await trio.sleep(30)

    await env.listen(Endpoint("127.0.0.1", 0), serve, task_status=task_status)


def feed_of(
    env: Env, connect: Connect, decode: Decode, told: list[FeedEvent], dead_after_s: float = 12
) -> Feed:
    return Feed(
        name="pulled",
        connect=connect,
        decode=decode,
        to_arbiter=told.append,
        env=env,
        epochs=Epochs(),
        vitals=Latest(FeedHealth()),
        health=Health("feed.pulled"),
        dead_after_s=dead_after_s,
    )


def scores(told: list[FeedEvent]) -> list[str]:
    return [one.score.text for one in told if one.score is not None]


@pytest.fixture(params=["seeded", "real"])
def env(request: pytest.FixtureRequest) -> Env:
    if request.param == "seeded":
        request.getfixturevalue("autojump_clock")
        return SeededEnv(1, MemoryNetwork(1))
    return RealEnv(seed=1)


async def test_a_dropped_event_stream_resumes_and_its_history_is_only_a_baseline(env: Env) -> None:
    asked: list[str | None] = []

    async def handler(request: Request) -> Response:
        asked.append(request.header("last-event-id"))
        first = len(asked) == 1

        async def body() -> AsyncIterator[bytes]:
            if first:
                yield b"retry: 10\n\n" + event(1, 0, 2_000)
            else:
                yield event(2, 1, -9_000) + event(3, 2, -8_000)
                yield b"event: heartbeat\ndata: {}\n\n" + event(4, 3, 5_000)

        return Response(200, body(), headers=(("date", DATE),), content_type=SSE)

    told: list[FeedEvent] = []
    place, dialect = Place(), TxLine()
    async with trio.open_nursery() as nursery:
        where: Endpoint = await nursery.start(partial(http, env, handler))
        address = Address(url=f"http://{where.authority}/stream")
        connect = partial(connect_events, env, address, place, begin=dialect.begin)
        feed = feed_of(env, connect, dialect, told)
        for _ in range(2):
            with trio.fail_after(60), pytest.raises(FeedLost, match="ended"):
                await feed.run()
        nursery.cancel_scope.cancel()

    assert asked == [None, f"{OPENED_MS + 2_000}:1"]
    assert scores([one for one in told if one.epoch == 1]) == ["0-0"]
    second = [one for one in told if one.epoch == 2 and not one.replay]
    # What was scored while we were away is one state; only the live goal is a step from it.
    assert scores(second) == ["2-0", "3-0"]


async def test_pushed_lines_are_followed_to_an_allowed_host_and_nowhere_else(env: Env) -> None:
    line = {"payload": {"sport_event_status": {"home_score": 1, "away_score": 0}}}

    async def handler(request: Request) -> Response:
        if request.path == "/subscribe":
            return Response(302, headers=(("location", "/stream"),))
        if request.path == "/away":
            return Response(302, headers=(("location", "http://elsewhere.invalid/"),))
        if request.path == "/loop":
            return Response(302, headers=(("location", "/loop"),))

        async def body() -> AsyncIterator[bytes]:
            yield b'{"heartbeat":{}}\n\n' + json.dumps(line).encode() + b"\n"

        return Response(200, body())

    told: list[FeedEvent] = []
    async with trio.open_nursery() as nursery:
        where: Endpoint = await nursery.start(partial(http, env, handler))
        for path, error, why in (
            ("/subscribe", FeedLost, "ended"),
            ("/away", FeedUnreachable, "not allowed"),
            ("/loop", FeedUnreachable, "redirects"),
        ):
            connect = partial(connect_lines, env, Address(url=f"http://{where.authority}{path}"))
            with trio.fail_after(60), pytest.raises(error, match=why):
                await feed_of(env, connect, sportradar.decode, told).run()
        nursery.cancel_scope.cancel()

    assert scores(told) == ["1-0"]


async def test_a_poller_tells_what_changed_and_lives_on_what_did_not(
    autojump_clock: Clock,
) -> None:
    env = SeededEnv(1, MemoryNetwork(1))
    conditions: list[str | None] = []

    async def handler(request: Request) -> Response:
        conditions.append(request.header("if-none-match"))
        number = len(conditions)
        if number == 2:
            return Response(304)
        if number == 4:
            return Response(403, b"no more")
        details = {"status": "live", "half": "1st", "home_points": number // 3, "away_points": 0}
        body = json.dumps({"live_datas": [{"milestone_id": "m", "details": details}]})
        return Response(200, body.encode(), headers=(("etag", f'"{number}"'),))

    told: list[FeedEvent] = []
    polling = Polling(every_s=1.0, rng=env.rng("poll"))
    async with trio.open_nursery() as nursery:
        where: Endpoint = await nursery.start(partial(http, env, handler))
        address = Address(url=f"http://{where.authority}/live_data")
        connect = partial(connect_poll, env, address, polling)
        with pytest.raises(FeedUnreachable, match="403: b'no more'"):
            await feed_of(env, connect, live_data.decode, told).run()
        nursery.cancel_scope.cancel()

    assert conditions == [None, '"1"', '"1"', '"3"']
    assert [one.kind for one in told] == [
        "opened",
        "snapshot",
        "heartbeat",
        "snapshot",
        "closed",
    ]
    assert scores(told) == ["0-0", "1-0"]


CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)

HOSTILE = {
    "gzip": (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b", FeedGarbled),
    "huge head": (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40_000, FeedGarbled),
    "other protocol": (b"SSH-2.0-Something\r\n\r\n", FeedGarbled),
    "login page": (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", FeedUnreachable),
    "refusal": (b"HTTP/1.1 401 No\r\nContent-Length: 3\r\n\r\nbad", FeedUnreachable),
    "slow head": (b"HTTP/1.1 200 OK\r\n", FeedUnreachable),
    "endless line": (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + b"d" * 70_000,
        FeedGarbled,
    ),
    "slow event": (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: never ended",
        FeedStale,
    ),
    "chunk of no size": (
        CHUNKED + b"z\r\n",
        FeedGarbled,
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_answer_costs_the_feed_its_connection(
    name: str, autojump_clock: Clock
) -> None:
    env = SeededEnv(1, MemoryNetwork(1))
    answer, error = HOSTILE[name]
    told: list[FeedEvent] = []
    async with trio.open_nursery() as nursery:
        where: Endpoint = await nursery.start(partial(raw, env, answer))
        address = Address(url=f"http://{where.authority}/")
        connect = partial(connect_events, env, address, Place())
        began_s = trio.current_time()
        with pytest.raises(FeedError) as caught:
            await feed_of(env, connect, TxLine(), told).run()
        nursery.cancel_scope.cancel()

    assert type(caught.value) is error
    assert len(str(caught.value)) < 500
    assert trio.current_time() - began_s <= 12.5


async def test_credentials_come_from_their_file_and_never_into_a_message(
    tmp_path: Path,
) -> None:
    env = RealEnv(seed=1)
    seen: list[str | None] = []
    secret = tmp_path / "headers"
    secret.write_text("# key\nX-Api-Key: hush\n")

    async def handler(request: Request) -> Response:
        seen.append(request.header("x-api-key"))
        return Response(403, b"who?")

    async with trio.open_nursery() as nursery:
        where: Endpoint = await nursery.start(partial(http, env, handler))
        address = Address(url=f"http://{where.authority}/", header_file=str(secret))
        connect = partial(connect_lines, env, address)
        with trio.fail_after(60), pytest.raises(FeedUnreachable, match="who"):
            await feed_of(env, connect, sportradar.decode, []).run()
        secret.write_text("hush without a colon\n")
        with trio.fail_after(60), pytest.raises(FeedUnreachable, match="line 1") as caught:
            await feed_of(env, connect, sportradar.decode, []).run()
        nursery.cancel_scope.cancel()

    assert seen == ["hush"]
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("transport", "codec"),
    [
        ("sse", "txline"),
        ("sse", "opticodds"),
        ("push_json", "sportradar"),
        ("http_poll", "live_data"),
    ],
)
async def test_a_profile_chooses_what_is_pulled_and_nobody_there_is_unreachable(
    transport: str, codec: str
) -> None:
    settings = FeedSettings(
        name="delta",
        transport=transport,  # type: ignore[arg-type] # one of the profile's own words
        codec=codec,  # type: ignore[arg-type] # the same
        url="http://127.0.0.1:9/",
        role="trigger",
    )
    env = SeededEnv(1, MemoryNetwork(1))
    way = carrier(env, settings)

    with pytest.raises(FeedUnreachable):
        await feed_of(env, way.connect, way.decode, []).run()


def test_a_transport_that_is_pulled_carries_only_its_own_dialects() -> None:
    with pytest.raises(ValueError, match="does not carry"):
        FeedSettings(name="d", transport="sse", codec="polymarket", url="", role="trigger")
