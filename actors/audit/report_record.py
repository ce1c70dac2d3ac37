"""The record itself: frames as they came, and every fact with its number. Pure."""

from typing import Final

import msgspec

from actors.audit.events import Event, Fact
from actors.audit.report_figures import clock
from actors.audit.report_html import Html, tag
from actors.audit.report_parts import Column, ref, section, table
from actors.audit.report_words import file_stem

FRAME_MOST: Final = 4_000
"""Characters of a frame that a page shows."""
FACT_MOST: Final = 600
"""Characters of a record that a page shows; the JSON file has all of it."""

FACT_COLUMNS: Final = (Column("Record"), Column("Kind"), Column("Content"))


def record_sections(event: Event) -> list[Html]:
    """Show the frames, and the journal's records behind the page."""
    shown = [_frame(event, event.frames[seq]) for seq in sorted(event.frames)]
    frames = section(
        "The frames as received",
        "Word for word; characters that would hide or turn text around are written as escapes.",
        *shown,
    )
    facts = event.facts()
    rows = [_fact_row(fact) for fact in facts]
    return [
        *([frames] if shown else []),
        section(
            "The records behind this page",
            [
                "In the journal's order. The same facts as ",
                tag("a", "JSON", href=f"{file_stem(event)}.json"),
                ", complete.",
            ],
            tag(
                "details",
                tag("summary", f"Show all {len(facts)} records"),
                Html(_anchored(rows)),
            ),
        ),
    ]


def _frame(event: Event, fact: Fact[object]) -> Html:
    raise NotImplementedError
