"""Thousands of collapsing books while a goal falls: nothing may be sold below the floor."""

import argparse
import json
import multiprocessing
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from actors.runtime import checkout
from tests.trader.collapse import Collapse, collapse

ROOT: Final = Path(__file__).resolve().parents[2]
CASES: Final = 10_000
PROCESSES: Final = 3
TOLD: Final = 1_000
"""A line for each so many."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases; return 1 if any of them sold below its floor, or did not end."""
    parser = argparse.ArgumentParser(prog="floor_driver.py", description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES, metavar="N", help=f"({CASES})")
    parser.add_argument("--first-seed", type=int, default=1, metavar="N", help="(1)")
    parser.add_argument("--proof", type=Path, metavar="FILE", help="add a JSON line there")
    chosen = parser.parse_args(arguments)
    seeds = range(chosen.first_seed, chosen.first_seed + chosen.cases)
    cases: list[Collapse] = []
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES) as pool:
        for seed, case in zip(seeds, pool.imap(collapse, seeds, chunksize=20), strict=True):
            cases.append(case)
            if not case.is_sound:
                print(f"seed {seed}: {case}", flush=True)
            if len(cases) % TOLD == 0:
                print(f"{len(cases)} books", flush=True)
    beyond, unsound = sum(case.beyond for case in cases), [c for c in cases if not c.is_sound]
    sold, held = sum(c.sold_centi > 0 for c in cases), sum(c.held_centi > 0 for c in cases)
    print(
        f"{len(cases)} books, {sum(case.orders for case in cases)} orders: {beyond} below the"
        f" floor; something was sold in {sold}, something held in {held}"
    )
    if chosen.proof is not None:
        line = {
            "target": "prove-floor",
            "commit": checkout.commit(ROOT),
            "command": f"tests/trader/floor_driver.py --cases {chosen.cases}"
            f" --first-seed {chosen.first_seed}",
            "n": len(cases),
            "figure": beyond,
            "bar": 0,
            "held": not unsound,
            "what": "orders and executions below the floor, over random collapsing books",
        }
        with chosen.proof.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    return 1 if unsound else 0


if __name__ == "__main__":
    sys.exit(main())
