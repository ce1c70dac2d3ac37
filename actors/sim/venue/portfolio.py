"""What an account's owner may read and do: orders, balance, positions, fills, settlements.

Reference ``kalshi.md`` sections 3, 4 and 6. Reads come from the account's view,
which may lag behind the matching engine; orders go straight to the engine.
"""

from collections.abc import Mapping
from typing import Final, Literal

import attrs

from actors.model.orders import Ticker
from actors.sim.venue import wire
from actors.sim.venue.engine import Venue
from actors.sim.venue.listing import Market
from actors.sim.venue.order_form import read_order
from actors.sim.venue.paging import page_from, page_newest
from actors.sim.venue.queries import PageSize, Query
from actors.sim.venue.refusals import Refused, not_found, refuse
from actors.sim.venue.routes import Answer, Call, Handle, Json, Route
from actors.sim.venue.tamper import skew_micros
from actors.sim.venue.views import AccountView, OrderView, PositionView

Tier = Literal["basic", "advanced", "expert", "premier", "paragon", "prime", "prestige"]

TIERS: Final[Mapping[Tier, tuple[int, int, int, int]]] = {
    "basic": (200, 400, 100, 100),
    "advanced": (300, 600, 300, 600),
    "expert": (600, 600, 600, 600),
    "premier": (1000, 1000, 1000, 1000),
    "paragon": (2000, 2000, 2000, 2000),
    "prime": (4000, 4000, 4000, 4000),
    "prestige": (10_000, 10_000, 8000, 8000),
}
"""Tokens a second and bucket size, for reads, then for writes (section 6)."""

