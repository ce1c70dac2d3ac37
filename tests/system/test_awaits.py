"""A core actor that dies at one of its awaits: a sample of what ``make prove-awaits`` proves."""

import pytest

from tests.system.await_driver import (
    HOURS,
    SEED,
    VICTIMS,
    Await,
    Lived,
    awaits,
    live,
    strike,
)

EACH = 1
"""In the middle of its day; ``make prove-awaits`` strikes at all of them."""

# A request that dies while its body is being sent leaves httpx's own generator to the collector.
pytestmark = pytest.mark.filterwarnings("ignore:Async generator 'httpx:ResourceWarning")


@pytest.fixture(scope="module")
def whole() -> Lived:
    return live(SEED, HOURS, None)


def test_the_day_without_a_blow_has_something_to_lose(whole: Lived) -> None:
    assert whole.faults == []
    assert whole.restarts == 0
    assert whole.entries > 0
    assert whole.exits > 0
    assert whole.fills > 0
    assert min(whole.steps.values()) > 0, "every victim lives"


@pytest.mark.parametrize("actor", VICTIMS)
def test_an_actor_that_dies_at_an_await_costs_nothing(whole: Lived, actor: str) -> None:
    total = whole.steps[actor]
    for part in range(1, 1 + EACH):
        target = Await(actor, total * part // (1 + EACH))

        lived = strike(SEED, HOURS, target, whole.opened)

        assert lived.faults == [], lived.struck_at
        assert lived.restarts > 0


def test_a_sample_is_spread_over_the_day_and_all_is_all() -> None:
    steps = {"signer": 10, "exits": 3}

    assert awaits(steps, 4) == [
        *(Await("signer", step) for step in (1, 4, 7, 10)),
        *(Await("exits", step) for step in (1, 2, 3)),
    ]
    assert len(awaits(steps, None)) == 13
