"""One case being played: goal after goal, its warm-up, its measured events, and its load."""

import gc
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import attrs

from bench.cases import DidNotRun, Running, ask, cpu_ns
from bench.feedload import FeedLoad, Standing
from bench.figures import Round
from bench.harness import FEEDS, Harness, Span, text_frame
from bench.matches import MOST_GOALS, BenchMatch

WARM_UP: Final = 200
"""Events of each round that are not counted, so that caches and compilers have settled."""
PATIENCE_S: Final = 1.0
WAKE_S: Final = 30.0
"""How long a system that is up may take until its first order."""
MISSES_IN_A_ROW: Final = 20
SETTLE_S: Final = 0.5
FRAMES_PER_S: Final = 1_000
"""Of all feeds together, under load."""
DELTAS_PER_S: Final = 2_000
SEED: Final = 1


def goals_of(events: int) -> int:
    """Return how many goals a round of so many counted events may come to."""
    return WARM_UP + int(WAKE_S / PATIENCE_S) + 1 + events


def round_rng(number: int) -> random.Random:
    """Return the chance of one round: the same pauses for every case."""
    return random.Random(f"{SEED}:{number}")  # noqa: S311 - no secret, and to be repeated


@attrs.define(eq=False)
class Game:
    """The matches of one round, goal after goal, round-robin."""

    harness: Harness
    played: tuple[BenchMatch, ...]
    is_bound: bool = attrs.field(kw_only=True)
    """Whether an order must name the match that its goal was scored in."""
    standing: Standing = attrs.field(init=False)
    _next: int = attrs.field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        self.standing = Standing([0] * len(self.played))

    @property
    def goals_left(self) -> int:
        """How many goals there can still be."""
        return sum(MOST_GOALS - goals for goals in self.standing.goals)

    def wake(self) -> None:
        """Announce every match, then score until orders come.

        Raises:
            DidNotRun: None came.
        """
        if self.is_bound:
            for match in self.played:
                self.harness.tell(text_frame(match.frame(0)))
            self.harness.attend(SETTLE_S)
        until_s = time.monotonic() + WAKE_S
        while self.score() is None:
            if time.monotonic() > until_s:
                raise DidNotRun(f"no order within {WAKE_S:g} s of its first goal")

    def score(self) -> Span | None:
        """Score the next goal; return when it was and when its order came, if one came."""
        number, standing = self._next, self.standing
        self._next = (number + 1) % len(self.played)
        match = self.played[number]
        frame = text_frame(match.frame(standing.goals[number] + 1))
        ticker = match.event_ticker.encode() if self.is_bound else None
        standing.under_way = number
        span = self.harness.goal(frame, ticker, PATIENCE_S)
        standing.goals[number] += 1
        standing.under_way = None
        self.harness.echo(frame)
        return span

    def warm_up(self, rng: random.Random, gap_s: tuple[float, float]) -> None:
        """Play events that are not counted."""
        for _ in range(WARM_UP):
            self.harness.attend(rng.uniform(*gap_s))
            self.score()

    def play(
        self, events: int, rng: random.Random, gap_s: tuple[float, float], pid: int
    ) -> tuple[Round, list[Span]]:
        """Play counted events; return their figures and when each of them was.

        Raises:
            DidNotRun: Too many goals in a row brought no order.
        """
        spans: list[Span] = []
        missed = misses = 0
        used_ns = cpu_ns(pid)
        with no_collections():
            for _ in range(events):
                self.harness.attend(rng.uniform(*gap_s))
                span = self.score()
                misses = 0 if span is not None else misses + 1
                missed += misses > 0
                if span is not None:
                    spans.append(span)
                if misses == MISSES_IN_A_ROW:
                    raise DidNotRun(f"no order for {misses} goals in a row")
        used_ns = cpu_ns(pid) - used_ns
        took_ns = tuple(span.read_ns - span.began_ns for span in spans)
        return Round(took_ns=took_ns, missed=missed, cpu_ns=used_ns), spans


@contextmanager
def no_collections() -> Iterator[None]:
    """Keep the harness's own garbage collector from falling into a goal."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@attrs.define(eq=False)
class Load:
    """The load on a running system: five feeds that talk, and books that change."""

    harness: Harness
    game: Game
    running: Running
    frames_per_s: float = FRAMES_PER_S
    deltas_per_s: float = DELTAS_PER_S
    feeds: FeedLoad = attrs.field(init=False)
    seconds: float = attrs.field(init=False, default=0.0)
    """For how long it was on, so far."""
    _since_s: float | None = attrs.field(init=False, default=None)
    _venue_began_ns: int = attrs.field(init=False, default=0)
    _venue_used_ns: int = attrs.field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        self.feeds = FeedLoad(
            harness=self.harness,
            played=self.game.played,
            standing=self.game.standing,
            per_s=self.frames_per_s,
        )
        self.harness.meanwhile = self.feeds

    def turn(self, *, on: bool) -> None:
        """Begin, or stop.

        Raises:
            DidNotRun: The venue does not do it.
        """
        now_s = time.monotonic()
        venue_ns = cpu_ns(self.running.venue_pid)
        if self._since_s is not None:
            self.seconds += now_s - self._since_s
            self._venue_used_ns += venue_ns - self._venue_began_ns
        self._since_s, self._venue_began_ns = (now_s if on else None), venue_ns
        self.feeds.running = on
        ask(self.running.venue, do="load", per_s=self.deltas_per_s if on else 0)

    @property
    def deltas(self) -> int:
        """How many changes of books the venue has told so far."""
        return int(ask(self.running.venue, do="status")["deltas"])

    @property
    def backlog_bytes(self) -> int:
        """What the system has not taken of what its feeds have said."""
        return sum(len(line.waiting) for name in FEEDS for line in self.harness.feed_lines(name))

    def told(self) -> str:
        """Return a line about what load there was."""
        seconds = self.seconds or 1.0
        line = f"{self.deltas / seconds:.0f} deltas/s, {self.feeds.frames / seconds:.0f} frames/s"
        line += f", the venue at {self._venue_used_ns / 1e7 / seconds:.0f} % of a core"
        waiting = self.backlog_bytes
        return line + (f", {waiting} bytes not taken" if waiting else "")
