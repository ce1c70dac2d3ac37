"""Laws of shoot-outs."""

import itertools
import random

import pytest

from actors.model.score import Score
from actors.sim.errors import BadMatchData
from actors.sim.matchday import matchdays
from actors.sim.shootout import decided, kicks

PLAYED = {
    match.shoot_out.text: match.shoot_out
    for day in matchdays().values()
    for match in day.matches
    if match.shoot_out is not None
}


@pytest.mark.parametrize("result", PLAYED.values(), ids=PLAYED)
def test_the_kicks_end_at_the_result_and_not_before_it_is_decided(result: Score) -> None:
    taken = kicks(result, random.Random(1))

    scored = [side for side, went_in in taken if went_in]
    assert Score(scored.count("home"), scored.count("away")) == result
    assert decided(taken)
    assert not any(decided(taken[:number]) for number in range(len(taken)))


def test_the_sides_take_turns() -> None:
    taken = kicks(Score(7, 6), random.Random(2))

    assert len(taken) >= 14
    assert all(now[0] != then[0] for now, then in itertools.pairwise(taken))


@pytest.mark.parametrize("result", [Score(2, 2), Score(6, 1)], ids=lambda result: result.text)
def test_a_result_that_cannot_be_is_refused(result: Score) -> None:
    with pytest.raises(BadMatchData, match="no shoot-out ends"):
        kicks(result, random.Random(3))
