"""The simulated world: venue, feed servers, other traders and a day of matches, in one actor.

Nothing in it knows which client is under test. Its clock starts when somebody
follows an order book, so that a slow start loses no goal; when the day is over
the world stays, because books must be compared after the last settlement.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import attrs
import structlog
import trio

from actors.runtime.env import Endpoint, Env, ServerTls
from actors.sim import authority, terms
from actors.sim.agenda import Agenda
from actors.sim.broadcaster import Broadcaster
from actors.sim.control import (
    Arguments,
    Command,
    CommandRefused,
    Control,
    feed_commands,
    text,
)
from actors.sim.crew import CASH_MICROS, Habits
from actors.sim.draws import stream
from actors.sim.feedserver import FeedServer
from actors.sim.feedtiming import FIVE, FeedTiming
from actors.sim.hubserver import HubFeedServer
from actors.sim.pullserver import PollServer, PullServer
from actors.sim.stadium import Stadium
from actors.sim.timetable import Timetable
from actors.sim.tlcpserver import TlcpFeedServer
from actors.sim.truth import MODE, TruthLog
from actors.sim.venue.auth import KeyRing
from actors.sim.venue.clock import VenueClock
from actors.sim.venue.engine import Venue
from actors.sim.venue.errors import VenueError
from actors.sim.venue.events import MarketStepped, VenueEvent
from actors.sim.venue.faults import CALM, FaultPlan
from actors.sim.venue.latency import NJ, LatencyProfile
from actors.sim.venue.rates import Meter, Tier
from actors.sim.venue.server import WS_PATH, VenueServer
from actors.sim.venue_commands import venue_commands

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

Handshake = dict[str, Any]
"""What the world says when everything listens (design section 3)."""

TRADER: Final = "trader"
TRADER_CASH_MICROS: Final = 10_000 * 1_000_000
REST_PATH: Final = "/trade-api/v2"

SERVERS: Final[Mapping[str, type[Broadcaster]]] = {
    "ws": FeedServer,
    "signalr": HubFeedServer,
    "lightstreamer": TlcpFeedServer,
    "sse": PullServer,
    "poll": PollServer,
}
"""Each feed's protocol, by the feed's name."""


@attrs.frozen(kw_only=True)
class Options:
    """How a world is made."""

    folder: str
    """Absolute; certificates and keys go there. It must exist."""
    secure: bool = True
    """TLS at the venue and an RSA key; else none, and an Ed25519 key of the seed."""
    latency: LatencyProfile = NJ
    feeds: Mapping[str, FeedTiming] = FIVE
    """By name; a name that is no protocol's is one more raw WebSocket."""
    habits: Habits | None = attrs.field(factory=Habits)
    """How the other traders behave; ``None`` leaves the venue to its clients."""
    start_delay_s: float = 30.0
    """The clock starts after so long even if nobody follows a book."""
    hold: bool = False
    """Whether the clock waits for the command ``start``, and for nothing else."""
    settle_s: float = 0.5
    """Wall time between a market's determination and its settlement."""
    list_ahead_s: float = 600.0
    """A match is listed so long before its markets' makers come."""
    read_lag_ms: float = 250.0
    """How far an account's REST data lags behind the matching engine."""
    truth_file: str | None = None
    """Absolute; where the truth is written as JSON lines."""
    host: str = "127.0.0.1"
    faults: FaultPlan = CALM
    """What goes wrong at the venue."""
    tier: Tier | None = "basic"
    """The trader's; ``None`` counts no tokens."""


