"""The matches that the bench plays: what the venue calls them, and what a feed says of them."""

import json
from typing import Final

import attrs

SERIES: Final = "KXWCGAME"
"""The series that the shipped sheet is about."""
TIE: Final = "Tie"
MOST_GOALS: Final = 198
"""Of one match: a side's goals are written with two digits."""
FIRST_GAME_ID: Final = 5_000_000
FIRST_PROVIDER_ID: Final = 70_000_000_000
CLOCK: Final = "23:41"
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@attrs.frozen
class BenchMatch:
    """One match that exists nowhere else; everything about it follows from its number."""

    number: int

    @property
    def code(self) -> str:
        """Two letters that no other match has."""
        return LETTERS[self.number // len(LETTERS)] + LETTERS[self.number % len(LETTERS)]

    @property
    def home(self) -> str:
        """The home side's name."""
        return f"Home {self.code}"

    @property
    def away(self) -> str:
        """The away side's name."""
        return f"Away {self.code}"

    @property
    def event_ticker(self) -> str:
        """The venue's name of the match."""
        return f"{SERIES}-26NOV22H{self.code}A{self.code}"

    @property
    def legs(self) -> tuple[tuple[str, str], ...]:
        """Ticker and title of each market: home, away, tie."""
        return (
            (f"{self.event_ticker}-H{self.code}", self.home),
            (f"{self.event_ticker}-A{self.code}", self.away),
            (f"{self.event_ticker}-TIE", TIE),
        )

    @property
    def provider_id(self) -> str:
        """The id that venue and feeds share."""
        return str(FIRST_PROVIDER_ID + self.number)

    def frame(self, goals: int, clock: str = CLOCK) -> str:
        """Return what a feed says once ``goals`` goals have been scored, home side first.

        The sides score in turn, so that the match stays level or one goal apart, as
        matches do. The shape is that of reference feeds.md section 2.1.
        """
        assert 0 <= goals <= MOST_GOALS
        return json.dumps(
            {
                "gameId": FIRST_GAME_ID + self.number,
                "sportradarGameId": self.provider_id,
                "leagueAbbreviation": "fifwc",
                "slug": f"fifwc-{FIRST_GAME_ID + self.number}",
                "homeTeam": self.home,
                "awayTeam": self.away,
                "status": "InProgress",
                "score": f"{(goals + 1) // 2}-{goals // 2}",
                "period": "1H",
                "elapsed": clock,
                "live": True,
                "ended": False,
                "last_update": "2026-11-22T15:00:00.000Z",
            },
            separators=(",", ":"),
        )


def matches(count: int) -> tuple[BenchMatch, ...]:
    """Return the first ``count`` of them."""
    assert 0 < count <= len(LETTERS) ** 2
    return tuple(BenchMatch(number) for number in range(count))
