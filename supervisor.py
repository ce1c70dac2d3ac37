"""The whole system on one screen: what there is, in which order it starts, and who owns it.

Nothing imports this module but the command line and the tests, because it is the
one place that knows every actor. ``plant`` makes what outlives the actors and
lists the children; ``main`` owns the process: options, signals, the simulated
world, the exit code.
"""

import sys

if __name__ == "__main__":
    import signal as _early

    # Until their handlers stand these would end the process, and count as a clean exit.
    for _name in ("SIGHUP", "SIGUSR1", "SIGUSR2"):
        _early.signal(getattr(_early, _name), _early.SIG_IGN)

try:
    import argparse
    import hashlib
    import json
    import os
    import signal
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from contextlib import AsyncExitStack
    from functools import partial
    from pathlib import Path
    from typing import Any, Final

    import attrs
    import structlog
    import trio

    from actors.audit.auditor import Auditor
    from actors.audit.errors import NotReconciled
    from actors.audit.reconciler import Reconciler
    from actors.audit.recovery import recover
    from actors.audit.summary import day_table, summary_json
    from actors.config.calendar import trading_day
    from actors.config.load import BadProfile, Loaded, load, world_names
    from actors.config.profile import Feed as FeedSettings
    from actors.config.state import StateFolder, day_folder, standing_folder
    from actors.exchange.errors import KeyRefused
    from actors.exchange.keys import SigningKey, load_key
    from actors.feeds.arbiter import Arbiter
    from actors.feeds.codecs import polymarket
    from actors.feeds.contest import Entrant
    from actors.feeds.feed import Epochs, Feed
    from actors.feeds.race import Race
    from actors.feeds.recall import Recalled, recall
    from actors.feeds.websocket import connect as connect_websocket
    from actors.messages.codec import RECORDS
    from actors.messages.feeds import FeedEvent
    from actors.messages.records import Segment
    from actors.messages.recovered import Recovered
    from actors.runtime.child import ActorEvent, Child, Run
    from actors.runtime.console import Console
    from actors.runtime.env import Env, RealEnv
    from actors.runtime.errors import Escalated, JournalCorrupt, JournalFailed, NotStopping, leaves
    from actors.runtime.health import Health, HealthRegistry
    from actors.runtime.journal import Journal
    from actors.runtime.mailbox import Mailbox
    from actors.runtime.process import ChildFailed, child_process, read_handshake
    from actors.runtime.restart import RestartPolicy
    from actors.runtime.segments import read
    from actors.runtime.supervise import Supervisor
    from actors.trader.assembly import Given, Trading, assemble
except ModuleNotFoundError as missing:
    sys.exit(f"touchline: {missing.name} is not installed here; run: make demo")

ROOT: Final = Path(__file__).resolve().parent

# An outage of one feed costs some races and must never cost the process; the first
# try after a good life is immediate, and no provider is dialled like a nail.
FEED: Final = RestartPolicy(max_restarts=10, starts_per_minute=20)
# Whatever decides or writes is started again at once; if it keeps failing, the tree goes.
CORE: Final = RestartPolicy(max_restarts=5, pause_min_s=0.0, pause_max_s=1.0)
# A line to the venue may be away for a while: entries are gated by its age, not by the tree.
LINE: Final = RestartPolicy(max_restarts=20, starts_per_minute=30)


@attrs.frozen(kw_only=True)
class Soil:
    """What a tree is planted in: the process's own things, opened before it."""

    env: Env
    loaded: Loaded
    key: SigningKey
    journal: Journal
    recovered: Recovered
    recalled: Recalled
    speed: float
    """Match seconds in a wall second; 1 outside the simulator."""
    write: Callable[[bytes], object]
    """Writes lines for a person; may wait, for it runs off the loop."""


@attrs.frozen(kw_only=True)
class Tree:
    """A planted tree: the root to run, and what a caller may want to look at."""

    root: Supervisor
    trading: Trading
    race: Race
    auditor: Auditor
    reconciler: Reconciler
    health: HealthRegistry
    events: list[ActorEvent]


