"""Laws of an order connection: one order, its own response or none, and never another's."""

import attrs
import pytest
import trio
from hypothesis import given, settings, strategies as st
from trio.testing import MockClock

from actors.exchange.connection import OrderConnection, order_tail
from actors.exchange.errors import ResponseLost
from actors.exchange.signing import HeaderSet
from actors.runtime.env import Endpoint
from actors.runtime.memory import Faults, MemoryNetwork, SeededEnv, run_seeded
from tests.exchange.venue import (
    STATUS,
    Answer,
    Venue,
    accept,
    acceptance,
    after,
    hang_up,
    raw,
    reply,
    say_nothing,
)

HEADERS = HeaderSet(
    made_ns=0,
    ts_ms=1,
    data=b"KALSHI-ACCESS-KEY: k\r\nKALSHI-ACCESS-TIMESTAMP: 1\r\nKALSHI-ACCESS-SIGNATURE: s\r\n",
)


def body(client_order_id: str) -> str:
    return f'{{"client_order_id":"{client_order_id}"}}'


def send(connection: OrderConnection, client_order_id: str) -> int:
    return connection.send_now(HEADERS, order_tail(body(client_order_id)))


@attrs.define(eq=False)
class World:
    """A venue, a network, and one connection between them and us."""

    nursery: trio.Nursery
    network: MemoryNetwork
    venue: Venue
    endpoint: Endpoint
    connection: OrderConnection
    ends: list[str] = attrs.field(factory=list)

    async def serve(self) -> None:
        """Serve one life of the connection, from its readiness on."""
        ready = trio.Event()

        async def life() -> None:
            self.ends.append(await self.connection.serve(ready.set))

        self.nursery.start_soon(life)
        await ready.wait()


async def a_world(
    nursery: trio.Nursery,
    answer_to_a: Answer = accept,
    *,
    seed: int = 1,
    faults: Faults | None = None,
    probe_s: float = 2.0,
) -> World:
    network = MemoryNetwork(seed)
    env, venue = SeededEnv(seed, network), Venue(answers={"a": answer_to_a})
    endpoint: Endpoint = await nursery.start(env.listen, Endpoint("venue", 443), venue.serve)
    connection = OrderConnection(env=env, endpoint=endpoint, probe_s=probe_s)
    world = World(nursery, network, venue, endpoint, connection)
    await world.serve()
    if faults is not None:
        network.faults = faults
    return world


async def test_an_order_leaves_as_one_well_formed_request(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)

    unsent = send(world.connection, "a")
    response = await world.connection.response(1)

    (seen,) = world.venue.orders
    assert unsent == 0
    assert seen.target == "/trade-api/v2/portfolio/events/orders"
    assert seen.body.decode() == body("a")
    assert seen.headers["host"] == "venue:443"
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["content-length"] == str(len(body("a")))
    assert seen.headers["kalshi-access-key"] == "k"
    assert seen.headers["kalshi-access-timestamp"] == "1"
    assert seen.headers["kalshi-access-signature"] == "s"
    assert response.status == 201
    assert 0 < response.first_byte_ns <= response.last_byte_ns


async def test_a_tls_venue_on_its_usual_port_is_named_without_it(autojump_clock: MockClock) -> None:
    env = SeededEnv(1, MemoryNetwork(1))
    tls = OrderConnection(env=env, endpoint=Endpoint("venue.example", 443, tls=True))
    other = OrderConnection(env=env, endpoint=Endpoint("venue.example", 8443, tls=True))

    assert b"\r\nHost: venue.example\r\n" in tls._order_head  # noqa: SLF001 - no other way to see
    assert b"\r\nHost: venue.example:8443\r\n" in other._order_head  # noqa: SLF001 - the same


async def test_a_connection_is_proved_by_an_unsigned_probe_before_it_is_free(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)

    (probe,) = world.venue.probes
    assert probe.target == "/trade-api/v2/exchange/status"
    assert not [name for name in probe.headers if name.startswith("kalshi")]
    assert world.connection.free
    assert world.connection.probe_ns > 0


async def test_a_connection_that_owes_a_response_is_not_free_until_it_was_taken(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)

    send(world.connection, "a")
    assert not world.connection.free
    await trio.sleep(1)
    assert not world.connection.free
    with pytest.raises(AssertionError, match="free connection"):
        send(world.connection, "b")

    await world.connection.response(1)
    assert world.connection.free


async def test_orders_follow_each_other_on_one_wire(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)

    for name in "abc":
        send(world.connection, name)
        response = await world.connection.response(1)
        assert f'"client_order_id": "{name}"'.encode() in response.body

    assert {seen.connection for seen in world.venue.seen} == {1}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (say_nothing, "no response within 1 s"),
        (after(1.5, raw(acceptance("a"))), "no response within 1 s"),
        (hang_up, "closed"),
        (raw(acceptance("a")[:40]), "no response within 1 s"),
        (raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "not HTTP"),
        (raw(b"HTTP/1.1 200 OK\r\n\r\nuntil I close"), "end cannot be told"),
    ],
    ids=["silence", "too late", "hung up", "cut off", "not http", "without an end"],
)
async def test_whatever_is_no_whole_response_in_time_is_lost_and_takes_the_wire_with_it(
    autojump_clock: MockClock, nursery: trio.Nursery, answer: Answer, why: str
) -> None:
    world = await a_world(nursery, answer)

    send(world.connection, "a")
    with pytest.raises(ResponseLost, match=why):
        await world.connection.response(1)

    assert not world.connection.free
    await trio.sleep(3)
    assert len(world.ends) == 1


