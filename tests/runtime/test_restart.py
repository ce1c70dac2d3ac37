"""Laws of the restart budget."""

import pytest
from hypothesis import assume, given, strategies as st

from actors.runtime.restart import Intensity, RestartBudget, RestartPolicy, TokenBucket

chances = st.floats(0, 1, exclude_max=True)
policies = st.builds(
    RestartPolicy,
    max_restarts=st.integers(1, 6),
    window_s=st.floats(1, 60),
    pause_min_s=st.floats(0, 2),
    pause_max_s=st.floats(0, 20),
    jitter=st.floats(0, 1),
    first_at_once=st.booleans(),
    good_after_s=st.floats(0, 60),
    park_s=st.floats(60, 120),
    starts_per_minute=st.none() | st.integers(1, 30),
)
lives = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1), chances), max_size=60)
"""How long each life lasts, which share of it was good, and the chance drawn at its end."""


@given(policy=policies, history=lives)
def test_restarts_in_a_window_never_exceed_the_limit_parked_or_not(
    policy: RestartPolicy, history: list[tuple[float, float, float]]
) -> None:
    budget = RestartBudget(policy)
    now_s, restarts_s = 0.0, []

    for life_s, share, chance in history:
        now_s += life_s
        pause_s = budget.spend(now_s, good_s=life_s * share, chance=chance)
        if pause_s is None:
            pause_s = budget.park(now_s)
        now_s += pause_s
        restarts_s.append(now_s)

    assert policy.max_restarts is not None
    for last_s in restarts_s:
        inside = [s for s in restarts_s if last_s - policy.window_s < s <= last_s]
        assert len(inside) <= policy.max_restarts
    assert budget.restarts == len(restarts_s)


@given(policy=policies, chance_list=st.lists(chances, min_size=1, max_size=40))
def test_pauses_double_up_to_their_bound_with_jitter_on_either_side(
    policy: RestartPolicy, chance_list: list[float]
) -> None:
    assume(policy.good_after_s > 0)
    patient = RestartPolicy(
        max_restarts=None,
        pause_min_s=policy.pause_min_s,
        pause_max_s=policy.pause_max_s,
        jitter=policy.jitter,
        first_at_once=policy.first_at_once,
        good_after_s=policy.good_after_s,
    )
    budget = RestartBudget(patient)

    for failure, chance in enumerate(chance_list):
        pause_s = budget.spend(1e6 * failure, good_s=0.0, chance=chance)
        doublings = failure - patient.first_at_once
        expected_s = (
            0.0
            if doublings < 0
            else min(patient.pause_max_s, patient.pause_min_s * 2.0**doublings)
            * (1 - patient.jitter + 2 * patient.jitter * chance)
        )
        assert pause_s == pytest.approx(expected_s)


def test_starting_again_is_no_reason_to_forget_failures() -> None:
    budget = RestartBudget(RestartPolicy(max_restarts=None, jitter=0.0, good_after_s=30.0))
    pauses_s = []
    now_s = 0.0
    for _ in range(6):
        now_s += 29.9  # each life starts well and then dies before it was good for long
        pause_s = budget.spend(now_s, good_s=29.9, chance=0.5)
        assert pause_s is not None
        pauses_s.append(pause_s)

    assert pauses_s == [0.0, 0.1, 0.2, 0.4, 0.8, 1.6]


def test_a_good_life_makes_the_next_restart_immediate() -> None:
    budget = RestartBudget(RestartPolicy(max_restarts=None))
    for failure in range(4):
        budget.spend(float(failure), good_s=0.0, chance=0.5)

    assert budget.spend(100.0, good_s=30.0, chance=0.5) == 0.0
    assert budget.failures == 1


def test_a_parked_actor_keeps_its_slow_pace_until_a_good_life() -> None:
    policy = RestartPolicy(max_restarts=2, jitter=0.0)
    budget = RestartBudget(policy)
    now_s = 0.0
    for _ in range(2):
        assert budget.spend(now_s, good_s=0.0, chance=0.5) is not None
    for _ in range(10):
        assert budget.spend(now_s, good_s=1.0, chance=0.5) is None
        assert budget.park(now_s) == policy.park_s
        now_s += policy.park_s

    assert budget.parked
    assert budget.spend(now_s, good_s=30.0, chance=0.5) == 0.0
    assert not budget.parked


@given(capacity=st.integers(1, 30), gaps_s=st.lists(st.floats(0, 20), min_size=1, max_size=100))
def test_a_bucket_grants_at_most_its_capacity_and_what_a_minute_refills(
    capacity: int, gaps_s: list[float]
) -> None:
    bucket = TokenBucket(capacity)
    now_s, granted_s = 0.0, []
    for gap_s in gaps_s:
        now_s += gap_s
        now_s += bucket.take(now_s)
        granted_s.append(now_s)

    for first in range(len(granted_s)):
        for last in range(first, len(granted_s)):
            span_s = granted_s[last] - granted_s[first]
            assert last - first + 1 <= capacity + span_s * capacity / 60 + 1e-6


def test_twenty_dials_a_minute_is_what_a_provider_sees() -> None:
    budget = RestartBudget(RestartPolicy(max_restarts=None, pause_max_s=0.0, starts_per_minute=20))
    now_s, dials = 0.0, 0
    while now_s < 600.0:
        pause_s = budget.spend(now_s, good_s=0.0, chance=0.5)
        assert pause_s is not None
        now_s += pause_s
        dials += 1

    assert 200 <= dials <= 221


@given(limit=st.integers(1, 5), gaps_s=st.lists(st.floats(0, 30), max_size=60))
def test_an_intensity_allows_so_many_restarts_in_any_window(
    limit: int, gaps_s: list[float]
) -> None:
    intensity = Intensity(limit, 60.0)
    now_s = 0.0
    allowed_s: list[float] = []
    for gap_s in gaps_s:
        now_s += gap_s
        inside = [s for s in allowed_s if now_s - s < 60.0]
        assert intensity.spend(now_s) == (len(inside) < limit)
        if len(inside) < limit:
            allowed_s.append(now_s)


def test_an_intensity_without_a_limit_allows_all() -> None:
    intensity = Intensity(None, 60.0)

    assert all(intensity.spend(0.0) for _ in range(1_000))


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_restarts": 0},
        {"starts_per_minute": 0},
        {"window_s": 0.0},
        {"pause_min_s": -1.0},
        {"jitter": 1.1},
        {"park_s": 59.0},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each field words its own refusal
        RestartPolicy(**wrong)  # type: ignore[arg-type]  # wrong values are the point
