"""A stand-in provider for each way of carrying a feed: states a match, then does what a test wants.

Raw bytes on a seeded wire, so that it can also say what no sound server would.
"""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import attrs
import trio
from wsproto.utilities import generate_accept_token

from actors.config.profile import CARRIED, Feed as FeedSettings
from actors.feeds.feed import Epochs, Feed, FeedHealth
from actors.feeds.transports import carrier
from actors.messages.feeds import FeedEvent
from actors.runtime.env import Endpoint, Env
from actors.runtime.health import Health
from actors.runtime.latest import Latest
from actors.runtime.memory import MemoryNetwork, SeededEnv

SOCKETS: Final = ("ws_json", "signalr", "signalr_classic", "lightstreamer")
WAYS: Final = (*SOCKETS, "sse", "push_json", "http_poll")
STREAMS: Final = ("sse", "push_json")
DATE: Final = "Sun, 22 Nov 2026 20:00:00 GMT"
OPENED_MS: Final = 1_795_377_600_000
OPENING_S: Final = 0.1
"""Between two words of an opening, so that the other side has its turn."""
END: Final = "\x1e"


def text_frame(text: str | bytes) -> bytes:
    """Return a server's text frame."""
    payload = text.encode() if isinstance(text, str) else text
    size = len(payload)
    if size < 126:
        return b"\x81" + bytes([size]) + payload
    if size < 2**16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def wrapped(way: str, text: str | bytes) -> bytes:
    """Return the bytes with which the provider says ``text`` once the feed is open."""
    if way in SOCKETS:
        return text_frame(text)
    payload = text.encode() if isinstance(text, str) else text
    return answer(payload, DATE) if way == "http_poll" else payload


def answer(body: bytes, date: str = DATE, status: str = "200 OK") -> bytes:
    """Return a whole HTTP answer."""
    head = f"HTTP/1.1 {status}\r\nDate: {date}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def state(way: str, home: int) -> str:
    """Return what the provider says of a match with ``home`` goals."""
    fields = {"home": "A", "away": "B", "h": str(home), "a": "0", "period": "1H"}
    match way:
        case "ws_json":
            return json.dumps({"gameId": 1, "score": f"{home}-0", "period": "1H"})
        case "signalr":
            news = {"type": 1, "target": "feed", "arguments": ["match", {"1": fields}]}
            return json.dumps(news) + END
        case "signalr_classic":
            push = {"H": "feed", "M": "feed", "A": ["match", {"1": fields}]}
            return json.dumps({"C": f"c-{home}", "M": [push]})
        case "lightstreamer":
            return f"U,1,1,1|ADD|A|B|{home}|0|1H|#|#|#|#\r\n"
        case _:
            return _pulled(way, home)


def _pulled(way: str, home: int) -> str:
    match way:
        case "sse":
            at_ms = OPENED_MS + 1_000 * (home + 2)
            score = {f"Participant{one}": {"Total": {"Goals": home * (2 - one)}} for one in (1, 2)}
            body = {"FixtureId": 1, "Seq": home + 1, "Ts": at_ms, "StatusId": 2}
            said = json.dumps({**body, "Participant1IsHome": True, "Score": score})
            return f"data: {said}\n\n"
        case "push_json":
            status = {"match_status": "1st_half", "home_score": home, "away_score": 0}
            return json.dumps({"payload": {"sport_event_status": status}}) + "\n"
        case _:
            details = {"status": "live", "half": "1st", "home_points": home, "away_points": 0}
            return json.dumps({"live_datas": [{"milestone_id": "1", "details": details}]})


def beat(way: str) -> str:
    """Return the provider's sign of life."""
    return {
        "ws_json": "ping",
        "signalr": '{"type":6}' + END,
        "signalr_classic": "{}",
        "lightstreamer": "PROBE\r\n",
        "sse": ":\n\n",
        "push_json": '{"heartbeat":{}}\n',
    }.get(way, state(way, 0))


def opening(way: str, keepalive_ms: int) -> Sequence[str]:
    """Return what a provider says before and with the first state of its match."""
    match way:
        case "signalr":
            topics = {"match": {"1": json.loads(state(way, 0)[:-1])["arguments"][1]["1"]}}
            return "{}" + END, json.dumps({"type": 3, "invocationId": "1", "result": topics}) + END
        case "signalr_classic":
            match = json.loads(state(way, 0))["M"][0]["A"][1]
            answered = {"R": {"match": match}, "I": "0"}
            return '{"C":"c-0","S":1,"M":[]}', json.dumps(answered)
        case "lightstreamer":
            bound = f"WSOK\r\nCONOK,S1,50000,{keepalive_ms},*\r\n"
            return bound, "REQOK,1\r\nSUBCMD,1,1,11,1,2\r\n" + state(way, 0)
        case _:
            return (state(way, 0),)


