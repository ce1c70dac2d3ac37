"""Laws of a whole world, in memory, on a clock that jumps."""

import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from actors.model.money import CentiContracts
from actors.model.score import Score
from actors.runtime.memory import run_seeded
from actors.sim.control import CommandRefused
from actors.sim.timetable import Pace, Timetable
from actors.sim.venue.accounts import CreateOrder
from actors.sim.venue.faults import FaultPlan, StreamFaults
from actors.sim.venue.order_entry import Created
from actors.sim.world import TRADER, TRADER_CASH_MICROS
from tests.sim.pitch import ONE_GOAL, PENALTY, TWO, Spectator, timetable, world_of

ROOT = Path(__file__).parent.parent.parent
OVERLAPPING = "2022-11-29"
BUSY = "2022-11-21"


async def live(day: Timetable, **options: object) -> Spectator:
    """Look at a day from before its first whistle until all is settled and told."""
    async with world_of(day, **options) as on:
        await on.follow_feeds()
        await on.follow_books()
        with trio.fail_after(day.ends_s + 10):
            await on.world.over.wait()
        await trio.sleep(2)
    return on


def truth(on: Spectator) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in on.env.disk.read("/world/truth").splitlines()]


def seeded(day: Timetable, act: Callable[[], Awaitable[Spectator]]) -> Spectator:
    return run_seeded(day.day.seed, act)


def test_the_same_seed_is_the_same_world_and_another_is_another() -> None:
    digests = [
        seeded(day, lambda day=day: live(day)).digest  # type: ignore[misc]  # bound at once
        for day in (timetable(ONE_GOAL, 1), timetable(ONE_GOAL, 1), timetable(ONE_GOAL, 2))
    ]

    assert digests[0] == digests[1] != digests[2]


def test_the_same_seed_is_the_same_world_in_every_process() -> None:
    program = (
        "from tests.sim.test_world import live, seeded; from tests.sim.pitch import timetable\n"
        "day = timetable('2026-06-28')\n"
        "print(seeded(day, lambda: live(day, truth_file='/world/truth')).digest)"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        ).stdout.split()[-1]
        for hash_seed in ("1", "2")
    ]

    assert said[0] == said[1]
    assert len(said[0]) == 64


