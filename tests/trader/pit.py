"""A pit to trade in: one match at the simulated venue, and the trading part of a run before it.

Everything is real but the wire and the clock. Orders and reads pass a door each, where a
test can let things go wrong; the stream comes from the venue's own server.
"""

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache, partial
from typing import Any, TypeVar, cast

import attrs
import trio

from actors.audit.auditor import Auditor
from actors.audit.recovery import recover
from actors.audit.relived import relive
from actors.config.calendar import trading_day
from actors.config.load import Loaded, load
from actors.config.profile import Profile
from actors.exchange.keys import SigningKey
from actors.feeds.recall import recall
from actors.messages.feeds import FeedEvent
from actors.messages.market import BookSnapshot
from actors.messages.race import Judged, Trigger
from actors.messages.recovered import Relived
from actors.messages.trading import Leg, OrderDone, Play, Sent
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import OrderRequest, Side, Ticker, client_order_id
from actors.model.score import GoalKey, MatchId, Period, Score
from actors.runtime.child import Child, Run
from actors.runtime.disk import MemoryDisk
from actors.runtime.env import Endpoint
from actors.runtime.health import HealthRegistry
from actors.runtime.journal import Journal
from actors.runtime.mailbox import Mailbox
from actors.runtime.memory import Link, MemoryNetwork, SeededEnv
from actors.runtime.restart import RestartPolicy
from actors.runtime.segments import read
from actors.runtime.supervise import Supervisor
from actors.sim.feedtiming import FIVE
from actors.sim.venue.auth import KeyRing
from actors.sim.venue.engine import Venue
from actors.sim.venue.latency import LatencyProfile
from actors.sim.venue.listing import EventTerms, MarketTerms, MilestoneTerms, SeriesTerms
from actors.sim.venue.order_entry import Created
from actors.sim.venue.rest import Rest as VenueRest
from actors.sim.venue.server import VenueServer
from actors.trader.assembly import Given, Trading, assemble, encode, write
from actors.trader.desk import Desk
from actors.trader.market_data import stream_name
from actors.trader.plays import entry_intent, exit_floor_pips
from tests.runtime.journals import ANCHORS, CODEC, FOLDER, memory_disk, opening
from tests.sim.venue.hall import SERIES, order, quote
from tests.sim.venue.papers import KEY_ID, ed25519_key, pem
from tests.trader.door import Door
from tests.trader.glass import GlassEnv

T = TypeVar("T")

EVENT = MatchId("KXWCGAME-26NOV01IRINZL")
HOME, AWAY, TIE = (Ticker(f"{EVENT}-{leg}") for leg in ("IRI", "NZL", "TIE"))
NAMES = {HOME: "Iran", AWAY: "New Zealand", TIE: "Tie"}
KEY = GoalKey(EVENT, 0, "1-0")
US, MAKER, CROWD = "us", "maker", "crowd"
CASH_MICROS = 10_000_000_000
SECOND_US = 1_000_000
NEAR = Link(nearest_ms=0.1, farthest_ms=0.2, jitter_ms=0.1)
QUIET = {HOME: (4_500, 4_600), AWAY: (2_600, 2_700), TIE: (2_700, 2_800)}
"""Best bid and best ask of each leg before anything has happened."""


TERMS: Mapping[str, Mapping[str, object]] = {
    "orders": {
        "entry_connections": 3,
        "header_sets": 12,
        "refresh_s": 1.0,
        "response_s": 2.0,
        "keep_warm_s": 20.0,
    },
    "limits": {
        "order_contracts": 400,
        "order_dollars": MicroDollars(250_000_000),
        "market_dollars": MicroDollars(500_000_000),
        "match_dollars": MicroDollars(800_000_000),
        "shard_dollars": MicroDollars(4_000_000_000),
        "day_dollars": MicroDollars(5_000_000_000),
        "account_dollars": MicroDollars(4_000_000_000),
    },
    "gates": {
        "collar": Pips(1_500),
        "bid_max": Pips(9_700),
        "ask_min": Pips(300),
        "report_age_ms": 500,
        "book_age_ms": 5_000,
    },
    "throttle": {"orders_per_s": 1_000, "orders_per_min": 60_000, "entries_per_match": 100_000},
    "risk": {"delay_max_ms": 5_000, "losing_streak": 1_000, "group_contracts": 0},
    "exits": {
        "after_match_s": 300.0,
        "slip": Pips(300),
        "give_up": Pips(4_000),
        "attempts": 6,
        "retry_s": 0.5,
    },
    "review": {
        "on_open": "hold",
        "liquidation_discount": Pips(200),
        "liquidation_steps": (Pips(300), Pips(600), Pips(1_000), Pips(1_500)),
        "liquidation_wait_ms": (250, 500, 1_000, 2_000),
        "liquidation_floor": Pips(2_000),
        "any_price": False,
    },
    "plays": {
        "margin": Pips(200),
        "chase": Pips(800),
        "exit_spread": Pips(100),
        "play_dollars": MicroDollars(400_000_000),
        "legs_max": 2,
        "price_age_s": 5.0,
        "freeze_move": Pips(400),
        "freeze_s": 20.0,
        "spread_max": Pips(800),
        "fit_max": Pips(300),
        "overturn_chance": 0.03,
        "overturn_goals": 30.0,
    },
    "catalogue": {"poll_s": 1.0},
}
"""What the laws count on, so that a profile may change without them."""


