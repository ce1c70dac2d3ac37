"""The client's frames against the RFC: the cases of Autobahn's client tests, and a peer's code.

Each table names the groups of Autobahn's cases whose question it asks. Groups 12 and 13
are about compression, which is never offered.
"""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings, strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import (
    BytesMessage,
    CloseConnection,
    Event as PeerEvent,
    Ping as PeerPing,
    Pong as PeerPong,
    TextMessage,
)

from actors.runtime.rfc6455 import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    Closed,
    Event,
    Failed,
    FrameReader,
    Ping,
    Pong,
    client_frame,
    close_payload,
    describe,
)

MAX_BYTES = 200_000
KAPPA = "κόσμε".encode()
TOO_HIGH = b"\xf4\x90\x80\x80"
"""A code point above the last."""

LENGTHS = [0, 1, 125, 126, 127, 128, 65_535, 65_536]


def frame(first: int, payload: bytes = b"", length: int | None = None) -> bytes:
    """Return a server's frame; ``length`` lies about its payload."""
    size = len(payload) if length is None else length
    if size <= 125:
        return bytes((first, size)) + payload
    if size < 65_536:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


def fed(data: bytes, cut: int | None = None, max_bytes: int = MAX_BYTES) -> list[Event]:
    """Feed ``data`` whole, or in pieces of ``cut`` bytes."""
    reader = FrameReader(max_bytes)
    step = cut or max(1, len(data))
    return [
        event
        for start in range(0, len(data), step)
        for event in reader.feed(data[start : start + step])
    ]


def failure(events: list[Event]) -> int:
    (failed,) = events
    assert isinstance(failed, Failed)
    return failed.code


# Groups 1 (framing) and 9.1, 9.2 (lengths)


@pytest.mark.parametrize("cut", [None, 1, 2, 997])
@pytest.mark.parametrize("length", LENGTHS)
def test_a_message_of_any_length_is_read_as_text_and_as_bytes(length: int, cut: int | None) -> None:
    assert fed(frame(0x81, b"*" * length), cut) == ["*" * length]
    assert fed(frame(0x82, b"\xfe" * length), cut) == [b"\xfe" * length]


@pytest.mark.parametrize(
    "head", [b"\x82\x7e\x00\x7d", b"\x82\x7f" + bytes(6) + b"\xff\xff", b"\x82\x7f\x80" + bytes(7)]
)
def test_a_length_is_said_in_as_few_bytes_as_it_needs(head: bytes) -> None:
    assert failure(fed(head)) == 1002


# Group 2 (pings and pongs)


@pytest.mark.parametrize("payload", [b"", b"Hello, world!", b"\x00\xff\xfe\xfd", b"\xfe" * 125])
@pytest.mark.parametrize("cut", [None, 1])
def test_pings_and_pongs_come_as_they_are_and_in_order(payload: bytes, cut: int | None) -> None:
    data = frame(0x89, payload) + frame(0x8A, b"unasked") + frame(0x89, b"2") + frame(0x81, b"t")

    assert fed(data, cut) == [Ping(payload), Pong(b"unasked"), Ping(b"2"), "t"]


@pytest.mark.parametrize("first", [0x88, 0x89, 0x8A])
def test_a_control_frame_is_short_and_whole(first: int) -> None:
    assert failure(fed(frame(first, b"\xfe" * 126))) == 1002
    assert failure(fed(frame(first & 0x7F, b""))) == 1002


# Groups 3 (reserved bits) and 4 (opcodes)


@pytest.mark.parametrize("bits", range(0x10, 0x80, 0x10))
@pytest.mark.parametrize("first", [0x81, 0x82, 0x88, 0x89, 0x8A, 0x01, 0x80])
def test_a_reserved_bit_ends_it_after_what_came_before(bits: int, first: int) -> None:
    events = fed(frame(0x81, b"good") + frame(first | bits, b"") + frame(0x81, b"late"))

    assert events[0] == "good"
    assert failure(events[1:]) == 1002


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
def test_an_unknown_opcode_ends_it(opcode: int) -> None:
    assert failure(fed(frame(0x80 | opcode))) == 1002
    assert failure(fed(frame(opcode, b"payload"))) == 1002


