"""Laws of what a doubt touches: the lots of the goal that it names, once, while it stands."""

import pytest
import trio
from trio.testing import MockClock

from actors.messages.race import Cause
from actors.messages.trading import ExitHeld
from actors.model.score import GoalKey
from tests.trader.door import late, slow
from tests.trader.fallen import doubt, episodes, holding, worth
from tests.trader.held import bought, exits
from tests.trader.pit import EVENT, KEY, open_pit

NEXT = GoalKey(EVENT, 0, "2-0")


@pytest.mark.parametrize(("ends", "stands"), [("goal_review", "score"), ("score", "goal_review")])
async def test_while_one_doubt_of_a_goal_stands_the_end_of_another_gives_no_lot_its_plan_again(
    autojump_clock: MockClock, ends: Cause, stands: Cause
) -> None:
    async with holding(review={"on_open": "flatten"}) as pit:
        pit.venue.cancel_all("maker")
        doubt(pit, cause=ends)
        doubt(pit, cause=stands)
        await trio.sleep(0.1)
        doubt(pit, cause=ends, in_doubt=False, reason="stands")
        await trio.sleep(1.0)
        assert episodes(pit, "closed") == []
        assert len(exits(pit)) > 1, "it goes on down"

        doubt(pit, cause=stands, in_doubt=False, reason="stands")
        assert [row.reason for row in episodes(pit, "closed")] == ["stands"]


async def test_a_goal_that_stands_gives_its_own_lots_their_plan_again_and_no_others(
    autojump_clock: MockClock,
) -> None:
    async with holding(600) as pit:
        await bought(pit, 400, key=NEXT)
        pit.venue.cancel_all("maker")
        doubt(pit, NEXT, restored=None)
        doubt(pit, restored=None)
        await trio.sleep(0.1)
        doubt(pit, NEXT, in_doubt=False, reason="stands", restored=None)
        await trio.sleep(0.1)

        closed = episodes(pit, "closed")
        assert [row.entry_client_order_id for row in closed] == [pit.entry_id(NEXT)]
        pit.make("bid", 4_500, 10_000)
        await trio.sleep(5.0)
        assert pit.position_centi() == 400


async def test_of_an_entry_that_nobody_has_answered_no_half_is_sold(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(review={"on_open": "halve"}) as pit:
        await pit.start_orders()
        worth(pit, 4_500)
        pit.orders.fates[pit.entry_id()] = late(1.0)
        pit.play(KEY, (pit.leg(),))
        pit.fire()
        doubt(pit, cause="goal_review")
        await trio.sleep(20.0)

        assert exits(pit) == []
        assert pit.position_centi() == 1_000


async def test_what_was_bought_after_the_match_began_anew_does_not_fall_with_a_goal_of_before(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        worth(pit, 4_500)
        await bought(pit, key=GoalKey(EVENT, 1, "2-0"))
        doubt(pit)
        await trio.sleep(20.0)

        assert exits(pit) == []
        assert pit.position_centi() == 1_000


async def test_a_goal_that_falls_again_and_again_has_one_way_down(
    autojump_clock: MockClock,
) -> None:
    async with holding() as pit:
        pit.venue.cancel_all("maker")
        doubt(pit)
        doubt(pit, reason="another feed")
        await trio.sleep(0.5)
        doubt(pit, reason="overturned", in_doubt=False)
        await trio.sleep(60.0)

        assert len(episodes(pit, "opened")) == 1
        assert [row.reason for row in episodes(pit, "closed")] == ["floor"]
        (held,) = pit.said(ExitHeld)
        assert held.left_centi == 1_000


async def test_a_lot_whose_timed_order_is_out_is_not_sold_a_second_time_beside_it(
    autojump_clock: MockClock,
) -> None:
    async with holding(speed=60.0) as pit:
        pit.orders.fates[pit.exit_id(1)] = slow(1.0)
        await trio.sleep(5.5)
        (out,) = pit.desk.inflight.of("exit")
        doubt(pit)

        assert pit.desk.inflight.of("exit") == [out]
        await trio.sleep(10.0)
        assert len(exits(pit)) == 1
        assert pit.desk.lots == {}


@pytest.mark.parametrize("share", [0.0, 0.5])
async def test_a_line_that_breaks_under_the_first_order_of_a_way_down_sells_once(
    autojump_clock: MockClock, share: float
) -> None:
    async with holding() as pit:
        pit.env.breaks.append(share)
        doubt(pit)
        (out,) = pit.desk.inflight.of("exit")
        assert out.unsent_bytes > 0
        await trio.sleep(120.0)

        assert pit.position_centi() == 0
        assert pit.desk.lots == {}
        ids = [each.client_order_id for each in exits(pit)]
        assert len(set(ids)) == len(ids)
