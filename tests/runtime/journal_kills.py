"""Writers that are killed at work: prints the numbers whose append had returned.

Run as ``journal_kills.py FOLDER ANCHORS KILLS`` from the checkout. Each writer
opens the journal that the one before it left, appends, and says so on a pipe
after every append; it is killed at a random moment.
"""

import json
import os
import random
import signal
import struct
import sys
import time
from pathlib import Path

import trio

sys.path.insert(0, str(Path(__file__).parents[2]))

from actors.runtime.env import RealEnv
from actors.runtime.journal import Journal
from tests.runtime.journals import CODEC, opening, roll

NUMBER = struct.Struct("<Q")


async def write(folder: str, anchors: str, pipe: int, number: int) -> None:
    """Append for ever, in a journal that rotates often."""
    journal = Journal.open(
        RealEnv(), folder, CODEC, opening, anchor_file=anchors, segment_bytes=16_384
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(journal.run)
        while True:
            for _ in range(10):
                number += 1
                journal.append(roll(number))
                os.write(pipe, NUMBER.pack(number))
            journal.sync_soon()
            await trio.sleep(0.001)


def one_kill(folder: str, anchors: str, number: int, life_s: float) -> list[int]:
    """Let one writer live for ``life_s`` and return what it said it had appended."""
    said, pipe = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(said)
        trio.run(write, folder, anchors, pipe, number)
        os._exit(1)
    os.close(pipe)
    time.sleep(life_s)  # noqa: TID251 - the writer's life, and no loop runs here
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with open(said, "rb") as reader:  # noqa: PTH123 - a descriptor, not a path
        data = reader.read()
    return [each for (each,) in NUMBER.iter_unpack(data[: len(data) // NUMBER.size * NUMBER.size])]


def main() -> None:
    """Kill as many writers as asked, and print all that they acknowledged."""
    folder, anchors, kills = sys.argv[1], sys.argv[2], int(sys.argv[3])
    rng = random.Random(kills)
    acknowledged: list[int] = []
    number = 0
    for _ in range(kills):
        acknowledged += one_kill(folder, anchors, number, 0.03 + 0.05 * rng.random())
        number = max(acknowledged, default=0) + 1_000
    json.dump(acknowledged, sys.stdout)


if __name__ == "__main__":
    main()
