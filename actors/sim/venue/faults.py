"""What goes wrong at the venue, and when: a plan, and draws that depend on nothing else. Pure.

Every decision is drawn from the seed and the number of the request, print or
message it is about, never from whose account that is; so the same plan meets
every client alike, and the same run twice. What the venue may do to a client:
reference ``kalshi.md`` sections 1, 3, 5 and 10.
"""

from hashlib import blake2b
from typing import Final, Literal

import attrs

RequestFate = Literal[
    "answered",
    "lost",
    "silent",
    "slow",
    "torn",
    "bad_gateway",
    "late_gateway",
    "unavailable",
    "internal",
    "gateway_timeout",
]
"""What becomes of one request:

* ``lost``: done, and then the connection ends without a byte;
* ``silent``: done, and no answer ever comes;
* ``slow``: done, and answered so much later;
* ``torn``: done, and the connection ends inside the answer's body;
* ``bad_gateway``: 502, and the venue never heard of it;
* ``late_gateway``: 502, and the venue did it;
* ``unavailable``: 503 in the venue's own words, and its engine never heard of it;
* ``internal``: 500 in the venue's own words, and the venue did it;
* ``gateway_timeout``: 504, and the venue did it.
"""

PrintFate = Literal["once", "twice", "late"]
MessageFate = Literal["tell", "lose", "end"]

StormKind = Literal["unauthorized", "expired", "rate_limited", "bad_gateway", "frozen", "dropped"]
"""What every client meets for a while: 401 of one of two kinds, 429, 502 on REST and on
the WebSocket's upgrade; streams that send pings and nothing else; streams cut."""

STORMS: Final[tuple[StormKind, ...]] = (
    "unauthorized",
    "expired",
    "rate_limited",
    "bad_gateway",
    "frozen",
    "dropped",
)


@attrs.frozen(kw_only=True)
class RequestFaults:
    """How often each fate meets a request of one kind. Probabilities; the rest is answered."""

    lost: float = 0.0
    silent: float = 0.0
    slow: float = 0.0
    torn: float = 0.0
    bad_gateway: float = 0.0
    late_gateway: float = 0.0
    unavailable: float = 0.0
    internal: float = 0.0
    gateway_timeout: float = 0.0
    slow_ms: float = 1_000.0
    """How much later a slow answer leaves."""

    @property
    def is_calm(self) -> bool:
        """Whether every request is answered."""
        return not any(odds for _, odds in self.odds)

    @property
    def odds(self) -> tuple[tuple[RequestFate, float], ...]:
        """Every fate but the common one, with its probability."""
        return (
            ("lost", self.lost),
            ("silent", self.silent),
            ("slow", self.slow),
            ("torn", self.torn),
            ("bad_gateway", self.bad_gateway),
            ("late_gateway", self.late_gateway),
            ("unavailable", self.unavailable),
            ("internal", self.internal),
            ("gateway_timeout", self.gateway_timeout),
        )


@attrs.frozen(kw_only=True)
class StreamFaults:
    """How often a message of the stream goes wrong. Probabilities."""

    gap: float = 0.0
    """A sequenced message is lost with its number."""
    channel_error: float = 0.0
    """A subscription ends with the terminal error 10."""
    duplicate_print: float = 0.0
    """A public print is told twice, under two numbers and one trade id."""
    late_print: float = 0.0
    """A public print is told after the next one."""
    command_timeout: float = 0.0
    """A command is not obeyed, and answered by error 18."""
    pings: bool = True
    """Whether heartbeats come at all; a busy session was seen to have none."""


@attrs.frozen(kw_only=True)
class ClockFaults:
    """The venue's clock and how strictly it judges a signature's."""

    skew_ms: float = 0.0
    """How far the venue's clock is ahead of this machine's."""
    past_ms: int | None = None
    """Oldest timestamp taken; ``None`` leaves the key ring's own window."""
    future_ms: int | None = None
    single_use: bool | None = None

    @property
    def skew_us(self) -> int:
        """Return the skew in microseconds."""
        return round(1000 * self.skew_ms)


