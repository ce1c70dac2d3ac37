from typing import Any

import pytest

from actors.sim.venue.errors import BadTerms
from actors.sim.venue.listing import EventTerms
from tests.sim.venue.hall import HOME, RICH_MICROS, SERIES, Hall, open_hall, order, quote
from tests.sim.venue.papers import Desk

ORDERS = "/portfolio/events/orders"
ACROSS = "/portfolio/intra_exchange_instance_transfer"
BETWEEN = "/portfolio/subaccounts/transfer"
ID = "8c35ecb3-328f-4f52-8c7c-0f4b9862f8d1"
OTHER = "2a0e3fc9-b593-4aa3-96e5-82f7f7566c2a"


def desk_of(cash_micros: int = RICH_MICROS) -> Desk:
    """A desk on the advanced tier, at a venue of shards 0 and 3."""
    hall = open_hall(cash_micros=cash_micros)
    hall.venue.list_event(
        EventTerms(
            event_ticker="KXWCGAME-OTHER",
            series_ticker=SERIES,
            title="On the other shard",
            sub_title="",
            exchange_index=3,
        )
    )
    return Desk(hall, tier="advanced")


def divide(desk: Desk) -> int:
    status, body = desk.ask("POST", "/portfolio/subaccounts", body={})
    assert status == 201
    return int(body["subaccount_number"])


def between(desk: Desk, cents: int, **changes: object) -> tuple[int, dict[str, Any]]:
    body = {
        "client_transfer_id": ID,
        "from_subaccount": 0,
        "to_subaccount": 1,
        "amount_cents": cents,
    }
    return desk.ask("POST", BETWEEN, body=body | changes)


def across(desk: Desk, **changes: object) -> tuple[int, dict[str, Any]]:
    body = {
        "source": "event_contract",
        "destination": "event_contract",
        "amount": 10_000,
        "destination_exchange_shard": 3,
    }
    return desk.ask("POST", ACROSS, body=body | changes)


def form(**changes: object) -> dict[str, object]:
    return {
        "ticker": HOME,
        "side": "bid",
        "count": "1.00",
        "price": "0.5200",
        "time_in_force": "immediate_or_cancel",
        "self_trade_prevention_type": "taker_at_cross",
    } | changes


def cash(hall: Hall, subaccount: int, shard: int) -> int:
    return hall.venue.floor.account("us").part(subaccount).cash(shard)


def balances(desk: Desk) -> dict[tuple[int, int], str]:
    rows = desk.get("/portfolio/subaccounts/balances")["subaccount_balances"]
    return {(row["subaccount_number"], row["exchange_index"]): row["balance"] for row in rows}


def test_subaccounts_are_numbered_from_one_and_end_at_sixty_three() -> None:
    desk = desk_of()

    assert [divide(desk) for _ in range(63)] == list(range(1, 64))
    assert desk.ask("POST", "/portfolio/subaccounts")[0] == 400
    assert Desk(open_hall()).ask("POST", "/portfolio/subaccounts")[0] == 400


def test_money_moves_between_subaccounts_once_for_each_client_id() -> None:
    desk = desk_of(cash_micros=10_000_000)
    divide(desk)

    for _ in range(2):
        assert between(desk, 300) == (200, {})

    assert balances(desk) == {(0, 0): "7.0000", (1, 0): "3.0000"}
    [row] = desk.get("/portfolio/subaccounts/transfers")["transfers"]
    assert (row["from_subaccount"], row["to_subaccount"], row["amount_cents"]) == (0, 1, 300)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_cents": 999_999},
        {"amount_cents": 0},
        {"amount_cents": -5},
        {"to_subaccount": 2},
        {"to_subaccount": 0},
        {"exchange_index": 9},
        {"client_transfer_id": "mine"},
        {"amount_cents": "1"},
    ],
)
def test_a_transfer_that_cannot_be_moves_nothing(changes: dict[str, object]) -> None:
    desk = desk_of(cash_micros=10_000_000)
    divide(desk)

    assert between(desk, 100, **changes)[0] == 400
    assert desk.get("/portfolio/subaccounts/transfers")["transfers"] == []


