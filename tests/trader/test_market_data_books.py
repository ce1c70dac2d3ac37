"""Laws of the keeper: what cannot be true of a book distrusts it, and asks for it anew."""

import json

import attrs
import pytest
from trio.testing import MockClock

from actors.exchange.clock import ClockOffset
from actors.exchange.errors import StreamFailed
from actors.exchange.stream_values import StreamSnapshot
from actors.messages.market import BookLost
from actors.messages.records_stream import StreamRow
from actors.model.money import CentiContracts, Pips
from actors.model.orders import Ticker
from actors.runtime.mailbox import Mailbox
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.trader.books import Books
from actors.trader.market_data_books import LOOK_NS, MOST_BROKEN, Keeper, proved_offset_ns
from tests.exchange.books import BookServer

A = Ticker("A")


@attrs.define(eq=False)
class Stand:
    """A venue of one book, a keeper, and one connection between them."""

    keeper: Keeper
    box: Mailbox[object]
    server: BookServer = attrs.field(factory=BookServer)
    said: list[object] = attrs.field(factory=list)

    def flow(self) -> None:
        """Let both sides say what they have to say, until nobody has."""
        core = self.keeper.lines[0].core
        assert core is not None
        while core.has_commands or self.server.outbox:
            self.server.obey(core.take_commands())
            while self.server.outbox:
                for value in core.receive(self.server.outbox.popleft(), 1):
                    self.keeper.take(0, value)  # type: ignore[arg-type]  # only books here

    def words(self, kind: type) -> list[object]:
        while self.box.depth:
            self.said.append(self.box.receive_nowait())
        return [each for each in self.said if isinstance(each, kind)]


async def a_stand() -> Stand:
    box: Mailbox[object] = Mailbox("audit", 1_000)
    keeper = Keeper(
        env=SeededEnv(1, MemoryNetwork(1)),
        books=Books(old_ns=1_000 * LOOK_NS),
        streams=1,
        late_ms=1 << 60,  # its stamps are of 1970
        to_auditor=box,
        on_book=lambda _ticker: None,
    )
    made = Stand(keeper, box)
    made.server.change(A, "yes", 4_000, 500)
    made.server.change(A, "no", 5_000, 500)
    keeper.open(0).want([A], 0)
    made.flow()
    assert keeper.books.flaw(A, 1) is None
    return made


def broken(stand: Stand) -> None:
    """Let the venue take away what was never there."""
    number = json.dumps(
        {
            "type": "orderbook_delta",
            "sid": 1,
            "seq": stand.server.seq + 1,
            "msg": {
                "market_ticker": A,
                "market_id": "m",
                "clock": stand.server.clock + 1,
                "price_dollars": "0.1000",
                "delta_fp": "-1.00",
                "side": "yes",
                "ts_ms": 1,
            },
        }
    )
    stand.server.seq += 1
    stand.server.clock += 1
    stand.server.outbox.append(number)
    stand.flow()


async def test_a_change_that_its_book_cannot_have_costs_that_book_until_its_snapshot(
    autojump_clock: MockClock,
) -> None:
    stand = await a_stand()
    broken(stand)

    assert [each.reason for each in stand.words(BookLost)] == ["broken"]  # type: ignore[attr-defined]  # of that kind
    assert stand.keeper.books.flaw(A, 1) is None, "the snapshot that was asked for is there"
    assert stand.server.commands[-1]["params"]["action"] == "get_snapshot"


async def test_books_that_break_again_and_again_end_the_connection(
    autojump_clock: MockClock,
) -> None:
    stand = await a_stand()
    for _ in range(MOST_BROKEN):
        broken(stand)
    with pytest.raises(StreamFailed):
        broken(stand)


async def test_sides_that_stay_crossed_from_one_look_to_the_next_are_asked_for_anew(
    autojump_clock: MockClock,
) -> None:
    stand = await a_stand()
    keeper = stand.keeper
    stand.server.change(A, "yes", 5_500, 100)
    stand.flow()
    assert keeper.books.flaw(A, 1) == "crossed"
    keeper._look(0)  # noqa: SLF001 - the look that each ping takes now and then
    assert keeper.doubts["crossed"] == 0, "one action may need several changes"
    stand.server.change(A, "yes", 5_500, -100)
    keeper._look(0)  # noqa: SLF001 - the same
    stand.flow()

    assert keeper.doubts["crossed"] == 1
    assert keeper.books.flaw(A, 1) is None


async def test_each_connections_figures_are_put_on_record_and_in_health(
    autojump_clock: MockClock,
) -> None:
    stand = await a_stand()
    stand.keeper._report(7)  # noqa: SLF001 - what a minute brings about
    (row,) = stand.words(StreamRow)

    assert isinstance(row, StreamRow)
    assert (row.stream, row.opened, row.unquotable, row.at_ns) == (0, 1, 0, 7)
    figures = stand.keeper.figures(1)
    assert figures["unquotable"] == {}
    assert figures["streams"][0]["up"]


async def test_a_snapshot_that_is_no_book_is_a_broken_one(autojump_clock: MockClock) -> None:
    stand = await a_stand()
    level = (Pips(10_000), CentiContracts(100))
    stand.keeper.take(
        0,
        StreamSnapshot(ticker=A, bids=(level,), asks=(), sid=1, seq=9, clock=9, received_ns=1),
    )
    assert stand.keeper.books.flaw(A, 1) == "lost"


async def test_clocks_that_cannot_agree_shift_ages_and_clocks_that_may_do_not(
    autojump_clock: MockClock,
) -> None:
    env, clock = SeededEnv(1, MemoryNetwork(1)), ClockOffset()
    assert proved_offset_ns(clock, env) == 0
    wall_ms, now_ns = env.wall_ns() // 1_000_000, env.now_ns()
    clock.hear_stamp(wall_ms - 40, received_ns=now_ns)
    assert proved_offset_ns(clock, env) == 0, "it may have been on its way"
    clock.hear_answer(wall_ms + 3_000, sent_ns=now_ns, received_ns=now_ns)
    assert 2_998 <= proved_offset_ns(clock, env) / 1e6 <= 3_001
