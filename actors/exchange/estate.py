"""What an account holds when somebody has to leave it, and at which price. Pure values."""

from collections.abc import Awaitable, Callable, Mapping

import attrs

from actors.config.custody import Custody
from actors.exchange.levers import AnyOrder
from actors.exchange.wire_market import VenueBook, VenueMarket
from actors.model.grid import at_least, at_most
from actors.model.money import ONE_DOLLAR_PIPS, MicroDollars, Pips, opposite_pips
from actors.model.orders import Side, Ticker

Place = tuple[int, Ticker]
"""A position's: subaccount and market."""


@attrs.frozen(kw_only=True)
class Holding:
    """What one subaccount holds in one market."""

    subaccount: int
    ticker: Ticker
    exchange_index: int
    position_centi: int
    """Signed: YES above zero, NO below."""
    cost_micros: MicroDollars

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.subaccount, self.ticker

    @property
    def side(self) -> Side:
        """The side that reduces it."""
        return "ask" if self.position_centi > 0 else "bid"


@attrs.frozen(kw_only=True)
class Sight:
    """One look at the whole account. What it says is at least as young as ``as_of_ms``."""

    as_of_ms: int | None
    """The venue's own word on how recent its reads are; ``None`` where it does not say."""
    resting: tuple[AnyOrder, ...]
    holdings: tuple[Holding, ...]
    markets: Mapping[Ticker, VenueMarket]
    """Those of the holdings."""


@attrs.frozen(kw_only=True)
class Left:
    """Something that is still there, and why."""

    what: str
    """``order``, ``position``, ``group`` or ``unknown order``."""
    place: Place
    count_centi: int
    why: str
    final: bool = False
    """Whether neither time nor price can change it."""


@attrs.frozen(kw_only=True)
class Outcome:
    """How it ended."""

    left: tuple[Left, ...]
    """As of the last look that the venue allowed."""
    kept: tuple[Holding, ...] = ()
    """Positions that were to be kept."""
    unseen: str = ""
    """Why the venue could not be looked at in the end; empty where it could."""


Keep = Callable[[Sight], Awaitable[Mapping[Place, int]]]
"""Says how much of each position is not to be sold, unsigned, in centi-contracts. It may fail
as a question to the venue does: then nothing is sold on this look."""


async def keep_nothing(_sight: Sight) -> Mapping[Place, int]:
    """Keep none of it."""
    return {}


async def keep_everything(sight: Sight) -> Mapping[Place, int]:
    """Keep all of it."""
    return {each.place: abs(each.position_centi) for each in sight.holdings}


def sale_limit(
    side: Side, book: VenueBook, market: VenueMarket, terms: Custody, misses: int
) -> Pips | None:
    """Return the limit of the next order; ``None`` where the best price is past the floor.

    Args:
        side: Of the order: ``ask`` sells YES, ``bid`` sells NO.
        book: As the venue shows it.
        market: Whose grid the limit lies on.
        terms: The floor of either leg, and the step of each miss.
        misses: Orders in a row that filled nothing.
    """
    go = misses * terms.step
    if side == "ask":
        best = book.bids[0][0] if book.bids else 0
        limit = at_least(market.grid, max(terms.floor, best - go))
        return limit if limit is not None and limit <= best else None
    best = book.asks[0][0] if book.asks else ONE_DOLLAR_PIPS
    limit = at_most(market.grid, min(opposite_pips(terms.floor), best + go))
    return limit if limit is not None and limit >= best else None
