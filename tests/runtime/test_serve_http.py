from collections.abc import AsyncIterator

import h11
import pytest
import trio
import trio.testing
from hypothesis import given, settings, strategies as st
from structlog.testing import capture_logs

from actors.runtime.serve import (
    Request,
    Response,
    WebSocketRoute,
    accept_all,
)
from tests.runtime.serving import QUICK, echo, get, narrow, post, serving

TWO_LENGTHS = (
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
)


async def test_requests_of_one_connection_are_answered_one_after_another() -> None:
    async with serving() as house:
        assert await house.client.ask(get("/a?x=1&y=")) == (
            200,
            b"GET /a (('x', '1'), ('y', '')) 0",
        )
        assert await house.client.ask(post(b"12345")) == (200, b"POST / () 5")


async def test_pipelined_requests_are_answered_in_their_order() -> None:
    async with serving() as house:
        await house.client.stream.send_all(get("/1") + post(b"22") + get("/3"))

        answers = [await house.client.answer() for _ in range(3)]

    assert [body for _, body in answers] == [b"GET /1 () 0", b"POST / () 2", b"GET /3 () 0"]


async def test_a_request_may_come_byte_by_byte(autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as house:
        for byte in post(b"hello"):
            await house.client.stream.send_all(bytes([byte]))
            await trio.testing.wait_all_tasks_blocked()

        assert await house.client.answer() == (200, b"POST / () 5")


async def test_chunked_bodies_are_joined() -> None:
    chunked = (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\n\r\n"
    )
    async with serving() as house:
        assert await house.client.ask(chunked + get("/next")) == (200, b"POST / () 7")
        assert await house.client.answer() == (200, b"GET /next () 0")


async def test_a_client_that_expects_100_is_told_to_go_on() -> None:
    head, body = post(b"12345", "Expect: 100-continue").split(b"\r\n\r\n")
    async with serving() as house:
        await house.client.stream.send_all(head + b"\r\n\r\n")
        assert (await house.client.stream.receive_some()).startswith(b"HTTP/1.1 100 ")
        assert await house.client.ask(body) == (200, b"POST / () 5")


async def test_a_body_too_long_is_refused_before_it_is_asked_for() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n"
    async with serving() as house:
        status, body = await house.client.ask(head)

    assert (status, body) == (413, b"413 the body is too long\n")


async def test_the_query_and_path_are_decoded_and_the_target_is_kept_raw() -> None:
    seen: list[Request] = []

    async def keep(request: Request) -> Response:
        seen.append(request)
        return Response(204)

    async with serving(keep) as house:
        assert await house.client.ask(get("/a%20b/%C3%A9?q=%2B+1")) == (204, b"")
        assert await house.client.ask(get("http://a:1/x?y=z", "X-Both: 1")) == (204, b"")

    assert (seen[0].path, seen[0].query) == ("/a b/é", (("q", "+ 1"),))
    assert seen[0].target == "/a%20b/%C3%A9?q=%2B+1"
    assert (seen[1].path, seen[1].query) == ("/x", (("y", "z"),))
    assert seen[1].header("x-both") == "1"
    assert seen[1].header("X-BOTH") == "1"
    assert seen[1].header("x-none") is None


async def test_head_is_answered_with_the_length_and_no_body() -> None:
    async with serving() as house:
        await house.client.stream.send_all(get("/").replace(b"GET", b"HEAD"))
        head, body = await house.client.whole_answer("HEAD")
        assert (head.status_code, body) == (200, b"")
        assert dict(head.headers)[b"content-length"] == b"11"

        assert await house.client.ask(get("/after")) == (200, b"GET /after () 0")


async def test_an_answer_without_a_body_has_no_type() -> None:
    async def empty(request: Request) -> Response:
        return Response(int(request.path[1:]))

    async with serving(empty) as house:
        for status in (200, 204, 304, 404):
            await house.client.stream.send_all(get(f"/{status}"))
            head, body = await house.client.whole_answer()
            assert (head.status_code, body) == (status, b"")
            assert b"content-type" not in dict(head.headers)


async def test_the_connection_closes_when_either_side_says_so() -> None:
    async def close(request: Request) -> Response:
        headers = (("connection", "close"),) if request.path == "/close" else ()
        return Response(200, headers=headers)

    for asked in (
        get("/", "Connection: close"),
        get("/close"),
        b"GET / HTTP/1.0\r\nHost: a\r\n\r\n",
    ):
        async with serving(close) as house:
            assert await house.client.ask(asked) == (200, b"")
            assert await house.client.is_closed()


async def test_a_faulty_handler_costs_its_connection_and_nothing_else() -> None:
    async def fail(request: Request) -> Response:
        raise ZeroDivisionError("secret detail")

    with capture_logs() as logs:
        async with serving(fail) as house:
            assert await house.client.ask(get("/x")) == (500, b"500 internal error\n")
            assert await house.client.is_closed()

    assert house.counts.faults == 1
    assert [(line["event"], line["path"]) for line in logs] == [("serve.fault", "/x")]
    assert isinstance(logs[0]["exc_info"], ZeroDivisionError)


async def test_a_handler_that_fails_in_a_nursery_of_its_own_is_a_faulty_handler() -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    async def spawn(request: Request) -> Response:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail)
        raise AssertionError

    with capture_logs():
        async with serving(spawn) as house:
            assert await house.client.ask(get()) == (500, b"500 internal error\n")


