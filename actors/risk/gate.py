"""The gate: the last word before an order leaves. Pure and total.

An entry passes only if every control says yes; the first "no" is the reason that
the audit shows. To a reduce-only order only the controls of design section 9
apply: size within our own position, one order per parent, its own floor. An exit
therefore leaves in every trading state, with every other control tripped.

The controls and their numbers are those of reference ``reliability.md`` section
3.3. Three of them speak through the trading state, because what they watch is not of
one order: losses (14), drift (15), the operator (16). The profile's guard (18) stands
before the process, and the money's budgets (4) are checked by the act that reserves.
"""

from collections.abc import Container
from typing import Final, Literal

import attrs

from actors.config.profile import Gates
from actors.config.risk import Risk
from actors.messages.race import FULL_PM
from actors.messages.trading import Leg
from actors.model.money import CentiContracts, Pips
from actors.model.orders import Side
from actors.model.score import GoalKey
from actors.model.throttle import Brake

State = Literal["ACTIVE", "REDUCING", "HALTED"]

Reason = Literal[
    "clock",  # 13: an order signed now may be outside the venue's tolerance
    "throttle",  # 8: too many entries have left in this second or minute
    "match_entries",  # 9: as many entries have left for this match as ever may
    "tokens",  # 8: what is left of the venue's rate limit is the exits'
    "halted",  # 1, 13-16: the trading state admits no entry
    "reducing",  # 1: it admits only what reduces
    "series",  # 1: as much is said of the leg's series alone
    "group",  # 16: the venue lets nothing into the order group of the leg's shard
    "collar",  # 2: the limit lies too far beyond the last good book
    "price",  # 2: the limit is outside the absolute gates
    "no_book",  # 2: no reference price, or the book is not whole
    "size",  # 3: nothing, or more than one order may be
    "position",  # 5: a reduce-only order larger than what we hold
    "duplicate",  # 6: the goal was traded before
    "same_order",  # 7: price, size and side of this goal left a moment ago
    "own_order",  # 10: an order of ours on the other side of the market is out
    "children",  # 17: the goal has had all its orders
    "repeat",  # 17: this parent has sent its order already
    "stale_report",  # 11: the winning frame was read too long ago
    "stale_book",  # 11: the book's last proof of wholeness is too old
    "no_quorum",  # 11: no fresh feed stands behind the report
    "single_feed",  # 11: one feed alone stands behind more than it may
    "implausible",  # 12: the report is not the play's goal, or not of a running period
    "recess",  # its exit would fall due while the exchange does not trade
    "doubt",  # 12: the match's score is in doubt
    "frozen",  # an order of this market has an unknown outcome
    "journal",  # 19: the journal cannot be written
    "journal_lag",  # 19: what was written waits too long for the disk
    "floor",  # an exit beyond its own floor
]

ONE_ORDER_MAX_CENTI: Final = CentiContracts(500_000)
"""Hard ceiling of any one order, whatever a profile says: 5,000 contracts."""


@attrs.frozen(kw_only=True)
class Terms:
    """What the gate insists on beside prices: the profile's ``[risk]``, in the gate's units."""

    repeat_ns: int
    orders_per_goal: int
    journal_lag_ns: int
    single_feed_pm: int = FULL_PM
    """The most of a play that one fresh feed alone may stand behind."""

    @classmethod
    def of(cls, risk: Risk, single_feed_pm: int = FULL_PM) -> "Terms":
        """Return the terms of a profile."""
        return cls(
            repeat_ns=risk.repeat_ms * 1_000_000,
            orders_per_goal=risk.orders_per_goal,
            journal_lag_ns=risk.journal_lag_ms * 1_000_000,
            single_feed_pm=single_feed_pm,
        )


USUAL: Final = Terms.of(Risk())


@attrs.define(kw_only=True)
class Moment:
    """What the gate must know of the world at the instant of one entry.

    Nobody changes one; that it could be changed makes it in half the time.
    """

    now_ns: int
    received_ns: int
    """When the winning frame was read."""
    state: State
    journal_healthy: bool
    fresh_feeds: int
    in_doubt: bool
    frozen: bool
    clock_fits: bool = True
    """Whether the venue's clock is surely near enough to the one that signs."""
    has_tokens: bool = True
    """Whether the venue's rate limit has room for one more entry and the exits after it."""
    series_closed: bool = False
    """Whether entries of the leg's series are closed."""
    group_shut: bool = False
    """Whether the order group of the leg's shard is triggered."""
    size_pm: int = FULL_PM
    """How much of its play the leg is, in thousandths."""
    plausible: bool = True
    """Whether the report is of the play's own goal, in a period that is being played."""
    same_order_ns: int | None = None
    """When the same order for the same goal left last."""
    crosses_own: bool = False
    """Whether an order of ours on the other side of the leg's market is out."""
    children: int = 0
    """Opening orders that have left for the goal."""
    in_recess: bool = False
    """Whether the exit of what the leg opens falls due while the exchange does not trade."""
    unsynced_since_ns: int | None = None
    """Since when something written waits for the disk."""
    brake: Brake | None = None
    """Why our own pace admits no further entry (``model/throttle.py``)."""
    book_whole: bool
    book_proved_ns: int
    best_opposite_pips: Pips | None
    """Best ask for a bid, best bid for an ask; ``None`` where that side is empty."""


