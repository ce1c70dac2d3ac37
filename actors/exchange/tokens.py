"""How much we may still ask and trade: the venue's token buckets, as we count them. Pure.

Reference ``kalshi.md`` section 6. Reads and writes are paid from buckets of their own,
refilled continuously; a write that names a shard other than 0 is paid from that shard's
own bucket, and reading the balance from a third kind. What the venue lets this account do
is read from it (``learn``); until then the lowest tier counts.

Some tokens are never for everybody. An entry leaves the reserve of the exits alone, and an
exit asks nobody: it is always let through, if need be into debt, which entries then have
to pay off. A patient read leaves the last tokens to the urgent ones.
"""

from typing import Final, Literal

import attrs

from actors.exchange.signing import API_ROOT
from actors.exchange.wire_venue import AccountLimits, EndpointCosts, TokenBucket

Kind = Literal["read", "write", "balance"]

SECOND_NS: Final = 1_000_000_000
DEFAULT_COST: Final = 10
ORDER: Final = ("POST", "/portfolio/events/orders")
BALANCE_PATH: Final = "/portfolio/balance"
BASIC: Final = AccountLimits(
    usage_tier="basic",
    read=TokenBucket(refill_rate=200, bucket_capacity=200),
    write=TokenBucket(refill_rate=100, bucket_capacity=100),
)
"""What every account has, as the demo exchange recorded it."""
KNOWN_COSTS: Final = EndpointCosts(default_cost=DEFAULT_COST, endpoint_costs=())
BALANCE: Final = TokenBucket(refill_rate=1, bucket_capacity=1)
"""One reading of the balance a second, which no endpoint tells."""


