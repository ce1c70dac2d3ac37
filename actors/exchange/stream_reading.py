"""Turns the stream's messages about prints, our account and the venue's listings into values. Pure.

What a book's message means needs the state of its subscription: ``stream_core.py``.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from actors.exchange import wire_stream as wire
from actors.exchange.stream_values import (
    StreamEvent,
    StreamFees,
    StreamFill,
    StreamGroup,
    StreamLifecycle,
    StreamOrder,
    StreamSnapshot,
    StreamTrade,
    StreamValue,
)
from actors.exchange.wire_market import SIDES
from actors.model.orders import Fill

COUNTED: Final = frozenset(
    {
        "trade",
        "market_lifecycle_v2",
        "event_lifecycle",
        "event_fee_update",
        "order_group_updates",
    }
)
"""Types whose messages always carry their place; those about our orders and fills never do."""


def book_snapshot(row: wire.Snapshot, sid: int, seq: int, received_ns: int) -> StreamSnapshot:
    """Return a whole book, in our words and in our order."""
    return StreamSnapshot(
        ticker=row.ticker,
        bids=tuple(sorted(row.yes, reverse=True)),
        # In prices of the YES leg, because we subscribed that way.
        asks=tuple(sorted(row.no)),
        sid=sid,
        seq=seq,
        clock=row.clock,
        received_ns=received_ns,
    )


def _trade(data: msgspec.Raw, received_ns: int) -> StreamTrade | None:
    row = wire.trade(data)
    side = SIDES.get(row.taker_word)
    if side is None:
        return None  # a print tells what others did: none of our money hangs on it
    return StreamTrade(
        trade_id=row.trade_id,
        ticker=row.ticker,
        price_pips=row.price_pips,
        count_centi=row.count_centi,
        taker_side=side,
        is_block_trade=row.is_block_trade,
        venue_ts_ms=row.ts_ms,
        received_ns=received_ns,
    )


def _fill(data: msgspec.Raw, received_ns: int) -> StreamFill:
    row = wire.fill(data)
    fill = Fill(
        trade_id=row.trade_id,
        order_id=row.order_id,
        ticker=row.ticker,
        side=row.side,
        price_pips=row.price_pips,
        count_centi=row.count_centi,
        fee_micros=row.fee_micros,
        is_taker=row.is_taker,
        exchange_index=row.exchange_index,
        venue_ts_ms=row.ts_ms,
    )
    return StreamFill(
        fill=fill,
        client_order_id=row.client_order_id,
        position_centi=row.position_centi,
        received_ns=received_ns,
    )


def _user_order(data: msgspec.Raw, received_ns: int) -> StreamOrder:
    row = wire.user_order(data)
    return StreamOrder(
        order_id=row.order_id,
        client_order_id=row.client_order_id,
        ticker=row.ticker,
        status=row.status,
        side=row.side,
        price_pips=row.price_pips,
        fill_count_centi=row.fill_count_centi,
        remaining_count_centi=row.remaining_count_centi,
        initial_count_centi=row.initial_count_centi,
        reason=row.last_update_reason,
        exchange_index=row.exchange_index,
        venue_ts_ms=row.last_updated_ms or row.created_ms or 0,
        received_ns=received_ns,
    )


def _market_lifecycle(data: msgspec.Raw, received_ns: int) -> StreamLifecycle:
    row = wire.market_lifecycle(data)
    new, ranges = row.additional_metadata, row.price_ranges
    return StreamLifecycle(
        ticker=row.ticker,
        event_type=row.event_type,
        event_ticker=None if new is None else new.event_ticker,
        exchange_index=row.exchange_index,
        close_s=row.close_s,
        result=row.result,
        settlement_value_micros=row.settlement_value_micros,
        grid=None if ranges is None else tuple(each.price_range() for each in ranges),
        received_ns=received_ns,
    )


def _event_lifecycle(data: msgspec.Raw, received_ns: int) -> StreamEvent:
    row = wire.event_lifecycle(data)
    return StreamEvent(
        event_ticker=row.event_ticker,
        series_ticker=row.series_ticker,
        exchange_index=row.exchange_index,
        title=row.title,
        received_ns=received_ns,
    )


def _event_fee_update(data: msgspec.Raw, received_ns: int) -> StreamFees:
    row = wire.event_fee_update(data)
    return StreamFees(
        event_ticker=row.event_ticker,
        fee_type=row.fee_type_override,
        multiplier_ppm=row.fee_multiplier_override_ppm,
        received_ns=received_ns,
    )


def _order_group(data: msgspec.Raw, received_ns: int) -> StreamGroup:
    row = wire.order_group_update(data)
    return StreamGroup(group_id=row.order_group_id, step=row.event_type, received_ns=received_ns)


READERS: Final[Mapping[str, Callable[[msgspec.Raw, int], StreamValue | None]]] = {
    "trade": _trade,
    "fill": _fill,
    "user_order": _user_order,
    "market_lifecycle_v2": _market_lifecycle,
    "event_lifecycle": _event_lifecycle,
    "event_fee_update": _event_fee_update,
    "order_group_updates": _order_group,
}
"""How to read a message of each type; ``None`` is one with a word that is new to us."""
