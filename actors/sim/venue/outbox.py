"""What waits to be sent to one WebSocket client: bounded, in order, each at its own time."""

from collections import deque
from collections.abc import Awaitable, Callable

import attrs
import trio


@attrs.define(eq=False)
class Outbox:
    """Frames with the moment at which each may leave.

    Args:
        draw_s: The delay of the next frame, in seconds.
        limit: How many frames may wait; one more and the client is given up.
    """

    draw_s: Callable[[], float]
    limit: int
    overflowed: bool = attrs.field(init=False, default=False)
    """Whether the client was given up; nothing more is taken in."""
    _frames: deque[tuple[float, str]] = attrs.field(init=False, factory=deque)
    _last_s: float = attrs.field(init=False, default=0.0)
    _filled: trio.Event = attrs.field(init=False, factory=trio.Event)

    def put(self, frame: str) -> None:
        """Take in one frame; it leaves after its delay and never before an earlier one."""
        if self.overflowed:
            return
        if len(self._frames) >= self.limit:
            self.overflowed = True
            self._frames.clear()
        else:
            self._last_s = max(self._last_s, trio.current_time() + self.draw_s())
            self._frames.append((self._last_s, frame))
        self._filled.set()

    async def drain(self, send: Callable[[str], Awaitable[None]]) -> None:
        """Send frames as they fall due, until the client is given up."""
        while not self.overflowed:
            if not self._frames:
                self._filled = trio.Event()
                await self._filled.wait()
                continue
            due_s, frame = self._frames.popleft()
            if due_s > trio.current_time():
                await trio.sleep_until(due_s)
            if not self.overflowed:
                await send(frame)
