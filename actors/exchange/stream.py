"""Runs one connection of the venue's stream: reads it, follows what is wanted, proves it alive.

A quiet market says nothing for minutes, and the venue's own pings come when they
like (reference ``kalshi.md`` section 5); so life is proved by pings of our own.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

import attrs
import trio

from actors.exchange.errors import StreamSilent
from actors.exchange.stream_core import StreamCore
from actors.exchange.stream_values import StreamValue
from actors.model.orders import Ticker
from actors.runtime.latest import Latest

SEND_S: Final = 5.0
"""How long a command may take to leave."""
SILENT_S: Final = 10.0
"""How long a ping may go unanswered: sooner than ``dead_after_s``, because money hangs on it."""


class Frames(Protocol):
    """An open WebSocket (``runtime.websocket``); its own errors pass through here."""

    async def receive(self) -> str | bytes:
        """Return the next whole message."""
        ...

    async def send(self, message: str) -> None:
        """Send one message."""
        ...

    async def ping(self) -> None:
        """Send a ping and wait for its answer."""
        ...


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
) -> None:
    """Run one connection until it fails; it never returns.

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

    Raises:
        ExceptionGroup: Of ``StreamFailed``, ``WireGarbled`` or an error of ``frames``.
    """
    run = _Run(frames, core, on_value, now_ns, on_proof)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(run.read)
            nursery.start_soon(run.follow, wanted)
            nursery.start_soon(run.prove, ping_s, silent_s)
    finally:
        run.tell(core.ended(now_ns()))


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
            with trio.fail_after(SEND_S):
                for command in self.core.take_commands():
                    await self.frames.send(command)
