"""The bodies of what the WebSocket sends: the ``msg`` of each message type. Pure.

Reference ``kalshi.md`` section 5 and the published examples.
"""

from typing import Final

from actors.sim.venue import catalogue_wire, figures
from actors.sim.venue.events import (
    BookChanged,
    EventFeesChanged,
    Filled,
    LifecycleStep,
    OrderChanged,
    OrderGroupChanged,
    Traded,
)
from actors.sim.venue.listing import EventTerms, Market
from actors.sim.venue.views import PositionView

Json = dict[str, object]

ERRORS: Final = {
    1: "Unable to process message",
    2: "Params required",
    3: "Channels required",
    4: "Subscription IDs required",
    5: "Unknown command",
    7: "Unknown subscription ID",
    8: "Unknown channel name",
    9: "Authentication required",
    10: "Channel error",
    11: "Invalid parameter",
    12: "Exactly one subscription ID is required",
    13: "Unsupported action",
    14: "Market Ticker required",
    15: "Action required",
    18: "Command timeout",
    25: "Subscription buffer overflow",
    26: "Subscription market limit exceeded",
    27: "Too many requests",
}


def snapshot(market: Market, *, use_yes_price: bool) -> Json:
    """Write a whole book; the key of an empty side is left out."""
    body: Json = {
        "market_ticker": market.ticker,
        "market_id": market.market_id,
        "clock": market.clock,
    }
    bids = catalogue_wire.ladder(market.book.levels("bid"), no_leg=False)
    asks = catalogue_wire.ladder(market.book.levels("ask"), no_leg=not use_yes_price)
    if bids:
        body["yes_dollars_fp"] = bids
    if asks:
        body["no_dollars_fp"] = asks
    return body


def delta(change: BookChanged, market: Market, account: str, *, use_yes_price: bool) -> Json:
    """Write one change of one level; who caused it is told its own order's id."""
    no_leg = change.side == "ask" and not use_yes_price
    spell = figures.other_price if no_leg else figures.price
    body: Json = {
        "market_ticker": change.ticker,
        "market_id": market.market_id,
        "clock": change.clock,
        "price_dollars": spell(change.price_pips),
        "delta_fp": figures.count(change.change_centi),
        "side": figures.outcome(change.side),
        "ts": figures.stamp(change.now_us),
        "ts_ms": change.now_us // 1000,
    }
    if change.cause == account and change.cause_client_order_id:
        body["client_order_id"] = change.cause_client_order_id
    if change.cause == account and change.cause_subaccount:
        body["subaccount"] = change.cause_subaccount
    return body


def trade(traded: Traded) -> Json:
    """Write a public print."""
    return {
        "trade_id": traded.trade_id,
        "market_ticker": traded.ticker,
        "yes_price_dollars": figures.price(traded.price_pips),
        "no_price_dollars": figures.other_price(traded.price_pips),
        "count_fp": figures.count(traded.count_centi),
        "taker_side": figures.outcome(traded.taker_side),
        "taker_outcome_side": figures.outcome(traded.taker_side),
        "taker_book_side": traded.taker_side,
        "is_block_trade": False,
        "ts": traded.now_us // 1_000_000,
        "ts_ms": traded.now_us // 1000,
    }


def fill(filled: Filled) -> Json:
    """Write one of the account's own fills."""
    body: Json = {"trade_id": filled.trade_id, "order_id": filled.order_id}
    if filled.client_order_id:
        body["client_order_id"] = filled.client_order_id
    if filled.subaccount:
        body["subaccount"] = filled.subaccount
    return body | {
        "market_ticker": filled.ticker,
        "exchange_index": filled.exchange_index,
        "is_taker": filled.is_taker,
        "side": figures.outcome(filled.side),
        "yes_price_dollars": figures.price(filled.price_pips),
        "count_fp": figures.count(filled.count_centi),
        "fee_cost": figures.money(filled.fee_micros),
        "action": "buy",
        "ts": filled.now_us // 1_000_000,
        "ts_ms": filled.now_us // 1000,
        "post_position_fp": figures.count(filled.post_position_centi),
        "purchased_side": figures.outcome(filled.side),
        "outcome_side": figures.outcome(filled.side),
        "book_side": filled.side,
    }


def user_order(changed: OrderChanged, user_id: str) -> Json:
    """Write how one of the account's own orders now stands."""
    view = changed.order
    body: Json = {
        "order_id": view.order_id,
        "user_id": user_id,
        "ticker": view.ticker,
        "exchange_index": view.exchange_index,
        "status": view.status,
        "side": figures.outcome(view.side),
        "is_yes": view.side == "bid",
        "outcome_side": figures.outcome(view.side),
        "book_side": view.side,
        "yes_price_dollars": figures.price(view.price_pips),
        "fill_count_fp": figures.count(view.filled_centi),
        "remaining_count_fp": figures.count(view.remaining_centi),
        "initial_count_fp": figures.count(view.initial_centi),
        "taker_fill_cost_dollars": figures.money(view.taker_cost_micros),
        "maker_fill_cost_dollars": figures.money(view.maker_cost_micros),
        "taker_fees_dollars": figures.money(view.taker_fees_micros),
        "maker_fees_dollars": figures.money(view.maker_fees_micros),
        "client_order_id": view.client_order_id,
        "self_trade_prevention_type": view.self_trade,
        "created_time": figures.stamp(view.created_us),
        "created_ts_ms": view.created_us // 1000,
        "last_update_time": figures.stamp(view.updated_us),
        "last_updated_ts_ms": view.updated_us // 1000,
        "subaccount_number": view.subaccount,
    }
    if view.order_group_id:
        body["order_group_id"] = view.order_group_id
    if view.reason:
        body["last_update_reason"] = view.reason
    if view.expires_us is not None:
        body["expiration_time"] = figures.stamp(view.expires_us)
        body["expiration_ts_ms"] = view.expires_us // 1000
    return body


