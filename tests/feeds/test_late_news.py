"""Goals that have names: what is told again under its old name, and what is a new one.

Reference ``feeds.md`` section 7, rule 6: after a reversal the same score may be scored again,
and nobody who is late may make the old goal look like it.
"""

import pytest
from hypothesis import given, settings, strategies as st

from actors.feeds.claims import INCIDENTS_KEPT, Incidents
from actors.feeds.late_news import OTHER_SCORE
from actors.model.score import Score
from tests.feeds.story import FIVE, MATCH, Story, judgements, reasons

orders = st.permutations(FIVE).map(tuple)


def taken_back(order: tuple[str, ...]) -> Story:
    """A goal that the first feed told of as five; the next two take it back, it is away then."""
    story = Story()
    story.all_at("0-0")
    story.say(order[0], "1-0", 60, kind="score", incident="5")
    for i, feed in enumerate(order[1:]):
        story.say(feed, "1-0", 60.5 + i / 10)
    story.close(order[0], at_s=79)
    for i, feed in enumerate(order[1:]):
        story.say(feed, "0-0", 80 + i / 10)
    assert story.standing == (1, "0-0")
    return story


def back_again(order: tuple[str, ...]) -> Story:
    """The same, and the first feed back with the lower score as its baseline."""
    story = taken_back(order)
    story.open(order[0], at_s=82)
    story.say(order[0], "0-0", 82)
    return story


@pytest.mark.parametrize(
    ("incident", "judged"), [("9", ["trigger"]), ("5", ["laggard"]), (None, ["laggard"])]
)
@given(order=orders)
@settings(max_examples=8, deadline=None)
def test_soon_after_a_reversal_the_name_tells_a_new_goal_from_the_old_one(
    incident: str | None, judged: list[str], order: tuple[str, ...]
) -> None:
    story = back_again(order)

    said = story.say(order[0], "1-0", 85, kind="score", incident=incident)

    assert judgements(said) == judged
    assert len(story.triggers) == 1 + (judged == ["trigger"])


@pytest.mark.parametrize(("incident", "trades"), [("5", False), ("9", True), (None, True)])
def test_the_old_name_never_triggers_however_much_later(
    incident: str | None, *, trades: bool
) -> None:
    story = back_again(FIVE)
    story.wait_until(600)

    story.say("ada", "1-0", 600, kind="score", incident=incident)

    assert len(story.triggers) == 1 + trades


def test_a_goal_told_again_under_its_old_name_counts_once_others_show_it() -> None:
    story = back_again(FIVE)
    story.say("ada", "1-0", 100, kind="score", incident="5")

    assert judgements(story.say("bob", "1-0", 101)) == ["trigger"]
    for feed in FIVE[2:]:
        story.say(feed, "1-0", 102)
    story.wait_until(200)

    assert story.standing == (1, "1-0")
    assert not story.race.is_in_doubt(MATCH)


@pytest.mark.parametrize("incident", ["9", "5"])
def test_another_goal_by_a_score_that_is_still_shown_never_triggers(incident: str) -> None:
    story = Story()
    story.all_at("0-0")
    story.say("ada", "1-0", 60, kind="score", incident="5")
    for feed in ("bob", "cyd"):
        story.say(feed, "1-0", 61)
        story.say(feed, "0-0", 80)
    assert story.standing == (1, "0-0")

    said = story.say("ada", "1-0", 85, kind="score", incident=incident)

    assert judgements(said) == ["repeat"]
    assert reasons(said) == ([OTHER_SCORE] if incident == "9" else [""])
    # Whoever shows the way there wins it, and is vouched for by whom is believed.
    assert judgements(story.say("bob", "1-0", 95)) == ["trigger"]
    earlier = {one.feed: one.earlier for one in story.race.ledgers()}
    assert earlier["ada"] == (incident == "9")


@pytest.mark.parametrize("incident", ["9", "5"])
def test_a_name_that_was_only_called_unconfirmed_is_known_too(incident: str) -> None:
    story = Story()
    story.all_at("0-0")
    story.say("ada", "1-0", 60, kind="score", incident="5", conf="unconfirmed")
    for at_s, score in ((61, "1-0"), (80, "0-0")):
        for feed in ("bob", "cyd"):
            story.say(feed, score, at_s)
    assert story.standing == (1, "0-0")
    story.say("ada", "0-0", 81, kind="retraction", incident="5", conf="cancelled")

    story.say("ada", "1-0", 85, kind="score", incident=incident, conf="confirmed")

    assert [feed for feed, _, _ in story.triggers] == ["bob"] + ["ada"] * (incident == "9")