def entry(  # noqa: C901, PLR0911, PLR0912 - one line for each control, in the order of their weight
    leg: Leg,
    key: GoalKey,
    moment: Moment,
    *,
    gates: Gates,
    order_max_centi: CentiContracts,
    traded: Container[GoalKey],
    terms: Terms = USUAL,
) -> Reason | None:
    """Return why ``leg`` may not leave, or ``None`` if it may.

    Money budgets are not looked at here: reserving is the act that checks them
    (``model/limits.py``), and it comes last.
    """
    # Written out and not a table: this stands between a goal and its order. The clock comes
    # before the halt that it causes, because it says more.
    if not moment.clock_fits:
        return "clock"
    if moment.state != "ACTIVE":
        return "reducing" if moment.state == "REDUCING" else "halted"
    if moment.series_closed:
        return "series"
    if moment.group_shut:
        return "group"
    if not moment.journal_healthy:
        return "journal"
    since_ns = moment.unsynced_since_ns
    if since_ns is not None and moment.now_ns - since_ns > terms.journal_lag_ns:
        return "journal_lag"
    if moment.in_doubt:
        return "doubt"
    if moment.frozen:
        return "frozen"
    if key in traded:
        return "duplicate"
    if moment.children >= terms.orders_per_goal:
        return "children"
    if not moment.plausible:
        return "implausible"
    if moment.fresh_feeds < 1:
        return "no_quorum"
    if moment.fresh_feeds == 1 and moment.size_pm > terms.single_feed_pm:
        return "single_feed"
    if moment.now_ns - moment.received_ns > gates.report_age_ms * 1_000_000:
        return "stale_report"
    if not 0 < leg.count_centi <= min(order_max_centi, ONE_ORDER_MAX_CENTI):
        return "size"
    if moment.in_recess:
        return "recess"
    if moment.crosses_own:
        return "own_order"
    before_ns = moment.same_order_ns
    if before_ns is not None and moment.now_ns - before_ns < terms.repeat_ns:
        return "same_order"
    no = _price(leg.side, leg.limit_pips, moment, gates)
    if no is None:
        # Last, so that only an order that nothing else stops is counted as one too many.
        return moment.brake if moment.has_tokens else "tokens"
    return no


def _price(side: Side, limit_pips: Pips, moment: Moment, gates: Gates) -> Reason | None:
    best_pips = moment.best_opposite_pips
    if not moment.book_whole or best_pips is None:
        return "no_book"
    if moment.now_ns - moment.book_proved_ns > gates.book_age_ms * 1_000_000:
        return "stale_book"
    if side == "bid":
        if limit_pips >= gates.bid_max:
            return "price"
        beyond_pips = limit_pips - best_pips
    else:
        if limit_pips <= gates.ask_min:
            return "price"
        beyond_pips = best_pips - limit_pips
    return "collar" if beyond_pips > gates.collar else None


def reduction(
    *,
    side: Side,
    limit_pips: Pips,
    floor_pips: Pips,
    count_centi: CentiContracts,
    held_centi: int,
    already_sent: bool,
) -> Reason | None:
    """Return why a reduce-only order may not leave, or ``None`` if it may.

    Args:
        side: ``ask`` sells a long position, ``bid`` buys a short one back.
        limit_pips: The order's limit on the YES book.
        floor_pips: The worst price its plan allows.
        count_centi: The order's size.
        held_centi: The signed position: positive is long YES.
        already_sent: Whether this attempt of this plan has left before.
    """
    if already_sent:
        return "repeat"
    owned_centi = held_centi if side == "ask" else -held_centi
    if not 0 < count_centi <= owned_centi:
        return "position"
    beyond = limit_pips < floor_pips if side == "ask" else limit_pips > floor_pips
    return "floor" if beyond else None
