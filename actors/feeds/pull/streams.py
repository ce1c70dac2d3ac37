"""Feeds whose provider keeps one answer open and writes into it: event streams, pushed lines."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, NoReturn, Protocol

import attrs
import trio
from typing_extensions import override

from actors.feeds.codecs.json_values import ALIVE, TYPED
from actors.feeds.errors import FeedLost, FeedUnreachable
from actors.feeds.feed import Frames
from actors.feeds.pull.beside import Snapshots, frames_of
from actors.feeds.pull.event_stream import MESSAGE, EventStream
from actors.feeds.pull.pipe import BURST, Address, Pipe, open_pipe
from actors.feeds.pull.polling import http_date_s
from actors.feeds.pull.pushed_lines import PushedLines
from actors.runtime.env import Env
from actors.runtime.websocket_frames import Heard

LONGEST_RETRY_S: Final = 10.0
"""What a server may ask us to wait before we come back; more is taken for this."""
OK: Final = 200


class _Reader(Protocol):
    def frames(self, data: bytes) -> list[tuple[str, str]]:
        """Return what ``data`` completes: frames, and the stream's last id at each."""
        ...


Begin = Callable[[int | None], None]
"""Hears of each connection, and of when it opened by the provider's clock (epoch seconds)."""


def _nobody(_provider_s: int | None) -> None:
    """Nobody needs to know."""


@attrs.define(eq=False)
class Place:
    """Where in its stream a feed is. The tree's own, so that it outlives every connection."""

    last_id: str = ""
    not_before_s: float = 0.0
    """Of trio's clock: when the server wants to see us again at the earliest."""


@asynccontextmanager
async def connect_events(
    env: Env,
    address: Address,
    place: Place,
    *,
    begin: Begin = _nobody,
    snapshots: Snapshots | None = None,
) -> AsyncIterator[Frames]:
    """Open an event stream where ``place`` left it. Frames: data, under ``event: NAME`` if named.

    Raises:
        FeedUnreachable: There is no event stream to be had.
        FeedError: What is to be had is no HTTP.
    """
    await trio.sleep_until(place.not_before_s)

    def headers() -> Sequence[tuple[str, str]]:
        wanted = [("Accept", "text/event-stream"), ("Cache-Control", "no-cache")]
        if place.last_id:
            wanted.append(("Last-Event-ID", place.last_id.encode().decode("latin-1")))
        return wanted

    beside = await frames_of(env, address, snapshots)
    async with open_pipe(env, address, headers) as (pipe, head, url):
        kind = head.header("content-type").partition(";")[0].strip().lower()
        if head.status != OK or kind != "text/event-stream":
            await _refuse(pipe, f"{url}: status {head.status}, {kind or 'nothing'}")
        begin(http_date_s(head.header("date")))
        stream = EventStream(place.last_id)
        try:
            yield _Streamed(pipe, _Events(stream), place, beside)
        finally:
            if stream.retry_ms is not None:
                wait_s = min(stream.retry_ms / 1_000, LONGEST_RETRY_S)
                place.not_before_s = trio.current_time() + wait_s


@asynccontextmanager
async def connect_lines(
    env: Env,
    address: Address,
    *,
    begin: Begin = _nobody,
    snapshots: Snapshots | None = None,
) -> AsyncIterator[Frames]:
    """Open a stream of lines. Frames: the lines; a blank one says that the provider lives.

    Raises:
        FeedUnreachable: There is no stream to be had.
        FeedError: What is to be had is no HTTP.
    """
    beside = await frames_of(env, address, snapshots)
    async with open_pipe(env, address, tuple) as (pipe, head, url):
        if head.status != OK:
            await _refuse(pipe, f"{url}: status {head.status}")
        begin(http_date_s(head.header("date")))
        yield _Streamed(pipe, _Lines(PushedLines()), Place(), beside)


async def _refuse(pipe: Pipe, why: str) -> NoReturn:
    first = b""
    with trio.move_on_after(1.0):
        first = await pipe.piece()
    raise FeedUnreachable(f"{why}: {first[:80]!a}")


@attrs.frozen
class _Events(_Reader):
    _stream: EventStream

    @override
    def frames(self, data: bytes) -> list[tuple[str, str]]:
        said = []
        for event in self._stream.feed(data):
            if event is None:
                said.append((ALIVE, ""))
            elif event.type == MESSAGE and not event.data.startswith(TYPED):
                said.append((event.data, event.last_id))
            else:
                said.append((f"{TYPED}{event.type}\n{event.data}", event.last_id))
        return said


@attrs.frozen
class _Lines(_Reader):
    _lines: PushedLines

    @override
    def frames(self, data: bytes) -> list[tuple[str, str]]:
        return [(ALIVE if line is None else line, "") for line in self._lines.feed(data)]


class _Streamed:
    """Frames out of one body."""

    def __init__(
        self, pipe: Pipe, reader: _Reader, place: Place, beside: Sequence[str] = ()
    ) -> None:
        self._pipe, self._reader, self._place = pipe, reader, place
        self._ready: deque[tuple[str, str]] = deque((frame, "") for frame in beside)
        self._burst = 0

    async def hear(self) -> Heard:
        ready = self._ready
        if ready:
            self._burst += 1
            if self._burst >= BURST:
                self._burst = 0
                await trio.lowlevel.checkpoint()
        while not ready:
            self._burst = 0
            piece = await self._pipe.piece()
            if not piece:
                raise FeedLost("the provider ended its stream")
            ready.extend(self._reader.frames(piece))
        frame, last_id = ready.popleft()
        if last_id:
            # Of a frame that ends the connection too: it must not come again and again.
            self._place.last_id = last_id
        return Heard(frame, self._pipe.read_ns, self._pipe.read_wall_ns)

    async def send(self, text: str) -> None:
        await trio.lowlevel.checkpoint()
        raise FeedLost(f"nothing can be said on this stream: {text[:80]!a}")
