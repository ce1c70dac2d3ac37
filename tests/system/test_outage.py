"""A venue or a feed that is away for minutes costs races and never the process."""

from collections import Counter
from itertools import pairwise

import trio

from actors.cli.seeds import SeededDay, seeded_day
from actors.messages.records import ActorRow, Reconciled, Triggered
from actors.runtime.memory import run_seeded
from actors.sim.synthetic import synthetic_day
from tests.system.stage import entries, traded_twice
from tests.system.test_seeded import another_entry, of, patient

AWAY_S = 190.0
SEED = 8


async def an_outage() -> tuple[SeededDay, int, int]:
    """Take the venue away for minutes at a time of play, and give it back."""
    async with (
        seeded_day(SEED, synthetic_day(SEED, 0.5), change=patient) as day,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(day.tree.root.run)
        await another_entry(day)
        away_ns = day.env.now_ns()
        day.network.kill(day.venue)
        await trio.sleep(AWAY_S)
        back_ns = day.env.now_ns()
        day.network.revive(day.venue)
        await another_entry(day)
        await trio.sleep(30.0)
        day.tree.root.stop()
    return day, away_ns, back_ns


def test_an_outage_of_the_venue_costs_races_and_not_the_process() -> None:
    day, away_ns, back_ns = run_seeded(SEED, an_outage)
    rows = of(ActorRow, day)
    while_away = Counter(
        row.actor for row in of(ActorRow, day, away_ns) if row.event == "restarted"
    ) - Counter(row.actor for row in of(ActorRow, day, back_ns) if row.event == "restarted")

    assert not [row for row in rows if row.event in {"escalated", "parked", "stuck"}]
    assert set(while_away) <= {"market_data", "catalogue"}
    assert while_away["market_data"] > 10, "more often than a core actor might"
    raced = len(of(Triggered, day, away_ns)) - len(of(Triggered, day, back_ns))
    assert raced > 5, "the race went on"
    bought = entries(of(object, day, away_ns))
    assert bought == entries(of(object, day, back_ns)), "and nothing was bought in it"
    assert bought, "and afterwards something was"
    assert not list(traded_twice(of(object, day)))
    last = of(Reconciled, day)[-1]
    assert (last.phase, last.clean, last.statement_difference_micros) == ("end", True, 0)


async def a_dead_feed() -> tuple[SeededDay, int, int]:
    """Take one feed away for minutes, and give it back."""
    async with (
        seeded_day(SEED, synthetic_day(SEED, 0.5), change=patient) as day,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(day.tree.root.run)
        await another_entry(day)
        dead_ns = day.env.now_ns()
        day.world.feeds["ws"].kill()
        await trio.sleep(AWAY_S)
        back_ns = day.env.now_ns()
        day.world.feeds["ws"].revive()
        await trio.sleep(65.0)
        day.tree.root.stop()
    return day, dead_ns, back_ns


def test_a_dead_feed_is_parked_tried_each_minute_and_welcome_when_it_is_back() -> None:
    day, dead_ns, back_ns = run_seeded(SEED, a_dead_feed)
    rows = [row for row in of(ActorRow, day, dead_ns) if row.actor == "feed.ws"]
    parked_s = [(row.at_ns - dead_ns) / 1e9 for row in rows if row.event == "parked"]
    starts_s = [(row.at_ns - dead_ns) / 1e9 for row in rows if row.event == "restarted"]

    assert parked_s[0] < 60.0
    assert all(59.0 < later - earlier < 62.0 for earlier, later in pairwise(parked_s))
    assert len(parked_s) >= 3
    for from_s in starts_s:
        assert sum(from_s <= at_s < from_s + 60.0 for at_s in starts_s) <= 20, "a minute's dials"
    back = next(row for row in rows if row.event == "started")
    assert back_ns < back.at_ns < back_ns + 61_000_000_000
    assert not [row for row in of(ActorRow, day) if row.event == "escalated"]
    bravo = [row for row in of(ActorRow, day, dead_ns) if row.actor == "feed.signalr"]
    assert [row.event for row in bravo] == ["stopped"], "nobody else felt it"
