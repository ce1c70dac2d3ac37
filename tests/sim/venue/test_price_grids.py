import itertools

import pytest

from actors.sim.venue.errors import BadTerms
from actors.sim.venue.listing import DOLLAR_PIPS
from actors.sim.venue.price_grids import GRIDS, grid, regrid
from tests.sim.venue.hall import HOME, open_hall, order, quote
from tests.sim.venue.published import document, require


@pytest.mark.parametrize("structure", GRIDS)
def test_every_grid_covers_the_dollar_without_a_hole(structure: str) -> None:
    ranges = grid(structure)

    assert (ranges[0].start_pips, ranges[-1].end_pips) == (0, DOLLAR_PIPS)
    assert all(a.end_pips == b.start_pips for a, b in itertools.pairwise(ranges))
    assert all(each.holds(each.start_pips) and each.holds(each.end_pips) for each in ranges)


def test_every_structure_is_one_that_is_published() -> None:
    require("asyncapi.yaml")
    schema = document("asyncapi.yaml")["components"]["schemas"]["lifecyclePriceLevelStructure"]

    assert set(GRIDS) <= set(schema["enum"])
    assert set(schema["enum"]) - set(GRIDS) == {"", "banded_centi_cent"}


def test_prices_on_the_new_grid_are_taken_from_then_on() -> None:
    hall = open_hall()
    hall.create("maker", quote("bid", 4_700, 100))
    assert hall.refusal("us", order("ask", 4_695, 100)).code == "invalid_price"

    regrid(hall.venue.floor, HOME, "center_half_edge_deci_cent")

    assert hall.create("us", order("ask", 4_650, 100)).fill_count_centi == 100
    assert hall.refusal("us", order("bid", 4_610, 100)).code == "invalid_price"
    assert hall.refusal("us", order("bid", 10_000, 100)).code == "invalid_price"


def test_an_unknown_structure_is_bad_terms() -> None:
    with pytest.raises(BadTerms, match="known: linear_cent"):
        grid("penny")