def test_names_are_remembered_for_the_newest_happenings_alone() -> None:
    incidents, score = Incidents(), Score(1, 0)
    for number in range(INCIDENTS_KEPT + 1):
        incidents.note("ada", score, str(number), number)

    known = incidents.told("ada", score, 10**9)
    assert len(known) == INCIDENTS_KEPT
    assert "0" not in known
    assert incidents.told("ada", score, 1) == {"1"}
    assert incidents.told("bob", score, 10**9) == frozenset()


def test_a_name_says_nothing_of_a_score_that_it_was_not_given_to() -> None:
    story = back_again(FIVE)

    assert judgements(story.say("ada", "2-0", 85, kind="score", incident="9")) == ["laggard"]
    assert story.standing == (1, "0-0")


def test_a_name_tells_nothing_new_of_a_feed_that_gave_the_goal_none() -> None:
    story = Story()
    story.all_at("0-0")
    for feed in FIVE:
        story.say(feed, "1-0", 60)
    story.close("ada", at_s=79)
    for feed in FIVE[1:]:
        story.say(feed, "0-0", 80)
    story.open("ada", at_s=82)
    story.say("ada", "0-0", 82)

    assert judgements(story.say("ada", "1-0", 85, kind="score", incident="9")) == ["laggard"]


def test_a_step_back_of_before_a_goal_is_not_that_goals_reversal() -> None:
    story = Story()
    story.all_at("0-0")
    for at_s, score in ((60, "1-0"), (80, "0-0")):
        for feed in FIVE:
            story.say(feed, score, at_s)
    for at_s, score in ((300, "1-0"), (310, "0-0")):
        for feed in FIVE[:4]:
            story.say(feed, score, at_s)
    assert story.standing == (2, "0-0")

    assert judgements(story.say("eve", "1-0", 312)) == ["laggard"]


def test_a_step_back_to_a_goal_is_not_that_goals_reversal() -> None:
    story = Story()
    story.all_at("0-0")
    for at_s, score in ((60, "1-0"), (70, "2-0"), (80, "1-0")):
        for feed in FIVE:
            story.say(feed, score, at_s)
    story.close("eve", at_s=85)
    for feed in FIVE[:4]:
        story.say(feed, "0-0", 90)
    assert story.standing == (2, "0-0")
    story.open("eve", at_s=91)
    story.say("eve", "0-0", 91)

    assert judgements(story.say("eve", "1-0", 93)) == ["laggard"]


def test_of_a_goal_that_fell_long_before_nobody_has_to_know() -> None:
    story = Story()
    story.open(*FIVE)
    for at_s, score in ((1, "0-0"), (60, "1-0"), (80, "0-0")):
        for feed in FIVE[:4]:
            story.say(feed, score, at_s)
    story.say("eve", "0-0", 200)
    for at_s, score in ((300, "1-0"), (310, "0-0")):
        for feed in FIVE:
            story.say(feed, score, at_s)
    assert story.standing == (2, "0-0")

    assert judgements(story.say("eve", "1-0", 320)) == ["trigger"]


@pytest.mark.parametrize(("after_s", "judged"), [(15, "laggard"), (25, "trigger")])
def test_a_slow_feed_is_given_its_own_lag_beyond_the_window_to_tell_of_what_fell(
    after_s: int, judged: str
) -> None:
    story = Story()
    story.all_at("0-0")
    for goals in range(1, 5):
        for feed in FIVE[:4]:
            story.say(feed, f"{goals}-0", 100 * goals)
        story.say("eve", f"{goals}-0", 100 * goals + 10)
    for at_s, score in ((500, "5-0"), (505, "4-0")):
        for feed in FIVE[:4]:
            story.say(feed, score, at_s)
    assert story.standing == (1, "4-0")

    assert judgements(story.say("eve", "5-0", 505 + after_s)) == [judged]
