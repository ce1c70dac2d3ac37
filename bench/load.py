"""``make prove-load``: minutes of busy books and talking feeds, and nothing lost or piled up.

Goals are scored all the while. After each minute of load comes a quiet stretch of ten
seconds, so that the same run says what the load costs. At the end it is counted whether
the journal has every frame and every change of a book that was sent, how full each
mailbox ever was, and whether the memory of the process grew.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from actors.runtime import checkout
from bench.cases import (
    ROOT,
    STATE,
    Build,
    DidNotRun,
    certificates,
    rss_kib,
    touchline,
    trading_pid,
)
from bench.figures import LOADED_BAR, of
from bench.game import DELTAS_PER_S, FRAMES_PER_S, Game, Load, round_rng
from bench.harness import FEEDS, Gone, Harness, text_frame
from bench.kept import Kept, failures, kept
from bench.matches import matches

MINUTES: Final = 10.0
MATCHES: Final = 40
STRETCH_S: Final = 60.0
QUIET_S: Final = 10.0
GAP_S: Final = (0.060, 0.140)
"""Between two goals: as many as the matches hold in ten minutes, and no more."""
FIRST_S: Final = 120.0
"""What a process grows by until then is its start and no leak; a fifth of a shorter run."""
GROWTH_KIB_A_MINUTE: Final = 1024.0
"""Memory that grows faster is not flat."""
MAILBOX_SHARE: Final = 0.5
HEALTH_S: Final = 10.0
CATCH_UP_S: Final = 10.0
SAMPLE_S: Final = 2.0
MORE_LIFE_S: Final = 600


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that had to hold."""

    what: str
    held: bool
    figure: float | str
    bar: float | str


@attrs.define(eq=False)
class Memory:
    """The resident memory of a process, sampled while nobody scores."""

    pid: int
    samples: list[tuple[float, int]] = attrs.field(init=False, factory=list)
    """Seconds since the start, and KiB."""
    _began_s: float = attrs.field(init=False, factory=time.monotonic)

    def look(self) -> None:
        """Take a sample, if it is time for one."""
        at_s = time.monotonic() - self._began_s
        if not self.samples or at_s - self.samples[-1][0] >= SAMPLE_S:
            self.samples.append((at_s, rss_kib(self.pid)))

    def slope_kib_a_minute(self, after_s: float) -> float:
        """Return how fast it grew later than ``after_s``: the least-squares line's slope."""
        late = [(at_s, kib) for at_s, kib in self.samples if at_s >= after_s]
        if len(late) < 2:  # noqa: PLR2004 - a line needs two points
            return 0.0
        middle_s = sum(at_s for at_s, _ in late) / len(late)
        middle_kib = sum(kib for _, kib in late) / len(late)
        over = sum((at_s - middle_s) * (kib - middle_kib) for at_s, kib in late)
        return 60.0 * over / sum((at_s - middle_s) ** 2 for at_s, _ in late)


@attrs.frozen(kw_only=True)
class Run:
    """What a run came to, before anything is judged."""

    quiet_ns: tuple[int, ...]
    loaded_ns: tuple[int, ...]
    missed: int
    sent: Mapping[str, tuple[int, int]]
    """By feed: frames in all, and those among them that were no heartbeat."""
    deltas: int
    mailboxes: Mapping[str, tuple[int, int]]
    """By name: the most that ever waited, and the room there is."""
    memory: Memory
    told: str
    ended_ns: int
    """Monotonic: when the process was about to be told to leave."""


def main() -> int:
    """Run it; return 0 if everything held."""
    parser = argparse.ArgumentParser(prog="bench/load.py", description=__doc__)
    add = parser.add_argument
    add("--minutes", type=float, default=MINUTES, metavar="M", help=f"of load ({MINUTES:g})")
    add("--frames", type=float, default=FRAMES_PER_S, metavar="N", help="a second, of all feeds")
    add("--deltas", type=float, default=DELTAS_PER_S, metavar="N", help="a second, of all books")
    add("--proof", type=Path, metavar="FILE", help="a file that gets one JSON line about it")
    chosen = parser.parse_args()
    if not 0 < chosen.minutes <= 24 * 60:
        parser.error("--minutes: above 0, and a day at most")
    state = STATE.parent / "load"
    try:
        with certificates() as folder:
            run = _run(folder, state, chosen)
        findings = _findings(run, kept(state / "journal", run.ended_ns), chosen.minutes)
        goals = len(run.loaded_ns)
    except (DidNotRun, Gone) as error:
        findings, goals = [_did_not_last(error, state / "journal")], 0
    for finding in findings:
        word = "held  " if finding.held else "MISSED"
        print(f"{word}  {finding.what}: {finding.figure} (bar {finding.bar})")
    held = all(finding.held for finding in findings)
    if chosen.proof is not None:
        _append_proof(chosen.proof, chosen, goals, findings)
    if held:
        # A gigabyte of journal is kept for nobody; one that shows a fault is.
        shutil.rmtree(state, ignore_errors=True)
    return 0 if held else 1


