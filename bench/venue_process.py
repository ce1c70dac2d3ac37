"""A process that is the simulated venue with quiet books: all that is asked for but order entry.

``python bench/venue_process.py --folder DIR --matches N``; DIR holds the certificate
of ``bench/rounds.py``. One line on stdout when it listens; the end of stdin means leave.
On its control socket ``load`` with ``per_s`` sets how many changes of books a second are
streamed (none at the start), and ``status`` says how many there have been.
"""

import argparse
import json
import os
import random
import sys
from functools import partial
from pathlib import Path
from typing import Final

import trio

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, Ticker
from actors.runtime.env import Endpoint, RealEnv, ServerTls
from actors.sim.authority import SECRET_MODE, private_pem, public_pem, seeded_key
from actors.sim.control import Control
from actors.sim.venue.accounts import CreateOrder
from actors.sim.venue.auth import KeyRing
from actors.sim.venue.engine import Venue
from actors.sim.venue.latency import NONE
from actors.sim.venue.listing import EventTerms, MarketTerms, MilestoneTerms, SeriesTerms
from actors.sim.venue.order_entry import Created
from actors.sim.venue.server import WS_PATH, VenueServer
from bench.deltas import Deltas
from bench.matches import SERIES, BenchMatch, matches

MAKER: Final = "maker"
TRADER: Final = "trader"
MAKER_CASH_MICROS: Final = 20_000_000 * 1_000_000
TRADER_CASH_MICROS: Final = 10_000 * 1_000_000
KEY_ID: Final = "11111111-2222-4333-8444-555555555555"
MINUTE_US: Final = 60 * 1_000_000
DAY_US: Final = 24 * 60 * MINUTE_US
PLAYED_US: Final = 24 * MINUTE_US
BEST_PIPS: Final = ((5_000, 5_100), (2_600, 2_700), (2_300, 2_400))
"""Best bid and ask of home, away and tie: level, and a goal away from any band's value."""
LEVELS: Final = 8
LEVEL_CENTI: Final = 25_000
CENT_PIPS: Final = 100
CHUNK: Final = 4096


def main() -> int:
    """Be the venue until stdin ends."""
    parser = argparse.ArgumentParser(prog="bench/venue_process.py")
    parser.add_argument("--folder", required=True, type=Path)
    parser.add_argument("--matches", required=True, type=int)
    chosen = parser.parse_args()
    trio.run(_live, chosen.folder.absolute(), chosen.matches)
    return 0


async def _live(folder: Path, count: int) -> None:
    env = RealEnv()
    rng = random.Random(1)  # noqa: S311 - names orders and draws no secret
    venue = Venue(now_us=lambda: env.wall_ns() // 1_000, rng=rng)
    keys = KeyRing()
    pem_file = folder / "trader.pem"
    # An RSA key would cost half a millisecond of the second core for each header set, and
    # goals come three hundred times a second here: the harness would wait for the signer.
    private = seeded_key(os.urandom(32))
    env.disk.write_whole(str(pem_file), private_pem(private), SECRET_MODE)
    keys.add(KEY_ID, TRADER, public_pem(private))
    open_venue(venue, matches(count))
    server = VenueServer(
        env=env,
        venue=venue,
        keys=keys,
        endpoint=Endpoint("127.0.0.1", 0, tls=True),
        tls=ServerTls(
            certificate_file=str(folder / "server.pem"), key_file=str(folder / "server.key")
        ),
        latency=NONE,
        # Six hundred orders a second are more than the lowest tier may send.
        tier="prestige",
    )
    async with trio.open_nursery() as nursery:
        bound: Endpoint = await nursery.start(server.run)
        deltas = Deltas(
            venue, [Ticker(ticker) for each in matches(count) for ticker, _ in each.legs]
        )
        nursery.start_soon(deltas.run)
        control = Control({"status": deltas.status, "load": deltas.load})
        asked: Endpoint = await nursery.start(partial(control.run, env, Endpoint("127.0.0.1", 0)))
        key = {"id": KEY_ID, "pem_file": str(pem_file), "type": "ed25519"}
        handshake = {
            "v": 1,
            "rest": f"https://{bound.authority}/trade-api/v2",
            "ws": f"wss://{bound.authority}{WS_PATH}",
            "ca_file": str(folder / "ca.pem"),
            "keys": [key],
            "key": key,
            "control": asked.authority,
            "seed": 1,
            "speed": 1.0,
        }
        sys.stdout.write(json.dumps(handshake) + "\n")
        sys.stdout.flush()
        async with trio.lowlevel.FdStream(os.dup(sys.stdin.fileno())) as stdin:
            while await stdin.receive_some(CHUNK):
                pass
        nursery.cancel_scope.cancel()


def open_venue(venue: Venue, listed: tuple[BenchMatch, ...]) -> None:
    """Open the accounts, list the matches and quote their markets."""
    venue.open_account(MAKER, {0: MAKER_CASH_MICROS})
    venue.open_account(TRADER, {0: TRADER_CASH_MICROS}, on_record=True)
    venue.list_series(
        SeriesTerms(ticker=SERIES, title="Bench", fee_type="quadratic_with_maker_fees")
    )
    for match in listed:
        _list(venue, match)
    venue.advance()
    for match in listed:
        for (ticker, _), (bid_pips, ask_pips) in zip(match.legs, BEST_PIPS, strict=True):
            for level in range(LEVELS):
                away_pips = level * CENT_PIPS
                _quote(venue, ticker, "bid", bid_pips - away_pips)
                _quote(venue, ticker, "ask", ask_pips + away_pips)


def _list(venue: Venue, match: BenchMatch) -> None:
    now_us = venue.now_us()
    kickoff_us = now_us - PLAYED_US
    title = f"{match.home} vs {match.away}"
    venue.list_event(
        EventTerms(
            event_ticker=match.event_ticker, series_ticker=SERIES, title=title, sub_title="Bench"
        )
    )
    for ticker, name in match.legs:
        venue.list_market(
            MarketTerms(
                ticker=Ticker(ticker),
                event_ticker=match.event_ticker,
                title=f"{title} Winner?",
                yes_sub_title=name,
                open_us=now_us,
                close_us=now_us + DAY_US,
                expected_expiration_us=now_us + DAY_US,
                latest_expiration_us=now_us + DAY_US,
                occurrence_us=kickoff_us,
            )
        )
    venue.list_milestone(
        MilestoneTerms(
            milestone_id=f"00000000-0000-4000-8000-{match.number:012d}",
            title=title,
            start_us=kickoff_us,
            related_event_tickers=(match.event_ticker,),
            source_ids={"source_3_id": match.provider_id},
            details={"main_game_event_ticker": match.event_ticker},
        )
    )


def _quote(venue: Venue, ticker: str, side: Side, price_pips: int) -> None:
    taken = venue.create_order(
        MAKER,
        CreateOrder(
            ticker=Ticker(ticker),
            side=side,
            price_pips=Pips(price_pips),
            count_centi=CentiContracts(LEVEL_CENTI),
            time_in_force="good_till_canceled",
            post_only=True,
        ),
    )
    assert isinstance(taken, Created), taken


if __name__ == "__main__":
    sys.exit(main())
