"""Laws of what the trading actors share: reasons against trading, doubts, unknown orders."""

import attrs
import pytest
import trio
from hypothesis import given, strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.exchange.orders import OrderConnection, OrderPool
from actors.exchange.signing import HeaderRing
from actors.messages.race import Cause, MatchDoubt
from actors.messages.trading import Accepted, OrderDone, Outcome, Purpose, Rejected, Sent
from actors.model.limits import Exposure, Limits
from actors.model.losses import LossLimits
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Fill, Side, Ticker
from actors.model.score import GoalKey, MatchId
from actors.runtime.env import Endpoint
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.trader.desk import Desk, Inflight, TradingState

MATCH = MatchId("M")
KEYS = [GoalKey(MATCH, 0, state) for state in ("1-0", "2-0", "2-1")]
A, B = Ticker("A"), Ticker("B")
SIDES: tuple[Side, Side] = ("bid", "ask")


def desk() -> Desk:
    network = MemoryNetwork(0)
    connection = OrderConnection(env=SeededEnv(0, network), endpoint=Endpoint("venue", 1))
    limits = Limits(
        order_count_centi=CentiContracts(100),
        order_notional_micros=MicroDollars(1),
        market_micros=MicroDollars(1),
        match_micros=MicroDollars(1),
        shard_micros=MicroDollars(1),
        day_micros=MicroDollars(1),
        account_micros=MicroDollars(1),
    )
    return Desk(
        state=TradingState(on_change=lambda _state, _why: None),
        exposure=Exposure(limits, day="today"),
        entries=OrderPool([connection]),
        exits=OrderPool([connection]),
        entry_headers=HeaderRing(),
        exit_headers=HeaderRing(),
    )


def sent(name: str, ticker: Ticker = A, purpose: Purpose = "entry") -> Sent:
    return Sent(
        trigger=None,
        key=KEYS[0],
        purpose=purpose,
        connection=0,
        client_order_id=name,
        ticker=ticker,
        side="bid",
        limit_pips=Pips(5_000),
        count_centi=CentiContracts(100),
        exchange_index=0,
        worst_micros=MicroDollars(1),
        intent_seq=1,
        gated_ns=0,
        intent_ns=0,
        sent_ns=0,
        unsent_bytes=0,
    )


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["boot", "journal", "operator"]))))
def test_trading_is_active_only_while_nothing_speaks_against_it(
    steps: list[tuple[bool, str]],
) -> None:
    told: list[str] = []
    state = TradingState(on_change=lambda now, _why: told.append(now))
    standing: set[str] = set()
    for is_halt, name in steps:
        before, known = len(told), name in standing
        if is_halt:
            state.halt(name, "why")
            standing.add(name)
        else:
            state.clear(name)
            standing.discard(name)
        assert state.value == ("HALTED" if standing else "ACTIVE")
        assert len(told) - before == (known != is_halt), "a repetition is no news"
    assert {reason.partition(":")[0] for reason in state.reasons} == standing


@given(st.lists(st.tuples(st.sampled_from(["halt", "reduce", "clear"]), st.sampled_from("abc"))))
def test_the_state_is_that_of_the_gravest_reason_that_stands(steps: list[tuple[str, str]]) -> None:
    state = TradingState(on_change=lambda _state, _why: None)
    standing: dict[str, str] = {}
    for step, name in steps:
        getattr(state, step)(*((name,) if step == "clear" else (name, "why")))
        if step == "clear":
            standing.pop(name, None)
        elif standing.get(name) != "halt":
            standing[name] = step
        graves = set(standing.values())
        expected = "HALTED" if "halt" in graves else "REDUCING" if graves else "ACTIVE"
        assert state.value == expected
        assert state.stands(name) == (name in standing)


def test_the_first_reason_of_a_name_is_the_one_that_stands() -> None:
    state = TradingState(on_change=lambda _state, _why: None)

    state.halt("journal", "disk full")
    state.halt("journal", "disk still full")

    assert state.reasons == ("journal: disk full",)


CAUSES: tuple[Cause, ...] = ("score", "goal_review", "review")


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(CAUSES), st.booleans())))
def test_a_match_is_closed_while_any_key_of_it_is_in_doubt_for_any_cause(
    words: list[tuple[GoalKey, Cause, bool]],
) -> None:
    held, doubted = desk(), set[tuple[GoalKey, Cause]]()
    for key, cause, in_doubt in words:
        held.hear_doubt(MatchDoubt(match=MATCH, in_doubt=in_doubt, reason="", key=key, cause=cause))
        if in_doubt:
            doubted.add((key, cause))
        else:
            doubted.discard((key, cause))
        assert (MATCH in held.doubts) == bool(doubted)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc"), st.sampled_from([A, B]))))
