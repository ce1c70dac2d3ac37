"""The race on a page: which feed showed the score when, and what spoke against it. Pure."""

from typing import Final

from actors.audit.events import Event
from actors.audit.report_facts import Shown
from actors.audit.report_figures import clock, plural, span
from actors.audit.report_html import Child, Html, join, tag
from actors.audit.report_parts import Column, ref, section, table, track
from actors.audit.report_words import judged_words

RACE_COLUMNS: Final = (
    Column("Feed"),
    Column("Behind the winner", numeric=True),
    Column(""),
    Column("Frame read, UTC"),
    Column("Said"),
    Column("What the race made of it"),
    Column("Record"),
)
AGAINST: Final = frozenset({"reversal", "conflict", "overturned", "phantom", "restored"})
"""Judgements that speak of a score being taken back, or of that being over."""
AGAINST_COLUMNS: Final = (
    Column("After the frame", numeric=True),
    Column("Who"),
    Column("Said"),
    Column("What came of it"),
    Column("Record"),
)


def race_section(event: Event) -> Html:
    """Show when each feed showed the score, and what was said against it later."""
    most = max(
        (abs(each.behind_ns) for each in event.race if each.behind_ns is not None), default=0
    )
    rows = [_race_row(event, shown, most) for shown in event.race]
    rest = f" {plural(event.repeats, 'report')} only repeated it." if event.repeats else ""
    return section(
        "The race",
        f"When each feed first showed {event.key.state} in this generation of the match,"
        f" by the time its frame was read here.{rest}",
        table(RACE_COLUMNS, rows) if rows else None,
        _against(event),
    )


def _race_row(event: Event, shown: Shown, most: int) -> tuple[str, tuple[Child, ...]]:
    fact = shown.report
    if fact is None:
        last = shown.last
        said = (
            "said nothing of this match"
            if last is None
            else f"still {last.record.home}-{last.record.away} before the next score"
        )
        record = None if last is None else ref(last.seq)
        return ("", (shown.feed, "did not show it", None, None, said, None, record))
    report = fact.record
    first = shown.feed == event.feed
    behind: Child = "first" if first else span(shown.behind_ns, signed=True)
    bar = None
    if most and shown.behind_ns is not None:
        share = max(shown.behind_ns, 0) / most
        bar = track(share, "ours" if first else "")
    said = f"{report.home}-{report.away}"
    if report.period:
        said += f", {report.period}"
    cells: tuple[Child, ...] = (
        shown.feed,
        behind,
        bar,
        clock(event.run.wall_ns(report.received_ns)),
        said,
        judged_words(report),
        ref(*(each for each in (report.frame_seq, fact.seq) if each)),
    )
    return ("first" if first else "", cells)


def _against(event: Event) -> Html | None:
    """Show what spoke against the score later, and what followed from it."""
    told: list[tuple[int, tuple[Child, ...]]] = []
    for fact in event.reports:
        said = fact.record
        if said.judgement in AGAINST:
            after = span(event.since_ns(fact, said.judged_ns), signed=True)
            shown = f"{said.home}-{said.away}" if said.home >= 0 else None
            told.append((fact.seq, (after, said.feed, shown, judged_words(said), ref(fact.seq))))
    for doubt in event.doubts:
        row = doubt.record
        after = span(event.since_ns(doubt, doubt.mono_ns), signed=True)
        what = "entries closed" if row.in_doubt else "entries open again"
        cells = (after, "race", None, f"{what}: {row.reason}", ref(doubt.seq))
        told.append((doubt.seq, cells))
    if not told:
        return None
    return join(
        tag("h3", "What spoke against it", style="margin-top:22px"),
        table(
            AGAINST_COLUMNS, [("", cells) for _, cells in sorted(told, key=lambda each: each[0])]
        ),
    )
