"""``python bench/stages.py --journal DIR``: where an entry's time went, by its own stamps."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from actors.messages.codec import JournalCodec
from actors.messages.records import Dispatched, Intent
from actors.runtime.env import RealEnv
from actors.runtime.segments import read
from bench.figures import percentile

STAGES: Final = (
    ("received -> decoded", "received_ns", "decoded_ns", "the codec"),
    ("decoded  -> judged", "decoded_ns", "judged_ns", "one queue, one wake-up"),
    ("judged   -> gated", "judged_ns", "gated_ns", "binding, race, look-up of the play"),
    ("gated    -> intent", "gated_ns", "intent_ns", "gate, headers, budget, plan, journal"),
    ("intent   -> sent", "intent_ns", "sent_ns", "TLS record and one send"),
    ("received -> sent", "received_ns", "sent_ns", "all of it"),
)
SHARES: Final = (0.5, 0.9, 0.99)


def stage_table(journal: Path) -> list[str]:
    """Return the lines of the table: each stage's percentiles in microseconds, by leg."""
    legs = list(_legs(journal))
    lines: list[str] = []
    for place, name in enumerate(("first leg", "second leg")):
        rows = [each[place] for each in legs if len(each) > place]
        if not rows:
            continue
        header = "".join(f"{f'p{share * 100:g}':>9}" for share in SHARES)
        lines.append(f"{name:<22}{header}   us, n {len(rows)}")
        for title, begins, ends, what in STAGES:
            took = sorted(getattr(row, ends) - getattr(row, begins) for row in rows)
            cells = "".join(f"{percentile(took, share) / 1e3:>9.1f}" for share in SHARES)
            lines.append(f"  {title:<20}{cells}   {what}")
    return lines or ["no entry was sent"]


def _legs(journal: Path) -> Iterator[Sequence[Dispatched]]:
    """Yield the legs of each trigger, in the order in which they were sent."""
    frames: dict[int, tuple[str, int, int]] = {}
    triggers: dict[tuple[str, int, int], list[Dispatched]] = {}
    for entry in read(RealEnv().disk, str(journal.absolute()), JournalCodec()):
        record = entry.record
        if isinstance(record, Intent) and record.purpose == "entry":
            frames[entry.seq] = (record.feed, record.epoch, record.frame_no)
        elif isinstance(record, Dispatched) and record.intent_seq in frames:
            triggers.setdefault(frames[record.intent_seq], []).append(record)
    for legs in triggers.values():
        yield sorted(legs, key=lambda leg: leg.sent_ns)


def main() -> int:
    """Print the table of one journal."""
    parser = argparse.ArgumentParser(prog="bench/stages.py", description=__doc__)
    parser.add_argument("--journal", required=True, type=Path, metavar="DIR")
    for line in stage_table(parser.parse_args().journal):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
