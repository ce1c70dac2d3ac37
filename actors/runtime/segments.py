"""The journal's segment files: which there are, what is in them, and recovery after a crash.

Recovery keeps the longest valid prefix of the journal and sets the rest aside,
never deleting a byte. It refuses where a torn write cannot be the reason: what
the anchors outside vouch for was synced before they were written, and a later
segment that holds an anchor was begun after this one was synced.
"""

import re
from collections.abc import Iterator
from typing import Final

import attrs

from actors.runtime.chain import AnchorLine, Chain, read_lines, whole_lines
from actors.runtime.env import Disk
from actors.runtime.errors import BadRecord, JournalCorrupt, NewerVersion
from actors.runtime.frames import ANCHOR_TYPE, Frame, RecordCodec, Seal, parse, walk

_NAME: Final = re.compile(r"\d{16}\.tlj\Z")
_TORN: Final = ".torn-"
_PROVEN: Final = "the segments after it prove that it was whole"


@attrs.frozen
class SegmentFile:
    """One segment: its name is the number of its first record."""

    name: str
    path: str

    @property
    def first_seq(self) -> int:
        """Number of the first record in it."""
        return int(self.name.partition(".")[0])


def segment_file(folder: str, first_seq: int) -> SegmentFile:
    """Return the segment in ``folder`` that begins with record ``first_seq``."""
    name = f"{first_seq:016d}.tlj"
    return SegmentFile(name, f"{folder}/{name}")


def list_segments(disk: Disk, folder: str) -> list[SegmentFile]:
    """Return the segments in ``folder``, first to last. Other files are not ours."""
    return [
        SegmentFile(name, f"{folder}/{name}") for name in disk.names(folder) if _NAME.match(name)
    ]


def set_aside(disk: Disk, folder: str) -> list[str]:
    """Return the names of what earlier recoveries could not use."""
    return [name for name in disk.names(folder) if _TORN in name]


def last_anchor(disk: Disk, path: str) -> AnchorLine | None:
    """Return the last anchor kept in ``path``, cutting off half a line that a crash left.

    Raises:
        JournalCorrupt: The last whole line is no anchor.
    """
    try:
        data = disk.read(path)
    except FileNotFoundError:
        return None
    if whole_lines(data) < len(data):
        disk.truncate(path, whole_lines(data))
    lines = read_lines(data)
    if not lines:
        return None
    last = lines[-1]
    if isinstance(last, int):
        raise JournalCorrupt(f"{path}: line {last} is no anchor")
    return last


def sync_once(disk: Disk, path: str) -> None:
    """Bring the whole of ``path`` to the disk."""
    file = disk.open_append(path)
    try:
        file.sync()
    finally:
        file.close()


@attrs.frozen(kw_only=True)
class Entry:
    """One record as it was read back."""

    seq: int
    mono_ns: int
    type_no: int
    version: int
    """As written; ``record`` is of the present version."""
    record: object


def read(disk: Disk, folder: str, codec: RecordCodec, *, from_seq: int = 0) -> Iterator[Entry]:
    """Yield every record whose type is known, from number ``from_seq`` on.

    A torn tail of the last segment ends the reading quietly: it is what a kill, or
    a writer at work, leaves behind.

    Raises:
        JournalCorrupt: A place that is neither a record nor the torn end.
        NewerVersion: A record from a later program.
        BadRecord: A body that is not its type's, though its checksum holds.
    """
    for segment, data, frame in read_frames(disk, folder, from_seq=from_seq):
        body = data[frame.body : frame.end]
        try:
            record = codec.decode(frame.type_no, frame.version, body)
        except (NewerVersion, BadRecord) as error:
            place = f"{segment.name}: record {frame.seq} at byte {frame.start}"
            raise type(error)(f"{place}: {error}") from error
        if record is not None:
            yield Entry(
                seq=frame.seq,
                mono_ns=frame.mono_ns,
                type_no=frame.type_no,
                version=frame.version,
                record=record,
            )


