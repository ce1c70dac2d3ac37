"""What can be done to a whole account from outside, with nothing but a key.

The trading process asks for its own subaccount and sends its orders over connections of
its own; whoever has to leave a position that nobody watches any more asks here, for every
subaccount and every shard, over the usual REST interface. Sources: reference ``kalshi.md``
section 3 (order groups, cancels) and section 4 (positions, orders).
"""

from contextlib import suppress
from typing import Final

import msgspec
import trio
from msgspec import Struct, field
from typing_extensions import override

from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.exchange.groups import (
    GROUPS_PATH,
    SHUT_CONTRACTS,
    GroupsBody,
    OrderGroup,
    limit_body,
)
from actors.exchange.outcome import OrderAccepted, OrderRefused, OrderUnknown, interpret
from actors.exchange.responses import Response
from actors.exchange.rest import PAGE, Body, Query, Rest
from actors.exchange.signing import API_ROOT
from actors.exchange.wire import Decoder, read_error
from actors.exchange.wire_orders import PositionsPage, VenueOrder, VenuePosition, encode_order
from actors.model.orders import OrderRequest
from actors.runtime.http import Fields, HttpFailed

_ORDERS: Final = "/portfolio/events/orders"
_SERVER_FAULT: Final = 500
READS: Final = 4
"""How often a read is asked, at most, before its look at the account is given up."""
READ_PAUSE_S: Final = 0.1


class AnyOrder(VenueOrder, frozen=True, kw_only=True):
    """An order of any subaccount."""

    subaccount_number: int | None = None

    @property
    def subaccount(self) -> int:
        """Whose it is; where the venue does not say, the primary account's."""
        return self.subaccount_number or 0


class _OrdersBody(Struct, frozen=True, kw_only=True):
    """A page of such orders."""

    orders: tuple[AnyOrder, ...]
    cursor: str


class _Subaccount(Struct, frozen=True, kw_only=True):
    """One row of the subaccounts' balances."""

    subaccount_number: int


class _Subaccounts(Struct, frozen=True, kw_only=True):
    """Every subaccount's balances."""

    rows: tuple[_Subaccount, ...] = field(name="subaccount_balances")


