"""What the journal keeps of what is open: what it could be sold for."""

from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class MarkRow:
    """What an open position could be sold for at once, whenever that changed."""

    ticker: str
    net_centi: int
    """Above zero YES contracts, below zero NO."""
    basis_micros: int
    """What they cost, fees apart."""
    worth_micros: int
    """What the bids of its side would pay for all of it, after fees."""
    at_ns: int


MONEY_TYPES: Final[dict[int, tuple[type, int]]] = {18: (MarkRow, 1)}
"""These rows' part of the list in ``records.py``."""
