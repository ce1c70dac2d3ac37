"""Laws of reading the journal back and of recovering it."""

import pytest
from hypothesis import given, settings, strategies as st

from actors.messages.codec import JournalCodec
from actors.messages.records import TYPES, DayRoll
from actors.runtime.disk import MemoryDisk
from actors.runtime.errors import BadRecord, JournalCorrupt, NewerVersion
from actors.runtime.frames import ANCHOR_TYPE, SEGMENT_TYPE, Frame, find, pack, parse, walk
from actors.runtime.segments import read, set_aside
from tests.runtime.journals import (
    ANCHORS,
    CODEC,
    FOLDER,
    ROLL_TYPE,
    check,
    entries,
    overwrite,
    paths,
    recovered,
    reopened,
    roll,
    rolls,
    written,
)


def _cut_segment(cut: int) -> tuple[bytes, MemoryDisk]:
    """Return a segment that no anchor vouches for, and a disk that has ``cut`` bytes of it."""
    disk = written([], close=False)
    whole = disk.read(paths(disk)[0]) + b"".join(
        pack(seq, seq, ROLL_TYPE, 1, CODEC.encode(roll(seq))[2]) for seq in range(2, 8)
    )
    overwrite(disk, paths(disk)[0], whole[:cut])
    return whole, disk


def test_a_torn_tail_at_any_byte_recovers_the_longest_valid_prefix() -> None:
    whole, _ = _cut_segment(0)
    ends = [frame.end for frame in walk(whole)]

    for cut in range(len(whole) + 1):
        _, disk = _cut_segment(cut)
        kept = [end for end in ends if end <= cut]
        prefix = max(kept, default=0)

        reopened(disk)

        assert rolls(disk) == list(range(2, len(kept) + 1))
        assert check(disk).problems == ()
        torn = set_aside(disk, FOLDER)
        assert [disk.read(f"{FOLDER}/{name}") for name in torn] == (
            [whole[prefix:cut]] if cut > prefix else []
        )


@given(cut=st.integers(0, 900), junk=st.binary(min_size=1, max_size=600))
@settings(max_examples=60, deadline=None)
def test_whatever_lies_behind_the_prefix_is_set_aside_whole(cut: int, junk: bytes) -> None:
    whole, disk = _cut_segment(cut)
    data = whole[:cut] + junk
    overwrite(disk, paths(disk)[0], data)
    prefix = 0
    for seq, frame in enumerate(walk(data), 1):
        if frame.seq != seq:
            break
        prefix = frame.end

    reopened(disk)

    assert check(disk).problems == ()
    torn = b"".join(disk.read(f"{FOLDER}/{name}") for name in set_aside(disk, FOLDER))
    assert torn == data[prefix:]


@pytest.mark.parametrize("seq", [1, 7, 9, 2**64 - 1])
def test_a_whole_record_out_of_its_number_ends_the_prefix(seq: int) -> None:
    whole, disk = _cut_segment(0)
    stray = pack(seq, 0, ROLL_TYPE, 1, CODEC.encode(roll(99))[2])
    overwrite(disk, paths(disk)[0], whole + stray)

    reopened(disk)

    assert rolls(disk) == list(range(2, 8))
    assert [disk.read(f"{FOLDER}/{name}") for name in set_aside(disk, FOLDER)] == [stray]


def test_what_is_set_aside_twice_gets_two_names() -> None:
    disk = written([2])
    for _ in range(2):
        last = paths(disk)[-1]
        overwrite(disk, last, disk.read(last) + b"TLJ1 half a frame")
        reopened(disk)
    first = paths(disk)[0].rpartition("/")[2]

    assert first + ".torn-1" in set_aside(disk, FOLDER)
    assert len(set_aside(disk, FOLDER)) == 2


