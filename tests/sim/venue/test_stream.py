import json
from fractions import Fraction
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given, strategies as st

from actors.model.money import CentiContracts
from actors.model.orders import Ticker
from actors.sim.venue.events import EventFeesChanged, GroupStep, OrderGroupChanged, VenueEvent
from actors.sim.venue.listing import EventTerms
from actors.sim.venue.price_grids import regrid
from actors.sim.venue.stream import StreamSession
from actors.sim.venue.subscriptions import CHANNELS, SEQUENCED
from tests.sim.venue.hall import (
    AWAY,
    EVENT,
    HOME,
    SERIES,
    START_US,
    Hall,
    market_terms,
    open_hall,
    order,
    quote,
)
from tests.sim.venue.papers import Desk
from tests.sim.venue.published import JUDGED, STREAM, judge_frame, require

Message = dict[str, Any]


@attrs.define
class Listener:
    """A client of one session: what it was sent since it last looked."""

    hall: Hall
    account: str = "us"
    frames: list[str] = attrs.field(init=False, factory=list)
    session: StreamSession = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.session = StreamSession(self.hall.venue, self.account, self.take)

    def take(self, frame: str, _sid: int) -> bool:
        self.frames.append(frame)
        return True

    def say(self, command: object) -> list[Message]:
        self.session.command(msgspec.json.encode(command))
        return self.heard()

    def subscribe(self, *channels: str, **params: object) -> list[Message]:
        whole = {"channels": list(channels), **params}
        return self.say({"id": 1, "cmd": "subscribe", "params": whole})

    def update(self, action: object, **params: object) -> list[Message]:
        whole = {"action": action, **params}
        return self.say({"id": 2, "cmd": "update_subscription", "params": whole})

    def heard(self) -> list[Message]:
        messages = [msgspec.json.decode(frame) for frame in self.frames]
        self.frames.clear()
        for message in messages:
            judge_frame(message)
        return messages

    def codes(self, command: object) -> list[int]:
        return [message["msg"]["code"] for message in self.say(command)]


def bodies(messages: list[Message], kind: str) -> list[Message]:
    return [message["msg"] for message in messages if message["type"] == kind]


def test_a_book_subscription_starts_with_a_snapshot_and_goes_on_with_deltas() -> None:
    hall = open_hall()
    hall.create("maker", quote("bid", 4_700, 300))
    listener = Listener(hall)

    said = listener.subscribe("orderbook_delta", market_tickers=[HOME], use_yes_price=True)
    hall.create("us", order("ask", 4_700, 100, client_order_id="mine"))
    [change] = listener.heard()

    assert [message["type"] for message in said] == ["subscribed", "orderbook_snapshot"]
    assert said[0]["id"] == 1
    assert said[0]["msg"] == {"channel": "orderbook_delta", "sid": 1}
    assert said[1]["msg"]["yes_dollars_fp"] == [["0.4700", "3.00"]]
    assert "no_dollars_fp" not in said[1]["msg"]
    assert (said[1]["seq"], change["seq"]) == (1, 2)
    assert (change["msg"]["delta_fp"], change["msg"]["side"]) == ("-1.00", "yes")
    assert change["msg"]["client_order_id"] == "mine"
    assert change["msg"]["clock"] > said[1]["msg"]["clock"] > 0


@pytest.mark.parametrize(("use_yes_price", "price"), [(True, "0.5200"), (False, "0.4800")])
def test_the_no_side_is_priced_as_asked_for(use_yes_price: bool, price: str) -> None:  # noqa: FBT001 - a row of a table
    hall = open_hall()
    hall.create("maker", quote("ask", 5_200, 300))
    listener = Listener(hall)

    said = listener.subscribe("orderbook_delta", market_ticker=HOME, use_yes_price=use_yes_price)
    hall.create("maker", quote("ask", 5_200, 100))

    assert said[1]["msg"]["no_dollars_fp"] == [[price, "3.00"]]
    [change] = listener.heard()
    assert (change["msg"]["price_dollars"], change["msg"]["side"]) == (price, "no")


def test_unless_told_otherwise_the_no_leg_is_priced() -> None:
    hall = open_hall()
    hall.create("maker", quote("ask", 5_200, 300))

    said = Listener(hall).subscribe("orderbook_delta", market_ticker=HOME)

    assert said[1]["msg"]["no_dollars_fp"] == [["0.4800", "3.00"]]


