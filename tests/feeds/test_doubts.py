"""Laws of the race, backward: reversals, doubts, phantoms, and goals that are scored anew."""

import pytest

from actors.feeds.contest import Entrant
from tests.feeds.story import FIVE, MATCH, SECOND, Story, judgements, reasons


def at_one_nil(*feeds: str) -> Story:
    """Five feeds, and those named show that ada's goal at 60 s made it 1-0."""
    told = Story()
    told.all_at("0-0")
    for i, feed in enumerate(feeds or FIVE):
        told.say(feed, "1-0", 60 + i / 10)
    return told


def test_one_feed_that_goes_back_closes_entries_at_once() -> None:
    told = at_one_nil()

    back = told.say("cyd", "0-0", 70)

    assert judgements(back) == ["reversal"]
    assert told.doubts == [(True, 0, "1-0")]
    assert told.standing == (0, "1-0")


def test_two_feeds_that_go_back_overturn_the_goal() -> None:
    told = at_one_nil()
    told.say("cyd", "0-0", 70)

    again = told.say("dan", "0-0", 71)

    assert judgements(again) == ["reversal", "overturned", "stands"]
    assert told.standing == (1, "0-0")
    assert told.doubts == [(True, 0, "1-0"), (False, 0, "1-0")]
    assert judgements(told.say("ada", "0-0", 73)) == ["echo"]


def test_a_goal_scored_anew_after_a_reversal_is_a_second_key() -> None:
    told = at_one_nil()
    for i, feed in enumerate(FIVE):
        told.say(feed, "0-0", 70 + i / 10)

    for i, feed in enumerate(reversed(FIVE)):
        told.say(feed, "1-0", 80 + i / 10)

    assert told.triggers == [("ada", 0, "1-0"), ("eve", 1, "1-0")]
    told.wait_until(200)
    assert told.standing == (1, "1-0")


def test_a_slow_feed_that_first_tells_of_a_cancelled_goal_trades_nothing() -> None:
    told = at_one_nil("ada", "bob")
    told.say("ada", "0-0", 64)
    told.say("bob", "0-0", 64.5)
    assert told.standing == (1, "0-0")

    for i, feed in enumerate(FIVE[2:]):
        assert judgements(told.say(feed, "1-0", 66 + i)) == ["laggard"]
    for i, feed in enumerate(FIVE[2:]):
        assert judgements(told.say(feed, "0-0", 71 + i)) == ["echo"]

    assert told.triggers == [("ada", 0, "1-0")]
    assert told.standing == (1, "0-0")
    assert told.doubts == [(True, 0, "1-0"), (False, 0, "1-0")]


def test_the_slow_feed_that_has_taken_the_goal_back_itself_may_win_the_next() -> None:
    told = at_one_nil("ada", "bob")
    told.say("ada", "0-0", 64)
    told.say("bob", "0-0", 64.5)
    told.say("cyd", "1-0", 66)
    told.say("cyd", "0-0", 68)

    assert judgements(told.say("dan", "1-0", 69)) == ["laggard"]
    assert judgements(told.say("cyd", "1-0", 70)) == ["trigger"]
    assert told.triggers == [("ada", 0, "1-0"), ("cyd", 1, "1-0")]


def test_a_regression_in_one_feed_alone_is_over_after_the_window() -> None:
    told = at_one_nil()
    told.say("cyd", "0-0", 70)

    ended = told.wait_until(83)

    assert judgements(ended) == ["restored"]
    assert told.standing == (0, "1-0")
    assert told.doubts == [(True, 0, "1-0"), (False, 0, "1-0")]
    assert judgements(told.say("cyd", "1-0", 90)) == ["echo"]
    assert len(told.triggers) == 1


def test_a_reversal_before_any_slow_feed_saw_the_goal_is_certain_at_once() -> None:
    told = at_one_nil("ada")

    back = told.say("ada", "0-0", 63)

    assert judgements(back) == ["reversal", "overturned", "stands"]
    assert told.standing == (1, "0-0")
    for i, feed in enumerate(FIVE[1:]):
        assert judgements(told.say(feed, "1-0", 64 + i)) == ["laggard"]
    assert len(told.triggers) == 1


