"""Streams of random numbers, one for each thing that is drawn.

Every draw of the world comes from a stream named by the seed and by what it
decides (a match, a goal, an agent). A stream is never shared, so one agent that
acts more often moves nobody else's draws, and no draw can depend on what any
account does.
"""

import random


def stream(seed: int, *names: str | int) -> random.Random:
    """Return the stream of ``names`` under ``seed``, always from its beginning.

    Seeded with text, whose hash is SHA-512 and the same in every process.
    """
    return random.Random("/".join(map(str, (seed, *names))))
