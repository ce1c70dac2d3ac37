"""How many entries may leave in a while: the brake on a loop that has lost its mind. Pure.

Controls 8 and 9 of reference ``reliability.md`` section 3.3. Whoever runs into the brake
again and again is no trader any more: the caller halts then. Exits are never counted, nor
stopped.
"""

from collections import Counter, deque
from collections.abc import Iterable
from typing import Final, Literal

import attrs
from attrs import validators

from actors.model.score import MatchId

SECOND_NS: Final = 1_000_000_000
MINUTE_NS: Final = 60 * SECOND_NS

PER_S_CEILING: Final = 1_000
PER_MIN_CEILING: Final = 60_000
PER_MATCH_CEILING: Final = 1_000_000
TRIPS_CEILING: Final = 10
"""No profile may ask for more. As wide as a simulation or a measurement needs them."""

Brake = Literal["throttle", "match_entries"]


@attrs.frozen(kw_only=True)
class Pace:
    """The most that may leave."""

    orders_per_s: int = attrs.field(
        default=5, validator=[validators.gt(0), validators.le(PER_S_CEILING)]
    )
    orders_per_min: int = attrs.field(
        default=30, validator=[validators.gt(0), validators.le(PER_MIN_CEILING)]
    )
    entries_per_match: int = attrs.field(
        default=10, validator=[validators.gt(0), validators.le(PER_MATCH_CEILING)]
    )
    """Entries of one match, over restarts: then it is closed for good."""
    trips_per_min: int = attrs.field(
        default=3, validator=[validators.gt(0), validators.le(TRIPS_CEILING)]
    )
    """Refusals within a minute after which trading is to be halted."""


@attrs.define(eq=False)
class Throttle:
    """What has left of late. The tree's, so that a restarted actor gets no second helping."""

    pace: Pace = attrs.field(factory=Pace)
    _of_match: dict[MatchId, int] = attrs.field(factory=dict)
    """Entries that have left for each match, those of earlier processes included."""
    _second: deque[int] = attrs.field(init=False)
    _minute: deque[int] = attrs.field(init=False)
    _trips: deque[int] = attrs.field(init=False)
    """Instants of the newest: full means that the bound is reached if the oldest is young."""

    def __attrs_post_init__(self) -> None:
        """Make room for as many instants as there are bounds to watch."""
        self._second = deque(maxlen=self.pace.orders_per_s)
        self._minute = deque(maxlen=self.pace.orders_per_min)
        self._trips = deque(maxlen=self.pace.trips_per_min)

    def brakes(self, match: MatchId, now_ns: int) -> Brake | None:
        """Return why no further entry of ``match`` may leave now; ``None`` if one may."""
        if _is_full(self._second, now_ns - SECOND_NS) or _is_full(self._minute, now_ns - MINUTE_NS):
            return "throttle"
        return "match_entries" if self.entries(match) >= self.pace.entries_per_match else None

    def take(self, match: MatchId, now_ns: int) -> None:
        """Count an entry that has left."""
        self._second.append(now_ns)
        self._minute.append(now_ns)
        self._of_match[match] = self.entries(match) + 1

    def trips(self, now_ns: int) -> bool:
        """Count a refusal; return whether there were so many that trading is to be halted."""
        self._trips.append(now_ns)
        return _is_full(self._trips, now_ns - MINUTE_NS)

    def entries(self, match: MatchId) -> int:
        """Return how many entries have left for ``match``."""
        return self._of_match.get(match, 0)


def _is_full(instants: deque[int], since_ns: int) -> bool:
    return len(instants) == instants.maxlen and instants[0] > since_ns


def counted(matches: Iterable[MatchId]) -> dict[MatchId, int]:
    """Return how many entries each match has had, from the match of each of them."""
    return dict(Counter(matches))