Then = Callable[[trio.abc.Stream], Awaitable[None]]
"""What the provider does once the match is stated."""


async def nothing(_stream: trio.abc.Stream) -> None:
    """Say nothing more."""
    await trio.sleep_forever()


@attrs.define(eq=False, kw_only=True)
class Provider:
    """One provider. Counts who asks."""

    way: str
    then: Then = nothing
    keepalive_ms: int = 5_000
    head: bytes = b""
    """What answers every request instead of the usual, if anything."""
    asked: int = 0

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Serve one connection."""
        while request := await _request(stream):
            self.asked += 1
            if self.head:
                await stream.send_all(self.head)
                await trio.sleep_forever()
            if self.way == "signalr_classic" and b"?" in request and b"/connect?" not in request:
                await stream.send_all(answer(self._terms()))
                continue
            if b"/negotiate" in request.partition(b"\r\n")[0]:
                offer = {"transport": "WebSockets", "transferFormats": ["Text"]}
                said = {
                    "negotiateVersion": 1,
                    "connectionToken": "t",
                    "availableTransports": [offer],
                }
                await stream.send_all(answer(json.dumps(said).encode()))
                continue
            await stream.send_all(self._greeting(request))
            for words in opening(self.way, self.keepalive_ms):
                await stream.send_all(wrapped(self.way, words))
                await trio.sleep(OPENING_S)
            await self.then(stream)
            return

    def _terms(self) -> bytes:
        # The answer to both of what a classic client asks for beside its socket.
        terms = {"ConnectionToken": "t", "KeepAliveTimeout": self.keepalive_ms / 1e3}
        return json.dumps({**terms, "Response": "started"}).encode()

    def _greeting(self, request: bytes) -> bytes:
        if self.way in SOCKETS:
            found = re.search(rb"(?i)sec-websocket-key: *(\S+)", request)
            assert found is not None
            accept = generate_accept_token(bytes(found[1])).decode()
            tlcp = "Sec-WebSocket-Protocol: TLCP-2.5.0.lightstreamer.com\r\n"
            return (
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accept}\r\n"
                f"{tlcp if self.way == 'lightstreamer' else ''}\r\n"
            ).encode()
        if self.way == "sse":
            kind = "Content-Type: text/event-stream"
            return f"HTTP/1.1 200 OK\r\nDate: {DATE}\r\n{kind}\r\n\r\n".encode()
        return b"HTTP/1.1 200 OK\r\n\r\n" if self.way == "push_json" else b""


async def request_of(stream: trio.abc.Stream) -> bytes:
    """Return the next request's head; empty at the end."""
    return await _request(stream)


async def _request(stream: trio.abc.Stream) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        data = await stream.receive_some(4_096)
        if not data:
            return b""
        head += data
    return head


def settings_of(way: str, url: str, **more: object) -> FeedSettings:
    """Return a profile's table for a feed of that way."""
    return FeedSettings(
        name="alpha",
        transport=way,  # type: ignore[arg-type]  # one of the profile's own words
        codec=CARRIED[way][0],  # type: ignore[arg-type]  # the same
        url=url,
        role="trigger",
        stateful=False,
        **more,  # type: ignore[arg-type]  # the test's
    )


def feed_of(env: Env, settings: FeedSettings, told: list[FeedEvent]) -> Feed:
    """Return the feed as the tree makes it."""
    way = carrier(env, settings)
    return Feed(
        name=settings.name,
        connect=way.connect,
        decode=way.decode,
        answers=way.answers,
        to_arbiter=told.append,
        env=env,
        epochs=Epochs(),
        vitals=Latest(FeedHealth()),
        health=Health(f"feed.{settings.name}"),
        dead_after_s=settings.bound_s,
    )


def url_of(way: str, where: Endpoint) -> str:
    """Return where a feed of that way finds its provider."""
    scheme = "ws" if way in SOCKETS else "http"
    path = {
        "signalr": "/hub",
        "signalr_classic": "/signalr",
        "lightstreamer": "/lightstreamer",
    }.get(way, "/feed")
    return f"{scheme}://{where.authority}{path}"


@asynccontextmanager
async def listening(
    provider: Provider, **more: object
) -> AsyncIterator[tuple[Feed, list[FeedEvent]]]:
    """Yield a feed of ``provider``'s way, and what it tells."""
    env = SeededEnv(1, MemoryNetwork(1))
    told: list[FeedEvent] = []
    async with trio.open_nursery() as nursery:
        listen = partial(env.listen, Endpoint("127.0.0.1", 0), provider.serve)
        where: Endpoint = await nursery.start(listen)
        yield (
            feed_of(env, settings_of(provider.way, url_of(provider.way, where), **more), told),
            told,
        )
        nursery.cancel_scope.cancel()
