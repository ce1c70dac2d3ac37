"""Order groups as their owner asks for them: made, read, reset, triggered, deleted.

Reference ``kalshi.md`` section 3.
"""

import attrs

from actors.sim.venue.accounts import Order
from actors.sim.venue.floor import Floor
from actors.sim.venue.order_entry import OrderEntry
from actors.sim.venue.order_groups import MOST_CENTI, MOST_GROUPS, OrderGroup
from actors.sim.venue.refusals import Refused, not_found, refuse


@attrs.frozen
class GroupDesk:
    """Every member's order groups."""

    floor: Floor
    orders: OrderEntry

    def create(
        self, name: str, *, subaccount: int, shard: int, limit_centi: int
    ) -> OrderGroup | Refused:
        """Make a group."""
        member = self.floor.account(name)
        if subaccount and subaccount not in member.subaccounts:
            return refuse(400, "invalid_parameters", details="no such subaccount")
        if shard not in self.floor.shards():
            return refuse(400, "invalid_parameters", details="no such exchange_index")
        refused = _out_of_bounds(limit_centi)
        if refused is not None:
            return refused
        if len(self.of(name)) >= MOST_GROUPS:
            return refuse(400, "invalid_parameters", details="too many order groups")
        group = OrderGroup(
            group_id=self.floor.uuid(),
            account=name,
            subaccount=subaccount,
            shard=shard,
            limit_centi=limit_centi,
        )
        self.floor.groups[group.group_id] = group
        self.orders.post_group(group, "created", self.floor.now_us())
        self.floor.bulletin.tell()
        return group

    def of(self, name: str, subaccount: int | None = None) -> list[OrderGroup]:
        """Return a member's groups, in one of its accounts or in all, oldest first."""
        return [
            group
            for group in self.floor.groups.values()
            if group.account == name and subaccount in {None, group.subaccount}
        ]

    def find(
        self, name: str, group_id: str, subaccount: int | None = None, shard: int | None = None
    ) -> OrderGroup | Refused:
        """Return one of a member's groups."""
        group = self.floor.groups.get(group_id)
        if group is None or group.account != name:
            return not_found()
        if subaccount not in {None, group.subaccount} or shard not in {None, group.shard}:
            return not_found()
        return group

    def orders_in(self, group: OrderGroup) -> list[Order]:
        """Return what rests in a group, oldest first."""
        return self.orders.members(group)

    def delete(self, group: OrderGroup) -> None:
        """Take a group away for ever, and all that rests in it."""
        now_us = self.floor.now_us()
        self.orders.withdraw_all(self.orders.members(group), "", now_us)
        del self.floor.groups[group.group_id]
        self.orders.post_group(group, "deleted", now_us)
        self.floor.bulletin.tell()

    def reset(self, group: OrderGroup) -> None:
        """Let orders into a group again, counted from zero."""
        group.reset()
        self.orders.post_group(group, "reset", self.floor.now_us())
        self.floor.bulletin.tell()

    def trigger(self, group: OrderGroup) -> None:
        """Trigger a group at once; a second time changes nothing."""
        if not group.triggered:
            self.orders.trigger(group, self.floor.now_us())
            self.floor.bulletin.tell()

    def set_limit(self, group: OrderGroup, limit_centi: int) -> Refused | None:
        """Give a group another limit; one that is reached already triggers it."""
        refused = _out_of_bounds(limit_centi)
        if refused is not None:
            return refused
        now_us = self.floor.now_us()
        group.limit_centi = limit_centi
        self.orders.post_group(group, "limit_updated", now_us)
        if not group.triggered and group.is_spent(now_us):
            self.orders.trigger(group, now_us)
        self.floor.bulletin.tell()
        return None


def _out_of_bounds(limit_centi: int) -> Refused | None:
    if 0 < limit_centi <= MOST_CENTI:
        return None
    return refuse(400, "invalid_parameters", details="contracts_limit is out of bounds")
