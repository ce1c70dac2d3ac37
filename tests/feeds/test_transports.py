"""A profile's feed table, and what carries the feed it names."""

import gc
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import attrs
import pytest
import trio

from actors.config.profile import Feed as FeedSettings
from actors.feeds.codecs import polymarket
from actors.feeds.errors import FeedError, FeedUnreachable
from actors.feeds.transports import carrier
from actors.runtime.env import Endpoint
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.runtime.secret import Secret
from actors.runtime.serve import Request, Response, serve_connection


def settings(transport: str, codec: str, secret_file: str = "") -> FeedSettings:
    return FeedSettings(
        name="charlie",
        transport=transport,  # type: ignore[arg-type]  # the test is about what is refused
        codec=codec,  # type: ignore[arg-type]  # the same
        url="ws://127.0.0.1:9/hub",
        role="trigger",
        secret_file=secret_file,
    )


def test_a_raw_socket_answers_pings_and_the_others_do_so_themselves() -> None:
    env = SeededEnv(1, MemoryNetwork(1))
    assert carrier(env, settings("ws_json", "polymarket")).answers == {"ping": "pong"}
    assert carrier(env, settings("ws_json", "polymarket")).decode is polymarket.decode
    for transport in ("signalr", "lightstreamer"):
        assert carrier(env, settings(transport, "fields")).answers == {}


@pytest.mark.parametrize(("transport", "codec"), [("ws_json", "fields"), ("signalr", "polymarket")])
def test_a_transport_carries_only_its_own_codecs(transport: str, codec: str) -> None:
    with pytest.raises(ValueError, match="does not carry"):
        settings(transport, codec)


@pytest.mark.parametrize("transport", ["signalr", "lightstreamer"])
async def test_a_secret_that_cannot_be_read_costs_the_feed_and_nothing_else(
    transport: str, tmp_path: Path
) -> None:
    env = SeededEnv(1, MemoryNetwork(1))
    two_lines = tmp_path / "two"
    two_lines.write_text("one\ntwo\n")
    for file in (tmp_path / "none", two_lines, tmp_path):
        way = carrier(env, settings(transport, "fields", str(file)))
        with pytest.raises(FeedUnreachable, match="secret_file"):
            async with way.connect():
                raise AssertionError("nobody gets this far")


@pytest.mark.parametrize("transport", ["signalr", "lightstreamer"])
async def test_nobody_there_is_unreachable(transport: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hush\n")
    way = carrier(SeededEnv(1, MemoryNetwork(1)), settings(transport, "fields", str(secret)))
    with pytest.raises(FeedUnreachable):
        async with way.connect():
            raise AssertionError("nobody gets this far")


CANARY = "swordfish-of-nobody"


def shown_by(start: object) -> Iterator[str]:
    """Yield every text that can be reached from an object, but for what a ``Secret`` holds."""
    seen: dict[int, object] = {}
    left = [start]
    while left:
        found = left.pop()
        skipped = isinstance(found, Secret | type | ModuleType | FunctionType | CodeType)
        if skipped or id(found) in seen:
            continue
        seen[id(found)] = found
        if isinstance(found, str | bytes):
            yield str(found)
        left += gc.get_referents(found)


@pytest.mark.parametrize(
    ("transport", "codec"),
    [
        ("ws_json", "polymarket"),
        ("signalr", "fields"),
        ("signalr_classic", "fields"),
        ("lightstreamer", "fields"),
        ("sse", "txline"),
    ],
)
async def test_what_carries_a_feed_holds_its_secrets_as_secrets(
    transport: str, codec: str, tmp_path: Path
) -> None:
    network = MemoryNetwork(1)
    env, provider = SeededEnv(1, network), SeededEnv(2, network)
    env.disk.write_whole("/headers", f"X-Key: {CANARY}\n".encode(), 0o600)
    secret = tmp_path / "secret"
    secret.write_text(f"{CANARY}\n")
    asked: list[bytes] = []

    async def hear(stream: trio.abc.Stream) -> None:
        asked.append(bytes(await stream.receive_some()))

    async with trio.open_nursery() as nursery:
        where: Endpoint = await nursery.start(provider.listen, Endpoint("127.0.0.1", 0), hear)
        plain = settings(transport, codec, str(secret))
        way = carrier(
            env, attrs.evolve(plain, url=f"ws://{where.authority}/x", header_file="/headers")
        )
        with pytest.raises(FeedError) as raised:
            async with way.connect() as frames:
                await frames.hear()
        nursery.cancel_scope.cancel()

    texts = list(shown_by((way.connect, way.decode)))
    assert any("127.0.0.1" in text for text in texts), "it was looked at"
    assert not [text for text in texts if CANARY in text]
    assert CANARY not in f"{raised.value!r} {way!r}"
    if transport != "lightstreamer":  # It shows its password once a session is asked for.
        assert CANARY.encode() in asked[0]


@pytest.mark.parametrize("written", [b"X-Key: hush\n", b"# of ours\n\nX-Key: hush\n"])
async def test_a_raw_socket_shows_the_headers_that_its_file_holds(written: bytes) -> None:
    network = MemoryNetwork(1)
    env, provider = SeededEnv(1, network), SeededEnv(2, network)
    env.disk.write_whole("/headers", written, 0o600)
    shown: list[str | None] = []

    async def refuse(request: Request) -> Response:
        shown.append(request.header("x-key"))
        return Response(403, b"")

    async with trio.open_nursery() as nursery:
        where: Endpoint = await nursery.start(
            provider.listen, Endpoint("127.0.0.1", 0), partial(serve_connection, handler=refuse)
        )
        plain = settings("ws_json", "polymarket")
        url = f"ws://{where.authority}/ws"
        for file in ("/headers", ""):
            way = carrier(env, attrs.evolve(plain, url=url, header_file=file))
            with pytest.raises(FeedUnreachable, match="403"):
                async with way.connect():
                    raise AssertionError("nobody gets this far")
        nursery.cancel_scope.cancel()

    assert shown == ["hush", None]
