"""Laws of writing orders and of reading what the venue says of the account."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given

from actors.exchange.errors import BadOrder, WireGarbled
from actors.exchange.wire import Decoder
from actors.exchange.wire_orders import (
    FillsPage,
    OrderAck,
    OrdersPage,
    PositionsPage,
    SettlementsPage,
    VenueBalance,
    VenueFill,
    VenueOrder,
    VenuePosition,
    VenueSettlement,
    encode_order,
)
from actors.model.money import (
    CentiContracts,
    MicroDollars,
    Pips,
    centi_text,
    parse_centi,
    parse_pips,
    pips_text,
)
from actors.model.orders import Fill, OrderRequest, Ticker
from tests import strategies
from tests.exchange import bodies


def order(**changes: object) -> OrderRequest:
    base: dict[str, Any] = {
        "client_order_id": "abc234",
        "ticker": Ticker("KXGAME-A"),
        "side": "bid",
        "price_pips": Pips(5_600),
        "count_centi": CentiContracts(1_000),
    }
    return OrderRequest(**(base | changes))


def read(kind: type[Any], body: dict[str, Any]) -> Any:  # noqa: ANN401 - any row
    return Decoder(kind)(json.dumps(body))


def test_an_order_is_written_byte_for_byte_as_the_venue_wants_it() -> None:
    assert encode_order(order()) == (
        '{"ticker":"KXGAME-A","client_order_id":"abc234","side":"bid","count":"10.00",'
        '"price":"0.5600","time_in_force":"immediate_or_cancel",'
        '"self_trade_prevention_type":"taker_at_cross","exchange_index":0}'
    )
    assert encode_order(order(reduce_only=True, side="ask", exchange_index=3)) == (
        '{"ticker":"KXGAME-A","client_order_id":"abc234","side":"ask","count":"10.00",'
        '"price":"0.5600","time_in_force":"immediate_or_cancel",'
        '"self_trade_prevention_type":"taker_at_cross","reduce_only":true,"exchange_index":3}'
    )
    resting = order(side="ask", time_in_force="good_till_canceled", expires_s=1_798_761_600)
    assert encode_order(resting) == (
        '{"ticker":"KXGAME-A","client_order_id":"abc234","side":"ask","count":"10.00",'
        '"price":"0.5600","time_in_force":"good_till_canceled",'
        '"self_trade_prevention_type":"taker_at_cross","expiration_time":1798761600,'
        '"exchange_index":0}'
    )


@given(strategies.order_requests)
def test_an_order_says_what_was_meant_in_strings_or_is_not_written(request: OrderRequest) -> None:
    rests = request.time_in_force == "good_till_canceled"
    if request.reduce_only and request.time_in_force != "immediate_or_cancel":
        with pytest.raises(BadOrder, match="reduce-only"):
            encode_order(request)
        return
    if rests != (request.expires_s > 0):
        with pytest.raises(BadOrder, match="ends at"):
            encode_order(request)
        return

    text = encode_order(request)
    body = json.loads(text)

    assert text == encode_order(request)
    assert body["count"] == centi_text(request.count_centi)
    assert body["price"] == pips_text(request.price_pips)
    assert parse_centi(body["count"]) == request.count_centi
    assert parse_pips(body["price"]) == request.price_pips
    assert body["side"] == request.side
    assert body["client_order_id"] == request.client_order_id
    assert body["exchange_index"] == request.exchange_index
    assert body.get("reduce_only", False) is request.reduce_only
    assert ("reduce_only" in body) is request.reduce_only
    assert body.get("expiration_time", 0) == request.expires_s
    assert ("expiration_time" in body) is rests


@pytest.mark.parametrize(
    "changes",
    [
        {"price_pips": 0},
        {"price_pips": 10_000},
        {"price_pips": -1},
        {"count_centi": 0},
        {"count_centi": -100},
        {"ticker": ""},
        {"client_order_id": ""},
        {"client_order_id": "a.b"},
        {"client_order_id": 'x","side":"ask'},
        {"client_order_id": "x" * 65},
        {"exchange_index": -1},
        {"reduce_only": True, "time_in_force": "good_till_canceled", "expires_s": 9},
        {"time_in_force": "good_till_canceled"},
        {"expires_s": 1_800_000_000},
    ],
)
def test_an_order_that_can_only_be_refused_or_misread_is_not_written(
    changes: dict[str, Any],
) -> None:
    with pytest.raises(BadOrder):
        encode_order(order(**changes))


def test_an_acceptance_as_recorded_is_read() -> None:
    body = (
        '{"order_id":"97ec18b7","client_order_id":"2b8394e0","fill_count":"1.00",'
        '"remaining_count":"0.00","average_fill_price":"0.5200","average_fee_paid":"0.0175",'
        '"ts_ms":1781159370164}'
    )

    ack = Decoder(OrderAck)(body)

    assert (ack.order_id, ack.fill_count_centi, ack.remaining_count_centi) == ("97ec18b7", 100, 0)
    assert (ack.average_fill_price_micros, ack.average_fee_micros) == (520_000, 17_500)


@pytest.mark.parametrize("name", ["order_id", "fill_count", "remaining_count", "ts_ms"])
def test_an_acceptance_without_what_it_must_say_is_garbled(name: str) -> None:
    body = {"order_id": "x", "fill_count": "1.00", "remaining_count": "0.00", "ts_ms": 1}
    del body[name]

    with pytest.raises(WireGarbled, match=name):
        read(OrderAck, body)


def test_an_order_of_ours_is_read_with_its_shard_and_its_last_update() -> None:
    ours = read(VenueOrder, bodies.ORDER)

    assert (ours.side, ours.price_pips, ours.fill_count_centi) == ("bid", 9_900, 100)
    assert (ours.initial_count_centi, ours.taker_fees_micros) == (250, 17_500)
    assert ours.last_update_ms == 1_781_159_370_365
    assert ours.exchange_index == 3


def test_an_order_with_a_status_of_tomorrow_is_still_read() -> None:
    assert read(VenueOrder, bodies.ORDER | {"status": "parked"}).status == "parked"


def test_an_order_on_a_side_of_tomorrow_is_not_read() -> None:
    with pytest.raises(WireGarbled, match="book_side"):
        read(VenueOrder, bodies.ORDER | {"book_side": "both"})


def test_an_order_without_times_is_as_old_as_can_be() -> None:
    body = {k: v for k, v in bodies.ORDER.items() if not k.endswith("_time")}

    assert read(VenueOrder, body).last_update_ms == 0


def test_a_fill_becomes_the_models_fill() -> None:
    fill = read(VenueFill, bodies.FILL).fill()

    assert fill == Fill(
        trade_id="t-1",
        order_id="o-1",
        ticker=Ticker("KXGAME-A"),
        side="ask",
        price_pips=Pips(5_200),
        count_centi=CentiContracts(125),
        fee_micros=MicroDollars(17_500),
        is_taker=True,
        exchange_index=2,
        venue_ts_ms=1_781_159_370_364,
    )


def test_a_fill_that_names_only_its_second_is_dated_by_that() -> None:
    body = {k: v for k, v in bodies.FILL.items() if k != "created_time"}

    assert read(VenueFill, body).venue_ts_ms == 1_781_159_370_000


def test_a_position_is_signed() -> None:
    position = read(VenuePosition, bodies.POSITION)

    assert (position.position_centi, position.realised_micros) == (-1_250, -123_456)


def test_a_balance_is_read_to_its_last_digit_and_by_shard() -> None:
    balance = read(VenueBalance, bodies.BALANCE)

    assert balance.balance_micros == 98_018_600
    assert balance.portfolio_value_micros == 1_980_000
    assert balance.on_shard(0) == 98_018_600
    assert balance.on_shard(3) is None


def test_a_settlement_in_cents_is_read_in_micro_dollars() -> None:
    settlement = read(VenueSettlement, bodies.SETTLEMENT)

    assert (settlement.revenue_micros, settlement.value_micros) == (10_000_000, 1_000_000)
    assert (settlement.fee_micros, settlement.yes_cost_micros) == (340_000, 5_200_000)


def test_a_settlement_may_leave_its_value_open() -> None:
    assert read(VenueSettlement, bodies.SETTLEMENT | {"value": None}).value_micros is None


@pytest.mark.parametrize(
    ("kind", "field", "item"),
    [
        (OrdersPage, "orders", bodies.ORDER),
        (FillsPage, "fills", bodies.FILL),
        (PositionsPage, "market_positions", bodies.POSITION),
        (SettlementsPage, "settlements", bodies.SETTLEMENT),
    ],
)
def test_one_bad_amount_on_a_page_is_named_by_its_place(
    kind: type[msgspec.Struct], field: str, item: dict[str, Any]
) -> None:
    amounts = [name for name in item if name.endswith(("_fp", "_dollars", "fee_cost"))]
    # The price of the other leg says nothing new and is not read.
    for name in amounts:
        if name == "no_price_dollars":
            continue
        page = {field: [item, item | {name: "a lot"}], "cursor": ""}
        with pytest.raises(WireGarbled, match=rf"\$\.{field}\[1\]\.{name}"):
            read(kind, page)
