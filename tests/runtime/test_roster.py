"""The roster knows everybody in the tree and counts what happened to them."""

import trio
import trio.testing

from actors.runtime.child import ActorEvent
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.runtime.restart import RestartPolicy
from actors.runtime.roster import Roster


async def test_a_restart_is_counted_once_and_told(autojump_clock: trio.testing.MockClock) -> None:
    env = SeededEnv(1, MemoryNetwork(1))
    told: list[ActorEvent] = []
    roster = Roster(now_ns=env.now_ns, rng=env.rng, usual=RestartPolicy(), tell=told.append)
    lives = 0

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        nonlocal lives
        lives += 1
        task_status.started()
        if lives == 1:
            raise ValueError("once")
        await trio.sleep_forever()

    root = roster.branch("root", [roster.child("actor", run)])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(root.run)
        await trio.sleep(10)
        root.stop()

    assert roster.restarts == 1
    assert [event.event for event in told if event.actor == "actor"] == [
        "started",
        "failed",
        "restarted",
        "started",
        "stopped",
    ]
    assert roster.cell("actor") is roster.cell("actor")
