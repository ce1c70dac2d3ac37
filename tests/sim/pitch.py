"""One match on a venue of its own, and a whole world with somebody who looks on."""

import base64
import hashlib
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import attrs
import msgspec
import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from trio_websocket import wrap_client_stream

from actors.runtime.env import Endpoint
from actors.runtime.memory import Link, MemoryNetwork, SeededEnv
from actors.sim import terms
from actors.sim.agenda import Agenda
from actors.sim.crew import CASH_MICROS, Crew, Habits
from actors.sim.feedtiming import FeedTiming
from actors.sim.listing import leg_tickers
from actors.sim.matchday import matchday
from actors.sim.script import day_script
from actors.sim.timetable import MatchTimetable, Pace, Timetable, lay_out
from actors.sim.venue.engine import Venue
from actors.sim.venue.latency import NONE
from actors.sim.world import Handshake, Options, World

ONE_GOAL = "2026-06-28"
"""South Africa vs Canada, 0-1 in stoppage time."""
PENALTY = "2022-11-20"
"""Qatar vs Ecuador, 0-2; the first from the spot."""
NEAR = Link(nearest_ms=0, farthest_ms=0, jitter_ms=0)
BUYER = "buyer"
UNCUT = Pace(max_gap_s=600.0)
"""A half takes three quarters of a minute: room for goals of the test's own."""


def timetable(day: str, seed: int = 1, pace: Pace | None = None) -> Timetable:
    return lay_out(day_script(matchday(day), seed), pace or Pace())


@attrs.define(kw_only=True)
class Pitch:
    """A match, its venue and its crew, without any network."""

    venue: Venue
    agenda: Agenda
    match: MatchTimetable
    crew: Crew


def pitch(day: str = ONE_GOAL, seed: int = 1, habits: Habits | None = None) -> Pitch:
    habits = habits or Habits()
    match = timetable(day, seed, UNCUT).matches[0]
    agenda = Agenda()
    venue = Venue(
        now_us=lambda: 10**15 + int(1e6 * agenda.now_s()), rng=random.Random("venue"), read_lag_us=0
    )
    for account in (*habits.accounts, BUYER):
        venue.open_account(account, {0: CASH_MICROS})
    venue.list_series(terms.series_terms())
    venue.list_event(terms.event_terms(match.script))
    for market in terms.market_terms(
        match.script, now_us=venue.now_us(), kickoff_us=venue.now_us(), settles_after_us=0
    ):
        venue.list_market(market)
    crew = Crew.enlist(
        agenda=agenda,
        venue=venue,
        match=match,
        tickers=leg_tickers(match.match, match.script.fixture),
        habits=habits,
        seed=seed,
    )
    return Pitch(venue=venue, agenda=agenda, match=match, crew=crew)


@attrs.define(kw_only=True)
class Spectator:
    """Somebody who follows every book and every feed of a world, and writes it all down."""

    world: World
    env: SeededEnv
    handshake: Handshake
    nursery: trio.Nursery
    heard: list[tuple[str, float, str]] = attrs.field(factory=list)
    """Which stream, when, what."""
    _sockets: list[trio.CancelScope] = attrs.field(init=False, factory=list)

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr(self.heard).encode()).hexdigest()

    def frames(self, source: str) -> list[tuple[float, dict[str, Any]]]:
        return [
            (at_s, msgspec.json.decode(text))
            for name, at_s, text in self.heard
            if name == source and text != "ping"
        ]

    async def follow_books(self, matches: int | None = None) -> None:
        key = load_pem_private_key(self.env.disk.read(self.handshake["key"]["pem_file"]), None)
        assert isinstance(key, Ed25519PrivateKey)
        stamp = str(self.env.wall_ns() // 1_000_000)
        signature = key.sign(f"{stamp}GET/trade-api/ws/v2".encode())
        headers = [
            (b"KALSHI-ACCESS-KEY", self.handshake["key"]["id"].encode()),
            (b"KALSHI-ACCESS-TIMESTAMP", stamp.encode()),
            (b"KALSHI-ACCESS-SIGNATURE", base64.b64encode(signature)),
        ]
        tickers = [
            ticker
            for stadium in self.world.stadiums[:matches]
            for ticker in stadium.tickers.values()
        ]
        ask = {"channels": ["orderbook_delta"], "market_tickers": tickers, "use_yes_price": True}
        command = msgspec.json.encode({"id": 1, "cmd": "subscribe", "params": ask}).decode()
        await self.nursery.start(self._listen, "books", self.handshake["ws"], headers, [command])

    async def follow_feeds(self) -> None:
        for name, feed in self.handshake["feeds"].items():
            await self.nursery.start(self._listen, name, feed["url"], [], [])

    def leave(self) -> None:
        """Drop every connection without a goodbye."""
        for socket in self._sockets:
            socket.cancel()

    async def _listen(
        self,
        source: str,
        url: str,
        headers: list[tuple[bytes, bytes]],
        greeting: Sequence[str],
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        endpoint = Endpoint.parse(url)
        path = url.partition(endpoint.authority)[2]
        async with trio.open_nursery() as nursery:
            self._sockets.append(nursery.cancel_scope)
            socket = await wrap_client_stream(
                nursery,
                await self.env.dial(endpoint),  # type: ignore[arg-type]  # any stream will do
                endpoint.authority,
                path,
                extra_headers=headers,
            )
            for text in greeting:
                await socket.send_message(text)
            task_status.started()
            while True:
                message = await socket.get_message()
                assert isinstance(message, str)
                self.heard.append((source, trio.current_time(), message))
                if message == "ping":
                    await socket.send_message("pong")


TWO = {
    "alpha": FeedTiming(lag_ms=300.0, jitter_ms=150.0, shape="lognormal", floor_ms=90.0),
    "bravo": FeedTiming(lag_ms=290.0, jitter_ms=30.0, floor_ms=120.0, ceiling_ms=1_500.0),
}
"""Two raw WebSockets, whose frames a spectator reads as they are."""


@asynccontextmanager
async def world_of(day: Timetable, **options: object) -> AsyncIterator[Spectator]:
    """A world in memory, not yet looked at; on leaving it ends."""
    env = SeededEnv(day.day.seed, MemoryNetwork(day.day.seed, link=NEAR))
    env.disk.make_folder("/world")
    given: dict[str, Any] = {
        "folder": "/world",
        "secure": False,
        "latency": NONE,
        "feeds": TWO,
    } | options
    async with trio.open_nursery() as nursery:
        world = World(env=env, timetable=day, options=Options(**given))
        handshake = await world.start_in(nursery)
        yield Spectator(world=world, env=env, handshake=handshake, nursery=nursery)
        nursery.cancel_scope.cancel()


async def play(pitch: Pitch, until_s: float, *acts: tuple[float, Callable[[], None]]) -> None:
    """Run a pitch's agenda, with some acts of the test on it, on trio's mock clock."""
    for at_s, act in acts:
        pitch.agenda.at(at_s, act)
    async with trio.open_nursery() as nursery:
        await nursery.start(pitch.agenda.run)
        await trio.sleep(until_s)
        nursery.cancel_scope.cancel()
