"""The grammar of TLCP's lines and values, against the specification's own examples."""

import contextlib
import json

import pytest
from hypothesis import given, strategies as st

from actors.feeds.errors import FeedGarbled
from actors.feeds.lightstreamer.lines import ARITY, LineReader, decoded, join, split
from actors.feeds.lightstreamer.values import (
    LARGEST_VALUE,
    Row,
    apply,
    count_of,
    json_patched,
    text_patched,
)
from tests.shared import shared

VECTORS = json.loads(shared("spec", "feeds", "tlcp_vectors.json").read_text("utf-8"))

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
VALUES = st.text("abc#$^|%PTadBzA019,{}[]\"'/:", max_size=60)


@pytest.mark.parametrize("vector", VECTORS["line_split"], ids=lambda vector: vector["line"])
def test_a_line_has_the_arguments_of_its_tag(vector: dict[str, object]) -> None:
    assert len(split(str(vector["line"])).arguments) == vector["nargs"]


def test_an_update_stream_gives_the_rows_of_the_specification() -> None:
    row: Row | None = None
    width = len(VECTORS["update_schema"])
    for line, expected in VECTORS["update_stream"]:
        row = apply(split(line).arguments[2], row, width)
        assert row == expected


def test_a_json_patch_gives_the_document_of_the_specification() -> None:
    vector = VECTORS["json_patch"]

    (patched,) = apply(vector["wire"], [vector["base"]], 1)

    assert json.loads(patched or "") == vector["result"]


@pytest.mark.parametrize(("base", "difference", "expected"), VECTORS["tlcp_diff_apply"])
def test_a_text_difference_gives_the_official_text(
    base: str, difference: str, expected: str
) -> None:
    assert text_patched(base, difference) == expected


@pytest.mark.parametrize(
    ("text", "number"), VECTORS["tlcp_diff_varint_official_sdk"].items(), ids=str
)
def test_a_count_is_read_as_the_official_client_reads_it(text: str, number: int) -> None:
    assert count_of(text, 0) == (number, len(text))


@pytest.mark.parametrize(
    ("values", "before"),
    [
        ("", None),
        ("^2", None),
        ("a|", None),
        ("a", ["x", "y"]),
        ("^3", ["x", "y"]),
        ("^0", ["x", "y"]),
        ("^-1", ["x", "y"]),
        ("^²", ["x", "y"]),
        ("a|b|c", ["x", "y"]),
        ("^Ta|b", [None, "y"]),
        ("^Xa|b", ["x", "y"]),
        ("^|b", ["x", "y"]),
        ("^Td|b", ["x", "y"]),
        ("^Tabdx|b", ["x", "y"]),
        ("^P[]|b", ["x", "y"]),
        ('^P[{"op":"add"}]|b', ["1", "y"]),
        ("%ff|b", ["x", "y"]),
    ],
)
def test_values_that_would_leave_a_row_in_doubt_are_refused(
    values: str, before: Row | None
) -> None:
    kept = None if before is None else before.copy()

    with pytest.raises(FeedGarbled):
        apply(values, before, 2)

    assert before == kept


def test_a_patch_cannot_blow_a_value_up() -> None:
    doubling = [{"op": "copy", "from": "", "path": "/-"}] * 31
    with pytest.raises(FeedGarbled):
        json_patched("[" + ",".join(["1"] * 100) + "]", json.dumps(doubling))
    with pytest.raises(FeedGarbled):
        text_patched("x" * 17_575, "ZZzZZz" + "y" * 17_575)


@given(ANY_TEXT, ANY_TEXT)
def test_a_text_survives_being_said(one: str, other: str) -> None:
    tag, arguments = split(join("CONERR", 7, one + "," + other).removesuffix("\r\n"))

    assert (tag, arguments) == ("CONERR", ("7", f"{one},{other}"))


@given(VALUES, st.lists(st.none() | st.text(max_size=10), min_size=1, max_size=4))
def test_no_values_crash_and_a_row_keeps_its_width(values: str, row: list[str | None]) -> None:
    try:
        after = apply(values, row, len(row))
    except FeedGarbled:
        return
    assert len(after) == len(row)


@given(st.text(max_size=40), st.text(max_size=80))
def test_no_patch_crashes(base: str, patch: str) -> None:
    for patched in (text_patched, json_patched):
        with contextlib.suppress(FeedGarbled):
            assert len(patched(base, patch)) <= LARGEST_VALUE


@given(st.lists(st.sampled_from([*ARITY, "NOOP", "X"]), max_size=8), st.data())
def test_a_stream_of_bytes_gives_the_same_lines_however_it_is_cut(
    tags: list[str], data: st.DataObject
) -> None:
    stream = "".join(f"{tag},é\r,\n\r\n" for tag in tags).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    whole, cut, single = LineReader(), LineReader(), LineReader()

    lines = whole.feed(stream)
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    assert [line for piece in pieces for line in cut.feed(piece)] == lines
    assert [line for byte in stream for line in single.feed(bytes([byte]))] == lines


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    reader = LineReader(limit=50)
    try:
        for line in reader.feed(data):
            split(line)
    except FeedGarbled:
        return
    assert reader.holds <= 52


def test_a_line_without_end_is_given_up_at_its_bound() -> None:
    reader = LineReader(limit=1_000)
    for _ in range(10):
        assert reader.feed(b"x" * 100) == []
    with pytest.raises(FeedGarbled):
        reader.feed(b"xx")
    assert decoded("%") == "%"
