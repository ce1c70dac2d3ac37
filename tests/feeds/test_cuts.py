"""Every core says the same however its bytes are cut: whole, one at a time, anywhere.

Recorded traffic and traffic that Hypothesis makes up; what a core cannot read it refuses
at any cut, by ``FeedGarbled`` or its own declared failure and by nothing else.
"""

import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given, settings, strategies as st

from actors.feeds.errors import FeedError, FeedGarbled
from actors.feeds.lightstreamer.lines import LineReader
from actors.feeds.lightstreamer.requests import Account, Wanted
from actors.feeds.lightstreamer.session import Session
from actors.feeds.pull.answers import Exchange, Head
from actors.feeds.pull.event_stream import EventStream
from actors.feeds.pull.pushed_lines import PushedLines
from actors.feeds.signalr.classic import Classic
from actors.feeds.signalr.hub import HubClient
from actors.feeds.signalr.records import RecordReader
from actors.runtime.rfc6455 import Failed, FrameReader
from tests.feeds.stand import END, WAYS, answer, beat, opening, state, text_frame
from tests.shared import shared

Said = list[object]
Core = Callable[[Sequence[bytes]], Said]
FOLDER: Final = shared("spec", "feeds")
SIZE: Final = 4_096
WANTED: Final = Wanted(group="matches", schema=tuple("abcdefghijk"[1:]), mode="MERGE")


def frames(pieces: Sequence[bytes]) -> Said:
    reader = FrameReader(SIZE)
    return [event for piece in pieces for event in reader.feed(piece)]


def records(pieces: Sequence[bytes]) -> Said:
    reader = RecordReader(SIZE)
    return [one for piece in pieces for one in reader.feed(piece)]


def hub(pieces: Sequence[bytes]) -> Said:
    client = HubClient(stateful=True)
    client.open(0.0)
    said: Said = [one for piece in pieces for one in client.feed(piece, 1.0)]
    return [*said, client.stage, *client.take()]


def classic(pieces: Sequence[bytes]) -> Said:
    """A socket's messages are whole, so that the cuts are of the frames below."""
    reader, client = FrameReader(SIZE), Classic(["feed"])
    client.connect("t")
    said: Said = []
    for piece in pieces:
        for event in reader.feed(piece):
            if isinstance(event, str | bytes):
                said += client.feed(event)
    return [*said, client.cursor]


def lines(pieces: Sequence[bytes]) -> Said:
    reader = LineReader()
    return [one for piece in pieces for one in reader.feed(piece)]


def session(pieces: Sequence[bytes]) -> Said:
    client = Session(Account(), [WANTED])
    client.open(0.0)
    said: Said = [one for piece in pieces for one in client.feed(piece, 1.0)]
    return [*said, client.count, client.stage, client.session, *client.take()]


def event_stream(pieces: Sequence[bytes]) -> Said:
    stream = EventStream()
    said: Said = [one for piece in pieces for one in stream.feed(piece) if one is not None]
    return [*said, stream.last_id, stream.retry_ms]


def pushed_lines(pieces: Sequence[bytes]) -> Said:
    reader = PushedLines()
    return [one for piece in pieces for one in reader.feed(piece) if one is not None]


def http_answers(pieces: Sequence[bytes]) -> Said:
    exchange = Exchange()
    exchange.ask("h", "/", [])
    said: Said = []
    body = b""
    for piece in pieces:
        exchange.feed(piece)
        while (found := exchange.next()) is not None:
            if isinstance(found, Head):
                said.append(found)
            elif found:
                body += found
            else:
                said.append(body)
                body = b""
                if not exchange.reusable:
                    return said
                exchange.ask("h", "/", [])
    return [*said, body]


CORES: Final[dict[str, Core]] = {
    "rfc6455": frames,
    "signalr records": records,
    "signalr hub": hub,
    "signalr classic": classic,
    "tlcp lines": lines,
    "tlcp session": session,
    "event stream": event_stream,
    "pushed lines": pushed_lines,
    "http answers": http_answers,
}

CLASSIC: Final = (
    '{"C":"c-0","S":1,"M":[]}',
    "{}",
    '{"R":{"match":{}},"I":"0"}',
    '{"C":"c-1","M":[{"H":"feed","M":"feed","A":["match",{"1":{"h":1}},"now"]}],"G":"g"}',
    '{"T":1}',
)


