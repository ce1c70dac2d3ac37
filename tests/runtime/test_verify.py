"""Laws of the journal's verification: what was changed is found, and nothing is made up."""

from functools import cache

import pytest
from hypothesis import given, settings, strategies as st

from actors.runtime.disk import MemoryDisk
from actors.runtime.frames import ANCHOR_TYPE, OVERHEAD_BYTES, SEGMENT_TYPE, pack, walk
from actors.runtime.verify import MAX_PROBLEMS, verify
from tests.runtime.journals import (
    ANCHORS,
    CODEC,
    FOLDER,
    ROLL_TYPE,
    anchors_end,
    check,
    memory_disk,
    opening,
    overwrite,
    paths,
    renumbered,
    reopened,
    roll,
    written,
)


@cache
def _files() -> dict[str, bytes]:
    """Return the files of a sound journal of several segments, and its anchors outside."""
    disk = written([12] * 9, padding=150, segment_bytes=4096)
    assert len(paths(disk)) > 2
    return {path: disk.read(path) for path in (*paths(disk), ANCHORS)}


def _disk(changed: dict[str, bytes] | None = None) -> MemoryDisk:
    disk = memory_disk()
    disk.make_folder(FOLDER)
    for path, data in (_files() | (changed or {})).items():
        disk.write_whole(path, data)
    return disk


def _segments() -> list[str]:
    return [path for path in _files() if path != ANCHORS]


def test_a_sound_journal_has_no_problems() -> None:
    found = check(_disk())

    assert found.problems == ()
    assert (found.segments, found.first_seq) == (len(_segments()), 1)
    assert found.records == found.last_seq == found.anchor_seq == found.outside_seq
    assert found.unanchored == 0
    assert found.last_anchor in _files()[ANCHORS].decode()


