"""Reads the JSON body of a request, as strictly as the venue does. Pure.

Types come first: a JSON number where a string belongs is the flat 400 of
reference ``kalshi.md`` section 3, in the decoder's own words. Then required
fields and enumerations. Unknown fields are ignored, and a null is a field that
is not there.
"""

import re
from collections.abc import Mapping
from typing import Final

import attrs
import msgspec

from actors.model.money import CentiContracts, Pips, parse_centi, parse_pips
from actors.sim.venue.refusals import Refused, bad_request, refuse

PRICE: Final = re.compile(r"[0-9]{1,6}\.[0-9]{2,4}")
COUNT: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")
UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
LAST_SUBACCOUNT: Final = 63
INT64: Final = 2**63


@attrs.frozen(kw_only=True)
class FormType:
    """What one kind of body holds."""

    name: str
    """Its type's name in the venue's refusals."""
    fields: Mapping[str, str]
    """Type of each field: string, bool, int, int64 or array."""
    required: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)


@attrs.frozen
class Form:
    """A body whose types are right."""

    kind: FormType
    values: Mapping[str, object]

    def has(self, name: str) -> bool:
        """Return whether a field was given."""
        return name in self.values

    def text(self, name: str) -> str:
        """Return a string; empty if it was not given."""
        return str(self.values.get(name, ""))

    def flag(self, name: str) -> bool:
        """Return a boolean; false if it was not given."""
        return self.values.get(name) is True

    def integer(self, name: str, default: int = 0) -> int:
        """Return an integer."""
        value = self.values.get(name, default)
        assert isinstance(value, int)
        return value

    def rows(self, name: str) -> list[object]:
        """Return the rows of an array."""
        value = self.values.get(name, [])
        assert isinstance(value, list)
        return value

    def price(self, name: str) -> Pips | Refused:
        """Return a price."""
        text = self.text(name)
        return parse_pips(text) if PRICE.fullmatch(text) else refuse(400, "invalid_price")

    def count(self, name: str) -> CentiContracts | Refused:
        """Return a count of contracts."""
        text = self.text(name)
        return parse_centi(text) if COUNT.fullmatch(text) else refuse(400, "invalid_order_size")

    def invalid(self, name: str, tag: str) -> Refused:
        """Refuse a field in the validator's words."""
        return invalid(self.kind, name, tag)


def read_form(body: bytes, kind: FormType) -> Form | Refused:
    """Read a body, or say what the venue says instead."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return bad_request("invalid character in JSON body")
    return form_of(value, kind)


def read_optional(body: bytes, kind: FormType) -> Form | Refused:
    """Read a body that may be missing altogether."""
    return read_form(body or b"{}", kind)


def form_of(value: object, kind: FormType) -> Form | Refused:
    """Read a part of a body that is decoded already."""
    if not isinstance(value, dict):
        found = _kind(value)
        return bad_request(f"json: cannot unmarshal {found} into Go value of type {kind.name}")
    # A null is Go's zero value: as if the field were not there.
    values = {name: each for name, each in value.items() if each is not None}
    return _mistyped(values, kind) or _missing(values, kind) or Form(kind, values)


def invalid(kind: FormType, name: str, tag: str) -> Refused:
    """Refuse a field in the validator's words."""
    field = "".join(part.capitalize() for part in name.split("_"))
    return refuse(
        400,
        "invalid_parameters",
        details=f"Key: '{kind.name}.{field}' Error:Field validation for '{field}' "
        f"failed on the '{tag}' tag",
    )


def _mistyped(values: Mapping[str, object], kind: FormType) -> Refused | None:
    for name, wanted in kind.fields.items():
        value = values.get(name)
        if value is None or _kind(value) == wanted:
            continue
        if _kind(value) == "number" and wanted in {"int", "int64"}:
            if isinstance(value, int) and -INT64 <= value < INT64:
                continue
            return _unmarshal(kind, name, f"number {value}", wanted)
        return _unmarshal(kind, name, _kind(value), wanted)
    return None


def _missing(values: Mapping[str, object], kind: FormType) -> Refused | None:
    for name in kind.required:
        if values.get(name) in (None, ""):
            return invalid(kind, name, "required")
    for name, choices in kind.choices.items():
        if name in values and values[name] not in choices:
            return invalid(kind, name, "oneof")
    subaccount = values.get("subaccount", 0)
    if isinstance(subaccount, int) and not 0 <= subaccount <= LAST_SUBACCOUNT:
        return invalid(kind, "subaccount", "max")
    return None


def _kind(value: object) -> str:
    match value:
        case str():
            return "string"
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case list():
            return "array"
        case dict():
            return "object"
        case _:
            return "null"


def _unmarshal(kind: FormType, name: str, found: str, wanted: str) -> Refused:
    field = f"{kind.name}.{name}"
    return bad_request(
        f"json: cannot unmarshal {found} into Go struct field {field} of type {wanted}"
    )
