"""What is traded and where it stands: series, events, markets, books, prints, milestones.

Field lists: the venue's OpenAPI document 3.34.0 and reference ``kalshi.md`` section 4.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct, field

from actors.exchange.wire import CountText, InstantText, MoneyText, PriceText, ppm
from actors.model.grid import PriceRange
from actors.model.money import CentiContracts, Pips, opposite_pips
from actors.model.orders import Side, Ticker

SIDES: Final[Mapping[str, Side]] = {"bid": "bid", "ask": "ask"}
"""The sides by the venue's word; another one is new to us."""
Levels = tuple[tuple[PriceText, CountText], ...]
"""Price and count of what rests, in whatever order the venue wrote it."""


class PriceStep(Struct, frozen=True, kw_only=True):
    """A stretch of a market's grid, as the wire has it."""

    start_pips: PriceText = field(name="start")
    end_pips: PriceText = field(name="end")
    step_pips: PriceText = field(name="step")

    def __post_init__(self) -> None:
        if self.step_pips <= 0 or self.start_pips > self.end_pips:
            raise ValueError("not a stretch of a price grid")

    def price_range(self) -> PriceRange:
        """Return it in the model's words."""
        return PriceRange(
            start_pips=self.start_pips, end_pips=self.end_pips, step_pips=self.step_pips
        )


class VenueMarket(Struct, frozen=True, kw_only=True):
    """One leg of an event."""

    ticker: Ticker
    event_ticker: str
    market_type: str
    yes_sub_title: str
    no_sub_title: str
    status: str
    """``initialized, inactive, active, closed, determined, disputed, amended, finalized``."""
    result: str
    """``yes``, ``no``, ``scalar``, or empty before it is determined."""
    open_wall_ns: InstantText = field(name="open_time")
    close_wall_ns: InstantText = field(name="close_time")
    expected_expiration_wall_ns: InstantText | None = field(
        name="expected_expiration_time", default=None
    )
    occurrence_wall_ns: InstantText | None = field(name="occurrence_datetime", default=None)
    """A guess of the schedule; once 47 minutes wrong."""
    settlement_timer_s: int = field(name="settlement_timer_seconds")
    can_close_early: bool
    rules_primary: str
    rules_secondary: str
    yes_bid_pips: PriceText = field(name="yes_bid_dollars")
    yes_bid_centi: CountText = field(name="yes_bid_size_fp")
    yes_ask_pips: PriceText = field(name="yes_ask_dollars")
    yes_ask_centi: CountText = field(name="yes_ask_size_fp")
    last_price_pips: PriceText = field(name="last_price_dollars")
    volume_centi: CountText = field(name="volume_fp")
    price_ranges: tuple[PriceStep, ...]
    settlement_value_micros: MoneyText | None = field(name="settlement_value_dollars", default=None)
    """What one YES contract pays, once determined."""
    settled_wall_ns: InstantText | None = field(name="settlement_ts", default=None)
    fee_waiver_until_wall_ns: InstantText | None = field(
        name="fee_waiver_expiration_time", default=None
    )
    custom_strike: dict[str, Any] | None = None
    """What a leg pays on, by provider's id: ``{"soccer_team": "<uuid>"}``."""
    exchange_index: int | None = None
    """The market's shard. Without it nothing may be sent there."""

    @property
    def grid(self) -> tuple[PriceRange, ...]:
        """The prices that the market takes."""
        return tuple(stretch.price_range() for stretch in self.price_ranges)

    @property
    def strike_ids(self) -> tuple[str, ...]:
        """The provider's ids that this leg pays on, in the order of their kinds."""
        ids = self.custom_strike or {}
        return tuple(value for _, value in sorted(ids.items()) if isinstance(value, str))


class VenueEvent(Struct, frozen=True, kw_only=True):
    """Markets that one happening settles."""

    event_ticker: str
    series_ticker: str
    title: str
    sub_title: str
    collateral_return_type: str
    """``MECNET`` where legs net against each other, ``DIRECNET``, or empty."""
    mutually_exclusive: bool
    markets: tuple[VenueMarket, ...] = ()
    fee_type_override: str | None = None
    fee_multiplier_override: Decimal | None = None
    exchange_index: int | None = None

    def __post_init__(self) -> None:
        _ = self.fee_multiplier_override_ppm

    @property
    def fee_multiplier_override_ppm(self) -> int | None:
        """The event's own fee multiplier in millionths, where it has one."""
        override = self.fee_multiplier_override
        return None if override is None else ppm(override)


class VenueSeries(Struct, frozen=True, kw_only=True):
    """A kind of event, with the fees that hold unless an event says otherwise."""

    ticker: str
    title: str
    category: str
    tags: tuple[str, ...] | None
    fee_type: str
    fee_multiplier: Decimal
    exchange_index: int | None = None
    """The shard of events made from now on; a market names its own."""

    def __post_init__(self) -> None:
        _ = self.fee_multiplier_ppm

    @property
    def fee_multiplier_ppm(self) -> int:
        """The fee multiplier in millionths."""
        return ppm(self.fee_multiplier)