def test_a_level_list_ends_with_its_best() -> None:
    hall = open_hall()
    for price_pips in (5_200, 5_500, 5_300):
        hall.create("maker", quote("ask", price_pips, 100))

    said = Listener(hall).subscribe("orderbook_delta", market_ticker=HOME, use_yes_price=True)

    prices = [price for price, _ in said[1]["msg"]["no_dollars_fp"]]
    assert prices == ["0.5500", "0.5300", "0.5200"]


def test_another_accounts_order_is_not_named_in_a_delta() -> None:
    hall = open_hall()
    listener = Listener(hall)
    listener.subscribe("orderbook_delta", market_ticker=HOME)

    hall.create(
        "maker", order("bid", 100, 1, time_in_force="good_till_canceled", client_order_id="x")
    )

    assert "client_order_id" not in listener.heard()[0]["msg"]


def test_one_sequence_runs_over_all_markets_of_a_subscription() -> None:
    hall = open_hall()
    listener = Listener(hall)
    said = listener.subscribe("orderbook_delta", market_tickers=[HOME, AWAY])
    for ticker in (HOME, AWAY, HOME):
        hall.create("maker", quote("bid", 4_000, 100, ticker))
    said += listener.heard()

    assert [message["seq"] for message in said if "seq" in message] == [1, 2, 3, 4, 5]


def test_two_connections_tell_the_same_clocks() -> None:
    hall = open_hall()
    first, second = Listener(hall), Listener(hall, "maker")
    for listener in (first, second):
        listener.subscribe("orderbook_delta", market_ticker=HOME)
    hall.create("maker", quote("ask", 5_200, 100))
    hall.create("maker", quote("ask", 5_300, 100))
    hall.create("us", order("bid", 5_300, 150))

    clocks = [[message["msg"]["clock"] for message in each.heard()] for each in (first, second)]
    assert clocks[0] == clocks[1] == sorted(clocks[0])


def test_snapshot_and_deltas_are_the_book() -> None:
    hall = open_hall()
    hall.create("maker", quote("ask", 5_200, 300))
    listener = Listener(hall)
    said = listener.subscribe("orderbook_delta", market_ticker=HOME, use_yes_price=True)
    hall.create("us", quote("bid", 5_200, 500))
    hall.venue.cancel_all("us")
    hall.create("maker", quote("ask", 6_000, 200))

    levels = {("no", price): count for price, count in said[1]["msg"]["no_dollars_fp"]}
    totals = {key: round(float(count) * 100) for key, count in levels.items()}
    for message in listener.heard():
        key = message["msg"]["side"], message["msg"]["price_dollars"]
        totals[key] = totals.get(key, 0) + round(float(message["msg"]["delta_fp"]) * 100)
    assert {key: count for key, count in totals.items() if count} == {("no", "0.6000"): 200}


def test_subscribing_again_extends_the_subscription() -> None:
    listener = Listener(open_hall())
    listener.subscribe("orderbook_delta", market_ticker=HOME)

    said = listener.subscribe("orderbook_delta", market_tickers=[HOME, AWAY])

    assert said[0]["msg"]["sid"] == 1
    assert [body["market_ticker"] for body in bodies(said, "orderbook_snapshot")] == [AWAY]


def test_markets_are_added_dropped_and_shown_again_on_demand() -> None:
    hall = open_hall()
    listener = Listener(hall)
    listener.subscribe("orderbook_delta", market_ticker=HOME)

    added = listener.update("add_markets", sids=[1], market_tickers=[AWAY])
    again = listener.update("get_snapshot", sid=1, market_tickers=[HOME, AWAY])
    dropped = listener.update("delete_markets", sid=1, market_ticker=HOME)
    hall.create("maker", quote("bid", 4_000, 100, HOME))

    assert (added[0]["type"], added[0]["id"]) == ("ok", 2)
    assert added[0]["msg"]["market_tickers"] == [HOME, AWAY]
    assert [body["market_ticker"] for body in bodies(added, "orderbook_snapshot")] == [AWAY]
    assert [message["id"] for message in again] == [2, 2]
    assert [body["market_ticker"] for body in bodies(again, "orderbook_snapshot")] == [HOME, AWAY]
    assert dropped[0]["msg"]["market_tickers"] == [AWAY]
    assert listener.heard() == []
    seqs = [message["seq"] for message in added + again + dropped]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))