async def test_only_a_websocket_route_may_switch_protocols() -> None:
    async def switch(request: Request) -> Response:
        return Response(101)

    with capture_logs():
        async with serving(switch) as house:
            assert await house.client.ask(get()) == (500, b"500 internal error\n")


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (199, ()),
        (600, ()),
        (200, (("x", "a\r\nset-cookie: b"),)),
        (200, (("x y", "a"),)),
        (200, (("x", " padded "),)),
        (200, (("content-length", "3"),)),
        (200, (("Transfer-Encoding", "chunked"),)),
        (200, (("content-type", "text/plain"),)),
    ],
)
def test_a_response_that_could_break_the_wire_cannot_be_made(
    status: int, headers: tuple[tuple[str, str], ...]
) -> None:
    with pytest.raises(ValueError, match=r"not a|writes"):
        Response(status, headers=headers)
    with pytest.raises(ValueError, match="content type"):
        Response(content_type="text/html\r\n", status=200)


async def test_pieces_leave_as_they_come_and_the_connection_goes_on() -> None:
    sent = trio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"data: 1\n\n"
        await sent.wait()
        yield b""
        yield b"data: 2\n\n"

    async def handler(request: Request) -> Response:
        body = pieces() if request.path == "/events" else b"plain"
        return Response(200, body, content_type="text/event-stream")

    async with serving(handler) as house:
        await house.client.stream.send_all(get("/events") + get("/next"))
        seen = b""
        while b"data: 1" not in seen:
            seen += await house.client.stream.receive_some()
        sent.set()
        house.client.parser.receive_data(seen)
        head, body = await house.client.whole_answer()

        assert body == b"data: 1\n\ndata: 2\n\n"
        assert dict(head.headers)[b"content-type"] == b"text/event-stream"
        assert dict(head.headers)[b"transfer-encoding"] == b"chunked"
        assert await house.client.answer() == (200, b"plain")


async def test_a_client_that_leaves_ends_the_stream_and_closes_its_source(
    autojump_clock: trio.testing.MockClock,
) -> None:
    closed = trio.Event()

    async def forever() -> AsyncIterator[bytes]:
        try:
            yield b"first"
            await trio.sleep_forever()
        finally:
            closed.set()

    async def handler(request: Request) -> Response:
        return Response(200, forever())

    async with serving(handler) as house:
        await house.client.stream.send_all(get())
        await trio.sleep(1000)
        assert not closed.is_set()

        await house.client.stream.aclose()
        await house.over.wait()

    assert closed.is_set()


async def test_a_source_that_fails_cuts_the_answer_short() -> None:
    async def bad() -> AsyncIterator[bytes]:
        yield b"first"
        raise ZeroDivisionError

    async def handler(request: Request) -> Response:
        return Response(200, bad())

    with capture_logs() as logs:
        async with serving(handler) as house:
            with pytest.raises(h11.RemoteProtocolError, match="incomplete"):
                await house.client.ask(get())

    assert isinstance(logs[0]["exc_info"], ZeroDivisionError)


async def test_a_source_need_not_be_a_generator() -> None:
    send, receive = trio.open_memory_channel[bytes](2)
    send.send_nowait(b"one ")
    send.send_nowait(b"two")
    send.close()

    async def handler(request: Request) -> Response:
        return Response(200, aiter(receive))

    async with serving(handler) as house:
        assert await house.client.ask(get()) == (200, b"one two")


async def test_a_client_that_pipelines_too_much_behind_a_stream_waits(
    autojump_clock: trio.testing.MockClock,
) -> None:
    end = trio.Event()

    async def slow() -> AsyncIterator[bytes]:
        await end.wait()
        yield b"slow"

    async def handler(request: Request) -> Response:
        return Response(200, slow() if request.path == "/slow" else b"next")

    async with serving(handler, pair=narrow) as house, trio.open_nursery() as nursery:
        many = get("/next", "X: " + "y" * 900) * 30
        nursery.start_soon(house.client.stream.send_all, get("/slow") + many)
        nursery.start_soon(trio.sleep, 1)
        await trio.testing.wait_all_tasks_blocked()
        end.set()

        assert await house.client.answer() == (200, b"slow")
        for _ in range(30):
            assert await house.client.answer() == (200, b"next")


async def test_head_takes_nothing_from_the_source() -> None:
    taken: list[int] = []

    async def pieces() -> AsyncIterator[bytes]:
        taken.append(1)
        yield b"x"

    async def handler(request: Request) -> Response:
        return Response(200, pieces())

    async with serving(handler) as house:
        assert await house.client.ask(get().replace(b"GET", b"HEAD"), "HEAD") == (200, b"")

    assert not taken


