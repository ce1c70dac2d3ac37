"""A match as the venue lists it: one event, three markets that exclude one another, a milestone.

Shapes: reference ``kalshi.md`` sections 4, 7 and 8. World Cup games carry maker
fees; the markets settle on ninety minutes and stoppage time.
"""

from typing import Final

from actors.sim.beliefs import OUTCOMES
from actors.sim.listing import (
    SERIES,
    SERIES_TITLE,
    leg_names,
    leg_tickers,
    milestone_id,
    provider_id,
    team_id,
)
from actors.sim.script import MatchScript
from actors.sim.venue.listing import EventTerms, MarketTerms, MilestoneTerms, SeriesTerms

DAY_US: Final = 24 * 3600 * 1_000_000
SHARD: Final = 0
"""Soccer trades on shard 0."""
TIMER_S: Final = 1
"""What the API says of the time between determination and settlement, in whole seconds."""

RULES: Final = (
    "If {name} wins the match between {home} and {away} after 90 minutes plus stoppage time "
    "(extra time and penalties do not count), then the market resolves to Yes."
)
RULES_TIE: Final = (
    "If the match between {home} and {away} is tied after 90 minutes plus stoppage time "
    "(extra time and penalties do not count), then the market resolves to Yes."
)


def series_terms() -> SeriesTerms:
    """Return the series of every match."""
    return SeriesTerms(
        ticker=SERIES,
        title=SERIES_TITLE,
        fee_type="quadratic_with_maker_fees",
        exchange_index=SHARD,
        settlement_source="FIFA",
    )


def event_terms(script: MatchScript) -> EventTerms:
    """Return a match's event."""
    fixture = script.fixture
    return EventTerms(
        event_ticker=script.match,
        series_ticker=SERIES,
        title=fixture.name,
        sub_title=f"{fixture.stage}, {fixture.date}",
        mutually_exclusive=True,
        exchange_index=SHARD,
    )


def market_terms(
    script: MatchScript, *, now_us: int, kickoff_us: int, settles_after_us: int
) -> tuple[MarketTerms, ...]:
    """Return a match's markets, open from ``now_us``: home, away, tie.

    Args:
        script: The match.
        now_us: Wall clock, microseconds since 1970.
        kickoff_us: When it is expected to kick off.
        settles_after_us: What really passes between determination and settlement.
    """
    fixture = script.fixture
    tickers, names = leg_tickers(script.match, fixture), leg_names(fixture)
    return tuple(
        MarketTerms(
            ticker=tickers[outcome],
            event_ticker=script.match,
            title=f"{fixture.name} Winner?",
            yes_sub_title=names[outcome],
            open_us=now_us,
            # Far off, as the venue has it; play ends when a winner is declared.
            close_us=kickoff_us + 14 * DAY_US,
            expected_expiration_us=kickoff_us + DAY_US // 8,
            latest_expiration_us=kickoff_us + 14 * DAY_US,
            occurrence_us=kickoff_us,
            settlement_timer_seconds=TIMER_S,
            settles_after_us=settles_after_us,
            custom_strike={"soccer_team": names[outcome]},
            rules_primary=(RULES_TIE if outcome == "draw" else RULES).format(
                name=names[outcome], home=fixture.home, away=fixture.away
            ),
        )
        for outcome in OUTCOMES
    )


def milestone_terms(script: MatchScript, *, kickoff_us: int) -> MilestoneTerms:
    """Return a match's milestone, with the id that the feeds report it under."""
    fixture = script.fixture
    return MilestoneTerms(
        milestone_id=milestone_id(script.match),
        title=fixture.name,
        start_us=kickoff_us,
        related_event_tickers=(script.match,),
        source_ids={"source_3_id": provider_id(script.match)},
        details={
            "main_game_event_ticker": script.match,
            "home_team_id": team_id(fixture.home),
            "away_team_id": team_id(fixture.away),
        },
    )
