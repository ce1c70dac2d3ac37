"""A stand-in for one feed's server: each connection plays a script, then is silent."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import trio

from actors.feeds.codecs.polymarket import PING, PONG, decode
from actors.feeds.errors import FeedLost, FeedUnreachable
from actors.feeds.feed import Epochs, Feed, FeedHealth, Frames
from actors.messages.feeds import FeedEvent
from actors.runtime.env import Env
from actors.runtime.health import Health
from actors.runtime.latest import Latest
from actors.runtime.memory import MemoryNetwork, SeededEnv
from actors.runtime.websocket_frames import Heard

GOAL = '{"gameId":1,"homeTeam":"Argentina","awayTeam":"France","score":"1-0","period":"1H"}'

HANG_UP = FeedLost("closed with 1000")


def seeded_env() -> Env:
    return SeededEnv(1, MemoryNetwork(1))


Step = tuple[float, str | bytes | FeedLost]
"""A pause in seconds, and the frame after it, or the end of the connection."""


@attrs.define(eq=False)
class Provider:
    """Up or down; counts who dials, and keeps what it is told."""

    scripts: list[list[Step]]
    down_until_s: float = 0.0
    dialled_s: list[float] = attrs.field(init=False, factory=list)
    answered: list[tuple[float, str]] = attrs.field(init=False, factory=list)
    env: Env = attrs.field(init=False, factory=seeded_env)
    takes_s: float = 0.0
    """How long it takes to take an answer."""

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Frames]:
        self.dialled_s.append(trio.current_time())
        if trio.current_time() < self.down_until_s:
            raise FeedUnreachable("nobody answers")
        yield _Playback(self, self.scripts.pop(0) if self.scripts else [])
        # A real connection may take long to part from a silent peer.
        await trio.sleep(60)


@attrs.define(eq=False)
class _Playback:
    provider: Provider
    steps: list[Step]

    async def hear(self) -> Heard:
        if not self.steps:
            await trio.sleep_forever()
        pause_s, frame = self.steps[0]
        await trio.sleep(pause_s)
        self.steps.pop(0)
        if isinstance(frame, FeedLost):
            raise frame
        return Heard(frame, self.provider.env.now_ns(), self.provider.env.wall_ns())

    async def send(self, text: str) -> None:
        await trio.sleep(self.provider.takes_s)
        self.provider.answered.append((trio.current_time(), text))


def feed_of(
    provider: Provider,
    to_arbiter: Callable[[FeedEvent], None],
    *,
    env: Env | None = None,
    dead_after_s: float = 30.0,
    epochs: Epochs | None = None,
    vitals: Latest[FeedHealth] | None = None,
    health: Health | None = None,
) -> Feed:
    return Feed(
        name="alpha",
        connect=provider.connect,
        decode=decode,
        to_arbiter=to_arbiter,
        env=env or seeded_env(),
        epochs=epochs or Epochs(),
        vitals=vitals or Latest(FeedHealth()),
        health=health or Health("feed.alpha"),
        answers={PING: PONG},
        dead_after_s=dead_after_s,
    )
