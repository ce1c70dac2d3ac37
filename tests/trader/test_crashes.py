"""A sweep of crashes: whichever actor dies, and whenever, no cent and no order is lost.

The whole system runs a short day from a seed, its world included. Actors are struck at
instants that the seed draws, half of them within the life of an order.
"""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs
import pytest
import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import supervisor
from actors.cli.soil import CODEC, open_soil
from actors.config.load import Loaded, load
from actors.config.state import StateFolder
from actors.exchange.keys import SigningKey
from actors.messages.records import Intent
from actors.model.money import MicroDollars, Pips
from actors.model.orders import Ticker
from actors.runtime.child import Child, Run
from actors.runtime.collection import NoGarbage
from actors.runtime.errors import NotStopping
from actors.runtime.memory import Faults, MemoryNetwork, SeededEnv, run_seeded
from actors.runtime.segments import read
from actors.runtime.supervise import Supervisor
from actors.sim.crew import STANDARD_LOAD
from actors.sim.synthetic import synthetic_day
from actors.sim.venue.events import OrderChanged, VenueEvent
from actors.sim.world import TRADER, Options, World

HOURS: Final = 0.01
STATE: Final = StateFolder(root=Path("/touchline"))
VICTIMS: Final = ("executor", "planner", "arbiter", "exits", "market_data", "signer", "auditor")
APART_S: Final = 7.0
"""Between two blows: a tree whose core fails more often than its policy allows goes down."""


WEATHER: Final = Faults(late=0.01, late_s=4.0, short_write=0.1)
"""Some responses come after we have given them up, and some orders leave in two pieces."""


class Struck(Exception):
    """What a blow raises inside an actor."""


@attrs.define(eq=False)
class Mortal:
    """One child's run, which may be struck at any instant: it dies at what it waits for."""

    run: Run
    _blow: trio.Event = attrs.field(init=False, factory=trio.Event)

    def strike(self) -> None:
        self._blow.set()

    async def __call__(self, *, task_status: trio.TaskStatus[None]) -> None:
        self._blow = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._die)
            await self.run(task_status=task_status)
            nursery.cancel_scope.cancel()

    async def _die(self) -> None:
        await self._blow.wait()
        raise Struck


@attrs.define(eq=False)
class Fate:
    """Strikes the actors of a tree, at instants that its chance draws."""

    chance: random.Random
    mortals: dict[str, Mortal] = attrs.field(factory=dict)
    blows: dict[str, int] = attrs.field(factory=dict)
    _ordered: trio.Event = attrs.field(init=False, factory=trio.Event)

    def make_mortal(self, branch: Supervisor) -> None:
        """Put every victim in a branch, and in those below it, within reach."""
        for child in branch.children:
            below = getattr(child.run, "__self__", None)
            if isinstance(below, Supervisor):
                self.make_mortal(below)
        branch.children = [self._mortal(child) for child in branch.children]

    def _mortal(self, child: Child) -> Child:
        if child.id not in VICTIMS:
            return child
        mortal = self.mortals[child.id] = Mortal(child.run)
        return attrs.evolve(child, run=mortal)

    def hear(self, event: VenueEvent) -> None:
        """Note that the venue has one of our orders."""
        if isinstance(event, OrderChanged) and event.account == TRADER:
            self._ordered.set()
            self._ordered = trio.Event()

    async def strike(self) -> None:
        """Strike one actor after another, until cancelled."""
        victims: list[str] = []
        while True:
            victims = victims or self.chance.sample(VICTIMS, len(VICTIMS))
            await trio.sleep(self.chance.uniform(0.0, APART_S))
            if self.chance.random() < 0.5:
                with trio.move_on_after(3 * APART_S):
                    await self._ordered.wait()
                await trio.sleep(self.chance.choice([0.0, 0.001, 0.013, 0.03, 0.3]))
            victim = victims.pop()
            self.mortals[victim].strike()
            self.blows[victim] = self.blows.get(victim, 0) + 1
            await trio.sleep(APART_S)


