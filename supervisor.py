"""The whole system on one screen: what there is, in which order it starts, and who owns it.

Nothing imports this module but the command line and the tests, because it is the
one place that knows every actor. ``plant`` makes what outlives the actors and lists the
children; what a process opens before that is ``actors/cli/soil.py``, and the process
around it (options, signals, the simulated world) ``actors/cli/run.py``.
"""

import sys

if __name__ == "__main__":
    import signal as _early

    # Until their handlers stand these would end the process, and count as a clean exit.
    for _name in ("SIGHUP", "SIGUSR1", "SIGUSR2"):
        _early.signal(getattr(_early, _name), _early.SIG_IGN)
    # Nothing is at stake before the handlers stand: Ctrl-C then ends it without a traceback.
    _early.signal(_early.SIGINT, _early.SIG_DFL)

try:
    import faulthandler
    import signal
    from collections.abc import Sequence
    from functools import partial
    from math import inf
    from pathlib import Path
    from typing import Final

    import attrs

    from actors.audit.auditor import Auditor
    from actors.audit.errors import NotReconciled
    from actors.audit.reconciler import Reconciler
    from actors.cli.daily import day_of
    from actors.cli.registry import registrar_of
    from actors.cli.rehearsal import Rehearsal
    from actors.cli.soil import Soil
    from actors.cli.stops import meanwhile
    from actors.config.bounds import BOUNDS
    from actors.config.calendar import trading_day
    from actors.config.profile import Feed as FeedSettings
    from actors.exchange.errors import ClockOff
    from actors.feeds.arbiter import Arbiter, admission
    from actors.feeds.contest import Entrant
    from actors.feeds.feed import Epochs, Feed, FeedHealth
    from actors.feeds.race import Race
    from actors.feeds.transports import carrier
    from actors.messages.feeds import FeedEvent
    from actors.messages.race import FULL_PM, Judged, RaceOutput, Trigger
    from actors.model.score import MatchId, Score
    from actors.runtime.alarms import Alarms
    from actors.runtime.child import Child
    from actors.runtime.collection import Collector
    from actors.runtime.console import Console
    from actors.runtime.errors import JournalFailed
    from actors.runtime.health import Unsynced
    from actors.runtime.journal import Journal
    from actors.runtime.latest import Latest
    from actors.runtime.mailbox import Mailbox
    from actors.runtime.restart import RestartPolicy
    from actors.runtime.roster import Roster
    from actors.runtime.secret import guard_process
    from actors.runtime.supervise import Supervisor
    from actors.runtime.vigil import Vigil
    from actors.trader.assembly import Given, Trading, assemble
    from actors.trader.clock_watch import ClockWatch
    from actors.trader.market_data import stream_name
except ModuleNotFoundError as missing:
    if (missing.name or "").startswith("actors"):
        raise
    sys.exit(f"touchline: {missing.name} is not installed here; run: make demo")

ROOT: Final = Path(__file__).resolve().parent

# An outage of one feed costs some races and must never cost the process; the first
# try after a good life is immediate, and no provider is dialled like a nail.
FEED: Final = RestartPolicy(max_restarts=10, starts_per_minute=20)
# Whatever decides or writes is started again at once; if it keeps failing, the tree goes.
CORE: Final = RestartPolicy(max_restarts=5, pause_min_s=0.0, pause_max_s=1.0)
# A line to the venue may be away for as long as the venue is: entries are gated by the age
# of the books and by what is dialled, so an outage costs races and never the process.
LINE: Final = RestartPolicy(max_restarts=None, starts_per_minute=30)
# What cannot be written down must not be done: no restart cures a disk.
FATAL: Final = (JournalFailed,)