def test_an_unsubscribed_channel_is_silent() -> None:
    hall = open_hall()
    listener = Listener(hall)
    listener.subscribe("orderbook_delta", "trade", market_ticker=HOME)

    [said] = listener.say({"id": 3, "cmd": "unsubscribe", "params": {"sids": [1]}})
    hall.create("maker", quote("bid", 4_000, 100))

    assert (said["type"], said["sid"], said["id"]) == ("unsubscribed", 1, 3)
    assert listener.heard() == []
    listed = listener.say({"id": 4, "cmd": "list_subscriptions"})
    assert listed[0]["msg"] == [{"channel": "trade", "sid": 2}]


def test_without_markets_a_channel_covers_all() -> None:
    hall = open_hall()
    listener = Listener(hall)
    listener.subscribe("trade")
    for ticker in (HOME, AWAY):
        hall.create("maker", quote("ask", 5_200, 100, ticker))
        hall.create("us", order("bid", 5_200, 100, ticker=ticker))

    assert [body["market_ticker"] for body in bodies(listener.heard(), "trade")] == [HOME, AWAY]


def test_fills_and_orders_are_private() -> None:
    hall = open_hall()
    us, maker = Listener(hall), Listener(hall, "maker")
    for listener in (us, maker):
        listener.subscribe("fill", "user_orders")
    hall.create("maker", quote("ask", 5_200, 300))
    assert us.heard() == []
    maker.heard()

    hall.create("us", order("bid", 5_200, 100, client_order_id="mine"))

    ours, theirs = us.heard(), maker.heard()
    [fill] = bodies(ours, "fill")
    assert (fill["fee_cost"], fill["post_position_fp"], fill["is_taker"]) == (
        "0.017500",
        "1.00",
        True,
    )
    assert fill["client_order_id"] == "mine"
    [done] = bodies(ours, "user_order")
    assert (done["status"], done["last_update_reason"]) == ("executed", "Trade")
    [other] = bodies(theirs, "fill")
    assert (other["trade_id"], other["post_position_fp"]) == (fill["trade_id"], "-1.00")
    assert (other["book_side"], other["outcome_side"]) == ("ask", "no")


def test_a_private_channel_may_be_narrowed_to_markets() -> None:
    hall = open_hall()
    listener = Listener(hall)
    listener.subscribe("user_orders", market_ticker=AWAY)
    hall.create("us", quote("bid", 4_000, 100, HOME))
    hall.create("us", quote("bid", 4_000, 100, AWAY))

    assert [body["ticker"] for body in bodies(listener.heard(), "user_order")] == [AWAY]


def test_a_quote_is_told_when_it_changes_and_at_once_if_asked_for() -> None:
    hall = open_hall()
    listener = Listener(hall)
    said = listener.subscribe("ticker", market_ticker=HOME, send_initial_snapshot=True)
    assert len(bodies(said, "ticker")) == 1

    hall.create("maker", quote("bid", 4_700, 300))
    hall.create("maker", quote("bid", 4_600, 300))

    [quoted] = bodies(listener.heard(), "ticker")
    assert (quoted["yes_bid_dollars"], quoted["yes_bid_size_fp"]) == ("0.4700", "3.00")
    assert (quoted["yes_ask_dollars"], quoted["volume_fp"]) == ("1.0000", "0.00")


def test_a_market_s_life_is_told_to_the_end() -> None:
    hall = open_hall()
    listener = Listener(hall)
    listener.subscribe("market_lifecycle_v2", market_ticker=HOME)
    hall.venue.halt_market(HOME)
    hall.venue.resume_market(HOME)
    hall.settle(HOME, "scalar", 400_000)
    hall.venue.list_event(
        EventTerms(event_ticker="E2", series_ticker=SERIES, title="t", sub_title="s")
    )
    hall.venue.list_market(
        attrs.evolve(market_terms(HOME), ticker=Ticker("E2-X"), event_ticker="E2")
    )

    said = listener.heard()
    told = bodies(said, "market_lifecycle_v2")
    assert [body["event_type"] for body in told] == [
        "deactivated",
        "activated",
        "close_date_updated",
        "determined",
        "settled",
        "created",
    ]
    assert (told[3]["result"], told[3]["settlement_value"]) == ("scalar", "0.4000")
    assert "result" not in told[4]
    assert told[5]["additional_metadata"]["event_ticker"] == "E2"
    assert [body["event_ticker"] for body in bodies(said, "event_lifecycle")] == ["E2"]
    assert [message["seq"] for message in said] == list(range(1, 8))


