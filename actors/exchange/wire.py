"""How bytes of the venue become our values, and how the venue writes amounts and times.

Values of the wire are msgspec structs declared once: a field carries our name and
unit, its ``name=`` the venue's. To a type checker the annotations below *are* our
integer types; to the decoder each is a way of reading text. So an amount is an
integer from the moment it is decoded, a missing or misspelt one is an error that
says where (``$.orders[3].yes_price_dollars``), and no float exists in between.
Fields that the venue adds are ignored, and vocabularies that may grow stay plain
text: closed enums have broken clients before (reference ``kalshi.md`` section 9).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import msgspec
from typing_extensions import override

from actors.exchange.errors import VenueError, WireGarbled
from actors.model.money import (
    CentiContracts,
    MicroDollars,
    Pips,
    parse_centi,
    parse_micros,
    parse_pips,
)

T = TypeVar("T")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLION: Final = 1_000_000
_MICROS_PER_CENT: Final = 10_000
_EXCERPT: Final = 200
"""How many characters of the venue's own prose are worth carrying along."""


def wall_ns(text: str) -> int:
    """Read an RFC 3339 instant as nanoseconds since 1970; what is below a microsecond is cut.

    Raises:
        ValueError: Not an instant, or one without a zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"an instant without a zone: {text[:40]!r}")
    since = moment - _EPOCH
    seconds = since.days * 86_400 + since.seconds
    return seconds * 1_000_000_000 + since.microseconds * 1_000


def ppm(number: Decimal) -> int:
    """Return a decimal number in millionths, exactly.

    Raises:
        ValueError: Not finite, a million or more, or finer than a millionth.
    """
    if not number.is_finite() or abs(number) >= _MILLION:
        raise ValueError("not a multiplier")
    scaled = number * _MILLION
    if scaled != int(scaled):
        raise ValueError("a multiplier finer than a millionth")
    return int(scaled)


def _micros_of_cents(cents: int) -> MicroDollars:
    return MicroDollars(cents * _MICROS_PER_CENT)


class _WholeNumber(type):
    """What every reading below makes; the decoder asks it whether it got one."""

    @override
    def __instancecheck__(cls, instance: object) -> bool:
        return type(instance) is int


class _Price(metaclass=_WholeNumber):
    """``"0.5600"``: dollars on a market's grid."""


class _Count(metaclass=_WholeNumber):
    """``"10.00"``: contracts."""


class _Money(metaclass=_WholeNumber):
    """``"0.017500"``: any other amount of dollars."""


class _Cents(metaclass=_WholeNumber):
    """``9801``: whole cents, as a few old fields still count."""


class _Instant(metaclass=_WholeNumber):
    """``"2026-06-11T06:31:29.957081Z"``."""


if TYPE_CHECKING:
    PriceText = Pips
    CountText = CentiContracts
    MoneyText = MicroDollars
    CentsNumber = MicroDollars
    InstantText = int
else:
    PriceText, CountText, MoneyText = _Price, _Count, _Money
    CentsNumber, InstantText = _Cents, _Instant

_READINGS: Final[dict[type, tuple[type, Callable[[Any], int]]]] = {
    # A book names few prices and counts, over and over; looking up is cheaper than parsing.
    _Price: (str, lru_cache(maxsize=20_000)(parse_pips)),
    _Count: (str, lru_cache(maxsize=20_000)(parse_centi)),
    _Money: (str, parse_micros),
    _Cents: (int, _micros_of_cents),
    _Instant: (str, wall_ns),
}


def _read(kind: type, raw: object) -> int:
    expected, reading = _READINGS[kind]
    # Exactly that type: a float or a bool in the place of an amount is an error.
    if type(raw) is not expected:
        raise ValueError(f"Expected `{expected.__name__}`, got `{type(raw).__name__}`")
    return reading(raw)


class Decoder(Generic[T]):
    """Reads one kind of body."""

    __slots__ = ("_decoder",)

    def __init__(self, kind: type[T]) -> None:
        self._decoder = msgspec.json.Decoder(kind, dec_hook=_read)

    def __call__(self, data: bytes | str | msgspec.Raw) -> T:
        """Return the value that ``data`` spells.

        Raises:
            WireGarbled: Not JSON, or not this kind; the message names the field.
        """
        try:
            return self._decoder.decode(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise WireGarbled(f"{error} in {_excerpt(data)}") from error


def _excerpt(data: bytes | str | msgspec.Raw) -> str:
    # Enough to tell a new dialect from line noise.
    return repr(data if isinstance(data, str) else bytes(data))[:80]


class _ErrorWords(msgspec.Struct, frozen=True, kw_only=True):
    """What stands under ``error``."""

    code: str = ""
    message: str = ""
    details: str = ""


class _ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """The four shapes of an error body at once (reference ``kalshi.md`` section 3)."""

    error: _ErrorWords | str | None = None
    code: str = ""
    message: str = ""
    details: str = ""
    msg: str = ""


_error_body = Decoder(_ErrorBody)


def read_error(status: int, body: bytes) -> VenueError | None:
    """Return what an error body says, or ``None`` where it has none of the venue's shapes.

    ``None`` means that somebody else answered: a proxy, or a dialect we do not
    know. Such an answer proves nothing about an order.
    """
    try:
        said = _error_body(body)
    except WireGarbled:
        return None
    if isinstance(said.error, str):
        code, message, details = said.error.replace(" ", "_"), said.error, ""
    elif said.error is not None:
        code, message, details = said.error.code, said.error.message, said.error.details
    else:
        code, message, details = said.code, said.message or said.msg, said.details
    if not (code or message):
        return None
    return VenueError(
        status=status,
        code=code[:_EXCERPT] or f"http_{status}",
        message=message[:_EXCERPT],
        details=details[:_EXCERPT],
    )
