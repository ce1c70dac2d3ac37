"""Laws of reading responses: whole or lost, however the bytes are cut."""

import pytest
from hypothesis import given, settings, strategies as st

from actors.exchange.errors import ResponseLost
from actors.exchange.responses import LARGEST_BODY, LARGEST_HEAD, Response, ResponseReader

HEAD = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b'Content-Length: 8\r\n\r\n{"a":"b"'
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n5;x=y\r\nabcde\r\n0\r\n\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + WHOLE
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"

SOUND = {
    "whole": (WHOLE, Response(status=201, body=b'{"a":"b"')),
    "chunked": (CHUNKED, Response(status=201, body=b"{}\nabcde")),
    "interim": (INTERIM, Response(status=201, body=b'{"a":"b"')),
    "empty": (EMPTY, Response(status=204, body=b"")),
    "no body": (
        b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
        Response(status=500, body=b""),
    ),
}


def feed(reader: ResponseReader, pieces: list[bytes]) -> Response | None:
    answer = None
    for piece in pieces:
        assert answer is None, "a response was whole before its last byte"
        answer = reader.feed(piece)
    return answer


@pytest.mark.parametrize(("data", "expected"), SOUND.values(), ids=SOUND)
def test_a_response_fed_whole_is_read(data: bytes, expected: Response) -> None:
    assert ResponseReader().feed(data) == expected


@pytest.mark.parametrize(("data", "expected"), SOUND.values(), ids=SOUND)
def test_a_response_fed_byte_by_byte_is_the_same(data: bytes, expected: Response) -> None:
    assert feed(ResponseReader(), [data[i : i + 1] for i in range(len(data))]) == expected


@given(st.sampled_from(sorted(SOUND)), st.data())
def test_a_response_cut_anywhere_is_the_same(name: str, data: st.DataObject) -> None:
    whole, expected = SOUND[name]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(whole) - 1), max_size=5)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]

    assert feed(ResponseReader(), pieces) == expected


LINES = (
    b"Content-Length: 2",
    b"content-length: 2",
    b"Content-Length: 002",
    b"Content-Length: 3",
    b"Content-Length:2",
    b"Content-Length: 2, 2",
    b"Content-Length: +2",
    b"Content-Length:  2",
    b"Content-Length: 2 ",
    b"Transfer-Encoding: chunked",
    b"Connection: keep-alive",
    b"Connection: close",
    b"Connection: keep-alive, close",
    b"Upgrade: h2c",
    b"Date: Sun, 22 Nov 2026 17:06:21 GMT",
    b"X-Empty:",
    b"X-Empty: ",
    b"X Y: z",
    b"X: \x00",
    b"X: \xff",
    b"X: a\tb",
    b" folded",
    b": nameless",
    b"",
)
STATUS_LINES = (
    b"HTTP/1.1 201 Created",
    b"HTTP/1.1 409 Conflict",
    b"HTTP/1.1 204 No Content",
    b"HTTP/1.1 304 Not Modified",
    b"HTTP/1.1 500",
    b"HTTP/1.1 500 ",
    b"HTTP/1.1 103 Early Hints",
    b"HTTP/1.1 999 What",
    b"HTTP/1.0 200 OK",
    b"HTTP/2 200 OK",
    b"http/1.1 200 OK",
)


def outcome(pieces: list[bytes]) -> tuple[Response | None, bool]:
    """Return what became of these pieces, and whether another response can follow; lost: none."""
    reader = ResponseReader()
    try:
        answer = feed(reader, pieces)
        return answer, answer is not None and reader.next_one()
    except ResponseLost:
        return None, False


@given(
    st.sampled_from(STATUS_LINES),
    st.lists(st.sampled_from(LINES), max_size=4),
    st.sampled_from([b"\r\n", b"\n"]),
    st.sampled_from([b"{}", b"", b"{", b"{}\r\n", b"2\r\n{}\r\n0\r\n\r\n"]),
)
@settings(max_examples=400)
def test_the_usual_shape_in_one_read_means_what_it_means_in_two(
    status: bytes, lines: list[bytes], end: bytes, body: bytes
) -> None:
    whole = end.join([status, *lines, b"", body])

    # Only what comes whole in the first read takes the short way.
    assert outcome([whole]) == outcome([whole[:1], whole[1:]])


@pytest.mark.parametrize("data", [WHOLE, CHUNKED, INTERIM])
def test_an_end_before_the_last_byte_loses_the_response(data: bytes) -> None:
    for length in range(len(data)):
        reader = ResponseReader()
        if length:
            assert reader.feed(data[:length]) is None
        with pytest.raises(ResponseLost, match="closed"):
            reader.feed(b"")


def test_one_response_after_another_is_read() -> None:
    reader = ResponseReader()

    for data, expected in SOUND.values():
        assert reader.feed(data) == expected
        assert reader.next_one()


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}",
        WHOLE + b"HTTP/1.1 200 OK\r\n",
        WHOLE + b"x",
    ],
)
def test_a_connection_that_will_close_or_talks_on_brings_no_further_response(data: bytes) -> None:
    reader = ResponseReader()

    assert reader.feed(data) is not None
    assert not reader.next_one()


@pytest.mark.parametrize(
    "data",
    [
        b"220 smtp.example.com ESMTP\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"HTTP/1.1 201 Created\r\n\r\nno end in sight",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/2 200\r\n\r\n",
        HEAD + b"Content-Length: two\r\n\r\n",
        HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"X: " + b"y" * (2 * LARGEST_HEAD),
        HEAD + b"Content-Length: 10000000\r\n\r\n" + b"z" * (LARGEST_BODY + 1),
        b"HTTP/1.1 100 Continue\r\n\r\n" * 10,
    ],
)
def test_what_is_no_response_that_we_could_rely_on_loses_it(data: bytes) -> None:
    with pytest.raises(ResponseLost):
        ResponseReader().feed(data)


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_no_bytes_are_worse_than_a_lost_response(pieces: list[bytes]) -> None:
    reader = ResponseReader()
    try:
        for piece in pieces:
            reader.feed(piece)
    except ResponseLost:
        return


@given(st.integers(0, len(CHUNKED) - 1), st.integers(0, 255))
def test_a_damaged_response_is_lost_incomplete_or_read_but_never_a_crash(
    place: int, byte: int
) -> None:
    damaged = CHUNKED[:place] + bytes([byte]) + CHUNKED[place + 1 :]
    try:
        ResponseReader().feed(damaged)
    except ResponseLost:
        return
