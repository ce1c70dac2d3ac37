"""Laws of the trigger: written down before it leaves, once for a goal, within every budget."""

import errno
from collections.abc import Callable, Mapping

import attrs
import pytest
import trio
from hypothesis import given, settings, strategies as st
from trio.testing import MockClock

from actors.messages.race import FULL_PM, MatchDoubt
from actors.messages.trading import Leg, Passed, Sent
from actors.model.money import MicroDollars
from actors.model.orders import Side, Ticker
from actors.model.score import GoalKey
from actors.model.throttle import SportPace
from actors.runtime.frames import MAX_BODY_BYTES
from actors.runtime.memory import Faults, run_seeded
from actors.trader.conditions import STALE
from actors.trader.fire import child_of
from tests.trader.glass import intents
from tests.trader.pit import AWAY, EVENT, HOME, KEY, TIE, Pit, open_pit

NEXT = GoalKey(EVENT, 0, "2-0")
DOLLAR = 1_000_000
FULL = OSError(errno.ENOSPC, "no space left on device")


def two_legs(pit: Pit, key: GoalKey = KEY) -> tuple[Leg, Leg]:
    return pit.leg(key=key), pit.leg("ask", 2_000, 500, ticker=AWAY, key=key)


def passed(pit: Pit) -> list[str]:
    return [each.reason for each in pit.said(Passed)]


