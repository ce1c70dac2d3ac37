"""``make bench-vs REV=…``: this tree against one of its commits, goal for goal.

The commit is checked out into a folder of its own, which is gone afterwards. Both trees
are run with the bench profile that each of them has, against the same harness and the
same venue (this tree's), in interleaved rounds: what the machine does meanwhile meets
both. The ratios are the medians of the rounds' ratios.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import attrs

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.cases import HERE, ROOT, STATE, Build, DidNotRun, certificates, touchline
from bench.figures import Figures, figures
from bench.game import Game, Load, goals_of, round_rng
from bench.harness import Gone, Harness
from bench.matches import MOST_GOALS, matches

WORST: Final = 1.10
MATCHES: Final = 40
EVENTS: Final = 600
ROUNDS: Final = 5
GIT_S: Final = 120.0
SHORT: Final = 12


class NoSuchRevision(Exception):
    """A revision that git does not give us, and why."""


@attrs.frozen(kw_only=True)
class Pair:
    """One round of both trees."""

    ours: Figures
    theirs: Figures

    @property
    def ratios(self) -> dict[str, float]:
        """Ours over theirs; above one is worse."""
        return {
            "p50": self.ours.p50_us / self.theirs.p50_us,
            "p99": self.ours.p99_us / self.theirs.p99_us,
            # The kernel counts in hundredths of a second, and a short round may have none.
            "cpu": self.ours.cpu_us / max(self.theirs.cpu_us, 1.0),
        }


def main() -> int:
    """Compare; return 1 if this tree is worse than allowed, 2 if it cannot be said."""
    parser = argparse.ArgumentParser(prog="bench/versus.py", description=__doc__)
    add = parser.add_argument
    add("--rev", required=True, metavar="COMMIT", help="what this tree is compared with")
    add("--worst", type=float, default=WORST, metavar="X", help=f"allowed p50 ratio ({WORST})")
    add("--events", type=int, default=EVENTS, metavar="N", help=f"of each round ({EVENTS})")
    add("--rounds", type=int, default=ROUNDS, metavar="N", help=f"of both trees ({ROUNDS})")
    add("--gap-ms", type=float, nargs=2, default=(1.0, 6.0), metavar="MS", help="(1 6)")
    add("--loaded", action="store_true", help="under the load of `make prove-load`")
    chosen = parser.parse_args()
    if chosen.rounds < 1 or not 0 < goals_of(chosen.events) <= MATCHES * MOST_GOALS:
        parser.error("there must be rounds, and events that fit into one")
    gap_s = (chosen.gap_ms[0] / 1e3, chosen.gap_ms[1] / 1e3)
    pairs: list[Pair] = []
    try:
        with certificates() as folder, checked_out(chosen.rev) as theirs:
            for number in range(chosen.rounds):
                builds = {"this tree": Build(), chosen.rev[:SHORT]: Build(root=theirs)}
                done = _both(folder, builds, number, chosen.events, gap_s, loaded=chosen.loaded)
                ours, others = done.values()
                pairs.append(Pair(ours=ours, theirs=others))
    except (NoSuchRevision, DidNotRun, Gone) as error:
        print(f"bench-vs: {error}", file=sys.stderr)
        return 2
    return _report(pairs, chosen.rev, chosen.worst)


@contextmanager
def checked_out(rev: str) -> Iterator[Path]:
    """Give a folder with the sources of ``rev``, gone afterwards.

    Raises:
        NoSuchRevision: Git has none of that name.
    """
    place = HERE / "build" / "versus"
    place.parent.mkdir(exist_ok=True)
    _remove(place)
    why = _git("worktree", "add", "--detach", "--force", str(place), rev)
    if why:
        raise NoSuchRevision(f"{rev}: {why}")
    try:
        yield place
    finally:
        _remove(place)


def _remove(place: Path) -> None:
    if place.exists():
        _git("worktree", "remove", "--force", str(place))
        shutil.rmtree(place, ignore_errors=True)


def _git(*words: str) -> str:
    """Run git in this tree; return the last line of what it complained about."""
    done = subprocess.run(
        ["git", "-C", str(ROOT), *words],  # noqa: S607 - whichever git the user works with
        check=False,
        timeout=GIT_S,
        capture_output=True,
        text=True,
    )
    if done.returncode == 0:
        return ""
    said = done.stderr.strip().splitlines()
    return said[-1] if said else f"git left with {done.returncode}"


def _both(
    folder: Path,
    builds: dict[str, Build],
    number: int,
    events: int,
    gap_s: tuple[float, float],
    *,
    loaded: bool,
) -> dict[str, Figures]:
    """Run one round of each tree, the other one first in every second round."""
    done: dict[str, Figures] = {}
    order = list(builds) if number % 2 == 0 else list(reversed(builds))
    for name in order:
        state = STATE.parent / "versus-state"
        with (
            Harness(folder) as harness,
            touchline(harness, folder, state, MATCHES, print, build=builds[name]) as running,
        ):
            game, rng = Game(harness, matches(MATCHES), is_bound=True), round_rng(number)
            game.wake()
            load = Load(harness, game, running) if loaded else None
            if load is not None:
                load.turn(on=True)
            game.warm_up(rng, gap_s)
            played, _ = game.play(events, rng, gap_s, running.pid)
            if load is not None:
                load.turn(on=False)
        done[name] = one = figures([played])
        print(
            f"round {number + 1}  {name:<12} p50 {one.p50_us:6.0f} us  p99 {one.p99_us:6.0f} us"
            f"  missed {one.missed}  cpu {one.cpu_us:.0f} us an event",
            flush=True,
        )
        shutil.rmtree(state, ignore_errors=True)
    return {name: done[name] for name in builds}


def _report(pairs: list[Pair], rev: str, worst: float) -> int:
    print(f"\nthis tree over {rev}: median of {len(pairs)} rounds (least to most)")
    ratios = {what: sorted(pair.ratios[what] for pair in pairs) for what in ("p50", "p99", "cpu")}
    for what, values in ratios.items():
        print(f"  {what}  x {median(values):.3f}   ({values[0]:.3f} to {values[-1]:.3f})")
    figure = median(ratios["p50"])
    held = figure <= worst
    print(f"p50 x {figure:.3f}: {'within' if held else 'worse than'} x {worst:g}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
