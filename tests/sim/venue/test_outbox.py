from collections.abc import Iterator

import trio
import trio.testing

from actors.sim.venue.outbox import GATHER_S, WRITE_BYTES, Outbox


async def test_frames_leave_after_their_delays_and_never_overtake(
    autojump_clock: trio.testing.MockClock,
) -> None:
    delays = iter([0.5, 0.1, 0.7])
    outbox = Outbox(lambda: next(delays), 10)
    sent: list[tuple[float, str]] = []

    async def send(frames: list[str]) -> None:
        await trio.lowlevel.checkpoint()
        sent.extend((round(trio.current_time() - started, 3), frame) for frame in frames)

    started = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(outbox.drain, send)
        for frame in "abc":
            outbox.put(frame)
        await trio.sleep(2)
        nursery.cancel_scope.cancel()

    assert sent == [(0.5, "a"), (0.5, "b"), (0.7, "c")]


async def test_a_client_that_does_not_read_is_given_up_when_too_much_waits(
    autojump_clock: trio.testing.MockClock,
) -> None:
    outbox = Outbox(lambda: 0.0, 100, most_bytes=12)
    stuck = trio.Event()

    async def send(_frames: list[str]) -> None:
        await stuck.wait()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(outbox.drain, send)
        outbox.put("first")
        await trio.testing.wait_all_tasks_blocked()
        for _ in range(4):
            assert not outbox.overflowed
            assert outbox.put("more")
        assert outbox.overflowed
        outbox.put("ignored")
        stuck.set()


async def test_a_full_subscription_loses_what_waits_of_it_and_takes_nothing_from_others(
    autojump_clock: trio.testing.MockClock,
) -> None:
    outbox = Outbox(lambda: 1.0, 2)
    sent: list[str] = []

    async def send(frames: list[str]) -> None:
        await trio.lowlevel.checkpoint()
        sent.extend(frames)

    assert [outbox.put(frame, 1) for frame in ("a", "b", "c")] == [True, True, False]
    assert [outbox.put(frame, 2) for frame in ("d", "e")] == [True, True]
    assert outbox.put("f", 1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(outbox.drain, send)
        await trio.sleep(2)
        nursery.cancel_scope.cancel()

    assert sent == ["d", "e", "f"]


async def test_nothing_leaves_while_it_is_frozen_and_everything_afterwards(
    autojump_clock: trio.testing.MockClock,
) -> None:
    thaw_s = trio.current_time() + 5
    outbox = Outbox(lambda: 0.0, 9, lambda: thaw_s)
    sent: list[float] = []

    async def send(frames: list[str]) -> None:
        await trio.lowlevel.checkpoint()
        sent.extend(trio.current_time() for _ in frames)

    outbox.put("a")
    outbox.put("b")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(outbox.drain, send)
        await trio.sleep(6)
        nursery.cancel_scope.cancel()

    assert sent == [thaw_s, thaw_s]


async def test_an_idle_outbox_waits_for_the_next_frame(
    autojump_clock: trio.testing.MockClock,
) -> None:
    def no_delay() -> Iterator[float]:
        while True:
            yield 0.0

    delays = no_delay()
    outbox = Outbox(lambda: next(delays), 3)
    sent: list[str] = []

    async def send(frames: list[str]) -> None:
        await trio.lowlevel.checkpoint()
        sent.extend(frames)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(outbox.drain, send)
        for frame in ("a", "b"):
            await trio.sleep(1)
            outbox.put(frame)
        await trio.sleep(1)
        nursery.cancel_scope.cancel()

    assert sent == ["a", "b"]


async def test_a_lone_frame_leaves_at_once_and_a_flood_in_few_writes_in_order(
    autojump_clock: trio.testing.MockClock,
) -> None:
    outbox = Outbox(lambda: 0.0, 1_000)
    writes: list[tuple[float, list[str]]] = []

    async def send(frames: list[str]) -> None:
        await trio.lowlevel.checkpoint()
        writes.append((trio.current_time() - started, frames))

    started = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(outbox.drain, send)
        for number in range(100):
            outbox.put(str(number))
            await trio.sleep(0.0001)
        await trio.sleep(1)
        nursery.cancel_scope.cancel()

    assert writes[0] == (0.0, ["0"])
    assert [frame for _, frames in writes for frame in frames] == [str(n) for n in range(100)]
    assert len(writes) <= 1 + 0.010 / GATHER_S + 1


async def test_one_write_is_bounded_whatever_waits(
    autojump_clock: trio.testing.MockClock,
) -> None:
    outbox = Outbox(lambda: 0.0, 1_000)
    sizes: list[int] = []

    async def send(frames: list[str]) -> None:
        await trio.lowlevel.checkpoint()
        sizes.append(sum(map(len, frames)))

    for _ in range(100):
        outbox.put("x" * 2_000)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(outbox.drain, send)
        await trio.sleep(1)
        nursery.cancel_scope.cancel()

    assert sum(sizes) == 200_000
    assert max(sizes) < WRITE_BYTES + 2_000
