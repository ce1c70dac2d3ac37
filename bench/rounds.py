"""The bench itself: interleaved rounds over the cases, the table, ``results.json``."""

import argparse
import json
import os
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Final

import attrs

from bench import provision
from bench.cases import (
    HERE,
    PROFILE,
    STATE,
    Build,
    DidNotRun,
    Running,
    certificates,
    overrides,
    peer,
    touchline,
)
from bench.figures import (
    AWAKE,
    LOADED,
    LOADED_AWAKE,
    NAME_WIDTH,
    OURS,
    QUIET_OF,
    TOUCHLINE,
    Figures,
    Round,
    figures,
    table,
)
from bench.game import Game, Load, goals_of, round_rng
from bench.harness import Gone, Harness
from bench.kept import failures
from bench.matches import MOST_GOALS, BenchMatch, matches
from bench.rows import ROWS, say_rows
from bench.stages import SPANS, stage_table

CASES: Final = (TOUCHLINE, AWAKE, LOADED, LOADED_AWAKE, *provision.PEERS)
EVENTS: Final = 3_000
ROUNDS: Final = 5
MATCHES: Final = 40
GAP_MS: Final = "1,6"
FAILURES_MOST: Final = 8
NONE: Final = "none"
RESULTS: Final = HERE / "results.json"

Around = Callable[[Harness, int], AbstractContextManager[Running]]
"""Runs a case against a harness in a round of that number while inside."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; return the exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    # Who names some of the one wants none of the other, unless he says so.
    wanted = CASES if chosen.only is None and not chosen.rows else chosen.only or ()
    rows = tuple(ROWS) if chosen.rows is None and not chosen.only else chosen.rows or ()
    events = -(-chosen.events // chosen.rounds)
    if goals_of(events) > chosen.matches * MOST_GOALS:
        parser.error(f"a round of {events} events needs more than {chosen.matches} matches")
    provision.BUILD.mkdir(exist_ok=True)
    shutil.rmtree(STATE, ignore_errors=True)
    _say_machine()
    with certificates() as folder:
        bench = Bench(
            folder=folder,
            played=matches(chosen.matches),
            events=events,
            gap_s=chosen.gap_ms,
        )
        try:
            bench.run(wanted, chosen.rounds)
        except KeyboardInterrupt:
            print("stopped: what there is so far")
    results = {each: figures(rounds) for each, rounds in bench.rounds.items() if _counts(rounds)}
    if wanted:
        _report(results, bench.absent)
    if rows:
        print("\nthe other rows:")
        _keep(say_rows(rows))
    return 0 if results or not wanted else 1


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
                        around[name](harness, number) as running,
                    ):
                        done = self._round(harness, name, number, running)
                except (DidNotRun, Gone, OSError) as error:
                    self.absent[name] = f"round {number + 1}: {error}"
                    print(
                        f"round {number + 1}  {name:<{NAME_WIDTH}}{self.absent[name]}", flush=True
                    )
                    if name in OURS:
                        _say_failures(_state(name, number) / "journal")
                    continue
                self.rounds.setdefault(name, []).append(done)
                _say_round(number, name, done)

    def _cases(self, wanted: Sequence[str]) -> dict[str, Around]:
        around: dict[str, Around] = {}
        for name in wanted:
            if name in OURS:
                around[name] = partial(self._touchline, name)
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
    ) -> AbstractContextManager[Running]:
        assert number >= 0
        return peer(command, harness, self.folder)

    def _touchline(
        self, name: str, harness: Harness, number: int
    ) -> AbstractContextManager[Running]:
        told = partial(print, flush=True)
        build = Build(profile=_awake()) if name in {AWAKE, LOADED_AWAKE} else Build()
        state, count = _state(name, number), len(self.played)
        return touchline(harness, self.folder, state, count, told, build=build)

    def _round(self, harness: Harness, name: str, number: int, running: Running) -> Round:
        """Play one round against a case that is up."""
        rng = round_rng(number)
        game = Game(harness, self.played, is_bound=name in OURS)
        game.wake()
        load = Load(harness, game, running) if name in QUIET_OF else None
        if load is not None:
            load.turn(on=True)
        game.warm_up(rng, self.gap_s)
        done, spans = game.play(self.events, rng, self.gap_s, running.pid)
        if load is not None:
            load.turn(on=False)
            print(f"round {number + 1}  {name:<{NAME_WIDTH}}load: {load.told()}", flush=True)
        if name in OURS:
            (_state(name, number) / SPANS).write_text(json.dumps(spans), "utf-8")
        return done


def _state(name: str, number: int) -> Path:
    """Return where a round of the system keeps its journal."""
    return STATE / (f"{number + 1}{name.removeprefix(TOUCHLINE).replace('_', '-')}")


def _awake() -> Path:
    """Return the bench profile of a loop that does not sleep, made beside the results."""
    made = provision.BUILD / "awake.toml"
    made.write_text(f"{PROFILE.read_text('utf-8')}\n[runtime]\nkeeps_awake = true\n", "utf-8")
    return made


def _say_failures(journal: Path) -> None:
    """Say which actors failed in a round that did not last, if it left a journal."""
    for line in failures(journal)[:FAILURES_MOST] if journal.is_dir() else []:
        print(f"  {line}", flush=True)


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
        f"round {number + 1}  {name:<{NAME_WIDTH}}p50 {one.p50_us:6.0f} us"
        f"  p99 {one.p99_us:6.0f} us  n {one.n}  missed {one.missed}"
        f"  cpu {one.cpu_us:.0f} us an event",
        flush=True,
    )


def _report(results: dict[str, Figures], absent: dict[str, str]) -> None:
    print("\nframe sent -> whole order read; each percentile is the median of the rounds'.")
    print("cpu: of the whole program, for one event and everything that it does meanwhile.")
    # A case that came up and fell later has figures as well: both are said.
    for line in table({name: results[name] for name in CASES if name in results}, absent):
        print(line)
    journals = [path for path in STATE.glob("*/journal") if path.parent.name.isdecimal()]
    journal = max(journals, key=lambda path: int(path.parent.name), default=None)
    if TOUCHLINE in results and journal is not None:
        print(f"\nwhere touchline's own time goes, by the journal of its last round ({journal}):")
        for line in stage_table(journal):
            print(line)
    kept = {
        name: {"p50_us": one.p50_us, "p99_us": one.p99_us, "p999_us": one.p999_us, "n": one.n}
        for name, one in results.items()
    }
    RESULTS.unlink(missing_ok=True)
    _keep(kept)


def _keep(figures: Mapping[str, object]) -> None:
    """Put figures into the results, beside those that another part of the bench has put there."""
    there: dict[str, object] = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps({**there, **figures}, indent=2) + "\n", "utf-8")
    print(f"\nwritten: {RESULTS}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench/run.py", description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add("--events", type=_count, default=EVENTS, metavar="N", help=f"of each case ({EVENTS})")
    add("--rounds", type=_count, default=ROUNDS, metavar="N", help=f"over the cases ({ROUNDS})")
    add("--matches", type=_count, default=MATCHES, metavar="N", help=f"that are on ({MATCHES})")
    add("--gap-ms", type=_gap, default=GAP_MS, metavar="A,B", help=f"between events ({GAP_MS})")
    add("--only", type=_names(CASES), metavar="CASE,…", help=f"{', '.join(CASES)}; or none")
    add("--rows", type=_names(ROWS), metavar="ROW,…", help=f"{', '.join(ROWS)}; or none")
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


def _names(known: Collection[str]) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        names = () if text == NONE else tuple(text.split(","))
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"no {name!r}; there are {', '.join(known)}")
        return names

    return parse
