"""Laws of the planner: a play for every next score, and none on what it cannot see."""

import itertools
from fractions import Fraction

import attrs
import trio
from hypothesis import given, settings, strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.messages.feeds import FeedEvent
from actors.messages.race import Judged
from actors.messages.trading import Play
from actors.model.money import MicroDollars
from actors.model.score import GoalKey, MatchId
from actors.runtime.memory import run_seeded
from actors.sim.venue.latency import Delay, LatencyProfile
from actors.trader.planner import CONFLATE_S, Bell
from tests.trader.pit import AWAY, EVENT, HOME, KEY, TIE, Pit, open_pit
from tests.trader.test_catalogue import charge, regrid

AGAINST = GoalKey(EVENT, 0, "0-1")


async def planning(pit: Pit) -> None:
    """Have the planner plan a match that stands 0-0, every book whole."""
    await pit.start("journal", "market_data", "catalogue", "planner")
    pit.believe()
    await trio.sleep(0.2)


def legs(pit: Pit, key: GoalKey = KEY) -> dict[str, int]:
    """Return the limits of a play's legs by market; empty where it has none."""
    play = pit.desk.plays.get(key)
    return {} if play is None else {leg.ticker: leg.limit_pips for leg in play.legs}


async def test_every_next_score_of_a_live_match_has_a_play(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await planning(pit)

        assert set(pit.desk.plays) == {KEY, AGAINST}
        assert legs(pit) == {HOME: 5_400, AWAY: 1_800}
        assert legs(pit, AGAINST) == {AWAY: 3_500, HOME: 3_700}


async def test_a_match_whose_score_nobody_knows_has_no_play(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await pit.start("journal", "market_data", "catalogue", "planner")
        await trio.sleep(1.0)

        assert pit.desk.plays == {}


async def test_a_book_that_is_not_whole_is_in_no_play(autojump_clock: MockClock) -> None:
    far = LatencyProfile(feed=Delay(200.0))
    async with open_pit(latency=far) as pit:
        await planning(pit)
        await trio.sleep(2.0)
        assert legs(pit) != {}
        pit.server.lose_next("orderbook_delta")
        pit.make("bid", 4_400, 700)
        pit.make("bid", 2_500, 700, AWAY)
        await trio.sleep(0.3)

        # The gap is known, the snapshots are on their way.
        assert pit.desk.books.whole(HOME) is None
        assert pit.desk.plays[KEY].legs == ()
        assert pit.desk.plays[KEY].reason == "no_book"
        await trio.sleep(1.0)
        assert legs(pit) == {HOME: 5_400, AWAY: 1_800}


async def test_a_play_follows_its_books(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await planning(pit)
        pit.venue.cancel_all("maker")
        pit.make("ask", 5_000, 10_000)
        await trio.sleep(0.1)
        assert legs(pit) == {HOME: 5_800}

        pit.venue.cancel_all("maker")
        await trio.sleep(0.1)
        assert pit.desk.plays[KEY].reason == "no_edge", "books are whole, and empty"


async def test_however_often_it_is_woken_a_match_is_planned_once_in_five_milliseconds(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await planning(pit)
        planned: dict[int, Play] = {}
        began_s = trio.current_time()
        while trio.current_time() < began_s + 0.2:
            pit.trading.planner.ring_market(HOME)
            await trio.sleep(0.0005)
            planned[pit.desk.plays[KEY].planned_ns] = pit.desk.plays[KEY]

        assert len(planned) <= 0.2 / CONFLATE_S + 1
        times = sorted(planned)
        gaps = [after - before for before, after in itertools.pairwise(times)]
        assert min(gaps) >= CONFLATE_S * 1e9


async def test_a_generation_that_rises_leaves_no_play_of_the_one_before(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await planning(pit)
        pit.believe(1, 0)
        await trio.sleep(0.1)
        assert set(pit.desk.plays) == {GoalKey(EVENT, 0, "2-0"), GoalKey(EVENT, 0, "1-1")}

        pit.believe(0, 0, generation=1)
        await trio.sleep(0.1)
        assert set(pit.desk.plays) == {GoalKey(EVENT, 1, "1-0"), GoalKey(EVENT, 1, "0-1")}


async def test_the_clock_of_the_match_is_in_the_price(autojump_clock: MockClock) -> None:
    async with open_pit(plays={"chase": 5_000}) as pit:
        await planning(pit)
        assert legs(pit)[HOME] == 6_100, "63 cents less the margin of two"

        report = FeedEvent(
            feed="alpha",
            epoch=1,
            frame_no=1,
            kind="clock",
            clock_s=80 * 60,
            received_ns=0,
            received_wall_ns=0,
            decoded_ns=0,
        )
        standing = Judged(report=report, judgement="ignored", key=KEY, judged_ns=0)
        pit.trading.standings.hear(standing)
        await trio.sleep(0.1)
        assert legs(pit)[HOME] == 8_000, "82 cents in the eightieth minute"


async def test_a_match_that_is_over_has_no_play(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await planning(pit)
        for ticker in (HOME, AWAY, TIE):
            pit.venue.close_market(ticker)
        await trio.sleep(3.0)

        assert pit.desk.plays == {}


async def test_a_changed_fee_is_in_the_next_play(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await planning(pit)
        (before, _) = pit.desk.plays[KEY].legs
        charge(pit, Fraction(3))
        await trio.sleep(3.0)
        (after, _) = pit.desk.plays[KEY].legs

        assert after.ticker == before.ticker
        assert after.worst_micros * before.count_centi > before.worst_micros * after.count_centi


async def test_a_changed_tick_is_in_the_next_play(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await planning(pit)
        regrid(pit)
        await trio.sleep(3.0)
        pit.make("ask", 4_550, 10_000)
        await trio.sleep(0.1)

        assert legs(pit)[HOME] == 5_350, "between two cents, where the grid now has a price"


async def test_what_is_at_stake_already_is_not_planned_again(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await planning(pit)
        refusal = pit.desk.exposure.reserve(
            "earlier", ticker=HOME, match=EVENT, worst_micros=MicroDollars(249_000_000)
        )
        assert refusal is None
        pit.desk.exposure.limits = attrs.evolve(
            pit.desk.exposure.limits, market_micros=MicroDollars(250_000_000)
        )
        pit.trading.planner.ring_market(HOME)
        await trio.sleep(0.1)

        (home, _) = pit.desk.plays[KEY].legs
        assert home.ticker == HOME
        assert home.worst_micros <= 1_000_000


async def test_a_planner_that_dies_plans_everything_anew(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await planning(pit)
        await pit.kill("planner")
        pit.venue.cancel_all("maker")
        pit.make("ask", 5_000, 10_000)
        await trio.sleep(0.5)
        assert legs(pit)[HOME] == 5_400, "nobody plans"

        await pit.start("planner")
        await trio.sleep(0.1)
        assert legs(pit) == {HOME: 5_800}


async def test_a_bell_rung_before_anybody_listens_is_heard(autojump_clock: MockClock) -> None:
    bell = Bell()
    bell.ring(MatchId("b"))
    bell.ring(MatchId("a"))
    bell.ring(MatchId("b"))

    assert await bell.answer() == ["b", "a"]


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=4), max_size=8))
@settings(max_examples=30)
def test_nothing_rung_is_ever_lost_and_nothing_answered_twice(rings: list[list[str]]) -> None:
    run_seeded(0, _ring, rings)


async def _ring(rings: list[list[str]]) -> None:
    bell, answered = Bell(), list[list[MatchId]]()

    async def listen() -> None:
        while True:
            answered.append(await bell.answer())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen)
        for row in rings:
            for name in row:
                bell.ring(MatchId(name))
            await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    assert answered == [list(dict.fromkeys(row)) for row in rings if row]
