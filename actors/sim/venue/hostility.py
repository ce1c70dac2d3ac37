"""What goes wrong at one served venue just now: a plan at work, and what was ordered by hand."""

from collections.abc import Callable
from typing import Final

import attrs
import msgspec
import trio

from actors.model.orders import Ticker
from actors.runtime.serve import Request, Response
from actors.sim.venue.auth import EXPIRED, WRONG
from actors.sim.venue.bulletin import Listener
from actors.sim.venue.engine import Venue
from actors.sim.venue.events import Traded, VenueEvent
from actors.sim.venue.faults import (
    CALM,
    FaultPlan,
    MessageFate,
    RequestFate,
    Storm,
    StormKind,
    command_times_out,
    message_fate,
    print_fate,
    request_fate,
)
from actors.sim.venue.rates import TOO_MANY
from actors.sim.venue.refusals import refuse
from actors.sim.venue.subscriptions import SEQUENCED, Channel

GATEWAY: Final = Response(502, b"<html>502 Bad Gateway</html>\n", content_type="text/html")
"""What a proxy in front of the venue says; not in the venue's own words."""
TIMED_OUT: Final = Response(504, b"<html>504 Gateway Time-out</html>\n", content_type="text/html")
UNAVAILABLE: Final = Response(503, msgspec.json.encode(refuse(503, "exchange_unavailable").body))
INTERNAL: Final = Response(500, msgspec.json.encode(refuse(500, "internal_server_error").body))
"""The venue's own words, of which the codes are ours: none is documented."""
STORM_ANSWERS: Final[tuple[tuple[StormKind, Response], ...]] = (
    ("bad_gateway", GATEWAY),
    ("unauthorized", Response(401, msgspec.json.encode(WRONG.body))),
    ("expired", Response(401, msgspec.json.encode(EXPIRED.body))),
    ("rate_limited", Response(429, msgspec.json.encode(TOO_MANY.body))),
)
"""In the order in which a request meets them."""
SIGNED_ONLY: Final = frozenset({"unauthorized", "expired"})
LATE_PRINT_S: Final = 0.25
"""A print held back is told after so long even if no other follows."""


