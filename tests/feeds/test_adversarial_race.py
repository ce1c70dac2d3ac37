"""The adversarial cases of reference ``feeds.md`` section 7 that the race itself must survive.

Each is told with the feeds in every order, or in enough of them: which feed is fast and
which is slow must not matter.
"""

from collections.abc import Callable
from itertools import permutations
from typing import Concatenate, ParamSpec

import pytest
from hypothesis import given, settings, strategies as st

from actors.audit.recording import report_row
from actors.feeds.contest import Standing
from actors.feeds.entities import Bindings, Bound, Unbound
from actors.feeds.recall import Recalled, recall
from actors.messages.catalogue import Catalogue, Match
from actors.messages.feeds import FeedEvent
from actors.messages.race import Judged, RaceOutput
from actors.model.score import GoalKey, MatchId, Period, Policy, Score
from actors.model.sports import Basketball, Esports, EsportsScore
from actors.model.sports_tennis import Tennis, TennisScore
from tests.feeds.story import FIVE, MATCH, Story, judgements, reasons

Order = tuple[str, ...]
P = ParamSpec("P")


def in_any_order(law: Callable[Concatenate[Order, P], None]) -> Callable[P, None]:
    """Try a case with the feeds in many orders."""
    orders = st.permutations(FIVE).map(tuple)
    return settings(max_examples=16, deadline=None)(given(order=orders)(law))


def at_nil_nil() -> Story:
    story = Story()
    story.all_at("0-0")
    return story


def all_show(story: Story, order: Order, score: str, at_s: float, apart_s: float = 0.5) -> None:
    """Let every feed show a score, one after the other."""
    for i, feed in enumerate(order):
        story.say(feed, score, at_s + i * apart_s)


@pytest.mark.parametrize("order", list(permutations(FIVE)))
def test_a01_one_goal_in_five_feeds_is_one_trade(order: Order) -> None:
    story = at_nil_nil()

    all_show(story, order, "1-0", 60, apart_s=2)
    story.wait_until(200)

    assert story.triggers == [(order[0], 0, "1-0")]
    assert story.sizes_pm == [1_000]
    assert story.doubts == []


@pytest.mark.parametrize("second", ["2-0", "1-1"])
@pytest.mark.parametrize("gap_s", [1, 9, 14.9])
@in_any_order
def test_a02_two_genuine_goals_are_two_trades(order: Order, gap_s: float, second: str) -> None:
    story = at_nil_nil()

    news: list[tuple[float, str, str]] = [
        (60 + lag_s, feed, "1-0") for lag_s, feed in enumerate(order)
    ]
    news += [(60 + gap_s + lag_s, feed, second) for lag_s, feed in enumerate(order)]
    for at_s, feed, score in sorted(news, key=lambda one: one[0]):
        story.say(feed, score, at_s)
    story.wait_until(200)

    assert [state for _, _, state in story.triggers] == ["1-0", second]
    assert story.doubts == []


@in_any_order
def test_a03_a_slow_feed_that_tells_of_the_first_goal_after_the_second(order: Order) -> None:
    story = at_nil_nil()
    story.say(order[0], "1-0", 60)
    story.say(order[0], "2-0", 63)

    for feed in order[1:]:
        assert judgements(story.say(feed, "1-0", 64)) == ["laggard"]
        assert judgements(story.say(feed, "2-0", 66)) == ["echo"]

    assert len(story.triggers) == 2
    assert story.doubts == []


@in_any_order
def test_a04_a_slow_feed_that_reports_the_goal_sixteen_seconds_late(order: Order) -> None:
    story = at_nil_nil()
    all_show(story, order[:4], "1-0", 60)
    story.wait_until(75.9)

    assert judgements(story.say(order[4], "1-0", 76)) == ["echo"]
    assert len(story.triggers) == 1
    assert story.doubts == []


@in_any_order
def test_a05_a_goal_overturned_and_scored_again_is_two_keys(order: Order) -> None:
    story = at_nil_nil()
    all_show(story, order, "1-0", 60)
    all_show(story, order, "0-0", 70)
    all_show(story, order, "1-0", 80)
    story.wait_until(200)

    assert [(generation, state) for _, generation, state in story.triggers] == [
        (0, "1-0"),
        (1, "1-0"),
    ]
    assert story.standing == (1, "1-0")


