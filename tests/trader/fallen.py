"""A goal that falls: what a test says in the race's place, and what it then looks at."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from actors.messages.race import Cause, MatchDoubt
from actors.messages.records_review import EpisodeRow
from actors.model.money import Pips
from actors.model.orders import Side
from actors.model.score import GoalKey, Score
from tests.trader.held import bought
from tests.trader.pit import EVENT, KEY, Pit, open_pit

LEVEL = Score(0, 0)


@asynccontextmanager
async def holding(
    count: int = 1_000,
    *,
    side: Side = "bid",
    **terms: Any,  # noqa: ANN401 - as ``open_pit`` takes them
) -> AsyncIterator[Pit]:
    """Open a pit where a goal was traded, and what was bought is worth 45 cents if it falls.

    Args:
        count: What is held, in hundredths of a contract.
        side: Of its entry.
        terms: What the pit is opened with.
    """
    async with open_pit(**terms) as pit:
        await pit.start_orders()
        worth(pit, 4_500)
        await bought(pit, count, side=side)
        yield pit


def doubt(
    pit: Pit,
    key: GoalKey = KEY,
    *,
    reason: str = "went back",
    in_doubt: bool = True,
    cause: Cause = "score",
    restored: Score | None = LEVEL,
) -> None:
    """Have the race doubt a goal, or say how that ended."""
    pit.trading.reversals.hear_doubt(
        MatchDoubt(
            match=EVENT, in_doubt=in_doubt, reason=reason, key=key, cause=cause, restored=restored
        )
    )


def worth(pit: Pit, pips: int) -> None:
    """Have every leg be worth so much once the goal has fallen."""
    pit.trading.reversals.value = lambda _match, _ticker, _score: Pips(pips)


def episodes(pit: Pit, step: str) -> list[EpisodeRow]:
    """Return what was said of ways down."""
    return [row for row in pit.said(EpisodeRow) if row.step == step]
