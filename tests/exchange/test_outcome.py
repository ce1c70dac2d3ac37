"""Laws of what a response means for its order: nothing is called a refusal that is not one."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from actors.exchange.outcome import (
    CONFLICTS_THAT_REFUSE,
    OrderAccepted,
    OrderRefused,
    OrderUnknown,
    interpret,
)
from actors.exchange.responses import Response
from actors.model.money import CentiContracts, MicroDollars

ACK: dict[str, Any] = {
    "order_id": "o-1",
    "client_order_id": "ours",
    "fill_count": "1.00",
    "remaining_count": "0.00",
    "average_fill_price": "0.5200",
    "average_fee_paid": "0.0175",
    "ts_ms": 1_781_159_370_364,
}


def said(status: int, body: object) -> OrderAccepted | OrderRefused | OrderUnknown:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return interpret(Response(status=status, body=data), "ours")


def nested(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": code}}


def test_a_fill_is_accepted_with_what_it_filled() -> None:
    assert said(201, ACK) == OrderAccepted(
        order_id="o-1",
        client_order_id="ours",
        fill_count_centi=CentiContracts(100),
        average_fill_price_micros=MicroDollars(520_000),
        average_fee_micros=MicroDollars(17_500),
        ts_ms=1_781_159_370_364,
    )


def test_an_immediate_order_that_met_nobody_is_accepted_with_no_fill() -> None:
    body = {"order_id": "o-1", "fill_count": "0.00", "remaining_count": "0.00", "ts_ms": 1}

    accepted = said(201, body)

    assert isinstance(accepted, OrderAccepted)
    assert (accepted.fill_count_centi, accepted.average_fill_price_micros) == (0, None)
    assert accepted.client_order_id == "ours"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        {},
        ACK | {"fill_count": 1},
        ACK | {"fill_count": "-1.00"},
        ACK | {"client_order_id": "another's"},
        {name: value for name, value in ACK.items() if name != "fill_count"},
    ],
)
def test_an_acceptance_that_cannot_be_relied_on_is_unknown(body: object) -> None:
    assert isinstance(said(201, body), OrderUnknown)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, nested("insufficient_balance"), "insufficient_balance"),
        (400, nested("invalid_price"), "invalid_price"),
        (400, {"code": "bad_request", "message": "bad request"}, "bad_request"),
        (400, {"msg": "Parameter validation failed"}, "http_400"),
        (401, nested("authentication_error"), "authentication_error"),
        (401, nested("header_timestamp_expired"), "header_timestamp_expired"),
        (404, nested("not_found"), "not_found"),
        (410, nested("deprecated_v1_order_endpoint"), "deprecated_v1_order_endpoint"),
        (429, {"error": "too many requests"}, "too_many_requests"),
        *((409, nested(code), code) for code in sorted(CONFLICTS_THAT_REFUSE)),
        (409, nested("MARKET_INACTIVE"), "MARKET_INACTIVE"),
    ],
)
def test_an_explicit_refusal_is_one(status: int, body: object, code: str) -> None:
    refused = said(status, body)

    assert isinstance(refused, OrderRefused)
    assert (refused.status, refused.code) == (status, code)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (409, nested("order_already_exists")),
        (409, nested("a_conflict_of_tomorrow")),
        (400, b"<html>bad gateway of a proxy</html>"),
        (403, b"blocked"),
        (404, b""),
        (429, b"slow down"),
        (408, nested("request_timeout")),
        (425, nested("too_early")),
        (499, nested("client_closed_request")),
        (500, nested("internal_server_error")),
        (502, b"<html>"),
        (503, nested("exchange_unavailable")),
        (504, nested("timeout")),
        (200, ACK),
        (202, ACK),
        (301, b""),
        (100, b""),
    ],
)
def test_whatever_leaves_room_for_a_trade_is_unknown(status: int, body: object) -> None:
    assert isinstance(said(status, body), OrderUnknown)


@given(st.integers(100, 599), st.binary(max_size=200))
def test_any_response_means_something_and_none_raises(status: int, body: bytes) -> None:
    said(status, body)


@given(st.sampled_from([408, 500, 501, 502, 503, 504, 520]), st.text(max_size=40))
def test_a_server_that_failed_has_refused_nothing_whatever_it_says(status: int, code: str) -> None:
    assert isinstance(said(status, nested(code)), OrderUnknown)
