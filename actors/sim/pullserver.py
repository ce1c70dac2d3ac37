"""A provider that is pulled: the same truth as a stream of events and as a body to poll.

``/api/scores/stream`` speaks TxLINE's event stream, with ``Last-Event-ID`` and the
history behind it; ``/live_data/batch`` answers conditional requests. One provider is one
of the two in a race: the stream's lag is not the poll's.
"""

from collections import deque
from collections.abc import AsyncIterator, Sequence
from email.utils import formatdate
from functools import partial
from hashlib import sha256
from typing import Final

import attrs
import trio
from typing_extensions import override

from actors.runtime.env import Endpoint, Env, ServerTls
from actors.runtime.serve import Request, Response, ServeLimits, serve_connection
from actors.sim.broadcaster import CLIENTS, Broadcaster
from actors.sim.feedfaults import Said
from actors.sim.feedframes import GoalWord, MatchState, Spoil, Word, spoiled
from actors.sim.feedlines import Serving
from actors.sim.feedtiming import FeedTiming
from actors.sim.pullframes import action, batch, event, heartbeat, later, possible, review

STREAM: Final = "/api/scores/stream"
BATCH: Final = "/live_data/batch"
HISTORY: Final = 10_000
"""Actions that a client can still ask for."""
OUTBOX: Final = 256
"""Events a client may be behind before it is dropped."""
LIMITS: Final = ServeLimits(header_bytes=8 * 1024, body_bytes=0)


@attrs.frozen
class _Told:
    state: MatchState
    at_ms: int
    seq: int
    data: str

    @property
    def id(self) -> str:
        return f"{self.at_ms}:{self.seq}"


@attrs.define(eq=False)
class _Client:
    outbox: trio.MemorySendChannel[bytes]


