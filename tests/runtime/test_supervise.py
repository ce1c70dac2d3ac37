"""Laws of the supervision tree, on a clock that jumps."""

import math
import random
import time
from collections.abc import Awaitable, Callable, Sequence

import attrs
import pytest
import trio
import trio.testing
from hypothesis import given, settings, strategies as st

from actors.runtime.child import ActorEvent, Child, Run
from actors.runtime.errors import Escalated, JournalFailed, NotStopping, leaves, reason
from actors.runtime.memory import run_seeded
from actors.runtime.restart import RestartPolicy
from actors.runtime.supervise import Strategy, Supervisor

AT_ONCE = RestartPolicy(max_restarts=None, pause_min_s=0.0, pause_max_s=0.0)
TaskStatus = trio.TaskStatus[None]


def now_ns() -> int:
    return round(trio.current_time() * 1e9)


@attrs.define(eq=False)
class Script:
    """What happened, with its second since the test began."""

    lines: list[tuple[float, str]] = attrs.field(factory=list)
    events: list[ActorEvent] = attrs.field(factory=list)
    start_s: float = attrs.field(factory=trio.current_time)

    def note(self, line: str) -> None:
        self.lines.append((round(trio.current_time() - self.start_s, 6), line))

    def hear(self, event: ActorEvent) -> None:
        self.events.append(event)

    def said(self) -> list[str]:
        return [line for _, line in self.lines]

    def times(self, line: str) -> list[float]:
        return [at_s for at_s, said in self.lines if said == line]

    def heard(self, actor: str) -> list[str]:
        return [event.event for event in self.events if event.actor == actor]

    def actor(
        self,
        name: str,
        *,
        life_s: float = math.inf,
        error: Exception | None = None,
        ready_after_s: float = 0.0,
        clean_up_s: float = 0.0,
        on_run: Callable[[], None] = lambda: None,
    ) -> Run:
        """Make an actor that is ready after some time, lives for some, and then ends."""

        async def run(*, task_status: TaskStatus) -> None:
            self.note(f"{name} runs")
            try:
                if ready_after_s:
                    await trio.sleep(ready_after_s)
                task_status.started()
                on_run()
                await trio.sleep(life_s)
                if error is not None:
                    raise error
            finally:
                if clean_up_s:
                    with trio.CancelScope(shield=True):
                        await trio.sleep(clean_up_s)
                self.note(f"{name} ends")

        return run

    def tree(
        self,
        *children: Child,
        strategy: Strategy = "one_for_one",
        max_restarts: int | None = None,
        on_stuck: Callable[[NotStopping], None] = lambda _: None,
    ) -> Supervisor:
        return Supervisor(
            name="root",
            children=children,
            now_ns=now_ns,
            rng=random.Random(1),
            strategy=strategy,
            max_restarts=max_restarts,
            on_event=self.hear,
            on_stuck=on_stuck,
        )


async def run_for(tree: Supervisor, seconds: float) -> None:
    with trio.move_on_after(seconds):
        await tree.run()


async def run_to_its_end(tree: Supervisor) -> None:
    with trio.fail_after(1_000):
        await tree.run()


# --- start and stop ---


