"""Goals that their own feed is not sure of, end to end, on a clock that jumps.

One provider is the quickest of five and calls every goal unconfirmed at first. In each match
all of them report a goal that never fell as well, and take it back after longer than a
confirmation may take.
"""

from typing import Final

import attrs
import pytest
import trio

from actors.audit.recording import report_row
from actors.cli.feed_record import feed_lines
from actors.cli.seeds import SeededDay, seeded_day
from actors.config.profile import Profile
from actors.feeds.contest import SEASONED
from actors.feeds.ledger import FeedLedger
from actors.messages.race import Judged
from actors.messages.records import Dispatched, Intent, RawFrame, Report, Triggered
from actors.messages.records_review import EpisodeRow
from actors.model.score import GoalKey, MatchId
from actors.runtime.memory import run_seeded
from actors.sim.feedtiming import FIVE
from actors.sim.reviews import Doubts
from actors.sim.synthetic import synthetic_day
from actors.sim.timetable import Pace
from tests.feeds.story import Story
from tests.system.stage import entries, traded_twice
from tests.system.test_seeded import of, until

SEED: Final = 11
UNSURE: Final = Doubts(
    reviewed=0.0, overturned=0.0, phantom=1.0, shared=1.0, unconfirmed=1.0, amended=1.0
)
DENSE: Final = Pace(speed=60.0, min_gap_s=4.0, max_gap_s=5.5, review_s=25.0)
"""A phantom is taken back after 25 s, of which a confirmation may take 20."""
FEEDS: Final = {
    name: attrs.evolve(timing, scout="one", lag_ms=250.0 if name == "sse" else 700.0)
    for name, timing in FIVE.items()
}


CONFIRMED_S: Final = 5.0
"""Within it the provider is sure of a goal."""
SOLD_S: Final = 5.0
"""Within it whatever can be sold is sold."""


def patient(profile: Profile) -> Profile:
    """The profile that holds what it buys for longer than a phantom lasts."""
    return attrs.evolve(profile, exits=attrs.evolve(profile.exits, after_match_s=6_000.0))


def goals_shown(many: int) -> list[Report]:
    """What an earlier life has journalled of a feed that showed so many goals."""
    story = Story()
    story.all_at("0-0")
    said = story.say("ada", "1-0", 60) + story.say("bob", "1-0", 61)
    echo = next(one for one in said if isinstance(one, Judged) and one.judgement == "echo")
    return [attrs.evolve(report_row(echo, 0), feed="sse")] * many


def ledger(day: SeededDay) -> FeedLedger:
    return next(one for one in day.tree.race.ledgers() if one.feed == "sse")


