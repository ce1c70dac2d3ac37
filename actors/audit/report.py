"""Writes one page and one JSON file for each event of a journal, and an index of them.

Pages are made from the journal alone, load nothing, and are the same bytes each
time they are made from the same records.
"""

from pathlib import Path

import attrs

from actors.audit.report_event import event_page
from actors.audit.report_index import index_page
from actors.audit.report_json import event_json
from actors.audit.report_reading import KINDS as FIRST, read_day
from actors.audit.report_scene import KINDS as SECOND, add_scenes
from actors.audit.report_words import file_stem
from actors.audit.rereading import reread
from actors.messages.codec import JournalCodec
from actors.runtime.disk import FileDisk
from actors.runtime.env import Disk
from actors.runtime.frames import RecordCodec


@attrs.frozen(kw_only=True)
class ReportIndex:
    """What was written."""

    events: int
    pages: int
    """HTML pages, the index among them."""
    path: Path
    """The index."""


def run_report(journal: Path, out: Path) -> ReportIndex:
    """Write the pages of the journal in folder ``journal`` into folder ``out``.

    Pages that are there already are replaced.

    Raises:
        JournalError: The journal cannot be read.
        OSError: The pages cannot be written.
    """
    files = render(FileDisk(), str(journal), JournalCodec())
    out.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (out / name).write_text(text, encoding="utf-8", newline="\n")
    pages = sum(name.endswith(".html") for name in files)
    return ReportIndex(events=pages - 1, pages=pages, path=out / "index.html")


def render(disk: Disk, folder: str, codec: RecordCodec) -> dict[str, str]:
    """Return every file of the report of the journal in ``folder``, by name.

    Raises:
        JournalError: The journal cannot be read.
    """
    day = read_day(reread(disk, folder, codec, FIRST))
    add_scenes(day, reread(disk, folder, codec, SECOND))
    files: dict[str, str] = {}
    for event in day.events:
        stem = file_stem(event)
        files[f"{stem}.html"] = event_page(event, day)
        files[f"{stem}.json"] = event_json(event)
    files["index.html"] = index_page(day)
    return files
