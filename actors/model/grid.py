"""The prices that a market takes: stretches of a grid, each with its own step. Pure.

Source: reference ``kalshi.md`` section 2: ``price_ranges`` is the truth, the
label beside it only a label; $0 and $1 are no prices.
"""

from collections.abc import Iterable

import attrs

from actors.model.money import ONE_DOLLAR_PIPS, Pips


@attrs.frozen(kw_only=True)
class PriceRange:
    """A stretch of a market's grid: from ``start_pips`` to ``end_pips`` in ``step_pips``."""

    start_pips: Pips
    end_pips: Pips
    step_pips: Pips = attrs.field(validator=attrs.validators.gt(Pips(0)))


def at_most(ranges: Iterable[PriceRange], price_pips: int) -> Pips | None:
    """Return the highest price on the grid that is not above ``price_pips``."""
    best: int | None = None
    for stretch in ranges:
        top = min(price_pips, stretch.end_pips, ONE_DOLLAR_PIPS - 1)
        steps = (top - stretch.start_pips) // stretch.step_pips
        price = stretch.start_pips + steps * stretch.step_pips
        if steps >= 0 and price > 0 and (best is None or price > best):
            best = price
    return None if best is None else Pips(best)


def at_least(ranges: Iterable[PriceRange], price_pips: int) -> Pips | None:
    """Return the lowest price on the grid that is not below ``price_pips``."""
    best: int | None = None
    for stretch in ranges:
        bottom = max(price_pips, 1)
        steps = max(0, -((stretch.start_pips - bottom) // stretch.step_pips))
        price = stretch.start_pips + steps * stretch.step_pips
        if price <= min(stretch.end_pips, ONE_DOLLAR_PIPS - 1) and (best is None or price < best):
            best = price
    return None if best is None else Pips(best)
