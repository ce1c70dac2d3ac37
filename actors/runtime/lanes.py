"""Connections that exist in memory only: distance, order, fragments and faults, from a seed.

No task pumps the bytes. A message is given its time of arrival when it is sent,
and the reader sleeps until then; a quiet connection costs nothing, and a message
one wake-up. Everything here runs on trio's clock, which in a seeded run is a mock.
"""

import math
import operator
import random
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import attrs
import trio
from typing_extensions import override

from actors.runtime.wire import RECEIVE_BYTES, Wire

FULL_BYTES: Final = 256 * 1024
"""Sent and not yet read: from here on a sender waits, as with a full socket."""

END: Final = b""
"""Stands in a lane for an orderly end."""
RESET: Final = None
"""Stands in a lane for a reset."""


@attrs.frozen(kw_only=True)
class Link:
    """What sound connections are like. Each draws its distance once, between the two."""

    nearest_ms: float = 1.0
    """One way."""
    farthest_ms: float = 15.0
    jitter_ms: float = 1.0
    """Added to each message, between nothing and this; the order never changes."""
    fragmented: float = 0.25
    """How often, of 1, a read gets only a part of what has arrived."""


@attrs.frozen(kw_only=True)
class Faults:
    """What goes wrong, each as a chance of 1 per message unless said otherwise."""

    refuse: float = 0.0
    """Per dial: nobody answers."""
    drop: float = 0.0
    """The message is lost and its connection ends."""
    cut: float = 0.0
    """A first part of the message arrives and its connection ends."""
    late: float = 0.0
    """The message, and with it all behind it, is held up by up to ``late_s``."""
    late_s: float = 5.0
    short_write: float = 0.0
    """Per ``send_now``: only a first part of it leaves."""


@attrs.define
class Weather:
    """The faults now in force. Changing them changes them for open connections too."""

    faults: Faults


class _Alarm:
    """Lets one task sleep until a moment that others may move."""

    __slots__ = ("_scope",)

    def __init__(self) -> None:
        self._scope: trio.CancelScope | None = None

    async def sleep(self, until: float) -> None:
        self._scope = scope = trio.CancelScope(deadline=until)
        try:
            with scope:
                await trio.sleep_forever()
        finally:
            self._scope = None

    def set(self, moment: float) -> None:
        if self._scope is not None:
            self._scope.deadline = moment

    def ring(self) -> None:
        if self._scope is not None:
            self._scope.cancel()


class Lane:
    """One direction of one connection: what was sent on it and not yet read."""

    __slots__ = (
        "_distance_s",
        "_last_s",
        "_link",
        "_queue",
        "_weather",
        "held",
        "lost",
        "muted",
        "over",
        "reader",
        "rng",
        "unheard_s",
        "writer",
    )

    def __init__(self, link: Link, weather: Weather, distance_s: float, rng: random.Random) -> None:
        """Carry messages over ``distance_s``; ``rng`` draws all that may vary."""
        self._link = link
        self._weather = weather
        self._distance_s = distance_s
        self._queue: deque[tuple[float, bytes | None]] = deque()
        self._last_s = 0.0
        self.rng = rng
        self.held = 0
        """Bytes sent and not yet read."""
        self.over = False
        """Nothing more is taken in: it was ended, or nobody reads."""
        self.lost = False
        """It was reset, and both ends know."""
        self.muted = False
        self.unheard_s = math.inf
        """From when on the writer knows that nobody reads."""
        self.reader = _Alarm()
        self.writer = _Alarm()

    def put(self, data: bytes | None) -> None:
        """Send ``data``, an ``END`` or a ``RESET``; it arrives behind all that went before."""
        if self.over:
            # It goes nowhere but takes up room, so that a sender who never stops has to wait.
            self.held += len(data or b"")
            return
        delay_s = self._distance_s + self.rng.random() * self._link.jitter_ms / 1e3
        faults = self._weather.faults
        if faults.late and self.rng.random() < faults.late:
            delay_s += self.rng.random() * faults.late_s
        self._last_s = max(self._last_s, trio.current_time() + delay_s)
        self._queue.append((self._last_s, data))
        if data:
            self.held += len(data)
        else:
            self.over = True
        if len(self._queue) == 1:
            self.reader.set(self.next_s())

    def next_s(self) -> float:
        """Return when the next read will have something."""
        return math.inf if self.muted or not self._queue else self._queue[0][0]

    def take(self, limit: int) -> bytes:
        """Return what has arrived, at most ``limit``; not to be called before ``next_s``.

        Raises:
            trio.BrokenResourceError: A reset has arrived.
        """
        now_s = trio.current_time()
        parts: list[bytes] = []
        size = 0
        while size < limit and self._queue and self._queue[0][0] <= now_s:
            part = self._queue[0][1]
            if not part:
                if part is RESET and not parts:
                    raise trio.BrokenResourceError("connection reset by peer")
                break
            self._queue.popleft()
            parts.append(part)
            size += len(part)
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        taken = min(size, limit)
        if taken > 1 and self.rng.random() < self._link.fragmented:
            taken = 1 + int(self.rng.random() * (taken - 1))
        if taken < size:
            self._queue.appendleft((now_s, data[taken:]))
            data = data[:taken]
        self.held -= taken
        if self.held < FULL_BYTES:
            self.writer.ring()
        return data

    def forsake(self) -> None:
        """The reader closes its end: drop everything, and let the writer learn of it."""
        self.over = True
        self._queue.clear()
        self.held = 0
        self.unheard_s = min(self.unheard_s, trio.current_time() + self._distance_s)
        self.writer.set(self.unheard_s)
        self.reader.ring()

    def fall(self) -> None:
        """The connection fails on its way: after what arrives, an end or a reset."""
        self.put(END if self.rng.getrandbits(1) else RESET)
        self.unheard_s = min(self.unheard_s, self._last_s)
        self.writer.set(self.unheard_s)

    def lose(self) -> None:
        """The connection is reset, here and now."""
        self.over = self.lost = True
        self.unheard_s = -math.inf
        self.reader.ring()
        self.writer.ring()

    def mute(self) -> None:
        """Nothing arrives any more, whatever is sent."""
        self.muted = True
        self.reader.set(math.inf)


