"""What five feeds say while nobody scores: heartbeats, states said again, clocks, other sports.

A provider's channel is a broadcast: of the frames that reach us few are about a goal.
Each feed here says, at its share of the rate, that it lives, how one of the venue's
matches stands (a state it has shown before, with the clock of now), or how a match of
another sport does. No frame of it is ever the first report of a goal.
"""

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, Protocol

import attrs

from bench.harness import FEEDS, PING, text_frame, text_frame_of
from bench.matches import CLOCK, BenchMatch

TURN: Final = (
    *("state", "state", "stranger", "state", "state"),
    *("state", "stranger", "state", "state", "heartbeat"),
)
"""What follows what on each feed: of ten frames seven are states and one is a heartbeat."""
BEHIND_S: Final = 0.05
"""Of what could not be said in time no more than this is said at once."""
FIRST_STRANGER: Final = 9_000_000
STRANGERS: Final = 200
MINUTE_S: Final = 60


class Mouth(Protocol):
    """A harness, as far as the load goes."""

    def say(self, name: str, frame: bytes) -> None:
        """Say something on one feed, to everybody who listens to it."""
        ...


@attrs.define(eq=False)
class Standing:
    """How far each match has got, by the place of the match in what is played."""

    goals: list[int]
    """As every feed may say it: the goal that is under way is not among them."""
    under_way: int | None = None
    """The match in which a goal was scored that no order has come of yet: nobody repeats it."""


@attrs.define(eq=False, kw_only=True)
class FeedLoad:
    """Says things on every feed at ``per_s`` frames a second in all; ``harness.meanwhile``."""

    harness: Mouth
    played: Sequence[BenchMatch]
    standing: Standing
    per_s: float
    running: bool = False
    now_s: Callable[[], float] = time.monotonic
    frames: int = attrs.field(init=False, default=0)
    _number: int = attrs.field(init=False, default=0)
    _next_s: float = attrs.field(init=False)
    _began_s: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._began_s = self._next_s = self.now_s()

    def __call__(self) -> float:
        """Say what is due by now; return for how long nothing will be."""
        now_s = self.now_s()
        if not self.running or not self.per_s:
            self._next_s = now_s
            return 1.0
        self._next_s = max(self._next_s, now_s - BEHIND_S)
        while self._next_s <= now_s:
            self._next_s += 1 / self.per_s
            self._say(now_s)
        return max(0.0, self._next_s - self.now_s())

    def _say(self, now_s: float) -> None:
        number = self._number
        self._number += 1
        turn, feed = divmod(number, len(FEEDS))
        kind = TURN[turn % len(TURN)]
        place = turn % len(self.played)
        if kind == "heartbeat" or place == self.standing.under_way:
            frame = PING
        elif kind == "stranger":
            frame = _stranger(turn % STRANGERS)
        else:
            since_s = int(now_s - self._began_s)
            frame = _state(self.played[place], self.standing.goals[place], since_s)
        self.frames += 1
        self.harness.say(FEEDS[feed], frame)


@lru_cache(maxsize=4_096)
def _state(match: BenchMatch, goals: int, since_s: int) -> bytes:
    """Return a match's state with its clock ``since_s`` later than a goal's frame has it."""
    minutes, seconds = (int(part) for part in CLOCK.split(":"))
    # It stops before half-time, as a clock does whose match goes on being played.
    clock_s = min(minutes * MINUTE_S + seconds + since_s, 44 * MINUTE_S)
    clock = f"{clock_s // MINUTE_S:02d}:{clock_s % MINUTE_S:02d}"
    return text_frame(match.frame(goals, clock))


@lru_cache(maxsize=STRANGERS)
def _stranger(number: int) -> bytes:
    """Return a frame about a match that the venue does not list: one of another sport."""
    return text_frame_of(
        b'{"gameId":%d,"leagueAbbreviation":"cs2","slug":"cs2-%d","homeTeam":"Left %d",'
        b'"awayTeam":"Right %d","status":"running","score":"000-000|%d-%d|Bo3","period":"2/3",'
        b'"live":true,"ended":false}'
        % (FIRST_STRANGER + number, number, number, number, number % 2, number % 3)
    )
