"""How often an account may ask: token buckets by tier, endpoint costs, shards. Pure.

Reference ``kalshi.md`` section 6. Reads and writes are paid from buckets of
their own, and reading the balance from a third. A write that names a shard
other than 0 is paid from that shard's own full bucket; one that leaves the shard
to the venue is paid from the common bucket and from every other shard's as well.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal

import attrs

from actors.sim.venue.refusals import Refused

Tier = Literal["basic", "advanced", "expert", "premier", "paragon", "prime", "prestige"]
Kind = Literal["read", "write", "balance"]

MICROS: Final = 1_000_000
ANONYMOUS: Final = ""
"""Who asks without a key; all of them share one bucket."""

TIERS: Final[Mapping[Tier, tuple[int, int, int, int]]] = {
    "basic": (200, 400, 100, 100),
    "advanced": (300, 600, 300, 600),
    "expert": (600, 600, 600, 1200),
    "premier": (1000, 1000, 1000, 2000),
    "paragon": (2000, 2000, 2000, 4000),
    "prime": (4000, 4000, 4000, 8000),
    "prestige": (10_000, 10_000, 8000, 16_000),
}
"""Tokens a second and bucket size, for reads, then for writes."""

BALANCE_RATE: Final[Mapping[Tier, int]] = {"basic": 1, "advanced": 1}
"""How often a second a balance may be read, and no burst; for the tiers above five times."""
BALANCE_RATE_ABOVE: Final = 5

ANONYMOUS_RATE: Final = 600
"""Sixty requests a second: between the 51 that went through and the 77 that did not."""

TOO_MANY: Final = Refused(status=429, code="too_many_requests", body={"error": "too many requests"})
"""The one refusal whose ``error`` is a string; no header says when to come back."""


@attrs.define(eq=False)
class Bucket:
    """Tokens that come back continuously; whole millionths, so nothing is ever rounded.

    Args:
        rate: Tokens a second.
        capacity: The most it holds, and what it starts with.
        now_us: When it was filled.
    """

    rate: int
    capacity: int
    _at_us: int = attrs.field(alias="now_us")
    _level: int = attrs.field(init=False)

    @_level.default
    def _full(self) -> int:
        return self.capacity * MICROS

    def holds(self, tokens: int, now_us: int) -> bool:
        """Return whether ``tokens`` could be taken at ``now_us``."""
        # A clock that was set back gives no tokens, and takes none.
        passed_us = max(0, now_us - self._at_us)
        self._level = min(self.capacity * MICROS, self._level + passed_us * self.rate)
        self._at_us = now_us
        return self._level >= tokens * MICROS

    def take(self, tokens: int) -> None:
        """Take ``tokens`` that it holds."""
        self._level -= tokens * MICROS


@attrs.frozen
class Charge:
    """What one request costs, and which buckets pay."""

    kind: Kind
    tokens: int
    shards: tuple[int, ...] = (0,)
    """0 is the common bucket. Each of them pays the whole."""


@attrs.define(eq=False)
class Meter:
    """Every account's buckets.

    Args:
        now_us: The venue's clock, microseconds.
        tier: Whoever has none of its own in ``tiers`` is of this one.
    """

    now_us: Callable[[], int]
    tier: Tier = "basic"
    tiers: dict[str, Tier] = attrs.field(factory=dict)
    """By account."""
    refused: int = attrs.field(init=False, default=0)
    """Requests that were one too many."""
    _buckets: dict[tuple[str, Kind, int], Bucket] = attrs.field(init=False, factory=dict)

    def tier_of(self, account: str) -> Tier:
        """Return an account's tier."""
        return self.tiers.get(account, self.tier)

    def grant(self, account: str, tier: Tier) -> None:
        """Put an account on another tier; its buckets start full."""
        self.tiers[account] = tier
        for key in [key for key in self._buckets if key[0] == account]:
            del self._buckets[key]

    def pay(self, account: str, charge: Charge) -> Refused | None:
        """Take a request's tokens, from all its buckets or from none.

        Returns:
            The 429 if one of them does not hold enough. There is no penalty beyond it.
        """
        now_us = self.now_us()
        buckets = [self._bucket(account, charge.kind, shard, now_us) for shard in charge.shards]
        if not all(bucket.holds(charge.tokens, now_us) for bucket in buckets):
            self.refused += 1
            return TOO_MANY
        for bucket in buckets:
            bucket.take(charge.tokens)
        return None

    def _bucket(self, account: str, kind: Kind, shard: int, now_us: int) -> Bucket:
        key = (account, kind, shard)
        if key not in self._buckets:
            rate, capacity = limits_of(self.tier_of(account), kind)
            if account == ANONYMOUS:
                rate = capacity = ANONYMOUS_RATE
            self._buckets[key] = Bucket(rate, capacity, now_us)
        return self._buckets[key]


def limits_of(tier: Tier, kind: Kind) -> tuple[int, int]:
    """Return a tier's tokens a second and its bucket's size."""
    if kind == "balance":
        rate = BALANCE_RATE.get(tier, BALANCE_RATE_ABOVE)
        return rate, rate
    read_rate, read_size, write_rate, write_size = TIERS[tier]
    return (read_rate, read_size) if kind == "read" else (write_rate, write_size)
