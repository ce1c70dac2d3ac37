"""Feed frames over a WebSocket: the runtime's connection, its failures in a feed's words."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import attrs

from actors.feeds.cookies import Cookies
from actors.feeds.errors import FeedLost, FeedUnreachable
from actors.feeds.feed import Frames
from actors.feeds.kept import READ_BYTES
from actors.runtime.env import Env
from actors.runtime.secret import Secret, revealed
from actors.runtime.websocket import WebSocket, open_websocket
from actors.runtime.websocket_frames import Heard, WebSocketFailed

LARGEST_MESSAGE: Final = 64 * 1024


@asynccontextmanager
async def connect(
    env: Env,
    url: str,
    *,
    ca_file: str | None = None,
    headers: Sequence[tuple[str, Secret]] = (),
    cookies: Cookies | None = None,
    connect_timeout_s: float = 5.0,
) -> AsyncIterator[Frames]:
    """Open ``url`` and close it again whatever happens inside.

    Messages above 64 KiB end the connection. What ``cookies`` hold is shown, and what the
    provider sets is kept there: it outlives the connection.

    Raises:
        FeedUnreachable: There is no connection to be had.
    """
    kept = Cookies() if cookies is None else cookies
    try:
        async with open_websocket(
            env,
            url,
            ca_file=ca_file,
            headers=revealed([*headers, *kept.headers]),
            max_message_bytes=LARGEST_MESSAGE,
            read_bytes=READ_BYTES,
            connect_timeout_s=connect_timeout_s,
        ) as frames:
            kept.take(tuple(("set-cookie", value) for value in frames.cookies))
            yield _Messages(frames)
    except WebSocketFailed as error:
        # The body's own failures are FeedErrors already, so this is the opening.
        raise FeedUnreachable(f"{url}: {error}") from error


@attrs.frozen
class _Messages:
    _frames: WebSocket

    async def hear(self) -> Heard:
        try:
            return await self._frames.hear()
        except WebSocketFailed as error:
            raise FeedLost(str(error)) from error

    async def send(self, text: str) -> None:
        try:
            await self._frames.send(text)
        except WebSocketFailed as error:
            raise FeedLost(str(error)) from error
