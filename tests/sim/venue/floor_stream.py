"""The floor of what the venue's stream must be heard to say: types, steps of a life, errors.

``test_floor_stream.py`` produces each over a socket. What is not produced is listed with
its reason.
"""

from collections.abc import Mapping
from typing import Any, Final

import attrs

from tests.sim.venue.hall import AWAY, HOME

NEGOTIATED: Final = "negotiated trades: this trader crosses the public book and nothing else"
INDICES: Final = "prices of other exchanges: no sport settles on one"
COMBOS: Final = "combined markets: no plan of this trader's has a leg in one"
THEIRS: Final = "what a client sends; each is sent below"

MESSAGES: Final[Mapping[str, str]] = {
    "subscribedResponse": "subscribed",
    "unsubscribedResponse": "unsubscribed",
    "okResponse": "ok",
    "listSubscriptionsResponse": "list",
    "errorResponse": "error",
    "orderbookSnapshot": "orderbook_snapshot",
    "orderbookDelta": "orderbook_delta",
    "ticker": "ticker",
    "trade": "trade",
    "fill": "fill",
    "marketLifecycleV2": "market_lifecycle_v2",
    "marketMetadataUpdated": "market_lifecycle_v2",
    "eventLifecycle": "event_lifecycle",
    "eventFeeUpdate": "event_fee_update",
    "marketPosition": "market_position",
    "orderGroupUpdates": "order_group_updates",
    "userOrder": "user_order",
    "outgoingPing": "ping",
    "outgoingPong": "pong",
}
"""Every published message in scope, and the type it is heard as."""
NO_MESSAGES: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "incomingPing",
            "incomingPong",
            "subscribeCommand",
            "unsubscribeCommand",
            "listSubscriptionsCommand",
            "updateSubscriptionCommand",
            "updateSubscriptionDeleteCommand",
            "updateSubscriptionGetSnapshotCommand",
            "updateSubscriptionSingleSidCommand",
        ),
        THEIRS,
    ),
    **dict.fromkeys(
        (
            "rfqCreated",
            "rfqDeleted",
            "quoteCreated",
            "quoteAccepted",
            "quoteExecuted",
            "rfqBatchCreated",
            "rfqBatchDeleted",
            "batchQuoteCreated",
            "rfqBatchBestQuotes",
            "batchQuoteAccepted",
            "rfqBatchExecuted",
            "batchQuoteExecuted",
        ),
        NEGOTIATED,
    ),
    **dict.fromkeys(
        (
            "cfbenchmarksUpdateSubscriptionCommand",
            "pythUpdateSubscriptionCommand",
            "subscribedIndicesResponse",
            "subscribedUnderlyingsResponse",
            "cfbenchmarksValue",
            "cfbenchmarksIndexList",
            "cfbenchmarksValue5Hz",
            "cfbenchmarks5HzIndexList",
            "pythValue",
            "pythUnderlyingList",
        ),
        INDICES,
    ),
    "multivariateMarketLifecycle": COMBOS,
}

STEPS: Final = frozenset(
    {
        "created",
        "activated",
        "deactivated",
        "close_date_updated",
        "determined",
        "settled",
        "price_level_structure_updated",
        "metadata_updated",
    }
)
"""Event types of ``market_lifecycle_v2`` in section 5's table."""
GROUP_STEPS: Final = frozenset({"created", "triggered", "reset", "deleted", "limit_updated"})
REASONS: Final = frozenset(
    {
        "Decrease",
        "Amend",
        "MarginCancel",
        "SelfTradeCancel",
        "ExpiryCancel",
        "CloseCancel",
        "HaltCancel",
        "Trade",
        "PostOnlyCrossCancel",
        "ReduceOnlyCancel",
    }
)
"""Reasons of a ``user_order`` in section 5's table that are produced."""
NO_REASONS: Final[Mapping[str, str]] = {
    "SettlementBoundsCancel": "for markets that settle between bounds; a match has none",
}


@attrs.frozen
class Wrong:
    """A command that deserves an error."""

    code: int
    command: Any
    """As it is sent; bytes go out as they are."""
    scoped: bool = False
    """Whether the error names the subscription of the books, sid 1."""


def _subscribe(**params: object) -> dict[str, object]:
    return {"id": 7, "cmd": "subscribe", "params": params}


def _update(**params: object) -> dict[str, object]:
    return {"id": 7, "cmd": "update_subscription", "params": params}


BOOKS: Final = ["orderbook_delta"]
ADD: Final = {"action": "add_markets", "market_tickers": [AWAY]}
WRONG: Final = (
    Wrong(1, b"{"),
    Wrong(1, b"[]"),
    Wrong(2, {"id": 7, "cmd": "subscribe"}),
    Wrong(2, {"id": 7, "cmd": "unsubscribe"}),
    Wrong(3, _subscribe()),
    Wrong(3, _subscribe(channels=[])),
    Wrong(4, {"id": 7, "cmd": "unsubscribe", "params": {}}),
    Wrong(5, {"id": 7, "cmd": "dance", "params": {}}),
    Wrong(7, {"id": 7, "cmd": "unsubscribe", "params": {"sids": [99]}}),
    Wrong(7, _update(sid=99, **ADD)),
    Wrong(8, _subscribe(channels=["nothing"])),
    Wrong(8, _subscribe(channels=["cfbenchmarks_value"])),
    Wrong(11, _subscribe(channels=BOOKS, market_tickers=[])),
    Wrong(11, _subscribe(channels=BOOKS, market_ticker=HOME, market_tickers=[AWAY])),
    Wrong(11, _subscribe(channels=BOOKS, market_ids=["id"])),
    Wrong(12, _update(sids=[1, 2], **ADD)),
    Wrong(12, _update(**ADD)),
    Wrong(13, _update(sid=1, action="paint", market_tickers=[AWAY]), scoped=True),
    Wrong(14, _subscribe(channels=BOOKS)),
    Wrong(14, _update(sid=1, action="add_markets"), scoped=True),
    Wrong(15, _update(sid=1, market_tickers=[AWAY]), scoped=True),
)
"""Errors that a command alone brings about, and nothing ends."""
ELSEWHERE: Final[Mapping[int, str]] = {
    9: "the key was taken back since it opened the connection",
    18: "a plan of faults has commands time out",
    10: "a channel is broken by hand, and ends",
    25: "a client that does not read, whose subscription ends",
    26: "too many markets",
    27: "too many commands",
}
"""Errors that need more than a command; each has a test of its own."""
NO_ERRORS: Final[Mapping[int, str]] = {
    **dict.fromkeys((19, 20, 21, 22), NEGOTIATED),
    23: "no channel in scope has match ids",
    24: INDICES,
    28: INDICES,
}
RETIRED: Final = frozenset({6, 16, 17})
