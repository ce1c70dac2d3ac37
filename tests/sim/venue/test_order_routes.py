from typing import Any

import pytest
from hypothesis import given, strategies as st

from actors.sim.venue.events import BookChanged, VenueEvent
from actors.sim.venue.listing import DECI_CENT
from tests.sim.venue.hall import AWAY, HOME, SECOND, open_hall, order, quote
from tests.sim.venue.papers import Desk

ORDERS = "/portfolio/events/orders"


def form(**changes: object) -> dict[str, object]:
    return {
        "ticker": HOME,
        "side": "bid",
        "count": "1.00",
        "price": "0.4000",
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
    } | changes


def code(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]


def rest(desk: Desk, **changes: object) -> str:
    status, body = desk.ask("POST", ORDERS, body=form(**changes))
    assert status == 201
    return str(body["order_id"])


def amend(desk: Desk, order_id: str, **changes: object) -> tuple[int, dict[str, Any]]:
    body = {"ticker": HOME, "side": "bid", "price": "0.4000", "count": "3.00"} | changes
    return desk.ask("POST", f"{ORDERS}/{order_id}/amend", body=body)


def ahead(desk: Desk, order_id: str) -> str:
    return str(desk.get(f"/portfolio/orders/{order_id}/queue_position")["queue_position_fp"])


def test_a_smaller_size_keeps_its_place_and_a_larger_one_loses_it() -> None:
    desk = Desk(open_hall())
    mine = rest(desk, count="3.00")
    desk.hall.create("maker", quote("bid", 4_000, 500))

    status, body = amend(desk, mine, count="2.00")
    assert (status, body["remaining_count"], body["fill_count"]) == (200, "2.00", "0.00")
    assert ahead(desk, mine) == "0.00"

    assert amend(desk, mine, count="2.50")[1]["remaining_count"] == "2.50"
    assert ahead(desk, mine) == "5.00"
    [row] = desk.get("/portfolio/orders/queue_positions")["queue_positions"]
    assert row == {"order_id": mine, "market_ticker": HOME, "queue_position_fp": "5.00"}


def test_another_price_goes_to_the_back_of_its_queue() -> None:
    desk = Desk(open_hall())
    mine = rest(desk, count="3.00")
    desk.hall.create("maker", quote("bid", 4_100, 500))

    status, body = amend(desk, mine, price="0.4100")

    assert status == 200
    assert "remaining_count" not in body
    assert ahead(desk, mine) == "5.00"
    assert desk.get(f"/portfolio/orders/{mine}")["order"]["yes_price_dollars"] == "0.4100"


def test_another_expiry_alone_keeps_the_place_and_counts_from_then_on() -> None:
    desk = Desk(open_hall())
    now_s = desk.hall.clock.now_us // SECOND
    mine = rest(desk, count="3.00", expiration_time=now_s + 10)
    desk.hall.create("maker", quote("bid", 4_000, 500))

    assert amend(desk, mine, expiration_time=now_s + 60)[0] == 200
    assert ahead(desk, mine) == "0.00"
    desk.hall.clock.pass_s(30)
    desk.hall.venue.advance()
    assert desk.hall.venue.open_orders("us", HOME) == (mine,)
    desk.hall.clock.pass_s(31)
    desk.hall.venue.advance()
    assert desk.hall.venue.open_orders("us", HOME) == ()


def test_an_expiry_can_be_removed() -> None:
    desk = Desk(open_hall())
    now_s = desk.hall.clock.now_us // SECOND
    mine = rest(desk, count="3.00", expiration_time=now_s + 10)

    assert amend(desk, mine, expiration_time=0)[0] == 200
    desk.hall.clock.pass_s(60)
    desk.hall.venue.advance()
    assert desk.hall.venue.open_orders("us", HOME) == (mine,)


def test_an_amendment_that_crosses_trades_at_the_makers_price() -> None:
    desk = Desk(open_hall())
    mine = rest(desk, count="3.00")
    desk.hall.create("maker", quote("ask", 5_200, 100))

    status, body = amend(desk, mine, price="0.6000")

    assert (status, body["fill_count"], body["remaining_count"]) == (200, "1.00", "2.00")
    assert (body["average_fill_price"], body["average_fee_paid"]) == ("0.5200", "0.0175")


