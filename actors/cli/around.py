"""What the process does around a running tree: signals, its control socket, its watchdogs."""

import json
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import structlog
import trio

import supervisor
from actors.cli.codes import ESCALATED, RISK, UNAVAILABLE, cure, cure_of, exit_code, say, why
from actors.cli.control import Control
from actors.cli.places import Places
from actors.cli.reload import Reload
from actors.cli.stops import Stops
from actors.cli.worlds import Beside
from actors.messages.records import TradingState
from actors.runtime.alarms import HALT
from actors.runtime.env import Env
from actors.runtime.errors import Escalated, JournalError, NotStopping, leaves
from actors.runtime.journal import Journal
from actors.runtime.loopwatch import LoopWatch
from actors.runtime.systemd import Notifier, Watchdog
from actors.runtime.unix import serve_lines

HARD_STOP_S: Final = 8.0
"""Beside ``drain_s``, how long the whole stop may take before the process is ended under it;
together below the unit's TimeoutStopSec, so that we have the last word and not SIGKILL."""
LEAST_S: Final = 1.0
"""For the pages, however long the drain took."""
DAY_END: Final = "the day's end"
WATCHDOG_SHARE: Final = 4
"""Datagrams in one period of systemd's: one may be lost and the next one late."""

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


@attrs.define(eq=False)
class Stuck:
    """Ends the process under children that ignore their cancellation."""

    journal: Journal | None = None
    """To be closed before, once there is one."""
    end: Callable[[int], None] = os._exit

    def __call__(self, error: NotStopping) -> None:
        """Name them, close the journal and go: everything else has stopped."""
        say(ESCALATED, str(error))
        if self.journal is not None:
            try:
                self.journal.close()
            except JournalError as failed:
                say(ESCALATED, f"journal: {failed}")
        self.end(ESCALATED)


