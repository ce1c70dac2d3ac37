"""The floor of what the venue must be seen to answer: one row for each, and what produces it.

``test_floor.py`` produces every row over a socket. A row names an operation, its
answer, and the section of reference ``kalshi.md`` that names that answer ("spec" where
only the published document does). Words that begin with ``$`` in paths, queries and
bodies are made by ``floor_stage.py`` when a row asks for them: ``$resting`` is an order
of ours that rests.
"""

from collections.abc import Mapping
from typing import Final, Literal

import attrs

from tests.sim.venue.hall import EVENT, SERIES

Shape = Literal["none", "nested", "flat", "msg", "string", "html"]
Key = Literal["good", "narrow", "locked", "rich", "none"]


@attrs.frozen
class Said:
    """A body: which of the shapes of section 3, and the code in it."""

    shape: Shape
    code: str = ""
    details: str | None = None
    """Asked for only where it is given."""


FINE: Final = Said("none")


def nested(code: str, details: str | None = None) -> Said:
    return Said("nested", code, details)


FLAT: Final = Said("flat", "bad_request")
PARAMETER: Final = Said("msg")
TOO_MANY: Final = Said("string", "too many requests")
PROXY: Final = Said("html")
MISSING: Final = nested("not_found")


@attrs.frozen
class Row:
    """One answer that the venue must give."""

    operation: str
    status: int
    said: Said = FINE
    section: str = "spec"
    path: Mapping[str, str] = attrs.field(factory=dict, kw_only=True)
    """Values of the path's placeholders that are not the usual ones."""
    query: str = attrs.field(default="", kw_only=True)
    body: object = attrs.field(default=None, kw_only=True)
    holds: Mapping[str, object] = attrs.field(factory=dict, kw_only=True)
    """What the answer says, by dotted path; ``...`` is anything at all."""
    lacks: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    """What it must not name."""
    when: str = attrs.field(default="", kw_only=True)
    """How the venue stands meanwhile: a name of ``floor_stage.SCENES``."""
    key: Key = attrs.field(default="good", kw_only=True)
    tier: str = attrs.field(default="prestige", kw_only=True)
    times: int = attrs.field(default=1, kw_only=True)
    """How often it is asked; the last answer counts."""
    route: str = attrs.field(default="", kw_only=True)
    """Method and path, where an operation has several."""


ORDER: Final = {
    "ticker": "$home",
    "side": "bid",
    "count": "1.00",
    "price": "0.4000",
    "time_in_force": "good_till_canceled",
    "self_trade_prevention_type": "taker_at_cross",
}
TAKE: Final = ORDER | {"time_in_force": "immediate_or_cancel", "price": "0.5200"}
AMEND: Final = {"ticker": "$home", "side": "bid", "price": "0.4000", "count": "1.00"}
CREATE, BATCH, CANCEL_BATCH = "CreateOrderV2", "BatchCreateOrdersV2", "BatchCancelOrdersV2"
CANCEL, CHANGE, DECREASE = "CancelOrderV2", "AmendOrderV2", "DecreaseOrderV2"
GROUP: Final = "CreateOrderGroup"
FROM_ANOTHER: Final = "$uuid"
WRONG: Final = nested("invalid_parameters")


def created(status: int, said: Said, section: str = "3", /, **changes: object) -> Row:
    """An order that asks for ``changes``."""
    return Row(CREATE, status, said, section, body=ORDER | changes)


def batched(code: str, section: str, /, **changes: object) -> Row:
    """A row of a batch with an error of its own, beside one that is taken."""
    return Row(
        BATCH,
        201,
        section=section,
        body={"orders": [ORDER | changes, ORDER]},
        holds={"orders.0.error.code": code, "orders.1.order_id": ...},
        lacks=("orders.0.order_id", "orders.1.error"),
    )


