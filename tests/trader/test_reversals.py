"""Laws of reversals: what was bought for a goal that falls is sold at once, and for its worth."""

import errno

import pytest
import trio
from hypothesis import given, settings, strategies as st
from trio.testing import MockClock

from actors.messages.race import MatchDoubt
from actors.messages.records_review import EpisodeRow
from actors.messages.trading import Accepted, ExitHeld
from actors.model.orders import Side
from actors.model.score import GoalKey, Score
from actors.runtime.memory import run_seeded
from actors.runtime.segments import read
from actors.trader.resolver import LATE_COPY_REFUSED_S
from tests.runtime.journals import CODEC, FOLDER, memory_disk
from tests.trader.against import DEATHS, TRIPS
from tests.trader.door import error, late, lost, refused, slow
from tests.trader.fallen import LEVEL, doubt, episodes, holding, worth
from tests.trader.glass import intents
from tests.trader.held import bought, count_centi, exits, hear_fills, lots_are_gone, price_pips
from tests.trader.pit import EVENT, HOME, KEY, open_pit

NEXT = GoalKey(EVENT, 0, "2-0")


@pytest.mark.parametrize("side", ["bid", "ask"])
async def test_the_first_order_leaves_in_the_step_that_hears_of_the_reversal(
    autojump_clock: MockClock, side: str
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        worth(pit, 4_500)
        await bought(pit, side="bid" if side == "bid" else "ask")
        doubt(pit)
        (sent,) = pit.desk.inflight.of("exit")
        assert sent.sent_ns == pit.env.now_ns(), "nobody was waited for"
        # What it is worth without the goal, less two cents, or two more for a short one.
        assert sent.limit_pips == (4_300 if side == "bid" else 4_700)
        await trio.sleep(1.0)

        assert pit.position_centi() == 0
        lots_are_gone(pit)
        assert EVENT in pit.desk.doubts
        assert [row.reason for row in episodes(pit, "closed")] == ["sold"]
        assert pit.said(ExitHeld) == []


async def test_a_feed_that_never_showed_the_goal_closes_entries_and_sells_nothing(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        await bought(pit)
        pit.trading.reversals.hear_doubt(
            MatchDoubt(match=EVENT, in_doubt=True, reason="shows 0-1", key=KEY, takes_back=False)
        )
        assert EVENT in pit.desk.doubts
        assert pit.desk.inflight.of("exit") == []
        # Once it is confirmed it is a reversal like any other.
        doubt(pit, reason="taken back")
        assert len(pit.desk.inflight.of("exit")) == 1


async def test_older_lots_keep_their_plan(autojump_clock: MockClock) -> None:
    async with holding(400) as pit:
        await bought(pit, 600, key=NEXT)
        doubt(pit, NEXT, restored=Score(1, 0))
        await trio.sleep(1.0)

        assert [count_centi(each) for each in exits(pit)] == [600]
        assert list(pit.desk.lots) == [pit.entry_id()]
        assert pit.position_centi() == 400


async def test_what_was_bought_for_a_later_goal_falls_with_an_earlier_one(
    autojump_clock: MockClock,
) -> None:
    async with holding(400) as pit:
        await bought(pit, 600, key=NEXT)
        doubt(pit, KEY)
        await trio.sleep(1.0)

        assert pit.position_centi() == 0
        lots_are_gone(pit)


async def test_it_goes_down_step_by_step_and_holds_at_the_floor_with_an_alarm(
    autojump_clock: MockClock,
) -> None:
    async with holding() as pit:
        pit.venue.cancel_all("maker")
        pit.make("bid", 2_400, 10_000)
        began_s = trio.current_time()
        doubt(pit)
        await trio.sleep(30.0)

        assert [price_pips(each) for each in exits(pit)] == [
            4_300,
            4_200,
            3_900,
            3_500,
            3_000,
            2_500,
        ]
        due_s = [0.0, 0.25, 0.75, 1.75, 3.75, 5.75]
        assert [each.at_s - began_s for each in exits(pit)] == pytest.approx(due_s, abs=0.1)
        assert pit.position_centi() == 1_000
        (held,) = pit.said(ExitHeld)
        assert (held.reason, held.left_centi) == ("floor", 1_000)
        assert pit.desk.exposure.open_account_micros > 0, "it is still held"
        lots_are_gone(pit)

        doubt(pit)
        doubt(pit, in_doubt=False, reason="overturned")
        await trio.sleep(10.0)
        assert len(exits(pit)) == 6, "an episode never replays"


async def test_any_price_is_taken_only_where_the_profile_asks_for_it(
    autojump_clock: MockClock,
) -> None:
    async with holding(review={"any_price": True}) as pit:
        pit.venue.cancel_all("maker")
        pit.make("bid", 200, 10_000)
        doubt(pit)
        await trio.sleep(30.0)

        assert price_pips(exits(pit)[-1]) == 100
        assert pit.position_centi() == 0


async def test_a_doubt_that_ends_well_gives_what_is_left_its_plan_again(
    autojump_clock: MockClock,
) -> None:
    async with holding(speed=10.0) as pit:
        pit.venue.cancel_all("maker")
        pit.make("bid", 4_400, 300)
        doubt(pit)
        await trio.sleep(0.1)
        hear_fills(pit)
        assert pit.position_centi() == 700
        doubt(pit, in_doubt=False, reason="stands")
        pit.make("bid", 4_400, 10_000)
        await trio.sleep(20.0)
        assert len(exits(pit)) == 1
        assert [row.reason for row in episodes(pit, "closed")] == ["stands"]

        await trio.sleep(12.0)
        assert pit.position_centi() == 0
        lots_are_gone(pit)


@pytest.mark.parametrize("delay_s", [0.0, 0.05, 1.0, 1.9, 4.0])
async def test_an_entry_delayed_past_its_own_liquidation_still_ends_at_nothing(
    autojump_clock: MockClock, delay_s: float
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        worth(pit, 4_500)
        pit.orders.fates[pit.entry_id()] = late(delay_s)
        pit.play(KEY, (pit.leg(),))
        assert len(pit.fire()) == 1
        doubt(pit)
        (cover,) = pit.desk.inflight.of("exit")
        assert cover.count_centi == 1_000, "its worst case"
        await trio.sleep(60.0)

        assert pit.position_centi() == 0
        cover_was, *later = map(price_pips, exits(pit))
        assert later or not delay_s
        assert cover_was in later or not delay_s, "it goes down from the first rung again"
        lots_are_gone(pit)
        ids = [each.client_order_id for each in exits(pit)]
        assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("taken", [True, False])
async def test_an_entry_of_unknown_outcome_is_covered_at_once_and_again_when_it_is_known(
    autojump_clock: MockClock, *, taken: bool
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        worth(pit, 4_500)
        pit.orders.faults.append(lost(taken=taken))
        pit.play(KEY, (pit.leg(),))
        pit.fire()
        await trio.sleep(0.1)
        pit.reads.closed["/portfolio/orders"] = error(503, "unavailable")
        await trio.sleep(5.0)
        doubt(pit)
        await trio.sleep(1.0)
        assert len(exits(pit)) == 1
        assert pit.position_centi() == 0
        pit.reads.closed.clear()
        await trio.sleep(LATE_COPY_REFUSED_S + 30.0)

        assert pit.position_centi() == 0
        lots_are_gone(pit)
        assert pit.desk.exposure.open_account_micros == 0


async def test_each_way_down_has_a_number_of_its_own_and_begins_at_its_first_rung(
    autojump_clock: MockClock,
) -> None:
    async with holding() as pit:
        pit.venue.cancel_all("maker")
        doubt(pit)
        await trio.sleep(0.5)
        doubt(pit, in_doubt=False, reason="stands")
        (first, *_) = before = [price_pips(each) for each in exits(pit)]
        assert len(set(before)) > 1
        doubt(pit)
        await trio.sleep(0.02)

        again = [price_pips(each) for each in exits(pit)][len(before) :]
        assert again == [first]
        assert [row.episode for row in episodes(pit, "opened")] == [
            f"{pit.entry_id()}.1",
            f"{pit.entry_id()}.2",
        ]


@pytest.mark.parametrize("try_no", range(6))
async def test_a_timed_sale_and_a_reversal_that_wait_for_one_line_sell_a_lot_once(
    autojump_clock: MockClock, try_no: int
) -> None:
    async with holding(orders={"exit_connections": 1}, plays={"legs_max": 1}) as pit:
        await trio.sleep(0.01 * try_no)
        await bought(pit, key=NEXT)
        first, second = sorted(plan.due_ns for plan in pit.desk.plans.values())
        pit.orders.fates[pit.exit_id(1)] = slow((second - first) / 1e9 + 0.3)
        await trio.sleep_until(second / 1e9 + 0.1)
        assert len(exits(pit)) == 1, "the other waits for its line"

        await pit.desk.exits.take()
        doubt(pit, NEXT, restored=Score(1, 0))
        await trio.sleep(5.0)
        assert len(exits(pit)) == 2
        assert pit.position_centi() == 0
        lots_are_gone(pit)


async def test_on_the_way_down_being_turned_away_unread_costs_no_rung(
    autojump_clock: MockClock,
) -> None:
    async with holding() as pit:
        pit.orders.faults.extend([refused(429, "slow_down")] * 8)
        doubt(pit)
        await trio.sleep(30.0)

        assert {price_pips(each) for each in exits(pit)} == {4_300}
        assert len(exits(pit)) == 9
        assert pit.position_centi() == 0


async def test_on_the_way_down_a_pause_costs_no_rung(autojump_clock: MockClock) -> None:
    async with holding() as pit:
        pit.venue.cancel_all("maker")
        doubt(pit)
        await trio.sleep(0.1)
        pit.venue.pause_exchange(trading_active=False)
        await trio.sleep(30.0)
        pit.venue.pause_exchange()
        await trio.sleep(30.0)

        first, paused, *later = map(price_pips, exits(pit))
        assert first > paused == later[0] > later[1]
        assert later[-1] == 2_500, "and down to the floor, as on any other way"


async def test_exits_that_come_back_make_the_line_anew_whose_answer_nobody_read(
    autojump_clock: MockClock,
) -> None:
    async with holding(orders={"exit_connections": 1}, plays={"legs_max": 1}) as pit:
        pit.play(NEXT, (pit.leg("bid", 5_100, key=NEXT),))
        pit.fire(NEXT)
        await trio.sleep(0.1)
        await pit.kill("exits")
        doubt(pit, NEXT, restored=Score(1, 0))
        (first,) = pit.desk.inflight.of("exit")
        await trio.sleep(0.5)
        assert not pit.desk.is_frozen(HOME), "its answer lies there, and nobody has asked"
        pit.reads.closed["/portfolio/orders"] = error(503, "unavailable")
        await pit.start("exits")
        assert pit.desk.is_frozen(HOME), "before anything else can run"
        await trio.sleep(1.0)

        doubt(pit)
        (second,) = (each for each in pit.desk.inflight.of("exit") if each is not first)
        await trio.sleep(1.0)
        words = [type(each.outcome) for each in pit.done(second.client_order_id)]
        assert words == [Accepted], "it read its own answer"


@pytest.mark.parametrize("what", ["executor", "exits"])
@pytest.mark.parametrize("before_s", [0.0, 0.01, 0.05])
async def test_a_reversal_sells_whoever_is_restarting(
    autojump_clock: MockClock, what: str, before_s: float
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        worth(pit, 4_500)
        pit.play(KEY, (pit.leg(),))
        pit.fire()
        await trio.sleep(before_s)
        await pit.kill(what)
        doubt(pit)
        assert len(pit.desk.inflight.of("exit")) == 1
        await trio.sleep(0.1)
        await pit.start(what)
        await trio.sleep(LATE_COPY_REFUSED_S + 30.0)

        assert pit.position_centi() == 0
        lots_are_gone(pit)


async def test_a_slow_venue_holds_up_the_answer_and_not_the_order(
    autojump_clock: MockClock,
) -> None:
    async with holding() as pit:
        pit.orders.way_s = 1.0
        pit.orders.faults.append(slow(4.0))
        doubt(pit)
        assert len(pit.desk.inflight.of("exit")) == 1
        await trio.sleep(60.0)

        assert pit.position_centi() == 0
        assert len(exits(pit)) == 1
        lots_are_gone(pit)


@pytest.mark.parametrize("after_s", [0.0, 0.005, 0.02, 0.3, 2.0])
@pytest.mark.parametrize("taken", [True, False])
async def test_the_exits_may_die_at_any_instant_of_a_liquidation(
    autojump_clock: MockClock, after_s: float, *, taken: bool
) -> None:
    async with holding() as pit:
        pit.venue.cancel_all("maker")
        pit.make("bid", 4_000, 300)
        pit.orders.faults.append(lost(taken=taken))
        doubt(pit)
        await trio.sleep(after_s)
        await pit.kill("exits")
        await trio.sleep(0.1)
        await pit.start("exits")
        pit.make("bid", 3_600, 10_000)
        await trio.sleep(LATE_COPY_REFUSED_S + 60.0)

        assert pit.position_centi() == 0
        lots_are_gone(pit)
        assert min(price_pips(each) for each in exits(pit)) >= 2_500
        assert len(episodes(pit, "opened")) == 1
        meant = [each.client_order_id for each in intents(pit.disk)]
        assert len(set(meant)) == len(meant)


@pytest.mark.parametrize("after_s", [0.0, 0.02, 0.3, 3.0])
@pytest.mark.parametrize("entry", ["filled", "in flight"])
async def test_the_process_may_die_at_any_instant_of_a_liquidation_and_the_next_goes_on_with_it(
    autojump_clock: MockClock, after_s: float, entry: str
) -> None:
    disk = memory_disk()
    venue = None
    async with open_pit(disk=disk) as pit:
        venue = pit.venue
        await pit.start("auditor")
        await pit.start_orders()
        worth(pit, 4_500)
        if entry == "filled":
            await bought(pit)
        else:
            pit.play(KEY, (pit.leg(),))
            pit.fire()
        venue.cancel_all("maker")
        if entry == "in flight":
            pit.make("ask", 4_800, 5_000)
        pit.make("bid", 4_300, 300)
        doubt(pit)
        before = len(pit.desk.inflight.of("exit"))
        await trio.sleep(after_s)

    assert before == 1
    async with open_pit(disk=disk, venue=venue) as again:
        await again.start("auditor")
        await again.start_orders()
        again.make("bid", 3_600, 10_000)
        hear_fills(again)
        await trio.sleep(LATE_COPY_REFUSED_S + 60.0)

        assert again.position_centi() == 0
        lots_are_gone(again)
        rows = [row.record for row in read(disk, FOLDER, CODEC)]
        assert len([r for r in rows if isinstance(r, EpisodeRow) and r.step == "opened"]) == 1
        meant = [each.client_order_id for each in intents(disk)]
        assert len(set(meant)) == len(meant)
        doubt(again, in_doubt=False, reason="overturned", restored=LEVEL)
        await trio.sleep(10.0)
        assert len(intents(disk)) == len(meant), "nothing replays"


async def test_a_reversal_that_cannot_be_written_down_sells_nothing_and_halts(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start("journal", "signer", "entry_lines", "exit_lines", "executor")
        await pit.start("exits")
        await bought(pit)
        await pit.kill("exits")
        await pit.kill("journal")
        pit.disk.fail_at(1, OSError(errno.ENOSPC, "no space left on device"), lasting=True)
        doubt(pit)

        assert pit.state() == "HALTED"
        assert pit.desk.inflight.of("exit") == []
        assert EVENT in pit.desk.doubts


@given(
    trips=st.sets(st.sampled_from(sorted(TRIPS))),
    deaths=st.sets(st.sampled_from(DEATHS)),
    side=st.sampled_from(["bid", "ask"]),
)
@settings(max_examples=8)
def test_in_every_trading_state_with_every_entry_control_tripped_a_reversal_sells(
    trips: set[str], deaths: set[str], side: Side
) -> None:
    run_seeded(0, _sells_all_the_same, sorted(trips), sorted(deaths), side)


async def _sells_all_the_same(trips: list[str], deaths: list[str], side: Side) -> None:
    async with open_pit() as pit:
        await pit.start("catalogue")
        await pit.start_orders()
        await pit.start("planner")
        worth(pit, 4_500)
        await bought(pit, side=side)
        for trip in trips:
            TRIPS[trip](pit)
        for name in deaths:
            await pit.kill(name)
        doubt(pit)
        assert pit.desk.inflight.of("exit")
        await trio.sleep(1.0)

        assert pit.position_centi() == 0
