"""One account's position in one market, and the cash its fills move. Pure.

The venue keeps one signed number: plus is YES, minus is NO (reference
``kalshi.md`` section 8). A fill first closes what stands on the other side and
frees its collateral at once, then opens. Average cost is exact, as a fraction.
"""

from fractions import Fraction

import attrs

from actors.model.orders import Side

CONTRACT_PIPS = 10_000
"""What a pair of YES and NO is worth: one dollar."""


def closing_centi(held_centi: int, side: Side, count_centi: int) -> int:
    """Return how much of ``count_centi`` on ``side`` would close ``held_centi``."""
    other = max(0, -held_centi) if side == "bid" else max(0, held_centi)
    return min(count_centi, other)


def leg_pips(side: Side, price_pips: int) -> int:
    """Return what one contract opened on ``side`` costs: YES at p, NO at one minus p."""
    return price_pips if side == "bid" else CONTRACT_PIPS - price_pips


@attrs.define(kw_only=True, eq=False)
class Holding:
    """What one account holds in one market, and what it has made there."""

    yes_centi: int = 0
    """Signed: plus is YES, minus is NO."""
    cost_micros: Fraction = Fraction(0)
    """Average cost of what is held now, fees apart."""
    realized_micros: Fraction = Fraction(0)
    """Profit locked in by closing and settlement, fees apart."""
    fees_micros: int = 0
    traded_micros: int = 0
    """Sum of what all fills cost, each on the leg it was for."""
    traded_centi: int = 0
    """Contracts of all fills."""

    def revenue_micros(self, side: Side, price_pips: int, count_centi: int) -> int:
        """Return the cash that a fill would bring before fees; negative is spent."""
        closed = closing_centi(self.yes_centi, side, count_centi)
        opened = count_centi - closed
        # Selling what is held brings the price of the leg held, which is the other one.
        brought = (CONTRACT_PIPS - leg_pips(side, price_pips)) * closed
        return brought - leg_pips(side, price_pips) * opened

    def fill(self, side: Side, price_pips: int, count_centi: int, fee_micros: int) -> None:
        """Book one fill."""
        closed = closing_centi(self.yes_centi, side, count_centi)
        opened = count_centi - closed
        if closed:
            share = self.cost_micros * closed / abs(self.yes_centi)
            brought = (CONTRACT_PIPS - leg_pips(side, price_pips)) * closed
            self.realized_micros += brought - share
            self.cost_micros -= share
        self.cost_micros += leg_pips(side, price_pips) * opened
        self.yes_centi += count_centi if side == "bid" else -count_centi
        self.fees_micros += fee_micros
        self.traded_micros += leg_pips(side, price_pips) * count_centi
        self.traded_centi += count_centi

    def settle(self, payout_micros: int) -> None:
        """Book the payout of a settlement; nothing is held afterwards."""
        self.realized_micros += payout_micros - self.cost_micros
        self.cost_micros = Fraction(0)
        self.yes_centi = 0


def payout_exact_micros(held_centi: int, yes_value_micros: int) -> Fraction:
    """Return what a position is owed when YES settles at ``yes_value_micros`` a contract."""
    each = yes_value_micros if held_centi > 0 else 1_000_000 - yes_value_micros
    return Fraction(each * abs(held_centi), 100)
