"""Files, for the journal and all that must outlive the process: the machine's, and a seed's.

``FileDisk`` is the file system, with every rename and every new name made durable.
``MemoryDisk`` obeys the same promises in memory, and can lose what was not synced
or fail at a chosen operation. Both raise the ``OSError`` a file system would.
"""

import errno
import os
import random
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

_APPEND: Final = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC


class Disk(Protocol):
    """Synchronous files. Paths are absolute text; every error is the ``OSError`` it was."""

    def open_append(self, path: str, mode: int = 0o640) -> "AppendFile":
        """Open ``path`` for appending, making it if it is not there."""
        ...

    def read(self, path: str) -> bytes:
        """Return the whole of ``path``."""
        ...

    def write_whole(self, path: str, data: bytes, mode: int = 0o640) -> None:
        """Replace ``path`` by ``data`` or leave it as it was: temporary file, sync, rename."""
        ...

    def rename(self, old: str, new: str) -> None:
        """Move ``old`` over ``new``, durably."""
        ...

    def truncate(self, path: str, length: int) -> None:
        """Cut ``path`` to ``length`` bytes, durably."""
        ...

    def names(self, folder: str) -> list[str]:
        """Return the names in ``folder``, sorted; a folder that is not there has none."""
        ...

    def make_folder(self, path: str, mode: int = 0o750) -> None:
        """Make ``path`` and its parents; being there already is fine."""
        ...

    def free_bytes(self, folder: str) -> int:
        """Return how much more can be written below ``folder``."""
        ...


class AppendFile(Protocol):
    """One file open for appending."""

    def append(self, data: bytes) -> None:
        """Write all of ``data`` into the page cache: one ``write``, finished if it came short."""
        ...

    def sync(self) -> None:
        """Wait until everything appended so far is on the disk (``fdatasync``)."""
        ...

    def size(self) -> int:
        """Return the file's length in bytes."""
        ...

    def close(self) -> None:
        """Close it; nothing is synced."""
        ...


class FileDisk:
    """The machine's file system. Modes are what was asked for, whatever the umask says."""

    def open_append(self, path: str, mode: int = 0o640) -> "OpenFile":
        """Open ``path`` for appending, making it if it is not there."""
        try:
            fd = os.open(path, _APPEND)
        except FileNotFoundError:
            fd = os.open(path, _APPEND | os.O_CREAT, mode)
            os.fchmod(fd, mode)
            _sync_folder(Path(path).parent)
        return OpenFile(fd)

    def read(self, path: str) -> bytes:
        """Return the whole of ``path``."""
        return Path(path).read_bytes()

    def write_whole(self, path: str, data: bytes, mode: int = 0o640) -> None:
        """Replace ``path`` by ``data`` or leave it as it was: temporary file, sync, rename."""
        target = Path(path)
        temporary = target.with_name(f".{target.name}.new")
        temporary.unlink(missing_ok=True)
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        whole = False
        try:
            try:
                os.fchmod(fd, mode)
                _write(fd, data)
                os.fsync(fd)
            finally:
                os.close(fd)
            temporary.replace(target)
            whole = True
        finally:
            if not whole:
                with suppress(OSError):
                    temporary.unlink()
        _sync_folder(target.parent)

    def rename(self, old: str, new: str) -> None:
        """Move ``old`` over ``new``, durably."""
        Path(old).replace(new)
        for folder in dict.fromkeys((Path(new).parent, Path(old).parent)):
            _sync_folder(folder)

    def truncate(self, path: str, length: int) -> None:
        """Cut ``path`` to ``length`` bytes, durably."""
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.ftruncate(fd, length)
            os.fsync(fd)
        finally:
            os.close(fd)

    def names(self, folder: str) -> list[str]:
        """Return the names in ``folder``, sorted; a folder that is not there has none."""
        try:
            return sorted(entry.name for entry in Path(folder).iterdir())
        except FileNotFoundError:
            return []

    def make_folder(self, path: str, mode: int = 0o750) -> None:
        """Make ``path`` and its parents; being there already is fine."""
        folder = Path(path)
        if folder.is_dir():
            return
        if folder.parent != folder:
            self.make_folder(str(folder.parent), mode)
        try:
            folder.mkdir(mode)
        except FileExistsError:
            if not folder.is_dir():
                raise
            return
        folder.chmod(mode)
        _sync_folder(folder.parent)

    def free_bytes(self, folder: str) -> int:
        """Return how much more can be written below ``folder``."""
        system = os.statvfs(folder)
        return system.f_bavail * system.f_frsize


