"""The newest value of something, for readers who have no use for the ones before."""

from typing import Generic, TypeVar

import attrs
import trio

T = TypeVar("T")


@attrs.define(eq=False)
class Latest(Generic[T]):
    """One writer, any number of readers, and nobody waits to read.

    A mailbox keeps every message. A book, a play or a permit is not a message
    but a state: only the newest one is true, so it lives here. The tree owns the
    cell, which therefore outlives the actors on either side of it.
    """

    _value: T
    _version: int = attrs.field(init=False, default=0)
    _waiting: trio.Event | None = attrs.field(init=False, default=None)

    @property
    def value(self) -> T:
        """The newest value. Never older than the writer's last ``set``."""
        return self._value

    @property
    def version(self) -> int:
        """How often the value was set; hand it to ``changed`` to miss nothing."""
        return self._version

    def set(self, value: T) -> None:
        """Replace the value and wake whoever waits for a change. Never waits."""
        self._value = value
        self._version += 1
        # An Event is made by the first who waits: most cells are set on the hot
        # path and read there, and nobody waits for them at all.
        if self._waiting is not None:
            self._waiting.set()
            self._waiting = None

    async def changed(self, since: int | None = None) -> T:
        """Wait for the next ``set``; changes in between are skipped, not queued.

        Args:
            since: A ``version`` read before. A value set after it is returned
                without waiting, so that a reader who was busy misses no change.
                ``None`` waits for the next change from now on.
        """
        if since is not None and self._version > since:
            await trio.lowlevel.checkpoint()
            return self._value
        if self._waiting is None:
            self._waiting = trio.Event()
        await self._waiting.wait()
        return self._value
