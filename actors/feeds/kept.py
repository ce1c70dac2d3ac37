"""A WebSocket whose protocol has words of its own to say: answers, pings, acknowledgements.

They leave from ``hear``, in the task that reads: a protocol's few bytes fit a socket's
buffer unless the peer has read nothing for long, and then it is as good as gone.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import attrs
import trio

from actors.feeds.errors import FeedDeaf, FeedLost, FeedStale
from actors.runtime.websocket import WebSocket
from actors.runtime.websocket_frames import Heard, WebSocketFailed

READ_BYTES: Final = 4 * 1024
"""One read. Small, so that no read can hold more work than the loop has time for."""
ANSWER_S: Final = 1.0
"""How long what we say may take to leave."""


class Talk(Protocol):
    """A protocol's side of one connection. Moments are trio's."""

    @property
    def due_s(self) -> float:
        """When ``say`` has something new."""
        ...

    @property
    def dead_at_s(self) -> float:
        """When a peer that has said nothing more is dead, by its protocol's own bound."""
        ...

    def say(self, now_s: float) -> Sequence[str]:
        """Return what is to be sent now, in order."""
        ...


@attrs.frozen
class KeptFrames:
    """What a feed hears, with the protocol kept going underneath."""

    _frames: WebSocket
    _talk: Talk

    async def hear(self) -> Heard:
        """Return the next message; between messages, keep the protocol's own times.

        Raises:
            FeedLost: The connection is over.
            FeedDeaf: The peer does not take what the protocol wants said.
            FeedStale: The peer was silent beyond the protocol's own bound.
        """
        frames, talk = self._frames, self._talk
        try:
            while True:
                now_s = trio.current_time()
                for text in talk.say(now_s):
                    await self._tell(text)
                if now_s >= talk.dead_at_s:
                    raise FeedStale("silent beyond the bound of its protocol")
                # A cancelled hearing has lost nothing.
                with trio.move_on_at(min(talk.due_s, talk.dead_at_s)):
                    return await frames.hear()
        except WebSocketFailed as error:
            raise FeedLost(str(error)) from error

    async def send(self, text: str) -> None:
        """Send one frame of text.

        Raises:
            FeedLost: The connection is over.
        """
        try:
            await self._frames.send(text)
        except WebSocketFailed as error:
            raise FeedLost(str(error)) from error

    async def _tell(self, text: str) -> None:
        with trio.move_on_after(ANSWER_S) as haste:
            await self._frames.send(text)
        if haste.cancelled_caught:
            raise FeedDeaf(f"took nothing for {ANSWER_S:g} s")