def test_a_feed_that_flaps_once_buys_nothing_again() -> None:
    told = at_one_nil()

    told.say("ada", "0-0", 70)
    for feed in FIVE[1:]:
        told.say(feed, "1-0", 70.5)
    back = told.say("ada", "1-0", 71)

    assert judgements(back) == ["restored"]
    assert told.standing == (0, "1-0")
    assert told.doubts == [(True, 0, "1-0"), (False, 0, "1-0")]
    assert len(told.triggers) == 1


def test_a_lone_feed_that_flaps_buys_nothing_again() -> None:
    told = Story({"ada": Entrant()})
    told.all_at("0-0")
    told.say("ada", "1-0", 10)

    told.say("ada", "0-0", 11)
    flap = told.say("ada", "1-0", 12)

    assert reasons(flap) == ["withdrawn a moment ago"]
    assert told.triggers == [("ada", 0, "1-0")]
    assert told.standing == (1, "1-0")


def test_a_lone_feed_whose_goal_was_scored_anew_trades_it_anew() -> None:
    told = Story({"ada": Entrant()})
    told.all_at("0-0")
    told.say("ada", "1-0", 10)
    told.say("ada", "0-0", 14)

    told.say("ada", "1-0", 18)

    assert told.triggers == [("ada", 0, "1-0"), ("ada", 1, "1-0")]


def test_one_feed_alone_ahead_for_longer_than_the_window_is_a_phantom() -> None:
    told = at_one_nil("ada")

    ended = told.wait_until(73)

    assert judgements(ended) == ["phantom", "stands"]
    assert told.standing == (1, "0-0")
    assert told.doubts == [(True, 0, "1-0"), (False, 0, "1-0")]
    ledgers = {one.feed: one for one in told.race.ledgers()}
    assert ledgers["ada"].phantoms == 1
    assert all(ledgers[feed].phantoms == 0 for feed in FIVE[1:])


def test_a_phantom_that_was_true_after_all_is_not_bought_again() -> None:
    told = at_one_nil("ada")
    told.wait_until(73)

    for i, feed in enumerate(FIVE[1:]):
        told.say(feed, "1-0", 75 + i / 10)

    assert told.triggers == [("ada", 0, "1-0")]
    assert told.standing == (1, "1-0")
    assert reasons(told.outputs)[-1] == "every fresh feed shows it"


def test_feeds_that_are_usually_slower_than_the_window_make_no_phantom() -> None:
    slow = Entrant(delay_ns=40 * SECOND, dead_after_ns=10**18)
    told = Story({"ada": Entrant(dead_after_ns=10**18), **dict.fromkeys(FIVE[1:], slow)})
    told.all_at("0-0")
    told.say("ada", "1-0", 60)

    assert judgements(told.wait_until(90)) == []
    assert told.standing == (0, "1-0")


def test_a_real_goal_of_the_other_side_during_a_flap_is_accepted_and_not_traded() -> None:
    told = at_one_nil()
    told.say("cyd", "0-0", 70)

    goal = told.say("ada", "1-1", 70.5)
    assert judgements(goal) == ["advance"]
    assert reasons(goal) == ["in doubt"]
    assert judgements(told.say("cyd", "1-0", 71)) == ["restored"]
    assert judgements(told.say("cyd", "1-1", 72)) == ["echo"]

    assert told.standing == (0, "1-1")
    assert told.triggers == [("ada", 0, "1-0")]
    for feed in ("bob", "dan", "eve"):
        told.say(feed, "1-1", 73)
    assert judgements(told.say("bob", "1-2", 80)) == ["trigger"]


def test_an_explicit_retraction_by_one_feed_overturns_the_goal() -> None:
    told = at_one_nil()

    back = told.say("cyd", "0-0", 70, kind="retraction")

    assert judgements(back) == ["reversal", "overturned", "stands"]
    assert told.standing == (1, "0-0")


