"""The two wires over real socket pairs: a trio stream in full, and sends that never wait."""

import errno
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing

from actors.runtime.tls import proving, trusting
from actors.runtime.wire import RECEIVE_BYTES, SocketWire, TlsWire
from tests.runtime.certificates import issue

Pair = tuple[SocketWire, SocketWire]
Maker = Callable[[], Awaitable[Pair]]


def sockets() -> tuple[socket.socket, socket.socket]:
    left, right = socket.socketpair()
    for end in (left, right):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        end.settimeout(0)
    return left, right


async def plain_pair() -> Pair:
    left, right = sockets()
    return SocketWire(left), SocketWire(right)


def clog(pair: Pair) -> Pair:
    """Leave both ends unable to send."""
    for wire in pair:
        while not wire.send_now(b"x" * 512):
            pass
    return pair


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    papers = issue(Path(tmp_path_factory.mktemp("tls")), "localhost")
    return trusting(papers.ca_file), proving(papers.server.certificate_file, papers.server.key_file)


@pytest.fixture
def tls_pair(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> Maker:
    async def make() -> Pair:
        left, right = sockets()
        client = TlsWire(left, contexts[0], server_hostname="localhost")
        server = TlsWire(right, contexts[1], server_side=True)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.handshake)
            nursery.start_soon(server.handshake)
        return client, server

    return make


@pytest.fixture(params=["plain", "tls"])
def make(request: pytest.FixtureRequest, tls_pair: Maker) -> Maker:
    return plain_pair if request.param == "plain" else tls_pair


async def test_a_wire_is_a_whole_trio_stream_with_a_half_close(make: Maker) -> None:
    async def clogged() -> Pair:
        return clog(await make())

    with trio.fail_after(30):
        await trio.testing.check_half_closeable_stream(make, clogged)
