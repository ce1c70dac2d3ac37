"""TLCP over plain HTTP: an answer without end is the stream, controls are requests beside it.

For networks that let no WebSocket through (reference feeds.md section 2.3). What reads the
frames is the same link; only how they come and go differs.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import attrs
import trio

from actors.feeds.errors import FeedDeaf, FeedLost, FeedStale, FeedUnreachable
from actors.feeds.lightstreamer.lines import LineReader, split
from actors.feeds.lightstreamer.requests import CONTENT_TYPE, Asked
from actors.feeds.lightstreamer.session import Session
from actors.runtime.env import BadEndpoint, Env
from actors.runtime.http import HttpClient, HttpFailed, HttpStream
from actors.runtime.websocket_frames import Heard

OPENING_S: Final = 5.0
HEADERS: Final = (("Content-Type", CONTENT_TYPE),)
OK: Final = 200
LARGEST_ANSWER: Final = 16 * 1024


@asynccontextmanager
async def stream(
    env: Env, origin: str, session: Session, *, ca_file: str | None = None
) -> AsyncIterator["StreamedFrames"]:
    """Open ``session``'s stream at ``origin``.

    A server that asks for a loop ends the stream: the session goes on with the next one.

    Raises:
        FeedUnreachable: There is no connection to be had.
    """
    try:
        http = HttpClient(
            env, origin, ca_file=ca_file, timeout_s=OPENING_S, max_body_bytes=LARGEST_ANSWER
        )
    except BadEndpoint as error:
        raise FeedUnreachable(f"{origin}: {error}") from error
    async with http:
        session.open(trio.current_time())
        (asked,) = session.take()
        try:
            async with http.stream(
                "POST", asked.target, headers=HEADERS, body=asked.body.encode()
            ) as answer:
                if answer.status != OK:
                    raise FeedUnreachable(f"{asked.name} answered with status {answer.status}")
                yield StreamedFrames(env, http, session, answer)
        except HttpFailed as error:
            # The body's own failures are FeedErrors already, so this is the opening.
            raise FeedUnreachable(f"{origin}: {error}") from error


@attrs.define(eq=False)
class StreamedFrames:
    """A session's stream, as a feed hears it: pieces of it, cut anyhow."""

    _env: Env
    _http: HttpClient
    _session: Session
    _answer: HttpStream

    async def hear(self) -> Heard:
        """Return the next piece; between pieces, keep the protocol's own times.

        Raises:
            FeedLost: The stream is over.
            FeedDeaf: A request beside the stream got no answer.
            FeedStale: The server was silent beyond its keep-alive.
        """
        session = self._session
        while True:
            now_s = trio.current_time()
            session.tick(now_s)
            for asked in session.take():
                await self._control(asked)
            if now_s >= session.dead_at_s:
                raise FeedStale("silent beyond the bound of its protocol")
            with trio.move_on_at(min(session.due_s, session.dead_at_s)):
                data = await self._receive()
                return Heard(data, self._env.now_ns(), self._env.wall_ns())

    async def send(self, text: str) -> None:
        """Refuse: nothing but the session's own requests can be said here.

        Raises:
            FeedLost: Always.
        """
        raise FeedLost(f"no way to send {text[:20]!a} over HTTP")

    async def _receive(self) -> bytes:
        try:
            data = await self._answer.receive()
        except HttpFailed as error:
            raise FeedLost(str(error)) from error
        if not data:
            raise FeedLost("the stream ended")
        return data

    async def _control(self, asked: Asked) -> None:
        try:
            answer = await self._http.request(
                "POST", asked.target, headers=HEADERS, body=asked.body.encode()
            )
        except HttpFailed as error:
            raise FeedDeaf(str(error)) from error
        for line in LineReader().feed(answer.body):
            tag, said = split(line)
            if tag in {"REQERR", "ERROR"}:
                raise FeedLost(f"{asked.name} refused: {','.join(said)[:120]!a}")
        if answer.status != OK:
            raise FeedLost(f"{asked.name} answered with status {answer.status}")
