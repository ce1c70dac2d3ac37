"""Laws of the race, forward: who wins, and what is never traded."""

from itertools import permutations

import pytest

from actors.feeds.contest import Entrant, Standing
from actors.messages.race import Judged, Trigger
from actors.model.score import GoalKey, MatchId, Period, Score
from tests.feeds.story import FIVE, MATCH, SECOND, Story, judgements, reasons


def story(**entrants: Entrant) -> Story:
    return Story({name: entrants.get(name, Entrant(dead_after_ns=10**18)) for name in FIVE})


@pytest.mark.parametrize("order", list(permutations(FIVE)))
def test_one_goal_in_five_feeds_is_traded_once_in_every_order(order: tuple[str, ...]) -> None:
    told = story()
    told.all_at("0-0")

    for i, feed in enumerate(order):
        told.say(feed, "1-0", 60 + i * 2.0)

    assert told.triggers == [(order[0], 0, "1-0")]
    echoes = [one for one in told.outputs if isinstance(one, Judged) and one.judgement == "echo"]
    assert [one.behind_ns for one in echoes] == [i * 2 * SECOND for i in range(1, 5)]


@pytest.mark.parametrize("second", ["2-0", "1-1"])
@pytest.mark.parametrize("gap_s", [1, 9, 14.9])
def test_two_goals_close_together_are_two_trades(second: str, gap_s: float) -> None:
    told = story()
    told.all_at("0-0")

    news: list[tuple[float, str, str]] = [
        (60 + lag_s, feed, "1-0") for lag_s, feed in enumerate(FIVE)
    ]
    news += [(60 + gap_s + lag_s, feed, second) for lag_s, feed in enumerate(FIVE)]
    for at_s, feed, score in sorted(news):
        told.say(feed, score, at_s)
    told.wait_until(200)

    assert [(generation, state) for _, generation, state in told.triggers] == [
        (0, "1-0"),
        (0, second),
    ]
    assert told.doubts == []


def test_a_slow_feed_that_tells_of_the_first_of_two_goals_is_a_laggard() -> None:
    told = story()
    told.all_at("0-0")
    told.say("ada", "1-0", 60)
    told.say("ada", "2-0", 61)

    told_by_bob = told.say("bob", "1-0", 63)

    assert judgements(told_by_bob) == ["laggard"]
    assert [one.behind_ns for one in told_by_bob if isinstance(one, Judged)] == [3 * SECOND]
    assert judgements(told.say("bob", "2-0", 64)) == ["echo"]
    assert len(told.triggers) == 2


def test_a_goal_that_comes_sixteen_seconds_late_is_an_echo() -> None:
    told = story()
    told.all_at("0-0")
    for i, feed in enumerate(FIVE[:4]):
        told.say(feed, "1-0", 60 + i)

    assert judgements(told.say("eve", "1-0", 76)) == ["echo"]
    assert len(told.triggers) == 1


def test_a_jump_of_two_goals_is_accepted_and_not_traded() -> None:
    told = story()
    told.all_at("0-0")

    jump = told.say("ada", "2-0", 60)

    assert judgements(jump) == ["advance"]
    assert told.standing == (0, "2-0")
    assert told.triggers == []
    assert judgements(told.say("ada", "2-1", 70)) == ["trigger"]


def test_a_repeated_score_never_triggers() -> None:
    told = story()
    told.all_at("0-0")
    told.say("ada", "1-0", 60)

    for at_s in range(61, 72, 3):
        assert judgements(told.say("ada", "1-0", at_s)) == ["repeat"]
        assert judgements(told.say("bob", "0-0", at_s)) == ["repeat"]
    assert len(told.triggers) == 1


def test_the_first_score_of_a_connection_never_triggers() -> None:
    told = story()
    told.all_at("0-0")
    told.close("ada", at_s=50)
    told.open("ada", at_s=55)

    back = told.say("ada", "1-0", 60)

    assert judgements(back) == ["advance"]
    assert reasons(back) == ["baseline ahead"]
    assert judgements(told.say("bob", "1-0", 61)) == ["echo"]
    assert told.triggers == []


