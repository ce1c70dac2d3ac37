"""What the venue charges, exactly and by date: trade fee, rounding, rebate, and worst cases.

Facts: reference ``kalshi.md`` section 7 and the venue's page "Fee Rounding". The
model fee is ``rate x multiplier x contracts x P x (1 - P)``. It is rounded up to a
trade fee; the fill's balance change is then floored to the account's grid, and what
that floor takes is collected per order and given back in whole steps. All of it is
integers. The ledger's money comes from the venue's own ``fee_cost``; this model must
reproduce it, prices fills that did not happen, and bounds those that have not yet.
"""

from collections.abc import Mapping
from math import gcd
from types import MappingProxyType
from typing import Final, Literal

import attrs

from actors.model.money import (
    ONE_CONTRACT_CENTI,
    ONE_DOLLAR_PIPS,
    CentiContracts,
    MicroDollars,
    Pips,
    cost_micros,
    opposite_pips,
)
from actors.model.orders import Side, sign

MemberClass = Literal["direct", "fcm"]
"""Whose grid a balance is kept on: the venue's own members, or a broker's customers."""

ONE_CENT_MICROS: Final = MicroDollars(10_000)
ONE_CENTICENT_MICROS: Final = MicroDollars(100)

MULTIPLIER_MAX_PPM: Final = 10_000_000
"""Ten times the usual fee is a misreading, not a fee; none above one was ever seen."""

_NOTHING: Final = MicroDollars(0)
_ONE_MICRO: Final = MicroDollars(1)
_ONE_PIP: Final = Pips(1)
_ONE_PPM: Final = 1_000_000
_MODEL_DIVISOR: Final = _ONE_PPM**2 * ONE_CONTRACT_CENTI * ONE_DOLLAR_PIPS**2 // 1_000_000
"""Takes ``ppm x ppm x centi x pips x pips`` to micro-dollars."""


class FeeUnknown(ValueError):
    """No fee can be computed, and therefore nothing may be traded."""


@attrs.frozen(kw_only=True)
class FeeRates:
    """The rates of one fee type, in millionths."""

    taker_ppm: int
    maker_ppm: int


RATES: Final[Mapping[str, FeeRates]] = MappingProxyType(
    {
        "quadratic": FeeRates(taker_ppm=70_000, maker_ppm=0),
        "quadratic_with_maker_fees": FeeRates(taker_ppm=70_000, maker_ppm=17_500),
        "quadratic_with_combo_maker_fees": FeeRates(taker_ppm=70_000, maker_ppm=35_000),
    }
)
"""By the venue's ``fee_type``. ``flat`` has a table that was never published in the API."""


@attrs.frozen(kw_only=True)
class FeeRule:
    """One dated text of how fees are rounded."""

    effective_ms: int
    """First instant of validity, UTC, in milliseconds since 1970."""
    trade_grid_micros: MicroDollars
    """The model fee is rounded up to this."""
    direct_grid_micros: MicroDollars
    fcm_grid_micros: MicroDollars
    rebate: Literal["one_cent", "grid"]
    """``one_cent``: a cent once more than a cent is collected. ``grid``: every whole step."""

    def grid_micros(self, member: MemberClass) -> MicroDollars:
        """Return the step on which a member's balance is kept."""
        return self.direct_grid_micros if member == "direct" else self.fcm_grid_micros


FEE_RULES: Final = (
    # First seen 2026-03-04. It also yields the whole cents of the schedule before it.
    FeeRule(
        effective_ms=0,
        trade_grid_micros=ONE_CENTICENT_MICROS,
        direct_grid_micros=ONE_CENT_MICROS,
        fcm_grid_micros=ONE_CENT_MICROS,
        rebate="one_cent",
    ),
    # 2026-05-21, when balances first showed four decimals; its own date is not published.
    FeeRule(
        effective_ms=1_779_321_600_000,
        trade_grid_micros=ONE_CENTICENT_MICROS,
        direct_grid_micros=ONE_CENTICENT_MICROS,
        fcm_grid_micros=ONE_CENT_MICROS,
        rebate="one_cent",
    ),
    # About 2026-08-27; the text in force.
    FeeRule(
        effective_ms=1_787_788_800_000,
        trade_grid_micros=_ONE_MICRO,
        direct_grid_micros=ONE_CENTICENT_MICROS,
        fcm_grid_micros=ONE_CENT_MICROS,
        rebate="grid",
    ),
)
"""Every text known, oldest first. The dates are those of first evidence."""


def rule_at(at_ms: int) -> FeeRule:
    """Return the rule in force at ``at_ms``, UTC milliseconds since 1970.

    Raises:
        FeeUnknown: Before every rule.
    """
    for rule in reversed(FEE_RULES):
        if rule.effective_ms <= at_ms:
            return rule
    raise FeeUnknown(f"no fee rule is known for {at_ms} ms")


