"""Keeps the loop awake while something may have to be done at once.

A loop with nothing to do sleeps in the kernel, and wakes up slowly: the processor has to
be given back, its caches are cold. While a play stands, whoever has a core to spare may
rather have the loop look again and again. It costs that core, so it is off unless the
profile asks for it, and in a seeded run, where time passes only while everybody sleeps.
"""

from collections.abc import Callable
from typing import Final

import attrs
import trio

from actors.runtime.health import Health

LOOK_S: Final = 0.25
"""Between two looks whether to keep awake, and between two marks of progress."""


@attrs.define(eq=False, kw_only=True)
class Vigil:
    """An actor that never sleeps while it is wanted."""

    wanted: Callable[[], bool]
    """Whether anything may have to be done at once. Asked a few times a second."""
    now_ns: Callable[[], int]
    health: Health

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep awake, or sleep, until cancelled."""
        task_status.started()
        while True:
            self.health.mark(self.now_ns())
            if self.wanted():
                until_ns = self.now_ns() + int(LOOK_S * 1e9)
                while self.now_ns() < until_ns:
                    await trio.lowlevel.checkpoint()
            else:
                self.health.rest()
                await trio.sleep(LOOK_S)
