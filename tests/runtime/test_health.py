"""Laws of health cells: when progress is overdue, and what is shown."""

import json

import pytest
import trio
import trio.testing
from hypothesis import given, strategies as st

from actors.runtime.health import Bound, Health, HealthRegistry, State, Unsynced, row
from actors.runtime.mailbox import Mailbox

SECOND_NS = 1_000_000_000


def _up(bound_s: float | None = 5.0) -> Health:
    cell = Health("executor", None if bound_s is None else Bound(after_s=bound_s, by="marks"))
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


def test_an_actor_that_leaves_work_untaken_is_late_and_one_that_takes_some_is_not() -> None:
    box: Mailbox[int] = Mailbox("executor", 8)
    cell = Health("executor", Bound(after_s=5, by="backlog"), (box,))
    cell.enter("starting", 0)
    cell.enter("up", 0)
    assert not cell.is_late(3600 * SECOND_NS), "nothing waits for it"

    box.post(1)
    box.post(2)
    assert not cell.is_late(3610 * SECOND_NS), "timed from the first look"
    assert not cell.is_late(3615 * SECOND_NS)
    assert cell.is_late(3616 * SECOND_NS)
    assert box.receive_nowait() == 1
    assert not cell.is_late(3617 * SECOND_NS)
    assert cell.is_late(3623 * SECOND_NS), "the other one still waits"

    cell.enter("starting", 3624 * SECOND_NS)
    cell.enter("up", 3624 * SECOND_NS)
    assert not cell.is_late(3625 * SECOND_NS), "a new life has its own time"


def test_a_journal_whose_disk_hangs_makes_its_actor_late() -> None:
    class Syncing:
        unsynced_since_ns: int | None = None

    journal = Syncing()
    cell = Health("journal", Bound(after_s=5, by="backlog"), backlogs=(Unsynced(journal),))
    cell.enter("starting", 0)
    cell.enter("up", 0)
    for at_s in range(100):
        journal.unsynced_since_ns = at_s * SECOND_NS
        assert not cell.is_late(at_s * SECOND_NS + 1), "each sync comes through"

    assert cell.is_late(110 * SECOND_NS)
    journal.unsynced_since_ns = None
    assert not cell.is_late(111 * SECOND_NS)


def test_an_actor_whose_turn_in_the_boot_has_not_come_is_not_late() -> None:
    cell = Health("arbiter", Bound(after_s=5, by="backlog"))

    assert not cell.is_late(3600 * SECOND_NS)


def test_only_vital_actors_count_for_the_watchdog() -> None:
    registry = HealthRegistry()
    for name, vital in (("catalogue", False), ("signer", True)):
        cell = registry.cell(name, bound=Bound(after_s=1, by="marks", vital=vital))
        cell.enter("starting", 0)
        cell.enter("up", 0)

    assert registry.late(2 * SECOND_NS) == ("catalogue", "signer")
    assert registry.late(2 * SECOND_NS, vital=True) == ("signer",)


def test_restarts_are_counted_in_all_and_of_late() -> None:
    cell = Health("signer")
    for at_s in (0, 10, 100, 110):
        cell.enter("starting", at_s * SECOND_NS)

    assert cell.recent_restarts(111 * SECOND_NS) == 2
    assert cell.recent_restarts(50 * SECOND_NS) == 3, "the first start is none"


async def test_a_row_is_plain_values_and_shows_mailboxes_lateness_and_where_it_waits() -> None:
    registry = HealthRegistry()
    box: Mailbox[int] = Mailbox("arbiter", 8, "drop_newest")
    box.post(1)
    registry.cell("journal")
    bound = Bound(after_s=1, by="marks")
    cell = registry.cell("arbiter", bound=bound, mailboxes=(box,))
    cell.enter("starting", 0)
    cell.enter("up", SECOND_NS)
    cell.mark(2 * SECOND_NS)
    cell.last_exit = "FeedStale: silent for 30 s"

    async def waits_for_good() -> None:
        cell.task = trio.lowlevel.current_task()
        async with trio.open_nursery() as below:
            below.start_soon(trio.sleep_forever)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(waits_for_good)
        await trio.testing.wait_all_tasks_blocked()
        shown = json.loads(json.dumps(row(cell, 4 * SECOND_NS)))
        nursery.cancel_scope.cancel()

    assert registry.late(4 * SECOND_NS) == ("arbiter",)
    assert [each.actor for each in registry.cells] == ["journal", "arbiter"]
    stack, below = shown.pop("stack"), shown.pop("below")
    assert stack[0].startswith("runtime/test_health.py:")
    assert stack[0].endswith(" waits_for_good")
    assert len(below) == 1, "the tasks that it started show where they wait as well"
    assert below[0].startswith("sleep_forever: trio/_timeouts.py:")
    assert shown == {
        "actor": "arbiter",
        "state": "up",
        "state_ms": 3_000,
        "uptime_ms": 4_000,
        "restarts": 0,
        "restarts_60_s": 0,
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
