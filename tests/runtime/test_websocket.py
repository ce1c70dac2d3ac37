"""A WebSocket read straight from its wire, against servers good and bad."""

from collections.abc import Awaitable, Callable
from typing import NoReturn

import pytest
import trio
import trio.testing
from trio_websocket import ConnectionClosed, WebSocketConnection
from typing_extensions import override
from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection, Ping, Pong, TextMessage

from actors.runtime.env import BadEndpoint, Endpoint, Env, RealEnv, Wire
from actors.runtime.lanes import FULL_BYTES, Faults
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.runtime.websocket import BURST, GOODBYE_S, PONGS, WebSocket, open_websocket
from actors.runtime.websocket_frames import WebSocketFailed, WebSocketRefused
from tests.runtime.certificates import issue
from tests.runtime.websocket_servers import (
    SWITCHING,
    Rude,
    accepting,
    closing,
    echo,
    polite,
    request,
    serving,
    text,
)

Clock = trio.testing.MockClock
PONG_BYTES = 131
"""The longest, as it leaves."""
NOISE_S = 0.1
"""More than any round trip in memory, less than any wait for a goodbye."""


class Watched(SeededEnv):
    """A world that remembers the last wire it dialled."""

    wire: Wire

    @override
    async def dial(self, endpoint: Endpoint) -> Wire:
        self.wire = await super().dial(endpoint)
        return self.wire


class Stale(Exception):
    """What an actor raises when it has waited long enough."""


def said(raw: bytes | bytearray) -> list[str | bytes | int]:
    """Read what a client sent with wsproto: texts, payloads of pongs and pings, close codes."""
    server = Connection(ConnectionType.SERVER)
    server.receive_data(bytes(raw))
    found: list[str | bytes | int] = []
    under_way = ""
    for event in server.events():
        match event:
            case TextMessage():
                under_way += event.data
                if event.message_finished:
                    found.append(under_way)
                    under_way = ""
            case Ping() | Pong():
                found.append(bytes(event.payload))
            case CloseConnection():
                found.append(int(event.code))
            case _:
                raise AssertionError(event)
    return found


async def fails(call: Callable[[], Awaitable[object]]) -> None:
    with pytest.raises(WebSocketFailed):
        await call()


async def opened(env: Env, url: str) -> NoReturn:
    async with open_websocket(env, url):
        pytest.fail("there is no WebSocket here")


async def received(env: Env, url: str, *wanted: bytes | str) -> NoReturn:
    async with open_websocket(env, url, max_message_bytes=1000) as frames:
        for message in wanted:
            assert await frames.receive() == message
        pytest.fail(f"a message after the last: {await frames.receive()!r}")


# Reading


async def test_messages_of_one_read_come_without_waiting_and_with_its_stamp(
    autojump_clock: Clock,
) -> None:
    async def talk(stream: trio.abc.Stream) -> None:
        await stream.send_all(accepting(await request(stream)))
        await trio.sleep(3)
        await stream.send_all(text(b"one") + b"\x82\x01\xff" + text(b"three"))
        await stream.receive_some()

    async with serving(talk) as (env, url), open_websocket(env, url) as frames:
        one = await frames.hear()
        read_ns = env.now_ns()
        await trio.sleep(5)
        with trio.testing.assert_no_checkpoints():
            rest = [await frames.hear(), await frames.hear()]

    assert [one.message, *(each.message for each in rest)] == ["one", b"\xff", "three"]
    assert {each.read_ns for each in (one, *rest)} == {read_ns}
    assert one.read_wall_ns - one.read_ns == env.wall_ns() - env.now_ns()


async def test_a_message_in_pieces_is_stamped_by_its_last(autojump_clock: Clock) -> None:
    async def dawdle(stream: trio.abc.Stream) -> None:
        await stream.send_all(accepting(await request(stream)) + b"\x01\x01a\x80")
        await trio.sleep(4)
        await stream.send_all(b"\x01b")
        await stream.receive_some()

    async with serving(dawdle) as (env, url), open_websocket(env, url) as frames:
        heard = await frames.hear()

    assert heard.message == "ab"
    assert heard.read_ns == pytest.approx(4e9, abs=NOISE_S * 1e9)


