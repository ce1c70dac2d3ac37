"""The law of the stream: a book that is called whole is the venue's own, whatever happened."""

import json

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from typing_extensions import override

from actors.exchange.stream_core import StreamCore
from actors.model.orders import Ticker
from tests.exchange.books import BookReader, BookServer

A, B, C = Ticker("A"), Ticker("B"), Ticker("C")


class Talk(RuleBasedStateMachine):
    """The venue changes books, the connection loses messages, and we change our minds."""

    def __init__(self) -> None:
        super().__init__()
        self.server, self.reader, self.core = BookServer(), BookReader(), StreamCore([A, B], 0)
        self.last, self.now_ns = "", 0
        self.settle()

    def settle(self) -> None:
        self.server.obey(self.core.take_commands())

    def read(self, text: str) -> None:
        # Slow enough that even a gap at every message is not too many.
        self.now_ns += 10_000_000_000
        self.reader.apply(self.core.receive(text, self.now_ns))
        self.settle()
        seq = json.loads(text).get("seq")
        if seq is not None:
            truth = self.server.history[seq]
            for ticker, levels in self.reader.books.items():
                assert levels == truth.get(ticker, {})

    @rule(
        ticker=st.sampled_from([A, B, C]),
        side=st.sampled_from(["yes", "no"]),
        cents=st.integers(1, 3),
        centi=st.integers(-2, 3).filter(bool),
    )
    def change(self, ticker: Ticker, side: str, cents: int, centi: int) -> None:
        before = self.server.books.get(ticker, {}).get((side, cents * 100), 0)
        if before + centi >= 0:
            self.server.change(ticker, side, cents * 100, centi)

    @rule(count=st.integers(1, 5))
    def deliver(self, count: int) -> None:
        for _ in range(min(count, len(self.server.outbox))):
            self.last = self.server.outbox.popleft()
            self.read(self.last)

    @rule()
    def lose(self) -> None:
        # A lost confirmation leaves commands unanswered, which `check` is for.
        if self.server.outbox and '"id"' not in self.server.outbox[0]:
            self.server.outbox.popleft()

    @rule()
    def repeat(self) -> None:
        if '"seq"' in self.last:
            self.read(self.last)

    @rule(tickers=st.sets(st.sampled_from([A, B, C])))
    def want(self, tickers: set[Ticker]) -> None:
        self.reader.apply(self.core.want(sorted(tickers), self.now_ns))
        self.settle()

    @override
    def teardown(self) -> None:
        """One message more tells of whatever was lost, and what it brings about cures it."""
        self.deliver(len(self.server.outbox))
        for ticker in list(self.server.subscribed):
            self.server.change(ticker, "yes", 500, 1)
        while self.server.outbox:
            self.deliver(len(self.server.outbox))
        assert set(self.reader.books) == set(self.server.subscribed)


TestABookThatIsCalledWholeIsTheVenuesOwn = Talk.TestCase
TestABookThatIsCalledWholeIsTheVenuesOwn.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None
)
