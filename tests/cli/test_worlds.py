"""A world beside us is missed as soon as it is gone, whoever started it."""

from pathlib import Path

import pytest
import trio

from actors.cli.worlds import Beside
from actors.runtime.env import Endpoint, RealEnv
from actors.runtime.process import child_process

SOON_S = 60.0


async def attend(stream: trio.abc.Stream) -> None:
    """Hang up on whoever says nothing, at once."""
    await stream.aclose()


async def test_a_world_that_was_attached_to_is_gone_when_nobody_answers_its_door() -> None:
    env = RealEnv()
    async with trio.open_nursery() as nursery:
        door: Endpoint = await nursery.start(env.listen, Endpoint("127.0.0.1", 0), attend)
        beside = Beside(env=env, handshake={}, door=door, child=None)
        # Hung up on again and again, and there all the same.
        with trio.move_on_after(0.5):
            pytest.fail(await beside.gone())
        nursery.cancel_scope.cancel()

    with trio.fail_after(SOON_S):
        why = await beside.gone()
    assert why == f"world: nobody answers at {door.authority} any more"


async def test_a_world_of_our_own_is_gone_with_its_process(tmp_path: Path) -> None:
    (tmp_path / "guest.py").write_text("raise SystemExit(3)\n")
    door = Endpoint("127.0.0.1", 1)

    async with child_process("world", ["guest"], root=tmp_path, log=tmp_path / "log") as child:
        beside = Beside(env=RealEnv(), handshake={}, door=door, child=child)
        with trio.fail_after(SOON_S):
            why = await beside.gone()

    assert why == "world: ended unexpectedly (exit code 3)"


def test_a_world_s_speed_is_what_its_handshake_says() -> None:
    door = Endpoint("127.0.0.1", 1)

    beside = Beside(env=RealEnv(), handshake={"speed": 60}, door=door, child=None)

    assert beside.speed == 60.0