ORDERS: Final = (
    Row(
        CREATE,
        201,
        section="3",
        body=ORDER | {"client_order_id": "$uuid"},
        holds={"order_id": ..., "fill_count": "0.00", "remaining_count": "1.00"},
        lacks=("average_fill_price", "average_fee_paid"),
    ),
    Row(
        CREATE,
        201,
        section="3",
        body=TAKE | {"price": "0.9900", "client_order_id": "$uuid"},
        when="an ask at 0.52",
        holds={
            "fill_count": "1.00",
            "remaining_count": "0.00",
            "average_fill_price": "0.5200",
            "average_fee_paid": "0.0175",
            "client_order_id": ...,
        },
    ),
    Row(
        CREATE,
        201,
        section="3",
        body=TAKE | {"price": "0.0100"},
        holds={"fill_count": "0.00", "remaining_count": "0.00"},
    ),
    Row(
        CREATE,
        201,
        section="3",
        body=TAKE | {"time_in_force": "fill_or_kill"},
        when="an ask of our own",
        holds={"fill_count": "0.00", "remaining_count": "0.00"},
    ),
    Row(
        CREATE,
        201,
        section="3",
        body=TAKE | {"self_trade_prevention_type": "maker"},
        when="an ask of our own",
        holds={"fill_count": "0.00"},
    ),
    Row(
        CREATE,
        201,
        section="3",
        body=TAKE | {"ticker": "$away", "side": "ask", "reduce_only": True},
        holds={"fill_count": "0.00", "remaining_count": "0.00"},
    ),
    Row(
        CREATE,
        201,
        section="3",
        body=ORDER
        | {
            "expiration_time": "$later_s",
            "cancel_order_on_pause": True,
            "order_group_id": "$group",
            "subaccount": 0,
            "exchange_index": 0,
            "post_only": True,
        },
    ),
    Row(CREATE, 201, section="3", body=ORDER | {"ticker": "$far", "price": "0.0100"}),
    Row(CREATE, 201, section="3", body=ORDER | {"count": "0.01", "price": "0.40"}),
    # Refusals of section 3, in the order of its table.
    created(409, nested("order_already_exists"), client_order_id="$open_id"),
    created(409, nested("order_already_exists"), client_order_id="$cancelled_id"),
    created(409, nested("order_already_exists"), client_order_id="$killed_id"),
    Row(
        CREATE,
        409,
        nested("fill_or_kill_insufficient_resting_volume"),
        "3",
        body=TAKE | {"time_in_force": "fill_or_kill", "count": "900.00"},
    ),
    created(400, nested("insufficient_balance"), count="9000000.00"),
    created(400, nested("insufficient_balance"), ticker="$far", count="1000000.00"),
    created(400, nested("invalid_price"), price="0.4001"),
    created(400, nested("invalid_price"), price="0.0000"),
    created(400, nested("invalid_price"), price="1.0000"),
    created(400, nested("invalid_price"), "2", price="0.40000"),
    created(400, nested("invalid_price"), "2", price="0.4"),
    Row(
        CREATE,
        400,
        nested("invalid_order", "post only cross"),
        "3",
        body=ORDER | {"post_only": True, "price": "0.5200"},
        when="an ask at 0.52",
    ),
    *(
        created(
            400,
            Said(
                "flat",
                "bad_request",
                "json: cannot unmarshal number into Go struct field "
                f"CreateOrderV2Request.{name} of type string",
            ),
            "3",
            **{name: 1},
        )
        for name in ("count", "price")
    ),
    Row(CREATE, 400, FLAT, "3", body=b"{"),
    Row(CREATE, 400, FLAT, "3", body=[]),
    created(400, nested("invalid_order_size"), count="0.00"),
    created(400, nested("invalid_order_size"), "2", count="1.001"),
    created(400, nested("invalid_order_size"), count="-1.00"),
    Row(CREATE, 409, nested("trading_is_paused"), "3", body=ORDER, when="trading paused"),
    Row(CREATE, 409, nested("exchange_is_paused"), "3", body=ORDER, when="exchange paused"),
    created(409, nested("trading_is_paused"), "8", ticker="$halted"),
    created(409, nested("market_closed"), ticker="$closed"),
    created(409, nested("market_inactive"), "8", ticker="$unopened"),
    created(
        400,
        nested("invalid_parameters", "expiration_time must be in the future"),
        expiration_time=1,
    ),
    Row(
        CREATE,
        400,
        nested("invalid_parameters", "cannot specify both immediate_or_cancel and expiration_time"),
        "3",
        body=TAKE | {"expiration_time": "$later_s"},
    ),
    created(
        400,
        nested("invalid_order", "reduce_only needs immediate_or_cancel"),
        reduce_only=True,
    ),
    created(400, nested("exceeded_order_group_risk_limit"), order_group_id="$triggered"),
    created(404, nested("not_found", "no such order group"), order_group_id="$uuid"),
    created(404, MISSING, ticker="NONE"),
    created(404, MISSING, exchange_index=1),
    created(400, WRONG, client_order_id="with.a.dot"),
    created(400, WRONG, client_order_id="x" * 65),
    created(400, WRONG, time_in_force="GTT"),
    created(400, WRONG, side="yes"),
    created(400, WRONG, self_trade_prevention_type="none"),
    created(400, WRONG, subaccount=64),
    created(400, WRONG, subaccount=9),
    *(created(400, WRONG, "3", **{name: None}) for name in ORDER),
    Row(CREATE, 403, nested("insufficient_scope", "write::trade"), "1", body=ORDER, key="narrow"),
    Row(
        CREATE,
        403,
        nested("subaccount_not_permitted"),
        "1",
        body=ORDER | {"subaccount": 0},
        key="locked",
    ),
    Row(
        CREATE,
        403,
        nested("location_attestation_expired"),
        "1",
        body=ORDER,
        when="attestation expired",
    ),
    Row(
        CREATE,
        400,
        nested("invalid_order", "too many open orders"),
        "3",
        body=ORDER,
        when="all open orders there may be",
    ),
    # Many at once.
    Row(
        BATCH,
        201,
        section="3",
        body={"orders": [ORDER, ORDER]},
        holds={"orders.0.order_id": ..., "orders.1.remaining_count": "1.00"},
    ),
    batched("invalid_price", "3", price="0.4001"),
    batched("bad_request", "3", count=1),
    batched("invalid_order_size", "3", count="0.00"),
    batched("insufficient_balance", "3", count="9000000.00"),
    batched("order_already_exists", "3", client_order_id="$open_id"),
    batched("not_found", "3", ticker="NONE"),
    batched("market_closed", "3", ticker="$closed"),
    batched("fill_or_kill_insufficient_resting_volume", "3", time_in_force="fill_or_kill"),
    Row(BATCH, 400, WRONG, "3", body={"orders": []}),
    Row(BATCH, 400, FLAT, "3", body={"orders": "none"}),
    Row(BATCH, 400, WRONG, "6", body={"orders": [{}] * 1_001}),
    Row(BATCH, 403, nested("insufficient_scope"), "1", body={"orders": [ORDER]}, key="narrow"),
    Row(BATCH, 429, TOO_MANY, "6", body={"orders": [ORDER] * 11}, tier="basic", when="no refill"),
    Row(
        CANCEL_BATCH,
        200,
        section="3",
        body={"orders": [{"order_id": "$resting"}, {"order_id": "$uuid"}]},
        holds={
            "orders.0.reduced_by": "1.00",
            "orders.0.ts_ms": ...,
            "orders.1.error.code": "not_found",
            "orders.1.reduced_by": "0.00",
        },
    ),
    Row(CANCEL_BATCH, 400, WRONG, "3", body={"orders": []}),
    Row(CANCEL_BATCH, 403, nested("insufficient_scope"), "1", body={"orders": []}, key="narrow"),
    # One order that rests.
    Row(CANCEL, 200, section="3", holds={"order_id": ..., "reduced_by": "1.00", "ts_ms": ...}),
    Row(CANCEL, 200, section="3", path={"order_id": "$far_order"}, query="market_ticker=$far"),
    Row(CANCEL, 200, section="3", path={"order_id": "$far_order"}, query="exchange_index=1"),
    Row(CANCEL, 200, section="8", when="trading paused"),
    Row(CANCEL, 404, MISSING, "3", path={"order_id": "$cancelled"}),
    Row(CANCEL, 404, MISSING, "3", path={"order_id": "$executed"}),
    Row(CANCEL, 404, MISSING, "3", path={"order_id": "$uuid"}),
    Row(CANCEL, 404, MISSING, "3", path={"order_id": "$far_order"}),
    Row(CANCEL, 409, nested("market_closed"), "3", query="market_ticker=$closed"),
    Row(CANCEL, 409, nested("exchange_is_paused"), "8", when="exchange paused"),
    Row(CANCEL, 400, PARAMETER, "4", query="subaccount=x"),
    Row("CancelAllOrders", 204, section="3"),
    Row("CancelAllOrders", 204, section="3", query="subaccount=0"),
    Row("CancelAllOrders", 400, PARAMETER, "4", query="subaccount=x"),
    Row(
        CHANGE,
        200,
        section="3",
        body=AMEND | {"count": "3.00"},
        holds={"remaining_count": "3.00"},
    ),
    Row(
        CHANGE,
        200,
        section="3",
        body=AMEND | {"updated_client_order_id": "$uuid", "expiration_time": "$later_s"},
        lacks=("remaining_count",),
    ),
    Row(
        CHANGE,
        200,
        section="3",
        body=AMEND | {"price": "0.5200"},
        when="an ask at 0.52",
        holds={"fill_count": "1.00", "average_fill_price": "0.5200"},
    ),
    Row(
        CHANGE,
        400,
        nested("order_id_and_client_order_id_mismatch"),
        "3",
        body=AMEND | {"client_order_id": "other"},
    ),
    Row(CHANGE, 400, nested("order_side_mismatch"), "3", body=AMEND | {"side": "ask"}),
    Row(CHANGE, 400, nested("order_ticker_mismatch"), "3", body=AMEND | {"ticker": "$away"}),
    Row(CHANGE, 400, nested("invalid_price"), "3", body=AMEND | {"price": "0.4001"}),
    Row(CHANGE, 400, nested("invalid_order_size"), "3", body=AMEND | {"count": "0.00"}),
    Row(CHANGE, 400, nested("insufficient_balance"), "3", body=AMEND | {"count": "9000000.00"}),
    Row(
        CHANGE,
        400,
        nested("invalid_order", "post only cross"),
        "3",
        path={"order_id": "$post_only"},
        body=AMEND | {"price": "0.5200"},
        when="an ask at 0.52",
    ),
    Row(CHANGE, 400, WRONG, "3", body=AMEND | {"expiration_time": 1}),
    Row(CHANGE, 400, WRONG, "3", body=AMEND | {"expiration_time": -1}),
    Row(CHANGE, 400, FLAT, "3", body=AMEND | {"count": 1}),
    Row(
        CHANGE,
        409,
        nested("order_already_exists"),
        "3",
        body=AMEND | {"updated_client_order_id": "$cancelled_id"},
    ),
    Row(CHANGE, 409, nested("trading_is_paused"), "8", body=AMEND, when="trading paused"),
    Row(CHANGE, 409, nested("exchange_is_paused"), "8", body=AMEND, when="exchange paused"),
    Row(CHANGE, 404, MISSING, "3", path={"order_id": "$uuid"}, body=AMEND),
    Row(CHANGE, 403, nested("insufficient_scope"), "1", body=AMEND, key="narrow"),
    Row(DECREASE, 200, section="3", body={"reduce_by": "1.00"}, holds={"remaining_count": "0.00"}),
    Row(DECREASE, 200, section="3", body={"reduce_to": "0.50"}, holds={"remaining_count": "0.50"}),
    Row(DECREASE, 400, WRONG, "3", body={}),
    Row(DECREASE, 400, WRONG, "3", body={"reduce_by": "0.10", "reduce_to": "0.10"}),
    Row(DECREASE, 400, nested("invalid_order_size"), "3", body={"reduce_to": "2.00"}),
    Row(DECREASE, 400, FLAT, "3", body={"reduce_by": 1}),
    Row(DECREASE, 404, MISSING, "3", path={"order_id": "$uuid"}, body={"reduce_by": "1.00"}),
    Row(
        DECREASE,
        409,
        nested("exchange_is_paused"),
        "8",
        body={"reduce_by": "1.00"},
        when="exchange paused",
    ),
    *(
        Row(
            "LegacyOrder",
            410,
            nested("deprecated_v1_order_endpoint"),
            "3",
            route=route,
            body=ORDER,
        )
        for route in (
            "POST /portfolio/orders",
            "POST /portfolio/orders/batched",
            "DELETE /portfolio/orders/batched",
            "DELETE /portfolio/orders/{order_id}",
            "POST /portfolio/orders/{order_id}/amend",
            "POST /portfolio/orders/{order_id}/decrease",
        )
    ),
    # Read back, queues, groups.
    Row("GetOrder", 200, section="3", holds={"order.status": "resting", "order.type": "limit"}),
    Row("GetOrder", 200, section="3", path={"order_id": "$cancelled"}),
    Row("GetOrder", 404, MISSING, "3", path={"order_id": "$uuid"}),
    Row("GetOrders", 200, section="3", query="status=resting&limit=1000&ticker=$home"),
    Row("GetOrders", 200, section="4", query="cursor=garbage", holds={"orders": ...}),
    Row("GetOrders", 400, nested("invalid_status_filter"), "3", query="status=open"),
    Row("GetOrders", 400, PARAMETER, "3", query="limit=1001"),
    Row("GetOrders", 400, PARAMETER, "3", query="event_ticker=" + ",".join(["E"] * 101)),
    Row("GetOrders", 400, PARAMETER, "4", query="min_ts=yesterday"),
    Row("GetOrderQueuePositions", 200, section="3", query="market_tickers=$home"),
    Row("GetOrderQueuePositions", 400, PARAMETER, query="subaccount=x"),
    Row("GetOrderQueuePosition", 200, section="3", holds={"queue_position_fp": ...}),
    Row("GetOrderQueuePosition", 404, MISSING, path={"order_id": "$uuid"}),
    Row(
        GROUP,
        201,
        section="3",
        body={"contracts_limit": 10},
        holds={"order_group_id": ..., "subaccount": 0, "exchange_index": 0},
    ),
    Row(GROUP, 201, section="3", body={"contracts_limit_fp": "0.50", "exchange_index": 1}),
    Row(GROUP, 400, WRONG, "3", body={}),
    Row(GROUP, 400, WRONG, "3", body={"contracts_limit": 0}),
    Row(GROUP, 400, WRONG, "3", body={"contracts_limit": 1_000_001}),
    Row(GROUP, 400, WRONG, "3", body={"contracts_limit": 1, "contracts_limit_fp": "2.00"}),
    Row(GROUP, 400, WRONG, "3", body={"contracts_limit": 1, "exchange_index": 9}),
    Row(GROUP, 400, WRONG, "3", body={"contracts_limit": 1, "subaccount": 9}),
    Row(GROUP, 400, FLAT, "3", body={"contracts_limit": "1"}),
    Row(
        GROUP,
        400,
        nested("invalid_parameters", "too many order groups"),
        "3",
        body={"contracts_limit": 1},
        when="all order groups there may be",
    ),
    Row("GetOrderGroups", 200, section="3"),
    Row("GetOrderGroups", 400, PARAMETER, query="subaccount=x"),
    Row("GetOrderGroup", 200, section="3", holds={"orders": ...}),
    Row("UpdateOrderGroupLimit", 200, section="3", body={"contracts_limit": 5}),
    Row("UpdateOrderGroupLimit", 400, WRONG, "3", body={"contracts_limit": 0}),
    *(Row(name, 200, section="3") for name in ("ResetOrderGroup", "TriggerOrderGroup")),
    Row("DeleteOrderGroup", 200, section="3"),
    *(
        Row(name, 404, MISSING, path={"order_group_id": "$uuid"}, body={"contracts_limit": 5})
        for name in (
            "GetOrderGroup",
            "UpdateOrderGroupLimit",
            "ResetOrderGroup",
            "TriggerOrderGroup",
            "DeleteOrderGroup",
        )
    ),
)

