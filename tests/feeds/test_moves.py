"""Laws of who may move the accepted score, and of what is accepted without being traded."""

import pytest

from actors.feeds.contest import Entrant
from actors.feeds.ledger import FeedLedger
from actors.messages.feeds import Status
from actors.messages.race import MatchDoubt
from tests.feeds.story import FIVE, MATCH, SECOND, Story, judgements, reasons

LONG_NS = 10**18
LISTENS = Entrant(role="corroborate", dead_after_ns=LONG_NS)
DELAYED = Entrant(delay_ns=5_000_000_000, dead_after_ns=LONG_NS)


def story(**entrants: Entrant) -> Story:
    return Story({name: entrants.get(name, Entrant(dead_after_ns=LONG_NS)) for name in FIVE})


def ledger(told: Story, feed: str) -> FeedLedger:
    return next(one for one in told.race.ledgers() if one.feed == feed)


def test_a_possible_goal_moves_nothing_and_its_feed_still_has_the_goal_to_show() -> None:
    told = story()
    told.all_at("0-0")

    assert judgements(told.say("ada", "1-0", 60, kind="possible")) == ["ignored"]
    assert told.standing == (0, "0-0")
    assert judgements(told.say("ada", "1-0", 61)) == ["trigger"]


def test_what_the_clock_has_decided_by_then_comes_before_the_report_that_is_late_for_it() -> None:
    told = story()
    told.all_at("0-0")
    told.say("ada", "1-0", 60)

    late = told.say("bob", "1-0", 80)

    assert judgements(late)[:2] == ["phantom", "stands"]
    assert told.standing is not None
    assert told.standing[0] == 1


def test_what_was_accepted_of_a_match_is_known_after_it_was_forgotten() -> None:
    told = story()
    told.all_at("0-0")
    told.say("ada", "1-0", 60)
    told.say("bob", "1-0", 61)

    told.race.retain([])

    assert told.standing == (0, "1-0")


def test_a_first_score_that_is_ahead_is_not_taken_from_a_feed_that_only_listens() -> None:
    told = story(ada=LISTENS)
    for feed in FIVE[1:]:
        told.open(feed)
        told.say(feed, "0-0", 0)
    told.open("ada", at_s=60)

    first = told.say("ada", "1-0", 60)

    assert reasons(first) == ["ahead, only corroborates"]
    assert told.standing == (0, "0-0")


def test_a_first_score_that_was_withdrawn_just_now_is_late_news() -> None:
    told = story()
    told.all_at("0-0")
    told.say("ada", "1-0", 60)
    told.say("bob", "1-0", 61)
    told.close("eve", at_s=62)
    for feed in ("ada", "bob"):
        told.say(feed, "0-0", 70)
    assert told.standing == (1, "0-0")
    told.open("eve", at_s=71)

    first = told.say("eve", "1-0", 71)

    assert reasons(first) == ["late news of a withdrawn score"]
    assert told.standing == (1, "0-0")


def test_a_feed_that_takes_back_what_nobody_accepted_has_that_on_its_record() -> None:
    told = story(ada=LISTENS)
    told.all_at("0-0")
    told.say("ada", "1-0", 60)

    back = told.say("ada", "0-0", 61)

    assert reasons(back) == ["took back what does not stand"]
    assert ledger(told, "ada").reversals == 1
    assert told.doubts == []


def test_a_feed_that_goes_back_has_that_on_its_record() -> None:
    told = story()
    told.all_at("0-0")
    for feed in FIVE:
        told.say(feed, "1-0", 60)

    told.say("cyd", "0-0", 70)

    assert ledger(told, "cyd").reversals == 1


@pytest.mark.parametrize(("single_feed_pm", "trades"), [(0, False), (1, True), (500, True)])
def test_where_a_lone_feed_is_worth_nothing_its_goal_is_accepted_and_not_traded(
    single_feed_pm: int, *, trades: bool
) -> None:
    told = Story({"ada": Entrant(dead_after_ns=LONG_NS)}, single_feed_pm=single_feed_pm)
    told.all_at("0-0")

    goal = told.say("ada", "1-0", 60)

    assert told.standing == (0, "1-0")
    assert told.sizes_pm == ([single_feed_pm] if trades else [])
    assert trades or reasons(goal) == ["one feed alone"]


def test_a_dead_feed_holds_up_nobody_who_agrees() -> None:
    told = Story(dict.fromkeys(("ada", "bob", "cyd"), LISTENS))
    told.all_at("0-0")
    told.close("cyd", at_s=30)
    told.say("ada", "1-0", 60)

    assert reasons(told.say("bob", "1-0", 61)) == ["every fresh feed shows it"]


