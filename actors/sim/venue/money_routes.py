"""Money over REST: subaccounts, transfers, allocation, the bank, what resting orders hold.

Reference ``kalshi.md`` section 4.
"""

from collections.abc import Callable, Mapping
from typing import Final, cast

import attrs

from actors.sim.venue import figures
from actors.sim.venue.engine import Venue
from actors.sim.venue.forms import UUID, Form, FormType, form_of, read_form, read_optional
from actors.sim.venue.paging import page_newest
from actors.sim.venue.queries import PageSize
from actors.sim.venue.rates import Tier
from actors.sim.venue.refusals import Refused, not_found, refuse
from actors.sim.venue.routes import Answer, Call, Json, Route
from actors.sim.venue.treasury import (
    CENT_MICROS,
    GRID_MICROS,
    Allocation,
    Funding,
    Reservation,
    SubaccountTransfer,
    Transfer,
)

EVENT: Final = "event_contract"
INSTANCES: Final = (EVENT, "margined")

DIVIDE: Final = FormType(name="CreateSubaccountRequest", fields={"exchange_index": "int"})
BETWEEN: Final = FormType(
    name="ApplySubaccountTransferRequest",
    fields={
        "client_transfer_id": "string",
        "from_subaccount": "int",
        "to_subaccount": "int",
        "amount_cents": "int64",
        "exchange_index": "int",
    },
    required=("client_transfer_id", "from_subaccount", "to_subaccount", "amount_cents"),
)
ACROSS: Final = FormType(
    name="IntraExchangeInstanceTransferRequest",
    fields={
        "client_transfer_id": "string",
        "source": "string",
        "destination": "string",
        "amount": "int64",
        "source_exchange_shard": "int",
        "destination_exchange_shard": "int",
        "source_subaccount": "int",
        "destination_subaccount": "int",
    },
    required=("source", "destination", "amount"),
    choices={"source": INSTANCES, "destination": INSTANCES},
)
NETTING: Final = FormType(
    name="UpdateSubaccountNettingRequest",
    fields={"subaccount_number": "int", "enabled": "bool"},
    required=("subaccount_number", "enabled"),
)
ALLOCATE: Final = FormType(
    name="SetTargetBalanceAllocationRequest",
    fields={"allocations": "array", "resting_margin_reservation": "string"},
    required=("allocations",),
    choices={"resting_margin_reservation": ("none", "max", "sum")},
)
SHARE: Final = FormType(
    name="TargetBalanceAllocationInput",
    fields={"exchange_index": "int", "percent": "int"},
    required=("exchange_index", "percent"),
)