def test_a_market_is_frozen_until_the_last_of_its_unknown_orders_is_known(
    steps: list[tuple[bool, str, Ticker]],
) -> None:
    held, unknown = desk(), set[tuple[str, Ticker]]()
    for is_unknown, name, ticker in steps:
        order = sent(f"{name}-{ticker}", ticker)
        if is_unknown:
            held.freeze(order)
            unknown.add((name, ticker))
        else:
            held.thaw(order)
            unknown.discard((name, ticker))
        for each in (A, B):
            assert held.is_frozen(each) == any(where == each for _, where in unknown)


async def test_quiet_comes_when_the_last_answer_is_there(autojump_clock: MockClock) -> None:
    inflight, quiet = Inflight(), trio.Event()
    inflight.add(sent("a"))
    inflight.add(sent("b", purpose="exit"))

    async def wait() -> None:
        await inflight.quiet()
        quiet.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        inflight.remove("a")
        inflight.remove("never seen")
        await wait_all_tasks_blocked()
        assert not quiet.is_set()

        inflight.remove("b")
        with trio.fail_after(1):
            await quiet.wait()
    assert "b" not in inflight


def test_entries_and_exits_are_told_apart_and_kept_in_order() -> None:
    inflight = Inflight()
    orders = [sent("a"), sent("x", purpose="exit"), sent("b")]
    for order in orders:
        inflight.add(order)

    assert inflight.of("entry") == [orders[0], orders[2]]
    assert inflight.of("exit") == [orders[1]]
    assert attrs.evolve(orders[0]).client_order_id in inflight


async def test_who_waits_for_a_lot_to_be_let_go_hears_it_with_the_answer(
    autojump_clock: MockClock,
) -> None:
    inflight, free = Inflight(), trio.Event()
    inflight.add(attrs.evolve(sent("x", purpose="exit"), entry_client_order_id="lot"))

    async def wait() -> None:
        await inflight.until_closed("lot")
        free.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        assert not free.is_set()
        inflight.remove("x")
        with trio.move_on_after(1):
            await free.wait()
        assert free.is_set()
        nursery.cancel_scope.cancel()


def test_an_order_that_rests_has_had_its_answer_and_is_still_out() -> None:
    inflight = Inflight()
    for name in ("a", "b"):
        inflight.add(sent(name))
    owed: list[bool] = []
    for step in (
        inflight.rest,
        inflight.rest,
        lambda order: inflight.remove(order.client_order_id),
    ):
        step(sent("b" if len(owed) == 1 else "a"))
        owed.append(inflight.owes)

    assert owed == [True, False, False]
    assert "b" in inflight
    assert inflight.is_resting("b")
    assert not inflight.is_resting("a")


def answered(order: Sent, outcome: Outcome, *, heard_ns: int | None = 5) -> OrderDone:
    return OrderDone(sent=order, outcome=outcome, first_byte_ns=heard_ns, done_ns=5)


def test_one_request_too_many_leaves_its_shard_no_room_for_entries() -> None:
    shared = desk()
    order = attrs.evolve(sent("a", purpose="exit"), exchange_index=3)
    shared.hear_answer(answered(order, Rejected(status=429, code="slow_down")), 0)

    assert not shared.budget.entry_fits(3, 5)
    assert shared.budget.entry_fits(0, 5)


@pytest.mark.parametrize(("purpose", "shut"), [("entry", {2}), ("exit", set[int]())])
def test_the_refusal_of_an_entry_may_be_its_groups_and_that_of_an_exit_never(
    purpose: Purpose, shut: set[int]
) -> None:
    shared = desk()
    shared.groups.contracts = 100
    order = attrs.evolve(sent("a", purpose=purpose), exchange_index=2)
    refusal = Rejected(status=400, code="ORDER_GROUP_TRIGGERED")
    shared.hear_answer(answered(order, refusal), 0)

    assert set(shared.groups.shut) == shut


def test_a_tighter_limit_of_losses_halts_for_what_was_lost_before_it() -> None:
    shared = desk()
    lost = [
        Fill(
            trade_id=side,
            order_id="o",
            ticker=A,
            side=side,
            price_pips=Pips(5_000),
            count_centi=CentiContracts(100),
            fee_micros=MicroDollars(50),
            is_taker=True,
            exchange_index=0,
            venue_ts_ms=0,
        )
        for side in SIDES
    ]
    for fill in lost:
        shared.hear_fill(fill)
    assert shared.state.reasons == ()
    shared.bound_losses(LossLimits(day_micros=MicroDollars(100)))

    assert shared.state.stands("loss")


def test_an_answer_tells_what_time_it_is_at_the_venue() -> None:
    shared = desk()
    taken = Accepted(
        order_id="o",
        fill_count_centi=CentiContracts(0),
        average_fill_price_micros=None,
        venue_ts_ms=60_000,
    )
    assert shared.clock.admits(5, 0), "nothing is known yet"
    shared.hear_answer(answered(sent("a"), taken), 0)

    assert shared.clock.word(5, 0).verdict != shared.clock.word(5, 60_000_000_000).verdict
    assert not shared.clock.admits(5, 0)
    assert shared.clock.admits(5, 60_000_000_000)
