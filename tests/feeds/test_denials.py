"""Laws of who may take a score back, and of what then stands."""

import pytest

from actors.feeds.contest import Entrant
from actors.messages.race import Judged, MatchDoubt, RaceOutput
from actors.model.score import Score
from tests.feeds.story import FIVE, MATCH, SECOND, Story, judgements

LONG_NS = 10**18
FRESH = Entrant(dead_after_ns=LONG_NS)


def at(score: str, *feeds: str, unproved: tuple[str, ...] = ()) -> Story:
    """Feeds that showed every goal up to ``score``, home's first; some with unproved sides."""
    told = Story(dict.fromkeys(feeds or FIVE, FRESH))
    told.open(*told.feeds)
    home, away = (int(goals) for goals in score.split("-"))
    states = [(goals, 0) for goals in range(home + 1)]
    states += [(home, goals) for goals in range(1, away + 1)]
    for i, (ours, theirs) in enumerate(states):
        for feed in told.feeds:
            told.say(feed, f"{ours}-{theirs}", 60 * i + 1, oriented=feed not in unproved)
    assert told.standing == (0, score)
    return told


def restored(outputs: list[RaceOutput]) -> list[Score | None]:
    return [one.restored for one in outputs if isinstance(one, MatchDoubt)]


def test_a_feed_that_went_back_twice_still_denies_the_newest_goal() -> None:
    told = at("2-0")
    told.say("bob", "1-0", 200)
    told.say("bob", "0-0", 201)
    assert told.standing == (0, "2-0")

    told.say("cyd", "1-0", 202)

    assert told.standing == (1, "1-0")
    assert told.race.is_in_doubt(MATCH), "bob denies the older goal as well"


def test_of_two_denials_the_more_advanced_says_what_stands() -> None:
    told = at("2-0")
    told.say("cyd", "1-0", 200)

    told.say("bob", "0-0", 201)

    assert told.standing == (1, "1-0")


def test_of_two_that_contradict_each_other_the_one_that_decided_says_what_stands() -> None:
    told = at("1-1")
    told.say("bob", "1-0", 200)

    told.say("cyd", "0-1", 201)

    assert told.standing == (1, "0-1")


def test_sides_that_are_not_proved_say_that_a_goal_fell_and_not_what_stands() -> None:
    told = at("1-1", unproved=("bob", "cyd"))

    first = told.say("bob", "0-1", 200, oriented=False)
    assert restored(first) == [Score(0, 0), Score(0, 0)]
    told.say("cyd", "0-1", 201, oriented=False)

    assert told.standing == (1, "1-0")


@pytest.mark.parametrize("oriented", [True, False])
def test_words_decide_at_once_where_their_feed_has_its_sides_proved(*, oriented: bool) -> None:
    told = at("1-0", unproved=() if oriented else ("bob",))

    told.say("bob", "0-0", 200, kind="retraction", oriented=oriented)

    assert told.standing == ((1, "0-0") if oriented else (0, "1-0"))
    assert told.race.is_in_doubt(MATCH) is not oriented


def test_a_feed_that_has_died_since_denies_nothing_any_more() -> None:
    told = at("1-0")
    told.say("bob", "0-0", 200)
    told.close("bob", at_s=201)

    told.say("cyd", "0-0", 202)

    assert told.standing == (0, "1-0")
    assert told.race.is_in_doubt(MATCH)


def test_what_a_connection_of_before_denied_counts_for_nothing_until_the_next_shows_it() -> None:
    told = at("1-0")
    told.say("bob", "0-0", 200)
    told.open("bob", at_s=201)

    told.say("cyd", "0-0", 202)

    assert told.standing == (0, "1-0")


def test_a_feed_that_has_been_silent_for_too_long_denies_nothing() -> None:
    told = Story(dict.fromkeys(FIVE, Entrant(dead_after_ns=30 * SECOND)))
    told.all_at("0-0")
    for feed in FIVE:
        told.say(feed, "1-0", 20)
    told.say("bob", "0-0", 30)
    told.beat("ada", "cyd", "dan", "eve", at_s=45)

    told.say("cyd", "0-0", 61)

    assert told.standing == (0, "1-0")


