"""Laws of the play: sold first, opened within one budget, and no limit lifted by a fresh book."""

from collections.abc import Mapping, Sequence

import attrs
import msgspec
import pytest
from hypothesis import example, given, strategies as st

from actors.config.profile import Gates, Plays
from actors.messages.catalogue import FeeTerms, LegRole, Market
from actors.messages.trading import ExitPlan, Leg, Play
from actors.model.book import Book
from actors.model.fair import Rates, TimeLeft, outlook
from actors.model.fees import fee_schedule
from actors.model.form import Quote
from actors.model.grid import PriceRange
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import OrderRequest, Side, Ticker
from actors.model.score import GoalKey, MatchId, Score
from actors.trader.assembly import write
from actors.trader.plays import REDUCING_MOST, Holding, Position, Terms, identity, plan
from actors.trader.pricing import Prospect, fee_pips, look

CENT = (PriceRange(start_pips=Pips(0), end_pips=Pips(10_000), step_pips=Pips(100)),)
SETTINGS = Plays(
    margin=Pips(200),
    chase=Pips(800),
    exit_spread=Pips(100),
    play_dollars=MicroDollars(400_000_000),
    legs_max=2,
    price_age_s=5.0,
    freeze_move=Pips(400),
    freeze_s=20.0,
    spread_max=Pips(800),
    fit_max=Pips(300),
    overturn_chance=0.03,
    overturn_goals=30.0,
)
GATES = Gates(
    collar=Pips(1_500),
    bid_max=Pips(9_700),
    ask_min=Pips(300),
    report_age_ms=500,
    book_age_ms=5_000,
)
WALL_MS = 1_795_000_000_000
FEES = fee_schedule(
    "quadratic_with_maker_fees", multiplier_ppm=1_000_000, member="direct", at_ms=WALL_MS
)
HEADROOM = MicroDollars(250_000_000)
EVENT = MatchId("M")
EARLIER, KEY = GoalKey(EVENT, 0, "0-1"), GoalKey(EVENT, 0, "1-0")
RATES = Rates(1.5, 1.07)
LEGS: tuple[LegRole, ...] = ("home", "away", "draw")

Prices = Mapping[LegRole, tuple[int, int]]
QUIET: Prices = {"home": (4_500, 4_600), "away": (2_600, 2_700), "draw": (2_700, 2_800)}


def encode(request: OrderRequest) -> tuple[str, bytes]:
    body = msgspec.json.encode(request).decode()
    return body, body.encode()


TERMS = Terms(
    account="trader",
    settings=SETTINGS,
    gates=GATES,
    order_max_centi=CentiContracts(40_000),
    member="direct",
    encode=encode,
    write=write,
    give_up=4_000,
)


def market(role: LegRole) -> Market:
    return Market(
        ticker=Ticker(f"M-{role}"),
        role=role,
        exchange_index=0,
        price_ranges=CENT,
        fees=FeeTerms(fee_type="quadratic_with_maker_fees", multiplier_ppm=1_000_000),
    )


MARKETS = tuple(market(role) for role in LEGS)


def book(bid: int, ask: int, size: int) -> Book:
    made = Book()
    made.replace(
        [(Pips(bid - 100 * i), CentiContracts(size)) for i in range(3) if bid - 100 * i > 0],
        [(Pips(ask + 100 * i), CentiContracts(size)) for i in range(3) if ask + 100 * i < 10_000],
    )
    return made


def prospect(left: float = 0.9, fallen: float = 0.03) -> Prospect:
    seen = outlook(Score(0, 0), RATES, TimeLeft(left, 0.3))
    return Prospect.of(seen.now, seen.home_scores.mixed(seen.now, fallen), {})


def planned(
    prices: Prices = QUIET,
    *,
    size: int = 30_000,
    worth: Prospect | None = None,
    lots: Sequence[Holding] = (),
    held: Mapping[Ticker, int] | None = None,
    terms: Terms = TERMS,
) -> Play:
    position = (held or {}).get
    return plan(
        sights=[
            look(each, book(*prices[each.role], size) if each.role in prices else None)
            for each in MARKETS
        ],
        key=KEY,
        scorer="home",
        prospect=worth or prospect(),
        position=Position(
            held_centi=lambda ticker: position(ticker, 0),
            lots=lots,
            headroom_micros=lambda _: HEADROOM,
        ),
        terms=terms,
        now_ns=7,
        wall_ms=WALL_MS,
    )


