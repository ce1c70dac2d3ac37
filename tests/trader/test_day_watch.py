"""Laws of the day: it turns by the wall clock, a match takes its budget along, a rate goes by."""

import attrs
import trio
from trio.testing import MockClock

from actors.messages.market import BookLost, BookSnapshot
from actors.messages.records import DayRoll
from actors.messages.records_money import MarkRow
from actors.messages.recovered import Relived
from actors.messages.trading import Accepted, OrderDone
from actors.model.losses import Losses, Mark
from actors.model.money import CentiContracts, MicroDollars, Pips
from actors.model.orders import Fill
from actors.model.score import GoalKey
from actors.runtime.health import Health
from actors.trader.conditions import MIB, Conditions
from actors.trader.day_watch import DayWatch, fit
from actors.trader.marks import Marks
from tests.sim.venue.hall import SERIES
from tests.trader.pit import EVENT, HOME, KEY, Pit, open_pit

NEXT = GoalKey(EVENT, 0, "2-0")
QUARTER = Pips(2_500)


def watch(pit: Pit) -> DayWatch:
    return DayWatch(
        env=pit.env,
        desk=pit.desk,
        run_rules=pit.loaded.profile.run,
        rest=pit.trading.reads.patient,
        to_auditor=pit.to_auditor.post,
        health=Health("day"),
        conditions=Conditions(
            desk=pit.desk,
            now_ns=pit.env.now_ns,
            fresh_feeds=lambda _: 2,
            least_free_bytes=MIB,
        ),
        folder="/",
        marks=Marks(
            env=pit.env,
            desk=pit.desk,
            member=pit.profile.venue.member,
            to_auditor=pit.to_auditor.post,
        ),
    )


def days(pit: Pit) -> list[str]:
    return [each.day for each in pit.said(DayRoll)]


def loss(number: int, micros: int) -> list[Fill]:
    def fill(name: str, fee: int, *, is_bought: bool) -> Fill:
        return Fill(
            trade_id=name,
            order_id="o",
            ticker=HOME,
            side="bid" if is_bought else "ask",
            price_pips=QUARTER,
            count_centi=CentiContracts(100),
            fee_micros=MicroDollars(fee),
            is_taker=True,
            exchange_index=0,
            venue_ts_ms=0,
        )

    return [
        fill(f"{number}a", 0, is_bought=True),
        fill(f"{number}b", micros, is_bought=False),
    ]