def test_a_feed_that_replays_history_after_it_reconnects_trades_nothing() -> None:
    told = story()
    told.all_at("0-0")
    for at_s, score in [(60, "1-0"), (120, "2-0"), (180, "2-1")]:
        for feed in FIVE:
            told.say(feed, score, at_s)
    told.close("eve", at_s=190)
    told.open("eve", at_s=191)

    for i, score in enumerate(["0-0", "1-0", "2-0", "2-1"]):
        told.say("eve", score, 192 + i / 100)

    assert len(told.triggers) == 3
    assert told.standing == (0, "2-1")
    assert told.doubts == []


def test_a_server_that_lags_goes_back_and_forward_without_a_doubt_or_a_trade() -> None:
    told = story()
    told.all_at("0-0")
    for feed in FIVE:
        told.say(feed, "1-0", 60)
    told.close("bob", at_s=61)
    told.open("bob", at_s=62)

    assert judgements(told.say("bob", "0-0", 63)) == ["baseline"]
    assert judgements(told.say("bob", "1-0", 70)) == ["echo"]
    told.wait_until(200)
    assert len(told.triggers) == 1
    assert told.doubts == []


@pytest.mark.parametrize("period", ["pre", "HT", "FT", "ET1", "ETHT", "ET2", "AET", "PEN", "END"])
def test_a_goal_outside_the_ninety_minutes_is_accepted_and_not_traded(period: Period) -> None:
    told = story()
    told.all_at("0-0")

    goal = told.say("ada", "1-0", 60, period=period)

    assert judgements(goal) == ["advance"]
    assert told.standing == (0, "1-0")


def test_a_goal_that_one_feed_still_counts_as_second_half_is_not_traded_in_extra_time() -> None:
    told = story()
    told.all_at("1-1", period="2H")
    told.say("bob", None, 50, kind="period", period="ET1")

    goal = told.say("ada", "2-1", 60, period="2H")

    assert judgements(goal) == ["advance"]
    assert reasons(goal) == ["not regulation, says bob"]


def test_a_report_without_a_period_leaves_the_race_open_for_the_next() -> None:
    told = story()
    told.all_at("0-0")

    assert judgements(told.say("ada", "1-0", 60, period=None)) == ["claim"]
    assert judgements(told.say("bob", "1-0", 60.1)) == ["trigger"]


@pytest.mark.parametrize(
    "entrant",
    [
        Entrant(role="corroborate", dead_after_ns=10**18),
        Entrant(delay_ns=5 * SECOND, dead_after_ns=10**18),
    ],
)
def test_a_feed_that_may_not_trigger_leaves_the_race_to_one_that_may(entrant: Entrant) -> None:
    told = story(ada=entrant)
    told.all_at("0-0")

    assert judgements(told.say("ada", "1-0", 60)) == ["claim"]
    assert told.standing == (0, "0-0")
    assert judgements(told.say("bob", "1-0", 61)) == ["trigger"]
    (ledger,) = [one for one in told.race.ledgers() if one.feed == "ada"]
    assert (ledger.wins, ledger.earlier) == (0, 1)


def test_when_only_feeds_that_may_not_trigger_are_there_the_score_still_advances() -> None:
    told = Story({"ada": Entrant(role="corroborate"), "bob": Entrant(role="corroborate")})
    told.all_at("0-0")

    told.say("ada", "1-0", 1)
    last = told.say("bob", "1-0", 2)

    assert reasons(last) == ["every fresh feed shows it"]
    assert told.standing == (0, "1-0")
    assert told.triggers == []


def test_a_feed_whose_sides_are_swapped_never_triggers_and_raises_no_doubt() -> None:
    told = story()
    told.open(*FIVE)
    told.say("ada", "0-0", 1, oriented=False)
    for feed in FIVE[1:]:
        told.say(feed, "0-0", 1)

    assert judgements(told.say("ada", "0-1", 60, oriented=False)) == ["claim"]
    assert judgements(told.say("bob", "1-0", 60.5)) == ["trigger"]
    told.say("cyd", "1-0", 61)
    told.wait_until(300)
    assert told.standing == (0, "1-0")
    assert told.doubts == []


