"""What an account's open orders may cost it at worst, so that no cash ever goes negative. Pure.

Reference ``kalshi.md`` section 8: a bid needs ``p x C`` and its fee, an ask beyond
the long position ``(1 - p) x C`` and its fee. What closes a position needs
nothing: it brings more than its fee. The dearest bid and the cheapest ask trade
first, so they are what a position covers first.
"""

from collections.abc import Iterable
from fractions import Fraction

import attrs

from actors.model.orders import Side
from actors.sim.venue.fees import DIRECT_GRID_MICROS, charge
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


def need_micros(claims: Iterable[Claim], held_centi: int) -> int:
    """Return the cash that ``claims`` of one market may take at worst.

    Args:
        claims: In order of arrival.
        held_centi: Signed position in that market.
    """
    bids = [claim for claim in claims if claim.side == "bid"]
    asks = [claim for claim in claims if claim.side == "ask"]
    # Stable sorts: at one price the earlier order trades first.
    bids.sort(key=lambda claim: -claim.price_pips)
    asks.sort(key=lambda claim: claim.price_pips)
    return _side_need(bids, max(0, -held_centi)) + _side_need(asks, max(0, held_centi))


def _side_need(claims: list[Claim], cover_centi: int) -> int:
    total = 0
    for claim in claims:
        covered = min(cover_centi, claim.count_centi)
        cover_centi -= covered
        open_centi = claim.count_centi - covered
        if open_centi:
            total += leg_pips(claim.side, claim.price_pips) * open_centi
            total += _fee_ceiling(claim.rate, claim.price_pips, open_centi) + claim.slack_micros
    return total


def _fee_ceiling(rate: Fraction, price_pips: int, count_centi: int) -> int:
    # Plain integers: this runs for every resting order at every change of one.
    exact = rate.numerator * count_centi * price_pips * (10_000 - price_pips)
    return -(-exact // (rate.denominator * 10_000))


def resting_slack_micros(
    rate: Fraction, price_pips: int, count_centi: int, carried_micros: int
) -> int:
    """Return what rounding may still take from an order that rests.

    At a price of whole cents each fill's value is on the grid, so roundings come
    back in full and at most one grid step is ever outstanding, besides the
    micro-dollar by which each fill's fee is rounded up. At finer prices a fill of
    0.01 contract can lose almost a grid step that no rebate reaches.
    """
    if price_pips % DIRECT_GRID_MICROS == 0:
        outstanding = max(0, DIRECT_GRID_MICROS - carried_micros)
        return 2 * count_centi + outstanding if rate else 0
    return (DIRECT_GRID_MICROS + 2) * count_centi + DIRECT_GRID_MICROS


def taking_slack_micros(
    side: Side, rate: Fraction, price_pips: int, count_centi: int, makers: int
) -> int:
    """Return what rounding may take from an order that meets ``makers`` at once.

    Exact for one fill at the limit, so an account with just enough may trade.
    """
    value = leg_pips(side, price_pips) * count_centi
    whole = charge(
        rate=rate,
        price_pips=price_pips,
        count_centi=count_centi,
        revenue_micros=-value,
        carried_micros=0,
    )
    single = whole.net_micros - _fee_ceiling(rate, price_pips, count_centi)
    return single if makers <= 1 else single + (DIRECT_GRID_MICROS + 2) * makers
