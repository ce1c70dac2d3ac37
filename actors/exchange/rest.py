"""Everything asked of the venue over REST that is not the entry of an order.

One method an endpoint; reads are whole (all pages), bounded and unretried. What an
answer can be: the value, ``VenueRefused`` when the venue said no, and
``VenueUnreachable`` when nothing can be learnt from what came or did not come. An
endpoint that needs no account is asked without a signature.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol, TypeVar
from urllib.parse import quote

from actors.exchange import wire_market as market, wire_orders as portfolio, wire_venue as venue
from actors.exchange.asking import Asking
from actors.exchange.errors import VenueRefused, VenueUnreachable, WireGarbled
from actors.exchange.signing import API_ROOT, Sign
from actors.exchange.wire import Decoder, read_error
from actors.exchange.wire_market import (
    EventFeeChange,
    SeriesFeeChange,
    VenueBook,
    VenueEvent,
    VenueMarket,
    VenueMilestone,
    VenueSeries,
    VenueTrade,
)
from actors.exchange.wire_orders import (
    CancelAck,
    VenueBalance,
    VenueFill,
    VenueOrder,
    VenuePosition,
    VenueSettlement,
)
from actors.exchange.wire_venue import AccountLimits, EndpointCosts, ExchangeStatus, Schedule
from actors.model.orders import Ticker
from actors.runtime.http import HttpClient, HttpFailed

Item = TypeVar("Item")
Body = TypeVar("Body")


class _HasCursor(Protocol):
    """A page of a list."""

    @property
    def cursor(self) -> str:
        """Where the next page begins; empty on the last."""
        ...


Page = TypeVar("Page", bound=_HasCursor)

Query = Sequence[tuple[str, str]]

PAGE: Final = 1_000
EVENTS_PAGE: Final = 200
MILESTONES_PAGE: Final = 500
BOOKS_AT_ONCE: Final = 100
MOST_PAGES: Final = 100
"""A list longer than this many pages is taken for one without an end."""

_SERVER_FAULT: Final = 500
_STATUS_WITH_BODY: Final = frozenset({200, 500, 503, 504})
"""``/exchange/status`` says with these, in its usual body, that the venue is down."""


class Rest:
    """The venue's REST interface, as one account sees it."""

    def __init__(
        self, *, http: HttpClient, sign: Sign, asking: Asking | None = None, urgent: bool = False
    ) -> None:
        """Make it; nothing is asked yet.

        Args:
            http: Reaches the API's root: its base URL ends in ``/trade-api/v2``.
            sign: Signs what needs an account.
            asking: Pays for every request and hears when it was answered; ``None`` where
                nobody counts.
            urgent: Whether its reads may take the last tokens.
        """
        self._http = http
        self._sign = sign
        self._asking = asking
        self._urgent = urgent

    def urgently(self) -> "Rest":
        """Return the same interface for whoever may take the last tokens."""
        return Rest(http=self._http, sign=self._sign, asking=self._asking, urgent=True)

    # What is traded.

    async def markets(
        self,
        *,
        event_ticker: str | None = None,
        series_ticker: str | None = None,
        status: str | None = None,
        tickers: Iterable[str] = (),
    ) -> tuple[VenueMarket, ...]:
        """Return the markets of an event or a series, or those named."""
        query = _query(
            limit=PAGE,
            event_ticker=event_ticker,
            series_ticker=series_ticker,
            status=status,
            tickers=",".join(tickers) or None,
        )
        return await self.pages(_MARKETS, "/markets", query, lambda page: page.markets)

    async def market(self, ticker: str) -> VenueMarket:
        """Return one market."""
        return (await self._ask(_MARKET, f"/markets/{_segment(ticker)}")).market

    async def events(
        self,
        *,
        series_ticker: str | None = None,
        status: str | None = None,
        with_nested_markets: bool = False,
        min_close_s: int | None = None,
        page: int = EVENTS_PAGE,
    ) -> tuple[VenueEvent, ...]:
        """Return the events of a series, with their markets inside if asked.

        Args:
            series_ticker: Of this series alone.
            status: At this status alone.
            with_nested_markets: Whether each brings its markets.
            min_close_s: Those alone of which a market closes after it, in seconds since 1970.
            page: How many are asked for, and decoded, at a time.
        """
        query = _query(
            limit=page,
            series_ticker=series_ticker,
            status=status,
            with_nested_markets=with_nested_markets,
            min_close_ts=min_close_s,
        )
        return await self.pages(_EVENTS, "/events", query, lambda page: page.events)

    async def event(self, event_ticker: str) -> VenueEvent:
        """Return one event with its markets inside."""
        path = f"/events/{_segment(event_ticker)}"
        return (await self._ask(_EVENT, path, _query(with_nested_markets=True))).event

    async def series(self, series_ticker: str) -> VenueSeries:
        """Return one series, with the fees in force for it."""
        return (await self._ask(_SERIES, f"/series/{_segment(series_ticker)}")).series

    async def series_fee_changes(self, series_ticker: str) -> tuple[SeriesFeeChange, ...]:
        """Return the fee changes that are ahead of a series."""
        query = _query(series_ticker=series_ticker)
        return (await self._ask(_SERIES_FEES, "/series/fee_changes", query)).changes

    async def event_fee_changes(self, event_ticker: str) -> tuple[EventFeeChange, ...]:
        """Return the fee changes of one event."""
        query = _query(limit=PAGE, event_ticker=event_ticker)
        return await self.pages(
            _EVENT_FEES, "/events/fee_changes", query, lambda page: page.changes
        )

    async def milestones(self, *, related_event_ticker: str) -> tuple[VenueMilestone, ...]:
        """Return the milestones that an event is related to."""
        query = _query(limit=MILESTONES_PAGE, related_event_ticker=related_event_ticker)
        return await self.pages(_MILESTONES, "/milestones", query, lambda page: page.milestones)

    async def orderbook(self, ticker: str) -> VenueBook:
        """Return one market's whole book."""
        return (await self._ask(_BOOK, f"/markets/{_segment(ticker)}/orderbook")).book

    async def orderbooks(self, tickers: Sequence[str]) -> dict[Ticker, VenueBook]:
        """Return several markets' whole books."""
        books: dict[Ticker, VenueBook] = {}
        for start in range(0, len(tickers), BOOKS_AT_ONCE):
            # The name is repeated: a list with commas is taken for one ticker.
            query = [("tickers", ticker) for ticker in tickers[start : start + BOOKS_AT_ONCE]]
            answer = await self._ask(_BOOKS, "/markets/orderbooks", query)
            books.update((each.ticker, each.book) for each in answer.orderbooks)
        return books

    async def trades(
        self, ticker: str, *, min_s: int | None = None, max_s: int | None = None
    ) -> tuple[VenueTrade, ...]:
        """Return public prints of one market between two instants, newest first."""
        query = _query(limit=PAGE, ticker=ticker, min_ts=min_s, max_ts=max_s)
        return await self.pages(_TRADES, "/markets/trades", query, lambda page: page.trades)

    # The account.

    async def balance(self, exchange_index: int | None = None) -> VenueBalance:
        """Return the cash of all shards, or of one."""
        query = _query(exchange_index=exchange_index)
        return await self._ask(_BALANCE, "/portfolio/balance", query, signed=True)

    async def positions(
        self, *, event_ticker: str | None = None, settlement_status: str = "unsettled"
    ) -> tuple[VenuePosition, ...]:
        """Return what we hold (``unsettled``), have held (``settled``), or both (``all``)."""
        query = _query(limit=PAGE, event_ticker=event_ticker, settlement_status=settlement_status)
        return await self.pages(
            _POSITIONS, "/portfolio/positions", query, lambda page: page.positions, signed=True
        )

    async def fills(
        self,
        *,
        ticker: str | None = None,
        order_id: str | None = None,
        min_s: int | None = None,
        max_s: int | None = None,
    ) -> tuple[VenueFill, ...]:
        """Return executions of ours."""
        query = _query(limit=PAGE, ticker=ticker, order_id=order_id, min_ts=min_s, max_ts=max_s)
        return await self.pages(
            _FILLS, "/portfolio/fills", query, lambda page: page.fills, signed=True
        )

    async def settlements(
        self, *, event_ticker: str | None = None, min_s: int | None = None
    ) -> tuple[VenueSettlement, ...]:
        """Return how our markets were settled."""
        query = _query(limit=PAGE, event_ticker=event_ticker, min_ts=min_s)
        return await self.pages(
            _SETTLEMENTS,
            "/portfolio/settlements",
            query,
            lambda page: page.settlements,
            signed=True,
        )

    async def orders(
        self,
        *,
        ticker: str | None = None,
        event_ticker: str | None = None,
        status: str | None = None,
        min_s: int | None = None,
        max_s: int | None = None,
        exchange_index: int | None = None,
    ) -> tuple[VenueOrder, ...]:
        """Return orders of ours. The read side lags: a moment ago may not be in it."""
        query = _query(
            limit=PAGE,
            ticker=ticker,
            event_ticker=event_ticker,
            status=status,
            min_ts=min_s,
            max_ts=max_s,
            exchange_index=exchange_index,
        )
        return await self.pages(
            _ORDERS, "/portfolio/orders", query, lambda page: page.orders, signed=True
        )

    async def order(self, order_id: str) -> VenueOrder:
        """Return one order by the venue's id of it."""
        path = f"/portfolio/orders/{_segment(order_id)}"
        return (await self._ask(_ORDER, path, signed=True)).order

    async def cancel(self, order_id: str, *, ticker: str) -> CancelAck:
        """Cancel a resting order. The market's ticker finds the shard; the id alone would not."""
        path = f"/portfolio/events/orders/{_segment(order_id)}"
        query = _query(market_ticker=ticker)
        return await self._ask(_CANCEL, path, query, signed=True, method="DELETE")

    async def account_limits(self) -> AccountLimits:
        """Return how fast this account may ask and trade."""
        return await self._ask(_LIMITS, "/account/limits", signed=True)

    # The venue.

    async def endpoint_costs(self) -> EndpointCosts:
        """Return what requests cost in tokens."""
        return await self._ask(_COSTS, "/account/endpoint_costs")

    async def exchange_status(self) -> ExchangeStatus:
        """Return whether the venue is up and trades, also when it says so with a 5xx."""
        return await self._ask(_STATUS, "/exchange/status", ok=_STATUS_WITH_BODY)

    async def schedule(self) -> Schedule:
        """Return when the venue trades and when it is maintained."""
        return (await self._ask(_SCHEDULE, "/exchange/schedule")).schedule

    async def user_data_as_of_ms(self) -> int:
        """Return how recent, in the venue's milliseconds, its word on our account is."""
        answer = await self._ask(_AS_OF, "/exchange/user_data_timestamp")
        return answer.as_of_wall_ns // portfolio.NANOS_PER_MILLI

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
        asking = self._asking
        if asking is not None:
            await asking.pay(method, path, urgent=self._urgent)
        # What is signed is the whole path; the client puts the root before it by itself.
        headers = (await self._sign(method, API_ROOT + path)).pairs if signed else ()
        sent_ns = 0 if asking is None else asking.now_ns()
        try:
            answer = await self._http.request(method, path, query=query, headers=headers)
        except HttpFailed as error:
            raise VenueUnreachable(f"{method} {path}: {error}") from error
        if asking is not None:
            asking.hear(method, path, answer, sent_ns)
        if answer.status not in ok:
            raise failure(answer.status, answer.body, f"{method} {path}")
        try:
            read = decoder(answer.body)
        except WireGarbled as error:
            raise VenueUnreachable(f"{method} {path}: {error}") from error
        if asking is not None:
            asking.oddities.look(answer.body)
        return read

    async def pages(
        self,
        decoder: Decoder[Page],
        path: str,
        query: Query,
        items: Callable[[Page], tuple[Item, ...]],
        *,
        signed: bool = False,
    ) -> tuple[Item, ...]:
        """Read page after page; the last one's cursor is empty.

        A cursor that the venue does not know starts the list anew without a word
        (reference ``kalshi.md`` section 4), hence the two bounds.
        """
        gathered: list[Item] = []
        cursors: set[str] = set()
        cursor = ""
        while len(cursors) < MOST_PAGES:
            following = (("cursor", cursor),) if cursor else ()
            page = await self._ask(decoder, path, (*query, *following), signed=signed)
            gathered += items(page)
            cursor = page.cursor
            if not cursor:
                return tuple(gathered)
            if cursor in cursors:
                raise VenueUnreachable(f"GET {path}: the list repeats itself")
            cursors.add(cursor)
        raise VenueUnreachable(f"GET {path}: more than {MOST_PAGES} pages")


