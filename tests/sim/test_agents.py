"""Laws of makers, rivals and the crowd, at the real venue."""

import itertools
import random

import trio.testing

from actors.model.money import CentiContracts, Pips
from actors.model.orders import Ticker
from actors.model.score import Score
from actors.sim.agents import Crowd, Rival
from actors.sim.beliefs import OUTCOMES
from actors.sim.venue.accounts import CreateOrder
from actors.sim.venue.events import BookChanged, Filled, VenueEvent
from tests.sim.pitch import BUYER, ONE_GOAL, Pitch, pitch, play

LEVEL = Score(0, 0)
AHEAD = Score(1, 0)


def tickers(on: Pitch) -> list[Ticker]:
    return [on.crew.seat.tickers[outcome] for outcome in OUTCOMES]


def test_makers_quote_every_market_on_both_sides_several_levels_deep() -> None:
    on = pitch()
    on.crew.open()

    for ticker in tickers(on):
        book = on.venue.book(ticker)
        assert len(book.bids) >= 4
        assert len(book.asks) >= 4
        assert book.bids[0].price_pips < book.asks[0].price_pips
        assert all(level.price_pips % 100 == 0 for level in (*book.bids, *book.asks))


def test_makers_agree_about_what_the_three_results_are_worth() -> None:
    on = pitch()
    on.crew.open()
    books = [on.venue.book(ticker) for ticker in tickers(on)]

    assert 9_300 <= sum(book.bids[0].price_pips for book in books) < 10_000
    assert 10_000 < sum(book.asks[0].price_pips for book in books) <= 10_700


def test_a_maker_that_pulls_leaves_nothing_and_comes_back_when_it_quotes() -> None:
    on = pitch()
    maker = on.crew.makers[0]
    maker.quote(0.0)
    before = [on.venue.book(ticker) for ticker in tickers(on)]

    maker.pull()
    maker.follow(0.0)
    maker.breathe(0.0)
    for ticker in tickers(on):
        assert on.venue.book(ticker).bids == on.venue.book(ticker).asks == ()
    maker.quote(0.0)
    after = [on.venue.book(ticker) for ticker in tickers(on)]
    assert [book.bids[0].price_pips for book in before] == [
        book.bids[0].price_pips for book in after
    ]


def test_a_maker_that_heard_of_a_goal_quotes_its_side_higher() -> None:
    on = pitch()
    maker, home = on.crew.makers[0], tickers(on)[0]
    maker.quote(20.0)
    before = on.venue.book(home).bids[0].price_pips

    maker.hear(AHEAD)
    maker.quote(20.0)

    assert on.venue.book(home).bids[0].price_pips > before + 1000


def test_quoting_again_without_news_changes_nothing() -> None:
    on = pitch()
    on.crew.open()
    heard: list[VenueEvent] = []
    on.venue.listen(heard.append)

    for maker in on.crew.makers:
        maker.quote(0.0)

    assert not [event for event in heard if isinstance(event, BookChanged)]


def test_a_rung_that_was_bought_is_quoted_again() -> None:
    on = pitch()
    maker, home = on.crew.makers[0], tickers(on)[0]
    maker.quote(0.0)
    best = on.venue.book(home).asks[0]
    order = CreateOrder(
        ticker=home, side="bid", price_pips=best.price_pips, count_centi=best.count_centi
    )
    on.venue.create_order(BUYER, order)
    assert on.venue.book(home).asks[0].price_pips > best.price_pips

    maker.quote(0.0)

    assert on.venue.book(home).asks[0].price_pips == best.price_pips


def test_a_maker_takes_care_of_one_market_with_each_breath() -> None:
    on = pitch()
    maker = on.crew.makers[0]
    maker.quote(0.0)
    heard: list[VenueEvent] = []
    on.venue.listen(heard.append)

    for _ in range(3):
        maker.breathe(0.0)

    changed = [event.ticker for event in heard if isinstance(event, BookChanged)]
    assert [ticker for ticker, _ in itertools.groupby(changed)] == tickers(on)
    assert len(changed) == 6


def test_a_rival_takes_what_went_stale_up_to_what_it_is_worth_to_it() -> None:
    on = pitch()
    on.crew.open()
    rival = on.crew.rivals[0]
    heard: list[VenueEvent] = []
    on.venue.listen(heard.append)

    got = rival.raid(20.0, LEVEL, AHEAD, 300)

    worth = on.crew.seat.odds(20.0, AHEAD, rival.rates)
    fills = [e for e in heard if isinstance(e, Filled) and e.account == rival.account]
    assert got == sum(fill.count_centi for fill in fills) > 0
    home = [fill for fill in fills if fill.ticker == tickers(on)[0]]
    assert home
    assert all(fill.side == "bid" for fill in home)
    assert all(fill.price_pips <= 10_000 * worth["home"] - 200 for fill in home)
    assert sum(fill.count_centi for fill in home) <= 300 * 100


def test_a_rival_leaves_alone_what_did_not_move() -> None:
    on = pitch()
    on.crew.open()

    assert on.crew.rivals[0].raid(20.0, Score(5, 0), Score(6, 0), 300) == 0


def test_a_rival_finds_nothing_where_makers_have_pulled() -> None:
    on = pitch()
    rival = Rival(account="rival-1", seat=on.crew.seat, rates=on.crew.rivals[0].rates)

    assert rival.raid(20.0, LEVEL, AHEAD, 300) == 0


def test_the_crowd_bets_little_and_near_what_it_believes() -> None:
    on = pitch()
    on.crew.open()
    heard: list[VenueEvent] = []
    on.venue.listen(heard.append)
    crowd = Crowd(
        account="crowd", seat=on.crew.seat, rates=on.crew.crowd.rates, draws=random.Random(1)
    )

    for _ in range(60):
        crowd.bet(10.0)

    fills = [e for e in heard if isinstance(e, Filled) and e.account == "crowd"]
    assert len(fills) > 20
    assert all(fill.count_centi <= 12 * 100 for fill in fills)


async def test_nothing_that_an_account_does_moves_when_the_others_act(
    autojump_clock: trio.testing.MockClock,
) -> None:
    pulls: list[list[float]] = []
    for meddles in (False, True):
        on = pitch(ONE_GOAL)
        seen: list[float] = []

        def hear(event: VenueEvent, seen: list[float] = seen, on: Pitch = on) -> None:
            if isinstance(event, BookChanged) and event.cause.startswith("maker"):
                seen.append(on.agenda.now_s())

        def meddle(on: Pitch = on) -> None:
            for ticker in tickers(on):
                on.venue.create_order(
                    BUYER,
                    CreateOrder(
                        ticker=ticker,
                        side="bid",
                        price_pips=Pips(9_900),
                        count_centi=CentiContracts(5_000),
                    ),
                )

        on.venue.listen(hear)
        on.crew.open()
        await play(on, 12.0, *([(6.0, meddle)] if meddles else []))
        pulls.append(sorted(set(seen)))

    assert pulls[0] == pulls[1]
