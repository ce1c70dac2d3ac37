"""The journal's frame on disk: how one record is wrapped, and how it is read back. Pure.

Layout, all integers little-endian (design section 10)::

    "TLJ1" | u32 length | u32 crc32 | u64 seq | i64 mono_ns | u16 type | u16 version | body

``length`` counts the bytes after the ``crc32`` field and the checksum covers
exactly those. The body is the record codec's business; nothing here looks inside.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol, runtime_checkable

MAGIC: Final = b"TLJ1"
MAX_BODY_BYTES: Final = 1 << 20
"""A longer body is refused: the largest legal record, a full book, is far below."""

SEGMENT_TYPE: Final = 1
"""Type of the record that opens every segment."""
ANCHOR_TYPE: Final = 2
"""Type of the record that seals the frames before it."""

_HEAD: Final = struct.Struct("<4sII")
_FIXED: Final = struct.Struct("<QqHH")
_WHOLE: Final = struct.Struct("<4sIIQqHH")
OVERHEAD_BYTES: Final = _WHOLE.size
_MAX_LENGTH: Final = _FIXED.size + MAX_BODY_BYTES


class Frame(NamedTuple):
    """Where one whole and undamaged frame lies in a buffer, and its header."""

    seq: int
    mono_ns: int
    type_no: int
    version: int
    start: int
    """Offset of its first byte."""
    body: int
    """Offset of its body."""
    end: int
    """Offset just behind it."""


class RecordCodec(Protocol):
    """How records become bodies and back. Implemented above, where the records are."""

    def encode(self, record: object) -> tuple[int, int, bytes]:
        """Return type, version and body of ``record``; the same value, the same bytes.

        Raises:
            BadRecord: Not a record, or a value that would not read back as itself.
        """
        ...

    def decode(self, type_no: int, version: int, body: bytes) -> object | None:
        """Return the record, brought up to its present version; ``None`` for an unknown type.

        Raises:
            NewerVersion: A known type in a later version than ours.
            BadRecord: The body is not what its type and version say.
        """
        ...

    def anchor(self, *, first_seq: int, last_seq: int, sha256: str) -> object:
        """Return the record that seals ``first_seq`` to ``last_seq``."""
        ...


@runtime_checkable
class Opening(Protocol):
    """What the journal needs to know of a record that opens a segment."""

    @property
    def previous_anchor(self) -> str:
        """Hex of the last anchor before the segment; empty where there is none."""
        ...


@runtime_checkable
class Seal(Protocol):
    """What the journal needs to know of an anchor."""

    @property
    def first_seq(self) -> int:
        """First record that it seals."""
        ...

    @property
    def last_seq(self) -> int:
        """Last record that it seals; its own number is the next."""
        ...

    @property
    def sha256(self) -> str:
        """Hex of the hash."""
        ...


def pack(seq: int, mono_ns: int, type_no: int, version: int, body: bytes) -> bytes:
    """Return the frame of one record. ``body`` is at most ``MAX_BODY_BYTES`` long."""
    covered = _FIXED.pack(seq, mono_ns, type_no, version) + body
    return _HEAD.pack(MAGIC, len(covered), zlib.crc32(covered)) + covered


def parse(data: bytes, start: int) -> Frame | str:
    """Read the frame at ``start``, or say in a few words what is wrong there."""
    if len(data) - start < OVERHEAD_BYTES:
        return "the frame's header is cut short"
    magic, length, checksum, seq, mono_ns, type_no, version = _WHOLE.unpack_from(data, start)
    if magic != MAGIC:
        return "no frame begins here"
    if not _FIXED.size <= length <= _MAX_LENGTH:
        return f"the frame has an impossible length of {length}"
    body = start + OVERHEAD_BYTES
    end = start + _HEAD.size + length
    if end > len(data):
        return "the frame is cut short"
    if zlib.crc32(data[start + _HEAD.size : end]) != checksum:
        return "the frame's checksum is wrong"
    return Frame(seq, mono_ns, type_no, version, start, body, end)


def walk(data: bytes, start: int = 0) -> Iterator[Frame]:
    """Yield whole frames from ``start`` on, up to the first place that is not one."""
    # ``parse`` written out: verifying reads a million frames, and the call is half the price.
    size, unpack, crc32, make = len(data), _WHOLE.unpack_from, zlib.crc32, Frame._make
    while size - start >= OVERHEAD_BYTES:
        magic, length, checksum, seq, mono_ns, type_no, version = unpack(data, start)
        covered, end = start + _HEAD.size, start + _HEAD.size + length
        if magic != MAGIC or not _FIXED.size <= length <= _MAX_LENGTH or end > size:
            return
        if crc32(data[covered:end]) != checksum:
            return
        yield make((seq, mono_ns, type_no, version, start, start + OVERHEAD_BYTES, end))
        start = end


def find(data: bytes, start: int) -> Frame | None:
    """Return the first whole frame at or after ``start``, past whatever damage lies before it."""
    while (start := data.find(MAGIC, start)) != -1:
        frame = parse(data, start)
        if isinstance(frame, Frame):
            return frame
        start += 1
    return None
