"""The two wires over real sockets: trio streams in full, and sends that never wait."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio
import trio.testing
from hypothesis import HealthCheck, given, settings, strategies as st

from actors.runtime.tls import TlsWire, proving, trusting
from actors.runtime.wire import SocketWire
from tests.runtime.certificates import Papers, issue

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
    """Leave both ends with more to send than the kernel takes."""
    for wire in pair:
        while not wire.send_now(b"x" * 512):
            pass
    return pair


async def read_all(wire: trio.abc.ReceiveStream) -> bytes:
    got = b""
    while chunk := await wire.receive_some():
        got += chunk
    return got


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return issue(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture(scope="module")
def client_context(papers: Papers) -> ssl.SSLContext:
    return trusting(papers.ca_file)


@pytest.fixture(scope="module")
def server_context(papers: Papers) -> ssl.SSLContext:
    return proving(papers.server.certificate_file, papers.server.key_file)


@pytest.fixture(scope="module")
def tls_pair(client_context: ssl.SSLContext, server_context: ssl.SSLContext) -> Maker:
    async def make() -> tuple[TlsWire, TlsWire]:
        left, right = sockets()
        client = TlsWire(left, client_context, server_hostname="localhost")
        server = TlsWire(right, server_context, server_side=True)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.handshake)
            nursery.start_soon(server.handshake)
        return client, server

    return make


@pytest.fixture(scope="module", params=["plain", "tls"])
def make(request: pytest.FixtureRequest, tls_pair: Maker) -> Maker:
    return plain_pair if request.param == "plain" else tls_pair


async def test_a_wire_is_a_whole_trio_stream_with_a_half_close(make: Maker) -> None:
    async def clogged() -> Pair:
        return clog(await make())

    with trio.fail_after(60):
        await trio.testing.check_half_closeable_stream(make, clogged)


sends = st.lists(
    st.tuples(st.sampled_from(["now", "all", "flush"]), st.integers(0, 40_000)), max_size=8
)


@given(plan=sends)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
async def test_bytes_arrive_once_and_in_order_however_they_were_sent(
    make: Maker, plan: list[tuple[str, int]]
) -> None:
    near, far = await make()
    got: list[bytes] = []

    async def read() -> None:
        got.append(await read_all(far))

    async with far, trio.open_nursery() as nursery:
        nursery.start_soon(read)
        said = b""
        for number, (how, size) in enumerate(plan):
            data = bytes([number]) * size
            match how:
                case "now":
                    near.send_now(data)
                case "all":
                    await near.send_all(data)
                case _:
                    data = b""
                    await near.flush()
            said += data
        await near.flush()
        await near.aclose()

    assert got == [said]


async def test_sending_now_never_waits_and_says_what_is_left(make: Maker) -> None:
    near, far = await make()
    async with near, far:
        with trio.testing.assert_no_checkpoints():
            clog((near, near))
            left = near.send_now(b"last words")

        assert left > len(b"last words")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(near.flush)
            got = b""
            while not got.endswith(b"last words"):
                got += await far.receive_some()
        assert near.send_now(b"") == 0


async def test_nobody_sends_while_another_task_does(make: Maker) -> None:
    near, far = clog(await make())
    async with near, far, trio.open_nursery() as nursery:
        nursery.start_soon(near.flush)
        await trio.testing.wait_all_tasks_blocked()

        with pytest.raises(trio.BusyResourceError):
            near.send_now(b"x")
        with pytest.raises(trio.BusyResourceError):
            await near.flush()

        nursery.cancel_scope.cancel()


async def test_a_send_cancelled_midway_breaks_sending_and_leaves_reading(make: Maker) -> None:
    near, far = clog(await make())
    async with near, far:
        with trio.move_on_after(0.05):
            await near.send_all(b"y" * 100_000)

        with pytest.raises(trio.BrokenResourceError):
            near.send_now(b"z")
        with pytest.raises(trio.BrokenResourceError):
            await near.send_all(b"z")
        with pytest.raises(trio.BrokenResourceError):
            await near.flush()
        assert (await near.receive_some(1)) == b"x"


async def test_a_send_cancelled_before_its_first_byte_breaks_nothing(make: Maker) -> None:
    near, far = await make()
    async with near, far:
        with trio.CancelScope() as scope:
            scope.cancel()
            await near.send_all(b"never sent")

        assert near.send_now(b"sent") == 0
        assert await far.receive_some() == b"sent"


async def test_a_receive_cancelled_loses_nothing(make: Maker) -> None:
    near, far = await make()
    async with near, far:
        for _ in range(3):
            with trio.move_on_after(0.01):
                await far.receive_some()
        near.send_now(b"still here")

        assert await far.receive_some() == b"still here"


async def test_an_idle_wire_knows_whether_something_waits_to_be_read(make: Maker) -> None:
    near, far = await make()
    async with near, far:
        assert not far.has_unread()
        near.send_now(b"xy")
        assert far.has_unread()
        assert await far.receive_some() == b"xy"
        assert not far.has_unread()
        await near.aclose()
        assert far.has_unread()
        assert not near.has_unread()


async def test_half_a_record_read_still_counts_as_unread(tls_pair: Maker) -> None:
    near, far = await tls_pair()
    async with near, far:
        near.send_now(b"xy")
        assert await far.receive_some(1) == b"x"
        assert far.has_unread()


async def test_an_end_without_a_goodbye_in_tls_is_still_an_end(
    client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    left, right = sockets()
    client = TlsWire(left, client_context, server_hostname="localhost")
    server = TlsWire(right, server_context, server_side=True)
    async with client, server:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.handshake)
            nursery.start_soon(server.handshake)
        server.send_now(b"and then")
        right.shutdown(socket.SHUT_RDWR)

        assert await read_all(client) == b"and then"
        assert await client.receive_some() == b""


async def test_bytes_that_are_not_tls_break_the_wire(
    client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    left, right = sockets()
    client = TlsWire(left, client_context, server_hostname="localhost")
    server = TlsWire(right, server_context, server_side=True)
    async with client, server:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.handshake)
            nursery.start_soon(server.handshake)
        right.send(b"HTTP/1.1 400 this was never encrypted\r\n\r\n")

        for _ in range(2):
            with pytest.raises(trio.BrokenResourceError):
                await client.receive_some()
        with pytest.raises(trio.BrokenResourceError):
            client.send_now(b"x")


async def test_nothing_is_sent_before_the_handshake(client_context: ssl.SSLContext) -> None:
    left, right = sockets()
    async with TlsWire(left, client_context, server_hostname="localhost") as client:
        with right, pytest.raises(RuntimeError, match="handshake"):
            client.send_now(b"in the clear?")


async def test_our_client_speaks_with_a_trio_server(
    client_context: ssl.SSLContext, papers: Papers
) -> None:
    # A server context of trio's own making: it sends session tickets behind our back.
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(papers.server.certificate_file, papers.server.key_file)
    left, right = sockets()
    client = TlsWire(left, client_context, server_hostname="localhost")
    server = trio.SSLStream(
        trio.SocketStream(trio.socket.from_stdlib_socket(right)), context, server_side=True
    )
    with trio.fail_after(60):
        async with client, server:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(client.handshake)
                nursery.start_soon(server.do_handshake)
            for size in (1, 100, 50_000):
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(server.send_all, b"s" * size)
                    nursery.start_soon(client.send_all, b"c" * size)
                    got = b""
                    while len(got) < size:
                        got += await client.receive_some()
                    back = b""
                    while len(back) < size:
                        back += bytes(await server.receive_some())
                assert (got, back) == (b"s" * size, b"c" * size)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(client.aclose)
                assert await server.receive_some() == b""


async def test_a_trio_client_speaks_with_our_server(
    client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    left, right = sockets()
    client = trio.SSLStream(
        trio.SocketStream(trio.socket.from_stdlib_socket(left)),
        client_context,
        server_hostname="localhost",
    )
    server = TlsWire(right, server_context, server_side=True)
    with trio.fail_after(60):
        async with client, server:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(client.do_handshake)
                nursery.start_soon(server.handshake)
            assert server.send_now(b"first") == 0
            assert await client.receive_some() == b"first"
            await client.send_all(b"second")
            assert await server.receive_some() == b"second"
            async with trio.open_nursery() as nursery:
                nursery.start_soon(client.aclose)
                assert await server.receive_some() == b""


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl program")
async def test_a_server_that_changes_its_keys_gets_ours_with_the_next_bytes(
    papers: Papers, client_context: ssl.SSLContext
) -> None:
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-msg", "-tls1_3"]
    command += ["-cert", papers.server.certificate_file, "-key", papers.server.key_file]
    process = await trio.lowlevel.open_process(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with trio.fail_after(60):
            said = await heard(process.stdout, b"ACCEPT 127.0.0.1:")
            while not said.endswith(b"\n"):
                said += await heard(process.stdout, b"\n")
            port = int(said.rpartition(b":")[2])
            raw = (await trio.open_tcp_stream("127.0.0.1", port)).socket
            bare = socket.socket(fileno=raw.detach())
            bare.settimeout(0)
            async with TlsWire(bare, client_context, server_hostname="localhost") as client:
                await client.handshake()
                await heard(process.stdout, b"CIPHER")
                await process.stdin.send_all(b"hello\n")
                assert await client.receive_some() == b"hello\n"
                # "K" on a line of its own: a key update that asks for ours in return.
                await process.stdin.send_all(b"K\n")
                await trio.lowlevel.wait_readable(bare)
                await process.stdin.send_all(b"from the server\n")
                assert await client.receive_some() == b"from the server\n"
                assert client.send_now(b"from the client\n") == 0
                said = await heard(process.stdout, b"from the client")
                assert b"<<< TLS 1.3, Handshake [length 0005], KeyUpdate" in said
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
            await process.stdin.aclose()
            await process.stdout.aclose()


async def heard(stdout: trio.abc.ReceiveStream, words: bytes) -> bytes:
    got = b""
    while words not in got:
        chunk = await stdout.receive_some()
        assert chunk, got
        got += chunk
    return got


def test_the_certificates_of_these_tests_satisfy_a_strict_reader(tmp_path: Path) -> None:
    papers = issue(tmp_path, "localhost", "127.0.0.1")
    context = trusting(papers.ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT

    assert len(context.get_ca_certs()) == 1