@attrs.define(kw_only=True, eq=False)
class World:
    """A day of matches, and the markets and feeds about them."""

    env: Env
    timetable: Timetable
    options: Options
    agenda: Agenda = attrs.field(init=False, factory=Agenda)
    keys: KeyRing = attrs.field(init=False, factory=KeyRing)
    venue: Venue = attrs.field(init=False)
    feeds: dict[str, Broadcaster] = attrs.field(init=False)
    truth: TruthLog = attrs.field(init=False)
    stadiums: tuple[Stadium, ...] = attrs.field(init=False)
    handshake: Handshake | None = attrs.field(init=False, default=None)
    """What ``run`` reported, once it has."""
    server: VenueServer = attrs.field(init=False)
    commands: Mapping[str, Command] = attrs.field(init=False)
    """What the control socket does."""
    over: trio.Event = attrs.field(init=False, factory=trio.Event)
    """Set when every match has ended and every market is settled."""
    _clock: VenueClock = attrs.field(init=False)
    _start: trio.Event = attrs.field(init=False, factory=trio.Event)
    _settled: int = attrs.field(init=False, default=0)
    """Markets paid out so far."""

    def __attrs_post_init__(self) -> None:
        env, options, seed = self.env, self.options, self.seed
        self._clock = VenueClock(env.wall_ns, options.faults.clock.skew_us)
        self.venue = Venue(
            now_us=self._clock,
            rng=stream(seed, "venue"),
            read_lag_us=int(1000 * options.read_lag_ms),
        )
        self.feeds = {
            name: SERVERS.get(name, FeedServer)(name=name, timing=timing, seed=seed)
            for name, timing in options.feeds.items()
        }
        self.commands = {
            **feed_commands(self.feeds),
            **venue_commands(lambda: self.server),
            "start": self._do_start,
            "status": self._do_status,
            "halt_market": self._do_halt,
            "resume_market": self._do_resume,
            "reverse_goal": self._do_reverse,
        }
        path = options.truth_file
        file = None if path is None else env.disk.open_append(path, MODE)
        self.truth = TruthLog(env=env, agenda=self.agenda, file=file)
        self.stadiums = tuple(
            Stadium(
                seed=seed,
                agenda=self.agenda,
                venue=self.venue,
                feeds=tuple(self.feeds.values()),
                timetable=match,
                truth=self.truth,
                habits=options.habits,
                settles_after_us=int(1e6 * options.settle_s),
            )
            for match in self.timetable.matches
        )

    @property
    def seed(self) -> int:
        """The seed of everything drawn here."""
        return self.timetable.day.seed

    async def start_in(self, nursery: trio.Nursery) -> Handshake:
        """Run in ``nursery``, and return the handshake when everything listens."""
        handshake: Handshake = await nursery.start(self.run)
        return handshake

    async def run(self, task_status: trio.TaskStatus[Handshake] = trio.TASK_STATUS_IGNORED) -> None:
        """Be the world until cancelled; reports the handshake when everything listens.

        Raises:
            OSError: A port, or the folder, cannot be had.
        """
        try:
            papers = self._papers()
            key = self._admit_trader()
            self._people()
            async with trio.open_nursery() as nursery:
                self.server = self._venue_server(None if papers is None else papers.tls)
                venue: Endpoint = await nursery.start(self.server.run)
                here = Endpoint(self.options.host, 0)
                feeds: dict[str, Endpoint] = {
                    name: await nursery.start(partial(feed.run, self.env, here))
                    for name, feed in self.feeds.items()
                }
                control = Control(self.commands)
                asked: Endpoint = await nursery.start(partial(control.run, self.env, here))
                self.handshake = {
                    "v": 1,
                    **_addresses(venue),
                    "ca_file": "" if papers is None else papers.ca_file,
                    "keys": [key],
                    "key": key,
                    "feeds": {
                        name: {"url": self.feeds[name].address(at)} for name, at in feeds.items()
                    },
                    "control": asked.authority,
                    "seed": self.seed,
                    "up_wall_ns": self.env.wall_ns(),
                    **self._about(),
                }
                task_status.started(self.handshake)
                await self._await_trader(self.server.book_watched)
                await nursery.start(self.agenda.run)
                log.info("world.started", matchday=self.timetable.day.name)
                await trio.sleep_forever()
        finally:
            self.truth.close()

    def status(self) -> dict[str, object]:
        """Return the truth about everything, for the control socket."""
        return {
            "begun": self.agenda.has_begun,
            "seed": self.seed,
            "at_s": round(self.agenda.now_s(), 3),
            "over": all(stadium.course.is_over for stadium in self.stadiums),
            "all_settled": self.over.is_set(),
            "goals": sum(race.facts["kind"] == "goal" for race in self.truth.races),
            "matches": [stadium.status() for stadium in self.stadiums],
            "feeds": {name: feed.status() for name, feed in self.feeds.items()},
            **self._about(),
        }

    def _about(self) -> dict[str, object]:
        return {
            "matchday": self.timetable.day.name,
            "speed": self.timetable.pace.speed,
            "min_gap_s": self.timetable.pace.min_gap_s,
            "day_s": round(self.timetable.ends_s, 3),
            "matches_planned": len(self.stadiums),
        }

    def _papers(self) -> authority.Papers | None:
        if not self.options.secure:
            return None
        return authority.issue(
            self.env.disk, self.options.folder, self.env.wall_ns() // 1_000_000_000
        )

    def _admit_trader(self) -> dict[str, str]:
        """Open the trader's account and write its key where its owner alone may read it."""
        secure, draws = self.options.secure, stream(self.seed, "key of", TRADER)
        private = authority.rsa_key() if secure else authority.seeded_key(draws.randbytes(32))
        name = f"{(self.env.rng('world.keys') if secure else draws).getrandbits(128):032x}"
        key_id = "-".join((name[:8], name[8:12], name[12:16], name[16:20], name[20:]))
        pem_file = f"{self.options.folder}/{TRADER}.pem"
        self.env.disk.write_whole(pem_file, authority.private_pem(private), authority.SECRET_MODE)
        self.venue.open_account(TRADER, {terms.SHARD: TRADER_CASH_MICROS}, on_record=True)
        self.keys.add(key_id, TRADER, authority.public_pem(private))
        return {"id": key_id, "pem_file": pem_file, "type": "rsa" if secure else "ed25519"}

    def _people(self) -> None:
        """Fund the other traders, list the series, and put every match on the agenda."""
        if self.options.habits is not None:
            for account in self.options.habits.accounts:
                self.venue.open_account(account, {terms.SHARD: CASH_MICROS})
        self.venue.list_series(terms.series_terms())
        for stadium in self.stadiums:
            stadium.prepare(stadium.timetable.opens_s - self.options.list_ahead_s)
        # Put down after the last whistle, and so done after it.
        self.agenda.at(self.timetable.ends_s, self._look)
        self.venue.listen(self._hear)

    def _venue_server(self, tls: ServerTls | None) -> VenueServer:
        tier = self.options.tier
        return VenueServer(
            env=self.env,
            venue=self.venue,
            keys=self.keys,
            endpoint=Endpoint(self.options.host, 0, tls=tls is not None),
            tls=tls,
            latency=self.options.latency,
            meter=None if tier is None else Meter(self.venue.now_us, tier),
            plan=self.options.faults,
            seed=self.seed,
            clock=self._clock,
        )

    async def _await_trader(self, book_watched: trio.Event) -> None:
        if self.options.hold:
            await self._start.wait()
            return
        async with trio.open_nursery() as waiting:

            async def first_of(event: trio.Event) -> None:
                await event.wait()
                waiting.cancel_scope.cancel()

            waiting.cancel_scope.deadline = trio.current_time() + self.options.start_delay_s
            waiting.start_soon(first_of, book_watched)
            waiting.start_soon(first_of, self._start)

    def _hear(self, event: VenueEvent) -> None:
        if isinstance(event, MarketStepped) and event.step == "settled":
            self._settled += 1
            self._look()

    def _look(self) -> None:
        """See whether the day is over, whichever of the last whistle and settlement came last."""
        markets = sum(len(stadium.tickers) for stadium in self.stadiums)
        if self._settled == markets and all(each.course.is_over for each in self.stadiums):
            self.over.set()
            log.info("world.over", matchday=self.timetable.day.name)

    async def _do_start(self, _: Arguments) -> Mapping[str, object]:
        self._start.set()
        return {"begun": True}

    async def _do_status(self, _: Arguments) -> Mapping[str, object]:
        return self.status()

    async def _do_halt(self, given: Arguments) -> Mapping[str, object]:
        ticker = text(given, "ticker")
        try:
            self.venue.halt_market(ticker)
        except VenueError as error:
            raise CommandRefused(str(error)) from error
        return {"ticker": ticker, "status": self.venue.market(ticker).status}

    async def _do_resume(self, given: Arguments) -> Mapping[str, object]:
        ticker = text(given, "ticker")
        try:
            self.venue.resume_market(ticker)
        except VenueError as error:
            raise CommandRefused(str(error)) from error
        for stadium in self.stadiums:
            if ticker in stadium.tickers.values():
                stadium.resume()
        return {"ticker": ticker, "status": self.venue.market(ticker).status}

    async def _do_reverse(self, given: Arguments) -> Mapping[str, object]:
        """Take back the newest goal of ``match``, or of the match that scored last."""
        if "match" in given:
            wanted = text(given, "match")
        else:
            goals = [race for race in self.truth.races if race.facts["kind"] == "goal"]
            if not goals:
                raise CommandRefused("no goal has been scored yet")
            wanted = str(goals[-1].facts["match"])
        stadium = next((each for each in self.stadiums if each.timetable.match == wanted), None)
        if stadium is None:
            raise CommandRefused(f"no match {ascii(wanted)[:60]}")
        if not stadium.take_back():
            raise CommandRefused(f"{wanted} has no goal that could still be taken back")
        return stadium.status()


def _addresses(venue: Endpoint) -> dict[str, str]:
    secure = "s" if venue.tls else ""
    return {
        "rest": f"http{secure}://{venue.authority}{REST_PATH}",
        "ws": f"ws{secure}://{venue.authority}{WS_PATH}",
    }