BOOK = {"channels": ["orderbook_delta"], "market_ticker": HOME}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ([], 1),
        ("subscribe", 1),
        ({"id": 1}, 5),
        ({"cmd": "dance", "params": {}}, 5),
        ({"cmd": [], "params": {}}, 5),
        ({"cmd": "subscribe"}, 2),
        ({"cmd": "subscribe", "params": []}, 2),
        ({"cmd": "subscribe", "params": {}}, 3),
        ({"cmd": "subscribe", "params": {"channels": []}}, 3),
        ({"cmd": "subscribe", "params": {"channels": ["prices"]}}, 8),
        ({"cmd": "subscribe", "params": {"channels": ["trade", 7]}}, 8),
        ({"cmd": "subscribe", "params": {"channels": ["orderbook_delta"]}}, 14),
        ({"cmd": "subscribe", "params": BOOK | {"market_tickers": [AWAY]}}, 11),
        ({"cmd": "subscribe", "params": BOOK | {"market_ticker": 5}}, 11),
        ({"cmd": "subscribe", "params": {"channels": ["trade"], "market_tickers": []}}, 11),
        ({"cmd": "unsubscribe", "params": {}}, 4),
        ({"cmd": "unsubscribe", "params": {"sids": [9]}}, 7),
        ({"cmd": "unsubscribe", "params": {"sids": ["1"]}}, 7),
        ({"cmd": "update_subscription", "params": {"action": "add_markets"}}, 12),
        ({"cmd": "update_subscription", "params": {"sids": [1, 2]}}, 12),
        ({"cmd": "update_subscription", "params": {"sid": 1, "sids": [1]}}, 12),
        ({"cmd": "update_subscription", "params": {"sid": "1"}}, 12),
        ({"cmd": "update_subscription", "params": {"sid": 9}}, 7),
        ({"cmd": "update_subscription", "params": {"sid": 1}}, 15),
        ({"cmd": "update_subscription", "params": {"sid": 1, "action": ["x"]}}, 13),
        ({"cmd": "update_subscription", "params": {"sid": 1, "action": "add_markets"}}, 14),
        ({"cmd": "update_subscription", "params": {"sid": 2, "action": "get_snapshot"}}, 13),
        (
            {
                "cmd": "update_subscription",
                "params": {"sid": 2, "action": "delete_markets", "market_ticker": HOME},
            },
            11,
        ),
    ],
)
def test_a_bad_command_is_answered_with_its_code(command: object, code: int) -> None:
    listener = Listener(open_hall())
    listener.subscribe("orderbook_delta", market_ticker=HOME)
    listener.subscribe("trade")

    assert listener.codes(command) == [code]


def test_a_frame_that_is_not_json_is_answered_too() -> None:
    listener = Listener(open_hall())

    for frame in ("{", "", b"\xff", "[" * 100_000):
        listener.session.command(frame)
        [said] = listener.heard()
        assert said["msg"]["code"] == 1


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from([HOME, "trade", "add_markets"]),
    lambda each: st.lists(each, max_size=3),
    max_leaves=4,
)
names = st.sampled_from(
    ["channels", "market_ticker", "market_tickers", "sid", "sids", "action", "use_yes_price"]
)
commands = st.fixed_dictionaries(
    {
        "id": json_values,
        "cmd": st.sampled_from(["subscribe", "unsubscribe", "update_subscription"]),
        "params": st.dictionaries(names, json_values),
    }
)


@given(said=st.lists(commands, max_size=6))
def test_no_command_ends_a_session(said: list[dict[str, object]]) -> None:
    listener = Listener(open_hall())
    listener.subscribe("orderbook_delta", "trade", market_ticker=HOME)
    for command in said:
        listener.say(command)


