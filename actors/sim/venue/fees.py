"""What a fill costs, counted exactly. Pure.

Source: reference ``kalshi.md`` section 7. The model fee is
``rate x multiplier x C x P x (1 - P)``; the charge is rounded up to a
micro-dollar, then the cash movement is rounded down to the member's grid, and
what that rounding took is carried per order and handed back in whole grid steps.
"""

from fractions import Fraction
from typing import Final, Literal

import attrs

FeeType = Literal[
    "quadratic", "quadratic_with_maker_fees", "quadratic_with_combo_maker_fees", "flat"
]

Membership = Literal["direct", "intermediated"]

DIRECT_GRID_MICROS: Final = 100
"""A direct member's cash moves in $0.0001."""

INTERMEDIATED_GRID_MICROS: Final = 10_000
"""A member behind an intermediary: whole cents."""

GRID_MICROS: Final[dict[Membership, int]] = {
    "direct": DIRECT_GRID_MICROS,
    "intermediated": INTERMEDIATED_GRID_MICROS,
}

TAKER_RATE: Final = Fraction(7, 100)
MAKER_SHARE: Final[dict[str, Fraction]] = {
    "quadratic": Fraction(0),
    "quadratic_with_maker_fees": Fraction(1, 4),
    "quadratic_with_combo_maker_fees": Fraction(1, 2),
}
"""A maker's rate as a share of the taker's. ``flat`` is undocumented and not listed here."""


@attrs.frozen(kw_only=True)
class FeeTerms:
    """The rates in force for one market, multiplier applied."""

    taker: Fraction
    maker: Fraction
    ceiling_micros: int = 1
    """To what a fill's model fee is rounded up."""

    def rate(self, *, is_taker: bool) -> Fraction:
        """Return the rate for one side of a fill."""
        return self.taker if is_taker else self.maker


@attrs.frozen
class FeeRule:
    """How fees are rounded from a day on."""

    since_us: int
    ceiling_micros: int


CURRENT_RULES: Final = (FeeRule(0, 1),)
"""The rule in force, as if there never had been another."""

PUBLISHED_RULES: Final = (FeeRule(0, 100), FeeRule(1_787_788_800_000_000, 1))
"""With its forerunner, which rounded up to $0.0001 until 27 August 2026."""


def rule_at(rules: tuple[FeeRule, ...], now_us: int) -> FeeRule:
    """Return the rule in force; ``rules`` are in order of their days."""
    return next((rule for rule in reversed(rules) if rule.since_us <= now_us), rules[0])


def fee_terms(fee_type: str, multiplier: Fraction, ceiling_micros: int = 1) -> FeeTerms:
    """Return the rates of a fee type.

    Raises:
        ValueError: A type whose formula is not published.
    """
    if fee_type not in MAKER_SHARE:
        raise ValueError(f"no published formula for fee type {fee_type!r}")
    taker = TAKER_RATE * multiplier
    maker = taker * MAKER_SHARE[fee_type]
    return FeeTerms(taker=taker, maker=maker, ceiling_micros=ceiling_micros)


WAIVED: Final = FeeTerms(taker=Fraction(0), maker=Fraction(0))
"""A market under a fee waiver."""


@attrs.frozen(kw_only=True)
class Charge:
    """The fee of one fill, taken apart."""

    trade_micros: int
    """The model fee rounded up, to a micro-dollar under today's rule."""
    rounding_micros: int
    """What rounding the cash down to the grid took."""
    rebate_micros: int
    """What earlier roundings of the same order gave back, whole grid steps."""
    carried_micros: int
    """Rounding still owed to the order."""

    @property
    def net_micros(self) -> int:
        """What the member pays: the ``fee_cost`` of the fill."""
        return self.trade_micros + self.rounding_micros - self.rebate_micros


def model_micros(rate: Fraction, price_pips: int, count_centi: int) -> tuple[int, int]:
    """Return the model fee in micro-dollars, exact: numerator and denominator, not reduced."""
    # C and P are centi/100 and pips/10,000; a dollar is 1,000,000 micro-dollars. Whole
    # numbers, because reducing fractions would be the dearest part of taking an order.
    return rate.numerator * count_centi * price_pips * (10_000 - price_pips), (
        rate.denominator * 10_000
    )


def charge(
    *,
    rate: Fraction,
    price_pips: int,
    count_centi: int,
    revenue_micros: int,
    carried_micros: int,
    grid_micros: int = DIRECT_GRID_MICROS,
    ceiling_micros: int = 1,
) -> Charge:
    """Return what one fill costs.

    Args:
        rate: The side's rate, multiplier applied.
        price_pips: Price of the YES leg.
        count_centi: Contracts in this fill.
        revenue_micros: Cash the fill brings before fees; negative for a purchase.
        carried_micros: Rounding taken from this order by its earlier fills.
        grid_micros: The member's grid.
        ceiling_micros: To what the model fee is rounded up.
    """
    exact, parts = model_micros(rate, price_pips, count_centi)
    trade = -(-exact // (parts * ceiling_micros)) * ceiling_micros
    after = revenue_micros - trade
    # Floor division rounds towards minus infinity, so the remainder is what was taken.
    rounding = after % grid_micros
    owed = carried_micros + rounding
    most = min(owed, trade + rounding)
    rebate = most - most % grid_micros
    return Charge(
        trade_micros=trade,
        rounding_micros=rounding,
        rebate_micros=rebate,
        carried_micros=owed - rebate,
    )