def test_an_empty_journal_has_no_problems() -> None:
    found = verify(memory_disk(), FOLDER, CODEC)

    assert (found.problems, found.records, found.last_seq) == ((), 0, 0)


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_any_bit_flipped_before_the_last_anchor_is_found(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(_segments()))
    content = bytearray(_files()[path])
    is_last = path == _segments()[-1]
    limit = anchors_end(bytes(content)) if is_last else len(content)
    bit = data.draw(st.integers(0, limit * 8 - 1))
    content[bit // 8] ^= 1 << bit % 8

    assert verify(_disk({path: bytes(content)}), FOLDER, CODEC).problems


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_any_bit_flipped_anywhere_is_found_with_the_anchors_outside(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(list(_files())))
    content = bytearray(_files()[path])
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    content[bit // 8] ^= 1 << bit % 8
    found = check(_disk({path: bytes(content)}))

    # The last line's newline tells a whole line from a torn one, and no more than that.
    assert found.problems or (path == ANCHORS and bit // 8 == len(content) - 1)
    assert found.problems or found.outside_seq < found.anchor_seq


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_record_edited_with_its_checksum_mended_is_found(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(_segments()))
    content = _files()[path]
    frames = [frame for frame in walk(content) if frame.type_no == ROLL_TYPE]
    frame = data.draw(st.sampled_from(frames))
    forged = pack(frame.seq, frame.mono_ns, ROLL_TYPE, 1, CODEC.encode(roll(999_999))[2])
    changed = content[: frame.start] + forged + content[frame.end :]

    problems = verify(_disk({path: changed}), FOLDER, CODEC).problems

    assert len(problems) == 1
    assert "does not fit the records before it" in problems[0]


def test_a_record_cut_out_is_found_even_when_the_rest_is_numbered_anew() -> None:
    disk = written([5, 5])
    path = paths(disk)[0]
    whole = disk.read(path)

    for seq in range(2, 6):
        overwrite(disk, path, renumbered(whole, without=seq))
        assert any("does not fit" in line for line in check(disk).problems)
    frames = list(walk(whole))
    overwrite(disk, path, whole[: frames[2].start] + whole[frames[2].end :])
    assert any("records 3 to 3 are missing" in line for line in check(disk).problems)


def test_two_records_swapped_are_found() -> None:
    disk = written([5])
    path = paths(disk)[0]
    whole = disk.read(path)
    second, third = list(walk(whole))[1:3]
    swapped = (
        whole[: second.start]
        + whole[third.start : third.end]
        + whole[second.start : second.end]
        + whole[third.end :]
    )
    overwrite(disk, path, swapped)

    problems = check(disk).problems
    assert any("records 2 to 2 are missing" in line for line in problems)
    assert any("record 2 stands after record 3" in line for line in problems)


def test_a_journal_cut_off_is_found_by_the_anchors_outside_and_by_nothing_else() -> None:
    disk = written([5, 5])
    path = paths(disk)[0]
    whole = disk.read(path)
    overwrite(disk, path, whole[: anchors_end(whole)])

    assert verify(disk, FOLDER, CODEC).problems == ()
    assert any("cut off" in line for line in check(disk).problems)


def test_a_journal_written_anew_is_found_by_the_anchors_outside() -> None:
    disk, other = written([5, 5]), written([5, 5], padding=1)
    overwrite(disk, paths(disk)[0], other.read(paths(other)[0]))

    assert verify(disk, FOLDER, CODEC).problems == ()
    assert any("is not the one in the journal" in line for line in check(disk).problems)


@pytest.mark.parametrize("missing", [0, 1])
def test_a_missing_segment_is_found(missing: int) -> None:
    disk = _disk()
    disk.rename(_segments()[missing], "/state/elsewhere")

    assert any("are missing" in line for line in check(disk).problems)


def test_the_last_segment_missing_is_found_by_the_anchors_outside() -> None:
    disk = _disk()
    disk.rename(_segments()[-1], "/state/elsewhere")

    assert verify(disk, FOLDER, CODEC).problems == ()
    assert any("cut off" in line for line in check(disk).problems)


def test_a_segment_has_to_begin_with_its_opening_and_hold_no_other() -> None:
    first, second = _segments()[:2]
    content = _files()[first]
    opening = next(iter(walk(_files()[second])))
    frames = list(walk(content))
    body = _files()[second][opening.body : opening.end]
    inside = pack(frames[2].seq, 0, opening.type_no, opening.version, body)
    changed = content[: frames[2].start] + inside + content[frames[2].end :]
    assert any("in the middle" in line for line in check(_disk({first: changed})).problems)

    instead = pack(1, 0, ROLL_TYPE, 1, CODEC.encode(roll(1))[2])
    changed = instead + content[frames[0].end :]
    assert any("not the one that opens" in line for line in check(_disk({first: changed})).problems)


def test_a_segment_under_another_name_is_found() -> None:
    disk = _disk()
    disk.rename(_segments()[-1], f"{FOLDER}/{'9' * 16}.tlj")

    assert any("named after" in line for line in check(disk).problems)


def test_an_opening_that_names_another_anchor_is_found_before_anything_seals_it() -> None:
    disk = written([4])
    seq = check(disk).last_seq + 1
    opened = pack(seq, 0, SEGMENT_TYPE, 1, CODEC.encode(opening("ab" * 32))[2])
    disk.write_whole(f"{FOLDER}/{seq:016d}.tlj", opened)

    assert any("names another anchor" in line for line in check(disk).problems)


def test_a_last_anchor_that_claims_other_records_is_found() -> None:
    disk = written([4])
    path = paths(disk)[0]
    whole = disk.read(path)
    frame = list(walk(whole))[-1]
    body = whole[frame.body : frame.end].replace(b'"first_seq":1', b'"first_seq":2')
    overwrite(
        disk, path, whole[: frame.start] + pack(frame.seq, frame.mono_ns, ANCHOR_TYPE, 1, body)
    )

    assert any("seals 2 to 5, not 1 to 5" in line for line in verify(disk, FOLDER, CODEC).problems)


def test_the_end_that_nothing_seals_yet_is_counted_and_no_problem() -> None:
    disk = written([4], close=False)
    path = paths(disk)[0]
    seq = check(disk).last_seq
    overwrite(
        disk,
        path,
        disk.read(path)
        + b"".join(pack(seq + n, 0, ROLL_TYPE, 1, CODEC.encode(roll(n))[2]) for n in (1, 2, 3)),
    )

    found = check(disk)
    assert (found.problems, found.unanchored) == ((), 3)


def test_a_torn_end_is_named_until_recovery_has_set_it_aside() -> None:
    disk = written([4])
    path = paths(disk)[0]
    overwrite(disk, path, disk.read(path) + b"TLJ1")
    assert len(check(disk).problems) == 1

    reopened(disk)
    assert check(disk).problems == ()
    assert check(disk).set_aside == (path.rpartition("/")[2] + ".torn-1",)


def test_each_problem_is_one_line_with_file_and_byte() -> None:
    path = _segments()[1]
    content = bytearray(_files()[path])
    frame = list(walk(bytes(content)))[3]
    content[frame.start + OVERHEAD_BYTES] ^= 1

    problems = check(_disk({path: bytes(content)})).problems

    assert problems[0] == (
        f"{path.rpartition('/')[2]}: byte {frame.start}: the frame's checksum is wrong;"
        f" {frame.end - frame.start} bytes cannot be read"
    )
    assert all("\n" not in line for line in problems)
    assert len(problems) == 3, "the damage, the number that is missing, the anchor after it"


def test_files_that_cannot_be_read_are_problems_and_not_errors() -> None:
    disk = written([1])
    disk.fail_at(2, PermissionError(13, "Permission denied"))

    assert any("cannot be read" in line for line in check(disk).problems)
    assert any(
        "cannot be read" in line for line in verify(disk, FOLDER, CODEC, "/state/none").problems
    )


@given(
    content=st.binary(max_size=3_000),
    lines=st.binary(max_size=300),
    keep=st.integers(0, 1_500),
)
@settings(max_examples=100, deadline=None)
def test_no_content_makes_verification_fail(content: bytes, lines: bytes, keep: int) -> None:
    path = _segments()[0]
    changed = {path: _files()[path][:keep] + content, ANCHORS: lines}

    assert isinstance(check(_disk(changed)).problems, tuple)


def test_the_lines_about_one_rotten_disk_are_bounded() -> None:
    disk = _disk({ANCHORS: b"nonsense\n" * 5_000})

    assert len(check(disk).problems) == MAX_PROBLEMS + 1
    assert check(disk).problems[-1] == "and more"


def test_an_anchor_missing_outside_between_others_is_found() -> None:
    lines = _files()[ANCHORS].splitlines(keepends=True)

    assert any(
        "is missing" in line
        for line in check(_disk({ANCHORS: b"".join(lines[:1] + lines[2:])})).problems
    )
    assert check(_disk({ANCHORS: b"".join(lines[:-1])})).problems == ()
