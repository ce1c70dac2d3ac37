"""``python bench/stages.py --journal DIR``: where an entry's time went, by its own stamps.

Beside a journal of the bench lie the harness's own times. All of them are of the
machine's one monotonic clock, so that the way of a goal can be followed from one
process into the other and back. With ``--steps`` it plays a round of its own in which
every step of every task is timed, and prints what each actor cost a goal.
"""

import argparse
import json
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from actors.messages.codec import JournalCodec
from actors.messages.records import Dispatched, Intent, PassedRow
from actors.runtime.env import RealEnv
from actors.runtime.segments import read
from bench.cases import PROFILE, ROOT, STATE, Build, DidNotRun, certificates, touchline
from bench.figures import percentile
from bench.game import Game, Load, round_rng
from bench.harness import Gone, Harness
from bench.matches import matches
from bench.steps import CHILD, step_table

SPANS: Final = "spans.json"
"""Beside a journal: when each goal was sent and its order read, as the harness saw it."""
SHARES: Final = (0.5, 0.9, 0.99)
STAGES: Final = (
    ("received -> decoded", "received_ns", "decoded_ns", "the codec"),
    ("decoded  -> judged", "decoded_ns", "judged_ns", "one queue, judged in the step of its post"),
    ("judged   -> gated", "judged_ns", "gated_ns", "binding, race, look-up of the play"),
    ("gated    -> intent", "gated_ns", "intent_ns", "gate, headers, budget, plan, journal"),
    ("intent   -> sent", "intent_ns", "sent_ns", "TLS record and one send, until it returns"),
    ("received -> sent", "received_ns", "sent_ns", "all of it"),
)
WAY: Final = (
    ("frame    -> received", "the feed's socket, until the loop came to it"),
    *((title, what) for title, _, _, what in STAGES[:-1]),
    ("sent     -> read", "loopback, the harness's wake-up; below 0: read while the send returned"),
    ("frame    -> read", "what the bench measures"),
)
"""A goal's first order from the harness and back to it."""
EVENTS: Final = 600
GAP_S: Final = (0.001, 0.006)
MATCHES: Final = 40

Row = tuple[str, list[int], str]
"""A stage, how long it took each time in nanoseconds, and what it is."""


def stage_table(journal: Path) -> list[str]:
    """Return the lines of the table: each stage's percentiles in microseconds, by leg."""
    legs, passed = _legs(journal)
    lines = [f"not sent: {reason} {count}" for reason, count in sorted(passed.items())]
    for place, name in enumerate(("first leg", "second leg")):
        sent = [each[place] for each in legs if len(each) > place]
        rows: list[Row] = [
            (title, [getattr(one, ends) - getattr(one, begins) for one in sent], what)
            for title, begins, ends, what in STAGES
        ]
        lines += _section(name, rows) if sent else []
    spans = journal.parent / SPANS
    if spans.is_file():
        firsts = [each[0] for each in legs]
        rows = _way(firsts, [(began, read) for began, read in json.loads(spans.read_text())])
        lines = [*_section("the way of a goal", rows), *lines]
    return lines or ["no entry was sent"]


def _way(firsts: Sequence[Dispatched], spans: Sequence[tuple[int, int]]) -> list[Row]:
    """Return every stage of the goals that the harness measured."""
    ordered = sorted(firsts, key=lambda leg: leg.received_ns)
    received = [leg.received_ns for leg in ordered]
    rows: list[Row] = [(title, [], what) for title, what in WAY]
    for began_ns, read_ns in spans:
        place = bisect_right(received, read_ns) - 1
        if place < 0 or received[place] < began_ns:
            continue
        leg = ordered[place]
        stamps = [getattr(leg, ends) for _, _, ends, _ in STAGES[:-1]]
        stations = [began_ns, leg.received_ns, *stamps, read_ns]
        stretches = [later - earlier for earlier, later in pairwise(stations)]
        for (_, took, _), stretch_ns in zip(rows, [*stretches, read_ns - began_ns], strict=True):
            took.append(stretch_ns)
    return rows if rows[0][1] else []


def _section(name: str, rows: Sequence[Row]) -> list[str]:
    if not rows:
        return []
    header = "".join(f"{f'p{share * 100:g}':>9}" for share in SHARES)
    lines = [f"{name:<22}{header}   us, n {len(rows[0][1])}"]
    for title, took, what in rows:
        took.sort()
        cells = "".join(f"{percentile(took, share) / 1e3:>9.1f}" for share in SHARES)
        lines.append(f"  {title:<20}{cells}   {what}")
    return lines


def _legs(journal: Path) -> tuple[list[list[Dispatched]], Counter[str]]:
    """Return each trigger's legs as they were sent, and how many were not, by reason."""
    passed: Counter[str] = Counter()
    frames: dict[int, tuple[str, int, int]] = {}
    triggers: dict[tuple[str, int, int], list[Dispatched]] = {}
    for entry in read(RealEnv().disk, str(journal.absolute()), JournalCodec()):
        record = entry.record
        if isinstance(record, Intent) and record.purpose == "entry":
            frames[entry.seq] = (record.feed, record.epoch, record.frame_no)
        elif isinstance(record, Dispatched) and record.intent_seq in frames:
            triggers.setdefault(frames[record.intent_seq], []).append(record)
        elif isinstance(record, PassedRow):
            passed[record.reason] += 1
    return [sorted(legs, key=lambda leg: leg.sent_ns) for legs in triggers.values()], passed


def _steps(events: int, *, loaded: bool) -> None:
    """Play a round with every step timed, and print both tables.

    Raises:
        DidNotRun: The system did not come up.
    """
    state = STATE.parent / "steps"
    into = state.parent / "steps.json"
    into.unlink(missing_ok=True)
    program = (str(Path("bench") / "steps.py"), CHILD, str(into))
    build = Build(root=ROOT, profile=PROFILE, program=program)
    with (
        certificates() as folder,
        Harness(folder) as harness,
        touchline(harness, folder, state, MATCHES, print, build=build) as running,
    ):
        game, rng = Game(harness, matches(MATCHES), is_bound=True), round_rng(0)
        game.wake()
        load = Load(harness, game, running) if loaded else None
        if load is not None:
            load.turn(on=True)
        game.warm_up(rng, GAP_S)
        _, spans = game.play(events, rng, GAP_S, running.pid)
        if load is not None:
            load.turn(on=False)
    (state / SPANS).write_text(json.dumps(spans), "utf-8")
    for line in (*stage_table(state / "journal"), "", *step_table(into, spans)):
        print(line)


def main() -> int:
    """Print the table of one journal, or of a round with every step timed."""
    parser = argparse.ArgumentParser(prog="bench/stages.py", description=__doc__)
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument("--journal", type=Path, metavar="DIR", help="of a round of the bench")
    either.add_argument("--steps", action="store_true", help="play a round, every step timed")
    parser.add_argument("--events", type=int, default=EVENTS, metavar="N", help=f"({EVENTS})")
    parser.add_argument("--loaded", action="store_true", help="under the load of prove-load")
    chosen = parser.parse_args()
    if chosen.journal is not None:
        for line in stage_table(chosen.journal):
            print(line)
        return 0
    try:
        _steps(chosen.events, loaded=chosen.loaded)
    except (DidNotRun, Gone) as error:
        print(f"stages: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