@in_any_order
def test_a06_a_slow_feed_tells_of_a_cancelled_goal_for_the_first_time(order: Order) -> None:
    fast, slow = order[:3], order[3:]
    story = at_nil_nil()
    all_show(story, fast, "1-0", 60, apart_s=0.2)
    all_show(story, fast, "0-0", 64, apart_s=0.2)

    for feed in slow:
        assert judgements(story.say(feed, "1-0", 66)) == ["laggard"]
        assert judgements(story.say(feed, "0-0", 70)) == ["echo"]

    assert len(story.triggers) == 1
    assert story.standing == (1, "0-0")


@in_any_order
def test_a07_a_regression_in_one_feed_alone_is_never_confirmed(order: Order) -> None:
    story = at_nil_nil()
    all_show(story, order, "1-0", 60)

    assert judgements(story.say(order[2], "0-0", 70)) == ["reversal"]
    assert story.race.is_in_doubt(MATCH)
    story.wait_until(70 + 12.1)

    assert not story.race.is_in_doubt(MATCH)
    assert story.standing == (0, "1-0")
    assert len(story.triggers) == 1


@in_any_order
def test_a08_a_reversal_before_any_slow_feed_saw_the_goal(order: Order) -> None:
    story = at_nil_nil()
    story.say(order[0], "1-0", 60)

    reversal = story.say(order[0], "0-0", 61)

    assert judgements(reversal) == ["reversal", "overturned", "stands"]
    assert story.standing == (1, "0-0")
    for feed in order[1:]:
        story.say(feed, "1-0", 62)
        story.say(feed, "0-0", 63)
    story.wait_until(200)
    assert len(story.triggers) == 1


@in_any_order
def test_a09_a_jump_of_two_goals_updates_and_does_not_trade(order: Order) -> None:
    story = at_nil_nil()

    all_show(story, order, "2-0", 60)

    assert story.triggers == []
    assert story.standing == (0, "2-0")


@in_any_order
def test_a10_a_feed_with_swapped_sides_trades_nothing_and_doubts_nothing(order: Order) -> None:
    swapped, *others = order
    story = Story()
    story.open(*FIVE)
    for feed in order:
        story.say(feed, "0-0", 1, oriented=feed != swapped)

    assert judgements(story.say(swapped, "0-1", 60, oriented=False)) == ["claim"]
    all_show(story, tuple(others), "1-0", 60.2)
    story.wait_until(200)

    assert story.triggers == [(others[0], 0, "1-0")]
    assert story.doubts == []


@pytest.mark.parametrize("marked", [False, True])
@in_any_order
def test_a11_a_history_told_again_after_a_reconnect(order: Order, *, marked: bool) -> None:
    story = at_nil_nil()
    for at_s, score in [(60, "1-0"), (120, "2-0"), (180, "2-1")]:
        all_show(story, order, score, at_s)
    story.close(order[0], at_s=190)
    story.open(order[0], at_s=191)

    for i, score in enumerate(["0-0", "1-0", "0-0", "1-0", "2-0", "2-1"]):
        if marked or score != "0-0" or i == 0:
            story.say(order[0], score, 192 + i / 100, replay=marked)
    story.say(order[0], "2-1", 193)
    story.wait_until(300)

    assert len(story.triggers) == 3
    assert story.standing == (0, "2-1")
    assert story.doubts == []


@in_any_order
def test_a11_history_marked_as_such_moves_nothing_at_all(order: Order) -> None:
    story = at_nil_nil()

    for feed in order:
        assert reasons(story.say(feed, "1-0", 60, replay=True)) == ["replayed"]
        assert reasons(story.say(feed, None, 60, kind="retraction", replay=True)) == ["replayed"]

    assert story.standing == (0, "0-0")
    assert judgements(story.say(order[0], "1-0", 61)) == ["trigger"]


@in_any_order
def test_a12_a_reconnect_that_lands_on_a_lagging_server(order: Order) -> None:
    story = at_nil_nil()
    all_show(story, order, "1-0", 60)
    story.close(order[0], at_s=70)
    story.open(order[0], at_s=71)

    assert judgements(story.say(order[0], "0-0", 72)) == ["baseline"]
    assert judgements(story.say(order[0], "1-0", 80)) == ["echo"]
    story.wait_until(200)

    assert len(story.triggers) == 1
    assert story.doubts == []


@in_any_order
def test_a17_a_clock_that_goes_back_or_starts_anew_says_nothing_of_the_score(order: Order) -> None:
    story = at_nil_nil()
    clocks: list[tuple[int, Period]] = [(2_880, "1H"), (2_700, "2H"), (2_640, "2H"), (30, "2H")]

    for i, (clock_s, period) in enumerate(clocks):
        said = story.say(order[0], "0-0", 60 + i, clock_s=clock_s, period=period)
        assert judgements(said) == ["repeat"]

    assert judgements(story.say(order[0], "1-0", 70, clock_s=12, period="2H")) == ["trigger"]
    assert story.doubts == []