async def a_feed_that_is_never_sure(goals_before: int) -> SeededDay:
    timetable = synthetic_day(SEED, 0.05, DENSE, doubts=UNSURE)
    before = goals_shown(goals_before)
    async with (
        seeded_day(SEED, timetable, change=patient, feeds=FEEDS, earlier=before) as day,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(day.tree.root.run)
        await until(lambda: ledger(day).unconfirmed >= 4)
        await trio.sleep(CONFIRMED_S)
        if goals_before >= SEASONED:
            for name, feed in day.world.feeds.items():
                if name != "sse":
                    feed.kill()
            await until(lambda: ledger(day).phantoms > 0)
            await trio.sleep(SOLD_S)
        day.tree.root.stop()
    return day


def test_a_goal_nobody_confirms_is_bought_in_part_and_sold_as_a_reversal() -> None:
    day = run_seeded(SEED, a_feed_that_is_never_sure, SEASONED)
    won = {key_of(row): row for row in of(Triggered, day)}
    fallen = [row for row in of(Report, day) if row.judgement == "phantom"]
    sold = [row for row in of(EpisodeRow, day) if row.step == "opened"]

    # A quarter of the play where four others could deny it, an eighth where nobody could.
    assert {(row.feed, row.size_pm) for row in won.values()} == {("sse", 250), ("sse", 125)}
    assert not list(traded_twice(of(object, day)))
    for row in fallen:
        trigger = won[key_of(row)]
        assert (row.feed, row.reason) == ("sse", "not confirmed in time")
        assert 20.0 <= (row.judged_ns - trigger.received_ns) / 1e9 <= 20.1
        lots = {one.client_order_id for one in entries(of(object, day)) if same(one, row)}
        assert {one.entry_client_order_id for one in sold if same(one, row)} == lots
        assert {one.at_ns - row.judged_ns for one in sold if same(one, row)} <= {0}
    assert sold, "something was bought for one that never fell"
    exits = {row.entry_client_order_id for row in of(Intent, day) if row.purpose != "entry"}
    assert {one.entry_client_order_id for one in sold} <= exits
    _judge_confirmed(day, won)
    _judge_ledger(day, len(fallen))


def _judge_confirmed(day: SeededDay, won: dict[GoalKey, Triggered]) -> None:
    """What was confirmed stands, and its confirmation bought nothing."""
    confirmed = {key_of(row): row for row in of(Report, day) if row.conf == "confirmed"}
    both = [(won[key], row) for key, row in confirmed.items() if key in won]

    assert len(both) >= 4
    assert {row.judgement for _, row in both} == {"repeat"}
    dispatched = {row.client_order_id: row.sent_ns for row in of(Dispatched, day)}
    for trigger, row in both:
        assert 1.0 <= (row.received_ns - trigger.received_ns) / 1e9 <= CONFIRMED_S
        for entry in entries(of(object, day)):
            if same(entry, row):
                assert dispatched[entry.client_order_id] < row.received_ns
    actions = "".join(row.text for row in of(RawFrame, day) if row.feed == "sse")
    for action in ("possible", "goal", "action_amend"):
        assert f'"Action":"{action}"' in actions


def _judge_ledger(day: SeededDay, phantoms: int) -> None:
    mine = ledger(day)

    assert (mine.phantoms, mine.overturned) == (phantoms, phantoms)
    assert mine.unconfirmed >= mine.wins > phantoms
    (line,) = [line for line in feed_lines([mine]) if line.startswith("feed sse")]
    told = f"phantoms {phantoms}; taken back {phantoms}; unconfirmed at first {mine.unconfirmed}"
    assert told in line


async def a_life_too_short() -> tuple[SeededDay, int]:
    """The only feed calls a goal unconfirmed that never fell, and the process stops at once."""
    timetable = synthetic_day(SEED, 0.05, DENSE, doubts=UNSURE)
    before = goals_shown(SEASONED)
    async with seeded_day(SEED, timetable, change=patient, feeds=FEEDS, earlier=before) as day:
        async with trio.open_nursery() as life:
            life.start_soon(day.tree.root.run)
            await until(lambda: ledger(day).unconfirmed >= 4)
            await trio.sleep(CONFIRMED_S)
            for name, feed in day.world.feeds.items():
                if name != "sse":
                    feed.kill()
            sent = day.tree.auditor.tally.sent
            await until(lambda: day.tree.auditor.tally.sent >= sent + 3)
            day.tree.root.stop()
        began_ns, tree = day.env.now_ns(), day.again()
        async with trio.open_nursery() as life:
            life.start_soon(tree.root.run)
            await until(lambda: any(one.phantoms for one in tree.race.ledgers()))
            await trio.sleep(SOLD_S)
            tree.root.stop()
    return day, began_ns


@pytest.mark.drill
def test_what_one_life_bought_for_an_unconfirmed_goal_the_next_one_sells() -> None:
    day, began_ns = run_seeded(SEED, a_life_too_short)
    before = {key_of(row) for row in of(Triggered, day) if row.judged_ns < began_ns}
    fallen = [row for row in of(Report, day, began_ns) if row.judgement == "phantom"]
    sold = [row for row in of(EpisodeRow, day, began_ns) if row.step == "opened"]
    lots = entries(of(object, day))

    assert {row.reason for row in fallen} == {"not confirmed in time"}
    assert {key_of(row) for row in fallen} & before
    for row in fallen:
        bought = {one.client_order_id for one in lots if same(one, row)}
        assert {one.entry_client_order_id for one in sold if same(one, row)} == bought
    assert {key_of(row) for row in sold} & before
    assert not list(traded_twice(of(object, day)))


def test_a_feed_that_is_not_known_yet_must_be_sure_before_it_is_believed() -> None:
    day = run_seeded(SEED, a_feed_that_is_never_sure, SEASONED - 10)
    told = [row for row in of(Report, day) if row.feed == "sse" and row.conf == "unconfirmed"]

    assert {(row.judgement, row.reason) for row in told} >= {("claim", "unconfirmed")}
    assert {row.judgement for row in told} <= {"claim", "repeat", "echo"}
    assert {(row.feed == "sse", row.size_pm) for row in of(Triggered, day)} == {(False, 1_000)}
    assert ledger(day).unconfirmed >= 4


async def a_goal_of_one_feed_alone() -> SeededDay:
    alone = {name: attrs.evolve(timing, scout=name) for name, timing in FIVE.items()}
    timetable = synthetic_day(SEED, 0.05, DENSE, doubts=attrs.evolve(UNSURE, unconfirmed=0.0))
    async with (
        seeded_day(SEED, timetable, change=patient, feeds=alone) as day,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(day.tree.root.run)
        await until(lambda: any(one.phantoms for one in day.tree.race.ledgers()))
        await trio.sleep(SOLD_S)
        day.tree.root.stop()
    return day


@pytest.mark.drill
def test_a_goal_that_no_other_feed_shows_is_sold_after_the_window_and_charged_to_its_feed() -> None:
    day = run_seeded(SEED, a_goal_of_one_feed_alone)
    won = {key_of(row): row for row in of(Triggered, day)}
    fallen = [row for row in of(Report, day) if row.judgement == "phantom"]
    sold = [row for row in of(EpisodeRow, day) if row.step == "opened"]

    for row in fallen:
        assert row.reason == "nobody else has shown it"
        assert 12.0 <= (row.judged_ns - won[key_of(row)].received_ns) / 1e9 <= 12.1
        lots = {one.client_order_id for one in entries(of(object, day)) if same(one, row)}
        assert {one.entry_client_order_id for one in sold if same(one, row)} == lots
    assert {one.feed: one.phantoms for one in day.tree.race.ledgers() if one.phantoms} == {
        row.feed: sum(one.feed == row.feed for one in fallen) for row in fallen
    }


def same(row: Intent | EpisodeRow, of_goal: Report) -> bool:
    return key_of(row) == key_of(of_goal)


def key_of(row: Report | Triggered | Intent | EpisodeRow) -> GoalKey:
    return GoalKey(MatchId(row.match), row.generation, row.state)
