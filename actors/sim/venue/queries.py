"""A request's query, read once and judged against what its route declares. Pure."""

from collections.abc import Mapping
from typing import Final

import attrs

from actors.sim.venue.refusals import Refused, bad_parameter, over_limit

INT64: Final = 2**63
FLAGS: Final[Mapping[str, frozenset[str]]] = {
    "GetSeriesFeeChanges": frozenset({"show_historical"}),
    "GetMarketCandlesticks": frozenset({"include_latest_before_start"}),
    "BatchGetMarketCandlesticks": frozenset({"include_latest_before_start"}),
    "GetTrades": frozenset({"is_block_trade"}),
    "GetTradesHistorical": frozenset({"is_block_trade"}),
    "GetSeries": frozenset({"include_volume"}),
    "GetSeriesList": frozenset({"include_product_metadata", "include_volume"}),
    "GetEvents": frozenset({"with_nested_markets", "with_milestones"}),
    "GetMultivariateEvents": frozenset({"with_nested_markets"}),
    "GetEvent": frozenset({"exclude_markets", "with_nested_markets"}),
    "GetLiveDataByMilestone": frozenset({"include_player_stats"}),
    "GetLiveData": frozenset({"include_player_stats"}),
    "GetLiveDatas": frozenset({"include_player_stats"}),
}
"""Parameters that are either true or false, by operation."""
TRUE: Final = frozenset({"1", "t", "T", "true", "True", "TRUE"})
FALSE: Final = frozenset({"0", "f", "F", "false", "False", "FALSE"})
"""How the venue's own language spells them."""


@attrs.frozen
class PageSize:
    """Bounds of a route's ``limit``."""

    most: int
    default: int = 100
    tag: str = "max"
    """The validator's name for the upper bound, in its refusal."""
    name: str = "limit"
    """What the parameter is called."""

    @property
    def field(self) -> str:
        """Return what the validator calls it."""
        return "".join(part.capitalize() for part in self.name.split("_"))


@attrs.frozen(kw_only=True)
class Query:
    """What the client asked for."""

    texts: Mapping[str, tuple[str, ...]]
    integers: Mapping[str, int]
    limit: int
    cursor: str

    def text(self, name: str) -> str:
        """Return the first value of ``name``; empty if it was not given."""
        return self.texts.get(name, ("",))[0]

    def texts_of(self, name: str) -> tuple[str, ...]:
        """Return every value of a repeated parameter."""
        return self.texts.get(name, ())

    def listed(self, name: str) -> tuple[str, ...]:
        """Return the parts of a comma-separated parameter."""
        return tuple(part for part in self.text(name).split(",") if part)

    def flag(self, name: str) -> bool:
        """Return whether a boolean parameter was set."""
        return self.text(name) in TRUE

    def integer(self, name: str) -> int | None:
        """Return an integer that the route declares; ``None`` if it was not given."""
        return self.integers.get(name)

    def within(self, at_us: int) -> bool:
        """Return whether an instant lies between ``min_ts`` and ``max_ts``, whole seconds."""
        at_s = at_us // 1_000_000
        least, most = self.integer("min_ts"), self.integer("max_ts")
        return (least is None or at_s >= least) and (most is None or at_s <= most)


def read_query(
    pairs: tuple[tuple[str, str], ...],
    operation: str,
    integers: frozenset[str],
    size: PageSize | None,
) -> Query | Refused:
    """Read a query, or say in shape C what is wrong with it.

    Args:
        pairs: Names and values as sent.
        operation: The operation's name in the venue's own refusals.
        integers: Parameters that must be whole numbers.
        size: Bounds of ``limit``, where the route has pages.
    """
    texts: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        texts[name] = (*texts.get(name, ()), value)
    numbers: dict[str, int] = {}
    for name, values in texts.items():
        if values[0] and name in FLAGS.get(operation, ()) and values[0] not in TRUE | FALSE:
            return bad_parameter(f"Invalid format for parameter {name}")
        if values[0] and (name in integers or (size is not None and name == size.name)):
            number = _integer(values[0])
            if number is None:
                return bad_parameter(f"Invalid format for parameter {name}")
            numbers[name] = number
    limit = 0
    if size is not None:
        limit = numbers.get(size.name, 0)
        if limit > size.most:
            return over_limit(operation, size.field, size.tag)
        if limit < 0:
            return over_limit(operation, size.field, "gte" if size.tag == "lte" else "min")
        limit = limit or size.default
    return Query(texts=texts, integers=numbers, limit=limit, cursor=texts.get("cursor", ("",))[0])


def _integer(text: str) -> int | None:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < len(str(INT64))):
        return None
    return int(text)
