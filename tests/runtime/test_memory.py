"""The seeded world: its clock, its connections and their faults, and that a seed repeats it."""

import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing
from hypothesis import given, settings, strategies as st
from trio._core import _run as scheduler

from actors.runtime.env import Endpoint, Env, ServerTls
from actors.runtime.lanes import FULL_BYTES
from actors.runtime.memory import (
    WALL_START_NS,
    Faults,
    Link,
    MemoryNetwork,
    MemoryWire,
    SeededEnv,
    run_seeded,
)

ROOT = Path(__file__).parents[2]
STRAIGHT = Link(nearest_ms=10, farthest_ms=10, jitter_ms=0, fragmented=0)


@attrs.frozen
class Ends:
    """One connection seen from both sides."""

    network: MemoryNetwork
    there: Endpoint
    near: MemoryWire
    far: MemoryWire
    dial: Callable[[], Awaitable[tuple[MemoryWire, MemoryWire]]]


@asynccontextmanager
async def connected(
    seed: int = 1, link: Link | None = STRAIGHT, faults: Faults | None = None
) -> AsyncIterator[Ends]:
    network = MemoryNetwork(seed, link=link, faults=faults)
    env = SeededEnv(seed, network)
    arrived, arrivals = trio.open_memory_channel[trio.abc.Stream](99)

    async def keep(stream: trio.abc.Stream) -> None:
        await arrived.send(stream)
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        there = await nursery.start(env.listen, Endpoint("far", 0), keep)

        async def dial() -> tuple[MemoryWire, MemoryWire]:
            near = await network.dial(there)
            far = await arrivals.receive()
            assert isinstance(far, MemoryWire)
            return near, far

        near, far = await dial()
        yield Ends(network, there, near, far, dial)
        nursery.cancel_scope.cancel()


async def read_all(wire: trio.abc.ReceiveStream) -> bytes:
    got = b""
    while chunk := await wire.receive_some():
        got += chunk
    return got


async def read_what_comes(wire: trio.abc.ReceiveStream) -> bytes:
    """Read up to the end, be it orderly or a reset."""
    got = b""
    with suppress(trio.BrokenResourceError):
        while chunk := await wire.receive_some():
            got += chunk
    return got


