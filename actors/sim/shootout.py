"""The kicks of a shoot-out, of which the data knows only the result.

Five kicks each, in turn, until one side cannot be caught; then one each until
they differ. The kicks are drawn until they end at the result.
"""

import random
from collections.abc import Iterator
from typing import Final

from actors.model.score import Score, Team
from actors.sim.errors import BadMatchData

ROUNDS: Final = 5
SCORED: Final = 0.72
TRIES: Final = 20_000
"""A result of the World Cups comes up in fewer than a hundred."""


def kicks(result: Score, draws: random.Random) -> tuple[tuple[Team, bool], ...]:
    """Return who took each kick and whether it went in, ending at ``result``.

    Raises:
        BadMatchData: No shoot-out can end so.
    """
    for _ in range(TRIES):
        taken = tuple(_shoot_out(draws, result))
        if _tally(taken) == result:
            return taken
    raise BadMatchData(f"no shoot-out ends {result.text}")


def decided(taken: tuple[tuple[Team, bool], ...]) -> bool:
    """Return whether these kicks leave one side beyond reach."""
    scored = _tally(taken)
    left = {side: ROUNDS - sum(by == side for by, _ in taken) for side in ("home", "away")}
    if max(left.values()) <= 0:
        return left["home"] == left["away"] and scored.home != scored.away
    return scored.home > scored.away + left["away"] or scored.away > scored.home + left["home"]


def _shoot_out(draws: random.Random, limit: Score) -> Iterator[tuple[Team, bool]]:
    first: tuple[Team, Team] = ("home", "away") if draws.random() < 0.5 else ("away", "home")  # noqa: PLR2004 - a coin
    taken: tuple[tuple[Team, bool], ...] = ()
    while not decided(taken):
        kick = (first[len(taken) % 2], draws.random() < SCORED)
        taken = (*taken, kick)
        yield kick
        scored = _tally(taken)
        if scored.home > limit.home or scored.away > limit.away:
            return  # already past the result looked for


def _tally(taken: tuple[tuple[Team, bool], ...]) -> Score:
    scorers = [side for side, went_in in taken if went_in]
    return Score(scorers.count("home"), scorers.count("away"))
