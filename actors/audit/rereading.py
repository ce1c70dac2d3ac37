"""Reads back only those records of a journal that somebody wants, and leaves the rest alone.

Most of a day's records are market data. Their frames are checked like all others,
but their bodies are never decoded: a day of a million records is read in seconds.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from actors.messages.records import TYPES
from actors.runtime.env import Disk
from actors.runtime.errors import BadRecord, NewerVersion
from actors.runtime.frames import RecordCodec
from actors.runtime.segments import Entry, read_frames

NUMBERS: Final = {kind: number for number, (kind, _) in TYPES.items()}
"""Class of a record to its type number."""


def reread(disk: Disk, folder: str, codec: RecordCodec, kinds: Iterable[type]) -> Iterator[Entry]:
    """Yield every record of one of ``kinds``, oldest first; a torn tail ends it quietly.

    Raises:
        JournalCorrupt: A place that is neither a record nor the torn end.
        NewerVersion: A record of these kinds from a later program.
        BadRecord: A body that is not its type's, though its checksum holds.
    """
    wanted = {NUMBERS[kind] for kind in kinds}
    for segment, data, frame in read_frames(disk, folder):
        if frame.type_no not in wanted:
            continue
        body = data[frame.body : frame.end]
        try:
            record = codec.decode(frame.type_no, frame.version, body)
        except (NewerVersion, BadRecord) as error:
            place = f"{segment.name}: record {frame.seq} at byte {frame.start}"
            raise type(error)(f"{place}: {error}") from error
        yield Entry(
            seq=frame.seq,
            mono_ns=frame.mono_ns,
            type_no=frame.type_no,
            version=frame.version,
            record=record,
        )