def trade_fee_micros(
    price_pips: Pips,
    count_centi: CentiContracts,
    *,
    rate_ppm: int,
    multiplier_ppm: int,
    grid_micros: MicroDollars = _ONE_MICRO,
) -> MicroDollars:
    """Return the model fee of one fill, rounded up to ``grid_micros``. Exact."""
    model = rate_ppm * multiplier_ppm * count_centi * price_pips * opposite_pips(price_pips)
    return MicroDollars(-(-model // (_MODEL_DIVISOR * grid_micros)) * grid_micros)


@attrs.frozen(kw_only=True)
class FillFee:
    """The parts of what one fill is charged."""

    trade_micros: MicroDollars
    rounding_micros: MicroDollars
    """What brings the balance back to its grid."""
    rebate_micros: MicroDollars
    """What is given back of the rounding collected over the order."""
    carried_micros: MicroDollars
    """Rounding collected and not yet given back, after this fill."""

    @property
    def net_micros(self) -> MicroDollars:
        """What the fill is charged in all; the venue's ``fee_cost``. Never negative."""
        return MicroDollars(self.trade_micros + self.rounding_micros - self.rebate_micros)


@attrs.frozen(kw_only=True)
class FeeSchedule:
    """What one account pays in one market at one time."""

    rule: FeeRule
    rates: FeeRates
    multiplier_ppm: int
    member: MemberClass

    @property
    def grid_micros(self) -> MicroDollars:
        """The step on which the account's balance is kept."""
        return self.rule.grid_micros(self.member)

    def trade_fee_micros(
        self, price_pips: Pips, count_centi: CentiContracts, *, is_taker: bool
    ) -> MicroDollars:
        """Return the trade fee of one fill, before any rounding to the account's grid."""
        return trade_fee_micros(
            price_pips,
            count_centi,
            rate_ppm=self.rates.taker_ppm if is_taker else self.rates.maker_ppm,
            multiplier_ppm=self.multiplier_ppm,
            grid_micros=self.rule.trade_grid_micros,
        )

    def round_fee(
        self,
        *,
        revenue_micros: MicroDollars,
        trade_micros: MicroDollars,
        carried_micros: MicroDollars,
    ) -> FillFee:
        """Apply the rounding rules to one fill whose trade fee is known.

        Args:
            revenue_micros: Cash of the fill without fees: negative for a buyer.
            trade_micros: Its trade fee, already rounded up.
            carried_micros: What the order has collected before this fill.
        """
        grid = self.grid_micros
        rounding = (revenue_micros - trade_micros) % grid
        collected = carried_micros + rounding
        charged = trade_micros + rounding
        if self.rule.rebate == "grid":
            rebate = min(collected // grid, charged // grid) * grid
        else:
            due = collected > ONE_CENT_MICROS and charged >= ONE_CENT_MICROS
            rebate = ONE_CENT_MICROS if due else 0
        return FillFee(
            trade_micros=trade_micros,
            rounding_micros=MicroDollars(rounding),
            rebate_micros=MicroDollars(rebate),
            carried_micros=MicroDollars(collected - rebate),
        )

    def worst_fee_micros(
        self,
        *,
        side: Side,
        limit_pips: Pips,
        count_centi: CentiContracts,
        step_pips: Pips = _ONE_PIP,
        fills_max: int | None = None,
    ) -> MicroDollars:
        """Bound the fees of an immediate-or-cancel order, however it fills.

        Proved for every split into at most ``fills_max`` fills, whole or in part, at
        any prices at or better than the limit. P(1 - P) peaks at one half, so its
        greatest value within the limit counts, not the limit's own. Rounding the
        model fee up adds less than one trade grid a fill. What stays collected adds,
        if every price is a multiple of the account's grid, less than one grid in
        all: each charge is then whole grids and can always pay its rebate.
        Otherwise a fill may be charged less than a grid, which the cap on rebates
        never gives back, so that each fill adds its own rounding.

        Args:
            side: Of the order.
            limit_pips: Its limit.
            count_centi: Its count.
            step_pips: Every price it may meet is a multiple of this; 1 if unsure.
            fills_max: The most executions it can have; one per 0.01 contract if unsure.
        """
        worst_pips = min(limit_pips, 5_000) if side == "bid" else max(limit_pips, 5_000)
        trade = self._trade_bound_micros(Pips(worst_pips), count_centi, fills_max)
        return MicroDollars(trade + self._rounding_bound_micros(count_centi, step_pips, fills_max))

    def worst_cost_micros(
        self,
        *,
        side: Side,
        limit_pips: Pips,
        count_centi: CentiContracts,
        step_pips: Pips = _ONE_PIP,
        fills_max: int | None = None,
    ) -> MicroDollars:
        """Bound what an opening order can cost, price and fees together.

        Tighter than the cost at the limit plus ``worst_fee_micros``: price plus model
        fee never falls as the price gets worse, because rate times multiplier stays
        below one, so both count at the limit. Arguments and conditions as there; an
        ask opens NO at one minus the price.
        """
        leg_pips = limit_pips if side == "bid" else opposite_pips(limit_pips)
        trade = self._trade_bound_micros(limit_pips, count_centi, fills_max)
        rounding = self._rounding_bound_micros(count_centi, step_pips, fills_max)
        return MicroDollars(cost_micros(leg_pips, count_centi) + trade + rounding)

    def _trade_bound_micros(
        self, price_pips: Pips, count_centi: CentiContracts, fills_max: int | None
    ) -> int:
        """Bound the sum of trade fees: a sum of ceilings is below its ceiling plus one each."""
        if not self._charges_takers:
            return 0
        whole = trade_fee_micros(
            price_pips,
            count_centi,
            rate_ppm=self.rates.taker_ppm,
            multiplier_ppm=self.multiplier_ppm,
        )
        return whole + _fills(count_centi, fills_max) * self.rule.trade_grid_micros - 1

    def _rounding_bound_micros(
        self, count_centi: CentiContracts, step_pips: Pips, fills_max: int | None
    ) -> int:
        """Bound what stays collected: every residue is a multiple of what all its terms share."""
        grid = self.grid_micros
        trade_grid = self.rule.trade_grid_micros if self._charges_takers else 0
        each = grid - gcd(step_pips, trade_grid, grid)
        in_all = _fills(count_centi, fills_max) * each
        return min(in_all, grid - 1) if step_pips % grid == 0 else in_all

    @property
    def _charges_takers(self) -> bool:
        return self.rates.taker_ppm * self.multiplier_ppm > 0


def fee_schedule(
    fee_type: str, *, multiplier_ppm: int, member: MemberClass, at_ms: int
) -> FeeSchedule:
    """Return what an account pays at ``at_ms`` under a market's terms.

    Args:
        fee_type: The venue's name; of the event if it overrides its series.
        multiplier_ppm: Fee multiplier in millionths, overridden alike.
        member: The account's class.
        at_ms: UTC milliseconds since 1970.

    Raises:
        FeeUnknown: A type without a published formula (``flat`` among them), a
            multiplier that makes no sense, or a time before every rule.
    """
    rates = RATES.get(fee_type)
    if rates is None:
        raise FeeUnknown(f"no formula is known for fee type {fee_type[:40]!r}")
    if not 0 <= multiplier_ppm <= MULTIPLIER_MAX_PPM:
        raise FeeUnknown(f"a fee multiplier of {multiplier_ppm} ppm makes no sense")
    return FeeSchedule(
        rule=rule_at(at_ms), rates=rates, multiplier_ppm=multiplier_ppm, member=member
    )


class FeeAccumulator:
    """The fees of one order, fill after fill, taking and making alike."""

    __slots__ = ("_carried_micros",)

    def __init__(self, carried_micros: MicroDollars = _NOTHING) -> None:
        self._carried_micros = carried_micros

    @property
    def carried_micros(self) -> MicroDollars:
        """Rounding collected over the order and not yet given back."""
        return self._carried_micros

    def charge(
        self,
        schedule: FeeSchedule,
        *,
        side: Side,
        price_pips: Pips,
        count_centi: CentiContracts,
        is_taker: bool,
    ) -> FillFee:
        """Return what the order's next fill is charged, and carry the rest.

        Whether the fill opens or closes does not matter: the two cash flows differ
        by whole cents, and every grid divides a cent.

        Args:
            schedule: Terms at the time of the fill; a resting order may outlive some.
            side: Of the order.
            price_pips: Of the YES leg.
            count_centi: Of this fill.
            is_taker: Whether the order took in this fill.
        """
        fee = schedule.round_fee(
            revenue_micros=MicroDollars(-sign(side) * cost_micros(price_pips, count_centi)),
            trade_micros=schedule.trade_fee_micros(price_pips, count_centi, is_taker=is_taker),
            carried_micros=self._carried_micros,
        )
        self._carried_micros = fee.carried_micros
        return fee


def _fills(count_centi: CentiContracts, fills_max: int | None) -> int:
    assert count_centi > 0
    assert fills_max is None or fills_max > 0
    return count_centi if fills_max is None else min(count_centi, fills_max)
