"""Journals in memory for the tests: what opens one, what goes in, how it is damaged."""

import copy
import random
from collections.abc import Callable, Sequence

import trio

from actors.messages.codec import JournalCodec
from actors.messages.records import DayRoll, Segment
from actors.runtime.disk import MemoryDisk
from actors.runtime.frames import ANCHOR_TYPE, pack, walk
from actors.runtime.journal import SEGMENT_BYTES, Journal
from actors.runtime.memory import MemoryNetwork, SeededEnv, run_seeded
from actors.runtime.segments import Entry, list_segments, read
from actors.runtime.verify import Verified, verify

CODEC = JournalCodec()
FOLDER = "/state/journal"
ANCHORS = "/state/anchors.log"
HASH = "0" * 64
ROLL_TYPE = 53


def opening(previous_anchor: str) -> Segment:
    return Segment(
        run="run",
        account="account",
        environment="sim",
        mono_ns=0,
        wall_ns=0,
        commit="commit",
        config_sha256=HASH,
        lock_sha256=HASH,
        previous_anchor=previous_anchor,
    )


def roll(number: int, padding: int = 0) -> DayRoll:
    return DayRoll(day=f"{number}" + "." * padding, wall_ns=number)


def memory_disk(seed: int = 0) -> MemoryDisk:
    disk = MemoryDisk(random.Random(seed))
    disk.make_folder("/state")
    return disk


def env_of(disk: MemoryDisk) -> SeededEnv:
    return SeededEnv(0, MemoryNetwork(0), disk=disk)


def open_journal(env: SeededEnv, segment_bytes: int = SEGMENT_BYTES) -> Journal:
    return Journal.open(
        env, FOLDER, CODEC, opening, anchor_file=ANCHORS, segment_bytes=segment_bytes
    )


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something that a thread brings about; at most a minute."""
    for _ in range(60_000):
        if holds():
            return
        await trio.sleep(0.001)
    raise AssertionError("it did not come about")


def is_synced(journal: Journal) -> bool:
    return journal.unsynced_since_ns is None


def is_healthy(journal: Journal) -> bool:
    return journal.healthy


async def write_seconds(
    journal: Journal, counts: Sequence[int], *, padding: int = 0, start: int = 0
) -> None:
    """Append so many records in each second while the journal's actor is at work."""
    number = start
    async with trio.open_nursery() as nursery:
        await nursery.start(journal.run)
        for count in counts:
            for _ in range(count):
                journal.append(roll(number, padding))
                number += 1
            await trio.sleep(1.0)
        nursery.cancel_scope.cancel()


def written(
    counts: Sequence[int],
    *,
    close: bool = True,
    padding: int = 0,
    segment_bytes: int = SEGMENT_BYTES,
) -> MemoryDisk:
    """Return a disk with a journal that took so many records in each of its seconds."""
    disk = memory_disk()

    async def write() -> None:
        journal = open_journal(env_of(disk), segment_bytes)
        await write_seconds(journal, counts, padding=padding)
        if close:
            journal.close()

    run_seeded(0, write)
    return disk


def reopened(disk: MemoryDisk, *numbers: int) -> None:
    """Open the journal once more, append ``numbers``, and close it."""

    async def once() -> None:
        journal = open_journal(env_of(disk))
        for number in numbers:
            journal.append(roll(number))
        journal.close()

    run_seeded(0, once)


def entries(disk: MemoryDisk, from_seq: int = 0) -> list[Entry]:
    return list(read(disk, FOLDER, CODEC, from_seq=from_seq))


def rolls(disk: MemoryDisk) -> list[int]:
    """Return the numbers of the records that the tests put in, in order."""
    return [entry.record.wall_ns for entry in entries(disk) if isinstance(entry.record, DayRoll)]


def recovered(disk: MemoryDisk) -> list[int]:
    """Return what the next start would find, without starting."""
    copied = copy.deepcopy(disk)
    reopened(copied)
    return rolls(copied)


def check(disk: MemoryDisk) -> Verified:
    return verify(disk, FOLDER, CODEC, ANCHORS)


def paths(disk: MemoryDisk) -> list[str]:
    return [segment.path for segment in list_segments(disk, FOLDER)]


def overwrite(disk: MemoryDisk, path: str, data: bytes) -> None:
    disk.write_whole(path, data)


def anchors_end(data: bytes) -> int:
    """Return where the last anchor's frame begins: everything before it is sealed."""
    return max(frame.start for frame in walk(data) if frame.type_no == ANCHOR_TYPE)


def renumbered(data: bytes, *, without: int) -> bytes:
    """Rewrite a segment as a forger would: one record left out, the rest numbered anew."""
    out, seq = [], 0
    for frame in walk(data):
        if frame.seq != without:
            seq += 1
            body = data[frame.body : frame.end]
            out.append(pack(seq, frame.mono_ns, frame.type_no, frame.version, body))
    return b"".join(out)