async def test_a_response_that_comes_too_late_never_answers_the_next_order(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, after(1.01, raw(acceptance("a"))))
    send(world.connection, "a")
    with pytest.raises(ResponseLost):
        await world.connection.response(1)
    await world.serve()

    send(world.connection, "b")
    response = await world.connection.response(1)

    assert b'"client_order_id": "b"' in response.body
    assert [seen.connection for seen in world.venue.orders] == [1, 2]


async def test_a_new_wire_carries_nothing_before_the_loss_of_the_old_ones_response_was_taken(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, hang_up)
    send(world.connection, "a")
    await trio.sleep(1)
    assert world.ends == ["closed"]
    nursery.start_soon(world.serve)
    await trio.sleep(1)

    assert not world.connection.free
    with pytest.raises(ResponseLost):
        await world.connection.response(1)
    await trio.sleep(1)
    assert world.connection.free


async def test_a_venue_that_closes_after_its_response_has_still_answered(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    closing = reply(201, b"{}", "Connection: close")
    world = await a_world(nursery, raw(closing))

    send(world.connection, "a")
    response = await world.connection.response(1)

    assert response.status == 201
    assert not world.connection.free
    await trio.sleep(1)
    assert world.ends == ["the venue closes it after this response"]


async def test_a_venue_that_speaks_out_of_turn_is_not_listened_to_any_more(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, raw(acceptance("a") + b"HTTP/1.1 408 Timeout\r\n"))

    send(world.connection, "a")
    await world.connection.response(1)
    await trio.sleep(1)

    assert not world.connection.free
    assert len(world.ends) == 1


async def test_an_idle_wire_that_ends_is_noticed_without_sending_on_it(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)

    world.network.kill(world.endpoint)
    assert not world.connection.free
    await trio.sleep(1)

    assert world.ends == ["broken"]
    assert not world.connection.ready


async def test_an_order_sent_on_a_wire_that_is_gone_is_owed_and_then_lost(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)

    world.network.reset(world.endpoint)
    with pytest.raises(trio.BrokenResourceError):
        send(world.connection, "a")

    with pytest.raises(ResponseLost, match="gone when the request was sent"):
        await world.connection.response(1)


async def test_what_the_kernel_did_not_take_is_sent_by_flush(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, faults=Faults(short_write=1.0))

    unsent = send(world.connection, "a")
    assert unsent > 0
    await world.connection.flush(1)
    response = await world.connection.response(1)

    assert response.status == 201
    assert world.venue.orders[0].body.decode() == body("a")


async def test_a_flush_that_cannot_finish_gives_the_order_and_the_wire_up(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, faults=Faults(short_write=1.0))
    send(world.connection, "a")
    world.network.kill(world.endpoint)
    await trio.sleep(0.1)

    with pytest.raises(ResponseLost):
        await world.connection.flush(1)

    with pytest.raises(ResponseLost, match="no response is owed"):
        await world.connection.response(1)


async def test_whoever_stops_waiting_gives_the_wire_up(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, after(0.5, raw(acceptance("a"))))
    send(world.connection, "a")

    with trio.move_on_after(0.1):
        await world.connection.response(1)

    await trio.sleep(1)
    assert len(world.ends) == 1


async def test_a_discarded_order_gives_the_wire_up_and_a_free_connection_keeps_its_own(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery, say_nothing)
    world.connection.discard()
    assert world.connection.free

    send(world.connection, "a")
    world.connection.discard("nobody reads it")
    await trio.sleep(1)

    assert world.ends == ["nobody reads it"]


async def test_a_discarded_order_whose_response_is_there_keeps_the_wire(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)
    send(world.connection, "a")
    await trio.sleep(1)

    world.connection.discard()

    assert world.connection.free
    await trio.sleep(1)
    assert world.ends == []


async def test_a_wire_that_does_not_answer_its_probe_never_becomes_free(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)
    world.venue.probe = say_nothing

    with pytest.raises(ResponseLost, match="no response within 2 s"):
        await world.connection.probe()
    assert await world.connection.serve(lambda: pytest.fail("it was never proved")) != ""


async def test_a_probe_and_an_order_never_overlap(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)
    world.venue.probe = after(0.2, raw(reply(503, STATUS)))

    nursery.start_soon(world.connection.probe)
    await trio.sleep(0.1)
    free_meanwhile = world.connection.free
    await trio.sleep(0.5)

    assert not free_meanwhile
    # Any whole answer proves the wire; what it says is not the wire's business.
    assert world.connection.free
    send(world.connection, "a")
    with pytest.raises(AssertionError, match="overlap"):
        await world.connection.probe()


async def test_nobody_at_the_other_end_is_an_error_of_the_dial(autojump_clock: MockClock) -> None:
    connection = OrderConnection(
        env=SeededEnv(1, MemoryNetwork(1)), endpoint=Endpoint("nobody", 443)
    )

    with pytest.raises(OSError, match="nobody"):
        await connection.serve()


async def test_a_response_that_is_not_owed_cannot_be_waited_for(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    world = await a_world(nursery)

    with pytest.raises(ResponseLost, match="no response is owed"):
        await world.connection.response(1)
    with pytest.raises(ResponseLost, match="no response is owed"):
        await world.connection.flush(1)


@given(st.integers(0, 2**32), st.lists(st.binary(max_size=80), max_size=4))
@settings(max_examples=40, deadline=None)
def test_nothing_a_venue_can_say_is_worse_than_a_lost_response(
    seed: int, pieces: list[bytes]
) -> None:
    async def one() -> None:
        async with trio.open_nursery() as nursery:
            world = await a_world(nursery, raw(b"".join(pieces)), seed=seed)
            send(world.connection, "a")
            try:
                response = await world.connection.response(1)
            except ResponseLost:
                pass
            else:
                assert 100 <= response.status <= 599
            nursery.cancel_scope.cancel()

    run_seeded(seed, one)
