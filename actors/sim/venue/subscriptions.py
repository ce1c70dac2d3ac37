"""One WebSocket subscription, and what a command's fields say about it. Pure.

Reference ``kalshi.md`` section 5 and the published channels.
"""

from collections.abc import Mapping
from typing import Final, Literal

import attrs

from actors.sim.venue.listing import Quote

Json = dict[str, object]
Channel = Literal[
    "orderbook_delta",
    "ticker",
    "trade",
    "fill",
    "user_orders",
    "market_positions",
    "market_lifecycle_v2",
    "order_group_updates",
]

CHANNELS: Final[Mapping[str, Channel]] = {
    "orderbook_delta": "orderbook_delta",
    "ticker": "ticker",
    "trade": "trade",
    "fill": "fill",
    "user_orders": "user_orders",
    "market_positions": "market_positions",
    "market_lifecycle_v2": "market_lifecycle_v2",
    "order_group_updates": "order_group_updates",
}
SEQUENCED: Final = frozenset(
    {"orderbook_delta", "trade", "market_lifecycle_v2", "order_group_updates"}
)
PRIVATE: Final = frozenset({"fill", "user_orders", "market_positions", "order_group_updates"})
"""Channels that tell of one account alone."""
UNFILTERED: Final = frozenset({"market_lifecycle_v2", "order_group_updates"})
"""Channels that ignore whatever markets are named."""
BY_ID: Final = frozenset({"ticker"}) | UNFILTERED
"""Channels whose markets may be named by id."""


@attrs.define(eq=False, kw_only=True)
class Subscription:
    """One sid."""

    sid: int
    channel: Channel
    tickers: dict[str, None] | None
    """In the order asked for; ``None`` is every market."""
    use_yes_price: bool = False
    by_id: bool = False
    """Whether markets were named by id: acknowledgements then list ids too."""
    skip_ack: bool = False
    """Whether acknowledgements leave out the list of markets."""
    seq: int = 0
    quotes: dict[str, Quote] = attrs.field(factory=dict)
    """Last quote sent, by market, for the ticker channel."""

    @property
    def is_sequenced(self) -> bool:
        """Whether its messages are numbered."""
        return self.channel in SEQUENCED

    def covers(self, ticker: str) -> bool:
        """Return whether messages about ``ticker`` belong to it."""
        return self.tickers is None or ticker in self.tickers

    def next_seq(self) -> int:
        """Take the next number of its row."""
        self.seq += 1
        return self.seq


@attrs.frozen
class Named:
    """Markets that a command names."""

    names: tuple[str, ...]
    by_id: bool = False


def named_markets(params: Json) -> Named | int | None:
    """Return the markets a command names, ``None`` for none, or an error code."""
    given = [
        (params[field], many, by_id)
        for field, many, by_id in (
            ("market_ticker", False, False),
            ("market_tickers", True, False),
            ("market_id", False, True),
            ("market_ids", True, True),
        )
        if params.get(field) is not None
    ]
    if not given:
        return None
    if len(given) > 1:
        return 11
    value, many, by_id = given[0]
    named = value if many else [value]
    if not isinstance(named, list) or not named:
        return 11
    names = tuple(name for name in named if isinstance(name, str) and name)
    return Named(names, by_id) if len(names) == len(named) else 11


def named_sid(params: Json) -> int | None:
    """Return the one subscription an update names, ``None`` if it does not name exactly one."""
    sid, sids = params.get("sid"), params.get("sids")
    named = [sid] if sids is None else sids
    if not isinstance(named, list) or len(named) != 1 or (sid is not None and sids is not None):
        return None
    return named[0] if type(named[0]) is int else None


def command_id(command: Json) -> int:
    """Return the client's number of a command; 0 is none."""
    given = command.get("id")
    return given if type(given) is int and given > 0 else 0


def opens_private(command: Json) -> bool:
    """Return whether a command asks for a channel that tells of one account alone."""
    params = command.get("params")
    named = params.get("channels") if isinstance(params, dict) else None
    return isinstance(named, list) and any(
        name in PRIVATE for name in named if isinstance(name, str)
    )
