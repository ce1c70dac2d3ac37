"""Laws of an exit that rests: never more than the position, and proved over before any other."""

import random

import attrs
import msgspec
import pytest
import trio
from trio.testing import MockClock

from actors.messages.records import Intent
from actors.messages.trading import OrderDone
from actors.model.score import GoalKey
from actors.runtime.disk import MemoryDisk
from actors.runtime.segments import read
from actors.runtime.serve import Response
from actors.sim.venue.events import OrderChanged, VenueEvent
from actors.trader.assembly import write
from actors.trader.plays import early_exit_pips, entry_intent
from tests.exchange import bodies
from tests.runtime.journals import CODEC, FOLDER, memory_disk
from tests.trader.door import Came, answered, late, lost
from tests.trader.fallen import doubt, worth
from tests.trader.held import count_centi, exits, hear_fills, price_pips
from tests.trader.pit import EVENT, KEY, US, Pit, open_pit

IOC = "immediate_or_cancel"
RULES = {"resting": True, "take_profit": 500, "after_match_s": 60.0}
NEXT = GoalKey(EVENT, 0, "2-0")
NOT_FOUND = Response(404, b'{"error":{"code":"not_found","message":"not found"}}')
ANOTHERS = Response(
    200,
    msgspec.json.encode({"order": {**bodies.ORDER, "status": "executed"}}),
)
"""It is over, and not ours."""


async def holding(pit: Pit, *, stop: int = 0, rest_s: float = 0.3) -> None:
    """Hold a thousand that may be left at 5 500, and give it time to be offered."""
    leg = pit.leg()
    take_pips, stop_pips = early_exit_pips("bid", leg.limit_pips, 500, stop)
    leg = attrs.evolve(leg, take_pips=take_pips, stop_pips=stop_pips)
    pit.play(KEY, (attrs.evolve(leg, form=write(entry_intent(leg, KEY))),))
    assert len(pit.fire()) == 1
    await trio.sleep(0.1)
    hear_fills(pit)
    pit.see_books()
    for lot in pit.desk.lots.values():
        lot.woken.ring()
    await trio.sleep(rest_s)


async def begin(pit: Pit) -> None:
    await pit.start("catalogue", "auditor")
    await pit.start_orders()
    # It has listed the match; what it polls for every second nobody asks here.
    await pit.kill("catalogue")


async def until_over(pit: Pit) -> None:
    """Wait until nothing is left to sell, however long that takes."""
    with trio.fail_after(600.0):
        while pit.desk.lots or pit.desk.inflight.of("exit"):  # noqa: ASYNC110 - on a clock that jumps
            await trio.sleep(1.0)


def take(pit: Pit, count: int) -> None:
    """Let somebody take of what rests, if it is there."""
    pit.venue.cancel_all("maker")
    pit.hit("bid", 5_500, count)
    pit.make("bid", 4_500, 9_000)
    hear_fills(pit)


def offers(pit: Pit) -> list[Came]:
    """Return every order that came to rest."""
    return [each for each in pit.orders.orders if each.body["time_in_force"] != IOC]


@attrs.define(eq=False)
class Watch:
    """Sees at the venue, with each order of ours, that nothing rests beyond the position."""

    pit: Pit
    resting: dict[str, int] = attrs.field(factory=dict)
    together: list[str] = attrs.field(factory=list)
    """Other exits that came while one rested."""
    beyond: list[int] = attrs.field(factory=list)
    most_centi: int = 0

    def hear(self, event: VenueEvent) -> None:
        if not isinstance(event, OrderChanged) or event.account != US:
            return
        order = event.order
        rests = order.status == "resting"
        self.resting[order.order_id] = order.remaining_centi if rests else 0
        total = sum(self.resting.values())
        self.most_centi = max(self.most_centi, total)
        if total > self.pit.position_centi():
            self.beyond.append(total)
        if not rests and total:
            self.together.append(order.client_order_id)

    def was_kept(self) -> bool:
        return not self.together and not self.beyond and not sum(self.resting.values())


def watched(pit: Pit) -> Watch:
    made = Watch(pit)
    pit.venue.listen(made.hear)
    return made


