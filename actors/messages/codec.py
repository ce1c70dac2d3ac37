"""How the journal's records become bytes and back: JSON, fields sorted, exact types.

The only implementation of ``actors.runtime.frames.RecordCodec``. What was once
written stays readable: an unknown type is skipped, an older version of a known
one is upgraded step by step, a newer one is refused.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from actors.messages.records import TYPES, Anchor
from actors.runtime.errors import BadRecord, NewerVersion

Fields = dict[str, Any]
"""A record's body as plain JSON values, by field."""

Upgrade = Callable[[Fields], Fields]

UPGRADES: Final[Mapping[tuple[int, int], Upgrade]] = {}
"""From (type, version) to what makes the fields of the next version out of its fields."""


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
        self._numbers = {kind: (number, version) for number, (kind, version) in types.items()}
        self._types: dict[int, tuple[type, int, msgspec.json.Decoder[Any]]] = {
            number: (kind, version, msgspec.json.Decoder(kind))
            for number, (kind, version) in types.items()
        }
        self._encode = msgspec.json.Encoder(order="sorted").encode

    def encode(self, record: object) -> tuple[int, int, bytes]:
        """Return type, version and body of ``record``; the same value, the same bytes.

        The body is read back before it is handed out: a record that the journal
        could not give back (a NaN, a number where text belongs) is refused here,
        where its author can still be found.

        Raises:
            BadRecord: Not of a listed class, or a field is not what its class says.
        """
        try:
            number, version = self._numbers[type(record)]
        except KeyError:
            raise BadRecord(f"{type(record).__name__} is not a record type") from None
        try:
            body = self._encode(record)
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
