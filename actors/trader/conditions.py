"""What trading needs of its surroundings: feeds that are fresh, and room on the disk.

The gate refuses an order for want of either at once, by what it is told of that order; here the
want becomes a trading state that a person can see. Both clear themselves: they are halts for as
long as their cause lasts (reference ``reliability.md`` section 3.3, numbers 11 and 19).
"""

from collections.abc import Callable
from typing import Final

import attrs

from actors.model.score import MatchId
from actors.trader.desk import Desk

STALE: Final = "stale"
"""Name of the halt for want of a fresh feed."""
DISK: Final = "disk"
"""Name of the halt for want of room."""
STALE_NS: Final = 5_000_000_000
"""A want of feeds that is over sooner is a reconnect."""
MIB: Final = 1 << 20
EASE: Final = 1.1
"""Room that comes back must be so much more than was wanted, or a halt would come and go."""


@attrs.define(eq=False, kw_only=True)
class Conditions:
    """Looks at both, and halts entries while one is wanting."""

    desk: Desk
    now_ns: Callable[[], int]
    fresh_feeds: Callable[[MatchId], int]
    """How many feeds would notice a false goal of a match just now."""
    least_free_bytes: int
    _wanting_ns: int | None = attrs.field(init=False, default=None)
    """Since when no match that is played has a fresh feed."""

    def look_at_feeds(self) -> None:
        """Halt if no match that is played has had a fresh feed for a while; clear it if one has."""
        matches = self.desk.catalogue.value.matches.values()
        played = [each.match for each in matches if each.stage == "LIVE"]
        if not played or any(self.fresh_feeds(match) for match in played):
            self._wanting_ns = None
            self.desk.state.clear(STALE)
            return
        now_ns = self.now_ns()
        if self._wanting_ns is None:
            self._wanting_ns = now_ns
        elif now_ns - self._wanting_ns >= STALE_NS:
            self.desk.state.halt(STALE, f"no feed is fresh for any of {len(played)} in play")

    def look_at_disk(self, free_bytes: int) -> None:
        """Halt if so little is free on the disk of the state folder; clear it if enough is."""
        state, least = self.desk.state, self.least_free_bytes
        if free_bytes < least:
            state.halt(DISK, f"{free_bytes // MIB} MiB are free, {least // MIB} are wanted")
        elif free_bytes >= least * EASE:
            state.clear(DISK)
