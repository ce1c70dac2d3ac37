"""One connection of the venue's stream without any I/O: frames in, values and commands out.

The venue counts a subscription's messages, over all its markets and all its types
(reference ``kalshi.md`` section 5). One number that is not the next distrusts every
book of that subscription until each one's next snapshot, which is asked for at once.
A delta is passed on only while its book is whole; whoever keeps the books needs no
other rule than to apply what comes.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

from actors.exchange import stream_reading, wire_stream as wire
from actors.exchange.errors import StreamFailed, WireGarbled
from actors.exchange.stream_ages import Ages
from actors.exchange.stream_asking import (
    BOOKS,
    BY_MARKET,
    FOR_ALL,
    Command,
    Known,
    Place,
    Subscription,
)
from actors.exchange.stream_lean import Change, book_delta, read_change, read_lean
from actors.exchange.stream_values import (
    LossReason,
    StreamLost,
    StreamMissed,
    StreamValue,
)
from actors.model.orders import Ticker

ABOUT_A_MARKET: Final = frozenset({1, 11, 14})
"""Errors that, where they name markets, are about these alone. Any other one means that
the venue and we no longer have the same picture of the stream, or that (10, 25) the
venue has ended it; a new connection cures both."""
ANSWER_NS: Final = 10_000_000_000
"""How long a command may go unanswered."""
MOST_REPAIRS: Final = 20
"""Gaps repaired within ``REPAIRS_NS``; more, and the stream is not worth repairing."""
REPAIRS_NS: Final = 60_000_000_000
MOST_MARKETS: Final = 2_000


class StreamCore:
    """One connection's worth of the stream. Make a new one for a new connection."""

    def __init__(
        self,
        tickers: Iterable[Ticker],
        now_ns: int,
        *,
        known: Known | None = None,
        ages: Ages | None = None,
    ) -> None:
        """Begin with the markets wanted; ``take_commands`` has what to send first.

        Args:
            tickers: The markets wanted.
            now_ns: The monotonic clock.
            known: Asked of every change before it is read; one that came by another
                connection is counted, and no more.
            ages: Told how old every change was when it came.
        """
        self.unknown = 0
        """Messages of types that are new to us, or with a word that is."""
        self.dropped = 0
        """Deltas that were of no use, because their book was not whole."""
        self.gaps = 0
        self.proved_ns = now_ns
        """When the stream last proved that it lives: a message, or the answer to a ping."""
        self._subscriptions: dict[str, Subscription] = {
            channel: Subscription(channel) for channel in (*BY_MARKET, *FOR_ALL)
        }
        self._by_sid: dict[int, Subscription] = {}
        self._wanted: dict[Ticker, None] = {}
        self._refused: dict[Ticker, None] = {}
        self._known, self._ages = known, ages
        self._whole: dict[Ticker, Place] = {}
        """Books that nothing is missing from, each with how far it has come."""
        self._left: dict[Ticker, int] = {}
        """Books that were given up on this connection, and the command that asked for each
        of them again: until it is confirmed, a snapshot may be from before."""
        self._told: dict[Ticker, None] = {}
        """Books that somebody may believe in, because a snapshot of each was passed on."""
        self._outbox: list[str] = []
        self._number = 0
        self._pending: dict[int, Command] = {}
        self._repairs: deque[int] = deque()
        self._handlers = {
            "orderbook_delta": self._delta,
            "orderbook_snapshot": self._snapshot,
            "subscribed": self._subscribed,
            "unsubscribed": self._unsubscribed,
            "ok": self._updated,
        }
        self.want(tickers, now_ns)
        for channel in FOR_ALL:
            self._subscribe(self._subscriptions[channel], (), now_ns)

    def want(self, tickers: Iterable[Ticker], now_ns: int) -> list[StreamValue]:
        """Follow these markets and no others from now on.

        Returns:
            The loss of books that are no longer followed.

        Raises:
            ValueError: More markets than one stream should carry.
        """
        wanted = dict.fromkeys(ticker for ticker in tickers if ticker not in self._refused)
        if len(wanted) > MOST_MARKETS:
            raise ValueError(f"{len(wanted)} markets on one stream")
        self._wanted = wanted
        for channel in BY_MARKET:
            self._reconcile(self._subscriptions[channel], now_ns)
        gone = tuple(ticker for ticker in self._told if ticker not in wanted)
        for ticker in gone:
            del self._told[ticker]
        return self._lose(gone, "unsubscribed", now_ns)

    @property
    def has_commands(self) -> bool:
        """Whether there is anything to send."""
        return bool(self._outbox)

    def take_commands(self) -> list[str]:
        """Return what is to be sent now, and forget it."""
        commands, self._outbox = self._outbox, []
        return commands

    def receive(self, frame: str | bytes, received_ns: int) -> list[StreamValue]:
        """Take one message; return what it says, in order.

        Raises:
            WireGarbled: It cannot be read. Something may have been missed, so the
                connection is not to be used any more.
            StreamFailed: The venue ended the stream, or will not do what we asked.
        """
        lean = read_lean(frame)
        if lean is not None:
            self.proved_ns = received_ns
            values = self._count(lean.sid, lean.seq, received_ns)
            return values + self._change(lean.sid, lean.seq, lean.msg, received_ns)
        envelope = wire.envelope(frame)
        self.proved_ns = received_ns
        values = self._count(envelope.sid, envelope.seq, received_ns)
        # Before the handlers: they look at what is still unanswered.
        command = self._pending.pop(envelope.id or 0, None)
        handler = self._handlers.get(envelope.type)
        if envelope.type == "error":
            values += self._error(envelope, command, received_ns)
        elif handler is not None:
            values += handler(envelope, received_ns)
        elif envelope.type in stream_reading.READERS:
            if envelope.type in stream_reading.COUNTED:
                self._place(envelope)
            read = stream_reading.READERS[envelope.type](envelope.msg, received_ns)
            self.unknown += read is None
            values += () if read is None else (read,)
        else:
            self.unknown += 1
        return values

    def proved(self, now_ns: int) -> None:
        """Note that a ping was answered: nothing is missing, although nothing was said."""
        self.proved_ns = max(self.proved_ns, now_ns)

    def check(self, now_ns: int) -> None:
        """Look for commands that the venue never answered.

        Raises:
            StreamFailed: There is one.
        """
        for command in self._pending.values():
            if now_ns - command.sent_ns > ANSWER_NS:
                raise StreamFailed(f"no answer about {command.subscription.channel}")

    def distrust(self, tickers: Iterable[Ticker], now_ns: int) -> None:
        """Give books up for a reason of the caller's; each is whole from its next snapshot."""
        doubted = tuple(ticker for ticker in tickers if ticker in self._whole)
        for ticker in doubted:
            del self._whole[ticker]
        if doubted:
            self._update(self._subscriptions[BOOKS], "get_snapshot", doubted, now_ns)

    def ended(self, now_ns: int) -> list[StreamValue]:
        """Say what the end of the connection means: no book can be trusted.

        That is said of every book that was ever passed on: what a last message
        had to say of losses may not have been heard.
        """
        told, self._told = tuple(self._told), {}
        return self._lose(told, "disconnected", now_ns)

    # What we ask for.

    def _reconcile(self, subscription: Subscription, now_ns: int) -> None:
        """Ask for what is wanted and not yet asked for, and the other way round."""
        if not subscription.sent:
            # Without a market the command would mean all of them.
            if self._wanted:
                self._subscribe(subscription, tuple(self._wanted), now_ns)
            return
        if subscription.sid is None:
            return  # The confirmation brings us back here.
        more = tuple(t for t in self._wanted if t not in subscription.asked)
        fewer = tuple(t for t in subscription.asked if t not in self._wanted)
        if more:
            self._update(subscription, "add_markets", more, now_ns)
        if fewer:
            self._update(subscription, "delete_markets", fewer, now_ns)
        subscription.asked = dict.fromkeys(self._wanted)

    def _subscribe(
        self, subscription: Subscription, tickers: tuple[Ticker, ...], now_ns: int
    ) -> None:
        number = self._ask(Command(subscription, None, tickers, now_ns))
        self._outbox.append(wire.subscribe(number, subscription.channel, tickers))
        subscription.sent = True
        subscription.asked = dict.fromkeys(tickers)

    def _update(
        self,
        subscription: Subscription,
        action: wire.Action,
        tickers: tuple[Ticker, ...],
        now_ns: int,
    ) -> None:
        assert subscription.sid is not None, "only a confirmed subscription can be changed"
        number = self._ask(Command(subscription, action, tickers, now_ns))
        self._outbox.append(wire.update(number, subscription.sid, action, tickers))
        if subscription.channel != BOOKS:
            return
        if action == "delete_markets":
            self._left |= dict.fromkeys(tickers, 0)
        elif action == "add_markets":
            self._left |= {ticker: number for ticker in tickers if ticker in self._left}

    def _ask(self, command: Command) -> int:
        self._number += 1
        self._pending[self._number] = command
        return self._number

    # What is missing.

    def _count(self, sid: int | None, seq: int | None, received_ns: int) -> list[StreamValue]:
        """Check a message's place; every type takes part, confirmations and errors too."""
        if sid is None or seq is None:
            return []
        subscription = self._by_sid.get(sid)
        if subscription is None:
            return []
        expected, subscription.next_seq = subscription.next_seq, seq + 1
        if seq == expected:
            return []
        self.gaps += 1
        if subscription.channel != BOOKS:
            return [StreamMissed(channel=subscription.channel, received_ns=received_ns)]
        return self._distrust(subscription, tuple(subscription.asked), received_ns)

    def _distrust(
        self,
        subscription: Subscription,
        tickers: tuple[Ticker, ...],
        now_ns: int,
        reason: LossReason = "gap",
    ) -> list[StreamValue]:
        """Give books up until their next snapshot, which is asked for at once."""
        repairs = self._repairs
        repairs.append(now_ns)
        while now_ns - repairs[0] > REPAIRS_NS:
            repairs.popleft()
        if len(repairs) > MOST_REPAIRS:
            raise StreamFailed(f"{len(repairs)} gaps within a minute")
        if tickers:
            self._update(subscription, "get_snapshot", tickers, now_ns)
        return self._lose(tickers, reason, now_ns)

    def _lose(
        self, tickers: tuple[Ticker, ...], reason: LossReason, now_ns: int
    ) -> list[StreamValue]:
        for ticker in tickers:
            self._whole.pop(ticker, None)
        if not tickers:
            return []
        return [StreamLost(tickers=tickers, reason=reason, received_ns=now_ns)]

    def _refuse(self, tickers: tuple[Ticker, ...], now_ns: int) -> list[StreamValue]:
        """Give markets up for good: the venue does not have them on this stream."""
        for ticker in tickers:
            self._refused[ticker] = None
            self._wanted.pop(ticker, None)
            for channel in BY_MARKET:
                self._subscriptions[channel].asked.pop(ticker, None)
        return self._lose(tickers, "unsubscribed", now_ns)

    # What the venue says about subscriptions.

    def _subscribed(self, envelope: wire.Envelope, received_ns: int) -> list[StreamValue]:
        row = wire.subscribed(envelope.msg)
        subscription = self._subscriptions.get(row.channel)
        if subscription is None:
            self.unknown += 1
        elif subscription.sid != row.sid:
            subscription.sid, subscription.next_seq = row.sid, 1
            self._by_sid[row.sid] = subscription
            if subscription.channel in BY_MARKET:
                self._reconcile(subscription, received_ns)
        return []

    def _unsubscribed(self, envelope: wire.Envelope, _received_ns: int) -> list[StreamValue]:
        raise StreamFailed(f"the venue ended subscription {envelope.sid}, which we did not ask")

    def _updated(self, envelope: wire.Envelope, received_ns: int) -> list[StreamValue]:
        subscription = None if envelope.sid is None else self._by_sid.get(envelope.sid)
        if subscription is None or subscription.channel != BOOKS:
            return []
        back = tuple(t for t, number in self._left.items() if number == envelope.id)
        if back:
            for ticker in back:
                del self._left[ticker]
            self._update(subscription, "get_snapshot", back, received_ns)
        listed = wire.updated(envelope.msg).market_tickers
        busy = any(each.subscription is subscription for each in self._pending.values())
        if listed is None or busy:
            return []
        missing = tuple(t for t in subscription.asked if t not in set(listed))
        return self._refuse(missing, received_ns) if missing else []

    def _error(
        self, envelope: wire.Envelope, command: Command | None, received_ns: int
    ) -> list[StreamValue]:
        """End the stream, unless the venue only objects to markets of a command of ours."""
        row = wire.refusal(envelope.msg)
        objected = () if command is None else tuple(t for t in row.tickers if t in command.tickers)
        if row.code not in ABOUT_A_MARKET or command is None or not objected:
            raise StreamFailed(f"the venue's error {row.code}: {row.text[:200]}")
        values = self._refuse(objected, received_ns)
        # Whether the rest of the command was carried out is not said, so it is asked again.
        subscription = command.subscription
        if command.action is None:
            subscription.sent = False
            self._reconcile(subscription, received_ns)
            return values
        follow = command.action != "delete_markets"
        rest = tuple(t for t in command.tickers if (t in subscription.asked) is follow)
        rest = tuple(t for t in rest if t not in self._refused)
        if rest:
            self._update(subscription, command.action, rest, received_ns)
        return values

    # What the venue says about the world.

    def _place(self, envelope: wire.Envelope) -> tuple[Subscription, int, int]:
        """Return the subscription of a message that has to be counted, and its number there."""
        if envelope.sid is None or envelope.seq is None:
            raise WireGarbled(f"{envelope.type} without its place")
        subscription = self._by_sid.get(envelope.sid)
        if subscription is None:
            raise StreamFailed(f"{envelope.type} of a subscription that we do not have")
        return subscription, envelope.sid, envelope.seq

    def _snapshot(self, envelope: wire.Envelope, received_ns: int) -> list[StreamValue]:
        subscription, sid, seq = self._place(envelope)
        row = wire.snapshot(envelope.msg)
        if row.ticker not in subscription.asked or row.ticker in self._left:
            self.dropped += 1
            return []
        self._whole[row.ticker] = Place(row.clock)
        self._told[row.ticker] = None
        return [stream_reading.book_snapshot(row, sid, seq, received_ns)]

    def _delta(self, envelope: wire.Envelope, received_ns: int) -> list[StreamValue]:
        _, sid, seq = self._place(envelope)
        return self._change(sid, seq, read_change(envelope.msg), received_ns)

    def _change(self, sid: int, seq: int, change: Change, received_ns: int) -> list[StreamValue]:
        subscription = self._by_sid.get(sid)
        if subscription is None:
            raise StreamFailed("orderbook_delta of a subscription that we do not have")
        ticker, clock, known = change.ticker, change.clock, self._known
        if self._ages is not None:
            self._ages.note(change.ts_ms, received_ns)
        place = self._whole.get(ticker)
        if place is None:
            book_delta(change, sid, seq, received_ns)  # What cannot be read is never let pass.
            self.dropped += 1
            return []
        if not place.is_before(clock, strictly=known is not None):
            # The venue promises that it never goes down while we are subscribed.
            self.gaps += 1
            return self._distrust(subscription, (ticker,), received_ns, "clock")
        if clock is not None:
            place.index = place.index + 1 if clock == place.clock else 1
            place.clock = clock
        if known is not None and known(ticker, clock, place.index):
            return []
        return [book_delta(change, sid, seq, received_ns)]