def test_an_unproved_side_never_begins_a_match() -> None:
    told = story()
    told.open("ada", "bob")

    told.say("ada", "0-1", 1, oriented=False)
    assert told.standing is None
    told.say("bob", "1-0", 2)

    assert told.standing == (0, "1-0")


def test_a_report_that_waited_too_long_is_accepted_and_not_traded() -> None:
    told = story()
    told.all_at("0-0")

    assert reasons(told.say("ada", "1-0", 60, waited_s=0.6)) == ["too old"]
    assert judgements(told.say("ada", "2-0", 70, waited_s=0.4)) == ["trigger"]


def test_a_match_that_is_not_open_is_followed_and_not_traded() -> None:
    told = story()
    told.stage_is_open = False
    told.all_at("0-0")

    assert reasons(told.say("ada", "1-0", 60)) == ["match not open"]
    assert told.standing == (0, "1-0")


def test_a_feed_that_disagreed_for_longer_than_the_window_triggers_nothing_there() -> None:
    told = story()
    told.all_at("0-0")
    for feed in FIVE[:4]:
        told.say(feed, "1-0", 60)

    late = told.say("eve", "1-1", 80)

    assert judgements(late) == ["claim"]
    assert reasons(late) == ["out of touch"]
    assert judgements(told.say("ada", "1-1", 81)) == ["trigger"]
    assert judgements(told.say("eve", "2-1", 90)) == ["trigger"]


def test_a_trigger_counts_the_fresh_and_oriented_feeds_that_know_the_match() -> None:
    told = Story({name: Entrant(dead_after_ns=10 * SECOND) for name in FIVE})
    told.open(*FIVE)
    told.say("dan", "0-0", 85)
    told.say("ada", "0-0", 100)
    told.say("bob", "0-0", 100)
    told.say("cyd", "0-0", 100, oriented=False)
    told.close("bob", at_s=101)

    (trigger,) = (one for one in told.say("ada", "1-0", 102) if isinstance(one, Trigger))

    assert trigger.fresh_feeds == 1


def test_a_heartbeat_keeps_a_quiet_feed_fresh() -> None:
    told = Story({name: Entrant(dead_after_ns=10 * SECOND) for name in FIVE})
    told.all_at("0-0")
    told.beat(*FIVE[1:], at_s=95)

    (trigger,) = (one for one in told.say("ada", "1-0", 100) if isinstance(one, Trigger))

    assert trigger.fresh_feeds == 5


def test_a_frame_of_an_older_connection_is_ignored() -> None:
    told = story()
    told.all_at("0-0")
    told.epochs["ada"] = 3
    told.say("ada", "0-0", 50)
    told.epochs["ada"] = 2

    assert reasons(told.say("ada", "1-0", 60)) == ["from an older connection"]


def test_a_traded_key_is_not_traded_again_after_a_restart() -> None:
    told = story()
    told.all_at("0-0")
    told.say("ada", "1-0", 60)
    told.restart()

    told.all_at("0-0", 70)
    for feed in FIVE:
        told.say(feed, "1-0", 71)

    assert len(told.triggers) == 1
    assert told.standing == (0, "1-0")


def test_a_key_that_the_journal_says_was_traded_is_accepted_and_not_traded() -> None:
    told = Story(traded=[GoalKey(MATCH, 0, "1-0")])
    told.all_at("0-0")

    assert reasons(told.say("ada", "1-0", 60)) == ["traded before"]


def test_a_start_up_baseline_below_the_journal_raises_the_generation_after_the_window() -> None:
    told = Story(standings={MATCH: Standing(generation=2, score=Score(1, 0))})
    told.all_at("0-0", 5)
    assert told.standing == (2, "1-0")

    told.wait_until(18)

    assert told.standing == (3, "0-0")
    told.wait_until(40)
    assert judgements(told.say("ada", "1-0", 41)) == ["trigger"]


