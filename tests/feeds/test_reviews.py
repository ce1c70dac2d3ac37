"""Laws of what a report says beside its score: reviews, doubt of its own, how the match stands."""

import pytest

from actors.feeds.contest import SEASONED, Entrant, Standing
from actors.feeds.ledger import Tally
from actors.feeds.race import Race
from actors.messages.feeds import Status
from actors.messages.race import MatchDoubt, RaceOutput, Trigger
from actors.model.score import Score
from tests.feeds.story import FIVE, MATCH, SECOND, Outcome, Story, Subject, judgements, reasons

IMMORTAL = Entrant(dead_after_ns=10**18)


def at_nil_nil(*feeds: str, goals_known: int = SEASONED) -> Story:
    story = Story(dict.fromkeys(feeds or FIVE, IMMORTAL), goals_known=goals_known)
    story.all_at("0-0")
    return story


def at_one_nil(*feeds: str) -> Story:
    story = at_nil_nil(*feeds)
    for feed in story.feeds:
        story.say(feed, "1-0", 60)
    return story


def doubts(outputs: list[RaceOutput]) -> list[tuple[str, bool, str]]:
    return [
        (one.cause, one.in_doubt, one.key.state) for one in outputs if isinstance(one, MatchDoubt)
    ]


def phantoms(story: Story) -> dict[str, int]:
    return {one.feed: one.phantoms for one in story.race.ledgers()}


def test_a_review_of_a_goal_closes_entries_and_names_the_goal() -> None:
    story = at_one_nil()

    opened = story.review("bob", "goal", "open", 70)

    assert judgements(opened) == ["review"]
    assert doubts(opened) == [("goal_review", True, "1-0")]
    assert story.race.is_in_doubt(MATCH)
    assert reasons(story.say("ada", "2-0", 80)) == ["under review"]


def test_a_goal_that_stands_is_not_bought_again_and_the_next_is() -> None:
    story = at_one_nil()
    story.review("bob", "goal", "open", 70)

    stands = story.review("bob", "goal", "stands", 130)

    assert doubts(stands) == [("goal_review", False, "1-0")]
    assert not story.race.is_in_doubt(MATCH)
    for feed in FIVE:
        story.say(feed, "1-0", 131)
    assert len(story.triggers) == 1
    assert judgements(story.say("ada", "2-0", 200)) == ["trigger"]


@pytest.mark.parametrize("subject", ["penalty", "red", "other"])
@pytest.mark.parametrize("outcome", ["stands", "overturned", "unknown"])
def test_a_review_of_anything_else_closes_entries_and_takes_nothing_back(
    subject: Subject, outcome: Outcome
) -> None:
    story = at_one_nil()

    assert doubts(story.review("bob", subject, "open", 70)) == [("review", True, "1-0")]
    assert doubts(story.review("bob", subject, outcome, 90)) == [("review", False, "1-0")]

    assert story.standing == (0, "1-0")
    assert judgements(story.say("ada", "2-0", 100)) == ["trigger"]


def test_a_match_is_closed_until_the_last_feed_has_told_of_the_reviews_end() -> None:
    story = at_one_nil()
    story.review("ada", "goal", "open", 70)
    assert doubts(story.review("bob", "goal", "open", 75)) == []

    assert doubts(story.review("ada", "goal", "stands", 120)) == []
    assert reasons(story.say("cyd", "1-1", 121)) == ["under review"]
    assert doubts(story.review("bob", "goal", "stands", 125)) == [("goal_review", False, "1-0")]


def test_a_feed_that_died_during_a_review_does_not_keep_the_match_closed() -> None:
    story = at_one_nil()
    story.review("ada", "goal", "open", 70)
    story.review("bob", "goal", "open", 75)
    story.close("ada", at_s=80)

    assert doubts(story.review("bob", "goal", "stands", 125)) == [("goal_review", False, "1-0")]


def test_a_review_whose_end_nobody_tells_is_over_after_its_longest_time() -> None:
    story = at_one_nil()
    story.review("ada", "goal", "open", 70)

    assert doubts(story.wait_until(669)) == []
    assert doubts(story.wait_until(670)) == [("goal_review", False, "1-0")]


