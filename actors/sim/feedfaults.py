"""What a score provider can get wrong, whatever its protocol: reference feeds.md section 9."""

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from typing import Final

import attrs
import trio

from actors.sim.feedframes import MatchState, close_frame
from actors.sim.feedlines import Lines

PAST: Final = 10_000
"""What was told last and can be told again."""
OVERTAKEN_S: Final = 2.0
"""After frames came in the wrong order, until the match is told again as it stands."""
LEAST_CODE, MOST_CODE = 1_000, 4_999
"""Codes by which a WebSocket may be closed (RFC 6455 section 7.4)."""
LEAST_STATUS, MOST_STATUS = 400, 599


@attrs.frozen
class Said:
    """What clients were told once."""

    state: MatchState
    wall_ns: int
    at_s: float


class Misbehaving(ABC):
    """One provider's faults, and what it has told, which most of them twist."""

    scheme: str = "http"

    def __init__(self, name: str) -> None:
        """Begin with nothing wrong and nothing told."""
        self.name = name
        self._lines = Lines()
        self._shown: dict[int, tuple[MatchState, int]] = {}
        """What its clients were told, by game, and when; wall nanoseconds."""
        self._past: deque[Said] = deque(maxlen=PAST)
        self._replays = False
        self._reorders = False
        self._behind_until_s = -math.inf
        self._wake = trio.Event()

    def rst(self) -> None:
        """End every connection by a reset, in the middle of a frame if there is one."""
        self._lines.reset()
        self.drop()

    def half_open(self) -> None:
        """Be gone from every connection without its other end being told; new ones are welcome."""
        self._lines.lose()

    def slow_body(self, ms: float) -> None:
        """Say everything in drips of a few bytes, ``ms`` apart; 0 ends that."""
        self._lines.pause_s = ms / 1e3

    def bad_status(self, code: int) -> None:
        """Drop everybody, and answer whoever comes with ``code`` until ``revive``.

        Raises:
            ValueError: It is no status of an error.
        """
        if not LEAST_STATUS <= code <= MOST_STATUS:
            raise ValueError(f"not a status from {LEAST_STATUS} to {MOST_STATUS}: {code}")
        self._lines.status = code
        self.drop()

    def close_code(self, code: int) -> None:
        """Close every WebSocket with ``code``.

        Raises:
            ValueError: No WebSocket is closed so, or the protocol has none.
        """
        if self.scheme != "ws":
            raise ValueError(f"{self.name} has no WebSocket to close")
        if not LEAST_CODE <= code <= MOST_CODE:
            raise ValueError(f"not a code from {LEAST_CODE} to {MOST_CODE}: {code}")
        self.say_raw(close_frame(code))

    def duplicate(self) -> None:
        """Tell every client once more how each match stands.

        Raises:
            ValueError: The protocol has nothing that could come twice.
        """
        self._must_push()
        for state, wall_ns in self._shown.values():
            self.say_again(self.as_told(state), wall_ns)

    def replay_history(self) -> None:
        """Drop everybody, and tell whoever comes all that was told today, until ``revive``.

        Raises:
            ValueError: As ``duplicate``.
        """
        self._must_push()
        self._replays = True
        self.forget()
        self.drop()

    def reorder(self) -> None:
        """Let the next news be overtaken: what it changed is told after it, and it again later.

        Raises:
            ValueError: As ``duplicate``.
        """
        self._must_push()
        self._reorders = True

    def lag_backend(self, ms: float) -> None:
        """Drop everybody into the hands of a server that knows what was known ``ms`` ago.

        It catches up ``ms`` later.
        """
        now_s = trio.current_time()
        past = [one for one in self._past if one.at_s <= now_s - ms / 1e3]
        self._shown = {one.state.game_id: (one.state, one.wall_ns) for one in past}
        self._behind_until_s = now_s + ms / 1e3
        self.forget()
        self.rewind(past)
        self._past = deque(past, maxlen=PAST)
        self.drop()
        self._wake.set()

    def rotate_token(self) -> None:
        """Let nobody in any more who shows the token of until now.

        Raises:
            ValueError: The provider asks for none.
        """
        raise ValueError(f"{self.name} asks for no token")

    @abstractmethod
    def drop(self) -> None:
        """End every connection without a goodbye; new ones are welcome."""

    @abstractmethod
    def say_again(self, state: MatchState, wall_ns: int) -> None:
        """Tell every client of ``state`` as it was told before, though it may be old."""

    @abstractmethod
    def rewind(self, past: Sequence[Said]) -> None:
        """Know no more than ``past``, which is all that was told until a moment of today."""

    @property
    def pushes(self) -> bool:
        """Whether clients are told without asking."""
        return True

    def forget(self) -> None:  # noqa: B027 - most providers keep nothing
        """Forget what was kept for clients who come back."""

    def say_raw(self, frame: bytes) -> None:  # noqa: B027 - where there is no WebSocket, nothing
        """Put ``frame`` into every WebSocket."""

    @abstractmethod
    def as_told(self, state: MatchState) -> MatchState:
        """Return ``state`` as this provider tells it: its sides may be swapped."""

    def _must_push(self) -> None:
        if not self.pushes:
            raise ValueError(f"{self.name} says how matches stand to who asks, and nothing twice")
