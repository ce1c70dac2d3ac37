"""The client's half of the opening handshake: what it asks, and which answers it takes."""

import pytest
from hypothesis import given, strategies as st

from actors.runtime.env import Endpoint
from actors.runtime.rfc6455_opening import (
    HEAD_BYTES,
    Botched,
    Opened,
    Opening,
    Refusal,
    Verdict,
    accept_token,
    host_of,
    resource_of,
)

KEY = b"the sample nonce"
TOKEN = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""RFC 6455 section 1.3."""


def opening(*subprotocols: str) -> Opening:
    return Opening(
        host="venue:8443",
        resource="/feed?match=7",
        key=KEY,
        headers=[("X-Key", "k")],
        subprotocols=subprotocols,
    )


def answer(*more: bytes, token: bytes = TOKEN, upgrade: bytes = b"websocket") -> bytes:
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: " + upgrade,
        b"Connection: keep-alive, Upgrade",
        b"Sec-WebSocket-Accept: " + token,
        *more,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def verdict(said: bytes, *subprotocols: str, cut: int | None = None) -> Verdict:
    """Feed ``said`` in pieces, and then the end of the connection."""
    shaking = opening(*subprotocols)
    step = cut or max(1, len(said))
    for start in range(0, len(said), step):
        found = shaking.feed(said[start : start + step])
        if found is not None:
            return found
    found = shaking.feed(b"")
    assert found is not None
    return found


def test_the_request_asks_for_a_websocket_and_says_what_was_given() -> None:
    first, *lines = opening("v2", "v1").request.split(b"\r\n")

    assert first == b"GET /feed?match=7 HTTP/1.1"
    assert lines == [
        b"Host: venue:8443",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Protocol: v2, v1",
        b"X-Key: k",
        b"",
        b"",
    ]


def test_the_proof_is_the_one_of_the_rfc() -> None:
    assert accept_token(b"dGhlIHNhbXBsZSBub25jZQ==") == TOKEN.decode()


@pytest.mark.parametrize("header", [("X", "a\r\nY: b"), ("X\n", "a"), ("X", "κ")])
def test_a_header_that_http_cannot_carry_is_the_callers_fault(header: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="no request"):
        Opening(host="venue", resource="/", key=KEY, headers=[header])


def test_frames_that_came_with_the_answer_are_not_lost() -> None:
    assert verdict(answer() + b"\x81\x02hi") == Opened(b"\x81\x02hi", None)


@pytest.mark.parametrize("cut", [1, 7])
def test_the_answer_may_come_in_pieces_and_after_other_hints(cut: int) -> None:
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"

    found = verdict(hint + answer(upgrade=b"WebSocket"), cut=cut)

    assert isinstance(found, Opened)


def test_a_subprotocol_is_one_that_was_offered() -> None:
    said = answer(b"Sec-WebSocket-Protocol: v1")

    assert verdict(said, "v2", "v1") == Opened(b"", "v1")
    assert isinstance(verdict(said), Botched)
    assert isinstance(verdict(said, "v2"), Botched)
    assert verdict(answer(), "v2") == Opened(b"", None)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (answer(token=b"bm90IHlvdXIga2V5"), "another key"),
        (answer(b"Sec-WebSocket-Accept: " + TOKEN), "another key"),
        (answer().replace(b"Accept", b"Except"), "another key"),
        (answer(upgrade=b"h2c"), "something else"),
        (answer().replace(b", Upgrade", b""), "not upgrade"),
        (answer(b"Sec-WebSocket-Extensions: permessage-deflate"), "extension"),
        (b"HTTP/1.1 101 -\r\n\r\n", "something else"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "not an answer"),
        (answer()[:-2], "ended in the handshake"),
        (b"", "ended in the handshake"),
        (b"HTTP/1.1 103 -\r\n\r\n" * 5_000, "longer than"),
        (b"HTTP/1.1 101 -\r\nX: " + b"x" * 70_000, "not an answer"),
    ],
)
def test_an_answer_that_is_none_is_told_from_a_refusal(said: bytes, why: str) -> None:
    found = verdict(said, cut=4_000)

    assert isinstance(found, Botched)
    assert why in found.why


@pytest.mark.parametrize("cut", [None, 1])
@pytest.mark.parametrize(
    ("said", "status", "body"),
    [
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nleave", 403, b"leave"),
        (b"HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\nno key", 401, b"no key"),
        (
            b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwait\r\n0\r\n\r\n",
            503,
            b"wait",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi"),
        (b"HTTP/1.1 400 Bad\r\nContent-Length: 9\r\n\r\ncut", 400, b"cut"),
    ],
)
def test_a_refusal_keeps_what_it_said(
    said: bytes, status: int, body: bytes, cut: int | None
) -> None:
    assert verdict(said, cut=cut) == Refusal(status, body)


def test_a_refusal_without_end_is_cut() -> None:
    found = verdict(b"HTTP/1.1 403 -\r\nContent-Length: 9999999\r\n\r\n" + bytes(200_000), cut=999)

    assert isinstance(found, Refusal)
    assert 0 < len(found.body) <= HEAD_BYTES


@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda tail: answer()[:-4] + tail))
def test_any_bytes_have_a_verdict(said: bytes) -> None:
    whole, pieces = verdict(said), verdict(said, cut=1)

    assert type(whole) is type(pieces)


def test_the_host_names_its_port_only_where_it_must() -> None:
    assert host_of(Endpoint("feed", 443, tls=True)) == "feed"
    assert host_of(Endpoint("feed", 80, tls=True)) == "feed:80"
    assert host_of(Endpoint("::1", 80)) == "[::1]"
    assert resource_of("ws://feed") == "/"
    assert resource_of("ws://feed/a?b=c") == "/a?b=c"
