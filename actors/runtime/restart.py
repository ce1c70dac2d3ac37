"""When to start a failed actor again, after what pause, and when to give up.

Pure: the caller brings the clock and the chance. The rule is a limit on restarts
in a sliding window, a growing and jittered pause between tries, and a reset only
after a *good* life: an actor that starts well and then dies must still run out
of restarts (reference ``reliability.md`` section 1.1, last row).
"""

from collections import deque

import attrs


@attrs.frozen(kw_only=True)
class RestartPolicy:
    """How patient to be with one actor."""

    max_restarts: int | None = 5
    """Restarts allowed inside the window, at least 1; ``None`` for no limit."""

    window_s: float = attrs.field(default=60.0, validator=attrs.validators.gt(0))
    pause_min_s: float = attrs.field(default=0.1, validator=attrs.validators.ge(0))
    pause_max_s: float = attrs.field(default=5.0, validator=attrs.validators.ge(0))
    """Longest pause before jitter, which may add its share on top."""

    jitter: float = attrs.field(
        default=0.5, validator=[attrs.validators.ge(0), attrs.validators.le(1)]
    )
    """Share by which a pause varies either way, so that feeds do not dial in step."""

    first_at_once: bool = True
    """Whether the first restart after a good life has no pause."""

    good_after_s: float = attrs.field(default=30.0, validator=attrs.validators.ge(0))
    """Good life that makes earlier failures forgotten."""

    park_s: float = attrs.field(default=60.0, validator=attrs.validators.gt(0))
    """How often one that may not be given up is tried again, its restarts used up."""

    starts_per_minute: int | None = None
    """Token bucket over all restarts, parked tries included; ``None`` for none."""

    def __attrs_post_init__(self) -> None:
        for name in ("max_restarts", "starts_per_minute"):
            limit = getattr(self, name)
            if limit is not None and limit < 1:
                raise ValueError(f"{name} is {limit}; the least limit is 1")
        # A parked try inside the window of the restarts before it would exceed their limit.
        if self.park_s < self.window_s:
            raise ValueError(f"park_s ({self.park_s:g}) is below window_s ({self.window_s:g})")


@attrs.define
class TokenBucket:
    """At most ``capacity`` at once, refilled evenly over a minute."""

    capacity: int
    _level: float = attrs.field(init=False)
    _at_s: float | None = attrs.field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self._level = float(self.capacity)

    def take(self, now_s: float) -> float:
        """Take one token and return how many seconds from ``now_s`` it is there.

        Tokens are promised in the order asked for: 0 where one is left, else
        the wait until the bucket has refilled that far.
        """
        if self._at_s is not None:
            refilled = self._level + max(0.0, now_s - self._at_s) * self.capacity / 60.0
            self._level = min(float(self.capacity), refilled)
        self._at_s = now_s
        self._level -= 1.0
        return max(0.0, -self._level * 60.0 / self.capacity)


@attrs.define
class Intensity:
    """A limit on the restarts of several actors together, as Erlang's supervisors have it."""

    max_restarts: int | None
    """Restarts allowed inside the window; ``None`` for no limit."""
    window_s: float
    _at_s: deque[float] = attrs.field(init=False, factory=deque)

    def spend(self, now_s: float) -> bool:
        """Account for one restart at ``now_s``; return whether it is still allowed."""
        if self.max_restarts is None:
            return True
        while self._at_s and now_s - self._at_s[0] >= self.window_s:
            self._at_s.popleft()
        if len(self._at_s) >= self.max_restarts:
            return False
        self._at_s.append(now_s)
        return True


@attrs.define
class RestartBudget:
    """One actor's failures and restarts so far."""

    policy: RestartPolicy
    failures: int = attrs.field(init=False, default=0)
    """Failures since the last good life."""
    restarts: int = attrs.field(init=False, default=0)
    """All restarts granted, parked tries included."""
    parked: bool = attrs.field(init=False, default=False)
    _due_s: deque[float] = attrs.field(init=False, factory=deque)
    _bucket: TokenBucket | None = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        per_minute = self.policy.starts_per_minute
        self._bucket = None if per_minute is None else TokenBucket(per_minute)

    def spend(self, now_s: float, *, good_s: float, chance: float) -> float | None:
        """Account for one failure at ``now_s``.

        Args:
            now_s: Now, on any clock that only rises.
            good_s: How long the life that just ended was a good one.
            chance: A number drawn evenly from [0, 1), for the jitter.

        Returns:
            Seconds to wait before starting again, or ``None`` when the restarts
            of the window are used up: then the caller escalates, or parks.
        """
        policy = self.policy
        if good_s >= policy.good_after_s:
            self.failures, self.parked = 0, False
        if self.parked:
            return None
        pause_s = self._pause_s(chance)
        self.failures += 1
        while self._due_s and now_s + pause_s - self._due_s[0] >= policy.window_s:
            self._due_s.popleft()
        if policy.max_restarts is not None and len(self._due_s) >= policy.max_restarts:
            return None
        return self._grant(now_s, pause_s)

    def park(self, now_s: float) -> float:
        """Give up the usual pace until a good life; return seconds until the next try."""
        self.parked = True
        return self._grant(now_s, self.policy.park_s)

    def _grant(self, now_s: float, pause_s: float) -> float:
        if self._bucket is not None:
            pause_s = max(pause_s, self._bucket.take(now_s))
        self.restarts += 1
        if self.policy.max_restarts is not None:
            self._due_s.append(now_s + pause_s)
        return pause_s

    def _pause_s(self, chance: float) -> float:
        policy = self.policy
        doublings = self.failures
        if policy.first_at_once:
            if doublings == 0:
                return 0.0
            doublings -= 1
        # 2**32 times any pause is past any bound; without the cap the power overflows.
        longest_s = min(policy.pause_max_s, policy.pause_min_s * 2.0 ** min(doublings, 32))
        return longest_s * (1.0 - policy.jitter + 2.0 * policy.jitter * chance)
