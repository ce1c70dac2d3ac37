"""Order groups over REST. Reference ``kalshi.md`` section 3."""

from collections.abc import Callable
from typing import Final

import attrs

from actors.sim.venue import figures
from actors.sim.venue.engine import Venue
from actors.sim.venue.forms import Form, FormType, read_form
from actors.sim.venue.order_groups import OrderGroup
from actors.sim.venue.refusals import Refused
from actors.sim.venue.routes import Answer, Call, Json, Route

INTEGERS: Final = frozenset({"subaccount", "exchange_index"})
LIMITS: Final = {"contracts_limit": "int64", "contracts_limit_fp": "string"}
CREATE: Final = FormType(
    name="CreateOrderGroupRequest",
    fields=LIMITS | {"subaccount": "int", "exchange_index": "int"},
)
UPDATE: Final = FormType(name="UpdateOrderGroupLimitRequest", fields=LIMITS)


@attrs.frozen
class GroupRoutes:
    """Handlers of the order groups' routes."""

    venue: Venue

    def routes(self) -> tuple[Route, ...]:
        """Return the routes, fixed paths before those with placeholders."""

        def of(
            method: str, path: str, operation: str, handle: Callable[[Call], Answer | Refused]
        ) -> Route:
            whole = f"/portfolio/order_groups{path}"
            return Route(
                method=method,
                path=whole,
                operation=operation,
                handle=handle,
                integers=INTEGERS,
                scope="" if method == "GET" else "write::trade",
            )

        one = "/{order_group_id}"
        return (
            of("GET", "", "GetOrderGroups", self.groups),
            of("POST", "/create", "CreateOrderGroup", self.create),
            of("GET", one, "GetOrderGroup", self.group),
            of("DELETE", one, "DeleteOrderGroup", self.delete),
            of("PUT", f"{one}/reset", "ResetOrderGroup", self.reset),
            of("PUT", f"{one}/trigger", "TriggerOrderGroup", self.trigger),
            of("PUT", f"{one}/limit", "UpdateOrderGroupLimit", self.limit),
        )

    def groups(self, call: Call) -> Answer:
        """List groups."""
        found = self.venue.groups.of(call.account, call.query.integer("subaccount"))
        return Answer({"order_groups": [{"id": each.group_id} | _terms(each) for each in found]})

    def create(self, call: Call) -> Answer | Refused:
        """Make a group."""
        form = read_form(call.body, CREATE)
        if isinstance(form, Refused):
            return form
        limit = _limit(form)
        if isinstance(limit, Refused):
            return limit
        group = self.venue.groups.create(
            call.account,
            subaccount=form.integer("subaccount"),
            shard=form.integer("exchange_index"),
            limit_centi=limit,
        )
        if isinstance(group, Refused):
            return group
        body: Json = {
            "order_group_id": group.group_id,
            "subaccount": group.subaccount,
            "exchange_index": group.shard,
        }
        return Answer(body, 201)

    def group(self, call: Call) -> Answer | Refused:
        """Return one group and what rests in it."""
        group = self.venue.groups.find(
            call.account, call.path["order_group_id"], call.query.integer("subaccount")
        )
        if isinstance(group, Refused):
            return group
        resting = [order.order_id for order in self.venue.groups.orders_in(group)]
        return Answer(_terms(group) | {"orders": resting})

    def delete(self, call: Call) -> Answer | Refused:
        """Take a group away and cancel what rests in it."""
        return self._do(call, self.venue.groups.delete)

    def reset(self, call: Call) -> Answer | Refused:
        """Let orders in again."""
        return self._do(call, self.venue.groups.reset)

    def trigger(self, call: Call) -> Answer | Refused:
        """Cancel what rests in a group and let nothing in."""
        return self._do(call, self.venue.groups.trigger)

    def limit(self, call: Call) -> Answer | Refused:
        """Give a group another limit."""
        form = read_form(call.body, UPDATE)
        if isinstance(form, Refused):
            return form
        limit = _limit(form)
        if isinstance(limit, Refused):
            return limit
        return self._do(call, lambda group: self.venue.groups.set_limit(group, limit))

    def _do(self, call: Call, act: Callable[[OrderGroup], Refused | None]) -> Answer | Refused:
        """Act on a group; unlike a read, this looks in one subaccount and on one shard."""
        query = call.query
        group = self.venue.groups.find(
            call.account,
            call.path["order_group_id"],
            query.integer("subaccount") or 0,
            query.integer("exchange_index") or 0,
        )
        refused = group if isinstance(group, Refused) else act(group)
        return refused or Answer({})


def _limit(form: Form) -> int | Refused:
    """Return the limit, given in one of its two spellings or, alike, in both."""
    if not (form.has("contracts_limit") or form.has("contracts_limit_fp")):
        return form.invalid("contracts_limit", "required_without")
    whole = form.integer("contracts_limit") * 100
    if not form.has("contracts_limit_fp"):
        return whole
    exact = form.count("contracts_limit_fp")
    if isinstance(exact, Refused) or (form.has("contracts_limit") and exact != whole):
        return form.invalid("contracts_limit_fp", "eqfield")
    return exact


def _terms(group: OrderGroup) -> Json:
    return {
        "contracts_limit_fp": figures.count(group.limit_centi),
        "is_auto_cancel_enabled": True,
        "exchange_index": group.shard,
    }
