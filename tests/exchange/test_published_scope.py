"""Laws: every published example is read or written by us, or out of scope for a reason."""

from typing import Any

import msgspec
import pytest

from actors.exchange import stream_reading
from actors.exchange.stream_core import StreamCore
from actors.exchange.wire import Decoder
from actors.exchange.wire_market import PriceStep
from actors.model.money import parse_centi, parse_micros, parse_pips
from tests.exchange.published import examples

REST: dict[str, Any] = {
    each["schema"]: each["example"] for each in examples("openapi_examples.json")
}
STREAM: list[dict[str, Any]] = examples("ws_examples.json")

READ_OR_WRITTEN = {
    *("CreateOrderV2Request", "CreateOrderV2Response", "CancelOrderV2Response"),
    *("BatchCreateOrdersV2Request", "BatchCreateOrdersV2Response"),
    *("BatchCancelOrdersV2Response", "PriceLevelDollarsCountFp"),
    *("FixedPointDollars", "FixedPointCount", "ExchangeIndex"),
}
"""Schemas that ``test_published_rest.py`` and the laws below go through."""
REST_OUT_OF_SCOPE = {
    "DecreaseOrderV2Request": "we send nothing that rests, so there is nothing to decrease",
    "DecreaseOrderV2Response": "the same",
    "AmendOrderV2Request": "we send nothing that rests, so there is nothing to amend",
    "AmendOrderV2Response": "the same",
    "BatchCancelOrdersV2Request": "one order is cancelled at a time; a batch is paid row by row",
}
CONTROL = {"subscribed", "unsubscribed", "ok", "error"}
BOOKS = {"orderbook_snapshot", "orderbook_delta"}
QUOTES = "no quotes are asked for or given"
INDICES = "no prices of other exchanges are used"
STREAM_OUT_OF_SCOPE = {
    "ticker": "the best prices are in the book, which we keep",
    "market_position": "positions follow from fills, and are compared over REST",
    "multivariate_market_lifecycle": "combinations are not traded",
    **dict.fromkeys(("rfq_created", "rfq_deleted", "rfq_batch_best_quotes"), QUOTES),
    **dict.fromkeys(("rfq_batch_created", "rfq_batch_deleted", "rfq_batch_executed"), QUOTES),
    **dict.fromkeys(("quote_created", "quote_accepted", "quote_executed"), QUOTES),
    **dict.fromkeys(("batch_quote_created", "batch_quote_accepted"), QUOTES),
    "batch_quote_executed": QUOTES,
    **dict.fromkeys(("cfbenchmarks_value", "cfbenchmarks_value_5hz"), INDICES),
    **dict.fromkeys(("cfbenchmarks_value_indexlist", "cfbenchmarks_value_5hz_indexlist"), INDICES),
    **dict.fromkeys(("pyth_value", "pyth_value_underlying_list"), INDICES),
}
COMMANDS_OUT_OF_SCOPE = {
    "unsubscribe": "a connection is given up as a whole",
    "list_subscriptions": "we know what we have asked for",
}
OUR_COMMANDS = {"subscribe", "update_subscription"}


def kind(payload: object) -> str:
    """Return the type of a message, or nothing where the example is a command or no object."""
    return str(payload.get("type", "")) if isinstance(payload, dict) else ""


def test_every_published_rest_example_is_ours_or_out_of_scope_for_a_reason() -> None:
    assert REST.keys() == READ_OR_WRITTEN | REST_OUT_OF_SCOPE.keys()
    assert not READ_OR_WRITTEN & REST_OUT_OF_SCOPE.keys()


def test_every_published_message_is_ours_or_out_of_scope_for_a_reason() -> None:
    published = {kind(each["payload"]) for each in STREAM} - {""}
    ours = CONTROL | BOOKS | stream_reading.READERS.keys()

    assert published - ours == STREAM_OUT_OF_SCOPE.keys()
    commands = {
        each["payload"]["cmd"]
        for each in STREAM
        if isinstance(each["payload"], dict) and "cmd" in each["payload"]
    }
    assert commands == OUR_COMMANDS | COMMANDS_OUT_OF_SCOPE.keys()


@pytest.mark.parametrize("reason", sorted(STREAM_OUT_OF_SCOPE))
def test_a_message_that_is_out_of_scope_is_counted_and_costs_nothing(reason: str) -> None:
    core = StreamCore((), 0)
    body = {"type": reason, "sid": 99, "seq": 1, "msg": {"anything": [1, None]}}

    assert core.receive(msgspec.json.encode(body), 1) == []
    assert core.unknown == 1


def test_the_published_amounts_are_read_to_the_last_digit() -> None:
    dollars, count = REST["FixedPointDollars"], REST["FixedPointCount"]
    step = Decoder(PriceStep)(
        msgspec.json.encode({"start": "0.0000", "end": dollars, "step": "0.0100"})
    )

    assert step.end_pips == parse_pips(dollars) == parse_micros(dollars) // 100
    assert parse_centi(count) == round(float(count) * 100)
    assert isinstance(REST["ExchangeIndex"], int)
