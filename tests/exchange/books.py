"""A venue's side of the book channel, as its documents describe it, and a reader's side of ours."""

import json
from collections import deque
from typing import Any

import attrs

from actors.exchange.stream_values import StreamDelta, StreamLost, StreamSnapshot, StreamValue
from actors.model.money import CentiContracts, Pips, centi_text, pips_text
from actors.model.orders import Ticker

Levels = dict[tuple[str, int], int]
"""Count by side and price."""

SIDS = {
    "orderbook_delta": 1,
    "trade": 2,
    "fill": 3,
    "user_orders": 4,
    "market_lifecycle_v2": 5,
    "order_group_updates": 6,
}


@attrs.define(eq=False)
class BookServer:
    """Obeys commands, counts its messages, and remembers every book after every one of them."""

    books: dict[Ticker, Levels] = attrs.field(factory=dict)
    outbox: deque[str] = attrs.field(factory=deque)
    subscribed: dict[Ticker, None] = attrs.field(factory=dict)
    commands: list[dict[str, Any]] = attrs.field(factory=list)
    history: dict[int, dict[Ticker, Levels]] = attrs.field(factory=dict)
    seq: int = 0
    clock: int = 0

    def obey(self, commands: list[str]) -> None:
        """Carry out what the client asked."""
        for text in commands:
            command = json.loads(text)
            self.commands.append(command)
            params = command["params"]
            if command["cmd"] == "subscribe":
                self._subscribe(command["id"], params["channels"][0], params)
            elif params["sid"] == SIDS["orderbook_delta"]:
                self._update(command["id"], params["action"], params["market_tickers"])
            else:
                self._put({"id": command["id"], "sid": params["sid"], "type": "ok", "msg": {}})

    def change(self, ticker: Ticker, side: str, price: int, delta: int) -> None:
        """Change one level, and say so to a client who follows the market."""
        levels = self.books.setdefault(ticker, {})
        levels[side, price] = levels.get((side, price), 0) + delta
        if not levels[side, price]:
            del levels[side, price]
        self.clock += 1
        if ticker in self.subscribed:
            self._count(
                {
                    "type": "orderbook_delta",
                    "msg": {
                        "market_ticker": ticker,
                        "market_id": "m",
                        "clock": self.clock,
                        "price_dollars": pips_text(Pips(price)),
                        "delta_fp": centi_text(CentiContracts(delta)),
                        "side": side,
                        "ts_ms": self.clock,
                    },
                }
            )

    def _subscribe(self, number: int, channel: str, params: dict[str, Any]) -> None:
        sid = SIDS[channel]
        self._put({"id": number, "type": "subscribed", "msg": {"channel": channel, "sid": sid}})
        if channel == "orderbook_delta":
            for ticker in params["market_tickers"]:
                self.subscribed[ticker] = None
                self._snapshot(ticker)

    def _update(self, number: int, action: str, tickers: list[Ticker]) -> None:
        if action == "get_snapshot":
            for ticker in tickers:
                self._snapshot(ticker, number)
            return
        new = [ticker for ticker in tickers if ticker not in self.subscribed]
        for ticker in tickers:
            if action == "add_markets":
                self.subscribed[ticker] = None
            else:
                self.subscribed.pop(ticker, None)
        listed = list(self.subscribed)
        self._count({"id": number, "type": "ok", "msg": {"market_tickers": listed}})
        if action == "add_markets":
            for ticker in new:
                self._snapshot(ticker)

    def _snapshot(self, ticker: Ticker, number: int | None = None) -> None:
        message: dict[str, Any] = {"market_ticker": ticker, "market_id": "m", "clock": self.clock}
        for side in ("yes", "no"):
            levels = [
                [pips_text(Pips(price)), centi_text(CentiContracts(count))]
                for (its, price), count in sorted(self.books.get(ticker, {}).items())
                if its == side
            ]
            if levels:
                message[f"{side}_dollars_fp"] = levels
        body: dict[str, Any] = {"type": "orderbook_snapshot", "msg": message}
        self._count(body if number is None else body | {"id": number})

    def _count(self, body: dict[str, Any]) -> None:
        self.seq += 1
        self.history[self.seq] = {ticker: dict(levels) for ticker, levels in self.books.items()}
        self._put(body | {"sid": SIDS["orderbook_delta"], "seq": self.seq})

    def _put(self, body: dict[str, Any]) -> None:
        self.outbox.append(json.dumps(body) + "\n")


@attrs.define(eq=False)
class BookReader:
    """Applies values as they come, and knows which of its books are whole."""

    books: dict[Ticker, Levels] = attrs.field(factory=dict)
    lost: list[StreamLost] = attrs.field(factory=list)

    def apply(self, values: list[StreamValue]) -> None:
        """Take what one message said."""
        for value in values:
            match value:
                case StreamSnapshot():
                    levels: Levels = {("yes", price): count for price, count in value.bids}
                    levels |= {("no", price): count for price, count in value.asks}
                    self.books[value.ticker] = levels
                case StreamDelta():
                    levels = self.books[value.ticker]
                    level = "yes" if value.side == "bid" else "no", value.price_pips
                    levels[level] = levels.get(level, 0) + value.change_centi
                    if not levels[level]:
                        del levels[level]
                case StreamLost():
                    self.lost.append(value)
                    for ticker in value.tickers:
                        self.books.pop(ticker, None)
                case _:
                    pass