async def test_a_cancelled_receive_has_lost_nothing(autojump_clock: Clock) -> None:
    async def talk(stream: trio.abc.Stream) -> None:
        await stream.send_all(accepting(await request(stream)) + b"\x81\x04wh")
        await trio.sleep(2)
        await stream.send_all(b"ol" + text(b"next"))
        await stream.receive_some()

    async with serving(talk) as (env, url), open_websocket(env, url) as frames:
        with trio.move_on_after(1):
            await frames.receive()
        assert [await frames.receive(), await frames.receive()] == ["whol", "next"]


async def test_a_flood_of_small_messages_lets_others_run(autojump_clock: Clock) -> None:
    server = Rude(text(b"") * 10 * BURST)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with (
        serving(server.script) as (env, url),
        open_websocket(env, url) as frames,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(other)
        for _ in range(10 * BURST):
            assert await frames.receive() == ""
        nursery.cancel_scope.cancel()

    assert turns >= 8


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (b"\x81\x02\xff\xfe", 1007),
        (b"\xc1\x05hello", 1002),
        (b"\x81\x85\x00\x00\x00\x00hello", 1002),
        (b"\x82\x7e\x03\xe9", 1009),
        (b"\x88\x02\x03\xed", 1002),
    ],
)
async def test_a_frame_that_is_none_ends_the_connection_and_the_server_is_told_why(
    bad: bytes, code: int, autojump_clock: Clock
) -> None:
    server = Rude(text(b"good") + bad + text(b"late"))
    async with serving(server.script) as (env, url):
        with pytest.raises(WebSocketFailed, match=f"closed with {code} ") as caught:
            await received(env, url, "good")
        assert trio.current_time() < NOISE_S
        await trio.sleep(1)

    assert caught.value.code == code
    assert said(server.heard) == [code]


@pytest.mark.parametrize(
    ("says", "code", "why"),
    [
        (b"", 1006, "lost without a goodbye"),
        (closing(4001, b"token expired"), 4001, "closed with 4001 .*: token expired"),
        (closing(1001, b"") + text(b"late"), 1001, "closed with 1001 GOING_AWAY"),
        (b"\x88\x00", 1005, "closed with 1005"),
    ],
)
async def test_what_came_before_the_end_is_received_and_then_the_end(
    says: bytes, code: int, why: str, autojump_clock: Clock
) -> None:
    server = Rude(text(b"one") + text(b"two") + says, hangs_up=True)
    async with serving(server.script) as (env, url), open_websocket(env, url) as frames:
        await trio.sleep(1)
        assert [await frames.receive(), await frames.receive()] == ["one", "two"]
        for _ in range(2):
            with pytest.raises(WebSocketFailed, match=why) as caught:
                await frames.receive()
            assert caught.value.code == code
        await fails(lambda: frames.send("anybody?"))
        await fails(frames.ping)


async def test_a_reset_ends_every_call_under_way(autojump_clock: Clock) -> None:
    async def deaf(stream: trio.abc.Stream) -> None:
        await stream.send_all(accepting(await request(stream)))
        await trio.sleep_forever()

    network = MemoryNetwork(1)
    async with (
        serving(deaf, SeededEnv(1, network)) as (env, url),
        open_websocket(env, url) as frames,
        trio.open_nursery() as nursery,
    ):
        for call in (frames.receive, frames.ping, lambda: frames.send("x" * 10**7), frames.ping):
            nursery.start_soon(fails, call)
        await trio.testing.wait_all_tasks_blocked()
        network.reset(Endpoint.parse(url))


# Answering and sending


async def test_pings_are_answered_in_order_while_somebody_receives(autojump_clock: Clock) -> None:
    server = Rude(b"\x89\x02hi" + text(b"one") + b"\x89\x00")
    told: list[bytes] = []
    async with (
        serving(server.script) as (env, url),
        open_websocket(env, url, on_ping=told.append) as frames,
    ):
        assert await frames.receive() == "one"
        await trio.sleep(1)
        assert said(server.heard) == [b"hi", b""]

    assert told == [b"hi", b""]


async def test_of_many_pings_at_once_the_newest_are_answered(autojump_clock: Clock) -> None:
    pings = [bytes((number,)) for number in range(100)]
    server = Rude()

    async def flood(stream: trio.abc.Stream) -> None:
        await stream.send_all(accepting(await request(stream)))
        await trio.sleep(1)
        await stream.send_all(b"".join(b"\x89\x01" + ping for ping in pings) + text(b"end"))
        while chunk := await stream.receive_some():
            server.heard += chunk

    async with serving(flood) as (env, url), open_websocket(env, url) as frames:
        assert await frames.receive() == "end"
        await trio.sleep(1)
        assert said(server.heard) == pings[-PONGS:]


