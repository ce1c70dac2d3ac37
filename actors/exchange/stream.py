"""Runs one connection of the venue's stream: reads it, follows what is wanted, proves it alive.

A quiet market says nothing for minutes, and the venue's own pings come when they
like (reference ``kalshi.md`` section 5); so life is proved by pings of our own.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Final, NoReturn
from urllib.parse import urlsplit

import attrs
import trio

from actors.exchange.errors import StreamFailed, StreamSilent, WireGarbled
from actors.exchange.signing import Sign
from actors.exchange.stream_core import StreamCore
from actors.exchange.stream_values import StreamValue
from actors.model.orders import Ticker
from actors.runtime.chime import Chime
from actors.runtime.env import Env
from actors.runtime.errors import leaves
from actors.runtime.latest import Latest
from actors.runtime.websocket import open_websocket
from actors.runtime.websocket_frames import Frames, WebSocketFailed

SEND_S: Final = 5.0
"""How long a command may take to leave."""
SILENT_S: Final = 10.0
"""How long a ping may go unanswered: sooner than ``dead_after_s``, because money hangs on it."""


LARGEST_MESSAGE: Final = 1024 * 1024
"""A snapshot of a book with every price in use takes a quarter of it."""


@asynccontextmanager
async def open_stream(
    env: Env, url: str, *, sign: Sign, ca_file: str | None = None
) -> AsyncIterator[Frames]:
    """Open the venue's WebSocket, authorised by headers of the handshake.

    Raises:
        WebSocketRefused: The venue does not want us; its body says why (``read_error``).
        WebSocketFailed: Nobody answered.
    """
    headers = await sign("GET", urlsplit(url).path)
    async with open_websocket(
        env, url, ca_file=ca_file, headers=headers.pairs, max_message_bytes=LARGEST_MESSAGE
    ) as frames:
        yield frames


def _nobody(_now_ns: int) -> None:
    """Nobody asked to be told."""


async def run_stream(
    frames: Frames,
    core: StreamCore,
    *,
    wanted: Latest[Sequence[Ticker]],
    on_value: Callable[[StreamValue], None],
    now_ns: Callable[[], int],
    ping_s: Callable[[], float],
    on_proof: Callable[[int], None] = _nobody,
    silent_s: float = SILENT_S,
    asking: Chime | None = None,
) -> NoReturn:
    """Run one connection until it fails.

    However it ends, also when cancelled, the last values say that its books can no
    longer be trusted.

    Args:
        frames: The connection.
        core: A new core.
        wanted: The markets to follow; the newest value counts.
        on_value: Told of every value, in order. Must not wait.
        now_ns: The monotonic clock.
        ping_s: Asked after each ping how long to wait before the next: half a second
            while a play is armed, longer when nothing hangs on it.
        on_proof: Told, when a ping was answered, since when nothing can be missing.
        silent_s: How long a ping may go unanswered.
        asking: Rings when somebody else had the core ask for something.

    Raises:
        StreamFailed: The venue ended the stream, or does not answer.
        WireGarbled: A message cannot be read.
        WebSocketFailed: The connection is over.
    """
    run = _Run(frames, core, on_value, now_ns, on_proof)
    why: list[BaseException] = []
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(run.read)
            nursery.start_soon(run.follow, wanted)
            nursery.start_soon(run.prove, ping_s, silent_s)
            if asking is not None:
                nursery.start_soon(run.ask, asking)
    except* (StreamFailed, WireGarbled, WebSocketFailed) as group:
        why.extend(leaves(group))
    finally:
        run.tell(core.ended(now_ns()))
    # One connection fails once: what its other tasks then ran into says nothing more.
    raise why[0]


@attrs.define(eq=False)
class _Run:
    """One run of one connection."""

    frames: Frames
    core: StreamCore
    on_value: Callable[[StreamValue], None]
    now_ns: Callable[[], int]
    on_proof: Callable[[int], None]
    sending: trio.Lock = attrs.field(factory=trio.Lock)

    async def read(self) -> None:
        """Read messages and pass on what they say."""
        while True:
            frame = await self.frames.receive()
            self.tell(self.core.receive(frame, self.now_ns()))
            await self.send()

    async def follow(self, wanted: Latest[Sequence[Ticker]]) -> None:
        """Keep asking for what is wanted."""
        while True:
            version = wanted.version
            self.tell(self.core.want(wanted.value, self.now_ns()))
            await self.send()
            await wanted.changed(version)

    async def ask(self, asking: Chime) -> None:
        """Send what others have the core ask for."""
        while True:
            await asking.wait()
            await self.send()

    async def prove(self, ping_s: Callable[[], float], silent_s: float) -> None:
        """Prove that the connection is alive, again and again."""
        while True:
            asked_ns = self.now_ns()
            with trio.move_on_after(silent_s) as patience:
                await self.frames.ping()
            if patience.cancelled_caught:
                raise StreamSilent(f"no answer to a ping within {silent_s:g} s")
            # What the venue said before it answered may still wait to be read, so the proof
            # is as old as the question.
            self.core.proved(asked_ns)
            self.on_proof(asked_ns)
            self.core.check(self.now_ns())
            await trio.sleep(ping_s())

    def tell(self, values: Iterable[StreamValue]) -> None:
        """Pass values on, in order."""
        for value in values:
            self.on_value(value)

    async def send(self) -> None:
        """Send what the core has to say; commands leave in the order of their numbers."""
        if not self.core.has_commands:
            return
        async with self.sending:
            with trio.move_on_after(SEND_S) as patience:
                for command in self.core.take_commands():
                    await self.frames.send(command)
        if patience.cancelled_caught:
            raise StreamFailed(f"a command did not leave within {SEND_S:g} s")