@attrs.define(eq=False, kw_only=True)
class Pit:
    """One process's trading part, its venue, and the nursery that both live in."""

    env: GlassEnv
    disk: MemoryDisk
    network: MemoryNetwork
    venue: Venue
    server: VenueServer
    orders: Door
    """Where orders go."""
    reads: Door
    """Where everything else is asked."""
    journal: Journal
    loaded: Loaded
    trading: Trading
    to_auditor: Mailbox[object]
    auditor: Auditor
    scores: dict[MatchId, tuple[Score, int]]
    """The race's word, as the test has it."""
    nursery: trio.Nursery
    _lives: dict[str, tuple[trio.CancelScope, trio.Event]] = attrs.field(init=False, factory=dict)
    _said: list[object] = attrs.field(init=False, factory=list)

    @property
    def desk(self) -> Desk:
        return self.trading.desk

    @property
    def profile(self) -> Profile:
        return self.loaded.profile

    def state(self) -> str:
        """Return the trading state."""
        return self.desk.state.value

    async def start(self, *names: str) -> None:
        """Start actors, each ready before the next."""
        for name in names:
            self._lives[name] = await self.nursery.start(self._live, self._runs()[name])

    async def keep(self, *names: str) -> None:
        """Start actors, and start each again whenever it fails."""
        policy = RestartPolicy(max_restarts=None, pause_min_s=0.1, pause_max_s=0.5)
        runs = self._runs()
        kept = Supervisor(
            name="kept",
            children=[Child(id=name, run=runs[name], policy=policy) for name in names],
            now_ns=self.env.now_ns,
            rng=self.env.rng("kept"),
            max_restarts=None,
        )
        await self.nursery.start(kept.run)

    def _runs(self) -> dict[str, Run]:
        trading = self.trading
        return {
            "journal": self.journal.run,
            "auditor": self.auditor.run,
            "signer": trading.signer.run,
            **{stream_name(each.stream): each.run for each in trading.streams},
            "entry_lines": trading.desk.entries.run,
            "exit_lines": trading.desk.exits.run,
            "exits": trading.exits.run,
            "catalogue": trading.catalogue.run,
            "executor": trading.executor.run,
            "planner": trading.planner.run,
            **({} if trading.comparison is None else {"comparison": trading.comparison.run}),
            **({} if trading.groups is None else {"groups": trading.groups.run}),
        }

    async def start_orders(self) -> None:
        """Start what it takes to send an order and to read its answer."""
        await self.start("journal", "signer", "entry_lines", "exit_lines", "exits", "executor")

    async def kill(self, name: str) -> None:
        """End an actor as a crash would: at whatever it waits for."""
        scope, ended = self._lives.pop(name)
        scope.cancel()
        await ended.wait()

    async def _live(
        self, run: Run, task_status: trio.TaskStatus[tuple[trio.CancelScope, trio.Event]]
    ) -> None:
        ended = trio.Event()
        try:
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as nursery:
                    await nursery.start(run)
                    task_status.started((scope, ended))
        finally:
            ended.set()

    def said(self, kind: type[T]) -> list[T]:
        """Return everything of one kind that was posted for the audit so far."""
        while self.to_auditor.depth:
            try:
                self._said.append(self.to_auditor.receive_nowait())
            except trio.WouldBlock:
                break
        return [each for each in self._said if isinstance(each, kind)]

    def done(self, client_order_id: str) -> list[OrderDone]:
        """Return every word about an order's outcome so far."""
        return [
            each for each in self.said(OrderDone) if each.sent.client_order_id == client_order_id
        ]

    def make(self, side: Side, price_pips: int, count_centi: int, ticker: Ticker = HOME) -> str:
        """Let somebody quote."""
        made = self.venue.create_order(MAKER, quote(side, price_pips, count_centi, ticker))
        assert isinstance(made, Created), made
        return made.order_id

    def hit(self, side: Side, price_pips: int, count_centi: int, ticker: Ticker = HOME) -> int:
        """Let somebody else take from the book; return what they got."""
        made = self.venue.create_order(CROWD, order(side, price_pips, count_centi, ticker=ticker))
        assert isinstance(made, Created), made
        return made.fill_count_centi

    def own(self, side: Side, price_pips: int, count_centi: int, ticker: Ticker = HOME) -> int:
        """Trade on our own account without any actor's doing."""
        made = self.venue.create_order(US, order(side, price_pips, count_centi, ticker=ticker))
        assert isinstance(made, Created), made
        return made.fill_count_centi

    def position_centi(self, ticker: Ticker = HOME) -> int:
        """Return what we hold, as the venue's engine has it."""
        return self.venue.position_centi(US, ticker)

    def believe(
        self,
        home: int = 0,
        away: int = 0,
        generation: int = 0,
        *,
        period: Period | None = "1H",
        clock_s: int | None = 600,
    ) -> None:
        """Have the race accept a score, and a feed show the clock."""
        score = Score(home, away)
        self.scores[EVENT] = (score, generation)
        self.trading.standings.on_change(EVENT)
        report = FeedEvent(
            feed="alpha",
            epoch=1,
            frame_no=1,
            kind="snapshot",
            score=score,
            period=period,
            clock_s=clock_s,
            received_ns=self.env.now_ns(),
            received_wall_ns=self.env.wall_ns(),
            decoded_ns=self.env.now_ns(),
        )
        key = GoalKey(EVENT, generation, score.text)
        self.trading.standings.hear(
            Judged(report=report, judgement="baseline", key=key, judged_ns=self.env.now_ns())
        )

    def see_books(self, *tickers: Ticker) -> None:
        """Have the desk see the venue's books as they are now, for tests without a stream."""
        for ticker in tickers or (HOME, AWAY, TIE):
            depth = self.venue.book(ticker)
            self.desk.books.apply(
                BookSnapshot(
                    ticker=ticker,
                    bids=tuple((level.price_pips, level.count_centi) for level in depth.bids),
                    asks=tuple((level.price_pips, level.count_centi) for level in depth.asks),
                    sid=1,
                    seq=1,
                    received_ns=self.env.now_ns(),
                )
            )

    def play(
        self,
        key: GoalKey = KEY,
        legs: tuple[Leg, ...] | None = None,
    ) -> Play:
        """Arm a play, without the planner."""
        made = Play(
            key=key,
            scorer="home",
            legs=(self.leg(key=key),) if legs is None else legs,
            planned_ns=self.env.now_ns(),
        )
        self.desk.plays[key] = made
        return made

    def leg(
        self,
        side: Side = "bid",
        limit_pips: int = 5_000,
        count_centi: int = 1_000,
        *,
        ticker: Ticker = HOME,
        key: GoalKey = KEY,
        worst_micros: int | None = None,
        group: str = "",
    ) -> Leg:
        """Price one leg as the planner would."""
        identity = self.entry_id(key, ticker, side)
        price, count = Pips(limit_pips), CentiContracts(count_centi)
        body, tail = encode(
            OrderRequest(
                client_order_id=identity,
                ticker=ticker,
                side=side,
                price_pips=price,
                count_centi=count,
                order_group_id=group,
            )
        )
        paid_pips = limit_pips if side == "bid" else 10_000 - limit_pips
        worst = paid_pips * count_centi * 11 // 10 if worst_micros is None else worst_micros
        made = Leg(
            ticker=ticker,
            side=side,
            limit_pips=price,
            count_centi=count,
            client_order_id=identity,
            exchange_index=0,
            reference_pips=price,
            worst_micros=MicroDollars(worst),
            body=body,
            tail=tail,
            floor_pips=exit_floor_pips(side, price, self.profile.exits.give_up),
            order_group_id=group,
            form=None,
        )
        return attrs.evolve(made, form=write(entry_intent(made, key)))

    def entry_id(self, key: GoalKey = KEY, ticker: Ticker = HOME, side: Side = "bid") -> str:
        """Return the client order id of an entry."""
        return self.exit_id(0, key, ticker, side)

    def exit_id(
        self, attempt: int, key: GoalKey = KEY, ticker: Ticker = HOME, side: Side = "ask"
    ) -> str:
        """Return the client order id of an exit's attempt."""
        return client_order_id(
            account=self.profile.account,
            match=key.match,
            generation=key.generation,
            state=key.state,
            ticker=ticker,
            side=side,
            leg=0,
            attempt=attempt,
        )

    def trigger(self, key: GoalKey = KEY, **says: Any) -> Trigger:  # noqa: ANN401 - its own fields
        """Make the word that a race was won, just now."""
        home, _, away = key.state.partition("-")
        now_ns = self.env.now_ns()
        report = FeedEvent(
            feed="alpha",
            epoch=1,
            frame_no=7,
            kind="score",
            feed_match="f1",
            score=Score(int(home), int(away)),
            received_ns=now_ns,
            received_wall_ns=self.env.wall_ns(),
            decoded_ns=now_ns,
            raw=b'{"score":"1-0"}',
        )
        made = Trigger(
            key=key,
            scorer="home",
            score=Score(int(home), int(away)),
            report=report,
            fresh_feeds=2,
            judged_ns=now_ns,
        )
        return attrs.evolve(made, **says)

    def fire(self, key: GoalKey = KEY) -> list[Sent]:
        """Win the race for ``key``, every book just seen; return what was sent for it."""
        self.see_books()
        before = self.desk.inflight.of("entry")
        self.trading.fire(self.trigger(key))
        return [sent for sent in self.desk.inflight.of("entry") if sent not in before]


