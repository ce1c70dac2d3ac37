"""A feed that asks again and again over one connection kept open."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import attrs
import trio

from actors.feeds.codecs.json_values import ALIVE
from actors.feeds.errors import FeedGarbled, FeedLost, FeedUnreachable
from actors.feeds.feed import Frames
from actors.feeds.pull.answers import Head
from actors.feeds.pull.pipe import Address, Pipe, open_pipe
from actors.feeds.pull.polling import MOST_FAILURES, Polling
from actors.runtime.env import Endpoint, Env
from actors.runtime.rfc6455_opening import host_of, resource_of
from actors.runtime.websocket_frames import Heard

LARGEST_BODY: Final = 64 * 1024
BODY_S: Final = 5.0
"""How long an answer may take, however steadily it drips."""


@asynccontextmanager
async def connect_poll(env: Env, address: Address, polling: Polling) -> AsyncIterator[Frames]:
    """Ask ``address`` whenever ``polling`` says so. Frames: bodies with news in them.

    A proof of life without news is the empty frame. The first answer of every
    connection is asked for without conditions.

    Raises:
        FeedUnreachable: Nobody answers.
        FeedError: What answers speaks no HTTP.
    """
    await trio.sleep_until(polling.next_s)
    polling.forget()
    polling.asked(trio.current_time())
    async with open_pipe(env, address, polling.headers) as (pipe, head, url):
        yield _Polled(pipe, head, url, address, polling, host_of(Endpoint.parse(url)))


@attrs.define(eq=False)
class _Polled:
    _pipe: Pipe
    _head: Head | None
    """The head of an answer whose body is still to be read."""
    _url: str
    _address: Address
    _polling: Polling
    _host: str

    async def hear(self) -> Heard:
        while True:
            head = self._head or await self._ask()
            self._head = None
            body = await self._body()
            verdict = self._polling.take(head, body, trio.current_time())
            if verdict == "refused" or self._polling.failures >= MOST_FAILURES:
                raise FeedUnreachable(f"{self._url}: status {head.status}: {body[:80]!a}")
            if verdict in {"news", "alive"}:
                frame = body if verdict == "news" else ALIVE
                return Heard(frame, self._pipe.read_ns, self._pipe.read_wall_ns)

    async def send(self, text: str) -> None:
        await trio.lowlevel.checkpoint()
        raise FeedLost(f"nothing can be said to what is polled: {text[:80]!a}")

    async def _ask(self) -> Head:
        if not self._pipe.exchange.reusable:
            raise FeedLost("the provider closes after each answer")
        await trio.sleep_until(self._polling.next_s)
        self._polling.asked(trio.current_time())
        with trio.move_on_after(self._address.connect_s):
            return await self._pipe.ask(
                self._host,
                resource_of(self._url),
                self._polling.headers(),
            )
        raise FeedLost(f"no answer within {self._address.connect_s:g} s")

    async def _body(self) -> bytes:
        body = bytearray()
        with trio.move_on_after(BODY_S):
            while piece := await self._pipe.piece():
                body += piece
                if len(body) > LARGEST_BODY:
                    raise FeedGarbled(f"a body above {LARGEST_BODY} bytes: {bytes(body[:80])!a}")
            return bytes(body)
        raise FeedLost(f"an answer not whole within {BODY_S:g} s: {bytes(body[:80])!a}")
