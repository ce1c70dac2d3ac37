"""Laws of the script: real goals, seconds and the rest from the seed."""

import attrs
import pytest
from hypothesis import given, settings, strategies as st

from actors.model.score import Score
from actors.sim.beliefs import EVEN
from actors.sim.listing import event_ticker
from actors.sim.matchday import Goal, Matchday, matchday, matchdays
from actors.sim.script import (
    CARD_CHANCE,
    CARD_CLEAR_S,
    DayScript,
    Incident,
    MatchScript,
    day_script,
    match_script,
)

seeds = st.integers(0, 2**63)
days = st.sampled_from(list(matchdays().values()))


def whistles(match: MatchScript) -> list[str]:
    return [incident.period for incident in match.incidents if incident.kind == "whistle"]


def goals_of(day: DayScript) -> list[Incident]:
    return [goal for match in day.matches for goal in match.goals]


def test_a_script_is_a_function_of_day_and_seed() -> None:
    day = matchday()

    assert day_script(day, 7) == day_script(day, 7)
    assert day_script(day, 7) != day_script(day, 8)


@given(day=days, seed=seeds)
@settings(max_examples=30, deadline=None)
def test_the_goals_of_regulation_are_those_of_the_result(day: Matchday, seed: int) -> None:
    for match in day_script(day, seed).matches:
        sides = [goal.side for goal in match.goals]
        assert Score(sides.count("home"), sides.count("away")) == match.fixture.regulation
        assert match.incidents[-1].score == match.fixture.final
        shoot_out = match.fixture.shoot_out or Score(0, 0)
        assert match.incidents[-1].kicks_scored == shoot_out


@given(day=days, seed=seeds)
@settings(max_examples=30, deadline=None)
def test_time_goes_forward_and_every_goal_adds_one(day: Matchday, seed: int) -> None:
    for match in day_script(day, seed).matches:
        for before, after in zip(match.incidents, match.incidents[1:], strict=False):
            assert before.at_s < after.at_s
            scored = after.score.home + after.score.away - before.score.home - before.score.away
            assert scored == (after.kind == "goal")


@given(day=days, seed=seeds)
@settings(max_examples=30, deadline=None)
def test_each_goal_falls_in_its_minute(day: Matchday, seed: int) -> None:
    starts = {"1H": 0, "2H": 45, "ET1": 90, "ET2": 105}
    for match in day_script(day, seed).matches:
        begun = 0
        for incident in match.incidents:
            if incident.kind == "whistle":
                begun = incident.at_s
            if incident.goal is not None:
                minute = starts[incident.period] + (incident.at_s - begun) // 60 + 1
                assert minute == incident.goal.minute + incident.goal.added


def test_goals_of_one_minute_keep_their_sides_order() -> None:
    fixture = matchday("2022-11-21").matches[0]
    first = Goal(side="home", scorer="first", minute=20)
    second = attrs.evolve(first, scorer="second")
    other = attrs.evolve(first, side="away", scorer="other")
    fixture = attrs.evolve(
        fixture, goals=(first, second, other), regulation=Score(2, 1), final=Score(2, 1)
    )
    orders = set()
    for seed in range(40):
        script = day_script(Matchday(name="x", matches=(fixture,)), seed).matches[0]
        assert [goal.goal_no for goal in script.goals] == [1, 2, 3]
        orders.add(tuple(goal.goal.scorer for goal in script.goals if goal.goal is not None))

    assert orders == {
        ("first", "second", "other"),
        ("first", "other", "second"),
        ("other", "first", "second"),
    }


def test_a_match_has_the_periods_that_it_had() -> None:
    ordinary = day_script(matchday("2022-11-21"), 1).matches[0]
    extra = next(m for m in day_script(matchday("2026-07-01"), 1).matches if m.fixture.extra_time)
    shoot_out = day_script(matchday("2022-12-18"), 1).matches[0]

    regulation = ["1H", "HT", "2H", "FT"]
    extra_time = [*regulation, "ET1", "ETHT", "ET2", "AET"]
    assert whistles(ordinary) == [*regulation, "END"]
    assert whistles(extra) == [*extra_time, "END"]
    assert whistles(shoot_out) == [*extra_time, "PEN", "END"]


@given(day=days, seed=seeds)
@settings(max_examples=30, deadline=None)
def test_one_goal_meets_slow_makers_and_one_a_faster_rival(day: Matchday, seed: int) -> None:
    script = day_script(day, seed)
    reactions = [goal.reaction for goal in goals_of(script)]

    assert reactions.count("slow makers") == min(1, len(reactions))
    assert reactions.count("faster rival") == min(1, max(0, len(reactions) - 1))
    slow, fast = (
        {match.match for match in script.matches for goal in match.goals if goal.reaction == name}
        for name in ("slow makers", "faster rival")
    )
    if sum(bool(match.goals) for match in script.matches) > 1:
        assert slow.isdisjoint(fast)


@pytest.mark.parametrize("seed", range(50))
def test_the_marked_goals_of_the_default_day_are_goals_anybody_would_trade(seed: int) -> None:
    marked = [goal for goal in goals_of(day_script(matchday(), seed)) if goal.reaction != "drawn"]

    assert len(marked) == 2
    for goal in marked:
        assert goal.goal is not None
        assert not goal.goal.penalty
        assert abs(goal.score.home - goal.score.away) == 1


@given(day=days, seed=seeds)
@settings(max_examples=30, deadline=None)
def test_a_red_card_falls_in_play_away_from_everything_else(day: Matchday, seed: int) -> None:
    for fixture in day.matches:
        script = match_script(fixture, event_ticker(fixture), seed, card_chance=1.0)
        cards = [one for one in script.incidents if one.kind == "card"]
        assert len(cards) <= 1
        for card in cards:
            assert card.period in {"1H", "2H"}
            near = [abs(one.at_s - card.at_s) for one in script.incidents if one is not card]
            assert min(near) >= CARD_CLEAR_S


@given(day=days, seed=seeds)
@settings(max_examples=30, deadline=None)
def test_from_the_card_on_the_side_a_player_short_scores_less(day: Matchday, seed: int) -> None:
    for fixture in day.matches:
        script = match_script(fixture, event_ticker(fixture), seed, card_chance=1.0)
        swing = EVEN
        for one in script.incidents:
            if one.kind == "card":
                short, other = (
                    (one.swing.home, one.swing.away)
                    if one.side == "home"
                    else (one.swing.away, one.swing.home)
                )
                assert short <= 1.0 < other
                swing = one.swing
            assert one.swing == swing


def test_cards_are_as_rare_as_they_are_and_move_nothing_else() -> None:
    fixtures = [match for day in matchdays().values() for match in day.matches]
    scripts = [match_script(each, event_ticker(each), 1) for each in fixtures]
    carded = sum(any(one.kind == "card" for one in each.incidents) for each in scripts)

    assert 0.5 * CARD_CHANCE < carded / len(fixtures) < 2.0 * CARD_CHANCE
    for fixture, script in zip(fixtures, scripts, strict=True):
        plain = match_script(fixture, event_ticker(fixture), 1, card_chance=0.0)
        assert plain.rates == script.rates
        assert [one.at_s for one in plain.goals] == [one.at_s for one in script.goals]
