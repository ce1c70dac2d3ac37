"""A score provider whatever its protocol: its lag, its losses, its faults, its listening.

The world tells it the truth at the true instant; when its clients hear of it, and whether,
is decided here. How they are told is its protocol's own.
"""

import math
from abc import abstractmethod
from collections import deque
from functools import partial
from typing import Final, Literal

import attrs
import trio
from typing_extensions import override

from actors.model.score import Score
from actors.runtime.env import Endpoint, Env, ServerTls
from actors.runtime.serve import ServeCounts
from actors.sim.feedfaults import OVERTAKEN_S, Misbehaving, Said
from actors.sim.feedframes import SPOILS, MatchState, Spoil, Word
from actors.sim.feedlines import Serving
from actors.sim.feedtiming import Draw, FeedTiming, draw

CLIENTS: Final = 64
WAITING: Final = 10_000
"""Incidents published and not yet due; more is a fault of the world."""

Fault = Literal["none", "mute", "mute_but_ping"]


@attrs.define
class FeedCounts:
    """What a feed server has done so far."""

    incidents: int = 0
    frames: int = 0
    """Frames broadcast; each counts once, however many clients there are."""
    lost: int = 0
    """Incidents whose frame was never sent, by ``FeedTiming.loss``."""
    too_slow: int = 0
    """Clients dropped because their outbox was full."""
    unanswered: int = 0
    """Clients dropped because they did not answer a ping."""


@attrs.frozen
class _Pending:
    due_s: float
    state: MatchState
    lost: bool
    word: Word | None = None
    """What is said of a goal or its review; ``None`` for the match as it stands."""


