"""How amounts and times are spelled on the wire. Pure.

Reference ``kalshi.md`` section 2: prices have four decimals, counts two, money up
to six; times are RFC 3339 with microseconds, or whole seconds or milliseconds.
"""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache

from actors.model.money import (
    CentiContracts,
    MicroDollars,
    Pips,
    centi_text,
    micros_text,
    pips_text,
)
from actors.model.orders import Side

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PIP_MICROS = 100
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def price(price_pips: int) -> str:
    """Spell a price: ``"0.5600"``."""
    return pips_text(Pips(price_pips))


def other_price(price_pips: int) -> str:
    """Spell the NO price of a YES price."""
    return pips_text(Pips(10_000 - price_pips))


def count(count_centi: int) -> str:
    """Spell a count: ``"3.00"``."""
    return centi_text(CentiContracts(count_centi))


def money(amount_micros: int) -> str:
    """Spell money with all six decimals: ``"0.017500"``."""
    return micros_text(MicroDollars(amount_micros))


def grid_money(amount_micros: int) -> str:
    """Spell money on a direct member's grid with four decimals, as balances are."""
    if amount_micros % PIP_MICROS:
        return money(amount_micros)
    return pips_text(Pips(amount_micros // PIP_MICROS))


def average(amount_micros: Fraction) -> str:
    """Spell an average, rounded to four decimals. Nobody books by it."""
    return pips_text(Pips(round(amount_micros / PIP_MICROS)))


def cents(amount_micros: int) -> int:
    """Return whole cents, cut off as the venue's integers are."""
    return amount_micros // 10_000 if amount_micros >= 0 else -(-amount_micros // 10_000)


def stamp(at_us: int) -> str:
    """Spell an instant: ``"2026-06-11T06:31:29.957081Z"``."""
    at = EPOCH + timedelta(microseconds=at_us)
    return at.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def http_date(at_us: int) -> str:
    """Spell an instant for HTTP: ``"Thu, 11 Jun 2026 06:31:29 GMT"``."""
    return _http_second(at_us // 1_000_000)


@lru_cache(maxsize=4)
def _http_second(at_s: int) -> str:
    # Every answer says it, and a busy second has a thousand of them.
    at = EPOCH + timedelta(seconds=at_s)
    day, month = DAYS[at.weekday()], MONTHS[at.month - 1]
    return f"{day}, {at:%d} {month} {at:%Y %H:%M:%S} GMT"


def read_stamp(text: str) -> int | None:
    """Read an RFC 3339 instant as microseconds since 1970; ``None`` if it is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    return (at - EPOCH) // timedelta(microseconds=1)


def outcome(side: Side) -> str:
    """Return the leg that a side is positioned for: bid is yes, ask is no."""
    return "yes" if side == "bid" else "no"