async def test_the_intent_is_on_the_disk_before_the_first_byte_of_its_order_leaves(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        for key in (KEY, NEXT):
            pit.play(key, two_legs(pit, key))
            assert len(pit.fire(key)) == 2
            await trio.sleep(1.0)

        assert len(pit.env.left) == 4
        for left in pit.env.left:
            assert left.client_order_id == left.intents[-1]
        came = {each.client_order_id: each.raw for each in pit.orders.orders}
        written = {each.client_order_id: each.body.encode() for each in intents(pit.disk)}
        assert came == written, "byte for byte, and without a header"


async def test_an_order_whose_intent_cannot_be_written_never_leaves_and_halts_trading(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.play(KEY, two_legs(pit))
        pit.play(NEXT, two_legs(pit, NEXT))
        pit.disk.fail_at(1, FULL, lasting=True)

        assert pit.fire() == []
        await pit.kill("journal")
        assert passed(pit) == ["journal", "halted"]
        assert pit.state() == "HALTED"
        assert pit.desk.exposure.open_account_micros == 0, "what never left binds no money"

        pit.disk.heal()
        assert pit.fire(NEXT) == []
        await trio.sleep(1.0)
        assert pit.env.left == []
        assert pit.orders.orders == []


async def test_an_intent_that_the_journal_cannot_keep_is_no_less_unwritten(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        leg = pit.leg()
        assert leg.form is not None
        endless = attrs.evolve(leg.form, template=leg.form.template + b" " * MAX_BODY_BYTES)
        pit.play(KEY, (attrs.evolve(leg, form=endless),))

        assert pit.fire() == []
        assert passed(pit) == ["journal"]
        assert pit.state() == "HALTED"
        assert pit.env.left == []


async def test_a_goal_is_traded_once(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.play(KEY, two_legs(pit))

        assert len(pit.fire()) == 2
        assert pit.fire() == []
        await trio.sleep(1.0)
        pit.play(KEY, two_legs(pit))
        assert pit.fire() == []

        assert passed(pit) == ["duplicate"] * 4
        assert len(pit.orders.orders) == 2


async def test_a_goal_of_which_nothing_could_leave_is_not_yet_traded(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.play()
        pit.desk.state.halt("operator", "lunch")
        assert pit.fire() == []

        pit.desk.state.clear("operator")
        assert len(pit.fire()) == 1


async def test_every_leg_has_a_connection_and_a_signature_of_its_own(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.play(KEY, (*two_legs(pit), pit.leg(ticker=TIE, limit_pips=2_900)))

        sent = pit.fire()
        await trio.sleep(1.0)

        assert len({each.connection for each in sent}) == 3
        assert len({came.header for came in pit.orders.orders}) == 3


async def test_a_leg_without_a_connection_stays_and_binds_nothing(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(orders={"entry_connections": 1}) as pit:
        await pit.start_orders()
        pit.play(KEY, two_legs(pit))

        (sent,) = pit.fire()

        assert passed(pit) == ["no_connection"]
        assert pit.desk.exposure.open_account_micros == sent.worst_micros


async def test_a_signer_that_is_dead_for_too_long_stops_entries(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        await pit.kill("signer")
        pit.play()

        await trio.sleep(5.1)

        assert pit.fire() == []
        assert passed(pit) == ["no_signature"]


async def test_a_trigger_without_a_play_sends_nothing_and_says_why(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()

        assert pit.fire() == []
        pit.desk.plays[KEY] = attrs.evolve(pit.play(), legs=(), reason="no_edge")
        assert pit.fire() == []

        assert passed(pit) == ["no_play", "no_edge"]


Trip = Callable[[Pit], object]
TRIPS: Mapping[str, Trip] = {
    "halted": lambda pit: pit.desk.state.halt("operator", "no more"),
    "doubt": lambda pit: pit.desk.hear_doubt(
        MatchDoubt(match=EVENT, in_doubt=True, reason="reversal", key=KEY)
    ),
    "duplicate": lambda pit: pit.desk.traded.add(KEY),
    "size": lambda pit: pit.play(KEY, (pit.leg(count_centi=40_100),)),
    "price": lambda pit: pit.play(KEY, (pit.leg(limit_pips=9_700),)),
    "collar": lambda pit: pit.play(KEY, (pit.leg(limit_pips=6_200),)),
    "order_notional": lambda pit: pit.play(KEY, (pit.leg(worst_micros=251 * DOLLAR),)),
    "market_budget": lambda pit: _spend(pit, 450, HOME),
    "match_budget": lambda pit: _spend(pit, 780, AWAY, AWAY, AWAY, TIE, TIE, TIE),
    "shard_budget": lambda pit: _narrow(pit, MicroDollars(DOLLAR)),
    "tokens": lambda pit: pit.desk.budget.refused("write", 0, pit.env.now_ns()),
    "clock": lambda pit: pit.desk.clock.hear_answer(
        pit.env.wall_ns() // 1_000_000 + 60_000,
        sent_ns=pit.env.now_ns(),
        received_ns=pit.env.now_ns(),
    ),
    "same_order": lambda pit: pit.desk.children.take(
        child_of(KEY, pit.desk.plays[KEY].legs[0]), pit.env.now_ns()
    ),
}


def _narrow(pit: Pit, shard_micros: MicroDollars) -> None:
    """Have a tighter budget for each shard from now on, as after a reload."""
    exposure = pit.desk.exposure
    exposure.limits = attrs.evolve(exposure.limits, shard_micros=shard_micros)


def _spend(pit: Pit, dollars: int, *tickers: Ticker) -> None:
    """Have orders out that bind so much of the match."""
    parts = tickers * -(-dollars // (200 * len(tickers)))
    for number, ticker in enumerate(parts):
        refusal = pit.desk.exposure.reserve(
            f"earlier-{number}",
            ticker=ticker,
            match=EVENT,
            worst_micros=MicroDollars(dollars * DOLLAR // len(parts)),
        )
        assert refusal is None


@pytest.mark.parametrize("reason", TRIPS)
async def test_every_control_is_asked_and_names_itself(
    autojump_clock: MockClock, reason: str
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.play(KEY, (pit.leg(count_centi=12_000),))
        TRIPS[reason](pit)

        assert pit.fire() == []
        await trio.sleep(1.0)

        assert passed(pit) == [reason]
        assert pit.orders.orders == []


BESIDE: Mapping[str, Callable[[Pit, Sent], object]] = {
    "own_order": lambda _pit, _sent: None,
    "frozen": lambda pit, sent: pit.desk.freeze(sent),
    "journal_lag": lambda pit, _sent: setattr(
        pit.trading.fire, "terms", attrs.evolve(pit.trading.fire.terms, journal_lag_ns=-1)
    ),
}
"""What an order of another goal, which left a moment ago, has to do with it."""


@pytest.mark.parametrize("reason", BESIDE)
async def test_an_order_that_is_out_may_keep_another_from_leaving(
    autojump_clock: MockClock, reason: str
) -> None:
    side: Side = "ask" if reason == "own_order" else "bid"
    async with open_pit() as pit:
        await pit.start_orders()
        pit.play(NEXT, (pit.leg(side, 4_500, key=NEXT),))
        (out,) = pit.fire(NEXT)
        BESIDE[reason](pit, out)
        pit.play()

        assert pit.fire() == []
        assert passed(pit) == [reason]


@pytest.mark.parametrize(
    ("feeds", "size_pm", "reason"),
    [(2, FULL_PM, None), (1, FULL_PM, "single_feed"), (1, 500, None), (0, 500, "no_quorum")],
)
async def test_a_whole_play_wants_two_fresh_feeds_where_the_profile_does(
    autojump_clock: MockClock, feeds: int, size_pm: int, reason: str | None
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        fire = pit.trading.fire
        fire.terms = attrs.evolve(fire.terms, single_feed_pm=500)
        half = (pit.leg(count_centi=500),)
        pit.desk.plays[KEY] = attrs.evolve(pit.play(), resized={500: half}.__getitem__)
        pit.see_books()
        fire(pit.trigger(fresh_feeds=feeds, size_pm=size_pm))

        assert passed(pit) == ([] if reason is None else [reason])


async def test_a_trigger_shows_that_a_feed_is_back_before_anybody_has_looked(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.desk.state.halt(STALE, "no feed is fresh")
        pit.play()
        pit.see_books()
        pit.trading.fire(pit.trigger(fresh_feeds=0))
        assert (passed(pit), pit.state()) == (["halted"], "HALTED")

        assert len(pit.fire()) == 1
        assert pit.state() == "ACTIVE"


async def test_an_entry_binds_the_money_of_its_own_shard_and_costs_its_tokens(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.play(KEY, (attrs.evolve(pit.leg(), exchange_index=3),))
        full = pit.desk.budget.left("write", 3, pit.env.now_ns())
        (sent,) = pit.fire()

        assert pit.desk.exposure.open_shard_micros(3) == sent.worst_micros
        assert pit.desk.exposure.open_shard_micros(0) == 0
        assert pit.desk.budget.left("write", 3, sent.sent_ns) < full


async def test_the_disk_is_asked_to_keep_an_intent_while_the_venue_thinks(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        await trio.sleep(1.5)
        pit.play()
        pit.fire()
        assert pit.journal.unsynced_since_ns is not None

        await trio.sleep(0.01)
        assert pit.journal.unsynced_since_ns is None


async def test_a_journal_without_its_actor_buys_nothing(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.play()
        await pit.kill("journal")

        assert pit.fire() == []
        assert passed(pit) == ["journal"]

        await pit.start("journal")
        assert len(pit.fire()) == 1


async def test_a_book_whose_proof_of_life_is_too_old_stops_entries(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.play()
        pit.see_books()

        await trio.sleep(pit.profile.gates.book_age_ms / 1e3 + 0.001)
        pit.trading.fire(pit.trigger())
        assert passed(pit) == ["stale_book"]

        pit.desk.books.proved_ns = pit.env.now_ns()
        pit.trading.fire(pit.trigger())
        assert len(pit.said(Sent)) == 1, "a quiet book is fresh once the stream is proved whole"


async def test_a_report_that_had_to_wait_triggers_nothing(autojump_clock: MockClock) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.play()
        late = pit.trigger()
        await trio.sleep(pit.profile.gates.report_age_ms / 1e3 + 0.001)

        pit.see_books()
        pit.trading.fire(late)
        pit.trading.fire(pit.trigger(fresh_feeds=0))

        assert passed(pit) == ["stale_report", "no_quorum"]


async def test_what_has_left_is_seen_through_even_if_the_next_leg_fails(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        broken = pit.leg("ask", 2_000, 500, ticker=AWAY, worst_micros=0)
        pit.play(KEY, (pit.leg(), broken))
        pit.see_books()

        with pytest.raises(ValueError, match="worst case"):
            pit.trading.fire(pit.trigger())
        await trio.sleep(1.0)

        assert pit.entry_id() not in pit.desk.inflight, "its response was read"
        assert KEY in pit.desk.traded
        assert pit.position_centi() == 1_000


async def test_a_write_that_came_short_is_finished_and_the_order_sent_once(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.play(KEY, two_legs(pit))
        pit.network.faults = Faults(short_write=1.0)

        sent = pit.fire()
        pit.network.faults = Faults()
        await trio.sleep(1.0)

        assert all(each.unsent_bytes > 0 for each in sent)
        assert sorted(each.client_order_id for each in pit.orders.orders) == sorted(
            each.client_order_id for each in sent
        )
        assert pit.position_centi(HOME) == 1_000
        assert pit.position_centi(AWAY) == -500


@pytest.mark.parametrize("side", ["bid", "ask"])
async def test_every_entry_carries_its_way_out_from_its_intent_on(
    autojump_clock: MockClock, side: Side
) -> None:
    async with open_pit(speed=20.0) as pit:
        await pit.start_orders()
        leg = pit.leg("bid", 5_000) if side == "bid" else pit.leg("ask", 4_200)
        pit.play(KEY, (leg,))
        (sent,) = pit.fire()

        plan = pit.desk.plans[sent.client_order_id]
        (intent,) = intents(pit.disk)
        after_ns = int(pit.profile.exits.after_match_s / 20.0 * 1e9)
        assert plan.due_ns == sent.gated_ns + after_ns
        assert intent.exit_due_wall_ns == plan.due_wall_ns == pit.env.wall_ns() + after_ns
        assert intent.exit_floor_pips == plan.floor_pips == (1_000 if side == "bid" else 8_200)
        assert plan.entry_side == side


@given(
    plays=st.lists(
        st.lists(
            st.tuples(
                st.sampled_from([HOME, AWAY, TIE]),
                st.sampled_from(["bid", "ask"]),
                st.integers(1, 300 * DOLLAR),
            ),
            min_size=1,
            max_size=3,
        ),
        min_size=1,
        max_size=8,
    ),
    day_dollars=st.integers(100, 900),
)
@settings(max_examples=12)
def test_no_play_and_no_row_of_plays_leaves_any_budget(
    plays: list[list[tuple[Ticker, Side, int]]], day_dollars: int
) -> None:
    """Whatever the planner asks for, what is reserved stays within every limit."""
    run_seeded(0, _within_budgets, plays, day_dollars)


async def _within_budgets(plays: list[list[tuple[Ticker, Side, int]]], day_dollars: int) -> None:
    day = {"day_dollars": MicroDollars(day_dollars * DOLLAR)}
    async with open_pit(limits=day) as pit:
        await pit.start_orders()
        limits, exposure = pit.profile.limits, pit.desk.exposure
        for number, legs in enumerate(plays):
            key = GoalKey(EVENT, 0, f"{number + 1}-0")
            pit.play(
                key,
                tuple(
                    pit.leg(
                        side,
                        5_000 if side == "bid" else 2_000,
                        100,
                        ticker=ticker,
                        key=key,
                        worst_micros=worst,
                    )
                    for ticker, side, worst in legs
                ),
            )
            for sent in pit.fire(key):
                assert sent.worst_micros <= limits.order_dollars
            for ticker in (HOME, AWAY, TIE):
                assert exposure.open_market_micros(ticker) <= limits.market_dollars
            assert exposure.open_match_micros(EVENT) <= limits.match_dollars
            assert exposure.spent_day_micros <= limits.day_dollars
            await trio.sleep(0.2)


async def test_whoever_wants_a_thousand_orders_gets_no_more_than_the_throttle_and_a_halt(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(throttle={"orders_per_s": 5, "orders_per_min": 30}) as pit:
        await pit.start_orders()
        began_s, halted_s = trio.current_time(), -1.0
        for number in range(1_000):
            key = GoalKey(EVENT, number, "1-0")
            pit.play(key, (pit.leg(key=key, count_centi=100),))
            pit.fire(key)
            await trio.sleep(0.001)
            if halted_s < 0 and pit.desk.state.value == "HALTED":
                halted_s = trio.current_time()

        assert len(pit.orders.orders) == 5
        assert 0 <= halted_s - began_s < 1.0
        assert any("throttle" in reason for reason in pit.desk.state.reasons)
        assert {*passed(pit)} >= {"throttle", "halted"}


async def test_a_match_that_had_all_its_entries_is_closed_and_no_other_is(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(throttle={"entries_per_match": 2}) as pit:
        await pit.start_orders()
        for number in range(4):
            key = GoalKey(EVENT, number, "1-0")
            pit.play(key, (pit.leg(key=key, count_centi=100),))
            pit.fire(key)
            await trio.sleep(1.0)

        assert len(pit.orders.orders) == 2
        assert passed(pit) == ["match_entries"] * 2
        assert pit.desk.state.value == "ACTIVE"


async def test_a_sport_that_the_profile_names_is_held_to_its_own_limits(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(throttle={"sports": {"soccer": SportPace(entries_per_match=1)}}) as pit:
        await pit.start_orders()
        await pit.start("catalogue")
        with trio.fail_after(60):
            while EVENT not in pit.desk.catalogue.value.matches:  # noqa: ASYNC110 - the catalogue tells nobody
                await trio.sleep(0.1)
        for number in range(2):
            key = GoalKey(EVENT, number, "1-0")
            pit.play(key, (pit.leg(key=key, count_centi=100),))
            pit.fire(key)
            await trio.sleep(1.0)

        assert len(pit.orders.orders) == 1
        assert passed(pit) == ["match_entries"]


async def test_a_goal_that_wants_more_orders_than_it_has_legs_gets_three_and_halts_for_good(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(orders={"entry_connections": 8}) as pit:
        await pit.start_orders()
        legs = tuple(
            attrs.evolve(
                pit.leg(limit_pips=4_700 + number, count_centi=100),
                client_order_id=f"{number:026d}",
            )
            for number in range(1_000)
        )
        pit.play(KEY, legs)
        sent = pit.fire()

        assert len(sent) == 3
        assert passed(pit)[0] == "children"
        assert set(passed(pit)[1:]) == {"halted"}
        assert pit.desk.state.stands("risk")


async def test_an_exit_that_falls_into_a_recess_keeps_its_entry_from_leaving(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        due_ns = pit.env.wall_ns() + int(300e9)
        for recesses, reasons in (
            (((due_ns - 10**9, due_ns),), []),
            (((due_ns - 10**9, due_ns + 60 * 10**9),), ["recess"]),
        ):
            pit.desk.recesses = recesses
            key = KEY if not reasons else NEXT
            pit.play(key, (pit.leg(key=key, count_centi=100),))
            pit.fire(key)
            assert passed(pit) == reasons


async def test_a_report_of_a_break_or_of_another_scorer_trades_nothing(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start_orders()
        pit.play()
        pit.see_books()
        right = pit.trigger()
        wrongs = (
            attrs.evolve(right, scorer="away"),
            attrs.evolve(right, report=attrs.evolve(right.report, period="HT")),
            attrs.evolve(right, report=attrs.evolve(right.report, clock_s=9_001)),
        )
        for wrong in wrongs:
            pit.trading.fire(wrong)
        assert passed(pit) == ["implausible"] * 3
        pit.trading.fire(right)
        assert len(pit.desk.inflight.of("entry")) == 1