@attrs.define(eq=False, kw_only=True)
class Around:
    """The process around a tree, for as long as the tree runs."""

    tree: supervisor.Tree
    env: Env
    places: Places
    beside: Beside | None
    """The simulated world, if there is one."""
    stop_when_settled: bool
    drain_s: float
    notifier: Notifier
    watch: LoopWatch
    reload: Reload
    """What SIGHUP does."""
    code: int = 0
    """What the process will exit with."""
    _stopped_s: float | None = attrs.field(init=False, default=None)
    """When somebody told it to stop who waits for it to be gone; seconds of the loop."""
    _control: Control = attrs.field(init=False)
    _stops: Stops = attrs.field(init=False)
    _ready: "_Ready" = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._ready = _Ready(self.notifier)
        self._stops = Stops(self.tree.trading)
        self._control = Control(tree=self.tree, env=self.env, stop=self.stop)
        self.tree.alarms.going_down = self._limit_the_stop

    async def live(self) -> None:
        """Run the tree until the day is settled, somebody says stop, or it cannot go on.

        Raises:
            BadSocket: The control socket cannot be made.
        """
        async with trio.open_nursery() as nursery:
            await nursery.start(self._mind_signals)
            socket = str(self.places.socket)
            await nursery.start(partial(serve_lines, socket, self._control.answer))
            if self.beside is not None:
                nursery.start_soon(self._mind_world, self.beside)
            nursery.start_soon(self._mind_stops)
            if self.stop_when_settled:
                nursery.start_soon(self._mind_day)
            try:
                await self.tree.root.run(task_status=self._ready)
            except Exception as error:  # noqa: BLE001 - whatever ends the tree becomes an exit code
                cured = cure(error, self.reload.source, self._state)
                code = say(exit_code(error), f"{why(error)}{cured}")
                # Whatever else ended it came first, and may be why.
                self.code = self.code or code
                self._last_word(error)
            self.watch.stay()
            nursery.cancel_scope.cancel()

    @property
    def _state(self) -> str:
        """The state folder, as an option names it."""
        return str(Path(self.tree.reconciler.recovered.folder).parent)

    def pages_s(self, patient_s: float) -> float:
        """Return how long what comes after the tree may take.

        Args:
            patient_s: The same where nobody waits for us to be gone; who does has given
                ``drain_s`` for everything.
        """
        if self._stopped_s is None:
            return patient_s
        return max(LEAST_S, self.drain_s - (trio.current_time() - self._stopped_s))

    def stop(self, who: str) -> None:
        """Drain and end everything in order; by 75 where a stop stands that needs a person."""
        standing = self._stops.standing
        if standing and not self.code:
            cured = cure_of((standing,), self.reload.source, self._state)
            self.code = say(RISK, f"stopped by {who}, not cleared: {standing}{cured}")
        if self._stopped_s is None and who != DAY_END:
            self._stopped_s = trio.current_time()
        self.notifier.stopping(f"asked to stop by {who}")
        self._limit_the_stop()
        self.tree.root.stop()

    def _limit_the_stop(self) -> None:
        within_s = self.drain_s + HARD_STOP_S
        self.watch.end_after(within_s, ESCALATED, f"not stopped after {within_s:g} s: ended")

    def _last_word(self, error: BaseException) -> None:
        """Leave the halt on record where the auditor is what failed, and can write no more."""
        journal, unwritten = self.tree.journal, self.tree.auditor.inbox.depth
        given_up = next((each for each in leaves(error) if isinstance(each, Escalated)), None)
        if given_up is None or not unwritten:
            return
        text = f"{HALT}: {given_up} ({unwritten} words of others are not written)"
        try:
            journal.append(TradingState(state="HALTED", reason=text, at_ns=self.env.now_ns()))
        except JournalError as failed:
            log.warning("last_word.not_written", why=str(failed))

    async def _mind_signals(self, task_status: trio.TaskStatus[None]) -> None:
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
        with trio.open_signal_receiver(*numbers) as signals:
            task_status.started()
            async for number in signals:
                if number in {signal.SIGTERM, signal.SIGINT}:
                    self.stop(signal.Signals(number).name)
                elif number == signal.SIGUSR1:
                    await self._dump()
                elif number == signal.SIGUSR2:
                    # Not a toggle: signals coalesce, and a halt said twice is one halt.
                    self._control.halt("SIGUSR2")
                else:
                    await self._reread()

    async def _dump(self) -> None:
        """Write how everything is, and say in the log that it is there."""
        # Without an indent, which would be ten times as slow and on the loop.
        said = await self._control.answer({"do": "health"})
        text = json.dumps(said.get("health", said)).encode() + b"\n"
        path = str(self.places.health)
        write = partial(self.env.disk.write_whole, path, text, 0o600)
        try:
            await self.env.blocking(write)
        except OSError as error:
            # Who asks how we are must never be what ends us.
            log.warning("health.not_written", why=str(error))
        else:
            log.info("health.written", path=path)

    async def _reread(self) -> None:
        """Read the profile anew, and say in the log and to whoever looks what came of it."""
        is_up = self._ready.is_up
        if is_up:
            self.notifier.reloading(self.env.now_ns())
        line = await self.reload(self.tree)
        self.tree.alarms.say(line)
        log.info("reload", said=line)
        if is_up:
            # Before, nobody has been told that it is ready, and it is not.
            self.notifier.ready("trading")

    async def _mind_world(self, beside: Beside) -> None:
        self.code = say(UNAVAILABLE, await beside.gone())
        self.tree.trading.desk.state.halt("world", "the simulated world ended")
        self.stop("the world's end")

    async def _mind_stops(self) -> None:
        await self._stops.until_over()
        self.stop("the last position's end")

    async def _mind_day(self) -> None:
        await self.tree.until_settled()
        self.stop(DAY_END)


def watchdog(tree: supervisor.Tree, env: Env, notifier: Notifier, usec: str) -> Watchdog | None:
    """Return what feeds systemd's watchdog; ``None`` where the unit has none.

    Args:
        tree: Whose actors have to make progress.
        env: The clock.
        notifier: How systemd is told.
        usec: ``$WATCHDOG_USEC``.
    """
    period_s = int(usec) / 1e6 if usec.isascii() and usec.isdecimal() else 0.0
    if period_s <= 0:
        return None
    return Watchdog(
        registry=tree.roster.health,
        notifier=notifier,
        now_ns=env.now_ns,
        every_s=period_s / WATCHDOG_SHARE,
    )


@attrs.define(eq=False)
class _Ready:
    """Tells the service manager when the tree is up."""

    notifier: Notifier
    is_up: bool = False

    def started(self, value: None = None) -> None:
        """Pass it on."""
        assert value is None
        self.is_up = True
        self.notifier.ready("trading")
