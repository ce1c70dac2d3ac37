"""What was lost, and when it is enough: in a day, from the best, in a row. Pure.

Control 14 of reference ``reliability.md`` section 3.3. Profit is realised, by average cost and
after fees. What is open counts at the lower of cost and market: a position that could be sold
only at a loss is lost so far, and one that is up counts for nothing until it is closed or
settled. So no gain on paper ever hides a loss that was made, the loss is never less than the
realised one, and the best there was is known from fills alone. Fills may come twice and before
a restart: what is booked follows from the journal's fills, settlements and marks alone.
"""

from collections.abc import Container
from typing import Final

import attrs

from actors.model.money import MicroDollars
from actors.model.orders import Fill, Ticker
from actors.model.positions import Position

DAY_CEILING_MICROS: Final = MicroDollars(10_000_000_000)
DRAWDOWN_CEILING_MICROS: Final = MicroDollars(20_000_000_000)
STREAK_CEILING: Final = 1_000
"""No profile may ask for more."""

_CENT: Final = MicroDollars(1)


def _within(ceiling: int, name: str, value: int) -> None:
    if not 0 < value <= ceiling:
        raise ValueError(f"{name} must be above 0 and at most {ceiling}: {value}")


@attrs.frozen(kw_only=True)
class LossLimits:
    """The losses at which entries end until a person has looked."""

    day_micros: MicroDollars = DAY_CEILING_MICROS
    drawdown_micros: MicroDollars = DRAWDOWN_CEILING_MICROS
    streak: int = STREAK_CEILING

    def __attrs_post_init__(self) -> None:
        """Hold each to its ceiling.

        Raises:
            ValueError: One is not above zero, or above its ceiling.
        """
        _within(DAY_CEILING_MICROS, "the day's loss", self.day_micros)
        _within(DRAWDOWN_CEILING_MICROS, "the drawdown", self.drawdown_micros)
        _within(STREAK_CEILING, "the losing streak", self.streak)


@attrs.frozen
class Mark:
    """What an open position could be sold for, when its book could be believed last."""

    net_centi: int
    """The position that was marked: above zero YES contracts, below zero NO."""
    worth_micros: int
    """All of it, after the fees of leaving."""
    at_ns: int = 0
    """Monotonic; 0 where an earlier process saw it."""

    def worth_of(self, position: Position) -> int | None:
        """Return what ``position`` is worth by it; ``None`` where it is of the other side."""
        if self.net_centi * position.net_centi <= 0:
            return None
        return self.worth_micros * abs(position.net_centi) // abs(self.net_centi)


