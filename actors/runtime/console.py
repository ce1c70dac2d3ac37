"""Lines for a person, written off the loop: a stalled terminal must not stall trading.

A pipe that nobody reads freezes whoever writes to it (measured in reference
``ecosystem.md`` 3.3), so lines go through a mailbox that drops what is too much,
and one system call in a thread writes them: what comes within a tenth of a second
together, because the way to a thread costs the loop more than the line.
"""

from collections.abc import Callable
from typing import Final

import attrs
import trio

from actors.runtime.env import Env
from actors.runtime.mailbox import Mailbox

GATHER_S: Final = 0.1
"""How long a line waits for others to go with it."""


@attrs.define(eq=False, kw_only=True)
class Console:
    """Writes the lines posted to its mailbox."""

    env: Env
    inbox: Mailbox[str]
    write: Callable[[bytes], object]
    """Writes to the terminal; may wait, because it runs in a thread."""

    _lines: list[str] = attrs.field(init=False, factory=list)
    """Taken and not yet written."""
    _lock: trio.Lock = attrs.field(init=False, factory=trio.Lock)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Write until cancelled."""
        task_status.started()
        while True:
            self._lines.append(await self.inbox.receive())
            await trio.sleep(GATHER_S)
            await self.drain()

    async def drain(self) -> None:
        """Write what waits now."""
        async with self._lock:
            while self.inbox.depth:
                self._lines.append(self.inbox.receive_nowait())
            lines, self._lines = self._lines, []
            if lines:
                text = "".join(f"{line}\n" for line in lines)
                await self.env.blocking(self.write, text.encode("utf-8", "backslashreplace"))
