"""Whoever keeps awake lets everybody else run, and sleeps when nobody wants it."""

import attrs
import trio
from typing_extensions import override

from actors.runtime.env import RealEnv
from actors.runtime.health import Health
from actors.runtime.vigil import LOOK_S, Vigil


class Steps(trio.abc.Instrument):
    """Counts how often the loop went to sleep."""

    def __init__(self) -> None:
        self.slept = 0
        self.passes = 0

    @override
    def before_io_wait(self, timeout: float) -> None:
        self.passes += 1
        self.slept += timeout > 0


@attrs.define
class Wish:
    wanted: bool

    def __call__(self) -> bool:
        return self.wanted


async def watched(wish: Wish) -> Steps:
    steps, health = Steps(), Health("vigil")
    vigil = Vigil(wanted=wish, now_ns=RealEnv(1).now_ns, health=health)
    async with trio.open_nursery() as nursery:
        await nursery.start(vigil.run)
        trio.lowlevel.add_instrument(steps)
        for _ in range(20):
            await trio.sleep(0.002)
        trio.lowlevel.remove_instrument(steps)
        assert health.idle is not wish.wanted
        nursery.cancel_scope.cancel()
    return steps


async def test_while_it_is_wanted_the_loop_never_sleeps_and_the_others_still_run() -> None:
    steps = await watched(Wish(wanted=True))

    assert steps.slept == 0
    assert steps.passes >= 20, "at least one for each of theirs"


async def test_while_it_is_not_the_loop_sleeps() -> None:
    steps = await watched(Wish(wanted=False))

    assert steps.slept > 0, "unless each moment is over before it begins"


async def test_it_hears_within_a_moment_that_it_is_wanted() -> None:
    wish, steps = Wish(wanted=False), Steps()
    vigil = Vigil(wanted=wish, now_ns=RealEnv(1).now_ns, health=Health("vigil"))
    async with trio.open_nursery() as nursery:
        await nursery.start(vigil.run)
        wish.wanted = True
        await trio.sleep(2 * LOOK_S)
        trio.lowlevel.add_instrument(steps)
        await trio.sleep(0.01)
        trio.lowlevel.remove_instrument(steps)
        nursery.cancel_scope.cancel()

    assert steps.slept == 0
