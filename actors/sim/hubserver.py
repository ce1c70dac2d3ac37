"""A score provider over a SignalR hub: negotiated, stateful, one topic of all matches."""

from collections.abc import Mapping, Sequence
from typing import Final

import attrs
import msgspec
import trio
from typing_extensions import override

from actors.feeds.errors import FeedGarbled
from actors.feeds.signalr.hub import HubServer
from actors.feeds.signalr.records import Close, Invocation, Record
from actors.runtime.serve import Request, Response
from actors.sim.draws import stream
from actors.sim.feedfaults import Said
from actors.sim.feedframes import MatchState, Spoil, iso, spoiled
from actors.sim.feedtiming import FeedTiming
from actors.sim.pushserver import PushServer, Wire, fields

HUB: Final = "/hub"
TOPIC: Final = "match"
COOKIE: Final = "hub-affinity"
END: Final = "\x1e"
"""Ends a record of the hub protocol."""
KEPT: Final = 64
"""Connections that were negotiated and may still be opened, or opened again."""


@attrs.define(eq=False)
class _Client:
    """One hub connection, over any number of sockets."""

    stateful: bool
    hub: HubServer
    wire: Wire | None = None
    subscribed: bool = False


class HubFeedServer(PushServer):
    """One provider, for any client of the hub protocol in JSON."""

    path = HUB
    scheme = "ws"

    def __init__(self, *, name: str, timing: FeedTiming, seed: int, token: str = "") -> None:
        """Make a server that does not listen yet.

        Args:
            name: As ``PushServer``.
            timing: As ``PushServer``.
            seed: As ``PushServer``.
            token: The bearer that clients must show; empty for none.
        """
        super().__init__(name=name, timing=timing, seed=seed)
        self._ids = stream(seed, "feed", name, "hub ids")
        self.token = token
        self._clients: dict[str, _Client] = {}
        self._fields: dict[str, dict[str, str | int | bool]] = {}
        self.negotiated = self.resumed = 0

    @property
    @override
    def socket_paths(self) -> tuple[str, ...]:
        return (HUB,)

    @override
    async def answer(self, request: Request) -> Response:
        if request.path != f"{HUB}/negotiate" or request.method != "POST":
            return Response(404)
        if not self._may(request):
            return Response(401)
        asked = dict(request.query)
        stateful = asked.get("useStatefulReconnect") == "true"
        key = f"{self._ids.getrandbits(128):032x}"
        self.negotiated += 1
        self._keep(key, _Client(stateful, HubServer(stateful=stateful)))
        newer = asked.get("negotiateVersion", "0") != "0"
        body: dict[str, object] = {
            "negotiateVersion": 1 if newer else 0,
            "connectionId": f"{self._ids.getrandbits(64):016x}" if newer else key,
            "availableTransports": [{"transport": "WebSockets", "transferFormats": ["Text"]}],
        }
        if newer:
            body["connectionToken"] = key
        if stateful:
            body["useStatefulReconnect"] = True
        cookie = ("set-cookie", f"{COOKIE}={key[:8]}; Path=/; HttpOnly")
        return Response(200, msgspec.json.encode(body), (cookie,))

    @override
    async def accept(self, request: Request) -> Response | None:
        if not self._may(request):
            return Response(401)
        key = dict(request.query).get("id")
        if key is None:
            return None
        client = self._clients.get(key)
        if client is None or client.hub.stage == "over":
            return Response(404)
        if client.wire is not None and not client.wire.scope.cancel_called:
            return Response(409)
        if not client.stateful and client.hub.stage != "closed":
            return Response(404)
        return None

    @override
    def opened(self, request: Request, wire: Wire) -> object:
        key = dict(request.query).get("id")
        # Unasked for, without a negotiation, it is a connection of this one socket.
        client = (
            self._clients[key] if key else _Client(stateful=False, hub=HubServer(stateful=False))
        )
        if not key:
            self._keep(f"{self._ids.getrandbits(128):032x}", client)
        now_s = trio.current_time()
        client.wire = wire
        if client.hub.stage == "closed":
            client.hub.open(now_s)
        else:
            self.resumed += 1
            client.hub.reopen(now_s)
        return client

    @override
    def heard(self, who: object, wire: Wire, message: str | bytes) -> bool:
        assert isinstance(who, _Client)
        now_s = trio.current_time()
        try:
            for record in who.hub.feed(message, now_s):
                self._act(who, record, now_s)
        except FeedGarbled:
            return False
        wire.outbox.extend(who.hub.take())
        return who.hub.stage != "over"

    @override
    def tick(self, who: object, wire: Wire) -> None:
        assert isinstance(who, _Client)
        now_s = trio.current_time()
        if who.wire is not wire:
            return
        if now_s >= who.hub.dead_at_s:
            wire.scope.cancel()
        who.hub.tick(now_s)
        wire.outbox.extend(who.hub.take())
        wire.due_s = min(who.hub.due_s, who.hub.dead_at_s)

    @override
    def closed(self, who: object) -> None:
        assert isinstance(who, _Client)
        who.wire = None
        if not who.stateful or who.hub.stage != "open":
            self._clients = {key: one for key, one in self._clients.items() if one is not who}

    @override
    def tell(self, before: MatchState | None, state: MatchState, wall_ns: int) -> None:
        key = state.sportradar_id
        known, now = self._fields.get(key, {}), fields(state, wall_ns)
        self._fields[key] = now
        patch = {name: value for name, value in now.items() if known.get(name) != value}
        self._announce(key, patch, wall_ns)

    @override
    def say_again(self, state: MatchState, wall_ns: int) -> None:
        key = state.sportradar_id
        self._fields[key] = fields(state, wall_ns)
        self._announce(key, self._fields[key], wall_ns)

    @override
    def rewind(self, past: Sequence[Said]) -> None:
        self._fields = {
            one.state.sportradar_id: fields(self.as_told(one.state), one.wall_ns) for one in past
        }

    @override
    def forget(self) -> None:
        self._clients = {}

    @override
    def rotate_token(self) -> None:
        if not self.token:
            super().rotate_token()
        self.token = f"{self._ids.getrandbits(128):032x}"
        self.forget()
        self.drop()

    @override
    def spoil(self, kind: Spoil) -> None:
        arguments = [TOPIC, self._fields or {"1": {"live": True}}, iso(0)]
        record = {"type": 1, "target": "feed", "arguments": arguments}
        item = spoiled(kind, msgspec.json.encode(record).decode())
        whole = item + END if isinstance(item, str) else item
        for client in self._clients.values():
            if client.wire is not None:
                client.wire.put([whole])

    def _announce(self, key: str, said: Mapping[str, object], wall_ns: int) -> None:
        for client in self._clients.values():
            if client.subscribed and client.hub.stage == "open":
                self._send(client, _news(key, said, wall_ns))

    def _send(self, client: _Client, record: Record) -> None:
        try:
            client.hub.send(record, trio.current_time())
        except FeedGarbled:
            # It acknowledges nothing: it is dropped, and its connection with it.
            if client.wire is not None:
                client.wire.scope.cancel()
            return
        if client.wire is not None:
            client.wire.wake.set()

    def _act(self, client: _Client, record: Record, now_s: float) -> None:
        match record:
            case Invocation(target="Subscribe", arguments=[list(topics)]):
                client.subscribed = True
                client.hub.answer(record, self._states(topics), now_s)
                for one in self._past if self._replays else ():
                    said = fields(self.as_told(one.state), one.wall_ns)
                    self._send(client, _news(one.state.sportradar_id, said, one.wall_ns))
            case Invocation():
                close = Close(error=f"no such method: {record.target[:40]}")
                client.hub.send(close, now_s)
            case _:
                pass

    def _states(self, topics: Sequence[object]) -> dict[str, object]:
        return {TOPIC: self._fields} if TOPIC in topics else {}

    def _may(self, request: Request) -> bool:
        shown = (request.header("authorization") or "").removeprefix("Bearer ")
        return not self.token or self.token in {shown, dict(request.query).get("access_token")}

    def _keep(self, key: str, client: _Client) -> None:
        for old in [one for one, kept in self._clients.items() if kept.wire is None][:-KEPT]:
            del self._clients[old]
        self._clients[key] = client


def _news(key: str, said: Mapping[str, object], wall_ns: int) -> Invocation:
    return Invocation(target="feed", arguments=[TOPIC, {key: said}, iso(wall_ns)])
