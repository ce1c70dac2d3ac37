"""What to do if a match reaches a state, decided before it does. Pure.

First what the goal hurts is sold, lot by lot; then at most ``legs_max`` legs are
opened, the best edge for a dollar of collateral first, under one budget for the goal:
its worst case over every result of the match.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Final

import attrs

from actors.config.profile import Gates, Plays
from actors.messages.catalogue import Market
from actors.messages.forms import IntentForm
from actors.messages.race import FULL_PM
from actors.messages.records import Intent
from actors.messages.trading import ExitPlan, Leg, Play
from actors.model.fees import FeeUnknown, MemberClass
from actors.model.money import (
    ONE_CONTRACT_CENTI,
    ONE_DOLLAR_PIPS,
    CentiContracts,
    MicroDollars,
    Pips,
)
from actors.model.orders import OrderRequest, Side, Ticker, client_order_id, opposite, sign
from actors.model.score import GoalKey, Team
from actors.trader.pricing import Prospect, Sight, Worth, fees_of, limit_pips, reaches, worth
from actors.trader.sizing import Purse, affordable

Encode = Callable[[OrderRequest], tuple[str, bytes]]
"""Gives an order's body and the end of its request on the wire."""

Write = Callable[[Intent], IntentForm]
"""Writes an entry's intent ahead."""

REDUCING_MOST: Final = 2
"""Lots that one play sells: an order each, and no more than there are lines for exits."""
SIDES: Final[tuple[Side, Side]] = ("bid", "ask")
ONE_CENT_PIPS: Final = 100
LEGS_KEPT: Final = 1_024
"""Encoded legs that are remembered: eight a match, of more matches than are ever played at once."""


@attrs.frozen(kw_only=True)
class Terms:
    """What every play of a run is made with."""

    account: str
    settings: Plays
    gates: Gates
    order_max_centi: CentiContracts
    member: MemberClass
    encode: Encode
    write: Write
    give_up: int
    """Pips beyond an entry's limit, below which its position is not sold."""
    take_profit: int = 0
    stop: int = 0
    """Pips beyond an entry's limit, and short of it, where its position is left at once."""
    group: Callable[[int], str | None] = lambda _shard: ""
    """The order group that an entry of a shard names: empty for none, ``None`` for no entry."""


@attrs.frozen(kw_only=True)
class Holding:
    """One lot that is still to be sold, as a play may sell it."""

    plan: ExitPlan
    left_centi: int
    attempt: int
    """The number that its next exit order would have, from 1."""


@attrs.frozen(kw_only=True)
class Position:
    """Everything of ours in one match."""

    held_centi: Callable[[Ticker], int]
    """The signed position of a market, as the venue's fills say."""
    lots: Sequence[Holding]
    """Those that no order is out for."""
    headroom_micros: Callable[[Market], MicroDollars]
    """What one more order in a market may put at stake."""


def plan(
    *,
    sights: Sequence[Sight],
    key: GoalKey,
    scorer: Team,
    prospect: Prospect,
    position: Position,
    terms: Terms,
    now_ns: int,
    wall_ms: int,
) -> Play:
    """Return the play for one next score; without legs, and with a reason, if none is worth it.

    Args:
        sights: The match's markets and what their books show.
        key: What reaching the score is called in the race.
        scorer: Who would have scored.
        prospect: What the legs are worth now and then.
        position: What we hold of the match already, and what more we may.
        terms: What every play of the run is made with.
        now_ns: Monotonic, for the audit.
        wall_ms: UTC, because fees are dated.
    """
    selling = list(_reducing(sights, prospect, position, terms))[:REDUCING_MOST]
    try:
        worths = list(_worths(sights, prospect, position, terms, wall_ms))
    except FeeUnknown as unknown:
        reason = "" if selling else str(unknown)
        return Play(key=key, scorer=scorer, legs=tuple(selling), reason=reason, planned_ns=now_ns)
    entering = [each for each in worths if terms.group(each.market.exchange_index) is not None]
    opening = list(_opening(entering, key, position, terms))
    legs = (*selling, *(leg for _, leg in opening))
    any_book = any(sight.book is not None for sight in sights)
    why = "no_group" if len(entering) < len(worths) else "no_edge" if any_book else "no_book"
    reason = "" if legs else why
    resized = _Resized(selling, opening, key, terms) if opening else None
    return Play(
        key=key, scorer=scorer, legs=legs, resized=resized, reason=reason, planned_ns=now_ns
    )


