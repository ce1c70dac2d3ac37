"""What one connection of the stream has asked for: its subscriptions, and commands in the air."""

from typing import Final, Protocol

import attrs

from actors.exchange import wire_stream as wire
from actors.model.orders import Ticker

BOOKS: Final = "orderbook_delta"
BY_MARKET: Final[tuple[wire.Channel, ...]] = (BOOKS, "trade")
"""Channels asked for the wanted markets only."""
FOR_ALL: Final[tuple[wire.Channel, ...]] = (
    "fill",
    "user_orders",
    "market_lifecycle_v2",
    "order_group_updates",
)
ALL: Final = 1 << 62
"""Index of a place that has every change of its clock, as a snapshot has."""


@attrs.define(eq=False)
class Subscription:
    """One channel on this connection."""

    channel: wire.Channel
    asked: dict[Ticker, None] = attrs.field(factory=dict)
    """Markets asked for, in order; always empty where the channel is for all."""
    sent: bool = False
    sid: int | None = None
    """The venue's number for it, once it has confirmed."""
    next_seq: int = 1


@attrs.frozen
class Command:
    """One command that is to be answered."""

    subscription: Subscription
    action: wire.Action | None
    """What it changes; ``None`` where it opens the subscription."""
    tickers: tuple[Ticker, ...]
    sent_ns: int


@attrs.define(eq=False)
class Place:
    """How far a connection's copy of one book has come: the newest clock, and how much of it."""

    clock: int | None
    index: int = ALL
    """Changes of that clock so far; one action of the venue may make several."""

    def is_before(self, clock: int | None, *, strictly: bool) -> bool:
        """Return whether a change of ``clock`` may come next: a snapshot has all of its own.

        Args:
            clock: The change's; ``None`` where the venue gave none.
            strictly: Whether copies are to be matched by it, so that nothing is excused.
        """
        if clock is None:
            return not strictly or self.clock is None
        if self.clock is None or clock > self.clock:
            return True
        return clock == self.clock and (self.index != ALL or not strictly)


class Known(Protocol):
    """Whoever knows which changes came already by another connection."""

    def __call__(self, ticker: Ticker, clock: int | None, index: int, /) -> bool:
        """Return whether a change is of no more use."""
        ...
