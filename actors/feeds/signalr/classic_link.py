"""A feed over a classic hub, SignalR 2.x: negotiated, started, resumed where its cursor stands.

What the server sends again after a reconnect is history: it is taken in and not told. Once
it has passed, every match is told as it stands, which for the race is a baseline.
"""

import math
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
from actors.feeds.signalr import classic, matches, negotiation
from actors.feeds.signalr.classic import Answered, Beat, Classic, Pushed, Reconnect, Started, Terms
from actors.feeds.signalr.delta import Topics
from actors.feeds.signalr.negotiation import Redirected
from actors.feeds.signalr.records import LARGEST_RECORD
from actors.runtime.env import BadEndpoint, Env
from actors.runtime.http import HttpClient, HttpFailed, HttpResponse
from actors.runtime.secret import NONE, Secret, bearer, revealed, secret_of
from actors.runtime.websocket import open_websocket
from actors.runtime.websocket_frames import Heard, WebSocketFailed, WebSocketRefused

REPLAY_S: Final = 2.0
"""After a reconnect: what comes sooner may be sent again."""
MOST_REDIRECTS: Final = 3


@attrs.frozen(kw_only=True)
class ClassicSettings:
    """Where the hub is and how it is spoken to. Profile to link."""

    url: str
    """``ws`` or ``wss``: the server's path for all hubs, ``/signalr`` mostly."""
    hub: str
    topics: tuple[str, ...] = ("match",)
    """Each one's state: an object of matches by the provider's id, each an object of fields."""
    subscribe: str = "Subscribe"
    """The hub's method that takes the topics and answers with their states."""
    target: str = "feed"
    """Our method that the hub calls with a topic and a patch."""
    token: Secret = attrs.field(default=NONE, converter=secret_of)
    ca_file: str | None = None
    connect_timeout_s: float = 5.0


