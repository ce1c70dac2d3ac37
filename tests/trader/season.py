"""A season at the venue, told by nobody beforehand: fixtures listed, moved, put off, doubled, paid.

Everything is drawn from a seed; ``listing`` says what the venue would answer at an instant.
"""

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import attrs

from actors.config.sheet import Sheet
from actors.exchange.wire_market import (
    PriceStep,
    VenueEvent,
    VenueMarket,
    VenueMilestone,
    VenueSeries,
)
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Ticker

MINUTE_NS: Final = 60 * 1_000_000_000
HOUR_NS: Final = 60 * MINUTE_NS
DAY_NS: Final = 24 * HOUR_NS
BEGAN_NS: Final = 1_790_000_000 * 1_000_000_000
SERIES: Final = "KXCUPGAME"
SHEET: Final = Sheet(
    series=SERIES,
    sport="soccer",
    settles_on="regulation",
    legs=3,
    exhaustive=True,
    tie="Tie",
    void="fair price",
    in_play_delay_ms=0,
    reviewed="2026-11-23",
)
CLUBS: Final = tuple(
    f"{name} {kind}"
    for name in ("Upper", "Lower", "Old", "New", "East", "West")
    for kind in ("Rovers", "United", "Town", "Athletic")
)


def series(ticker: str = SERIES) -> VenueSeries:
    """Return a series as the venue has it."""
    return VenueSeries(
        ticker=ticker,
        title="Cup",
        category="Sports",
        tags=("Soccer",),
        fee_type="quadratic",
        fee_multiplier=Decimal(1),
    )


def leg(event: str, name: str, status: str, *, strike: str = "") -> VenueMarket:
    """Return one market of an event."""
    return VenueMarket(
        ticker=Ticker(f"{event}-{name}"),
        event_ticker=event,
        market_type="binary",
        yes_sub_title=name,
        no_sub_title=name,
        status=status,
        result="",
        open_wall_ns=0,
        close_wall_ns=0,
        settlement_timer_s=60,
        can_close_early=True,
        rules_primary="",
        rules_secondary="",
        yes_bid_pips=Pips(0),
        yes_bid_centi=CentiContracts(0),
        yes_ask_pips=Pips(0),
        yes_ask_centi=CentiContracts(0),
        last_price_pips=Pips(0),
        volume_centi=CentiContracts(0),
        price_ranges=(PriceStep(start_pips=Pips(0), end_pips=Pips(10_000), step_pips=Pips(100)),),
        settlement_value_micros=MicroDollars(0),
        custom_strike={"soccer_team": strike} if strike else None,
        exchange_index=0,
    )


def event(
    ticker: str,
    home: str = "Upper Rovers",
    away: str = "Old Town",
    status: str = "active",
    *,
    of: str = SERIES,
) -> VenueEvent:
    """Return an event with its three legs at one status."""
    return VenueEvent(
        event_ticker=ticker,
        series_ticker=of,
        title=f"{home} vs {away}",
        sub_title="",
        collateral_return_type="MECNET",
        mutually_exclusive=True,
        markets=tuple(leg(ticker, name, status) for name in (home, away, "Tie")),
    )


def milestone(*tickers: str, provider_id: str, start_ns: int, **details: object) -> VenueMilestone:
    """Return the milestone of events."""
    return VenueMilestone(
        milestone_id=f"m{provider_id}",
        category="Sports",
        milestone_type="soccer",
        title="",
        start_wall_ns=start_ns,
        related_event_tickers=tickers,
        primary_event_tickers=tickers,
        source_ids={"source_3_id": provider_id},
        details=details,
    )


@attrs.define(kw_only=True)
class Fixture:
    """One fixture's fate."""

    number: int
    home: str
    away: str
    first_ns: int
    """Kick-off as it was first listed."""
    moved_ns: int
    """By how much it is moved, two days before it; 0 for none."""
    put_off: bool
    """Whether it is called off half an hour before, and listed anew under its old id."""
    late: bool
    """Whether its milestone comes an hour before it only."""
    doubled: bool
    """Whether it is listed twice for a day, four days before it."""
    paused: bool
    """Whether its markets stand still from its 30th minute to its 50th."""
    merged: bool
    """Whether its provider gives it another id on its day."""

    def kickoff_ns(self, at_ns: int) -> int:
        known = at_ns >= self.first_ns - 2 * DAY_NS
        return self.first_ns + (self.moved_ns if known else 0)

    def provider_id(self, at_ns: int) -> str:
        changed = self.merged and at_ns >= self.first_ns - DAY_NS
        return f"{70_000 + self.number + (500 if changed else 0)}"

    @property
    def ticker(self) -> str:
        return f"{SERIES}-{self.number:03d}"

    def status(self, at_ns: int) -> str:
        """Return what the venue says of the markets of its first event."""
        kickoff_ns = self.kickoff_ns(at_ns)
        end_ns = kickoff_ns - 30 * MINUTE_NS if self.put_off else kickoff_ns + 115 * MINUTE_NS
        since_ns = at_ns - end_ns
        if since_ns >= 0:
            words = ("closed", "determined", "finalized")
            return words[min(2, since_ns // (5 * MINUTE_NS))]
        in_play_ns = at_ns - kickoff_ns
        if self.paused and 30 * MINUTE_NS <= in_play_ns < 50 * MINUTE_NS:
            return "inactive"
        return "active" if in_play_ns > -6 * DAY_NS else "initialized"

    def events(self, at_ns: int) -> Iterator[tuple[VenueEvent, tuple[VenueMilestone, ...]]]:
        """Yield every event that the venue lists of it at ``at_ns``, with its milestones."""
        kickoff_ns = self.kickoff_ns(at_ns)
        if not kickoff_ns - 9 * DAY_NS <= at_ns <= kickoff_ns + 2 * DAY_NS:
            return
        names = (self.home, self.away)
        told = not self.late or at_ns >= kickoff_ns - HOUR_NS
        tickers = [self.ticker]
        rows = [event(self.ticker, *names, self.status(at_ns))]
        if self.put_off and at_ns >= kickoff_ns:
            tickers.append(f"{self.ticker}N")
            rows.append(event(f"{self.ticker}N", *names, "initialized"))
        if self.doubled and 3 * DAY_NS < kickoff_ns - at_ns <= 4 * DAY_NS:
            tickers.append(f"{self.ticker}D")
            rows.append(event(f"{self.ticker}D", *names))
        start_ns = kickoff_ns + (7 * DAY_NS if len(tickers) > 1 and self.put_off else 0)
        about = milestone(*tickers, provider_id=self.provider_id(at_ns), start_ns=start_ns)
        for row in rows:
            yield row, (about,) if told else ()


def season(seed: int, fixtures: int = 80, weeks: int = 4) -> list[Fixture]:
    """Draw a season."""
    rng = random.Random(f"season/{seed}")
    drawn = []
    for number in range(fixtures):
        home, away = rng.sample(CLUBS, 2)
        drawn.append(
            Fixture(
                number=number,
                home=home,
                away=away,
                first_ns=BEGAN_NS
                + rng.randrange(10, 10 + 7 * weeks) * DAY_NS
                + rng.randrange(24 * 12) * 5 * MINUTE_NS,
                moved_ns=rng.choice((0, 0, 0, 3 * HOUR_NS, -3 * HOUR_NS, 26 * HOUR_NS)),
                put_off=rng.random() < 0.1,
                late=rng.random() < 0.15,
                doubled=rng.random() < 0.1,
                paused=rng.random() < 0.2,
                merged=rng.random() < 0.1,
            )
        )
    return drawn
