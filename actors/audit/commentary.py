"""One line for a person about each goal, once it is known what became of it. Pure.

A line waits for the answers to its orders, and a little for the second feed, so that
it can say by how much the first one won.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Final

import attrs

from actors.audit.newest import keep
from actors.audit.summary import became_text, clock_text, millis_text, order_text
from actors.audit.tally import Event, Order
from actors.messages.catalogue import Catalogue
from actors.messages.records_review import EpisodeRow, ReviewRow
from actors.model.money import CentiContracts, centi_text
from actors.model.score import GoalKey, MatchId

ECHO_NS: Final = 2_000_000_000
"""How long a line that knows everything else waits for the second feed."""
ANSWER_NS: Final = 10_000_000_000
"""How long a line waits for an answer."""
SAID_MOST: Final = 1_024
"""Newest events whose line is remembered as said."""


@attrs.define(eq=False)
class Commentary:
    """Lines that wait to be complete."""

    _waiting: dict[GoalKey, tuple[Event, int]] = attrs.field(init=False, factory=dict)
    """Events without their line, and since when."""
    _noted: deque[GoalKey] = attrs.field(init=False, factory=deque)
    """Events to which something happened that nobody has looked at yet."""
    _echoes: deque[tuple[GoalKey, int]] = attrs.field(init=False, factory=deque)
    """What began to wait, and when, oldest first; to be looked at once the echo is overdue."""
    _answers: deque[tuple[GoalKey, int]] = attrs.field(init=False, factory=deque)
    """The same, to be looked at once the answer is overdue."""
    _said: OrderedDict[GoalKey, str] = attrs.field(init=False, factory=OrderedDict)
    """How an event had ended when its line was said."""

    def note(self, event: Event, now_ns: int) -> None:
        """Something happened to an event; ``now_ns`` never goes back."""
        key = event.key
        if self._said.get(key) == event.ended:
            return
        self._noted.append(key)
        if key not in self._waiting:
            self._waiting[key] = (event, now_ns)
            self._echoes.append((key, now_ns))
            self._answers.append((key, now_ns))

    def next_line(self, catalogue: Catalogue, now_ns: int) -> str | None:
        """Return one line whose time has come; ``None`` if there is none."""
        while self._noted:
            line = self._line(self._noted.popleft(), catalogue, now_ns)
            if line is not None:
                return line
        for queue, waits_ns in ((self._echoes, ECHO_NS), (self._answers, ANSWER_NS)):
            while queue and queue[0][1] + waits_ns <= now_ns:
                line = self._line(queue.popleft()[0], catalogue, now_ns)
                if line is not None:
                    return line
        return None

    def flush(self, catalogue: Catalogue) -> Iterator[str]:
        """Yield every line that is still waited for."""
        while self._waiting:
            yield self._say(next(iter(self._waiting)), catalogue)

    @property
    def due_ns(self) -> int | None:
        """When a line may next become due by time alone; ``None`` if none can."""
        dues: list[int] = []
        for queue, waits_ns in ((self._echoes, ECHO_NS), (self._answers, ANSWER_NS)):
            while queue and queue[0][0] not in self._waiting:
                queue.popleft()
            if queue:
                dues.append(queue[0][1] + waits_ns)
        return min(dues, default=None)

    def _line(self, key: GoalKey, catalogue: Catalogue, now_ns: int) -> str | None:
        """Return an event's line if its time has come."""
        waiting = self._waiting.get(key)
        if waiting is None:
            return None
        event, since_ns = waiting
        waited_ns = now_ns - since_ns
        if not event.ended and waited_ns < ANSWER_NS:
            if event.margin_ns is None and waited_ns < ECHO_NS:
                return None
            if not all(order.is_done for order in event.orders):
                return None
        return self._say(key, catalogue)

    def _say(self, key: GoalKey, catalogue: Catalogue) -> str:
        event, _ = self._waiting.pop(key)
        keep(self._said, key, event.ended, SAID_MOST)
        return goal_line(event, catalogue)


def goal_line(event: Event, catalogue: Catalogue) -> str:
    """Write all that is known of one event in one line."""
    parts = [f"{clock_text(event.received_wall_ns)} {score_text(event.key, catalogue)}"]
    won = f"{event.feed} first"
    if event.margin_ns is not None:
        won += f" by {event.margin_ns / 1e6:.0f} ms"
    parts.append(f"{won} ({event.terms})" if event.terms else won)
    parts += [_order_line(order) for order in event.orders]
    if event.passed:
        parts.append("passed: " + ", ".join(dict.fromkeys(event.passed)))
    if event.ended:
        parts.append(event.ended.upper())
    return "  ".join(parts)


def review_line(row: ReviewRow, catalogue: Catalogue) -> str:
    """Write that a goal entered a phase of its review."""
    score = score_text(_key_of(row), catalogue)
    return f"{score}  {row.phase.replace('_', ' ')} ({row.reason})"


def episode_line(row: EpisodeRow, catalogue: Catalogue) -> str:
    """Write that a lot is sold ahead of its plan, or how that ended."""
    score, left = score_text(_key_of(row), catalogue), centi_text(CentiContracts(row.left_centi))
    if row.step == "opened":
        many = f"{left} of" if row.left_centi else "an unanswered order in"
        return (
            f"{score}  LIQUIDATE {many} {row.ticker}: {row.reason}; first at"
            f" {cents_text(row.first_pips)}, never beyond {cents_text(row.floor_pips)}"
        )
    return f"{score}  liquidation of {row.ticker} ended: {row.reason}, {left} left"


def cents_text(pips: int) -> str:
    """Write a price in cents."""
    return f"{pips / 100:g}c"


def _key_of(row: ReviewRow | EpisodeRow) -> GoalKey:
    return GoalKey(MatchId(row.match), row.generation, row.state)


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