def _did_not_last(error: Exception, journal: Path) -> Finding:
    for line in failures(journal) if journal.is_dir() else []:
        print(f"  {line}")
    return Finding(what="it lasted", held=False, figure=str(error), bar="to the end")


def _run(folder: Path, state: Path, chosen: argparse.Namespace) -> Run:
    minutes: float = chosen.minutes
    build = Build(life_s=int(minutes * 60 * 1.5) + MORE_LIFE_S)
    told = partial(print, flush=True)
    with (
        Harness(folder) as harness,
        touchline(harness, folder, state, MATCHES, told, build=build) as running,
    ):
        game = Game(harness, matches(MATCHES), is_bound=True)
        load = Load(harness, game, running, chosen.frames, chosen.deltas)
        play = _Play(harness, game, load, minutes)
        memory = Memory(trading_pid(running.pid))
        game.wake()
        play.go(memory)
        # A last frame that is no heartbeat, so that its number is on record.
        last = text_frame(game.played[0].frame(game.standing.goals[0]))
        for name in FEEDS:
            harness.say(name, last)
        sent = _sent(harness)
        # Whatever is under way is let arrive before anything is counted.
        harness.attend(CATCH_UP_S, lambda: not play.load.backlog_bytes)
        harness.attend(1.0)
        return Run(
            quiet_ns=tuple(play.quiet_ns),
            loaded_ns=tuple(play.loaded_ns),
            missed=play.missed,
            sent=sent,
            deltas=play.load.deltas,
            mailboxes=_mailboxes(harness, memory.pid, state),
            memory=memory,
            told=play.load.told(),
            ended_ns=time.monotonic_ns(),
        )


@attrs.define(eq=False)
class _Play:
    """Stretches with and without load, and the goals in them."""

    harness: Harness
    game: Game
    load: Load
    minutes: float
    quiet_ns: list[int] = attrs.field(init=False, factory=list)
    loaded_ns: list[int] = attrs.field(init=False, factory=list)
    missed: int = attrs.field(init=False, default=0)

    def go(self, memory: Memory) -> None:
        """Alternate until there was enough load; the last stretch is quiet, as the first is."""
        left_s = 60.0 * self.minutes
        self._stretch(QUIET_S, self.quiet_ns, memory)
        while left_s > 0:
            stretch_s = min(STRETCH_S, left_s)
            self.load.turn(on=True)
            self._stretch(stretch_s, self.loaded_ns, memory)
            self.load.turn(on=False)
            left_s -= stretch_s
            waiting = self.load.backlog_bytes
            self.harness.attend(CATCH_UP_S, lambda: not self.load.backlog_bytes)
            self.harness.attend(1.0)
            self._stretch(QUIET_S, self.quiet_ns, memory)
            print(
                f"{self.minutes - left_s / 60:5.1f} min  {len(self.loaded_ns)} goals loaded, "
                f"{len(self.quiet_ns)} quiet, {self.missed} missed, "
                f"resident {memory.samples[-1][1] / 1024:.1f} MiB"
                + (f", {waiting} bytes not taken in time" if waiting else ""),
                flush=True,
            )

    def _stretch(self, for_s: float, into: list[int], memory: Memory) -> None:
        rng = round_rng(len(self.quiet_ns) + len(self.loaded_ns))
        until_s = time.monotonic() + for_s
        while time.monotonic() < until_s:
            self.harness.attend(rng.uniform(*GAP_S))
            memory.look()
            if not self.game.goals_left:
                continue
            span = self.game.score()
            if span is None:
                self.missed += 1
            else:
                into.append(span.read_ns - span.began_ns)


def _sent(harness: Harness) -> dict[str, tuple[int, int]]:
    """Return what each feed has said on its connection.

    Raises:
        DidNotRun: A feed did not hold the one connection that it began with.
    """
    sent: dict[str, tuple[int, int]] = {}
    for name in FEEDS:
        lines = harness.feed_lines(name)
        if len(lines) != 1 or harness.let_in[name] != 1:
            raise DidNotRun(
                f"{name}: {harness.let_in[name]} connections, {len(lines)} of them open"
            )
        sent[name] = (lines[0].frames, lines[0].frames - lines[0].heartbeats)
    return sent