@attrs.define(eq=False)
class Bucket:
    """One bucket; what it holds is counted in thousand-millionths, so nothing is rounded."""

    rate: int
    capacity: int
    _at_ns: int = attrs.field(alias="now_ns")
    _level: int = attrs.field(init=False)

    @_level.default
    def _full(self) -> int:
        return self.capacity * SECOND_NS

    def tokens(self, now_ns: int) -> float:
        """Return what it holds; below zero it is in debt."""
        return self._fill(now_ns) / SECOND_NS

    def wait_ns(self, tokens: int, now_ns: int) -> int:
        """Return how long it is until it holds so many; more than fit count as a full one."""
        short = min(tokens, self.capacity) * SECOND_NS - self._fill(now_ns)
        # A rate of nothing, which no account has, would be for ever.
        return max(0, -(-short // max(1, self.rate)))

    def take(self, tokens: int, now_ns: int) -> None:
        """Take tokens, into debt if need be; a debt is never deeper than a full bucket."""
        self._level = max(-self.capacity * SECOND_NS, self._fill(now_ns) - tokens * SECOND_NS)

    def drain(self, now_ns: int) -> None:
        """Hold nothing from now on: the venue has said so."""
        self._level = min(0, self._fill(now_ns))

    def resize(self, rate: int, capacity: int, now_ns: int) -> None:
        """Take other limits; what is held stays, as far as it fits."""
        self._fill(now_ns)
        self.rate, self.capacity = rate, capacity
        self._level = min(self._level, capacity * SECOND_NS)

    def _fill(self, now_ns: int) -> int:
        passed_ns = max(0, now_ns - self._at_ns)
        self._level = min(self.capacity * SECOND_NS, self._level + passed_ns * self.rate)
        self._at_ns = max(now_ns, self._at_ns)
        return self._level


@attrs.define(eq=False, kw_only=True)
class Budget:
    """Everything this account may ask and trade. Times are monotonic."""

    exit_reserve: int = 30
    """Write tokens of every shard that no entry takes: three exits at once."""
    read_reserve: int = 50
    """Read tokens that no patient read takes."""
    limits: AccountLimits = attrs.field(init=False, default=BASIC)
    costs: EndpointCosts = attrs.field(init=False, default=KNOWN_COSTS)
    learnt: bool = attrs.field(init=False, default=False)
    """Whether the venue has said what the limits are."""
    entries_refused: int = attrs.field(init=False, default=0)
    reads_waited: int = attrs.field(init=False, default=0)
    too_many: int = attrs.field(init=False, default=0)
    """How often the venue said that it was too much."""
    surprises: int = attrs.field(init=False, default=0)
    """How often it said so although we had counted enough: the limits may have changed."""
    _order_cost: int = attrs.field(init=False, default=DEFAULT_COST)
    _buckets: dict[tuple[Kind, int], Bucket] = attrs.field(init=False, factory=dict)

    def entry_fits(self, shard: int, now_ns: int) -> bool:
        """Return whether an entry can be paid and the exits' tokens are there after it."""
        bucket = self._bucket("write", shard, now_ns)
        # A bucket that cannot hold both at once would never let an entry through.
        wanted = self._order_cost + min(self.exit_reserve, bucket.capacity - self._order_cost)
        fits = not bucket.wait_ns(wanted, now_ns)
        self.entries_refused += not fits
        return fits

    def take_order(self, shard: int, now_ns: int) -> None:
        """Pay for an order that leaves: an entry that fits, or an exit whatever there is."""
        self._bucket("write", shard, now_ns).take(self._order_cost, now_ns)

    def take_read(self, path: str, now_ns: int, *, urgent: bool) -> int:
        """Pay for a read, or return how many nanoseconds to wait before asking again.

        Args:
            path: Below the API's root, without its query.
            now_ns: Now.
            urgent: Whether it may take the last tokens.
        """
        is_balance = path == BALANCE_PATH
        bucket = self._bucket("balance" if is_balance else "read", 0, now_ns)
        cost = 1 if is_balance else self.cost("GET", path)
        kept = 0 if urgent or is_balance else min(self.read_reserve, bucket.capacity - cost)
        wait_ns = bucket.wait_ns(cost + kept, now_ns)
        if wait_ns:
            self.reads_waited += 1
            return wait_ns
        bucket.take(cost, now_ns)
        return 0

    def take_write(self, method: str, path: str, now_ns: int) -> None:
        """Pay for a write that is no order; it leaves whatever there is."""
        self._bucket("write", 0, now_ns).take(self.cost(method, path), now_ns)

    def refused(self, kind: Kind, shard: int, now_ns: int) -> None:
        """Hear a 429: nothing is left, whatever we have counted."""
        bucket = self._bucket(kind, shard, now_ns)
        self.too_many += 1
        self.surprises += bucket.tokens(now_ns) >= 0
        bucket.drain(now_ns)

    def refused_read(self, path: str, now_ns: int) -> None:
        """Hear a 429 to a read."""
        self.refused("balance" if path == BALANCE_PATH else "read", 0, now_ns)

    def learn(self, limits: AccountLimits, costs: EndpointCosts, now_ns: int) -> bool:
        """Take what the venue says that we may; return whether it is another thing than before."""
        changed = not self.learnt or (limits, costs) != (self.limits, self.costs)
        self.limits, self.costs, self.learnt = limits, costs, True
        self._order_cost = self.cost(*ORDER)
        for (kind, _), bucket in self._buckets.items():
            of = self._of(kind)
            bucket.resize(of.refill_rate, of.bucket_capacity, now_ns)
        return changed

    def cost(self, method: str, path: str) -> int:
        """Return the tokens of one request; its path below the root, ids and all."""
        parts = path.split("/")
        for each in self.costs.endpoint_costs:
            template = each.path.removeprefix(API_ROOT).split("/")
            if each.method == method and len(template) == len(parts):
                pairs = zip(template, parts, strict=True)
                if all(name == part or name.startswith("{") for name, part in pairs):
                    return each.cost
        return self.costs.default_cost

    def left(self, kind: Kind, shard: int, now_ns: int) -> int:
        """Return the whole tokens that a bucket holds."""
        return int(self._bucket(kind, shard, now_ns).tokens(now_ns) // 1)

    def shards(self) -> list[int]:
        """Return the shards that were written to, the common one first."""
        return sorted({0, *(shard for kind, shard in self._buckets if kind == "write")})

    def _bucket(self, kind: Kind, shard: int, now_ns: int) -> Bucket:
        bucket = self._buckets.get((kind, shard))
        if bucket is None:
            of = self._of(kind)
            bucket = Bucket(of.refill_rate, of.bucket_capacity, now_ns)
            self._buckets[kind, shard] = bucket
        return bucket

    def _of(self, kind: Kind) -> TokenBucket:
        if kind == "balance":
            return BALANCE
        return self.limits.read if kind == "read" else self.limits.write
