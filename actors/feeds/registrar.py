"""The registrar: brings what a person has reviewed into force, and proposes what nobody has.

Ids of matches that nobody knows are held against the catalogue and written down for a
person (``proposed.toml``); what that person then says (``reviewed.toml``) is read within
seconds and comes to the arbiter with the catalogue. It runs beside frames that must not
wait: one row or one comparison at a time, files in a thread, and few strangers a look.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import attrs
import trio

from actors.config.reviewed import (
    FILE_MOST_BYTES,
    PROPOSED,
    REVIEWED,
    JoinRow,
    ProposalRow,
    RejectedRow,
    proposed_text,
    reviewed_rows,
)
from actors.feeds.entities import Source, Stranger
from actors.feeds.likeness import Proposal, likeliest, propose
from actors.messages.catalogue import NOTHING_REVIEWED, Catalogue, Join, Reviewed
from actors.model.score import MatchId
from actors.runtime.env import Env
from actors.runtime.health import Health
from actors.runtime.latest import Latest

LOOK_S: Final = 10.0
"""Between two looks at the table and at the strangers."""
STRANGERS_AT_ONCE: Final = 16
"""Strangers compared in one look; the others come again with their next frame."""
COMPARED_AGAIN_NS: Final = 3_600 * 1_000_000_000
"""A match may be listed after its first stranger was seen."""
COMPARED_MOST: Final = 4_096
"""Strangers remembered as compared."""
PROPOSED_MOST: Final = 200
"""Proposals kept, the newest."""
FAULTS_SAID: Final = 5


@attrs.define(eq=False, kw_only=True)
class Registrar:
    """Owns the proposals, and reads the person's word on them."""

    env: Env
    folder: str
    """Where both tables are."""
    catalogue: Latest[Catalogue]
    strangers: Callable[[], list[Stranger]]
    """Gives the ids that nobody knows, noted since it was asked last."""
    on_review: Callable[[], None]
    """Told that ``reviewed`` is another; the catalogue's nudge."""
    say: Callable[[str], None]
    """Writes a line for a person."""
    health: Health
    reviewed: Reviewed = attrs.field(init=False, default=NOTHING_REVIEWED)
    """What is in force."""
    _table: bytes = attrs.field(init=False, default=b"")
    _written: bytes = attrs.field(init=False, default=b"")
    _faults: dict[str, list[str]] = attrs.field(init=False, factory=dict)
    """What was said last of each table."""
    _proposals: dict[Source, Proposal] = attrs.field(init=False, factory=dict)
    _compared: dict[Source, int] = attrs.field(init=False, factory=dict)
    """When each stranger was compared last. Wall time."""

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Report ready, then look after both tables until cancelled."""
        # A disk that is slow holds nobody up.
        task_status.started()
        while True:
            await self.look()
            await trio.sleep(LOOK_S)

    async def look(self) -> None:
        """Read the table if it has changed, and propose for whoever is unknown now."""
        await self._read()
        await self._compare(self.strangers()[:STRANGERS_AT_ONCE])
        await self._write()
        self.health.mark(self.env.now_ns())

    async def _read(self) -> None:
        path = f"{self.folder}/{REVIEWED}"
        try:
            data = await self.env.blocking(self.env.disk.read, path)
        except FileNotFoundError:
            data = b""
        except OSError as error:
            self._complain(REVIEWED, [f"{path}: {error.strerror or error}"])
            return
        if data == self._table:
            return
        self._table = data
        faults: list[str] = []
        found = await self._parsed(data, faults)
        self._complain(REVIEWED, faults)
        if not faults and found != self.reviewed:
            self.reviewed = found
            self.on_review()

    async def _parsed(self, data: bytes, faults: list[str]) -> Reviewed:
        """Return what the table says; with a fault in it all of it is as if unsaid."""
        if len(data) > FILE_MOST_BYTES:
            faults.append(f"more than {FILE_MOST_BYTES} bytes @ {REVIEWED}")
            return NOTHING_REVIEWED
        joins: dict[Source, Join] = {}
        aliases: dict[tuple[str, str], str] = {}
        rejected: list[Source] = []
        for row in reviewed_rows(data.decode("utf-8", "replace")):
            await trio.lowlevel.checkpoint()
            if isinstance(row, str):
                faults.append(row)
            elif isinstance(row, JoinRow):
                join = Join(match=MatchId(row.match), swapped=row.sides == "swapped")
                joins[row.feed, row.id] = join
            elif isinstance(row, RejectedRow):
                rejected.append((row.feed, row.id))
            else:
                aliases[row.feed, row.name] = row.venue
        return Reviewed(joins=joins, aliases=aliases, rejected=frozenset(rejected))

    def _complain(self, table: str, faults: list[str]) -> None:
        if faults and faults != self._faults.get(table):
            for line in faults[:FAULTS_SAID]:
                self.say(f"entities: {line}")
            if len(faults) > FAULTS_SAID:
                self.say(f"entities: and {len(faults) - FAULTS_SAID} faults more")
            if table == REVIEWED:
                self.say("entities: what was reviewed before stays in force")
        self._faults[table] = faults

    async def _compare(self, strangers: list[Stranger]) -> None:
        for stranger in strangers:
            source = (stranger.feed, stranger.feed_match)
            compared_ns = self._compared.get(source)
            recent = (
                compared_ns is not None and stranger.seen_wall_ns - compared_ns < COMPARED_AGAIN_NS
            )
            if recent or source in self._proposals or self._is_decided(source):
                continue
            self._compared.pop(source, None)
            self._compared[source] = stranger.seen_wall_ns
            if len(self._compared) > COMPARED_MOST:
                del self._compared[next(iter(self._compared))]
            found: list[Proposal | None] = []
            for match in list(self.catalogue.value.matches.values()):
                found.append(propose(stranger, match))
                await trio.lowlevel.checkpoint()
            best = likeliest(found)
            if best is not None:
                self._proposals[source] = best
                title = best.match.title
                self.say(
                    f"entities: {stranger.feed} {stranger.feed_match} may be {title};"
                    " see python -m actors entities"
                )

    def _is_decided(self, source: Source) -> bool:
        return source in self.reviewed.joins or source in self.reviewed.rejected

    async def _write(self) -> None:
        for source in [one for one in self._proposals if self._is_decided(one)]:
            del self._proposals[source]
        while len(self._proposals) > PROPOSED_MOST:
            del self._proposals[next(iter(self._proposals))]
        data = proposed_text(map(_row, self._proposals.values())).encode()
        if data == self._written or not (self._proposals or self._written):
            return
        try:
            await self.env.blocking(self._replace, f"{self.folder}/{PROPOSED}", data)
        except OSError as error:
            self._complain(PROPOSED, [f"{self.folder}/{PROPOSED}: {error.strerror or error}"])
        else:
            self._written = data
            self._complain(PROPOSED, [])

    def _replace(self, path: str, data: bytes) -> None:
        self.env.disk.make_folder(self.folder)
        self.env.disk.write_whole(path, data)


def _row(proposal: Proposal) -> ProposalRow:
    stranger, match = proposal.stranger, proposal.match
    home, away = match.home_name, match.away_name
    if proposal.swapped:
        home, away = away, home
    kickoff = datetime.fromtimestamp(match.kickoff_wall_ns // 1_000_000_000, UTC)
    return ProposalRow(
        feed=stranger.feed,
        id=stranger.feed_match,
        home=stranger.home_name,
        away=stranger.away_name,
        match=match.match,
        title=match.title,
        venue_home=home,
        venue_away=away,
        kickoff=f"{kickoff:%Y-%m-%d %H:%M} UTC",
        sides="swapped" if proposal.swapped else "same",
        likeness=round(proposal.likeness, 2),
    )
