import h11
import pytest
from hypothesis import given, strategies as st

from actors.runtime.serve_usual import Usual, read_usual, write_usual

PLAIN = b"POST /orders/a-b_c HTTP/1.1\r\nHost: venue\r\nX-Key:  a b\r\ncontent-length: 2\r\n\r\n{}"


def read(data: bytes) -> Usual | None:
    return read_usual(data, header_bytes=1_000, body_bytes=100)


def as_h11_reads(data: bytes) -> Usual:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    head, body = connection.next_event(), b""
    assert isinstance(head, h11.Request)
    while isinstance(event := connection.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert connection.trailing_data == (b"", False)
    headers = tuple((name.decode(), value.decode()) for name, value in head.headers)
    return Usual(head.method.decode(), head.target.decode(), headers, body)


def test_a_usual_request_is_read_as_the_grammar_reads_it() -> None:
    assert read(PLAIN) == as_h11_reads(PLAIN)


@pytest.mark.parametrize(
    "data",
    [
        PLAIN[:-1],
        PLAIN + b"G",
        PLAIN.replace(b"1.1", b"1.0"),
        PLAIN.replace(b"Host", b"Hosts"),
        PLAIN.replace(b"X-Key", b"Host"),
        PLAIN.replace(b"X-Key", b"Connection"),
        PLAIN.replace(b"X-Key", b"Transfer-Encoding"),
        PLAIN.replace(b"X-Key", b"Expect"),
        PLAIN.replace(b"X-Key", b"Content-Length"),
        PLAIN.replace(b"X-Key:", b"X-Key :"),
        PLAIN.replace(b"a b", b"a\x00b"),
        PLAIN.replace(b"a b", b"\xfcb"),
        PLAIN.replace(b"a b", b"a b "),
        PLAIN.replace(b" b\r\n", b"\r\n b\r\n"),
        PLAIN.replace(b"length: 2", b"length: +2"),
        PLAIN.replace(b"orders/", b"orders?"),
        PLAIN.replace(b"orders/", b"orders%2f"),
        PLAIN.replace(b"/orders", b"http://venue/orders"),
        PLAIN.replace(b"POST", b"HEAD"),
        PLAIN.replace(b"a b", b"x" * 1_000),
        PLAIN.replace(b"length: 2\r\n\r\n{}", b"length: 101\r\n\r\n" + b"x" * 101),
        b"",
    ],
)
def test_whatever_is_not_beyond_doubt_is_left_to_the_grammar(data: bytes) -> None:
    assert read(data) is None


@given(st.lists(st.sampled_from([*PLAIN.splitlines(keepends=True), b"a:b\r\n", b":", b"\n", b" "])))
def test_what_is_read_is_never_anything_else_than_the_grammar_says(parts: list[bytes]) -> None:
    data = PLAIN[: PLAIN.index(b"Host")] + b"".join(parts)
    usual = read(data)
    if usual is not None:
        assert usual == as_h11_reads(data)


def test_an_answer_is_what_the_grammar_writes() -> None:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(PLAIN)
    headers = [("date", "now"), ("content-length", "2")]
    whole = connection.send(h11.Response(status_code=201, headers=headers))
    whole += connection.send(h11.Data(data=b"{}")) + connection.send(h11.EndOfMessage())
    assert write_usual(201, headers, b"{}") == whole
