"""What is traded, as the catalogue found it. Catalogue to everyone, in ``Latest`` cells."""

from collections.abc import Mapping
from typing import Literal

import attrs

from actors.model.grid import PriceRange
from actors.model.orders import Ticker
from actors.model.score import MatchId

Stage = Literal["DISCOVERED", "BOUND", "ARMED", "LIVE", "ENDED", "SETTLED", "REFUSED"]
"""Where a match stands; REFUSED has its reason in ``Match.refusal``."""

LegRole = Literal["home", "away", "draw"]


@attrs.frozen(kw_only=True)
class FeeTerms:
    """The fee in force for one market: type and multiplier, event override applied."""

    fee_type: str
    multiplier_ppm: int
    """Fee multiplier in millionths: 1,000,000 is one."""


@attrs.frozen(kw_only=True)
class Market:
    """One leg of a match at the venue."""

    ticker: Ticker
    role: LegRole
    exchange_index: int
    price_ranges: tuple[PriceRange, ...]
    fees: FeeTerms


@attrs.frozen(kw_only=True)
class Match:
    """One event, its legs and the feeds' ids of it."""

    match: MatchId
    """The venue's event ticker."""
    series: str
    title: str
    home_name: str
    away_name: str
    stage: Stage
    refusal: str = ""
    markets: tuple[Market, ...]
    provider_ids: frozenset[str]
    """Ids under which feeds report it, from the venue's milestone."""
    kickoff_wall_ns: int


@attrs.frozen(kw_only=True)
class Catalogue:
    """Everything known at one instant, keyed by our match id."""

    matches: Mapping[MatchId, Match]
    read_ns: int


EMPTY = Catalogue(matches={}, read_ns=0)
