"""What an account's open orders may cost it at worst, so that no cash ever goes negative. Pure.

Reference ``kalshi.md`` section 8: a bid needs ``p x C`` and its fee, an ask beyond
the long position ``(1 - p) x C`` and its fee. What closes a position needs
nothing: it brings more than its fee. The dearest bid and the cheapest ask trade
first, so they are what a position covers first.
"""

from fractions import Fraction

import attrs

from actors.model.orders import Side
from actors.sim.venue.fees import DIRECT_GRID_MICROS, FeeTerms, charge
from actors.sim.venue.holdings import leg_pips


@attrs.frozen
class Claim:
    """One order that may yet trade, at its limit."""

    side: Side
    price_pips: int
    count_centi: int
    rate: Fraction
    slack_micros: int
    """What rounding may take on top, over all the fills it may come to."""

    def need_micros(self, covered_centi: int = 0) -> int:
        """Return what it may take if a position covers ``covered_centi`` of it."""
        open_centi = self.count_centi - covered_centi
        if open_centi <= 0:
            return 0
        value = leg_pips(self.side, self.price_pips) * open_centi
        return value + _fee_ceiling(self.rate, self.price_pips, open_centi) + self.slack_micros


@attrs.define(eq=False)
class Claims:
    """One account's orders in one market, in order of arrival, with their sums.

    The sums are kept because this is asked at every change of every order; only
    the side that a position covers is ever walked.
    """

    _claims: dict[Side, dict[str, Claim]] = attrs.field(
        init=False, factory=lambda: {"bid": {}, "ask": {}}
    )
    _sums: dict[Side, int] = attrs.field(init=False, factory=lambda: {"bid": 0, "ask": 0})

    def put(self, order_id: str, claim: Claim) -> None:
        """Take an order in, or its new size."""
        self._sums[claim.side] += claim.need_micros()
        old = self._claims[claim.side].get(order_id)
        if old is not None:
            self._sums[claim.side] -= old.need_micros()
        self._claims[claim.side][order_id] = claim

    def drop(self, order_id: str, side: Side) -> None:
        """Forget an order."""
        self._sums[side] -= self._claims[side].pop(order_id).need_micros()

    def need_micros(self, held_centi: int, extra: Claim | None = None) -> int:
        """Return the cash that they, and ``extra`` arriving last, may take at worst.

        Args:
            held_centi: Signed position in the market.
            extra: An order that is not there yet.
        """
        total = sum(self._sums.values())
        if extra is not None:
            total += extra.need_micros()
        if held_centi == 0:
            return total
        side: Side = "ask" if held_centi > 0 else "bid"
        claims = list(self._claims[side].values())
        if extra is not None and extra.side == side:
            claims.append(extra)
        return total - _relief_micros(claims, abs(held_centi))


def _relief_micros(claims: list[Claim], cover_centi: int) -> int:
    """Return by how much a position lowers the need of ``claims``, all of the side it covers."""
    # A stable sort: at one price the earlier order trades first.
    claims.sort(key=lambda claim: leg_pips(claim.side, claim.price_pips), reverse=True)
    relief = 0
    for claim in claims:
        if cover_centi <= 0:
            break
        relief += claim.need_micros() - claim.need_micros(cover_centi)
        cover_centi -= claim.count_centi
    return relief


def _fee_ceiling(rate: Fraction, price_pips: int, count_centi: int) -> int:
    # Plain integers: this runs for every resting order at every change of one.
    exact = rate.numerator * count_centi * price_pips * (10_000 - price_pips)
    return -(-exact // (rate.denominator * 10_000))


def resting_slack_micros(
    fees: FeeTerms,
    price_pips: int,
    count_centi: int,
    carried_micros: int,
    grid_micros: int = DIRECT_GRID_MICROS,
) -> int:
    """Return what rounding may still take from an order that rests.

    At a price of whole cents each fill's value is on a direct member's grid, so
    roundings come back in full and at most one grid step is ever outstanding,
    besides what each fill's fee is rounded up by. At finer prices a fill of 0.01
    contract can lose almost a grid step that no rebate reaches. For a member whose
    grid is the cent that would be a cent for each 0.01 contract: there one step is
    set aside, and for the rest the intermediary answers.
    """
    each_fill = (fees.ceiling_micros + 1) * count_centi
    if price_pips % DIRECT_GRID_MICROS == 0 and grid_micros == DIRECT_GRID_MICROS:
        outstanding = max(0, DIRECT_GRID_MICROS - carried_micros)
        return each_fill + outstanding if fees.maker else 0
    if grid_micros != DIRECT_GRID_MICROS:
        return each_fill + grid_micros
    return each_fill + DIRECT_GRID_MICROS * (count_centi + 1)


def taking_slack_micros(
    side: Side,
    fees: FeeTerms,
    price_pips: int,
    count_centi: int,
    *,
    makers: int,
    grid_micros: int = DIRECT_GRID_MICROS,
) -> int:
    """Return what rounding may take from an order that meets ``makers`` at once.

    Exact for one fill at the limit, so an account with just enough may trade.
    """
    value = leg_pips(side, price_pips) * count_centi
    whole = charge(
        rate=fees.taker,
        price_pips=price_pips,
        count_centi=count_centi,
        revenue_micros=-value,
        carried_micros=0,
        grid_micros=grid_micros,
        ceiling_micros=fees.ceiling_micros,
    )
    single = whole.net_micros - _fee_ceiling(fees.taker, price_pips, count_centi)
    return single if makers <= 1 else single + (grid_micros + fees.ceiling_micros + 1) * makers
