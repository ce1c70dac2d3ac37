"""What is to happen when: one list of acts for the whole world, done by one task.

One task, so that the same seed does the same acts in the same order: acts due at
one instant are done in the order in which they were put down.
"""

import heapq
from collections.abc import Callable

import attrs
import trio

Act = Callable[[], None]


@attrs.define(eq=False)
class Agenda:
    """Acts in the order of their time, in seconds since the world's clock began."""

    _due: list[tuple[float, int, Act]] = attrs.field(init=False, factory=list)
    _number: int = attrs.field(init=False, default=0)
    _began_s: float | None = attrs.field(init=False, default=None)
    _acting_s: float | None = attrs.field(init=False, default=None)
    _earlier: trio.Event = attrs.field(init=False, factory=trio.Event)

    @property
    def has_begun(self) -> bool:
        """Whether the clock runs."""
        return self._began_s is not None

    def now_s(self) -> float:
        """Return the clock; within an act, the time it was put down for, however late the loop.

        0 before the clock began.
        """
        if self._acting_s is not None:
            return self._acting_s
        return 0.0 if self._began_s is None else trio.current_time() - self._began_s

    def at(self, at_s: float, act: Act) -> None:
        """Have ``act`` done at ``at_s``, or at once if that has passed."""
        self._number += 1
        heapq.heappush(self._due, (at_s, self._number, act))
        if self._due[0][1] == self._number:
            self._earlier.set()

    def after(self, delay_s: float, act: Act) -> None:
        """Have ``act`` done ``delay_s`` from now."""
        self.at(self.now_s() + delay_s, act)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Start the clock, then do everything in its time until cancelled."""
        self._began_s = began_s = trio.current_time()
        task_status.started()
        while True:
            self._earlier = trio.Event()
            deadline_s = began_s + self._due[0][0] if self._due else float("inf")
            with trio.move_on_at(deadline_s):
                await self._earlier.wait()
            # Compared as the deadline was set: a difference of floats may fall short of it
            # for ever, and a clock that jumps would then stand still.
            while self._due and began_s + self._due[0][0] <= trio.current_time():
                self._acting_s, _, act = heapq.heappop(self._due)
                act()
            self._acting_s = None
