"""A goal is taken back: from its frame to the whole exit order, beside the real process.

The harness scores, fills the entry by one contract (or leaves it without an answer), and
has the feed go back on the goal. What is timed ends when the first order that only
reduces has been read. No venue and no network is in it.
"""

import random
import select
import shutil
import time
from collections.abc import Sequence
from typing import Final

import attrs

from bench.cases import HERE, PROFILE, Build, DidNotRun, certificates, touchline
from bench.game import SETTLE_S, WAKE_S
from bench.harness import Harness, OrderLine, acknowledgement, text_frame
from bench.matches import BenchMatch, matches

HELD: Final = "held"
IN_FLIGHT: Final = "in flight"
EVENTS: Final = 300
WARM_UP: Final = 40
MATCHES: Final = 40
GAP_S: Final = (0.09, 0.12)
"""Each match has its next goal four seconds later: one that is back sooner is not traded."""
FIRST_S: Final = 0.5
"""How long an order is waited for."""
LEGS_S: Final = 0.003
"""How long after the first order of a goal its others may come."""
HEARD_S: Final = 0.02
"""After which an entry that was answered is booked."""
REDUCES: Final = b'"reduce_only":true'
MISSES_IN_A_ROW: Final = 60

Request = tuple[OrderLine, bytes, bytes]


@attrs.define(eq=False)
class Referee:
    """Scores goals and takes them back."""

    harness: Harness
    case: str
    _next: int = attrs.field(init=False, default=0)

    def acknowledge(self, body: bytes) -> bytes:
        """Fill an entry by one contract, and what reduces whole; in flight fill nothing."""
        if self.case == IN_FLIGHT:
            return acknowledgement(body)
        return acknowledgement(body, "1.00")

    def play(self, played: Sequence[BenchMatch]) -> int | None:
        """Score a goal and take it back; return what the exit order took.

        ``None`` where the goal was not traded.
        """
        match = played[self._next % len(played)]
        self._next += 1
        goal, back = text_frame(match.frame(1)), text_frame(match.frame(0))
        ticker = match.event_ticker.encode()
        self.harness.say("alpha", goal)
        entries = self._orders(ticker, FIRST_S, LEGS_S)
        self.harness.say("bravo", goal)
        if entries and self.case == HELD:
            self._answer(entries)
            self.harness.attend(HEARD_S)
        began_ns = time.monotonic_ns()
        self.harness.say("alpha", back)
        exits = self._orders(ticker, FIRST_S if entries else 0.0, 0.0, REDUCES)
        read_ns = time.monotonic_ns()
        self._answer(exits)
        if self.case == IN_FLIGHT:
            self._answer(entries)
        self.harness.attend(HEARD_S)
        self.harness.say("bravo", back)
        if entries and not exits:
            raise DidNotRun("a goal was taken back, and no exit order came")
        return read_ns - began_ns if exits else None

    def _orders(
        self, ticker: bytes, first_s: float, more_s: float, word: bytes = b""
    ) -> list[Request]:
        """Read orders until one of ``ticker`` came, and ``more_s`` longer; answer nothing."""
        found: list[Request] = []
        until_s = time.monotonic() + first_s
        lines = self.harness.order_lines
        while (left_s := until_s - time.monotonic()) > 0:
            ready, _, _ = select.select(list(lines), [], [], left_s)
            for number in ready:
                line = lines[number]
                request = line.read()
                if request is None:
                    continue
                if b"POST" not in request[0][:5]:
                    line.respond(*request)
                elif ticker in request[1] and word in request[1].replace(b" ", b""):
                    found.append((line, *request))
                    if len(found) == 1:
                        until_s = time.monotonic() + more_s
                else:
                    line.respond(*request)
        return found

    def _answer(self, requests: list[Request]) -> None:
        for line, head, body in requests:
            line.respond(head, body)


def reversals(case: str, events: int = EVENTS) -> tuple[list[int], int]:
    """Return what each reversal took, in nanoseconds, sorted; and how many goals were not traded.

    Args:
        case: ``HELD`` or ``IN_FLIGHT``.
        events: How many are counted.

    Raises:
        DidNotRun: The system did not come up, or does not trade.
    """
    build = HERE / "build"
    build.mkdir(exist_ok=True)
    state, profile = build / "reversals", build / "reversals.toml"
    profile.write_text(_profile(), "utf-8")
    rng = random.Random(1)  # noqa: S311 - no secret, and to be repeated
    played = matches(MATCHES)
    took: list[int] = []
    missed = 0
    with (
        certificates() as folder,
        Harness(folder) as harness,
    ):
        referee = Referee(harness, case)
        harness.acknowledge = referee.acknowledge
        with touchline(harness, folder, state, MATCHES, print, build=Build(profile=profile)):
            for match in played:
                harness.tell(text_frame(match.frame(0)))
            harness.attend(SETTLE_S)
            until_s = time.monotonic() + WAKE_S
            while referee.play(played) is None:
                harness.attend(rng.uniform(*GAP_S))
                if time.monotonic() > until_s:
                    raise DidNotRun(f"no order within {WAKE_S:g} s of its first goal")
            misses = 0
            for number in range(WARM_UP + events):
                harness.attend(rng.uniform(*GAP_S))
                each = referee.play(played)
                misses = misses + 1 if each is None else 0
                if misses == MISSES_IN_A_ROW:
                    raise DidNotRun(f"no order for {misses} goals in a row")
                if number >= WARM_UP and each is not None:
                    took.append(each)
                elif number >= WARM_UP:
                    missed += 1
    shutil.rmtree(state, ignore_errors=True)
    return sorted(took), missed


def _profile() -> str:
    # Every goal falls here, which would soon talk the planner out of any play.
    shipped = PROFILE.read_text("utf-8")
    return shipped.replace("[plays]\n", "[plays]\noverturn_goals = 1000000000.0\n")