@attrs.define(eq=False)
class Hostility:
    """Decides what goes wrong, and counts it.

    Args:
        seed: Of every draw.
        plan: What is drawn; may be replaced at any time.
    """

    seed: int
    plan: FaultPlan = CALM
    counts: dict[str, int] = attrs.field(init=False, factory=dict)
    """What went wrong so far, by name."""
    _opened_s: float = attrs.field(init=False, default=0.0)
    _ordered: dict[StormKind, float] = attrs.field(init=False, factory=dict)
    """Storms raised by hand, and until when."""
    _requests: dict[str, int] = attrs.field(init=False, factory=dict)
    _prints: int = attrs.field(init=False, default=0)
    _connections: int = attrs.field(init=False, default=0)
    _commands: int = attrs.field(init=False, default=0)

    def open(self) -> None:
        """Begin: the plan's times count from now."""
        self._opened_s = trio.current_time()

    def calm(self) -> None:
        """End everything that is drawn, planned or ordered."""
        self.plan = CALM
        self._ordered.clear()

    def raise_storm(self, kind: StormKind, for_s: float) -> None:
        """Order a storm that begins now."""
        self._ordered[kind] = trio.current_time() + for_s

    def rages(self, kind: StormKind) -> bool:
        """Return whether a storm of ``kind`` is on."""
        now_s = trio.current_time()
        if now_s < self._ordered.get(kind, 0.0):
            return True
        at_s = now_s - self._opened_s
        return any(storm.kind == kind and storm.rages(at_s) for storm in self.plan.storms)

    def frozen_until(self) -> float:
        """Return when streams may send again; now or earlier if they are not frozen."""
        until_s = self._ordered.get("frozen", 0.0)
        at_s = trio.current_time() - self._opened_s
        for storm in self.plan.storms:
            if storm.kind == "frozen" and storm.rages(at_s):
                until_s = max(until_s, self._opened_s + _end_s(storm, at_s))
        return until_s

    def storm_answer(self, request: Request) -> Response | None:
        """Return what a storm answers to a request, ``None`` in calm weather."""
        signed = request.header("kalshi-access-key") is not None
        for kind, answer in STORM_ANSWERS:
            if (signed or kind not in SIGNED_ONLY) and self.rages(kind):
                self.note(f"storm_{kind}")
                return answer
        return None

    def fate_of_request(self, *, is_order: bool) -> RequestFate:
        """Draw what becomes of the next request of its kind; writes and reads are counted apart."""
        kind = "order" if is_order else "read"
        number = self._requests[kind] = self._requests.get(kind, 0) + 1
        faults = self.plan.orders if is_order else self.plan.reads
        fate = request_fate(self.seed, kind, number, faults)
        if fate != "answered":
            self.note(f"{kind}_{fate}")
        return fate

    def slow_s(self, *, is_order: bool) -> float:
        """Return how much later a slow answer leaves."""
        return (self.plan.orders if is_order else self.plan.reads).slow_ms / 1e3

    def held_s(self, venue: Venue, request: Request) -> float:
        """Return how long a new order waits before the matching engine sees it."""
        if self.plan.venue_delay_ms <= 0 or request.method != "POST":
            return 0.0
        in_play = any(_in_play(venue, ticker) for ticker in _tickers(request.body))
        return self.plan.venue_delay_ms / 1e3 if in_play else 0.0

    def fate_of_messages(self) -> Callable[[Channel], MessageFate]:
        """Return the draws of a new connection's messages."""
        self._connections += 1
        connection, number = self._connections, 0

        def fate(channel: Channel) -> MessageFate:
            nonlocal number
            number += 1
            drawn = message_fate(
                self.seed,
                connection,
                number,
                self.plan.stream,
                sequenced=channel in SEQUENCED,
            )
            if drawn != "tell":
                self.note(f"message_{drawn}")
            return drawn

        return fate

    def command_times_out(self) -> bool:
        """Draw whether the next command on any stream is answered by error 18 alone."""
        self._commands += 1
        timed_out = command_times_out(self.seed, self._commands, self.plan.stream)
        if timed_out:
            self.note("command_timeout")
        return timed_out

    def times_of_print(self) -> tuple[int, bool]:
        """Draw how often the next public print is told, and whether after the next one."""
        self._prints += 1
        fate = print_fate(self.seed, self._prints, self.plan.stream)
        if fate != "once":
            self.note(f"print_{fate}")
        return (2 if fate == "twice" else 1), fate == "late"

    def note(self, name: str) -> None:
        """Count one thing that went wrong."""
        self.counts[name] = self.counts.get(name, 0) + 1


class Repeater:
    """Stands between the venue and its streams, and tells prints as the plan has them."""

    def __init__(self, venue: Venue, hostility: Hostility) -> None:
        self._venue = venue
        self._hostility = hostility
        self._listeners: list[Listener] = []
        self._held: Traded | None = None
        self._holds = trio.Event()
        self._stop = venue.listen(self._hear)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Have ``listener`` hear every event from now on; return how to stop that."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    async def run(self) -> None:
        """Let go of prints that are held back and followed by none; until cancelled."""
        try:
            while True:
                await self._holds.wait()
                await trio.sleep(LATE_PRINT_S)
                self._release()
        finally:
            self._stop()

    def _hear(self, event: VenueEvent) -> None:
        if not isinstance(event, Traded):
            self._tell(event)
            return
        times, late = self._hostility.times_of_print()
        if late and self._held is None:
            self._held = event
            self._holds.set()
            return
        for _ in range(times):
            self._tell(event)
        self._release()

    def _release(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._holds = trio.Event()
            self._tell(held)

    def _tell(self, event: VenueEvent) -> None:
        for listener in tuple(self._listeners):
            listener(event)


class _Order(msgspec.Struct):
    ticker: str = ""


class _Orders(_Order):
    orders: list[_Order] = []


_ORDERS: Final = msgspec.json.Decoder(_Orders)


def _tickers(body: bytes) -> list[str]:
    """Return the markets of an order or a batch; none of what cannot be read."""
    try:
        read = _ORDERS.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return []
    return [read.ticker, *(order.ticker for order in read.orders)]


def _in_play(venue: Venue, ticker: str) -> bool:
    market = venue.floor.markets.get(Ticker(ticker))
    if market is None or market.status != "active" or market.terms.occurrence_us is None:
        return False
    return market.terms.occurrence_us <= venue.now_us()


def _end_s(storm: Storm, at_s: float) -> float:
    """Return when a storm that rages ends."""
    begun_s = storm.at_s
    if storm.every_s > 0:
        begun_s += (at_s - storm.at_s) // storm.every_s * storm.every_s
    return begun_s + storm.for_s