@attrs.frozen(kw_only=True)
class Tree:
    """A planted tree: the root to run, and what a caller may want to look at."""

    root: Supervisor
    trading: Trading
    race: Race
    auditor: Auditor
    reconciler: Reconciler
    roster: Roster
    alarms: Alarms
    journal: Journal

    async def until_settled(self) -> None:
        """Return once every match is over and settled and nothing of ours is left to do."""
        desk = self.trading.desk
        while not self.trading.catalogue.all_settled or desk.lots:
            await desk.catalogue.changed()
        await desk.inflight.quiet()


@attrs.define(eq=False)
class Mailboxes:
    """The queues between actors of different folders."""

    # One that is full on the way of a goal or of the truth is a fault, never a loss.
    auditor: Mailbox[object] = attrs.field(factory=lambda: Mailbox("auditor", 65_536))
    arbiter: Mailbox[FeedEvent] = attrs.field(factory=lambda: Mailbox("arbiter", 1_024))
    console: Mailbox[str] = attrs.field(factory=lambda: Mailbox("console", 1_024, "drop_newest"))


def plant(soil: Soil) -> Tree:
    """Make everything that outlives an actor, and the tree of actors over it."""
    env, boxes = soil.env, Mailboxes()
    alarms = Alarms(tell=boxes.auditor.post, say=boxes.console.post)
    roster = Roster(now_ns=env.now_ns, rng=env.rng, usual=CORE, tell=alarms.hear, bounds=BOUNDS)
    race = _race(soil)
    trading = _trading(soil, roster, boxes, race)
    alarms.halt = trading.desk.state.halt
    roster.watch("planner", trading.planner.bell)
    roster.watch("journal", Unsynced(soil.journal))
    auditor, reconciler = _audit(soil, roster, boxes, trading)
    arbiter = _arbiter(soil, roster, boxes, trading, race)
    child, quiet = roster.child, trading.desk.inflight.quiet
    line = partial(child, criticality="feed", policy=LINE, boot_wait_s=10.0)
    to_executor, to_exits = trading.inboxes
    core = roster.branch(
        "core",
        (
            child("executor", trading.executor.run, to_executor, drain=quiet),
            child("planner", trading.planner.run),
            child("arbiter", arbiter.run, boxes.arbiter),
        ),
        strategy="rest_for_one",
    )
    epochs = Epochs(dict(soil.recovered.epochs))
    feeds = roster.branch(
        "feeds",
        [_feed(settings, soil, roster, boxes, epochs) for settings in soil.loaded.profile.feeds],
        max_restarts=None,
    )
    console = Console(env=soil.env, inbox=boxes.console, write=soil.write)
    root = roster.branch(
        "root",
        (
            child("journal", soil.journal.run, fatal=FATAL),
            child("console", console.run, boxes.console, criticality="aux", drain=console.drain),
            child("auditor", auditor.run, boxes.auditor, drain=auditor.drain, fatal=FATAL),
            child("signer", trading.signer.run),
            *_venue_terms(soil, roster, boxes, trading),
            child(
                "reconciler",
                reconciler.run,
                drain=reconciler.drain,
                fatal=(NotReconciled,),
                ready_s=30.0,
                # It is asked for the last statement, and has to leave time for the others.
                shutdown_s=0.6 * soil.loaded.profile.run.drain_s,
            ),
            *(line(stream_name(each.stream), each.run) for each in trading.streams),
            line("entry_lines", trading.desk.entries.run),
            line("exit_lines", trading.desk.exits.run),
            child("exits", trading.exits.run, to_exits, drain=quiet),
            line("catalogue", trading.catalogue.run),
            *_comparison(roster, boxes, trading),
            child("core", core.run, ready_s=inf, shutdown_s=core.longest_stop_s),
            child("feeds", feeds.run, ready_s=inf, shutdown_s=feeds.longest_stop_s),
            *_housekeeping(soil, roster, boxes, trading, arbiter),
        ),
        on_stuck=soil.on_stuck,
    )
    return Tree(
        root=root,
        trading=trading,
        race=race,
        auditor=auditor,
        reconciler=reconciler,
        roster=roster,
        alarms=alarms,
        journal=soil.journal,
    )


