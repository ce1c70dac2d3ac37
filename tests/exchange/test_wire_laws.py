"""Laws of every value of the wire: what the venue adds is tolerated, what it owes is not."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect as kinds

from actors.exchange import wire_market, wire_orders, wire_stream, wire_venue
from actors.exchange.errors import WireGarbled
from actors.exchange.wire import Decoder

SAMPLES: dict[str, object] = {
    "_Price": "0.5600",
    "_Count": "10.00",
    "_Money": "0.017500",
    "_Cents": 9801,
    "_Instant": "2026-06-11T06:31:29.957081Z",
}
AMOUNTS = frozenset({"_Price", "_Count", "_Money", "_Cents"})
TOMORROW = "a_word_of_tomorrow"

CLOSED = {
    ("Delta", "side"): "which side of the book changed: without it the book is not whole",
    ("Fill", "book_side"): "which way our position went",
    ("UserOrder", "book_side"): "which way an order of ours goes",
    ("VenueOrder", "book_side"): "which way an order of ours goes",
    ("VenueFill", "book_side"): "which way our position went",
}
"""Fields whose every word we must understand, because money or a book hangs on it."""


def structs() -> list[type[msgspec.Struct]]:
    """Return every struct that the wire's modules declare."""
    found: list[type[msgspec.Struct]] = []
    for module in (wire_market, wire_orders, wire_stream, wire_venue):
        for each in vars(module).values():
            is_struct = isinstance(each, type) and issubclass(each, msgspec.Struct)
            # What begins with a line is what we write ourselves.
            is_theirs = is_struct and each.__module__ == module.__name__ and each.__name__[0] != "_"
            if is_theirs and each.__struct_fields__:
                found.append(each)
    return found


STRUCTS = structs()


def info(struct: type[msgspec.Struct]) -> kinds.StructType:
    said = kinds.type_info(struct)
    assert isinstance(said, kinds.StructType)
    return said


def sample(kind: kinds.Type) -> Any:  # noqa: ANN401, C901, PLR0911 - any value of JSON, one line a kind
    """Return what the venue could send for a type of ours."""
    match kind:
        case kinds.CustomType(cls=cls):
            return SAMPLES[cls.__name__]
        case kinds.StructType(fields=fields):
            return {field.encode_name: sample(field.type) for field in fields}
        case kinds.UnionType(types=types):
            return sample(next(each for each in types if not isinstance(each, kinds.NoneType)))
        case kinds.LiteralType(values=values):
            return values[0]
        case kinds.VarTupleType(item_type=item):
            return [sample(item)]
        case kinds.TupleType(item_types=items):
            return [sample(item) for item in items]
        case kinds.DictType() | kinds.RawType():
            return {}
        case kinds.BoolType():
            return True
        case kinds.IntType() | kinds.DecimalType():
            return 1
        case kinds.AnyType():
            return None
        case _:
            assert isinstance(kind, kinds.StrType), kind
            return "a word"


def objects(value: object) -> Iterator[dict[str, Any]]:
    """Yield every object in a value of JSON; an empty one is a table of the venue's own names."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from objects(each)


def decoded(struct: type[msgspec.Struct], body: object) -> msgspec.Struct:
    return Decoder(struct)(json.dumps(body))


def name(struct: type[msgspec.Struct]) -> str:
    return struct.__name__


def amounts(struct: type[msgspec.Struct]) -> list[kinds.Field]:
    """Return the fields that hold an amount, or may hold none."""

    def is_amount(kind: kinds.Type) -> bool:
        if isinstance(kind, kinds.UnionType):
            return any(is_amount(each) for each in kind.types)
        return isinstance(kind, kinds.CustomType) and kind.cls.__name__ in AMOUNTS

    return [field for field in info(struct).fields if is_amount(field.type)]


@pytest.mark.parametrize("struct", STRUCTS, ids=name)
def test_fields_that_the_venue_adds_change_nothing(struct: type[msgspec.Struct]) -> None:
    body = sample(info(struct))
    before = decoded(struct, body)
    fuller = copy.deepcopy(body)
    for each in [each for each in objects(fuller) if each]:
        each["a_field_of_tomorrow"] = {"deep": [1.5, {"null": None}], "x": "y"}

    for field in struct.__struct_fields__:
        value = getattr(before, field)
        # What is left undecoded is whatever the venue wrote.
        if not isinstance(value, msgspec.Raw):
            assert getattr(decoded(struct, fuller), field) == value


@pytest.mark.parametrize("struct", STRUCTS, ids=name)
def test_words_that_the_venue_invents_are_read_unless_money_or_a_book_hangs_on_them(
    struct: type[msgspec.Struct],
) -> None:
    for field in info(struct).fields:
        kind = field.type
        if isinstance(kind, kinds.UnionType):
            kind = next(each for each in kind.types if not isinstance(each, kinds.NoneType))
        body = sample(info(struct)) | {field.encode_name: TOMORROW}
        if isinstance(kind, kinds.StrType):
            assert getattr(decoded(struct, body), field.name) == TOMORROW
        elif isinstance(kind, kinds.LiteralType):
            assert (struct.__name__, field.encode_name) in CLOSED
            with pytest.raises(WireGarbled, match=field.encode_name):
                decoded(struct, body)


def test_every_closed_vocabulary_has_its_reason_and_every_reason_a_field() -> None:
    closed = {
        (struct.__name__, field.encode_name)
        for struct in STRUCTS
        for field in info(struct).fields
        if isinstance(field.type, kinds.LiteralType)
    }

    assert closed == CLOSED.keys()


@pytest.mark.parametrize("struct", STRUCTS, ids=name)
def test_an_amount_that_is_missing_is_an_error_that_names_it_and_never_a_default(
    struct: type[msgspec.Struct],
) -> None:
    for field in amounts(struct):
        body = sample(info(struct))
        del body[field.encode_name]
        if field.required:
            with pytest.raises(WireGarbled, match=field.encode_name):
                decoded(struct, body)
        else:
            # What may be absent is told apart from nothing.
            assert field.default is None
            assert getattr(decoded(struct, body), field.name) is None


@pytest.mark.parametrize("struct", STRUCTS, ids=name)
@pytest.mark.parametrize(
    "wrong", [0.56, True, [], {}, "", "1e3", "0.1234567", "NaN", " 1.00", "0,5"], ids=repr
)
def test_an_amount_that_is_no_amount_is_an_error_that_names_it(
    struct: type[msgspec.Struct], wrong: object
) -> None:
    for field in amounts(struct):
        body = sample(info(struct)) | {field.encode_name: wrong}
        with pytest.raises(WireGarbled, match=field.encode_name):
            decoded(struct, body)
