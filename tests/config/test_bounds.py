"""The table of bounds names every core actor of the tree, and nobody who is not there."""

from collections.abc import Iterator

from actors.cli.seeds import seeded_day
from actors.config.bounds import BOUNDS
from actors.runtime.memory import run_seeded
from actors.runtime.roster import Roster
from actors.runtime.supervise import Supervisor
from actors.sim.synthetic import synthetic_day


def core_actors(roster: Roster, branch: Supervisor) -> Iterator[str]:
    for child in branch.children:
        below = roster.branches.get(child.id)
        if below is not None:
            yield from core_actors(roster, below)
        elif child.criticality == "core":
            yield child.id


async def planted() -> tuple[set[str], set[str]]:
    async with seeded_day(1, synthetic_day(1, 0.01)) as day:
        roster = day.tree.roster
        cells = {cell.actor for cell in roster.health.cells}
        return set(core_actors(roster, day.tree.root)), cells


def test_every_core_actor_has_a_bound_and_every_bound_an_actor() -> None:
    core, cells = run_seeded(1, planted)

    assert core <= BOUNDS.keys()
    assert BOUNDS.keys() <= cells
    assert all(bound.vital for name, bound in BOUNDS.items() if name in core)
