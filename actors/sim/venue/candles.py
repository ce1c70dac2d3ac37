"""A market's past by the minute: quotes, prices, volume; and by the hour or day from that. Pure.

Reference ``kalshi.md`` section 4 and the published schemas. A period that ends at
``t`` holds what happened after its start and up to ``t`` itself. Periods in which
nothing happened have no candle.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import attrs

MINUTE_US: Final = 60_000_000
PERIODS_MINUTES: Final = (1, 60, 1440)
ONE_DOLLAR_PIPS: Final = 10_000


@attrs.define(eq=False)
class Span:
    """Open, high, low and close of one figure."""

    open: int
    high: int
    low: int
    close: int

    def take(self, value: int) -> None:
        """Take in the newest value."""
        self.high, self.low, self.close = max(self.high, value), min(self.low, value), value

    def merged(self, later: "Span") -> "Span":
        """Return both, the other one being later."""
        high, low = max(self.high, later.high), min(self.low, later.low)
        return Span(self.open, high, low, later.close)


@attrs.define(kw_only=True, eq=False)
class Candle:
    """One period. Prices in pips of the YES leg."""

    end_s: int
    bid: Span
    ask: Span
    price: Span | None = None
    """``None`` without a trade."""
    previous_pips: int | None
    """The last price before it; ``None`` if there was none."""
    volume_centi: int = 0
    value_micros: int = 0
    """Sum of price times count."""
    open_interest_centi: int = 0


@attrs.define(eq=False)
class Candles:
    """One market's candles, minute by minute, oldest first."""

    _minutes: list[Candle] = attrs.field(init=False, factory=list)
    _bid: int = attrs.field(init=False, default=0)
    _ask: int = attrs.field(init=False, default=ONE_DOLLAR_PIPS)
    _price: int | None = attrs.field(init=False, default=None)

    def quote(self, now_us: int, bid_pips: int | None, ask_pips: int | None) -> None:
        """Take in a quote; a side on which nothing rests is $0 bid, $1 asked."""
        candle = self._at(now_us)
        self._bid = bid_pips or 0
        self._ask = ONE_DOLLAR_PIPS if ask_pips is None else ask_pips
        candle.bid.take(self._bid)
        candle.ask.take(self._ask)

    def trade(
        self, now_us: int, price_pips: int, count_centi: int, open_interest_centi: int
    ) -> None:
        """Take in a trade."""
        candle = self._at(now_us)
        if candle.price is None:
            candle.price = Span(price_pips, price_pips, price_pips, price_pips)
        candle.price.take(price_pips)
        candle.volume_centi += count_centi
        candle.value_micros += price_pips * count_centi
        candle.open_interest_centi = open_interest_centi
        self._price = price_pips

    def between(self, start_s: int, end_s: int, minutes: int) -> list[Candle]:
        """Return the candles that end from ``start_s`` to ``end_s``, both included."""
        return [
            each for each in _gathered(self._minutes, minutes) if start_s <= each.end_s <= end_s
        ]

    def before(self, start_s: int, minutes: int) -> Candle | None:
        """Return the newest candle that ended before ``start_s``."""
        earlier = [each for each in _gathered(self._minutes, minutes) if each.end_s < start_s]
        return earlier[-1] if earlier else None

    def _at(self, now_us: int) -> Candle:
        end_s = -(-now_us // MINUTE_US) * 60
        if not self._minutes or self._minutes[-1].end_s < end_s:
            held = self._minutes[-1].open_interest_centi if self._minutes else 0
            self._minutes.append(
                Candle(
                    end_s=end_s,
                    bid=Span(self._bid, self._bid, self._bid, self._bid),
                    ask=Span(self._ask, self._ask, self._ask, self._ask),
                    previous_pips=self._price,
                    open_interest_centi=held,
                )
            )
        return self._minutes[-1]


def _gathered(candles: Iterable[Candle], minutes: int) -> Iterator[Candle]:
    """Yield longer periods made of single minutes."""
    whole: Candle | None = None
    for candle in candles:
        end_s = -(-candle.end_s // (60 * minutes)) * 60 * minutes
        if whole is not None and whole.end_s == end_s:
            whole = _joined(whole, candle)
            continue
        if whole is not None:
            yield whole
        whole = attrs.evolve(candle, end_s=end_s)
    if whole is not None:
        yield whole


def _joined(first: Candle, later: Candle) -> Candle:
    price = first.price
    if price is None or later.price is None:
        price = price or later.price
    else:
        price = price.merged(later.price)
    return Candle(
        end_s=first.end_s,
        bid=first.bid.merged(later.bid),
        ask=first.ask.merged(later.ask),
        price=price,
        previous_pips=first.previous_pips,
        volume_centi=first.volume_centi + later.volume_centi,
        value_micros=first.value_micros + later.value_micros,
        open_interest_centi=later.open_interest_centi,
    )
