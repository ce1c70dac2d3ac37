"""A WebSocket client against servers that behave, and servers that do not."""

from collections.abc import Awaitable, Callable
from typing import NoReturn

import pytest
import trio
import trio.testing
from trio_websocket import ConnectionClosed, WebSocketConnection

from actors.runtime.env import BadEndpoint, Endpoint, Env, RealEnv
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.runtime.websocket import (
    GOODBYE_S,
    Frames,
    WebSocketFailed,
    WebSocketRefused,
    open_websocket,
)
from tests.runtime.certificates import issue
from tests.runtime.websocket_servers import (
    SWITCHING,
    Rude,
    accepting,
    closing,
    echo,
    masked_close,
    polite,
    request,
    serving,
    text,
)

NOISE_S = 0.1
"""More than any round trip in memory, less than any wait for a goodbye."""


class Stale(Exception):
    """What an actor raises when it has waited long enough."""


async def test_messages_go_both_ways_and_a_pong_comes_back(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(polite(echo)) as (env, url), open_websocket(env, url) as frames:
        for number in range(100):
            await frames.send(f"message {number}")
        await frames.ping()
        got = [await frames.receive() for _ in range(100)]

    assert got == [f"message {number}" for number in range(100)]


async def test_bytes_stay_bytes(autojump_clock: trio.testing.MockClock) -> None:
    server = Rude(b"\x82\x02\x00\xff")
    async with serving(server.script) as (env, url), open_websocket(env, url) as frames:
        assert await frames.receive() == b"\x00\xff"


async def test_the_handshake_says_what_was_asked(autojump_clock: trio.testing.MockClock) -> None:
    heads: list[bytes] = []

    async def note(stream: trio.abc.Stream) -> None:
        heads.append(await request(stream))
        await stream.send_all(accepting(heads[0]))
        await stream.receive_some()

    async with (
        serving(note) as (env, url),
        open_websocket(
            env,
            url + "/feed/v1?match=7",
            headers=[("X-Key", "k"), ("X-Signature", "s=")],
            subprotocols=["v2.json", "v1.json"],
        ),
    ):
        pass

    lines = heads[0].split(b"\r\n")
    assert lines[0] == b"GET /feed/v1?match=7 HTTP/1.1"
    assert b"Host: " + url[5:].encode() in lines
    assert b"X-Key: k" in lines
    assert b"X-Signature: s=" in lines
    assert b"Sec-WebSocket-Protocol: v2.json, v1.json" in lines


async def test_leaving_in_peace_takes_a_round_trip_and_both_say_goodbye(
    autojump_clock: trio.testing.MockClock,
) -> None:
    ends: list[int] = []

    async def wait(connection: WebSocketConnection) -> None:
        with pytest.raises(ConnectionClosed) as caught:
            await connection.get_message()
        assert caught.value.reason is not None
        ends.append(caught.value.reason.code)

    async with serving(polite(wait)) as (env, url):
        async with open_websocket(env, url):
            start_s = trio.current_time()
        assert trio.current_time() - start_s < NOISE_S
        await trio.sleep(1)

    assert ends == [1000]


async def test_a_mute_server_is_left_in_a_quarter_of_a_second(
    autojump_clock: trio.testing.MockClock,
) -> None:
    server = Rude()
    async with serving(server.script) as (env, url):
        async with open_websocket(env, url):
            start_s = trio.current_time()
        assert trio.current_time() - start_s == pytest.approx(GOODBYE_S)


async def test_a_mute_server_is_left_at_once_by_an_exception_which_comes_out_bare(
    autojump_clock: trio.testing.MockClock,
) -> None:
    server = Rude()

    async def wait_too_long(env: Env, url: str) -> None:
        async with open_websocket(env, url) as frames:
            with trio.move_on_at(30):
                await frames.receive()
            raise Stale

    async with serving(server.script) as (env, url):
        with pytest.raises(Stale):
            await wait_too_long(env, url)
        assert trio.current_time() == pytest.approx(30)
        await trio.sleep(1)

    assert server.heard == masked_close(1000)


async def test_a_server_that_talks_on_after_our_goodbye_is_left_all_the_same(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def talk_on(stream: trio.abc.Stream) -> None:
        await stream.send_all(accepting(await request(stream)))
        while True:
            await stream.send_all(text(b"and another thing"))
            await trio.sleep(0.01)

    async with serving(talk_on) as (env, url):
        async with open_websocket(env, url) as frames:
            assert await frames.receive() == "and another thing"
            start_s = trio.current_time()
        assert trio.current_time() - start_s == pytest.approx(GOODBYE_S)


async def test_cancelling_from_outside_leaves_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    server = Rude()
    async with serving(server.script) as (env, url):
        with trio.move_on_after(10):
            async with open_websocket(env, url) as frames:
                await frames.receive()
        assert trio.current_time() == pytest.approx(10)
        await trio.sleep(1)

    assert server.heard == masked_close(1000)


async def test_a_group_raised_inside_comes_out_as_it_was(
    autojump_clock: trio.testing.MockClock,
) -> None:
    group = ExceptionGroup("two", [Stale(), ZeroDivisionError()])
    async with serving(polite(echo)) as (env, url):
        with pytest.raises(ExceptionGroup) as caught:
            async with open_websocket(env, url):
                raise group

    assert caught.value is group


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x81\x02\xff\xfe", 1007),  # not UTF-8
        (b"\xc1\x05hello", 1002),  # compressed, which nobody agreed to
        (b"\x81\x85\x00\x00\x00\x00hello", 1002),  # masked, which a server must not
        (b"\x83\x00", 1002),  # no such opcode
        (b"\x89\x7e\x00\x80" + bytes(128), 1002),  # a ping longer than a ping may be
        (b"\x80\x00", 1002),  # the rest of nothing
    ],
)
async def test_a_frame_that_is_none_ends_the_connection_at_once(
    frame: bytes, code: int, autojump_clock: trio.testing.MockClock
) -> None:
    server = Rude(text(b"good") + frame)
    async with serving(server.script) as (env, url):
        with pytest.raises(WebSocketFailed) as caught:
            await received(env, url, "good")
        assert trio.current_time() < NOISE_S
        await trio.sleep(1)

    assert caught.value.code == code
    assert server.heard == masked_close(code), "the server is told why"


