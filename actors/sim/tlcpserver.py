"""A score provider over Lightstreamer's TLCP: sessions that outlive their WebSockets."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final

import attrs
import trio
from typing_extensions import override

from actors.feeds.errors import FeedGarbled
from actors.feeds.lightstreamer.lines import join
from actors.feeds.lightstreamer.requests import PATH, SUBPROTOCOL, Asked, read_message
from actors.runtime.serve import Request, Response
from actors.sim.draws import stream
from actors.sim.feedfaults import Said
from actors.sim.feedframes import FRAME_LIMIT, MatchState, Spoil, text_frame
from actors.sim.feedtiming import FeedTiming
from actors.sim.pushserver import PushServer, Wire, fields
from actors.sim.tlcp import KEEPALIVE_S, Fields, ServerSession
from actors.sim.tlcphttp import Stream, asked_of

_COUNT: Final = re.compile("[0-9]{1,15}")
TEXT: Final = "text/plain; charset=utf-8"
SPOILT: Final[Mapping[Spoil, str | bytes]] = {
    "malformed": "U,1\r\n",
    "oversized": f"U,1,1,{'x' * FRAME_LIMIT}\r\n",
    "not_utf8": text_frame(b"U,1,1,\xff\r\n"),
}
TOGETHER: Final = 50
"""Lines in one message at most."""
KEPT: Final = 64
"""Sessions that have no connection and may be recovered."""


@attrs.define(eq=False)
class _Socket:
    session: ServerSession | None = None
    said_s: float = -math.inf


class TlcpFeedServer(PushServer):
    """One provider, for any TLCP-2.5.0 client over WebSocket."""

    path = PATH
    scheme = "ws"

    def __init__(self, *, name: str, timing: FeedTiming, seed: int) -> None:
        """Make a server that does not listen yet; see ``PushServer``."""
        super().__init__(name=name, timing=timing, seed=seed)
        self._ids = stream(seed, "feed", name, "session ids")
        self._sessions: dict[str, ServerSession] = {}
        self._sockets: dict[ServerSession, Wire] = {}
        self._fields: dict[str, Fields] = {}
        self.created = self.recovered = 0

    def loop(self) -> None:
        """Ask every client to bind its stream anew."""
        for session in self._sockets:
            session.loop()
            self._sockets[session].wake.set()

    def end(self, code: int, why: str) -> None:
        """End every session."""
        for session in self._sockets:
            session.end(code, why)
            self._sockets[session].wake.set()

    @property
    @override
    def socket_paths(self) -> tuple[str, ...]:
        return (PATH,)

    @override
    async def answer(self, request: Request) -> Response:
        asked = asked_of(request)
        if asked is None:
            return Response(404)
        if asked.name in {"create_session", "bind_session"}:
            return self._stream(asked)
        if asked.name == "heartbeat":
            return Response(200, b"REQOK\r\n", content_type=TEXT)
        session = self._sessions.get(asked.get("LS_session"))
        if asked.name != "control" or session is None:
            error = join("REQERR", asked.get("LS_reqId"), 20, "Specified session not found")
            return Response(200, error.encode(), content_type=TEXT)
        return Response(200, self._controlled(session, asked).encode(), content_type=TEXT)

    @override
    async def accept(self, request: Request) -> Response | None:
        offered = (request.header("sec-websocket-protocol") or "").split(",")
        if SUBPROTOCOL not in [one.strip() for one in offered]:
            return Response(400)
        return Response(101, headers=(("sec-websocket-protocol", SUBPROTOCOL),))

    @override
    def opened(self, request: Request, wire: Wire) -> object:
        return _Socket()

    @override
    def heard(self, who: object, wire: Wire, message: str | bytes) -> bool:
        assert isinstance(who, _Socket)
        if isinstance(message, bytes):
            return False
        try:
            asked = read_message(message)
        except FeedGarbled as error:
            wire.outbox.append(join("ERROR", 67, str(error)[:80]))
            return False
        for one in asked:
            self._act(who, wire, one)
        return True

    @override
    def tick(self, who: object, wire: Wire) -> None:
        assert isinstance(who, _Socket)
        now_s, session = trio.current_time(), who.session
        wire.due_s = math.inf
        if session is None or self._sockets.get(session) is not wire:
            return
        if not session.out and now_s >= who.said_s + KEEPALIVE_S:
            session.probe()
            who.said_s = now_s
        if session.out:
            who.said_s = now_s
            # Lines that are there together share a message.
            for at in range(0, len(session.out), TOGETHER):
                wire.outbox.append("".join(session.out[at : at + TOGETHER]))
            session.out.clear()
        if session.is_over:
            self._forget(session)
        wire.due_s = who.said_s + KEEPALIVE_S

    @override
    def closed(self, who: object) -> None:
        assert isinstance(who, _Socket)
        if who.session is not None:
            self._sockets.pop(who.session, None)

    @override
    def tell(self, before: MatchState | None, state: MatchState, wall_ns: int) -> None:
        self._announce(state, wall_ns, "ADD" if before is None else "UPDATE")

    @override
    def say_again(self, state: MatchState, wall_ns: int) -> None:
        self._announce(state, wall_ns, "UPDATE")

    @override
    def rewind(self, past: Sequence[Said]) -> None:
        self._fields = {
            one.state.sportradar_id: fields(self.as_told(one.state), one.wall_ns) for one in past
        }

    @override
    def forget(self) -> None:
        self._sessions.clear()
        self._sockets.clear()

    def _announce(self, state: MatchState, wall_ns: int, command: str) -> None:
        key = state.sportradar_id
        self._fields[key] = now = fields(state, wall_ns)
        for session in self._sessions.values():
            session.tell(key, now, command)
            if session in self._sockets:
                self._sockets[session].wake.set()
            else:
                session.out.clear()

    @override
    def spoil(self, kind: Spoil) -> None:
        line = SPOILT.get(kind)
        if line is None:
            raise ValueError(f"{self.name} speaks in lines: nothing in one can be {kind}")
        for wire in self._sockets.values():
            wire.put([line])

    def _stream(self, asked: Asked) -> Response:
        wire, socket = Wire(), _Socket()
        self._act(socket, wire, asked)
        number = self.attach(wire)

        def gone() -> None:
            self.detach(number)
            if socket.session is not None and self._sockets.get(socket.session) is wire:
                del self._sockets[socket.session]

        body = Stream(
            wire=wire,
            tick=lambda: self._due(socket, wire),
            gone=gone,
            # A refusal has no session, and nothing follows it.
            polls=asked.get("LS_polling") == "true",
        )
        return Response(200, body, content_type=TEXT)

    def _due(self, socket: _Socket, wire: Wire) -> None:
        if self._fault == "mute":
            wire.due_s = math.inf
        else:
            self.tick(socket, wire)

    def _controlled(self, session: ServerSession, asked: Asked) -> str:
        """Do what is asked; its answer belongs to the request and not to the stream."""
        streamed, session.out = session.out, []
        self._control(session, asked)
        answers = [line for line in session.out if line.startswith(("REQOK", "REQERR"))]
        session.out = streamed + [line for line in session.out if line not in answers]
        if session in self._sockets:
            self._sockets[session].wake.set()
        return "".join(answers)

    def _act(self, socket: _Socket, wire: Wire, asked: Asked) -> None:
        match asked.name:
            case "wsok":
                wire.outbox.append(join("WSOK"))
            case "create_session":
                self.created += 1
                session = ServerSession(f"S{self._ids.getrandbits(64):016x}")
                self._keep(session)
                self._bind(socket, wire, session)
                session.create()
            case "bind_session":
                self._rebind(socket, wire, asked)
            case "control" if socket.session is not None:
                self._control(socket.session, asked)
            case "control":
                wire.outbox.append(join("REQERR", asked.get("LS_reqId"), 20, "No session"))
            case "heartbeat":
                pass
            case _:
                wire.outbox.append(join("ERROR", 67, "Malformed request"))

    def _control(self, session: ServerSession, asked: Asked) -> None:
        session.control(asked, self._fields)
        if self._replays and asked.get("LS_op") == "add":
            for one in self._past:
                said = fields(self.as_told(one.state), one.wall_ns)
                session.tell(one.state.sportradar_id, said, "UPDATE")

    def _rebind(self, socket: _Socket, wire: Wire, asked: Asked) -> None:
        session = self._sessions.get(asked.get("LS_session"))
        if session is None:
            wire.outbox.append(join("CONERR", 20, "Specified session not found"))
            return
        wanted = asked.get("LS_recovery_from")
        counted = int(wanted) if _COUNT.fullmatch(wanted) else None
        if counted is not None:
            # What was meant for the connection that is gone is said again by count.
            session.out.clear()
        if session.bind(counted):
            self.recovered += counted is not None
            self._bind(socket, wire, session)
        else:
            wire.outbox.append(join("CONERR", 4, "The progressive is not kept"))

    def _bind(self, socket: _Socket, wire: Wire, session: ServerSession) -> None:
        other = self._sockets.get(session)
        if other is not None and other is not wire:
            other.scope.cancel()
        socket.session = session
        self._sockets[session] = wire

    def _keep(self, session: ServerSession) -> None:
        idle = [one for one in self._sessions.values() if one not in self._sockets]
        for old in idle[:-KEPT]:
            self._forget(old)
        self._sessions[session.key] = session

    def _forget(self, session: ServerSession) -> None:
        self._sessions.pop(session.key, None)
