"""What is traded, as the catalogue found it. Catalogue to everyone, in ``Latest`` cells."""

from collections.abc import Mapping
from typing import Literal

import attrs

from actors.model.grid import PriceRange
from actors.model.orders import Ticker
from actors.model.score import MatchId, Sport

Stage = Literal[
    "DISCOVERED",  # listed, and its kick-off is far away
    "BOUND",  # its sides and ids are proved; its markets are followed
    "ARMED",  # its kick-off is near, and every leg trades
    "LIVE",  # it was to kick off, and every leg trades
    "PAUSED",  # some leg that traded does not, or the match is put off
    "ENDED",  # no leg will trade any more
    "DETERMINED",  # the venue has said how every leg ended
    "SETTLED",  # and has paid for it
    "REFUSED",  # not traded; the reason is in ``Match.refusal``
]
"""Where a match stands."""

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
    sport: Sport = "soccer"
    home_ids: frozenset[str] = frozenset()
    """The providers' ids of the home side, where the venue names them."""
    away_ids: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class Join:
    """A feed's id of a match that a person has looked at and found to be one of ours."""

    match: MatchId
    swapped: bool = False
    """Whether the feed's home side is our away side: it may corroborate, never trigger."""


@attrs.frozen(kw_only=True)
class Reviewed:
    """What a person has said of feeds' names and ids. Table to catalogue to arbiter."""

    joins: Mapping[tuple[str, str], Join] = attrs.field(factory=dict)
    """By feed and its id of the match."""
    aliases: Mapping[tuple[str, str], str] = attrs.field(factory=dict)
    """By feed and its name of a side: the venue's."""
    rejected: frozenset[tuple[str, str]] = frozenset()
    """Feed and id of what is none of ours; it is not proposed again."""


NOTHING_REVIEWED = Reviewed()


@attrs.frozen(kw_only=True)
class Catalogue:
    """Everything known at one instant, keyed by our match id."""

    matches: Mapping[MatchId, Match]
    read_ns: int
    reviewed: Reviewed = NOTHING_REVIEWED


EMPTY = Catalogue(matches={}, read_ns=0)
