"""Laws of the play: it never outspends its budget and never chases a book that has moved."""

from collections.abc import Callable

import msgspec
from hypothesis import given, strategies as st

from actors.config.profile import Band, Plays
from actors.messages.catalogue import FeeTerms, LegRole, Market, Match
from actors.messages.trading import Play
from actors.model.book import Book
from actors.model.grid import PriceRange
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import OrderRequest, Ticker
from actors.model.score import GoalKey, MatchId, Score
from actors.trader.plays import Terms, plan, value_of_win_pips

CENT = (PriceRange(start_pips=Pips(0), end_pips=Pips(10_000), step_pips=Pips(100)),)
BANDS = tuple(
    Band(lead=lead, from_minute=minute, value=Pips(value))
    for lead, minute, value in [
        (-1, 0, 1_500),
        (-1, 60, 900),
        (0, 0, 3_600),
        (0, 60, 2_500),
        (1, 0, 6_800),
        (1, 60, 8_400),
    ]
)
SETTINGS = Plays(
    margin=Pips(200),
    chase=Pips(800),
    play_dollars=MicroDollars(400_000_000),
    legs_max=2,
    bands=BANDS,
)


def encode(request: OrderRequest) -> tuple[str, bytes]:
    body = msgspec.json.encode(request).decode()
    return body, body.encode()


HEADROOM = MicroDollars(250_000_000)
TERMS = Terms(
    account="trader",
    settings=SETTINGS,
    order_max_centi=CentiContracts(40_000),
    member="direct",
    encode=encode,
)


def market(role: LegRole) -> Market:
    return Market(
        ticker=Ticker(f"M-{role}"),
        role=role,
        exchange_index=0,
        price_ranges=CENT,
        fees=FeeTerms(fee_type="quadratic_with_maker_fees", multiplier_ppm=1_000_000),
    )


MATCH = Match(
    match=MatchId("M"),
    series="KXWCGAME",
    title="England vs Iran",
    home_name="England",
    away_name="Iran",
    stage="LIVE",
    markets=(market("home"), market("away"), market("draw")),
    provider_ids=frozenset({"1"}),
    kickoff_wall_ns=0,
)


def book(bid: int, ask: int, size: int) -> Book:
    made = Book()
    made.replace(
        [(Pips(bid - 100 * i), CentiContracts(size)) for i in range(3) if bid - 100 * i > 0],
        [(Pips(ask + 100 * i), CentiContracts(size)) for i in range(3) if ask + 100 * i < 10_000],
    )
    return made


AFTER = Score(1, 0)


def planned(books: dict[str, Book], minute: int = 10) -> Play:
    look_up: Callable[[Ticker], Book | None] = books.get
    return plan(
        match=MATCH,
        key=GoalKey(MATCH.match, 0, AFTER.text),
        scorer="home",
        after=AFTER,
        minute=minute,
        books=look_up,
        headroom_micros=lambda _: HEADROOM,
        terms=TERMS,
        now_ns=7,
        wall_ms=1_795_000_000_000,
    )


def quiet() -> dict[str, Book]:
    return {
        "M-home": book(4_500, 4_600, 30_000),
        "M-away": book(2_600, 2_700, 30_000),
        "M-draw": book(2_700, 2_800, 30_000),
    }


def test_a_goal_buys_the_scorer_and_sells_what_the_goal_hurts() -> None:
    play = planned(quiet())

    assert [(leg.ticker, leg.side) for leg in play.legs] == [("M-home", "bid"), ("M-away", "ask")]
    assert play.legs[0].limit_pips == 5_400, "the chase, because the table would allow 6,600"
    assert play.legs[1].limit_pips == 1_800


def test_a_book_that_has_heard_the_goal_is_left_alone() -> None:
    moved = {
        "M-home": book(6_700, 6_800, 30_000),
        "M-away": book(1_400, 1_500, 30_000),
        "M-draw": book(1_700, 1_800, 30_000),
    }

    play = planned(moved)

    assert play.legs == ()
    assert play.reason == "no_edge"


def test_without_a_whole_book_there_is_no_play_and_a_reason() -> None:
    play = planned({})

    assert play.legs == ()
    assert play.reason == "no_book"


def test_an_entry_keeps_its_id_however_the_play_ranks_it() -> None:
    early, late = (
        {(leg.ticker, leg.side): leg.client_order_id for leg in planned(quiet(), minute).legs}
        for minute in (10, 70)
    )

    assert early != late, "the two plays rank their legs differently"
    assert all(early[entry] == late[entry] for entry in early.keys() & late.keys())
    assert len(set(early.values())) == len(early)


@given(
    home=st.integers(2, 97),
    away=st.integers(2, 97),
    draw=st.integers(2, 97),
    size=st.integers(1, 500_000),
    minute=st.integers(0, 120),
)
def test_a_play_never_outspends_its_budgets_nor_its_limits_the_table(
    home: int, away: int, draw: int, size: int, minute: int
) -> None:
    books = {
        "M-home": book(home * 100, home * 100 + 100, size),
        "M-away": book(away * 100, away * 100 + 100, size),
        "M-draw": book(draw * 100, draw * 100 + 100, size),
    }

    play = planned(books, minute=minute)

    assert sum(leg.worst_micros for leg in play.legs) <= SETTINGS.play_dollars
    assert bool(play.legs) != bool(play.reason)
    win = value_of_win_pips(BANDS, 1, minute)
    for leg in play.legs:
        assert leg.worst_micros <= HEADROOM
        assert 0 < leg.count_centi <= TERMS.order_max_centi
        assert leg.count_centi % 100 == 0
        assert leg.limit_pips % 100 == 0
        if leg.side == "bid":
            assert leg.limit_pips <= leg.reference_pips + SETTINGS.chase
            if leg.ticker == "M-home":
                assert leg.limit_pips <= win - SETTINGS.margin
        else:
            assert leg.limit_pips >= leg.reference_pips - SETTINGS.chase


@given(lead=st.integers(-9, 9), minute=st.integers(0, 130))
def test_the_table_answers_for_every_lead_and_minute(lead: int, minute: int) -> None:
    value = value_of_win_pips(BANDS, lead, minute)

    assert value in {band.value for band in BANDS}