@pytest.mark.parametrize("first", [0x81, 0x82, 0x89, 0x8A, 0x88])
def test_a_server_does_not_mask(first: int) -> None:
    assert failure(fed(bytes((first, 0x82)) + bytes(6))) == 1002


# Group 5 (fragments)


@pytest.mark.parametrize("cut", [None, 1, 3])
def test_fragments_are_one_message_and_control_frames_may_come_between(cut: int | None) -> None:
    data = (
        frame(0x01, b"frag")
        + frame(0x89, b"1")
        + frame(0x00, b"")
        + frame(0x8A, b"2")
        + frame(0x00, b"ment")
        + frame(0x89, b"3")
        + frame(0x80, b"")
        + frame(0x02, b"\xff")
        + frame(0x80, b"\xfe")
    )

    assert fed(data, cut) == [Ping(b"1"), Pong(b"2"), Ping(b"3"), "fragment", b"\xff\xfe"]


@pytest.mark.parametrize(
    "data",
    [
        frame(0x80, b"rest of nothing"),
        frame(0x00, b"rest of nothing"),
        frame(0x81, b"whole") + frame(0x80, b"rest of it"),
        frame(0x01, b"one") + frame(0x81, b"another"),
        frame(0x01, b"one") + frame(0x02, b"another"),
    ],
)
def test_fragments_belong_to_the_message_that_began_last(data: bytes) -> None:
    assert failure([event for event in fed(data) if event != "whole"]) == 1002


# Group 6 (UTF-8)

GOOD_TEXT = [
    KAPPA,
    "Hello-µ@ßöäüàá-UTF-8!!".encode(),
    b"\x00",
    b"\xc2\x80",
    b"\xe0\xa0\x80",
    b"\xf0\x90\x80\x80",
    b"\x7f",
    b"\xdf\xbf",
    b"\xef\xbf\xbf",
    b"\xf4\x8f\xbf\xbf",
    b"\xed\x9f\xbf",
    b"\xee\x80\x80",
    b"\xef\xbf\xbd",
]
BAD_TEXT = [
    TOO_HIGH,
    b"\x80",
    b"\xbf",
    b"\x80\xbf\x80\xbf",
    b"\xc0\xaf",
    b"\xe0\x80\xaf",
    b"\xf0\x80\x80\xaf",
    b"\xf8\x80\x80\x80\xaf",
    b"\xfc\x80\x80\x80\x80\xaf",
    b"\xc1\xbf",
    b"\xed\xa0\x80",
    b"\xed\xbf\xbf",
    b"\xed\xa0\x80\xed\xb0\x80",
    b"\xc0 ",
    b"\xe2\x28\xa1",
    b"\xf7\xbf\xbf\xbf",
    b"\xfe",
    b"\xff",
    b"\xce",  # cut short
    b"\xe1\xbd",
]


@pytest.mark.parametrize("cut", [None, 1])
@pytest.mark.parametrize("text", GOOD_TEXT)
def test_text_may_be_cut_anywhere(text: bytes, cut: int | None) -> None:
    assert fed(frame(0x81, text), cut) == [text.decode()]
    for place in range(len(text) + 1):
        parts = frame(0x01, text[:place]) + frame(0x89) + frame(0x80, text[place:])
        assert fed(parts, cut) == [Ping(b""), text.decode()]


@pytest.mark.parametrize("cut", [None, 1])
@pytest.mark.parametrize("bad", BAD_TEXT)
def test_text_that_is_none_fails_whole_or_in_fragments(bad: bytes, cut: int | None) -> None:
    assert failure(fed(frame(0x81, KAPPA + bad), cut)) == 1007
    for place in range(len(bad) + 1):
        assert failure(fed(frame(0x01, bad[:place]) + frame(0x80, bad[place:]), cut)) == 1007


def test_text_fails_at_its_bad_byte_and_not_at_its_end() -> None:
    """Group 6.4: in a fragment, and in a frame of which more is still to come."""
    assert failure(fed(frame(0x01, KAPPA + TOO_HIGH))) == 1007
    assert failure(fed(frame(0x01, KAPPA + b"\xf4") + frame(0x00, b"\x90"))) == 1007
    assert fed(frame(0x81, KAPPA + b"\xf4", length=100)) == []
    assert failure(fed(frame(0x81, KAPPA + b"\xf4\x90", length=100))) == 1007


