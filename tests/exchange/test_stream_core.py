"""Laws of the stream: a book that is called whole is the venue's own, whatever was lost."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from actors.exchange.errors import ExchangeError, StreamFailed, WireGarbled
from actors.exchange.stream_core import ANSWER_NS, MOST_MARKETS, MOST_REPAIRS, StreamCore
from actors.exchange.stream_values import (
    StreamDelta,
    StreamLost,
    StreamMissed,
    StreamSnapshot,
    StreamTrade,
    StreamValue,
)
from actors.model.orders import Ticker
from tests.exchange.books import SIDS

A, B, C = Ticker("A"), Ticker("B"), Ticker("C")


def frame(**body: object) -> str:
    return json.dumps(body)


def delta(seq: int, ticker: str = "A", clock: int = 1, **msg: object) -> str:
    body = {
        "market_ticker": ticker,
        "clock": clock,
        "price_dollars": "0.4700",
        "delta_fp": "1.00",
        "side": "yes",
        "ts_ms": 5,
    }
    return frame(type="orderbook_delta", sid=1, seq=seq, msg=body | msg)


def snapshot(seq: int, ticker: str = "A", clock: int = 1, **msg: object) -> str:
    body = {"market_ticker": ticker, "clock": clock, **msg}
    return frame(type="orderbook_snapshot", sid=1, seq=seq, msg=body)


def trade(seq: int, **changes: object) -> str:
    msg = {
        "trade_id": "t",
        "market_ticker": "A",
        "yes_price_dollars": "0.3600",
        "count_fp": "1.00",
        "taker_book_side": "bid",
        "is_block_trade": False,
        "ts_ms": 1,
    }
    return frame(type="trade", sid=2, seq=seq, msg=msg | changes)


def confirmed(*tickers: Ticker) -> StreamCore:
    """A core whose subscriptions are confirmed and whose first commands are sent."""
    core = StreamCore(tickers, 0)
    for command in map(json.loads, core.take_commands()):
        channel = command["params"]["channels"][0]
        msg = {"channel": channel, "sid": SIDS[channel]}
        assert core.receive(frame(id=command["id"], type="subscribed", msg=msg), 0) == []
    assert core.take_commands() == []
    return core


def commands(core: StreamCore) -> list[dict[str, Any]]:
    return [json.loads(text) for text in core.take_commands()]


def feed(core: StreamCore, *frames: str) -> list[StreamValue]:
    return [value for each in frames for value in core.receive(each, 9)]


def test_each_channel_is_asked_for_once_books_and_prints_for_the_wanted_markets_only() -> None:
    asked = commands(StreamCore([A, B], 0))

    params = {each["params"]["channels"][0]: each["params"] for each in asked}
    assert set(params) == set(SIDS)
    assert params["orderbook_delta"]["market_tickers"] == ["A", "B"]
    assert params["orderbook_delta"]["use_yes_price"] is True
    assert params["trade"]["market_tickers"] == ["A", "B"]
    assert all("market_tickers" not in params[each] for each in ("fill", "user_orders"))
    assert len({each["id"] for each in asked}) == 6


def test_wanting_no_market_does_not_ask_for_all_of_them() -> None:
    core = StreamCore((), 0)

    channels = [each["params"]["channels"][0] for each in commands(core)]
    assert channels == ["fill", "user_orders", "market_lifecycle_v2", "order_group_updates"]

    core.want([A], 0)
    assert [each["params"]["market_tickers"] for each in commands(core)] == [["A"], ["A"]]


def test_what_is_wanted_before_the_confirmation_is_asked_for_after_it() -> None:
    core = StreamCore([A], 0)
    (first, *_) = commands(core)

    core.want([B], 0)
    assert commands(core) == []
    msg = {"channel": "orderbook_delta", "sid": 1}
    core.receive(frame(id=first["id"], type="subscribed", msg=msg), 0)

    assert [
        (each["params"]["action"], each["params"]["market_tickers"]) for each in commands(core)
    ] == [
        ("add_markets", ["B"]),
        ("delete_markets", ["A"]),
    ]


def test_a_book_is_given_best_first_in_prices_of_yes() -> None:
    core = confirmed(A)

    (value,) = feed(
        core,
        snapshot(
            1,
            yes_dollars_fp=[["0.0800", "300.00"], ["0.2200", "333.00"]],
            no_dollars_fp=[["0.4600", "20.00"], ["0.4400", "146.00"]],
        ),
    )

    assert isinstance(value, StreamSnapshot)
    assert value.bids == ((2_200, 33_300), (800, 30_000))
    assert value.asks == ((4_400, 14_600), (4_600, 2_000))
    assert (value.sid, value.seq, value.clock, value.received_ns) == (1, 1, 1, 9)


def test_a_delta_on_the_no_side_is_an_ask_at_the_price_it_names() -> None:
    core = confirmed(A)

    _, value = feed(
        core, snapshot(1), delta(2, side="no", price_dollars="0.5200", client_order_id="ours")
    )

    assert isinstance(value, StreamDelta)
    assert (value.side, value.price_pips, value.change_centi) == ("ask", 5_200, 100)
    assert (value.client_order_id, value.venue_ts_ms, value.seq) == ("ours", 5, 2)


def test_a_delta_before_its_books_first_snapshot_is_of_no_use() -> None:
    core = confirmed(A)

    assert feed(core, delta(1)) == []
    assert core.dropped == 1


def test_a_gap_distrusts_every_book_of_that_subscription_until_its_next_snapshot() -> None:
    core = confirmed(A, B)
    feed(core, snapshot(1), snapshot(2, "B"))

    values = feed(core, delta(4))

    assert values == [StreamLost(tickers=(A, B), reason="gap", received_ns=9)]
    (repair,) = commands(core)
    assert repair["cmd"] == "update_subscription"
    assert repair["params"] == {
        "sid": 1,
        "action": "get_snapshot",
        "market_tickers": ["A", "B"],
    }
    assert feed(core, delta(5, "B")) == []
    again = feed(core, snapshot(6, "B"), delta(7, "B"), delta(8, "A"))
    assert [type(value) for value in again] == [StreamSnapshot, StreamDelta]


@pytest.mark.parametrize("seq", [1, 3, 0, 1_000_000])
def test_any_number_that_is_not_the_next_is_a_gap(seq: int) -> None:
    core = confirmed(A)
    feed(core, snapshot(1))

    assert feed(core, delta(seq)) == [StreamLost(tickers=(A,), reason="gap", received_ns=9)]


def test_a_snapshot_that_reveals_a_gap_is_itself_good() -> None:
    core = confirmed(A, B)
    feed(core, snapshot(1), snapshot(2, "B"))

    lost, whole = feed(core, snapshot(5))

    assert isinstance(lost, StreamLost)
    assert isinstance(whole, StreamSnapshot)
    assert [type(value) for value in feed(core, delta(6))] == [StreamDelta]


@pytest.mark.parametrize(
    "between",
    [
        frame(type="ok", sid=1, seq=2, msg={"market_tickers": ["A"]}),
        frame(type="error", id=99, sid=1, seq=2, msg={"code": 11, "msg": "no"}),
        frame(type="orderbook_shape_of_tomorrow", sid=1, seq=2, msg={}),
    ],
    ids=["ok", "error", "unknown"],
)
def test_every_message_that_carries_a_number_counts(between: str) -> None:
    core = confirmed(A)
    feed(core, snapshot(1))

    try:
        feed(core, between)
    except StreamFailed:
        return  # An error ends the stream anyway; it was not taken for a gap.

    assert [type(value) for value in feed(core, delta(3))] == [StreamDelta]
    assert core.gaps == 0


def test_each_subscription_counts_for_itself() -> None:
    core = confirmed(A)

    values = feed(core, snapshot(1), trade(1), delta(2), trade(2), delta(3))

    assert core.gaps == 0
    assert [type(value) for value in values].count(StreamTrade) == 2


def test_prints_that_were_missed_are_told_and_distrust_no_book() -> None:
    core = confirmed(A)
    feed(core, snapshot(1), trade(1))

    values = feed(core, trade(3), delta(2))

    assert values[0] == StreamMissed(channel="trade", received_ns=9)
    assert [type(value) for value in values[1:]] == [StreamTrade, StreamDelta]
    assert commands(core) == []


def test_a_clock_that_goes_down_distrusts_that_book_alone() -> None:
    core = confirmed(A, B)
    feed(core, snapshot(1, clock=7), snapshot(2, "B", clock=7), delta(3, clock=8))

    values = feed(core, delta(4, clock=7), delta(5, "B", clock=9))

    assert values[0] == StreamLost(tickers=(A,), reason="clock", received_ns=9)
    assert [type(value) for value in values[1:]] == [StreamDelta]
    (repair,) = commands(core)
    assert repair["params"]["market_tickers"] == ["A"]


def test_a_stream_with_too_many_gaps_is_not_repaired_for_ever() -> None:
    core = confirmed(A)

    gaps = [delta(2 + 2 * number) for number in range(MOST_REPAIRS + 1)]
    feed(core, *gaps[:-1])

    with pytest.raises(StreamFailed, match="gaps within a minute"):
        feed(core, gaps[-1])


@pytest.mark.parametrize("code", [10, 25, 9, 8, 18, 26])
def test_an_error_about_the_stream_ends_it(code: int) -> None:
    core = confirmed(A)

    with pytest.raises(StreamFailed, match=f"error {code}"):
        feed(core, frame(type="error", sid=1, seq=1, msg={"code": code, "msg": "no"}))


def test_an_error_that_names_a_market_costs_that_market_only() -> None:
    core = StreamCore([A, B], 0)
    first, second, *_ = commands(core)
    assert first["params"]["channels"] == ["orderbook_delta"]
    msg = {"code": 11, "msg": "no such market", "market_ticker": "B"}

    values = feed(core, frame(id=first["id"], type="error", msg=msg))

    assert values == [StreamLost(tickers=(B,), reason="unsubscribed", received_ns=9)]
    (again,) = commands(core)
    assert again["params"]["market_tickers"] == ["A"]
    core.want([A, B], 0)
    assert commands(core) == []
    msg = {"channel": "trade", "sid": 2}
    feed(core, frame(id=second["id"], type="subscribed", msg=msg))
    assert commands(core) == []


@pytest.mark.parametrize("action", ["add_markets", "get_snapshot", "delete_markets"])
def test_what_an_error_left_undone_is_asked_again_without_the_market_it_names(action: str) -> None:
    core = confirmed(A, B, C)
    feed(core, snapshot(1), snapshot(2, "B"), snapshot(3, "C"))
    if action == "get_snapshot":
        feed(core, delta(5))
    else:
        core.want([Ticker("X"), Ticker("Y")] if action == "add_markets" else [], 0)
    sent = next(each for each in commands(core) if each["params"]["action"] == action)
    named, *rest = sent["params"]["market_tickers"]

    msg = {"code": 11, "msg": "no", "market_tickers": [named]}
    feed(core, frame(id=sent["id"], type="error", sid=1, seq=6 if "snap" in action else 4, msg=msg))

    again = [each["params"] for each in commands(core)]
    assert again == [{"sid": 1, "action": action, "market_tickers": rest}]


def test_an_error_that_names_a_market_of_no_command_ends_the_stream() -> None:
    core = StreamCore([A], 0)
    (first, *_) = commands(core)
    msg = {"code": 11, "msg": "no such market", "market_ticker": "Z"}

    with pytest.raises(StreamFailed, match="error 11"):
        feed(core, frame(id=first["id"], type="error", msg=msg))


def test_a_loss_that_a_garbled_message_swallowed_is_told_at_the_end() -> None:
    core = confirmed(A, B)
    feed(core, snapshot(1), snapshot(2, "B"))

    with pytest.raises(WireGarbled):
        feed(core, delta(9, price_dollars="?"))

    assert core.ended(4) == [StreamLost(tickers=(A, B), reason="disconnected", received_ns=4)]


def test_a_market_that_the_venue_no_longer_lists_is_given_up() -> None:
    core = confirmed(A, B)
    feed(core, snapshot(1), snapshot(2, "B"))
    core.want([A, B, C], 0)
    books, _ = commands(core)

    msg = {"market_tickers": ["A", "C"]}
    values = feed(core, frame(id=books["id"], type="ok", sid=1, seq=3, msg=msg))

    assert values == [StreamLost(tickers=(B,), reason="unsubscribed", received_ns=9)]


def test_a_market_that_is_no_longer_wanted_is_lost_at_once() -> None:
    core = confirmed(A, B)
    feed(core, snapshot(1), snapshot(2, "B"))

    assert core.want([A], 3) == [StreamLost(tickers=(B,), reason="unsubscribed", received_ns=3)]

    assert [each["params"]["action"] for each in commands(core)] == ["delete_markets"] * 2
    assert feed(core, delta(3, "B"), snapshot(4, "B")) == []


def test_the_end_of_the_connection_loses_every_book_that_was_whole() -> None:
    core = confirmed(A, B)
    feed(core, snapshot(1))

    assert core.ended(4) == [StreamLost(tickers=(A,), reason="disconnected", received_ns=4)]
    assert core.ended(5) == []


def test_a_subscription_that_the_venue_ends_ends_the_stream() -> None:
    core = confirmed(A)

    with pytest.raises(StreamFailed, match="did not ask"):
        feed(core, frame(id=102, sid=1, seq=1, type="unsubscribed"))


def test_a_command_that_is_never_answered_ends_the_stream() -> None:
    core = StreamCore([A], 1_000)
    core.check(1_000 + ANSWER_NS)

    with pytest.raises(StreamFailed, match="no answer about orderbook_delta"):
        core.check(1_001 + ANSWER_NS)
    confirmed(A).check(10**15)


def test_life_is_proved_by_any_message_and_by_an_answered_ping() -> None:
    core = confirmed(A)

    core.receive(frame(type="ticker", sid=8, msg={}), 50)
    assert core.proved_ns == 50
    core.proved(40)
    assert core.proved_ns == 50
    core.proved(60)
    assert core.proved_ns == 60


def test_more_markets_than_a_stream_should_carry_are_refused() -> None:
    with pytest.raises(ValueError, match="markets on one stream"):
        StreamCore([Ticker(f"M-{number}") for number in range(MOST_MARKETS + 1)], 0)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "{",
        "[]",
        "null",
        '{"sid":1}',
        frame(type="orderbook_delta", sid=1, msg={}),
        frame(type="orderbook_delta", seq=1, msg={}),
        frame(type="orderbook_delta", sid=1, seq=1),
        frame(type="orderbook_delta", sid=1, seq="1", msg={}),
        frame(type="orderbook_snapshot", sid=1, seq=1, msg={"market_ticker": 5}),
        frame(type="trade", sid=2, msg={}),
        frame(type="fill", sid=3, msg={"trade_id": "t"}),
        frame(type="subscribed", msg={"channel": "trade"}),
        frame(type="error", msg={}),
        delta(1, price_dollars=0.47),
        delta(1, delta_fp="1.005"),
        delta(1, side="maybe"),
    ],
)
def test_a_message_that_cannot_be_read_ends_the_connection(bad: str) -> None:
    with pytest.raises(WireGarbled):
        feed(confirmed(A), bad)


def test_a_book_message_of_a_subscription_that_we_do_not_have_ends_the_stream() -> None:
    with pytest.raises(StreamFailed, match="do not have"):
        feed(confirmed(A), frame(type="orderbook_delta", sid=77, seq=1, msg={}))


@given(st.lists(st.one_of(st.text(max_size=60), st.binary(max_size=60)), max_size=4))
def test_no_frame_is_worse_than_an_error_of_ours(frames: list[str | bytes]) -> None:
    core = confirmed(A)
    for each in frames:
        try:
            core.receive(each, 1)
        except ExchangeError:
            return


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("0.4700"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@given(
    st.sampled_from(["orderbook_delta", "orderbook_snapshot", "ok", "error", "fill", "subscribed"]),
    st.none() | st.integers(0, 4),
    st.none() | st.integers(0, 4),
    JSON,
)
def test_no_message_of_a_known_type_is_worse_than_an_error_of_ours(
    kind: str, sid: int | None, seq: int | None, msg: object
) -> None:
    try:
        confirmed(A).receive(frame(type=kind, sid=sid, seq=seq, id=1, msg=msg), 1)
    except ExchangeError:
        return


def test_a_print_with_a_side_that_is_new_is_counted_and_the_stream_goes_on() -> None:
    core = confirmed(A)

    assert feed(core, trade(1, taker_book_side="middle")) == []
    assert core.unknown == 1
    (after,) = feed(core, trade(2))
    assert isinstance(after, StreamTrade)
    assert core.unknown == 1


def test_a_print_without_its_price_or_count_still_ends_the_stream() -> None:
    for name in ("yes_price_dollars", "count_fp"):
        with pytest.raises(WireGarbled, match=name):
            feed(confirmed(A), trade(1, **{name: None}))
