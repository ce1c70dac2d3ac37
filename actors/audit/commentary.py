"""One line for a person about each goal, once it is known what became of it. Pure.

A line waits for the answers to its orders, and a little for the second feed, so that
it can say by how much the first one won.
"""

from collections.abc import Iterator
from typing import Final

import attrs

from actors.audit.newest import keep
from actors.audit.summary import became_text, clock_text, millis_text, order_text
from actors.audit.tally import Event, Order
from actors.messages.catalogue import Catalogue
from actors.model.score import GoalKey, MatchId

ECHO_NS: Final = 2_000_000_000
"""How long a line that knows everything else waits for the second feed."""
ANSWER_NS: Final = 10_000_000_000
"""How long a line waits for an answer."""
SAID_MOST: Final = 10_000
"""Newest events whose line is remembered as said."""


@attrs.define(eq=False)
class Commentary:
    """Lines that wait to be complete."""

    _waiting: dict[GoalKey, tuple[Event, int]] = attrs.field(init=False, factory=dict)
    _said: dict[GoalKey, str] = attrs.field(init=False, factory=dict)
    """How an event had ended when its line was said."""

    def note(self, event: Event, now_ns: int) -> None:
        """Something happened to an event."""
        if self._said.get(event.key) != event.ended:
            self._waiting.setdefault(event.key, (event, now_ns))

    def lines(self, catalogue: Catalogue, now_ns: int, *, flush: bool = False) -> Iterator[str]:
        """Yield every line whose time has come; all of them if asked to ``flush``."""
        for key, (event, since_ns) in list(self._waiting.items()):
            answered = all(order.is_done for order in event.orders)
            waited_ns = now_ns - since_ns
            complete = answered and (event.margin_ns is not None or waited_ns >= ECHO_NS)
            if flush or complete or event.ended or waited_ns >= ANSWER_NS:
                del self._waiting[key]
                keep(self._said, key, event.ended, SAID_MOST)
                yield goal_line(event, catalogue)

    def due_ns(self, now_ns: int) -> int | None:
        """Return when a line may next become due by time alone; ``None`` if none can."""
        dues = (
            since_ns + waits_ns
            for _, since_ns in self._waiting.values()
            for waits_ns in (ECHO_NS, ANSWER_NS)
        )
        return min((due for due in dues if due > now_ns), default=None)


def goal_line(event: Event, catalogue: Catalogue) -> str:
    """Write all that is known of one event in one line."""
    parts = [f"{clock_text(event.received_wall_ns)} {score_text(event.key, catalogue)}"]
    won = f"{event.feed} first"
    if event.margin_ns is not None:
        won += f" by {event.margin_ns / 1e6:.0f} ms"
    parts.append(won)
    parts += [_order_line(order) for order in event.orders]
    if event.passed:
        parts.append("passed: " + ", ".join(dict.fromkeys(event.passed)))
    if event.ended:
        parts.append(event.ended.upper())
    return "  ".join(parts)


def score_text(key: GoalKey, catalogue: Catalogue) -> str:
    """Write a score between its sides: ``ENG 1-0 IRN``."""
    match = catalogue.matches.get(MatchId(key.match))
    legs = {} if match is None else {leg.role: leg.ticker for leg in match.markets}
    home, away = legs.get("home"), legs.get("away")
    if home is None or away is None:
        return f"{key.match} {key.state}"
    return f"{home.rpartition('-')[2]} {key.state} {away.rpartition('-')[2]}"


def _order_line(order: Order) -> str:
    text = f"{order_text(order)} -> {became_text(order)}"
    if order.wire_us is not None:
        text += f", {millis_text(order.wire_us)} to wire"
    if order.standing in {"filled", "cancelled"} and order.answer_us is not None:
        text += f", {order.answer_us / 1_000:.1f} ms to accepted"
    return text