def test_bytes_need_not_be_utf8_nor_the_payload_of_a_ping() -> None:
    assert fed(frame(0x02, b"\xff") + frame(0x89, b"\xff") + frame(0x80, TOO_HIGH)) == [
        Ping(b"\xff"),
        b"\xff" + TOO_HIGH,
    ]


# Group 7 (closing)


@pytest.mark.parametrize("code", [*range(1000, 1004), *range(1007, 1015), 3000, 3999, 4000, 4999])
def test_a_goodbye_says_a_code_and_a_reason(code: int) -> None:
    reason = "é" * 61
    payload = code.to_bytes(2, "big") + reason.encode()

    assert fed(frame(0x88, payload)) == [Closed(code, reason)]
    assert fed(frame(0x88, payload), 1) == [Closed(code, reason)]


@pytest.mark.parametrize(
    "code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]
)
def test_a_code_that_nobody_may_send_is_an_error(code: int) -> None:
    assert failure(fed(frame(0x88, code.to_bytes(2, "big")))) == 1002


def test_a_goodbye_may_say_nothing_but_not_half_a_code_nor_a_reason_that_is_no_text() -> None:
    assert fed(frame(0x88)) == [Closed(1005, "")]
    assert failure(fed(frame(0x88, b"\x03"))) == 1002
    assert failure(fed(frame(0x88, b"\x03\xe8" + TOO_HIGH))) == 1007


@pytest.mark.parametrize("late", [frame(0x81, b"x"), frame(0x89), frame(0x88), b"\xff\xff"])
def test_what_follows_a_goodbye_is_not_read(late: bytes) -> None:
    reader = FrameReader(MAX_BYTES)

    assert reader.feed(frame(0x81, b"last") + frame(0x88) + late) == ["last", Closed(1005, "")]
    assert reader.feed(late) == []


def test_what_follows_a_failure_is_not_read() -> None:
    reader = FrameReader(MAX_BYTES)

    assert failure(reader.feed(b"\xff\x00")) == 1002
    assert reader.feed(frame(0x81, b"late")) == []


# Groups 9.3 to 9.8 (fragments of every size, up to the bound) and 10.1


@pytest.mark.parametrize("size", [64, 1_000, 65_536])
def test_a_long_message_may_come_in_fragments_of_any_size(size: int) -> None:
    text = "µ*" * 50_000
    data = text.encode()
    starts = range(0, len(data), size)
    parts = [
        frame(
            (0x01 if start == 0 else 0) | (0x80 if start == starts[-1] else 0), data[start:][:size]
        )
        for start in starts
    ]

    assert fed(b"".join(parts)) == [text]
    assert fed(b"".join(parts), 1_300) == [text]


def test_a_message_of_the_bound_is_read_and_a_longer_one_fails_at_its_head() -> None:
    assert fed(frame(0x82, bytes(1000)), max_bytes=1000) == [bytes(1000)]
    assert failure(fed(frame(0x82, b"", length=1001), max_bytes=1000)) == 1009
    assert failure(fed(frame(0x02, bytes(1000)) + b"\x00\x01", max_bytes=1000)) == 1009
    assert failure(fed(frame(0x81, b"", length=2**62), max_bytes=1000)) == 1009


# Whatever comes

FIRSTS = st.sampled_from([0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8A, 0x88, 0xC1, 0x83])
FRAMES = st.builds(frame, FIRSTS, st.binary(max_size=140) | st.text(max_size=50).map(str.encode))
STREAMS = st.lists(FRAMES, max_size=8).map(b"".join) | st.binary(max_size=400)


@given(STREAMS, st.integers(1, 40), st.sampled_from([10, 100, MAX_BYTES]))
def test_bytes_one_at_a_time_say_what_the_whole_says(data: bytes, cut: int, max_bytes: int) -> None:
    whole = fed(data, None, max_bytes)

    assert fed(data, 1, max_bytes) == whole
    assert fed(data, cut, max_bytes) == whole
    ends = [at for at, event in enumerate(whole) if isinstance(event, Closed | Failed)]
    assert ends in ([], [len(whole) - 1])
    assert all(len(event) <= max_bytes for event in whole if isinstance(event, bytes))