def _mailboxes(harness: Harness, pid: int, state: Path) -> dict[str, tuple[int, int]]:
    """Ask the process for its health and return each mailbox's peak and room.

    Raises:
        DidNotRun: It says nothing.
    """
    path = state / "health.json"
    path.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR1)
    if not harness.attend(HEALTH_S, path.is_file):
        raise DidNotRun("no health.json after SIGUSR1")
    health: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return {
        name: (int(box["peak"]), int(box["capacity"]))
        for actor in health["actors"]
        for name, box in actor["mailboxes"].items()
    }


def _findings(run: Run, found: Kept, minutes: float) -> list[Finding]:
    return [*_speed(run), *_counts(run, found), *_mailboxes_held(run), _flat(run, minutes)]


def _speed(run: Run) -> list[Finding]:
    if not run.quiet_ns or not run.loaded_ns:
        return [Finding(what="goals that brought an order", held=False, figure=0, bar="some")]
    print(f"\nload: {run.told}")
    quiet, loaded = (of(each) for each in (run.quiet_ns, run.loaded_ns))
    print(
        f"quiet   p50 {quiet.p50_us:.0f} us  p99 {quiet.p99_us:.0f} us  n {quiet.n}\n"
        f"loaded  p50 {loaded.p50_us:.0f} us  p99 {loaded.p99_us:.0f} us  n {loaded.n}"
        f"  missed {run.missed} in all"
    )
    ratio = round(loaded.p99_us / quiet.p99_us, 2)
    return [
        Finding(
            what="p99 loaded over quiet", held=ratio <= LOADED_BAR, figure=ratio, bar=LOADED_BAR
        )
    ]


def _counts(run: Run, found: Kept) -> list[Finding]:
    rows = [
        Finding(
            what=f"frames of {name}: numbered by the reader, of {frames} sent",
            held=found.last_frame.get(name) == frames,
            figure=found.last_frame.get(name, 0),
            bar=frames,
        )
        for name, (frames, _) in run.sent.items()
    ]
    rows += [
        Finding(
            what=f"frames of {name}: judged and kept, heartbeats aside",
            held=found.frames.get(name) == said,
            figure=found.frames.get(name, 0),
            bar=said,
        )
        for name, (_, said) in run.sent.items()
    ]
    rows.append(
        Finding(
            what="changes of books kept",
            held=found.deltas == run.deltas,
            figure=found.deltas,
            bar=run.deltas,
        )
    )
    lost = found.books_lost
    return [*rows, Finding(what="books lost on the way", held=not lost, figure=lost, bar=0)]


def _mailboxes_held(run: Run) -> list[Finding]:
    return [
        Finding(
            what=f"mailbox {name}: most that waited, of {room}",
            held=peak <= room * MAILBOX_SHARE,
            figure=peak,
            bar=int(room * MAILBOX_SHARE),
        )
        for name, (peak, room) in run.mailboxes.items()
    ]


def _flat(run: Run, minutes: float) -> Finding:
    after_s = min(FIRST_S, 12.0 * minutes)
    slope = run.memory.slope_kib_a_minute(after_s)
    late = [kib for at_s, kib in run.memory.samples if at_s >= after_s]
    least, most = min(late, default=0) / 1024, max(late, default=0) / 1024
    return Finding(
        what=f"resident memory after the first {after_s:.0f} s, KiB a minute"
        f" ({least:.1f} to {most:.1f} MiB)",
        held=slope <= GROWTH_KIB_A_MINUTE,
        figure=round(slope, 1),
        bar=GROWTH_KIB_A_MINUTE,
    )


def _append_proof(
    path: Path, chosen: argparse.Namespace, goals: int, findings: Sequence[Finding]
) -> None:
    """Add one line to the proofs: what was run at which commit, and how it came out."""
    line = {
        "target": "prove-load",
        "commit": checkout.commit(ROOT),
        "command": f"bench/load.py --minutes {chosen.minutes:g} --frames {chosen.frames:g}"
        f" --deltas {chosen.deltas:g}",
        "n": goals,
        "figure": findings[0].figure,
        "bar": findings[0].bar,
        "held": all(finding.held for finding in findings),
        "missed": [
            f"{finding.what}: {finding.figure} (bar {finding.bar})"
            for finding in findings
            if not finding.held
        ],
        "what": "p99 loaded over quiet; held: nothing lost, no mailbox over half, memory flat",
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    sys.exit(main())
