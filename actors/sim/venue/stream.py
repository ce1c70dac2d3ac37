"""One WebSocket session as a state machine: commands and events in, messages out. No I/O.

Reference ``kalshi.md`` section 5. One subscription (sid) per channel and
connection; ``seq`` runs per sid over all its markets, and acknowledgements on a
sid take numbers of the same row.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal

import attrs
import msgspec

from actors.model.orders import Ticker
from actors.sim.venue import stream_wire
from actors.sim.venue.engine import Venue
from actors.sim.venue.events import (
    BookChanged,
    EventListed,
    Filled,
    MarketStepped,
    OrderChanged,
    QuoteChanged,
    Traded,
    VenueEvent,
)
from actors.sim.venue.listing import Market, Quote

Json = dict[str, object]
Channel = Literal[
    "orderbook_delta", "ticker", "trade", "fill", "user_orders", "market_lifecycle_v2"
]

CHANNELS: Final[Mapping[str, Channel]] = {
    "orderbook_delta": "orderbook_delta",
    "ticker": "ticker",
    "trade": "trade",
    "fill": "fill",
    "user_orders": "user_orders",
    "market_lifecycle_v2": "market_lifecycle_v2",
}
SEQUENCED: Final = frozenset({"orderbook_delta", "trade", "market_lifecycle_v2"})
MARKET_LIMIT: Final = 500_000


@attrs.define(eq=False, kw_only=True)
class Subscription:
    """One sid."""

    sid: int
    channel: Channel
    tickers: dict[str, None] | None
    """In the order asked for; ``None`` is every market."""
    use_yes_price: bool = False
    seq: int = 0
    quotes: dict[str, Quote] = attrs.field(factory=dict)
    """Last quote sent, by market, for the ticker channel."""

    def covers(self, ticker: str) -> bool:
        """Return whether messages about ``ticker`` belong to it."""
        return self.tickers is None or ticker in self.tickers

    def next_seq(self) -> int:
        """Take the next number of its row."""
        self.seq += 1
        return self.seq


class StreamSession:
    """What one authenticated connection has subscribed to.

    Args:
        venue: Where the books are.
        account: Whose private messages it may see.
        send: Takes one text frame; bounded and never waiting.
        market_limit: Markets that one subscription may name.
    """

    def __init__(
        self,
        venue: Venue,
        account: str,
        send: Callable[[str], None],
        market_limit: int = MARKET_LIMIT,
    ) -> None:
        self._venue = venue
        self._market_limit = market_limit
        self._account = account
        self._user_id = venue.floor.account(account).user_id
        self._send_text = send
        self._subscriptions: dict[Channel, Subscription] = {}
        self._last_sid = 0
        self._to_lose: dict[Channel, int] = {}
        self._commands: Mapping[str, Callable[[int, Json], None]] = {
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "update_subscription": self._update,
        }
        self._stop = venue.listen(self.hear)

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

    def command(self, text: str | bytes) -> None:
        """Obey one frame from the client, or send the error it deserves."""
        try:
            command = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            command = None
        if not isinstance(command, dict):
            self._error(0, 1)
            return
        identity = command.get("id")
        number = identity if isinstance(identity, int) else 0
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
            case Traded():
                self._tell("trade", event.ticker, "trade", lambda: stream_wire.trade(event))
            case Filled() if event.account == self._account:
                self._tell("fill", event.ticker, "fill", lambda: stream_wire.fill(event))
            case OrderChanged() if event.account == self._account:
                self._tell(
                    "user_orders",
                    event.order.ticker,
                    "user_order",
                    lambda: stream_wire.user_order(event, self._user_id),
                )
            case QuoteChanged():
                self._tell_quote(self._subscriptions.get("ticker"), event.ticker, event.now_us)
            case MarketStepped():
                self._tell(
                    "market_lifecycle_v2",
                    event.ticker,
                    "market_lifecycle_v2",
                    lambda: stream_wire.lifecycle(event.step, self._market(event.ticker)),
                )
            case EventListed():
                terms = self._venue.floor.events[event.event_ticker]
                self._tell(
                    "market_lifecycle_v2",
                    event.event_ticker,
                    "event_lifecycle",
                    lambda: stream_wire.event_lifecycle(terms),
                )
            case _:
                pass  # another account's private business

    def overflow_text(self) -> str:
        """Return the terminal error for a client that does not read."""
        return self._text({"type": "error", "msg": {"code": 25, "msg": stream_wire.ERRORS[25]}})

    def _subscribe(self, number: int, params: Json) -> None:
        names = params.get("channels")
        if not isinstance(names, list) or not names:
            self._error(number, 3)
            return
        if any(not isinstance(name, str) or name not in CHANNELS for name in names):
            self._error(number, 8)
            return
        tickers = self._tickers(params)
        if isinstance(tickers, int):
            self._error(number, tickers)
            return
        if "orderbook_delta" in names and tickers is None:
            self._error(number, 14)
            return
        for name in dict.fromkeys(names):
            channel = CHANNELS[name]
            wanted = None if channel == "market_lifecycle_v2" else tickers
            self._open(number, channel, wanted, params)

    def _open(self, number: int, channel: Channel, tickers: list[str] | None, params: Json) -> None:
        subscription = self._subscriptions.get(channel)
        if subscription is None:
            self._last_sid += 1
            subscription = Subscription(
                sid=self._last_sid,
                channel=channel,
                tickers=None if tickers is None else {},
                use_yes_price=params.get("use_yes_price") is True,
            )
            self._subscriptions[channel] = subscription
        elif tickers is None:
            subscription.tickers = None
        added = self._extend(number, subscription, tickers or [])
        if added is None:
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
            subscription = self._by_sid().get(sid) if isinstance(sid, int) else None
            if subscription is None:
                self._error(number, 7)
                continue
            del self._subscriptions[subscription.channel]
            self._send(
                {"sid": subscription.sid, "seq": subscription.next_seq(), "type": "unsubscribed"},
                number,
            )

    def _update(self, number: int, params: Json) -> None:
        found = self._named(params)
        if isinstance(found, int):
            self._error(number, found)
            return
        action, tickers = params.get("action"), self._tickers(params)
        if not action:
            self._error(number, 15, found)
        elif action not in ("add_markets", "delete_markets", "get_snapshot") or (
            found.channel == "market_lifecycle_v2"
            or (action == "get_snapshot" and found.channel != "orderbook_delta")
        ):
            self._error(number, 13, found)
        elif not isinstance(tickers, list):
            self._error(number, 14 if tickers is None else tickers, found)
        elif action == "get_snapshot":
            for market in self._markets(tickers):
                self._snapshot(found, market, number)
        elif action == "delete_markets" and found.tickers is None:
            self._error(number, 11, found)
        else:
            self._change(number, found, tickers, params)

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
        if params.get("skip_ticker_ack") is not True:
            message["msg"] = {"market_tickers": list(subscription.tickers or ())}
        self._send(message, number)
        self._introduce(subscription, added, quotes=params.get("send_initial_snapshot") is True)

    def _extend(
        self, number: int, subscription: Subscription, tickers: list[str]
    ) -> list[str] | None:
        """Add markets; return those that are new, or ``None`` if there are too many."""
        if subscription.tickers is None:
            return []
        new = [ticker for ticker in tickers if ticker not in subscription.tickers]
        if len(subscription.tickers) + len(new) > self._market_limit:
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
        self._send(message | {"seq": subscription.next_seq(), "msg": body}, number)

    def _tell_book(self, change: BookChanged) -> None:
        subscription = self._subscriptions.get("orderbook_delta")
        if subscription is not None:
            self._tell(
                "orderbook_delta",
                change.ticker,
                "orderbook_delta",
                lambda: stream_wire.delta(
                    change,
                    self._market(change.ticker),
                    self._account,
                    use_yes_price=subscription.use_yes_price,
                ),
            )

    def _tell_quote(self, subscription: Subscription | None, ticker: str, now_us: int) -> None:
        if subscription is None or not subscription.covers(ticker):
            return
        market = self._market(ticker)
        quote = market.quote()
        if subscription.quotes.get(ticker) != quote:
            subscription.quotes[ticker] = quote
            self._tell("ticker", ticker, "ticker", lambda: stream_wire.ticker(market, now_us))

    def _tell(
        self, channel: Channel, ticker: str, message_type: str, body: Callable[[], Json]
    ) -> None:
        subscription = self._subscriptions.get(channel)
        if subscription is None or not subscription.covers(ticker):
            return
        message: Json = {"type": message_type, "sid": subscription.sid}
        if channel in SEQUENCED:
            message["seq"] = subscription.next_seq()
        if self._to_lose.get(channel, 0) > 0:
            self._to_lose[channel] -= 1
            return
        message["msg"] = body()
        self._send(message, 0)

    def _tickers(self, params: Json) -> list[str] | int | None:
        """Return the markets a command names, ``None`` for none, or an error code."""
        one, many = params.get("market_ticker"), params.get("market_tickers")
        if one is None and many is None:
            return None
        if one is not None and many is not None:
            return 11
        named = [one] if many is None else many
        if not isinstance(named, list) or not named:
            return 11
        tickers = [ticker for ticker in named if isinstance(ticker, str) and ticker]
        return tickers if len(tickers) == len(named) else 11

    def _named(self, params: Json) -> Subscription | int:
        """Return the one subscription an update names, or an error code."""
        sid, sids = params.get("sid"), params.get("sids")
        named = [sid] if sids is None else sids
        if not isinstance(named, list) or len(named) != 1 or (sid is not None and sids is not None):
            return 12
        if not isinstance(named[0], int):
            return 12
        return self._by_sid().get(named[0], 7)

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
            if subscription.channel in SEQUENCED:
                message["seq"] = subscription.next_seq()
        self._send(message, number)

    def _send(self, message: Json, number: int) -> None:
        self._send_text(self._text({"id": number} | message if number else message))

    def _text(self, message: Json) -> str:
        message["sending_ts_ms"] = self._venue.now_us() // 1000
        return msgspec.json.encode(message).decode() + "\n"
