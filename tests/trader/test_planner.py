"""Laws of the planner: a play for every next score, and none on what it cannot see."""

import itertools
from fractions import Fraction

import attrs
import pytest
import trio
from hypothesis import given, settings, strategies as st
from trio.testing import MockClock

from actors.messages.market import BookDelta
from actors.messages.trading import Play
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Ticker
from actors.model.score import GoalKey, MatchId, Period
from actors.runtime.memory import run_seeded
from actors.sim.venue.latency import Delay, LatencyProfile
from actors.trader.bell import CONFLATE_S, SETTLE_S, Bell
from actors.trader.planner import DEPTH_S, doubt
from tests.trader.pit import AWAY, EVENT, HOME, KEY, TIE, Pit, open_pit
from tests.trader.test_catalogue import charge, regrid
from tests.trader.test_plays import SETTINGS

AGAINST = GoalKey(EVENT, 0, "0-1")
FAR, WIDE = {"chase": Pips(9_000)}, {"collar": Pips(9_900)}
"""A limit that its value alone decides."""
OLD_S = 8.0
"""By then a book that has not moved is believed: its age, and a look at it."""


ACTORS = ("journal", "market_data", "catalogue", "planner")


async def planning(pit: Pit, *actors: str) -> None:
    """Have the planner plan a match that stands 0-0, every book whole and old enough."""
    await pit.start(*(actors or ACTORS))
    pit.believe()
    await trio.sleep(OLD_S)


def legs(pit: Pit, key: GoalKey = KEY) -> dict[str, int]:
    """Return the limits of a play's legs by market; empty where it has none."""
    play = pit.desk.plays.get(key)
    return {} if play is None else {leg.ticker: leg.limit_pips for leg in play.legs}


