"""Laws of the owner's money: it explains what differs exactly, once, or not at all."""

from hypothesis import given, strategies as st

from actors.audit.paid import Paid, banked, row_ids, transferred
from actors.exchange.treasury import BankRow, Moves, ShardTransfer
from actors.model.money import MicroDollars

CENT = 10_000


def row(name: str, cents: int, fee_cents: int = 0) -> BankRow:
    return BankRow(
        id=name,
        status="applied",
        amount_micros=MicroDollars(cents * CENT),
        fee_micros=MicroDollars(fee_cents * CENT),
    )


def moves(
    deposits: tuple[BankRow, ...] = (),
    withdrawals: tuple[BankRow, ...] = (),
    transfers: tuple[ShardTransfer, ...] = (),
) -> Moves:
    return Moves(deposits=deposits, withdrawals=withdrawals, transfers=transfers)


ROWS = st.lists(
    st.tuples(st.booleans(), st.integers(1, 10_000), st.integers(0, 50), st.integers(0, 1)),
    min_size=1,
    max_size=4,
)


@given(ROWS, st.integers(-99, 99))
def test_whatever_the_owner_moved_explains_the_difference_that_it_made(
    rows: list[tuple[bool, int, int, int]], dust: int
) -> None:
    apart = {0: dust, 1: 0}
    deposits: list[BankRow] = []
    withdrawals: list[BankRow] = []
    for number, (is_deposit, cents, fee, shard) in enumerate(rows):
        (deposits if is_deposit else withdrawals).append(row(f"r{number}", cents, fee))
        apart[shard] += (cents - fee if is_deposit else -cents - fee) * CENT
    listed = moves(tuple(deposits), tuple(withdrawals))
    found = banked(listed, (), apart)

    for shard, micros in apart.items():
        booked = sum(each.amount_micros for each in found if each.exchange_index == shard)
        assert abs(micros - booked) < 100
    assert len({each.row_id for each in found}) == len(found), "each counts once"
    for number in range(len(rows)):
        (one,) = (each for each in (*deposits, *withdrawals) if each.id == f"r{number}")
        for sign in (1, -1):
            apart = {0: sign * one.amount_micros}
            assert banked(listed, row_ids(listed), apart) == (), "what is known explains nothing"


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_a_difference_that_no_row_comes_to_is_explained_by_none(cents: int, other: int) -> None:
    listed = moves((row("a", cents),), (row("b", cents),))
    apart = other * CENT + 100
    assert banked(listed, (), {0: apart}) == ()
    assert banked(moves(tuple(row(f"{n}", 1) for n in range(7))), (), {0: CENT}) == ()


def test_a_transfer_moves_both_shards_once() -> None:
    one = ShardTransfer(
        transfer_id="t",
        source=0,
        destination=3,
        amount_micros=MicroDollars(500),
        status="complete",
    )
    listed = moves(transfers=(one,))
    assert transferred(listed, ()) == (Paid("t", 0, -500), Paid("t", 3, 500))
    assert transferred(listed, row_ids(listed)) == ()
