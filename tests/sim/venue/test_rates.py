import pytest
from hypothesis import given, strategies as st

from actors.sim.venue.rates import (
    ANONYMOUS,
    ANONYMOUS_RATE,
    TIERS,
    Bucket,
    Charge,
    Meter,
    limits_of,
)
from tests.sim.venue.hall import Clock

READ = Charge("read", 10)
WRITE = Charge("write", 10)


def times(meter: Meter, charge: Charge, account: str = "us") -> int:
    """How often an account may pay ``charge`` at this instant."""
    count = 0
    while meter.pay(account, charge) is None:
        count += 1
    return count


def test_a_full_bucket_gives_what_it_holds_and_then_what_comes_back() -> None:
    clock = Clock()
    meter = Meter(clock, "basic")

    assert times(meter, READ) == 40
    assert times(meter, WRITE) == 10
    clock.pass_s(0.5)
    assert times(meter, READ) == 10
    assert times(meter, WRITE) == 5
    clock.pass_s(3600)
    assert times(meter, READ) == 40


def test_the_refusal_is_a_string_and_costs_nothing() -> None:
    clock = Clock()
    meter = Meter(clock, "basic")
    times(meter, WRITE)

    refused = meter.pay("us", WRITE)
    assert refused is not None
    assert (refused.status, refused.body) == (429, {"error": "too many requests"})
    clock.pass_s(0.1)
    assert meter.pay("us", WRITE) is None


def test_each_account_pays_for_itself() -> None:
    meter = Meter(Clock(), "basic")

    assert times(meter, WRITE, "us") == times(meter, WRITE, "them") == 10


def test_all_buckets_pay_or_none() -> None:
    meter = Meter(Clock(), "basic")
    everywhere = Charge("write", 10, (0, 2, 3))
    times(meter, Charge("write", 10, (3,)))

    assert meter.pay("us", everywhere) is not None
    assert times(meter, Charge("write", 10, (2,))) == 10
    assert times(meter, Charge("write", 10, (0,))) == 10


def test_a_batch_needs_its_whole_cost_at_once() -> None:
    meter = Meter(Clock(), "basic")

    assert meter.pay("us", Charge("write", 110)) is not None
    assert meter.pay("us", Charge("write", 100)) is None


def test_a_balance_is_read_once_a_second_and_from_no_other_bucket() -> None:
    clock = Clock()
    meter = Meter(clock, "advanced", {"rich": "expert"})

    assert times(meter, Charge("balance", 1)) == 1
    assert times(meter, Charge("balance", 1), "rich") == 5
    assert times(meter, READ) == 60
    clock.pass_s(1)
    assert times(meter, Charge("balance", 1)) == 1


def test_who_has_no_key_shares_one_bucket() -> None:
    assert times(Meter(Clock()), READ, ANONYMOUS) == ANONYMOUS_RATE // 10


def test_another_tier_holds_at_once() -> None:
    meter = Meter(Clock(), "basic")
    times(meter, WRITE)
    meter.grant("us", "premier")

    assert meter.tier_of("us") == "premier"
    assert times(meter, WRITE) == 200


@pytest.mark.parametrize("tier", TIERS)
def test_write_buckets_above_basic_hold_two_seconds(tier: str) -> None:
    found = next(each for each in TIERS if each == tier)
    rate, capacity = limits_of(found, "write")

    assert capacity == rate * (1 if tier == "basic" else 2)


@given(
    rate=st.integers(1, 10_000),
    capacity=st.integers(1, 20_000),
    steps=st.lists(st.tuples(st.integers(-10_000, 3_000_000), st.integers(1, 300)), max_size=60),
)
def test_no_bucket_gives_more_than_it_held_and_what_came_back(
    rate: int, capacity: int, steps: list[tuple[int, int]]
) -> None:
    bucket, now_us, passed_us, given = Bucket(rate, capacity, 0), 0, 0, 0
    for step_us, tokens in steps:
        now_us += step_us
        passed_us += max(0, step_us)
        if bucket.holds(tokens, now_us):
            bucket.take(tokens)
            given += tokens

    assert given * 1_000_000 <= capacity * 1_000_000 + rate * passed_us