class Broadcaster(Misbehaving):
    """One provider. Its verbs act at once and may be called from any task.

    A fault lasts until ``revive``; matches that moved behind ``mute`` or
    ``mute_but_ping`` are then told once, as they stand.
    """

    path: str
    """Where its clients come in, as the handshake's address ends."""

    def __init__(self, *, name: str, timing: FeedTiming, seed: int) -> None:
        """Make a server that does not listen yet.

        Args:
            name: Its own, as the handshake spells it; with ``seed`` it names its draws.
            timing: Its habits.
            seed: The world's.
        """
        super().__init__(name)
        self.scout = timing.scout or name
        self.counts = FeedCounts()
        self.requests = ServeCounts()
        self._timing = timing
        self._seed = seed
        self._pending: deque[_Pending] = deque()
        self._words = {"reviews": 0, "goals": 0}
        """Words on them so far: each kind has draws of its own."""
        self._unsaid: list[_Pending] = []
        """Words that something hinders."""
        self._last_due_s = -math.inf
        self.truth: dict[int, MatchState] = {}
        """What the provider knows, by game."""
        self._fault: Fault = "none"
        self._extra_lag_ms = 0.0
        self._swapped = False
        self._listening: trio.CancelScope | None = None
        self._dead_until_s = -math.inf
        self._dead = trio.CancelScope()

    async def run(
        self,
        env: Env,
        endpoint: Endpoint,
        tls: ServerTls | None = None,
        *,
        task_status: trio.TaskStatus[Endpoint] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve until cancelled; reports the endpoint really bound, and keeps it after a kill.

        Raises:
            OSError: The endpoint cannot be had; grouped, as every error out of a nursery.
        """
        serve = self._lines.around(self.serving())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._deliver, env)
            port = endpoint.port
            reported = False
            while True:
                with trio.CancelScope() as self._listening:
                    place = attrs.evolve(endpoint, port=port)
                    async with trio.open_nursery() as listening:
                        bound: Endpoint = await listening.start(
                            partial(env.listen, place, serve, tls=tls)
                        )
                        port = bound.port
                        if not reported:
                            task_status.started(bound)
                            reported = True
                # Only ``kill`` gets here: a listener listens until it is cancelled.
                with trio.CancelScope(deadline=self._dead_until_s) as self._dead:
                    await trio.sleep_forever()

    def address(self, at: Endpoint) -> str:
        """Return where its clients come in, when it listens at ``at``."""
        return f"{self.scheme}://{at.authority}{self.path}"

    def publish(self, state: MatchState, lag_ms: float | None = None) -> Draw:
        """Hear of an incident, at the instant it happens; clients hear of it a lag later.

        Frames keep the order of their incidents, however the lags fall.

        Args:
            state: The match from now on.
            lag_ms: The script's word instead of the drawn lag; such a frame is never lost.

        Returns:
            When it will be known from now, faults of the server apart, and whether it is lost.
        """
        self.counts.incidents += 1
        assert len(self._pending) < WAITING, "the world publishes more than lags can hold"
        drawn = draw(self._timing, self._seed, self.name, self.counts.incidents)
        wait_ms = (drawn.lag_ms if lag_ms is None else lag_ms) + self._extra_lag_ms
        self._last_due_s = max(self._last_due_s, trio.current_time() + wait_ms / 1e3)
        lost = drawn.lost and lag_ms is None
        self._pending.append(_Pending(self._last_due_s, state, lost))
        self._wake.set()
        return Draw(1e3 * (self._last_due_s - trio.current_time()), lost)

    def review(self, state: MatchState, word: Word) -> None:
        """Hear that a goal is reviewed, or how that ended; or more about a goal told before.

        Most providers have no word for it. Clients of the others hear of it as of an incident,
        in its place among them, unless it is lost.
        """
        if not self.tells_of_reviews:
            return
        kind = "goals" if word in {"confirmed", "amended"} else "reviews"
        self._words[kind] += 1
        drawn = draw(self._timing, self._seed, f"{self.name} {kind}", self._words[kind])
        wait_ms = drawn.lag_ms + self._extra_lag_ms
        self._last_due_s = max(self._last_due_s, trio.current_time() + wait_ms / 1e3)
        self._pending.append(_Pending(self._last_due_s, state, drawn.lost, word))
        self._wake.set()

    def mute(self) -> None:
        """Send nothing more, not even pings, and keep every connection as it is."""
        self._fault = "mute"

    def mute_but_ping(self) -> None:
        """Go on pinging while the data stands still."""
        was, self._fault = self._fault, "mute_but_ping"
        if was == "mute":
            self.speak()

    def lag(self, ms: float) -> None:
        """Let every incident published from now on take ``ms`` longer; 0 ends that."""
        self._extra_lag_ms = ms

    def kill(self, for_s: float | None = None) -> None:
        """Drop everything and stop listening, for ``for_s`` or until ``revive``.

        A server that does not run cannot be killed.
        """
        if self._listening is not None:
            self._stay_dead_until(math.inf if for_s is None else trio.current_time() + for_s)
            self._listening.cancel()

    def corrupt(self, kind: Spoil) -> None:
        """Send every client one spoiled frame now; ``swap`` swaps all frames from now on.

        Raises:
            ValueError: There is no such kind, or the protocol has no such frame.
        """
        if kind not in SPOILS:
            raise ValueError(f"not a kind of spoiling: {kind!r}; known: {', '.join(SPOILS)}")
        if kind == "swap":
            self._swapped = True
        else:
            self.spoil(kind)

    def revive(self) -> None:
        """End every fault, extra lag and swapped sides included."""
        self._lines.mend()
        self._replays = self._reorders = False
        self._behind_until_s = -math.inf
        self._stay_dead_until(-math.inf)
        was, self._fault = self._fault, "none"
        self._extra_lag_ms = 0.0
        self._swapped = False
        if was == "mute":
            self.speak()
        self._wake.set()

    def status(self) -> dict[str, object]:
        """Return how it is, for the control socket."""
        return {
            "fault": "kill" if trio.current_time() < self._dead_until_s else self._fault,
            "extra_lag_ms": self._extra_lag_ms,
            "swapped": self._swapped,
            "clients": self.clients,
            "waiting": len(self._pending),
            **attrs.asdict(self.counts),
        }

    @property
    @abstractmethod
    def clients(self) -> int:
        """How many are connected."""

    @abstractmethod
    def serving(self) -> Serving:
        """Return what serves one connection."""

    @abstractmethod
    def speak(self) -> None:
        """Be heard again after ``mute``."""

    @abstractmethod
    def spoil(self, kind: Spoil) -> None:
        """Send every client one spoiled frame; any kind but ``swap``.

        Raises:
            ValueError: The protocol has no such frame.
        """

    @abstractmethod
    def tell(self, before: MatchState | None, state: MatchState, wall_ns: int) -> None:
        """Tell every client that a match is no longer as it was."""

    @property
    def tells_of_reviews(self) -> bool:
        """Whether the protocol has words for reviews."""
        return False

    def tell_review(self, state: MatchState, word: Word, wall_ns: int) -> None:
        """Tell every client what is said of a goal or of its review."""

    @override
    def as_told(self, state: MatchState) -> MatchState:
        """Return ``state`` as this provider tells it: its sides may be swapped."""
        if not self._swapped:
            return state
        return attrs.evolve(state, score=Score(state.score.away, state.score.home))

    def _listen_again(self) -> None:
        """Let go of every connection, busy or idle, and listen again at once."""
        if self._listening is not None:
            self._listening.cancel()

    def _stay_dead_until(self, moment_s: float) -> None:
        self._dead_until_s = moment_s
        self._dead.deadline = moment_s

    async def _deliver(self, env: Env) -> None:
        """Let each incident be known when it is due, and told as soon as nothing hinders."""
        while True:
            self._tell(env.wall_ns())
            while self._pending and self._pending[0].due_s <= trio.current_time():
                due = self._pending.popleft()
                if due.word is not None:
                    self._unsaid += () if due.lost else (due,)
                    self._tell(env.wall_ns())
                    continue
                self.truth[due.state.game_id] = due.state
                self._tell(env.wall_ns(), lost=due.lost)
            self._wake = trio.Event()
            due_s = self._pending[0].due_s if self._pending else math.inf
            if self._behind_until_s > trio.current_time():
                due_s = min(due_s, self._behind_until_s)
            with trio.move_on_at(due_s):
                await self._wake.wait()

    def _tell(self, wall_ns: int, *, lost: bool = False) -> None:
        """Bring what clients were told up to what is known."""
        if self._fault != "none" or trio.current_time() < self._behind_until_s:
            return
        for game_id, state in self.truth.items():
            before, _ = self._shown.get(game_id, (None, 0))
            if state == before:
                continue
            self._shown[game_id] = (state, wall_ns)
            if lost:
                self.counts.lost += 1
            elif before is None or state.is_news_after(before):
                self.counts.frames += 1
                self._say(before, state, wall_ns)

        while self._unsaid:
            said = self._unsaid.pop(0)
            assert said.word is not None, "only words wait here"
            self.tell_review(self.as_told(said.state), said.word, wall_ns)

    def _say(self, before: MatchState | None, state: MatchState, wall_ns: int) -> None:
        told, now_s = self.as_told(state), trio.current_time()
        self.tell(before, told, wall_ns)
        self._past.append(Said(state, wall_ns, now_s))
        if self._reorders and before is not None:
            self._reorders = False
            self.say_again(self.as_told(before), wall_ns)
            self._shown[state.game_id] = (before, wall_ns)
            self._behind_until_s = now_s + OVERTAKEN_S
