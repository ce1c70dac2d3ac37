"""Hub records against the protocol's own examples, cut anyhow, and hostile."""

import contextlib
import json

import pytest
from hypothesis import given, strategies as st

from actors.feeds.errors import FeedGarbled
from actors.feeds.signalr.records import (
    Close,
    Completion,
    Invocation,
    Record,
    RecordReader,
    Unknown,
    read,
    write,
)
from tests.shared import shared

VECTORS = json.loads(shared("spec", "feeds", "signalr_vectors.json").read_text("utf-8"))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@pytest.mark.parametrize("body", VECTORS["messages"], ids=json.dumps)
def test_every_message_of_the_specification_is_read_and_written_again(
    body: dict[str, object],
) -> None:
    record = read(json.dumps(body).encode())

    assert not isinstance(record, Unknown)
    text = write(record)
    assert text.endswith("\x1e")
    assert json.loads(text[:-1]) == body


@pytest.mark.parametrize("body", VECTORS["protocol_errors"], ids=json.dumps)
def test_every_protocol_error_of_the_specification_is_one(body: dict[str, object]) -> None:
    with pytest.raises(FeedGarbled):
        read(json.dumps(body).encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "{}",
        '{"type":"1"}',
        '{"type":true}',
        '{"type":1}',
        '{"type":1,"target":"x"}',
        '{"type":1,"target":"x","arguments":[],"invocationId":1}',
        '{"type":1,"target":"x","arguments":[],"streamIds":[1]}',
        '{"type":2,"item":1}',
        '{"type":8}',
        '{"type":9,"sequenceId":-1}',
        '{"type":9,"sequenceId":1e400}',
        "[" * 30_000,
    ],
)
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(FeedGarbled):
        read(text.encode())


def test_later_types_and_properties_are_passed_over() -> None:
    assert read(b'{"type":42,"x":1}') == Unknown(42)
    assert read(b'{"type":7,"allowReconnect":false,"headers":{}}') == Close()
    assert read(b'{"type":3,"invocationId":"1","result":null}') == Completion(
        id="1", has_result=True
    )


@given(st.builds(Invocation, target=st.text(), arguments=st.lists(JSON), id=st.none() | st.text()))
def test_a_record_survives_being_said(record: Record) -> None:
    assert read(write(record).encode()[:-1]) == record


@given(st.lists(st.binary(max_size=20), max_size=8), st.data())
def test_a_stream_gives_the_same_records_however_it_is_cut(
    parts: list[bytes], data: st.DataObject
) -> None:
    stream = b"\x1e".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    whole, cut, single = RecordReader(), RecordReader(), RecordReader()

    records = whole.feed(stream)
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    assert [record for piece in pieces for record in cut.feed(piece)] == records
    assert [record for byte in stream for record in single.feed(bytes([byte]))] == records
    assert whole.holds == cut.holds == single.holds


@given(st.binary(max_size=200))
def test_no_bytes_crash_a_reader(data: bytes) -> None:
    with contextlib.suppress(FeedGarbled):
        for record in RecordReader(limit=60).feed(data):
            with contextlib.suppress(FeedGarbled):
                read(record)


def test_a_record_without_end_is_given_up_at_its_bound() -> None:
    reader = RecordReader(limit=100)
    assert reader.feed(b"x" * 100) == []
    with pytest.raises(FeedGarbled):
        reader.feed(b"x")