@attrs.frozen
class MoneyRoutes:
    """Handlers of the routes that move money or tell of it, orders apart."""

    venue: Venue
    tier_of: Callable[[str], Tier]

    def routes(self) -> tuple[Route, ...]:
        """Return the routes, fixed paths before those with placeholders."""

        def of(
            method: str,
            path: str,
            operation: str,
            handle: Callable[[Call], Answer | Refused],
            page: PageSize | None = None,
        ) -> Route:
            return Route(
                method=method,
                path=f"/portfolio/{path}",
                operation=operation,
                handle=handle,
                page=page,
                scope="" if method == "GET" else "write::transfer",
            )

        one, many = "intra_exchange_instance_transfer", "intra_exchange_instance_transfers"
        allocation = "target_balance_allocation"
        few = PageSize(500)
        return (
            of("POST", "subaccounts", "CreateSubaccount", self.divide),
            of("POST", "subaccounts/transfer", "ApplySubaccountTransfer", self.move_between),
            of("GET", "subaccounts/balances", "GetSubaccountBalances", self.balances),
            of(
                "GET",
                "subaccounts/transfers",
                "GetSubaccountTransfers",
                self.between,
                PageSize(1000),
            ),
            of("PUT", "subaccounts/netting", "UpdateSubaccountNetting", self.set_netting),
            of("GET", "subaccounts/netting", "GetSubaccountNetting", self.netting),
            of("POST", one, "IntraExchangeInstanceTransfer", self.move_across),
            of("GET", many, "GetIntraExchangeInstanceTransfers", self.transfers, few),
            of("GET", f"{many}/{{transfer_id}}", "GetIntraExchangeInstanceTransfer", self.transfer),
            of("GET", allocation, "GetTargetBalanceAllocation", self.allocation),
            of("POST", allocation, "SetTargetBalanceAllocation", self.allocate),
            of("GET", "deposits", "GetDeposits", self.deposits, few),
            of("GET", "withdrawals", "GetWithdrawals", self.withdrawals, few),
            of(
                "GET",
                "summary/total_resting_order_value",
                "GetPortfolioRestingOrderTotalValue",
                self.resting_value,
            ),
        )

    def divide(self, call: Call) -> Answer | Refused:
        """Create a subaccount; for members above the lowest tier."""
        form = read_optional(call.body, DIVIDE)
        if isinstance(form, Refused):
            return form
        if self.tier_of(call.account) == "basic":
            return refuse(400, "invalid_parameters", details="subaccounts need the advanced tier")
        number = self.venue.treasury.divide(call.account)
        return number if isinstance(number, Refused) else Answer({"subaccount_number": number}, 201)

    def move_between(self, call: Call) -> Answer | Refused:
        """Move money between subaccounts."""
        form = read_form(call.body, BETWEEN)
        if isinstance(form, Refused):
            return form
        client_id = form.text("client_transfer_id")
        if not UUID.fullmatch(client_id):
            return form.invalid("client_transfer_id", "uuid")
        moved = self.venue.treasury.move_between(
            call.account,
            source=form.integer("from_subaccount"),
            target=form.integer("to_subaccount"),
            shard=form.integer("exchange_index"),
            micros=form.integer("amount_cents") * CENT_MICROS,
            client_id=client_id,
        )
        return moved if isinstance(moved, Refused) else Answer({})

    def balances(self, call: Call) -> Answer:
        """Return what is free in every subaccount on every shard."""
        account = self.venue.floor.account(call.account)
        assert account.view is not None
        account.view.advance(self.venue.now_us())
        rows = [
            account.view.cash[place]
            for place in sorted(account.view.cash)
            if call.locked in {None, place[0]}
        ]
        return Answer(
            {
                "subaccount_balances": [
                    {
                        "subaccount_number": row.subaccount,
                        "exchange_index": row.exchange_index,
                        "balance": figures.grid_money(row.available_micros),
                        "updated_ts": row.now_us // 1_000_000,
                    }
                    for row in rows
                ]
            }
        )

    def between(self, call: Call) -> Answer:
        """List transfers between subaccounts, newest first."""
        rows = reversed(self.venue.treasury.between.get(call.account, []))
        page, cursor = page_newest(
            rows, lambda row: row.number, call.query.limit, call.query.cursor
        )
        return Answer({"transfers": [*map(_between, page)], "cursor": cursor})

    def set_netting(self, call: Call) -> Answer | Refused:
        """Switch the return of collateral for one subaccount."""
        form = read_form(call.body, NETTING)
        if isinstance(form, Refused):
            return form
        number = form.integer("subaccount_number")
        refused = self.venue.set_netting(call.account, number, enabled=form.flag("enabled"))
        return refused or Answer(None)

    def netting(self, call: Call) -> Answer:
        """Say where the return of collateral is switched on."""
        rows = [
            {
                "subaccount_number": part.number,
                "enabled": part.netting,
                "exchange_index": shard,
            }
            for part in self.venue.floor.account(call.account).parts()
            for shard in self.venue.floor.shards()
        ]
        return Answer({"netting_configs": rows})

    def move_across(self, call: Call) -> Answer | Refused:
        """Accept a transfer between shards, or carry out one between subaccounts."""
        form = read_form(call.body, ACROSS)
        if isinstance(form, Refused):
            return form
        if {form.text("source"), form.text("destination")} != {EVENT}:
            return refuse(400, "invalid_parameters", details="no margined instance here")
        source = form.integer("source_subaccount"), form.integer("source_exchange_shard")
        target = form.integer("destination_subaccount"), form.integer("destination_exchange_shard")
        client_id = form.text("client_transfer_id")
        if client_id and (not UUID.fullmatch(client_id) or source[0] or target[0]):
            return form.invalid("client_transfer_id", "uuid")
        micros, treasury = form.integer("amount") * GRID_MICROS, self.venue.treasury
        moved: Transfer | SubaccountTransfer | Refused
        if source[1] == target[1]:
            moved = treasury.move_between(
                call.account,
                source=source[0],
                target=target[0],
                shard=source[1],
                micros=micros,
                client_id=client_id,
            )
        else:
            moved = treasury.move_across(
                call.account, source=source, target=target, micros=micros, client_id=client_id
            )
        return moved if isinstance(moved, Refused) else Answer({"transfer_id": moved.transfer_id})

    def transfers(self, call: Call) -> Answer:
        """List transfers between shards, newest first."""
        rows = (
            row
            for row in reversed(self.venue.treasury.transfers.values())
            if row.account == call.account
        )
        page, cursor = page_newest(
            rows, lambda row: row.number, call.query.limit, call.query.cursor
        )
        body: Json = {"transfers": [*map(_across, page)]}
        return Answer(body | ({"cursor": cursor} if cursor else {}))

    def transfer(self, call: Call) -> Answer | Refused:
        """Return one transfer between shards."""
        found = self.venue.treasury.transfers.get(call.path["transfer_id"])
        if found is None or found.account != call.account:
            return not_found()
        return Answer({"transfer": _across(found)})

    def allocation(self, call: Call) -> Answer:
        """Return how free cash is spread over the shards."""
        wanted = self.venue.treasury.allocations.get(call.account, Allocation())
        rows = [{"exchange_index": shard, "percent": each} for shard, each in wanted.percents]
        return Answer({"allocations": rows, "resting_margin_reservation": wanted.reservation})

    def allocate(self, call: Call) -> Answer | Refused:
        """Have free cash spread over the shards every ten seconds."""
        form = read_form(call.body, ALLOCATE)
        if isinstance(form, Refused):
            return form
        shares: list[Form] = []
        for row in form.rows("allocations"):
            share = form_of(row, SHARE)
            if isinstance(share, Refused):
                return share
            shares.append(share)
        allocation = Allocation(
            tuple((share.integer("exchange_index"), share.integer("percent")) for share in shares),
            cast("Reservation", form.text("resting_margin_reservation") or "sum"),
        )
        return self.venue.treasury.allocate(call.account, allocation) or Answer({})

    def deposits(self, call: Call) -> Answer:
        """List money from the bank, newest first."""
        return self._fundings(call, "deposits", lambda row: row.amount_micros > 0)

    def withdrawals(self, call: Call) -> Answer:
        """List money to the bank, newest first."""
        return self._fundings(call, "withdrawals", lambda row: row.amount_micros < 0)

    def resting_value(self, call: Call) -> Answer:
        """Return what resting orders are worth at their limits, in cents."""
        orders = self.venue.orders.resting(call.account)
        by_shard: dict[int, int] = {}
        for order in orders:
            shard = order.market.shard
            by_shard[shard] = by_shard.get(shard, 0) + order.claim().need_micros()
        rows = [
            {"exchange_index": shard, "balance": figures.grid_money(by_shard[shard])}
            for shard in sorted(by_shard)
        ]
        return Answer(
            {
                "total_resting_order_value": figures.cents(sum(by_shard.values())),
                "resting_order_value_breakdown": rows,
            }
        )

    def _fundings(self, call: Call, name: str, wanted: Callable[[Funding], bool]) -> Answer:
        rows = (
            row
            for row in reversed(self.venue.treasury.fundings.get(call.account, []))
            if wanted(row)
        )
        page, cursor = page_newest(
            rows, lambda row: row.number, call.query.limit, call.query.cursor
        )
        return Answer({name: [*map(_funding, page)], "cursor": cursor})


def _between(row: SubaccountTransfer) -> Json:
    return {
        "transfer_id": row.transfer_id,
        "from_subaccount": row.from_subaccount,
        "to_subaccount": row.to_subaccount,
        "amount_cents": figures.cents(row.amount_micros),
        "created_ts": row.created_us // 1_000_000,
        "exchange_index": row.shard,
    }


def _across(row: Transfer) -> Json:
    named: Mapping[str, object] = (
        {"client_transfer_id": row.client_transfer_id} if row.client_transfer_id else {}
    )
    return {
        "transfer_id": row.transfer_id,
        "source": EVENT,
        "destination": EVENT,
        "source_exchange_shard": row.from_shard,
        "destination_exchange_shard": row.to_shard,
        "amount": figures.grid_money(row.amount_micros),
        "status": "pending" if row.steps else "complete",
        "created_ts": row.created_us // 1_000_000,
        **named,
    }


def _funding(row: Funding) -> Json:
    at_s = row.created_us // 1_000_000
    return {
        "id": row.funding_id,
        "status": "applied",
        "type": "wire",
        "amount_cents": figures.cents(abs(row.amount_micros)),
        "fee_cents": 0,
        "created_ts": at_s,
        "finalized_ts": at_s,
    }
