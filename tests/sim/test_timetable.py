"""Laws of the wall clock."""

import itertools

import pytest
from hypothesis import given, settings, strategies as st

from actors.model.score import Period
from actors.sim.matchday import Matchday, matchday, matchdays
from actors.sim.script import day_script
from actors.sim.timetable import STARTS, MatchTimetable, Pace, Timetable, lay_out

days = st.sampled_from(list(matchdays().values()))
paces = st.builds(
    Pace,
    speed=st.sampled_from([1.0, 20.0, 60.0, 300.0]),
    min_gap_s=st.sampled_from([1.0, 4.0]),
    max_gap_s=st.sampled_from([5.0, 30.0]),
)


def timetable(day: str = "2026-07-01", seed: int = 1, pace: Pace | None = None) -> Timetable:
    return lay_out(day_script(matchday(day), seed), pace or Pace())


def at(match: MatchTimetable, period: Period) -> float:
    return next(m.at_s for m in match.moments if m.incident.period == period)


@given(day=days, seed=st.integers(0, 1000), pace=paces)
@settings(max_examples=40, deadline=None)
def test_incidents_keep_their_distance_and_breaks_are_short(
    day: Matchday, seed: int, pace: Pace
) -> None:
    for match in lay_out(day_script(day, seed), pace).matches:
        for now, then in itertools.pairwise(match.moments):
            gap_s = then.at_s - now.at_s
            if "kick" in {now.incident.kind, then.incident.kind}:
                assert gap_s == pytest.approx(pace.kick_s)
            elif now.incident.period in STARTS:
                assert pace.min_gap_s - 1e-6 <= gap_s <= max(pace.max_gap_s, pace.min_gap_s) + 1e-6
            else:
                assert 0 < gap_s <= pace.break_s + 1e-6


@given(day=days, seed=st.integers(0, 1000), pace=paces)
@settings(max_examples=40, deadline=None)
def test_the_stadium_clock_never_goes_back_within_a_period(
    day: Matchday, seed: int, pace: Pace
) -> None:
    for match in lay_out(day_script(day, seed), pace).matches:
        seen: dict[Period, float] = {}
        steps = int((match.ends_s - match.opens_s) / 0.37) + 2
        for step in range(steps):
            clock = match.clock_at(match.opens_s + 0.37 * step)
            assert clock.played_s >= seen.get(clock.period, 0.0)
            seen[clock.period] = clock.played_s


@given(day=days, seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_markets_open_well_before_kick_off(day: Matchday, seed: int) -> None:
    matches = lay_out(day_script(day, seed), Pace()).matches

    assert all(match.kickoff_s - match.opens_s >= 3 for match in matches)
    assert min(match.opens_s for match in matches) == 0


@given(day=days, seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_between_two_matches_nobody_waits_longer_than_a_break(day: Matchday, seed: int) -> None:
    matches = sorted(
        lay_out(day_script(day, seed), Pace()).matches, key=lambda match: match.kickoff_s
    )

    busy_until_s = matches[0].ends_s
    for match in matches[1:]:
        assert match.kickoff_s - busy_until_s <= Pace().break_s + 1e-6
        busy_until_s = max(busy_until_s, match.ends_s)


def test_matches_that_overlapped_overlap_and_others_follow_one_another() -> None:
    ecuador, netherlands, iran, wales = timetable("2022-11-29").matches
    first, second, third = timetable("2026-07-01").matches

    assert ecuador.kickoff_s == netherlands.kickoff_s
    assert iran.kickoff_s == wales.kickoff_s > max(ecuador.ends_s, netherlands.ends_s)
    assert first.ends_s < second.kickoff_s
    assert second.ends_s < third.kickoff_s


def test_matches_played_at_once_do_not_score_at_once() -> None:
    moments = [
        moment.at_s
        for match in timetable("2022-12-01").matches
        for moment in match.moments
        if moment.incident.kind == "goal"
    ]

    gaps = [b - a for a, b in itertools.pairwise(sorted(moments))]
    assert min(gaps) > 0.001


def test_a_goal_is_shown_in_its_minute() -> None:
    for match in timetable().matches:
        for moment in match.moments:
            goal = moment.incident.goal
            if goal is None:
                continue
            text = match.clock_at(moment.at_s).text
            if goal.added:
                assert text == f"{goal.minute}+{goal.added}"
            else:
                assert int(text.split(":")[0]) == goal.minute - 1


def test_the_clock_stands_in_breaks() -> None:
    match = timetable().matches[1]

    assert match.clock_at(at(match, "1H") - 1).text == "00:00"
    assert match.clock_at(at(match, "HT") + 0.5).text == "45:00"
    assert match.clock_at(at(match, "2H")).text == "45:00"
    assert match.clock_at(at(match, "FT") + 0.5).text == "90:00"
    assert match.clock_at(at(match, "AET") + 0.5).text == "120:00"
    assert match.clock_at(match.ends_s + 60).text == "120:00"
    assert "45+" in match.clock_at(at(match, "HT") - 0.2).text


def test_around_an_incident_play_runs_at_its_speed_and_in_between_the_clock_jumps() -> None:
    match = timetable(pace=Pace(speed=1.0)).matches[0]
    cut_s = match.cuts_s[0]

    second = match.clock_at(cut_s - 1).played_s - match.clock_at(cut_s - 2).played_s
    jump = match.clock_at(cut_s + 0.5).played_s - match.clock_at(cut_s - 0.5).played_s
    assert second == pytest.approx(1.0)
    assert jump > 60


def test_a_quicker_pace_makes_a_shorter_day() -> None:
    ends = [timetable(pace=Pace(speed=speed, max_gap_s=600)).ends_s for speed in (1, 10, 60)]

    assert ends == sorted(ends, reverse=True)


def test_the_default_day_takes_well_under_two_minutes() -> None:
    ends = [timetable(seed=seed).ends_s for seed in range(40)]

    assert min(ends) >= 60
    assert max(ends) <= 110
