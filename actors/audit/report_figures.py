"""Numbers as people read them: prices, counts, money, spans, times. Pure and exact."""

from typing import Final

from actors.audit.events import Event
from actors.audit.report_facts import Order
from actors.model.money import (
    CentiContracts,
    MicroDollars,
    Pips,
    centi_text,
    micros_text,
    pips_text as _pips_text,
)

MINUS: Final = "\u2212"
NONE: Final = "\u2013"
"""Stands where there is no figure."""

_MICRO_NS: Final = 1_000
_MILLI_NS: Final = 1_000_000
_SECOND_NS: Final = 1_000_000_000
_DAY_S: Final = 86_400
_HALF_S: Final = {"1H": (0, 45), "2H": (0, 90), "ET1": (0, 105), "ET2": (0, 120)}
_PERIODS: Final = {
    "pre": "before kick-off",
    "1H": "first half",
    "HT": "half-time",
    "2H": "second half",
    "FT": "full time",
    "ET1": "extra time, first half",
    "ETHT": "extra time, break",
    "ET2": "extra time, second half",
    "AET": "after extra time",
    "PEN": "penalties",
    "END": "over",
}


def price(pips: int | None) -> str:
    """Write a price in dollars: ``0.5400``."""
    return NONE if pips is None else _pips_text(Pips(pips))


def count(centi: int) -> str:
    """Write a number of contracts: ``1,190`` or ``190.50``."""
    whole, _, fraction = centi_text(CentiContracts(abs(centi))).partition(".")
    part = "" if fraction == "00" else f".{fraction}"
    return f"{_sign(centi, signed=False)}{int(whole):,}{part}"


def money(micros: int, *, signed: bool = False) -> str:
    """Write an amount exactly: ``$12.0976``, with six decimals only where it needs them."""
    whole, _, fraction = micros_text(MicroDollars(abs(micros))).partition(".")
    return f"{_sign(micros, signed=signed)}${int(whole):,}.{fraction.removesuffix('00')}"


def money_short(micros: int, *, signed: bool = False) -> str:
    """Write an amount to the cent, half a cent away from zero."""
    cents = (abs(micros) + 5_000) // 10_000
    return f"{_sign(micros if cents else 0, signed=signed)}${cents // 100:,}.{cents % 100:02d}"


def average(order: Order) -> str:
    """Write the average price of an order's executions; an ellipsis stands for what is cut."""
    told = sum(fill.record.count_centi for fill in order.fills)
    total = sum(fill.record.price_pips * fill.record.count_centi for fill in order.fills)
    exact, rest = divmod(total, told or 1)
    return price(exact) + ("\u2026" if rest else "")


def span(ns: int | None, *, signed: bool = False) -> str:
    """Write an interval in the unit that fits it: ``85 µs``, ``2.62 ms``, ``1.23 s``."""
    if ns is None:
        return NONE
    size, sign = abs(ns), _sign(ns, signed=signed)
    if size < _MILLI_NS:
        return f"{sign}{size / _MICRO_NS:.0f} \u00b5s"
    if size < _SECOND_NS:
        return f"{sign}{_three(size / _MILLI_NS)} ms"
    return f"{sign}{_three(size / _SECOND_NS)} s"


def millis(ms: int, *, signed: bool = False) -> str:
    """Write an interval of a clock that counts milliseconds: ``11 ms``."""
    return f"{_sign(ms, signed=signed)}{abs(ms):,} ms"


def clock(wall_ns: int, *, millis: bool = True) -> str:
    """Write the time of day, UTC: ``15:20:11.392``."""
    second, rest = divmod(wall_ns, _SECOND_NS)
    second %= _DAY_S
    text = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    return f"{text}.{rest // _MILLI_NS:03d}" if millis else text


def date(wall_ns: int) -> str:
    """Write the day, UTC: ``2026-11-22``. Proleptic Gregorian, from the day's number."""
    days = wall_ns // (_SECOND_NS * _DAY_S) + 719_468
    era, of_era = divmod(days, 146_097)
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9  # noqa: PLR2004 - March begins the year
    of_month = of_year - (153 * shifted + 2) // 5 + 1
    return f"{year + era * 400 + (month <= 2):04d}-{month:02d}-{of_month:02d}"  # noqa: PLR2004 - to February


def minute(event: Event) -> str:
    """Write the match clock as a referee says it: ``7'``, ``45+2'``; empty if unknown."""
    report = event.accepted.record if event.accepted is not None else None
    if report is None or report.clock_s < 0 or report.period not in _HALF_S:
        return ""
    now, last = report.clock_s // 60 + 1, _HALF_S[report.period][1]
    return f"{now}'" if now <= last else f"{last}+{now - last}'"


def period(event: Event) -> str:
    """Write the period in words; empty if unknown."""
    return "" if event.accepted is None else _PERIODS.get(event.accepted.record.period, "")


def plural(number: int, noun: str) -> str:
    """Write a number with its noun: ``1 order``, ``2 orders``."""
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"


def _three(value: float) -> str:
    """Write three figures that count, never fewer before the point."""
    if value < 10:  # noqa: PLR2004 - one figure before the point
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"  # noqa: PLR2004 - two figures


def _sign(value: int, *, signed: bool) -> str:
    if value < 0:
        return MINUS
    return "+" if signed and value > 0 else ""