# Against wsproto, whose code is not ours

PEER_EVENTS = st.one_of(
    st.builds(TextMessage, data=st.text(max_size=300), message_finished=st.booleans()),
    st.builds(BytesMessage, data=st.binary(max_size=300), message_finished=st.booleans()),
    st.builds(PeerPing, payload=st.binary(max_size=125)),
    st.builds(PeerPong, payload=st.binary(max_size=125)),
)


def meant(said: Iterable[PeerEvent]) -> list[Event]:
    """Say what a peer's events amount to, once its fragments are joined."""
    events: list[Event] = []
    text, data = "", b""
    for one in said:
        match one:
            case TextMessage():
                text += one.data
                if one.message_finished:
                    events.append(text)
                    text = ""
            case BytesMessage():
                data += bytes(one.data)
                if one.message_finished:
                    events.append(data)
                    data = b""
            case PeerPing():
                events.append(Ping(bytes(one.payload)))
            case PeerPong():
                events.append(Pong(bytes(one.payload)))
            case CloseConnection():
                events.append(Closed(int(one.code), one.reason or ""))
            case _:
                raise AssertionError(one)
    return events


@given(st.lists(PEER_EVENTS, max_size=10), st.integers(1, 500), st.text(max_size=30))
def test_what_wsproto_sends_is_read_as_it_was_meant(
    said: list[PeerEvent], cut: int, reason: str
) -> None:
    server = Connection(ConnectionType.SERVER)
    data, sent, under_way = b"", list[PeerEvent](), None
    for one in said:
        kind = type(one) if isinstance(one, TextMessage | BytesMessage) else None
        if kind is not None and under_way not in (None, kind):
            continue  # No sender begins a message inside another.
        data += server.send(one)
        sent.append(one)
        if isinstance(one, TextMessage | BytesMessage):
            under_way = None if one.message_finished else kind
    data += server.send(CloseConnection(4001, reason))

    assert fed(data, cut) == [*meant(sent), Closed(4001, reason)]


OURS = st.one_of(
    st.tuples(st.just(TEXT), st.text(max_size=300).map(str.encode)),
    st.tuples(st.just(BINARY), st.binary(max_size=300)),
    st.tuples(st.sampled_from([PING, PONG]), st.binary(max_size=125)),
)


@settings(deadline=None)
@given(st.lists(OURS, max_size=10), st.binary(min_size=4, max_size=4), st.text(max_size=100))
def test_what_we_send_wsproto_reads_as_it_was_meant(
    said: list[tuple[int, bytes]], mask: bytes, reason: str
) -> None:
    server = Connection(ConnectionType.SERVER)
    server.receive_data(
        b"".join(client_frame(opcode, payload, mask) for opcode, payload in said)
        + client_frame(CLOSE, close_payload(1001, reason), mask)
    )
    *heard, closed = meant(server.events())

    assert heard == [
        {TEXT: lambda p: p.decode(), BINARY: bytes, PING: Ping, PONG: Pong}[opcode](payload)
        for opcode, payload in said
    ]
    assert isinstance(closed, Closed)
    assert closed.code == 1001
    assert reason.startswith(closed.reason)


@pytest.mark.parametrize("length", LENGTHS)
def test_our_frames_say_their_length_in_each_form(length: int) -> None:
    server = Connection(ConnectionType.SERVER)
    server.receive_data(client_frame(BINARY, b"\xa5" * length, b"\x01\x02\x03\x04"))

    assert meant(server.events()) == [b"\xa5" * length]


@pytest.mark.parametrize("code", [1005, 1006, 1015])
def test_a_code_that_no_frame_may_say_becomes_a_goodbye_without_one(code: int) -> None:
    assert close_payload(code, "why") == b""


def test_the_end_is_told_in_one_line() -> None:
    assert describe(1000, "") == "closed with 1000 NORMAL_CLOSURE"
    assert describe(4001, "token expired") == "closed with 4001 PRIVATE_CODE: token expired"
