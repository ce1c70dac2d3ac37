import json
from fractions import Fraction
from typing import Any

import attrs
import pytest

from actors.model.orders import Ticker
from actors.runtime.serve import Request
from actors.sim.venue.accounts import CreateOrder
from actors.sim.venue.listing import EventTerms
from actors.sim.venue.order_form import read_order
from actors.sim.venue.rates import TIERS
from actors.sim.venue.rest import is_order
from actors.sim.venue.tamper import Tamper
from tests.sim.venue.hall import (
    AWAY,
    EVENT,
    HOME,
    SECOND,
    SERIES,
    Hall,
    market_terms,
    open_hall,
    order,
    quote,
)
from tests.sim.venue.papers import ROOT, Desk
from tests.sim.venue.published import check_rest, require

Row = tuple[str, dict[str, str], str]

ORDERS = "/portfolio/events/orders"
MILESTONE = "6b1f3c58-0000-4000-a000-000000000002"


def form(**changes: object) -> dict[str, object]:
    return {
        "ticker": HOME,
        "client_order_id": "a",
        "side": "bid",
        "count": "1.00",
        "price": "0.9900",
        "time_in_force": "immediate_or_cancel",
        "self_trade_prevention_type": "taker_at_cross",
    } | changes


def played() -> Desk:
    """A desk whose account has traded, rests an order, and was settled in one market."""
    hall = open_hall()
    for ticker in (HOME, AWAY):
        hall.create("maker", quote("ask", 5_200, 300, ticker))
        hall.create("maker", quote("bid", 4_700, 300, ticker))
        hall.create("us", order("bid", 5_200, 100, ticker=ticker, client_order_id=f"b{ticker}"))
    hall.create("us", order("ask", 4_700, 200, ticker=HOME, client_order_id="s"))
    hall.create(
        "us",
        order("bid", 4_000, 100, time_in_force="good_till_canceled", client_order_id="rests"),
    )
    hall.settle(AWAY, "yes")
    return Desk(hall)


def error(body: dict[str, Any]) -> str:
    code = body["error"]["code"]
    assert isinstance(code, str)
    return code


def test_an_order_is_answered_with_what_it_did() -> None:
    desk = Desk(open_hall())
    desk.hall.create("maker", quote("ask", 5_200, 100))

    status, body = desk.ask("POST", ORDERS, body=form())

    assert status == 201
    assert body == {
        "order_id": body["order_id"],
        "client_order_id": "a",
        "fill_count": "1.00",
        "remaining_count": "0.00",
        "average_fill_price": "0.5200",
        "average_fee_paid": "0.0175",
        "ts_ms": desk.hall.clock.now_us // 1000,
    }


def test_an_order_that_finds_nothing_has_no_averages() -> None:
    status, body = Desk(open_hall()).ask("POST", ORDERS, body=form())

    assert (status, body["fill_count"], body["remaining_count"]) == (201, "0.00", "0.00")
    assert "average_fill_price" not in body


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"price": "0.9950"}, 400, "invalid_price"),
        ({"count": "0.00"}, 400, "invalid_order_size"),
        ({"count": "999999.00"}, 400, "insufficient_balance"),
        ({"ticker": "NONE"}, 404, "not_found"),
        ({"exchange_index": 2}, 404, "not_found"),
        ({"time_in_force": "fill_or_kill"}, 409, "fill_or_kill_insufficient_resting_volume"),
        ({"subaccount": 1}, 400, "invalid_parameters"),
        ({"order_group_id": "g"}, 404, "not_found"),
    ],
)
def test_a_refused_order_says_why(changes: dict[str, object], status: int, code: str) -> None:
    answer = Desk(open_hall()).ask("POST", ORDERS, body=form(**changes))

    assert (answer[0], error(answer[1])) == (status, code)


def test_a_number_for_a_count_is_the_flat_refusal() -> None:
    status, body = Desk(open_hall()).ask("POST", ORDERS, body=form(count=1))

    assert status == 400
    assert body["code"] == "bad_request"
    check_rest("ErrorResponse", body)


def test_the_first_generations_order_routes_are_gone() -> None:
    desk = Desk(open_hall())

    for method, path in (("POST", "/portfolio/orders"), ("DELETE", "/portfolio/orders/x")):
        status, body = desk.ask(method, path, body={})
        assert (status, error(body)) == (410, "deprecated_v1_order_endpoint")
        assert body["error"]["message"] == "Please switch to the V2 endpoints"


