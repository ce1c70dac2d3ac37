"""Which stops end the process, and when; the tree is real, its clock jumps."""

from collections.abc import Awaitable, Callable, Iterator

import pytest
import structlog
import trio

from actors.cli.seeds import SeededDay, seeded_day
from actors.cli.stops import LOOK_S, Stops
from actors.runtime.memory import run_seeded
from actors.sim.synthetic import synthetic_day

SEED = 1
HOURS = 0.01
LONG_S = 3_600.0


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("CRITICAL"))
    yield
    structlog.reset_defaults()


def running(look: Callable[[SeededDay], Awaitable[None]]) -> None:
    """Run a day until something of ours is held, and then have a look at it."""

    async def run() -> None:
        async with (
            seeded_day(SEED, synthetic_day(SEED, HOURS)) as day,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(day.tree.root.run)
            with trio.fail_after(HOURS * LONG_S * 2):
                while not day.tree.trading.desk.lots:  # noqa: ASYNC110 - a clock that jumps
                    await trio.sleep(1.0)
            await look(day)
            day.tree.root.stop()

    run_seeded(SEED, run)


def test_a_loss_ends_it_once_the_venue_shows_nothing_of_ours() -> None:
    async def look(day: SeededDay) -> None:
        desk = day.tree.trading.desk
        stops = Stops(day.tree.trading)
        desk.state.halt("order x", "unknown for long")
        desk.state.halt("operator", "ctl")
        with trio.move_on_after(3 * LOOK_S) as patience:
            await stops.until_over()
        assert patience.cancelled_caught, "neither what clears itself nor an operator ends it"
        assert stops.standing == ""

        desk.state.halt("loss", "more than a day may lose")
        assert stops.standing == "loss: more than a day may lose"
        with trio.fail_after(LONG_S):
            await stops.until_over()
        assert not desk.lots
        held = await day.tree.trading.reads.urgent.positions()
        assert not any(each.position_centi for each in held)

    running(look)


def test_what_an_earlier_life_left_standing_ends_nothing_and_a_person_takes_it_back() -> None:
    async def look(day: SeededDay) -> None:
        state = day.tree.trading.desk.state
        state.halt("loss", "of yesterday")
        stops = Stops(day.tree.trading)

        assert stops.standing == ""
        state.halt("drift", "a cent")
        assert stops.standing == "drift: a cent"
        state.clear("drift")
        assert stops.standing == ""

    running(look)
