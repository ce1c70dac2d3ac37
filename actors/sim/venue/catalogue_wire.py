"""Series, events, markets, milestones and public prints as JSON objects.

Field sets: reference ``kalshi.md`` section 4 and the published schemas.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from actors.model.book import Level
from actors.sim.venue import figures
from actors.sim.venue.events import Traded
from actors.sim.venue.fee_schedule import FeeChange
from actors.sim.venue.hours import DAYS, Hours
from actors.sim.venue.listing import EventTerms, Market, MilestoneTerms, SeriesTerms

Json = dict[str, object]

ONE: Final = 10_000
SITE: Final = "https://venue.invalid"


def multiplier(value: Fraction) -> float:
    """Write a fee multiplier: the one number of the API that is a JSON float."""
    return float(value)


def series(terms: SeriesTerms) -> Json:
    """Write a series."""
    return {
        "ticker": terms.ticker,
        "frequency": "custom",
        "title": terms.title,
        "category": terms.category,
        "categories": [terms.category],
        "tags": list(terms.tags),
        "settlement_sources": [{"name": terms.settlement_source, "url": SITE}],
        "contract_url": f"{SITE}/{terms.ticker}.pdf",
        "contract_terms_url": f"{SITE}/{terms.ticker}-terms.pdf",
        "fee_type": terms.fee_type,
        "fee_multiplier": multiplier(terms.fee_multiplier),
        "additional_prohibitions": [],
        "exchange_index": terms.exchange_index,
    }


def series_fees(change: FeeChange) -> Json:
    """Write an announced change of a series' fees."""
    return {
        "id": change.change_id,
        "series_ticker": change.series_ticker,
        "fee_type": change.fee_type,
        "fee_multiplier": multiplier(change.multiplier or Fraction(0)),
        "scheduled_ts": figures.stamp(change.at_us),
    }


def event_fees(change: FeeChange) -> Json:
    """Write an announced change of an event's override; null clears it."""
    rate = change.multiplier
    return {
        "id": change.change_id,
        "event_ticker": change.event_ticker,
        "series_ticker": change.series_ticker,
        "fee_type_override": change.fee_type,
        "fee_multiplier_override": None if rate is None else multiplier(rate),
        "scheduled_ts": figures.stamp(change.at_us),
    }


def event(terms: EventTerms, of: SeriesTerms) -> Json:
    """Write an event, its markets apart."""
    body: Json = {
        "event_ticker": terms.event_ticker,
        "series_ticker": terms.series_ticker,
        "sub_title": terms.sub_title,
        "title": terms.title,
        "collateral_return_type": "MECNET" if terms.mutually_exclusive else "",
        "mutually_exclusive": terms.mutually_exclusive,
        "category": of.category,
        "settlement_sources": [{"name": of.settlement_source, "url": SITE}],
        "exchange_index": terms.exchange_index,
    }
    if terms.fee_type_override is not None:
        body["fee_type_override"] = terms.fee_type_override
    if terms.fee_multiplier_override is not None:
        body["fee_multiplier_override"] = multiplier(terms.fee_multiplier_override)
    return body


def market(of: Market) -> Json:
    """Write a market as it stands."""
    terms = of.terms
    body: Json = {
        "ticker": terms.ticker,
        "event_ticker": terms.event_ticker,
        "market_type": "binary",
        "title": terms.title,
        "subtitle": "",
        "yes_sub_title": terms.yes_sub_title,
        "no_sub_title": terms.no_sub_title or terms.yes_sub_title,
        "created_time": figures.stamp(of.created_us),
        "updated_time": figures.stamp(of.updated_us),
        "open_time": figures.stamp(terms.open_us),
        "close_time": figures.stamp(of.close_us),
        "expected_expiration_time": figures.stamp(terms.expected_expiration_us),
        "latest_expiration_time": figures.stamp(terms.latest_expiration_us),
        "settlement_timer_seconds": terms.settlement_timer_seconds,
        "status": of.status,
        "notional_value_dollars": figures.price(ONE),
        "result": of.verdict or "",
        "can_close_early": terms.can_close_early,
        "early_close_condition": terms.early_close_condition,
        "expiration_value": "",
        "rules_primary": terms.rules_primary,
        "rules_secondary": terms.rules_secondary,
        "price_level_structure": terms.price_level_structure,
        "price_ranges": price_ranges(of),
        "settlement_bounds_type": "default",
        "exchange_index": of.shard,
    }
    body |= quote(of) | _traded(of) | _yesterday()
    if terms.custom_strike:
        body |= {"strike_type": "structured", "custom_strike": dict(terms.custom_strike)}
    if terms.occurrence_us is not None:
        body["occurrence_datetime"] = figures.stamp(terms.occurrence_us)
    if terms.fee_waiver_until_us is not None:
        body["fee_waiver_expiration_time"] = figures.stamp(terms.fee_waiver_until_us)
    if of.yes_value_micros is not None:
        body["settlement_value_dollars"] = figures.grid_money(of.yes_value_micros)
    if of.settled_us is not None:
        body["settlement_ts"] = figures.stamp(of.settled_us)
    return body


