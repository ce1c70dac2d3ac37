"""The journal: one append-only file of records, the truth about everything that happened.

Whoever must not lose a record appends it with one synchronous write into the page
cache, which a kill of the process cannot undo (measured: reference
``reliability.md`` section 3.1). Whoever has several in one step of the loop stages
them and commits them together, which is one write for all. Syncing, sealing and
rotating are this object's own actor's work and happen afterwards. The object belongs
to the tree and outlives its actor: while that one is down records are still taken,
only ``healthy`` says no.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, NoReturn

import trio

from actors.runtime.chain import AnchorLine
from actors.runtime.env import AppendFile, Env
from actors.runtime.errors import BadRecord, JournalFailed
from actors.runtime.frames import MAX_BODY_BYTES, RecordCodec, pack
from actors.runtime.segments import Recovered, last_anchor, recover, segment_file, sync_once

SEGMENT_BYTES: Final = 64 << 20
MIN_SEGMENT_BYTES: Final = 4 << 10
TICK_S: Final = 1.0
"""How often what is unsynced is synced, and what is unsealed sealed."""

HASH_STEP_BYTES: Final = 64 << 10
"""Hashed in one step of the loop: a fifth of a millisecond without hardware help."""
MAX_STAGED_BYTES: Final = 256 << 10
"""Staged frames beyond this are written without waiting for the rest."""
MAX_UNHASHED_BYTES: Final = 4 << 20
"""Frames kept for hashing; beyond, the writer hashes a step itself and memory stays bounded."""


class Journal:
    """One open journal. Made by ``Journal.open``."""

    def __init__(
        self,
        *,
        env: Env,
        folder: str,
        codec: RecordCodec,
        first_record: Callable[[str], object],
        file: AppendFile,
        anchor_file: AppendFile,
        found: Recovered,
        segment_bytes: int,
    ) -> None:
        """Go on behind what was ``found``, in ``file``; see ``open``."""
        self._env = env
        self._now_ns = env.now_ns
        self._folder = folder
        self._codec = codec
        self._first_record = first_record
        self._segment_bytes = segment_bytes
        self._file = file
        self._retired: list[AppendFile] = []
        self._size = 0
        self._last_seq = found.last_seq
        self._chain = found.chain
        self._anchor_seq = found.anchor_seq
        self._set_aside = found.torn
        self._staged: list[bytes] = []
        self._staged_bytes = 0
        self._unhashed: deque[bytes | memoryview] = deque()
        self._unhashed_bytes = 0
        self._anchor_file = anchor_file
        self._lines = list(found.not_outside)
        self._broken: str | None = None
        self._closed = False
        self._tended = False
        self._wanted = trio.Event()
        self._unsynced_since_ns: int | None = None
        self._syncing_since_ns: int | None = None

    @classmethod
    def open(
        cls,
        env: Env,
        folder: str,
        codec: RecordCodec,
        first_record: Callable[[str], object],
        *,
        anchor_file: str,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> "Journal":
        """Recover what is in ``folder`` and go on in a new segment of it.

        Waits for the disk: for the start, before anything trades.

        Args:
            env: Clock, files and threads.
            folder: Where the segments are; made if it is not there.
            codec: Turns records into bodies.
            first_record: Makes the record that opens a segment, given the hash in
                hex of the last anchor before it (empty if there is none).
            anchor_file: Where each anchor is kept once more, outside ``folder``.
            segment_bytes: Size at which the actor begins a new segment.

        Raises:
            JournalCorrupt: Damage or loss that no torn write explains.
            NewerVersion: A later program wrote it.
            JournalFailed: The disk refused.
            ValueError: Segments too small to hold more than their own opening.
        """
        if segment_bytes < MIN_SEGMENT_BYTES:
            raise ValueError(f"segments of {segment_bytes} bytes are too small")
        disk = env.disk
        try:
            disk.make_folder(folder)
            found = recover(disk, folder, codec, last_anchor(disk, anchor_file))
            for segment in found.unsynced:
                sync_once(disk, segment.path)
            outside = disk.open_append(anchor_file)
            file = disk.open_append(segment_file(folder, found.last_seq + 1).path)
        except OSError as error:
            raise JournalFailed(f"{folder}: {error}") from error
        journal = cls(
            env=env,
            folder=folder,
            codec=codec,
            first_record=first_record,
            file=file,
            anchor_file=outside,
            found=found,
            segment_bytes=segment_bytes,
        )
        begun = False
        try:
            journal.append(first_record(found.chain.head))
            journal._flush_now()
            begun = True
        finally:
            if not begun:
                journal._release()
        return journal

    @property
    def last_seq(self) -> int:
        """Number of the last record, staged ones included; they count from 1 over all runs."""
        return self._last_seq

    @property
    def set_aside(self) -> tuple[str, ...]:
        """Files that recovery made of what it could not use, when this journal was opened."""
        return self._set_aside

    @property
    def healthy(self) -> bool:
        """Whether every write worked so far and the journal's actor is at work."""
        return self._broken is None and self._tended and not self._closed

    @property
    def unsynced_since_ns(self) -> int | None:
        """Monotonic: when the oldest record that is not on the disk yet was appended."""
        return self._unsynced_since_ns if self._syncing_since_ns is None else self._syncing_since_ns

    def append(self, record: object) -> int:
        """Write one record into the page cache, at once; return its number.

        Raises:
            JournalFailed: The disk refused this record or an earlier one.
            BadRecord: The record cannot be kept. Nothing was written.
        """
        return self.append_ready(*self._codec.encode(record))

    def append_ready(self, type_no: int, version: int, body: bytes) -> int:
        """Write one record whose body the codec made ahead; return its number.

        What was staged before it is written before it, in the same write.

        Raises:
            JournalFailed: The disk refused this record or an earlier one.
            BadRecord: The body is too long. Nothing was written.
        """
        seq = self._last_seq + 1
        frame = self._frame(seq, type_no, version, body)
        if self._staged:
            self._staged.append(frame)
            self._last_seq = seq
            self.commit()
        else:
            self._write(frame)
            self._last_seq = seq
        return seq

    def stage(self, record: object) -> int:
        """Number one record and hold it for the next write; return its number.

        The caller commits before it lets the loop go on, or a kill may take what it
        thinks was written. Anything else that writes here writes this first.

        Raises:
            JournalFailed: The disk refused an earlier record.
            BadRecord: The record cannot be kept. What was staged before it still is.
        """
        type_no, version, body = self._codec.encode(record)
        seq = self._last_seq + 1
        self._staged.append(self._frame(seq, type_no, version, body))
        self._last_seq = seq
        self._staged_bytes += len(body)
        if self._staged_bytes > MAX_STAGED_BYTES:
            self.commit()
        return seq

    def commit(self) -> None:
        """Write what is staged into the page cache, in one write.

        Raises:
            JournalFailed: The disk refused it or an earlier record.
        """
        staged = self._staged
        if not staged:
            return
        if self._broken is not None:
            raise JournalFailed(self._broken)
        data = b"".join(staged)
        staged.clear()
        self._staged_bytes = 0
        self._write(data)

    def _frame(self, seq: int, type_no: int, version: int, body: bytes) -> bytes:
        if self._broken is not None:
            raise JournalFailed(self._broken)
        if len(body) > MAX_BODY_BYTES:
            raise BadRecord(f"type {type_no}: a body of {len(body)} bytes is too long")
        now_ns = self._now_ns()
        if self._unsynced_since_ns is None:
            self._unsynced_since_ns = now_ns
        return pack(seq, now_ns, type_no, version, body)

    def _write(self, frames: bytes) -> None:
        try:
            self._file.append(frames)
        except OSError as error:
            self._fail(error)
        self._size += len(frames)
        self._unhashed.append(frames)
        self._unhashed_bytes += len(frames)
        if self._unhashed_bytes > MAX_UNHASHED_BYTES:
            self._hash_step()

    def sync_soon(self) -> None:
        """Ask for what was appended to be brought to the disk; returns at once.

        For whoever just let an order out: the sync then overlaps the venue's answer.
        """
        self._wanted.set()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Sync when asked and each second, seal each second, rotate; until cancelled.

        Raises:
            JournalFailed: The disk refused a record or a sync, now or before.
        """
        if self._broken is not None:
            raise JournalFailed(self._broken)
        self._tended = True
        try:
            if self._retired:
                # A life before this one ended between a rotation and its sync. No anchor
                # may be written in a segment while the one before it can still be lost.
                await self._sync()
            task_status.started()
            tick_s = trio.current_time() + TICK_S
            while True:
                with trio.move_on_at(tick_s):
                    await self._wanted.wait()
                self._wanted = trio.Event()
                if trio.current_time() >= tick_s:
                    tick_s = trio.current_time() + TICK_S
                    await self._seal()
                if self._size >= self._segment_bytes:
                    await self._rotate()
                await self._sync()
        finally:
            self._tended = False

    def close(self) -> None:
        """Seal, sync and close. Waits for the disk: for the end, when nothing trades.

        Raises:
            JournalFailed: The disk refused; the files are closed all the same.
        """
        if self._closed:
            return
        self._closed = True
        try:
            if self._broken is None:
                self._flush_now()
                self._anchor()
                self._flush_now()
        finally:
            self._release()

    def _release(self) -> None:
        self._broken = self._broken or f"{self._folder}: the journal is closed"
        for file in (*self._retired, self._file, self._anchor_file):
            file.close()

    def _begin_segment(self) -> None:
        path = segment_file(self._folder, self._last_seq + 1).path
        try:
            self._file = self._env.disk.open_append(path)
        except OSError as error:
            self._fail(error)
        self._size = 0
        self.append(self._first_record(self._chain.head))

    async def _rotate(self) -> None:
        await self._hash_most()
        # From the anchor to the opening of the next segment is one step: no record
        # of another actor can come between. The new name's folder is synced within.
        self._anchor()
        self._retired.append(self._file)
        self._begin_segment()

    async def _seal(self) -> None:
        await self._hash_most()
        self._anchor()

    async def _hash_most(self) -> None:
        """Hash what is waiting in short steps, until what is left is one more."""
        while self._unhashed_bytes > HASH_STEP_BYTES:
            self._hash_step()
            await trio.lowlevel.checkpoint()

    def _hash_step(self) -> None:
        taken: list[bytes | memoryview] = []
        room = HASH_STEP_BYTES
        while self._unhashed and room:
            piece = self._unhashed.popleft()
            if len(piece) > room:
                self._unhashed.appendleft(memoryview(piece)[room:])
                piece = memoryview(piece)[:room]
            taken.append(piece)
            room -= len(piece)
        self._chain.update(b"".join(taken))
        self._unhashed_bytes -= HASH_STEP_BYTES - room

    def _anchor(self) -> None:
        """Seal everything since the last anchor, that one included, if there is anything."""
        if self._last_seq == self._anchor_seq:
            return
        self.commit()
        while self._unhashed:
            self._hash_step()
        first_seq, last_seq = max(self._anchor_seq, 1), self._last_seq
        sha256 = self._chain.seal()
        record = self._codec.anchor(first_seq=first_seq, last_seq=last_seq, sha256=sha256)
        self._anchor_seq = self.append(record)
        self._lines.append(AnchorLine(self._anchor_seq, first_seq, last_seq, sha256))

    async def _sync(self) -> None:
        """Bring everything appended so far to the disk, in a thread."""
        self.commit()
        if self._unsynced_since_ns is None and not self._retired and not self._lines:
            return
        files, lines = (*self._retired, self._file), tuple(self._lines)
        self._syncing_since_ns, self._unsynced_since_ns = self._unsynced_since_ns, None
        done = False
        try:
            await self._env.blocking(self._flush, files, lines)
            done = True
        except OSError as error:
            self._fail(error)
        finally:
            if not done:
                self._unsynced_since_ns = self._syncing_since_ns
            self._syncing_since_ns = None
        del self._lines[: len(lines)]
        for file in files[:-1]:
            self._retired.remove(file)
            file.close()

    def _flush_now(self) -> None:
        self.commit()
        try:
            self._flush((*self._retired, self._file), tuple(self._lines))
        except OSError as error:
            self._fail(error)
        self._lines.clear()
        self._unsynced_since_ns = None

    def _flush(self, files: tuple[AppendFile, ...], lines: tuple[AnchorLine, ...]) -> None:
        for file in files:
            file.sync()
        # Only now: a line outside vouches that everything up to it is on the disk.
        if lines:
            self._anchor_file.append(b"".join(line.text() for line in lines))
            self._anchor_file.sync()

    def _fail(self, error: OSError) -> NoReturn:
        self._broken = f"{self._folder}: {error}"
        raise JournalFailed(self._broken) from error