async def test_every_next_score_of_a_live_match_has_a_play(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await planning(pit)

        assert set(pit.desk.plays) == {KEY, AGAINST}
        # The chase of eight cents begins at the model's price before the goal.
        assert legs(pit) == {HOME: 5_300, AWAY: 1_900}
        assert legs(pit, AGAINST) == {AWAY: 3_400, HOME: 3_800}


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
        assert set(legs(pit)) == {HOME, AWAY}


async def test_a_play_takes_what_its_books_have_and_no_more(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await planning(pit)
        limits = legs(pit)
        pit.venue.cancel_all("maker")
        pit.make("ask", 5_000, 1_700)
        await trio.sleep(0.1)
        (leg,) = pit.desk.plays[KEY].legs
        assert (leg.ticker, leg.limit_pips) == (HOME, limits[HOME])
        assert leg.count_centi == 1_700

        pit.venue.cancel_all("maker")
        await trio.sleep(0.1)
        assert pit.desk.plays[KEY].reason == "no_book", "a whole book that is empty is none"


async def test_a_price_that_is_too_young_is_in_no_play(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await pit.start("journal", "market_data", "catalogue", "planner")
        pit.believe()
        await trio.sleep(pit.profile.plays.price_age_s - 0.5)
        assert pit.desk.plays[KEY].reason == "no_rates"

        await trio.sleep(OLD_S)
        assert legs(pit)


@pytest.mark.parametrize(("period", "clock_s"), [(None, 600), ("1H", None), ("2H", None)])
async def test_without_period_or_clock_there_is_no_play_and_a_reason(
    autojump_clock: MockClock, period: Period | None, clock_s: int | None
) -> None:
    async with open_pit() as pit:
        await pit.start("journal", "market_data", "catalogue", "planner")
        pit.believe(period=period, clock_s=clock_s)
        await trio.sleep(OLD_S)

        assert {play.reason for play in pit.desk.plays.values()} == {"no_clock"}


async def test_legs_that_fit_no_pair_of_rates_are_not_played(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        pit.venue.cancel_all("maker")
        for ticker in (HOME, AWAY, TIE):
            pit.make("bid", 5_500, 10_000, ticker)
            pit.make("ask", 5_600, 10_000, ticker)
        await planning(pit)

        assert {play.reason for play in pit.desk.plays.values()} == {"no_fit"}


@pytest.mark.parametrize("lead_s", [0.2, 3.0, 15.0])
async def test_a_book_that_hears_the_goal_first_lifts_no_limit(
    autojump_clock: MockClock, lead_s: float
) -> None:
    async with open_pit() as pit:
        await planning(pit)
        before = {key: legs(pit, key) for key in (KEY, AGAINST)}
        pit.venue.cancel_all("maker")
        for ticker, cents in ((HOME, 50), (AWAY, 22), (TIE, 26)):
            pit.make("bid", 100 * cents, 10_000, ticker)
            pit.make("ask", 100 * cents + 100, 10_000, ticker)
        await trio.sleep(lead_s)

        for key, limits in before.items():
            for leg in pit.desk.plays[key].legs:
                was = limits.get(leg.ticker)
                if was is not None and leg.side == "bid":
                    assert leg.limit_pips <= was
                elif was is not None:
                    assert leg.limit_pips >= was


async def test_news_that_is_no_goal_is_believed_once_the_freeze_is_over(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await planning(pit)
        pit.venue.cancel_all("maker")
        for ticker, cents in ((HOME, 32), (AWAY, 40), (TIE, 27)):
            pit.make("bid", 100 * cents, 10_000, ticker)
            pit.make("ask", 100 * cents + 100, 10_000, ticker)
        await trio.sleep(pit.profile.plays.freeze_s - 1.0)
        assert HOME not in legs(pit, AGAINST) or legs(pit, AGAINST)[HOME] >= 3_800

        await trio.sleep(OLD_S)
        assert legs(pit, AGAINST)[HOME] < 3_200, "the model has come down with the book"


async def test_however_often_it_is_woken_a_match_is_planned_once_in_five_milliseconds(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await planning(pit)
        planned: dict[int, Play] = {}
        began_s = trio.current_time()
        while trio.current_time() < began_s + 0.2:
            pit.trading.planner.bell.ring(EVENT)
            await trio.sleep(0.0005)
            planned[pit.desk.plays[KEY].planned_ns] = pit.desk.plays[KEY]

        assert len(planned) <= 0.2 / CONFLATE_S + 1
        times = sorted(planned)
        gaps = [after - before for before, after in itertools.pairwise(times)]
        assert min(gaps) >= CONFLATE_S * 1e9


async def test_a_best_price_that_moves_is_planned_at_once_and_what_lies_behind_it_in_turn(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await planning(pit)
        planned_ns = pit.desk.plays[KEY].planned_ns

        def replanned() -> bool:
            return pit.desk.plays[KEY].planned_ns > planned_ns

        pit.trading.planner.ring_market(HOME)
        await trio.sleep(CONFLATE_S + 0.001)
        assert not replanned(), "no best price has moved"
        await trio.sleep(DEPTH_S)
        assert replanned()

        planned_ns = pit.desk.plays[KEY].planned_ns
        pit.desk.books.apply(deeper(pit, HOME))
        pit.trading.planner.ring_market(HOME)
        await trio.sleep(CONFLATE_S + 0.001)
        assert replanned()


def deeper(pit: Pit, ticker: Ticker) -> BookDelta:
    """Return the change that empties the best ask of a book."""
    book = pit.desk.books.whole(ticker)
    assert book is not None
    best = book.best_ask
    assert best is not None
    return BookDelta(
        ticker=ticker,
        side="ask",
        price_pips=best.price_pips,
        change_centi=CentiContracts(-best.count_centi),
        sid=1,
        seq=1,
        venue_ts_ms=0,
        received_ns=pit.desk.books.proved_ns,
    )


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=40))
@settings(max_examples=30)
def test_whoever_waits_for_a_turn_is_planned_in_the_end(rings: list[tuple[str, bool]]) -> None:
    run_seeded(0, _ring_in_turn, rings)


async def _ring_in_turn(rings: list[tuple[str, bool]]) -> None:
    bell, answered = Bell(), list[list[MatchId]]()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bell.take_turns, DEPTH_S)
        for name, at_once in rings:
            (bell.ring if at_once else bell.ring_in_turn)(MatchId(name))
        nursery.start_soon(listen, bell, answered)
        await trio.sleep(2 * SETTLE_S)
        at_once_too = list(dict.fromkeys(name for name, at_once in rings if at_once))
        assert answered == ([at_once_too] if at_once_too else [])
        await trio.sleep(7 * DEPTH_S)
        nursery.cancel_scope.cancel()
    assert sorted(itertools.chain(*answered)) == sorted({name for name, _ in rings})


async def listen(bell: Bell, answered: list[list[MatchId]]) -> None:
    while True:
        answered.append(await bell.answer())


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
    async with open_pit(plays=FAR, gates=WIDE) as pit:
        await planning(pit)
        early = legs(pit)[HOME]

        pit.believe(period="2H", clock_s=80 * 60)
        await trio.sleep(0.1)
        assert legs(pit)[HOME] > early + 1_000, "a lead in the eightieth minute is worth more"


async def test_a_clock_that_nobody_tells_anew_runs_on(autojump_clock: MockClock) -> None:
    async with open_pit(speed=60.0, plays=FAR, gates=WIDE) as pit:
        await planning(pit)
        # A book of one side teaches nothing, so that the clock alone can move the limit.
        pit.venue.cancel_all("maker")
        pit.make("ask", 4_600, 10_000)
        await trio.sleep(0.1)
        early = legs(pit)[HOME]
        await trio.sleep(30.0)

        assert legs(pit)[HOME] > early, "half an hour later"


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

        assert legs(pit)[HOME] % 100, "between two cents, where the grid now has a price"


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
        assert set(legs(pit)) == {HOME, AWAY}, "nobody plans"

        await pit.start("planner")
        await trio.sleep(0.1)
        assert set(legs(pit)) == {HOME}


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

    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen, bell, answered)
        for row in rings:
            for name in row:
                bell.ring(MatchId(name))
            await trio.sleep(2 * CONFLATE_S)
        nursery.cancel_scope.cancel()

    assert answered == [list(dict.fromkeys(row)) for row in rings if row]


@attrs.frozen(kw_only=True)
class Record:
    feed: str = "alpha"
    wins: int = 0
    phantoms: int = 0
    overturned: int = 0
    quarantined: bool = False


def test_the_worst_feed_that_may_trigger_says_how_likely_a_goal_is_to_fall() -> None:
    prior = SETTINGS.overturn_chance
    good, bad = Record(wins=300), Record(feed="bravo", wins=20, phantoms=3, overturned=1)

    assert doubt((), ("alpha",), SETTINGS) == prior
    assert doubt((Record(),), ("alpha",), SETTINGS) == pytest.approx(prior)
    assert 0 < doubt((good,), ("alpha",), SETTINGS) < prior
    assert doubt((good, bad), ("alpha", "bravo"), SETTINGS) > prior
    assert doubt((good, bad), ("alpha",), SETTINGS) < prior, "the other may not trigger"
    quarantined = attrs.evolve(bad, quarantined=True)
    assert doubt((good, quarantined), ("alpha", "bravo"), SETTINGS) < prior


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99)), max_size=4))
def test_a_doubt_is_a_probability_whatever_the_records(rows: list[tuple[int, int, int]]) -> None:
    records = [
        Record(wins=wins, phantoms=phantoms, overturned=fallen) for wins, phantoms, fallen in rows
    ]
    assert 0.0 <= doubt(records, ("alpha",), SETTINGS) <= 1.0


