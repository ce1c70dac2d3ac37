"""What a market's YES leg is called, changed while it is listed (``kalshi.md`` section 5)."""

from typing import Final

import attrs

from actors.sim.venue.errors import BadTerms
from actors.sim.venue.events import MarketStepped
from actors.sim.venue.floor import Floor

LONGEST: Final = 200


def recaption(floor: Floor, ticker: str, yes_sub_title: str) -> None:
    """Call a market's YES leg otherwise and say so; nothing that is traded changes.

    Raises:
        NotListed: No such market.
        BadTerms: Nothing to call it, or too long a name.
    """
    if not 0 < len(yes_sub_title) <= LONGEST:
        raise BadTerms(f"a caption has 1 to {LONGEST} characters")
    market = floor.market(ticker)
    market.terms = attrs.evolve(market.terms, yes_sub_title=yes_sub_title)
    market.updated_us = now_us = floor.now_us()
    floor.bulletin.post(MarketStepped(ticker=market.ticker, step="metadata_updated", now_us=now_us))
    floor.bulletin.tell()
