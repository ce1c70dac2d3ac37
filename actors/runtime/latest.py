"""The newest value of something, for readers who have no use for the ones before."""

from typing import Generic, TypeVar

import attrs
import trio

from actors.runtime.chime import Chime

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
    _changed: Chime = attrs.field(init=False, factory=Chime)

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
        self._changed.ring()

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
        await self._changed.wait()
        return self._value
