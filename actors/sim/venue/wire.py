"""One account's orders, fills, positions and settlements as JSON objects.

Field sets: reference ``kalshi.md`` sections 3 and 4; the deprecated direction
fields are still sent, as the venue does.
"""

from collections.abc import Iterable

from actors.sim.venue import figures
from actors.sim.venue.amending import Amended
from actors.sim.venue.order_entry import Cancelled, Created
from actors.sim.venue.refusals import Refused
from actors.sim.venue.views import (
    CashView,
    FillView,
    OrderView,
    PositionView,
    SettlementView,
)

Json = dict[str, object]


def created(outcome: Created) -> Json:
    """Write the answer to an order taken."""
    body: Json = {"order_id": outcome.order_id}
    if outcome.client_order_id:
        body["client_order_id"] = outcome.client_order_id
    body["fill_count"] = figures.count(outcome.fill_count_centi)
    body["remaining_count"] = figures.count(outcome.remaining_centi)
    if outcome.average_price_micros is not None and outcome.average_fee_micros is not None:
        body["average_fill_price"] = figures.average(outcome.average_price_micros)
        body["average_fee_paid"] = figures.average(outcome.average_fee_micros)
    body["ts_ms"] = outcome.now_us // 1000
    return body


def cancelled(outcome: Cancelled) -> Json:
    """Write the answer to an order cancelled."""
    body: Json = {"order_id": outcome.order_id}
    if outcome.client_order_id:
        body["client_order_id"] = outcome.client_order_id
    body["reduced_by"] = figures.count(outcome.reduced_by_centi)
    body["ts_ms"] = outcome.now_us // 1000
    return body


def amended(outcome: Amended) -> Json:
    """Write the answer to an order amended; sizes only where one changed."""
    body: Json = {"order_id": outcome.order_id}
    if outcome.client_order_id:
        body["client_order_id"] = outcome.client_order_id
    if outcome.resized:
        body["remaining_count"] = figures.count(outcome.remaining_centi)
        body["fill_count"] = figures.count(outcome.fill_count_centi)
    if outcome.average_price_micros is not None and outcome.average_fee_micros is not None:
        body["average_fill_price"] = figures.average(outcome.average_price_micros)
        body["average_fee_paid"] = figures.average(outcome.average_fee_micros)
    body["ts_ms"] = outcome.now_us // 1000
    return body


def decreased(outcome: Amended) -> Json:
    """Write the answer to an order decreased."""
    body: Json = {"order_id": outcome.order_id}
    if outcome.client_order_id:
        body["client_order_id"] = outcome.client_order_id
    body["remaining_count"] = figures.count(outcome.remaining_centi)
    body["ts_ms"] = outcome.now_us // 1000
    return body


def error_of(refused: Refused) -> Json:
    """Write what a row of a batch says of its refusal: the flat object, whatever its shape."""
    error = refused.body.get("error", refused.body)
    assert isinstance(error, dict)
    return dict(error)


def order(view: OrderView, user_id: str) -> Json:
    """Write an order as GET answers it."""
    body: Json = {
        "order_id": view.order_id,
        "user_id": user_id,
        "client_order_id": view.client_order_id,
        "ticker": view.ticker,
        "side": figures.outcome(view.side),
        "action": "buy",
        "outcome_side": figures.outcome(view.side),
        "book_side": view.side,
        "type": "limit",
        "status": view.status,
        "yes_price_dollars": figures.price(view.price_pips),
        "no_price_dollars": figures.other_price(view.price_pips),
        "fill_count_fp": figures.count(view.filled_centi),
        "remaining_count_fp": figures.count(view.remaining_centi),
        "initial_count_fp": figures.count(view.initial_centi),
        "taker_fill_cost_dollars": figures.money(view.taker_cost_micros),
        "maker_fill_cost_dollars": figures.money(view.maker_cost_micros),
        "taker_fees_dollars": figures.money(view.taker_fees_micros),
        "maker_fees_dollars": figures.money(view.maker_fees_micros),
        "created_time": figures.stamp(view.created_us),
        "last_update_time": figures.stamp(view.updated_us),
        "self_trade_prevention_type": view.self_trade,
        "cancel_order_on_pause": view.cancel_on_pause,
        "subaccount_number": view.subaccount,
        "exchange_index": view.exchange_index,
    }
    if view.order_group_id:
        body["order_group_id"] = view.order_group_id
    if view.expires_us is not None:
        body["expiration_time"] = figures.stamp(view.expires_us)
    return body


