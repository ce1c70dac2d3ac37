"""Laws of the calibration: what it counts, and that the world's races are roughly right."""

import attrs
import pytest

from actors.model.score import MatchId
from actors.sim.__main__ import main
from actors.sim.calibration import AHEAD_S, Race, Season, play
from actors.sim.calibration_figures import Figure, figures
from actors.sim.feedtiming import FIVE

GOALS = 24

USUAL = Race(
    match=MatchId("A"),
    at_s=1.0,
    stood=True,
    penalty=False,
    depth="deep",
    arrived_s=0.250,
    first_s=0.220,
    last_pull_s=0.240,
    asked=2,
    filled_centi=100,
    pnl_micros=1_000_000,
)


def by_name(found: list[Figure]) -> dict[str, Figure]:
    return {figure.name: figure for figure in found}


@pytest.fixture(scope="module")
def plain() -> Season:
    return play(5, GOALS, feeds=FIVE)


def test_the_races_of_a_few_goals_are_roughly_those_of_the_original(plain: Season) -> None:
    assert len(plain.races) == GOALS
    gaps = sorted(race.arrived_s - race.first_s for race in plain.races if race.first_s)
    assert 0.010 < gaps[len(gaps) // 2] < 0.050
    filled = sum(race.filled_centi > 0 for race in plain.races) / GOALS
    assert 0.3 < filled < 0.7
    assert all(plain.pulled)


def test_thirty_milliseconds_are_worth_fills_and_change_nobody_elses_acts(plain: Season) -> None:
    faster = play(5, GOALS, feeds=FIVE, ahead_s=AHEAD_S)
    acts = [
        [(race.match, race.at_s, race.first_s, race.last_pull_s) for race in season.races]
        for season in (plain, faster)
    ]
    assert acts[0] == acts[1]
    assert sum(race.filled_centi > 0 for race in faster.races) > sum(
        race.filled_centi > 0 for race in plain.races
    )


def test_the_same_seed_is_the_same_season() -> None:
    assert play(7, 6, feeds=FIVE) == play(7, 6, feeds=FIVE)


def test_every_figure_is_counted_from_the_races() -> None:
    lost = attrs.evolve(
        USUAL, match=MatchId("B"), depth="thin", pnl_micros=-500_000, stood=False, last_pull_s=0.300
    )
    unfilled = attrs.evolve(USUAL, match=MatchId("C"), filled_centi=0, pnl_micros=0)
    races = (USUAL, lost, unfilled, attrs.evolve(USUAL, at_s=9.0))
    quicker = tuple(attrs.evolve(race, pnl_micros=2 * race.pnl_micros) for race in races)
    found = by_name(
        figures(
            Season(races=races, priced_in=(0.5, 0.7), pulled=(True, True, False, True)),
            Season(races=quicker, priced_in=(), pulled=()),
        )
    )
    assert found["order behind the first mover, median"].value == pytest.approx(0.030)
    assert found["orders with any fill"].value == 0.75
    assert found["filled trades that win"].value == pytest.approx(2 / 3)
    assert found["profit 30 ms faster over profit"].value == 2.0
    assert found["reported goals that are overturned or phantom"].value == 0.25
    assert found["matches traded that lost money in all"].value == 0.5
    assert found["reviews in the middle of which nobody quotes"].value == 0.75
    assert not found["reviews in the middle of which nobody quotes"].holds
    for figure in found.values():
        assert figure.low <= figure.value <= figure.high, figure.name


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--goals", "500"], "--goals is for --calibrate"),
        (["--calibrate", "--goals", "3"], "--goals is a number from 50 to 100000, not 3"),
        (["--calibrate", "--venue-only"], "--calibrate plays matches of its own"),
    ],
)
def test_a_calibration_that_means_nothing_is_one_line(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith(f"world: {complaint}")