class MemoryWire(Wire):
    """One end of a connection in memory, with the manners of a socket."""

    def __init__(self, weather: Weather, inbound: Lane, outbound: Lane) -> None:
        """Read from ``inbound``, write to ``outbound``."""
        self._weather = weather
        self._inbound = inbound
        self._outbound = outbound
        self._rest = b""
        self._sending = False
        self._receiving = False
        self._broken = False
        self.closed = False
        """Whether its owner closed it."""

    @override
    def send_now(self, data: bytes) -> int:
        self._check()
        if self._sending:
            raise trio.BusyResourceError("another task is sending on this wire")
        everything = self._rest + data
        size = min(len(everything), max(0, FULL_BYTES - self._outbound.held))
        chance = self._weather.faults.short_write
        if chance and self._outbound.rng.random() < chance:
            size = int(self._outbound.rng.random() * size)
        self._rest = everything[size:]
        self._launch(everything[:size])
        return len(self._rest)

    @override
    async def flush(self) -> None:
        await self.send_all(b"")

    @override
    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        with self._sender():
            await trio.lowlevel.checkpoint_if_cancelled()
            self._rest += bytes(data)
            try:
                waited = bool(self._rest) and await self._room()
                everything, self._rest = self._rest, b""
                self._launch(everything)
            finally:
                self._broken = self._broken or bool(self._rest)
            if not waited:
                await trio.lowlevel.cancel_shielded_checkpoint()

    @override
    async def wait_send_all_might_not_block(self) -> None:
        with self._sender():
            await trio.lowlevel.checkpoint_if_cancelled()
            if not await self._room():
                await trio.lowlevel.cancel_shielded_checkpoint()

    @override
    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        limit = RECEIVE_BYTES if max_bytes is None else operator.index(max_bytes)
        if limit < 1:
            raise ValueError("max_bytes must be at least 1")
        if self._receiving:
            raise trio.BusyResourceError("another task is receiving from this wire")
        self._receiving = True
        try:
            await trio.lowlevel.checkpoint_if_cancelled()
            waited = False
            while not self._readable():
                waited = True
                await self._inbound.reader.sleep(self._inbound.next_s())
            data = self._inbound.take(limit)
            if not waited:
                await trio.lowlevel.cancel_shielded_checkpoint()
            return data
        finally:
            self._receiving = False

    @override
    def has_unread(self) -> bool:
        arrived = self._inbound.lost or self._inbound.next_s() <= trio.current_time()
        return arrived and not self.closed

    @override
    async def aclose(self) -> None:
        if not self.closed:
            if not self._sending and not self._broken:
                self._launch(self._rest)
            self.closed = True
            self._outbound.put(END)
            self._outbound.writer.ring()
            self._inbound.forsake()
        await trio.lowlevel.checkpoint()

    def reset(self) -> None:
        """Cut the connection; both ends know at once."""
        self._inbound.lose()
        self._outbound.lose()

    def mute(self) -> None:
        """Leave the connection open and deliver nothing more, either way."""
        self._inbound.mute()
        self._outbound.mute()

    def _readable(self) -> bool:
        if self.closed:
            raise trio.ClosedResourceError("this wire was closed here")
        if self._inbound.lost:
            raise trio.BrokenResourceError("connection reset")
        return self._inbound.next_s() <= trio.current_time()

    def _launch(self, data: bytes) -> None:
        """Put ``data`` on its way, unless the weather has other plans."""
        if not data:
            return
        faults = self._weather.faults
        if faults.drop or faults.cut:
            chance = self._outbound.rng.random()
            if chance < faults.drop + faults.cut:
                arrives = int(self._outbound.rng.random() * len(data))
                if chance >= faults.drop and arrives:
                    self._outbound.put(data[:arrives])
                self._outbound.fall()
                self._inbound.fall()
                return
        self._outbound.put(data)

    async def _room(self) -> bool:
        """Wait until the peer has read enough; say whether that took a wait."""
        waited = False
        while self._outbound.held >= FULL_BYTES:
            waited = True
            await self._outbound.writer.sleep(self._outbound.unheard_s)
            self._check()
        return waited

    def _check(self) -> None:
        if self.closed:
            raise trio.ClosedResourceError("this wire was closed here")
        if self._broken or self._outbound.unheard_s <= trio.current_time():
            self._broken = True
            raise trio.BrokenResourceError("connection broken")

    @contextmanager
    def _sender(self) -> Iterator[None]:
        """Make the caller the only one who sends."""
        self._check()
        if self._sending:
            raise trio.BusyResourceError("another task is sending on this wire")
        self._sending = True
        try:
            yield
        finally:
            self._sending = False
