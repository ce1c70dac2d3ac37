"""Laws of the race that hold whatever the feeds say, and whatever truth they tell."""

from collections import Counter
from typing import Literal, NamedTuple

import attrs
from hypothesis import given, settings, strategies as st

from actors.feeds.contest import Entrant
from actors.feeds.race import Race
from actors.messages.feeds import Confidence, Status
from actors.model.score import Score
from tests.feeds.story import FIVE, Outcome, Story, Subject, score_of

LONG = Entrant(dead_after_ns=10**18)

PROFILES = {
    "ada": LONG,
    "bob": LONG,
    "cyd": Entrant(dead_after_ns=10_000_000_000),
    "dan": Entrant(role="corroborate", dead_after_ns=10**18),
    "eve": Entrant(delay_ns=8_000_000_000, dead_after_ns=10**18),
}


class Line(NamedTuple):
    """One thing that happens in an arbitrary story."""

    what: Literal[
        "say", "retract", "open", "close", "beat", "wait", "restart", "review", "status", "replay"
    ]
    feed: str
    home: int
    away: int
    after_s: float
    period: Literal["1H", "2H", "HT", "ET1"] | None
    oriented: bool
    conf: Confidence
    subject: Subject
    outcome: Outcome
    status: Status


lines = st.lists(
    st.builds(
        Line,
        what=st.sampled_from(
            ["say"] * 14
            + ["retract", "open", "close", "beat", "wait", "restart"]
            + ["review", "review", "status", "replay"]
        ),
        feed=st.sampled_from(FIVE),
        home=st.integers(0, 2),
        away=st.integers(0, 1),
        after_s=st.sampled_from([0, 0, 0.001, 0.4, 1, 3, 5, 13]),
        period=st.sampled_from(["1H", "1H", "1H", "2H", "HT", "ET1", None]),
        oriented=st.sampled_from([True, True, True, True, False]),
        conf=st.sampled_from(["unstated"] * 6 + ["unconfirmed"] * 3 + ["confirmed", "cancelled"]),
        subject=st.sampled_from(["goal", "goal", "red"]),
        outcome=st.sampled_from(["open", "open", "stands", "overturned", "unknown"]),
        status=st.sampled_from(["live", "live", "suspended", "abandoned", "coverage_lost"]),
    ),
    max_size=60,
)


def tell(story: Story, plot: list[Line]) -> Story:
    at_s = 1.0
    for line in plot:
        at_s += line.after_s
        match line.what:
            case "open":
                story.open(line.feed, at_s=at_s)
            case "close":
                story.close(line.feed, at_s=at_s)
            case "beat":
                story.beat(line.feed, at_s=at_s)
            case "wait":
                story.wait_until(at_s)
            case "restart":
                story.restart()
            case _:
                utter(story, line, at_s)
    return story


def utter(story: Story, line: Line, at_s: float) -> None:
    """Let a feed say something of the match."""
    match line.what:
        case "say":
            story.say(
                line.feed,
                f"{line.home}-{line.away}",
                at_s,
                period=line.period,
                oriented=line.oriented,
                conf=line.conf,
            )
        case "retract":
            score = None if line.away else f"{line.home}-0"
            story.say(line.feed, score, at_s, kind="retraction")
        case "review":
            story.review(line.feed, line.subject, line.outcome, at_s)
        case "status":
            story.say(line.feed, None, at_s, kind="status", status=line.status)
        case "replay":
            story.say(line.feed, f"{line.home}-{line.away}", at_s, replay=True)
        case _:
            raise AssertionError(line.what)


@settings(max_examples=250, deadline=None)
@given(plot=lines)
def test_no_story_breaks_a_law_of_the_race(plot: list[Line]) -> None:
    # The laws themselves are checked line by line, by the story.
    story = tell(Story(goals_known=60), plot)
    keys = [(generation, state) for _, generation, state in story.triggers]
    assert len(keys) == len(set(keys))


@settings(max_examples=200, deadline=None)
@given(plot=lines)
def test_no_story_breaks_a_law_where_feeds_differ_in_what_they_may(plot: list[Line]) -> None:
    story = tell(Story(PROFILES), plot)
    assert {feed for feed, _, _ in story.triggers} <= {"ada", "bob", "cyd"}


@settings(max_examples=100, deadline=None)
@given(plot=lines)
def test_the_same_story_gives_the_same_race(plot: list[Line]) -> None:
    assert tell(Story(), plot).outputs == tell(Story(), plot).outputs


@settings(max_examples=100, deadline=None)
@given(plot=lines)
def test_books_that_are_kept_late_are_the_same_books(plot: list[Line]) -> None:
    plot = [line for line in plot if line.what != "restart"]
    punctual, late = tell(Story(), plot), tell(Story(finishes=False), plot)
    late.outputs += late.race.finish()

    assert late.outputs == punctual.outputs
    assert late.race.ledgers() == punctual.race.ledgers()
    assert late.standing == punctual.standing


