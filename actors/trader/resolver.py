"""What became of an order whose response was lost: asked, never guessed.

The venue's list of orders is searched for our client order id. Found, it says
what filled. Not found proves nothing for a while: the request may still be on its
way, and reads lag behind writes. Absence is proved when a late copy would be
refused (its signature is too old), the venue's data are younger than that, and
two reads are clean (reference ``reliability.md`` section 3.2). A read that failed
is not clean, and an order that is found but not over is not absent.
"""

from collections.abc import Awaitable, Callable
from math import inf
from typing import Final, Literal, TypeVar

import attrs
import trio

from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.exchange.rest import Rest
from actors.exchange.wire_orders import VenueOrder
from actors.messages.trading import Accepted, OrderDone, Outcome, Rejected, Sent
from actors.runtime.env import Env

T = TypeVar("T")

LATE_COPY_REFUSED_S: Final = 60.0
"""After this long no copy of the request can be accepted: its timestamp is refused."""
CLEAN_READS: Final = 2
TROUBLE_S: Final = 120.0
"""After asking for so long a person has to know: absence should be proved by now."""
FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 2.0

OVER: Final = frozenset({"canceled", "executed"})
"""States in which an order can fill no more; ours are never anything else for long."""


@attrs.define(eq=False, kw_only=True)
class Resolver:
    """Asks until it knows."""

    env: Env
    rest: Rest
    on_trouble: Callable[[str, str], None]
    """Told a name and a reason, once, of an order that stays unknown for too long."""
    on_known: Callable[[str], None]
    """Told the name of every order whose outcome is known."""

    async def resolve(self, sent: Sent) -> OrderDone:
        """Return what became of ``sent``, however long the venue takes to say it."""
        pause_s, clean_reads, told = FIRST_PAUSE_S, 0, False
        trouble_s = trio.current_time() + TROUBLE_S
        while True:
            found = await self._look_up(sent)
            if isinstance(found, Accepted):
                return self._done(sent, found)
            age_s = (self.env.now_ns() - sent.sent_ns) / 1e9
            is_clean = found == "absent" and age_s > LATE_COPY_REFUSED_S
            clean_reads = clean_reads + 1 if is_clean and await self._is_current(sent) else 0
            if clean_reads >= CLEAN_READS:
                return self._done(sent, Rejected(status=0, code="never_arrived"))
            if not told and trio.current_time() > trouble_s:
                told = True
                why = f"asked for {TROUBLE_S:g} s, and the venue does not say what became of it"
                self.on_trouble(_name(sent), why)
            await trio.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)

    async def withdraw(self, sent: Sent, order_id: str) -> OrderDone:
        """Have an order that rests canceled, and return what it filled once it is over.

        What the venue answers to the cancel proves nothing: a 404 is the same for an order
        that is gone and for one that it does not find, and a body may be another order's
        (reference ``kalshi.md`` section 3). The order itself is read until it says so; one
        that was accepted is never absent.
        """
        pause_s, told, canceled_s = FIRST_PAUSE_S, False, -inf
        trouble_s = trio.current_time() + TROUBLE_S
        while True:
            # One that is acknowledged is not said again while the reads lag behind it.
            is_time = trio.current_time() - canceled_s >= LONGEST_PAUSE_S
            if is_time and await self._cancel(sent, order_id):
                canceled_s = trio.current_time()
            order = await self._asked(lambda: self.rest.order(order_id))
            is_its = order is not None and order.client_order_id == sent.client_order_id
            if order is not None and is_its and order.status in OVER:
                return self._done(sent, _accepted(order))
            if not told and trio.current_time() > trouble_s:
                told = True
                why = f"to be withdrawn for {TROUBLE_S:g} s, and the venue does not say it is over"
                self.on_trouble(_name(sent), why)
            await trio.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)

    async def _cancel(self, sent: Sent, order_id: str) -> bool:
        """Cancel an order; return whether the venue acknowledges that, which is no proof."""
        cancel = self.rest.cancel(order_id, ticker=sent.ticker)
        return await self._asked(lambda: cancel) is not None

    def _done(self, sent: Sent, outcome: Outcome) -> OrderDone:
        self.on_known(_name(sent))
        return OrderDone(
            sent=sent,
            outcome=outcome,
            first_byte_ns=None,
            done_ns=self.env.now_ns(),
            resolved=True,
        )

    async def _look_up(self, sent: Sent) -> Accepted | Literal["absent", "unsaid"]:
        orders = await self._asked(lambda: self.rest.orders(ticker=sent.ticker))
        if orders is None:
            return "unsaid"
        for order in orders:
            if order.client_order_id != sent.client_order_id:
                continue
            if order.status in OVER:
                return _accepted(order)
            if sent.rests:
                await self._cancel(sent, order.order_id)
            return "unsaid"
        return "absent"

    async def _is_current(self, sent: Sent) -> bool:
        """Return whether the venue's reads include everything a late copy could have done."""
        as_of_ms = await self._asked(self.rest.user_data_as_of_ms)
        sent_wall_ms = self.env.wall_ns() // 1_000_000 - (
            (self.env.now_ns() - sent.sent_ns) // 1_000_000
        )
        return as_of_ms is not None and as_of_ms > sent_wall_ms + LATE_COPY_REFUSED_S * 1_000

    async def _asked(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        try:
            return await ask()
        except (VenueRefused, VenueUnreachable):
            return None


def _accepted(order: VenueOrder) -> Accepted:
    return Accepted(
        order_id=order.order_id,
        fill_count_centi=order.fill_count_centi,
        average_fill_price_micros=None,
        venue_ts_ms=order.last_update_ms,
    )


def _name(sent: Sent) -> str:
    return f"order {sent.client_order_id}"
