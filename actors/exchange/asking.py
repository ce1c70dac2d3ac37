"""What goes with every question to the venue: its tokens before it, its date after it."""

from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

import attrs
import trio

from actors.exchange.clock import SECOND_NS, ClockOffset
from actors.exchange.oddities import Oddities
from actors.exchange.tokens import Budget
from actors.runtime.http import HttpResponse

TOO_MANY: Final = 429
PATIENCE_S: Final = 10.0
"""After waiting so long for tokens a read is asked all the same: the venue has the last word."""


@attrs.define(eq=False, kw_only=True)
class Asking:
    """Pays for the requests of every ``Rest`` of one account, and hears their answers."""

    now_ns: Callable[[], int]
    clock: ClockOffset
    budget: Budget
    oddities: Oddities = attrs.field(factory=Oddities)
    """What answers said that is new to us."""
    on_surprise: Callable[[], None] = attrs.field(default=lambda: None)
    """Told of a 429 although we had counted enough: the limits may be others now."""

    async def pay(self, method: str, path: str, *, urgent: bool) -> None:
        """Take a request's tokens; a read waits until they are there."""
        if method != "GET":
            self.budget.take_write(method, path, self.now_ns())
            return
        until_s = trio.current_time() + PATIENCE_S
        while (left_s := until_s - trio.current_time()) > 0:
            wait_ns = self.budget.take_read(path, self.now_ns(), urgent=urgent)
            if not wait_ns:
                return
            await trio.sleep(min(left_s, wait_ns / SECOND_NS))

    def hear(self, method: str, path: str, answer: HttpResponse, sent_ns: int) -> None:
        """Learn what any answer tells beside its body.

        Args:
            method: Of the request.
            path: Of the request, below the API's root.
            answer: Whatever came.
            sent_ns: Not after the request left.
        """
        received_ns = self.now_ns()
        date = http_date_s(answer.header("date"))
        if date is not None:
            # What comes out of a cache says how old it is, and was not written for us.
            is_fresh = answer.header("age") in {None, "0"}
            self.clock.hear_date(date, sent_ns=sent_ns, received_ns=received_ns, fresh=is_fresh)
        if answer.status == TOO_MANY:
            surprises = self.budget.surprises
            if method == "GET":
                self.budget.refused_read(path, received_ns)
            else:
                self.budget.refused("write", 0, received_ns)
            if self.budget.surprises > surprises:
                self.on_surprise()


def http_date_s(text: str | None) -> int | None:
    """Read the date of an answer as seconds since 1970; ``None`` if it has none that is one."""
    if text is None:
        return None
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return int(date.timestamp())