async def received(env: Env, url: str, *wanted: bytes | str) -> NoReturn:
    """Receive what is wanted and then something more."""
    async with open_websocket(env, url, max_message_bytes=1000) as frames:
        for message in wanted:
            assert await frames.receive() == message
        pytest.fail(f"a message after the last: {await frames.receive()!r}")


async def test_a_message_longer_than_allowed_ends_the_connection(
    autojump_clock: trio.testing.MockClock,
) -> None:
    server = Rude(b"\x82\x7e\x03\xe8" + bytes(1000) + b"\x82\x7e\x03\xe9" + bytes(1001))
    async with serving(server.script) as (env, url):
        with pytest.raises(WebSocketFailed, match=r"1009 MESSAGE_TOO_BIG: .* 1000 bytes") as caught:
            await received(env, url, bytes(1000))

    assert caught.value.code == 1009


@pytest.mark.parametrize(
    ("says", "code", "why"),
    [
        (b"", 1006, "lost without a goodbye"),
        (closing(4001, b"token expired"), 4001, "closed with 4001 .*: token expired"),
        (closing(1001, b""), 1001, "closed with 1001 GOING_AWAY"),
    ],
)
async def test_what_came_before_the_end_is_received_and_then_the_end(
    says: bytes, code: int, why: str, autojump_clock: trio.testing.MockClock
) -> None:
    server = Rude(text(b"one") + text(b"two") + says, hangs_up=True)
    async with serving(server.script) as (env, url), open_websocket(env, url) as frames:
        await trio.sleep(1)
        assert [await frames.receive(), await frames.receive()] == ["one", "two"]
        for _ in range(2):
            with pytest.raises(WebSocketFailed, match=why) as caught:
                await frames.receive()
            assert caught.value.code == code
        with pytest.raises(WebSocketFailed):
            await frames.send("anybody?")
        with pytest.raises(WebSocketFailed):
            await frames.ping()


async def test_a_reset_is_a_failure_in_every_call_under_way(
    autojump_clock: trio.testing.MockClock,
) -> None:
    network = MemoryNetwork(1)
    async with (
        serving(Rude().script, SeededEnv(1, network)) as (env, url),
        open_websocket(env, url) as frames,
        trio.open_nursery() as nursery,
    ):
        for call in (frames.receive, frames.ping):
            nursery.start_soon(fails, call)
        await trio.testing.wait_all_tasks_blocked()
        network.reset(Endpoint.parse(url))


async def fails(call: Callable[[], Awaitable[object]]) -> None:
    with pytest.raises(WebSocketFailed):
        await call()


async def test_pings_are_answered_and_told_although_nobody_receives(
    autojump_clock: trio.testing.MockClock,
) -> None:
    ponged: list[bool] = []

    async def flood(connection: WebSocketConnection) -> None:
        for number in range(200):
            await connection.send_message(str(number))
        for payload in (b"heartbeat", b""):
            await connection.ping(payload)
            ponged.append(True)
        await connection.get_message()

    heard: list[bytes] = []
    async with (
        serving(polite(flood)) as (env, url),
        open_websocket(env, url, on_ping=heard.append) as frames,
    ):
        await trio.sleep(5)
        assert ponged == [True, True]
        assert heard == [b"heartbeat", b""]
        assert await frames.receive() == "0"


