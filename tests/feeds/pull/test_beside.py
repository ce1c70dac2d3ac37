"""What a stream asks for beside itself: bearers that wear out, and how matches stand."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio
import trio.testing

from actors.config.profile import Feed as FeedSettings
from actors.feeds.errors import FeedError, FeedLost, FeedUnreachable
from actors.feeds.feed import Feed
from actors.messages.feeds import FeedEvent
from actors.runtime.env import Endpoint
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.runtime.serve import Request, Response, serve_connection
from tests.feeds.codecs.test_sportradar import EVENTS, MATCH, pushed, timeline
from tests.feeds.stand import DATE, OPENED_MS, feed_of

Clock = trio.testing.MockClock
Answer = Callable[[Request], Awaitable[Response]]
Told = list[FeedEvent]


@asynccontextmanager
async def standing(answer: Answer, transport: str, **more: str) -> AsyncIterator[tuple[Feed, Told]]:
    env = SeededEnv(1, MemoryNetwork(1))
    told: Told = []
    async with trio.open_nursery() as nursery:
        serve = partial(serve_connection, handler=answer)
        where: Endpoint = await nursery.start(env.listen, Endpoint("127.0.0.1", 0), serve)
        base = f"http://{where.authority}"
        settings = FeedSettings(
            name="alpha",
            transport=transport,  # type: ignore[arg-type]  # the test's
            codec="txline" if transport == "sse" else "sportradar",
            url=f"{base}/stream",
            role="trigger",
            **{name: base + path for name, path in more.items()},  # type: ignore[arg-type]  # both are URLs
        )
        yield feed_of(env, settings, told), told
        nursery.cancel_scope.cancel()


async def ended(feed: Feed) -> FeedError:
    with trio.fail_after(60), pytest.raises(FeedError) as caught:
        await feed.run()
    return caught.value


def action(seq: int, home: int, after_ms: int) -> dict[str, object]:
    score = {f"Participant{one}": {"Total": {"Goals": home * (2 - one)}} for one in (1, 2)}
    body = {"FixtureId": 7, "Seq": seq, "Ts": OPENED_MS + after_ms, "StatusId": 2, "Score": score}
    return {**body, "Participant1IsHome": True, "Action": "goal", "Confirmed": True, "Id": seq}


def events(*actions: dict[str, object]) -> Response:
    async def body() -> AsyncIterator[bytes]:
        for one in actions:
            yield f"data: {json.dumps(one)}\n\n".encode()

    return Response(200, body(), headers=(("date", DATE),), content_type="text/event-stream")


async def test_a_bearer_is_asked_for_kept_and_replaced_once_it_is_refused(
    autojump_clock: Clock,
) -> None:
    asked: list[tuple[str, str, str | None]] = []
    good = "one"

    async def answer(request: Request) -> Response:
        asked.append((request.method, request.path, request.header("authorization")))
        if request.path == "/auth/guest/start":
            return Response(200, json.dumps({"token": good}).encode())
        if request.header("authorization") != f"Bearer {good}":
            return Response(401, b"expired")
        return events(action(1, 0, 2_000))

    async with standing(answer, "sse", token_url="/auth/guest/start") as (feed, _):  # noqa: S106 - no secret
        assert isinstance(await ended(feed), FeedLost)
        assert isinstance(await ended(feed), FeedLost)
        good = "two"
        assert isinstance(await ended(feed), FeedLost)

    post, stream = ("POST", "/auth/guest/start", None), "/stream"
    assert asked == [
        post,
        ("GET", stream, "Bearer one"),
        ("GET", stream, "Bearer one"),
        ("GET", stream, "Bearer one"),
        post,
        ("GET", stream, "Bearer two"),
    ]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"token":7}', b'{"token":"a\\nb"}', b'{"token":"hush"}']
)
async def test_a_bearer_that_is_none_or_never_good_is_unreachable_and_not_shown(
    body: bytes, autojump_clock: Clock
) -> None:
    posts = 0

    async def answer(request: Request) -> Response:
        nonlocal posts
        posts += request.method == "POST"
        return Response(200, body) if request.method == "POST" else Response(401, b"never")

    async with standing(answer, "sse", token_url="/token") as (feed, _):  # noqa: S106 - no secret
        error = await ended(feed)

    assert isinstance(error, FeedUnreachable)
    assert "hush" not in str(error)
    assert posts <= 4


async def test_matches_in_play_are_asked_for_before_the_stream_opens_again(
    autojump_clock: Clock,
) -> None:
    asked: list[str] = []

    async def answer(request: Request) -> Response:
        asked.append(request.path)
        if request.path == "/stream":
            number = asked.count("/stream")
            return events(action(1, 0, 2_000) if number == 1 else action(9, 3, 60_000))
        past = [action(3, 2, -9_000), action(2, 1, -10_000)]
        return Response(200, json.dumps(past).encode())

    async with standing(answer, "sse", snapshot_url="/snapshot/{match}") as (feed, told):
        await ended(feed)
        await ended(feed)

    assert asked == ["/stream", "/snapshot/7", "/stream"]
    second = [one for one in told if one.epoch == 2 and one.score is not None]
    assert [(one.replay, one.score.text) for one in second if one.score] == [
        (True, "1-0"),
        (True, "2-0"),
        (False, "2-0"),
        (False, "3-0"),
    ]


async def test_what_was_missed_of_pushed_matches_is_the_difference_of_a_timeline(
    autojump_clock: Clock,
) -> None:
    async def answer(request: Request) -> Response:
        if request.path == "/live":
            body = {"sport_event_timelines": [timeline(EVENTS, 1, 1)]}
            return Response(200, json.dumps(body).encode())

        async def body_of() -> AsyncIterator[bytes]:
            goal = {"id": 99, "type": "score_change"}
            yield (pushed(goal, 2, 1) + "\n").encode()

        return Response(200, body_of())

    async with standing(answer, "push_json", snapshot_url="/live") as (feed, told):
        assert isinstance(await ended(feed), FeedLost)

    said = [(one.kind, one.replay, one.score and one.score.text) for one in told]
    assert said == [
        ("opened", False, None),
        ("score", True, "0-1"),
        ("review", True, None),
        ("review", True, None),
        ("snapshot", False, "1-1"),
        ("score", False, "2-1"),
        ("closed", False, None),
    ]
    assert {one.feed_match for one in told[1:-1]} == {MATCH}


@pytest.mark.parametrize("how", ["refused", "mute", "no UTF-8", "too long", "too much"])
async def test_a_snapshot_that_cannot_be_had_costs_nothing_but_itself(
    how: str, autojump_clock: Clock
) -> None:
    async def answer(request: Request) -> Response:
        if request.path == "/live":
            if how == "mute":
                await trio.sleep_forever()
            bodies = {"refused": b"too often", "no UTF-8": b"\xff", "too long": b"x" * 300_000}
            bodies["too much"] = b"[" + b"1," * 9_000 + b"1]"
            return Response(429 if how == "refused" else 200, bodies[how])

        async def body_of() -> AsyncIterator[bytes]:
            yield (pushed({"id": 1}, 0, 0) + "\n").encode()

        return Response(200, body_of())

    async with standing(answer, "push_json", snapshot_url="/live") as (feed, told):
        assert isinstance(await ended(feed), FeedLost)

    assert [one.kind for one in told] == ["opened", "heartbeat", "snapshot", "closed"]
    assert told[1].raw.startswith(b"event: no snapshot\n")