def test_a_subscription_names_no_more_markets_than_its_limit() -> None:
    hall = open_hall()
    frames: list[str] = []

    def take(frame: str, _sid: int) -> bool:
        frames.append(frame)
        return True

    session = StreamSession(hall.venue, "us", take, market_limit=1)

    session.command(msgspec.json.encode({"cmd": "subscribe", "params": BOOK}))
    more = {"sid": 1, "action": "add_markets", "market_ticker": AWAY}
    session.command(msgspec.json.encode({"cmd": "update_subscription", "params": more}))
    both = {"channels": ["trade"], "market_tickers": [HOME, AWAY]}
    session.command(msgspec.json.encode({"cmd": "subscribe", "params": both}))

    said = [msgspec.json.decode(frame) for frame in frames]
    assert [message["msg"].get("code") for message in said] == [None, None, 26, 26]


def test_the_list_of_markets_is_left_out_of_an_acknowledgement_on_demand() -> None:
    listener = Listener(open_hall())
    listener.subscribe("trade", market_ticker=HOME, skip_ticker_ack=True)

    [said] = listener.update("add_markets", sid=1, market_ticker=AWAY)

    assert (said["type"], said["seq"]) == ("ok", 1)
    assert "msg" not in said


def test_a_subscription_to_everything_stays_one() -> None:
    hall = open_hall()
    listener = Listener(hall)
    listener.subscribe("ticker", market_ticker=HOME)
    listener.subscribe("ticker")
    listener.subscribe("ticker", market_ticker=HOME)

    hall.create("maker", quote("bid", 4_000, 100, AWAY))

    assert [body["market_ticker"] for body in bodies(listener.heard(), "ticker")] == [AWAY]


def test_an_unknown_market_is_no_error_and_silent() -> None:
    listener = Listener(open_hall())

    said = listener.subscribe("orderbook_delta", market_tickers=["NONE", HOME])

    assert [body["market_ticker"] for body in bodies(said, "orderbook_snapshot")] == [HOME]


def test_a_lost_message_takes_its_number_with_it() -> None:
    hall = open_hall()
    listener = Listener(hall)
    listener.subscribe("orderbook_delta", market_ticker=HOME)
    listener.session.lose_next("orderbook_delta")
    for price_pips in (4_000, 4_100):
        hall.create("maker", quote("bid", price_pips, 100))

    [said] = listener.heard()
    assert (said["seq"], said["msg"]["price_dollars"]) == (3, "0.4100")
    [snapshot] = listener.update("get_snapshot", sid=1, market_ticker=HOME)
    assert len(snapshot["msg"]["yes_dollars_fp"]) == 2


def test_every_frame_is_stamped_and_ends_its_line() -> None:
    hall = open_hall()
    listener = Listener(hall)
    listener.session.command('{"id": 0, "cmd": "list_subscriptions"}')

    assert listener.frames[0].endswith("\n")
    [said] = listener.heard()
    assert said["sending_ts_ms"] == hall.clock.now_us // 1000
    assert "id" not in said


def test_an_ended_session_hears_nothing() -> None:
    hall = open_hall()
    listener = Listener(hall)
    listener.subscribe("orderbook_delta", market_ticker=HOME)
    listener.session.end()

    hall.create("maker", quote("bid", 4_000, 100))

    assert listener.heard() == []


