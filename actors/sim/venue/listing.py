"""What is listed: series, events, markets and milestones, as the world orders them.

The terms are frozen values that the world writes; ``Market`` is one market's
life at the venue. Field by field after reference ``kalshi.md`` sections 2, 4, 8.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

import attrs

from actors.model.book import Level
from actors.model.matching import PriceTimeBook
from actors.model.orders import Side, Ticker
from actors.sim.venue.candles import Candles
from actors.sim.venue.errors import BadTerms
from actors.sim.venue.fees import WAIVED, FeeTerms, fee_terms

Status = Literal[
    "initialized",
    "active",
    "inactive",
    "closed",
    "determined",
    "disputed",
    "amended",
    "finalized",
]
"""The life cycle."""

Verdict = Literal["yes", "no", "scalar"]

Quote = tuple[Level | None, Level | None, int, int, int, int]
"""Best bid and ask, last price and size, volume, open interest."""

DOLLAR_PIPS = 10_000
DOLLAR_MICROS = 1_000_000


@attrs.frozen
class GridRange:
    """A stretch of a market's grid, ends included."""

    start_pips: int
    end_pips: int
    step_pips: int

    def holds(self, price_pips: int) -> bool:
        """Return whether ``price_pips`` is on this stretch."""
        inside = self.start_pips <= price_pips <= self.end_pips
        return inside and (price_pips - self.start_pips) % self.step_pips == 0


LINEAR_CENT = (GridRange(0, DOLLAR_PIPS, 100),)
DECI_CENT = (GridRange(0, DOLLAR_PIPS, 10),)


@attrs.frozen(kw_only=True)
class SeriesTerms:
    """A family of events with one fee structure."""

    ticker: str
    title: str
    category: str = "Sports"
    tags: tuple[str, ...] = ("Soccer",)
    fee_type: str = "quadratic"
    fee_multiplier: Fraction = Fraction(1)
    exchange_index: int = 0
    """Shard of new events; each event names its own."""
    settlement_source: str = "The league"


@attrs.frozen(kw_only=True)
class EventTerms:
    """One occurrence and its markets."""

    event_ticker: str
    series_ticker: str
    title: str
    sub_title: str
    mutually_exclusive: bool = True
    exchange_index: int = 0
    """The shard that its markets trade on."""
    fee_type_override: str | None = None
    fee_multiplier_override: Fraction | None = None


@attrs.frozen(kw_only=True)
class MarketTerms:
    """One binary market. Times are microseconds since 1970."""

    ticker: Ticker
    event_ticker: str
    title: str
    yes_sub_title: str
    no_sub_title: str = ""
    """Empty: the same words as the yes side, as the venue prints it."""
    open_us: int
    close_us: int
    expected_expiration_us: int
    latest_expiration_us: int
    occurrence_us: int | None = None
    settlement_timer_seconds: int = 60
    """What the API says."""
    settles_after_us: int | None = None
    """What really passes between determination and settlement; ``None``: the timer."""
    price_level_structure: str = "linear_cent"
    price_ranges: tuple[GridRange, ...] = LINEAR_CENT
    can_close_early: bool = True
    early_close_condition: str = "This market will close early after a winner is declared."
    custom_strike: Mapping[str, str] = attrs.field(factory=dict)
    rules_primary: str = ""
    rules_secondary: str = ""
    fee_waiver_until_us: int | None = None

    def __attrs_post_init__(self) -> None:
        if not self.open_us < self.close_us:
            raise BadTerms(f"{self.ticker} closes before it opens")
        if not self.price_ranges or any(each.step_pips <= 0 for each in self.price_ranges):
            raise BadTerms(f"{self.ticker} has no price grid")

    @property
    def settles_in_us(self) -> int:
        """Microseconds from determination to settlement."""
        after_us = self.settles_after_us
        return self.settlement_timer_seconds * 1_000_000 if after_us is None else after_us


@attrs.frozen(kw_only=True)
class MilestoneTerms:
    """A real-world happening that events refer to, with the data providers' ids of it."""

    milestone_id: str
    title: str
    start_us: int
    related_event_tickers: tuple[str, ...]
    source_ids: Mapping[str, str] = attrs.field(factory=dict)
    details: Mapping[str, object] = attrs.field(factory=dict)
    category: str = "Sports"
    type: str = "soccer_tournament_multi_leg"


@attrs.define(kw_only=True, eq=False)
class Market:
    """One market's life at the venue."""

    terms: MarketTerms
    market_id: str
    event: EventTerms
    fees: FeeTerms
    """In force outside a waiver."""
    created_us: int
    close_us: int
    """May be pulled earlier than the terms said."""
    status: Status = "initialized"
    book: PriceTimeBook = attrs.field(factory=PriceTimeBook)
    candles: Candles = attrs.field(factory=Candles)
    clock: int = 0
    """Exchange clock of the newest change of the book; 0 if there was none."""
    last_price_pips: int = 0
    last_size_centi: int = 0
    volume_centi: int = 0
    volume_micros: int = 0
    open_interest_centi: int = 0
    verdict: Verdict | None = None
    yes_value_micros: int | None = None
    determined_us: int | None = None
    settles_us: int | None = None
    """When its result is paid out; ``None`` while there is none, or it is disputed."""
    settled_us: int | None = None
    updated_us: int = 0

    @property
    def ticker(self) -> Ticker:
        """The market's name."""
        return self.terms.ticker

    @property
    def shard(self) -> int:
        """The exchange index it trades on."""
        return self.event.exchange_index

    def best(self, side: Side) -> Level | None:
        """Return the best level of one side, ``None`` where nothing rests."""
        return next(iter(self.book.levels(side, 1)), None)

    def quote(self) -> Quote:
        """Return all that a ticker message tells, to see whether it changed."""
        return (
            self.best("bid"),
            self.best("ask"),
            self.last_price_pips,
            self.last_size_centi,
            self.volume_centi,
            self.open_interest_centi,
        )

    def fees_at(self, now_us: int) -> FeeTerms:
        """Return the rates in force at ``now_us``."""
        until_us = self.terms.fee_waiver_until_us
        return WAIVED if until_us is not None and now_us < until_us else self.fees

    def takes_price(self, price_pips: int) -> bool:
        """Return whether an order may name ``price_pips``: on the grid, never $0 or $1."""
        inside = 0 < price_pips < DOLLAR_PIPS
        return inside and any(each.holds(price_pips) for each in self.terms.price_ranges)


def fees_of(series: SeriesTerms, event: EventTerms) -> FeeTerms:
    """Return an event's rates: type and multiplier overridden independently.

    Raises:
        BadTerms: A fee type whose formula is not published.
    """
    fee_type = event.fee_type_override or series.fee_type
    multiplier = event.fee_multiplier_override
    try:
        return fee_terms(fee_type, series.fee_multiplier if multiplier is None else multiplier)
    except ValueError as error:
        raise BadTerms(str(error)) from error
