"""``make prove-agents``: thousands of goals over some seeds, and the races' figures of each.

Each seed is played in a process of its own; a figure holds if it holds in all of them taken
together. The line of proof has every figure with its interval.
"""

import argparse
import json
import multiprocessing
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from actors.runtime import checkout
from actors.sim.calibration import AHEAD_S, Season, play
from actors.sim.calibration_figures import Figure, figures
from actors.sim.feedtiming import FIVE

ROOT: Final = Path(__file__).resolve().parents[2]
GOALS: Final = 2_000
SEEDS: Final = 3
PROCESSES: Final = 2


def seasons(goals: int, seed: int) -> tuple[Season, Season]:
    """Play one seed's goals, plainly and faster."""
    return play(seed, goals, feeds=FIVE), play(seed, goals, feeds=FIVE, ahead_s=AHEAD_S)


def together(played: Sequence[Season]) -> Season:
    """Return all of them as one season; matches of two seeds are two matches."""
    return Season(
        races=tuple(race for season in played for race in season.races),
        priced_in=tuple(way for season in played for way in season.priced_in),
        pulled=tuple(was for season in played for was in season.pulled),
    )


def main() -> int:
    """Run it; return 0 if every figure holds."""
    parser = argparse.ArgumentParser(prog="calibration_driver.py", description=__doc__)
    parser.add_argument("--goals", type=int, default=GOALS, metavar="N", help=f"a seed ({GOALS})")
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N", help=f"from 1 ({SEEDS})")
    parser.add_argument("--proof", type=Path, metavar="FILE", help="add a JSON line there")
    chosen = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(PROCESSES, chosen.seeds)) as pool:
        played = pool.map(partial(seasons, chosen.goals), range(1, chosen.seeds + 1))
    for seed, (plain, faster) in enumerate(played, 1):
        print(f"seed {seed}: {len(plain.races)} goals")
        _show(figures(plain, faster))
    found = figures(together([one for one, _ in played]), together([two for _, two in played]))
    print("all together")
    _show(found)
    if chosen.proof is not None:
        _append_proof(chosen.proof, chosen, sum(len(one.races) for one, _ in played), found)
    return 0 if all(figure.holds for figure in found) else 1


def _show(found: Sequence[Figure]) -> None:
    for figure in found:
        print(f"  {figure.line()}", flush=True)


def _append_proof(
    path: Path, chosen: argparse.Namespace, goals: int, found: Sequence[Figure]
) -> None:
    line = {
        "target": "prove-agents",
        "commit": checkout.commit(ROOT),
        "command": f"tests/sim/calibration_driver.py --goals {chosen.goals} --seeds {chosen.seeds}",
        "n": goals,
        "figure": sum(figure.holds for figure in found),
        "bar": len(found),
        "held": all(figure.holds for figure in found),
        "found": [figure.line() for figure in found],
        "what": "figures of the world's races that are where those of the original were",
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    sys.exit(main())