async def test_a_lot_that_the_next_goal_hurts_is_sold_first_by_its_play(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        await planning(pit, "market_data", "catalogue", "planner")
        (entered, *_) = pit.fire(KEY)
        await trio.sleep(0.5)
        held = pit.position_centi(HOME)
        assert held > 0
        pit.believe(1, 0)
        pit.venue.cancel_all("maker")
        for ticker, cents in ((HOME, 71), (AWAY, 9), (TIE, 18)):
            pit.make("bid", 100 * cents, 90_000, ticker)
            pit.make("ask", 100 * cents + 100, 90_000, ticker)
        await trio.sleep(1.0)

        equaliser = GoalKey(EVENT, 0, "1-1")
        first = pit.desk.plays[equaliser].legs[0]
        assert first.closes is not None
        assert first.closes.entry_client_order_id == entered.client_order_id
        assert (first.side, first.count_centi, first.attempt) == ("ask", held, 1)
        assert all(leg.closes is None for leg in pit.desk.plays[GoalKey(EVENT, 0, "2-0")].legs), (
            "another goal of ours does not hurt it"
        )

        pit.trading.fire(pit.trigger(equaliser))
        await trio.sleep(1.0)
        assert pit.position_centi(HOME) == 0
        assert entered.client_order_id not in pit.desk.lots
