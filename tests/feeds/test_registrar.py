"""Laws of the review: what is unknown is proposed, what a person says comes into force, no more."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
from trio.testing import MockClock

from actors.config.reviewed import PROPOSED, REVIEWED, ProposalRow, proposal_rows
from actors.feeds.entities import Stranger
from actors.feeds.registrar import LOOK_S, STRANGERS_AT_ONCE, Registrar
from actors.messages.catalogue import Catalogue, Match, Reviewed
from actors.model.score import MatchId
from actors.runtime.env import Disk
from actors.runtime.health import Health
from actors.runtime.latest import Latest
from actors.runtime.memory import MemoryNetwork, SeededEnv

FOLDER = "/state/entities"
HOUR_NS = 3_600 * 1_000_000_000
KICKOFF_NS = 500_000 * HOUR_NS
UNITED = Match(
    match=MatchId("KXEPLGAME-1"),
    series="KXEPLGAME",
    title="Manchester United vs Arsenal",
    home_name="Manchester United",
    away_name="Arsenal",
    stage="LIVE",
    markets=(),
    provider_ids=frozenset({"sr:1"}),
    kickoff_wall_ns=KICKOFF_NS,
)
CITY = attrs.evolve(
    UNITED,
    match=MatchId("KXEPLGAME-2"),
    title="Manchester City vs Chelsea",
    home_name="Manchester City",
    away_name="Chelsea",
    provider_ids=frozenset({"sr:2"}),
)


def stranger(
    feed_match: str = "77", home: str = "Manchester Utd", away: str = "Arsenal FC"
) -> Stranger:
    return Stranger(
        feed="bravo",
        feed_match=feed_match,
        home_name=home,
        away_name=away,
        seen_wall_ns=KICKOFF_NS + HOUR_NS,
    )


@attrs.define(kw_only=True)
class Office:
    """A registrar with its disk, what it said, and the strangers that wait for it."""

    registrar: Registrar
    disk: Disk
    waiting: list[Stranger]
    lines: list[str]
    reviews: list[Reviewed]

    def write(self, text: str) -> None:
        self.disk.make_folder(FOLDER)
        self.disk.write_whole(f"{FOLDER}/{REVIEWED}", text.encode())

    def proposals(self) -> list[ProposalRow | str]:
        return list(proposal_rows(self.disk.read(f"{FOLDER}/{PROPOSED}").decode()))


@asynccontextmanager
async def office(*matches: Match) -> AsyncIterator[Office]:
    """Open one whose registrar has looked once."""
    env = SeededEnv(1, MemoryNetwork(0))
    lines: list[str] = []

    def strangers() -> list[Stranger]:
        taken = list(opened.waiting)
        opened.waiting.clear()
        return taken

    registrar = Registrar(
        env=env,
        folder=FOLDER,
        catalogue=Latest(Catalogue(matches={one.match: one for one in matches}, read_ns=0)),
        strangers=strangers,
        on_review=lambda: opened.reviews.append(registrar.reviewed),
        say=lines.append,
        health=Health("registrar"),
    )
    opened = Office(registrar=registrar, disk=env.disk, waiting=[], lines=lines, reviews=[])
    async with trio.open_nursery() as nursery:
        await nursery.start(registrar.run)
        yield opened
        nursery.cancel_scope.cancel()


async def test_a_stranger_is_proposed_and_never_bound(autojump_clock: MockClock) -> None:
    async with office(CITY, UNITED) as opened:
        opened.waiting.append(stranger())
        await trio.sleep(LOOK_S + 1)

        (row,) = opened.proposals()
        assert isinstance(row, ProposalRow)
        assert (row.feed, row.id, row.match, row.sides) == ("bravo", "77", UNITED.match, "same")
        assert row.kickoff == "2027-01-15 08:00 UTC"
        assert opened.registrar.reviewed == Reviewed()
        assert len(opened.lines) == 1

        opened.waiting.append(stranger())
        await trio.sleep(LOOK_S + 1)
        assert len(opened.lines) == 1, "once is enough"


async def test_swapped_participants_are_proposed_as_swapped(autojump_clock: MockClock) -> None:
    async with office(CITY, UNITED) as opened:
        opened.waiting.append(stranger(home="Arsenal FC", away="Manchester Utd"))
        await trio.sleep(LOOK_S + 1)

        (row,) = opened.proposals()
        assert isinstance(row, ProposalRow)
        assert row.sides == "swapped"
        assert (row.venue_home, row.venue_away) == ("Arsenal", "Manchester United")


async def test_what_is_far_away_in_name_or_time_is_not_proposed(autojump_clock: MockClock) -> None:
    early = attrs.evolve(UNITED, kickoff_wall_ns=KICKOFF_NS - 9 * HOUR_NS)
    over = attrs.evolve(UNITED, stage="ENDED")
    async with office(CITY, early) as opened:
        opened.waiting += [stranger(), stranger("78", "Ajax", "PSV")]
        await trio.sleep(LOOK_S + 1)
        opened.registrar.catalogue.set(Catalogue(matches={over.match: over}, read_ns=0))
        opened.waiting.append(stranger("79"))
        await trio.sleep(LOOK_S + 1)

        assert opened.lines == []
        assert opened.disk.names(FOLDER) == [], "nothing to say is not written"


async def test_what_a_person_says_is_in_force_within_seconds_and_no_longer_proposed(
    autojump_clock: MockClock,
) -> None:
    async with office(UNITED) as opened:
        opened.waiting.append(stranger())
        await trio.sleep(LOOK_S + 1)
        opened.write(
            '[[joins]]\nfeed = "bravo"\nid = "77"\nmatch = "KXEPLGAME-1"\nsides = "same"\n'
            '[[aliases]]\nfeed = "bravo"\nname = "Man U"\nvenue = "Manchester United"\n'
            '[[rejected]]\nfeed = "bravo"\nid = "78"\n'
        )
        await trio.sleep(LOOK_S + 1)

        (told,) = opened.reviews
        assert told.joins["bravo", "77"].match == UNITED.match
        assert told.aliases == {("bravo", "Man U"): "Manchester United"}
        assert told.rejected == {("bravo", "78")}
        assert opened.proposals() == []
        await trio.sleep(5 * LOOK_S)
        assert len(opened.reviews) == 1, "what has not changed is not told again"


async def test_a_fault_in_the_table_is_said_once_and_what_was_said_before_stays(
    autojump_clock: MockClock,
) -> None:
    async with office(UNITED) as opened:
        opened.write('[[rejected]]\nfeed = "bravo"\nid = "78"\n')
        await trio.sleep(LOOK_S + 1)
        opened.write('[[rejected]]\nfeed = "bravo"\nid = 78\n')
        await trio.sleep(5 * LOOK_S)

        assert opened.registrar.reviewed.rejected == {("bravo", "78")}
        assert opened.lines == [
            "entities: expected str, got int 78 @ reviewed.toml.rejected[0].id",
            "entities: what was reviewed before stays in force",
        ]


async def test_strangers_in_masses_are_compared_a_few_at_a_time(
    autojump_clock: MockClock,
) -> None:
    async with office(UNITED) as opened:
        for _ in range(3):
            opened.waiting += [stranger(str(number)) for number in range(3 * STRANGERS_AT_ONCE)]
            await trio.sleep(LOOK_S)
            assert len(opened.lines) <= STRANGERS_AT_ONCE


@pytest.mark.parametrize("name", ["bravo\x7f", "\ud800x", "☂ \\ \" ' = [[joins]]", "\n\t\x00"])
async def test_a_providers_text_goes_through_the_table_unharmed(
    autojump_clock: MockClock, name: str
) -> None:
    async with office(UNITED) as opened:
        opened.waiting.append(attrs.evolve(stranger(), feed_match=name))
        await trio.sleep(LOOK_S + 1)

        (row,) = opened.proposals()
        assert isinstance(row, ProposalRow)
        assert row.id == name.encode("utf-8", "replace").decode()
