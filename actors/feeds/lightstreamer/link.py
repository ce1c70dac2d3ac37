"""A feed over Lightstreamer: a session bound to one WebSocket after another.

A session whose connection drops is recovered by count, so that nothing is missing. What is
recovered is history: it is taken in and not told. Once it has passed, every match is told
as it stands, which for the race is a baseline.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import attrs
import trio

from actors.feeds.codecs import Decoded, fields
from actors.feeds.errors import FeedGarbled, FeedLost, FeedUnreachable
from actors.feeds.feed import Frames
from actors.feeds.kept import READ_BYTES, KeptFrames
from actors.feeds.lightstreamer.requests import PATH, SUBPROTOCOL, Account, Wanted
from actors.feeds.lightstreamer.session import Bound, Ended, Event, Idle, Lost, Session, Update
from actors.feeds.lightstreamer.streaming import stream
from actors.runtime.env import Env
from actors.runtime.websocket import open_websocket
from actors.runtime.websocket_frames import WebSocketFailed

REPLAY_S: Final = 2.0
"""After a recovery: what comes sooner may be a replay."""
LARGEST_MESSAGE: Final = 64 * 1024
MOST_LINES: Final = 250
"""In one message, so that none holds the loop for long."""
MOST_MATCHES: Final = 4_096
OPENING_S: Final = 5.0

KEYED: Final = Wanted(group="matches", schema=("key", "command", *fields.SCHEMA), mode="COMMAND")
"""All matches as one item: its keys are their ids."""


@attrs.define(eq=False, kw_only=True)
class LightstreamerLink:
    """One feed's session, over any number of sockets.

    ``connect`` and ``decode`` belong together: a frame of the one is understood by the other.
    """

    env: Env
    url: str
    """The path ``/lightstreamer`` included; ``http`` and ``https`` stream without a WebSocket."""
    account: Account
    wanted: Wanted = KEYED
    """What is subscribed to; a field ``key`` or ``id`` names the match."""
    ca_file: str | None = None
    replay_s: float = REPLAY_S
    _session: Session = attrs.field(init=False)
    _matches: dict[tuple[int, str], dict[str, str | None]] = attrs.field(init=False, factory=dict)
    """Fields by item and match: one item of COMMAND mode holds many."""
    _told_from_s: float | None = attrs.field(init=False, default=None)
    """While what is heard may be a replay: when it no longer can be."""

    def __attrs_post_init__(self) -> None:
        over = "http" if self.url.startswith("http") else "ws"
        self._session = Session(self.account, [self.wanted], over=over)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Frames]:
        """Open a socket for the session: the one that was dropped, else a new one.

        Raises:
            FeedUnreachable: There is no connection to be had.
        """
        self._session.account = self.account
        if self.url.startswith("http"):
            origin = self.url.removesuffix(PATH)
            async with stream(self.env, origin, self._session, ca_file=self.ca_file) as pieces:
                yield pieces
            return
        try:
            async with open_websocket(
                self.env,
                self.url,
                ca_file=self.ca_file,
                subprotocols=(SUBPROTOCOL,),
                max_message_bytes=LARGEST_MESSAGE,
                read_bytes=READ_BYTES,
                connect_timeout_s=OPENING_S,
            ) as frames:
                self._session.open(trio.current_time())
                yield KeptFrames(frames, self)
        except WebSocketFailed as error:
            raise FeedUnreachable(f"{self.url}: {error}") from error

    def decode(self, frame: bytes | str) -> list[Decoded]:
        """Read one message of the connection that ``connect`` opened last.

        Raises:
            FeedGarbled: It is outside the protocol, or states what no match can.
            FeedLost: The server ended the session, or left something out.
        """
        now_s = trio.current_time()
        data = frame if isinstance(frame, bytes) else frame.encode(errors="replace")
        if data.count(b"\n") > MOST_LINES:
            self._session.forget()
            raise FeedGarbled(f"{data.count(bytes([10]))} lines in one message: {data[:80]!a}")
        told: list[Decoded] = []
        for event in self._session.feed(data, now_s):
            told += self._hear(event, now_s)
        return told

    @property
    def due_s(self) -> float:
        """When ``say`` has something new."""
        return self._session.due_s

    @property
    def dead_at_s(self) -> float:
        """When a silent server is dead."""
        return self._session.dead_at_s

    def say(self, now_s: float) -> Sequence[str]:
        """Return what is to be sent now, in order."""
        self._session.tick(now_s)
        return [asked.message for asked in self._session.take()]

    def _hear(self, event: Event, now_s: float) -> list[Decoded]:
        told = self._restated(event, now_s)
        match event:
            case Bound(how="new"):
                self._matches.clear()
                self._told_from_s = None
            case Bound(how="recovered"):
                self._told_from_s = now_s + self.replay_s
            case Bound(how="looped") if self.url.startswith("http"):
                # Another connection, so another baseline; a loop repeats nothing.
                self._told_from_s = now_s
            case Update():
                told += self._updated(event)
            case Lost():
                # What is missing can only be learned from a snapshot, so from a new session.
                self._session.forget()
                raise FeedLost(f"the server left out {event.count} updates")
            case Ended():
                raise FeedLost(f"the session ended: {event.why}")
            case _:
                pass
        return told

    def _restated(self, event: Event, now_s: float) -> list[Decoded]:
        """Once no replay can come any more, tell every match as it stands."""
        if self._told_from_s is None or (now_s < self._told_from_s and not isinstance(event, Idle)):
            return []
        self._told_from_s = None
        return [fields.read(match, said) for (_, match), said in self._matches.items()]

    def _updated(self, update: Update) -> list[Decoded]:
        values = update.values
        match = values.get("key") or values.get("id") or str(update.item)
        place = (update.item, match)
        if values.get("command") == "DELETE":
            self._matches.pop(place, None)
            return []
        self._matches[place] = values
        if len(self._matches) > MOST_MATCHES:
            raise FeedGarbled(f"over {MOST_MATCHES} matches")
        return [] if self._told_from_s is not None else [fields.read(match, values)]
