"""The profile's budgets as the gate goes by them, and how they are swapped while trading."""

import attrs

from actors.config.profile import Limits as Settings
from actors.model.limits import Limits
from actors.model.money import ONE_CONTRACT_CENTI, CentiContracts
from actors.trader.desk import Desk
from actors.trader.fire import Fire
from actors.trader.planner import Planner


def limits_of(settings: Settings) -> Limits:
    """Return the budgets of a profile.

    Raises:
        ValueError: One of them is above its ceiling.
    """
    return Limits(
        order_count_centi=order_max_centi(settings),
        order_notional_micros=settings.order_dollars,
        market_micros=settings.market_dollars,
        match_micros=settings.match_dollars,
        shard_micros=settings.shard_dollars,
        day_micros=settings.day_dollars,
        account_micros=settings.account_dollars,
    )


def order_max_centi(settings: Settings) -> CentiContracts:
    """Return the contracts of one order."""
    return CentiContracts(settings.order_contracts * ONE_CONTRACT_CENTI)


def swap(settings: Settings, *, desk: Desk, fire: Fire, planner: Planner) -> None:
    """Have everybody go by other budgets from this step on; plays are made anew.

    A play that stands until then is of the old size; the gate has the new budgets at once.

    Raises:
        ValueError: One of them is above its ceiling; nothing has changed.
    """
    limits, most = limits_of(settings), order_max_centi(settings)
    desk.exposure.limits = limits
    fire.order_max_centi = most
    planner.terms = attrs.evolve(planner.terms, order_max_centi=most)
    for match in desk.catalogue.value.matches:
        planner.bell.ring(match)
