"""Laws of a provider's clock: when a report is old by it, and when it is not relied on."""

from hypothesis import given, settings, strategies as st

from actors.feeds.clocks import LEAST_SPANS, OLD_NS, SPAN_NS, SPANS_KEPT, STEADY_NS, ProviderClock
from tests.feeds.story import FIVE, SECOND, Story, judgements, reasons

OLD = "old by its provider's clock"
HOUR = 3_600 * SECOND
apart = st.integers(-20 * HOUR, 20 * HOUR)
"""How far a provider's clock may be off ours."""
lags = st.lists(st.integers(0, STEADY_NS), min_size=30, max_size=60)


def known(clock: ProviderClock, apart_ns: int, until_s: int = 60) -> None:
    """Let reports come each second, as late as ever."""
    for second in range(until_s):
        clock.hear(apart_ns, second * SECOND)


@given(apart_ns=apart, lags_ns=lags)
@settings(max_examples=25, deadline=None)
def test_however_far_off_it_is_what_comes_in_its_usual_time_is_never_old(
    apart_ns: int, lags_ns: list[int]
) -> None:
    clock = ProviderClock()

    for second, lag_ns in enumerate(lags_ns):
        assert not clock.is_old(apart_ns + lag_ns)
        clock.hear(apart_ns + lag_ns, second * SECOND)


@given(apart_ns=apart, late_ns=st.integers(OLD_NS + 1, HOUR))
@settings(max_examples=25, deadline=None)
def test_what_comes_much_later_than_usual_is_old(apart_ns: int, late_ns: int) -> None:
    clock = ProviderClock()
    known(clock, apart_ns)

    # All that a stalled connection held back comes at once.
    clock.hear(apart_ns + late_ns, 90 * SECOND)

    assert clock.is_old(apart_ns + late_ns)
    assert not clock.is_old(apart_ns + OLD_NS)


def test_nothing_is_old_before_its_clock_is_known() -> None:
    clock = ProviderClock()
    for span in range(LEAST_SPANS):
        clock.hear(0, span * SPAN_NS)

    assert clock.usual_ns is None
    assert not clock.is_old(HOUR)


def test_a_clock_that_stands_or_counts_in_another_unit_is_not_relied_on() -> None:
    still, seconds = ProviderClock(), ProviderClock()
    for second in range(300):
        still.hear(second * SECOND, second * SECOND)
        # Seconds that are taken for milliseconds.
        seconds.hear(second * (SECOND - SECOND // 1_000), second * SECOND)

        assert not still.is_old(second * SECOND)
        assert seconds.usual_ns is None


def test_a_clock_that_was_set_is_believed_again_after_a_while() -> None:
    for set_by_ns in (HOUR, -HOUR):
        clock = ProviderClock()
        known(clock, 0)
        later_ns = [60 * SECOND + span * SPAN_NS for span in range(SPANS_KEPT + 2)]
        for at_ns in later_ns:
            clock.hear(set_by_ns, at_ns)

        assert clock.usual_ns == set_by_ns
        assert not clock.is_old(set_by_ns)


def test_it_is_known_after_thirty_seconds_and_three_seconds_beyond_its_quickest_is_old() -> None:
    clock = ProviderClock()
    for second in range(30):
        clock.hear(SECOND if second % 10 else 0, second * SECOND)
    assert not clock.is_old(HOUR)

    clock.hear(0, 30 * SECOND)

    assert clock.usual_ns == 0
    assert not clock.is_old(3 * SECOND)
    assert clock.is_old(3 * SECOND + 1)


def test_it_is_relied_on_while_the_quickest_of_a_minute_lie_within_a_second_and_a_half() -> None:
    for apart_ns in (1_500_000_000, 1_500_000_001):
        clock = ProviderClock()
        known(clock, 0, until_s=70)
        for at_s in range(70, 140, 10):
            assert clock.usual_ns == (0 if at_s <= 80 or apart_ns == 1_500_000_000 else None)
            clock.hear(apart_ns, at_s * SECOND)
        assert clock.usual_ns == apart_ns, "the old minute is over"


def told(story: Story, feed: str, at_s: float, stamp_s: float, score: str = "0-0") -> list[str]:
    """Let a feed say something with a time of its own on it; return the reasons."""
    return reasons(story.say(feed, score, at_s, provider_ts_ns=round(stamp_s * SECOND)))


def test_a_goal_that_a_stalled_connection_held_back_is_accepted_and_not_traded() -> None:
    for ahead_s in (-7_200.0, 0.0, 86_400.0):
        story = Story()
        story.all_at("0-0")
        for second in range(1, 60):
            told(story, "ada", second, second + ahead_s)

        assert told(story, "ada", 90, 61 + ahead_s, "1-0") == [OLD]
        assert story.standing == (0, "1-0")
        assert story.triggers == []
        # What it says next is of this instant again.
        assert told(story, "ada", 91, 91 + ahead_s, "1-1") == [""]
        assert story.triggers == [("ada", 0, "1-1")]


def test_an_old_report_of_one_feed_takes_nothing_from_another() -> None:
    story = Story()
    story.all_at("0-0")
    for second in range(1, 60):
        for feed in FIVE:
            told(story, feed, second, second)

    assert judgements(story.say("bob", "1-0", 61, provider_ts_ns=61 * SECOND)) == ["trigger"]
    assert judgements(story.say("ada", "1-0", 70, provider_ts_ns=61 * SECOND)) == ["echo"]
    assert story.triggers == [("bob", 0, "1-0")]


def test_history_says_nothing_of_a_clock() -> None:
    story = Story()
    story.all_at("0-0")
    for second in range(1, 60):
        told(story, "ada", second, second)
        story.say("ada", "0-0", second, replay=True, provider_ts_ns=0)

    assert told(story, "ada", 61, 61, "1-0") == [""]
    assert told(story, "ada", 70, 62, "2-0") == [OLD]


def test_our_own_wall_clock_may_be_set_as_often_as_anybody_likes() -> None:
    story = Story()
    story.all_at("0-0")
    for second in range(1, 60):
        told(story, "ada", second, second)

    said = story.say("ada", "1-0", 61, provider_ts_ns=61 * SECOND, received_wall_ns=10**18)

    assert reasons(said) == [""]
