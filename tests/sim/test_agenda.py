"""Laws of the agenda."""

from functools import partial

import trio
import trio.testing
from hypothesis import given, settings, strategies as st

from actors.sim.agenda import Agenda


def done(times: list[float], until_s: float = 1e6) -> list[tuple[float, int]]:
    """Do one act for each time; return the time each act saw, and its number."""
    seen: list[tuple[float, int]] = []
    agenda = Agenda()

    def see(number: int) -> None:
        seen.append((agenda.now_s(), number))

    async def main() -> None:
        for number, at_s in enumerate(times):
            agenda.at(at_s, partial(see, number))
        async with trio.open_nursery() as nursery:
            await nursery.start(agenda.run)
            await trio.sleep(until_s)
            nursery.cancel_scope.cancel()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    return seen


@given(times=st.lists(st.floats(0, 1000), max_size=20))
@settings(deadline=None, max_examples=50)
def test_every_act_is_done_in_its_time_and_equals_in_their_order(times: list[float]) -> None:
    expected = sorted((at_s, number) for number, at_s in enumerate(times))

    assert done(times) == expected


def test_what_lies_beyond_the_end_is_not_done() -> None:
    assert done([1.0, 5.0], until_s=2.0) == [(1.0, 0)]


async def test_an_act_may_put_down_others_even_for_now(
    autojump_clock: trio.testing.MockClock,
) -> None:
    agenda, seen = Agenda(), list[tuple[str, float]]()

    def first() -> None:
        agenda.after(0.0, lambda: seen.append(("now", agenda.now_s())))
        agenda.after(2.0, lambda: seen.append(("later", agenda.now_s())))

    agenda.at(1.0, first)
    async with trio.open_nursery() as nursery:
        await nursery.start(agenda.run)
        await trio.sleep(10)
        nursery.cancel_scope.cancel()

    assert seen == [("now", 1.0), ("later", 3.0)]


async def test_something_earlier_wakes_it(autojump_clock: trio.testing.MockClock) -> None:
    agenda, seen = Agenda(), list[float]()
    agenda.at(100.0, lambda: seen.append(agenda.now_s()))
    async with trio.open_nursery() as nursery:
        await nursery.start(agenda.run)
        await trio.sleep(1)
        agenda.at(2.0, lambda: seen.append(agenda.now_s()))
        await trio.sleep(2)
        nursery.cancel_scope.cancel()

    assert seen == [2.0]


def test_before_it_begins_its_clock_stands_at_nought() -> None:
    agenda = Agenda()

    assert not agenda.has_begun
    assert agenda.now_s() == 0.0