def read_frames(
    disk: Disk, folder: str, *, from_seq: int = 0
) -> Iterator[tuple[SegmentFile, bytes, Frame]]:
    """Yield every whole frame with the bytes of its segment, undecoded; see ``read``.

    What recovery would set aside is not read either, so that a journal can be read
    before it is recovered.

    Raises:
        JournalCorrupt: A place that is neither a frame nor the torn end.
    """
    segments = list_segments(disk, folder)
    begin = max(
        (index for index, segment in enumerate(segments) if segment.first_seq <= from_seq),
        default=0,
    )
    for index, segment in enumerate(segments[begin:], begin):
        data = disk.read(segment.path)
        seq, end = segment.first_seq - 1, 0
        for frame in walk(data):
            if frame.seq != seq + 1:
                break
            seq, end = frame.seq, frame.end
            if seq >= from_seq:
                yield segment, data, frame
        later = segments[index + 1 :]
        if end == len(data) and later and later[0].first_seq == seq + 1:
            continue
        if _was_whole(disk, later):
            raise JournalCorrupt(f"{segment.name}: {_damage(data, end, seq)}; {_PROVEN}")
        return


@attrs.frozen(kw_only=True)
class Recovered:
    """Where an earlier run left the journal."""

    last_seq: int
    """Number of the last record; 0 in a new journal."""
    anchor_seq: int
    """Number of the last anchor; 0 if there is none."""
    chain: Chain
    """The hash so far, every recovered frame in it."""
    unsynced: tuple[SegmentFile, ...]
    """Segments of which a part may be in the page cache alone, after a kill. The caller
    syncs them before it begins another, or a power cut could take them and leave that."""
    not_outside: tuple[AnchorLine, ...]
    """Anchors that the file outside has not got: the crash came between the two."""
    torn: tuple[str, ...]
    """Names of what was set aside now."""


def recover(disk: Disk, folder: str, codec: RecordCodec, vouched: AnchorLine | None) -> Recovered:
    """Find the end of the journal, setting a torn tail aside.

    Args:
        disk: The files.
        folder: Where the segments are.
        codec: Reads the anchors.
        vouched: The last anchor kept outside. Everything up to it was on the disk.

    Raises:
        JournalCorrupt: Damage or loss that no torn write explains.
        NewerVersion: The anchors are a later program's.
        OSError: The disk's own.
    """
    segments = list_segments(disk, folder)
    safe_seq = 0 if vouched is None else vouched.seq
    if not segments and not safe_seq:
        return Recovered(
            last_seq=0, anchor_seq=0, chain=Chain(), unsynced=(), not_outside=(), torn=()
        )
    if not segments or segments[0].first_seq > max(safe_seq, 1):
        first = segments[0].name if segments else "no segment"
        raise JournalCorrupt(f"{first} begins the journal; the segments before it are missing")
    begin = max(
        index for index, segment in enumerate(segments) if segment.first_seq <= max(safe_seq, 1)
    )
    scan = _Scan(codec, vouched, segments[begin].first_seq - 1)
    torn: list[str] = []
    unsynced: list[SegmentFile] = []
    for index, segment in enumerate(segments[begin:], begin):
        later = segments[index + 1 :]
        data = disk.read(segment.path)
        end = scan.take(segment, data)
        if end > 0:
            unsynced.append(segment)
        if end == len(data) and (not later or later[0].first_seq == scan.seq + 1):
            continue
        why = f"{segment.name}: {_damage(data, end, scan.seq)}"
        if scan.seq < safe_seq:
            raise JournalCorrupt(f"{why}; the anchors outside vouch for record {safe_seq}")
        if _was_whole(disk, later):
            raise JournalCorrupt(f"{why}; {_PROVEN}")
        torn += [_put_aside(disk, folder, each, disk.read(each.path), 0) for each in later]
        if end < len(data):
            torn.append(_put_aside(disk, folder, segment, data, end))
        break
    if scan.seq < safe_seq:
        raise JournalCorrupt(
            f"the journal ends with record {scan.seq}; the anchors outside vouch for {safe_seq}"
        )
    return Recovered(
        last_seq=scan.seq,
        anchor_seq=scan.anchor_seq,
        chain=scan.chain,
        unsynced=tuple(unsynced),
        not_outside=tuple(scan.not_outside),
        torn=tuple(torn),
    )


