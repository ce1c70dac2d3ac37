import pytest

from actors.sim.venue.errors import NotListed
from tests.sim.venue.hall import (
    AWAY,
    EVENT,
    HOME,
    SECOND,
    SERIES,
    START_US,
    TEAM,
    open_hall,
    order,
    quote,
)
from tests.sim.venue.papers import KEY_ID, Desk, ed25519_key, pem, rsa_key

MILESTONE = "6b1f3c58-0000-4000-a000-000000000002"
LIVE = f"/live_data/milestone/{MILESTONE}"
ORDERS = "/portfolio/events/orders"
RANGE = {
    "start_ts": str(START_US // SECOND),
    "end_ts": str(START_US // SECOND + 3600),
    "period_interval": "1",
}


def order_form(**changes: object) -> dict[str, object]:
    return {
        "ticker": HOME,
        "side": "bid",
        "count": "1.00",
        "price": "0.4000",
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
    } | changes


def test_live_data_is_what_was_published_last() -> None:
    desk = Desk(open_hall())
    assert desk.ask("GET", LIVE)[0] == 404
    goal = {"event_type": "score_change", "time": "62'"}
    for score in (0, 1):
        details = {"home_same_game_score": score, "home_significant_events": [goal] * score}
        desk.hall.venue.report_live(MILESTONE, details)

    found = desk.get(LIVE)["live_data"]
    assert (found["milestone_id"], found["details"]["home_same_game_score"]) == (MILESTONE, 1)
    kind = found["type"]
    assert desk.get(f"/live_data/{kind}/milestone/{MILESTONE}")["live_data"] == found
    assert desk.ask("GET", f"/live_data/tennis/milestone/{MILESTONE}")[0] == 404
    of_event = desk.get(f"/live_data/events/{EVENT}")["live_data"]
    assert of_event == {"type": kind, "details": found["details"]}
    assert desk.get(f"{LIVE}/game_stats")["pbp"]["periods"] == [{"events": [goal]}]
    assert desk.get("/live_data/batch", milestone_ids=MILESTONE)["live_datas"] == [found]
    assert desk.get("/live_data/batch", milestone_ids=f"{MILESTONE},x")["live_datas"] == []
    with pytest.raises(NotListed):
        desk.hall.venue.report_live("none", {})


def test_what_is_around_the_markets_can_be_read_without_a_key() -> None:
    desk = Desk(open_hall())

    for path in (
        f"/events/{EVENT}/metadata",
        "/events/multivariate",
        "/search/tags_by_categories",
        "/search/filters_by_sport",
        "/incentive_programs",
        "/historical/cutoff",
    ):
        assert desk.ask("GET", path, signed=False)[0] == 200
    assert desk.ask("GET", "/events/NONE/metadata")[0] == 404
    assert desk.get("/search/tags_by_categories")["tags_by_categories"] == {"Sports": ["Soccer"]}


def test_what_ended_before_the_cutoff_is_in_the_archive_and_nowhere_else() -> None:
    hall = open_hall()
    desk = Desk(hall)
    hall.create("maker", quote("ask", 5_200, 900, AWAY))
    hall.create("us", order("bid", 5_200, 100, ticker=AWAY))
    rests = hall.create("us", quote("bid", 4_000, 100)).order_id
    hall.settle(AWAY, "yes")
    hall.clock.pass_s(100)
    live = {
        "fills": desk.get("/portfolio/fills")["fills"],
        "orders": desk.get("/portfolio/orders", status="executed")["orders"],
        "trades": desk.get("/markets/trades")["trades"],
    }

    hall.venue.archive(hall.clock.now_us)

    assert desk.get("/portfolio/fills")["fills"] == desk.get("/markets/trades")["trades"] == []
    assert desk.get("/portfolio/settlements")["settlements"] == []
    assert [row["order_id"] for row in desk.get("/portfolio/orders")["orders"]] == [rests]
    assert desk.ask("GET", f"/portfolio/orders/{live['orders'][0]['order_id']}")[0] == 404
    assert desk.get("/historical/fills")["fills"] == live["fills"]
    assert desk.get("/historical/orders")["orders"] == live["orders"]
    assert desk.get("/historical/trades")["trades"] == live["trades"]
    [held] = desk.get("/historical/positions")["market_positions"]
    assert held["ticker"] == AWAY
    assert [row["ticker"] for row in desk.get("/markets")["markets"]] == [HOME]
    assert desk.ask("GET", f"/markets/{AWAY}")[0] == 404
    assert [row["ticker"] for row in desk.get("/historical/markets")["markets"]] == [AWAY]
    assert desk.get(f"/historical/markets/{AWAY}")["market"]["result"] == "yes"
    assert desk.ask("GET", f"/historical/markets/{HOME}")[0] == 404
    past = desk.get(f"/historical/markets/{AWAY}/candlesticks", **RANGE)["candlesticks"]
    assert past[0]["price"]["open"] == "0.5200"


def test_keys_are_listed_with_what_they_may_do_and_where_they_are_attested() -> None:
    desk = Desk(open_hall())
    desk.keys.add("narrow", "us", pem(ed25519_key()), scopes=("read",), subaccount=1, name="desk")
    desk.keys.add("theirs", "maker", pem(ed25519_key()))
    desk.hall.venue.floor.attested_until_us["us"] = START_US + 60 * SECOND

    body = desk.get("/api_keys")

    assert [row["api_key_id"] for row in body["api_keys"]] == [KEY_ID, "narrow"]
    assert body["api_keys"][1] == {
        "api_key_id": "narrow",
        "name": "desk",
        "scopes": ["read"],
        "subaccount": 1,
    }
    assert body["api_key_region_expiration_ts"] == START_US // SECOND + 60


def test_without_an_attested_location_sports_cannot_be_traded() -> None:
    desk = Desk(open_hall())
    desk.hall.venue.floor.attested_until_us["us"] = START_US + SECOND
    assert desk.ask("POST", ORDERS, body=order_form())[0] == 201

    desk.hall.clock.pass_s(1)

    assert desk.ask("POST", ORDERS, body=order_form())[0] == 403
    assert desk.ask("DELETE", ORDERS)[0] == 204
    assert desk.hall.venue.open_orders("us", HOME) == ()


@pytest.mark.parametrize(
    ("scopes", "reads", "trades", "moves", "balance"),
    [
        (("read",), 200, 403, 403, 200),
        (("write",), 403, 201, 400, 403),
        (("write::trade",), 403, 201, 403, 403),
        (("write::transfer",), 403, 403, 400, 403),
        (("read::portfolio_balance",), 403, 403, 403, 200),
    ],
)
def test_a_key_does_what_it_was_granted_and_nothing_else(
    scopes: tuple[str, ...], reads: int, trades: int, moves: int, balance: int
) -> None:
    desk = Desk(open_hall(), key_id="narrow", scopes=scopes)

    assert desk.ask("GET", "/portfolio/orders")[0] == reads
    assert desk.ask("GET", "/portfolio/balance")[0] == balance
    assert desk.ask("POST", ORDERS, body=order_form())[0] == trades
    assert desk.ask("POST", "/portfolio/intra_exchange_instance_transfer", body={})[0] == moves
    assert desk.ask("GET", "/markets")[0] == 200


def test_a_key_locked_to_a_subaccount_trades_there_and_nowhere_else() -> None:
    hall = open_hall()
    assert hall.venue.treasury.divide("us") == 1
    hall.venue.treasury.move_between(
        "us", source=0, target=1, shard=0, micros=5_000_000, client_id=""
    )
    desk = Desk(hall, key_id="locked", subaccount=1)

    balance = desk.get("/portfolio/balance")
    assert balance["balance"] == 500
    assert "balance_breakdown" not in balance
    [row] = desk.get("/portfolio/subaccounts/balances")["subaccount_balances"]
    assert row["subaccount_number"] == 1
    assert desk.ask("POST", "/portfolio/subaccounts", body={})[0] == 403
    status, body = desk.ask("POST", ORDERS, body=order_form())
    assert status == 201
    assert desk.ask("POST", ORDERS, body=order_form(subaccount=0))[0] == 403
    assert desk.ask("POST", f"{ORDERS}/batched", body={"orders": [order_form(subaccount=2)]})[
        0
    ] == (403)
    assert desk.ask("GET", "/portfolio/orders", {"subaccount": "0"})[0] == 403
    assert desk.get(f"/portfolio/orders/{body['order_id']}")["order"]["subaccount_number"] == 1
    assert desk.ask("DELETE", f"{ORDERS}/{body['order_id']}")[0] == 200
    assert desk.ask("POST", ORDERS, body=b"[")[0] == 400
    assert desk.get(f"/series/{SERIES}")["series"]["ticker"] == SERIES


def test_a_member_of_a_high_tier_brings_its_own_keys_and_takes_them_away() -> None:
    desk = Desk(open_hall(), tier="premier")
    body = {"name": "mine", "public_key": pem(rsa_key()).decode(), "scopes": ["read"]}

    status, made = desk.ask("POST", "/api_keys", body=body)

    assert status == 201
    assert len(desk.get("/api_keys")["api_keys"]) == 2
    assert desk.ask("DELETE", f"/api_keys/{made['api_key_id']}")[0] == 204
    assert desk.ask("DELETE", f"/api_keys/{made['api_key_id']}")[0] == 404
    for wrong in (
        {"public_key": "x"},
        {"scopes": ["write"]},
        {"scopes": ["all"]},
        {"subaccount": 9},
    ):
        assert desk.ask("POST", "/api_keys", body=body | wrong)[0] == 400
    assert Desk(open_hall()).ask("POST", "/api_keys", body=body)[0] == 403


@pytest.mark.parametrize(
    ("kind", "begins"), [("rsa", "-----BEGIN RSA PRIVATE"), ("ed25519", "-----BEGIN PRIVATE")]
)
def test_the_venue_makes_a_pair_of_keys_and_shows_the_private_one_once(
    kind: str, begins: str
) -> None:
    desk = Desk(open_hall())
    body = {"name": "made", "key_type": kind}

    status, made = desk.ask("POST", "/api_keys/generate", body=body)

    assert (status, made["key_type"]) == (201, kind)
    assert made["private_key"].startswith(begins)
    listed = [row["api_key_id"] for row in desk.get("/api_keys")["api_keys"]]
    assert made["api_key_id"] in listed
    for wrong in ({"key_type": "dsa"}, {"scopes": ["all"]}, {"subaccount": 9}, {"name": 1}):
        assert desk.ask("POST", "/api_keys/generate", body=body | wrong)[0] == 400
    assert desk.ask("POST", "/api_keys/generate", body=body, signed=False)[0] == 401


def test_the_volume_of_thirty_days_is_what_was_filled() -> None:
    desk = Desk(open_hall())
    path = "/account/api_usage_level/volume_progress"
    [row] = desk.get(path)["volume_progress"]
    assert row["trailing_30d_volume_fp"] == "0.00"
    assert row["goals"][0]["level"] == "expert"
    assert desk.ask("GET", path, signed=False)[0] == 401


def test_a_member_that_has_placed_an_order_leaves_the_lowest_level() -> None:
    desk = Desk(open_hall())
    path = "/account/api_usage_level/upgrade"
    assert desk.ask("POST", path)[0] == 403
    desk.ask("POST", ORDERS, body=order_form())

    assert desk.ask("POST", path)[0] == 201
    assert desk.get("/account/limits")["usage_tier"] == "advanced"
    assert desk.ask("POST", "/portfolio/subaccounts")[0] == 201


def test_what_a_markets_strike_names_can_be_looked_up() -> None:
    desk = Desk(open_hall())
    [row] = desk.get("/structured_targets")["structured_targets"]

    assert (row["id"], row["type"]) == (TEAM, "soccer_team")
    assert desk.get(f"/structured_targets/{TEAM}")["structured_target"] == row
    assert desk.ask("GET", "/structured_targets/none")[0] == 404


def test_the_status_says_when_a_pause_is_expected_to_end() -> None:
    desk = Desk(open_hall())
    desk.hall.venue.pause_exchange(trading_active=False, resumes_us=START_US)

    assert desk.get("/exchange/status")["exchange_estimated_resume_time"].startswith("2026-09-21T")
    desk.hall.venue.pause_exchange()
    assert "exchange_estimated_resume_time" not in desk.get("/exchange/status")