class PullServer(Broadcaster):
    """One provider, whose clients ask for what they want to know."""

    path = STREAM

    def __init__(
        self,
        *,
        name: str,
        timing: FeedTiming,
        seed: int,
        beat_s: float = 5.0,
        retry_ms: int = 1_000,
    ) -> None:
        """Make a server that does not listen yet.

        Args:
            name: As ``Broadcaster``.
            timing: As ``Broadcaster``.
            seed: As ``Broadcaster``.
            beat_s: Between two heartbeats of the stream.
            retry_ms: What clients are told to wait after a loss.
        """
        super().__init__(name=name, timing=timing, seed=seed)
        self._beat_s = beat_s
        self._retry_ms = retry_ms
        self._told: dict[int, MatchState] = {}
        """How each match stands, as this provider tells it."""
        self._seqs: dict[int, int] = {}
        self._goals: dict[int, list[int]] = {}
        """The actions of the goals that stand, by game."""
        self._unsure: dict[int, list[int]] = {}
        """Those of them that are not confirmed, oldest first; and"""
        self._sure: dict[int, int] = {}
        """the one that was confirmed last."""
        self._latest: dict[int, _Told] = {}
        self._history: deque[_Told] = deque(maxlen=HISTORY)
        self._clients: dict[int, _Client] = {}
        self._sessions = 0
        self._audible = trio.Event()
        self._spoilt: bytes | None = None
        """What the next poll gets instead of the truth."""

    @override
    async def run(
        self,
        env: Env,
        endpoint: Endpoint,
        tls: ServerTls | None = None,
        *,
        task_status: trio.TaskStatus[Endpoint] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        self._wall_ns = env.wall_ns
        await super().run(env, endpoint, tls, task_status=task_status)

    @property
    @override
    def clients(self) -> int:
        return len(self._clients)

    @override
    def serving(self) -> Serving:
        return partial(serve_connection, handler=self._answer, limits=LIMITS, counts=self.requests)

    @override
    def tell(self, before: MatchState | None, state: MatchState, wall_ns: int) -> None:
        if before is not None and not state.sure and _rose(before, state):
            seq, at_ms = self._next_seq(state.game_id), wall_ns // 1_000_000
            # Only said: whoever comes later hears of the goal.
            self._send(event(at_ms, seq, possible(state, before, seq, at_ms)))
        self._broadcast(self._note(state, wall_ns))

    @override
    def say_again(self, state: MatchState, wall_ns: int) -> None:
        said = [one for one in self._history if one.state == state]
        if said:
            self._broadcast(said[-1])

    @property
    @override
    def tells_of_reviews(self) -> bool:
        return self.pushes

    @override
    def tell_review(self, state: MatchState, word: Word, wall_ns: int) -> None:
        game, at_ms, seq = state.game_id, wall_ns // 1_000_000, self._seqs.get(state.game_id, 0) + 1
        match word:
            case "confirmed" | "amended":
                goal = self._goal_of(game, word)
                if goal is None:
                    return
                # Its totals are those that it has told, whatever others know.
                state = attrs.evolve(state, score=self._told[game].score)
                text = later(state, word, goal, seq, at_ms)
            case _:
                text = review(state, word, seq, at_ms)
        self._seqs[game] = seq
        self._broadcast(self._keep(_Told(state, at_ms, seq, text)))

    def _goal_of(self, game: int, word: GoalWord) -> int | None:
        """Return the action of the goal that a word is about; ``None`` if it stands no more."""
        if word == "confirmed":
            waiting = self._unsure.get(game)
            self._sure[game] = waiting.pop(0) if waiting else 0
        goal = self._sure[game] if word == "confirmed" else self._sure.pop(game, 0)
        return goal if goal in self._goals.get(game, ()) else None

    @override
    def rewind(self, past: Sequence[Said]) -> None:
        for kept in (self._told, self._seqs, self._goals, self._latest, self._history):
            kept.clear()
        self._unsure.clear()
        for one in past:
            # It knows by now which of them it was sure of.
            self._note(attrs.evolve(self.as_told(one.state), sure=True), one.wall_ns)

    def _note(self, state: MatchState, wall_ns: int) -> _Told:
        game, at_ms = state.game_id, wall_ns // 1_000_000
        seq, goals = self._next_seq(game), self._goals.setdefault(game, [])
        before = self._told.get(game)
        text = action(state, before, seq, at_ms, goals)
        unsure = [goal for goal in self._unsure.get(game, ()) if goal in goals]
        if before is not None and not state.sure and _rose(before, state):
            unsure.append(seq)
        self._unsure[game] = unsure
        self._told[game] = state
        return self._keep(_Told(state, at_ms, seq, text))

    def _next_seq(self, game: int) -> int:
        self._seqs[game] = self._seqs.get(game, 0) + 1
        return self._seqs[game]

    def _keep(self, told: _Told) -> _Told:
        self._latest[told.state.game_id] = told
        self._history.append(told)
        return told

    @override
    def drop(self) -> None:
        for client in self._clients.values():
            client.outbox.close()
        self._clients.clear()

    @override
    def speak(self) -> None:
        self._audible.set()
        self._audible = trio.Event()

    @override
    def spoil(self, kind: Spoil) -> None:
        text = next((told.data for told in self._latest.values()), '{"live":true}')
        if kind == "not_utf8":
            data = text.encode() + b"\xff"
        else:
            item = spoiled(kind, text)
            assert isinstance(item, str), kind
            data = item.encode()
        self._send(b"data: " + data + b"\n\n")
        self._spoilt = data

    def _broadcast(self, told: _Told) -> None:
        self._send(event(told.at_ms, told.seq, told.data))

    def _send(self, data: bytes) -> None:
        for number, client in list(self._clients.items()):
            try:
                client.outbox.send_nowait(data)
            except (trio.WouldBlock, trio.BrokenResourceError):
                client.outbox.close()
                del self._clients[number]

    async def _answer(self, request: Request) -> Response:
        date = ("date", formatdate(self._wall_ns() // 10**9, usegmt=True))
        if request.path == STREAM:
            if len(self._clients) >= CLIENTS:
                return Response(503, headers=(("retry-after", "1"),))
            events = self._events(request.header("last-event-id") or "")
            return Response(200, events, headers=(date,), content_type="text/event-stream")
        if request.path == BATCH:
            await self._hearing()
            if self._spoilt is not None:
                spoilt, self._spoilt = self._spoilt, None
                return Response(200, spoilt, headers=(date,))
            body = batch(self._told.values())
            tag = ("etag", f'"{sha256(body).hexdigest()[:16]}"')
            headers = (date, tag, ("cache-control", "max-age=1"))
            if request.header("if-none-match") == tag[1]:
                return Response(304, headers=headers)
            return Response(200, body, headers=headers)
        return Response(404)

    async def _events(self, last_id: str) -> AsyncIterator[bytes]:
        self._sessions += 1
        number = self._sessions
        outbox, items = trio.open_memory_channel[bytes](OUTBOX)
        self._clients[number] = _Client(outbox)
        past = self._missed(last_id)
        try:
            await self._hearing()
            yield f"retry: {self._retry_ms}\n\n".encode()
            for told in past:
                yield event(told.at_ms, told.seq, told.data)
            while True:
                item = None
                with trio.move_on_after(self._beat_s):
                    item = await anext(items, b"")
                if item == b"":
                    return
                if item is not None:
                    yield item
                elif self._fault != "mute":
                    yield heartbeat(self._wall_ns() // 1_000_000)
        finally:
            self._clients.pop(number, None)
            outbox.close()
            items.close()

    async def _hearing(self) -> None:
        """Return once the provider is not mute."""
        while self._fault == "mute":
            await self._audible.wait()

    def _missed(self, last_id: str) -> list[_Told]:
        """Return what came after ``last_id``, or how every match stands if that is not known."""
        if self._replays:
            return list(self._history)
        missed: list[_Told] = []
        for told in reversed(self._history):
            if told.id == last_id:
                return missed[::-1]
            missed.append(told)
        return list(self._latest.values())


def _rose(before: MatchState, state: MatchState) -> bool:
    was, score = before.score, state.score
    return score.home + score.away > was.home + was.away


class PollServer(PullServer):
    """A provider that is polled, and pushes nothing."""

    path = BATCH

    @property
    @override
    def pushes(self) -> bool:
        return False

    @override
    def drop(self) -> None:
        self._listen_again()