class SeriesFeeChange(Struct, frozen=True, kw_only=True):
    """Fees of a series from an instant on."""

    series_ticker: str
    fee_type: str
    fee_multiplier: Decimal
    scheduled_wall_ns: InstantText = field(name="scheduled_ts")

    def __post_init__(self) -> None:
        _ = self.fee_multiplier_ppm

    @property
    def fee_multiplier_ppm(self) -> int:
        """The fee multiplier in millionths."""
        return ppm(self.fee_multiplier)


class EventFeeChange(Struct, frozen=True, kw_only=True):
    """Fees of one event from an instant on; a ``None`` falls back to the series."""

    event_ticker: str
    series_ticker: str
    fee_type_override: str | None = None
    fee_multiplier_override: Decimal | None = None
    scheduled_wall_ns: InstantText = field(name="scheduled_ts")

    def __post_init__(self) -> None:
        _ = self.fee_multiplier_override_ppm

    @property
    def fee_multiplier_override_ppm(self) -> int | None:
        """The multiplier in millionths, or ``None`` to fall back."""
        override = self.fee_multiplier_override
        return None if override is None else ppm(override)


class VenueMilestone(Struct, frozen=True, kw_only=True):
    """The happening itself, with the ids under which data providers know it."""

    milestone_id: str = field(name="id")
    category: str
    milestone_type: str = field(name="type")
    title: str
    start_wall_ns: InstantText = field(name="start_date")
    related_event_tickers: tuple[str, ...]
    primary_event_tickers: tuple[str, ...]
    source_id: Any = None
    source_ids: dict[str, Any] | None = None
    """Ids by provider. What is no text names no feed's match, and is nothing to end a read for."""
    details: dict[str, Any]
    """What the provider adds, different for each sport. Its ``status`` lags the match."""

    @property
    def home_team_id(self) -> str | None:
        """The provider's id of the home side, where it names one."""
        return self._detail("home_team_id")

    @property
    def away_team_id(self) -> str | None:
        """The provider's id of the away side, where it names one."""
        return self._detail("away_team_id")

    @property
    def provider_ids(self) -> frozenset[str]:
        """Every id under which a feed may report this match."""
        named = (self.source_id, *(self.source_ids or {}).values())
        return frozenset(each for each in named if isinstance(each, str) and each)

    def _detail(self, name: str) -> str | None:
        value = self.details.get(name)
        return value if isinstance(value, str) and value else None


class VenueBook(Struct, frozen=True, kw_only=True):
    """One market's book as REST shows it: bids of each leg, in no promised order."""

    yes_bids: Levels = field(name="yes_dollars")
    no_bids: Levels = field(name="no_dollars")

    @property
    def bids(self) -> tuple[tuple[Pips, CentiContracts], ...]:
        """YES bids, best first."""
        return tuple(sorted(self.yes_bids, reverse=True))

    @property
    def asks(self) -> tuple[tuple[Pips, CentiContracts], ...]:
        """YES asks, best first: a NO bid at ``q`` asks for YES at one minus ``q``."""
        return tuple(sorted((opposite_pips(price), count) for price, count in self.no_bids))


class BookOf(Struct, frozen=True, kw_only=True):
    """A book and whose it is."""

    ticker: Ticker
    book: VenueBook = field(name="orderbook_fp")


class OneBook(Struct, frozen=True, kw_only=True):
    """The body of one market's book."""

    book: VenueBook = field(name="orderbook_fp")


class Books(Struct, frozen=True, kw_only=True):
    """The body of several markets' books."""

    orderbooks: tuple[BookOf, ...]


class VenueTrade(Struct, frozen=True, kw_only=True):
    """A public print."""

    trade_id: str
    ticker: Ticker
    price_pips: PriceText = field(name="yes_price_dollars")
    count_centi: CountText = field(name="count_fp")
    taker_word: str = field(name="taker_book_side")
    is_block_trade: bool
    created_wall_ns: InstantText = field(name="created_time")

    @property
    def taker_side(self) -> Side | None:
        """Which side took; ``None`` for a word that is newer than we."""
        return SIDES.get(self.taker_word)


class MarketsPage(Struct, frozen=True, kw_only=True):
    """A page of markets."""

    markets: tuple[VenueMarket, ...]
    cursor: str


class OneMarket(Struct, frozen=True, kw_only=True):
    """One market by its ticker."""

    market: VenueMarket


class EventsPage(Struct, frozen=True, kw_only=True):
    """A page of events."""

    events: tuple[VenueEvent, ...]
    cursor: str


class OneEvent(Struct, frozen=True, kw_only=True):
    """One event by its ticker."""

    event: VenueEvent


class OneSeries(Struct, frozen=True, kw_only=True):
    """One series by its ticker."""

    series: VenueSeries


class SeriesFeeChanges(Struct, frozen=True, kw_only=True):
    """Fee changes of series."""

    changes: tuple[SeriesFeeChange, ...] = field(name="series_fee_change_arr")


class EventFeeChangesPage(Struct, frozen=True, kw_only=True):
    """A page of events' fee changes."""

    changes: tuple[EventFeeChange, ...] = field(name="event_fee_changes")
    cursor: str


class MilestonesPage(Struct, frozen=True, kw_only=True):
    """A page of milestones."""

    milestones: tuple[VenueMilestone, ...]
    cursor: str = ""


class TradesPage(Struct, frozen=True, kw_only=True):
    """A page of prints, newest first."""

    trades: tuple[VenueTrade, ...]
    cursor: str
