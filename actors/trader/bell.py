"""Which matches are to be planned again, and when."""

from typing import Final

import attrs
import trio

from actors.model.score import MatchId

SETTLE_S: Final = 0.001
"""What rings together comes within it: a goal, its orders, what the loop still does for both."""
CONFLATE_S: Final = 0.005
"""Between two plans of one match, however often it rings. Echoes, answers and money follow a
goal within milliseconds; nobody scores again before they are all in."""


@attrs.define(eq=False)
class Bell:
    """Which matches have to be planned again. Rung by anyone, answered by the planner."""

    _rung: dict[MatchId, None] = attrs.field(init=False, factory=dict)
    _woken: trio.Event = attrs.field(init=False, factory=trio.Event)
    _answered_s: dict[MatchId, float] = attrs.field(init=False, factory=dict)
    """When a match was last answered, of those that may not be yet again."""
    _waiting: dict[MatchId, None] = attrs.field(init=False, factory=dict)
    """Those that may wait for their turn."""
    _waited: trio.Event = attrs.field(init=False, factory=trio.Event)
    name: str = attrs.field(init=False, default="bell")
    """What it is called where health is shown."""
    taken: int = attrs.field(init=False, default=0)
    """How often it was answered."""

    @property
    def depth(self) -> int:
        """How many matches wait to be planned again."""
        return len(self._rung)

    def ring(self, match: MatchId) -> None:
        """Ask for a match to be planned again. Never waits."""
        self._waiting.pop(match, None)
        self._rung[match] = None
        self._woken.set()

    def ring_in_turn(self, match: MatchId) -> None:
        """Ask for a match to be planned when it is its turn. Never waits."""
        if match not in self._rung:
            self._waiting[match] = None
            self._waited.set()

    async def take_turns(self, every_s: float) -> None:
        """Ring one match that waits for its turn each ``every_s``, until cancelled."""
        while True:
            if not self._waiting:
                self._waited = trio.Event()
                await self._waited.wait()
            await trio.sleep(every_s)
            if self._waiting:
                self.ring(next(iter(self._waiting)))

    async def answer(self) -> list[MatchId]:
        """Wait for what is rung, and return it in order of ringing.

        A match that was returned less than ``CONFLATE_S`` ago is returned when that is over.
        """
        due: list[MatchId] = []
        while not due:
            await self._woken.wait()
            await trio.sleep(SETTLE_S)
            now_s = trio.current_time()
            early = {
                match: at_s for match, at_s in self._answered_s.items() if now_s - at_s < CONFLATE_S
            }
            due = [match for match in self._rung if match not in early]
            self._rung = {match: None for match in self._rung if match in early}
            self._answered_s = early | dict.fromkeys(due, now_s)
            if not self._rung:
                self._woken = trio.Event()
        self.taken += 1
        return due
