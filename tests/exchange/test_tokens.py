"""Laws of our budget: never above the venue's buckets, and an exit never waits for an entry."""

from collections.abc import Callable

import msgspec
from hypothesis import given, strategies as st

from actors.exchange.tokens import BALANCE_PATH, BASIC, SECOND_NS, Bucket, Budget
from actors.exchange.wire_venue import AccountLimits, EndpointCost, EndpointCosts, TokenBucket

COSTS = EndpointCosts(
    default_cost=10,
    endpoint_costs=(
        EndpointCost(method="GET", path="/trade-api/v2/portfolio/orders/{order_id}", cost=2),
        EndpointCost(method="DELETE", path="/trade-api/v2/portfolio/events/orders", cost=2),
    ),
)
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["entry", "exit", "patient", "urgent"]), st.integers(0, SECOND_NS // 4)
    ),
    max_size=80,
)


def limits(read: int, write: int) -> AccountLimits:
    return AccountLimits(
        usage_tier="advanced",
        read=TokenBucket(refill_rate=read, bucket_capacity=read),
        write=TokenBucket(refill_rate=write, bucket_capacity=write),
    )


def entered(budget: Budget, shard: int, now_ns: int) -> bool:
    """Send an entry if it fits."""
    fits = budget.entry_fits(shard, now_ns)
    if fits:
        budget.take_order(shard, now_ns)
    return fits


@given(ACTS)
def test_whatever_is_let_through_but_exits_the_venue_s_own_buckets_hold(
    acts: list[tuple[str, int]],
) -> None:
    budget, now_ns = Budget(), 0
    venue_read = Bucket(BASIC.read.refill_rate, BASIC.read.bucket_capacity, 0)
    venue_write = Bucket(BASIC.write.refill_rate, BASIC.write.bucket_capacity, 0)
    for act, pause_ns in acts:
        now_ns += pause_ns
        if act == "exit":
            budget.take_order(0, now_ns)
            venue_write.take(10, now_ns)
        elif act == "entry":
            if entered(budget, 0, now_ns):
                assert not venue_write.wait_ns(10, now_ns)
                venue_write.take(10, now_ns)
        elif not budget.take_read("/markets", now_ns, urgent=act == "urgent"):
            assert not venue_read.wait_ns(10, now_ns)
            venue_read.take(10, now_ns)


@given(st.integers(1, 50), st.sampled_from([100, 300, 600]))
def test_after_any_burst_of_entries_the_exits_reserve_is_there(entries: int, rate: int) -> None:
    budget = Budget(exit_reserve=30)
    budget.learn(limits(rate, rate), COSTS, 0)
    taken = sum(entered(budget, 0, 0) for _ in range(entries))

    assert taken == min(entries, (rate - 30) // 10)
    assert budget.left("write", 0, 0) >= 30
    assert budget.entries_refused == entries - taken


def test_exits_in_debt_hold_entries_back_until_it_is_paid_off() -> None:
    budget = Budget(exit_reserve=30)
    for _ in range(50):
        budget.take_order(0, 0)
    assert budget.left("write", 0, 0) == -100

    assert not entered(budget, 0, SECOND_NS)
    assert entered(budget, 0, SECOND_NS + 4 * SECOND_NS // 10)


def test_every_shard_has_its_own_write_tokens() -> None:
    budget = Budget(exit_reserve=0)
    while entered(budget, 0, 0):
        pass

    assert entered(budget, 3, 0)
    assert budget.shards() == [0, 3]


def test_a_patient_read_never_takes_the_last_tokens_and_an_urgent_one_may() -> None:
    budget = Budget(read_reserve=50)
    while not budget.take_read("/markets", 0, urgent=False):
        pass
    assert budget.left("read", 0, 0) == 50

    assert budget.take_read("/markets", 0, urgent=False) == SECOND_NS // 20
    for _ in range(5):
        assert not budget.take_read("/portfolio/orders", 0, urgent=True)
    assert budget.take_read("/portfolio/orders", 0, urgent=True) == SECOND_NS // 20


def test_the_balance_is_read_once_a_second_and_costs_no_read() -> None:
    budget = Budget()

    assert not budget.take_read(BALANCE_PATH, 0, urgent=False)
    assert budget.take_read(BALANCE_PATH, 0, urgent=True) == SECOND_NS
    assert budget.left("read", 0, 0) == BASIC.read.bucket_capacity


def test_a_429_empties_what_we_counted_and_is_a_surprise_only_if_we_counted_enough() -> None:
    budget = Budget()
    budget.refused("write", 0, 0)
    assert (budget.too_many, budget.surprises) == (1, 1)
    assert not entered(budget, 0, 0)

    for _ in range(3):
        budget.take_order(0, 0)
    budget.refused("write", 0, 0)
    assert (budget.too_many, budget.surprises) == (2, 1)


def test_what_the_venue_says_later_counts_from_then_on_and_gives_nothing_at_once() -> None:
    budget = Budget(read_reserve=0)
    while not budget.take_read("/markets", 0, urgent=False):
        pass
    assert budget.learn(limits(1_000, 1_000), COSTS, 0)
    assert budget.left("read", 0, 0) == 0
    assert not budget.take_read("/markets", SECOND_NS // 100, urgent=False)

    assert not budget.learn(limits(1_000, 1_000), COSTS, SECOND_NS)
    assert budget.learn(limits(20, 20), COSTS, 2 * SECOND_NS)
    assert budget.left("read", 0, 2 * SECOND_NS) <= 20


def test_costs_are_found_by_the_venue_s_templates() -> None:
    budget = Budget()
    budget.learn(BASIC, COSTS, 0)

    assert budget.cost("GET", "/portfolio/orders/abc-1") == 2
    assert budget.cost("GET", "/portfolio/orders") == 10
    assert budget.cost("DELETE", "/portfolio/events/orders") == 2
    assert budget.cost("POST", "/portfolio/events/orders") == 10


def test_a_clock_that_stands_still_or_goes_back_gives_no_tokens() -> None:
    bucket = Bucket(100, 100, SECOND_NS)
    bucket.take(100, SECOND_NS)

    assert bucket.tokens(0) == 0
    assert bucket.wait_ns(10, SECOND_NS) == SECOND_NS // 10


def test_limits_that_make_no_sense_let_nothing_through_and_break_nothing() -> None:
    budget = Budget()
    budget.learn(limits(0, 0), COSTS, 0)

    calls: list[Callable[[], object]] = [
        lambda: entered(budget, 0, SECOND_NS),
        lambda: budget.take_read("/markets", SECOND_NS, urgent=True),
        lambda: budget.take_order(0, SECOND_NS),
    ]
    for call in calls:
        call()
    assert msgspec.to_builtins(budget.limits.read)["refill_rate"] == 0
