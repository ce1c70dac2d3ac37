"""Whatever can be said against an entry, and whoever may be dead: an exit leaves all the same."""

from collections.abc import Callable, Mapping

import attrs

from actors.messages.market import BookLost
from actors.messages.race import MatchDoubt
from actors.model.losses import LossLimits, Mark
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Fill
from actors.model.score import GoalKey
from tests.sim.venue.hall import SERIES
from tests.trader.pit import EVENT, HOME, KEY, Pit

NEXT = GoalKey(EVENT, 0, "2-0")


def collapse(pit: Pit) -> None:
    """Have what is held be worth nothing, and that be more than may be lost."""
    pit.desk.losses.limits = LossLimits(drawdown_micros=MicroDollars(1))
    held = pit.position_centi()
    taken = Fill(
        trade_id="held",
        order_id="o",
        ticker=HOME,
        side="bid" if held > 0 else "ask",
        price_pips=Pips(5_000),
        count_centi=CentiContracts(abs(held)),
        fee_micros=MicroDollars(0),
        is_taker=True,
        exchange_index=0,
        venue_ts_ms=0,
    )
    pit.desk.hear_fill(taken)
    pit.desk.hear_mark(HOME, Mark(held, 0))
    assert pit.desk.state.stands("loss")


TRIPS: Mapping[str, Callable[[Pit], object]] = {
    "halted": lambda pit: pit.desk.state.halt("operator", "no more"),
    "halted twice": lambda pit: pit.desk.state.halt("risk", "no more"),
    "doubt": lambda pit: pit.desk.hear_doubt(
        MatchDoubt(match=EVENT, in_doubt=True, reason="reversal", key=KEY)
    ),
    "traded": lambda pit: pit.desk.traded.update([KEY, NEXT]),
    "no plays": lambda pit: pit.desk.plays.clear(),
    "no book": lambda pit: pit.desk.books.apply(BookLost(ticker=HOME, reason="gap", received_ns=0)),
    "no catalogue": lambda pit: pit.desk.catalogue.set(
        attrs.evolve(pit.desk.catalogue.value, matches={})
    ),
    "no budget": lambda pit: [
        pit.desk.exposure.reserve(
            f"earlier-{number}", ticker=HOME, match=EVENT, worst_micros=MicroDollars(200_000_000)
        )
        for number in range(40)
    ],
    "no signatures for entries": lambda pit: [
        pit.desk.entry_headers.take(pit.env.now_ns()) for _ in range(20)
    ],
    "a faster goal": lambda pit: pit.trading.fire(pit.trigger(NEXT)),
    "reducing": lambda pit: pit.desk.state.reduce("feeds", "one is left"),
    "a collapsing book": collapse,
    "a series held": lambda pit: [pit.desk.holds.hear(SERIES, 10**10) for _ in range(5)],
    "no window": lambda pit: setattr(pit.trading.planner, "too_late", lambda _series: True),
}
DEATHS = ("executor", "journal", "entry_lines", "catalogue", "planner")
