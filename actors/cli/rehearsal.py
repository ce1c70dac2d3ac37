"""Plays an imagined goal through the path of real ones, so that a real one finds it warm.

Goals are rare, and between two of them everything else goes through the processor's
caches: the same path takes three times as long cold as it does warm. So while a play
stands, every few milliseconds a goal is imagined: the real feed actor reads it, the
real arbiter judges it, the real trigger fires it, but all of them are others than those
that trade, on a stage of their own. Their connections lead nowhere and their journal
forgets (``nowhere.py``); no key, no connection and no desk of the real ones is in reach.
"""

from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import attrs
import trio

from actors.cli.nowhere import Nowhere
from actors.config.profile import Gates
from actors.exchange.orders import OrderConnection, OrderPool
from actors.exchange.signing import HeaderRing, HeaderSet
from actors.exchange.tokens import Budget
from actors.feeds.arbiter import Arbiter, admission
from actors.feeds.codecs import polymarket
from actors.feeds.contest import Entrant
from actors.feeds.feed import Connect, Epochs, Feed, FeedHealth
from actors.feeds.race import Race
from actors.messages.catalogue import Catalogue, FeeTerms, Market, Match
from actors.messages.codec import JournalCodec
from actors.messages.feeds import FeedEvent
from actors.messages.market import BookSnapshot
from actors.messages.race import FULL_PM
from actors.messages.records import Segment
from actors.messages.trading import Leg, Play, Sent, ToExits
from actors.model.children import Children
from actors.model.limits import Exposure, Limits
from actors.model.money import ONE_CONTRACT_CENTI, MicroDollars, Pips
from actors.model.orders import OrderRequest, Ticker
from actors.model.score import GoalKey, MatchId
from actors.model.throttle import Throttle
from actors.runtime.env import Endpoint, Env
from actors.runtime.health import Health
from actors.runtime.journal import Journal
from actors.runtime.latest import Latest
from actors.runtime.mailbox import Mailbox
from actors.runtime.websocket_frames import Heard
from actors.trader.assembly import encode, write
from actors.trader.desk import Desk, TradingState
from actors.trader.fire import Fire
from actors.trader.plays import entry_intent

SELDOM_S: Final = 1.0
"""Between two imagined goals where none is wanted: what is never played gets out of order."""
ANSWER_S: Final = 10.0
"""Within that time a rehearsed order is answered, or something is wrong with the stage."""

FEED: Final = "rehearsal"
MATCH: Final = MatchId("REHEARSAL")
TICKER: Final = Ticker("REHEARSAL-HOME")
KEY: Final = GoalKey(MATCH, 0, "1-0")
PRICE: Final = Pips(5_000)
COUNT: Final = ONE_CONTRACT_CENTI


def _frame(score: str) -> str:
    return (
        f'{{"gameId":1,"homeTeam":"Home","awayTeam":"Away","score":"{score}",'
        '"period":"1H","elapsed":"32:15","live":true,"ended":false}'
    )


SCENE: Final = (_frame("0-0"), _frame("1-0"))
"""A match is seen for the first time, and then somebody scores."""


@attrs.define(eq=False, kw_only=True)
class Prompter:
    """A connection on which frames arrive when somebody says so."""

    env: Nowhere
    _lines: deque[str] = attrs.field(init=False, factory=deque)
    _said: trio.Event = attrs.field(init=False, factory=trio.Event)

    def say(self, lines: Sequence[str]) -> None:
        """Let ``lines`` arrive."""
        self._lines.extend(lines)
        self._said.set()

    async def hear(self) -> Heard:
        """Return the next line."""
        while not self._lines:
            self._said = trio.Event()
            await self._said.wait()
        return Heard(self._lines.popleft(), self.env.now_ns(), self.env.wall_ns())

    async def send(self, text: str) -> None:
        """Say ``text`` to nobody."""


def _unheard(_said: object) -> None:
    """Nobody is told of what was only rehearsed."""