def plant(soil: Soil) -> Tree:
    """Make everything that outlives an actor, and the tree of actors over it."""
    env, profile, recovered = soil.env, soil.loaded.profile, soil.recovered
    # A mailbox that is full on the way of a goal or of the truth is a fault, never a loss.
    to_auditor: Mailbox[object] = Mailbox("auditor", 65_536)
    to_arbiter: Mailbox[FeedEvent] = Mailbox("arbiter", 1_024)
    to_console: Mailbox[str] = Mailbox("console", 1_024, "drop_newest")
    health, events = HealthRegistry(), list[ActorEvent]()
    cells: dict[str, Health] = {}

    def cell(name: str, *mailboxes: Mailbox[Any]) -> Health:
        if name not in cells:
            cells[name] = health.cell(name, mailboxes=mailboxes)
        return cells[name]

    def heard(event: ActorEvent) -> None:
        events.append(event)
        to_auditor.post(event)

    def child(name: str, run: Run, *mailboxes: Mailbox[Any], **says: Any) -> Child:  # noqa: ANN401 - Child's own fields
        return Child(
            id=name, run=run, health=cell(name, *mailboxes), **{"policy": CORE, **says}
        )

    def branch(name: str, children: Sequence[Child], **says: Any) -> Supervisor:  # noqa: ANN401 - Supervisor's own fields
        return Supervisor(
            name=name,
            children=children,
            now_ns=env.now_ns,
            rng=env.rng(name),
            on_event=heard,
            **says,
        )

    race = Race(
        feeds={feed.name: _entrant(feed) for feed in profile.feeds},
        window_ns=int(profile.race.window_s * 1e9),
        max_trigger_age_ns=profile.race.max_trigger_age_ms * 1_000_000,
        traded=soil.recalled.traded,
        standings=soil.recalled.standings,
    )
    trading = assemble(
        Given(
            env=env,
            profile=profile,
            sheets=soil.loaded.sheets,
            key=soil.key,
            journal=soil.journal,
            recovered=recovered,
            traded=soil.recalled.traded,
            accepted=partial(_accepted, race),
            speed=soil.speed,
            to_auditor=to_auditor,
            cell=cell,
        ),
        trading_day(profile.run, env.wall_ns()),
    )
    auditor = Auditor(
        env=env,
        journal=soil.journal,
        inbox=to_auditor,
        catalogue=trading.desk.catalogue,
        member=profile.venue.member,
        known_trades=recovered.trade_ids,
        on_line=to_console.post,
        health=cell("auditor", to_auditor),
    )
    reconciler = Reconciler(
        env=env,
        rest=trading.rest,
        recovered=recovered,
        to_auditor=to_auditor,
        on_clean=partial(trading.desk.state.clear, "boot"),
        health=cell("reconciler"),
    )
    arbiter = Arbiter(
        env=env,
        inbox=to_arbiter,
        race=race,
        catalogue=trading.desk.catalogue,
        aliases=profile.catalogue.aliases,
        fire=trading.fire,
        on_doubt=trading.desk.hear_doubt,
        on_report=trading.standings.hear,
        to_auditor=to_auditor,
    )
    epochs = Epochs(recovered.epochs)
    quiet, (to_executor, to_exits) = trading.desk.inflight.quiet, trading.inboxes
    core = branch(
        "core",
        (
            child("executor", trading.executor.run, to_executor, drain=quiet),
            child("planner", trading.planner.run),
            child("arbiter", arbiter.run, to_arbiter),
        ),
        strategy="rest_for_one",
    )
    feeds = branch(
        "feeds",
        [_feed(settings, env, epochs, to_arbiter, cell) for settings in profile.feeds],
        max_restarts=None,
    )
    console = Console(env=env, inbox=to_console, write=soil.write)
    fatal = (JournalFailed,)
    root = branch(
        "root",
        (
            child("journal", soil.journal.run, fatal=fatal),
            child("console", console.run, to_console, criticality="aux"),
            child("auditor", auditor.run, to_auditor, drain=auditor.drain, fatal=fatal),
            child("signer", trading.signer.run),
            child(
                "reconciler",
                reconciler.run,
                drain=reconciler.drain,
                fatal=(NotReconciled,),
                ready_s=30.0,
                shutdown_s=profile.run.drain_s,
            ),
            child("market_data", trading.market_data.run, policy=LINE),
            child("entry_lines", trading.desk.entries.run, policy=LINE),
            child("exit_lines", trading.desk.exits.run, policy=LINE),
            child("exits", trading.exits.run, to_exits, drain=quiet),
            child("catalogue", trading.catalogue.run, policy=LINE),
            child("core", core.run, shutdown_s=core.longest_stop_s),
            child("feeds", feeds.run, shutdown_s=feeds.longest_stop_s),
        ),
    )
    return Tree(
        root=root,
        trading=trading,
        race=race,
        auditor=auditor,
        reconciler=reconciler,
        health=health,
        events=events,
    )