def test_the_count_of_an_amendment_includes_what_has_filled() -> None:
    desk = Desk(open_hall())
    mine = rest(desk, count="3.00")
    desk.hall.create("maker", order("ask", 4_000, 100))

    assert code(amend(desk, mine, count="1.00")) == (400, "invalid_order_size")
    status, body = amend(desk, mine, count="2.00")

    assert (status, body["remaining_count"]) == (200, "1.00")
    row = desk.get(f"/portfolio/orders/{mine}")["order"]
    assert (row["fill_count_fp"], row["initial_count_fp"]) == ("1.00", "3.00")


@pytest.mark.parametrize(
    ("changes", "status", "expected"),
    [
        ({"ticker": AWAY}, 400, "order_ticker_mismatch"),
        ({"side": "ask"}, 400, "order_side_mismatch"),
        ({"client_order_id": "other"}, 400, "order_id_and_client_order_id_mismatch"),
        ({"updated_client_order_id": "spent"}, 409, "order_already_exists"),
        ({"updated_client_order_id": "a.b"}, 400, "invalid_parameters"),
        ({"price": "0.4050"}, 400, "invalid_price"),
        ({"price": "0.4"}, 400, "invalid_price"),
        ({"count": "9999999.00"}, 400, "insufficient_balance"),
        ({"expiration_time": 1}, 400, "invalid_parameters"),
        ({"exchange_index": 2}, 404, "not_found"),
    ],
)
def test_an_amendment_that_cannot_be_changes_nothing(
    changes: dict[str, object], status: int, expected: str
) -> None:
    desk = Desk(open_hall())
    desk.hall.create("us", order("bid", 100, 100, client_order_id="spent"))
    mine = rest(desk, count="3.00", client_order_id="mine")
    before = desk.get(f"/portfolio/orders/{mine}"), desk.get("/portfolio/balance")

    assert code(amend(desk, mine, **changes)) == (status, expected)
    assert (desk.get(f"/portfolio/orders/{mine}"), desk.get("/portfolio/balance")) == before


def test_a_post_only_order_cannot_be_amended_across() -> None:
    desk = Desk(open_hall())
    mine = rest(desk, count="3.00", post_only=True)
    desk.hall.create("maker", quote("ask", 5_200, 100))

    answer = amend(desk, mine, price="0.5200")

    assert code(answer) == (400, "invalid_order")
    assert desk.hall.venue.open_orders("us", HOME) == (mine,)


def test_an_order_can_be_renamed_once_for_each_name() -> None:
    desk = Desk(open_hall())
    mine = rest(desk, count="3.00", client_order_id="one")

    assert amend(desk, mine, updated_client_order_id="two")[1]["client_order_id"] == "two"
    assert code(amend(desk, mine, updated_client_order_id="one")) == (409, "order_already_exists")


def test_while_trading_is_paused_an_order_may_be_cancelled_and_not_amended() -> None:
    desk = Desk(open_hall())
    mine = rest(desk, count="3.00")
    desk.hall.venue.pause_exchange(trading_active=False)

    assert code(amend(desk, mine, count="2.00")) == (409, "trading_is_paused")
    assert desk.ask("DELETE", f"{ORDERS}/{mine}")[0] == 200


@pytest.mark.parametrize(
    ("body", "left"),
    [({"reduce_by": "1.00"}, "2.00"), ({"reduce_to": "1"}, "1.00"), ({"reduce_by": "9"}, "0.00")],
)
def test_a_decrease_takes_away_or_leaves(body: dict[str, str], left: str) -> None:
    desk = Desk(open_hall())
    mine = rest(desk, count="3.00")
    desk.hall.create("maker", quote("bid", 4_000, 500))

    status, answer = desk.ask("POST", f"{ORDERS}/{mine}/decrease", body=body)

    assert (status, answer["remaining_count"]) == (200, left)
    row = desk.get(f"/portfolio/orders/{mine}")["order"]
    assert row["remaining_count_fp"] == left
    assert row["status"] == ("resting" if left != "0.00" else "canceled")
    if left != "0.00":
        assert ahead(desk, mine) == "0.00"


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({}, 400, "invalid_parameters"),
        ({"reduce_by": "1.00", "reduce_to": "1.00"}, 400, "invalid_parameters"),
        ({"reduce_to": "3.00"}, 400, "invalid_order_size"),
        ({"reduce_by": "x"}, 400, "invalid_order_size"),
        ({"reduce_by": "1.00", "exchange_index": 1}, 404, "not_found"),
    ],
)
def test_a_decrease_that_cannot_be_is_refused(
    body: dict[str, object], status: int, expected: str
) -> None:
    desk = Desk(open_hall())
    mine = rest(desk, count="3.00")

    answer = desk.ask("POST", f"{ORDERS}/{mine}/decrease", body=body)

    assert code(answer) == (status, expected)