MARKET_STATUSES: Final = ("unopened", "open", "paused", "closed", "settled")
CANDLES: Final = "start_ts=$hour_ago_s&end_ts=$now_s&period_interval=1"
OF_MARKET: Final = {"ticker": "$home", "series_ticker": SERIES}
CANDLE_READS: Final[tuple[tuple[str, Mapping[str, str], str], ...]] = (
    ("GetMarketCandlesticks", OF_MARKET, ""),
    ("GetMarketCandlesticksByEvent", {"ticker": EVENT, "series_ticker": SERIES}, ""),
    ("GetMarketCandlesticksHistorical", {"ticker": "$archived"}, ""),
    ("BatchGetMarketCandlesticks", {}, "market_tickers=$home&"),
)
MARKET_DATA: Final = (
    Row(
        "GetExchangeStatus",
        200,
        section="4",
        key="none",
        holds={"exchange_active": True, "exchange_index_statuses.0.exchange_index": 0},
    ),
    *(
        Row(
            "GetExchangeStatus",
            status,
            section="spec",
            when=when,
            holds={"trading_active": True, "exchange_index_statuses": ...},
        )
        for status, when in ((500, "internal"), (503, "unavailable"), (504, "gateway_timeout"))
    ),
    Row("GetExchangeSchedule", 200, section="4", holds={"schedule.maintenance_windows": ...}),
    Row("GetUserDataTimestamp", 200, section="4", holds={"as_of_time": ...}),
    Row("GetMarkets", 200, section="4", query="limit=1000", holds={"cursor": ""}),
    Row("GetMarkets", 200, section="4", query="limit=1", holds={"cursor": ..., "markets.0": ...}),
    Row("GetMarkets", 200, section="4", query="cursor=garbage", holds={"markets.0.ticker": ...}),
    *(Row("GetMarkets", 200, section="4", query=f"status={each}") for each in MARKET_STATUSES),
    Row("GetMarkets", 400, nested("invalid_status_filter"), "3", query="status=active"),
    Row(
        "GetMarkets",
        400,
        Said(
            "msg",
            "",
            "Parameter validation failed for GetMarkets: Key: 'GetMarketsParams.Limit' "
            "Error:Field validation for 'Limit' failed on the 'lte' tag",
        ),
        "3",
        query="limit=100000",
    ),
    Row("GetMarkets", 400, PARAMETER, "4", query="min_updated_ts=2026-01-01"),
    Row("GetMarket", 200, section="4", holds={"market.price_ranges.0.step": ...}),
    Row(
        "GetMarket",
        200,
        section="4",
        path={"ticker": "$one_sided"},
        holds={"market.no_ask_dollars": "1.0000", "market.no_bid_dollars": "0.0000"},
    ),
    Row(
        "GetMarket",
        200,
        section="4",
        path={"ticker": "$unopened"},
        holds={"market.yes_ask_dollars": "0.0000", "market.no_bid_dollars": "1.0000"},
    ),
    Row("GetMarket", 404, MISSING, "3", path={"ticker": "NONE"}),
    Row(
        "GetMarketOrderbook",
        200,
        section="4",
        path={"ticker": "$unopened"},
        holds={"orderbook_fp.yes_dollars": [], "orderbook_fp.no_dollars": []},
    ),
    Row("GetMarketOrderbook", 200, section="4", query="depth=100"),
    Row("GetMarketOrderbook", 400, PARAMETER, "4", query="depth=101"),
    Row("GetMarketOrderbook", 404, MISSING, path={"ticker": "NONE"}),
    Row(
        "GetMarketOrderbooks",
        200,
        section="4",
        query="tickers=$home&tickers=$away",
        holds={"orderbooks.1.ticker": ...},
    ),
    Row("GetMarketOrderbooks", 400, PARAMETER, "4", query="&".join(["tickers=T"] * 101)),
    Row("GetTrades", 200, section="4", query="ticker=$home&limit=1000", when="a trade"),
    Row("GetTrades", 400, PARAMETER, "4", query="limit=1001"),
    Row("GetTrades", 400, PARAMETER, "4", query="max_ts=now"),
    *(
        Row(name, 200, section="4", path=path, query=query + CANDLES, when="a trade")
        for name, path, query in CANDLE_READS
    ),
    *(
        Row(name, 400, PARAMETER, "4", path=path, query=query + CANDLES.replace("=1", "=2"))
        for name, path, query in CANDLE_READS
    ),
    *(
        Row(name, 400, PARAMETER, "4", path=path, query=query + "end_ts=1")
        for name, path, query in CANDLE_READS
    ),
    *(
        Row(name, 404, MISSING, "4", path=OF_MARKET | {"ticker": "NONE"}, query=CANDLES)
        for name in ("GetMarketCandlesticks", "GetMarketCandlesticksHistorical")
    ),
    Row("GetEvents", 200, section="4", query="with_nested_markets=true&with_milestones=true"),
    Row("GetEvents", 400, nested("invalid_status_filter"), "3", query="status=paused"),
    Row("GetEvents", 400, PARAMETER, "4", query="limit=201"),
    Row("GetEvents", 400, PARAMETER, "4", query="with_milestones=perhaps"),
    Row("GetMultivariateEvents", 200),
    Row("GetMultivariateEvents", 400, PARAMETER, query="limit=201"),
    Row(
        "GetEvent",
        200,
        section="4",
        query="with_nested_markets=true",
        holds={"event.collateral_return_type": "MECNET", "event.mutually_exclusive": True},
    ),
    Row("GetEvent", 400, PARAMETER, query="with_nested_markets=perhaps"),
    Row("GetEvent", 404, MISSING, path={"event_ticker": "NONE"}),
    Row("GetEventMetadata", 200),
    Row("GetEventMetadata", 404, MISSING, path={"event_ticker": "NONE"}),
    Row("GetEventFeeChanges", 200, section="4", holds={"event_fee_changes": ..., "cursor": ""}),
    Row("GetEventFeeChanges", 400, PARAMETER, query="limit=1001"),
    Row("GetSeriesList", 200, section="4"),
    Row("GetSeriesList", 400, PARAMETER, query="include_volume=perhaps"),
    Row("GetSeries", 200, section="4", holds={"series.fee_type": "quadratic"}),
    Row("GetSeries", 400, PARAMETER, query="include_volume=perhaps"),
    Row("GetSeries", 404, MISSING, path={"series_ticker": "NONE"}),
    Row("GetSeriesFeeChanges", 200, section="4", query="show_historical=true"),
    Row("GetSeriesFeeChanges", 400, PARAMETER, query="show_historical=perhaps"),
    Row("GetMilestones", 200, section="4", query=f"limit=10&related_event_ticker={EVENT}"),
    Row("GetMilestones", 400, PARAMETER, "4", query=""),
    Row("GetMilestones", 400, PARAMETER, "4", query="limit=501"),
    Row("GetMilestone", 200, section="4", holds={"milestone.details.home_team_id": ...}),
    Row("GetMilestone", 404, MISSING, path={"milestone_id": "$uuid"}),
    Row("GetLiveDataByMilestone", 200, section="4", holds={"live_data.details.half": "2nd"}),
    Row("GetLiveData", 200, section="4"),
    Row("GetGameStats", 200, section="4", holds={"pbp.periods": ...}),
    Row("GetEventLiveData", 200, section="4", path={"event_ticker": EVENT}),
    *(
        Row(name, 404, MISSING, "4", path={"milestone_id": "$uuid"})
        for name in ("GetLiveDataByMilestone", "GetLiveData", "GetGameStats")
    ),
    Row("GetLiveData", 404, MISSING, path={"type": "cricket_match"}),
    Row("GetEventLiveData", 404, MISSING, path={"event_ticker": "NONE"}),
    Row(
        "GetLiveDatas",
        200,
        section="4",
        query="milestone_ids=$milestone&milestone_ids=$uuid",
        holds={"live_datas.0.milestone_id": ...},
    ),
    Row(
        "GetLiveDatas",
        200,
        section="4",
        query="milestone_ids=$milestone,$uuid",
        holds={"live_datas": []},
    ),
    Row("GetLiveDatas", 400, PARAMETER, "4", query="&".join(["milestone_ids=x"] * 101)),
    Row("GetTagsForSeriesCategories", 200, section="4"),
    Row("GetFiltersForSports", 200, section="4"),
    Row("GetStructuredTargets", 200, query="page_size=1", holds={"structured_targets.0.id": ...}),
    Row("GetStructuredTargets", 400, PARAMETER, query="page_size=2001"),
    Row("GetStructuredTarget", 200),
    Row("GetStructuredTarget", 404, MISSING, path={"target_id": "$uuid"}),
    Row("GetIncentivePrograms", 200),
    Row("GetIncentivePrograms", 400, PARAMETER, query="limit=10001"),
    Row("GetHistoricalCutoff", 200, section="4"),
    Row("GetHistoricalMarkets", 200, section="4", holds={"markets.0.status": "finalized"}),
    Row("GetHistoricalMarkets", 400, PARAMETER, "4", query="limit=1001"),
    Row("GetHistoricalMarket", 200, section="4"),
    Row("GetHistoricalMarket", 404, MISSING, path={"ticker": "$home"}),
    Row("GetMarket", 404, MISSING, "4", path={"ticker": "$archived"}),
    Row("GetTradesHistorical", 200, section="4", holds={"trades.0.trade_id": ...}),
    Row("GetTradesHistorical", 400, PARAMETER, "4", query="limit=1001"),
    Row("GetAccountEndpointCosts", 200, section="6", holds={"default_cost": 10}),
    Row("GetAccountEndpointCosts", 200, section="4", key="none", times=59),
    Row("GetMarkets", 429, TOO_MANY, "4", key="none", times=61, when="no refill"),
)

