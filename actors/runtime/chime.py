"""Wakes whoever waits for something to happen, and costs next to nothing while nobody does."""

import attrs
import trio


@attrs.define(eq=False)
class Chime:
    """May ring any number of times; each ring wakes everybody who waits for one just then.

    An event that is made anew at each ring would do the same. Most rings are on the
    hot path, and hardly ever does anybody wait: the event is made by the first who does.
    """

    _waiting: trio.Event | None = attrs.field(init=False, default=None)

    def ring(self) -> None:
        """Wake everybody. Never waits."""
        if self._waiting is not None:
            self._waiting.set()
            self._waiting = None

    async def wait(self) -> None:
        """Wait for the next ring."""
        if self._waiting is None:
            self._waiting = trio.Event()
        await self._waiting.wait()
