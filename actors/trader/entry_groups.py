"""Which order group the entries of each shard carry, and which of them the venue has shut.

The tree owns it: the keeper proves the groups, the planner and the gate ask for them, and who
reads an order's answer, or the stream, tells what it says of a group. A group that is shut
closes its own shard, for entries alone, until a person has resumed.
"""

from typing import Final

import attrs

HALT: Final = "group"
"""Name of the halt that a triggered group left in journals of before: it closed every shard."""
EARLY_MOST: Final = 256
"""Triggered groups that nobody has proved yet, and that are remembered."""
_MISSING: Final = 404


@attrs.frozen
class Shut:
    """Why a shard's group lets nothing in."""

    why: str
    since_ns: int


@attrs.define(eq=False, kw_only=True)
class EntryGroups:
    """The entries' groups, by shard."""

    contracts: int = 0
    """What one group's orders may match in fifteen seconds; 0 where entries carry none."""
    proved: dict[int, str] = attrs.field(factory=dict)
    """Groups that are known to be there."""
    shut: dict[int, Shut] = attrs.field(factory=dict)
    """Shards whose group lets nothing in until it is reset."""
    resumed: dict[int, None] = attrs.field(factory=dict)
    """Those of them that a person has resumed: they may be reset."""
    _early: dict[str, int] = attrs.field(init=False, factory=dict)
    """Groups that were triggered before they were proved, and when."""

    def of(self, shard: int) -> str | None:
        """Return what an entry of this shard names; empty for nothing, ``None`` for no entry."""
        if not self.contracts:
            return ""
        return None if shard in self.shut else self.proved.get(shard)

    def prove(self, shard: int, group_id: str) -> None:
        """A shard's group is there; one of which was heard that it is triggered is shut."""
        self.proved[shard] = group_id
        early_ns = self._early.pop(group_id, None)
        if early_ns is not None:
            self.close(shard, "the stream said that it is triggered", early_ns)

    def close(self, shard: int, why: str, at_ns: int) -> None:
        """A shard's group lets nothing in; who has resumed it before has to do so again."""
        self.resumed.pop(shard, None)
        self.shut.setdefault(shard, Shut(why, at_ns))

    def hear_step(self, group_id: str, step: str, at_ns: int) -> None:
        """Learn from the stream what became of a group; another's is nothing to us."""
        shard = next((each for each, name in self.proved.items() if name == group_id), None)
        if not self.contracts or step not in {"triggered", "deleted"}:
            return
        if shard is None:
            if step == "triggered" and len(self._early) < EARLY_MOST:
                self._early[group_id] = at_ns
        elif step == "triggered":
            self.close(shard, "the stream said that it is triggered", at_ns)
        else:
            del self.proved[shard]

    def hear_refusal(self, shard: int, status: int, code: str, at_ns: int) -> None:
        """Learn from an entry that was refused.

        The REST code is not published (reference ``kalshi.md`` section 11). That of FIX,
        ``EXCEEDED_ORDER_GROUP_RISK_LIMIT``, names the group, and so will any other.
        """
        if not self.contracts:
            return
        if "order_group" in code.lower():
            self.close(shard, f"an entry was refused: {code[:100]}", at_ns)
        elif status == _MISSING:
            # The group may be gone: no entry names it before a list has shown it again.
            self.proved.pop(shard, None)

    def excuse(self) -> None:
        """A person has resumed: whatever is shut may be reset."""
        self.resumed.update(dict.fromkeys(self.shut))

    def reopen(self, shard: int) -> None:
        """A shard's group was reset, and not triggered again meanwhile."""
        if shard in self.resumed:
            del self.resumed[shard], self.shut[shard]