def test_damage_before_what_the_anchors_outside_vouch_for_is_refused_with_its_place() -> None:
    disk = written([3, 3])
    data = bytearray(disk.read(paths(disk)[0]))
    frame = list(walk(bytes(data)))[2]
    data[frame.body] ^= 1
    overwrite(disk, paths(disk)[0], bytes(data))

    with pytest.raises(JournalCorrupt) as caught:
        reopened(disk)

    line = str(caught.value)
    assert paths(disk)[0].rpartition("/")[2] in line
    assert f"byte {frame.start}" in line
    assert "checksum" in line
    assert "\n" not in line
    assert disk.read(paths(disk)[0]) == bytes(data), "nothing was touched"


def test_a_journal_cut_at_a_frame_before_the_last_anchor_outside_is_refused() -> None:
    disk = written([3, 3])
    frame = list(walk(disk.read(paths(disk)[0])))[2]
    disk.truncate(paths(disk)[0], frame.end)

    with pytest.raises(JournalCorrupt, match="ends with record 3; the anchors outside vouch for 9"):
        reopened(disk)


def test_damage_in_a_segment_that_a_later_one_proves_whole_is_refused() -> None:
    disk = written([40] * 4, padding=100, segment_bytes=4096)
    overwrite(disk, ANCHORS, b"")
    data = disk.read(paths(disk)[0])
    disk.truncate(paths(disk)[0], len(data) - 1)

    with pytest.raises(JournalCorrupt, match="prove that it was whole"):
        reopened(disk)


def test_a_journal_without_its_beginning_is_refused() -> None:
    disk = written([40] * 4, padding=100, segment_bytes=4096)
    for path in paths(disk)[:-1]:
        disk.rename(path, "/state/elsewhere" + path.rpartition("/")[2])
    reopened(disk)

    overwrite(disk, ANCHORS, b"")
    with pytest.raises(JournalCorrupt, match="missing"):
        reopened(disk)


def test_a_journal_whose_segments_are_all_gone_is_refused() -> None:
    disk = written([2])
    disk.rename(paths(disk)[0], "/state/elsewhere")

    with pytest.raises(JournalCorrupt, match="missing"):
        reopened(disk)


def test_an_anchor_outside_that_is_not_the_journals_is_refused() -> None:
    disk = written([2])
    lines = disk.read(ANCHORS).decode().splitlines()
    seq, first, last, sha256 = lines[-1].split()
    overwrite(disk, ANCHORS, f"{seq} {first} {last} {'0' * len(sha256)}\n".encode())

    with pytest.raises(JournalCorrupt, match="not the anchor"):
        reopened(disk)


def test_an_anchor_after_the_last_one_outside_has_to_fit_the_records() -> None:
    disk = written([2, 2])
    overwrite(disk, ANCHORS, b"")
    data = disk.read(paths(disk)[0])
    frames = list(walk(data))
    forged = pack(3, frames[2].mono_ns, ROLL_TYPE, 1, CODEC.encode(roll(9))[2])
    overwrite(disk, paths(disk)[0], data[: frames[2].start] + forged + data[frames[2].end :])

    with pytest.raises(JournalCorrupt, match="does not fit"):
        reopened(disk)


def test_half_a_line_outside_is_cut_off_and_written_again() -> None:
    disk = written([2, 2])
    whole = disk.read(ANCHORS)
    overwrite(disk, ANCHORS, whole[:-10])

    reopened(disk)

    assert disk.read(ANCHORS).startswith(whole)
    assert check(disk).problems == ()


def test_a_line_outside_that_is_no_anchor_is_refused() -> None:
    disk = written([2])
    overwrite(disk, ANCHORS, disk.read(ANCHORS) + b"an anchor, honestly\n")

    with pytest.raises(JournalCorrupt, match="line 2 is no anchor"):
        reopened(disk)


def test_an_unfinished_segment_in_front_of_recovery_is_used_again() -> None:
    disk = written([2])
    last = len(entries(disk))
    path = f"{FOLDER}/{last + 1:016d}.tlj"
    disk.open_append(path).close()

    reopened(disk, 7)

    assert paths(disk)[-1] == path
    assert rolls(disk) == [0, 1, 7]
    assert check(disk).problems == ()