def test_each_subaccount_has_its_own_cash_positions_and_orders() -> None:
    desk = desk_of(cash_micros=10_000_000)
    divide(desk)
    desk.hall.create("maker", quote("ask", 5_200, 900))
    assert desk.ask("POST", ORDERS, body=form(subaccount=1))[1]["error"]["code"] == (
        "insufficient_balance"
    )
    between(desk, 300)

    assert desk.ask("POST", ORDERS, body=form(subaccount=1))[1]["fill_count"] == "1.00"
    rests = form(subaccount=1, price="0.4000", time_in_force="good_till_canceled")
    mine = desk.ask("POST", ORDERS, body=rests)[1]["order_id"]

    assert desk.get("/portfolio/positions")["market_positions"] == []
    [held] = desk.get("/portfolio/positions", subaccount="1")["market_positions"]
    assert held["position_fp"] == "1.00"
    assert desk.get("/portfolio/balance")["balance"] == 700
    assert desk.get("/portfolio/balance", subaccount="1")["balance_dollars"] == "2.0625"
    [fill] = desk.get("/portfolio/fills")["fills"]
    assert fill["subaccount_number"] == 1
    assert desk.get("/portfolio/fills", subaccount="0")["fills"] == []
    assert desk.ask("DELETE", f"{ORDERS}/{mine}")[0] == 404
    assert desk.ask("DELETE", f"{ORDERS}/{mine}", {"subaccount": "1"})[0] == 200


def test_a_member_never_trades_with_itself_whatever_the_subaccount() -> None:
    desk = desk_of()
    divide(desk)
    between(desk, 300)
    desk.hall.create("us", quote("ask", 5_200, 100))

    status, body = desk.ask("POST", ORDERS, body=form(subaccount=1))

    assert (status, body["fill_count"]) == (201, "0.00")


def test_settlement_pays_each_subaccount() -> None:
    desk = desk_of(cash_micros=10_000_000)
    divide(desk)
    between(desk, 300)
    money = desk.hall.money()
    desk.hall.create("maker", quote("ask", 5_200, 900))
    desk.ask("POST", ORDERS, body=form(subaccount=1))

    desk.hall.settle(HOME, "yes")

    assert desk.get("/portfolio/balance", subaccount="1")["balance_dollars"] == "3.4625"
    [row] = desk.get("/portfolio/settlements", subaccount="1")["settlements"]
    assert (row["revenue"], row["yes_count_fp"]) == (100, "1.00")
    assert desk.hall.money() == money


def test_a_transfer_between_shards_arrives_later() -> None:
    desk = desk_of(cash_micros=10_000_000)
    status, body = across(desk, client_transfer_id=ID)
    assert status == 200
    path = f"/portfolio/intra_exchange_instance_transfers/{body['transfer_id']}"
    assert desk.get(path)["transfer"]["status"] == "pending"
    assert cash(desk.hall, 0, 3) == 0

    desk.hall.clock.pass_s(1)

    row = desk.get(path)["transfer"]
    assert (row["status"], row["amount"], row["client_transfer_id"]) == ("complete", "1.0000", ID)
    assert (cash(desk.hall, 0, 0), cash(desk.hall, 0, 3)) == (9_000_000, 1_000_000)
    assert desk.get("/portfolio/intra_exchange_instance_transfers")["transfers"] == [row]
    assert across(desk, client_transfer_id=ID)[0] == 409


def test_a_step_that_finds_too_little_leaves_the_money_where_it_is() -> None:
    desk = desk_of(cash_micros=1_000_000)
    divide(desk)
    divide(desk)
    between(desk, 100)
    path = "/portfolio/intra_exchange_instance_transfers"
    across(desk, source_subaccount=1, destination_subaccount=2)
    desk.hall.clock.pass_s(0.3)
    desk.hall.venue.advance()
    assert cash(desk.hall, 0, 0) == 1_000_000
    desk.hall.create("maker", quote("ask", 5_200, 100))
    desk.hall.create("us", order("bid", 5_200, 100))
    desk.hall.clock.pass_s(5)

    assert desk.get(path)["transfers"][0]["status"] == "pending"
    assert (cash(desk.hall, 1, 0), cash(desk.hall, 0, 3), cash(desk.hall, 2, 3)) == (0, 0, 0)


def test_a_transfer_between_subaccounts_of_two_shards_takes_three_steps() -> None:
    desk = desk_of()
    divide(desk)
    divide(desk)
    between(desk, 100)
    across(desk, source_subaccount=1, destination_subaccount=2)
    seen = []
    for _ in range(4):
        places = [(1, 0), (0, 3), (2, 3)]
        seen.append([cash(desk.hall, *place) for place in places])
        desk.hall.clock.pass_s(0.25)
        desk.hall.venue.advance()

    assert seen == [[1_000_000, 0, 0], [0, 0, 0], [0, 1_000_000, 0], [0, 0, 1_000_000]]


