"""The real process with an executor that crashes when a signal says so; ``reversals.py`` runs it.

It stands before ``supervisor.py`` as a program. Nothing of the system is changed but that:
the limit on restarts is lifted, and each crash is the first after a good life.
"""

import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

import attrs
import trio

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import supervisor
from actors.cli.soil import Soil
from actors.runtime.child import Child, Run

BLOW: Final = signal.SIGRTMIN
"""A signal that the process itself has no use for."""
VICTIM: Final = "executor"
"""It takes planner and arbiter with it."""


class Struck(Exception):
    """What a crash raises."""


@attrs.define(eq=False)
class Mortal:
    """A child's run that ends in an exception at every signal."""

    run: Run

    async def __call__(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Live as it would, until it is struck."""
        async with trio.open_nursery() as nursery:
            with trio.open_signal_receiver(BLOW) as blows:
                nursery.start_soon(_die, blows)
                await self.run(task_status=task_status)
            nursery.cancel_scope.cancel()


async def _die(blows: AsyncIterator[int]) -> None:
    async for _ in blows:
        raise Struck


def _mortal(child: Child) -> Child:
    if child.id != VICTIM:
        return child
    policy = attrs.evolve(child.policy, max_restarts=None, good_after_s=0.0)
    return attrs.evolve(child, run=Mortal(child.run), policy=policy)


def main(arguments: Sequence[str]) -> int:
    """Be ``supervisor.py``; return its exit code."""
    # One that comes while the executor is away must not end the process.
    signal.signal(BLOW, signal.SIG_IGN)
    plant = supervisor.plant

    def planted(soil: Soil) -> supervisor.Tree:
        tree = plant(soil)
        for branch in tree.roster.branches.values():
            if any(child.id == VICTIM for child in branch.children):
                branch.children = [_mortal(child) for child in branch.children]
                branch.max_restarts = None
        return tree

    supervisor.plant = planted
    return supervisor.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
