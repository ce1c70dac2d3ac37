"""Keep a tree of actors running: start in order, restart what fails, stop in reverse.

Trio has nurseries and no supervisor, and a nursery cancels all its children at
once. So every child here runs in a shielded scope of its own: whatever cancels
the tree from outside reaches the supervisor alone, which then ends its children
one at a time, the last one started first, each with time to drain (reference
``reliability.md`` sections 0.2 and 1.2). The semantics are Erlang's where Erlang
has any.
"""

import random
from collections.abc import Callable, Sequence
from typing import Literal

import attrs
import trio

from actors.runtime.child import ActorEvent, Child, Happening, Life, Slot
from actors.runtime.errors import (
    ActorNotReady,
    ActorReturned,
    Escalated,
    NotStopping,
    leaves,
    reason,
)
from actors.runtime.health import State
from actors.runtime.restart import Intensity, RestartBudget

Strategy = Literal["one_for_one", "rest_for_one"]
"""Whom a failure restarts: the one that failed, or it and every child after it."""


def _unheard(_event: ActorEvent) -> None:
    """Tell nobody."""


def _wait_for_it(_error: NotStopping) -> None:
    """Leave the process alone; the tree ends when the stuck child does."""


@attrs.define(eq=False, kw_only=True)
class Supervisor:
    """A branch of the tree. Its ``run`` is itself a child's run, so supervisors nest.

    ``run`` ends in three ways, each after all children were stopped in reverse
    order: cancelled from outside, asked by ``stop`` (then it returns), or
    escalated. A nested supervisor's escalation passes through a ``core`` parent
    unchanged; below an ``aux`` or ``feed`` child it is a failure like any other.
    """

    name: str
    children: Sequence[Child]
    now_ns: Callable[[], int]
    """Monotonic, for events, windows and health."""
    rng: random.Random
    """The jitter's own stream."""
    strategy: Strategy = "one_for_one"
    max_restarts: int | None = 10
    """Restarts of core children together, in ``window_s``; one more escalates."""
    window_s: float = 60.0
    on_event: Callable[[ActorEvent], None] = _unheard
    """Told of everything that happens to a child, at once. Must not raise or wait."""
    on_stuck: Callable[[NotStopping], None] = _wait_for_it
    """Told once everything else has ended and only stuck children are left. Trio
    cannot end them, so at the root this is where the process is ended."""
    _term: "_Term | None" = attrs.field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        ids = [child.id for child in self.children]
        if len(set(ids)) != len(ids):
            raise ValueError(f"{self.name}: two children have the same id: {ids}")

    @property
    def longest_stop_s(self) -> float:
        """The longest that stopping all of it can take; a parent's ``shutdown_s`` for it."""
        return sum(child.longest_stop_s for child in self.children) + 1.0

    def stop(self) -> None:
        """Ask the running tree to end: children drain and stop in order, ``run`` returns."""
        if self._term is not None:
            self._term.ask_to_end()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Start the children in order and keep them running; ready when all are.

        Raises:
            Escalated: A core child is beyond restarting. Nothing runs any more.
            NotStopping: Nothing failed, but a child outlived its time to stop.
        """
        self._term = term = _Term(self, task_status)
        try:
            await term.serve()
        finally:
            self._term = None


@attrs.define(eq=False)
class _Term:
    """One life of a supervisor."""

    spec: Supervisor
    task_status: trio.TaskStatus[None]
    slots: list[Slot] = attrs.field(init=False)
    intensity: Intensity = attrs.field(init=False)
    pool: trio.Nursery = attrs.field(init=False)
    booted: bool = attrs.field(init=False, default=False)
    ending: bool = attrs.field(init=False, default=False)
    stuck: list[str] = attrs.field(init=False, factory=list)
    bringing_up: trio.CancelScope = attrs.field(init=False, factory=trio.CancelScope)
    """Around the start of several children in order; rest-for-one has at most one."""
    endings: trio.MemorySendChannel[Life | None] = attrs.field(init=False)
    inbox: trio.MemoryReceiveChannel[Life | None] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        spec = self.spec
        self.slots = [Slot(child, RestartBudget(child.policy)) for child in spec.children]
        self.intensity = Intensity(spec.max_restarts, spec.window_s)
        # A slot has one life at a time and at most one ending unread beside a stopped
        # one's; the last place is for the wish to end.
        self.endings, self.inbox = trio.open_memory_channel[Life | None](2 * len(self.slots) + 1)

    def ask_to_end(self) -> None:
        """Have ``serve`` return once everything is stopped."""
        if not self.ending:
            self.ending = True
            self.endings.send_nowait(None)

    async def serve(self) -> None:
        """Run the term from boot to the end of the last child."""
        failure: Escalated | None = None
        async with trio.open_nursery() as self.pool:
            try:
                self.pool.start_soon(self._bring_up, self.slots, 0.0, self.bringing_up)
                failure = await self._keep_running()
            finally:
                self.ending = True
                with trio.move_on_after(self.spec.longest_stop_s, shield=True):
                    await self._stop_all()
                self.pool.cancel_scope.cancel()
        if failure is not None:
            raise failure
        if self.stuck:
            raise NotStopping(tuple(self.stuck))

    async def _keep_running(self) -> Escalated | None:
        while True:
            life = await self.inbox.receive()
            if life is None:
                return None
            if life.stopping:
                continue
            failure = await self._ended(life)
            if failure is not None:
                return failure

    async def _live(self, life: Life) -> None:
        child = life.slot.child
        child.health.task = task = trio.lowlevel.current_task()
        try:
            with life.scope:
                await child.run(task_status=life)
        except Exception as error:  # noqa: BLE001 - restarting whatever fails is the job
            life.error = error
        finally:
            life.ended.set()
            if child.health.task is task:
                child.health.task = None
            if life.draining is not None:
                life.draining.cancel()
        if life.stopping:
            return
        if life.scope.cancelled_caught:
            # Nobody told it to end, so its scope's deadline did.
            life.error = ActorNotReady(f"not ready after {child.ready_s:g} s")
        self.endings.send_nowait(life)

    async def _ended(self, life: Life) -> Escalated | None:
        """Deal with an ending nobody asked for; return the escalation if it is one."""
        slot = life.slot
        slot.life = None
        child, error = slot.child, life.error
        if error is None and child.restart == "permanent":
            error = ActorReturned("returned although nobody asked it to")
        if error is None:
            self._leave(slot, "finished")
            return None
        child.health.last_exit = why = reason(error)
        self._tell(slot, "failed", why)
        if child.restart == "temporary":
            self._leave(slot, "failed")
            return None
        return await self._restart(slot, error, self._good_s(life))

    async def _restart(self, slot: Slot, error: Exception, good_s: float) -> Escalated | None:
        child, now_s = slot.child, self.spec.now_ns() / 1e9
        is_core = child.criticality == "core"
        causes = tuple(leaves(error))
        passed_on = next((leaf for leaf in causes if isinstance(leaf, Escalated)), None)
        if is_core and passed_on is not None:
            return self._escalated(slot, passed_on)
        pause_s: float | None = None
        if any(isinstance(leaf, (NotStopping, *child.fatal)) for leaf in causes):
            why = "no restart cures this"
        else:
            pause_s = slot.budget.spend(now_s, good_s=good_s, chance=self.spec.rng.random())
            why = f"more than {child.policy.max_restarts} restarts in {child.policy.window_s:g} s"
        if pause_s is not None and is_core and not self.intensity.spend(now_s):
            pause_s = None
            why = f"more than {self.spec.max_restarts} restarts in {self.spec.name}"
        if pause_s is None and is_core:
            escalation = Escalated(child.id, f"{why}: {reason(error)}", causes)
            escalation.__cause__ = error
            return self._escalated(slot, escalation)
        child.health.enter("waiting", self.spec.now_ns())
        if pause_s is None:
            pause_s = slot.budget.park(now_s)
            child.health.enter("parked", self.spec.now_ns())
            self._tell(slot, "parked", why)
            slot.settled.set()
        return await self._start_again(slot, pause_s)

    async def _start_again(self, slot: Slot, pause_s: float) -> Escalated | None:
        if self.spec.strategy == "one_for_one":
            self.pool.start_soon(self._start_later, slot, pause_s)
            return None
        self.bringing_up.cancel()
        group = self.slots[self.slots.index(slot) :]
        for later in reversed(group[1:]):
            await self._stop(later, drain=False)
            if later.child.id in self.stuck:
                error = NotStopping((later.child.id,))
                return self._escalated(slot, Escalated(later.child.id, str(error), (error,)))
            if later.lives and later.child.restart == "temporary":
                later.wanted = False
        # Made here and not by the task: a failure before the task's first step must
        # find it, or two bring-ups would run side by side.
        self.bringing_up = scope = trio.CancelScope()
        self.pool.start_soon(self._bring_up, group, pause_s, scope)
        return None

    async def _start_later(self, slot: Slot, pause_s: float) -> None:
        if pause_s > 0:
            await trio.sleep(pause_s)
        if not self.ending:
            self._launch(slot)

    async def _bring_up(
        self, group: Sequence[Slot], pause_s: float, scope: trio.CancelScope
    ) -> None:
        """Start ``group`` after a pause, each child once the one before is ready."""
        with scope:
            if pause_s > 0:
                await trio.sleep(pause_s)
            for wave in self._waves(group):
                if self.ending or scope.cancel_called:
                    return
                since_s = trio.current_time()
                launched = [slot for slot in wave if slot.wanted]
                for slot in launched:
                    self._launch(slot)
                for slot in launched:
                    await self._settle(slot, since_s)
            if not self.booted and not scope.cancel_called and not self.ending:
                self.booted = True
                self.task_status.started()

    def _waves(self, group: Sequence[Slot]) -> list[list[Slot]]:
        """Split ``group`` into what is started together: neighbours that none waits long for.

        Otherwise the waits for several dead feeds would add up, and those that live
        would begin to listen late. Rest-for-one means that order matters, always.
        """
        waves: list[list[Slot]] = []
        joins = False
        for slot in group:
            brief = slot.child.boot_wait_s is not None and self.spec.strategy == "one_for_one"
            if brief and joins:
                waves[-1].append(slot)
            else:
                waves.append([slot])
            joins = brief
        return waves

    def _launch(self, slot: Slot) -> None:
        child = slot.child
        scope = trio.CancelScope(shield=True, deadline=trio.current_time() + child.ready_s)
        slot.life = life = Life(slot, scope, self._is_ready)
        slot.lives += 1
        if slot.settled.is_set():
            slot.settled = trio.Event()
        child.health.enter("starting", self.spec.now_ns())
        child.health.restarts = slot.restarts
        if slot.restarts:
            self._tell(slot, "restarted")
        self.pool.start_soon(self._live, life, name=child.id)

    async def _settle(self, slot: Slot, since_s: float) -> None:
        wait_s = slot.child.boot_wait_s
        if wait_s is None:
            await slot.settled.wait()
            return
        with trio.move_on_at(since_s + wait_s):
            await slot.settled.wait()
        if not slot.settled.is_set():
            self._tell(slot, "degraded", f"not ready after {wait_s:g} s")

    def _is_ready(self, life: Life) -> None:
        slot = life.slot
        slot.child.health.enter("up", self.spec.now_ns())
        slot.settled.set()
        self._tell(slot, "started")

    def _good_s(self, life: Life) -> float:
        child = life.slot.child
        if child.good_marks:
            return child.health.good_s()
        return 0.0 if life.ready_s is None else trio.current_time() - life.ready_s

    def _leave(self, slot: Slot, state: Literal["finished", "failed"]) -> None:
        slot.wanted = False
        slot.child.health.enter(state, self.spec.now_ns())
        slot.settled.set()
        if state == "finished":
            self._tell(slot, "finished")

    def _escalated(self, slot: Slot, error: Escalated) -> Escalated:
        slot.child.health.enter("failed", self.spec.now_ns())
        self._tell(slot, "escalated", str(error))
        return error

    async def _stop_all(self) -> None:
        for slot in reversed(self.slots):
            await self._stop(slot, drain=True)
        if self.stuck:
            self.spec.on_stuck(NotStopping(tuple(self.stuck)))

    async def _stop(self, slot: Slot, *, drain: bool) -> None:
        child, health = slot.child, slot.child.health
        life, slot.life = slot.life, None
        # One that only makes way for a sibling's restart comes back.
        at_rest: State = "stopped" if self.ending else "waiting"
        if life is None:
            if health.state in {"waiting", "parked"}:
                health.enter(at_rest, self.spec.now_ns())
            return
        life.stopping = True
        if not life.ended.is_set():
            health.enter("stopping", self.spec.now_ns())
            if drain and life.ready_s is not None:
                await self._drain(life)
            life.scope.cancel()
            with trio.move_on_after(child.shutdown_s, shield=True):
                await life.ended.wait()
        why = "" if life.error is None else reason(life.error)
        if life.ended.is_set():
            health.enter(at_rest, self.spec.now_ns())
            self._tell(slot, "stopped", why)
        else:
            self.stuck.append(child.id)
            health.enter("stuck", self.spec.now_ns())
            self._tell(slot, "stuck", f"still running after {child.shutdown_s:g} s")

    async def _drain(self, life: Life) -> None:
        child = life.slot.child
        if child.drain is None:
            return
        with trio.move_on_after(child.shutdown_s, shield=True) as life.draining:
            try:
                await child.drain()
            except Exception as error:  # noqa: BLE001 - one failed drain must not leave the rest running
                self._tell(life.slot, "undrained", reason(error))
        if life.draining.cancelled_caught and not life.ended.is_set():
            self._tell(life.slot, "undrained", f"not drained after {child.shutdown_s:g} s")

    def _tell(self, slot: Slot, event: Happening, why: str = "") -> None:
        self.spec.on_event(
            ActorEvent(
                actor=slot.child.id,
                event=event,
                reason=why,
                restarts=slot.restarts,
                at_ns=self.spec.now_ns(),
            )
        )