@attrs.define(eq=False)
class Losses:
    """One account's profit, as far as these limits go by it."""

    limits: LossLimits = attrs.field(factory=LossLimits)
    day: str = ""
    """The trading day that is being counted."""
    day_micros: int = attrs.field(init=False, default=0)
    """Profit of the day; below zero is a loss. What an earlier day made of a match that has not
    ended is in it."""
    total_micros: int = attrs.field(init=False, default=0)
    best_micros: int = attrs.field(init=False, default=0)
    """The highest ``total_micros`` since a person last looked."""
    streak: int = attrs.field(init=False, default=0)
    """Positions that were closed at a loss since the last one that was not."""
    _open: dict[Ticker, tuple[Position, int]] = attrs.field(init=False, factory=dict)
    """Each open position, and what it has brought so far."""
    _marks: dict[Ticker, Mark] = attrs.field(init=False, factory=dict)
    _day: dict[Ticker, int] = attrs.field(init=False, factory=dict)
    """Each market's part of the day's profit, and"""
    _carried: dict[Ticker, int] = attrs.field(init=False, factory=dict)
    """what of that is from before the day."""
    _settled: dict[Ticker, MicroDollars] = attrs.field(init=False, factory=dict)
    _seen: set[str] = attrs.field(init=False, factory=set)

    def book(self, fill: Fill) -> str | None:
        """Take in one execution, once; return which limit is exceeded, if any."""
        if fill.trade_id not in self._seen:
            self._seen.add(fill.trade_id)
            position, so_far = self._held(fill.ticker)
            booked = position.apply(fill)
            gain = booked.realised_micros - fill.fee_micros
            self._gain(fill.ticker, gain)
            self._keep(booked.position, so_far + gain)
            value = self._settled.get(fill.ticker)
            if value is not None:
                self._pay_out(fill.ticker, value)
        return self.breach

    def settle(self, ticker: Ticker, value_micros: MicroDollars) -> str | None:
        """Settle one market, once; return which limit is exceeded, if any."""
        if ticker not in self._settled:
            self._settled[ticker] = value_micros
            self._pay_out(ticker, value_micros)
        return self.breach

    def mark(self, ticker: Ticker, mark: Mark) -> str | None:
        """Take what an open position could be sold for; return which limit is exceeded, if any.

        A mark of what is not open is of no use, and is dropped.
        """
        if ticker in self._open:
            self._marks[ticker] = mark
        return self.breach

    def positions(self) -> tuple[Position, ...]:
        """Return what is open, in the order in which it was opened."""
        return tuple(position for position, _ in self._open.values())

    def marked(self, ticker: Ticker) -> Mark | None:
        """Return the last mark of an open position, if it ever had one."""
        return self._marks.get(ticker)

    @property
    def open_micros(self) -> int:
        """What is lost so far in what is open: never above zero.

        A position without a mark is worth what it cost: nothing was seen that says otherwise.
        """
        return sum(self._lost(position) for position, _ in self._open.values())

    def _lost(self, position: Position) -> int:
        mark = self._marks.get(position.ticker)
        worth = None if mark is None else mark.worth_of(position)
        return 0 if worth is None else min(0, worth - position.basis_micros)

    def roll(self, day: str, playing: Container[Ticker] = ()) -> None:
        """Begin a trading day; said twice it is one.

        What was won or lost in markets of ``playing``, whose matches have not ended, counts in
        the new day too, until ``end``: a loss does not begin anew within a match.
        """
        if day != self.day:
            self.day = day
            self._carried = {one: micros for one, micros in self._day.items() if one in playing}
            self._day = dict(self._carried)
            self.day_micros = sum(self._day.values())

    def end(self, ticker: Ticker) -> None:
        """Note that a market's match has ended: what it made on an earlier day counts no more."""
        micros = self._carried.pop(ticker, 0)
        if micros:
            self.day_micros -= micros
            self._day[ticker] -= micros

    def excuse(self) -> None:
        """A person has looked and lets it go on: from here everything counts anew.

        What is open is written down to its mark: that part of its loss was looked at too.
        """
        for ticker, (position, so_far) in self._open.items():
            lost = self._lost(position)
            basis = MicroDollars(position.basis_micros + lost)
            self._open[ticker] = (attrs.evolve(position, basis_micros=basis), so_far + lost)
            self._gain(ticker, lost)
        self.day_micros, self.streak = 0, 0
        self._day.clear()
        self._carried.clear()
        self.best_micros = self.total_micros

    @property
    def breach(self) -> str | None:
        """Which limit is exceeded, in words; ``None`` if none is."""
        limits, lost = self.limits, self.open_micros
        part = f", {-lost / 1e6:.2f} of them in what is open" if lost else ""
        if -self.day_micros - lost >= limits.day_micros:
            return f"{-(self.day_micros + lost) / 1e6:.2f} dollars were lost on {self.day}{part}"
        fallen = self.best_micros - self.total_micros - lost
        if fallen >= limits.drawdown_micros:
            return f"{fallen / 1e6:.2f} dollars below the best there was{part}"
        if self.streak >= limits.streak:
            return f"{self.streak} positions in a row were closed at a loss"
        return None

    def _held(self, ticker: Ticker) -> tuple[Position, int]:
        return self._open.get(ticker) or (Position(ticker=ticker), 0)

    def _pay_out(self, ticker: Ticker, value_micros: MicroDollars) -> None:
        position, so_far = self._held(ticker)
        if position.net_centi:
            gain = position.settle(value_micros, grid_micros=_CENT).realised_micros
            self._gain(ticker, gain)
            self._keep(Position(ticker=ticker), so_far + gain)

    def _gain(self, ticker: Ticker, micros: int) -> None:
        self._day[ticker] = self._day.get(ticker, 0) + micros
        self.day_micros += micros
        self.total_micros += micros
        self.best_micros = max(self.best_micros, self.total_micros)

    def _keep(self, position: Position, so_far: int) -> None:
        mark = self._marks.get(position.ticker)
        if mark is not None and mark.net_centi * position.net_centi <= 0:
            del self._marks[position.ticker]  # It was closed, or is the other side now.
        if position.net_centi:
            self._open[position.ticker] = (position, so_far)
            return
        self._open.pop(position.ticker, None)
        self.streak = self.streak + 1 if so_far < 0 else 0