class Levers(Rest):
    """The venue as one key sees it: every subaccount, and writes that are not an entry."""

    @override
    async def _ask(
        self,
        decoder: Decoder[Body],
        path: str,
        query: Query = (),
        *,
        signed: bool = False,
        method: str = "GET",
        ok: frozenset[int] = frozenset({200}),
    ) -> Body:
        """Ask, and a read that was not answered again: one look needs many of them whole."""
        tries = READS if method == "GET" else 1
        for _ in range(tries - 1):
            with suppress(VenueUnreachable):
                return await super()._ask(decoder, path, query, signed=signed, method=method, ok=ok)
            await trio.sleep(READ_PAUSE_S)
        return await super()._ask(decoder, path, query, signed=signed, method=method, ok=ok)

    async def subaccounts(self) -> tuple[int, ...]:
        """Return the numbers of all subaccounts that the key may see; 0 is the primary."""
        body = await self._ask(_SUBACCOUNTS, "/portfolio/subaccounts/balances", signed=True)
        return tuple(sorted({0, *(row.subaccount_number for row in body.rows)}))

    async def groups(self, subaccount: int) -> tuple[OrderGroup, ...]:
        """Return the order groups of one subaccount, on every shard."""
        query = (("subaccount", str(subaccount)),)
        return (await self._ask(_GROUPS_BODY, GROUPS_PATH, query, signed=True)).groups

    async def trigger(self, group: OrderGroup, subaccount: int) -> None:
        """Cancel what rests in a group, and let nothing into it until it is reset.

        A list shows no trigger, and so the group's limit is left as a mark of it: whoever trades
        with the group sees that before its first entry.
        """
        query = (
            ("subaccount", str(subaccount)),
            ("exchange_index", str(group.exchange_index)),
        )
        path = f"{GROUPS_PATH}/{group.group_id}"
        await self._tell("PUT", f"{path}/trigger", query)
        with suppress(VenueRefused):
            # It is triggered all the same.
            await self._tell("PUT", f"{path}/limit", query, limit_body(SHUT_CONTRACTS))

    async def resting(self) -> tuple[AnyOrder, ...]:
        """Return every order that rests, of every subaccount and on every shard."""
        query = (("limit", str(PAGE)), ("status", "resting"))
        return await self.pages(
            _ANY_ORDERS, "/portfolio/orders", query, lambda page: page.orders, signed=True
        )

    async def found(self, client_order_id: str, *, ticker: str) -> AnyOrder | None:
        """Return the order of this id, or ``None``: the read side lags, so that is no proof."""
        query = (("limit", str(PAGE)), ("ticker", ticker))
        orders = await self.pages(
            _ANY_ORDERS, "/portfolio/orders", query, lambda page: page.orders, signed=True
        )
        return next((each for each in orders if each.client_order_id == client_order_id), None)

    async def held(self, subaccount: int) -> tuple[VenuePosition, ...]:
        """Return the open positions of one subaccount, on every shard."""
        query = (
            ("limit", str(PAGE)),
            ("count_filter", "position"),
            ("subaccount", str(subaccount)),
        )
        rows = await self.pages(
            _POSITIONS, "/portfolio/positions", query, lambda page: page.positions, signed=True
        )
        return tuple(row for row in rows if row.position_centi)

    async def take_out(self, order: AnyOrder) -> None:
        """Cancel one order, on the shard and in the subaccount where it rests.

        What the answer says is no proof, be it yes or no: look at the order itself.
        """
        query = [("market_ticker", order.ticker), ("subaccount", str(order.subaccount))]
        if order.exchange_index is not None:
            query.append(("exchange_index", str(order.exchange_index)))
        await self._tell("DELETE", f"{_ORDERS}/{order.order_id}", query)

    async def cancel_all(self) -> None:
        """Cancel all that rests, everywhere, and what comes to rest within a minute."""
        await self._tell("DELETE", _ORDERS)

    async def place(
        self, order: OrderRequest, subaccount: int
    ) -> OrderAccepted | OrderRefused | OrderUnknown:
        """Send one order, once. Whatever leaves room for it to have traded is ``Unknown``."""
        body = msgspec.json.decode(encode_order(order))
        if subaccount:
            body["subaccount"] = subaccount
        headers = (await self._sign("POST", API_ROOT + _ORDERS)).pairs
        try:
            answer = await self._http.request(
                "POST",
                _ORDERS,
                headers=(*headers, ("Content-Type", "application/json")),
                body=msgspec.json.encode(body),
            )
        except HttpFailed as error:
            return OrderUnknown(reason=str(error))
        response = Response(status=answer.status, body=answer.body)
        return interpret(response, order.client_order_id)

    async def _tell(self, method: str, path: str, query: Fields = (), body: bytes = b"") -> None:
        """Ask for a change that may be asked for twice, and whose answer has no body to read.

        Raises:
            VenueRefused: The venue said no.
            VenueUnreachable: No answer that says anything.
        """
        headers = (await self._sign(method, API_ROOT + path)).pairs
        if body:
            headers = (*headers, ("Content-Type", "application/json"))
        try:
            answer = await self._http.request(method, path, query=query, headers=headers, body=body)
        except HttpFailed as error:
            raise VenueUnreachable(f"{method} {path}: {error}") from error
        if answer.status in {200, 204}:
            return
        said = read_error(answer.status, answer.body)
        if said is None or answer.status >= _SERVER_FAULT:
            raise VenueUnreachable(f"{method} {path}: {answer.status}")
        raise VenueRefused(said)


_SUBACCOUNTS: Final = Decoder(_Subaccounts)
_GROUPS_BODY: Final = Decoder(GroupsBody)
_ANY_ORDERS: Final = Decoder(_OrdersBody)
_POSITIONS: Final = Decoder(PositionsPage)
