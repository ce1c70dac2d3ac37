"""Changes of the venue's books at a given rate, so that its stream is busy and its books stay sane.

An order of the maker is put at a random level, or the oldest one in that market is
taken away again: each of it is one delta. The matching book itself is changed, so that a
snapshot that is asked for in between is as true as the deltas; the accounts are left
out of it, for they cost the venue more than the stream does.
"""

import random
from collections import deque
from collections.abc import Sequence
from typing import Final

import attrs
import trio

from actors.model.matching import Change, Incoming
from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side, Ticker
from actors.sim.control import Arguments, CommandRefused
from actors.sim.venue.engine import Venue
from actors.sim.venue.events import BookChanged
from actors.sim.venue.listing import Market

TICK_S: Final = 0.005
FASTEST_PER_S: Final = 20_000
BEHIND_S: Final = 0.25
"""Of what could not be done in time no more than this is done at once."""
RESTING_MOST: Final = 24
"""Orders of the load in one market."""
CENT_PIPS: Final = 100
LEVELS: Final = 8
LOT_CENTI: Final = 100
OWNER: Final = "maker"


@attrs.define(eq=False)
class Deltas:
    """Changes one book after the other."""

    venue: Venue
    tickers: Sequence[Ticker]
    per_s: float = attrs.field(init=False, default=0.0)
    sent: int = attrs.field(init=False, default=0)
    _rng: random.Random = attrs.field(init=False)
    _resting: dict[Ticker, deque[str]] = attrs.field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        self._rng = random.Random("deltas")  # noqa: S311 - the same books in every round
        self._resting = {ticker: deque() for ticker in self.tickers}

    async def run(self) -> None:
        """Change books at the rate that was set last, until cancelled."""
        due, before_s = 0.0, trio.current_time()
        while True:
            await trio.sleep(TICK_S)
            now_s = trio.current_time()
            due = min(due + self.per_s * (now_s - before_s), self.per_s * BEHIND_S)
            before_s = now_s
            while due >= 1.0:
                due -= 1.0
                self._change(self.tickers[self.sent % len(self.tickers)])

    async def load(self, asked: Arguments) -> dict[str, object]:
        """Set the rate: ``per_s``.

        Raises:
            CommandRefused: It is no rate.
        """
        per_s = asked.get("per_s")
        if not isinstance(per_s, int | float) or not 0 <= per_s <= FASTEST_PER_S:
            raise CommandRefused(f"per_s is a number from 0 to {FASTEST_PER_S}")
        self.per_s = float(per_s)
        return await self.status(asked)

    async def status(self, _: Arguments) -> dict[str, object]:
        """Say how many changes there have been."""
        return {"at_us": self.venue.now_us(), "deltas": self.sent}

    def _change(self, ticker: Ticker) -> None:
        market, resting = self.venue.floor.market(ticker), self._resting[ticker]
        if len(resting) >= RESTING_MOST or (resting and self._rng.random() < 0.5):  # noqa: PLR2004 - even odds
            gone = market.book.cancel(resting.popleft())
            assert gone is not None, "nobody else trades here"
            self._tell(market, (gone.side, gone.price_pips, CentiContracts(-gone.left_centi)))
            return
        side: Side = "bid" if self._rng.random() < 0.5 else "ask"  # noqa: PLR2004 - even odds
        order_id = f"load-{self.sent}"
        result = market.book.submit(
            Incoming(
                order_id=order_id,
                owner=OWNER,
                side=side,
                price_pips=self._price_pips(market, side),
                count_centi=CentiContracts(LOT_CENTI * self._rng.randint(1, 50)),
                time_in_force="good_till_canceled",
                post_only=True,
            )
        )
        resting.append(order_id)
        for change in result.changes:
            self._tell(market, change)

    def _price_pips(self, market: Market, side: Side) -> Pips:
        best = market.book.levels(side, 1)[0].price_pips
        away = CENT_PIPS * self._rng.randrange(LEVELS)
        return Pips(best - away if side == "bid" else best + away)

    def _tell(self, market: Market, change: Change) -> None:
        floor, (side, price_pips, change_centi) = self.venue.floor, change
        market.clock = floor.tick(market.shard)
        floor.bulletin.post(
            BookChanged(
                ticker=market.ticker,
                side=side,
                price_pips=price_pips,
                change_centi=change_centi,
                clock=market.clock,
                cause=OWNER,
                cause_client_order_id="",
                now_us=floor.now_us(),
            )
        )
        floor.bulletin.tell()
        self.sent += 1
