"""A feed over a SignalR hub: negotiated, subscribed, kept alive, taken up again after a drop.

What was replayed after a reconnect is history: it is taken in and not told. Once it has
passed, every match is told as it stands, which for the race is a baseline.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import attrs
import trio

from actors.feeds.codecs import Decoded
from actors.feeds.cookies import Cookies
from actors.feeds.errors import FeedGarbled, FeedLost, FeedUnreachable
from actors.feeds.feed import Frames
from actors.feeds.kept import READ_BYTES, KeptFrames
from actors.feeds.signalr import matches, negotiation
from actors.feeds.signalr.delta import Topics
from actors.feeds.signalr.hub import HubClient
from actors.feeds.signalr.negotiation import Granted, Redirected
from actors.feeds.signalr.records import (
    END,
    LARGEST_RECORD,
    Close,
    Completion,
    Invocation,
    Ping,
    Record,
)
from actors.runtime.env import BadEndpoint, Env
from actors.runtime.http import HttpClient, HttpFailed
from actors.runtime.secret import NONE, Secret, bearer, revealed, secret_of
from actors.runtime.websocket import open_websocket
from actors.runtime.websocket_frames import WebSocketFailed, WebSocketRefused

REPLAY_S: Final = 2.0
"""After a reconnect: what comes sooner may be a replay."""
MOST_RECORDS: Final = 500
"""In one message, so that none holds the loop for long."""


@attrs.frozen(kw_only=True)
class HubSettings:
    """Where the hub is and how it is spoken to. Profile to link."""

    url: str
    """``ws`` or ``wss``: the hub itself."""
    topics: tuple[str, ...] = ("match",)
    """Each one's state: an object of matches by the provider's id, each an object of fields."""
    subscribe: str = "Subscribe"
    """The hub's method that takes the topics and answers with their states."""
    target: str = "feed"
    """Our method that the hub calls with a topic and a patch."""
    stateful: bool = True
    negotiates: bool = True
    """Whether to ask before opening the socket; a hub may be set up to want nothing but that."""
    token: Secret = attrs.field(default=NONE, converter=secret_of)
    ca_file: str | None = None
    connect_timeout_s: float = 5.0


