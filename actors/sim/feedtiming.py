"""How late a feed server is: lags and losses, drawn for each incident on its own."""

import math
import random
from collections.abc import Mapping
from typing import Final, Literal

import attrs

from actors.sim.draws import stream

Shape = Literal["gamma", "lognormal", "normal"]

MOST_SPREAD: Final = 10.0
LEAST_MS: Final = 1e-3
"""Below a microsecond nothing is drawn: no clock here could tell."""

_not_negative = attrs.validators.ge(0.0)


@attrs.frozen(kw_only=True)
class FeedTiming:
    """A provider's habits. Durations are wall time, whatever the speed of play."""

    lag_ms: float = attrs.field(default=400.0, validator=_not_negative)
    """Mean time from an incident to its frame."""
    jitter_ms: float = attrs.field(default=120.0, validator=_not_negative)
    """Standard deviation of that, at most ten times the mean; 0 makes every lag the mean."""
    shape: Shape = attrs.field(
        default="gamma", validator=attrs.validators.in_(("gamma", "lognormal", "normal"))
    )
    floor_ms: float = attrs.field(default=0.0, validator=_not_negative)
    """No lag is drawn below, whatever the distribution says."""
    ceiling_ms: float = attrs.field(default=30_000.0, validator=_not_negative)
    """No lag is drawn above."""
    loss: float = attrs.field(default=0.0, validator=[_not_negative, attrs.validators.le(1.0)])
    """Chance that an incident's frame is never sent; the next frame tells of both."""
    scout: str = ""
    """Who watches the match for it: feeds that share one err together. Empty: its own."""
    ping_s: float = attrs.field(default=5.0, validator=attrs.validators.gt(0.0))
    """Between two text pings to one client (reference feeds.md section 2.1)."""
    pong_s: float = attrs.field(default=10.0, validator=attrs.validators.gt(0.0))
    """A client that has not answered a ping for so long is dropped."""

    @jitter_ms.validator
    def _jitter_belongs_to_the_lag(self, _field: object, jitter_ms: float) -> None:
        if jitter_ms > MOST_SPREAD * self.lag_ms:
            raise ValueError(f"jitter_ms is more than {MOST_SPREAD:g} times lag_ms: {jitter_ms:g}")


FIVE: Final[Mapping[str, FeedTiming]] = {
    "ws": FeedTiming(lag_ms=300.0, jitter_ms=90.0, shape="lognormal", floor_ms=170.0),
    "signalr": FeedTiming(lag_ms=280.0, jitter_ms=45.0, floor_ms=170.0, ceiling_ms=1_500.0),
    "lightstreamer": FeedTiming(lag_ms=300.0, jitter_ms=70.0, floor_ms=170.0),
    "sse": FeedTiming(lag_ms=320.0, jitter_ms=90.0, shape="lognormal", floor_ms=170.0),
    "poll": FeedTiming(lag_ms=480.0, jitter_ms=150.0, floor_ms=200.0),
}
"""Five providers, none of whom is always the first: the quickest of them reports a goal some
230 ms after it fell, give or take 25."""


@attrs.frozen
class Draw:
    """What chance has in store for one incident at one server."""

    lag_ms: float
    lost: bool


def draw(timing: FeedTiming, seed: int, server: str, incident: int) -> Draw:
    """Return what becomes of a server's ``incident``-th incident.

    It depends on nothing else, so that neither a client nor another server nor
    an earlier incident can move it.
    """
    draws = stream(seed, "feed", server, incident)
    lost = draws.random() < timing.loss
    lag_ms = _lag_ms(timing, draws)
    return Draw(min(max(lag_ms, timing.floor_ms), timing.ceiling_ms), lost)


def _lag_ms(timing: FeedTiming, draws: random.Random) -> float:
    mean, deviation = timing.lag_ms, timing.jitter_ms
    if mean < LEAST_MS or deviation < LEAST_MS:
        return mean
    match timing.shape:
        case "gamma":
            return draws.gammavariate((mean / deviation) ** 2, deviation * (deviation / mean))
        case "lognormal":
            spread = math.log1p((deviation / mean) ** 2)
            return draws.lognormvariate(math.log(mean) - spread / 2, math.sqrt(spread))
        case "normal":
            return draws.normalvariate(mean, deviation)
