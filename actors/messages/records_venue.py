"""What the journal keeps of the venue itself: its clock, its limits, how long it holds orders."""

from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class ClockRow:
    """What is known of the venue's clock less our wall clock, when that changed its meaning."""

    verdict: str
    """``unknown``, ``fine``, ``warn`` or ``halt``."""
    fits: bool
    """Whether an order that is signed now is surely within the venue's tolerance."""
    low_ns: int
    """Least offset that nothing contradicts; 0 where that side is open, as ``high_ns``."""
    high_ns: int
    open_sides: str
    """``low``, ``high`` or ``both``: what is not known; empty where all is."""
    steps: int
    """How often the venue contradicted itself: its clock was set."""
    at_ns: int


@attrs.frozen(kw_only=True)
class LimitsRow:
    """How fast the venue lets this account ask and trade, when it was read anew."""

    usage_tier: str
    read_rate: int
    read_capacity: int
    write_rate: int
    write_capacity: int
    default_cost: int
    costs: list[str]
    """``GET /path 2``: endpoints that cost another number of tokens."""
    at_ns: int


@attrs.frozen(kw_only=True)
class DelayRow:
    """How long the venue held one order of ours, and the orders of its series of late."""

    client_order_id: str
    series: str
    in_play: bool
    held_ns: int
    orders: int
    p50_ns: int
    p90_ns: int


@attrs.frozen(kw_only=True)
class OddRow:
    """Something that the venue said over REST and that is new to us, the first time it came."""

    name: str
    """``orders.colour`` is a field, ``orders.status=odd`` a word."""
    at_ns: int


@attrs.frozen(kw_only=True)
class GroupRow:
    """One step of the order group that the entries of a shard carry."""

    step: str
    """``asked`` before a new one is asked for, ``known`` when it is proved, ``shut`` when
    the venue lets nothing in any more, ``reset``;
    ``refused`` and ``absent`` where none came of what was asked for."""
    exchange_index: int
    group_id: str
    """Empty while it is not known."""
    contracts: int
    """What its orders may match in fifteen seconds."""
    wall_ns: int


VENUE_TYPES: Final[dict[int, tuple[type, int]]] = {
    60: (ClockRow, 1),
    61: (LimitsRow, 1),
    62: (DelayRow, 1),
    63: (OddRow, 1),
    64: (GroupRow, 1),
}
"""These rows' part of the list in ``records.py``."""
