"""Laws of the scheduled garbage collection."""

import gc
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
from hypothesis import given, strategies as st
from trio.testing import MockClock
from typing_extensions import override

from actors.runtime.collection import (
    CROWD,
    RULES,
    Collection,
    Collector,
    Garbage,
    Instant,
    MachineGarbage,
    Mode,
    NoGarbage,
    Rule,
    Schedule,
)
from actors.runtime.health import Health

SECOND_NS = 1_000_000_000
CALM_NS = 3_000_000
YOUNG = Rule(generation=0, every_s=1.0, most_s=3.0)


def now_ns() -> int:
    return round(trio.current_time() * 1e9)


@attrs.define(eq=False)
class Bin(Garbage):
    """Keeps a record of what it is told, in order."""

    told: list[str] = attrs.field(factory=list)
    at_s: list[tuple[int, float]] = attrs.field(factory=list)
    """Generation and time of each collection after the freeze."""
    takes: Callable[[int], int] = lambda _: 0
    more: int = 0
    """Containers made since the last collection."""

    @override
    def automatic(self, *, on: bool) -> None:
        self.told.append(f"automatic {'on' if on else 'off'}")

    @override
    def freeze(self) -> None:
        self.told.append("freeze")

    @override
    def collect(self, generation: int) -> int:
        self.told.append(f"collect {generation}")
        if "freeze" in self.told:
            self.at_s.append((generation, trio.current_time()))
        self.more = 0
        return self.takes(generation)

    @override
    def young(self) -> int:
        return self.more


@attrs.define(eq=False)
class Traffic:
    """What the collector sees of the rest of the tree."""

    heard_ns: int = 0
    busy: bool = False

    async def talk(self, every_s: float) -> None:
        while True:
            self.heard_ns = now_ns()
            await trio.sleep(every_s)


@attrs.define(eq=False)
class Scene:
    collector: Collector
    bin: Bin
    traffic: Traffic
    made: list[Collection]
    scope: trio.CancelScope
    nursery: trio.Nursery

    def times(self, generation: int) -> list[float]:
        return [at_s for which, at_s in self.bin.at_s if which == generation]


