"""Laws of reviews, of goals taken back and of goals that never fell."""

import itertools
from collections.abc import Mapping
from typing import Any

import attrs
import msgspec
import pytest
import trio
import trio.testing
from hypothesis import given, settings, strategies as st

from actors.model.score import MatchId, Score
from actors.sim.matchday import Matchday, matchday, matchdays
from actors.sim.reviews import CLEAR_S, NONE, USUAL, Doubts, doubted_day, phantom_feeds
from actors.sim.script import DayScript, Incident, day_script
from actors.sim.timetable import STARTS, Pace, Timetable, lay_out
from tests.sim.pitch import ONE_GOAL, TWO, Spectator, world_of

ALWAYS = Doubts(reviewed=1.0, overturned=1.0, phantom=1.0)
seeds = st.integers(0, 2**63)
days = st.sampled_from(list(matchdays().values()))
doubts = st.sampled_from([USUAL, ALWAYS, Doubts(reviewed=1.0, overturned=0.0, phantom=0.0)])


def scripts(day: Matchday, seed: int, rates: Doubts) -> tuple[DayScript, DayScript]:
    """The day as it would be without doubts, and with them."""
    plain = day_script(day, seed)
    return plain, doubted_day(plain, rates)


def is_added(one: Incident) -> bool:
    overturned = one.kind == "goal" and one.verdict == "overturned"
    return overturned or one.kind in {"review", "stands", "overturn", "phantom", "correction"}


@given(day=days, seed=seeds, rates=doubts)
@settings(max_examples=30, deadline=None)
def test_doubts_come_on_top_and_move_nothing(day: Matchday, seed: int, rates: Doubts) -> None:
    plain, doubted = scripts(day, seed, rates)

    assert doubted_day(plain, NONE) == plain
    for was, now in zip(plain.matches, doubted.matches, strict=True):
        kept = [
            attrs.evolve(one, verdict="", unsure_s=0.0, is_amended=False)
            for one in now.incidents
            if not is_added(one)
        ]
        assert kept == list(was.incidents)
        assert [goal.goal for goal in now.goals] == [goal.goal for goal in was.goals]
        for before, after in itertools.pairwise(now.incidents):
            assert before.at_s < after.at_s


@given(day=days, seed=seeds)
@settings(max_examples=30, deadline=None)
def test_each_doubt_has_its_end_before_anything_else_happens(day: Matchday, seed: int) -> None:
    ends = {"goal": "review", "review": "", "phantom": "correction"}
    for match in scripts(day, seed, ALWAYS)[1].matches:
        pairs = list(itertools.pairwise(match.incidents))
        for number, (now, then) in enumerate(pairs):
            if now.kind == "review":
                assert (then.kind, now.verdict) in {
                    ("stands", "stands"),
                    ("overturn", "overturned"),
                }
                assert then.goal_no == now.goal_no
            elif now.kind in ends and (now.kind != "goal" or now.verdict):
                assert then.kind == ends[now.kind]
            if now.kind == "overturn":
                assert now.score == pairs[number - 3][0].score, "as before the goal"
            if now.kind == "phantom" or (now.kind == "goal" and now.verdict == "overturned"):
                before = pairs[number - 1][0]
                assert now.period in {"1H", "2H"}
                assert now.at_s - before.at_s >= CLEAR_S


@given(day=days, seed=seeds)
@settings(max_examples=10, deadline=None)
def test_so_many_goals_are_unconfirmed_at_first_as_are_wanted(day: Matchday, seed: int) -> None:
    for share in (0.0, 1.0):
        rates = attrs.evolve(ALWAYS, unconfirmed=share)
        told = [one for match in scripts(day, seed, rates)[1].matches for one in match.incidents]
        unsure = [one for one in told if one.unsure_s]

        assert all(one.kind in {"goal", "phantom"} for one in unsure)
        assert len(unsure) == share * sum(one.kind in {"goal", "phantom"} for one in told)
        assert all(1.0 <= one.unsure_s <= 3.5 for one in unsure)


def test_some_of_the_goals_that_feeds_report_are_taken_back_or_never_fell() -> None:
    reported = false = 0
    for seed, day in itertools.product(range(3), matchdays().values()):
        for match in scripts(day, seed, USUAL)[1].matches:
            kinds = [one.kind for one in match.incidents]
            reported += kinds.count("goal") + kinds.count("phantom")
            false += kinds.count("overturn") + kinds.count("phantom")

    assert 0.03 < false / reported < 0.12


