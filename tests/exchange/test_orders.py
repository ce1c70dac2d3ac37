"""Laws of the order pool: kept dialled, kept warm, and never waited for on the way of an order."""

from collections.abc import Callable
from itertools import pairwise

import attrs
import pytest
import trio
from hypothesis import given, settings, strategies as st
from trio.testing import MockClock

from actors.exchange.connection import OrderConnection, order_tail
from actors.exchange.errors import ResponseLost
from actors.exchange.orders import OrderPool
from actors.exchange.signing import HeaderSet
from actors.runtime.env import Endpoint
from actors.runtime.memory import Faults, Link, MemoryNetwork, SeededEnv, run_seeded
from tests.exchange.venue import Answer, Venue, accept, after, hang_up, say_nothing, tell_status

HEADERS = HeaderSet(made_ns=0, ts_ms=1, data=b"KALSHI-ACCESS-KEY: k\r\n")


@attrs.define(eq=False)
class World:
    """A venue and a pool of connections to it."""

    network: MemoryNetwork
    venue: Venue
    endpoint: Endpoint
    pool: OrderPool
    lost: list[tuple[int, str, float]] = attrs.field(factory=list)

    def send(self, client_order_id: str) -> OrderConnection:
        connection = self.pool.take_free()
        assert connection is not None
        body = f'{{"client_order_id":"{client_order_id}"}}'
        assert connection.send_now(HEADERS, order_tail(body)) == 0
        return connection


async def a_world(
    nursery: trio.Nursery,
    answers: dict[str, Answer] | None = None,
    *,
    size: int = 3,
    seed: int = 1,
    keep_warm_s: float = 60.0,
    link: Link | None = None,
    up: bool = True,
) -> World:
    network = MemoryNetwork(seed, link=link)
    env, venue = SeededEnv(seed, network), Venue(answers=answers or {})
    endpoint: Endpoint = await nursery.start(env.listen, Endpoint("venue", 443), venue.serve)
    if not up:
        network.kill(endpoint)
    lost: list[tuple[int, str, float]] = []
    pool = OrderPool(
        [OrderConnection(env=env, endpoint=endpoint, index=index) for index in range(size)],
        keep_warm_s=keep_warm_s,
        on_lost=lambda each, why: lost.append((each.index, why, trio.current_time())),
    )
    await nursery.start(pool.run)
    return World(network, venue, endpoint, pool, lost)


async def test_a_pool_is_ready_when_every_connection_is(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)

    assert world.pool.ready_count == 3
    assert world.venue.connections == 3


async def test_each_leg_of_a_play_gets_a_connection_of_its_own_and_a_fourth_gets_none(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)

    used = [world.send(name) for name in "abc"]
    assert world.pool.take_free() is None

    for connection in used:
        await connection.response(1)
    assert {seen.client_order_id for seen in world.venue.orders} == {"a", "b", "c"}
    assert {connection.index for connection in used} == {0, 1, 2}
    assert world.pool.take_free() is not None


