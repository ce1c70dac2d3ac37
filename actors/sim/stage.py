"""The venue alone, for any client: a scene, two kinds of keys, and nothing of our own in sight."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import attrs
import trio

from actors.runtime.env import Endpoint, Env
from actors.sim import authority
from actors.sim.bystanders import CASH_MICROS, Bystanders
from actors.sim.control import Arguments, Command, Control
from actors.sim.draws import stream
from actors.sim.market_commands import market_commands
from actors.sim.scene import HOUSE, SECOND_US, Scene, SceneAccount, SceneMarket
from actors.sim.venue.accounts import CreateOrder
from actors.sim.venue.auth import KeyRing
from actors.sim.venue.clock import VenueClock
from actors.sim.venue.engine import Venue
from actors.sim.venue.rates import Meter
from actors.sim.venue.refusals import Refused
from actors.sim.venue.routes import ROOT
from actors.sim.venue.server import WS_PATH, VenueServer
from actors.sim.venue_commands import venue_commands

Urls = dict[str, Any]
"""What is said when the venue listens: addresses, the authority's file, the keys."""


@attrs.define(kw_only=True, eq=False)
class Stage:
    """A venue with a scene on it.

    Args:
        env: The outside.
        scene: What stands there.
        folder: Absolute, and there; certificates and keys go into it.
        port: Where to listen; 0 takes a free one.
        host: On which address.
        secure: TLS; else plain connections, for seeded runs.
    """

    env: Env
    scene: Scene
    folder: str
    port: int = 0
    host: str = "127.0.0.1"
    secure: bool = True
    venue: Venue = attrs.field(init=False)
    keys: KeyRing = attrs.field(init=False, factory=KeyRing)
    server: VenueServer = attrs.field(init=False)
    _clock: VenueClock = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._clock = VenueClock(self.env.wall_ns, self.scene.faults.clock.skew_us)
        self.venue = Venue(
            now_us=self._clock,
            rng=stream(self.scene.seed, "venue"),
            read_lag_us=int(1000 * self.scene.read_lag_ms),
        )

    async def run(self, task_status: trio.TaskStatus[Urls] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled; reports the addresses when everything listens.

        Raises:
            OSError: The port, or the folder, cannot be had.
        """
        papers = None
        if self.secure:
            now_s = self.env.wall_ns() // 1_000_000_000
            papers = authority.issue(self.env.disk, self.folder, now_s)
        self._list()
        keys = [key for account in self.scene.accounts for key in self._admit(account)]
        self._open_books()
        # After the first books, which stand there whatever the hours are.
        self.venue.follow_hours(self.scene.hours(self.venue.now_us()))
        self.server = VenueServer(
            env=self.env,
            venue=self.venue,
            keys=self.keys,
            endpoint=Endpoint(self.host, self.port, tls=self.secure),
            tls=None if papers is None else papers.tls,
            latency=self.scene.latency,
            meter=self._meter(),
            plan=self.scene.faults,
            seed=self.scene.seed,
            clock=self._clock,
        )
        async with trio.open_nursery() as nursery:
            at: Endpoint = await nursery.start(self.server.run)
            if self.scene.agents:
                await nursery.start(self._bystanders().run)
            control = Control({**venue_commands(lambda: self.server), **self._commands()})
            asked: Endpoint = await nursery.start(
                partial(control.run, self.env, Endpoint(self.host, 0))
            )
            tls = "s" if self.secure else ""
            task_status.started(
                {
                    "v": 1,
                    "rest": f"http{tls}://{at.authority}{ROOT}",
                    "ws": f"ws{tls}://{at.authority}{WS_PATH}",
                    "ca_file": "" if papers is None else papers.ca_file,
                    "keys": keys,
                    "control": asked.authority,
                    "seed": self.scene.seed,
                }
            )
            await trio.sleep_forever()

    def _list(self) -> None:
        now_us = self.venue.now_us()
        for series in self.scene.series:
            self.venue.list_series(series)
        for event in self.scene.events:
            self.venue.list_event(event)
        for market in self.scene.markets:
            self.venue.list_market(market.terms(now_us))
        for milestone in self.scene.milestones:
            self.venue.list_milestone(milestone.terms(now_us))
        for each in self.scene.steps:
            self.venue.plan_step(each.step, now_us + round(each.at_s * SECOND_US))

    def _admit(self, account: SceneAccount) -> list[dict[str, str]]:
        """Open an account with a key of each kind; where its owner alone may read them."""
        self.venue.open_account(account.name, dict(account.cash_micros), on_record=True)
        draws = stream(self.scene.seed, "key of", account.name)
        written = []
        for kind in ("rsa", "ed25519"):
            if kind == "rsa" and not self.secure:
                continue  # no two of them are alike, and a seeded run must repeat itself
            secret = draws if not self.secure else self.env.rng("stage.keys")
            private = (
                authority.rsa_key() if kind == "rsa" else authority.seeded_key(secret.randbytes(32))
            )
            name = f"{secret.getrandbits(128):032x}"
            key_id = "-".join((name[:8], name[8:12], name[12:16], name[16:20], name[20:]))
            pem_file = f"{self.folder}/{key_id}.{kind}.pem"
            pem = authority.private_pem(private)
            self.env.disk.write_whole(pem_file, pem, authority.SECRET_MODE)
            self.keys.add(key_id, account.name, authority.public_pem(private))
            written.append(
                {"id": key_id, "pem_file": pem_file, "type": kind, "account": account.name}
            )
        return written

    def _open_books(self) -> None:
        cash = dict.fromkeys(self.venue.floor.shards(), CASH_MICROS)
        self.venue.open_account(HOUSE, cash)
        for market in self.scene.markets:
            for level in market.book:
                self._rest(
                    market,
                    CreateOrder(
                        ticker=market.ticker,
                        side=level.side,
                        price_pips=level.price_pips,
                        count_centi=level.count_centi,
                        time_in_force="good_till_canceled",
                    ),
                )

    def _rest(self, market: SceneMarket, order: CreateOrder) -> None:
        outcome = self.venue.create_order(HOUSE, order)
        assert not isinstance(outcome, Refused), f"{market.ticker}: {outcome}"

    def _meter(self) -> Meter | None:
        named = {each.name: each.tier for each in self.scene.accounts if each.tier is not None}
        if self.scene.tier is None:
            return None
        return Meter(self.venue.now_us, self.scene.tier, named)

    def _bystanders(self) -> Bystanders:
        fair = {
            market.ticker: market.fair_pips
            for market in self.scene.markets
            if market.fair_pips is not None
        }
        bystanders = Bystanders(self.venue, self.scene.seed, fair)
        bystanders.enlist()
        return bystanders

    def _commands(self) -> Mapping[str, Command]:
        return {"status": self._do_status, **market_commands(self.venue)}

    async def _do_status(self, _: Arguments) -> Mapping[str, object]:
        counts, floor = self.server.counts, self.venue.floor
        return {
            "requests": counts.requests,
            "sessions": counts.sessions,
            "refused": counts.refused,
            "faults": counts.faults,
            "went_wrong": dict(self.server.hostility.counts),
            "markets": {ticker: market.status for ticker, market in floor.markets.items()},
            "exchange": {
                "exchange_active": floor.exchange_active,
                "trading_active": floor.trading_active,
            },
            "missed_steps": [
                f"{step.do} {step.ticker}: {why}" for step, why in self.venue.programme.missed
            ],
        }