def full_day() -> list[Message]:
    hall = open_hall()
    listener = Listener(hall)
    said = listener.say({"id": 8, "cmd": "list_subscriptions"})
    said += listener.subscribe(*CHANNELS, market_tickers=[HOME, AWAY])
    hall.create("maker", quote("ask", 5_200, 300))
    hall.create("us", order("bid", 5_300, 100, client_order_id="mine"))
    far_us = hall.clock.now_us + 10**9
    hall.create(
        "us", order("ask", 6_000, 100, time_in_force="good_till_canceled", expires_us=far_us)
    )
    said += listener.update("add_markets", sid=1, market_tickers=[AWAY])
    said += listener.update("get_snapshot", sid=1, market_tickers=[AWAY])
    said += listener.update("dance", sid=1, market_tickers=[AWAY])
    hall.venue.halt_market(HOME)
    hall.venue.resume_market(HOME)
    regrid(hall.venue.floor, HOME, "tapered_deci_cent")
    hall.settle(HOME, "yes")
    hall.venue.list_event(
        EventTerms(event_ticker="E2", series_ticker=SERIES, title="t", sub_title="s")
    )
    hall.venue.list_market(
        attrs.evolve(market_terms(HOME), ticker=Ticker("E2-X"), event_ticker="E2")
    )
    steps: tuple[VenueEvent, ...] = (group_step("created"), group_step("triggered"))
    for news in steps + fee_changes():
        hall.venue.floor.bulletin.post(news)
    hall.venue.floor.bulletin.tell()
    said += listener.heard()
    said += listener.say({"id": 9, "cmd": "unsubscribe", "params": {"sids": [1, 2]}})
    return said


def group_step(step: GroupStep, account: str = "us") -> OrderGroupChanged:
    return OrderGroupChanged(
        account=account,
        order_group_id="group",
        step=step,
        limit_centi=CentiContracts(150),
        now_us=START_US,
    )


def fee_changes() -> tuple[EventFeesChanged, ...]:
    """An override set, and cleared."""
    return tuple(
        EventFeesChanged(
            event_ticker=EVENT,
            fee_type_override=kind,
            fee_multiplier_override=multiplier,
            now_us=START_US,
        )
        for kind, multiplier in (("quadratic", Fraction(1, 2)), (None, None))
    )


def test_every_message_type_is_what_the_published_document_says() -> None:
    require("asyncapi.yaml")
    before = JUDGED.copy()
    full_day()  # each frame is judged as it is read

    assert set(JUDGED - before) == set(STREAM)


def test_sequences_are_whole_on_exactly_the_sequenced_channels() -> None:
    said = full_day()
    channels = {
        message["msg"]["sid"]: message["msg"]["channel"]
        for message in said
        if message["type"] == "subscribed"
    }
    for sid, channel in channels.items():
        seqs = [m["seq"] for m in said if m.get("sid") == sid and "seq" in m]
        assert seqs == list(range(1, len(seqs) + 1))
        data = [m for m in said if m.get("sid") == sid and m["type"] not in {"unsubscribed", "ok"}]
        assert all(("seq" in m) == (channel in SEQUENCED) for m in data)


def test_our_messages_have_the_fields_of_the_published_examples() -> None:
    examples = json.loads(require("ws_examples.json").read_text())
    said = full_day()
    for kind, name in (
        ("orderbook_delta", "priceLevelUpdate"),
        ("trade", "tradeNotification"),
        ("ticker", "tickerUpdate"),
        ("fill", "userFill"),
    ):
        example = next(each["payload"] for each in examples if each["name"] == name)
        ours = next(message for message in said if message["type"] == kind)
        assert set(example) == set(ours)
        # Accounts with subaccounts are told which; ours has the primary one alone.
        assert set(example["msg"]) - {"subaccount"} <= set(ours["msg"])


def test_the_published_commands_are_understood() -> None:
    examples = json.loads(require("ws_examples.json").read_text())
    wanted = {"subscribeToOrderbook", "subscribeMultipleChannels", "subscribeFillAll"}
    wanted |= {"subscribeUserOrders", "subscribeAllChannelsOneMarket", "subscribeMarketLifecycle"}
    wanted |= {"subscribeTickerWithSnapshot", "listSubscriptions"}
    for example in examples:
        if example["name"] in wanted:
            said = Listener(open_hall()).say(example["payload"])
            assert said
            assert all(message["type"] in {"subscribed", "ok"} for message in said)


def test_positions_are_told_to_their_owner_after_fills_and_settlement() -> None:
    hall = open_hall()
    mine, other = Listener(hall), Listener(hall, "maker")
    for listener in (mine, other):
        listener.subscribe("market_positions")
    hall.create("maker", quote("ask", 5_200, 300))
    hall.create("us", order("bid", 5_200, 200))
    hall.settle(HOME, "yes")

    held, settled = bodies(mine.heard(), "market_position")
    assert (held["market_ticker"], held["position_fp"], held["volume_fp"]) == (HOME, "2.00", "2.00")
    assert held["position_cost_dollars"] == "1.040000"
    assert (settled["position_fp"], settled["position_cost_dollars"]) == ("0.00", "0.000000")
    assert other.heard() == []


