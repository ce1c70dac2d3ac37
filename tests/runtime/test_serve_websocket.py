import pytest
import trio
import trio.testing
import trio_websocket
from hypothesis import given, settings, strategies as st
from structlog.testing import capture_logs

from actors.runtime.serve import (
    Request,
    Response,
    Session,
    SessionClosed,
    WebSocketRoute,
    accept_all,
)
from tests.runtime.serving import (
    QUICK,
    UPGRADE,
    close_code,
    connected,
    echo,
    frame,
    get,
    narrow,
    raw_session,
    serving,
)


async def test_messages_come_back_through_an_independent_client() -> None:
    async with connected() as (client, house):
        for message in ("goal", "é" * 400, b"\x00\xff", "", b""):
            await client.send_message(message)
            assert await client.get_message() == message

    assert house.counts.sessions == 1


async def test_messages_sent_together_arrive_one_by_one_whatever_their_lengths() -> None:
    messages = ["", "é" * 62, "x" * 125, "x" * 126, "x" * 65_535, "é" * 32_768, "last"]

    async def flood(_request: Request, session: Session) -> None:
        await session.receive()
        await session.send_texts(messages)
        await session.receive()

    async with connected(flood) as (client, _):
        await client.send_message("go")
        assert [await client.get_message() for _ in messages] == messages
        await client.send_message("done")


async def test_fragments_are_joined_with_pings_answered_between_them() -> None:
    whole = "né".encode()
    pieces = (
        frame(1, whole[:2], fin=False)
        + frame(9, b"are you there")
        + frame(0, whole[2:], fin=False)
        + frame(0, b"", fin=True)
    )
    async with raw_session() as house:
        await house.client.stream.send_all(pieces)
        seen = b""
        while whole not in seen:
            seen += await house.client.stream.receive_some()

    assert seen == b"\x8a\rare you there" + b"\x81\x03" + whole


async def test_frames_sent_along_with_the_handshake_are_not_lost() -> None:
    async with raw_session(first=frame(1, b"early")) as house:
        assert await house.client.stream.receive_some() == b"\x81\x05early"


async def test_an_upgrade_may_be_refused_and_http_goes_on() -> None:
    async def nobody(request: Request) -> Response | None:
        return Response(401, b"{}", (("www-authenticate", "Key"),))

    async with serving(w=WebSocketRoute(nobody, echo)) as house:
        assert await house.client.ask(UPGRADE) == (401, b"{}")
        assert await house.client.ask(get("/x")) == (200, b"GET /x () 0")


async def test_a_101_accepts_with_headers_of_its_own() -> None:
    async def cookie(request: Request) -> Response | None:
        return Response(101, headers=(("set-cookie", "sticky=1"),))

    async with connected(accept=cookie) as (client, _):
        await client.send_message("x")
        assert await client.get_message() == "x"
        assert (b"set-cookie", b"sticky=1") in client.handshake_headers


async def test_a_faulty_accept_is_a_faulty_handler() -> None:
    async def fail(request: Request) -> Response | None:
        raise ZeroDivisionError

    with capture_logs():
        async with serving(w=WebSocketRoute(fail, echo)) as house:
            assert (await house.client.ask(UPGRADE))[0] == 500


async def test_the_handler_answers_what_no_route_takes() -> None:
    async with serving(w=WebSocketRoute(accept_all, echo)) as house:
        assert await house.client.ask(get("/w")) == (200, b"GET /w () 0")
        other = UPGRADE.replace(b"/w", b"/v")
        assert await house.client.ask(other) == (200, b"GET /v () 0")


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"Version: 13", b"Version: 8", 426),
        (b"Key: MDEy", b"Key: !!!!", 400),
        (b"Key: MDEy", b"Key: ", 400),
        (b"GET", b"POST", 400),
    ],
)
async def test_a_handshake_that_is_none_is_refused(old: bytes, new: bytes, status: int) -> None:
    async with serving(w=WebSocketRoute(accept_all, echo)) as house:
        assert (await house.client.ask(UPGRADE.replace(old, new)))[0] == status


async def test_the_client_s_goodbye_is_returned_and_ends_the_session() -> None:
    ended: list[SessionClosed] = []

    async def serve(request: Request, session: Session) -> None:
        try:
            await session.receive()
        except SessionClosed as closed:
            ended.append(closed)
            with pytest.raises(SessionClosed):
                await session.send("too late")
            with pytest.raises(SessionClosed):
                await session.receive()

    async with connected(serve) as (client, _):
        await client.aclose(4001, "enough")
        assert client.closed is not None
        assert client.closed.code == 4001

    assert [(closed.code, closed.reason) for closed in ended] == [(4001, "enough")]


async def test_a_session_that_returns_says_goodbye() -> None:
    async def brief(request: Request, session: Session) -> None:
        await session.send("bye")

    async with connected(brief) as (client, _):
        assert await client.get_message() == "bye"
        with pytest.raises(trio_websocket.ConnectionClosed) as closed:
            await client.get_message()
        assert closed.value.reason is not None
        assert closed.value.reason.code == 1000