def list_match(venue: Venue, *, fee_type: str = "quadratic_with_maker_fees") -> None:
    """List the match, its markets and its milestone; it has just kicked off."""
    now_us = venue.now_us()
    venue.list_series(SeriesTerms(ticker=SERIES, title="Cup", fee_type=fee_type))
    venue.list_event(
        EventTerms(
            event_ticker=EVENT,
            series_ticker=SERIES,
            title="Iran vs New Zealand",
            sub_title="Nov 1",
        )
    )
    for ticker, name in NAMES.items():
        venue.list_market(
            MarketTerms(
                ticker=ticker,
                event_ticker=EVENT,
                title=f"Will {name} win?",
                yes_sub_title=name,
                open_us=now_us - SECOND_US,
                close_us=now_us + 86_400 * SECOND_US,
                expected_expiration_us=now_us + 7_200 * SECOND_US,
                latest_expiration_us=now_us + 86_400 * SECOND_US,
                settles_after_us=SECOND_US // 2,
            )
        )
    venue.list_milestone(
        MilestoneTerms(
            milestone_id="6b1f3c58-0000-4000-a000-000000000002",
            title="Iran vs New Zealand",
            start_us=now_us,
            related_event_tickers=(EVENT,),
            source_ids={"provider": "12345678901"},
        )
    )


