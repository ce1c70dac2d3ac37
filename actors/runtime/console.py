"""Lines for a person, written off the loop: a stalled terminal must not stall trading.

A pipe that nobody reads freezes whoever writes to it (measured in reference
``ecosystem.md`` 3.3), so lines go through a mailbox that drops what is too much,
and one system call in a thread writes them.
"""

from collections.abc import Callable

import attrs
import trio

from actors.runtime.env import Env
from actors.runtime.mailbox import Mailbox


@attrs.define(eq=False, kw_only=True)
class Console:
    """Writes the lines posted to its mailbox."""

    env: Env
    inbox: Mailbox[str]
    write: Callable[[bytes], object]
    """Writes to the terminal; may wait, because it runs in a thread."""

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Write until cancelled."""
        task_status.started()
        while True:
            lines = [await self.inbox.receive()]
            while self.inbox.depth:
                lines.append(self.inbox.receive_nowait())
            text = "".join(f"{line}\n" for line in lines)
            await self.env.blocking(self.write, text.encode("utf-8", "backslashreplace"))