async def test_nothing_rests_where_the_profile_does_not_ask_for_it(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(exits={**RULES, "resting": False}) as pit:
        await begin(pit)
        await holding(pit)

        assert offers(pit) == []


async def test_it_rests_at_its_profit_for_what_is_held_and_ends_before_it_is_due(
    autojump_clock: MockClock,
) -> None:
    async with open_pit(exits=RULES) as pit:
        await begin(pit)
        watch = watched(pit)
        await holding(pit)

        (offer,) = offers(pit)
        (plan,) = pit.desk.plans.values()
        assert (price_pips(offer), count_centi(offer)) == (5_500, 1_000)
        assert "reduce_only" not in offer.body
        expires = offer.body["expiration_time"]
        assert isinstance(expires, int)
        assert plan.due_wall_ns - 3 * 10**9 < expires * 10**9 < plan.due_wall_ns
        (intent,) = (each for each in intents(pit.disk) if each.purpose == "exit")
        assert intent.body.encode() == offer.raw
        assert watch.most_centi == 1_000

        take(pit, 1_000)
        await trio.sleep(1.0)
        assert pit.position_centi() == 0
        assert pit.desk.lots == {}
        assert exits(pit) == []
        assert watch.was_kept()


@pytest.mark.parametrize("part", [0, 300])
@pytest.mark.parametrize("why", ["due", "stop", "reversal", "drain"])
async def test_it_is_withdrawn_and_proved_over_before_any_other_exit_leaves(
    autojump_clock: MockClock, why: str, part: int
) -> None:
    async with open_pit(exits=RULES, read_lag_s=0.36) as pit:
        await begin(pit)
        worth(pit, 4_500)
        watch = watched(pit)
        await holding(pit, stop=700)
        if part:
            take(pit, part)
        began_s = trio.current_time()
        if why == "due":
            await trio.sleep(61.0)
        elif why == "stop":
            pit.venue.cancel_all("maker")
            pit.make("bid", 4_200, 9_000)
            pit.see_books()
        elif why == "reversal":
            doubt(pit)
        else:
            await pit.desk.inflight.quiet()
            assert trio.current_time() - began_s < 3.0, "it is not waited for until it expires"
            assert exits(pit) == []
            assert sum(watch.resting.values()) == 0
            assert [lot.left_centi for lot in pit.desk.lots.values()] == [1_000 - part]
            return
        await trio.sleep(2.0)

        sold = exits(pit)
        assert sum(map(count_centi, sold[:1])) == 1_000 - part
        assert why == "due" or sold[0].at_s - began_s < 1.0
        assert pit.position_centi() == 0
        assert pit.desk.lots == {}
        assert watch.was_kept()
        assert len(offers(pit)) == 1


@pytest.mark.parametrize("answer", [NOT_FOUND, ANOTHERS], ids=["not found", "another's"])
async def test_a_cancel_that_is_refused_proves_nothing_and_holds_every_other_exit(
    autojump_clock: MockClock, answer: Response
) -> None:
    async with open_pit(exits=RULES) as pit:
        await begin(pit)
        worth(pit, 4_500)
        watch = watched(pit)
        await holding(pit)
        (order_id,) = watch.resting.keys() - {
            key for key, left in watch.resting.items() if not left
        }
        pit.reads.closed[order_id] = answer
        doubt(pit)
        await trio.sleep(20.0)
        assert exits(pit) == []
        assert pit.desk.inflight.of("exit")
        pit.reads.closed.clear()
        await trio.sleep(5.0)

        assert pit.position_centi() == 0
        assert watch.was_kept()


async def test_while_it_rests_its_market_takes_no_entry(autojump_clock: MockClock) -> None:
    async with open_pit(exits=RULES) as pit:
        await begin(pit)
        await holding(pit)
        for side in ("bid", "ask"):
            pit.play(NEXT, (pit.leg(side, 5_000 if side == "bid" else 4_200, 100, key=NEXT),))
            assert pit.fire(NEXT) == []


@pytest.mark.parametrize("taken", [True, False])
async def test_one_of_unknown_outcome_is_asked_after_and_withdrawn(
    autojump_clock: MockClock, *, taken: bool
) -> None:
    async with open_pit(exits=RULES) as pit:
        await begin(pit)
        watch = watched(pit)
        pit.orders.fates[pit.exit_id(1)] = lost(taken=taken)
        await holding(pit)
        await trio.sleep(10.0)
        assert not sum(watch.resting.values()), "nobody waits for it to expire"
        await until_over(pit)

        assert len(offers(pit)) == 1
        assert pit.position_centi() == 0
        assert pit.desk.lots == {}
        assert watch.was_kept()


@pytest.mark.parametrize(
    "seed", [0, 1, 2, *(pytest.param(seed, marks=pytest.mark.drill) for seed in range(3, 40))]
)
@pytest.mark.parametrize("who", ["exits", "process"])
async def test_whoever_dies_and_whenever_nothing_rests_unowned_or_beyond_the_position(
    autojump_clock: MockClock, who: str, seed: int
) -> None:
    chance, disk = random.Random(f"resting {seed}"), memory_disk()
    async with open_pit(exits=RULES, disk=disk, read_lag_s=chance.choice([0.0, 0.36])) as pit:
        await begin(pit)
        worth(pit, 4_500)
        watch = watched(pit)
        pit.orders.fates[pit.exit_id(1)] = chance.choice([answered, lost(taken=True), late(0.1)])
        await holding(pit, rest_s=chance.choice([0.0, 0.005, 0.02, 0.03, 0.2]))
        if chance.random() < 0.5:
            take(pit, chance.choice([300, 1_000]))
        if chance.random() < 0.5:
            doubt(pit)
        await trio.sleep(chance.choice([0.0, 0.002, 0.02, 0.06, 0.4]))
        if who == "exits":
            await pit.kill("exits")
            await trio.sleep(0.1)
            await pit.start("exits")
            await until_over(pit)
            ends_well(pit, watch)
            return
        venue = pit.venue
    async with open_pit(disk=disk, venue=venue, exits=RULES) as again:
        watch.pit = again
        hear_fills(again)
        before = list(watch.resting)
        await begin(again)
        await trio.sleep(10.0)
        assert not any(watch.resting[each] for each in before), "nobody waits for it to expire"
        await until_over(again)
        ends_well(again, watch)


def ends_well(pit: Pit, watch: Watch) -> None:
    assert pit.position_centi() == 0
    assert pit.desk.lots == {}
    assert not pit.desk.inflight.of("exit")
    assert watch.was_kept()
    names = [each.client_order_id for each in intents(pit.disk)]
    assert len(set(names)) == len(names)
    done = [each for each in pit.said(OrderDone) if each.sent.rests]
    assert len(done) <= 2


def intents(disk: MemoryDisk) -> list[Intent]:
    records = [entry.record for entry in read(disk, FOLDER, CODEC)]
    return [record for record in records if isinstance(record, Intent)]
