"""Laws of how records become bytes and back."""

import json
import math
from contextlib import suppress
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given, strategies as st

from actors.messages.codec import UPGRADES, Fields, JournalCodec
from actors.messages.records import TYPES, Anchor, BookRow, DayRoll, OrderOutcome
from actors.runtime.errors import BadRecord, NewerVersion

CODEC = JournalCodec()
# Text that JSON can carry: a lone surrogate is refused, see below.
texts = st.text(st.characters(codec="utf-8"), max_size=20)
numbers = st.integers(-(2**63), 2**64 - 1)


@st.composite
def records(draw: st.DrawFn) -> attrs.AttrsInstance:
    kind: Any = draw(st.sampled_from([kind for kind, _ in TYPES.values()]))
    pools: dict[object, st.SearchStrategy[object]] = {
        int: numbers,
        str: texts,
        bool: st.booleans(),
        list[str]: st.lists(texts, max_size=3),
        list[list[int]]: st.lists(st.lists(numbers, max_size=2), max_size=3),
    }
    made: attrs.AttrsInstance = kind(
        **{field.name: draw(pools[field.type]) for field in attrs.fields(kind)}
    )
    return made


@given(record=records())
def test_every_record_reads_back_as_itself_from_sorted_json(
    record: attrs.AttrsInstance,
) -> None:
    type_no, version, body = CODEC.encode(record)

    assert TYPES[type_no] == (type(record), version)
    assert CODEC.decode(type_no, version, body) == record
    assert JournalCodec().encode(record) == (type_no, version, body)
    fields = json.loads(body)
    assert list(fields) == sorted(fields)
    assert set(fields) == set(attrs.asdict(record))
    assert json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode() == body


class Count(int):
    """A number that is not exactly one."""


class Word(str):
    """A text that is not exactly one."""

    __slots__ = ()


odd_values = st.one_of(
    numbers,
    st.integers(),
    st.text(max_size=5),
    st.booleans(),
    st.floats(),
    st.none(),
    st.binary(max_size=3),
    st.builds(Count, numbers),
    st.builds(Word, texts),
    st.lists(st.one_of(texts, st.text(max_size=3), numbers), max_size=3),
    st.lists(
        st.lists(
            st.one_of(numbers, st.integers(), st.floats(), st.booleans(), st.builds(Count)),
            max_size=2,
        ),
        max_size=3,
    ),
    st.lists(st.tuples(numbers, numbers), max_size=2),
    st.tuples(texts, texts),
    st.dictionaries(texts, numbers, max_size=2),
)


@given(record=records(), data=st.data())
def test_whatever_is_accepted_reads_back_as_itself_and_only_that_is_accepted(
    record: attrs.AttrsInstance, data: st.DataObject
) -> None:
    names = [field.name for field in attrs.fields(type(record))]
    changed = data.draw(st.dictionaries(st.sampled_from(names), odd_values, max_size=3))
    made: Any = record
    odd: attrs.AttrsInstance = attrs.evolve(made, **changed)

    # Reading back is the whole truth; that types can stand for it is what is to be shown.
    try:
        plain = msgspec.json.Encoder(order="sorted").encode(odd)
        expected = plain if msgspec.json.decode(plain, type=type(odd)) == odd else None
    except (msgspec.MsgspecError, UnicodeEncodeError, TypeError, OverflowError):
        expected = None
    if expected is None:
        with pytest.raises(BadRecord, match=type(odd).__name__):
            CODEC.encode(odd)
    else:
        type_no, version, body = CODEC.encode(odd)
        assert body == expected
        assert CODEC.decode(type_no, version, body) == odd


@pytest.mark.parametrize(
    "wrong",
    [
        {"day": 1},
        {"day": None},
        {"wall_ns": "1"},
        {"wall_ns": 1.0},
        {"wall_ns": True},
        {"wall_ns": math.nan},
        {"wall_ns": math.inf},
        {"day": "\ud800"},
        {"day": object()},
    ],
)
def test_a_field_that_is_not_what_its_class_says_is_refused_before_it_is_written(
    wrong: dict[str, object],
) -> None:
    fields: dict[str, object] = {"day": "2026-07-19", "wall_ns": 1}

    with pytest.raises(BadRecord, match="DayRoll"):
        CODEC.encode(DayRoll(**(fields | wrong)))  # type: ignore[arg-type]  # wrong values are the point


def test_a_nan_inside_a_list_or_a_float_field_is_refused() -> None:
    @attrs.frozen
    class Measured:
        value: float
        maybe: float | None = None

    codec = JournalCodec({900: (Measured, 1)})
    book = BookRow(ticker="T", bids=[[5600, 100]], asks=[], sid=1, seq=1, received_ns=1)

    assert codec.encode(Measured(0.5)) == (900, 1, b'{"maybe":null,"value":0.5}')
    for bad in (Measured(math.nan), Measured(0.5, math.nan), Measured(math.inf)):
        with pytest.raises(BadRecord):
            codec.encode(bad)
    with pytest.raises(BadRecord):
        CODEC.encode(attrs.evolve(book, bids=[[math.nan, 100]]))  # type: ignore[list-item]  # the point