async def test_a_session_that_fails_closes_with_1011() -> None:
    async def fail(request: Request, session: Session) -> None:
        raise ZeroDivisionError

    with capture_logs() as logs:
        async with connected(fail) as (client, _):
            with pytest.raises(trio_websocket.ConnectionClosed) as closed:
                await client.get_message()
            assert closed.value.reason is not None
            assert closed.value.reason.code == 1011

    assert isinstance(logs[0]["exc_info"], ZeroDivisionError)


async def test_tasks_of_a_session_may_all_end_by_its_closing() -> None:
    async def serve(request: Request, session: Session) -> None:
        async def beat() -> None:
            while True:
                await session.send("beat")
                await trio.sleep(0.001)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(beat)
            await session.receive()

    with capture_logs() as logs:
        async with connected(serve) as (client, house):
            await client.get_message()
            await client.aclose()
            await house.over.wait()

    assert not logs


async def test_pings_are_counted_by_their_pongs() -> None:
    pongs: list[tuple[int, int]] = []

    async def serve(request: Request, session: Session) -> None:
        opened_ns = session.pong_ns
        await session.ping(b"x")
        await session.receive()
        pongs.append((opened_ns, session.pong_ns))

    async with raw_session(serve) as house:
        assert await house.client.stream.receive_some() == b"\x89\x01x"
        await house.client.stream.send_all(frame(10, b"x") + frame(1, b"done"))
        assert await close_code(house) == 1000

    [(before, after)] = pongs
    assert before < after


async def test_sends_of_many_tasks_leave_whole_and_in_order() -> None:
    async def serve(request: Request, session: Session) -> None:
        async def say(name: str) -> None:
            for number in range(20):
                await session.send(f"{name} {number} " + "x" * 700)

        async with trio.open_nursery() as nursery:
            for name in ("a", "b", "c"):
                nursery.start_soon(say, name)

    async with connected(serve) as (client, _):
        said = [str(await client.get_message()).split()[:2] for _ in range(60)]

    for name in ("a", "b", "c"):
        assert [int(n) for who, n in said if who == name] == list(range(20))


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(1, b"x" * 1001), 1009),
        (frame(1, b"x" * 600, fin=False) + frame(0, b"x" * 600), 1009),
        (frame(1, b"\xff\xfe"), 1007),
        (frame(1, b"\xc3"), 1007),
        (frame(1, b"plain", masked=False), 1002),
        (frame(0, b"nothing to continue"), 1002),
        (frame(3, b"no such opcode"), 1002),
        (frame(9, b"x", fin=False), 1002),
        (frame(8, (999).to_bytes(2, "big")), 1002),
        (b"\xf1" + frame(1, b"reserved bits")[1:], 1002),
    ],
)
async def test_frames_that_break_the_rules_close_with_their_code(sent: bytes, code: int) -> None:
    async with raw_session() as house:
        await house.client.stream.send_all(sent)

        assert await close_code(house) == code

    assert house.counts.faults == 0


async def test_a_giant_frame_is_refused_before_it_is_whole() -> None:
    giant = b"\x81\xff" + (2**40).to_bytes(8, "big") + b"\0" * 4
    async with raw_session() as house:
        await house.client.stream.send_all(giant + b"x" * 1001)

        assert await close_code(house) == 1009


async def test_a_client_that_never_reads_its_frames_is_dropped(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def chatter(request: Request, session: Session) -> None:
        while True:
            await session.send("x")

    async with raw_session(chatter, pair=narrow) as house:
        began = trio.current_time()

        await house.over.wait()

        # The frame's deadline, then at most one goodbye's.
        assert trio.current_time() - began <= QUICK.write_s + QUICK.close_s


async def test_a_client_that_does_not_say_goodbye_is_left_after_a_second(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def brief(request: Request, session: Session) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(session.receive)
            await trio.testing.wait_all_tasks_blocked()
            await session.close(1001, "closing time")
            await session.close(1001, "twice is fine")

    async with raw_session(brief) as house:
        began = trio.current_time()

        assert await close_code(house) == 1001
        await house.over.wait()

        assert trio.current_time() - began == pytest.approx(QUICK.close_s)


async def test_a_cancelled_server_leaves_a_session_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def chatter(request: Request, session: Session) -> None:
        while True:
            await session.send("x")

    async with raw_session(chatter, pair=narrow) as house:
        await trio.testing.wait_all_tasks_blocked()
        began = trio.current_time()
        house.scope.cancel()

    assert trio.current_time() == began


async def test_nothing_follows_a_frame_that_was_cut_off(
    autojump_clock: trio.testing.MockClock,
) -> None:
    refused: list[int] = []

    async def serve(request: Request, session: Session) -> None:
        with trio.move_on_after(1):
            await session.send("never read")
        try:
            await session.send("after half a frame")
        except SessionClosed as closed:
            refused.append(closed.code)

    async with raw_session(serve, pair=narrow) as house:
        await house.over.wait()

    assert refused == [1006]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=10), st.booleans())
async def test_no_frames_whatever_bring_the_server_down(
    pieces: list[bytes],
    masked: bool,  # noqa: FBT001 - Hypothesis passes by name
) -> None:
    async with raw_session() as house:
        for piece in pieces:
            await house.client.stream.send_all(frame(len(piece) % 16, piece, masked=masked))
        await house.client.stream.send_all(b"".join(pieces))
        await house.client.stream.send_eof()

        with trio.fail_after(60):
            await house.over.wait()

    assert house.counts.faults == 0
