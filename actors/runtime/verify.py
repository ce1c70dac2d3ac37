"""Prove that a journal is whole: nothing edited, cut out, put in, swapped or cut off.

Reads every byte once, checks checksums, numbers and the hash chain, and compares
the anchors with those kept outside. Bodies are not decoded but for anchors and
segment openings, so a million records take seconds.
"""

from typing import Final

import attrs

from actors.runtime.chain import SHA256_HEX, AnchorLine, Chain, read_lines
from actors.runtime.env import Disk
from actors.runtime.errors import BadRecord, NewerVersion
from actors.runtime.frames import (
    ANCHOR_TYPE,
    SEGMENT_TYPE,
    Frame,
    Opening,
    RecordCodec,
    Seal,
    find,
    parse,
    walk,
)
from actors.runtime.segments import SegmentFile, list_segments, set_aside

MAX_PROBLEMS: Final = 100
"""Problems that are named; one rotten disk must not fill another with lines."""


@attrs.frozen(kw_only=True)
class Verified:
    """What a journal's verification found."""

    segments: int
    records: int
    first_seq: int
    """0 in an empty journal, like the other numbers."""
    last_seq: int
    last_anchor: str
    """Hex of the last anchor's hash; empty if there is none."""
    anchor_seq: int
    """Number of the last anchor. What follows is checked by its checksums alone."""
    outside_seq: int
    """Number of the last anchor kept outside; a cut behind it leaves no trace."""
    set_aside: tuple[str, ...]
    """Files with what earlier recoveries could not use."""
    problems: tuple[str, ...]
    """One clear line each, with file and byte; empty if the journal is whole."""

    @property
    def unanchored(self) -> int:
        """How many records after the last anchor nothing seals yet."""
        return self.last_seq - self.anchor_seq


def verify(disk: Disk, folder: str, codec: RecordCodec, anchor_file: str | None = None) -> Verified:
    """Check the whole journal in ``folder``. Raises nothing for what is wrong with it.

    Args:
        disk: The files.
        folder: Where the segments are.
        codec: Reads anchors and segment openings.
        anchor_file: The anchors kept outside the segments; without it nobody can
            tell whether the end was cut off, or everything written anew.
    """
    check = _Check(codec)
    segments = list_segments(disk, folder)
    for index, segment in enumerate(segments):
        check.segment(disk, segment, is_last=index == len(segments) - 1)
    outside_seq = 0
    if anchor_file is not None:
        outside_seq = check.outside(disk, anchor_file)
    return Verified(
        segments=len(segments),
        records=check.records,
        first_seq=segments[0].first_seq if check.records else 0,
        last_seq=check.seq,
        last_anchor=check.last_anchor,
        anchor_seq=check.anchor_seq,
        outside_seq=outside_seq,
        set_aside=tuple(set_aside(disk, folder)),
        problems=tuple(check.problems),
    )


