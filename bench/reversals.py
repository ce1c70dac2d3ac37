"""A goal is taken back: from its frame to the exits of all that was bought for it.

The harness scores, answers the entries or leaves them without an answer, and has the feed
go back on the goal. What is timed ends when an exit of every lot has been read; what of it
is ours, from the frame's own stamp to the last of those exits' stamps, is in the journal,
on the same clock. No venue and no network is in it. A lot whose exit does not come in time
counts as the whole time that it was waited for, and as missed.
"""

import os
import random
import select
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import attrs

from actors.messages.codec import JournalCodec
from actors.messages.records import Dispatched, Intent, Report
from actors.runtime.env import RealEnv
from actors.runtime.segments import read
from bench.cases import (
    HERE,
    PROFILE,
    Build,
    DidNotRun,
    Running,
    certificates,
    touchline,
    trading_pid,
)
from bench.game import SETTLE_S, WAKE_S, no_collections
from bench.harness import Harness, OrderLine, acknowledgement, text_frame
from bench.matches import BenchMatch, matches
from bench.stricken import BLOW


@attrs.frozen(kw_only=True)
class Case:
    """What stands when a goal is taken back."""

    said: str
    events: int
    """How many reversals are counted."""
    is_filled: bool = True
    """Whether the goal's entries have been answered and filled by then; else they are out."""
    other: str = ""
    """``out``: a second goal's entries are unanswered then; ``answered``: just being answered."""
    is_struck: bool = False
    """Whether the executor crashes just before."""
    answers_after_s: float = 0.0
    """How long the venue takes to answer an exit."""


CASES: Final = (
    Case(said="position held", events=600),
    Case(said="entry in flight", events=600, is_filled=False),
    Case(said="executor mid-order", events=300, other="out"),
    Case(said="executor reads an answer", events=300, other="answered"),
    Case(said="executor restarting", events=200, is_struck=True),
    Case(said="answers after 200 ms", events=60, answers_after_s=0.2),
    Case(said="answers after 1 s", events=20, answers_after_s=1.0),
)
WARM_UP: Final = 20
"""Of each case."""
MATCHES: Final = 160
"""Each has its next goal some seconds later: one that is back sooner is not traded."""
LEGS: Final = 3
"""What a goal opens at most, and here always."""
GAP_S: Final = (0.010, 0.020)
FIRST_S: Final = 0.5
"""How long an entry is waited for."""
LEGS_S: Final = 0.02
"""How long after the first entry of a goal its others may come."""
HEARD_S: Final = 0.005
"""After which an entry that was answered is booked."""
EXITS_S: Final = 1.0
"""How long exits are waited for; what a missed one counts as."""
STRUCK_S: Final = (0.0, 0.002)
"""Between a crash and the frame that comes into it."""
CALM_S: Final = 0.05
"""Before a crash: nothing that the executor has not booked is to be out, or it is Unknown."""
BACK_S: Final = 0.05
"""After which a crashed executor, and the planner that goes with it, are at work again."""
RETURNED_NS: Final = 100_000_000
"""Less than a ladder's next rung comes after."""
REDUCES: Final = b'"reduce_only":true'
WHOLE: Final = "0.10"
"""Little, because the day's budget has to do for all of them."""
NOTHING: Final = "0.00"
MISSES_IN_A_ROW: Final = 60

Request = tuple[OrderLine, bytes, bytes, int]
"""Its connection, head and body, and when it had been read."""


@attrs.frozen(kw_only=True)
class Reversal:
    """One goal that was traded and taken back, as the harness saw it."""

    match: str
    began_ns: int
    """Just before the frame was sent."""
    ended_ns: int
    read_ns: tuple[int, ...]
    """When the first exit of each lot had been read."""
    lots: int


@attrs.define(eq=False)
class Played:
    """One case, as far as it went."""

    case: Case
    reversals: list[Reversal] = attrs.field(factory=list)
    untraded: int = 0
    """Goals that no order came of, so that there was nothing to take back."""


@attrs.frozen(kw_only=True)
class Figures:
    """What one case came to. All times in nanoseconds, sorted."""

    case: Case
    whole_ns: tuple[int, ...]
    """Frame sent to the last lot's exit read, one for each reversal."""
    own_ns: tuple[int, ...]
    """Frame received to the last lot's exit sent, by the journal's stamps."""
    missed: int
    """Lots whose exit was not read in time."""
    unstamped: int
    """Reversals that the journal has not all stamps of."""
    untraded: int


