"""An outside that leads nowhere: for what is rehearsed and must not be able to happen.

No socket is opened and no file; what is sent is counted and forgotten. Whoever is given
this ``Env`` cannot reach the venue, whatever goes wrong with it.
"""

import random
from collections import deque
from collections.abc import Callable
from typing import Final, TypeVar, TypeVarTuple, Unpack

import attrs
import trio
from typing_extensions import override

from actors.runtime.env import AppendFile, Endpoint, Env, Serve, ServerTls, Wire

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
"""What every request gets."""


class NowhereWire(Wire):
    """A connection to nobody. Each send is answered as if it had been one whole request."""

    def __init__(self) -> None:
        self.sent = 0
        """Bytes taken and forgotten."""
        self._answers: deque[bytes] = deque()
        self._told = trio.Event()

    @override
    def send_now(self, data: bytes) -> int:
        self.sent += len(data)
        self._answers.append(ANSWER)
        self._told.set()
        return 0

    @override
    async def flush(self) -> None:
        await trio.lowlevel.checkpoint()

    @override
    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await trio.lowlevel.checkpoint()
        self.send_now(bytes(data))

    @override
    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    @override
    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        await self._told.wait()
        answer = self._answers.popleft()
        if not self._answers:
            self._told = trio.Event()
        return answer

    @override
    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()


class NowhereFile:
    """A file that forgets what is written to it."""

    def __init__(self) -> None:
        self._bytes = 0

    def append(self, data: bytes) -> None:
        """Count ``data``."""
        self._bytes += len(data)

    def sync(self) -> None:
        """Have nothing to bring to any disk."""

    def size(self) -> int:
        """Return how much was written."""
        return self._bytes

    def close(self) -> None:
        """Have nothing to close."""


class NowhereDisk:
    """A disk with nothing on it, now and later."""

    def open_append(self, path: str, mode: int = 0o640) -> AppendFile:  # noqa: ARG002 - Disk's
        """Return a file that forgets."""
        return NowhereFile()

    def read(self, path: str) -> bytes:
        """Find nothing."""
        raise FileNotFoundError(path)

    def write_whole(self, path: str, data: bytes, mode: int = 0o640) -> None:
        """Forget it."""

    def rename(self, old: str, new: str) -> None:
        """Find nothing to move."""

    def truncate(self, path: str, length: int) -> None:
        """Find nothing to cut."""

    def names(self, folder: str) -> list[str]:  # noqa: ARG002 - Disk's
        """Find nothing."""
        return []

    def make_folder(self, path: str, mode: int = 0o750) -> None:
        """Have no folders."""

    def free_bytes(self, folder: str) -> int:  # noqa: ARG002 - Disk's
        """Have no room."""
        return 0


@attrs.frozen
class Nowhere:
    """An ``Env`` with the clocks of a real one and nothing else of it."""

    _env: Env
    disk: NowhereDisk = attrs.field(init=False, factory=NowhereDisk)

    def now_ns(self) -> int:
        """Return the real monotonic time."""
        return self._env.now_ns()

    def wall_ns(self) -> int:
        """Return the real wall clock's time."""
        return self._env.wall_ns()

    def rng(self, name: str) -> random.Random:
        """Return a stream apart from every real one."""
        return self._env.rng(f"nowhere/{name}")

    async def dial(self, endpoint: Endpoint) -> Wire:  # noqa: ARG002 - Env's
        """Return a wire to nobody, whoever is asked for."""
        await trio.lowlevel.checkpoint()
        return NowhereWire()

    async def listen(
        self,
        endpoint: Endpoint,
        serve: Serve,  # noqa: ARG002 - Env's
        *,
        tls: ServerTls | None = None,  # noqa: ARG002 - Env's
        task_status: trio.TaskStatus[Endpoint] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Wait for nobody."""
        task_status.started(endpoint)
        await trio.sleep_forever()

    async def blocking(self, fn: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """Run ``fn`` here: there is nothing that could block."""
        await trio.lowlevel.checkpoint()
        return fn(*args)
