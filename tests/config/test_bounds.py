"""The table of bounds names every core actor of the tree, and nobody who is not there."""

from collections.abc import Iterator

import attrs

from actors.cli.seeds import seeded_day
from actors.config.bounds import BOUNDS
from actors.config.profile import Profile
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


def two(profile: Profile) -> Profile:
    return attrs.evolve(profile, venue=attrs.evolve(profile.venue, streams=2))


async def planted() -> tuple[set[str], set[str]]:
    """Plant everything there can be: with both connections of the stream."""
    async with seeded_day(1, synthetic_day(1, 0.01), change=two) as day:
        roster = day.tree.roster
        cells = {cell.actor for cell in roster.health.cells}
        return set(core_actors(roster, day.tree.root)), cells


def test_every_core_actor_has_a_bound_and_every_bound_an_actor() -> None:
    core, cells = run_seeded(1, planted)

    assert core <= BOUNDS.keys()
    assert BOUNDS.keys() <= cells
    assert all(bound.vital for name, bound in BOUNDS.items() if name in core)


def test_both_connections_of_the_stream_have_the_same_bound() -> None:
    streams = {name: bound for name, bound in BOUNDS.items() if name.startswith("market_data")}

    assert [*streams] == ["market_data", "market_data_2"]
    assert len(set(streams.values())) == 1
    assert all(bound.vital for bound in streams.values())