@asynccontextmanager
async def at_work(*rules: Rule, mode: Mode = "scheduled") -> AsyncIterator[Scene]:
    bin_, traffic, made = Bin(), Traffic(), list[Collection]()
    collector = Collector(
        garbage=bin_,
        now_ns=now_ns,
        busy=lambda: traffic.busy,
        heard_ns=lambda: traffic.heard_ns,
        health=Health("collector"),
        mode=mode,
        rules=rules,
        on_made=made.append,
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(collector.run)
        yield Scene(collector, bin_, traffic, made, nursery.cancel_scope, nursery)
        nursery.cancel_scope.cancel()


async def test_what_there_is_is_frozen_once_its_garbage_is_gone(autojump_clock: MockClock) -> None:
    async with at_work(YOUNG) as scene:
        assert scene.bin.told == ["automatic off", "collect 2", "freeze"]


async def test_the_automatic_collector_is_on_again_when_the_actor_is_gone(
    autojump_clock: MockClock,
) -> None:
    async with at_work(YOUNG) as scene:
        pass

    assert scene.bin.told[-1] == "automatic on"


async def test_a_second_life_freezes_nothing_more(autojump_clock: MockClock) -> None:
    async with at_work(YOUNG) as scene:
        pass
    async with trio.open_nursery() as nursery:
        await nursery.start(scene.collector.run)
        nursery.cancel_scope.cancel()

    assert scene.bin.told.count("freeze") == 1
    assert scene.bin.told[-2:] == ["automatic off", "automatic on"]


async def test_in_calm_each_generation_is_collected_at_its_time(autojump_clock: MockClock) -> None:
    async with at_work(*RULES) as scene:
        await trio.sleep(610)

        assert len(scene.times(2)) == 1
        assert len(scene.times(1)) in {8, 9, 10}
        assert 45 <= len(scene.times(0)) <= 60


async def test_a_crowd_is_looked_at_before_its_time_but_not_while_an_order_is_under_way(
    autojump_clock: MockClock,
) -> None:
    async with at_work(*RULES) as scene:
        await trio.sleep(2)
        scene.bin.more, scene.traffic.busy = CROWD, True
        await trio.sleep(3)
        assert scene.times(0) == []
        scene.traffic.busy = False
        await trio.sleep(3)
        assert len(scene.times(0)) == 1


async def test_an_older_generation_takes_the_younger_ones_with_it(
    autojump_clock: MockClock,
) -> None:
    both = (Rule(generation=0, every_s=1, most_s=3), Rule(generation=1, every_s=1, most_s=3))
    async with at_work(*both) as scene:
        await trio.sleep(10)

        assert scene.times(0) == []
        assert len(scene.times(1)) in {9, 10}


async def test_nothing_is_collected_soon_after_a_frame(autojump_clock: MockClock) -> None:
    async with at_work(YOUNG) as scene:
        await trio.sleep(0.999)
        scene.traffic.heard_ns = now_ns()
        await trio.sleep(1)

        assert scene.times(0) == [pytest.approx(1.005)]
        assert not scene.made[0].forced


async def test_nothing_is_collected_while_an_order_is_under_way(autojump_clock: MockClock) -> None:
    async with at_work(YOUNG) as scene:
        scene.traffic.busy = True
        await trio.sleep(1.5)
        assert scene.times(0) == []
        scene.traffic.busy = False
        await trio.sleep(0.1)

        assert scene.times(0) == [pytest.approx(1.5, abs=0.01)]
        assert not scene.made[0].forced


async def test_where_frames_never_pause_it_is_done_between_two_of_them(
    autojump_clock: MockClock,
) -> None:
    async with at_work(YOUNG) as scene:
        scene.nursery.start_soon(scene.traffic.talk, 0.001)
        await trio.sleep(2.5)

        assert scene.times(0) == [pytest.approx(YOUNG.pressing_s, abs=0.01)]
        assert not scene.made[0].forced


async def test_at_the_end_of_its_time_it_is_done_whatever_is_under_way(
    autojump_clock: MockClock,
) -> None:
    async with at_work(YOUNG) as scene:
        scene.traffic.busy = True
        await trio.sleep(7)

        assert scene.times(0) == [pytest.approx(3.0), pytest.approx(6.0)]
        assert all(made.forced for made in scene.made)


async def test_without_a_rule_nothing_is_ever_collected(autojump_clock: MockClock) -> None:
    async with at_work() as scene:
        await trio.sleep(80_000)

        assert scene.bin.at_s == []


async def test_switched_off_it_freezes_and_collects_nothing(autojump_clock: MockClock) -> None:
    async with at_work(*RULES, mode="off") as scene:
        await trio.sleep(1_000)

        assert scene.bin.told == ["automatic off", "collect 2", "freeze"]
        assert scene.bin.at_s == []


async def test_left_to_the_interpreter_nothing_is_touched(autojump_clock: MockClock) -> None:
    async with at_work(*RULES, mode="automatic") as scene:
        await trio.sleep(1_000)

    assert scene.bin.told == []


async def test_every_collection_is_counted_and_marks_progress(autojump_clock: MockClock) -> None:
    async with at_work(YOUNG) as scene:
        scene.bin.takes = lambda generation: 7 + generation
        await trio.sleep(2.5)
        counts = scene.collector.counts.value

        assert counts.count == (2, 0, 0)
        assert counts.collected == 14
        assert counts.last == scene.made[-1]
        assert counts.longest_ns == max(made.took_ns for made in scene.made)
        assert scene.collector.health.progress_ns == scene.made[-1].began_ns
        assert scene.collector.health.idle


async def test_a_calm_collector_wakes_only_when_something_is_wanted(
    autojump_clock: MockClock,
) -> None:
    asked = 0

    def heard() -> int:
        nonlocal asked
        asked += 1
        return 0

    async with at_work(YOUNG) as scene:
        scene.collector.heard_ns = heard
        await trio.sleep(100.5)

        assert asked <= 2 * 101


@pytest.mark.parametrize(
    ("every_s", "most_s"), [(1.0, 1.0), (2.0, 1.0), (0.0, 1.0), (1.0, 100_000.0)]
)
def test_a_rule_without_room_or_without_a_bound_is_refused(every_s: float, most_s: float) -> None:
    with pytest.raises(ValueError, match=r"most_s|every_s|room"):
        Rule(generation=0, every_s=every_s, most_s=most_s)


moments = st.lists(
    st.tuples(st.integers(1, 400), st.booleans(), st.integers(0, 10)), min_size=1, max_size=200
)
"""Milliseconds since the one before, whether something is under way, and since when a frame."""


@given(moments)
def test_no_generation_is_ever_older_than_its_bound_after_an_answer(
    steps: list[tuple[int, bool, int]],
) -> None:
    schedule = Schedule(RULES, CALM_NS, 0)
    at_ns, made_ns = 0, {rule.generation: 0 for rule in RULES}
    for step_ms, busy, silent_ms in steps:
        at_ns += step_ms * 1_000_000
        at = Instant(now_ns=at_ns, heard_ns=at_ns - silent_ms * 1_000_000, busy=busy)
        due = schedule.due(at)
        if due is not None:
            rule, forced = due
            quiet = not busy and silent_ms * 1_000_000 >= CALM_NS
            age_s = (at_ns - made_ns[rule.generation]) / 1e9
            assert age_s >= rule.every_s
            assert quiet or age_s >= rule.pressing_s
            assert not busy or forced
            schedule.made(rule.generation, at_ns)
            for each in range(rule.generation + 1):
                made_ns[each] = at_ns
        for rule in RULES:
            assert (at_ns - made_ns[rule.generation]) / 1e9 < rule.most_s


@given(moments)
def test_whoever_asks_when_told_to_misses_no_bound(steps: list[tuple[int, bool, int]]) -> None:
    schedule = Schedule(RULES, CALM_NS, 0)
    at_ns = 0
    for step_ms, busy, silent_ms in steps:
        at = Instant(now_ns=at_ns, heard_ns=at_ns - silent_ms * 1_000_000, busy=busy)
        due = schedule.due(at)
        if due is not None:
            schedule.made(due[0].generation, at_ns)
        again_ns = schedule.ask_again_ns(at)
        assert again_ns is not None
        assert again_ns >= at_ns
        later = Instant(now_ns=again_ns, heard_ns=again_ns, busy=True)
        overdue = schedule.due(later)
        if overdue is not None:
            # Not a nanosecond of its bound has passed before it was asked for.
            rule = overdue[0]
            before = attrs.evolve(later, now_ns=again_ns - SECOND_NS // 1_000_000)
            assert again_ns == at_ns or schedule.due(before) is None, rule
        at_ns = max(again_ns, at_ns + step_ms)


def test_the_machines_own_collector_does_as_it_is_told() -> None:
    class Knot:
        def __init__(self) -> None:
            self.me = self

    garbage = MachineGarbage()
    was_on = gc.isenabled()
    garbage.automatic(on=False)
    try:
        assert not gc.isenabled()
        knot = Knot()
        gone = weakref.ref(knot)
        del knot
        assert gone() is not None
        assert garbage.collect(0) >= 1
        assert gone() is None
    finally:
        garbage.automatic(on=was_on)
    assert gc.isenabled() is was_on


def test_no_garbage_touches_nothing() -> None:
    garbage, was_on = NoGarbage(), gc.isenabled()
    garbage.automatic(on=not was_on)
    garbage.freeze()

    assert gc.isenabled() is was_on
    assert garbage.collect(2) == 0
    assert isinstance(garbage, Garbage)
