"""Laws of the journal's writer and of its actor."""

import errno
import json
import random
import stat
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
import trio
import trio.testing
from hypothesis import given, settings, strategies as st
from typing_extensions import override

from actors.messages.records import Anchor, DayRoll, Segment
from actors.runtime.disk import FileDisk, MemoryDisk
from actors.runtime.env import RealEnv
from actors.runtime.errors import BadRecord, JournalCorrupt, JournalFailed
from actors.runtime.frames import MAX_BODY_BYTES
from actors.runtime.journal import MAX_STAGED_BYTES, MAX_UNHASHED_BYTES, Journal
from actors.runtime.memory import run_seeded
from actors.runtime.segments import read
from actors.runtime.verify import verify
from tests.runtime.journals import (
    ANCHORS,
    CODEC,
    FOLDER,
    ROLL_TYPE,
    check,
    entries,
    env_of,
    is_healthy,
    is_synced,
    memory_disk,
    open_journal,
    opening,
    paths,
    recovered,
    reopened,
    roll,
    rolls,
    until,
    write_seconds,
    written,
)

FULL = OSError(errno.ENOSPC, "No space left on device")
ROTTEN = OSError(errno.EIO, "Input/output error")


def test_records_come_back_in_order_and_are_numbered_from_one() -> None:
    disk = written([3, 2])

    assert [entry.seq for entry in entries(disk)] == list(range(1, len(entries(disk)) + 1))
    assert isinstance(entries(disk)[0].record, Segment)
    assert rolls(disk) == [0, 1, 2, 3, 4]


def test_each_run_goes_on_in_a_segment_of_its_own_that_names_the_last_anchor() -> None:
    disk = written([2])
    reopened(disk, 7)

    segments = [entry.record for entry in entries(disk) if isinstance(entry.record, Segment)]
    anchors = [entry.record for entry in entries(disk) if isinstance(entry.record, Anchor)]

    assert len(paths(disk)) == 2
    assert paths(disk)[0].endswith("/0000000000000001.tlj")
    assert [segment.previous_anchor for segment in segments] == ["", anchors[-2].sha256]
    assert check(disk).problems == ()


def test_folder_and_files_are_readable_by_the_group_alone() -> None:
    disk = written([1])

    assert disk.mode(FOLDER) == 0o750
    assert [disk.mode(path) for path in (*paths(disk), ANCHORS)] == [0o640, 0o640]


async def test_a_record_is_one_write_and_no_other_operation() -> None:
    disk = memory_disk()
    journal = open_journal(env_of(disk))
    body = CODEC.encode(roll(1))[2]

    before = disk.operations
    first = journal.append_ready(ROLL_TYPE, 1, body)
    second = journal.append(roll(1))

    assert disk.operations == before + 2
    assert second == first + 1 == journal.last_seq
    journal.close()


async def test_staged_records_are_numbered_at_once_and_become_one_write() -> None:
    disk = memory_disk()
    journal = open_journal(env_of(disk))
    before, last_seq = disk.operations, journal.last_seq

    seqs = [journal.stage(roll(number)) for number in range(5)]
    assert seqs == list(range(last_seq + 1, last_seq + 6))
    assert disk.operations == before
    journal.commit()
    journal.commit()

    assert disk.operations == before + 1
    assert rolls(disk) == list(range(5))
    journal.close()


async def test_a_record_that_is_appended_takes_what_was_staged_before_it_along() -> None:
    disk = memory_disk()
    journal = open_journal(env_of(disk))
    before = disk.operations

    journal.stage(roll(0))
    journal.stage(roll(1))
    seq = journal.append(roll(2))

    assert seq == journal.last_seq
    assert disk.operations == before + 1
    assert rolls(disk) == [0, 1, 2]
    journal.close()


@given(acts=st.lists(st.sampled_from(["stage", "stage", "append", "commit"]), max_size=30))
def test_a_kill_takes_what_is_staged_and_nothing_that_was_written(acts: list[str]) -> None:
    disk = memory_disk()
    written, number = 0, 0

    async def live() -> None:
        nonlocal written, number
        journal = open_journal(env_of(disk))
        for act in acts:
            if act == "commit":
                journal.commit()
            else:
                {"stage": journal.stage, "append": journal.append}[act](roll(number))
                number += 1
            if act != "stage":
                written = number
        # No close: the process is gone, the page cache stays.

    run_seeded(0, live)

    assert recovered(disk) == list(range(written))


async def test_what_is_staged_is_written_by_whatever_needs_the_whole(
    autojump_clock: trio.testing.MockClock,
) -> None:
    disk = memory_disk()
    journal = open_journal(env_of(disk))
    async with trio.open_nursery() as nursery:
        await nursery.start(journal.run)
        journal.stage(roll(0))
        await trio.sleep(1.5)
        assert rolls(disk) == [0]
        assert check(disk).unanchored == 0
        nursery.cancel_scope.cancel()
    journal.stage(roll(1))
    journal.close()

    assert rolls(disk) == [0, 1]
    assert check(disk).problems == ()
    assert check(disk).unanchored == 0