def _comparison(roster: Roster, boxes: Mailboxes, trading: Trading) -> list[Child]:
    found = (("comparison", trading.comparison), ("groups", trading.groups))
    if trading.groups is not None:
        trading.groups.say = boxes.console.post
    return [roster.child(name, it.run, criticality="aux") for name, it in found if it is not None]


def _race(soil: Soil) -> Race:
    profile = soil.loaded.profile
    return Race(
        feeds={
            feed.name: Entrant(
                role=feed.role,
                delay_ns=int(feed.delay_s * 1e9),
                dead_after_ns=int(feed.bound_s * 1e9),
            )
            for feed in profile.feeds
        },
        window_ns=int(profile.race.window_s * 1e9),
        max_trigger_age_ns=profile.race.max_trigger_age_ms * 1_000_000,
        quarantine_after=profile.race.quarantine_after,
        single_feed_pm=round(profile.race.single_feed_size * FULL_PM),
        unconfirmed_pm=round(profile.race.unconfirmed_size * FULL_PM),
        confirm_ns=int(profile.race.confirm_s * 1e9),
        review_ns=int(profile.review.review_max_match_s / soil.speed * 1e9),
        traded=soil.recalled.traded,
        standings=soil.recalled.standings,
        unsettled=soil.recalled.unsettled,
        tallies=soil.recalled.tallies,
    )


def _trading(soil: Soil, roster: Roster, boxes: Mailboxes, race: Race) -> Trading:
    given = Given(
        env=soil.env,
        profile=soil.loaded.profile,
        sheets=soil.loaded.sheets,
        key=soil.key,
        journal=soil.journal,
        recovered=soil.recovered,
        traded=soil.recalled.traded,
        accepted=partial(_accepted, race),
        speed=soil.speed,
        to_auditor=boxes.auditor,
        cell=roster.cell,
        records=race.ledgers,
        relived=soil.relived,
    )
    trading = assemble(given, trading_day(soil.loaded.profile.run, soil.env.wall_ns()))
    trading.planner.sizes = race.sizes
    return trading


def _audit(
    soil: Soil, roster: Roster, boxes: Mailboxes, trading: Trading
) -> tuple[Auditor, Reconciler]:
    auditor = Auditor(
        env=soil.env,
        journal=soil.journal,
        inbox=boxes.auditor,
        catalogue=trading.desk.catalogue,
        member=soil.loaded.profile.venue.member,
        known_trades=soil.recovered.trade_ids,
        on_line=boxes.console.post,
        health=roster.cell("auditor", boxes.auditor),
    )
    reconciler = Reconciler(
        env=soil.env,
        rest=trading.reads.urgent,
        recovered=soil.recovered,
        member=soil.loaded.profile.venue.member,
        to_auditor=boxes.auditor,
        on_clean=partial(trading.desk.state.clear, "boot"),
        meanwhile=meanwhile(trading, boxes.console, soil.loaded.profile.run),
        health=roster.cell("reconciler"),
    )
    return auditor, reconciler


def _venue_terms(
    soil: Soil, roster: Roster, boxes: Mailboxes, trading: Trading
) -> tuple[Child, Child]:
    clock = ClockWatch(
        env=soil.env,
        rest=trading.reads.urgent,
        clock=trading.desk.clock,
        halt=trading.desk.state.halt,
        clear=trading.desk.state.clear,
        say=boxes.console.post,
        to_auditor=boxes.auditor.post,
        health=roster.cell("clock"),
    )
    limits = trading.reads.limits
    return (
        # Before anything is asked that a wrong time would make meaningless.
        roster.child("clock", clock.run, fatal=(ClockOff,), ready_s=30.0),
        roster.child("limits", limits.run, criticality="feed", policy=LINE, boot_wait_s=10.0),
    )


