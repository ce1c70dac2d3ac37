"""The venue's named price structures as grids. Pure.

Reference ``kalshi.md`` section 2: ``price_ranges`` is the truth and the name only
a label; below 10 cents and above 90 the edges' step holds.
"""

from collections.abc import Mapping
from typing import Final

import attrs

from actors.sim.venue.errors import BadTerms
from actors.sim.venue.events import MarketStepped
from actors.sim.venue.floor import Floor
from actors.sim.venue.listing import DOLLAR_PIPS, GridRange

LOW_PIPS: Final = 1_000
HIGH_PIPS: Final = 9_000
STEPS: Final[Mapping[str, int]] = {"whole": 100, "half": 50, "quint": 20, "deci": 10, "centi": 1}


def _edged(edge_pips: int, center_pips: int) -> tuple[GridRange, ...]:
    return (
        GridRange(0, LOW_PIPS, edge_pips),
        GridRange(LOW_PIPS, HIGH_PIPS, center_pips),
        GridRange(HIGH_PIPS, DOLLAR_PIPS, edge_pips),
    )


GRIDS: Final[Mapping[str, tuple[GridRange, ...]]] = {
    "linear_cent": (GridRange(0, DOLLAR_PIPS, 100),),
    "deci_cent": (GridRange(0, DOLLAR_PIPS, 10),),
    "tapered_deci_cent": _edged(10, 100),
    **{
        f"center_{center}_edge_{edge}_cent": _edged(STEPS[edge], STEPS[center])
        for center, edge in (
            ("whole", "half"),
            ("whole", "quint"),
            ("half", "half"),
            ("half", "quint"),
            ("half", "deci"),
            ("quint", "quint"),
            ("quint", "deci"),
            ("centi", "centi"),
            ("deci", "centi"),
        )
    },
}


def grid(structure: str) -> tuple[GridRange, ...]:
    """Return a structure's grid.

    Raises:
        BadTerms: There is none of that name.
    """
    try:
        return GRIDS[structure]
    except KeyError:
        raise BadTerms(f"no price structure {structure!r}; known: {', '.join(GRIDS)}") from None


def regrid(floor: Floor, ticker: str, structure: str) -> None:
    """Change a market's grid and say so; what rests off the new grid stays.

    Raises:
        NotListed: No such market.
        BadTerms: No such structure.
    """
    market, ranges = floor.market(ticker), grid(structure)
    market.terms = attrs.evolve(market.terms, price_level_structure=structure, price_ranges=ranges)
    market.updated_us = now_us = floor.now_us()
    floor.bulletin.post(
        MarketStepped(ticker=market.ticker, step="price_level_structure_updated", now_us=now_us)
    )
    floor.bulletin.tell()