async def test_much_that_is_staged_does_not_wait_for_the_rest() -> None:
    disk = memory_disk()
    journal = open_journal(env_of(disk))
    before = disk.operations
    for number in range(2 * MAX_STAGED_BYTES // 60_000):
        journal.stage(roll(number, padding=60_000))

    assert disk.operations > before
    journal.close()
    assert check(disk).problems == ()


def test_a_disk_that_refuses_what_was_staged_gets_nothing_more() -> None:
    disk = memory_disk(seed=3)

    async def write() -> None:
        journal = open_journal(env_of(disk))
        for number in range(4):
            journal.stage(roll(number))
        disk.fail_at(1, FULL)
        with pytest.raises(JournalFailed, match="No space left"):
            journal.commit()
        for refused in (journal.stage, journal.append):
            with pytest.raises(JournalFailed, match="No space left"):
                refused(roll(9))
        assert not is_healthy(journal)
        journal.close()

    run_seeded(0, write)
    kept = recovered(disk)
    assert kept == list(range(len(kept)))
    reopened(disk)
    assert check(disk).problems == ()


async def test_a_bad_record_leaves_what_was_staged_before_it() -> None:
    disk = memory_disk()
    journal = open_journal(env_of(disk))
    journal.stage(roll(0))
    with pytest.raises(BadRecord, match="not a record type"):
        journal.stage(object())
    journal.stage(roll(1))
    journal.commit()

    assert rolls(disk) == [0, 1]
    journal.close()


def test_a_disk_that_refuses_one_record_gets_no_other() -> None:
    disk = memory_disk()

    async def write() -> None:
        journal = open_journal(env_of(disk))
        disk.fail_at(1, FULL)
        with pytest.raises(JournalFailed, match="No space left"):
            journal.append(roll(1))
        before = disk.operations
        with pytest.raises(JournalFailed, match="No space left"):
            journal.append(roll(2))
        assert disk.operations == before
        assert not is_healthy(journal)
        journal.close()

    run_seeded(0, write)
    reopened(disk)
    assert check(disk).problems == ()
    assert rolls(disk) == []


async def test_a_record_that_cannot_be_kept_leaves_the_journal_as_it_was() -> None:
    disk = memory_disk()
    journal = open_journal(env_of(disk))

    with pytest.raises(BadRecord, match="too long"):
        journal.append_ready(ROLL_TYPE, 1, b" " * (MAX_BODY_BYTES + 1))
    with pytest.raises(BadRecord, match="not a record type"):
        journal.append(object())
    journal.append(roll(1))
    journal.close()

    assert rolls(disk) == [1]
    assert check(disk).problems == ()


async def test_a_wish_to_sync_is_served_at_once_and_many_make_one(
    autojump_clock: trio.testing.MockClock,
) -> None:
    disk = memory_disk()
    env = env_of(disk)
    journal = open_journal(env)
    async with trio.open_nursery() as nursery:
        await nursery.start(journal.run)
        await trio.sleep(0.1)
        since_ns = env.now_ns()
        before = disk.operations
        for number in range(10):
            journal.append(roll(number))
            journal.sync_soon()
        assert journal.unsynced_since_ns == since_ns
        await trio.sleep(0.001)

        assert is_synced(journal)
        assert disk.operations == before + 10 + 1
        nursery.cancel_scope.cancel()
    disk.crash()
    assert rolls(disk) == list(range(10))


async def test_without_a_wish_everything_is_synced_and_sealed_each_second(
    autojump_clock: trio.testing.MockClock,
) -> None:
    disk = memory_disk()
    journal = open_journal(env_of(disk))
    async with trio.open_nursery() as nursery:
        await nursery.start(journal.run)
        await trio.sleep(0.5)
        journal.append(roll(1))
        await trio.sleep(1.0)

        assert is_synced(journal)
        assert check(disk).unanchored == 0
        before = disk.operations
        await trio.sleep(60.0)
        assert disk.operations == before, "an idle journal leaves the disk alone"
        nursery.cancel_scope.cancel()


def test_every_anchor_is_also_kept_outside_the_segments() -> None:
    disk = written([2, 0, 3, 1])

    anchors = [entry for entry in entries(disk) if isinstance(entry.record, Anchor)]
    lines = disk.read(ANCHORS).decode().splitlines()

    assert [line.split()[0] for line in lines] == [str(entry.seq) for entry in anchors]
    assert check(disk).outside_seq == anchors[-1].seq == check(disk).last_seq


def test_a_full_segment_is_sealed_and_followed_by_another() -> None:
    disk = written([40] * 6, padding=100, segment_bytes=4096)

    assert len(paths(disk)) > 3
    assert rolls(disk) == list(range(240))
    assert check(disk).problems == ()
    assert check(disk).unanchored == 0


async def test_a_refused_sync_ends_the_actor_for_good(
    autojump_clock: trio.testing.MockClock,
) -> None:
    disk = memory_disk()
    journal = open_journal(env_of(disk))
    journal.append(roll(1))
    journal.sync_soon()

    disk.fail_at(1, ROTTEN)
    with pytest.raises(JournalFailed, match="Input/output error"):
        await journal.run()
    with pytest.raises(JournalFailed, match="Input/output error"):
        await journal.run()

    assert not is_healthy(journal)
    assert not is_synced(journal)
    journal.close()


async def test_while_its_actor_is_down_records_are_taken_but_it_is_not_healthy(
    autojump_clock: trio.testing.MockClock,
) -> None:
    disk = memory_disk()
    journal = open_journal(env_of(disk))
    assert not is_healthy(journal)

    await write_seconds(journal, [1])
    assert not is_healthy(journal)
    journal.append(roll(1))
    journal.sync_soon()
    async with trio.open_nursery() as nursery:
        await nursery.start(journal.run)
        assert is_healthy(journal)
        await trio.sleep(1.5)
        assert is_synced(journal)
        nursery.cancel_scope.cancel()
    journal.close()

    assert rolls(disk) == [0, 1]
    assert check(disk).problems == ()
    assert check(disk).unanchored == 0


class Void:
    """A file that keeps nothing, so that only the journal's own memory is measured."""

    def append(self, data: bytes) -> None:
        """Take it."""

    def sync(self) -> None:
        """Have nothing to do."""

    def size(self) -> int:
        return 0

    def close(self) -> None:
        """Have nothing to do."""


class VoidDisk(MemoryDisk):
    """A disk whose open files keep nothing."""

    @override
    def open_append(self, path: str, mode: int = 0o640) -> Void:  # type: ignore[override]  # it keeps nothing, so it is no MemoryFile
        return Void()


async def test_what_waits_for_hashing_is_bounded_while_the_actor_is_down() -> None:
    journal = open_journal(env_of(VoidDisk(random.Random(0))))
    record = roll(0, padding=60_000)
    tracemalloc.start()
    try:
        for _ in range(3 * MAX_UNHASHED_BYTES // 60_000):
            journal.append(record)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    journal.close()

    assert held < 1.5 * MAX_UNHASHED_BYTES


@pytest.mark.parametrize("padding", [60_000, 300_000])
async def test_what_the_writer_hashed_itself_is_sealed_like_the_rest(padding: int) -> None:
    disk = memory_disk()
    journal = open_journal(env_of(disk))
    for number in range(2 * MAX_UNHASHED_BYTES // padding):
        journal.append(roll(number, padding=padding))
    journal.close()

    assert check(disk).problems == ()
    assert check(disk).unanchored == 0


async def test_a_closed_journal_takes_nothing_more() -> None:
    disk = memory_disk()
    journal = open_journal(env_of(disk))
    journal.close()
    journal.close()

    with pytest.raises(JournalFailed, match="closed"):
        journal.append(roll(1))


def test_a_journal_whose_disk_refuses_at_the_start_says_so() -> None:
    disk = memory_disk()

    for operation in range(1, 12):
        disk.fail_at(operation, FULL)
        with pytest.raises(JournalFailed, match="No space left"):
            reopened(disk)
        disk.heal()
    assert check(disk).problems == ()


async def _trade(disk: MemoryDisk, certain: list[int], start: int) -> None:
    """Append and sync until the disk is gone, noting which records were surely on it."""
    journal = open_journal(env_of(disk), segment_bytes=4096)
    certain[:] = range(start)
    number = start
    async with trio.open_nursery() as nursery:
        await nursery.start(journal.run)
        for _ in range(6):
            for _ in range(8):
                journal.append(roll(number, padding=90))
                number += 1
            journal.sync_soon()
            await trio.sleep(0.35)
            if is_synced(journal):
                certain[:] = range(number)
        nursery.cancel_scope.cancel()
    journal.close()
    certain[:] = range(number)


@given(
    seed=st.integers(0, 10_000),
    accidents=st.lists(
        st.tuples(st.integers(1, 70), st.sampled_from(["kill", "power"])), min_size=1, max_size=5
    ),
)
@settings(max_examples=80, deadline=None)
def test_kills_lose_nothing_appended_and_power_cuts_nothing_synced(
    seed: int, accidents: list[tuple[int, str]]
) -> None:
    disk = memory_disk(seed)
    certain: list[int] = []

    for operation, accident in accidents:
        start = len(recovered(disk))
        disk.fail_at(operation, ROTTEN, lasting=True)
        try:
            run_seeded(seed, _trade, disk, certain, start)
        except* JournalFailed:
            pass
        disk.heal()
        appended = recovered(disk)
        if accident == "power":
            disk.crash()
        kept = recovered(disk)
        assert rolls(disk) == kept, "reading needs no recovery first"
        assert kept == list(range(len(kept)))
        assert kept[: len(certain)] == certain
        assert accident == "power" or kept == appended

    reopened(disk)
    assert check(disk).problems == ()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("steps", range(6))
def test_a_life_that_ends_within_a_rotation_leaves_no_segment_unsynced(
    seed: int, steps: int
) -> None:
    disk = memory_disk(seed)

    async def live() -> None:
        journal = open_journal(env_of(disk), segment_bytes=4096)
        async with trio.open_nursery() as nursery:
            await nursery.start(journal.run)
            for number in range(40):
                journal.append(roll(number, padding=100))
            journal.sync_soon()
            for _ in range(steps):
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
        whole = disk.read(paths(disk)[0])
        rotated = len(paths(disk)) == 2
        async with trio.open_nursery() as nursery:
            await nursery.start(journal.run)
            nursery.cancel_scope.cancel()
        disk.crash()
        assert not rotated or disk.read(paths(disk)[0]) == whole

    run_seeded(seed, live)
    reopened(disk)


class Unfair(random.Random):
    """A power cut that takes all of a long unsynced end and nothing of a short one."""

    @override
    def randint(self, a: int, b: int) -> int:
        return a if b - a > 4_000 else b


@pytest.mark.parametrize("operation", range(1, 7))
def test_a_power_cut_while_closing_within_a_rotation_is_recovered(operation: int) -> None:
    disk = MemoryDisk(Unfair())
    disk.make_folder("/state")

    async def live() -> None:
        journal = open_journal(env_of(disk), segment_bytes=4096)
        async with trio.open_nursery() as nursery:
            await nursery.start(journal.run)
            for number in range(40):
                journal.append(roll(number, padding=100))
            journal.sync_soon()
            for _ in range(2):
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
        assert len(paths(disk)) == 2
        disk.fail_at(operation, ROTTEN, lasting=True)
        with pytest.raises(JournalFailed):
            journal.close()

    run_seeded(0, live)
    disk.heal()
    disk.crash()
    reopened(disk)
    assert check(disk).problems == ()


def test_on_the_machines_own_disk_all_of_it_works_too(tmp_path: Path) -> None:
    folder, anchors = str(tmp_path / "state" / "journal"), str(tmp_path / "state" / "anchors.log")

    async def write() -> None:
        env = RealEnv()
        journal = Journal.open(env, folder, CODEC, opening, anchor_file=anchors)
        async with trio.open_nursery() as nursery:
            await nursery.start(journal.run)
            for number in range(100):
                journal.append(roll(number))
            journal.sync_soon()
            await until(lambda: is_synced(journal))
            nursery.cancel_scope.cancel()
        journal.close()

    for _ in range(2):
        trio.run(write)

    found = verify(FileDisk(), folder, CODEC, anchors)
    assert found.problems == ()
    assert (found.segments, found.unanchored) == (2, 0)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (*Path(folder).iterdir(), Path(anchors))}
    assert modes == {0o640}
    assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o750


def test_kill_9_loses_no_record_that_was_appended(tmp_path: Path) -> None:
    folder, anchors = str(tmp_path / "journal"), str(tmp_path / "anchors.log")
    program = Path(__file__).with_name("journal_kills.py")
    done = subprocess.run(
        [sys.executable, str(program), folder, anchors, "20"],
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    acknowledged: list[int] = json.loads(done.stdout)

    numbers = [
        entry.record.wall_ns
        for entry in read(FileDisk(), folder, CODEC)
        if isinstance(entry.record, DayRoll)
    ]
    assert len(acknowledged) > 100, "the writers had time to write"
    assert [number for number in acknowledged if number not in set(numbers)] == []
    assert numbers == sorted(set(numbers))
    assert verify(FileDisk(), folder, CODEC, anchors).problems == ()


def test_a_journal_shorter_than_the_anchors_outside_is_not_opened() -> None:
    disk = written([3, 3])
    disk.truncate(paths(disk)[0], 600)

    with pytest.raises(JournalCorrupt, match="vouch for"):
        reopened(disk)


def test_random_streams_of_records_read_back_as_they_were() -> None:
    rng = random.Random(1)
    counts = [rng.randrange(30) for _ in range(20)]

    assert rolls(written(counts, close=False)) == list(range(sum(counts)))