@attrs.define(eq=False, kw_only=True)
class Rehearsal:
    """An actor that keeps the path warm while it is wanted."""

    env: Env
    limits: Limits
    gates: Gates
    every_s: float
    wanted: Callable[[], bool]
    """Whether a goal could come that would be traded."""
    busy: Callable[[], bool]
    """Whether a real one is under way, or was a moment ago: the path is warm then."""
    health: Health
    played: int = attrs.field(init=False, default=0)
    """Goals that went all the way to a send."""

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Rehearse whenever it is wanted, until cancelled; ready when the stage is set.

        Raises:
            trio.TooSlowError: An imagined goal did not come through: the path is broken.
        """
        async with open_stage(self.env, self.limits, self.gates) as stage:
            task_status.started()
            seldom_ns, played_ns = int(SELDOM_S * 1e9), 0
            while True:
                now_ns = self.env.now_ns()
                if not self.busy() or now_ns - played_ns >= seldom_ns:
                    await stage.play()
                    played_ns = now_ns
                    self.played += 1
                    self.health.mark(now_ns)
                self.health.rest()
                await trio.sleep(self.every_s if self.wanted() else SELDOM_S)


@attrs.define(eq=False, kw_only=True)
class Stage:
    """The path, with nothing before it and nothing behind it."""

    env: Nowhere
    limits: Limits
    desk: Desk
    fire: Fire
    arbiter: Arbiter
    prompter: Prompter
    sent: Mailbox[Sent]

    async def play(self) -> None:
        """Imagine one goal, and wait until its order was answered.

        Raises:
            trio.TooSlowError: No order came of it.
        """
        now_ns, desk = self.env.now_ns(), self.desk
        # Everything that remembers a goal is new, so that each is the first one.
        self.arbiter.race = _race()
        desk.exposure = Exposure(self.limits, day="rehearsal")
        desk.budget = Budget()
        desk.throttle = Throttle()
        desk.children = Children()
        desk.traded.clear()
        desk.plans.clear()
        desk.books.proved_ns = now_ns
        desk.entry_headers.add(_headers(now_ns))
        self.prompter.say(SCENE)
        with trio.fail_after(ANSWER_S):
            sent = await self.sent.receive()
            await desk.entries.connections[sent.connection].response(ANSWER_S)
        desk.inflight.remove(sent.client_order_id)


@asynccontextmanager
async def open_stage(env: Env, limits: Limits, gates: Gates) -> AsyncIterator[Stage]:
    """Set the stage, and keep it while inside."""
    nowhere = Nowhere(env)
    journal = Journal.open(nowhere, "/rehearsal", JournalCodec(), _segment, anchor_file="/anchors")
    desk, sent = _desk(nowhere, limits), Mailbox[Sent]("rehearsal.sent", 4, "drop_oldest")
    inbox = Mailbox[FeedEvent]("rehearsal", 64)
    fire = Fire(
        env=nowhere,
        journal=journal,
        desk=desk,
        gates=gates,
        exit_after_ns=1,
        order_max_centi=COUNT,
        to_executor=sent,
        to_exits=Mailbox[ToExits]("rehearsal.exits", 1, "drop_oldest"),
        to_auditor=Mailbox[object]("rehearsal.said", 1, "drop_oldest"),
        on_used=lambda: None,
    )
    arbiter = Arbiter(
        env=nowhere,
        inbox=inbox,
        race=_race(),
        catalogue=Latest(_catalogue(nowhere.now_ns())),
        fire=fire,
        on_doubt=_unheard,
        tell=_unheard,
        health=Health("rehearsal.arbiter"),
    )
    prompter = Prompter(env=nowhere)
    feed = Feed(
        env=nowhere,
        name=FEED,
        connect=_connected(prompter),
        decode=polymarket.decode,
        to_arbiter=admission(inbox),
        epochs=Epochs(),
        vitals=Latest(FeedHealth()),
        health=Health("rehearsal.feed"),
        dead_after_s=30.0,
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(journal.run)
        await nursery.start(desk.entries.run)
        await nursery.start(arbiter.run)
        nursery.start_soon(feed.run)
        yield Stage(
            env=nowhere,
            limits=limits,
            desk=desk,
            fire=fire,
            arbiter=arbiter,
            prompter=prompter,
            sent=sent,
        )
        nursery.cancel_scope.cancel()


def _connected(prompter: Prompter) -> Connect:
    @asynccontextmanager
    async def connect() -> AsyncIterator[Prompter]:
        await trio.lowlevel.checkpoint()
        yield prompter

    return connect


def _race() -> Race:
    # A whole play, as for most real goals.
    return Race(feeds={FEED: Entrant()}, single_feed_pm=FULL_PM)


def _headers(now_ns: int) -> HeaderSet:
    # As long as real ones: what is copied and encrypted is then as much.
    return HeaderSet(
        made_ns=now_ns, ts_ms=now_ns // 1_000_000, data=b"KALSHI-REHEARSAL: " + b"x" * 400 + b"\r\n"
    )


def _segment(_previous: str) -> Segment:
    return Segment(
        run="rehearsal",
        account="nobody",
        environment="nowhere",
        mono_ns=0,
        wall_ns=0,
        commit="",
        config_sha256="",
        lock_sha256="",
        previous_anchor="",
    )


def _catalogue(now_ns: int) -> Catalogue:
    market = Market(
        ticker=TICKER,
        role="home",
        exchange_index=0,
        price_ranges=(),
        fees=FeeTerms(fee_type="none", multiplier_ppm=0),
    )
    match = Match(
        match=MATCH,
        series="REHEARSAL",
        title="a match that is not played",
        home_name="Home",
        away_name="Away",
        stage="LIVE",
        markets=(market,),
        provider_ids=frozenset({"1"}),
        kickoff_wall_ns=0,
    )
    return Catalogue(matches={MATCH: match}, read_ns=now_ns)


def _desk(nowhere: Nowhere, limits: Limits) -> Desk:
    desk = Desk(
        state=TradingState(on_change=lambda _state, _why: None),
        exposure=Exposure(limits, day="rehearsal"),
        entries=_lines(nowhere),
        exits=_lines(nowhere),
        entry_headers=HeaderRing(),
        exit_headers=HeaderRing(),
    )
    now_ns = nowhere.now_ns()
    desk.books.apply(
        BookSnapshot(
            ticker=TICKER,
            bids=((Pips(PRICE - 100), COUNT),),
            asks=((PRICE, COUNT),),
            sid=1,
            seq=1,
            received_ns=now_ns,
        )
    )
    desk.plays[KEY] = Play(key=KEY, scorer="home", legs=(_leg(),), planned_ns=now_ns)
    return desk


def _lines(nowhere: Nowhere) -> OrderPool:
    endpoint = Endpoint("nowhere", 443)
    return OrderPool([OrderConnection(env=nowhere, endpoint=endpoint)], name="rehearsal")


def _leg() -> Leg:
    body, tail = encode(
        OrderRequest(
            client_order_id="00000000-0000-0000-0000-000000000000",
            ticker=TICKER,
            side="bid",
            price_pips=PRICE,
            count_centi=COUNT,
            reduce_only=False,
            exchange_index=0,
        )
    )
    leg = Leg(
        ticker=TICKER,
        side="bid",
        limit_pips=PRICE,
        count_centi=COUNT,
        client_order_id="00000000-0000-0000-0000-000000000000",
        exchange_index=0,
        reference_pips=PRICE,
        worst_micros=MicroDollars(1),
        body=body,
        tail=tail,
        floor_pips=PRICE,
        form=None,
    )
    return attrs.evolve(leg, form=write(entry_intent(leg, KEY)))
