"""The order groups' actor: proves one group for the entries of each shard, and lets it in again.

A group is known by its journalled id, or else by its shard and its limit. A new one is asked
for once, after that was written down; where its answer is lost the lists say what came of
it. A triggered group is reset when a person has resumed, and never before:
neither by this process nor, because that is written down, by the next.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import attrs
import trio

from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.exchange.groups import SHUT_CONTRACTS, Groups, OrderGroup
from actors.messages.records_venue import GroupRow
from actors.messages.recovered import Relived
from actors.model.money import ONE_CONTRACT_CENTI
from actors.model.score import MatchId
from actors.runtime.env import Env
from actors.runtime.errors import JournalFailed
from actors.runtime.health import Health
from actors.runtime.journal import Journal
from actors.trader.desk import Desk
from actors.trader.entry_groups import HALT

LOOK_S: Final = 0.5
"""Between two looks at what has to be done."""
EVERY_S: Final = 60.0
"""Between two lists while every group is proved: somebody may have deleted one."""
AGAIN_S: Final = 1.0
"""After a question that was not answered, or whose answer was not enough."""
REFUSED_S: Final = 10.0
"""After the venue said no."""
ABSENT_NS: Final = 60_000_000_000
"""So long after a group was asked for, lists without it prove that there is none: no
signature is taken at that age, and no read lags so far behind."""
SHUT_CENTI: Final = SHUT_CONTRACTS * ONE_CONTRACT_CENTI
ENDED: Final = frozenset({"ENDED", "DETERMINED", "SETTLED"})


@attrs.define(eq=False, kw_only=True)
class GroupKeeper:
    """Keeps every shard's group proved."""

    env: Env
    desk: Desk
    rest: Groups
    journal: Journal
    ring: Callable[[MatchId], None]
    """Has a match planned again."""
    health: Health
    say: Callable[[str], None] = attrs.field(default=lambda _line: None)
    """Told what a person should know of the groups."""
    rows: Sequence[GroupRow] = ()
    """The last that an earlier process wrote down of each shard's group."""
    _ours: dict[int, str] = attrs.field(init=False, factory=dict)
    """Journalled ids."""
    _asked_ns: dict[int, int] = attrs.field(init=False, factory=dict)
    """When a group was asked for of which nobody knows yet whether it is there; wall time."""
    _kept: dict[int, None] = attrs.field(init=False, factory=dict)
    """Shards of which it is written down that their group is shut."""
    _next_s: float = attrs.field(init=False, default=0.0)
    """No list before it while something is missing."""
    _listed_s: float = attrs.field(init=False, default=0.0)
    _told: tuple[dict[int, str], list[int]] = attrs.field(init=False, factory=lambda: ({}, []))
    """The groups as every match was planned with them last."""

    def __attrs_post_init__(self) -> None:
        """Take up what was written down."""
        for row in self.rows:
            if row.step in {"asked", "known"}:
                # One that was only just made a list may not show yet.
                self._asked_ns[row.exchange_index] = row.wall_ns
            if row.group_id:
                self._ours[row.exchange_index] = row.group_id
            if row.step == "shut":
                self._kept[row.exchange_index] = None
                why = "it was triggered before this process began"
                self.desk.groups.close(row.exchange_index, why, self.env.now_ns())

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Look whenever the catalogue has changed and now and then, until cancelled."""
        task_status.started()
        while True:
            version = self.desk.catalogue.version
            if trio.current_time() >= self._next_s:
                await self._look()
            self._tell()
            self.health.mark(self.env.now_ns())
            with trio.move_on_after(LOOK_S):
                await self.desk.catalogue.changed(version)

    async def _look(self) -> None:
        try:
            self._keep_shut()
            await self._reopen()
            if self._missing() or trio.current_time() - self._listed_s >= EVERY_S:
                await self._prove_all()
        except VenueUnreachable:
            self._next_s = trio.current_time() + AGAIN_S
        except VenueRefused:
            self._next_s = trio.current_time() + REFUSED_S
        except JournalFailed as error:
            self.desk.state.halt("journal", str(error))
            self._next_s = trio.current_time() + REFUSED_S

    def _tell(self) -> None:
        """Have every match planned again where an entry would name another group now, or none."""
        groups = self.desk.groups
        told = (dict(groups.proved), list(groups.shut))
        if told != self._told:
            self._told = told
            for match in self.desk.catalogue.value.matches:
                self.ring(match)

    def _missing(self) -> list[int]:
        """Return the shards of what may yet be traded whose group is not proved."""
        shards = {
            market.exchange_index
            for match in self.desk.catalogue.value.matches.values()
            if match.stage not in ENDED
            for market in match.markets
        }
        return sorted(shards - self.desk.groups.proved.keys())

    async def _prove_all(self) -> None:
        proved = self.desk.groups.proved
        listed = await self.rest.all_groups()
        self._listed_s = trio.current_time()
        there = {(group.exchange_index, group.group_id) for group in listed}
        for shard, group_id in tuple(proved.items()):
            if (shard, group_id) not in there and self._listed_lately(shard):
                del proved[shard]
        for shard in self._missing():
            await self._prove(shard, listed)

    def _listed_lately(self, shard: int) -> bool:
        """Return whether a list must show a shard's group: one just made it may not know yet."""
        asked_ns = self._asked_ns.get(shard)
        if asked_ns is not None and self.env.wall_ns() - asked_ns < ABSENT_NS:
            return False
        self._asked_ns.pop(shard, None)
        return True

    async def _prove(self, shard: int, listed: Sequence[OrderGroup]) -> None:
        desk, ours = self.desk, self._ours.get(shard)
        limit_centi = desk.groups.contracts * ONE_CONTRACT_CENTI
        fitting = sorted(
            group.group_id
            for group in listed
            if group.exchange_index == shard and group.limit_centi == limit_centi
        )
        if limit_centi != SHUT_CENTI and any(
            (each.group_id, each.exchange_index, each.limit_centi) == (ours, shard, SHUT_CENTI)
            for each in listed
        ):
            assert ours is not None, "no group of nobody's is listed"
            desk.groups.close(shard, "flatten or custody has shut it", self.env.now_ns())
            desk.groups.prove(shard, ours)
            return
        found = ours if ours in fitting else next(iter(fitting), None)
        if found is None:
            found = await self._make(shard)
        if found is None:
            self._next_s = trio.current_time() + AGAIN_S
            return
        if found != ours:
            self._write("known", shard, found)
            # Of this one it is not written down yet, should the shard be shut.
            self._kept.pop(shard, None)
            self._ours[shard] = found
        if desk.state.stands(HALT):
            # A process of before met one triggered, and nobody has resumed since.
            desk.groups.close(shard, "a group was triggered before", self.env.now_ns())
        desk.groups.prove(shard, found)

    async def _make(self, shard: int) -> str | None:
        """Ask for a group, unless one may be on its way; return its id where there is one now.

        Raises:
            VenueRefused: There is none, and will be none.
            VenueUnreachable: Nobody knows.
        """
        asked_ns, wall_ns = self._asked_ns.get(shard), self.env.wall_ns()
        if asked_ns is not None and wall_ns - asked_ns < ABSENT_NS:
            return None
        self._write("asked", shard, "")
        self._asked_ns[shard] = wall_ns
        contracts = self.desk.groups.contracts
        try:
            return await self.rest.make_group(shard=shard, contracts=contracts)
        except VenueRefused:
            del self._asked_ns[shard]
            self._write("refused", shard, "")
            raise

    def _keep_shut(self) -> None:
        """Write down what was shut, for a process that may come after this one."""
        groups = self.desk.groups
        for shard in [each for each in groups.shut if each not in self._kept]:
            self._write("shut", shard, groups.proved.get(shard, self._ours.get(shard, "")))
            self._kept[shard] = None
            self.say(
                f"GROUP  no entry leaves on shard {shard}: its order group is triggered"
                f" ({groups.shut[shard].why}); ctl health shows the token to resume it"
            )

    async def _reopen(self) -> None:
        """Reset what was triggered, once a person has resumed."""
        groups = self.desk.groups
        for shard in () if self.desk.state.stands(HALT) else tuple(groups.resumed):
            group_id = groups.proved.get(shard)
            if group_id is None:
                continue
            try:
                # Its limit first: whoever shut it from outside has left it next to none.
                contracts = groups.contracts
                await self.rest.set_limit(group_id, shard=shard, contracts=contracts)
                await self.rest.reset_group(group_id, shard=shard)
            except VenueRefused:
                # Whether it is gone the next list shows; it stays shut as long as it is there.
                groups.proved.pop(shard, None)
                raise
            self._write("reset", shard, group_id)
            self._kept.pop(shard, None)
            groups.reopen(shard)

    def _write(self, step: str, shard: int, group_id: str) -> None:
        self.journal.append(
            GroupRow(
                step=step,
                exchange_index=shard,
                group_id=group_id,
                contracts=self.desk.groups.contracts,
                wall_ns=self.env.wall_ns(),
            )
        )


class Setting(Protocol):
    """What the keeper of a run's groups is made with, as the assembly has it."""

    @property
    def env(self) -> Env:
        """The clocks."""
        ...

    @property
    def journal(self) -> Journal:
        """Where the groups are written down."""
        ...

    @property
    def relived(self) -> Relived:
        """What an earlier process wrote down of them."""
        ...

    @property
    def cell(self) -> Callable[[str], Health]:
        """Where its health is kept."""
        ...


def keeper_of_groups(
    given: Setting, desk: Desk, rest: Groups, ring: Callable[[MatchId], None]
) -> GroupKeeper | None:
    """Make a run's keeper; ``None`` where its profile wants no groups."""
    if not desk.groups.contracts:
        return None
    return GroupKeeper(
        env=given.env,
        desk=desk,
        rest=rest,
        journal=given.journal,
        ring=ring,
        health=given.cell("groups"),
        rows=given.relived.groups,
    )
