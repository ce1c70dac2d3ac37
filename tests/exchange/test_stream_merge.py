"""The law of two connections: whatever either loses, a book called whole is the venue's own."""

import copy
import json
from functools import partial

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from typing_extensions import override

from actors.exchange.stream_asking import ALL
from actors.exchange.stream_core import StreamCore
from actors.exchange.stream_merge import Merge
from actors.exchange.stream_values import (
    StreamDelta,
    StreamLost,
    StreamSnapshot,
    StreamValue,
)
from actors.model.money import CentiContracts, Pips
from actors.model.orders import Ticker
from tests.exchange.books import BookReader, BookServer, Levels

A, B = Ticker("A"), Ticker("B")
STREAMS = st.sampled_from([0, 1])
Place = tuple[int, int]
CHANGES = st.lists(
    st.tuples(st.sampled_from(["yes", "no"]), st.integers(1, 3), st.integers(1, 3)),
    min_size=1,
    max_size=3,
)


class Twins(RuleBasedStateMachine):
    """One venue, two connections to it: each loses, repeats, lags and dies on its own."""

    def __init__(self) -> None:
        super().__init__()
        self.merge, self.reader, self.now_ns = Merge(), BookReader(), 0
        self.truth: dict[Ticker, dict[Place, Levels]] = {A: {(0, ALL): {}}, B: {(0, ALL): {}}}
        self.servers = [BookServer(), BookServer()]
        self.cores = [self.core(stream) for stream in (0, 1)]
        self.last = ["", ""]
        for stream in (0, 1):
            self.settle(stream)

    def core(self, stream: int) -> StreamCore:
        return StreamCore([A, B], self.now_ns, known=partial(self.merge.has, stream))

    def settle(self, stream: int) -> None:
        self.servers[stream].obey(self.cores[stream].take_commands())

    def hear(self, stream: int, values: list[StreamValue]) -> None:
        for value in values:
            if isinstance(value, StreamDelta | StreamSnapshot | StreamLost):
                told = self.merge.take(stream, value)
                if told is not None:
                    self.reader.apply([told])
        self.ask()

    def ask(self) -> None:
        asks, self.merge.asks = self.merge.asks, []
        for stream, ticker in asks:
            self.cores[stream].distrust([ticker], self.now_ns)
        for stream in (0, 1):
            self.settle(stream)

    def read(self, stream: int, text: str) -> None:
        # Slow enough that even a gap at every message is not too many.
        self.now_ns += 10_000_000_000
        self.hear(stream, self.cores[stream].receive(text, self.now_ns))
        for ticker, levels in self.reader.books.items():
            place = self.merge.place(ticker)
            assert place is not None
            assert levels == self.at(ticker, place)

    def at(self, ticker: Ticker, place: Place) -> Levels:
        """Return the venue's book of a market at a place."""
        states = self.truth[ticker]
        return states[max(each for each in states if each <= place)]

    @rule(ticker=st.sampled_from([A, B]), changes=CHANGES, takes=st.booleans())
    def act(self, ticker: Ticker, changes: list[tuple[str, int, int]], *, takes: bool) -> None:
        """Let one action of the venue change a book, by one clock, in several places."""
        for number, (side, cents, centi) in enumerate(changes):
            now = self.servers[0].books.get(ticker, {}).get((side, 100 * cents), 0)
            change = -now if takes and now else centi
            for server in self.servers:
                server.clock -= number > 0
                server.change(ticker, side, 100 * cents, change)
            book = dict(self.servers[0].books[ticker])
            self.truth[ticker][self.servers[0].clock, number + 1] = book

    @rule(stream=STREAMS, count=st.integers(1, 6))
    def deliver(self, stream: int, count: int) -> None:
        outbox = self.servers[stream].outbox
        for _ in range(min(count, len(outbox))):
            self.last[stream] = outbox.popleft()
            self.read(stream, self.last[stream])

    @rule(stream=STREAMS)
    def lose(self, stream: int) -> None:
        # A lost confirmation leaves commands unanswered, which `check` is for.
        outbox = self.servers[stream].outbox
        if outbox and '"id"' not in outbox[0]:
            outbox.popleft()

    @rule(stream=STREAMS)
    def repeat(self, stream: int) -> None:
        if '"seq"' in self.last[stream]:
            self.read(stream, self.last[stream])

    @rule(stream=STREAMS)
    def die(self, stream: int) -> None:
        """Let one connection end, and another begin in its place."""
        self.hear(stream, self.cores[stream].ended(self.now_ns))
        was = self.servers[stream]
        self.servers[stream] = BookServer(books=copy.deepcopy(was.books), clock=was.clock)
        self.cores[stream], self.last[stream] = self.core(stream), ""
        self.settle(stream)

    @rule(stream=STREAMS, tickers=st.sets(st.sampled_from([A, B])))
    def want(self, stream: int, tickers: set[Ticker]) -> None:
        """Let one connection hear before the other what is wanted from now on."""
        self.hear(stream, self.cores[stream].want(sorted(tickers), self.now_ns))

    @rule()
    def look(self) -> None:
        gone = self.merge.look()
        if gone:
            self.reader.apply([StreamLost(tickers=tuple(gone), reason="clock", received_ns=0)])
        self.ask()

    @rule(ticker=st.sampled_from([A, B]))
    def distrust(self, ticker: Ticker) -> None:
        self.merge.distrust(ticker)
        self.reader.apply([StreamLost(tickers=(ticker,), reason="gap", received_ns=0)])
        self.ask()

    def drain(self) -> None:
        while any(server.outbox for server in self.servers):
            for stream in (0, 1):
                self.deliver(stream, 1_000)

    @override
    def teardown(self) -> None:
        """One message more tells of whatever was lost, and what it brings about cures it."""
        for stream in (0, 1):
            self.want(stream, {A, B})
        self.drain()
        for ticker in (A, B):
            self.act(ticker, [("yes", 5, 1)], takes=False)
        self.drain()
        now = self.servers[0].books
        assert self.reader.books == {ticker: now[ticker] for ticker in (A, B)}
        assert [self.merge.copies(ticker) for ticker in (A, B)] == [[0, 1], [0, 1]]


