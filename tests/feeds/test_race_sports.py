"""Matches of every sport in one race, each judged by its own policy.

What a step is and which decreases the rules of play allow: reference ``feeds.md`` section 6.
The planner trades soccer alone; the race must not be fooled by the others either.
"""

from typing import Any

import attrs
import pytest
from hypothesis import given, settings, strategies as st

from actors.feeds.contest import Entrant, Standing
from actors.model.score import MatchId, Score, Sport
from actors.model.sports import POLICIES, BaseballScore, EsportsScore
from actors.model.sports_cricket import CricketScore, Innings
from actors.model.sports_tennis import TennisScore
from tests.feeds.story import FIVE, MATCH, Story, judgements, reasons

orders = st.permutations(FIVE).map(tuple)


@attrs.frozen(kw_only=True)
class Course:
    """How a match of one sport goes."""

    period: Any
    first: Score
    step: Score
    then: Score
    """One step after that."""
    jump: Score
    """More than one."""
    lawful: Score | None = None
    """What the rules of play may lead back to from ``step``."""


def points(home: int, away: int) -> TennisScore:
    return TennisScore.of(games=(2, 1), points=(home, away))


def innings(runs: int, wickets: int, balls: int) -> CricketScore:
    return CricketScore.of(Innings("home", runs, wickets, balls))


COURSES: dict[Sport, Course] = {
    "soccer": Course(
        period="1H", first=Score(0, 0), step=Score(1, 0), then=Score(1, 1), jump=Score(3, 1)
    ),
    "tennis": Course(
        period="S1",
        first=points(3, 3),
        step=points(4, 3),
        then=TennisScore.of(games=(3, 1)),
        jump=TennisScore.of(games=(3, 1), points=(2, 0)),
        lawful=points(3, 3),
    ),
    "basketball": Course(
        period="Q4",
        first=Score(95, 90),
        step=Score(98, 90),
        then=Score(98, 92),
        jump=Score(103, 92),
        lawful=Score(97, 90),
    ),
    "baseball": Course(
        period="T5",
        first=BaseballScore(3, 2, 5, "top"),
        step=BaseballScore(3, 6, 5, "top"),
        then=BaseballScore(3, 7, 5, "top"),
        jump=BaseballScore(3, 7, 6, "bottom"),
    ),
    "cricket": Course(
        period="I1",
        first=innings(100, 2, 60),
        step=innings(100, 3, 61),
        then=innings(104, 3, 62),
        jump=innings(120, 3, 68),
        lawful=innings(100, 2, 61),
    ),
    "esports": Course(
        period="M1",
        first=EsportsScore(0, 0, 5, 6),
        step=EsportsScore(0, 0, 6, 6),
        then=EsportsScore(1, 0),
        jump=EsportsScore(1, 0, 2, 2),
        lawful=EsportsScore(0, 0),
    ),
}
every_sport = pytest.mark.parametrize("sport", COURSES)


def begun(sport: Sport) -> Story:
    """A match under way; the race is told of the sport by its match alone."""
    story = Story(sport=sport)
    show(story, FIVE, COURSES[sport].first, 1)
    # From here on the story holds the race to that sport.
    story.policy = POLICIES[sport]
    return story


def show(story: Story, feeds: tuple[str, ...], score: Score, at_s: float) -> list[str]:
    """Let each of some feeds show a score; return what each report was judged to be."""
    period = COURSES[story.sport].period
    said = [story.say(feed, score, at_s + i / 10, period=period) for i, feed in enumerate(feeds)]
    return [judged for outputs in said for judged in judgements(outputs)]


@every_sport
@given(order=orders)
@settings(max_examples=6, deadline=None)
def test_the_first_report_of_each_step_wins_and_the_others_echo(
    sport: Sport, order: tuple[str, ...]
) -> None:
    story, course = begun(sport), COURSES[sport]

    assert show(story, order, course.step, 10) == ["trigger"] + ["echo"] * 4
    assert show(story, order[::-1], course.then, 12) == ["trigger"] + ["echo"] * 4
    story.wait_until(100)

    states = [POLICIES[sport].state(score) for score in (course.step, course.then)]
    assert story.triggers == [(order[0], 0, states[0]), (order[-1], 0, states[1])]
    assert story.doubts == []


