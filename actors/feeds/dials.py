"""A feed's way out, with a limit on how often it dials.

Restarts are limited by the supervisor; this counts the connections themselves, because a
start may need several (a negotiation, redirects, requests beside a stream).
"""

import random
from collections import deque
from collections.abc import Callable
from typing import Final, TypeVar

import attrs
import trio
from typing_extensions import TypeVarTuple, Unpack

from actors.runtime.env import Disk, Endpoint, Env, Serve, ServerTls, Wire

MOST_DIALS: Final = 20
"""In any minute."""
MINUTE_S: Final = 60.0

Ts = TypeVarTuple("Ts")
T = TypeVar("T")


class TooManyDials(OSError):
    """The minute's connections are used up."""


@attrs.define(eq=False)
class MeteredEnv:
    """An ``Env`` that dials at most so often; all else is the one's it was made of."""

    _env: Env
    _most: int = MOST_DIALS
    _at_s: deque[float] = attrs.field(init=False, factory=deque)

    @property
    def disk(self) -> Disk:
        """The files."""
        return self._env.disk

    def now_ns(self) -> int:
        """Monotonic nanoseconds."""
        return self._env.now_ns()

    def wall_ns(self) -> int:
        """Nanoseconds since 1970."""
        return self._env.wall_ns()

    def rng(self, name: str) -> random.Random:
        """Return the one stream of random numbers called ``name``."""
        return self._env.rng(name)

    async def dial(self, endpoint: Endpoint) -> Wire:
        """Connect, if the minute has a connection left.

        Raises:
            TooManyDials: It has none. Nothing was dialled.
            OSError: As the ``Env``'s own.
        """
        now_s, at_s = trio.current_time(), self._at_s
        while at_s and now_s - at_s[0] >= MINUTE_S:
            at_s.popleft()
        if len(at_s) >= self._most:
            await trio.lowlevel.checkpoint()
            wait_s = at_s[0] + MINUTE_S - now_s
            raise TooManyDials(f"{self._most} dials in a minute; the next in {wait_s:.0f} s")
        at_s.append(now_s)
        return await self._env.dial(endpoint)

    async def listen(
        self,
        endpoint: Endpoint,
        serve: Serve,
        *,
        tls: ServerTls | None = None,
        task_status: trio.TaskStatus[Endpoint] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve, as the ``Env`` does."""
        await self._env.listen(endpoint, serve, tls=tls, task_status=task_status)

    async def blocking(self, fn: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """Run ``fn`` off the loop, as the ``Env`` does."""
        return await self._env.blocking(fn, *args)
