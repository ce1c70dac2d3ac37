"""A small seeded world that speaks HTTP and WebSocket; prints what happened as one hash.

Run as a program by ``test_memory.py``, in processes with different hash seeds.
"""

import hashlib
import sys

import attrs
import trio
from trio_websocket import ConnectionClosed, wrap_server_stream

from actors.runtime.env import Endpoint, Env
from actors.runtime.http import HttpClient, HttpFailed
from actors.runtime.memory import Faults, MemoryNetwork, SeededEnv, run_seeded
from actors.runtime.websocket import open_websocket
from actors.runtime.websocket_frames import WebSocketFailed

DAY_S = 60.0
FAULTS = Faults(refuse=0.05, drop=0.01, cut=0.01, late=0.02, late_s=3.0, short_write=0.1)


@attrs.define
class Day:
    """What happened, in order, without a byte of what went over the wire."""

    env: Env
    lines: list[str] = attrs.field(factory=list)

    def note(self, *what: object) -> None:
        self.lines.append(" ".join(map(str, (self.env.now_ns(), *what))))

    def digest(self) -> str:
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()


async def answer(stream: trio.abc.Stream) -> None:
    """Serve HTTP: each request is told how many came before it on its connection."""
    asked = 0
    buffer = b""
    while chunk := await stream.receive_some():
        buffer += chunk
        while b"\r\n\r\n" in buffer:
            _, _, buffer = buffer.partition(b"\r\n\r\n")
            body = str(asked).encode()
            asked += 1
            head = b"HTTP/1.1 200 OK\r\nContent-Length: " + str(len(body)).encode()
            await stream.send_all(head + b"\r\n\r\n" + body)


async def push(env: Env, stream: trio.abc.Stream) -> None:
    """Serve WebSocket: a number each half second, give or take."""
    async with trio.open_nursery() as nursery:
        connection = await (await wrap_server_stream(nursery, stream)).accept()
        try:
            for number in range(1000):
                await connection.send_message(str(number))
                await trio.sleep(env.rng("pace").uniform(0.2, 0.8))
        except ConnectionClosed:
            nursery.cancel_scope.cancel()


async def poll(day: Day, there: Endpoint) -> None:
    async with HttpClient(day.env, f"http://{there.authority}", timeout_s=2.0) as client:
        while True:
            try:
                got = await client.request("GET", "/score")
                day.note("poll", got.status, got.body)
            except HttpFailed as error:
                day.note("poll failed", error)
            await trio.sleep(day.env.rng("poll").uniform(0.1, 0.5))


async def listen_in(day: Day, name: str, there: Endpoint) -> None:
    while True:
        try:
            async with open_websocket(day.env, f"ws://{there.authority}/{name}") as frames:
                day.note(name, "open")
                while True:
                    with trio.fail_after(2.5):
                        day.note(name, await frames.receive())
        except (WebSocketFailed, trio.TooSlowError) as error:
            day.note(name, "lost", error)
        await trio.sleep(day.env.rng(name).uniform(0.0, 0.3))


async def live(seed: int) -> Day:
    network = MemoryNetwork(seed, faults=FAULTS)
    world, trader = SeededEnv(seed + 1, network), SeededEnv(seed, network)
    day = Day(trader)

    async def push_to(stream: trio.abc.Stream) -> None:
        await push(world, stream)

    async with trio.open_nursery() as nursery:
        rest = await nursery.start(world.listen, Endpoint("venue", 0), answer)
        feed = await nursery.start(world.listen, Endpoint("feed", 0), push_to)
        nursery.start_soon(poll, day, rest)
        for name in ("left", "right"):
            nursery.start_soon(listen_in, day, name, feed)
        await trio.sleep(DAY_S / 2)
        network.mute(feed)
        await trio.sleep(DAY_S / 2)
        nursery.cancel_scope.cancel()
    return day


if __name__ == "__main__":
    lived = run_seeded(int(sys.argv[1]), live, int(sys.argv[1]))
    print(lived.digest(), len(lived.lines))  # noqa: T201 - a program that prints its result
