"""Plays, sends, outcomes, positions to get out of."""

from collections.abc import Callable
from typing import Literal

import attrs

from actors.messages.forms import IntentForm
from actors.messages.race import Trigger
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Fill, Side, Ticker
from actors.model.score import GoalKey, MatchId, Team


@attrs.frozen(kw_only=True)
class ExitPlan:
    """How one position is to be left. Trigger and recovery to exits; durable with its intent."""

    key: GoalKey
    match: MatchId
    ticker: Ticker
    entry_side: Side
    entry_client_order_id: str
    exchange_index: int
    due_ns: int
    """Monotonic: when the timed sale starts."""
    due_wall_ns: int
    """The same instant on the wall clock, for a plan that outlives the process."""
    floor_pips: Pips
    """The worst YES price an exit may take: least for a sale, most for a buy-back."""
    take_pips: int = 0
    """The best opposite price at which it is left for its profit, before it is due, and"""
    stop_pips: int = 0
    """at which for its loss; 0 for never. Both are watched by us."""

    def is_touched(self, best_pips: int) -> bool:
        """Return whether a best opposite price is where it is to be left before it is due."""
        if self.entry_side == "bid":
            return 0 < self.take_pips <= best_pips or best_pips <= self.stop_pips
        return best_pips <= self.take_pips or 0 < self.stop_pips <= best_pips


@attrs.frozen(kw_only=True)
class Leg:
    """One order of a play, encoded and ready. Planner to the trigger, in a ``Latest``."""

    ticker: Ticker
    side: Side
    limit_pips: Pips
    """Limit on the YES book: the most a bid pays, the least an ask takes."""
    count_centi: CentiContracts
    client_order_id: str
    exchange_index: int
    reference_pips: Pips
    """The best opposite price when the leg was planned; the collar is measured from it."""
    worst_micros: MicroDollars
    """What the leg can cost at most, fee included: collateral of a full fill at the limit."""
    body: str
    """The request's JSON, exactly as it will be sent and journalled."""
    tail: bytes
    """The end of the request on the wire: content length, blank line, body."""
    floor_pips: Pips
    """The worst price at which what the leg opens, or sells, may be left."""
    take_pips: int = 0
    """Where what the leg opens is left for its profit before it is due, and"""
    stop_pips: int = 0
    """where for its loss; 0 for never."""
    form: IntentForm | None
    """The record of the intent but for the winning frame; ``None`` for a reduce-only leg,
    whose record names no frame and is made when it is sent."""
    closes: ExitPlan | None = None
    """For a reduce-only leg: the plan of the lot that it sells; ``None`` opens."""
    attempt: int = 0
    """For a reduce-only leg: which of the lot's exit orders it is, from 1."""
    order_group_id: str = ""
    """The group that its body names; a reduce-only leg names none."""


@attrs.frozen(kw_only=True)
class Play:
    """What to do at once if a match reaches a state. Planner to the trigger, in a ``Latest``."""

    key: GoalKey
    scorer: Team
    legs: tuple[Leg, ...]
    """Empty where nothing is worth doing; ``reason`` says why."""
    resized: Callable[[int], tuple[Leg, ...]] | None = attrs.field(
        default=None, eq=False, repr=False
    )
    """Gives the legs of the same play at so many thousandths of its size, in whole contracts:
    what is less than one is left out, what reduces stays whole. ``None`` where none opens."""
    reason: str = ""
    planned_ns: int


Purpose = Literal["entry", "exit"]


@attrs.frozen(kw_only=True)
class Sent:
    """An order's bytes were handed to the kernel.

    Trigger to executor (an entry), to exits (what it sold of a lot), and to auditor.
    """

    trigger: Trigger | None
    """The race behind it; ``None`` for an exit that its plan's time sent."""
    key: GoalKey
    purpose: Purpose
    entry_client_order_id: str = ""
    """For an exit: the entry that it closes."""
    connection: int
    """Index of the order connection, which now owes a response."""
    client_order_id: str
    ticker: Ticker
    side: Side
    limit_pips: Pips
    count_centi: CentiContracts
    exchange_index: int
    worst_micros: MicroDollars
    intent_seq: int
    """The journal's number of the intent."""
    gated_ns: int
    intent_ns: int
    """When the intent was in the page cache."""
    sent_ns: int
    """When the last byte that the kernel took was handed over."""
    unsent_bytes: int
    """What the kernel did not take; the executor flushes it."""
    rests: bool = False
    """Whether it stays at the venue until it fills, expires or is withdrawn. Such an exit owes
    its outcome all that while, so that nobody else sells of its lot."""


@attrs.frozen(kw_only=True)
class Passed:
    """A trigger, or one leg of its play, that sent nothing. Trigger to auditor."""

    trigger: Trigger
    ticker: Ticker | None
    reason: str
    """A reason code of the gate, or why there was no play."""
    decided_ns: int


@attrs.frozen(kw_only=True)
class Accepted:
    """The venue took the order; an IOC's rest is gone."""

    order_id: str
    fill_count_centi: CentiContracts
    average_fill_price_micros: MicroDollars | None
    """Per contract, in micro-dollars; information only, money comes from fills."""
    venue_ts_ms: int


@attrs.frozen(kw_only=True)
class Rejected:
    """The venue refused the order and said so. Nothing of it will trade."""

    status: int
    code: str


@attrs.frozen(kw_only=True)
class Unknown:
    """The order may or may not trade. Never resent; resolved by query alone."""

    reason: str


Outcome = Accepted | Rejected | Unknown


@attrs.frozen(kw_only=True)
class OrderDone:
    """An order's outcome, or a later word about it. Executor and exits to auditor and planner."""

    sent: Sent
    outcome: Outcome
    first_byte_ns: int | None
    """When the first byte of the response was read; ``None`` if there was none."""
    done_ns: int
    resolved: bool = False
    """Whether this resolves an earlier ``Unknown``."""


@attrs.frozen(kw_only=True)
class FillSeen:
    """The venue says that we traded. Market data (or a REST look-up) to exits and auditor."""

    fill: Fill
    client_order_id: str | None
    received_ns: int
    source: Literal["stream", "rest"]


@attrs.frozen(kw_only=True)
class Lot:
    """What one filled entry left us holding. Executor to exits."""

    plan: ExitPlan
    count_centi: CentiContracts


@attrs.frozen(kw_only=True)
class Uncovered:
    """An entry that is out and whose goal fell, but no line was free. Reversals to exits."""

    entry_client_order_id: str


ToExits = Lot | Sent | Uncovered
"""What the exits are told: a lot to sell, what was sold of one, what nobody could sell yet."""


@attrs.frozen(kw_only=True)
class ExitHeld:
    """A plan that could not finish and now holds to settlement. Exits to auditor."""

    plan: ExitPlan
    left_centi: CentiContracts
    reason: str
    held_ns: int
