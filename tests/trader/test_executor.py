"""Laws of the executor: every response is read once, and what is not known is asked for."""

import attrs
import pytest
import trio
from hypothesis import given, settings, strategies as st
from trio.testing import MockClock

from actors.messages.trading import Accepted, OrderDone, Passed, Rejected, Unknown
from actors.model.fees import FeeSchedule
from actors.model.money import CentiContracts, Pips, cost_micros
from actors.model.orders import Side
from actors.model.score import GoalKey
from actors.runtime.memory import run_seeded
from actors.trader.executor import most_paid_micros
from actors.trader.resolver import LATE_COPY_REFUSED_S, TROUBLE_S
from tests import strategies
from tests.trader.door import (
    Fault,
    about,
    error,
    garbage,
    hung_up,
    late,
    lost,
    refused,
    said,
    slow,
)
from tests.trader.pit import AWAY, EVENT, HOME, KEY, Pit, open_pit
from tests.trader.test_desk import sent as a_sent

NEXT = GoalKey(EVENT, 0, "2-0")
HTML = b"<html>Bad gateway</html>"

TAKEN: dict[str, Fault] = {
    "lost": lost(taken=True),
    "hung up": hung_up(taken=True),
    "garbage": garbage(taken=True),
    "a proxy's 502": said(502, HTML, taken=True),
    "a 500 in the venue's words": said(500, b'{"error":{"code":"internal"}}', taken=True),
    "a 408": said(408, b'{"error":{"code":"timeout"}}', taken=True),
    "a 201 without sense": said(201, b'{"order_id":7}', taken=True),
    "a body of another order": about("another-order-altogether"),
    "too slow": slow(4.0),
}
NOT_TAKEN: dict[str, Fault] = {
    "lost": lost(taken=False),
    "hung up": hung_up(taken=False),
    "garbage": garbage(taken=False),
    "a proxy's 502": said(502, HTML, taken=False),
    "a 503 in the venue's words": said(503, b'{"error":{"code":"unavailable"}}', taken=False),
    "it exists already": refused(409, "order_already_exists"),
}


def once(pit: Pit) -> bool:
    """Say whether every order came in at the venue's door once at most."""
    names = [came.client_order_id for came in pit.orders.orders]
    return len(names) == len(set(names))


async def send(pit: Pit, *faults: Fault, key: GoalKey = KEY) -> None:
    """Win a race while these faults lie in wait."""
    await pit.start_orders()
    pit.orders.faults.extend(faults)
    pit.play(key, (pit.leg(key=key),))
    pit.fire(key)


