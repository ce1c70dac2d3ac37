"""A position that is held: how a test comes by one, and what then leaves it."""

import trio

from actors.model.orders import Side, Ticker
from actors.model.score import GoalKey
from tests.trader.door import Came
from tests.trader.pit import AWAY, HOME, KEY, TIE, Pit

DUE_S = 300.0
"""Of the match, after which the pit's profile sells."""


async def bought(
    pit: Pit,
    count: int = 1_000,
    *,
    side: Side = "bid",
    ticker: Ticker = HOME,
    key: GoalKey = KEY,
    after_s: float = 0.1,
) -> None:
    """Win a race and hold what it bought ``after_s``, known to the stream as well."""
    limit = 5_000 if side == "bid" else 4_200
    if ticker != HOME:
        limit = 3_000 if side == "bid" else 2_000
    pit.play(key, (pit.leg(side, limit, count, ticker=ticker, key=key),))
    assert len(pit.fire(key)) == 1
    await trio.sleep(after_s)
    hear_fills(pit)


def hear_fills(pit: Pit) -> None:
    """Have the desk know what we hold, as the stream would."""
    for ticker in (HOME, AWAY, TIE):
        pit.desk.held_centi[ticker] = pit.position_centi(ticker)


def exits(pit: Pit) -> list[Came]:
    """Return every exit that came in at the venue's door."""
    return [came for came in pit.orders.orders if came.body.get("reduce_only")]


def count_centi(came: Came) -> int:
    """Return how much an order asked for."""
    return round(float(str(came.body["count"])) * 100)


def price_pips(came: Came) -> int:
    """Return an order's limit."""
    return round(float(str(came.body["price"])) * 10_000)


def lots_are_gone(pit: Pit) -> None:
    """Hold that nothing is left to sell, planned or out."""
    assert pit.desk.lots == {}
    assert pit.desk.plans == {}
    assert pit.desk.inflight.of("exit") == []
