"""The signer: keeps ready-made header sets, so that no crypto stands before an order.

A header set is a bearer secret for any order (the signature does not cover the
body), used once and at most five seconds old. Each round signs what was used and a
share of the rest, so that the stock is renewed within ``RENEWED_S`` without ever
standing empty. One signature at a time, off the loop.
"""

import math
from collections.abc import Sequence
from typing import Final

import attrs
import trio

from actors.exchange.signing import ORDERS_PATH, HeaderRing, Signer
from actors.runtime.env import Env
from actors.runtime.health import Health

RENEWED_S: Final = 3.5
"""The oldest set in stock: young enough to be used up to a round later."""


@attrs.define(eq=False, kw_only=True)
class Stock:
    """A ring and how many sets it is to hold. Its capacity is that number."""

    ring: HeaderRing
    depth: int


@attrs.define(eq=False, kw_only=True)
class SignerRefresher:
    """Keeps the stocks full of young header sets."""

    env: Env
    sign: Signer
    stocks: Sequence[Stock]
    """The first is served first."""
    refresh_s: float
    health: Health
    _nudged: trio.Event = attrs.field(init=False, factory=trio.Event)

    def nudge(self) -> None:
        """Say that a set was used: the stock is filled up again at once. Never waits."""
        self._nudged.set()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Fill the stocks, then renew them until cancelled."""
        await self._round(renew=False)
        task_status.started()
        renew_s = trio.current_time() + self.refresh_s
        while True:
            with trio.move_on_at(renew_s):
                await self._nudged.wait()
            self._nudged = trio.Event()
            # However often it is nudged: a stock that nobody takes from grows old as well.
            is_due = trio.current_time() >= renew_s
            if is_due:
                renew_s = trio.current_time() + self.refresh_s
            await self._round(renew=is_due)

    async def _round(self, *, renew: bool) -> None:
        for stock in self.stocks:
            wanted = stock.depth - stock.ring.fresh(self.env.now_ns())
            if renew:
                wanted = max(wanted, math.ceil(stock.depth * self.refresh_s / RENEWED_S))
            for _ in range(wanted):
                # Beyond its capacity the ring drops its oldest set, which is the point.
                stock.ring.add(await self.sign("POST", ORDERS_PATH))
        self.health.mark(self.env.now_ns())