def test_a_start_up_baseline_that_merely_lags_raises_nothing() -> None:
    told = Story(standings={MATCH: Standing(generation=2, score=Score(1, 0))})
    told.open(*FIVE)
    told.say("ada", "0-0", 1)
    told.say("bob", "1-0", 2)
    told.say("ada", "1-0", 6)
    told.wait_until(60)

    assert told.standing == (2, "1-0")
    assert told.doubts == []
    assert told.triggers == []


def test_a_lone_feed_that_returns_three_goals_behind_trades_none_of_its_catching_up() -> None:
    told = story()
    told.all_at("0-0")
    for goals in range(1, 4):
        for feed in FIVE:
            told.say(feed, f"{goals}-0", 60 * goals)
    told.close(*FIVE, at_s=200)
    told.open("ada", at_s=300)

    told.say("ada", "0-0", 301)
    told.wait_until(400)
    for goals in range(1, 4):
        told.say("ada", f"{goals}-0", 400 + goals)

    assert len(told.triggers) == 3
    assert told.standing == (0, "3-0")


def test_a_feed_that_runs_forty_seconds_ahead_loses_its_right_to_trigger() -> None:
    told = story()
    told.all_at("0-0")
    at_s = 100.0

    for goals in range(1, 4):
        told.say("ada", f"{goals}-0", at_s)
        told.wait_until(at_s + 39)
        for feed in FIVE[1:]:
            told.say(feed, f"{goals}-0", at_s + 40)
        told.wait_until(at_s + 99)
        at_s += 100

    (ada,) = [one for one in told.race.ledgers() if one.feed == "ada"]
    assert ada.quarantined
    assert ada.phantoms == 2
    assert told.triggers[-1][0] == "bob"
    assert judgements(told.say("ada", "4-0", at_s)) == ["claim"]


def test_matches_do_not_disturb_each_other() -> None:
    told = story()
    other = MatchId("KXWCGAME-22DEC17CROMAR")
    told.all_at("0-0")
    told.say("ada", "1-0", 30, match=other)
    told.say("bob", "1-0", 31, match=other)

    told.say("ada", "1-0", 60)
    told.say("ada", "2-0", 61, match=other)

    assert [(one.key.match, one.key.state) for one in told.outputs if isinstance(one, Trigger)] == [
        (MATCH, "1-0"),
        (other, "2-0"),
    ]


def test_a_forgotten_match_keeps_its_generation_and_its_score() -> None:
    told = story()
    told.all_at("0-0")
    told.say("ada", "1-0", 60)
    told.race.retain([])

    told.all_at("0-0", 70)
    told.say("ada", "1-0", 71)

    assert told.standing == (0, "1-0")
    assert len(told.triggers) == 1


def test_a_match_in_doubt_is_not_forgotten() -> None:
    told = story()
    told.all_at("0-0")
    told.say("ada", "1-0", 60)
    told.say("bob", "1-0", 61)
    told.say("ada", "0-0", 62)

    told.race.retain([])

    assert told.race.is_in_doubt(MATCH)


def test_a_feed_that_the_race_does_not_know_is_ignored() -> None:
    told = story()

    assert reasons(told.say("zoe", "1-0", 60)) == ["no such feed"]


def test_the_ledger_says_how_late_and_how_often_a_feed_was_there() -> None:
    told = story()
    told.all_at("0-0")
    for goals in range(1, 5):
        told.say("ada", f"{goals}-0", 60 * goals)
        told.say("bob", f"{goals}-0", 60 * goals + goals)
    ledgers = {one.feed: one for one in told.race.ledgers()}

    assert ledgers["ada"].wins == 4
    assert ledgers["ada"].margins_ns == (SECOND, 2 * SECOND, 3 * SECOND, 4 * SECOND)
    assert ledgers["bob"].lag_ns(0.5) == 3 * SECOND
    assert ledgers["bob"].lag_ns(1.0) == 4 * SECOND
    assert ledgers["bob"].coverage == 1.0
    assert ledgers["eve"].coverage == 0.0
    assert ledgers["eve"].lag_ns(0.5) is None