def test_reading_can_begin_at_any_record() -> None:
    disk = written([20] * 6, padding=200, segment_bytes=4096)
    everything = entries(disk)

    for seq in range(len(everything) + 3):
        assert entries(disk, seq) == [entry for entry in everything if entry.seq >= seq]


def test_a_reader_skips_the_types_that_it_does_not_know() -> None:
    disk = written([5])
    older = JournalCodec({number: TYPES[number] for number in (SEGMENT_TYPE, ANCHOR_TYPE)})

    assert [entry.type_no for entry in read(disk, FOLDER, older)] == [SEGMENT_TYPE, ANCHOR_TYPE]


def _behind(disk: MemoryDisk, type_no: int, version: int, body: bytes) -> None:
    path = paths(disk)[-1]
    seq = len(entries(disk)) + 1
    overwrite(disk, path, disk.read(path) + pack(seq, 0, type_no, version, body))


def test_a_reader_refuses_a_newer_version_and_names_the_place() -> None:
    disk = written([2])
    _behind(disk, ROLL_TYPE, 2, b"{}")

    with pytest.raises(NewerVersion, match=r"tlj: record 5 at byte \d+: DayRoll version 2"):
        entries(disk)


def test_a_body_that_is_not_its_types_is_named_with_its_place() -> None:
    disk = written([2])
    _behind(disk, ROLL_TYPE, 1, b'{"day":1}')

    with pytest.raises(BadRecord, match=r"tlj: record 5 at byte \d+: DayRoll version 1"):
        entries(disk)


def test_reading_stops_quietly_at_a_torn_end_and_loudly_before_it() -> None:
    disk = written([40] * 4, padding=100, segment_bytes=4096)
    first, *_, last = paths(disk)
    everything = rolls(disk)
    disk.truncate(last, len(disk.read(last)) - 1)
    assert rolls(disk) == everything

    disk.truncate(first, len(disk.read(first)) - 1)
    with pytest.raises(JournalCorrupt, match="cut short"):
        entries(disk)


def test_a_missing_segment_stops_the_reading() -> None:
    disk = written([40] * 4, padding=100, segment_bytes=4096)
    disk.rename(paths(disk)[1], "/state/elsewhere")

    with pytest.raises(JournalCorrupt, match="does not go on from there"):
        entries(disk)


def test_recovery_of_a_recovered_journal_changes_nothing() -> None:
    whole, _ = _cut_segment(0)
    _, disk = _cut_segment(len(whole) - 3)
    once = recovered(disk)
    reopened(disk)
    reopened(disk)

    assert rolls(disk) == once
    assert len(set_aside(disk, FOLDER)) == 1


headers = st.tuples(
    st.integers(0, 2**64 - 1),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 2**16 - 1),
    st.integers(0, 2**16 - 1),
)
"""Number, time, type and version."""


@given(header=headers, body=st.binary(max_size=300), before=st.binary(max_size=20))
def test_a_frame_reads_back_as_it_was_packed(
    header: tuple[int, int, int, int], body: bytes, before: bytes
) -> None:
    data = before + pack(*header, body) + b"more"
    frame = parse(data, len(before))

    assert isinstance(frame, Frame)
    assert frame[:4] == header
    assert data[frame.body : frame.end] == body
    assert list(walk(data, len(before))) == [frame]
    assert find(data[frame.start :], 0) == parse(data[frame.start :], 0)


@given(data=st.binary(max_size=400), start=st.integers(0, 400))
def test_no_bytes_make_the_parser_fail(data: bytes, start: int) -> None:
    assert isinstance(parse(data, start), str | Frame)
    assert list(walk(data, start)) == []


def test_the_machinerys_own_types_are_the_ones_in_the_table() -> None:
    assert [TYPES[SEGMENT_TYPE][0].__name__, TYPES[ANCHOR_TYPE][0].__name__] == [
        "Segment",
        "Anchor",
    ]
    assert TYPES[ROLL_TYPE][0] is DayRoll