def test_an_explicit_retraction_without_a_score_goes_back_by_one_goal() -> None:
    told = at_one_nil()
    for feed in FIVE:
        told.say(feed, "1-1", 80)

    told.say("cyd", None, 90, kind="retraction")

    assert told.standing == (1, "1-0")


def test_a_retraction_of_what_was_never_shown_changes_nothing() -> None:
    told = at_one_nil("ada", "bob")

    assert reasons(told.say("eve", "0-0", 70, kind="retraction")) == ["takes nothing back"]
    assert reasons(told.say("eve", None, 70, kind="retraction")) == ["takes nothing back"]
    assert reasons(told.say("eve", "2-0", 70, kind="retraction")) == ["takes nothing back"]
    told.open("eve", at_s=71)
    assert reasons(told.say("eve", None, 71, kind="retraction")) == [
        "takes back what it never showed"
    ]
    assert told.standing == (0, "1-0")


def test_a_retraction_that_comes_twice_counts_once() -> None:
    told = at_one_nil()
    told.say("cyd", "0-0", 70, kind="retraction")

    told.say("cyd", "0-0", 71, kind="retraction")

    assert told.standing == (1, "0-0")


def test_a_goal_credited_to_the_wrong_side_is_corrected_and_not_traded_again() -> None:
    told = at_one_nil()

    told.say("ada", "0-1", 70)
    assert told.doubts == [(True, 0, "1-0")]
    told.say("bob", "0-1", 71)

    assert told.standing == (1, "0-1")
    assert told.triggers == [("ada", 0, "1-0")]
    for i, feed in enumerate(FIVE[2:]):
        assert judgements(told.say(feed, "0-1", 72 + i)) == ["echo"]
    assert judgements(told.say("cyd", "0-2", 80)) == ["trigger"]


def test_feeds_that_name_different_scorers_close_entries_until_they_agree() -> None:
    told = Story()
    told.all_at("0-0")
    told.say("ada", "1-0", 60)

    assert judgements(told.say("bob", "0-1", 60.5)) == ["conflict"]
    assert told.doubts == [(True, 0, "1-0")]
    told.say("cyd", "0-1", 61)

    assert told.standing == (1, "0-1")
    assert told.triggers == [("ada", 0, "1-0")]


def test_a_delayed_feed_that_hears_of_an_old_reversal_raises_no_doubt_about_a_new_goal() -> None:
    delayed = Entrant(delay_ns=20 * SECOND, dead_after_ns=10**18)
    told = Story(
        {"ada": Entrant(dead_after_ns=10**18), "bob": Entrant(dead_after_ns=10**18), "cyd": delayed}
    )
    told.all_at("0-0")
    for feed in ("ada", "bob"):
        told.say(feed, "1-0", 60)
    for feed in ("ada", "bob"):
        told.say(feed, "0-0", 65)
    for feed in ("ada", "bob"):
        told.say(feed, "1-0", 78)
    doubts = list(told.doubts)

    told.say("cyd", "1-0", 80)
    told.say("cyd", "0-0", 85)
    told.say("cyd", "1-0", 98)
    told.wait_until(150)

    assert told.doubts == doubts
    assert told.standing == (1, "1-0")
    assert len(told.triggers) == 2


def test_a_slow_feed_never_mistakes_the_cancelled_goal_for_the_new_one() -> None:
    told = at_one_nil("ada", "bob")
    told.say("ada", "0-0", 64)
    told.say("bob", "0-0", 64)
    told.say("ada", "1-0", 68)

    early = told.say("cyd", "1-0", 69)
    assert reasons(early) == ["may be late news of a withdrawn score"]
    told.say("cyd", "0-0", 72)
    told.say("cyd", "1-0", 77)

    assert told.standing == (1, "1-0")
    assert told.doubts == [(True, 0, "1-0"), (False, 0, "1-0")]


