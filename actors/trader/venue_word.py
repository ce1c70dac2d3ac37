"""What the exits ask the venue before they sell, where their own ears are not enough."""

from contextlib import suppress

import trio

from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.exchange.rest import Rest
from actors.messages.trading import ExitPlan
from actors.model.orders import sign


async def said_centi(rest: Rest, plan: ExitPlan, within_s: float) -> int | None:
    """Return what the venue says could be reduced; ``None`` where it does not answer in time.

    Asked only where we heard of less than the lot: fills come over the stream, which may be
    away, and an exit must not wait for it. The venue's word may be a moment old: that the
    order only reduces is its own promise.
    """
    with suppress(VenueRefused, VenueUnreachable), trio.move_on_after(within_s):
        positions = await rest.positions(event_ticker=plan.match)
        held = {each.ticker: each.position_centi for each in positions}
        return sign(plan.entry_side) * held.get(plan.ticker, 0)
    return None


async def outlast_pause(rest: Rest, plan: ExitPlan, retry_s: float) -> None:
    """Wait until the market may take orders again: a question costs no attempt."""
    while True:
        with suppress(VenueRefused, VenueUnreachable):
            status = await rest.exchange_status()
            market = await rest.market(plan.ticker)
            if status.trades(plan.exchange_index) and market.status != "inactive":
                return
        await trio.sleep(retry_s)
