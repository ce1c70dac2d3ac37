"""What a race goes on with after a restart: doubts, reviews, goals that one feed alone has shown.

Every restart here is one from the journal: what the auditor would have kept of the story so
far, and nothing else.
"""

import attrs
import pytest
from hypothesis import given, settings, strategies as st

from actors.feeds.contest import Standing
from actors.feeds.recall import recall
from actors.feeds.unsettled import EARLIER
from actors.messages.feeds import STOPPED
from actors.messages.race import UNTOLD, MatchDoubt
from actors.messages.records import Intent
from actors.model.score import Score
from tests.feeds.story import FIVE, MATCH, SECOND, Story, judgements, reasons
from tests.feeds.test_recall import intent, segment

REVIEW_S = 600
"""As the race has it where nobody says otherwise."""
orders = st.permutations(FIVE).map(tuple)


def doubted(order: tuple[str, ...] = FIVE) -> Story:
    """A goal that every feed has shown, and that one of them has gone back on."""
    story = Story()
    story.all_at("0-0")
    for i, feed in enumerate(order):
        story.say(feed, "1-0", 60 + i / 10)
    story.say(order[0], "0-0", 70)
    assert story.race.is_in_doubt(MATCH)
    return story


def back(story: Story, order: tuple[str, ...], score: str, at_s: float) -> None:
    """Let feeds come back after a restart, each with a baseline."""
    for i, feed in enumerate(order):
        story.open(feed, at_s=at_s + i / 10)
        story.say(feed, score, at_s + i / 10)


@given(order=orders)
@settings(max_examples=12, deadline=None)
def test_a_doubt_outlives_the_process_until_its_feed_has_shown_what_it_denied(
    order: tuple[str, ...],
) -> None:
    story = doubted(order)
    story.restart()
    assert story.race.is_in_doubt(MATCH)

    back(story, order[1:], "1-0", 80)
    assert story.race.is_in_doubt(MATCH), "who denied it has not come back"
    # Nothing is bought meanwhile.
    story.say(order[1], "2-0", 82)
    assert len(story.triggers) == 1

    back(story, order[:1], "1-0", 83)
    assert not story.race.is_in_doubt(MATCH)
    assert story.doubts[-1] == (False, 0, "1-0")


@given(order=orders)
@settings(max_examples=12, deadline=None)
def test_a_doubt_that_another_feed_confirms_after_a_restart_is_a_reversal(
    order: tuple[str, ...],
) -> None:
    story = doubted(order)
    story.restart()
    back(story, order[2:], "1-0", 80)
    back(story, order[:2], "0-0", 81)

    # The second one has not shown the goal to this process, and so denies nothing yet.
    assert story.race.is_in_doubt(MATCH)
    story.say(order[2], "0-0", 84)

    assert story.standing == (1, "0-0")
    assert story.doubts[-1] == (False, 0, "1-0")
    assert not story.race.is_in_doubt(MATCH)


def test_a_doubt_that_goes_on_closes_entries_and_sells_nothing_anew() -> None:
    story = doubted()
    story.restart()
    back(story, ("bob",), "1-0", 80)

    again = [one for one in story.outputs if isinstance(one, MatchDoubt)][-1]
    assert (again.in_doubt, again.reason, again.takes_back) == (True, EARLIER, False)
    assert again.restored == Score(0, 0)


def test_a_doubt_whose_feed_never_comes_back_ends_with_its_window() -> None:
    story = doubted()
    story.restart()
    back(story, FIVE[1:], "1-0", 80)
    story.wait_until(100)

    assert not story.race.is_in_doubt(MATCH)
    assert story.standing == (0, "1-0")


def test_a_goal_nobody_else_had_shown_is_still_a_phantom_after_a_restart() -> None:
    story = Story()
    story.all_at("0-0")
    story.say("ada", "1-0", 60)
    story.restart()
    back(story, ("ada",), "1-0", 63)
    back(story, FIVE[1:], "0-0", 64)
    story.wait_until(90)

    assert story.standing == (1, "0-0")
    assert story.doubts == [(True, 0, "1-0"), (False, 0, "1-0")]
    assert {one.feed: one.phantoms for one in story.race.ledgers()}["ada"] == 1


def test_its_feed_is_charged_even_if_it_does_not_come_back() -> None:
    story = Story()
    story.all_at("0-0")
    story.say("ada", "1-0", 60)
    story.restart()
    back(story, FIVE[1:], "0-0", 64)
    story.wait_until(90)

    assert {one.feed: one.phantoms for one in story.race.ledgers()}["ada"] == 1


