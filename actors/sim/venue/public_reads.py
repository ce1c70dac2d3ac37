"""What anybody may read: listings, books, prints, the exchange's state. No auth asked.

Reference ``kalshi.md`` section 4. Filters that make no sense are refused as the
venue does; everything else unknown is ignored.
"""

from collections.abc import Callable, Mapping
from typing import Final

from actors.model.orders import Ticker
from actors.sim.venue import catalogue_wire, figures
from actors.sim.venue.engine import Venue
from actors.sim.venue.listing import EventTerms, Market, Status
from actors.sim.venue.paging import page_from, page_newest
from actors.sim.venue.queries import PageSize, Query
from actors.sim.venue.refusals import Refused, bad_parameter, not_found, refuse
from actors.sim.venue.routes import Answer, Call, Json, Route

MARKET_STATUS: Final[Mapping[str, tuple[Status, ...]]] = {
    "unopened": ("initialized",),
    "open": ("active",),
    "paused": ("inactive",),
    "closed": ("closed", "determined", "disputed", "amended"),
    "settled": ("finalized",),
}
"""The filter's words, and the life cycle's."""

TIMES: Final[Mapping[str, Callable[[Market], int | None]]] = {
    "created": lambda market: market.created_us,
    "updated": lambda market: market.updated_us,
    "close": lambda market: market.close_us,
    "settled": lambda market: market.settled_us,
}
BOUNDS: Final = frozenset(f"{bound}_{name}_ts" for bound in ("min", "max") for name in TIMES)
SINCE: Final = frozenset({"min_updated_ts"})
BOOKS_AT_ONCE: Final = 100
DEEPEST: Final = 100


