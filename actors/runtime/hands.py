"""Threads for a loop that must not wait: each makes one system call, or one signature, at a time.

trio has threads too. Handing one of them a call and hearing of its end costs the loop
some 0.07 ms of processor time on a quiet machine and 0.2 ms on a busy one, and each
goal makes at least one such call. Two counters of the kernel's, which a waiting thread
and a waiting loop can both sleep on, do it in a third of that, and the thread holds the
interpreter for a moment only.
"""

import os
import threading  # noqa: TID251 - this is what Env.blocking stands on
from collections.abc import Callable
from typing import Any, Final, TypeVar, TypeVarTuple, Unpack

import trio

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_idle: Final[list["_Hand"]] = []
"""Threads of the process that have nothing to do. There are as many as ever were busy at once."""


async def blocking(fn: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
    """Run ``fn`` in a thread and return what it returns, or raise what it raises.

    Once begun it is waited for, cancelled or not: what it did is then known.
    """
    await trio.lowlevel.checkpoint_if_cancelled()
    hand = _idle.pop() if _idle else _Hand()
    try:
        result: T = await hand.do(fn, args)
        return result
    finally:
        _idle.append(hand)


class _Hand:
    """One thread."""

    __slots__ = ("_asked", "_job", "_told")

    def __init__(self) -> None:
        self._asked = os.eventfd(0, os.EFD_CLOEXEC)
        self._told = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._job: _Job | None = None
        # A daemon: one that a dead disk or a full terminal holds must not keep the process.
        threading.Thread(target=self._work, name="hand", daemon=True).start()

    async def do(self, fn: Callable[..., Any], args: tuple[Any, ...]) -> Any:  # noqa: ANN401 - whatever fn returns
        """Have the thread call ``fn``; nobody else may ask meanwhile."""
        self._job = job = _Job(fn, args)
        os.eventfd_write(self._asked, 1)
        if job.done:
            # Over before we looked; the others have their turn all the same.
            await trio.lowlevel.cancel_shielded_checkpoint()
        with trio.CancelScope(shield=True):
            while not job.done:
                await trio.lowlevel.wait_readable(self._told)
                os.eventfd_read(self._told)
        if job.error is not None:
            raise job.error
        return job.value

    def _work(self) -> None:
        while True:
            os.eventfd_read(self._asked)
            job, self._job = self._job, None
            assert job is not None, "asked without a job"
            try:
                job.run()
            finally:
                # It may be the last that knows of what the call returned.
                del job
                os.eventfd_write(self._told, 1)


class _Job:
    """One call."""

    __slots__ = ("_args", "_fn", "done", "error", "value")

    def __init__(self, fn: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self._fn = fn
        self._args = args
        self.value: Any = None
        self.error: BaseException | None = None
        self.done = False

    def run(self) -> None:
        try:
            self.value = self._fn(*self._args)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - raised again where it was asked for
            # One that wants to end its thread too: the thread is not its own.
            self.error = error
        finally:
            self.done = True
