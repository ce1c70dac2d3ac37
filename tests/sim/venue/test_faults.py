import pytest
from hypothesis import given, strategies as st

from actors.sim.venue.faults import (
    RequestFaults,
    Storm,
    StreamFaults,
    chance,
    message_fate,
    print_fate,
    request_fate,
)

seeds = st.integers(0, 2**40)


@given(seed=seeds, number=st.integers(0, 10**6))
def test_a_draw_is_the_same_each_time_and_below_one(seed: int, number: int) -> None:
    drawn = chance(seed, "request", number)

    assert 0 <= drawn < 1
    assert drawn == chance(seed, "request", number)


def test_every_fate_comes_as_often_as_planned() -> None:
    faults = RequestFaults(
        lost=0.1,
        silent=0.05,
        slow=0.1,
        torn=0.05,
        bad_gateway=0.1,
        late_gateway=0.05,
        unavailable=0.05,
        internal=0.03,
        gateway_timeout=0.02,
    )
    drawn = [request_fate(7, "order", number, faults) for number in range(4_000)]

    for fate, odds in (*faults.odds, ("answered", 0.45)):
        assert drawn.count(fate) / 4_000 == pytest.approx(odds, abs=0.02)


@given(seed=seeds, number=st.integers(0, 1000))
def test_a_plan_of_nothing_does_nothing(seed: int, number: int) -> None:
    assert request_fate(seed, "order", number, RequestFaults()) == "answered"
    assert print_fate(seed, number, StreamFaults()) == "once"
    assert message_fate(seed, 1, number, StreamFaults(), sequenced=True) == "tell"


def test_losses_differ_between_connections_and_spare_what_is_not_numbered() -> None:
    faults = StreamFaults(gap=0.3)
    first, second = (
        [message_fate(3, connection, number, faults, sequenced=True) for number in range(200)]
        for connection in (1, 2)
    )

    assert first != second
    assert 30 < first.count("lose") < 90
    assert {message_fate(3, 1, n, faults, sequenced=False) for n in range(200)} == {"tell"}


def test_prints_are_doubled_and_held_as_often_as_planned() -> None:
    faults = StreamFaults(duplicate_print=0.2, late_print=0.3)
    drawn = [print_fate(5, number, faults) for number in range(4_000)]

    assert drawn.count("twice") / 4_000 == pytest.approx(0.2, abs=0.02)
    assert drawn.count("late") / 4_000 == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize(
    ("storm", "on", "off"),
    [
        (Storm(kind="frozen", at_s=2, for_s=1), (2.0, 2.9), (0.0, 1.9, 3.0, 12.5)),
        (Storm(kind="frozen", at_s=2, for_s=1, every_s=10), (2.0, 12.5), (1.9, 3.0, 13.0)),
        (Storm(kind="frozen", at_s=2), (), (2.0, 2.1)),
    ],
)
def test_a_storm_rages_in_its_time(
    storm: Storm, on: tuple[float, ...], off: tuple[float, ...]
) -> None:
    assert all(storm.rages(at_s) for at_s in on)
    assert not any(storm.rages(at_s) for at_s in off)


@given(
    at_s=st.floats(0, 100),
    every_s=st.just(0.0) | st.floats(0.1, 50),
    after_s=st.floats(-1, 500),
)
def test_a_storm_that_begins_next_rages_from_then_on(
    at_s: float, every_s: float, after_s: float
) -> None:
    storm = Storm(kind="dropped", at_s=at_s, for_s=0.05, every_s=every_s)
    start_s = storm.next_start_s(after_s)

    if start_s is None:
        assert after_s >= at_s
        assert every_s == 0
    else:
        assert start_s > after_s
        assert storm.rages(start_s + 0.02)
