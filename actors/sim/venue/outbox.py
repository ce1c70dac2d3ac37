"""What waits to be sent to one WebSocket client: bounded, in order, each at its own time.

A lone frame leaves at once. In a flood, frames gather for a moment after each write and
leave together: a write costs more than the frames in it, and a client reads them no slower.

Every subscription has a buffer of its own, so that one flood ends one
subscription; and all of them together have a bound in bytes, beyond which the
client is given up.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import attrs
import trio

MOST_BYTES: Final = 64 * 1024 * 1024
WRITE_BYTES: Final = 64 * 1024
"""What is written at once, give or take a frame: no larger share of ``write_s`` than that."""
GATHER_S: Final = 0.002
"""The shortest time from one write to the next."""


def _never() -> float:
    return 0.0


@attrs.define(eq=False)
class Outbox:
    """Frames with the moment at which each may leave.

    Args:
        draw_s: The delay of the next frame, in seconds.
        limit: How many frames of one subscription may wait.
        frozen_until: Nothing leaves before this moment of ``trio.current_time``.
        most_bytes: How much may wait in all; more and the client is given up.
    """

    draw_s: Callable[[], float]
    limit: int
    frozen_until: Callable[[], float] = _never
    most_bytes: int = MOST_BYTES
    overflowed: bool = attrs.field(init=False, default=False)
    """Whether the client was given up; nothing more is taken in."""
    _frames: deque[tuple[float, str, int]] = attrs.field(init=False, factory=deque)
    _waiting: dict[int, int] = attrs.field(init=False, factory=dict)
    """Frames of each subscription, by sid."""
    _bytes: int = attrs.field(init=False, default=0)
    _last_s: float = attrs.field(init=False, default=0.0)
    _filled: trio.Event = attrs.field(init=False, factory=trio.Event)

    def put(self, frame: str, sid: int = 0) -> bool:
        """Take in one frame; it leaves after its delay and never before an earlier one.

        Returns:
            Whether the subscription ``sid`` had room. If not, what waited of it is
            gone, this frame too: its client must subscribe anew. 0 is no subscription
            and has no bound of its own.
        """
        if self.overflowed:
            return True
        if sid and self._waiting.get(sid, 0) >= self.limit:
            self._forget(sid)
            return False
        self._bytes += len(frame)
        if self._bytes > self.most_bytes:
            self.overflowed = True
            self._frames.clear()
        else:
            self._last_s = max(self._last_s, trio.current_time() + self.draw_s())
            self._frames.append((self._last_s, frame, sid))
            self._waiting[sid] = self._waiting.get(sid, 0) + 1
        self._filled.set()
        return True

    async def drain(self, send: Callable[[list[str]], Awaitable[None]]) -> None:
        """Send frames as they fall due, all that are due together, until the client is given up."""
        next_s = 0.0
        while not self.overflowed:
            if not self._frames:
                self._filled = trio.Event()
                await self._filled.wait()
                continue
            due_s = max(self._frames[0][0], self.frozen_until(), next_s)
            now_s = trio.current_time()
            if due_s > now_s:
                await trio.sleep_until(due_s)
                continue  # it may be frozen now, or forgotten
            await send(self._take_due(now_s))
            next_s = now_s + GATHER_S

    def _take_due(self, now_s: float) -> list[str]:
        """Take out the frames that are due, oldest first, as many as one write takes."""
        taken: list[str] = []
        size = 0
        while self._frames and self._frames[0][0] <= now_s and size < WRITE_BYTES:
            _, frame, sid = self._frames.popleft()
            taken.append(frame)
            size += len(frame)
            self._waiting[sid] -= 1
            if not self._waiting[sid]:
                del self._waiting[sid]
        self._bytes -= size
        return taken

    def _forget(self, sid: int) -> None:
        gone = sum(len(frame) for _, frame, each in self._frames if each == sid)
        self._frames = deque(each for each in self._frames if each[2] != sid)
        del self._waiting[sid]
        self._bytes -= gone
