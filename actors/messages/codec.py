"""How the journal's records become bytes and back: JSON, fields sorted, exact types.

The only implementation of ``actors.runtime.frames.RecordCodec``. What was once
written stays readable: an unknown type is skipped, an older version of a known
one is upgraded step by step, a newer one is refused.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final

import attrs
import msgspec

from actors.messages.records import TYPES, Anchor
from actors.runtime.errors import BadRecord, NewerVersion

Fields = dict[str, Any]
"""A record's body as plain JSON values, by field."""

Upgrade = Callable[[Fields], Fields]

UPGRADES: Final[Mapping[tuple[int, int], Upgrade]] = {}
"""From (type, version) to what makes the fields of the next version out of its fields."""

PLAIN: Final = (int, str, bool)
"""A value of exactly such a type reads back as itself once it is JSON: whatever
integer or text JSON cannot carry, the encoder refuses."""


def _is_texts(value: object) -> bool:
    return type(value) is list and all(type(each) is str for each in value)


def _is_rows(value: object) -> bool:
    if type(value) is not list:
        return False
    for row in value:
        if type(row) is not list:
            return False
        for number in row:
            if type(number) is not int:
                return False
    return True


NESTED: Final[Mapping[object, Callable[[object], bool]]] = {
    list[str]: _is_texts,
    list[list[int]]: _is_rows,
}
"""Types of lists that can be seen through, and what sees through them."""


def _proof(kind: type) -> Callable[[object], bool] | None:
    """Return what says whether a record of ``kind`` reads back, by its fields' exact types.

    Lists are looked through to the bottom. ``None`` where types prove nothing, and
    only reading back does.
    """
    if not attrs.has(kind):
        return None
    fields: dict[str, object] = {field.name: field.type for field in attrs.fields(kind)}
    # An attrgetter of a single name returns no tuple.
    if len(fields) < 2 or not all(each in PLAIN or each in NESTED for each in fields.values()):  # noqa: PLR2004 - said above
        return None
    values_of = attrgetter(*fields)
    types = [list if each in NESTED else each for each in fields.values()]
    lists = [(place, NESTED[each]) for place, each in enumerate(fields.values()) if each in NESTED]

    def reads_back(record: object) -> bool:
        values = values_of(record)
        if [*map(type, values)] != types:
            return False
        for place, is_whole in lists:  # noqa: SIM110 - a generator costs more than the loop
            if not is_whole(values[place]):
                return False
        return True

    return reads_back


class JournalCodec:
    """Encodes and decodes every record type of one table."""

    def __init__(
        self,
        types: Mapping[int, tuple[type, int]] = TYPES,
        upgrades: Mapping[tuple[int, int], Upgrade] = UPGRADES,
    ) -> None:
        """Prepare for ``types``.

        Raises:
            ValueError: An older version of some type has no upgrade.
        """
        for type_no, (_, version) in types.items():
            missing = [old for old in range(1, version) if (type_no, old) not in upgrades]
            if missing:
                raise ValueError(f"type {type_no} has no upgrade from version {missing[0]}")
        self._upgrades = upgrades
        self._numbers = {
            kind: (number, version, _proof(kind)) for number, (kind, version) in types.items()
        }
        self._types: dict[int, tuple[type, int, msgspec.json.Decoder[Any]]] = {
            number: (kind, version, msgspec.json.Decoder(kind))
            for number, (kind, version) in types.items()
        }
        self._encode = msgspec.json.Encoder(order="sorted").encode

    def encode(self, record: object) -> tuple[int, int, bytes]:
        """Return type, version and body of ``record``; the same value, the same bytes.

        A record that the journal could not give back (a NaN, a number where text
        belongs) is refused here, where its author can still be found: fields of
        exactly their types prove that it can, and anything else is read back.

        Raises:
            BadRecord: Not of a listed class, or a field is not what its class says.
        """
        try:
            number, version, reads_back = self._numbers[type(record)]
        except KeyError:
            raise BadRecord(f"{type(record).__name__} is not a record type") from None
        try:
            body = self._encode(record)
            if reads_back is not None and reads_back(record):
                return number, version, body
            same = self._types[number][2].decode(body) == record
        except (msgspec.MsgspecError, UnicodeEncodeError, TypeError, OverflowError) as error:
            raise BadRecord(f"{type(record).__name__}: {error}") from error
        if not same:
            raise BadRecord(f"{type(record).__name__} would not read back as it is")
        return number, version, body

    def decode(self, type_no: int, version: int, body: bytes) -> object | None:
        """Return the record, brought up to its present version; ``None`` for an unknown type.

        Raises:
            NewerVersion: A known type in a later version than ours.
            BadRecord: The body is not what its type and version say.
        """
        known = self._types.get(type_no)
        if known is None:
            return None
        kind, present, decoder = known
        if version > present:
            raise NewerVersion(
                f"{kind.__name__} version {version} is newer than ours, which is {present}"
            )
        try:
            if version == present:
                record: object = decoder.decode(body)
                return record
            return self._upgraded(type_no, version, body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise BadRecord(f"{kind.__name__} version {version}: {error}") from error

    def anchor(self, *, first_seq: int, last_seq: int, sha256: str) -> object:
        """Return the record that seals ``first_seq`` to ``last_seq``."""
        return Anchor(first_seq=first_seq, last_seq=last_seq, sha256=sha256)

    def _upgraded(self, type_no: int, version: int, body: bytes) -> object:
        kind, present, _ = self._types[type_no]
        if version < 1:
            raise BadRecord(f"{kind.__name__} has no version {version}")
        fields = msgspec.json.decode(body, type=Fields)
        for old in range(version, present):
            fields = self._upgrades[type_no, old](fields)
        record: object = msgspec.convert(fields, kind)
        return record