def test_an_overturned_goal_ends_every_review_of_it() -> None:
    story = at_one_nil()
    story.review("ada", "goal", "open", 70)
    story.review("bob", "goal", "open", 71)

    told = story.review("ada", "goal", "overturned", 120)

    assert doubts(told) == [
        ("score", True, "1-0"),
        ("score", False, "1-0"),
        ("goal_review", False, "1-0"),
    ]
    assert story.standing == (1, "0-0")
    assert judgements(story.review("bob", "goal", "overturned", 125)) == ["review"]
    assert story.standing == (1, "0-0")


def test_a_goal_that_was_never_given_takes_no_older_one_with_it() -> None:
    # Nothing was scored for ten minutes: what the officials look at is no goal of ours.
    story = at_one_nil()
    opened = story.review("ada", "goal", "open", 660)

    told = story.review("ada", "goal", "overturned", 700)

    assert doubts(opened) == [("review", True, "1-0")]
    assert judgements(told) == ["review"]
    assert story.standing == (0, "1-0")


def test_a_delayed_feed_speaks_of_an_old_review_and_closes_nothing() -> None:
    story = Story({"ada": IMMORTAL, "bob": Entrant(delay_ns=SECOND, dead_after_ns=10**18)})
    story.all_at("0-0")

    assert reasons(story.review("bob", "goal", "open", 60)) == ["delayed"]
    assert not story.race.is_in_doubt(MATCH)


def test_a_review_before_anything_is_known_of_a_match_is_ignored() -> None:
    story = Story()
    story.open("ada")

    assert judgements(story.review("ada", "goal", "open", 1)) == ["ignored"]


def test_what_may_come_of_an_attack_is_heard_and_changes_nothing() -> None:
    story = at_nil_nil()

    assert reasons(story.say("ada", None, 60, kind="possible")) == ["possible"]
    assert not story.race.is_in_doubt(MATCH)


@pytest.mark.parametrize(
    "status",
    ["break", "suspended", "interrupted", "abandoned", "postponed", "ended", "coverage_lost"],
)
def test_a_feed_that_calls_the_match_anything_but_live_triggers_nothing(status: Status) -> None:
    story = at_nil_nil()
    story.say("ada", None, 50, kind="status", status=status)

    assert reasons(story.say("ada", "1-0", 60)) == [status.replace("_", " ")]
    story.say("ada", None, 61, kind="status", status="live")
    assert story.triggers == []


def test_a_feed_that_does_not_trust_itself_leaves_the_race_to_the_others() -> None:
    story = at_nil_nil()
    story.say("ada", None, 50, kind="status", reliable=False)

    assert reasons(story.say("ada", "1-0", 60)) == ["not reliable"]
    assert judgements(story.say("bob", "1-0", 61)) == ["trigger"]
    assert judgements(story.say("ada", "1-0", 62, reliable=True)) == ["repeat"]
    assert judgements(story.say("ada", "2-0", 90)) == ["trigger"]


def test_what_a_feed_said_of_itself_outlives_its_connection() -> None:
    story = at_nil_nil()
    story.say("ada", None, 50, kind="status", reliable=False)
    story.close("ada", at_s=51)
    story.open("ada", at_s=52)
    story.say("ada", "0-0", 53)

    assert reasons(story.say("ada", "1-0", 60)) == ["not reliable"]


@pytest.mark.parametrize(("feeds", "size_pm"), [(1, 500), (2, 1_000), (5, 1_000)])
def test_the_size_of_a_trade_follows_from_how_many_feeds_could_deny_it(
    feeds: int, size_pm: int
) -> None:
    story = at_nil_nil(*FIVE[:feeds])

    story.say(FIVE[0], "1-0", 60)

    assert story.sizes_pm == [size_pm]
    assert story.race.sizes(MATCH) == ((size_pm,) if size_pm < 1_000 else ())


