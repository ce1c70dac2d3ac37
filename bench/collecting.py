"""``python bench/collecting.py``: what garbage collection costs a goal, by when it is done.

The real case of the bench in interleaved rounds, with collections in quiet instants, by
Python itself, and not at all; the profile's ``runtime.collection`` makes the difference.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.cases import (
    PROFILE,
    ROOT,
    STATE,
    Build,
    DidNotRun,
    certificates,
    rss_kib,
    touchline,
    trading_pid,
)
from bench.figures import percentile
from bench.game import Game, Load, goals_of, round_rng
from bench.harness import Gone, Harness
from bench.matches import MOST_GOALS, matches

MODES: Final = ("scheduled", "automatic", "off")
SHARES: Final = (0.5, 0.99, 0.999)
MATCHES: Final = 40


def main() -> int:
    """Print the distribution of each way of collecting."""
    parser = argparse.ArgumentParser(prog="bench/collecting.py", description=__doc__)
    add = parser.add_argument
    add("--events", type=int, default=1_500, metavar="N", help="of each round (1500)")
    add("--rounds", type=int, default=3, metavar="N", help="over the ways (3)")
    add("--gap-ms", type=float, nargs=2, default=(1.0, 6.0), metavar="MS", help="(1 6)")
    add("--loaded", action="store_true", help="under the load of `make prove-load`")
    add("--root", type=Path, default=ROOT, metavar="DIR", help="another tree of the system")
    chosen = parser.parse_args()
    if goals_of(chosen.events) > MATCHES * MOST_GOALS:
        parser.error("too many events for one round")
    gap_s = (chosen.gap_ms[0] / 1e3, chosen.gap_ms[1] / 1e3)
    took: dict[str, list[int]] = {mode: [] for mode in MODES}
    with certificates() as folder:
        for number in range(chosen.rounds):
            turn = number % len(MODES)
            for mode in (*MODES[turn:], *MODES[:turn]):
                build = Build(root=chosen.root.absolute(), profile=_profile(folder, mode))
                try:
                    took[mode] += _round(
                        folder, build, number, chosen.events, gap_s, loaded=chosen.loaded
                    )
                except (DidNotRun, Gone) as error:
                    print(f"round {number + 1}  {mode}: {error}", flush=True)
    print(f"\n{'collection':<12}{'p50 us':>10}{'p99 us':>10}{'p99.9 us':>10}{'max us':>10}{'n':>8}")
    for mode, times in took.items():
        if times:
            times.sort()
            cells = "".join(f"{percentile(times, share) / 1e3:>10.0f}" for share in SHARES)
            print(f"{mode:<12}{cells}{times[-1] / 1e3:>10.0f}{len(times):>8}")
    return 0 if all(took.values()) else 1


def _round(
    folder: Path,
    build: Build,
    number: int,
    events: int,
    gap_s: tuple[float, float],
    *,
    loaded: bool,
) -> list[int]:
    assert build.profile is not None
    mode, state = build.profile.stem, STATE.parent / "collecting"
    with (
        Harness(folder) as harness,
        touchline(harness, folder, state, MATCHES, print, build=build) as running,
    ):
        game, rng = Game(harness, matches(MATCHES), is_bound=True), round_rng(number)
        game.wake()
        load = Load(harness, game, running) if loaded else None
        if load is not None:
            load.turn(on=True)
        game.warm_up(rng, gap_s)
        done, _ = game.play(events, rng, gap_s, running.pid)
        if load is not None:
            load.turn(on=False)
        times = sorted(done.took_ns)
        memory_mib = rss_kib(trading_pid(running.pid)) / 1024
        said = "  ".join(
            f"p{share * 100:g} {percentile(times, share) / 1e3:.0f} us" for share in SHARES
        )
        print(
            f"round {number + 1}  {mode:<10} {said}  missed {done.missed}"
            f"  resident {memory_mib:.1f} MiB",
            flush=True,
        )
        return times


def _profile(folder: Path, mode: str) -> Path:
    """Write the bench's profile with one way of collecting; its name says which."""
    path = folder / f"{mode}.toml"
    path.write_text(f'extends = "{PROFILE}"\n\n[runtime]\ncollection = "{mode}"\n', "utf-8")
    return path


if __name__ == "__main__":
    sys.exit(main())