DEFAULT_COST: Final = 10
COSTS: Final = (
    ("DELETE", "/portfolio/events/orders/{order_id}", 2),
    ("DELETE", "/portfolio/events/orders", 2),
    ("GET", "/portfolio/orders/{order_id}", 2),
)
SPANS: Final = frozenset({"min_ts", "max_ts", "subaccount", "exchange_index"})
NO_SUBACCOUNT: Final = (None, 0)
"""Only the primary subaccount exists here."""

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
class Portfolio:
    """Handlers of the routes that need a key."""

    venue: Venue
    tier: Tier = "basic"

    def routes(self) -> tuple[Route, ...]:
        """Return the routes, fixed paths before those with placeholders."""

        def of(
            method: str, path: str, operation: str, handle: Handle, page: PageSize | None = None
        ) -> Route:
            return Route(
                method=method,
                path=path,
                operation=operation,
                handle=handle,
                page=page,
                integers=SPANS,
            )

        many = PageSize(1000)
        costs = Route(
            method="GET",
            path="/account/endpoint_costs",
            operation="GetAccountEndpointCosts",
            handle=self.endpoint_costs,
            public=True,
        )
        return (
            of("POST", "/portfolio/events/orders", "CreateOrderV2", self.create),
            of("DELETE", "/portfolio/events/orders", "CancelOrdersV2", self.cancel_all),
            of("DELETE", "/portfolio/events/orders/{order_id}", "CancelOrderV2", self.cancel),
            of("GET", "/portfolio/orders", "GetOrders", self.orders, many),
            of("GET", "/portfolio/orders/{order_id}", "GetOrder", self.order),
            of("GET", "/portfolio/balance", "GetBalance", self.balance),
            of("GET", "/portfolio/positions", "GetPositions", self.positions, many),
            of("GET", "/portfolio/fills", "GetFills", self.fills, many),
            of("GET", "/portfolio/settlements", "GetSettlements", self.settlements, many),
            of("GET", "/account/limits", "GetAccountApiLimits", self.limits),
            costs,
            *(of(method, path, "LegacyOrder", self.retired) for method, path in RETIRED),
        )

    def create(self, call: Call) -> Answer | Refused:
        """Take an order."""
        request = read_order(call.body)
        if isinstance(request, Refused):
            return request
        outcome = self.venue.create_order(call.account, request)
        if isinstance(outcome, Refused):
            return outcome
        return Answer(wire.created(outcome), 201)

    def cancel(self, call: Call) -> Answer | Refused:
        """Cancel one order. Its id alone is looked for on shard 0 and nowhere else."""
        market = self.venue.floor.markets.get(Ticker(call.query.text("market_ticker")))
        shard = call.query.integer("exchange_index")
        if shard in {None, -1}:
            shard = 0 if market is None else market.shard
        order = self.venue.floor.orders.get(call.path["order_id"])
        if market is not None and market.status not in {"active", "inactive"}:
            return refuse(409, "market_closed")
        if order is None or order.market.shard != shard:
            return not_found()
        outcome = self.venue.cancel_order(call.account, call.path["order_id"])
        return outcome if isinstance(outcome, Refused) else Answer(wire.cancelled(outcome))

    def cancel_all(self, call: Call) -> Answer | Refused:
        """Cancel everything that rests, on every shard."""
        if call.query.integer("subaccount") in NO_SUBACCOUNT:
            self.venue.cancel_all(call.account)
        return Answer(None, 204)

    def order(self, call: Call) -> Answer | Refused:
        """Return one order, whatever became of it."""
        found = self._view(call).orders.get(call.path["order_id"])
        return not_found() if found is None else Answer({"order": self._order(call, found)})

    def orders(self, call: Call) -> Answer | Refused:
        """List orders, newest first."""
        query = call.query
        status = query.text("status")
        if status not in {"", "resting", "canceled", "executed"}:
            return refuse(400, "invalid_status_filter")
        events = query.listed("event_ticker")
        rows = (
            row
            for row in reversed(self._view(call).orders.values())
            if status in {"", row.status}
            and query.text("ticker") in {"", row.ticker}
            and (not events or self._market(row.ticker).event.event_ticker in events)
            and query.within(row.created_us)
            and _on_shard(row.exchange_index, query)
        )
        page, cursor = page_newest(rows, lambda row: row.number, query.limit, query.cursor)
        return Answer({"orders": [self._order(call, row) for row in page], "cursor": cursor})

    def balance(self, call: Call) -> Answer:
        """Return what is free, by shard and in sum."""
        view = self._view(call)
        cash = [view.cash[shard] for shard in sorted(view.cash) if _on_shard(shard, call.query)]
        marked = sum(
            self._mark_micros(row)
            for row in view.positions.values()
            if _on_shard(row.exchange_index, call.query)
        )
        skew = skew_micros(self.venue.tampers, "balance")
        body = wire.balance(
            cash, portfolio_micros=marked, updated_us=view.updated_us, skew_micros=skew
        )
        return Answer(body)

    def positions(self, call: Call) -> Answer | Refused:
        """Return positions, unsettled ones unless asked otherwise, and their events' sums."""
        query = call.query
        wanted = query.text("settlement_status") or "unsettled"
        if wanted not in {"unsettled", "settled", "all"}:
            return refuse(400, "invalid_status_filter")
        nonzero = query.listed("count_filter")
        event = query.text("event_ticker")
        rows = [
            row
            for row in self._view(call).positions.values()
            if wanted == "all" or row.settled == (wanted == "settled")
            if query.text("ticker") in {"", row.ticker}
            if event in {"", self._market(row.ticker).event.event_ticker}
            if _on_shard(row.exchange_index, query)
            if not nonzero
            or ("position" in nonzero and row.yes_centi)
            or ("total_traded" in nonzero and row.traded_centi)
        ]
        page, cursor = page_from(rows, query.limit, query.cursor)
        by_event: dict[str, list[PositionView]] = {}
        for row in page:
            by_event.setdefault(self._market(row.ticker).event.event_ticker, []).append(row)
        return Answer(
            {
                "market_positions": [*map(wire.market_position, page)],
                "event_positions": [wire.event_position(*each) for each in by_event.items()],
                "cursor": cursor,
            }
        )

    def fills(self, call: Call) -> Answer:
        """Return fills, newest first."""
        query = call.query
        tickers, order_id = query.listed("ticker"), query.text("order_id")
        view = self._view(call)
        rows = (
            row
            for row in reversed(view.fills)
            if (not tickers or row.ticker in tickers)
            and order_id in {"", row.order_id}
            and query.within(row.now_us)
            and _on_shard(row.exchange_index, query)
        )
        page, cursor = page_newest(rows, lambda row: row.number, query.limit, query.cursor)
        skew = skew_micros(self.venue.tampers, "fill_fee")
        written = [wire.fill(row, skew if row is view.fills[0] else 0) for row in page]
        return Answer({"fills": written, "cursor": cursor})

    def settlements(self, call: Call) -> Answer:
        """Return settlements, newest first."""
        query = call.query
        view = self._view(call)
        rows = (
            row
            for row in reversed(view.settlements)
            if query.text("ticker") in {"", row.ticker}
            and query.text("event_ticker") in {"", row.event_ticker}
            and query.within(row.now_us)
            and _on_shard(row.exchange_index, query)
        )
        page, cursor = page_newest(rows, lambda row: row.number, query.limit, query.cursor)
        skew = skew_micros(self.venue.tampers, "settlement_revenue")
        written = [wire.settlement(row, skew if row is view.settlements[0] else 0) for row in page]
        return Answer({"settlements": written, "cursor": cursor})

    def limits(self, _call: Call) -> Answer:
        """Return the rate limits of the account's tier."""
        read_rate, read_size, write_rate, write_size = TIERS[self.tier]
        return Answer(
            {
                "usage_tier": self.tier,
                "read": {"refill_rate": read_rate, "bucket_capacity": read_size},
                "write": {"refill_rate": write_rate, "bucket_capacity": write_size},
                "grants": [],
            }
        )

    def endpoint_costs(self, _call: Call) -> Answer:
        """Return what each operation costs in tokens."""
        costs = [
            {"method": method, "path": f"/trade-api/v2{path}", "cost": cost}
            for method, path, cost in COSTS
        ]
        return Answer({"default_cost": DEFAULT_COST, "endpoint_costs": costs})

    def retired(self, _call: Call) -> Refused:
        """Refuse the first generation's order routes, as the venue has since 2026."""
        return refuse(
            410,
            "deprecated_v1_order_endpoint",
            message="Please switch to the V2 endpoints",
        )

    def _view(self, call: Call) -> AccountView:
        self.venue.advance()
        account = self.venue.floor.account(call.account)
        assert account.view is not None, f"{account.name} has a key but no record"
        account.view.advance(self.venue.now_us())
        return account.view

    def _market(self, ticker: Ticker) -> Market:
        return self.venue.floor.markets[ticker]

    def _mark_micros(self, row: PositionView) -> int:
        market = self._market(row.ticker)
        yes_pips = market.last_price_pips
        if market.yes_value_micros is not None:
            yes_pips = market.yes_value_micros // 100
        pips = yes_pips if row.yes_centi > 0 else 10_000 - yes_pips
        return pips * abs(row.yes_centi)

    def _order(self, call: Call, row: OrderView) -> Json:
        return wire.order(row, self.venue.floor.account(call.account).user_id)


def _on_shard(shard: int, query: Query) -> bool:
    wanted = query.integer("exchange_index")
    return query.integer("subaccount") in NO_SUBACCOUNT and wanted in {None, shard}