def test_each_row_of_a_batch_is_answered_for_itself() -> None:
    desk = Desk(open_hall())
    rows = [
        form(client_order_id="a"),
        form(client_order_id="a"),
        form(count=1),
        form(price="0.4050", client_order_id="b"),
    ]

    status, body = desk.ask("POST", f"{ORDERS}/batched", body={"orders": rows})

    assert status == 201
    first, again, number, off = body["orders"]
    assert first["remaining_count"] == "1.00"
    assert (again["error"]["code"], again["client_order_id"]) == ("order_already_exists", "a")
    assert number["error"]["code"] == "bad_request"
    assert off["error"]["code"] == "invalid_price"


def test_a_batch_of_cancels_names_what_was_not_there() -> None:
    desk = Desk(open_hall(shard=3))
    mine, lost = rest(desk, count="2.00"), rest(desk, count="3.00")
    rows = [
        {"order_id": mine, "market_ticker": HOME},
        {"order_id": lost},
        {"order_id": "none", "exchange_index": 3},
        {"market_ticker": HOME},
    ]

    status, body = desk.ask("DELETE", f"{ORDERS}/batched", body={"orders": rows})

    assert status == 200
    gone, elsewhere, unknown, nameless = body["orders"]
    assert (gone["order_id"], gone["reduced_by"]) == (mine, "2.00")
    assert elsewhere["error"]["code"] == unknown["error"]["code"] == "not_found"
    assert elsewhere["reduced_by"] == "0.00"
    assert nameless["error"]["code"] == "invalid_parameters"


@pytest.mark.parametrize("body", [{}, {"orders": []}, {"orders": "x"}, b"["])
def test_a_batch_without_rows_is_refused(body: object) -> None:
    desk = Desk(open_hall())

    assert desk.ask("POST", f"{ORDERS}/batched", body=body)[0] == 400


def test_a_cancel_all_may_take_what_comes_within_a_minute() -> None:
    desk = Desk(open_hall())
    rest(desk)
    assert desk.ask("DELETE", ORDERS)[0] == 204
    late = [rest(desk) for _ in range(20)]

    desk.hall.clock.pass_s(61)
    desk.hall.venue.advance()

    left = desk.hall.venue.open_orders("us", HOME)
    assert 0 < len(left) < len(late)
    stays = rest(desk)
    desk.hall.clock.pass_s(61)
    desk.hall.venue.advance()
    assert stays in desk.hall.venue.open_orders("us", HOME)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["amend", "decrease", "sell", "buy"]),
            st.integers(min_value=1, max_value=99),
            st.integers(min_value=1, max_value=400),
        ),
        max_size=12,
    )
)
def test_whatever_is_amended_money_and_book_stay_whole(
    acts: list[tuple[str, int, int]],
) -> None:
    hall = open_hall(cash_micros=3_000_000, ranges=DECI_CENT, fee_type="quadratic_with_maker_fees")
    desk, money = Desk(hall), hall.money()
    book: dict[tuple[str, int], int] = {}

    def follow(event: VenueEvent) -> None:
        if isinstance(event, BookChanged):
            key = (event.side, event.price_pips)
            book[key] = book.get(key, 0) + event.change_centi

    hall.venue.listen(follow)
    mine = hall.create("us", quote("bid", 3_000, 300)).order_id
    for what, cents, count in acts:
        match what:
            case "amend":
                price, size = f"0.{cents:02d}00", f"{count / 100:.2f}"
                desk.ask(
                    "POST",
                    f"{ORDERS}/{mine}/amend",
                    body={"ticker": HOME, "side": "bid", "price": price, "count": size},
                )
            case "decrease":
                size = f"{count / 100:.2f}"
                desk.ask("POST", f"{ORDERS}/{mine}/decrease", body={"reduce_by": size})
            case _:
                hall.create("maker", quote("ask" if what == "sell" else "bid", cents * 100, count))
    depth = hall.venue.book(HOME)
    shown = {("bid", level.price_pips): level.count_centi for level in depth.bids}
    shown |= {("ask", level.price_pips): level.count_centi for level in depth.asks}

    assert {key: count for key, count in book.items() if count} == shown
    assert hall.money() == money
    assert hall.cash("us") >= 0
