"""Laws of an unknown outcome: asked for until the venue has said it, and never guessed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
from trio.testing import MockClock

from actors.exchange.keys import SigningKey
from actors.exchange.rest import Rest
from actors.exchange.signing import Signer
from actors.messages.trading import Accepted, OrderDone, Outcome, Rejected, Sent
from actors.model.orders import TimeInForce
from actors.runtime.http import HttpClient
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.runtime.serve import Response
from actors.sim.venue.auth import KeyRing
from actors.sim.venue.engine import Venue
from actors.sim.venue.order_entry import Created
from actors.sim.venue.rest import Rest as VenueRest
from actors.trader.resolver import CLEAN_READS, LATE_COPY_REFUSED_S, TROUBLE_S, Resolver
from tests.sim.venue.hall import order
from tests.sim.venue.papers import KEY_ID, ed25519_key, pem
from tests.trader.door import Door, error
from tests.trader.pit import HOME, NEAR, US, open_venue, quiet_books
from tests.trader.test_desk import sent

NAME = "an-order-of-ours"
LISTING, AS_OF = "/portfolio/orders", "/exchange/user_data_timestamp"
DOWN = Response(503, b"<html>try again</html>", content_type="text/html")


@attrs.define(eq=False, kw_only=True)
class Case:
    """One order whose response was lost, and whoever asks after it."""

    env: SeededEnv
    venue: Venue
    door: Door
    resolver: Resolver
    sent: Sent
    nursery: trio.Nursery
    done: OrderDone | None = None
    done_s: float = 0.0
    trouble: list[str] = attrs.field(factory=list)
    known: list[str] = attrs.field(factory=list)

    def ask(self) -> None:
        """Have the resolver begin."""

        async def resolve() -> None:
            self.done = await self.resolver.resolve(self.sent)
            self.done_s = trio.current_time()

        self.nursery.start_soon(resolve)

    def arrive(self, name: str = NAME, time_in_force: TimeInForce = "immediate_or_cancel") -> None:
        """Have the venue take the order, now."""
        made = self.venue.create_order(
            US,
            order("bid", 4_600, 1_000, ticker=HOME, client_order_id=name)
            if time_in_force == "immediate_or_cancel"
            else order(
                "bid",
                4_500,
                1_000,
                ticker=HOME,
                client_order_id=name,
                time_in_force=time_in_force,
            ),
        )
        assert isinstance(made, Created)

    def outcome(self) -> Outcome | None:
        """What the resolver came to; ``None`` while it asks."""
        return None if self.done is None else self.done.outcome

    def reads(self, end: str) -> int:
        """Return how often something was asked."""
        return sum(path.endswith(end) for path in self.door.asked)

    async def at(self, s: float) -> None:
        """Wait until so long after the order was sent."""
        await trio.sleep_until(s)


@asynccontextmanager
async def lost_response(read_lag_s: float = 0.0) -> AsyncIterator[Case]:
    """Send an order at 0 s and lose its response; the venue has not got it yet."""
    network = MemoryNetwork(0, link=NEAR)
    outside, env = SeededEnv(1, network), SeededEnv(2, network)
    venue = open_venue(outside, read_lag_s=read_lag_s)
    quiet_books(venue)
    keys = KeyRing()
    keys.add(KEY_ID, US, pem(ed25519_key()))
    door = Door(env=outside, rest=VenueRest(venue, keys))
    trouble: list[str] = []
    known: list[str] = []
    async with trio.open_nursery() as nursery:
        here = await nursery.start(door.run)
        sign = Signer(env=env, key_id=KEY_ID, key=SigningKey(ed25519_key()))
        async with HttpClient(env, f"http://{here.authority}/trade-api/v2") as http:
            resolver = Resolver(
                env=env,
                rest=Rest(http=http, sign=sign),
                on_trouble=lambda name, why: trouble.append(f"{name}: {why}"),
                on_known=known.append,
            )
            yield Case(
                env=env,
                venue=venue,
                door=door,
                resolver=resolver,
                sent=attrs.evolve(sent(NAME, HOME), sent_ns=env.now_ns()),
                nursery=nursery,
                trouble=trouble,
                known=known,
            )
            nursery.cancel_scope.cancel()


async def test_an_order_that_is_found_is_what_the_venue_says_it_is(
    autojump_clock: MockClock,
) -> None:
    async with lost_response() as case:
        case.arrive()
        case.ask()
        await case.at(1.0)

    outcome = case.outcome()
    assert isinstance(outcome, Accepted)
    assert outcome.fill_count_centi == 1_000
    assert case.done is not None
    assert case.done.resolved
    assert case.done_s < 0.1, "nothing is waited for that is known"


async def test_an_order_that_fills_nothing_is_found_as_well(autojump_clock: MockClock) -> None:
    async with lost_response() as case:
        case.venue.create_order(US, order("bid", 100, 1_000, ticker=HOME, client_order_id=NAME))
        case.ask()
        await case.at(1.0)

    outcome = case.outcome()
    assert isinstance(outcome, Accepted)
    assert outcome.fill_count_centi == 0


@pytest.mark.parametrize("arrives_s", [0.3, 20.0, 59.0])
async def test_an_order_that_arrives_late_is_found_whenever_it_comes(
    autojump_clock: MockClock, arrives_s: float
) -> None:
    async with lost_response() as case:
        case.ask()
        await case.at(arrives_s)
        assert case.outcome() is None
        case.arrive()
        await case.at(arrives_s + 3.0)

    assert isinstance(case.outcome(), Accepted)


async def test_absence_is_believed_when_no_late_copy_can_come_and_not_before(
    autojump_clock: MockClock,
) -> None:
    async with lost_response() as case:
        case.ask()
        await case.at(LATE_COPY_REFUSED_S)
        assert case.outcome() is None
        await case.at(LATE_COPY_REFUSED_S + 10.0)

    assert case.outcome() == Rejected(status=0, code="never_arrived")
    assert case.done_s > LATE_COPY_REFUSED_S
    assert case.trouble == [], "an order that never arrived is no trouble"


async def test_reads_that_lag_prove_no_absence(autojump_clock: MockClock) -> None:
    lag_s = 40.0
    async with lost_response(read_lag_s=lag_s) as case:
        case.ask()
        # The engine has it in time; for another forty seconds no read shows it.
        await case.at(45.0)
        case.arrive()
        await case.at(45.0 + lag_s - 1.0)
        assert case.outcome() is None, "a read from before it says nothing of it"
        await case.at(45.0 + lag_s + 3.0)

    assert isinstance(case.outcome(), Accepted)


async def test_a_venue_that_does_not_say_how_recent_it_is_proves_no_absence(
    autojump_clock: MockClock,
) -> None:
    async with lost_response() as case:
        case.door.closed[AS_OF] = DOWN
        case.ask()
        await case.at(LATE_COPY_REFUSED_S + 30.0)
        assert case.outcome() is None
        case.door.closed.clear()
        await case.at(LATE_COPY_REFUSED_S + 40.0)

    assert isinstance(case.outcome(), Rejected)


@pytest.mark.parametrize("answer", [DOWN, error(429, "too_many_requests"), Response(200, b"[]")])
async def test_a_listing_that_cannot_be_had_is_not_a_listing_without_the_order(
    autojump_clock: MockClock, answer: Response
) -> None:
    async with lost_response() as case:
        case.arrive()
        case.door.closed[LISTING] = answer
        case.ask()
        await case.at(LATE_COPY_REFUSED_S + 30.0)
        assert case.outcome() is None, "the order is there, and traded"
        case.door.closed.clear()
        await case.at(LATE_COPY_REFUSED_S + 35.0)

    assert isinstance(case.outcome(), Accepted)


async def test_clean_reads_have_to_follow_one_another(autojump_clock: MockClock) -> None:
    async with lost_response() as case:
        case.ask()

        def is_late() -> bool:
            return trio.current_time() > LATE_COPY_REFUSED_S

        # From the minute on only every other reading is answered.
        last = case.reads(LISTING)
        while trio.current_time() < LATE_COPY_REFUSED_S + 30.0:
            await trio.sleep(0.01)
            if is_late() and case.reads(LISTING) != last:
                last = case.reads(LISTING)
                if LISTING in case.door.closed:
                    case.door.closed.clear()
                else:
                    case.door.closed[LISTING] = DOWN
        assert case.outcome() is None
        case.door.closed.clear()
        await case.at(LATE_COPY_REFUSED_S + 40.0)

    assert case.outcome() is not None
    assert CLEAN_READS == 2


async def test_an_order_that_rests_is_neither_over_nor_absent(autojump_clock: MockClock) -> None:
    async with lost_response() as case:
        case.arrive(time_in_force="good_till_canceled")
        case.ask()
        await case.at(LATE_COPY_REFUSED_S + 30.0)
        assert case.outcome() is None
        case.venue.cancel_all(US)
        await case.at(LATE_COPY_REFUSED_S + 35.0)

    assert isinstance(case.outcome(), Accepted)


async def test_another_order_of_the_market_is_not_taken_for_it(autojump_clock: MockClock) -> None:
    async with lost_response() as case:
        case.arrive("somebody-else")
        case.ask()
        await case.at(30.0)

        assert case.outcome() is None


async def test_a_person_is_told_once_and_told_again_when_it_is_known(
    autojump_clock: MockClock,
) -> None:
    async with lost_response() as case:
        case.door.closed[LISTING] = DOWN
        case.ask()
        await case.at(TROUBLE_S - 1.0)
        assert case.trouble == []
        await case.at(2 * TROUBLE_S)
        assert len(case.trouble) == 1
        assert case.known == []
        case.arrive()
        case.door.closed.clear()
        await case.at(2 * TROUBLE_S + 5.0)

    assert case.known == [case.trouble[0].partition(":")[0]]


async def test_questions_are_quick_at_first_and_never_many(autojump_clock: MockClock) -> None:
    async with lost_response() as case:
        case.ask()
        await case.at(0.2)
        assert case.reads(LISTING) >= 2
        await case.at(50.0)

    assert case.reads(LISTING) < 50


async def test_an_order_of_an_earlier_process_is_as_old_as_it_is(
    autojump_clock: MockClock,
) -> None:
    async with lost_response() as case:
        await case.at(600.0)
        # As recovery has it: sent long ago, on the clock of this process.
        case.ask()
        await case.at(605.0)

    assert isinstance(case.outcome(), Rejected)
    assert case.done_s < 601.0, "no copy of it can come any more"


async def test_the_age_of_an_order_is_its_own_and_not_its_askers(autojump_clock: MockClock) -> None:
    async with lost_response(read_lag_s=300.0) as case:
        await case.at(100.0)
        case.ask()
        await case.at(355.0)
        assert case.outcome() is None, "the reads are of 55 s: a late copy may not be in them yet"
        await case.at(370.0)

    assert case.outcome() is not None