def test_a_cancel_needs_to_know_the_shard() -> None:
    hall = open_hall(shard=3)
    desk = Desk(hall)
    resting = hall.create("us", quote("bid", 4_000, 300)).order_id

    lost = desk.ask("DELETE", f"{ORDERS}/{resting}")
    status, body = desk.ask("DELETE", f"{ORDERS}/{resting}", {"market_ticker": HOME})

    assert (lost[0], error(lost[1])) == (404, "not_found")
    assert (status, body["reduced_by"]) == (200, "3.00")
    check_rest("CancelOrderV2Response", body)


def test_a_resting_order_shows_its_expiry_and_its_cancel_names_it() -> None:
    desk = Desk(open_hall())
    expires_s = desk.hall.clock.now_us // SECOND + 60
    lasting = form(price="0.4000", time_in_force="good_till_canceled", expiration_time=expires_s)
    order_id = desk.ask("POST", ORDERS, body=lasting)[1]["order_id"]

    shown = desk.get(f"/portfolio/orders/{order_id}")
    _, cancelled = desk.ask("DELETE", f"{ORDERS}/{order_id}", {"market_ticker": HOME})

    assert shown["order"]["expiration_time"] == "2026-09-21T14:14:20.000000Z"
    assert shown["order"]["status"] == "resting"
    check_rest("GetOrderResponse", shown)
    assert cancelled["client_order_id"] == "a"
    assert desk.get(f"/portfolio/orders/{order_id}")["order"]["status"] == "canceled"


def test_a_cancel_may_name_the_shard_itself() -> None:
    hall = open_hall(shard=3)
    resting = hall.create("us", quote("bid", 4_000, 300)).order_id

    assert Desk(hall).ask("DELETE", f"{ORDERS}/{resting}", {"exchange_index": "3"})[0] == 200


def test_cancelled_executed_and_unknown_orders_are_not_found_alike() -> None:
    desk = played()
    orders = desk.get("/portfolio/orders")["orders"]
    executed = next(each for each in orders if each["status"] == "executed")
    bodies = [
        desk.ask("DELETE", f"{ORDERS}/{order_id}", {"market_ticker": HOME})
        for order_id in ("unknown", executed["order_id"])
    ]

    assert bodies[0] == bodies[1]
    assert bodies[0][0] == 404


def test_after_the_close_even_a_cancel_is_refused() -> None:
    desk = played()

    status, body = desk.ask("DELETE", f"{ORDERS}/x", {"market_ticker": AWAY})

    assert (status, error(body)) == (409, "market_closed")


def test_cancel_all_answers_nothing_and_leaves_nothing() -> None:
    desk = played()

    assert desk.ask("DELETE", ORDERS) == (204, {})
    assert desk.get("/portfolio/orders", status="resting")["orders"] == []


PUBLIC: tuple[Row, ...] = (
    ("/exchange/status", {}, "ExchangeStatus"),
    ("/exchange/schedule", {}, "GetExchangeScheduleResponse"),
    ("/exchange/user_data_timestamp", {}, "GetUserDataTimestampResponse"),
    ("/markets", {}, "GetMarketsResponse"),
    ("/markets/trades", {}, "GetTradesResponse"),
    (f"/markets/{HOME}", {}, "GetMarketResponse"),
    (f"/markets/{AWAY}", {}, "GetMarketResponse"),
    (f"/markets/{HOME}/orderbook", {}, "GetMarketOrderbookResponse"),
    ("/markets/orderbooks", {"tickers": HOME}, "GetMarketOrderbooksResponse"),
    ("/events", {"with_nested_markets": "true", "with_milestones": "true"}, "GetEventsResponse"),
    ("/events/fee_changes", {}, "GetEventFeeChangesResponse"),
    (f"/events/{EVENT}", {}, "GetEventResponse"),
    ("/series", {}, "GetSeriesListResponse"),
    ("/series/fee_changes", {}, "GetSeriesFeeChangesResponse"),
    (f"/series/{SERIES}", {}, "GetSeriesResponse"),
    ("/milestones", {"limit": "10"}, "GetMilestonesResponse"),
    (f"/milestones/{MILESTONE}", {}, "GetMilestoneResponse"),
    ("/account/endpoint_costs", {}, "GetAccountEndpointCostsResponse"),
)
PRIVATE: tuple[Row, ...] = (
    ("/portfolio/orders", {}, "GetOrdersResponse"),
    ("/portfolio/balance", {}, "GetBalanceResponse"),
    ("/portfolio/positions", {"settlement_status": "all"}, "GetPositionsResponse"),
    ("/portfolio/fills", {}, "GetFillsResponse"),
    ("/portfolio/settlements", {}, "GetSettlementsResponse"),
    ("/account/limits", {}, "GetAccountApiLimitsResponse"),
)