PAGED: Final = (
    ("GetFills", 1000),
    ("GetSettlements", 1000),
    ("GetDeposits", 500),
    ("GetWithdrawals", 500),
    ("GetIntraExchangeInstanceTransfers", 500),
    ("GetSubaccountTransfers", 1000),
    ("GetPositions", 1000),
    ("GetFillsHistorical", 1000),
    ("GetHistoricalOrders", 1000),
    ("GetHistoricalPositions", 1000),
)
BETWEEN: Final = {
    "client_transfer_id": "$uuid",
    "from_subaccount": 0,
    "to_subaccount": 1,
    "amount_cents": 100,
}
ACROSS: Final = {
    "source": "event_contract",
    "destination": "event_contract",
    "amount": 10_000,
    "source_exchange_shard": 0,
    "destination_exchange_shard": 1,
}
MOVE, TRANSFER = "ApplySubaccountTransfer", "IntraExchangeInstanceTransfer"
ALLOCATE: Final = "SetTargetBalanceAllocation"
SHARES: Final = [{"exchange_index": 0, "percent": 60}, {"exchange_index": 1, "percent": 40}]
ACCOUNT: Final = (
    Row(
        "GetBalance",
        200,
        section="4",
        holds={"balance": ..., "balance_dollars": ..., "balance_breakdown.0.exchange_index": 0},
    ),
    Row("GetBalance", 200, section="4", query="exchange_index=0"),
    Row("GetBalance", 429, TOO_MANY, "6", tier="basic", times=2, when="no refill"),
    Row("GetPositions", 200, section="4", holds={"event_positions": ..., "cursor": ""}),
    Row("GetPositions", 200, section="4", query="settlement_status=all"),
    Row("GetPositions", 400, nested("invalid_status_filter"), query="settlement_status=open"),
    Row("GetFills", 200, section="4", when="a trade", holds={"fills.0.fee_cost": ...}),
    Row("GetFills", 200, section="4", when="a trade", lacks=("fills.0.client_order_id",)),
    Row("GetSettlements", 200, section="4"),
    Row("GetHistoricalOrders", 200, section="4"),
    Row("GetFillsHistorical", 200, section="4", holds={"fills.0.trade_id": ...}),
    Row("GetHistoricalPositions", 200, section="4"),
    *(Row(name, 400, PARAMETER, "4", query=f"limit={most + 1}") for name, most in PAGED),
    *(Row(name, 200, section="4", query="cursor=garbage") for name, _ in PAGED),
    Row("GetPortfolioRestingOrderTotalValue", 200),
    Row("GetDeposits", 200),
    Row("GetWithdrawals", 200),
    Row("CreateSubaccount", 201, holds={"subaccount_number": ...}, body={}),
    Row("CreateSubaccount", 400, WRONG, tier="basic", body={}),
    Row(MOVE, 200, body=BETWEEN),
    Row(MOVE, 400, WRONG, body=BETWEEN | {"client_transfer_id": "mine"}),
    Row(MOVE, 400, WRONG, body=BETWEEN | {"to_subaccount": 62}),
    Row(MOVE, 400, nested("insufficient_balance"), body=BETWEEN | {"amount_cents": 10**12}),
    Row(MOVE, 400, FLAT, body=BETWEEN | {"amount_cents": "100"}),
    Row("GetSubaccountBalances", 200),
    Row("GetSubaccountTransfers", 200),
    Row("UpdateSubaccountNetting", 200, body={"subaccount_number": 0, "enabled": False}),
    Row("UpdateSubaccountNetting", 400, WRONG, body={"subaccount_number": 62, "enabled": True}),
    Row("UpdateSubaccountNetting", 400, FLAT, body={"subaccount_number": 0, "enabled": 1}),
    Row("GetSubaccountNetting", 200),
    Row(TRANSFER, 200, section="4", body=ACROSS, holds={"transfer_id": ...}),
    Row(TRANSFER, 200, section="4", body=ACROSS | {"client_transfer_id": "$uuid"}),
    Row(TRANSFER, 400, WRONG, "4", body=ACROSS | {"source": "margined"}),
    Row(TRANSFER, 400, WRONG, "4", body=ACROSS | {"amount": 0}),
    Row(TRANSFER, 400, WRONG, "4", body=ACROSS | {"destination_exchange_shard": 9}),
    Row(TRANSFER, 400, nested("insufficient_balance"), "4", body=ACROSS | {"amount": 10**12}),
    Row(
        TRANSFER,
        409,
        nested("transfer_already_exists"),
        body=ACROSS | {"client_transfer_id": "$spent_transfer_id"},
    ),
    Row(TRANSFER, 409, nested("exchange_is_paused"), "8", body=ACROSS, when="exchange paused"),
    Row("GetIntraExchangeInstanceTransfers", 200, section="4"),
    Row(
        "GetIntraExchangeInstanceTransfer",
        200,
        section="4",
        holds={"transfer.status": "pending"},
    ),
    Row(
        "GetIntraExchangeInstanceTransfer",
        200,
        section="4",
        path={"transfer_id": "$done_transfer"},
        holds={"transfer.status": "complete"},
    ),
    Row("GetIntraExchangeInstanceTransfer", 404, MISSING, path={"transfer_id": "$uuid"}),
    Row("GetTargetBalanceAllocation", 200, section="4"),
    Row(
        ALLOCATE,
        200,
        section="4",
        body={"allocations": SHARES, "resting_margin_reservation": "max"},
    ),
    Row(ALLOCATE, 400, WRONG, "4", body={"allocations": SHARES[:1]}),
    Row(ALLOCATE, 400, WRONG, "4", body={"allocations": [{"exchange_index": 9, "percent": 100}]}),
    Row(ALLOCATE, 400, WRONG, "4", body={"allocations": [], "resting_margin_reservation": "all"}),
    Row("GetApiKeys", 200, section="1", lacks=("api_key_region_expiration_ts",)),
    Row(
        "GetApiKeys",
        200,
        section="1",
        when="attestation expired",
        holds={"api_key_region_expiration_ts": ...},
    ),
    Row("CreateApiKey", 201, section="1", body={"name": "n", "public_key": "$pem"}),
    Row(
        "CreateApiKey",
        201,
        section="1",
        body={"name": "n", "public_key": "$rsa_pem", "scopes": ["read", "write::trade"]},
    ),
    Row("CreateApiKey", 400, WRONG, body={"name": "n", "public_key": "no PEM"}),
    Row("CreateApiKey", 400, WRONG, body={"name": "n"}),
    Row(
        "CreateApiKey",
        403,
        nested("insufficient_api_usage_level"),
        body={"name": "n", "public_key": "$pem"},
        tier="basic",
    ),
    Row(
        "GenerateApiKey",
        201,
        section="1",
        body={"name": "n", "key_type": "ed25519"},
        holds={"private_key": ..., "key_type": "ed25519"},
    ),
    Row("GenerateApiKey", 400, WRONG, "1", body={"name": "n", "key_type": "dsa"}),
    Row("GenerateApiKey", 400, WRONG, "1", body={"name": "n", "scopes": ["all"]}),
    Row("GenerateApiKey", 400, WRONG, "1", body={"name": "n", "subaccount": 62}),
    Row("DeleteApiKey", 204, section="1"),
    Row("DeleteApiKey", 400, WRONG, path={"api_key": "no id"}),
    Row("DeleteApiKey", 404, MISSING, path={"api_key": "$uuid"}),
    Row("GetAccountApiLimits", 200, section="6", tier="basic", holds={"usage_tier": "basic"}),
    Row("UpgradeAccountApiUsageLevel", 201, section="6", when="an order", tier="basic"),
    Row("UpgradeAccountApiUsageLevel", 403, nested("no_api_orders"), "6", key="rich"),
    Row(
        "UpgradeAccountApiUsageLevel",
        429,
        TOO_MANY,
        "6",
        key="rich",
        tier="basic",
        times=4,
        when="no refill",
    ),
    Row("GetAccountApiUsageLevelVolumeProgress", 200, section="6"),
    Row(CREATE, 429, TOO_MANY, "6", body=ORDER, tier="basic", times=11, when="no refill"),
    Row(
        CREATE,
        429,
        TOO_MANY,
        "6",
        body=ORDER | {"ticker": "$far", "price": "0.0100", "exchange_index": 1, "count": "0.01"},
        tier="basic",
        times=11,
        when="no refill",
    ),
    Row(
        CREATE,
        201,
        section="6",
        body=ORDER | {"ticker": "$far", "price": "0.0100", "exchange_index": 1, "count": "0.01"},
        tier="basic",
        when="the common bucket empty",
    ),
    Row(
        CREATE,
        429,
        TOO_MANY,
        "6",
        body=ORDER | {"ticker": "$far", "price": "0.0100", "exchange_index": -1},
        tier="basic",
        when="the common bucket empty",
    ),
    Row("GetOrders", 429, TOO_MANY, "6", tier="basic", times=41, when="no refill"),
)

