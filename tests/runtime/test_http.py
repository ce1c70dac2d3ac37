"""HTTP over the Env: whole answers or one kind of failure, against scripted servers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NoReturn

import attrs
import httpx
import pytest
import trio
import trio.testing

from actors.runtime.env import BadEndpoint, Endpoint, Env, RealEnv
from actors.runtime.http import (
    HttpClient,
    HttpFailed,
    HttpResponse,
    ResponseTooLarge,
    client,
)
from actors.runtime.memory import MemoryNetwork, SeededEnv
from tests.runtime.certificates import issue

Answer = Callable[[trio.abc.Stream, bytes], Awaitable[None]]


def whole(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    head = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


@attrs.define
class Server:
    """Reads requests, keeps them, and lets ``answer`` say something to each."""

    answer: Answer
    requests: list[bytes] = attrs.field(factory=list)
    connections: int = 0

    async def serve(self, stream: trio.abc.Stream) -> None:
        self.connections += 1
        buffer = b""
        while True:
            while b"\r\n\r\n" not in buffer:
                chunk = await stream.receive_some()
                if not chunk:
                    return
                buffer += chunk
            head, _, buffer = buffer.partition(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.split(b"\r\n") if line[:15] == b"Content-Length:"),
                0,
            )
            while len(buffer) < length:
                buffer += await stream.receive_some()
            self.requests.append(head + b"\r\n\r\n" + buffer[:length])
            buffer = buffer[length:]
            await self.answer(stream, self.requests[-1])


@asynccontextmanager
async def serving(answer: Answer, env: Env | None = None) -> AsyncIterator[tuple[Env, str, Server]]:
    env = env or SeededEnv(1, MemoryNetwork(1))
    server = Server(answer)
    async with trio.open_nursery() as nursery:
        there = await nursery.start(env.listen, Endpoint("127.0.0.1", 0), server.serve)
        yield env, f"http://{there.authority}", server
        nursery.cancel_scope.cancel()


async def hello(stream: trio.abc.Stream, request: bytes) -> None:
    await stream.send_all(whole(b"hello", b"ETag: 7", b"Set-Cookie: a=b"))


async def test_a_request_says_what_was_asked_and_an_answer_is_whole(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(hello) as (env, url, server), HttpClient(env, url + "/v2") as http:
        got = await http.request(
            "POST",
            "/orders/groups",
            query=[("status", "open"), ("status", "a b")],
            headers=[("X-Key", "k")],
            body=b'{"a":1}',
        )

    assert got.status == 200
    assert got.body == b"hello"
    assert got.header("etag") == got.header("ETag") == "7"
    assert got.header("nothing") is None
    lines = server.requests[0].split(b"\r\n")
    assert lines[0] == b"POST /v2/orders/groups?status=open&status=a+b HTTP/1.1"
    assert b"Host: " + url[7:].encode() in lines
    assert b"X-Key: k" in lines
    assert b"Accept-Encoding: identity" in lines
    assert lines[-1] == b'{"a":1}'


async def test_one_connection_serves_request_after_request_and_no_cookie_is_kept(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(hello) as (env, url, server), HttpClient(env, url) as http:
        for _ in range(3):
            await http.request("GET", "/")
            await trio.sleep(3600)

    assert server.connections == 1
    assert not any(b"cookie" in request.lower() for request in server.requests)


async def test_any_status_is_an_answer_and_no_redirect_is_followed(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def elsewhere(stream: trio.abc.Stream, request: bytes) -> None:
        await stream.send_all(whole(b"", b"Location: /other", status=b"302 Found"))

    async with serving(elsewhere) as (env, url, server), HttpClient(env, url) as http:
        got = await http.request("GET", "/")

    assert got == HttpResponse(status=302, headers=got.headers, body=b"")
    assert len(server.requests) == 1


async def test_a_connection_its_peer_closed_while_idle_is_not_used_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def once(stream: trio.abc.Stream, request: bytes) -> None:
        await hello(stream, request)
        await stream.aclose()

    async with serving(once) as (env, url, server), HttpClient(env, url) as http:
        for _ in range(3):
            await http.request("GET", "/")
            await trio.sleep(1)

    assert server.connections == 3


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        whole(b"\x1f\x8b", b"Content-Encoding: gzip"),
    ],
)
async def test_what_is_not_a_whole_plain_answer_is_a_failure(
    said: bytes, autojump_clock: trio.testing.MockClock
) -> None:
    async def broken(stream: trio.abc.Stream, request: bytes) -> None:
        await stream.send_all(said)
        await stream.aclose()

    async with serving(broken) as (env, url, server), HttpClient(env, url) as http:
        with pytest.raises(HttpFailed):
            await http.request("GET", "/")

    assert len(server.requests) == 1, "nothing is tried again"


async def test_nobody_there_is_a_failure_and_the_next_request_dials_anew(
    autojump_clock: trio.testing.MockClock,
) -> None:
    network = MemoryNetwork(1)
    async with serving(hello, SeededEnv(1, network)) as (env, url, _), HttpClient(env, url) as http:
        network.kill(Endpoint.parse(url))
        with pytest.raises(HttpFailed, match=r"GET /x: ConnectError: .*nobody answers"):
            await http.request("GET", "/x")
        network.revive(Endpoint.parse(url))

        assert (await http.request("GET", "/x")).body == b"hello"


async def test_an_answer_longer_than_allowed_is_refused_before_it_is_read_whole(
    autojump_clock: trio.testing.MockClock,
) -> None:
    sent = 0

    async def flood(stream: trio.abc.Stream, request: bytes) -> None:
        nonlocal sent
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        while True:
            await stream.send_all(b"x" * 10_000)
            sent += 10_000

    async with serving(flood) as (env, url, _), HttpClient(env, url, max_body_bytes=50_000) as http:
        with pytest.raises(ResponseTooLarge):
            await http.request("GET", "/")

    assert sent < 10_000_000


async def test_an_answer_that_drips_for_ever_is_cut_at_the_deadline(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def drip(stream: trio.abc.Stream, request: bytes) -> None:
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            await trio.sleep(1)
            await stream.send_all(b"x")

    async with serving(drip) as (env, url, _), HttpClient(env, url, timeout_s=5) as http:
        start_s = trio.current_time()
        with pytest.raises(HttpFailed, match="GET /: no whole answer within 5 s"):
            await http.request("GET", "/")

        assert trio.current_time() - start_s == pytest.approx(5)


async def test_cancelled_requests_never_use_up_the_client(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def sometimes(stream: trio.abc.Stream, request: bytes) -> None:
        if b"GET /slow" in request:
            await trio.sleep(60)
        await hello(stream, request)

    async with serving(sometimes) as (env, url, _), HttpClient(env, url, max_connections=2) as http:

        async def give_up(after_s: float) -> None:
            with trio.move_on_after(after_s):
                await http.request("GET", "/slow")

        for _ in range(20):
            async with trio.open_nursery() as nursery:
                for number in range(5):
                    nursery.start_soon(give_up, 0.01 * number)
        got = await http.request("GET", "/quick")

    assert got.body == b"hello"


async def test_requests_beyond_the_bound_wait_and_the_wait_counts(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def slow(stream: trio.abc.Stream, request: bytes) -> None:
        await trio.sleep(2)
        await hello(stream, request)

    results: list[bool] = []

    async with (
        serving(slow) as (env, url, server),
        HttpClient(env, url, max_connections=1, timeout_s=5) as http,
    ):

        async def ask() -> None:
            try:
                await http.request("GET", "/")
                results.append(True)
            except HttpFailed:
                results.append(False)

        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(ask)

    assert sorted(results) == [False, False, True, True]
    assert server.connections <= 2


async def test_a_failure_does_not_disturb_the_others_under_way(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def mixed(stream: trio.abc.Stream, request: bytes) -> None:
        if b"GET /bad" in request:
            await stream.aclose()
        else:
            await trio.sleep(1)
            await hello(stream, request)

    bodies: list[bytes] = []
    async with serving(mixed) as (env, url, _), HttpClient(env, url) as http:

        async def good() -> None:
            bodies.append((await http.request("GET", "/good")).body)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(good)
            nursery.start_soon(good)
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(HttpFailed):
                await http.request("GET", "/bad")

    assert bodies == [b"hello", b"hello"]


async def test_a_stream_hands_over_what_comes_when_it_comes(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def push(stream: trio.abc.Stream, request: bytes) -> None:
        await stream.send_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for word in (b"data: 1\n\n", b"data: 2\n\n"):
            await trio.sleep(100)
            await stream.send_all(b"%x\r\n%s\r\n" % (len(word), word))
        await stream.send_all(b"0\r\n\r\n")

    async with serving(push) as (env, url, _), HttpClient(env, url, timeout_s=5) as http:
        got = b""
        async with http.stream("GET", "/events") as events:
            assert events.status == 200
            assert events.header("Transfer-Encoding") == "chunked"
            while chunk := await events.receive():
                got += chunk
            assert await events.receive() == b""

    assert got == b"data: 1\n\ndata: 2\n\n"


def fall() -> NoReturn:
    raise ZeroDivisionError


@pytest.mark.parametrize("how", ["return", "cancel", "raise"])
async def test_a_stream_can_be_left_at_any_moment(
    how: str, autojump_clock: trio.testing.MockClock
) -> None:
    async def push(stream: trio.abc.Stream, request: bytes) -> None:
        await stream.send_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await stream.send_all(b"5\r\nhello\r\n")
            await trio.sleep(0.1)

    async with serving(push) as (env, url, server), HttpClient(env, url) as http:
        start_s = trio.current_time()
        with trio.CancelScope() as scope:
            try:
                async with http.stream("GET", "/events") as events:
                    await events.receive()
                    if how == "cancel":
                        scope.cancel()
                        await trio.lowlevel.checkpoint()
                    if how == "raise":
                        fall()
            except ZeroDivisionError:
                assert how == "raise"
        assert trio.current_time() - start_s < 1
        async with http.stream("GET", "/events") as events:
            assert await events.receive()

    assert server.connections == 2


async def test_a_stream_without_a_head_in_time_is_a_failure(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def mute(stream: trio.abc.Stream, request: bytes) -> None:
        await trio.sleep_forever()

    async with serving(mute) as (env, url, _), HttpClient(env, url, timeout_s=5) as http:
        with pytest.raises(HttpFailed, match="within 5 s"):
            async with http.stream("GET", "/events"):
                pytest.fail("there is nothing to stream")


async def test_a_closed_client_asks_nobody(autojump_clock: trio.testing.MockClock) -> None:
    async with serving(hello) as (env, url, server):
        http = HttpClient(env, url)
        await http.aclose()
        with pytest.raises(trio.ClosedResourceError):
            await http.request("GET", "/")

    assert server.requests == []


async def test_a_client_reaches_its_own_origin_only(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(hello) as (env, url, server), HttpClient(env, url) as http:
        with pytest.raises(HttpFailed, match="UnsupportedProtocol"):
            await http.request("GET", "http://elsewhere.example/")

    assert server.requests == []


def test_a_base_that_is_no_url_is_refused_at_once() -> None:
    with pytest.raises(BadEndpoint):
        HttpClient(SeededEnv(1, MemoryNetwork(1)), "venue.example")


async def test_the_plain_httpx_client_fails_in_httpx_words(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def mute(stream: trio.abc.Stream, request: bytes) -> None:
        await trio.sleep_forever()

    async with serving(mute) as (env, url, _), client(env, url, timeout_s=3) as http:
        with pytest.raises(httpx.ReadTimeout):
            await http.get("/")


async def test_https_ends_in_the_dial_and_the_host_is_still_named(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    papers = issue(tmp_path_factory.mktemp("tls"), "127.0.0.1")
    env = RealEnv()
    server = Server(hello)

    async def listen(task_status: trio.TaskStatus[Endpoint]) -> None:
        here = Endpoint("127.0.0.1", 0)
        await env.listen(here, server.serve, tls=papers.server, task_status=task_status)

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            there = await nursery.start(listen)
            url = f"https://{there.authority}"
            async with HttpClient(env, url, ca_file=papers.ca_file) as http:
                assert (await http.request("GET", "/")).body == b"hello"
                assert (await http.request("GET", "/")).body == b"hello"
            with pytest.raises(HttpFailed, match="certificate not trusted"):
                async with HttpClient(env, url) as http:
                    await http.request("GET", "/")
            nursery.cancel_scope.cancel()

    assert server.connections == 1
    assert b"Host: " + there.authority.encode() in server.requests[0].split(b"\r\n")