@attrs.frozen
class Happening:
    """Something that really happens in a match, and when each feed hears of it."""

    what: Literal["home", "away", "cancelled"]
    after_s: float
    lags_s: tuple[float, ...]


def happenings(*what: str, slowest_s: float) -> st.SearchStrategy[list[Happening]]:
    lags = st.tuples(*(st.floats(0, slowest_s, allow_nan=False) for _ in FIVE))
    return st.lists(
        st.builds(
            Happening,
            what=st.sampled_from(what),
            after_s=st.floats(0.5, 40, allow_nan=False),
            lags_s=lags,
        ),
        max_size=8,
    )


def truth_of(match: list[Happening]) -> list[tuple[float, str, Happening]]:
    """Return when the score became what, by which happening."""
    at_s, score, scored = 100.0, Score(0, 0), [Score(0, 0)]
    truth = []
    for one in match:
        at_s += one.after_s
        if one.what == "cancelled":
            if len(scored) == 1:
                continue
            scored.pop()
            score = scored[-1]
        else:
            score = Score(score.home + (one.what == "home"), score.away + (one.what == "away"))
            scored.append(score)
        truth.append((at_s, score.text, one))
    return truth


def watch(truth: list[tuple[float, str, Happening]]) -> Story:
    """Let five feeds tell the truth, each in its order and with its own lags."""
    told: list[tuple[float, int, str]] = []
    for i in range(len(FIVE)):
        heard_s = 0.0
        for at_s, score, one in truth:
            heard_s = max(heard_s + 0.001, at_s + one.lags_s[i])
            told.append((heard_s, i, score))
    story = Story()
    story.all_at("0-0")
    for at_s, i, score in sorted(told):
        story.wait_until(at_s)
        story.say(FIVE[i], score, at_s)
    story.wait_until(1_000)
    return story


@settings(max_examples=200, deadline=None)
@given(match=happenings("home", "away", slowest_s=11.5))
def test_every_goal_that_truthful_feeds_tell_is_traded_once_and_none_is_doubted(
    match: list[Happening],
) -> None:
    truth = truth_of(match)

    story = watch(truth)

    assert [state for _, _, state in story.triggers] == [score for _, score, _ in truth]
    assert story.doubts == []
    assert not any(ledger.phantoms for ledger in story.race.ledgers())


@settings(max_examples=250, deadline=None)
@given(match=happenings("home", "away", "home", "cancelled", slowest_s=11.5))
def test_truthful_feeds_never_cause_more_trades_than_there_were_goals(
    match: list[Happening],
) -> None:
    truth = truth_of(match)
    goals = Counter(score for _, score, one in truth if one.what != "cancelled")

    story = watch(truth)

    assert not Counter(state for _, _, state in story.triggers) - goals
    standing = story.standing
    assert standing is not None
    assert standing[1] == (truth[-1][1] if truth else "0-0")


CONFIRMED_AFTER_S = 4.0


def hesitate(truth: list[tuple[float, str, Happening]], feeds: int) -> Story:
    """As ``watch``, but the first feeds are sure of a goal only after a while."""
    told: list[tuple[float, int, str, Confidence]] = []
    for i in range(len(FIVE)):
        heard_s, mine = 0.0, list[tuple[float, str]]()
        for at_s, score, one in truth:
            heard_s = max(heard_s + 0.001, at_s + one.lags_s[i])
            mine.append((heard_s, score))
        told += [
            (at_s, i, score, "unconfirmed" if i < feeds else "unstated") for at_s, score in mine
        ]
        for number, (at_s, score) in enumerate(mine, 1):
            sure_s = at_s + CONFIRMED_AFTER_S
            # With the next goal on its way the whole score is not confirmed yet.
            if i < feeds and (number == len(mine) or mine[number][0] > sure_s):
                told.append((sure_s, i, score, "confirmed"))
    story = Story(goals_known=60)
    story.all_at("0-0")
    for at_s, i, score, conf in sorted(told):
        story.wait_until(at_s)
        story.say(FIVE[i], score, at_s, conf=conf)
    story.wait_until(1_000)
    return story


@settings(max_examples=50, deadline=None)
@given(
    match=happenings("home", "away", slowest_s=7.5).map(lambda match: match[:4]),
    feeds=st.integers(1, 5),
)
def test_feeds_that_are_sure_only_later_trade_every_goal_once_and_charge_nobody(
    match: list[Happening], feeds: int
) -> None:
    truth = truth_of(match)

    story = hesitate(truth, feeds)

    assert [state for _, _, state in story.triggers] == [score for _, score, _ in truth]
    assert set(story.sizes_pm) <= {250, 1_000}
    assert story.doubts == []
    assert not any(ledger.phantoms for ledger in story.race.ledgers())


def test_a_race_without_reports_waits_for_nothing() -> None:
    race = Race(feeds={"ada": LONG})

    assert race.next_deadline_ns is None
    assert race.tick(10**12) == []
    assert score_of("2-1") == Score(2, 1)
