"""Keeps the desk's books from what every connection of the stream says, and answers for them.

One connection or two: with two the first copy of each change counts, a hole that the
other connection fills is none, and a book is lost only when the last copy of it is.
What cannot be true of a book (a change it cannot have, sides that stay crossed, another
book over REST) distrusts it and asks for a snapshot.
"""

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final, Literal, Protocol

import attrs

from actors.config.profile import Profile
from actors.exchange.clock import ClockOffset
from actors.exchange.errors import StreamFailed
from actors.exchange.stream_ages import Ages
from actors.exchange.stream_core import StreamCore
from actors.exchange.stream_merge import Merge
from actors.exchange.stream_values import StreamDelta, StreamLost, StreamSnapshot
from actors.messages.market import BookChange, BookDelta, BookLost, BookSnapshot
from actors.messages.records_stream import StreamRow
from actors.model.book import BookBroken
from actors.model.orders import Ticker
from actors.runtime.chime import Chime
from actors.runtime.env import Env
from actors.runtime.mailbox import Mailbox
from actors.trader.books import Books

LOOK_NS: Final = 2_000_000_000
"""Between two looks for laggards and for books that stay crossed."""
TELL_NS: Final = 60_000_000_000
"""Between two records of each connection's figures."""
MOST_BROKEN: Final = 20
"""Books that broke within ``BROKEN_NS``; more, and the connection is not worth keeping."""
BROKEN_NS: Final = 60_000_000_000

Doubt = Literal["broken", "crossed", "mismatch"]


@attrs.define(eq=False)
class Line:
    """One connection, whether it stands or not."""

    ages: Ages
    core: StreamCore | None = None
    """``None`` while it is away."""
    asking: Chime = attrs.field(factory=Chime)
    """Rings when the core has something to ask that nobody else will send."""
    opened: int = 0


