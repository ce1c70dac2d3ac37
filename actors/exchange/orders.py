"""The order path: warm connections, and one of them free when an order has to leave.

Handshakes, probes and reconnects all happen off the way of an order: ``take_free``
and ``send_now`` never wait.
"""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import trio

from actors.exchange.connection import OrderConnection, order_tail
from actors.exchange.errors import ResponseLost
from actors.exchange.outcome import (
    OrderAccepted,
    OrderRefused,
    OrderResponse,
    OrderUnknown,
    interpret,
)
from actors.runtime.chime import Chime
from actors.runtime.restart import RestartBudget, RestartPolicy

__all__ = [
    "OrderAccepted",
    "OrderConnection",
    "OrderPool",
    "OrderRefused",
    "OrderResponse",
    "OrderUnknown",
    "interpret",
    "order_tail",
]

REDIAL: Final = RestartPolicy(
    max_restarts=None, pause_min_s=0.1, pause_max_s=5.0, starts_per_minute=30
)
"""Pauses between dials of one connection; the first after a good life has none."""


class OrderPool:
    """Connections kept dialled and warm, for whoever has an order to send."""

    def __init__(
        self,
        connections: Sequence[OrderConnection],
        *,
        name: str = "orders",
        keep_warm_s: float = 15.0,
        on_lost: Callable[[OrderConnection, str], None] | None = None,
    ) -> None:
        """Take over the connections; a connection's place is its ``index``.

        Args:
            connections: At least one. A probe takes one away for a round trip, so
                that a spare one keeps the rest complete.
            name: Of the stream of random numbers that spreads the dials.
            keep_warm_s: How long a free connection stays without a probe.
            on_lost: Told of every wire that was lost, and why. Not to be slow.
        """
        self.connections = tuple(connections)
        assert [each.index for each in self.connections] == list(range(len(self.connections)))
        self._name = name
        self._keep_warm_s = keep_warm_s
        self._on_lost = on_lost
        self._freed = Chime()
        for connection in self.connections:
            connection.on_freed = self._freed.ring

    def take_free(self) -> OrderConnection | None:
        """Return a connection to send one order on at once, or ``None`` if all are in use.

        Nothing is reserved: send before the next checkpoint.
        """
        for connection in self.connections:
            if connection.free:
                return connection
        return None

    async def take(self) -> OrderConnection:
        """Wait for a connection to send one order on; send before the next checkpoint."""
        await trio.lowlevel.checkpoint()
        while (connection := self.take_free()) is None:
            await self._freed.wait()
        return connection

    @property
    def ready_count(self) -> int:
        """How many connections have a proved wire, in use or not."""
        return sum(connection.ready for connection in self.connections)

    def discard(self, index: int, reason: str = "discarded") -> None:
        """Give up the response that one connection owes, and its wire."""
        self.connections[index].discard(reason)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep every connection dialled and warm until cancelled.

        Started once each has been tried: a venue that is down must not hold up the
        tree, and ``take_free`` says what there is.
        """
        async with trio.open_nursery() as nursery:
            tried = [trio.Event() for _ in self.connections]
            for connection, event in zip(self.connections, tried, strict=True):
                nursery.start_soon(self._keep, connection, event)
            for event in tried:
                await event.wait()
            task_status.started()
            await self._keep_warm()

    async def _keep(self, connection: OrderConnection, tried: trio.Event) -> None:
        """Serve one connection, life after life."""
        budget = RestartBudget(REDIAL)
        rng = connection.env.rng(f"{self._name}/{connection.index}")
        while True:
            why, good_s = await self._life(connection, tried)
            if self._on_lost is not None:
                self._on_lost(connection, why)
            pause_s = budget.spend(trio.current_time(), good_s=good_s, chance=rng.random())
            assert pause_s is not None, "a policy without a limit grants every restart"
            await trio.sleep(pause_s)

    async def _life(self, connection: OrderConnection, tried: trio.Event) -> tuple[str, float]:
        """Serve one life of a connection; return why it ended, and for how long it was good."""
        since_s = math.inf

        def ready() -> None:
            nonlocal since_s
            since_s = trio.current_time()
            tried.set()

        try:
            why = await connection.serve(ready)
        except (OSError, trio.TooSlowError) as error:
            why = f"not dialled: {error!r}"
        tried.set()
        return why, max(0.0, trio.current_time() - since_s)

    async def _keep_warm(self) -> None:
        # One at a time, so that at most one connection is taken away by it.
        while True:
            await trio.sleep(self._keep_warm_s / 4)
            for connection in self.connections:
                if connection.free and connection.idle_ns >= self._keep_warm_s * 1e9:
                    with suppress(ResponseLost):
                        await connection.probe()
