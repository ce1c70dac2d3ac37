from hypothesis import given, strategies as st

from actors.sim.venue.candles import Candles
from tests.sim.venue.hall import (
    AWAY,
    EVENT,
    HOME,
    SECOND,
    SERIES,
    START_US,
    open_hall,
    order,
    quote,
)
from tests.sim.venue.papers import Desk

START_S = START_US // SECOND
ONE = f"/series/{SERIES}/markets/{HOME}/candlesticks"
RANGE = {"start_ts": str(START_S), "end_ts": str(START_S + 86_400), "period_interval": "1"}


def traded() -> Desk:
    """Two trades in the first minute, none in the second, one in the third."""
    hall = open_hall()
    hall.clock.pass_s(10)
    for price, count in ((5_200, 100), (5_600, 300)):
        hall.create("maker", quote("ask", price, count))
        hall.create("us", order("bid", price, count))
    hall.clock.pass_s(120)
    hall.create("maker", quote("bid", 4_000, 100))
    hall.create("us", order("ask", 4_000, 100))
    return Desk(hall)


def test_a_candle_holds_the_first_highest_lowest_and_last_of_its_minute() -> None:
    first, third = traded().get(ONE, **RANGE)["candlesticks"]

    assert first["price"] == {
        "open_dollars": "0.5200",
        "low_dollars": "0.5200",
        "high_dollars": "0.5600",
        "close_dollars": "0.5600",
        "mean_dollars": "0.5500",
    }
    assert (first["volume_fp"], first["open_interest_fp"]) == ("4.00", "4.00")
    assert first["yes_ask"]["low_dollars"] == "0.5200"
    assert third["end_period_ts"] - first["end_period_ts"] == 120
    assert third["price"]["previous_dollars"] == "0.5600"
    assert (third["volume_fp"], third["open_interest_fp"]) == ("1.00", "3.00")


def test_an_hour_is_its_minutes_together() -> None:
    [hour] = traded().get(ONE, **RANGE | {"period_interval": "60"})["candlesticks"]

    assert (hour["price"]["open_dollars"], hour["price"]["close_dollars"]) == ("0.5200", "0.4000")
    assert hour["volume_fp"] == "5.00"
    assert hour["end_period_ts"] % 3600 == 0


def test_what_was_before_the_range_can_be_carried_into_it() -> None:
    start = str(START_S + 600)
    asked = RANGE | {"start_ts": start, "include_latest_before_start": "true"}

    [carried] = traded().get(ONE, **asked)["candlesticks"]

    assert carried["price"] == {"previous_dollars": "0.4000"}
    assert carried["volume_fp"] == "0.00"


def test_many_markets_and_a_whole_event_are_one_question_each() -> None:
    desk = traded()

    many = desk.get("/markets/candlesticks", market_tickers=f"{HOME},{AWAY},NONE", **RANGE)
    event = desk.get(f"/series/{SERIES}/events/{EVENT}/candlesticks", **RANGE)

    assert [row["market_ticker"] for row in many["markets"]] == [HOME, AWAY]
    assert [len(row["candlesticks"]) for row in many["markets"]] == [2, 0]
    assert event["market_tickers"] == [HOME, AWAY]
    assert len(event["market_candlesticks"][0]) == 2


def test_candles_that_make_no_sense_are_refused() -> None:
    desk = traded()

    assert desk.ask("GET", ONE)[0] == 400
    assert desk.ask("GET", ONE, RANGE | {"period_interval": "7"})[0] == 400
    assert desk.ask("GET", f"/series/OTHER/markets/{HOME}/candlesticks", RANGE)[0] == 404
    assert desk.ask("GET", f"/historical/markets/{HOME}/candlesticks", RANGE)[0] == 404
    assert desk.ask("GET", "/markets/candlesticks", RANGE)[0] == 400


@given(
    st.lists(
        st.tuples(st.integers(0, 10_000_000_000), st.integers(1, 9_999), st.integers(1, 500)),
        min_size=1,
        max_size=40,
    )
)
def test_no_trade_is_lost_or_counted_twice_whatever_the_period(
    acts: list[tuple[int, int, int]],
) -> None:
    candles, now_us = Candles(), 0
    for wait_us, price, count in acts:
        now_us += wait_us
        candles.trade(now_us, price, count, count)
        candles.quote(now_us, price, None)

    for minutes in (1, 60, 1440):
        found = candles.between(0, now_us // SECOND + 86_400, minutes)
        assert sum(each.volume_centi for each in found) == sum(count for _, _, count in acts)
        assert sum(each.value_micros for each in found) == sum(p * c for _, p, c in acts)
        assert max(each.price.high for each in found if each.price) == max(p for _, p, _ in acts)
        assert [each.end_s for each in found] == sorted({each.end_s for each in found})
        assert all(each.end_s % (60 * minutes) == 0 for each in found)
