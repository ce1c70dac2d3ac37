"""Which channel tells an event of the venue, and under which message type. Pure.

Reference ``kalshi.md`` section 5. Books and quotes are told by the session itself:
they depend on what was subscribed to.
"""

from collections.abc import Callable
from functools import partial

import attrs
import msgspec

from actors.sim.venue import stream_wire
from actors.sim.venue.events import (
    BookChanged,
    EventFeesChanged,
    EventListed,
    Filled,
    MarketStepped,
    OrderChanged,
    OrderGroupChanged,
    PositionChanged,
    Traded,
)
from actors.sim.venue.floor import Floor
from actors.sim.venue.listing import Market
from actors.sim.venue.subscriptions import Channel, Json

Private = Filled | OrderChanged | PositionChanged | OrderGroupChanged
"""What its account alone is told."""
Body = Callable[[], Json | msgspec.Raw]
Public = Traded | MarketStepped | EventListed | EventFeesChanged


@attrs.frozen
class Telling:
    """One message in the making."""

    channel: Channel
    message_type: str
    ticker: str
    """What subscriptions are narrowed by; empty where they cannot be."""
    body: Body
    """Writes it, for whoever is there to hear it."""


class Deltas:
    """Spells each change of a book once for all who see it alike.

    Sessions that share one hear every event one after the other.
    """

    def __init__(self) -> None:
        self._change: BookChanged | None = None
        self._bodies: dict[tuple[bool, bool], msgspec.Raw] = {}

    def body(
        self, change: BookChanged, market: Market, account: str, *, use_yes_price: bool
    ) -> msgspec.Raw:
        """Return the delta as ``account`` is told of it, encoded."""
        if change is not self._change:
            self._change, self._bodies = change, {}
        view = (change.cause == account, use_yes_price)
        body = self._bodies.get(view)
        if body is None:
            told = stream_wire.delta(change, market, account, use_yes_price=use_yes_price)
            body = self._bodies[view] = msgspec.Raw(msgspec.json.encode(told))
        return body


def part_of(event: Private) -> int | None:
    """Return the subaccount an event is about; ``None`` where it does not say."""
    match event:
        case Filled():
            return event.subaccount
        case OrderChanged():
            return event.order.subaccount
        case PositionChanged():
            return event.position.subaccount
        case OrderGroupChanged():
            return None


def tell_private(event: Private, user_id: str) -> Telling:
    """Return how the owner is told of ``event``."""
    match event:
        case Filled():
            return Telling("fill", "fill", event.ticker, partial(stream_wire.fill, event))
        case OrderChanged():
            body = partial(stream_wire.user_order, event, user_id)
            return Telling("user_orders", "user_order", event.order.ticker, body)
        case PositionChanged(position=view):
            body = partial(stream_wire.market_position, view, user_id)
            return Telling("market_positions", "market_position", view.ticker, body)
        case OrderGroupChanged():
            body = partial(stream_wire.order_group, event)
            return Telling("order_group_updates", "order_group_updates", "", body)


def tell_public(event: Public, floor: Floor) -> Telling:
    """Return how everybody is told of ``event``."""
    match event:
        case Traded():
            return Telling("trade", "trade", event.ticker, partial(stream_wire.trade, event))
        case MarketStepped():
            body = partial(stream_wire.lifecycle, event.step, floor.market(event.ticker))
            return Telling("market_lifecycle_v2", "market_lifecycle_v2", "", body)
        case EventListed():
            body = partial(stream_wire.event_lifecycle, floor.events[event.event_ticker])
            return Telling("market_lifecycle_v2", "event_lifecycle", "", body)
        case EventFeesChanged():
            body = partial(stream_wire.event_fees, event)
            return Telling("market_lifecycle_v2", "event_fee_update", "", body)