@pytest.mark.parametrize(
    "other",
    ["delayed", "unoriented", "unreliable", "frozen", "closed", "dead", "another match"],
)
def test_a_feed_that_could_not_deny_a_goal_counts_for_nothing_in_its_quorum(other: str) -> None:
    mortal = Entrant(dead_after_ns=30 * SECOND)
    delayed = Entrant(delay_ns=SECOND, dead_after_ns=10**18)
    story = Story(
        {"ada": IMMORTAL, "bob": {"delayed": delayed, "dead": mortal}.get(other, IMMORTAL)}
    )
    story.open("ada", "bob")
    story.say("ada", "0-0", 1)
    if other != "another match":
        story.say("bob", "0-0", 1, oriented=other != "unoriented")
    match other:
        case "unreliable":
            story.say("bob", None, 2, kind="status", reliable=False)
        case "frozen":
            story.say("ada", "1-0", 10)
            story.beat("bob", at_s=59)
        case "closed":
            story.close("bob", at_s=50)
        case _:
            pass

    (trigger,) = (
        one
        for one in story.say("ada", "2-0" if other == "frozen" else "1-0", 60)
        if isinstance(one, Trigger)
    )

    assert (trigger.fresh_feeds, trigger.size_pm) == (1, 500)


def test_a_feed_that_only_corroborates_counts_in_the_quorum() -> None:
    story = Story({"ada": IMMORTAL, "bob": Entrant(role="corroborate", dead_after_ns=10**18)})
    story.all_at("0-0")

    story.say("ada", "1-0", 60)

    assert story.sizes_pm == [1_000]


def test_an_unconfirmed_goal_is_traded_for_a_part_and_its_confirmation_buys_nothing() -> None:
    story = at_nil_nil()

    story.say("ada", "1-0", 60, conf="unconfirmed")
    confirmed = story.say("ada", "1-0", 65, conf="confirmed")
    story.wait_until(71)
    story.say("bob", "1-0", 71)
    story.wait_until(300)

    assert story.sizes_pm == [250]
    assert reasons(confirmed) == ["confirmed"]
    assert story.standing == (0, "1-0")
    assert not any(phantoms(story).values())


def test_an_unconfirmed_goal_of_a_lone_feed_is_smaller_still() -> None:
    story = at_nil_nil("ada")

    story.say("ada", "1-0", 60, conf="unconfirmed")

    assert story.sizes_pm == [125]
    assert story.race.sizes(MATCH) == (500, 125)


@pytest.mark.parametrize("frames", [0, 3])
def test_an_unconfirmed_goal_that_is_not_confirmed_in_time_is_a_phantom(frames: int) -> None:
    story = at_nil_nil("ada")
    story.say("ada", "1-0", 60, conf="unconfirmed")
    for i in range(frames):
        story.say("ada", "1-0", 61 + i, conf="unstated" if i else "unconfirmed")

    assert judgements(story.wait_until(79.9)) == []
    assert judgements(story.wait_until(80)) == ["phantom", "stands"]

    assert story.standing == (1, "0-0")
    assert phantoms(story) == {"ada": 1}
    assert doubts(story.outputs) == [("score", True, "1-0"), ("score", False, "1-0")]


@pytest.mark.parametrize("outcome", ["stands", "overturned", "unknown"])
def test_an_unconfirmed_goal_that_the_officials_look_at_is_no_phantom(outcome: Outcome) -> None:
    story = at_nil_nil("ada")
    story.say("ada", "1-0", 60, conf="unconfirmed")
    story.review("ada", "goal", "open", 70)
    story.wait_until(150)

    story.review("ada", "goal", outcome, 151)
    story.wait_until(300)

    assert story.standing == ((1, "0-0") if outcome == "overturned" else (0, "1-0"))
    assert phantoms(story) == {"ada": 0}


def test_another_feeds_word_confirms_a_goal_and_its_doubt_does_not() -> None:
    sure, unsure = at_nil_nil("ada", "bob"), at_nil_nil("ada", "bob")
    for story, conf in ((sure, "unstated"), (unsure, "unconfirmed")):
        story.say("ada", "1-0", 60, conf="unconfirmed")
        story.say("bob", "1-0", 61, conf=conf)
        story.wait_until(100)

    assert sure.standing == (0, "1-0")
    assert unsure.standing == (1, "0-0")


def test_an_unconfirmed_goal_that_is_discarded_is_no_phantom() -> None:
    story = at_nil_nil()
    story.say("ada", "1-0", 60, conf="unconfirmed")

    story.say("ada", None, 62, kind="retraction", conf="cancelled")
    story.wait_until(200)

    assert story.standing == (1, "0-0")
    assert not any(phantoms(story).values())


