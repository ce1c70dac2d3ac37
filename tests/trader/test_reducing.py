"""Laws of the leg that sells what a goal hurts: never twice, never forgotten, whoever dies when."""

from collections.abc import Callable, Mapping

import attrs
import pytest
import trio
from trio.testing import MockClock

from actors.messages.trading import ExitPlan, Leg, OrderDone, Passed, Sent, Unknown
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import OrderRequest, Side
from actors.model.score import GoalKey
from actors.trader.assembly import encode
from actors.trader.resolver import LATE_COPY_REFUSED_S
from tests.runtime.journals import memory_disk
from tests.trader.door import Fault, lost, refused, slow
from tests.trader.glass import intents
from tests.trader.pit import AWAY, EVENT, HOME, KEY, Pit, open_pit
from tests.trader.test_assembly import live, new_venue

HURT = GoalKey(EVENT, 0, "1-1")
"""The next goal is the other side's."""
COUNT = 1_000
FATES: Mapping[str, Fault | None] = {
    "answered": None,
    "slow": slow(1.0),
    "lost": lost(taken=True),
    "never arrived": lost(taken=False),
    "refused": refused(429, "slow_down"),
}


def reducing(pit: Pit, plan: ExitPlan, *, count: int = COUNT, attempt: int = 1) -> Leg:
    """Price the leg that sells a lot, as the planner would."""
    side: Side = "ask" if plan.entry_side == "bid" else "bid"
    limit = Pips(4_000 if side == "ask" else 5_000)
    request = OrderRequest(
        client_order_id=pit.exit_id(attempt, plan.key, plan.ticker, side),
        ticker=plan.ticker,
        side=side,
        price_pips=limit,
        count_centi=CentiContracts(count),
        reduce_only=True,
    )
    body, tail = encode(request)
    return Leg(
        ticker=plan.ticker,
        side=side,
        limit_pips=limit,
        count_centi=CentiContracts(count),
        client_order_id=request.client_order_id,
        exchange_index=0,
        reference_pips=limit,
        worst_micros=MicroDollars(0),
        body=body,
        tail=tail,
        floor_pips=plan.floor_pips,
        form=None,
        closes=plan,
        attempt=attempt,
    )


async def holding(pit: Pit, side: Side = "bid") -> ExitPlan:
    """Win a race, hold what it bought, and arm the play that sells it again."""
    limit = 5_000 if side == "bid" else 4_200
    pit.play(KEY, (pit.leg(side, limit, COUNT),))
    (sent,) = pit.fire(KEY)
    await trio.sleep(0.1)
    pit.desk.held_centi[HOME] = pit.position_centi()
    plan = pit.desk.plans[sent.client_order_id]
    pit.play(HURT, (reducing(pit, plan),))
    return plan


def hit(pit: Pit) -> list[Sent]:
    """Have the goal come that hurts the lot; return what was sold for it."""
    pit.see_books()
    before = pit.desk.inflight.of("exit")
    pit.trading.fire(pit.trigger(HURT))
    return [sent for sent in pit.desk.inflight.of("exit") if sent not in before]


def sold_ids(pit: Pit) -> list[str]:
    return [came.client_order_id for came in pit.orders.orders if came.body.get("reduce_only")]