async def test_a_server_that_pings_and_never_reads_cannot_make_us_grow(
    autojump_clock: Clock,
) -> None:
    async def pester(stream: trio.abc.Stream) -> None:
        await stream.send_all(accepting(await request(stream)))
        for _ in range(3 * FULL_BYTES // (PONGS * PONG_BYTES)):
            await stream.send_all((b"\x89\x7d" + bytes(125)) * PONGS)
            await trio.sleep(0.01)
        await trio.sleep_forever()

    env = Watched(1, MemoryNetwork(1))
    async with serving(pester, env) as (_, url), open_websocket(env, url) as frames:
        with trio.move_on_after(60):
            await frames.receive()
        assert 0 < env.wire.send_now(b"") <= PONGS * PONG_BYTES
        start_s = trio.current_time()
    assert trio.current_time() - start_s == pytest.approx(GOODBYE_S)


async def test_a_cancelled_send_is_whole_or_nothing_and_the_connection_lives(
    autojump_clock: Clock,
) -> None:
    heard = bytearray()
    listen = trio.Event()

    async def deaf_for_a_while(stream: trio.abc.Stream) -> None:
        await stream.send_all(accepting(await request(stream)))
        await listen.wait()
        while chunk := await stream.receive_some():
            heard.extend(chunk)

    sent = 0
    async with serving(deaf_for_a_while) as (env, url):
        async with open_websocket(env, url) as frames:
            for _ in range(5):
                with trio.move_on_after(1):
                    while True:
                        await frames.send(f"{sent:05d}" + "x" * 10_000)
                        sent += 1
            listen.set()
            await frames.send("still there")
        await trio.sleep(1)

    *messages, last, code = said(heard)
    assert (last, code) == ("still there", 1000)
    assert len(messages) in {sent, sent + 1}, "one may have left after its sender gave up"
    assert messages == [f"{number:05d}" + "x" * 10_000 for number in range(len(messages))]


async def test_a_ping_that_comes_while_a_send_waits_is_answered_behind_it(
    autojump_clock: Clock,
) -> None:
    heard = bytearray()

    async def slow(stream: trio.abc.Stream) -> None:
        await stream.send_all(accepting(await request(stream)))
        await trio.sleep(1)
        await stream.send_all(b"\x89\x02hi" + text(b"now"))
        await trio.sleep(1)
        while chunk := await stream.receive_some():
            heard.extend(chunk)

    async with serving(slow) as (env, url):
        async with open_websocket(env, url) as frames, trio.open_nursery() as nursery:
            nursery.start_soon(frames.send, "x" * 10**6)
            assert await frames.receive() == "now"
            assert trio.current_time() < 2
        await trio.sleep(1)

    assert said(heard) == ["x" * 10**6, b"hi", 1000]


async def test_short_writes_cut_no_frame(autojump_clock: Clock) -> None:
    heard = bytearray()

    async def listen(stream: trio.abc.Stream) -> None:
        await stream.send_all(accepting(await request(stream)))
        await stream.send_all(b"\x89\x02hi" * 3 + text(b"go"))
        while chunk := await stream.receive_some():
            heard.extend(chunk)

    env = SeededEnv(1, MemoryNetwork(1, faults=Faults(short_write=0.9)))
    async with serving(listen, env) as (_, url):
        async with open_websocket(env, url) as frames:
            assert await frames.receive() == "go"
            for number in range(20):
                await frames.send(f"message {number}")
        await trio.sleep(1)

    assert said(heard) == [b"hi"] * 3 + [f"message {number}" for number in range(20)] + [1000]


async def test_a_ping_of_ours_is_over_when_its_pong_is_read(autojump_clock: Clock) -> None:
    async def hear(frames: WebSocket) -> None:
        assert await frames.receive() == "the end"

    async with (
        serving(polite(echo)) as (env, url),
        open_websocket(env, url) as frames,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(hear, frames)
        for _ in range(3):
            await frames.ping()
        await frames.send("the end")


async def test_the_same_seed_says_the_same_bytes(autojump_clock: Clock) -> None:
    async def talk(seed: int) -> bytes:
        server = Rude(b"\x89\x02hi" + text(b"x"))
        async with serving(server.script, SeededEnv(seed, MemoryNetwork(1))) as (env, url):
            async with open_websocket(env, url) as frames:
                await frames.receive()
                await frames.send("a message")
            await trio.sleep(1)
        return bytes(server.heard)

    assert await talk(1) == await talk(1) != await talk(2)


# Leaving


async def test_leaving_in_peace_takes_a_round_trip_and_both_say_goodbye(
    autojump_clock: Clock,
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


async def test_a_mute_server_is_left_in_a_quarter_of_a_second(autojump_clock: Clock) -> None:
    async with serving(Rude().script) as (env, url):
        async with open_websocket(env, url):
            start_s = trio.current_time()
        assert trio.current_time() - start_s == pytest.approx(GOODBYE_S)


async def test_a_server_that_talks_on_after_our_goodbye_is_left_all_the_same(
    autojump_clock: Clock,
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


async def test_an_exception_leaves_at_once_says_goodbye_and_comes_out_bare(
    autojump_clock: Clock,
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

    assert said(server.heard) == [1000]


async def test_cancelling_from_outside_leaves_at_once(autojump_clock: Clock) -> None:
    server = Rude()
    async with serving(server.script) as (env, url):
        with trio.move_on_after(10):
            async with open_websocket(env, url) as frames:
                await frames.receive()
        assert trio.current_time() == pytest.approx(10)
        await trio.sleep(1)

    assert said(server.heard) == [1000]


async def test_a_group_raised_inside_comes_out_as_it_was(autojump_clock: Clock) -> None:
    group = ExceptionGroup("two", [Stale(), ZeroDivisionError()])
    async with serving(polite(echo)) as (env, url):
        with pytest.raises(ExceptionGroup) as caught:
            async with open_websocket(env, url):
                raise group

    assert caught.value is group


# Opening


async def test_a_server_that_does_not_want_us_says_why(autojump_clock: Clock) -> None:
    async def refuse(stream: trio.abc.Stream) -> None:
        await request(stream)
        await stream.send_all(b"HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\nno key")

    async with serving(refuse) as (env, url):
        with pytest.raises(WebSocketRefused, match="status 401") as caught:
            await opened(env, url)

    assert (caught.value.status, caught.value.body) == (401, b"no key")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        SWITCHING + b"Sec-WebSocket-Accept: bm90IHlvdXIga2V5\r\n\r\n",
    ],
)
async def test_a_handshake_that_goes_wrong_is_noticed_at_once(
    answer: bytes, autojump_clock: Clock
) -> None:
    async def botch(stream: trio.abc.Stream) -> None:
        await request(stream)
        await stream.send_all(answer)
        if answer:
            await stream.receive_some()

    async with serving(botch) as (env, url):
        with pytest.raises(WebSocketFailed) as caught:
            await opened(env, url)
        assert trio.current_time() < NOISE_S

    assert caught.value.code is None
    assert not isinstance(caught.value, WebSocketRefused)


async def test_a_server_that_never_answers_is_given_up_in_time(autojump_clock: Clock) -> None:
    async def mute(_: trio.abc.Stream) -> None:
        await trio.sleep_forever()

    async with serving(mute) as (env, url):
        with pytest.raises(WebSocketFailed, match="no WebSocket within 5 s"):
            await opened(env, url + "/feed")
        assert trio.current_time() == pytest.approx(5, abs=NOISE_S)


async def test_nobody_there_and_no_address_are_failures(autojump_clock: Clock) -> None:
    env = SeededEnv(1, MemoryNetwork(1))
    with pytest.raises(WebSocketFailed, match="nobody answers"):
        await opened(env, "ws://nowhere:1/")
    with pytest.raises(BadEndpoint):
        await opened(env, "nowhere")


async def test_frames_come_over_real_tls_from_trio_websockets_server(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    papers = issue(tmp_path_factory.mktemp("tls"), "127.0.0.1")
    told: list[bytes] = []

    async def ping_and_echo(connection: WebSocketConnection) -> None:
        await connection.ping(b"hello")
        await echo(connection)

    async def talk(frames: WebSocket) -> None:
        for size in (0, 125, 126, 65_535, 65_536, 500_000):
            await frames.send("x" * size)
            assert await frames.receive() == "x" * size

    with trio.fail_after(60):
        async with serving(polite(ping_and_echo), RealEnv(), papers.server) as (env, url):
            async with open_websocket(
                env,
                url,
                ca_file=papers.ca_file,
                on_ping=told.append,
                max_message_bytes=500_000,
            ) as frames:
                await talk(frames)
            with pytest.raises(WebSocketFailed, match="certificate not trusted"):
                await opened(env, url)

    assert told == [b"hello"]