def test_steps_of_an_order_group_are_numbered_and_private() -> None:
    hall = open_hall()
    listener = Listener(hall)
    listener.subscribe("order_group_updates", market_ticker=HOME)
    for news in (group_step("created"), group_step("created", "maker"), group_step("triggered")):
        hall.venue.floor.bulletin.post(news)
    hall.venue.floor.bulletin.tell()

    created, triggered = listener.heard()
    assert (created["seq"], triggered["seq"]) == (1, 2)
    assert created["msg"]["contracts_limit_fp"] == "1.50"
    assert "contracts_limit_fp" not in triggered["msg"]


def test_an_events_fee_override_is_told_and_nulls_clear_it() -> None:
    hall = open_hall()
    listener = Listener(hall)
    listener.subscribe("market_lifecycle_v2")
    for news in fee_changes():
        hall.venue.floor.bulletin.post(news)
    hall.venue.floor.bulletin.tell()

    assert bodies(listener.heard(), "event_fee_update") == [
        {"event_ticker": EVENT, "fee_type_override": kind, "fee_multiplier_override": multiplier}
        for kind, multiplier in (("quadratic", 0.5), (None, None))
    ]


def test_a_new_grid_is_told_and_leaves_what_rests() -> None:
    hall = open_hall()
    hall.create("maker", quote("bid", 4_700, 300))
    listener = Listener(hall)
    listener.subscribe("market_lifecycle_v2")

    regrid(hall.venue.floor, HOME, "deci_cent")

    [told] = bodies(listener.heard(), "market_lifecycle_v2")
    assert told["event_type"] == "price_level_structure_updated"
    assert told["price_level_structure"] == "deci_cent"
    assert told["price_ranges"] == [{"start": "0.0000", "end": "1.0000", "step": "0.0010"}]
    hall.create("us", order("ask", 4_690, 300))
    assert hall.venue.position_centi("us", HOME) == -300


def test_a_snapshot_asked_for_by_number_answers_with_that_number() -> None:
    listener = Listener(open_hall())
    [_, first] = listener.subscribe("orderbook_delta", market_ticker=HOME)

    [asked] = listener.update("get_snapshot", sid=1, market_tickers=[HOME])

    assert "id" not in first
    assert (asked["id"], asked["seq"]) == (2, 2)


def test_the_ticker_channel_takes_markets_by_id_and_acknowledges_by_id() -> None:
    hall = open_hall()
    home, away = (hall.venue.market(ticker).market_id for ticker in (HOME, AWAY))
    listener = Listener(hall)

    said = listener.subscribe("ticker", market_id=home, send_initial_snapshot=True)
    [ok] = listener.update("add_markets", sid=1, market_ids=[away])

    assert bodies(said, "ticker")[0]["market_id"] == home
    assert ok["msg"] == {"market_ids": [home, away]}
    hall.create("maker", quote("bid", 4_000, 100, AWAY))
    assert bodies(listener.heard(), "ticker")[0]["market_ticker"] == AWAY


@pytest.mark.parametrize("channel", ["orderbook_delta", "trade", "fill", "market_positions"])
def test_other_channels_take_no_market_ids(channel: str) -> None:
    hall = open_hall()
    named = {"market_ids": [hall.venue.market(HOME).market_id]}
    params = {"channels": [channel], **named}

    assert Listener(hall).codes({"cmd": "subscribe", "params": params}) == [11]
    listener = Listener(hall)
    listener.subscribe(channel, market_ticker=HOME)
    update = {"sid": 1, "action": "add_markets", **named}
    assert listener.codes({"cmd": "update_subscription", "params": update}) == [11]


def test_a_channel_error_ends_its_subscription_alone() -> None:
    hall = open_hall()
    listener = Listener(hall)
    listener.subscribe("orderbook_delta", "trade", market_ticker=HOME)

    assert listener.session.break_channel("orderbook_delta")
    assert not listener.session.break_channel("fill")

    [error] = listener.heard()
    assert (error["sid"], error["seq"], error["msg"]["code"]) == (1, 2, 10)
    hall.create("maker", quote("ask", 5_200, 100))
    hall.create("us", order("bid", 5_200, 100))
    assert [message["type"] for message in listener.heard()] == ["trade"]
    assert listener.subscribe("orderbook_delta", market_ticker=HOME)[0]["msg"]["sid"] == 3


