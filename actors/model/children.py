"""What one goal has sent already: no more orders than it may have, and none of them twice. Pure.

Controls 7 and 17 of reference ``reliability.md`` section 3.3. A goal is a parent whose orders
are its children; what wants more of them than there are legs is a fault and no trader.
"""

from collections import OrderedDict
from typing import Final

import attrs

from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, Ticker
from actors.model.score import GoalKey

GOALS_MOST: Final = 1_024
"""Newest goals that are remembered; an older one is traded before and refused as that."""

Child = tuple[GoalKey, Ticker, Side, Pips, CentiContracts]
"""What makes an order the same as another: its goal is in it, so that two goals may look alike."""


@attrs.define(eq=False)
class Children:
    """The tree's, so that a restarted actor cannot begin anew."""

    _counts: OrderedDict[GoalKey, int] = attrs.field(init=False, factory=OrderedDict)
    _sent_ns: OrderedDict[Child, int] = attrs.field(init=False, factory=OrderedDict)

    def of(self, key: GoalKey) -> int:
        """Return how many opening orders have left for a goal."""
        return self._counts.get(key, 0)

    def sent_ns(self, child: Child) -> int | None:
        """Return when such an order left last; ``None`` if it never did."""
        return self._sent_ns.get(child)

    def take(self, child: Child, now_ns: int) -> None:
        """Count an order that leaves."""
        key = child[0]
        self._counts[key] = self._counts.pop(key, 0) + 1
        self._sent_ns.pop(child, None)
        self._sent_ns[child] = now_ns
        if len(self._counts) > GOALS_MOST:
            self._counts.popitem(last=False)
        if len(self._sent_ns) > GOALS_MOST:
            self._sent_ns.popitem(last=False)
