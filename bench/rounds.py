"""The bench itself: interleaved rounds over the cases, the table, ``results.json``."""

import argparse
import gc
import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Final

import attrs

from actors.runtime.env import RealEnv
from actors.sim import authority
from bench import provision
from bench.cases import HERE, STATE, DidNotRun, cpu_ns, overrides, peer, touchline
from bench.figures import Figures, Round, figures, table
from bench.harness import Gone, Harness, Span, text_frame
from bench.matches import MOST_GOALS, BenchMatch, matches
from bench.stages import SPANS, stage_table

TOUCHLINE: Final = "touchline"
CASES: Final = (TOUCHLINE, *provision.PEERS)
EVENTS: Final = 3_000
ROUNDS: Final = 5
MATCHES: Final = 40
WARM_UP: Final = 200
"""Events of each round that are not counted, so that caches and compilers have settled."""
GAP_MS: Final = "1,6"
PATIENCE_S: Final = 1.0
WAKE_S: Final = 30.0
"""How long a system that is up may take until its first order."""
MISSES_IN_A_ROW: Final = 20
SEED: Final = 1
RESULTS: Final = HERE / "results.json"

Around = Callable[[Harness, int], AbstractContextManager[int]]
"""Runs a case against a harness in a round of that number while inside; gives its process."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; return the exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    events = -(-chosen.events // chosen.rounds)
    goals = WARM_UP + int(WAKE_S / PATIENCE_S) + 1 + events
    if goals > chosen.matches * MOST_GOALS:
        parser.error(f"a round of {events} events needs more than {chosen.matches} matches")
    provision.BUILD.mkdir(exist_ok=True)
    shutil.rmtree(STATE, ignore_errors=True)
    _say_machine()
    with tempfile.TemporaryDirectory(prefix="touchline-bench-") as name:
        folder = Path(name)
        env = RealEnv()
        authority.issue(env.disk, name, env.wall_ns() // 1_000_000_000)
        bench = Bench(
            folder=folder,
            played=matches(chosen.matches),
            events=events,
            gap_s=chosen.gap_ms,
        )
        try:
            bench.run(chosen.only, chosen.rounds)
        except KeyboardInterrupt:
            print("stopped: what there is so far")
    results = {each: figures(rounds) for each, rounds in bench.rounds.items() if _counts(rounds)}
    _report(results, bench.absent)
    return 0 if results else 1


@attrs.define(eq=False, kw_only=True)
class Bench:
    """All rounds of all cases."""

    folder: Path
    played: tuple[BenchMatch, ...]
    events: int
    """Counted ones of a round."""
    gap_s: tuple[float, float]
    """Least and most time between an order and the next goal."""
    rounds: dict[str, list[Round]] = attrs.field(init=False, factory=dict)
    absent: dict[str, str] = attrs.field(init=False, factory=dict)

    def run(self, wanted: Sequence[str], count: int) -> None:
        """Run every wanted case once in each of ``count`` rounds."""
        around = self._cases(wanted)
        for number in range(count):
            names = [name for name in around if name not in self.absent]
            # Each round begins with another case, so that no case has one neighbour alone.
            turn = number % len(names) if names else 0
            for name in (*names[turn:], *names[:turn]):
                try:
                    with (
                        Harness(self.folder) as harness,
                        around[name](harness, number) as pid,
                    ):
                        done = self._round(harness, name, number, pid)
                except (DidNotRun, Gone, OSError) as error:
                    self.absent[name] = f"round {number + 1}: {error}"
                    print(f"round {number + 1}  {name:<12} {self.absent[name]}", flush=True)
                    continue
                self.rounds.setdefault(name, []).append(done)
                _say_round(number, name, done)

    def _cases(self, wanted: Sequence[str]) -> dict[str, Around]:
        around: dict[str, Around] = {}
        for name in wanted:
            if name == TOUCHLINE:
                around[name] = self._touchline
                continue
            try:
                command = provision.PEERS[name]()
            except provision.NotHere as error:
                self.absent[name] = str(error)
                continue
            around[name] = partial(self._peer, command)
        return around

    def _peer(
        self, command: Sequence[str], harness: Harness, number: int
    ) -> AbstractContextManager[int]:
        assert number >= 0
        return peer(command, harness, self.folder)

    def _touchline(self, harness: Harness, number: int) -> AbstractContextManager[int]:
        told = partial(print, flush=True)
        state = STATE / str(number + 1)
        return touchline(harness, self.folder, state, len(self.played), told)

    def _round(self, harness: Harness, name: str, number: int, pid: int) -> Round:
        """Play one round against a case that is up."""
        rng = random.Random(f"{SEED}:{number}")  # noqa: S311 - the same pauses for every case
        game = _Game(harness, self.played, is_bound=name == TOUCHLINE)
        game.wake()
        for _ in range(WARM_UP):
            harness.attend(rng.uniform(*self.gap_s))
            game.score()
        spans: list[Span] = []
        missed = misses = 0
        used_ns = cpu_ns(pid)
        gc.collect()
        gc.disable()
        try:
            for _ in range(self.events):
                harness.attend(rng.uniform(*self.gap_s))
                span = game.score()
                misses = 0 if span is not None else misses + 1
                missed += misses > 0
                if span is not None:
                    spans.append(span)
                if misses == MISSES_IN_A_ROW:
                    raise DidNotRun(f"no order for {misses} goals in a row")
        finally:
            gc.enable()
        used_ns = cpu_ns(pid) - used_ns
        if name == TOUCHLINE:
            (STATE / str(number + 1) / SPANS).write_text(json.dumps(spans), "utf-8")
        took_ns = tuple(span.read_ns - span.began_ns for span in spans)
        return Round(took_ns=took_ns, missed=missed, cpu_ns=used_ns)


@attrs.define(eq=False)
class _Game:
    """The matches of one round, goal after goal, round-robin."""

    harness: Harness
    played: tuple[BenchMatch, ...]
    is_bound: bool = attrs.field(kw_only=True)
    """Whether an order must name the match that its goal was scored in."""
    _goals: list[int] = attrs.field(init=False)
    _next: int = attrs.field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        self._goals = [0] * len(self.played)

    def wake(self) -> None:
        """Announce every match, then score until orders come.

        Raises:
            DidNotRun: None came.
        """
        if self.is_bound:
            for match in self.played:
                self.harness.tell(text_frame(match.frame(0)))
            self.harness.attend(0.5)
        until_s = time.monotonic() + WAKE_S
        while self.score() is None:
            if time.monotonic() > until_s:
                raise DidNotRun(f"no order within {WAKE_S:g} s of its first goal")

    def score(self) -> Span | None:
        """Score the next goal; return when it was and when its order came, if one came."""
        number = self._next
        self._next = (number + 1) % len(self.played)
        self._goals[number] += 1
        match = self.played[number]
        frame = text_frame(match.frame(self._goals[number]))
        ticker = match.event_ticker.encode() if self.is_bound else None
        span = self.harness.goal(frame, ticker, PATIENCE_S)
        self.harness.echo(frame)
        return span


def _counts(rounds: Sequence[Round]) -> bool:
    return any(each.took_ns for each in rounds)


def _say_machine() -> None:
    load = ", ".join(f"{each:.2f}" for each in os.getloadavg())
    print(f"machine: {os.cpu_count()} cores, load {load}", flush=True)
    changed = overrides()
    print("the bench profile changes, against the shipped profile sim:")
    for line in changed or ["nothing"]:
        print(f"  {line}")


def _say_round(number: int, name: str, done: Round) -> None:
    one = figures([done])
    print(
        f"round {number + 1}  {name:<12} p50 {one.p50_us:6.0f} us  p99 {one.p99_us:6.0f} us"
        f"  n {one.n}  missed {one.missed}  cpu {one.cpu_us:.0f} us an event",
        flush=True,
    )


def _report(results: dict[str, Figures], absent: dict[str, str]) -> None:
    print("\nframe sent -> whole order read; each percentile is the median of the rounds'.")
    print("cpu: of the whole program, for one event and everything that it does meanwhile.")
    # A case that came up and fell later has figures as well: both are said.
    for line in table({name: results[name] for name in CASES if name in results}, absent):
        print(line)
    journals = STATE.glob("*/journal")
    journal = max(journals, key=lambda path: int(path.parent.name), default=None)
    if TOUCHLINE in results and journal is not None:
        print(f"\nwhere touchline's own time goes, by the journal of its last round ({journal}):")
        for line in stage_table(journal):
            print(line)
    kept = {
        name: {"p50_us": one.p50_us, "p99_us": one.p99_us, "p999_us": one.p999_us, "n": one.n}
        for name, one in results.items()
    }
    RESULTS.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
    print(f"\nwritten: {RESULTS}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench/run.py", description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add("--events", type=_count, default=EVENTS, metavar="N", help=f"of each case ({EVENTS})")
    add("--rounds", type=_count, default=ROUNDS, metavar="N", help=f"over the cases ({ROUNDS})")
    add("--matches", type=_count, default=MATCHES, metavar="N", help=f"that are on ({MATCHES})")
    add("--gap-ms", type=_gap, default=GAP_MS, metavar="A,B", help=f"between events ({GAP_MS})")
    add("--only", type=_names, default=CASES, metavar="CASE,…", help=", ".join(CASES))
    return parser


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1: {text}")
    return value


def _gap(text: str) -> tuple[float, float]:
    least, most = (float(part) / 1e3 for part in text.split(","))
    if not 0 < least <= most <= 1:
        raise argparse.ArgumentTypeError(f"must be two numbers above 0, the lesser first: {text}")
    return least, most


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in CASES:
            raise argparse.ArgumentTypeError(f"no case {name!r}; there are {', '.join(CASES)}")
    return names
