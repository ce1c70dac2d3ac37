"""Gets one rule after the other wrong, and shows that a test notices each.

Run as ``python tests/system/rule_driver.py [--part PART] [--only TEXT]... [--jobs N]`` from the
checkout. The changes are listed in ``rules/``. Each is made in a copy of the tree in a temporary
folder, never in the checkout, and the tests of its file are run there until one of them fails.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Final

import attrs

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from actors.runtime import checkout
from tests.shared import VARIABLE, at_hand
from tests.system.rules.lists import TESTS, mutants
from tests.system.rules.mutants import PARTS, Mutant, Part
from tests.system.stage import ROOT

COPIED: Final = ("actors", "docs", "tests", "pyproject.toml", "supervisor.py", "README.md")
DRIVER: Final = "python tests/system/rule_driver.py"
WHAT: Final[Mapping[Part, str]] = {
    "rules": "rules of fees, positions, netting, collateral and settlement, in one of two copies",
    "guards": "rules of gate, ladder, budgets, losses, reviews, pace, delays, marks and cash",
    "orders": "rules from a won race to a position that is sold again",
    "race": "rules of who reported a score first, and whether it stands",
}
LONGEST_S: Final = 240.0
"""Tests that take so long were brought to a halt by the change, which is noticed too."""
UNCHANGED_S: Final = 1_800.0
"""The most that all of them may take while nothing is wrong."""


@attrs.frozen
class Trial:
    """What the tests said to one wrong rule."""

    mutant: Mutant
    killed_by: str
    """The first test that failed; empty if none did."""

    @property
    def line(self) -> str:
        said = f"killed by {self.killed_by}" if self.killed_by else "SURVIVED"
        return f"{self.mutant.file}: {self.mutant.rule}: {said}"


class Broken(Exception):
    """The tests could not be run, or fail without any change."""


def copy_tree(folder: Path) -> Path:
    """Copy what the tests need of the checkout into ``folder``."""
    tree = folder / "tree"
    tree.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tree / name)
    return tree


def first_failure(tree: Path, tests: Sequence[str], longest_s: float = LONGEST_S) -> str:
    """Run tests in a copy; return the first that fails, empty if none does.

    Args:
        tree: The copy.
        tests: Files of it.
        longest_s: After so long they have failed.

    Raises:
        Broken: They could not be run.
    """
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    command += ["--disable-plugin-autoload", *tests]
    beside = at_hand()
    try:
        ran = subprocess.run(
            command,
            cwd=tree,
            env={**os.environ, **({} if beside is None else {VARIABLE: str(beside)})},
            capture_output=True,
            text=True,
            timeout=longest_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"a halt of {longest_s:g} s"
    if ran.returncode == 0:
        return ""
    failed = [line for line in ran.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if ran.returncode != 1 and not failed:
        raise Broken(ran.stdout[-2_000:] + ran.stderr[-2_000:])
    return failed[0].split(" - ")[0].split(" ", 1)[1]


def try_out(tree: Path, mutant: Mutant) -> Trial:
    """Get one rule wrong in a copy, run its tests, and put it right again."""
    path = tree / mutant.file
    right = path.read_text("utf-8")
    if right.count(mutant.old) != 1:
        raise Broken(f"{mutant.file}: {mutant.rule}: {mutant.old!r} does not stand there once")
    path.write_text(right.replace(mutant.old, mutant.new), "utf-8")
    try:
        return Trial(mutant, first_failure(tree, TESTS[mutant.file]))
    finally:
        path.write_text(right, "utf-8")


def try_all(chosen: Sequence[Mutant], jobs: int) -> Iterator[Trial]:
    """Try every mutant, several copies at a time; yield in the order of the list."""
    with tempfile.TemporaryDirectory(prefix="touchline-rules-") as folder:
        trees: SimpleQueue[Path] = SimpleQueue()
        for number in range(jobs):
            trees.put(copy_tree(Path(folder) / str(number)))

        def each(mutant: Mutant) -> Trial:
            tree = trees.get()
            try:
                return try_out(tree, mutant)
            finally:
                trees.put(tree)

        tree = trees.get()
        asked = {test: None for mutant in chosen for test in TESTS[mutant.file]}
        unchanged = first_failure(tree, tuple(asked), UNCHANGED_S)
        trees.put(tree)
        if unchanged:
            raise Broken(f"fails without any change: {unchanged}")
        with ThreadPoolExecutor(max_workers=jobs) as pool:
            yield from pool.map(each, chosen)


def main() -> int:
    """Try the rules that were asked for; 0 if each change was noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=PARTS, default="rules", help="which list (rules)")
    parser.add_argument(
        "--only", action="append", default=[], metavar="TEXT", help="files and rules with it"
    )
    parser.add_argument("--jobs", type=int, default=2, help="copies at work (2)")
    parser.add_argument("--proof", type=Path, metavar="FILE", help="add a JSON line there")
    asked = parser.parse_args()
    wanted: list[str] = asked.only or [""]
    chosen = [
        each
        for each in mutants()
        if each.part == asked.part and any(text in f"{each.file}: {each.rule}" for text in wanted)
    ]
    if not chosen or asked.jobs < 1:
        parser.error("no such rule, or no copy to try it in")
    began_s, trials = time.monotonic(), list[Trial]()
    try:
        for trial in try_all(chosen, asked.jobs):
            trials.append(trial)
            passed_s = time.monotonic() - began_s
            print(f"{passed_s:4.0f} s {len(trials)}/{len(chosen)} {trial.line}", flush=True)
    except Broken as error:
        print(error, file=sys.stderr)
        return 2
    killed = sum(bool(trial.killed_by) for trial in trials)
    print(f"{killed} of {len(trials)} wrong rules were noticed")
    for trial in trials:
        if not trial.killed_by:
            print(f"{trial.line}: {trial.mutant.old!r} -> {trial.mutant.new!r}")
    if asked.proof is not None:
        _append_proof(asked.proof, asked.part, asked.only, len(trials), killed)
    return 0 if killed == len(trials) else 1


def _append_proof(path: Path, part: Part, only: Sequence[str], tried: int, killed: int) -> None:
    """Add one line to the proofs: what was run at which commit, and how it came out."""
    line = {
        "target": f"prove-{part}",
        "commit": checkout.commit(ROOT),
        "command": f"{DRIVER} --part {part}" + "".join(f" --only '{text}'" for text in only),
        "n": tried,
        "figure": killed,
        "bar": tried,
        "held": killed == tried,
        "what": f"{WHAT[part]}, each got wrong, that a test noticed",
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    sys.exit(main())
