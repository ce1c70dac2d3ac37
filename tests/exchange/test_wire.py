"""Laws of reading the venue's amounts, instants and error bodies."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from actors.exchange.errors import WireGarbled
from actors.exchange.wire import (
    CentsNumber,
    CountText,
    Decoder,
    InstantText,
    MoneyText,
    PriceText,
    ppm,
    read_error,
    wall_ns,
)
from actors.model.money import (
    CentiContracts,
    MicroDollars,
    Pips,
    centi_text,
    micros_text,
    pips_text,
)


class Amounts(msgspec.Struct, frozen=True, kw_only=True):
    """One of each."""

    price: PriceText
    count: CountText
    money: MoneyText
    cents: CentsNumber
    at: InstantText
    maybe: MoneyText | None = None


read = Decoder(Amounts)

SOUND: dict[str, Any] = {
    "price": "0.5600",
    "count": "3.50",
    "money": "0.017500",
    "cents": 9801,
    "at": "2026-06-11T06:31:29.957081Z",
}


def test_every_amount_is_a_plain_integer_of_its_unit() -> None:
    amounts = read(json.dumps(SOUND))

    assert (amounts.price, amounts.count, amounts.money) == (5_600, 350, 17_500)
    assert amounts.cents == 98_010_000
    assert amounts.at == 1_781_159_489_957_081_000
    assert amounts.maybe is None
    assert {type(value) for value in (amounts.price, amounts.cents, amounts.at)} == {int}


@given(
    st.integers(0, 10**8),
    st.integers(-(10**9), 10**9),
    st.integers(-(10**12), 10**12),
    st.integers(-(10**9), 10**9),
)
def test_what_the_venue_writes_is_read_exactly(
    pips: int, centi: int, micros: int, cents: int
) -> None:
    body = SOUND | {
        "price": pips_text(Pips(pips)),
        "count": centi_text(CentiContracts(centi)),
        "money": micros_text(MicroDollars(micros)),
        "cents": cents,
    }

    amounts = read(json.dumps(body))

    assert (amounts.price, amounts.count, amounts.money) == (pips, centi, micros)
    assert amounts.cents == cents * 10_000


@pytest.mark.parametrize("name", SOUND)
def test_a_missing_amount_is_an_error_that_names_it(name: str) -> None:
    body = {key: value for key, value in SOUND.items() if key != name}

    with pytest.raises(WireGarbled, match=f"`{name}`"):
        read(json.dumps(body))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("price", 0.56),
        ("price", 1),
        ("price", None),
        ("price", "0.56001"),
        ("price", "5e-1"),
        ("price", ""),
        ("count", "1.005"),
        ("count", True),
        ("money", "0.0175001"),
        ("money", "NaN"),
        ("cents", "9801"),
        ("cents", 98.01),
        ("cents", True),
        ("at", 1781159489),
        ("at", "2026-06-11T06:31:29"),
        ("at", "yesterday"),
        ("maybe", 0.5),
    ],
)
def test_an_amount_in_another_dress_is_an_error_that_says_where(name: str, value: object) -> None:
    with pytest.raises(WireGarbled, match=rf"\$\.{name}"):
        read(json.dumps(SOUND | {name: value}))


def test_fields_that_we_do_not_know_are_passed_over() -> None:
    assert read(json.dumps(SOUND | {"new": {"deep": [1, 2.5, None]}})) == read(json.dumps(SOUND))


@given(st.binary(max_size=200))
def test_no_bytes_are_worse_than_garbled(data: bytes) -> None:
    with pytest.raises(WireGarbled):
        read(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"price":' * 50_000,
        b"[" * 100_000,
        b'{"price":"\\ud800"}',
        b'{"cents":' + b"9" * 6_000 + b"}",
        b'{"price":NaN}',
        "{}\ud800",
    ],
)
def test_hostile_json_is_no_worse_than_garbled(data: bytes | str) -> None:
    with pytest.raises(WireGarbled):
        read(data)


def test_an_error_of_ours_quotes_only_the_beginning_of_what_came() -> None:
    with pytest.raises(WireGarbled) as caught:
        read(b"<html>" + b"x" * 100_000)

    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000001Z", 1_000),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:00.123456789Z", 123_456_000),
        ("1969-12-31T23:59:59.5Z", -500_000_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000_000),
    ],
)
def test_instants_are_nanoseconds_since_1970(text: str, nanos: int) -> None:
    assert wall_ns(text) == nanos


def test_a_multiplier_is_exact_in_millionths() -> None:
    assert ppm(Decimal(1)) == 1_000_000
    assert ppm(Decimal("0.5")) == 500_000
    assert ppm(Decimal("0.000001")) == 1


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e400", "0.0000001", "1000000"])
def test_what_is_no_multiplier_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="multiplier"):
        ppm(Decimal(text))


SIGNATURE = (
    '{"error":{"code":"authentication_error","message":"authentication_error",'
    '"details":"INCORRECT_API_KEY_SIGNATURE"}}'
)
NUMBER = (
    '{"code":"bad_request","message":"bad request","details":"json: cannot unmarshal number '
    'into Go struct field CreateOrderV2Request.count of type string"}'
)
LIMIT = (
    '{"msg":"Parameter validation failed for GetMarkets: Key: \'GetMarketsParams.Limit\' '
    "Error:Field validation for 'Limit' failed on the 'lte' tag\"}"
)
THROTTLE = '{"error":"too many requests"}'


@pytest.mark.parametrize(
    ("status", "body", "code", "message"),
    [
        (401, SIGNATURE, "authentication_error", "authentication_error"),
        (400, NUMBER, "bad_request", "bad request"),
        (400, LIMIT, "http_400", "Parameter validation failed"),
        (429, THROTTLE, "too_many_requests", "too many requests"),
    ],
)
def test_each_shape_of_error_body_says_its_code_and_message(
    status: int, body: str, code: str, message: str
) -> None:
    error = read_error(status, body.encode())

    assert error is not None
    assert (error.status, error.code) == (status, code)
    assert error.message.startswith(message)


def test_the_details_of_an_error_are_kept() -> None:
    error = read_error(401, SIGNATURE.encode())

    assert error is not None
    assert error.details == "INCORRECT_API_KEY_SIGNATURE"
    assert str(error) == (
        "401 authentication_error: authentication_error: INCORRECT_API_KEY_SIGNATURE"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502 Bad Gateway</html>",
        b"{}",
        b"null",
        b'"nope"',
        b'{"error":{}}',
        b'{"error":null}',
        b'{"error":5}',
        b'{"order_id":"x"}',
    ],
)
def test_a_body_in_nobodys_shape_is_not_taken_for_the_venues_word(body: bytes) -> None:
    assert read_error(502, body) is None


def test_the_venues_prose_is_carried_along_only_so_far() -> None:
    error = read_error(400, json.dumps({"code": "c" * 10_000, "message": "m" * 10_000}).encode())

    assert error is not None
    assert len(str(error)) < 500


@given(st.integers(100, 599), st.binary(max_size=300))
def test_no_error_body_raises(status: int, body: bytes) -> None:
    read_error(status, body)
