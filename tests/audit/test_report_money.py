from hypothesis import given, strategies as st

from actors.audit.report_money import money_of
from tests.audit.report_day import AWAY, HOME, script, traded

FILLS = st.lists(
    st.tuples(
        st.sampled_from([HOME, AWAY]),
        st.sampled_from(["bid", "ask"]),
        st.integers(min_value=1, max_value=9_999),
        st.integers(min_value=1, max_value=50_000),
        st.integers(min_value=0, max_value=2_000_000),
    ),
    max_size=12,
)


@given(fills=FILLS, values=st.tuples(st.integers(0, 100), st.integers(0, 100)))
def test_profit_is_what_yes_contracts_cost_and_paid_less_every_fee(
    fills: list[tuple[str, str, int, int, int]], values: tuple[int, int]
) -> None:
    made = script()
    made.goal("alpha", "1-0")
    value = {HOME: values[0] * 10_000, AWAY: values[1] * 10_000}
    cash, net = 0, {HOME: 0, AWAY: 0}
    for number, (ticker, side, pips, centi, fee) in enumerate(fills):
        name = f"order-{number}"
        made.order(name, "1-0", ticker=ticker, side=side, count_centi=centi)
        made.fill(f"trade-{number}", name, pips, centi, ticker=ticker, side=side, fee_micros=fee)
        direction = 1 if side == "bid" else -1
        cash -= direction * pips * centi + fee
        net[ticker] += direction * centi
    before = money_of(made.event())
    made.settle(HOME, value[HOME])
    made.settle(AWAY, value[AWAY])
    after = money_of(made.event())

    assert before.open_centi == {ticker: centi for ticker, centi in net.items() if centi}
    assert (before.profit_micros is None) == any(net.values())
    assert after.open_centi == {}
    # An odd hundredth of a contract at a value in cents still pays whole micro-dollars.
    assert after.profit_micros == cash + sum(net[each] * value[each] // 100 for each in net)
    assert after.profit_micros == after.realised_micros - after.fees_micros
    assert after.so_far_micros == after.profit_micros


def test_each_order_is_one_movement_with_the_records_of_its_executions() -> None:
    money = money_of(traded().event())
    entry, out = money.movements

    assert (entry.what, entry.count_centi, entry.left_centi) == ("entry", 12_000, 12_000)
    assert len(entry.seqs) == 2
    assert (out.what, out.count_centi, out.left_centi) == ("exit", -12_000, 0)
    assert money.profit_micros == 120 * 700_000 - 60 * 520_000 - 60 * 540_000 - 3_857_300


def test_a_market_that_was_flat_when_it_settled_moves_nothing() -> None:
    made = traded()
    made.settle(HOME, 1_000_000)
    made.settle(HOME, 1_000_000)

    assert [each.what for each in money_of(made.event()).movements] == ["entry", "exit"]