@attrs.define
class _Scan:
    """Reads frames in order and keeps the chain, from the anchor outside on."""

    codec: RecordCodec
    vouched: AnchorLine | None
    seq: int
    chain: Chain = attrs.field(init=False, factory=Chain)
    anchor_seq: int = attrs.field(init=False, default=0)
    not_outside: list[AnchorLine] = attrs.field(init=False, factory=list)

    def take(self, segment: SegmentFile, data: bytes) -> int:
        """Read ``data`` up to its first damage, and return where that is."""
        end = 0
        for frame in walk(data):
            if frame.seq != self.seq + 1:
                break
            if self.vouched is None or frame.seq > self.vouched.seq:
                self._follow(segment, data, frame)
            elif frame.seq == self.vouched.seq:
                self._join(segment, data, frame, self.vouched)
            self.seq, end = frame.seq, frame.end
        return end

    def _join(self, segment: SegmentFile, data: bytes, frame: Frame, line: AnchorLine) -> None:
        if frame.type_no != ANCHOR_TYPE or _seal(self.codec, data, frame).sha256 != line.sha256:
            raise JournalCorrupt(
                f"{segment.name}: record {frame.seq} is not the anchor that is kept outside"
            )
        self.chain = Chain(line.sha256)
        self.chain.update(data[frame.start : frame.end])
        self.anchor_seq = frame.seq

    def _follow(self, segment: SegmentFile, data: bytes, frame: Frame) -> None:
        if frame.type_no == ANCHOR_TYPE:
            seal = _seal(self.codec, data, frame)
            if self.chain.seal() != seal.sha256:
                raise JournalCorrupt(
                    f"{segment.name}: anchor {frame.seq} at byte {frame.start} does not fit"
                    " the records before it"
                )
            line = AnchorLine(frame.seq, seal.first_seq, seal.last_seq, seal.sha256)
            self.not_outside.append(line)
            self.anchor_seq = frame.seq
        self.chain.update(data[frame.start : frame.end])


def _seal(codec: RecordCodec, data: bytes, frame: Frame) -> Seal:
    record = codec.decode(frame.type_no, frame.version, data[frame.body : frame.end])
    if not isinstance(record, Seal):
        raise BadRecord(f"record {frame.seq} is no anchor, though its type says so")
    return record


def _was_whole(disk: Disk, later: list[SegmentFile]) -> bool:
    """Say whether the segments after one prove that it was once whole on the disk.

    It is synced before the next one gets an anchor, and before one more is begun.
    """
    return len(later) > 1 or any(
        frame.type_no == ANCHOR_TYPE for segment in later for frame in walk(disk.read(segment.path))
    )


def _damage(data: bytes, end: int, seq: int) -> str:
    """Say what is wrong at byte ``end``, behind record ``seq``."""
    if end == len(data):
        return f"ends with record {seq}, and the next segment does not go on from there"
    found = parse(data, end)
    what = found if isinstance(found, str) else f"record {found.seq} stands there"
    return f"damaged at byte {end}, after record {seq}: {what}"


def _put_aside(disk: Disk, folder: str, segment: SegmentFile, data: bytes, end: int) -> str:
    """Move everything from byte ``end`` on into a file of its own; return its name."""
    taken = set(disk.names(folder))
    number = 1
    while (name := f"{segment.name}{_TORN}{number}") in taken:
        number += 1
    if end == 0:
        disk.rename(segment.path, f"{folder}/{name}")
    else:
        disk.write_whole(f"{folder}/{name}", data[end:])
        disk.truncate(segment.path, end)
    return name
