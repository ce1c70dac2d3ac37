"""Manners on the loop: who has more to do than one short step lets the others go first."""

import trio


async def give_way() -> None:
    """Let everybody step who can, and whoever has something to read by now.

    One checkpoint is not enough: trio looks at the sockets and then runs, in random order,
    the tasks that became ready with those that were, so that half of the time a frame
    that waits would be read after the caller's next step.
    """
    await trio.lowlevel.checkpoint()
    await trio.lowlevel.checkpoint()