async def test_a_wire_in_memory_is_a_whole_trio_stream(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with connected(link=None) as ends:

        async def clogged() -> tuple[MemoryWire, MemoryWire]:
            near, far = await ends.dial()
            for wire in (near, far):
                while not wire.send_now(b"x" * 5000):
                    pass
            return near, far

        await trio.testing.check_two_way_stream(ends.dial, clogged)


async def test_a_message_takes_its_distance_and_no_longer(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with connected() as ends:
        start_s = trio.current_time()
        with trio.testing.assert_no_checkpoints():
            assert ends.near.send_now(b"goal") == 0
        assert await ends.far.receive_some() == b"goal"

        assert trio.current_time() - start_s == pytest.approx(0.010)


@given(
    sizes=st.lists(st.integers(1, 5000), max_size=12),
    seed=st.integers(0, 5),
    short=st.sampled_from([0.0, 0.5]),
)
@settings(max_examples=40, deadline=None)
def test_bytes_arrive_once_and_in_order_whatever_the_link_does(
    sizes: list[int], seed: int, short: float
) -> None:
    said = [bytes([number]) * size for number, size in enumerate(sizes)]

    async def main() -> bytes:
        link = Link(nearest_ms=1, farthest_ms=50, jitter_ms=20, fragmented=0.7)
        async with connected(seed, link, Faults(late=0.3, short_write=short)) as ends:
            got: list[bytes] = []

            async def read() -> None:
                got.append(await read_all(ends.far))

            async with trio.open_nursery() as nursery:
                nursery.start_soon(read)
                for data in said:
                    if ends.near.send_now(data):
                        await ends.near.flush()
                    await trio.sleep(0.005)
                await ends.near.aclose()
            return got[0]

    assert run_seeded(seed, main) == b"".join(said)


async def test_a_sender_who_is_not_read_has_to_wait(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with connected() as ends:
        await ends.near.send_all(b"x" * FULL_BYTES)

        assert ends.near.send_now(b"more") == 4
        with trio.move_on_after(60) as patience:
            await ends.near.flush()
        assert patience.cancelled_caught
        with pytest.raises(trio.BrokenResourceError):
            ends.near.send_now(b"after a flush that was cancelled")


async def test_a_send_to_one_who_left_fails_once_the_news_has_arrived(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with connected() as ends:
        await ends.far.aclose()
        assert ends.near.send_now(b"he cannot know yet") == 0
        await trio.sleep(0.011)

        with pytest.raises(trio.BrokenResourceError):
            ends.near.send_now(b"now he does")
        assert await ends.near.receive_some() == b""


async def test_nobody_listening_is_a_refusal(autojump_clock: trio.testing.MockClock) -> None:
    env = SeededEnv(1, MemoryNetwork(1))
    with pytest.raises(ConnectionRefusedError, match="nobody answers at far:80"):
        await env.dial(Endpoint("far", 80))


async def test_two_cannot_listen_at_one_place(autojump_clock: trio.testing.MockClock) -> None:
    async with connected() as ends:
        with pytest.raises(OSError, match="taken"):
            await ends.network.listen(ends.there, read_all_away)


async def read_all_away(stream: trio.abc.Stream) -> None:
    await read_all(stream)


async def test_a_muted_connection_stays_and_says_nothing(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with connected() as ends:
        ends.far.send_now(b"on its way")
        ends.network.mute(ends.there)
        ends.far.send_now(b"never")
        with trio.move_on_after(3600) as patience:
            await ends.near.receive_some()

        assert patience.cancelled_caught
        ends.near.send_now(b"nor this")
        again, far = await ends.dial()
        far.send_now(b"a new one is sound")
        assert await again.receive_some() == b"a new one is sound"


async def test_a_reset_is_known_at_both_ends_and_cures_itself(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with connected() as ends, trio.open_nursery() as nursery:

        async def broken(wire: MemoryWire) -> None:
            with pytest.raises(trio.BrokenResourceError):
                await wire.receive_some()

        nursery.start_soon(broken, ends.near)
        nursery.start_soon(broken, ends.far)
        await trio.testing.wait_all_tasks_blocked()
        ends.network.reset(ends.there)

        with pytest.raises(trio.BrokenResourceError):
            ends.near.send_now(b"x")
        await ends.dial()


async def test_a_killed_endpoint_refuses_until_it_is_revived(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with connected() as ends:
        ends.network.kill(ends.there)

        with pytest.raises(trio.BrokenResourceError):
            await ends.near.receive_some()
        with pytest.raises(ConnectionRefusedError):
            await ends.network.dial(ends.there)
        ends.network.revive(ends.there)
        await ends.dial()


async def test_a_dropped_message_takes_its_connection_along(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with connected(faults=Faults(drop=1.0)) as ends:
        assert ends.near.send_now(b"lost without a word") == 0

        for wire in (ends.far, ends.near):
            assert await read_what_comes(wire) == b""
        with pytest.raises(trio.BrokenResourceError):
            await ends.near.send_all(b"x")


def test_a_cut_message_arrives_in_part() -> None:
    said = b"a message of some length"

    async def main(seed: int) -> bytes:
        async with connected(seed, faults=Faults(cut=1.0)) as ends:
            ends.near.send_now(said)
            return await read_what_comes(ends.far)

    parts = [run_seeded(seed, main, seed) for seed in range(20)]

    assert all(said.startswith(part) and part != said for part in parts)
    assert len(set(parts)) > 5


async def test_the_weather_changes_for_open_connections_too(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with connected(faults=Faults(late=1.0, late_s=100)) as ends:
        ends.network.faults = Faults()
        start_s = trio.current_time()
        ends.near.send_now(b"x")
        await ends.far.receive_some()

        assert trio.current_time() - start_s == pytest.approx(0.010)


async def test_a_place_can_have_a_link_of_its_own(autojump_clock: trio.testing.MockClock) -> None:
    async with connected() as ends:
        ends.network.place(ends.there, Link(nearest_ms=200, farthest_ms=200, jitter_ms=0))
        near, far = await ends.dial()
        start_s = trio.current_time()
        near.send_now(b"x")
        await far.receive_some()

        assert trio.current_time() - start_s == pytest.approx(0.200)


def test_seeded_clocks_start_at_zero_and_keep_in_step() -> None:
    env: Env = SeededEnv(1, MemoryNetwork(1))

    async def main() -> None:
        assert env.now_ns() == 0
        assert env.wall_ns() == WALL_START_NS
        await trio.sleep(1e-9)
        assert env.now_ns() == 1
        await trio.sleep(86_400)
        assert env.now_ns() == 86_400_000_000_001
        assert env.wall_ns() - WALL_START_NS == env.now_ns()

    run_seeded(1, main)


@given(steps=st.lists(st.floats(1e-9, 1e5), max_size=20))
@settings(max_examples=30, deadline=None)
def test_a_seeded_clock_never_goes_back(steps: list[float]) -> None:
    env = SeededEnv(1, MemoryNetwork(1))

    async def main() -> None:
        last_ns = env.now_ns()
        for step in steps:
            await trio.sleep(step)
            assert env.now_ns() > last_ns or step < 1e-8
            assert env.now_ns() >= last_ns
            last_ns = env.now_ns()

    run_seeded(1, main)


def test_seeded_chance_is_one_stream_a_name() -> None:
    one, same = (SeededEnv(7, MemoryNetwork(1)) for _ in range(2))

    assert one.rng("a").random() == same.rng("a").random()
    assert one.rng("a").random() != one.rng("b").random()
    assert one.rng("a") is one.rng("a")


def test_seeded_blocking_work_is_done_on_the_spot() -> None:
    env = SeededEnv(1, MemoryNetwork(1))

    async def main() -> tuple[int, int]:
        with trio.testing.assert_checkpoints():
            return await env.blocking(divmod, 17, 5)

    assert run_seeded(1, main) == (3, 2)


def test_a_seeded_listener_takes_papers_and_needs_none() -> None:
    network = MemoryNetwork(1)
    env: Env = SeededEnv(1, network)

    async def echo(stream: trio.abc.Stream) -> None:
        await stream.send_all(await stream.receive_some())

    async def main() -> bytes:
        async with trio.open_nursery() as nursery:

            async def listen(task_status: trio.TaskStatus[Endpoint]) -> None:
                await env.listen(
                    Endpoint("venue", 443, tls=True),
                    echo,
                    tls=ServerTls("none.pem", "none.key"),
                    task_status=task_status,
                )

            there = await nursery.start(listen)
            async with await env.dial(there) as wire:
                wire.send_now(b"hello")
                got = bytes(await wire.receive_some(1))
            nursery.cancel_scope.cancel()
            return got

    assert run_seeded(1, main) == b"h"


def test_a_seeded_run_leaves_the_scheduler_as_it_was() -> None:
    shuffler: random.Random = scheduler._r  # noqa: SLF001 - what is put back is private
    before = shuffler.getstate(), vars(scheduler)["_ALLOW_DETERMINISTIC_SCHEDULING"]

    async def fail() -> None:
        await trio.sleep(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_seeded(1, fail)

    assert before == (shuffler.getstate(), vars(scheduler)["_ALLOW_DETERMINISTIC_SCHEDULING"])


def test_a_seed_repeats_a_day_of_http_and_websocket_in_any_process() -> None:
    command = [sys.executable, "-m", "tests.runtime.seeded_day"]
    days = [
        subprocess.Popen(
            [*command, seed],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            text=True,
        )
        for seed, hash_seed in (("5", "1"), ("5", "2"), ("6", "1"))
    ]
    told = [day.communicate(timeout=60)[0].splitlines()[-1] for day in days]

    assert told[0] == told[1]
    assert told[0] != told[2]
    assert int(told[0].split()[1]) > 100
