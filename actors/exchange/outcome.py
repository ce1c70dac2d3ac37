"""What a response says about the order it answers: taken, refused, or not known.

The rule (reference ``reliability.md`` section 3.2): only an explicit refusal by the
venue is a refusal. Everything that leaves room for the order to have traded is
unknown, and is resolved by a query, never by a guess and never by sending again.
"""

from typing import Final

import attrs

from actors.exchange.errors import WireGarbled
from actors.exchange.responses import Response
from actors.exchange.wire import read_error
from actors.exchange.wire_orders import order_ack
from actors.model.money import CentiContracts, MicroDollars

CREATED: Final = 201
CONFLICT: Final = 409

REFUSING: Final = frozenset({400, 401, 403, 404, 405, 410, 413, 415, 422, 429})
"""Statuses by which the venue, in its own words, says that it did not take the order.

A 429 is one: tokens are spent before anything else happens. A 408 is not: it says
that somebody waited too long for something.
"""

UNREAD: Final = frozenset({401, 429})
"""Statuses of a refusal at the venue's door: the order was not looked at, so that it says
nothing about the market."""

CONFLICTS_THAT_REFUSE: Final = frozenset(
    {
        "exchange_is_paused",
        "fill_or_kill_insufficient_resting_volume",
        "market_closed",
        "market_inactive",
        "trading_is_paused",
    }
)
"""Codes of a 409 that refuse. ``order_already_exists`` does not: an order of that id
is there, and it may be this very one. A code that we do not know might say the same."""


@attrs.frozen(kw_only=True)
class OrderResponse(Response):
    """The response to an order, and when it came."""

    first_byte_ns: int
    """Monotonic: when the piece with its first byte was read."""
    last_byte_ns: int


@attrs.frozen(kw_only=True)
class OrderAccepted:
    """The venue took the order. What an immediate-or-cancel order did not fill is gone."""

    order_id: str
    client_order_id: str
    fill_count_centi: CentiContracts
    average_fill_price_micros: MicroDollars | None
    """Per contract; information only, money comes from fills."""
    average_fee_micros: MicroDollars | None
    ts_ms: int


@attrs.frozen(kw_only=True)
class OrderRefused:
    """The venue did not take the order and said so. Nothing of it will trade."""

    status: int
    code: str
    message: str = ""


@attrs.frozen(kw_only=True)
class OrderUnknown:
    """The order may have been taken. Ask; do not guess, do not send again."""

    reason: str


def interpret(
    response: Response, client_order_id: str
) -> OrderAccepted | OrderRefused | OrderUnknown:
    """Say what ``response`` means for the order ``client_order_id``. Total: never raises."""
    if response.status == CREATED:
        return _accepted(response.body, client_order_id)
    error = read_error(response.status, response.body)
    if error is None:
        return OrderUnknown(reason=f"{response.status} without the venue's words")
    refused = response.status in REFUSING or (
        response.status == CONFLICT and error.code.lower() in CONFLICTS_THAT_REFUSE
    )
    if refused:
        return OrderRefused(status=error.status, code=error.code, message=error.message)
    return OrderUnknown(reason=str(error))


def _accepted(body: bytes, client_order_id: str) -> OrderAccepted | OrderUnknown:
    try:
        ack = order_ack(body)
    except WireGarbled as error:
        return OrderUnknown(reason=f"accepted, but: {error}")
    if ack.client_order_id not in {"", client_order_id}:
        # Bodies that describe another order were seen at the venue (kalshi.md section 3).
        return OrderUnknown(reason=f"accepted, but the body is of {ack.client_order_id[:64]}")
    if ack.fill_count_centi < 0:
        return OrderUnknown(reason="accepted, but with a negative fill")
    return OrderAccepted(
        order_id=ack.order_id,
        client_order_id=client_order_id,
        fill_count_centi=ack.fill_count_centi,
        average_fill_price_micros=ack.average_fill_price_micros,
        average_fee_micros=ack.average_fee_micros,
        ts_ms=ack.ts_ms,
    )