LAST: Final = (
    # It makes all the subaccounts that there can be.
    Row("CreateSubaccount", 400, WRONG, "3", when="63 subaccounts", body={}),
)

ROWS: Final = ORDERS + MARKET_DATA + ACCOUNT + LAST

UNSIGNED: Final[tuple[tuple[str, str, Said], ...]] = (
    ("without headers", "1", nested("signature_is_missing_from_headers")),
    ("without a signature", "1", nested("signature_is_missing_from_headers")),
    ("of an unknown key", "1", nested("authentication_error", "NOT_FOUND")),
    ("wrong", "1", nested("authentication_error", "INCORRECT_API_KEY_SIGNATURE")),
    ("over the query", "1", nested("authentication_error", "INCORRECT_API_KEY_SIGNATURE")),
    ("too old", "1", nested("header_timestamp_expired")),
    ("too far ahead", "1", nested("header_timestamp_expired")),
)
"""Each of these signatures gets this 401, from every operation that asks for one."""

MISFORTUNES: Final[tuple[tuple[str, int, str, Said], ...]] = (
    ("rate_limited", 429, "6", TOO_MANY),
    ("internal", 500, "3", nested("internal_server_error")),
    ("bad_gateway", 502, "5", PROXY),
    ("unavailable", 503, "3", nested("exchange_unavailable")),
    ("gateway_timeout", 504, "spec", PROXY),
)
"""Each of these gets this answer from every operation, while a fault plan says so."""

