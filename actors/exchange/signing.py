"""Ready-made request headers: signed ahead, used once, never older than five seconds.

The venue's signature covers timestamp, method and path but not the body (reference
``kalshi.md`` section 1), so one header set fits any order. That makes it a bearer
secret: it prints as nothing and cannot be pickled.
"""

from bisect import insort
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn

import attrs
import trio
from typing_extensions import override

from actors.exchange.errors import KeyRefused
from actors.exchange.keys import SigningKey
from actors.runtime.env import Env

API_ROOT: Final = "/trade-api/v2"
ORDERS_PATH: Final = f"{API_ROOT}/portfolio/events/orders"
MAX_AGE_NS: Final = 5_000_000_000
"""The venue takes timestamps more than ten seconds old; we leave half of that to the way."""

_NANOS_PER_MILLI: Final = 1_000_000
_CLOCK_SET_BACK_MS: Final = 1_000


@attrs.frozen(kw_only=True)
class HeaderSet:
    """The three headers that authorise one request."""

    made_ns: int
    """Monotonic, taken with the timestamp and before the signature."""
    ts_ms: int
    """The signed timestamp: wall clock, milliseconds."""
    data: bytes = attrs.field(repr=False)
    """Header lines as they go out, each with its line end."""

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The same headers as names and values."""
        lines = self.data.decode("ascii").split("\r\n")[:-1]
        return tuple((name, value) for name, _, value in (line.partition(": ") for line in lines))

    @override
    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a header set is neither copied nor pickled")


Sign = Callable[[str, str], Awaitable[HeaderSet]]
"""Signs one request, given its method and its path: a ``Signer``, to whoever needs one."""


def header_set(
    key: SigningKey, key_id: str, *, method: str, path: str, ts_ms: int, made_ns: int
) -> HeaderSet:
    """Sign one request's headers. Computes: call it off the loop where the key is RSA."""
    signature = key.sign(ts_ms, method, path)
    data = (
        f"KALSHI-ACCESS-KEY: {key_id}\r\n"
        f"KALSHI-ACCESS-TIMESTAMP: {ts_ms}\r\n"
        f"KALSHI-ACCESS-SIGNATURE: {signature}\r\n"
    )
    return HeaderSet(made_ns=made_ns, ts_ms=ts_ms, data=data.encode("ascii"))


def _is_header_value(_owner: object, _field: object, value: str) -> None:
    # What a line end in here would do to a request, nobody wants to find out.
    if not (value.isascii() and value.isprintable() and value and " " not in value):
        raise KeyRefused("the key id is not one: printable ASCII without spaces")


@attrs.define(eq=False, kw_only=True)
class Signer:
    """Makes header sets, one timestamp each. One for every key: two would share timestamps."""

    env: Env
    key_id: str = attrs.field(validator=_is_header_value)
    _key: SigningKey = attrs.field(alias="key", repr=False)
    _last_ts_ms: int = attrs.field(init=False, default=0)

    async def __call__(self, method: str, path: str) -> HeaderSet:
        """Return headers for one request to ``path``; a slow signature is made off the loop."""
        made_ns = self.env.now_ns()
        ts_ms = self._next_ts_ms(self.env.wall_ns() // _NANOS_PER_MILLI)
        if self._key.algorithm == "ed25519":
            # 0.04 ms: the way to a thread and back costs the loop five times as much.
            await trio.lowlevel.checkpoint()
            return self._sign(method, path, ts_ms, made_ns)
        return await self.env.blocking(self._sign, method, path, ts_ms, made_ns)

    def _sign(self, method: str, path: str, ts_ms: int, made_ns: int) -> HeaderSet:
        return header_set(
            self._key, self.key_id, method=method, path=path, ts_ms=ts_ms, made_ns=made_ns
        )

    def _next_ts_ms(self, wall_ms: int) -> int:
        # Timestamps rise strictly, so that no two sets are alike. A wall clock that was set
        # back is followed, or every later signature would lie in the future and be refused.
        if wall_ms < self._last_ts_ms - _CLOCK_SET_BACK_MS:
            self._last_ts_ms = wall_ms
        else:
            self._last_ts_ms = max(wall_ms, self._last_ts_ms + 1)
        return self._last_ts_ms


class HeaderRing:
    """Header sets in stock. Pure: the clock is the caller's.

    The oldest set that is fresh goes first, so that a stock in use is used up
    before it expires; what has expired is dropped.
    """

    __slots__ = ("_capacity", "_max_age_ns", "_sets")

    def __init__(self, max_age_ns: int = MAX_AGE_NS, capacity: int = 64) -> None:
        self._max_age_ns = max_age_ns
        self._capacity = capacity
        self._sets: list[HeaderSet] = []

    @property
    def capacity(self) -> int:
        """How many sets it holds at most."""
        return self._capacity

    def add(self, made: HeaderSet) -> None:
        """Put one set in stock; beyond the capacity the oldest is dropped.

        Raises:
            ValueError: A set of the same timestamp is in stock.
        """
        if any(made.ts_ms == other.ts_ms for other in self._sets):
            raise ValueError(f"two header sets of {made.ts_ms}")
        insort(self._sets, made, key=_age)
        del self._sets[: -self._capacity]

    def take(self, now_ns: int) -> HeaderSet | None:
        """Return a set and forget it, or ``None`` where none is fresh."""
        return self._sets.pop(0) if self.fresh(now_ns) else None

    def fresh(self, now_ns: int) -> int:
        """Return how many sets could be taken now."""
        sets = self._sets
        while sets and now_ns - sets[0].made_ns > self._max_age_ns:
            del sets[0]
        return len(sets)


def _age(made: HeaderSet) -> int:
    return made.made_ns
