"""A book that collapses while a goal falls: one random case of it, and what it must not cost."""

import random

import attrs
import trio

from actors.runtime.memory import run_seeded
from actors.sim.venue.events import Filled, VenueEvent
from tests.trader.fallen import doubt, worth
from tests.trader.held import bought, exits, hear_fills, price_pips
from tests.trader.pit import HOME, US, Pit, open_pit

FLOOR = 2_000
"""Pips between a lot's worth and its floor, as the pit's profile says."""


@attrs.frozen(kw_only=True)
class Collapse:
    """How one case ended."""

    sold_centi: int
    held_centi: int
    orders: int
    beyond: int
    """Orders, and executions, at a price beyond the floor."""
    is_finished: bool
    """Whether nothing of ours was left to do, and what is unsold had been offered down to it."""

    @property
    def is_sound(self) -> bool:
        """Whether it went as it must."""
        return self.is_finished and not self.beyond


def collapse(seed: int) -> Collapse:
    """Live through one collapsing book."""
    made: list[Collapse] = []

    async def live() -> None:
        made.append(await _collapsed(random.Random(f"collapse/{seed}")))

    run_seeded(seed, live)
    return made[0]


async def _collapsed(chance: random.Random) -> Collapse:
    is_long = chance.random() < 0.5
    count, value = chance.randrange(100, 2_001, 100), chance.randrange(500, 9_501, 50)
    floor = max(100, value - FLOOR) if is_long else min(9_900, value + FLOOR)
    filled: list[int] = []

    def hear(event: VenueEvent) -> None:
        if isinstance(event, Filled) and event.account == US:
            filled.append(event.price_pips)

    async with open_pit() as pit:
        await pit.start_orders()
        worth(pit, value)
        await bought(pit, count, side="bid" if is_long else "ask", after_s=0.05)
        pit.venue.cancel_all("maker")
        pit.venue.listen(hear)
        _quote(pit, chance, is_long=is_long)
        doubt(pit)
        for _ in range(chance.randrange(1, 6)):
            await trio.sleep(chance.choice([0.01, 0.1, 0.4, 1.1]))
            pit.venue.cancel_all("maker")
            _quote(pit, chance, is_long=is_long)
            if chance.random() < 0.5:
                hear_fills(pit)
                pit.see_books(HOME)
        await trio.sleep(20.0)
        held = abs(pit.position_centi())
        limits = [price_pips(each) for each in exits(pit)]
    prices = limits + filled
    return Collapse(
        sold_centi=count - held,
        held_centi=held,
        orders=len(limits),
        beyond=sum((price < floor) if is_long else (price > floor) for price in prices),
        # The last offer stands on the market's grid, up to a cent before the floor.
        is_finished=not pit.desk.lots and (not held or abs(limits[-1] - floor) < 100),
    )


def _quote(pit: Pit, chance: random.Random, *, is_long: bool) -> None:
    for _ in range(chance.randrange(0, 4)):
        price, count = chance.randrange(100, 9_901, 100), chance.randrange(100, 1_501, 100)
        pit.make("bid" if is_long else "ask", price, count)