@pytest.mark.parametrize(
    ("path", "query", "schema"), PUBLIC + PRIVATE, ids=[row[0] for row in PUBLIC + PRIVATE]
)
def test_every_answer_is_what_the_published_document_says(
    path: str, query: dict[str, str], schema: str
) -> None:
    body = played().get(path, **query)

    check_rest(schema, body)
    for name, rows in body.items():
        empty = name in {"series_fee_change_arr", "event_fee_changes", "grants"}
        assert rows or empty or not isinstance(rows, list), f"{name} was not exercised"


@pytest.mark.parametrize("path", [row[0] for row in PUBLIC])
def test_public_routes_ask_for_no_signature(path: str) -> None:
    query = next(row[1] for row in PUBLIC if row[0] == path)

    assert played().ask("GET", path, query, signed=False)[0] == 200


@pytest.mark.parametrize("path", [row[0] for row in PRIVATE])
def test_private_routes_do(path: str) -> None:
    status, body = played().ask("GET", path, signed=False)

    assert (status, error(body)) == (401, "signature_is_missing_from_headers")


def test_the_answers_to_orders_are_what_the_published_document_says() -> None:
    desk = played()
    created = desk.ask("POST", ORDERS, body=form(price="0.5200", client_order_id="n"))[1]
    check_rest("CreateOrderV2Response", created)
    check_rest("CreateOrderV2Request", form())
    one = desk.get(f"/portfolio/orders/{created['order_id']}")
    check_rest("GetOrderResponse", one)
    assert one["order"]["client_order_id"] == "n"


def test_the_published_examples_of_orders_are_ours() -> None:
    examples = {
        each["schema"]: each["example"]
        for each in json.loads(require("openapi_examples.json").read_text())
    }
    request = examples["CreateOrderV2Request"]
    desk = Desk(open_hall())

    assert isinstance(read_order(json.dumps(request).encode()), CreateOrder)
    created = desk.ask("POST", ORDERS, body=request | {"ticker": HOME})[1]
    assert set(examples["CreateOrderV2Response"]) == set(created)
    where = {"market_ticker": HOME}
    cancelled = desk.ask("DELETE", f"{ORDERS}/{created['order_id']}", where)[1]
    assert set(examples["CancelOrderV2Response"]) == set(cancelled)


def test_an_account_reads_its_own_orders_and_nobody_elses() -> None:
    hall = open_hall()
    theirs = hall.create("maker", quote("ask", 5_200, 300)).order_id
    desk = Desk(hall)

    assert desk.ask("GET", f"/portfolio/orders/{theirs}")[0] == 404
    assert desk.get("/portfolio/orders")["orders"] == []


