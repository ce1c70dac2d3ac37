"""Laws of marks: what a position could be sold for is what its book would pay, level by level."""

from hypothesis import given, strategies as st
from trio.testing import MockClock

from actors.model.book import Book
from actors.model.fees import FeeSchedule
from actors.model.money import CentiContracts, Pips
from actors.trader.marks import LOOKS, worth_micros
from tests import strategies
from tests.trader.pit import open_pit
from tests.trader.test_day_watch import loss, show, watch

Levels = dict[Pips, CentiContracts]
levels = st.dictionaries(strategies.pips, st.integers(1, 900).map(CentiContracts), max_size=5)


def one_by_one_micros(wanted: Levels, net: int, fees: FeeSchedule | None) -> int:
    """Sell to each who wants some, the best price first."""
    left, brought = abs(net), 0
    for price, count in sorted(wanted.items(), reverse=True):
        taken = CentiContracts(min(left, count))
        fee = 0
        if fees is not None and taken:
            fee = fees.trade_fee_micros(price, taken, is_taker=True)
        brought += max(0, price * taken - fee)
        left -= taken
    return brought


@given(wanted=levels, net=st.integers(1, 3_000), fees=st.none() | strategies.fee_schedules)
def test_a_position_is_worth_what_its_book_would_pay_for_all_of_it_after_fees(
    wanted: Levels, net: int, fees: FeeSchedule | None
) -> None:
    book = Book()
    book.replace(list(wanted.items()), [])
    worth = one_by_one_micros(wanted, net, fees)
    assert worth_micros(book, net, fees) == worth
    assert worth_micros(book, -net, fees) == 0, "nobody wants the other side"

    mirrored = Book()
    mirrored.replace([], [(Pips(10_000 - price), count) for price, count in wanted.items()])
    assert worth_micros(mirrored, -net, fees) == worth, "a NO contract is the other leg"


async def test_what_was_bought_a_moment_ago_is_worth_what_it_cost_until_enough_looks(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start("catalogue")
        pit.desk.hear_fill(loss(1, 0)[0])
        marks = watch(pit).marks
        for _ in range(LOOKS - 1):
            show(pit, (100, 1_000))
            marks.look()
            assert pit.desk.losses.open_micros == 0
        marks.look()
        assert pit.desk.losses.open_micros < 0
