"""Candlesticks over REST, live and archived. Reference ``kalshi.md`` section 4."""

from typing import Final

import attrs

from actors.model.orders import Ticker
from actors.sim.venue import figures
from actors.sim.venue.candles import PERIODS_MINUTES, Candle, Span
from actors.sim.venue.engine import Venue
from actors.sim.venue.listing import Market
from actors.sim.venue.queries import Query
from actors.sim.venue.refusals import Refused, bad_parameter, not_found
from actors.sim.venue.routes import Answer, Call, Json, Route

INTEGERS: Final = frozenset({"start_ts", "end_ts", "period_interval"})
MARKETS_AT_ONCE: Final = 100
CANDLES_AT_ONCE: Final = 5_000
"""More are cut off without a word, as has been observed."""
CANDLES_IN_ALL: Final = 10_000

Period = tuple[int, int, int]
"""First and last second at which a candle may end, and its length in minutes."""


@attrs.frozen
class CandleRoutes:
    """Handlers of the candlesticks' routes."""

    venue: Venue

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return tuple(
            Route(
                method="GET",
                path=path,
                operation=operation,
                handle=handle,
                public=True,
                integers=INTEGERS,
            )
            for path, operation, handle in (
                ("/markets/candlesticks", "BatchGetMarketCandlesticks", self.of_many),
                (
                    "/series/{series_ticker}/markets/{ticker}/candlesticks",
                    "GetMarketCandlesticks",
                    self.of_market,
                ),
                (
                    "/series/{series_ticker}/events/{ticker}/candlesticks",
                    "GetMarketCandlesticksByEvent",
                    self.of_event,
                ),
                (
                    "/historical/markets/{ticker}/candlesticks",
                    "GetMarketCandlesticksHistorical",
                    self.archived,
                ),
            )
        )

    def of_market(self, call: Call) -> Answer | Refused:
        """Return one market's candles."""
        period = _period(call.query, "GetMarketCandlesticks")
        market = self._market(call, archived=False)
        if isinstance(period, Refused) or market is None:
            return period if isinstance(period, Refused) else not_found()
        if market.event.series_ticker != call.path["series_ticker"]:
            return not_found()
        rows = _rows(market, period, latest=call.query.flag("include_latest_before_start"))
        return Answer({"ticker": market.ticker, "candlesticks": rows[:CANDLES_AT_ONCE]})

    def of_many(self, call: Call) -> Answer | Refused:
        """Return the candles of up to a hundred markets."""
        period = _period(call.query, "BatchGetMarketCandlesticks")
        if isinstance(period, Refused):
            return period
        tickers = call.query.listed("market_tickers")
        if not 1 <= len(tickers) <= MARKETS_AT_ONCE:
            return bad_parameter("Parameter validation failed: market_tickers")
        found: list[Json] = []
        left = CANDLES_IN_ALL
        for ticker in dict.fromkeys(tickers):
            market = self.venue.floor.markets.get(Ticker(ticker))
            if market is None:
                continue
            latest = call.query.flag("include_latest_before_start")
            rows = _rows(market, period, latest=latest)[:left]
            left -= len(rows)
            found.append({"market_ticker": market.ticker, "candlesticks": rows})
        return Answer({"markets": found})

    def of_event(self, call: Call) -> Answer | Refused:
        """Return the candles of an event's markets."""
        period = _period(call.query, "GetMarketCandlesticksByEvent")
        if isinstance(period, Refused):
            return period
        markets = [
            market
            for market in self.venue.floor.markets.values()
            if market.event.event_ticker == call.path["ticker"]
            and market.event.series_ticker == call.path["series_ticker"]
        ]
        return Answer(
            {
                "market_tickers": [market.ticker for market in markets],
                "market_candlesticks": [_rows(market, period, latest=False) for market in markets],
                "adjusted_end_ts": period[1],
            }
        )

    def archived(self, call: Call) -> Answer | Refused:
        """Return the candles of a market that has left the live data."""
        period = _period(call.query, "GetMarketCandlesticksHistorical")
        market = self._market(call, archived=True)
        if isinstance(period, Refused) or market is None:
            return period if isinstance(period, Refused) else not_found()
        rows = [_archived(candle) for candle in market.candles.between(*period)]
        return Answer({"ticker": market.ticker, "candlesticks": rows[:CANDLES_AT_ONCE]})

    def _market(self, call: Call, *, archived: bool) -> Market | None:
        market = self.venue.floor.markets.get(Ticker(call.path["ticker"]))
        if market is None or self.venue.floor.is_archived(market.settled_us) != archived:
            return None
        return market


def _period(query: Query, operation: str) -> Period | Refused:
    bounds = [query.integer(name) for name in ("start_ts", "end_ts", "period_interval")]
    start_s, end_s, minutes = bounds
    if start_s is None or end_s is None or minutes is None:
        return bad_parameter(f"Parameter validation failed for {operation}: required")
    if minutes not in PERIODS_MINUTES or end_s < start_s:
        return bad_parameter(f"Parameter validation failed for {operation}: period_interval")
    return start_s, end_s, minutes


def _rows(market: Market, period: Period, *, latest: bool) -> list[Json]:
    rows = [_candle(candle) for candle in market.candles.between(*period)]
    start_s, _, minutes = period
    before = market.candles.before(start_s, minutes) if latest else None
    if before is None:
        return rows
    # What was true before the range, put at its first boundary, without a trade.
    end_s = -(-start_s // (60 * minutes)) * 60 * minutes
    bid, ask = before.bid.close, before.ask.close
    carried = Candle(
        end_s=end_s,
        bid=Span(bid, bid, bid, bid),
        ask=Span(ask, ask, ask, ask),
        previous_pips=before.price.close if before.price else before.previous_pips,
        open_interest_centi=before.open_interest_centi,
    )
    return rows if rows and rows[0]["end_period_ts"] == end_s else [_candle(carried), *rows]


def _candle(candle: Candle) -> Json:
    price: Json = _span(candle.price, "_dollars") if candle.price else {}
    if candle.price is not None:
        price["mean_dollars"] = figures.price(candle.value_micros // candle.volume_centi)
    if candle.previous_pips is not None:
        price["previous_dollars"] = figures.price(candle.previous_pips)
    return {
        "end_period_ts": candle.end_s,
        "yes_bid": _span(candle.bid, "_dollars"),
        "yes_ask": _span(candle.ask, "_dollars"),
        "price": price,
        "volume_fp": figures.count(candle.volume_centi),
        "open_interest_fp": figures.count(candle.open_interest_centi),
    }


def _archived(candle: Candle) -> Json:
    names = ("open", "low", "high", "close", "mean", "previous")
    price: Json = dict.fromkeys(names)
    if candle.price is not None:
        price |= _span(candle.price, "")
        price["mean"] = figures.price(candle.value_micros // candle.volume_centi)
    if candle.previous_pips is not None:
        price["previous"] = figures.price(candle.previous_pips)
    return {
        "end_period_ts": candle.end_s,
        "yes_bid": _span(candle.bid, ""),
        "yes_ask": _span(candle.ask, ""),
        "price": price,
        "volume": figures.count(candle.volume_centi),
        "open_interest": figures.count(candle.open_interest_centi),
    }


def _span(span: Span, unit: str) -> Json:
    return {
        f"open{unit}": figures.price(span.open),
        f"low{unit}": figures.price(span.low),
        f"high{unit}": figures.price(span.high),
        f"close{unit}": figures.price(span.close),
    }