def talk(way: str) -> list[str]:
    """Return what our stand-in provider says in that way."""
    goals = [state(way, home) for home in range(4)]
    return [*opening(way, 5_000), *(word for goal in goals for word in (beat(way), goal))]


def vector(name: str) -> dict[str, list[object]]:
    body = json.loads((FOLDER / name).read_text("utf-8"))
    assert isinstance(body, dict)
    return body


UPDATES: Final[list[tuple[str, object]]] = json.loads(
    (FOLDER / "tlcp_vectors.json").read_text("utf-8")
)["update_stream"]
RECORDED: Final[dict[str, list[bytes]]] = {
    "rfc6455": [text_frame(word) for way in WAYS for word in talk(way) if len(word) < SIZE],
    "signalr records": [word.encode() for word in talk("signalr")],
    "signalr hub": [
        *(word.encode() for word in talk("signalr")),
        *((json.dumps(one) + END).encode() for one in vector("signalr_vectors.json")["messages"]),
    ],
    "signalr classic": [text_frame(word) for word in CLASSIC],
    "tlcp lines": [word.encode() for word in talk("lightstreamer")],
    "tlcp session": [
        b"WSOK\r\n",
        b"CONOK,S1,50000,5000,*\r\n",
        b"SUBOK,1,1,10\r\n",
        *(f"{line}\r\n".replace("U,3,", "U,1,").encode() for line, _ in UPDATES),
        b"LOOP,0\r\n",
        b"CONOK,S1,50000,5000,*\r\n",
        b"PROBE\r\n",
    ],
    "event stream": [
        (FOLDER / "txline_scores.constructed.sse").read_bytes(),
        b"\xef\xbb\xbfid: 7\r\ndata: \xc3\xa9\rdata: b\n\r\n:\nretry: 5\n\n",
    ],
    "pushed lines": [word.encode() for word in talk("push_json")] + [b"\r\n", b"\n"],
    "http answers": [
        answer(b'{"a":1}'),
        b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"  # noqa: ISC004 - one answer
        b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
        answer(b"", status="503 Busy"),
    ],
}
"""What each core's provider says, in order; each of our ways to carry a feed is in it."""
NOISE: Final = st.binary(max_size=12) | st.sampled_from(
    [b"\r\n", b"\x1e", b"\n\n", b"data: ", b"U,1,1,^", b"\x81\x03abc", b"\x88\x00", b"HTTP/1.1 "]
)
DECLARED: Final = (FeedError,)


def outcome(core: Core, pieces: Sequence[bytes]) -> Said | type[BaseException]:
    """Return what was said, or how it was refused: what stood before is given up with it."""
    try:
        said = core(pieces)
    except DECLARED as error:
        assert len(str(error)) < 700  # noqa: PT017 - most inputs raise nothing
        return FeedGarbled if isinstance(error, FeedGarbled) else FeedError
    return [type(one) if isinstance(one, Failed) else one for one in said]


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    at = sorted({0, len(data), *(min(place, len(data)) for place in places)})
    return [data[begins:ends] for begins, ends in pairwise(at)]


@pytest.mark.parametrize("name", CORES)
def test_recorded_traffic_is_read_the_same_one_byte_at_a_time(name: str) -> None:
    core, data = CORES[name], b"".join(RECORDED[name])

    whole = outcome(core, [data])

    assert isinstance(whole, list), whole
    assert len(whole) > len(RECORDED[name]) // 2
    assert outcome(core, [data[at : at + 1] for at in range(len(data))]) == whole
    for size in (2, 3, 7, 64):
        assert outcome(core, [data[at : at + size] for at in range(0, len(data), size)]) == whole


@settings(max_examples=40)
@given(st.data())
@pytest.mark.parametrize("name", CORES)
def test_traffic_of_any_kind_is_read_or_refused_the_same_at_every_cut(
    name: str, data: st.DataObject
) -> None:
    core = CORES[name]
    words = data.draw(st.lists(st.sampled_from(RECORDED[name]) | NOISE, max_size=6), "words")
    stream = b"".join(words)[:2_000]
    places = data.draw(st.lists(st.integers(0, len(stream)), max_size=6), "cuts")

    # No bytes at all are the end of a connection, and no piece of its traffic.
    whole = outcome(core, [stream] if stream else [])

    assert outcome(core, [stream[at : at + 1] for at in range(len(stream))]) == whole
    assert outcome(core, cut(stream, places)) == whole
