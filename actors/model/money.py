"""Money as integers: pips, centi-contracts and micro-dollars, each a type of its own.

A pip is $0.0001 and a centi-contract 0.01 contract, so pips times
centi-contracts *is* micro-dollars, exactly. No float ever holds money.
Source of the wire formats: reference ``kalshi.md`` section 2 (prices are string
dollars of at most 4 decimals, counts strings of at most 2, money at most 6).
"""

from typing import Final, NewType

Pips = NewType("Pips", int)
"""A price on a market's grid, in 1/10,000 dollar."""

CentiContracts = NewType("CentiContracts", int)
"""A number of contracts, in 1/100 contract."""

MicroDollars = NewType("MicroDollars", int)
"""An amount of money, in 1/1,000,000 dollar."""

ONE_DOLLAR_PIPS: Final = Pips(10_000)
ONE_CONTRACT_CENTI: Final = CentiContracts(100)
ONE_DOLLAR_MICROS: Final = MicroDollars(1_000_000)


class BadAmount(ValueError):
    """Text that is not a decimal number of the kind asked for."""


def cost_micros(price_pips: Pips, count_centi: CentiContracts) -> MicroDollars:
    """Return what ``count_centi`` at ``price_pips`` costs. Exact by construction."""
    return MicroDollars(price_pips * count_centi)


def opposite_pips(price_pips: Pips) -> Pips:
    """Return the price of the other leg: NO at ``1 - p`` is YES at ``p``."""
    return Pips(ONE_DOLLAR_PIPS - price_pips)


def parse_pips(text: str) -> Pips:
    """Read a price in dollars with at most four decimals: ``"0.56"`` is 5,600 pips.

    Raises:
        BadAmount: Not a plain decimal, or finer than a pip.
    """
    return Pips(_parse(text, 4))


def parse_centi(text: str) -> CentiContracts:
    """Read a count with at most two decimals: ``"3.50"`` is 350 centi-contracts.

    Raises:
        BadAmount: Not a plain decimal, or finer than 0.01 contract.
    """
    return CentiContracts(_parse(text, 2))


def parse_micros(text: str) -> MicroDollars:
    """Read an amount of dollars with at most six decimals: ``"98.0186"``.

    Raises:
        BadAmount: Not a plain decimal, or finer than a micro-dollar.
    """
    return MicroDollars(_parse(text, 6))


def pips_text(price_pips: Pips) -> str:
    """Write a price as the venue does: four decimals."""
    return _text(price_pips, 4)


def centi_text(count_centi: CentiContracts) -> str:
    """Write a count as the venue does: two decimals."""
    return _text(count_centi, 2)


def micros_text(amount_micros: MicroDollars) -> str:
    """Write an amount of dollars with all six decimals."""
    return _text(amount_micros, 6)


def _parse(text: str, decimals: int) -> int:
    sign = -1 if text.startswith("-") else 1
    whole, dot, fraction = text.removeprefix("-").partition(".")
    # isdecimal alone admits other scripts' digits, which int() would read happily.
    digits = whole + fraction
    if not (digits.isascii() and digits.isdecimal() and whole) or (dot and not fraction):
        raise BadAmount(f"not a decimal number: {text[:40]!r}")
    if len(whole) > 15:  # noqa: PLR2004 - no amount of dollars on earth needs more digits
        raise BadAmount(f"too large: {text[:40]!r}")
    if fraction[decimals:].strip("0"):
        raise BadAmount(f"finer than {decimals} decimals: {text[:40]!r}")
    return sign * int(whole + fraction[:decimals].ljust(decimals, "0"))


def _text(value: int, decimals: int) -> str:
    scale = 10**decimals
    whole, fraction = divmod(abs(value), scale)
    return f"{'-' if value < 0 else ''}{whole}.{fraction:0{decimals}d}"
