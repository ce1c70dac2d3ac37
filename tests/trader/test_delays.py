"""Laws of what the venue holds our orders for: from our own orders, by series, in play and not."""

from hypothesis import given, strategies as st

from actors.trader.delays import HOLDS_HALT, KEPT, NEWEST, SERIES_MOST, Delays, Holds

MS = 1_000_000
SPANS = st.integers(0, 5_000 * MS)


@given(st.lists(SPANS, min_size=1, max_size=2 * KEPT), st.integers(0, 100 * MS))
def test_the_figures_are_of_the_newest_orders_and_of_no_other(
    spans: list[int], probe_ns: int
) -> None:
    delays = Delays()
    figure = None
    for span_ns in spans:
        figure = delays.hear("S", in_play=True, answered_ns=span_ns, probe_ns=probe_ns)

    held = [max(0, span_ns - probe_ns) for span_ns in spans][-KEPT:]
    assert figure is not None
    assert figure.orders == len(held)
    for value, percent in ((figure.p50_ns, 50), (figure.p90_ns, 90)):
        assert sum(each <= value for each in held) * 100 >= percent * len(held)
        assert sum(each < value for each in held) * 100 < percent * len(held)
    assert figure.newest_ns == tuple(held[-NEWEST:])


def test_in_play_and_not_are_told_apart_and_so_are_series() -> None:
    delays = Delays()
    delays.hear("A", in_play=True, answered_ns=1_030 * MS, probe_ns=30 * MS)
    delays.hear("A", in_play=False, answered_ns=33 * MS, probe_ns=30 * MS)
    delays.hear("B", in_play=True, answered_ns=31 * MS, probe_ns=30 * MS)

    found = [(each.series, each.in_play, each.orders, each.p50_ns) for each in delays.figures()]

    assert found == [("A", True, 1, 1_000 * MS), ("A", False, 1, 3 * MS), ("B", True, 1, MS)]
    assert delays.figure("B", in_play=False) is None


def test_a_bound_is_passed_only_by_each_of_the_newest_orders() -> None:
    delays = Delays()
    figure = delays.hear("A", in_play=True, answered_ns=900 * MS, probe_ns=0)
    assert figure is not None
    assert not figure.all_above(500 * MS)

    figure = delays.hear("A", in_play=True, answered_ns=800 * MS, probe_ns=0)
    assert figure is not None
    assert figure.all_above(500 * MS)
    assert not figure.all_above(850 * MS)


def test_the_number_of_series_is_bounded() -> None:
    delays = Delays()
    for number in range(SERIES_MOST):
        assert delays.hear(str(number), in_play=True, answered_ns=1, probe_ns=0) is not None

    assert delays.hear("one more", in_play=True, answered_ns=1, probe_ns=0) is None
    assert delays.hear("0", in_play=True, answered_ns=1, probe_ns=0) is not None


@given(st.lists(st.booleans(), max_size=12))
def test_of_the_five_newest_orders_two_late_ones_close_a_series_and_five_are_a_halt(
    late: list[bool],
) -> None:
    holds = Holds(most_ns=100 * MS)
    for number, is_late in enumerate(late):
        told = holds.hear("S", 100 * MS + is_late)
        newest = late[max(0, number - 4) : number + 1]

        assert told == sum(newest)
        assert holds.closed("S") == (sum(newest) >= 2)
        assert holds.series() == (["S"] if sum(newest) >= 2 else [])
        assert not holds.closed("another")
    assert HOLDS_HALT == 5


def test_a_person_who_lets_a_series_go_on_lets_it_begin_anew() -> None:
    holds = Holds(most_ns=100 * MS)
    for _ in range(3):
        holds.hear("S", 101 * MS)
    holds.forget("S")

    assert not holds.closed("S")
    assert holds.hear("S", 101 * MS) == 1
