"""The whole system on a clock that jumps: what it does to the second, and twice the same."""

import os
import re
import sys
from collections.abc import Callable, Mapping

import attrs
import trio

from actors.cli.seeds import STATE, SeededDay, seeded_day
from actors.config.profile import Profile
from actors.messages.codec import JournalCodec
from actors.messages.records import ActorRow, Report, Triggered
from actors.runtime.memory import run_seeded
from actors.runtime.segments import read
from actors.sim.synthetic import synthetic_day
from tests.system.stage import Said, T, entries, program

HOURS = 0.01
SECOND_NS = 1_000_000_000
LONG_S = 600.0
"""At a goal each twenty seconds, whatever can happen has happened by then."""


def patient(profile: Profile) -> Profile:
    """The profile with the longest silence that a feed may be allowed."""
    feeds = tuple(attrs.evolve(feed, dead_after_s=30.0, silence_s=30.0) for feed in profile.feeds)
    return attrs.evolve(profile, feeds=feeds)


def of(kind: type[T], day: SeededDay, since_ns: int = 0) -> list[T]:
    """Return the records of one kind that were written from a moment on."""
    return [
        entry.record
        for entry in read(day.env.disk, str(STATE.journal), JournalCodec())
        if isinstance(entry.record, kind) and entry.mono_ns >= since_ns
    ]


async def until(happens: Callable[[], bool]) -> None:
    with trio.fail_after(LONG_S):
        while not happens():  # noqa: ASYNC110 - on a clock that jumps
            await trio.sleep(1.0)


async def another_entry(day: SeededDay) -> None:
    tally = day.tree.auditor.tally
    sent = tally.sent
    await until(lambda: tally.sent > sent)


def wins(day: SeededDay, feed: str) -> int:
    return next(ledger.wins for ledger in day.tree.race.ledgers() if ledger.feed == feed)


async def a_mute_feed() -> tuple[SeededDay, int, int]:
    """Mute ws for longer than it may be silent, and let it speak again."""
    async with (
        seeded_day(5, synthetic_day(5, 0.5), change=patient) as day,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(day.tree.root.run)
        await another_entry(day)
        muted_ns = day.env.now_ns()
        day.world.feeds["ws"].mute()
        await trio.sleep(40.0)
        await another_entry(day)
        revived_ns = day.env.now_ns()
        day.world.feeds["ws"].revive()
        won = wins(day, "ws")
        await until(lambda: wins(day, "ws") > won)
        day.tree.root.stop()
    return day, muted_ns, revived_ns


def test_a_silent_feed_is_noticed_after_thirty_seconds_and_redialled_at_once() -> None:
    day, muted_ns, revived_ns = run_seeded(5, a_mute_feed)
    alpha = [row for row in of(Report, day) if row.feed == "ws"]
    # What was on its way still came.
    last_ns = max(row.received_ns for row in alpha if row.received_ns < muted_ns + SECOND_NS)
    closed, opened = [row for row in alpha if row.received_ns > last_ns][:2]
    failed = next(row for row in of(ActorRow, day, muted_ns) if row.event == "failed")

    assert (failed.actor, failed.reason) == ("feed.ws", "FeedStale: ws: silent for 30 s")
    assert (closed.kind, opened.kind) == ("closed", "opened")
    assert 30.0 <= (closed.received_ns - last_ns) / 1e9 <= 30.5
    assert (opened.received_ns - last_ns) / 1e9 <= 30.6
    assert opened.epoch == closed.epoch + 1

    meanwhile = [
        intent
        for intent in entries(of(object, day, muted_ns))
        if intent not in entries(of(object, day, revived_ns))
    ]
    assert {intent.feed for intent in meanwhile}.isdisjoint({"ws"})


async def no_feed_at_all() -> tuple[SeededDay, int, int]:
    """Take both feeds away, and give one of them back."""
    async with (
        seeded_day(6, synthetic_day(6, 0.5), change=patient) as day,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(day.tree.root.run)
        await another_entry(day)
        for feed in day.world.feeds.values():
            feed.kill()
        await trio.sleep(1.0)
        dead_ns, goals = day.env.now_ns(), len(day.world.truth.races)
        await until(lambda: len(day.world.truth.races) >= goals + 3)
        await trio.sleep(5.0)
        back_ns = day.env.now_ns()
        day.world.feeds["signalr"].revive()
        await another_entry(day)
        day.tree.root.stop()
    return day, dead_ns, back_ns


def test_without_a_feed_nothing_is_bought_and_with_one_of_them_back_it_is_again() -> None:
    day, dead_ns, back_ns = run_seeded(6, no_feed_at_all)

    while_dead = len(of(Triggered, day, dead_ns)) - len(of(Triggered, day, back_ns))
    assert while_dead == 0
    bought = entries(of(object, day, dead_ns))
    assert bought == entries(of(object, day, back_ns))
    assert {intent.feed for intent in bought} == {"signalr"}
    assert {row.fresh_feeds for row in of(Triggered, day, back_ns)} == {1}


async def seeds(first: int, environ: Mapping[str, str]) -> Said:
    line = ("-m", "actors", "seeds", "--hours", str(HOURS), "--first-seed", str(first))
    return await program(sys.executable, *line, environ={**os.environ, **environ})


async def test_a_seed_gives_the_same_journal_whatever_the_order_of_hashes() -> None:
    said: dict[str, Said] = {}

    async def run(name: str, first: int, hashes: str) -> None:
        said[name] = await seeds(first, {"PYTHONHASHSEED": hashes})

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run, "one", 77, "1")
        nursery.start_soon(run, "same", 77, "4242")
        nursery.start_soon(run, "other", 78, "1")

    for each in said.values():
        assert (each.code, each.err) == (0, "")
        assert re.search(r", difference 0\n[0-9a-f]{64}\n\Z", each.out)
    assert said["one"].out == said["same"].out
    assert said["one"].out.splitlines()[-1] != said["other"].out.splitlines()[-1]