@attrs.define
class _Check:
    """The state of one verification: where it is, and what it found."""

    codec: RecordCodec
    seq: int = attrs.field(init=False, default=0)
    records: int = attrs.field(init=False, default=0)
    last_anchor: str = attrs.field(init=False, default="")
    anchor_seq: int = attrs.field(init=False, default=0)
    chain: Chain = attrs.field(init=False, factory=Chain)
    anchors: dict[int, AnchorLine] = attrs.field(init=False, factory=dict)
    problems: list[str] = attrs.field(init=False, factory=list)

    def problem(self, line: str) -> None:
        """Note one problem, up to the limit."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(line)
        elif len(self.problems) == MAX_PROBLEMS:
            self.problems.append("and more")

    def segment(self, disk: Disk, file: SegmentFile, *, is_last: bool) -> None:
        """Check one segment, after all before it."""
        try:
            data = disk.read(file.path)
        except OSError as error:
            self.problem(f"{file.name}: cannot be read: {error}")
            return
        if not data and not is_last:
            self.problem(f"{file.name}: byte 0: an empty segment before the last")
        start = 0
        while start < len(data):
            end = self._frames(file, data, start)
            if end == len(data):
                break
            start = self._past_damage(file, data, end)

    def _frames(self, file: SegmentFile, data: bytes, start: int) -> int:
        """Check whole frames from ``start`` on; return where they end."""
        view, hashed, end, seq, records = memoryview(data), start, start, self.seq, 0
        for frame in walk(data, start):
            if frame.seq != seq + 1:
                self.seq = seq
                self._gap(f"{file.name}: byte {frame.start}", frame.seq)
            seq, end = frame.seq, frame.end
            records += 1
            if frame.type_no == SEGMENT_TYPE or frame.start == 0:
                self._opening(file, data, frame)
            if frame.type_no == ANCHOR_TYPE:
                self.chain.update(view[hashed : frame.start])
                hashed = frame.start
                self._anchor(file, data, frame)
        self.chain.update(view[hashed:end])
        self.seq = seq
        self.records += records
        return end

    def _past_damage(self, file: SegmentFile, data: bytes, at: int) -> int:
        """Name the damage at byte ``at``; return where the next whole frame begins."""
        what = parse(data, at)
        next_frame = find(data, at)
        until = len(data) if next_frame is None else next_frame.start
        self.problem(f"{file.name}: byte {at}: {what}; {until - at} bytes cannot be read")
        return until

    def _gap(self, place: str, seq: int) -> None:
        if seq > self.seq + 1:
            self.problem(f"{place}: records {self.seq + 1} to {seq - 1} are missing")
        else:
            self.problem(f"{place}: record {seq} stands after record {self.seq}")

    def _decoded(self, file: SegmentFile, data: bytes, frame: Frame) -> object | None:
        try:
            return self.codec.decode(frame.type_no, frame.version, data[frame.body : frame.end])
        except (NewerVersion, BadRecord) as error:
            self.problem(f"{file.name}: byte {frame.start}: record {frame.seq}: {error}")
            return None

    def _opening(self, file: SegmentFile, data: bytes, frame: Frame) -> None:
        place = f"{file.name}: byte {frame.start}: record {frame.seq}"
        if frame.start != 0:
            self.problem(f"{place} opens a segment in the middle of one")
            return
        if frame.seq != file.first_seq:
            self.problem(f"{place} is not the one that the file is named after")
        if frame.type_no != SEGMENT_TYPE:
            self.problem(f"{place} is not the one that opens a segment")
            return
        record = self._decoded(file, data, frame)
        if isinstance(record, Opening) and record.previous_anchor != self.last_anchor:
            self.problem(f"{place} names another anchor before it than the journal has")

    def _anchor(self, file: SegmentFile, data: bytes, frame: Frame) -> None:
        place = f"{file.name}: byte {frame.start}: anchor {frame.seq}"
        found = self.chain.seal()
        record = self._decoded(file, data, frame)
        if not isinstance(record, Seal):
            return
        if found != record.sha256:
            self.problem(f"{place} does not fit the records before it")
        first_seq, last_seq = max(self.anchor_seq, 1), frame.seq - 1
        if (record.first_seq, record.last_seq) != (first_seq, last_seq):
            self.problem(
                f"{place} seals {record.first_seq} to {record.last_seq},"
                f" not {first_seq} to {last_seq}"
            )
        if SHA256_HEX.match(record.sha256):
            # Go on from what it claims: one damage is named once, not at every anchor after it.
            self.chain = Chain(record.sha256)
        self.anchor_seq, self.last_anchor = frame.seq, record.sha256
        self.anchors[frame.seq] = AnchorLine(
            frame.seq, record.first_seq, record.last_seq, record.sha256
        )

    def outside(self, disk: Disk, path: str) -> int:
        """Compare with the anchors kept outside; return the number of the last."""
        name = path.rpartition("/")[2]
        try:
            lines = read_lines(disk.read(path))
        except OSError as error:
            self.problem(f"{name}: cannot be read: {error}")
            return 0
        known: set[int] = set()
        last = 0
        for line in lines:
            if isinstance(line, int):
                self.problem(f"{name}: line {line} is no anchor")
                continue
            known.add(line.seq)
            if line.seq > self.seq:
                self.problem(f"{name}: anchor {line.seq} is not in the journal: its end is cut off")
            elif self.anchors.get(line.seq) != line:
                self.problem(f"{name}: anchor {line.seq} is not the one in the journal")
            last = max(last, line.seq)
        for seq in self.anchors:
            # The last ones may be missing: a crash can come between journal and file.
            if seq <= last and seq not in known:
                self.problem(f"{name}: anchor {seq} of the journal is missing")
        return last