PUBLIC_401: Final = (
    "public: nobody is asked for a key, and who has a bad one is nobody (reference section 4)"
)
NO_FCM: Final = "only for a futures commission merchant's subtrader: no such member here"
ANY_TEXT: Final = "its one parameter is any text: what names nothing is not found"
NOT_PRODUCED: Final[Mapping[tuple[str, int], str]] = {
    ("CreateApiKey", 409): NO_FCM,
    ("GenerateApiKey", 409): NO_FCM,
    ("GetEventMetadata", 400): ANY_TEXT,
    ("GetMilestone", 400): ANY_TEXT,
    ("GetFillsHistorical", 404): "nothing found is an empty list, as it is among the live fills",
    ("GetTradesHistorical", 404): "nothing found is an empty list, as it is among the live prints",
}
"""Statuses that the published document gives an operation here in scope, and why not here."""

NAMED: Final[Mapping[tuple[int, str], str]] = {
    (401, "signature_is_missing_from_headers"): "1",
    (401, "header_timestamp_expired"): "1",
    (401, "authentication_error"): "1",
    (409, "order_already_exists"): "3",
    (409, "fill_or_kill_insufficient_resting_volume"): "3",
    (400, "insufficient_balance"): "3",
    (400, "invalid_price"): "3",
    (400, "invalid_order"): "3",
    (400, "bad_request"): "3",
    (400, "invalid_order_size"): "3",
    (400, "order_id_and_client_order_id_mismatch"): "3",
    (400, "order_side_mismatch"): "3",
    (400, "order_ticker_mismatch"): "3",
    (400, "invalid_parameters"): "3",
    (409, "trading_is_paused"): "3",
    (409, "exchange_is_paused"): "3",
    (409, "market_closed"): "3",
    (409, "market_inactive"): "3",
    (404, "not_found"): "3",
    (429, "too many requests"): "3",
    (410, "deprecated_v1_order_endpoint"): "3",
    (400, "invalid_status_filter"): "3",
    (400, "exceeded_order_group_risk_limit"): "3",
    (403, "location_attestation_expired"): "1",
    (403, "insufficient_scope"): "1",
    (500, "internal_server_error"): "3",
    (503, "exchange_unavailable"): "3",
}
"""Every status and code that sections 1 and 3 to 6 name, and the first section that does."""
NAMED_ONLY: Final[Mapping[str, str]] = {
    "available_balance_too_low": "another spelling that the documents announce; what was "
    "recorded says insufficient_balance, and the client takes either for a refusal",
    "MARKET_INACTIVE": "the documents' word for a closed market; what was observed says "
    "market_closed, and an unopened one here says market_inactive",
}
