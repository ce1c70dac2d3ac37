"""Laws of the order path over real sockets and real TLS, on this machine alone."""

import base64
from functools import partial
from pathlib import Path

import attrs
import pytest
import trio
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from actors.exchange.connection import OrderConnection, order_tail
from actors.exchange.errors import ResponseLost
from actors.exchange.keys import SigningKey
from actors.exchange.orders import OrderAccepted, OrderPool, OrderRefused, interpret
from actors.exchange.signing import ORDERS_PATH, HeaderRing, Signer
from actors.exchange.wire_orders import encode_order
from actors.model.money import CentiContracts, Pips
from actors.model.orders import OrderRequest, Ticker
from actors.runtime.env import Endpoint, RealEnv
from tests.exchange.certificates import Papers, issue
from tests.exchange.venue import Answer, Seen, Venue, hang_up, raw, reply, say_nothing

ED25519 = ed25519.Ed25519PrivateKey.generate()
RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
REFUSED = b'{"error":{"code":"insufficient_balance","message":"insufficient balance"}}'


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return issue(tmp_path_factory.mktemp("papers"))


def order(client_order_id: str) -> OrderRequest:
    return OrderRequest(
        client_order_id=client_order_id,
        ticker=Ticker("KXGAME-A"),
        side="bid",
        price_pips=Pips(5_600),
        count_centi=CentiContracts(100),
    )


@attrs.define(eq=False)
class World:
    """A venue behind TLS, a pool of connections to it, and signed headers in stock."""

    env: RealEnv
    venue: Venue
    pool: OrderPool
    sign: Signer
    ring: HeaderRing

    def send(self, client_order_id: str) -> OrderConnection:
        connection, headers = self.pool.take_free(), self.ring.take(self.env.now_ns())
        assert connection is not None
        assert headers is not None
        connection.send_now(headers, order_tail(encode_order(order(client_order_id))))
        return connection


async def a_world(
    nursery: trio.Nursery,
    papers: Papers,
    answers: dict[str, Answer] | None = None,
    *,
    key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey = ED25519,
    ca_file: str | None = None,
) -> World:
    env, venue = RealEnv(seed=1), Venue(answers=answers or {})
    bound: Endpoint = await nursery.start(
        partial(env.listen, Endpoint("127.0.0.1", 0), venue.serve, tls=papers.tls)
    )
    endpoint = attrs.evolve(bound, ca_file=ca_file or papers.ca_file)
    pool = OrderPool(
        [OrderConnection(env=env, endpoint=endpoint, index=index) for index in range(2)]
    )
    await nursery.start(pool.run)
    sign, ring = Signer(env=env, key_id="an-id", key=SigningKey(key)), HeaderRing()
    for _ in range(4):
        ring.add(await sign("POST", ORDERS_PATH))
    return World(env, venue, pool, sign, ring)


def signature(seen: Seen) -> bytes:
    assert seen.headers["kalshi-access-key"] == "an-id"
    return base64.b64decode(seen.headers["kalshi-access-signature"], validate=True)


def signed_text(seen: Seen) -> bytes:
    stamp = seen.headers["kalshi-access-timestamp"]
    return f"{stamp}POST/trade-api/v2/portfolio/events/orders".encode()


async def test_orders_on_two_connections_are_answered_each_by_its_own(
    nursery: trio.Nursery, papers: Papers
) -> None:
    with trio.fail_after(60):
        world = await a_world(nursery, papers)
        for _ in range(3):
            first, second = world.send("a"), world.send("b")
            for connection, name in ((second, "b"), (first, "a")):
                response = await connection.response(60)
                accepted = interpret(response, name)
                assert isinstance(accepted, OrderAccepted)
                assert accepted.order_id == f"venue-{name}"
            world.ring.add(await world.sign("POST", ORDERS_PATH))
            world.ring.add(await world.sign("POST", ORDERS_PATH))

    orders = world.venue.orders
    assert [seen.body.decode() for seen in orders[:1]] == [
        encode_order(order(orders[0].client_order_id))
    ]
    assert len({seen.headers["kalshi-access-signature"] for seen in orders}) == 6
    for seen in orders:
        ED25519.public_key().verify(signature(seen), signed_text(seen))


async def test_an_rsa_signature_arrives_whole(nursery: trio.Nursery, papers: Papers) -> None:
    with trio.fail_after(60):
        world = await a_world(nursery, papers, key=RSA)
        await world.send("a").response(60)

    (seen,) = world.venue.orders
    pss = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=32)
    RSA.public_key().verify(signature(seen), signed_text(seen), pss, SHA256())


async def test_a_refusal_is_a_refusal_and_leaves_the_connection_as_it_was(
    nursery: trio.Nursery, papers: Papers
) -> None:
    with trio.fail_after(60):
        world = await a_world(nursery, papers, {"a": raw(reply(400, REFUSED))})
        connection = world.send("a")
        refused = interpret(await connection.response(60), "a")

        assert isinstance(refused, OrderRefused)
        assert refused.code == "insufficient_balance"
        assert connection.free
        assert world.venue.connections == 2


@pytest.mark.parametrize("answer", [say_nothing, hang_up], ids=["silence", "hung up"])
async def test_a_lost_response_is_lost_and_its_connection_comes_back(
    nursery: trio.Nursery, papers: Papers, answer: Answer
) -> None:
    with trio.fail_after(60):
        world = await a_world(nursery, papers, {"a": answer})
        broken = world.send("a")
        with pytest.raises(ResponseLost):
            await broken.response(0.2)

        while world.pool.ready_count < 2:  # noqa: ASYNC110 - a real socket tells no event
            await trio.sleep(0.01)
        assert (await world.send("b").response(60)).status == 201


async def test_a_venue_whose_papers_are_not_to_be_trusted_is_never_sent_anything(
    nursery: trio.Nursery, papers: Papers, tmp_path: Path
) -> None:
    other = issue(tmp_path)
    with trio.fail_after(60):
        world = await a_world(nursery, papers, ca_file=other.ca_file)

    assert world.pool.ready_count == 0
    assert world.pool.take_free() is None
    assert world.venue.seen == []
