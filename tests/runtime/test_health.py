"""Laws of health cells: when progress is overdue, and what is shown."""

import json

import pytest
from hypothesis import given, strategies as st

from actors.runtime.health import Health, HealthRegistry, State
from actors.runtime.mailbox import Mailbox

SECOND_NS = 1_000_000_000


def _up(bound_s: float | None = 5.0) -> Health:
    bound_ns = None if bound_s is None else int(bound_s * SECOND_NS)
    cell = Health("executor", bound_ns)
    cell.enter("starting", 0)
    cell.enter("up", 0)
    return cell


def test_an_actor_that_is_busy_past_its_bound_is_late() -> None:
    cell = _up()
    cell.mark(SECOND_NS)

    assert not cell.is_late(6 * SECOND_NS)
    assert cell.is_late(6 * SECOND_NS + 1)
    cell.mark(7 * SECOND_NS)
    assert not cell.is_late(8 * SECOND_NS)


def test_an_actor_that_rests_is_never_late_and_one_that_works_again_may_be() -> None:
    cell = _up()
    cell.mark(0)
    cell.rest()
    assert not cell.is_late(3600 * SECOND_NS)

    cell.mark(3600 * SECOND_NS)
    assert cell.is_late(3606 * SECOND_NS)


def test_an_actor_that_never_marks_is_late_after_its_bound() -> None:
    assert _up().is_late(5 * SECOND_NS + 1)


def test_an_actor_that_nobody_watches_is_never_late() -> None:
    assert not _up(bound_s=None).is_late(10**18)


@pytest.mark.parametrize("state", ["waiting", "starting", "parked", "failed", "stuck"])
def test_an_actor_that_does_not_come_up_within_its_bound_is_late(state: State) -> None:
    cell = _up()
    cell.enter(state, 10 * SECOND_NS)
    cell.rest()

    assert not cell.is_late(15 * SECOND_NS)
    assert cell.is_late(15 * SECOND_NS + 1)


@pytest.mark.parametrize("state", ["stopping", "stopped", "finished"])
def test_an_actor_that_is_to_be_down_is_not_late(state: State) -> None:
    cell = _up()
    cell.enter(state, 0)

    assert not cell.is_late(10**18)


@given(marks_s=st.lists(st.integers(0, 10_000), max_size=20).map(sorted))
def test_good_life_runs_from_the_first_mark_of_this_life_to_the_last(marks_s: list[int]) -> None:
    cell = _up()
    cell.mark(SECOND_NS)
    cell.enter("starting", 2 * SECOND_NS)
    assert cell.good_s() == 0.0

    for at_s in marks_s:
        cell.mark(at_s * SECOND_NS)

    assert cell.good_s() == (marks_s[-1] - marks_s[0] if marks_s else 0.0)


def test_a_snapshot_is_plain_values_and_shows_mailboxes_and_lateness() -> None:
    registry = HealthRegistry()
    box: Mailbox[int] = Mailbox("arbiter", 8, "drop_newest")
    box.post(1)
    registry.cell("journal")
    cell = registry.cell("arbiter", bound_ns=SECOND_NS, mailboxes=(box,))
    cell.enter("starting", 0)
    cell.enter("up", SECOND_NS)
    cell.mark(2 * SECOND_NS)
    cell.last_exit = "FeedStale: silent for 30 s"

    shown = json.loads(json.dumps(registry.snapshot(4 * SECOND_NS)))

    assert shown["late"] == ["arbiter"]
    assert [row["actor"] for row in shown["actors"]] == ["journal", "arbiter"]
    assert shown["actors"][1] == {
        "actor": "arbiter",
        "state": "up",
        "state_ms": 3_000,
        "uptime_ms": 4_000,
        "restarts": 0,
        "last_exit": "FeedStale: silent for 30 s",
        "progress_ms": 2_000,
        "idle": False,
        "late": True,
        "mailboxes": {"arbiter": {"capacity": 8, "depth": 1, "peak": 1, "posted": 1, "dropped": 0}},
    }


def test_two_actors_cannot_share_a_name() -> None:
    registry = HealthRegistry()
    registry.cell("feed.relay")

    with pytest.raises(ValueError, match=r"feed\.relay"):
        registry.cell("feed.relay")