async def test_an_accepted_order_is_booked_at_what_it_filled_and_passed_on_to_be_sold(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await send(pit)
        reserved = pit.desk.exposure.open_account_micros
        await trio.sleep(0.2)

        (done,) = pit.done(pit.entry_id())
        assert isinstance(done.outcome, Accepted)
        assert done.first_byte_ns is not None
        assert not done.resolved
        assert pit.entry_id() not in pit.desk.inflight
        assert pit.desk.lots[pit.entry_id()].left_centi == 1_000
        assert 0 < pit.desk.exposure.open_account_micros <= reserved


async def test_an_order_that_fills_nothing_binds_nothing_and_leaves_nothing_to_sell(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.play(KEY, (pit.leg(limit_pips=4_000),))
        pit.fire()
        await trio.sleep(0.2)

        assert pit.desk.exposure.open_account_micros == 0
        assert pit.desk.exposure.spent_day_micros == 0
        assert pit.desk.lots == {}
        assert pit.desk.plans == {}


async def test_of_a_partial_fill_only_what_filled_is_booked_and_sold(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.play(KEY, (pit.leg(limit_pips=4_600, count_centi=40_000),))
        (sent,) = pit.fire()
        await trio.sleep(0.2)

        assert pit.position_centi() == 30_000
        assert pit.desk.lots[pit.entry_id()].left_centi == 30_000
        cost = 4_600 * 30_000
        assert cost < pit.desk.exposure.open_account_micros < sent.worst_micros


async def test_a_refusal_frees_the_money_and_is_not_asked_about(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await send(pit, refused(400, "insufficient_balance"))
        await trio.sleep(5.0)

        (done,) = pit.done(pit.entry_id())
        assert done.outcome == Rejected(status=400, code="insufficient_balance")
        assert pit.desk.exposure.open_account_micros == 0
        assert not any(path.endswith("/portfolio/orders") for path in pit.reads.asked)


@pytest.mark.parametrize("what", TAKEN)
async def test_an_order_that_was_taken_is_found_whatever_became_of_its_response(
    autojump_clock: MockClock, what: str
) -> None:
    async with open_pit() as pit:
        await send(pit, TAKEN[what])
        await trio.sleep(10.0)

        first, second = pit.done(pit.entry_id())
        assert isinstance(first.outcome, Unknown)
        assert isinstance(second.outcome, Accepted)
        assert second.resolved
        assert pit.desk.lots[pit.entry_id()].left_centi == 1_000, "what it filled is to be sold"
        assert not pit.desk.is_frozen(HOME)
        await trio.sleep(2 * LATE_COPY_REFUSED_S)
        assert once(pit)


@pytest.mark.parametrize("what", NOT_TAKEN)
async def test_an_order_that_never_arrived_is_given_up_when_no_copy_can_come_and_never_resent(
    autojump_clock: MockClock, what: str
) -> None:
    async with open_pit() as pit:
        await send(pit, NOT_TAKEN[what])
        worst = pit.desk.exposure.open_account_micros
        await trio.sleep(LATE_COPY_REFUSED_S - 5.0)
        assert pit.desk.is_frozen(HOME)
        assert pit.desk.exposure.open_account_micros == worst, "the money stays bound"
        await trio.sleep(20.0)

        assert pit.done(pit.entry_id())[-1].outcome == Rejected(status=0, code="never_arrived")
        assert not pit.desk.is_frozen(HOME)
        assert pit.desk.exposure.open_account_micros == 0
        assert pit.state() == "ACTIVE", "one lost packet does not end the day"
        assert once(pit)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
async def test_a_wire_that_breaks_under_the_send_leaves_an_unknown_order_not_a_second_one(
    autojump_clock: MockClock, share: float
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.env.breaks.append(share)
        pit.play()
        (sent,) = pit.fire()
        assert sent.unsent_bytes > 0
        await trio.sleep(LATE_COPY_REFUSED_S + 10.0)

        first, second = pit.done(pit.entry_id())
        assert isinstance(first.outcome, Unknown)
        assert isinstance(second.outcome, Accepted if share == 1.0 else Rejected)
        assert len(pit.orders.orders) == (share == 1.0)
        assert len(pit.env.left) == 1


async def test_an_unknown_order_freezes_its_market_for_entries_and_no_other(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await send(pit, lost(taken=False))
        await trio.sleep(3.0)
        pit.play(NEXT, (pit.leg(key=NEXT), pit.leg("ask", 2_000, ticker=AWAY, key=NEXT)))

        (sent,) = pit.fire(NEXT)

        assert sent.ticker == AWAY
        assert [each.reason for each in pit.said(Passed)] == ["frozen"]


async def test_a_market_with_two_unknown_orders_stays_frozen_until_both_are_known(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        for key, fault in ((KEY, lost(taken=False)), (NEXT, slow(30.0))):
            pit.orders.fates[pit.entry_id(key)] = fault
            pit.play(key, (pit.leg(key=key),))
            pit.fire(key)
        await trio.sleep(10.0)
        assert len(pit.done(pit.entry_id(NEXT))) == 2, "the second is known"

        assert pit.desk.is_frozen(HOME)
        await trio.sleep(LATE_COPY_REFUSED_S)
        assert not pit.desk.is_frozen(HOME)


async def test_a_venue_that_will_not_say_halts_trading_until_it_does(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await send(pit, lost(taken=True))
        pit.reads.closed["/portfolio/orders"] = error(503, "unavailable")
        await trio.sleep(TROUBLE_S + 10.0)
        assert pit.state() == "HALTED"
        assert pit.entry_id() in pit.desk.state.reasons[0]

        pit.reads.closed.clear()
        await trio.sleep(5.0)
        assert pit.state() == "ACTIVE"


@pytest.mark.parametrize("after_s", [0.0, 0.02, 1.0])
@pytest.mark.parametrize("what", [None, "too slow", "lost", "hung up"])
async def test_an_executor_that_dies_loses_no_order_and_sends_none_again(
    autojump_clock: MockClock, what: str | None, after_s: float
) -> None:
    async with open_pit() as pit:
        await send(pit, *([] if what is None else [TAKEN[what]]))
        await trio.sleep(after_s)
        await pit.kill("executor")
        await pit.start("executor")
        await trio.sleep(10.0)

        done = [each for each in pit.done(pit.entry_id()) if isinstance(each.outcome, Accepted)]
        assert len(done) == 1
        assert pit.entry_id() not in pit.desk.inflight
        assert pit.desk.lots[pit.entry_id()].left_centi == 1_000
        assert not pit.desk.is_frozen(HOME)
        assert once(pit)


async def test_an_order_that_still_waited_in_the_mailbox_is_settled_once(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        await pit.kill("executor")
        for key in (KEY, NEXT):
            pit.play(key, (pit.leg(key=key),))
            pit.fire(key)
        await trio.sleep(0.5)

        await pit.start("executor")
        await trio.sleep(5.0)

        for key in (KEY, NEXT):
            words = [type(each.outcome) for each in pit.done(pit.entry_id(key))]
            assert words == [Unknown, Accepted]
        assert len(pit.desk.lots) == 2


async def test_a_market_frozen_by_a_life_that_ended_is_not_frozen_for_ever(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await send(pit, lost(taken=False))
        for _ in range(3):
            await trio.sleep(5.0)
            await pit.kill("executor")
            await pit.start("executor")
            assert pit.desk.is_frozen(HOME), "before anything else can run"

        await trio.sleep(LATE_COPY_REFUSED_S + 5.0)
        assert not pit.desk.is_frozen(HOME)


async def test_a_line_whose_answer_nobody_read_is_made_anew_before_it_carries_another_order(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(orders={"entry_connections": 1}) as pit:
        await pit.start_orders()
        await pit.kill("executor")
        pit.play()
        pit.fire()
        await trio.sleep(0.5)
        await pit.start("executor")
        await trio.sleep(2.0)
        pit.play(NEXT, (pit.leg("ask", 2_000, 500, ticker=AWAY, key=NEXT),))
        (sent,) = pit.fire(NEXT)
        await trio.sleep(1.0)

        (answered,) = pit.done(sent.client_order_id)
        assert isinstance(answered.outcome, Accepted)
        assert answered.outcome.fill_count_centi == 500


@given(
    fees=strategies.fee_schedules,
    side=strategies.sides,
    limit=strategies.pips,
    count=st.integers(1, 5_000).map(CentiContracts),
    share=st.floats(0, 1),
)
def test_what_a_part_that_filled_is_booked_at_is_never_less_than_it_may_have_cost(
    fees: FeeSchedule, side: Side, limit: Pips, count: CentiContracts, share: float
) -> None:
    worst = fees.worst_cost_micros(side=side, limit_pips=limit, count_centi=count)
    sent = attrs.evolve(a_sent("an-id"), worst_micros=worst, count_centi=count)
    filled = CentiContracts(round(count * share))
    booked = most_paid_micros(sent, filled)

    leg_pips = limit if side == "bid" else Pips(10_000 - limit)
    assert booked <= worst
    assert booked * count >= worst * filled or booked == worst
    if filled:
        fee = fees.trade_fee_micros(limit, filled, is_taker=True)
        assert booked >= cost_micros(leg_pips, filled) + fee
    assert most_paid_micros(sent, count) == worst
    assert most_paid_micros(sent, CentiContracts(0)) == 0


async def test_a_response_that_comes_for_an_order_given_up_is_nobody_elses(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(orders={"entry_connections": 1}) as pit:
        await send(pit, slow(2.5))
        await trio.sleep(2.1)
        # The first is unknown, its answer still on its way; the connection is made anew.
        pit.orders.faults.append(refused(400, "insufficient_balance"))
        pit.play(NEXT, (pit.leg("ask", 2_000, 500, ticker=AWAY, key=NEXT),))
        (sent,) = pit.fire(NEXT)
        await trio.sleep(5.0)

        second = pit.done(sent.client_order_id)
        assert [type(each.outcome) for each in second] == [Rejected]
        assert isinstance(pit.done(pit.entry_id())[-1].outcome, Accepted)
        assert pit.desk.lots.keys() == {pit.entry_id()}


async def test_an_order_that_the_venue_takes_after_we_gave_up_waiting_is_found(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await send(pit, late(15.0))
        await trio.sleep(40.0)

        assert isinstance(pit.done(pit.entry_id())[-1].outcome, Accepted)
        assert pit.position_centi() == pit.desk.lots[pit.entry_id()].left_centi == 1_000


KINDS = [*TAKEN.items(), *NOT_TAKEN.items()]


@given(
    kinds=st.lists(st.integers(-1, len(KINDS) - 1), min_size=1, max_size=6),
    kills=st.lists(st.floats(0.0, 6.0), max_size=3),
)
@settings(max_examples=8)
def test_whatever_happens_each_order_is_sent_once_and_its_fill_is_to_be_sold(
    kinds: list[int], kills: list[float]
) -> None:
    run_seeded(0, _story, kinds, kills)


async def _story(kinds: list[int], kills: list[float]) -> None:
    async with open_pit() as pit:
        await pit.start_orders()

        async def crash() -> None:
            for pause_s in kills:
                await trio.sleep(pause_s)
                await pit.kill("executor")
                await pit.start("executor")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(crash)
            for number, kind in enumerate(kinds):
                if kind >= 0:
                    pit.orders.faults.append(KINDS[kind][1])
                key = GoalKey(EVENT, 0, f"{number + 1}-0")
                # A market that is frozen takes no more of them, which is fine.
                pit.play(key, (pit.leg(key=key, count_centi=100),))
                pit.fire(key)
                await trio.sleep(1.0)
        await trio.sleep(2 * LATE_COPY_REFUSED_S)

        assert once(pit)
        assert not pit.desk.inflight.of("entry")
        assert not pit.desk.is_frozen(HOME)
        held = sum(lot.left_centi for lot in pit.desk.lots.values())
        assert held == pit.position_centi()
        finals = [each for each in pit.said(OrderDone) if not isinstance(each.outcome, Unknown)]
        assert len(finals) == len({each.sent.client_order_id for each in finals})
        assert len(finals) == len(pit.env.left)