@attrs.define(eq=False, kw_only=True)
class ClassicLink:
    """One feed's classic connection, over any number of sockets.

    ``connect`` and ``decode`` belong together: a frame of the one is understood by the other.
    """

    env: Env
    settings: ClassicSettings
    replay_s: float = REPLAY_S
    _classic: Classic = attrs.field(init=False)
    _terms: Terms | None = attrs.field(init=False, default=None)
    """What the connection under way was granted; ``None`` where there is none to resume."""
    _topics: Topics = attrs.field(init=False, factory=Topics)
    _place: str = attrs.field(init=False, default="")
    _bearer: Secret = attrs.field(init=False, default=NONE)
    _cookies: Cookies = attrs.field(init=False, factory=Cookies)
    _call: str | None = attrs.field(init=False, default=None)
    """The subscription that is not answered yet."""
    _out: list[str] = attrs.field(init=False, factory=list)
    _starts: bool = attrs.field(init=False, default=False)
    """Whether the server waits for ``start``."""
    _heard_s: float = attrs.field(init=False, default=-math.inf)
    _told_from_s: float | None = attrs.field(init=False, default=None)
    """While what is heard may be sent again: when it no longer can be."""

    def __attrs_post_init__(self) -> None:
        self._classic = Classic([self.settings.hub])

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Frames]:
        """Open the hub: where the last connection ended if the server still knows it, else anew.

        Raises:
            FeedUnreachable: There is no connection to be had.
        """
        terms = self._terms
        now_s = trio.current_time()
        resumes = (
            terms is not None
            and bool(self._classic.cursor)
            and not self._starts
            and self._call is None
            and now_s < self._heard_s + terms.disconnect_s
        )
        if terms is None or not resumes:
            terms = await self._negotiate()
        url = self._below(self._classic.connect(terms.token.reveal()), "ws")
        try:
            async with open_websocket(
                self.env,
                url,
                ca_file=self.settings.ca_file,
                headers=self._headers(),
                max_message_bytes=LARGEST_RECORD,
                read_bytes=READ_BYTES,
                connect_timeout_s=self.settings.connect_timeout_s,
            ) as frames:
                self._terms = terms
                self._heard_s = trio.current_time()
                self._starts = False
                self._told_from_s = self._heard_s + self.replay_s if resumes else None
                yield _Frames(KeptFrames(frames, self), self)
        except WebSocketFailed as error:
            if isinstance(error, WebSocketRefused):
                # It knows the connection no longer: the next attempt asks for a new one.
                self._terms = None
            raise FeedUnreachable(f"{self._place}: {error}") from error

    def decode(self, frame: bytes | str) -> list[Decoded]:
        """Read one message of the connection that ``connect`` opened last.

        Raises:
            FeedGarbled: It is outside the protocol, or states what no match can.
            FeedLost: The hub wants to be dialled again, or refuses the subscription.
        """
        now_s = trio.current_time()
        told: list[Decoded] = []
        try:
            for event in self._classic.feed(frame):
                told += self._hear(event, now_s)
        except FeedGarbled:
            self._terms = None
            raise
        self._heard_s = now_s
        return told

    @property
    def due_s(self) -> float:
        """When ``say`` has something new: a client of the classic protocol has no beat."""
        return math.inf

    @property
    def dead_at_s(self) -> float:
        """When a silent server is dead."""
        keepalive_s = None if self._terms is None else self._terms.keepalive_s
        if self._call is not None or not self._classic.cursor:
            return self._heard_s + classic.CONNECT_S
        # Without a beat of the server's only the feed's own bound is left.
        return math.inf if keepalive_s is None else self._heard_s + keepalive_s

    def say(self, _now_s: float) -> Sequence[str]:
        """Return what is to be sent now, in order."""
        out, self._out = self._out, []
        return out

    async def start(self) -> None:
        """Ask the server to start, if it waits for that, and subscribe.

        Raises:
            FeedUnreachable: It does not.
        """
        if not self._starts or self._terms is None:
            return
        self._starts = False
        asked = self._classic.start(self._terms.token.reveal())
        answer = await self._get(self._below(asked, "http"))
        classic.read_started(answer.status, answer.body)
        settings = self.settings
        topics = list(settings.topics)
        self._call, text = self._classic.call(settings.hub, settings.subscribe, [topics])
        self._out.append(text)

    async def _negotiate(self) -> Terms:
        self._terms = None
        self._classic = Classic([self.settings.hub])
        self._topics = Topics()
        self._out.clear()
        self._call = None
        self._place, self._bearer = self.settings.url, self.settings.token
        self._cookies = Cookies()
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._get(self._below(self._classic.negotiate, "http"))
            self._cookies.take(answer.headers)
            terms = classic.read_terms(answer.status, answer.body)
            if isinstance(terms, Terms):
                return terms
            self._follow(terms)
        raise FeedUnreachable(f"over {MOST_REDIRECTS} redirects")

    def _follow(self, there: Redirected) -> None:
        url = negotiation.hub_url(there.url, None)
        if self._place.startswith(("wss:", "https:")) and not url.startswith("wss:"):
            raise FeedUnreachable("negotiate leads from TLS to none")
        if there.token or not negotiation.same_origin(url, self._place):
            # A token is for whoever it was given for.
            self._bearer = there.token
        self._place, self._cookies = url, Cookies()

    async def _get(self, url: str) -> HttpResponse:
        origin, target = negotiation.origin_and_target(url)
        try:
            async with HttpClient(
                self.env,
                origin,
                ca_file=self.settings.ca_file,
                timeout_s=self.settings.connect_timeout_s,
                max_body_bytes=negotiation.LARGEST_ANSWER,
            ) as http:
                return await http.request("GET", target, headers=self._headers())
        except (HttpFailed, BadEndpoint) as error:
            raise FeedUnreachable(f"{self._place}: {error}") from error

    def _below(self, asked: str, scheme: str) -> str:
        base, _, query = self._place.partition("?")
        rest = base.partition("://")[2].rstrip("/")
        secure = "s" if base.startswith(("wss:", "https:")) else ""
        return f"{scheme}{secure}://{rest}{asked}" + (f"&{query}" if query else "")

    def _headers(self) -> list[tuple[str, str]]:
        return revealed([*bearer(self._bearer), *self._cookies.headers])

    def _hear(self, event: classic.Event, now_s: float) -> list[Decoded]:
        told = self._restated(event, now_s)
        match event:
            case Started():
                self._starts = True
            case Answered() if event.id == self._call:
                self._call = None
                if event.error is not None:
                    self._terms = None
                    raise FeedLost(f"subscription refused: {event.error[:120]!a}")
                self._topics.snapshot(event.result)
                told += matches.all_of(self._topics)
            case Pushed() if event.method == self.settings.target and self._is_ours(event.hub):
                is_told = self._told_from_s is None
                told += matches.patched(self._topics, event.arguments, is_told=is_told)
            case Reconnect():
                raise FeedLost("the hub asks to be dialled again")
            case _:
                pass
        return told

    def _is_ours(self, hub: str) -> bool:
        # The server spells its hubs as it likes; names are compared as its own clients do.
        return hub.lower() == self.settings.hub.lower()

    def _restated(self, event: classic.Event, now_s: float) -> list[Decoded]:
        """Once nothing can be sent again any more, tell every match as it stands."""
        if self._told_from_s is None or (now_s < self._told_from_s and not isinstance(event, Beat)):
            return []
        self._told_from_s = None
        return matches.all_of(self._topics)


@attrs.frozen
class _Frames:
    """What the feed hears; the server's wish for ``start`` is granted before the next frame."""

    _kept: KeptFrames
    _link: ClassicLink

    async def hear(self) -> Heard:
        await self._link.start()
        return await self._kept.hear()

    async def send(self, text: str) -> None:
        await self._kept.send(text)
