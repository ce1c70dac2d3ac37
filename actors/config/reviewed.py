"""What a person has said of feeds' ids and names, and what waits to be said: two TOML tables.

``reviewed.toml`` is the person's: rows are added by ``python -m actors entities`` or by an
editor. ``proposed.toml`` is the process's, and whoever edits it edits in vain. Every fault
is one line that names its place. Both are read row by row, so that a reader on the trading
loop may let others run in between.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import Final, Literal

import attrs

from actors.config.load import structured

REVIEWED: Final = "reviewed.toml"
PROPOSED: Final = "proposed.toml"
FILE_MOST_BYTES: Final = 1 << 20
"""A larger table is refused whole."""
TEXT_MOST: Final = 200
"""Characters of a provider's text in a table."""

Sides = Literal["same", "swapped"]
"""Whether the feed's home side is the venue's."""


def _named(_row: object, field: "attrs.Attribute[str]", text: str) -> None:
    if not 0 < len(text) <= TEXT_MOST:
        raise ValueError(f"{field.name} has 1 to {TEXT_MOST} characters, not {len(text)}")


@attrs.frozen(kw_only=True)
class JoinRow:
    """``[[joins]]``: a feed's id of a match is this match of the venue."""

    feed: str = attrs.field(validator=_named)
    id: str = attrs.field(validator=_named)
    match: str = attrs.field(validator=_named)
    """The venue's event ticker."""
    sides: Sides


@attrs.frozen(kw_only=True)
class RejectedRow:
    """``[[rejected]]``: a feed's id of a match is no match of ours."""

    feed: str = attrs.field(validator=_named)
    id: str = attrs.field(validator=_named)


@attrs.frozen(kw_only=True)
class AliasRow:
    """``[[aliases]]``: what a feed calls a side that the venue calls otherwise, or the same."""

    feed: str = attrs.field(validator=_named)
    name: str = attrs.field(validator=_named)
    venue: str = attrs.field(validator=_named)


@attrs.frozen(kw_only=True)
class ProposalRow:
    """``[[proposals]]``: a feed's id of a match, and the match of ours that it may be."""

    feed: str
    id: str
    home: str
    """The feed's name of its home side."""
    away: str
    match: str
    title: str
    venue_home: str
    """The venue's name of the side that looks like the feed's home side."""
    venue_away: str
    kickoff: str
    sides: Sides
    likeness: float


ReviewedRow = JoinRow | RejectedRow | AliasRow

_REVIEWED_ROWS: Final[dict[str, type[ReviewedRow]]] = {
    "joins": JoinRow,
    "rejected": RejectedRow,
    "aliases": AliasRow,
}
_BLOCK: Final = re.compile(r"^(?=\[\[)", re.MULTILINE)


def reviewed_rows(text: str) -> Iterator[ReviewedRow | str]:
    """Yield every row of ``reviewed.toml``, and a line of text for every fault in it."""
    seen: dict[tuple[str, str, str], str] = {}
    for place, name, table in _tables(text, REVIEWED, tuple(_REVIEWED_ROWS)):
        if isinstance(table, str):
            yield table
            continue
        faults: list[str] = []
        row = structured(table, _REVIEWED_ROWS[name], place, faults)
        if row is not None:
            # What is said of one id or one name, whichever table it is said in.
            what = row.name if isinstance(row, AliasRow) else row.id
            key = ("alias" if isinstance(row, AliasRow) else "id", row.feed, what)
            if key in seen:
                faults.append(f"{row.feed} {what!r} has a row already at {seen[key]} @ {place}")
            else:
                seen[key] = place
        yield from faults
        if row is not None and not faults:
            yield row


def proposal_rows(text: str) -> Iterator[ProposalRow | str]:
    """Yield every row of ``proposed.toml``, and a line of text for every fault in it."""
    for place, _, table in _tables(text, PROPOSED, ("proposals",)):
        if isinstance(table, str):
            yield table
            continue
        faults: list[str] = []
        row = structured(table, ProposalRow, place, faults)
        yield from faults
        if row is not None:
            yield row


def _tables(
    text: str, label: str, names: tuple[str, ...]
) -> Iterator[tuple[str, str, dict[str, object] | str]]:
    """Yield place, name and table of every block, or a fault in the table's stead."""
    counts = dict.fromkeys(names, 0)
    line = 1
    for block in _BLOCK.split(text):
        first, line = line, line + block.count("\n")
        place = f"{label} line {first}"
        try:
            tables = tomllib.loads(block)
        except tomllib.TOMLDecodeError as error:
            yield place, "", f"{error} @ {place} and after"
            continue
        for name, rows in tables.items():
            if name not in counts or not isinstance(rows, list):
                known = ", ".join(f"[[{one}]]" for one in names)
                yield place, name, f"{name!r} is none of {known} @ {place}"
                continue
            for row in rows:
                where = f"{label}.{name}[{counts[name]}]"
                counts[name] += 1
                is_table = isinstance(row, dict)
                yield where, name, row if is_table else f"expected a table @ {where}"


def row_text(name: str, row: ReviewedRow | ProposalRow) -> str:
    """Return one row as TOML."""
    lines = [f"[[{name}]]"]
    for key, value in attrs.asdict(row).items():
        lines.append(f"{key} = {_quoted(value) if isinstance(value, str) else value}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    # JSON's strings are TOML's, but for one character and what UTF-8 cannot carry.
    carried = text[:TEXT_MOST].encode("utf-8", "replace").decode("utf-8")
    return json.dumps(carried, ensure_ascii=False).replace("\x7f", "\\u007f")


def proposed_text(rows: Iterable[ProposalRow]) -> str:
    """Return ``proposed.toml`` whole."""
    head = (
        "# Ids of feeds that may be matches of ours; nothing here is in force. Written anew by\n"
        "# the process. To say what is so: python -m actors entities accept FEED ID (or reject).\n"
    )
    return "\n".join([head, *(row_text("proposals", row) for row in rows)])
