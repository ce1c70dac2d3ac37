"""Laws of what a person hears of the tree, and what is on record when it goes down."""

from itertools import pairwise

import attrs
import trio
import trio.testing

from actors.runtime.alarms import Alarms
from actors.runtime.child import ActorEvent
from actors.runtime.errors import Escalated
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.runtime.restart import RestartPolicy
from actors.runtime.roster import Roster


@attrs.define(eq=False)
class Heard:
    """A tree's roster and everything that was said about it, in order."""

    roster: Roster
    said: list[str] = attrs.field(factory=list)
    events: list[ActorEvent] = attrs.field(factory=list)
    order: list[str] = attrs.field(factory=list)

    @classmethod
    def make(cls) -> "Heard":
        env = SeededEnv(1, MemoryNetwork(1))
        alarms = Alarms(tell=lambda _event: None, say=lambda _line: None)
        roster = Roster(now_ns=env.now_ns, rng=env.rng, usual=RestartPolicy(), tell=alarms.hear)
        heard = cls(roster)
        alarms.say = heard.said.append
        alarms.tell = heard.hear
        alarms.halt = lambda name, why: heard.order.append(f"halt {name}: {why}")
        alarms.going_down = lambda: heard.order.append("going down")
        return heard

    def hear(self, event: ActorEvent) -> None:
        self.events.append(event)
        self.order.append(event.event)


async def test_a_parked_feed_is_alarmed_once_and_told_again_when_it_is_back(
    autojump_clock: trio.testing.MockClock,
) -> None:
    heard = Heard.make()
    starts_s: list[float] = []

    async def feed(*, task_status: trio.TaskStatus[None]) -> None:
        starts_s.append(trio.current_time())
        if len(starts_s) < 8:
            raise OSError("nobody answers")
        task_status.started()
        await trio.sleep_forever()

    policy = RestartPolicy(max_restarts=3, pause_min_s=0.0, pause_max_s=0.0)
    child = heard.roster.child("feed.alpha", feed, criticality="feed", policy=policy)
    root = heard.roster.branch("root", [child])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(root.run)
        await trio.sleep(600)
        root.stop()

    assert heard.said == [
        "ALARM  feed.alpha is parked, tried each minute: more than 3 restarts in 60 s",
        "feed.alpha is back",
    ]
    assert [event.reason for event in heard.events if event.event == "parked"] != []
    apart = [later - earlier for earlier, later in pairwise(starts_s)]
    assert apart == [0, 0, 0, 60, 60, 60, 60]


async def test_an_escalation_halts_before_it_is_told_and_before_anything_is_stopped(
    autojump_clock: trio.testing.MockClock,
) -> None:
    heard = Heard.make()

    async def sound(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        await trio.sleep_forever()

    async def broken(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        raise ValueError("no good")

    policy = RestartPolicy(max_restarts=1, pause_min_s=0.0)
    core = heard.roster.branch(
        "core", [heard.roster.child("executor", broken, policy=policy)], strategy="rest_for_one"
    )
    root = heard.roster.branch(
        "root", [heard.roster.child("auditor", sound), heard.roster.child("core", core.run)]
    )
    caught: list[Escalated] = []
    try:
        await root.run()
    except Escalated as error:
        caught.append(error)

    assert [error.actor for error in caught] == ["executor"]
    halt = "halt escalated: executor: executor: more than 1 restarts in 60 s: ValueError: no good"
    told = heard.order[heard.order.index(halt) :]
    assert told[:3] == [halt, "going down", "escalated"]
    assert told.index("escalated") < told.index("stopped")
    assert heard.said[0].startswith("ALARM  executor is given up: ")


def test_whoever_has_nobody_to_halt_yet_is_told_all_the_same() -> None:
    events: list[ActorEvent] = []
    said: list[str] = []
    alarms = Alarms(tell=events.append, say=said.append)

    for happening in ("stuck", "escalated"):
        alarms.hear(ActorEvent(actor="signer", event=happening, restarts=0, at_ns=0, reason="why"))

    assert [event.event for event in events] == ["stuck", "escalated"]
    assert said == ["ALARM  signer does not end: why", "ALARM  signer is given up: why"]
