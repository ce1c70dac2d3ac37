from fractions import Fraction
from random import Random

import attrs
import pytest
from hypothesis import given, strategies as st

from actors.model.money import CentiContracts, MicroDollars, Pips, opposite_pips
from actors.model.orders import Fill, Side, Ticker, opposite, sign
from actors.model.positions import Holding, Ledger, LedgerBroken, Position
from tests.strategies import fills

MARKET = Ticker("KXGAME-A")
OTHER = Ticker("KXGAME-B")
GRID = MicroDollars(100)
DOLLAR = MicroDollars(1_000_000)

values = st.sampled_from((0, 1_000_000)) | st.integers(0, 1_000_000)
histories = st.lists(fills, min_size=1, max_size=20).map(
    lambda history: [
        attrs.evolve(fill, trade_id=f"t{number}") for number, fill in enumerate(history)
    ]
)


def fill(
    side: Side,
    price: int,
    count: int,
    *,
    fee: int = 0,
    trade_id: str = "t1",
    ticker: Ticker = MARKET,
    shard: int = 0,
) -> Fill:
    return Fill(
        trade_id=trade_id,
        order_id="o1",
        ticker=ticker,
        side=side,
        price_pips=Pips(price),
        count_centi=CentiContracts(count),
        fee_micros=MicroDollars(fee),
        is_taker=True,
        exchange_index=shard,
        venue_ts_ms=1,
    )


def held(net: int, basis: int) -> Position:
    return Position(ticker=MARKET, net_centi=CentiContracts(net), basis_micros=MicroDollars(basis))


def ledger_of(*shards: int) -> Ledger:
    return Ledger({shard: MicroDollars(1_000_000_000) for shard in shards}, grid_micros=GRID)


def balanced(holding: Holding) -> bool:
    return holding.cash_micros + holding.position.basis_micros == holding.profit_micros


@pytest.mark.parametrize(
    ("before", "bought", "cash", "realised", "after"),
    [
        pytest.param((0, 0), ("bid", 6_000, 100), -600_000, 0, (100, 600_000), id="buy-yes"),
        pytest.param((0, 0), ("ask", 6_000, 100), -400_000, 0, (-100, 400_000), id="buy-no"),
        pytest.param((100, 600_000), ("ask", 7_000, 100), 700_000, 100_000, (0, 0), id="sell-yes"),
        pytest.param((-100, 400_000), ("bid", 7_000, 100), 300_000, -100_000, (0, 0), id="sell-no"),
        pytest.param(
            (100, 600_000), ("ask", 7_000, 300), 100_000, 100_000, (-200, 600_000), id="cross"
        ),
        pytest.param(
            (200, 1_000_000), ("ask", 4_000, 50), 200_000, -50_000, (150, 750_000), id="part"
        ),
    ],
)
def test_each_kind_of_fill_moves_cash_and_cost_as_the_venue_does(
    before: tuple[int, int],
    bought: tuple[Side, int, int],
    cash: int,
    realised: int,
    after: tuple[int, int],
) -> None:
    booked = held(*before).apply(fill(*bought, fee=1_234))

    assert booked.cash_micros == cash - 1_234
    assert booked.realised_micros == realised
    assert booked.position == held(*after)


def test_the_remainder_of_a_shared_cost_stays_with_what_is_left() -> None:
    closed = held(3, 10_001).apply(fill("ask", 5_000, 1))

    assert closed.realised_micros == 5_000 - 3_333
    assert closed.position == held(2, 6_668)


@given(histories, values)
def test_what_an_account_ends_with_is_what_it_paid_and_was_paid(
    history: list[Fill], value: int
) -> None:
    position, cash, expected = Position(ticker=MARKET), 0, Fraction(0)
    for one in history:
        own = attrs.evolve(one, ticker=MARKET)
        position, _, moved, _ = position.apply(own)
        cash += moved
        direction = sign(own.side)
        per_contract = Fraction(value) - own.price_pips * 100
        expected += direction * per_contract * own.count_centi / 100 - own.fee_micros

    settled = position.settle(MicroDollars(value), grid_micros=GRID)

    cash += settled.cash_micros
    assert 0 <= expected - cash < GRID
    if value in {0, DOLLAR}:
        assert cash == expected
    assert settled.position == Position(ticker=MARKET)


@given(histories, values, st.permutations([Ticker("KXGAME-A"), OTHER, Ticker("KXGAME-TIE")]))
def test_at_every_moment_cash_and_open_cost_are_realised_profit_less_fees(
    history: list[Fill], value: int, settled: list[Ticker]
) -> None:
    ledger = ledger_of(0)
    for one in history:
        ledger.book(one)
        assert all(balanced(holding) for holding in ledger.holdings())
        assert ledger.profit_micros + ledger.basis_micros == sum(
            holding.profit_micros for holding in ledger.holdings()
        )
    for ticker in settled:
        ledger.settle(ticker, MicroDollars(value))

    assert ledger.basis_micros == 0
    assert ledger.profit_micros == sum(holding.profit_micros for holding in ledger.holdings())
    assert all(balanced(holding) for holding in ledger.holdings())