def test_a_goal_that_others_had_shown_is_none() -> None:
    story = Story()
    story.all_at("0-0")
    for feed in FIVE[:2]:
        story.say(feed, "1-0", 60)
    story.restart()
    back(story, FIVE[2:], "0-0", 64)
    back(story, FIVE[:2], "1-0", 65)
    story.wait_until(90)

    assert story.standing == (0, "1-0")
    assert story.doubts == []


@pytest.mark.parametrize(("confirmed", "standing"), [(True, (0, "1-0")), (False, (1, "0-0"))])
def test_an_unconfirmed_goal_must_still_be_confirmed_after_a_restart(
    standing: tuple[int, str], *, confirmed: bool
) -> None:
    story = Story(goals_known=60, feeds={"ada": Story().feeds["ada"]})
    story.all_at("0-0")
    story.say("ada", "1-0", 60, kind="score", incident="5", conf="unconfirmed")
    assert story.sizes_pm == [125]
    if confirmed:
        story.say("ada", "1-0", 61, kind="score", incident="5", conf="confirmed")
    story.restart()
    story.open("ada", at_s=63)
    story.say("ada", "1-0", 63, conf="unstated" if confirmed else "unconfirmed")
    story.wait_until(90)

    assert story.standing == standing
    assert len(story.triggers) == 1


def test_a_goal_that_its_feed_shows_as_certain_after_a_restart_is_confirmed() -> None:
    story = Story(goals_known=60, feeds={"ada": Story().feeds["ada"]})
    story.all_at("0-0")
    story.say("ada", "1-0", 60, kind="score", incident="5", conf="unconfirmed")
    story.restart()
    back(story, ("ada",), "1-0", 63)
    story.wait_until(90)

    assert story.standing == (0, "1-0")


def test_a_feed_that_comes_back_unsure_vouches_for_nobody() -> None:
    story = Story()
    story.all_at("0-0")
    story.say("ada", "1-0", 60)
    story.close("bob", at_s=61)
    story.open("bob", at_s=62)
    story.say("bob", "1-0", 62, conf="unconfirmed")
    story.wait_until(90)

    assert story.standing == (1, "0-0"), "a phantom, for all that bob knows"


@pytest.mark.parametrize("score", ["0-0", None])
@pytest.mark.parametrize("restarts", [True, False])
def test_a_goal_taken_back_in_words_on_a_new_connection_is_taken_back_at_once(
    score: str | None, *, restarts: bool
) -> None:
    story = Story()
    story.all_at("0-0")
    story.say("ada", "1-0", 60)
    if restarts:
        story.restart()
    else:
        story.close("ada", at_s=61)
    story.open("ada", at_s=62)
    said = story.say("ada", score, 62, kind="retraction", conf="cancelled")

    assert judgements(said)[:2] == ["reversal", "overturned"]
    assert story.standing == (1, "0-0")


def test_words_that_take_back_what_a_feed_has_not_shown_are_a_baseline() -> None:
    story = Story()
    story.all_at("0-0")
    story.say("ada", "1-0", 60)
    story.close("bob", at_s=61)
    story.open("bob", at_s=62)

    assert judgements(story.say("bob", "0-0", 62, kind="retraction")) == ["baseline"]
    assert story.standing == (0, "1-0")


def test_a_review_goes_on_until_its_feed_tells_of_its_end() -> None:
    story = Story()
    story.all_at("0-0")
    for feed in FIVE:
        story.say(feed, "1-0", 60)
    story.review("ada", "goal", "open", 70)
    story.restart()
    assert story.race.is_in_doubt(MATCH)
    back(story, FIVE, "1-0", 80)

    again = [one for one in story.outputs if isinstance(one, MatchDoubt)][-1]
    assert (again.in_doubt, again.cause, again.takes_back) == (True, "goal_review", False)
    assert reasons(story.say("bob", "2-0", 82)) == ["under review"]
    story.review("ada", "goal", "stands", 85)
    assert not story.race.is_in_doubt(MATCH)
    assert judgements(story.say("bob", "2-1", 90)) == ["trigger"]


def test_no_restart_gives_an_open_review_more_time() -> None:
    story = Story()
    story.all_at("0-0")
    for feed in FIVE:
        story.say(feed, "1-0", 60)
    story.review("ada", "goal", "open", 70)
    for at_s in (80, 200):
        story.restart()
        back(story, FIVE, "1-0", at_s)
        # Whoever says it again, or only now, has not seen it begin.
        story.review("ada", "goal", "open", at_s + 5)
        story.review("bob", "goal", "open", at_s + 6)

    story.wait_until(70 + REVIEW_S - 1)
    assert story.race.is_in_doubt(MATCH)
    story.wait_until(70 + REVIEW_S + 1)
    assert not story.race.is_in_doubt(MATCH)
    ends = [one for one in story.outputs if isinstance(one, MatchDoubt) and not one.in_doubt]
    assert [(one.cause, one.reason) for one in ends] == [("goal_review", UNTOLD)]