@attrs.frozen(eq=False)
class _Resized:
    """A play's legs at a part of their size: made when first asked for, and then kept.

    The planner asks for the sizes that a goal may be traded at just now, so that they are
    there when it comes; any other costs the goal that needs it what encoding costs.
    """

    _selling: Sequence[Leg]
    _opening: Sequence[tuple[Worth, Leg]]
    _key: GoalKey
    _terms: Terms
    _made: dict[int, tuple[Leg, ...]] = attrs.field(init=False, factory=dict)

    def __call__(self, size_pm: int) -> tuple[Leg, ...]:
        legs = self._made.get(size_pm)
        if legs is None:
            legs = self._made[size_pm] = (*self._selling, *self._shrunk(size_pm))
        return legs

    def _shrunk(self, size_pm: int) -> Iterator[Leg]:
        terms = self._terms
        for found, leg in self._opening:
            whole = leg.count_centi * size_pm // (FULL_PM * ONE_CONTRACT_CENTI)
            if whole < 1:
                continue
            count = CentiContracts(whole * ONE_CONTRACT_CENTI)
            yield _opened(
                (terms.encode, terms.write),
                self._key,
                leg.client_order_id,
                (leg.ticker, leg.exchange_index, leg.order_group_id),
                leg.side,
                (leg.limit_pips, count),
                (leg.reference_pips, found.worst_micros(count), leg.floor_pips),
                (leg.take_pips, leg.stop_pips),
            )


def _reducing(
    sights: Sequence[Sight], prospect: Prospect, position: Position, terms: Terms
) -> Iterator[Leg]:
    """Yield what sells the lots that the goal hurts, the largest first.

    Leaving costs its fee whenever it is done, so that no cost stands against doing it
    now: what the book still pays must only be a margin more than the lot will be worth.
    """
    by_ticker = {sight.market.ticker: sight for sight in sights}
    ranked = sorted(
        position.lots, key=lambda lot: (-lot.left_centi, lot.plan.entry_client_order_id)
    )
    for lot in ranked:
        exit_plan = lot.plan
        sight = by_ticker.get(exit_plan.ticker)
        side = opposite(exit_plan.entry_side)
        best = None if sight is None else sight.best(side)
        owned = sign(exit_plan.entry_side) * position.held_centi(exit_plan.ticker)
        count = min(lot.left_centi, owned)
        if sight is None or best is None or count <= 0:
            continue
        market, settings = sight.market, terms.settings
        over = max(0, settings.margin)
        limit = limit_pips(market, side, prospect, cost_pips=over, settings=settings)
        if limit is None or not reaches(side, limit, best):
            continue
        floor = exit_plan.floor_pips
        if (limit < floor) if side == "ask" else (limit > floor):
            continue
        yield _closing(sight, lot, side, limit=limit, count=CentiContracts(count), terms=terms)


def _worths(
    sights: Sequence[Sight], prospect: Prospect, position: Position, terms: Terms, wall_ms: int
) -> Iterator[Worth]:
    """Yield every leg that is worth opening; of a market at most one."""
    for sight in sights:
        market = sight.market
        if sight.book is None:
            continue
        fees = fees_of(market, terms.member, wall_ms)
        held = position.held_centi(market.ticker)
        found = [
            leg
            for side in SIDES
            # What would close a position is its lot's own way out, and no entry.
            if sign(side) * held >= 0
            and (
                leg := worth(
                    sight, side, prospect, fees=fees, settings=terms.settings, gates=terms.gates
                )
            )
            is not None
        ]
        if found:
            yield max(found, key=lambda leg: leg.edge_pips)


def _opening(
    worths: Sequence[Worth], key: GoalKey, position: Position, terms: Terms
) -> Iterator[tuple[Worth, Leg]]:
    """Yield the opening legs that the goal's budget pays for, each with what it is made of."""
    purse = Purse(int(terms.settings.play_dollars))
    ranked = sorted(worths, key=lambda leg: leg.rank)
    for leg in ranked[: terms.settings.legs_max]:
        market, side = leg.market, leg.side
        budget = min(purse.left_micros(market.role, side), position.headroom_micros(market))
        most = min(leg.offered_centi, terms.order_max_centi) // ONE_CONTRACT_CENTI
        sized = affordable(most, budget, leg.worst_micros)
        if sized is None:
            continue
        count, worst = sized
        purse.put(market.role, side, worst)
        opened = _opened(
            (terms.encode, terms.write),
            key,
            # One a market and side: the same id after a restart that ranks the legs otherwise.
            identity(terms.account, key, market.ticker, side, 0),
            (market.ticker, market.exchange_index, terms.group(market.exchange_index) or ""),
            side,
            (leg.limit_pips, count),
            (leg.reference_pips, worst, exit_floor_pips(side, leg.limit_pips, terms.give_up)),
            early_exit_pips(side, leg.limit_pips, terms.take_profit, terms.stop),
        )
        yield leg, opened