@given(histories)
def test_a_position_costs_something_exactly_while_it_is_open(history: list[Fill]) -> None:
    position = Position(ticker=MARKET)
    for one in history:
        position = position.apply(attrs.evolve(one, ticker=MARKET)).position

        assert position.basis_micros >= 0
        assert (position.basis_micros > 0) == (position.net_centi != 0)
        # Nothing ever costs its whole dollar or more.
        assert position.basis_micros < abs(position.net_centi) * 10_000 or position.net_centi == 0


@given(histories)
def test_trading_back_to_flat_makes_final_every_micro_dollar(history: list[Fill]) -> None:
    position, cash, realised, fees = Position(ticker=MARKET), 0, 0, 0
    own = [attrs.evolve(one, ticker=MARKET) for one in history]
    net = sum(sign(one.side) * one.count_centi for one in own)
    if net:
        own.append(fill("ask" if net > 0 else "bid", 5_000, abs(net)))
    for one in own:
        position, gained, moved, _ = position.apply(one)
        cash, realised, fees = cash + moved, realised + gained, fees + one.fee_micros

    assert position == Position(ticker=MARKET)
    assert cash == realised - fees


@given(fills, fills, st.integers(1, 50_000))
def test_crossing_zero_is_closing_and_then_opening(first: Fill, second: Fill, extra: int) -> None:
    before = Position(ticker=first.ticker).apply(first).position
    crossing = attrs.evolve(
        second,
        ticker=first.ticker,
        side=opposite(first.side),
        count_centi=CentiContracts(first.count_centi + extra),
        fee_micros=MicroDollars(0),
    )

    at_once = before.apply(crossing)
    closed = before.apply(attrs.evolve(crossing, count_centi=first.count_centi))
    opened = closed.position.apply(attrs.evolve(crossing, count_centi=CentiContracts(extra)))

    assert closed.position == Position(ticker=first.ticker)
    assert at_once.position == opened.position
    assert at_once.cash_micros == closed.cash_micros + opened.cash_micros
    assert at_once.realised_micros == closed.realised_micros + opened.realised_micros


@given(histories, values)
def test_no_is_yes_seen_from_the_other_side(history: list[Fill], value: int) -> None:
    yes, no = Position(ticker=MARKET), Position(ticker=MARKET)
    for one in history:
        own = attrs.evolve(one, ticker=MARKET)
        mirrored = attrs.evolve(
            own, side=opposite(own.side), price_pips=opposite_pips(own.price_pips)
        )
        as_yes, as_no = yes.apply(own), no.apply(mirrored)
        yes, no = as_yes.position, as_no.position
        assert as_yes[1:] == as_no[1:]
        assert (yes.net_centi, yes.basis_micros) == (-no.net_centi, no.basis_micros)

    assert (
        yes.settle(MicroDollars(value), grid_micros=GRID)[1:]
        == (no.settle(MicroDollars(DOLLAR - value), grid_micros=GRID)[1:])
    )


@given(histories, st.randoms(use_true_random=False), st.integers(0, 20), values)
def test_late_doubled_and_disordered_reports_end_in_the_same_cash(
    history: list[Fill], shuffler: Random, settle_after: int, value: int
) -> None:
    in_order, disordered = ledger_of(0), ledger_of(0)
    for one in history:
        in_order.book(one)
    for ticker in (MARKET, OTHER, Ticker("KXGAME-TIE")):
        in_order.settle(ticker, MicroDollars(value))

    reports = history * 2
    shuffler.shuffle(reports)
    for number, one in enumerate(reports):
        if number == settle_after:
            for ticker in (MARKET, OTHER, Ticker("KXGAME-TIE")):
                disordered.settle(ticker, MicroDollars(value))
        disordered.book(one)
    for ticker in (MARKET, OTHER, Ticker("KXGAME-TIE")):
        disordered.settle(ticker, MicroDollars(value))

    assert disordered.basis_micros == in_order.basis_micros == 0
    if value in {0, DOLLAR}:
        assert disordered.profit_micros == in_order.profit_micros
    # A scalar is floored once a pay-out, and a late fill is paid out by itself.
    assert abs(disordered.profit_micros - in_order.profit_micros) <= GRID * (len(history) + 3)


def test_a_scalar_settlement_is_floored_to_the_grid_and_the_rest_is_named() -> None:
    yes = held(33, 100_000).settle(MicroDollars(333_333), grid_micros=GRID)

    # 0.33 x $0.333333 = $0.10999989, floored to $0.109999 and then to $0.1099.
    assert yes.cash_micros == 109_900
    assert yes.rounding_micros == 99
    assert yes.realised_micros == 9_999