def _arbiter(soil: Soil, roster: Roster, boxes: Mailboxes, trading: Trading, race: Race) -> Arbiter:
    return Arbiter(
        env=soil.env,
        inbox=boxes.arbiter,
        race=race,
        catalogue=trading.desk.catalogue,
        aliases=soil.loaded.profile.catalogue.aliases,
        fire=trading.fire,
        on_doubt=trading.reversals.hear_doubt,
        tell=partial(_tell, trading, boxes.auditor),
        health=roster.cell("arbiter", boxes.arbiter),
    )


def _housekeeping(
    soil: Soil, roster: Roster, boxes: Mailboxes, trading: Trading, arbiter: Arbiter
) -> list[Child]:
    env, profile, inflight = soil.env, soil.loaded.profile, trading.desk.inflight
    rules, now_ns = profile.runtime, env.now_ns
    kept = [day_of(soil, roster, boxes.auditor.post, trading, arbiter.race)]
    if rules.keeps_awake:
        vigil = Vigil(
            wanted=lambda: bool(trading.desk.plays), now_ns=now_ns, health=roster.cell("vigil")
        )
        kept.append(roster.child("vigil", vigil.run, criticality="aux"))
    kept.append(registrar_of(soil, roster, boxes.console.post, trading, arbiter))
    if rules.rehearse_ms:
        every_ns = int(rules.rehearse_ms * 1e6)
        rehearsal = Rehearsal(
            env=env,
            limits=trading.desk.exposure.limits,
            gates=profile.gates,
            every_s=rules.rehearse_ms / 1e3,
            wanted=lambda: bool(trading.desk.plays),
            busy=lambda: now_ns() - (arbiter.health.progress_ns or 0) < 2 * every_ns,
            health=roster.cell("rehearsal"),
        )
        kept.append(roster.child("rehearsal", rehearsal.run, criticality="aux"))
    collector = Collector(
        mode=rules.collection,
        garbage=soil.garbage,
        now_ns=now_ns,
        busy=lambda: bool(boxes.arbiter.depth or inflight.owes),
        heard_ns=lambda: arbiter.health.progress_ns or 0,
        health=roster.cell("collector"),
    )
    # The last one of all: it freezes what there is when it starts.
    return [*kept, roster.child("collector", collector.run, criticality="aux")]


def _accepted(race: Race, match: MatchId) -> tuple[Score, int] | None:
    standing = race.standing(match)
    return None if standing is None else (standing.score, standing.generation)


def _tell(trading: Trading, to_auditor: Mailbox[object], output: RaceOutput) -> None:
    if isinstance(output, Judged):
        trading.standings.hear(output)
        trading.reversals.hear_judged(output)
    if not isinstance(output, Trigger):
        # The trigger's own word about each leg carries it.
        to_auditor.post(output)


def _feed(
    settings: FeedSettings, soil: Soil, roster: Roster, boxes: Mailboxes, epochs: Epochs
) -> Child:
    name, env = f"feed.{settings.name}", soil.env
    way = carrier(env, settings)
    feed = Feed(
        env=env,
        name=settings.name,
        connect=way.connect,
        decode=way.decode,
        answers=way.answers,
        epochs=epochs,
        to_arbiter=admission(boxes.arbiter),
        vitals=Latest(FeedHealth()),
        dead_after_s=settings.bound_s,
        health=roster.cell(name),
    )
    return roster.child(
        name,
        feed.run,
        criticality="feed",
        policy=FEED,
        boot_wait_s=5.0,
        # Its own deadline ends a silent connection; this one is the net under it.
        ready_s=settings.bound_s + 10.0,
        good_marks=True,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one profile from the command line; return the exit code."""
    # The process around the tree uses this module, so it can only be asked for now.
    from actors.cli.run import run  # noqa: PLC0415

    # What hangs or dies says where: systemd's watchdog sends SIGABRT, a person SIGQUIT.
    guard_process()
    faulthandler.enable()
    faulthandler.register(signal.SIGQUIT, all_threads=True)
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
