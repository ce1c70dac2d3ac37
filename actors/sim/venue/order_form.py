"""Reads the JSON body of an order, as strictly as the venue does. Pure.

Counts and prices are strings and nothing else (a JSON number is the flat 400 of
reference ``kalshi.md`` section 3); required fields and enumerations are checked
next; unknown fields are ignored.
"""

import re
from collections.abc import Mapping
from typing import Final, cast

import msgspec

from actors.model.matching import SelfTrade
from actors.model.money import parse_centi, parse_pips
from actors.model.orders import Side, Ticker, TimeInForce
from actors.sim.venue.accounts import CreateOrder
from actors.sim.venue.refusals import Refused, bad_request, refuse

FORM: Final = "CreateOrderV2Request"
STRINGS: Final = (
    "ticker",
    "client_order_id",
    "side",
    "count",
    "price",
    "time_in_force",
    "self_trade_prevention_type",
    "order_group_id",
)
BOOLEANS: Final = ("post_only", "cancel_order_on_pause", "reduce_only")
INTEGERS: Final = {"expiration_time": "int64", "subaccount": "int", "exchange_index": "int"}

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "side": ("bid", "ask"),
    "time_in_force": ("fill_or_kill", "good_till_canceled", "immediate_or_cancel"),
    "self_trade_prevention_type": ("taker_at_cross", "maker"),
}
REQUIRED: Final = ("ticker", "side", "count", "price", *tuple(CHOICES)[1:])

PRICE: Final = re.compile(r"[0-9]{1,6}\.[0-9]{2,4}")
COUNT: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")
LAST_SUBACCOUNT: Final = 63


def read_order(body: bytes) -> CreateOrder | Refused:
    """Return the order that ``body`` asks for, or what the venue says instead."""
    try:
        form = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return bad_request("invalid character in JSON body")
    if not isinstance(form, dict):
        return bad_request(f"json: cannot unmarshal {_kind(form)} into Go value of type {FORM}")
    # A null is Go's zero value: as if the field were not there.
    form = {name: value for name, value in form.items() if value is not None}
    return _mistyped(form) or _missing(form) or _read(form)


def _mistyped(form: Mapping[str, object]) -> Refused | None:
    expected = dict.fromkeys(STRINGS, "string") | dict.fromkeys(BOOLEANS, "bool") | INTEGERS
    for name, wanted in expected.items():
        value = form.get(name)
        if value is None or _kind(value) == wanted:
            continue
        if _kind(value) == "number" and wanted in {"int", "int64"}:
            if isinstance(value, int) and -(2**63) <= value < 2**63:
                continue
            return _unmarshal(name, f"number {value}", wanted)
        return _unmarshal(name, _kind(value), wanted)
    return None


def _missing(form: Mapping[str, object]) -> Refused | None:
    for name in REQUIRED:
        if not form.get(name):
            return _invalid(name, "required")
    for name, choices in CHOICES.items():
        if form[name] not in choices:
            return _invalid(name, "oneof")
    if not 0 <= _integer(form, "subaccount", 0) <= LAST_SUBACCOUNT:
        return _invalid("subaccount", "max")
    return None


def _read(form: Mapping[str, object]) -> CreateOrder | Refused:
    count, price = str(form["count"]), str(form["price"])
    if not COUNT.fullmatch(count):
        return refuse(400, "invalid_order_size")
    if not PRICE.fullmatch(price):
        return refuse(400, "invalid_price")
    expires_s = _integer(form, "expiration_time", 0)
    return CreateOrder(
        ticker=Ticker(str(form["ticker"])),
        side=cast("Side", form["side"]),
        price_pips=parse_pips(price),
        count_centi=parse_centi(count),
        time_in_force=cast("TimeInForce", form["time_in_force"]),
        self_trade=cast("SelfTrade", form["self_trade_prevention_type"]),
        client_order_id=str(form.get("client_order_id", "")),
        post_only=form.get("post_only") is True,
        reduce_only=form.get("reduce_only") is True,
        cancel_on_pause=form.get("cancel_order_on_pause") is True,
        expires_us=expires_s * 1_000_000 if expires_s else None,
        exchange_index=_integer(form, "exchange_index", -1),
        subaccount=_integer(form, "subaccount", 0),
        order_group_id=str(form.get("order_group_id", "")),
    )


def _integer(form: Mapping[str, object], name: str, default: int) -> int:
    value = form.get(name, default)
    assert isinstance(value, int)
    return value


def _kind(value: object) -> str:
    match value:
        case str():
            return "string"
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case list():
            return "array"
        case dict():
            return "object"
        case _:
            return "null"


def _unmarshal(name: str, found: str, wanted: str) -> Refused:
    return bad_request(
        f"json: cannot unmarshal {found} into Go struct field {FORM}.{name} of type {wanted}"
    )


def _invalid(name: str, tag: str) -> Refused:
    field = "".join(part.capitalize() for part in name.split("_"))
    return refuse(
        400,
        "invalid_parameters",
        details=f"Key: '{FORM}.{field}' Error:Field validation for '{field}' "
        f"failed on the '{tag}' tag",
    )