@attrs.define(eq=False)
class Referee:
    """Scores goals and takes them back."""

    harness: Harness
    played: Sequence[BenchMatch]
    rng: random.Random
    pid: int = 0
    """The process that trades."""
    fill: str = WHOLE
    """What every order is answered to have filled."""
    _next: int = attrs.field(init=False, default=0)

    def acknowledge(self, body: bytes) -> bytes:
        """Say that an order was taken, and what it filled."""
        return acknowledgement(body, self.fill)

    def play(self, case: Case) -> Reversal | None:
        """Score a goal and take it back; ``None`` where it was not traded."""
        match = self._match()
        entries = self._score(match)
        if not entries:
            self._say(match, 0)
            return None
        if case.is_filled:
            self._answer(entries, WHOLE)
            self.harness.attend(CALM_S if case.is_struck else HEARD_S)
        other = self._match() if case.other else None
        others = [] if other is None else self._score(other)
        if case.is_struck:
            os.kill(self.pid, BLOW)
            select.select([], [], [], self.rng.uniform(*STRUCK_S))
        if case.other == "answered":
            self._answer(others, NOTHING)
        began_ns = time.monotonic_ns()
        self.harness.say("alpha", text_frame(match.frame(0)))
        exits = self._orders(match, EXITS_S, 0.0, len(entries), REDUCES)
        ended_ns = time.monotonic_ns()
        if case.answers_after_s:
            self.harness.attend(case.answers_after_s - (ended_ns - began_ns) / 1e9)
        self._answer(exits, WHOLE if case.is_filled else NOTHING)
        if not case.is_filled:
            self._answer(entries, NOTHING)
        self.harness.say("bravo", text_frame(match.frame(0)))
        if other is not None:
            self._forgo(other, others, case)
        self.harness.attend(BACK_S if case.is_struck else HEARD_S)
        self.fill = WHOLE
        firsts: dict[bytes, int] = {}
        for _, _, body, read_ns in exits:
            firsts.setdefault(market_of(body), read_ns)
        return Reversal(
            match=match.event_ticker,
            began_ns=began_ns,
            ended_ns=ended_ns,
            read_ns=tuple(firsts.values()),
            lots=len(entries),
        )

    def _match(self) -> BenchMatch:
        match = self.played[self._next % len(self.played)]
        self._next += 1
        return match

    def _score(self, match: BenchMatch) -> list[Request]:
        """Score; return the entries that came of it, unanswered."""
        goal = text_frame(match.frame(1))
        self.harness.say("alpha", goal)
        entries = self._orders(match, FIRST_S, LEGS_S, LEGS)
        self.harness.say("bravo", goal)
        return entries

    def _forgo(self, match: BenchMatch, entries: list[Request], case: Case) -> None:
        """Take a second goal back as well, whose entries filled nothing."""
        if case.other == "out":
            self._answer(entries, NOTHING)
        self.fill = NOTHING
        self.harness.attend(HEARD_S)
        self._say(match, 0)

    def _say(self, match: BenchMatch, goals: int) -> None:
        self.harness.tell(text_frame(match.frame(goals)))

    def _orders(
        self, match: BenchMatch, first_s: float, more_s: float, most: int, word: bytes = b""
    ) -> list[Request]:
        """Read orders of a match and answer none of them.

        Args:
            match: Whose; every other request is answered at once.
            first_s: How long to wait for one, or for all where ``more_s`` is 0.
            more_s: How long after the first the others may come.
            most: In how many markets.
            word: What such an order's body has in it.
        """
        found: list[Request] = []
        markets: set[bytes] = set()
        ticker = match.event_ticker.encode()
        until_s = time.monotonic() + first_s
        lines = self.harness.order_lines
        while len(markets) < most and (left_s := until_s - time.monotonic()) > 0:
            ready, _, _ = select.select(list(lines), [], [], left_s)
            for number in ready:
                line = lines[number]
                request = line.read()
                read_ns = time.monotonic_ns()
                if request is None:
                    continue
                head, body = request
                is_ours = head.startswith(b"POST") and ticker in body
                if not (is_ours and word in body.replace(b" ", b"")):
                    line.respond(head, body)
                    continue
                found.append((line, head, body, read_ns))
                markets.add(market_of(body))
                if len(found) == 1 and more_s:
                    until_s = time.monotonic() + more_s
        return found

    def _answer(self, requests: list[Request], fill: str) -> None:
        self.fill = fill
        for line, head, body, _ in requests:
            line.respond(head, body)


def market_of(body: bytes) -> bytes:
    """Return the market that an order names."""
    return body.partition(b'"ticker"')[2].split(b'"', 2)[1]


