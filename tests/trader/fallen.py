"""A goal that falls: what a test says in the race's place, and what it then looks at."""

import trio

from actors.messages.race import Cause, MatchDoubt
from actors.messages.records_review import EpisodeRow
from actors.model.money import Pips
from actors.model.orders import Side, Ticker
from actors.model.score import GoalKey, Score
from tests.trader.door import Came
from tests.trader.pit import EVENT, HOME, KEY, Pit

LEVEL = Score(0, 0)


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


def exits(pit: Pit) -> list[Came]:
    """Return every exit that came in at the venue's door."""
    return [came for came in pit.orders.orders if came.body.get("reduce_only")]


def count_centi(came: Came) -> int:
    return round(float(str(came.body["count"])) * 100)


def price_pips(came: Came) -> int:
    return round(float(str(came.body["price"])) * 10_000)


def episodes(pit: Pit, step: str) -> list[EpisodeRow]:
    """Return what was said of ways down."""
    return [row for row in pit.said(EpisodeRow) if row.step == step]


def hear_fills(pit: Pit, *tickers: Ticker) -> None:
    """Have the desk know what we hold, as the stream would."""
    for ticker in tickers or (HOME,):
        pit.desk.held_centi[ticker] = pit.position_centi(ticker)


async def bought(
    pit: Pit, count: int = 1_000, *, key: GoalKey = KEY, side: Side = "bid", after_s: float = 0.1
) -> None:
    """Win a race and hold what it bought."""
    pit.play(key, (pit.leg(side, 5_000 if side == "bid" else 4_200, count, key=key),))
    assert len(pit.fire(key)) == 1
    await trio.sleep(after_s)
    hear_fills(pit)
