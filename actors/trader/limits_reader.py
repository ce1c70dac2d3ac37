"""The limits' actor: reads what the venue lets this account do, at the start and again.

Until it has read them the lowest tier counts, so nothing waits for it. It reads again now
and then, and at once when the venue refuses what we had counted as paid for.
"""

from typing import Final

import attrs
import trio

from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.exchange.rest import Rest
from actors.exchange.tokens import Budget
from actors.exchange.wire_venue import AccountLimits, EndpointCosts
from actors.messages.records_venue import LimitsRow
from actors.runtime.env import Env
from actors.runtime.health import Health
from actors.runtime.mailbox import Mailbox

EVERY_S: Final = 600.0
AGAIN_S: Final = 5.0
"""After a reading that failed, and least between two that a surprise asks for."""


@attrs.define(eq=False, kw_only=True)
class LimitsReader:
    """Keeps the budget in accord with what the venue says."""

    env: Env
    rest: Rest
    budget: Budget
    to_auditor: Mailbox[object]
    health: Health
    _surprised: trio.Event = attrs.field(init=False, factory=trio.Event)

    def nudge(self) -> None:
        """Read again soon: something was refused that we had counted as paid. Never waits."""
        self._surprised.set()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Read, report ready, and read again until cancelled; a venue may be away."""
        is_read = await self._read()
        task_status.started()
        while True:
            await trio.sleep(AGAIN_S)
            if is_read:
                with trio.move_on_after(EVERY_S - AGAIN_S):
                    await self._surprised.wait()
            self._surprised = trio.Event()
            is_read = await self._read()

    async def _read(self) -> bool:
        try:
            limits, costs = await self.rest.account_limits(), await self.rest.endpoint_costs()
        except (VenueRefused, VenueUnreachable):
            return False
        now_ns = self.env.now_ns()
        if self.budget.learn(limits, costs, now_ns):
            self.to_auditor.post(row(limits, costs, now_ns))
        self.health.mark(now_ns)
        return True


def row(limits: AccountLimits, costs: EndpointCosts, at_ns: int) -> LimitsRow:
    """Return what the journal keeps of it."""
    return LimitsRow(
        usage_tier=limits.usage_tier[:100],
        read_rate=limits.read.refill_rate,
        read_capacity=limits.read.bucket_capacity,
        write_rate=limits.write.refill_rate,
        write_capacity=limits.write.bucket_capacity,
        default_cost=costs.default_cost,
        costs=[f"{each.method} {each.path} {each.cost}" for each in costs.endpoint_costs],
        at_ns=at_ns,
    )
