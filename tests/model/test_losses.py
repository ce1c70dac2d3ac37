"""Laws of losses: what is booked is what was realised, and each limit ends it at its own value."""

import pytest
from hypothesis import given, strategies as st

from actors.model.losses import (
    DAY_CEILING_MICROS,
    STREAK_CEILING,
    Losses,
    LossLimits,
)
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Fill, Side, Ticker
from actors.model.positions import Ledger

A = Ticker("A")
CENT = MicroDollars(1)
TRADES: st.SearchStrategy[list[tuple[str, Side, int, int, int]]] = st.lists(
    st.tuples(
        st.sampled_from(["A", "B"]),
        st.sampled_from(["bid", "ask"]),
        st.integers(1, 9_999),
        st.integers(1, 300),
        st.integers(0, 20_000),
    ),
    max_size=12,
)


def fill(
    number: int, side: Side, pips: int, *, count: int = 100, fee: int = 0, on: str = "A"
) -> Fill:
    return Fill(
        trade_id=f"t{number}",
        order_id="o",
        ticker=Ticker(on),
        side=side,
        price_pips=Pips(pips),
        count_centi=CentiContracts(count),
        fee_micros=MicroDollars(fee),
        is_taker=True,
        exchange_index=0,
        venue_ts_ms=0,
    )


@given(TRADES, st.integers(0, 1_000_000))
def test_what_was_won_or_lost_is_what_the_ledger_says_whatever_comes_twice(
    trades: list[tuple[str, Side, int, int, int]], value: int
) -> None:
    losses, ledger = Losses(), Ledger({0: MicroDollars(0)}, grid_micros=CENT)
    for number, (ticker, side, pips, count, fee) in enumerate(trades):
        one = fill(number, side, pips, count=count, fee=fee, on=ticker)
        for _ in range(2):
            losses.book(one)
            ledger.book(one)
    for ticker in ("A", "B", "A"):
        losses.settle(Ticker(ticker), MicroDollars(value))
        ledger.settle(Ticker(ticker), MicroDollars(value))

    assert losses.total_micros == losses.day_micros == ledger.profit_micros
    assert losses.best_micros >= max(0, losses.total_micros)


def lose(losses: Losses, micros: int, number: int = 0) -> str | None:
    """Buy and sell at one price, for a fee."""
    losses.book(fill(2 * number, "bid", 5_000))
    return losses.book(fill(2 * number + 1, "ask", 5_000, fee=micros))


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        (LossLimits(day_micros=MicroDollars(1_000_000)), "were lost on today"),
        (LossLimits(drawdown_micros=MicroDollars(1_000_000)), "below the best"),
    ],
)
def test_a_limit_is_reached_at_its_own_value_and_not_a_micro_dollar_before(
    limits: LossLimits, word: str
) -> None:
    losses = Losses(limits, day="today")

    assert lose(losses, 999_999) is None
    assert word in str(lose(losses, 1, 1))


def test_a_day_begins_anew_but_neither_the_fall_from_the_best_nor_the_streak_does() -> None:
    limits = LossLimits(drawdown_micros=MicroDollars(150), streak=3)
    losses = Losses(limits, day="monday")
    assert lose(losses, 100) is None

    losses.roll("tuesday")
    assert losses.day_micros == 0
    assert "below the best" in str(lose(losses, 50, 1))
    losses.excuse()
    assert losses.breach is None
    for number in (2, 3):
        assert lose(losses, 1, number) is None
    assert "3 positions" in str(lose(losses, 1, 4))


def test_a_streak_ends_with_a_position_that_is_not_closed_at_a_loss() -> None:
    losses = Losses(LossLimits(streak=2))
    assert lose(losses, 1) is None
    lose(losses, 0, 1)
    assert losses.streak == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("day_micros", 0),
        ("day_micros", DAY_CEILING_MICROS + 1),
        ("drawdown_micros", -1),
        ("streak", STREAK_CEILING + 1),
    ],
)
def test_no_limit_is_nothing_or_above_its_ceiling(name: str, value: int) -> None:
    with pytest.raises(ValueError, match="above 0 and at most"):
        LossLimits(**{name: value})  # type: ignore[arg-type]  # one field of its own type