def fixture(match: str, *ids: str, kickoff_wall_ns: int = 0) -> Match:
    return Match(
        match=MatchId(match),
        series="S",
        title=match,
        home_name="Home",
        away_name="Away",
        stage="LIVE",
        markets=(),
        provider_ids=frozenset(ids),
        kickoff_wall_ns=kickoff_wall_ns,
    )


def saying(feed_match: str) -> FeedEvent:
    return FeedEvent(
        feed="ada",
        epoch=1,
        frame_no=1,
        kind="snapshot",
        feed_match=feed_match,
        home_name="Home",
        away_name="Away",
        received_ns=0,
        received_wall_ns=0,
        decoded_ns=0,
    )


def bindings(*matches: Match) -> Bindings:
    return Bindings.of(Catalogue(matches={one.match: one for one in matches}, read_ns=0))


def test_a18_an_id_that_two_matches_claim_belongs_to_neither() -> None:
    both = bindings(fixture("M1", "7", "8"), fixture("M2", "7", "9"))

    assert isinstance(both.lookup(saying("7")), Unbound)
    for own, match in (("8", "M1"), ("9", "M2")):
        bound = both.lookup(saying(own))
        assert isinstance(bound, Bound)
        assert bound.match == match


def test_a18_two_fixtures_of_the_same_teams_on_one_day_do_not_mix() -> None:
    story, other = at_nil_nil(), MatchId("KXWCGAME-22DEC18ARGFRA2")
    for feed in FIVE:
        story.say(feed, "0-0", 10, match=other)

    story.say("ada", "1-0", 60)
    story.say("bob", "1-0", 61, match=other)

    assert [
        one.key.match
        for one in story.outputs
        if isinstance(one, Judged) and one.judgement == "trigger" and one.key
    ] == [MATCH, other]


def test_a19_a_match_that_moves_or_gets_another_id_keeps_what_is_known_of_it() -> None:
    before = bindings(fixture("M1", "7", kickoff_wall_ns=0))
    before.lookup(saying("7"))

    moved = Catalogue(
        matches={MatchId("M1"): fixture("M1", "7", "70", kickoff_wall_ns=3 * 3_600 * 10**9)},
        read_ns=1,
    )
    after = before.renewed(moved)

    for feed_match in ("7", "70"):
        bound = after.lookup(saying(feed_match))
        assert isinstance(bound, Bound)
        assert (bound.match, bound.oriented) == ("M1", True)
    assert isinstance(before.renewed(Catalogue(matches={}, read_ns=2)).lookup(saying("7")), Unbound)


@pytest.mark.parametrize("period", ["pre", "HT", "FT", "ET1", "ETHT", "ET2", "AET", "PEN", "END"])
@in_any_order
def test_a20_a_goal_outside_the_ninety_minutes_is_not_traded(order: Order, period: Period) -> None:
    story = at_nil_nil()

    for i, feed in enumerate(order):
        story.say(feed, "1-0", 60 + i, period=period)

    assert story.triggers == []
    assert story.standing == (0, "1-0")


@in_any_order
def test_a20_a_correction_after_the_end_is_not_traded_on_a_feed_whose_period_lags(
    order: Order,
) -> None:
    story = at_nil_nil()
    story.say(order[1], None, 50, kind="status", status="ended", period=None)

    late = story.say(order[0], "1-0", 60, period="2H")

    assert reasons(late) == [f"ended, says {order[1]}"]
    assert story.triggers == []


@in_any_order
def test_a21_a_match_abandoned_and_then_awarded_trades_nothing(order: Order) -> None:
    story = Story()
    story.all_at("2-0", period="2H")
    for feed in order:
        story.say(feed, None, 50, kind="status", status="abandoned", period=None)

    for feed in order:
        story.say(feed, "3-0", 4_000, period="2H")

    assert story.triggers == []
    assert story.standing == (0, "3-0")


@in_any_order
def test_a22_an_own_goal_credited_to_the_wrong_side_is_not_bought_again(order: Order) -> None:
    story = at_nil_nil()
    all_show(story, order[:3], "1-0", 60, apart_s=0.2)

    all_show(story, order, "0-1", 65, apart_s=0.2)
    story.wait_until(200)

    assert story.triggers == [(order[0], 0, "1-0")]
    assert story.standing == (1, "0-1")
    assert not story.race.is_in_doubt(MATCH)


