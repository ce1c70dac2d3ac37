"""Laws of market data: books that are the venue's or distrusted, and every fill once."""

from collections.abc import Callable

import pytest
import trio
from hypothesis import given, settings, strategies as st
from trio.testing import MockClock

from actors.messages.market import BookChange, BookDelta, BookLost, BookSnapshot, TradeSeen
from actors.messages.trading import FillSeen, Passed
from actors.model.orders import Side, Ticker
from actors.runtime.env import Endpoint
from actors.runtime.memory import run_seeded
from actors.sim.venue.latency import Delay, LatencyProfile
from tests.trader.door import error
from tests.trader.pit import AWAY, EVENT, HOME, TIE, Pit, open_pit

STREAM = Endpoint("venue", 49_152)
LEGS = (HOME, AWAY, TIE)


async def watched(pit: Pit) -> None:
    """Have the stream follow every book of the match, whole."""
    await pit.keep("journal", "market_data", "catalogue")
    await trio.sleep(0.2)
    for ticker in LEGS:
        assert pit.desk.books.whole(ticker) is not None


def same(pit: Pit, ticker: Ticker) -> bool:
    """Say whether the desk's book of a market is whole and the venue's."""
    book, depth = pit.desk.books.whole(ticker), pit.venue.book(ticker)
    return book is not None and (book.bids(), book.asks()) == (depth.bids, depth.asks)


def changes(pit: Pit, ticker: Ticker) -> list[str]:
    """Return what was said of a market's book, in a word each."""
    words = {BookSnapshot: "whole", BookLost: "lost", BookDelta: "change"}
    return [words[type(each)] for each in pit.said(object) if _is_of(each, ticker)]


def _is_of(word: object, ticker: Ticker) -> bool:
    return isinstance(word, BookChange) and word.ticker == ticker


def trips(words: list[str]) -> list[str]:
    """Leave the changes out, and what is said twice."""
    row = [word for word in words if word != "change"]
    return [word for number, word in enumerate(row) if number == 0 or row[number - 1] != word]


