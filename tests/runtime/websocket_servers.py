"""Servers that behave, and servers that do not, for a WebSocket client to meet."""

import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import attrs
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_server_stream

from actors.runtime.env import Endpoint, Env, ServerTls
from actors.runtime.memory import MemoryNetwork, SeededEnv

Script = Callable[[trio.abc.Stream], Awaitable[None]]
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"


@asynccontextmanager
async def serving(
    script: Script, env: Env | None = None, tls: ServerTls | None = None
) -> AsyncIterator[tuple[Env, str]]:
    env = env or SeededEnv(1, MemoryNetwork(1))

    async def listen(task_status: trio.TaskStatus[Endpoint]) -> None:
        await env.listen(Endpoint("127.0.0.1", 0), script, tls=tls, task_status=task_status)

    async with trio.open_nursery() as nursery:
        there = await nursery.start(listen)
        yield env, f"ws{'s' if tls else ''}://{there.authority}"
        nursery.cancel_scope.cancel()


def polite(talk: Callable[[WebSocketConnection], Awaitable[None]]) -> Script:
    """Serve with trio-websocket, which answers pings and goodbyes by itself."""

    async def script(stream: trio.abc.Stream) -> None:
        async with trio.open_nursery() as nursery:
            connection = await (await wrap_server_stream(nursery, stream)).accept()
            try:
                await talk(connection)
            except ConnectionClosed:
                nursery.cancel_scope.cancel()

    return script


async def echo(connection: WebSocketConnection) -> None:
    while True:
        await connection.send_message(await connection.get_message())


@attrs.define
class Rude:
    """Shakes hands, says its bytes, and then only keeps what it hears."""

    says: bytes = b""
    hangs_up: bool = False
    heard: bytearray = attrs.field(factory=bytearray)

    async def script(self, stream: trio.abc.Stream) -> None:
        await stream.send_all(accepting(await request(stream)) + self.says)
        if self.hangs_up:
            await stream.aclose()
            return
        while chunk := await stream.receive_some():
            self.heard += chunk


async def request(stream: trio.abc.Stream) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        chunk = await stream.receive_some()
        assert chunk
        head += chunk
    return head


def accepting(head: bytes) -> bytes:
    key = next(line[19:] for line in head.split(b"\r\n") if line[:18] == b"Sec-WebSocket-Key:")
    token = base64.b64encode(
        hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()  # noqa: S324 - RFC 6455
    )
    return SWITCHING + b"Sec-WebSocket-Accept: " + token + b"\r\n\r\n"


def text(said: bytes) -> bytes:
    return bytes((0x81, len(said))) + said


def closing(code: int, why: bytes) -> bytes:
    return bytes((0x88, 2 + len(why))) + code.to_bytes(2, "big") + why


def masked_close(code: int) -> bytes:
    return bytes((0x88, 0x82, 0, 0, 0, 0)) + code.to_bytes(2, "big")
