"""What several positions of one event are worth together at the worst. Pure.

One leg of a mutually exclusive event pays a dollar and the others nothing; so a
contract of every leg's YES pays a dollar whatever happens, and one of every leg's NO
pays a dollar for every leg but one (reference ``kalshi.md`` section 8). Such a set is
*complete*: there is nothing left to be lost in it, and selling it gives its spread away.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from actors.model.money import CentiContracts, MicroDollars
from actors.model.orders import Ticker

PAYS_MICROS: Final = 10_000
"""What a hundredth of a contract that has won pays."""


@attrs.frozen(kw_only=True)
class EventLegs:
    """The legs of one event, as the venue lists them and a person has reviewed them."""

    event_ticker: str
    legs: tuple[Ticker, ...]
    exclusive: bool
    """At most one leg pays."""
    exhaustive: bool
    """At least one leg pays."""


def basket_centi(event: EventLegs, held: Mapping[Ticker, int]) -> CentiContracts:
    """Return how many complete sets are held: above zero of YES, below of NO.

    Args:
        event: Which legs there are.
        held: Signed positions by market; one that is missing is flat.
    """
    counts = [held.get(leg, 0) for leg in event.legs]
    if not event.exclusive or len(counts) < 2:  # noqa: PLR2004 - one leg is no set
        return CentiContracts(0)
    if event.exhaustive and min(counts) > 0:
        return CentiContracts(min(counts))
    # At most one leg pays, so that of every leg's NO all but one are paid for certain.
    return CentiContracts(min(0, max(counts)))


def worst_payout_micros(event: EventLegs, held: Mapping[Ticker, int]) -> MicroDollars:
    """Return the least that the positions of one event can pay, over every outcome."""
    mine = {ticker: count for ticker, count in held.items() if count}
    if not event.exclusive:
        return MicroDollars(0)
    winners: Sequence[Ticker | None] = (*event.legs, *(() if event.exhaustive else (None,)))
    return MicroDollars(min((_payout(mine, winner) for winner in winners), default=0))


def _payout(held: Mapping[Ticker, int], winner: Ticker | None) -> int:
    paid = sum(abs(count) for ticker, count in held.items() if (count > 0) == (ticker == winner))
    return paid * PAYS_MICROS
