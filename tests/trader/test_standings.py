"""Laws of the standings: the race's score, the feeds' clock, and a bell for every change."""

from typing import Any

import attrs
from hypothesis import given, strategies as st

from actors.messages.feeds import FeedEvent
from actors.messages.race import Judged, Standing
from actors.model.score import GoalKey, MatchId, Score
from actors.trader.standings import Standings

MATCH = MatchId("M")
KEY = GoalKey(MATCH, 0, "1-0")
EVENT = FeedEvent(
    feed="alpha",
    epoch=1,
    frame_no=1,
    kind="score",
    received_ns=0,
    received_wall_ns=0,
    decoded_ns=0,
)


def judged(key: GoalKey | None = KEY, **says: Any) -> Judged:  # noqa: ANN401 - a report's own fields
    return Judged(report=attrs.evolve(EVENT, **says), judgement="echo", key=key, judged_ns=0)


@attrs.define
class Race:
    """The race's word, as the test has it."""

    accepted: tuple[Score, int] | None = (Score(1, 0), 0)
    rung: list[MatchId] = attrs.field(factory=list)

    def standings(self) -> Standings:
        return Standings(accepted=lambda _match: self.accepted, on_change=self.rung.append)


def test_a_match_without_an_accepted_score_stands_nowhere() -> None:
    race = Race(accepted=None)
    standings = race.standings()

    standings.hear(judged())

    assert standings.get(MATCH) is None
    assert race.rung == []


def test_before_any_report_the_race_is_believed_and_the_clock_is_unknown() -> None:
    race = Race()

    assert race.standings().get(MATCH) == Standing(
        score=Score(1, 0), generation=0, period="", clock_s=0
    )


def test_a_report_about_no_match_of_ours_says_nothing() -> None:
    race = Race()
    standings = race.standings()

    standings.hear(judged(key=None, clock_s=600))

    assert race.rung == []


def test_the_bell_rings_once_for_every_change_and_never_for_a_repetition() -> None:
    race = Race()
    standings = race.standings()

    standings.hear(judged(clock_s=600, period="1H"))
    standings.hear(judged(clock_s=600, period="1H"))
    assert race.rung == [MATCH]

    race.accepted = (Score(2, 0), 0)
    standings.hear(judged(clock_s=600, period="1H"))
    race.accepted = (Score(1, 0), 1)
    standings.hear(judged(clock_s=600, period="1H"))
    assert race.rung == [MATCH] * 3
    assert standings.get(MATCH) == Standing(
        score=Score(1, 0), generation=1, period="1H", clock_s=600
    )


def test_a_feed_that_knows_no_period_takes_none_away() -> None:
    standings = Race().standings()

    standings.hear(judged(period="2H", clock_s=3_000))
    standings.hear(judged(clock_s=3_060))

    standing = standings.get(MATCH)
    assert standing is not None
    assert (standing.period, standing.clock_s) == ("2H", 3_060)


@given(st.lists(st.one_of(st.none(), st.integers(0, 7_200)), min_size=1))
def test_the_clock_never_runs_backwards_however_the_feeds_disagree(
    clocks: list[int | None],
) -> None:
    standings, latest_s = Race().standings(), 0
    for clock_s in clocks:
        standings.hear(judged(clock_s=clock_s))
        standing = standings.get(MATCH)
        assert standing is not None
        latest_s = max(latest_s, clock_s or 0)
        assert standing.clock_s == latest_s


def test_a_new_period_begins_at_its_own_clock() -> None:
    standings = Race().standings()
    standings.hear(judged(period="1H", clock_s=2_880, received_ns=7))
    standings.hear(judged(period="2H", clock_s=2_700, received_ns=900))

    standing = standings.get(MATCH)
    assert standing is not None
    assert (standing.period, standing.clock_s, standing.clock_ns) == ("2H", 2_700, 900)


def test_a_laggard_takes_no_period_and_no_clock_back() -> None:
    standings = Race().standings()
    standings.hear(judged(period="2H", clock_s=2_760, received_ns=900))
    standings.hear(judged(period="1H", clock_s=2_880, received_ns=950))
    standings.hear(judged(period="2H", clock_s=2_730, received_ns=990))

    standing = standings.get(MATCH)
    assert standing is not None
    assert (standing.period, standing.clock_s, standing.clock_ns) == ("2H", 2_760, 900)


def test_a_period_without_a_clock_forgets_that_of_the_last() -> None:
    standings = Race().standings()
    standings.hear(judged(period="1H", clock_s=2_880, received_ns=7))
    standings.hear(judged(period="2H", received_ns=900))

    standing = standings.get(MATCH)
    assert standing is not None
    assert (standing.clock_s, standing.clock_ns) == (0, 0)