@given(st.integers(-50_000, 50_000), st.sampled_from((0, 1_000_000)))
def test_a_plain_result_never_leaves_any_rounding(net: int, value: int) -> None:
    settled = held(net, 0).settle(MicroDollars(value), grid_micros=MicroDollars(10_000))

    won = net > 0 if value else net < 0
    assert settled.rounding_micros == 0
    assert settled.cash_micros == (abs(net) * 10_000 if won else 0)


@pytest.mark.parametrize("value", [-1, 1_000_001])
def test_a_settlement_outside_a_dollar_is_refused(value: int) -> None:
    with pytest.raises(LedgerBroken, match="cannot settle"):
        held(100, 1).settle(MicroDollars(value), grid_micros=GRID)
    with pytest.raises(LedgerBroken, match="cannot settle"):
        ledger_of(0).settle(MARKET, MicroDollars(value))


@pytest.mark.parametrize("bad", [fill("bid", 5_000, 0), fill("bid", 5_000, 1, ticker=OTHER)])
def test_a_fill_of_nothing_or_of_another_market_is_refused(bad: Fill) -> None:
    with pytest.raises(LedgerBroken, match="no fill of"):
        Position(ticker=MARKET).apply(bad)


def test_a_trade_counts_once_however_often_it_is_reported() -> None:
    ledger = ledger_of(0)

    assert ledger.book(fill("bid", 5_000, 100)) is not None
    assert ledger.book(fill("bid", 5_000, 100)) is None
    assert ledger.cash_micros(0) == 999_500_000


def test_a_trade_reported_in_two_ways_is_an_error_and_books_nothing() -> None:
    ledger = ledger_of(0)
    ledger.book(fill("bid", 5_000, 100))

    with pytest.raises(LedgerBroken, match="two ways"):
        ledger.book(fill("bid", 5_000, 200))
    assert ledger.position(MARKET).net_centi == 100


def test_a_market_does_not_change_its_shard() -> None:
    ledger = ledger_of(0, 3)
    ledger.book(fill("bid", 5_000, 100))

    with pytest.raises(LedgerBroken, match="was on shard 0"):
        ledger.book(fill("bid", 5_000, 100, trade_id="t2", shard=3))
    assert ledger.cash_micros(3) == 1_000_000_000


def test_each_shard_pays_for_its_own_markets() -> None:
    ledger = ledger_of(0, 3)
    ledger.book(fill("bid", 5_000, 100, fee=17_500))
    ledger.book(fill("ask", 9_000, 200, trade_id="t2", ticker=OTHER, shard=3))

    assert ledger.cash_micros(0) == 999_482_500
    assert ledger.cash_micros(3) == 999_800_000
    assert ledger.shards() == (0, 3)
    assert [holding.exchange_index for holding in ledger.holdings()] == [0, 3]


def test_moving_and_paying_in_cash_is_no_profit() -> None:
    ledger = ledger_of(0)
    ledger.deposit(0, MicroDollars(5_000_000))
    ledger.transfer(0, 3, MicroDollars(7_000_000))
    ledger.deposit(3, MicroDollars(-1_000_000))

    assert ledger.profit_micros == 0
    assert (ledger.cash_micros(0), ledger.cash_micros(3)) == (998_000_000, 6_000_000)


def test_a_market_settles_once_and_at_one_value() -> None:
    ledger = ledger_of(0)
    ledger.book(fill("bid", 5_000, 100))

    settled = ledger.settle(MARKET, DOLLAR)

    assert settled is not None
    assert settled.realised_micros == 500_000
    assert ledger.settle(MARKET, DOLLAR) is None
    with pytest.raises(LedgerBroken, match="settled at"):
        ledger.settle(MARKET, MicroDollars(0))
    assert ledger.profit_micros == 500_000


def test_a_fill_that_arrives_after_its_settlement_is_paid_out_at_once() -> None:
    ledger = ledger_of(0)
    assert ledger.settle(MARKET, DOLLAR) is None

    late = ledger.book(fill("bid", 6_000, 100, fee=100))

    assert late is not None
    assert late.position == Position(ticker=MARKET)
    assert (late.realised_micros, late.cash_micros) == (400_000, 399_900)
    assert ledger.profit_micros == 399_900


def test_a_market_never_traded_is_flat_and_has_no_holding() -> None:
    ledger = ledger_of(0)

    assert ledger.position(MARKET) == Position(ticker=MARKET)
    assert ledger.holding(MARKET) is None
    ledger.book(fill("bid", 5_000, 100))
    holding = ledger.holding(MARKET)
    assert holding is not None
    assert holding.position == ledger.position(MARKET)
