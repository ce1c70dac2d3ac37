from fractions import Fraction
from typing import Final

import attrs
import pytest
from hypothesis import given, settings, strategies as st

from actors.model.matching import SelfTrade
from actors.model.orders import Side, Ticker, TimeInForce
from actors.sim.venue.errors import AlreadyListed, BadTerms, NotListed
from actors.sim.venue.events import BookChanged, VenueEvent
from actors.sim.venue.listing import DECI_CENT, LINEAR_CENT, Verdict
from actors.sim.venue.order_entry import Created
from tests.sim.venue.hall import AWAY, HOME, Hall, market_terms, open_hall, order, quote

NAMES: Final = ("us", "maker", "third")
GRIDS: Final = {10: DECI_CENT, 100: LINEAR_CENT}


@attrs.frozen
class Act:
    name: str
    cancels: bool
    ticker: Ticker
    side: Side
    price: int
    count_centi: int
    time_in_force: TimeInForce
    reduce_only: bool
    self_trade: SelfTrade

    def on(self, hall: Hall, step_pips: int) -> None:
        if self.cancels:
            hall.venue.cancel_all(self.name)
            return
        immediate = self.time_in_force == "immediate_or_cancel"
        outcome = hall.venue.create_order(
            self.name,
            order(
                self.side,
                (self.price % (10_000 // step_pips - 1) + 1) * step_pips,
                self.count_centi,
                ticker=self.ticker,
                time_in_force=self.time_in_force,
                reduce_only=self.reduce_only and immediate,
                self_trade=self.self_trade,
            ),
        )
        if immediate and isinstance(outcome, Created):
            assert outcome.remaining_centi == 0


acts = st.builds(
    Act,
    st.sampled_from(NAMES),
    st.sampled_from([False] * 9 + [True]),
    st.sampled_from([HOME, HOME, AWAY]),
    st.sampled_from(["bid", "ask"]),
    st.integers(0, 999),
    st.integers(1, 400),
    st.sampled_from(["immediate_or_cancel", "good_till_canceled", "fill_or_kill"]),
    st.booleans(),
    st.sampled_from(["taker_at_cross", "maker"]),
)


@settings(max_examples=60)
@given(
    history=st.lists(acts, max_size=40),
    fee_type=st.sampled_from(["quadratic", "quadratic_with_maker_fees"]),
    step_pips=st.sampled_from([10, 100]),
    cash_micros=st.sampled_from([200_000, 2_000_000, 50_000_000]),
    verdict=st.sampled_from(["yes", "no", "scalar"]),
)
def test_money_is_conserved_and_no_cash_is_ever_negative(
    history: list[Act], fee_type: str, step_pips: int, cash_micros: int, verdict: Verdict
) -> None:
    hall = open_hall(fee_type=fee_type, cash_micros=cash_micros, ranges=GRIDS[step_pips])
    hall.venue.open_account("third", {0: cash_micros})
    money = hall.money()
    for act in history:
        act.on(hall, step_pips)

        assert hall.money() == money
        for account in hall.venue.floor.accounts.values():
            assert account.cash(0) >= 0
            assert account.available(0) >= 0
            assert account.cash(0) % 100 == 0
        for ticker in (HOME, AWAY):
            held = [hall.venue.position_centi(name, ticker) for name in NAMES]
            assert sum(held) == 0
            assert sum(max(0, each) for each in held) == (
                hall.venue.market(ticker).open_interest_centi
            )
            book = hall.venue.book(ticker)
            assert not (book.bids and book.asks) or (
                book.bids[0].price_pips < book.asks[0].price_pips
            )

    hall.settle(HOME, verdict, 333_333 if verdict == "scalar" else None)
    hall.settle(AWAY, "no")
    assert hall.money() == money
    assert sum(hall.cash(name) for name in NAMES) + hall.venue.floor.house_micros == money


@settings(max_examples=25)
@given(history=st.lists(acts, max_size=25), seed=st.integers(0, 3))
def test_the_same_seed_is_the_same_venue_event_for_event(history: list[Act], seed: int) -> None:
    runs: list[list[VenueEvent]] = []
    for _ in range(2):
        hall = open_hall(seed=seed)
        hall.venue.open_account("third", {0: 50_000_000})
        heard: list[VenueEvent] = []
        hall.venue.listen(heard.append)
        for act in history:
            act.on(hall, 100)
        runs.append(heard)

    assert runs[0] == runs[1]


@given(multiplier=st.fractions(0, 2, max_denominator=8), price=st.integers(1, 99))
def test_the_fee_follows_the_series_multiplier(multiplier: Fraction, price: int) -> None:
    hall = open_hall(multiplier=multiplier)
    hall.create("maker", quote("ask", price * 100, 10_000))

    hall.create("us", order("bid", price * 100, 10_000))

    fee = 1_000_000_000 - hall.cash("us") - price * 1_000_000
    exact = Fraction(7, 100) * multiplier * 100 * Fraction(price, 100) * (1 - Fraction(price, 100))
    assert 0 <= fee - exact * 1_000_000 <= 101


def test_a_listener_that_trades_at_once_is_told_in_order_too() -> None:
    hall = open_hall()
    heard: list[VenueEvent] = []
    answered: list[bool] = []

    def answer(_event: VenueEvent) -> None:
        if not answered:
            answered.append(True)
            hall.create("maker", quote("ask", 9_000, 100))

    hall.venue.listen(answer)
    stop = hall.venue.listen(heard.append)
    hall.create("us", quote("bid", 5_000, 100))

    clocks = [event.clock for event in heard if hasattr(event, "clock")]
    assert clocks == [1, 2]
    stop()
    hall.create("us", quote("bid", 4_000, 100))
    assert len([event for event in heard if hasattr(event, "clock")]) == 2


def test_an_order_is_answered_as_it_stood_before_anyone_heard_of_it() -> None:
    hall = open_hall()

    def pounce(event: VenueEvent) -> None:
        if isinstance(event, BookChanged) and event.cause == "us":
            hall.create("maker", order("ask", 5_000, 100))

    hall.venue.listen(pounce)

    created = hall.create("us", quote("bid", 5_000, 100))

    assert (created.fill_count_centi, created.remaining_centi) == (0, 100)
    assert hall.venue.position_centi("us", HOME) == 100


def test_a_thousand_markets_settle_at_one_instant() -> None:
    hall = open_hall()
    tickers = [Ticker(f"T{number}") for number in range(1_000)]
    for ticker in tickers:
        hall.venue.list_market(market_terms(ticker))
        hall.venue.close_market(ticker)
        hall.venue.determine(ticker, "no")
    hall.clock.pass_s(1)

    hall.venue.advance()

    assert {hall.venue.market(ticker).status for ticker in tickers} == {"finalized"}


def test_an_account_s_first_cash_stays_readable_when_reads_are_made_to_lag_further() -> None:
    hall = open_hall(cash_micros=7_000_000, read_lag_us=250_000)
    hall.venue.lag_reads(60_000_000)
    view = hall.venue.floor.account("us").view

    assert view is not None
    view.advance(hall.clock.now_us)
    assert [cash.available_micros for cash in view.cash.values()] == [7_000_000]


def test_an_account_s_first_cash_can_be_read_at_once_however_far_reads_lag() -> None:
    hall = open_hall(cash_micros=7_000_000, read_lag_us=250_000)
    view = hall.venue.floor.account("us").view
    assert view is not None

    view.advance(hall.venue.now_us())

    assert view.cash[0, 0].available_micros == 7_000_000


def test_an_account_is_opened_once_with_cash_on_the_grid() -> None:
    venue = open_hall().venue

    with pytest.raises(AlreadyListed):
        venue.open_account("us", {})
    for amount in (-100, 150):
        with pytest.raises(BadTerms):
            venue.open_account("new", {0: amount})
    with pytest.raises(NotListed):
        venue.position_centi("nobody", HOME)


def test_the_book_is_given_best_first_and_as_deep_as_asked() -> None:
    hall = open_hall()
    for price_pips in (4_000, 5_000, 4_500):
        hall.create("maker", quote("bid", price_pips, 100))
    for price_pips in (7_000, 6_000):
        hall.create("maker", quote("ask", price_pips, 100))

    book = hall.venue.book(HOME)

    assert [level.price_pips for level in book.bids] == [5_000, 4_500, 4_000]
    assert [level.price_pips for level in book.asks] == [6_000, 7_000]
    assert len(hall.venue.book(HOME, depth=1).bids) == 1