@lru_cache(maxsize=LEGS_KEPT)
def _opened(  # noqa: PLR0917 - by place, because a cache looks names up slowly
    craft: tuple[Encode, Write],
    key: GoalKey,
    identity: str,
    where: tuple[Ticker, int, str],
    side: Side,
    how: tuple[Pips, CentiContracts],
    bounds: tuple[Pips, MicroDollars, Pips],
    early: tuple[int, int],
) -> Leg:
    """Make an opening leg; most of a play is as it was when it was planned last."""
    encode, write = craft
    body, tail = _encoded(encode, identity, where, side, how, reduces=False)
    leg = Leg(
        ticker=where[0],
        side=side,
        limit_pips=how[0],
        count_centi=how[1],
        client_order_id=identity,
        exchange_index=where[1],
        reference_pips=bounds[0],
        worst_micros=bounds[1],
        body=body,
        tail=tail,
        floor_pips=bounds[2],
        take_pips=early[0],
        stop_pips=early[1],
        order_group_id=where[2],
        form=None,
    )
    return attrs.evolve(leg, form=write(entry_intent(leg, key)))


def _closing(
    sight: Sight,
    lot: Holding,
    side: Side,
    *,
    limit: Pips,
    count: CentiContracts,
    terms: Terms,
) -> Leg:
    """Make the leg that sells a lot."""
    market, plan, best = sight.market, lot.plan, sight.best(side)
    assert best is not None, "a leg needs a price to be measured from"
    # The id of the lot's next exit: whoever sends it, nobody can send it twice.
    name = identity(terms.account, plan.key, market.ticker, side, lot.attempt)
    where = (market.ticker, market.exchange_index, "")
    body, tail = _encoded(terms.encode, name, where, side, (limit, count), reduces=True)
    return Leg(
        ticker=market.ticker,
        side=side,
        limit_pips=limit,
        count_centi=count,
        client_order_id=name,
        exchange_index=market.exchange_index,
        reference_pips=best,
        worst_micros=MicroDollars(0),
        body=body,
        tail=tail,
        floor_pips=plan.floor_pips,
        form=None,
        closes=plan,
        attempt=lot.attempt,
    )


@lru_cache(maxsize=LEGS_KEPT)
def _encoded(
    encode: Encode,
    identity: str,
    where: tuple[Ticker, int, str],
    side: Side,
    how: tuple[Pips, CentiContracts],
    *,
    reduces: bool,
) -> tuple[str, bytes]:
    """Encode an order; most of a play is as it was when it was planned last."""
    return encode(
        OrderRequest(
            client_order_id=identity,
            ticker=where[0],
            side=side,
            price_pips=how[0],
            count_centi=how[1],
            reduce_only=reduces,
            exchange_index=where[1],
            order_group_id=where[2],
        )
    )


def exit_floor_pips(side: Side, limit_pips: Pips, give_up: int) -> Pips:
    """Return the worst price at which the position of an entry may be left."""
    if side == "bid":
        return Pips(max(ONE_CENT_PIPS, limit_pips - give_up))
    return Pips(min(ONE_DOLLAR_PIPS - ONE_CENT_PIPS, limit_pips + give_up))


def early_exit_pips(side: Side, limit_pips: Pips, take: int, stop: int) -> tuple[int, int]:
    """Return where an entry's position is left for its profit and its loss; 0 for never."""
    way = sign(side)
    return (limit_pips + way * take if take else 0, limit_pips - way * stop if stop else 0)


def entry_intent(leg: Leg, key: GoalKey) -> Intent:
    """Return what an entry's intent says before anybody has won the race."""
    return Intent(
        client_order_id=leg.client_order_id,
        purpose="entry",
        match=key.match,
        generation=key.generation,
        state=key.state,
        ticker=leg.ticker,
        side=leg.side,
        limit_pips=leg.limit_pips,
        count_centi=leg.count_centi,
        exchange_index=leg.exchange_index,
        worst_micros=leg.worst_micros,
        feed="",
        epoch=0,
        frame_no=0,
        exit_due_wall_ns=0,
        exit_floor_pips=leg.floor_pips,
        entry_client_order_id="",
        body=leg.body,
        exit_take_pips=leg.take_pips,
        exit_stop_pips=leg.stop_pips,
    )


@lru_cache(maxsize=LEGS_KEPT)
def identity(account: str, key: GoalKey, ticker: Ticker, side: Side, attempt: int) -> str:
    """Return an order's client id: of an entry (attempt 0), or of a lot's nth exit."""
    return client_order_id(
        account=account,
        match=key.match,
        generation=key.generation,
        state=key.state,
        ticker=ticker,
        side=side,
        leg=0,
        attempt=attempt,
    )