@in_any_order
def test_a23_an_amendment_that_carries_an_old_score_closes_entries_and_buys_nothing(
    order: Order,
) -> None:
    story = at_nil_nil()
    all_show(story, order, "1-0", 60)
    all_show(story, order, "2-0", 90)

    assert judgements(story.say(order[0], "1-0", 95, kind="score")) == ["reversal"]
    assert story.race.is_in_doubt(MATCH)
    assert judgements(story.say(order[0], "2-0", 96)) == ["restored"]

    assert not story.race.is_in_doubt(MATCH)
    assert story.standing == (0, "2-0")
    assert len(story.triggers) == 2


@in_any_order
def test_a24_a_discard_of_the_unknown_and_one_that_comes_twice(order: Order) -> None:
    story = at_nil_nil()
    said = story.say(order[0], None, 30, kind="retraction")
    assert reasons(said) == ["takes nothing back"]

    all_show(story, order, "1-0", 60)
    first = story.say(order[0], None, 65, kind="retraction", conf="cancelled")
    again = story.say(order[0], None, 66, kind="retraction", conf="cancelled")

    assert judgements(first) == ["reversal", "overturned", "stands"]
    assert reasons(again) == ["takes nothing back"]
    assert story.standing == (1, "0-0")


@in_any_order
def test_a24_a_goal_that_is_discarded_hours_later_is_taken_back_and_nothing_is_bought(
    order: Order,
) -> None:
    story = at_nil_nil()
    all_show(story, order, "1-0", 60)
    story.wait_until(7_200)

    story.say(order[3], "0-0", 7_200, kind="score", conf="cancelled", period="END")

    assert story.standing == (1, "0-0")
    assert len(story.triggers) == 1


@in_any_order
def test_a25_a_review_that_overturns_a_goal_without_a_discard(order: Order) -> None:
    story = at_nil_nil()
    all_show(story, order, "1-0", 60)
    story.review(order[0], "goal", "open", 70)

    overturned = story.review(order[0], "goal", "overturned", 130)

    assert judgements(overturned) == ["reversal", "overturned", "stands"]
    assert story.standing == (1, "0-0")
    assert not story.race.is_in_doubt(MATCH)
    for feed in order[1:]:
        story.say(feed, "0-0", 131)
    assert judgements(story.say(order[1], "1-0", 400)) == ["trigger"]


@in_any_order
def test_a25_a_discard_without_a_review(order: Order) -> None:
    story = at_nil_nil()
    all_show(story, order, "1-0", 60)

    assert "overturned" in judgements(story.say(order[4], "0-0", 70, kind="retraction"))
    assert story.standing == (1, "0-0")


@in_any_order
def test_a26_a_score_of_one_side_alone_is_no_score(order: Order) -> None:
    # A dialect that has heard of one side alone names no score, as it does of a clock.
    story = at_nil_nil()

    assert reasons(story.say(order[0], None, 60, kind="clock")) == ["clock"]
    assert judgements(story.say(order[0], "1-0", 61)) == ["trigger"]


def journalled(story: Story) -> Recalled:
    """Recall what the journal would hold of a story."""
    return recall([report_row(one, 0) for one in story.outputs if isinstance(one, Judged)])


@in_any_order
def test_a35_an_arbiter_that_restarts_within_a_match_goes_on_where_it_was(order: Order) -> None:
    story = at_nil_nil()
    all_show(story, order, "1-0", 60)
    all_show(story, order, "0-0", 70)
    story.say(order[0], "1-0", 90)
    recalled = journalled(story)

    back = Story(
        traded=[*recalled.traded, *(GoalKey(MATCH, g, state) for _, g, state in story.triggers)],
        standings=recalled.standings,
    )
    back.all_at("0-0", 100)
    for feed in order:
        back.say(feed, "1-0", 101)

    assert recalled.standings == {MATCH: Standing(generation=1, score=Score(1, 0))}
    assert back.triggers == []
    assert back.standing == (1, "1-0")
    assert judgements(back.say(order[1], "2-0", 130)) == ["trigger"]


@in_any_order
def test_a36_all_feeds_die_and_one_returns_three_goals_behind(order: Order) -> None:
    story = at_nil_nil()
    for goals in range(1, 4):
        all_show(story, order, f"{goals}-0", 60 * goals)
    story.close(*order, at_s=200)
    story.open(order[0], at_s=300)

    story.say(order[0], "0-0", 301)
    story.wait_until(400)
    for goals in range(1, 4):
        story.say(order[0], f"{goals}-0", 400 + goals)

    assert len(story.triggers) == 3
    assert story.standing == (0, "3-0")