def reversals(share: float = 1.0) -> list[Figures]:
    """Have goals taken back in every case, beside one process.

    Args:
        share: How much of the cases' events is played.

    Raises:
        DidNotRun: The system did not come up, or does not trade.
    """
    build = HERE / "build"
    build.mkdir(exist_ok=True)
    state, profile = build / "reversals", build / "reversals.toml"
    profile.write_text(_profile(), "utf-8")
    made = Build(profile=profile, program=("bench/stricken.py",))
    done = [Played(case) for case in CASES]
    with certificates() as folder, Harness(folder) as harness:
        referee = Referee(harness, matches(MATCHES), random.Random(1))  # noqa: S311 - no secret, and to be repeated
        harness.acknowledge = referee.acknowledge
        with touchline(harness, folder, state, MATCHES, print, build=made) as running:
            _wake(referee, running)
            with no_collections():
                for each in done:
                    _play(referee, each, max(1, round(each.case.events * share)))
    figures = figures_of(Stamps.of(state / "journal"), done)
    shutil.rmtree(state, ignore_errors=True)
    return figures


def _wake(referee: Referee, running: Running) -> None:
    """Announce every match, then score until orders come."""
    referee.pid = trading_pid(running.pid)
    for match in referee.played:
        referee.harness.tell(text_frame(match.frame(0)))
    referee.harness.attend(SETTLE_S)
    until_s = time.monotonic() + WAKE_S
    while referee.play(CASES[0]) is None:
        if time.monotonic() > until_s:
            raise DidNotRun(f"no order within {WAKE_S:g} s of its first goal")


def _play(referee: Referee, played: Played, events: int) -> None:
    misses = warm = 0
    while len(played.reversals) < events:
        referee.harness.attend(referee.rng.uniform(*GAP_S))
        each = referee.play(played.case)
        misses = misses + 1 if each is None else 0
        if misses == MISSES_IN_A_ROW:
            raise DidNotRun(f"{played.case.said}: no order for {misses} goals in a row")
        if warm < min(WARM_UP, events // 4):
            warm += each is not None
        elif each is None:
            played.untraded += 1
        else:
            played.reversals.append(each)


def figures_of(stamps: "Stamps", done: Sequence[Played]) -> list[Figures]:
    """Lay what the harness saw beside what the journal says."""
    figures: list[Figures] = []
    for played in done:
        whole, own, missed, unstamped = list[int](), list[int](), 0, 0
        for each in played.reversals:
            late = each.lots - len(each.read_ns)
            missed += late
            last_ns = each.ended_ns if late > 0 else max(each.read_ns)
            whole.append(last_ns - each.began_ns)
            own_ns = stamps.own_ns(each)
            unstamped += own_ns is None
            # What is not known is not left out: it was at most what the harness waited.
            own.append(last_ns - each.began_ns if own_ns is None else own_ns)
        figures.append(
            Figures(
                case=played.case,
                whole_ns=tuple(sorted(whole)),
                own_ns=tuple(sorted(own)),
                missed=missed,
                unstamped=unstamped,
                untraded=played.untraded,
            )
        )
    return figures


@attrs.define(eq=False)
class Stamps:
    """When frames were received and exits sent, by match, oldest first."""

    received: dict[str, list[int]] = attrs.field(factory=dict)
    sent: dict[str, list[tuple[int, str]]] = attrs.field(factory=dict)
    """With the entry that each of them sells of."""

    @classmethod
    def of(cls, journal: Path) -> "Stamps":
        """Read a journal."""
        made, intents = cls(), dict[int, Intent]()
        for entry in read(RealEnv().disk, str(journal.absolute()), JournalCodec()):
            record = entry.record
            if isinstance(record, Intent) and record.purpose == "exit":
                intents[entry.seq] = record
            elif isinstance(record, Dispatched) and record.intent_seq in intents:
                intent = intents[record.intent_seq]
                pair = (record.sent_ns, intent.entry_client_order_id)
                made.sent.setdefault(intent.match, []).append(pair)
            elif isinstance(record, Report) and record.feed == "alpha":
                made.received.setdefault(record.match, []).append(record.received_ns)
        return made

    def own_ns(self, each: Reversal) -> int | None:
        """Return the time from the frame to the last lot's first exit; ``None`` if unknown."""
        # An order may have been read before its sender's own send has returned.
        span = range(each.began_ns, each.ended_ns + RETURNED_NS)
        heard = [at for at in self.received.get(each.match, ()) if at in span]
        firsts: dict[str, int] = {}
        for sent_ns, lot in self.sent.get(each.match, ()):
            if sent_ns in span:
                firsts.setdefault(lot, sent_ns)
        if not heard or len(firsts) < each.lots:
            return None
        return max(firsts.values()) - heard[0]


def _profile() -> str:
    # Every goal falls here, which would soon talk the planner out of any play; every leg is to
    # be opened, so that a reversal needs a connection for each; and one day has them all.
    shipped = PROFILE.read_text("utf-8")
    assert "[limits]" not in shipped, "the day's limit has its own place then"
    ours = f"[plays]\noverturn_goals = 1000000000.0\nlegs_max = {LEGS}\n"
    return shipped.replace("[plays]\n", f'[limits]\nday_dollars = "100000"\n\n{ours}')
