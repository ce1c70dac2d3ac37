"""Order groups as one account asks for them: listed, made once, let in again.

Reference ``kalshi.md`` section 3. No answer of the venue says whether a group is triggered:
the stream does, once, and an order that is refused.
"""

import re
from typing import Final

import msgspec
from msgspec import Struct, field

from actors.exchange.errors import VenueUnreachable, WireGarbled
from actors.exchange.rest import Rest, failure
from actors.exchange.signing import API_ROOT
from actors.exchange.wire import CountText, Decoder
from actors.model.money import ONE_CONTRACT_CENTI
from actors.runtime.http import HttpFailed

GROUPS_PATH: Final = "/portfolio/order_groups"
SHUT_CONTRACTS: Final = 1
"""The limit that is left to a group which was shut from outside: a list shows no trigger."""
OURS: Final = "0"
"""The subaccount that the trading process trades in: the primary one."""
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MADE: Final = frozenset({200, 201})
_DONE: Final = frozenset({200, 204})


class OrderGroup(Struct, frozen=True, kw_only=True):
    """A set of orders that can be stopped by one request."""

    group_id: str = field(name="id")
    exchange_index: int = 0
    limit_text: CountText | None = field(name="contracts_limit_fp", default=None)
    limit_whole: int | None = field(name="contracts_limit", default=None)

    @property
    def limit_centi(self) -> int | None:
        """What its orders may match in fifteen seconds, where the venue says it."""
        if self.limit_text is not None:
            return self.limit_text
        return None if self.limit_whole is None else self.limit_whole * ONE_CONTRACT_CENTI


class GroupsBody(Struct, frozen=True, kw_only=True):
    """Every group of a subaccount."""

    groups: tuple[OrderGroup, ...] = field(name="order_groups", default=())


class _Made(Struct, frozen=True, kw_only=True):
    """The answer to the making of a group."""

    order_group_id: str


class _NewGroup(Struct, frozen=True, kw_only=True):
    """What the making of a group asks for."""

    contracts_limit: int
    exchange_index: int


class _NewLimit(Struct, frozen=True, kw_only=True):
    """What the change of a limit asks for."""

    contracts_limit: int


def limit_body(contracts: int) -> bytes:
    """Write what gives a group another limit."""
    return msgspec.json.encode(_NewLimit(contracts_limit=contracts))


class Groups(Rest):
    """The order groups of the account that trades."""

    async def all_groups(self) -> tuple[OrderGroup, ...]:
        """Return the account's groups on every shard, whose ids an order could name.

        Raises:
            VenueRefused: The venue said no.
            VenueUnreachable: No answer that says anything.
        """
        query = (("subaccount", OURS),)
        body = await self._ask(_GROUPS_BODY, GROUPS_PATH, query, signed=True)
        return tuple(each for each in body.groups if _ID.fullmatch(each.group_id))

    async def make_group(self, *, shard: int, contracts: int) -> str:
        """Ask for a new group, once, and return its id.

        Raises:
            VenueRefused: The venue said no: there is no such group.
            VenueUnreachable: There may be one now, or there will be; only a list can say.
        """
        path = f"{GROUPS_PATH}/create"
        body = msgspec.json.encode(_NewGroup(contracts_limit=contracts, exchange_index=shard))
        answer = await self._tell("POST", path, body=body, done=_MADE)
        try:
            made = _MADE_BODY(answer).order_group_id
        except WireGarbled as error:
            raise VenueUnreachable(f"POST {path}: {error}") from error
        if not _ID.fullmatch(made):
            raise VenueUnreachable(f"POST {path}: an id that no order can name")
        return made

    async def reset_group(self, group_id: str, *, shard: int) -> None:
        """Let orders into a group again, counted from zero; it may be asked for twice.

        Raises:
            VenueRefused: The venue said no.
            VenueUnreachable: No answer that says anything.
        """
        query = (("subaccount", OURS), ("exchange_index", str(shard)))
        await self._tell("PUT", f"{GROUPS_PATH}/{group_id}/reset", query=query, done=_DONE)

    async def set_limit(self, group_id: str, *, shard: int, contracts: int) -> None:
        """Have a group's orders match so much in fifteen seconds; it may be asked for twice.

        Raises:
            VenueRefused: The venue said no.
            VenueUnreachable: No answer that says anything.
        """
        query = (("subaccount", OURS), ("exchange_index", str(shard)))
        path = f"{GROUPS_PATH}/{group_id}/limit"
        await self._tell("PUT", path, query=query, body=limit_body(contracts), done=_DONE)

    async def _tell(
        self,
        method: str,
        path: str,
        *,
        query: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        done: frozenset[int],
    ) -> bytes:
        """Ask for one change, once, and return the answer's body."""
        asking = self._asking
        if asking is not None:
            await asking.pay(method, path, urgent=self._urgent)
        headers = (await self._sign(method, API_ROOT + path)).pairs
        if body:
            headers = (*headers, ("Content-Type", "application/json"))
        sent_ns = 0 if asking is None else asking.now_ns()
        try:
            answer = await self._http.request(method, path, query=query, headers=headers, body=body)
        except HttpFailed as error:
            raise VenueUnreachable(f"{method} {path}: {error}") from error
        if asking is not None:
            asking.hear(method, path, answer, sent_ns)
        if answer.status not in done:
            raise failure(answer.status, answer.body, f"{method} {path}")
        return answer.body


_GROUPS_BODY: Final = Decoder(GroupsBody)
_MADE_BODY: Final = Decoder(_Made)