def test_a_reversal_of_two_goals_names_both_keys() -> None:
    told = at_one_nil()
    for feed in FIVE:
        told.say(feed, "2-0", 80)

    told.say("ada", "0-0", 90)

    assert told.doubts == [(True, 0, "2-0"), (True, 0, "1-0")]
    told.say("bob", "0-0", 91)
    assert told.standing == (1, "0-0")


def test_feeds_that_go_back_by_different_amounts_take_back_what_both_deny() -> None:
    told = at_one_nil()
    for feed in FIVE:
        told.say(feed, "2-0", 80)
    told.say("ada", "0-0", 90)

    told.say("bob", "1-0", 91)

    assert told.standing == (1, "1-0")
    assert told.race.is_in_doubt(MATCH)
    told.say("ada", "1-0", 92)
    assert not told.race.is_in_doubt(MATCH)


def test_a_doubt_ends_with_the_reversal_when_the_last_feed_that_held_out_goes() -> None:
    told = Story({"ada": Entrant(dead_after_ns=10**18), "bob": Entrant(dead_after_ns=10**18)})
    told.all_at("0-0")
    told.say("ada", "1-0", 60)
    told.say("bob", "1-0", 61)
    told.say("ada", "0-0", 70)
    told.wait_until(200)
    assert told.standing == (0, "1-0")

    told.close("bob", at_s=201)

    assert told.standing == (1, "0-0")


def test_two_feeds_that_disagree_keep_the_match_closed() -> None:
    told = Story({"ada": Entrant(dead_after_ns=10**18), "bob": Entrant(dead_after_ns=10**18)})
    told.all_at("0-0")
    told.say("ada", "1-0", 60)
    told.say("bob", "1-0", 61)
    told.say("ada", "0-0", 70)

    told.wait_until(300)

    assert told.race.is_in_doubt(MATCH)
    assert reasons(told.say("bob", "2-0", 310)) == ["in doubt"]


def test_a_winner_that_dies_before_anyone_agrees_is_taken_back_after_the_window() -> None:
    told = Story({"ada": Entrant(dead_after_ns=10**18), "bob": Entrant(dead_after_ns=10**18)})
    told.all_at("0-0")
    told.say("ada", "1-0", 60)
    told.close("ada", at_s=61)

    told.wait_until(74)

    assert told.standing == (1, "0-0")


def test_a_reverter_that_reconnects_on_the_old_score_ends_the_doubt() -> None:
    told = at_one_nil()
    told.say("ada", "0-0", 70)
    told.close("ada", at_s=71)
    told.open("ada", at_s=72)

    assert judgements(told.say("ada", "1-0", 73)) == ["restored"]


@pytest.mark.parametrize("feed", FIVE)
def test_two_phantoms_cost_a_feed_its_right_to_trigger(feed: str) -> None:
    told = Story()
    told.all_at("0-0")
    for at_s in (100, 200):
        told.say(feed, "1-0", at_s)
        told.wait_until(at_s + 20)
        told.say(feed, "0-0", at_s + 30)
        told.wait_until(at_s + 60)

    assert judgements(told.say(feed, "1-0", 300)) == ["claim"]
    assert [one.quarantined for one in told.race.ledgers()] == [one == feed for one in FIVE]


def test_a_feed_that_corrects_its_own_phantom_does_not_trigger_with_the_correction() -> None:
    told = at_one_nil("ada")
    told.wait_until(73)

    corrected = told.say("ada", "0-1", 75)

    assert judgements(corrected) == ["claim"]
    assert reasons(corrected) == ["contradicts itself"]
    assert judgements(told.say("bob", "0-1", 76)) == ["trigger"]


def cancelled_and_scored_anew_by_ada(*stale: str) -> Story:
    """1-0, taken back by ada and bob, scored anew by ada; those named still show the first."""
    told = at_one_nil("ada", "bob", *stale)
    told.say("ada", "0-0", 64)
    told.say("bob", "0-0", 64)
    told.say("ada", "1-0", 70)
    assert told.standing == (1, "1-0")
    return told


