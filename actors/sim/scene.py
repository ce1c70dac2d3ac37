"""What stands on the stage of a venue that is served alone: values, and one for whoever has none.

Everything relative is counted from the moment at which the venue opens.
"""

from typing import Final

import attrs

from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, Ticker
from actors.sim.venue.faults import CALM, FaultPlan
from actors.sim.venue.hours import ALWAYS, Hours, Maintenance, Stops, Week
from actors.sim.venue.latency import NONE, LatencyProfile
from actors.sim.venue.listing import EventTerms, MarketTerms, MilestoneTerms, SeriesTerms
from actors.sim.venue.price_grids import grid
from actors.sim.venue.rates import Tier
from actors.sim.venue.steps import MarketStep

DAY_S: Final = 86_400.0
SECOND_US: Final = 1_000_000
DOLLAR: Final = 1_000_000
HOUSE: Final = "house"
"""Whose orders the scene's books are made of."""


@attrs.frozen
class SceneLevel:
    """An order that rests in a book when the venue opens; nobody with a key owns it."""

    side: Side
    price_pips: Pips
    count_centi: CentiContracts


@attrs.frozen(kw_only=True)
class SceneMarket:
    """One market and its first book."""

    ticker: Ticker
    event_ticker: str
    title: str
    name: str
    """What YES is called."""
    structure: str = "linear_cent"
    opens_in_s: float = 0.0
    closes_in_s: float = DAY_S
    in_play_in_s: float | None = None
    """When the game begins; ``None`` for never."""
    settles_after_s: float = 60.0
    fair_pips: Pips | None = None
    """What the agents believe at first; ``None`` and they leave it alone."""
    book: tuple[SceneLevel, ...] = ()

    def terms(self, now_us: int) -> MarketTerms:
        """Return the market as the venue lists it at ``now_us``."""

        def at(after_s: float) -> int:
            return now_us + round(after_s * SECOND_US)

        begins_s = self.in_play_in_s
        return MarketTerms(
            ticker=self.ticker,
            event_ticker=self.event_ticker,
            title=self.title,
            yes_sub_title=self.name,
            open_us=at(self.opens_in_s),
            close_us=at(self.closes_in_s),
            expected_expiration_us=at(self.closes_in_s),
            latest_expiration_us=at(self.closes_in_s + DAY_S),
            occurrence_us=None if begins_s is None else at(begins_s),
            settlement_timer_seconds=max(1, round(self.settles_after_s)),
            settles_after_us=round(self.settles_after_s * SECOND_US),
            price_level_structure=self.structure,
            price_ranges=grid(self.structure),
            rules_primary=f"If {self.name} wins, then the market resolves to Yes.",
        )


@attrs.frozen(kw_only=True)
class SceneMilestone:
    """A real-world happening that events refer to."""

    milestone_id: str
    title: str
    event_tickers: tuple[str, ...]
    starts_in_s: float = 0.0
    category: str = "Sports"
    type: str = "soccer_tournament_multi_leg"
    source_ids: tuple[tuple[str, str], ...] = ()
    details: tuple[tuple[str, str], ...] = ()

    def terms(self, now_us: int) -> MilestoneTerms:
        """Return the milestone as the venue lists it at ``now_us``."""
        return MilestoneTerms(
            milestone_id=self.milestone_id,
            title=self.title,
            start_us=now_us + round(self.starts_in_s * SECOND_US),
            related_event_tickers=self.event_tickers,
            source_ids=dict(self.source_ids),
            details=dict(self.details),
            category=self.category,
            type=self.type,
        )


@attrs.frozen(kw_only=True)
class SceneStep:
    """One step of a market's life that is taken by the clock."""

    step: MarketStep
    at_s: float


@attrs.frozen(kw_only=True)
class SceneMaintenance:
    """A window in which the exchange takes no orders, or nothing."""

    starts_in_s: float
    lasts_s: float
    stops: Stops = "trading"
    drops_streams: bool = False

    def window(self, now_us: int) -> Maintenance:
        """Return the window as the venue keeps it that opens at ``now_us``."""
        start_us = now_us + round(self.starts_in_s * SECOND_US)
        return Maintenance(
            start_us=start_us,
            end_us=start_us + round(self.lasts_s * SECOND_US),
            stops=self.stops,
            drops_streams=self.drops_streams,
        )


@attrs.frozen(kw_only=True)
class SceneAccount:
    """A member with keys."""

    name: str
    cash_micros: tuple[tuple[int, int], ...]
    """By shard, rising."""
    tier: Tier | None = None
    """``None`` is the scene's."""


@attrs.frozen(kw_only=True)
class Scene:
    """A venue to be."""

    series: tuple[SeriesTerms, ...]
    events: tuple[EventTerms, ...]
    markets: tuple[SceneMarket, ...]
    accounts: tuple[SceneAccount, ...]
    """At least one; the first one's keys come first."""
    milestones: tuple[SceneMilestone, ...] = ()
    agents: bool = True
    """Whether others quote and trade."""
    tier: Tier | None = "basic"
    """Of whoever names none; ``None`` counts no tokens at all."""
    latency: LatencyProfile = NONE
    read_lag_ms: float = 250.0
    faults: FaultPlan = CALM
    week: Week = ALWAYS
    """In which hours of the week there is trading."""
    maintenance: tuple[SceneMaintenance, ...] = ()
    steps: tuple[SceneStep, ...] = ()
    """In the order of their times."""
    seed: int = 1

    def hours(self, now_us: int) -> Hours:
        """Return the exchange's calendar if it opens at ``now_us``."""
        return Hours(self.week, tuple(each.window(now_us) for each in self.maintenance))


def first_night() -> Scene:
    """Return the scene of whoever brings none: a match of three outcomes, and a tennis match."""
    match, tennis = "KXWCGAME-26NOV22ENGCOD", "KXATPMATCH-26NOV22SINALC"
    fair = {"ENG": 5_400, "TIE": 2_600, "COD": 2_000}
    football = tuple(
        SceneMarket(
            ticker=Ticker(f"{match}-{name}"),
            event_ticker=match,
            title="England vs Congo DR Winner?",
            name=name,
            in_play_in_s=0.0,
            fair_pips=Pips(pips),
        )
        for name, pips in fair.items()
    )
    players = tuple(
        SceneMarket(
            ticker=Ticker(f"{tennis}-{name}"),
            event_ticker=tennis,
            title="Sinner vs Alcaraz Winner?",
            name=name,
            structure="tapered_deci_cent",
            fair_pips=Pips(5_000),
        )
        for name in ("SIN", "ALC")
    )
    return Scene(
        series=(
            SeriesTerms(
                ticker="KXWCGAME", title="World Cup Game", fee_type="quadratic_with_maker_fees"
            ),
            SeriesTerms(ticker="KXATPMATCH", title="ATP Match", tags=("Tennis",), exchange_index=3),
        ),
        events=(
            EventTerms(
                event_ticker=match,
                series_ticker="KXWCGAME",
                title="England vs Congo DR",
                sub_title="Nov 22",
            ),
            EventTerms(
                event_ticker=tennis,
                series_ticker="KXATPMATCH",
                title="Sinner vs Alcaraz",
                sub_title="Nov 22",
                exchange_index=3,
            ),
        ),
        markets=football + players,
        accounts=(
            SceneAccount(name="trader", cash_micros=((0, 10_000 * DOLLAR), (3, 1_000 * DOLLAR))),
        ),
    )