@pytest.mark.parametrize("side", ["bid", "ask"])
async def test_what_a_goal_hurts_is_sold_at_once_and_its_lot_is_done(
    autojump_clock: MockClock, side: Side
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        await holding(pit, side)

        (sent,) = hit(pit)
        assert (sent.purpose, sent.key) == ("exit", KEY)
        assert pit.env.left[-1].client_order_id == pit.env.left[-1].intents[-1]
        await trio.sleep(1.0)

        assert pit.position_centi() == 0
        assert pit.desk.lots == {}
        assert pit.desk.exposure.open_account_micros == 0
        await trio.sleep(400.0)
        assert len(sold_ids(pit)) == 1, "its time brings no second sale"


async def test_its_intent_is_that_of_an_exit_of_its_lot(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        plan = await holding(pit)
        hit(pit)
        *_, intent = intents(pit.disk)

        assert intent.purpose == "exit"
        assert intent.entry_client_order_id == plan.entry_client_order_id
        assert intent.worst_micros == 0
        assert (intent.match, intent.state) == (EVENT, KEY.state), "the lot's key, not the goal's"


async def test_what_it_could_not_sell_stays_with_its_plan(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        plan = await holding(pit)
        pit.venue.cancel_all("maker")
        pit.make("bid", 4_400, 300)
        hit(pit)
        await trio.sleep(1.0)
        pit.desk.held_centi[HOME] = pit.position_centi()

        lot = pit.desk.lots[plan.entry_client_order_id]
        assert (lot.left_centi, lot.attempts) == (700, 1)
        pit.make("bid", 4_400, 10_000)
        await trio.sleep(400.0)
        assert pit.position_centi() == 0
        assert sold_ids(pit) == [pit.exit_id(1), pit.exit_id(2)]


async def test_when_both_want_to_sell_one_order_is_out_at_a_time(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        plan = await holding(pit)
        pit.orders.faults.append(slow(1.5))
        await trio.sleep_until(plan.due_ns / 1e9 - 0.5)

        assert len(hit(pit)) == 1
        await trio.sleep(0.7)
        # Its time has come while the goal's order is still without an answer.
        assert len(sold_ids(pit)) == 1
        await trio.sleep(10.0)
        assert pit.position_centi() == 0
        assert len(sold_ids(pit)) == 1


async def test_while_an_exit_is_out_the_goal_sells_nothing(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        plan = await holding(pit)
        pit.orders.faults.append(slow(1.5))
        await trio.sleep_until(plan.due_ns / 1e9 + 0.2)

        assert hit(pit) == []
        assert [each.reason for each in pit.said(Passed)] == ["repeat"]
        await trio.sleep(10.0)
        assert pit.position_centi() == 0


Change = Callable[[Pit, ExitPlan], object]
NOT_NOW: Mapping[str, tuple[str, Change]] = {
    "more than the lot": (
        "repeat",
        lambda pit, plan: pit.play(HURT, (reducing(pit, plan, count=COUNT + 100),)),
    ),
    "more than is held": ("position", lambda pit, _: pit.desk.held_centi.update({HOME: 900})),
    "an attempt that was made": (
        "repeat",
        lambda pit, plan: setattr(pit.desk.lots[plan.entry_client_order_id], "attempts", 1),
    ),
    "beyond its floor": (
        "floor",
        lambda pit, plan: pit.play(
            HURT, (reducing(pit, attrs.evolve(plan, floor_pips=Pips(4_100))),)
        ),
    ),
    "a lot that is gone": ("repeat", lambda pit, _: pit.desk.lots.clear()),
}


@pytest.mark.parametrize("why", NOT_NOW)
async def test_only_its_own_controls_stop_it(autojump_clock: MockClock, why: str) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        plan = await holding(pit)
        reason, change = NOT_NOW[why]
        change(pit, plan)

        assert hit(pit) == []
        assert [each.reason for each in pit.said(Passed)] == [reason]


async def test_no_control_of_entries_stops_it(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        await holding(pit)
        pit.desk.state.halt("operator", "no more")
        pit.desk.traded.add(HURT)
        while pit.desk.entry_headers.take(pit.env.now_ns()):
            pass

        assert len(hit(pit)) == 1
        await trio.sleep(1.0)
        assert pit.position_centi() == 0


@pytest.mark.parametrize("after_s", [0.0, 0.00005, 0.0001, 0.001, 0.01, 0.5])
@pytest.mark.parametrize("fate", FATES)
async def test_the_exits_may_die_at_any_instant_and_the_lot_is_sold_once(
    autojump_clock: MockClock, after_s: float, fate: str
) -> None:
    async with open_pit(speed=100.0) as pit:
        await pit.start_orders()
        await holding(pit)
        fault = FATES[fate]
        if fault is not None:
            pit.orders.faults.append(fault)
        assert len(hit(pit)) == 1
        await trio.sleep(after_s)
        await pit.kill("exits")
        await trio.sleep(0.2)
        await pit.start("exits")
        await trio.sleep(5.0)
        pit.desk.held_centi[HOME] = pit.position_centi()
        await trio.sleep(LATE_COPY_REFUSED_S + 30.0)

        assert pit.position_centi() == 0
        assert pit.desk.lots == {}
        assert len(set(sold_ids(pit))) == len(sold_ids(pit)), "no order was sent twice"
        meant = [each.client_order_id for each in intents(pit.disk)]
        assert len(set(meant)) == len(meant)
        assert not pit.desk.inflight.of("exit")


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("after_s", [0.0, 0.0001, 0.01, 0.5])
async def test_the_process_may_die_at_any_instant_and_the_lot_is_sold_once(
    autojump_clock: MockClock, after_s: float, *, taken: bool
) -> None:
    disk, venue = memory_disk(), new_venue()
    async with open_pit(disk=disk, venue=venue, speed=100.0) as pit:
        await live(pit)
        plan = await holding(pit)
        pit.orders.faults.append(lost(taken=taken))
        assert len(hit(pit)) == 1
        await trio.sleep(after_s)

    async with open_pit(disk=disk, venue=venue, speed=100.0) as again:
        await live(again)
        again.play(HURT, (reducing(again, plan),))
        assert hit(again) == [], "nobody knows yet what became of the first"
        await trio.sleep(LATE_COPY_REFUSED_S + 30.0)

        assert again.position_centi() == 0
        assert again.desk.lots == {}
        meant = [each.client_order_id for each in intents(disk)]
        assert len(set(meant)) == len(meant)
        sold = [came.client_order_id for came in (*pit.orders.orders, *again.orders.orders)]
        assert len(set(sold)) == len(sold)


async def test_an_order_of_unknown_outcome_is_asked_after_before_anything_more_is_sold(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        plan = await holding(pit)
        pit.orders.faults.append(lost(taken=True))
        hit(pit)
        await trio.sleep(3.0)
        assert any(isinstance(done.outcome, Unknown) for done in pit.said(OrderDone))
        await trio.sleep(60.0)

        assert pit.position_centi() == 0
        assert plan.entry_client_order_id not in pit.desk.lots
        assert len(sold_ids(pit)) == 1


async def test_a_goal_that_only_hurts_counts_as_traded(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        await holding(pit)
        hit(pit)

        assert HURT in pit.desk.traded
        assert hit(pit) == []


async def test_an_opening_leg_goes_beside_it_on_lines_of_its_own(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        plan = await holding(pit)
        pit.play(HURT, (reducing(pit, plan), pit.leg("bid", 3_000, 500, ticker=AWAY, key=HURT)))
        assert len(hit(pit)) == 1
        await trio.sleep(1.0)

        assert pit.position_centi(HOME) == 0
        assert pit.position_centi(AWAY) == 500