async def test_children_start_in_order_each_when_the_one_before_is_ready(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    tree = script.tree(
        Child(id="journal", run=script.actor("journal", ready_after_s=2)),
        Child(id="signer", run=script.actor("signer", ready_after_s=3)),
        Child(id="arbiter", run=script.actor("arbiter")),
    )
    async with trio.open_nursery() as nursery:
        with trio.fail_after(5.5):
            await nursery.start(tree.run)
        assert script.lines == [(0, "journal runs"), (2, "signer runs"), (5, "arbiter runs")]
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("how", ["cancelled", "asked"])
async def test_children_stop_in_reverse_order_one_at_a_time(
    how: str, autojump_clock: trio.testing.MockClock
) -> None:
    script = Script()
    names = ["journal", "executor", "arbiter", "feed"]
    tree = script.tree(*(Child(id=name, run=script.actor(name, clean_up_s=0.5)) for name in names))
    async with trio.open_nursery() as nursery:
        await nursery.start(tree.run)
        await trio.sleep(10)
        if how == "asked":
            tree.stop()
            tree.stop()
        else:
            nursery.cancel_scope.cancel()

    ends = [(at_s, line) for at_s, line in script.lines if line.endswith("ends")]
    assert ends == [
        (10.5, "feed ends"),
        (11.0, "arbiter ends"),
        (11.5, "executor ends"),
        (12.0, "journal ends"),
    ]
    assert [script.heard(name) for name in names] == [["started", "stopped"]] * 4


async def test_a_drain_comes_before_the_cancellation_and_is_bounded(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()

    def drain(name: str, seconds: float) -> Callable[[], Awaitable[None]]:
        async def finish() -> None:
            script.note(f"{name} drains")
            await trio.sleep(seconds)
            script.note(f"{name} drained")

        return finish

    tree = script.tree(
        Child(id="a", run=script.actor("a"), drain=drain("a", 2), shutdown_s=5),
        Child(id="b", run=script.actor("b"), drain=drain("b", 60), shutdown_s=5),
    )

    await run_for(tree, 1)

    assert script.lines == [
        (0, "a runs"),
        (0, "b runs"),
        (1, "b drains"),
        (6, "b ends"),
        (6, "a drains"),
        (8, "a drained"),
        (8, "a ends"),
    ]
    assert script.heard("b") == ["started", "undrained", "stopped"]
    assert tree.longest_stop_s >= 20


async def test_an_actor_may_end_by_itself_when_asked_to_drain(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    last_call = trio.Event()

    async def serve(*, task_status: TaskStatus) -> None:
        task_status.started()
        await last_call.wait()
        await trio.sleep(1)

    async def drain() -> None:
        last_call.set()
        await trio.sleep_forever()

    tree = script.tree(Child(id="executor", run=serve, drain=drain, shutdown_s=30))

    await run_for(tree, 1)

    assert trio.current_time() - script.start_s == pytest.approx(2)
    assert script.heard("executor") == ["started", "stopped"]


async def test_a_drain_that_fails_does_not_keep_the_rest_running(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()

    async def drain() -> None:
        await trio.lowlevel.checkpoint()
        raise OSError("venue gone")

    tree = script.tree(
        Child(id="a", run=script.actor("a")), Child(id="b", run=script.actor("b"), drain=drain)
    )

    await run_for(tree, 1)

    assert script.said()[-2:] == ["b ends", "a ends"]
    assert [event.reason for event in script.events if event.event == "undrained"] == [
        "OSError: venue gone"
    ]


async def test_a_child_that_ignores_its_cancellation_is_marked_and_the_rest_finished(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    reports: list[tuple[float, NotStopping, list[str]]] = []
    tree = script.tree(
        Child(id="a", run=script.actor("a")),
        Child(id="stuck", run=script.actor("stuck", clean_up_s=60), shutdown_s=5),
        Child(id="c", run=script.actor("c")),
        on_stuck=lambda error: reports.append(
            (trio.current_time() - script.start_s, error, script.said())
        ),
    )
    tree_ends = trio.Event()

    async def run() -> None:
        with pytest.raises(NotStopping, match="stuck"):
            await tree.run()
        tree_ends.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        await trio.sleep(1)
        tree.stop()
        await tree_ends.wait()

    (at_s, error, said), *others = reports
    assert others == []
    assert at_s == pytest.approx(6)
    assert error.actors == ("stuck",)
    assert said[-2:] == ["c ends", "a ends"]
    assert script.heard("stuck") == ["started", "stuck"]
    assert script.times("stuck ends") == [61]


# --- readiness ---


async def test_a_child_that_is_not_ready_in_time_has_failed(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    tree = script.tree(
        Child(
            id="signer",
            run=script.actor("signer", ready_after_s=math.inf),
            ready_s=4,
            policy=RestartPolicy(max_restarts=2, pause_min_s=1.0, jitter=0.0),
        )
    )

    with pytest.raises(Escalated, match="signer: more than 2 restarts in 60 s: ActorNotReady"):
        await run_to_its_end(tree)

    assert script.times("signer runs") == [0, 4, 9]
    assert script.times("signer ends") == [4, 8, 13]


async def test_the_boot_goes_on_without_a_feed_that_is_not_ready_after_its_wait(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    tree = script.tree(
        Child(
            id="feed",
            run=script.actor("feed", ready_after_s=20),
            criticality="feed",
            boot_wait_s=5,
            ready_s=60,
        ),
        Child(id="desk", run=script.actor("desk")),
    )
    async with trio.open_nursery() as nursery:
        with trio.fail_after(6):
            await nursery.start(tree.run)
        assert script.times("desk runs") == [5]
        await trio.sleep(30)
        nursery.cancel_scope.cancel()

    assert script.heard("feed") == ["degraded", "started", "stopped"]


async def test_the_waits_for_several_dead_feeds_do_not_add_up(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()

    def feed(name: str, ready_after_s: float) -> Child:
        return Child(
            id=name,
            run=script.actor(name, ready_after_s=ready_after_s),
            criticality="feed",
            boot_wait_s=5,
            ready_s=60,
        )

    tree = script.tree(
        Child(id="arbiter", run=script.actor("arbiter", ready_after_s=1)),
        *(feed(f"dead{number}", math.inf) for number in range(3)),
        feed("slow", 4),
        Child(id="desk", run=script.actor("desk", ready_after_s=1)),
        feed("late", 2),
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(tree.run)
        nursery.cancel_scope.cancel()

    assert sorted(script.lines[:7]) == [
        (0, "arbiter runs"),
        *((1, f"dead{number} runs") for number in range(3)),
        (1, "slow runs"),
        (6, "desk runs"),
        (7, "late runs"),
    ]
    assert script.heard("dead2")[0] == "degraded"
    assert script.heard("slow")[0] == script.heard("late")[0] == "started"


async def test_rest_for_one_starts_nothing_together(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    tree = script.tree(
        *(
            Child(id=name, run=script.actor(name, ready_after_s=2), boot_wait_s=5)
            for name in ("a", "b")
        ),
        strategy="rest_for_one",
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(tree.run)
        nursery.cancel_scope.cancel()

    assert script.times("b runs") == [2]


async def test_the_boot_waits_for_a_child_that_fails_first_and_then_comes_up(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    runs = 0

    async def flaky(*, task_status: TaskStatus) -> None:
        nonlocal runs
        runs += 1
        await trio.sleep(1)
        if runs < 3:
            raise OSError("not yet")
        task_status.started()
        await trio.sleep_forever()

    policy = RestartPolicy(pause_min_s=0.5, jitter=0.0)
    tree = script.tree(
        Child(id="a", run=flaky, policy=policy), Child(id="b", run=script.actor("b"))
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(tree.run)
        nursery.cancel_scope.cancel()

    assert script.times("b runs") == [3.5]
    assert script.heard("a") == ["failed", "restarted", "failed", "restarted", "started", "stopped"]


async def test_a_feed_parked_during_the_boot_does_not_hold_it_up(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()

    async def down(*, task_status: TaskStatus) -> None:
        await trio.sleep(0.01)
        raise ConnectionRefusedError

    tree = script.tree(
        Child(id="feed", run=down, criticality="feed", policy=RestartPolicy(max_restarts=2)),
        Child(id="desk", run=script.actor("desk")),
    )
    async with trio.open_nursery() as nursery:
        with trio.fail_after(5):
            await nursery.start(tree.run)
        nursery.cancel_scope.cancel()

    assert "parked" in script.heard("feed")


async def test_reporting_ready_twice_is_a_fault(autojump_clock: trio.testing.MockClock) -> None:
    script = Script()

    async def twice(*, task_status: TaskStatus) -> None:
        task_status.started()
        await trio.lowlevel.checkpoint()
        task_status.started()

    tree = script.tree(Child(id="a", run=twice, restart="temporary"))

    await run_for(tree, 1)

    assert [event.reason for event in script.events if event.event == "failed"] == [
        "RuntimeError: a reported ready twice"
    ]


# --- restarts ---


@pytest.mark.parametrize(
    ("restart", "error", "lives"),
    [
        ("permanent", None, 4),
        ("permanent", OSError(), 4),
        ("transient", None, 1),
        ("transient", OSError(), 4),
        ("temporary", None, 1),
        ("temporary", OSError(), 1),
    ],
)
async def test_what_is_restarted_after_which_ending(
    restart: str, error: Exception | None, lives: int, autojump_clock: trio.testing.MockClock
) -> None:
    script = Script()
    child = Child(
        id="a",
        run=script.actor("a", life_s=1, error=error),
        restart=restart,  # type: ignore[arg-type]  # one of the three, by the table above
        policy=AT_ONCE,
    )

    await run_for(script.tree(child), 3.5)

    assert script.times("a runs") == [0, 1, 2, 3][:lives]


async def test_a_first_failure_after_a_good_life_is_cured_without_a_pause(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    child = Child(id="a", run=script.actor("a", life_s=40, error=OSError()))

    await run_for(script.tree(child), 170)

    assert script.times("a runs") == [0, 40, 80, 120, 160]


async def test_starting_well_and_dying_soon_does_not_reset_the_pauses(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    policy = RestartPolicy(max_restarts=None, pause_min_s=1.0, pause_max_s=8.0, jitter=0.0)
    child = Child(id="a", run=script.actor("a", life_s=10, error=OSError()), policy=policy)

    await run_for(script.tree(child), 100)

    assert script.times("a runs") == [0, 10, 21, 33, 47, 65, 83]


async def test_a_feeds_good_life_is_measured_between_its_own_marks(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    good = Child(id="good", run=script.actor("good", life_s=40, error=OSError()), good_marks=True)
    mute = Child(id="mute", run=script.actor("mute", life_s=40, error=OSError()), good_marks=True)

    async def frames() -> None:
        while True:
            good.health.mark(now_ns())
            await trio.sleep(1)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(frames)
        nursery.start_soon(script.tree(good, mute).run)
        await trio.sleep(190)
        nursery.cancel_scope.cancel()

    assert script.times("good runs") == [0, 40, 80, 120, 160]
    assert script.times("mute runs")[1] == 40
    assert script.times("mute runs")[2] > 80


@given(
    seed=st.integers(0, 1_000),
    limit=st.integers(1, 5),
    lives_s=st.lists(st.floats(0.01, 30), min_size=1, max_size=30),
)
@settings(max_examples=60, deadline=None)
def test_restarts_in_a_window_never_exceed_the_childs_limit(
    seed: int, limit: int, lives_s: list[float]
) -> None:
    starts_s: list[float] = []

    async def scenario() -> None:
        async def run(*, task_status: TaskStatus) -> None:
            task_status.started()
            starts_s.append(trio.current_time())
            await trio.sleep(lives_s[len(starts_s) % len(lives_s)])
            raise OSError

        child = Child(
            id="feed", run=run, criticality="feed", policy=RestartPolicy(max_restarts=limit)
        )
        await run_for(Script().tree(child), 600)

    run_seeded(seed, scenario)

    restarts_s = starts_s[1:]
    for last_s in restarts_s:
        assert len([s for s in restarts_s if last_s - 60.0 < s <= last_s]) <= limit


async def test_one_for_one_leaves_the_siblings_alone(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    tree = script.tree(
        Child(id="a", run=script.actor("a")),
        Child(id="b", run=script.actor("b", life_s=5, error=OSError())),
        Child(id="c", run=script.actor("c")),
    )

    await run_for(tree, 6)

    assert script.said()[:5] == ["a runs", "b runs", "c runs", "b ends", "b runs"]


async def test_rest_for_one_restarts_what_comes_after_in_order(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    tree = script.tree(
        Child(id="executor", run=script.actor("executor")),
        Child(id="planner", run=script.actor("planner", life_s=5, error=OSError())),
        Child(id="arbiter", run=script.actor("arbiter", clean_up_s=0.5, ready_after_s=0.25)),
        Child(id="last", run=script.actor("last")),
        strategy="rest_for_one",
    )

    await run_for(tree, 8)

    assert script.lines[4:11] == [
        (5, "planner ends"),
        (5, "last ends"),
        (5.5, "arbiter ends"),
        (5.5, "planner runs"),
        (5.5, "arbiter runs"),
        (5.75, "last runs"),
        (8, "last ends"),
    ]
    assert script.heard("executor") == ["started", "stopped"]
    assert script.heard("last") == ["started", "stopped", "restarted", "started", "stopped"]


async def test_rest_for_one_survives_a_failure_of_an_earlier_one_during_a_restart(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    pause = RestartPolicy(pause_min_s=3.0, first_at_once=False, jitter=0.0)
    tree = script.tree(
        Child(id="a", run=script.actor("a", life_s=6, error=OSError()), policy=AT_ONCE),
        Child(id="b", run=script.actor("b", life_s=5, error=OSError()), policy=pause),
        Child(id="c", run=script.actor("c")),
        strategy="rest_for_one",
    )

    await run_for(tree, 7)

    assert script.times("a runs") == [0, 6]
    assert script.times("b runs") == [0, 6]
    assert script.times("c runs") == [0, 6]
    assert script.said().count("c ends") == 2


async def test_a_temporary_child_stopped_for_a_sibling_does_not_come_back(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    tree = script.tree(
        Child(id="a", run=script.actor("a", life_s=5, error=OSError())),
        Child(id="once", run=script.actor("once"), restart="temporary"),
        Child(id="c", run=script.actor("c")),
        strategy="rest_for_one",
    )

    await run_for(tree, 8)

    assert script.times("once runs") == [0]
    assert script.times("c runs") == [0, 5]


async def test_a_drain_is_for_the_end_and_not_for_a_siblings_failure(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()

    async def drain() -> None:
        script.note("drains")
        await trio.lowlevel.checkpoint()

    tree = script.tree(
        Child(id="a", run=script.actor("a", life_s=5, error=OSError())),
        Child(id="b", run=script.actor("b"), drain=drain),
        strategy="rest_for_one",
    )

    await run_for(tree, 6)

    assert script.times("drains") == [6]


# Whole seconds as well, so that several things happen at the same instant.
durations_s = st.floats(0.0, 6.0) | st.sampled_from([0.0, 1.0, 2.0])
children_drawn = st.lists(
    st.tuples(
        st.sampled_from(["permanent", "transient", "temporary"]),
        st.lists(durations_s, min_size=1, max_size=4),
        durations_s,
        durations_s,
    ),
    min_size=1,
    max_size=5,
)
"""For each child: restart, the lengths of its lives, time to be ready, time to clean up."""


@given(
    seed=st.integers(0, 1_000),
    strategy=st.sampled_from(["one_for_one", "rest_for_one"]),
    drawn=children_drawn,
    end_s=st.floats(0.0, 40.0),
)
@settings(max_examples=250, deadline=None)
def test_whatever_fails_no_child_has_two_lives_and_nothing_outlives_the_tree(
    seed: int,
    strategy: Strategy,
    drawn: list[tuple[str, list[float], float, float]],
    end_s: float,
) -> None:
    running: dict[int, int] = {}
    faults: list[str] = []

    def running_now() -> list[int]:
        return [number for number, lives in running.items() if lives]

    def actor(number: int, lives_s: list[float], ready_s: float, clean_up_s: float) -> Run:
        lives = 0

        async def run(*, task_status: TaskStatus) -> None:
            nonlocal lives
            lives += 1
            # Noted and not raised: the supervisor would take it for one failure more.
            if running.get(number):
                faults.append(f"{number} has a second life beside the first")
            if strategy == "rest_for_one" and any(other > number for other in running_now()):
                faults.append(f"{number} starts while a later one still runs")
            running[number] = running.get(number, 0) + 1
            try:
                await trio.sleep(ready_s)
                task_status.started()
                await trio.sleep(lives_s[lives % len(lives_s)])
                raise OSError
            finally:
                with trio.CancelScope(shield=True):
                    await trio.sleep(clean_up_s)
                running[number] -= 1

        return run

    async def scenario() -> None:
        children = [
            Child(
                id=str(number),
                run=actor(number, lives_s, ready_s, clean_up_s),
                restart=restart,  # type: ignore[arg-type]  # drawn from the three
                shutdown_s=10.0,
                criticality="feed",
            )
            for number, (restart, lives_s, ready_s, clean_up_s) in enumerate(drawn)
        ]
        tree = Script().tree(*children, strategy=strategy)
        await run_for(tree, end_s)
        assert faults == []
        assert running_now() == []
        states = {child.health.state for child in children}
        assert states <= {"stopped", "failed", "finished"}

    run_seeded(seed, scenario)


async def test_a_restart_that_comes_due_while_the_tree_stops_does_not_happen(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    pause = RestartPolicy(pause_min_s=1.0, first_at_once=False, jitter=0.0)
    tree = script.tree(
        Child(id="a", run=script.actor("a", clean_up_s=3)),
        Child(id="b", run=script.actor("b", life_s=5, error=OSError()), policy=pause),
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(tree.run)
        await trio.sleep(5.5)
        tree.stop()

    assert script.lines[-2:] == [(5, "b ends"), (8.5, "a ends")]
    assert script.times("b runs") == [0]


async def test_a_child_that_made_way_for_a_sibling_is_waiting_and_not_stopped(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    pause = RestartPolicy(pause_min_s=4.0, first_at_once=False, jitter=0.0)
    last = Child(id="last", run=script.actor("last"))
    tree = script.tree(
        Child(id="first", run=script.actor("first", life_s=5, error=OSError()), policy=pause),
        last,
        strategy="rest_for_one",
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(tree.run)
        await trio.sleep(6)
        states = [last.health.state]
        await trio.sleep(4)
        states.append(last.health.state)
        nursery.cancel_scope.cancel()
    states.append(last.health.state)

    assert states == ["waiting", "up", "stopped"]


# --- giving up ---


async def test_a_core_child_beyond_its_limit_takes_the_tree_down_in_order(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    tree = script.tree(
        Child(id="journal", run=script.actor("journal")),
        Child(
            id="executor",
            run=script.actor("executor", life_s=1, error=ValueError("no venue")),
            policy=RestartPolicy(max_restarts=3),
        ),
        Child(id="arbiter", run=script.actor("arbiter", clean_up_s=0.5)),
    )

    with pytest.raises(Escalated) as caught:
        await run_to_its_end(tree)

    assert caught.value.actor == "executor"
    assert [repr(cause) for cause in caught.value.causes] == ["ValueError('no venue')"]
    assert "more than 3 restarts in 60 s" in str(caught.value)
    assert len(script.times("executor runs")) == 4
    assert script.said()[-2:] == ["arbiter ends", "journal ends"]
    assert script.heard("executor")[-2:] == ["failed", "escalated"]


async def test_core_children_together_have_a_limit_of_their_own(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    tree = script.tree(
        *(
            Child(id=name, run=script.actor(name, life_s=40, error=OSError(name)))
            for name in ("a", "b", "c")
        ),
        max_restarts=2,
    )

    with pytest.raises(Escalated, match="more than 2 restarts in root"):
        await run_to_its_end(tree)


async def test_an_error_that_no_restart_cures_escalates_at_once_out_of_any_group(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()

    async def journal(*, task_status: TaskStatus) -> None:
        task_status.started()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            await trio.sleep(3)
            raise JournalFailed("fsync: Input/output error")

    tree = script.tree(Child(id="journal", run=journal, fatal=(JournalFailed,)))

    with pytest.raises(Escalated) as caught:
        await run_to_its_end(tree)

    assert [type(cause) for cause in caught.value.causes] == [JournalFailed]
    assert script.heard("journal") == ["started", "failed", "escalated"]


@pytest.mark.parametrize("criticality", ["feed", "aux"])
async def test_a_feed_or_guest_beyond_its_limit_is_parked_and_tried_each_minute(
    criticality: str, autojump_clock: trio.testing.MockClock
) -> None:
    script = Script()
    child = Child(
        id="feed",
        run=script.actor("feed", life_s=1, error=ConnectionError("refused")),
        criticality=criticality,  # type: ignore[arg-type]  # one of the two, by the table above
        policy=RestartPolicy(max_restarts=2, pause_max_s=0.0),
    )

    await run_for(script.tree(child, Child(id="b", run=script.actor("b"))), 200)

    assert script.times("feed runs") == [0, 1, 2, 63, 124, 185]
    assert script.heard("feed").count("parked") == 4
    assert child.health.restarts == 5
    assert script.heard("b") == ["started", "stopped"]


async def test_an_outage_overnight_is_outlived_and_forgotten_after_a_good_life(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    hour_s = 3600.0

    async def feed(*, task_status: TaskStatus) -> None:
        script.note("dials")
        up_s = trio.current_time() - script.start_s - 8 * hour_s
        if up_s < 0:
            await trio.sleep(0.01)
            raise ConnectionRefusedError
        task_status.started()
        if len(script.times("up")) < 2:
            script.note("up")
            await trio.sleep(hour_s)
            raise ConnectionResetError
        await trio.sleep_forever()

    tree = script.tree(Child(id="feed", run=feed, criticality="feed"))

    await run_for(tree, 11 * hour_s)

    first_s, second_s = script.times("up")
    assert 8 * hour_s <= first_s <= 8 * hour_s + 61
    assert second_s == pytest.approx(first_s + hour_s)
    assert len(script.times("dials")) < 8 * 60 + 20


# --- nesting ---


def _nested(script: Script, criticality: str, **child: object) -> tuple[Supervisor, Supervisor]:
    inner = Supervisor(
        name="core",
        children=[
            Child(
                id="executor",
                run=script.actor("executor", life_s=1, error=ValueError("no venue")),
                policy=RestartPolicy(max_restarts=1),
            ),
            Child(id="arbiter", run=script.actor("arbiter")),
        ],
        now_ns=now_ns,
        rng=random.Random(2),
        strategy="rest_for_one",
        on_event=script.hear,
    )
    outer = script.tree(
        Child(id="journal", run=script.actor("journal")),
        Child(
            id="core",
            run=inner.run,
            criticality=criticality,  # type: ignore[arg-type]  # given by the tests below
            shutdown_s=inner.longest_stop_s,
            **child,  # type: ignore[arg-type]  # the same
        ),
    )
    return inner, outer


async def test_an_escalation_passes_through_core_supervisors_unchanged(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    _, outer = _nested(script, "core")

    with pytest.raises(Escalated) as caught:
        await run_to_its_end(outer)

    assert caught.value.actor == "executor"
    assert [type(cause) for cause in caught.value.causes] == [ValueError]
    assert script.said()[-2:] == ["arbiter ends", "journal ends"]


async def test_an_escalation_below_a_guest_is_one_failure_of_the_guest(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    _, outer = _nested(script, "aux", policy=RestartPolicy(max_restarts=2))

    await run_for(outer, 30)

    assert script.heard("core").count("failed") == 3
    assert script.heard("core").count("parked") == 1
    assert script.heard("journal") == ["started", "stopped"]


async def test_a_nested_tree_stops_in_reverse_order_within_its_parents(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    inner = script.tree(
        *(Child(id=name, run=script.actor(name, clean_up_s=0.5)) for name in ("b", "c"))
    )
    outer = script.tree(
        Child(id="a", run=script.actor("a")),
        Child(id="inner", run=inner.run, shutdown_s=inner.longest_stop_s),
        Child(id="d", run=script.actor("d")),
    )

    await run_for(outer, 1)

    assert script.said()[-4:] == ["d ends", "c ends", "b ends", "a ends"]


async def test_stopping_a_tree_that_does_not_run_does_nothing() -> None:
    tree = Script().tree()
    tree.stop()
    async with trio.open_nursery() as nursery:
        await nursery.start(tree.run)
        tree.stop()


async def test_a_tree_can_be_asked_to_end_while_it_boots(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()
    tree = script.tree(
        Child(id="a", run=script.actor("a")),
        Child(id="b", run=script.actor("b", ready_after_s=9)),
        Child(id="c", run=script.actor("c")),
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(tree.run)
        await trio.sleep(1)
        tree.stop()

    assert script.said() == ["a runs", "b runs", "b ends", "a ends"]


# --- what is caught, told and kept ---


async def test_an_interrupt_in_a_child_stops_the_others_in_order_and_passes_on(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()

    async def interrupted(*, task_status: TaskStatus) -> None:
        task_status.started()
        await trio.sleep(2)
        raise KeyboardInterrupt

    tree = script.tree(
        Child(id="a", run=script.actor("a")),
        Child(id="b", run=interrupted),
        Child(id="c", run=script.actor("c")),
    )

    with pytest.RaisesGroup(KeyboardInterrupt):
        await run_to_its_end(tree)
    assert script.said()[-2:] == ["c ends", "a ends"]


async def test_events_and_health_tell_the_same_story(
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = Script()

    async def fails_in_a_group(*, task_status: TaskStatus) -> None:
        task_status.started()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            await trio.sleep(2)
            raise ExceptionGroup("both", [OSError("cut"), ValueError("line\ntwo")])

    child = Child(id="a", run=fails_in_a_group)
    start_ns = now_ns()
    tree = script.tree(child)
    async with trio.open_nursery() as nursery:
        await nursery.start(tree.run)
        await trio.sleep(2.01)
        assert child.health.state == "up"
        assert child.health.restarts == 1
        assert child.health.last_exit == "OSError: cut; ValueError: line two"
        nursery.cancel_scope.cancel()

    assert [(event.event, event.reason, event.restarts) for event in script.events] == [
        ("started", "", 0),
        ("failed", "OSError: cut; ValueError: line two", 0),
        ("restarted", "", 1),
        ("started", "", 1),
        ("stopped", "", 1),
    ]
    assert script.events[1].at_ns - start_ns == 2_000_000_000
    states: Sequence[str] = [child.health.state]
    assert states == ["stopped"]


def test_two_children_cannot_share_an_id() -> None:
    children = [Child(id="a", run=_never), Child(id="a", run=_never)]

    with pytest.raises(ValueError, match="same id"):
        Supervisor(name="root", children=children, now_ns=lambda: 0, rng=random.Random(1))


async def _never(*, task_status: TaskStatus) -> None:
    task_status.started()
    await trio.sleep_forever()


def test_leaves_and_reason_flatten_groups_and_bound_the_line() -> None:
    group = ExceptionGroup("x", [ExceptionGroup("y", [KeyError("k")]), OSError()])

    assert [type(leaf) for leaf in leaves(group)] == [KeyError, OSError]
    assert reason(group) == "KeyError: 'k'; OSError"
    assert len(reason(ValueError("no " * 1_000))) == 300


def test_the_same_seed_gives_the_same_restarts() -> None:
    def once() -> list[ActorEvent]:
        heard: list[ActorEvent] = []

        async def scenario() -> None:
            script = Script()
            tree = script.tree(
                *(
                    Child(
                        id=name,
                        run=script.actor(name, life_s=0.5, error=OSError()),
                        criticality="feed",
                    )
                    for name in ("a", "b", "c")
                )
            )
            await run_for(tree, 300)
            heard.extend(script.events)

        run_seeded(7, scenario)
        return heard

    assert once() == once()


async def test_a_crashed_actor_runs_again_within_milliseconds() -> None:
    """On the real clock: the bar is 5 ms at p99, with room for a busy machine."""
    gaps_s: list[float] = []
    crashed_s = 0.0
    enough = trio.Event()

    async def crash(*, task_status: TaskStatus) -> None:
        nonlocal crashed_s
        task_status.started()
        if crashed_s:
            gaps_s.append(time.perf_counter() - crashed_s)
        if len(gaps_s) >= 500:
            enough.set()
            await trio.sleep_forever()
        await trio.lowlevel.checkpoint()
        crashed_s = time.perf_counter()
        raise OSError

    tree = Script().tree(Child(id="a", run=crash, policy=AT_ONCE))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(tree.run)
        with trio.fail_after(60):
            await enough.wait()
        tree.stop()

    assert sorted(gaps_s)[250] < 0.005
