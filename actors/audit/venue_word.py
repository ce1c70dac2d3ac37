"""Asks the venue for all that a reconciliation compares, in the order that makes it whole."""

from collections.abc import Callable

from actors.audit.evidence import VenueWord
from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.exchange.rest import Rest
from actors.exchange.wire_orders import VenueSettlement
from actors.model.money import ONE_DOLLAR_MICROS, MicroDollars


async def read_word(
    rest: Rest, wall_ns: Callable[[], int], since_s: int | None = None
) -> VenueWord:
    """Read everything that the venue says of the account; its rows since then, if said.

    Raises:
        VenueRefused: It said no.
        VenueUnreachable: No answer that says anything.
    """
    fills = await rest.fills(min_s=since_s)
    orders = await rest.orders(min_s=since_s)
    positions = await rest.positions()
    settlements = await rest.settlements(min_s=since_s)
    values = {each.ticker: await _value(rest, each) for each in settlements}
    # Last, so that whatever is in the rows has moved the cash already.
    balance = await rest.balance()
    cash = {shard.exchange_index: shard.balance_micros for shard in balance.shards}
    return VenueWord(
        cash=cash or {0: balance.balance_micros},
        # The newest comes first; rebates are reckoned in the order of the fills. Within
        # a millisecond the venue's own order, turned round, is all there is.
        fills=tuple(sorted(fills, key=lambda each: each.venue_ts_ms, reverse=True)[::-1]),
        positions={each.ticker: each.position_centi for each in positions if each.position_centi},
        settlements=settlements,
        values=values,
        orders=orders,
        at_ms=wall_ns() // 1_000_000,
    )


async def _value(rest: Rest, said: VenueSettlement) -> MicroDollars:
    """Return what one YES contract paid; the row has it in whole cents only."""
    if said.result in {"yes", "no"}:
        return ONE_DOLLAR_MICROS if said.result == "yes" else MicroDollars(0)
    value = said.value_micros
    try:
        value = (await rest.market(said.ticker)).settlement_value_micros or value
    except VenueRefused:
        # A market that is long over is not listed any more; its row has to do.
        if value is None:
            raise
    if value is None:
        raise VenueUnreachable(f"settlement of {said.ticker}: its value is not told")
    return value
