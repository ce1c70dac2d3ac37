"""Laws of our rate limits before the venue's own meter, in memory and over real sockets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import attrs
import pytest
import trio
from trio.testing import MockClock

from actors.exchange.asking import Asking
from actors.exchange.clock import ClockOffset
from actors.exchange.errors import VenueRefused
from actors.exchange.keys import SigningKey
from actors.exchange.orders import OrderConnection, OrderPool, OrderRefused, interpret, order_tail
from actors.exchange.rest import Rest
from actors.exchange.signing import ORDERS_PATH, Signer
from actors.exchange.tokens import Budget
from actors.exchange.wire_orders import encode_order
from actors.messages.records_venue import LimitsRow
from actors.model.money import CentiContracts, Pips
from actors.model.orders import OrderRequest
from actors.runtime.env import Env, RealEnv
from actors.runtime.health import Health
from actors.runtime.http import HttpClient
from actors.runtime.mailbox import Mailbox
from actors.sim.venue.faults import CALM, FaultPlan, Storm, StormKind
from actors.sim.venue.rates import Meter, Tier
from actors.trader.limits_reader import AGAIN_S, LimitsReader
from tests.sim.venue.hall import HOME
from tests.sim.venue.papers import KEY_ID, ed25519_key
from tests.sim.venue.site import Site, seeded, serving


@attrs.define(eq=False, kw_only=True)
class Account:
    """One account at a venue that counts, as our client sees it."""

    env: Env
    site: Site
    meter: Meter
    sign: Signer
    budget: Budget
    rest: Rest
    reader: LimitsReader
    rows: Mailbox[object]


@asynccontextmanager
async def an_account(
    env: Env, tier: Tier = "basic", plan: FaultPlan = CALM
) -> AsyncIterator[Account]:
    async with serving(env, tier=tier, plan=plan) as site:
        meter = site.server.meter
        assert meter is not None
        budget, rows = Budget(), Mailbox[object]("rows", 100)
        asking = Asking(now_ns=env.now_ns, clock=ClockOffset(), budget=budget)
        sign = Signer(env=env, key_id=KEY_ID, key=SigningKey(ed25519_key()))
        async with HttpClient(env, f"http://{site.endpoint.authority}/trade-api/v2") as http:
            rest = Rest(http=http, sign=sign, asking=asking)
            reader = LimitsReader(
                env=env, rest=rest, budget=budget, to_auditor=rows, health=Health("limits")
            )
            asking.on_surprise = reader.nudge
            yield Account(
                env=env,
                site=site,
                meter=meter,
                sign=sign,
                budget=budget,
                rest=rest,
                reader=reader,
                rows=rows,
            )


def said(account: Account) -> list[str]:
    """Return the tiers that went on record."""
    tiers: list[str] = []
    while account.rows.depth:
        row = account.rows.receive_nowait()
        assert isinstance(row, LimitsRow)
        tiers.append(row.usage_tier)
    return tiers


async def test_the_limits_are_read_at_the_start_and_put_on_record_once(
    autojump_clock: MockClock,
) -> None:
    async with an_account(seeded(), "advanced") as account, trio.open_nursery() as nursery:
        assert account.budget.limits.usage_tier == "basic"
        await nursery.start(account.reader.run)

        assert account.budget.learnt
        assert account.budget.limits.write.refill_rate == 300
        assert account.budget.cost("GET", "/portfolio/orders/one") == 2
        await trio.sleep(2_000)
        assert said(account) == ["advanced"]
        nursery.cancel_scope.cancel()


async def test_reads_in_any_number_wait_for_their_tokens_and_are_never_refused(
    autojump_clock: MockClock,
) -> None:
    async with an_account(seeded()) as account:
        began_s = trio.current_time()
        async with trio.open_nursery() as nursery:
            for number in range(100):
                rest = account.rest.urgently() if number % 3 == 0 else account.rest
                nursery.start_soon(rest.orders)

        assert account.meter.refused == 0
        assert account.budget.too_many == 0
        # A thousand tokens, of which four hundred at most are there, at two hundred a second.
        assert 3.0 <= trio.current_time() - began_s <= 6.0


async def test_an_urgent_read_is_answered_while_patient_ones_queue(
    autojump_clock: MockClock,
) -> None:
    async with an_account(seeded()) as account, trio.open_nursery() as nursery:
        for _ in range(200):
            nursery.start_soon(account.rest.orders)
        await trio.sleep(1.0)
        asked_s = trio.current_time()
        # Nobody but the connections, of which there are eight, is in its way.
        await account.rest.urgently().orders()

        assert trio.current_time() - asked_s < 0.3
        nursery.cancel_scope.cancel()


async def test_limits_that_were_lowered_are_noticed_by_a_429_and_read_anew(
    autojump_clock: MockClock,
) -> None:
    async with an_account(seeded(), "expert") as account, trio.open_nursery() as nursery:
        await nursery.start(account.reader.run)
        account.meter.grant("us", "basic")
        refused: list[int] = []

        async def ask() -> None:
            try:
                await account.rest.urgently().orders()
            except VenueRefused as error:
                refused.append(error.error.status)

        async with trio.open_nursery() as asking:
            for _ in range(60):
                asking.start_soon(ask)
        assert set(refused) == {429}
        await trio.sleep(2 * AGAIN_S)

        assert account.budget.limits.usage_tier == "basic"
        assert said(account) == ["expert", "basic"]
        nursery.cancel_scope.cancel()


async def an_order(account: Account, pool: OrderPool, name: str) -> str:
    """Send one order as the path does; return the code by which it was refused, if it was."""
    connection = await pool.take()
    headers = await account.sign("POST", ORDERS_PATH)
    request = OrderRequest(
        client_order_id=name,
        ticker=HOME,
        side="bid",
        price_pips=Pips(5_200),
        count_centi=CentiContracts(100),
        exchange_index=0,
    )
    account.budget.take_order(0, account.env.now_ns())
    connection.send_now(headers, order_tail(encode_order(request)))
    word = interpret(await connection.response(5.0), name)
    if isinstance(word, OrderRefused):
        if word.status == 429:
            account.budget.refused("write", 0, account.env.now_ns())
        return word.code
    return ""


@pytest.mark.parametrize("kind", ["rate_limited", "unauthorized", "expired"])
async def test_a_storm_over_real_sockets_is_survived_and_no_order_is_sent_twice(
    kind: StormKind,
) -> None:
    plan = FaultPlan(storms=(Storm(kind=kind, at_s=0.0, for_s=4.0),))
    async with an_account(RealEnv(seed=1), plan=plan) as account, trio.open_nursery() as nursery:
        lines = [OrderConnection(env=account.env, endpoint=account.site.endpoint)]
        # A probe is refused like everything else, and proves the wire all the same.
        pool = OrderPool(lines, name="storm")
        with trio.fail_after(60):
            await nursery.start(pool.run)
            await nursery.start(account.reader.run)
            first = await an_order(account, pool, "in-the-storm")
            assert first
            assert not account.budget.learnt
            assert account.budget.entry_fits(0, account.env.now_ns()) is (kind != "rate_limited")
            number = 0
            while await an_order(account, pool, f"after-{number}"):
                number += 1
                await trio.sleep(0.1)
            # What failed in the storm is read again after it.
            while not said(account):  # noqa: ASYNC110 - a reading is no event
                await trio.sleep(0.05)

        view = await account.rest.urgently().orders()
        assert [each.client_order_id for each in view] == [f"after-{number}"]
        nursery.cancel_scope.cancel()


async def test_a_burst_of_entries_over_real_sockets_leaves_the_exits_their_tokens() -> None:
    async with an_account(RealEnv(seed=1)) as account, trio.open_nursery() as nursery:
        endpoint = account.site.endpoint
        lines = [OrderConnection(env=account.env, endpoint=endpoint, index=i) for i in range(4)]
        pool = OrderPool(lines, name="burst")
        send = partial(an_order, account, pool)
        with trio.fail_after(60):
            await nursery.start(pool.run)
            entered = 0
            # On a machine so slow that tokens come as fast as they go, it never ends.
            while account.budget.entry_fits(0, account.env.now_ns()) and entered < 200:
                assert not await send(f"entry-{entered}")
                entered += 1
            exits = [await send(f"exit-{number}") for number in range(3)]

        assert entered >= 7
        assert exits == ["", "", ""]
        assert account.meter.refused == 0
        nursery.cancel_scope.cancel()