def market_position(view: PositionView, user_id: str) -> Json:
    """Write what one of the account's parts now holds in a market."""
    body: Json = {
        "user_id": user_id,
        "market_ticker": view.ticker,
        "position_fp": figures.count(view.yes_centi),
        "position_cost_dollars": figures.money(view.cost_micros),
        "realized_pnl_dollars": figures.money(view.realized_micros),
        "fees_paid_dollars": figures.money(view.fees_micros),
        "position_fee_cost_dollars": figures.money(view.fees_micros if view.yes_centi else 0),
        "volume_fp": figures.count(view.traded_centi),
    }
    if view.subaccount:
        body["subaccount"] = view.subaccount
    return body


def order_group(changed: OrderGroupChanged) -> Json:
    """Write a step of one of the account's order groups."""
    body: Json = {
        "event_type": changed.step,
        "order_group_id": changed.order_group_id,
        "ts_ms": changed.now_us // 1000,
    }
    if changed.limit_centi is not None and changed.step in {"created", "limit_updated"}:
        body["contracts_limit_fp"] = figures.count(changed.limit_centi)
    return body


def event_fees(changed: EventFeesChanged) -> Json:
    """Write an event's fee override; nulls where it was cleared."""
    multiplier = changed.fee_multiplier_override
    return {
        "event_ticker": changed.event_ticker,
        "fee_type_override": changed.fee_type_override,
        "fee_multiplier_override": (
            None if multiplier is None else catalogue_wire.multiplier(multiplier)
        ),
    }


def ticker(market: Market, now_us: int) -> Json:
    """Write a market's quote and volume."""
    quote = catalogue_wire.quote(market)
    wanted = ("yes_bid_dollars", "yes_ask_dollars", "yes_bid_size_fp", "yes_ask_size_fp")
    open_micros = market.open_interest_centi * market.last_price_pips
    return {name: quote[name] for name in wanted} | {
        "market_id": market.market_id,
        "market_ticker": market.ticker,
        "price_dollars": figures.price(market.last_price_pips),
        "volume_fp": figures.count(market.volume_centi),
        "open_interest_fp": figures.count(market.open_interest_centi),
        "dollar_volume": market.volume_micros // 1_000_000,
        "dollar_open_interest": open_micros // 1_000_000,
        "last_trade_size_fp": figures.count(market.last_size_centi),
        "ts": now_us // 1_000_000,
        "ts_ms": now_us // 1000,
        "time": figures.stamp(now_us),
    }


def lifecycle(step: LifecycleStep, market: Market) -> Json:
    """Write one step of a market's life, with what that step alone tells."""
    body: Json = {"market_ticker": market.ticker, "event_type": step}
    match step:
        case "created":
            return body | _listed(market)
        case "activated" | "deactivated":
            body["is_deactivated"] = step == "deactivated"
        case "close_date_updated":
            body["close_ts"] = market.close_us // 1_000_000
        case "price_level_structure_updated":
            body["price_level_structure"] = market.terms.price_level_structure
            body["price_ranges"] = catalogue_wire.price_ranges(market)
        case "metadata_updated":
            body["yes_sub_title"] = market.terms.yes_sub_title
        case "determined":
            assert market.yes_value_micros is not None
            assert market.determined_us is not None
            body["determination_ts"] = market.determined_us // 1_000_000
            body["result"] = market.verdict
            body["settlement_value"] = figures.grid_money(market.yes_value_micros)
        case "settled":
            assert market.settled_us is not None
            body["settled_ts"] = market.settled_us // 1_000_000
    return body


def event_lifecycle(event: EventTerms) -> Json:
    """Write that an event was listed."""
    return {
        "event_ticker": event.event_ticker,
        "exchange_index": event.exchange_index,
        "title": event.title,
        "subtitle": event.sub_title,
        "collateral_return_type": "MECNET" if event.mutually_exclusive else "",
        "series_ticker": event.series_ticker,
    }


def _listed(market: Market) -> Json:
    terms = market.terms
    metadata: Json = {
        "name": terms.title,
        "title": terms.title,
        "yes_sub_title": terms.yes_sub_title,
        "no_sub_title": terms.no_sub_title or terms.yes_sub_title,
        "rules_primary": terms.rules_primary,
        "rules_secondary": terms.rules_secondary,
        "can_close_early": terms.can_close_early,
        "event_ticker": terms.event_ticker,
        "expected_expiration_ts": terms.expected_expiration_us // 1_000_000,
    }
    if terms.custom_strike:
        metadata |= {"strike_type": "structured", "custom_strike": dict(terms.custom_strike)}
    return {
        "exchange_index": market.shard,
        "open_ts": terms.open_us // 1_000_000,
        "close_ts": market.close_us // 1_000_000,
        "additional_metadata": metadata,
        "price_level_structure": terms.price_level_structure,
        "price_ranges": catalogue_wire.price_ranges(market),
    }
