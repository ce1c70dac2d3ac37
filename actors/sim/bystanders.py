"""Somebody to trade with where nobody plays a match: quotes around a drifting belief, and bets.

Drawn from the seed, the market and the number of the look, and from nothing that
any account does.
"""

from typing import Final

import attrs
import trio

from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, Ticker
from actors.sim.draws import stream
from actors.sim.venue.accounts import CreateOrder
from actors.sim.venue.engine import Venue

SIDES: Final[tuple[Side, ...]] = ("bid", "ask")
QUOTER: Final = "bystander-quotes"
BETTOR: Final = "bystander-bets"
CASH_MICROS: Final = 20_000_000 * 1_000_000
LOOK_S: Final = 2.0
"""Between two looks at one market."""
LEVELS: Final = 3
CENT_PIPS: Final = 100
LOWEST: Final = 5
HIGHEST: Final = 95
"""Cents; beyond them nobody's belief drifts."""
BET_ODDS: Final = 0.3
"""How often a look sees a bet."""


@attrs.define(eq=False)
class Bystanders:
    """Quotes and bets in every market that has a fair price.

    Args:
        venue: Where.
        seed: Of everything they do.
        fair_pips: What they believe at first, by market.
    """

    venue: Venue
    seed: int
    fair_pips: dict[Ticker, Pips]
    _look: int = attrs.field(init=False, default=0)

    def enlist(self) -> None:
        """Open their accounts, on every shard there is."""
        cash = dict.fromkeys(self.venue.floor.shards(), CASH_MICROS)
        for name in (QUOTER, BETTOR):
            self.venue.open_account(name, cash)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Trade until cancelled; reports when the first quotes stand."""
        self.look()
        task_status.started()
        while True:
            await trio.sleep(LOOK_S)
            self.look()

    def look(self) -> None:
        """Look at every market once."""
        self._look += 1
        for ticker in self.fair_pips:
            self._tend(ticker)

    def _tend(self, ticker: Ticker) -> None:
        draws = stream(self.seed, "bystanders", ticker, self._look)
        fair = min(HIGHEST, max(LOWEST, self.fair_pips[ticker] // CENT_PIPS))
        if self._look > 1:
            fair = min(HIGHEST, max(LOWEST, fair + draws.choice((-1, 0, 0, 0, 1))))
            self.fair_pips[ticker] = Pips(fair * CENT_PIPS)
        bets = draws.choice(SIDES)
        if draws.random() < BET_ODDS and self._look > 1:
            price = fair + 2 if bets == "bid" else fair - 2
            self._send(BETTOR, ticker, bets, price, draws.randint(1, 30), rests=False)
        for order_id in self.venue.open_orders(QUOTER, ticker):
            self.venue.cancel_order(QUOTER, order_id)
        for step in range(1, LEVELS + 1):
            for side in SIDES:
                price = fair - step if side == "bid" else fair + step
                contracts = draws.randint(50, 300)
                self._send(QUOTER, ticker, side, price, contracts, rests=True)

    def _send(
        self, account: str, ticker: Ticker, side: Side, cents: int, contracts: int, *, rests: bool
    ) -> None:
        # A market that is closed or halted refuses; they do not mind.
        self.venue.create_order(
            account,
            CreateOrder(
                ticker=ticker,
                side=side,
                price_pips=Pips(cents * CENT_PIPS),
                count_centi=CentiContracts(100 * contracts),
                time_in_force="good_till_canceled" if rests else "immediate_or_cancel",
            ),
        )
