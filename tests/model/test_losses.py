"""Laws of losses: what is booked is what was realised, and each limit ends it at its own value."""

import pytest
from hypothesis import given, strategies as st

from actors.model.losses import (
    DAY_CEILING_MICROS,
    STREAK_CEILING,
    Losses,
    LossLimits,
    Mark,
)
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Fill, Side, Ticker
from actors.model.positions import Ledger, Position

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


STEPS: st.SearchStrategy[list[tuple[str, str, int, int]]] = st.lists(
    st.tuples(
        st.sampled_from(["bid", "ask", "mark", "settle", "excuse"]),
        st.sampled_from(["A", "B"]),
        st.integers(1, 9_999),
        st.integers(1, 300),
    ),
    max_size=16,
)


class Naive:
    """The same sums, the long way."""

    def __init__(self) -> None:
        self.held: dict[str, Position] = {}
        self.marks: dict[str, tuple[int, int]] = {}
        self.settled: set[str] = set()
        self.made = self.best = 0

    def lost(self, name: str) -> int:
        if name not in self.marks:
            return 0
        (net, worth), one = self.marks[name], self.held[name]
        return min(0, worth * abs(one.net_centi) // abs(net) - one.basis_micros)

    @property
    def open(self) -> int:
        return sum(self.lost(name) for name in self.held)

    def keep(self, name: str, position: Position) -> None:
        if name in self.marks and self.marks[name][0] * position.net_centi <= 0:
            del self.marks[name]
        self.held[name] = position
        if not position.net_centi:
            del self.held[name]

    def book(self, one: Fill) -> None:
        name = str(one.ticker)
        booked = self.held.get(name, Position(ticker=one.ticker)).apply(one)
        self.made += booked.realised_micros - one.fee_micros
        self.keep(name, booked.position)

    def settle(self, name: str, value: int) -> None:
        self.settled.add(name)
        if name in self.held:
            booked = self.held[name].settle(MicroDollars(value), grid_micros=CENT)
            self.made += booked.realised_micros
            self.keep(name, booked.position)

    def excuse(self) -> None:
        for name, one in self.held.items():
            lost = self.lost(name)
            self.made += lost
            basis = MicroDollars(one.basis_micros + lost)
            self.held[name] = Position(
                ticker=one.ticker, net_centi=one.net_centi, basis_micros=basis
            )
        self.best = self.made


@given(STEPS)
def test_a_loss_counts_what_is_open_at_the_lower_of_cost_and_market_and_is_never_less_than_made(
    steps: list[tuple[str, str, int, int]],
) -> None:
    losses, naive = Losses(), Naive()
    for number, (step, name, pips, count) in enumerate(steps):
        if step == "excuse":
            losses.excuse()
            naive.excuse()
        elif step == "mark" and name in naive.held:
            net = naive.held[name].net_centi
            naive.marks[name] = (net, pips * abs(net))
            losses.mark(Ticker(name), Mark(net, pips * abs(net)))
        elif step == "settle" and name not in naive.settled:
            losses.settle(Ticker(name), MicroDollars(pips * 100))
            naive.settle(name, pips * 100)
        elif step in {"bid", "ask"} and name not in naive.settled:
            one = fill(number, "bid" if step == "bid" else "ask", pips, count=count, fee=7, on=name)
            losses.book(one)
            naive.book(one)
        naive.best = max(naive.best, naive.made)

        assert losses.open_micros == naive.open <= 0
        assert (losses.total_micros, losses.best_micros) == (naive.made, naive.best)
        day = losses.day_micros + naive.open
        losses.limits = LossLimits(day_micros=MicroDollars(max(1, -day)))
        assert (losses.breach is not None) == (day < 0), "at its own value"
        losses.limits = LossLimits(day_micros=MicroDollars(max(1, 1 - day)))
        assert losses.breach is None, "and not a micro-dollar before"


def test_a_position_that_is_up_hides_no_loss_and_lifts_no_best() -> None:
    losses = Losses(LossLimits(day_micros=MicroDollars(1_000)), day="today")
    losses.book(fill(1, "bid", 5_000, on="B"))
    assert losses.mark(Ticker("B"), Mark(100, 900_000)) is None
    assert losses.best_micros == 0
    assert "were lost on today" in str(lose(losses, 1_000, 9))


def test_a_mark_says_what_the_position_of_its_side_is_worth_as_large_as_it_is() -> None:
    def of(net: int) -> Position:
        return Position(ticker=A, net_centi=CentiContracts(net), basis_micros=MicroDollars(1))

    assert [Mark(100, 900).worth_of(of(net)) for net in (100, 50, 300)] == [900, 450, 2_700]
    assert Mark(-100, 900).worth_of(of(-50)) == 450
    assert Mark(100, 900).worth_of(of(-100)) is None, "it is of the other side"
    assert Mark(-100, 900).worth_of(of(100)) is None


@pytest.mark.parametrize("through", [0, -100], ids=["closed", "turned round"])
def test_a_mark_goes_with_its_position_and_a_new_one_is_worth_what_it_cost(through: int) -> None:
    losses = Losses(day="today")
    losses.book(fill(1, "bid", 5_000))
    losses.mark(A, Mark(100, 100_000))
    assert losses.open_micros == -400_000
    losses.book(fill(2, "ask", 5_000, count=100 - through))
    assert losses.open_micros == 0
    losses.book(fill(3, "bid", 5_000, count=100 - through))

    assert losses.open_micros == 0
    assert losses.marked(A) is None


def test_what_a_person_has_looked_at_is_not_lost_again_when_it_is_sold() -> None:
    losses = Losses(LossLimits(drawdown_micros=MicroDollars(300_000)), day="today")
    losses.book(fill(1, "bid", 5_000))
    said = str(losses.mark(A, Mark(100, 200_000)))
    assert said == "0.30 dollars below the best there was, 0.30 of them in what is open"

    losses.excuse()
    assert losses.breach is None
    assert losses.book(fill(2, "ask", 2_000)) is None
    assert losses.total_micros == -300_000, "what was lost stays lost"
    assert losses.day_micros == 0


@given(
    st.lists(st.tuples(st.sampled_from(["A", "B"]), st.integers(0, 9), st.integers(0, 3))),
    st.sampled_from([("A",), ("B",), ("A", "B"), ()]),
)
def test_a_days_loss_is_taken_along_until_the_match_that_made_it_has_ended(
    trades: list[tuple[str, int, int]], playing: tuple[str, ...]
) -> None:
    losses, lost = Losses(day="0"), [dict.fromkeys("AB", 0) for _ in range(4)]
    for number, (name, fee, day) in enumerate(sorted(trades, key=lambda one: one[2])):
        for today in range(int(losses.day) + 1, day + 1):
            losses.roll(str(today), frozenset(map(Ticker, playing)))
        losses.book(fill(2 * number, "bid", 5_000, on=name))
        losses.book(fill(2 * number + 1, "ask", 5_000, fee=fee, on=name))
        lost[day][name] += fee
    last = int(losses.day)
    carried = {name: sum(day[name] for day in lost[:last]) for name in playing}

    assert losses.day_micros == -sum(lost[last].values()) - sum(carried.values())
    for name in playing:
        losses.end(Ticker(name))
        losses.end(Ticker(name))
    assert losses.day_micros == -sum(lost[last].values())
    losses.roll("9")
    assert losses.day_micros == 0
