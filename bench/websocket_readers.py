"""What reading a feed costs: our own WebSocket reader beside trio-websocket's, on loopback.

Run as ``.venv/bin/python bench/websocket_readers.py``; it takes most of a minute. A
second process sends frames that carry the moment of their sending; the feed actor of
this one reads them, by either reader in turn. Printed are the time from the send until
``decode`` is called, and the process's own time for each message at a venue's pace.
"""

import base64
import contextlib
import gc
import hashlib
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from time import sleep as pause  # noqa: TID251 - the peer is a process of its own, without actors
from typing import Final

import attrs
import trio
import trio_websocket

sys.path.insert(0, str(Path(__file__).parent.parent))

from actors.feeds import websocket
from actors.feeds.codecs import Decoded
from actors.feeds.errors import FeedLost
from actors.feeds.feed import Connect, Epochs, Feed, FeedHealth, Frames
from actors.runtime.env import Env, RealEnv
from actors.runtime.health import Health
from actors.runtime.latest import Latest
from actors.runtime.websocket_frames import Heard

ROUNDS: Final = 4
FRAMES: Final = 1_000
"""Of one round, one to six milliseconds apart: as goals are, nobody waits for the next."""
WARM: Final = 100
"""Frames of each round that do not count."""
PACE_FRAMES: Final = 4_000
PACE_S: Final = 1 / 2_000
STAMP: Final = 20
FILLING: Final = "x" * 280
GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
SAID: Final = [Decoded(kind="heartbeat")]


def peer() -> None:
    """Serve one connection after the other: the path says how many frames, at which pace."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                _play(connection)


def _play(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    lines = connection.recv(65_536).split(b"\r\n")
    key = next(line.partition(b": ")[2] for line in lines if b"key:" in line.lower())
    token = base64.b64encode(hashlib.sha1(key + GUID).digest())  # noqa: S324 - as RFC 6455 says
    head = b"HTTP/1.1 101 -\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    connection.sendall(head + b"Sec-WebSocket-Accept: " + token + b"\r\n\r\n")
    paced = lines[0].split()[1] == b"/paced"
    rng = random.Random(1)  # noqa: S311 - pauses between frames
    pause(0.1)
    due = time.monotonic()
    for _ in range(PACE_FRAMES if paced else FRAMES):
        due += PACE_S if paced else rng.uniform(0.001, 0.006)
        pause(max(0.0, due - time.monotonic()))
        size = STAMP + len(FILLING)
        text = f"{time.monotonic_ns():0{STAMP}d}{FILLING}".encode()
        connection.send(b"\x81\x7e" + size.to_bytes(2, "big") + text)
    connection.send(b"\x88\x02\x03\xe8")
    connection.recv(65_536)


@asynccontextmanager
async def over_trio_websocket(env: Env, url: str) -> AsyncIterator[Frames]:
    """Connect as feeds did before they had a reader of their own."""
    async with trio_websocket.open_websocket_url(
        url, message_queue_size=256, receive_buffer_size=65_536, disconnect_timeout=1.0
    ) as messages:
        yield _Stamped(env, messages)


@attrs.frozen
class _Stamped:
    env: Env
    messages: trio_websocket.WebSocketConnection

    async def hear(self) -> Heard:
        try:
            message: bytes | str = await self.messages.get_message()
        except trio_websocket.ConnectionClosed as error:
            raise FeedLost(str(error)) from error
        return Heard(message, self.env.now_ns(), self.env.wall_ns())

    async def send(self, text: str) -> None:
        await self.messages.send_message(text)


async def read(connect: Connect) -> tuple[list[float], float]:
    """Run one feed over one connection; return its delays in µs, and its own µs a message."""
    delays: list[float] = []

    def decode(frame: bytes | str) -> list[Decoded]:
        delays.append((time.monotonic_ns() - int(frame[:STAMP])) / 1e3)
        return SAID

    feed = Feed(
        name="alpha",
        connect=connect,
        decode=decode,
        to_arbiter=lambda _: None,
        env=RealEnv(),
        epochs=Epochs(),
        vitals=Latest(FeedHealth()),
        health=Health("alpha"),
    )
    began_s = time.process_time()
    with contextlib.suppress(FeedLost):
        await feed.run()
    return delays[WARM:], (time.process_time() - began_s) * 1e6 / len(delays)


def compare(port: int) -> None:
    """Measure both readers in turn, and print."""
    url = f"ws://127.0.0.1:{port}"
    readers = {"own reader": websocket.connect, "trio-websocket": over_trio_websocket}
    delays: dict[str, list[float]] = {name: [] for name in readers}
    costs: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(ROUNDS):
        for name, connect in readers.items():
            delays[name] += trio.run(read, partial(connect, RealEnv(), f"{url}/apart"))[0]
            costs[name].append(trio.run(read, partial(connect, RealEnv(), f"{url}/paced"))[1])
    for name in readers:
        cuts = statistics.quantiles(delays[name], n=100)
        sys.stdout.write(
            f"{name:15} sent -> decode p50 {cuts[49]:6.0f} µs  p99 {cuts[98]:6.0f} µs   "
            f"own time at {1 / PACE_S:.0f}/s {statistics.median(costs[name]):5.0f} µs a message\n"
        )


def main() -> None:
    """Start the other process and compare."""
    command = [sys.executable, __file__, "peer"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        try:
            gc.collect()
            gc.freeze()
            gc.disable()
            compare(int(other.stdout.readline()))
        finally:
            other.kill()


if __name__ == "__main__":
    if sys.argv[1:] == ["peer"]:
        peer()
    else:
        main()
