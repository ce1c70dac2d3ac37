"""The whole system on two connections of the stream: one dies again and again, no race is lost."""

from typing import Any

import attrs
import trio

from actors.cli.seeds import STATE, seeded_day
from actors.config.profile import Profile
from actors.messages.codec import JournalCodec
from actors.messages.records import BookLostRow
from actors.messages.records_stream import StreamRow
from actors.runtime.memory import run_seeded
from actors.runtime.segments import read
from actors.sim.synthetic import synthetic_day

HOURS = 0.03


def two(profile: Profile) -> Profile:
    return attrs.evolve(profile, venue=attrs.evolve(profile.venue, streams=2))


async def a_day_of_dying_sockets() -> tuple[list[object], dict[str, Any], int]:
    """Play for a while, and cut one of the two sockets each seven seconds."""
    async with seeded_day(11, synthetic_day(11, HOURS), change=two) as day:
        tree = day.tree
        async with trio.open_nursery() as nursery:
            nursery.start_soon(tree.root.run)
            await trio.sleep(20.0)
            server = day.world.server
            for number in range(6):
                await trio.sleep(7.0)
                clients = server._clients  # noqa: SLF001 - one of two is to suffer
                clients[number % len(clients)].connection.cancel()
            await trio.sleep(5.0)
            figures = tree.trading.keeper.figures(day.env.now_ns())
            sent = tree.auditor.tally.sent
            records = [
                each.record for each in read(day.env.disk, str(STATE.journal), JournalCodec())
            ]
            tree.root.stop()
        return records, figures, sent


def test_one_of_two_sockets_that_dies_again_and_again_loses_no_book_and_no_race() -> None:
    records, figures, sent = run_seeded(11, a_day_of_dying_sockets)

    lost = [each for each in records if isinstance(each, BookLostRow)]
    assert {each.reason for each in lost} <= {"unsubscribed"}, "matches that are over"
    assert sent > 0
    rows = [each for each in records if isinstance(each, StreamRow)]
    assert {each.stream for each in rows} == {0, 1}
    assert sum(each["opened"] for each in figures["streams"]) == 8

    again, _, _ = run_seeded(11, a_day_of_dying_sockets)
    assert again == records, "the same seed writes the same journal"
