"""The machine's own door: clocks, chance, loopback TCP and TLS, threads."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing
from hypothesis import given, strategies as st

from actors.runtime import env as env_module
from actors.runtime.env import BadEndpoint, Endpoint, Env, RealEnv, Serve, ServerTls
from tests.runtime.certificates import Papers, issue

HERE = Endpoint("127.0.0.1", 0)


@pytest.fixture
def env() -> RealEnv:
    return RealEnv()


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return issue(tmp_path_factory.mktemp("tls"), "127.0.0.1")


async def echo(stream: trio.abc.Stream) -> None:
    while data := await stream.receive_some():
        await stream.send_all(data)


@asynccontextmanager
async def listening(
    env: RealEnv, serve: Serve, tls: ServerTls | None = None, max_connections: int = 1024
) -> AsyncIterator[Endpoint]:
    async with trio.open_nursery() as nursery:
        listen = partial(env.listen, HERE, serve, tls=tls, max_connections=max_connections)
        with trio.fail_after(60):
            yield await nursery.start(listen)
        nursery.cancel_scope.cancel()


async def ask(env: Env, endpoint: Endpoint, data: bytes) -> bytes:
    async with await env.dial(endpoint) as wire:
        assert wire.send_now(data) == 0
        got = b""
        while len(got) < len(data):
            chunk = await wire.receive_some()
            if not chunk:
                break
            got += chunk
        return got


hosts = st.sampled_from(["example.com", "127.0.0.1", "::1"])


@given(
    scheme=st.sampled_from(["http", "https", "ws", "wss"]),
    host=hosts,
    port=st.integers(1, 65535),
    path=st.sampled_from(["", "/", "/a/b?c=d"]),
)
def test_a_url_names_its_host_its_port_and_whether_tls_ends_there(
    scheme: str, host: str, port: int, path: str
) -> None:
    shown = f"[{host}]" if ":" in host else host

    endpoint = Endpoint.parse(f"{scheme}://{shown}:{port}{path}", "ca.pem")

    tls = scheme in {"https", "wss"}
    assert endpoint == Endpoint(host, port, tls, "ca.pem" if tls else None)
    assert endpoint.authority == f"{shown}:{port}"


def test_a_url_without_a_port_means_its_schemes_own() -> None:
    assert Endpoint.parse("wss://example.com/ws") == Endpoint("example.com", 443, tls=True)
    assert Endpoint.parse("http://example.com") == Endpoint("example.com", 80)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com",
        "http://",
        "http://a:b",
        "http://a:70000",
        "ws://[::1",
    ],
)
def test_a_url_that_names_nothing_to_dial_is_refused(url: str) -> None:
    with pytest.raises(BadEndpoint):
        Endpoint.parse(url)


def test_clocks_go_forward(env: RealEnv) -> None:
    stamps = [env.now_ns() for _ in range(100)]

    assert stamps == sorted(stamps)
    assert env.wall_ns() > 1_700_000_000_000_000_000


def test_each_name_has_one_stream_and_a_seed_repeats_it(env: RealEnv) -> None:
    assert env.rng("jitter") is env.rng("jitter")
    assert env.rng("jitter").random() != env.rng("backoff").random()
    assert RealEnv(5).rng("jitter").random() == RealEnv(5).rng("jitter").random()
    assert RealEnv().rng("jitter").random() != RealEnv().rng("jitter").random()


async def test_what_is_dialled_is_what_is_served(env: RealEnv) -> None:
    async with listening(env, echo) as there:
        assert there.port > 0
        assert await ask(env, there, b"plain" * 1000) == b"plain" * 1000


async def test_tls_ends_inside_and_an_address_can_be_proved(env: RealEnv, papers: Papers) -> None:
    async with listening(env, echo, papers.server) as there:
        assert there.tls
        trusted = Endpoint(there.host, there.port, tls=True, ca_file=papers.ca_file)
        assert await ask(env, trusted, b"secret" * 10_000) == b"secret" * 10_000


async def test_a_server_nobody_vouches_for_is_not_talked_to(
    env: RealEnv, papers: Papers, tmp_path: Path
) -> None:
    stranger = issue(tmp_path, "127.0.0.1")
    async with listening(env, echo, papers.server) as there:
        distrusted = Endpoint(there.host, there.port, tls=True, ca_file=stranger.ca_file)
        with pytest.raises(OSError, match=r"127\.0\.0\.1:\d+: certificate not trusted"):
            await env.dial(distrusted)
        # The listener survives it, and so does the next client.
        trusted = Endpoint(there.host, there.port, tls=True, ca_file=papers.ca_file)
        assert await ask(env, trusted, b"x") == b"x"


async def test_a_certificate_for_another_name_is_not_trusted(env: RealEnv, tmp_path: Path) -> None:
    papers = issue(tmp_path, "example.com")
    async with listening(env, echo, papers.server) as there:
        with pytest.raises(OSError, match="certificate not trusted"):
            await env.dial(Endpoint(there.host, there.port, tls=True, ca_file=papers.ca_file))


async def test_a_server_that_speaks_no_tls_is_a_connection_error(env: RealEnv) -> None:
    async def plain(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with listening(env, plain) as there:
        with pytest.raises(ConnectionError, match="TLS handshake failed"):
            await env.dial(Endpoint(there.host, there.port, tls=True))


async def test_nobody_listening_is_an_os_error(env: RealEnv) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can take it

        with pytest.raises(OSError, match="connect"):
            await env.dial(Endpoint("127.0.0.1", taken.getsockname()[1]))


@pytest.mark.parametrize("host", ["a" * 80 + ".example", "no such host"])
async def test_a_host_name_that_cannot_be_is_an_os_error(env: RealEnv, host: str) -> None:
    with pytest.raises(OSError, match=r".+"):
        await env.dial(Endpoint(host, 80))


async def test_an_authority_that_cannot_be_read_is_named(env: RealEnv, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("")

    for ca_file in (str(empty), str(tmp_path / "missing.pem")):
        with pytest.raises(OSError, match=r"no authority to trust in '.*\.pem'"):
            await env.dial(Endpoint("127.0.0.1", 1, tls=True, ca_file=ca_file))


async def test_a_certificate_that_cannot_be_read_is_named(env: RealEnv, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"cannot use certificate '.*missing\.pem'"):
        await env.listen(HERE, echo, tls=ServerTls(str(tmp_path / "missing.pem"), "missing.key"))


async def test_an_address_in_use_is_an_os_error(env: RealEnv) -> None:
    async with listening(env, echo) as there:
        with pytest.raises(OSError, match="in use"):
            await env.listen(there, echo)


async def test_a_serve_task_that_raises_ends_only_its_own_connection(
    env: RealEnv, capfd: pytest.CaptureFixture[str]
) -> None:
    async def brittle(stream: trio.abc.Stream) -> None:
        data = bytes(await stream.receive_some())
        if data == b"break":
            raise ZeroDivisionError("our own fault")
        await stream.send_all(data)
        await stream.receive_some()

    async with listening(env, brittle) as there, await env.dial(there) as healthy:
        healthy.send_now(b"healthy")
        assert await healthy.receive_some() == b"healthy"
        assert await ask(env, there, b"break") == b""
        assert await ask(env, there, b"again") == b"again"

    assert "ZeroDivisionError: our own fault" in capfd.readouterr().out


async def test_more_connections_than_allowed_wait_for_their_turn(env: RealEnv) -> None:
    async with listening(env, echo, max_connections=1) as there, await env.dial(there) as served:
        served.send_now(b"x")
        assert await served.receive_some() == b"x"
        async with await env.dial(there) as waiting:
            waiting.send_now(b"y")
            with trio.move_on_after(0.05) as patience:
                await waiting.receive_some()
            assert patience.cancelled_caught
            await served.aclose()
            assert await waiting.receive_some() == b"y"


async def test_a_client_that_never_shakes_hands_is_dropped(
    env: RealEnv, papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(env_module, "HANDSHAKE_S", 0.1)
    async with (
        listening(env, echo, papers.server) as there,
        await env.dial(attrs.evolve(there, tls=False)) as mute,
    ):
        assert await mute.receive_some() == b""


async def test_a_dial_cancelled_leaks_nothing(env: RealEnv) -> None:
    async def silent(stream: trio.abc.Stream) -> None:
        await stream.receive_some()
        await trio.sleep_forever()

    async with listening(env, silent) as there:
        with trio.move_on_after(0.05) as patience:
            await env.dial(Endpoint(there.host, there.port, tls=True))
        assert patience.cancelled_caught


async def test_blocking_work_is_waited_for_even_when_cancelled(env: RealEnv) -> None:
    assert await env.blocking(divmod, 17, 5) == (3, 2)
    with pytest.raises(ZeroDivisionError):
        await env.blocking(divmod, 1, 0)

    reader, writer = os.pipe()
    got: list[bytes] = []

    async def read(task_status: trio.TaskStatus[trio.CancelScope]) -> None:
        with trio.CancelScope() as scope:
            task_status.started(scope)
            got.append(await env.blocking(os.read, reader, 1))

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            scope = await nursery.start(read)
            await trio.testing.wait_all_tasks_blocked()
            scope.cancel()
            os.write(writer, b"!")
    os.close(reader)
    os.close(writer)
    assert got == [b"!"]
