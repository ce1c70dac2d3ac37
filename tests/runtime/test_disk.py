"""Files, real and in memory: one set of promises, and the accidents of the memory."""

import errno
import os
import random
import stat
from pathlib import Path

import attrs
import pytest
from hypothesis import given, strategies as st

from actors.runtime.disk import FileDisk, MemoryDisk
from actors.runtime.env import Disk

FULL = OSError(errno.ENOSPC, "No space left on device")


@attrs.frozen
class Place:
    disk: Disk
    folder: str


@pytest.fixture(params=["file", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "file":
        return Place(FileDisk(), str(tmp_path))
    disk = MemoryDisk(random.Random(1))
    disk.make_folder("/state")
    return Place(disk, "/state")


@pytest.fixture
def memory() -> MemoryDisk:
    disk = MemoryDisk(random.Random(1))
    disk.make_folder("/state")
    return disk


def test_what_is_appended_is_what_is_read(place: Place) -> None:
    path = f"{place.folder}/journal"
    file = place.disk.open_append(path)
    file.append(b"one")
    file.append(b"two")
    file.sync()

    assert file.size() == 6
    file.close()
    file.close()
    again = place.disk.open_append(path)
    again.append(b"three")
    again.close()
    assert place.disk.read(path) == b"onetwothree"
    with pytest.raises(OSError, match="Bad file descriptor"):
        again.append(b"four")


def test_a_whole_write_replaces_and_leaves_nothing_else_behind(place: Place) -> None:
    path = f"{place.folder}/state.json"
    place.disk.write_whole(path, b"old")
    place.disk.write_whole(path, b"new")

    assert place.disk.read(path) == b"new"
    assert place.disk.names(place.folder) == ["state.json"]


def test_a_rename_moves_over_what_was_there(place: Place) -> None:
    old, new = f"{place.folder}/old", f"{place.folder}/new"
    place.disk.write_whole(old, b"moved")
    place.disk.write_whole(new, b"replaced")
    place.disk.rename(old, new)

    assert place.disk.names(place.folder) == ["new"]
    assert place.disk.read(new) == b"moved"


def test_a_truncated_file_goes_on_at_its_new_end(place: Place) -> None:
    path = f"{place.folder}/journal"
    file = place.disk.open_append(path)
    file.append(b"whole record, torn tai")
    place.disk.truncate(path, 12)
    file.append(b"!")
    file.close()

    assert place.disk.read(path) == b"whole record!"
    place.disk.truncate(path, 15)
    assert place.disk.read(path) == b"whole record!\0\0"


def test_names_are_sorted_and_a_missing_folder_has_none(place: Place) -> None:
    place.disk.make_folder(f"{place.folder}/b/deep")
    place.disk.make_folder(f"{place.folder}/b/deep")
    place.disk.write_whole(f"{place.folder}/c", b"")
    place.disk.write_whole(f"{place.folder}/a", b"")
    place.disk.write_whole(f"{place.folder}/b/x", b"")

    assert place.disk.names(place.folder) == ["a", "b", "c"]
    assert place.disk.names(f"{place.folder}/b") == ["deep", "x"]
    assert place.disk.names(f"{place.folder}/nothing") == []


def test_what_is_not_there_is_a_file_not_found(place: Place) -> None:
    missing = f"{place.folder}/missing"
    with pytest.raises(FileNotFoundError):
        place.disk.read(missing)
    with pytest.raises(FileNotFoundError):
        place.disk.truncate(missing, 0)
    with pytest.raises(FileNotFoundError):
        place.disk.rename(missing, f"{place.folder}/other")
    with pytest.raises(FileNotFoundError):
        place.disk.open_append(f"{missing}/file")
    with pytest.raises(FileNotFoundError):
        place.disk.write_whole(f"{missing}/file", b"")


def test_a_file_is_no_folder_and_a_folder_no_file(place: Place) -> None:
    place.disk.write_whole(f"{place.folder}/file", b"")
    with pytest.raises(FileExistsError):
        place.disk.make_folder(f"{place.folder}/file")
    with pytest.raises(IsADirectoryError):
        place.disk.open_append(place.folder)


def test_modes_are_what_was_asked_for_whatever_the_umask_says(tmp_path: Path) -> None:
    disk = FileDisk()
    before = os.umask(0o077)
    try:
        disk.open_append(f"{tmp_path}/journal", 0o640).close()
        disk.write_whole(f"{tmp_path}/report", b"", 0o644)
        disk.make_folder(f"{tmp_path}/a/b", 0o750)
    finally:
        os.umask(before)

    modes = {
        name: stat.S_IMODE((tmp_path / name).stat().st_mode)
        for name in ("journal", "report", "a", "a/b")
    }
    assert modes == {"journal": 0o640, "report": 0o644, "a": 0o750, "a/b": 0o750}


def test_a_write_that_came_short_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = FileDisk().open_append(f"{tmp_path}/journal")
    whole_write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: whole_write(fd, data[:3]))
    file.append(b"longer than three")
    monkeypatch.undo()
    file.close()

    assert (tmp_path / "journal").read_bytes() == b"longer than three"


def test_a_whole_write_that_fails_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FileDisk()
    disk.write_whole(f"{tmp_path}/state", b"old")

    def full(_fd: int) -> None:
        raise FULL

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        disk.write_whole(f"{tmp_path}/state", b"new")
    monkeypatch.undo()

    assert disk.read(f"{tmp_path}/state") == b"old"
    assert disk.names(str(tmp_path)) == ["state"]


@given(
    steps=st.lists(st.one_of(st.binary(min_size=1, max_size=9), st.none()), max_size=12),
    seed=st.integers(0, 9),
)
def test_a_crash_loses_nothing_that_was_synced_and_invents_nothing(
    steps: list[bytes | None], seed: int
) -> None:
    disk = MemoryDisk(random.Random(seed))
    file = disk.open_append("/journal")
    written = synced = b""
    for step in steps:
        if step is None:
            file.sync()
            synced = written
        else:
            file.append(step)
            written += step
    disk.crash()

    left = disk.read("/journal")
    assert left.startswith(synced)
    assert written.startswith(left)
    with pytest.raises(OSError, match="Bad file descriptor"):
        file.append(b"from beyond")


def test_a_crash_tears_at_any_byte() -> None:
    lengths = set()
    for seed in range(64):
        disk = MemoryDisk(random.Random(seed))
        disk.open_append("/journal").append(b"12345")
        disk.crash()
        lengths.add(len(disk.read("/journal")))

    assert lengths == {0, 1, 2, 3, 4, 5}


def test_the_operation_asked_for_fails_and_no_other(memory: MemoryDisk) -> None:
    file = memory.open_append("/state/journal")
    memory.fail_at(3, FULL)
    file.append(b"first ")
    file.sync()
    with pytest.raises(OSError, match="No space"):
        file.append(b"second")
    file.append(b"|third")

    left = memory.read("/state/journal")
    assert left.startswith(b"first ")
    assert left.endswith(b"|third")
    assert b"second" not in left


def test_a_full_disk_stays_full_until_it_is_healed(memory: MemoryDisk) -> None:
    file = memory.open_append("/state/journal")
    memory.fail_at(1, FULL, lasting=True)
    for _ in range(3):
        with pytest.raises(OSError, match="No space"):
            memory.write_whole("/state/x", b"")
    memory.heal()
    file.append(b"room again")

    assert memory.read("/state/journal") == b"room again"
    assert memory.names("/state") == ["journal"]


def test_modes_in_memory_are_remembered(memory: MemoryDisk) -> None:
    memory.open_append("/state/journal", 0o600)
    memory.make_folder("/state/run", 0o700)

    assert memory.mode("/state/journal") == 0o600
    assert memory.mode("/state/run") == 0o700
