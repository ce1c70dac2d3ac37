"""What one leg of a play is worth, and how far its limit may reach. Pure.

A leg is worth what the model says after the goal, the chance included that the goal
is taken back. It is played only if that leaves something over price, fee, the way out
and a margin. A limit never passes that value, and never reaches further than
``chase`` beyond what the leg cost before the goal, by prices that are old enough: a
book that has heard it already has moved further than that, and the order fills nothing.
"""

from collections.abc import Mapping
from functools import lru_cache
from math import gcd
from typing import Final

import attrs

from actors.config.profile import Gates, Plays
from actors.messages.catalogue import LegRole, Market
from actors.model.book import Book
from actors.model.fair import Chances
from actors.model.fees import FeeSchedule, MemberClass, fee_schedule, trade_fee_micros
from actors.model.form import Quote
from actors.model.grid import PriceRange, at_least, at_most
from actors.model.money import (
    ONE_CONTRACT_CENTI,
    ONE_DOLLAR_PIPS,
    CentiContracts,
    MicroDollars,
    Pips,
)
from actors.model.orders import Side

ROLES: Final[tuple[LegRole, ...]] = ("home", "draw", "away")
_HUNDRED: Final = CentiContracts(100 * ONE_CONTRACT_CENTI)
_PIP_MICROS: Final = 10_000
"""A pip on each of a hundred contracts."""
_MINUTE_MS: Final = 60_000


@attrs.frozen
class Sight:
    """One market and the best prices of its book, looked up once for every play."""

    market: Market
    book: Book | None
    """``None`` where it is not whole."""
    bid: Pips | None
    ask: Pips | None

    def best(self, side: Side) -> Pips | None:
        """Return the best price that an order on ``side`` would meet."""
        return self.ask if side == "bid" else self.bid


def look(market: Market, book: Book | None) -> Sight:
    """Look at a market's book."""
    if book is None:
        return Sight(market, None, None, None)
    bid, ask = book.top
    return Sight(market, book, bid, ask)


@attrs.frozen
class Prospect:
    """What a match's legs are worth, now and after one goal. No fresh price is in it."""

    then: Mapping[LegRole, Pips]
    """After the goal, the chance that it falls again included."""
    asked: Mapping[LegRole, Pips]
    """What a leg could be bought for before the goal: where a bid's chase begins."""
    bid: Mapping[LegRole, Pips]
    """What a leg could be sold for before the goal."""

    @classmethod
    def of(cls, now: Chances, then: Chances, believed: Mapping[LegRole, Quote]) -> "Prospect":
        """Return the prospect of what is worth so much now and then.

        Args:
            now: At the accepted score, by rates that no fresh price is in.
            then: After the goal.
            believed: Quotes at this score that are old enough to be believed; a leg
                that was cheaper than the model says is chased from there.
        """
        asked, bid = {}, {}
        for role in ROLES:
            asked[role] = bid[role] = now.pips(role)
            if role in believed:
                asked[role] = min(asked[role], believed[role].ask_pips)
                bid[role] = max(bid[role], believed[role].bid_pips)
        return cls({role: then.pips(role) for role in ROLES}, asked, bid)

    def begin(self, role: LegRole, side: Side) -> Pips:
        """Return where the chase of an order on ``side`` begins."""
        return self.asked[role] if side == "bid" else self.bid[role]


