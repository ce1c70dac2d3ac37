"""A process that is the world's venue on a stage of its own, with the bench's maker beside it.

``python bench/rush_venue.py --folder DIR``: the same stage as ``python -m actors.sim
--venue-only`` puts up, with 120 books and four accounts of which no tokens are asked.
In the last forty books nobody trades: the maker changes those at the rate that ``load``
on the second control address sets. One line on stdout when it listens; the end of stdin
means leave.
"""

import argparse
import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any, Final

import trio

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, Ticker
from actors.runtime.env import Endpoint, RealEnv
from actors.sim.control import Control
from actors.sim.scene import DOLLAR, Scene, SceneAccount, SceneLevel, SceneMarket
from actors.sim.stage import Stage
from actors.sim.venue.listing import EventTerms, SeriesTerms
from bench.deltas import Deltas

EVENTS: Final = 40
LEGS: Final = ("HOM", "AWY", "TIE")
TRADED: Final = 80
"""Books in which orders are sent; the others are the maker's."""
ACCOUNTS: Final = ("north", "east", "south", "west")
CASH_MICROS: Final = 10_000_000 * DOLLAR
BID_PIPS: Final = 4_000
ASK_PIPS: Final = 6_000
LEVELS: Final = 8
LEVEL_CENTI: Final = 25_000
CENT_PIPS: Final = 100
SERIES: Final = "KXRUSH"
CHUNK: Final = 4096


def scene() -> Scene:
    """Return the stage: books of eight levels each side, wide enough to trade inside."""
    names = [f"{SERIES}-26NOV22M{number:02d}" for number in range(EVENTS)]
    return Scene(
        series=(SeriesTerms(ticker=SERIES, title="Rush", fee_type="quadratic_with_maker_fees"),),
        events=tuple(
            EventTerms(event_ticker=name, series_ticker=SERIES, title=name, sub_title="Rush")
            for name in names
        ),
        markets=tuple(
            SceneMarket(
                ticker=Ticker(f"{name}-{leg}"),
                event_ticker=name,
                title=f"{name} Winner?",
                name=leg,
                book=_book(),
            )
            for leg in LEGS
            for name in names
        ),
        accounts=tuple(
            SceneAccount(name=name, cash_micros=((0, CASH_MICROS),)) for name in ACCOUNTS
        ),
        agents=False,
        tier=None,
        read_lag_ms=0.0,
    )


def _book() -> tuple[SceneLevel, ...]:
    def level(side: Side, price_pips: int) -> SceneLevel:
        return SceneLevel(side, Pips(price_pips), CentiContracts(LEVEL_CENTI))

    steps = [CENT_PIPS * step for step in range(LEVELS)]
    bids = tuple(level("bid", BID_PIPS - step) for step in steps)
    return bids + tuple(level("ask", ASK_PIPS + step) for step in steps)


def main() -> int:
    """Be the venue until stdin ends."""
    parser = argparse.ArgumentParser(prog="bench/rush_venue.py")
    parser.add_argument("--folder", required=True, type=Path)
    chosen = parser.parse_args()
    trio.run(_live, str(chosen.folder.absolute()))
    return 0


async def _live(folder: str) -> None:
    env = RealEnv()
    stage = Stage(env=env, scene=scene(), folder=folder)
    async with trio.open_nursery() as nursery:
        handshake: dict[str, Any] = await nursery.start(stage.run)
        tickers = [market.ticker for market in stage.scene.markets]
        deltas = Deltas(stage.venue, tickers[TRADED:])
        nursery.start_soon(deltas.run)
        control = Control({"status": deltas.status, "load": deltas.load})
        asked: Endpoint = await nursery.start(partial(control.run, env, Endpoint("127.0.0.1", 0)))
        handshake |= {"maker": asked.authority, "tickers": tickers}
        sys.stdout.write(json.dumps(handshake) + "\n")
        sys.stdout.flush()
        async with trio.lowlevel.FdStream(os.dup(sys.stdin.fileno())) as stdin:
            while await stdin.receive_some(CHUNK):
                pass
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    sys.exit(main())