async def test_the_desks_books_are_the_venues_after_every_kind_of_change(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await watched(pit)
        resting = pit.make("bid", 4_400, 700)
        pit.hit("ask", 4_500, 10_050)
        pit.hit("bid", 4_700, 45_000)
        pit.venue.cancel_order("maker", resting)
        pit.make("ask", 4_800, 100)
        await trio.sleep(0.1)

        assert all(same(pit, ticker) for ticker in LEGS)
        assert sum(each.count_centi for each in pit.said(TradeSeen)) == 55_050


async def test_a_gap_distrusts_every_book_until_its_next_snapshot(
    autojump_clock: MockClock,
) -> None:
    far = LatencyProfile(feed=Delay(200.0))
    async with open_pit(latency=far) as pit:
        await watched_after(pit, 2.0)
        pit.server.lose_next("orderbook_delta")
        pit.make("bid", 4_400, 700)
        await trio.sleep(1.0)
        assert not same(pit, HOME), "nobody knows of the gap before the next message"

        pit.make("bid", 2_500, 700, AWAY)
        await trio.sleep(0.25)
        for ticker in LEGS:
            assert pit.desk.books.whole(ticker) is None, "any of them may have missed it"
        await trio.sleep(1.0)

        assert all(same(pit, ticker) for ticker in LEGS)
        assert trips(changes(pit, TIE)) == ["whole", "lost", "whole"]


async def watched_after(pit: Pit, s: float) -> None:
    await pit.keep("journal", "market_data", "catalogue")
    await trio.sleep(s)


async def test_a_disconnection_distrusts_every_book_until_its_next_snapshot(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await watched(pit)
        pit.network.kill(STREAM)
        await trio.sleep(1.0)
        for ticker in LEGS:
            assert pit.desk.books.whole(ticker) is None
        pit.make("bid", 4_400, 700)
        await trio.sleep(5.0)
        pit.network.revive(STREAM)
        await trio.sleep(2.0)

        assert all(same(pit, ticker) for ticker in LEGS)
        assert trips(changes(pit, HOME)) == ["whole", "lost", "whole"]


async def test_a_venue_that_drops_us_finds_us_back_at_once(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await watched(pit)

        assert pit.server.drop_streams() == 1
        await trio.sleep(1.0)

        assert all(same(pit, ticker) for ticker in LEGS)


async def test_a_stream_that_falls_silent_ages_at_once_and_is_given_up_in_time(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await watched(pit)
        await pit.start("signer", "entry_lines")
        pit.play()
        pit.network.mute(STREAM)
        muted_ns = pit.env.now_ns()
        age_s = pit.profile.gates.book_age_ms / 1e3

        await trio.sleep(age_s + 0.1)
        assert pit.desk.books.whole(HOME) is not None
        assert pit.desk.books.proved_ns <= muted_ns
        pit.trading.fire(pit.trigger())
        assert [each.reason for each in pit.said(Passed)] == ["stale_book"]

        # A ping may have gone out just before; then it takes its ten seconds.
        await trio.sleep(8.0)
        assert "lost" in changes(pit, HOME)
        await trio.sleep(2.0)
        assert all(same(pit, ticker) for ticker in LEGS), "on a connection made anew"


@pytest.mark.parametrize(("is_armed", "age_s"), [(True, 0.6), (False, 2.1)])
async def test_a_quiet_stream_is_proved_whole_the_oftener_the_more_hangs_on_it(
    autojump_clock: MockClock, *, is_armed: bool, age_s: float
) -> None:
    async with open_pit() as pit:
        await watched(pit)
        if is_armed:
            pit.play()
        await trio.sleep(3.0)
        for _ in range(100):
            await trio.sleep(0.1)
            assert pit.env.now_ns() - pit.desk.books.proved_ns <= age_s * 1e9


async def test_a_play_that_is_armed_on_an_idle_stream_finds_it_fresh(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await watched(pit)
        for _ in range(60):
            await trio.sleep(0.17)
            age_ms = (pit.env.now_ns() - pit.desk.books.proved_ns) / 1e6
            assert age_ms < pit.profile.gates.book_age_ms


async def test_what_we_bid_for_adds_to_the_position_and_what_we_ask_for_takes_from_it(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start("market_data")
        await trio.sleep(0.1)
        pit.own("bid", 4_600, 300)
        pit.own("ask", 2_600, 200, AWAY)
        await trio.sleep(0.1)
        assert pit.desk.held_centi == {HOME: 300, AWAY: -200}

        pit.own("ask", 4_500, 500)
        await trio.sleep(0.1)
        assert pit.desk.held_centi[HOME] == -200, "short of YES is long of NO"


TRADES = st.lists(
    st.tuples(st.sampled_from(["bid", "ask"]), st.integers(1, 900), st.sampled_from(LEGS)),
    min_size=1,
    max_size=6,
)


@given(trades=TRADES, cuts=st.lists(st.floats(0.0, 3.0), max_size=3), lag_s=st.floats(0.0, 2.0))
@settings(max_examples=12)
def test_fills_come_once_over_stream_and_reads_and_across_reconnections(
    trades: list[tuple[Side, int, Ticker]], cuts: list[float], lag_s: float
) -> None:
    run_seeded(0, _every_fill_once, trades, cuts, lag_s)


async def _every_fill_once(
    trades: list[tuple[Side, int, Ticker]], cuts: list[float], lag_s: float
) -> None:
    async with open_pit(read_lag_s=lag_s) as pit:
        # One before anybody listened, and some while nobody could.
        pit.own("bid", 4_600, 100)
        await pit.keep("market_data")

        async def cut() -> None:
            for pause_s in cuts:
                await trio.sleep(pause_s)
                pit.server.drop_streams()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(cut)
            for side, count, ticker in trades:
                pit.own(side, 9_000 if side == "bid" else 1_000, count, ticker)
                await trio.sleep(0.4)
        await trio.sleep(40.0)

        seen = [each.fill.trade_id for each in pit.said(FillSeen)]
        assert len(seen) == len(set(seen))
        for ticker in LEGS:
            heard = [each.fill for each in pit.said(FillSeen) if each.fill.ticker == ticker]
            signed = sum(
                fill.count_centi if fill.side == "bid" else -fill.count_centi for fill in heard
            )
            assert pit.desk.held_centi.get(ticker, 0) == signed == pit.position_centi(ticker)


@pytest.mark.parametrize("after_s", [-1.0, -0.1, 0.0, 0.001, 0.003])
async def test_a_fill_between_the_first_reading_and_the_streams_first_word_is_not_missed(
    autojump_clock: MockClock, after_s: float
) -> None:
    async with open_pit(read_lag_s=1.5) as pit:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_at, 2.0 + after_s, lambda: pit.own("bid", 4_600, 100))
            await trio.sleep_until(2.0)
            await pit.keep("market_data")

        await trio.sleep(10.0)
        assert pit.desk.held_centi == {HOME: 100}
        assert len(pit.said(FillSeen)) == 1


async def _at(s: float, do: Callable[[], object]) -> None:
    await trio.sleep_until(s)
    do()


async def test_reads_that_fail_do_not_end_a_stream_that_works(autojump_clock: MockClock) -> None:
    async with open_pit(read_lag_s=1.0) as pit:
        await pit.start("market_data")
        pit.reads.closed["/portfolio/fills"] = error(503, "unavailable")
        pit.own("bid", 4_600, 100)
        await trio.sleep(60.0)
        pit.reads.closed.clear()
        await trio.sleep(10.0)

        assert pit.desk.held_centi == {HOME: 100}


async def test_a_stream_that_never_spoke_is_not_ready(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        pit.reads.closed["/portfolio/fills"] = error(503, "unavailable")
        with pytest.raises(BaseExceptionGroup):
            await pit.start("market_data")


async def test_a_markets_life_that_goes_on_is_read_without_waiting_for_the_poll(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(catalogue={"poll_s": 600.0}) as pit:
        await pit.keep("market_data", "catalogue")
        await trio.sleep(30.0)
        for ticker in LEGS:
            pit.venue.close_market(ticker)
        await trio.sleep(2.0)

        assert pit.desk.catalogue.value.matches[EVENT].stage == "ENDED"


async def test_what_was_missed_of_a_markets_life_is_asked_for(autojump_clock: MockClock) -> None:
    async with open_pit(catalogue={"poll_s": 600.0}) as pit:
        await pit.keep("market_data", "catalogue")
        await trio.sleep(30.0)
        pit.server.lose_next("market_lifecycle_v2", 3)
        for ticker in LEGS:
            pit.venue.close_market(ticker)
        await trio.sleep(2.0)
        assert pit.desk.catalogue.value.matches[EVENT].stage == "LIVE"

        pit.network.kill(STREAM)
        await trio.sleep(1.0)
        pit.network.revive(STREAM)
        await trio.sleep(30.0)
        assert pit.desk.catalogue.value.matches[EVENT].stage == "ENDED"