def test_what_a_feed_that_is_not_sure_had_shown_before_confirms_nobody() -> None:
    listens = Entrant(role="corroborate", dead_after_ns=LONG_NS)
    told = Story({**dict.fromkeys(FIVE, FRESH), "eve": listens}, goals_known=50)
    told.all_at("0-0")
    told.say("eve", "1-0", 60, conf="unconfirmed")
    told.say("ada", "1-0", 61)
    assert told.standing == (0, "1-0")

    told.wait_until(300)

    assert told.standing == (1, "0-0")


def test_words_that_say_not_what_stands_take_no_two_goals_back() -> None:
    told = Story(dict.fromkeys(FIVE, FRESH))
    told.all_at("0-0")
    for feed in FIVE:
        told.say(feed, "2-0", 60)

    assert judgements(told.say("ada", None, 70, kind="retraction")) == ["ignored"]
    assert told.standing == (0, "2-0")


def test_whoever_won_with_what_fell_has_that_on_its_record() -> None:
    told = at("1-0")
    for feed in ("bob", "cyd"):
        told.say(feed, "0-0", 200)

    assert [one.overturned for one in told.race.ledgers()] == [1, 0, 0, 0, 0]


def test_whoever_comes_back_behind_has_a_window_of_its_own_to_catch_up() -> None:
    told = at("1-0")
    told.close(*FIVE, at_s=100)
    told.open("eve", at_s=111)
    told.say("eve", "0-0", 111)

    told.wait_until(120)
    assert told.standing == (0, "1-0")
    told.wait_until(125)
    assert told.standing == (1, "0-0")


def test_the_window_of_lost_support_begins_with_the_first_that_is_behind() -> None:
    told = at("1-0")
    told.close(*FIVE, at_s=100)
    for at_s, feed in ((101, "eve"), (108, "dan")):
        told.open(feed, at_s=at_s)
        told.say(feed, "0-0", at_s)

    told.wait_until(115)

    assert told.standing == (1, "0-0")


def test_how_late_a_feed_hears_of_a_reversal_says_nothing_of_how_late_it_sees_goals() -> None:
    told = Story(dict.fromkeys(FIVE, FRESH))
    told.all_at("1-0")
    for feed in FIVE:
        told.say(feed, "2-0", 60)
    told.say("ada", "0-0", 70)
    told.say("bob", "0-0", 71)
    assert told.standing == (1, "0-0")

    (late,) = [one for one in told.say("eve", "0-0", 79) if isinstance(one, Judged)]

    assert late.judgement == "echo"
    assert late.behind_ns is None


def test_a_goal_that_two_feeds_show_is_no_phantom_however_slow_the_others_are() -> None:
    told = Story(dict.fromkeys(FIVE, FRESH))
    told.all_at("0-0")
    told.say("ada", "1-0", 60)
    told.say("bob", "1-0", 61)
    told.say("ada", "2-0", 65)

    told.wait_until(300)

    assert told.standing == (1, "1-0"), "the one that nobody else shows falls alone"


def test_a_goal_is_no_phantom_while_only_one_live_feed_has_not_shown_it() -> None:
    told = Story(dict.fromkeys(("ada", "bob", "cyd"), FRESH))
    told.all_at("0-0")
    told.close("cyd", at_s=50)
    told.say("ada", "1-0", 60)

    told.wait_until(300)

    assert told.standing == (0, "1-0")


def test_a_server_that_lags_after_its_feed_won_makes_no_phantom_of_the_goal() -> None:
    told = Story(dict.fromkeys(("ada", "bob"), FRESH))
    told.all_at("0-0")
    told.say("ada", "1-0", 60)
    told.close("ada", at_s=61)
    told.open("ada", at_s=62)
    told.say("ada", "0-0", 63)

    told.wait_until(300)

    assert [one.phantoms for one in told.race.ledgers()] == [0, 0]


