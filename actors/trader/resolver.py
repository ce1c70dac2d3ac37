"""What became of an order whose response was lost: asked, never guessed.

The venue's list of orders is searched for our client order id. Found, it says
what filled. Not found proves nothing for a while: the request may still be on its
way, and reads lag behind writes. Absence is proved when a late copy would be
refused (its signature is too old), the venue's data are younger than that, and
two reads are clean (reference ``reliability.md`` section 3.2).
"""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import attrs
import trio

from actors.exchange.errors import VenueRefused, VenueUnreachable
from actors.exchange.rest import Rest
from actors.messages.trading import Accepted, OrderDone, Outcome, Rejected, Sent
from actors.model.orders import Ticker
from actors.runtime.env import Env

T = TypeVar("T")

LATE_COPY_REFUSED_S: Final = 60.0
"""After this long no copy of the request can be accepted: its timestamp is refused."""
FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 2.0


@attrs.define(eq=False, kw_only=True)
class Resolver:
    """Asks until it knows."""

    env: Env
    rest: Rest
    on_trouble: Callable[[Ticker, str], None]
    """Told once per order that is still unknown after the first minute."""

    async def resolve(self, sent: Sent) -> OrderDone:
        """Return what became of ``sent``, however long the venue takes to say it."""
        signed_s = trio.current_time()
        pause_s, clean_reads, told = FIRST_PAUSE_S, 0, False
        while True:
            found = await self._look_up(sent)
            if found is not None:
                return self._done(sent, found)
            if trio.current_time() - signed_s > LATE_COPY_REFUSED_S:
                if not told:
                    self.on_trouble(sent.ticker, f"order {sent.client_order_id} is unknown")
                    told = True
                clean_reads = clean_reads + 1 if await self._reads_are_current(sent) else 0
                if clean_reads > 1:
                    return self._done(sent, Rejected(status=0, code="never_arrived"))
            await trio.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)

    def _done(self, sent: Sent, outcome: Outcome) -> OrderDone:
        return OrderDone(
            sent=sent,
            outcome=outcome,
            first_byte_ns=None,
            done_ns=self.env.now_ns(),
            resolved=True,
        )

    async def _look_up(self, sent: Sent) -> Accepted | None:
        orders = await self._asked(lambda: self.rest.orders(ticker=sent.ticker))
        for order in orders or ():
            # A resting order can still fill; an immediate-or-cancel one is only ever over.
            if order.client_order_id == sent.client_order_id and order.status != "resting":
                return Accepted(
                    order_id=order.order_id,
                    fill_count_centi=order.fill_count_centi,
                    average_fill_price_micros=None,
                    venue_ts_ms=order.last_update_ms,
                )
        return None

    async def _reads_are_current(self, sent: Sent) -> bool:
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