def open_venue(env: SeededEnv, *, read_lag_s: float = 0.0) -> Venue:
    """Open a venue with the match, us and somebody to trade with."""
    venue = Venue(
        now_us=lambda: env.wall_ns() // 1_000,
        rng=random.Random("venue"),
        read_lag_us=round(read_lag_s * SECOND_US),
    )
    venue.open_account(US, {0: CASH_MICROS}, on_record=True)
    for other in (MAKER, CROWD):
        venue.open_account(other, {0: 100 * CASH_MICROS})
    list_match(venue)
    return venue


def quiet_books(venue: Venue, count_centi: int = 30_000) -> None:
    """Have every leg quoted, three levels deep."""
    for ticker, (bid, ask) in QUIET.items():
        for step in range(3):
            for side, price in (("bid", bid - 100 * step), ("ask", ask + 100 * step)):
                venue.create_order(MAKER, quote(cast("Side", side), price, count_centi, ticker))


def profile_of(addresses: Mapping[str, str], **changes: Mapping[str, object]) -> Loaded:
    """Return the simulator's profile at these addresses, some sections changed."""
    loaded = _loaded(addresses["rest"], addresses["ws"])
    sections = {**TERMS, "venue": {"orders": addresses["orders"]}}
    profile = loaded.profile
    changed = {
        name: attrs.evolve(getattr(profile, name), **{**section, **changes.get(name, {})})
        for name, section in sections.items()
    }
    return attrs.evolve(loaded, profile=attrs.evolve(profile, **changed))


@cache
def _loaded(rest: str, ws: str) -> Loaded:
    handshake = {
        "rest": rest,
        "ws": ws,
        "ca_file": "",
        "key": {"id": KEY_ID, "pem_file": "/nowhere"},
        "feeds": {name: {"url": f"ws://{name}:1/ws"} for name in FIVE},
    }
    return load("sim", handshake)


