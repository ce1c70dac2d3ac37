"""Laws of two connections to the stream: one may do anything, and the books do not mind."""

import trio
from trio.testing import MockClock

from actors.exchange.stream_merge import Merge
from actors.messages.market import BookDelta, BookLost, TradeSeen
from actors.messages.trading import FillSeen
from actors.model.orders import Ticker
from actors.runtime.env import Endpoint
from actors.sim.venue.latency import Delay, LatencyProfile
from actors.sim.venue.stream import StreamSession
from tests.trader.pit import AWAY, HOME, TIE, Pit, open_pit

LEGS = (HOME, AWAY, TIE)
STREAM = Endpoint("venue", 49_152)
FAR = LatencyProfile(feed=Delay(200.0))


async def watched(pit: Pit, s: float = 0.5) -> None:
    """Have both connections follow every book of the match, whole."""
    await pit.keep("journal", "market_data", "market_data_2", "catalogue")
    await trio.sleep(s)
    for ticker in LEGS:
        assert pit.desk.books.quotable(ticker, pit.env.now_ns()) is not None
        assert merge(pit).copies(ticker) == [0, 1]


def merge(pit: Pit) -> Merge:
    made = pit.trading.keeper.merge
    assert made is not None
    return made


def same(pit: Pit, ticker: Ticker) -> bool:
    """Say whether the desk's book of a market is quotable and the venue's."""
    book = pit.desk.books.quotable(ticker, pit.env.now_ns())
    depth = pit.venue.book(ticker)
    return book is not None and (book.bids(), book.asks()) == (depth.bids, depth.asks)


def sessions(pit: Pit) -> list[StreamSession]:
    """Return the venue's ends of our connections, the older one first."""
    clients = pit.server._clients  # noqa: SLF001 - only one of two is to suffer
    return [client.stream for client in clients]


async def test_every_change_print_and_fill_counts_once(autojump_clock: MockClock) -> None:
    async with open_pit(streams=2) as pit:
        await watched(pit)
        pit.make("bid", 4_400, 700)
        pit.hit("ask", 4_500, 10_050)
        pit.own("bid", 4_700, 300)
        await trio.sleep(0.1)

        assert all(same(pit, ticker) for ticker in LEGS)
        assert pit.desk.held_centi == {HOME: 300}
        assert len(pit.said(FillSeen)) == 1
        assert sum(each.count_centi for each in pit.said(TradeSeen)) == 10_350
        deltas = len(pit.said(BookDelta))
        assert deltas > 0
        assert merge(pit).repeats == deltas, "each came a second time, and was dropped"
        assert pit.said(BookLost) == []


async def test_one_socket_that_dies_costs_nothing_but_a_restart(autojump_clock: MockClock) -> None:
    async with open_pit(streams=2) as pit:
        await watched(pit)
        pit.server._clients[0].connection.cancel()  # noqa: SLF001 - one of two
        pit.make("bid", 4_400, 700)
        await trio.sleep(0.05)
        assert same(pit, HOME)
        await trio.sleep(5.0)

        assert pit.said(BookLost) == []
        assert all(merge(pit).copies(ticker) == [0, 1] for ticker in LEGS)
        assert sum(line.opened for line in pit.trading.keeper.lines) == 3


async def test_a_message_that_one_connection_loses_is_no_gap(autojump_clock: MockClock) -> None:
    async with open_pit(streams=2, latency=FAR) as pit:
        await watched(pit, 2.0)
        sessions(pit)[0].lose_next("orderbook_delta")
        pit.make("bid", 4_400, 700)
        await trio.sleep(0.3)
        assert same(pit, HOME)
        pit.make("bid", 2_500, 700, AWAY)
        await trio.sleep(0.25)
        assert all(same(pit, ticker) for ticker in LEGS)
        await trio.sleep(1.0)

        assert pit.said(BookLost) == []
        assert merge(pit).filled == 3
        assert all(merge(pit).copies(ticker) == [0, 1] for ticker in LEGS)


async def test_a_newest_message_that_one_connection_lost_is_asked_for(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(streams=2) as pit:
        await watched(pit)
        sessions(pit)[1].lose_next("orderbook_delta")
        pit.make("bid", 4_400, 700)
        await trio.sleep(8.0)

        assert same(pit, HOME)
        assert merge(pit).behind == 1
        assert merge(pit).copies(HOME) == [0, 1]
        assert pit.said(BookLost) == []


async def test_both_connections_losing_the_same_message_lose_the_book(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(streams=2, latency=FAR) as pit:
        await watched(pit, 2.0)
        pit.server.lose_next("orderbook_delta")
        pit.make("bid", 4_400, 700)
        await trio.sleep(0.5)
        pit.make("bid", 2_500, 700, AWAY)
        await trio.sleep(0.25)
        for ticker in LEGS:
            assert pit.desk.books.flaw(ticker, pit.env.now_ns()) == "lost"
        await trio.sleep(1.0)

        assert all(same(pit, ticker) for ticker in LEGS)


async def test_both_sockets_dead_distrust_every_book_and_either_brings_it_back(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(streams=2) as pit:
        await watched(pit)
        pit.network.kill(STREAM)
        await trio.sleep(1.0)
        assert {pit.desk.books.flaw(each, pit.env.now_ns()) for each in LEGS} == {"lost"}
        pit.make("bid", 4_400, 700)
        await trio.sleep(5.0)
        pit.network.revive(STREAM)
        await trio.sleep(3.0)

        assert all(same(pit, ticker) for ticker in LEGS)


async def test_messages_that_were_old_when_they_came_make_books_unquotable(
    autojump_clock: MockClock,
) -> None:
    slow = LatencyProfile(feed=Delay(700.0))
    async with open_pit(latency=slow, gates={"late_ms": 500}) as pit:
        await pit.keep("journal", "market_data", "catalogue")
        await trio.sleep(5.0)
        assert pit.desk.books.flaw(HOME, pit.env.now_ns()) is None
        pit.make("bid", 4_400, 700)
        await trio.sleep(1.0)

        assert pit.desk.books.flaw(HOME, pit.env.now_ns()) == "late"
        (line,) = pit.trading.keeper.lines
        assert 695 <= line.ages.quantiles_ms(0.5)[0] <= 720
        await trio.sleep(6.0)
        assert pit.desk.books.flaw(HOME, pit.env.now_ns()) is None, "nothing late has come since"
