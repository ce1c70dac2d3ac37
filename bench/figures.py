"""What a case's rounds come to: percentiles, the median of the rounds, the table."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

import attrs

PERCENTILES: Final = (0.5, 0.99, 0.999)
TOUCHLINE: Final = "touchline"
LOADED: Final = "touchline_loaded"
AWAKE: Final = "touchline_awake"
"""With a core given to a loop that never sleeps, as the profile ``base`` has it."""
LOADED_AWAKE: Final = "touchline_awake_loaded"
QUIET_OF: Final = {LOADED: TOUCHLINE, LOADED_AWAKE: AWAKE}
"""Each loaded case, and the quiet one that it is held against."""
OURS: Final = frozenset({TOUCHLINE, LOADED, AWAKE, LOADED_AWAKE})
"""The system itself, one way or another."""
LOADED_BAR: Final = 2.0
"""Of the loaded 99th percentile over the unloaded one (design section 12)."""
FLOOR: Final = "c_floor"
NODE: Final = "node"
NAME_WIDTH: Final = 23
"""Of a case's name, in every table."""


@attrs.frozen(kw_only=True)
class Round:
    """One round of one case."""

    took_ns: tuple[int, ...]
    """Frame sent to whole order read, one for each event that an order came of."""
    missed: int
    """Events that no order came of in time."""
    cpu_ns: int
    """Processor time of the program, all its threads, while the events were played."""


@attrs.frozen(kw_only=True)
class Figures:
    """One case over all its rounds; each percentile is the median of the rounds'."""

    p50_us: float
    p99_us: float
    p999_us: float
    n: int
    missed: int
    cpu_us: float
    """Processor time of the program for one event, everything it does meanwhile included."""


def percentile(sorted_ns: Sequence[int], share: float) -> int:
    """Return the value that ``share`` of the values do not exceed (nearest rank)."""
    return sorted_ns[min(len(sorted_ns) - 1, int(len(sorted_ns) * share))]


def of(took_ns: Sequence[int]) -> Figures:
    """Return the figures of some times on their own; there must be one."""
    return figures([Round(took_ns=tuple(took_ns), missed=0, cpu_ns=0)])


def figures(rounds: Sequence[Round]) -> Figures:
    """Bring the rounds of one case together; at least one event must have been answered."""
    ordered = [sorted(each.took_ns) for each in rounds if each.took_ns]
    p50, p99, p999 = (
        round(median(percentile(values, share) for values in ordered) / 1e3, 1)
        for share in PERCENTILES
    )
    return Figures(
        p50_us=p50,
        p99_us=p99,
        p999_us=p999,
        n=sum(len(values) for values in ordered),
        missed=sum(each.missed for each in rounds),
        cpu_us=round(
            median(each.cpu_ns / (len(each.took_ns) + each.missed) for each in rounds) / 1e3, 1
        ),
    )


def table(results: Mapping[str, Figures], absent: Mapping[str, str]) -> list[str]:
    """Return the lines of the table, with what could not be shown and why."""
    floor, node = results.get(FLOOR), results.get(NODE)
    heads = ["p50 us", "p99 us", "p99.9 us", "n", "missed", "cpu us"]
    heads += ["p50 x C", "p50 x Node", "p99 x Node"]
    lines = [f"{'case':<{NAME_WIDTH}}" + "".join(f"{head:>11}" for head in heads)]
    for name, one in results.items():
        cells = (
            f"{one.p50_us:.0f}",
            f"{one.p99_us:.0f}",
            f"{one.p999_us:.0f}",
            str(one.n),
            str(one.missed),
            f"{one.cpu_us:.0f}",
            _times(one.p50_us, None if floor is None else floor.p50_us),
            _times(one.p50_us, None if node is None else node.p50_us),
            _times(one.p99_us, None if node is None else node.p99_us),
        )
        lines.append(f"{name:<{NAME_WIDTH}}" + "".join(f"{cell:>11}" for cell in cells))
    for busy, calm in QUIET_OF.items():
        if busy in results and calm in results:
            ratio = results[busy].p99_us / results[calm].p99_us
            lines.append(f"{busy} over {calm}: p99 x {ratio:.2f} (bar {LOADED_BAR:g})")
    for name, reason in absent.items():
        word = "rounds before alone" if name in results else "not shown"
        lines.append(f"{name:<{NAME_WIDTH}} {word}: {reason}")
    return lines


def _times(value: float, of: float | None) -> str:
    return f"{value / of:.2f}" if of else "-"