def test_a_feed_without_a_record_is_believed_only_when_it_is_sure() -> None:
    story = at_nil_nil(goals_known=SEASONED - 1)

    assert reasons(story.say("ada", "1-0", 60, conf="unconfirmed")) == ["unconfirmed"]
    assert reasons(story.say("ada", "1-0", 61)) == ["unconfirmed"]
    assert story.standing == (0, "0-0")
    assert judgements(story.say("ada", "1-0", 64, conf="confirmed")) == ["trigger"]

    assert story.sizes_pm == [1_000]


def test_an_unconfirmed_goal_of_a_feed_without_a_record_leaves_the_race_to_the_others() -> None:
    story = at_nil_nil(goals_known=0)
    story.say("ada", "1-0", 60, conf="unconfirmed")

    assert judgements(story.say("bob", "1-0", 61)) == ["trigger"]
    assert judgements(story.say("ada", "1-0", 62)) == ["echo"]
    assert judgements(story.say("ada", "1-0", 63, conf="confirmed")) == ["repeat"]
    assert judgements(story.say("ada", "2-0", 90)) == ["trigger"]


def test_a_goal_that_others_are_sure_of_needs_no_confirmation_of_its_own_feed() -> None:
    story = at_nil_nil(goals_known=0)
    story.say("ada", "1-0", 60, conf="unconfirmed")
    story.say("bob", "1-0", 61)
    story.say("ada", "1-0", 62)

    assert judgements(story.say("ada", "2-0", 90)) == ["trigger"]
    assert story.sizes_pm == [1_000, 1_000]


def test_a_second_goal_on_top_of_an_unconfirmed_one_is_no_surer() -> None:
    story = at_nil_nil("ada")
    story.say("ada", "1-0", 60, conf="unconfirmed")

    story.say("ada", "2-0", 70)

    assert story.sizes_pm == [125, 125]
    story.say("ada", "2-0", 75, conf="confirmed")
    story.wait_until(200)
    assert story.standing == (0, "2-0")


def test_a_connection_that_begins_with_an_unconfirmed_goal_moves_nothing() -> None:
    story = at_nil_nil()
    story.close("ada", at_s=50)
    story.open("ada", at_s=51)

    assert reasons(story.say("ada", "1-0", 60, conf="unconfirmed")) == ["ahead, unconfirmed"]
    assert judgements(story.say("bob", "1-0", 61)) == ["trigger"]


def test_a_match_under_review_is_not_forgotten() -> None:
    story = at_one_nil()
    story.review("ada", "goal", "open", 70)

    story.race.retain([])

    assert doubts(story.review("ada", "goal", "stands", 90)) == [("goal_review", False, "1-0")]


def test_a_restart_under_review_keeps_what_was_traded() -> None:
    story = at_one_nil()
    story.review("ada", "goal", "open", 70)
    story.restart()
    story.all_at("1-0", 80)

    assert story.race.standing(MATCH) == Standing(generation=0, score=Score(1, 0))
    assert len(story.triggers) == 1


def test_a_confirmation_that_comes_too_late_is_accepted_and_not_traded() -> None:
    story = at_nil_nil("ada")
    story.say("ada", "1-0", 60, conf="unconfirmed")
    story.wait_until(85)
    assert story.standing == (1, "0-0")

    late = story.say("ada", "1-0", 90, conf="confirmed")

    assert judgements(late) == ["advance"]
    assert story.standing == (1, "1-0")
    assert judgements(story.say("ada", "1-1", 200)) == ["trigger"]
    assert len(story.triggers) == 2


def test_a_feed_in_quarantine_closes_entries_on_its_word_and_takes_nothing_back() -> None:
    story = Story()
    story.race = Race(feeds=story.feeds, tallies={"ada": Tally(charges=2)})
    story.all_at("0-0")
    for feed in FIVE[1:]:
        story.say(feed, "1-0", 60)
    story.say("ada", "1-0", 61)

    said = story.say("ada", None, 70, kind="retraction", conf="cancelled")

    assert judgements(said) == ["reversal"]
    assert story.race.is_in_doubt(MATCH)
    story.wait_until(90)
    assert story.standing == (0, "1-0")