class OpenFile:
    """One file of the machine, open for appending."""

    __slots__ = ("_fd",)

    def __init__(self, fd: int) -> None:
        """Take over the descriptor."""
        self._fd = fd

    def append(self, data: bytes) -> None:
        """Write all of ``data`` into the page cache: one ``write``, finished if it came short."""
        written = os.write(self._fd, data)
        if written < len(data):
            _write(self._fd, data[written:])

    def sync(self) -> None:
        """Wait until everything appended so far is on the disk (``fdatasync``)."""
        os.fdatasync(self._fd)

    def size(self) -> int:
        """Return the file's length in bytes."""
        return os.fstat(self._fd).st_size

    def close(self) -> None:
        """Close it; nothing is synced. A second time does nothing."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def _write(fd: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]


def _sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable; without it a crash may undo a rename."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


class MemoryDisk:
    """A file system in memory, with the accidents of a real one.

    ``crash`` loses what was not synced; ``fail_at`` makes an operation raise. Every
    call of a method of the disk or of its open files counts as one operation,
    ``size`` and ``close`` apart.
    """

    def __init__(self, rng: random.Random) -> None:
        """Start empty, with ``/`` as the only folder.

        Args:
            rng: Decides where a crash or a failing append tears.
        """
        self._rng = rng
        self._files: dict[str, _Contents] = {}
        self._folders: dict[str, int] = {"/": 0o755}
        self._open: list[MemoryFile] = []
        self._faults: list[tuple[int, OSError, bool]] = []
        self.free = 1 << 40
        """Bytes that can still be written, as far as anybody asks."""
        self.operations = 0
        """How many operations there were so far."""

    def fail_at(self, operation: int, error: OSError, *, lasting: bool = False) -> None:
        """Make the ``operation``-th one from now on (1 is the next) raise ``error``.

        An append that fails leaves some first part of its bytes behind.

        Args:
            operation: Which one.
            error: What it raises.
            lasting: Whether all later ones fail too, like those on a full disk.
        """
        self._faults.append((self.operations + operation, error, lasting))

    def heal(self) -> None:
        """Forget every fault that was asked for."""
        self._faults.clear()

    def crash(self) -> None:
        """Lose power: files keep what was synced and some first part of the rest.

        What was open is open no more. Renames, whole writes and truncations are
        durable when they return, and so is a new file's name.
        """
        for file in self._open:
            file.close()
        self._open.clear()
        for contents in self._files.values():
            contents.tear(self._rng)

    def open_append(self, path: str, mode: int = 0o640) -> "MemoryFile":
        """Open ``path`` for appending, making it if it is not there."""
        self.count()
        contents = self._files.get(path)
        if contents is None:
            contents = self._files[self._new(path)] = _Contents(mode)
        file = MemoryFile(self, contents, self._rng)
        self._open.append(file)
        return file

    def read(self, path: str) -> bytes:
        """Return the whole of ``path``."""
        self.count()
        return bytes(self._find(path).data)

    def write_whole(self, path: str, data: bytes, mode: int = 0o640) -> None:
        """Replace ``path`` by ``data`` or leave it as it was."""
        self.count()
        contents = _Contents(mode)
        contents.data += data
        contents.synced = len(data)
        self._files[self._new(path)] = contents

    def rename(self, old: str, new: str) -> None:
        """Move ``old`` over ``new``, durably."""
        self.count()
        contents = self._find(old)
        self._new(new)
        del self._files[old]
        self._files[new] = contents

    def truncate(self, path: str, length: int) -> None:
        """Cut ``path`` to ``length`` bytes, or fill it up with zeros, durably."""
        self.count()
        data = self._find(path).data
        del data[length:]
        data.extend(bytes(length - len(data)))
        self._files[path].synced = length

    def names(self, folder: str) -> list[str]:
        """Return the names in ``folder``, sorted; a folder that is not there has none."""
        self.count()
        inside = folder.rstrip("/") + "/"
        there = (path for path in (*self._files, *self._folders) if path != inside)
        return sorted(
            path[len(inside) :]
            for path in there
            if path.startswith(inside) and "/" not in path[len(inside) :]
        )

    def make_folder(self, path: str, mode: int = 0o750) -> None:
        """Make ``path`` and its parents; being there already is fine."""
        self.count()
        parts = path.strip("/").split("/")
        for depth in range(1, len(parts) + 1):
            part = "/" + "/".join(parts[:depth])
            if part in self._files:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), part)
            self._folders.setdefault(part, mode)

    def free_bytes(self, folder: str) -> int:
        """Return how much more can be written; asking is no operation."""
        assert folder in self._folders, folder
        return self.free

    def mode(self, path: str) -> int:
        """Return the mode that the file or folder ``path`` was made with."""
        return self._folders[path] if path in self._folders else self._find(path).mode

    def count(self) -> None:
        """Count one operation, and raise what was asked for it."""
        self.operations += 1
        for operation, error, lasting in self._faults:
            if operation == self.operations or (lasting and operation < self.operations):
                raise error

    def _find(self, path: str) -> "_Contents":
        try:
            return self._files[path]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None

    def _new(self, path: str) -> str:
        """Return ``path`` if a file may be there."""
        if path in self._folders:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if str(Path(path).parent) not in self._folders:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return path


class _Contents:
    """What one file holds, and how much of it is on the disk."""

    __slots__ = ("data", "mode", "synced")

    def __init__(self, mode: int) -> None:
        self.data = bytearray()
        self.synced = 0
        self.mode = mode

    def tear(self, rng: random.Random) -> None:
        del self.data[rng.randint(self.synced, len(self.data)) :]
        self.synced = len(self.data)


class MemoryFile:
    """One file of a ``MemoryDisk``, open for appending."""

    def __init__(self, disk: MemoryDisk, contents: _Contents, rng: random.Random) -> None:
        """Append to ``contents``; ``disk`` counts and fails the operations."""
        self._disk = disk
        self._contents = contents
        self._rng = rng
        self._closed = False

    def append(self, data: bytes) -> None:
        """Write all of ``data`` into the page cache."""
        self._check()
        try:
            self._disk.count()
        except OSError:
            self._contents.data += data[: self._rng.randint(0, max(0, len(data) - 1))]
            raise
        self._contents.data += data

    def sync(self) -> None:
        """Make everything appended so far survive a crash."""
        self._check()
        self._disk.count()
        self._contents.synced = len(self._contents.data)

    def size(self) -> int:
        """Return the file's length in bytes."""
        self._check()
        return len(self._contents.data)

    def close(self) -> None:
        """Close it; nothing is synced."""
        self._closed = True

    def _check(self) -> None:
        if self._closed:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
