"""What a hostile or broken provider may say, by whatever way: it costs that feed its connection.

The corpus is that of reference reliability.md section 6.4, and what HTTP and WebSocket add.
Each is told in one clear line with the first bytes of what was said, and nothing of it
becomes a score.
"""

import gzip
import json
from typing import Final

import pytest
import trio
import trio.testing

from actors.feeds.errors import FeedError, FeedGarbled, FeedLost, FeedStale, FeedUnreachable
from actors.messages.feeds import FeedEvent
from actors.model.score import Score
from tests.feeds.stand import (
    DATE,
    SOCKETS,
    WAYS,
    Provider,
    answer,
    listening,
    request_of,
    state,
    text_frame,
    wrapped,
)

Clock = trio.testing.MockClock
JSON: Final = tuple(way for way in WAYS if way != "lightstreamer")
GOALS: Final = 7
"""What the sound text says; each corpus entry puts something else in its place."""

VALUES: Final = {
    "NaN": "NaN",
    "infinity": "-Infinity",
    "beyond a float": "1e999",
    "five thousand digits": "9" * 5_000,
    "a fraction": "1.5",
    "a truth": "true",
    "minus": "-1",
    "a thousand goals": "1000",
    "a number in a text": '" 7"',
    "an object": "{}",
    "lone surrogate": '"\\ud800"',
    "a NUL": '"7\\u0000"',
    "depth": "[" * 20_000 + "]" * 20_000,
    "half of it": "7",
}
"""JSON in place of a number of goals."""


def spoilt(way: str, value: str) -> str:
    """Return what the provider says, with ``value`` where its goals stand."""
    said = state(way, GOALS)
    if way == "lightstreamer":
        return said.replace(f"|{GOALS}|", f"|{value.strip(chr(34))}|")
    if way == "ws_json":
        return said.replace(f'"{GOALS}-0"', value)
    is_text = way.startswith("signalr")
    sound = f'"{GOALS}"' if is_text else f": {GOALS}"
    assert sound in said
    return said.replace(sound, value if is_text else f": {value}", 1)


def whole(way: str, kind: str) -> bytes:
    """Return words that are wrong as a whole."""
    said = state(way, GOALS)
    ends = {"signalr": "\x1e", "lightstreamer": "\r\n", "sse": "\n\n", "push_json": "\n"}
    end, start = ends.get(way, ""), "data: " if way == "sse" else ""
    body = said.removeprefix(start).removesuffix(end)
    spoilt_bodies = {
        "no JSON": b"<html>",
        "cut in the middle": body[:-5].encode(),
        "no UTF-8": body.encode().replace(b"1", b"\xff", 1),
        "UTF-16": body.encode("utf-16"),
        "gzip": gzip.compress(body.encode() * 50),
        "a megabyte": body.encode() + b" " * 1_000_000,
        # Which of the two would be meant?
        "twice": f"{body[:-1]},{body[1:]}".encode(),
    }
    return start.encode() + spoilt_bodies[kind] + end.encode()


WHOLE: Final = ("no JSON", "cut in the middle", "no UTF-8", "UTF-16", "gzip", "a megabyte", "twice")


async def fate(way: str, said: bytes) -> tuple[FeedError, list[FeedEvent], float]:
    """Let the provider say ``said`` once its match is stated; return how that ended, and when."""

    async def then(stream: trio.abc.Stream) -> None:
        if way == "http_poll":
            await request_of(stream)
        await stream.send_all(said)
        await trio.sleep_forever()

    async with listening(Provider(way=way, then=then)) as (feed, told):
        began_s = trio.current_time()
        with pytest.raises(FeedError) as caught:
            await feed.run()
    return caught.value, told, trio.current_time() - began_s


def one_clear_line(error: FeedError) -> None:
    text = str(error)
    assert text.isprintable()
    assert 10 < len(text) < 700


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", [kind for kind in VALUES if kind != "half of it"])
async def test_a_number_of_goals_that_is_none_costs_the_connection(
    way: str, kind: str, autojump_clock: Clock
) -> None:
    error, told, _ = await fate(way, wrapped(way, spoilt(way, VALUES[kind])))

    assert isinstance(error, FeedGarbled)
    one_clear_line(error)
    assert {one.score for one in told if one.score is not None} <= {Score(0, 0)}
    assert told[-1].kind == "closed"
    assert told[-1].raw


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", WHOLE)
async def test_words_that_are_none_cost_the_connection(
    way: str, kind: str, autojump_clock: Clock
) -> None:
    error, told, at_s = await fate(way, wrapped(way, whole(way, kind)))

    assert isinstance(error, FeedGarbled | FeedLost | FeedStale), error
    if way in JSON and kind in {"no JSON", "cut in the middle", "twice"}:
        assert isinstance(error, FeedGarbled)
    one_clear_line(error)
    assert at_s <= 31
    assert {one.score for one in told if one.score is not None} <= {Score(0, 0)}


