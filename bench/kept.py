"""What a journal has of what was sent: frames by feed, and changes of books."""

import sys
from collections import Counter
from pathlib import Path
from typing import Final

import attrs

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from actors.messages.codec import JournalCodec
from actors.messages.records import TYPES, ActorRow, BookLostRow, DeltaRow, RawFrame, Report
from actors.runtime.env import RealEnv
from actors.runtime.segments import read_frames

_NUMBERS: Final = {kind: number for number, (kind, _) in TYPES.items()}


@attrs.frozen(kw_only=True)
class Kept:
    """Counts of one journal."""

    frames: dict[str, int]
    """By feed: frames that are kept as they came, and were judged."""
    last_frame: dict[str, int]
    """By feed: the greatest number of a frame that was judged. The reader numbers every frame
    of a connection, heartbeats too, so that none was lost before it if the numbers agree."""
    deltas: int
    books_lost: int
    """How often a book was given up."""


def kept(journal: Path, until_ns: int | None = None) -> Kept:
    """Read a journal whose feeds held one connection each.

    Args:
        journal: Its folder.
        until_ns: Monotonic: when the process was told to leave, at which it gives up every
            book; ``None`` counts those too.

    Raises:
        JournalCorrupt: It is not whole.
    """
    codec, numbers = JournalCodec(), _NUMBERS
    raw: dict[str, set[int]] = {}
    judged: dict[str, set[int]] = {}
    count: Counter[int] = Counter()
    into, lost = {numbers[RawFrame]: raw, numbers[Report]: judged}, numbers[BookLostRow]
    for _, data, frame in read_frames(RealEnv().disk, str(journal.absolute())):
        if frame.type_no == lost and until_ns is not None and frame.mono_ns >= until_ns:
            continue
        count[frame.type_no] += 1
        if frame.type_no in into:
            body = data[frame.body : frame.end]
            record = codec.decode(frame.type_no, frame.version, body)
            assert isinstance(record, RawFrame | Report)
            into[frame.type_no].setdefault(record.feed, set()).add(record.frame_no)
    # A connection's opening and end are judged as well, and are no frames.
    both = {feed: (raw[feed] & judged.get(feed, set())) - {0} for feed in raw}
    return Kept(
        frames={feed: len(numbered) for feed, numbered in both.items()},
        last_frame={feed: max(numbered, default=0) for feed, numbered in both.items()},
        deltas=count[numbers[DeltaRow]],
        books_lost=count[lost],
    )


def failures(journal: Path) -> list[str]:
    """Return how actors failed, each way once, with how often it happened."""
    codec, number = JournalCodec(), _NUMBERS[ActorRow]
    count: Counter[str] = Counter()
    for _, data, frame in read_frames(RealEnv().disk, str(journal.absolute())):
        if frame.type_no == number:
            record = codec.decode(frame.type_no, frame.version, data[frame.body : frame.end])
            if isinstance(record, ActorRow) and record.event in {"failed", "escalated"}:
                count[f"{record.actor}: {record.reason}"] += 1
    return [f"{what} (x {times})" for what, times in count.most_common()]


def main() -> int:
    """Print the counts of one journal."""
    journal = Path(sys.argv[1])
    print(kept(journal))
    for line in failures(journal):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