@given(day=days, seed=st.integers(0, 1000), speed=st.sampled_from([1.0, 60.0, 600.0]))
@settings(max_examples=30, deadline=None)
def test_on_the_wall_a_review_is_long_enough_to_be_heard_and_keeps_its_distance(
    day: Matchday, seed: int, speed: float
) -> None:
    pace = Pace(speed=speed)
    for match in lay_out(scripts(day, seed, ALWAYS)[1], pace).matches:
        for now, then in itertools.pairwise(match.moments):
            gap_s = then.at_s - now.at_s + 1e-6
            if then.incident.kind in {"review", "stands", "overturn", "correction"}:
                assert gap_s >= pace.review_s
            elif now.incident.period in STARTS:
                assert gap_s >= pace.min_gap_s


def test_a_rate_is_a_chance() -> None:
    with pytest.raises(ValueError, match="reviewed"):
        Doubts(reviewed=1.5)


@given(seed=seeds, is_shared=st.booleans())
@settings(max_examples=30, deadline=None)
def test_a_phantom_is_one_feed_s_or_that_of_all_with_its_scout(
    *, seed: int, is_shared: bool
) -> None:
    scouts = {"alpha": "north", "bravo": "south", "delta": "north"}

    names = phantom_feeds(seed, MatchId("M"), scouts, is_shared=is_shared)

    assert names in ({("alpha", "delta"), ("bravo",)} if is_shared else {(n,) for n in scouts})
    assert phantom_feeds(seed, MatchId("M"), {}, is_shared=is_shared) == ()


def doubted(seed: int, rates: Doubts) -> Timetable:
    return lay_out(doubted_day(day_script(matchday(ONE_GOAL), seed), rates), Pace())


def truth(on: Spectator) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in on.env.disk.read("/world/truth").splitlines()]


def at(day: Timetable, kind: str) -> float:
    return next(m.at_s for m in day.matches[0].moments if m.incident.kind == kind)


async def test_feeds_and_markets_live_through_a_goal_taken_back_and_a_phantom(
    autojump_clock: trio.testing.MockClock,
) -> None:
    day = doubted(3, ALWAYS)
    quoted: dict[str, bool] = {}
    async with world_of(day, truth_file="/world/truth") as on:
        stadium, agenda = on.world.stadiums[0], on.world.agenda

        def look(name: str) -> None:
            quoted[name] = any(on.world.venue.book(one).bids for one in stadium.tickers.values())

        agenda.at(at(day, "review") + 1.9, lambda: look("reviewed"))
        agenda.at(at(day, "overturn") + 2.5, lambda: look("over"))
        await on.follow_feeds()
        await on.follow_books()
        await on.world.over.wait()
        await trio.sleep(5)

    assert quoted == {"reviewed": False, "over": True}
    assert stadium.course.regulation == Score(0, 1), "as it really ended"
    lines = {line["kind"]: line for line in truth(on)}
    reversal, phantom = lines["reversal"], lines["phantom"]
    assert reversal["review"] is True
    assert [line["word"] for line in truth(on) if line["kind"] == "review"] == [
        "opened",
        "opened",
        "stands",
    ]
    assert list(phantom["feeds"]) == list(lines["correction"]["feeds"])
    told = told_by(on)
    for name in TWO:
        scores = told[name]
        assert ("back" in scores) is True
        assert (phantom["shown"] in scores["alive"]) >= (name in phantom["feeds"])


def told_by(on: Spectator) -> Mapping[str, dict[str, Any]]:
    """What each feed showed, and whether a goal ever went back."""
    said: dict[str, dict[str, Any]] = {}
    for name in TWO:
        shown = [frame["score"] for _, frame in on.frames(name) if frame["live"]]
        goals = [sum(map(int, score.split("-"))) for score in shown]
        said[name] = {"alive": shown}
        if any(b < a for a, b in itertools.pairwise(goals)):
            said[name]["back"] = True
    return said


async def test_a_goal_taken_back_by_hand_during_its_review_is_taken_back_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    day = doubted(3, ALWAYS)
    async with world_of(day, start_delay_s=0.0) as on:
        stadium = on.world.stadiums[0]
        on.world.agenda.at(at(day, "overturn") - 0.5, lambda: taken.append(stadium.take_back()))
        taken: list[bool] = []
        await trio.sleep(at(day, "overturn") + 2.5)

        assert taken == [True]
        reversals = [race for race in on.world.truth.races if race.facts["kind"] == "reversal"]
        assert [race.facts["review"] for race in reversals] == [False]
        assert any(on.world.venue.book(one).bids for one in stadium.tickers.values())
