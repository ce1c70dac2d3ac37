"""What the venue calls a match: its tickers, titles and the feeds' id of it.

Ticker grammar: reference ``kalshi.md`` section 8
(``SERIES-YYMMMDD[HHMM]HOMAWY-LEG``). The ids are derived, never drawn, so the
venue and the feeds name a match alike without speaking to each other.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from actors.model.orders import Ticker
from actors.model.score import MatchId
from actors.sim.beliefs import Outcome
from actors.sim.matchday import Fixture

SERIES: Final = "KXWCGAME"
SERIES_TITLE: Final = "World Cup Game"
TIE: Final = "TIE"

CODES: Final[Mapping[str, str]] = {
    "Algeria": "ALG",
    "Argentina": "ARG",
    "Australia": "AUS",
    "Austria": "AUT",
    "Belgium": "BEL",
    "Bosnia & Herzegovina": "BIH",
    "Brazil": "BRA",
    "Cameroon": "CMR",
    "Canada": "CAN",
    "Cape Verde": "CPV",
    "Colombia": "COL",
    "Costa Rica": "CRC",
    "Croatia": "CRO",
    "Curaçao": "CUW",
    "Czech Republic": "CZE",
    "DR Congo": "COD",
    "Denmark": "DEN",
    "Ecuador": "ECU",
    "Egypt": "EGY",
    "England": "ENG",
    "France": "FRA",
    "Germany": "GER",
    "Ghana": "GHA",
    "Haiti": "HAI",
    "Iran": "IRN",
    "Iraq": "IRQ",
    "Ivory Coast": "CIV",
    "Japan": "JPN",
    "Jordan": "JOR",
    "Mexico": "MEX",
    "Morocco": "MAR",
    "Netherlands": "NED",
    "New Zealand": "NZL",
    "Norway": "NOR",
    "Panama": "PAN",
    "Paraguay": "PAR",
    "Poland": "POL",
    "Portugal": "POR",
    "Qatar": "QAT",
    "Saudi Arabia": "KSA",
    "Scotland": "SCO",
    "Senegal": "SEN",
    "Serbia": "SRB",
    "South Africa": "RSA",
    "South Korea": "KOR",
    "Spain": "ESP",
    "Sweden": "SWE",
    "Switzerland": "SUI",
    "Tunisia": "TUN",
    "Turkey": "TUR",
    "USA": "USA",
    "Uruguay": "URU",
    "Uzbekistan": "UZB",
    "Wales": "WAL",
}
"""The three letters on each side's scoreboard."""


def event_ticker(fixture: Fixture, *, with_time: bool = False) -> MatchId:
    """Return the event's ticker: ``KXWCGAME-22NOV21ENGIRN``.

    Args:
        fixture: The match.
        with_time: Whether the kick-off (UTC) follows the date, for a calendar in
            which the same two sides may meet twice a day.
    """
    year, month, day = (int(part) for part in fixture.date.split("-"))
    date = f"{datetime(year, month, day, tzinfo=UTC):%y%b%d}".upper()
    time = f"{datetime.fromtimestamp(fixture.kickoff_utc_s, UTC):%H%M}" if with_time else ""
    return MatchId(f"{SERIES}-{date}{time}{CODES[fixture.home]}{CODES[fixture.away]}")


def leg_tickers(match: MatchId, fixture: Fixture) -> Mapping[Outcome, Ticker]:
    """Return the ticker of each result's market: home, away, then the tie."""
    return {
        "home": Ticker(f"{match}-{CODES[fixture.home]}"),
        "away": Ticker(f"{match}-{CODES[fixture.away]}"),
        "draw": Ticker(f"{match}-{TIE}"),
    }


def leg_names(fixture: Fixture) -> Mapping[Outcome, str]:
    """Return what each market's YES stands for."""
    return {"home": fixture.home, "away": fixture.away, "draw": "Tie"}


def provider_id(match: MatchId) -> str:
    """Return the feeds' id of a match: eleven digits."""
    return str(10**10 + _number(match, "provider") % (9 * 10**10))


def milestone_id(match: MatchId) -> str:
    """Return the id of the venue's milestone of a match, in the shape of a UUID."""
    text = f"{_number(match, 'milestone') % 16**32:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def game_id(match: MatchId) -> int:
    """Return the feeds' own number of a match."""
    return 10**6 + _number(match, "game") % (9 * 10**6)


def team_id(name: str) -> str:
    """Return the provider's id of a side."""
    return f"sr:competitor:{1000 + _number(name, 'team') % 9000}"


def _number(name: str, purpose: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{purpose}/{name}".encode()).digest())