def fill(view: FillView, skew_micros: int = 0) -> Json:
    """Write a fill as GET answers it; it names no client order id.

    Args:
        view: The fill.
        skew_micros: By how much its fee is falsified.
    """
    return {
        "fill_id": view.trade_id,
        "trade_id": view.trade_id,
        "order_id": view.order_id,
        "ticker": view.ticker,
        "market_ticker": view.ticker,
        "side": figures.outcome(view.side),
        "action": "buy",
        "outcome_side": figures.outcome(view.side),
        "book_side": view.side,
        "count_fp": figures.count(view.count_centi),
        "yes_price_dollars": figures.price(view.price_pips),
        "no_price_dollars": figures.other_price(view.price_pips),
        "is_taker": view.is_taker,
        "fee_cost": figures.money(view.fee_micros + skew_micros),
        "created_time": figures.stamp(view.now_us),
        "ts": view.now_us // 1_000_000,
        "subaccount_number": view.subaccount,
        "exchange_index": view.exchange_index,
    }


def market_position(view: PositionView) -> Json:
    """Write what is held in one market."""
    return {
        "ticker": view.ticker,
        "exchange_index": view.exchange_index,
        "position_fp": figures.count(view.yes_centi),
        "market_exposure_dollars": figures.money(view.cost_micros),
        "total_traded_dollars": figures.money(view.traded_micros),
        "realized_pnl_dollars": figures.money(view.realized_micros),
        "fees_paid_dollars": figures.money(view.fees_micros),
        "last_updated_ts": figures.stamp(view.now_us),
    }


def event_position(event_ticker: str, views: Iterable[PositionView]) -> Json:
    """Write the sum of what is held in one event's markets."""
    held = list(views)
    return {
        "event_ticker": event_ticker,
        "total_cost_dollars": figures.money(sum(view.traded_micros for view in held)),
        "total_cost_shares_fp": figures.count(sum(view.traded_centi for view in held)),
        "event_exposure_dollars": figures.money(sum(view.cost_micros for view in held)),
        "realized_pnl_dollars": figures.money(sum(view.realized_micros for view in held)),
        "fees_paid_dollars": figures.money(sum(view.fees_micros for view in held)),
    }


def settlement(view: SettlementView, skew_micros: int = 0) -> Json:
    """Write a settlement row: what was held when the market settled, and what it brought.

    Args:
        view: The settlement.
        skew_micros: By how much its revenue is falsified.
    """
    held = view.held_centi
    return {
        "ticker": view.ticker,
        "event_ticker": view.event_ticker,
        "exchange_index": view.exchange_index,
        "market_result": view.result,
        "yes_count_fp": figures.count(max(0, held)),
        "yes_total_cost_dollars": figures.money(view.cost_micros if held > 0 else 0),
        "no_count_fp": figures.count(max(0, -held)),
        "no_total_cost_dollars": figures.money(view.cost_micros if held < 0 else 0),
        "revenue": figures.cents(view.payout_micros + skew_micros),
        "value": figures.cents(view.yes_value_micros),
        "fee_cost": figures.money(view.fees_micros),
        "settled_time": figures.stamp(view.now_us),
    }


def balance(
    cash: Iterable[CashView], *, portfolio_micros: int, updated_us: int, skew_micros: int = 0
) -> Json:
    """Write what is free, by shard and in sum.

    Args:
        cash: Shards in rising order.
        portfolio_micros: Positions at their marks.
        updated_us: When any of it last changed.
        skew_micros: By how much the first shard is falsified.
    """
    breakdown: list[Json] = []
    total = 0
    for view in cash:
        amount = view.available_micros + (0 if breakdown else skew_micros)
        total += amount
        breakdown.append(
            {"exchange_index": view.exchange_index, "balance": figures.grid_money(amount)}
        )
    return {
        "balance": figures.cents(total),
        "balance_dollars": figures.grid_money(total),
        "portfolio_value": figures.cents(portfolio_micros),
        "updated_ts": updated_us // 1_000_000,
        "balance_breakdown": breakdown,
    }