def test_an_open_review_is_measured_by_the_wall_over_a_start_of_the_machine() -> None:
    story = Story()
    story.all_at("0-0")
    story.say("ada", "1-0", 60)
    story.review("ada", "red", "open", 70)
    then = attrs.evolve(segment("a"), mono_ns=50_000 * SECOND, wall_ns=90_000 * SECOND)

    recalled = recall([then, *story.journal()], wall_less_mono_ns=91_000 * SECOND)

    (one,) = recalled.unsettled[MATCH].reviews.values()
    # It began 70 s after zero of a clock whose zero was at 40,000; ours is 51,000 later.
    assert one.began_ns == (40_000 + 70 - 91_000) * SECOND


@given(order=orders)
@settings(max_examples=12, deadline=None)
def test_late_news_of_a_goal_that_was_taken_back_is_none_after_a_restart_either(
    order: tuple[str, ...],
) -> None:
    story = Story()
    story.all_at("0-0")
    for feed in order[:3]:
        story.say(feed, "1-0", 60)
    for feed in order[:2]:
        story.say(feed, "0-0", 65)
    assert story.standing == (1, "0-0")
    story.restart()
    back(story, order, "0-0", 67)

    # The slowest has not told of the goal yet, nor of its end.
    assert judgements(story.say(order[4], "1-0", 70)) == ["laggard"]
    assert len(story.triggers) == 1
    # Whoever goes back and forth in front of us knows of a new one.
    story.say(order[4], "0-0", 72)
    story.wait_until(90)
    assert judgements(story.say(order[0], "1-0", 95)) == ["trigger"]


def test_a_review_that_has_ended_is_forgotten() -> None:
    story = Story()
    story.all_at("0-0")
    story.say("ada", "1-0", 60)
    story.review("ada", "red", "open", 70)
    story.review("ada", "red", "unknown", 75)
    story.restart()

    assert not story.race.is_in_doubt(MATCH)


def test_an_entry_whose_report_died_with_its_process_counts_as_shown_by_its_feed_alone() -> None:
    story = Story()
    story.all_at("0-0")
    rows = [*story.journal(), intent("1-0")]
    recalled = recall(rows)
    story.outputs.clear()
    (step,) = [one for one in recalled.unsettled[MATCH].steps if one.key.state == "1-0"]

    assert isinstance(rows[-1], Intent)
    assert recalled.standings[MATCH] == Standing(generation=0, score=Score(1, 0))
    assert (step.report.feed, step.is_alone, step.is_unconfirmed) == ("ada", True, False)


def test_a_second_restart_loses_nothing_of_the_first() -> None:
    story = doubted()
    for at_s in (80, 100):
        story.restart()
        back(story, ("bob", "cyd"), "1-0", at_s)
        assert story.race.is_in_doubt(MATCH)
    back(story, ("ada",), "1-0", 101)

    assert not story.race.is_in_doubt(MATCH)


def test_feeds_that_stop_with_their_process_leave_a_doubt_as_it_is() -> None:
    story = doubted()
    for i, feed in enumerate(FIVE[1:]):
        story.close(feed, at_s=71 + i / 100, reason=STOPPED)
    story.say("ada", "0-0", 72)

    assert story.standing == (0, "1-0")
    assert story.race.is_in_doubt(MATCH)


def test_a_feed_that_goes_back_while_the_process_stops_decides_nothing_alone() -> None:
    story = Story()
    story.all_at("0-0")
    for feed in FIVE:
        story.say(feed, "1-0", 60)
    story.close(*FIVE[1:], at_s=70, reason=STOPPED)

    assert judgements(story.say("ada", "0-0", 70.1)) == ["reversal"]
    assert story.standing == (0, "1-0")


def test_how_late_a_goal_of_before_is_shown_says_nothing_about_a_feed() -> None:
    story = Story()
    story.all_at("0-0")
    story.say("ada", "1-0", 60)
    before = {one.feed: (one.lags_ns, one.margins_ns) for one in story.race.ledgers()}
    story.restart()
    back(story, ("ada",), "1-0", 62)
    back(story, FIVE[1:], "0-0", 63)
    for feed in FIVE[1:]:
        story.say(feed, "1-0", 65)

    assert story.standing == (0, "1-0")
    assert {one.feed: (one.lags_ns, one.margins_ns) for one in story.race.ledgers()} == before


def test_the_last_feed_whose_peers_have_died_decides_it() -> None:
    story = doubted()
    for i, feed in enumerate(FIVE[1:]):
        story.close(feed, at_s=71 + i / 100)

    assert story.standing == (1, "0-0")
