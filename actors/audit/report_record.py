"""The record itself: frames as they came, and every fact with its number. Pure."""

from collections.abc import Sequence
from typing import Final

import msgspec

from actors.audit.events import Event
from actors.audit.report_facts import Fact
from actors.audit.report_figures import clock, span
from actors.audit.report_html import Html, tag
from actors.audit.report_parts import ref, section
from actors.audit.report_words import file_stem
from actors.messages.records import RawFrame

FRAME_MOST: Final = 4_000
"""Characters of a frame that a page shows."""
FACT_MOST: Final = 600
"""Characters of a record that a page shows; the JSON file has all of it."""


def record_sections(event: Event) -> list[Html]:
    """Show the frames, and the journal's records behind the page."""
    shown = [_frame(event, event.frames[seq]) for seq in sorted(event.frames)]
    frames = section(
        "The frames as received",
        "Word for word; characters that would hide or turn text around are written as escapes.",
        *shown,
    )
    facts = event.facts()
    return [
        *([frames] if shown else []),
        section(
            "The records behind this page",
            [
                "In the journal's order. The same facts as ",
                tag("a", "JSON", href=f"{file_stem(event)}.json"),
                ", complete.",
            ],
            tag("details", tag("summary", f"Show all {len(facts)} records"), _facts(facts)),
        ),
    ]


def _frame(event: Event, fact: Fact[RawFrame]) -> Html:
    frame = fact.record
    text = frame.text[:FRAME_MOST]
    if len(frame.text) > FRAME_MOST:
        text += f" [{len(frame.text) - FRAME_MOST} more characters are in the JSON file]"
    return tag(
        "div",
        tag(
            "p",
            tag("b", frame.feed),
            f", connection {frame.epoch}, frame {frame.frame_no}, read at"
            f" {clock(frame.received_wall_ns)} UTC,"
            f" {span(event.since_ns(fact, frame.received_ns), signed=True)} from the first ",
            ref(fact.seq),
            class_="note",
        ),
        tag("pre", text),
        style="margin-top:12px",
    )


def _facts(facts: Sequence[Fact[object]]) -> Html:
    rows = [
        tag(
            "tr",
            tag("td", fact.seq, class_="n"),
            tag("td", type(fact.record).__name__),
            tag("td", tag("code", _content(fact.record))),
            id=f"r{fact.seq}",
        )
        for fact in facts
    ]
    heads = tag("tr", tag("th", "Number", class_="n"), tag("th", "Kind"), tag("th", "Content"))
    return tag(
        "div",
        tag("table", tag("thead", heads), tag("tbody", *rows), class_="facts"),
        class_="scroll",
    )


def _content(record: object) -> str:
    text = msgspec.json.encode(record, order="sorted").decode()
    return text if len(text) <= FACT_MOST else f"{text[:FACT_MOST]}\u2026"
