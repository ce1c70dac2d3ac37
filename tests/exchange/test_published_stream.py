"""Laws: every message that the venue publishes as an example is read, or rightly passed over."""

import json
from typing import Any

import msgspec
import pytest

from actors.exchange import stream_reading, wire_stream as wire
from actors.exchange.stream_core import StreamCore
from actors.exchange.stream_values import (
    StreamEvent,
    StreamFees,
    StreamFill,
    StreamLifecycle,
    StreamOrder,
    StreamTrade,
)
from actors.model.orders import Ticker
from tests.exchange.published import examples

EXAMPLES: dict[str, dict[str, Any]] = {
    f"{each['message']}/{each['name']}": each["payload"]
    for each in examples("ws_examples.json")
    if isinstance(each["payload"], dict)
}
MESSAGES = {name: body for name, body in EXAMPLES.items() if "cmd" not in body}
COMMANDS = {name: body for name, body in EXAMPLES.items() if "cmd" in body}


def message(name: str) -> dict[str, Any]:
    return EXAMPLES[name]


def read(name: str) -> Any:  # noqa: ANN401 - any value
    body = message(name)
    return stream_reading.READERS[body["type"]](msgspec.Raw(msgspec.json.encode(body["msg"])), 7)


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_every_published_message_has_an_envelope_that_we_read(name: str) -> None:
    body = message(name)

    envelope = wire.envelope(json.dumps(body))

    assert (envelope.type, envelope.id, envelope.sid, envelope.seq) == (
        body["type"],
        body.get("id"),
        body.get("sid"),
        body.get("seq"),
    )


@pytest.mark.parametrize(
    "name",
    sorted(
        name
        for name, body in MESSAGES.items()
        if body["type"]
        not in {
            *stream_reading.READERS,
            "subscribed",
            "unsubscribed",
            "ok",
            "error",
            "orderbook_snapshot",
            "orderbook_delta",
        }
    ),
)
def test_every_published_message_of_a_channel_that_is_not_ours_is_passed_over(name: str) -> None:
    core = StreamCore((), 0)

    assert core.receive(json.dumps(message(name)), 1) == []
    assert core.unknown == 1


@pytest.mark.parametrize(
    "name",
    sorted(name for name, body in MESSAGES.items() if body["type"] in stream_reading.READERS),
)
def test_every_published_message_of_ours_becomes_a_value(name: str) -> None:
    assert read(name).received_ns == 7


def test_the_published_trade_is_read_to_the_last_digit() -> None:
    trade = read("trade/tradeNotification")

    assert isinstance(trade, StreamTrade)
    assert trade.ticker == "HIGHNY-22DEC23-B53.5"
    assert (trade.price_pips, trade.count_centi, trade.taker_side) == (3_600, 13_600, "ask")
    assert trade.venue_ts_ms == 1_669_149_841_000
    assert not trade.is_block_trade


def test_the_published_fill_is_read_to_the_last_digit() -> None:
    seen = read("fill/userFill")

    assert isinstance(seen, StreamFill)
    assert seen.client_order_id == "my-order-1"
    assert seen.position_centi == 50_000
    fill = seen.fill
    assert (fill.side, fill.price_pips, fill.count_centi, fill.fee_micros) == (
        "bid",
        7_500,
        27_800,
        10_000,
    )
    assert (fill.exchange_index, fill.is_taker, fill.venue_ts_ms) == (2, True, 1_671_899_397_000)


def test_the_published_order_is_read_to_the_last_digit() -> None:
    order = read("userOrder/userOrderCreated")

    assert isinstance(order, StreamOrder)
    assert (order.client_order_id, order.status, order.side) == ("my-order-1", "resting", "bid")
    assert (order.price_pips, order.initial_count_centi) == (3_500, 1_000)
    assert (order.exchange_index, order.venue_ts_ms, order.reason) == (2, 1_733_047_200_000, "")


