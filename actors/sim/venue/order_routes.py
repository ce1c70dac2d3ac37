"""Orders over REST: created, amended, decreased, cancelled, one or many; and their queues.

Reference ``kalshi.md`` section 3. Orders go straight to the matching engine; an
order's id alone is looked for on shard 0 and nowhere else.
"""

from collections.abc import Callable
from typing import Final

import attrs

from actors.model.orders import Ticker
from actors.sim.venue import figures, order_form, wire
from actors.sim.venue.accounts import Order
from actors.sim.venue.engine import Venue
from actors.sim.venue.forms import invalid
from actors.sim.venue.listing import Market
from actors.sim.venue.order_form import Where
from actors.sim.venue.refusals import Refused, not_found, refuse
from actors.sim.venue.routes import Answer, Call, Json, Route

INTEGERS: Final = frozenset({"subaccount", "exchange_index"})
ROWS_AT_ONCE: Final = 1_000
"""More rows than any tier's budget pays for."""

RETIRED: Final = (
    ("POST", "/portfolio/orders"),
    ("POST", "/portfolio/orders/batched"),
    ("DELETE", "/portfolio/orders/batched"),
    ("DELETE", "/portfolio/orders/{order_id}"),
    ("POST", "/portfolio/orders/{order_id}/amend"),
    ("POST", "/portfolio/orders/{order_id}/decrease"),
)
"""The first generation's order routes."""


