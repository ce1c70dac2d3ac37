"""Proves the venue's arithmetic over many random histories.

Run as ``python tests/sim/venue/history_driver.py [--histories N] [--first-seed N]`` from the
checkout. In each history four members with two accounts each do anything at all: every kind
of order, amendments, groups, transfers, pauses, changes of fees, collateral that comes back,
and every kind of settlement. After each step no book is crossed and all money adds up to
nothing missing; at the end the statement equals the ledger. What it is held to is computed a
second time, from the exchange's documents alone (``second_ledger.py``).
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import attrs

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from actors.runtime import checkout
from tests.sim.venue.histories import live
from tests.system.stage import ROOT

HISTORIES: Final = 10_000
BATCH: Final = 50
"""Histories that one process lives at a stretch."""
SHOWN: Final = 10
"""Failures that are printed; the rest are counted."""
DRIVER: Final = "python tests/sim/venue/history_driver.py"


@attrs.define
class Batch:
    """What some histories came to."""

    lived: int = 0
    fills: int = 0
    settlements: int = 0
    returned: int = 0
    failed: list[tuple[int, str]] = attrs.field(factory=list)
    """Seeds, and what was wrong first."""

    def add(self, other: "Batch") -> None:
        self.lived += other.lived
        self.fills += other.fills
        self.settlements += other.settlements
        self.returned += other.returned
        self.failed += other.failed

    @property
    def line(self) -> str:
        return (
            f"{self.lived} histories: {self.fills} executions, {self.settlements} settlements, "
            f"{self.returned} times collateral came back; {len(self.failed)} not whole"
        )


def live_all(seeds: range) -> Batch:
    """Live the histories of some seeds; one that is not whole does not stop the others."""
    batch = Batch()
    for seed in seeds:
        batch.lived += 1
        try:
            lived = live(seed)
        except Exception as error:  # noqa: BLE001 - whatever a history ends in is a finding
            batch.failed.append((seed, f"{type(error).__name__}: {error}"[:400]))
            continue
        batch.fills += lived.fills
        batch.settlements += lived.settlements
        batch.returned += lived.returned
    return batch


def batches(first: int, histories: int, jobs: int) -> Iterator[Batch]:
    """Live histories, several processes at a time."""
    end = first + histories
    work = [range(at, min(at + BATCH, end)) for at in range(first, end, BATCH)]
    if jobs == 1:
        yield from map(live_all, work)
        return
    with ProcessPoolExecutor(max_workers=jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(live_all, work)


def main() -> int:
    """Live the histories that were asked for; 0 if all of them were whole."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=HISTORIES, help=f"({HISTORIES})")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parser.add_argument("--proof", type=Path, metavar="FILE", help="add a JSON line there")
    chosen = parser.parse_args()
    if chosen.histories < 1 or chosen.jobs < 1:
        parser.error("at least one history, and one process")
    began_s, whole = time.monotonic(), Batch()
    for batch in batches(chosen.first_seed, chosen.histories, chosen.jobs):
        for seed, fault in batch.failed[: max(0, SHOWN - len(whole.failed))]:
            print(f"seed {seed}: {fault}", flush=True)
            print(f"  again: {DRIVER} --first-seed {seed} --histories 1 --jobs 1")
        whole.add(batch)
        passed_s = time.monotonic() - began_s
        left_s = passed_s / whole.lived * (chosen.histories - whole.lived)
        if whole.lived % 500 < BATCH or whole.lived == chosen.histories:
            print(f"{passed_s:4.0f} s, {left_s:.0f} s to go: {whole.line}", flush=True)
    if chosen.proof is not None:
        _append_proof(chosen.proof, chosen, whole)
    return 1 if whole.failed else 0


def _append_proof(path: Path, chosen: argparse.Namespace, whole: Batch) -> None:
    """Add one line to the proofs: what was run at which commit, and how it came out."""
    line = {
        "target": "prove-venue",
        "commit": checkout.commit(ROOT),
        "command": f"{DRIVER} --histories {chosen.histories} --first-seed {chosen.first_seed}",
        "n": whole.lived,
        "figure": whole.lived - len(whole.failed),
        "bar": chosen.histories,
        "held": not whole.failed,
        "what": f"random histories with {whole.fills} executions and {whole.settlements} "
        f"settlements in all, {whole.returned} times with collateral returned, in which no book "
        "was ever crossed, no micro-dollar was missing, and the statement equals the ledger",
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    sys.exit(main())