def test_the_published_life_of_a_market_is_read() -> None:
    created = read("marketLifecycleV2/marketCreated")
    ticks = read("marketLifecycleV2/priceLevelStructureUpdated")
    renamed = read("marketMetadataUpdated/metadataUpdatedSubtitle")

    assert isinstance(created, StreamLifecycle)
    assert (created.event_type, created.event_ticker) == ("created", "INXD-23SEP14")
    assert (created.exchange_index, created.close_s) == (0, 1_694_721_600)
    assert [stretch.step_pips for stretch in ticks.grid] == [10]
    assert (renamed.event_type, renamed.grid) == ("metadata_updated", None)


def test_the_published_life_of_an_event_is_read() -> None:
    created = read("eventLifecycle/eventCreated")
    with_fees = read("eventFeeUpdate/eventFeeOverrideSet")
    without = read("eventFeeUpdate/eventFeeOverrideCleared")

    assert isinstance(created, StreamEvent)
    assert created.series_ticker == "KXQUICKSETTLE"
    assert isinstance(with_fees, StreamFees)
    assert (with_fees.fee_type, with_fees.multiplier_ppm) == ("quadratic", 1_000_000)
    assert (without.fee_type, without.multiplier_ppm) == (None, None)


def test_the_published_confirmations_and_errors_are_read() -> None:
    subscribed = wire.subscribed(
        msgspec.Raw(msgspec.json.encode(message("subscribedResponse/subscriptionConfirmed")["msg"]))
    )
    updated = wire.updated(
        msgspec.Raw(msgspec.json.encode(message("okResponse/updateSuccess")["msg"]))
    )
    assert (subscribed.channel, subscribed.sid) == ("orderbook_delta", 1)
    assert updated.market_tickers == ("MARKET-1", "MARKET-2", "MARKET-3")
    for name, body in MESSAGES.items():
        if name.startswith("errorResponse/"):
            refusal = wire.refusal(msgspec.Raw(msgspec.json.encode(body["msg"])))
            assert (refusal.code, refusal.text) == (body["msg"]["code"], body["msg"]["msg"])
            assert refusal.tickers == ()


def test_the_published_book_messages_are_read_to_the_last_digit() -> None:
    snapshot = wire.snapshot(
        msgspec.Raw(msgspec.json.encode(message("orderbookSnapshot/orderbookWithBothSides")["msg"]))
    )
    delta = wire.delta(
        msgspec.Raw(msgspec.json.encode(message("orderbookDelta/priceLevelUpdate")["msg"]))
    )

    assert snapshot.yes == ((800, 30_000), (2_200, 33_300))
    assert snapshot.no == ((5_400, 2_000), (5_600, 14_600))
    assert (delta.price_pips, delta.change_centi, delta.side) == (9_600, -5_400, "yes")
    assert (snapshot.clock, delta.clock) == (4_182_057, 4_182_061)


def test_our_commands_are_the_published_ones() -> None:
    tickers = [Ticker("FED-23DEC-T3.00"), Ticker("CORIVER-2024-T1030")]

    written = {
        "subscribeCommand/subscribeFillAll": wire.subscribe(3, "fill", ()),
        "subscribeCommand/subscribeUserOrders": wire.subscribe(8, "user_orders", tickers),
        "subscribeCommand/subscribeMarketLifecycle": wire.subscribe(5, "market_lifecycle_v2", ()),
        "updateSubscriptionSingleSidCommand/addMarketsWithSingleSid": wire.update(
            126, 456, "add_markets", [Ticker("NEW-MARKET-3"), Ticker("NEW-MARKET-4")]
        ),
    }

    for name, text in written.items():
        assert json.loads(text) == COMMANDS[name]


def test_books_are_asked_for_in_prices_of_yes_outright() -> None:
    command = json.loads(wire.subscribe(1, "orderbook_delta", [Ticker("A")]))

    assert command["params"] == {
        "channels": ["orderbook_delta"],
        "market_tickers": ["A"],
        "use_yes_price": True,
    }