@attrs.define(eq=False, kw_only=True)
class Keeper:
    """Writes the desk's books. The tree owns it; it outlives every connection."""

    env: Env
    books: Books
    streams: int
    late_ms: int
    """A message that is older than this when it comes is late."""
    to_auditor: Mailbox[object]
    on_book: Callable[[Ticker], None]
    """Told that a book changed."""
    offset_ns: Callable[[], int] = lambda: 0
    """The venue's clock less ours, as far as it is known."""
    on_change: Callable[[BookChange], None] | None = None
    """Told every change, while a book is being compared."""
    lines: tuple[Line, ...] = attrs.field(init=False)
    merge: Merge | None = attrs.field(init=False)
    doubts: dict[Doubt, int] = attrs.field(init=False)
    """How often a book was distrusted, by why."""
    _broken_ns: deque[int] = attrs.field(init=False, factory=deque)
    _crossed: dict[Ticker, None] = attrs.field(init=False, factory=dict)
    """Books that were crossed at the last look."""
    _looked_ns: int = attrs.field(init=False, default=0)
    _told_ns: int = attrs.field(init=False, default=0)
    """When figures were last put on record."""

    def __attrs_post_init__(self) -> None:
        self.lines = tuple(Line(Ages(self.late_ms)) for _ in range(self.streams))
        self.merge = Merge(self.streams) if self.streams > 1 else None
        self.doubts = {"broken": 0, "crossed": 0, "mismatch": 0}
        self.books.proof = self

    def open(self, stream: int) -> StreamCore:
        """Return a core for a new connection in the place of ``stream``."""
        line = self.lines[stream]
        known = None if self.merge is None else partial(self.merge.has, stream)
        line.core = StreamCore((), self.env.now_ns(), known=known, ages=line.ages)
        line.opened += 1
        self._set_clock(line)
        return line.core

    def close(self, stream: int) -> None:
        """Note that a connection is away; what that costs it has said itself."""
        self.lines[stream].core = None

    def take(self, stream: int, value: StreamSnapshot | StreamDelta | StreamLost) -> None:
        """Take one word of a connection about books.

        Raises:
            StreamFailed: Too many books broke: the stream is not worth keeping.
        """
        merge = self.merge
        if merge is None:
            self._tell(value)
            return
        told = merge.take(stream, value)
        if told is not None:
            self._tell(told)
        if merge.asks:
            self._ask(merge)

    def proved(self, stream: int, since_ns: int) -> None:
        """Note that a ping of a connection was answered, and look after the books."""
        self.books.proved_ns = max(self.books.proved_ns, since_ns)
        self._set_clock(self.lines[stream])
        now_ns = self.env.now_ns()
        if now_ns - self._looked_ns >= LOOK_NS:
            self._looked_ns = now_ns
            self._look(now_ns)

    def distrust(self, ticker: Ticker, why: Doubt) -> None:
        """Give one book up until a snapshot of it, which is asked for at once."""
        self.doubts[why] += 1
        now_ns = self.env.now_ns()
        self._change(BookLost(ticker=ticker, reason=why, received_ns=now_ns))
        if self.merge is None:
            self._doubt(0, [ticker], now_ns)
        else:
            self.merge.distrust(ticker)
            self._ask(self.merge)

    def proved_ns(self, ticker: Ticker) -> int:
        """Return since when nothing of a book can be missing, by the connections that bring it."""
        if self.merge is None:
            return self.books.proved_ns
        cores = [self.lines[stream].core for stream in self.merge.copies(ticker)]
        return max((core.proved_ns for core in cores if core is not None), default=0)

    def is_late(self, ticker: Ticker, now_ns: int) -> bool:
        """Return whether every connection that brings a book brings old news."""
        if self.merge is None:
            return self.lines[0].ages.is_late(now_ns)
        copies = self.merge.copies(ticker)
        return bool(copies) and all(self.lines[each].ages.is_late(now_ns) for each in copies)

    def _tell(self, value: StreamSnapshot | StreamDelta | StreamLost) -> None:
        for change in book_changes(value):
            try:
                self._change(change)
            except BookBroken:
                self._break(change.ticker)

    def _change(self, change: BookChange) -> None:
        self.books.apply(change)
        self.on_book(change.ticker)
        self.to_auditor.post(change)
        if self.on_change is not None:
            self.on_change(change)

    def _break(self, ticker: Ticker) -> None:
        """A change that its book cannot have: the stream lied, or we did."""
        now_ns, broken = self.env.now_ns(), self._broken_ns
        broken.append(now_ns)
        while now_ns - broken[0] > BROKEN_NS:
            broken.popleft()
        self.distrust(ticker, "broken")
        if len(broken) > MOST_BROKEN:
            broken.clear()
            raise StreamFailed(f"{MOST_BROKEN} books broke within a minute")

    def _ask(self, merge: Merge) -> None:
        """Have connections ask for the snapshots that the merge needs, one command each."""
        asks, merge.asks = merge.asks, []
        for stream in range(self.streams):
            wanted = [ticker for whom, ticker in asks if whom == stream]
            if wanted:
                self._doubt(stream, wanted, self.env.now_ns())

    def _doubt(self, stream: int, tickers: Iterable[Ticker], now_ns: int) -> None:
        line = self.lines[stream]
        if line.core is not None:
            line.core.distrust(tickers, now_ns)
            line.asking.ring()

    def _look(self, now_ns: int) -> None:
        """Find what no single message shows: laggards, and books that stay crossed."""
        for line in self.lines:
            line.ages.turn(now_ns)
        if now_ns - self._told_ns >= TELL_NS:
            self._told_ns = now_ns
            self._report(now_ns)
        if self.merge is not None:
            for ticker in self.merge.look():
                self._change(BookLost(ticker=ticker, reason="clock", received_ns=now_ns))
            self._ask(self.merge)
        crossed = dict.fromkeys(self.books.crossed())
        stay = [ticker for ticker in crossed if ticker in self._crossed]
        self._crossed = crossed
        for ticker in stay:
            del crossed[ticker]
            self.distrust(ticker, "crossed")

    def figures(self, now_ns: int) -> dict[str, Any]:
        """Return what health says of books and of what brings them."""
        merge = self.merge
        return {
            "unquotable": self.books.flaws(now_ns),
            "doubts": dict(self.doubts),
            "repeats": 0 if merge is None else merge.repeats,
            "filled": 0 if merge is None else merge.filled,
            "behind": 0 if merge is None else merge.behind,
            "clock_resets": 0 if merge is None else merge.resets,
            "streams": [self._line_figures(line) for line in self.lines],
        }

    def _line_figures(self, line: Line) -> dict[str, object]:
        p50_ms, p99_ms = line.ages.quantiles_ms(0.5, 0.99)
        core = line.core
        return {
            "up": core is not None,
            "opened": line.opened,
            "messages": line.ages.messages,
            "late": line.ages.late,
            "ahead": line.ages.ahead,
            "age_p50_ms": p50_ms,
            "age_p99_ms": p99_ms,
            "gaps": 0 if core is None else core.gaps,
        }

    def _report(self, now_ns: int) -> None:
        """Put on record how every connection does."""
        unquotable = sum(self.books.flaws(now_ns).values())
        for number, line in enumerate(self.lines):
            p50_ms, p99_ms = line.ages.quantiles_ms(0.5, 0.99)
            self.to_auditor.post(
                StreamRow(
                    stream=number,
                    messages=line.ages.messages,
                    late=line.ages.late,
                    age_p50_ms=p50_ms,
                    age_p99_ms=p99_ms,
                    opened=line.opened,
                    gaps=0 if line.core is None else line.core.gaps,
                    repeats=0 if self.merge is None else self.merge.repeats,
                    filled=0 if self.merge is None else self.merge.filled,
                    unquotable=unquotable,
                    at_ns=now_ns,
                )
            )

    def _set_clock(self, line: Line) -> None:
        line.ages.wall_less_mono_ns = self.env.wall_ns() - self.env.now_ns() + self.offset_ns()


