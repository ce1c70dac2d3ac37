"""``python -m actors entities``: look at what feeds may mean, and say what they do."""

import argparse
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from actors.cli.errors import Misuse
from actors.config.reviewed import (
    FILE_MOST_BYTES,
    PROPOSED,
    REVIEWED,
    AliasRow,
    JoinRow,
    ProposalRow,
    RejectedRow,
    ReviewedRow,
    proposal_rows,
    reviewed_rows,
    row_text,
)
from actors.runtime import checkout
from actors.runtime.env import RealEnv

Row = TypeVar("Row")

_HEAD: Final = (
    "# What feeds mean, as a person has seen it; read by the running process within seconds.\n"
    "# [[joins]] feed, id, match, sides (same or swapped); [[rejected]] feed, id;\n"
    "# [[aliases]] feed, name, venue: both sides of a match by their aliases join it too.\n"
)


def entities_options(parser: argparse.ArgumentParser) -> None:
    """Add what ``entities`` understands."""
    parser.add_argument(
        "do", nargs="?", choices=("list", "accept", "reject", "check"), default="list"
    )
    parser.add_argument("feed", nargs="?", metavar="FEED", help="as the list shows it")
    parser.add_argument("id", nargs="?", metavar="ID", help="the feed's id of the match")
    parser.add_argument(
        "--reviews",
        type=Path,
        metavar="DIR",
        help="the profile's catalogue.reviews (default: entities in the state folder)",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="the state folder (default: $STATE_DIRECTORY, else runs/latest)",
    )
    parser.set_defaults(go=entities)


def entities(chosen: argparse.Namespace) -> int:
    """Show what waits for a person's word, or take that word.

    Raises:
        Misuse: A table has a fault, or no such proposal waits.
        OSError: The table cannot be written.
    """
    decides = chosen.do in {"accept", "reject"}
    if decides != (chosen.id is not None) or (chosen.feed is None) == decides:
        raise Misuse("entities: accept and reject take FEED and ID, and nothing else does")
    folder = chosen.reviews or (chosen.state or _usual()) / "entities"
    reviewed: list[ReviewedRow] = _rows(reviewed_rows(_text(folder / REVIEWED)))
    if chosen.do == "check":
        print(f"{len(reviewed)} rows, no fault: {folder / REVIEWED}")
        return 0
    known = {(row.feed, row.id) for row in reviewed if isinstance(row, JoinRow | RejectedRow)}
    waiting = {
        (row.feed, row.id): row
        for row in _rows(proposal_rows(_text(folder / PROPOSED)))
        if (row.feed, row.id) not in known
    }
    if not decides:
        for line in _lines(waiting.values()):
            print(line)
        return 0
    proposal = waiting.get((chosen.feed, chosen.id))
    if proposal is None:
        raise Misuse(f"entities: nothing is proposed for {chosen.feed} {chosen.id}")
    added = list(_accepted(proposal, reviewed) if chosen.do == "accept" else _rejected(proposal))
    _add(folder / REVIEWED, added)
    print(f"{chosen.do}ed: {_line(proposal)}")
    return 0


def _usual() -> Path:
    # systemd lists several, separated by colons; ours is the first.
    named = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(named) if named else checkout.ROOT / "runs" / "latest"


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ""
    if len(data) > FILE_MOST_BYTES:
        raise Misuse(f"entities: more than {FILE_MOST_BYTES} bytes @ {path.name}")
    return data.decode("utf-8", "replace")


def _rows(found: Iterable[Row | str]) -> list[Row]:
    """Return the rows.

    Raises:
        Misuse: There was a fault among them; every one has its line.
    """
    rows: list[Row] = []
    faults: list[str] = []
    for row in found:
        if isinstance(row, str):
            faults.append(f"entities: {row}")
        else:
            rows.append(row)
    if faults:
        raise Misuse("\n".join(faults))
    return rows


def _lines(waiting: Iterable[ProposalRow]) -> Iterator[str]:
    rows = sorted(waiting, key=lambda row: (-row.likeness, row.feed, row.id))
    yield from map(_line, rows)
    yield f"{len(rows)} wait for review" if rows else "nothing waits for review"


def _line(row: ProposalRow) -> str:
    turned = ", sides swapped" if row.sides == "swapped" else ""
    return (
        f"{row.feed} {row.id}  {row.home} v {row.away}  ->  {row.match}"
        f"  {row.title}, {row.kickoff}  (likeness {row.likeness:.2f}{turned})"
    )


def _accepted(proposal: ProposalRow, reviewed: Iterable[ReviewedRow]) -> Iterator[ReviewedRow]:
    """Yield the join, and the names that the person has seen with it unless they are known."""
    yield JoinRow(feed=proposal.feed, id=proposal.id, match=proposal.match, sides=proposal.sides)
    named = {(row.feed, row.name) for row in reviewed if isinstance(row, AliasRow)}
    for name, venue in (
        (proposal.home, proposal.venue_home),
        (proposal.away, proposal.venue_away),
    ):
        if (proposal.feed, name) not in named:
            named.add((proposal.feed, name))
            yield AliasRow(feed=proposal.feed, name=name, venue=venue)


def _rejected(proposal: ProposalRow) -> Iterator[ReviewedRow]:
    yield RejectedRow(feed=proposal.feed, id=proposal.id)


def _add(path: Path, rows: Iterable[ReviewedRow]) -> None:
    """Add rows behind what the person has written, comments and all."""
    names = {JoinRow: "joins", RejectedRow: "rejected", AliasRow: "aliases"}
    before = _text(path) or _HEAD
    blocks = [row_text(names[type(row)], row) for row in rows]
    text = "\n".join([before.rstrip("\n") + "\n", *blocks])
    disk = RealEnv().disk
    disk.make_folder(str(path.parent))
    disk.write_whole(str(path), text.encode())