def price_ranges(of: Market) -> list[Json]:
    """Write a market's grid."""
    return [
        {
            "start": figures.price(each.start_pips),
            "end": figures.price(each.end_pips),
            "step": figures.price(each.step_pips),
        }
        for each in of.terms.price_ranges
    ]


def quote(of: Market) -> Json:
    """Write the best prices; an empty side reads $0 to buy from and $1 to sell to."""
    bid, ask = of.best("bid"), of.best("ask")
    bid_pips = bid.price_pips if bid else 0
    # Before it opens, a market's asks have been seen at zero (reference section 4).
    no_ask = 0 if of.status == "initialized" else ONE
    ask_pips = ask.price_pips if ask else no_ask
    return {
        "yes_bid_dollars": figures.price(bid_pips),
        "yes_ask_dollars": figures.price(ask_pips),
        "no_bid_dollars": figures.price(ONE - ask_pips),
        "no_ask_dollars": figures.price(ONE - bid_pips),
        "yes_bid_size_fp": figures.count(bid.count_centi if bid else 0),
        "yes_ask_size_fp": figures.count(ask.count_centi if ask else 0),
    }


def _traded(of: Market) -> Json:
    return {
        "last_price_dollars": figures.price(of.last_price_pips),
        "volume_fp": figures.count(of.volume_centi),
        "volume_24h_fp": figures.count(of.volume_centi),
        "open_interest_fp": figures.count(of.open_interest_centi),
    }


def _yesterday() -> Json:
    names = ("previous_yes_bid_dollars", "previous_yes_ask_dollars", "previous_price_dollars")
    return dict.fromkeys(names, figures.price(0))


def ladder(levels: Iterable[Level], *, no_leg: bool) -> list[list[str]]:
    """Write one side's levels, worst first and best last, as the examples have them.

    Args:
        levels: Best first, in YES prices.
        no_leg: Whether to write NO prices.
    """
    spell = figures.other_price if no_leg else figures.price
    rows = [[spell(level.price_pips), figures.count(level.count_centi)] for level in levels]
    rows.reverse()
    return rows


def orderbook(of: Market, depth: int | None) -> Json:
    """Write a book: bids of both legs; an empty side is an empty list."""
    return {
        "yes_dollars": ladder(of.book.levels("bid", depth), no_leg=False),
        "no_dollars": ladder(of.book.levels("ask", depth), no_leg=True),
    }


def trade(of: Traded) -> Json:
    """Write a public print."""
    return {
        "trade_id": of.trade_id,
        "ticker": of.ticker,
        "count_fp": figures.count(of.count_centi),
        "yes_price_dollars": figures.price(of.price_pips),
        "no_price_dollars": figures.other_price(of.price_pips),
        "taker_side": figures.outcome(of.taker_side),
        "taker_outcome_side": figures.outcome(of.taker_side),
        "taker_book_side": of.taker_side,
        "is_block_trade": False,
        "created_time": figures.stamp(of.now_us),
    }


def milestone(terms: MilestoneTerms, updated_us: int) -> Json:
    """Write a milestone."""
    body: Json = {
        "id": terms.milestone_id,
        "category": terms.category,
        "type": terms.type,
        "start_date": figures.stamp(terms.start_us),
        "related_event_tickers": list(terms.related_event_tickers),
        "primary_event_tickers": list(terms.related_event_tickers),
        "title": terms.title,
        "notification_message": "",
        "details": dict(terms.details),
        "last_updated_ts": figures.stamp(updated_us),
    }
    if terms.source_ids:
        body["source_ids"] = dict(terms.source_ids)
        body["source_id"] = next(iter(terms.source_ids.values()))
    return body


def schedule(hours: Hours, now_us: int) -> Json:
    """Write the exchange's calendar; windows of maintenance that are over are left out."""
    week: Json = {
        day: [
            {"open_time": _clock(since), "close_time": _clock(until)} for since, until in sessions
        ]
        for day, sessions in zip(DAYS, hours.week.days, strict=True)
    }
    week["start_time"], week["end_time"] = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
    windows = [
        {"start_datetime": figures.stamp(each.start_us), "end_datetime": figures.stamp(each.end_us)}
        for each in hours.ahead(now_us)
    ]
    return {"standard_hours": [week], "maintenance_windows": windows}


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
