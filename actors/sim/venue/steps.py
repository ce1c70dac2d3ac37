"""The steps of a market's life that somebody takes it through, and where each begins. Pure.

Reference ``kalshi.md`` section 8. Opening, closing at its time and paying out when the
timer has run are the clock's own and not listed here.
"""

from collections.abc import Mapping
from typing import Final, Literal

import attrs

from actors.model.orders import Ticker
from actors.sim.venue.listing import Status, Verdict

StepName = Literal["halt", "resume", "close", "determine", "dispute", "uphold", "amend", "finalize"]


@attrs.frozen
class Rule:
    """Where a step may begin, and where it ends."""

    before: tuple[Status, ...]
    after: Status


STEPS: Final[Mapping[StepName, Rule]] = {
    "halt": Rule(("active",), "inactive"),
    "resume": Rule(("inactive",), "active"),
    "close": Rule(("initialized", "active", "inactive"), "closed"),
    "determine": Rule(("closed",), "determined"),
    "dispute": Rule(("determined", "amended"), "disputed"),
    "uphold": Rule(("disputed",), "determined"),
    "amend": Rule(("determined", "disputed", "amended"), "amended"),
    "finalize": Rule(("determined", "amended"), "finalized"),
}
DECIDING: Final[frozenset[StepName]] = frozenset({"determine", "amend"})
"""Steps that name a result."""


@attrs.frozen(kw_only=True)
class MarketStep:
    """One step of one market."""

    ticker: Ticker
    do: StepName
    verdict: Verdict | None = None
    """Of a step that decides, and of no other."""
    yes_value_micros: int | None = None
    """What a YES contract is paid, of a void at a fair price."""
