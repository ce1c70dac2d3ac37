"""Reads what a client wants of its orders: create, amend, decrease, cancel, one or many. Pure."""

from collections.abc import Mapping
from typing import Final, cast

import attrs

from actors.model.matching import SelfTrade
from actors.model.orders import Side, Ticker, TimeInForce
from actors.sim.venue.accounts import CreateOrder
from actors.sim.venue.amending import AmendOrder
from actors.sim.venue.forms import Form, FormType, form_of, invalid, read_form
from actors.sim.venue.refusals import Refused

SIDES: Final = ("bid", "ask")
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "side": SIDES,
    "time_in_force": ("fill_or_kill", "good_till_canceled", "immediate_or_cancel"),
    "self_trade_prevention_type": ("taker_at_cross", "maker"),
}
ROUTING: Final = {"subaccount": "int", "exchange_index": "int"}

CREATE: Final = FormType(
    name="CreateOrderV2Request",
    fields=dict.fromkeys(
        (
            "ticker",
            "client_order_id",
            "side",
            "count",
            "price",
            "time_in_force",
            "self_trade_prevention_type",
            "order_group_id",
        ),
        "string",
    )
    | dict.fromkeys(("post_only", "cancel_order_on_pause", "reduce_only"), "bool")
    | {"expiration_time": "int64"}
    | ROUTING,
    required=("ticker", "side", "count", "price", *tuple(CHOICES)[1:]),
    choices=CHOICES,
)

AMEND: Final = FormType(
    name="AmendOrderV2Request",
    fields=dict.fromkeys(
        ("ticker", "side", "price", "count", "client_order_id", "updated_client_order_id"), "string"
    )
    | {"expiration_time": "int64", "exchange_index": "int"},
    required=("ticker", "side", "price", "count"),
    choices={"side": SIDES},
)

DECREASE: Final = FormType(
    name="DecreaseOrderV2Request",
    fields={
        "reduce_by": "string",
        "reduce_to": "string",
        "market_ticker": "string",
        "exchange_index": "int",
    },
)

CANCEL: Final = FormType(
    name="BatchCancelOrdersV2RequestOrder",
    fields={"order_id": "string", "market_ticker": "string"} | ROUTING,
    required=("order_id",),
)

BATCH: Final = FormType(
    name="BatchOrdersV2Request", fields={"orders": "array"}, required=("orders",)
)


@attrs.frozen(kw_only=True)
class Where:
    """How a client says on which shard its order is."""

    exchange_index: int | None
    market_ticker: str


@attrs.frozen(kw_only=True)
class CancelOne:
    """One row of a batch of cancellations."""

    order_id: str
    subaccount: int
    where: Where


@attrs.frozen(kw_only=True)
class Decrease:
    """By how much, or to what, an order is to shrink; the other one is negative."""

    by_centi: int
    to_centi: int
    where: Where


def read_order(body: bytes) -> CreateOrder | Refused:
    """Return the order that ``body`` asks for, or what the venue says instead."""
    form = read_form(body, CREATE)
    return form if isinstance(form, Refused) else _order(form)


def order_of(value: object) -> CreateOrder | Refused:
    """Return the order that one row of a batch asks for."""
    form = form_of(value, CREATE)
    return form if isinstance(form, Refused) else _order(form)


def read_batch(body: bytes) -> list[object] | Refused:
    """Return the rows of a batch."""
    form = read_form(body, BATCH)
    return form if isinstance(form, Refused) else form.rows("orders")


def cancel_of(value: object) -> CancelOne | Refused:
    """Return what one row of a batch of cancellations names."""
    form = form_of(value, CANCEL)
    if isinstance(form, Refused):
        return form
    return CancelOne(
        order_id=form.text("order_id"), subaccount=form.integer("subaccount"), where=_where(form)
    )


def read_amend(body: bytes, order_id: str, subaccount: int) -> tuple[AmendOrder, Where] | Refused:
    """Return what an order is to become."""
    form = read_form(body, AMEND)
    if isinstance(form, Refused):
        return form
    count, price = form.count("count"), form.price("price")
    if isinstance(count, Refused):
        return count
    if isinstance(price, Refused):
        return price
    expires_s = form.integer("expiration_time")
    if expires_s < 0:
        return invalid(AMEND, "expiration_time", "gte")
    wish = AmendOrder(
        order_id=order_id,
        ticker=form.text("ticker"),
        side=cast("Side", form.text("side")),
        price_pips=price,
        count_centi=count,
        client_order_id=form.text("client_order_id"),
        updated_client_order_id=form.text("updated_client_order_id"),
        expires_us=expires_s * 1_000_000 if form.has("expiration_time") else None,
        subaccount=subaccount,
    )
    shard = form.integer("exchange_index", -1)
    return wish, Where(exchange_index=shard, market_ticker=form.text("ticker"))


def read_decrease(body: bytes) -> Decrease | Refused:
    """Return by how much, or to what, an order is to shrink."""
    form = read_form(body, DECREASE)
    if isinstance(form, Refused):
        return form
    if form.has("reduce_by") == form.has("reduce_to"):
        return invalid(DECREASE, "reduce_by", "required_without")
    name = "reduce_by" if form.has("reduce_by") else "reduce_to"
    count = form.count(name)
    if isinstance(count, Refused):
        return count
    by_centi, to_centi = (count, -1) if name == "reduce_by" else (-1, count)
    return Decrease(by_centi=by_centi, to_centi=to_centi, where=_where(form))


def _order(form: Form) -> CreateOrder | Refused:
    count, price = form.count("count"), form.price("price")
    if isinstance(count, Refused):
        return count
    if isinstance(price, Refused):
        return price
    expires_s = form.integer("expiration_time")
    return CreateOrder(
        ticker=Ticker(form.text("ticker")),
        side=cast("Side", form.text("side")),
        price_pips=price,
        count_centi=count,
        time_in_force=cast("TimeInForce", form.text("time_in_force")),
        self_trade=cast("SelfTrade", form.text("self_trade_prevention_type")),
        client_order_id=form.text("client_order_id"),
        post_only=form.flag("post_only"),
        reduce_only=form.flag("reduce_only"),
        cancel_on_pause=form.flag("cancel_order_on_pause"),
        expires_us=expires_s * 1_000_000 if expires_s else None,
        exchange_index=form.integer("exchange_index", -1),
        subaccount=form.integer("subaccount"),
        order_group_id=form.text("order_group_id"),
    )


def _where(form: Form) -> Where:
    shard = form.integer("exchange_index") if form.has("exchange_index") else None
    return Where(exchange_index=shard, market_ticker=form.text("market_ticker"))