REFUSALS = [
    (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nleave", 403, b"leave"),
    (b"HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\nno key", 401, b"no key"),
    (
        b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwait\r\n0\r\n\r\n",
        503,
        b"wait",
    ),
    (b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302, b""),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi"),
]


@pytest.mark.parametrize(("said", "status", "body"), REFUSALS)
async def test_a_server_that_does_not_want_us_says_so(
    said: bytes, status: int, body: bytes, autojump_clock: trio.testing.MockClock
) -> None:
    async def refuse(stream: trio.abc.Stream) -> None:
        await request(stream)
        await stream.send_all(said)
        if b"Connection: close" not in said:
            await stream.receive_some()

    async with serving(refuse) as (env, url):
        start_s = trio.current_time()
        with pytest.raises(WebSocketRefused, match=f"status {status}") as caught:
            await opened(env, url)
        assert trio.current_time() - start_s < NOISE_S

    assert (caught.value.status, caught.value.body) == (status, body)


async def opened(env: Env, url: str) -> NoReturn:
    async with open_websocket(env, url):
        pytest.fail("there is no WebSocket here")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        SWITCHING + b"Sec-WebSocket-Accept: bm90IHlvdXIga2V5\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ],
)
async def test_a_handshake_that_goes_wrong_is_noticed_at_once(
    said: bytes, autojump_clock: trio.testing.MockClock
) -> None:
    async def botch(stream: trio.abc.Stream) -> None:
        await request(stream)
        await stream.send_all(said)
        if said:
            await stream.receive_some()

    async with serving(botch) as (env, url):
        start_s = trio.current_time()
        with pytest.raises(WebSocketFailed) as caught:
            await opened(env, url)
        assert trio.current_time() - start_s < NOISE_S

    assert caught.value.code is None
    assert not isinstance(caught.value, WebSocketRefused)


async def test_a_server_that_never_answers_is_given_up_in_time(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def mute(_: trio.abc.Stream) -> None:
        await trio.sleep_forever()

    async with serving(mute) as (env, url):
        with pytest.raises(WebSocketFailed, match="no WebSocket within 5 s"):
            await opened(env, url + "/feed")
        assert trio.current_time() == pytest.approx(5, abs=NOISE_S)


async def test_a_handshake_without_end_is_cut(autojump_clock: trio.testing.MockClock) -> None:
    async def ramble(stream: trio.abc.Stream) -> None:
        await request(stream)
        await stream.send_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 100000000\r\n\r\n")
        while True:
            await stream.send_all(b"x" * 1000)

    async with serving(ramble) as (env, url):
        with pytest.raises(WebSocketRefused) as caught:
            await opened(env, url)

    assert len(caught.value.body) < 1_000_000


async def test_nobody_there_is_a_failure(autojump_clock: trio.testing.MockClock) -> None:
    with pytest.raises(WebSocketFailed, match="nobody answers"):
        await opened(SeededEnv(1, MemoryNetwork(1)), "ws://nowhere:1/")


async def test_a_url_that_is_none_is_refused(autojump_clock: trio.testing.MockClock) -> None:
    with pytest.raises(BadEndpoint):
        await opened(SeededEnv(1, MemoryNetwork(1)), "nowhere")


async def test_a_send_cancelled_midway_ends_the_connection(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def deaf(stream: trio.abc.Stream) -> None:
        await stream.send_all(accepting(await request(stream)))
        await trio.sleep_forever()

    async with serving(deaf) as (env, url):
        start_s = 0.0
        async with open_websocket(env, url) as frames:
            with trio.move_on_after(1):
                while True:
                    await frames.send("x" * 10_000)
            with pytest.raises(WebSocketFailed):
                await frames.send("y")
            with pytest.raises(WebSocketFailed):
                await frames.receive()
            start_s = trio.current_time()
        assert trio.current_time() - start_s < NOISE_S


async def test_frames_come_over_real_tls_as_well(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    papers = issue(tmp_path_factory.mktemp("tls"), "127.0.0.1")
    heard: list[bytes] = []

    async def ping_and_echo(connection: WebSocketConnection) -> None:
        await connection.ping(b"hello")
        await echo(connection)

    with trio.fail_after(10):
        async with serving(polite(ping_and_echo), RealEnv(), papers.server) as (env, url):
            async with open_websocket(
                env, url, ca_file=papers.ca_file, on_ping=heard.append
            ) as frames:
                await talk(frames)
            with pytest.raises(WebSocketFailed, match="certificate not trusted"):
                await opened(env, url)

    assert heard == [b"hello"]


async def talk(frames: Frames) -> None:
    await frames.send("x" * 60_000)
    assert await frames.receive() == "x" * 60_000
    await frames.ping()