class PublicReads:
    """Handlers of the public routes."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._floor = venue.floor

    def routes(self) -> tuple[Route, ...]:
        """Return the routes, fixed paths before those with placeholders."""

        def get(
            path: str,
            operation: str,
            handle: Callable[[Call], Answer | Refused],
            page: PageSize | None = None,
            integers: frozenset[str] = frozenset(),
        ) -> Route:
            return Route(
                method="GET",
                path=path,
                operation=operation,
                handle=handle,
                public=True,
                page=page,
                integers=integers,
            )

        spans = frozenset({"min_ts", "max_ts"})
        many = PageSize(1000, tag="lte")
        return (
            get("/exchange/status", "GetExchangeStatus", self.status),
            get("/exchange/schedule", "GetExchangeSchedule", self.schedule),
            get("/exchange/user_data_timestamp", "GetUserDataTimestamp", self.user_data_timestamp),
            get("/markets", "GetMarkets", self.markets, many, BOUNDS),
            get("/markets/trades", "GetTrades", self.trades, many, spans),
            get("/markets/orderbooks", "GetMarketOrderbooks", self.orderbooks),
            get("/markets/{ticker}", "GetMarket", self.market),
            get(
                "/markets/{ticker}/orderbook",
                "GetMarketOrderbook",
                self.orderbook,
                integers=frozenset({"depth"}),
            ),
            get(
                "/events",
                "GetEvents",
                self.events,
                PageSize(200, 200),
                frozenset({"min_close_ts", "min_updated_ts"}),
            ),
            get("/events/fee_changes", "GetEventFeeChanges", self.event_fees, PageSize(1000)),
            get("/events/{event_ticker}", "GetEvent", self.event),
            get("/series", "GetSeriesList", self.series_list, integers=SINCE),
            get("/series/fee_changes", "GetSeriesFeeChanges", self.series_fees),
            get("/series/{series_ticker}", "GetSeries", self.series),
            get("/historical/markets", "GetHistoricalMarkets", self.past_markets, many),
            get("/historical/markets/{ticker}", "GetHistoricalMarket", self.past_market),
            get("/historical/trades", "GetTradesHistorical", self.past_trades, many, spans),
            get("/milestones", "GetMilestones", self.milestones, PageSize(500), SINCE),
            get("/milestones/{milestone_id}", "GetMilestone", self.milestone),
        )

    def status(self, _call: Call) -> Answer:
        """Say whether the exchange takes state changes, and orders, on each shard."""
        self._venue.advance()
        floor = self._floor
        state: Json = {
            "exchange_active": floor.exchange_active,
            "trading_active": floor.exchange_active and floor.trading_active,
            "intra_exchange_transfers_active": floor.exchange_active,
        }
        each = [{"exchange_index": n, "description": f"Shard {n}"} | state for n in floor.shards()]
        if floor.resumes_us is not None:
            state["exchange_estimated_resume_time"] = figures.stamp(floor.resumes_us)
        return Answer(state | {"exchange_index_statuses": each})

    def schedule(self, _call: Call) -> Answer:
        """Say the hours of the week and what maintenance is ahead, as the exchange keeps them."""
        return Answer(
            {"schedule": catalogue_wire.schedule(self._venue.opening.hours, self._venue.now_us())}
        )

    def user_data_timestamp(self, _call: Call) -> Answer:
        """Say how far the read side has come."""
        as_of_us = self._venue.now_us() - self._venue.read_lag_us
        return Answer({"as_of_time": figures.stamp(as_of_us)})

    def markets(self, call: Call) -> Answer | Refused:
        """List markets."""
        query = call.query
        status = query.text("status")
        if status and status not in MARKET_STATUS:
            return refuse(400, "invalid_status_filter")
        self._venue.advance()
        rows = [market for market in self._live_markets() if _wanted(market, query)]
        page, cursor = page_from(rows, query.limit, query.cursor)
        return Answer({"markets": [*map(catalogue_wire.market, page)], "cursor": cursor})

    def market(self, call: Call) -> Answer | Refused:
        """Return one market."""
        self._venue.advance()
        market = self._floor.markets.get(Ticker(call.path["ticker"]))
        if market is not None and self._floor.is_archived(market.settled_us):
            market = None
        return not_found() if market is None else Answer({"market": catalogue_wire.market(market)})

    def orderbook(self, call: Call) -> Answer | Refused:
        """Return one book."""
        market = self._floor.markets.get(Ticker(call.path["ticker"]))
        depth = call.query.integer("depth") or 0
        if market is None:
            return not_found()
        if not 0 <= depth <= DEEPEST:
            return bad_parameter("Parameter validation failed for GetMarketOrderbook: depth")
        return Answer({"orderbook_fp": catalogue_wire.orderbook(market, depth or None)})

    def orderbooks(self, call: Call) -> Answer | Refused:
        """Return the books of up to a hundred markets, in the order asked for."""
        tickers = call.query.texts_of("tickers")
        if not 1 <= len(tickers) <= BOOKS_AT_ONCE:
            return bad_parameter("Parameter validation failed for GetMarketOrderbooks: tickers")
        found = [self._floor.markets.get(Ticker(ticker)) for ticker in dict.fromkeys(tickers)]
        books = [
            {"ticker": market.ticker, "orderbook_fp": catalogue_wire.orderbook(market, None)}
            for market in found
            if market is not None
        ]
        return Answer({"orderbooks": books})

    def past_markets(self, call: Call) -> Answer:
        """List markets that have left the live data."""
        rows = [
            market
            for market in self._floor.markets.values()
            if self._floor.is_archived(market.settled_us) and _wanted(market, call.query)
        ]
        page, cursor = page_from(rows, call.query.limit, call.query.cursor)
        return Answer({"markets": [*map(catalogue_wire.market, page)], "cursor": cursor})

    def past_market(self, call: Call) -> Answer | Refused:
        """Return one market that has left the live data."""
        market = self._floor.markets.get(Ticker(call.path["ticker"]))
        if market is None or not self._floor.is_archived(market.settled_us):
            return not_found()
        return Answer({"market": catalogue_wire.market(market)})

    def past_trades(self, call: Call) -> Answer:
        """Return public prints that have left the live data, newest first."""
        return self._trades(call, archived=True)

    def trades(self, call: Call) -> Answer:
        """Return public prints, newest first."""
        return self._trades(call, archived=False)

    def _trades(self, call: Call, *, archived: bool) -> Answer:
        query = call.query
        ticker = query.text("ticker")
        rows = (
            row
            for row in reversed(self._floor.tape)
            if (not ticker or row[1].ticker == ticker)
            and self._floor.is_archived(row[1].now_us) == archived
            and query.within(row[1].now_us)
            and query.text("is_block_trade") != "true"
        )
        page, cursor = page_newest(rows, lambda row: row[0], query.limit, query.cursor)
        prints = [catalogue_wire.trade(traded) for _, traded in page]
        return Answer({"trades": prints, "cursor": cursor})

    def events(self, call: Call) -> Answer | Refused:
        """List events, with their markets and milestones if asked for."""
        query = call.query
        status = query.text("status")
        if status and (status not in MARKET_STATUS or status == "paused"):
            return refuse(400, "invalid_status_filter")
        self._venue.advance()
        rows = [event for event in self._floor.events.values() if self._wants(event, query)]
        page, cursor = page_from(rows, query.limit, query.cursor)
        nested = query.flag("with_nested_markets")
        body: Json = {"events": [self._event(event, nested=nested) for event in page]}
        if query.flag("with_milestones"):
            names = {event.event_ticker for event in page}
            body["milestones"] = [
                catalogue_wire.milestone(terms, self._floor.opened_us)
                for terms in self._floor.milestones.values()
                if names.intersection(terms.related_event_tickers)
            ]
        return Answer(body | {"cursor": cursor})

    def event(self, call: Call) -> Answer | Refused:
        """Return one event; its markets inside it or beside it."""
        self._venue.advance()
        event = self._floor.events.get(call.path["event_ticker"])
        if event is None:
            return not_found()
        nested = call.query.flag("with_nested_markets")
        bare = nested or call.query.flag("exclude_markets")
        markets = [] if bare else [*map(catalogue_wire.market, self._markets_of(event))]
        return Answer({"event": self._event(event, nested=nested), "markets": markets})

    def event_fees(self, call: Call) -> Answer:
        """Return announced changes of events' fees."""
        wanted = call.query.text("event_ticker")
        rows = [
            change
            for change in self._venue.fees.changes.values()
            if change.event_ticker and wanted in {"", change.event_ticker}
        ]
        page, cursor = page_from(rows, call.query.limit, call.query.cursor)
        written = [*map(catalogue_wire.event_fees, page)]
        return Answer({"event_fee_changes": written, "cursor": cursor})

    def series_list(self, call: Call) -> Answer:
        """List series."""
        category, tags = call.query.text("category"), call.query.listed("tags")
        rows = [
            catalogue_wire.series(terms)
            for terms in self._floor.series.values()
            if (not category or terms.category == category)
            and (not tags or any(tag in terms.tags for tag in tags))
        ]
        return Answer({"series": rows})

    def series_fees(self, call: Call) -> Answer:
        """Return announced changes of series' fees; those in force already only if asked for."""
        wanted, past = call.query.text("series_ticker"), call.query.flag("show_historical")
        rows = [
            catalogue_wire.series_fees(change)
            for change in self._venue.fees.changes.values()
            if not change.event_ticker
            and wanted in {"", change.series_ticker}
            and (past or change.at_us > self._venue.now_us())
        ]
        return Answer({"series_fee_change_arr": rows})

    def series(self, call: Call) -> Answer | Refused:
        """Return one series."""
        terms = self._floor.series.get(call.path["series_ticker"])
        return not_found() if terms is None else Answer({"series": catalogue_wire.series(terms)})

    def milestones(self, call: Call) -> Answer | Refused:
        """List milestones; ``limit`` must be given."""
        query = call.query
        if not query.text("limit"):
            return bad_parameter("Query argument limit is required, but not found")
        since = query.text("minimum_start_date")
        since_us = figures.read_stamp(since) if since else None
        if since and since_us is None:
            return bad_parameter("Invalid format for parameter minimum_start_date")
        rows = [
            terms
            for terms in self._floor.milestones.values()
            if (since_us is None or terms.start_us >= since_us)
            and query.text("category") in {"", terms.category}
            and query.text("type") in {"", terms.type}
            and query.text("source_id") in {"", *terms.source_ids.values()}
            and query.text("related_event_ticker") in {"", *terms.related_event_tickers}
        ]
        page, cursor = page_from(rows, query.limit, query.cursor)
        written = [catalogue_wire.milestone(terms, self._floor.opened_us) for terms in page]
        return Answer({"milestones": written, "cursor": cursor})

    def milestone(self, call: Call) -> Answer | Refused:
        """Return one milestone."""
        terms = self._floor.milestones.get(call.path["milestone_id"])
        if terms is None:
            return not_found()
        return Answer({"milestone": catalogue_wire.milestone(terms, self._floor.opened_us)})

    def _event(self, event: EventTerms, *, nested: bool) -> Json:
        body = catalogue_wire.event(event, self._floor.series[event.series_ticker])
        if nested:
            body["markets"] = [*map(catalogue_wire.market, self._markets_of(event))]
        return body

    def _live_markets(self) -> list[Market]:
        markets = self._floor.markets.values()
        return [each for each in markets if not self._floor.is_archived(each.settled_us)]

    def _markets_of(self, event: EventTerms) -> list[Market]:
        return [market for market in self._floor.markets.values() if market.event is event]

    def _wants(self, event: EventTerms, query: Query) -> bool:
        tickers, series = query.listed("tickers"), query.text("series_ticker")
        if (series and event.series_ticker != series) or (
            tickers and event.event_ticker not in tickers
        ):
            return False
        status, closes_s = query.text("status"), query.integer("min_close_ts")
        markets = self._markets_of(event)
        if status and not any(market.status in MARKET_STATUS[status] for market in markets):
            return False
        return closes_s is None or any(market.close_us // 10**6 > closes_s for market in markets)


def _wanted(market: Market, query: Query) -> bool:
    status, tickers = query.text("status"), query.listed("tickers")
    if status and market.status not in MARKET_STATUS[status]:
        return False
    if tickers and market.ticker not in tickers:
        return False
    if query.text("event_ticker") not in {"", market.event.event_ticker}:
        return False
    if query.text("series_ticker") not in {"", market.event.series_ticker}:
        return False
    return all(_in_time(at_of(market), name, query) for name, at_of in TIMES.items())


def _in_time(at_us: int | None, name: str, query: Query) -> bool:
    least, most = query.integer(f"min_{name}_ts"), query.integer(f"max_{name}_ts")
    if least is None and most is None:
        return True
    if at_us is None:
        return False
    at_s = at_us // 1_000_000
    return (least is None or at_s > least) and (most is None or at_s <= most)
