"""Laws of the throttle: never more in any second or minute, whoever asks and however often."""

import pytest
from hypothesis import given, strategies as st

from actors.model.score import MatchId
from actors.model.throttle import MINUTE_NS, SECOND_NS, Pace, Paces, SportPace, Throttle, counted

A, B = MatchId("A"), MatchId("B")

paces = st.builds(
    Paces,
    orders_per_s=st.integers(1, 5),
    orders_per_min=st.integers(1, 12),
    entries_per_match=st.integers(1, 20),
)
asked = st.lists(st.tuples(st.sampled_from([A, B]), st.integers(0, 10 * SECOND_NS)), max_size=60)


@given(pace=paces, asked=asked)
def test_no_window_and_no_match_holds_more_than_its_bound(
    pace: Paces, asked: list[tuple[MatchId, int]]
) -> None:
    throttle, now_ns = Throttle(pace), 0
    left: list[tuple[MatchId, int]] = []
    for match, later_ns in asked:
        now_ns += later_ns
        in_second = sum(at_ns > now_ns - SECOND_NS for _, at_ns in left)
        in_minute = sum(at_ns > now_ns - MINUTE_NS for _, at_ns in left)
        of_match = sum(each == match for each, _ in left)
        full = in_second >= pace.orders_per_s or in_minute >= pace.orders_per_min
        wanted = (
            "throttle" if full else "match_entries" if of_match >= pace.entries_per_match else None
        )

        assert throttle.brakes(match, now_ns) == wanted
        if wanted is None:
            throttle.take(match, now_ns)
            left.append((match, now_ns))


def test_what_left_before_a_restart_counts_for_its_match() -> None:
    throttle = Throttle(Paces(entries_per_match=2), counted([A, A, B]))

    assert throttle.brakes(A, 0) == "match_entries"
    assert throttle.brakes(B, 0) is None


def test_so_many_refusals_in_a_minute_are_too_many_and_older_ones_are_forgotten() -> None:
    throttle = Throttle(Paces(trips_per_min=3))

    assert [throttle.trips(at_s * SECOND_NS) for at_s in (0, 30, 61, 62, 63)] == [
        False,
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    "slip",
    [
        {"orders_per_s": 0},
        {"orders_per_s": 1_001},
        {"orders_per_min": 60_001},
        {"entries_per_match": 1_000_001},
        {"trips_per_min": 11},
    ],
)
def test_no_profile_may_ask_for_more_than_the_code_allows(slip: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(slip))):
        Pace(**slip)


def test_a_sport_that_is_named_has_limits_and_counts_of_its_own() -> None:
    paces = Paces(orders_per_s=3, sports={"tennis": SportPace(orders_per_s=1, entries_per_match=2)})
    throttle = Throttle(paces)
    throttle.take(A, 0, "tennis")

    assert throttle.brakes(A, 1, "tennis") == "throttle"
    assert throttle.brakes(B, 1, "soccer") is None
    throttle.take(A, SECOND_NS, "tennis")
    assert throttle.brakes(A, 3 * SECOND_NS, "tennis") == "match_entries"


def test_sports_that_are_not_named_are_counted_together() -> None:
    throttle = Throttle(Paces(orders_per_s=2, sports={"tennis": SportPace(orders_per_s=9)}))
    throttle.take(A, 0, "soccer")
    throttle.take(B, 0, "cricket")

    assert throttle.brakes(A, 1, "baseball") == "throttle"
    assert throttle.brakes(A, 1, None) == "throttle"
    assert throttle.brakes(A, 1, "tennis") is None


@pytest.mark.parametrize(
    "slip",
    [{"orders_per_s": 0}, {"orders_per_min": 60_001}, {"entries_per_match": 1_000_001}],
)
def test_no_sport_may_ask_for_more_than_the_ceilings(slip: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(slip))):
        SportPace(**slip)


def test_another_pace_forgets_nothing_of_what_has_left() -> None:
    throttle = Throttle(Paces(orders_per_s=3))
    for at_ns in (1, 2):
        throttle.take(A, at_ns)
    throttle.change(Paces(orders_per_s=2))
    assert throttle.brakes(A, 3) == "throttle"
    throttle.change(Paces(orders_per_s=3, sports={"soccer": SportPace(orders_per_s=1)}))
    assert throttle.brakes(A, 3) is None
    assert throttle.brakes(A, 3, "soccer") == "throttle", "it was counted with the others"
    assert throttle.entries(A) == 2


def test_another_pace_forgets_neither_the_minute_nor_a_refusal() -> None:
    throttle = Throttle(Paces(orders_per_min=3, trips_per_min=2))
    for at_s in (0, 2):
        throttle.take(A, at_s * SECOND_NS)
    assert not throttle.trips(3 * SECOND_NS)
    throttle.change(Paces(orders_per_min=2, trips_per_min=2))

    assert throttle.brakes(A, 4 * SECOND_NS) == "throttle"
    assert throttle.trips(5 * SECOND_NS), "it is the second within a minute"
