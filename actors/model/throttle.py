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

from actors.model.score import MatchId, Sport

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


@attrs.frozen(kw_only=True)
class SportPace:
    """The most that may leave in one sport: what it does not name is as in the others."""

    orders_per_s: int | None = attrs.field(
        default=None,
        validator=validators.optional([validators.gt(0), validators.le(PER_S_CEILING)]),
    )
    orders_per_min: int | None = attrs.field(
        default=None,
        validator=validators.optional([validators.gt(0), validators.le(PER_MIN_CEILING)]),
    )
    entries_per_match: int | None = attrs.field(
        default=None,
        validator=validators.optional([validators.gt(0), validators.le(PER_MATCH_CEILING)]),
    )


@attrs.frozen(kw_only=True)
class Paces(Pace):
    """The profile's section ``[throttle]``: the usual pace, and that of the sports named."""

    sports: dict[Sport, SportPace] = attrs.Factory(dict)
    """A sport that is named is counted by itself; all others are counted together."""

    def of(self, sport: Sport | None) -> Pace:
        """Return the pace of a sport."""
        named = self.sports.get(sport) if sport is not None else None
        if named is None:
            return self
        return Pace(
            orders_per_s=named.orders_per_s or self.orders_per_s,
            orders_per_min=named.orders_per_min or self.orders_per_min,
            entries_per_match=named.entries_per_match or self.entries_per_match,
            trips_per_min=self.trips_per_min,
        )


@attrs.define(eq=False)
class _Lane:
    """The entries that are counted together."""

    pace: Pace
    second: deque[int] = attrs.field(init=False)
    minute: deque[int] = attrs.field(init=False)
    """Instants of the newest: full means that the bound is reached if the oldest is young."""

    def __attrs_post_init__(self) -> None:
        self.second = deque(maxlen=self.pace.orders_per_s)
        self.minute = deque(maxlen=self.pace.orders_per_min)


@attrs.define(eq=False)
class Throttle:
    """What has left of late. The tree's, so that a restarted actor gets no second helping."""

    pace: Paces = attrs.field(factory=Paces)
    _of_match: dict[MatchId, int] = attrs.field(factory=dict)
    """Entries that have left for each match, those of earlier processes included."""
    _usual: _Lane = attrs.field(init=False)
    _named: dict[Sport, _Lane] = attrs.field(init=False)
    _trips: deque[int] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Make room for as many instants as there are bounds to watch."""
        self._usual = _Lane(self.pace)
        self._named = {sport: _Lane(self.pace.of(sport)) for sport in self.pace.sports}
        self._trips = deque(maxlen=self.pace.trips_per_min)

    def change(self, pace: Paces) -> None:
        """Go by another pace from now on; what has left of late still counts."""
        before = (self._usual, dict(self._named), self._trips)
        self.pace = pace
        self.__attrs_post_init__()
        usual, named, trips = before
        self._trips.extend(trips)
        for sport in (None, *self._named):
            # A sport that gets a pace of its own was counted with the others until now.
            old, new = usual if sport is None else named.get(sport, usual), self._lane(sport)
            new.second.extend(old.second)
            new.minute.extend(old.minute)

    def brakes(self, match: MatchId, now_ns: int, sport: Sport | None = None) -> Brake | None:
        """Return why no further entry of ``match`` may leave now; ``None`` if one may."""
        lane = self._lane(sport)
        if _is_full(lane.second, now_ns - SECOND_NS) or _is_full(lane.minute, now_ns - MINUTE_NS):
            return "throttle"
        return "match_entries" if self.entries(match) >= lane.pace.entries_per_match else None

    def take(self, match: MatchId, now_ns: int, sport: Sport | None = None) -> None:
        """Count an entry that has left."""
        lane = self._lane(sport)
        lane.second.append(now_ns)
        lane.minute.append(now_ns)
        self._of_match[match] = self.entries(match) + 1

    def trips(self, now_ns: int) -> bool:
        """Count a refusal; return whether there were so many that trading is to be halted."""
        self._trips.append(now_ns)
        return _is_full(self._trips, now_ns - MINUTE_NS)

    def entries(self, match: MatchId) -> int:
        """Return how many entries have left for ``match``."""
        return self._of_match.get(match, 0)

    def _lane(self, sport: Sport | None) -> _Lane:
        return self._usual if sport is None else self._named.get(sport, self._usual)


def _is_full(instants: deque[int], since_ns: int) -> bool:
    return len(instants) == instants.maxlen and instants[0] > since_ns


def counted(matches: Iterable[MatchId]) -> dict[MatchId, int]:
    """Return how many entries each match has had, from the match of each of them."""
    return dict(Counter(matches))
