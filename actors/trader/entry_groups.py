"""Which order group the entries of each shard carry, and which of them the venue has shut.

The tree owns it: the keeper proves the groups, the planner asks for them, and who reads an
order's answer tells what it says of its group.
"""

from typing import Final

import attrs

HALT: Final = "group"
"""Name of the halt that a triggered group leaves; a person takes it back."""
_MISSING: Final = 404


@attrs.define(eq=False, kw_only=True)
class EntryGroups:
    """The entries' groups, by shard."""

    contracts: int = 0
    """What one group's orders may match in fifteen seconds; 0 where entries carry none."""
    proved: dict[int, str] = attrs.field(factory=dict)
    """Groups that are known to be there."""
    shut: dict[int, None] = attrs.field(factory=dict)
    """Shards whose group lets nothing in until it is reset."""

    def of(self, shard: int) -> str | None:
        """Return what an entry of this shard names; empty for nothing, ``None`` for no entry."""
        if not self.contracts:
            return ""
        return None if shard in self.shut else self.proved.get(shard)

    def hear_refusal(self, shard: int, status: int, code: str) -> bool:
        """Learn from an entry that was refused; return whether its group is triggered.

        The REST code is not published (reference ``kalshi.md`` section 11). That of FIX,
        ``EXCEEDED_ORDER_GROUP_RISK_LIMIT``, names the group, and so will any other.
        """
        if not self.contracts:
            return False
        if "order_group" in code.lower():
            self.shut[shard] = None
            return True
        if status == _MISSING:
            # The group may be gone: no entry names it before a list has shown it again.
            self.proved.pop(shard, None)
        return False
