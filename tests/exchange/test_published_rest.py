"""Laws: what the venue publishes as examples of its REST bodies is what we read and write."""

import json
from typing import Any, get_args

import msgspec
import pytest

from actors.exchange.wire import Decoder
from actors.exchange.wire_market import Levels
from actors.exchange.wire_orders import CancelAck, OrderAck, encode_order
from actors.model.money import parse_centi, parse_pips
from actors.model.orders import OrderRequest, Ticker, TimeInForce
from tests.exchange.published import examples

EXAMPLES: dict[str, Any] = {
    each["schema"]: each["example"] for each in examples("openapi_examples.json")
}


ENDS_S = 1_800_000_000


def acks() -> list[Any]:
    batch = EXAMPLES["BatchCreateOrdersV2Response"]["orders"]
    return [EXAMPLES["CreateOrderV2Response"], *batch]


def requests() -> list[Any]:
    batch = EXAMPLES["BatchCreateOrdersV2Request"]["orders"]
    return [EXAMPLES["CreateOrderV2Request"], *batch]


@pytest.mark.parametrize("example", acks())
def test_every_published_acceptance_is_read_to_the_last_digit(example: dict[str, Any]) -> None:
    ack = Decoder(OrderAck)(msgspec.json.encode(example))

    assert ack.order_id == example["order_id"]
    assert ack.client_order_id == example["client_order_id"]
    assert ack.fill_count_centi == parse_centi(example["fill_count"])
    assert ack.remaining_count_centi == parse_centi(example["remaining_count"])
    assert ack.ts_ms == example["ts_ms"]
    if "average_fill_price" in example:
        assert ack.average_fill_price_micros == 580_000
        assert ack.average_fee_micros == 1_200
    else:
        assert ack.average_fill_price_micros is None
        assert ack.average_fee_micros is None


@pytest.mark.parametrize(
    "example",
    [
        EXAMPLES["CancelOrderV2Response"],
        *EXAMPLES["BatchCancelOrdersV2Response"]["orders"],
    ],
)
def test_every_published_cancel_is_read(example: dict[str, Any]) -> None:
    ack = Decoder(CancelAck)(msgspec.json.encode(example))

    assert ack.reduced_by_centi == parse_centi(example["reduced_by"])
    assert ack.ts_ms == example["ts_ms"]


@pytest.mark.parametrize("example", requests())
def test_an_order_like_the_published_one_is_written_with_the_same_fields_and_values(
    example: dict[str, Any],
) -> None:
    assert example["time_in_force"] in get_args(TimeInForce)
    # None of ours rests without an end, which the published ones do.
    rests = example["time_in_force"] == "good_till_canceled"
    order = OrderRequest(
        client_order_id=example["client_order_id"],
        ticker=Ticker(example["ticker"]),
        side=example["side"],
        price_pips=parse_pips(example["price"]),
        count_centi=parse_centi(example["count"]),
        time_in_force=example["time_in_force"],
        expires_s=ENDS_S if rests else 0,
        exchange_index=example["exchange_index"],
    )

    written = json.loads(encode_order(order))

    # What the example spells out although it is the default, and our own choice of mode.
    ours = written.pop("self_trade_prevention_type")
    unsaid = {"post_only", "cancel_order_on_pause", "reduce_only", "subaccount"}
    theirs = {name: value for name, value in example.items() if name not in unsaid}
    theirs.pop("self_trade_prevention_type")
    assert written == theirs | ({"expiration_time": ENDS_S} if rests else {})
    assert ours == "taker_at_cross"


def test_the_published_price_level_is_read() -> None:
    levels = Decoder(Levels)(msgspec.json.encode([EXAMPLES["PriceLevelDollarsCountFp"]]))

    assert levels == ((1_500, 10_000),)