@every_sport
def test_more_than_one_step_at_once_is_accepted_and_not_traded(sport: Sport) -> None:
    story, course = begun(sport), COURSES[sport]

    assert show(story, FIVE, course.jump, 10) == ["advance"] + ["echo"] * 4

    assert story.triggers == []
    assert story.race.standing(MATCH) == Standing(generation=0, score=course.jump)


@pytest.mark.parametrize("sport", [sport for sport in COURSES if COURSES[sport].lawful])
@given(order=orders)
@settings(max_examples=6, deadline=None)
def test_a_decrease_that_its_rules_of_play_allow_is_no_reversal(
    sport: Sport, order: tuple[str, ...]
) -> None:
    story, lawful = begun(sport), COURSES[sport].lawful
    assert lawful is not None
    show(story, order, COURSES[sport].step, 10)

    assert show(story, order, lawful, 15) == ["advance"] + ["echo"] * 4

    assert story.doubts == []
    assert len(story.triggers) == 1
    assert story.race.standing(MATCH) == Standing(generation=0, score=lawful)


@pytest.mark.parametrize("sport", [sport for sport in COURSES if COURSES[sport].lawful])
def test_a_step_that_the_rules_of_play_took_back_is_traded_once(sport: Sport) -> None:
    story, course = begun(sport), COURSES[sport]
    assert course.lawful is not None
    show(story, FIVE, course.step, 10)
    show(story, FIVE, course.lawful, 30)

    show(story, FIVE, course.step, 50)

    assert len(story.triggers) == 1
    assert story.race.standing(MATCH) == Standing(generation=0, score=course.step)


def test_a_slow_feed_that_goes_back_as_its_rules_allow_takes_no_later_step_back() -> None:
    story, course = begun("tennis"), COURSES["tennis"]
    assert course.lawful is not None
    show(story, FIVE, course.step, 10)
    show(story, FIVE[:4], course.then, 12)

    assert show(story, ("eve",), course.lawful, 13) == ["laggard"]

    assert story.race.standing(MATCH) == Standing(generation=0, score=course.then)


def test_a_feed_that_only_listens_does_not_lead_back_either() -> None:
    course = COURSES["tennis"]
    assert course.lawful is not None
    feeds = {name: Entrant(role="corroborate" if name == "eve" else "trigger") for name in FIVE}
    story = Story(feeds, sport="tennis")
    show(story, FIVE, course.first, 1)
    story.policy = POLICIES["tennis"]
    show(story, FIVE, course.step, 10)

    assert show(story, ("eve",), course.lawful, 11) == ["laggard"]

    assert story.race.standing(MATCH) == Standing(generation=0, score=course.step)


@pytest.mark.parametrize("sport", [sport for sport in COURSES if not COURSES[sport].lawful])
def test_any_other_decrease_is_a_reversal(sport: Sport) -> None:
    story, course = begun(sport), COURSES[sport]
    show(story, FIVE, course.step, 10)

    assert show(story, FIVE[:1], course.first, 15) == ["reversal"]
    assert story.race.is_in_doubt(MATCH)
    show(story, FIVE[1:], course.first, 16)

    assert story.race.standing(MATCH) == Standing(generation=1, score=course.first)


@every_sport
def test_a_step_that_was_traded_is_not_traded_again_after_a_restart(sport: Sport) -> None:
    story, course = begun(sport), COURSES[sport]
    show(story, FIVE, course.step, 10)
    story.restart()

    for feed in FIVE:
        story.open(feed, at_s=20)
    show(story, FIVE, course.first, 21)
    show(story, FIVE, course.step, 22)
    show(story, FIVE, course.then, 60)

    states = [state for _, _, state in story.triggers]
    assert states.count(POLICIES[sport].state(course.step)) == 1
    assert story.race.standing(MATCH) == Standing(
        generation=story.triggers[-1][1], score=course.then
    )


def test_one_race_judges_every_match_by_its_own_sport() -> None:
    story = Story()
    for sport, course in COURSES.items():
        story.sport = sport
        for at_s, score in ((1.0, course.first), (10.0, course.step)):
            for feed in FIVE:
                period = course.period
                story.say(feed, score, at_s, period=period, match=MatchId(f"KX{sport}"))

    assert sorted(state for _, _, state in story.triggers) == sorted(
        POLICIES[sport].state(course.step) for sport, course in COURSES.items()
    )


def test_a_step_out_of_what_the_markets_settle_on_is_not_traded() -> None:
    story = begun("basketball")

    said = story.say("ada", COURSES["basketball"].step, 10, period="HT")

    assert reasons(said) == ["not regulation"]
