"""What a Polymarket-shaped feed server writes: its JSON objects, and its spoiled frames.

The shape is that of reference feeds.md section 2.1 and of
``spec/feeds/polymarket_sports_frames.json``. Written here a second time and not
taken from the product's codec, which it is there to test.
"""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal, get_args

import attrs
import msgspec

from actors.model.score import Score

PING: Final = "ping"
PONG: Final = "pong"

Spoil = Literal["malformed", "oversized", "nested", "not_utf8", "nan", "swap"]
"""Ways to spoil a frame; ``swap`` writes the away side's goals first, names as they were."""
SPOILS: Final[tuple[Spoil, ...]] = get_args(Spoil)

ReviewWord = Literal["opened", "stands", "overturned"]
"""What providers that speak of reviews say of one."""
GoalWord = Literal["confirmed", "amended"]
"""What providers that are not sure of every goal at once say of one later."""
Word = ReviewWord | GoalWord

FRAME_LIMIT: Final = 64 * 1024
"""What a careful client takes at most (reference reliability.md section 6.4)."""
DEEP: Final = 30_000

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@attrs.frozen(kw_only=True)
class MatchState:
    """What is true of one match at one instant. World to feed servers."""

    game_id: int
    sportradar_id: str
    """The id that also stands in the venue's milestone."""
    home_team: str
    away_team: str
    score: Score
    period: str
    """The provider's word for it: ``"1H"``, ``"HT"``, ``"FT"``."""
    elapsed: str = ""
    """The provider's clock, ``"32:15"``; empty where it shows none."""
    live: bool
    ended: bool
    league: str = "fifwc"
    slug: str = ""
    sure: bool = True
    """Whether a provider that has words for it is sure of the goal that led here."""

    def is_news_after(self, before: "MatchState") -> bool:
        """Whether the provider sends a frame for the step: it sends none for the clock alone."""
        return any(
            getattr(self, name) != getattr(before, name)
            for name in ("score", "period", "live", "ended")
        )


def frame(state: MatchState, updated_wall_ns: int, *, swapped: bool = False) -> str:
    """Return the JSON text that tells ``state``."""
    score = Score(state.score.away, state.score.home) if swapped else state.score
    body: dict[str, object] = {
        "gameId": state.game_id,
        "sportradarGameId": state.sportradar_id,
        "leagueAbbreviation": state.league,
        "slug": state.slug or f"{state.league}-{state.game_id}",
        "homeTeam": state.home_team,
        "awayTeam": state.away_team,
        "status": _status(state),
        "score": score.text,
        "period": state.period,
        "elapsed": state.elapsed,
        "live": state.live,
        "ended": state.ended,
        "last_update": iso(updated_wall_ns),
    }
    if not state.elapsed:
        del body["elapsed"]
    return msgspec.json.encode(body).decode()


def iso(wall_ns: int) -> str:
    """Return the moment in UTC as the provider writes it, to the millisecond."""
    moment = _EPOCH + timedelta(milliseconds=wall_ns // 1_000_000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def spoiled(kind: Spoil, text: str) -> str | bytes:
    """Return ``text`` spoiled: a message, or the bytes of a whole WebSocket frame.

    Bytes are for what no honest WebSocket library can send.
    """
    match kind:
        case "malformed":
            return text[: len(text) // 2]
        case "oversized":
            return text[:-1] + ',"padding":"' + "x" * FRAME_LIMIT + '"}'
        case "nested":
            return "[" * DEEP + "]" * DEEP
        case "not_utf8":
            return text_frame(text.encode() + b"\xff")
        case "nan":
            return text.replace('"live":', '"turn":NaN,"live":', 1)
        case "swap":
            return text


def text_frame(payload: bytes) -> bytes:
    """Return one unmasked text frame around ``payload``, whatever is in it (RFC 6455)."""
    size = len(payload)
    fits = size <= 125  # noqa: PLR2004 - the greatest length the second byte can say
    length = bytes([size]) if fits else b"\x7e" + size.to_bytes(2, "big")
    return b"\x81" + length + payload


def close_frame(code: int) -> bytes:
    """Return the frame by which a server ends a WebSocket with ``code``."""
    return b"\x88\x02" + code.to_bytes(2)


def _status(state: MatchState) -> str:
    if state.ended:
        return "finished"
    return "InProgress" if state.live else "Scheduled"