def test_a_feed_that_still_shows_the_cancelled_goal_does_not_vouch_for_the_new_one() -> None:
    told = cancelled_and_scored_anew_by_ada("cyd")

    told.wait_until(83)

    assert told.standing == (2, "0-0")
    assert [one.phantoms for one in told.race.ledgers()] == [1, 0, 0, 0, 0]


def test_late_news_of_a_reversal_raises_no_doubt_about_the_goal_scored_anew() -> None:
    told = cancelled_and_scored_anew_by_ada("cyd")

    assert judgements(told.say("cyd", "0-0", 71)) == ["laggard"]
    assert judgements(told.say("cyd", "1-0", 72)) == ["echo"]

    assert told.standing == (1, "1-0")
    assert not told.race.is_in_doubt(MATCH)


def test_a_feed_that_still_shows_the_cancelled_goal_does_not_hold_the_new_one() -> None:
    told = cancelled_and_scored_anew_by_ada("cyd")

    assert judgements(told.say("ada", "0-0", 75)) == ["reversal", "overturned", "stands"]


def test_a_reversal_that_is_settled_counts_for_nothing_in_the_next() -> None:
    told = cancelled_and_scored_anew_by_ada("cyd")
    told.say("cyd", "0-0", 71)
    told.say("cyd", "1-0", 72)

    assert judgements(told.say("ada", "0-0", 75)) == ["reversal"]
    assert told.race.is_in_doubt(MATCH)


def test_late_news_of_a_cancelled_goal_does_not_contradict_a_goal_of_the_other_side() -> None:
    told = at_one_nil("ada", "bob")
    told.say("ada", "0-0", 64)
    told.say("bob", "0-0", 64)
    told.say("ada", "0-1", 66)

    assert judgements(told.say("cyd", "1-0", 67)) == ["laggard"]
    assert judgements(told.say("cyd", "0-0", 68)) == ["laggard"]
    assert judgements(told.say("cyd", "0-1", 69)) == ["echo"]

    assert told.triggers == [("ada", 0, "1-0"), ("ada", 1, "0-1")]
    assert not told.race.is_in_doubt(MATCH)


def test_a_goal_that_all_feeds_came_to_show_can_be_doubted_again() -> None:
    told = at_one_nil("ada")
    told.wait_until(73)
    for feed in FIVE[1:]:
        told.say(feed, "1-0", 75)

    assert judgements(told.say("ada", "0-0", 80)) == ["reversal"]
    assert told.race.is_in_doubt(MATCH)


def test_a_feed_that_took_the_goal_back_may_win_the_next_on_a_new_connection() -> None:
    told = at_one_nil("ada", "bob")
    told.say("ada", "0-0", 64)
    told.say("bob", "0-0", 64)
    told.close("ada", at_s=65)
    told.open("ada", at_s=66)
    told.say("ada", "0-0", 66)

    assert judgements(told.say("ada", "1-0", 70)) == ["trigger"]


def test_a_flap_of_its_own_does_not_make_a_feed_know_of_a_later_reversal() -> None:
    told = at_one_nil()
    told.say("cyd", "0-0", 70)
    told.say("cyd", "1-0", 71)
    told.say("ada", "0-0", 80)
    told.say("bob", "0-0", 80)
    told.close("cyd", at_s=81)
    told.open("cyd", at_s=82)
    told.say("cyd", "0-0", 82)

    assert judgements(told.say("cyd", "1-0", 85)) == ["laggard"]
    assert told.triggers == [("ada", 0, "1-0")]


def test_a_feed_that_tells_late_of_a_goal_cancelled_twice_trades_neither() -> None:
    told = at_one_nil("ada", "bob")
    for at_s, score in [(61, "0-0"), (65, "1-0"), (66, "0-0")]:
        told.say("ada", score, at_s)
        told.say("bob", score, at_s)
    triggers = list(told.triggers)

    for i, score in enumerate(["1-0", "0-0", "1-0", "0-0"]):
        told.say("eve", score, 69 + i / 1000)

    assert told.triggers == triggers
    assert told.standing == (2, "0-0")
    assert judgements(told.say("eve", "1-0", 72)) == ["trigger"]
