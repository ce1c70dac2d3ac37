"""Proves that our client survives each thing that the venue may do to it, one day for each.

Run as ``python tests/system/weather_driver.py [--seeds N]`` from the checkout. In each day one
thing goes wrong again and again, with calm between; at its end every order has come to the
end that it had at the venue, nothing was traded twice, and the statement's difference is 0.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Final

import structlog

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from actors.runtime import checkout
from actors.runtime.memory import run_seeded
from tests.sim.venue.weathers import WEATHERS
from tests.system import test_weathers
from tests.system.stage import ROOT

TIMES: Final = 3
"""How often each comes in its day."""


def main() -> int:
    """Live every day that was asked for; 0 if nothing was lost in any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="days of each kind (1)")
    parser.add_argument("--proof", type=Path, metavar="FILE", help="add a JSON line there")
    chosen = parser.parse_args()
    if chosen.seeds < 1:
        parser.error("at least one day")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("CRITICAL"))
    days = failed = 0
    for weather in WEATHERS:
        for seed in range(1, chosen.seeds + 1):
            began_s, days, said = time.monotonic(), days + 1, "whole"
            try:
                lived = run_seeded(seed, test_weathers.live, seed, (weather,) * TIMES)
                test_weathers.hold(lived)
            except Exception as error:  # noqa: BLE001 - whatever a day ends in is a finding
                failed, said = failed + 1, f"{type(error).__name__}: {error}"[:300]
            passed_s = time.monotonic() - began_s
            print(f"{weather.name}, seed {seed}: {said} ({passed_s:.1f} s)", flush=True)
    print(f"{days} days, {failed} not whole")
    if chosen.proof is not None:
        line = {
            "target": "prove-weathers",
            "commit": checkout.commit(ROOT),
            "command": f"python tests/system/weather_driver.py --seeds {chosen.seeds}",
            "n": days,
            "figure": days - failed,
            "bar": days,
            "held": not failed,
            "what": f"seeded days of {len(WEATHERS)} kinds, one for each thing that the venue may "
            "do to a client, in which no order was lost and the statement's difference was 0",
        }
        with chosen.proof.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
