"""Laws of leaving from outside, held at the simulated venue over streams in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
from trio.testing import MockClock
from typing_extensions import override

from actors.config.custody import Custody
from actors.exchange.closeout import Closeout
from actors.exchange.errors import VenueError, VenueRefused
from actors.exchange.estate import Keep, Outcome, keep_everything, keep_nothing
from actors.exchange.groups import SHUT_CONTRACTS
from actors.exchange.keys import SigningKey
from actors.exchange.levers import AnyOrder, Levers
from actors.exchange.outcome import OrderUnknown
from actors.exchange.signing import Signer
from actors.exchange.wire_market import VenueBook
from actors.model.money import CentiContracts, Pips
from actors.model.orders import OrderRequest, Ticker, opposite
from actors.runtime.http import HttpClient
from actors.sim.venue.accounts import CreateOrder
from actors.sim.venue.faults import CALM, FaultPlan, RequestFaults, Storm
from actors.sim.venue.listing import EventTerms
from actors.sim.venue.order_groups import OrderGroup
from actors.sim.venue.rates import Tier
from tests.sim.venue.hall import AWAY, HOME, SERIES, market_terms, order, quote
from tests.sim.venue.papers import KEY_ID, ed25519_key
from tests.sim.venue.site import Site, seeded, serving

DOUBTFUL = RequestFaults(
    lost=0.03, silent=0.02, slow=0.03, torn=0.03, bad_gateway=0.03, late_gateway=0.03,
    unavailable=0.03, internal=0.02, gateway_timeout=0.03,
)  # fmt: skip
TERMS = Custody(floor=Pips(500), step=Pips(200), within_s=120.0)
HOSTILE = RequestFaults(
    lost=0.08, silent=0.04, slow=0.08, torn=0.05, bad_gateway=0.05, late_gateway=0.08,
    unavailable=0.05, internal=0.05, gateway_timeout=0.05,
)  # fmt: skip


@attrs.define(eq=False)
class Estate:
    """An account at a served venue, and whoever leaves it."""

    site: Site
    levers: Levers
    said: list[str]

    def closeout(self, keep: Keep = keep_nothing, terms: Custody = TERMS) -> Closeout:
        return Closeout(
            env=self.site.env,
            levers=self.levers,
            settings=terms,
            account="us",
            say=self.said.append,
            keep=keep,
        )

    def held(self, ticker: str = HOME, subaccount: int = 0) -> int:
        part = self.site.hall.venue.floor.account("us").part(subaccount)
        return part.holding(Ticker(ticker)).yes_centi

    def resting(self) -> int:
        return len(self.site.hall.venue.orders.resting("us", None))

    def orders(self) -> int:
        return len([each for each in self.said if each.startswith(("ask ", "bid "))])


@asynccontextmanager
async def estate(
    plan: FaultPlan = CALM, tier: Tier | None = None, seed: int = 1
) -> AsyncIterator[Estate]:
    env = seeded(seed)
    async with serving(env, plan=plan, tier=tier, seed=seed) as site:
        base = f"http://{site.endpoint.authority}/trade-api/v2"
        sign = Signer(env=env, key_id=KEY_ID, key=SigningKey(ed25519_key()))
        async with HttpClient(env, base, timeout_s=2.0) as http:
            yield Estate(site, Levers(http=http, sign=sign), [])


def buys(there: Estate, wish: CreateOrder, pips: int) -> None:
    """Have the account hold what ``wish`` buys, from a maker at that price."""
    hall = there.site.hall
    hall.create("maker", quote(opposite(wish.side), pips, wish.count_centi, ticker=wish.ticker))
    hall.create("us", wish)


async def leaves(there: Estate, keep: Keep = keep_nothing, terms: Custody = TERMS) -> Outcome:
    return await there.closeout(keep, terms).run()


async def test_what_rests_is_taken_out_and_what_is_held_is_sold_on_both_legs(
    autojump_clock: MockClock,
) -> None:
    async with estate() as there:
        hall = there.site.hall
        buys(there, order("bid", 5000, 10_00), 5000)
        buys(there, order("ask", 3000, 7_00, ticker=AWAY), 3000)
        hall.create("us", quote("bid", 1000, 5_00))
        hall.create("maker", quote("bid", 4600, 20_00))
        hall.create("maker", quote("ask", 3400, 20_00, ticker=AWAY))

        outcome = await leaves(there)

        assert (outcome.left, outcome.unseen) == ((), "")
        assert (there.held(HOME), there.held(AWAY), there.resting()) == (0, 0, 0)
        assert "ask 10.00 KXWCGAME-26JUN15IRINZL-IRI at 0.4600: filled 10.00" in there.said
        assert "bid 7.00 KXWCGAME-26JUN15IRINZL-NZL at 0.3400: filled 7.00" in there.said
        assert any(each.startswith("gone: order ") for each in there.said)
        assert there.said[-1].startswith("cancelled all"), "the last of all"


async def test_the_price_goes_down_by_steps_to_the_floor_and_not_below(
    autojump_clock: MockClock,
) -> None:
    async with estate() as there:
        buys(there, order("bid", 5000, 10_00), 5000)
        there.site.hall.create("maker", quote("bid", 400, 20_00))

        outcome = await leaves(there, terms=attrs.evolve(TERMS, within_s=4.0))

        assert there.held() == 10_00
        assert [each.why for each in outcome.left] == ["nobody pays 0.0500, the floor"]
        assert there.orders() == 0
        assert there.said[-1].startswith("cancelled all"), "however it ends"


async def test_a_group_is_triggered_and_stops_what_no_cancel_could(
    autojump_clock: MockClock,
) -> None:
    async with estate() as there:
        venue = there.site.hall.venue
        group = venue.groups.create("us", subaccount=0, shard=0, limit_centi=1_000_00)
        assert isinstance(group, OrderGroup)
        resting = attrs.evolve(quote("bid", 1000, 5_00), order_group_id=group.group_id)
        there.site.hall.create("us", resting)

        outcome = await leaves(there)

        assert outcome.left == ()
        assert (group.triggered, group.limit_centi) == (True, SHUT_CONTRACTS * 100)
        assert there.site.hall.refusal("us", resting) is not None


async def test_what_is_to_be_kept_is_kept_and_entries_are_stopped_all_the_same(
    autojump_clock: MockClock,
) -> None:
    async with estate() as there:
        buys(there, order("bid", 5000, 10_00), 5000)
        there.site.hall.create("us", quote("bid", 1000, 5_00))
        there.site.hall.create("maker", quote("bid", 4600, 20_00))

        outcome = await leaves(there, keep_everything)

        assert outcome.left == ()
        assert [each.position_centi for each in outcome.kept] == [10_00]
        assert (there.held(), there.resting(), there.orders()) == (10_00, 0, 0)


async def test_a_market_that_has_closed_is_said_and_not_waited_for(
    autojump_clock: MockClock,
) -> None:
    async with estate() as there:
        buys(there, order("bid", 5000, 10_00), 5000)
        there.site.hall.venue.close_market(HOME)

        outcome = await leaves(there)

        assert [each.why for each in outcome.left] == ["its market is closed: the result pays"]
        assert autojump_clock.current_time() < 30


async def test_a_venue_that_does_not_answer_is_no_empty_account(
    autojump_clock: MockClock,
) -> None:
    storm = Storm(kind="bad_gateway", at_s=0.0, for_s=1_000.0)
    async with estate(FaultPlan(storms=(storm,))) as there:
        outcome = await leaves(there, terms=attrs.evolve(TERMS, within_s=10.0))

    assert outcome.unseen


async def test_an_account_out_of_tokens_is_left_all_the_same(autojump_clock: MockClock) -> None:
    storm = Storm(kind="rate_limited", at_s=0.2, for_s=5.0)
    async with estate(FaultPlan(storms=(storm,))) as there:
        buys(there, order("bid", 5000, 10_00), 5000)
        there.site.hall.create("maker", quote("bid", 4600, 20_00))

        outcome = await leaves(there)

        assert (outcome.left, outcome.unseen, there.held()) == ((), "", 0)


@pytest.mark.parametrize("seed", range(1, 3))
async def test_in_hostile_weather_nothing_is_left_oversold_or_claimed(
    autojump_clock: MockClock, seed: int
) -> None:
    plan = FaultPlan(orders=HOSTILE, reads=DOUBTFUL, read_lag_ms=700.0)
    async with estate(plan, seed=seed) as there:
        hall = there.site.hall
        buys(there, order("bid", 5000, 30_00), 5000)
        buys(there, order("ask", 3000, 7_00, ticker=AWAY), 3000)
        hall.create("us", quote("bid", 1000, 5_00))
        for price in (4800, 4500, 4200):
            hall.create("maker", quote("bid", price, 40_00))
            hall.create("maker", quote("ask", 8000 - price, 40_00, ticker=AWAY))

        outcome = await leaves(there, terms=attrs.evolve(TERMS, within_s=600.0))

        assert (outcome.left, outcome.unseen) == ((), ""), there.said
        assert (there.held(HOME), there.held(AWAY), there.resting()) == (0, 0, 0)
        sent = [each for each in hall.venue.floor.orders.values() if each.account == "us"]
        ids = [each.request.client_order_id for each in sent if each.request.client_order_id]
        assert len(ids) == len(set(ids)), "no order is there twice"


async def test_an_order_that_acts_long_after_it_was_given_up_sells_nothing_twice(
    autojump_clock: MockClock,
) -> None:
    async with estate(FaultPlan(venue_delay_ms=5_000.0)) as there:
        buys(there, order("bid", 5000, 10_00), 5000)
        there.site.hall.create("maker", quote("bid", 4600, 40_00))

        outcome = await leaves(there)

        assert (outcome.left, there.held()) == ((), 0)
        assert [each for each in there.said if "not known" in each], "its response came too late"


async def test_no_order_leaves_on_a_view_that_is_older_than_the_last_one(
    autojump_clock: MockClock,
) -> None:
    async with estate(FaultPlan(read_lag_ms=4_000.0)) as there:
        buys(there, order("bid", 5000, 10_00), 5000)
        there.site.hall.create("maker", quote("bid", 4600, 40_00))

        # What was bought a moment ago is not shown yet: that is not nothing.
        outcome = await leaves(there)

        assert (outcome.left, there.held()) == ((), 0)
        assert there.orders() == 1, there.said


async def test_an_empty_account_on_an_old_view_is_not_said_to_be_empty(
    autojump_clock: MockClock,
) -> None:
    async with estate(FaultPlan(read_lag_ms=60_000.0)) as there:
        buys(there, order("bid", 5000, 10_00), 5000)

        outcome = await leaves(there, terms=attrs.evolve(TERMS, within_s=4.0))

        assert (outcome.left, there.held()) == ((), 10_00)
        assert outcome.unseen == "it shows nothing younger than what was last done"


class Deaf(Levers):
    """A venue whose answers to orders are all lost."""

    @override
    async def place(self, order: OrderRequest, subaccount: int) -> OrderUnknown:
        await super().place(order, subaccount)
        return OrderUnknown(reason="lost")


async def test_an_order_that_is_not_in_the_list_yet_is_not_taken_for_absent(
    autojump_clock: MockClock,
) -> None:
    async with estate(FaultPlan(read_lag_ms=4_000.0)) as there:
        buys(there, order("bid", 5000, 10_00), 5000)
        there.site.hall.create("maker", quote("bid", 4600, 40_00))
        there.levers.__class__ = Deaf

        outcome = await leaves(there)

        assert (outcome.left, there.held(), there.orders()) == ((), 0, 1)
        assert [each for each in there.said if each.endswith("is known: filled 10.00")]


class Stale(Levers):
    """A venue whose book on show is older than the one that trades."""

    @override
    async def orderbook(self, ticker: str) -> VenueBook:
        return VenueBook(yes_bids=((Pips(4800), CentiContracts(50_00)),), no_bids=())


async def test_an_order_that_fills_nothing_lets_the_next_one_go_further(
    autojump_clock: MockClock,
) -> None:
    async with estate() as there:
        buys(there, order("bid", 5000, 10_00), 5000)
        there.site.hall.create("maker", quote("bid", 4500, 40_00))
        there.levers.__class__ = Stale

        outcome = await leaves(there)

        assert (outcome.left, there.held()) == ((), 0)
        prices = [each.split(" at ")[1] for each in there.said if each.startswith("ask ")]
        assert prices == ["0.4800: filled 0.00", "0.4600: filled 0.00", "0.4400: filled 10.00"]


class Forgetful(Levers):
    """A venue that says of the first cancel that there is no such order, and hides it a while."""

    looks = 0

    @override
    async def take_out(self, order: AnyOrder) -> None:
        if self.looks < 2:
            raise VenueRefused(VenueError(status=404, code="not_found"))
        await super().take_out(order)

    @override
    async def resting(self) -> tuple[AnyOrder, ...]:
        self.looks += 1
        return () if 2 <= self.looks <= 4 else await super().resting()


async def test_a_404_on_a_cancel_is_no_proof_and_neither_is_a_list_without_the_order(
    autojump_clock: MockClock,
) -> None:
    async with estate() as there:
        there.site.hall.create("us", quote("bid", 1000, 5_00))
        there.levers.__class__ = Forgetful
        gone: list[int] = []

        def say(line: str) -> None:
            if line.startswith("gone"):
                gone.append(there.resting())

        closeout = there.closeout()
        closeout.say = say
        outcome = await closeout.run()

        assert outcome.left == ()
        assert gone == [0], "said of what is gone, once"


async def test_every_subaccount_and_every_shard_is_left(autojump_clock: MockClock) -> None:
    async with estate() as there:
        hall, far = there.site.hall, Ticker("KXWCGAME-26JUN16FAR-FAR")
        terms = market_terms(far, start_us=hall.venue.now_us())
        event = far.rpartition("-")[0]
        hall.venue.list_event(
            EventTerms(
                event_ticker=event,
                series_ticker=SERIES,
                title="FAR v AWAY",
                sub_title="Jun 16",
                exchange_index=3,
            )
        )
        hall.venue.list_market(attrs.evolve(terms, event_ticker=event))
        part = hall.venue.floor.account("us").divide()
        for shard in (0, 3):
            part.move_cash(shard, 100_000_000)
            hall.venue.floor.account("maker").move_cash(shard, 100_000_000)
        for ticker in (HOME, far):
            own = attrs.evolve(order("bid", 5000, 10_00, ticker=ticker), subaccount=part.number)
            buys(there, own, 5000)
            rest = quote("bid", 1000, 5_00, ticker=ticker)
            hall.create("us", attrs.evolve(rest, subaccount=part.number))
            hall.create("maker", quote("bid", 4600, 20_00, ticker=ticker))
        group = hall.venue.groups.create("us", subaccount=1, shard=3, limit_centi=1_000_00)

        outcome = await leaves(there)

        assert (outcome.left, there.resting()) == ((), 0)
        assert [there.held(ticker, part.number) for ticker in (HOME, far)] == [0, 0]
        assert isinstance(group, OrderGroup)
        assert group.triggered
