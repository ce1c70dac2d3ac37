"""Whether a lot may be offered in an order that rests where its profit is, and how.

The venue takes no reduce-only order that rests (reference ``kalshi.md`` section 3), so what
may rest is settled here: of a market one order at a time, of its only lot, while no other
order of ours is out there. It stays owed until its end is proved, and until then nothing else
of ours trades in that market, so that it never is more than the position. It ends by itself
before the lot is due, whatever becomes of us.
"""

from typing import Final

from actors.messages.trading import Sent
from actors.model.grid import at_least, at_most
from actors.model.money import CentiContracts
from actors.model.orders import opposite
from actors.risk import gate
from actors.runtime.env import Env
from actors.trader.desk import OpenLot
from actors.trader.selling import Offer, Seller

AHEAD_NS: Final = 1_000_000_000
"""So long before a lot is due its order is withdrawn: the sale does not wait for the proof."""
SHORTEST_NS: Final = 5_000_000_000
"""What is due sooner is not worth an order that rests."""
SECOND_NS: Final = 1_000_000_000


def offer_of(env: Env, seller: Seller, lot: OpenLot, wait_ns: int) -> Offer | None:
    """Return how a lot is to be offered until it is due; ``None`` where it is not.

    Args:
        env: For the wall clock, which the venue ends an order by.
        seller: Whose desk and settings count.
        lot: Not due, and on no way down.
        wait_ns: How long it has, a recess of the exchange taken into account.
    """
    plan, desk = lot.plan, seller.desk
    if not seller.settings.resting or not plan.take_pips or lot.rested or wait_ns < SHORTEST_NS:
        return None
    others = [*desk.plans.values(), *(each.plan for each in desk.lots.values())]
    entry = plan.entry_client_order_id
    shared = any(
        each.ticker == plan.ticker and each.entry_client_order_id != entry for each in others
    )
    market, side = seller.market(plan), opposite(plan.entry_side)
    if shared or market is None or desk.inflight.takes(plan.ticker) or desk.inflight.hushed:
        return None
    limit = (at_least if side == "ask" else at_most)(market.price_ranges, plan.take_pips)
    owned = seller.owned_centi(plan.ticker, side)
    count = CentiContracts(min(lot.left_centi, owned))
    if limit is None or desk.is_frozen(plan.ticker) or plan.match in desk.doubts:
        return None
    no = gate.reduction(
        side=side,
        limit_pips=limit,
        floor_pips=plan.floor_pips,
        count_centi=count,
        held_centi=owned if side == "ask" else -owned,
        already_sent=False,
    )
    if no is not None:
        return None
    # Rounded down, and a second early: it is over when its lot is due, on any clock we trust.
    expires_s = (env.wall_ns() + wait_ns) // SECOND_NS - 1
    return Offer(count_centi=count, limit_pips=limit, expires_s=expires_s)


def is_called_back(seller: Seller, lot: OpenLot, sent: Sent, rest_centi: int) -> bool:
    """Return whether an order that rests is to end before its time.

    It makes way for a reversal and for whoever waits for quiet; and one of which the fills
    say that it is sold whole, so that only ``rest_centi`` is held, just has to be read.
    """
    return (
        lot.descent is not None
        or seller.desk.inflight.hushed
        or seller.owned_centi(sent.ticker, sent.side) <= rest_centi
    )
