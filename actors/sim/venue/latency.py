"""How far away the venue is: what each kind of message waits on its way, drawn from a seed.

Figures: reference ``kalshi.md`` section 9.
"""

import random
from typing import Final

import attrs


@attrs.frozen
class Delay:
    """A one-way delay: a floor, and on it a gamma-distributed jitter with a short tail."""

    floor_ms: float = 0.0
    jitter_ms: float = 0.0
    """The jitter's mean; three times as much is its 99th percentile, roughly."""

    def draw_s(self, rng: random.Random) -> float:
        """Return one delay in seconds; exactly 0 where nothing is set, without a draw."""
        if self.jitter_ms == 0:
            return self.floor_ms / 1e3
        return (self.floor_ms + rng.gammavariate(3.0, 1.0) * self.jitter_ms / 3.0) / 1e3


@attrs.frozen(kw_only=True)
class LatencyProfile:
    """Where the client sits."""

    order_in: Delay = Delay()
    """From the request's last byte to the matching engine."""
    order_out: Delay = Delay()
    read_in: Delay = Delay()
    read_out: Delay = Delay()
    feed: Delay = Delay()
    """From the matching engine to the WebSocket's far end; messages never overtake."""


NONE: Final = LatencyProfile()
"""For benches and tests."""

NJ: Final = LatencyProfile(
    order_in=Delay(12.6, 1.4),
    order_out=Delay(12.6, 1.4),
    read_in=Delay(12.6, 1.4),
    read_out=Delay(13.6, 2.4),
    feed=Delay(12.6, 1.4),
)
"""A server in New Jersey: 28 ms there and back."""

OHIO: Final = LatencyProfile(
    order_in=Delay(2.5, 0.4),
    order_out=Delay(1.2, 0.3),
    read_in=Delay(0.6, 0.2),
    read_out=Delay(3.4, 1.0),
    feed=Delay(3.2, 2.55),
)
"""The venue's own region: an order is in the book after 3 ms, its answer there after 4.5."""

PROFILES: Final = {"none": NONE, "nj": NJ, "ohio": OHIO}