@attrs.define(eq=False, kw_only=True)
class SignalrLink:
    """One feed's hub connection, over any number of sockets.

    ``connect`` and ``decode`` belong together: a frame of the one is understood by the other.
    """

    env: Env
    settings: HubSettings
    replay_s: float = REPLAY_S
    _hub: HubClient = attrs.field(init=False, factory=HubClient)
    _topics: Topics = attrs.field(init=False, factory=Topics)
    _granted: Granted | None = attrs.field(init=False, default=None)
    """What the hub connection under way was granted; ``None`` where there is none to resume."""
    _place: str = attrs.field(init=False, default="")
    _bearer: Secret = attrs.field(init=False, default=NONE)
    _cookies: Cookies = attrs.field(init=False, factory=Cookies)
    _call: str | None = attrs.field(init=False, default=None)
    """The subscription that is not answered yet."""
    _told_from_s: float | None = attrs.field(init=False, default=None)
    """While what is heard may be a replay: when it no longer can be."""

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Frames]:
        """Open the hub: the one that was dropped if the server keeps it, else a new one.

        Raises:
            FeedUnreachable: There is no connection to be had.
        """
        granted = self._granted
        resumes = granted is not None and granted.stateful and self._hub.stage == "open"
        if not resumes:
            granted = await self._negotiate()
        key = None if granted is None else granted.id
        try:
            async with open_websocket(
                self.env,
                negotiation.hub_url(self._place, key),
                ca_file=self.settings.ca_file,
                headers=self._headers(),
                max_message_bytes=LARGEST_RECORD,
                read_bytes=READ_BYTES,
                connect_timeout_s=self.settings.connect_timeout_s,
            ) as frames:
                self._begin(granted, resumes=resumes)
                yield KeptFrames(frames, self)
        except WebSocketFailed as error:
            if isinstance(error, WebSocketRefused):
                # It keeps the connection no longer: the next attempt asks for a new one.
                self._granted = None
            raise FeedUnreachable(f"{self._place}: {error}") from error

    def decode(self, frame: bytes | str) -> list[Decoded]:
        """Read one message of the connection that ``connect`` opened last.

        Raises:
            FeedGarbled: It is outside the protocol, or states what no match can.
            FeedLost: The hub said goodbye, or refuses the subscription.
        """
        now_s = trio.current_time()
        data = frame if isinstance(frame, bytes) else frame.encode(errors="replace")
        if data.count(END) > MOST_RECORDS:
            raise FeedGarbled(f"{data.count(END)} records in one message: {data[:80]!a}")
        shaking = self._hub.stage == "shaking"
        told: list[Decoded] = []
        for record in self._hub.feed(data, now_s):
            told += self._hear(record, now_s)
        if shaking and self._hub.stage == "open":
            self._call = self._hub.call(
                self.settings.subscribe, [list(self.settings.topics)], now_s
            )
        return told

    @property
    def due_s(self) -> float:
        """When ``say`` has something new."""
        return self._hub.due_s

    @property
    def dead_at_s(self) -> float:
        """When a silent hub is dead."""
        return self._hub.dead_at_s

    def say(self, now_s: float) -> Sequence[str]:
        """Return what is to be sent now, in order."""
        self._hub.tick(now_s)
        return self._hub.take()

    async def _negotiate(self) -> Granted | None:
        """Ask who we may be; ``None`` where nobody is to be asked."""
        self._granted = None
        self._place, self._bearer = self.settings.url, self.settings.token
        self._cookies = Cookies()
        if not self.settings.negotiates:
            return None
        for _ in range(negotiation.MOST_REDIRECTS):
            answer = await self._ask()
            if isinstance(answer, Granted):
                return answer
            if negotiation.hub_url(answer.url, None).startswith("ws://") and self._place.startswith(
                ("wss://", "https://")
            ):
                raise FeedUnreachable("negotiate leads from TLS to none")
            if answer.token:
                self._bearer = answer.token
            elif not negotiation.same_origin(answer.url, self._place):
                # A token is for whoever it was given for.
                self._bearer = NONE
            self._place = answer.url
            self._cookies = Cookies()
        raise FeedUnreachable(f"over {negotiation.MOST_REDIRECTS} redirects")

    async def _ask(self) -> Granted | Redirected:
        settings = self.settings
        url = negotiation.negotiate_url(self._place, stateful=settings.stateful)
        origin, target = negotiation.origin_and_target(url)
        try:
            async with HttpClient(
                self.env,
                origin,
                ca_file=settings.ca_file,
                timeout_s=settings.connect_timeout_s,
                max_body_bytes=negotiation.LARGEST_ANSWER,
            ) as http:
                answer = await http.request("POST", target, headers=self._headers())
        except (HttpFailed, BadEndpoint) as error:
            raise FeedUnreachable(f"{url}: {error}") from error
        self._cookies.take(answer.headers)
        return negotiation.read_answer(answer.status, answer.body)

    def _headers(self) -> list[tuple[str, str]]:
        return revealed([*bearer(self._bearer), *self._cookies.headers])

    def _begin(self, granted: Granted | None, *, resumes: bool) -> None:
        now_s = trio.current_time()
        self._granted = granted
        if resumes:
            self._hub.reopen(now_s)
            self._told_from_s = now_s + self.replay_s
            return
        self._hub = HubClient(stateful=granted is not None and granted.stateful)
        self._hub.open(now_s)
        self._topics = Topics()
        self._told_from_s = None

    def _hear(self, record: Record, now_s: float) -> list[Decoded]:
        told = self._restated(record, now_s)
        match record:
            case Close(error=error, allow_reconnect=again):
                if not again:
                    self._granted = None
                raise FeedLost(f"the hub closed: {str(error)[:120]!a}")
            case Completion() if record.id == self._call:
                self._call = None
                if record.error is not None:
                    self._granted = None
                    raise FeedLost(f"subscription refused: {record.error[:120]!a}")
                self._topics.snapshot(record.result)
                told += matches.all_of(self._topics)
            case Invocation() if record.target == self.settings.target:
                is_told = self._told_from_s is None
                told += matches.patched(self._topics, record.arguments, is_told=is_told)
        return told

    def _restated(self, record: Record, now_s: float) -> list[Decoded]:
        """Once no replay can come any more, tell every match as it stands."""
        if self._told_from_s is None or (
            now_s < self._told_from_s and not isinstance(record, Ping)
        ):
            return []
        self._told_from_s = None
        return matches.all_of(self._topics)