def test_only_listed_classes_can_be_written() -> None:
    for stranger in (object(), {"day": "x"}, None, 7):
        with pytest.raises(BadRecord, match="not a record type"):
            CODEC.encode(stranger)


def test_an_unknown_type_is_skipped_whatever_its_body_is() -> None:
    assert CODEC.decode(65_535, 9, b"\xff not json") is None


def test_a_newer_version_is_refused_without_reading_its_body() -> None:
    with pytest.raises(NewerVersion, match="DayRoll version 2 is newer than ours"):
        CODEC.decode(53, 2, b"\xff not json")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"day":"x"}',
        b'{"day":"x","wall_ns":"1"}',
        b'{"day":"x","wall_ns":1.5}',
        b'{"day":"x","wall_ns":true}',
        b'{"day":"\xff","wall_ns":1}',
        b'{"day":"x","wall_ns":NaN}',
    ],
)
def test_a_body_that_is_not_its_types_is_refused(body: bytes) -> None:
    with pytest.raises(BadRecord, match="DayRoll version 1"):
        CODEC.decode(53, 1, body)


@given(body=st.binary(max_size=100), version=st.integers(0, 3), type_no=st.sampled_from([*TYPES]))
def test_no_body_makes_decoding_fail_otherwise(body: bytes, version: int, type_no: int) -> None:
    with suppress(BadRecord, NewerVersion):
        CODEC.decode(type_no, version, body)


@attrs.frozen(kw_only=True)
class Goal:
    """The third version of a record that began with one field."""

    minute: int
    scorer: str
    home: bool = True


def _name_the_scorer(fields: Fields) -> Fields:
    return {"minute": fields["m"], "scorer": "unknown"}


def _say_which_side(fields: Fields) -> Fields:
    return {**fields, "home": False}


STEPS = {(901, 1): _name_the_scorer, (901, 2): _say_which_side}
NEWEST = JournalCodec({901: (Goal, 3)}, STEPS)


def test_older_versions_are_upgraded_step_by_step() -> None:
    assert NEWEST.decode(901, 1, b'{"m":12}') == Goal(minute=12, scorer="unknown", home=False)
    assert NEWEST.decode(901, 2, b'{"minute":12,"scorer":"K"}') == Goal(
        minute=12, scorer="K", home=False
    )
    assert NEWEST.decode(901, 3, b'{"minute":12,"scorer":"K"}') == Goal(minute=12, scorer="K")


def test_fields_that_a_type_has_lost_since_do_not_disturb() -> None:
    assert NEWEST.decode(901, 3, b'{"minute":1,"scorer":"K","weather":"rain"}') == Goal(
        minute=1, scorer="K"
    )
    assert NEWEST.decode(901, 2, b'{"minute":1,"scorer":"K","weather":"rain"}') is not None


def test_an_upgraded_body_is_held_to_exact_types_as_well() -> None:
    for body in (b'{"m":"12"}', b'{"m":null}', b"[1]", b"nonsense"):
        with pytest.raises(BadRecord, match="Goal version 1"):
            NEWEST.decode(901, 1, body)
    with pytest.raises(BadRecord, match="no version 0"):
        NEWEST.decode(901, 0, b'{"m":12}')


def test_a_version_without_an_upgrade_is_refused_when_the_codec_is_made() -> None:
    with pytest.raises(ValueError, match="type 901 has no upgrade from version 2"):
        JournalCodec({901: (Goal, 3)}, {(901, 1): _name_the_scorer})


@pytest.mark.parametrize(
    ("type_no", "since", "what"),
    [(21, {"conf": ""}, "Report"), (22, {"size_pm": 0}, "Triggered"), (24, {"cause": "score"}, "")],
)
def test_what_was_written_before_a_field_was_there_reads_with_its_default(
    type_no: int, since: Fields, what: str
) -> None:
    kind, version = TYPES[type_no]
    plain: dict[object, object] = {int: 1, str: "x", bool: True}
    fields = {one.name: plain[one.type] for one in attrs.fields(kind) if one.name not in since}

    read = CODEC.decode(type_no, version, msgspec.json.encode(fields))

    assert type(read).__name__.startswith(what)
    assert {name: getattr(read, name) for name in since} == since


def test_the_journals_own_tables_fit_together() -> None:
    assert {(number, old) for number, old in UPGRADES} == {
        (number, old) for number, (_, version) in TYPES.items() for old in range(1, version)
    }
    assert CODEC.anchor(first_seq=1, last_seq=2, sha256="ab") == Anchor(
        first_seq=1, last_seq=2, sha256="ab"
    )


def test_large_numbers_survive() -> None:
    record = DayRoll(day="x", wall_ns=2**63 + 1)

    assert CODEC.decode(*CODEC.encode(record)) == record
    assert msgspec.json.decode(CODEC.encode(record)[2])["wall_ns"] == 2**63 + 1
    assert OrderOutcome in {kind for kind, _ in TYPES.values()}