async def test_the_handshake_says_where_everything_is(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with world_of(timetable(ONE_GOAL)) as on:
        said = on.handshake

        assert (said["v"], said["seed"], said["matchday"], said["speed"]) == (1, 1, ONE_GOAL, 60.0)
        assert said["rest"].startswith("http://127.0.0.1:")
        assert said["rest"].endswith("/trade-api/v2")
        assert said["ws"].endswith("/trade-api/ws/v2")
        assert list(said["feeds"]) == ["alpha", "bravo"]
        assert said["keys"] == [said["key"]]
        assert said["key"]["type"] == "ed25519"
        assert msgspec.json.decode(msgspec.json.encode(said)) == said
        account = on.world.venue.floor.account(TRADER)
        assert account.cash(0) == TRADER_CASH_MICROS


async def test_the_day_begins_when_somebody_follows_a_book(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with world_of(timetable(ONE_GOAL)) as on:
        await on.follow_feeds()
        await trio.sleep(7)
        early = on.world.agenda.has_begun
        await on.follow_books()
        await trio.sleep(0.5)
        assert (early, on.world.agenda.has_begun) == (False, True)
        assert on.world.agenda.now_s() < 0.6


async def test_the_day_begins_without_anybody_after_its_delay(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with world_of(timetable(ONE_GOAL), start_delay_s=5.0) as on:
        await trio.sleep(4.9)
        early = on.world.agenda.has_begun
        await trio.sleep(0.2)
        assert (early, on.world.agenda.has_begun) == (False, True)


async def test_a_held_day_begins_at_its_command(autojump_clock: trio.testing.MockClock) -> None:
    async with world_of(timetable(ONE_GOAL), hold=True) as on:
        await on.follow_books()
        await trio.sleep(60)
        early = on.world.agenda.has_begun
        await on.world.commands["start"]({"do": "start"})
        await trio.sleep(0.1)
        assert (early, on.world.agenda.has_begun) == (False, True)


async def test_every_market_settles_on_ninety_minutes(
    autojump_clock: trio.testing.MockClock,
) -> None:
    on = await live(timetable("2026-07-01"), habits=None)

    verdicts = {
        stadium.timetable.script.fixture.name: list(stadium.verdicts.values())
        for stadium in on.world.stadiums
    }
    assert verdicts == {
        "England vs DR Congo": ["yes", "no", "no"],
        "Belgium vs Senegal": ["no", "no", "yes"],  # 3-2, but after extra time
        "USA vs Bosnia & Herzegovina": ["yes", "no", "no"],
    }
    assert on.world.status()["all_settled"] is True


async def test_feeds_tell_of_each_goal_after_it_fell_and_not_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    day = timetable(OVERLAPPING)
    on = await live(day, habits=None)
    began_s = trio.current_time() - on.world.agenda.now_s()

    for name, timing in TWO.items():
        told: dict[tuple[str, str], float] = {}
        for at_s, frame in on.frames(name):
            told.setdefault((frame["sportradarGameId"], frame["score"]), at_s - began_s)
        for stadium in on.world.stadiums:
            identity = on.world.venue.floor.milestones
            source = next(
                terms.source_ids["source_3_id"]
                for terms in identity.values()
                if stadium.timetable.match in terms.related_event_tickers
            )
            for moment in stadium.timetable.moments:
                if moment.incident.kind == "goal":
                    late_s = told[source, moment.incident.score.text] - moment.at_s
                    assert timing.floor_ms / 1000 <= late_s + 1e-6
                    assert late_s < 5


async def test_feeds_know_every_match_before_it_begins(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with world_of(timetable(BUSY)) as on:
        await on.follow_feeds()
        await trio.sleep(0.5)

        for name in TWO:
            frames = [frame for _, frame in on.frames(name)]
            assert [frame["homeTeam"] for frame in frames] == ["England", "Senegal", "USA"]
            assert all(frame["score"] == "0-0" and not frame["live"] for frame in frames)
            assert all(frame["period"] == "NS" for frame in frames)


async def test_books_are_quoted_before_kick_off_and_empty_without_other_traders(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with (
        world_of(timetable(ONE_GOAL)) as on,
        world_of(timetable(ONE_GOAL), habits=None) as off,
    ):
        ticker = next(iter(on.world.stadiums[0].tickers.values()))

        assert on.world.venue.book(ticker).bids
        assert not off.world.venue.book(ticker).bids


async def test_a_trader_who_leaves_and_returns_finds_the_day_going_on(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with world_of(timetable(BUSY)) as on:
        await on.follow_books()
        await trio.sleep(10)
        on.leave()
        await trio.sleep(3)
        assert on.world.agenda.now_s() == pytest.approx(13)
        heard = len(on.heard)

        await on.follow_books()
        await trio.sleep(1)

        assert on.world.agenda.now_s() == pytest.approx(14)
        assert len(on.heard) > heard


def marked(day: Timetable, reaction: str) -> tuple[int, float]:
    """Return which match has the marked goal, and when it falls."""
    return next(
        (number, moment.at_s)
        for number, match in enumerate(day.matches)
        for moment in match.moments
        if moment.incident.reaction == reaction
    )


async def bought_after(day: Timetable, reaction: str, delay_s: float) -> tuple[int, int]:
    """Buy the scorer's market as it was just before a marked goal; return asked and got."""
    number, goal_s = marked(day, reaction)
    asked: list[CreateOrder] = []
    got: list[int] = []
    async with world_of(day) as on:
        stadium, venue = on.world.stadiums[number], on.world.venue
        scorer = next(
            moment.incident.side
            for moment in stadium.timetable.moments
            if moment.at_s == goal_s and moment.incident.side is not None
        )
        ticker = stadium.tickers[scorer]

        def look() -> None:
            best = venue.book(ticker).asks[0]
            asked.append(
                CreateOrder(
                    ticker=ticker,
                    side="bid",
                    price_pips=best.price_pips,
                    count_centi=CentiContracts(1_000),
                )
            )

        def buy() -> None:
            taken = venue.create_order(TRADER, asked[0])
            assert isinstance(taken, Created)
            got.append(taken.fill_count_centi)

        on.world.agenda.at(goal_s - 0.001, look)
        on.world.agenda.at(goal_s + delay_s, buy)
        await on.follow_books()
        await trio.sleep(goal_s + delay_s + 1)
    return asked[0].count_centi, got[0]


@pytest.mark.parametrize("seed", [1, 2])
async def test_slow_makers_surely_fill_and_a_faster_rival_surely_leaves_nothing(
    seed: int, autojump_clock: trio.testing.MockClock
) -> None:
    day = timetable(BUSY, seed)

    asked, got = await bought_after(day, "slow makers", 1.2)
    assert got == asked
    assert (await bought_after(day, "faster rival", 0.1))[1] == 0


async def test_a_goal_taken_back_is_taken_back_for_feeds_and_markets(
    autojump_clock: trio.testing.MockClock,
) -> None:
    day = timetable(PENALTY)
    goals = [moment for moment in day.matches[0].moments if moment.incident.kind == "goal"]
    async with world_of(day, truth_file="/world/truth") as on:
        await on.follow_feeds()
        await on.follow_books()
        await trio.sleep(goals[0].at_s + 2)
        stadium = on.world.stadiums[0]
        assert stadium.course.score == Score(0, 1)

        answer = await on.world.commands["reverse_goal"]({"do": "reverse_goal"})

        assert answer["score"] == "0-0"
        await on.world.over.wait()
        await trio.sleep(5)
    assert stadium.course.regulation == Score(0, 1), "the second goal stands"
    for name in TWO:
        scores = [frame["score"] for _, frame in on.frames(name) if frame["live"]]
        changes = [now for was, now in zip(["", *scores], scores, strict=False) if was != now]
        assert changes == ["0-0", "0-1", "0-0", "0-1"]
    kinds = [line["kind"] for line in truth(on) if line["kind"] not in {"card", "penalty"}]
    assert kinds == ["goal", "reversal", "goal", "determined"]


async def test_what_cannot_be_taken_back_is_refused_in_one_line(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with world_of(timetable(ONE_GOAL)) as on:
        reverse = on.world.commands["reverse_goal"]

        with pytest.raises(CommandRefused, match="no goal has been scored yet"):
            await reverse({})
        with pytest.raises(CommandRefused, match="no match 'x'"):
            await reverse({"match": "x"})
        with pytest.raises(CommandRefused, match="has no goal that could still be taken back"):
            await reverse({"match": on.world.stadiums[0].timetable.match})


async def test_a_halted_market_trades_again_when_it_is_resumed(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with world_of(timetable(BUSY)) as on:
        await on.follow_books()
        await trio.sleep(5)
        ticker = on.world.stadiums[0].tickers["draw"]

        halted = await on.world.commands["halt_market"]({"ticker": ticker})
        assert halted["status"] == "inactive"
        with pytest.raises(CommandRefused, match="is inactive"):
            await on.world.commands["halt_market"]({"ticker": ticker})
        with pytest.raises(CommandRefused, match="no market"):
            await on.world.commands["resume_market"]({"ticker": "x"})

        resumed = await on.world.commands["resume_market"]({"ticker": ticker})
        assert resumed["status"] == "active"
        await trio.sleep(2)
        assert on.world.venue.book(ticker).bids


async def test_the_truth_tells_of_every_goal_and_who_was_first(
    autojump_clock: trio.testing.MockClock,
) -> None:
    day = timetable(BUSY)
    on = await live(day, truth_file="/world/truth")
    lines = truth(on)

    goals = [line for line in lines if line["kind"] == "goal"]
    assert len(goals) == 12
    for line in goals:
        assert line["first_mover_ms"] == min(move["after_ms"] for move in line["moves"])
    told = {(line["match"], line["score"]): line["at_s"] for line in goals}
    for match in day.matches:
        for moment in match.moments:
            if moment.incident.counts:
                at_s = told[match.match, moment.incident.score.text]
                assert at_s == pytest.approx(moment.at_s, abs=1e-6)
    assert sum(line["kind"] == "determined" for line in lines) == 3


async def test_a_match_is_listed_a_while_before_its_makers_come(
    autojump_clock: trio.testing.MockClock,
) -> None:
    day = timetable(BUSY)
    async with world_of(day, list_ahead_s=2.0) as on:
        second = on.world.stadiums[1]
        await on.follow_books(matches=1)
        await trio.sleep(day.matches[1].opens_s - 3)
        early = second.is_listed
        await trio.sleep(2)
        assert (early, second.is_listed) == (False, True)
        assert not on.world.venue.book(second.tickers["home"]).bids
        await trio.sleep(3)
        assert on.world.venue.book(second.tickers["home"]).bids


async def test_a_pace_of_its_own_is_said_in_the_handshake(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with world_of(timetable(ONE_GOAL, 1, Pace(speed=20.0, min_gap_s=4.5))) as on:
        assert on.handshake["speed"] == 20.0
        assert on.handshake["min_gap_s"] == 4.5


async def test_a_plan_of_faults_is_at_work_on_a_whole_day_and_nobody_trades_differently(
    autojump_clock: trio.testing.MockClock,
) -> None:
    plan = FaultPlan(stream=StreamFaults(gap=0.05))
    hostile, calm = await live(timetable(ONE_GOAL), faults=plan), await live(timetable(ONE_GOAL))

    seqs = [body["seq"] for _, body in hostile.frames("books") if "seq" in body]
    lost = hostile.world.server.hostility.counts["message_lose"]
    assert lost > 1
    # The very last message may be lost without a later number to show it.
    assert seqs[-1] - len(seqs) in {lost, lost - 1}
    assert len(calm.frames("books")) == len(hostile.frames("books")) + lost


async def test_the_venue_s_verbs_are_a_world_s_too(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with world_of(timetable(ONE_GOAL), hold=True) as on:
        await on.follow_books()
        await trio.sleep(1)
        dropped = await on.world.commands["drop_streams"]({"do": "drop_streams"})
        with pytest.raises(CommandRefused, match="no such storm"):
            await on.world.commands["storm"]({"do": "storm", "kind": "rain", "for_s": 1})

        assert dropped["dropped"] == 1
        on.leave()