FRAMES: Final = {
    "masked": b"\x81\x85abcdhello",
    "reserved bit": b"\xc1\x05hello",
    "no such opcode": b"\x83\x05hello",
    "bad UTF-8": b"\x81\x02\xff\xfe",
    "continuation of nothing": b"\x80\x05hello",
    "endless length": b"\x81\x7f" + b"\xff" * 8,
    "a megabyte in fragments": b"\x01\x7e\xff\xff" + b"a" * 65_535 + b"\x00\x7e\xff\xff" * 16,
    "half a goodbye": b"\x88\x01\x03",
    "a long ping": b"\x89\x7e\x00\x80" + b"p" * 128,
}


@pytest.mark.parametrize("way", SOCKETS)
@pytest.mark.parametrize("kind", FRAMES)
async def test_a_frame_that_is_none_costs_the_connection_and_is_shown(
    way: str, kind: str, autojump_clock: Clock
) -> None:
    said = FRAMES[kind]
    if way.startswith("signalr") and kind == "a megabyte in fragments":
        said = said[:4] + b"a" * 65_535 + (b"\x00\x7e\xff\xff" + b"a" * 65_535) * 16

    error, told, at_s = await fate(way, said)

    assert isinstance(error, FeedLost), error
    one_clear_line(error)
    assert ": b'" in str(error)
    assert told[-1].kind == "closed"
    assert at_s < 2


HEADS: Final = {
    "gzip bomb": b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"0" * 1_000_000),
    "redirect loop": b"HTTP/1.1 302 Found\r\nLocation: /feed\r\nContent-Length: 0\r\n\r\n",
    "redirect away": b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.invalid/\r\n\r\n",
    "no HTTP": b"SSH-2.0-Something\r\n\r\n",
    "endless head": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40_000,
    "slow head": b"HTTP/1.1 200 OK\r\n",
    "login page": b"HTTP/1.1 403 No\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", HEADS)
async def test_an_answer_that_is_none_costs_the_connection(
    way: str, kind: str, autojump_clock: Clock
) -> None:
    provider = Provider(way=way, head=HEADS[kind])
    async with listening(provider) as (feed, told):
        with pytest.raises(FeedError) as caught:
            await feed.run()

    assert isinstance(caught.value, FeedUnreachable | FeedGarbled | FeedLost), caught.value
    one_clear_line(caught.value)
    assert provider.asked <= 4
    assert [one for one in told if one.kind not in {"opened", "closed"}] == []


@pytest.mark.parametrize("way", WAYS)
async def test_a_body_that_drips_is_no_sign_of_life(way: str, autojump_clock: Clock) -> None:
    async def then(stream: trio.abc.Stream) -> None:
        said = wrapped(way, state(way, GOALS))
        if way == "http_poll":
            await request_of(stream)
        for byte in said[:60]:
            await stream.send_all(bytes([byte]))
            await trio.sleep(0.9)

    async with listening(Provider(way=way, then=then)) as (feed, told):
        with pytest.raises((FeedStale, FeedLost)):
            await feed.run()

    assert (told[-1].received_ns - told[-2].received_ns) / 1e9 <= 30.5
    assert {one.score for one in told if one.score is not None} == {Score(0, 0)}


async def test_a_flood_of_pings_is_no_sign_of_life_and_stalls_nothing(
    autojump_clock: Clock,
) -> None:
    async def then(stream: trio.abc.Stream) -> None:
        while True:
            await stream.send_all(b"\x89\x00" * 500)
            await trio.sleep(0.5)

    async with listening(Provider(way="ws_json", then=then)) as (feed, told):
        with pytest.raises(FeedStale):
            await feed.run()

    assert 12.0 <= (told[-1].received_ns - told[-2].received_ns) / 1e9 <= 12.5


@pytest.mark.parametrize("way", JSON)
def test_the_corpus_spoils_words_that_are_sound(way: str) -> None:
    """Else a refusal would prove nothing."""
    assert spoilt(way, VALUES["half of it"]) != spoilt(way, VALUES["NaN"])
    text = state(way, GOALS).removeprefix("data: ").strip("\x1e\n")
    assert isinstance(json.loads(text), dict)
    assert text_frame(text)[0] == 0x81
    assert answer(b"", DATE)