@attrs.frozen
class OrderRoutes:
    """Handlers of the routes that change orders, and of queue positions."""

    venue: Venue

    def routes(self) -> tuple[Route, ...]:
        """Return the routes, fixed paths before those with placeholders."""

        def of(
            method: str, path: str, operation: str, handle: Callable[[Call], Answer | Refused]
        ) -> Route:
            return Route(
                method=method,
                path=path,
                operation=operation,
                handle=handle,
                integers=INTEGERS,
                scope="" if method == "GET" else "write::trade",
            )

        base, one = "/portfolio/events/orders", "/portfolio/events/orders/{order_id}"
        return (
            of("POST", base, "CreateOrderV2", self.create),
            of("DELETE", base, "CancelAllOrders", self.cancel_all),
            of("POST", f"{base}/batched", "BatchCreateOrdersV2", self.create_many),
            of("DELETE", f"{base}/batched", "BatchCancelOrdersV2", self.cancel_many),
            of("DELETE", one, "CancelOrderV2", self.cancel),
            of("POST", f"{one}/amend", "AmendOrderV2", self.amend),
            of("POST", f"{one}/decrease", "DecreaseOrderV2", self.decrease),
            of("GET", "/portfolio/orders/queue_positions", "GetOrderQueuePositions", self.queues),
            of(
                "GET",
                "/portfolio/orders/{order_id}/queue_position",
                "GetOrderQueuePosition",
                self.queue,
            ),
            *(of(method, path, "LegacyOrder", self.retired) for method, path in RETIRED),
        )

    def create(self, call: Call) -> Answer | Refused:
        """Take an order."""
        request = order_form.read_order(call.body)
        if isinstance(request, Refused):
            return request
        outcome = self.venue.create_order(call.account, request)
        if isinstance(outcome, Refused):
            return outcome
        return Answer(wire.created(outcome), 201)

    def create_many(self, call: Call) -> Answer | Refused:
        """Take orders one after the other; each row is answered for itself."""
        rows = _rows(call)
        if isinstance(rows, Refused):
            return rows
        return Answer({"orders": [self._create_row(call.account, row) for row in rows]}, 201)

    def cancel(self, call: Call) -> Answer | Refused:
        """Cancel one order."""
        where = Where(
            exchange_index=call.query.integer("exchange_index"),
            market_ticker=call.query.text("market_ticker"),
        )
        subaccount = call.query.integer("subaccount") or 0
        return self._cancel(call.account, call.path["order_id"], subaccount, where)

    def cancel_many(self, call: Call) -> Answer | Refused:
        """Cancel orders one after the other; each row is answered for itself."""
        rows = _rows(call)
        if isinstance(rows, Refused):
            return rows
        return Answer({"orders": [self._cancel_row(call.account, row) for row in rows]})

    def cancel_all(self, call: Call) -> Answer | Refused:
        """Cancel everything that rests, on every shard, and some of what comes within a minute."""
        self.venue.cancel_all(call.account, call.query.integer("subaccount"), tail=True)
        return Answer(None, 204)

    def amend(self, call: Call) -> Answer | Refused:
        """Change an order that rests."""
        subaccount = call.query.integer("subaccount") or 0
        read = order_form.read_amend(call.body, call.path["order_id"], subaccount)
        if isinstance(read, Refused):
            return read
        wish, where = read
        refused = self._elsewhere(wish.order_id, where)
        outcome = refused or self.venue.amendments.amend(call.account, wish)
        return outcome if isinstance(outcome, Refused) else Answer(wire.amended(outcome))

    def decrease(self, call: Call) -> Answer | Refused:
        """Make an order that rests smaller."""
        wish = order_form.read_decrease(call.body)
        if isinstance(wish, Refused):
            return wish
        order_id = call.path["order_id"]
        refused = self._elsewhere(order_id, wish.where)
        outcome = refused or self.venue.amendments.decrease(
            call.account,
            order_id,
            call.query.integer("subaccount") or 0,
            by_centi=wish.by_centi,
            to_centi=wish.to_centi,
        )
        return outcome if isinstance(outcome, Refused) else Answer(wire.decreased(outcome))

    def queues(self, call: Call) -> Answer:
        """Return how much is ahead of each resting order."""
        tickers, event = call.query.listed("market_tickers"), call.query.text("event_ticker")
        subaccount = call.query.integer("subaccount") or 0
        orders = [
            order
            for order in self.venue.orders.resting(call.account, subaccount)
            if (not tickers or order.market.ticker in tickers)
            and event in {"", order.market.event.event_ticker}
        ]
        return Answer({"queue_positions": [_queue_row(order) for order in orders]})

    def queue(self, call: Call) -> Answer | Refused:
        """Return how much is ahead of one resting order."""
        order = self.venue.floor.orders.get(call.path["order_id"])
        if order is None or order.account != call.account:
            return not_found()
        return Answer({"queue_position_fp": figures.count(_ahead_centi(order))})

    def retired(self, _call: Call) -> Refused:
        """Refuse the first generation's order routes, as the venue has since 2026."""
        return refuse(
            410,
            "deprecated_v1_order_endpoint",
            message="Please switch to the V2 endpoints",
        )

    def _create_row(self, account: str, row: object) -> Json:
        request = order_form.order_of(row)
        if isinstance(request, Refused):
            return {"error": wire.error_of(request)}
        outcome = self.venue.create_order(account, request)
        if not isinstance(outcome, Refused):
            return wire.created(outcome)
        body: Json = {"error": wire.error_of(outcome)}
        return body | (
            {"client_order_id": request.client_order_id} if request.client_order_id else {}
        )

    def _cancel_row(self, account: str, row: object) -> Json:
        wish = order_form.cancel_of(row)
        if isinstance(wish, Refused):
            return {"order_id": "", "reduced_by": "0.00", "error": wire.error_of(wish)}
        outcome = self._cancel(account, wish.order_id, wish.subaccount, wish.where)
        if isinstance(outcome, Answer):
            assert outcome.body is not None
            return outcome.body
        error = wire.error_of(outcome)
        return {"order_id": wish.order_id, "reduced_by": "0.00", "error": error}

    def _cancel(
        self, account: str, order_id: str, subaccount: int, where: Where
    ) -> Answer | Refused:
        refused = self._elsewhere(order_id, where)
        if refused is not None:
            return refused
        outcome = self.venue.cancel_order(account, order_id, subaccount)
        return outcome if isinstance(outcome, Refused) else Answer(wire.cancelled(outcome))

    def _elsewhere(self, order_id: str, where: Where) -> Refused | None:
        """Refuse what does not rest on the shard where the client looks for it."""
        market = self._named(where)
        if market is not None and market.status not in {"active", "inactive"}:
            return refuse(409, "market_closed")
        shard = where.exchange_index
        if shard is None or shard < 0:
            shard = 0 if market is None else market.shard
        order = self.venue.floor.orders.get(order_id)
        return not_found() if order is None or order.market.shard != shard else None

    def _named(self, where: Where) -> Market | None:
        return self.venue.floor.markets.get(Ticker(where.market_ticker))


def _rows(call: Call) -> list[object] | Refused:
    rows = order_form.read_batch(call.body)
    if isinstance(rows, Refused):
        return rows
    if not rows:
        return invalid(order_form.BATCH, "orders", "min")
    return (
        rows if len(rows) <= ROWS_AT_ONCE else refuse(400, "invalid_parameters", "batch too large")
    )


def _ahead_centi(order: Order) -> int:
    ahead = 0
    for each in order.market.book.orders(order.request.side):
        if each.order_id == order.order_id:
            break
        ahead += each.left_centi
    return ahead


def _queue_row(order: Order) -> Json:
    return {
        "order_id": order.order_id,
        "market_ticker": order.market.ticker,
        "queue_position_fp": figures.count(_ahead_centi(order)),
    }