def failure(status: int, body: bytes, what: str) -> VenueRefused | VenueUnreachable:
    """Return what an answer means that is not the one asked for."""
    error = read_error(status, body)
    if error is None:
        return VenueUnreachable(f"{what}: {status} without the venue's words")
    if status >= _SERVER_FAULT:
        return VenueUnreachable(f"{what}: {error}")
    return VenueRefused(error)


def _segment(text: str) -> str:
    return quote(text, safe="")


def _query(**parameters: str | int | None) -> tuple[tuple[str, str], ...]:
    """Return the parameters that have a value, flags spelt as the venue does."""
    return tuple(
        (name, str(value).lower() if isinstance(value, bool) else str(value))
        for name, value in parameters.items()
        if value is not None
    )


_MARKETS: Final = Decoder(market.MarketsPage)
_MARKET: Final = Decoder(market.OneMarket)
_EVENTS: Final = Decoder(market.EventsPage)
_EVENT: Final = Decoder(market.OneEvent)
_SERIES: Final = Decoder(market.OneSeries)
_SERIES_FEES: Final = Decoder(market.SeriesFeeChanges)
_EVENT_FEES: Final = Decoder(market.EventFeeChangesPage)
_MILESTONES: Final = Decoder(market.MilestonesPage)
_BOOK: Final = Decoder(market.OneBook)
_BOOKS: Final = Decoder(market.Books)
_TRADES: Final = Decoder(market.TradesPage)
_BALANCE: Final = Decoder(portfolio.VenueBalance)
_POSITIONS: Final = Decoder(portfolio.PositionsPage)
_FILLS: Final = Decoder(portfolio.FillsPage)
_SETTLEMENTS: Final = Decoder(portfolio.SettlementsPage)
_ORDERS: Final = Decoder(portfolio.OrdersPage)
_ORDER: Final = Decoder(portfolio.OneOrder)
_CANCEL: Final = Decoder(portfolio.CancelAck)
_LIMITS: Final = Decoder(venue.AccountLimits)
_COSTS: Final = Decoder(venue.EndpointCosts)
_STATUS: Final = Decoder(venue.ExchangeStatus)
_SCHEDULE: Final = Decoder(venue.ScheduleBody)
_AS_OF: Final = Decoder(venue.UserDataTimestamp)