@attrs.frozen(kw_only=True)
class Storm:
    """A stretch of time in which the same thing happens to everybody."""

    kind: StormKind
    at_s: float
    """Seconds after the venue opened."""
    for_s: float = 0.0
    every_s: float = 0.0
    """It comes again so often; 0 is once."""

    def rages(self, at_s: float) -> bool:
        """Return whether it is on at ``at_s``."""
        since_s = at_s - self.at_s
        if since_s >= 0 and self.every_s > 0:
            since_s %= self.every_s
        return 0 <= since_s < self.for_s

    def next_start_s(self, after_s: float) -> float | None:
        """Return when it next begins, later than ``after_s``; ``None`` for never again."""
        if self.at_s > after_s:
            return self.at_s
        if self.every_s <= 0:
            return None
        start_s = self.at_s + ((after_s - self.at_s) // self.every_s + 1) * self.every_s
        # The division may have been rounded down a whole step.
        return start_s if start_s > after_s else start_s + self.every_s


@attrs.frozen(kw_only=True)
class Regrid:
    """A market's price structure changes while it trades."""

    ticker: str
    at_s: float
    structure: str


@attrs.frozen(kw_only=True)
class FaultPlan:
    """Everything that goes wrong. The plan of nothing is the default."""

    orders: RequestFaults = attrs.field(factory=RequestFaults)
    """Writes below the order paths."""
    reads: RequestFaults = attrs.field(factory=RequestFaults)
    """Everything else over REST."""
    stream: StreamFaults = attrs.field(factory=StreamFaults)
    clock: ClockFaults = attrs.field(factory=ClockFaults)
    read_lag_ms: float | None = None
    """How far an account's REST data lags; ``None`` leaves the venue's own. 360 was seen."""
    venue_delay_ms: float = 0.0
    """How long an order for a market in play is held before the matching engine sees it."""
    storms: tuple[Storm, ...] = ()
    regrids: tuple[Regrid, ...] = ()


CALM: Final = FaultPlan()
"""Nothing goes wrong."""


def chance(seed: int, *names: str | int) -> float:
    """Return the number in [0, 1) that ``names`` have under ``seed``, always the same."""
    text = "/".join(map(str, (seed, *names))).encode()
    return int.from_bytes(blake2b(text, digest_size=7).digest(), "big") / 2**56


def request_fate(seed: int, kind: str, number: int, faults: RequestFaults) -> RequestFate:
    """Return what becomes of request ``number`` of its kind."""
    if faults.is_calm:
        return "answered"
    left = chance(seed, "request", kind, number)
    for fate, odds in faults.odds:
        if left < odds:
            return fate
        left -= odds
    return "answered"


def print_fate(seed: int, number: int, faults: StreamFaults) -> PrintFate:
    """Return what becomes of public print ``number``, for every client alike."""
    if not faults.duplicate_print and not faults.late_print:
        return "once"
    drawn = chance(seed, "print", number)
    if drawn < faults.duplicate_print:
        return "twice"
    return "late" if drawn < faults.duplicate_print + faults.late_print else "once"


def command_times_out(seed: int, number: int, faults: StreamFaults) -> bool:
    """Return whether command ``number`` that the venue is given is answered by error 18."""
    return bool(faults.command_timeout) and (
        chance(seed, "command", number) < faults.command_timeout
    )


def message_fate(
    seed: int, connection: int, number: int, faults: StreamFaults, *, sequenced: bool
) -> MessageFate:
    """Return what becomes of message ``number`` on a connection: losses differ by connection."""
    if not faults.gap and not faults.channel_error:
        return "tell"
    drawn = chance(seed, "message", connection, number)
    if drawn < faults.channel_error:
        return "end"
    lost = sequenced and drawn < faults.channel_error + faults.gap
    return "lose" if lost else "tell"