def test_feeds_that_have_the_sides_swapped_make_no_phantom_of_a_goal() -> None:
    told = Story(dict.fromkeys(("ada", "bob", "cyd"), FRESH))
    told.open(*told.feeds)
    for feed in told.feeds:
        told.say(feed, "0-0", 1, oriented=feed == "ada")
    told.say("ada", "1-0", 60)
    for feed in ("bob", "cyd"):
        told.say(feed, "0-1", 61, oriented=False)

    told.wait_until(300)

    assert told.standing == (0, "1-0")


@pytest.mark.parametrize(("back", "standing"), [(1, (0, "2-0")), (2, (1, "0-0"))])
def test_two_feeds_that_come_back_two_goals_behind_are_believed_and_one_is_not(
    back: int, standing: tuple[int, str]
) -> None:
    told = at("2-0")
    told.close(*FIVE, at_s=200)
    for feed in FIVE[:back]:
        told.open(feed, at_s=300)
        told.say(feed, "0-0", 301)

    told.wait_until(400)

    assert told.standing == standing


def test_an_official_word_on_anything_else_takes_no_goal_back() -> None:
    told = at("1-0")

    told.review("bob", "penalty", "overturned", 62)

    assert told.standing == (0, "1-0")
    assert told.doubts == []


def test_a_goal_that_its_feed_never_showed_does_not_fall_with_one_that_was_not_given() -> None:
    told = Story(dict.fromkeys(FIVE, FRESH))
    told.all_at("0-0")
    for feed in FIVE[:3]:
        told.say(feed, "1-0", 60)

    told.review("eve", "goal", "overturned", 62)

    assert told.standing == (0, "1-0")
    assert told.doubts == []


def test_whoever_told_of_the_officials_reversal_may_win_the_next_goal() -> None:
    told = at("1-0")
    told.review("ada", "goal", "open", 70)
    told.review("ada", "goal", "overturned", 80)
    assert told.standing == (1, "0-0")

    assert judgements(told.say("ada", "1-0", 85)) == ["trigger"]


def test_a_score_that_the_match_was_found_with_is_no_goal_to_be_looked_at() -> None:
    told = Story(dict.fromkeys(FIVE, FRESH))
    told.all_at("1-0")

    said = told.review("ada", "goal", "open", 10)

    assert [one.cause for one in said if isinstance(one, MatchDoubt)] == ["review"]


def test_a_review_that_another_one_of_its_feed_replaces_is_over() -> None:
    told = at("1-0")
    told.review("ada", "goal", "open", 70)
    told.review("ada", "penalty", "open", 71)
    assert [one[0] for one in told.doubts] == [True, True, False]

    told.review("ada", "penalty", "stands", 80)

    assert not told.race.is_in_doubt(MATCH)


def test_a_review_of_an_older_goal_goes_on_when_a_newer_one_falls() -> None:
    told = at("1-0")
    told.review("eve", "goal", "open", 65)
    for feed in FIVE:
        told.say(feed, "2-0", 70)
    for feed in FIVE:
        told.say(feed, "1-0", 75)
    assert told.standing == (1, "1-0")

    assert told.race.is_in_doubt(MATCH)
    told.review("eve", "goal", "stands", 80)
    assert not told.race.is_in_doubt(MATCH)


def test_a_goal_that_the_officials_let_stand_needs_no_other_confirmation() -> None:
    told = Story(dict.fromkeys(("ada", "bob"), FRESH), goals_known=50)
    told.all_at("0-0")
    told.say("ada", "1-0", 60, conf="unconfirmed")
    assert told.standing == (0, "1-0")
    told.close("bob", at_s=61)
    told.review("ada", "goal", "stands", 65)

    told.wait_until(300)

    assert told.standing == (0, "1-0")


def test_while_a_goal_is_in_doubt_its_doubt_decides_and_not_whoever_lags() -> None:
    told = at("1-0")
    told.say("bob", "0-0", 100)
    told.close(*FIVE, at_s=101)
    assert told.race.is_in_doubt(MATCH)
    told.open("eve", at_s=102)
    told.say("eve", "0-0", 103)

    told.wait_until(300)

    assert told.standing == (0, "1-0")
    assert told.race.is_in_doubt(MATCH)