class Setting(Protocol):
    """What a keeper is made of, of all that a run is made of."""

    @property
    def env(self) -> Env:
        """The clocks."""
        ...

    @property
    def profile(self) -> Profile:
        """How many connections, and when a message is late."""
        ...

    @property
    def to_auditor(self) -> Mailbox[object]:
        """Where every change goes."""
        ...


def proved_offset_ns(clock: ClockOffset, env: Env) -> int:
    """Return by how much the venue's clock is ahead of ours for sure; 0 where they may agree."""
    now_ns = env.now_ns()
    ours_ns = env.wall_ns() - now_ns
    low_ns, high_ns = clock.bounds_ns(now_ns)
    if low_ns is not None and low_ns > ours_ns:
        return low_ns - ours_ns
    return min(0, high_ns - ours_ns) if high_ns is not None else 0


def keeper_of(
    given: Setting, books: Books, clock: ClockOffset, on_book: Callable[[Ticker], None]
) -> Keeper:
    """Make a run's keeper."""
    return Keeper(
        env=given.env,
        books=books,
        streams=given.profile.venue.streams,
        late_ms=given.profile.gates.late_ms,
        to_auditor=given.to_auditor,
        on_book=on_book,
        offset_ns=partial(proved_offset_ns, clock, given.env),
    )


def book_changes(value: StreamSnapshot | StreamDelta | StreamLost) -> list[BookChange]:
    """Return a connection's word as messages, one a market."""
    match value:
        case StreamDelta():
            return [
                BookDelta(
                    ticker=value.ticker,
                    side=value.side,
                    price_pips=value.price_pips,
                    change_centi=value.change_centi,
                    sid=value.sid,
                    seq=value.seq,
                    venue_ts_ms=value.venue_ts_ms,
                    received_ns=value.received_ns,
                )
            ]
        case StreamSnapshot():
            return [
                BookSnapshot(
                    ticker=value.ticker,
                    bids=value.bids,
                    asks=value.asks,
                    sid=value.sid,
                    seq=value.seq,
                    received_ns=value.received_ns,
                )
            ]
        case StreamLost():
            return [
                BookLost(ticker=ticker, reason=value.reason, received_ns=value.received_ns)
                for ticker in value.tickers
            ]
