"""All that providers can get wrong in one day: it costs races, and never a wrong trade."""

import random

import trio

from actors.cli.seeds import STATE, SeededDay, seeded_day
from actors.messages.codec import JournalCodec
from actors.messages.records import Intent, Report, Triggered
from actors.runtime.memory import run_seeded
from actors.runtime.segments import read
from actors.sim.synthetic import synthetic_day
from tests.sim.test_feedfaults import CASES, VERBS
from tests.system.stage import T

HOURS = 0.02
LONG_S = 600.0
EACH_S = 1.5
"""For so long something is wrong with one feed; then it is the next one's turn."""


async def torment(day: SeededDay, done: set[tuple[str, str]]) -> None:
    """Do to each feed in turn whatever its protocol knows, one thing after another."""
    cases = list(CASES)
    random.Random(7).shuffle(cases)
    for name, verb in cases:
        feed = day.world.feeds[name]
        VERBS[verb](feed)
        await trio.sleep(EACH_S)
        feed.revive()
        done.add((name, verb))


async def a_day() -> tuple[SeededDay, set[tuple[str, str]]]:
    done: set[tuple[str, str]] = set()
    async with seeded_day(7, synthetic_day(7, HOURS)) as day:
        with trio.move_on_after(LONG_S):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(torment, day, done)
                nursery.start_soon(day.tree.root.run)
                await day.tree.until_settled()
                day.tree.root.stop()
    return day, done


def records(day: SeededDay, kind: type[T]) -> list[T]:
    rows = (entry.record for entry in read(day.env.disk, str(STATE.journal), JournalCodec()))
    return [row for row in rows if isinstance(row, kind)]


def test_whatever_the_five_providers_get_wrong_no_trade_is_wrong() -> None:
    day, done = run_seeded(7, a_day)
    fell_ns = {
        (race.facts["match"], race.facts["score"]): race.facts["at_ns"]
        for race in day.world.truth.races
        if race.facts["kind"] == "goal"
    }
    won = records(day, Triggered)
    replayed = {
        (one.feed, one.epoch, one.frame_no)
        for one in records(day, Report)
        if one.reason == "replayed"
    }
    statement = day.tree.reconciler.statement

    assert done == set(CASES)
    assert len(won) > len(fell_ns) / 2
    assert len({(one.match, one.state) for one in won}) == len(won)
    assert all(one.received_ns > fell_ns[one.match, one.state] for one in won)
    assert replayed
    assert not replayed & {(one.feed, one.epoch, one.frame_no) for one in won}
    assert {one.feed for one in records(day, Intent)} <= {"", *day.world.feeds}
    assert statement is not None
    assert statement.total_micros == 0
