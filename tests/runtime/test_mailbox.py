"""Laws of mailboxes: what is kept, what is dropped, and that both are counted."""

from collections import deque

import pytest
import trio
import trio.testing
from hypothesis import given, strategies as st

from actors.runtime.errors import MailboxFull
from actors.runtime.mailbox import Mailbox, Overflow

OVERFLOWS: list[Overflow] = ["fail", "drop_oldest", "drop_newest"]


@given(
    capacity=st.integers(1, 5),
    overflow=st.sampled_from(OVERFLOWS),
    steps=st.lists(st.booleans(), max_size=60),
)
def test_a_mailbox_is_a_queue_with_its_stated_rule_for_being_full(
    capacity: int, overflow: Overflow, steps: list[bool]
) -> None:
    box: Mailbox[int] = Mailbox("goals", capacity, overflow)
    model: deque[int] = deque()
    posted = dropped = peak = 0

    for item, is_post in enumerate(steps):
        if not is_post:
            if model:
                assert box.receive_nowait() == model.popleft()
            else:
                with pytest.raises(trio.WouldBlock):
                    box.receive_nowait()
            continue
        if len(model) < capacity:
            model.append(item)
        elif overflow == "fail":
            with pytest.raises(MailboxFull, match="goals"):
                box.post(item)
            continue
        else:
            dropped += 1
            if overflow == "drop_oldest":
                model.popleft()
                model.append(item)
        box.post(item)
        posted += 1
        peak = max(peak, len(model))
        assert (box.depth, box.peak, box.posted, box.dropped) == (
            len(model),
            peak,
            posted,
            dropped,
        )


async def test_posting_is_no_checkpoint_even_when_something_is_dropped() -> None:
    box: Mailbox[int] = Mailbox("books", 1, "drop_oldest")
    with trio.testing.assert_no_checkpoints():
        box.post(1)
        box.post(2)

    assert await box.receive() == 2


async def test_a_mailbox_outlives_the_crash_of_its_reader() -> None:
    box: Mailbox[int] = Mailbox("goals", 8)
    for item in range(4):
        box.post(item)

    async def read_and_crash() -> None:
        async for item in box:
            if item == 1:
                raise RuntimeError("crash")

    with pytest.RaisesGroup(RuntimeError):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(read_and_crash)
    box.post(4)

    assert [await box.receive() for _ in range(3)] == [2, 3, 4]


async def test_a_closed_mailbox_is_emptied_and_then_ends() -> None:
    box: Mailbox[int] = Mailbox("rows", 8)
    box.post(1)
    box.post(2)
    box.close()

    assert [item async for item in box] == [1, 2]
    with pytest.raises(trio.ClosedResourceError):
        box.post(3)
    assert box.counts().posted == 2


async def test_depth_counts_what_a_waking_reader_has_not_taken_yet() -> None:
    box: Mailbox[int] = Mailbox("goals", 2)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(box.receive)
        await trio.testing.wait_all_tasks_blocked()
        box.post(1)
        assert box.depth == 1
    assert (box.depth, box.peak) == (0, 1)


def test_a_mailbox_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="goals"):
        Mailbox("goals", 0)


async def test_an_arrival_is_noticed_and_left_where_it_is(
    autojump_clock: trio.testing.MockClock,
) -> None:
    box: Mailbox[int] = Mailbox("words", 4)
    with trio.move_on_after(1) as patience:
        await box.arrival()
    assert patience.cancelled_caught, "nothing was there"

    async with trio.open_nursery() as nursery:
        nursery.start_soon(box.arrival)
        await trio.testing.wait_all_tasks_blocked()
        box.post(1)
        box.post(2)
    await box.arrival()

    assert box.depth == 2
    assert [box.receive_nowait(), box.receive_nowait()] == [1, 2]


async def test_nothing_more_arrives_once_the_tree_has_closed_the_mailbox() -> None:
    box: Mailbox[int] = Mailbox("words", 4)
    with pytest.RaisesGroup(trio.EndOfChannel):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(box.arrival)
            await trio.testing.wait_all_tasks_blocked()
            box.close()
    with pytest.raises(trio.EndOfChannel):
        await box.arrival()


async def test_an_attendant_deals_with_a_post_while_its_reader_waits_and_at_no_other_time() -> None:
    mailbox: Mailbox[int] = Mailbox("arbiter", 4)
    dealt: list[int] = []

    def attend() -> None:
        dealt.append(mailbox.receive_nowait())

    mailbox.post(1)
    assert dealt == []
    await mailbox.arrival(attend)
    assert dealt == []
    assert mailbox.receive_nowait() == 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(mailbox.arrival, attend)
        await trio.testing.wait_all_tasks_blocked()
        mailbox.post(2)
        mailbox.post(3)
        assert dealt == [2, 3]
        nursery.cancel_scope.cancel()

    mailbox.post(4)
    assert dealt == [2, 3]
    assert mailbox.depth == 1


async def test_what_an_attendant_leaves_ends_the_wait() -> None:
    mailbox: Mailbox[int] = Mailbox("arbiter", 4)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(mailbox.arrival, lambda: None)
        await trio.testing.wait_all_tasks_blocked()
        mailbox.post(1)
    assert mailbox.receive_nowait() == 1
