"""The simulated world beside a trading process: started as a child, or attached to.

Nothing of it enters the tree but its addresses, by way of the profile (design
section 3). Whoever started it, its end is the end of the run.
"""

import argparse
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import attrs
import trio

import supervisor
from actors.cli.errors import Misuse, WorldGone
from actors.config.state import StateFolder
from actors.runtime.env import BadEndpoint, Endpoint, Env
from actors.runtime.process import ChildFailed, ChildProcess, child_process, read_handshake
from actors.sim.errors import UnknownMatchday
from actors.sim.matchday import matchday

UP_S: Final = 30.0
"""How long a world may take to say its line."""
THERE_S: Final = 5.0
"""How long a running one may take to answer its door."""
REDIAL_S: Final = 0.2
OPTIONS: Final = ("matchday", "speed", "min_gap", "seed")
"""What a world that we start is told, by the names that the options are parsed to."""


@attrs.frozen(kw_only=True)
class Beside:
    """A world that runs beside us."""

    env: Env
    handshake: Mapping[str, Any]
    door: Endpoint
    """Its control socket: there as long as it is."""
    child: ChildProcess | None
    """Its process, where it is ours."""

    @property
    def speed(self) -> float:
        """Match seconds in a wall second."""
        return float(self.handshake["speed"])

    async def gone(self) -> str:
        """Return why it is not there any more, once it is not."""
        if self.child is not None:
            return f"world: ended unexpectedly (exit code {await self.child.wait()})"
        while True:
            try:
                wire = await self.env.dial(self.door)
                async with wire:
                    # It hangs up on whoever says nothing for long, and is there all the same.
                    while await wire.receive_some():
                        pass
            except trio.BrokenResourceError:
                pass  # Hung up on, or gone: the next dial tells.
            except OSError:
                return f"world: nobody answers at {self.door.authority} any more"
            await trio.sleep(REDIAL_S)


def check_options(chosen: argparse.Namespace, *, needs_world: bool) -> None:
    """Refuse what no world could be asked for, before anything is made or started.

    Raises:
        Misuse: One line that says why.
    """
    given = [f"--{name.replace('_', '-')}" for name in OPTIONS if getattr(chosen, name) is not None]
    if not needs_world:
        given += [] if chosen.world is None else ["--world"]
        if given:
            raise Misuse(f"{', '.join(given)}: the profile {chosen.profile!r} has no world")
    elif chosen.world is not None:
        if given:
            raise Misuse(f"{', '.join(given)}: the world in {chosen.world} was started without us")
    elif chosen.matchday is not None:
        try:
            matchday(chosen.matchday)
        except UnknownMatchday as error:
            raise Misuse(f"--matchday: {error}") from error


@asynccontextmanager
async def world(chosen: argparse.Namespace, env: Env, state: StateFolder) -> AsyncIterator[Beside]:
    """Start a world, or attach to a running one, and be beside it while inside.

    Raises:
        WorldGone: There is none, or it could not be started.
    """
    if chosen.world is not None:
        yield await _attach(chosen.world, env)
        return
    arguments = ["actors.sim", "--folder", str(state.world)]
    for name in OPTIONS:
        value = getattr(chosen, name)
        arguments += [] if value is None else [f"--{name.replace('_', '-')}", str(value)]
    log = state.world / "world.log"
    async with child_process("world", arguments, root=supervisor.ROOT, log=log) as child:
        try:
            handshake = await child.first_line(UP_S)
        except ChildFailed as error:
            # What it said on its way out is the one line that helps.
            said = log.read_text("utf-8", "replace").strip().splitlines()[-1:]
            raise WorldGone("\n".join([*said, str(error)])) from error
        yield Beside(env=env, handshake=handshake, door=_door(handshake, "world"), child=child)


async def _attach(file: str, env: Env) -> Beside:
    name = f"world: {file}"
    try:
        line = (await trio.Path(file).read_bytes()).strip()
        handshake = read_handshake(line, name)
    except OSError as error:
        raise WorldGone(f"{name}: {error.strerror}") from error
    except ChildFailed as error:
        raise WorldGone(str(error)) from error
    door = _door(handshake, name)
    try:
        with trio.fail_after(THERE_S):
            await (await env.dial(door)).aclose()
    except (OSError, trio.TooSlowError) as error:
        raise WorldGone(f"{name}: nobody answers at {door.authority}") from error
    return Beside(env=env, handshake=handshake, door=door, child=None)


def _door(handshake: Mapping[str, Any], name: str) -> Endpoint:
    """Return where its control socket is; what it says of itself must be as agreed.

    Raises:
        WorldGone: It is not.
    """
    speed, control = handshake.get("speed"), handshake.get("control")
    if not isinstance(speed, int | float) or not 0 < speed < math.inf:
        raise WorldGone(f"{name}: not a speed in its handshake: {ascii(speed)[:60]}")
    try:
        return Endpoint.parse(f"http://{control if isinstance(control, str) else ''}")
    except BadEndpoint as error:
        raise WorldGone(f"{name}: not a door in its handshake: {ascii(control)[:60]}") from error