async def test_a_day_is_begun_once_and_turned_when_the_wall_clock_says_so(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        one = watch(pit)
        one.look()
        one.look()
        first = days(pit)
        assert len(first) == 1

        await trio.sleep(86_400)
        one.look()
        one.look()
        assert len(days(pit)) == 2
        assert days(pit)[1] > first[0]
        assert pit.desk.exposure.day == days(pit)[1]


async def test_what_was_spent_on_a_match_counts_in_the_next_day_until_it_has_ended(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start("journal", "auditor", "catalogue")
        await trio.sleep(3.0)
        one, exposure = watch(pit), pit.desk.exposure
        assert EVENT in pit.desk.catalogue.value.matches
        assert exposure.reserve("a", ticker=HOME, match=EVENT, worst_micros=MicroDollars(7)) is None
        one.look()
        exposure.roll_day("9999-01-01", one._playing())  # noqa: SLF001 - whom it takes along
        assert exposure.spent_day_micros == 7

        exposure.settle_outcome("a", MicroDollars(5))
        assert exposure.spent_day_micros == 5, "it is still counted, at what it cost"
        exposure.end_match(EVENT)
        assert exposure.spent_day_micros == 0
        assert exposure.open_account_micros == 5, "what is open stays open"


async def test_too_high_a_rate_halts_for_a_minute_and_clears_itself(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        one = watch(pit)
        pit.desk.state.halt("throttle", "too many")
        pit.desk.state.halt("operator", "ctl")
        for _ in range(60):
            one.look()
            await trio.sleep(1.0)
            assert pit.desk.state.stands("throttle")
        await trio.sleep(1.0)
        one.look()
        assert pit.desk.state.reasons == ("operator: ctl",)


async def test_the_exchanges_hours_are_asked_for_and_a_silent_one_changes_nothing(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start("journal", "signer")
        async with trio.open_nursery() as nursery:
            await nursery.start(watch(pit).run)
            pit.desk.recesses = ((1, 2),)
            await trio.sleep(2.0)
            assert (1, 2) not in pit.desk.recesses
            nursery.cancel_scope.cancel()


async def test_a_loss_at_its_limit_halts_until_a_person_has_looked(
    autojump_clock: MockClock,
) -> None:
    risk = {"day_loss_dollars": MicroDollars(1_000)}
    async with open_pit(risk=risk) as pit:
        state = pit.desk.state
        for fill in loss(1, 999):
            pit.desk.hear_fill(fill)
        assert state.value == "ACTIVE"
        for fill in loss(2, 1):
            pit.desk.hear_fill(fill)
        assert state.stands("loss")

        state.clear("loss")
        for fill in loss(3, 999):
            pit.desk.hear_fill(fill)
        assert state.value == "ACTIVE", "it counts anew from where the person looked"
        for fill in loss(4, 1):
            pit.desk.hear_fill(fill)
        assert state.stands("loss")


async def test_what_a_settlement_loses_halts_at_the_limit_and_comes_to_the_same_told_twice(
    autojump_clock: MockClock,
) -> None:
    risk = {"day_loss_dollars": MicroDollars(250_000)}
    async with open_pit(risk=risk) as pit:
        bought, _ = loss(1, 0)
        pit.desk.hear_fill(bought)
        assert pit.desk.state.value == "ACTIVE", "a contract at 25 cents, and nothing is known"
        for _ in range(2):
            pit.desk.hear_settlement(HOME, MicroDollars(0))
            assert pit.desk.losses.day_micros == -250_000
            assert pit.desk.state.stands("loss")


async def test_two_late_orders_close_a_series_five_halt_and_quick_ones_open_it_again(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(risk={"delay_max_ms": 100}) as pit:
        await pit.start_orders()
        await pit.start("catalogue")
        pit.believe()
        await trio.sleep(3.0)
        match = pit.desk.catalogue.value.matches[EVENT]
        live = attrs.evolve(match, stage="LIVE")
        pit.desk.catalogue.set(attrs.evolve(pit.desk.catalogue.value, matches={EVENT: live}))
        pit.play(KEY, (pit.leg(count_centi=100),))
        (sent,) = pit.fire()

        def held(ms: int) -> None:
            answer = Accepted(
                order_id="o",
                fill_count_centi=CentiContracts(0),
                average_fill_price_micros=None,
                venue_ts_ms=pit.env.wall_ns() // 1_000_000,
            )
            heard_ns = sent.sent_ns + ms * 1_000_000
            done = OrderDone(sent=sent, outcome=answer, first_byte_ns=heard_ns, done_ns=heard_ns)
            pit.desk.hear_answer(done, 0)

        name = f"delay {SERIES}"
        pit.desk.catalogue.set(
            attrs.evolve(
                pit.desk.catalogue.value,
                matches={EVENT: attrs.evolve(match, stage="ARMED")},
            )
        )
        for _ in range(5):
            held(500)
        assert pit.desk.holds.series() == [], "before the match nobody races"
        pit.desk.catalogue.set(attrs.evolve(pit.desk.catalogue.value, matches={EVENT: live}))
        held(101)
        held(100)
        assert not pit.desk.holds.closed(SERIES)
        held(101)
        assert pit.desk.holds.series() == [SERIES]
        assert pit.desk.state.value == "ACTIVE", "the others are traded"
        pit.play(NEXT, (pit.leg(key=NEXT, count_centi=100),))
        assert pit.fire(NEXT) == []
        for _ in range(5):
            held(500)
        assert pit.desk.state.stands(name)
        for _ in range(3):
            held(10)
        assert pit.desk.state.stands(name), "two of the newest five were late"
        held(10)
        assert pit.desk.state.value == "ACTIVE"
        assert pit.desk.holds.series() == []

        for _ in range(5):
            held(500)
        assert pit.desk.state.stands(name)
        pit.desk.excuse_holds()
        assert not pit.desk.state.reasons, "a person lets it go on"
        held(500)
        assert pit.desk.holds.series() == [], "what was late before counts no more"


async def test_a_process_that_died_before_its_halt_was_written_comes_to_the_same_end(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(risk={"drawdown_dollars": MicroDollars(1_000)}) as pit:
        lost = Losses()
        for fill in loss(1, 1_000):
            lost.book(fill)
        assert lost.breach is None, "the limits are the profile's, whatever they were before"

        fit(pit.desk, pit.trading.fire, pit.loaded.profile, Relived(losses=lost))
        assert pit.desk.state.stands("loss")
        pit.play()
        assert pit.fire() == []


def show(pit: Pit, *bids: tuple[int, int]) -> None:
    """Have the desk see a book of the home leg with these bids, and one ask far away."""
    pit.desk.books.apply(
        BookSnapshot(
            ticker=HOME,
            bids=tuple((Pips(price), CentiContracts(count)) for price, count in bids),
            asks=((Pips(9_000), CentiContracts(100)),),
            sid=1,
            seq=1,
            received_ns=pit.env.now_ns(),
        )
    )


async def test_a_collapsing_book_halts_with_no_trade_once_the_fall_has_lasted(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(risk={"day_loss_dollars": MicroDollars(150_000)}) as pit:
        await pit.start("journal", "catalogue")
        await trio.sleep(3.0)
        desk = pit.desk
        bought, _ = loss(1, 0)
        desk.hear_fill(bought)
        marks = watch(pit).marks
        for _ in range(5):
            show(pit, (2_400, 100), (900, 1_000))
            marks.look()
        assert desk.losses.open_micros == 240_000 - 12_768 - 250_000, "a cent, and the fee to leave"

        for number in range(3):
            assert pit.state() == "ACTIVE", f"a book may be thin for a moment: {number}"
            show(pit, (2_400, 50), (900, 1_000))
            marks.look()
        show(pit, (900, 1_000))
        for _ in range(2):
            marks.look()
            assert pit.state() == "ACTIVE"
        marks.look()
        assert desk.state.stands("loss")
        desk.state.clear("loss")
        marks.look()
        assert pit.state() == "ACTIVE", "a person has looked at that"

        before = desk.losses.open_micros
        desk.books.apply(BookLost(ticker=HOME, reason="gap", received_ns=pit.env.now_ns()))
        for _ in range(5):
            marks.look()
        assert desk.losses.open_micros == before, "a book that is not whole says nothing"
        show(pit)
        for _ in range(3):
            marks.look()
        worth = desk.losses.marked(HOME)
        assert worth is not None
        assert worth.worth_micros == 0, "nobody bids: it is worth nothing"


async def test_a_restart_knows_what_was_lost_in_what_is_open_and_stays_halted(
    autojump_clock: MockClock,
) -> None:
    risk = {"drawdown_dollars": MicroDollars(200_000)}
    async with open_pit(risk=risk) as pit:
        await pit.start("journal", "catalogue")
        await trio.sleep(3.0)
        bought, _ = loss(1, 0)
        pit.desk.hear_fill(bought)
        marks = watch(pit).marks
        show(pit)
        for _ in range(4):
            marks.look()
        assert pit.desk.state.stands("loss")
        (row,) = pit.said(MarkRow)
        assert (row.net_centi, row.basis_micros, row.worth_micros) == (100, 250_000, 0)

        again = Losses()
        again.book(bought)
        again.mark(HOME, Mark(row.net_centi, row.worth_micros))
        pit.desk.state.clear("loss")
        fit(pit.desk, pit.trading.fire, pit.loaded.profile, Relived(losses=again))
        assert pit.desk.state.stands("loss"), "it died before its halt was written"


async def test_what_was_lost_in_a_match_counts_in_the_next_day_until_it_has_ended(
    autojump_clock: MockClock,
) -> None:
    async with open_pit() as pit:
        await pit.start("catalogue")
        await trio.sleep(3.0)
        one, desk = watch(pit), pit.desk
        one.look()
        for fill in loss(1, 70):
            desk.hear_fill(fill)
        day = desk.losses.day
        await pit.kill("catalogue")
        await trio.sleep(86_400)
        one.look()
        assert desk.losses.day > day
        assert desk.losses.day_micros == -70, "the match goes on"

        match = attrs.evolve(desk.catalogue.value.matches[EVENT], stage="ENDED")
        desk.catalogue.set(attrs.evolve(desk.catalogue.value, matches={EVENT: match}))
        one.look()
        one.look()
        assert desk.losses.day_micros == 0
        assert desk.losses.total_micros == -70
