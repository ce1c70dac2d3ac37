"""An outside with glass wires: a test sees what leaves, before it does, and may break it there."""

from collections import deque
from collections.abc import Callable

import attrs
import msgspec
import trio
from typing_extensions import override

from actors.exchange.signing import ORDERS_PATH
from actors.messages.records import Intent
from actors.runtime.disk import MemoryDisk
from actors.runtime.env import Endpoint, Wire
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.runtime.segments import read
from tests.runtime.journals import CODEC, FOLDER


@attrs.frozen(kw_only=True)
class Left:
    """One order at the instant when its first bytes left."""

    client_order_id: str
    intents: tuple[str, ...]
    """Client order ids of every intent that could then be read back from the disk."""


class Glass(Wire):
    """A wire through which the test sees what leaves, before it does."""

    def __init__(self, wire: Wire, see: Callable[[bytes], int | None]) -> None:
        self._wire = wire
        self._see = see
        self._broken = False

    @override
    def send_now(self, data: bytes) -> int:
        if self._broken:
            raise trio.BrokenResourceError("broken before")
        leaves = self._see(data)
        if leaves is None:
            return self._wire.send_now(data)
        self._broken = True
        self._wire.send_now(data[:leaves])
        raise trio.BrokenResourceError(f"broken after {leaves} bytes")

    @override
    async def flush(self) -> None:
        if self._broken:
            raise trio.BrokenResourceError("broken before")
        await self._wire.flush()

    @override
    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self._see(bytes(data))
        await self._wire.send_all(data)

    @override
    async def wait_send_all_might_not_block(self) -> None:
        await self._wire.wait_send_all_might_not_block()

    @override
    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        return await self._wire.receive_some(max_bytes)

    @override
    def has_unread(self) -> bool:
        return self._wire.has_unread()

    @override
    async def aclose(self) -> None:
        await self._wire.aclose()


class GlassEnv(SeededEnv):
    """The outside, with every wire to the venue made of glass."""

    def __init__(self, seed: int, network: MemoryNetwork, disk: MemoryDisk) -> None:
        super().__init__(seed, network, disk=disk)
        self.left: list[Left] = []
        self.breaks: deque[float] = deque()
        """For each order to come, the share of its bytes that leaves before its wire breaks."""
        self._memory = disk

    @override
    async def dial(self, endpoint: Endpoint) -> Wire:
        return Glass(await super().dial(endpoint), self._see)

    def _see(self, data: bytes) -> int | None:
        """Look at what is about to leave; return how much of it does, ``None`` for all."""
        if not data.startswith(f"POST {ORDERS_PATH} ".encode()):
            return None
        body = msgspec.json.decode(data.partition(b"\r\n\r\n")[2])
        there = tuple(each.client_order_id for each in intents(self._memory))
        self.left.append(Left(client_order_id=body["client_order_id"], intents=there))
        return int(self.breaks.popleft() * len(data)) if self.breaks else None


def intents(disk: MemoryDisk) -> list[Intent]:
    """Return every intent that the journal on ``disk`` has, oldest first."""
    return [entry.record for entry in read(disk, FOLDER, CODEC) if isinstance(entry.record, Intent)]
