"""The HTTP half of a TLCP server: streams without end, polls, and controls beside them."""

from collections.abc import Callable
from typing import Final

import attrs
import trio

from actors.feeds.errors import FeedGarbled
from actors.feeds.lightstreamer.requests import PATH, Asked, read
from actors.runtime.serve import Request
from actors.sim.pushserver import Wire

SUFFIX: Final = ".txt"


def asked_of(request: Request) -> Asked | None:
    """Return what a POST asks for, if it is a request of the protocol."""
    name = request.path.removeprefix(f"{PATH}/").removesuffix(SUFFIX)
    if request.method != "POST" or request.path != f"{PATH}/{name}{SUFFIX}":
        return None
    try:
        return read(name, request.body.decode("ascii").strip())
    except (FeedGarbled, UnicodeDecodeError):
        return None


@attrs.define(eq=False, kw_only=True)
class Stream:
    """The body of an answer that goes on for as long as the session is bound to it."""

    wire: Wire
    tick: Callable[[], None]
    """Put what is due into the wire."""
    gone: Callable[[], None]
    """The client is gone, or the stream has ended."""
    polls: bool = False
    """Whether the first piece is the last."""

    def __aiter__(self) -> "Stream":
        return self

    async def __anext__(self) -> bytes:
        wire = self.wire
        try:
            while not wire.scope.cancel_called:
                wire.wake = trio.Event()
                self.tick()
                if wire.outbox:
                    data = b"".join(
                        item.encode() if isinstance(item, str) else item for item in wire.outbox
                    )
                    wire.outbox.clear()
                    if self.polls:
                        wire.scope.cancel()
                        return data + b"LOOP,0\r\n"
                    return data
                with trio.move_on_at(wire.due_s):
                    await wire.wake.wait()
        except trio.Cancelled:
            self.gone()
            raise
        self.gone()
        raise StopAsyncIteration
