"""The day's actor as a tree runs it: what it is made of, put together in one place."""

from collections.abc import Callable

from actors.cli.soil import Soil
from actors.feeds.race import Race
from actors.runtime.child import Child
from actors.runtime.roster import Roster
from actors.trader.assembly import Trading
from actors.trader.conditions import MIB, Conditions
from actors.trader.day_watch import DayWatch
from actors.trader.marks import Marks


def day_of(
    soil: Soil, roster: Roster, tell: Callable[[object], None], trading: Trading, race: Race
) -> Child:
    """Return the child that keeps the day and looks at what trading needs of its surroundings."""
    profile, now_ns = soil.loaded.profile, soil.env.now_ns
    watch = DayWatch(
        env=soil.env,
        desk=trading.desk,
        run_rules=profile.run,
        rest=trading.reads.patient,
        to_auditor=tell,
        health=roster.cell("day"),
        conditions=Conditions(
            desk=trading.desk,
            now_ns=now_ns,
            fresh_feeds=lambda match: race.fresh_feeds(match, now_ns()),
            least_free_bytes=profile.risk.disk_free_mib * MIB,
        ),
        folder=soil.folder,
        marks=Marks(env=soil.env, desk=trading.desk, member=profile.venue.member, to_auditor=tell),
    )
    return roster.child("day", watch.run, criticality="aux")