def quarantined(told: Story, feed: str) -> float:
    """Have a feed report phantoms until it may trigger nothing; return when that is."""
    at_s = 100.0
    while not ledger(told, feed).quarantined:
        told.say(feed, "1-0", at_s)
        told.wait_until(at_s + 30)
        told.say(feed, "0-0", at_s + 31)
        at_s += 100
    return at_s


@pytest.mark.parametrize("who", ["alive", "dead", "reports phantoms"])
def test_whoever_says_that_it_is_extra_time_is_heard_if_it_lives_and_is_believed(who: str) -> None:
    told = story()
    told.all_at("0-0", period="2H")
    at_s = quarantined(told, "bob") if who == "reports phantoms" else 100.0
    told.say("bob", None, at_s, kind="period", period="ET1")
    if who == "dead":
        told.close("bob", at_s=at_s + 1)

    goal = told.say("ada", "1-0", at_s + 10, period="2H")

    assert judgements(goal) == (["advance"] if who == "alive" else ["trigger"])


@pytest.mark.parametrize("entrant", [DELAYED, Entrant(dead_after_ns=LONG_NS)])
@pytest.mark.parametrize("oriented", [True, False])
def test_a_contradiction_closes_entries_if_it_is_of_now_and_its_sides_are_proved(
    entrant: Entrant, *, oriented: bool
) -> None:
    told = story(eve=entrant)
    told.open(*FIVE)
    for feed in FIVE:
        told.say(feed, "0-0", 1, oriented=oriented or feed != "eve")
    for feed in FIVE[:4]:
        told.say(feed, "1-0", 60)

    said = told.say("eve", "0-1", 61, oriented=oriented)

    assert judgements(said) == ["conflict"]
    assert bool(told.doubts) == (oriented and not entrant.delay_ns)


def test_a_contradiction_takes_nothing_back() -> None:
    told = story()
    told.all_at("0-0")
    told.say("ada", "1-0", 60)
    told.say("bob", "1-0", 60)

    said = told.say("eve", "0-1", 61)

    (doubt,) = [one for one in said if isinstance(one, MatchDoubt)]
    assert not doubt.takes_back


@pytest.mark.parametrize(("known", "judged"), [(49, "claim"), (50, "trigger")])
def test_a_goal_that_its_feed_is_not_sure_of_is_traded_after_fifty_that_it_showed(
    known: int, judged: str
) -> None:
    told = Story(goals_known=known)
    told.all_at("0-0")

    assert judgements(told.say("ada", "1-0", 60, conf="unconfirmed")) == [judged]


def test_where_nobody_would_notice_a_false_goal_no_part_of_a_play_is_made_ready() -> None:
    told = Story({"ada": Entrant(dead_after_ns=LONG_NS)})
    told.all_at("0-0")
    assert told.race.sizes(MATCH) == (500,)

    told.close("ada", at_s=10)

    assert told.race.sizes(MATCH) == ()


@pytest.mark.parametrize(("replay", "judged"), [(True, "trigger"), (False, "advance")])
def test_history_says_nothing_about_its_providers_clock(judged: str, *, replay: bool) -> None:
    told = story()
    told.all_at("0-0")
    for at_s in range(10, 60, 10):
        told.say("ada", "0-0", at_s, replay=replay, provider_ts_ns=(at_s - 1) * SECOND)

    late = told.say("ada", "1-0", 60, provider_ts_ns=50 * SECOND)

    assert judgements(late) == [judged]


def test_a_feed_that_says_it_has_lost_sight_of_a_match_would_notice_nothing() -> None:
    told = Story(dict.fromkeys(("ada", "bob"), Entrant(dead_after_ns=LONG_NS)))
    told.all_at("0-0")
    told.say("bob", None, 50, kind="status", status="coverage_lost")

    told.say("ada", "1-0", 60)

    assert told.sizes_pm == [500]


@pytest.mark.parametrize("status", ["live", "break", "suspended", "interrupted", "ended"])
def test_a_feed_may_move_the_score_while_it_calls_the_match_live(status: Status) -> None:
    told = story()
    told.all_at("0-0")
    told.say("ada", None, 50, kind="status", status=status)

    goal = told.say("ada", "1-0", 60)

    assert judgements(goal) == (["trigger"] if status == "live" else ["claim"])
    assert reasons(goal) == ([""] if status == "live" else [status])
