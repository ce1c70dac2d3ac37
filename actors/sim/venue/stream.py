"""One WebSocket session as a state machine: commands and events in, messages out. No I/O.

Reference ``kalshi.md`` section 5. One subscription (sid) per channel and
connection; ``seq`` runs per sid over all its markets, and acknowledgements on a
sid take numbers of the same row. A channel error and an overflow of a
subscription's buffer are terminal for that subscription and for nothing else.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, Literal

import msgspec

from actors.model.orders import Ticker
from actors.sim.venue import stream_wire
from actors.sim.venue.bulletin import Listener
from actors.sim.venue.engine import Venue
from actors.sim.venue.events import (
    BookChanged,
    EventFeesChanged,
    EventListed,
    Filled,
    MarketStepped,
    OrderChanged,
    OrderGroupChanged,
    PositionChanged,
    QuoteChanged,
    Traded,
    VenueEvent,
)
from actors.sim.venue.listing import Market
from actors.sim.venue.rates import Bucket
from actors.sim.venue.stream_telling import (
    Body,
    Deltas,
    Telling,
    part_of,
    tell_private,
    tell_public,
)
from actors.sim.venue.subscriptions import (
    BY_ID,
    CHANNELS,
    UNFILTERED,
    Channel,
    Json,
    Named,
    Subscription,
    command_id,
    named_markets,
    named_sid,
)

MARKET_LIMIT: Final = 500_000
"""Markets that all subscriptions of one connection may name."""
COMMANDS_A_SECOND: Final = 10_000

CHANNEL_ERROR: Final = 10
OVERFLOW: Final = 25

Fate = Literal["tell", "lose", "end"]
"""What becomes of one message: told, lost with its number, or the end of its subscription."""

Send = Callable[[str, int], bool]
"""Takes one text frame of a subscription (0: of none), never waiting; false when full."""


class StreamSession:
    """What one authenticated connection has subscribed to.

    Args:
        venue: Where the books are.
        account: Whose private messages it may see.
        send: Where frames go.
        subaccount: The only part of it whose private messages it may see; ``None`` for all.
        market_limit: Markets that the connection may name in all.
        commands_a_second: How many commands it may send.
        listen: How it comes to hear the venue; the venue's own way unless given.
        fate: What becomes of each message that it is about to send.
        deltas: Where changes of books are spelled; one that others share saves work.
        judge: With which error a command is answered before it is obeyed; 0 for none.
    """

    def __init__(
        self,
        venue: Venue,
        account: str,
        send: Send,
        *,
        subaccount: int | None = None,
        market_limit: int = MARKET_LIMIT,
        commands_a_second: int = COMMANDS_A_SECOND,
        listen: Callable[[Listener], Callable[[], None]] | None = None,
        fate: Callable[[Channel], Fate] = lambda _: "tell",
        deltas: Deltas | None = None,
        judge: Callable[[Json], int] = lambda _: 0,
    ) -> None:
        self._venue = venue
        self._market_limit = market_limit
        self._account = account
        self._subaccount = subaccount
        self._user_id = venue.floor.account(account).user_id
        self._send_frame = send
        self._fate = fate
        self._judge = judge
        self._deltas = deltas or Deltas()
        self._subscriptions: dict[Channel, Subscription] = {}
        self._last_sid = 0
        self._to_lose: dict[Channel, int] = {}
        self._pace = Bucket(commands_a_second, commands_a_second, venue.now_us())
        self._commands: Mapping[str, Callable[[int, Json], None]] = {
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "update_subscription": self._update,
        }
        self._stop = (listen or venue.listen)(self.hear)

    @property
    def watches_books(self) -> bool:
        """Whether somebody follows order books here."""
        return "orderbook_delta" in self._subscriptions

    def end(self) -> None:
        """Hear nothing any more."""
        self._stop()

    def lose_next(self, channel: Channel, messages: int = 1) -> None:
        """Lose the next messages of a channel, numbers and all: a gap for the client to find."""
        self._to_lose[channel] = self._to_lose.get(channel, 0) + messages

    def break_channel(self, channel: Channel, code: int = CHANNEL_ERROR) -> bool:
        """End a channel's subscription with a terminal error; whether there was one."""
        subscription = self._subscriptions.pop(channel, None)
        if subscription is not None:
            self._error(0, code, subscription)
        return subscription is not None

    def command(self, text: str | bytes) -> None:
        """Obey one frame from the client, or send the error it deserves."""
        try:
            command = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            command = None
        if not isinstance(command, dict):
            self._error(0, 1)
            return
        number = command_id(command)
        now_us = self._venue.now_us()
        if not self._pace.holds(1, now_us):
            self._error(number, 27)
            return
        self._pace.take(1)
        if ahead := self._judge(command):
            self._error(number, ahead)
            return
        name, params = command.get("cmd"), command.get("params")
        if name == "list_subscriptions":
            listed = [
                {"channel": each.channel, "sid": each.sid} for each in self._by_sid().values()
            ]
            self._send({"type": "ok", "msg": listed}, number)
        elif not isinstance(name, str) or name not in self._commands:
            self._error(number, 5)
        elif not isinstance(params, dict):
            self._error(number, 2)
        else:
            self._commands[name](number, params)

    def hear(self, event: VenueEvent) -> None:
        """Pass one of the venue's events on, if a subscription covers it."""
        match event:
            case BookChanged():
                self._tell_book(event)
            case QuoteChanged():
                self._tell_quote(self._subscriptions.get("ticker"), event.ticker, event.now_us)
            case Traded() | MarketStepped() | EventListed() | EventFeesChanged():
                self._tell(tell_public(event, self._venue.floor))
            case Filled() | OrderChanged() | PositionChanged() | OrderGroupChanged():
                if event.account == self._account and self._may_see(part_of(event)):
                    self._tell(tell_private(event, self._user_id))

    def _may_see(self, part: int | None) -> bool:
        return self._subaccount is None or part in {None, self._subaccount}

    def _subscribe(self, number: int, params: Json) -> None:
        names = params.get("channels")
        if not isinstance(names, list) or not names:
            self._error(number, 3)
            return
        if any(not isinstance(name, str) or name not in CHANNELS for name in names):
            self._error(number, 8)
            return
        named = named_markets(params)
        if isinstance(named, int):
            self._error(number, named)
            return
        if named is not None and named.by_id and not BY_ID.issuperset(names):
            self._error(number, 11)
            return
        if "orderbook_delta" in names and named is None:
            self._error(number, 14)
            return
        for name in dict.fromkeys(names):
            channel = CHANNELS[name]
            self._open(number, channel, None if channel in UNFILTERED else named, params)

    def _open(self, number: int, channel: Channel, named: Named | None, params: Json) -> None:
        subscription = self._subscriptions.get(channel)
        if subscription is None:
            self._last_sid += 1
            subscription = Subscription(
                sid=self._last_sid,
                channel=channel,
                tickers=None if named is None else {},
                use_yes_price=params.get("use_yes_price") is True,
                by_id=named is not None and named.by_id,
                skip_ack=params.get("skip_ticker_ack") is True,
            )
            self._subscriptions[channel] = subscription
        elif named is None:
            subscription.tickers = None
        added = self._extend(number, subscription, self._tickers(named))
        if added is None:
            if not subscription.tickers:
                del self._subscriptions[channel]  # it never came to be
            return
        told = {"channel": channel, "sid": subscription.sid}
        self._send({"type": "subscribed", "msg": told}, number)
        self._introduce(subscription, added, quotes=params.get("send_initial_snapshot") is True)

    def _unsubscribe(self, number: int, params: Json) -> None:
        sids = params.get("sids")
        if not isinstance(sids, list) or not sids:
            self._error(number, 4)
            return
        for sid in sids:
            subscription = self._by_sid().get(sid) if type(sid) is int else None
            if subscription is None:
                self._error(number, 7)
                continue
            del self._subscriptions[subscription.channel]
            self._send(
                {"sid": subscription.sid, "seq": subscription.next_seq(), "type": "unsubscribed"},
                number,
            )

    def _update(self, number: int, params: Json) -> None:
        sid = named_sid(params)
        found = None if sid is None else self._by_sid().get(sid)
        if found is None:
            self._error(number, 12 if sid is None else 7)
            return
        action, named = params.get("action"), named_markets(params)
        if not action:
            self._error(number, 15, found)
        elif action not in ("add_markets", "delete_markets", "get_snapshot") or (
            found.channel in UNFILTERED
            or (action == "get_snapshot" and found.channel != "orderbook_delta")
        ):
            self._error(number, 13, found)
        elif not isinstance(named, Named):
            self._error(number, 14 if named is None else named, found)
        elif named.by_id and found.channel not in BY_ID:
            self._error(number, 11, found)
        elif action == "get_snapshot":
            for market in self._markets(self._tickers(named)):
                self._snapshot(found, market, number)
        elif action == "delete_markets" and found.tickers is None:
            self._error(number, 11, found)
        else:
            self._change(number, found, self._tickers(named), params)

    def _change(
        self, number: int, subscription: Subscription, tickers: list[str], params: Json
    ) -> None:
        added: list[str] = []
        if params["action"] == "add_markets":
            extended = self._extend(number, subscription, tickers)
            if extended is None:
                return
            added = extended
        elif subscription.tickers is not None:
            for ticker in tickers:
                subscription.tickers.pop(ticker, None)
        message: Json = {"sid": subscription.sid, "seq": subscription.next_seq(), "type": "ok"}
        if not subscription.skip_ack:
            listed = list(subscription.tickers or ())
            if subscription.by_id:
                message["msg"] = {"market_ids": [each.market_id for each in self._markets(listed)]}
            else:
                message["msg"] = {"market_tickers": listed}
        self._send(message, number)
        self._introduce(subscription, added, quotes=params.get("send_initial_snapshot") is True)

    def _extend(
        self, number: int, subscription: Subscription, tickers: list[str]
    ) -> list[str] | None:
        """Add markets; return those that are new, or ``None`` if there are too many."""
        if subscription.tickers is None:
            return []
        new = [each for each in dict.fromkeys(tickers) if each not in subscription.tickers]
        followed = sum(len(each.tickers or ()) for each in self._subscriptions.values())
        if new and followed + len(new) > self._market_limit:
            self._error(number, 26, subscription)
            return None
        subscription.tickers |= dict.fromkeys(new)
        return new

    def _introduce(self, subscription: Subscription, tickers: list[str], *, quotes: bool) -> None:
        """Send what a subscription starts from."""
        for market in self._markets(tickers):
            if subscription.channel == "orderbook_delta":
                self._snapshot(subscription, market, 0)
            elif subscription.channel == "ticker" and quotes:
                self._tell_quote(subscription, market.ticker, self._venue.now_us())

    def _snapshot(self, subscription: Subscription, market: Market, number: int) -> None:
        body = stream_wire.snapshot(market, use_yes_price=subscription.use_yes_price)
        message: Json = {"type": "orderbook_snapshot", "sid": subscription.sid}
        self._send(message | {"seq": subscription.next_seq(), "msg": body}, number, subscription)

    def _tell_book(self, change: BookChanged) -> None:
        subscription = self._subscriptions.get("orderbook_delta")
        if subscription is not None and subscription.covers(change.ticker):
            body = partial(
                self._deltas.body,
                change,
                self._market(change.ticker),
                self._account,
                use_yes_price=subscription.use_yes_price,
            )
            self._pass_on(subscription, "orderbook_delta", body)

    def _tell_quote(self, subscription: Subscription | None, ticker: str, now_us: int) -> None:
        if subscription is None or not subscription.covers(ticker):
            return
        market = self._market(ticker)
        quote = market.quote()
        if subscription.quotes.get(ticker) != quote:
            subscription.quotes[ticker] = quote
            body = partial(stream_wire.ticker, market, now_us)
            self._tell(Telling("ticker", "ticker", ticker, body))

    def _tell(self, telling: Telling) -> None:
        subscription = self._subscriptions.get(telling.channel)
        if subscription is not None and subscription.covers(telling.ticker):
            self._pass_on(subscription, telling.message_type, telling.body)

    def _pass_on(self, subscription: Subscription, message_type: str, body: Body) -> None:
        channel = subscription.channel
        fate = self._fate(channel)
        if fate == "end":
            self.break_channel(channel)
            return
        message: Json = {"type": message_type, "sid": subscription.sid}
        if subscription.is_sequenced:
            message["seq"] = subscription.next_seq()
        if self._to_lose.get(channel, 0) > 0:
            self._to_lose[channel] -= 1
        elif fate == "tell":
            message["msg"] = body()
            self._send(message, 0, subscription)

    def _tickers(self, named: Named | None) -> list[str]:
        if named is None:
            return []
        if not named.by_id:
            return list(named.names)
        by_id = {each.market_id: each.ticker for each in self._venue.floor.markets.values()}
        return [by_id[name] for name in named.names if name in by_id]

    def _by_sid(self) -> dict[int, Subscription]:
        return {each.sid: each for each in self._subscriptions.values()}

    def _markets(self, tickers: list[str]) -> list[Market]:
        # An unknown market is no error since its code was retired: it is merely silent.
        markets = self._venue.floor.markets
        return [market for ticker in tickers if (market := markets.get(Ticker(ticker)))]

    def _market(self, ticker: str) -> Market:
        return self._venue.floor.market(ticker)

    def _error(self, number: int, code: int, subscription: Subscription | None = None) -> None:
        message: Json = {"type": "error", "msg": {"code": code, "msg": stream_wire.ERRORS[code]}}
        if subscription is not None:
            message["sid"] = subscription.sid
            if subscription.is_sequenced:
                message["seq"] = subscription.next_seq()
        self._send(message, number)

    def _send(self, message: Json, number: int, of: Subscription | None = None) -> None:
        whole = {"id": number} | message if number else message
        whole["sending_ts_ms"] = self._venue.now_us() // 1000
        text = msgspec.json.encode(whole).decode() + "\n"
        if not self._send_frame(text, 0 if of is None else of.sid) and of is not None:
            self.break_channel(of.channel, OVERFLOW)
