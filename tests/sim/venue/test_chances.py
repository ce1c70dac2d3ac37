"""Laws of the venue's own randomness: ids are drawn apart, and decide nothing."""

import random
import re
from itertools import pairwise

import pytest

from actors.sim.venue.events import VenueEvent
from tests.sim.venue.bustle import STEPS, Bustle
from tests.sim.venue.hall import open_hall, order, quote

TOLD = {"Traded", "Filled"}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}")


def nameless(events: list[VenueEvent]) -> list[str]:
    """Events with each id replaced by the number of its first appearance."""
    seen: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return seen.setdefault(found[0], f"id{len(seen)}")

    return [UUID.sub(number, repr(event)) for event in events]


def heard(seed: int, ids: random.Random | None) -> list[VenueEvent]:
    """Everything that the venue tells in one random history."""
    bustle, events = Bustle(seed), list[VenueEvent]()
    if ids is not None:
        bustle.venue.floor.rng = ids
    bustle.venue.listen(events.append)
    for _ in range(STEPS):
        bustle.act()
    bustle.end()
    return events


@pytest.mark.parametrize("seed", [3, 4])
def test_other_ids_are_the_same_history_under_other_names(seed: int) -> None:
    plain = heard(seed, None)
    renamed = heard(seed, random.Random("other ids"))

    assert len(plain) > 100
    assert plain != renamed
    assert nameless(plain) == nameless(renamed)


def test_an_id_more_moves_no_chance() -> None:
    told = []
    for drawn in (0, 1, 7):
        hall = open_hall(seed=5)
        for _ in range(drawn):
            hall.venue.floor.uuid()
        events: list[VenueEvent] = []
        hall.create("maker", quote("ask", 5_200, 5_000))
        hall.venue.listen(events.append)
        for _ in range(12):
            hall.create("us", order("bid", 5_200, 100))
        told.append([type(event).__name__ for event in events])

    assert told[0] == told[1] == told[2]
    firsts = [
        here for before, here in pairwise(["", *told[0]]) if before not in TOLD and here in TOLD
    ]
    assert {*firsts} == TOLD, "a print before its fills, and after them"