@attrs.frozen(kw_only=True)
class Day:
    """What a day came to."""

    tree: supervisor.Tree
    intents: tuple[Intent, ...]
    venue_ids: tuple[str, ...]
    blows: Mapping[str, int]


def keen(loaded: Loaded) -> Loaded:
    """Ask for no margin but for a loss, so that there is something to trade in every goal."""
    profile = loaded.profile
    plays = attrs.evolve(
        profile.plays,
        margin=Pips(-5_000),
        play_dollars=MicroDollars(40_000_000),
        price_age_s=1.0,
    )
    exits = attrs.evolve(profile.exits, after_match_s=6.0)
    # Imagined goals between the real ones would be most of what a seed simulates.
    runtime = attrs.evolve(profile.runtime, rehearse_ms=0.0)
    changed = attrs.evolve(profile, plays=plays, exits=exits, runtime=runtime)
    return attrs.evolve(loaded, profile=changed)


def stuck(error: NotStopping) -> None:
    raise error


async def day(seed: int) -> Day:
    """Live one day under blows."""
    network = MemoryNetwork(seed, faults=WEATHER)
    outside, env = SeededEnv(seed, network), SeededEnv(seed + 1, network)
    outside.disk.make_folder("/world")
    fate = Fate(random.Random(seed))
    options = Options(folder="/world", secure=False, habits=STANDARD_LOAD)
    async with trio.open_nursery() as nursery:
        world = World(env=outside, timetable=synthetic_day(seed, HOURS), options=options)
        handshake = await world.start_in(nursery)
        world.venue.listen(fate.hear)
        # Until the venue's reads know of the account that was opened just now.
        await trio.sleep(1.0)
        private = load_pem_private_key(outside.disk.read(handshake["key"]["pem_file"]), None)
        assert isinstance(private, Ed25519PrivateKey)
        soil = open_soil(
            env,
            keen(load("sim", handshake)),
            SigningKey(private),
            STATE,
            speed=float(handshake["speed"]),
            write=len,
            on_stuck=stuck,
            garbage=NoGarbage(),
            root=supervisor.ROOT,
        )
        tree = supervisor.plant(soil)
        fate.make_mortal(tree.root)
        async with trio.open_nursery() as watch:
            watch.start_soon(fate.strike)

            async def end() -> None:
                await tree.until_settled()
                tree.root.stop()

            watch.start_soon(end)
            with trio.fail_after(3_600 * HOURS * 20):
                await tree.root.run()
            watch.cancel_scope.cancel()
        soil.journal.close()
        nursery.cancel_scope.cancel()
    records = [entry.record for entry in read(env.disk, str(STATE.journal), CODEC)]
    view = world.venue.floor.account(TRADER).view
    assert view is not None
    return Day(
        tree=tree,
        intents=tuple(record for record in records if isinstance(record, Intent)),
        venue_ids=tuple(order.client_order_id for order in view.orders.values()),
        blows=fate.blows,
    )


@pytest.mark.parametrize("seed", range(2))
def test_whoever_dies_whenever_the_books_agree_and_nothing_is_traded_twice(seed: int) -> None:
    lived = run_seeded(seed, day, seed)

    statement = lived.tree.reconciler.statement
    assert statement is not None
    assert statement.lines == ()
    assert statement.total_micros == 0
    assert len(set(lived.venue_ids)) == len(lived.venue_ids)
    names = [intent.client_order_id for intent in lived.intents]
    assert len(set(names)) == len(names), "no order was meant twice"
    assert set(lived.venue_ids) <= set(names)
    entered = [
        (each.match, each.generation, each.state, each.ticker, each.side)
        for each in lived.intents
        if each.purpose == "entry"
    ]
    assert len(set(entered)) == len(entered)
    assert entered, "there was something to lose"
    assert lived.blows
    assert lived.tree.roster.restarts > 0
    desk = lived.tree.trading.desk
    assert not desk.lots
    assert not any(desk.is_frozen(Ticker(each.ticker)) for each in lived.intents)
    assert desk.state.reasons == ()
    assert not desk.inflight.of("entry") + desk.inflight.of("exit")
