"""Laws of the signer: header sets are young, used once, and always there."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar, TypeVarTuple, Unpack

import attrs
import pytest
import trio
from trio.testing import MockClock
from typing_extensions import override

from actors.exchange.keys import SigningKey
from actors.exchange.signing import MAX_AGE_NS, HeaderRing, HeaderSet, Signer
from actors.runtime.health import Health
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.trader.signer import SignerRefresher, Stock
from tests.sim.venue.papers import KEY_ID, rsa_key

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

MINUTE_S = 60.0
DEPTH, EXIT_DEPTH = 12, 4


class SlowEnv(SeededEnv):
    """An outside where a signature takes as long as an RSA key's."""

    @override
    async def blocking(self, fn: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        await trio.sleep(0.002)
        return fn(*args)


@attrs.define(eq=False, kw_only=True)
class Bench:
    """A signer at work, and its two stocks."""

    env: SeededEnv
    entries: HeaderRing
    exits: HeaderRing
    signer: SignerRefresher
    scope: trio.CancelScope
    used: list[HeaderSet] = attrs.field(factory=list)

    def take(self, ring: HeaderRing) -> HeaderSet:
        """Use one set, as an order does."""
        taken = ring.take(self.env.now_ns())
        assert taken is not None, f"no header set at {trio.current_time():g} s"
        assert self.env.now_ns() - taken.made_ns <= MAX_AGE_NS
        self.used.append(taken)
        self.signer.nudge()
        return taken


@asynccontextmanager
async def at_work(refresh_s: float = 1.0) -> AsyncIterator[Bench]:
    env = SlowEnv(0, MemoryNetwork(0))
    rings = HeaderRing(capacity=DEPTH), HeaderRing(capacity=EXIT_DEPTH)
    signer = SignerRefresher(
        env=env,
        sign=Signer(env=env, key_id=KEY_ID, key=SigningKey(rsa_key())),
        stocks=(Stock(ring=rings[1], depth=EXIT_DEPTH), Stock(ring=rings[0], depth=DEPTH)),
        refresh_s=refresh_s,
        health=Health("signer"),
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(signer.run)
        yield Bench(
            env=env,
            entries=rings[0],
            exits=rings[1],
            signer=signer,
            scope=nursery.cancel_scope,
        )
        nursery.cancel_scope.cancel()


async def test_it_is_ready_when_the_stocks_are_full(autojump_clock: MockClock) -> None:
    async with at_work() as bench:
        now_ns = bench.env.now_ns()
        assert bench.entries.fresh(now_ns) == DEPTH
        assert bench.exits.fresh(now_ns) == EXIT_DEPTH


@pytest.mark.parametrize("refresh_s", [0.25, 2.0])
@pytest.mark.parametrize("pause_s", [0.2, 0.7, 1.9, 6.0])
async def test_over_a_minute_of_orders_no_set_is_old_or_used_twice_and_the_stock_never_empty(
    autojump_clock: MockClock, refresh_s: float, pause_s: float
) -> None:
    async with at_work(refresh_s) as bench:
        while trio.current_time() < MINUTE_S:
            for _ in range(2):
                bench.take(bench.entries)
            assert bench.exits.fresh(bench.env.now_ns()) > 0
            await trio.sleep(pause_s)
            assert bench.entries.fresh(bench.env.now_ns()) > 0

    assert len({taken.data for taken in bench.used}) == len(bench.used)


@pytest.mark.parametrize("refresh_s", [0.25, 1.0, 2.0])
async def test_the_stock_of_exits_stays_young_while_entries_alone_are_taken(
    autojump_clock: MockClock, refresh_s: float
) -> None:
    async with at_work(refresh_s) as bench:
        while trio.current_time() < MINUTE_S:
            bench.take(bench.entries)
            await trio.sleep(refresh_s * 0.9)
            assert bench.exits.fresh(bench.env.now_ns()) > 0, f"{trio.current_time():g} s"


async def test_what_was_used_is_signed_again_at_once(autojump_clock: MockClock) -> None:
    async with at_work(2.0) as bench:
        for _ in range(DEPTH):
            bench.take(bench.entries)

        await trio.sleep(0.1)

        assert bench.entries.fresh(bench.env.now_ns()) == DEPTH


async def test_exits_are_signed_for_before_entries(autojump_clock: MockClock) -> None:
    async with at_work(2.0) as bench:
        for ring, depth in ((bench.entries, DEPTH), (bench.exits, EXIT_DEPTH)):
            for _ in range(depth):
                bench.take(ring)

        # Four signatures' time, and not a fifth's.
        await trio.sleep(0.009)

        assert bench.exits.fresh(bench.env.now_ns()) == EXIT_DEPTH
        assert bench.entries.fresh(bench.env.now_ns()) == 0


async def test_what_is_in_stock_outlives_the_signer_for_its_five_seconds_and_no_longer(
    autojump_clock: MockClock,
) -> None:
    async with at_work() as bench:
        bench.scope.cancel()
        await trio.lowlevel.checkpoint()
    died_s = trio.current_time()

    assert bench.entries.fresh(bench.env.now_ns()) == DEPTH
    await trio.sleep(MAX_AGE_NS / 1e9 - 1.0)
    assert bench.entries.fresh(bench.env.now_ns()) > 0
    await trio.sleep_until(died_s + MAX_AGE_NS / 1e9 + 0.001)
    assert bench.entries.fresh(bench.env.now_ns()) == 0