def test_orders_are_filtered_and_come_newest_first() -> None:
    desk = played()

    def ids(**query: str) -> list[str]:
        return [
            each["client_order_id"] for each in desk.get("/portfolio/orders", **query)["orders"]
        ]

    assert ids() == ["rests", "s", f"b{AWAY}", f"b{HOME}"]
    assert ids(status="resting") == ["rests"]
    assert ids(ticker=AWAY) == [f"b{AWAY}"]
    assert ids(event_ticker=f"{EVENT},other", status="executed") == ["s", f"b{AWAY}", f"b{HOME}"]
    assert ids(event_ticker="other") == []
    assert ids(exchange_index="3") == ids(subaccount="5") == []
    assert ids(min_ts=str(desk.hall.clock.now_us // SECOND + 1)) == []
    assert desk.ask("GET", "/portfolio/orders", {"status": "dead"})[0] == 400


def test_pages_of_fills_hold_each_fill_once() -> None:
    desk = played()
    seen, cursor = [], ""
    while True:
        body = desk.get("/portfolio/fills", limit="1", cursor=cursor)
        seen += [fill["trade_id"] for fill in body["fills"]]
        cursor = body["cursor"]
        if not cursor:
            break

    assert len(seen) == len(set(seen)) == 3
    assert desk.get("/portfolio/fills", cursor="rubbish")["fills"][0]["trade_id"] == seen[0]


def test_the_balance_is_exact_by_shard_and_cut_to_cents_as_an_integer() -> None:
    hall = open_hall(cash_micros=98_555_900)
    desk = Desk(hall)
    hall.create("maker", quote("ask", 5_200, 100))
    hall.create("us", order("bid", 5_200, 100))

    body = desk.get("/portfolio/balance")

    assert body["balance_dollars"] == "98.0184"
    assert body["balance"] == 9801
    assert body["balance_breakdown"] == [{"exchange_index": 0, "balance": "98.0184"}]
    assert body["portfolio_value"] == 52


def test_what_resting_orders_may_need_is_not_in_the_balance() -> None:
    hall = open_hall(cash_micros=10_000_000)
    hall.create("us", quote("bid", 4_000, 100))

    assert Desk(hall).get("/portfolio/balance")["balance_dollars"] == "9.6000"


def test_positions_are_signed_and_settled_ones_apart() -> None:
    desk = played()

    [open_one] = desk.get("/portfolio/positions")["market_positions"]
    [settled] = desk.get("/portfolio/positions", settlement_status="settled")["market_positions"]

    assert (open_one["ticker"], open_one["position_fp"]) == (HOME, "-1.00")
    assert open_one["market_exposure_dollars"] == "0.530000"
    assert open_one["realized_pnl_dollars"] == "-0.050000"
    assert (settled["ticker"], settled["position_fp"]) == (AWAY, "0.00")
    assert settled["realized_pnl_dollars"] == "0.480000"
    assert len(desk.get("/portfolio/positions", settlement_status="all")["market_positions"]) == 2
    assert desk.get("/portfolio/positions", ticker="NONE")["market_positions"] == []
    some = desk.get("/portfolio/positions", settlement_status="all", count_filter="position")
    assert len(some["market_positions"]) == 1
    assert desk.ask("GET", "/portfolio/positions", {"settlement_status": "x"})[0] == 400


def test_a_settlement_row_says_what_was_held_and_what_it_brought() -> None:
    [row] = played().get("/portfolio/settlements")["settlements"]

    assert row["ticker"] == AWAY
    assert (row["yes_count_fp"], row["no_count_fp"]) == ("1.00", "0.00")
    assert (row["yes_total_cost_dollars"], row["no_total_cost_dollars"]) == ("0.520000", "0.000000")
    assert (row["market_result"], row["revenue"], row["value"]) == ("yes", 100, 100)
    assert row["fee_cost"] == "0.017500"


def test_a_fill_names_its_fee_to_the_micro_dollar_and_no_client_order_id() -> None:
    fills = played().get("/portfolio/fills", ticker=AWAY)["fills"]

    assert [fill["fee_cost"] for fill in fills] == ["0.017500"]
    assert "client_order_id" not in fills[0]
    assert fills[0]["fill_id"] == fills[0]["trade_id"]


def test_the_read_side_lags_as_far_as_it_was_told() -> None:
    hall = open_hall(read_lag_us=360_000)
    desk = Desk(hall)
    hall.clock.pass_s(1)
    hall.create("maker", quote("ask", 5_200, 100))
    hall.create("us", order("bid", 5_200, 100))

    hall.clock.pass_s(0.3)
    assert desk.get("/portfolio/fills")["fills"] == []
    assert desk.get("/portfolio/balance")["balance_dollars"] == "1000.0000"
    hall.clock.pass_s(0.06)
    assert len(desk.get("/portfolio/fills")["fills"]) == 1
    assert desk.get("/portfolio/balance")["balance_dollars"] == "999.4625"


@pytest.mark.parametrize(
    ("query", "tickers"),
    [
        ({}, [HOME, AWAY]),
        ({"status": "open"}, [HOME]),
        ({"status": "settled"}, [AWAY]),
        ({"tickers": f"{AWAY},NONE"}, [AWAY]),
        ({"event_ticker": EVENT}, [HOME, AWAY]),
        ({"event_ticker": "NONE"}, []),
        ({"series_ticker": SERIES, "limit": "1"}, [HOME]),
        ({"series_ticker": "NONE"}, []),
        ({"min_settled_ts": "1"}, [AWAY]),
        ({"max_settled_ts": "1"}, []),
        ({"min_close_ts": "9999999999"}, []),
    ],
)
def test_markets_are_filtered(query: dict[str, str], tickers: list[str]) -> None:
    body = played().get("/markets", **query)

    assert [market["ticker"] for market in body["markets"]] == tickers


def test_a_filter_that_makes_no_sense_is_refused() -> None:
    desk = played()

    assert error(desk.ask("GET", "/markets", {"status": "active"})[1]) == "invalid_status_filter"
    assert error(desk.ask("GET", "/events", {"status": "paused"})[1]) == "invalid_status_filter"
    assert "msg" in desk.ask("GET", "/markets", {"limit": "1001"})[1]
    assert "msg" in desk.ask("GET", "/events", {"limit": "201"})[1]
    assert "msg" in desk.ask("GET", "/milestones")[1]
    assert "msg" in desk.ask("GET", "/milestones", {"limit": "1", "minimum_start_date": "soon"})[1]
    assert "msg" in desk.ask("GET", f"/markets/{HOME}/orderbook", {"depth": "101"})[1]
    assert "msg" in desk.ask("GET", "/markets/orderbooks")[1]


def test_the_book_is_bids_of_both_legs_the_best_last() -> None:
    desk = Desk(open_hall())
    for side, price_pips in (("bid", 4_700), ("bid", 4_500), ("ask", 5_200), ("ask", 5_500)):
        assert side in ("bid", "ask")
        desk.hall.create("maker", quote("bid" if side == "bid" else "ask", price_pips, 300))

    assert desk.get(f"/markets/{HOME}/orderbook")["orderbook_fp"] == {
        "yes_dollars": [["0.4500", "3.00"], ["0.4700", "3.00"]],
        "no_dollars": [["0.4500", "3.00"], ["0.4800", "3.00"]],
    }
    shallow = desk.get(f"/markets/{HOME}/orderbook", depth="1")["orderbook_fp"]
    assert shallow["no_dollars"] == [["0.4800", "3.00"]]
    books = desk.ask("GET", "/markets/orderbooks", (("tickers", AWAY), ("tickers", HOME)))[1]
    assert [book["ticker"] for book in books["orderbooks"]] == [AWAY, HOME]
    assert books["orderbooks"][0]["orderbook_fp"] == {"yes_dollars": [], "no_dollars": []}


def test_an_empty_side_reads_zero_or_a_dollar() -> None:
    market = Desk(open_hall()).get(f"/markets/{HOME}")["market"]

    assert (market["yes_bid_dollars"], market["yes_ask_dollars"]) == ("0.0000", "1.0000")
    assert (market["no_bid_dollars"], market["no_ask_dollars"]) == ("0.0000", "1.0000")


def test_the_tape_is_public_newest_first_and_filtered() -> None:
    desk = played()

    trades = desk.get("/markets/trades")["trades"]

    assert [trade["ticker"] for trade in trades] == [HOME, AWAY, HOME]
    assert (trades[0]["taker_book_side"], trades[0]["taker_outcome_side"]) == ("ask", "no")
    assert len(desk.get("/markets/trades", ticker=AWAY)["trades"]) == 1
    assert desk.get("/markets/trades", is_block_trade="true")["trades"] == []
    assert desk.get("/markets/trades", max_ts="1")["trades"] == []


def test_events_are_filtered_and_carry_their_markets_when_asked() -> None:
    desk = played()

    assert "markets" not in desk.get("/events")["events"][0]
    nested = desk.get(f"/events/{EVENT}", with_nested_markets="true")
    assert len(nested["event"]["markets"]) == 2
    assert nested["event"]["collateral_return_type"] == "MECNET"
    assert desk.get("/events", series_ticker="NONE")["events"] == []
    assert desk.get("/events", tickers="NONE")["events"] == []
    assert len(desk.get("/events", status="open")["events"]) == 1
    assert desk.get("/events", status="unopened")["events"] == []
    assert desk.get("/events", min_close_ts="9999999999")["events"] == []


def test_an_events_own_fees_and_a_waiver_are_told() -> None:
    hall = open_hall()
    hall.venue.list_event(
        EventTerms(
            event_ticker="E2",
            series_ticker=SERIES,
            title="t",
            sub_title="s",
            fee_type_override="quadratic_with_maker_fees",
            fee_multiplier_override=Fraction(1, 2),
        )
    )
    terms = attrs.evolve(
        market_terms(HOME), ticker=Ticker("E2-X"), event_ticker="E2", fee_waiver_until_us=10**15
    )
    hall.venue.list_market(terms)
    desk = Desk(hall)

    body = desk.get("/events/E2", with_nested_markets="true")

    assert body["event"]["fee_type_override"] == "quadratic_with_maker_fees"
    assert body["event"]["fee_multiplier_override"] == 0.5
    assert (
        body["event"]["markets"][0]["fee_waiver_expiration_time"] == "2001-09-09T01:46:40.000000Z"
    )
    check_rest("GetEventResponse", body)
    assert (
        desk.ask("POST", ORDERS, body=form(client_order_id=None))[1].get("client_order_id") is None
    )


def test_every_answer_carries_the_venues_date() -> None:
    response = Desk(open_hall()).rest.respond(Request("GET", f"{ROOT}/exchange/status"))

    assert response.headers == (("date", "Mon, 21 Sep 2026 14:13:20 GMT"),)


def test_milestones_are_found_by_their_event_and_carry_the_providers_id() -> None:
    desk = played()

    [milestone] = desk.get("/milestones", limit="5", related_event_ticker=EVENT)["milestones"]

    assert milestone["source_ids"] == {"provider": "12345678901"}
    assert desk.get("/milestones", limit="5", source_id="0")["milestones"] == []
    late = "2030-01-01T00:00:00Z"
    assert desk.get("/milestones", limit="5", minimum_start_date=late)["milestones"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/markets/NONE",
        "/markets/NONE/orderbook",
        "/events/NONE",
        "/series/NONE",
        "/milestones/NONE",
    ],
)
def test_what_is_not_listed_is_not_found(path: str) -> None:
    status, body = played().ask("GET", path)

    assert (status, error(body)) == (404, "not_found")


def test_unknown_paths_and_methods_are_refused() -> None:
    desk = played()

    assert desk.ask("GET", "/nothing")[0] == 404
    assert desk.ask("GET", ORDERS)[0] == 405
    assert desk.rest.respond(Request("GET", "/elsewhere")).status == 404


def test_a_pause_is_told_on_every_shard() -> None:
    desk = Desk(open_hall(shard=3))
    desk.hall.venue.pause_exchange(trading_active=False)

    body = desk.get("/exchange/status")

    assert (body["exchange_active"], body["trading_active"]) == (True, False)
    assert [row["exchange_index"] for row in body["exchange_index_statuses"]] == [0, 3]


def test_the_limits_are_those_of_the_tier() -> None:
    desk = Desk(open_hall(), tier="expert")

    body = desk.get("/account/limits")

    assert body["usage_tier"] == "expert"
    assert (body["write"]["refill_rate"], body["write"]["bucket_capacity"]) == TIERS["expert"][2:]


def sums(hall: Hall) -> tuple[str, str, int]:
    desk = Desk(hall)
    return (
        desk.get("/portfolio/balance")["balance_dollars"],
        desk.get("/portfolio/fills")["fills"][-1]["fee_cost"],
        desk.get("/portfolio/settlements")["settlements"][-1]["revenue"],
    )


@pytest.mark.parametrize(
    ("tamper", "index"),
    [
        (Tamper(kind="balance", amount_micros=100), 0),
        (Tamper(kind="fill_fee", amount_micros=1), 1),
        (Tamper(kind="settlement_revenue", amount_micros=10_000), 2),
    ],
    ids=["balance", "fill_fee", "settlement_revenue"],
)
def test_each_kind_of_falsehood_shows_in_its_own_sum_alone(tamper: Tamper, index: int) -> None:
    hall = played().hall
    honest = sums(hall)
    money = hall.money()

    hall.venue.tamper(tamper)

    assert [n for n, (a, b) in enumerate(zip(honest, sums(hall), strict=True)) if a != b] == [index]
    assert hall.money() == money


@pytest.mark.parametrize(
    ("method", "path", "order_entry"),
    [
        ("POST", ORDERS, True),
        ("DELETE", f"{ORDERS}/x", True),
        ("GET", "/portfolio/orders", False),
        ("GET", "/markets", False),
    ],
)
def test_orders_are_told_from_reads(method: str, path: str, order_entry: bool) -> None:  # noqa: FBT001 - a row of a table
    assert is_order(Request(method, ROOT + path)) == order_entry
