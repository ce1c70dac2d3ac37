"""An order group: how many contracts its orders may match in fifteen seconds. Pure.

Reference ``kalshi.md`` section 3. When the limit is reached the group is
triggered: what rests in it goes, and nothing enters until its owner resets it.
Whether a taker is stopped in the middle of its own matching is not documented;
here the group is judged when the action is over.
"""

from collections import deque
from typing import Final

import attrs

WINDOW_US: Final = 15_000_000
MOST_GROUPS: Final = 100_000
"""Groups that one member may have."""
MOST_CENTI: Final = 100_000_000
"""The highest limit: a million contracts."""


@attrs.define(kw_only=True, eq=False)
class OrderGroup:
    """One group of one account's orders, on one shard."""

    group_id: str
    account: str
    subaccount: int
    shard: int
    limit_centi: int
    triggered: bool = False
    _matched: deque[tuple[int, int]] = attrs.field(init=False, factory=deque)
    _sum_centi: int = attrs.field(init=False, default=0)

    def count(self, count_centi: int, now_us: int) -> None:
        """Count contracts that one of its orders matched."""
        self._matched.append((now_us, count_centi))
        self._sum_centi += count_centi

    def matched_centi(self, now_us: int) -> int:
        """Return what its orders matched in the fifteen seconds before ``now_us``."""
        while self._matched and self._matched[0][0] <= now_us - WINDOW_US:
            self._sum_centi -= self._matched.popleft()[1]
        return self._sum_centi

    def is_spent(self, now_us: int) -> bool:
        """Return whether its limit is reached."""
        return self.matched_centi(now_us) >= self.limit_centi

    def reset(self) -> None:
        """Count from zero again, and let orders in."""
        self.triggered = False
        self._matched.clear()
        self._sum_centi = 0
