"""A small classic hub: negotiates, starts, numbers what it pushes, and resumes from a cursor."""

import json
from functools import partial
from urllib.parse import unquote

import attrs
import trio

from actors.runtime.env import Endpoint, Env
from actors.runtime.serve import (
    Request,
    Response,
    Session,
    SessionClosed,
    WebSocketRoute,
    serve_connection,
)

BASE = "/signalr"
FIELDS = {"home": "A", "away": "B", "h": 0, "a": 0, "period": "1H"}


@attrs.define(eq=False, kw_only=True)
class ClassicHub:
    """One hub with one topic. Its verbs act at once."""

    keepalive_s: float | None = 20.0
    token: str = ""
    knows: bool = True
    """Whether it remembers who was connected."""
    redirect_to: str = ""
    starts: bool = True
    fields: dict[str, object] = attrs.field(factory=lambda: dict(FIELDS))
    asked: list[str] = attrs.field(factory=list)
    _log: list[dict[str, object]] = attrs.field(factory=list)
    _sessions: dict[Session, trio.CancelScope] = attrs.field(factory=dict)
    _news: trio.Event = attrs.field(factory=trio.Event)

    async def run(
        self, env: Env, *, task_status: trio.TaskStatus[Endpoint] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve until cancelled."""
        routes = {
            f"{BASE}/{name}": WebSocketRoute(self._accept, self._attend)
            for name in ("connect", "reconnect")
        }
        serve = partial(serve_connection, handler=self._answer, websockets=routes)
        await env.listen(Endpoint("127.0.0.1", 0), serve, task_status=task_status)

    def goal(self, home: int) -> None:
        """Push a goal to whoever is there, and to whoever comes back."""
        self.fields["h"] = home
        patch = {"1": {"h": home}}
        self._log.append({"H": "Feed", "M": "feed", "A": ["match", patch, "now"]})
        self._wake()

    def drop(self) -> None:
        """End every socket without a goodbye."""
        for scope in self._sessions.values():
            scope.cancel()

    async def say(self, message: dict[str, object]) -> None:
        """Send one message of the test's own to every socket."""
        for session in self._sessions:
            await session.send(json.dumps(message))

    def _wake(self) -> None:
        self._news.set()
        self._news = trio.Event()

    async def _answer(self, request: Request) -> Response:
        self.asked.append(request.path)
        if self.token and request.header("authorization") != f"Bearer {self.token}":
            return Response(401, b"who?")
        if request.path == f"{BASE}/start":
            return Response(200, b'{"Response":"started"}' if self.starts else b"{}")
        if request.path != f"{BASE}/negotiate":
            return Response(404)
        if self.redirect_to:
            moved = {"RedirectUrl": self.redirect_to, "AccessToken": "there"}
            return Response(200, json.dumps(moved).encode())
        terms: dict[str, object] = {
            "ConnectionToken": "t+/=",
            "KeepAliveTimeout": self.keepalive_s,
            "DisconnectTimeout": 30.0,
            "TryWebSockets": True,
            "ProtocolVersion": "1.5",
        }
        return Response(200, json.dumps(terms).encode())

    async def _accept(self, request: Request) -> Response | None:
        self.asked.append(request.path)
        asked = dict(request.query)
        assert unquote(asked["connectionToken"]) == "t+/="
        assert json.loads(asked["connectionData"]) == [{"name": "feed"}]
        return None if self.knows or request.path.endswith("/connect") else Response(400, b"gone")

    async def _attend(self, request: Request, session: Session) -> None:
        asked = dict(request.query)
        told = len(self._log)
        if "messageId" in asked:
            told = int(asked["messageId"].removeprefix("c-"))
        else:
            await session.send(json.dumps({"C": f"c-{told}", "S": 1, "M": []}))
        with trio.CancelScope() as scope:
            self._sessions[session] = scope
            try:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._hear, session)
                    await self._push(session, told)
            except* SessionClosed:
                pass
            finally:
                del self._sessions[session]

    async def _hear(self, session: Session) -> None:
        while True:
            call = json.loads(await session.receive())
            assert (call["H"], call["M"], call["A"]) == ("feed", "Subscribe", [["match"]])
            state = {"match": {"1": dict(self.fields)}}
            await session.send(json.dumps({"R": state, "I": str(call["I"])}))

    async def _push(self, session: Session, told: int) -> None:
        while True:
            if told < len(self._log):
                pushes, told = self._log[told:], len(self._log)
                await session.send(json.dumps({"C": f"c-{told}", "M": pushes, "G": "groups"}))
            news = self._news
            with trio.move_on_after(10) as quiet:
                await news.wait()
            if quiet.cancelled_caught and self.keepalive_s is not None and self.knows:
                await session.send("{}")