@in_any_order
def test_a37_a_feed_that_is_always_forty_seconds_ahead_is_quarantined(order: Order) -> None:
    story = at_nil_nil()
    at_s = 100.0
    for goals in range(1, 4):
        story.say(order[0], f"{goals}-0", at_s)
        story.wait_until(at_s + 39)
        all_show(story, order[1:], f"{goals}-0", at_s + 40, apart_s=0.1)
        story.wait_until(at_s + 99)
        at_s += 100

    ledgers = {one.feed: one for one in story.race.ledgers()}
    assert ledgers[order[0]].quarantined
    assert not any(ledgers[feed].phantoms for feed in order[1:])
    assert story.triggers[-1][0] == order[1]


def points(home: int, away: int) -> TennisScore:
    return TennisScore.of(games=(2, 1), points=(home, away))


DECREASES: dict[str, tuple[Policy, tuple[Score, Score, Score]]] = {
    "advantage to deuce": (Tennis(), (points(3, 3), points(4, 3), points(3, 3))),
    "a map played anew": (
        Esports(),
        (EsportsScore(0, 0, 5, 6), EsportsScore(0, 0, 6, 6), EsportsScore(0, 0)),
    ),
    "a three that was a two": (Basketball(), (Score(95, 90), Score(98, 90), Score(97, 90))),
}


@pytest.mark.parametrize("case", DECREASES)
@in_any_order
def test_a40_a_decrease_that_the_rules_of_play_allow_is_no_reversal(
    order: Order, case: str
) -> None:
    policy, scores = DECREASES[case]
    story = Story(policy=policy)
    told: list[RaceOutput] = []
    for at_s, score in enumerate(scores):
        for i, feed in enumerate(order):
            told += story.say(feed, score, 10 * at_s + i)

    story.wait_until(200)

    standing = story.race.standing(MATCH)
    assert standing == Standing(generation=0, score=scores[-1])
    assert story.doubts == []
    assert not any(one.reversals or one.phantoms for one in story.race.ledgers())
    assert judgements(told)[-5:] == ["advance", "echo", "echo", "echo", "echo"]


@in_any_order
def test_a40_late_news_of_what_the_rules_of_play_took_back_moves_nothing(order: Order) -> None:
    story = Story(policy=Tennis())
    deuce, advantage = points(3, 3), points(4, 3)
    for feed in order:
        story.say(feed, deuce, 1)
    for at_s, score in [(10, advantage), (14, deuce)]:
        for feed in order[:4]:
            story.say(feed, score, at_s)

    assert judgements(story.say(order[4], advantage, 15)) == ["laggard"]
    assert judgements(story.say(order[4], deuce, 19)) == ["echo"]

    assert story.race.standing(MATCH) == Standing(generation=0, score=deuce)
    assert story.doubts == []


@in_any_order
def test_a41_one_feed_that_flaps_once_buys_nothing_again(order: Order) -> None:
    story = at_nil_nil()
    all_show(story, order, "1-0", 60, apart_s=0.1)
    for at_s, score in [(62, "0-0"), (63, "1-0")]:
        story.say(order[0], score, at_s)
        for feed in order[1:]:
            story.say(feed, "1-0", at_s + 0.1)
    story.wait_until(200)

    assert len(story.triggers) == 1
    assert story.standing == (0, "1-0")
    assert [opened for opened, _, _ in story.doubts] == [True, False]


@in_any_order
def test_a42_one_feed_alone_ahead_for_longer_than_the_window_is_a_phantom(order: Order) -> None:
    story = at_nil_nil()
    story.say(order[0], "1-0", 60)

    told = story.wait_until(72)

    assert judgements(told) == ["phantom", "stands"]
    assert story.standing == (1, "0-0")
    phantoms = {one.feed: one.phantoms for one in story.race.ledgers()}
    assert phantoms == {feed: int(feed == order[0]) for feed in FIVE}


@in_any_order
def test_a43_a_flap_while_a_real_goal_of_the_other_side_arrives(order: Order) -> None:
    story = at_nil_nil()
    all_show(story, order, "1-0", 60, apart_s=0.1)

    story.say(order[0], "0-0", 70)
    for feed in order[1:]:
        story.say(feed, "1-1", 71)
    story.say(order[0], "1-0", 71.5)
    story.say(order[0], "1-1", 72)
    story.wait_until(200)

    assert len(story.triggers) == 1, "nothing is bought in doubt"
    assert story.standing == (0, "1-1")
    assert not story.race.is_in_doubt(MATCH)
