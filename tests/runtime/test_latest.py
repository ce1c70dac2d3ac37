"""Laws of the newest value."""

import trio
import trio.testing

from actors.runtime.latest import Latest


async def test_a_slow_reader_sees_only_the_newest() -> None:
    permit = Latest(0)
    seen: list[int] = []

    async def read() -> None:
        seen.append(await permit.changed())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        for cents in (1, 2, 3):
            permit.set(cents)

    assert seen == [3]
    assert permit.value == 3


async def test_every_reader_that_waits_is_woken() -> None:
    permit = Latest("")
    seen: list[str] = []

    async def read() -> None:
        seen.append(await permit.changed())

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        permit.set("open")

    assert seen == ["open"] * 3


async def test_a_change_before_the_waiting_wakes_nobody_unless_asked_for_by_version(
    autojump_clock: trio.testing.MockClock,
) -> None:
    permit = Latest(0)
    before = permit.version
    permit.set(1)

    with trio.move_on_after(1) as waited:
        await permit.changed()
    assert waited.cancelled_caught

    with trio.fail_after(1):
        assert await permit.changed(since=before) == 1
    with trio.move_on_after(1) as waited:
        await permit.changed(since=permit.version)
    assert waited.cancelled_caught


async def test_setting_is_no_checkpoint_and_waiting_always_is_one() -> None:
    permit = Latest(0)
    with trio.testing.assert_no_checkpoints():
        permit.set(1)
    with trio.testing.assert_checkpoints():
        await permit.changed(since=0)


async def test_a_reader_that_is_busy_between_two_waits_misses_no_change(
    autojump_clock: trio.testing.MockClock,
) -> None:
    permit = Latest(0)
    seen: list[int] = []

    async def read() -> None:
        version = permit.version
        while True:
            seen.append(await permit.changed(since=version))
            version = permit.version
            await trio.sleep(1.0)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        for number in range(1, 9):
            permit.set(number)
            await trio.sleep(0.4)
        await trio.sleep(2.0)
        nursery.cancel_scope.cancel()

    assert seen[-1] == 8
    assert seen == sorted(set(seen))
