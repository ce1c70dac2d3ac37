"""Laws of what trading needs of its surroundings: fresh feeds, and room on the disk."""

import attrs
import trio
from trio.testing import MockClock

from actors.messages.catalogue import Stage
from actors.messages.records import TradingState
from actors.model.score import MatchId
from actors.trader.conditions import MIB, STALE_NS, Conditions
from tests.trader.pit import EVENT, Pit, open_pit
from tests.trader.test_day_watch import watch

LEAST = 100 * MIB


@attrs.define
class Feeds:
    """How many of them are fresh."""

    fresh: int = 0

    def of(self, match: MatchId) -> int:
        return self.fresh if match == EVENT else 0


def conditions(pit: Pit, feeds: Feeds) -> Conditions:
    return Conditions(
        desk=pit.desk, now_ns=pit.env.now_ns, fresh_feeds=feeds.of, least_free_bytes=LEAST
    )


def play(pit: Pit, stage: Stage) -> None:
    """Have the catalogue say that the match has come so far."""
    now = pit.desk.catalogue.value
    match = attrs.evolve(now.matches[EVENT], stage=stage)
    pit.desk.catalogue.set(attrs.evolve(now, matches={**now.matches, EVENT: match}))


async def known(pit: Pit) -> None:
    """Wait until the match is known."""
    await pit.start("journal", "auditor", "catalogue")
    with trio.fail_after(60):
        while EVENT not in pit.desk.catalogue.value.matches:  # noqa: ASYNC110 - the clock jumps
            await trio.sleep(1.0)


async def test_a_match_that_no_feed_sees_halts_entries_and_one_fresh_feed_clears_it(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await known(pit)
        feeds = Feeds()
        seen = conditions(pit, feeds)
        play(pit, "LIVE")

        seen.look_at_feeds()
        assert not pit.desk.state.stands("stale"), "a reconnect is no want of feeds"
        await trio.sleep(STALE_NS / 1e9)
        seen.look_at_feeds()
        assert "stale: no feed is fresh for any of 1 in play" in pit.desk.state.reasons

        feeds.fresh = 1
        seen.look_at_feeds()
        assert not pit.desk.state.reasons
        assert pit.said(TradingState)[-1].reason == "cleared: stale"


async def test_where_nothing_is_played_no_feed_is_wanting(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await known(pit)
        seen = conditions(pit, Feeds())
        stages: tuple[Stage, ...] = ("ARMED", "ENDED")
        for stage in stages:
            play(pit, stage)
            seen.look_at_feeds()
            await trio.sleep(2 * STALE_NS / 1e9)
            seen.look_at_feeds()
            assert not pit.desk.state.stands("stale")


async def test_a_trigger_with_a_fresh_feed_behind_it_does_not_wait_for_the_next_look(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.desk.state.halt("stale", "no feed is fresh for any of 1 in play")
        pit.play()

        assert len(pit.fire()) == 1
        assert pit.desk.state.value == "ACTIVE"


async def test_a_full_disk_halts_entries_until_there_is_more_room_than_is_wanted(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        seen = conditions(pit, Feeds(fresh=2))
        for free, halts in ((LEAST, False), (LEAST - 1, True), (LEAST, True), (2 * LEAST, False)):
            seen.look_at_disk(free)
            assert pit.desk.state.stands("disk") == halts
        seen.look_at_disk(3 * MIB)
        assert "disk: 3 MiB are free, 100 are wanted" in pit.desk.state.reasons


async def test_the_day_s_actor_asks_the_file_system_itself(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        made = watch(pit)
        await pit.nursery.start(made.run)
        await trio.sleep(2.5)
        assert not pit.desk.state.stands("disk")

        pit.disk.free = 0
        await trio.sleep(2.5)
        assert pit.desk.state.stands("disk")

        pit.disk.free = 1 << 30
        await trio.sleep(2.5)
        assert not pit.desk.state.stands("disk")
