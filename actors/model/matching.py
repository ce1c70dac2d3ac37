"""How orders meet: the depth walk of one taker, and a price-time matching engine.

``take`` is what live decisions, the simulated venue's checks and the replay all
ask, so that a replayed fill can be compared with a live one. ``PriceTimeBook`` is
the engine behind the simulated venue. Rules: reference ``kalshi.md`` sections 3
and 8; prices and sides are of the YES leg throughout.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Final, Literal

import attrs

from actors.model.book import Book, Level
from actors.model.money import (
    ONE_DOLLAR_PIPS,
    CentiContracts,
    MicroDollars,
    Pips,
    cost_micros,
)
from actors.model.orders import Side, TimeInForce, opposite

_NONE: Final = CentiContracts(0)

SelfTrade = Literal["taker_at_cross", "maker"]
"""Who gives way when an account would trade with itself: the newcomer, or what rests."""

Kill = Literal["post_only_cross", "fill_or_kill", "self_trade", "reduce_only"]
"""Why an incoming order ended otherwise than by its fills and its time in force."""

Change = tuple[Side, Pips, CentiContracts]
"""One change of one level, ready for ``Book.change``."""


@attrs.frozen(kw_only=True)
class Taken:
    """What one taker gets out of a book."""

    count_centi: CentiContracts
    cost_micros: MicroDollars
    """Value of the YES leg: what a bid pays, what an ask receives; fees apart."""
    last_pips: Pips | None
    """The worst price reached; ``None`` if nothing was."""
    parts: tuple[Level, ...]
    """What came from each level, best first."""


def take(
    levels: Iterable[Level], *, side: Side, limit_pips: Pips, count_centi: CentiContracts
) -> Taken:
    """Walk ``levels`` as an immediate-or-cancel order on ``side`` would.

    Args:
        levels: The opposite side, best first; what lies beyond the limit may be there.
        side: The taker's side; a bid takes asks.
        limit_pips: The most a bid pays, the least an ask takes.
        count_centi: The size wanted.

    Returns:
        Never more than asked for, never worse than the limit, possibly nothing.
    """
    left, cost = int(count_centi), 0
    parts: list[Level] = []
    for level in levels:
        if left <= 0 or not _reaches(side, limit_pips, level.price_pips):
            break
        count = CentiContracts(min(left, level.count_centi))
        parts.append(Level(level.price_pips, count))
        cost += cost_micros(level.price_pips, count)
        left -= count
    return Taken(
        count_centi=CentiContracts(sum(part.count_centi for part in parts)),
        cost_micros=MicroDollars(cost),
        last_pips=parts[-1].price_pips if parts else None,
        parts=tuple(parts),
    )


@attrs.frozen(kw_only=True)
class Incoming:
    """An order as it reaches the engine."""

    order_id: str
    owner: str
    side: Side
    price_pips: Pips = attrs.field(
        validator=[attrs.validators.gt(Pips(0)), attrs.validators.lt(ONE_DOLLAR_PIPS)]
    )
    count_centi: CentiContracts = attrs.field(validator=attrs.validators.gt(_NONE))
    time_in_force: TimeInForce
    post_only: bool = False
    reduce_cap_centi: CentiContracts | None = None
    """For a reduce-only order: the position that it may reduce; the rest is cancelled."""
    self_trade: SelfTrade = "taker_at_cross"


@attrs.frozen(kw_only=True)
class Resting:
    """An order in the book, as it stands."""

    order_id: str
    owner: str
    side: Side
    price_pips: Pips
    left_centi: CentiContracts


@attrs.frozen(kw_only=True)
class Execution:
    """The taker met one resting order, at that order's price."""

    maker_order_id: str
    maker_owner: str
    price_pips: Pips
    count_centi: CentiContracts
    maker_left_centi: CentiContracts
    """What of the maker still rests; zero when it is done."""


@attrs.frozen(kw_only=True)
class Result:
    """All that one submission did. Executed, rested and cancelled add up to its count."""

    executions: tuple[Execution, ...] = ()
    rested_centi: CentiContracts = _NONE
    cancelled_centi: CentiContracts
    killed: Kill | None = None
    self_cancelled: tuple[Resting, ...] = ()
    """The owner's own resting orders that gave way to it, as they stood."""
    changes: tuple[Change, ...] = ()
    """One for each execution, for each order that gave way and for what came to rest, in order."""

    @property
    def executed_centi(self) -> CentiContracts:
        """How much of the submission traded."""
        return CentiContracts(sum(execution.count_centi for execution in self.executions))


class _Crossing:
    """What one incoming order has done so far."""

    __slots__ = ("changes", "executions", "left", "self_cancelled")

    def __init__(self, count_centi: CentiContracts) -> None:
        self.left = int(count_centi)
        self.executions: list[Execution] = []
        self.self_cancelled: list[Resting] = []
        self.changes: list[Change] = []