@pytest.mark.parametrize(
    "changes",
    [
        {"destination": "margined"},
        {"destination": "elsewhere"},
        {"amount": 0},
        {"amount": 10**15},
        {"destination_exchange_shard": 9},
        {"destination_exchange_shard": 0},
        {"client_transfer_id": "mine"},
        {"client_transfer_id": OTHER, "source_subaccount": 1},
    ],
)
def test_a_transfer_between_shards_that_cannot_be_is_refused(changes: dict[str, object]) -> None:
    desk = desk_of()
    divide(desk)

    assert across(desk, **changes)[0] == 400


def test_a_transfer_on_one_shard_is_a_subaccount_transfer() -> None:
    desk = desk_of()
    divide(desk)
    status, body = across(desk, destination_exchange_shard=0, destination_subaccount=1)

    assert status == 200
    [row] = desk.get("/portfolio/subaccounts/transfers")["transfers"]
    assert row["transfer_id"] == body["transfer_id"]


def test_free_cash_is_spread_every_ten_seconds_and_resting_orders_keep_theirs() -> None:
    desk = desk_of(cash_micros=10_000_000)
    desk.hall.create("us", quote("bid", 5_000, 400))
    path = "/portfolio/target_balance_allocation"
    assert desk.get(path) == {"allocations": [], "resting_margin_reservation": "sum"}
    shares = [{"exchange_index": 0, "percent": 25}, {"exchange_index": 3, "percent": 75}]
    assert desk.ask("POST", path, body={"allocations": shares})[0] == 200
    free = desk.hall.venue.floor.account("us").available(0)

    desk.hall.clock.pass_s(10)
    desk.hall.venue.advance()

    assert cash(desk.hall, 0, 3) == free * 3 // 4 // 100 * 100
    assert len(desk.hall.venue.open_orders("us", HOME)) == 1
    assert desk.ask("POST", path, body={"allocations": []})[0] == 200
    assert desk.get(path)["allocations"] == []


def test_without_a_reservation_resting_orders_lose_their_cover_and_go() -> None:
    desk = desk_of(cash_micros=10_000_000)
    desk.hall.create("us", quote("bid", 5_000, 400))
    shares = [{"exchange_index": 3, "percent": 100}]
    body = {"allocations": shares, "resting_margin_reservation": "none"}
    desk.ask("POST", "/portfolio/target_balance_allocation", body=body)

    desk.hall.clock.pass_s(10)
    desk.hall.venue.advance()

    assert (cash(desk.hall, 0, 0), cash(desk.hall, 0, 3)) == (0, 10_000_000)
    assert desk.hall.venue.open_orders("us", HOME) == ()


@pytest.mark.parametrize(
    "shares",
    [[(0, 50)], [(0, 50), (0, 50)], [(9, 100)], [(0, 150), (3, -50)]],
)
def test_an_allocation_must_add_up(shares: list[tuple[int, int]]) -> None:
    rows = [{"exchange_index": shard, "percent": percent} for shard, percent in shares]

    status, _ = desk_of().ask(
        "POST", "/portfolio/target_balance_allocation", body={"allocations": rows}
    )

    assert status == 400


def test_the_bank_is_listed() -> None:
    desk = desk_of(cash_micros=10_000_000)
    desk.hall.venue.treasury.fund("us", 0, -2_500_000)
    with pytest.raises(BadTerms):
        desk.hall.venue.treasury.fund("us", 0, -20_000_000)

    assert [row["amount_cents"] for row in desk.get("/portfolio/deposits")["deposits"]] == [1000]
    assert [row["amount_cents"] for row in desk.get("/portfolio/withdrawals")["withdrawals"]] == [
        250
    ]
    assert desk.get("/portfolio/balance")["balance"] == 750


def test_resting_orders_are_valued_at_their_limits() -> None:
    desk = desk_of()
    desk.hall.create("us", quote("bid", 5_000, 400))

    body = desk.get("/portfolio/summary/total_resting_order_value")

    assert body["total_resting_order_value"] == 200


def test_netting_is_switched_for_each_subaccount() -> None:
    desk = desk_of()
    divide(desk)
    body = {"subaccount_number": 1, "enabled": True}
    assert desk.ask("PUT", "/portfolio/subaccounts/netting", body=body)[0] == 200

    rows = desk.get("/portfolio/subaccounts/netting")["netting_configs"]

    assert {(row["subaccount_number"], row["enabled"]) for row in rows} == {(0, False), (1, True)}
    body["subaccount_number"] = 7
    assert desk.ask("PUT", "/portfolio/subaccounts/netting", body=body)[0] == 400
