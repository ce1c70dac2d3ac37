"""What an account's owner may read: orders, balance, positions, fills, settlements.

Reference ``kalshi.md`` sections 3, 4 and 6. Reads come from the account's view,
which may lag behind the matching engine.
"""

from typing import Final

import attrs

from actors.model.orders import Ticker
from actors.sim.venue import wire
from actors.sim.venue.engine import Venue
from actors.sim.venue.listing import Market
from actors.sim.venue.paging import page_from, page_newest
from actors.sim.venue.queries import PageSize, Query
from actors.sim.venue.refusals import Refused, not_found, over_limit, refuse
from actors.sim.venue.routes import Answer, Call, Handle, Json, Route
from actors.sim.venue.tamper import skew_micros
from actors.sim.venue.views import (
    AccountView,
    FillView,
    OrderView,
    PositionView,
    SettlementView,
)

EVENTS_AT_ONCE: Final = 100
SPANS: Final = frozenset({"min_ts", "max_ts", "subaccount", "exchange_index"})


@attrs.frozen
class Portfolio:
    """Handlers of the routes that need a key."""

    venue: Venue

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
        return (
            of("GET", "/portfolio/orders", "GetOrders", self.orders, many),
            of("GET", "/portfolio/orders/{order_id}", "GetOrder", self.order),
            of("GET", "/portfolio/balance", "GetBalance", self.balance),
            of("GET", "/portfolio/positions", "GetPositions", self.positions, many),
            of("GET", "/portfolio/fills", "GetFills", self.fills, many),
            of("GET", "/portfolio/settlements", "GetSettlements", self.settlements, many),
            of("GET", "/historical/orders", "GetHistoricalOrders", self.past_orders, many),
            of("GET", "/historical/fills", "GetFillsHistorical", self.past_fills, many),
            of("GET", "/historical/positions", "GetHistoricalPositions", self.past_positions, many),
        )

    def order(self, call: Call) -> Answer | Refused:
        """Return one order, whatever became of it."""
        found = self._view(call).orders.get(call.path["order_id"])
        if found is not None and self._is_archived(found):
            found = None
        return not_found() if found is None else Answer({"order": self._written(call, found)})

    def past_orders(self, call: Call) -> Answer | Refused:
        """List orders that have left the live data, newest first."""
        return self._orders(call, archived=True)

    def past_fills(self, call: Call) -> Answer:
        """List fills that have left the live data, newest first."""
        return self._fills(call, archived=True)

    def past_positions(self, call: Call) -> Answer | Refused:
        """List settled positions that have left the live data."""
        return self._positions(call, "settled", archived=True)

    def orders(self, call: Call) -> Answer | Refused:
        """List orders, newest first."""
        return self._orders(call, archived=False)

    def positions(self, call: Call) -> Answer | Refused:
        """Return positions, unsettled ones unless asked otherwise, and their events' sums."""
        wanted = call.query.text("settlement_status") or "unsettled"
        if wanted not in {"unsettled", "settled", "all"}:
            return refuse(400, "invalid_status_filter")
        return self._positions(call, wanted, archived=False)

    def fills(self, call: Call) -> Answer:
        """Return fills, newest first."""
        return self._fills(call, archived=False)

    def _orders(self, call: Call, *, archived: bool) -> Answer | Refused:
        query = call.query
        status = query.text("status")
        if status not in {"", "resting", "canceled", "executed"}:
            return refuse(400, "invalid_status_filter")
        events = query.listed("event_ticker")
        if len(events) > EVENTS_AT_ONCE:
            return over_limit("GetOrders", "EventTicker", "max")
        rows = (
            row
            for row in reversed(self._view(call).orders.values())
            if status in {"", row.status}
            and self._is_archived(row) == archived
            and query.text("ticker") in {"", row.ticker}
            and (not events or self._market(row.ticker).event.event_ticker in events)
            and query.within(row.created_us)
            and _is_asked(row, query)
        )
        page, cursor = page_newest(rows, lambda row: row.number, query.limit, query.cursor)
        return Answer({"orders": [self._written(call, row) for row in page], "cursor": cursor})

    def balance(self, call: Call) -> Answer:
        """Return what is free, by shard and in sum."""
        view = self._view(call)
        wanted = call.query.integer("subaccount") or 0
        cash = [
            view.cash[part, shard]
            for part, shard in sorted(view.cash)
            if part == wanted and call.query.integer("exchange_index") in {None, shard}
        ]
        marked = sum(
            self._mark_micros(row)
            for row in view.positions.values()
            if _is_asked(row, call.query, default=0)
        )
        skew = skew_micros(self.venue.tampers, "balance")
        body = wire.balance(
            cash, portfolio_micros=marked, updated_us=view.updated_us, skew_micros=skew
        )
        if call.locked is not None:
            del body["balance_breakdown"]
        return Answer(body)

    def _positions(self, call: Call, wanted: str, *, archived: bool) -> Answer | Refused:
        query = call.query
        nonzero = query.listed("count_filter")
        event = query.text("event_ticker")
        rows = [
            row
            for row in self._view(call).positions.values()
            if wanted == "all" or row.settled == (wanted == "settled")
            if self._is_archived(row) == archived
            if query.text("ticker") in {"", row.ticker}
            if event in {"", self._market(row.ticker).event.event_ticker}
            if _is_asked(row, query, default=0)
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

    def _fills(self, call: Call, *, archived: bool) -> Answer:
        query = call.query
        tickers, order_id = query.listed("ticker"), query.text("order_id")
        view = self._view(call)
        rows = (
            row
            for row in reversed(view.fills)
            if (not tickers or row.ticker in tickers)
            and self._is_archived(row) == archived
            and order_id in {"", row.order_id}
            and query.within(row.now_us)
            and _is_asked(row, query)
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
            and not self._is_archived(row)
            and query.within(row.now_us)
            and _is_asked(row, query)
        )
        page, cursor = page_newest(rows, lambda row: row.number, query.limit, query.cursor)
        skew = skew_micros(self.venue.tampers, "settlement_revenue")
        written = [wire.settlement(row, skew if row is view.settlements[0] else 0) for row in page]
        return Answer({"settlements": written, "cursor": cursor})

    def _view(self, call: Call) -> AccountView:
        self.venue.advance()
        account = self.venue.floor.account(call.account)
        assert account.view is not None, f"{account.name} has a key but no record"
        account.view.advance(self.venue.now_us())
        return account.view

    def _is_archived(self, row: OrderView | FillView | PositionView | SettlementView) -> bool:
        match row:
            case OrderView():
                ended_us = None if row.status == "resting" else row.updated_us
            case PositionView():
                ended_us = row.now_us if row.settled else None
            case _:
                ended_us = row.now_us
        return self.venue.floor.is_archived(ended_us)

    def _market(self, ticker: Ticker) -> Market:
        return self.venue.floor.markets[ticker]

    def _mark_micros(self, row: PositionView) -> int:
        market = self._market(row.ticker)
        yes_pips = market.last_price_pips
        if market.yes_value_micros is not None:
            yes_pips = market.yes_value_micros // 100
        pips = yes_pips if row.yes_centi > 0 else 10_000 - yes_pips
        return pips * abs(row.yes_centi)

    def _written(self, call: Call, row: OrderView) -> Json:
        return wire.order(row, self.venue.floor.account(call.account).user_id)


def _is_asked(
    row: OrderView | FillView | PositionView | SettlementView,
    query: Query,
    default: int | None = None,
) -> bool:
    """Return whether a row is of the subaccount and shard asked for, if any were."""
    subaccount, shard = query.integer("subaccount"), query.integer("exchange_index")
    if subaccount is None:
        subaccount = default
    return subaccount in {None, row.subaccount} and shard in {None, row.exchange_index}
