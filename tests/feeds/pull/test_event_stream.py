"""Event streams: the standard's rules, however the bytes are cut."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, strategies as st

from actors.feeds.errors import FeedGarbled
from actors.feeds.pull.event_stream import LARGEST_EVENT, Event, EventStream
from actors.feeds.pull.lines import LARGEST_LINE
from actors.feeds.pull.pushed_lines import PushedLines
from tests.shared import shared

VECTORS = json.loads(shared("spec", "feeds", "sse_vectors.json").read_text("utf-8"))
CASES = [one for one in VECTORS["cases"] if "in" in one]

ALPHABET = st.sampled_from(
    [
        b"\r",
        b"\n",
        b":",
        b" ",
        b"data",
        b"id",
        b"event",
        b"retry",
        b"7",
        "é".encode(),
        b"\xff",
        b"\0",
    ]
)
BYTES = st.lists(ALPHABET, max_size=60).map(b"".join) | st.binary(max_size=200)


def events(stream: EventStream, pieces: list[bytes]) -> list[Event]:
    return [event for piece in pieces for event in stream.feed(piece) if event is not None]


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["in"])[:40])
@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_every_vector_of_the_standard_holds_for_every_cut(case: dict[str, Any], size: int) -> None:
    whole = "".join(case["in"]).encode()
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)] if size else [whole]
    stream = EventStream()

    found = events(stream, pieces)

    assert [[one.type, one.data, one.last_id] for one in found] == case["out"]
    if "retry" in case:
        assert stream.retry_ms == case["retry"]


@given(BYTES, st.lists(st.integers(0, 200), max_size=8))
def test_a_stream_cut_anywhere_says_what_it_says_whole(data: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(data), *[min(cut, len(data)) for cut in cuts]})
    pieces = [data[start:end] for start, end in pairwise(places)]
    whole, cut, bytewise = EventStream("a"), EventStream("a"), EventStream("a")

    expected = events(whole, [data])

    assert events(cut, pieces) == expected
    assert events(bytewise, [bytes([one]) for one in data]) == expected
    assert whole.last_id == cut.last_id == bytewise.last_id
    assert whole.retry_ms == cut.retry_ms == bytewise.retry_ms


def test_the_last_id_outlives_the_stream_it_came_on() -> None:
    assert events(EventStream("7"), [b"data: a\n\n"]) == [Event("message", "a", "7")]


def test_comments_that_follow_each_other_are_one_sign_of_life() -> None:
    assert EventStream().feed(b":\n\n:\n\n:\n\n") == [None]


def test_an_event_without_data_is_none_and_leaves_no_name_behind() -> None:
    assert events(EventStream(), [b"event: goal\n\ndata: a\n\n"]) == [Event("message", "a", "")]


@pytest.mark.parametrize(
    "data",
    [
        b"x" * (LARGEST_LINE + 1),
        b"data: " + b"x" * LARGEST_LINE + b"\n",
        b"data: xxxxxxx\n" * (LARGEST_EVENT // 8 + 1),
    ],
)
def test_an_endless_line_or_event_ends_the_connection_and_is_shown(data: bytes) -> None:
    pieces = [data[at : at + 1000] for at in range(0, len(data), 1000)]

    with pytest.raises(FeedGarbled, match="xxxxxxx") as caught:
        events(EventStream(), pieces)

    assert len(str(caught.value)) < 160


def test_pushed_lines_are_the_same_however_they_are_cut() -> None:
    data = b'{"a":1}\r\n\n\n{"b":2}\n{"c"'
    bytewise = PushedLines()

    assert PushedLines().feed(data) == ['{"a":1}', None, '{"b":2}']
    found = [one for at in range(len(data)) for one in bytewise.feed(data[at : at + 1])]
    assert [one for one in found if one] == ['{"a":1}', '{"b":2}']


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader_of_pushed_lines(data: bytes) -> None:
    try:
        PushedLines().feed(data)
    except FeedGarbled as error:
        assert "not UTF-8" in str(error)  # noqa: PT017 - most inputs raise nothing
