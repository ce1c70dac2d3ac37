"""A watch over the loop itself: says where it hangs, and ends a process that will not end.

A loop that does not turn cannot speak for itself. One daemon thread looks at it from
outside. It only sleeps and makes system calls, because a thread that computes would
make the loop late (design section 2.9). It belongs to the process and not to the tree,
and no seeded run has one.
"""

import faulthandler
import os
import sys
import threading  # noqa: TID251 - what watches the loop cannot run on it
from collections.abc import Callable
from types import TracebackType
from typing import IO, Final, Self

import attrs
import trio

LOOKS: Final = 4
"""How often the thread looks, and the loop shows that it turns, in the time it may stall."""
LONGEST_LOOK_S: Final = 0.5


@attrs.define(eq=False, kw_only=True)
class LoopWatch:
    """Use as a context manager around the loop's life, and run ``turn`` in it."""

    now_ns: Callable[[], int]
    stall_s: float = attrs.field(validator=attrs.validators.gt(0))
    """How long the loop may go without turning before its stacks are written down."""
    log: IO[str]
    """A file that really is one: its descriptor is written to."""
    end: Callable[[int], None] = os._exit
    """Ends the process, given its exit code. Called from the thread."""
    stalls: int = attrs.field(init=False, default=0)
    """How often it stalled; each time its stacks were written once."""
    _turned_ns: int = attrs.field(init=False, default=0)
    _stalled: bool = attrs.field(init=False, default=False)
    _deadline: tuple[int, int, str] | None = attrs.field(init=False, default=None)
    """When the process is ended, with which exit code, and a line about it."""
    _over: threading.Event = attrs.field(init=False, factory=threading.Event)
    _thread: threading.Thread | None = attrs.field(init=False, default=None)

    @property
    def _look_s(self) -> float:
        return min(LONGEST_LOOK_S, self.stall_s / LOOKS)

    def __enter__(self) -> Self:
        self._turned_ns = self.now_ns()
        self._thread = threading.Thread(target=self._watch, name="loop watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(LONGEST_LOOK_S)

    async def turn(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Show that the loop turns, until cancelled."""
        task_status.started()
        while True:
            self._turned_ns = self.now_ns()
            await trio.sleep(self._look_s)

    def end_after(self, within_s: float, code: int, why: str) -> None:
        """Have the process ended in so long, whatever the loop does; the first word counts."""
        if self._deadline is None:
            self._deadline = (self.now_ns() + int(within_s * 1e9), code, why)

    def stay(self) -> None:
        """Take it back: everything has ended as it should."""
        self._deadline = None

    def _watch(self) -> None:
        while not self._over.wait(self._look_s):
            now_ns = self.now_ns()
            deadline = self._deadline
            if deadline is not None and now_ns >= deadline[0]:
                self._end(deadline[1], deadline[2])
            late_ns = now_ns - self._turned_ns
            if late_ns < self.stall_s * 1e9:
                self._stalled = False
            elif not self._stalled:
                self._stalled = True
                self.stalls += 1
                self._write_stacks(f"the loop has not turned for {late_ns / 1e9:.1f} s")

    def _end(self, code: int, why: str) -> None:
        self._write_stacks(why)
        # Straight to the descriptor: the loop may be hanging in the middle of a line.
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"touchline: {why}\n".encode())
        self.end(code)

    def _write_stacks(self, why: str) -> None:
        try:
            os.write(self.log.fileno(), f"touchline: {why}; the stacks:\n".encode())
            faulthandler.dump_traceback(self.log, all_threads=True)
        except (OSError, ValueError):
            # A log that is full or closed must not be what ends the watch.
            return