@asynccontextmanager
async def open_pit(
    *,
    disk: MemoryDisk | None = None,
    venue: Venue | None = None,
    read_lag_s: float = 0.0,
    speed: float = 1.0,
    latency: LatencyProfile | None = None,
    streams: int = 1,
    compare_s: float = 0.0,
    **changes: Mapping[str, object],
) -> AsyncIterator[Pit]:
    """Open a pit; no actor runs yet.

    Args:
        disk: With the journal of an earlier process; else an empty one.
        venue: One that is open already; else a new one, its books quiet.
        read_lag_s: How far a new venue's reads lag behind.
        speed: Match seconds in a second.
        latency: Of the venue's stream; none unless given.
        streams: Connections that bring the books.
        compare_s: Between two comparisons of a book with what REST shows; 0 makes none.
        changes: Sections of the profile, and what is different in them.
    """
    network = MemoryNetwork(0, link=NEAR)
    outside = SeededEnv(1, network)
    if venue is None:
        venue = open_venue(outside, read_lag_s=read_lag_s)
        quiet_books(venue)
    keys = KeyRing()
    keys.add(KEY_ID, US, pem(ed25519_key()))
    rest = VenueRest(venue, keys)
    server = VenueServer(
        env=outside,
        venue=venue,
        keys=keys,
        endpoint=Endpoint("venue", 0),
        latency=latency or LatencyProfile(),
    )
    doors = Door(env=outside, rest=rest), Door(env=outside, rest=rest)
    async with trio.open_nursery() as nursery:
        stream: Endpoint = await nursery.start(server.run)
        orders, reads = [await nursery.start(door.run) for door in doors]
        addresses = {
            "rest": f"http://{reads.authority}/trade-api/v2",
            "orders": f"http://{orders.authority}/trade-api/v2",
            "ws": f"ws://{stream.authority}/trade-api/ws/v2",
        }
        yield _pit(
            network,
            disk or memory_disk(),
            profile_of(addresses, **changes, venue={"streams": streams, "compare_s": compare_s}),
            speed,
            venue=venue,
            server=server,
            orders=doors[0],
            reads=doors[1],
            nursery=nursery,
        )
        nursery.cancel_scope.cancel()


def _pit(
    network: MemoryNetwork,
    disk: MemoryDisk,
    loaded: Loaded,
    speed: float,
    **parts: Any,  # noqa: ANN401 - the rest of a pit, as it is
) -> Pit:
    env = GlassEnv(2, network, disk)
    day_of = partial(trading_day, loaded.profile.run)
    recovered = recover(disk, FOLDER, CODEC, day_of=day_of)
    groups = relive(disk, FOLDER, CODEC, loaded.profile.risk.losses(), day_of=day_of).groups
    recalled = recall(entry.record for entry in read(disk, FOLDER, CODEC))
    to_auditor: Mailbox[object] = Mailbox("auditor", 65_536)
    health = HealthRegistry()
    scores: dict[MatchId, tuple[Score, int]] = {}

    def first_record(previous_anchor: str) -> object:
        return attrs.evolve(
            opening(previous_anchor),
            account=loaded.profile.account,
            mono_ns=env.now_ns(),
            wall_ns=env.wall_ns(),
        )

    journal = Journal.open(env, FOLDER, CODEC, first_record, anchor_file=ANCHORS)
    given = Given(
        env=env,
        profile=loaded.profile,
        sheets=loaded.sheets,
        key=SigningKey(ed25519_key()),
        journal=journal,
        recovered=recovered,
        traded=recalled.traded,
        accepted=scores.get,
        speed=speed,
        to_auditor=to_auditor,
        cell=health.cell,
        relived=Relived(groups=groups),
    )
    trading = assemble(given, day_of(env.wall_ns()))
    # Nothing speaks against trading but what a test says.
    trading.desk.state.clear("boot")
    auditor = Auditor(
        env=env,
        journal=journal,
        inbox=to_auditor,
        catalogue=trading.desk.catalogue,
        member="direct",
        known_trades=recovered.trade_ids,
        on_line=lambda _line: None,
        health=health.cell("auditor"),
    )
    return Pit(
        env=env,
        disk=disk,
        network=network,
        journal=journal,
        loaded=loaded,
        trading=trading,
        to_auditor=to_auditor,
        auditor=auditor,
        scores=scores,
        **parts,
    )
