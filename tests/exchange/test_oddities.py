"""Laws: what the venue says over REST that is new to us costs nothing, and is counted."""

import json
from typing import Any

import msgspec
import pytest
import trio
from hypothesis import given, strategies as st
from trio.testing import MockClock

from actors.exchange.asking import Asking
from actors.exchange.clock import ClockOffset
from actors.exchange.keys import SigningKey
from actors.exchange.oddities import BEYOND, BODY, LONGEST, MOST_NAMES, MOST_ROWS, ROWS, Oddities
from actors.exchange.rest import Rest
from actors.exchange.signing import Signer
from actors.exchange.tokens import Budget
from actors.runtime.memory import MemoryNetwork, SeededEnv
from tests.exchange import bodies
from tests.exchange.test_rest import KEY, a_world, answer
from tests.shared import shared
from tests.sim.venue.contract import DOCUMENT, operations
from tests.sim.venue.published import Schema, document

ASKED = {
    "GetMarkets": "markets",
    "GetMarket": "market",
    "GetEvents": "events",
    "GetEvent": "event",
    "GetSeries": "series",
    "GetSeriesFeeChanges": "series_fee_change_arr",
    "GetEventFeeChanges": "event_fee_changes",
    "GetMilestones": "milestones",
    "GetTrades": "trades",
    "GetOrders": "orders",
    "GetOrder": "order",
    "GetFills": "fills",
    "GetPositions": "market_positions",
    "GetSettlements": "settlements",
    "GetDeposits": "deposits",
    "GetWithdrawals": "withdrawals",
    "GetIntraExchangeInstanceTransfers": "transfers",
    "GetBalance": "balance_breakdown",
    "GetExchangeStatus": "exchange_index_statuses",
    "GetAccountEndpointCosts": "endpoint_costs",
}
"""What we ask for over REST, and the field in which its rows stand."""
BARE = (
    "GetMarketOrderbook",
    "GetMarketOrderbooks",
    "GetAccountApiLimits",
    "GetExchangeSchedule",
    "GetUserDataTimestamp",
    "CancelOrderV2",
)
"""What else we ask for; its answers hold no rows that we look at."""


def looked(body: object) -> dict[str, int]:
    odd = Oddities()
    odd.look(json.dumps(body).encode())
    return odd.counts


def resolved(schema: Schema) -> Schema:
    """Return a schema with its references and parts put in."""
    whole = dict(schema)
    for part in (*schema.get("allOf", []), *([schema] if "$ref" in schema else [])):
        found: Any = document(DOCUMENT)
        for name in part.get("$ref", "#/").removeprefix("#/").split("/"):
            found = found[name] if name else part
        named = resolved(found) if "$ref" in part else part
        whole["properties"] = named.get("properties", {}) | whole.get("properties", {})
        whole.update((k, v) for k, v in named.items() if k not in whole)
    return whole


def answered(operation: str) -> Schema:
    """Return the fields of an operation's answer."""
    entry = next(each for each in operations() if each.name == operation)
    schema = entry.responses["200"]["content"]["application/json"]["schema"]
    found: Schema = resolved(schema)["properties"]
    return found


@pytest.mark.parametrize(("operation", "field"), ASKED.items())
def test_what_is_known_of_a_row_is_what_is_published(operation: str, field: str) -> None:
    shared("spec", "kalshi", DOCUMENT)
    body = answered(operation)
    rows = resolved(body[field])
    published = resolved(rows.get("items", rows))["properties"]
    known = ROWS[field]

    assert body.keys() <= BODY
    assert known.fields == published.keys()
    for name, words in known.words.items():
        listed = resolved(published[name]).get("enum")
        assert listed is None or words - {""} == {each for each in listed if each} - {""}, name


@pytest.mark.parametrize("operation", BARE)
def test_the_fields_of_every_other_answer_are_known(operation: str) -> None:
    shared("spec", "kalshi", DOCUMENT)

    assert answered(operation).keys() <= BODY


def test_what_is_known_is_not_odd() -> None:
    assert looked({"orders": [bodies.ORDER], "cursor": ""}) == {}
    assert looked({"market": bodies.MARKET}) == {}
    assert looked({"milestones": [bodies.MILESTONE], "cursor": ""}) == {}
    assert looked({"event": bodies.EVENT | {"markets": [bodies.MARKET]}, "markets": []}) == {}


def test_new_fields_words_and_ids_are_counted_where_they_stand() -> None:
    market = bodies.MARKET | {"status": "resting", "colour": "red"}
    event = bodies.EVENT | {"markets": [market]}
    milestone = bodies.MILESTONE | {"source_ids": {"opta": 7}}

    assert looked({"events": [event, event], "weather": {}, "cursor": ""}) == {
        "markets.status=resting": 2,
        "markets.colour": 2,
        "weather": 1,
    }
    assert looked({"milestones": [milestone]}) == {"milestones.source_ids: not text": 1}


def test_each_name_is_told_once_and_a_flood_of_names_is_one() -> None:
    told: list[str] = []
    odd = Oddities(told.append)
    for _ in range(2):
        for number in range(MOST_NAMES + 50):
            odd.look(json.dumps({f"{number}" + "x" * 200: 1}).encode())

    assert len(told) == len(odd.counts) == MOST_NAMES + 1
    assert told[-1] == BEYOND
    assert odd.total == 2 * (MOST_NAMES + 50)
    assert max(map(len, told)) <= LONGEST


def test_of_a_long_list_only_its_beginning_is_looked_at() -> None:
    row = bodies.FILL | {"colour": "red"}

    assert looked({"fills": [row] * (3 * MOST_ROWS)}) == {"fills.colour": MOST_ROWS}


@given(
    st.binary(max_size=40)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=4),
        lambda each: (
            st.lists(each, max_size=3)
            | st.dictionaries(
                st.sampled_from(["orders", "market", "source_ids", "x"]), each, max_size=3
            )
        ),
        max_leaves=8,
    ).map(msgspec.json.encode)
)
def test_nothing_that_may_be_read_ends_a_look(body: bytes) -> None:
    Oddities().look(body)


async def test_a_rest_reader_counts_what_is_new_and_returns_what_it_knows(
    autojump_clock: MockClock,
) -> None:
    async with trio.open_nursery() as nursery:
        world = await a_world(nursery)
        told: list[str] = []
        asking = Asking(now_ns=lambda: 0, clock=ClockOffset(), budget=Budget())
        asking.oddities.on_first = told.append
        env = SeededEnv(1, MemoryNetwork(1))
        sign = Signer(env=env, key_id="an-id", key=SigningKey(KEY))
        rest = Rest(http=world.http, sign=sign, asking=asking)
        world.say(
            answer({"orders": [bodies.ORDER | {"status": "asleep", "mood": 1}], "cursor": ""}),
            answer({"orders": [], "cursor": "", "mood": 1}),
        )
        (order,) = await rest.orders()
        assert await rest.orders() == ()

        assert order.status == "asleep"
        assert sorted(told) == ["mood", "orders.mood", "orders.status=asleep"]
        assert asking.oddities.total == 3
        nursery.cancel_scope.cancel()
