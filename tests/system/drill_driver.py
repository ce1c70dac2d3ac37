"""Takes the real process through every drill: guards, stops, signals, spoilt disks, a leak.

Run as ``python tests/system/drill_driver.py [--proof FILE]`` from the checkout. The drills
are tests marked ``drill``, which ``make test`` leaves out because each of them needs a
world and a process or two of its own.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

import attrs
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from actors.runtime import checkout

ROOT: Final = Path(__file__).resolve().parents[2]


@attrs.define
class Count:
    """How the drills came out. A plugin of the test runner's."""

    run: int = 0
    held: int = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the word on one drill, or on what had to stand before it."""
        if report.when == "call":
            self.run += 1
            self.held += report.passed
        elif report.failed:
            self.run += 1


def main() -> int:
    """Run them all; 0 if every one held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--proof", type=Path, metavar="FILE", help="add a JSON line there")
    chosen = parser.parse_args()
    count = Count()
    pytest.main(["-q", "-m", "drill", "-p", "no:xdist", str(ROOT / "tests" / "system")], [count])
    held = count.run > 0 and count.held == count.run
    if chosen.proof is not None:
        line = {
            "target": "prove-drills",
            "commit": checkout.commit(ROOT),
            "command": "python tests/system/drill_driver.py",
            "n": count.run,
            "figure": count.held,
            "bar": count.run,
            "what": "drills of the real process: a day on prod with every guard on, clocks apart,"
            " a person at the terminal, drift taken over, three spoilt disks, a drain with orders"
            " in flight, signals over a kill, and a key that is never seen",
        }
        with chosen.proof.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
