"""Laws of the match data, checked on all of it."""

import pytest

from actors.model.score import Score
from actors.sim.errors import BadMatchData, UnknownMatchday
from actors.sim.matchday import DEFAULT, Fixture, matchday, matchdays, read

MATCHES = [match for day in matchdays().values() for match in day.matches]

IRREGULAR = {
    "2022-12-01 Japan vs Spain": "half-time score 0-0, goals say 0-1",
    "2022-12-02 Ghana vs Uruguay": "no half-time score",
    "2022-12-02 Serbia vs Switzerland": "half-time score 2-1, goals say 2-2",
    "2022-12-09 Netherlands vs Argentina": "half-time score 1-0, goals say 0-1",
    "2026-06-30 Mexico vs Ecuador": "half-time score 1-0, goals say 2-0",
    "2026-07-15 England vs Argentina": "minute 92 without extra time",
}


def entry(**changes: object) -> dict[str, object]:
    return {
        "date": "2022-11-21",
        "time": "16:00",
        "team1": "England",
        "team2": "Iran",
        "round": "Matchday 2",
        "ground": "Doha",
        "score": {"ft": [1, 0], "ht": [0, 0]},
        "goals1": [{"name": "Saka", "minute": 62}],
        "goals2": [],
    } | changes


def test_both_world_cups_are_whole() -> None:
    assert len(MATCHES) == 64 + 104
    assert sum(match.date < "2026" for match in MATCHES) == 64


@pytest.mark.parametrize("match", MATCHES, ids=lambda match: f"{match.date} {match.name}")
def test_goals_add_up_to_the_result(match: Fixture) -> None:
    regulation = [goal.side for goal in match.goals if goal.in_regulation]
    every = [goal.side for goal in match.goals]

    assert Score(regulation.count("home"), regulation.count("away")) == match.regulation
    assert Score(every.count("home"), every.count("away")) == match.final
    if match.extra_time:
        assert match.regulation.home == match.regulation.away
    else:
        assert match.final == match.regulation
    if match.shoot_out is not None:
        assert match.extra_time
        assert match.final.home == match.final.away
        assert match.shoot_out.home != match.shoot_out.away


@pytest.mark.parametrize("match", MATCHES, ids=lambda match: f"{match.date} {match.name}")
def test_goals_are_in_order_and_in_a_period(match: Fixture) -> None:
    order = [(goal.period_end, goal.minute + goal.added) for goal in match.goals]

    assert order == sorted(order)
    assert all(goal.added == 0 or goal.minute == goal.period_end for goal in match.goals)


def test_the_irregular_matches_are_these() -> None:
    found = {
        f"{match.date} {match.name}": note
        for match in MATCHES
        for note in match.irregular
        if match.goals
    }

    assert found == IRREGULAR
    without_goals = [match for match in MATCHES if "no list of goals" in match.irregular]
    assert all(match.final == Score(0, 0) for match in without_goals)
    assert len(without_goals) == 15


def test_both_ways_to_write_stoppage_time_read_the_same() -> None:
    of_2022 = read(entry(goals1=[{"name": "Saka", "minute": 90, "offset": 4}]))
    of_2026 = read(entry(goals1=[{"name": "Saka", "minute": "90+4"}]))

    assert of_2022.goals == of_2026.goals
    assert (of_2022.goals[0].minute, of_2022.goals[0].added) == (90, 4)


def test_own_goals_are_listed_under_the_side_they_count_for() -> None:
    own = [(match, goal) for match in MATCHES for goal in match.goals if goal.own_goal]

    assert len(own) == 16
    canada = next(match for match, goal in own if goal.scorer == "Nayef Aguerd")
    assert (canada.name, canada.regulation) == ("Canada vs Morocco", Score(1, 2))
    assert canada.goals[-1].side == "home"


def test_kick_offs_of_2022_are_in_qatars_zone_and_later_ones_name_theirs() -> None:
    first = matchday("2022-11-20").matches[0]
    mexico = matchday("2026-06-11").matches[0]

    assert first.kickoff_utc_s == 1_668_960_000  # 16:00 UTC
    assert mexico.kickoff_utc_s == 1_781_204_400  # 19:00 UTC


def test_goals_that_contradict_the_result_are_refused() -> None:
    with pytest.raises(BadMatchData, match="England vs Iran: goals do not add up to 2-0"):
        read(entry(score={"ft": [2, 0], "ht": [0, 0]}))


def test_the_default_day_has_three_matches_enough_goals_and_extra_time() -> None:
    day = matchday()

    assert day.name == DEFAULT
    assert len(day.matches) == 3
    assert day.goals == 9
    assert sum(match.extra_time for match in day.matches) == 1


def test_an_unknown_day_names_the_nearest() -> None:
    with pytest.raises(UnknownMatchday, match=r"no matches on '2026-07-08'; did you mean 2026-07-"):
        matchday("2026-07-08")
    with pytest.raises(UnknownMatchday, match=r"^no matches on 'tomorrow'$"):
        matchday("tomorrow")
