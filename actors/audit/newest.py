"""Tables that keep their newest rows and let go of the oldest, so that none grows for ever."""

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def keep(rows: dict[K, V], name: K, value: V, most: int) -> None:
    """Put a row in, and let go of the oldest if there are then more than ``most``."""
    rows[name] = value
    if len(rows) > most:
        del rows[next(iter(rows))]
