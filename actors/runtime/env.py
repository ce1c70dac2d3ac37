"""The only door out of a process: clocks, randomness, the network, the disk, threads.

Everything under ``actors/`` that needs one of these takes an ``Env``; a test
lists every use of ``time``, ``random``, ``os.urandom``, ``uuid``, ``to_thread``
and sockets, and allows this file alone. The machine itself is ``RealEnv`` below;
a seed is ``SeededEnv`` in ``memory.py``.
"""

import random
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar, TypeVarTuple, Unpack
from urllib.parse import urlsplit

import attrs
import trio

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class BadEndpoint(ValueError):
    """A URL that names no host and port we could dial."""


@attrs.frozen
class Endpoint:
    """Where to connect to, and whether TLS ends there."""

    host: str
    port: int
    tls: bool = False
    ca_file: str | None = None
    """PEM file of the authority to trust instead of the system's; ``None`` for the system's."""

    @classmethod
    def parse(cls, url: str, ca_file: str | None = None) -> "Endpoint":
        """Read ``http``, ``https``, ``ws`` or ``wss`` URLs; path and query are not ours.

        Raises:
            BadEndpoint: Another scheme, or no host.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https", "ws", "wss"} or not parts.hostname:
            raise BadEndpoint(f"not an http(s) or ws(s) URL: {url!r}")
        tls = parts.scheme in {"https", "wss"}
        try:
            port = parts.port or (443 if tls else 80)
        except ValueError as error:
            raise BadEndpoint(f"not a port: {url!r}") from error
        return cls(parts.hostname, port, tls, ca_file if tls else None)

    @property
    def authority(self) -> str:
        """``host:port``, as a Host header spells it."""
        return f"{self.host}:{self.port}"


class Wire(trio.abc.Stream):
    """A byte stream that can also be written without waiting. TLS, if any, ends inside."""

    @abstractmethod
    def send_now(self, data: bytes) -> int:
        """Hand ``data`` to the kernel without ever waiting.

        Returns:
            How many encoded bytes the kernel did not take; they stay with the
            wire and ``flush`` writes them. 0 means all of it left.

        Raises:
            trio.BrokenResourceError: The connection is gone.
            trio.ClosedResourceError: We closed it ourselves.
            trio.BusyResourceError: Another task is inside ``send_all`` or ``flush``.
        """

    @abstractmethod
    async def flush(self) -> None:
        """Write what ``send_now`` left over. Cancelled midway, the wire is broken.

        Raises:
            trio.BrokenResourceError: The connection is gone.
        """


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


@attrs.frozen
class ServerTls:
    """What a listener proves itself with."""

    certificate_file: str
    """PEM: the certificate and its chain."""
    key_file: str


Serve = Callable[[trio.abc.Stream], Awaitable[None]]
"""What a listener does with one accepted connection; it closes the stream itself."""


class Env(Protocol):
    """What an actor may ask of the outside. One per process."""

    @property
    def disk(self) -> Disk:
        """The files."""
        ...

    def now_ns(self) -> int:
        """Monotonic nanoseconds, for intervals."""
        ...

    def wall_ns(self) -> int:
        """Nanoseconds since 1970, for people and signatures only."""
        ...

    def rng(self, name: str) -> random.Random:
        """Return the one stream of random numbers called ``name``."""
        ...

    async def dial(self, endpoint: Endpoint) -> Wire:
        """Connect, TLS handshake included.

        Raises:
            OSError: Nobody answered, or the certificate is not to be trusted.
        """
        ...

    async def listen(
        self,
        endpoint: Endpoint,
        serve: Serve,
        *,
        tls: ServerTls | None = None,
        task_status: trio.TaskStatus[Endpoint] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve every connection to ``endpoint`` until cancelled.

        Reports the endpoint really bound (port 0 asks for a free one). A serve
        task that raises ends its own connection only.
        """
        ...

    async def blocking(self, fn: Callable[[Unpack[Ts]], T], *args: Unpack[Ts]) -> T:
        """Run ``fn`` off the loop: system calls, or one signature; never a computation."""
        ...
