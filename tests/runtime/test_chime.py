"""A ring reaches everybody who waits, and nobody who comes later."""

import trio
import trio.testing

from actors.runtime.chime import Chime


async def test_a_ring_wakes_everybody_who_waits_and_is_gone() -> None:
    chime, woken = Chime(), list[str]()

    async def wait(name: str) -> None:
        await chime.wait()
        woken.append(name)

    async with trio.open_nursery() as nursery:
        chime.ring()
        nursery.start_soon(wait, "first")
        nursery.start_soon(wait, "second")
        await trio.testing.wait_all_tasks_blocked()
        assert woken == []
        chime.ring()
        nursery.start_soon(wait, "late")
        await trio.testing.wait_all_tasks_blocked()
        assert sorted(woken) == ["first", "second"]
        nursery.cancel_scope.cancel()


async def test_whoever_waits_again_hears_the_next_ring() -> None:
    chime = Chime()
    async with trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(chime.wait)
            await trio.testing.wait_all_tasks_blocked()
            chime.ring()