async def test_an_old_client_reads_a_stream_to_its_end() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    async def handler(request: Request) -> Response:
        return Response(200, pieces())

    async with serving(handler) as house:
        assert await house.client.ask(b"GET / HTTP/1.0\r\n\r\n") == (200, b"onetwo")


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET /%FF HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /?" + b"&".join([b"a=1"] * 300) + b" HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET http://[::1/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 999 + b"\r\n\r\n", 400),
        (TWO_LENGTHS, 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4097\r\n\r\n", 413),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"1388\r\n" + b"x" * 5000,
            413,
        ),
        (get("/", "X: " + "y" * 3000), 431),
        (b"GET /" + b"y" * 9000, 431),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        (b"PRI * HTTP/2.0\r\nHost: a\r\n\r\n", 501),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    ],
)
async def test_what_is_not_a_request_we_take_is_refused_in_one_line(
    raw: bytes, status: int
) -> None:
    async with serving() as house:
        answer = await house.client.ask(raw)
        assert answer[0] == status
        assert answer[1].startswith(str(status).encode())
        assert answer[1].count(b"\n") == 1
        assert await house.client.is_closed()

    assert house.counts.refused == 1


async def test_a_head_request_is_refused_without_a_body() -> None:
    raw = b"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n"
    async with serving() as house:
        assert await house.client.ask(raw, "HEAD") == (413, b"")


async def test_a_head_request_leaves_no_trace_on_the_next() -> None:
    async with serving() as house:
        await house.client.stream.send_all(get().replace(b"GET", b"HEAD"))
        await house.client.whole_answer("HEAD")

        assert (await house.client.ask(b"GET / HTTP/1.1\r\nHost\r\n\r\n"))[0] == 400
        assert await house.client.is_closed()


async def test_headers_that_trickle_in_are_given_up(autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as house, trio.open_nursery() as nursery:

        async def trickle() -> None:
            for byte in get("/", "X: " + "y" * 100):
                await house.client.stream.send_all(bytes([byte]))
                await trio.sleep(0.1)

        nursery.start_soon(trickle)
        began = trio.current_time()
        assert await house.client.answer() == (408, b"408 the headers took too long\n")
        assert trio.current_time() - began == pytest.approx(QUICK.header_s)
        nursery.cancel_scope.cancel()


async def test_a_body_that_trickles_in_is_given_up(autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as house:
        await house.client.stream.send_all(post(b"12345")[:-1])
        began = trio.current_time()

        assert await house.client.answer() == (408, b"408 the body took too long\n")

        assert trio.current_time() - began == pytest.approx(QUICK.body_s)


async def test_an_idle_connection_ends_without_a_word(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving() as house:
        assert (await house.client.ask(get()))[0] == 200
        began = trio.current_time()

        assert await house.client.is_closed()

        assert trio.current_time() - began == pytest.approx(QUICK.idle_s)


async def test_a_client_that_never_reads_is_dropped_after_the_time_to_write(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(pair=narrow) as house:
        began = trio.current_time()
        await house.client.stream.send_all(get())

        await house.over.wait()

        assert trio.current_time() - began == pytest.approx(QUICK.write_s)


async def test_a_client_that_never_reads_a_stream_is_dropped(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def forever() -> AsyncIterator[bytes]:
        while True:
            yield b"tick"
            await trio.sleep(0.1)

    async def handler(request: Request) -> Response:
        return Response(200, forever())

    async with serving(handler, pair=narrow) as house:
        began = trio.current_time()
        await house.client.stream.send_all(get())

        await house.over.wait()

        assert trio.current_time() - began == pytest.approx(QUICK.write_s)


async def test_a_cancelled_server_lets_go_of_a_client_that_never_reads_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving(pair=narrow) as house:
        await house.client.stream.send_all(get())
        await trio.testing.wait_all_tasks_blocked()
        began = trio.current_time()
        house.scope.cancel()

    assert trio.current_time() == began


@pytest.mark.parametrize("cut", [0, 1, 10, 40, 75])
async def test_a_client_may_leave_at_any_point(cut: int) -> None:
    async with serving() as house:
        await house.client.stream.send_all(post(b"12345" * 5)[:cut])
        await house.client.stream.aclose()

        with trio.fail_after(5):
            await house.over.wait()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from(
                [
                    b"GET / HTTP/1.1\r\n",
                    b"POST /w HTTP/1.1\r\n",
                    b"Host: a\r\n",
                    b"Transfer-Encoding: chunked\r\n",
                    b"Content-Length: 5\r\n",
                    b"Upgrade: websocket\r\nConnection: upgrade\r\n",
                    b"Sec-WebSocket-Version: 13\r\n",
                    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
                    b"\r\n",
                    b"5\r\nhello\r\n",
                ]
            ),
        ),
        max_size=12,
    )
)
async def test_no_bytes_whatever_bring_the_server_down(pieces: list[bytes]) -> None:
    async with serving(w=WebSocketRoute(accept_all, echo)) as house:
        await house.client.stream.send_all(b"".join(pieces))
        await house.client.stream.send_eof()

        with trio.fail_after(10):
            await house.over.wait()

    assert house.counts.faults == 0
