"""Money between a member's accounts: subaccounts, shards, the bank.

Reference ``kalshi.md`` section 4 and the published operations. A transfer
between shards is accepted first and carried out afterwards, in up to three steps
that do not undo each other: to the primary account, to the other shard, to the
subaccount there. A step that finds too little stops the transfer where it is.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Final, Literal

import attrs

from actors.sim.venue.accounts import Account
from actors.sim.venue.errors import BadTerms
from actors.sim.venue.floor import Floor
from actors.sim.venue.order_entry import OrderEntry
from actors.sim.venue.refusals import Refused, refuse

STEP_US: Final = 250_000
"""How long one step of a transfer takes. Not documented."""
REBALANCE_US: Final = 10_000_000
MOST_SUBACCOUNTS: Final = 63
CENT_MICROS: Final = 10_000
GRID_MICROS: Final = 100

Reservation = Literal["none", "max", "sum"]
Place = tuple[int, int]
"""A subaccount and a shard."""


@attrs.define(kw_only=True, eq=False)
class Transfer:
    """One transfer between shards."""

    number: int
    transfer_id: str
    account: str
    client_transfer_id: str
    amount_micros: int
    created_us: int
    from_shard: int
    to_shard: int
    steps: list[tuple[Place, Place]]
    """What is still to be done."""
    stopped: bool = False
    """Whether a step found too little; what was done stays done."""


@attrs.frozen(kw_only=True)
class SubaccountTransfer:
    """One transfer between subaccounts on one shard."""

    number: int
    transfer_id: str
    client_transfer_id: str
    from_subaccount: int
    to_subaccount: int
    shard: int
    amount_micros: int
    created_us: int


@attrs.frozen(kw_only=True)
class Funding:
    """Money from or to the bank, applied at once."""

    number: int
    funding_id: str
    amount_micros: int
    """Plus is a deposit."""
    created_us: int


@attrs.frozen
class Allocation:
    """How a member wants its free cash spread over the shards."""

    percents: tuple[tuple[int, int], ...] = ()
    """Shard and percent, adding up to 100; empty for not at all."""
    reservation: Reservation = "sum"
    """What is left behind for resting orders."""


class Treasury:
    """Moves money and keeps the lists of it.

    Args:
        floor: The accounts.
        orders: Cancels what the cash no longer covers.
        schedule: Takes an instant, a duty of this treasury's and what it is about.
    """

    def __init__(
        self,
        floor: Floor,
        orders: OrderEntry,
        schedule: Callable[[int, Literal["transfer", "rebalance"], str], None],
    ) -> None:
        self.transfers: dict[str, Transfer] = {}
        self.between: dict[str, list[SubaccountTransfer]] = {}
        """By member."""
        self.fundings: dict[str, list[Funding]] = {}
        self.allocations: dict[str, Allocation] = {}
        self._floor = floor
        self._orders = orders
        self._schedule = schedule

    def fund(self, name: str, shard: int, amount_micros: int) -> None:
        """Take a deposit, or pay out a withdrawal if it is negative.

        Raises:
            NotListed: No such account.
            BadTerms: Not whole cents, or more than is free.
        """
        account = self._floor.account(name)
        if amount_micros % CENT_MICROS or account.available(shard) + amount_micros < 0:
            raise BadTerms(f"{name}: cannot move {amount_micros} micro-dollars")
        self.note_funding(name, amount_micros)
        account.move_cash(shard, amount_micros)
        self._post(account, shard)

    def note_funding(self, name: str, amount_micros: int) -> None:
        """Write down money from or to the bank that has moved already."""
        self.fundings.setdefault(name, []).append(
            Funding(
                number=self._floor.number(),
                funding_id=self._floor.uuid(),
                amount_micros=amount_micros,
                created_us=self._floor.now_us(),
            )
        )

    def divide(self, name: str) -> int | Refused:
        """Create a member's next subaccount; return its number."""
        member = self._floor.account(name)
        if len(member.subaccounts) >= MOST_SUBACCOUNTS:
            return refuse(400, "invalid_parameters", details="too many subaccounts")
        return member.divide().number

    def move_between(
        self, name: str, *, source: int, target: int, shard: int, micros: int, client_id: str
    ) -> SubaccountTransfer | Refused:
        """Move money between subaccounts of one shard; the same client id moves it once."""
        earlier = self.between.setdefault(name, [])
        done = next(
            (row for row in earlier if client_id and row.client_transfer_id == client_id), None
        )
        if done is not None:
            return done
        refused = self._impossible(name, (source, shard), (target, shard), micros)
        if refused is not None:
            return refused
        self._carry_out(name, (source, shard), (target, shard), micros)
        row = SubaccountTransfer(
            number=self._floor.number(),
            transfer_id=self._floor.uuid(),
            client_transfer_id=client_id,
            from_subaccount=source,
            to_subaccount=target,
            shard=shard,
            amount_micros=micros,
            created_us=self._floor.now_us(),
        )
        earlier.append(row)
        return row

    def move_across(
        self, name: str, *, source: Place, target: Place, micros: int, client_id: str
    ) -> Transfer | Refused:
        """Accept a transfer between shards, to be carried out step by step."""
        if client_id and any(
            (each.account, each.from_shard, each.client_transfer_id) == (name, source[1], client_id)
            for each in self.transfers.values()
        ):
            return refuse(409, "transfer_already_exists")
        refused = self._impossible(name, source, target, micros)
        if refused is not None:
            return refused
        stops = [source, (0, source[1]), (0, target[1]), target]
        steps = [(a, b) for a, b in pairwise(stops) if a != b]
        transfer = Transfer(
            number=self._floor.number(),
            transfer_id=self._floor.uuid(),
            account=name,
            client_transfer_id=client_id,
            amount_micros=micros,
            created_us=self._floor.now_us(),
            from_shard=source[1],
            to_shard=target[1],
            steps=steps,
        )
        self.transfers[transfer.transfer_id] = transfer
        self._schedule(transfer.created_us + STEP_US, "transfer", transfer.transfer_id)
        return transfer

    def step(self, transfer_id: str, now_us: int) -> None:
        """Carry out the next step of a transfer."""
        transfer = self.transfers[transfer_id]
        source, target = transfer.steps[0]
        free = self._floor.account(transfer.account).part(source[0]).available(source[1])
        if free < transfer.amount_micros or not self._floor.exchange_active:
            transfer.stopped = True
            return
        self._carry_out(transfer.account, source, target, transfer.amount_micros)
        del transfer.steps[0]
        if transfer.steps:
            self._schedule(now_us + STEP_US, "transfer", transfer_id)

    def allocate(self, name: str, allocation: Allocation) -> Refused | None:
        """Spread a member's free cash so from now on, every ten seconds."""
        percents = dict(allocation.percents)
        if len(percents) != len(allocation.percents) or set(percents) - set(self._floor.shards()):
            return refuse(400, "invalid_parameters", details="allocations")
        if percents and (min(percents.values()) < 0 or sum(percents.values()) != 100):  # noqa: PLR2004 - percent
            return refuse(400, "invalid_parameters", details="percentages must total 100")
        running = bool(self.allocations.get(name, Allocation()).percents)
        self.allocations[name] = allocation
        if percents and not running:
            self._schedule(self._floor.now_us() + REBALANCE_US, "rebalance", name)
        return None

    def rebalance(self, name: str, now_us: int) -> None:
        """Spread a member's free cash over the shards as it wants it."""
        allocation = self.allocations[name]
        if not allocation.percents:
            return
        if self._floor.exchange_active:
            self._spread(self._floor.account(name), allocation, now_us)
        self._schedule(now_us + REBALANCE_US, "rebalance", name)

    def _spread(self, account: Account, allocation: Allocation, now_us: int) -> None:
        shards = self._floor.shards()
        kept = {shard: self._kept(account, shard, allocation.reservation) for shard in shards}
        free = {shard: max(0, account.cash(shard) - kept[shard]) for shard in shards}
        percents = dict(allocation.percents)
        wanted = {
            shard: sum(free.values()) * percents.get(shard, 0) // (100 * GRID_MICROS) * GRID_MICROS
            for shard in shards
        }
        wanted[allocation.percents[0][0]] += sum(free.values()) - sum(wanted.values())
        for shard in shards:
            if wanted[shard] != free[shard]:
                account.move_cash(shard, wanted[shard] - free[shard])
                self._orders.margin_call(account, shard, now_us)
                self._post(account, shard)

    def _kept(self, account: Account, shard: int, reservation: Reservation) -> int:
        match reservation:
            case "none":
                return 0
            case "max":
                return account.largest_need(shard, self._floor.markets)
            case "sum":
                return account.cash(shard) - account.available(shard)

    def _impossible(self, name: str, source: Place, target: Place, micros: int) -> Refused | None:
        member, shards = self._floor.account(name), self._floor.shards()
        if not self._floor.exchange_active:
            return refuse(409, "exchange_is_paused")
        for subaccount, shard in (source, target):
            if subaccount and subaccount not in member.subaccounts:
                return refuse(400, "invalid_parameters", details="no such subaccount")
            if shard not in shards:
                return refuse(400, "invalid_parameters", details="no such exchange shard")
        if micros <= 0 or source == target:
            return refuse(400, "invalid_parameters", details="nothing to transfer")
        if member.part(source[0]).available(source[1]) < micros:
            return refuse(400, "insufficient_balance")
        return None

    def _carry_out(self, name: str, source: Place, target: Place, micros: int) -> None:
        member = self._floor.account(name)
        for (subaccount, shard), amount in ((source, -micros), (target, micros)):
            part = member.part(subaccount)
            part.move_cash(shard, amount)
            self._post(part, shard)

    def _post(self, account: Account, shard: int) -> None:
        self._floor.post_cash(account, shard, self._floor.now_us())
