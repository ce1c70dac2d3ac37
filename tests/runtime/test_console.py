"""A terminal that does not take our lines costs lines, never time."""

import trio
import trio.testing

from actors.runtime.console import GATHER_S, Console
from actors.runtime.mailbox import Mailbox
from actors.runtime.memory import MemoryNetwork, SeededEnv


async def test_lines_are_written_whole_and_in_order(
    autojump_clock: trio.testing.MockClock,
) -> None:
    inbox: Mailbox[str] = Mailbox("console", 8, "drop_newest")
    written: list[bytes] = []
    console = Console(env=SeededEnv(1, MemoryNetwork(1)), inbox=inbox, write=written.append)

    async with trio.open_nursery() as nursery:
        await nursery.start(console.run)
        for line in ("1-0", "2-0", "a lone surrogate: \ud800"):
            inbox.post(line)
        await trio.sleep(2 * GATHER_S)
        nursery.cancel_scope.cancel()

    assert written == [b"1-0\n2-0\na lone surrogate: \\ud800\n"], "in one trip"


async def test_a_line_that_waits_for_company_is_written_when_the_tree_drains(
    autojump_clock: trio.testing.MockClock,
) -> None:
    inbox: Mailbox[str] = Mailbox("console", 8, "drop_newest")
    written: list[bytes] = []
    console = Console(env=SeededEnv(1, MemoryNetwork(1)), inbox=inbox, write=written.append)

    async with trio.open_nursery() as nursery:
        await nursery.start(console.run)
        inbox.post("1-0")
        await trio.testing.wait_all_tasks_blocked()
        inbox.post("2-0")
        await console.drain()
        nursery.cancel_scope.cancel()

    assert written == [b"1-0\n2-0\n"]


async def test_what_nobody_reads_is_dropped_and_counted(
    autojump_clock: trio.testing.MockClock,
) -> None:
    inbox: Mailbox[str] = Mailbox("console", 4, "drop_newest")

    for goal in range(10):
        inbox.post(str(goal))

    assert inbox.counts().dropped == 6
