"""The stream's floor, heard over a socket; and that nothing published is forgotten."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import msgspec
import pytest
import trio
from wsproto.events import Ping, Pong, TextMessage

from actors.model.orders import Ticker
from actors.runtime.env import RealEnv
from actors.sim.venue import server
from actors.sim.venue.captions import recaption
from actors.sim.venue.faults import StormKind
from actors.sim.venue.latency import Delay, LatencyProfile
from actors.sim.venue.price_grids import regrid
from actors.sim.venue.server import WS_PATH
from actors.sim.venue.stream_wire import ERRORS
from actors.sim.venue.subscriptions import CHANNELS
from actors.sim.venue.treasury import Allocation
from tests.sim.venue import contract, published
from tests.sim.venue.floor import ORDERS, UNSIGNED
from tests.sim.venue.floor_stage import ARCHIVED, FAR, ONE_SIDED, SIDE_EVENT, Stage, a_stage
from tests.sim.venue.floor_stream import (
    ELSEWHERE,
    GROUP_STEPS,
    MESSAGES,
    NO_ERRORS,
    NO_MESSAGES,
    NO_REASONS,
    REASONS,
    RETIRED,
    STEPS,
    WRONG,
)
from tests.sim.venue.hall import AWAY, EVENT, HOME, SECOND, market_terms, quote
from tests.sim.venue.papers import ed25519_key, headers
from tests.sim.venue.published import STREAM, document, judge_frame, require
from tests.sim.venue.site import Site, Socket, serving
from tests.sim.venue.test_floor import played

PATIENCE_S = 60.0


@attrs.define
class Ears:
    """What has been heard on one socket."""

    socket: Socket
    heard: set[str] = attrs.field(factory=set)
    wanted: set[str] = attrs.field(factory=set)
    complete: trio.Event = attrs.field(factory=trio.Event)

    async def listen(self) -> None:
        """Note every message until cancelled; each is held against the document."""
        text = ""
        while True:
            match await self.socket.event():
                case TextMessage() as part:
                    text += part.data
                    if part.message_finished:
                        self._note(text)
                        text = ""
                case Ping():
                    self.heard.add("ping")
                case Pong():
                    self.heard.add("pong")
                case ended:
                    raise AssertionError(f"the stream ended: {ended}")
            if self.wanted <= self.heard:
                self.complete.set()

    def _note(self, text: str) -> None:
        message = msgspec.json.decode(text)
        judge_frame(message)
        kind, body = message["type"], message.get("msg")
        self.heard.add("list" if kind == "ok" and isinstance(body, list) else kind)
        match kind:
            case "market_lifecycle_v2":
                self.heard.add(f"step {body['event_type']}")
            case "order_group_updates":
                self.heard.add(f"group {body['event_type']}")
            case "user_order" if body.get("last_update_reason"):
                self.heard.add(f"reason {body['last_update_reason']}")
            case "error":
                self.heard.add(f"error {body['code']}")
            case _:
                pass


def everything() -> set[str]:
    return {
        *MESSAGES.values(),
        *(f"step {each}" for each in STEPS),
        *(f"group {each}" for each in GROUP_STEPS),
        *(f"reason {each}" for each in REASONS),
    }


async def converse(socket: Socket) -> None:
    """Send every command that there is."""
    opened = [name for name in CHANNELS if name != "orderbook_delta"]
    commands: tuple[dict[str, object], ...] = (
        {"cmd": "subscribe", "params": {"channels": opened, "send_initial_snapshot": True}},
        {
            "cmd": "subscribe",
            "params": {"channels": ["orderbook_delta"], "market_ticker": HOME},
        },
        {
            "cmd": "update_subscription",
            "params": {"sid": 8, "action": "add_markets", "market_tickers": [AWAY]},
        },
        {
            "cmd": "update_subscription",
            "params": {"sids": [8], "action": "delete_markets", "market_tickers": [AWAY]},
        },
        {
            "cmd": "update_subscription",
            "params": {"sid": 8, "action": "get_snapshot", "market_tickers": [HOME]},
        },
        {"cmd": "list_subscriptions"},
        {"cmd": "dance", "params": {}},
    )
    for number, command in enumerate(commands, 1):
        await socket.say({"id": number} | command)
    await socket.wire.send_all(socket.protocol.send(Ping(b"?")))


def live_through(stage: Stage) -> None:
    """Have happen at the venue what no request of ours brings about."""
    hall = stage.site.hall
    venue = hall.venue
    now_us = venue.now_us()
    event, fresh = f"{SIDE_EVENT}-2", Ticker(f"{SIDE_EVENT}-2-NEW")
    venue.list_event(attrs.evolve(venue.floor.events[SIDE_EVENT], event_ticker=event))
    terms = market_terms(ARCHIVED, start_us=now_us)
    venue.list_market(attrs.evolve(terms, ticker=fresh, event_ticker=event, settles_after_us=0))
    regrid(venue.floor, fresh, "deci_cent")
    recaption(venue.floor, fresh, "Another name")
    venue.fees.plan_event(EVENT, now_us + SECOND // 100, None, None)
    pausing = attrs.evolve(quote("bid", 100, 100, ticker=ONE_SIDED), cancel_on_pause=True)
    hall.create("us", pausing)
    venue.halt_market(ONE_SIDED)
    venue.resume_market(ONE_SIDED)
    hall.create("us", quote("bid", 100, 100, ticker=ONE_SIDED))
    venue.close_market(ONE_SIDED)
    venue.close_market(fresh)
    venue.determine(fresh, "no")
    hall.create("us", quote("bid", 100, 100))
    venue.treasury.allocate("us", Allocation(((1, 100),), "none"))
    venue.treasury.rebalance("us", now_us)
    expiring = quote("bid", 100, 100, ticker=FAR)
    hall.create("us", attrs.evolve(expiring, expires_us=venue.now_us() + SECOND // 50))


async def test_every_message_step_and_reason_is_heard_over_a_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "HEARTBEAT_S", 0.05)
    async with a_stage() as stage, stage.site.stream() as socket, trio.open_nursery() as nursery:
        ears = Ears(socket, wanted=everything())
        nursery.start_soon(ears.listen)
        await converse(socket)
        for row in ORDERS:
            assert await played(stage, row) == []
        live_through(stage)
        await socket.say({"id": 9, "cmd": "unsubscribe", "params": {"sids": [1]}})
        with trio.move_on_after(PATIENCE_S):
            await ears.complete.wait()
        nursery.cancel_scope.cancel()

    assert ears.wanted - ears.heard == set()
    contract.FLOOR["things heard on the stream"] = len(ears.wanted)


@asynccontextmanager
async def booked(site: Site) -> AsyncIterator[Socket]:
    """Open a stream whose sid 1 follows the books."""
    async with site.stream() as socket:
        await socket.subscribe("orderbook_delta")
        assert [(await socket.message())["type"] for _ in range(2)] == [
            "subscribed",
            "orderbook_snapshot",
        ]
        yield socket


async def test_every_wrong_command_gets_its_error_over_a_socket_and_the_stream_goes_on() -> None:
    with trio.fail_after(PATIENCE_S):
        async with serving(RealEnv(1)) as site, booked(site) as socket:
            for wrong in WRONG:
                if isinstance(wrong.command, bytes):
                    size = bytes([0x81, 0x80 | len(wrong.command), 0, 0, 0, 0])
                    await socket.wire.send_all(size + wrong.command)
                else:
                    await socket.say(wrong.command)
                error = await socket.message()

                assert (error["type"], error["msg"]["code"]) == ("error", wrong.code), wrong
                assert error.get("id") == (None if wrong.code == 1 else 7), wrong
                assert ("sid" in error, "seq" in error) == (wrong.scoped, wrong.scoped), wrong
            site.hall.create("maker", quote("bid", 4_000, 100))
            assert (await socket.message())["type"] == "orderbook_delta"
    contract.FLOOR["wrong commands"] = len(WRONG)


async def test_a_broken_channel_and_a_full_buffer_end_their_subscription_over_a_socket() -> None:
    slow = LatencyProfile(feed=Delay(50.0))
    with trio.fail_after(PATIENCE_S):
        async with serving(RealEnv(1), slow, outbox_frames=3) as site, booked(site) as socket:
            site.server.break_channel("orderbook_delta")
            broken = await socket.message()
            await socket.subscribe("orderbook_delta")
            again = [await socket.message() for _ in range(2)]
            for _ in range(6):
                site.hall.create("maker", quote("bid", 4_000, 100))
            full = await socket.message()

    assert (broken["sid"], broken["msg"]["code"]) == (1, 10)
    assert again[0]["msg"]["sid"] == 2, "what ended is subscribed to anew"
    assert (full["sid"], full["msg"]["code"]) == (2, 25)


async def test_too_many_markets_and_too_many_commands_are_errors_over_a_socket() -> None:
    with trio.fail_after(PATIENCE_S):
        async with (
            serving(RealEnv(1), markets=2, commands_a_second=3) as site,
            booked(site) as socket,
        ):
            params = {"sid": 1, "action": "add_markets", "market_tickers": [AWAY, "X", AWAY]}
            for number in range(2, 5):
                await socket.say({"id": number, "cmd": "update_subscription", "params": params})
            errors = [(await socket.message())["msg"]["code"] for _ in range(3)]

    assert errors[:2] == [26, 26]
    assert errors[2] in {26, 27}, "a third of a second may have passed"


STORMS: tuple[tuple[StormKind, bytes, bytes], ...] = (
    ("bad_gateway", b"502", b"<html>"),
    ("unauthorized", b"401", b"INCORRECT_API_KEY_SIGNATURE"),
    ("expired", b"401", b"header_timestamp_expired"),
    ("rate_limited", b"429", b'{"error":"too many requests"}'),
)


async def upgraded(site: Site, signature: str, key_id: str = "") -> bytes:
    """Ask for a stream, signed in one of the wrong ways; return all that was answered."""
    late_ms = {"too old": -30_000, "too far ahead": 60_000}.get(signature, 0)
    path = WS_PATH + {"wrong": "/more", "over the query": "?a=1"}.get(signature, "")
    pairs = headers(ed25519_key(), "GET", path, site.stamp_ms() + late_ms)
    if signature == "of an unknown key":
        pairs = (("kalshi-access-key", "a0000000-0000-4000-a000-000000000009"), *pairs[1:])
    if signature == "without headers":
        pairs = ()
    if signature == "without a signature":
        pairs = pairs[:2]
    lines = "".join(f"{name}: {value}\r\n" for name, value in pairs)
    async with await site.env.dial(site.endpoint) as wire:
        await wire.send_all(
            f"GET {WS_PATH} HTTP/1.1\r\nhost: v\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            "sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            f"{lines}\r\n".encode()
        )
        said = b""
        while b"\r\n\r\n" not in said or (
            b" 101 " not in said and not said.endswith((b"}", b">\n"))
        ):
            said += bytes(await wire.receive_some())
        return said


async def test_an_upgrade_is_refused_in_the_words_of_rest_over_a_socket() -> None:
    with trio.fail_after(PATIENCE_S):
        async with serving(RealEnv(1), connections=1) as site:
            assert (await upgraded(site, "")).startswith(b"HTTP/1.1 101 ")
            for signature, _, wanted in UNSIGNED:
                said = await upgraded(site, signature)
                assert said.startswith(b"HTTP/1.1 401 "), signature
                assert (wanted.details or wanted.code).encode() in said, signature
            for kind, status, words in STORMS:
                site.server.hostility.raise_storm(kind, 60)
                said = await upgraded(site, "")
                site.server.hostility.calm()
                assert said.startswith(b"HTTP/1.1 " + status), kind
                assert words in said, kind
            async with site.stream():
                said = await upgraded(site, "")
                assert said.startswith(b"HTTP/1.1 429 ")
                assert b'{"error":"too many requests"}' in said
        async with serving(RealEnv(1), scopes=("write",)) as site:
            said = await upgraded(site, "")
            assert said.startswith(b"HTTP/1.1 403 ")
            assert b"insufficient_scope" in said
    contract.FLOOR["upgrades refused"] = len(UNSIGNED) + len(STORMS) + 2


def test_every_published_message_is_heard_or_out_of_scope_for_a_reason() -> None:
    require("asyncapi.yaml")
    messages = document("asyncapi.yaml")["components"]["messages"]

    assert MESSAGES.keys() | NO_MESSAGES.keys() == messages.keys()
    assert not MESSAGES.keys() & NO_MESSAGES.keys()
    assert set(STREAM) == set(MESSAGES.values()) - {"ping", "pong"}
    assert all(NO_MESSAGES.values())
    assert published.STREAM.keys() == STREAM.keys()


def test_every_published_error_is_produced_or_listed_with_its_reason() -> None:
    require("asyncapi.yaml")
    payload = document("asyncapi.yaml")["components"]["schemas"]["errorResponsePayload"]
    codes = set(payload["properties"]["msg"]["properties"]["code"]["enum"])
    done = {each.code for each in WRONG} | ELSEWHERE.keys()

    assert done | NO_ERRORS.keys() == codes
    assert not done & NO_ERRORS.keys()
    assert not RETIRED & codes
    assert ERRORS.keys() == done, "the venue has words for each, and for no other"


def test_every_published_reason_and_step_is_heard_or_listed() -> None:
    require("asyncapi.yaml")
    schemas = document("asyncapi.yaml")["components"]["schemas"]

    def steps(payload: str) -> set[str]:
        body = schemas[payload]["properties"]["msg"]["properties"]["event_type"]
        return set(body.get("enum", [])) | ({body["const"]} if "const" in body else set())

    assert set(schemas["lastUpdateReason"]["enum"]) - {""} == REASONS | NO_REASONS.keys()
    assert steps("marketLifecycleV2Payload") | steps("marketMetadataUpdatedPayload") == STEPS
    assert steps("orderGroupUpdatesPayload") == GROUP_STEPS