def lot(role: LegRole, side: Side, left: int, *, number: int = 1, floor: int = 100) -> Holding:
    exit_plan = ExitPlan(
        key=EARLIER,
        match=EVENT,
        ticker=Ticker(f"M-{role}"),
        entry_side=side,
        entry_client_order_id=f"entry-{role}-{number}",
        exchange_index=0,
        due_ns=0,
        due_wall_ns=0,
        floor_pips=Pips(floor),
    )
    return Holding(plan=exit_plan, left_centi=left, attempt=number)


def role_of(leg: Leg) -> LegRole:
    return next(each.role for each in MARKETS if each.ticker == leg.ticker)


def test_a_goal_buys_the_scorer_and_sells_what_the_goal_hurts() -> None:
    play = planned()

    assert [(leg.ticker, leg.side) for leg in play.legs] == [("M-home", "bid"), ("M-away", "ask")]
    assert all(leg.closes is None for leg in play.legs)


def test_a_book_that_has_heard_the_goal_is_left_alone() -> None:
    moved: Prices = {"home": (7_000, 7_100), "away": (1_000, 1_100), "draw": (1_700, 1_800)}

    play = planned(moved)

    assert play.legs == ()
    assert play.reason == "no_edge"


def test_without_a_whole_book_there_is_no_play_and_a_reason() -> None:
    play = planned({})

    assert play.legs == ()
    assert play.reason == "no_book"


def test_an_entry_keeps_its_id_however_the_play_ranks_it() -> None:
    one, other = (planned(worth=prospect(left=left)) for left in (0.9, 0.3))
    mine = {(leg.ticker, leg.side): leg.client_order_id for leg in one.legs}
    theirs = {(leg.ticker, leg.side): leg.client_order_id for leg in other.legs}

    assert all(mine[leg] == theirs[leg] for leg in mine.keys() & theirs.keys())
    assert len(set(mine.values())) == len(mine)


cents = st.integers(2, 97)
prices = st.fixed_dictionaries(
    {}, optional={role: cents.map(lambda at: (100 * at, 100 * at + 100)) for role in LEGS}
)


@given(prices=prices, size=st.integers(1, 500_000), left=st.floats(0.02, 1.0))
def test_a_play_costs_no_more_than_its_budget_on_any_result(
    prices: Prices, size: int, left: float
) -> None:
    play = planned(prices, size=size, worth=prospect(left=left))

    assert bool(play.legs) != bool(play.reason)
    for result in LEGS:
        lost = sum(
            leg.worst_micros for leg in play.legs if (role_of(leg) == result) == (leg.side == "ask")
        )
        assert lost <= SETTINGS.play_dollars
    for leg in play.legs:
        assert leg.worst_micros <= HEADROOM
        assert 0 < leg.count_centi <= TERMS.order_max_centi
        assert leg.count_centi % 100 == 0
        assert leg.limit_pips % 100 == 0
        assert abs(leg.limit_pips - leg.reference_pips) <= GATES.collar
        assert GATES.ask_min < leg.limit_pips or leg.side == "bid"
        assert leg.limit_pips < GATES.bid_max or leg.side == "ask"


@given(prices=prices, left=st.floats(0.02, 1.0), fallen=st.floats(0.0, 0.5))
@example(prices={"home": (200, 300), "away": (700, 800)}, left=0.05078125, fallen=0.484375)
def test_at_its_limit_a_leg_still_leaves_the_margin_over_every_cost(
    prices: Prices, left: float, fallen: float
) -> None:
    worth = prospect(left=left, fallen=fallen)
    for leg in planned(prices, worth=worth).legs:
        value = worth.then[role_of(leg)]
        gain = value - leg.limit_pips if leg.side == "bid" else leg.limit_pips - value
        cost = fee_pips(FEES, leg.limit_pips) + fee_pips(FEES, value) + SETTINGS.exit_spread
        assert gain >= cost + SETTINGS.margin


@given(before=prices, after=prices, left=st.floats(0.02, 1.0))
def test_however_the_book_moves_before_the_feeds_no_limit_moves_with_it(
    before: Prices, after: Prices, left: float
) -> None:
    worth = prospect(left=left)
    still, moved = (
        {(leg.ticker, leg.side): leg.limit_pips for leg in planned(each, worth=worth).legs}
        for each in (before, after)
    )

    for leg in still.keys() & moved.keys():
        assert still[leg] == moved[leg]