def test_more_commands_than_a_second_holds_are_refused_until_time_has_passed() -> None:
    hall = open_hall()
    frames: list[str] = []

    def take(frame: str, _sid: int) -> bool:
        frames.append(frame)
        return True

    session = StreamSession(hall.venue, "us", take, commands_a_second=2)
    for _ in range(3):
        session.command('{"cmd": "list_subscriptions"}')
    hall.clock.pass_s(0.5)
    session.command('{"cmd": "list_subscriptions"}')

    said = [msgspec.json.decode(frame) for frame in frames]
    assert [message["type"] for message in said] == ["ok", "ok", "error", "ok"]
    assert said[2]["msg"]["code"] == 27


def test_a_refused_first_subscription_never_was() -> None:
    hall = open_hall()
    frames: list[str] = []

    def take(frame: str, _sid: int) -> bool:
        frames.append(frame)
        return True

    session = StreamSession(hall.venue, "us", take, market_limit=1)
    both = {"channels": ["trade"], "market_tickers": [HOME, AWAY]}
    session.command(msgspec.json.encode({"cmd": "subscribe", "params": both}))
    session.command('{"cmd": "list_subscriptions"}')

    assert msgspec.json.decode(frames[-1])["msg"] == []


def test_a_group_s_life_over_rest_is_told_step_by_step() -> None:
    desk = Desk(open_hall())
    listener = Listener(desk.hall)
    listener.subscribe("order_group_updates", "user_orders")
    groups = "/portfolio/order_groups"
    group = desk.ask("POST", f"{groups}/create", body={"contracts_limit": 3})[1]["order_group_id"]
    desk.hall.create("us", attrs.evolve(quote("bid", 4_000, 100), order_group_id=group))
    desk.ask("PUT", f"{groups}/{group}/trigger")
    desk.ask("PUT", f"{groups}/{group}/reset")
    desk.ask("DELETE", f"{groups}/{group}")
    said = listener.heard()

    steps = [body["event_type"] for body in bodies(said, "order_group_updates")]
    assert steps == ["created", "triggered", "reset", "deleted"]
    assert {body["order_group_id"] for body in bodies(said, "user_order")} == {group}
    assert [body["status"] for body in bodies(said, "user_order")] == ["resting", "canceled"]


def test_a_subaccounts_own_are_marked_with_its_number() -> None:
    hall = open_hall()
    hall.venue.floor.account("us").divide().cash_micros[0] = 10_000_000
    listener = Listener(hall)
    listener.subscribe(
        "orderbook_delta", "fill", "user_orders", "market_positions", market_ticker=HOME
    )
    hall.create("maker", quote("ask", 5_200, 100))
    listener.heard()
    hall.create("us", attrs.evolve(order("bid", 5_200, 100, client_order_id="x"), subaccount=1))
    said = listener.heard()

    for kind in ("orderbook_delta", "fill", "market_position"):
        assert [body["subaccount"] for body in bodies(said, kind)] == [1]
    assert bodies(said, "user_order")[-1]["subaccount_number"] == 1


def test_a_key_of_one_subaccount_hears_of_no_other() -> None:
    hall = open_hall()
    hall.venue.floor.account("us").divide().cash_micros[0] = 10_000_000
    frames: list[str] = []

    def take(frame: str, _sid: int) -> bool:
        frames.append(frame)
        return True

    session = StreamSession(hall.venue, "us", take, subaccount=1)
    private = ["fill", "user_orders", "market_positions"]
    session.command(msgspec.json.encode({"cmd": "subscribe", "params": {"channels": private}}))
    frames.clear()
    hall.create("maker", quote("ask", 5_200, 300))
    hall.create("us", order("bid", 5_200, 100))
    assert frames == []

    hall.create("us", attrs.evolve(order("bid", 5_200, 100), subaccount=1))
    kinds = {msgspec.json.decode(frame)["type"] for frame in frames}
    assert kinds == {"fill", "user_order", "market_position"}