TestWhateverTwoConnectionsLoseABookThatIsWholeIsTheVenuesOwn = Twins.TestCase
TestWhateverTwoConnectionsLoseABookThatIsWholeIsTheVenuesOwn.settings = settings(
    max_examples=80, stateful_step_count=40, deadline=None
)


class Pair:
    """Two connections that lose nothing unless told to."""

    def __init__(self) -> None:
        self.twins = Twins()
        self.flow()

    def flow(self) -> None:
        for stream in (0, 1):
            self.twins.deliver(stream, 1_000)

    def act(self, *changes: int) -> None:
        self.twins.act(A, [("yes", 1, change) for change in changes], takes=False)

    @property
    def lost(self) -> list[StreamLost]:
        return self.twins.reader.lost


def test_a_hole_that_the_other_connection_fills_is_no_gap() -> None:
    pair = Pair()
    pair.act(1)
    pair.twins.lose(0)
    pair.flow()
    pair.act(2)
    pair.flow()

    assert pair.lost == []
    assert pair.twins.merge.filled == 2, "both books of the subscription had a hole there"
    assert pair.twins.reader.books[A] == {("yes", 100): 3}


def test_every_change_counts_once_whichever_connection_is_ahead() -> None:
    pair = Pair()
    pair.act(1, 1, 1)
    pair.twins.deliver(0, 2)
    pair.twins.deliver(1, 3)
    pair.act(2)
    pair.twins.deliver(1, 1)
    pair.flow()

    assert pair.twins.reader.books[A] == {("yes", 100): 5}
    assert pair.twins.merge.repeats == 4


def test_one_connection_that_dies_costs_no_book() -> None:
    pair = Pair()
    pair.twins.hear(0, pair.twins.cores[0].ended(0))
    pair.act(4)
    pair.twins.deliver(1, 10)

    assert pair.lost == []
    assert pair.twins.reader.books[A] == {("yes", 100): 4}
    assert pair.twins.merge.copies(A) == [1]


def test_the_last_connection_that_dies_takes_every_book_with_it() -> None:
    pair = Pair()
    for stream in (1, 0):
        pair.twins.hear(stream, pair.twins.cores[stream].ended(0))

    assert pair.twins.reader.books == {}


def test_a_newest_change_that_one_connection_lost_is_found_without_another_message() -> None:
    pair = Pair()
    pair.act(1)
    pair.twins.lose(1)
    pair.flow()
    pair.twins.look()
    assert pair.twins.merge.copies(A) == [0, 1], "it may still be on its way"

    pair.twins.look()
    assert pair.twins.merge.copies(A) == [0]
    pair.flow()

    assert pair.twins.merge.copies(A) == [0, 1]
    assert pair.lost == []
    assert pair.twins.merge.behind == 1


def test_clocks_that_begin_anew_cost_the_book_and_nothing_else() -> None:
    pair = Pair()
    pair.act(1)
    pair.act(1)
    pair.flow()
    for server in pair.twins.servers:
        server.clock = 0
        server.change(A, "yes", 100, 1)
    (pair.twins.truth[A])[0, ALL] = {}
    text = pair.twins.servers[0].outbox.popleft()
    pair.twins.hear(0, pair.twins.cores[0].receive(text, 1))
    assert A not in pair.twins.reader.books
    for _ in range(3):
        for stream in (0, 1):
            outbox = pair.twins.servers[stream].outbox
            while outbox:
                pair.twins.hear(stream, pair.twins.cores[stream].receive(outbox.popleft(), 1))

    assert pair.twins.reader.books[A] == {("yes", 100): 3}
    assert pair.twins.merge.resets >= 1


def unclocked(seq: int, kind: str, **more: object) -> str:
    return json.dumps(
        {"type": kind, "sid": 1, "seq": seq, "msg": {"market_ticker": A, "market_id": "m", **more}}
    )


def test_without_clocks_one_connection_leads_and_the_other_takes_over() -> None:
    pair = Pair()
    for stream in (0, 1):
        pair.twins.hear(stream, pair.twins.cores[stream].ended(0))
        pair.twins.servers[stream] = BookServer()
        pair.twins.cores[stream] = pair.twins.core(stream)
        pair.twins.settle(stream)
        confirmed = pair.twins.servers[stream].outbox[0]
        pair.twins.hear(stream, pair.twins.cores[stream].receive(confirmed, 0))
        whole = unclocked(1, "orderbook_snapshot", yes_dollars_fp=[["0.4700", "3.00"]])
        pair.twins.hear(stream, pair.twins.cores[stream].receive(whole, 0))
    change = unclocked(
        2, "orderbook_delta", price_dollars="0.4700", delta_fp="1.00", side="yes", ts_ms=1
    )
    for stream in (1, 0):
        pair.twins.hear(stream, pair.twins.cores[stream].receive(change, 0))
    assert pair.twins.reader.books[A] == {("yes", Pips(4_700)): CentiContracts(400)}

    pair.twins.hear(1, pair.twins.cores[1].ended(0))
    assert A not in pair.twins.reader.books, "nobody can say where the other one is"
    again = unclocked(3, "orderbook_snapshot", yes_dollars_fp=[["0.4800", "1.00"]])
    pair.twins.hear(0, pair.twins.cores[0].receive(again, 0))
    assert pair.twins.reader.books[A] == {("yes", Pips(4_800)): CentiContracts(100)}