class PriceTimeBook:
    """Resting orders of one market, matched by price, then by time of arrival."""

    def __init__(self) -> None:
        self._book = Book()
        # Ordered dictionaries: the eldest is found, and any one removed, at constant cost.
        self._queues: dict[tuple[Side, Pips], OrderedDict[str, Resting]] = {}
        self._resting: dict[str, Resting] = {}

    def submit(self, incoming: Incoming) -> Result:
        """Match ``incoming``, and let rest what may.

        The taker pays the makers' prices. Immediate-or-cancel leaves nothing
        behind; fill-or-kill trades whole or not at all, except that one which
        would meet its owner's own order degrades to immediate-or-cancel.

        Raises:
            ValueError: An order with this id rests already.
        """
        if incoming.order_id in self._resting:
            raise ValueError(f"order {incoming.order_id} rests already")
        count = incoming.count_centi
        if incoming.reduce_cap_centi is not None:
            count = CentiContracts(max(0, min(count, incoming.reduce_cap_centi)))
        killed: Kill | None = None
        if count == 0:
            killed = "reduce_only"
        elif incoming.post_only and self._next_maker(incoming) is not None:
            killed = "post_only_cross"
        elif incoming.time_in_force == "fill_or_kill" and not self._may_fill(incoming, count):
            killed = "fill_or_kill"
        if killed is not None:
            return Result(cancelled_centi=incoming.count_centi, killed=killed)

        crossing = _Crossing(count)
        killed = self._cross(incoming, crossing)
        rested = 0
        if killed is None and incoming.time_in_force == "good_till_canceled":
            rested = crossing.left
            self._rest(incoming, crossing)
        executed = count - crossing.left
        return Result(
            executions=tuple(crossing.executions),
            rested_centi=CentiContracts(rested),
            cancelled_centi=CentiContracts(incoming.count_centi - executed - rested),
            killed=killed,
            self_cancelled=tuple(crossing.self_cancelled),
            changes=tuple(crossing.changes),
        )

    def cancel(self, order_id: str) -> Resting | None:
        """Take an order out; return it as it stood, or ``None`` if it does not rest."""
        resting = self._resting.get(order_id)
        if resting is not None:
            self._shrink(resting, resting.left_centi)
        return resting

    def decrease(self, order_id: str, to_centi: CentiContracts) -> CentiContracts | None:
        """Cut an order to ``to_centi``; it keeps its place in the queue.

        Returns:
            By how much it shrank: 0 if it was no larger, ``None`` if it does not
            rest. Cut to zero, it is gone.

        Raises:
            ValueError: ``to_centi`` is negative.
        """
        if to_centi < 0:
            raise ValueError(f"cannot leave {to_centi} centi-contracts")
        resting = self._resting.get(order_id)
        if resting is None:
            return None
        by = CentiContracts(max(0, resting.left_centi - to_centi))
        if by:
            self._shrink(resting, by)
        return by

    def resting(self, order_id: str) -> Resting | None:
        """Return an order as it stands, or ``None`` if it does not rest."""
        return self._resting.get(order_id)

    def orders(self, side: Side) -> Iterator[Resting]:
        """Yield the orders of one side in the order in which they would trade."""
        for level in self.levels(side):
            yield from self._queues[side, level.price_pips].values()

    def levels(self, side: Side, depth: int | None = None) -> tuple[Level, ...]:
        """Return one side, summed by price, best first."""
        return self._book.bids(depth) if side == "bid" else self._book.asks(depth)

    def _next_maker(self, incoming: Incoming) -> Resting | None:
        best = self._book.best_ask if incoming.side == "bid" else self._book.best_bid
        if best is None or not _reaches(incoming.side, incoming.price_pips, best.price_pips):
            return None
        return next(iter(self._queues[opposite(incoming.side), best.price_pips].values()))

    def _may_fill(self, incoming: Incoming, count_centi: CentiContracts) -> bool:
        left = int(count_centi)
        for maker in self.orders(opposite(incoming.side)):
            if not _reaches(incoming.side, incoming.price_pips, maker.price_pips):
                return False
            if maker.owner == incoming.owner:
                return True  # it meets itself, and so is no longer all or nothing
            left -= maker.left_centi
            if left <= 0:
                return True
        return False

    def _cross(self, incoming: Incoming, crossing: _Crossing) -> Kill | None:
        while crossing.left > 0:
            maker = self._next_maker(incoming)
            if maker is None:
                return None
            if maker.owner == incoming.owner:
                if incoming.self_trade == "taker_at_cross":
                    return "self_trade"
                count = maker.left_centi
                crossing.self_cancelled.append(maker)
            else:
                count = CentiContracts(min(crossing.left, maker.left_centi))
                crossing.left -= count
                crossing.executions.append(
                    Execution(
                        maker_order_id=maker.order_id,
                        maker_owner=maker.owner,
                        price_pips=maker.price_pips,
                        count_centi=count,
                        maker_left_centi=CentiContracts(maker.left_centi - count),
                    )
                )
            self._shrink(maker, count)
            crossing.changes.append((maker.side, maker.price_pips, CentiContracts(-count)))
        return None

    def _rest(self, incoming: Incoming, crossing: _Crossing) -> None:
        if crossing.left == 0:
            return
        resting = Resting(
            order_id=incoming.order_id,
            owner=incoming.owner,
            side=incoming.side,
            price_pips=incoming.price_pips,
            left_centi=CentiContracts(crossing.left),
        )
        queue = self._queues.setdefault((resting.side, resting.price_pips), OrderedDict())
        queue[resting.order_id] = self._resting[resting.order_id] = resting
        self._book.change(resting.side, resting.price_pips, resting.left_centi)
        crossing.changes.append((resting.side, resting.price_pips, resting.left_centi))

    def _shrink(self, resting: Resting, by_centi: CentiContracts) -> None:
        queue = self._queues[resting.side, resting.price_pips]
        left = CentiContracts(resting.left_centi - by_centi)
        if left:
            # Assigning to a key that is there keeps its place, and so the order's priority.
            smaller = attrs.evolve(resting, left_centi=left)
            queue[resting.order_id] = self._resting[resting.order_id] = smaller
        else:
            del queue[resting.order_id], self._resting[resting.order_id]
            if not queue:
                del self._queues[resting.side, resting.price_pips]
        self._book.change(resting.side, resting.price_pips, CentiContracts(-by_centi))


def _reaches(side: Side, limit_pips: Pips, price_pips: Pips) -> bool:
    return price_pips <= limit_pips if side == "bid" else price_pips >= limit_pips