async def test_a_venue_that_is_down_holds_nobody_up_and_is_dialled_with_growing_pauses(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    with trio.fail_after(1):
        world = await a_world(nursery, size=1, up=False)
    assert world.pool.take_free() is None

    await trio.sleep(120)
    times = [at_s for _, _, at_s in world.lost]
    pauses = [later - sooner for sooner, later in pairwise(times)]
    assert len(times) <= 62
    assert max(pauses[:2]) < 1 < max(pauses)
    assert all("nobody answers" in why for _, why, _ in world.lost)

    world.network.revive(world.endpoint)
    await trio.sleep(10)
    assert world.pool.ready_count == 1


async def test_a_wire_that_ends_after_a_good_life_is_made_anew_at_once(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)
    await trio.sleep(31)

    world.network.reset(world.endpoint)
    assert world.pool.take_free() is None
    await trio.sleep(0.2)

    assert world.pool.ready_count == 3
    assert {index for index, _, _ in world.lost} == {0, 1, 2}


async def test_a_lost_response_costs_its_connection_only(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, {"a": hang_up})

    broken, sound = world.send("a"), world.send("b")
    assert (await sound.response(1)).status == 201
    with pytest.raises(ResponseLost):
        await broken.response(1)
    await trio.sleep(1)

    assert world.pool.ready_count == 3
    assert [index for index, _, _ in world.lost] == [broken.index]


async def test_an_idle_connection_is_probed_and_one_in_use_is_not(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, {"a": after(50, accept)}, keep_warm_s=4.0)
    del world.venue.seen[:]

    world.send("a")
    await trio.sleep(12)

    probed = [seen.connection for seen in world.venue.probes]
    (ordered,) = [seen.connection for seen in world.venue.orders]
    assert ordered not in probed
    assert len(set(probed)) == 2
    assert 4 <= len(probed) <= 6


async def test_never_more_than_one_connection_is_away_for_a_probe(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, keep_warm_s=2.0)
    world.venue.probe = after(0.5, tell_status)
    worst = 3

    for _ in range(400):
        await trio.sleep(0.05)
        worst = min(worst, sum(each.free for each in world.pool.connections))

    assert worst == 2


async def test_a_probe_that_is_not_answered_costs_its_connection_and_no_other(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, keep_warm_s=2.0)
    silent = iter([say_nothing])

    async def once_silent(*args: object) -> None:
        answer: Callable[..., object] = next(silent, tell_status)
        await answer(*args)  # type: ignore[misc]  # it is one of the two answers

    world.venue.probe = once_silent
    await trio.sleep(10)

    assert len(world.lost) == 1
    assert world.pool.ready_count == 3


async def test_whoever_waits_for_a_connection_gets_the_first_that_is_free(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, {"a": after(0.3, accept), "b": after(0.2, accept)}, size=2)
    first, second = world.send("a"), world.send("b")
    nursery.start_soon(first.response, 1)
    nursery.start_soon(second.response, 1)

    assert await world.pool.take() is second


async def test_two_who_wait_never_get_the_same_connection(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, size=1)
    answered: list[str] = []

    async def one(name: str) -> None:
        connection = await world.pool.take()
        connection.send_now(HEADERS, order_tail(f'{{"client_order_id":"{name}"}}'))
        response = await connection.response(1)
        assert f'"client_order_id": "{name}"'.encode() in response.body
        answered.append(name)

    async with trio.open_nursery() as both:
        for name in ("a", "b", "c"):
            both.start_soon(one, name)

    assert sorted(answered) == ["a", "b", "c"]


async def test_a_discarded_connection_comes_back(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, {"a": say_nothing})
    connection = world.send("a")

    world.pool.discard(connection.index, "executor restarted")
    await trio.sleep(1)

    assert world.lost[0][:2] == (connection.index, "executor restarted")
    assert world.pool.ready_count == 3


@given(st.integers(0, 2**32))
@settings(max_examples=5, deadline=None)
def test_in_any_weather_every_response_taken_is_the_orders_own(seed: int) -> None:
    taken: list[str] = []

    async def one() -> None:
        async with trio.open_nursery() as nursery:
            world = await a_world(nursery, seed=seed, size=2, keep_warm_s=5.0)
            world.network.faults = Faults(
                refuse=0.1, drop=0.05, cut=0.05, late=0.1, late_s=2.0, short_write=0.3
            )
            for number in range(12):
                connection = await world.pool.take()
                name = f"order-{number}"
                unsent = connection.send_now(HEADERS, order_tail(f'{{"client_order_id":"{name}"}}'))
                try:
                    if unsent:
                        await connection.flush(1)
                    response = await connection.response(1)
                except ResponseLost:
                    continue
                assert f'"client_order_id": "{name}"'.encode() in response.body
                taken.append(name)
            sent = [seen.client_order_id for seen in world.venue.orders]
            assert len(sent) == len(set(sent))
            assert set(taken) <= set(sent)
            nursery.cancel_scope.cancel()

    run_seeded(seed, one)
    assert taken


def test_the_same_seed_loses_and_makes_the_same_connections_at_the_same_times() -> None:
    def run() -> list[tuple[int, str, float]]:
        found: list[tuple[int, str, float]] = []

        async def one() -> None:
            async with trio.open_nursery() as nursery:
                world = await a_world(nursery, seed=7, keep_warm_s=1.0)
                world.network.faults = Faults(drop=0.1, refuse=0.2)
                await trio.sleep(60)
                found.extend(world.lost)
                nursery.cancel_scope.cancel()

        run_seeded(7, one)
        return found

    first = run()
    assert len(first) > 10
    assert run() == first