@attrs.frozen(kw_only=True)
class Worth:
    """A leg that is worth playing: which way, how far, and how much there is in it."""

    market: Market
    book: Book
    side: Side
    edge_pips: int
    """What is left of its value after price, fees, way out and margin, at the best price."""
    limit_pips: Pips
    reference_pips: Pips
    """The best price."""
    fees: FeeSchedule

    @property
    def rank(self) -> tuple[int, str]:
        """Its place among others: by edge for a dollar of collateral, the best first."""
        best = self.reference_pips
        paid = best if self.side == "bid" else ONE_DOLLAR_PIPS - best
        return -(self.edge_pips * ONE_DOLLAR_PIPS // paid), self.market.ticker

    @property
    def offered_centi(self) -> int:
        """What the book has within the limit."""
        return self.book.reachable_centi(self.side, self.limit_pips)

    def worst_micros(self, count_centi: CentiContracts) -> MicroDollars:
        """Return what so many contracts cost at most, fees included."""
        return self.fees.worst_cost_micros(
            side=self.side,
            limit_pips=self.limit_pips,
            count_centi=count_centi,
            step_pips=_step_pips(self.market.price_ranges),
        )


def worth(
    sight: Sight,
    side: Side,
    prospect: Prospect,
    *,
    fees: FeeSchedule,
    settings: Plays,
    gates: Gates,
) -> Worth | None:
    """Return what there is in opening a leg on ``side``, or ``None`` if it costs more.

    What the gate would stop anyway is no play: another leg may have its place.
    """
    best, book, market = sight.best(side), sight.book, sight.market
    if best is None or book is None:
        return None
    value = prospect.then[market.role]
    gain = value - best if side == "bid" else best - value
    if gain <= settings.margin:
        return None
    leaving = fee_pips(fees, value) + settings.exit_spread + settings.margin
    edge = gain - fee_pips(fees, best) - leaving
    if edge <= 0:
        return None
    # A fee is greatest in the middle, which a limit on its way to the value may pass.
    entering = fee_pips(fees, _nearest_half(prospect.begin(market.role, side), value))
    limit = limit_pips(market, side, prospect, cost_pips=entering + leaving, settings=settings)
    # Costs may push it past where the price began, to a greater fee; each step leads further out.
    while limit is not None and (dearer := fee_pips(fees, limit)) > entering:
        entering = dearer
        limit = limit_pips(market, side, prospect, cost_pips=entering + leaving, settings=settings)
    if limit is None or not reaches(side, limit, best) or abs(limit - best) > gates.collar:
        return None
    if limit >= gates.bid_max if side == "bid" else limit <= gates.ask_min:
        return None
    return Worth(
        market=market,
        book=book,
        side=side,
        edge_pips=edge,
        limit_pips=limit,
        reference_pips=best,
        fees=fees,
    )


def limit_pips(
    market: Market, side: Side, prospect: Prospect, *, cost_pips: int, settings: Plays
) -> Pips | None:
    """Return how far a leg may go, on the grid.

    The book of this moment has no part in it: one that moves before the feeds may take
    a leg out of reach, and can lift no limit.
    """
    begin, value = prospect.begin(market.role, side), prospect.then[market.role]
    if side == "bid":
        return at_most(market.price_ranges, min(value - cost_pips, begin + settings.chase))
    return at_least(market.price_ranges, max(value + cost_pips, begin - settings.chase))


def reaches(side: Side, limit: Pips, best: Pips) -> bool:
    """Return whether a limit meets the best price."""
    return limit >= best if side == "bid" else limit <= best


def fee_pips(fees: FeeSchedule, price: Pips) -> int:
    """Return what taking a contract at a price costs in fees, rounded up to a pip."""
    return _fee_pips(price, fees.rates.taker_ppm, fees.multiplier_ppm, fees.rule.trade_grid_micros)


@lru_cache(maxsize=32_768)
def _fee_pips(price: Pips, rate_ppm: int, multiplier_ppm: int, grid_micros: MicroDollars) -> int:
    if not 0 < price < ONE_DOLLAR_PIPS:
        return 0
    fee = trade_fee_micros(
        price,
        _HUNDRED,
        rate_ppm=rate_ppm,
        multiplier_ppm=multiplier_ppm,
        grid_micros=grid_micros,
    )
    return -(-fee // _PIP_MICROS)


def fees_of(market: Market, member: MemberClass, wall_ms: int) -> FeeSchedule:
    """Return what an account pays in a market, by the minute.

    Raises:
        FeeUnknown: No formula is known.
    """
    terms = market.fees
    minute_ms = wall_ms // _MINUTE_MS * _MINUTE_MS
    return _schedule(terms.fee_type, terms.multiplier_ppm, member, minute_ms)


@lru_cache(maxsize=256)
def _schedule(fee_type: str, multiplier_ppm: int, member: MemberClass, at_ms: int) -> FeeSchedule:
    return fee_schedule(fee_type, multiplier_ppm=multiplier_ppm, member=member, at_ms=at_ms)


@lru_cache(maxsize=256)
def _step_pips(ranges: tuple[PriceRange, ...]) -> Pips:
    """Return what every price that an order may meet is a multiple of."""
    return Pips(gcd(*(n for r in ranges for n in (r.start_pips, r.step_pips))))


def _nearest_half(one: Pips, other: Pips) -> Pips:
    """Return the price between two at which a fee is greatest."""
    low, high = min(one, other), max(one, other)
    return Pips(max(low, min(high, ONE_DOLLAR_PIPS // 2)))