def test_the_chase_begins_where_an_old_price_was_cheaper_than_the_model() -> None:
    seen = outlook(Score(0, 0), Rates(1.5, 1.07), TimeLeft(0.9, 0.3))
    cheap: dict[LegRole, Quote] = {"home": Quote(Pips(4_000), Pips(4_100))}
    worth = Prospect.of(seen.now, seen.home_scores, cheap)

    assert worth.begin("home", "bid") == 4_100
    assert worth.begin("home", "ask") == seen.now.pips("home")
    assert planned(worth=worth).legs[-1].ticker == "M-away"


def test_a_likely_overturn_leaves_nothing_to_play_for() -> None:
    assert planned(worth=prospect(fallen=0.0)).legs
    assert planned(worth=prospect(fallen=0.9)).legs == ()


def test_what_the_goal_hurts_is_sold_before_anything_is_opened() -> None:
    held = {Ticker("M-away"): 1_700}
    play = planned(lots=[lot("away", "bid", 1_700)], held=held)
    first, *others = play.legs

    assert (first.ticker, first.side, first.count_centi) == ("M-away", "ask", 1_700)
    assert first.closes is not None
    assert first.closes.entry_client_order_id == "entry-away-1"
    assert first.worst_micros == 0
    assert b'"reduce_only":true' in first.tail
    assert first.client_order_id == identity("trader", EARLIER, Ticker("M-away"), "ask", 1)
    assert others
    assert "M-away" not in [leg.ticker for leg in others], "its lot is the market's only way out"


def test_what_the_goal_helps_is_kept() -> None:
    held = {Ticker("M-home"): 1_700}
    play = planned(lots=[lot("home", "bid", 1_700)], held=held)

    assert all(leg.closes is None for leg in play.legs)
    assert ("M-home", "bid") in [(leg.ticker, leg.side) for leg in play.legs]


@given(
    left=st.integers(1, 5_000),
    held=st.integers(-5_000, 5_000),
    side=st.sampled_from(["bid", "ask"]),
    role=st.sampled_from(LEGS),
)
def test_a_reducing_leg_is_never_larger_than_lot_or_position(
    left: int, held: int, side: Side, role: LegRole
) -> None:
    play = planned(lots=[lot(role, side, left)], held={Ticker(f"M-{role}"): held})

    for leg in play.legs:
        if leg.closes is not None:
            assert leg.side != side
            assert leg.count_centi <= min(left, held if side == "bid" else -held)
        elif leg.ticker == f"M-{role}":
            assert held == 0 or (held > 0) == (leg.side == "bid"), "no entry closes a position"


def test_a_lot_is_not_sold_beyond_its_own_floor() -> None:
    held = {Ticker("M-away"): 1_000}

    assert planned(lots=[lot("away", "bid", 1_000, floor=2_000)], held=held).legs[0].closes is None


def test_of_many_lots_the_largest_are_sold_by_one_play() -> None:
    lots = [lot("away", "bid", 100 * number, number=number) for number in range(1, 6)]
    play = planned(lots=lots, held={Ticker("M-away"): 1_500})

    sold = [leg.count_centi for leg in play.legs if leg.closes is not None]
    assert sold == [500, 400]
    assert len(sold) == REDUCING_MOST


@pytest.mark.parametrize("legs_max", [1, 2, 3])
def test_no_more_legs_are_opened_than_the_profile_says(legs_max: int) -> None:
    terms = attrs.evolve(TERMS, settings=attrs.evolve(SETTINGS, legs_max=legs_max))

    assert len(planned(terms=terms).legs) <= legs_max


def test_an_unknown_fee_opens_nothing_and_still_sells() -> None:
    odd = tuple(
        attrs.evolve(each, fees=FeeTerms(fee_type="flat", multiplier_ppm=1)) for each in MARKETS
    )
    play = plan(
        sights=[look(each, book(*QUIET[each.role], 30_000)) for each in odd],
        key=KEY,
        scorer="home",
        prospect=prospect(),
        position=Position(
            held_centi={Ticker("M-away"): 500}.__getitem__,
            lots=[lot("away", "bid", 500)],
            headroom_micros=lambda _: HEADROOM,
        ),
        terms=TERMS,
        now_ns=7,
        wall_ms=WALL_MS,
    )

    assert [leg.count_centi for leg in play.legs] == [500]
